"""`dvc repro` of the train stage: killed with all its children, and with a model that fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.train import tiny

pytestmark = pytest.mark.slow

BROKEN = """
from argus.models.architectures.r3gan import R3GAN

class Broken(R3GAN):
    def step(self, batch, scheduled, optimizer_step):
        raise RuntimeError("no step at all")
"""


@pytest.fixture
def repository(workspace: Path) -> Path:
    """A repository of Git and DVC with packed images, the train stage of ours and two models."""
    tiny.pack(workspace / "data/pack", val=5)
    (workspace / "elsewhere.py").write_text(BROKEN)
    tiny.write_params(
        workspace,
        {
            "broken": tiny.GENERATE | {"arch": "elsewhere:Broken", "steps": 9},
            "tiny": tiny.MODELS["r3gan"] | {"arch": "r3gan", "steps": 160},
        },
        validate_every=50,
    )
    stage = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["train"]
    stage["deps"] = [path for path in stage["deps"] if path.startswith("data/")]
    stage["params"] = [line for line in stage["params"] if isinstance(line, str)]  # not the code
    (workspace / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"train": stage}}))
    author = "git -c user.name=Tester -c user.email=tester@example.org"
    for command in ("git init -q", "dvc init -q", "git add .", f"{author} commit -qm start"):
        said(command)
    return workspace


def started(command: str) -> subprocess.Popen[bytes]:
    """A shell command in a process group of its own."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    python = f"{ROOT}{os.pathsep}{Path.cwd()}"
    return subprocess.Popen(
        command.split(),
        env=os.environ | {"PATH": path, "PYTHONPATH": python},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def said(command: str) -> str:
    code, output = tiny.finished(started(command))
    assert code == 0, output
    return output


def test_a_killed_repro_goes_on_where_it_was_and_a_broken_model_does_not_stop_it(repository):
    outputs = [repository / "models/trained", repository / "reports/train"]
    first = started("dvc repro")
    while not any((repository / ".cache/train/tiny").rglob("[0-9]*.ckpt")):
        assert first.poll() is None, tiny.finished(first)
        time.sleep(0.005)
    os.killpg(first.pid, signal.SIGKILL)
    tiny.finished(first)
    assert not (repository / "models/trained/tiny").exists()

    assert "train tiny from step " in said("dvc repro")
    interrupted = tiny.files(*outputs)
    assert "0/tiny/generator.safetensors" in interrupted
    assert json.loads(interrupted["0/broken/card.json"])["failed"].endswith("no step at all")
    assert "0/broken/generator.safetensors" not in interrupted
    assert "1/broken/plots/images/curves.png" in interrupted
    metrics = json.loads(said("dvc metrics show --json"))[""]["data"]
    assert metrics["reports/train/tiny/metrics.json"]["data"]["step"] == 160
    assert "Running stage" not in said("dvc repro")

    assert " from step " not in said("dvc repro --force")
    assert tiny.files(*outputs) == interrupted
