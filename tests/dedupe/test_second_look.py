import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus.hamming.search import Hashes
from stages.dedupe import second_look
from stages.dedupe.second_look import regrouped
from stages.dedupe.stars import stars

RADIUS, DISTANCE = 1, 0.5

# a hash of few bits, a drive or none, and a direction in the plane for each image, so that some
# are near in each
FRAMES = st.lists(
    st.tuples(st.integers(0, 2**8 - 1), st.integers(-1, 2), st.floats(0, 3, width=16)),
    min_size=1,
    max_size=25,
)
Drawn = list[tuple[int, int, float]]
World = tuple[Hashes, np.ndarray, np.ndarray]


def images(drawn: Drawn) -> World:
    """Hashes, drives and vectors, which are of no particular length."""
    values, drives, angles = zip(*drawn, strict=True)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    return Hashes(np.array(values, dtype=np.uint64)), np.array(drives), 7 * vectors


def decide(world: World) -> np.ndarray:
    hashes, drives, vectors = world
    return regrouped(stars(hashes, RADIUS), drives, DISTANCE, lambda rows: vectors[rows])


@given(FRAMES)
def test_of_each_drive_no_two_that_look_alike_are_kept(drawn: Drawn) -> None:
    hashes, drives, vectors = world = images(drawn)
    rows = np.arange(len(drawn))
    by_hash, centre = stars(hashes, RADIUS), decide(world)
    apart = np.linalg.norm(vectors[:, None] - vectors[None], axis=2) / 7
    together = (drives[:, None] == drives[None]) & (drives >= 0) & (rows[:, None] != rows)
    kept = np.flatnonzero(centre == rows)
    assert not ((apart <= DISTANCE) & together)[np.ix_(kept, kept)].any()
    assert (centre[centre] == centre).all()
    assert (centre <= rows).all()
    moved = rows[centre != by_hash]  # and that a star's centre looks like
    assert together[by_hash[moved], centre[moved]].all()
    assert (apart[by_hash[moved], centre[moved]] <= DISTANCE).all()
    assert np.isin(kept, by_hash).all()  # nothing that was dropped comes back


@given(FRAMES, st.integers(1, 25))
def test_it_is_prefix_stable(drawn: Drawn, cut: int) -> None:
    hashes, drives, vectors = world = images(drawn)
    prefix = decide((hashes[:cut], drives[:cut], vectors[:cut]))
    assert (decide(world)[:cut] == prefix).all()


@settings(max_examples=30)
@given(FRAMES)
def test_only_centres_with_another_one_in_their_drive_are_embedded_and_once(drawn: Drawn) -> None:
    hashes, drives, vectors = images(drawn)
    asked: list[int] = []

    def embedded(rows: np.ndarray) -> np.ndarray:
        asked.extend(rows.tolist())
        return vectors[rows]

    centre = stars(hashes, RADIUS)
    regrouped(centre, drives, DISTANCE, embedded)
    kept = [row for row in range(len(drawn)) if centre[row] == row and drives[row] >= 0]
    assert sorted(asked) == [row for row in kept if (drives[kept] == drives[row]).sum() > 1]


def test_few_vectors_are_held_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_look, "AT_ONCE", 5)
    drives = np.array([0] * 2 + [1] * 2 + [2] * 8 + [3] * 2 + [4, -1, -1])
    held: list[int] = []

    def embedded(rows: np.ndarray) -> np.ndarray:
        held.append(len(rows))
        return np.ones((len(rows), 2), dtype=np.float32)

    centre = regrouped(np.arange(17), drives, DISTANCE, embedded)
    assert held == [4, 8, 2]
    assert centre.tolist() == [0, 0, 2, 2, *[4] * 8, 12, 12, 14, 15, 16]


def test_a_star_goes_where_its_centre_goes() -> None:
    # 1 looks like 0 to the network; 2 is within the radius of 1 alone, 3 of 2, which is not kept
    hashes = Hashes(np.array([0b000000, 0b001110, 0b001111, 0b011111], dtype=np.uint64))
    vectors = np.array([[1, 0], [1, 0.1], [0, 1], [0, -1]], dtype=np.float32)
    drives = np.array([0, 0, 1, 0])
    assert stars(hashes, RADIUS).tolist() == [0, 1, 1, 3]
    assert decide((hashes, drives, vectors)).tolist() == [0, 0, 0, 3]


def test_a_vector_of_zeros_is_like_nothing() -> None:
    hashes = Hashes(np.array([0b0000, 0b0011], dtype=np.uint64))
    vectors = np.array([[0, 0], [1, 0]], dtype=np.float32)
    assert decide((hashes, np.zeros(2, dtype=np.int64), vectors)).tolist() == [0, 1]


def test_the_stage_does_not_import_torch() -> None:
    code = "import sys, stages.dedupe.__main__; print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
