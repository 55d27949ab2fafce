"""Where a command is to write: a file of a kind, in folders that may have to be made."""

from __future__ import annotations

import os
from pathlib import Path

from argus.core.errors import ArgusError


def require(path: Path, suffix: str, what: str) -> None:
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
