"""Which parts of a foreign commit DVC keeps outside of Git, as its metafiles say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from posixpath import normpath

import yaml

from argus.cli.intake.fetch.git_commit import GitCommit, TreeEntry
from argus.core.errors import ArgusError

LOCK, ENDING = "dvc.lock", ".dvc"
LONGEST = 16 << 20  # bytes of a metafile that are read


def outputs_outside_git(
    repository: GitCommit, entries: Sequence[TreeEntry], path: str
) -> list[str]:
    """Outputs of DVC in or around a folder that are not in the commit themselves.

    Args:
        repository: the commit.
        entries: of the whole commit.
        path: of the folder, from the top (`.`: all of it).

    Raises:
        ArgusError: a metafile cannot be read, so there is no telling.
    """
    present = {parent for e in entries for parent in (e.path, *_parents(e.path))}
    found: set[str] = set()
    for entry in entries:
        name = PurePosixPath(entry.path).name
        if name == LOCK or (name.endswith(ENDING) and name != ENDING):
            found |= {out for out in _outs(repository, entry) if _touches(out, path)}
    return sorted(found - present)


def _outs(repository: GitCommit, entry: TreeEntry) -> Iterator[str]:
    """Paths, from the top, of what a metafile says that DVC keeps."""
    try:
        if entry.size > LONGEST:
            raise ValueError("too long")
        content = yaml.safe_load(repository.read(entry))
        parts = (content.get("stages") or {}).values() if entry.path.endswith(LOCK) else [content]
        folder = PurePosixPath(entry.path).parent
        for part in parts:
            for out in part.get("outs") or []:
                if out.get("cache") is not False:
                    yield normpath(folder / str(part.get("wdir") or ".") / out["path"])
    except (yaml.YAMLError, ValueError, AttributeError, KeyError, TypeError, RecursionError):
        raise ArgusError(
            f"{entry.path!r} of the fetched commit is not a DVC file that can be read, so what it "
            "keeps outside of Git is not known"
        ) from None


def _touches(out: str, path: str) -> bool:
    return path == "." or f"{out}/".startswith(f"{path}/") or f"{path}/".startswith(f"{out}/")


def _parents(path: str) -> Iterator[str]:
    for end, character in enumerate(path):
        if character == "/":
            yield path[:end]
