import numpy as np
import pytest
from scipy.spatial.distance import cdist

from stages.prune import select
from stages.prune.diversity import class_entropy, coverage_radius, vendi_score


def blobs(centres: int, each: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    middle = rng.normal(size=(centres, 16)) * 20
    member = np.repeat(np.arange(centres), each)
    return (middle[member] + rng.normal(size=(len(member), 16))).astype(np.float32), member


def test_k_centre_visits_every_cluster_before_any_twice() -> None:
    features, member = blobs(12, 30)
    assert set(member[select.k_centre(features, 12)]) == set(range(12))


@pytest.mark.parametrize("k", [3, 6])
def test_k_centre_covers_within_twice_the_best(k: int) -> None:
    from itertools import combinations

    features = np.random.default_rng(k).normal(size=(16, 3)).astype(np.float32)
    apart = cdist(features, features)
    best = min(apart[:, list(rows)].min(axis=1).max() for rows in combinations(range(16), k))
    kept = np.zeros(16, dtype=bool)
    kept[select.k_centre(features, k)] = True
    assert coverage_radius(features, kept) <= 2 * best + 1e-6


def test_all_and_none() -> None:
    features, _ = blobs(3, 5)
    assert sorted(select.k_centre(features, 15)) == list(range(15))
    assert len(select.k_centre(features, 0)) == 0


def test_identical_vectors_are_taken_once_each() -> None:
    assert sorted(select.k_centre(np.zeros((5, 4), dtype=np.float32), 5)) == list(range(5))


def test_hierarchical_finds_rare_clusters_and_covers_like_the_plain_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(select, "SHARD", 250)
    features, member = blobs(40, 50)
    rare, _ = blobs(3, 2, seed=9)
    features, member = np.r_[features, rare], np.r_[member, [40, 40, 41, 41, 42, 42]]
    rows = select.hierarchical_k_centre(features, 60, seed=0)
    assert len(set(rows.tolist())) == 60
    assert set(member[rows]) == set(range(43))
    assert (rows == select.hierarchical_k_centre(features, 60, seed=0)).all()

    def radius(chosen: np.ndarray) -> float:
        kept = np.zeros(len(features), dtype=bool)
        kept[chosen] = True
        return coverage_radius(features, kept)

    assert radius(rows) <= 1.25 * radius(select.k_centre(features, 60))


def test_each_class_keeps_its_quota() -> None:
    features, member = blobs(4, 20)
    labels = np.where(member < 3, "day", "night")
    kept = select.distinct(features, labels, {"day": 5, "night": 2}, seed=0)
    assert (kept & (labels == "day")).sum() == 5
    assert (kept & (labels == "night")).sum() == 2


def test_vendi_in_closed_form() -> None:
    assert vendi_score(np.eye(7)) == pytest.approx(7)
    assert vendi_score(np.ones((9, 4))) == pytest.approx(1)
    assert vendi_score(np.repeat(np.eye(3), 5, axis=0)) == pytest.approx(3)


def test_vendi_is_the_same_from_either_gram_matrix() -> None:
    tall = np.random.default_rng(0).normal(size=(40, 6))
    padded = np.concatenate([tall, np.zeros((40, 60))], axis=1)
    assert vendi_score(tall) == pytest.approx(vendi_score(padded))


def test_class_entropy_in_closed_form() -> None:
    assert class_entropy([5, 5, 5, 5]) == pytest.approx(2)
    assert class_entropy([7, 0]) == 0
