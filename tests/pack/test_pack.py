from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from argus.core import params
from argus.core.errors import ArgusError
from argus.core.files import write_json
from argus.data import catalogue
from argus.data.packed import Terms, read_origins, read_packed, read_rights
from stages.pack.__main__ import main
from stages.pack.pixels import shrink
from stages.pack.rights import outlived, rights
from tests.conftest import scene, scenes

Card = Callable[..., None]


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


def test_reading_gives_rows_in_the_order_of_the_array(tmp_path) -> None:
    np.save(tmp_path / "val.npy", scenes(3))
    write_json(tmp_path / "classes.json", ["day", "night"])
    pl.DataFrame(
        {
            "image_id": ["c", "x", "a", "b"],
            "split": ["val", "train", "val", "val"],
            "row": [2, 0, 0, 1],
            "label": ["night", "day", "day", "night"],
            "group": ["c", "x", "fleet/1", "fleet/1"],
            "source": ["cams", "cams", "fleet", "fleet"],
            "delivery": ["x", "x", "y", "z"],
        }
    ).write_parquet(tmp_path / "images.parquet")
    pack = read_packed("val", tmp_path)
    assert pack.image_ids == ("a", "b", "c")
    assert pack.labels.tolist() == [0, 1, 1]
    assert pack.groups == ("fleet/1", "fleet/1", "c")
    assert (pack.images == scenes(3)).all()
    origins = read_origins("val", tmp_path)
    assert origins.rows() == [("a", "fleet", "y"), ("b", "fleet", "z"), ("c", "cams", "x")]


def test_before_pack_has_run(tmp_path) -> None:
    with pytest.raises(ArgusError, match="dvc repro pack"):
        read_packed("train", tmp_path)
    with pytest.raises(ArgusError, match="dvc repro pack"):
        read_rights(tmp_path)


def test_what_may_train_is_said_of_every_delivery_packed_or_not(card, tmp_path) -> None:
    over = {"reference": "F-8", "expires": "2026-01-31"}
    card("fleet", licence="contract:F-7", deliveries={"old": {"consent": over}})
    card("webcams", licence="cc-by-nc-4.0", purposes=["evaluate"])
    card("bought", licence="CC-BY-NC-4.0", commercial=True)
    images = pl.DataFrame(
        [("fleet", "new"), ("fleet", "old"), ("webcams", "w"), ("fleet", "new"), ("bought", "b")],
        schema=["source", "delivery"],
        orient="row",
    )
    ingest = params.load().ingest
    taken = params.Withdrawn(sha256="a" * 64, reason="asked for")
    settings = ingest.model_copy(update={"as_of": date(2026, 2, 1), "withdrawn": [taken]})
    found = rights(images, ["fleet", "webcams", "bought"], settings)
    assert found.sources["bought"] == Terms("CC-BY-NC-4.0", True, {"b": []})
    assert (found.sources["fleet"].licence, found.sources["fleet"].commercial) == (
        "contract:F-7",
        None,
    )
    assert found.sources["webcams"].commercial is False
    write_json(tmp_path / "rights.json", asdict(found))
    for of in (found, read_rights(tmp_path)):
        assert of.objections("fleet", "new") == of.objections("bought", "b") == []
        assert "consent ended on 2026-01-31" in of.objections("fleet", "old")[0]
        assert "may not be used to train" in of.objections("webcams", "w")[0]
        assert "fleet/never is gone" in of.objections("fleet", "never")[0]
        assert "nobody is retired" in of.objections("nobody", "new")[0]
        assert of.withdrawn == {"a" * 64: "asked for"}
    settings = settings.model_copy(update={"as_of": date(2026, 1, 31)})
    assert rights(images, ["fleet"], settings).objections("fleet", "old") == []


def test_without_a_rights_card_nothing_is_packed(workspace) -> None:
    images = pl.DataFrame({"source": ["nobody"], "delivery": ["d"]})
    with pytest.raises(ArgusError, match="no rights card"):
        rights(images, ["nobody"], params.load().ingest)


def lay_out(**columns: list[Any]) -> pl.DataFrame:
    """A catalogue after `prune` of three training and two held-out images, with their images."""
    params_file = Path("params.yaml")
    params_file.write_text(params_file.read_text().replace("sources: [demo]", "sources: [fleet]"))
    folder = Path("data/raw/fleet/d1")
    folder.mkdir(parents=True)
    for number in range(5):
        scene(number, (96, 64)).save(folder / f"{number}.png")
    rows = {
        "image_id": [f"{number:064x}" for number in range(5)],
        "path": [f"{number}.png" for number in range(5)],
        "split": ["train", "train", "train", "val", "test"],
        "may_train": [True, True, True, False, False],
        "may_evaluate": [False, True, True, True, True],
    } | columns
    fixed = {"source": "fleet", "delivery": "d1", "label": "day", "status": "accepted"}
    schema = {**catalogue.SCHEMA, "split": pl.String()}
    images = pl.DataFrame(rows).with_columns(pl.lit(v).alias(k) for k, v in fixed.items())
    images = pl.concat([pl.DataFrame(schema=schema), images], how="diagonal_relaxed")
    catalogue.write("data/prune/images.parquet", images)
    return images


def test_a_pack_of_train_holds_nothing_that_may_only_judge(card: Card, workspace: Path) -> None:
    card("fleet")
    images = lay_out()
    main()
    for split, grant in catalogue.GRANTS.items():
        ids = set(read_packed(split).image_ids)
        assert ids
        assert ids <= set(images.filter(pl.col(grant))["image_id"])


@pytest.mark.parametrize(
    ("columns", "number"),
    [
        ({"may_train": [True, False, True, False, False]}, 1),
        ({"may_evaluate": [True] * 4 + [None]}, 4),
    ],
)
def test_an_image_without_the_grant_for_its_split_stops_the_stage(
    card: Card,
    workspace: Path,
    columns: dict[str, list[Any]],
    number: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    card("fleet")
    lay_out(**columns)
    with pytest.raises(SystemExit):
        main()
    assert f"{number:064x}" in capsys.readouterr().err.replace("\n", "")
    assert not Path("data/pack").exists()


def test_images_whose_consent_is_over_today_are_named_before_they_train(
    card: Card, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card("fleet", consent={"reference": "A-1", "expires": "2026-02-01"})
    assert outlived(lay_out(), date(2026, 2, 1)) == []
    main()
    printed = capsys.readouterr().err
    assert "fleet/d1: 5 images in use rest on a consent that ended on 2026-02-01 (A-1)" in printed
