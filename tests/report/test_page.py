"""The models on the page of the turn, scored and failed, and the chart of their scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from argus.data.contact_sheets import CAPTION, MARGIN, PAPER
from argus.judging.samples import Samples
from argus.judging.scores import ModelScores, Scores, by_task, columns
from stages.report import figures, page
from stages.report.inputs import of_model
from stages.report.page import Table, environment
from tests.report.world import IMAGES, written

KID, FD = "kid_efficientnet", "fd_efficientnet"
BASELINES = {"noise": {KID: 0.7, FD: 300.0}, "mean_image": {KID: 0.5, FD: 200.0}}


def scored(task: str, kid: float) -> ModelScores:
    report = {"task": task, "samples": 19, KID: kid, FD: 100 * kid, "baselines": BASELINES}
    return ModelScores.read(report)


def markdown(of: Table) -> str:
    macros: Any = environment().get_template("table.md.jinja").module
    return str(macros.table(of))


def scores(models: dict[str, ModelScores]) -> str:
    return markdown(page.scores(models))


MODELS = {
    "sngan": scored("generate", 0.4),
    "r3gan": scored("generate", 0.3),
    "fastgan": ModelScores("generate", failed="loss/a is not finite at step 3"),
    "cyclegan": scored("day2night", 0.2),
    "cut": scored("day2night", 0.1),
}


def test_one_table_has_all_models_the_nearest_first_and_the_baselines_once() -> None:
    lines = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in scores(MODELS).splitlines()
    ]
    assert lines[0] == ["task", "model", "held-out reals", KID, FD]
    names = [line[1] for line in lines[2:] if line[0]]
    assert names == [f"**{name}**" for name in ("cut", "cyclegan", "r3gan", "sngan", "fastgan")]
    assert scores(MODELS).count("mean image") == len(by_task(MODELS))
    assert "| generate | **fastgan** |  | failed | failed |" in scores(MODELS)
    assert "| day2night | **cut** | 19 | **0.1** | **10** |" in scores(MODELS)


def test_kid_goes_first_since_it_is_the_gate_s() -> None:
    read = Scores.read({"fd_x": 1, "task": "a", "kid_x": 2, "samples": 3})
    assert columns([read]) == ["kid_x", "fd_x"]


def test_models_that_all_failed_still_make_a_table_and_a_chart(tmp_path: Path) -> None:
    failed = {"fastgan": MODELS["fastgan"]}
    assert "| generate | **fastgan** |  |" in scores(failed)
    figures.scores(failed, tmp_path / "scores.png")
    assert (tmp_path / "scores.png").exists()


def test_a_model_that_was_skipped_has_its_place_in_the_table_and_no_bar(tmp_path: Path) -> None:
    skipped = ModelScores("day2night", skipped="no training image of night")
    models = {**MODELS, "cut": skipped, "cyclegan": skipped}
    assert "| day2night | **cut** |  | skipped | skipped |" in scores(models)
    figures.scores(models, tmp_path / "some.png")
    of_others = {name: models[name] for name in models if not models[name].skipped}
    figures.scores(of_others, tmp_path / "others.png")
    assert (tmp_path / "some.png").read_bytes() == (tmp_path / "others.png").read_bytes()


def test_the_chart_is_wide_enough_for_its_tasks_and_the_same_twice(tmp_path: Path) -> None:
    for name, models in (("a", MODELS), ("b", MODELS), ("one", {"cut": MODELS["cut"]})):
        figures.scores(models, tmp_path / f"{name}.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    sizes = [Image.open(tmp_path / f"{name}.png").size for name in ("a", "one")]
    assert sizes[0][0] == 2 * sizes[1][0]
    blue = (np.asarray(Image.open(tmp_path / "a.png").convert("RGB")) == (31, 119, 180)).all(axis=2)
    assert blue.any(axis=1).sum() > 20  # bars of models


def test_images_of_a_model_are_those_that_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert of_model("cut") == {}
    curves, samples = "train/cut/plots/images/curves.png", "pictures/samples/cut.png"
    for path in (curves, samples):
        file = Path("reports") / path
        file.parent.mkdir(parents=True)
        file.touch()
    assert of_model("cut") == {samples: "samples of cut", curves: "the training of cut"}


def test_a_sample_sheet_has_a_row_for_each_class_or_each_source() -> None:
    images = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.full(
        (1, 8, 12, 3), 40, np.uint8
    )
    made = Samples(images, ("day", "day", "night", "night", "night"))
    of_classes = figures.samples(made)
    step = (12 * 2 + MARGIN, 8 * 2 + MARGIN + CAPTION)
    assert of_classes.size == (MARGIN + 3 * step[0], MARGIN + 2 * step[1])
    assert of_classes.getpixel((MARGIN + step[0], MARGIN)) == (40, 40, 40)
    assert of_classes.getpixel((MARGIN + 2 * step[0], MARGIN)) == PAPER  # only two of day
    assert of_classes.getpixel((MARGIN, MARGIN + step[1])) == (80, 80, 80)
    pairs = figures.samples(made._replace(sources=images[::-1]))
    assert pairs.size == (MARGIN + 2 * step[0], MARGIN + 5 * (8 * 2 + MARGIN))
    assert pairs.getpixel((MARGIN, MARGIN)) == (160, 160, 160)
    assert pairs.getpixel((MARGIN + step[0], MARGIN)) == (0, 0, 0)


def test_no_model_and_none_with_a_score_make_a_table_too(tmp_path: Path) -> None:
    skipped = {"cut": ModelScores("day2night", skipped="no training image of night")}
    assert "| day2night | **cut** |  |" in scores(skipped)
    for name, models in (("none", {}), ("skipped", skipped)):
        figures.scores(models, tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").exists()


def test_every_task_has_its_decision_and_without_any_the_page_says_so() -> None:
    lines = written(decisions={"generate": {"reason": "sngan stays"}})
    assert lines[4:8] == ["## Decisions", "", "- **generate**: sngan stays.", ""]
    assert "None: no model trains, and there is no champion." in written()


def test_a_table_says_which_columns_are_text() -> None:
    of = Table(["a", "b", "c"], [[1, 2, 3]], texts=2)
    assert markdown(of).splitlines()[1] == "| --- | --- | ---: |"


def test_a_cell_holds_whatever_is_written_into_it() -> None:
    of = Table(["a"], [["one | two\nthree <b>&amp;</b>"]])
    assert markdown(of).splitlines()[2] == "| one \\| two<br>three <b>&amp;</b> |"


def test_what_a_rule_of_quality_would_have_taken_is_a_line_for_each_delivery() -> None:
    lines = written()
    doubts = [line for line in lines if line.startswith("- In doubt: ")]
    assert "`torn` would take 2 images of acme/d1" in doubts[0]
    assert len(doubts) == 2
    sure = IMAGES.with_columns(doubt=pl.lit(None, pl.String))
    assert not [line for line in written(images=sure) if "In doubt" in line]


def test_deliveries_that_were_withdrawn_are_named_with_the_reason() -> None:
    why = "withdrawn on 2026-11-28 (labels mixed up)"
    assert f"- `acme/d1`: {why}" in written(withdrawn={"acme/d1": why})


def test_a_model_has_its_heading_the_reason_if_it_has_no_score_and_what_it_left() -> None:
    lines = written(MODELS)
    at = lines.index("### fastgan")
    assert lines[at + 2] == "Failed in training: loss/a is not finite at step 3."
    assert lines[at + 4] == "![the training of fastgan](train/fastgan/curves.png)"
    headings = [line for line in lines if line.startswith("### ")]
    assert headings == [f"### {name}" for name in ("cut", "cyclegan", "r3gan", "sngan", "fastgan")]
    assert "![scores](pictures/scores.png)" in lines
    assert "None is listed in params.yaml." in written()
    assert "![scores](pictures/scores.png)" not in written()
