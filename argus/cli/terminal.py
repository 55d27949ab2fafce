"""What the commands print, and the clock that they go by."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console
from rich.markup import escape

from argus.core.errors import printable


def say(text: str) -> None:
    """Print to standard output, unwrapped; backquotes and brackets stay as they are."""
    Console(soft_wrap=True, highlight=False).print(escape(printable(text)))


def remark(text: str) -> None:
    """Print to standard error, as `say` does: what a person should know, though it goes on."""
    Console(stderr=True, soft_wrap=True, highlight=False).print(escape(printable(text)))


def today_utc() -> datetime:
    """Now, in the one zone that everything here is counted in."""
    return datetime.now(UTC)
