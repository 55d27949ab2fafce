"""A command that is killed can be repeated, and then all is as if nothing had happened."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from dvc.repo import Repo  # type: ignore[import-untyped]

from argus.cli.repository import recovery
from tests.cli.conftest import CARD, sh
from tests.cli.intake.test_submit import tree
from tests.cli.killed import COUNT
from tests.cli.sources.test_delivery import recorded

Argus = Callable[..., tuple[int, str]]
MOMENTS = 10
ROOT = Path(__file__).parents[2]


def killed(last: int, *command: str | Path) -> int:
    """Run a command that dies at a step (0: never), and return how many steps it had in all."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.cli.killed", str(last), *map(str, command)],
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


Again = Callable[..., None]


@pytest.fixture
def again(repo: Path, argus: Argus, monkeypatch: pytest.MonkeyPatch) -> Again:
    """Kill a command at ten moments, and when it has ended; repeat it and compare what is left."""

    def run(*command: str | Path, ended: bool = True) -> None:
        def tried(last: int) -> int:
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(repo, place, symlinks=True)
            monkeypatch.chdir(place)
            return killed(last, *command)

        place = repo.with_name("tried")
        steps = tried(0)
        expected = state()
        for last in [*([0] if ended else []), *moments(steps)]:
            if last:
                tried(last)
            status, printed = argus(*command)
            assert status == 0, f"after step {last} of {steps}: {printed}"
            assert state() == expected, f"after step {last} of {steps}"

    return run


@pytest.mark.parametrize(
    "name", [("--delivery", "d1"), pytest.param((), marks=pytest.mark.slow, id="named by the time")]
)
def test_submit(again: Again, upload: Path, name: tuple[str, ...]) -> None:
    again("submit", upload, "--source", "cam", *name)


def test_add(again: Again, tmp_path: Path) -> None:
    card = tmp_path / "card.yaml"
    card.write_text(CARD.replace("source: cam", "source: other"))
    again("source", "add", "other", "--card", card)


def test_retire(again: Again, repo: Path) -> None:
    for name in ("data/ingest/cam/images.parquet", "reports/ingest/cam/flaws.png"):
        Path(name).parent.mkdir(parents=True)
        Path(name).write_bytes(b"stale")
    Path("reports/ingest/cam.json").write_text("{}")
    again("source", "retire", "cam")


@pytest.mark.slow
@pytest.mark.parametrize("held", [False, True])
def test_withdraw(again: Again, upload: Path, argus: Argus, held: bool) -> None:
    """Repeated when it has taken a delivery out, there is none of that name any more."""
    for name in ("d1", "d2"):
        command = ("submit", upload, "--source", "cam", "--delivery", name, "--shard")
        assert argus(*command)[0] == 0
        (upload / "day/drive1/more.jpg").write_bytes(b"more")
    if held:
        recorded(1)
    again("delivery", "withdraw", "cam/d1", "--reason", "wrong labels", ended=held)


@pytest.mark.slow
def test_turn(again: Again, upload: Path, argus: Argus) -> None:
    """Repeated when it has ended, it is the next turn."""
    assert argus("submit", upload, "--source", "cam", "--delivery", "d1")[0] == 0
    again("turn", "-m", "first", ended=False)


def test_what_is_half_written_is_no_data_and_goes_with_the_next_command(
    repo: Path, upload: Path, argus: Argus
) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    parts = [
        f"{folder}/.{name}.{gone.pid}.part{suffix}"
        for folder, name, suffix in [
            ("data/sources", "cam", ".yaml"),
            ("data/ingest", "cam", ""),
            ("data/raw/cam", "d1", ""),
            ("reports", "dedupe", ".json"),
            ("models/trained", "r3gan", ""),
            (".", "params", ".yaml"),
        ]
    ]
    assert argus("submit", upload, "--source", "cam", "--delivery", "d0")[0] == 0
    before = sh("git", "status", "--porcelain", "--untracked-files=all")
    dependency = Repo(".").dvcignore
    alive = Path(f"data/.alive.{os.getppid()}.part")
    for part in [*parts, f"{alive}"]:
        Path(part).mkdir(parents=True)
        Path(part, "a.jpg").write_bytes(b"half")
        assert dependency.is_ignored_dir(str(Path(part).absolute()))
    within = Path(f"data/raw/cam/d0/.sent.{gone.pid}.part")  # of a delivery, as it was sent
    within.mkdir()
    assert sh("git", "status", "--porcelain", "--untracked-files=all") == before
    assert argus("source", "retire", "cam")[0] == 0
    assert [part for part in parts if Path(part).exists()] == []
    assert alive.is_dir()
    assert within.is_dir()


@pytest.mark.parametrize("command", [("source", "list"), ("source", "check", "cam")])
def test_a_command_that_only_looks_sweeps_too(
    repo: Path, upload: Path, argus: Argus, command: tuple[str, ...]
) -> None:
    before = state()
    submit = ("submit", upload, "--source", "cam", "--delivery", "d1")
    assert argus(*submit)[0] == 0
    recovery.JOURNAL.write_text(
        json.dumps({"target": "data/raw/cam/d1", "home": False, "ignored": None})
    )
    recovery.SCRATCH.mkdir()
    argus(*command)
    assert state() == before


def test_a_command_that_only_looks_leaves_alone_what_one_at_work_has(
    repo: Path, argus: Argus
) -> None:
    holder = (
        "from argus.cli.repository import lock\nwith lock.hold('x'): print(flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline()
        recovery.SCRATCH.mkdir()
        status, printed = argus("source", "list")
        assert status == 0
        assert "at work" not in printed
        assert recovery.SCRATCH.is_dir()
        process.communicate("\n")
    assert argus("source", "list")[0] == 0
    assert not recovery.SCRATCH.exists()


def test_a_delivery_that_was_cut_short_and_then_committed_by_hand_stays(
    repo: Path, upload: Path, argus: Argus
) -> None:
    submit = ("submit", upload, "--source", "cam", "--delivery", "d1")
    assert argus(*submit)[0] == 0
    assert not recovery.JOURNAL.exists()
    sh("git", "commit", "--quiet", "--message", "mine")
    recovery.JOURNAL.write_text(
        json.dumps({"target": "data/raw/cam/d1", "home": False, "ignored": None})
    )
    before = tree(repo / "data")
    assert argus("source", "retire", "cam")[0] == 0
    assert tree(repo / "data") == before
    assert not recovery.JOURNAL.exists()
