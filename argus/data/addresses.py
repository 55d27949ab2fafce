"""Addresses of Git repositories elsewhere, and paths inside them, that a rights card may name."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote

HOST = r"(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])"
USER = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
ADDRESSES = (
    re.compile(rf"https://{HOST}(?::[0-9]+)?(?P<path>/[!-~]+)"),
    re.compile(rf"ssh://(?:{USER}@)?{HOST}(?::[0-9]+)?(?P<path>/[!-~]+)"),
    re.compile(rf"{USER}@{HOST}:(?P<path>[!-,.-~][!-~]*)"),
)
PLAIN_PATH = re.compile(r"[\w./~+ -]+")  # nothing in it can be a query, a user or a password


def address(text: str) -> str:
    """The address of a Git repository somewhere else, as it is: `https://host/path`,
    `ssh://user@host/path` or `user@host:path`.

    Whatever else Git would take (a folder, `file:`, `git:`, `http:`, a helper such as `ext::`)
    would read this machine, run a command, or bring what nobody answers for. Nor is there room for
    credentials: the card stands in Git, and Git has helpers to ask for them.

    Raises:
        ValueError: any other; without what the text says, which may be a secret.
    """
    found = [match for form in ADDRESSES if (match := form.fullmatch(text))]
    path = unquote(found[0]["path"]) if found else ""
    if not PLAIN_PATH.fullmatch(path) or ".." in path.split("/"):
        raise ValueError(
            "must be the address of a Git repository: https://host/path, ssh://user@host/path or "
            "user@host:path, with no password, token or query in it. A folder of this machine is "
            "brought in with `argus submit`"
        )
    return text


def inside(text: str) -> str:
    """A path inside a repository, as it is; `.` is all of it.

    Raises:
        ValueError: it leads out of it.
    """
    path = PurePosixPath(text)
    odd = path.is_absolute() or ".." in path.parts or not text.isprintable()
    if odd or text.startswith("-"):
        raise ValueError("must be a path inside the repository")
    return text
