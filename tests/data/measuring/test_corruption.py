"""Torn frames are found by their colours; level edges of scenes are not taken for tears."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageFilter

from argus.data.measuring.corruption import corruption_score, is_filled_up, level_edges

HEIGHT, WIDTH = 180, 270
CASTS = {"green": (-20, 50, -20), "purple": (0, -50, 0), "violet": (30, -10, 50)}


def scene(seed: int) -> np.ndarray:
    """A smooth image of detail everywhere: int [180, 270, 3], values 40 to 215."""
    rng = np.random.default_rng(seed)
    detail = Image.fromarray(rng.integers(0, 256, (90, 135), dtype=np.uint8))
    fine = detail.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    grey = 40 + 175 * np.asarray(fine.filter(ImageFilter.GaussianBlur(4)), float) / 255
    return np.repeat(grey[..., None], 3, axis=2)


def score(values: np.ndarray) -> float:
    """Of a colour image as it comes out of a JPEG file."""
    stream = io.BytesIO()
    Image.fromarray(values.clip(0, 255).astype(np.uint8)).save(stream, "JPEG", quality=90)
    image = Image.open(stream).convert("RGB")
    return corruption_score(np.asarray(image.convert("L")), lambda: image)


def broken(seed: int, column: int, apart: int, change: tuple[float, ...]) -> np.ndarray:
    values = scene(seed)
    values[90:, column:] += change
    values[90 + apart :, :column] += change
    return values


@pytest.mark.parametrize("cast", CASTS)
@pytest.mark.parametrize("apart", [0, 2, 4, 6])
def test_a_tear_is_seen_wherever_the_lost_block_lies(cast: str, apart: int) -> None:
    for column in (0, 60, 120, WIDTH - 1):
        assert score(broken(1, column, apart, CASTS[cast])) > 0.7
    assert score(scene(1)) == 0


@pytest.mark.parametrize(
    "below",
    [
        (-60, -60, -60),
        (50, 50, 50),
        (-70, -60, -45),
        (60, 50, 35),
        (35, 50, 65),
        (-80, -40, 30),
        (20, -60, -60),
    ],
    ids=["shadow", "kerb", "shade", "sunlit", "sky", "blue paint", "red paint"],
)
@pytest.mark.parametrize("rows", [90, 8], ids=["all that follows", "a rail"])
def test_a_level_edge_of_light_and_shade_is_no_tear(below: tuple[int, ...], rows: int) -> None:
    for seed in range(4):
        values = scene(seed)
        values[90 : 90 + rows] += below
        grey = values.mean(axis=2).clip(0, 255).astype(np.uint8)
        assert level_edges(grey), "the edge is to be as level as a tear"
        assert score(values) < 0.2


def test_a_coloured_rail_over_the_whole_width_is_no_tear() -> None:
    values = scene(3)
    values[90:96] += CASTS["green"]
    assert score(values) < 0.2


def test_letterboxes_bonnets_and_grey_images_are_no_tears() -> None:
    for bars in (0, 16, 128, 235):
        values = scene(4)
        values[:20] = values[-20:] = bars
        assert score(values) < 0.2
    bonnet = scene(5)
    bonnet[-25:] = 30 + np.linspace(0, 60, WIDTH)[None, :, None]
    assert score(bonnet) < 0.2
    assert score(np.full((HEIGHT, WIDTH, 3), 128.0)) == 0


def test_detail_and_row_noise_have_no_level_edge() -> None:
    rng = np.random.default_rng(0)
    night = rng.normal(20, 2, (HEIGHT, WIDTH)) + rng.normal(0, 6, (HEIGHT, 1))
    assert not level_edges(night.clip(0, 255).astype(np.uint8))
    assert not any(level_edges(scene(seed)[..., 0].astype(np.uint8)) for seed in range(20))


def test_colours_are_asked_for_only_where_there_is_a_level_edge() -> None:
    def never() -> Image.Image:
        raise AssertionError

    assert corruption_score(scene(6)[..., 0].astype(np.uint8), never) == 0


@pytest.mark.parametrize("quality", [75, 95])
def test_what_a_decoder_fills_in_is_a_tear(quality: int, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO()
    whole = Image.fromarray(scene(7).astype(np.uint8)).resize((1280, 720))
    whole.save(stream, "JPEG", quality=quality)
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    half = Image.open(io.BytesIO(stream.getvalue()[: stream.tell() // 2])).convert("RGB")
    assert score(np.asarray(half.reduce(4), float)) == 1


def test_a_row_repeated_to_the_bottom_is_a_tear() -> None:
    values = np.random.default_rng(8).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(float)
    assert not is_filled_up(values[..., 0].astype(np.uint8))
    values[120:] = values[119]
    assert is_filled_up(values[..., 0].astype(np.uint8))


@pytest.mark.parametrize("size", [(3, 3), (4, 200), (200, 4), (16, 16)])
def test_the_smallest_images_are_not_torn(size: tuple[int, int]) -> None:
    assert corruption_score(np.full(size, 128, np.uint8), lambda: Image.new("RGB", size)) == 0
