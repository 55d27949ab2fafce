"""Layouts by name on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from argus.cli.intake.formats.registry import FORMATS

Argus = Callable[..., tuple[int, str]]


def test_every_format_is_shown(repo: Path, argus: Argus) -> None:
    status, printed = argus("formats")
    assert status == 0
    assert all(name in printed for name in (*FORMATS, "layout", "metadata read"))


def test_an_unknown_format_is_told_which_there_are(repo: Path, argus: Argus, upload: Path) -> None:
    status, printed = argus("submit", upload, "--source", "cam", "--format", "imagenet")
    assert status == 1
    assert f"there is no format 'imagenet': {', '.join(FORMATS)}" in printed


def test_a_format_goes_with_no_other_word_on_labels(repo: Path, argus: Argus, upload: Path) -> None:
    for option in ("--label-from", "--sequence-from"):
        arguments = ("--source", "cam", "--format", "imagefolder", option, "dirs")
        status, printed = argus("submit", upload, *arguments)
        assert status == 1
        assert "--format says where labels and sequences stand" in printed


def test_a_dataset_comes_in_by_its_format(repo: Path, argus: Argus, upload: Path) -> None:
    status, printed = argus("submit", upload, "--source", "cam", "--format", "imagefolder")
    assert status == 0
    assert "3 files" in printed
    assert "label day: 2" in printed
    assert "label night: 1" in printed


def test_many_sequences_are_counted_not_listed(repo: Path, argus: Argus, tmp_path: Path) -> None:
    for number in range(14):
        path = tmp_path / f"in/drive{number:02d}/a.jpg"
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes([number]))
    _, printed = argus("submit", tmp_path / "in", "--source", "cam", "--sequence-from", "dirs")
    assert "sequence cam/drive11: 1" in printed
    assert "drive12" not in printed
    assert "and 2 more sequences" in printed
