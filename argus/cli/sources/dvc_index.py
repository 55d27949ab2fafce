"""Whether DVC's own index has a delivery: what is not in it is not pushed, and `dvc gc` deletes it.

DVC finds `.dvc` files by a walk that leaves out what `.gitignore` and its kin name, though Git
tracks the file and DVC takes it where it is named. So nothing but the index itself tells.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from argus.cli.repository import git
from argus.core.errors import ArgusError
from argus.core.paths import LOCK, RAW
from argus.data.pulled import tracker_of

if TYPE_CHECKING:
    from dvc.api import DVCFileSystem  # type: ignore[import-untyped]


def require_seen(trackers: Sequence[Path]) -> None:
    """Raises:
    ArgusError: a walk of DVC does not come to one of these `.dvc` files.
    """
    if trackers:
        _require(_files(), trackers)


def require_tracked(delivery: Path) -> None:
    """Raises:
    ArgusError: DVC's index lacks the delivery or some of its files, so that a clone would, too.
    """
    index = _files()
    _require(index, [tracker_of(delivery)])
    here = {str(Path(place, name)) for place, _, names in os.walk(delivery) for name in names}
    lacking = sorted(here - set(index.find(str(delivery), dvc_only=True)))
    if lacking:
        raise ArgusError(
            f"{len(lacking)} of {len(here)} files would not be tracked, such as {lacking[0]}, as "
            ".dvcignore leaves them out (`dvc check-ignore FILE` tells which): take them out of "
            "the folder"
        )


def _files() -> DVCFileSystem:
    """The repository as DVC sees it now."""
    from dvc.api import DVCFileSystem  # here, since it takes a second

    return DVCFileSystem(".")


def _require(index: DVCFileSystem, trackers: Sequence[Path]) -> None:
    from dvc.exceptions import DvcException  # type: ignore[import-untyped]

    try:
        known = {Path(os.path.relpath(out.stage.path)) for out in index.repo.index.outs}
    except DvcException as error:
        raise ArgusError(f"dvc cannot read the repository: {error}") from None
    unseen = sorted(set(trackers) - known)
    if unseen:
        hidden = next((p for p in _above(unseen[0]) if _ignored(index, p)), str(unseen[0]))
        raise ArgusError(
            f"DVC does not see {', '.join(map(str, unseen))}: `dvc push` would leave these "
            f"deliveries out and `dvc gc` delete them, for {hidden} is ignored. Take the rule out "
            "that does it: it stands in a .gitignore, .git/info/exclude, the file that `git config "
            "core.excludesFile` names, or .dvcignore. (A rule `folder/*` hides the folder itself "
            "from DVC; `folder/?*` does not, and is the same to Git.)"
        )


def _above(tracker: Path) -> list[str]:
    """The folders above a file, from the top down and each with its `/`, and the file itself."""
    return [*(f"{folder}/" for folder in [*tracker.parents][-2::-1]), str(tracker)]


def _ignored(index: DVCFileSystem, path: str) -> bool:
    repo = index.repo
    return bool(repo.scm.is_ignored(path) or repo.dvcignore.is_ignored(repo.fs, path))


def untracked(folders: Iterable[Path]) -> list[Path]:
    """Those deliveries that no `.dvc` file stands for and no stage has made."""
    outputs = stage_outputs()
    return [
        folder
        for folder in folders
        if not tracker_of(folder).is_file()
        and not any(folder.is_relative_to(output) for output in outputs)
    ]


def untracked_advice(folder: Path) -> str:
    """What to do about a folder among the deliveries that is none."""
    tracker = tracker_of(folder)
    if git.attempt("cat-file", "-e", f"HEAD:./{tracker}").returncode == 0:
        return f"{tracker} is missing, so DVC lacks {folder}: `git checkout HEAD -- {tracker}`"
    return (
        f"{folder} is neither tracked by DVC nor made by a stage: move it out of {RAW} and bring "
        "it in with `argus submit`"
    )


def stage_outputs() -> dict[Path, str]:
    """Paths that the pipeline's stages have written, by `dvc.lock`, and the MD5 of each."""
    if not LOCK.exists():
        return {}
    stages = yaml.safe_load(LOCK.read_text(encoding="utf-8")).get("stages") or {}
    outs = [out for stage in stages.values() for out in stage.get("outs", [])]
    return {Path(out["path"]): out.get("md5", "") for out in outs}
