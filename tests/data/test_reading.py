import io
import tarfile
from collections.abc import Callable

import numpy as np
from PIL import Image

from argus.data import reading
from tests.conftest import scene


def test_exif_orientation_is_applied(deliver: Callable) -> None:
    image = scene(2, (96, 64))
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    image.transpose(Image.Transpose.ROTATE_90).save(buffer, "PNG", exif=exif)
    deliver("fleet", "d1", {"a.png": buffer.getvalue()})
    found = reading.load_rgb(reading.ImageRef("fleet", "d1", "a.png"))
    assert (np.asarray(found) == np.asarray(image)).all()
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
    place = reading.ImageRef("fleet", "d1", "s.tar", member.offset_data, member.size)
    assert reading.read_bytes(place) == buffer.getvalue()
    assert (np.asarray(reading.load_rgb(place)) == np.asarray(scene(3))).all()
