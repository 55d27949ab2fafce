"""Which turn HEAD's content comes from, whatever Git was made to do since; repositories are real.

A turn is acted here: its commit holds what `argus turn` commits as far as the line goes by it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from argus.cli.repository import git
from argus.cli.turns import line
from argus.core.errors import ArgusError
from tests.cli.conftest import sh

# of a stage that the pipeline once had: DVC leaves its entry in dvc.lock for good
GONE = {
    "params": {"params.yaml": {"lineage.previous": "f" * 40}},
    "outs": [{"path": "models/champions", "md5": "old"}],
}


def commit(message: str, *options: str) -> str:
    sh("git", "add", "--all")
    sh("git", "commit", "--quiet", "--allow-empty", "--message", message, *options)
    return git.head()


def note(name: str) -> str:
    """A commit that is no turn's."""
    Path(name).write_text(f"{name}\n")
    return commit(name)


def lineage(turn: int | None, previous: str | None, day: str = "2026-01-01") -> None:
    section = {"previous": previous} if turn is None else {"turn": turn, "previous": previous}
    text = yaml.safe_dump({"ingest": {"as_of": day}, "lineage": section}, sort_keys=False)
    Path("params.yaml").write_text(text)


def lock(content: str, previous: str | None) -> None:
    out = {"path": "data/split", "md5": content}
    split = {"params": {"params.yaml": {"lineage.previous": previous}}, "outs": [out]}
    other = {"params": {"params.yaml": {"lineage.previous": "0" * 40}}, "outs": [{"path": "x"}]}
    stages = {"split": split, "train@retired": other, "promote": GONE}
    Path("dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": stages}))
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": {"split": {"cmd": "split"}}}))


def turn(content: str, of_old: bool = False, tag: bool = True, new_line: bool = False) -> str:
    """What `argus turn` does to the line; `of_old`: before params.yaml recorded the number."""
    found = line.find(new_line)
    lineage(None if of_old else found.number, found.previous)
    lock(content, found.previous)
    made = commit(f"{content}\n\nimages: 3\n\nArgus-Turn: {found.number}")
    if tag:
        sh("git", "tag", "--annotate", f"turn-{found.number}", "--message", content)
    return made


def goes_on_from(commit: str, as_turn: int) -> line.Line:
    found = line.find()
    assert (found.previous, found.number) == (commit, as_turn)
    assert f"turn {as_turn} goes on from" in found.notes[0]
    assert commit[:10] in found.notes[0]
    return found


def refuses(*words: str) -> None:
    with pytest.raises(ArgusError) as caught:
        line.find()
    for word in words:
        assert word in str(caught.value)


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project, before any turn; a `dvc repro` has been committed, as the demo's is."""
    top = tmp_path / "here"
    top.mkdir()
    monkeypatch.chdir(top)
    sh("git", "init", "--quiet", "--initial-branch=main")
    lineage(0, None)
    lock("demo", None)
    note("README")
    return top


@pytest.fixture
def first(fresh: Path) -> str:
    """The commit of turn 1, on main."""
    return turn("one")


@pytest.fixture
def clone(fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Clone what is there by now, with options of `git clone`, and go into it."""

    def make(*options: str) -> None:
        target = str(tmp_path / "clone")
        sh("git", "clone", "--quiet", *options, f"file://{fresh}", target)
        monkeypatch.chdir(target)

    return make


def test_a_project_with_no_trace_of_a_turn_begins_its_first(fresh: Path) -> None:
    found = line.find()
    assert (found.parent, found.number, found.previous) == (None, 1, None)
    assert line.find(new_line=True).number == 1


def test_turns_follow_each_other_across_commits_that_are_none(first: str) -> None:
    note("notes")
    second = turn("two")
    note("more")
    sh("git", "checkout", "--quiet", "--detach")
    assert goes_on_from(second, 3).notes[1:] == []


def test_a_clone_without_tags_goes_on(first: str, clone: Callable[..., None]) -> None:
    second = turn("two")
    note("later")
    clone("--no-tags")
    assert any("turn-2 has no tag here" in said for said in goes_on_from(second, 3).notes)


def test_a_shallow_clone_goes_on_only_if_it_shows_the_turn(
    first: str, clone: Callable[..., None]
) -> None:
    clone("--depth=1", "--no-tags")
    goes_on_from(first, 2)


@pytest.mark.parametrize("new_line", [False, True])
def test_a_shallow_clone_that_may_hide_a_turn_is_refused(
    first: str, clone: Callable[..., None], new_line: bool
) -> None:
    turn("two")
    sh("git", "revert", "--no-edit", "HEAD")
    clone("--depth=1")
    with pytest.raises(ArgusError, match="git fetch --unshallow"):
        line.find(new_line)  # not even a new line: its number could be one that was used
    sh("git", "fetch", "--quiet", "--unshallow")
    assert line.find(new_line).number == 3


def test_a_shallow_clone_of_a_merge_is_refused(first: str, clone: Callable[..., None]) -> None:
    sh("git", "checkout", "--quiet", "-b", "docs")
    note("docs")
    sh("git", "checkout", "--quiet", "main")
    second = turn("two")
    sh("git", "merge", "--quiet", "--no-edit", "docs")
    clone("--depth=2")
    refuses("--unshallow")  # docs is cut off, and may have been anything
    sh("git", "fetch", "--quiet", "--unshallow")
    goes_on_from(second, 3)


@pytest.mark.parametrize("keeps_branch", [True, False])
def test_a_squash_merge_is_the_turn(first: str, keeps_branch: bool) -> None:
    sh("git", "checkout", "--quiet", "-b", "work")
    turn("two")
    third = turn("three")
    sh("git", "checkout", "--quiet", "main")
    note("meanwhile")
    sh("git", "merge", "--quiet", "--squash", "work")
    squashed = commit("two turns (#7)")
    if not keeps_branch:
        sh("git", "branch", "--quiet", "-D", "work")
        sh("git", "tag", "-d", "turn-2", "turn-3")
    notes = goes_on_from(squashed, 4).notes[1:]
    assert len(notes) == (0 if keeps_branch else 1)
    assert all("turn-3 has no tag" in n for n in notes)
    if keeps_branch:  # and merging it once more, as people do, changes nothing
        sh("git", "merge", "--quiet", "--no-edit", "work")
        assert goes_on_from(third, 4).notes[1:] == []


def test_a_rebased_turn_is_the_turn(first: str) -> None:
    sh("git", "checkout", "--quiet", "-b", "work")
    turn("two")
    sh("git", "checkout", "--quiet", "main")
    note("meanwhile")
    sh("git", "rebase", "--quiet", "main", "work")
    assert goes_on_from(git.head(), 3).notes[1:] == []


def test_a_turn_taken_by_cherry_pick_is_the_turn(first: str) -> None:
    sh("git", "checkout", "--quiet", "-b", "work")
    second = turn("two")
    sh("git", "checkout", "--quiet", "main")
    note("meanwhile")
    sh("git", "cherry-pick", "-x", second)
    goes_on_from(git.head(), 3)


def test_a_turn_of_which_only_the_knobs_were_taken_is_refused(first: str) -> None:
    second = turn("two")
    sh("git", "checkout", "--quiet", "-b", "work", first)
    note("elsewhere")
    sh("git", "checkout", "main", "--", "params.yaml")
    commit("settings of main")
    refuses("turn 2", "dvc.lock is another turn's", "--new-line")
    assert line.find(new_line=True).number == 3
    sh("git", "merge", "--quiet", "--no-edit", "main")
    goes_on_from(second, 3)


@pytest.mark.parametrize("taken", ["two", "other"])
def test_of_two_turns_of_one_number_the_one_whose_lock_was_merged_is_before(
    first: str, taken: str
) -> None:
    commits = {"two": turn("two")}
    sh("git", "checkout", "--quiet", "-b", "work", first)
    sh("git", "tag", "-d", "turn-2")  # as in another person's clone
    sh("git", "checkout", "--quiet", "-B", "main", first)
    commits["other"] = turn("other")
    sh("git", "checkout", "--quiet", "-B", "work", commits["two"])
    git.attempt("merge", "--no-edit", "main")
    lock(taken, first)
    commit("both")
    said = "\n".join(goes_on_from(commits[taken], 3).notes)
    left = ({"two", "other"} - {taken}).pop()
    assert f"(commit {commits[left][:10]}) is in HEAD's history, too" in said
    turn("three")
    assert goes_on_from(turn("four"), 5).notes[1:] == []  # it was said


def test_a_squash_merge_over_a_turn_says_that_it_leaves_it_behind(first: str) -> None:
    second = turn("two")
    sh("git", "checkout", "--quiet", "-b", "work", first)
    turn("other")
    turn("another")
    sh("git", "checkout", "--quiet", "main")
    sh("git", "merge", "--quiet", "--squash", "--strategy-option=theirs", "work")
    said = "\n".join(goes_on_from(commit("squashed"), 5).notes)
    assert f"turn 2 (commit {second[:10]}) is in HEAD's history, too" in said


@pytest.mark.parametrize("doing", ["merge", "rebase", "cherry-pick"])
def test_in_the_middle_of_a_merge_no_turn_begins(first: str, doing: str) -> None:
    turn("two")
    sh("git", "checkout", "--quiet", "-b", "work", first)
    turn("other")
    git.require_settled()
    assert git.attempt(doing, "main").returncode != 0  # a conflict
    with pytest.raises(ArgusError, match=f"git {doing} --continue"):
        git.require_settled()
    sh("git", doing, "--abort")
    git.require_settled()


def test_an_amended_turn_is_the_turn(first: str) -> None:
    note("later")
    second = turn("two")
    Path("README").write_text("a better word\n")
    sh("git", "commit", "--quiet", "--all", "--amend", "--no-edit")
    assert git.head() != second
    goes_on_from(git.head(), 3)
    sh("git", "commit", "--quiet", "--amend", "--message", "no trailer")
    goes_on_from(git.head(), 3)


def test_tags_that_went_or_moved_do_not_matter(first: str) -> None:
    second = turn("two")
    note("later")
    sh("git", "tag", "-d", "turn-2")
    sh("git", "tag", "--force", "turn-1", "HEAD")
    goes_on_from(second, 3)
    sh("git", "tag", "turn-7", "HEAD")  # a number that is taken, whatever by
    goes_on_from(second, 8)


def test_a_reverted_turn_is_not_gone_on_from_and_its_number_stays_its_own(first: str) -> None:
    second = turn("two")
    sh("git", "revert", "--no-edit", "HEAD")
    said = "\n".join(goes_on_from(first, 3).notes)
    assert f"turn 2 (commit {second[:10]}) is in HEAD's history, too" in said
    sh("git", "revert", "--no-edit", "HEAD")
    goes_on_from(second, 3)
    sh("git", "revert", "--no-edit", "HEAD")
    third = turn("three")
    goes_on_from(third, 4)


def test_after_the_first_turn_was_reverted_a_line_begins_only_by_word(first: str) -> None:
    sh("git", "revert", "--no-edit", "HEAD")
    refuses("turn 1", "reverted", "argus turn --new-line")
    second = turn("again", new_line=True)
    assert yaml.safe_load(Path("params.yaml").read_text())["lineage"] == {
        "turn": 2,
        "previous": None,
    }
    goes_on_from(second, 3)


def test_a_params_yaml_that_was_put_back_to_the_projects_own_is_no_new_line(first: str) -> None:
    second = turn("two")
    lineage(0, None)
    commit("the project's own settings")
    refuses("turn 2", f"{second[:10]}", "`lineage.turn: 2`")
    lineage(2, None)
    commit("as it says")
    goes_on_from(second, 3)


def test_an_orphan_branch_goes_on_from_the_content_that_it_began_with(first: str) -> None:
    turn("two")
    sh("git", "checkout", "--quiet", "--orphan", "clean")
    goes_on_from(commit("no past"), 3)


def test_a_branch_from_before_the_first_turn_is_no_new_line(first: str) -> None:
    sh("git", "checkout", "--quiet", "-b", "older", f"{first}~1")
    refuses("turn 1", "main", "merge it", "--new-line")
    assert line.find(new_line=True).number == 2


def test_turns_that_only_the_remote_has_are_named_and_their_numbers_taken(
    first: str, fresh: Path, clone: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    clone("--no-tags")
    here = Path.cwd()
    monkeypatch.chdir(fresh)
    theirs = turn("two")
    monkeypatch.chdir(here)
    goes_on_from(first, 2)  # nothing is fetched
    sh("git", "fetch", "--quiet", "--no-tags")
    said = "\n".join(goes_on_from(first, 3).notes)
    assert f"turn 2 (commit {theirs[:10]}) of origin/main" in said
    assert "merge it first" in said
    mine = turn("mine")
    goes_on_from(mine, 4)


def test_a_new_line_says_what_it_leaves_and_never_counts_from_one(first: str) -> None:
    second = turn("two")
    found = line.find(new_line=True)
    assert (found.previous, found.number) == (None, 3)
    assert f"turn 2 (commit {second[:10]}) is left behind" in found.notes[0]
    third = turn("anew", new_line=True)
    assert goes_on_from(third, 4).notes[1:] == []


@pytest.mark.parametrize("by", ["trailer", "tag"])
def test_turns_from_before_the_number_was_recorded_are_known(fresh: Path, by: str) -> None:
    lineage(None, None)
    note("an older params.yaml")
    first = turn("one", of_old=True)
    second = turn("two", of_old=True)
    if by == "tag":
        commit("a message of its own", "--amend")
        sh("git", "tag", "--force", "turn-2")
        second = git.head()
    lineage(0, first)  # the project as it is now was merged
    commit("upgrade")
    found = goes_on_from(second, 3)
    assert {"trailer": "its message", "tag": "its tag"}[by] in found.notes[0]
    third = turn("three")
    goes_on_from(third, 4)
    sh("git", "revert", "--no-edit", "HEAD")
    goes_on_from(second, 4)


def test_a_turn_of_old_that_nothing_names_any_more_is_refused(fresh: Path) -> None:
    first = turn("one", of_old=True)
    sh("git", "checkout", "--quiet", "-b", "work")
    turn("two", of_old=True)
    sh("git", "checkout", "--quiet", "--orphan", "squashed")
    sh("git", "branch", "--quiet", "-D", "main", "work")
    sh("git", "tag", "-d", "turn-1", "turn-2")
    commit("no past")
    refuses(first[:10], "git fetch --tags", "lineage.turn")
    lineage(2, first)
    goes_on_from(commit("the number by hand"), 3)


def test_a_lock_that_names_a_turn_is_a_trace_too(fresh: Path) -> None:
    lock("two", "1" * 40)
    commit("params.yaml was not taken along")
    refuses("1" * 10, "--new-line")


def test_broken_files_in_the_past_are_no_obstacle(first: str) -> None:
    Path("params.yaml").write_text("<<<<<<< HEAD\n")
    commit("a conflict")
    sh("git", "revert", "--no-edit", "HEAD")
    Path("dvc.lock").write_text("- 1\n")
    commit("a lock that is none")
    goes_on_from(first, 2)
