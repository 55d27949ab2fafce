"""What is behind weights is named by turn, source and delivery, and image by image."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus.core.errors import ArgusError
from argus.core.files import sha256
from argus.data.packed import ORIGIN, Rights, Terms
from argus.models import ancestry
from argus.models.ancestry import Generation, Share

RIGHTS = Rights(
    {
        "acme": Terms("contract:7", None, {"a": [], "b": ["acme/b: consent ended"]}),
        "cams": Terms("CC-BY-NC-4.0", False, {"x": []}),
    },
    {"f" * 64: "the owner asked"},
)


def table(*rows: tuple[str, str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(ORIGIN, pl.String), orient="row")


def left(folder: Path, *rows: tuple[str, str, str]) -> tuple[Path, str]:
    """A list of images as a training leaves it, and its hash."""
    folder.mkdir()
    path = folder / ancestry.IMAGES
    path.write_bytes(ancestry.to_bytes(ancestry.union([table(*rows)])))
    return folder, sha256(path)


def objections(folder: Path, digest: str | None) -> list[str]:
    return ancestry.objections(folder, digest, RIGHTS.objections, RIGHTS.withdrawn)


rows = st.lists(st.tuples(*(st.sampled_from("abc") for _ in ORIGIN)), max_size=9)


@given(rows, rows)
def test_a_union_is_that_of_the_sets_whatever_their_order(one, other) -> None:
    together = ancestry.union([table(*one), table(*other)])
    assert together.rows() == sorted({*one, *other})
    assert ancestry.to_bytes(together) == ancestry.to_bytes(
        ancestry.union([table(*reversed(other)), table(*reversed(one))])
    )


def test_shares_count_the_images_of_each_delivery_under_the_terms_of_the_day() -> None:
    images = table(("1", "acme", "a"), ("2", "acme", "b"), ("3", "acme", "a"), ("4", "cams", "x"))
    assert ancestry.shares(images, RIGHTS) == {
        "acme": Share(licence="contract:7", commercial=None, deliveries={"a": 2, "b": 1}),
        "cams": Share(licence="CC-BY-NC-4.0", commercial=False, deliveries={"x": 1}),
    }


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("1", "acme", "a"), None),
        (("1", "acme", "b"), "acme/b: consent ended"),
        (("1", "acme", "z"), "acme/z is gone"),
        (("1", "gone", "a"), "gone is retired"),
        (("f" * 64, "acme", "a"), "image ffffffffffff of acme/a is withdrawn (the owner asked)"),
    ],
)
def test_one_image_that_may_not_be_used_is_enough(
    tmp_path: Path, row: tuple[str, str, str], words: str | None
) -> None:
    found = objections(*left(tmp_path / "m", ("0", "cams", "x"), row, ("9", "acme", "a")))
    assert len(found) == (words is not None)
    assert words is None or words in found[0]


def test_many_withdrawn_images_are_counted(tmp_path: Path) -> None:
    taken = {f"{n}" * 64: "why" for n in range(10)}
    folder, digest = left(tmp_path / "m", *[(image, "acme", "a") for image in taken])
    found = ancestry.objections(folder, digest, RIGHTS.objections, taken)
    assert len(found) == 4
    assert found[-1] == "7 more of its images are withdrawn"


def test_weights_of_unknown_ancestry_are_never_vouched_for(tmp_path: Path) -> None:
    (found,) = objections(tmp_path, None)
    assert "does not say which images are behind its weights" in found


def test_a_list_that_is_missing_or_not_the_one_on_the_card_is_an_error(tmp_path: Path) -> None:
    folder, digest = left(tmp_path / "m", ("1", "acme", "a"))
    (folder / ancestry.IMAGES).write_bytes(ancestry.to_bytes(table()))
    with pytest.raises(ArgusError, match="damaged"):
        objections(folder, digest)
    (folder / ancestry.IMAGES).unlink()
    with pytest.raises(ArgusError, match="not found beside its card"):
        objections(folder, digest)


def test_the_terms_of_today_go_before_those_of_the_day_of_the_training() -> None:
    def one(licence: str, commercial: bool | None) -> Share:
        return Share(licence=licence, commercial=commercial, deliveries={"d": 1})

    card = (
        Generation(turn=None, train={"new": one("MIT", True), "bought": one("old", False)}),
        Generation(turn="a" * 40, train={"new": one("ancient", False), "left": one("nc", False)}),
    )
    terms = ancestry.terms(card, {"bought": ("contract:9", True)}.get)
    assert terms == {
        "bought": ("contract:9", True),
        "left": ("nc", False),
        "new": ("MIT", True),
    }
    assert ancestry.non_commercial(terms) == {"left": "nc"}
    assert ancestry.named({"a": "X", "b": "Y"}) == "a (X), b (Y)"
