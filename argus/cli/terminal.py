"""What the commands print, and the clock that they go by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from argus.core.errors import printable

if TYPE_CHECKING:  # `argus --help` need not wait for it
    import polars as pl

LISTED = 12  # labels or sequences that are shown one by one, of more the largest


def say(text: str) -> None:
    """Print to standard output, unwrapped; backquotes and brackets stay as they are."""
    Console(soft_wrap=True, highlight=False).print(escape(printable(text)))


def remark(text: str) -> None:
    """Print to standard error, as `say` does: what a person should know, though it goes on."""
    Console(stderr=True, soft_wrap=True, highlight=False).print(escape(printable(text)))


def today_utc() -> datetime:
    """Now, in the one zone that everything here is counted in."""
    return datetime.now(UTC)


def received(images: pl.DataFrame) -> None:
    """Say what came in with a delivery, given its rows as `submit` returns them."""
    from argus.core.paths import RAW
    from argus.data import catalogue, manifests

    source, delivery = images.select("source", "delivery").row(0)
    manifest = manifests.read(RAW / source / delivery)
    say(f"{source}/{delivery}: {images.height} files")
    for column, told_by in (("sequence", manifest.sequence_from), ("label", manifest.label_from)):
        counts = catalogue.counts(images[column].drop_nulls())
        shown = list(counts.items())
        if len(shown) > LISTED:
            shown = sorted(shown, key=lambda counted: -counted[1])[:LISTED]
        for name, count in shown:
            say(f"  {column} {name}: {count}")
        if len(counts) > LISTED:
            rest = sum(counts.values()) - sum(count for _, count in shown)
            say(f"  and {len(counts) - LISTED} more {column}s, of {rest} images")
        without = images.filter(images[column].is_null())
        if 0 < without.height < images.height or (without.height and told_by == "dirs"):
            path, member = without.select("path", "member").row(0)
            example = path if member is None else f"{member} in {path}"
            all_of_them = "all " if without.height == images.height else ""
            why = " (no folder there names one)" if told_by == "dirs" else ""
            say(f"  without {column}: {all_of_them}{without.height}, such as {example}{why}")
    strange = unlike_images(images)
    if strange:
        say(f"  not named as images, so ingest will judge them by what they hold: {strange}")
    say("next: more deliveries, or argus turn -m MESSAGE")


def unlike_images(images: pl.DataFrame) -> str:
    """How many files of a delivery are not named as images, by their endings; empty if none."""
    from argus.data.names import endings, is_image

    names = images.select(name=images["member"].fill_null(images["path"]))["name"]
    return endings(name for name in names if not is_image(name))
