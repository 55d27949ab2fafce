"""A camera of 12 bits in files of 16: read once it is known which sample is white."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from argus.core import params
from argus.core.errors import ArgusError
from argus.data import reading
from stages.ingest.take_in import take_in
from tests.conftest import scene
from tests.data.images.files import chunk, png

GREY = np.asarray(scene(3, (96, 64)).convert("L")).astype(np.uint16)


def settings(**sample_max: float) -> params.Ingest:
    named = {name.replace("__", "/"): white for name, white in sample_max.items()}
    return params.load().ingest.model_copy(update={"min_side": 32, "sample_max": named})


@pytest.fixture
def delivered(card: Callable, deliver: Callable[..., Path]) -> None:
    card("fleet")
    deliver("fleet", "d1", {"full.png": png(GREY * np.uint16(257)), "12.png": png(GREY << 4)})
    marked = png(GREY << 2, chunk(b"sBIT", bytes([10])))
    deliver("fleet", "d2", {"10.png": png(GREY << 2), "marked.png": marked})


def fates(settings: params.Ingest) -> dict[str, tuple[str, float | None]]:
    rows = take_in("fleet", settings)[0].select("path", "status", "sample_max").rows()
    return {path: (status, white) for path, status, white in rows}


def test_without_a_word_the_range_is_unknown(delivered: None) -> None:
    assert fates(settings()) == {
        "full.png": ("accepted", None),
        "12.png": ("unknown_range", None),
        "10.png": ("unknown_range", None),
        "marked.png": ("accepted", None),
    }


def test_a_word_on_the_source_or_the_delivery_is_enough(delivered: None) -> None:
    fates(settings())  # a warm memory of the refusals makes no difference
    told = settings(fleet=4095, fleet__d2=1023)
    assert fates(told) == {
        "full.png": ("accepted", None),  # they told themselves
        "12.png": ("accepted", 4095),
        "10.png": ("accepted", 1023),
        "marked.png": ("accepted", None),
    }
    images, decoded = take_in("fleet", told)
    assert decoded == 0
    assert images["luminance"].max() - images["luminance"].min() < 0.005  # type: ignore[operator]
    assert images["phash"].n_unique() == 1 or images["fragile"].max() > 0  # type: ignore[operator]
    for place in reading.image_refs(images):  # and later stages see the same
        shown = np.asarray(reading.load_rgb(place).convert("L"), dtype=int)
        assert np.abs(shown - GREY.astype(int)).mean() < 1
    assert fates(settings())["12.png"] == ("unknown_range", None)  # nothing of it lingers


def test_side_caches_tell_one_reading_from_another(delivered: None) -> None:
    images, _ = take_in("fleet", settings(fleet=4095))
    keys = reading.content(images).to_list()
    ids = images["image_id"].to_list()
    by_path = dict(zip(images["path"], zip(keys, ids, strict=True), strict=True))
    assert by_path["full.png"][0] == by_path["full.png"][1]
    assert by_path["12.png"][0] == by_path["12.png"][1] + "@4095.0"


@pytest.mark.parametrize("name", ["flete", "fleet__d9"])
def test_a_name_that_is_not_there_was_meant_for_another(delivered: None, name: str) -> None:
    with pytest.raises(ArgusError, match=r"sample_max in params\.yaml names 'fl"):
        take_in("fleet", settings(**{name: 4095}))
