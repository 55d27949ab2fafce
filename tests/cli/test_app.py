"""The command as a whole: every room's commands are there, and its help is quick."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from argus.core.paths import PARAMS

Argus = Callable[..., tuple[int, str]]
SLOW = ("torch", "polars", "dvc", "numpy", "pydantic")
"""Libraries that take a tenth of a second or more to import."""


@pytest.mark.parametrize(
    ("of", "commands"),
    [
        (
            (),
            "submit formats export source delivery release verify turn rollback show history "
            "wanted",
        ),
        (("source",), "add list check retire fetch"),
        (("delivery",), "list withdraw"),
    ],
)
def test_the_commands_of_every_room_are_there(
    argus: Argus, of: tuple[str, ...], commands: str
) -> None:
    status, printed = argus(*of, "--help")
    assert status == 0
    section = printed.partition("Commands")[2]
    assert set(re.findall(r"^│ (\w+) ", section, re.MULTILINE)) == set(commands.split())


def test_help_waits_for_no_slow_library() -> None:
    code = (
        "import sys; from argus.cli.__main__ import main; sys.argv = ['argus', '--help']\n"
        f"try: main()\nfinally: print([name for name in {SLOW} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_version_says_which_package_and_which_turn(
    argus: Argus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plain = f"argus {version('argus-flywheel')}\n"
    assert argus("--version") == (0, plain)
    PARAMS.write_text("lineage: {turn: 3, previous: null}\n")
    assert argus("--version") == (0, plain.replace("\n", ", turn 3 here\n"))
    PARAMS.write_text("lineage: {turn: 0, previous: null}\n")  # before the first
    assert argus("--version") == (0, plain)
