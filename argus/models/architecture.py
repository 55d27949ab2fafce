"""What an architecture must provide to be trained by the engine, `stages/train`.

The next paper's model is one file in `argus/models/architectures/`: a subclass of `Architecture`
under the name `ARCHITECTURE`. An entry of `models` in params.yaml then names the file (`arch`). A
model may as well live in another package, see `argus/models/registry.py` and
docs/architectures.md.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn
from torch.optim import Optimizer

from argus.models.card import Card
from argus.models.inference import TrainedModel
from argus.models.scene import Batch, Stream
from argus.models.schedules import Schedule


class ArchitectureConfig(BaseModel):
    """Base of every `Config`: frozen, and an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


ScheduledValues = Mapping[str, float]
OptimizerStep = Callable[[str, Tensor], None]


class Architecture(nn.Module, ABC):
    """A GAN: its networks, its optimizers and one training step.

    As a module its state (`state_dict`) must be all that changes in a step, apart from what the
    optimizers hold: networks, pools, counters. Random numbers come from torch's global generator,
    those of single images through `argus.models.draws`. The training engine seeds that generator,
    evaluates the schedules, averages, logs, samples and saves.

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
    reals from fakes. By them the engine notices that one side
    has won for good."""

    features_seen: Collection[str] = ()
    """Pretrained features that its losses look through, frozen or not: names of `BACKBONES` in
    `argus/features/backbone.py` where they are those, else a name of their own. A class may name
    them, or the constructor if they depend on the config. Whoever trains against features gets
    nearer in them than in others, so the gate takes a judge that is not among them."""

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
