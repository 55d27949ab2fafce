import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stages.ingest.decode import FORMATS, JUDGED_AT, Refusal, decode
from tests.conftest import scene

LIMITS: dict[str, Any] = {"mode": "exact", "min_side": 32, "max_pixels": 1_000_000}


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def refusal(data: bytes, **changes: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        decode(data, **(LIMITS | changes))
    return caught.value


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_read(form: str) -> None:
    found = decode(encoded(scene(1), form), **LIMITS)
    assert (found.width, found.height) == (96, 64)
    wanted = np.asarray(scene(1).convert("L"), dtype=int)
    assert np.abs(np.asarray(found.grey, dtype=int) - wanted).mean() < 3  # JPEG and WebP lose a bit


@pytest.mark.parametrize(
    "image",
    [
        scene(1).convert("L"),
        scene(1).convert("CMYK"),
        scene(1).quantize(256),
        scene(1).convert("RGBA"),
        Image.fromarray(np.asarray(scene(1).convert("L")).astype(np.uint16) * 257),
    ],
    ids=["grey", "CMYK", "palette", "alpha", "16 bits"],
)
def test_every_mode_shows_the_same_picture(image: Image.Image) -> None:
    form = "TIFF" if image.mode == "CMYK" else "PNG"
    found = np.asarray(decode(encoded(image, form), **LIMITS).grey, dtype=int)
    assert np.abs(found - np.asarray(scene(1).convert("L"), dtype=int)).mean() < 6


def test_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held turned: rotate by 270 degrees to see it upright
    turned = encoded(scene(2).transpose(Image.Transpose.ROTATE_90), exif=exif)
    found = decode(turned, **LIMITS)
    assert (found.width, found.height) == (96, 64)
    assert (np.asarray(found.grey) == np.asarray(scene(2).convert("L"))).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientations_are_those_of_pillow(orientation: int) -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(scene(3), exif=exif)
    with Image.open(io.BytesIO(data)) as image:
        wanted = np.asarray(ImageOps.exif_transpose(image).convert("L"))
    assert (np.asarray(decode(data, **LIMITS).grey) == wanted).all()


def test_capture_time_is_kept() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2025:11:30 18:45:01"
    found = decode(encoded(scene(3), "JPEG", exif=exif), **LIMITS)
    assert found.captured_at is not None
    assert found.captured_at.isoformat() == "2025-11-30T18:45:01"


def test_fast_decodes_no_further_than_is_judged() -> None:
    data = encoded(scene(4, (1280, 720)), "JPEG", quality=90)
    fast, exact = (decode(data, **(LIMITS | {"mode": mode})) for mode in ("fast", "exact"))
    assert (fast.width, fast.height) == (exact.width, exact.height) == (1280, 720)
    assert exact.grey.size == (1280, 720)
    assert fast.grey.size == (320, 180)
    assert min(fast.grey.size) >= JUDGED_AT


def test_fast_leaves_a_small_image_whole() -> None:
    data = encoded(scene(4, (300, 200)), "JPEG")
    fast, exact = (decode(data, **(LIMITS | {"mode": mode})) for mode in ("fast", "exact"))
    assert fast.grey.size == exact.grey.size


@pytest.mark.parametrize("content", [b"", b"no image at all, just words\n" * 20])
def test_not_an_image(content: bytes) -> None:
    assert refusal(content).status == "not_an_image"


def test_a_format_that_is_not_ours() -> None:
    assert refusal(encoded(scene(1), "GIF")).status == "not_an_image"


def test_truncated() -> None:
    data = encoded(scene(4, (320, 240)), "JPEG")
    for mode in ("fast", "exact"):
        assert refusal(data[: len(data) // 2], mode=mode).status == "truncated"


@pytest.mark.parametrize("form", ["TIFF", "WEBP", "PNG"])
def test_several_frames(form: str) -> None:
    data = encoded(scene(1), form, save_all=True, append_images=[scene(2)])
    found = refusal(data)
    assert (found.status, found.width, found.height) == ("several_frames", 96, 64)


def test_too_small() -> None:
    assert refusal(encoded(scene(5, (96, 31)))).status == "too_small"


def test_a_bomb_is_refused_without_being_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(Image.new("L", (2000, 2000)))
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    found = refusal(data)
    assert (found.status, found.width, found.height) == ("too_large", 2000, 2000)
