"""What an earlier commit had is fetched from a real repository of Git and DVC."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from argus.core.errors import ArgusError
from argus.core.lineage import fetch, fetch_if_any
from argus.judging import incumbents

FIRST, SECOND = "of the first turn", "of the second"


def sh(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def dvc(*arguments: str) -> None:
    sh(sys.executable, "-m", "dvc", *arguments)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A repository with two turns, and the commit of the first."""
    top = tmp_path_factory.mktemp("repository")
    identity = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(top)
        sh("git", "init", "--quiet")
        dvc("init", "--quiet")
        dvc("remote", "add", "--quiet", "--default", "store", str(top / "store"))
        commits = []
        for text in (FIRST, SECOND):
            for name in ("data/split/record.txt", "models/champions/generate/weights.txt"):
                Path(name).parent.mkdir(parents=True, exist_ok=True)
                Path(name).write_text(text)
            Path("models/champions/champions.json").write_text("{}")  # as the first turns wrote
            dvc("add", "--quiet", "data/split", "models/champions")
            sh("git", "add", "--all", ":!store")
            sh("git", *identity, "commit", "--quiet", "--message", text)
            commits.append(sh("git", "rev-parse", "HEAD"))
    return top, commits[0]


@pytest.fixture
def first(made: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The commit of the first turn; the repository is the current folder."""
    monkeypatch.chdir(made[0])
    return made[1]


def test_a_file_of_an_output_comes_as_the_commit_had_it(first: str, tmp_path: Path) -> None:
    assert fetch("data/split/record.txt", first, tmp_path).read_text() == FIRST
    assert Path("data/split/record.txt").read_text() == SECOND


def test_incumbents_come_by_their_tasks(first: str, tmp_path: Path) -> None:
    found = incumbents.fetch(first, tmp_path)
    assert list(found) == ["generate"]
    assert (found["generate"] / "weights.txt").read_text() == FIRST


def test_a_turn_without_champions_hands_on_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sh("git", "init", "--quiet")
    dvc("init", "--quiet")
    Path("models/champions").mkdir(parents=True)
    dvc("add", "--quiet", "models/champions")
    sh("git", "add", "--all")
    identity = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
    sh("git", *identity, "commit", "--quiet", "--message", "nobody serves")
    assert incumbents.fetch(sh("git", "rev-parse", "HEAD"), tmp_path / "into") == {}


def test_what_a_turn_never_had_is_none(first: str, tmp_path: Path) -> None:
    assert fetch_if_any("models/champions/day2night", first, tmp_path) is None
    found = fetch_if_any("models/champions/generate", first, tmp_path)
    assert found is not None
    assert (found / "weights.txt").read_text() == FIRST
    with pytest.raises(ArgusError, match="unknown Git revision"):
        fetch_if_any("models/champions/generate", "1" * 40, tmp_path)


@pytest.mark.parametrize(
    ("path", "revision", "words"),
    [
        ("data/split/record.txt", "1" * 40, "unknown Git revision"),
        ("data/never/record.txt", None, "made before there was such an output"),
    ],
)
def test_what_is_not_there_is_an_error_that_says_what_to_do(
    first: str, tmp_path: Path, path: str, revision: str | None, words: str
) -> None:
    with pytest.raises(ArgusError, match=words) as caught:
        fetch(path, revision or first, tmp_path)
    said = str(caught.value)
    assert path in said
    assert "argus turn --new-line" in said
    assert "git fetch --unshallow" in said
    assert not any(tmp_path.iterdir())


def test_what_no_cache_holds_is_an_error_unless_the_remote_has_it(
    made: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top, first = tmp_path / "top", made[1]
    shutil.copytree(made[0], top)
    monkeypatch.chdir(top)
    shutil.move(".dvc/cache", tmp_path / "cache")
    with pytest.raises(ArgusError, match="dvc fetch"):
        fetch("data/split/record.txt", first, tmp_path)
    with pytest.raises(ArgusError, match="dvc fetch"):  # it had it, so this is no "none"
        fetch_if_any("data/split", first, tmp_path)
    assert fetch_if_any("data/never", first, tmp_path) is None
    store = made[0] / "store"
    shutil.copytree(tmp_path / "cache", store)
    try:
        assert fetch("data/split/record.txt", first, tmp_path).read_text() == FIRST
    finally:
        shutil.rmtree(store)
