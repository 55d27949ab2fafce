"""CUT and FastCUT: one condition into another from unpaired images, with one generator.

Park et al., "Contrastive Learning for Unpaired Image-to-Image Translation", ECCV 2020. Kept from
the paper: a translation is held to its source by PatchNCE (256 patches of five layers, temperature
.07, negatives from the same image, two-layer projection heads of width 256) instead of a way back;
least-squares loss, PatchGAN and a residual generator with anti-aliased resampling, no pool,
Adam(0.5), constant and then linear decay. CUT holds an image of the target condition to itself too
(`identity`); FastCUT does not, weighs PatchNCE tenfold and is made indifferent to mirroring
(`equivariance`). The profiles `published` and `published_fastcut` are the paper's: 11.38M
parameters of the generator, .56M of the heads, 2.77M of the discriminator. `fastcut` is its small
form.

Where all forms depart:
- the heads are there from the start, where CUT's code makes them in the first step;
- weights start from N(0, 0.02) as in CycleGAN, not Xavier's, and doubling filters with [1, 2, 1]
  (see `blocks.resnet`);
- the features of the source are those of the pass that translates it, which saves a pass: they are
  no other, since no gradient goes to them; and the passes of source and target run as one batch;
- with `equivariance` what was translated mirrored is mirrored back before it is judged, where CUT's
  code shows it as it is. So the discriminator never sees a mirrored road, fake or real, and a
  country that drives on the left stays so: it needs no leave as `train.mirror` does;
- the discriminator may see DiffAugment (without color: brightness is what tells night from day).

Where the defaults depart, chosen on the demo world at 32x48, day to night, batch 4, by KID to 37
held-out nights (untranslated .207) and by eye, one run each:
- narrow and short networks, resampled as CycleGAN's; anti-aliasing makes a step a third longer;
- the generator gives what to change in its image (`residual`), at 6e-4 and averaged over steps:
  .14 after 200 steps, against .40 for a new image;
- DiffAugment at one half and PatchNCE at 1.5, of vectors of width 64: .124 and .127 (two seeds)
  after 450 steps. Without augmentation and at 1, .18 after 500, structure lost. At 3 and above (so
  at FastCUT's 10) a residual generator stays where it starts, at the image itself: `fastcut`
  therefore keeps 1.5, .133.

Shapes: [N, 3, H, W] in [-1, 1] -> the same. Both sides must be multiples of 4, for the training of
anti-aliased forms of 2 ** discriminator_layers, and be at least 3 * 2 ** discriminator_layers px.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor
from torch.optim import Adam, Optimizer

from argus.core.fields import Count, Positive, Share
from argus.models.architecture import OptimizerStep, ScheduledValues
from argus.models.contrast import Heads, draw_places, patch_nce
from argus.models.losses import LEAST_SQUARES
from argus.models.scene import Batch, Scene
from argus.models.unpaired_translation import UnpairedTranslationConfig, UnpairedTranslationGAN


class Config(UnpairedTranslationConfig):
    """What CUT adds. The paper's `resampling` is `antialiased`, and so is the discriminator's then,
    whose patch is a little larger."""

    head_width: Count = 64
    """Length of the vectors that are compared."""
    patches: Annotated[int, Field(ge=2)] = 256
    """Places compared in each layer; all of a layer that has fewer."""
    temperature: Positive = 0.07
    contrast: NonNegativeFloat = 1.5
    """Weight of PatchNCE; too much of it, and a `residual` generator changes nothing at all."""
    identity: bool = True
    """Whether an image of the target condition is held to itself, too."""
    equivariance: bool = False
    """Whether every other step translates mirrored images, and holds the outcome, mirrored back, to
    the images as they were."""
    augment: Share = 0.5

    @property
    def antialiased(self) -> bool:
        return self.resampling == "antialiased"


FAST: dict[str, Any] = {"identity": False, "equivariance": True}
PUBLISHED: dict[str, Any] = {
    "filters": 64,
    "blocks": 9,
    "residual": False,
    "resampling": "antialiased",
    "discriminator_filters": 64,
    "discriminator_layers": 3,
    "head_width": 256,
    "contrast": 1.0,
    "learning_rate": 2e-4,
    "augment": 0.0,
    "ema_images": 0.0,
}


class CUT(UnpairedTranslationGAN):
    """Generator and heads share an optimizer, the discriminator has another."""

    config_type = Config
    config: Config
    profiles: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "fastcut": FAST,
        "published": PUBLISHED,
        # 150 epochs at a constant rate, 50 of decay
        "published_fastcut": PUBLISHED | FAST | {"contrast": 10.0, "decay_from": 0.75},
    }
    inference_modules = ("generator",)

    def __init__(self, config: Config, scene: Scene) -> None:
        super().__init__(config, scene)
        self.generator = self._generator()
        self.heads = Heads(self.generator.feature_widths, config.head_width)
        self.discriminator = self._discriminator()
        self.chance_level_loss = {"loss/discriminator": LEAST_SQUARES.chance_level_loss}

    def optimizers(self) -> dict[str, Optimizer]:
        made = [*self.generator.parameters(), *self.heads.parameters()]
        return {
            "generator": Adam(made, betas=(0.5, 0.999)),
            "discriminator": Adam(self.discriminator.parameters(), betas=(0.5, 0.999)),
        }

    def step(
        self,
        batch: Batch,
        scheduled: ScheduledValues,  # noqa: ARG002 - the engine applies its learning rate
        optimizer_step: OptimizerStep,
    ) -> dict[str, Tensor]:
        source, target = batch["source"].pixels, batch["target"].pixels
        images = torch.cat([source, target]) if self.config.identity else source
        made, queries, keys = self._translated(images)
        fakes = made[: len(source)]

        judged = torch.cat([self._augmented(target), self._augmented(fakes.detach())])
        d_loss = LEAST_SQUARES.discriminator(*self.discriminator(judged).float().chunk(2))
        optimizer_step("discriminator", d_loss)

        g_loss = LEAST_SQUARES.generator(self.discriminator(self._augmented(fakes)).float(), None)
        contrast = self._contrast(queries, keys)
        optimizer_step("generator", g_loss + self.config.contrast * contrast)
        return {
            "loss/discriminator": d_loss,
            "loss/generator": g_loss,
            "loss/contrast": contrast,
        }

    def _translated(self, images: Tensor) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Translations, their features, and those of the images at the same places."""
        if self.config.equivariance and torch.rand(()) < 0.5:
            mirrored = self.generator(images.flip(3))
            queries = [feature.flip(3) for feature in self.generator.features(mirrored)]
            with torch.no_grad():
                keys = self.generator.features(images)
            return mirrored.flip(3), queries, keys
        made, keys = self.generator.with_features(images)
        return made, self.generator.features(made), keys

    def _contrast(self, queries: list[Tensor], keys: list[Tensor]) -> Tensor:
        """PatchNCE, the mean over layers and images."""
        places = draw_places(queries, self.config.patches)
        with torch.no_grad():
            wanted = self.heads(keys, places)
        losses = [
            patch_nce(query, key, self.config.temperature)
            for query, key in zip(self.heads(queries, places), wanted, strict=True)
        ]
        return torch.stack(losses).mean()


ARCHITECTURE = CUT
