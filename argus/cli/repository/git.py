"""Git as a subprocess: only what the commands need."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from argus.cli.repository import lock
from argus.core.errors import ArgusError

TURN = re.compile(r"turn-([1-9][0-9]*)")
TRAILER = "Argus-Turn"
CHAMPION = "Argus-Champion"
NUMBER = re.compile(r"[1-9][0-9]{0,8}")
UNDER_WAY = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
}
"""What Git is in the middle of, by the file or folder in `.git` that says so."""
REACHED = ("HEAD", "--branches", "--remotes", "--tags")


class Change(NamedTuple):
    """A path that differs from HEAD, and Git's two letters for how (`git status --short`)."""

    code: str
    path: str

    @property
    def deleted(self) -> bool:
        return "D" in self.code


class Commit(NamedTuple):
    """Its parents, as far as they are here, the numbers in the trailers `Argus-Turn`, and the versions
    in the trailers `Argus-Champion`."""

    parents: list[str]
    turns: list[int]
    champions: list[str]


class Blob(NamedTuple):
    """Git's hash of a file, and its text."""

    oid: str
    text: str


def attempt(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run Git with `text` on its standard input and return what came of it, failed or not."""
    held = lock.inherited()
    holding: dict[str, Any] = {"stdin": held}
    if text is not None:
        holding = {"input": text, "pass_fds": () if held is None else (held,)}
    return subprocess.run(
        ["git", *arguments],
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",  # names of files need not be UTF-8
        check=False,
        **holding,
    )


def git(*arguments: str, text: str | None = None) -> str:
    """Run Git and return what it prints.

    Raises:
        ArgusError: it failed; with its own words.
    """
    done = attempt(*arguments, text=text)
    if done.returncode:
        words = (done.stderr or done.stdout).strip() or f"exit status {done.returncode}"
        raise ArgusError(f"git {arguments[0]}: {words}")
    return done.stdout


def changes() -> list[Change]:
    """Everything in the working tree that is not as in HEAD, untracked files one by one."""
    out = git("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all")
    return [Change(entry[:2], entry[3:]) for entry in out.split("\0") if entry]


def head() -> str:
    """Full hash of the commit that is checked out.

    Raises:
        ArgusError: the repository has no commit yet.
    """
    done = attempt("rev-parse", "--verify", "--quiet", "HEAD")
    if done.returncode:
        raise ArgusError("the repository has no commit yet: commit the project first")
    return done.stdout.strip()


def require_unlocked(patience: float = 3.0) -> None:
    """Wait, at most `patience` seconds, for a Git command that writes the index.

    Raises:
        ArgusError: the index stays locked, as a Git or DVC that was killed leaves it.
    """
    end = time.monotonic() + patience
    found = attempt("rev-parse", "--git-path", "index.lock")
    index = Path(found.stdout.strip())
    while found.returncode == 0 and index.exists():
        if time.monotonic() > end:
            raise ArgusError(
                f"Git's index is locked: a Git command is at work here, or one was killed. If none "
                f"runs, delete {index} and try again"
            )
        time.sleep(0.1)


def require_top() -> None:
    """Raises:
    ArgusError: the repository holds more than the flywheel, and its history with it.
    """
    above = git("rev-parse", "--show-cdup").strip()
    if above:
        raise ArgusError(
            f"the Git repository here is that of {Path(above).resolve()}: turns are commits of the "
            "flywheel alone, so give it a repository of its own (a submodule of the other, say)"
        )


def require_identity() -> None:
    """Raises:
    ArgusError: Git does not know in whose name to commit.
    """
    for name in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        if attempt("var", name).returncode:
            raise ArgusError(
                "git does not know who you are, so it cannot commit a turn: set "
                '`git config user.name "Your Name"` and `git config user.email you@example.org`'
            )


def require_settled() -> None:
    """Raises:
    ArgusError: a merge, rebase, cherry-pick or revert is under way.
    """
    for name, what in UNDER_WAY.items():
        if Path(git("rev-parse", "--git-path", name).strip()).exists():
            raise ArgusError(
                f"a {what} is under way here: finish it (`git {what} --continue`) or give it up "
                f"(`git {what} --abort`), and try again"
            )


def commits() -> dict[str, Commit]:
    """Every commit that HEAD, branches, remote-tracking branches and tags reach, children first."""
    values = "valueonly,unfold,separator=%x2C"
    trailers = "%x00".join(f"%(trailers:key={key},{values})" for key in (TRAILER, CHAMPION))
    # not `git log`, which a person's own settings change
    out = git("rev-list", "--date-order", f"--format=%H%x00%P%x00{trailers}", *REACHED, "--")
    found = {}
    for line in out.split("\n"):
        if "\0" not in line:  # a header
            continue
        commit, parents, said, champions = line.split("\0")
        numbers = [int(each) for each in said.split(",") if NUMBER.fullmatch(each.strip())]
        names = [each.strip() for each in champions.split(",") if each.strip()]
        found[commit] = Commit(parents.split(), numbers, names)
    return found


def commits_touching(path: Path) -> list[str]:
    """Those of `commits()` in which a file is as in none of their parents."""
    return git("rev-list", "--full-history", *REACHED, "--", str(path)).split()


def tags() -> dict[str, str]:
    """The commits that tags name."""
    pattern = "%(refname:strip=2) %(objecttype) %(objectname) %(*objecttype) %(*objectname)"
    found = {}
    for line in git("for-each-ref", f"--format={pattern}", "refs/tags").splitlines():
        name, *objects = line.split()
        if objects[-2] == "commit":
            found[name] = objects[-1]
    return found


def turn_tags() -> dict[int, str]:
    """The commits that the tags `turn-N` name, by number."""
    matches = ((TURN.fullmatch(name), commit) for name, commit in tags().items())
    return {int(match[1]): commit for match, commit in matches if match}


def refs_with(commit: str) -> list[str]:
    """Up to three names of branches and tags that reach a commit."""
    kinds = ("refs/heads", "refs/remotes", "refs/tags")
    out = git("for-each-ref", "--format=%(refname:short) %(symref)", "--contains", commit, *kinds)
    names = [line.split(" ") for line in out.splitlines()]
    return [name for name, points_to in names if not points_to][:3] or ["HEAD"]


def shallow() -> set[str]:
    """Commits whose parents a shallow clone lacks."""
    file = Path(git("rev-parse", "--git-path", "shallow").strip())
    return set(file.read_text(encoding="ascii").split()) if file.exists() else set()


def headlines(commits: Sequence[str]) -> list[tuple[str, str]]:
    """The day (YYYY-MM-DD) and the first line of the message of each commit."""
    arguments = ["--no-walk=unsorted", "--format=%cs%x00%s"]
    lines = git("rev-list", *arguments, *commits, "--").split("\n")
    return [(day, said) for day, mark, said in (line.partition("\0") for line in lines) if mark]


def contents(names: Sequence[str]) -> list[Blob | None]:
    """What files of commits hold, each named `COMMIT:PATH`; None where there is none."""
    asked = "".join(f"{name}\n" for name in names)
    done = subprocess.run(
        ["git", "cat-file", "--batch"], input=asked.encode(), capture_output=True, check=False
    )
    if done.returncode:
        raise ArgusError(f"git cat-file: {done.stderr.decode(errors='replace').strip()}")
    out, at, found = done.stdout, 0, list[Blob | None]()
    for _ in names:
        end = out.index(b"\n", at)
        header = out[at:end].split(b" ")
        at = end + 1
        if header[-1] == b"missing" or not header[-1].isdigit():
            found.append(None)
            continue
        size = int(header[-1])
        text = out[at : at + size].decode(errors="replace")
        found.append(Blob(header[0].decode(), text) if header[-2] == b"blob" else None)
        at += size + 1
    return found


def descends_from(commit: str) -> bool:
    """Whether HEAD is `commit` or comes after it."""
    return attempt("merge-base", "--is-ancestor", commit, "HEAD").returncode == 0


def stage(paths: Iterable[str]) -> None:
    """Put the present state of `paths` into the index, deletions too."""
    listed = "\0".join(paths)
    if listed:
        git("add", "--all", "--pathspec-from-file=-", "--pathspec-file-nul", text=listed)


def unstage() -> None:
    """Make the index as HEAD; the tree stays as it is."""
    git("reset", "--quiet")


def commit(message: str) -> None:
    """Commit what is in the index, and only that; a commit is made even if it is as HEAD.

    Raises:
        ArgusError: Git or one of its hooks refuses, or a hook commits something else. Then nothing
            is committed.
    """
    staged, base = git("write-tree").strip(), head()
    git("commit", "--quiet", "--allow-empty", "--file=-", text=message)
    if git("rev-parse", "HEAD^{tree}").strip() != staged:
        changed = git("diff", "--name-only", staged, "HEAD").split("\n")
        git("reset", "--soft", base)
        raise ArgusError(
            f"a Git hook changed what was to be committed ({', '.join(changed[:5]).strip(', ')}): "
            "let it leave those files alone"
        )


def tag(name: str, message: str) -> None:
    """Set an annotated tag on HEAD."""
    git("tag", "--annotate", name, "--cleanup=whitespace", "--file=-", text=message)
