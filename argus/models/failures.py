"""A training that fails: by its numbers, or since the code of its architecture raises.

The model has failed then, and not the turn: a card says why, and the turn goes on without it.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from argus.core.errors import ArgusError

OF_THIS_MACHINE = re.compile(r"(?:[A-Za-z]:)?(?:[/\\][\w.@+-]+){2,}|0x[0-9a-f]+|\d[\d.]* [KMGT]iB")
"""What must not get into a card: paths, addresses and sizes of memory."""
LONGEST = 200  # characters of a message

Points = Sequence[tuple[int, dict[str, float]]]
"""A curve: (step, scalars by name), in order."""


class TrainingFailed(Exception):  # noqa: N818 - an outcome of a training, not a mistake in using it
    """A training has failed; `reason` is a clause that a report can quote."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ArchitectureError(TrainingFailed):
    """An architecture raised what it should not.

    `trace` is the traceback as text, `step` how many steps were done, `points` the curves so far.
    """

    def __init__(
        self, reason: str, trace: str, step: int = 0, points: Points | None = None
    ) -> None:
        super().__init__(reason)
        self.trace, self.step, self.points = trace, step, points or []


@contextmanager
def guard_architecture(doing: str) -> Iterator[None]:
    """Raise `ArchitectureError` for whatever the code of an architecture raises within.

    A mistake in the settings (`ArgusError`), a failure noticed before and Ctrl-C pass through.

    Args:
        doing: what it was at, as in "failed while ...".

    Raises:
        ArchitectureError: from any other exception, memory that did not suffice included.
    """
    try:
        yield
    except (ArgusError, TrainingFailed):
        raise
    except Exception as error:
        trace = "".join(traceback.format_exception(error))
        raise ArchitectureError(
            f"its code broke while {doing}: {_in_words(error)}", trace
        ) from error


def _in_words(error: Exception) -> str:
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate" in str(error):
        return "out of memory; lower its batch, its config or pack.resolution in params.yaml"
    message = OF_THIS_MACHINE.sub("...", str(error).strip().split("\n")[0])[:LONGEST]
    return f"{type(error).__name__}: {message}".rstrip(": ")
