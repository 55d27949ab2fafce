"""The structure that a translation keeps, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus.judging.metrics.structure import kept, self_similarity, structure

SHAPE = (6, 5, 4, 7)  # images, channels, places


def maps(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(SHAPE).astype(np.float32)


def test_similarity_is_the_cosine_of_features_less_their_mean() -> None:
    features = maps(0)[0]
    flat = features.reshape(5, -1).T - features.reshape(5, -1).mean(axis=1)
    for a, b in ((0, 0), (3, 9), (27, 4)):
        cosine = flat[a] @ flat[b] / np.linalg.norm(flat[a]) / np.linalg.norm(flat[b])
        assert self_similarity(features)[a, b] == pytest.approx(cosine, abs=1e-5)


@given(st.integers(0, 50), st.floats(0.05, 20), st.floats(-5, 5))
def test_light_that_changes_for_all_places_alike_changes_nothing(seed, gain, offset) -> None:
    source = maps(seed)
    turned = np.linalg.qr(np.random.default_rng(seed).standard_normal((5, 5)))[0]
    darker = np.einsum("dc,mchw->mdhw", turned, source) * gain + offset
    assert kept(darker.astype(np.float32), source) == pytest.approx(1.0, abs=1e-4)
    assert structure(darker.astype(np.float32), source) == pytest.approx(1.0, abs=1e-3)


def test_no_more_than_another_source_has_is_nothing() -> None:
    source = maps(1)
    assert abs(structure(maps(2), source)) < 0.1
    assert structure(np.zeros(SHAPE, np.float32), source) == pytest.approx(0.0)
    one_for_all = np.repeat(source[:1], len(source), axis=0)
    assert structure(one_for_all, source) == pytest.approx(0.0, abs=0.25)


def test_what_is_lost_in_one_part_counts_as_lost() -> None:
    rng = np.random.default_rng(3)
    source = np.repeat(rng.standard_normal((6, 5, 2, 7)), 7, axis=2).astype(np.float32)
    painted = source.copy()
    painted[:, :, 10:12, 1:3] = rng.standard_normal((6, 5, 1, 1))
    whole, hole = structure(source, source), structure(painted, source)
    assert whole == pytest.approx(1.0)
    unmoved = [
        np.corrcoef(a, b)[0, 1]
        for a, b in zip(self_similarity(source[0]), self_similarity(painted[0]), strict=True)
    ]
    assert np.mean(unmoved) > 0.85  # 94 of 98 places are as they were
    assert hole < 0.7


def test_kept_is_the_mean_correlation_of_the_worst_tenth_of_places() -> None:
    source, other = maps(4), maps(5)
    one, two = self_similarity(source[2]), self_similarity(other[2])
    each = sorted(np.corrcoef(a, b)[0, 1] for a, b in zip(one, two, strict=True))
    assert kept(other, source)[2] == pytest.approx(np.mean(each[:3]), abs=1e-9)
