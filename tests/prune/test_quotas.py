from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.prune.quotas import ideal_shares, quotas

COUNTS = st.dictionaries(st.text("abcdef", min_size=1), st.integers(1, 500), min_size=1)


@given(COUNTS, st.integers(1, 2000), st.floats(0, 1))
def test_the_budget_is_used_and_no_class_gets_more_than_it_has(
    counts: dict[str, int], budget: int, tau: float
) -> None:
    wanted = quotas(counts, budget, tau)
    assert sum(wanted.values()) == min(budget, sum(counts.values()))
    assert all(0 <= wanted[name] <= counts[name] for name in counts)


@given(COUNTS, st.integers(1, 2000), st.floats(0, 1))
def test_more_images_never_mean_fewer_places(
    counts: dict[str, int], budget: int, tau: float
) -> None:
    wanted = quotas(counts, budget, tau)
    by_count = sorted(counts, key=lambda name: counts[name])
    for fewer, more in pairwise(by_count):
        assert wanted[more] >= wanted[fewer] - 1  # one image by rounding


def test_tau_in_closed_form() -> None:
    counts = {"day": 900, "night": 100}
    assert quotas(counts, 100, 1.0) == {"day": 90, "night": 10}
    assert quotas(counts, 100, 0.5) == {"day": 75, "night": 25}
    assert quotas(counts, 100, 0.0) == {"day": 50, "night": 50}


def test_what_a_small_class_cannot_use_goes_to_the_others() -> None:
    assert quotas({"a": 1000, "b": 1000, "c": 10}, 300, 0.0) == {"a": 145, "b": 145, "c": 10}


@given(COUNTS, st.floats(0, 1))
def test_shares_add_up_and_quotas_follow_them_while_no_class_is_too_small(
    counts: dict[str, int], tau: float
) -> None:
    shares = ideal_shares(counts, tau)
    assert sum(shares.values()) == pytest.approx(1)
    budget = min(int(counts[name] / share) for name, share in shares.items())
    wanted = quotas(counts, max(budget, 1), tau)
    assert all(abs(wanted[name] - budget * shares[name]) <= 1 for name in counts)
