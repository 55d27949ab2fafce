from typing import Any

import numpy as np
import pytest

from argus.data.images.decode import Limits
from argus.data.measuring.measure import decode_grey
from argus.data.measuring.quality import MEASURED_AT
from tests.conftest import scene
from tests.data.images.files import encoded

LIMITS = Limits(min_side=32, max_pixels=1_000_000, max_aspect=20, max_memory=10**8)


def both(size: tuple[int, int], form: str = "JPEG", **options: Any) -> list[Any]:
    data = encoded(scene(4, size), form, **options)
    return [decode_grey(data, mode, LIMITS) for mode in ("fast", "exact")]


def test_fast_decodes_no_further_than_is_judged() -> None:
    fast, exact = both((1280, 720), quality=90)
    assert (fast.width, fast.height) == (exact.width, exact.height) == (1280, 720)
    assert exact.image.size == (1280, 720)
    assert fast.image.size == (320, 180)
    assert min(fast.image.size) >= MEASURED_AT


def test_fast_leaves_a_small_image_whole() -> None:
    fast, exact = both((300, 200))
    assert fast.image.size == exact.image.size


@pytest.mark.parametrize("form", ["PNG", "WEBP", "BMP", "TIFF"])
def test_fast_and_exact_are_the_same_but_for_jpeg(form: str) -> None:
    fast, exact = both((640, 480), form)
    assert (np.asarray(fast.image) == np.asarray(exact.image)).all()
