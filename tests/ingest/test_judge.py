import numpy as np
import pytest
from PIL import Image, ImageFilter

from stages.ingest import judge as judging
from stages.ingest.judge import at_one_size, sharpness, torn
from tests.conftest import scene


def judge(image: Image.Image) -> judging.Judgement:
    """Of one picture, numbers in place of arrays."""
    small = at_one_size(image)
    found = judging.judge([np.asarray(small)], [small.histogram()])
    return judging.Judgement(*(float(values[0]) for values in found))  # type: ignore[arg-type]


def pixels(seed: int) -> np.ndarray:
    """A picture with detail everywhere: uint8 [180, 270], values 40 to 215."""
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
    blurred = judge(image.filter(ImageFilter.GaussianBlur(6)))
    assert blurred.sharpness < judge(image).sharpness
    assert judge(Image.new("L", (300, 300), 77)).sharpness == 0


def test_light_and_information_in_closed_form() -> None:
    half = np.zeros((180, 180), dtype=np.uint8)
    half[:, 90:] = 255
    found = judge(Image.fromarray(half))
    assert found.luminance == pytest.approx(0.5)
    assert found.contrast == pytest.approx(0.5)
    assert found.clipped == pytest.approx(0.5)
    assert found.entropy == pytest.approx(1)


def test_measures_hardly_depend_on_the_size_that_was_delivered() -> None:
    large = Image.fromarray(pixels(8)).resize((1280, 720), Image.Resampling.BICUBIC)
    a, b = judge(large), judge(large.resize((640, 360), Image.Resampling.BOX))
    assert list(a) == pytest.approx(list(b), rel=0.1, abs=0.01)


def test_a_small_picture_is_not_enlarged() -> None:
    assert at_one_size(Image.new("L", (96, 64))).size == (96, 64)
    assert at_one_size(Image.new("L", (720, 360))).size == (360, 180)


@pytest.mark.parametrize("step", [-30, 12, 30])
@pytest.mark.parametrize("apart", [0, 2, 4, 6])
def test_a_tear_is_seen_wherever_the_lost_block_lies(step: int, apart: int) -> None:
    for column in (0, 60, 120, 269):
        whole = np.asarray(Image.fromarray(pixels(1)).filter(ImageFilter.GaussianBlur(4)), int)
        damaged = whole.copy()
        damaged[90:, column:] += step
        damaged[90 + apart :, :column] += step
        assert torn(damaged.clip(0, 255).astype(np.uint8)) > 0.95
        assert torn(whole.astype(np.uint8)) < 0.6


def test_detail_and_row_noise_are_no_tears() -> None:
    assert max(torn(pixels(seed)) for seed in range(20)) < 0.8
    rng = np.random.default_rng(0)
    night = rng.normal(20, 2, (180, 270)) + rng.normal(0, 6, (180, 1))
    assert torn(night.clip(0, 255).astype(np.uint8)) < 0.87


def test_a_flat_picture_is_not_torn() -> None:
    assert torn(np.full((180, 270), 9, np.uint8)) == 0
