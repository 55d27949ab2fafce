"""What a delivery consists of before it is copied: files, and what is known about each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Item:
    """An image to deliver.

    `file` is where it lies now, `path` its name inside the delivery (relative, with `/`), `label`
    its condition (day, night, fog, ...), `sequence` its drive or clip without the source's name,
    `captured_at` the camera's clock without a zone; None for what is not known.
    """

    file: Path
    path: str
    label: str | None = None
    sequence: str | None = None
    captured_at: datetime | None = None
