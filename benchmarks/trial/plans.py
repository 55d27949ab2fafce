"""What comes in at which turn of a trial."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

CARDS = Path(__file__).parent / "cards"
DUSK = "0001TP_1hz"  # the one drive of CamVid that is not by day


class Delivery(NamedTuple):
    """A folder to submit; `arrange` lays it out as <label>/<sequence>/ where it does not lie so."""

    source: str
    folder: str  # below the data folder
    options: tuple[str, ...] = ()
    arrange: Callable[[str], str] | None = None  # sequence to label


class Turn(NamedTuple):
    """One turn of a trial."""

    message: str
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True)
class Plan:
    """The turns of a trial. `copied`: a drive that consists of copies, and how many they are;
    `full_rate`: a drive at the frame rate of its camera."""

    turns: tuple[Turn, ...]
    copied: tuple[str, int] | None = None
    full_rate: str | None = None

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """All deliveries of all turns."""
        return tuple(delivery for turn in self.turns for delivery in turn.deliveries)


LABELS = ("--label-from", "dirs")
DRIVES = (*LABELS, "--sequence-from", "dirs")

CAMBRIDGE = Delivery(
    "camvid",
    "camvid_sequences",
    DRIVES,
    lambda sequence: "dusk" if sequence == DUSK else "day",
)
CALIFORNIA = Delivery("carnd", "carnd_california", DRIVES, lambda _: "day")
WEBCAMS = Delivery("amos", "amos_daynight/training", LABELS)
LAHORE = Delivery("lums", "client_lums_lahore")
FOG = Delivery("radiate", "adverse_weather", DRIVES, lambda _: "fog")
TRIPS = Delivery("bdd", "bdd_daynight", DRIVES)

PLANS = {
    "full": Plan(
        turns=(
            Turn(
                "Cambridge drives, and Californian highways with copies of their own frames",
                (CAMBRIDGE, CALIFORNIA),
            ),
            Turn(
                "webcams by day and night, a client's unlabelled upload from Lahore, fog",
                (WEBCAMS, LAHORE, FOG),
            ),
            Turn("743 trips in the United States, by day and by night", (TRIPS,)),
        ),
        copied=("carnd/solidWhiteRight_2p5fps", 23),
        full_rate="carnd/solidWhiteRight_25fps",
    ),
    "ordinary": Plan(
        turns=(
            Turn("Cambridge drives", (CAMBRIDGE,)),
            Turn("webcams by day and night", (WEBCAMS,)),
            Turn("743 trips in the United States, by day and by night", (TRIPS,)),
        )
    ),
}
"""By the name in `--plan`. `full`: what gives every part of the loop something to do. `ordinary`:
one source after the other, as somebody would begin."""


def missing(plan: Plan, data: Path) -> list[Path]:
    """The folders of a plan that are not there."""
    folders = [data / delivery.folder for delivery in plan.deliveries]
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
