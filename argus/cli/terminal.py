"""What commands share: what they print, where they may write, and the clock that they go by."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from argus.core.errors import ArgusError, printable


def say(text: str) -> None:
    """Print to standard output, unwrapped; backquotes and brackets stay as they are."""
    Console(soft_wrap=True, highlight=False).print(escape(printable(text)))


def remark(text: str) -> None:
    """Print to standard error, as `say` does: what a person should know, though it goes on."""
    Console(stderr=True, soft_wrap=True, highlight=False).print(escape(printable(text)))


def today_utc() -> datetime:
    """Now, in the one zone that everything here is counted in."""
    return datetime.now(UTC)


def require_target(path: Path, suffix: str, what: str) -> None:
    """Check a target before the work for it begins. Folders that are not there are made later.

    Args:
        path: where to write.
        suffix: how its name must end.
        what: is to be written, as in "no place for ...".

    Raises:
        ArgusError: it is a folder, is not called so, or nothing can be written there.
    """
    if path.is_dir():
        raise ArgusError(
            f"{path} is a folder, and no place for {what}: name a file in it, such as "
            f"{path / f'name{suffix}'}"
        )
    if path.suffix != suffix:
        raise ArgusError(f"{path} is no place for {what}: give a path that ends in {suffix}")
    there = next(parent for parent in path.absolute().parents if parent.exists())
    if not there.is_dir():
        raise ArgusError(f"{path} cannot be written: {there} is a file, not a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ArgusError(f"{path} cannot be written: you may not write into {there}")
