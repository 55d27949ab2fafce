"""The frames of a clip: which ones, when they were taken, and what becomes of a broken clip."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from argus.cli.intake.batch import Batch
from argus.cli.intake.clips import frame_image, timing
from argus.cli.intake.clips.importer import clip_importer
from argus.core.errors import ArgusError
from argus.data import manifests
from tests.cli import clip

Argus = Callable[..., tuple[int, str]]
THIRTY = [i / 30 for i in range(30)]


@pytest.fixture
def taken(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Batch]:
    """Take the frames of clips as `argus submit` does, but make no delivery of them."""

    def take(path: Path, fps: float, labelled: bool = False) -> Batch:
        return clip_importer(path, fps, labelled)(tmp_path_factory.mktemp("scratch"))

    return take


def chosen(batch: Batch) -> list[tuple[float, int]]:
    """Time (s) and number of each frame that was taken."""
    return [(int(Path(i.path).stem) / 1e6, clip.number(i.file)) for i in batch.items]


# in thousandths of a second, where integers are quick to draw and fractions are not; ascending by
# the gaps between them, so that nothing drawn is thrown away
stamps = st.lists(st.integers(1, 1000), min_size=1, max_size=40).map(
    lambda gaps: list(itertools.accumulate(gaps))
)
rates = st.builds(Fraction, st.integers(100, 60_000), st.sampled_from([1000, 1001]))


@given(stamps, rates)
def test_a_tick_gets_the_nearest_of_the_frames_that_are_nearest_to_it(
    milliseconds: list[int], fps: Fraction
) -> None:
    times = [Fraction(stamp, 1000) for stamp in milliseconds]
    found = list(timing.sample_frames(((time, time) for time in times), fps))
    by_tick: dict[int, list[Fraction]] = {}
    for time in times:
        by_tick.setdefault(math.floor(time * fps + Fraction(1, 2)), []).append(time)
    best = [min(group, key=lambda t: abs(t - tick / fps)) for tick, group in by_tick.items()]
    assert [time for time, _ in found] == best
    assert all(time == frame for time, frame in found)


@given(st.lists(st.none() | st.integers(0, 50), max_size=30), st.integers(1, 5))
def test_time_goes_forward_without_leaps_and_good_stamps_are_kept(
    stamps: list[int | None], length: int
) -> None:
    leap = 20
    now: int | None = None
    reported = []
    for stamp in stamps:
        now = timing.increasing(stamp, now, length, leap)
        reported.append(now)
    assert all(a < b <= a + leap for a, b in itertools.pairwise(reported))
    given = [stamp for stamp in stamps if stamp is not None]
    if given == stamps and all(a < b <= a + leap for a, b in itertools.pairwise(given)):
        assert reported == stamps


def test_frames_are_taken_by_time_not_by_number(
    tmp_path: Path, taken: Callable[..., Batch]
) -> None:
    steady = clip.write(tmp_path / "steady.mp4", THIRTY)
    tenths = [(i / 10, 3 * i) for i in range(10)]
    assert chosen(taken(steady, 10)) == [*tenths, (0.967, 29)]  # nearest to a whole second
    uneven = clip.write(tmp_path / "uneven.mkv", [0, 0.1, 0.2, 0.9, 1.05, 3.0, 3.1])
    assert chosen(taken(uneven, 1)) == [(0, 0), (1.05, 4), (3.0, 5)]


@pytest.mark.parametrize("fps", [30, 240, 29.97])
def test_no_frame_is_taken_twice(tmp_path: Path, taken: Callable[..., Batch], fps: float) -> None:
    path = clip.write(tmp_path / "steady.mkv", THIRTY)  # its clock has milliseconds
    assert [number for _, number in chosen(taken(path, fps))] == list(range(30))


def test_frames_that_are_stored_out_of_order_come_in_order(
    tmp_path: Path, taken: Callable[..., Batch]
) -> None:
    for name in ("steady.avi", "steady.mp4", "steady.mkv"):
        ticks = 30 if name.endswith("avi") else 90000
        path = clip.write(tmp_path / name, THIRTY, "libx264", ticks, reordered=2)
        found = chosen(taken(path, 30))
        assert [number for _, number in found] == list(range(30))
        assert np.allclose([time for time, _ in found], THIRTY, atol=0.002)


def test_the_sequence_is_the_clip_and_the_capture_time_that_of_the_frame(
    tmp_path: Path, taken: Callable[..., Batch]
) -> None:
    clip.write(tmp_path / "in/night/Straße 1.mp4", [0, 0.5], created="2026-05-01T23:59:59.600000Z")
    clip.write(tmp_path / "in/Straße 1.mkv", [0, 0.5])
    items = taken(tmp_path / "in", 2, True).items
    assert [(i.path, i.label, i.sequence) for i in items] == [
        ("Straße 1.mkv/0000000000.jpg", None, "Straße 1.mkv"),
        ("Straße 1.mkv/0000500000.jpg", None, "Straße 1.mkv"),
        ("night/Straße 1.mp4/0000000000.jpg", "night", "night/Straße 1.mp4"),
        ("night/Straße 1.mp4/0000500000.jpg", "night", "night/Straße 1.mp4"),
    ]
    # MP4 keeps whole seconds
    times = [None, None, datetime(2026, 5, 1, 23, 59, 59), datetime(2026, 5, 1, 23, 59, 59, 500000)]
    assert [i.captured_at for i in items] == times


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-05-01T10:00:00.500000Z", datetime(2026, 5, 1, 10, 0, 0, 500000)),
        ("2026-05-01T10:00:00+02:00", datetime(2026, 5, 1, 8)),
        ("2026-05-01 10:00:00", datetime(2026, 5, 1, 10)),
        ("1970-01-01T00:00:00.000000Z", None),
        ("1904-01-01T00:00:00.000000Z", None),
        ("yesterday", None),
    ],
)
def test_a_creation_time_is_in_utc_or_not_known(text: str, time: datetime | None) -> None:
    assert timing.creation_time({"creation_time": text}) == time


def test_a_frame_is_turned_as_the_camera_was_held(
    tmp_path: Path, taken: Callable[..., Batch]
) -> None:
    path = clip.write(tmp_path / "phone.mp4", [0], left_half=200)
    clip.turn(path)
    with Image.open(taken(path, 1).items[0].file) as image:
        assert image.size == (48, 64)
        pixels = np.asarray(image.convert("L"))
    assert pixels[:28].mean() > 190
    assert pixels[36:].mean() < 30


@pytest.mark.parametrize(
    ("size", "tagged", "yuv"),
    [  # pure red, by the matrices of BT.601 and BT.709
        ((64, 48), None, (82, 90, 240)),
        ((1280, 720), None, (63, 102, 240)),
        ((64, 48), 1, (63, 102, 240)),
    ],
)
def test_colours_follow_the_standard_of_the_clip_or_of_its_size(
    size: tuple[int, int], tagged: int | None, yuv: tuple[int, int, int]
) -> None:
    frame = av.VideoFrame(*size, "yuv420p")
    for plane, value in zip(frame.planes, yuv, strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    if tagged is not None:
        frame.colorspace = tagged
    red = np.asarray(frame_image.to_image(frame))[10, 10].astype(int)
    assert np.abs(red - (255, 0, 0)).max() <= 2


def test_equal_clips_give_equal_bytes(tmp_path: Path, taken: Callable[..., Batch]) -> None:
    path = clip.write(tmp_path / "a.mp4", THIRTY)
    first, second = ([i.file.read_bytes() for i in taken(path, 5).items] for _ in range(2))
    assert first == second
    assert len(first) == 5 + 1


def test_a_clip_that_was_cut_off_gives_its_whole_frames_and_says_so(
    tmp_path: Path, taken: Callable[..., Batch], capfd: pytest.CaptureFixture[str]
) -> None:
    path = clip.write(tmp_path / "cut.mkv", THIRTY, size=(320, 240))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    numbers = [number for _, number in chosen(taken(path, 30))]
    assert 5 < len(numbers) < 25
    assert numbers == list(range(len(numbers)))
    assert "cut.mkv: ends early, after 0." in capfd.readouterr().err


def test_what_builds_on_a_broken_frame_is_left_out_and_counted(
    tmp_path: Path, taken: Callable[..., Batch], capfd: pytest.CaptureFixture[str]
) -> None:
    path = clip.write(tmp_path / "broken.mp4", [i / 30 for i in range(36)], size=(320, 240))
    whole = [number for _, number in chosen(taken(path, 30))]
    assert "left out" not in capfd.readouterr().err
    with av.open(str(path)) as container:  # a key frame is followed by changes of it
        packets = [p for p in container.demux(video=0) if p.size]
        keys = [n for n, p in enumerate(packets) if p.is_keyframe]
        spoilt = keys[1] + 2
        start = packets[spoilt].pos
        assert start is not None
        end = start + packets[spoilt].size
    data = bytearray(path.read_bytes())
    data[start:end] = bytes(end - start)
    path.write_bytes(data)
    numbers = [number for _, number in chosen(taken(path, 30))]
    assert numbers == whole[:spoilt] + whole[keys[2] :]
    assert f"{keys[2] - spoilt} broken frames" in capfd.readouterr().err


def sound(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))


def playlist(path: Path) -> None:
    other = clip.write(path.with_name("other.mkv"), [0])
    path.write_text(f"#EXTM3U\n#EXTINF:1.0,\n{other}\n#EXT-X-ENDLIST\n")


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("a.mp4", lambda path: path.write_bytes(b"no clip " * 200), "cannot be read as a clip"),
        ("a.avi", lambda path: path.write_bytes(b""), "cannot be read as a clip"),
        ("a.mp4", playlist, "cannot be read as a clip"),
        ("a.mkv", sound, "has no video stream"),
        ("a.jpg", lambda path: path.write_bytes(b"x"), "is not a clip"),
    ],
)
def test_what_is_no_clip_is_refused(
    tmp_path: Path,
    taken: Callable[..., Batch],
    name: str,
    make: Callable[[Path], object],
    words: str,
) -> None:
    make(tmp_path / name)
    with pytest.raises(ArgusError, match=words):
        taken(tmp_path / name, 1)


@pytest.mark.parametrize("fps", [0, -1, math.inf, math.nan])
def test_a_rate_that_is_none_is_refused(
    tmp_path: Path, taken: Callable[..., Batch], fps: float
) -> None:
    with pytest.raises(ArgusError, match="must be above 0"):
        taken(clip.write(tmp_path / "a.mp4", [0]), fps)


def test_frames_with_too_many_pixels_are_refused_before_decoding(
    workspace: Path, taken: Callable[..., Batch]
) -> None:
    params_file = Path("params.yaml")
    params_file.write_text(
        params_file.read_text().replace("max_pixels: 100000000", "max_pixels: 3000")
    )
    with pytest.raises(ArgusError, match="more pixels than"):
        taken(clip.write(workspace / "a.mp4", [0]), 1)


def test_a_clip_becomes_a_delivery(repo: Path, argus: Argus, tmp_path: Path) -> None:
    path = clip.write(tmp_path / "Fahrt 1.mp4", THIRTY, created="2026-05-01T10:00:00Z")
    status, printed = argus(
        "submit", path, "--source", "cam", "--delivery", "d", "--fps", "2", "--shard"
    )
    assert status == 0
    assert "cam/d: 3 files" in printed
    assert "sequence cam/Fahrt 1.mp4: 3" in printed
    assert "reading clips: 1/1 seconds" in printed
    assert manifests.read(Path("data/raw/cam/d")).sequence_from == "index"
    assert not Path(".dvc/tmp/argus-submit").exists()


def test_a_clip_wants_a_rate_and_a_folder_is_clips_or_images(
    repo: Path, argus: Argus, upload: Path
) -> None:
    path = clip.write(upload / "day/a.mp4", [0])
    for arguments, words in (
        ([path], "say how many frames a second"),
        ([upload], "is a clip: take its frames in with"),
        ([upload, "--fps", "1"], "a.jpg is not a clip"),
        ([path, "--fps", "1", "--sequence-from", "dirs"], "the clip is the sequence"),
        ([path, "--fps", "1", "--format", "coco"], "leave --label-from"),
    ):
        status, printed = argus("submit", *arguments, "--source", "cam")
        assert status == 1
        assert words in printed
    assert not list(Path("data/raw").glob("*/"))
