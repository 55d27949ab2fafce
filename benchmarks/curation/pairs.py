"""Near-duplicate pairs of 64-bit hashes: time and memory by number, against faiss and brute force.

Each figure comes from a process of its own, so that its peak memory is its own. Times are CPU
seconds and hold everything from the hashes in memory to the last pair.
"""

from __future__ import annotations

import contextlib
import io
import resource
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from argus.data.images.decode import decode
from argus.data.measuring import perceptual_hash
from argus.hamming.join import Pairs, build_tables, cross_join
from argus.hamming.search import Hashes, within
from benchmarks.curation.fingerprint import ORIGINALS
from benchmarks.measures import Measure, cpu_seconds

DECADES = (10**5, 10**6, 10**7)
NEW = 10**4
PLANTED = 10  # one hash in so many is a near-duplicate of another
MIXED = 6  # real images in a made one
CHUNK = 10**5
ROUNDS = 3  # of what takes less than a second; the best counts


class Found(NamedTuple):
    """What a process of its own found: pairs, CPU seconds, peak memory in MB."""

    pairs: int
    seconds: float
    megabytes: float


def uniform(n: int) -> np.ndarray:
    """Random hashes, some of them near-duplicates of others by up to six bits: uint64 [n]."""
    rng = np.random.default_rng(n)
    hashes = rng.integers(0, 2**64, n, dtype=np.uint64)
    copies = n // PLANTED
    near = hashes[rng.integers(0, n, copies)]
    for _ in range(6):
        flip = np.uint64(1) << rng.integers(0, 64, copies, dtype=np.uint64)
        near = np.where(rng.random(copies) < 0.5, near ^ flip, near)
    hashes[rng.integers(0, n, copies)] = near
    return hashes


def like_real(n: int, terms: np.ndarray) -> np.ndarray:
    """Perceptual hashes whose bits are as uneven and as tied to each other as those of real ones.

    A made image is the mean of the real ones and a mixture of how `MIXED` of them differ from it,
    with random weights whose squares add up to 1: mean and covariance of the frequencies are those
    of the real images. Some come again with a little noise.

    Args:
        n: hashes.
        terms: float64 [P, 64], the lowest frequencies of real images.
    """
    rng = np.random.default_rng(n)
    mean = terms.mean(axis=0)
    apart = (terms - mean).astype(np.float32)
    hashes = []
    for begin in range(0, n, CHUNK):
        count = min(CHUNK, n - begin)
        weights = rng.standard_normal((count, MIXED), dtype=np.float32)
        weights /= np.linalg.norm(weights, axis=1, keepdims=True)
        made = np.repeat(mean[None].astype(np.float32), count, axis=0)
        for weight in weights.T:
            made += weight[:, None] * apart[rng.integers(0, len(apart), count)]
        copies = count // PLANTED
        noise = rng.standard_normal((copies, 64), dtype=np.float32) * apart.std(axis=0)
        made[:copies] = made[copies : 2 * copies] + 0.03 * noise
        hashes.append(perceptual_hash.perceptual_hashes(made).phash)
    return np.concatenate(hashes)


def real_terms(data: Path) -> np.ndarray:
    """The lowest frequencies of all images of the real sets: float64 [P, 64]."""
    paths = [path for path in sorted(data.rglob("*.jpg")) if ORIGINALS not in path.parts]
    images = (decode(path.read_bytes(), "L").image for path in paths)
    return np.stack([perceptual_hash.exact_dct(grey).ravel() for grey in images])


def ours(path: Path, radius: int) -> Found:
    """Batch by batch, as the stages take them."""
    return _found(lambda: _count(within(np.load(path), radius)))


def ours_in_order(path: Path, radius: int) -> Found:
    """All in one piece, in order."""
    return _found(lambda: len(Hashes(np.load(path)).pairs(radius)[0]))


def ours_cached(path: Path, radius: int, pair_cache: Path) -> Found:
    """Batch by batch; known hashes are not searched again."""
    return _found(lambda: _count(within(np.load(path), radius, pair_cache)), rounds=1)


def brute(path: Path, radius: int) -> tuple[Found, bool]:
    """All with all in numpy; and whether ours are the same pairs."""
    hashes = np.load(path)

    def compare() -> np.ndarray:
        near = [
            np.flatnonzero(np.bitwise_count(hashes[: row + 1] ^ value) <= radius)[:-1]
            for row, value in enumerate(hashes)
        ]
        j = np.repeat(np.arange(len(near)), [len(i) for i in near])
        return np.stack([np.concatenate(near), j])

    seconds, truth = cpu_seconds(compare)
    same = np.array_equal(truth, np.stack(Hashes(hashes).pairs(radius)))
    return Found(truth.shape[1], seconds, _peak()), same


def faiss_multi_hash(path: Path, radius: int) -> Found:
    """faiss's IndexBinaryMultiHash of three tables of 21 bits, each looked up with up to one bit
    turned: one of the three has no more, so that within four bits it misses nothing either."""
    import faiss

    faiss.omp_set_num_threads(1)
    octets = np.load(path).view(np.uint8).reshape(-1, 8)

    def search() -> int:
        index = faiss.IndexBinaryMultiHash(64, 3, 21)
        index.nflip = 1
        index.add(octets)
        limits, _, _ = index.range_search(octets, radius + 1)
        return (int(limits[-1]) - len(octets)) // 2

    return _found(search, rounds=1)


def tables_at_hand(path: Path, radius: int) -> tuple[Found, Found]:
    """The tables of all but the last hashes; then these compared with them."""
    hashes = np.load(path)
    known, new = np.unique(hashes[:-NEW]), np.unique(hashes[-NEW:])
    seconds, tables = cpu_seconds(lambda: list(build_tables(known, radius, len(new))))
    made = Found(0, seconds, _peak())
    return made, _found(lambda: _count(cross_join(tables, new, radius)))


def measures(data: Path) -> list[Measure]:
    """Pairs by radius and number on two kinds of hashes; then some new ones beside many known."""
    with tempfile.TemporaryDirectory(prefix="argus-bench-") as name:
        folder = Path(name)
        _apart(_make, data, folder)
        found = []
        for kind in ("uniform", "like real"):
            found += _by_number(folder, kind)
            found += _further(folder, kind)
            found += _new_beside_known(folder, kind)
    return found


def _make(data: Path, folder: Path) -> None:
    """The hashes of all measurements, as .npy files."""
    terms = real_terms(data)
    for n in (*DECADES, DECADES[1] + NEW):
        np.save(_path(folder, "uniform", n), uniform(n))
        np.save(_path(folder, "like real", n), like_real(n, terms))
    for kind in ("uniform", "like real"):
        np.save(_path(folder, kind, 0), np.load(_path(folder, kind, DECADES[1] + NEW))[:-NEW])


def _path(folder: Path, kind: str, n: int) -> Path:
    return folder / f"{kind}-{n}.npy"


def _by_number(folder: Path, kind: str) -> list[Measure]:
    """Radius 4, a decade after the other."""
    paths = [_path(folder, kind, n) for n in DECADES]
    found = [_apart(ours, path, 4) for path in paths]
    measured = [m for n, f in zip(DECADES, found, strict=True) for m in _both(kind, n, 4, f)]
    for (few, many), n in zip(pairwise(found), DECADES[1:], strict=True):
        growth = many.seconds / few.seconds
        measured.append(_plain(f"{kind}: r=4, {n:.0e} beside a tenth of it", growth, "x CPU-s"))
    truth, same = _apart(brute, paths[0], 4)
    measured += [
        Measure(f"{kind}: r=4, 1e5: pairs; brute force", found[0].pairs, truth.pairs, "pairs",
                found[0].pairs / truth.pairs, "the same", same),
        Measure(f"{kind}: r=4, 1e5; brute force in numpy", found[0].seconds, truth.seconds, "CPU-s",
                found[0].seconds / truth.seconds, "", None),
    ]  # fmt: skip
    listed, peer = _apart(ours_in_order, paths[1], 4), _apart(faiss_multi_hash, paths[1], 4)
    ratio = listed.seconds / peer.seconds
    return [
        *measured,
        Measure(f"{kind}: r=4, 1e6: pairs; faiss", listed.pairs, peer.pairs, "pairs",
                listed.pairs / peer.pairs, "the same", listed.pairs == peer.pairs),
        Measure(f"{kind}: r=4, 1e6, all pairs in order; faiss IndexBinaryMultiHash 3x21",
                listed.seconds, peer.seconds, "CPU-s", ratio, "<= 0.2", ratio <= 0.2),
    ]  # fmt: skip


def _further(folder: Path, kind: str) -> list[Measure]:
    """Radius 8 and 10."""
    return [
        measure
        for radius in (8, 10)
        for n in DECADES[:2]
        for measure in _both(kind, n, radius, _apart(ours, _path(folder, kind, n), radius))
    ]


def _new_beside_known(folder: Path, kind: str) -> list[Measure]:
    """New hashes beside a million known: with tables at hand, and through the pair cache."""
    known, both = _path(folder, kind, 0), _path(folder, kind, DECADES[1] + NEW)
    measured = []
    for radius in (4, 10):
        name = f"{kind}: r={radius}, 1e4 new beside 1e6 known"
        made, query = _apart(tables_at_hand, both, radius)
        bar = ("< 1", query.seconds < 1) if radius == 4 else ("", None)
        measured += [
            Measure(f"{name}, tables at hand", query.seconds, None, "CPU-s", None, *bar),
            _plain(f"{name}, making the tables", made.seconds, "CPU-s"),
            _plain(f"{name}, peak memory with all tables", query.megabytes, "MB"),
        ]
    # the last radius; at 4 bits a search takes less than what is cached
    pair_cache = folder / f"pairs-{kind}"
    first = _apart(ours_cached, known, radius, pair_cache)
    again = _apart(ours_cached, both, radius, pair_cache)
    anew = _apart(ours, both, radius)
    size = sum(path.stat().st_size for path in pair_cache.iterdir()) / 1e6
    return [
        *measured,
        _plain(f"{name}, the known ones searched and cached", first.seconds, "CPU-s"),
        Measure(f"{name}, from the pair cache; anew", again.seconds, anew.seconds, "CPU-s",
                again.seconds / anew.seconds, "", None),
        Measure(f"{name}, pairs; anew", again.pairs, anew.pairs, "pairs",
                again.pairs / anew.pairs, "the same", again.pairs == anew.pairs),
        _plain(f"{name}, size of the pair cache", size, "MB"),
    ]  # fmt: skip


def _both(kind: str, n: int, radius: int, found: Found) -> list[Measure]:
    """Time and memory of a search."""
    name = f"{kind}: r={radius}, {n:.0e}, {found.pairs:,} pairs"
    small = found.megabytes < 2000
    bar = ("< 2000", small) if n == DECADES[-1] else ("", None)
    return [
        _plain(name, found.seconds, "CPU-s"),
        Measure(f"{name}, peak memory", found.megabytes, None, "MB", None, *bar),
    ]


def _plain(name: str, figure: float, unit: str) -> Measure:
    return Measure(name, figure, None, unit, None, "", None)


def _apart(work: Callable[..., Any], *given: Path | int) -> Any:
    """A call in a process that has done nothing else."""
    with ProcessPoolExecutor(1, mp_context=get_context("forkserver")) as pool:
        return pool.submit(_quietly, work, *given).result()


def _quietly(work: Callable[..., Any], *given: Path | int) -> Any:
    with contextlib.redirect_stderr(io.StringIO()):  # bars
        return work(*given)


def _found(search: Callable[[], int], rounds: int = ROUNDS) -> Found:
    seconds, pairs = cpu_seconds(search)
    peak = _peak()
    if seconds < 1:
        seconds = min([seconds, *(cpu_seconds(search)[0] for _ in range(rounds - 1))])
    return Found(pairs, seconds, peak)


def _count(batches: Iterable[Pairs]) -> int:
    return sum(len(i) for i, _ in batches)


def _peak() -> float:
    """The most memory that this process has held so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
