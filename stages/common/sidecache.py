"""Memory between runs, keyed by content: work is done once per image and code version.

DVC re-runs a stage as a whole; this lets the stage skip what it has measured before. It lives in
`.cache/`, outside Git and DVC, and may be deleted at any time: warm or cold, the stage's output
has the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from stages.common.files import atomic

FOLDER = Path(".cache")


class SideCache:
    """Rows by a key, kept in Parquet parts under `.cache/<kind>/<version>/`.

    A part is written whole or not at all, and two runs never write the same one, so several may
    share a cache.
    """

    def __init__(self, kind: str, version: str, key: Sequence[str] = ("image_id",)) -> None:
        self.folder = FOLDER / kind / version
        self.key = list(key)

    def read(self) -> pl.DataFrame | None:
        """All rows known, one for each key; None if there is none.

        A part that cannot be read is skipped: its images are measured again.
        """
        parts = []
        for path in sorted(self.folder.glob("*.parquet")):
            try:
                parts.append(pl.read_parquet(path, memory_map=False))
            except (pl.exceptions.PolarsError, OSError):
                continue
        if not parts:
            return None
        return pl.concat(parts).unique(self.key, keep="first", maintain_order=True)

    def add(self, rows: pl.DataFrame) -> None:
        """Keep rows for the next run; the part is named by the keys in it."""
        if rows.is_empty():
            return
        name = f"{rows.height}-{rows.select(self.key).hash_rows(seed=0).sum():016x}"
        with atomic(self.folder / f"{name}.parquet") as temporary:
            rows.write_parquet(temporary)
