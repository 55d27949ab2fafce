"""R3GAN, class-conditional; by default small enough for a CPU.

Huang et al., "The GAN is dead; long live the GAN! A Modern GAN Baseline", NeurIPS 2024. Kept from
the paper: the relativistic loss with R1 and R2 in every step, (gamma / 2) * (R1 + R2), at the
images before augmentation; no normalization anywhere; bottleneck residual blocks (1x1, grouped
3x3, 1x1) whose last convolution starts at zero and whose others are scaled down by depth (Fixup);
[1, 2, 1] resampling; a learned basis at the coarsest level; Adam with beta1 0; cosine schedules for
learning rate, beta2, gamma, augmentation and the half-life of the average. Real and fake of a pair
share their class, which enters the generator beside the noise, the discriminator as a projection.

The profiles `cifar`, `ffhq64` and `ffhq256` are the published networks and schedules; published
with batches of 512 (CIFAR) and 256, and schedules that move over the first 20 million images. What
differs from the published code in them, too:
- the discriminator meets classes in `noise` dimensions, not in those of its last level, which would
  be .6M parameters more where there are classes (CIFAR; FFHQ has none);
- augmentation is DiffAugment; theirs, ADA's, also turns images, and a road scene has an up;
- in `bf16` the whole discriminator is, its penalties too; theirs is fp16 in the finest levels.

The defaults depart further, for the sake of two CPU cores:
- the discriminator learns faster than the generator (two time-scales, Heusel et al., NeurIPS 2017):
  at equal rates the images of a class grew alike within a few hundred steps. Spread over noise per
  pixel, where the reals have .11, in single runs whose rates and gamma differed too: .03 to .05 at
  equal rates, .04 to .05 at three to one, .05 to .10 at four to one;
- a mode-seeking term (Mao et al., CVPR 2019) and twice the learning rate. On the demo world at
  32x48, batches of 32, KID to held-out reals after 130 steps in two seeds: .30, .32 with both, .32,
  .33 with the rate alone, .33, .35 with neither (spread .10, .12; .09, .07; .10, .08); after 250
  steps in one: .29 with both, .29 with the term alone, .31 with neither (.08; .12; .09);
- few, narrow blocks, and the finest level may work on `patch` x `patch` pixels at once;
- plain instead of grouped 3x3 convolutions, since grouping saves little time on a CPU.

Shapes: noise [N, noise] and class index [N] -> image [N, 3, H, W], nominally in [-1, 1] (no tanh).
Both sides must be multiples of patch * 2 ** (len(widths) - 1). The coarsest level, and so the
basis, is as large as that leaves it: 4x4 in the profiles at their own size, 8x8 in `ffhq256` at
512 px, where one more of `widths` makes it 4x4 again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field, NonNegativeFloat, NonNegativeInt, model_validator
from torch import Tensor, nn

from argus.core.fields import Count, Positive
from argus.models import draws
from argus.models.architecture import OptimizerStep, ScheduledValues
from argus.models.augment import Kind, augment
from argus.models.blocks.bottleneck import Bottleneck, scaled, to_rgb
from argus.models.blocks.convolution import TwiceConv2d
from argus.models.blocks.resampling import Downsample, Upsample
from argus.models.class_conditional import ClassConditionalConfig, ClassConditionalGAN
from argus.models.losses import RELATIVISTIC, mode_seeking, squared_gradient
from argus.models.scene import Batch, Scene, Stream
from argus.models.schedules import cosine

Range = tuple[float, float]
SCHEDULED = ("learning_rate", "beta2", "gamma", "augment", "ema_images")


class Config(ClassConditionalConfig):
    """Sizes, then schedules as (start, end)."""

    widths: tuple[Count, ...] = (96, 64, 32)
    """Channels by level, coarsest first; each level doubles the sides."""
    blocks: Count = 1
    """Residual blocks a level."""
    expansion: Positive = 1.0
    """Width inside a block over that of its level."""
    group_width: NonNegativeInt = 0
    """Channels in a group of the 3x3 convolutions (the paper: 16); 0 is one group."""
    patch: Literal[1, 2, 4] = 2
    """Side in pixels of what the finest level sees as one place."""
    mode_seeking: NonNegativeFloat = 0.1
    """Weight of the term that pushes images of different noise apart; 0 (the paper) is off."""
    learning_rate: Range = (1.2e-3, 4e-4)
    discriminator_lr_multiplier: Positive = 4.0
    beta2: Range = (0.9, 0.99)
    gamma: Range = (0.3, 0.03)
    augment: Range = (0.0, 0.3)
    """Probability of each kind of augmentation."""
    augment_kinds: tuple[Kind, ...] = ("color", "translation", "cutout")
    ema_images: Range = (0.0, 700.0)
    anneal: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the training during which the schedules move."""

    @model_validator(mode="after")
    def _groups_divide(self) -> Config:
        for width in self.widths:
            if self.group_width and round(width * self.expansion) % self.group_width:
                raise ValueError(f"group_width does not divide the inner width of level {width}")
        return self

    @property
    def multiple(self) -> int:
        """What both sides of an image must be multiples of."""
        return self.patch * 2 ** (len(self.widths) - 1)


COARSE = (768, 768, 768, 768)
PUBLISHED: dict[str, Any] = {
    "widths": COARSE,
    "blocks": 2,
    "expansion": 2.0,
    "group_width": 16,
    "patch": 1,
    "mode_seeking": 0.0,
    "learning_rate": (2e-4, 5e-5),
    "discriminator_lr_multiplier": 1.0,
}
FACES: dict[str, Any] = {"augment": (0.0, 0.3), "ema_images": (0.0, 5e5)}


def _blocks(width: int, config: Config, conv: type[nn.Conv2d] = nn.Conv2d) -> list[nn.Module]:
    inner, depth = round(width * config.expansion), len(config.widths) * config.blocks
    groups = inner // config.group_width if config.group_width else 1
    return [Bottleneck(width, inner, groups, depth, conv) for _ in range(config.blocks)]


def _change(before: int, after: int, conv: type[nn.Conv2d] = nn.Conv2d) -> nn.Module:
    """A 1x1 convolution between levels of different widths; it runs on the coarser side."""
    return nn.Identity() if before == after else scaled(conv(before, after, 1, bias=False))


class GeneratorNetwork(nn.Module):
    """(noise [N, D], class index [N]) -> [N, 3, H, W]."""

    def __init__(self, config: Config, scene: Scene) -> None:
        super().__init__()
        first = config.widths[0]
        size = scene.height // config.multiple, scene.width // config.multiple
        self.embedding = nn.Embedding(len(scene.classes), config.noise)
        self.mixing = scaled(nn.Linear(2 * config.noise, first, bias=False))
        self.basis = nn.Parameter(torch.randn(first, *size))
        self.levels = nn.Sequential(nn.Sequential(*_blocks(first, config)))
        for before, after in pairwise(config.widths):
            step = [_change(before, after), Upsample(), *_blocks(after, config)]
            self.levels.append(nn.Sequential(*step))
        self.out = to_rgb(config.widths[-1], config.patch.bit_length() - 1)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        style = self.mixing(torch.cat([noise, self.embedding(labels)], dim=1))
        image: Tensor = self.out(self.levels(self.basis * style[:, :, None, None]))
        return image


class DiscriminatorNetwork(nn.Module):
    """(image [N, 3, H, W], class index [N]) -> logit [N]."""

    def __init__(self, config: Config, scene: Scene) -> None:
        super().__init__()
        widths = config.widths[::-1]
        last = widths[-1]
        size = scene.height // config.multiple, scene.width // config.multiple
        conv = TwiceConv2d  # under R1 and R2
        into = scaled(conv(3 * config.patch**2, widths[0], 1))
        first = [nn.PixelUnshuffle(config.patch), into, *_blocks(widths[0], config, conv)]
        self.levels = nn.Sequential(nn.Sequential(*first))
        for before, after in pairwise(widths):
            step = [Downsample(), _change(before, after, conv), *_blocks(after, config, conv)]
            self.levels.append(nn.Sequential(*step))
        self.basis = scaled(conv(last, last, size, groups=last, bias=False))
        self.project = scaled(nn.Linear(last, config.noise, bias=False))
        self.embedding = nn.Embedding(len(scene.classes), config.noise)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        features = self.project(self.basis(self.levels(images)).flatten(1))
        directions = self.embedding(labels) / math.sqrt(features.shape[1])
        return (features * directions).sum(dim=1)


class R3GAN(ClassConditionalGAN):
    """Generator and discriminator in alternation, one optimizer each."""

    config_type = Config
    config: Config
    generator: GeneratorNetwork
    discriminator: DiscriminatorNetwork
    betas = (0.0, 0.9)
    profiles: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "cifar": PUBLISHED
        | {"gamma": (0.05, 0.005), "augment": (0.0, 0.55), "ema_images": (0.0, 5e6)},
        "ffhq64": PUBLISHED | FACES | {"widths": (*COARSE, 384), "gamma": (2.0, 0.2)},
        "ffhq256": PUBLISHED | FACES | {"widths": (*COARSE, 384, 192, 96), "gamma": (150.0, 15.0)},
    }

    def __init__(self, config: Config, scene: Scene) -> None:
        super().__init__(config, scene)
        self.generator = GeneratorNetwork(config, scene)
        self.discriminator = DiscriminatorNetwork(config, scene)
        self.streams = {"real": Stream(scene.classes)}
        self.schedules = {
            name: cosine(start, end, config.anneal)
            for name, (start, end) in ((name, getattr(config, name)) for name in SCHEDULED)
        }
        self.chance_level_loss = {"loss/discriminator": RELATIVISTIC.chance_level_loss}

    def step(
        self, batch: Batch, scheduled: ScheduledValues, optimizer_step: OptimizerStep
    ) -> dict[str, Tensor]:
        reals, labels = batch["real"]
        noise, others = self._noise(labels), self._noise(labels)
        # Not under no_grad: autocast may keep weights that it has cast there, without gradients.
        fakes = self.generator(noise, labels).detach()
        images = torch.cat([reals, fakes.float()]).requires_grad_()
        seen = torch.cat([self._augmented(part, scheduled) for part in images.chunk(2)])
        logits = self.discriminator(seen, labels.repeat(2))
        r1, r2 = squared_gradient(logits, images).chunk(2)
        real, fake = logits.chunk(2)
        d_loss = RELATIVISTIC.discriminator(real, fake)
        optimizer_step("discriminator", d_loss + scheduled["gamma"] / 2 * (r1 + r2).mean())

        again = self.generator(others, labels)
        with torch.no_grad():
            real_again = self.discriminator(self._augmented(reals, scheduled), labels)
        fake_again = self.discriminator(self._augmented(again, scheduled), labels)
        g_loss = RELATIVISTIC.generator(fake_again, real_again)
        same = mode_seeking(again, fakes, others, noise)
        optimizer_step("generator", g_loss + self.config.mode_seeking * same)
        return {
            "loss/discriminator": d_loss,
            "loss/generator": g_loss,
            "penalty/r1": r1.mean(),
            "penalty/r2": r2.mean(),
            "penalty/sameness": same,
            "logit/margin": (real - fake).mean(),
        }

    def _noise(self, labels: Tensor) -> Tensor:
        return draws.normal(len(labels), self.config.noise, device=labels.device)

    def _augmented(self, images: Tensor, scheduled: ScheduledValues) -> Tensor:
        return augment(images, scheduled["augment"], self.config.augment_kinds)


ARCHITECTURE = R3GAN
