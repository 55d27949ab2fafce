from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from argus.core import params
from argus.data import reading
from argus.data.catalogue import in_schema
from argus.hamming.search import Hashes
from stages.dedupe import charts
from tests.conftest import ROOT, scene

SETTINGS = params.load(ROOT / "params.yaml").dedupe


def bits(count: int) -> int:
    return (1 << count) - 1


def table(rows: list[tuple[str, int, str, str | None, int | None]]) -> pl.DataFrame:
    names = ["image_id", "phash", "status", "lost_to", "distance"]
    return in_schema(
        pl.DataFrame(rows, schema=names, orient="row").with_columns(
            source=pl.lit("fleet"), delivery=pl.lit("d1"), path=pl.col("image_id") + ".png"
        )
    )


@given(st.lists(st.integers(0, 2**16 - 1), min_size=2, max_size=30), st.integers(0, 8))
def test_the_nearest_other_one(values: list[int], reach: int) -> None:
    rows = np.arange(0, len(values), 2)
    found = charts.nearest(Hashes(np.array(values, dtype=np.uint64)), rows, reach)
    others = [[(values[r] ^ v).bit_count() for k, v in enumerate(values) if k != r] for r in rows]
    assert found.tolist() == [min(reach + 1, *apart) for apart in others]


def test_equal_catalogues_give_equal_bytes(tmp_path: Path) -> None:
    images = table(
        [
            ("a", bits(0), "accepted", None, None),
            ("b", bits(2), "near_duplicate", "a", 2),
            ("c", bits(8), "accepted", None, None),
            ("d", bits(8), "torn", None, None),
        ]
    )
    for name in ("one.png", "two.png"):
        charts.distances(images, SETTINGS, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_a_sample_stands_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def nearest(hashes: Hashes, rows: np.ndarray, reach: int) -> np.ndarray:
        asked.append(len(rows))
        return np.full(len(rows), reach + 1)

    monkeypatch.setattr(charts, "nearest", nearest)
    monkeypatch.setattr(charts, "LOOKED_UP", 10)
    images = table([(str(k), 1, "accepted", None, None) for k in range(95)])
    charts.distances(images, SETTINGS, tmp_path / "distances.png")
    assert asked == [10]


@pytest.mark.parametrize("status", ["torn", "accepted"])
def test_next_to_nothing_to_draw(tmp_path: Path, status: str) -> None:
    images = table([("a", bits(0), status, None, None)])
    charts.distances(images, SETTINGS, tmp_path / "distances.png")
    assert Image.open(tmp_path / "distances.png").width > 100
    assert charts.groups(images) is None


def test_the_largest_groups_come_first(deliver: Callable[..., Path]) -> None:
    colours = {"a": "red", "b": "red", "c": "red", "d": "lime", "e": "lime", "f": "blue"}
    files = {f"{name}.png": Image.new("RGB", (96, 64), c) for name, c in colours.items()}
    deliver("fleet", "d1", files)
    images = table(
        [
            ("f", 0, "accepted", None, None),
            ("d", 0, "accepted", None, None),
            ("e", 0, "near_duplicate", "d", 2),
            ("a", 0, "accepted", None, None),
            ("b", 0, "near_duplicate", "a", 4),
            ("c", 0, "near_duplicate", "a", 2),
        ]
    )
    sheet = charts.groups(images)
    assert sheet is not None
    height = reading.THUMBNAIL[1]

    def middle(row: int, column: int) -> tuple[int, ...]:
        x = int((column + 0.5) * sheet.width / charts.EACH)
        colour = sheet.getpixel((x, row * sheet.height // 2 + height // 2))
        assert isinstance(colour, tuple)
        return colour

    assert [middle(0, column) for column in range(4)] == [(255, 0, 0)] * 3 + [(255, 255, 255)]
    assert [middle(1, column) for column in range(3)] == [(0, 255, 0)] * 2 + [(255, 255, 255)]


def test_a_group_larger_than_a_row_shows_the_furthest(deliver: Callable[..., Path]) -> None:
    files = {"a.png": scene(0)} | {f"{k}.png": scene(1) for k in range(20)}
    files["19.png"] = Image.new("RGB", (96, 64), "red")
    deliver("fleet", "d1", files)
    rows: list[tuple[str, int, str, str | None, int | None]] = [("a", 0, "accepted", None, None)]
    rows += [(str(k), 0, "near_duplicate", "a", k) for k in range(20)]
    sheet = charts.groups(table(rows))
    assert sheet is not None
    last = int((charts.EACH - 0.5) * sheet.width / charts.EACH)
    assert sheet.getpixel((last, reading.THUMBNAIL[1] // 2)) == (255, 0, 0)
