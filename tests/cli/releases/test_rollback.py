"""An earlier release is champion again: a commit that the next turn goes on from."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from argus.cli.releases import keys, lifecycle, registry
from argus.cli.repository import git, workspace
from argus.cli.repository.turn_commits import History
from argus.cli.turns import rollback as module
from argus.cli.turns.rollback import JOURNAL, rollback
from argus.core.errors import ArgusError
from argus.core.files import sha256
from tests.cli.conftest import sh
from tests.cli.releases.conftest import CHAMPION, deliver, make_turn, today
from tests.cli.releases.test_release import run, tags
from tests.cli.turns.test_commit import after
from tests.conftest import ROOT

Argus = Callable[..., tuple[int, str]]
WEIGHTS = Path("models/champions/generate/generator.safetensors")
BECAUSE = 'nights without lamps: "grey"'


def weights_of(revision: str) -> str:
    decided = json.loads(sh("git", "show", f"{revision}:reports/promote/decision.json"))
    return str(decided["generate"]["weights"])


@pytest.mark.slow
def test_an_earlier_release_serves_again_and_the_next_turn_goes_on_from_it(
    turned: Path, argus: Argus
) -> None:
    before, second = git.head(), sh("git", "rev-parse", "generate@v2.0.0^{}").strip()
    aside = keys.default().rename(keys.default().with_name("aside.pem"))  # none is needed
    status, printed = argus("rollback", "generate", "--because", BECAUSE)
    assert status == 0, printed
    assert "generate is rolled back: generate@v3.0.0 is v1.0.0 again, and in production" in printed
    assert sh("git", "rev-parse", "HEAD~1").strip() == before
    assert git.changes() == []
    assert json.loads(workspace.dvc("status", "--json")) == {}
    assert not JOURNAL.exists()

    first = weights_of("turn-1")
    assert sha256(WEIGHTS) == first == weights_of("HEAD") != weights_of("turn-2")
    assert tags() == ["generate#production#5", "generate@v3.0.0"]
    assert lifecycle.retired("generate") == {second}
    shown = json.loads(run("gto", "show", "--json").stdout)["generate"]
    assert shown["version"] == "v3.0.0"
    assert shown["stage"] == {"production": "v3.0.0", "retired": "v2.0.0"}
    assert argus("verify", "generate")[0] == 0
    assert json.loads(Path("releases/generate/release.json").read_text())["version"] == "v1.0.0"
    got = run("dvc", "artifacts", "get", ".", "generate", "--out", "newest")
    assert got.returncode == 0, got.stderr
    assert sha256(Path("newest/generator.safetensors")) == first
    shutil.rmtree("newest")

    status, printed = argus("history", "--write", "out.md")
    assert status == 0
    (row,) = [line for line in Path("out.md").read_text().splitlines() if "Roll generate" in line]
    assert "r3gan rolled back to v1.0.0" in row
    Path("out.md").unlink()
    status, printed = argus("rollback", "generate", "--because", "again")
    assert (status, "no earlier release of 'generate' to go back to" in printed) == (1, True)

    rolled = git.head()
    aside.rename(keys.default())
    deliver("d3")
    shutil.rmtree(CHAMPION)
    shutil.copytree(WEIGHTS.parent, CHAMPION)  # the incumbent stays
    status, printed = argus("turn", "-m", "after it")
    assert status == 0, printed
    assert "turn 3 goes on from turn 2, commit " + rolled[:10] in printed
    assert "does not come from it" not in printed
    settings = yaml.safe_load(Path("params.yaml").read_text())
    assert settings["lineage"] == {"turn": 3, "previous": rolled}
    assert settings["promote"]["rolled_back"] == {}
    assert tags() == ["turn-3"]  # no new version: what serves is v3.0.0
    assert weights_of("HEAD") == first


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda: Path("notes.txt").write_text("x"), "the tree holds more than HEAD"),
        (lambda: Path(".dvc/tmp/fail-judge").touch(), "`dvc repro` stopped"),
    ],
)
def test_what_stands_in_the_way_leaves_all_as_it_was(
    turned: Path, spoil: Callable[[], object], said: str
) -> None:
    made, weights, named = git.head(), sha256(WEIGHTS), sh("git", "tag")
    spoil()
    before = git.changes()
    with pytest.raises(ArgusError, match=said):
        rollback("generate", None, BECAUSE, today())
    assert (git.head(), sha256(WEIGHTS), sh("git", "tag")) == (made, weights, named)
    assert git.changes() == before
    assert not JOURNAL.exists()
    if not before:
        assert json.loads(workspace.dvc("status", "--json")) == {}


@pytest.mark.slow
def test_another_tasks_champion_is_not_moved_along(
    turned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = git.head()

    def moved() -> None:
        path = Path("reports/promote/decision.json")
        decided = json.loads(path.read_text())
        decided["day2night"]["weights"] = "0" * 64
        path.write_text(json.dumps(decided))

    after(monkeypatch, workspace, "dvc_aloud", moved)
    with pytest.raises(ArgusError, match="changed the champion of day2night, too"):
        rollback("generate", None, BECAUSE, today())
    assert git.head() == made
    assert git.changes() == []


def killed_at(moment: str, *command: str) -> None:
    """Run a command that dies as by `kill -9` when it comes to a function."""
    code = (
        "import os, signal, sys; from argus.cli.__main__ import main\n"
        "import argus.cli.turns.rollback as r\n"
        f"r.{moment} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"sys.argv = ['argus', *{command!r}]; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "moment",
    ["require_only", "commit_what_ran", "release.publish"],
    ids=["ran", "added", "committed"],
)
def test_a_rollback_that_was_killed_is_completed_when_repeated(
    turned: Path, argus: Argus, moment: str
) -> None:
    command = ("rollback", "generate", "--because", BECAUSE, "--to", "v1")
    base = git.head()
    killed_at(moment, *command)
    status, printed = argus(*command)
    assert status == 0, printed
    assert "generate@v3.0.0 is v1.0.0 again" in printed
    assert sh("git", "rev-parse", "HEAD~1").strip() == base
    assert lifecycle.serving("generate") == git.head()
    assert "generate@v3.0.0" in tags()
    assert git.changes() == []
    assert json.loads(workspace.dvc("status", "--json")) == {}
    assert argus("verify", "generate")[0] == 0


@pytest.mark.slow
def test_a_turn_after_a_killed_rollback_undoes_it(turned: Path) -> None:
    killed_at("require_only", "rollback", "generate", "--because", BECAUSE)
    assert git.changes()
    make_turn(3, "the next one")
    settings = yaml.safe_load(Path("params.yaml").read_text())
    assert settings["promote"]["rolled_back"] == {}
    assert settings["lineage"]["previous"] == git.git("rev-parse", "turn-2^{}").strip()


@pytest.mark.parametrize(
    ("to", "said"),
    [
        (None, "there is no earlier release of 'generate' to go back to: none in all"),
        ("v1", "generate@v1 is what serves already"),
        ("v7", "no release v7 of 'generate' is in HEAD's history"),
        ("latest", "no release latest of 'generate'"),
    ],
)
def test_there_must_be_something_to_go_back_to(released: Path, to: str | None, said: str) -> None:
    with pytest.raises(ArgusError, match=said):
        rollback("generate", to, BECAUSE, today())


def test_a_rollback_needs_a_reason(released: Path) -> None:
    with pytest.raises(ArgusError, match="needs a reason"):
        rollback("generate", None, " ", today())


def test_what_may_not_be_used_today_does_not_come_back(
    released: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor what does not verify."""
    made = git.head()
    target = registry.versions(History())[0]
    monkeypatch.setattr(module, "chosen", lambda *_: target)
    card = Path("data/sources/cam.yaml")
    card.write_text(card.read_text().replace("expires: 2099-12-31", "expires: 2026-01-01"))
    sh("git", "commit", "--quiet", "--all", "--message", "consent is over")
    monkeypatch.setattr(module, "require_untouched", lambda: None)
    with pytest.raises(ArgusError, match="rests on what may not be used today"):
        rollback("generate", "v1", BECAUSE, today())
    for path in keys.committed():
        path.unlink()
    keys.new(keys.default().with_name("second.pem"))
    with pytest.raises(ArgusError, match="none of those that count here"):
        rollback("generate", "v1", BECAUSE, today())
    assert sh("git", "rev-parse", "HEAD~1").strip() == made
