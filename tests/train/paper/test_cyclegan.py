"""CycleGAN: steps of Zhu et al., ICCV 2017, written out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.train.paper.by_hand import Batch, Formulas, played, shifted, straight_to_zero

CYCLE, IDENTITY, STRENGTH, CAPACITY = 3.0, 0.4, 0.7, 3


class CycleGAN(Formulas):
    """Least squares, 10 (here 3) times the cycle and half (.4) of that for the identity; half of
    the fakes that a discriminator sees are earlier ones, once 50 (3) have been stored.

    Every image goes through the generators by itself.
    """

    betas = (0.5, 0.999)

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.past: dict[str, list[Tensor]] = {"target": [], "source": []}
        self.shown_again = self.shown_at_once = 0

    def learning_rate(self) -> float:
        return straight_to_zero(2e-3, 0.25, self.share)

    def half_life(self) -> float:
        return 12.0

    def step(self, batch: dict[str, Batch]) -> None:
        source, target = batch["source"].pixels, batch["target"].pixels
        forth, back = self.networks["forth"], self.networks["back"]
        judges = {k: self.networks[f"discriminator_{k}"] for k in ("source", "target")}
        fakes = {"target": one_by_one(forth, source), "source": one_by_one(back, target)}
        loss = torch.zeros(())
        for name, images in fakes.items():
            believed = one_by_one(judges[name], shifted(images, STRENGTH))
            loss = loss + (believed - 1).pow(2).mean()
        cycle = (one_by_one(back, fakes["target"]) - source).abs().mean()
        cycle = cycle + (one_by_one(forth, fakes["source"]) - target).abs().mean()
        identity = (one_by_one(forth, target) - target).abs().mean()
        identity = identity + (one_by_one(back, source) - source).abs().mean()
        loss = loss + CYCLE * cycle + CYCLE * IDENTITY * identity
        self.turn("generators", ["forth", "back"], loss)

        loss = torch.zeros(())
        for name, reals in (("target", target), ("source", source)):
            seen = torch.stack([self.exchanged(name, fake) for fake in fakes[name].detach()])
            real = one_by_one(judges[name], shifted(reals, STRENGTH))
            fake = one_by_one(judges[name], shifted(seen, STRENGTH))
            loss = loss + ((real - 1).pow(2).mean() + fake.pow(2).mean()) / 2
        self.turn("discriminators", ["discriminator_source", "discriminator_target"], loss)

    def exchanged(self, name: str, fake: Tensor) -> Tensor:
        """The paper's pool (section 4, after Shrivastava et al., CVPR 2017)."""
        past = self.past[name]
        if len(past) < CAPACITY:
            past.append(fake)
        elif float(torch.rand(())) < 0.5:
            at = int(torch.randint(CAPACITY, ()))
            past[at], fake = fake, past[at]
            self.shown_again += 1
        else:
            self.shown_at_once += 1
        return fake


def one_by_one(network: torch.nn.Module, images: Tensor) -> Tensor:
    return torch.cat([network(image[None]) for image in images])


def test_steps_are_those_of_the_paper(tmp_path: Path) -> None:
    training, hand = played(
        "cyclegan",
        tmp_path,
        CycleGAN,
        seed=2,
        cycle=CYCLE,
        identity=IDENTITY,
        pool=CAPACITY,
        augment=STRENGTH,
        augment_kinds=["translation"],
        learning_rate=2e-3,
        decay_from=0.25,
        ema_images=12.0,
    )
    assert isinstance(hand, CycleGAN)
    assert hand.shown_again  # so that a pool that is passed by would be told
    assert hand.shown_at_once
    for name, past in hand.past.items():
        kept = training.architecture.get_buffer(f"past_{name}s.images")
        torch.testing.assert_close(kept, torch.stack(past), rtol=0, atol=1e-4)
