"""What Git knows of commits, tags and the files in them; nothing here changes anything."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from argus.cli.repository import git
from argus.core.errors import ArgusError

TURN = re.compile(r"turn-([1-9][0-9]*)")
TRAILER = "Argus-Turn"
CHAMPION = "Argus-Champion"
RELEASE = "Argus-Release"
NUMBER = re.compile(r"[1-9][0-9]{0,8}")
REACHED = ("HEAD", "--branches", "--remotes", "--tags")


class Commit(NamedTuple):
    """Its parents, as far as they are here, the numbers in its trailers `Argus-Turn`, and the
    versions in those called `Argus-Champion`."""

    parents: list[str]
    turns: list[int]
    champions: list[str]


class Blob(NamedTuple):
    """Git's hash of a file, and its text."""

    oid: str
    text: str


def commits() -> dict[str, Commit]:
    """Every commit that HEAD, branches, remote-tracking branches and tags reach, children first."""
    values = "valueonly,unfold,separator=%x2C"
    trailers = "%x00".join(f"%(trailers:key={key},{values})" for key in (TRAILER, CHAMPION))
    # not `git log`, which a person's own settings change
    out = git.git("rev-list", "--date-order", f"--format=%H%x00%P%x00{trailers}", *REACHED, "--")
    found = {}
    for line in out.split("\n"):
        if "\0" not in line:  # a header
            continue
        commit, parents, said, champions = line.split("\0")
        numbers = [int(each) for each in said.split(",") if NUMBER.fullmatch(each.strip())]
        names = [each.strip() for each in champions.split(",") if each.strip()]
        found[commit] = Commit(parents.split(), numbers, names)
    return found


def released_by(commit: str) -> list[str]:
    """The versions in the trailers `Argus-Release` of a commit."""
    form = f"--format=%(trailers:key={RELEASE},valueonly,unfold)"
    return git.git("rev-list", "--no-walk", "--no-commit-header", form, commit, "--").split()


def commits_touching(path: Path) -> list[str]:
    """Those of `commits()` in which a file is as in none of their parents."""
    return git.git("rev-list", "--full-history", *REACHED, "--", str(path)).split()


def tags() -> dict[str, str]:
    """The commits that tags name."""
    pattern = "%(refname:strip=2) %(objecttype) %(objectname) %(*objecttype) %(*objectname)"
    found = {}
    for line in git.git("for-each-ref", f"--format={pattern}", "refs/tags").splitlines():
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
    out = git.git(
        "for-each-ref", "--format=%(refname:short) %(symref)", "--contains", commit, *kinds
    )
    names = [line.split(" ") for line in out.splitlines()]
    return [name for name, points_to in names if not points_to][:3] or ["HEAD"]


def shallow() -> set[str]:
    """Commits whose parents a shallow clone lacks."""
    file = Path(git.git("rev-parse", "--git-path", "shallow").strip())
    return set(file.read_text(encoding="ascii").split()) if file.exists() else set()


def headlines(commits: Sequence[str]) -> list[tuple[str, str]]:
    """The day (YYYY-MM-DD) and the first line of the message of each commit."""
    arguments = ["--no-walk=unsorted", "--format=%cs%x00%s"]
    lines = git.git("rev-list", *arguments, *commits, "--").split("\n")
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
    return git.attempt("merge-base", "--is-ancestor", commit, "HEAD").returncode == 0
