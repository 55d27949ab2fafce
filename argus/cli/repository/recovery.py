"""What a command that was killed has left behind, and how the next one takes it away.

A submission has two moments that a kill may fall between: the delivery stands in its place, and DVC
tracks it. So what is about to be put there is written down before, and struck out at the end; what
is found written down when a command begins was cut short, and is undone. What takes a delivery away
is written down likewise, and gone on with.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from argus.cli.repository import git
from argus.cli.repository.lock import TEMPORARY, alive
from argus.core.errors import ArgusError
from argus.core.files import PART, atomic, remove, write_json
from argus.core.paths import CARDS, RAW
from argus.data.pulled import tracker_of

SCRATCH = TEMPORARY / "argus-submit"
JOURNAL = TEMPORARY / "argus-submit.json"
GOING = TEMPORARY / "argus-withdraw.json"
RWLOCK = TEMPORARY / "rwlock"
SINGLE = (Path(), TEMPORARY, CARDS)
"""Folders in which commands write single files."""
WHOLE = (Path("data"), Path("models"), Path("reports"), Path(".cache"))
"""Folders in which stages write, at any depth."""


@contextmanager
def undone_unless_done(target: Path) -> Iterator[None]:
    """Take a delivery and every trace of it away again if the block fails, or is cut short.

    Cut short by a kill, it is the next command that does it (`sweep`).
    """
    ignore = target.parent / ".gitignore"
    state = {
        "target": str(target),
        "home": target.parent.exists(),
        # any bytes, as text
        "ignored": ignore.read_bytes().decode("latin-1") if ignore.exists() else None,
    }
    write_json(JOURNAL, state)
    try:
        yield
    except BaseException:
        roll_back()
        raise
    JOURNAL.unlink()


def roll_back() -> None:
    """Undo the submission that was cut short, if there is one; may itself be cut short.

    A delivery that somebody has committed since then is theirs, and stays.
    """
    try:
        state = json.loads(JOURNAL.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    target = Path(state["target"])
    tracker, ignore = tracker_of(target), target.parent / ".gitignore"
    if git.attempt("cat-file", "-e", f"HEAD:./{tracker}").returncode:
        remove(target)
        remove(tracker)
        if state["ignored"] is None:
            remove(ignore)
        else:
            ignore.write_bytes(state["ignored"].encode("latin-1"))
        git.attempt("reset", "--quiet", "--", str(tracker), str(ignore))
        if not state["home"]:
            with suppress(OSError):
                target.parent.rmdir()
    JOURNAL.unlink()


def take_out(target: Path) -> None:
    """Take a delivery that is in away with every trace of it but for DVC's cache.

    Cut short by a kill, it is the next command that goes on with it (`sweep`).
    """
    write_json(GOING, {"target": str(target)})
    go_on()


def going() -> Path | None:
    """The delivery whose taking out was cut short, or is at work; None if there is none."""
    try:
        return Path(json.loads(GOING.read_text(encoding="utf-8"))["target"])
    except FileNotFoundError:
        return None


def go_on() -> None:
    """Go on with taking out a delivery, if that was cut short; may itself be cut short."""
    target = going()
    if target is None:
        return
    try:
        _delete(target)
    except OSError as error:
        raise ArgusError(
            f"{error.filename} cannot be deleted ({error.strerror}), so {target} is taken out in "
            "part: mend that, and repeat the command"
        ) from None
    GOING.unlink()


def _delete(target: Path) -> None:
    tracker, ignore = tracker_of(target), target.parent / ".gitignore"
    remove(target)
    remove(tracker)
    if ignore.exists():
        rules = ignore.read_bytes().splitlines(keepends=True)
        others = [rule for rule in rules if rule.strip() != f"/{target.name}".encode()]
        if not others:
            remove(ignore)
        elif others != rules:
            with atomic(ignore) as temporary:
                temporary.write_bytes(b"".join(others))
    git.attempt("reset", "--quiet", "--", str(tracker), str(ignore))
    with suppress(OSError):  # other deliveries are in it, or it is gone
        target.parent.rmdir()


def remains() -> bool:
    """Whether there is something to undo or delete, of a command at work or of one killed."""
    return any(path.exists() for path in (JOURNAL, GOING, SCRATCH)) or bool(leftovers())


def sweep() -> None:
    """Undo what was cut short, and delete what processes that are gone have half written."""
    roll_back()
    go_on()
    remove(SCRATCH)
    for path in leftovers():
        remove(path)
    if not _used(RWLOCK):
        remove(RWLOCK)


def _used(rwlock: Path) -> bool:
    """Whether a process that DVC's list of files in use names is alive.

    DVC asks only whether there is such a process, and one that was killed is there until its parent
    takes note of it; in a container that may be never. A list half written it does not read at all.
    """
    try:
        entries = json.loads(rwlock.read_text(encoding="utf-8")).values()
        users = [user for entry in entries for user in entry.get("read", [])]
        users += [entry["write"] for entry in entries if "write" in entry]
        return any(alive(user["pid"]) for user in users)
    except (FileNotFoundError, ValueError):
        return False


def leftovers() -> list[Path]:
    """Files and folders that `files.atomic` had not come to rename when its process died."""
    found = [path for folder in SINGLE if folder.is_dir() for path in folder.iterdir()]
    for top in WHOLE:
        for place, folders, names in os.walk(top):
            here = Path(place)
            if here.parent.parent == RAW:  # a delivery: what is in it is as it was sent
                folders.clear()
                continue
            found += [here / name for name in (*folders, *names)]
            folders[:] = [name for name in folders if not PART.fullmatch(name)]
    return [path for path in found if _abandoned(path.name)]


def _abandoned(name: str) -> bool:
    part = PART.fullmatch(name)
    if part is None:
        return False
    writer = int(part[1])
    return writer == os.getpid() or not alive(writer)
