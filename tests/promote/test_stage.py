"""The stage as DVC runs it: what it leaves of champions that may serve, and of others."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from argus.core import lineage, params, reports
from argus.core.files import sha256, write_json
from argus.core.paths import CHAMPIONS, EVALUATED, TRAINED
from argus.data.packed import Rights, Terms
from argus.judging import registry
from argus.judging.registry import RESERVED
from stages.evaluate import __main__ as evaluate
from stages.promote import __main__ as promote
from stages.promote import rivals
from tests.evaluate.world import JUDGES, leave, settings, stand_in

BEFORE = Path("before")


@pytest.fixture
def run(
    workspace: Path, card: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, dict[str, Any]]]:
    """Promote on a challenger that is better than the incumbent; returns the decisions."""
    stand_in(monkeypatch, [evaluate, rivals], {"new": 0.5, "generate": 0.8})
    card("fleet")
    p = settings({"new": "generate"}, sources=["fleet"])
    p = p.model_copy(update={"lineage": params.Lineage(turn=1, previous="a" * 40)})
    leave(TRAINED / "new", kid=0.1)
    leave(BEFORE / "generate")
    leave(BEFORE / "day2night", task="day2night")
    (EVALUATED / "new").mkdir(parents=True)
    found = evaluate.scored("new", p, EVALUATED / "new")
    reports.metrics("evaluate/new", found.report())

    def fetched(revision: str, into: Path) -> dict[str, Path]:
        found = shutil.copytree(BEFORE, into / "champions")
        return {folder.name: folder for folder in sorted(found.iterdir())}

    def main(withdrawn: dict[str, str]) -> dict[str, dict[str, Any]]:
        terms = Terms("MIT", True, {"first": [], "second": []})
        write_json("data/pack/rights.json", asdict(Rights({"fleet": terms}, withdrawn)))
        promote.main()
        return reports.read("promote/decision")

    monkeypatch.setattr(params, "load", lambda: p)
    monkeypatch.setattr(promote, "fetch", fetched)
    monkeypatch.setattr(promote, "decisions_of", lambda _revision: {})
    monkeypatch.setattr(lineage, "text_of", lambda *_: None)
    return main


def test_a_champion_goes_on_with_the_list_of_what_is_behind_it(run) -> None:
    decisions = run({})
    assert {task: made["champion"] for task, made in decisions.items()} == {
        "day2night": "day2night",
        "generate": "new",
    }
    assert sorted(path.name for path in CHAMPIONS.iterdir()) == ["day2night", "generate"]
    for task, folder in (("generate", TRAINED / "new"), ("day2night", BEFORE / "day2night")):
        for name in ("card.json", "images.parquet", "generator.safetensors"):
            assert (CHAMPIONS / task / name).read_bytes() == (folder / name).read_bytes()
        assert decisions[task]["weights"] == sha256(CHAMPIONS / task / "generator.safetensors")
        assert "weights" not in reports.read("promote")[task]  # no metric
        scores = {metric.key(name) for metric in registry.evaluated() for name in JUDGES}
        assert decisions[task].keys() - scores <= RESERVED


def test_a_withdrawn_image_empties_every_slot_that_rests_on_it(run, capsys) -> None:
    decisions = run({"b" * 64: "asked for"})
    assert {task: (made["champion"], made["weights"]) for task, made in decisions.items()} == {
        "day2night": (None, None),
        "generate": (None, None),
    }
    assert CHAMPIONS.is_dir()
    assert list(CHAMPIONS.iterdir()) == []
    why = f"image {'b' * 12} of fleet/second is withdrawn (asked for)"
    assert decisions["generate"]["refused"] == {"new": why}
    for task in ("generate", "day2night"):
        assert decisions[task]["incumbent_refused"]["because"] == why
        assert why in decisions[task]["reason"]
        assert "reason" not in reports.read("promote")[task]
    assert why in capsys.readouterr().out
