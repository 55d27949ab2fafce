import io
import tarfile
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from stages.common import reading
from tests.conftest import scene


def test_exif_orientation_is_applied(deliver: Callable) -> None:
    picture = scene(2, (96, 64))
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    picture.transpose(Image.Transpose.ROTATE_90).save(buffer, "PNG", exif=exif)
    deliver("fleet", "d1", {"a.png": buffer.getvalue()})
    found = reading.upright(("fleet", "d1", "a.png", None, None))
    assert (np.asarray(found) == np.asarray(picture)).all()
    assert not found.getexif()


def test_a_member_of_a_shard_is_read_in_place(deliver: Callable) -> None:
    buffer, shard = io.BytesIO(), io.BytesIO()
    scene(3).save(buffer, "PNG")
    with tarfile.open(fileobj=shard, mode="w") as tar:
        for name in ("a.png", "b.png"):
            member = tarfile.TarInfo(name)
            member.size = buffer.tell()
            tar.addfile(member, io.BytesIO(buffer.getvalue() if name == "b.png" else b"\0" * 10**6))
    deliver("fleet", "d1", {"s.tar": shard.getvalue()})
    with tarfile.open(fileobj=io.BytesIO(shard.getvalue())) as tar:
        member = tar.getmember("b.png")
    place = ("fleet", "d1", "s.tar", member.offset_data, member.size)
    assert reading.stored(place) == buffer.getvalue()
    assert (np.asarray(reading.upright(place)) == np.asarray(scene(3))).all()


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        (Image.new("L", (2, 2), 77), (77, 77, 77)),
        (Image.fromarray(np.full((2, 2), 77 * 257, np.uint16)), (77, 77, 77)),
        (Image.new("CMYK", (2, 2), (0, 0, 0, 255)), (0, 0, 0)),
        (Image.new("RGB", (2, 2), (10, 200, 30)).quantize(4), (10, 200, 30)),
        (Image.new("RGBA", (2, 2), (10, 200, 30, 255)), (10, 200, 30)),
        (Image.new("RGBA", (2, 2), (10, 200, 30, 0)), (255, 255, 255)),
        (Image.new("LA", (2, 2), (77, 255)), (77, 77, 77)),
        (Image.new("1", (2, 2), 1), (255, 255, 255)),
    ],
    ids=["grey", "grey 16 bits", "CMYK", "palette", "opaque", "transparent", "grey alpha", "1 bit"],
)
def test_every_mode_becomes_rgb(image: Image.Image, wanted: tuple[int, int, int]) -> None:
    found = reading.rgb(image)
    assert found.mode == "RGB"
    assert (np.asarray(found) == wanted).all()
