"""What an architecture must provide to be trained by the loop, and how it is found.

The next paper's model is one file in `stages/train/architectures/`: a subclass of `Architecture`
under the name `ARCHITECTURE`. An entry of `models` in params.yaml then names the file (`arch`).
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor, nn
from torch.optim import Optimizer

from stages.common.errors import ArgusError, explain
from stages.common.params import Domains
from stages.train import architectures
from stages.train.schedules import Schedule

if TYPE_CHECKING:
    from stages.train.card import Card
    from stages.train.trained import Trained


class ArchitectureConfig(BaseModel):
    """Base of every `Config`: frozen, and an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Scene:
    """What the images are: sides in pixels, class names in the order of their indices."""

    height: int
    width: int
    classes: tuple[str, ...]
    domains: Domains | None = None

    def must_divide(self, by: int) -> None:
        """Check that both sides are multiples of `by`.

        Raises:
            ArgusError: one is not.
        """
        if self.height % by or self.width % by:
            raise ArgusError(
                f"images of {self.height}x{self.width} do not suit this model: both sides must be "
                f"multiples of {by}; change pack.resolution or the model's config in params.yaml"
            )


class Images(NamedTuple):
    """One stream's part of a batch."""

    pixels: Tensor
    """float32 [B, 3, H, W] in [-1, 1]."""
    labels: Tensor
    """int64 [B], indices into the scene's classes."""


Batch = Mapping[str, Images]
Dials = Mapping[str, float]
Descend = Callable[[str, Tensor], None]


class Architecture(nn.Module, ABC):
    """A GAN: its networks, its optimisers and one training step.

    As a module its state (`state_dict`) must be all that changes in a step, apart from what the
    optimisers hold: networks, pools, counters. Random numbers come from torch's global generator.
    The loop seeds that generator, sets the dials, averages, logs, draws samples and saves.

    A subclass has its own `config_type`, whose defaults are sensible, and takes `(config, scene)`;
    it raises `ArgusError` where the scene does not suit it.
    """

    config_type: ClassVar[type[ArchitectureConfig]]

    config: ArchitectureConfig

    kept: ClassVar[tuple[str, ...]]
    """Attributes that are networks needed to sample: averaged during training, then saved."""

    streams: Mapping[str, tuple[str, ...]]
    """What a batch holds: name of a stream -> classes that its images are drawn from."""

    schedules: Mapping[str, Schedule]
    """Dials over the training. `learning_rate` and `ema_images` (half-life of the average, in
    images) are required; `beta2` is Adam's where given; others are the step's own."""

    @abstractmethod
    def optimisers(self) -> dict[str, Optimizer]:
        """One optimiser for each player, by name; called once, on the training device.

        A parameter group may carry `pace`, its learning rate over that of the dial.
        """

    @abstractmethod
    def step(self, batch: Batch, dials: Dials, descend: Descend) -> dict[str, Tensor]:
        """One step on one batch.

        Computes each player's loss and hands it to `descend(optimiser, loss)`, which takes the
        gradients of that player's parameters alone and moves them. Returns scalars to log.
        """

    @abstractmethod
    def trained(self, networks: nn.ModuleDict, card: Card) -> Trained:
        """What samples or translates with `networks` (the kept ones, averaged or loaded)."""

    def players(self) -> nn.ModuleDict:
        """The kept networks as they train now."""
        return nn.ModuleDict({name: self.get_submodule(name) for name in self.kept})


def build(arch: str, config: Mapping[str, Any], scene: Scene) -> Architecture:
    """Make the architecture of `stages/train/architectures/<arch>.py`.

    Raises:
        ArgusError: no such architecture, a config that it does not accept, or a scene that does
            not suit it.
    """
    known = sorted(m.name for m in pkgutil.iter_modules(architectures.__path__))
    if arch not in known:
        raise ArgusError(
            f"there is no architecture {arch!r}: `arch` in params.yaml can be {', '.join(known)}"
        )
    kind = importlib.import_module(f"{architectures.__name__}.{arch}").ARCHITECTURE
    try:
        settings = kind.config_type.model_validate(dict(config))
    except ValidationError as error:
        raise ArgusError(f"the config of {arch} does not fit: {explain(error)}") from None
    made: Architecture = kind(settings, scene)
    return made
