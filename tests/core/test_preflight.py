"""`params.yaml` is checked whole before anything runs, and nothing is checked twice."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from argus.core import params
from argus.core.errors import ArgusError
from argus.core.params import preflight
from tests.conftest import ROOT

Parameters = dict[str, Any]


def edited(change: dict[str, Any]) -> Parameters:
    """The parameters of the project with some changed, by dotted names; None takes one off."""
    content: Parameters = yaml.safe_load((ROOT / "params.yaml").read_text())
    for place, value in change.items():
        *above, name = place.split(".")
        section = content
        for part in above:
            section = section[part]
        if value is None:
            del section[name]
        else:
            section[name] = value
    return content


def write(change: dict[str, Any]) -> None:
    Path("params.yaml").write_text(yaml.safe_dump(edited(change)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"label.confidense": 0.5}, "did you mean confidence"),
        ({"models.cut.stepps": 9}, "models.cut.stepps: there is no such field; did you mean steps"),
        ({"models.cut.domains.traget": "x"}, "domains.traget: .* did you mean target"),
        ({"models.cut.images": 9}, "models.cut: .*give one"),
        ({"models.cut.steps": None}, "models.cut: .*give one"),
        ({"models.cut.steps": 0}, "models.cut.steps"),
        ({"models.cut.seed": -1}, "models.cut.seed"),
        ({"models.cut.domains.target": "day"}, "both 'day'"),
        ({"models.cut.domains": None}, "same `domains`.*cut: no `domains`; cyclegan: day to night"),
        ({"models.cut.domains.source": "fog"}, "same `domains`.*cut: fog to night"),
        ({"models.cut.task": "generate"}, "models of task 'generate'"),
        ({"models.cut.task": "../up"}, "models.cut.task"),
        ({"models.a/b": {}}, "models.a/b"),
        ({"train.processes": 3}, "models.sngan.batch is 16, which 3 processes"),
        ({"evaluate.splits": []}, "evaluate.splits"),
        ({"evaluate.splits": ["test", "test"]}, "test is listed twice"),
        ({"sources": ["demo", "demo"]}, "sources: demo is listed twice"),
        ({"label.max_images": 3}, r"max_images \(3\) is below min_images"),
        ({"split.val": 0.8}, "nothing to train on"),
        ({"prune.budget": 0}, "prune.budget"),
        ({"pack.resolution": [32]}, "pack.resolution"),
    ],
)
def test_a_wrong_entry_is_named_by_every_command(
    workspace: Path, change: dict[str, Any], said: str
) -> None:
    write(change)
    with pytest.raises(ArgusError, match=said):
        params.load()


def test_all_that_is_wrong_is_said_at_once_whatever_else_is() -> None:
    wrong, sections = preflight.judged(
        edited({"prune.budget": 0, "train.processes": 3, "models.cut.task": "generate"})
        | {"trian": {}}
    )
    text = "\n".join(wrong)
    assert all(
        name in text for name in ("prune.budget", "trian", "task 'generate'", "fastgan.batch")
    )
    assert "prune" not in sections
    assert set(sections["models"]) >= {"cut", "sngan"}
    wrong, sections = preflight.judged(
        edited({"models.cut.steps": 0, "models.r3gan.batch": "many"})
    )
    assert len(wrong) == 2
    assert set(sections["models"]) == {"sngan", "fastgan", "cyclegan"}
    assert preflight.judged(edited({}))[0] == []


class Asked:
    """Stands in for the process that asks the architectures."""

    def __init__(self, answer: dict[str, list[str]] | None) -> None:
        self.answer, self.questions = answer, list[Parameters]()

    def __call__(self, command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        assert command[:3] == [sys.executable, "-m", "argus.models.check"]
        self.questions.append(json.loads(options["input"]))
        if self.answer is None:
            return subprocess.CompletedProcess(command, 1, "", "Traceback\nOSError: no torch")
        Path(command[3]).write_text(json.dumps(self.answer))
        return subprocess.CompletedProcess(command, 0, "", "")


def asked(monkeypatch: pytest.MonkeyPatch, **answer: list[str]) -> Asked:
    stand_in = Asked({"wrong": [], "broken": [], "device": []} | answer)
    monkeypatch.setattr(subprocess, "run", stand_in)
    return stand_in


def test_what_was_in_order_is_not_asked_again_until_an_entry_changes(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = asked(monkeypatch)
    unheard: list[Parameters] = [{}, {}, {"prune.budget": 7}, {"ingest.min_side": 99}]
    for change in unheard:
        write(change)
        preflight.require(whole_pipeline=True)
    assert len(process.questions) == 1  # these are no concern of a model
    heard = ({"pack.resolution": [64, 64]}, {"models.cut.batch": 8}, {"train.device": "cpu"})
    for change in heard:
        write(change)
        preflight.require(whole_pipeline=True)
    assert len(process.questions) == 4
    assert process.questions[1]["pack"]["resolution"] == [64, 64]


def test_what_was_wrong_is_asked_again(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = asked(monkeypatch, wrong=["models.cut: too small"])
    for times in (1, 2):
        with pytest.raises(ArgusError, match=r"nothing has run yet:\n  - models\.cut: too small"):
            preflight.require(whole_pipeline=False)
        assert len(process.questions) == times


def test_a_missing_gpu_stops_a_turn_and_warns_a_stage(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    process = asked(monkeypatch, device=["train.device is cuda"], broken=["models.cut: it broke"])
    preflight.require(whole_pipeline=False)
    preflight.require(whole_pipeline=False)
    assert len(process.questions) == 1
    said = capsys.readouterr().err
    assert said.count("train.device is cuda") == said.count("models.cut: it broke") == 1
    with pytest.raises(ArgusError, match=r"train\.device is cuda"):
        preflight.require(whole_pipeline=True)
    assert len(process.questions) == 2  # there might have been one by now


def test_where_nobody_can_be_asked_it_warns_and_goes_on(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(subprocess, "run", Asked(None))
    preflight.require(whole_pipeline=True)
    assert "could not be checked before they train: OSError: no torch" in capsys.readouterr().err
    assert not preflight.SEEN.exists()


def test_a_stage_checks_it_where_dvc_runs_it_and_nowhere_else(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = asked(monkeypatch, wrong=["models.cut: too small"])
    assert "DVC_STAGE" not in os.environ
    params.load()
    monkeypatch.setenv("DVC_STAGE", "ingest@demo")
    with pytest.raises(ArgusError, match="too small"):
        params.load()
    assert len(process.questions) == 1


def test_the_first_stage_says_what_the_architectures_have_against_the_entries(
    workspace: Path,
) -> None:
    write({"models.sngan.arch": "sngun", "pack.resolution": [30, 48], "prune.budget": 0})
    environment = os.environ | {"DVC_STAGE": "ingest@demo", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "stages.ingest", "demo"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert not Path("data").exists()
    for said in ("prune.budget", "sngan: .*did you mean sngan", r"r3gan: images of 30x48"):
        assert re.search(said, done.stderr), done.stderr
