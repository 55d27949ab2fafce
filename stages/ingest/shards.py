"""`.tar` shards in the WebDataset layout, read in place: nothing is unpacked.

An image and what is known about it stand side by side under one key: `day/0001.jpg` and
`day/0001.json`. The key of a member is its name up to the first dot of the last part.
"""

from __future__ import annotations

import json
import tarfile
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from stages.common.errors import ArgusError

SUFFIX = ".tar"
ABOUT = ".json"


class Member(NamedTuple):
    """An image in a shard: its name, where its bytes lie, and what its `.json` member says."""

    name: str
    offset: int
    size: int
    about: dict[str, Any]


def key_of(name: str) -> str:
    """What the files of one sample share: the name up to the first dot after the last `/`."""
    path = PurePosixPath(name)
    return (path.parent / path.name.split(".")[0]).as_posix()


def members(shard: Path) -> list[Member]:
    """The images of a shard (every file in it but `.json`), in the order of the shard.

    Raises:
        ArgusError: it is no uncompressed tar file, ends early, holds a link, a device or a name
            that leads out of it, a name twice, or a `.json` member that is no JSON object.
    """
    images: list[tuple[str, int, int]] = []
    about: dict[str, dict[str, Any]] = {}
    names: set[str] = set()
    try:
        with tarfile.open(shard, "r:") as tar:
            while (member := tar.next()) is not None:
                tar.members.clear()  # type: ignore[attr-defined] # it would keep all it has seen
                if member.isdir():
                    continue
                require_plain(shard, member)
                if member.name in names:
                    raise ArgusError(f"{shard} holds {member.name} twice")
                names.add(member.name)
                if member.name.endswith(ABOUT):
                    about[key_of(member.name)] = _about(shard, tar, member)
                else:
                    images.append((member.name, member.offset_data, member.size))
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ArgusError(f"{shard} cannot be read as an uncompressed tar file: {error}") from None
    return [
        Member(name, offset, size, about.get(key_of(name), {})) for name, offset, size in images
    ]


def require_plain(shard: Path, member: tarfile.TarInfo) -> None:
    """Raises:
    ArgusError: the member is not a plain file with a name inside the shard.
    """
    path = PurePosixPath(member.name)
    if not member.isreg() or member.issparse():
        raise ArgusError(
            f"{shard}: {member.name} is a link, a device or a sparse file: take it out"
        )
    if path.is_absolute() or ".." in path.parts:
        raise ArgusError(f"{shard}: {member.name} leads out of the shard: take it out")


def _about(shard: Path, tar: tarfile.TarFile, member: tarfile.TarInfo) -> dict[str, Any]:
    """Label, sequence and capture time as a `.json` member tells them; other keys are not read."""
    stream = tar.extractfile(member)
    assert stream is not None
    try:
        found = json.load(stream)
        time = _text(found.get("captured_at"))
        captured_at = None if time is None else datetime.fromisoformat(time)
        if captured_at and captured_at.tzinfo:
            raise ValueError(f"{time} has a zone, but the camera's clock is meant")
        label, sequence = _text(found.get("label")), _text(found.get("sequence"))
        return {"label": label, "sequence": sequence, "captured_at": captured_at}
    except (ValueError, TypeError, AttributeError) as error:
        raise ArgusError(
            f"{shard}: {member.name} must be a JSON object with label and sequence as text and "
            f"captured_at as an ISO 8601 time, each of them null or absent if unknown: {error}"
        ) from None


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"{value!r} is no text")
