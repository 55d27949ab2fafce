from dataclasses import asdict

import numpy as np
import polars as pl
import pytest
from PIL import Image

from stages.common.errors import ArgusError
from stages.common.files import write_json
from stages.pack.__main__ import rights, shrink
from stages.pack.packed import Rights, read_packed, read_rights
from tests.conftest import scene, scenes


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (300, 900), (48, 32), (20, 20)])
def test_any_shape_becomes_the_resolution_asked_for(size: tuple[int, int]) -> None:
    assert shrink(scene(1, size), (32, 48)).shape == (32, 48, 3)


def test_the_middle_is_kept() -> None:
    # 300 wide, 100 high: of the three squares only the middle one is left
    image = Image.new("RGB", (300, 100), "red")
    image.paste((0, 255, 0), (100, 0, 200, 100))
    inner = shrink(image, (32, 32))[:, 3:-3]
    assert (inner == (0, 255, 0)).all()


def test_size_is_height_first_and_a_flat_image_stays_flat() -> None:
    assert (shrink(Image.new("RGB", (200, 100), (9, 8, 7)), (8, 24)) == (9, 8, 7)).all()


def test_reading_gives_rows_in_the_order_of_the_array(tmp_path) -> None:  # type: ignore[no-untyped-def]
    np.save(tmp_path / "val.npy", scenes(3))
    write_json(tmp_path / "classes.json", ["day", "night"])
    pl.DataFrame(
        {
            "image_id": ["c", "x", "a", "b"],
            "split": ["val", "train", "val", "val"],
            "row": [2, 0, 0, 1],
            "label": ["night", "day", "day", "night"],
            "sequence": [None, None, "fleet/1", "fleet/1"],
        }
    ).write_parquet(tmp_path / "images.parquet")
    pack = read_packed("val", tmp_path)
    assert pack.image_ids == ("a", "b", "c")
    assert pack.labels.tolist() == [0, 1, 1]
    assert pack.groups == ("fleet/1", "fleet/1", "c")
    assert (pack.images == scenes(3)).all()


def test_before_pack_has_run(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ArgusError, match="dvc repro pack"):
        read_packed("train", tmp_path)
    with pytest.raises(ArgusError, match="dvc repro pack"):
        read_rights(tmp_path)


def test_the_licence_of_each_source_goes_with_its_images(card, tmp_path) -> None:  # type: ignore[no-untyped-def]
    card("fleet", licence="contract:F-7")
    card("webcams", licence="cc-by-4.0")
    images = pl.DataFrame({"source": ["webcams", "fleet", "webcams"]})
    terms = rights(images)
    assert terms == {"fleet": Rights("contract:F-7", 1), "webcams": Rights("CC-BY-4.0", 2)}
    write_json(tmp_path / "rights.json", {name: asdict(of) for name, of in terms.items()})
    assert read_rights(tmp_path) == terms


def test_without_a_rights_card_nothing_is_packed(workspace) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ArgusError, match="no rights card"):
        rights(pl.DataFrame({"source": ["nobody"]}))
