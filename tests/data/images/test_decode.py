import io
import random
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps, PngImagePlugin

from argus.data.images.decode import Limits, decode
from argus.data.images.header import DecodeError
from tests.conftest import scene
from tests.data.images.files import chunk, encoded, ifd, png

LIMITS = Limits(min_side=32, max_pixels=1_000_000, max_aspect=20, max_memory=10**8)
FORMS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
ORIENTATION = 0x0112


def refused(data: bytes, **changes: Any) -> str:
    """The status; the same whether it is decoded in grey, in grey and smaller, or in full."""
    found = set()
    for ways in ({"mode": "L", "at_least": 180}, {"mode": "L"}, {"mode": "RGB"}):
        with pytest.raises(DecodeError) as caught:
            decode(data, limits=LIMITS, **(ways | changes))
        found.add(caught.value.status)
    (status,) = found
    return status


def grey(data: bytes, **changes: Any) -> np.ndarray:
    """The pixels in grey, which those in RGB are as well."""
    found = decode(data, "L", limits=LIMITS, **changes)
    full = decode(data, limits=LIMITS, **changes)
    assert (found.width, found.height) == full.image.size == (full.width, full.height)
    assert (np.asarray(full.image.convert("L")) == np.asarray(found.image)).all()
    return np.asarray(found.image, dtype=int)


@pytest.mark.parametrize("form", FORMS)
def test_every_format_is_read(form: str) -> None:
    wanted = np.asarray(scene(1).convert("L"), dtype=int)
    found = decode(encoded(scene(1), form), limits=LIMITS)
    assert found.image.mode == "RGB"
    assert found.image.size == (found.width, found.height) == (96, 64)
    # JPEG and WebP lose a bit
    assert np.abs(np.asarray(found.image.convert("L"), dtype=int) - wanted).mean() < 3


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        (Image.new("L", (40, 40), 77), (77, 77, 77)),
        (Image.fromarray(np.full((40, 40), 77 * 257, np.uint16)), (77, 77, 77)),
        (Image.new("CMYK", (40, 40), (0, 0, 0, 255)), (0, 0, 0)),
        (Image.new("RGB", (40, 40), (10, 200, 30)).quantize(4), (10, 200, 30)),
        (Image.new("RGBA", (40, 40), (10, 200, 30, 255)), (10, 200, 30)),
        (Image.new("RGBA", (40, 40), (10, 200, 30, 0)), (255, 255, 255)),
        (Image.new("LA", (40, 40), (77, 255)), (77, 77, 77)),
        (Image.new("1", (40, 40), 1), (255, 255, 255)),
    ],
    ids=["grey", "grey 16 bits", "CMYK", "palette", "opaque", "transparent", "grey alpha", "1 bit"],
)
def test_every_mode_becomes_rgb(image: Image.Image, wanted: tuple[int, int, int]) -> None:
    found = decode(encoded(image, "TIFF" if image.mode == "CMYK" else "PNG")).image
    assert found.mode == "RGB"
    assert (np.asarray(found) == wanted).all()


@pytest.mark.parametrize("options", [{"transparency": bytes([255, 0, 128])}, {"transparency": 1}])
def test_a_palette_with_transparency_is_what_pillow_shows_on_white(options: dict[str, Any]) -> None:
    data = encoded(scene(3, (900, 600)).quantize(16), **options)  # in several strips
    with Image.open(io.BytesIO(data)) as image:
        layer = image.convert("RGBA")
    wanted = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    assert (np.asarray(decode(data).image) == np.asarray(wanted)).all()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientations_are_those_of_pillow(orientation: int, form: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    data = encoded(scene(3), form, exif=exif)
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        wanted = ImageOps.exif_transpose(image)
    found = decode(data)
    assert (found.width, found.height) == found.image.size == wanted.size
    assert (np.asarray(found.image) == np.asarray(wanted.convert("RGB"))).all()


BROKEN_FIELDS = {
    "rational -1/0": (0x11A, 10, 1, struct.pack("<ll", -1, 0)),
    "rational 0/0": (0x11A, 5, 1, bytes(8)),
    "text": (0x11A, 2, 3, b"72\0"),
    "nan": (0x11A, 12, 1, struct.pack("<d", float("nan"))),
    "negative": (0x100, 9, 1, struct.pack("<l", -5)),
    "64 bits": (0x100, 16, 1, struct.pack("<Q", 2**40)),
    "unknown type": (0x11A, 99, 1, b"abcd"),
    "none of it": (0x11A, 5, 0, b""),
    "behind the end": (0x10F, 2, 2**31, struct.pack("<L", 2**31)),
    "directory nowhere": (0x8769, 4, 1, struct.pack("<L", 2**31)),
    "directory of text": (0x8825, 2, 4, b"abc\0"),
}
SIDEWAYS = (ORIENTATION, 3, 1, struct.pack("<H", 6))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("field", BROKEN_FIELDS)
def test_a_broken_field_of_exif_leaves_the_image_as_it_is(field: str, form: str) -> None:
    block = ifd(*sorted([BROKEN_FIELDS[field], SIDEWAYS]))
    data = encoded(scene(2, (64, 96)), form, exif=b"Exif\0\0" + block)
    plain = encoded(scene(2, (64, 96)), form)
    for ways in ({"mode": "L", "at_least": 60}, {"mode": "L"}, {"mode": "RGB"}):
        found, flat = (decode(file, **ways) for file in (data, plain))
        assert (found.width, found.height) == found.image.size == (96, 64)
        wanted = flat.image.transpose(Image.Transpose.ROTATE_270)
        assert (np.asarray(found.image) == np.asarray(wanted)).all()


def test_a_broken_field_in_a_tiff_leaves_the_image_as_it_is() -> None:
    # a private tag, which Pillow would write anew to turn the image
    data = encoded(scene(2), "TIFF", tiffinfo={ORIENTATION: 6, 0x11A: 72.0})
    at = data.index(struct.pack("<HHL", 0x11A, 5, 1))
    broken = data[:at] + struct.pack("<HHL", 0x11A, 10, 1) + data[at + 8 :]
    assert decode(broken).image.size == (64, 96)


@pytest.mark.parametrize(
    "value",
    [
        (3, 1, b"\x09\0"),
        (3, 1, b"\0\0"),
        (2, 2, b"6\0"),
        (5, 1, struct.pack("<LL", 5, 2)),
        (7, 0, b""),
    ],
    ids=["9", "0", "text", "5/2", "nothing"],
)
def test_an_orientation_that_is_none_is_upright(value: tuple[int, int, bytes]) -> None:
    data = encoded(scene(2), "JPEG", exif=b"Exif\0\0" + ifd((ORIENTATION, *value)))
    assert decode(data).image.size == (96, 64)


@given(
    orientation=st.integers(1, 8),
    kind=st.sampled_from([1, 3, 4]),
    order=st.sampled_from("<>"),
)
def test_orientation_is_read_in_any_order_of_bytes(orientation: int, kind: int, order: str) -> None:
    value = struct.pack(order + {1: "B", 3: "H", 4: "L"}[kind], orientation)
    block = ifd((0x10F, 2, 6, b"maker\0"), (ORIENTATION, kind, 1, value), order=order)
    data = encoded(scene(2, (48, 40)), "JPEG", exif=b"Exif\0\0" + block)
    assert decode(data).image.size == ((40, 48) if orientation > 4 else (48, 40))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_capture_time_is_kept(form: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "maker"
    exif.get_ifd(0x8769)[0x9003] = "2025:11:30 18:45:01"
    found = decode(encoded(scene(3), form, exif=exif))
    assert found.captured_at is not None
    assert found.captured_at.isoformat() == "2025-11-30T18:45:01"


def test_exif_is_found_where_imagemagick_puts_it_and_in_xmp() -> None:
    block = ifd(SIDEWAYS)
    lines = f"\nexif\n{len(block) + 6:8}\n{(b'Exif' + bytes(2) + block).hex()}\n"
    text = PngImagePlugin.PngInfo()
    text.add_text("Raw profile type exif", lines, zip=True)
    assert decode(encoded(scene(2), pnginfo=text)).image.size == (64, 96)
    packet = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    assert decode(encoded(scene(2), "JPEG", xmp=packet)).image.size == (64, 96)


def test_nothing_beside_the_pixels_stops_a_png() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta/>" + " " * 1_500_000, zip=True)
    for data in (
        encoded(scene(4), pnginfo=text),
        encoded(scene(4), icc_profile=bytes(range(256)) * 6000),
        png(np.asarray(scene(4)), chunk(b"tEXt", b"a\0" + b"b" * 10)[:-4] + bytes(4)),  # its sum
        png(np.asarray(scene(4)), chunk(b"iCCP", b"no profile")),
        png(np.asarray(scene(4)), chunk(b"acTL", b"")),
        png(np.asarray(scene(4)), chunk(b"acTL", struct.pack(">LL", 1, 0))),  # of one frame
    ):
        assert (np.asarray(decode(data, limits=LIMITS).image) == np.asarray(scene(4))).all()


def test_what_follows_an_image_is_not_looked_at() -> None:
    for form in FORMS:
        data = encoded(scene(4), form)
        assert (grey(data + b"garbage" * 99) == grey(data)).all()


def test_the_first_image_of_a_camera_that_adds_previews_is_read() -> None:
    data = encoded(scene(1), "MPO", save_all=True, append_images=[scene(2)])
    assert Image.open(io.BytesIO(data)).n_frames == 2  # type: ignore[attr-defined]
    assert np.abs(grey(data) - np.asarray(scene(1).convert("L"), int)).mean() < 3


@pytest.mark.parametrize("form", ["TIFF", "WEBP", "PNG"])
def test_several_frames(form: str) -> None:
    data = encoded(scene(1), form, save_all=True, append_images=[scene(2)])
    assert refused(data) == "several_frames"


def test_limits_are_inclusive_and_come_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    just = encoded(Image.new("L", (1000, 1000), 99))
    assert decode(just, "L", limits=LIMITS).width == 1000
    assert decode(encoded(Image.new("L", (640, 32), 9)), limits=LIMITS).height == 32
    beyond = {"too_large": (1001, 1000), "too_small": (96, 31), "too_oblong": (641, 32)}
    files = {status: encoded(Image.new("L", size)) for status, size in beyond.items()}
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("decoded"))
    assert {status: refused(data) for status, data in files.items()} == {s: s for s in beyond}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_cut_anywhere_is_truncated(form: str) -> None:
    whole = encoded(scene(4, (320, 240)), form)
    for length in (60, len(whole) // 3, len(whole) // 2, len(whole) * 9 // 10):
        assert refused(whole[:length]) == "truncated", length


def test_a_compressed_tiff_that_is_cut_is_truncated() -> None:
    whole = encoded(scene(4, (320, 240)), "TIFF", compression="tiff_lzw")
    assert refused(whole[: len(whole) // 2]) == "truncated"


def test_whole_files_with_damaged_data_are_broken() -> None:
    image = scene(4, (320, 240))
    for data in (encoded(image, "PNG"), encoded(image, "TIFF", compression="tiff_deflate")):
        middle = len(data) // 2
        assert refused(data[:middle] + b"\xaa" * 99 + data[middle + 99 :]) == "broken"
    jpeg = bytearray(encoded(image, "JPEG"))
    jpeg[jpeg.index(b"\xff\xc4") + 5] = 0xFF  # in a table of codes
    assert refused(bytes(jpeg)) == "broken"


def test_images_of_other_kinds_are_told_from_no_images() -> None:
    for form in ("GIF", "JPEG2000", "AVIF", "ICO", "PPM", "PDF"):
        assert refused(encoded(scene(1), form)) == "format_not_supported"
    twelve_bits = bytearray(encoded(scene(1), "JPEG"))
    twelve_bits[twelve_bits.index(b"\xff\xc0") + 4] = 12
    assert refused(bytes(twelve_bits)) == "format_not_supported"
    codec = bytearray(encoded(scene(1), "TIFF"))
    codec[codec.index(struct.pack("<HHL", 259, 3, 1)) + 8] = 99
    assert refused(bytes(codec)) == "format_not_supported"
    apple = png(np.asarray(scene(1)))
    assert refused(apple[:8] + chunk(b"CgBI", bytes(4)) + apple[8:]) == "format_not_supported"
    preview = encoded(scene(1), "TIFF", tiffinfo={254: 1})  # as in DNG and NEF
    assert refused(preview) == "format_not_supported"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no image at all, just words\n" * 20,
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
        b"BMW builds cars in Munich, Dingolfing, Leipzig, Regensburg",
        b"RIFF\x24\x00\x00\x00AVI LIST",
        bytes(5000),
    ],
)
def test_not_an_image(content: bytes) -> None:
    assert refused(content) == "not_an_image"


def test_grey_at_a_smaller_scale_fails_where_decoding_in_full_does_and_only_there() -> None:
    """Damaged files of all kinds: what one way of reading takes, all take."""
    image = scene(1, (320, 240))
    wholes = [
        encoded(image, "JPEG"),
        encoded(image, "JPEG", progressive=True, subsampling=0),
        encoded(image, "JPEG", restart_marker_blocks=2),
        encoded(image.convert("CMYK"), "JPEG"),
        encoded(image, "PNG", compress_level=1),
        encoded(image, "WEBP"),
        encoded(image, "BMP"),
        encoded(image, "TIFF", compression="tiff_lzw"),
    ]
    draw = random.Random(7)  # noqa: S311 - which bytes are changed is no secret
    fates: set[str] = set()
    for number in range(400):
        data = bytearray(wholes[number % len(wholes)])
        for _ in range(draw.choice((1, 4, 16))):
            near = min(len(data), 700) if draw.random() < 0.6 else len(data)
            data[draw.randrange(near)] = draw.randrange(256)
        found = []
        for ways in ({"mode": "L", "at_least": 60}, {"mode": "L"}, {"mode": "RGB"}):
            try:
                shown = decode(bytes(data), limits=LIMITS, **ways)
                found.append(f"{shown.width}x{shown.height}")
            except DecodeError as refusal:
                found.append(refusal.status)
        assert len(set(found)) == 1, (number, found)
        fates.add(found[0])
    assert {"320x240", "broken"} <= fates


def test_an_uneven_ratio_of_colours_is_refused_in_grey_as_in_full() -> None:
    data = bytearray(encoded(scene(1, (640, 480)), "JPEG"))
    start = data.index(b"\xff\xc0")
    assert data[start + 11] == 0x22  # brightness twice as fine each way
    data[start + 11] = 0x32
    data[start + 14] = 0x21  # colour at two of three: cannot be enlarged
    assert refused(bytes(data)) in ("broken", "truncated")


@pytest.mark.parametrize(
    ("marker", "content"),
    [(0xE0, b"JFIF"), (0xE0, b"JFIF\0\1"), (0xEE, b"Adobe"), (0xEE, b"Adobe\0d"), (0xEE, b"")],
)
def test_a_short_segment_of_colours_does_not_stop_a_jpeg(marker: int, content: bytes) -> None:
    data = encoded(scene(1), "JPEG")
    segment = struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
    assert (grey(data[:2] + segment + data[2:]) == grey(data)).all()


def test_colours_are_still_known_by_their_segment() -> None:
    data = encoded(scene(1), "JPEG")
    assert data[2:11] == b"\xff\xe0\0\x10JFIF\0"
    told = b"\xff\xee\0\x0eAdobe\0d" + bytes(5)  # the last byte: no transform, so it is RGB
    bare = data[:2] + data[20:]
    assert (grey(bare) == grey(data)).all()
    assert (grey(data[:2] + told + data[20:]) != grey(data)).any()


@pytest.mark.parametrize(
    "content",
    [
        *(b"\0\0\0\x18ftyp" + brand + bytes(200) for brand in (b"hevx", b"mif2", b"avio")),
        *(b"%!PS-Adobe-3.0 EPSF-3.0\n", b"icns\0\0\0\0", b"P3\n1 1\n255\n0 0 0\n"),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- made by hand -->\n<svg width='9'/>",
    ],
)
def test_images_of_other_kinds_are_images(content: bytes) -> None:
    assert refused(content) == "format_not_supported"


@pytest.mark.parametrize("content", [b"<!DOCTYPE html><svg/>", b"<?xml version='1.0'?><a/>"])
def test_other_markup_is_no_image(content: bytes) -> None:
    assert refused(content) == "not_an_image"
