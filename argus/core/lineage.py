"""What a turn takes over from the turn before, fetched from the repository's own history."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from argus.core.errors import ArgusError


def fetch_if_any(path: Path | str, revision: str, into: Path) -> Path | None:
    """`fetch`, or None if that commit had no such output, whatever the caches hold.

    Raises:
        ArgusError: the commit is not known, or what it had is in no cache or remote.
    """
    try:
        return fetch(path, revision, into)
    except ArgusError:
        if _never_had(path, revision):
            return None
        raise


def _never_had(path: Path | str, revision: str) -> bool:
    # here, since it takes a second
    from dvc.api import DVCFileSystem  # type: ignore[import-untyped]

    try:
        DVCFileSystem(".", rev=revision).info(str(path))
    except FileNotFoundError:
        return True
    except Exception:  # noqa: BLE001 - whatever it is, the error of `fetch` says more
        return False
    return False


def fetch(path: Path | str, revision: str, into: Path) -> Path:
    """Bring an output, or a part of one, as a commit of this repository had it.

    Args:
        path: of a file or folder, from the top of the repository.
        revision: 40 hexadecimal digits; a tag would not resolve in `dvc exp run --temp`.
        into: a folder; what is fetched lies there under its own name.

    Returns:
        Where it lies now.

    Raises:
        ArgusError: the commit is not known, has no such output, or that is in no cache or remote.
    """
    out = into / Path(path).name
    command = [sys.executable, "-m", "dvc", "get", ".", str(path), "--rev", revision]
    done = subprocess.run([*command, "-o", str(out)], capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
        raise ArgusError(
            f"{path} of turn {revision[:10]} (lineage.previous) cannot be fetched: "
            f"{said[-1].removeprefix('ERROR: ') if said else 'dvc get failed'}. Fetch that commit "
            "(`git fetch --unshallow`) and its data (`git checkout` it, `dvc fetch`, and back; a "
            "turn made before there was such an output has none). `argus turn --new-line` begins a "
            "new line instead, whose splits and champions owe nothing to that turn"
        )
    return out


def text_of(path: Path | str, revision: str) -> str | None:
    """A file as Git has it in a commit of this repository; None if that commit has no such file.

    Args:
        path: from the top of the repository.
        revision: 40 hexadecimal digits.

    Raises:
        ArgusError: the commit is not known here.
    """
    return _git("show", f"{revision}:{Path(path).as_posix()}", of=revision)


def names_of(folder: Path | str, revision: str) -> list[str]:
    """The paths of all files in a folder as Git has them in a commit, sorted; empty if there are
    none.

    Raises:
        ArgusError: the commit is not known here.
    """
    found = _git("ls-tree", "-r", "-z", "--name-only", revision, "--", str(folder), of=revision)
    return sorted(name for name in (found or "").split("\0") if name)


def _git(*command: str, of: str) -> str | None:
    """What Git says of a commit, None if it says that there is no such thing in it."""
    done = subprocess.run(["git", *command], capture_output=True, check=False)
    if not done.returncode:
        return done.stdout.decode("utf-8", errors="replace")
    known = subprocess.run(["git", "cat-file", "-e", f"{of}^{{commit}}"], capture_output=True)
    if known.returncode:
        raise ArgusError(
            f"the turn before (lineage.previous), commit {of[:10]}, is not in this repository: "
            "`git fetch --unshallow` brings it"
        )
    return None
