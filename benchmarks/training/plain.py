"""CycleGAN's training step as one would write it in a script: no loop, no settings, no averages.

The same networks and passes as ours in its published configuration (Zhu et al., ICCV 2017).
"""

from __future__ import annotations

import random
from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam

RATE, CYCLE, IDENTITY, POOL = 2e-4, 10.0, 5.0, 50


class Pool:
    """A list of past fakes."""

    def __init__(self) -> None:
        self.past: list[Tensor] = []

    def exchange(self, fakes: Tensor) -> Tensor:
        """The same images, some exchanged for older ones."""
        given = []
        for fake in fakes.detach():
            if len(self.past) < POOL:
                self.past.append(fake)
            elif random.random() < 0.5:  # noqa: S311 - as the published script
                slot = random.randrange(POOL)  # noqa: S311
                self.past[slot], fake = fake, self.past[slot]
            given.append(fake)
        return torch.stack(given)


class Plain:
    """Two generators, two discriminators, two optimizers."""

    def __init__(
        self, forth: nn.Module, back: nn.Module, discriminator: nn.Module, other: nn.Module
    ):
        self.forth, self.back, self.discriminator, self.other = forth, back, discriminator, other
        generators = chain(forth.parameters(), back.parameters())
        self.generators = Adam(list(generators), lr=RATE, betas=(0.5, 0.999))
        discriminators = chain(discriminator.parameters(), other.parameters())
        self.discriminators = Adam(list(discriminators), lr=RATE, betas=(0.5, 0.999))
        self.targets, self.sources = Pool(), Pool()

    def step(self, source: Tensor, target: Tensor) -> None:
        """One update of every network; float [B, 3, H, W] in [-1, 1] each."""
        self._require(False)
        fake, same = self.forth(torch.cat([source, target])).chunk(2)
        fake_source, same_source = self.back(torch.cat([target, source])).chunk(2)
        cycle = functional.l1_loss(self.back(fake), source)
        cycle = cycle + functional.l1_loss(self.forth(fake_source), target)
        identity = functional.l1_loss(same, target) + functional.l1_loss(same_source, source)
        adversarial = (self.discriminator(fake) - 1).square().mean()
        adversarial = adversarial + (self.other(fake_source) - 1).square().mean()
        self.generators.zero_grad()
        (adversarial + CYCLE * cycle + IDENTITY * identity).backward()
        self.generators.step()

        self._require(True)
        self.discriminators.zero_grad()
        for discriminator, reals, fakes in (
            (self.discriminator, target, self.targets.exchange(fake)),
            (self.other, source, self.sources.exchange(fake_source)),
        ):
            real, false = discriminator(torch.cat([reals, fakes])).chunk(2)
            (0.5 * ((real - 1).square().mean() + false.square().mean())).backward()
        self.discriminators.step()

    def _require(self, gradient: bool) -> None:
        self.discriminator.requires_grad_(gradient)
        self.other.requires_grad_(gradient)
