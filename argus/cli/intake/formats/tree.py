"""A dataset's folder as it lies on disk, looked into once and never followed out of."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Literal

from argus.cli.intake.batch import Item
from argus.core.errors import ArgusError
from argus.data.names import is_image, is_leftover, some

UNPACKED = 2  # folders that archives may have been unpacked into above the layout itself
Kind = Literal["file", "folder", "link", "other"]


class Tree:
    """What lies where below a folder. Paths are relative to it, with `/`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._entries: dict[str, dict[str, Kind]] = {}

    def entries(self, folder: str = "") -> dict[str, Kind]:
        """What a folder holds, by name in order, but for what a desktop leaves there; empty where
        there is no such folder.

        Raises:
            ArgusError: it is a symbolic link, lies behind one, or may not be read.
        """
        if folder not in self._entries:
            if folder and self.kind(folder) != "folder":
                return {}
            self._entries[folder] = _listed(self.root / folder)
        return self._entries[folder]

    def kind(self, path: str) -> Kind | None:
        """What lies at `path`, None if nothing does.

        Raises:
            ArgusError: it is a symbolic link, or lies behind one.
        """
        place, kind = "", None
        for name in path.split("/"):  # from the top, so that no link is ever looked behind
            kind = self.entries(place).get(name)
            place = f"{place}/{name}" if place else name
            if kind == "link":
                raise ArgusError(f"{self.root / place} is a symbolic link: put the original there")
            if kind != "folder":
                return kind if place == path else None
        return kind

    def inside(self, name: str) -> str:
        """The path of a file that an annotation names, as the others here are written.

        Raises:
            ArgusError: it leads out of the folder.
        """
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise ArgusError(f"'{name}' leads out of {self.root}: it is not opened")
        return path.as_posix()

    def has_file(self, name: str) -> bool:
        """Whether a file that an annotation names is there.

        Raises:
            ArgusError: the name leads out of the folder, or over a symbolic link.
        """
        return self.kind(self.inside(name)) == "file"

    def lines(self, path: str) -> list[str]:
        """The lines of a text file.

        Raises:
            ArgusError: it cannot be read, or is not UTF-8 text.
        """
        try:
            return (self.root / path).read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise ArgusError(f"{self.root / path} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ArgusError(f"{self.root / path} is not UTF-8 text") from None

    def require(self, names: Iterable[str], listed_in: str) -> None:
        """Raises:
        ArgusError: some of the files that `listed_in` names are not there.
        """
        absent = [name for name in names if not self.has_file(name)]
        if absent:
            raise self.missing_error(absent, listed_in)

    def missing_error(self, absent: list[str], listed_in: str) -> ArgusError:
        """The error that files that `listed_in` names are not there."""
        windows = " (folders are written with `/`)" if "\\" in absent[0] else ""
        return ArgusError(
            f"{self.root}: {len(absent)} of the images that {listed_in} lists are not there: "
            f"{some(absent)}{windows}. Complete the download, or take them off the list"
        )

    def images(self, folder: str) -> Iterator[str]:
        """Paths of all images below a folder, in order; hidden files are left out.

        Raises:
            ArgusError: there is a symbolic link below it.
        """
        for name in self.entries(folder):
            path = f"{folder}/{name}" if folder else name
            if name.startswith("."):
                continue
            if self.kind(path) == "folder":
                yield from self.images(path)
            elif is_image(name):
                yield path

    def folders(self, *patterns: str) -> list[str]:
        """Folders of the first pattern that occurs, at the top and up to `UNPACKED` below it.

        So it does not matter whether each archive was unpacked into a folder of its own. If that
        was named as what it holds, the one inside counts.
        """
        for pattern in patterns:
            parts = pattern.split("/")
            depths = range(UNPACKED + 1)
            found = [path for depth in depths for path in self._matching("", ["*"] * depth + parts)]
            inner = [f for f in found if not any(other.startswith(f"{f}/") for other in found)]
            if inner:
                return inner
        return []

    def _matching(self, place: str, pattern: list[str]) -> Iterator[str]:
        if not pattern:
            yield place
            return
        for name, kind in self.entries(place).items():
            if kind not in ("folder", "link") or name.startswith("."):
                continue
            if kind == "link" and pattern[0] == "*":
                continue  # it may be anything; what the layout names must not be a link
            path = f"{place}/{name}" if place else name
            if fnmatchcase(name, pattern[0]) and self.kind(path) == "folder":
                yield from self._matching(path, pattern[1:])

    def item(
        self,
        name: str,
        label: str | None = None,
        sequence: str | None = None,
        captured_at: datetime | None = None,
    ) -> Item:
        """The item of a file of this folder, under its path in it."""
        path = self.inside(name)
        return Item(self.root / path, path, label, sequence, captured_at)

    def layout_error(self, name: str, looked_for: str) -> ArgusError:
        """The error that this folder is not laid out as a format is published."""
        found = some(list(self.entries())) or "nothing"
        return ArgusError(
            f"{self.root} is not laid out as {name}: looked for {looked_for}; found {found}. "
            "`argus formats` shows what each format expects"
        )


def _listed(folder: Path) -> dict[str, Kind]:
    try:
        with os.scandir(folder) as entries:
            named = sorted((e for e in entries if not is_leftover(e.name)), key=lambda e: e.name)
            return {entry.name: _kind(entry) for entry in named}
    except OSError as error:
        raise ArgusError(f"{folder} cannot be read: {error.strerror}") from None


def _kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "other"
