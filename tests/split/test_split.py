import polars as pl

from stages.common import params
from stages.ingest.deliveries import in_schema
from stages.split.__main__ import split


def test_rows_not_in_use_keep_their_fate_and_get_no_split(workspace) -> None:  # type: ignore[no-untyped-def]
    rows = pl.DataFrame(
        {
            "image_id": ["a", "b", "a", "c"],
            "source": "fleet",
            "delivery": "d1",
            "path": ["1", "2", "3", "4"],
            "label": ["day", "day", "day", None],
            "phash": pl.Series([0, 1, 0, None], dtype=pl.UInt64),
            "status": ["accepted", "near_duplicate", "exact_copy", "truncated"],
            "lost_to": [None, "a", "a", None],
        }
    )
    table = split(in_schema(rows), params.load().split)
    assert table["split"].to_list() == ["train", None, None, None]
    assert table["status"].to_list() == rows["status"].to_list()
