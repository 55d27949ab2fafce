from pathlib import Path

import numpy as np
import polars as pl
import pytest

from argus.core.caches import SideCache
from argus.data import catalogue


def test_decisions_touch_only_the_rows_named() -> None:
    images = pl.DataFrame(
        {
            "status": ["accepted"] * 4,
            "lost_to": pl.Series([None] * 4, dtype=pl.String),
            "distance": pl.Series([None] * 4, dtype=pl.Int32),
        }
    )
    decided = catalogue.with_decisions(
        images, np.array([1, 3]), "near_duplicate", pl.Series(["a", "b"]), np.array([2, 4])
    )
    assert decided["status"].to_list() == ["accepted", "near_duplicate"] * 2
    assert decided["lost_to"].to_list() == [None, "a", None, "b"]
    assert decided["distance"].to_list() == [None, 2, None, 4]


def test_equal_tables_give_equal_bytes(workspace: Path) -> None:
    for name in ("a", "b"):
        table = pl.DataFrame({"image_id": ["x", "y"], "phash": pl.Series([1, 2], dtype=pl.UInt64)})
        catalogue.write(f"{name}.parquet", table)
    assert (workspace / "a.parquet").read_bytes() == (workspace / "b.parquet").read_bytes()


@pytest.mark.usefixtures("workspace")
def test_a_torn_part_of_the_side_cache_is_forgotten() -> None:
    cache = SideCache("thing", "v1")
    assert cache.read() is None
    cache.add(pl.DataFrame({"image_id": ["a" * 64], "value": [1]}))
    cache.add(pl.DataFrame({"image_id": ["b" * 64], "value": [2]}))
    torn = max(cache.folder.glob("*"), key=lambda part: part.stat().st_mtime_ns)
    torn.write_bytes(torn.read_bytes()[:40])
    known = cache.read()
    assert known is not None
    assert known["value"].to_list() == [1]


def test_fates_name_source_status_meaning_and_an_example() -> None:
    rows = [
        ("b", "d1", "s.tar", "x/1.jpg", "truncated"),
        ("a", "d1", "1.jpg", None, "accepted"),
        ("a", "d1", "2.jpg", None, "packed"),
        ("a", "d2", "3.jpg", None, "packed"),
    ]
    columns = ["source", "delivery", "path", "member", "status"]
    assert catalogue.fates(pl.DataFrame(rows, schema=columns, orient="row")) == (
        "a: 2 packed (a compressed archive: unpack it, and deliver what is in it), "
        "such as d1/2.jpg; b: 1 truncated (the file ends early), "
        "such as d1/s.tar/x/1.jpg"
    )
