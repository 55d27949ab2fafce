"""Rules of quality on the rows of whole deliveries: when one is believed, and what is hashed."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus.core import params
from argus.core.errors import ArgusError
from argus.data.measuring.flaws import SCORES, Doubt, doubts, with_flaws
from stages.ingest.take_in import take_in
from tests.conftest import ROOT, scene

LIMITS = params.load(ROOT / "params.yaml").ingest.quality
GOOD = {
    "luminance": 0.4,
    "contrast": 0.2,
    "entropy": 7.0,
    "clipped": 0.01,
    "fragile": 0,
    "detail": 80.0,
    "sharpness": 400.0,
    "edge_width": 0.7,
    "torn": 0.0,
}
FLAWED = {
    "black": {"luminance": 0.005, "detail": 3.0, "fragile": 40, "contrast": 0.01},
    "over_exposed": {"clipped": 0.7},
    "near_constant": {"contrast": 0.01, "entropy": 1.0, "fragile": 60, "detail": 2.0},
    "blurred": {"sharpness": 4.0, "edge_width": 3.0},
    "torn": {"torn": 0.9},
}


def images(*rows: tuple[str, str | None, str], source: str = "acme") -> pl.DataFrame:
    """Rows (delivery, label, flaw or `good`, or another status) as they are measured."""
    return pl.DataFrame(
        [
            {
                "source": source,
                "delivery": delivery,
                "label": label,
                "path": f"{number}.jpg",
                "status": "accepted" if what in (*FLAWED, "good") else what,
                "phash": number,
                "phash_mirrored": number,
                **(
                    GOOD | FLAWED.get(what, {})
                    if what in (*FLAWED, "good")
                    else dict.fromkeys(GOOD, None)
                ),
            }
            for number, (delivery, label, what) in enumerate(rows)
        ],
        schema_overrides={"label": pl.String, "fragile": pl.UInt8, "phash": pl.UInt64},
        infer_schema_length=None,
    )


def fates(rows: pl.DataFrame, limits: params.Quality = LIMITS) -> list[tuple[str, str | None]]:
    return with_flaws(rows, limits).select("status", "doubt").rows()


@pytest.mark.parametrize("flaw", SCORES)
def test_one_in_fifty_is_taken_and_one_in_forty_nine_is_not(flaw: str) -> None:
    rows = [("d1", "day", flaw), *[("d1", "day", "good")] * 49]
    assert fates(images(*rows)) == [(flaw, None)] + [("accepted", None)] * 49
    assert fates(images(*rows[:-1])) == [("accepted", flaw)] + [("accepted", None)] * 48
    table = with_flaws(images(*rows[:-1]), LIMITS)
    assert doubts(table, LIMITS) == [Doubt("acme/d1", flaw, 1, 49, ())]
    assert not doubts(with_flaws(images(*rows), LIMITS), LIMITS)


def test_a_label_of_which_too_many_would_go_keeps_them_all() -> None:
    rows = images(
        *[("d1", "fog", "blurred")] * 2,
        *[("d1", "fog", "good")] * 8,
        *[("d1", None, "blurred")] * 1,
        *[("d1", None, "good")] * 200,
    )
    found = fates(rows)
    assert found[:2] == [("accepted", "blurred")] * 2
    assert found[10] == ("blurred", None)
    table = with_flaws(rows, LIMITS)
    assert doubts(table, LIMITS) == [Doubt("acme/d1", "blurred", 2, 10, ("fog",))]


def test_images_without_a_label_count_as_one_label() -> None:
    rows = images(*[("d1", None, "torn")] * 3, *[("d1", "day", "good")] * 300)
    assert set(fates(rows)[:3]) == {("accepted", "torn")}


def test_only_what_could_be_read_counts() -> None:
    rows = [
        ("d1", "day", "torn"),
        *[("d1", "day", "good")] * 48,
        *[("d1", "day", "truncated")] * 50,
    ]
    assert fates(images(*rows))[0] == ("accepted", "torn")
    assert {status for status, _ in fates(images(*rows))} == {"accepted", "truncated"}


def test_what_a_person_has_confirmed_is_taken_there_and_nowhere_else() -> None:
    rows = images(
        *[
            (delivery, "day", flaw)
            for delivery in ("d1", "d2")
            for flaw in ("torn", "black", "good")
        ]
    )
    limits = LIMITS.model_copy(update={"confirmed": {"acme/d1": ["torn"]}})
    assert fates(rows, limits) == [
        ("torn", None),
        ("accepted", "black"),
        ("accepted", None),
        ("accepted", "torn"),
        ("accepted", "black"),
        ("accepted", None),
    ]
    assert not {status for status, _ in fates(rows, LIMITS)} - {"accepted"}


def test_a_rule_in_doubt_does_not_keep_another_from_its_own() -> None:
    both = FLAWED["torn"] | FLAWED["over_exposed"]
    rows = images(*[("d1", "day", "torn")] * 5, *[("d1", "day", "good")] * 95)
    burnt = pl.int_range(pl.len()) == 0
    rows = rows.with_columns(
        pl.when(burnt).then(both["clipped"]).otherwise("clipped").alias("clipped")
    )
    assert fates(rows)[:2] == [("over_exposed", None), ("accepted", "torn")]
    table = with_flaws(rows, LIMITS)
    assert doubts(table, LIMITS) == [Doubt("acme/d1", "torn", 5, 100, ())]


def test_what_is_too_poor_to_hash_has_no_hash_whether_it_is_in_use_or_not() -> None:
    rows = images(("d1", None, "black"), ("d1", None, "near_constant"), ("d1", None, "torn"))
    table = with_flaws(rows, LIMITS)
    assert table["status"].unique().to_list() == ["accepted"]
    assert table["phash"].to_list() == table["phash_mirrored"].to_list() == [None, None, 2]
    lamps = rows.with_columns(detail=pl.lit(90.0), fragile=pl.lit(30, pl.UInt8))
    assert with_flaws(lamps, LIMITS)["phash"].null_count() == 3


@pytest.mark.parametrize(
    ("what", "measured"),
    [
        ("an unlit road with lamps", {"luminance": 0.004, "entropy": 1.1, "detail": 60.0}),
        ("a lane in dense fog", {"contrast": 0.02, "entropy": 2.0, "detail": 9.0}),
        ("fog", {"sharpness": 2.5, "edge_width": 0.8}),
        ("a horizon", {"torn": 0.1}),
    ],
)
def test_what_shows_something_is_no_flaw(what: str, measured: dict[str, float]) -> None:
    rows = images(("d1", None, "good")).with_columns(
        pl.lit(value).alias(name) for name, value in measured.items()
    )
    assert fates(rows) == [("accepted", None)], what


WHAT = st.sampled_from([*["good"] * 60, *SCORES, "truncated"])
DELIVERED = st.lists(
    st.tuples(st.sampled_from(["d1", "d2"]), st.sampled_from(["day", "night", None]), WHAT),
    min_size=1,
    max_size=160,
)


@settings(deadline=None, max_examples=40)
@given(rows=DELIVERED, most=st.sampled_from([0.0, 0.02, 0.05, 1.0]))
def test_no_rule_takes_more_than_the_share_of_a_delivery_or_a_label(
    rows: list[tuple[str, str | None, str]], most: float
) -> None:
    limits = LIMITS.model_copy(update={"most": most})
    table = with_flaws(images(*rows), limits)
    read = table.filter(pl.col("luminance").is_not_null())
    for group in (["delivery"], ["delivery", "label"]):
        for _, part in read.group_by(group):
            for flaw in SCORES:
                taken = int((part["status"] == flaw).sum())
                assert Fraction(taken, part.height) <= Fraction(str(most))
    flawed = read.filter((pl.col("status") != "accepted") | pl.col("doubt").is_not_null())
    assert flawed.height == sum(what in FLAWED for _, _, what in rows)
    told = {(doubt.delivery, doubt.flaw) for doubt in doubts(table, limits)}
    in_doubt = table.filter(pl.col("doubt").is_not_null())
    assert told == {(f"acme/{d}", f) for d, f in in_doubt.select("delivery", "doubt").rows()}


@settings(deadline=None, max_examples=40)
@given(rows=DELIVERED)
def test_a_later_delivery_changes_nothing_of_an_earlier_one(
    rows: list[tuple[str, str | None, str]],
) -> None:
    first = [row for row in rows if row[0] == "d1"]
    if first:
        both = with_flaws(images(*first, *[row for row in rows if row[0] == "d2"]), LIMITS)
        assert both.head(len(first)).equals(with_flaws(images(*first), LIMITS))


@pytest.mark.parametrize(
    ("confirmed", "says"),
    [
        ("{acme/2026-05: [tron]}", "should be 'black'.*or 'torn'"),
        ("{acme/2026-05: [truncated]}", "should be 'black'.*or 'torn'"),
        ("{acme: [torn]}", "acme"),
    ],
)
def test_what_cannot_be_confirmed_stops_the_run(workspace: Path, confirmed: str, says: str) -> None:
    path = workspace / "params.yaml"
    path.write_text(path.read_text().replace("confirmed: {}", f"confirmed: {confirmed}"))
    with pytest.raises(ArgusError, match=says):
        params.load()


@pytest.mark.parametrize("name", ["acme/2026-5", "other/2026-05"])
def test_a_delivery_that_is_not_there_cannot_be_confirmed(
    card: Callable, deliver: Callable, name: str
) -> None:
    card("acme")
    deliver("acme", "2026-05", {"a.png": scene(1)})
    quality = LIMITS.model_copy(update={"confirmed": {name: ["torn"]}})
    ingest = params.load().ingest.model_copy(update={"quality": quality})
    with pytest.raises(ArgusError, match=rf"quality\.confirmed.*'{name}', which is no delivery"):
        take_in("acme", ingest)
