"""A frame as a person sees it: shape, colours, range, which side is up, and the refusals."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from argus.cli.intake.batch import Batch
from argus.cli.intake.clips import frame_image, reader
from argus.cli.intake.clips.importer import clip_importer
from argus.core.errors import ArgusError
from tests.cli import clip

Pixel = tuple[int, int, int]


@pytest.fixture
def taken(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Batch]:
    """Take the frames of clips as `argus submit` does, but make no delivery of them."""
    return lambda path: clip_importer(path, 30, False)(tmp_path_factory.mktemp("scratch"))


def sizes(batch: Batch) -> list[tuple[int, int]]:
    """Width and height of each image that was taken, px."""
    found = []
    for item in batch.items:
        with Image.open(item.file) as image:
            found.append(image.size)
    return found


@given(st.integers(1, 4000), st.integers(1, 4000), st.fractions(Fraction(1, 8), 8))
def test_no_side_shrinks_and_the_shape_is_right(width: int, height: int, aspect: Fraction) -> None:
    wide, high = frame_image.display_size(width, height, aspect)
    assert wide >= width
    assert high >= height
    assert wide == width or high == height
    if aspect >= 1:
        assert abs(wide - width * aspect) <= Fraction(1, 2)
    else:
        assert abs(high - height / aspect) <= Fraction(1, 2)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.ts", "a.mov"])
@pytest.mark.parametrize(
    ("aspect", "size"),
    [
        (Fraction(4, 3), (480, 270)),
        (Fraction(3, 4), (360, 360)),
        (Fraction(1), (360, 270)),
        (Fraction(0), (360, 270)),  # not known
    ],
)
def test_pixels_come_out_square(
    tmp_path: Path, taken: Callable[..., Batch], name: str, aspect: Fraction, size: tuple[int, int]
) -> None:
    ticks = 30 if name == "a.avi" else 3000
    path = clip.write(tmp_path / name, [0], "libx264", ticks, size=(360, 270), aspect=aspect)
    assert sizes(taken(path)) == [size]


def test_pixels_are_made_square_before_the_frame_is_turned(
    tmp_path: Path, taken: Callable[..., Batch]
) -> None:
    path = tmp_path / "a.mp4"
    clip.write(path, [0], "libx264", size=(360, 270), aspect=Fraction(4, 3), left_half=200)
    clip.turn(path)
    (item,) = taken(path).items
    with Image.open(item.file) as image:
        assert image.size == (270, 480)
        pixels = np.asarray(image.convert("L"))
    assert pixels[:230].mean() > 190
    assert pixels[250:].mean() < 30


def test_the_shape_of_pixels_may_change_on_the_way(
    tmp_path: Path, taken: Callable[..., Batch]
) -> None:
    data = b""
    for begin, aspect in ((0, Fraction(4, 3)), (1, Fraction(1))):
        times = [begin + i / 30 for i in range(8)]
        path = tmp_path / f"{begin}.ts"
        clip.write(path, times, "libx264", 3000, 2, size=(360, 270), aspect=aspect)
        data += path.read_bytes()
    (tmp_path / "a.ts").write_bytes(data)
    found = sizes(taken(tmp_path / "a.ts"))
    wide = found.count((480, 270))
    assert 6 <= wide <= 8
    assert found[wide:] == [(360, 270)] * 8


def test_a_shape_that_makes_frames_too_large_on_the_way_is_refused(tmp_path: Path) -> None:
    square = clip.write(tmp_path / "a.ts", [i / 30 for i in range(20)], "libx264", 3000)
    later = [2 + i / 30 for i in range(20)]
    oblong = clip.write(tmp_path / "b.ts", later, "libx264", 3000, aspect=Fraction(2))
    path = tmp_path / "c.ts"
    path.write_bytes(square.read_bytes() + oblong.read_bytes())
    with reader.open_clip(path, 64 * 48) as opened, pytest.raises(ArgusError, match="128 x 48"):
        list(opened.frames())


def pasp(path: Path, aspect: tuple[int, int]) -> None:
    """Change what an MP4 file says of the shape of its pixels."""
    data = bytearray(path.read_bytes())
    at = data.index(b"pasp") + 4
    data[at : at + 8] = b"".join(number.to_bytes(4, "big") for number in aspect)
    path.write_bytes(data)


def test_the_container_has_the_last_word_on_the_shape_of_pixels(
    tmp_path: Path, taken: Callable[..., Batch]
) -> None:
    path = tmp_path / "a.mp4"
    clip.write(path, [0], "libx264", size=(360, 270), aspect=Fraction(4, 3))
    pasp(path, (2, 1))
    assert sizes(taken(path)) == [(720, 270)]


@pytest.mark.parametrize("aspect", [(1, 1000), (65535, 1), (9, 1), (1, 9)])
def test_pixels_that_no_screen_shows_are_refused_before_decoding(
    tmp_path: Path, taken: Callable[..., Batch], aspect: tuple[int, int]
) -> None:
    path = clip.write(tmp_path / "a.mp4", [0], aspect=Fraction(4, 3))
    pasp(path, aspect)
    with pytest.raises(ArgusError, match=f"{aspect[0]}:{aspect[1]} in shape, which no screen"):
        taken(path)


def test_a_frame_that_would_be_too_large_as_shown_is_refused(tmp_path: Path) -> None:
    path = clip.write(tmp_path / "a.mp4", [0], aspect=Fraction(4, 3))
    with reader.open_clip(path, 86 * 48):
        pass
    with (
        pytest.raises(ArgusError, match=r"more pixels than ingest\.max_pixels .*, 85 x 48"),
        reader.open_clip(path, 84 * 48),
    ):
        pass


ORIENTATIONS: dict[tuple[int, int, int, int], Callable[[np.ndarray], np.ndarray]] = {
    (1, 0, 0, 1): lambda pixels: pixels,
    (0, 1, -1, 0): lambda pixels: np.rot90(pixels, -1),
    (-1, 0, 0, -1): lambda pixels: np.rot90(pixels, 2),
    (0, -1, 1, 0): lambda pixels: np.rot90(pixels),
    (-1, 0, 0, 1): np.fliplr,
    (1, 0, 0, -1): np.flipud,
    (0, 1, 1, 0): np.transpose,
    (0, -1, -1, 0): lambda pixels: np.rot90(pixels.T, 2),
}


@pytest.mark.parametrize("signs", ORIENTATIONS)
def test_a_frame_is_turned_and_mirrored_as_its_matrix_says(
    tmp_path: Path, signs: tuple[int, int, int, int]
) -> None:
    a, b, c, d = signs
    path = clip.write(tmp_path / "a.mp4", [0], left_half=200)
    clip.turn(path, (a, b, 0, c, d, 0, 0, 0, 1))
    with reader.open_clip(path, 10**6) as opened:
        ((_, decoded),) = opened.frames()
    stored = decoded.frame.to_ndarray(format="rgb24")[..., 0]
    shown = np.asarray(frame_image.to_image(decoded.frame))[..., 0]
    assert np.array_equal(shown, ORIENTATIONS[signs](stored))
    for y, x in product((0, -1), repeat=2):  # by hand: where the corners of the frame go
        corner = np.array([1 if x else -1, 1 if y else -1]) @ [[a, b], [c, d]]
        assert shown[-1 if corner[1] > 0 else 0, -1 if corner[0] > 0 else 0] == stored[y, x]


def patch(size: tuple[int, int], pixels: str, yuv: Pixel, **tags: int) -> av.VideoFrame:
    """A frame of one colour."""
    frame = av.VideoFrame(*size, pixels)
    for plane, value in zip(frame.planes, yuv, strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    for name, value in tags.items():
        setattr(frame, name, value)
    return frame


def code(rgb: Pixel, matrix: tuple[float, float], full: bool) -> Pixel:
    """Y, Cb and Cr of a colour in eight bits, by ITU-T H.273 (8.3), from its Kr and Kb."""
    red, green, blue = (value / 255 for value in rgb)
    kr, kb = matrix
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    cb, cr = (blue - luma) / 2 / (1 - kb), (red - luma) / 2 / (1 - kr)
    if full:
        return round(255 * luma), round(128 + 255 * cb), round(128 + 255 * cr)
    return round(16 + 219 * luma), round(128 + 224 * cb), round(128 + 224 * cr)


BT601, BT709, BT2020 = (0.299, 0.114), (0.2126, 0.0722), (0.2627, 0.0593)
SMALL, LARGE = (64, 48), (1280, 720)


@pytest.mark.parametrize(
    ("size", "matrix", "tags"),
    [
        (SMALL, BT601, {}),
        (SMALL, BT601, {"colorspace": 3}),  # reserved: as good as none
        (LARGE, BT709, {}),
        (SMALL, BT709, {"colorspace": 1}),
        (LARGE, BT601, {"colorspace": 5}),
        (LARGE, BT601, {"colorspace": 6}),
        (SMALL, BT2020, {"colorspace": 9}),
    ],
)
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("rgb", [(200, 40, 60), (40, 180, 90), (30, 60, 200), (128, 128, 128)])
def test_a_colour_comes_out_as_it_was(
    size: tuple[int, int], matrix: tuple[float, float], tags: dict[str, int], full: bool, rgb: Pixel
) -> None:
    yuv = code(rgb, matrix, full)
    frame = patch(size, "yuv420p", yuv, color_range=2 if full else 1, **tags)
    assert np.abs(np.asarray(frame_image.to_image(frame))[10, 10].astype(int) - rgb).max() <= 3
    if not tags and size == SMALL:  # full by the name of its pixels, or limited by default
        frame = patch(size, "yuvj420p" if full else "yuv420p", yuv)
        assert np.abs(np.asarray(frame_image.to_image(frame))[10, 10].astype(int) - rgb).max() <= 3


@pytest.mark.parametrize(
    ("transfer", "name"),
    [(16, "HDR with PQ"), (18, "HDR with HLG"), (8, "linear light"), (9, "a logarithmic curve")],
)
@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".ts"])
def test_code_values_that_are_not_sdr_are_refused_before_decoding(
    tmp_path: Path, taken: Callable[..., Batch], transfer: int, name: str, ending: str
) -> None:
    path = clip.write(tmp_path / f"a{ending}", [0], "libx264", transfer=transfer)
    with pytest.raises(ArgusError, match=f"a{ending}: its frames are in {name}.*convert it to SDR"):
        taken(path)


@pytest.mark.parametrize("transfer", [1, 2, 6, 13, 14, 15])
def test_sdr_is_taken(tmp_path: Path, taken: Callable[..., Batch], transfer: int) -> None:
    assert taken(clip.write(tmp_path / "a.mp4", [0], "libx264", transfer=transfer)).items


@pytest.mark.parametrize("matrix", [8, 10, 14])
def test_a_colour_space_that_is_not_read_is_refused(tmp_path: Path, matrix: int) -> None:
    with pytest.raises(ArgusError, match=f"matrix {matrix} of"):
        frame_image.require_sdr(tmp_path, 1, matrix)


def test_combs_of_two_fields_are_taken_out() -> None:
    ramp = np.tile(np.linspace(30, 220, 64, dtype=np.uint8), (48, 1))
    woven = ramp.copy()
    woven[1::2] = np.roll(ramp, 8, axis=1)[1::2]  # a sixtieth of a second later
    frame = av.VideoFrame.from_ndarray(woven, format="gray").reformat(format="yuv420p")
    frame.pts, frame.time_base = 0, Fraction(1, 30)
    found = frame_image.deinterlace(frame).to_ndarray(format="gray").astype(int)
    combs = np.abs(np.diff(woven.astype(int), axis=0))[:, 12:].mean()
    assert combs > 15
    assert np.abs(np.diff(found, axis=0))[2:-2, 12:-4].mean() < 1
    assert np.abs(found - ramp)[2:-2, 12:-4].mean() < 2


def test_a_frame_without_combs_has_the_colours_that_it_had() -> None:
    rgb = (40, 180, 90)
    for full in (False, True):
        tags = {"colorspace": 1, "color_range": 2 if full else 1}
        frame = patch(SMALL, "yuv420p", code(rgb, BT709, full), **tags)
        frame.pts, frame.time_base = 0, Fraction(1, 30)
        shown = np.asarray(frame_image.deinterlace(frame).to_image())[10, 10].astype(int)
        assert np.abs(shown - rgb).max() <= 3


def test_interlaced_frames_of_a_clip_come_in_without_combs(tmp_path: Path) -> None:
    path = tmp_path / "a.ts"
    pixels = np.full((48, 64), 60, np.uint8)
    pixels[1::2] = 180
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("mpeg2video", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.bit_rate, stream.options = 20_000_000, {"flags": "+ildct+ilme"}
        for index in range(12):
            frame = av.VideoFrame.from_ndarray(pixels, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with reader.open_clip(path, 10**6) as opened:
        frames = [decoded for _, decoded in opened.frames()]
    assert len(frames) == 12
    assert all(decoded.frame.interlaced_frame for decoded in frames)
    for decoded in frames:
        shown = np.asarray(frame_image.to_image(decoded.frame).convert("L")).astype(int)
        assert np.ptp(shown[:, 32]) < 8
