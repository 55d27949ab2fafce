"""What would be ignored is refused or reported before a copy, whichever way it comes in."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from argus.cli.intake.batch import Batch, Item
from argus.cli.intake.folder import require_names
from argus.cli.intake.importers import folder_importer, format_importer
from argus.core.errors import ArgusError
from argus.data.deliveries import described

Argus = Callable[..., tuple[int, str]]
WAYS: tuple[list[str], ...] = (
    [],
    ["--shard"],
    ["--format", "imagefolder"],
    ["--format", "imagefolder", "--shard"],
)


def tar(*names: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(name)
            archive.addfile(member, io.BytesIO(name.encode()))
    return buffer.getvalue()


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.jpg", b"a")
    return buffer.getvalue()


def batch(folder: Path) -> Batch:
    return folder_importer(folder, "none", "none")(folder)


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to put an upload into; the current folder is elsewhere."""
    (tmp_path / "repo").mkdir()
    monkeypatch.chdir(tmp_path / "repo")
    (tmp_path / "up").mkdir()
    return tmp_path / "up"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.tar.gz", gzip.compress(tar("a.jpg")), "gzip"),
        ("a.tgz", b"", "gzip"),
        ("a.tar", gzip.compress(tar("a.jpg")), "gzip"),
        ("a.TAR", bz2.compress(tar("a.jpg")), "bzip2"),
        ("a.tar.bz2", b"", "bzip2"),
        ("a.tar.xz", lzma.compress(tar("a.jpg")), "xz"),
        ("a.tar.zst", b"\x28\xb5\x2f\xfd", "zstd"),
        ("a.ZIP", zipped(), "zip"),
        ("images", zipped(), "zip"),
        ("a.tar.lzma", b"\x5d\0\0\x80\0", "lzma"),
        ("a.cpio", b"070701", "cpio"),
        ("a", b"070707", "cpio"),
        ("a.tar.br", b"\x0b\x02", "brotli"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c", "7z"),
        ("a.rar", b"", "rar"),
        ("shard", tar("a.jpg"), "tar"),
        ("a.tar.part", tar("a.jpg"), "tar"),
    ],
)
def test_packed_files_are_refused_by_name(
    empty: Path, name: str, content: bytes, kind: str
) -> None:
    put(empty, "day/b.jpg", b"b")
    put(empty, f"day/{name}", content)
    with pytest.raises(ArgusError) as error:
        batch(empty)
    assert "1 files are packed" in str(error.value)
    assert f"day/{name} ({kind})" in str(error.value)
    assert "Unpack them" in str(error.value)


@pytest.mark.parametrize("name", ["b.zip", "d1/c.tar", "e.tar.gz"])
def test_packed_files_in_a_tar_are_refused_too(empty: Path, name: str) -> None:
    put(empty, "s.tar", tar("a.jpg", name))
    with pytest.raises(ArgusError, match=rf"1 files are packed.*{name} \(\w+\) in s\.tar"):
        batch(empty)


@pytest.mark.parametrize("name", ["s.tar", "s.TAR"])
def test_a_tar_that_is_not_read_to_its_end_is_refused(empty: Path, name: str) -> None:
    path = put(empty, name, tar("a.jpg") + tar("b.jpg"))
    with pytest.raises(ArgusError, match="goes on at byte"):
        batch(empty)
    path.write_bytes(tar())
    with pytest.raises(ArgusError, match=f"no image is in {name}"):
        batch(empty)


def test_nothing_has_changed_where_an_upload_is_refused(
    repo: Path, argus: Argus, upload: Path
) -> None:
    put(upload, os.fsdecode(b"day/caf\xe9/a.jpg"), b"a")
    packed = put(upload.parent / "other", "a.tar.gz", b"").parent
    for options in WAYS:
        status, printed = argus("submit", upload, "--source", "cam", *options)
        assert status == 1
        assert r"1 of 4 names are not UTF-8: day/caf\xe9/a.jpg" in printed
        assert "convmv" in printed
        assert "copying" not in printed
        assert "sharding" not in printed
    status, printed = argus("submit", packed, "--source", "cam")
    assert status == 1
    assert "a.tar.gz (gzip)" in printed
    assert "copying" not in printed
    assert not list(Path("data/raw").glob("*/"))


def test_an_upload_may_lie_in_a_folder_whose_name_is_no_utf8(
    repo: Path, argus: Argus, upload: Path
) -> None:
    moved = upload.rename(os.fsdecode(os.fsencode(upload) + b"\xdf[b]"))
    (moved / "day/delivery.dvc").write_bytes(b"")
    status, printed = argus("submit", moved, "--source", "cam", "--delivery", "d")
    assert status == 1
    assert r"\xdf[b]/day/delivery.dvc would be read by DVC" in printed
    (moved / "day/delivery.dvc").unlink()
    status, printed = argus("submit", moved, "--source", "cam", "--delivery", "d")
    assert status == 0
    assert "cam/d: 3 files" in printed


def test_what_desktops_leave_is_left_out_with_a_count_in_every_way(
    repo: Path, argus: Argus, upload: Path
) -> None:
    for name in (".DS_Store", "day/Thumbs.db", "day/drive1/._a.jpg", "__MACOSX/day/drive1/._a.jpg"):
        put(upload, name, b"x")
    for number, options in enumerate(WAYS):
        status, printed = argus(
            "submit", upload, "--source", "cam", "--delivery", str(number), *options
        )
        assert status == 0
        assert "left out: 4 files that macOS, Windows" in printed
        assert "3 files" in printed
        assert "__MACOSX" not in printed.replace("__MACOSX and the like", "")
        rows = described("cam", Path(f"data/raw/cam/{number}"), "camera")
        names = rows.select(pl.coalesce("member", "path"))[:, 0].to_list()
        assert names == ["day/drive1/a.jpg", "day/drive1/b.jpg", "night/drive2/c.jpg"]


def test_a_folder_with_nothing_but_leftovers_holds_nothing(empty: Path) -> None:
    put(empty, ".DS_Store", b"x")
    with pytest.raises(ArgusError, match="holds no file"):
        batch(empty)


def test_leftovers_in_a_tar_are_told_and_its_records_are_read(
    repo: Path, argus: Argus, tmp_path: Path
) -> None:
    buffer = io.BytesIO()
    files = {
        "./._a.jpg": b"x",
        "./a.jpg": b"a",
        "./._a.json": b"x",
        "./a.json": b'{"label": "Day", "sequence": "d1"}',
        "./b.jpg": b"b",
        "./c.json": b'{"label": "night"}',
    }
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    put(tmp_path / "up", "mac.tar", buffer.getvalue())
    status, printed = argus("submit", tmp_path / "up", "--source", "cam", "--delivery", "d")
    assert status == 0
    for words in (
        "left out: 2 files in .tar files that macOS",
        "1 .json files have no image beside them, so nobody reads what they say: c.json in mac.tar",
        "cam/d: 2 files",
        "label day: 1",
        "without label: 1, such as b.jpg in mac.tar",
        "sequence cam/d1: 1",
    ):
        assert words in printed


def test_where_folders_name_no_label_the_count_is_reported(
    repo: Path, argus: Argus, upload: Path
) -> None:
    options = ("--source", "cam", "--label-from", "dirs", "--sequence-from", "dirs")
    put(upload, "top.jpg", b"t")
    put(upload, "night/[x].txt", b"t")
    status, printed = argus("submit", upload, *options, "--delivery", "some")
    assert status == 0
    assert "without label: 1, such as top.jpg (no folder there names one)" in printed
    assert "without sequence: 2, such as night/[x].txt (no folder there names one)" in printed
    assert "not named as images, so ingest will judge them by what they hold: .txt: 1" in printed
    put(upload.parent / "flat", "s.tar", tar("a.jpg", "./b.jpg"))
    status, printed = argus("submit", upload.parent / "flat", *options, "--delivery", "none")
    assert status == 0
    assert "without label: all 2, such as a.jpg in s.tar (no folder there names one)" in printed
    assert "without sequence: all 2" in printed


def test_names_that_other_systems_cannot_hold_apart_are_reported(
    empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("day/A.JPG", "day/a.jpg", "day/e\u0301.jpg", "day/\u00e9.jpg", "day/b.jpg"):
        put(empty, name, name.encode())
    for each in (lambda: batch(empty), lambda: format_importer(empty, "imagefolder")(empty)):
        assert len(each().items) == 5
        printed = capsys.readouterr().err
        assert "2 names differ from another" in printed
        assert "day/A.JPG and day/a.jpg" in printed


def test_files_of_a_dataset_that_its_layout_does_not_name_are_counted(
    empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(empty, "index.csv", b"path\nday/a.jpg\n")
    for name in ("day/a.jpg", "day/b.jpg", "day/c.jpg", "night.zip"):
        put(empty, name, b"x")
    assert len(format_importer(empty, "csv")(empty).items) == 1
    assert "not taken: .jpg: 2, .csv: 1, .zip: 1" in capsys.readouterr().err


@pytest.mark.parametrize("field", ["label", "sequence"])
def test_what_is_known_of_an_image_must_be_text(field: str) -> None:
    def item(word: str) -> Item:
        known = {"label": None, "sequence": None} | {field: word}
        return Item(Path("a.jpg"), "a.jpg", known["label"], known["sequence"])

    require_names([item("été")])
    with pytest.raises(ArgusError, match=r"a\.jpg: its label or sequence is not text: '\\ud800'"):
        require_names([item("\ud800")])
