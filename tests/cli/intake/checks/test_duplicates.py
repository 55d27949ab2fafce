"""Bytes that are in already are reported with where they are; only what may be the same is read."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus.cli.intake.batch import Batch, Item
from argus.cli.intake.checks.duplicates import find_duplicates
from argus.cli.intake.checks.earlier_deliveries import COMPARED, EarlierDelivery
from argus.cli.intake.incoming import Incoming, describe_batch
from argus.data import catalogue, reading
from argus.data.catalogue import SCHEMA, in_schema
from argus.data.deliveries import described
from argus.data.manifests import Manifest

Argus = Callable[..., tuple[int, str]]
DIRS = ("--label-from", "dirs", "--sequence-from", "dirs")
FROM = ("--source", "cam")
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def coming(folder: Path, files: Sequence[tuple[str, bytes]], source: str = "cam") -> Incoming:
    """A delivery with labels and drives as folders; nothing is copied."""
    for path, content in files:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    batch = Batch([Item(folder / path, path) for path, _ in files], "dirs", "dirs")
    manifest = Manifest(delivery="new", received_at=NOW, label_from="dirs", sequence_from="dirs")
    return describe_batch(batch, source, manifest, "camera")


CONTENTS = st.lists(st.sampled_from([b"a", b"b", b"cc", b"dd", b"eee", b""]), max_size=8)


@settings(deadline=None, max_examples=50)
@given(before=CONTENTS, now=CONTENTS.filter(bool))
def test_exactly_what_was_there_before_is_found(
    tmp_path_factory: pytest.TempPathFactory, before: list[bytes], now: list[bytes]
) -> None:
    top = tmp_path_factory.mktemp("twice")
    known = coming(top / "old", [(f"day/d/{i}.jpg", c) for i, c in enumerate(before)], "old")
    ids = pl.Series([f"{content!r}" for content in before], dtype=pl.String)
    ingested = known.rows.with_columns(image_id=ids, delivery=pl.lit("first")).select(COMPARED)
    delivery = coming(top / "new", [(f"day/d/{i}.jpg", c) for i, c in enumerate(now)])
    # ids are handed in here, as a dry run does, so nothing is read
    found = find_duplicates(
        delivery,
        [EarlierDelivery("old", "first", "camera", ingested)] if before else [],
        pl.Series([f"{content!r}" for content in now], dtype=pl.String),
    )
    firsts = {
        row["name"]: (row["source_first"], row["name_first"]) for row in found.copies.to_dicts()
    }
    expected = {}
    for i, content in enumerate(now):
        if content in before and content:
            expected[f"day/d/{i}.jpg"] = ("old", f"day/d/{before.index(content)}.jpg")
        elif content in now[:i] and content:
            expected[f"day/d/{i}.jpg"] = ("cam", f"day/d/{now.index(content)}.jpg")
    assert firsts == expected


def test_only_files_of_equal_size_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    digest = reading.digest

    def noted(place: reading.ImageRef) -> object:
        read.append(Path(place.path).name)
        return digest(place)

    monkeypatch.setattr(reading, "digest", noted)
    files = [(f"day/d/{i}.jpg", b"x" * (i + 1)) for i in range(20)]
    same_size = ("day/d/z.jpg", b"y" * 3)
    found = find_duplicates(coming(tmp_path, [*files, same_size]), [])
    assert sorted(read) == ["2.jpg", "z.jpg"]
    assert found.copies.is_empty()


def test_what_comes_again_is_told_with_its_other_label_and_drive(
    repo: Path, argus: Argus, upload: Path, tmp_path: Path
) -> None:
    assert argus("submit", upload, *FROM, *DIRS, "--delivery", "d1")[0] == 0
    again = tmp_path / "again"
    shutil.copytree(upload / "day", again / "night")  # the same images, sorted anew
    (again / "night/new.jpg").write_bytes(b"new")
    (again / "dusk").mkdir()
    shutil.copy(again / "night/new.jpg", again / "dusk/twin.jpg")
    status, printed = argus("submit", again, *FROM, *DIRS, "--delivery", "d2")
    assert status == 0
    assert Path("data/raw/cam/d2.dvc").exists()
    assert "2 of 4 images are in already, byte for byte: 2 in cam/d1" in printed
    assert "such as night/drive1/a.jpg, which is day/drive1/a.jpg of cam/d1" in printed
    assert "2 with another label (such as night/drive1/a.jpg: night now, day in cam/d1)" in printed
    assert "another drive" not in printed
    assert "argus delivery withdraw" in printed
    assert "1 of 4 images are in this delivery before" in printed
    assert "1 with another label (such as night/new.jpg: night now, dusk in cam/d2)" in printed

    # all of it, under another name: said, and of no effect
    status, printed = argus("submit", upload, *FROM, "--delivery", "d3", "--sequence-from", "dirs")
    assert status == 0
    assert "3 of 3 images (all there are: this delivery adds nothing)" in printed
    assert "3 with another drive (such as day/drive1/a.jpg: day/drive1 now, drive1" in printed
    # the same delivery again stays what it was: no remark, nothing to do
    status, printed = argus("submit", upload, *FROM, *DIRS, "--delivery", "d1")
    assert status == 0
    assert "nothing to do" in printed
    assert "warning" not in printed


def test_the_catalogue_tells_of_what_is_not_here_and_not_of_what_was_taken_back(
    repo: Path, argus: Argus, upload: Path
) -> None:
    assert argus("submit", upload, *FROM, *DIRS, "--delivery", "d1")[0] == 0
    folder = Path("data/raw/cam/d1")
    rows = in_schema(described("cam", folder, "camera"))
    ids = [
        reading.digest(place).hexdigest()
        for place in reading.image_refs(rows.select("source", "delivery", "path"))
    ]
    rows = rows.with_columns(
        pl.Series("image_id", ids), pl.Series("status", ["accepted", "withdrawn", "blurred"])
    )
    assert rows.schema == pl.Schema(SCHEMA)
    catalogue.write("data/ingest/cam/images.parquet", rows)
    shutil.rmtree(folder)  # not pulled
    status, printed = argus("submit", upload, *FROM, *DIRS, "--dry-run")
    assert status == 0
    assert "2 of 3 images are in already" in printed
    assert "not compared" not in printed
    # nor do images of a delivery count that was taken back since
    card = Path("data/sources/cam.yaml")
    card.write_text(card.read_text() + "deliveries:\n  d1: {purposes: []}\n")
    assert "in already" not in argus("submit", upload, *FROM, *DIRS, "--dry-run")[1]
