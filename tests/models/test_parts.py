"""The small shared parts: average, schedules, sampler."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from argus.models.ema import Ema, decay
from argus.models.schedules import constant, constant_then_linear, cosine
from stages.train.sampler import BalancedSampler


class Counter(nn.Module):
    """One parameter, one floating buffer and one counter."""

    statistic: torch.Tensor
    seen: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.0]))
        self.register_buffer("statistic", torch.tensor([0.0]))
        self.register_buffer("seen", torch.tensor(0))


def test_the_average_of_a_constant_after_n_steps_is_one_minus_decay_to_the_n():
    net = Counter()
    networks = nn.ModuleDict({"net": net})
    ema = Ema(networks)
    nn.init.ones_(net.weight)
    net.statistic.fill_(2.0)
    net.seen.fill_(7)
    for _ in range(10):
        ema.update(networks, 0.9)
    average = ema.networks["net"]
    assert isinstance(average, Counter)
    assert average.weight.item() == pytest.approx(1 - 0.9**10, rel=1e-5)
    assert average.statistic.item() == pytest.approx(2 * (1 - 0.9**10), rel=1e-5)
    assert average.seen.item() == 7
    assert not average.weight.requires_grad


def test_half_of_the_average_is_left_after_its_half_life():
    assert decay(32, 320.0) ** 10 == pytest.approx(0.5)
    assert decay(32, 0.0) == 0.0


def test_schedules_have_their_closed_forms():
    assert [constant(3.0)(t) for t in (0.0, 0.5, 1.0)] == [3.0] * 3
    fall = cosine(2.0, 1.0, over=0.5)
    for share in (0.0, 0.1, 0.25, 0.4):
        expected = 1.5 + 0.5 * math.cos(math.pi * share / 0.5)
        assert fall(share) == pytest.approx(expected)
    assert fall(0.5) == fall(1.0) == pytest.approx(1.0)
    line = constant_then_linear(4.0, 0.5)
    assert [line(t) for t in (0.0, 0.5, 0.75, 1.0)] == pytest.approx([4.0, 4.0, 2.0, 0.0])
    with pytest.raises(ValueError, match="turn"):
        constant_then_linear(1.0, 1.0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=5), st.floats(0, 1))
def test_classes_come_at_their_shares_and_images_of_a_class_equally_often(counts, tau):
    labels = np.repeat(np.arange(len(counts)), counts)
    sampler = BalancedSampler(np.arange(len(labels)), labels, tau, seed=3)
    shares = np.array(counts) ** tau / (np.array(counts) ** tau).sum()
    drawn: list[int] = []
    for _ in range(10):
        drawn += sampler.draw(13).tolist()
        per_class = np.bincount(labels[drawn], minlength=len(counts))
        assert (per_class - shares * len(drawn) < 1).all()
        assert (per_class - shares * len(drawn) > -2).all()
    per_image = np.bincount(drawn, minlength=len(labels))
    for index in range(len(counts)):
        assert np.ptp(per_image[labels == index]) <= 1


def test_rare_classes_are_lifted_by_tau():
    labels = np.repeat([0, 1], [90, 10])
    share = {
        tau: (labels[BalancedSampler(np.arange(100), labels, tau, 0).draw(1000)] == 1).mean()
        for tau in (0.0, 0.5, 1.0)
    }
    assert share == pytest.approx({0.0: 0.5, 0.5: 0.25, 1.0: 0.1}, abs=0.002)


def test_the_order_depends_on_the_seed_and_not_on_the_batch_size():
    labels = np.repeat([0, 2, 5], [7, 3, 11])

    def order(seed: int, batch: int) -> list[int]:
        sampler = BalancedSampler(np.arange(100, 121), labels, 0.5, seed)
        return [int(row) for _ in range(120 // batch) for row in sampler.draw(batch)]

    assert order(0, 4) == order(0, 6)
    assert order(0, 4) != order(1, 4)


def test_a_sampler_goes_on_from_its_state():
    labels = np.repeat([0, 1], [5, 9])
    first = BalancedSampler(np.arange(14), labels, 0.5, 0)
    first.draw(23)
    second = BalancedSampler(np.arange(14), labels, 0.5, 0)
    second.restore(first.state())
    assert first.draw(40).tolist() == second.draw(40).tolist()


def test_nothing_to_draw_from_is_an_error():
    with pytest.raises(ValueError, match="no images"):
        BalancedSampler(np.array([], np.int64), np.array([], np.int64), 0.5, 0)
