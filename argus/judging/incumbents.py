"""The champions of the turn before, and how they were decided on, fetched by its commit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from argus.core import lineage
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
    """The decisions of a commit of this repository, by task; empty if it has none.

    Raises:
        ArgusError: the commit is not known here.
    """
    text = lineage.text_of(DECISION, revision)
    if text is None:
        return {}
    found: dict[str, dict[str, Any]] = json.loads(text)
    return found
