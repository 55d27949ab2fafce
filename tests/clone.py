"""A copy of the working tree to run the pipeline in, as a person would."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.conftest import ROOT

DROPPED = ("tests", "benchmarks", "docs", "reports", "dvc.lock")


def working_tree(into: Path) -> None:
    """Copy what Git tracks, or would, as it is now, without tests, docs and what a turn records."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in listed:
        if not name.startswith(DROPPED) and (ROOT / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, into / name)


def parameters(top: Path) -> tuple[YAML, Any]:
    """The YAML that writes `params.yaml` back as it was, and its content."""
    yaml = YAML()
    return yaml, yaml.load(top / "params.yaml")


def attempt(command: str, cwd: Path) -> tuple[int, str]:
    """Run a shell command with this interpreter's tools first; its status and output."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    author = {"GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@localhost"}
    committer = {"GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@localhost"}
    own = {"PATH": path, "PYTHONPATH": str(cwd), "COLUMNS": "200"}
    done = subprocess.run(  # noqa: S602 - as a person types it, and from our own tests
        command,
        shell=True,
        cwd=cwd,
        env={**os.environ, **author, **committer, **own},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def run(command: str, cwd: Path) -> str:
    """The output of a command that must succeed."""
    status, output = attempt(command, cwd)
    assert status == 0, output
    return output
