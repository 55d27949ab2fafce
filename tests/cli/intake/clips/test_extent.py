"""Whether a clip ends before its time, by what each kind of container says of its length."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from argus.cli.intake.clips import reader
from tests.cli import clip

TWO_SECONDS = [i / 30 for i in range(60)]
FAST = {"movflags": "faststart"}  # the index in front, as the web wants it
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov"}
NAMES = ["a.mp4", "a.mov", "a.3gp", "a.mkv", "a.webm", "a.avi", "a.ts", "a.flv", "a.wmv"]


def read(path: Path) -> tuple[int, float, bool]:
    """How many whole frames a clip gives, how many seconds, and whether it ends early."""
    with reader.open_clip(path, 10**6) as opened:
        count = sum(1 for _ in opened.frames())
        return count, float(opened.read), opened.cut_short


def ticks(name: str) -> int:
    """The steady clock that AVI needs, and a finer one."""
    return {".avi": 30, ".flv": 1000, ".wmv": 1000}.get(Path(name).suffix, 3000)


WHOLE = [
    (TWO_SECONDS, 0),
    (TWO_SECONDS, 4),  # sound that goes on is no lack of frames
    ([1 + time for time in TWO_SECONDS], 3.5),  # frames that begin later than the sound
    ([3600 + time for time in TWO_SECONDS], 0),  # a clock that had run for an hour
]


@pytest.mark.parametrize(
    ("name", "times", "sound"),
    [
        (name, times, sound)
        for name in NAMES
        for times, sound in WHOLE
        if name != "a.avi" or times[0] <= 1  # AVI has no clock: frames would fill the hour
    ],
)
def test_a_whole_clip_does_not_end_early(
    tmp_path: Path, name: str, times: list[float], sound: float
) -> None:
    path = clip.write(tmp_path / name, times, ticks=ticks(name), sound=sound)
    count, seconds, early = read(path)
    assert count == 60
    assert not early
    if not name.endswith("avi"):
        assert seconds == pytest.approx(2, abs=0.01)
    if name[2:] in ("mp4", "mov", "3gp", "mkv", "webm", "ts"):  # which tell the length of each
        with reader.open_clip(path, 10**6) as opened:
            assert opened.seconds == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "a.avi"])
def test_a_slow_or_uneven_rate_is_no_end_before_its_time(tmp_path: Path, name: str) -> None:
    for times in ([float(i) for i in range(6)], [0, 0.1, 0.2, 0.9, 1.05, 3, 3.1]):
        count, _, early = read(clip.write(tmp_path / name, times))
        assert count == len(times)
        assert not early


@pytest.mark.parametrize(
    ("start", "seconds", "shown"),
    [(0, 1, 30), (1, 1, 30), (0.4, 1, 30), (0, 9, 60)],
    ids=["end trimmed", "start trimmed", "both", "longer than there is"],
)
@pytest.mark.parametrize("reordered", [0, 2])
def test_what_an_edit_list_leaves_out_is_not_lacking(
    tmp_path: Path, start: float, seconds: float, shown: int, reordered: int
) -> None:
    path = tmp_path / "a.mp4"
    clip.write(path, TWO_SECONDS, "libx264", 3000, reordered, options=FAST)
    clip.edit(path, start, seconds)
    count, length, early = read(path)
    assert (count, early) == (shown, False)
    assert length == pytest.approx(shown / 30)
    _, _, early = read(clip.cut(path, 0.9))  # what is left out at the end may be what is cut off
    assert early == (start + seconds > 1.5)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp4", FAST),
        ("a.mov", FAST),
        ("a.mp4", FRAGMENTS),
        ("a.mp4", {"movflags": FRAGMENTS["movflags"] + "+global_sidx+default_base_moof"}),
        ("a.mkv", {}),
        ("a.webm", {}),
        ("a.avi", {}),
        ("a.flv", {}),
        ("a.ts", {}),
        ("a.m2ts", {"mpegts_m2ts_mode": "1"}),
    ],
)
@pytest.mark.parametrize("sound", [0, 2])
def test_a_clip_that_was_broken_off_ends_early(
    tmp_path: Path, name: str, options: dict[str, str], sound: float
) -> None:
    path = tmp_path / name
    form = "mpegts" if name.endswith("ts") else None
    where: dict[str, Any] = {"form": form, "options": options, "sound": sound}
    clip.write(path, TWO_SECONDS, None, ticks(name), size=(320, 240), **where)
    assert read(path)[::2] == (60, False)
    data = path.read_bytes()
    for part in (0.3, 0.6, 0.8):
        path.write_bytes(data)
        if len(clip.cut(path, part).read_bytes()) % 188 == 0:
            path.write_bytes(data[: round(len(data) * part) + 1])
        count, seconds, early = read(path)
        assert early
        assert 0 < count < 60
        assert seconds < 2


def test_the_last_frame_of_a_stream_that_breaks_off_within_a_packet_is_left_out(
    tmp_path: Path,
) -> None:
    path = clip.write(tmp_path / "a.ts", TWO_SECONDS[:12], "libx264", 3000, size=(320, 240))
    data = path.read_bytes()
    lost = []
    for packets in range(8, len(data) // 188, 3):
        path.write_bytes(data[: packets * 188])
        count, _, _ = read(path)
        path.write_bytes(data[: packets * 188 + 100])
        lost.append((count, *read(path)[::2]))
    assert all(torn == max(0, count - 1) and early for count, torn, early in lost)


def test_two_recordings_in_one_stream_follow_each_other(tmp_path: Path) -> None:
    late = clip.write(tmp_path / "late.ts", [5 + time for time in TWO_SECONDS], "libx264", 3000)
    early = clip.write(tmp_path / "early.ts", TWO_SECONDS, "libx264", 3000)
    (tmp_path / "a.ts").write_bytes(late.read_bytes() + early.read_bytes())
    count, seconds, cut_short = read(tmp_path / "a.ts")
    assert count >= 118  # where the counter of packets breaks, the last frame may lack some
    assert seconds == pytest.approx(4, abs=0.1)
    assert not cut_short


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({"mpegts_start_pid": "0x300"}, 180),
        # another programme, which FFmpeg notes when all has been read: what is known comes in
        ({"mpegts_start_pid": "0x300", "mpegts_pmt_start_pid": "0x200"}, 120),
    ],
)
def test_a_recording_may_go_on_in_streams_of_other_numbers(
    tmp_path: Path, options: dict[str, str], shown: int
) -> None:
    first = clip.write(tmp_path / "first.ts", TWO_SECONDS, "libx264", 3000, sound=2)
    second = clip.write(tmp_path / "second.ts", TWO_SECONDS, "libx264", 3000, options=options)
    (tmp_path / "a.ts").write_bytes(first.read_bytes() * 2 + second.read_bytes())
    count, _, _ = read(tmp_path / "a.ts")
    assert shown - 4 <= count <= shown  # at a join the last frame may lack some


def test_a_clip_without_a_word_on_its_length_is_read_to_its_end(tmp_path: Path) -> None:
    path = clip.write(tmp_path / "a.webm", TWO_SECONDS, options={"live": "1"})
    with reader.open_clip(path, 10**6) as opened:
        assert opened.seconds is None
    count, length, early = read(path)
    assert (count, early) == (60, False)
    assert length == pytest.approx(2, abs=0.02)


def test_a_clock_that_leaps_is_not_believed(tmp_path: Path) -> None:
    times = [i / 30 + (1_000_000 if i >= 30 else 0) for i in range(60)]
    count, seconds, _ = read(clip.write(tmp_path / "a.mkv", times, "mjpeg"))
    assert count == 60
    assert seconds == pytest.approx(2, abs=0.05)
