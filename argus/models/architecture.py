"""What an architecture must provide to be trained by the loop.

The next paper's model is one file in `argus/models/architectures/`: a subclass of `Architecture`
under the name `ARCHITECTURE`. An entry of `models` in params.yaml then names the file (`arch`). A
model may as well live in another package, see `argus/models/registry.py` and
docs/architectures.md.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn
from torch.optim import Optimizer

from argus.core.errors import ArgusError
from argus.core.params import Domains
from argus.models.schedules import Schedule

if TYPE_CHECKING:
    from argus.models.card import Card
    from argus.models.loading import TrainedModel


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


class Stream(NamedTuple):
    """One of the kinds of images that a step needs."""

    classes: tuple[str, ...]
    """Names of the classes that its images are drawn from, by their quotas."""
    batches: int = 1
    """Batches a step; more than one where the discriminator takes several steps for one of the
    generator."""


class Images(NamedTuple):
    """One stream's part of a batch; B is the batch of the settings times the stream's `batches`.

    Where several processes train together, it is the part of this process.
    """

    pixels: Tensor
    """float32 [B, 3, H, W] in [-1, 1]."""
    labels: Tensor
    """int64 [B], indices into the scene's classes."""


Batch = Mapping[str, Images]
ScheduledValues = Mapping[str, float]
OptimizerStep = Callable[[str, Tensor], None]


class Architecture(nn.Module, ABC):
    """A GAN: its networks, its optimizers and one training step.

    As a module its state (`state_dict`) must be all that changes in a step, apart from what the
    optimizers hold: networks, pools, counters. Random numbers come from torch's global generator,
    those of single images through `argus.models.draws`. The loop seeds that generator, sets the
    scheduled, averages, logs, draws samples and saves.

    A subclass has its own `config_type`, whose defaults are sensible, and takes `(config, scene)`;
    it raises `ArgusError` where the scene does not suit it.
    """

    config_type: ClassVar[type[ArchitectureConfig]]

    profiles: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Named sets of fields of the config, the published ones above all."""

    config: ArchitectureConfig

    inference_modules: ClassVar[tuple[str, ...]]
    """Attributes that are networks needed to sample: averaged during training, then saved."""

    streams: Mapping[str, Stream]
    """What a batch holds, by the name of the stream."""

    schedules: Mapping[str, Schedule]
    """Values by the share of the training done. `learning_rate` and `ema_images` (half-life of the
    average, in images) are required; `beta2` is Adam's where given; others are the step's own."""

    chance_level_loss: Mapping[str, float] = {}
    """Which of the scalars logged are a discriminator's loss -> its value while it cannot tell
    reals from fakes. By them the loop notices a game that one side has won for good."""

    @abstractmethod
    def optimizers(self) -> dict[str, Optimizer]:
        """The optimizers by name, no parameter in two of them; called once, on the training device.

        A parameter group may carry `lr_multiplier`: its learning rate over the scheduled one.
        """

    @abstractmethod
    def step(
        self, batch: Batch, scheduled: ScheduledValues, optimizer_step: OptimizerStep
    ) -> dict[str, Tensor]:
        """One step on one batch.

        Computes each optimizer's loss and hands it to `optimizer_step(name, loss)`, which takes the
        gradients of that optimizer's parameters alone, averages them over the processes and steps.
        Losses are means over the images of the batch. Returns scalars to log, the losses under
        `loss/...`.
        """

    @abstractmethod
    def inference_model(self, networks: nn.ModuleDict, card: Card) -> TrainedModel:
        """What samples or translates with `networks` (the inference modules, averaged or loaded).

        The network that it is given is an `nn.Module`, which is also what is exported.
        """

    def inference_networks(self) -> nn.ModuleDict:
        """The inference modules as they train now."""
        return nn.ModuleDict({name: self.get_submodule(name) for name in self.inference_modules})
