"""What ingest remembers: of which file, for which limits, and when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl
import pytest

from argus.core import params
from argus.data import reading
from argus.data.measuring import measure_cache
from stages.ingest.take_in import take_in
from tests.conftest import ROOT, scene

FILE = {
    "source": "fleet",
    "delivery": "d1",
    "path": "a.png",
    "offset": None,
    "size": 7,
    "mtime_ns": 1,
}


@pytest.fixture
def read(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> list[reading.ImageRef]:
    """The files that are read; each holds an image of its own."""
    places: list[reading.ImageRef] = []

    def stored(place: reading.ImageRef) -> bytes:
        places.append(place)
        path = workspace / "image.png"
        scene(len(places)).save(path)
        return path.read_bytes()

    monkeypatch.setattr(reading, "read_bytes", stored)
    return places


def rows(*files: Mapping[str, object]) -> pl.DataFrame:
    """The rows of files as `described` gives them, as far as is needed."""
    kinds = {"offset": pl.Int64(), "size": pl.Int64(), "mtime_ns": pl.Int64()}
    table = pl.DataFrame(list(files), schema={name: kinds.get(name, pl.String()) for name in FILE})
    return table.with_columns(
        status=pl.lit(None, pl.String), captured_at=pl.lit(None, pl.Datetime("us"))
    )


@pytest.mark.parametrize(
    "change",
    [
        {"source": "other"},
        {"delivery": "d2"},
        {"path": "b.png"},
        {"offset": 512},
        {"size": 8},
        {"mtime_ns": 2},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_file_that_differs_in_one_thing_is_another(
    read: list[reading.ImageRef], change: dict[str, object]
) -> None:
    settings = params.load().ingest
    one, other = rows(FILE), rows(FILE | change)
    first, decoded = measure_cache.measured(one, settings)
    assert decoded == len(read) == 1
    assert measure_cache.measured(one, settings)[0].equals(first)
    assert len(read) == 1  # known by its name
    second, decoded = measure_cache.measured(other, settings)
    assert decoded == 1
    assert len(read) == 2
    assert second["image_id"][0] != first["image_id"][0]
    both, decoded = measure_cache.measured(pl.concat([one, other]), settings)
    assert decoded == 0
    assert len(read) == 2
    assert both["image_id"].to_list() == [first["image_id"][0], second["image_id"][0]]


@pytest.mark.parametrize(
    "change",
    [
        {"hash": params.Hash(decode="exact")},
        {"min_side": 33},
        {"max_pixels": 10**6},
        {"max_aspect": 10.0},
        {"max_memory": 500},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_limit_has_measurements_of_its_own(
    card: Callable[..., None], deliver: Callable[..., Path], change: dict[str, object]
) -> None:
    card("fleet")
    deliver("fleet", "d1", {"a.png": scene(1)})
    usual = params.load().ingest.model_copy(
        update={"hash": params.Hash(decode="fast"), "min_side": 32, "max_pixels": 10**7}
    )
    changed = usual.model_copy(update=change)
    assert [take_in("fleet", s)[1] for s in (usual, usual, changed, changed)] == [1, 0, 1, 0]
    assert take_in("fleet", usual)[1] == 0  # the limits of before are remembered too


def test_other_knobs_measure_nothing_again(
    card: Callable[..., None], deliver: Callable[..., Path]
) -> None:
    card("fleet")
    deliver("fleet", "d1", {"a.png": scene(1)})
    settings = params.load().ingest
    quality = settings.quality.model_copy(update={"min_sharpness": 1e9})
    changed = settings.model_copy(update={"quality": quality, "as_of": "2026-02-03"})
    assert [take_in("fleet", s)[1] for s in (settings, changed)] == [1, 0]


CHUNKS, PAUSE = 40, 0.1
KILLED = f"""
import os, time
os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}})  # one process
from argus.core import caches, params
from argus.data.measuring import measure
from stages.ingest.take_in import take_in

caches.SECONDS = {3 * PAUSE}
whole, done = measure.measure, open("done", "a")

def slowly(places, how):
    time.sleep({PAUSE})
    rows = whole(places, how)
    print(len(rows), file=done, flush=True)
    return rows

measure.measure, measure.CHUNK = slowly, 4
take_in("fleet", params.load().ingest)
"""


def test_an_ingest_that_is_killed_keeps_what_it_measured(
    workspace: Path, card: Callable[..., None], deliver: Callable[..., Path]
) -> None:
    total = 4 * CHUNKS
    card("fleet")
    deliver("fleet", "d1", {f"{k:03d}.png": scene(k, (80, 64)) for k in range(total)})
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
    )
    while len(list(workspace.glob(".cache/ingest/*/*.parquet"))) < 2:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(PAUSE / 5)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    measured = sum(map(int, (workspace / "done").read_text().split()))
    images, decoded = take_in("fleet", params.load().ingest)
    lost = decoded - (total - measured)
    assert 0 < measured < total
    assert 0 <= lost <= 4 * 4  # what was measured in the seconds before, and a chunk
    (workspace / ".cache").rename(workspace / "elsewhere")
    assert take_in("fleet", params.load().ingest)[0].equals(images)
