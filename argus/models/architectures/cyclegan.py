"""CycleGAN: one condition into another from unpaired images, by default small enough for a CPU.

Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", ICCV
2017. Kept from the paper: least-squares loss, PatchGAN discriminators, residual generators with
instance normalization, a cycle and an identity loss, a pool of 50 fakes, Adam(0.5), constant and
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
batch (instance normalization keeps images apart, so the result is the same); and the discriminators
may see DiffAugment (without color: brightness is what tells night from day), off by default.

Shapes: [N, 3, H, W] in [-1, 1] -> the same. Both sides must be multiples of 4 and at least
3 * 2 ** discriminator_layers px.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any, ClassVar

import torch
from pydantic import NonNegativeFloat, NonNegativeInt
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam, Optimizer

from argus.models.architecture import OptimizerStep, ScheduledValues
from argus.models.losses import LEAST_SQUARES
from argus.models.pool import ImagePool
from argus.models.scene import Batch, Scene
from argus.models.unpaired_translation import UnpairedTranslationConfig, UnpairedTranslationGAN


class Config(UnpairedTranslationConfig):
    """What CycleGAN adds. The paper's `resampling` is `transposed`."""

    cycle: NonNegativeFloat = 4.0
    identity: NonNegativeFloat = 0.25
    """Weight of the identity loss, as a share of `cycle`."""
    pool: NonNegativeInt = 50
    """Past fakes of each condition that the discriminators are shown again; 0 is none."""


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


class CycleGAN(UnpairedTranslationGAN):
    """Two generators share an optimizer, two discriminators another."""

    config_type = Config
    config: Config
    profiles: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "published": PUBLISHED,
        "published_6": PUBLISHED | {"blocks": 6},
    }
    inference_modules = ("forth",)

    def __init__(self, config: Config, scene: Scene) -> None:
        super().__init__(config, scene)
        self.forth, self.back = self._generator(), self._generator()
        self.discriminator_source = self._discriminator()
        self.discriminator_target = self._discriminator()
        shape = (3, scene.height, scene.width)
        self.past_sources = ImagePool(config.pool, shape)
        self.past_targets = ImagePool(config.pool, shape)
        self.chance_level_loss = {"loss/discriminators": 2 * LEAST_SQUARES.chance_level_loss}

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
        g_loss = self._g_loss(self.discriminator_target, fake_target) + self._g_loss(
            self.discriminator_source, fake_source
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

    def _g_loss(self, discriminator: nn.Module, fakes: Tensor) -> Tensor:
        return LEAST_SQUARES.generator(discriminator(self._augmented(fakes)).float(), None)

    def _d_loss(self, discriminator: nn.Module, reals: Tensor, fakes: Tensor) -> Tensor:
        logits = discriminator(torch.cat([self._augmented(reals), self._augmented(fakes)])).float()
        return LEAST_SQUARES.discriminator(*logits.chunk(2))


ARCHITECTURE = CycleGAN
