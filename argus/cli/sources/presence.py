"""Whether the files of deliveries are here, and as they were submitted."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from argus.cli.repository import storage, workspace
from argus.core.errors import ArgusError
from argus.core.paths import RAW
from argus.data.pulled import Lack, absence, deliveries_of, lacking, out_of, tracked, tracker_of

CHANGES = {"deleted": "missing", "modified": "altered", "added": "added"}
"""What `dvc data status` calls a file that is not as DVC has it written down, and what we do."""
DEPTH = len(RAW.parts) + 2  # of a delivery's folder


def delivery_folders(source: str) -> list[Path]:
    """The delivery folders of a source, none if it has none."""
    try:
        return deliveries_of(source)
    except ArgusError:
        return []


def require_here(sources: Iterable[str]) -> None:
    """Raises:
    ArgusError: files of tracked deliveries are not here; with how to bring them.
    """
    of_sources = [source for source in sources if lacking(source)]
    lacks = [lack for source in of_sources for lack in lacking(source)]
    if lacks:
        raise ArgusError(missing(lacks, sum(len(tracked(source)) for source in of_sources)))


def missing(lacks: Sequence[Lack], of: int) -> str:
    """Which of some deliveries are not here, and how to bring them."""
    return f"{absence(lacks, of)}. {storage.bring(_cached(lack.folder for lack in lacks))}"


def altered(folders: Sequence[Path]) -> dict[Path, str]:
    """Deliveries whose files are not those submitted, and what is wrong with them.

    DVC looks at a file anew where its size or time has changed.

    Args:
        folders: tracked ones.

    Raises:
        ArgusError: DVC cannot read one of its files.
    """
    if not folders:
        return {}
    said = workspace.dvc("data", "status", "--granular", "--json", *map(str, folders))
    changed: dict[Path, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for kind, paths in json.loads(said).get("uncommitted", {}).items():
        for path in paths:
            changed[Path(*Path(path).parts[:DEPTH])][kind].append(path)
    return {
        folder: _described(folder, changed[folder])
        for folder in folders
        if changed[folder].keys() & CHANGES.keys()
    }


def _described(folder: Path, changed: dict[str, list[str]]) -> str:
    parts = []
    for kind, word in CHANGES.items():
        files = sorted(path for path in changed[kind] if not path.endswith("/"))
        if files:
            such = f" ({files[0]})" if len(files) == 1 else f", such as {files[0]}"
            parts.append(f"{len(files)} {'file' if len(files) == 1 else 'files'} {word}{such}")
    return "; ".join(parts) or f"the files in {folder} are not those submitted"


def mend(folders: Sequence[Path]) -> str:
    """How to put deliveries back as they were submitted."""
    what = " ".join(["--force", *(str(tracker_of(folder)) for folder in folders)])
    back = storage.bring(_cached(folders), what)
    return f"{back}; what was added is deleted then, so move it away first"


def _cached(folders: Iterable[Path]) -> bool:
    return storage.cached(out_of(folder).get("md5", "") for folder in folders)
