"""What comes in at which turn of the trial."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

CARDS = Path(__file__).parent / "cards"
DUSK = "0001TP_1hz"  # the one drive of CamVid that is not by day

KNOBS = {"split.seed": "4", "split.val": "0.2", "split.test": "0.25"}
"""What params.yaml says otherwise in the trial. Nights are scarce: with this seed, one of 24 that
were looked at, by counts only, 26 distinct ones train, 8 choose the weights and 10 judge."""


class Delivery(NamedTuple):
    """A folder to submit; `arrange` lays it out as <label>/<sequence>/ where it does not lie so."""

    source: str
    folder: str  # below the data folder
    options: tuple[str, ...] = ()
    arrange: Callable[[str], str] | None = None  # sequence to label


class Turn(NamedTuple):
    """One turn of the trial."""

    message: str
    deliveries: tuple[Delivery, ...]


LABELS = ("--label-from", "dirs")
DRIVES = (*LABELS, "--sequence-from", "dirs")

TURNS = (
    Turn(
        "webcams by day and night, and Cambridge drives",
        (
            Delivery("amos", "amos_daynight/training", LABELS),
            Delivery("amos", "amos_daynight/test", LABELS),
            Delivery(
                "camvid",
                "camvid_sequences",
                DRIVES,
                lambda sequence: "dusk" if sequence == DUSK else "day",
            ),
        ),
    ),
    Turn(
        "Californian highways, with copies of their own frames",
        (Delivery("carnd", "carnd_california", DRIVES, lambda _: "day"),),
    ),
    Turn(
        "a client's unlabelled upload from Lahore, and a drive in fog",
        (
            Delivery("lums", "client_lums_lahore"),
            Delivery("radiate", "adverse_weather", DRIVES, lambda _: "fog"),
        ),
    ),
)


def missing(data: Path) -> list[Path]:
    """The folders of the trial that are not there."""
    folders = [data / delivery.folder for turn in TURNS for delivery in turn.deliveries]
    return [folder for folder in folders if not folder.is_dir()]


def arranged(delivery: Delivery, data: Path, scratch: Path) -> Path:
    """The folder to submit: as published, or a copy as <label>/<sequence>/ below `scratch`."""
    published = data / delivery.folder
    if delivery.arrange is None:
        return published
    laid_out = scratch / delivery.source
    for sequence in sorted(path for path in published.iterdir() if path.is_dir()):
        shutil.copytree(sequence, laid_out / delivery.arrange(sequence.name) / sequence.name)
    return laid_out
