"""Steps of the engine beside the same steps by the papers' formulas.

`played` takes steps of a tiny training as `stages/train` does and, from the same weights, images
and random numbers, those of a `Formulas`: gradients, weights and average must be the same.
Networks are taken as functions (their own tests say what they compute); all that a step does with
them is written out: losses, penalties, augmentation, Adam, schedules, the average.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from argus.core import determinism
from stages.train.train import prepared
from stages.train.training import Training
from tests.train import tiny

STEPS, TAKEN = 4, 3
"""Of a training and of those compared: at shares 0, 1/4 and 1/2 of it."""
NOISE = 1e-4
"""Share of the largest gradient below which one may be nothing but rounding: Adam makes whole
steps of these, too, so their weights are not compared, and most must be above."""

Gradients = dict[str, Tensor]


class Turn(NamedTuple):
    """One step of an optimizer."""

    player: str
    loss: float
    gradients: Gradients


class Batch(NamedTuple):
    """What a stream gave: float [B, 3, H, W] in [-1, 1], and int64 [B]."""

    pixels: Tensor
    labels: Tensor


class Formulas(ABC):
    """One architecture by its paper: a subclass says what the players' losses are.

    `networks` are those before the step, in the same mode; `turn` moves some of them.
    """

    betas: tuple[float, float]
    """Of Adam."""

    def __init__(self, config: Any) -> None:
        self.config = config
        self.share = 0.0
        self.networks = nn.ModuleDict()
        self.turns: list[Turn] = []
        self.moments: dict[str, tuple[Tensor, Tensor, int]] = {}

    @abstractmethod
    def learning_rate(self) -> float:
        """At this share of the training."""

    @abstractmethod
    def half_life(self) -> float:
        """Of the average, in images, at this share of the training."""

    @abstractmethod
    def step(self, batch: dict[str, Batch]) -> None:
        """One step, whose random numbers are torch's next ones."""

    def turn(self, player: str, networks: Sequence[str], loss: Tensor, faster: float = 1) -> None:
        """Move these networks by Adam (Kingma and Ba, ICLR 2015, algorithm 1)."""
        owned = {
            f"{network}.{name}": parameter
            for network in networks
            for name, parameter in self.networks[network].named_parameters()
        }
        found = torch.autograd.grad(loss, list(owned.values()), retain_graph=True)
        gradients = dict(zip(owned, found, strict=True))
        rate, (first, second) = faster * self.learning_rate(), self.betas
        with torch.no_grad():
            for name, g in gradients.items():
                m, v, t = self.moments.get(name, (torch.zeros_like(g), torch.zeros_like(g), 0))
                m, v, t = first * m + (1 - first) * g, second * v + (1 - second) * g**2, t + 1
                self.moments[name] = m, v, t
                corrected = (v / (1 - second**t)).sqrt() + 1e-8
                owned[name].sub_(rate * m / (1 - first**t) / corrected)
        self.turns.append(Turn(player, loss.item(), gradients))


def played(
    arch: str, place: Path, formulas: Callable[[Any], Formulas], seed: int = 1, **config: Any
) -> tuple[Training, Formulas]:
    """Take `TAKEN` steps both ways, and compare all of them.

    Args:
        arch: as in params.yaml.
        place: an empty folder.
        formulas: made from the config of the architecture.
        seed: of the training.
        config: fields that differ from those of the tiny model.
    """
    tiny_model = tiny.MODELS[arch]["config"]
    config = tiny_model | config
    job = tiny.job(arch, place, {"mirror": False}, steps=STEPS, config=config, seed=seed)
    determinism.deterministic(job.model.seed, job.settings.threads)
    training = prepared(job, torch.device("cpu"))[0].training
    for parameter in training.architecture.parameters():
        if not parameter.any():  # else what lies before it has no gradient in the first step
            nn.init.normal_(parameter, 0.0, 0.1)
    turns = _watched(training)
    hand = formulas(training.architecture.config)
    certain: dict[str, Tensor] = {}
    for step in range(TAKEN):
        hand.share = step / STEPS
        hand.networks = copy.deepcopy(nn.ModuleDict(dict(training.architecture.named_children())))
        average = copy.deepcopy(training.ema.networks.state_dict())
        batch = _batch(training)
        state = torch.get_rng_state()
        training.step()
        after = torch.get_rng_state()
        torch.set_rng_state(state)
        hand.step(batch)
        assert torch.equal(torch.get_rng_state(), after)  # as many numbers were drawn
        _compare_turns(turns, hand.turns, certain)
        _compare_weights(training.architecture, hand, certain)
        _compare_average(training, average, hand.half_life(), job.model.batch)
        turns.clear()
        hand.turns.clear()
    return training, hand


def _watched(training: Training) -> list[Turn]:
    """A list that the optimizers' steps are noted in as they are taken."""
    turns: list[Turn] = []
    take = training._optimizer_step
    names = {p: name for name, p in training.architecture.named_parameters()}

    def noting(name: str, loss: Tensor) -> None:
        take(name, loss)
        owned = [p for g in training.optimizers[name].param_groups for p in g["params"]]
        gradients = {names[p]: p.grad.clone() for p in owned if p.grad is not None}
        turns.append(Turn(name, loss.item(), gradients))

    training._optimizer_step = noting  # type: ignore[method-assign]
    return turns


def _batch(training: Training) -> dict[str, Batch]:
    """What each stream gives next, with nothing drawn."""
    found = {}
    for name, sampler in copy.deepcopy(training.samplers).items():
        count = training.architecture.streams[name].batches * training.card.spec.batch
        rows = sampler.draw(count)
        levels = torch.from_numpy(np.ascontiguousarray(training.data.images[rows]))
        pixels = levels.permute(0, 3, 1, 2) / 127.5 - 1
        found[name] = Batch(pixels, torch.from_numpy(training.data.labels[rows]))
    return found


def _compare_turns(found: list[Turn], expected: list[Turn], certain: dict[str, Tensor]) -> None:
    """The same players in the same order, and the gradients of each; notes where they are no noise
    in `certain`."""
    assert [turn.player for turn in found] == [turn.player for turn in expected]
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours.loss, theirs.loss, rtol=1e-4, err_msg=ours.player)
        assert ours.gradients.keys() == theirs.gradients.keys()
        largest = max(float(g.abs().max()) for g in theirs.gradients.values())
        for name, g in theirs.gradients.items():
            torch.testing.assert_close(
                ours.gradients[name], g, rtol=1e-3, atol=NOISE * largest, msg=_of(name)
            )
            told = g.abs() > 10 * NOISE * largest
            certain[name] = told & certain.get(name, told)


def _compare_weights(architecture: nn.Module, hand: Formulas, certain: dict[str, Tensor]) -> None:
    """Where gradients said something, weights went the same way by the same amount."""
    rate = hand.learning_rate()
    expected = dict(hand.networks.named_parameters())
    for name, parameter in architecture.named_parameters():
        told = certain[name]
        torch.testing.assert_close(
            parameter.detach()[told],
            expected[name].detach()[told],
            rtol=0,
            atol=0.02 * rate,
            msg=_of(name),
        )
    assert _share(certain.values()) > 0.5


def _compare_average(
    training: Training, before: dict[str, Tensor], half_life: float, images: int
) -> None:
    """Decay of 1/2 in `half_life` images, of parameters and of statistics; counters are copied."""
    kept = 0.5 ** (images / half_life) if half_life else 0.0
    now = training.architecture.inference_networks().state_dict()
    for name, average in training.ema.networks.state_dict().items():
        expected = now[name]
        if expected.is_floating_point():
            expected = kept * before[name] + (1 - kept) * expected
        torch.testing.assert_close(average, expected, rtol=1e-5, atol=1e-7, msg=_of(name))


def _of(name: str) -> Callable[[str], str]:
    return lambda said: f"{name}: {said}"


def _share(masks: Iterable[Tensor]) -> float:
    return float(torch.cat([mask.flatten() for mask in masks]).float().mean())


# --- what several papers have in common ---------------------------------------------------------


def shifted(images: Tensor, strength: float) -> Tensor:
    """DiffAugment's translation (Zhao et al., NeurIPS 2020), of each image with this probability:
    by up to an eighth of either side, zeros coming in."""
    count, _, height, width = images.shape
    chosen = torch.empty(count, 1, 1, 1).uniform_(0, 1).flatten() < strength
    reach = [int(side / 8 + 0.5) for side in (height, width)]
    down, right = (torch.randint(-r, r + 1, (count, 1, 1)).flatten() for r in reach)
    moved = []
    for image, y, x, wanted in zip(images, down.tolist(), right.tolist(), chosen, strict=True):
        room = functional.pad(image, (reach[1], reach[1], reach[0], reach[0]))
        rows = slice(reach[0] - y, reach[0] - y + height)
        columns = slice(reach[1] - x, reach[1] - x + width)
        moved.append(room[:, rows, columns] if wanted else image)
    return torch.stack(moved)


def half_cosine(start: float, end: float, share: float) -> float:
    """From start to end along half a cosine."""
    return float(end + (start - end) * (1 + np.cos(np.pi * share)) / 2)


def straight_to_zero(value: float, turn: float, share: float) -> float:
    """Constant up to the turn, then straight to zero at the end."""
    return value if share < turn else value * (1 - share) / (1 - turn)
