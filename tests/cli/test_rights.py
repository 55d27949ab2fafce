"""The commands go by today, and by cards that say what was meant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from argus.cli.intake.importers import folder_importer
from argus.cli.intake.submit import submit
from argus.cli.repository import git, workspace
from argus.cli.turns import turn as turns
from argus.cli.turns.line import Line
from argus.core.files import remove
from argus.data import rights_cards
from tests.cli.conftest import sh

Argus = Callable[..., tuple[int, str]]
RAN = Path(".dvc/tmp/ran")
NIGHT = datetime(2027, 3, 31, 23, 50, tzinfo=UTC)
MORNING = datetime(2027, 4, 1, 6, 0, tzinfo=UTC)


def as_of() -> str:
    return str(yaml.safe_load(Path("params.yaml").read_text())["ingest"]["as_of"])


def with_terms(text: str) -> None:
    card = rights_cards.path_of("cam")
    card.write_text(card.read_text() + text)


def withdrawn(delivery: str) -> str:
    return f"deliveries:\n  {delivery}:\n    consent: {{reference: ended, expires: 2026-01-01}}\n"


def render(source: str) -> None:
    text = Path("params.yaml").read_text()
    Path("params.yaml").write_text(text.replace("rendered: []", f"rendered: [{source}]"))


def say_origin(origin: str) -> None:
    card = rights_cards.path_of("cam")
    card.write_text(card.read_text().replace("origin: camera", f"origin: {origin}"))


def test_a_misspelt_delivery_stops_a_turn_before_anything_runs(
    repo: Path, upload: Path, argus: Argus
) -> None:
    submit(folder_importer(upload, "none", "none"), "cam", "webcams", datetime.now(UTC))
    with_terms(withdrawn("webcam"))
    before = Path("params.yaml").read_bytes()
    for command in (["source", "check"], ["source", "check", "cam"], ["turn", "-m", "withdrawn"]):
        status, printed = argus(*command)
        assert status == 1
        assert "did you mean 'webcams'?" in printed
    assert Path("params.yaml").read_bytes() == before
    assert not RAN.exists()
    rights_cards.path_of("cam").write_text(
        rights_cards.path_of("cam").read_text().replace("webcam:", "webcams:")
    )
    status, printed = argus("source", "check")
    assert status == 1
    assert "delivery webcams: consent expired on 2026-01-01" in printed
    assert "did you mean" not in printed
    assert argus("turn", "-m", "withdrawn")[0] == 0


def test_a_delivery_that_is_only_in_dvc_is_known(repo: Path, upload: Path, argus: Argus) -> None:
    submit(folder_importer(upload, "none", "none"), "cam", "d1", datetime.now(UTC))
    with_terms("deliveries: {d1: {purposes: [evaluate]}}\n")
    assert argus("source", "check")[0] == 0
    remove(Path("data/raw/cam/d1"))
    assert "terms for a delivery" not in argus("source", "check")[1]


def test_a_rendered_source_may_have_terms_before_it_is_rendered(repo: Path, argus: Argus) -> None:
    with_terms(withdrawn("lapsed"))
    assert "terms for a delivery 'lapsed'" in argus("source", "check")[1]
    render("cam")
    say_origin("rendered")
    assert argus("source", "check")[0] == 0


def test_what_a_stage_renders_is_not_passed_off_as_a_camera_s(repo: Path, argus: Argus) -> None:
    render("cam")
    for command in (["source", "check"], ["turn", "-m", "more"]):
        status, printed = argus(*command)
        assert status == 1
        assert "say `origin: rendered`" in printed
    assert not RAN.exists()


def test_a_delivery_that_dvc_imports_is_refused_unread(
    repo: Path, upload: Path, argus: Argus, tmp_path: Path
) -> None:
    """To learn whether it has changed, DVC would open its repository as its settings there say."""
    submit(folder_importer(upload, "none", "none"), "cam", "d1", datetime.now(UTC))
    theirs = tmp_path / "theirs"
    (theirs / ".dvc").mkdir(parents=True)
    (theirs / ".dvc/config").write_text("[core]\n    read = and_fail\n")
    (theirs / "set.dvc").write_text("outs: [{md5: 0123.dir, path: set}]\n")
    for command in (["init", "-q"], ["add", "-Af"], ["commit", "-qm", "set"]):
        sh("git", "-C", str(theirs), *command)
    revision = sh("git", "-C", str(theirs), "rev-parse", "HEAD").strip()
    tracker = Path("data/raw/cam/d2.dvc")
    origin = {"url": str(theirs), "rev_lock": revision}
    deps, outs = [{"path": "set", "repo": origin}], [{"md5": "0123.dir", "path": "d2"}]
    tracker.write_text(yaml.safe_dump({"frozen": True, "deps": deps, "outs": outs}))
    for command in (["source", "check"], ["turn", "-m", "more"]):
        status, printed = argus(*command)
        assert status == 1
        assert f"{tracker} depends on what lies elsewhere" in printed
        assert "and_fail" not in printed
        assert "config file error" not in printed
    assert not RAN.exists()


@pytest.mark.parametrize("expires", [" ", " null", " 31.12.2027"])
def test_a_card_without_a_last_day_stops_every_command(
    repo: Path, upload: Path, argus: Argus, expires: str
) -> None:
    card = rights_cards.path_of("cam")
    card.write_text(card.read_text().replace(" 2099-12-31", expires))
    for command in (
        ["source", "check"],
        ["turn", "-m", "x"],
        ["submit", str(upload), "--source", "cam"],
    ):
        status, printed = argus(*command)
        assert status == 1
        assert "expires" in printed
        assert "never" in printed
    assert not RAN.exists()


def test_a_run_past_midnight_is_run_again_as_of_the_new_day(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([NIGHT, MORNING, MORNING, MORNING])
    ran = []

    def run(*_: str) -> int:
        ran.append(as_of())
        return 0

    monkeypatch.setattr(turns, "today_utc", lambda: next(clock))
    monkeypatch.setattr(workspace, "dvc_aloud", run)
    line = Line(parent=None, is_new=False, number=1, head_turn=0, notes=[])
    turns.run_as_of_today(line, git.head(), NIGHT.date(), "more", "")
    assert ran == ["2027-03-31", "2027-04-01"]
    assert as_of() == "2027-04-01"


def test_a_turn_gone_on_with_on_another_day_goes_by_that_day(
    repo: Path, upload: Path, argus: Argus
) -> None:
    submit(folder_importer(upload, "none", "none"), "cam", "d1", datetime.now(UTC))
    Path(".dvc/tmp/fail-judge").touch()
    assert argus("turn", "-m", "first")[0] == 1
    Path(".dvc/tmp/fail-judge").unlink()
    turns.turn("first", date(2098, 1, 1))
    assert as_of() == "2098-01-01"
    assert RAN.read_text().split() == ["ingest", "judge", "ingest", "judge"]
