"""Errors that a person can act on, shown without a traceback."""

from __future__ import annotations

import difflib
import functools
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, get_args

from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError


class ArgusError(Exception):
    """A mistake in the input or the settings: says what is wrong, where, and what to do."""


def warn(text: str) -> None:
    """Print a warning to standard error: something goes on that a person should know of."""
    Console(stderr=True, soft_wrap=True).print(f"[bold yellow]warning:[/] {escape(text)}")


def exits_cleanly(main: Callable[[], None]) -> Callable[[], None]:
    """Wrap a stage's `main` so that an `ArgusError` prints one message and exits 1.

    Any other exception keeps its traceback: it is our mistake, not the user's.
    """

    @functools.wraps(main)
    def wrapped() -> None:
        try:
            main()
        except ArgusError as error:
            Console(stderr=True, soft_wrap=True).print(
                f"[bold red]error:[/] {escape(printable(str(error)))}"
            )
            sys.exit(1)

    return wrapped


def printable(text: str) -> str:
    """Text that any terminal takes and shows as it is: bytes of a name that are not UTF-8, control
    characters but line breaks, and those that turn the direction of writing, are escaped."""
    return "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python carries a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def explain(error: ValidationError) -> str:
    """In one line: the place in the file of each field, and what is wrong with it."""
    return "; ".join(explained(error))


def explained(error: ValidationError, kind: type[BaseModel] | None = None) -> list[str]:
    """One line per field: its place in the file and what is wrong with it.

    Args:
        error: what pydantic has against a file.
        kind: what the file was to be; by it the nearest field is offered for one that there is not.
    """
    lines = []
    for item in error.errors():
        place = ".".join(str(part) for part in item["loc"])
        said = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            *above, name = item["loc"]
            said = f"there is no such field{nearest(str(name), _fields(kind, above))}"
        lines.append(f"{place}: {said}" if place else said)
    return lines


def _fields(kind: Any, place: Iterable[int | str]) -> list[str]:
    """The names of the fields at a place in a model; none where there is no model."""
    for part in place:
        if field := getattr(kind, "model_fields", {}).get(part):
            kind = field.annotation
        if not hasattr(kind, "model_fields"):  # a mapping of models, or a model or nothing
            kind = next((of for of in get_args(kind) if hasattr(of, "model_fields")), None)
    return list(getattr(kind, "model_fields", {}))


def nearest(name: str, names: Iterable[str]) -> str:
    """A question to add to a message about a name that there is not; empty if none is near."""
    found = difflib.get_close_matches(name, list(names), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(found)}?" if found else ""
