from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.common import catalogue
from stages.common.errors import ArgusError
from stages.dedupe.__main__ import dedupe, gather
from stages.dedupe.search import hamming
from stages.dedupe.stars import stars
from stages.ingest.deliveries import in_schema

# few bits, so that draws are often near each other
HASHES = st.lists(st.integers(0, 2**12 - 1), min_size=1, max_size=40)


def bits(count: int) -> int:
    """A hash with `count` bits set, so that two of them differ by the difference in counts."""
    return (1 << count) - 1


def images(rows: list[tuple[str, int, str]]) -> pl.DataFrame:
    return in_schema(
        pl.DataFrame(rows, schema=["image_id", "phash", "status"], orient="row").with_columns(
            pl.lit("fleet").alias("source"), pl.int_range(pl.len()).cast(pl.String).alias("path")
        )
    )


@given(HASHES, st.integers(0, 4))
def test_stars_keep_far_apart_and_drop_only_near(values: list[int], radius: int) -> None:
    hashes = np.array(values, dtype=np.uint64)
    centre, distance = stars(hashes, radius)
    kept = centre == np.arange(len(hashes))
    assert (kept[centre]).all()
    assert (hamming(hashes, hashes[centre]) == distance).all()
    assert (distance <= radius).all()
    assert (centre <= np.arange(len(hashes))).all()
    apart = hamming(hashes[kept][:, None], hashes[kept][None, :])
    assert (apart[~np.eye(kept.sum(), dtype=bool)] > radius).all()


@given(HASHES, st.integers(0, 40))
def test_stars_are_prefix_stable(values: list[int], cut: int) -> None:
    hashes = np.array(values, dtype=np.uint64)
    whole, prefix = stars(hashes, 2), stars(hashes[:cut], 2)
    assert (whole[0][:cut] == prefix[0]).all()
    assert (whole[1][:cut] == prefix[1]).all()


def test_a_drive_does_not_chain_to_a_single_frame() -> None:
    # each frame is 2 bits from the one before: at radius 4, one in three is kept
    hashes = np.array([bits(2 * frame) for frame in range(30)], dtype=np.uint64)
    centre, _ = stars(hashes, 4)
    assert len(set(centre)) == 10


def test_copies_and_near_copies_name_the_image_that_is_kept() -> None:
    table = dedupe(
        images(
            [
                ("a", bits(0), "accepted"),
                ("b", bits(3), "accepted"),  # near a
                ("a", bits(0), "accepted"),  # the same file as a
                ("b", bits(3), "accepted"),  # the same file as a near-duplicate
                ("c", bits(30), "accepted"),
                ("c", bits(30), "truncated"),  # refused: none of our business
            ]
        ),
        radius=4,
    )
    assert table.select("status", "lost_to", "distance").rows() == [
        ("accepted", None, None),
        ("near_duplicate", "a", 3),
        ("exact_copy", "a", 0),
        ("exact_copy", "a", 3),
        ("accepted", None, None),
        ("truncated", None, None),
    ]


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
