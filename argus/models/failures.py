"""Where the code of an architecture itself fails: the model has failed then, and not the wheel."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from argus.core.errors import ArgusError
from stages.train.curves import Points
from stages.train.watch import Failed

OF_THIS_MACHINE = re.compile(r"(?:[A-Za-z]:)?(?:[/\\][\w.@+-]+){2,}|0x[0-9a-f]+|\d[\d.]* [KMGT]iB")
"""What must not get into a card: paths, addresses and sizes of memory."""
LONGEST = 200  # characters of a message


class Broken(Failed):
    """An architecture raised what it should not.

    `trace` is the traceback as text, `step` how many steps were done, `points` the curves so far.
    """

    def __init__(
        self, reason: str, trace: str, step: int = 0, points: Points | None = None
    ) -> None:
        super().__init__(reason)
        self.trace, self.step, self.points = trace, step, points or []


@contextmanager
def own_code(doing: str) -> Iterator[None]:
    """Whatever is raised within is the architecture's doing.

    A mistake in the settings (`ArgusError`), a failure noticed before and Ctrl-C pass through.

    Args:
        doing: what it was at, as in "failed while ...".

    Raises:
        Broken: from any other exception, memory that did not suffice included.
    """
    try:
        yield
    except (ArgusError, Failed):
        raise
    except Exception as error:
        trace = "".join(traceback.format_exception(error))
        raise Broken(f"its code broke while {doing}: {_in_words(error)}", trace) from error


def _in_words(error: Exception) -> str:
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate" in str(error):
        return "out of memory; lower its batch, its config or pack.resolution in params.yaml"
    message = OF_THIS_MACHINE.sub("...", str(error).strip().split("\n")[0])[:LONGEST]
    return f"{type(error).__name__}: {message}".rstrip(": ")
