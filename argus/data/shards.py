"""`.tar` shards in the WebDataset layout, read in place: nothing is unpacked.

An image and what is known about it stand side by side under one key: `day/0001.jpg` and
`day/0001.json`. The key of a member is its name up to the first dot of the last part.

The layout: https://github.com/webdataset/webdataset, "The WebDataset Format".
"""

from __future__ import annotations

import json
import tarfile
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple

from argus.core.errors import ArgusError, printable
from argus.data import names
from argus.data.archives import BEGIN, kind_of, packed

ABOUT = ".json"
BLOCK = tarfile.BLOCKSIZE
MARKER = 2 * BLOCK  # bytes of zeros that end a tar file; any number more may follow
CHUNK = 1 << 20  # bytes read at a time of what should be zeros
UNREADABLE = (
    tarfile.TarError,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    RecursionError,
    MemoryError,
)
"""What `tarfile` raises on damaged bytes."""
UNPACK = "unpack it and submit the folder, or make it a plain .tar first (`gzip -d` and the like)"
MAKE_ANEW = "Make it anew with `tar -cf`, or take it out"


class Member(NamedTuple):
    """An image in a shard: its name in its normal spelling (`names.normal`), where its bytes lie,
    and what its `.json` member says."""

    name: str
    offset: int
    size: int
    about: dict[str, Any]


class Contents(NamedTuple):
    """What is in a shard.

    `images`: every file but `.json`, in order, archives among them. `packed`: the kinds of these
    archives, which nobody looks into, by name. `left_out`: how many files of a desktop's own there
    are. `alone`: the names of `.json` members that have no image beside them.
    """

    images: list[Member]
    packed: dict[str, str]
    left_out: int
    alone: list[str]


def key_of(name: str) -> str:
    """What the files of one sample share: the name up to the first dot after the last `/`."""
    path = PurePosixPath(name)
    return (path.parent / path.name.split(".")[0]).as_posix()


def members(shard: Path) -> list[Member]:
    """The images of a shard (every file in it but `.json`), in the order of the shard.

    Raises:
        ArgusError: as `contents` does.
    """
    return contents(shard).images


def contents(shard: Path) -> Contents:
    """Read a shard's headers, from the first to the mark at its end.

    Raises:
        ArgusError: it is no uncompressed tar file, is damaged, ends before its end marker or goes
            on after it; it holds a link, a device or a name that leads out of it or is no UTF-8, a
            name twice, or a `.json` member that is no JSON object.
    """
    try:
        kind = packed(shard)
        if kind is not None:
            raise ArgusError(f"{shard} is no plain tar file but {kind}: {UNPACK}")
        with tarfile.open(shard, "r:") as tar:
            found = _read(shard, tar)
            require_end(shard, tar.fileobj, tar.offset)  # type: ignore[arg-type]
            return found
    except UNREADABLE as error:
        raise ArgusError(
            f"{shard} cannot be read as an uncompressed tar file: {error}. {MAKE_ANEW}"
        ) from None


def _read(shard: Path, tar: tarfile.TarFile) -> Contents:
    images: list[tuple[str, int, int]] = []
    about: dict[str, dict[str, Any]] = {}
    tellers: dict[str, str] = {}  # `.json` members by their key
    closed: dict[str, str] = {}
    seen: dict[str, str] = {}  # names as they are written, by their normal spelling
    left_out = 0
    while (member := tar.next()) is not None:
        tar.members.clear()  # type: ignore[attr-defined] # it would keep all it has seen
        if member.isdir():
            continue
        name = names.normal(member.name)
        if names.is_leftover(name):
            left_out += 1
            continue
        require_plain(shard, member)
        if name in seen:
            raise ArgusError(f"{shard} holds {_both(seen[name], member.name)}")
        seen[name] = member.name
        if name.lower().endswith(ABOUT):
            key, told = key_of(name), _about(shard, tar, member)
            first = name == key + ABOUT  # the one that the layout means; others add to it
            before = about.get(key, {})
            about[key] = _joined(told, before) if first else _joined(before, told)
            tellers.setdefault(key, name)
        else:
            images.append((name, member.offset_data, member.size))
            kind = None if names.is_image(name) else kind_of(name, _begin(tar, member))
            if kind is not None:
                closed[name] = kind
    keys = {key_of(name) for name, _, _ in images}
    return Contents(
        [Member(name, at, size, about.get(key_of(name), {})) for name, at, size in images],
        closed,
        left_out,
        [name for key, name in tellers.items() if key not in keys],
    )


def _begin(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(member)
    assert stream is not None
    return stream.read(BEGIN)


def _joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """What is known by either, and by `first` where both know it."""
    return second | {fact: value for fact, value in first.items() if value is not None}


def _both(first: str, second: str) -> str:
    if first == second:
        return f"{first} twice"
    return f"{first} and {second}, which are one name: rename one of them"


def require_plain(shard: Path, member: tarfile.TarInfo) -> None:
    """Raises:
    ArgusError: the member is not a plain file with a name inside the shard.
    """
    path = PurePosixPath(member.name)
    if not member.isreg() or member.issparse():
        raise ArgusError(
            f"{shard}: {member.name} is a link, a device, a sparse file or the like: take it out"
        )
    if path.is_absolute() or ".." in path.parts or not names.normal(member.name):
        raise ArgusError(f"{shard}: {member.name} leads out of the shard: take it out")
    if not names.is_text(member.name):
        raise ArgusError(
            f"{shard}: the name {printable(member.name)} is not UTF-8: rename the file and make "
            "the shard anew"
        )
    if member.size < 0:
        raise ArgusError(f"{shard}: {member.name} is {member.size} bytes long. {MAKE_ANEW}")


def require_end(shard: Path, stream: IO[bytes], after: int) -> None:
    """Raises:
    ArgusError: `after` the last member, a byte of the file, there is anything but the end marker
        and zeros: a header that does not hold, a second archive, or nothing at all.
    """
    stream.seek(after)
    zeros = 0
    while chunk := stream.read(CHUNK):
        rest = chunk.lstrip(b"\0")
        zeros += len(chunk) - len(rest)
        if rest:
            break
    else:
        if zeros < MARKER:
            raise ArgusError(
                f"{shard} ends without the end marker of a tar file: it was cut off. {MAKE_ANEW}"
            )
        return
    if zeros < BLOCK:
        raise ArgusError(
            f"{shard} is damaged: at byte {after} stands neither a member nor the end. {MAKE_ANEW}"
        )
    raise ArgusError(
        f"{shard} goes on at byte {after + zeros}, after its end at byte {after}, and nothing from "
        "there on would be read: archives that were joined with `cat`? Submit each on its own, or "
        "join them with `tar --concatenate`"
    )


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
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ArgusError(
            f"{shard}: {member.name} must be a JSON object with label and sequence as text and "
            f"captured_at as an ISO 8601 time, each of them null or absent if unknown: {error}"
        ) from None


def _text(value: object) -> str | None:
    if value is None or (isinstance(value, str) and names.is_text(value)):
        return value
    raise TypeError(f"{value!a} is no text")
