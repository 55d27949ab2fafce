"""What is drawn from a broken packet is known, however a codec reorders and refers."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus.cli.intake.clips import reader
from argus.cli.intake.clips.integrity import Damage

PACKET = {"mpegts": 188, "mpeg": 2048}


@given(st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)), st.integers(0, 40))
def test_a_frame_is_spoilt_by_what_broke_between_its_key_frame_and_itself(
    keys: set[int], broken: set[int], number: int
) -> None:
    damage = Damage()
    for key in keys:
        damage.key(key)
    for packet in broken:
        damage.broken(packet)
    first = max((key for key in keys if key <= number), default=0)
    spoilt = any(first <= packet <= number for packet in broken)
    assert damage.is_damaged(number) == spoilt
    assert damage.lost == broken | ({number} if spoilt else set())


@pytest.mark.parametrize("broken", [None, 1, 3])
def test_a_frame_that_is_shown_before_its_key_frame_builds_on_the_group_before(
    broken: int | None,
) -> None:
    damage = Damage()
    damage.key(0)
    if broken is not None:
        damage.broken(broken)
    assert [damage.is_damaged(5), damage.is_damaged(6)] == [broken is not None] * 2
    damage.key(4)  # is shown after them
    assert not damage.is_damaged(4)
    assert not damage.is_damaged(7)


def film(path: Path, codec: str, form: str, reordered: int) -> None:
    """Noise that moves, with a key frame every eighth frame."""
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
    with av.open(str(path), "w", format=form) as container:
        stream: Any = container.add_stream(codec, rate=30)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.codec_context.max_b_frames = reordered
        stream.bit_rate, stream.options = 1_000_000, {"g": "8", "sc_threshold": "0"}
        for index in range(24):
            frame = av.VideoFrame.from_ndarray(np.roll(noise, 4 * index, 1), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def shown(path: Path) -> tuple[list[str], int]:
    """What each frame shows, as a hash, and how many are left out."""
    with reader.open_clip(path, 10**6) as clip:
        pixels = [
            decoded.frame.to_ndarray(format="rgb24").tobytes() for _, decoded in clip.frames()
        ]
        return [
            hashlib.md5(each, usedforsecurity=False).hexdigest() for each in pixels
        ], clip.damaged


@pytest.mark.parametrize(
    ("codec", "form", "reordered"),
    [
        ("libx264", "mpegts", 0),
        ("libx264", "mpegts", 2),
        ("mpeg2video", "mpegts", 0),
        ("mpeg2video", "mpegts", 2),
        ("mpeg4", "mpegts", 0),
        ("mpeg2video", "mpeg", 0),
    ],
)
def test_no_frame_comes_in_other_than_it_was_recorded(
    tmp_path: Path, codec: str, form: str, reordered: int
) -> None:
    path = tmp_path / "a.ts"
    film(path, codec, form, reordered)
    whole, none = shown(path)
    assert len(set(whole)) == 24
    assert none == 0
    data, size = path.read_bytes(), PACKET[form]
    packets = len(data) // size
    for at in range(packets // 3, packets, packets // 12):  # a packet of the container is lost
        path.write_bytes(data[: at * size] + data[(at + 1) * size :])
        left, lost = shown(path)
        assert set(left) <= set(whole)
        assert len(left) >= 12
        assert lost or left == whole
