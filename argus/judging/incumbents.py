"""The champions of the turn before, fetched by its commit."""

from __future__ import annotations

from pathlib import Path

from argus.core import lineage
from argus.core.paths import CHAMPIONS


def fetch(revision: str, into: Path) -> dict[str, Path]:
    """Bring the champions of a commit of this repository into a folder.

    Args:
        revision: 40 hexadecimal digits.
        into: an empty folder.

    Returns:
        The folder of each task's champion; a task without one is missing.

    Raises:
        ArgusError: the commit is not known, or its champions are in no cache or remote.
    """
    out = lineage.fetch(CHAMPIONS, revision, into)
    return {folder.name: folder for folder in sorted(out.iterdir()) if folder.is_dir()}
