"""SNGAN with a projection discriminator, class-conditional: the sturdy baseline.

Miyato et al., "Spectral Normalization for Generative Adversarial Networks", and Miyato and Koyama,
"cGANs with Projection Discriminator", both ICLR 2018. Kept from the papers: residual networks with
batch normalization by class in the generator and the spectral norm on every weight of the
discriminator (its embedding too), which sums over places and adds the projection of the features on
the class; hinge loss; Adam(0, .9); several steps of the discriminator for one of the generator. A
fake has the class of a real of its batch.

`published` is the CIFAR-10 form (32x32: Miyato et al., table 4): five steps at 2e-4, batch 64,
learning rate straight down to zero. By the table's layers it has 4,276,739 parameters in the
generator and 1,053,825 in the discriminator without classes; C classes add 3,072 (C - 1) and
128 C.

Where we depart:
- both networks see DiffAugment, whose strength may be ADA's, and an average of the generator is
  kept: our sets are small (`published` has the average alone);
- the generator's turn takes the fakes of the discriminator's last one (the authors draw twice as
  many new ones), which saves a pass;
- the 1x1 convolution of a shortcut is done at the smaller of the two sizes, which gives the same;
- the classes are apart from the start (`ClassBatchNorm2d`);
- the defaults are narrow and learn faster, the discriminator twice as fast instead of more often
  (two time-scales, Heusel et al., NeurIPS 2017), since two CPU cores have few steps to give.

Fakes that only the discriminator sees move the running statistics of the generator's batch
normalization too: they are drawn with the weights of that moment, so they measure the same.

Shapes: noise [N, noise] and class index [N] -> image [N, 3, H, W] in [-1, 1]. Both sides must be
multiples of 2 ** (len(generator_widths) - 1) and of 2 ** halvings.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field, NonNegativeFloat, model_validator
from torch import Tensor, nn
from torch.nn import functional

from argus.core.fields import Count, Positive, Share
from argus.models import draws
from argus.models.architecture import OptimizerStep, ScheduledValues
from argus.models.augment import AdaptiveStrength, Kind, augment
from argus.models.blocks.normalization import JointBatchNorm2d, spectral
from argus.models.blocks.sngan import DownBlock, UpBlock
from argus.models.class_conditional import ClassConditionalConfig, ClassConditionalGAN
from argus.models.losses import HINGE
from argus.models.scene import Batch, Scene, Stream
from argus.models.schedules import constant_then_linear, cosine


class Config(ClassConditionalConfig):
    """Sizes, then what moves them."""

    generator_widths: tuple[Count, ...] = (96, 64, 32, 16)
    """Channels by level, coarsest first; each level after the first doubles the sides."""
    discriminator_widths: tuple[Count, ...] = (16, 32, 64, 96)
    """Channels by block, finest first."""
    halvings: Count = 3
    """How many of the discriminator's blocks, from the first, halve the sides."""
    discriminator_steps: Count = 1
    """Steps of the discriminator for one of the generator."""
    learning_rate: Positive = 1e-3
    decay_from: Annotated[float, Field(ge=0, lt=1)] = 0.7
    """Share of the training after which the learning rate falls."""
    augment: Share = 0.3
    """Probability of each kind of augmentation; where it is adaptive, the first."""
    augment_kinds: tuple[Kind, ...] = ("color", "translation", "cutout")
    augment_target: Share | None = None
    """Of ADA's heuristic; null leaves the probability as it is."""
    augment_images: Count = 500_000
    """Reals from probability 0 to 1 where it is adaptive."""
    ema_images: NonNegativeFloat = 1000.0
    """Half-life of the average at the end, in images; it grows from 0."""

    @model_validator(mode="after")
    def _halvings_are_blocks(self) -> Config:
        if self.halvings > len(self.discriminator_widths):
            raise ValueError("halvings: there are fewer discriminator_widths")
        return self

    @property
    def multiple(self) -> int:
        """What both sides of an image must be multiples of."""
        return max(2 ** (len(self.generator_widths) - 1), 2**self.halvings)


class GeneratorNetwork(nn.Module):
    """(noise [N, D], class index [N]) -> [N, 3, H, W] in [-1, 1]."""

    def __init__(self, config: Config, scene: Scene) -> None:
        super().__init__()
        widths, classes = config.generator_widths, len(scene.classes)
        scale = 2 ** (len(widths) - 1)
        self.coarsest = (widths[0], scene.height // scale, scene.width // scale)
        self.start = nn.Linear(config.noise, widths[0] * self.coarsest[1] * self.coarsest[2])
        self.levels = nn.ModuleList(UpBlock(*pair, classes) for pair in pairwise(widths))
        self.normal = JointBatchNorm2d(widths[-1])
        self.out = nn.Conv2d(widths[-1], 3, 3, padding=1)
        self.apply(_initialize)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        x = self.start(noise).unflatten(1, self.coarsest)
        for level in self.levels:
            x = level(x, labels)
        return torch.tanh(self.out(functional.relu(self.normal(x))))


class DiscriminatorNetwork(nn.Module):
    """(image [N, 3, H, W], class index [N]) -> logit [N]."""

    def __init__(self, config: Config, scene: Scene) -> None:
        super().__init__()
        widths = config.discriminator_widths
        pairs = enumerate(zip((3, *widths[:-1]), widths, strict=True))
        self.levels = nn.Sequential(
            *(DownBlock(*pair, index < config.halvings, index == 0) for index, pair in pairs)
        )
        self.head = nn.Linear(widths[-1], 1)
        self.embedding = nn.Embedding(len(scene.classes), widths[-1])
        self.apply(_initialize)
        spectral(self)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        features = functional.relu(self.levels(images)).sum(dim=(2, 3), dtype=torch.float32)
        return self.head(features).squeeze(1) + (self.embedding(labels) * features).sum(dim=1)


def _initialize(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


class SNGAN(ClassConditionalGAN):
    """Some steps of the discriminator, then one of the generator."""

    config_type = Config
    config: Config
    generator: GeneratorNetwork
    discriminator: DiscriminatorNetwork
    betas = (0.0, 0.9)
    profiles: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "published": {
            "noise": 128,
            "generator_widths": (256, 256, 256, 256),
            "discriminator_widths": (128, 128, 128, 128),
            "halvings": 2,
            "discriminator_steps": 5,
            "learning_rate": 2e-4,
            "discriminator_lr_multiplier": 1.0,
            "decay_from": 0.0,
            "augment": 0.0,
            "ema_images": 44_361.0,  # at batch 64 as much as .999 a step
        }
    }

    def __init__(self, config: Config, scene: Scene) -> None:
        super().__init__(config, scene)
        self.generator = GeneratorNetwork(config, scene)
        self.discriminator = DiscriminatorNetwork(config, scene)
        self.adaptive = AdaptiveStrength(
            config.augment, config.augment_target, config.augment_images
        )
        self.streams = {"real": Stream(scene.classes, config.discriminator_steps)}
        self.chance_level_loss = {"loss/discriminator": HINGE.chance_level_loss}
        self.schedules = {
            "learning_rate": constant_then_linear(config.learning_rate, config.decay_from),
            "ema_images": cosine(0.0, config.ema_images),
        }

    def step(
        self,
        batch: Batch,
        scheduled: ScheduledValues,  # noqa: ARG002 - the engine applies its learning rate
        optimizer_step: OptimizerStep,
    ) -> dict[str, Tensor]:
        steps = self.config.discriminator_steps
        pixels, classes = (part.chunk(steps) for part in batch["real"])
        scalars: list[dict[str, Tensor]] = []
        for index, (reals, labels) in enumerate(zip(pixels, classes, strict=True)):
            noise = draws.normal(len(reals), self.config.noise, device=reals.device)
            with torch.set_grad_enabled(index == steps - 1):  # only the last fakes teach
                fakes = self.generator(noise, labels)
            scalars.append(self._discriminator_step(reals, fakes.detach(), labels, optimizer_step))
        g_loss = HINGE.generator(self.discriminator(self._augmented(fakes), labels), None)
        optimizer_step("generator", g_loss)
        means = {name: torch.stack([s[name] for s in scalars]).mean() for name in scalars[0]}
        return means | {
            "loss/generator": g_loss,
            "augment/strength": self.adaptive.strength.clone(),
        }

    def _discriminator_step(
        self, reals: Tensor, fakes: Tensor, labels: Tensor, optimizer_step: OptimizerStep
    ) -> dict[str, Tensor]:
        """One step of the discriminator."""
        seen = torch.cat([self._augmented(reals), self._augmented(fakes)])
        real, fake = self.discriminator(seen, labels.repeat(2)).chunk(2)
        loss = HINGE.discriminator(real, fake)
        optimizer_step("discriminator", loss)
        return {
            "loss/discriminator": loss.detach(),
            "logit/margin": (real - fake).detach().mean(),
            "augment/sign": self.adaptive.update(real),
        }

    def _augmented(self, images: Tensor) -> Tensor:
        return augment(images, self.adaptive.now, self.config.augment_kinds)


ARCHITECTURE = SNGAN
