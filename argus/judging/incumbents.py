"""The champions of the turn before, and how they were decided on, fetched by its commit."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from argus.core import lineage
from argus.core.errors import ArgusError
from argus.core.paths import CHAMPIONS, REPORTS

DECISION = REPORTS / "promote/decision.json"


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


def decisions(revision: str) -> dict[str, dict[str, Any]]:
    """The decisions of a commit of this repository, by task.

    Raises:
        ArgusError: the commit is not known, or has none.
    """
    shown = subprocess.run(
        ["git", "show", f"{revision}:./{DECISION.as_posix()}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if shown.returncode:
        raise ArgusError(
            f"{DECISION} of turn {revision[:10]} (lineage.previous) cannot be read: "
            f"{shown.stderr.strip()}. Fetch that commit (`git fetch --unshallow`)"
        )
    found: dict[str, dict[str, Any]] = json.loads(shown.stdout)
    return found
