"""Twins are answers to held-out images, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from argus.core.errors import ArgusError
from argus.core.paths import PACKED, TWINS
from argus.data import catalogue
from argus.data.packed import TWINS_TABLE, read_packed, read_twins
from stages.pack.__main__ import main
from stages.pack.pixels import shrink
from stages.pack.twins import twins_of
from tests.conftest import ROOT, scene

SPLITS = ("train", "val", "test", "test", "test")
IDS = [f"{number:064x}" for number in range(len(SPLITS))]


def put(image_id: str, condition: str, seed: int, source: str = "fleet") -> Path:
    """Write a twin: another image than that whose it is."""
    path = TWINS / source / f"{image_id}.{condition}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    scene(seed, (48, 32)).save(path)
    return path


def twin(seed: int) -> np.ndarray:
    return shrink(scene(seed, (48, 32)), (32, 48))


@pytest.fixture
def images(card: Callable[..., None]) -> pl.DataFrame:
    """A catalogue after `prune`, of one training, one val and three test images."""
    settings = Path("params.yaml")
    settings.write_text(settings.read_text().replace("sources: [demo]", "sources: [fleet]"))
    card("fleet")
    folder = Path("data/raw/fleet/d1")
    folder.mkdir(parents=True)
    for number in range(len(IDS)):
        scene(number, (96, 64)).save(folder / f"{number}.png")
    rows = pl.DataFrame(
        {"image_id": IDS, "path": [f"{n}.png" for n in range(len(IDS))], "split": SPLITS}
    ).with_columns(
        pl.lit("fleet").alias("source"),
        pl.lit("d1").alias("delivery"),
        pl.lit("day").alias("label"),
        pl.lit("accepted").alias("status"),
        *(pl.lit(True).alias(grant) for grant in ("may_train", "may_evaluate")),
    )
    schema = {**catalogue.SCHEMA, "split": pl.String()}
    images = pl.concat([pl.DataFrame(schema=schema), rows], how="diagonal_relaxed")
    catalogue.write("data/prune/images.parquet", images)
    return images


def test_each_twin_belongs_to_its_image_and_its_condition(images: pl.DataFrame) -> None:
    put(IDS[4], "night", 14)
    put(IDS[2], "night", 12)
    put(IDS[2], "heavy.rain", 22)
    put(IDS[1], "night", 11)
    main()
    rows, twins = read_twins("test", "night")
    assert [read_packed("test").image_ids[row] for row in rows] == [IDS[2], IDS[4]]
    assert (twins == np.stack([twin(12), twin(14)])).all()
    rows, twins = read_twins("test", "heavy.rain")
    assert rows.tolist() == [0]
    assert (twins == twin(22)).all()
    rows, twins = read_twins("val", "night")
    assert rows.tolist() == [0]
    rows, twins = read_twins("test", "fog")
    assert rows.shape == (0,)
    assert twins.shape == (0, 32, 48, 3)


def test_no_twin_trains_and_none_of_an_image_that_trains_is_read(images: pl.DataFrame) -> None:
    put(IDS[0], "night", 10)
    put(IDS[3], "night", 13)
    main()
    packed = np.concatenate([read_packed(split).images for split in ("train", "val", "test")])
    assert len(packed) == len(IDS)
    for seed in (10, 13):
        assert not (packed == twin(seed)).all(axis=(1, 2, 3)).any()
    assert pl.read_parquet(PACKED / TWINS_TABLE)["image_id"].to_list() == [IDS[3]]


def test_a_twin_goes_with_its_image_and_with_its_source(images: pl.DataFrame) -> None:
    put(IDS[2], "night", 12)
    put(IDS[3], "night", 13)
    put(IDS[4], "night", 14, source="gone")  # not of the source that the image is from
    put("f" * 64, "night", 15)
    withdrawn = catalogue.with_decisions(images, np.array([3]), "withdrawn")
    catalogue.write("data/prune/images.parquet", withdrawn)
    main()
    assert pl.read_parquet(PACKED / TWINS_TABLE)["image_id"].to_list() == [IDS[2]]


def test_what_is_no_twin_is_passed_over_and_one_gone_bad_is_named(
    images: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    put(IDS[2], "night", 12)
    bad = put(IDS[3], "night", 13)
    bad.write_bytes(bad.read_bytes()[:50])
    for name in ("README.md", f".{IDS[4]}.1.part.png", f"{IDS[4]}.png"):
        (TWINS / "fleet" / name).write_bytes(b"no twin")
    main()
    assert bad.name in capsys.readouterr().err.replace("\n", "")
    assert read_twins("test", "night")[0].tolist() == [0]


def test_a_source_without_twins_and_a_pack_without(images: pl.DataFrame, tmp_path: Path) -> None:
    assert twins_of(images, tmp_path / "nothing") == {}
    main()
    assert len(read_twins("test", "night")[0]) == 0
    (PACKED / TWINS_TABLE).unlink()
    with pytest.raises(ArgusError, match="dvc repro pack"):
        read_twins("test", "night")


def test_only_the_stages_that_make_and_pack_twins_see_them() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    touched = {
        name
        for name, stage in stages.items()
        for path in (*stage.get("deps", []), *stage.get("outs", []))
        if isinstance(path, str) and path.startswith(str(TWINS))
    }
    assert touched == {"demo", "pack"}


def test_training_never_asks_for_a_twin() -> None:
    files = [*(ROOT / "stages/train").rglob("*.py"), *(ROOT / "argus/models").rglob("*.py")]
    assert len(files) > 30
    assert not [file for file in files if "twins" in file.read_text()]
