"""Whose images come in, for what, and which single ones are taken back."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from argus.core import params
from argus.core.errors import ArgusError
from argus.data import catalogue, rights_cards
from argus.data.catalogue import SCHEMA
from argus.data.pulled import deliveries_known
from argus.data.terms import DELIVERED, unknown_deliveries
from stages.dedupe.dedupe import dedupe, gather, unmatched
from stages.ingest.__main__ import main
from stages.ingest.take_in import take_in, warnings
from tests.conftest import scene

Write = Callable[..., Any]


def settings(**changes: Any) -> params.Ingest:
    known = yaml.safe_load(Path("params.yaml").read_text())["ingest"]
    return params.Ingest.model_validate(known | {"min_side": 32} | changes)


def fates(images: pl.DataFrame) -> list[tuple[str, bool, bool]]:
    return images.select("status", "may_train", "may_evaluate").rows()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("granted", "purposes", "fate"),
    [
        (["train", "evaluate"], ["train", "evaluate"], ("accepted", True, True)),
        (["evaluate"], ["train", "evaluate"], ("accepted", False, True)),
        (["train"], ["train", "evaluate"], ("accepted", True, False)),
        (["evaluate"], ["evaluate"], ("accepted", False, True)),
        (["train", "evaluate"], ["evaluate"], ("accepted", False, True)),
        (["evaluate"], ["train"], ("purpose_not_granted", False, False)),
        (["train", "evaluate"], [], ("purpose_not_granted", False, False)),
        ([], ["train", "evaluate"], ("purpose_not_granted", False, False)),
    ],
)
def test_an_image_may_be_used_for_what_its_card_grants_and_the_wheel_does(
    card: Write,
    deliver: Write,
    granted: list[str],
    purposes: list[str],
    fate: tuple[str, bool, bool],
) -> None:
    card("fleet", purposes=granted)
    deliver("fleet", "d1", {"a.png": scene(1)})
    images, decoded = take_in("fleet", settings(purposes=purposes))
    assert fates(images) == [fate]
    assert decoded == (fate[0] == "accepted")


def test_deliveries_of_one_source_may_be_for_different_uses(card: Write, deliver: Write) -> None:
    card("fleet", deliveries={"d2": {"purposes": ["evaluate"]}, "d3": {"purposes": []}})
    for number in (1, 2, 3):
        deliver("fleet", f"d{number}", {"a.png": scene(number)})
    assert fates(take_in("fleet", settings())[0]) == [
        ("accepted", True, True),
        ("accepted", False, True),
        ("purpose_not_granted", False, False),
    ]


def test_generated_images_stay_out_even_if_the_knob_were_to_say_otherwise(
    card: Write, deliver: Write
) -> None:
    card("gan", origin="generated")
    deliver("gan", "d1", {"a.png": scene(1)})
    wide = settings().model_copy(update={"accept_origins": ["camera", "generated"]})
    assert fates(take_in("gan", wide)[0]) == [("origin_not_accepted", False, False)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"accept_origins": ["camera", "generated"]}, "generated images are never accepted"),
        ({"accept_origins": ["Generated "]}, "generated images are never accepted"),
        ({"accept_origins": ["CAMERA"]}, "accept_origins.0"),
        ({"purposes": ["publish"]}, "purposes.0"),
        ({"as_of": None}, "as_of"),
        ({"as_of": 20261124}, "is not a day: write YYYY-MM-DD"),
        ({"withdrawn": [{"sha256": "a" * 12, "reason": "r"}]}, "give all 64 hexadecimal digits"),
        ({"withdrawn": [{"sha256": "g" * 64, "reason": "r"}]}, "give all 64 hexadecimal digits"),
        ({"withdrawn": [{"sha256": int("1" * 64), "reason": "r"}]}, "put it in quotes"),
        ({"withdrawn": [{"sha256": "a" * 64}]}, "withdrawn.0.reason"),
        ({"withdrawn": [{"sha256": "a" * 64, "reason": "  "}]}, "withdrawn.0.reason"),
        ({"withdrawn": ["a" * 64]}, "withdrawn.0"),
        ({"withdrawn": None}, "withdrawn"),
    ],
)
def test_a_knob_of_rights_that_says_something_else_stops_the_run(
    workspace: Path, change: dict[str, Any], words: str
) -> None:
    content = yaml.safe_load(Path("params.yaml").read_text())
    content["ingest"] |= change
    Path("params.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(ArgusError, match=words):
        params.load()


def shard(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def test_a_withdrawn_image_is_out_under_every_name_and_nothing_of_it_is_kept(
    card: Write, deliver: Write
) -> None:
    for source in ("fleet", "client"):
        card(source)
    first = deliver("fleet", "d1", {"day/a.png": scene(1), "day/b.png": scene(2)})
    again = deliver("client", "d1", {"other.png": scene(1), "mine.png": scene(3)})
    shard(again / "0.tar", {"x.png": (first / "day/a.png").read_bytes()})
    out = {"sha256": digest(first / "day/a.png").upper(), "reason": "objection of 2026-07-01"}
    found = {s: take_in(s, settings(withdrawn=[out]))[0] for s in ("fleet", "client")}
    images = catalogue.in_order(pl.concat(found.values()))
    gone = images.filter(status="withdrawn")
    assert sorted(gone["path"]) == ["0.tar", "day/a.png", "other.png"]
    assert set(gone["image_id"]) == {digest(first / "day/a.png")}
    measured = gone.select(name for name in SCHEMA if name not in DELIVERED)
    assert all(column.null_count() == gone.height for column in measured)
    assert catalogue.accepted(images)["path"].to_list() == ["mine.png", "day/b.png"]

    def nothing(_: pl.DataFrame) -> Any:
        raise AssertionError

    kept = dedupe(images, params.load().dedupe, nothing)
    assert kept["status"].equals(images["status"])  # nothing lost to it, it lost to nothing
    # with the entry off the list everything is as it was before
    assert take_in("fleet", settings())[0]["status"].to_list() == ["accepted"] * 2


def test_withdrawn_overrules_what_else_is_wrong_with_a_file(card: Write, deliver: Write) -> None:
    card("fleet")
    folder = deliver("fleet", "d1", {"a.png": scene(1, (20, 20)), "b.jpg": b"words"})
    out = [{"sha256": digest(folder / name), "reason": "r"} for name in ("a.png", "b.jpg")]
    assert set(take_in("fleet", settings(withdrawn=out))[0]["status"]) == {"withdrawn"}


def test_an_entry_that_no_image_has_is_named_with_its_reason(card: Write, deliver: Write) -> None:
    card("fleet")
    folder = deliver("fleet", "d1", {"a.png": scene(1), "b.png": scene(2)})
    entries = [
        {"sha256": digest(folder / "a.png"), "reason": "here"},
        {"sha256": "ab" * 32, "reason": "misread"},
    ]
    parameters = settings(withdrawn=entries)
    catalogue.write("data/ingest/fleet/images.parquet", take_in("fleet", parameters)[0])
    (line,) = unmatched(gather(["fleet"]), parameters.withdrawn)
    assert "ab" * 32 in line
    assert "misread" in line
    assert "sha256sum" in line
    assert unmatched(gather(["fleet"]), []) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("2026-O7", "did you mean '2026-07'"),
        ("Webcams", "did you mean 'webcams'"),
        ("zzz", "its deliveries are 2026-07, pulled-later, webcams."),
    ],
)
def test_terms_for_a_delivery_that_is_not_there_stop_the_stage(
    card: Write, deliver: Write, name: str, hint: str
) -> None:
    terms = {"consent": {"reference": "B", "expires": "2026-01-01"}}
    deliver("fleet", "2026-07", {"a.png": scene(1)})
    deliver("fleet", "webcams", {"a.png": scene(2)})
    Path("data/raw/fleet/pulled-later.dvc").write_text("outs: []")
    card("fleet", deliveries={name: terms})
    with pytest.raises(ArgusError, match=rf"delivery '{name}' that 'fleet' does not have: {hint}"):
        take_in("fleet", settings())
    card("fleet", deliveries={"webcams": terms, "pulled-later": terms})
    with pytest.raises(ArgusError, match=r"1 of 1 deliveries is not here.*: fleet/pulled-later"):
        take_in("fleet", settings())
    deliver("fleet", "pulled-later", {"a.png": scene(3)}, "2026-02-01T00:00:00Z")
    card("fleet", deliveries={"webcams": terms})
    Path("data/raw/fleet/pulled-later/a.png").unlink()
    Path("data/raw/fleet/pulled-later.dvc").write_text("outs: [{nfiles: 2}]")
    with pytest.raises(ArgusError, match=r"fleet/pulled-later \(1 of 2 files\).*`dvc pull`"):
        take_in("fleet", settings())
    Path("data/raw/fleet/pulled-later.dvc").unlink()
    Path("data/raw/fleet/pulled-later/delivery.yaml").unlink()
    Path("data/raw/fleet/pulled-later").rmdir()
    assert take_in("fleet", settings())[0]["status"].to_list() == ["accepted", "consent_expired"]


def test_a_source_without_deliveries_knows_none(card: Write) -> None:
    card("fleet", deliveries={"d1": {"purposes": []}})
    assert deliveries_known("fleet") == set()
    assert "it has none." in unknown_deliveries(rights_cards.read("fleet"), set())[0]


def test_what_rests_on_a_consent_that_is_over_today_is_said(card: Write, deliver: Write) -> None:
    old = {"consent": {"reference": "B-2", "expires": "2026-03-31"}}
    card("fleet", deliveries={"d1": old})
    deliver("fleet", "d1", {"a.png": scene(1), "b.png": scene(2), "c.png": b"no image"})
    deliver("fleet", "d2", {"d.png": scene(3)})
    images, _ = take_in("fleet", settings(as_of="2026-03-01"))
    assert images["status"].to_list() == ["accepted"] * 2 + ["not_an_image", "accepted"]
    (line,) = warnings("fleet", images, date(2026, 3, 1), date(2026, 4, 1))
    assert "fleet/d1: 2 images in use rest on a consent that ended on 2026-03-31 (B-2)" in line
    assert "argus turn" in line
    assert warnings("fleet", images, date(2026, 3, 1), date(2026, 3, 31)) == []
    (line,) = warnings("fleet", images, date(2026, 5, 1), date(2026, 3, 31))
    assert "2026-05-01, which is still to come" in line


def test_the_stage_says_it_aloud_and_writes_the_same(
    card: Write,
    deliver: Write,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    card("fleet", consent={"reference": "A-1", "expires": "2026-03-31"})
    deliver("fleet", "d1", {"a.png": scene(1)})
    text = Path("params.yaml").read_text()
    as_of = settings().as_of.isoformat()
    Path("params.yaml").write_text(text.replace(f'as_of: "{as_of}"', 'as_of: "2026-03-01"'))
    monkeypatch.setattr(sys, "argv", ["ingest", "fleet"])
    main()
    printed = capsys.readouterr().err
    assert "warning:" in printed
    assert "fleet/d1: 1 images in use rest on a consent" in printed
    metrics = json.loads(Path("reports/ingest/fleet.json").read_text())
    assert metrics == {"images": 1, "accepted": 1, "refused": {}}
