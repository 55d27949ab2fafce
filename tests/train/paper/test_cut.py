"""CUT and FastCUT: steps of Park et al., ECCV 2020, written out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from argus.models.blocks.resnet import ResNetGenerator
from argus.models.contrast import Heads
from tests.train.paper.by_hand import Batch, Formulas, played, shifted, straight_to_zero

CONTRAST, TEMPERATURE, PATCHES, STRENGTH = 2.0, 0.2, 8, 0.7


class CUT(Formulas):
    """Least squares and PatchNCE: among patches of its own source a translated one must know that
    of its place. Only the translation's patches (queries) teach; those of the source (keys) go
    through the heads, too, and stand still.

    With `identity` images of the target, translated, are held to themselves, at the same weight;
    both are averaged (nce_idt). With `equivariance` images are mirrored at every other step.
    """

    betas = (0.5, 0.999)

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.mirrored: list[bool] = []

    def learning_rate(self) -> float:
        return straight_to_zero(2e-3, 0.25, self.share)

    def half_life(self) -> float:
        return 12.0

    @property
    def generator(self) -> ResNetGenerator:
        found = self.networks["generator"]
        assert isinstance(found, ResNetGenerator)
        return found

    def step(self, batch: dict[str, Batch]) -> None:
        source, target = batch["source"].pixels, batch["target"].pixels
        generator, judge = self.generator, self.networks["discriminator"]
        turned = self.config.equivariance and float(torch.rand(())) < 0.5
        self.mirrored.append(turned)
        images = [*source, *target] if self.config.identity else [*source]
        made = [generator(turn(image[None], turned)) for image in images]
        fakes = turn(torch.cat(made[: len(source)]), turned)

        real = judge(shifted(target, STRENGTH))
        fake = judge(shifted(fakes.detach(), STRENGTH))
        loss = ((real - 1).pow(2).mean() + fake.pow(2).mean()) / 2
        self.turn("discriminator", ["discriminator"], loss)

        loss = (judge(shifted(fakes, STRENGTH)) - 1).pow(2).mean()
        sizes = [f[0, 0].numel() for f in generator.features(made[0])]
        places = [torch.randperm(size)[:PATCHES] for size in sizes]
        held = [
            self.patch_nce(turn(x, turned), image[None], places, turned)
            for image, x in zip(images, made, strict=True)
        ]
        loss = loss + CONTRAST * sum(held, torch.zeros(())) / len(held)
        self.turn("generator", ["generator", "heads"], loss)

    def patch_nce(self, made: Tensor, image: Tensor, places: list[Tensor], turned: bool) -> Tensor:
        """Of one image, the mean over its layers: softmax over places, the own one is right."""
        generator = self.generator
        # the features of what the generator made, as it made it, laid over those of the image
        queries = [turn(f, turned) for f in generator.features(turn(made, turned))]
        keys = [f.detach() for f in generator.features(image)]
        losses = []
        for layer, at in enumerate(places):
            query, key = self.head(layer, queries[layer], at), self.head(layer, keys[layer], at)
            key = key.detach()
            for p in range(len(at)):
                alike = torch.exp((query[p] * key).sum(dim=1) / TEMPERATURE)
                losses.append(-torch.log(alike[p] / alike.sum()) / len(at))
        return sum(losses, torch.zeros(())) / len(places)

    def head(self, layer: int, feature: Tensor, at: Tensor) -> Tensor:
        """Two layers and unit length, of the features at some places: [P, D]."""
        heads = self.networks["heads"]
        assert isinstance(heads, Heads)
        first, _, second = heads.perceptrons[layer].children()
        assert isinstance(first, nn.Linear)
        assert isinstance(second, nn.Linear)
        x = feature[0].flatten(1).T[at]
        x = torch.clamp(x @ first.weight.T + first.bias, min=0) @ second.weight.T + second.bias
        return x / x.norm(dim=1, keepdim=True)


def turn(images: Tensor, mirrored: bool) -> Tensor:
    return images.flip(3) if mirrored else images


@pytest.mark.parametrize(
    ("identity", "equivariance", "seed"), [(True, False, 1), (False, False, 1), (False, True, 2)]
)
def test_steps_are_those_of_the_paper(
    identity: bool, equivariance: bool, seed: int, tmp_path: Path
) -> None:
    _, hand = played(
        "cut",
        tmp_path,
        CUT,
        seed=seed,
        identity=identity,
        equivariance=equivariance,
        contrast=CONTRAST,
        temperature=TEMPERATURE,
        patches=PATCHES,
        augment=STRENGTH,
        augment_kinds=["translation"],
        learning_rate=2e-3,
        decay_from=0.25,
        ema_images=12.0,
    )
    assert isinstance(hand, CUT)
    assert set(hand.mirrored) == ({True, False} if equivariance else {False})
