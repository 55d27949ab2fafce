"""Archives: how they are recognised, as no image in them may go unseen; what a sound tar is."""

from __future__ import annotations

import tarfile
from pathlib import Path, PurePosixPath
from typing import IO

from argus.core.errors import ArgusError, printable
from argus.data import names

TAR = ".tar"
USTAR = slice(257, 262)  # where every tar file since 1988 says what it is
BEGIN = 262  # bytes of a file that tell what it is

PACKED = {
    b"\x1f\x8b": "gzip",
    b"\x1f\x9d": "compress",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
    b"LZIP": "lzip",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"PK\x07\x08": "zip",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "rar",
    b"MSCF\0\0\0\0": "cab",
    b"xar!": "xar",
    b"!<arch>\n": "ar",
    **dict.fromkeys((b"070701", b"070702", b"070707"), "cpio"),
    b"\x89LZO\0": "lzop",
}
"""What compressed files begin with."""

ENDINGS = {
    TAR: "tar",
    **dict.fromkeys((".gz", ".tgz", ".taz"), "gzip"),
    **dict.fromkeys((".bz2", ".tbz", ".tbz2", ".tb2"), "bzip2"),
    **dict.fromkeys((".xz", ".txz"), "xz"),
    **dict.fromkeys((".zst", ".tzst", ".zstd"), "zstd"),
    **dict.fromkeys((".lzma", ".tlz"), "lzma"),
    **{".br": "brotli", ".lzo": "lzop", ".cpio": "cpio", ".cab": "cab", ".iso": "iso"},
    **{".z": "compress", ".lz4": "lz4", ".lz": "lzip", ".zip": "zip", ".7z": "7z", ".rar": "rar"},
}
"""What their names end with, in lower case."""

BLOCK = tarfile.BLOCKSIZE
MARKER = 2 * BLOCK  # bytes of zeros that end a tar file; any number more may follow
CHUNK = 1 << 20  # bytes read at a time of what should be zeros
TAR_ERRORS = (
    tarfile.TarError,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    RecursionError,
    MemoryError,
)
"""What `tarfile` raises on damaged bytes."""
MAKE_ANEW = "Make it anew with `tar -cf`, or take it out"


def is_shard(name: str) -> bool:
    """Whether a file's name is that of a tar file."""
    return name.lower().endswith(TAR)


def packed(path: Path) -> str | None:
    """How a file is packed, so that what is in it cannot be read in place; None if it is not.

    `tar` is one whose name does not say so. A tar file that says so is not packed.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as stream:
        kind = kind_of(path.name, stream.read(BEGIN))
    return None if kind == "tar" and is_shard(path.name) else kind


def kind_of(name: str, begin: bytes) -> str | None:
    """What kind of archive a file is by its first `BEGIN` bytes, or else by its name; None if it
    is none."""
    if begin[USTAR] == b"ustar":  # first: a tar file begins with the name of what is in it
        return "tar"
    found = next((kind for magic, kind in PACKED.items() if begin.startswith(magic)), None)
    return found or ENDINGS.get(PurePosixPath(name).suffix.lower())


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
        and zeros: a broken header, a second archive, or nothing at all.
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
