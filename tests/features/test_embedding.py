from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image

from argus.core.errors import ArgusError
from argus.data.catalogue import in_schema
from argus.features import backbone, embedding
from tests.conftest import scene


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A backbone that tells mean colours, and how many images it was shown."""
    shown: list[int] = []

    class Counting(backbone.Backbone):
        def prepare(self, image: Image.Image) -> np.ndarray:
            shown.append(1)
            return super().prepare(image)

    def colours() -> backbone.Backbone:
        return Counting("colours", 8, 3, 0.0, 1.0, lambda x: x.mean(dim=(2, 3)))

    monkeypatch.setattr(embedding, "CHUNK", 2)
    monkeypatch.setitem(backbone.BACKBONES, "colours", colours)
    yield shown
    torch.use_deterministic_algorithms(False)


def images(names: list[str]) -> pl.DataFrame:
    return in_schema(
        pl.DataFrame({"image_id": names}).with_columns(
            source=pl.lit("fleet"), delivery=pl.lit("d1"), path=pl.col("image_id") + ".png"
        )
    )


def test_what_was_embedded_once_is_not_read_again(
    deliver: Callable[..., Path], prepared: list[int]
) -> None:
    names = [f"{k}" for k in range(9)]
    folder = deliver("fleet", "d1", {f"{k}.png": scene(k) for k in range(9)})
    some, readable, new = embedding.embed_images(images(names[:5]), "colours", 1)
    assert some.shape == (5, 3)
    assert some.dtype == np.float32
    assert new == 5
    assert readable.all()
    for name in names[:5]:
        (folder / f"{name}.png").unlink()  # read again, it would not be there
    rows = [8, 0, 3, 8]
    warm, _, new = embedding.embed_images(images([names[k] for k in rows]), "colours", 1)
    assert new == 1
    assert (warm[1:3] == some[[0, 3]]).all()
    assert (warm[0] == warm[3]).all()


def test_the_vectors_are_those_of_the_images(
    deliver: Callable[..., Path], prepared: list[int]
) -> None:
    colours = {"red": (1, 0, 0), "lime": (0, 1, 0), "blue": (0, 0, 1)}
    deliver("fleet", "d1", {f"{name}.png": Image.new("RGB", (96, 64), name) for name in colours})
    vectors, _, _ = embedding.embed_images(images(["blue", "red", "lime"]), "colours", 1)
    assert np.allclose(vectors, [colours[name] for name in ("blue", "red", "lime")])


def test_a_run_that_was_killed_goes_on_where_it_was(
    deliver: Callable[..., Path], prepared: list[int]
) -> None:
    names = [f"{k}" for k in range(6)]
    deliver("fleet", "d1", {f"{k}.png": scene(k) for k in range(5)})  # the last is not there
    with pytest.raises(ArgusError, match=r"5\.png is missing: `dvc pull`"):
        embedding.embed_images(images(names), "colours", 1)
    _, _, new = embedding.embed_images(images(names[:5]), "colours", 1)
    assert new == 1  # four were written down, two at a time


@pytest.mark.parametrize("other", ["brighter", "on a GPU"])
def test_vectors_of_another_network_or_another_kind_of_processor_are_not_taken(
    deliver: Callable[..., Path],
    prepared: list[int],
    monkeypatch: pytest.MonkeyPatch,
    other: str,
) -> None:
    deliver("fleet", "d1", {"0.png": scene(0), "1.png": scene(1)})
    table = images(["0", "1"])

    def elsewhere() -> backbone.Backbone:
        brighter = replace(backbone.BACKBONES["colours"](), mean=-1.0)
        if other == "brighter":
            return replace(brighter, name=other)
        return replace(brighter, where="NVIDIA H200")

    monkeypatch.setitem(backbone.BACKBONES, other, elsewhere)
    first, _, _ = embedding.embed_images(table, "colours", 1)
    found, _, new = embedding.embed_images(table, other, 1)
    assert new == 2
    assert np.allclose(found, first + 1)
    assert embedding.embed_images(table, other, 2)[2] == 0  # both are remembered, for any threads
    assert embedding.embed_images(table, "colours", 2)[2] == 0


@pytest.mark.parametrize(
    ("place", "name", "other"),
    [(torch, "__version__", "0.1"), (torch.backends.cpu, "get_cpu_capability", lambda: "OTHER")],
    ids=["torch", "processor"],
)
def test_nor_those_of_another_torch_or_processor(
    deliver: Callable[..., Path],
    prepared: list[int],
    monkeypatch: pytest.MonkeyPatch,
    place: object,
    name: str,
    other: object,
) -> None:
    deliver("fleet", "d1", {"0.png": scene(0)})
    assert [embedding.embed_images(images(["0"]), "colours", 1)[2] for _ in range(2)] == [1, 0]
    monkeypatch.setattr(place, name, other)
    assert [embedding.embed_images(images(["0"]), "colours", 1)[2] for _ in range(2)] == [1, 0]


def test_no_images_give_no_vectors(workspace: Path, prepared: list[int]) -> None:
    vectors, _, new = embedding.embed_images(images([]), "colours", 1)
    assert vectors.shape == (0, 3)
    assert new == 0
