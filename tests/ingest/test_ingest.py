import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from stages.common import catalogue, params
from stages.common.errors import ArgusError
from stages.ingest.__main__ import take_in
from stages.ingest.deliveries import described, newest
from tests.conftest import scene


def settings(**changes: object) -> params.Ingest:
    return params.load().ingest.model_copy(update={"min_side": 32, **changes})


def half_a_jpeg() -> bytes:
    buffer = io.BytesIO()
    scene(0, (320, 240)).save(buffer, "JPEG")
    return buffer.getvalue()[: buffer.tell() // 2]


def test_every_file_has_a_row_with_its_fate(card: Callable, deliver: Callable) -> None:
    card("fleet")
    deliver(
        "fleet",
        "d1",
        {
            "a.png": scene(1),
            "b.jpg": half_a_jpeg(),
            "c.jpg": b"words",
            "d.png": scene(2, (20, 20)),
        },
    )
    images, decoded = take_in("fleet", settings())
    assert decoded == 4
    assert dict(images.select("path", "status").rows()) == {
        "a.png": "accepted",
        "b.jpg": "truncated",
        "c.jpg": "not_an_image",
        "d.png": "too_small",
    }
    assert images.columns == list(catalogue.SCHEMA)


def test_only_unseen_images_are_decoded_and_the_bytes_are_the_same(
    workspace: Path, card: Callable, deliver: Callable
) -> None:
    card("fleet")
    deliver("fleet", "d1", {f"{i}.png": scene(i) for i in range(5)})
    assert take_in("fleet", settings())[1] == 5
    deliver("fleet", "d2", {"new.png": scene(9), "again.png": scene(3)}, "2026-02-01T00:00:00Z")
    warm, decoded = take_in("fleet", settings())
    assert decoded == 1
    catalogue.write("warm.parquet", warm)

    (workspace / ".cache").rename(workspace / "elsewhere")
    cold, decoded = take_in("fleet", settings())
    assert decoded == 6
    catalogue.write("cold.parquet", cold)
    assert Path("warm.parquet").read_bytes() == Path("cold.parquet").read_bytes()


def test_a_changed_limit_is_not_answered_from_memory(card: Callable, deliver: Callable) -> None:
    card("fleet")
    deliver("fleet", "d1", {"a.png": scene(1, (40, 40))})
    assert take_in("fleet", settings())[0]["status"].to_list() == ["accepted"]
    assert take_in("fleet", settings(min_side=41))[0]["status"].to_list() == ["too_small"]


def test_expired_consent_keeps_the_rows_and_opens_nothing(
    card: Callable, deliver: Callable
) -> None:
    card("fleet", consent={"reference": "A", "expires": "2025-01-01"})
    deliver("fleet", "d1", {"a.png": scene(1)})
    images, decoded = take_in("fleet", settings())
    assert decoded == 0
    assert images["status"].to_list() == ["consent_expired"]
    assert images["image_id"].to_list() == [None]


def test_an_origin_that_is_not_accepted(card: Callable, deliver: Callable) -> None:
    card("world", origin="rendered")
    deliver("world", "d1", {"a.png": scene(1)})
    images, _ = take_in("world", settings(accept_origins=["camera"]))
    assert images["status"].to_list() == ["origin_not_accepted"]


def test_no_card_no_images(workspace: Path, deliver: Callable) -> None:
    deliver("fleet", "d1", {"a.png": scene(1)})
    with pytest.raises(ArgusError, match="no rights card"):
        take_in("fleet", settings())


def test_no_delivery(card: Callable) -> None:
    card("fleet")
    with pytest.raises(ArgusError, match=r"no delivery.*argus submit PATH --source fleet"):
        take_in("fleet", settings())


def test_an_empty_delivery(card: Callable, deliver: Callable) -> None:
    card("fleet")
    deliver("fleet", "d1", {})
    with pytest.raises(ArgusError, match=r"data/raw/fleet/d1 is empty"):
        take_in("fleet", settings())


def test_a_delivery_without_manifest(card: Callable, deliver: Callable) -> None:
    card("fleet")
    (deliver("fleet", "d1", {"a.png": scene(1)}) / "delivery.yaml").unlink()
    with pytest.raises(ArgusError, match=r"no delivery\.yaml.*argus submit"):
        take_in("fleet", settings())


@pytest.mark.parametrize(
    ("label_from", "sequence_from", "label", "sequence"),
    [
        ("dirs", "dirs", "night", "fleet/drive-1/cam0"),
        ("dirs", "none", "night", None),
        ("none", "dirs", None, "fleet/night/drive-1/cam0"),
        ("none", "none", None, None),
    ],
)
def test_folders_name_label_and_sequence(
    card: Callable,
    deliver: Callable,
    label_from: str,
    sequence_from: str,
    label: str | None,
    sequence: str | None,
) -> None:
    files = {"night/drive-1/cam0/0001.png": scene(1)}
    folder = deliver("fleet", "d1", files, label_from=label_from, sequence_from=sequence_from)
    row = described("fleet", folder, "camera").row(0, named=True)
    assert (row["label"], row["sequence"]) == (label, sequence)
    assert row["label_from"] == (None if label is None else "delivered")


def test_images_that_lie_at_the_top_have_neither(deliver: Callable) -> None:
    folder = deliver("fleet", "d1", {"a.png": scene(1)}, label_from="dirs", sequence_from="dirs")
    assert described("fleet", folder, "camera").select("label", "sequence").row(0) == (None, None)


def test_rows_are_in_order_of_arrival(card: Callable, deliver: Callable) -> None:
    card("fleet")
    deliver("fleet", "a-later", {"x.png": scene(1)}, "2026-03-01T00:00:00Z")
    deliver("fleet", "b-first", {"y.png": scene(2), "a.png": scene(3)}, "2026-02-01T00:00:00Z")
    images, _ = take_in("fleet", settings())
    assert images["path"].to_list() == ["a.png", "y.png", "x.png"]
    assert newest() == images["received_at"].max()
    assert images.schema["received_at"] == pl.Datetime("us", "UTC")
