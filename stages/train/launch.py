"""Several processes for one training on this machine, started and ended together.

`torch.multiprocessing` starts and watches them. `torchrun` could, but its store listens on every
network interface: these processes meet over a file and talk over the loopback interface.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch.multiprocessing.spawn import (
    ProcessExitedException,
    ProcessRaisedException,
    start_processes,
)

from argus.core import interrupts
from argus.core.errors import ArgusError
from argus.models.failures import ArchitectureError

GRACE = 0.5  # seconds that the others have to end by themselves, and then when asked to


def run(work: Callable[..., None], arguments: Sequence[Any], processes: int, threads: int) -> None:
    """Call a function in several processes, until all are done.

    Only the first one writes to our stdout and stderr. If one fails, the others are ended. They
    also end when this process does, however it is ended.

    Args:
        work: takes the URL at which the processes meet (see `distributed.join`), then `arguments`;
            a function that can be imported.
        arguments: what can be pickled.
        processes: how many.
        threads: CPU threads of each.

    Raises:
        ArgusError: the first process to fail raised one.
        ArchitectureError: it raised one.
        SystemExit: it raised something else, or was killed.
    """
    os.environ["OMP_NUM_THREADS"] = str(threads)  # read as the processes load their libraries
    # that it ends the others, one by one, is no news
    logging.getLogger("torch.multiprocessing.spawn").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="argus-train-") as folder:
        with interrupts.unheard():
            context = start_processes(  # type: ignore[no-untyped-call]
                _process,
                args=(processes, folder, work, *arguments),
                nprocs=processes,
                join=False,
                daemon=True,  # ended with this process
            )
        try:
            while not context.join(grace_period=GRACE):
                pass
        except (ProcessRaisedException, ProcessExitedException) as failure:
            raise _meant(failure, Path(folder)) from None


def _process(
    rank: int, processes: int, folder: str, work: Callable[..., None], *arguments: object
) -> None:
    """One of the processes. What it raises that is meant for a person it leaves as a note."""
    threading.Thread(target=_follow, daemon=True).start()
    loopback = next(name for _, name in socket.if_nameindex() if name.startswith("lo"))
    ranks = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": processes}
    os.environ |= {name: str(value) for name, value in ranks.items()}
    os.environ |= {"GLOO_SOCKET_IFNAME": loopback, "NCCL_SOCKET_IFNAME": loopback}
    if rank:
        silence = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(silence, stream.fileno())
    try:
        work(f"file://{folder}/store", *arguments)
    except ArgusError as error:
        _leave(folder, rank, mistake=str(error))
        raise
    except ArchitectureError as error:
        points = list(error.points)
        _leave(folder, rank, reason=error.reason, trace=error.trace, step=error.step, points=points)
        raise


def _follow() -> None:
    """End this process when the one that started it is gone."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _leave(folder: str, rank: int, **note: object) -> None:
    Path(folder, f"{rank}.json").write_text(json.dumps(note), encoding="utf-8")


def _meant(
    failure: ProcessRaisedException | ProcessExitedException, folder: Path
) -> ArgusError | ArchitectureError | SystemExit:
    """What the first process that failed raised: of a note, the exception that it was made from."""
    path = folder / f"{failure.error_index}.json"
    if not path.exists():
        return SystemExit(f"{failure.msg}\nand the others were ended")
    note = json.loads(path.read_text(encoding="utf-8"))
    return ArgusError(note["mistake"]) if "mistake" in note else ArchitectureError(**note)
