"""What the commands print, and the clock that they go by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:  # `argus --help` need not wait for it
    import polars as pl

LISTED = 12  # labels or sequences that are shown one by one


def say(text: str) -> None:
    """Print to standard output, unwrapped; backquotes and brackets stay as they are."""
    Console(soft_wrap=True, highlight=False).print(escape(text))


def today_utc() -> datetime:
    """Now, in the one zone that everything here is counted in."""
    return datetime.now(UTC)


def received(images: pl.DataFrame) -> None:
    """Say what came in with a delivery, given its rows as `submit` returns them."""
    from stages.common import catalogue

    source, delivery = images.select("source", "delivery").row(0)
    say(f"{source}/{delivery}: {images.height} files")
    for column in ("label", "sequence"):
        named = images[column].drop_nulls()
        counts = catalogue.counts(named)
        for name, count in list(counts.items())[:LISTED]:
            say(f"  {column} {name}: {count}")
        if len(counts) > LISTED:
            say(f"  and {len(counts) - LISTED} more {column}s")
        if 0 < len(named) < images.height:
            say(f"  without {column}: {images.height - len(named)}")
    say("next: more deliveries, or argus turn -m MESSAGE")
