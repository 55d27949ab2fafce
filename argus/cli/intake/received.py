"""What `argus submit` and `argus source fetch` say of a delivery that has come in."""

from __future__ import annotations

import polars as pl

from argus.cli.terminal import say
from argus.core.paths import RAW
from argus.data import catalogue, manifests
from argus.data.names import endings, is_image

LISTED = 12  # labels or sequences that are shown one by one, of more the largest


def received(images: pl.DataFrame) -> None:
    """Say what came in with a delivery, given its rows as `submit` returns them."""
    source, delivery = images.select("source", "delivery").row(0)
    manifest = manifests.read(RAW / source / delivery)
    say(f"{source}/{delivery}: {images.height} files")
    for column, found_by in (
        ("sequence", manifest.sequence_from),
        ("label", manifest.label_from),
    ):
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
        if 0 < without.height < images.height or (without.height and found_by == "dirs"):
            path, member = without.select("path", "member").row(0)
            example = path if member is None else f"{member} in {path}"
            all_of_them = "all " if without.height == images.height else ""
            why = " (no folder there names one)" if found_by == "dirs" else ""
            say(f"  without {column}: {all_of_them}{without.height}, such as {example}{why}")
    strange = unlike_images(images)
    if strange:
        say(f"  not named as images, so ingest will judge them by what they hold: {strange}")
    say("next: more deliveries, or argus turn -m MESSAGE")


def unlike_images(images: pl.DataFrame) -> str:
    """How many files of a delivery are not named as images, by their endings; empty if none."""
    names = images.select(name=images["member"].fill_null(images["path"]))["name"]
    return endings(name for name in names if not is_image(name))
