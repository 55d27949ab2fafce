import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus.features import leaders as module
from argus.features.leaders import leaders

ANGLES = st.lists(st.integers(0, 40), min_size=1, max_size=40)  # twentieths of a radian


def on_a_circle(angles: list[float]) -> np.ndarray:
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def one_by_one(vectors: np.ndarray, distance: float) -> list[int]:
    """The definition, read aloud."""
    leader: list[int] = []
    for k, vector in enumerate(vectors):
        near = (i for i in range(k) if leader[i] == i)
        near = (i for i in near if np.linalg.norm(vectors[i] - vector) <= distance)
        leader.append(next(near, k))
    return leader


@given(ANGLES)
def test_each_row_goes_to_the_earliest_leader_near_it(angles: list[int]) -> None:
    vectors = on_a_circle([angle / 20 for angle in angles])
    with pytest.MonkeyPatch.context() as patch:  # blocks that end amid the rows
        patch.setattr(module, "ROWS", 4)
        patch.setattr(module, "LEADERS", 3)
        assert leaders(vectors, 0.3).tolist() == one_by_one(vectors, 0.3)


@given(ANGLES, st.integers(1, 40))
def test_what_comes_later_changes_nothing(angles: list[int], cut: int) -> None:
    vectors = on_a_circle([angle / 20 for angle in angles])
    assert (leaders(vectors, 0.25)[:cut] == leaders(vectors[:cut], 0.25)).all()


def test_pairs_on_the_line_do_not_depend_on_how_many_stand_beside_them() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(1300, 64)).astype(np.float32)
    a /= np.linalg.norm(a, axis=1, keepdims=True)
    for k in (1, 700, 1299):  # row k at exactly the distance from the first
        line = float(np.linalg.norm(a[0] - a[k]))
        assert leaders(a[[0, k]], line).tolist() == [0, 0]
        assert leaders(a[[0, k]], np.nextafter(line, 0)).tolist() == [0, 1]
        whole = leaders(a, line)
        assert whole[k] == 0
        assert whole.tolist() == one_by_one(a, line)


def test_what_has_no_vector_is_near_to_none() -> None:
    vectors = np.array([[np.nan, np.nan], [1, 0], [np.nan, np.nan], [1, 0]], dtype=np.float32)
    assert leaders(vectors, 1.0).tolist() == [0, 1, 2, 1]
    assert leaders(vectors[:0], 1.0).tolist() == []
