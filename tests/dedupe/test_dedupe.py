import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus.core import params
from argus.core.errors import ArgusError
from argus.data import catalogue
from argus.data.catalogue import in_schema
from stages.dedupe import __main__ as stage
from stages.dedupe.dedupe import dedupe, gather, metrics
from tests.conftest import ROOT, scene

RADIUS = 4
STANDARD = params.load(ROOT / "params.yaml").dedupe
SETTINGS = STANDARD.model_copy(update={"radius": RADIUS, "within_sequence": None})
START = datetime(2026, 1, 1, tzinfo=UTC)

# hashes of few bits, so that draws are often near each other; contents that come in again
IMAGE = st.fixed_dictionaries(
    {
        "content": st.integers(0, 30),
        "width": st.sampled_from([64, 128]),
        "status": st.sampled_from(["accepted", "accepted", "accepted", "torn"]),
    }
)
DELIVERIES = st.lists(st.lists(IMAGE, min_size=1, max_size=8), min_size=1, max_size=5)
HASHES = np.random.default_rng(0).integers(0, 2**10, 31).tolist()
SHARPNESS = np.random.default_rng(1).random(31).tolist()


def bits(count: int) -> int:
    """A hash with `count` bits set, so that two of them differ by the difference in counts."""
    return (1 << count) - 1


def images(rows: Sequence[tuple[str, int | None, str]]) -> pl.DataFrame:
    """One image each from deliveries of their own, in this order."""
    frame = pl.DataFrame(rows, schema=["image_id", "phash", "status"], orient="row")
    return in_schema(
        frame.with_columns(
            pl.lit("fleet").alias("source"),
            pl.int_range(pl.len()).cast(pl.String).alias("path"),
            (pl.lit(START) + pl.duration(days=pl.int_range(pl.len()))).alias("received_at"),
        )
    )


def delivered(deliveries: list[list[dict[str, object]]]) -> pl.DataFrame:
    """The catalogue after some deliveries; a content has the same measurements each time."""
    rows = [
        {
            "image_id": f"{image['content']}",
            "source": "ab"[day % 2],
            "delivery": f"d{day}",
            "path": f"{place}.jpg",
            "received_at": START + timedelta(days=day // 2),  # two come in at once
            "width": 64 + int(image["content"] == 7),
            "height": 64,
            "phash": HASHES[image["content"]],
            "sharpness": SHARPNESS[image["content"]],
            "status": image["status"],
        }
        for day, delivery in enumerate(deliveries)
        for place, image in enumerate(delivery)
    ]
    return catalogue.in_order(in_schema(pl.DataFrame(rows)))


def decided(table: pl.DataFrame) -> pl.DataFrame:
    return dedupe(table, SETTINGS, nothing)


def nothing(_images: pl.DataFrame) -> NoReturn:
    raise AssertionError("the second look is off")


def test_copies_and_near_copies_name_the_image_that_is_kept() -> None:
    table = decided(
        images(
            [
                ("a", bits(0), "accepted"),
                ("b", bits(3), "accepted"),  # near a
                ("a", bits(0), "accepted"),  # the same file as a
                ("b", bits(3), "accepted"),  # the same file as a near-duplicate
                ("c", bits(30), "accepted"),
                ("c", bits(30), "truncated"),  # refused: none of our business
            ]
        )
    )
    assert table.select("status", "lost_to", "distance").rows() == [
        ("accepted", None, None),
        ("near_duplicate", "a", 3),
        ("exact_copy", "a", 0),
        ("exact_copy", "a", 3),
        ("accepted", None, None),
        ("truncated", None, None),
    ]


@given(DELIVERIES, st.integers(1, 5))
def test_what_came_in_is_decided_for_good(deliveries: list[list[dict]], k: int) -> None:
    first, whole = delivered(deliveries[:k]), delivered(deliveries)
    assert decided(whole)[: first.height].equals(decided(first))


@given(DELIVERIES)
def test_every_image_dropped_has_one_kept_near_it(deliveries: list[list[dict]]) -> None:
    table = decided(delivered(deliveries))
    kept = catalogue.accepted(table)
    assert kept["image_id"].is_unique().all()
    hashes = kept["phash"].to_numpy()
    apart = np.bitwise_count(hashes[:, None] ^ hashes[None, :])
    assert (apart[~np.eye(len(hashes), dtype=bool)] > RADIUS).all()

    dropped = table.filter(pl.col("lost_to").is_not_null())
    both = dropped.join(kept, left_on="lost_to", right_on="image_id", suffix="_kept")
    assert both.height == dropped.height
    bits_apart = np.bitwise_count(both["phash"].to_numpy() ^ both["phash_kept"].to_numpy())
    assert (bits_apart == both["distance"].to_numpy()).all()
    assert (bits_apart <= RADIUS).all()
    # the one kept was there before, or came in with it and is as good
    later = both.filter(pl.col("delivery") != pl.col("delivery_kept"))
    assert (later["received_at"] >= later["received_at_kept"]).all()
    together = both.filter(pl.col("delivery") == pl.col("delivery_kept"))
    worse = pl.struct(pl.col("width") * pl.col("height"), "sharpness")
    better = pl.struct(
        pl.col("width_kept") * pl.col("height_kept"), pl.col("sharpness_kept").alias("sharpness")
    )
    rows = together.select(a=worse, b=better).rows()
    assert all(tuple(b.values()) >= tuple(a.values()) for a, b in rows)


def two(first: dict[str, object], second: dict[str, object], days: int = 0) -> list[str]:
    """Which of two near images are in use; the second comes in so many days later."""
    rows = [
        {
            "image_id": name,
            "source": "fleet",
            "delivery": f"d{day}",
            "path": name,
            "received_at": START + timedelta(days=day),
            "phash": 1,
            "status": "accepted",
            "width": 64,
            "height": 64,
            "sharpness": 1.0,
        }
        | what
        for name, day, what in (("a", 0, first), ("b", days, second))
    ]
    return catalogue.accepted(decided(in_schema(pl.DataFrame(rows))))["image_id"].to_list()


def test_within_a_delivery_the_best_is_kept() -> None:
    assert two({}, {}) == ["a"]
    assert two({"sharpness": 5.0}, {"sharpness": 6.0}) == ["b"]
    assert two({"sharpness": 9.0}, {"width": 65}) == ["b"]
    assert two({"width": 128}, {"sharpness": 9.0}) == ["a"]


def test_across_deliveries_the_first_is_kept() -> None:
    assert two({}, {"width": 640, "sharpness": 9.0}, days=1) == ["a"]


def test_an_image_without_a_hash_is_near_to_none_but_its_copy_is_seen() -> None:
    table = decided(
        images([("a", None, "accepted"), ("b", None, "accepted"), ("a", None, "accepted")])
    )
    assert table["status"].to_list() == ["accepted", "accepted", "exact_copy"]
    assert table["lost_to"].to_list() == [None, None, "a"]


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_mirrored_copy_counts_if_it_is_asked_for(mirrored: bool) -> None:
    table = images([("a", bits(20), "accepted"), ("b", 0, "accepted")]).with_columns(
        phash_mirrored=pl.Series([bits(2), bits(40)], dtype=pl.UInt64)
    )
    settings = SETTINGS.model_copy(update={"mirrored": mirrored})
    table = dedupe(table, settings, nothing)
    found = metrics(table, settings)
    if mirrored:
        assert table["lost_to"].to_list() == [None, "a"]
        assert table["distance"].to_list() == [None, 2]
        assert found["mirrored"] == 1
    else:
        assert table["status"].to_list() == ["accepted", "accepted"]
        assert "mirrored" not in found


def drives(names: str, table: pl.DataFrame) -> pl.DataFrame:
    """The table with a drive for each image, one letter each; a dash is none."""
    return table.with_columns(
        sequence=pl.Series([None if name == "-" else name for name in names], dtype=pl.String)
    )


def test_frames_of_one_drive_that_look_alike_are_one_image_however_far_their_hashes() -> None:
    settings = SETTINGS.model_copy(update={"within_sequence": 0.3})
    asked: list[str] = []

    def embedded(rows: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        asked.extend(rows["image_id"])
        angle = np.where(rows["image_id"] == "c", 1.0, 0.2)
        return np.stack([np.cos(angle), np.sin(angle)], axis=1), np.ones(len(angle), dtype=bool)

    table = images(
        [
            ("a", bits(0), "accepted"),
            ("b", bits(30), "accepted"),  # looks like a, of the same drive
            ("b", bits(30), "accepted"),  # the same file
            ("g", bits(33), "accepted"),  # within the radius of b, so it goes where b goes
            ("c", bits(40), "accepted"),  # another moment
            ("d", bits(46), "accepted"),  # of another drive, alone in it
            ("e", bits(52), "accepted"),  # of no drive, as is f
            ("f", bits(60), "accepted"),
        ]
    )
    table = dedupe(drives("xxyxxy--", table), settings, embedded)
    assert sorted(asked) == ["a", "b", "c"]
    dropped = ["near_duplicate", "exact_copy", "near_duplicate"]
    assert table["status"].to_list() == ["accepted", *dropped, *["accepted"] * 4]
    assert table["lost_to"].to_list() == [None, *"aaa", *[None] * 4]
    assert table["distance"].to_list() == [None, 30, 30, 33, *[None] * 4]
    assert metrics(table, settings)["within_sequence"] == 2


def test_what_the_second_look_cannot_read_is_out_and_stands_for_no_other() -> None:
    settings = SETTINGS.model_copy(update={"within_sequence": 0.3})

    def embedded(rows: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        readable = (rows["image_id"] != "a").to_numpy()
        return np.where(readable[:, None], np.ones((rows.height, 2)), np.nan), readable

    table = images(
        [
            ("a", bits(0), "accepted"),
            ("b", bits(2), "accepted"),  # within the radius of a
            ("c", bits(9), "accepted"),  # looks like b
        ]
    )
    table = dedupe(drives("xxx", table), settings, embedded)
    assert table["status"].to_list() == ["unreadable", "accepted", "near_duplicate"]
    assert table["lost_to"].to_list() == [None, None, "b"]


def test_the_metrics_count_images_and_groups() -> None:
    table = decided(
        images(
            [
                ("a", bits(0), "accepted"),
                ("b", bits(2), "accepted"),
                ("a", bits(0), "accepted"),
                ("c", bits(20), "accepted"),
                ("d", bits(22), "accepted"),
                ("e", bits(40), "accepted"),
                ("f", bits(60), "blurred"),
            ]
        )
    )
    assert metrics(table, SETTINGS) == {
        "images": 7,
        "exact_copies": 1,
        "near_duplicates": 2,
        "mirrored": 0,
        "kept": 3,
        "groups": 2,
        "largest_group": 3,
    }


def test_no_image_in_use_is_no_mistake() -> None:
    table = decided(images([("a", 1, "torn")]))
    assert table["status"].to_list() == ["torn"]
    assert metrics(table, SETTINGS)["largest_group"] == 0


def test_the_stage_writes_what_it_found(workspace: Path, deliver: Callable[..., Path]) -> None:
    deliver("fleet", "d1", {f"{name}.png": scene(0) for name in "ab"})
    table = images([("a", bits(0), "accepted"), ("b", bits(2), "accepted")]).with_columns(
        delivery=pl.lit("d1"), path=pl.col("image_id") + ".png"
    )
    catalogue.write("data/ingest/fleet/images.parquet", table)
    text = Path("params.yaml").read_text().replace("sources: [demo]", "sources: [fleet]")
    Path("params.yaml").write_text(text)
    stage.main()
    assert catalogue.read("data/dedupe/images.parquet")["lost_to"].to_list() == [None, "a"]
    assert json.loads(Path("reports/dedupe.json").read_text())["near_duplicates"] == 1
    assert {path.name for path in Path("reports/dedupe").iterdir()} == {
        "distances.png",
        "groups.png",
    }


def test_by_default_the_stage_looks_at_the_images_of_a_drive(
    workspace: Path, deliver: Callable[..., Path]
) -> None:
    street = scene(0)
    brighter = street.point([min(255, level + 2) for level in range(256)] * 3)
    deliver("fleet", "d1", {"a.png": street, "b.png": brighter, "c.png": scene(1), "d.png": street})
    rows = [(name, bits(16 * n), "accepted") for n, name in enumerate("abcd")]
    table = images(rows).with_columns(
        delivery=pl.lit("d1"), path=pl.col("image_id") + ".png", received_at=pl.lit(START)
    )
    table = drives("xxxy", table)  # d is the same as a, but for the hash; of another drive
    catalogue.write("data/ingest/fleet/images.parquet", table)
    text = Path("params.yaml").read_text().replace("sources: [demo]", "sources: [fleet]")
    Path("params.yaml").write_text(text)
    stage.main()
    found = catalogue.read("data/dedupe/images.parquet")
    assert found["lost_to"].to_list() == [None, "a", None, None]
    assert json.loads(Path("reports/dedupe.json").read_text())["within_sequence"] == 1


def test_a_source_that_left_the_list_is_not_used(workspace: Path) -> None:
    for source in ("fleet", "revoked"):
        table = images([(source, 1, "accepted")]).with_columns(pl.lit(source).alias("source"))
        catalogue.write(f"data/ingest/{source}/images.parquet", table)
    assert gather(["fleet"])["source"].to_list() == ["fleet"]


def test_a_listed_source_that_was_not_ingested_stops_the_stage(workspace: Path) -> None:
    with pytest.raises(ArgusError, match=r"data/ingest/fleet/images\.parquet is missing"):
        gather(["fleet"])


@pytest.mark.parametrize("sources", [[], ["fleet", "fleet"]])
def test_an_impossible_list_of_sources(sources: list[str]) -> None:
    with pytest.raises(ArgusError, match=r"params\.yaml lists"):
        gather(sources)


def test_where_nothing_is_accepted_the_message_is_the_reason(workspace: Path) -> None:
    ingested: dict[str, list[tuple[str, int | None, str]]] = {
        "fleet": [("a", None, "not_an_image"), ("b", None, "not_an_image"), ("c", 1, "blurred")],
        "cam": [("d", None, "consent_expired")],
    }
    for source, rows in ingested.items():
        path = Path("data/ingest") / source / "images.parquet"
        table = images(rows).with_columns(source=pl.lit(source), delivery=pl.lit("d1"))
        catalogue.write(path, table)
    with pytest.raises(ArgusError) as error:
        gather(["fleet", "cam"])
    for words in (
        "none of the 4 images of fleet, cam is accepted",
        f"fleet: 2 not_an_image ({catalogue.STATUSES['not_an_image']}",
        "fleet: 1 blurred (",
        "cam: 1 consent_expired (",
        "Bring others in with `argus submit`, or change what refused these",
    ):
        assert words in str(error.value)
    catalogue.write("data/ingest/cam/images.parquet", images([("e", 2, "accepted")]))
    assert gather(["fleet", "cam"]).height == 4


def test_sources_without_a_single_image(workspace: Path) -> None:
    catalogue.write("data/ingest/fleet/images.parquet", images([]))
    with pytest.raises(ArgusError, match=r"none of the 0 images.*the deliveries hold none"):
        gather(["fleet"])
