"""The draws: whatever else there is, a drive's name decides, and proportions come out."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stages.common.catalogue import SPLITS
from stages.common.params import Split
from stages.split.__main__ import split
from stages.split.record import empty
from stages.split.urn import BALLS, Urns, by_hash, cut
from tests.split.tables import SETTINGS, WITH_HASH, fleet

SHARES = np.array([1 - SETTINGS.val - SETTINGS.test, SETTINGS.val, SETTINGS.test])


def test_a_name_always_draws_the_same_and_the_seed_changes_it() -> None:
    names = [f"g{i}" for i in range(2000)]
    draws = np.array([by_hash(name, 1) for name in names])
    assert (draws == [by_hash(name, 1) for name in names]).all()
    assert (draws != [by_hash(name, 2) for name in names]).all()
    # uniform: the Kolmogorov-Smirnov distance passes 1.95 / sqrt(n) once in a thousand seeds
    assert np.abs(np.sort(draws) - np.arange(2000) / 2000).max() < 1.95 / 2000**0.5


def test_a_cut_has_the_odds_as_widths() -> None:
    sides = [cut(draw, (0.5, 0.2, 0.3)) for draw in np.arange(0.005, 1, 0.01)]
    assert np.bincount(sides).tolist() == [50, 20, 30]


@given(
    st.lists(st.floats(0, 1, exclude_max=True), max_size=200), st.floats(0, 0.4), st.floats(0, 0.5)
)
@example([0.875, 1 - 2**-53], 0.375, 0.3776033684660949)  # the odds sum up to just below 1
def test_no_split_is_ever_further_ahead_than_the_urn_allows(
    draws: list[float], val: float, test: float
) -> None:
    urns, drawn = Urns(1, val, test), np.zeros(3)
    shares = np.array([1 - val - test, val, test])
    for n, draw in enumerate(draws):
        odds = urns.odds(0)
        assert sum(odds) == pytest.approx(1)
        assert min(odds) >= 0
        side = cut(draw, odds)
        urns.put([(0, 1.0)], side)
        drawn[side] += 1
        assert (drawn <= shares * (n + BALLS) + 1 + 1e-6).all()


def test_odds_are_the_shares_at_first_and_lean_towards_what_is_behind() -> None:
    urns = Urns(2, 0.1, 0.2)
    assert urns.odds(0) == pytest.approx([0.7, 0.1, 0.2])
    urns.put([(0, 1.0)], 0)
    # 2 balls and 1 more in the shares, less the one drawn
    assert urns.odds(0) == pytest.approx([(2.1 - 1) / 2, 0.3 / 2, 0.6 / 2])
    assert urns.odds(1) == pytest.approx([0.7, 0.1, 0.2])
    assert urns.odds_of([(0, 0.5), (1, 0.5)]) == pytest.approx([0.625, 0.125, 0.25])


def per_split(images: pl.DataFrame, label: str, what: pl.Expr) -> np.ndarray:
    """Of a class, how many of something are in each split: [3]."""
    counts = images.filter(label=label).group_by("split").agg(what.alias("n"))
    found = dict(counts.rows())
    return np.array([found.get(name, 0) for name in SPLITS])


def drives(seed: int) -> list[tuple[str, int]]:
    """Drives of three classes, common and rare, of 1 to some 60 images."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(["day", "night", "fog"], 800, p=[0.75, 0.2, 0.05])
    return [(str(c), int(n)) for c, n in zip(labels, rng.geometric(0.1, 800), strict=True)]


@pytest.mark.parametrize("seed", range(5))
def test_proportions_converge_in_each_class(seed: int) -> None:
    """Of drives like 1 / n, of images better than by the hash alone."""
    settings = SETTINGS.model_copy(update={"seed": seed})
    images, _, _ = split(fleet(drives(seed)), empty(), settings, mirrored=False)
    for label in ("day", "night", "fog"):
        of_drives = per_split(images, label, pl.col("sequence").n_unique())
        of_images = per_split(images, label, pl.len())
        assert (np.abs(of_drives - SHARES * of_drives.sum()) <= BALLS + 2).all()
        sizes = images.filter(label=label).group_by("sequence").len()["len"].to_numpy()
        # four standard deviations of drives of these sizes drawn by a binomial
        spread = (SHARES * (1 - SHARES) * (sizes.astype(float) ** 2).sum()) ** 0.5
        assert (np.abs(of_images - SHARES * of_images.sum()) < 4 * spread).all()


def test_the_odds_do_better_than_the_hash_alone() -> None:
    off, off_by_hash = [], []
    for seed in range(10):
        settings = Split(seed=seed, val=0.1, test=0.2, radius=3, distance=0.45, with_hash=WITH_HASH)
        images, _, _ = split(fleet([("day", 5)] * 100), empty(), settings, mirrored=False)
        off.append(per_split(images, "day", pl.len()) / 500 - [0.7, 0.1, 0.2])
        by_name = [cut(by_hash(str(i), seed), (0.7, 0.1, 0.2)) for i in range(100)]
        off_by_hash.append(np.bincount(by_name, minlength=3) / 100 - [0.7, 0.1, 0.2])
    assert np.square(off).mean() < np.square(off_by_hash).mean() / 10


def test_a_giant_drive_is_one_drive() -> None:
    usual = [("day", 3)] * 60
    giants = [*usual[:10], ("day", 2000), *usual[11:]]
    small, _, _ = split(fleet(usual), empty(), SETTINGS, mirrored=False)
    giant, _, _ = split(fleet(giants), empty(), SETTINGS, mirrored=False)
    where = [table.unique("sequence", maintain_order=True)["split"] for table in (small, giant)]
    assert where[0].equals(where[1])
