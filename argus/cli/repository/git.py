"""Git as a subprocess: the working tree, the index, and commits and tags that are made."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from argus.cli.repository import lock
from argus.core.errors import ArgusError

UNDER_WAY = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
}
"""What Git is in the middle of, by the file or folder in `.git` that says so."""


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


def commit_only(message: str, paths: Iterable[str]) -> None:
    """Commit the present state of `paths` alone; what else is in the index stays there.

    Raises:
        ArgusError: Git or one of its hooks refuses.
    """
    named = list(paths)
    stage(named)
    git("commit", "--quiet", "--only", "--file=-", "--", *named, text=message)


def tag(name: str, message: str, commit: str = "HEAD") -> None:
    """Set an annotated tag on a commit."""
    git("tag", "--annotate", name, "--cleanup=whitespace", "--file=-", commit, text=message)
