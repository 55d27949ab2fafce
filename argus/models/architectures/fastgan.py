"""FastGAN, class-conditional: for few images and little time.

Liu et al., "Towards Faster and Stabilized GAN Training for High-fidelity Few-shot Image Synthesis",
ICLR 2021. Kept from the paper: one or two convolutions a level with gated linear units and batch
normalization; skip-layer excitation, by which a coarse level gates the channels of one `reach`
levels finer; a discriminator of places (a logit for each), which learns to describe images by
decoding reals (the whole, its half-size copy, and a quarter of it from the level before the last);
hinge loss with margins drawn from U(.8, 1) for each place; spectral norm; DiffAugment; Adam(.5) at
2e-4; an average (.999 a step) over parameters and statistics. After the authors' code there is a
second, small discriminator of half-size copies, which the generator makes by a head of its own.

`published` is the form for 256x256 at batch 8. The published sizes, 29.1M and 11.5M, are those
without our conditioning. They hold the small discriminator and the three decoders (3.1M of the
discriminator's), though those only train.

Where we depart:
- classes: gain and bias of every batch normalization in the generator, and a projection at every
  place of the discriminator (Miyato and Koyama, ICLR 2018). With C classes that is (C - 1) * 11,392
  more parameters in the generator of `published` and C * 20,480 in the discriminator;
- reconstructions are compared by L1 at three scales; the paper's LPIPS needs weights that must be
  downloaded;
- no noise is injected into the generator's levels, as the authors' code does: the same noise and
  class give the same image, in an exported model too;
- the generator has no spectral norm, as it has in the authors' code: before a batch normalization,
  where nearly all of its weights are, it would change nothing;
- excitation pools to the coarsest grid, so 4x4 at 256x256, and not to 4x4 at any size;
- reals and fakes are halved before they are augmented, each size by draws of its own, so that the
  small discriminator meets reals and fakes alike; which quarter is decoded is drawn for each image;
- the average's half-life grows from nothing over the training: statistics of the first steps must
  not outlast them;
- the defaults are narrow, shallow and learn faster, the discriminator twice as fast as the
  generator (two time-scales, Heusel et al., NeurIPS 2017), for two CPU cores.

Shapes: noise [N, noise] and class index [N] -> image [N, 3, H, W] in [-1, 1]. Both sides must be
multiples of 2 ** (len(widths) - 1) and of 2 ** len(discriminator_widths), and at least twice the
latter.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import torch
from pydantic import NonNegativeFloat, model_validator
from torch import Tensor, nn
from torch.nn import functional

from argus.core.errors import ArgusError
from argus.core.fields import Count, Positive, Share
from argus.models import draws
from argus.models.architecture import OptimizerStep, ScheduledValues
from argus.models.augment import AdaptiveStrength, Kind, augment
from argus.models.blocks.fastgan import (
    MARGIN,
    SLOPE,
    DownBlock,
    ProjectionHead,
    SkipExcitation,
    UpBlock,
    decoder,
    distance,
    halving,
    hinge,
    quarter,
)
from argus.models.blocks.normalization import ClassBatchNorm2d, JointBatchNorm2d, spectral
from argus.models.class_conditional import ClassConditionalConfig, ClassConditionalGAN
from argus.models.scene import Batch, Scene, Stream
from argus.models.schedules import constant, cosine


class Config(ClassConditionalConfig):
    """Sizes, then what moves them."""

    widths: tuple[Count, ...] = (96, 64, 32, 12)
    """Channels of the generator by level, coarsest first; each level doubles the sides."""
    reach: Count = 2
    """Levels between a level of the generator and the finer one whose channels it gates."""
    discriminator_widths: tuple[Count, ...] = (16, 32, 64)
    """Channels of the discriminator by level, finest first; each level halves the sides."""
    discriminator_reach: Count = 2
    decoder_widths: tuple[Count, ...] = (16,)
    """Channels of a decoder by level, coarsest first: two fewer than `discriminator_widths`."""
    reconstruction: NonNegativeFloat = 1.0
    """Weight of the reconstructions beside the hinge loss."""
    learning_rate: Positive = 1e-3
    augment: Share = 0.3
    """Probability of each kind of augmentation; where it is adaptive, the first."""
    augment_kinds: tuple[Kind, ...] = ("color", "translation")
    augment_target: Share | None = None
    """Of ADA's heuristic; null leaves the probability as it is."""
    augment_images: Count = 500_000
    """Reals from probability 0 to 1 where it is adaptive."""
    ema_images: NonNegativeFloat = 1000.0
    """Half-life of the average at the end, in images; it grows from 0."""

    @model_validator(mode="after")
    def _levels_fit(self) -> Config:
        if len(self.widths) < 2 or len(self.discriminator_widths) < 3:
            raise ValueError("widths are at least two, discriminator_widths at least three")
        if len(self.decoder_widths) != len(self.discriminator_widths) - 2:
            raise ValueError("decoder_widths are two fewer than discriminator_widths")
        return self

    @property
    def halvings(self) -> int:
        """Of the discriminator, from the image to the grid that it describes it on."""
        return len(self.discriminator_widths) - 1

    @property
    def multiple(self) -> int:
        """What both sides of an image must be multiples of."""
        return 2 ** max(len(self.widths) - 1, self.halvings + 1)


class GeneratorNetwork(nn.Module):
    """(noise [N, D], class index [N]) -> [N, 3, H, W] in [-1, 1]."""

    def __init__(self, config: Config, scene: Scene) -> None:
        super().__init__()
        widths, classes = config.widths, len(scene.classes)
        scale = 2 ** (len(widths) - 1)
        grid = (scene.height // scale, scene.width // scale)
        self.reach = config.reach
        self.start = nn.ConvTranspose2d(config.noise, 2 * widths[0], grid, bias=False)
        self.normal = ClassBatchNorm2d(2 * widths[0], classes)
        # Every second level is deep, from the first after the start.
        self.levels = nn.ModuleList(
            UpBlock(*pair, classes, deep=index % 2 == 0)
            for index, pair in enumerate(pairwise(widths))
        )
        skips = zip(widths, widths[config.reach :], strict=False)
        self.skips = nn.ModuleList(SkipExcitation(*pair, grid) for pair in skips)
        self.small = nn.Conv2d(widths[-2], 3, 1, bias=False)
        self.out = nn.Conv2d(widths[-1], 3, 3, padding=1, bias=False)
        self.apply(_initialize)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        return torch.tanh(self.out(self._levels(noise, labels)[-1]))

    def pair(self, noise: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The image, and a draft of it at half the sides."""
        *_, coarser, finest = self._levels(noise, labels)
        return torch.tanh(self.out(finest)), torch.tanh(self.small(coarser))

    def _levels(self, noise: Tensor, labels: Tensor) -> list[Tensor]:
        x = functional.glu(self.normal(self.start(noise[:, :, None, None]), labels), dim=1)
        seen = [x]
        for index, level in enumerate(self.levels, start=1):
            x = level(x, labels)
            if index >= self.reach:
                skip = self.skips[index - self.reach]
                x = skip(seen[index - self.reach], x)
            seen.append(x)
        return seen


class Views(NamedTuple):
    """An image as the discriminator is shown it."""

    whole: Tensor
    """float [N, 3, H, W]."""
    small: Tensor
    """float [N, 3, H/2, W/2]."""


class Description(NamedTuple):
    """What the discriminator knows of its images; h = H / 2 ** halvings."""

    whole: Tensor
    """[N, C, h, w] of the image."""
    small: Tensor
    """[N, c, h, w] of its half-size copy."""
    finer: Tensor
    """[N, c, 2h, 2w] of the image."""


class DiscriminatorNetwork(nn.Module):
    """(views, class index [N]) -> logits [N, places], description."""

    def __init__(self, config: Config, scene: Scene) -> None:
        super().__init__()
        widths, classes = config.discriminator_widths, len(scene.classes)
        scale = 2 ** (config.halvings + 1)
        grid = (scene.height // scale, scene.width // scale)
        self.reach = config.discriminator_reach
        self.start = nn.Sequential(
            nn.Conv2d(3, widths[0], 3, padding=1, bias=False), nn.LeakyReLU(SLOPE)
        )
        self.levels = nn.ModuleList(DownBlock(*pair) for pair in pairwise(widths))
        skips = zip(widths, widths[config.discriminator_reach :], strict=False)
        self.skips = nn.ModuleList(SkipExcitation(*pair, grid) for pair in skips)
        self.widen = nn.Sequential(
            nn.Conv2d(widths[-1], 2 * widths[-1], 1, bias=False),
            JointBatchNorm2d(2 * widths[-1]),
            nn.LeakyReLU(SLOPE),
        )
        self.head = ProjectionHead(2 * widths[-1], classes)
        self.shrink = nn.Sequential(
            nn.Conv2d(3, widths[1], 4, 2, 1, bias=False),
            nn.LeakyReLU(SLOPE),
            *(layer for pair in pairwise(widths[1:-1]) for layer in halving(*pair)),
        )
        self.head_small = ProjectionHead(widths[-2], classes)
        self.decoders = nn.ModuleDict(
            {
                "whole": decoder(widths[-1], config.decoder_widths),
                "small": decoder(widths[-2], config.decoder_widths),
                "part": decoder(widths[-2], config.decoder_widths),
            }
        )
        self.apply(_initialize)
        spectral(self)

    def forward(self, views: Views, labels: Tensor) -> tuple[Tensor, Description]:
        seen = [self.start(views.whole)]
        for index, level in enumerate(self.levels, start=1):
            x = level(seen[-1])
            if index >= self.reach:
                x = self.skips[index - self.reach](seen[index - self.reach], x)
            seen.append(x)
        found = Description(whole=seen[-1], small=self.shrink(views.small), finer=seen[-2])
        judged = self.head(self.widen(found.whole), labels)
        return torch.cat([judged, self.head_small(found.small, labels)], dim=1), found

    def reconstruction(self, views: Views, found: Description) -> Tensor:
        """How far the images decoded from their description are from them, a scalar.

        Draws which quarter of each image is to be decoded from the finer level.
        """
        place = draws.integers(0, 2, len(views.whole), 2, device=views.whole.device)
        wanted = {
            "whole": (found.whole, functional.avg_pool2d(views.whole, 2)),
            "small": (found.small, views.small),
            "part": (quarter(found.finer, place), quarter(views.whole, place)),
        }
        losses = [distance(self.decoders[n](x), image) for n, (x, image) in wanted.items()]
        return torch.stack(losses).sum()


def _initialize(layer: nn.Module) -> None:
    """Weights of a variance that suits any width; the authors' N(0, .02) suits theirs alone."""
    if isinstance(layer, nn.Conv2d):
        nn.init.normal_(layer.weight, 0.0, layer.weight[0].numel() ** -0.5)
    if isinstance(layer, nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0.0, len(layer.weight) ** -0.5)


class FastGAN(ClassConditionalGAN):
    """One step of the discriminator, one of the generator, on the same fakes."""

    config_type = Config
    config: Config
    generator: GeneratorNetwork
    discriminator: DiscriminatorNetwork
    betas = (0.5, 0.999)
    profiles: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "published": {
            "noise": 256,
            "widths": (1024, 512, 256, 128, 128, 64, 32),
            "reach": 4,
            "discriminator_widths": (16, 32, 64, 128, 256, 512),
            "discriminator_reach": 3,
            "decoder_widths": (128, 64, 64, 32),
            "learning_rate": 2e-4,
            "discriminator_lr_multiplier": 1.0,
            "augment": 1.0,
            "ema_images": 5542.0,  # at batch 8 as much as .999 a step
        }
    }

    def __init__(self, config: Config, scene: Scene) -> None:
        super().__init__(config, scene)
        least = 4 * 2**config.halvings
        if min(scene.height, scene.width) < least:
            raise ArgusError(
                f"images of {scene.height}x{scene.width} are too small for this fastgan: its "
                f"discriminator needs sides from {least}; shorten discriminator_widths in "
                "params.yaml"
            )
        self.generator = GeneratorNetwork(config, scene)
        self.discriminator = DiscriminatorNetwork(config, scene)
        self.adaptive = AdaptiveStrength(
            config.augment, config.augment_target, config.augment_images
        )
        self.streams = {"real": Stream(scene.classes)}
        self.chance_level_loss = {"loss/discriminator": sum(MARGIN)}
        self.schedules = {
            "learning_rate": constant(config.learning_rate),
            "ema_images": cosine(0.0, config.ema_images),
        }

    def step(
        self,
        batch: Batch,
        scheduled: ScheduledValues,  # noqa: ARG002 - the engine applies its learning rate
        optimizer_step: OptimizerStep,
    ) -> dict[str, Tensor]:
        reals, labels = batch["real"]
        noise = draws.normal(len(reals), self.config.noise, device=reals.device)
        shown = self._views(reals, functional.avg_pool2d(reals, 2))
        forged = self._views(*self.generator.pair(noise, labels))

        real, found = self.discriminator(shown, labels)
        fake, _ = self.discriminator(Views(*(view.detach() for view in forged)), labels)
        d_loss = hinge(real) + hinge(-fake)
        reconstruction = self.discriminator.reconstruction(shown, found)
        optimizer_step("discriminator", d_loss + self.config.reconstruction * reconstruction)

        g_loss = -self.discriminator(forged, labels)[0].mean()
        optimizer_step("generator", g_loss)
        return {
            "loss/discriminator": d_loss,
            "loss/generator": g_loss,
            "loss/reconstruction": reconstruction,
            "logit/margin": real.mean() - fake.mean(),
            "augment/sign": self.adaptive.update(real),
            "augment/strength": self.adaptive.strength.clone(),
        }

    def _views(self, whole: Tensor, small: Tensor) -> Views:
        strength, kinds = self.adaptive.now, self.config.augment_kinds
        return Views(augment(whole, strength, kinds), augment(small, strength, kinds))


ARCHITECTURE = FastGAN
