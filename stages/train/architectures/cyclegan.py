"""CycleGAN: one condition into another from unpaired images, small enough for a CPU.

Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", ICCV
2017. Kept from the paper: least-squares loss, PatchGAN discriminators, residual generators with
instance normalisation, a cycle and an identity loss, a pool of 50 fakes, Adam(0.5), constant and
then linear decay, weights from N(0, 0.02).

Where we depart:
- defaults are narrow and short (`filters`, `blocks`, `discriminator_layers`); 64, 9 and 3 are the
  paper's (11.38M and 2.77M parameters);
- by default a generator draws what to change in its image (`residual`), doubles by resizing
  (`upsampling`), and trains at 6e-4 with lambda 4 and a quarter of it for the identity; the paper
  draws a new image with transposed convolutions at 2e-4 with 10 and a half. What need not change
  stays sharp. These defaults were chosen on drives of the demo world at 32x48, one run each: KID
  .13 after 600 steps, .28 with lambda 10 and 2e-4, .41 to .47 for a new image (1,000 and 2,200
  steps), .31 untranslated; so scores on the demo flatter them a little;
- passes through one generator that do not wait for each other run as one batch (instance
  normalisation keeps images apart, so the result is the same);
- the generators that are kept are averaged over steps, and the discriminators may see DiffAugment
  (without colour: brightness is what tells night from day), since our sets are small.

Shapes: [N, 3, H, W] in [-1, 1] -> the same. Both sides must be multiples of 4.
"""

from __future__ import annotations

from itertools import chain
from typing import Annotated, Literal

import torch
from pydantic import Field
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
from stages.train.losses import LEAST_SQUARES
from stages.train.pool import ImagePool
from stages.train.schedules import constant, constant_then_linear
from stages.train.trained import Translator

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
MULTIPLE = 4
WEIGHT_SPREAD = 0.02
BRIGHTEST = 0.98  # atanh has no end at 1


class Config(ArchitectureConfig):
    """Sizes, weights of the losses, schedules."""

    filters: Count = 16
    """Channels at full resolution; doubled at each of the two halvings."""
    blocks: Count = 3
    """Residual blocks of a generator."""
    residual: bool = True
    """Whether a generator draws what to change in its image, or (the paper) a new image."""
    upsampling: Literal["resized", "transposed"] = "resized"
    """How a generator doubles: nearest neighbour and a 3x3 convolution (Odena et al., Distill
    2016), or (the paper) a transposed convolution, which leaves a checkerboard."""
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


class Residual(nn.Module):
    """x + norm(3x3(relu(norm(3x3(x))))), reflected at the border; shape kept."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_convolution(width, width, 3), nn.ReLU(), *_convolution(width, width, 3)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def _convolution(before: int, after: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    mode: Literal["reflect", "zeros"] = "reflect" if stride == 1 else "zeros"
    layer = nn.Conv2d(before, after, kernel, stride, kernel // 2, padding_mode=mode)
    return [layer, nn.InstanceNorm2d(after)]


def _doubling(width: int, config: Config) -> list[nn.Module]:
    """Twice the sides, half the channels."""
    if config.upsampling == "transposed":
        return [nn.ConvTranspose2d(width, width // 2, 3, 2, padding=1, output_padding=1)]
    widen = nn.Conv2d(width, width // 2, 3, padding=1, padding_mode="reflect")
    return [nn.Upsample(scale_factor=2), widen]


class Change(nn.Module):
    """tanh(atanh(x) + body(x)): the image with what `body` changes in it.

    Where the body says nothing the image stays as it is, so its edges need not be drawn again.
    """

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(torch.atanh(x.clamp(-BRIGHTEST, BRIGHTEST)) + self.body(x))


def generator_network(config: Config) -> nn.Module:
    """[N, 3, H, W] -> [N, 3, H, W] in [-1, 1]: halve twice, residual blocks, double twice."""
    width = config.filters
    layers = [*_convolution(3, width, 7), nn.ReLU()]
    for _ in range(2):
        layers += [*_convolution(width, width * 2, 3, stride=2), nn.ReLU()]
        width *= 2
    layers += [Residual(width) for _ in range(config.blocks)]
    for _ in range(2):
        layers += [*_doubling(width, config), nn.InstanceNorm2d(width // 2), nn.ReLU()]
        width //= 2
    layers.append(nn.Conv2d(width, 3, 7, padding=3, padding_mode="reflect"))
    body = nn.Sequential(*layers).apply(_initialise)
    return Change(body) if config.residual else nn.Sequential(body, nn.Tanh())


def discriminator_network(config: Config) -> nn.Sequential:
    """[N, 3, H, W] -> logits [N, 1, h, w], one for each overlapping patch."""
    width = config.discriminator_filters
    layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2)]
    for layer in range(1, config.discriminator_layers + 1):
        after = config.discriminator_filters * min(2**layer, 8)
        stride = 2 if layer < config.discriminator_layers else 1
        layers += [nn.Conv2d(width, after, 4, stride, 1), nn.InstanceNorm2d(after)]
        layers.append(nn.LeakyReLU(0.2))
        width = after
    layers.append(nn.Conv2d(width, 1, 4, 1, 1))
    return nn.Sequential(*layers).apply(_initialise)


def _initialise(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0.0, WEIGHT_SPREAD)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


class CycleGAN(Architecture):
    """Two generators share an optimiser, two discriminators another."""

    config_type = Config
    config: Config
    kept = ("forth",)

    def __init__(self, config: Config, scene: Scene) -> None:
        super().__init__()
        if scene.domains is None:
            raise ArgusError(
                "cyclegan translates: give its entry in params.yaml `domains` (source, target)"
            )
        scene.must_divide(MULTIPLE)
        self.config = config
        self.forth, self.back = generator_network(config), generator_network(config)
        self.judge_source = discriminator_network(config)
        self.judge_target = discriminator_network(config)
        shape = (3, scene.height, scene.width)
        self.past_sources = ImagePool(config.pool, shape)
        self.past_targets = ImagePool(config.pool, shape)
        self.streams = {
            "source": (scene.domains.source,),
            "target": (scene.domains.target,),
        }
        self.schedules = {
            "learning_rate": constant_then_linear(config.learning_rate, config.decay_from),
            "ema_images": constant(config.ema_images),
        }

    def optimisers(self) -> dict[str, Optimizer]:
        generators = chain(self.forth.parameters(), self.back.parameters())
        judges = chain(self.judge_source.parameters(), self.judge_target.parameters())
        return {
            "generators": Adam(generators, betas=(0.5, 0.999)),
            "discriminators": Adam(judges, betas=(0.5, 0.999)),
        }

    def step(self, batch: Batch, dials: Dials, descend: Descend) -> dict[str, Tensor]:
        source, target = batch["source"].pixels, batch["target"].pixels
        # Each generator takes its input and an image that is already of its output's kind.
        fake_target, same_target = self.forth(torch.cat([source, target])).chunk(2)
        fake_source, same_source = self.back(torch.cat([target, source])).chunk(2)
        cycle = functional.l1_loss(self.back(fake_target), source)
        cycle = cycle + functional.l1_loss(self.forth(fake_source), target)
        identity = functional.l1_loss(same_target, target) + functional.l1_loss(same_source, source)
        persuasion = LEAST_SQUARES.generator(self._judged(self.judge_target, fake_target), None)
        persuasion = persuasion + LEAST_SQUARES.generator(
            self._judged(self.judge_source, fake_source), None
        )
        weight = self.config.cycle
        descend(
            "generators",
            persuasion + weight * (cycle + self.config.identity * identity),
        )

        judgement = self._judgement(
            self.judge_target, target, self.past_targets.exchange(fake_target)
        ) + self._judgement(self.judge_source, source, self.past_sources.exchange(fake_source))
        descend("discriminators", judgement)
        return {
            "loss/generators": persuasion,
            "loss/discriminators": judgement,
            "loss/cycle": cycle,
            "loss/identity": identity,
        }

    def trained(self, networks: nn.ModuleDict, card: Card) -> Translator:
        return Translator(card, networks, carry=networks["forth"], multiple=MULTIPLE)

    def _judged(self, judge: nn.Module, images: Tensor) -> Tensor:
        logits: Tensor = judge(augment(images, self.config.augment, self.config.augment_kinds))
        return logits

    def _judgement(self, judge: nn.Module, reals: Tensor, fakes: Tensor) -> Tensor:
        logits = self._judged(judge, torch.cat([reals, fakes]))
        return LEAST_SQUARES.discriminator(*logits.chunk(2))


ARCHITECTURE = CycleGAN
