"""Several processes for one training on this machine, started, watched and ended together.

`torchrun` could do it, but its store listens on every network interface. These processes meet over
a file and talk over the loopback interface. What one raises it leaves as a note; the others, which
then lose their connection to it, fail too, and it is the first that is reported.

What starts the processes need not wait for torch: nothing here imports it until one has failed.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from argus.core import interrupts
from argus.core.errors import ArgusError
from argus.core.files import atomic

MEETING = "ARGUS_MEETING"
"""Variable that names the folder in which the processes started here meet."""
PATIENCE = 5.0  # seconds that a process is given to end when asked to
LOOK = 0.05  # seconds


def run(command: Sequence[str], processes: int, threads: int) -> dict[str, Any] | None:
    """Run a command as several processes that `group.join` each other, until all are done.

    Only the first one writes to our stdout and stderr. If one fails, the others are ended. They
    also end when this process does, however it is ended.

    Args:
        threads: CPU threads of each.

    Returns:
        If the first process to fail raised `ArchitectureError`, what that is made from; None if
        none failed.

    Raises:
        ArgusError: the first process to fail raised one.
        SystemExit: it raised something else, or was killed.
    """
    with tempfile.TemporaryDirectory(prefix="argus-train-") as folder:
        meeting = Path(folder)
        children: list[subprocess.Popen[bytes]] = []
        try:
            for rank in range(processes):
                with interrupts.unheard():
                    children.append(_start(command, rank, processes, threads, meeting))
            while None in (codes := [child.poll() for child in children]) and not any(codes):
                time.sleep(LOOK)
            if any(codes):
                time.sleep(4 * LOOK)  # for others that failed at the same time
            failed = [rank for rank, child in enumerate(children) if child.poll()]
        finally:
            _end(children)
        if failed:
            return _reported(failed, meeting, [child.returncode for child in children])
    return None


def one_of_several() -> bool:
    """Whether this is a process that a launcher, ours or another, has started."""
    return "RANK" in os.environ and "WORLD_SIZE" in os.environ


def is_first() -> bool:
    """Whether this is the only process, or the first of those that a launcher has started."""
    return not one_of_several() or os.environ["RANK"] == "0"


@contextmanager
def reporting() -> Iterator[None]:
    """Around what a process does that `run` may have started; nothing where it did not."""
    meeting = os.environ.get(MEETING)
    if meeting is None:
        yield
        return
    threading.Thread(target=_follow, daemon=True).start()
    try:
        yield
    except Exception as error:  # noqa: BLE001 - reported by the process that started this one
        with atomic(Path(meeting) / f"{os.environ['RANK']}.json") as temporary:
            temporary.write_text(json.dumps(_note(error)), encoding="utf-8")
        sys.exit(1)


def _start(
    command: Sequence[str], rank: int, processes: int, threads: int, meeting: Path
) -> subprocess.Popen[bytes]:
    loopback = next(name for _, name in socket.if_nameindex() if name.startswith("lo"))
    environment = os.environ | {
        MEETING: str(meeting),
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(processes),
        "LOCAL_WORLD_SIZE": str(processes),
        "OMP_NUM_THREADS": str(threads),
        "GLOO_SOCKET_IFNAME": loopback,
        "NCCL_SOCKET_IFNAME": loopback,
    }
    if rank == 0:
        return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE)
    with (meeting / f"{rank}.log").open("wb") as log:
        return subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log
        )


def _follow() -> None:
    """End this process when the one that started it is gone: the pipe from it closes then."""
    while os.read(0, 1):
        pass
    os._exit(1)


def _end(children: Sequence[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    until = time.monotonic() + PATIENCE
    for child in children:
        try:
            child.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdin:
            child.stdin.close()


def _note(error: Exception) -> dict[str, Any]:
    """What a process leaves of its exception, for `_reported`."""
    from argus.models.failures import ArchitectureError

    note = {"time": time.time(), "trace": "".join(traceback.format_exception(error))}
    if isinstance(error, ArgusError):
        return note | {"mistake": str(error)}
    if isinstance(error, ArchitectureError):
        of_model = {"reason": error.reason, "trace": error.trace}
        return note | {"broken": of_model | {"step": error.step, "points": list(error.points)}}
    return note


def _reported(failed: Sequence[int], meeting: Path, codes: Sequence[int]) -> dict[str, Any] | None:
    """What the first of the failed processes left as a note, raised or returned; see `run`.

    One that left none was killed, and the others failed of that.
    """
    notes: dict[int, dict[str, Any]] = {}
    for rank in failed:
        path = meeting / f"{rank}.json"
        notes[rank] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    first = min(failed, key=lambda rank: notes[rank].get("time", 0.0))
    note = notes[first]
    if "mistake" in note:
        raise ArgusError(note["mistake"])
    if "broken" in note:
        return dict(note["broken"])
    log = meeting / f"{first}.log"
    said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    sys.exit(
        f"{said}{note.get('trace', '')}"
        f"process {first} of {len(codes)} ended with {codes[first]}, and the others were ended"
    )
