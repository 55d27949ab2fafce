"""Write the drives of the demo as deliveries, with one of every kind of bad file among them.

Layout of a delivery: `<condition>/<drive>/<frame>.jpg` and `delivery.yaml`. Twins lie apart
from all deliveries, since they are no data but answers: see data/twins/README.md.
"""

import hashlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

from PIL import Image

from argus.core import interrupts
from argus.core.errors import ArgusError
from argus.core.params import Demo
from argus.core.progress import Steps
from argus.data import manifests
from argus.data.manifests import Manifest
from stages.demo.draw import prepare, render
from stages.demo.world import CONDITIONS, Drive, build

QUALITY = 90  # of the JPEG files
FIRST = datetime(2026, 1, 5, 8, tzinfo=UTC)
WEEKS = ("2026-w01", "2026-w02", "2026-w03")  # names of the deliveries, a week apart
LAPSED = "lapsed"  # the delivery whose consent has run out, see data/sources/demo.yaml
LAPSED_AT = datetime(2025, 12, 1, 8, tzinfo=UTC)
COPIES = 3  # exact copies of older frames in every later delivery


def plan(settings: Demo) -> dict[str, list[Drive]]:
    """The drives of each delivery; the drives of a condition go round the deliveries.

    Raises:
        ArgusError: a condition that the demo cannot render, or too few drives of one for every
            delivery to have it.
    """
    twins = {*settings.twins, *settings.twins.values()}
    for name, asked in (("drives", set(settings.drives)), ("twins", twins)):
        if unknown := sorted(asked - set(CONDITIONS)):
            raise ArgusError(
                f"params.yaml, demo.{name}: unknown condition {', '.join(unknown)}; "
                f"the demo renders {', '.join(CONDITIONS)}"
            )
    few = sorted(c for c, count in settings.drives.items() if count < len(WEEKS))
    if few:
        raise ArgusError(
            f"params.yaml, demo.drives: {', '.join(few)} needs at least {len(WEEKS)} drives, "
            "one for each delivery"
        )
    deliveries: dict[str, list[Drive]] = {week: [] for week in WEEKS}
    for condition in CONDITIONS:
        for number in range(settings.drives.get(condition, 0)):
            drive = Drive(settings.seed, condition, number, settings.frames, settings.size)
            deliveries[WEEKS[number % len(WEEKS)]].append(drive)
    return deliveries


def encode(drive: Drive, condition: str | None = None) -> list[bytes]:
    """The frames of a drive as JPEG files; with a condition, those of its twin."""
    world = build(drive, condition)
    scenery = prepare(world)
    return [jpeg(Image.fromarray(render(world, scenery, k))) for k in range(drive.frames)]


def encode_twins(drive: Drive, condition: str | None) -> list[bytes]:
    """The twins of a drive's frames in a condition, at half the size; None: there are none."""
    height, width = drive.size
    half = (max(1, height // 2), max(1, width // 2))
    return [] if condition is None else encode(replace(drive, size=half), condition)


def jpeg(image: Image.Image) -> bytes:
    """An image as the bytes of a JPEG file."""
    stream = BytesIO()
    image.save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


def deliver(settings: Demo, home: Path, home_of_twins: Path, workers: int) -> int:
    """Render everything that `settings` asks for into the folder `home`, and twins into
    `home_of_twins`, with `workers` processes.

    The bytes do not depend on `workers`. Returns the number of rendered frames, twins aside.
    """
    deliveries = plan(settings)
    drives = [drive for week in WEEKS for drive in deliveries[week]]
    places = [home / w / d.condition / d.name for w in WEEKS for d in deliveries[w]]
    lapsed = Drive(settings.seed, CONDITIONS[0], len(drives), 1, settings.size)
    total = len(drives) * settings.frames + 1
    with (
        interrupts.ending(ProcessPoolExecutor(workers, mp_context=get_context("spawn"))) as pool,
        Steps(total, "rendering") as steps,
    ):
        with interrupts.unheard():
            rendered = pool.map(encode, [*drives, lapsed])
            conditions = [settings.twins.get(drive.condition) for drive in drives]
            twins = pool.map(encode_twins, drives, conditions)
        home_of_twins.mkdir(parents=True)
        for place, files, condition, answers in zip(
            places,
            rendered,  # one more: the lapsed one, which is left for below
            conditions,
            twins,
            strict=False,
        ):
            for number, content in enumerate(files):
                _write(place / f"{number:04d}.jpg", content)
            for content, answer in zip(files, answers, strict=False):
                image_id = hashlib.sha256(content).hexdigest()
                _write(home_of_twins / f"{image_id}.{condition}.jpg", answer)
            steps.advance(len(files))
        _write(
            home / LAPSED / lapsed.condition / "planted" / "expired-consent.jpg", *next(rendered)
        )
        steps.advance()
    _plant(home, deliveries)
    for number, week in enumerate(WEEKS):
        _describe(home / week, FIRST + timedelta(weeks=number))
    _describe(home / LAPSED, LAPSED_AT)
    return total


def _plant(home: Path, deliveries: dict[str, list[Drive]]) -> None:
    """Put the bad files in: each has a name that tells what it is."""
    for older, newer in pairwise(WEEKS):
        for drive in deliveries[older][:: max(1, len(deliveries[older]) // COPIES)][:COPIES]:
            frame = drive.frames // 2
            original = home / older / drive.condition / drive.name / f"{frame:04d}.jpg"
            copy = f"exact-copy-of-{drive.name}-{frame:04d}.jpg"
            _write(home / newer / drive.condition / "planted" / copy, original.read_bytes())
    drive = deliveries[WEEKS[-1]][0]
    whole = (home / WEEKS[-1] / drive.condition / drive.name / "0000.jpg").read_bytes()
    place = home / WEEKS[-1] / drive.condition / "planted"
    _write(place / "truncated.jpg", whole[: len(whole) * 3 // 5])
    _write(place / "text-file.jpg", b"This is not an image, whatever its name says.\n")
    _write(place / "thumbnail-20x20.jpg", jpeg(Image.open(BytesIO(whole)).resize((20, 20))))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _describe(folder: Path, received_at: datetime) -> None:
    """Write the manifest of a delivery."""
    manifest = Manifest(
        delivery=folder.name, received_at=received_at, label_from="dirs", sequence_from="dirs"
    )
    manifests.write(folder, manifest)
