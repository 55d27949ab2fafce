"""Selecting 1,000 of 100,000 feature vectors: ours against a plain k-centre and a random draw."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from threadpoolctl import threadpool_limits

from argus.core.determinism import deterministic
from argus.core.progress import Steps
from argus.features import backbone
from argus.features.vectors import Vectors
from benchmarks.measures import Measure, cpu_seconds
from stages.prune import diversity
from stages.prune.class_balance import quotas
from stages.prune.coreset import K_CENTRE, METHODS, distinct, greedy
from stages.prune.diversity import class_entropy

N, DIMENSIONS, K = 100_000, 512, 1000
CLUSTERS, RARE, RARE_SIZE = 300, 40, 3
BUDGET, TAU = 320, 0.5  # of the selection from the real sets themselves
NOISE = 0.3  # length of what is added to a vector of length 1
ROUNDS = 3  # each way is timed so often, in turns; the best counts
UNITS = {
    "Vendi score": "images",
    "coverage radius": "",
    "smallest distance": "",
    "log-determinant": "nats",
}
REAL = {  # folder of the real sets, by condition
    "day": (
        "amos_daynight/*/day",
        "bdd_daynight/day/*",
        "camvid_sequences/0016E5_15hz",
        "camvid_sequences/Seq05VD_1hz",
        "carnd_california/*",
        "client_lums_lahore/*",
    ),
    "night": ("amos_daynight/*/night", "bdd_daynight/night/*"),
    "dusk": ("camvid_sequences/0001TP_1hz",),
    "fog": ("adverse_weather/*",),
}


@dataclass(frozen=True)
class Case:
    """`rows` float32 [N, D] of length 1; `group` int64 [N] which thing each shows; the number of
    the first group that is rare, and how many groups there are."""

    name: str
    rows: np.ndarray
    group: np.ndarray
    first_rare: int
    groups: int


def plain_k_centre(rows: np.ndarray, k: int, first: int) -> np.ndarray:
    """Gonzalez as the textbook has it: one product of the matrix with a vector for each choice.

    Args:
        rows: float32 [N, D] of length 1.
        k: rows to take.
        first: the row to begin with.
    """
    taken = [first]
    nearest = rows @ rows[first]
    nearest[first] = np.inf  # a cosine: the lowest is the furthest
    for _ in range(k - 1):
        row = int(np.argmin(nearest))
        taken.append(row)
        np.maximum(nearest, rows @ rows[row], out=nearest)
        nearest[row] = np.inf
    return np.array(taken)


def clustered() -> Case:
    """Clusters of very unequal sizes, the commonest a tenth of all, and rare ones of 3 rows."""
    rng = np.random.default_rng(0)
    centres = _unit(rng.standard_normal((CLUSTERS + RARE, DIMENSIONS), dtype=np.float32))
    sizes = np.minimum(rng.zipf(1.5, CLUSTERS), 1000)
    common = rng.choice(CLUSTERS, N - RARE * RARE_SIZE, p=sizes / sizes.sum())
    group = np.r_[common, np.repeat(np.arange(CLUSTERS, CLUSTERS + RARE), RARE_SIZE)]
    return Case("clusters", _noisy(centres[group], rng), group, CLUSTERS, CLUSTERS + RARE)


def enlarged(features: np.ndarray) -> Case:
    """Real features, each image some sixty times with noise, and one in forty only three times.

    The 1,280 dimensions become 512 by a random projection, which keeps distances (Johnson and
    Lindenstrauss, 1984).
    """
    rng = np.random.default_rng(0)
    projection = rng.standard_normal((features.shape[1], DIMENSIONS), dtype=np.float32)
    few = len(features) // RARE
    base = _unit(features @ projection)[rng.permutation(len(features))]
    first = len(features) - few
    common = rng.integers(0, first, N - few * RARE_SIZE)
    group = np.r_[common, np.repeat(np.arange(first, len(features)), RARE_SIZE)]
    return Case("real features", _noisy(base[group], rng), group, first, len(features))


def embedded(data: Path) -> tuple[np.ndarray, np.ndarray]:
    """EfficientNet features of the real sets, float32 [N, 1280], and each image's condition."""
    files = [
        (path, condition)
        for condition, folders in REAL.items()
        for folder in folders
        for path in sorted(data.glob(f"{folder}/*.jpg"))
    ]
    deterministic(seed=0, threads=2)
    net = backbone.efficientnet()
    vectors = []
    with Steps(len(files), "embedding") as steps:
        for start in range(0, len(files), backbone.BATCH):
            batch = [Image.open(path) for path, _ in files[start : start + backbone.BATCH]]
            images = np.stack([net.prepare(image) for image in batch])
            vectors.append(net.features(images, steps.advance))
    return np.concatenate(vectors), np.array([condition for _, condition in files])


def measures(data: Path) -> list[Measure]:
    """Ours against a plain k-centre and a random draw; then both rules on the real sets."""
    features, conditions = embedded(data)
    with threadpool_limits(1, "blas"):
        return [
            *beside_plain(clustered()),
            *beside_plain(enlarged(features)),
            *on_real_sets(features, conditions),
        ]


def beside_plain(case: Case) -> list[Measure]:
    """The bars: as good as the plain k-centre in a tenth of its time."""
    vectors, seconds, chosen = Vectors(case.rows), dict[str, float](), dict[str, np.ndarray]()
    for _ in range(ROUNDS):
        for name, work in {
            "ours": lambda: greedy(vectors, K, K_CENTRE),
            "plain": lambda: plain_k_centre(case.rows, K, int(chosen["ours"][0])),
        }.items():
            spent, chosen[name] = cpu_seconds(work)
            seconds[name] = min(spent, seconds.get(name, np.inf))
    chosen["random"] = np.random.default_rng(0).choice(len(vectors), K, replace=False)
    found = {name: _variety(vectors, rows) for name, rows in chosen.items()}
    rare = {
        name: {group for group in case.group[rows] if group >= case.first_rare}
        for name, rows in chosen.items()
    }
    shared = len(set(chosen["ours"]) & set(chosen["plain"]))
    of, peer = f"{K} of {len(vectors)} {case.name}", "plain k-centre"
    kept = f"{of}, rare groups kept of {case.groups - case.first_rare}"
    faster = seconds["plain"] / seconds["ours"]
    same = rare["ours"] == rare["plain"]
    counts = {name: len(groups) for name, groups in rare.items()}
    return [
        Measure(
            f"{of}; {peer}",
            seconds["ours"],
            seconds["plain"],
            "CPU-s",
            faster,
            ">= 10",
            faster >= 10,
        ),
        Measure(f"{of}, rows that {peer} takes too", shared, K, "rows", None, "", None),
        *(
            _near(f"{of}, {name}; {peer}", found["ours"][name], found["plain"][name])
            for name in ("Vendi score", "coverage radius")
        ),
        Measure(f"{kept}; {peer}", counts["ours"], counts["plain"], "groups", None, "same", same),
        *_beside_random(of, found["ours"], found["random"]),
        _plainly(f"{kept}; a random draw", counts["ours"], counts["random"], "groups"),
    ]


def on_real_sets(features: np.ndarray, conditions: np.ndarray) -> list[Measure]:
    """What `prune` chooses of the real sets by either rule, and a random draw of as many."""
    vectors, labels = Vectors(features), conditions.tolist()
    wanted = quotas(dict(Counter(labels)), BUDGET, TAU)
    random = np.random.default_rng(0).choice(len(vectors), BUDGET, replace=False)
    found = []
    for name, rule in METHODS.items():
        kept = np.flatnonzero(distinct(vectors, labels, wanted, rule))
        of = f"{BUDGET} of {len(vectors)} real images by {name}"
        found += _beside_random(of, _variety(vectors, kept), _variety(vectors, random))
        ours, theirs = (class_entropy(Counter(conditions[r]).values()) for r in (kept, random))
        found.append(_plainly(f"{of}, class entropy; a random draw", ours, theirs, "bits"))
    return found


def _variety(vectors: Vectors, rows: np.ndarray) -> dict[str, float]:
    kept = np.zeros(len(vectors), dtype=bool)
    kept[rows] = True
    eigenvalues = diversity.spectrum(vectors.part(rows))
    return {
        "Vendi score": diversity.vendi_score(eigenvalues),
        "coverage radius": diversity.coverage_radius(vectors, kept),
        "smallest distance": diversity.min_distance(vectors.part(rows)),
        "log-determinant": diversity.log_determinant(eigenvalues),
    }


def _near(name: str, ours: float, theirs: float) -> Measure:
    ratio = ours / theirs
    return Measure(name, ours, theirs, "", ratio, "0.95 to 1.05", 0.95 <= ratio <= 1.05)


def _beside_random(of: str, ours: dict[str, float], random: dict[str, float]) -> list[Measure]:
    return [
        _plainly(f"{of}, {name}; a random draw", ours[name], random[name], unit)
        for name, unit in UNITS.items()
    ]


def _plainly(name: str, ours: float, theirs: float, unit: str) -> Measure:
    return Measure(name, ours, theirs, unit, ours / theirs if theirs else None, "", None)


def _unit(rows: np.ndarray) -> np.ndarray:
    unit: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def _noisy(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rows with noise of length `NOISE` added, at length 1 again: float32."""
    noise = rng.standard_normal(rows.shape, dtype=np.float32)
    return _unit(rows + noise * np.float32(NOISE / np.sqrt(rows.shape[1])))
