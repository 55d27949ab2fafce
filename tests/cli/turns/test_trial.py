"""The trial's own judgement: what it checks is found where it is, and missed where it is not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import yaml

from argus.core import params
from argus.data.rights_cards import RightsCard
from benchmarks.trial import checks
from benchmarks.trial.__main__ import classes, set_steps, verify
from benchmarks.trial.clone import Line, stage_seconds
from benchmarks.trial.plans import CARDS, PLANS, Delivery, Plan, Turn, arranged, missing

ROOT = Path(__file__).parents[3]


def catalogue(
    rows: Sequence[tuple[str, str, str | None]], label: str | None = "day"
) -> pl.DataFrame:
    """A catalogue of one delivery from (image, status, split), all frames of one drive."""
    return pl.DataFrame(
        [
            {"source": "s", "delivery": "d", "path": f"{n}.jpg", "sequence": "s/drive"}
            | {"image_id": image, "status": status, "split": split, "label": label}
            for n, (image, status, split) in enumerate(rows)
        ],
        schema_overrides={"split": pl.String, "label": pl.String},
    )


def test_every_source_of_the_trial_has_a_card_that_holds() -> None:
    sources = {delivery.source for plan in PLANS.values() for delivery in plan.deliveries}
    assert {path.stem for path in CARDS.glob("*.yaml")} == sources
    for source in sources:
        card = RightsCard.model_validate(yaml.safe_load((CARDS / f"{source}.yaml").read_text()))
        assert card.source == source
        assert card.origin == "camera"
        assert card.citation
        assert card.consent.reference == f"as published, {card.licence}"
        assert card.allows_commercial_use() is (source not in {"bdd", "camvid"})


def test_each_source_comes_in_in_one_turn_of_a_plan_and_three_turns_tell_the_story() -> None:
    for plan in PLANS.values():
        sources = [{delivery.source for delivery in turn.deliveries} for turn in plan.turns]
        assert len(sources) == 3
        assert sum(map(len, sources)) == len(set.union(*sources))
        assert "bdd" in sources[2]  # the nights that are wanted are not there before


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
    plan = Plan((Turn("one", (drives,)), Turn("two", (Delivery("t", "gone"),))))
    assert missing(plan, tmp_path / "data") == [tmp_path / "data/gone"]


def test_decoding_anything_but_the_new_images_is_seen() -> None:
    before = catalogue([("a", "accepted", "train")])
    after = catalogue([("a", "accepted", "train"), ("b", "accepted", "val"), ("b", "copy", None)])
    lines = ["noise", "old: 1 images, 0 decoded now, 1 accepted, refused none"]
    for n, holds in ((1, True), (2, False)):
        printed = [*lines, f"new: 2 images, {n} decoded now, 2 accepted, refused none"]
        decoded = checks.decoded(printed)
        assert decoded == {"old": 0, "new": n}
        assert checks.only_new_decoded(decoded, before, after, 2).holds is holds


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
    assert checks.leakless(0, 1).holds
    assert not checks.leakless(1, 1).holds


def test_nights_are_counted_where_they_are_in_use() -> None:
    rows = [("a", "accepted", "train"), ("b", "accepted", "train"), ("c", "accepted", "test")]
    nights = catalogue([*rows, ("d", "pruned", "train"), ("e", "accepted", "val")], "night")
    assert [check.holds for check in checks.enough(nights, "night", 2, 1)] == [True, True]
    assert [check.holds for check in checks.enough(nights, "night", 3, 2)] == [False, False]
    assert not any(check.holds for check in checks.enough(catalogue(rows), "night", 1, 1))
    both = pl.concat([nights, catalogue(rows[:1], None)])
    assert classes([catalogue(rows), both]).rows == [
        ["day", "2 / 0 / 1", "0 / 0 / 0"],
        ["night", "0 / 0 / 0", "2 / 1 / 1"],
        ["unlabelled", "0 / 0 / 0", "1 / 0 / 0"],
    ]


def test_every_turn_after_the_first_is_compared_with_the_one_before() -> None:
    nights = [(str(n), "accepted", "train" if n < 100 else "test") for n in range(160)]
    tables = [catalogue(nights[:n], "night") for n in (10, 150, 160)]
    logs = [
        [Line(1.0, f"s: {n} images, {new} decoded now, {n} accepted, refused none")]
        for n, new in ((10, 10), (150, 140), (160, 10))
    ]
    found = verify(Plan(()), tables, [0, 0, 0], logs)
    assert all(check.holds for check in found)
    assert len(found) == 9
    plan = Plan((), copied=("s/drive", 3), full_rate="s/drive")
    more = verify(plan, tables, [0, 0, 1], [*logs[:2], logs[1]])
    assert [check.what for check in more if not check.holds] == [
        "images decoded in turn 3",
        "leaks in turn 3",
        "exact copies in s/drive",
        "what s/drive shrank to",
    ]


def test_the_steps_asked_for_are_those_of_every_model(tmp_path: Path) -> None:
    text = (ROOT / "params.yaml").read_text()
    (tmp_path / "params.yaml").write_text(text)
    set_steps(tmp_path / "params.yaml", 3)
    changed = params.load(tmp_path / "params.yaml")
    assert {model.steps for model in changed.models.values()} == {3}
    assert len((tmp_path / "params.yaml").read_text().splitlines()) == len(text.splitlines())


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
    assert done.returncode == 2
    assert "not here" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_plan_that_there_is_not_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.trial", "--plan", "odinary"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "full, ordinary" in done.stderr
    assert "Traceback" not in done.stderr
