"""Budgets by steps, images and seconds, and what becomes due within them."""

from __future__ import annotations

import json
import time
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from argus.core import params
from stages.train import training
from stages.train.budget import Budget, is_due
from stages.train.checkpoint import Checkpoints
from stages.train.train import train
from tests.train import tiny

pytestmark = pytest.mark.usefixtures("no_chart")


def model(**budget: float) -> params.Model:
    return params.Model(arch="r3gan", task="generate", batch=4, seed=0, **budget)


def test_images_make_whole_steps_and_never_too_few():
    assert Budget.of(model(steps=7)).steps == 7
    assert Budget.of(model(images=8)).steps == 2
    assert Budget.of(model(images=9)).steps == 3


@given(st.integers(1, 500), st.integers(1, 60))
def test_of_so_many_equal_parts_each_ends_once_and_the_last_one_at_the_end(steps, times):
    budget = Budget(steps=steps)
    shares = [budget.spent(step, 0.0) for step in range(steps + 1)]
    ends = [n for n in range(1, steps + 1) if is_due(shares[n - 1], shares[n], times)]
    assert len(ends) == min(steps, times)
    assert ends[-1] == steps


def test_seconds_are_spent_by_the_clock_and_never_more_than_all():
    budget = Budget(seconds=8.0)
    assert budget.spent(1000, 2.0) == Fraction(1, 4)
    assert budget.spent(1, 9.5) == 1
    assert not budget.reproducible
    assert Budget(steps=1).reproducible


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that goes half a second forward with every step, and stands beside it."""
    read: list[float] = []

    def perf_counter() -> float:
        read.append(0.0)
        return len(read) // 2 * 0.5

    monkeypatch.setattr(time, "perf_counter", perf_counter)
    return read


def test_a_training_of_ten_seconds_takes_what_steps_they_allow_and_says_so(tmp_path, clock):
    train(tiny.job("r3gan", tmp_path, seconds=10.0))
    card = json.loads((tmp_path / "trained/card.json").read_text())
    assert card["steps"] == 20
    assert card["spec"]["budget"] == {"seconds": 10.0}
    assert card["reproducible"] is False
    sheets = sorted(p.stem for p in (tmp_path / "reports/plots/images/samples").iterdir())
    assert sheets == ["000007", "000014", "000020"]


def test_the_seconds_spent_survive_a_kill_and_the_schedules_follow_them(tmp_path, clock):
    job = tiny.job("r3gan", tmp_path, seconds=10.0)
    rates: list[float] = []
    honest, save = training.Training._apply_schedules, Checkpoints.save

    def turned(self, scheduled):
        rates.append(scheduled["learning_rate"])
        honest(self, scheduled)

    def dies(self, step, state):
        save(self, step, state)
        if step == 12:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.Training, "_apply_schedules", turned)
        patch.setattr(Checkpoints, "save", dies)
        with pytest.raises(KeyboardInterrupt):
            train(job)
        assert len(rates) == 12
        patch.setattr(Checkpoints, "save", save)
        train(job)
    assert len(rates) == 20
    assert rates == sorted(rates, reverse=True)
    assert json.loads((tmp_path / "trained/card.json").read_text())["steps"] == 20


def test_a_budget_of_images_is_one_of_steps(tmp_path):
    for place, budget in (("a", {"images": 21}), ("b", {"steps": 6})):
        train(tiny.job("r3gan", tmp_path / place, None, **budget))
    by_images, by_steps = (tmp_path / place / "trained" for place in "ab")
    one, other = (load_file(place / "generator.safetensors") for place in (by_images, by_steps))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], tensor) for name, tensor in other.items())
    card = json.loads((by_images / "card.json").read_text())
    assert (card["steps"], card["spec"]["budget"], card["reproducible"]) == (
        6,
        {"images": 21},
        True,
    )
