"""Whether DVC's own index has a delivery: what is not in it is not pushed, and `dvc gc` deletes it.

DVC finds `.dvc` files by a walk that leaves out what `.gitignore` and its kin name, though Git
tracks the file and DVC takes it where it is named. So nothing but the index itself tells.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from argus.cli.sources import audit, presence
from argus.core.errors import ArgusError
from argus.data.pulled import deliveries_known, tracked, tracker_of

if TYPE_CHECKING:
    from dvc.api import DVCFileSystem  # type: ignore[import-untyped]


def require_deliveries(sources: Sequence[str], rendered: Sequence[str]) -> None:
    """`dvc repro` would take any folder that lies there, and an altered delivery as it is.

    Args:
        sources: those in use.
        rendered: those of them whose deliveries come with the pipeline.

    Raises:
        ArgusError: a source has no delivery; or one was not submitted, or its files are not those
            submitted, or are not here, or are somebody else's.
    """
    elsewhere = [line for name in sources for line in audit.borrowed(name)]
    if elsewhere:
        raise ArgusError("\n".join(elsewhere))
    strangers = audit.untracked(folder for name in sources for folder in audit.delivered(name))
    if strangers:
        raise ArgusError(
            f"not submitted: {'; '.join(audit.stranger(folder) for folder in strangers)}"
        )
    presence.require_here(sources)
    bare = [name for name in sources if name not in rendered and not deliveries_known(name)]
    if bare:
        raise ArgusError(f"no delivery of '{bare[0]}': {audit.nothing_left(bare[0])}")
    folders = [folder for name in sources for folder in tracked(name)]
    require_seen([tracker_of(folder) for folder in folders])
    changed = presence.altered(folders)
    if changed:
        what = "; ".join(f"{tracker_of(folder)}: {how}" for folder, how in changed.items())
        raise ArgusError(
            "deliveries are never changed, but the files of these are not as submitted: "
            f"{what}. {presence.mend([*changed])}. Bring new images in as a delivery of their own"
        )


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
