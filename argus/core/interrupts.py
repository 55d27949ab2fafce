"""Ctrl-C: the terminal tells every process of a pipeline, and one of them answers.

A stage that DVC runs says nothing: DVC says that it stopped, and `argus turn` what to do. Processes
that a stage has started do not hear of it at all: the stage ends them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor


def quieten() -> None:
    """From now on Ctrl-C that nobody catches prints no traceback; the process still dies of it."""
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            before(kind, error, trace)
            return
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one would disturb the clearing up
        if "DVC_STAGE" not in os.environ:
            print("interrupted", file=sys.stderr)

    sys.excepthook = hook


@contextmanager
def unheard() -> Iterator[None]:
    """Processes started within never hear of Ctrl-C; for this one it waits until the end."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def ending(pool: ProcessPoolExecutor) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes, which must be started `unheard`, end when its user does."""
    with pool:
        try:
            yield pool
        except (KeyboardInterrupt, GeneratorExit):
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise
