"""What has gone bad on disk since ingest keeps its row with a status, and stops nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image

from argus.core import reports
from argus.data import catalogue, reading
from argus.data.catalogue import in_schema
from argus.data.packed import read_packed
from argus.features import backbone
from argus.features.vectors import read_vectors
from stages.embed.__main__ import main as embed
from stages.pack.__main__ import main as pack
from tests.conftest import scene
from tests.data.images.files import encoded

NAMES = [f"{number}.png" for number in range(6)]


@pytest.fixture
def split(
    deliver: Callable[..., Path], card: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Iterator[pl.DataFrame]:
    """Six images in use, half of them held out, and a refused one; the backbone tells colours."""
    card("fleet")
    params_file = Path("params.yaml")
    params_file.write_text(
        params_file.read_text().replace("\nsources: [demo]", "\nsources: [fleet]")
    )
    deliver("fleet", "d1", {name: scene(number) for number, name in enumerate(NAMES)})
    rows = pl.DataFrame({"path": [*NAMES, "refused.png"]}).with_columns(
        image_id=pl.col("path").str.strip_suffix(".png"),
        source=pl.lit("fleet"),
        delivery=pl.lit("d1"),
        width=pl.lit(96),
        height=pl.lit(64),
        label=pl.lit("day"),
        may_train=True,
        may_evaluate=True,
        status=pl.Series(["accepted"] * 6 + ["truncated"]),
    )
    sides = pl.Series("split", ["train"] * 3 + ["val"] * 2 + ["test", None])
    images = in_schema(rows).with_columns(sides)
    catalogue.write("data/dedupe/images.parquet", images)
    colours = backbone.Backbone("colours", 8, 3, 0.0, 1.0, lambda x: x.mean(dim=(2, 3)))
    monkeypatch.setitem(backbone.BACKBONES, "efficientnet", lambda: colours)
    yield images
    torch.use_deterministic_algorithms(False)


def spoil(name: str, how: str) -> None:
    path = Path("data/raw/fleet/d1") / name
    whole = path.read_bytes()
    bad = {
        "cut": whole[: len(whole) // 2],
        "emptied": b"",
        "zeroed": bytes(len(whole)),
        "of another size": encoded(scene(9, (96, 80))),
    }
    path.write_bytes(bad[how])


@pytest.mark.parametrize("how", ["cut", "emptied", "zeroed", "of another size"])
def test_an_image_that_went_bad_is_unreadable_from_embed_on(how: str, split: pl.DataFrame) -> None:
    spoil("1.png", how)
    embed()
    images = catalogue.read("data/embed/images.parquet")
    assert images["status"].to_list() == [
        *("accepted", "unreadable", "accepted", "accepted", "accepted", "accepted", "truncated")
    ]
    assert images.drop("status").equals(split.drop("status"))  # its row and its split stay
    matrix, rows = read_vectors(catalogue.accepted(images))
    wanted = [np.asarray(scene(k).resize((8, 8), 3)).mean(axis=(0, 1)) / 255 for k in (0, 2, 3)]
    assert np.allclose(matrix[rows][:3], wanted, atol=0.01)
    assert np.isfinite(matrix).all()


def test_all_are_unreadable_and_embed_still_ends(split: pl.DataFrame) -> None:
    for name in NAMES:
        spoil(name, "emptied")
    embed()
    assert catalogue.accepted(catalogue.read("data/embed/images.parquet")).is_empty()
    assert np.load("data/embed/features.npy").shape == (0, 3)


def test_a_file_that_is_missing_is_no_bad_image(
    split: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("data/raw/fleet/d1/1.png").unlink()
    with pytest.raises(SystemExit):
        embed()
    assert "1.png is missing: `dvc pull` it" in capsys.readouterr().err


def test_an_image_that_is_mended_is_embedded_again(split: pl.DataFrame) -> None:
    whole = Path("data/raw/fleet/d1/1.png").read_bytes()
    spoil("1.png", "cut")
    embed()
    Path("data/raw/fleet/d1/1.png").write_bytes(whole)
    embed()
    images = catalogue.read("data/embed/images.parquet")
    assert images["status"].to_list() == ["accepted"] * 6 + ["truncated"]


def test_an_image_whose_vector_is_known_is_found_bad_by_pack(split: pl.DataFrame) -> None:
    embed()
    images = catalogue.read("data/embed/images.parquet")
    held_out = images.with_columns(place=pl.when(split="val").then(pl.lit("3")))
    catalogue.write("data/prune/images.parquet", held_out)
    spoil("1.png", "cut")
    spoil("5.png", "zeroed")  # the only one of test
    pack()
    assert {s: read_packed(s).image_ids for s in ("train", "val", "test")} == {
        "train": ("0", "2"),
        "val": ("3", "4"),
        "test": (),
    }
    # a place is one group to the gate, an image that is in none is its own
    assert [read_packed(s).groups for s in ("train", "val")] == [("0", "2"), ("3", "3")]
    assert [len(read_packed(s).images) for s in ("train", "val", "test")] == [2, 2, 0]
    gone = catalogue.read("data/pack/unreadable.parquet")
    assert gone.select("image_id", "split", "status").rows() == [
        ("1", "train", "unreadable"),
        ("5", "test", "unreadable"),
    ]
    assert reports.read("pack")["unreadable"] == 2


def test_the_thumbnail_of_a_bad_image_is_blank_and_say_so(split: pl.DataFrame) -> None:
    spoil("1.png", "cut")
    good, bad = (reading.thumbnail(split.row(number, named=True)) for number in (0, 1))
    assert good.size == bad.size == reading.THUMBNAIL
    colours = [count for count, _ in bad.getcolors() or []]
    assert max(colours) > 0.9 * bad.width * bad.height
    assert np.asarray(bad.convert("L")).min() < 50  # the word
    assert isinstance(good, Image.Image)
    assert good.getcolors() is None
