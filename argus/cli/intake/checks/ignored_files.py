"""What of a delivery would go unseen: refused or reported before anything is copied."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from argus.cli.intake.batch import Item
from argus.cli.terminal import remark
from argus.core.errors import ArgusError
from argus.data import archives, names, shards


def inspect_archives(folder: Path, paths: Sequence[str]) -> set[str]:
    """Read what is not an image by its name: archives, for the images in them.

    Returns:
        Which of `label`, `sequence` and `captured_at` the `.json` members of shards tell.

    Raises:
        ArgusError: a file is a compressed archive, or a `.tar` that cannot be read to its end or
            has no image in it.
    """
    closed, empty, alone = [], [], []
    stated: set[str] = set()
    left_out = 0
    for path in paths:
        if names.is_image(path):
            continue
        try:
            packed = archives.packed(folder / path)
        except OSError as error:
            raise ArgusError(f"{folder / path} cannot be read: {error.strerror}") from None
        if packed is not None:
            closed.append(f"{path} ({packed})")
        elif archives.is_shard(path):
            found = shards.contents(folder / path)
            closed += [f"{name} ({kind}) in {path}" for name, kind in found.packed.items()]
            left_out += found.left_out
            empty += [] if found.images else [path]
            alone += [f"{name} in {path}" for name in found.alone]
            for image in found.images:
                stated |= {fact for fact, value in image.about.items() if value is not None}
    if closed:
        raise ArgusError(
            f"{folder}: {len(closed)} files are packed, and what is in them would not be seen: "
            f"{names.some(closed)}. Unpack them and submit what was in them; a plain .tar is read "
            "as it is (`gzip -d` makes one of a .tar.gz)"
        )
    if empty:
        raise ArgusError(f"{folder}: no image is in {names.some(empty)}: take it out")
    report_ignored(left_out, " in .tar files")
    if alone:
        remark(
            f"{len(alone)} .json files have no image beside them, so nobody reads what they say: "
            f"{names.some(alone)}"
        )
    return stated


def report_ignored(count: int, where: str = "") -> None:
    """Say how many files of a desktop's own were found and are not taken."""
    if count:
        remark(
            f"left out: {count} files{where} that macOS, Windows or a desktop leaves "
            "(.DS_Store, ._*, Thumbs.db, __MACOSX and the like)"
        )


def report_case_collisions(paths: Sequence[str]) -> None:
    """Say which files a Mac or Windows cannot have side by side."""
    alike: dict[str, list[str]] = {}
    for path in dict.fromkeys(paths):  # one that is listed twice does not collide with itself
        alike.setdefault(names.caseless(path), []).append(path)
    twins = [" and ".join(those) for those in alike.values() if len(those) > 1]
    if twins:
        remark(
            f"{len(twins)} names differ from another in capitals or in how accents are composed "
            f"alone, so the delivery cannot be checked out on macOS or Windows: {names.some(twins)}"
        )


def report_unlisted(folder: Path, items: Sequence[Item]) -> None:
    """Say which files of a dataset's folder are not among the items that its layout names."""
    taken = {item.path for item in items}
    others, left_out = [], 0
    for place, _, files in os.walk(folder):
        inside = Path(place).relative_to(folder).as_posix()
        for path in (names.normal(f"{inside}/{name}") for name in files):
            if names.is_leftover(path):
                left_out += 1
            elif path not in taken:
                others.append(path)
    report_ignored(left_out)
    if others:
        remark(f"no image of this layout, so not taken: {names.endings(others)}")
