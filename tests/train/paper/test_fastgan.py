"""FastGAN: steps of Liu et al., ICLR 2021, written out."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from argus.models.architectures.fastgan import GeneratorNetwork, Views
from tests.train.paper.by_hand import Batch, Formulas, half_cosine, played, shifted

STRENGTH = 0.7


class FastGAN(Formulas):
    """Hinge with margins from U(.8, 1); the discriminator also decodes what it makes of reals.

    Reals and fakes are judged apart, each whole and at half the sides, all four augmented; the
    generator answers for the very fakes that the discriminator has just seen.
    """

    betas = (0.5, 0.999)

    def learning_rate(self) -> float:
        return 2e-3

    def half_life(self) -> float:
        return half_cosine(0.0, 30.0, self.share)

    def step(self, batch: dict[str, Batch]) -> None:
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]
        assert isinstance(generator, GeneratorNetwork)
        reals, labels = batch["real"]
        noise = torch.randn(4, 4)
        shown = Views(shifted(reals, STRENGTH), shifted(halved(reals), STRENGTH))
        fakes, drafts = generator.pair(noise, labels)
        forged = Views(shifted(fakes, STRENGTH), shifted(drafts, STRENGTH))

        real, found = discriminator(shown, labels)
        fake, _ = discriminator(Views(forged.whole.detach(), forged.small.detach()), labels)
        margins = [torch.empty(logits.shape).uniform_(0.8, 1.0) for logits in (real, fake)]
        loss = functional.relu(margins[0] - real).mean() + functional.relu(margins[1] + fake).mean()
        quarters = torch.randint(0, 2, (4, 2)).tolist()
        decoders = discriminator.decoders
        assert isinstance(decoders, nn.ModuleDict)
        part = torch.stack([quarter(f, *at) for f, at in zip(found.finer, quarters, strict=True)])
        own = torch.stack([quarter(x, *at) for x, at in zip(shown.whole, quarters, strict=True)])
        decoded = (
            difference(decoders["whole"](found.whole), halved(shown.whole))
            + difference(decoders["small"](found.small), shown.small)
            + difference(decoders["part"](part), own)
        )
        self.turn("discriminator", ["discriminator"], loss + 0.8 * decoded, faster=1.5)

        loss = -discriminator(forged, labels)[0].mean()
        self.turn("generator", ["generator"], loss)


def halved(images: Tensor) -> Tensor:
    """Means of 2 x 2 pixels."""
    corners = [images[:, :, y::2, x::2] for y in (0, 1) for x in (0, 1)]
    return torch.stack(corners).mean(dim=0)


def quarter(image: Tensor, lower: int, right: int) -> Tensor:
    """One quarter of an image [C, H, W]."""
    height, width = image.shape[1] // 2, image.shape[2] // 2
    return image[:, lower * height :, right * width :][:, :height, :width]


def difference(decoded: Tensor, wanted: Tensor) -> Tensor:
    """Mean absolute difference, averaged over full, half and quarter size."""
    scales = [decoded - wanted]
    for _ in range(2):
        scales.append(halved(scales[-1]))
    return sum((d.abs().mean() for d in scales), torch.zeros(())) / 3


def test_steps_are_those_of_the_paper(tmp_path: Path) -> None:
    played(
        "fastgan",
        tmp_path,
        FastGAN,
        augment=STRENGTH,
        augment_kinds=["translation"],
        discriminator_lr_multiplier=1.5,
        learning_rate=2e-3,
        reconstruction=0.8,
        ema_images=30.0,
    )
