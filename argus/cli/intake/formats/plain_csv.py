"""A CSV file that lists the images and what is known of each."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from argus.cli.intake.batch import Item
from argus.cli.intake.formats.format import Format
from argus.cli.intake.formats.tree import Tree
from argus.core.errors import ArgusError

NAME = "index.csv"
COLUMNS = ("path", "label", "sequence", "captured_at")


def items(path: Path) -> Iterator[Item]:
    """The images that a CSV lists; others beside it are left.

    Args:
        path: the CSV file, or a folder with an `index.csv`. Its first line names the columns:
            `path` (relative to the folder of the CSV) and, each of them if wanted, `label`,
            `sequence` and `captured_at` (ISO 8601, the camera's clock, no zone). An empty field is
            not known. A column of another name is refused: it may be a slip of the pen.
    """
    table = path / NAME if path.is_dir() else path
    tree = Tree(table.parent)
    if tree.kind(table.name) != "file":
        raise tree.layout_error("csv", f"{NAME}, or the CSV file itself as PATH")
    rows = list(_rows(table))
    tree.require((row["path"] for _, row in rows), table.name)
    for line, row in rows:
        known = {name: row.get(name, "").strip() or None for name in COLUMNS[1:]}
        time = _time(known["captured_at"], f"{table}, line {line}")
        yield tree.item(row["path"], known["label"], known["sequence"], time)


def _rows(table: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines of the table with their number, by name of column."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.DictReader(stream, strict=True)
            columns = list(lines.fieldnames or [])
            twice = len(columns) > len(set(columns))
            if "path" not in columns or not set(columns) <= set(COLUMNS) or twice:
                raise ArgusError(
                    f"{table}: the first line must name columns, `path` and as many of "
                    f"{', '.join(COLUMNS[1:])} as are known, and has {', '.join(columns) or 'none'}"
                )
            for row in lines:
                where = f"{table}, line {lines.line_num}"
                if None in row or None in row.values():
                    raise ArgusError(f"{where}: there must be {len(columns)} fields")
                if not row["path"]:
                    raise ArgusError(f"{where}: the path is empty")
                yield lines.line_num, row
    except (csv.Error, UnicodeDecodeError) as error:
        raise ArgusError(f"{table} is not a CSV table in UTF-8: {error}") from None
    except OSError as error:
        raise ArgusError(f"{table} cannot be read: {error.strerror}") from None


def _time(text: str | None, where: str) -> datetime | None:
    try:
        time = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise ArgusError(f"{where}: captured_at '{text}' is not an ISO 8601 time") from None
    if time is not None and time.tzinfo is not None:
        raise ArgusError(
            f"{where}: captured_at '{text}' has a zone; write what the camera's clock showed"
        )
    return time


FORMAT = Format(
    name="csv",
    layout="index.csv (or PATH itself is a .csv file) with the columns "
    "path[,label][,sequence][,captured_at], paths from its folder",
    metadata="what the columns say",
    items=items,
    single_file=True,
)
