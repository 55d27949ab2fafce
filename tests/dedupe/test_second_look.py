import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.common import params
from stages.dedupe.neighbours import Hashes
from stages.dedupe.second_look import alike
from stages.dedupe.stars import stars

RADIUS, FURTHER, DISTANCE = 1, 4, 0.5

# a hash of few bits and a direction in the plane for each picture, so that some are near in each
PICTURES = st.lists(
    st.tuples(st.integers(0, 2**8 - 1), st.floats(0, 3, width=16)), min_size=1, max_size=25
)


def pictures(drawn: list[tuple[int, float]]) -> tuple[Hashes, np.ndarray]:
    values, angles = zip(*dict(drawn).items(), strict=True)  # each hash once
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    return Hashes(np.array(values, dtype=np.uint64)), 7 * vectors  # of no particular length


def decide(hashes: Hashes, vectors: np.ndarray) -> np.ndarray:
    pairs = alike(hashes, RADIUS, FURTHER, DISTANCE, lambda rows: vectors[rows])
    return stars(hashes, RADIUS, pairs)[0]


@given(PICTURES)
def test_it_decides_as_if_every_pair_had_been_looked_at(drawn: list[tuple[int, float]]) -> None:
    hashes, vectors = pictures(drawn)
    i, j = hashes.pairs(FURTHER)
    near = np.linalg.norm(vectors[i] - vectors[j], axis=1) / 7 <= DISTANCE
    looked_at = (hashes.apart(i, j) > RADIUS) & near
    all_pairs, _ = stars(hashes, RADIUS, (i[looked_at], j[looked_at]))
    assert (
        (decide(hashes, vectors) == np.arange(len(hashes))) == (all_pairs == np.arange(len(hashes)))
    ).all()


@given(PICTURES, st.integers(1, 25))
def test_it_is_prefix_stable(drawn: list[tuple[int, float]], cut: int) -> None:
    hashes, vectors = pictures(drawn)
    prefix = decide(hashes[:cut], vectors[:cut])
    assert (decide(hashes, vectors)[:cut] == prefix).all()


@settings(max_examples=30)
@given(PICTURES)
def test_each_picture_is_embedded_once_and_only_if_it_is_looked_at(
    drawn: list[tuple[int, float]],
) -> None:
    hashes, vectors = pictures(drawn)
    asked: list[int] = []

    def embedded(rows: np.ndarray) -> np.ndarray:
        asked.extend(rows.tolist())
        return vectors[rows]

    alike(hashes, RADIUS, FURTHER, DISTANCE, embedded)
    assert len(set(asked)) == len(asked)
    i, j = hashes.pairs(FURTHER)
    between = hashes.apart(i, j) > RADIUS
    assert set(asked) <= {*i[between].tolist(), *j[between].tolist()}


def test_what_was_dropped_for_an_image_that_goes_is_looked_at_anew() -> None:
    # 1 looks like 0 to the network; 2 is within the radius of 1 but not of 0, and unlike it
    hashes = Hashes(np.array([0b0000, 0b0011, 0b0111], dtype=np.uint64))
    vectors = np.array([[1, 0], [1, 0.1], [0, 1]], dtype=np.float32)
    assert decide(hashes, vectors).tolist() == [0, 0, 2]


def test_a_vector_of_zeros_is_like_nothing() -> None:
    hashes = Hashes(np.array([0b0000, 0b0011], dtype=np.uint64))
    vectors = np.array([[0, 0], [1, 0]], dtype=np.float32)
    assert decide(hashes, vectors).tolist() == [0, 1]


def test_a_second_look_that_sees_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"second_look\.radius \(4\) is not above radius \(4\)"):
        params.Dedupe(
            radius=4, mirrored=False, second_look=params.SecondLook(radius=4, distance=0.3)
        )
    params.Dedupe(radius=4, mirrored=False, second_look=params.SecondLook(radius=4, distance=None))


def test_the_stage_does_not_import_torch() -> None:
    code = "import sys, stages.dedupe.__main__; print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
