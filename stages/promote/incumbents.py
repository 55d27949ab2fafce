"""The champions of the turn before, fetched by its commit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from stages.common.errors import ArgusError

CHAMPIONS = Path("models/champions")


def fetch(revision: str, into: Path) -> dict[str, Path]:
    """Bring the champions of a commit of this repository into a folder.

    Args:
        revision: 40 hexadecimal digits; a tag would not resolve in `dvc exp run --temp`.
        into: an empty folder.

    Returns:
        The folder of each task's champion; a task without one is missing.

    Raises:
        ArgusError: the commit is not known, or its champions are in no cache or remote.
    """
    out = into / "champions"
    command = [sys.executable, "-m", "dvc", "get", ".", str(CHAMPIONS), "--rev", revision]
    done = subprocess.run([*command, "-o", str(out)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ArgusError(
            f"the champions of turn {revision[:10]} (lineage.previous) cannot be fetched: "
            f"{done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'dvc get failed'}. "
            "Fetch that commit (`git fetch --unshallow`) and its data (`dvc pull`), or set "
            "lineage.previous: null to begin a new line"
        )
    return {folder.name: folder for folder in sorted(out.iterdir()) if folder.is_dir()}
