"""What a delivery consists of before it is copied: files, and what is known about each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # whoever only lists files need not wait for pydantic and polars
    from argus.data.manifests import Placement


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

    @property
    def has_metadata(self) -> bool:
        """Whether anything is known of it beyond its name."""
        return (self.label, self.sequence, self.captured_at) != (None, None, None)


@dataclass(frozen=True)
class Batch:
    """What is to become one delivery, and where its labels and sequences stand (see `Manifest`).

    `index`: in the items, so they are written down with the images; `dirs`: in the folders of
    their paths; `none`: nowhere. `rendered`: the images are known not to be as a camera took them.
    `imported`: what the `.dvc` file of the delivery is to say of where it was fetched from.
    """

    items: Sequence[Item]
    label_from: Placement = "index"
    sequence_from: Placement = "index"
    rendered: bool = False
    imported: Mapping[str, str] | None = None


Importer = Callable[[Path], Batch]
"""What brings images in. It is called once, when the source has been admitted, with an empty
folder in which it may leave files of its own making (frames of a clip); that folder is gone when
the delivery has been copied. It raises ArgusError where what it was pointed at does not fit."""
