"""A command that is killed can be repeated, and then all is as if nothing had happened."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.client.conftest import CARD, sh
from tests.client.killed import COUNT
from tests.client.test_submit import tree

Argus = Callable[..., tuple[int, str]]
MOMENTS = 10
ROOT = Path(__file__).parents[2]


def killed(last: int, *command: str | Path) -> int:
    """Run a command that dies at a step (0: never), and return how many steps it had in all."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.client.killed", str(last), *map(str, command)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,  # a pipe that a process left behind holds open is waited for
        text=True,
        check=False,
    )
    assert done.returncode == (-signal.SIGKILL if last else 0), done.stdout
    return 0 if last else int(done.stdout.rpartition(COUNT)[2])


def moments(steps: int) -> list[int]:
    """Ten steps from the first to the last."""
    return sorted({round(1 + n * (steps - 1) / (MOMENTS - 1)) for n in range(MOMENTS)})


def state() -> dict[str, object]:
    """All that is left of a command in a repository, but for the time at which it ran."""
    files = {
        name: re.sub(rb"(received_at|md5|size): .*|\d{8}T\d{6}Z", b"", content)
        for name, content in tree(Path()).items()
    }
    own = [path.name for path in Path(".dvc/tmp").glob("*argus*") if path.name != "argus.lock"]
    return {
        "files": {re.sub(r"\d{8}T\d{6}Z", "", name): content for name, content in files.items()},
        "own": own,
        "git": re.sub(r"\d{8}T\d{6}Z", "", sh("git", "status", "--porcelain", "-uall")),
        "commits": sh("git", "log", "--format=%B"),
        "content": sh("git", "rev-parse", "HEAD^{tree}"),
        "tags": sh("git", "tag"),
    }


@pytest.fixture
def again(
    repo: Path, argus: Argus, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Iterator[int]]:
    """Kill a command at ten moments, and when all is done; repeat it, and compare what is left."""

    def run(*command: str | Path) -> None:
        every = os.environ.get("EVERY")
        place = repo.with_name("tried")
        expected = None
        steps = 1
        n = -1
        for last in [0, *(range(1, 100) if every else range(MOMENTS))]:
            n += 1
            if last and every and last > steps:
                break
            at = last if every or not n else moments(steps)[n - 1]
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(repo, place, symlinks=True)
            monkeypatch.chdir(place)
            steps = killed(at, *command) or steps
            expected = expected or state()
            status, printed = argus(*command)
            assert status == 0, (at, printed)
            assert (not at and command[0] == "turn") or state() == expected, at
            print("ok", at)

    return run


@pytest.mark.parametrize("name", [("--delivery", "d1"), ()])
def test_submit(again: Callable[..., None], upload: Path, name: tuple[str, ...]) -> None:
    again("submit", upload, "--source", "cam", *name)


def test_add(again: Callable[..., None], tmp_path: Path) -> None:
    card = tmp_path / "card.yaml"
    card.write_text(CARD.replace("source: cam", "source: other"))
    again("source", "add", "other", "--card", card)


def test_retire(again: Callable[..., None], repo: Path) -> None:
    for name in ("data/ingest/cam/images.parquet", "reports/ingest/cam/flaws.png"):
        Path(name).parent.mkdir(parents=True)
        Path(name).write_bytes(b"stale")
    Path("reports/ingest/cam.json").write_text("{}")
    again("source", "retire", "cam")


@pytest.mark.slow
def test_turn(again: Callable[..., None], upload: Path, argus: Argus) -> None:
    assert argus("submit", upload, "--source", "cam", "--delivery", "d1")[0] == 0
    again("turn", "-m", "first")
