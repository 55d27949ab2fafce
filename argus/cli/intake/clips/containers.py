"""Which files are clips, recognised by their first bytes, and by name where those say nothing.

Names alone do not tell: `.ts` is a transport stream or TypeScript, and a recorder may leave the
ending out. Bytes alone do not either: a recording that was broken off may begin with nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from argus.cli.intake.batch import Item
from argus.core.errors import ArgusError
from argus.data.images.header import BRANDS

READ = "mov,mp4,m4a,3gp,3g2,mj2,avi,matroska,webm,mpegts,mpeg,asf,flv,ogg"
"""FFmpeg's names of the containers that we read: none of them names another file or address."""

SHOWN = "MP4, MOV, 3GP, MKV, WebM, AVI, MPEG-TS (.ts, .mts, .m2ts), MPEG-PS, WMV, FLV and Ogg"
"""The same for people."""

ENDINGS = frozenset(
    {".mp4", ".m4v", ".mov", ".qt", ".3gp", ".3g2", ".f4v", ".lrv", ".insv"}
    | {".mkv", ".webm", ".avi", ".divx", ".wmv", ".asf", ".flv", ".ogv", ".mxf", ".dv"}
    | {".mts", ".m2ts", ".m2t", ".mpg", ".mpeg", ".mpe", ".m2v", ".vob"}
    | {".h264", ".264", ".h265", ".265", ".hevc"}
)
"""Endings, in lower case, of files that are clips whatever they begin with."""

STREAMED = frozenset({".ts", ".tp", ".trp", ".tod"})
"""Endings of transport streams that others use for text."""

STILL = BRANDS | {b"jp2 ", b"jpx ", b"M4A ", b"M4B ", b"M4P "}
"""Brands of ISO media files that are not clips: still images, and sound."""

ATOMS = frozenset({b"moov", b"mdat", b"wide", b"pnot", b"styp", b"moof", b"sidx"})
"""What a QuickTime film without `ftyp` and a fragment of MP4 begin with."""

MAGIC = re.compile(
    rb"\x1a\x45\xdf\xa3"  # EBML: Matroska, WebM
    rb"|RIFF....AVI "
    rb"|\x00\x00\x01[\xba\xb3]"  # MPEG: program stream, video
    rb"|\x00\x00\x00\x01[\x67\x27\x09\x40\x46]"  # H.264 and H.265, bare
    rb"|\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"  # ASF: WMV
    rb"|FLV\x01"
    rb"|OggS.{24}(?:\x80theora|OVP80)"
    rb"|\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02",  # MXF
    re.DOTALL,
)
TEXT = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")  # byte order marks
SYNC, STRIDES = b"\x47", (188, 192, 204)  # of a transport stream: bare, with times, with parity
PACKETS = 5  # that must begin with SYNC; a GIF begins with it too
HEAD = max(STRIDES) * PACKETS  # bytes


def is_clip(path: Path) -> bool:
    """Whether a file is a clip, by its first bytes, or a broken one, by its name."""
    ending = path.suffix.lower()
    if ending in ENDINGS:
        return True
    head = _head(path)
    binary = b"\0" in head and not head.startswith(TEXT)
    return starts_as_clip(head) or (ending in STREAMED and binary)


def starts_as_clip(head: bytes) -> bool:
    """Whether the first `HEAD` bytes of a file are those of a clip."""
    if not head[:4].isalnum():  # that is the size of an atom, and not the beginning of a word
        if head[4:8] == b"ftyp":
            return head[8:12] not in STILL
        if head[4:8] in ATOMS:
            return True
    return bool(MAGIC.match(head)) or _stride(head) is not None


def require_no_clip(items: Sequence[Item]) -> None:
    """Raises:
    ArgusError: there is a clip among images, whichever way they come in.
    """
    clips = [item.file for item in items if is_clip(item.file)]
    if clips:
        raise ArgusError(
            f"{clips[0]} is a clip: take its frames in with `--fps N`, which is for clips alone, "
            "so submit clips and images one after the other "
            f"({len(clips)} of {len(items)} are clips)"
        )


def ends_mid_packet(path: Path) -> bool:
    """Whether a transport stream ends within a packet, so that its last frame is not whole."""
    stride = _stride(_head(path))
    return stride is not None and path.stat().st_size % stride != 0


def ends_mid_box(path: Path) -> bool:
    """Whether an MP4 or MOV file ends within one of its boxes (ISO/IEC 14496-12, 4.2)."""
    at, end = 0, path.stat().st_size
    with path.open("rb") as stream:
        while at < end:
            stream.seek(at)
            head = stream.read(16)
            if len(head) < 8:  # of a box, or zeros to fill up
                return any(head)
            size = int.from_bytes(head[:4], "big")
            if size == 1:  # the size stands behind the name
                size = int.from_bytes(head[8:], "big")
            if size == 0:  # to the end
                return False
            if size < 8:
                return True
            at += size
    return at > end


def _stride(head: bytes) -> int | None:
    """How far apart the packets of a transport stream are, in bytes; None if it is none."""
    for stride in STRIDES:
        if any(head[start::stride][:PACKETS] == SYNC * PACKETS for start in (0, 4)):
            return stride
    return None


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD)
    except OSError:  # whoever copies it will say so
        return b""
