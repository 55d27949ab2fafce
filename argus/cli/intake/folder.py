"""The files of a folder that somebody wants to deliver: listed, their names checked, copied."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NoReturn

from argus.cli.intake.batch import Item
from argus.cli.intake.checks.ignored_files import report_ignored
from argus.core.errors import ArgusError, printable
from argus.core.paths import RAW
from argus.core.progress import track
from argus.data import names
from argus.data.index import INDEX
from argus.data.manifests import MANIFEST

READ_ONLY = 0o444
RESERVED = re.compile(r"dvc\.yaml|dvc\.lock|\.dvcignore|\.dvc|\.git|.*\.dvc")
"""Names that mean something to DVC or Git, which would then not track the delivery as it is."""


def source_path(path: Path, single_file: bool = False) -> Path:
    """The folder to copy, or the single file to read.

    Args:
        path: as it was given.
        single_file: whether it may be a file (a clip, a list); what lies beside it does not count.

    Raises:
        ArgusError: it is neither, or lies among the deliveries or around them.
    """
    if not path.is_dir() and not (single_file and path.is_file()):
        what = "is a file" if path.exists() else "does not exist"
        raise ArgusError(f"{path} {what}: `argus submit` takes a folder of images, or a clip")
    found, raw = path.resolve(), RAW.resolve()
    if found.is_relative_to(raw) or raw.is_relative_to(found):
        raise ArgusError(f"{path} and {RAW} lie in each other: submit it from outside")
    return found


def list_files(folder: Path) -> list[str]:
    """Paths of all files below a folder, relative with `/`, sorted. What a desktop leaves is left
    out, and a line on stderr says how many.

    Raises:
        ArgusError: there is none; or there is a symbolic link, a pipe or the like.
    """
    found, left_out = [], 0
    for place, folders, files in os.walk(folder, onerror=_unreadable):
        for name in (*folders, *files):
            path = Path(place, name)
            mode = path.lstat().st_mode
            if names.is_leftover(path.relative_to(folder).as_posix()):
                left_out += not stat.S_ISDIR(mode)
                continue
            if stat.S_ISLNK(mode):
                raise ArgusError(f"{path} is a symbolic link: put the file itself there")
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise ArgusError(f"{path} is neither a file nor a folder: take it out")
            if stat.S_ISREG(mode):
                found.append(path.relative_to(folder).as_posix())
    report_ignored(left_out)
    if not found:
        raise ArgusError(f"{folder} holds no file: there is nothing to deliver")
    return sorted(found)


def require_names(items: Sequence[Item]) -> None:
    """Raises:
    ArgusError: there is no item; or a name leads out of the delivery, comes twice, describes a
        delivery, or would be read by DVC or Git as theirs; or it, or what is known of the item, is
        no UTF-8.
    """
    if not items:
        raise ArgusError("there is no image to deliver")
    seen: set[str] = set()
    strange = [item for item in items if not names.is_text(item.path)]
    if strange:
        listed = names.some([printable(item.path) for item in strange])
        raise ArgusError(
            f"{len(strange)} of {len(items)} names are not UTF-8: {listed}. Rename them (if an old "
            "system wrote them: `convmv -r -f latin1 -t utf8 --notest FOLDER`) and submit again"
        )
    for item in items:
        path = PurePosixPath(item.path)
        for word in (item.label, item.sequence):
            if word is not None and not names.is_text(word):
                raise ArgusError(f"{item.file}: its label or sequence is not text: {word!a}")
        if path.is_absolute() or ".." in path.parts or path.as_posix() != item.path:
            raise ArgusError(f"{item.file} leads out of the delivery as '{item.path}'")
        if any(RESERVED.fullmatch(part) for part in path.parts):
            raise ArgusError(f"{item.file} would be read by DVC or Git as theirs: take it out")
        if item.path == MANIFEST:
            raise ArgusError(f"{item.file} is written by `argus submit`: take it out")
        if item.path == INDEX:
            raise ArgusError(
                f"{item.file} would be read as the index of the delivery: bring the images that it "
                "lists in with `--format csv`, or take it out"
            )
        if item.path in seen:
            raise ArgusError(f"{item.path} would be in the delivery twice")
        seen.add(item.path)


def copy_files(items: Sequence[Item], into: Path) -> None:
    """Copy the files' bytes, not their times and owners, and make them read-only.

    Raises:
        ArgusError: a file cannot be read or written.
    """
    for item in track(items, "copying", len(items), unit="files"):
        target = into / item.path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(item.file, target)
        except OSError as error:
            raise ArgusError(f"{item.file} cannot be copied: {error.strerror}") from None
        target.chmod(READ_ONLY)


def _unreadable(error: OSError) -> NoReturn:
    raise ArgusError(f"{error.filename} cannot be read: {error.strerror}")
