"""Several seeds of a recipe: what an entry may repeat, and that DVC sees what it depends on."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.repo import Repo  # type: ignore[import-untyped]
from dvc.utils.hydra import apply_overrides  # type: ignore[import-untyped]

from argus.cli.repository import params_edit
from argus.core import params
from argus.core.errors import ArgusError
from argus.core.params import schema
from tests.conftest import ROOT

CUT = "  cut:\n    arch: cut\n"
SEEDS = """
  cut-1: {<<: *cut, recipe: cut, seed: 1}
  cut-2:
    <<: *cut
    recipe: cut
    seed: 2
"""


def with_seeds(seeds: str = SEEDS) -> str:
    """The text of params.yaml with repetitions of cut."""
    text = (ROOT / "params.yaml").read_text()
    assert CUT in text
    head, tail = text.replace(CUT, "  cut: &cut\n    arch: cut\n").split("\n# --- what is promoted")
    return f"{head.rstrip()}{seeds}\n# --- what is promoted{tail}"


def entry(**changes: Any) -> dict[str, Any]:
    """An entry of `models`."""
    common = {"arch": "sngan", "task": "generate", "steps": 9, "batch": 4, "seed": 0}
    return common | changes


def test_a_repetition_is_a_whole_entry_and_recipes_list_their_seeds(workspace: Path) -> None:
    Path("params.yaml").write_text(with_seeds())
    p = params.load()
    assert p.models["cut-1"] == p.models["cut"].model_copy(update={"recipe": "cut", "seed": 1})
    assert p.recipes() == {
        **{name: (name,) for name in ("sngan", "fastgan", "r3gan", "cyclegan")},
        "cut": ("cut", "cut-1", "cut-2"),
    }


def test_params_as_they_stand_have_one_seed_each() -> None:
    p = params.load(ROOT / "params.yaml")
    assert p.recipes() == {name: (name,) for name in p.models}


REPEATED = {"a": entry(), "b": entry(recipe="a", seed=1), "c": entry(recipe="a", seed=2)}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"b": entry(recipe="aa", seed=1)}, "models.b.recipe is 'aa', and no valid.*mean a?"),
        ({"c": entry(recipe="b", seed=2)}, "models.c.recipe is 'b', which is a repetition of 'a'"),
        ({"c": entry(recipe="c", seed=2)}, "models.c.recipe is 'c', which is itself"),
        ({"b": entry(recipe="a", seed=1, steps=8)}, r"differs from it in steps: .*`<<: \*a`"),
        ({"b": entry(recipe="a", seed=1, config={"noise": 9})}, "differs from it in config"),
        (
            {"b": entry(recipe="a", seed=1, profile="x", batch=2)},
            "differs from it in profile, batch",
        ),
        ({"b": entry(recipe="a")}, "models.b.seed is 0, as that of models.a: give it another"),
        ({"b": entry(recipe="a", seed=2)}, "models.c.seed is 2, as that of models.b"),
        ({"c": entry()}, "the recipe 'a' has 2 seeds, of which no spread can be told"),
    ],
)
def test_what_is_no_repetition_is_named(changes: dict[str, Any], said: str) -> None:
    models = {name: params.Model(**each) for name, each in (REPEATED | changes).items()}
    (found,) = schema.conflicts({"models": models})
    assert re.search(said, found)


def test_a_recipe_of_enough_seeds_is_taken() -> None:
    assert (
        list(schema.conflicts({"models": {n: params.Model(**m) for n, m in REPEATED.items()}}))
        == []
    )


def test_an_edit_by_argus_leaves_anchors_and_merge_keys_as_they_stand(workspace: Path) -> None:
    text = with_seeds()
    turned = params_edit.with_value(text, "lineage.turn", "4")
    turned = params_edit.with_item(turned, "sources", "fleet")
    assert SEEDS in turned
    Path("params.yaml").write_text(turned)
    p = params.load()
    assert (p.lineage.turn, p.models["cut-2"].steps) == (4, p.models["cut"].steps)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A repository of DVC in which every seed has trained: the stage of ours, its work left out."""
    folder, before = tmp_path_factory.mktemp("settled"), Path.cwd()
    stage = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["train"]
    stage["params"] = [line for line in stage["params"] if isinstance(line, str)]  # not the code
    stage |= {"cmd": "true", "deps": [], "outs": ["made/${item.model}"], "metrics": [], "plots": []}
    os.chdir(folder)
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": {"train": stage}}))
    Path("params.yaml").write_text(with_seeds())
    Path("made").mkdir()
    for name in params.load().models:
        Path("made", name).touch()
    with Repo.init(no_scm=True) as repo:
        repo.commit(force=True)
        assert repo.status() == {}
    yield folder
    os.chdir(before)


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("steps: 220", "steps: 230", {"cut", "cut-1", "cut-2"}),
        (
            "\n  cut-1: {<<: *cut, recipe: cut, seed: 1}",
            "\n  cut-1: {<<: *cut, recipe: cut, seed: 5}",
            {"cut-1"},
        ),
        ("steps: 220\n    batch: 4\n    seed: 0", "steps: 220\n    batch: 4\n    seed: 7", {"cut"}),
        ("steps: 180", "steps: 190", {"cyclegan"}),
    ],
)
def test_what_dvc_trains_again_when_a_recipe_changes(
    settled: Path, old: str, new: str, again: set[str]
) -> None:
    text = with_seeds()
    assert text.count(old) == 1
    Path("params.yaml").write_text(text.replace(old, new))
    assert params.load()
    with Repo() as repo:
        assert set(repo.status()) == {f"train@{name}" for name in again}


def test_a_recipe_that_an_experiment_of_dvc_changed_alone_is_refused(workspace: Path) -> None:
    """`dvc exp run -S` writes out what was merged, as it was before."""
    Path("params.yaml").write_text(with_seeds())
    apply_overrides("params.yaml", ["models.cut.steps=300"])
    with pytest.raises(ArgusError, match=r"models.cut-1 repeats the recipe 'cut'.*in steps"):
        params.load()
    more = [f"models.cut-{seed}.steps=300" for seed in (1, 2)]
    apply_overrides("params.yaml", more)
    assert {each.steps for each in params.load().models.values() if each.arch == "cut"} == {300}
