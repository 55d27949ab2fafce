"""A scratch repository with a toy pipeline of two stages, so that commands meet real Git and DVC.

The settings are the project's own `params.yaml`, with one source, `cam`.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from argus.cli.__main__ import main
from argus.cli.repository import params_edit
from argus.core.params import preflight

HERE = Path(__file__).parent
PARAMS = HERE.parents[1] / "params.yaml"

CARD = """\
source: cam
kind: fleet
owner: Test Fleet
contact_role: data office
licence: CC-BY-4.0
jurisdiction: DE
purposes: [train, evaluate]
consent: {reference: contract 7, expires: 2099-12-31}
origin: camera
citation: ""
"""

PIPELINE = """\
artifacts:
  generate: {path: releases/generate, type: model}
stages:
  ingest:
    cmd: python toy.py ingest
    deps: [toy.py, data/raw]
    params: [sources, ingest]
    outs: [data/ingest]
    metrics:
      - reports/ingest/cam.json: {cache: false}
      - reports/dedupe.json: {cache: false}
      - reports/split.json: {cache: false}
      - reports/prune.json: {cache: false}
  judge:
    cmd: python toy.py judge
    deps: [toy.py, data/ingest]
    params: [models, promote, lineage.previous]
    metrics:
      - reports/evaluate/r3gan.json: {cache: false}
      - reports/promote.json: {cache: false}
    outs:
      - models/champions
      - reports/promote/decision.json: {cache: false}
"""


def sh(*command: str) -> str:
    """Run a command in the current folder; it must succeed."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def params_of_the_toy() -> str:
    """The project's own settings with one source and one model, before any turn."""
    text = PARAMS.read_text(encoding="utf-8")
    for key in ("sources", "rendered"):
        for item in params_edit.items(text, key):
            text = params_edit.without_item(text, key, item)
    text = params_edit.with_item(text, "sources", "cam")
    text = params_edit.with_value(text, "lineage.previous", "null")
    text = params_edit.with_value(text, "lineage.turn", "0")
    text = params_edit.with_value(text, "ingest.as_of", '"2026-01-01"')
    start = text.index("\nmodels:") + 1
    end = text.index("\n# ---", start)
    toy = "models:\n  r3gan: {arch: r3gan, task: generate, steps: 1, batch: 1, seed: 0}\n"
    return text[:start] + toy + text[end:]


@pytest.fixture(autouse=True)
def identity(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A name for commits, and nothing from the settings of whoever runs the tests."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.delenv("ARGUS_SIGNING_KEY", raising=False)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Tester")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "tester@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scratch repository, made once: DVC takes a second for every call."""
    top = tmp_path_factory.mktemp("template") / "repo"
    shutil.copytree(HERE / "toy", top)
    (top / "data/sources").mkdir(parents=True)
    (top / "data/raw").mkdir()
    (top / "data/raw/.gitkeep").touch()
    (top / "data/sources/cam.yaml").write_text(CARD)
    (top / "dvc.yaml").write_text(PIPELINE)
    (top / "params.yaml").write_text(params_of_the_toy())
    # those of the project, which Git and DVC's walk obey
    for rules in (".gitignore", ".gitattributes", ".dvcignore"):
        shutil.copy(PARAMS.with_name(rules), top)
    identity = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
    with contextlib.chdir(top):  # asks the architectures, once for all copies
        preflight.require(whole_pipeline=True)
    git = ("git", "-C", str(top))
    sh(*git, "init", "--quiet", "--initial-branch=main")
    sh(sys.executable, "-m", "dvc", "--cd", str(top), "init", "--quiet")
    (top / ".dvc/config").write_text("[core]\n    analytics = false\n    autostage = true\n")
    sh(*git, "add", "--all")
    sh(*git, *identity, "commit", "--quiet", "--message", "the project")
    return top


@pytest.fixture
def repo(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the scratch repository, which is the current folder; its tree is clean."""
    top = tmp_path / "repo"
    shutil.copytree(template, top, symlinks=True)
    monkeypatch.chdir(top)
    return top


Argus = Callable[..., tuple[int, str]]


@pytest.fixture
def argus(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run the command as a person does; returns its exit status and all that it printed."""

    def run(*arguments: str | Path) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["argus", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        capfd.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main()
        printed = "".join(capfd.readouterr())
        assert "Traceback" not in printed
        return int(exit_.value.code or 0), printed

    return run


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    """A folder as a client would send it: labels as folders, drives below them."""
    folder = tmp_path / "upload"
    for name in ("day/drive1/a.jpg", "day/drive1/b.jpg", "night/drive2/c.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(f"bytes of {name}".encode())
    return folder
