"""How a delivery is shared out: by images, as near to the shares as whole drives allow."""

from __future__ import annotations

from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from argus.data.catalogue import SPLITS
from argus.data.feasibility import FEWEST
from stages.split.balance import FEW, NEAR_TIE, Cut, Shares, Unit, by_hash
from stages.split.prior_splits import empty
from stages.split.split import split
from tests.split.tables import SETTINGS, fleet

USUAL = SETTINGS.model_copy(update={"seed": 2, "val": 0.1, "test": 0.25})
SHARES = np.array([0.65, 0.1, 0.25])
ANY = (True, True, True)
COUNTS = st.integers(0, 500)
SIZES = st.floats(0, 9).map(lambda power: int(2**power))


def units(sizes: list[int], seed: int = 0) -> list[Unit]:
    """Drives of one class that may be anywhere."""
    return [Unit(((0, n),), ANY, by_hash(str(at), seed)) for at, n in enumerate(sizes)]


def cut(sizes: list[int], seed: int = 0, before: tuple[int, ...] = (0, 0, 0)) -> list[int]:
    """Images in each split, of drives of one class of one source, the first that there are."""
    tally = list(before)
    drives = units(sizes, seed)
    untrained = [] if before[0] else [0]
    sides = Cut({0: (list(before), tally)}, untrained, Shares(0.1, 0.25)).place(drives)
    counted = np.bincount(sides, sizes, 3) + before
    assert tally == counted.tolist()
    return tally


def distance(counts: list[int] | tuple[int, ...]) -> float:
    """Cohen's w."""
    return float((Shares(0.1, 0.25).off(*counts) / sum(counts)) ** 0.5)


def nearest(sizes: list[int]) -> float:
    """The distance of the nearest of all cuts in which something trains."""
    cuts = (np.bincount(sides, sizes, 3) for sides in product(range(3), repeat=len(sizes)))
    return min(distance(tuple(map(int, counts))) for counts in cuts if counts[0])


def test_a_name_always_draws_the_same_and_the_seed_changes_it() -> None:
    names = [f"g{i}" for i in range(2000)]
    draws = np.array([by_hash(name, 1) for name in names])
    assert (draws == [by_hash(name, 1) for name in names]).all()
    assert (draws != [by_hash(name, 2) for name in names]).all()
    # uniform: the Kolmogorov-Smirnov distance passes 1.95 / sqrt(n) once in a thousand seeds
    assert np.abs(np.sort(draws) - np.arange(2000) / 2000).max() < 1.95 / 2000**0.5


@given(COUNTS, COUNTS, st.integers(FEWEST, 500), st.floats(0.01, 0.4), st.floats(0.01, 0.5))
def test_what_is_off_is_pearsons_chi_square(
    train: int, val: int, tested: int, of_val: float, of_test: float
) -> None:
    assume(of_test / (of_val + of_test) * (val + tested) >= FEWEST)
    counts = np.array([train, val, tested])
    expected = counts.sum() * np.array([1 - of_val - of_test, of_val, of_test])
    found = Shares(of_val, of_test).off(train, val, tested)
    assert found == pytest.approx(chisquare(counts, expected).statistic)


def test_until_test_can_score_val_should_have_nothing() -> None:
    off = Shares(0.1, 0.25).off
    assert off(65, 0, 35) < off(65, 28, 7)
    assert off(13, 0, 7) == pytest.approx(0)  # 20 images, of which 7 are to be held out
    assert off(14, 0, 8) < off(14, 1, 7)
    assert off(26, 4, 10) == pytest.approx(0)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([300], [300, 0, 0]),  # a class that is only held out teaches nothing
        ([171, 101], [171, 0, 101]),  # without test nothing is promoted; val can wait
        ([100, 100, 100], [200, 0, 100]),
        ([100, 100, 100, 100], [300, 0, 100]),
        ([100, 100, 100, 100, 100], [300, 100, 100]),
        ([200, 60, 40], [200, 40, 60]),
        ([200, 5, 5], [200, 0, 10]),  # 5 could not score
        ([200, 10, 10], [200, 10, 10]),
        ([50, 40, 30, 20, 10], [100, 10, 40]),
        ([4] * 5, [12, 0, 8]),
        ([1] * 22, [14, 0, 8]),
        ([1] * 100, [65, 10, 25]),
    ],
)
def test_the_first_drives_of_a_class(sizes: list[int], expected: list[int]) -> None:
    for seed in range(3):
        assert cut(sizes, seed) == expected


@settings(deadline=None, max_examples=40)
@given(st.lists(SIZES, min_size=1, max_size=FEW), st.integers(0, 99))
def test_of_few_drives_there_is_no_nearer_cut(sizes: list[int], seed: int) -> None:
    assert distance(cut(sizes, seed)) <= nearest(sizes) + NEAR_TIE + 1e-9


def test_of_more_drives_the_cut_is_near_the_nearest() -> None:
    """By moves and swaps, of eight drives of 1 to 500 images."""
    rng = np.random.default_rng(0)
    deliveries = (2 ** rng.uniform(0, 9, (40, FEW + 1))).astype(int).tolist()
    off = np.array([distance(cut(sizes)) - nearest(sizes) for sizes in deliveries])
    assert np.median(off) < NEAR_TIE
    assert np.quantile(off, 0.9) < 0.05
    assert off.max() < 0.2


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.lists(SIZES, min_size=1, max_size=60), min_size=1, max_size=4), st.integers(0, 99)
)
def test_no_split_is_ahead_by_more_than_the_largest_drive(
    deliveries: list[list[int]], seed: int
) -> None:
    tally, largest = [0, 0, 0], 0
    for sizes in deliveries:
        tally = cut(sizes, seed, tuple(tally))
        largest = max(largest, *sizes)
        assert (tally - SHARES * sum(tally) <= largest + FEWEST).all()


@settings(deadline=None, max_examples=60)
@given(st.lists(SIZES, min_size=2, max_size=FEW), st.integers(0, 99))
def test_val_gets_nothing_before_test_can_score(sizes: list[int], seed: int) -> None:
    _, val, tested = cut(sizes, seed)
    assert not val or tested >= FEWEST or nearest(sizes) > NEAR_TIE


def test_of_drives_about_as_long_the_seed_says_which_is_held_out() -> None:
    sizes = [100, 101, 102, 103, 104]
    place = [Cut({0: ([0] * 3, [0] * 3)}, [0], Shares(0.1, 0.25)).place for _ in range(20)]
    held = {tuple(place[seed](units(sizes, seed)).tolist()) for seed in range(20)}
    assert len({sides.index(2) for sides in held}) >= 4


def test_what_only_judges_is_shared_in_proportion_and_only_where_it_may_be() -> None:
    tally = [0, 0, 0]
    drives = [Unit(((0, 3),), (False, True, True), by_hash(str(at), 0)) for at in range(70)]
    Cut({0: ([0] * 3, tally)}, [0], Shares(0.1, 0.25)).place(drives)
    assert tally == [0, 60, 150]


def test_drives_of_many_classes_come_near_to_the_shares_in_each() -> None:
    rng = np.random.default_rng(0)
    shown = rng.poisson([30, 8, 2], (60, 3)) * rng.integers(0, 2, (60, 3))
    drives = [
        Unit(tuple((k, int(n)) for k, n in enumerate(row) if n), ANY, by_hash(str(at), 0))
        for at, row in enumerate(shown)
        if row.any()
    ]
    tallies = {k: ([0, 0, 0], [0, 0, 0]) for k in range(3)}
    Cut(tallies, range(3), Shares(0.1, 0.25)).place(drives)
    for label, (counts, _) in tallies.items():
        assert (np.abs(counts - SHARES * sum(counts)) <= shown[:, label].max()).all()


def test_every_class_of_mixed_drives_is_taught_if_it_can_be() -> None:
    drives = [Unit(((0, 90), (label, 1)), ANY, by_hash(str(label), 0)) for label in range(1, 30)]
    tallies = {label: ([0] * 3, [0] * 3) for label in range(30)}
    Cut(tallies, range(30), Shares(0.1, 0.25)).place(drives)
    assert all(counts[0] for counts, _ in tallies.values())


def per_split(images: pl.DataFrame, **which: str) -> list[int]:
    return [images.filter(split=name, **which).height for name in SPLITS]


def of_sources(images: pl.DataFrame, first: int) -> pl.DataFrame:
    """A fleet whose drives from a delivery on are another source's."""
    client = pl.col("delivery").cast(pl.Int64) >= first
    return images.with_columns(source=pl.when(client).then(pl.lit("client")).otherwise("source"))


@pytest.mark.parametrize("large", [[("day", 1)] * 1000, [("day", 1000)], [("day", 200)] * 5])
def test_a_client_beside_a_large_set_is_in_all_splits(large: list[tuple[str, int]]) -> None:
    """Even where that set is all in train, the client's drives do not make up for it alone."""
    drives = [*large, *[("day", 10)] * 40]
    images = of_sources(fleet(drives, per_delivery=len(large)), 1)
    after, _, _ = split(images, empty(), USUAL, mirrored=False)
    train, val, tested = per_split(after, source="client")
    assert train >= 0.4 * 400
    assert val >= FEWEST
    assert tested >= 0.2 * 400


def test_three_ordinary_deliveries() -> None:
    """Two drives of a class, then single images, then hundreds of short trips."""
    camvid = [("day", 171), ("day", 101), ("dusk", 124)]
    amos = [("day", 1), ("night", 1)] * 120
    trips = [("day", 1), ("night", 1)] * 343 + [("day", 2), ("night", 2)] * 28
    images = fleet([*camvid, *amos, *trips])
    at = np.cumsum([0, 396, 240])
    number = pl.lit(np.searchsorted(at, np.arange(images.height), side="right") - 1)
    named = number.replace_strict({0: "camvid", 1: "amos", 2: "bdd"}, return_dtype=pl.String)
    images = images.with_columns(source=named, delivery=number.cast(pl.String))
    record, after = empty(), []
    for last in range(3):
        here = images.filter(pl.col("delivery").cast(pl.Int64) <= last)
        here, record, _ = split(here, record, USUAL, mirrored=False)
        after.append(here)
    assert per_split(after[0], label="day") == [171, 0, 101]
    assert per_split(after[0], label="dusk") == [124, 0, 0]
    for here in after[1:]:
        for label in ("day", "night"):
            train, val, tested = per_split(here, label=label)
            assert train >= 60
            assert val >= FEWEST
            assert tested >= FEWEST
            assert (
                np.abs(np.array([train, val, tested]) / (train + val + tested) - SHARES) < 0.07
            ).all()
    train, val, tested = per_split(after[2], label="night")
    assert train >= 100
    assert val + tested >= 60


def test_many_images_of_no_drive_have_the_shares_to_the_image() -> None:
    after, _, _ = split(fleet([("day", 1)] * 20_000, 20_000), empty(), USUAL, mirrored=False)
    assert per_split(after) == [13_000, 2_000, 5_000]
