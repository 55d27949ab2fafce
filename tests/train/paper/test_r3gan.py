"""R3GAN: steps of Huang et al., NeurIPS 2024, written out."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.train.paper.by_hand import Batch, Formulas, half_cosine, played, shifted

GAMMA, AUGMENT, BETA2, RATE, HALF_LIFE = (4.0, 1.0), (0.4, 0.8), (0.9, 0.99), (2e-3, 5e-4), (9, 60)


class R3GAN(Formulas):
    """The relativistic loss, with gamma / 2 * |gradient|^2 of the discriminator at the reals (R1)
    and at the fakes (R2), both before they are augmented; all moves along half cosines.

    Where `mode_seeking` has a weight, the generator also pays for images that differ less than
    their noise (Mao et al., CVPR 2019).
    """

    mode_seeking = 0.0

    @property
    def betas(self) -> tuple[float, float]:  # type: ignore[override]
        return 0.0, half_cosine(*BETA2, self.share)

    def learning_rate(self) -> float:
        return half_cosine(*RATE, self.share)

    def half_life(self) -> float:
        return half_cosine(*HALF_LIFE, self.share)

    def step(self, batch: dict[str, Batch]) -> None:
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]
        reals, labels = batch["real"]
        noise, others = torch.randn(4, 4), torch.randn(4, 4)
        reals = reals.requires_grad_()
        fakes = generator(noise, labels).detach().requires_grad_()
        real = discriminator(self.shown(reals), labels)
        fake = discriminator(self.shown(fakes), labels)
        loss = torch.log1p(torch.exp(-(real - fake))).mean()
        gamma = half_cosine(*GAMMA, self.share)
        for logits, images in ((real, reals), (fake, fakes)):
            for n in range(4):  # each image by itself
                (gradient,) = torch.autograd.grad(logits[n], images, create_graph=True)
                loss = loss + gamma / 2 * gradient[n].pow(2).sum() / 4
        self.turn("discriminator", ["discriminator"], loss, faster=1.5)

        again = generator(others, labels)
        real = discriminator(self.shown(reals.detach()), labels).detach()
        fake = discriminator(self.shown(again), labels)
        loss = torch.log1p(torch.exp(-(fake - real))).mean()
        for n in range(4):
            apart = (again[n] - fakes[n].detach()).abs().mean()
            ratio = apart / (others[n] - noise[n]).abs().mean()
            loss = loss + self.mode_seeking / (ratio + 0.01) / 4
        self.turn("generator", ["generator"], loss)

    def shown(self, images: Tensor) -> Tensor:
        return shifted(images, half_cosine(*AUGMENT, self.share))


class ModeSeeking(R3GAN):
    mode_seeking = 0.6


@pytest.mark.parametrize("formulas", [R3GAN, ModeSeeking])
def test_steps_are_those_of_the_paper(formulas: type[R3GAN], tmp_path: Path) -> None:
    played(
        "r3gan",
        tmp_path,
        formulas,
        gamma=GAMMA,
        augment=AUGMENT,
        augment_kinds=["translation"],
        beta2=BETA2,
        learning_rate=RATE,
        ema_images=HALF_LIFE,
        discriminator_lr_multiplier=1.5,
        mode_seeking=formulas.mode_seeking,
    )
