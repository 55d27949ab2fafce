"""What the processes of a test do: each function is called in all that `launch.run` starts."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from argus.core.errors import ArgusError
from argus.models.failures import ArchitectureError


def write_the_rank(_store: str, folder: str) -> None:
    rank, number = os.environ["RANK"], os.environ["WORLD_SIZE"]
    time.sleep(0.2 * int(rank))
    Path(folder, number + rank).touch()


def die_as_the_second(_store: str, folder: str) -> None:
    """The others wait; the first does not even want to end."""
    Path(folder, str(os.getpid())).touch()
    if os.environ["RANK"] == "0":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while len(list(Path(folder).iterdir())) < 3:
        time.sleep(0.01)
    if os.environ["RANK"] == "1":
        time.sleep(0.5)
        raise RuntimeError("rank one has had enough")
    time.sleep(600)


def fail_in_turn(_store: str, folder: str, first: dict[str, Any] | None) -> None:
    """The second process fails by what `first` says, or is killed; the other one misses it then."""
    rank = os.environ["RANK"]
    Path(folder, rank).touch()
    while len(list(Path(folder).iterdir())) < 2:
        time.sleep(0.01)
    if rank == "0":
        time.sleep(0.3)
        raise RuntimeError("Connection closed by peer")
    if first is None:
        os.kill(os.getpid(), signal.SIGKILL)
    elif "mistake" in first:
        raise ArgusError(first["mistake"])
    else:
        raise ArchitectureError(**first)
