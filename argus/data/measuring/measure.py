"""Every file read once: its hash, and what its image tells about itself; in parallel."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image
from threadpoolctl import threadpool_limits

from argus.core import interrupts
from argus.core.errors import ArgusError
from argus.data import reading
from argus.data.images.decode import Decoded, Limits, decode, memory_of_file
from argus.data.images.header import DecodeError
from argus.data.measuring import perceptual_hash
from argus.data.measuring.corruption import corruption_score
from argus.data.measuring.quality import MEASURED_AT, at_common_size, quality_indicators
from argus.data.reading import ImageRef

CHUNK = 32  # files handed to a worker at a time
AHEAD = 4  # chunks a worker may be behind; what bounds the memory of a long delivery
NOT_WORTH_IT = 64  # so few files are done before processes would have started

Rows = list[dict[str, Any]]
Mode = Literal["fast", "exact"]


@dataclass(frozen=True)
class How:
    """How files are read: see `ingest` in params.yaml, and `known` below."""

    mode: Mode
    limits: Limits
    known: Path | None = None  # .npy, bytes32 [K] sorted: SHA-256 of what need not be decoded again


def measure(places: Sequence[ImageRef], how: How) -> Rows:
    """Read files once each, and measure those whose content is not known.

    Returns:
        For each file a mapping with `image_id`; those measured have `status`, `accepted` or why
        they are refused, and what was found up to there under the names of the catalogue.
    """
    known = None if how.known is None else np.load(how.known, mmap_mode="r")
    rows: Rows = []
    seen: Rows = []
    terms, smalls, histograms = [], [], []
    for place in places:
        too_large = place.size is not None and memory_of_file(place.size) > how.limits.max_memory
        # what cannot be held, a video by the name of an image perhaps, is hashed as it comes
        data = b"" if too_large else reading.read_bytes(place)
        digest = reading.digest(place) if too_large else hashlib.sha256(data)
        row: dict[str, Any] = {"image_id": digest.hexdigest()}
        rows.append(row)
        if known is not None and _among(known, digest.digest()):
            continue
        row["decode"] = how.mode
        if too_large:
            row["status"] = "too_large"
            continue
        try:
            with reading.enough_memory(place):
                found = decode_grey(data, how.mode, how.limits, place.sample_max)
                pixels, measured = np.asarray(found.image), at_common_size(found.image)
                small = pixels if measured is found.image else np.asarray(measured)
                tear = corruption_score(
                    small, partial(_in_colour, data, how.limits, place.sample_max)
                )
        except DecodeError as refusal:
            row.update(status=refusal.status, width=refusal.width, height=refusal.height)
            continue
        row.update(
            status="accepted",
            width=found.width,
            height=found.height,
            captured_at=found.captured_at,
            pixels=perceptual_hash.pixel_digest(pixels, found.width, found.height),
            torn=tear,
        )
        seen.append(row)
        smalls.append(small)
        histograms.append(measured.histogram())
        fast = how.mode == "fast"
        terms.append(
            perceptual_hash.fast_dct(small) if fast else perceptual_hash.exact_dct(found.image)
        )
    if seen:
        found_in_all = (
            perceptual_hash.perceptual_hashes(np.stack(terms))._asdict()
            | quality_indicators(smalls, histograms)._asdict()
        )
        for name, values in found_in_all.items():
            for row, value in zip(seen, values.tolist(), strict=True):
                row[name] = value
    return rows


def decode_grey(
    data: bytes, mode: Mode, limits: Limits, sample_max: float | None = None
) -> Decoded:
    """Read an image in grey, as `argus.data.images.decode` does.

    Args:
        data: the file.
        mode: `exact` decodes in full and converts as `imagehash.phash` does. `fast` lets the JPEG
            decoder leave out what the grey image at `MEASURED_AT` px does not need.
        limits: what is refused before decoding.
        sample_max: the sample that is white in a file of more than 8 bits that does not tell.

    Raises:
        DecodeError: why it is no image for us, a status of the catalogue.
    """
    at_least = MEASURED_AT if mode == "fast" else None
    return decode(data, "L", at_least=at_least, limits=limits, sample_max=sample_max)


def _in_colour(data: bytes, limits: Limits, sample_max: float | None) -> Image.Image:
    return decode(data, limits=limits, sample_max=sample_max).image


def _among(known: np.ndarray, digest: bytes) -> bool:
    # bytes compare without trailing zeros in numpy: equal lengths make that harmless
    at = int(np.searchsorted(known, digest))
    return at < len(known) and bool(known[at] == np.bytes_(digest))


def measure_all(places: Sequence[ImageRef], how: How, workers: int | None = None) -> Iterator[Rows]:
    """Measure files in several processes, chunk by chunk in the order given.

    No more than `AHEAD` chunks for each process are under way, so a million files need no more
    memory than a thousand.

    Args:
        places: of the files.
        how: they are read.
        workers: processes; as many as there are cores if None. A handful of files is done here.

    Raises:
        ArgusError: a process died (a decoder crashed or memory ran out); names the files at hand.
    """
    chunks = (places[start : start + CHUNK] for start in range(0, len(places), CHUNK))
    workers = workers or len(os.sched_getaffinity(0))
    if workers < 2 or len(places) <= NOT_WORTH_IT:
        with threadpool_limits(1, "blas"):
            for chunk in chunks:
                yield measure(chunk, how)
        return
    # forkserver: forking a process that has polars' threads may deadlock
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin, initargs=(Path.cwd(),)
    )
    with interrupts.ending(pool):
        yield from _in_order(pool, chunks, how, AHEAD * workers)


def _begin(folder: Path) -> None:
    # paths are relative, and such a process begins in the folder in which the program did
    os.chdir(folder)
    threadpool_limits(1, "blas")  # the processes are the threads


def _in_order(
    pool: ProcessPoolExecutor, chunks: Iterable[Sequence[ImageRef]], how: How, window: int
) -> Iterator[Rows]:
    waiting: deque[tuple[Sequence[ImageRef], Future[Rows]]] = deque()
    for chunk in chunks:
        with interrupts.unheard():  # a process is started when there is work for it
            waiting.append((chunk, pool.submit(measure, chunk, how)))
        if len(waiting) >= window:
            yield _result(*waiting.popleft())
    while waiting:
        yield _result(*waiting.popleft())


def _result(chunk: Sequence[ImageRef], future: Future[Rows]) -> Rows:
    try:
        return future.result()
    except BrokenProcessPool:
        first, last = (reading.file_of(*place[:3]) for place in (chunk[0], chunk[-1]))
        raise ArgusError(
            f"a process died while reading about {first} to {last}: memory ran out, or one of "
            "them crashes its decoder. What was measured so far is kept; run it again, or take "
            "the file out of the delivery before you submit it"
        ) from None
