"""Clips from strangers: what lies, what is hostile, and what only looks strange."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import av
import numpy as np
import pytest
from PIL import Image

from argus.cli.intake.batch import Batch
from argus.cli.intake.clips import reader, timing
from argus.cli.intake.clips.importer import clip_importer
from argus.core.errors import ArgusError
from tests.cli import clip

TENTHS = [i / 10 for i in range(5)]
SMALL, LARGE = (64, 48), (1280, 960)
LIES = [
    ("a.mov", "mjpeg", "yuvj420p"),
    ("a.mov", "png", "rgb24"),
    ("a.mkv", "ffv1", "yuv420p"),
    ("a.mp4", "libx264", "yuv420p"),
    ("a.ts", "libx264", "yuv420p"),
    ("a.webm", "libvpx", "yuv420p"),
    ("a.avi", "mpeg4", "yuv420p"),
    ("a.mpg", "mpeg2video", "yuv420p"),
]


@pytest.fixture
def taken(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Batch]:
    """Take the frames of clips as `argus submit` does, but make no delivery of them."""
    return lambda path: clip_importer(path, 30, False)(tmp_path_factory.mktemp("scratch"))


def count(path: Path, max_pixels: int = 100_000) -> int:
    """How many frames a clip gives."""
    with reader.open_clip(path, max_pixels) as opened:
        return sum(1 for _ in opened.frames())


@pytest.mark.parametrize(("name", "codec", "pixels"), LIES)
def test_a_frame_is_no_larger_than_allowed_whatever_the_header_says(
    tmp_path: Path, name: str, codec: str, pixels: str
) -> None:
    path = clip.lying(tmp_path / name, codec, pixels, SMALL, LARGE)
    if codec != "ffv1":  # whose frames do not know their size
        with reader.open_clip(path, LARGE[0] * LARGE[1]) as opened:
            ((_, decoded),) = opened.frames()
        assert (decoded.frame.width, decoded.frame.height) == LARGE
    found: int | str
    try:
        found = count(path)
    except ArgusError as error:
        found = str(error)
    assert found == 0 or "more pixels than ingest.max_pixels" in str(found)


def test_frames_that_become_too_large_are_left_out_and_counted(tmp_path: Path) -> None:
    small = clip.write(tmp_path / "a.ts", TENTHS, "libx264")
    large = clip.write(tmp_path / "b.ts", [1 + t for t in TENTHS], "libx264", size=LARGE)
    path = tmp_path / "c.ts"
    path.write_bytes(small.read_bytes() + large.read_bytes() + small.read_bytes())
    with reader.open_clip(path, 100_000) as opened:
        sizes = [(decoded.frame.width, decoded.frame.height) for _, decoded in opened.frames()]
        assert set(sizes) == {SMALL}
        assert len(sizes) >= 8
        assert opened.damaged >= 5
    with reader.open_clip(path, 10**7) as opened:
        assert LARGE in {
            (decoded.frame.width, decoded.frame.height) for _, decoded in opened.frames()
        }


CHILD = """
import resource, sys
from pathlib import Path
from argus.cli.intake.clips import reader, timing
from argus.core.errors import ArgusError

held = int(next(l for l in open("/proc/self/status") if l.startswith("VmSize")).split()[1]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (held + 100 * 2**20, -1))
with reader.open_clip(Path(sys.argv[1]), 100_000_000) as opened:
    print(sum(1 for _ in opened.frames()), opened.damaged)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_room_is_made_for_a_frame_that_is_too_large(tmp_path: Path) -> None:
    path = clip.lying(tmp_path / "a.mov", "png", "gray", SMALL, (12_000, 12_000))
    assert path.stat().st_size < 10 * 2**20  # 144 megapixels
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["0", "1"], done.stderr


def test_a_clip_with_nothing_but_such_frames_is_told_so(
    workspace: Path, taken: Callable[..., Batch]
) -> None:
    params_file = Path("params.yaml")
    params_file.write_text(
        params_file.read_text().replace("max_pixels: 100000000", "max_pixels: 100000")
    )
    path = clip.lying(workspace / "a.mov", "mjpeg", "yuvj420p", SMALL, LARGE)
    with pytest.raises(ArgusError, match="all are broken or have more pixels than ingest"):
        taken(path)


def test_a_clip_is_read_as_a_file_and_never_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    clip.write(tmp_path / "other.mkv", TENTHS)
    for name in ("concat:other.mkv", "file:other.mkv", "subfile,,start,0,end,0,,:other.mkv"):
        clip.write(tmp_path / "one.mkv", [0]).rename(tmp_path / name)
        assert count(Path(name)) == 1


def test_a_clip_is_closed_when_it_has_been_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[IO[Any]] = []
    plain = Path.open

    def noted(path: Path, *arguments: Any) -> IO[Any]:
        files.append(plain(path, *arguments))
        return files[-1]

    path = clip.write(tmp_path / "a.mkv", TENTHS)
    (tmp_path / "b.mkv").write_bytes(b"no clip")
    monkeypatch.setattr(Path, "open", noted)
    assert count(path) == 5
    with pytest.raises(ArgusError):
        count(tmp_path / "b.mkv")
    assert len(files) >= 2
    assert all(file.closed for file in files)


def script(path: Path) -> None:
    path.write_text("ffconcat version 1.0\nfile other.mkv\n")


def animation(path: Path) -> None:
    pages = [Image.new("L", SMALL, grey) for grey in (10, 200)]
    pages[0].save(path, "GIF", save_all=True, append_images=pages[1:])


def still(path: Path) -> None:
    Image.new("L", SMALL).save(path, "PNG")


@pytest.mark.parametrize("make", [script, animation, still])
def test_what_ffmpeg_reads_besides_clips_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None]
) -> None:
    monkeypatch.chdir(tmp_path)
    clip.write(tmp_path / "other.mkv", TENTHS)
    make(tmp_path / "a.mp4")
    with pytest.raises(ArgusError, match="cannot be read as a clip"):
        count(tmp_path / "a.mp4")


def cover(container: Any) -> None:
    """Attach an image to a Matroska file, as players show it beside music."""
    container.add_attachment("cover.png", "image/png", png((1000, 1000)))


def png(size: tuple[int, int]) -> bytes:
    from io import BytesIO

    stream = BytesIO()
    Image.new("L", size).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("sound_alone", [False, True])
def test_a_cover_is_not_a_video_stream(tmp_path: Path, sound_alone: bool) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        cover(container)
        packets = clip.silence(container, 1)
        if not sound_alone:
            stream: Any = container.add_stream("mpeg4", rate=10)
            stream.width, stream.height, stream.pix_fmt = *SMALL, "yuv420p"
            for index in range(5):
                frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), "rgb24")
                frame.pts, frame.time_base = index, Fraction(1, 10)
                packets += stream.encode(frame)
            packets += stream.encode()
        for packet in packets:
            container.mux(packet)
    if sound_alone:
        with pytest.raises(ArgusError, match="has no video stream"):
            count(path)
    else:
        assert count(path) == 5


def test_of_two_cameras_in_one_clip_the_larger_comes_in_and_the_other_is_reported(
    tmp_path: Path, taken: Callable[..., Batch], capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        streams: list[Any] = [container.add_stream("mpeg4", rate=10) for _ in range(2)]
        packets = []
        for stream, side, length in zip(streams, (32, 64), (1, 5), strict=True):
            stream.width, stream.height, stream.pix_fmt = side, side, "yuv420p"
            for index in range(length):
                frame = av.VideoFrame.from_ndarray(np.zeros((side, side, 3), np.uint8), "rgb24")
                frame.pts, frame.time_base = index, Fraction(1, 10)
                packets += stream.encode(frame)
            packets += stream.encode()
        for packet in packets:
            container.mux(packet)
    assert len(taken(path).items) == 5
    assert f"{path}: has 1 more video streams, which are left out" in capfd.readouterr().err


def test_words_in_an_old_alphabet_do_no_harm(tmp_path: Path) -> None:
    path = clip.write(tmp_path / "a.avi", TENTHS, ticks=10)
    with av.open(str(path)) as old, av.open(str(tmp_path / "b.avi"), "w") as new:
        new.metadata["title"] = "STRASSE"
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    data = (tmp_path / "b.avi").read_bytes()
    assert data.count(b"STRASSE") == 1
    (tmp_path / "b.avi").write_bytes(data.replace(b"STRASSE", b"Stra\xdfe\xfc"))
    assert count(tmp_path / "b.avi") == 5


@pytest.mark.parametrize(
    "text", ["9999-12-31T23:59:59-10:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+10:00"]
)
def test_a_creation_time_beyond_all_calendars_is_not_known(text: str) -> None:
    assert timing.creation_time({"creation_time": text}) is None


def test_one_frame_is_a_clip_and_none_is_not(tmp_path: Path, taken: Callable[..., Batch]) -> None:
    assert len(taken(clip.write(tmp_path / "a.mp4", [0])).items) == 1
    with av.open(str(tmp_path / "b.mkv"), "w") as container:
        stream: Any = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = *SMALL, "yuv420p"
        container.start_encoding()
    with pytest.raises(ArgusError, match=r"b\.mkv"):
        taken(tmp_path / "b.mkv")


def test_a_frame_may_say_what_its_clip_does_not(tmp_path: Path) -> None:
    plain = clip.write(tmp_path / "a.ts", [i / 30 for i in range(60)], "libx264", 3000)
    late = [3 + i / 30 for i in range(6)]
    dynamic = clip.write(tmp_path / "b.ts", late, "libx264", 3000, transfer=18)
    path = tmp_path / "c.ts"
    path.write_bytes(plain.read_bytes() + dynamic.read_bytes())
    with reader.open_clip(path, 10**6) as opened, pytest.raises(ArgusError, match="HLG"):
        list(opened.frames())


def test_dolby_vision_without_a_compatible_base_layer_is_refused(tmp_path: Path) -> None:
    path = clip.write(tmp_path / "a.mp4", [0], "libx265")
    path.write_bytes(path.read_bytes().replace(b"hev1", b"dvh1"))
    with pytest.raises(ArgusError, match="Dolby Vision"), reader.open_clip(path, 10**6):
        pass
