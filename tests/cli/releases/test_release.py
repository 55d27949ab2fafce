"""Champions are released: built, signed, tagged, and got from a clone; all of it or nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from argus.cli.releases import keys, lifecycle, release
from argus.cli.repository import git, workspace
from argus.cli.turns.resume import STATE
from argus.cli.turns.turn import turn
from argus.core.errors import ArgusError
from tests.cli.conftest import sh
from tests.cli.releases.conftest import CHAMPION, deliver, make_turn, model, today

Argus = Callable[..., tuple[int, str]]
RELEASE = Path("releases/generate")
FILES = {
    *("card.json", "generator.safetensors", "model.onnx", "images.parquet"),
    *("release.json", "MODEL_CARD.md", "model.sig"),
}


def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program that stands beside the interpreter."""
    command = [Path(sys.executable).with_name(program), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def tags(revision: str = "HEAD") -> list[str]:
    return sorted(sh("git", "tag", "--points-at", revision).split())


@pytest.mark.slow
def test_a_turn_releases_its_champion(turned: Path) -> None:
    assert {path.name for path in RELEASE.iterdir()} == FILES
    assert tags() == ["generate#production#2", "generate@v2.0.0"]
    assert tags("HEAD~1") == ["turn-2"]
    assert tags("turn-1~0") == ["turn-1"]
    assert git.changes() == []
    assert json.loads(workspace.dvc("status", "--json")) == {}
    record = json.loads((RELEASE / "release.json").read_text())
    assert record["lineage"]["commit"] == git.git("rev-parse", "turn-2^{commit}").strip()
    assert (record["lineage"]["turn"], record["version"]) == (2, "v2.0.0")


def test_a_release_says_what_a_client_must_know(released: Path) -> None:
    assert {path.name for path in RELEASE.iterdir()} == FILES
    assert tags() == ["generate#production#1", "generate@v1.0.0"]
    assert sh("git", "show", "--format=%B", "--name-only").split() == [
        *("Release", "generate@v1.0.0", "Argus-Release:", "generate@v1.0.0"),
        "releases/generate.dvc",
    ]
    assert git.changes() == []
    record = json.loads((RELEASE / "release.json").read_text())
    assert record["lineage"]["commit"] == git.git("rev-parse", "turn-1^{commit}").strip()
    assert (record["lineage"]["turn"], record["version"]) == (1, "v1.0.0")
    assert record["data"] == [
        {"source": "cam", "images": 2, "share": 1.0, "licence": "CC-BY-4.0", "commercial": True}
    ]
    scored = {"value": 0.25, "low": 0.2, "high": 0.31}
    assert record["judged"]["scores"]["kid_efficientnet"] == scored
    page = (RELEASE / "MODEL_CARD.md").read_text()
    assert "never saw fog" in page
    assert "| cam | 2 | 100.0% | CC-BY-4.0 | yes |" in page
    assert "0.25 (0.2 to 0.31)" in page
    assert str(released) not in page + json.dumps(record)


@pytest.mark.slow
def test_a_client_gets_and_verifies_a_release_without_the_repository(
    turned: Path, tmp_path: Path, argus: Argus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a clone, by name, by version and by stage; and by `model-signing`'s own command."""
    clone, client = tmp_path / "clone", tmp_path / "client"
    sh("git", "clone", "--quiet", str(turned), str(clone))
    (public,) = Path("keys").iterdir()
    client.mkdir()
    monkeypatch.chdir(client)
    wanted: dict[str, tuple[str, ...]] = {
        "newest": (),
        "v1": ("--rev", "v1.0.0"),
        "now": ("--stage", "production"),
    }
    for out, asked in wanted.items():
        got = run("dvc", "artifacts", "get", clone, "generate", "--out", out, *asked)
        assert got.returncode == 0, got.stderr
        assert {path.name for path in Path(out).iterdir()} == FILES
    status, printed = argus("verify", "newest", "--key", turned / public)
    assert status == 0
    assert printed.count("ok ") == 5
    assert "not checked  lineage" in printed
    checked = run(
        *("model_signing", "verify", "key", "newest", "--signature", "newest/model.sig"),
        *("--public_key", str(turned / public)),
    )
    assert checked.returncode == 0, checked.stderr
    shown = json.loads(run("gto", "show", "--json", "--repo", str(clone)).stdout)["generate"]
    assert shown["version"] == "v2.0.0"
    assert shown["stage"] == {"production": "v2.0.0"}
    said = [json.loads(Path(out, "release.json").read_text())["version"] for out in wanted]
    assert said == ["v2.0.0", "v1.0.0", "v2.0.0"]


@pytest.mark.slow
def test_without_a_key_a_turn_says_so_and_release_makes_up_for_it(
    released: Path, argus: Argus, capfd: pytest.CaptureFixture[str]
) -> None:
    aside = keys.default().rename(released.with_name("aside.pem"))
    make_turn(2)
    said = "generate@v2.0.0 is not released: no key to sign with. `argus release --new-key` makes"
    assert said in capfd.readouterr().out
    assert tags() == ["turn-2"]
    assert not STATE.exists()
    assert git.changes() == []
    status, printed = argus("release", "generate")
    assert (status, said in printed) == (1, True)
    assert lifecycle.serving("generate") == git.git("rev-parse", "generate@v1.0.0^{}").strip()
    status, printed = argus("release", "--key", aside)
    assert status == 0
    assert "generate@v2.0.0 is released" in printed
    assert "task 'day2night' has no champion: all are poor" in printed
    assert tags() == ["generate#production#2", "generate@v2.0.0"]
    status, printed = argus("release", "generate")
    assert (status, printed) == (0, "generate@v2.0.0 is released already\n")
    make_turn(2, "the champion stays, without a key")
    assert tags() == ["turn-3"]


def test_a_task_without_a_champion_is_said_to_have_none(released: Path, argus: Argus) -> None:
    status, printed = argus("release", "day2night")
    assert (status, "task 'day2night' has no champion: all are poor" in printed) == (1, True)
    status, printed = argus("release", "snow")
    assert status == 1
    assert "no task is called 'snow': tasks are day2night, generate" in printed


def test_before_any_turn_there_is_nothing_to_release(repo: Path, argus: Argus) -> None:
    status, printed = argus("release")
    assert (status, "no turn has decided about a champion here yet" in printed) == (1, True)


def test_a_key_is_made_once_and_its_public_half_committed(repo: Path, argus: Argus) -> None:
    status, printed = argus("release", "--new-key")
    assert status == 0
    secret, (public,) = keys.default(), keys.committed()
    assert secret.stat().st_mode & 0o777 == 0o600
    assert str(secret) in printed
    assert str(public) in printed
    assert keys.public_of(secret) == keys.read(public)
    assert sh("git", "show", "--format=", "--name-only").split() == [str(public)]
    before = secret.read_bytes()
    status, printed = argus("release", "--new-key")
    assert (status, "is there already" in printed) == (1, True)
    assert secret.read_bytes() == before


def test_a_private_key_inside_the_repository_is_refused(
    released: Path, argus: Argus, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = Path("signing.pem")
    shutil.copy(keys.default(), inside)
    refused = "a private key inside the repository"
    status, printed = argus("release", "--new-key", "--key", "other.pem")
    assert (status, refused in printed) == (1, True)
    with pytest.raises(ArgusError, match=refused):
        keys.private(inside)
    monkeypatch.setenv(keys.ENVIRONMENT, str(inside))
    with pytest.raises(ArgusError, match=refused):
        keys.private(None)
    Path(".git/info/exclude").write_text("signing.pem\n")
    assert keys.private(None) == inside


def test_what_no_committed_key_could_verify_is_not_signed(released: Path) -> None:
    for path in keys.committed():
        sh("git", "rm", "--quiet", str(path))
    sh("git", "commit", "--quiet", "--message", "no keys")
    with pytest.raises(ArgusError, match="nobody could verify"):
        keys.require_public(keys.public_of(keys.default()), keys.default())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no key", "no private key in PEM"),
        (None, "is not there"),
    ],
)
def test_what_is_no_key_is_refused(
    tmp_path: Path, repo: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "key.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ArgusError, match=said):
        keys.public_of(keys.private(path) or path)


@pytest.mark.slow
def test_a_champion_without_rights_is_not_released(
    released: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The turn stands all the same: the toy's gate does not look at rights."""
    card = Path("data/sources/cam.yaml")
    deliver("d2")
    card.write_text(card.read_text().replace("expires: 2099-12-31", "expires: 2026-01-01"))
    model(CHAMPION, 2)
    turn("consent is over", today())
    printed = capfd.readouterr().out
    assert "rests on what may not be used today" in printed
    assert tags() == ["turn-2"]


def test_a_slot_that_was_lost_is_retired(released: Path) -> None:
    served = lifecycle.serving("generate")
    assert served
    (said,) = release.retire_vacant("generate", {"champion": None, "reason": "consent is over"})
    assert said == "generate@v1.0.0 is retired: consent is over"
    assert lifecycle.serving("generate") is None
    assert lifecycle.retired("generate") == {served}
    shown = json.loads(run("gto", "show", "--json").stdout)["generate"]
    assert shown["stage"] == {"retired": "v1.0.0"}
    assert release.retire_vacant("generate", {"champion": None}) == []


@pytest.mark.parametrize("lost", ["generate@v1.0.0", "generate#production#1"])
def test_a_release_that_lacks_a_tag_gets_it_from_the_next_command(
    released: Path, argus: Argus, lost: str
) -> None:
    made, before = git.head(), tags()
    sh("git", "tag", "--delete", lost)
    status, _ = argus("release")
    assert status == 0
    assert (git.head(), tags()) == (made, before)


def test_a_release_that_was_killed_before_its_commit_is_made_anew(
    released: Path, argus: Argus
) -> None:
    sh("git", "tag", "--delete", "generate@v1.0.0", "generate#production#1")
    sh("git", "reset", "--quiet", "--hard", "turn-1")
    Path("releases/generate.dvc").write_text("half")
    (RELEASE / "card.json").unlink(missing_ok=True)
    status, printed = argus("release")
    assert status == 0, printed
    assert tags() == ["generate#production#1", "generate@v1.0.0"]
    assert argus("verify", "generate")[0] == 0
    assert git.changes() == []
