"""One scene as cameras of 8 to 16 bits store it: seen alike, or refused as of unknown range."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from argus.data.images.decode import decode
from argus.data.images.header import DecodeError, Samples
from argus.data.images.samples import range_of
from tests.conftest import scene
from tests.data.images.files import chunk, encoded, png, tiff

SCENE = np.asarray(scene(3, (96, 64)))
GREY = np.asarray(scene(3, (96, 64)).convert("L"))
LAYOUTS = {
    "grey": GREY,
    "grey alpha": np.dstack([GREY, np.full_like(GREY, 255)]),
    "RGB": SCENE,
    "RGBA": np.dstack([SCENE, np.full_like(GREY, 255)]),
}


def sbit(bits: int, layout: str) -> bytes:
    return chunk(b"sBIT", bytes([bits] * (LAYOUTS[layout][0, 0].size)))


def seen(data: bytes, sample_max: float | None = None) -> float:
    """How far the image is from the scene, grey levels on average."""
    grey = decode(data, "L", sample_max=sample_max).image
    full = decode(data, sample_max=sample_max).image
    assert (np.asarray(full.convert("L")) == np.asarray(grey)).all()
    return float(np.abs(np.asarray(grey, dtype=float) - GREY).mean())


def unknown(data: bytes, sample_max: float | None = None) -> bool:
    with pytest.raises(DecodeError) as caught:
        decode(data, sample_max=sample_max)
    return caught.value.status == "unknown_range"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_sixteen_bits_that_are_all_in_use_need_no_mark(layout: str) -> None:
    full = LAYOUTS[layout].astype(np.uint16) * 257
    assert seen(png(full)) < 0.1
    assert seen(png(full, sbit(16, layout))) < 0.1
    assert seen(png(full), sample_max=4095) < 0.1  # said of a source whose other files need it


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("bits", [8, 10, 12, 14])
def test_fewer_bits_at_the_lower_end(layout: str, bits: int) -> None:
    low = LAYOUTS[layout].astype(np.uint16) << (bits - 8)
    assert unknown(png(low))
    assert seen(png(low, sbit(bits, layout))) < 1
    assert seen(png(low), sample_max=2**bits - 1) < 1
    assert unknown(png(low), sample_max=2 ** (bits - 1) - 1)  # samples belie it


@pytest.mark.parametrize("told", [b"\0", b"\x63", b"", b"\x11"])
def test_a_mark_that_makes_no_sense_is_none(told: bytes) -> None:
    low = GREY.astype(np.uint16) << 4
    assert unknown(png(low, chunk(b"sBIT", told)))
    assert seen(png(low, chunk(b"sBIT", told)), sample_max=4095) < 1


@pytest.mark.parametrize("layout", LAYOUTS)
def test_fewer_bits_shifted_up_as_png_wants_them(layout: str) -> None:
    shifted = (LAYOUTS[layout].astype(np.uint16) * 257) >> 4 << 4
    assert seen(png(shifted, sbit(12, layout))) < 1
    assert seen(png(shifted)) < 1


def test_a_dark_frame_is_never_brightened() -> None:
    dark = (GREY // 16).astype(np.uint16) * 257  # up to 4095 of 65535
    assert unknown(png(dark))
    assert unknown(png(dark[..., None].repeat(3, axis=2)))
    assert np.asarray(decode(png(dark), "L", sample_max=65535).image).max() <= 16
    shifted = (GREY // 32).astype(np.uint16) << 8  # of a camera that shifts its 12 bits up
    assert unknown(png(shifted, sbit(12, "grey")))


def test_alpha_is_not_taken_for_light() -> None:
    opaque = np.dstack([GREY.astype(np.uint16) << 4, np.full(GREY.shape, 65535, np.uint16)])
    assert unknown(png(opaque))
    assert seen(png(opaque), sample_max=4095) < 1


def test_tiff_of_sixteen_bits() -> None:
    def grey(factor: int, **tags: int) -> bytes:
        told = TiffImagePlugin.ImageFileDirectory_v2()
        for number, value in ((281, tags.get("highest")), (341, tags.get("smax"))):
            if value is not None:
                told[number], told.tagtype[number] = value, 3
        image = Image.fromarray(GREY.astype(np.uint16) * np.uint16(factor))
        return encoded(image, "TIFF", tiffinfo=told)

    assert seen(grey(257)) < 0.1
    assert unknown(grey(16))
    assert seen(grey(16, highest=4095)) < 1
    assert seen(grey(16, smax=4095)) < 1
    assert seen(grey(16), sample_max=4095) < 1
    packed = Image.fromarray(GREY.astype(np.uint16) * 16)
    assert unknown(encoded(packed, "TIFF", compression="tiff_lzw"))
    assert seen(encoded(packed, "TIFF", compression="tiff_lzw"), sample_max=4095) < 1
    assert unknown(grey(16, highest=3333))  # a statistic of this image, or belied by it


def test_tiff_in_colour() -> None:
    twelve = SCENE.astype(np.uint16) << 4
    assert unknown(tiff(twelve))
    assert seen(tiff(twelve, (281, 3, 1, struct.pack("<H", 4095)))) < 1
    assert seen(tiff(twelve), sample_max=4095) < 1
    assert seen(tiff(SCENE.astype(np.uint16) * 257)) < 0.1


def test_tiff_of_floats_and_signed_whole_numbers() -> None:
    kinds = {
        1.0: Image.fromarray((GREY / 255).astype(np.float32)),
        255.0: Image.fromarray(GREY.astype(np.float32)),
        4080: Image.fromarray(GREY.astype(np.int32) * 16),
    }
    for white, image in kinds.items():
        assert unknown(encoded(image, "TIFF"))
        assert seen(encoded(image, "TIFF"), sample_max=white) < 0.1
        told = TiffImagePlugin.ImageFileDirectory_v2()
        told[340], told[341] = type(white)(0), white
        told.tagtype[340] = told.tagtype[341] = 4 if isinstance(white, int) else 11
        assert seen(encoded(image, "TIFF", tiffinfo=told)) < 0.1


def test_floats_that_are_no_numbers_are_black() -> None:
    values = (GREY / 255).astype(np.float32)
    values[:3] = np.nan
    values[3:6] = np.inf
    found = np.asarray(decode(encoded(Image.fromarray(values), "TIFF"), "L", sample_max=1.0).image)
    assert (found[:3] == 0).all()
    assert np.abs(found[6:].astype(int) - GREY[6:]).mean() < 0.1


def test_white_at_zero_is_turned_round() -> None:
    image = Image.fromarray((255 - GREY).astype(np.uint16) * 257)
    assert seen(encoded(image, "TIFF", tiffinfo={262: 0})) < 0.1


@given(
    highest=st.integers(0, 65535),
    significant=st.none() | st.integers(1, 16),
    told=st.none() | st.floats(1, 65535),
)
def test_no_sample_is_whiter_than_white(
    highest: int, significant: int | None, told: float | None
) -> None:
    values = np.array([[0, highest]], dtype=np.uint16)
    found = range_of(lambda: iter([(0, values)]), Samples(16, significant=significant), told)
    if found is not None:
        assert 0 == found[0] < highest <= found[1] or highest == 0
    if highest >= 2**14:
        assert found == (0, 65535)
    elif found is not None:  # the file or the parameter said so
        assert told == found[1] or (significant is not None and significant < 16)
