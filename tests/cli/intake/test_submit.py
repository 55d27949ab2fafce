"""A delivery comes in whole and tracked, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from argus.cli.intake.importers import folder_importer
from argus.cli.intake.submit import submit
from argus.core.errors import ArgusError
from argus.data import manifests
from tests.cli.conftest import sh

Argus = Callable[..., tuple[int, str]]
NOW = datetime(2026, 11, 24, 3, 15, 0, 42, tzinfo=UTC)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but those of Git and DVC."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {".git", ".dvc"} & set(path.relative_to(folder).parts)
    }


def test_a_delivery_holds_the_bytes_sent_and_a_manifest(repo: Path, upload: Path) -> None:
    sent = tree(upload)
    files = submit(folder_importer(upload, "dirs", "dirs"), "cam", None, NOW)
    target = Path("data/raw/cam/20261124T031500Z")
    assert (target / "delivery.yaml").read_text() == (
        "delivery: 20261124T031500Z\n"
        "received_at: 2026-11-24T03:15:00.000042Z\n"
        "label_from: dirs\n"
        "sequence_from: dirs\n"
    )
    assert manifests.read(target).received_at == NOW
    came = tree(target)
    del came["delivery.yaml"]
    assert came == sent == tree(upload)
    assert files.select("path", "label", "sequence").rows() == [
        ("day/drive1/a.jpg", "day", "cam/drive1"),
        ("day/drive1/b.jpg", "day", "cam/drive1"),
        ("night/drive2/c.jpg", "night", "cam/drive2"),
    ]
    assert not (target / "day/drive1/a.jpg").stat().st_mode & 0o222
    tracker = yaml.safe_load(target.with_name(f"{target.name}.dvc").read_text())
    assert tracker["outs"][0]["nfiles"] == 4
    dirt = sh("git", "status", "--porcelain", "--untracked-files=all")
    assert dirt == "A  data/raw/cam/20261124T031500Z.dvc\n"

    first = tree(repo)
    with pytest.raises(ArgusError, match="exists: deliveries are never changed"):
        submit(
            folder_importer(upload, "none", "none"), "cam", target.name, NOW + timedelta(hours=1)
        )
    with pytest.raises(ArgusError, match="set the clock right"):
        submit(folder_importer(upload, "none", "none"), "cam", "next", NOW)
    assert tree(repo) == first


def test_what_came_in_is_told_by_label_and_drive(
    repo: Path, argus: Argus, upload: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo)
    (upload / "stray.jpg").write_bytes(b"stray")
    status, printed = argus(
        "submit", upload, "--source", "cam", "--delivery", "2026", "--label-from", "dirs"
    )
    assert status == 0
    for words in ("cam/2026: 4 files", "label day: 2", "label night: 1", "without label: 1"):
        assert words in printed
    assert "argus turn" in printed
    assert "4/4 files" in printed
    assert manifests.read(Path("data/raw/cam/2026")).delivery == "2026"


def empty(folder: Path) -> None:
    for path in folder.rglob("*.jpg"):
        path.unlink()


def linked(folder: Path) -> None:
    (folder / "day/link.jpg").symlink_to(folder / "day/drive1/a.jpg")


def linked_folder(folder: Path) -> None:
    (folder / "dusk").symlink_to(folder / "day")


def piped(folder: Path) -> None:
    os.mkfifo(folder / "pipe.jpg")


def named(name: str) -> Callable[[Path], None]:
    def put(folder: Path) -> None:
        (folder / name).write_text("outs: []\n")

    return put


def params_say(old: str, new: str) -> Callable[[Path], None]:
    def edit(_: Path) -> None:
        text = Path("params.yaml").read_text()
        assert old in text
        Path("params.yaml").write_text(text.replace(old, new))

    return edit


def card_says(old: str, new: str) -> Callable[[Path], None]:
    def edit(_: Path) -> None:
        card = Path("data/sources/cam.yaml")
        assert old in card.read_text()
        card.write_text(card.read_text().replace(old, new))

    return edit


@pytest.mark.parametrize(
    ("spoil", "source", "delivery", "words"),
    [
        (empty, "cam", "d", "holds no file"),
        (linked, "cam", "d", "is a symbolic link"),
        (linked_folder, "cam", "d", "is a symbolic link"),
        (piped, "cam", "d", "neither a file nor a folder"),
        (named("delivery.yaml"), "cam", "d", "is written by `argus submit`"),
        (named("evil.dvc"), "cam", "d", "read by DVC or Git"),
        (named(".dvcignore"), "cam", "d", "read by DVC or Git"),
        (named("fine.jpg"), "nobody", "d", "has no rights card"),
        (named("fine.jpg"), "../cam", "d", "cannot name a source"),
        (named("fine.jpg"), "cam", ".hidden", "cannot name a delivery"),
        (named("fine.jpg"), "cam", "../d", "cannot name a delivery"),
        (named("fine.jpg"), "cam", "d.dvc", "cannot name a delivery"),
        (named("fine.jpg"), "cam", "d" * 300, "cannot name a delivery"),
        (card_says("2099-12-31", "2026-11-23"), "cam", "d", "consent expired on 2026-11-23"),
        (card_says("camera", "generated"), "cam", "d", "origin is not among"),
        (card_says("[train, evaluate]", "[]"), "cam", "d", "grants none of the purposes"),
        (params_say("sources: [cam]", "sources: []"), "cam", "d", "is retired"),
        (params_say("rendered: []", "rendered: [cam]"), "cam", "d", "rendered by the pipeline"),
    ],
)
def test_what_may_not_come_in_is_refused_and_nothing_changes(
    repo: Path,
    upload: Path,
    spoil: Callable[[Path], None],
    source: str,
    delivery: str,
    words: str,
) -> None:
    spoil(upload)
    before = tree(repo)
    with pytest.raises(ArgusError, match=words):
        submit(folder_importer(upload, "none", "none"), source, delivery, NOW)
    assert tree(repo) == before
    assert not list(Path("data/raw").glob("*/"))


def test_a_path_that_is_no_folder_outside_the_deliveries_is_refused(
    repo: Path, argus: Argus, upload: Path
) -> None:
    Path("data/raw/cam").mkdir()
    Path("data/raw/cam/a.jpg").write_bytes(b"a")
    for path, words in (
        (upload / "day/drive1/a.jpg", "is a file"),
        (upload / "absent", "does not exist"),
        (Path("data/raw/cam"), "lie in each other"),
        (Path("data"), "lie in each other"),
    ):
        status, printed = argus("submit", path, "--source", "cam")
        assert status == 1
        assert words in printed


def test_the_last_day_of_a_consent_still_counts(repo: Path, upload: Path) -> None:
    card_says("2099-12-31", "2026-11-24")(upload)
    assert submit(folder_importer(upload, "none", "none"), "cam", "d", NOW).height == 3


def test_a_delivery_that_dvc_would_not_track_whole_is_taken_away_again(
    repo: Path, upload: Path
) -> None:
    with Path(".dvcignore").open("a") as ignored:
        ignored.write("*.tmp\n")
    (upload / "day/scratch.tmp").write_bytes(b"x")
    before, index = tree(repo), sh("git", "diff", "--cached", "--name-only")
    with pytest.raises(ArgusError, match="1 of 5 files would not be tracked"):
        submit(folder_importer(upload, "none", "none"), "cam", "d", NOW)
    assert tree(repo) == before
    assert sh("git", "diff", "--cached", "--name-only") == index
    assert not Path("data/raw/cam").exists()


def test_a_delivery_is_taken_away_again_if_dvc_fails(repo: Path, upload: Path) -> None:
    Path("dvc.yaml").write_text("stages: [")
    before = tree(repo)
    with pytest.raises(ArgusError, match=r"dvc add: .*dvc\.yaml"):
        submit(folder_importer(upload, "none", "none"), "cam", "d", NOW)
    assert tree(repo) == before


def test_what_a_killed_submission_left_is_cleared_by_the_next(repo: Path, upload: Path) -> None:
    left = Path("data/raw/cam/.d.123.part")
    left.mkdir(parents=True)
    (left / "delivery.yaml").write_text("half")
    submit(folder_importer(upload, "none", "none"), "cam", "d", NOW)
    assert sorted(path.name for path in Path("data/raw/cam").iterdir()) == ["d", "d.dvc"]
