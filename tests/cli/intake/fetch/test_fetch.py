"""A dataset out of a Git repository: pinned, whole, once, and with its origin on record."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from argus.cli.intake.formats.registry import FORMATS
from argus.cli.sources.registration import read_card
from argus.core import params
from argus.data import rights_cards
from tests.cli.conftest import CARD, sh
from tests.cli.intake.test_submit import tree

Argus = Callable[..., tuple[int, str]]
PUBLIC = Path(__file__).parents[4] / "data/sources/public"


@pytest.fixture
def origin(tmp_path: Path) -> tuple[Path, str]:
    """A plain Git repository with a dataset in it, which has moved on since the pinned commit."""
    top = tmp_path / "origin"
    for name in ("set/train/day/a.jpg", "set/test/night/b.jpg"):
        (top / name).parent.mkdir(parents=True)
        (top / name).write_bytes(f"bytes of {name}".encode())
    (top / "code.py").write_text("pass")
    return top, committed(top)


@pytest.fixture(autouse=True)
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever host Git asks by SSH is this machine."""
    script = tmp_path / "ssh"
    script.write_text('#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n')
    script.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(script))
    monkeypatch.setenv("GIT_SSH_VARIANT", "ssh")


def at(top: Path) -> str:
    """The address under which a repository of this machine can be fetched."""
    return f"ssh://git@example.org{top}"


def committed(top: Path) -> str:
    """Commit all of a folder, and one more change, and return the hash of the former."""
    sh("git", "-C", str(top), "init", "--quiet", "--initial-branch=main")
    sh("git", "-C", str(top), "add", "--all")
    sh("git", "-C", str(top), "commit", "--quiet", "--message", "pinned")
    revision = sh("git", "-C", str(top), "rev-parse", "HEAD").strip()
    (top / "set/late.jpg").write_text(f"after {revision}")
    sh("git", "-C", str(top), "add", "--all")
    sh("git", "-C", str(top), "commit", "--quiet", "--message", "later")
    return revision


def register(top: Path, revision: str, **changes: Any) -> None:
    """Let the card of `cam` say where to fetch from."""
    wanted = {"git": at(top), "rev": revision, "path": "set", "format": "imagefolder"} | changes
    text = CARD + yaml.safe_dump({"fetch": wanted})
    Path("data/sources/cam.yaml").write_text(text)


def test_a_dataset_becomes_a_delivery_that_says_where_it_is_from(
    repo: Path, argus: Argus, origin: tuple[Path, str]
) -> None:
    git, revision = origin
    register(git, revision)
    status, printed = argus("source", "fetch", "cam")
    assert status == 0, printed
    assert "fatal" not in printed, printed
    name = revision[:12]
    for words in (f"cam/{name}: 2 files", "label day: 1", "label night: 1"):
        assert words in printed
    delivery = Path("data/raw/cam") / name
    assert set(tree(delivery)) == {
        "delivery.yaml",
        "index.csv",
        "train/day/a.jpg",
        "test/night/b.jpg",
    }
    about = yaml.safe_load(delivery.with_name(f"{name}.dvc").read_text())
    assert (
        about["meta"]["imported"].items()
        >= {
            "git": at(git),
            "rev": revision,
            "path": "set",
            "format": "imagefolder",
        }.items()
    )
    assert (
        about["meta"]["imported"]["tree"]
        == sh("git", "-C", str(git), "rev-parse", f"{revision}:set").strip()
    )
    assert not Path(".dvc/tmp/argus-submit").exists()
    staged = sh("git", "status", "--porcelain", "data/raw")
    assert staged.splitlines()[-1].startswith("A ")  # with the origin, not without it

    before = tree(repo)
    status, printed = argus("source", "fetch", "cam")
    assert status == 0
    assert f"cam/{name} is there already" in printed
    register(git, revision, path="set/train")
    status, printed = argus("source", "fetch", "cam")
    assert status == 1
    assert "of another path than the card now says" in printed
    register(git, revision)
    assert tree(repo) == before

    sh(sys.executable, "-m", "dvc", "commit", "--force", "--quiet", f"{delivery}.dvc")
    assert yaml.safe_load(Path(f"{delivery}.dvc").read_text())["meta"] == about["meta"]


def test_a_label_of_a_fetched_dataset_is_confirmed_in_the_same_way(
    repo: Path, argus: Argus, origin: tuple[Path, str]
) -> None:
    git, _ = origin
    (git / "set/train/day").rename(git / "set/train/dya")
    register(git, committed(git))
    status, printed = argus("source", "fetch", "cam")
    assert status == 1
    assert "dya: 1 images" in printed
    assert "did you mean day?" in printed
    assert not Path("data/raw/cam").exists()
    status, printed = argus("source", "fetch", "cam", "--new-label", "dya")
    assert status == 0
    assert "label dya: 1" in printed


def test_a_server_that_gives_no_commit_by_its_hash_is_asked_for_all(
    repo: Path, argus: Argus, origin: tuple[Path, str], tmp_path: Path
) -> None:
    script = tmp_path / "ssh"
    script.write_text(script.read_text().replace("exec", "unset GIT_PROTOCOL; exec"))
    register(*origin)
    status, printed = argus("source", "fetch", "cam")
    assert status == 0, printed
    assert "unadvertised object" in printed, printed
    assert len(list(Path("data/raw/cam").glob("*/*/*/*.jpg"))) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rev": "0" * 40}, "could not be fetched"),
        ({"path": "absent"}, "is not in Git: correct `fetch.path`"),
        ({"path": "code.py"}, "is a single file"),
        ({"path": "set/train/day"}, "is not laid out as imagefolder"),
        ({"format": "nothing"}, "there is no format 'nothing': imagefolder"),
    ],
)
def test_a_failed_fetch_changes_nothing(
    repo: Path, argus: Argus, origin: tuple[Path, str], changes: dict[str, str], words: str
) -> None:
    git, revision = origin
    register(git, revision, **changes)
    before, staged = tree(repo), sh("git", "status", "--porcelain")
    status, printed = argus("source", "fetch", "cam")
    assert status == 1
    assert words in printed
    assert tree(repo) == before
    assert sh("git", "status", "--porcelain") == staged
    assert not Path("data/raw/cam").exists()


def test_a_card_that_says_nothing_of_it_is_told_what_to_add(repo: Path, argus: Argus) -> None:
    status, printed = argus("source", "fetch", "cam")
    assert status == 1
    assert "does not say where to fetch from: add `fetch`" in printed


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rev", "main"),
        ("rev", "bb68b64"),
        ("rev", "v1.0"),
        ("path", "../elsewhere"),
        ("path", "/etc"),
        ("path", "set\n"),
        ("branch", "main"),
    ],
)
def test_only_a_full_hash_inside_the_repository_can_be_fetched(field: str, value: str) -> None:
    good = {"git": "https://example.org/a.git", "rev": "0" * 40, "path": ".", "format": "coco"}
    rights_cards.Fetch.model_validate(good)
    with pytest.raises(ValidationError, match=field):
        rights_cards.Fetch.model_validate(good | {field: value})


@pytest.mark.parametrize("path", sorted(PUBLIC.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_card_holds(path: Path) -> None:
    card = rights_cards.RightsCard.model_validate(yaml.safe_load(read_card(path, path.stem)))
    assert card.kind == "academic"
    assert card.citation
    assert card.consent.reference.startswith("https:")
    assert (
        f"argus source add {card.source} --card data/sources/public/{path.name}"
        in (path.read_text().splitlines()[2])
    )
    if card.fetch:
        assert card.fetch.format in FORMATS
    if card.source in FORMATS:
        assert (card.origin == "rendered") == FORMATS[card.source].rendered


def test_every_public_format_has_a_card_and_none_is_registered(repo: Path, argus: Argus) -> None:
    shipped = {path.stem for path in PUBLIC.glob("*.yaml")}
    assert set(FORMATS) - {"imagefolder", "csv", "coco"} <= shipped
    target = Path("data/sources/public")
    subprocess.run(["cp", "-r", str(PUBLIC), str(target)], check=True)
    assert argus("source", "check")[1].startswith("cam:")
    assert "kitti" not in argus("source", "list")[1]
    status, printed = argus("source", "add", "kitti")
    assert status == 2
    assert "public/kitti.yaml" in printed.replace("\n", "")
    status, printed = argus("source", "add", "camvid", "--card", target / "camvid.yaml")
    assert status == 0
    assert "next: argus source fetch camvid" in printed
    assert params.load().sources == ["cam", "camvid"]
