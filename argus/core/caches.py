"""Caches between runs, keyed by content: work is done once per image and code version.

DVC re-runs a stage as a whole; a side cache lets it skip what it has measured before. They lie in
`.cache/`, outside Git and DVC, and may be deleted at any time: warm or cold, the stage's output
has the same bytes. `argus/core/code.py` makes the versions, `argus/core/forgetting.py`
takes images out of them all.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import polars as pl

from argus.core.files import atomic, remove
from argus.core.paths import CACHE

NAME = re.compile(r"(\d+)-([0-9a-f]{16})\.parquet")
"""Of a part: how many rows it has, and the hash of its bytes."""

SECONDS = 10.0  # of work that a run which is killed may lose
PART = 8192  # rows that a part may have; it is whole from half of that
KEPT = 2  # versions of a kind: the one in use and the one before, to which a checkout may go back
STALE = 7 * 24 * 3600  # seconds after which what a killed run left half written is swept away


class SideCache:
    """Rows by a key, kept in Parquet parts under `.cache/<kind>/<version>/`.

    A part is written whole or not at all and named by its content, so several runs may share a
    cache, and what was torn or changed is not believed.
    """

    def __init__(
        self, kind: str, version: str, key: Sequence[str] = ("image_id",), part: int | None = None
    ) -> None:
        """
        Args:
            kind: what is cached; the folder.
            version: of the code that computes it, see `argus.core.code`.
            key: the columns that name a row.
            part: rows that a part may have, `PART` at most and if None; fewer for large rows, as a
                part is held in memory.
        """
        self.folder = CACHE / kind / version
        self.key = list(key)
        self.part = PART if part is None else min(part, PART)

    def read(self) -> pl.DataFrame | None:
        """All rows known, one for each key; None if there is none.

        A part that cannot be read is skipped: its images are measured again.
        """
        parts = [rows for path in self.parts() if (rows := read_part(path)) is not None]
        return self._joined(parts) if parts else None

    def among(self, wanted: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """What is known of some keys, part by part: no more than one is in memory.

        Args:
            wanted: the columns of the key, each key once, and any others.

        Yields:
            Rows of `wanted` with what is known of them, each once in all.
        """
        for path in self.parts():
            rows = read_part(path)
            if rows is not None:
                found = wanted.join(rows, on=self.key, nulls_equal=True)
                wanted = wanted.join(found, on=self.key, how="anti", nulls_equal=True)
                yield found

    def add(self, rows: pl.DataFrame) -> None:
        """Keep rows for the next run, as one part."""
        if not rows.is_empty():
            self._write([rows])

    def adding(self) -> Adding:
        """Keep rows as they are found, a few at a time: see `Adding`."""
        return Adding(self)

    def scratch(self, name: str) -> Path:
        """A file of this run alone, beside the parts; what a killed run left is swept away."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f".{os.getpid()}.{name}"

    def parts(self) -> list[Path]:
        """The parts that there are. The version counts as used now."""
        try:
            os.utime(self.folder)
            found = list(self.folder.iterdir())
        except FileNotFoundError:
            return []
        return sorted(path for path in found if NAME.fullmatch(path.name))

    def tidy(self) -> None:
        """Join small parts; delete versions that are out of use and what killed runs left."""
        self._join()
        sweep(self.folder)
        expire(self.folder.parent.iterdir(), kept=self.folder)

    def keep_only(self, wanted: pl.DataFrame) -> None:
        """Forget all rows but some, and all other versions of the kind, part by part.

        Args:
            wanted: the columns of the key.
        """
        for path in self.parts():
            rows = read_part(path)
            if rows is None:
                continue
            kept = rows.join(wanted, on=self.key, how="semi")
            if kept.height < rows.height:
                if kept.height:
                    self._write([kept])
                remove(path)
        if self.folder.parent.is_dir():
            for version in self.folder.parent.iterdir():
                if version != self.folder:
                    remove(version)

    def _join(self) -> None:
        """Make whole parts of small ones.

        So hours of work leave few files, and however often rows are added, those of a whole part
        are not written again.
        """
        group: dict[Path, pl.DataFrame] = {}
        for path in self.parts():
            if int(path.name.partition("-")[0]) >= self.part // 2:
                continue
            rows = read_part(path)
            if rows is not None:
                group[path] = rows
            if sum(rows.height for rows in group.values()) >= self.part // 2:
                self._replace(group)
                group = {}
        self._replace(group)

    def _replace(self, group: Mapping[Path, pl.DataFrame]) -> None:
        """Write one part in place of several."""
        if len(group) > 1:
            for old in group.keys() - {self._write(list(group.values()))}:
                remove(old)

    def _joined(self, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """The rows of some parts, one for each key."""
        return pl.concat(parts).unique(self.key, keep="first", maintain_order=True)

    def _write(self, parts: Sequence[pl.DataFrame]) -> Path:
        """Write the rows of some parts as one."""
        return write_part(self._joined(parts), self.folder)


class Adding:
    """Keeps rows as they are found; a context manager.

    What is given to `keep` is written down every `SECONDS`, every `PART` rows, and at the end, also
    when that comes by an exception: a run that is killed loses little. A run that ends well leaves
    few parts.
    """

    def __init__(self, cache: SideCache) -> None:
        self.cache = cache
        self.held: list[pl.DataFrame] = []
        self.written = False

    def __enter__(self) -> Self:
        self.since = time.monotonic()
        return self

    def keep(self, rows: pl.DataFrame) -> None:
        """Have rows written down, now or soon."""
        if not rows.is_empty():
            self.held.append(rows)
        full = sum(part.height for part in self.held) >= self.cache.part
        if full or time.monotonic() - self.since >= SECONDS:
            self._flush()

    def _flush(self) -> None:
        if self.held:
            self.cache.add(pl.concat(self.held))
            self.written = True
        self.held, self.since = [], time.monotonic()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._flush()
        if self.written and kind is None:
            self.cache.tidy()


def expire(versions: Iterable[Path], kept: Path) -> None:
    """Delete versions of a kind of cache but the `KEPT` used last, of which `kept` is one."""
    others = [path for path in versions if path != kept]
    for old in sorted(others, key=_used, reverse=True)[KEPT - 1 :]:
        with suppress(OSError):  # another run deletes it at the same time
            remove(old)


def sweep(folder: Path) -> None:
    """Delete hidden files that have been there for so long that whoever wrote them is gone."""
    for path in folder.glob(".*"):
        if time.time() - _used(path) > STALE:
            remove(path)


def read_part(path: Path) -> pl.DataFrame | None:
    """The rows of a part; None if it is gone, or not as it was written: then it is deleted."""
    try:
        content = path.read_bytes()
    except OSError:
        return None  # joined with others by another run
    if f"-{_digest(content)}." in path.name:
        return pl.read_parquet(io.BytesIO(content))
    remove(path)
    return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _used(path: Path) -> float:
    """When a file or folder was used last, seconds; long ago if it is gone by now."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def write_part(rows: pl.DataFrame, folder: Path) -> Path:
    """Write a part, named by what is in it."""
    stream = io.BytesIO()
    rows.write_parquet(stream, compression="lz4")
    content = stream.getvalue()
    path = folder / f"{rows.height}-{_digest(content)}.parquet"
    with atomic(path) as temporary:
        temporary.write_bytes(content)
    return path
