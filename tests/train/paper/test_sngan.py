"""SNGAN: steps of Miyato et al., ICLR 2018, and Miyato and Koyama, ICLR 2018, written out."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.train.paper.by_hand import (
    Batch,
    Formulas,
    half_cosine,
    played,
    shifted,
    straight_to_zero,
)


class SNGAN(Formulas):
    """Hinge loss; k steps of the discriminator, whose last fakes the generator answers for.

    Both players see augmented images alone, of strength p, which ADA moves by the signs of the
    logits of reals.
    """

    betas = (0.0, 0.9)
    strength = 0.5

    def learning_rate(self) -> float:
        return straight_to_zero(3e-3, 0.25, self.share)

    def half_life(self) -> float:
        return half_cosine(0.0, 40.0, self.share)

    def step(self, batch: dict[str, Batch]) -> None:
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]
        reals, labels = batch["real"]
        for k in range(2):
            own, known = reals[4 * k : 4 * k + 4], labels[4 * k : 4 * k + 4]
            fakes = generator(torch.randn(4, 4), known)
            seen = torch.cat([self.shown(own), self.shown(fakes.detach())])
            logits = discriminator(seen, torch.cat([known, known]))
            real, fake = logits[:4], logits[4:]
            loss = torch.clamp(1 - real, min=0).mean() + torch.clamp(1 + fake, min=0).mean()
            self.turn("discriminator", ["discriminator"], loss, faster=2.5)
            sign = real.detach().sign().mean() - 0.6  # r_t over its target
            self.strength = min(max(self.strength + 4 / 100 * float(sign.sign()), 0), 1)
        loss = -discriminator(self.shown(fakes), known).mean()
        self.turn("generator", ["generator"], loss)

    def shown(self, images: Tensor) -> Tensor:
        return shifted(images, self.strength)


def test_steps_are_those_of_the_paper(tmp_path: Path) -> None:
    training, hand = played(
        "sngan",
        tmp_path,
        SNGAN,
        augment_kinds=["translation"],
        discriminator_lr_multiplier=2.5,
        learning_rate=3e-3,
        decay_from=0.25,
        ema_images=40.0,
    )
    assert isinstance(hand, SNGAN)
    assert hand.strength != 0.5
    found = float(training.architecture.get_buffer("adaptive.strength"))
    assert found == pytest.approx(hand.strength)
