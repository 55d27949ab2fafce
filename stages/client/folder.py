"""A folder of images that somebody wants to deliver."""

from __future__ import annotations

import os
import re
import shutil
import stat
from pathlib import Path

from stages.common.errors import ArgusError
from stages.common.progress import track
from stages.ingest.deliveries import MANIFEST, RAW

READ_ONLY = 0o444
RESERVED = re.compile(r"dvc\.yaml|dvc\.lock|\.dvcignore|\.dvc|\.git|.*\.dvc")
"""Names that mean something to DVC or Git, which would then not track the delivery as it is."""


def outside(path: Path) -> Path:
    """The folder to copy.

    Raises:
        ArgusError: it is no folder, or lies among the deliveries or around them.
    """
    if not path.is_dir():
        what = "is a file" if path.exists() else "does not exist"
        raise ArgusError(f"{path} {what}: `argus submit` takes a folder of images")
    folder, raw = path.resolve(), RAW.resolve()
    if folder.is_relative_to(raw) or raw.is_relative_to(folder):
        raise ArgusError(f"{path} and {RAW} lie in each other: submit a folder from outside")
    return folder


def plain_files(folder: Path) -> list[str]:
    """Paths of all files below a folder, relative with `/`, sorted.

    Raises:
        ArgusError: there is none; or there is a symbolic link, a pipe or the like, a manifest, or
            a name that DVC or Git would read as theirs.
    """
    found = []
    for place, folders, names in os.walk(folder, onerror=_unreadable):
        for name in (*folders, *names):
            path = Path(place, name)
            inside = path.relative_to(folder).as_posix()
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                raise ArgusError(f"{path} is a symbolic link: put the file itself there")
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise ArgusError(f"{path} is neither a file nor a folder: take it out")
            if RESERVED.fullmatch(name):
                raise ArgusError(f"{path} would be read by DVC or Git as theirs: take it out")
            if inside == MANIFEST:
                raise ArgusError(f"{path} is written by `argus submit`: take it out")
            if stat.S_ISREG(mode):
                found.append(inside)
    if not found:
        raise ArgusError(f"{folder} holds no file: there is nothing to deliver")
    return sorted(found)


def copy(folder: Path, files: list[str], into: Path) -> None:
    """Copy the files' bytes, not their times and owners, and make them read-only.

    Raises:
        ArgusError: a file cannot be read or written.
    """
    into.mkdir(parents=True)
    for name in track(files, "copying", len(files), unit="files"):
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(folder / name, target)
        except OSError as error:
            raise ArgusError(f"{folder / name} cannot be copied: {error.strerror}") from None
        target.chmod(READ_ONLY)


def _unreadable(error: OSError) -> None:
    raise ArgusError(f"{error.filename} cannot be read: {error.strerror}")
