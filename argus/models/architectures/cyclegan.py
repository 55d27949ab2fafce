"""CycleGAN: one condition into another from unpaired images, by default small enough for a CPU.

Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", ICCV
2017. Kept from the paper: least-squares loss, PatchGAN discriminators, residual generators with
instance normalisation, a cycle and an identity loss, a pool of 50 fakes, Adam(0.5), constant and
then linear decay, weights from N(0, 0.02). The profiles `published` (nine residual blocks) and
`published_6` are the paper's: 11.38M or 7.84M parameters a generator, 2.77M a discriminator.

Where the defaults depart:
- narrow and short networks (`filters`, `blocks`, `discriminator_layers`);
- a generator gives what to change in its image (`residual`), doubles by resizing (`resampling`),
  and trains at 6e-4 with lambda 4 and a quarter of it for the identity; the paper makes a new image
  with transposed convolutions at 2e-4 with 10 and a half. What need not change stays sharp. These
  defaults were chosen on drives of the demo world at 32x48, one run each: KID .13 after 600 steps,
  .28 with lambda 10 and 2e-4, .41 to .47 for a new image (1,000 and 2,200 steps), .31 untranslated;
  so scores on the demo flatter them a little;
- the generator that is kept is averaged over steps.

Where all forms depart: passes through one generator that do not wait for each other run as one
batch (instance normalisation keeps images apart, so the result is the same); and the discriminators
may see DiffAugment (without colour: brightness is what tells night from day), off by default.

Shapes: [N, 3, H, W] in [-1, 1] -> the same. Both sides must be multiples of 4 and at least
3 * 2 ** discriminator_layers px.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam, Optimizer

from argus.core.errors import ArgusError
from argus.models.architecture import (
    Architecture,
    ArchitectureConfig,
    OptimizerStep,
    ScheduledValues,
)
from argus.models.augment import Kind, augment
from argus.models.blocks.patch import must_hold_a_patch, patch_discriminator
from argus.models.blocks.resnet import MULTIPLE, Resampling, ResNetGenerator
from argus.models.card import Card
from argus.models.inference import Translator
from argus.models.losses import LEAST_SQUARES
from argus.models.pool import ImagePool
from argus.models.scene import Batch, Scene, Stream
from argus.models.schedules import constant, constant_then_linear

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]


class Config(ArchitectureConfig):
    """Sizes, weights of the losses, schedules."""

    filters: Count = 16
    """Channels at full resolution; doubled at each of the two halvings."""
    blocks: Count = 3
    """Residual blocks of a generator."""
    residual: bool = True
    """Whether a generator gives what to change in its image, or (the paper) a new image."""
    resampling: Resampling = "resized"
    """How a generator halves and doubles, see `blocks.resnet`; the paper's is `transposed`."""
    discriminator_filters: Count = 16
    discriminator_layers: Annotated[int, Field(ge=1, le=5)] = 2
    """Halvings of a discriminator; 3 make its patch 70 x 70 pixels, 2 make it 34 x 34."""
    cycle: Annotated[float, Field(ge=0)] = 4.0
    identity: Annotated[float, Field(ge=0)] = 0.25
    """Weight of the identity loss, as a share of `cycle`."""
    pool: Annotated[int, Field(ge=0)] = 50
    learning_rate: Annotated[float, Field(gt=0)] = 6e-4
    decay_from: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """Share of the training after which the learning rate falls."""
    augment: Share = 0.0
    """Probability of each kind of augmentation."""
    augment_kinds: tuple[Kind, ...] = ("translation", "cutout")
    ema_images: Annotated[float, Field(ge=0)] = 400.0


PUBLISHED: dict[str, Any] = {
    "filters": 64,
    "blocks": 9,
    "residual": False,
    "resampling": "transposed",
    "discriminator_filters": 64,
    "discriminator_layers": 3,
    "cycle": 10.0,
    "identity": 0.5,
    "learning_rate": 2e-4,
    "ema_images": 0.0,
}


class CycleGAN(Architecture):
    """Two generators share an optimizer, two discriminators another."""

    config_type = Config
    config: Config
    profiles: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "published": PUBLISHED,
        "published_6": PUBLISHED | {"blocks": 6},
    }
    inference_modules = ("forth",)

    def __init__(self, config: Config, scene: Scene) -> None:
        super().__init__()
        if scene.domains is None:
            raise ArgusError(
                "cyclegan translates: give its entry in params.yaml `domains` (source, target)"
            )
        scene.must_divide(MULTIPLE)
        must_hold_a_patch(scene, config.discriminator_layers)
        self.config = config
        self.forth, self.back = _generator(config), _generator(config)
        self.discriminator_source, self.discriminator_target = (
            _discriminator(config),
            _discriminator(config),
        )
        shape = (3, scene.height, scene.width)
        self.past_sources = ImagePool(config.pool, shape)
        self.past_targets = ImagePool(config.pool, shape)
        self.streams = {
            "source": Stream((scene.domains.source,)),
            "target": Stream((scene.domains.target,)),
        }
        self.chance_level_loss = {"loss/discriminators": 2 * LEAST_SQUARES.chance_level_loss}
        self.schedules = {
            "learning_rate": constant_then_linear(config.learning_rate, config.decay_from),
            "ema_images": constant(config.ema_images),
        }

    def optimizers(self) -> dict[str, Optimizer]:
        generators = chain(self.forth.parameters(), self.back.parameters())
        discriminators = chain(
            self.discriminator_source.parameters(), self.discriminator_target.parameters()
        )
        return {
            "generators": Adam(generators, betas=(0.5, 0.999)),
            "discriminators": Adam(discriminators, betas=(0.5, 0.999)),
        }

    def step(
        self,
        batch: Batch,
        scheduled: ScheduledValues,  # noqa: ARG002 - the engine applies its learning rate
        optimizer_step: OptimizerStep,
    ) -> dict[str, Tensor]:
        source, target = batch["source"].pixels, batch["target"].pixels
        # Each generator takes its input and an image that is already of its output's kind.
        fake_target, same_target = self.forth(torch.cat([source, target])).chunk(2)
        fake_source, same_source = self.back(torch.cat([target, source])).chunk(2)
        cycle = functional.l1_loss(self.back(fake_target), source)
        cycle = cycle + functional.l1_loss(self.forth(fake_source), target)
        identity = functional.l1_loss(same_target, target) + functional.l1_loss(same_source, source)
        g_loss = LEAST_SQUARES.generator(
            self.discriminator_target(self._augmented(fake_target)).float(), None
        ) + LEAST_SQUARES.generator(
            self.discriminator_source(self._augmented(fake_source)).float(), None
        )
        weight = self.config.cycle
        optimizer_step(
            "generators",
            g_loss + weight * (cycle + self.config.identity * identity),
        )

        d_loss = self._d_loss(
            self.discriminator_target, target, self.past_targets.exchange(fake_target)
        ) + self._d_loss(self.discriminator_source, source, self.past_sources.exchange(fake_source))
        optimizer_step("discriminators", d_loss)
        return {
            "loss/generators": g_loss,
            "loss/discriminators": d_loss,
            "loss/cycle": cycle,
            "loss/identity": identity,
        }

    def inference_model(self, networks: nn.ModuleDict, card: Card) -> Translator:
        return Translator(card, networks, translator=networks["forth"], multiple=MULTIPLE)

    def _augmented(self, images: Tensor) -> Tensor:
        return augment(images, self.config.augment, self.config.augment_kinds)

    def _g_loss(self, discriminator: nn.Module, fakes: Tensor) -> Tensor:
        return LEAST_SQUARES.generator(discriminator(self._augmented(fakes)).float(), None)

    def _d_loss(self, discriminator: nn.Module, reals: Tensor, fakes: Tensor) -> Tensor:
        logits = discriminator(torch.cat([self._augmented(reals), self._augmented(fakes)])).float()
        return LEAST_SQUARES.discriminator(*logits.chunk(2))


def _generator(config: Config) -> ResNetGenerator:
    return ResNetGenerator(config.filters, config.blocks, config.resampling, config.residual)


def _discriminator(config: Config) -> nn.Sequential:
    return patch_discriminator(config.discriminator_filters, config.discriminator_layers)


ARCHITECTURE = CycleGAN
