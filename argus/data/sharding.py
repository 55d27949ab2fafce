"""Images and what is known of them written into `.tar` shards, as `argus/data/shards.py` reads
them."""

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
from typing import IO, NamedTuple

from argus.core.errors import ArgusError
from argus.data.archives import TAR
from argus.data.shards import ABOUT, key_of

LIMIT = 512 << 20  # bytes of a shard that we write; a larger image has one to itself
READ_ONLY = 0o444
FORMAT = tarfile.PAX_FORMAT  # names in any script, of any length


class Sample(NamedTuple):
    """An image to put into a shard: its file, its name there, and what is known about it."""

    file: Path
    name: str
    label: str | None
    sequence: str | None
    captured_at: datetime | None


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


def _written(sample: Sample) -> bytes:
    """The `.json` member of an image."""
    time = sample.captured_at
    about = {
        "label": sample.label,
        "sequence": sample.sequence,
        "captured_at": None if time is None else time.isoformat(),
    }
    return json.dumps(about, ensure_ascii=False).encode()
