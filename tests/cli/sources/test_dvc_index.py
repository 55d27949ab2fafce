"""No delivery is taken for in that DVC's own walk does not come to, whatever rule hides it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from dvc.repo import Repo  # type: ignore[import-untyped]

from argus.cli.sources.dvc_index import require_seen
from argus.core.errors import ArgusError
from tests.cli.conftest import sh
from tests.cli.intake.test_submit import tree

Argus = Callable[..., tuple[int, str]]

HIDING = [
    (".gitignore", "/data/*\n!/data/raw\n!/data/sources", "data/ "),
    (".gitignore", "/data/raw/*/*/", "data/raw/cam/ "),
    ("data/.gitignore", "*\n!raw/", "data/"),
    ("data/raw/.gitignore", "cam/", "data/raw/cam/ "),
    (".git/info/exclude", "cam", "data/raw/cam/ "),
    ("elsewhere", "data", "data/ "),  # a user's own, named in Git's settings
    (".dvcignore", "/data/raw/c*", "data/raw/cam/ "),
    (".dvcignore", "*.dvc", "data/raw/cam/d1.dvc "),
]


def hide(file: str, rule: str) -> None:
    with Path(file).open("a") as rules:
        rules.write(f"{rule}\n")
    sh("git", "config", "core.excludesFile", str(Path("elsewhere").resolve()))
    sh("git", "add", "--all", "--force", "--", *([] if file.startswith(".git/") else [file]))
    sh("git", "commit", "--quiet", "--allow-empty", "--message", "rules")


@pytest.mark.parametrize(("file", "rule"), [rule[:2] for rule in HIDING[::3]])
def test_a_delivery_that_a_rule_hides_is_not_in(
    repo: Path, upload: Path, argus: Argus, file: str, rule: str
) -> None:
    hide(file, rule)
    before = tree(repo)
    ended, printed = argus("submit", upload, "--source", "cam", "--delivery", "d1")
    assert ended == 1
    assert "ignored" in printed
    assert tree(repo) == before
    assert sh("git", "status", "--porcelain") == ""


def test_a_turn_refuses_deliveries_that_are_hidden(repo: Path, upload: Path, argus: Argus) -> None:
    """As those of older versions are, whose rules a repository may still have."""
    assert argus("submit", upload, "--source", "cam", "--delivery", "d1")[0] == 0
    require_seen([Path("data/raw/cam/d1.dvc")])
    for file, rule, hidden in HIDING:
        before = Path(file).read_text() if Path(file).exists() else None
        hide(file, rule)
        with pytest.raises(ArgusError) as refusal:
            require_seen([Path("data/raw/cam/d1.dvc")])
        assert "DVC does not see data/raw/cam/d1.dvc: " in str(refusal.value)
        assert f"for {hidden}" in str(refusal.value)
        if file == ".gitignore":
            ended, printed = argus("turn", "-m", "x")
            assert ended == 1
            assert "DVC does not see data/raw/cam/d1.dvc" in printed
        if before is None:
            Path(file).unlink()
        else:
            Path(file).write_text(before)
    require_seen([Path("data/raw/cam/d1.dvc")])


@pytest.mark.parametrize("name", ["build", "x.egg-info", "a.tar"])
def test_names_that_rules_speak_of_are_names_like_others(
    repo: Path, upload: Path, argus: Argus, name: str
) -> None:
    sh("git", "config", "core.excludesFile", str(Path("elsewhere").resolve()))
    Path("elsewhere").write_text("build/\n*.tar\n/elsewhere\n")
    (upload / ".gitignore").write_text("*\n")  # sent by the client, and no rule for anybody
    ended, printed = argus("submit", upload, "--source", "cam", "--delivery", name)
    assert ended == 0, printed
    assert [str(out) for out in Repo(".").index.outs if "raw" in str(out)] == [
        f"data/raw/cam/{name}"
    ]
    assert sh("git", "status", "--porcelain") == f"A  data/raw/cam/{name}.dvc\n"


def test_git_shows_no_image_though_a_stage_fails_and_dvc_takes_its_rules_back(
    repo: Path, upload: Path, argus: Argus
) -> None:
    assert argus("submit", upload, "--source", "cam", "--delivery", "d1")[0] == 0
    assert argus("submit", upload, "--source", "cam", "--delivery", "d2", "--shard")[0] == 0
    Path(".dvc/tmp/fail-judge").touch()
    assert argus("turn", "-m", "x")[0] == 1
    for rules in Path("data").rglob(".gitignore"):
        rules.unlink()
    changed = sh("git", "status", "--porcelain", "--untracked-files=all").splitlines()
    assert "A  data/raw/cam/d2.dvc" in changed
    assert not [line for line in changed if line.endswith((".jpg", ".tar", "names"))]
