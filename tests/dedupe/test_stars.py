from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus.hamming.search import Hashes
from stages.dedupe import stars as module
from stages.dedupe.stars import stars

# few bits, so that draws are often near each other
BITS = 12
HASHES = st.lists(st.integers(0, 2**BITS - 1), min_size=1, max_size=40)


def mirror(values: np.ndarray) -> np.ndarray:
    """A hash of `BITS` bits read backwards, which keeps distances as a mirrored image does."""
    return np.array([int(f"{int(v):0{BITS}b}"[::-1], 2) for v in values], dtype=np.uint64)


def hashes_of(values: list[int], mirrored: bool) -> Hashes:
    plain = np.array(values, dtype=np.uint64)
    return Hashes(plain, mirror(plain) if mirrored else None)


def apart(values: list[int], i: int, j: int, mirrored: bool) -> int:
    """Bits between two hashes, one by one."""
    a, b = np.array(values[i : i + 1]), np.array(values[j : j + 1])
    plain = (values[i] ^ values[j]).bit_count()
    return min(plain, (int(mirror(a)[0]) ^ int(b[0])).bit_count()) if mirrored else plain


def drive(frames: int) -> np.ndarray:
    """Hashes 2 bits from the one before."""
    return np.array([(1 << 2 * frame) - 1 for frame in range(frames)], dtype=np.uint64)


@given(HASHES, st.integers(0, 4), st.booleans())
def test_stars_keep_far_apart_and_drop_only_near(
    values: list[int], radius: int, mirrored: bool
) -> None:
    centre = stars(hashes_of(values, mirrored), radius)
    rows = np.arange(len(values))
    kept = np.flatnonzero(centre == rows)
    assert (centre[centre] == centre).all()
    assert (centre <= rows).all()
    assert all(apart(values, i, int(centre[i]), mirrored) <= radius for i in rows.tolist())
    assert all(apart(values, i, j, mirrored) > radius for i, j in combinations(kept.tolist(), 2))


@given(HASHES, st.integers(0, 4))
def test_an_image_is_dropped_for_the_nearest_kept_before_its_hash_came(
    values: list[int], radius: int
) -> None:
    centre = stars(hashes_of(values, False), radius)
    for row in range(len(values)):
        before = [k for k in range(values.index(values[row]) + 1) if centre[k] == k]
        reach = {k: apart(values, row, k, False) for k in before}
        assert centre[row] == min(before, key=lambda k: (reach[k], k))


@given(HASHES, st.integers(0, 40), st.booleans())
def test_stars_are_prefix_stable(values: list[int], cut: int, mirrored: bool) -> None:
    whole = stars(hashes_of(values, mirrored), 2)
    prefix = stars(hashes_of(values[:cut], mirrored), 2)
    assert (whole[:cut] == prefix).all()


@given(HASHES, st.integers(0, 4))
def test_too_many_pairs_to_hold_change_nothing(values: list[int], radius: int) -> None:
    hashes = hashes_of(values, True)
    at_once = stars(hashes, radius)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST", 2)
        in_halves = stars(hashes, radius)
    assert (at_once == in_halves).all()


def test_a_drive_does_not_chain_to_a_single_frame() -> None:
    # each frame is 2 bits from the one before: at radius 4, one in three is kept
    centre = stars(Hashes(drive(30)), 4)
    assert len(set(centre)) == 10


def test_many_of_the_same_hash_are_one() -> None:
    plain = np.repeat(np.array([5, 6, 2**40 - 1], dtype=np.uint64), 200_000)
    centre = stars(Hashes(plain), 4)  # 2e10 pairs of equal ones, if they were spelt out
    assert set(centre) == {0, 400_000}


@given(HASHES, st.booleans())
def test_all_pairs_of_hashes_each_once(values: list[int], mirrored: bool) -> None:
    hashes = hashes_of(values, mirrored)
    i, j = hashes.pairs(3)
    two = combinations(range(len(values)), 2)
    expected = [(b, a) for a, b in two if apart(values, a, b, mirrored) <= 3]
    assert list(zip(j.tolist(), i.tolist(), strict=True)) == sorted(expected)
    assert hashes.apart(i, j).tolist() == [
        apart(values, a, b, mirrored) for a, b in zip(i, j, strict=True)
    ]


@given(HASHES, HASHES, st.booleans())
def test_all_pairs_of_known_and_new_hashes(
    known: list[int], new: list[int], mirrored: bool
) -> None:
    found = hashes_of(known, mirrored).between(hashes_of(new, mirrored), 2)
    pairs = {pair for i, j in found for pair in zip(i.tolist(), j.tolist(), strict=True)}
    both = [*known, *new]
    assert pairs == {
        (a, b)
        for a in range(len(known))
        for b in range(len(new))
        if apart(both, a, len(known) + b, mirrored) <= 2
    }


def test_a_mirrored_hash_that_is_not_known_matches_as_it_is() -> None:
    images = pl.DataFrame(
        {"phash": [1, 3], "phash_mirrored": [None, None]},
        schema={"phash": pl.UInt64, "phash_mirrored": pl.UInt64},
    )
    assert [rows.tolist() for rows in Hashes.of(images, True).pairs(2)] == [[0], [1]]
    assert [rows.tolist() for rows in Hashes.of(images, True).pairs(0)] == [[], []]


def test_no_images_have_no_stars() -> None:
    assert len(stars(Hashes(np.empty(0, dtype=np.uint64)), 4)) == 0
