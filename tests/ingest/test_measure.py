import io
from pathlib import Path

import imagehash
import numpy as np
import pytest
from PIL import Image

from stages.ingest.measure import measure, measure_all, sharpness
from tests.conftest import scene

LIMITS = {"min_side": 32, "max_pixels": 1_000_000}


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


def test_a_good_image_is_measured(tmp_path: Path) -> None:
    image = scene(1)
    facts = measure(saved(tmp_path / "a.png", image), **LIMITS)
    assert facts["status"] == "accepted"
    assert (facts["width"], facts["height"]) == (96, 64)
    assert f"{facts['phash']:016x}" == str(imagehash.phash(image))
    assert facts["luminance"] == pytest.approx(np.asarray(image.convert("L")).mean() / 255)


def test_orientation_is_applied_before_anything_is_measured(tmp_path: Path) -> None:
    upright = scene(2)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held turned: rotate by 270 degrees to see it upright
    turned = upright.transpose(Image.Transpose.ROTATE_90)
    facts = measure(saved(tmp_path / "a.png", turned, exif=exif), **LIMITS)
    assert (facts["width"], facts["height"]) == upright.size
    assert f"{facts['phash']:016x}" == str(imagehash.phash(upright))


def test_capture_time_is_kept(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2025:11:30 18:45:01"
    facts = measure(saved(tmp_path / "a.jpg", scene(3), exif=exif), **LIMITS)
    assert facts["captured_at"].isoformat() == "2025-11-30T18:45:01"


def test_truncated(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    scene(4, (320, 240)).save(buffer, "JPEG")
    path = tmp_path / "a.jpg"
    path.write_bytes(buffer.getvalue()[: buffer.tell() // 2])
    assert measure(path, **LIMITS)["status"] == "truncated"


@pytest.mark.parametrize("content", [b"", b"no image at all, just words\n" * 20])
def test_not_an_image(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    assert measure(path, **LIMITS) == {"status": "not_an_image"}


def test_too_small(tmp_path: Path) -> None:
    facts = measure(saved(tmp_path / "a.png", scene(5, (96, 31))), **LIMITS)
    assert facts["status"] == "too_small"
    assert "phash" not in facts


def test_a_huge_image_is_refused_without_being_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "a.png", Image.new("L", (2000, 2000)))
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    facts = measure(path, **LIMITS)
    assert facts == {"width": 2000, "height": 2000, "status": "too_large"}


def test_sharpness_of_a_step_edge_in_closed_form() -> None:
    # rows of 0 and 100 either side of one edge: the Laplacian is +100 and -100 next to it, else 0
    pixels = np.zeros((10, 10), dtype=np.uint8)
    pixels[:, 5:] = 100
    assert sharpness(Image.fromarray(pixels)) == pytest.approx(2 * 100**2 / 8)


def test_blur_lowers_sharpness_and_a_flat_image_has_none() -> None:
    from PIL import ImageFilter

    image = scene(6, (300, 300)).convert("L")
    assert sharpness(image.filter(ImageFilter.GaussianBlur(4))) < sharpness(image)
    assert sharpness(Image.new("L", (300, 300), 77)) == 0


def test_many_processes_give_what_one_gives(tmp_path: Path) -> None:
    files = [(str(i), saved(tmp_path / f"{i}.png", scene(i))) for i in range(40)]
    alone = [{"image_id": name, **measure(path, **LIMITS)} for name, path in files]
    assert list(measure_all(files, len(files), **LIMITS)) == alone
