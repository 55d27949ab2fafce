"""Ingest against a decode-only loop, `imagehash` and imagededup, on full-size dash-cam JPEGs."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image
from threadpoolctl import threadpool_limits

from argus.core import params
from argus.core.files import remove
from argus.data.images.decode import Limits
from argus.data.manifests import MANIFEST
from argus.data.measuring import measure
from argus.data.reading import ImageRef
from benchmarks.curation.loops import decode_only, imagehash_loop
from benchmarks.measures import Measure, cpu_seconds
from stages.ingest.take_in import take_in

ORIGINALS = "original_resolution"
SIZE = (1280, 720)
FILES = 2000
MORE = FILES // 100
PROCESSES = 2
ROUNDS = 6  # each way is timed so often, in turns; the best counts
SAMPLE, SAMPLE_ROUNDS = 200, 9  # files for the CPU time of one process
CARD = """\
source: fleet
kind: fleet
owner: the benchmark
contact_role: none
licence: MIT
jurisdiction: none
purposes: [train, evaluate]
consent: {reference: none, expires: never}
origin: camera
citation: ""
"""


LIMITS = Limits(min_side=64, max_pixels=10**8, max_aspect=20, max_memory=10**9)


def fingerprint(paths: list[str]) -> None:
    """Ours without processes and memory: what a worker does with its files."""
    how = measure.How("fast", LIMITS)
    with threadpool_limits(1, "blas"):
        for start in range(0, len(paths), measure.CHUNK):
            chunk = [_place(path) for path in paths[start : start + measure.CHUNK]]
            measure.measure(chunk, how)


def _place(path: str) -> ImageRef:
    source, delivery, name = Path(path).parts[-3:]
    return ImageRef(source, delivery, name)


def pooled(work: Callable[[list[str]], None], paths: list[str]) -> None:
    """The same pool of processes as ingest has, with the same chunks."""
    chunks = [paths[start : start + measure.CHUNK] for start in range(0, len(paths), measure.CHUNK)]
    context = get_context("forkserver")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        list(pool.map(work, chunks))


def imagededup_encode(folder: Path) -> None:
    """imagededup's perceptual hash over a folder."""
    from imagededup.methods import PHash

    PHash(verbose=False).encode_images(folder, num_enc_workers=PROCESSES)


def measures(data: Path) -> list[Measure]:
    """Images a second, ours and theirs; then how little a second ingest costs."""
    settings = params.load().ingest
    settings = settings.model_copy(update={"hash": params.Hash(decode="fast")})
    originals = [path for path in sorted((data / ORIGINALS).rglob("*.jpg")) if _size(path) == SIZE]
    with _workspace() as place:
        home = place / "data/raw/fleet"
        folder = _deliver(home / "d1", originals, range(FILES), day=1)
        paths = [str(path) for path in sorted(folder.glob("*.jpg"))]
        seconds: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            _forget()
            _timed(seconds, "ours", lambda: take_in("fleet", settings))
            _timed(seconds, "decode", lambda: pooled(decode_only, paths))
            _timed(seconds, "imagehash", lambda: pooled(imagehash_loop, paths))
            _timed(seconds, "imagededup", lambda: imagededup_encode(folder))
        for round_ in range(ROUNDS):
            _timed(seconds, "warm", lambda: take_in("fleet", settings))
            _deliver(home / f"d{round_ + 2}", originals, range(MORE), day=round_ + 2)
            _timed(seconds, "more", lambda: take_in("fleet", settings))
        best = {name: min(found) for name, found in seconds.items()}
        one_process: dict[str, float] = {}
        for _ in range(SAMPLE_ROUNDS):
            for work in (fingerprint, decode_only, imagehash_loop):
                took, _ = cpu_seconds(partial(work, paths[:SAMPLE]))
                one_process[work.__name__] = min(took, one_process.get(work.__name__, took))
    rate = {name: FILES / found for name, found in best.items()}
    cpu = {name: SAMPLE / found for name, found in one_process.items()}
    cold = f"ingest, {FILES:,} JPEGs of 1280x720, {PROCESSES} processes"
    return [
        _against(f"{cold}; a decode-only loop", rate, "decode", 0.85),
        _against("the same; a loop of imagehash.phash", rate, "imagehash", 3),
        _against("the same; imagededup's encode_images", rate, "imagededup", 8),
        _worker("a worker's own work, one process; decode-only", cpu, "decode_only"),
        _worker("the same; imagehash.phash", cpu, "imagehash_loop"),
        _beside_cold("second ingest of the same delivery", best, "warm"),
        _beside_cold(f"ingest with {MORE} new images beside the {FILES:,}", best, "more"),
    ]


def _worker(name: str, cpu: dict[str, float], peer: str) -> Measure:
    ours, theirs = cpu["fingerprint"], cpu[peer]
    return Measure(name, ours, theirs, "images/CPU-s", ours / theirs, "", None)


def _against(name: str, rate: dict[str, float], peer: str, bar: float) -> Measure:
    ratio = rate["ours"] / rate[peer]
    return Measure(name, rate["ours"], rate[peer], "images/s", ratio, f">= {bar:g}", ratio >= bar)


def _beside_cold(name: str, best: dict[str, float], which: str) -> Measure:
    ratio = best[which] / best["ours"]
    return Measure(
        f"{name}; the first", best[which], best["ours"], "s", ratio, "<= 0.05", ratio <= 0.05
    )


def _timed(seconds: dict[str, list[float]], name: str, work: Callable[[], object]) -> None:
    start = time.monotonic()
    with contextlib.redirect_stderr(io.StringIO()):  # bars
        work()
    seconds.setdefault(name, []).append(time.monotonic() - start)


@contextlib.contextmanager
def _workspace() -> Iterator[Path]:
    """An empty repository to take a delivery in, as the current folder."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="argus-bench-") as folder:
        os.chdir(folder)
        try:
            cards = Path("data/sources")
            cards.mkdir(parents=True)
            (cards / "fleet.yaml").write_text(CARD)
            yield Path(folder)
        finally:
            os.chdir(before)


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def _forget() -> None:
    """Make the next ingest the first."""
    remove(Path(".cache"))


def _deliver(folder: Path, originals: list[Path], numbers: range, day: int) -> Path:
    """Copies of the originals, each with bytes of its own behind the image."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(day)
    for number in numbers:
        content = originals[number % len(originals)].read_bytes() + rng.bytes(16)
        (folder / f"{number:06d}.jpg").write_bytes(content)
    received = datetime(2026, 1, day, tzinfo=UTC).isoformat()
    (folder / MANIFEST).write_text(
        f"delivery: {folder.name}\nreceived_at: {received}\nlabel_from: none\nsequence_from: none\n"
    )
    return folder
