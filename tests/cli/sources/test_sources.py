"""Sources are registered, listed, checked and retired."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml

from argus.core import params
from argus.data import rights_cards
from tests.cli.conftest import sh

Argus = Callable[..., tuple[int, str]]

OPTIONS = {
    "--kind": "client",
    "--owner": "O'Neil: #1 & Söhne",
    "--contact-role": "data officer",
    "--licence": "cc-by-4.0",
    "--jurisdiction": "IE",
    "--consent-reference": "contract 12, §3",
    "--consent-expires": "2099-01-31",
    "--origin": "camera",
    "--citation": "yes: please",
}


def options(**changes: str | None) -> list[str]:
    """The options of `argus source add` with some changed, or left out (None)."""
    wanted = {**OPTIONS, **{f"--{k.replace('_', '-')}": v for k, v in changes.items()}}
    given = [part for option, value in wanted.items() if value for part in (option, value)]
    return [*given, "--purpose", "train", "--purpose", "evaluate"]


def test_add_writes_a_card_that_holds_and_keeps_the_comments_of_params(
    repo: Path, argus: Argus
) -> None:
    before = Path("params.yaml").read_text()
    status, printed = argus("source", "add", "oneil", *options())
    assert status == 0
    assert "data/sources/oneil.yaml" in printed
    card = rights_cards.read("oneil")
    assert card.owner == "O'Neil: #1 & Söhne"
    assert card.licence == "CC-BY-4.0"
    assert card.purposes == ["train", "evaluate"]
    assert card.consent == rights_cards.Consent(
        reference="contract 12, §3", expires=date(2099, 1, 31)
    )
    assert card.citation == "yes: please"
    assert params.load().sources == ["cam", "oneil"]
    assert Path("params.yaml").read_text() == before.replace("[cam]", "[cam, oneil]")


def test_every_field_of_a_written_card_is_explained(repo: Path, argus: Argus) -> None:
    argus("source", "add", "oneil", *options(consent_expires="never", owner="us"))
    text = Path("data/sources/oneil.yaml").read_text()
    optional = {"commercial", "deliveries", "fetch"}
    assert set(yaml.safe_load(text)) == set(rights_cards.RightsCard.model_fields) - optional
    lines = text.splitlines()
    values = [n for n, line in enumerate(lines) if "#" not in line and line != "consent:"]
    assert all(lines[n - 1].strip().startswith("#") for n in values[1:])
    assert rights_cards.read("oneil").consent.expires == "never"


def test_an_existing_source_is_refused_and_keeps_its_card(repo: Path, argus: Argus) -> None:
    card = Path("data/sources/cam.yaml").read_bytes()
    status, printed = argus("source", "add", "cam", *options())
    assert status == 1
    assert "exists" in printed
    assert Path("data/sources/cam.yaml").read_bytes() == card
    argus("source", "retire", "cam")
    status, printed = argus("source", "add", "cam", *options())
    assert status == 1
    assert "was retired: put it back" in printed


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"licence": "do what you like"}, 1, "neither an SPDX"),
        ({"kind": "friend"}, 1, "kind"),
        ({"origin": "dreamt"}, 1, "origin"),
        ({"owner": None}, 2, "--owner"),
        ({"origin": "generated"}, 1, "generated images are never accepted"),
        ({"consent_expires": "soon"}, 1, "soon is not a day"),
        ({"consent_expires": "2099-01-31T00:00:00"}, 1, "is not a day"),
        ({"consent_expires": None}, 2, "--consent-expires"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_written(
    repo: Path, argus: Argus, changes: dict[str, str | None], status: int, words: str
) -> None:
    before = Path("params.yaml").read_bytes()
    ended, printed = argus("source", "add", "oneil", *options(**changes))
    assert ended == status
    assert words in printed
    assert not Path("data/sources/oneil.yaml").exists()
    assert Path("params.yaml").read_bytes() == before


def test_a_name_that_leaves_the_folder_is_refused(repo: Path, argus: Argus) -> None:
    status, printed = argus("source", "add", "../../evil", *options())
    assert status == 1
    assert "source" in printed
    assert not Path("../evil.yaml").exists()
    assert not Path("evil.yaml").exists()


def test_a_card_already_written_is_taken_as_it_is(repo: Path, argus: Argus) -> None:
    text = Path("data/sources/cam.yaml").read_text()
    Path("mine.yaml").write_text("# ours\n" + text.replace("source: cam", "source: other"))
    assert argus("source", "add", "other", "--card", "mine.yaml")[0] == 0
    assert Path("data/sources/other.yaml").read_bytes() == Path("mine.yaml").read_bytes()
    status, printed = argus("source", "add", "third", "--card", "mine.yaml")
    assert status == 1
    assert "the card of 'other'" in printed
    status, printed = argus("source", "add", "third", "--card", "absent.yaml")
    assert status == 1
    assert "cannot be read" in printed
    Path("mine.yaml").write_text(text.replace("source: cam", "source: third") + "origin: camera\n")
    status, printed = argus("source", "add", "third", "--card", "mine.yaml")
    assert status == 1
    assert 'duplicate key "origin"' in printed
    Path("mine.yaml").write_text("a: [")
    status, printed = argus("source", "add", "third", "--card", "mine.yaml")
    assert status == 1
    assert "not valid YAML" in printed
    assert argus("source", "add", "third", "--card", "mine.yaml", "--kind", "fleet")[0] == 2


def delivered(folder: str, **manifest: str) -> Path:
    """A delivery put into place by hand."""
    place = Path("data/raw") / folder
    place.mkdir(parents=True)
    (place / "a.jpg").write_bytes(b"a")
    content = {
        "delivery": place.name,
        "received_at": "2026-01-01T00:00:00.000000Z",
        "label_from": "none",
        "sequence_from": "none",
        **manifest,
    }
    (place / "delivery.yaml").write_text(yaml.safe_dump(content))
    place.with_name(f"{place.name}.dvc").write_text("outs: []\n")
    return place


def tracked(*deliveries: Path) -> None:
    sh(sys.executable, "-m", "dvc", "add", "--quiet", *map(str, deliveries))


def test_retire_takes_a_source_off_both_lists_and_keeps_its_images(
    repo: Path, argus: Argus
) -> None:
    text = Path("params.yaml").read_text()
    Path("params.yaml").write_text(text.replace("rendered: []", "rendered: [cam, other]"))
    delivery = delivered("cam/d1")
    stale = Path("data/ingest/cam")
    stale.mkdir(parents=True)
    (stale / "images.parquet").write_bytes(b"rows")
    report = Path("reports/ingest/cam.json")
    pictures = report.with_suffix("")
    pictures.mkdir(parents=True)
    report.write_text("{}")
    status, printed = argus("source", "retire", "cam")
    assert status == 0
    assert "data/ingest/cam" in printed
    settings = params.load()
    assert settings.sources == []
    assert settings.rendered == ["other"]
    assert not stale.exists()
    assert not report.exists()
    assert not pictures.exists()
    assert (delivery / "a.jpg").exists()
    assert Path("data/sources/cam.yaml").exists()
    assert argus("source", "retire", "cam")[0] == 0  # again is no mistake
    status, printed = argus("source", "retire", "cma")
    assert status == 1
    assert "not on `sources`" in printed


def test_list_shows_active_retired_and_broken_sources(repo: Path, argus: Argus) -> None:
    delivered("cam/d1")
    delivered("stray/d1")
    argus("source", "add", "oneil", *options())
    argus("source", "retire", "oneil")
    status, printed = argus("source", "list")
    assert status == 0
    rows = {line.split()[1]: line for line in printed.splitlines() if line.startswith("│")}
    cam = [cell.strip() for cell in rows["cam"].strip("│").split("│")]
    assert cam[5:] == ["2099-12-31", "active", "1"]
    assert "retired" in rows["oneil"]
    assert "no valid card" in printed
    assert "stray" in rows


def test_check_passes_what_is_in_order_and_lists_everything_that_is_not(
    repo: Path, argus: Argus
) -> None:
    tracked(delivered("cam/d1"))
    status, printed = argus("source", "check")
    assert status == 0
    assert "cam: in order" in printed

    card = Path("data/sources/cam.yaml")
    card.write_text(card.read_text().replace("2099-12-31", "2020-12-31"))
    delivered("cam/d3").with_name("d3.dvc").unlink()
    empty = delivered("cam/d4")
    (empty / "a.jpg").unlink()
    tracked(delivered("cam/d2", delivery="renamed"), empty)
    delivered("stray/d1")
    text = Path("params.yaml").read_text()
    Path("params.yaml").write_text(text.replace("sources: [cam]", "sources: [cam, ghost]"))
    status, printed = argus("source", "check")
    assert status == 1
    for words in (
        "consent expired on 2020-12-31",
        "names delivery 'renamed'",
        "d3 is neither tracked by DVC",
        "d4 is empty",
        "'ghost' has no rights card",
        "no delivery: bring one in",
        "images in data/raw/stray, but no rights card",
    ):
        assert words in printed
    assert "cam:" not in argus("source", "check", "ghost")[1]


def test_check_knows_deliveries_that_a_stage_makes(repo: Path, argus: Argus) -> None:
    delivered("cam/d1").with_name("d1.dvc").unlink()
    assert argus("source", "check")[0] == 1
    lock = {"schema": "2.0", "stages": {"demo@cam": {"outs": [{"path": "data/raw/cam"}]}}}
    Path("dvc.lock").write_text(yaml.safe_dump(lock))
    assert argus("source", "check")[0] == 0


def test_outside_a_repository_every_command_says_where_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argus: Argus
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in (
        ["source", "list"],
        ["source", "check"],
        ["source", "retire", "cam"],
        ["submit", ".", "--source", "cam"],
        ["turn", "-m", "x"],
        ["show"],
        ["history"],
    ):
        status, printed = argus(*command)
        assert status == 1
        assert "top folder" in printed
