"""`.tar` shards in the WebDataset layout, read in place: nothing is unpacked.

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

from stages.common.errors import ArgusError

SUFFIX = ".tar"
ABOUT = ".json"
LIMIT = 512 << 20  # bytes of a shard that we write; a larger image has one to itself
READ_ONLY = 0o444
FORMAT = tarfile.PAX_FORMAT  # names in any script, of any length


class Member(NamedTuple):
    """An image in a shard: its name, where its bytes lie, and what its `.json` member says."""

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
        if sample.name.endswith((ABOUT, SUFFIX)):
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
                        path = folder / f"{number:05d}{SUFFIX}"
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
    except (ValueError, TypeError, AttributeError) as error:
        raise ArgusError(
            f"{shard}: {member.name} must be a JSON object with label and sequence as text and "
            f"captured_at as an ISO 8601 time, each of them null or absent if unknown: {error}"
        ) from None


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"{value!r} is no text")
