"""What caches there are under `.cache/`, and how images are forgotten by all of them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Literal, NamedTuple

import polars as pl

from argus.core.caches import NAME, read_part, write_part
from argus.core.files import remove
from argus.core.paths import CACHE


class Kind(NamedTuple):
    """What a kind of cache holds, and whether it forgets an image by row (`image_id`) or whole."""

    holds: str
    forget: Literal["rows", "all"]


KINDS = {
    "files": Kind("which content a file has, by its path, size and time of change", "rows"),
    "ingest": Kind("what was measured of an image", "rows"),
    "embed": Kind("features of an image", "rows"),
    "pack": Kind("an image at training resolution", "rows"),
    "pixels": Kind("features of arrays of pixels, by their hash", "all"),
    "pairs": Kind("perceptual hashes, and which of them are near each other", "all"),
    "onnx": Kind("the network of a backbone, made ready to run", "all"),
    "train": Kind("checkpoints of trainings under way", "all"),
    "preflight.json": Kind("the entries of params.yaml that were found in order", "all"),
}
"""All kinds, by the first part (up to a hyphen) of their folder's name."""


class Held(NamedTuple):
    """A cache that is there: its kind, where this version of it lies, and how many bytes it has."""

    kind: str
    path: Path
    bytes: int


def held() -> list[Held]:
    """All caches that there are, of kinds that `KINDS` has or not, by name."""
    found = []
    for kind in sorted(CACHE.glob("[!.]*")):
        for path in sorted(kind.iterdir()) if kind.is_dir() else [kind]:
            files = path.rglob("*") if path.is_dir() else [path]
            size = sum(file.lstat().st_size for file in files if not file.is_dir())
            found.append(Held(kind.name, path, size))
    return found


def forget(image_ids: Collection[str]) -> int:
    """Take images out of all caches, of whatever version; a cache that cannot tell whose its rows
    are is deleted.

    Nothing else may run meanwhile. If it is cut short, no part is half written, and doing it again
    completes it.

    Args:
        image_ids: SHA-256 of the files as they were delivered, 64 hexadecimal digits each.

    Returns:
        How many rows were taken out one by one.
    """
    count = 0
    for cache in held() if image_ids else ():
        kind = KINDS.get(cache.kind.partition("-")[0])
        if kind is None or kind.forget == "all" or not cache.path.is_dir():
            remove(cache.path)
            continue
        for path in sorted(cache.path.iterdir()):
            count += _without(path, image_ids) if NAME.fullmatch(path.name) else 0
            if path.name.startswith("."):  # what a killed run left
                remove(path)
    return count


def _without(path: Path, image_ids: Collection[str]) -> int:
    """Write a part anew without the rows of some images; how many these are."""
    rows = read_part(path)
    if rows is None or "image_id" not in rows.columns:
        remove(path)
        return 0
    # the key may say more behind the hash: `reading.content`
    kept = rows.filter(~pl.col("image_id").str.head(64).is_in(list(image_ids)).fill_null(False))
    if kept.height < rows.height:
        if kept.height:
            write_part(kept, path.parent)
        remove(path)
    return rows.height - kept.height
