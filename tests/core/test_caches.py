"""What a side cache knows is what was put in, whatever happens to it."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from argus.core import caches
from argus.core.caches import SideCache
from tests.conftest import ROOT

VERSION = itertools.count()
KEYS = st.lists(st.lists(st.integers(0, 30), max_size=12), max_size=8)
IN_ONE_FOLDER = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(caches, "PART", 16)


def rows(keys: list[int]) -> pl.DataFrame:
    """What is known of some keys: ten times the key."""
    return pl.DataFrame(
        {"image_id": [str(key) for key in keys], "value": [10 * key for key in keys]},
        schema={"image_id": pl.String, "value": pl.Int64},
    )


def fresh() -> SideCache:
    return SideCache("thing", f"v{next(VERSION)}")


def known(cache: SideCache) -> list[int]:
    """The keys that it knows; of each it must know the right value, once."""
    found = cache.read()
    if found is None:
        return []
    keys = [int(key) for key in found["image_id"]]
    assert found.equals(rows(keys))
    assert len(set(keys)) == len(keys)
    return sorted(keys)


@IN_ONE_FOLDER
@given(KEYS, st.booleans(), st.sets(st.integers(0, 40)))
def test_it_knows_what_was_added_in_whatever_parts(
    parts: list[list[int]], tidied: bool, asked: set[int]
) -> None:
    cache = fresh()
    for part in parts:
        cache.add(rows(part))
        if tidied:
            cache.tidy()
    added = {key for part in parts for key in part}
    assert known(cache) == sorted(added)
    wanted = rows(sorted(asked)).select("image_id").with_row_index("row")
    found = [row for part in cache.among(wanted) for row in part.rows()]
    assert sorted(found) == [
        (row, str(key), 10 * key) for row, key in enumerate(sorted(asked)) if key in added
    ]


@IN_ONE_FOLDER
@given(st.data())
def test_a_part_that_is_damaged_is_not_believed(data: st.DataObject) -> None:
    cache = fresh()
    for part in ([1, 2, 3], [3, 4], [5]):
        cache.add(rows(part))
    path = data.draw(st.sampled_from(cache.parts()))
    others = [pl.read_parquet(other) for other in cache.parts() if other != path]
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    rest = data.draw(st.sampled_from([b"", bytes([whole[place] ^ 64]) + whole[place + 1 :]]))
    path.write_bytes(whole[:place] + rest)
    assert known(cache) == sorted({int(key) for part in others for key in part["image_id"]})
    assert len(cache.parts()) == 2  # it is gone
    cache.add(rows([1, 2, 3, 4, 5]))
    cache.tidy()
    assert known(cache) == [1, 2, 3, 4, 5]


def test_keys_of_several_columns_may_be_null() -> None:
    cache = SideCache("files", "v", key=["path", "offset"])
    table = pl.DataFrame(
        {"path": ["a", "a", "b"], "offset": [None, 1, None], "image_id": [1, 2, 3]}
    )
    cache.add(table)
    cache.add(table)
    cache.tidy()
    found = cache.read()
    assert found is not None
    assert found.equals(table)
    (part,) = cache.among(table.select("path", "offset"))
    assert part.equals(table)


def test_small_parts_are_joined_and_whole_ones_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    write = SideCache._write

    def counted(cache: SideCache, parts: Sequence[pl.DataFrame]) -> Path:
        written.append(sum(part.height for part in parts))
        return write(cache, parts)

    monkeypatch.setattr(SideCache, "_write", counted)
    cache = fresh()
    for start in range(0, 600, 3):  # a run that adds three rows, two hundred times
        with cache.adding() as adding:
            adding.keep(rows([start, start + 1, start + 2]))
    assert known(cache) == list(range(600))
    assert len(cache.parts()) <= 600 / 8 + 1
    assert sum(written) <= 600 * 4  # not the square of it
    for start in range(600, 900, 3):  # runs that were killed tidy nothing; the next does
        cache.add(rows([start, start + 1, start + 2]))
    cache.tidy()
    assert len(cache.parts()) <= 900 / 8 + 1
    assert known(cache) == list(range(900))


def test_no_more_than_some_seconds_of_work_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    cache = fresh()
    held = []
    with cache.adding() as adding:
        for key in range(60):
            now += 1.5
            adding.keep(rows([key]))
            held.append(key + 1 - len(known(cache)))
    assert max(held) * 1.5 <= caches.SECONDS
    assert known(cache) == list(range(60))


def test_nor_more_than_a_part_of_rows() -> None:
    cache = fresh()
    with cache.adding() as adding:
        adding.keep(rows(list(range(15))))
        assert known(cache) == []
        adding.keep(rows([15]))
        assert known(cache) == list(range(16))


def test_what_was_found_before_an_error_is_kept() -> None:
    cache = fresh()

    def stopped() -> None:
        with cache.adding() as adding:
            adding.keep(rows([1, 2]))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert known(cache) == [1, 2]


def versions(kind: str = "thing") -> list[str]:
    return sorted(path.name for path in Path(".cache", kind).iterdir())


def used(version: str, kind: str = "thing") -> None:
    """A run that adds something; the clock of a file system may be coarse."""
    time.sleep(0.02)
    with SideCache(kind, version).adding() as adding:
        adding.keep(rows([1]))


def test_versions_out_of_use_are_deleted() -> None:
    used("other", "kind")
    for version in "abcd":
        used(version)
    assert versions() == ["c", "d"]
    time.sleep(0.02)
    assert known(SideCache("thing", "c")) == [1]  # the checkout goes back
    used("e")
    assert versions() == ["c", "e"]
    assert versions("kind") == ["other"]


def test_what_a_killed_run_left_is_ignored_and_swept_away_in_time() -> None:
    used("a")
    cache = SideCache("thing", "a")
    (part,) = cache.parts()
    left, recent = cache.scratch("known.npy"), part.with_name(f".{part.stem}.7.part.parquet")
    for path in (left, recent):
        path.write_bytes(part.read_bytes()[:50])
    long_ago = time.time() - 2 * caches.STALE
    os.utime(left, (long_ago, long_ago))
    assert known(cache) == [1]
    cache.tidy()
    assert not left.exists()
    assert recent.exists()


def test_two_runs_may_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = SideCache("thing", "v"), SideCache("thing", "v")
    for cache in (one, other):
        cache.add(rows([1, 2]))  # the same part
        cache.add(rows([3]))
    assert len(one.parts()) == 2
    seen = other.parts()
    one.tidy()
    assert len(one.parts()) == 1
    monkeypatch.setattr(other, "parts", lambda: seen)  # listed before they were joined
    assert known(other) == []
    assert list(other.among(rows([1]).select("image_id"))) == []
    other.tidy()
    assert known(one) == [1, 2, 3]


MEMORY = """
import resource, numpy as np, polars as pl
from argus.core import caches
from argus.features import embedding
from argus.core.caches import SideCache
caches.PART = 1024
D, N = 1280, 40 * 1024
cache = SideCache("embed", "v")
ids = pl.Series("image_id", [f"{k:064x}" for k in range(N)])
vectors = np.arange(1024 * D, dtype=np.float32).reshape(1024, D)
for start in range(0, N, 1024):
    some = pl.DataFrame({"image_id": ids[start:start + 1024], "vector": vectors + start},
                        schema={"image_id": pl.String, "vector": pl.Array(pl.Float32, D)})
    cache.add(some)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found, unseen = embedding._known(ids.reverse(), cache, D)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert not len(unseen) and (found[::-1].reshape(40, 1024, D)[7] == vectors + 7 * 1024).all()
print((after - before) * 1024 / found.nbytes)
"""


def test_vectors_are_read_part_by_part() -> None:
    """200 MB of vectors take these and a part of 5 MB, a few times; as a whole it was 3.4 times."""
    run = subprocess.run(
        [sys.executable, "-c", MEMORY],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(run.stdout) < 1.4
