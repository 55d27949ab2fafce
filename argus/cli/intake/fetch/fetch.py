"""A public dataset out of a Git repository, at the commit that the source's card names.

Its files become a delivery like any other: copied, described, and kept whole in our own storage, so
that no turn needs that repository again. The `.dvc` file says under `meta` where the delivery was
fetched from. What the commit itself does not hold (Git LFS, DVC, submodules) is refused: to get it,
settings of the foreign repository would have to be obeyed, and those can name commands to run.
"""

from __future__ import annotations

import dataclasses
import shutil
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath

import polars as pl
import yaml

from argus.cli.intake.batch import Batch
from argus.cli.intake.fetch.dvc_metafiles import outputs_outside_git
from argus.cli.intake.fetch.git_commit import (
    EXECUTABLE,
    FILE,
    LINK,
    SUBMODULE,
    GitCommit,
    TreeEntry,
)
from argus.cli.intake.importers import format_importer
from argus.cli.intake.submit import submit
from argus.cli.terminal import say
from argus.core.errors import ArgusError
from argus.core.files import remove
from argus.core.paths import RAW
from argus.core.progress import track
from argus.data import rights_cards
from argus.data.pulled import tracker_of

DIGITS = 12  # of the commit, which name the delivery
LONGEST = 255  # bytes of a name, on all file systems that we know of
UNFIT = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, bytes that are no UTF-8, and ends of lines."""
POINTERS = (
    b"version https://git-lfs.github.com/spec/",
    b"version https://hawser.github.com/spec/",
    b"version http://git-media.io/v/",
    b"/annex/objects/",
)
"""How files begin that stand for the content which Git LFS or git-annex keeps elsewhere."""
LONGEST_POINTER = 1024  # bytes, by the specification of Git LFS
YOURSELF = "get the images by yourself, as far as you trust it, and `argus submit` the folder"


def fetch(source: str, now: datetime, new_labels: Sequence[str] = ()) -> pl.DataFrame | str:
    """Bring in what the card of a source names, as a delivery named after the commit.

    Args:
        source: whose card it is.
        now: the time of arrival, with a zone.
        new_labels: labels that a person confirms, though no delivery has had them.

    Returns:
        As `submit` does; or the name of the delivery if it is there already.

    Raises:
        ArgusError: the card names nothing to fetch, or no format that there is; the commit has been
            fetched in another way; the dataset cannot be brought in; or as `submit` does. Then
            nothing has changed.
    """
    wanted = rights_cards.read(source).fetch
    if wanted is None:
        raise ArgusError(
            f"{rights_cards.path_of(source)} does not say where to fetch from: add `fetch` with "
            "git, rev, path and format, or download the images and bring them in with "
            "`argus submit`"
        )
    format_importer(Path(), wanted.format)  # a wrong name is told before anything is downloaded
    delivery = wanted.rev[:DIGITS]
    tracker = tracker_of(RAW / source / delivery)
    if not tracker.exists():
        return submit(partial(_import, wanted), source, delivery, now, new_labels=new_labels)
    about = yaml.safe_load(tracker.read_text(encoding="utf-8"))
    before = about.get("meta", {}).get("imported", {})
    differ = [name for name, value in wanted.model_dump().items() if before.get(name) != value]
    if differ:
        raise ArgusError(
            f"{tracker} is of that commit, but of another {', '.join(differ)} than the card now "
            "says: deliveries are never changed, so put the new one under a source of its own"
        )
    return delivery


def _import(wanted: rights_cards.Fetch, scratch: Path) -> Batch:
    """Download the dataset into the scratch folder, and read it in its format."""
    path = PurePosixPath(wanted.path).as_posix()
    say(f"fetching {wanted.rev[:DIGITS]} of {wanted.git}")
    repository = GitCommit(scratch / "repository.git", wanted.git, wanted.rev)
    entries = repository.entries()
    inside = _plain(entries, path, wanted)
    absent = outputs_outside_git(repository, entries, path)
    if absent:
        raise ArgusError(
            f"{_some(absent)} of {wanted.git}: kept by DVC outside of Git, and so not fetched. "
            f"`dvc get` would run what that repository's settings say: {YOURSELF}"
        )
    size = sum(entry.size for entry in inside)
    if size > shutil.disk_usage(scratch).free:
        raise ArgusError(f"{path} takes {size / 1e9:.1f} GB: more than is free here")
    top = scratch / "images"
    top.mkdir()
    files = [(entry, top / _below(entry, path)) for entry in inside]
    repository.write(track(files, "fetching", len(files), unit="files"))
    pointers = [entry.path for entry, file in files if _is_pointer(entry, file)]
    if pointers:
        raise ArgusError(
            f"{_some(pointers)} of {wanted.git}: not the content, which Git LFS or git-annex keeps "
            f"elsewhere, but pointers to it. They are not followed: {YOURSELF}"
        )
    content = repository.tree(path)  # what fetching it again would have to bring
    remove(repository.folder)
    batch = format_importer(top, wanted.format)(scratch)
    return dataclasses.replace(batch, imported={**wanted.model_dump(), "tree": content})


def _plain(entries: Sequence[TreeEntry], path: str, wanted: rights_cards.Fetch) -> list[TreeEntry]:
    """The entries below a folder of the commit.

    Raises:
        ArgusError: there are none, or some are not plain files or cannot be written under their
            name.
    """
    inside = [e for e in entries if path == "." or e.path == path or e.path.startswith(f"{path}/")]
    where = f"{path} of {wanted.git} at {wanted.rev[:DIGITS]}"
    if not inside:
        modules = [e.path for e in entries if e.mode == SUBMODULE and path.startswith(f"{e.path}/")]
        if modules:
            raise ArgusError(f"{where} lies in the submodule {modules[0]}: let `fetch.git` name it")
        known = [entry for entry in entries if entry.path == f"{path}.dvc"]
        kept = f", DVC keeps it elsewhere: {YOURSELF}" if known else ""
        raise ArgusError(f"{where} is not in Git{kept or ': correct `fetch.path` on the card'}")
    for mode, kind in ((LINK, "symbolic links"), (SUBMODULE, "submodules")):
        found = [entry.path for entry in inside if entry.mode == mode]
        if found:
            raise ArgusError(
                f"{_some(found)} of {wanted.git}: {kind}, which are not followed, since they may "
                f"lead anywhere. Choose a `fetch.path` without them, or {YOURSELF}"
            )
    if inside[0].path == path:
        raise ArgusError(f"{where} is a single file: let `fetch.path` name the dataset's folder")
    odd = [entry.path for entry in inside if not _can_be_written(entry)]
    if odd:
        raise ArgusError(
            f"{_some(odd)} of {wanted.git}: names that a file cannot have here (not UTF-8, control "
            f"characters, longer than {LONGEST} bytes, or leading elsewhere)"
        )
    return inside


def _can_be_written(entry: TreeEntry) -> bool:
    """Git's own checks of names are off where nothing is checked out, and a commit can be made by
    hand.
    """
    parts = entry.path.split("/")
    return (
        entry.mode in (FILE, EXECUTABLE, "100664")  # the last is of very old commits
        and not any(unicodedata.category(letter) in UNFIT for letter in entry.path)
        and "\\" not in entry.path
        and not any(part in ("", ".", "..") or part.casefold() == ".git" for part in parts)
        and all(len(part.encode()) <= LONGEST for part in parts)
    )


def _below(entry: TreeEntry, path: str) -> str:
    return entry.path if path == "." else entry.path.removeprefix(f"{path}/")


def _is_pointer(entry: TreeEntry, file: Path) -> bool:
    return entry.size <= LONGEST_POINTER and file.read_bytes().startswith(POINTERS)


def _some(paths: Sequence[str]) -> str:
    """The first of some paths, and how many more there are."""
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0]!r}{more}"
