import numpy as np
import pytest
from PIL import Image, ImageFilter

from argus.data.measuring.quality import (
    QualityIndicators,
    at_common_size,
    edge_width,
    quality_indicators,
    sharpness,
)
from tests.conftest import scene


def indicators(image: Image.Image) -> QualityIndicators:
    """Of one image, numbers in place of arrays."""
    small = at_common_size(image)
    found = quality_indicators([np.asarray(small)], [small.histogram()])
    return QualityIndicators(*(float(values[0]) for values in found))  # type: ignore[arg-type]


def pixels(seed: int) -> np.ndarray:
    """An image with detail everywhere: uint8 [180, 270], values 40 to 215."""
    rng = np.random.default_rng(seed)
    detail = Image.fromarray(rng.integers(0, 256, (90, 135), dtype=np.uint8))
    fine = np.asarray(detail.resize((270, 180), Image.Resampling.BICUBIC), dtype=float)
    return (40 + 175 * fine / 255).astype(np.uint8)


def test_sharpness_of_a_step_edge_in_closed_form() -> None:
    # rows of 0 and 100 either side of one edge: the Laplacian is +100 and -100 next to it, else 0
    edge = np.zeros((10, 10), dtype=np.uint8)
    edge[:, 5:] = 100
    assert sharpness(edge) == pytest.approx(2 * 100**2 / 8)


def test_blur_lowers_sharpness_and_a_flat_image_has_none() -> None:
    image = scene(6, (300, 300)).convert("L")
    blurred = indicators(image.filter(ImageFilter.GaussianBlur(6)))
    assert blurred.sharpness < indicators(image).sharpness
    assert indicators(Image.new("L", (300, 300), 77)).sharpness == 0


def test_light_and_information_in_closed_form() -> None:
    half = np.zeros((180, 180), dtype=np.uint8)
    half[:, 90:] = 255
    found = indicators(Image.fromarray(half))
    assert found.luminance == pytest.approx(0.5)
    assert found.contrast == pytest.approx(0.5)
    assert found.clipped == pytest.approx(0.5)
    assert found.entropy == pytest.approx(1)


def test_measures_hardly_depend_on_the_size_that_was_delivered() -> None:
    large = Image.fromarray(pixels(8)).resize((1280, 720), Image.Resampling.BICUBIC)
    a, b = indicators(large), indicators(large.resize((640, 360), Image.Resampling.BOX))
    assert list(a) == pytest.approx(list(b), rel=0.1, abs=0.01)


def test_a_small_image_is_not_enlarged() -> None:
    assert at_common_size(Image.new("L", (96, 64))).size == (96, 64)
    assert at_common_size(Image.new("L", (720, 360))).size == (360, 180)


def frame(seed: int, size: tuple[int, int] = (320, 180)) -> Image.Image:
    """A road with lanes, houses and trees, dense with edges; grey, of width x height."""
    rng = np.random.default_rng(seed)
    small = rng.choice([40, 90, 150, 210], (size[1] // 6, size[0] // 6)).astype(np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.NEAREST)


def as_array(image: Image.Image) -> np.ndarray:
    return np.asarray(image, dtype=float)


def from_array(values: np.ndarray) -> Image.Image:
    return Image.fromarray(values.clip(0, 255).round().astype(np.uint8))


def test_the_width_of_edges_in_closed_form() -> None:
    # a step in every third column or row: the gradient either side of it is 50, the second
    # derivative 100
    stripes = np.tile(np.where(np.arange(240) // 3 % 2, 150, 50).astype(np.uint8), (180, 1))
    assert edge_width(stripes) == edge_width(stripes.T.copy()) == pytest.approx(0.5 / 2**0.5)


@pytest.mark.parametrize("seed", range(5))
def test_a_blur_widens_edges_and_fog_does_not(seed: int) -> None:
    image = frame(seed)
    depth = np.linspace(0.02, 0.35, 180)[:, None]
    fog = from_array(170 + (as_array(image) - 170) * depth)
    assert indicators(fog).sharpness < indicators(image).sharpness / 10
    assert indicators(fog).edge_width < 1.2
    smeared = np.mean([np.roll(as_array(image), k, axis=1) for k in range(25)], axis=0)
    for blurred in (image.filter(ImageFilter.GaussianBlur(3)), from_array(smeared)):
        assert indicators(blurred).edge_width > 1.8


@pytest.mark.parametrize("row", range(80, 88))
def test_a_level_horizon_is_an_edge_in_whichever_row_it_lies(row: int) -> None:
    # a calm sea, a field of snow: down the image nothing else is sharp
    shade = 65 + np.arange(180.0)[:, None] + 4 * (np.arange(320) // 20 % 2)
    shade[row:] -= 60
    assert indicators(from_array(shade)).edge_width < 1
    assert indicators(from_array(shade).filter(ImageFilter.GaussianBlur(3))).edge_width > 1.8


def test_the_edges_of_flat_and_of_evenly_shaded_images() -> None:
    assert indicators(Image.new("L", (320, 180), 77)).edge_width == 0
    ramp = from_array(np.tile(np.arange(180.0)[:, None], (1, 320)))
    assert indicators(ramp).edge_width == 99


def test_lamps_stand_out_and_noise_stuck_pixels_and_a_covered_lens_do_not() -> None:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:720, :1280]
    dark = 3 + rng.normal(0, 4, (720, 1280))
    glow = 20 * np.exp(-(((x - 640) / 500) ** 2) - ((y - 360) / 300) ** 2)
    stuck = dark[::4, ::4].copy()
    stuck[[20, 70, 130], [200, 33, 160]] = 255
    for nothing in (dark, dark + glow, stuck):
        assert indicators(from_array(nothing)).detail < 6
    lamps = dark.copy()
    for column in (300, 700):
        lamps[300:320, column : column + 20] = 255
    assert indicators(from_array(lamps)).luminance < 0.02
    assert indicators(from_array(lamps)).detail > 50


@pytest.mark.parametrize("size", [(3, 3), (5, 64), (64, 5), (181, 3)])
def test_the_smallest_images_are_measured(size: tuple[int, int]) -> None:
    found = indicators(Image.new("L", size, 90))
    assert found.edge_width == 0
    assert found.detail == 0
