"""Deliveries are listed, and taken back before and after a turn held them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from argus.cli.repository import git, knobs, recovery
from argus.cli.sources.held import span, withdrawn_since
from argus.cli.sources.withdraw import edited, write_terms
from argus.core import params
from argus.core.errors import ArgusError
from argus.data import rights_cards
from argus.data.rights_cards import Withdrawal
from argus.judging.eligibility import Eligibility
from argus.models.card import SavedCard
from tests.cli.conftest import sh
from tests.cli.intake.test_submit import tree
from tests.cli.models.test_export import card as model_card
from tests.cli.models.test_export import save

Argus = Callable[..., tuple[int, str]]
FOLDERS = ("--label-from", "dirs", "--sequence-from", "dirs")
DAY = date(2026, 11, 28)


def submit(argus: Argus, upload: Path, name: str, *options: str) -> None:
    ended, printed = argus("submit", upload, "--source", "cam", "--delivery", name, *options)
    assert ended == 0, printed


def row(printed: str, name: str) -> list[str]:
    """The cells of a delivery in the list, those of several lines put together."""
    found: list[str] = []
    for line in printed.splitlines():
        cells = [cell.strip() for cell in line.strip("│").split("│")]
        if line.startswith("│") and (cells[0] == name or (found and not cells[0])):
            joined = zip(found, cells, strict=True) if found else ()
            found = [" ".join(pair).strip() for pair in joined] or cells
        elif found:
            break
    return found


def recorded(number: int) -> None:
    """A turn's commit, without the work."""
    knobs.write(knobs.with_value(knobs.read(), "lineage.turn", str(number)))
    sh("git", "add", "--all")
    sh("git", "commit", "-qm", f"turn {number}\n\nArgus-Turn: {number}")


def test_a_delivery_that_no_turn_held_is_taken_out_whole(
    repo: Path, upload: Path, argus: Argus
) -> None:
    submit(argus, upload, "d1", *FOLDERS)
    before = tree(Path())
    status = sh("git", "status", "--porcelain")
    (upload / "day/drive1/d.jpg").write_bytes(b"another")
    for options in ((), ("--shard",)):
        submit(argus, upload, "d2", *FOLDERS, *options)
        ended, printed = argus("delivery", "withdraw", "cam/d2", "--reason", "wrong labels")
        assert ended == 0
        assert "in no turn" in printed
        assert "`dvc gc" in printed
        assert tree(Path()) == before
        assert sh("git", "status", "--porcelain") == status
    ended, printed = argus("delivery", "withdraw", "cam/d2", "--reason", "wrong labels")
    assert ended == 1
    assert "has no delivery 'd2': they are d1" in printed
    ended, printed = argus("delivery", "withdraw", "cam/d1", "--reason", "wrong labels")
    assert ended == 0
    assert "no delivery of 'cam' is left in use" in printed
    assert not Path("data/raw/cam").exists()
    assert sh("git", "status", "--porcelain") == ""
    ended, printed = argus("turn", "-m", "none")
    assert ended == 1
    assert "no delivery of 'cam': bring one in" in printed
    submit(argus, upload, "d2", *FOLDERS)  # the name is free again


def test_one_committed_outside_a_turn_goes_too_and_its_rule_for_git(
    repo: Path, upload: Path, argus: Argus
) -> None:
    Path(".gitignore").write_text("")  # then DVC writes rules of its own beside each delivery
    sh("git", "commit", "-qam", "no rules")
    submit(argus, upload, "d1")
    submit(argus, upload / "day", "d2")
    sh("git", "commit", "-qam", "by hand")
    assert argus("delivery", "withdraw", "cam/d1", "--reason", "x")[0] == 0
    assert Path("data/raw/cam/.gitignore").read_text() == "/d2\n"
    shutil.rmtree("data/raw/cam/d2")  # as in a clone
    assert argus("delivery", "withdraw", "cam/d2", "--reason", "x")[0] == 0
    assert not Path("data/raw/cam").exists()


def test_what_a_turn_held_is_withdrawn_on_the_card_and_nothing_is_deleted(
    repo: Path, upload: Path, argus: Argus
) -> None:
    submit(argus, upload, "d1", *FOLDERS)
    submit(argus, upload / "day", "d2")
    recorded(1)
    before = tree(Path("data/raw"))
    reason = "wrong: \"labels\", für 'Tag' # 1"
    for _ in range(2):  # repeated, it says the same again
        ended, printed = argus("delivery", "withdraw", "cam/d1", "--reason", reason)
        assert ended == 0
        assert "turn 1 held it, so nothing is deleted" in printed
    word = rights_cards.read("cam").withdrawal("d1")
    assert word is not None
    assert word.reason == reason
    assert tree(Path("data/raw")) == before
    assert [change.path for change in git.changes()] == ["data/sources/cam.yaml"]
    ended, printed = argus("delivery", "withdraw", "cam/d1", "--reason", "another")
    assert ended == 1
    assert f"withdrawn already, on {word.on} ({reason})" in printed

    assert argus("source", "check") == (0, "cam: in order\n")
    note = f"turn 1 held cam/d1, {word}"
    assert note in argus("history")[1]
    ended, printed = argus("submit", upload, "--source", "cam", "--delivery", "d1")
    assert ended == 1
    assert f"may not deliver: delivery d1: {word}" in printed
    assert argus("turn", "-m", "second")[0] == 0
    assert note in sh("git", "log", "-1", "--format=%B")
    assert note in argus("history")[1]  # turn 2 has it in its commit, but not in use
    assert not withdrawn_since(git.head())  # so the third does not say it again

    printed = argus("delivery", "list")[1]
    assert row(printed, "cam/d1")[4:] == ["day 2, night 1", "1", f"{word} here"]
    assert row(printed, "cam/d2")[2:] == ["2", "-", "unknown 2", "1 and 2", "here"]
    ended, printed = argus("delivery", "withdraw", "cam/d2", "--reason", "blurred")
    assert ended == 0
    assert "no delivery of 'cam' is left in use" in printed
    ended, printed = argus("source", "check")
    assert ended == 1
    assert "every delivery is withdrawn: bring one in" in printed


def test_the_same_images_come_in_again_once_the_last_delivery_is_withdrawn(
    repo: Path, upload: Path, argus: Argus
) -> None:
    submit(argus, upload, "d1", *FOLDERS)
    recorded(1)
    assert "nothing to do" in argus("submit", upload, "--source", "cam", *FOLDERS)[1]
    assert argus("delivery", "withdraw", "cam/d1", "--reason", "sent too early")[0] == 0
    ended, printed = argus("submit", upload, "--source", "cam", *FOLDERS)
    assert ended == 0
    assert "nothing to do" not in printed
    assert len(list(Path("data/raw/cam").glob("*.dvc"))) == 2


@pytest.mark.parametrize(
    ("name", "reason", "words"),
    [
        ("cam", "x", "'cam' names no delivery: say SOURCE/DELIVERY"),
        ("cam/d1/day", "x", "names no delivery"),
        ("../x", "x", "names no delivery"),
        ("cma/d1", "x", "no source is called 'cma': did you mean 'cam'?"),
        ("cam/D1", "x", "has no delivery 'D1'"),
        ("cam/d1", "  ", "needs a reason"),
        ("cam/d1", "a\nb", "on one line"),
        ("cam/d1", "\udce9", "on one line"),
        ("demo/day", "x", "rendered by the pipeline"),
        ("cam/stray", "x", "move it out of data/raw"),
    ],
)
def test_what_cannot_be_taken_back_is_named_and_nothing_changes(
    repo: Path, argus: Argus, name: str, reason: str, words: str
) -> None:
    text = Path("params.yaml").read_text().replace("rendered: []", "rendered: [demo]")
    Path("params.yaml").write_text(text.replace("sources: [cam]", "sources: [cam, demo]"))
    for folder in ("cam/stray", "demo/day"):
        (Path("data/raw") / folder).mkdir(parents=True)
    Path("data/raw/cam/d1.dvc").write_text("outs: []")
    before = tree(Path())
    ended, printed = argus("delivery", "withdraw", name, "--reason", reason)
    assert ended == 1
    assert words in printed
    assert {path: text for path, text in tree(Path()).items() if "argus.lock" not in path} == {
        path: text for path, text in before.items() if "argus.lock" not in path
    }


def test_a_shallow_clone_deletes_nothing_that_a_turn_may_have_held(
    repo: Path, upload: Path, argus: Argus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(argus, upload, "d1")
    recorded(1)
    knobs.write(knobs.with_value(knobs.read(), "lineage.turn", "0"))  # what says so is lost
    sh("git", "commit", "-qam", "more")
    url, clone = repo.as_uri(), tmp_path / "clone"
    sh("git", "clone", "-q", "--depth", "1", "--no-tags", url, str(clone))
    monkeypatch.chdir(clone)
    ended, printed = argus("delivery", "withdraw", "cam/d1", "--reason", "x")
    assert ended == 0
    assert "an earlier turn held it" in printed
    assert Path("data/raw/cam/d1.dvc").exists()
    assert rights_cards.read("cam").withdrawal("d1")


def test_a_retired_source_can_be_taken_back_from_and_a_broken_card_is_named(
    repo: Path, upload: Path, argus: Argus
) -> None:
    submit(argus, upload, "d1")
    recorded(1)
    assert argus("source", "retire", "cam")[0] == 0
    card = rights_cards.path_of("cam")
    text = card.read_text()
    card.write_text(text.replace("origin: camera", "origin: dreamt"))
    ended, printed = argus("delivery", "withdraw", "cam/d1", "--reason", "x")
    assert ended == 1
    assert "does not hold: origin" in printed
    assert "no valid rights card" in argus("delivery", "list")[1]
    card.write_text(text)
    ended, printed = argus("delivery", "withdraw", "cam/d1", "--reason", "x")
    assert ended == 0
    assert "'cam' is retired" in printed
    assert "source retired" in argus("delivery", "list")[1]


CARD = """\
# whose images
source: cam
kind:   fleet     # ours
owner: "Test Fleet"
contact_role: data office
licence: CC-BY-4.0
jurisdiction: DE
purposes:
  - train         # by contract 7
  - evaluate
consent: {reference: contract 7, expires: 2099-12-31}
origin: camera
citation: '%s'
""" % ("a long line that nobody wants to see wrapped, " * 4)


@pytest.mark.parametrize(
    "terms",
    [
        "",
        "# none yet\n",
        "deliveries: {}\n",
        "deliveries:            # terms of single deliveries\n  other:\n    purposes: []\n",
        "deliveries:\n  d1:\n    purposes: [train]   # until the letter\n  other: {purposes: []}\n",
        "deliveries: {d1: {purposes: [train]}}\n# the end\n",
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_card_keeps_all_that_it_says(repo: Path, terms: str, ends: str) -> None:
    text = (CARD + terms).replace("\n", ends)
    path = rights_cards.path_of("cam")
    path.write_bytes(text.encode())
    before = rights_cards.read("cam")
    write_terms("cam", "d1", DAY, "wrong: labels")
    now = rights_cards.read("cam")
    assert now.withdrawal("d1") == Withdrawal(on=DAY, reason="wrong: labels")
    assert now.purposes_for("d1") == before.purposes_for("d1")
    assert now.model_copy(update={"deliveries": before.deliveries}) == before
    assert now.deliveries | {"d1": None} == before.deliveries | {"d1": None}
    written = path.read_bytes().decode()
    assert written.count(ends) == written.count("\n")
    lines = {" ".join(line.split()) for line in written.splitlines()}
    kept = {" ".join(line.split()) for line in text.splitlines() if "deliveries" not in line}
    assert {line for line in kept if not line.startswith(("other", "d1"))} <= lines


def test_terms_that_two_deliveries_share_are_not_changed_for_one(repo: Path) -> None:
    path = rights_cards.path_of("cam")
    path.write_text(f"{CARD}deliveries:\n  d1: &both {{purposes: [train]}}\n  d2: *both\n")
    before = path.read_bytes()
    with pytest.raises(ArgusError, match="cannot be changed for 'd1' alone"):
        write_terms("cam", "d1", DAY, "x")
    assert path.read_bytes() == before
    assert (
        edited("a: 1 # one\nb: {c: 'x'}\n", lambda content: content) == "a: 1 # one\nb: {c: 'x'}\n"
    )


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ([], ""),
        ([3], "3"),
        ([1, 2], "1 and 2"),
        ([1, 2, 3, 5], "1 to 3 and 5"),
        ([1, 3, 5], "1, 3 and 5"),
    ],
)
def test_turns_are_counted_as_people_do(numbers: list[int], said: str) -> None:
    assert span(numbers) == said


def test_what_is_half_taken_out_is_taken_out_by_the_next_command(
    repo: Path, upload: Path, argus: Argus, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(argus, upload, "d1")
    with monkeypatch.context() as broken:
        broken.setattr(recovery, "tracker_of", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            recovery.take_out(Path("data/raw/cam/d1"))
    assert recovery.remains()
    assert Path("data/raw/cam/d1").exists()
    argus("source", "list")
    assert not recovery.remains()
    assert not Path("data/raw/cam").exists()
    assert sh("git", "status", "--porcelain") == ""


def test_a_model_that_learnt_from_it_is_neither_promoted_nor_exported(
    repo: Path, argus: Argus, tmp_path: Path
) -> None:
    folder = Path("models/champions/generate")
    save(folder, model_card("fresh"))
    for name in ("d1", "d2"):
        Path(f"data/raw/cam/{name}").mkdir(parents=True)
    write_terms("cam", "d2", DAY, "wrong labels")
    why = "cam/d2: withdrawn on 2026-11-28 (wrong labels)"
    ended, printed = argus("export", "generate", "--to", tmp_path / "g.onnx")
    assert ended == 1
    assert why in printed
    assert not (tmp_path / "g.onnx").exists()
    saved = SavedCard.model_validate_json((folder / "card.json").read_bytes())
    vetting = Eligibility(params.load().sources, {}, lambda *_: True)
    assert vetting.objections(folder, saved, DAY) == [why]
