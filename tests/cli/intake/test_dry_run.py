"""A dry run shows what would come in and what ingest would refuse, and leaves no trace."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from argus.cli.intake import dry_run_tables
from argus.cli.intake.dry_run import dry_run
from argus.cli.intake.importers import folder_importer
from argus.cli.intake.submit import submit
from argus.core import params
from stages.ingest.take_in import take_in
from tests.cli import clip
from tests.cli.intake.checks.test_duplicates import NOW
from tests.conftest import scene

Argus = Callable[..., tuple[int, str]]
DIRS = ("--label-from", "dirs", "--sequence-from", "dirs")
FROM = ("--source", "cam")


def sharp(seed: int) -> Image.Image:
    """An image that no rule of quality finds fault with."""
    noise = np.random.default_rng(seed).integers(0, 60, (96, 128, 3), dtype=np.uint8)
    return Image.fromarray(np.asarray(scene(seed, (128, 96))) // 2 + noise)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A folder with good images, bad ones of several kinds, a `.tar`, and what is no image."""
    up = tmp_path / "up"
    for seed, name in enumerate(("day/d1/0", "day/d1/1", "day/d2/0", "night/d3/0", "dusk/2")):
        (up / name).parent.mkdir(parents=True, exist_ok=True)
        sharp(seed).save(up / f"{name}.jpg")
    whole_ = (up / "day/d1/0.jpg").read_bytes()
    (up / "day/d1/cut.jpg").write_bytes(whole_[: len(whole_) // 2])
    (up / "day/d1/copy.jpg").write_bytes(whole_)
    Image.new("RGB", (96, 96)).save(up / "night/d3/black.png")
    Image.new("RGB", (20, 20)).save(up / "night/d3/small.png")
    Image.fromarray(np.full((96, 96), 3000, np.uint16)).save(up / "night/d3/deep.png")
    (up / "notes").mkdir()
    (up / "notes/readme.txt").write_text("hello")
    sharp(9).save(up / "in.jpg")
    with tarfile.open(up / "night/a.tar", "w") as tar:
        tar.add(up / "in.jpg", "d4/in.jpg")
    (up / "in.jpg").unlink()
    return up


def snapshot(top: Path) -> dict[str, tuple[int, int]]:
    """Every file below, with its size and when it changed, and every folder."""
    return {
        str(path.relative_to(top)): (path.stat().st_size, path.stat().st_mtime_ns)
        if path.is_file()
        else (0, 0)
        for path in sorted(top.rglob("*"))
    }


def test_it_judges_as_ingest_does_afterwards(repo: Path, mixed: Path) -> None:
    text = Path("params.yaml").read_text()
    for white in ("{}", "{cam: 4095}", "{cam/d1: 4095}"):
        Path("params.yaml").write_text(text.replace("sample_max: {}", f"sample_max: {white}"))
        found = dry_run(folder_importer(mixed, "dirs", "dirs"), "cam", "d1", NOW)
        if white != "{cam/d1: 4095}":
            deep = found.images.filter(pl.col("path").str.ends_with("deep.png"))
            assert (deep["status"][0] == "unknown_range") == (white == "{}")
    submit(folder_importer(mixed, "dirs", "dirs"), "cam", "d1", NOW)
    ingested, _ = take_in("cam", params.load().ingest)
    columns = [name for name in ingested.columns if name not in ("may_train", "may_evaluate")]
    ours = found.images.select(columns).sort("path", "member")
    assert ours.equals(ingested.select(columns).sort("path", "member"))
    assert {"accepted", "truncated", "not_an_image", "too_small"} <= set(ours["status"])


def test_it_tells_what_would_come_in_and_changes_nothing(
    repo: Path, argus: Argus, mixed: Path
) -> None:
    before = snapshot(repo), snapshot(mixed)
    status, printed = argus("submit", mixed, *FROM, *DIRS, "--dry-run", "--delivery", "a")
    assert status == 0
    assert (snapshot(repo), snapshot(mixed)) == before
    cells = [[c.strip() for c in line.split("│")[1:-1]] for line in printed.splitlines()]
    rows = {row[0]: row[1:] for row in cells if row}
    # label: images, refused, drives, without drive
    assert rows["day"] == ["5", "1", "2", "0", "d1: 4, d2: 1"]
    assert rows["night"][:4] == ["5", "2", "2", "0"]
    assert rows["dusk"] == ["1", "0", "0", "1", ""]
    assert "notes" not in rows  # is no image, so its folder is no class
    assert rows["truncated"][:2] == ["1", "day/d1/cut.jpg"]
    assert rows["not_an_image"][:2] == ["1", "notes/readme.txt"]
    assert rows["too_small"][0] == rows["unknown_range"][0] == "1"
    assert "ingest would take 8 of 12" in printed
    assert "the rule `black` would take 1 of 8 images" in printed
    assert "takes none" in printed
    assert "1 of 12 images are in this delivery before, byte for byte" in printed
    assert "no sequence is known of 1 of 11 images, such as dusk/2.jpg" in printed
    assert (
        "this was a dry run: nothing was changed. To take them in: "
        f"argus submit {mixed} {' '.join((*FROM, *DIRS))} --delivery a\n" in printed
    )


def test_it_refuses_what_the_command_refuses(repo: Path, argus: Argus, mixed: Path) -> None:
    (mixed / "dusk").rename(mixed / "duks")
    before = snapshot(repo)
    status, printed = argus("submit", mixed, *FROM, *DIRS, "--dry-run")
    assert status == 1
    assert "duks: 1 images" in printed
    assert "did you mean dusk?" in printed
    assert "What ingest would refuse" in printed
    assert "nothing was changed" in printed
    assert f"argus submit {mixed} --source cam" in printed
    assert "--new-label duks" in printed
    status, printed = argus("submit", mixed, *FROM, *DIRS, "--dry-run", "--new-label", "duks")
    assert status == 0
    assert "--label-from dirs --sequence-from dirs --new-label duks\n" in printed
    status, printed = argus("submit", mixed, *FROM, "--dry-run", "--shard")
    assert status == 1
    assert "a.tar would mean something else inside a shard" in printed
    for spoilt, words in (
        (("--source", "nobody"), "has no rights card"),
        ((*FROM, "--delivery", "a.dvc"), "cannot name a delivery"),
        ((*FROM, "--format", "coco"), "is not laid out as coco"),
    ):
        status, printed = argus("submit", mixed, *spoilt, "--dry-run")
        assert status == 1
        assert words in printed
    (mixed / "link.jpg").symlink_to(mixed / "night/d3/0.jpg")
    status, printed = argus("submit", mixed, *FROM, "--dry-run")
    assert status == 1
    assert "symbolic link" in printed
    assert snapshot(repo) == before


def test_a_name_that_is_taken_is_reported(repo: Path, argus: Argus, mixed: Path) -> None:
    (mixed / "night/a.tar").unlink()
    assert argus("submit", mixed, *FROM, *DIRS, "--delivery", "d1", "--shard")[0] == 0
    status, printed = argus("submit", mixed, *FROM, *DIRS, "--delivery", "d1", "--dry-run")
    assert status == 0
    assert "cam/d1 exists" in printed
    assert "adds nothing" in printed


def test_clips_are_looked_at_frame_by_frame(repo: Path, argus: Argus, tmp_path: Path) -> None:
    path = tmp_path / "night.mp4"
    clip.write(path, [0, 0.5, 1, 1.5])
    shutil.rmtree(".dvc/tmp", ignore_errors=True)  # as in a clone
    before = snapshot(repo)
    status, printed = argus("submit", path, *FROM, "--fps", "2", "--dry-run")
    assert status == 0
    assert "night.mp4: " in printed
    assert snapshot(repo) == before


def test_a_hundred_labels_and_drives_stay_short() -> None:
    rows = [
        {"source": "cam", "label": f"l{n // 7:03d}", "sequence": f"cam/d{n}", "status": "accepted"}
        for n in range(700)
    ]
    table = dry_run_tables.by_label(pl.DataFrame(rows))
    assert len(table.rows) == dry_run_tables.LABELS + 1
    assert table.rows[0] == ["l000", "7", "0", "7", "0", "d0: 1, d1: 1, d2: 1 and 4 more"]
    assert table.rows[-1][:3] == ["60 more", "420", "0"]
