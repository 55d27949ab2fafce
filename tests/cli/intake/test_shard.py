"""Deliveries in shards: the same images come to the same rows as when they lie side by side."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from argus.cli.intake.batch import Batch, Item
from argus.cli.intake.importers import folder_importer
from argus.cli.intake.submit import submit
from argus.core import params
from argus.core.errors import ArgusError
from argus.data import reading, shards
from stages.ingest.take_in import take_in
from tests.conftest import scene

Argus = Callable[..., tuple[int, str]]
NOW = datetime(2026, 11, 24, 3, 15, tzinfo=UTC)
FACTS = ["image_id", "label", "sequence", "captured_at", "phash", "status", "width", "height"]


def image_file(path: Path, seed: int, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    scene(seed, (160, 96)).save(path, **options)
    return path


def rows(delivery: str) -> pl.DataFrame:
    """What ingest finds in a delivery, in an order that does not depend on where it lies."""
    images, _ = take_in("cam", params.load().ingest)
    return images.filter(pl.col("delivery") == delivery).select(FACTS).sort("image_id")


def test_plain_and_sharded_deliveries_come_to_the_same_rows(repo: Path, tmp_path: Path) -> None:
    taken = Image.Exif()
    taken.get_ifd(0x8769)[0x9003] = "2026:05:01 10:00:00"
    time = datetime(2026, 5, 1, 9, 0, 0, 250000)
    names = ["nuit/Straße/1.jpg", "nuit/Straße/1.png", "day/a.0.1.jpg", "day/a.0.2.jpg", "top.bmp"]
    files = [image_file(tmp_path / str(n) / name, n) for n, name in enumerate(names)]
    image_file(tmp_path / "exif.jpg", 9, exif=taken)
    items = [
        Item(files[0], names[0], "night", "s/1", time),
        Item(files[1], names[1], None, "s/1", None),
        Item(files[2], names[2], "day", None, None),
        Item(files[3], names[3], "fog", None, time + timedelta(days=1)),
        Item(files[4], names[4]),
        Item(tmp_path / "exif.jpg", "exif.jpg"),
    ]
    submit(lambda _: Batch(items), "cam", "plain", NOW)
    submit(lambda _: Batch(items), "cam", "shards", NOW + timedelta(hours=1), shard=True)
    plain = rows("plain")
    assert plain["status"].to_list() == ["accepted"] * 6
    assert plain["captured_at"].drop_nulls().len() == 3
    assert plain.equals(rows("shards"))
    assert [p.name for p in sorted(Path("data/raw/cam/shards").iterdir())] == [
        "00000.tar",
        "delivery.yaml",
    ]


def test_folders_name_label_and_sequence_inside_a_shard_too(
    repo: Path, argus: Argus, upload: Path
) -> None:
    options = ("--source", "cam", "--label-from", "dirs", "--sequence-from", "dirs", "--shard")
    status, printed = argus("submit", upload, *options)
    assert status == 0
    for words in ("3 files", "label day: 2", "label night: 1", "sequence cam/drive1: 2"):
        assert words in printed


def samples(folder: Path, sizes: list[int]) -> list[shards.Sample]:
    folder.mkdir(exist_ok=True)
    found = []
    for number, size in enumerate(sizes):
        path = folder / f"{number:03d}.jpg"
        path.write_bytes(bytes([number]) * size)
        found.append(shards.Sample(path, f"d/{path.name}", "day", None, None))
    return found


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 5000), min_size=1, max_size=12), st.integers(1, 20000))
def test_shards_are_full_but_for_the_last_and_hold_every_image(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], limit: int
) -> None:
    top = tmp_path_factory.mktemp("shards")
    sent = samples(top / "in", sizes)
    shards.write(top, sent, limit)
    paths = sorted(top.glob("*.tar"))
    assert [path.name for path in paths] == [f"{n:05d}.tar" for n in range(len(paths))]
    held = [(path, member) for path in paths for member in shards.contents(path).images]
    assert [member.name for _, member in held] == [sample.name for sample in sent]
    for (path, member), sample in zip(held, sent, strict=True):
        data = path.read_bytes()[member.offset : member.offset + member.size]
        assert data == sample.file.read_bytes()
    for path in paths:
        count = len(shards.contents(path).images)
        assert count == 1 or sum(m.size for m in shards.contents(path).images) <= limit


def test_a_shard_is_webdataset_and_its_bytes_depend_on_nothing_else(tmp_path: Path) -> None:
    written = []
    for name in ("one", "two"):
        sent = samples(tmp_path / name, [10, 700])
        (tmp_path / name / "out").mkdir()
        shards.write(tmp_path / name / "out", sent)
        written.append((tmp_path / name / "out/00000.tar").read_bytes())
    assert written[0] == written[1]
    with tarfile.open(fileobj=io.BytesIO(written[0])) as tar:
        assert tar.getnames() == ["d/000.jpg", "d/000.json", "d/001.jpg", "d/001.json"]
        assert {(m.mtime, m.uid, m.gid, m.uname, m.mode) for m in tar} == {(0, 0, 0, "", 0o444)}
        about = tar.extractfile("d/000.json")
        assert about is not None
        assert json.load(about) == {"label": "day", "sequence": None, "captured_at": None}


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a.jpg", "a.json"], "mean something else inside a shard"),
        (["a.jpg", "b.tar"], "mean something else inside a shard"),
        (["a.jpg", "a.png", "a%2Ejpg.jpg"], "cannot be told apart"),
    ],
)
def test_what_a_shard_would_not_tell_apart_is_refused(names: list[str], words: str) -> None:
    sent = [shards.Sample(Path(name), name, None, None, None) for name in names]
    with pytest.raises(ArgusError, match=words):
        shards.named(sent)


def test_an_image_in_a_shard_is_read_like_any_other(repo: Path, tmp_path: Path) -> None:
    path = image_file(tmp_path / "in/1.png", 1)
    submit(folder_importer(path.parent, "none", "none"), "cam", "d", NOW, shard=True)
    images, _ = take_in("cam", params.load().ingest)
    assert reading.read_bytes(reading.image_refs(images)[0]) == path.read_bytes()
