"""R3GAN, class-conditional and small enough for a CPU.

Huang et al., "The GAN is dead; long live the GAN! A Modern GAN Baseline", NeurIPS 2024. Kept from
the paper: the relativistic loss with R1 and R2 in every step, (gamma / 2) * (R1 + R2); no
normalisation anywhere; bottleneck residual blocks (1x1, grouped 3x3, 1x1) whose last convolution
starts at zero and whose others are scaled down by depth (Fixup); [1, 2, 1] resampling; a learned
basis at the coarsest level; Adam with beta1 0; cosine schedules for learning rate, beta2, gamma,
augmentation and the half-life of the average. Real and fake of a pair share their class, which
enters the generator beside the noise and the discriminator as a projection.

Where we depart, for the sake of two CPU cores (the published form is within reach of `Config`,
save for the last two points):
- the discriminator learns faster than the generator (two time-scales, Heusel et al., NeurIPS 2017):
  at equal rates the images of a class grew alike within a few hundred steps. Spread over noise per
  pixel, where the reals have .11, in single runs whose rates and gamma differed too: .03 to .05 at
  equal rates, .04 to .05 at three to one, .05 to .10 at four to one;
- few, narrow blocks, and the finest level may work on `patch` x `patch` pixels at once;
- plain instead of grouped 3x3 convolutions by default, since grouping saves little time on a CPU;
- one batch of fakes serves both players in a step, which saves a generator pass;
- R1 and R2 are taken at the augmented images, those that the discriminator sees.

Shapes: noise [N, noise] and class -> image [N, 3, H, W] in [-1, 1]. Both sides must be multiples
of patch * 2 ** (len(widths) - 1).
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam, Optimizer

from stages.common.errors import ArgusError
from stages.train.architecture import (
    Architecture,
    ArchitectureConfig,
    Batch,
    Descend,
    Dials,
    Scene,
)
from stages.train.augment import Kind, augment
from stages.train.card import Card
from stages.train.losses import RELATIVISTIC, squared_gradient
from stages.train.schedules import cosine
from stages.train.trained import Generator

Count = Annotated[int, Field(ge=1)]
Range = tuple[float, float]
SLOPE = 0.2


class Config(ArchitectureConfig):
    """Sizes, then schedules as (start, end)."""

    noise: Count = 64
    widths: tuple[Count, ...] = (96, 64, 32)
    """Channels by level, coarsest first; each level doubles the sides."""
    blocks: Count = 1
    """Residual blocks a level."""
    expansion: Annotated[float, Field(gt=0)] = 1.0
    """Width inside a block over that of its level."""
    group_width: Annotated[int, Field(ge=0)] = 0
    """Channels in a group of the 3x3 convolutions (the paper: 16 to 32); 0 is one group."""
    patch: Literal[1, 2, 4] = 2
    """Side in pixels of what the finest level sees as one place."""
    learning_rate: Range = (6e-4, 2e-4)
    pace: Annotated[float, Field(gt=0)] = 4.0
    """Learning rate of the discriminator over that of the generator."""
    beta2: Range = (0.9, 0.99)
    gamma: Range = (0.3, 0.03)
    augment: Range = (0.0, 0.3)
    """Probability of each kind of augmentation."""
    augment_kinds: tuple[Kind, ...] = ("colour", "translation", "cutout")
    ema_images: Range = (0.0, 1500.0)
    anneal: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the training during which the schedules move."""

    @model_validator(mode="after")
    def _groups_divide(self) -> Config:
        for width in self.widths:
            if self.group_width and round(width * self.expansion) % self.group_width:
                raise ValueError(f"group_width does not divide the inner width of level {width}")
        return self

    def schedules(self) -> dict[str, Range]:
        """The dials that move, by name."""
        names = ("learning_rate", "beta2", "gamma", "augment", "ema_images")
        return {name: getattr(self, name) for name in names}

    @property
    def doublings(self) -> int:
        """How often the sides double from the finest level to the image."""
        return self.patch.bit_length() - 1

    def groups(self, inner: int) -> int:
        """Groups of a 3x3 convolution over `inner` channels."""
        return inner // self.group_width if self.group_width else 1


def upsample(x: Tensor) -> Tensor:
    """Double both sides: insert zeros and filter with [1, 2, 1] / 2 each way.

    Every pixel stays, and between two neighbours comes their mean (sums of slices: on a CPU far
    cheaper than a convolution). Beyond the border lies what lies at it.
    """
    for side in (2, 3):
        n = x.shape[side]
        after = torch.cat([x.narrow(side, 1, n - 1), x.narrow(side, n - 1, 1)], dim=side)
        between = (x + after) / 2
        x = torch.stack([x, between], dim=side + 1).flatten(side, side + 1)
    return x


def downsample(x: Tensor) -> Tensor:
    """Halve both sides: filter with [1, 2, 1] / 4 each way and keep every second pixel.

    Beyond the border lies what lies at it.
    """
    for side in (2, 3):
        pairs = x.reshape(*x.shape[:side], -1, 2, *x.shape[side + 1 :])
        even, odd = pairs.unbind(side + 1)
        n = odd.shape[side]
        before = torch.cat([even.narrow(side, 0, 1), odd.narrow(side, 0, n - 1)], dim=side)
        x = even / 2 + (odd + before) / 4
    return x


def _scaled(layer: nn.Conv2d | nn.Linear, gain: float = 1.0) -> nn.Conv2d | nn.Linear:
    """Normal weights that make the variance of the output `gain`^2 times that of the input."""
    with torch.no_grad():
        layer.weight.normal_(0.0, gain / math.sqrt(layer.weight[0].numel()))
        if layer.bias is not None:
            layer.bias.zero_()
    return layer


class Block(nn.Module):
    """x + 1x1(act(3x3(act(1x1(x))))), the last one zero at the start; shape kept."""

    def __init__(self, width: int, config: Config, gain: float) -> None:
        super().__init__()
        inner = round(width * config.expansion)
        groups = config.groups(inner)
        gain *= math.sqrt(2 / (1 + SLOPE**2))  # made up for by the leaky ReLU that follows
        self.narrow = _scaled(nn.Conv2d(width, inner, 1), gain)
        self.mix = _scaled(nn.Conv2d(inner, inner, 3, padding=1, groups=groups), gain)
        self.widen = _scaled(nn.Conv2d(inner, width, 1, bias=False), 0.0)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.leaky_relu(self.narrow(x), SLOPE)
        return x + self.widen(functional.leaky_relu(self.mix(y), SLOPE))


def _level(width: int, config: Config) -> nn.Sequential:
    # Fixup: m = 3 layers in a branch, L branches -> scale all but the last by L^(-1 / (2m - 2)).
    gain = (len(config.widths) * config.blocks) ** -0.25
    return nn.Sequential(*(Block(width, config, gain) for _ in range(config.blocks)))


def _change(before: int, after: int) -> nn.Module:
    """A 1x1 convolution between levels of different widths."""
    return nn.Identity() if before == after else _scaled(nn.Conv2d(before, after, 1, bias=False))


class Upsample(nn.Module):
    """`upsample` as a layer."""

    def forward(self, x: Tensor) -> Tensor:
        return upsample(x)


def _picture(config: Config) -> nn.Sequential:
    """From the finest level to RGB: a 1x1 convolution, or a thin way up where `patch` is above 1.

    Shuffling channels into pixels would be cheaper and leaves a grid in every image.
    """
    before = config.widths[-1]
    layers: list[nn.Module] = []
    for _ in range(config.doublings):
        thin = max(before // 3, 1)
        layers += [_scaled(nn.Conv2d(before, thin, 1)), Upsample()]
        layers += [_scaled(nn.Conv2d(thin, thin, 3, padding=1)), nn.LeakyReLU(SLOPE)]
        before = thin
    kernel = 3 if config.doublings else 1
    return nn.Sequential(*layers, _scaled(nn.Conv2d(before, 3, kernel, padding="same")))


def _coarsest(config: Config, scene: Scene) -> tuple[int, int]:
    scale = config.patch * 2 ** (len(config.widths) - 1)
    return scene.height // scale, scene.width // scale


class GeneratorNetwork(nn.Module):
    """(noise [N, D], class index [N]) -> [N, 3, H, W]."""

    def __init__(self, config: Config, scene: Scene) -> None:
        super().__init__()
        first = config.widths[0]
        self.embedding = nn.Embedding(len(scene.classes), config.noise)
        self.basis = nn.Parameter(torch.randn(first, *_coarsest(config, scene)))
        self.mixing = _scaled(nn.Linear(2 * config.noise, first, bias=False))
        self.changes = nn.ModuleList(map(_change, (first, *config.widths), config.widths))
        self.levels = nn.ModuleList(_level(width, config) for width in config.widths)
        self.out = _picture(config)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        style = self.mixing(torch.cat([noise, self.embedding(labels)], dim=1))
        x = self.basis * style[:, :, None, None]
        for index, (change, level) in enumerate(zip(self.changes, self.levels, strict=True)):
            x = level(change(upsample(x) if index else x))
        return self.out(x)


class DiscriminatorNetwork(nn.Module):
    """(image [N, 3, H, W], class index [N]) -> logit [N]."""

    def __init__(self, config: Config, scene: Scene) -> None:
        super().__init__()
        widths = config.widths[::-1]
        last = widths[-1]
        self.patch = config.patch
        self.into = _scaled(nn.Conv2d(3 * config.patch**2, widths[0], 1))
        self.levels = nn.ModuleList(_level(width, config) for width in widths)
        self.changes = nn.ModuleList(map(_change, widths, (*widths[1:], last)))
        size = _coarsest(config, scene)
        self.basis = _scaled(nn.Conv2d(last, last, size, groups=last, bias=False))
        self.project = _scaled(nn.Linear(last, config.noise, bias=False))
        self.embedding = nn.Embedding(len(scene.classes), config.noise)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        x = self.into(functional.pixel_unshuffle(images, self.patch))
        for index, (level, change) in enumerate(zip(self.levels, self.changes, strict=True)):
            x = change(level(downsample(x) if index else x))
        features = self.project(self.basis(x).flatten(1))
        directions = self.embedding(labels) / math.sqrt(features.shape[1])
        return (features * directions).sum(dim=1)


class R3GAN(Architecture):
    """Generator and discriminator in alternation, one optimiser each."""

    config_type = Config
    config: Config
    kept = ("generator",)

    def __init__(self, config: Config, scene: Scene) -> None:
        super().__init__()
        if scene.domains is not None:
            raise ArgusError("r3gan is a generator: take `domains` off its entry in params.yaml")
        scene.must_divide(config.patch * 2 ** (len(config.widths) - 1))
        self.config = config
        self.generator = GeneratorNetwork(config, scene)
        self.discriminator = DiscriminatorNetwork(config, scene)
        self.streams = {"real": scene.classes}
        self.schedules = {
            name: cosine(start, end, config.anneal)
            for name, (start, end) in config.schedules().items()
        }

    def optimisers(self) -> dict[str, Optimizer]:
        paces = {"generator": 1.0, "discriminator": self.config.pace}
        return {
            name: Adam(
                [{"params": list(network.parameters()), "pace": paces[name]}], betas=(0.0, 0.9)
            )
            for name, network in self.named_children()
        }

    def step(self, batch: Batch, dials: Dials, descend: Descend) -> dict[str, Tensor]:
        reals, labels = batch["real"]
        noise = torch.randn(len(reals), self.config.noise, device=reals.device)
        fakes = self.generator(noise, labels)

        seen = torch.cat([self._augmented(reals, dials), self._augmented(fakes.detach(), dials)])
        seen.requires_grad_()
        with torch.autocast(seen.device.type, enabled=False):
            logits = self.discriminator(seen, labels.repeat(2))
            real, fake = logits.chunk(2)
            r1, r2 = squared_gradient(logits, seen).chunk(2)
        adversarial = RELATIVISTIC.discriminator(real, fake)
        penalty = dials["gamma"] / 2 * (r1 + r2).mean()
        descend("discriminator", adversarial + penalty)

        with torch.no_grad():
            real_again = self.discriminator(self._augmented(reals, dials), labels)
        fake_again = self.discriminator(self._augmented(fakes, dials), labels)
        persuasion = RELATIVISTIC.generator(fake_again, real_again)
        descend("generator", persuasion)
        return {
            "loss/discriminator": adversarial,
            "loss/generator": persuasion,
            "penalty/r1": r1.mean(),
            "penalty/r2": r2.mean(),
            "logit/margin": (real - fake).mean(),
        }

    def trained(self, networks: nn.ModuleDict, card: Card) -> Generator:
        return Generator(card, networks, draw=networks["generator"], noise=self.config.noise)

    def _augmented(self, images: Tensor, dials: Dials) -> Tensor:
        return augment(images, dials["augment"], self.config.augment_kinds)


ARCHITECTURE = R3GAN
