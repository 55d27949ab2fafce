"""`index.csv` of a delivery: what was known of each image when it came in, if folders do not say.

Columns: `path` inside the delivery; `label`, `sequence` (without the source's name) and
`captured_at` (ISO 8601, the camera's clock, no zone), each empty where it is not known. In a
shard the same three stand in the `.json` member beside each image.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from argus.core.errors import ArgusError
from argus.core.files import atomic

INDEX = "index.csv"
KNOWN: dict[str, pl.DataType] = {
    "label": pl.String(),
    "sequence": pl.String(),
    "captured_at": pl.Datetime("us"),
}
"""What may be known of an image, and the types in which ingest wants it."""


def write(folder: Path, rows: pl.DataFrame) -> None:
    """Write the index of a delivery.

    Args:
        folder: of the delivery.
        rows: `path` and the columns `KNOWN`.
    """
    with atomic(folder / INDEX) as temporary:
        rows.select("path", *KNOWN).write_csv(temporary, datetime_format="%Y-%m-%dT%H:%M:%S%.f")


def read(folder: Path) -> pl.DataFrame:
    """The index of a delivery: `path` and the columns `KNOWN`, null where nothing is known.

    Raises:
        ArgusError: there is none, a column is missing, a path stands in it twice, or a time is
            none.
    """
    path = folder / INDEX
    try:
        rows = pl.read_csv(path, infer_schema=False)
    except FileNotFoundError:
        raise ArgusError(
            f"delivery {folder} has no {INDEX}, but its manifest says that labels or sequences "
            "stand there: `dvc checkout` it"
        ) from None
    except pl.exceptions.PolarsError as error:
        raise ArgusError(f"{path} is not a CSV table: {error}") from None
    missing = [name for name in ("path", *KNOWN) if name not in rows.columns]
    if missing:
        raise ArgusError(f"{path} lacks the columns {', '.join(missing)}")
    if rows["path"].is_duplicated().any():
        raise ArgusError(
            f"{path} names {rows['path'].filter(rows['path'].is_duplicated())[0]} twice"
        )
    times = rows["captured_at"].str.to_datetime(time_unit="us", strict=False)
    wrong = rows["path"].filter(times.is_null() & rows["captured_at"].is_not_null())
    if len(wrong):
        raise ArgusError(
            f"{path}: the captured_at of {wrong[0]} is no ISO 8601 time without a zone"
        )
    return rows.select("path", "label", "sequence", times.alias("captured_at"))
