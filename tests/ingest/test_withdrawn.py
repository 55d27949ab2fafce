"""A delivery that is taken back is in no use, and its images may come in again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from argus.core import params, reports
from argus.data import catalogue, rights_cards
from stages.dedupe.__main__ import dedupe, gather
from stages.ingest.__main__ import main, take_in
from stages.pack.__main__ import rights
from stages.report.inputs import withdrawn
from stages.split.__main__ import split
from stages.split.record import empty
from tests.conftest import scene
from tests.data.test_terms import settings

Write = Callable[..., Any]
TERMS = {"wrong": {"withdrawn": {"on": "2026-11-28", "reason": "labels mixed up"}}}
DRIVES = 30


def turn(record: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Ingest, dedupe and split: the catalogue, and the record for the next turn."""
    p = params.load()
    images, _ = take_in("fleet", settings())
    catalogue.write("data/ingest/fleet/images.parquet", images)
    settled = p.dedupe.model_copy(update={"within_sequence": None})
    images = dedupe(gather(["fleet"]), settled, lambda rows: pytest.fail("no second look"))
    images, record, leaks = split(images, record, p.split, p.dedupe.mirrored)
    assert not any(leaks.values())
    return images, record


def drives(label: str, name: str) -> dict[str, Any]:
    return {f"{label}/{name}{n}/{i}.png": scene(9 * n + i) for n in range(DRIVES) for i in (0, 1)}


@pytest.mark.parametrize("name", ["drive", "anew"])
def test_its_images_come_in_again_and_held_out_stays_held_out(
    card: Write, deliver: Write, name: str
) -> None:
    folders = {"label_from": "dirs", "sequence_from": "dirs"}
    deliver("fleet", "wrong", drives("night", "drive"), "2026-01-01T00:00:00Z", **folders)
    card("fleet")
    before, record = turn(empty())
    deliver("fleet", "right", drives("day", name), "2026-02-01T00:00:00Z", **folders)
    card("fleet", deliveries=TERMS)
    now, _ = turn(record)
    out = now.filter(delivery="wrong")
    assert set(out["status"]) == {"withdrawn"}
    assert out["image_id"].null_count() == out.height
    assert not out["may_train"].any()
    assert not out["may_evaluate"].any()
    again = now.filter(delivery="right")
    assert set(again["status"]) == {"accepted"}
    assert set(again["label"]) == {"day"}
    sides = before.select("image_id", side="split")
    both = again.join(sides, on="image_id", how="inner")
    assert both.height == again.height == before.height
    assert both["split"].to_list() == both["side"].to_list()
    assert len(set(both["split"])) == 3


def test_the_reason_is_in_the_report_and_what_rests_on_it_may_not_train(
    card: Write, deliver: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver("fleet", "wrong", {"a.png": scene(1)})
    card("fleet", deliveries=TERMS)
    monkeypatch.setattr("sys.argv", ["ingest", "fleet"])
    main()  # with no other delivery beside it
    why = "withdrawn on 2026-11-28 (labels mixed up)"
    assert f"fleet/wrong: {why}" in capsys.readouterr().out
    assert reports.read("ingest/fleet") == {
        "images": 1,
        "accepted": 0,
        "refused": {"withdrawn": 1},
        "withdrawn": {"wrong": why},
    }
    assert withdrawn(["fleet"]) == {"fleet/wrong": why}
    assert rights_cards.objections("fleet", "wrong", date(2026, 1, 1), "train", ["fleet"]) == [
        f"fleet/wrong: {why}"
    ]
    images = catalogue.read(Path("data/ingest/fleet/images.parquet"))
    found = rights(images, ["fleet"], settings())
    assert found.objections("fleet", "wrong") == [f"fleet/wrong: {why}"]


@pytest.mark.parametrize(
    ("word", "wrong"),
    [
        (None, "withdrawn is blank"),
        ({"on": "2026-11-28"}, "reason"),
        ({"reason": "x"}, "on"),
        ({"on": "soon", "reason": "x"}, "soon is not a day"),
        ({"on": "2026-11-28", "reason": "  "}, "reason"),
        ({"on": "2026-11-28", "reason": "x", "by": "me"}, "by"),
    ],
)
def test_a_withdrawal_says_when_and_why(card: Write, word: Any, wrong: str) -> None:
    card("fleet", deliveries={"d1": {"withdrawn": word}})
    with pytest.raises(Exception, match=f"deliveries.d1.*{wrong}"):
        rights_cards.read("fleet")
