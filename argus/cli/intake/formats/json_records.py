"""Reading the records of a large JSON file one by one: annotation files reach gigabytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import ijson

from argus.core.errors import ArgusError
from argus.core.progress import Steps

CHUNK = 1 << 16  # characters read at a time
LARGE = 1 << 26  # bytes; reading them takes some seconds
NESTING = {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}
Record = dict[str, Any]
Event = tuple[str, Any]
"""What ijson's `basic_parse` yields: the kind of a token, and its value."""


def read_records(path: Path, key: str = "") -> Iterator[Record]:
    """The objects of the array that a file consists of, or that stands at `key` of its object.

    No more than one record and one chunk of the file are in memory. What comes after the array is
    not read. Numbers become `int` and `float` as the standard library's `json` has them; `NaN` and
    `Infinity`, which it lets pass, are no JSON.

    Raises:
        ArgusError: the file cannot be read, is not JSON, has no such array, or the array holds
            something else.
    """
    count = 0
    with _json_errors(path), _reading(path) as source:
        events = ijson.basic_parse(source, buf_size=CHUNK)
        try:
            if not _enter(events, key):
                raise ArgusError(f"{path} has no array `{key}`, so it is not a file of this format")
            for value in _elements(events):
                if not isinstance(value, dict):
                    raise ArgusError(f"{path}: {str(value)[:40]!r} stands where a record should")
                yield value
                count += 1
        except ijson.JSONError as error:
            raise ArgusError(
                f"{path} is not JSON: after {count} records, {_message(error)}"
            ) from None


def read_record(path: Path) -> Record:
    """The one object that a small file consists of.

    Raises:
        ArgusError: the file cannot be read, is not JSON, or holds something else.
    """
    with _json_errors(path):
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    if not isinstance(value, dict):
        raise ArgusError(f"{path}: {str(value)[:40]!r} stands where a record should")
    return value


def text_field(record: Record, key: str, path: Path) -> str:
    """A text of a record.

    Raises:
        ArgusError: the record has none.
    """
    value = record.get(key)
    if not isinstance(value, str):
        raise ArgusError(f"{path}: a record has no text at `{key}`: {str(record)[:80]}")
    return value


class _Utf8:
    """A text file as the parser wants it: bytes in UTF-8, without a byte order mark."""

    def __init__(self, stream: TextIO, steps: Steps | None = None) -> None:
        self.stream, self.steps = stream, steps

    def read(self, characters: int) -> bytes:
        content = self.stream.read(characters).encode()
        if self.steps is not None:
            self.steps.advance(len(content))
        return content


@contextmanager
def _reading(path: Path) -> Iterator[_Utf8]:
    """Read a text file, with progress if it is large."""
    size = path.stat().st_size
    with path.open(encoding="utf-8-sig") as stream:
        if size < LARGE:
            yield _Utf8(stream)
            return
        with Steps(size, f"reading {path.name}", "bytes") as steps:
            yield _Utf8(stream, steps)


@contextmanager
def _json_errors(path: Path) -> Iterator[None]:
    """Say of which file it is that it cannot be read."""
    try:
        yield
    except OSError as error:
        raise ArgusError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ArgusError(f"{path} is not JSON: {error}") from None


def _enter(events: Iterator[Event], key: str) -> bool:
    """Whether there is such an array; then its first element is what comes next."""
    depth, name = 0, None
    for event, value in events:
        if event == "start_array" and (depth == 0 or (depth == 1 and name == key)):
            return True
        if event == "map_key" and depth == 1:
            name = value
        depth += NESTING.get(event, 0)
    return False


def _elements(events: Iterator[Event]) -> Iterator[Any]:
    """The values of an array that has begun, up to its end."""
    depth, builder = 0, ijson.ObjectBuilder()
    for event, value in events:
        if event in NESTING:
            depth += NESTING[event]
            if depth < 0:
                return
        elif event == "number":  # a Decimal, since only so integers of any length are read
            value = value if isinstance(value, int) else float(value)
        builder.event(event, value)
        if depth == 0:
            yield builder.value
            builder = ijson.ObjectBuilder()


def _message(error: Exception) -> str:
    """What the parser says on one line: what is wrong, and the text around the place."""
    what, *around = (line.strip() for line in str(error).splitlines())
    near = f": `{around[0]}`" if around and around[0] else ""
    return f"{what.removesuffix('.')}{near}"
