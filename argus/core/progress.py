"""Progress with rate and time left: a live bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Item = TypeVar("Item")
SECONDS_BETWEEN_LINES = 10.0


class Steps:
    """A counter of `total` steps, used as a context manager.

    On a terminal it draws a bar; elsewhere (CI, a log file) it prints a line every ten seconds
    and one at the end. Everything goes to stderr. `total` may be corrected on the way.
    """

    def __init__(
        self, total: int, description: str, unit: str = "images", images: int | None = None
    ) -> None:
        """
        Args:
            total: number of steps.
            description: what is being done.
            unit: what a step is.
            images: how many images a step takes, if their rate is to be shown beside the steps'.
        """
        self.total, self.description, self.unit, self.images = total, description, unit, images
        self.done, self.note = 0, ""
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        self._start = self._last_line = time.monotonic()
        if sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[note]}"),
                console=Console(stderr=True),
            )
            self._task = self._bar.add_task(self.description, total=self.total, rate="", note="")
            self._bar.start()
        return self

    def advance(self, n: int = 1, **fields: float) -> None:
        """Count `n` more steps done and show `fields` (losses, say) beside the bar."""
        self.done += n
        if fields:
            self.note = "  ".join(f"{name} {value:.3f}" for name, value in fields.items())
        now = time.monotonic()
        if self._bar is not None:
            self._bar.update(
                self._task,
                total=self.total,
                completed=self.done,
                rate=self._rate(now),
                note=self.note,
            )
        elif now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            left = (self.total - self.done) * (now - self._start) / max(self.done, 1)
            self._line(f"{self._rate(now)}, {left:.0f} s left  {self.note}")

    def skip(self, n: int) -> None:
        """Take `n` steps off, as they need no work: counted as done they would promise that the
        others go as fast."""
        self.total -= n

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        now = time.monotonic()
        if self._bar is not None:
            self._bar.stop()
        elif kind is None:
            rate = f", {self._rate(now)}" if self.images else ""
            self._line(f"in {now - self._start:.1f} s{rate}  {self.note}")

    def _rate(self, now: float) -> str:
        rate = self.done / max(now - self._start, 1e-9)
        images = f", {rate * self.images:.1f} images/s" if self.images else ""
        return f"{rate:.1f} {self.unit}/s{images}"

    def _line(self, text: str) -> None:
        line = f"{self.description}: {self.done}/{self.total} {self.unit}, {text}"
        print(line.rstrip(), file=sys.stderr, flush=True)


def track(
    items: Iterable[Item], description: str, total: int, unit: str = "images"
) -> Iterator[Item]:
    """Yield `items` while showing progress over `total` of them."""
    with Steps(total, description, unit) as steps:
        for item in items:
            yield item
            steps.advance()
