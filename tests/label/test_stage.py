"""`python -m stages.label` on a small catalogue with images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from PIL import Image

from argus.core import reports
from argus.core.files import sha256
from argus.data import catalogue, reading
from stages.label import charts
from stages.label.__main__ import main
from tests.conftest import scene
from tests.label.world import Part, catalogue_of, cloud

PARTS: tuple[Part, ...] = (
    ("train", "day", 30),
    ("train", "night", 30),
    ("train", "day", 30, "other"),
    ("train", "night", 30, "other"),
    ("val", "day", 20),
    ("val", "night", 20),
    ("test", "day", 12),
    ("test", "night", 9),
    ("test", "fog", 2),
    ("train", None, 12),
    ("exact_copy", None, 3),
)


def lay_out(*parts: Part) -> pl.DataFrame:
    """Images, catalogue and vectors as `embed` and `split` leave them; null labels are days."""
    images = catalogue_of(*parts)
    for row in images.iter_rows(named=True):
        path = Path("data/raw", row["source"], "d1", row["path"])
        path.parent.mkdir(parents=True, exist_ok=True)
        scene(row["split"] == "train", (48, 32)).save(path)
    catalogue.write("data/split/images.parquet", images)
    used = catalogue.accepted(images)
    catalogue.write("data/embed/ids.parquet", used.select("image_id"))
    np.save("data/embed/features.npy", cloud(used["label"].to_list(), 0.5, seed=0))
    return images


def written() -> dict[str, str]:
    return {str(p): sha256(p) for top in ("data/label", "reports") for p in Path(top).rglob("*.*")}


@pytest.fixture
def split(workspace: Path) -> pl.DataFrame:
    return lay_out(*PARTS)


def test_a_run_leaves_labels_metrics_and_images(
    split: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    main()
    found = catalogue.read("data/label/images.parquet")
    assert found.filter(label_provenance="predicted")["label"].to_list() == ["day"] * 12
    report = reports.read("label")
    assert report["per_class"] == {"day": 12}
    assert report["predicted"] == report["unlabelled"] == 12
    assert "12 of 12 unlabelled training images got a label" in capsys.readouterr().out
    with Image.open("reports/label/pictures/predicted.png") as sheet:
        assert sheet.width > charts.EACH * reading.THUMBNAIL[0]
        assert sheet.height < 2 * reading.THUMBNAIL[1]  # one row


def test_the_confusion_table_adds_up_to_the_labelled_test_images(split: pl.DataFrame) -> None:
    main()
    table = pl.read_csv("reports/label/confusion.csv")
    assert catalogue.counts(table["actual"]) == {"day": 12, "fog": 2, "night": 9}
    right = table.filter(pl.col("actual") == pl.col("predicted")).height
    report = reports.read("label")["leave_one_source_out"]
    assert report["images"] == table.height == 23
    given = table.filter(pl.col("predicted") != "unknown")
    assert report["coverage"] == pytest.approx(given.height / 23, rel=1e-5)
    assert report["accuracy_given"] == pytest.approx(right / given.height, rel=1e-5)
    assert table.equals(table.sort("actual", "predicted"))  # so that its diff is small


def test_the_confusion_plot_shows_every_delivered_label(tmp_path: Path) -> None:
    held_out = pl.DataFrame({"actual": ["day", "fog"], "predicted": ["day", "unknown"]})
    charts.confusion(held_out, ["fog is not given: " + 9 * "so it is "], tmp_path / "confusion.png")
    with Image.open(tmp_path / "confusion.png") as image:
        assert min(image.size) > 100


def test_equal_inputs_give_equal_bytes(split: pl.DataFrame) -> None:
    main()
    before = written()
    main()
    assert written() == before
    assert len(before) == 5


def test_too_few_labelled_images_are_a_reason_and_no_error(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lay_out(("train", "day", 9), ("train", None, 3), ("val", "day", 9))
    main()
    report: dict[str, Any] = reports.read("label")
    assert "fewer than two conditions" in report["not_predicted_because"]
    assert report["not_predicted_because"] in capsys.readouterr().out
    assert report["predicted"] == 0
    assert catalogue.read("data/label/images.parquet")["label_confidence"].is_null().all()
    assert Path("reports/label/confusion.csv").read_text() == "actual,predicted\n"


def test_a_condition_that_is_not_given_is_named_with_the_reason(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lay_out(*PARTS, ("train", "fog", 9))
    main()
    said = capsys.readouterr().out
    assert "  fog is not given: only fleet has label.min_images labelled training images" in said
    assert "by leaving one source out, " in said
    assert "of 23 test images" in said
    lay_out(*[part for part in PARTS if part[-1] != "other"])
    main()
    assert "in each of two sources" in reports.read("label")["not_predicted_because"]
    assert (
        catalogue.read("data/label/images.parquet")["label_provenance"].to_list().count("predicted")
        == 0
    )


def test_without_labelled_test_images_it_says_so(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lay_out(*[part for part in PARTS if part[0] != "test"])
    main()
    assert "no labelled test image to judge by" in capsys.readouterr().out
    assert "leave_one_source_out" not in reports.read("label")


def test_the_knobs_are_those_of_params_yaml(split: pl.DataFrame) -> None:
    parameters = yaml.safe_load(Path("params.yaml").read_text())
    parameters["label"]["confidence"] = 1.0
    Path("params.yaml").write_text(yaml.safe_dump(parameters))
    main()
    assert reports.read("label")["predicted"] == 0


def test_vectors_of_another_run_are_an_error(
    split: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = catalogue.read("data/embed/ids.parquet")
    catalogue.write("data/embed/ids.parquet", ids[2:])
    with pytest.raises(SystemExit):
        main()
    assert "2 images have no features: `dvc repro embed`" in capsys.readouterr().err
