"""Where `argus export --to` and `argus history --write` may write, and what they say where not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from argus.cli.tables import Table
from argus.cli.terminal import require_target
from argus.cli.turns import history
from argus.core.errors import ArgusError

Argus = Callable[..., tuple[int, str]]
TABLE = Table("Turns", ["turn"], [["1"]])


def test_folders_on_the_way_are_made_when_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "new/folder/turns.md"
    require_target(path, ".md", "a table")
    assert not path.parent.exists()  # only then
    history.write(TABLE, [], path)
    assert "| 1 |" in path.read_text()
    history.write(TABLE, [], path)  # one that is there is replaced
    assert [file.name for file in path.parent.iterdir()] == ["turns.md"]


@pytest.mark.parametrize("name", ["night", "night.ONNX.zip", "night.md", ".onnx"])
def test_another_kind_of_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArgusError, match=r"path that ends in \.onnx"):
        require_target(tmp_path / name, ".onnx", "an ONNX file")


def test_a_folder_is_not_written_over_whatever_it_is_called(tmp_path: Path) -> None:
    for name in ("docs", "docs.md"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kept.txt").touch()
        with pytest.raises(ArgusError, match=f"{name} is a folder.*such as {tmp_path / name}/name"):
            require_target(tmp_path / name, ".md", "a table")
        assert (tmp_path / name / "kept.txt").exists()


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ArgusError, match="file is a file, not a folder"):
        require_target(tmp_path / "file/deep/turns.md", ".md", "a table")


def test_a_place_that_may_not_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)  # root may write anywhere
    with pytest.raises(ArgusError, match=f"may not write into {tmp_path}"):
        require_target(tmp_path / "new/turns.md", ".md", "a table")


def test_what_only_shows_when_it_is_written_is_no_traceback(tmp_path: Path) -> None:
    with pytest.raises(ArgusError, match="cannot be written: File name too long"):
        history.write(TABLE, [], tmp_path / f"{'x' * 300}.md")


def test_the_commands_say_so_before_they_look_for_anything(repo: Path, argus: Argus) -> None:
    for command in (("history", "--write", "data"), ("export", "night", "--to", "data")):
        status, printed = argus(*command)
        assert status == 1
        assert "data is a folder" in printed
    assert (repo / "data/raw").exists()
    status, printed = argus("export", "night", "--to", "new/folder/night.onnx")
    assert status == 1
    assert "nothing has been trained here yet" in printed
    assert not Path("new").exists()
