import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.dedupe import second_look
from stages.dedupe.neighbours import Hashes
from stages.dedupe.second_look import alike
from stages.dedupe.stars import stars

RADIUS, DISTANCE = 1, 0.5

# a hash of few bits, a drive or none, and a direction in the plane for each picture, so that some
# are near in each
PICTURES = st.lists(
    st.tuples(st.integers(0, 2**8 - 1), st.integers(-1, 2), st.floats(0, 3, width=16)),
    min_size=1,
    max_size=25,
)
Drawn = list[tuple[int, int, float]]
World = tuple[Hashes, np.ndarray, np.ndarray]


def pictures(drawn: Drawn) -> World:
    """Hashes, drives and vectors; each hash once."""
    once = {drawn_[0]: drawn_ for drawn_ in drawn}
    values, drives, angles = zip(*once.values(), strict=True)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    hashes = Hashes(np.array(values, dtype=np.uint64))
    return hashes, np.array(drives), 7 * vectors  # of no particular length


def decide(world: World) -> np.ndarray:
    hashes, drives, vectors = world
    pairs = alike(hashes, RADIUS, drives, DISTANCE, lambda rows: vectors[rows])
    return stars(hashes, RADIUS, pairs)[0]


def same(world: World) -> np.ndarray:
    """Which two are the same picture, by the definition: bool [N, N]."""
    hashes, drives, vectors = world
    near = np.linalg.norm(vectors[:, None] - vectors[None], axis=2) / 7 <= DISTANCE
    together = (drives[:, None] == drives[None]) & (drives >= 0)
    return (np.bitwise_count(hashes.plain[:, None] ^ hashes.plain) <= RADIUS) | (near & together)


@given(PICTURES)
def test_it_decides_as_if_every_pair_of_a_drive_had_been_looked_at(drawn: Drawn) -> None:
    world = pictures(drawn)
    alike_, kept = same(world), list[int]()
    for k in range(len(alike_)):
        if not alike_[k, kept].any():
            kept.append(k)
    centre = decide(world)
    assert np.flatnonzero(centre == np.arange(len(centre))).tolist() == kept
    assert np.isin(centre, kept).all()  # dropped only for one that is kept,
    assert alike_[np.arange(len(centre)), centre].all()  # which it looks like
    assert (centre <= np.arange(len(centre))).all()  # and which counts before it


@given(PICTURES, st.integers(1, 25))
def test_it_is_prefix_stable(drawn: Drawn, cut: int) -> None:
    hashes, drives, vectors = world = pictures(drawn)
    prefix = decide((hashes[:cut], drives[:cut], vectors[:cut]))
    assert (decide(world)[:cut] == prefix).all()


@settings(max_examples=30)
@given(PICTURES)
def test_only_what_has_another_of_its_drive_is_embedded(drawn: Drawn) -> None:
    hashes, drives, vectors = pictures(drawn)
    asked: list[int] = []

    def embedded(rows: np.ndarray) -> np.ndarray:
        asked.extend(rows.tolist())
        return vectors[rows]

    alike(hashes, RADIUS, drives, DISTANCE, embedded)
    assert all(drive >= 0 and (drives == drive).sum() > 1 for drive in drives[asked])


def test_few_vectors_are_held_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_look, "AT_ONCE", 5)
    hashes = Hashes(np.uint64(1) << np.arange(14, dtype=np.uint64) * np.uint64(4))
    drives = np.array([0] * 2 + [1] * 2 + [2] * 8 + [3] * 2)
    held: list[int] = []

    def embedded(rows: np.ndarray) -> np.ndarray:
        held.append(len(rows))
        return np.ones((len(rows), 2), dtype=np.float32)

    i, j = alike(hashes, 1, drives, DISTANCE, embedded)
    assert held == [4, 8, 2]
    assert sorted(zip(i.tolist(), j.tolist(), strict=True)) == [
        (0, 1),
        (2, 3),
        *((4, k) for k in range(5, 12)),
        (12, 13),
    ]


def test_a_long_halt_is_no_matter_of_all_its_pairs() -> None:
    n = 6000  # 18 million pairs, if they were all spelt out
    hashes = Hashes(np.random.default_rng(0).integers(0, 2**63, n, dtype=np.uint64))
    vectors = np.tile(np.float32([1, 0]), (n, 1))
    i, j = alike(hashes, 4, np.zeros(n, dtype=np.int64), 0.3, lambda rows: vectors[rows])
    assert len(i) == n - 1 and (i == 0).all() and (np.sort(j) == np.arange(1, n)).all()


def test_what_was_dropped_for_an_image_that_goes_is_looked_at_anew() -> None:
    # 1 looks like 0 to the network; 2 is within the radius of 1 but not of 0, and unlike it
    hashes = Hashes(np.array([0b0000, 0b0011, 0b0111], dtype=np.uint64))
    vectors = np.array([[1, 0], [1, 0.1], [0, 1]], dtype=np.float32)
    assert decide((hashes, np.zeros(3, dtype=np.int64), vectors)).tolist() == [0, 0, 2]


def test_a_vector_of_zeros_is_like_nothing() -> None:
    hashes = Hashes(np.array([0b0000, 0b0011], dtype=np.uint64))
    vectors = np.array([[0, 0], [1, 0]], dtype=np.float32)
    assert decide((hashes, np.zeros(2, dtype=np.int64), vectors)).tolist() == [0, 1]


def test_the_stage_does_not_import_torch() -> None:
    code = "import sys, stages.dedupe.__main__; print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
