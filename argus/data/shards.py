"""`.tar` shards in the WebDataset layout, written and read: in place, nothing is unpacked.

An image and what is known about it stand side by side under one key: `day/0001.jpg` and
`day/0001.json`. The key of a member is its name up to the first dot of the last part.

The layout: https://github.com/webdataset/webdataset, "The WebDataset Format".
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple

from argus.core.errors import ArgusError
from argus.data import names
from argus.data.archives import (
    BEGIN,
    MAKE_ANEW,
    TAR,
    TAR_ERRORS,
    kind_of,
    packed,
    require_end,
    require_plain,
)

ABOUT = ".json"
LIMIT = 512 << 20  # bytes of a shard that we write; a larger image has one to itself
READ_ONLY = 0o444
FORMAT = tarfile.PAX_FORMAT  # names in any script, of any length
UNPACK = "unpack it and submit the folder, or make it a plain .tar first (`gzip -d` and the like)"


class Member(NamedTuple):
    """An image in a shard: its name in its normal spelling (`names.normal`), where its bytes lie,
    and what its `.json` member says."""

    name: str
    offset: int
    size: int
    about: dict[str, Any]


class Sample(NamedTuple):
    """An image to put into a shard: its file, its name there, and what is known about it."""

    file: Path
    name: str
    label: str | None
    sequence: str | None
    captured_at: datetime | None


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
    except TAR_ERRORS as error:
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


def _written(sample: Sample) -> bytes:
    """The `.json` member of an image."""
    time = sample.captured_at
    about = {
        "label": sample.label,
        "sequence": sample.sequence,
        "captured_at": None if time is None else time.isoformat(),
    }
    return json.dumps(about, ensure_ascii=False).encode()


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


def named(samples: Iterable[Sample]) -> list[Sample]:
    """The samples in order of their names, each with a key of its own.

    Where names differ only behind the first dot (`1.jpg` and `1.png`; `a.0.1.jpg` and `a.0.2.jpg`),
    all dots but one are written `%2E`.

    Raises:
        ArgusError: a name would be read as what is known of an image, or as a shard; or two names
            cannot be told apart.
    """
    samples = sorted(samples, key=lambda sample: sample.name)
    shared = Counter(key_of(sample.name) for sample in samples)
    found, keys = [], set()
    for sample in samples:
        if sample.name.lower().endswith((ABOUT, TAR)):
            raise ArgusError(
                f"{sample.file} would mean something else inside a shard: take it out, or submit "
                "without `--shard`"
            )
        if shared[key_of(sample.name)] > 1:
            path = PurePosixPath(sample.name)
            name = path.with_name(path.name.replace(".", "%2E") + path.suffix).as_posix()
            sample = sample._replace(name=name)
        if key_of(sample.name) in keys:
            raise ArgusError(f"{sample.file} cannot be told apart from another file: rename it")
        keys.add(key_of(sample.name))
        found.append(sample)
    return found


def write(folder: Path, samples: Iterable[Sample], limit: int = LIMIT) -> None:
    """Write `00000.tar`, `00001.tar` and so on; equal samples give equal bytes.

    Args:
        folder: where to; it is there.
        samples: as `named` gives them.
        limit: bytes at which a shard is full.

    Raises:
        ArgusError: a file cannot be read, or a shard cannot be written.
    """
    tar, number = None, 0
    with ExitStack() as shard:
        for sample in samples:
            about = _written(sample)
            try:
                with sample.file.open("rb") as stream:
                    size = os.fstat(stream.fileno()).st_size
                    if tar is None or tar.offset + size > limit:
                        shard.close()
                        path = folder / f"{number:05d}{TAR}"
                        tar = shard.enter_context(tarfile.open(path, "x", format=FORMAT))
                        path.chmod(READ_ONLY)
                        number += 1
                    _add(tar, sample.name, size, stream)
                _add(tar, key_of(sample.name) + ABOUT, len(about), io.BytesIO(about))
            except OSError as error:
                raise ArgusError(f"{sample.file} cannot be put into a shard: {error}") from None


def _add(tar: tarfile.TarFile, name: str, size: int, content: IO[bytes]) -> None:
    about = tarfile.TarInfo(name)  # of nobody, in 1970
    about.size, about.mode = size, READ_ONLY
    tar.addfile(about, content)
