"""What is taken for a clip, and what is not, whatever it is called."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from argus.cli.intake.clips.containers import (
    HEAD,
    ends_mid_box,
    ends_mid_packet,
    is_clip,
    starts_as_clip,
)
from argus.cli.intake.clips.importer import clip_importer
from argus.core.errors import ArgusError
from tests.cli import clip

Argus = Callable[..., tuple[int, str]]
TENTHS = [i / 10 for i in range(20)]
THIRTIETHS = [i / 30 for i in range(40)]
RECORDINGS = [  # name, container and its options
    ("a.ts", "mpegts", {}),
    ("a.MTS", "mpegts", {}),
    ("a.m2ts", "mpegts", {"mpegts_m2ts_mode": "1"}),
    ("a.MP4", "mp4", {}),
    ("a.m4v", "mp4", {}),
    ("a.mov", "mov", {}),
    ("a.3gp", "3gp", {}),
    ("a.mkv", "matroska", {}),
    ("a.webm", "webm", {}),
    ("a.avi", "avi", {}),
    ("a.mpg", "mpeg", {}),
    ("a.wmv", "asf", {}),
    ("a.flv", "flv", {}),
    ("without ending", "mpegts", {}),
]
CODECS = {"mpeg": "mpeg2video", "flv": "flv1", "asf": "msmpeg4", "webm": "libvpx"}


def record(path: Path, form: str, options: dict[str, str]) -> int:
    """Write a clip in a container of that form; returns how many frames are in it."""
    times = THIRTIETHS if form == "mpeg" else TENTHS  # MPEG-2 knows no tenths
    ticks = {"mpeg": 30, "avi": 10}.get(form, 1000)
    clip.write(path, times, CODECS.get(form), ticks, form=form, options=options)
    return len(times)


@pytest.mark.parametrize(("name", "form", "options"), RECORDINGS)
def test_a_clip_is_known_by_its_bytes_and_taken_whatever_it_is_called(
    workspace: Path, tmp_path: Path, name: str, form: str, options: dict[str, str]
) -> None:
    path = tmp_path / "in" / name
    count = record(path, form, options)
    assert starts_as_clip(path.read_bytes()[:HEAD])
    assert not ends_mid_packet(path)
    assert is_clip(path.rename(tmp_path / "a.jpg"))
    (tmp_path / "a.jpg").rename(path)
    assert len(clip_importer(path, 30, False)(tmp_path).items) == count


def heif(path: Path) -> None:
    path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(2000))


def tar(path: Path) -> None:
    (path.parent / "wildmoov.jpg").write_bytes(b"image")
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        archive.add(path.parent / "wildmoov.jpg", "wildmoov.jpg")


def grey(path: Path) -> None:
    Image.new("RGB", (640, 480), (0x47, 0x47, 0x47)).save(path)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.ts", lambda path: path.write_text("Go: export const stride = 188;\n" * 90)),
        ("a.ts", lambda path: path.write_text("Go\n" * 90, encoding="utf-16")),
        ("a.heic", heif),
        ("b.heic", lambda path: path.write_bytes(b"\0\0\0\x18ftyphevx" + bytes(2000))),
        ("a.tar", tar),
        ("a.bmp", grey),  # every byte of its image is the sync byte of transport streams
        ("a.gif", grey),
        ("a.tif", grey),
        ("a.png", grey),
        ("a.webp", grey),
        ("a.jpg", grey),
        ("a", lambda path: path.write_bytes(b"")),
    ],
)
def test_images_archives_and_text_are_no_clips(
    workspace: Path, tmp_path: Path, name: str, make: Callable[[Path], object]
) -> None:
    make(tmp_path / name)
    assert not is_clip(tmp_path / name)
    with pytest.raises(ArgusError, match="is not a clip, and --fps takes nothing else"):
        clip_importer(tmp_path / name, 1, False)(tmp_path)


@pytest.mark.parametrize("start", [1, 100, 187])
def test_a_recording_that_begins_within_a_packet_is_a_clip_by_its_name(
    tmp_path: Path, start: int
) -> None:
    path = clip.write(tmp_path / "a.ts", TENTHS)
    path.write_bytes(path.read_bytes()[start:])
    assert is_clip(path)


@pytest.mark.parametrize("name", ["a.ts", "a.WEBM", "a.m4v", "a.3gp", "a.mts", "a.mpg", "a.jpg"])
def test_a_clip_never_comes_in_as_an_image(
    repo: Path, argus: Argus, upload: Path, name: str
) -> None:
    (upload / "index.csv").write_text(f"path\nday/drive1/a.jpg\n{name}\n")
    form = {".WEBM": "webm", ".mpg": "mpeg", ".jpg": "mp4"}.get(Path(name).suffix)
    record(upload / name, form or "mpegts", {})
    for arguments in (["--format", "csv"], ["--shard", "--format", "csv"], []):
        if not arguments:
            (upload / "index.csv").unlink()
        status, printed = argus("submit", upload, "--source", "cam", *arguments)
        assert status == 1
        assert f"{upload / name} is a clip: take its frames in with" in printed
        assert "copying" not in printed
        assert not list(Path("data/raw").glob("*/"))


def box(name: bytes, content: int, size: int | None = None) -> bytes:
    """A box of MP4 with so many bytes in it, whose size is told otherwise if given."""
    return (content + 8 if size is None else size).to_bytes(4, "big") + name + bytes(content)


LONG = (1).to_bytes(4, "big") + b"mdat" + (16 + 100).to_bytes(8, "big") + bytes(100)


@pytest.mark.parametrize(
    ("data", "short"),
    [
        (box(b"ftyp", 16) + box(b"mdat", 100), False),
        ((box(b"ftyp", 16) + box(b"mdat", 100))[:-1], True),
        (box(b"ftyp", 16) + LONG, False),  # a size of 64 bits
        (box(b"ftyp", 16) + LONG[:-1], True),
        (box(b"ftyp", 16) + LONG + box(b"moof", 8)[:-1], True),
        (box(b"ftyp", 16) + box(b"mdat", 100, size=0), False),  # to the end, wherever that is
        (box(b"ftyp", 16) + box(b"mdat", 100, size=4), True),  # not even its own head
        (box(b"ftyp", 16) + b"\0\1", True),
        (box(b"ftyp", 16) + bytes(4), False),  # filled up
    ],
)
def test_an_mp4_file_ends_with_its_last_box(tmp_path: Path, data: bytes, short: bool) -> None:
    (tmp_path / "a.mp4").write_bytes(data)
    assert ends_mid_box(tmp_path / "a.mp4") == short
