"""What a layout tells of an image is what ingest reads of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from argus.cli.intake.formats.registry import FORMATS
from argus.cli.intake.importers import format_importer
from argus.cli.intake.submit import submit
from argus.core.errors import ArgusError
from argus.data.deliveries import described
from tests.cli.intake.formats import trees
from tests.cli.intake.formats.trees import lay

NOW = datetime(2026, 11, 24, 3, 15, tzinfo=UTC)
FOGGY = "leftImg8bit_foggy/val/lindau/lindau_000003_000019_leftImg8bit_foggy_beta_0.02.png"


def known(rows: pl.DataFrame) -> dict[str, tuple[object, ...]]:
    """Label, sequence and time of each image by its path."""
    columns = rows.select("path", "label", "sequence", "captured_at").rows()
    return {path: tuple(rest) for path, *rest in columns}


@pytest.mark.parametrize("name", ["bdd100k", "kitti"])
def test_a_delivery_keeps_what_its_layout_states(repo: Path, tmp_path: Path, name: str) -> None:
    folder = {"bdd100k": trees.bdd100k, "kitti": trees.kitti}[name](tmp_path / name)
    stated = trees.facts(FORMATS[name], folder)
    rows = submit(format_importer(folder, name), "cam", "d", NOW)
    target = Path("data/raw/cam/d")
    assert rows.equals(described("cam", target, "camera"))
    assert known(rows) == {
        path: (label, sequence and f"cam/{sequence}", time)
        for path, (label, sequence, time) in stated.items()
    }
    by_label = dict(zip(rows["path"], rows["label_provenance"], strict=True))
    assert by_label == {path: label and "delivered" for path, (label, _, _) in stated.items()}
    for path in stated:
        assert (target / path).read_bytes() == (folder / path).read_bytes()
    brought = {p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file()}
    assert brought == {*stated, "delivery.yaml", "index.csv"}


def test_rendered_images_do_not_come_in_as_a_cameras(repo: Path, tmp_path: Path) -> None:
    foggy = format_importer(lay(tmp_path / "set", FOGGY), "foggy_cityscapes")
    with pytest.raises(ArgusError, match="are rendered, but the rights card of 'cam' says"):
        submit(foggy, "cam", "d", NOW)
    assert not Path("data/raw/cam").exists()
    card = Path("data/sources/cam.yaml")
    card.write_text(card.read_text().replace("origin: camera", "origin: rendered"))
    rows = submit(foggy, "cam", "d", NOW)
    assert rows.select("path", "label", "sequence", "origin").rows() == [
        (FOGGY, "fog", "cam/lindau_000003", "rendered")
    ]
