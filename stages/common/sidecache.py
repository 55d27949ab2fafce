"""Memory between runs, keyed by content: work is done once per image and code version.

DVC re-runs a stage as a whole; this lets the stage skip what it has measured before. It lives in
`.cache/`, outside Git and DVC, and may be deleted at any time: warm or cold, the stage's output
has the same bytes.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from stages.common.files import atomic

FOLDER = Path(".cache")


class SideCache:
    """Rows by `image_id`, kept in Parquet parts under `.cache/<kind>/<version>/`.

    A part is written whole or not at all, and two runs never write the same one, so several may
    share a cache.
    """

    def __init__(self, kind: str, version: str) -> None:
        self.folder = FOLDER / kind / version

    def read(self) -> pl.DataFrame | None:
        """All rows known, one per `image_id`; None if there is none.

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
        return pl.concat(parts).unique("image_id", keep="first", maintain_order=True)

    def add(self, rows: pl.DataFrame) -> None:
        """Keep rows for the next run; the part is named by the ids in it."""
        if rows.is_empty():
            return
        first = rows["image_id"].sort()[0]
        name = f"{rows.height}-{first[:32]}"
        with atomic(self.folder / f"{name}.parquet") as temporary:
            rows.write_parquet(temporary)
