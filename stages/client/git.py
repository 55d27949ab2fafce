"""Git as a subprocess: only what the commands need."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from typing import Any, NamedTuple

from stages.client import lock
from stages.common.errors import ArgusError

TURN = re.compile(r"turn-([1-9][0-9]*)")
TRAILER = "Argus-Turn"


class Change(NamedTuple):
    """A path that differs from HEAD, and Git's two letters for how (`git status --short`)."""

    code: str
    path: str

    @property
    def deleted(self) -> bool:
        return "D" in self.code


def attempt(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run Git with `text` on its standard input and return what came of it, failed or not."""
    held = lock.inherited()
    holding: dict[str, Any] = {"stdin": held}
    if text is not None:
        holding = {"input": text, "pass_fds": () if held is None else (held,)}
    return subprocess.run(
        ["git", *arguments], capture_output=True, text=True, check=False, **holding
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


def turns(merged: bool = False) -> list[int]:
    """Numbers of the tags `turn-N`, ascending; `merged`: only those that HEAD descends from."""
    names = git("tag", "--list", "turn-*", *(["--merged", "HEAD"] if merged else []))
    found = (TURN.fullmatch(name) for name in names.splitlines())
    return sorted(int(match[1]) for match in found if match)


def commit_of(turn: int) -> str:
    """Full hash of a turn's commit."""
    return git("rev-parse", f"refs/tags/turn-{turn}^{{commit}}").strip()


def descends_from(commit: str) -> bool:
    """Whether HEAD is `commit` or comes after it."""
    return attempt("merge-base", "--is-ancestor", commit, "HEAD").returncode == 0


def recorded_turn() -> int | None:
    """The number of the turn that HEAD itself records (by its trailer); None if it records none."""
    number = git("log", "-1", f"--format=%(trailers:key={TRAILER},valueonly)").strip()
    return int(number) if number.isdigit() else None


def commit(message: str, paths: Iterable[str]) -> None:
    """Commit the present state of `paths`, deletions too; a commit is made even if there is none.

    Raises:
        ArgusError: Git or one of its hooks refuses.
    """
    listed = "\0".join(paths)
    if listed:
        git("add", "--all", "--pathspec-from-file=-", "--pathspec-file-nul", text=listed)
    git("commit", "--quiet", "--allow-empty", "--file=-", text=message)


def tag(turn: int, message: str) -> None:
    """Set the annotated tag `turn-N` on HEAD."""
    arguments = ["--annotate", f"turn-{turn}", "--cleanup=whitespace", "--file=-"]
    git("tag", *arguments, text=message)
