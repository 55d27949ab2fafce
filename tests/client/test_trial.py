"""The trial's own judgement: what it checks is found where it is, and missed where it is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import yaml

from benchmarks.trial import checks
from benchmarks.trial.clone import Line, stage_seconds
from benchmarks.trial.intake import CARDS, TURNS, Delivery, arranged, missing
from stages.common.cards import Card

ROOT = Path(__file__).parents[2]


def catalogue(rows: list[tuple[str, str, str | None]]) -> pl.DataFrame:
    """A catalogue of one delivery from (image, status, split), all frames of one drive."""
    return pl.DataFrame(
        [
            {"source": "s", "delivery": "d", "path": f"{n}.jpg", "sequence": "s/drive"}
            | {"image_id": image, "status": status, "split": split}
            for n, (image, status, split) in enumerate(rows)
        ],
        schema_overrides={"split": pl.String},
    )


def test_every_source_of_the_trial_has_a_card_that_holds() -> None:
    sources = {delivery.source for turn in TURNS for delivery in turn.deliveries}
    assert {path.stem for path in CARDS.glob("*.yaml")} == sources
    for source in sources:
        card = Card.model_validate(yaml.safe_load((CARDS / f"{source}.yaml").read_text()))
        assert card.source == source and card.origin == "camera" and card.citation
        assert card.consent.reference == f"as published, {card.licence}"


def test_drives_are_laid_out_below_their_label_and_stay_where_they_were(tmp_path: Path) -> None:
    for name in ("a/1.jpg", "b/2.jpg"):
        (tmp_path / "data/set" / name).parent.mkdir(parents=True)
        (tmp_path / "data/set" / name).write_bytes(name.encode())
    drives = Delivery("s", "set", (), lambda drive: "dusk" if drive == "a" else "day")
    laid_out = arranged(drives, tmp_path / "data", tmp_path / "scratch")
    files = sorted(p.relative_to(laid_out).as_posix() for p in laid_out.rglob("*.jpg"))
    assert files == ["day/b/2.jpg", "dusk/a/1.jpg"]
    assert (tmp_path / "data/set/a/1.jpg").exists()
    assert arranged(Delivery("s", "set"), tmp_path / "data", tmp_path) == tmp_path / "data/set"
    assert len(missing(tmp_path)) == sum(len(turn.deliveries) for turn in TURNS)


def test_decoding_anything_but_the_new_images_is_seen() -> None:
    before = catalogue([("a", "accepted", "train")])
    after = catalogue([("a", "accepted", "train"), ("b", "accepted", "val"), ("b", "copy", None)])
    lines = ["noise", "old: 1 images, 0 decoded now, 1 accepted, refused none"]
    for n, holds in ((1, True), (2, False)):
        printed = [*lines, f"new: 2 images, {n} decoded now, 2 accepted, refused none"]
        decoded = checks.decoded(printed)
        assert decoded == {"old": 0, "new": n}
        assert checks.only_new_decoded(decoded, before, after).holds is holds


def test_an_image_that_changes_its_split_is_seen() -> None:
    first = catalogue([("a", "accepted", "train"), ("b", "near_duplicate", None)])
    more = catalogue(
        [*[("a", "accepted", "train"), ("b", "near_duplicate", None)], ("c", "x", "val")]
    )
    assert checks.unmoved(first, more, 2).holds
    for moved in (
        [("a", "accepted", "val"), ("b", "x", None)],
        [("a", "x", None), ("b", "x", None)],
    ):
        assert checks.unmoved(first, catalogue(moved), 2).found == "1"
    gained = catalogue([("a", "accepted", "train"), ("b", "accepted", "test")])
    assert not checks.unmoved(first, gained, 2).holds
    assert not checks.unmoved(first, first.tail(1), 2).holds  # an image that is gone has moved


def test_copies_and_shrinking_are_counted_by_drive() -> None:
    frames = [("a", "accepted", "train")] * 2 + [("b", "near_duplicate", None)] * 6
    images = catalogue([*frames, *[("c", "exact_copy", None)] * 3])
    assert checks.copies(images, "s/drive", 3).holds
    assert not checks.copies(images, "s/drive", 4).holds
    assert not checks.copies(images, "s/other", 3).holds
    assert checks.shrunk(images, "s/drive").holds
    assert not checks.shrunk(catalogue(frames[1:]), "s/drive").holds  # all to one frame
    assert not checks.shrunk(catalogue(frames[:3]), "s/drive").holds  # hardly at all
    assert checks.leakless(0, 1).holds and not checks.leakless(1, 1).holds


def test_stage_times_run_from_their_start_to_their_lock() -> None:
    lines = [
        Line(0.5, "Stage 'a' didn't change, skipping"),
        Line(1.0, "Running stage 'b@x':"),
        Line(2.5, "Generating lock file 'dvc.lock'"),
        Line(2.5, "Updating lock file 'dvc.lock'"),
        Line(3.0, "Running stage 'c':"),
        Line(7.0, "Updating lock file 'dvc.lock'"),
        Line(8.0, "Running stage 'd':"),
    ]
    assert stage_seconds(lines) == {"b@x": 1.5, "c": 4.0}


def test_without_its_images_the_trial_says_so_and_ends_with_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.trial", "--data", str(tmp_path / "absent")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and "not here" in done.stdout and "Traceback" not in done.stderr
