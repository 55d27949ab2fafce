"""`python -m stages.prune` on a small catalogue with images."""

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
from argus.data import catalogue
from argus.data.catalogue import SCHEMA
from argus.data.reading import THUMBNAIL
from stages.prune.__main__ import main
from stages.prune.charts import PAIRS
from tests.conftest import scene

N, STRANGER, TWIN = 40, 5, 6
HELD_OUT, PREDICTED, UNLABELLED = 2, range(20, 26), range(26, 30)


def digest(number: int) -> str:
    return f"{number:04x}" + "0" * 60


def set_params(**changes: Any) -> None:
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["prune"] |= {"budget": 20, "tau": 0.5, "isolated": 4.0, "exclude": []} | changes
    Path("params.yaml").write_text(yaml.safe_dump(params))


@pytest.fixture
def labelled(workspace: Path) -> pl.DataFrame:
    """The catalogue after `label`: 28 training images (night, predicted and unlabelled ones too),
    two held out and ten dropped; image 5 is far from all others, and 6 from all but 5."""
    folder = workspace / "data/raw/fleet/d1"
    folder.mkdir(parents=True)
    rows = []
    for number in range(N):
        scene(number, (48, 32)).save(folder / f"{number}.png")
        night = number in PREDICTED or number in (STRANGER, TWIN)
        rows.append(
            {
                "image_id": digest(number),
                "source": "fleet",
                "delivery": "d1",
                "path": f"{number}.png",
                "label": None if number in UNLABELLED else "night" if night else "day",
                "label_provenance": "predicted" if number in PREDICTED else "delivered",
                "status": "near_duplicate" if number >= 30 else "accepted",
                "split": "test" if number < HELD_OUT else "train" if number < 30 else None,
                "may_train": number >= HELD_OUT,
                "may_evaluate": True,
            }
        )
    images = pl.DataFrame(rows, schema={**SCHEMA, "split": pl.String}, orient="row")
    catalogue.write("data/label/images.parquet", images)
    features = np.random.default_rng(0).normal(size=(N, 8)) * 0.05 + 1
    features[STRANGER] = np.eye(8)[0] * 5
    features[TWIN] = np.eye(8)[0] * 5 + 0.3
    Path("data/embed").mkdir()
    order = np.random.default_rng(1).permutation(30)  # features lie in an order of their own
    np.save("data/embed/features.npy", features[order].astype(np.float32))
    ids = pl.DataFrame({"image_id": [digest(n) for n in order]})
    catalogue.write("data/embed/ids.parquet", ids)
    set_params()
    return images


def pruned() -> pl.DataFrame:
    return catalogue.read("data/prune/images.parquet")


def test_only_training_images_are_pruned_and_quotas_are_kept(labelled: pl.DataFrame) -> None:
    main()
    changed = pruned()["status"] != labelled["status"]
    assert set(pruned().filter(changed)["status"]) == {"pruned"}
    assert set(pruned().filter(changed)["split"]) == {"train"}
    report = reports.read("prune")
    chosen = catalogue.accepted(pruned(), "train")
    assert catalogue.counts(catalogue.labels(chosen)) == report["per_class"]
    assert report["candidates"] == 28
    assert report["selected"] == chosen.height == 20
    assert report["pruned"] == 8
    assert digest(STRANGER) in chosen["image_id"]


def test_the_selection_is_measured_beside_all_and_a_random_one(labelled: pl.DataFrame) -> None:
    set_params(budget=8)
    main()
    report = reports.read("prune")
    for metric in ("vendi", "log_determinant", "class_entropy"):
        assert set(report[metric]) == {"all", "selected", "random"}
    assert report["class_entropy"]["selected"] > report["class_entropy"]["all"]
    assert report["coverage_radius"]["selected"] < report["coverage_radius"]["random"]
    assert set(report["min_distance"]) == {"selected", "random"}
    balance = reports.read("balance")
    assert balance["per_class"]["selected"] == report["per_class"]
    assert balance["predicted"]["train"] == {"night": len(PREDICTED)}


def test_isolated_images_are_listed_with_their_image_and_stay(labelled: pl.DataFrame) -> None:
    set_params(isolated=6.0)
    main()
    listed = catalogue.read("data/prune/isolated.parquet")
    assert set(listed["image_id"]) <= {digest(STRANGER), digest(TWIN)}
    assert listed["image_id"][0] == digest(STRANGER)
    assert listed["nearest"][0] == digest(TWIN)
    status = pruned().filter(pl.col("image_id").is_in(listed["image_id"].to_list()))["status"]
    assert set(status) == {"accepted"}
    with Image.open("reports/prune/isolated.png") as sheet:
        assert sheet.width > 2 * PAIRS * THUMBNAIL[0]
    assert reports.read("prune")["isolated"] == listed.height > 0


def test_what_a_person_takes_out_is_out_and_says_so(labelled: pl.DataFrame) -> None:
    set_params(exclude=[digest(STRANGER)[:12]])
    main()
    assert pruned().filter(image_id=digest(STRANGER))["status"].to_list() == ["excluded"]
    assert digest(STRANGER) not in catalogue.read("data/prune/isolated.parquet")["image_id"]
    assert reports.read("prune")["excluded"] == 1
    assert reports.read("prune")["candidates"] == 27


def test_a_budget_above_all_keeps_all_and_shows_no_isolated_image(labelled: pl.DataFrame) -> None:
    set_params(budget=1000, isolated=100.0)
    main()
    assert (pruned()["status"] == labelled["status"]).all()
    assert [path.name for path in Path("reports/prune").iterdir()] == ["distances.png"]


@pytest.mark.parametrize("method", ["k_centre", "dpp"])
def test_equal_inputs_give_equal_bytes(labelled: pl.DataFrame, method: str) -> None:
    set_params(method=method)
    written = []
    for _ in range(2):
        main()
        files = [p for top in ("data/prune", "reports") for p in Path(top).rglob("*.*")]
        written.append({path: sha256(path) for path in files})
    assert written[0] == written[1]
    assert len(written[0]) == 6


def test_an_image_without_the_grant_to_train_stops_the_stage(
    labelled: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    may = pl.col("may_train") & (pl.col("image_id") != digest(STRANGER))
    catalogue.write("data/label/images.parquet", labelled.with_columns(may.alias("may_train")))
    with pytest.raises(SystemExit):
        main()
    printed = capsys.readouterr().err
    assert digest(STRANGER) in printed.replace("\n", "")
    assert "may_train" in printed
    assert not Path("data/prune").exists()


def test_where_there_is_nothing_to_train_on_the_turn_goes_on_and_says_why(
    labelled: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    held_out = labelled.filter(pl.col("split") == "test")
    catalogue.write("data/label/images.parquet", held_out)
    main()
    assert pruned().equals(held_out)
    report = reports.read("prune")
    assert (report["candidates"], report["selected"], report["per_class"]) == (0, 0, {})
    assert report["vendi"] == {"all": 0.0, "selected": 0.0, "random": 0.0}
    assert reports.read("balance")["quotas"] == {"total_variation": 0.0, "shortfall": {}}
    told = capsys.readouterr().err
    assert "no training image is left of" in told
    assert "held out as val and test" in told
    assert "Bring in more drives" in told


@pytest.mark.usefixtures("labelled")
def test_a_class_that_the_budget_prunes_whole_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    assert "prune.budget" not in capsys.readouterr().err
    set_params(budget=1)  # for 18 by day, 8 at night and 4 without a label
    main()
    assert "leaves no training image of night, unknown" in capsys.readouterr().err
