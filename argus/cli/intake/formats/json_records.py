"""Reading the records of a large JSON file one by one: annotation files reach gigabytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from argus.core.errors import ArgusError
from argus.core.progress import Steps

CHUNK = 1 << 20  # characters read at a time
LARGE = 1 << 26  # bytes; reading them takes about a second
Record = dict[str, Any]
Read = Callable[[int], str]
"""Reads on, at most so many characters; none at the end."""


def records(path: Path, key: str = "") -> Iterator[Record]:
    """The objects of the array that a file consists of, or that stands at `key` of its object.

    No more than one record and one chunk of the file are in memory. What comes after the array is
    not read.

    Raises:
        ArgusError: the file cannot be read, is not JSON, has no such array, or the array holds
            something else.
    """
    with _named(path), _reading(path) as read:
        for value in _values(_Text(read), key, path):
            if not isinstance(value, dict):
                raise ArgusError(f"{path}: {str(value)[:40]!r} stands where a record should")
            yield value


def record(path: Path) -> Record:
    """The one object that a small file consists of.

    Raises:
        ArgusError: the file cannot be read, is not JSON, or holds something else.
    """
    with _named(path):
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    if not isinstance(value, dict):
        raise ArgusError(f"{path}: {str(value)[:40]!r} stands where a record should")
    return value


def text(record: Record, key: str, path: Path) -> str:
    """A text of a record.

    Raises:
        ArgusError: the record has none.
    """
    value = record.get(key)
    if not isinstance(value, str):
        raise ArgusError(f"{path}: a record has no text at `{key}`: {str(record)[:80]}")
    return value


@contextmanager
def _reading(path: Path) -> Iterator[Read]:
    """Read a text file, with progress if it is large."""
    size = path.stat().st_size
    with path.open(encoding="utf-8-sig") as stream:
        if size < LARGE:
            yield stream.read
            return
        with Steps(size, f"reading {path.name}", "bytes") as steps:

            def read(characters: int) -> str:
                text = stream.read(characters)
                steps.advance(len(text))  # nearly all annotation files are ASCII
                return text

            yield read


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Say of which file it is that it cannot be read."""
    try:
        yield
    except OSError as error:
        raise ArgusError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ArgusError(f"{path} is not JSON: {error}") from None


def _values(text: _Text, key: str, path: Path) -> Iterator[Any]:
    if text.peek() == "[":
        yield from text.elements()
        return
    text.expect("{")
    while text.peek() != "}":
        name = text.value()
        if not isinstance(name, str):
            raise text.error("a name expected")
        text.expect(":")
        if text.peek() == "[":
            elements = text.elements()
            if name == key:
                yield from elements
                return
            for _ in elements:
                pass
        else:
            text.value()
        if text.peek() != "}":
            text.expect(",")
            if text.peek() == "}":
                raise text.error("a comma before the closing '}'")
    raise ArgusError(f"{path} has no array `{key}`, so it is no file of this format")


class _Text:
    """A window that moves over a JSON text."""

    def __init__(self, read: Read) -> None:
        self.read, self.window, self.at = read, "", 0
        self.before = 0  # characters of the text before the window
        self.decode = json.JSONDecoder().raw_decode

    def more(self) -> bool:
        """Let go of what has been read and read on, at least as much as is still held."""
        held = self.window[self.at :]
        self.before += self.at
        new = self.read(max(CHUNK, len(held)))
        self.window, self.at = held + new, 0
        return bool(new)

    def error(self, what: str) -> ValueError:
        """What is wrong at this place of the text."""
        return ValueError(f"{what}, at character {self.before + self.at + 1}")

    def peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            while self.at < len(self.window) and self.window[self.at] in " \t\r\n":
                self.at += 1
            if self.at < len(self.window):
                return self.window[self.at]
            if not self.more():
                return ""

    def expect(self, character: str) -> None:
        if self.peek() != character:
            raise self.error(f"'{character}' expected, '{self.peek()}' found")
        self.at += 1

    def value(self) -> Any:
        """The next value, whole."""
        self.peek()
        while True:
            try:
                found, end = self.decode(self.window, self.at)
            except json.JSONDecodeError as error:
                if not self.more():
                    raise self.error(error.msg) from None
                continue
            length = end - self.at
            # at the edge of the window a number may go on: 1 is read of 12, 1.5 and 1e9
            goes_on = self.window[end : end + 1] in ("", *".eE")
            if not goes_on or not self.more():
                self.at += length
                return found

    def elements(self) -> Iterator[Any]:
        """The values of the array that begins here."""
        self.expect("[")
        while self.peek() != "]":
            yield self.value()
            if self.peek() != "]":
                self.expect(",")
                if self.peek() == "]":
                    raise self.error("a comma before the closing ']'")
        self.at += 1
