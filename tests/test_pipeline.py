"""One whole small turn through `dvc repro`, in a clone of the working tree."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from argus.data import catalogue
from tests.clone import parameters, run, working_tree


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository in which a turn on a tiny demo world has just been made."""
    clone = tmp_path_factory.mktemp("clone")
    working_tree(clone)
    yaml, settings = parameters(clone)
    settings["demo"].update(
        size=[96, 144], frames=4, drives={"day": 8, "night": 8, "dusk": 4, "fog": 4, "rain": 4}
    )
    settings["split"].update(val=0.25, test=0.35)
    settings["prune"]["budget"] = 30
    settings["evaluate"]["samples"] = 10
    for model in settings["models"].values():
        model.update(steps=2, batch=2)
    yaml.dump(settings, clone / "params.yaml")
    run("git init -q && git add -A && git commit -qm start", clone)
    run("dvc repro", clone)
    return clone


def test_the_turn_is_whole(turned: Path) -> None:
    images = catalogue.read(turned / "data/prune/images.parquet")
    statuses = set(images["status"])
    # every refusal that the demo plants is seen, and the curation has had its say
    assert statuses >= {
        "accepted",
        "consent_expired",
        "exact_copy",
        "near_duplicate",
        "not_an_image",
        "pruned",
        "too_small",
        "truncated",
    }
    train = np.load(turned / "data/pack/train.npy")
    assert train.dtype == np.uint8
    assert train.shape == (catalogue.accepted(images, "train").height, 32, 48, 3)
    decided = json.loads((turned / "reports/promote/decision.json").read_text())
    champions = {path.name for path in (turned / "models/champions").iterdir()}
    assert set(decided) == {"generate", "day2night"}
    assert champions == {task for task, made in decided.items() if made["champion"]}
    page = (turned / "reports/turn.md").read_text()
    links = [part.split(")")[0] for part in page.split("](")[1:]]
    assert len(links) >= 5
    assert all((turned / "reports" / link).exists() for link in links)


def test_each_lost_image_names_one_in_use_or_held_out(turned: Path) -> None:
    images = catalogue.read(turned / "data/prune/images.parquet")
    lost = images.filter(pl.col("lost_to").is_not_null())
    assert lost.height
    kept = images.filter(~pl.col("status").is_in(["exact_copy", "near_duplicate"]))
    assert set(lost["lost_to"]) <= set(kept["image_id"])


def test_dvc_reads_the_metrics(turned: Path) -> None:
    shown = json.loads(run("dvc metrics show --json", turned))
    files = shown[""]["data"]
    assert files["reports/split.json"]["data"]["leaks"] == 0
    for model in ("r3gan", "cyclegan"):
        scores = files[f"reports/evaluate/{model}.json"]["data"]
        assert np.isfinite([scores["kid_mobilenetv2"], scores["fd_squeezenet"]]).all()


def test_a_second_repro_has_nothing_to_do(turned: Path) -> None:
    assert "Running stage" not in run("dvc repro", turned)


def test_a_new_budget_runs_what_depends_on_it_and_nothing_before(turned: Path) -> None:
    run("git add -A && git commit -qm turn", turned)
    out = run("dvc exp run -S prune.budget=20 pack", turned)
    started = {line.split("'")[1] for line in out.splitlines() if line.startswith("Running stage")}
    assert started == {"prune", "pack"}
    difference = json.loads(run("dvc metrics diff --json", turned))
    selected = difference["reports/prune.json"]["selected"]
    assert (selected["old"], selected["new"]) == (30, 20)
