"""The dataset card, read by MLCommons' own library."""

from __future__ import annotations

import json
import logging
from datetime import date
from pathlib import Path

import mlcroissant as mlc  # type: ignore[import-untyped]
import polars as pl
import pytest

from argus.core.files import sha256, write_json
from argus.data import catalogue, rights_cards
from argus.data.catalogue import in_schema
from stages.dataset_card.croissant import croissant, licence


def card(source: str, **fields: str) -> rights_cards.RightsCard:
    given = {
        "kind": "client",
        "owner": f"Owner of {source}",
        "contact_role": "steward",
        "licence": "MIT",
        "jurisdiction": "DE",
        "purposes": ["train"],
        "consent": {"reference": f"letter of {source}", "expires": "never"},
        "origin": "camera",
        "citation": "",
    }
    return rights_cards.RightsCard.model_validate({"source": source, **given, **fields})


ROWS = [
    ("a1", "acme", "day", "delivered", "train", "accepted"),
    ("a2", "acme", "fog", "predicted", "train", "accepted"),
    ("a3", "acme", "fog", "predicted", "train", "pruned"),
    ("b1", "city", None, None, "train", "accepted"),
    ("b2", "city", "night", "delivered", "test", "accepted"),
    ("b3", "city", None, None, None, "torn"),
]
OWNERS = [card("acme", licence="contract:A-1"), card("city", citation="City et al., 2025")]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A card written beside the catalogue that it points to."""
    columns = ["image_id", "source", "label", "label_provenance", "split", "status"]
    rows = pl.DataFrame(ROWS, schema=columns, orient="row")
    table = in_schema(rows.with_columns(width=640, height=360, path=pl.lit("1.jpg")))
    images = table.with_columns(rows["split"])
    parquet = tmp_path / "data/images.parquet"
    catalogue.write(parquet, images)
    content = croissant(
        images, OWNERS, "../data/images.parquet", sha256(parquet), date(2026, 11, 24)
    )
    write_json(tmp_path / "reports/croissant.json", content)
    return tmp_path / "reports/croissant.json"


def test_mlcroissant_finds_nothing_wrong(written: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        dataset = mlc.Dataset(str(written))
    issues = dataset.metadata.ctx.issues
    assert not issues.errors
    assert not issues.warnings
    assert not caplog.records
    assert dataset.metadata.version == "2026.11.24"
    assert set(dataset.metadata.license) == {
        "contract:A-1",
        "https://spdx.org/licenses/MIT.html",
    }


def test_its_records_are_the_rows_of_the_catalogue(written: Path) -> None:
    records = list(mlc.Dataset(str(written)).records("images"))
    ids = [(r["images/image_id"].decode(), r["images/status"].decode()) for r in records]
    assert ids == [(row[0], row[-1]) for row in ROWS]
    assert {r["images/width"] for r in records} == {640}


def test_every_source_stands_in_it_with_its_terms_and_share(written: Path) -> None:
    records = list(mlc.Dataset(str(written)).records("sources"))
    by_name = {r["sources/source"]: r for r in records}
    assert set(by_name) == {"acme", "city"}
    assert by_name["acme"]["sources/licence"] == "contract:A-1"
    assert by_name["city"]["sources/citation"] == "City et al., 2025"
    counts = {
        name: tuple(r[f"sources/{split}"] for split in catalogue.SPLITS)
        for name, r in by_name.items()
    }
    assert counts == {"acme": (2, 0, 0), "city": (1, 0, 1)}  # nothing pruned or refused counts
    assert sum(r["sources/share"] for r in records) == pytest.approx(1)


def test_it_says_how_many_labels_were_predicted(written: Path) -> None:
    content = json.loads(written.read_text())
    assert "1 training images have one predicted" in content["rai:dataAnnotationProtocol"]
    assert "train day 1, fog 1, unknown 1; val none; test night 1" in content["description"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("CC-BY-4.0", "https://spdx.org/licenses/CC-BY-4.0.html"),
        ("contract:X-7", "contract:X-7"),
        ("LicenseRef-nuScenes", "LicenseRef-nuScenes"),
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
    ],
)
def test_a_single_licence_is_told_by_its_address(text: str, told: str) -> None:
    assert licence(text) == told
