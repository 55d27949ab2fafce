"""Whether every source may be used, today: card, consent, deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import yaml

from argus.cli.repository import git
from argus.cli.sources.presence import mend, missing
from argus.cli.sources.sources import known
from argus.cli.tables import Table
from argus.core import params
from argus.core.errors import ArgusError
from argus.core.paths import RAW
from argus.data import catalogue, manifests, rights_cards
from argus.data.deliveries import files_of
from argus.data.pulled import deliveries_known, deliveries_of, lacking, tracked
from argus.data.pulled import tracker_of as tracker_of
from argus.data.terms import unknown_deliveries

LOCK = Path("dvc.lock")


def overview(settings: params.Params) -> Table:
    """A row per source, retired ones too."""
    rows = []
    for source in known(settings.sources):
        state = "active" if source in settings.sources else "retired"
        n = count(source)
        try:
            card = rights_cards.read(source)
        except ArgusError:
            rows.append([source, "no valid card", "", "", "", "", state, n])
            continue
        until = str(card.consent.expires)
        rows.append([source, card.kind, card.owner, card.licence, card.origin, until, state, n])
    headers = ["source", "kind", "owner", "licence", "origin", "consent until", "state"]
    return Table("Sources", [*headers, "deliveries"], rows, frozenset({7}))


def count(source: str) -> str:
    """How many deliveries a source has, and how many of them are here, where that is not all."""
    every = deliveries_known(source)
    lacks = lacking(source)
    here = len(every) - len(lacks)
    return f"{len(every)}, {here or 'none'} here" if lacks else str(len(every))


def delivered(source: str) -> list[Path]:
    """The delivery folders of a source, none if it has none."""
    try:
        return deliveries_of(source)
    except ArgusError:
        return []


def findings(
    source: str, settings: params.Params, today: date, changed: Mapping[Path, str]
) -> list[str]:
    """Everything that is wrong with an active source; empty if it is in order.

    Args:
        changed: deliveries whose files are not those submitted, see `presence.altered`.
    """
    try:
        of_card = terms(rights_cards.read(source), settings, today)
    except ArgusError as error:
        of_card = [str(error)]
    return of_card + files(source, settings, changed)


def terms(card: rights_cards.RightsCard, settings: params.Params, today: date) -> list[str]:
    """Why a card keeps its deliveries out today, and what is wrong with it beside the others."""
    known = deliveries_known(card.source)
    found = passed_off(card, settings)
    if known or card.source not in settings.rendered:
        found += unknown_deliveries(card, known)
    used = [name for name in sorted(known) if not card.withdrawal(name)]
    for name in used or (None,):
        found += rights(card, name, settings.ingest, today)
    if known and not used:
        found.append(f"every delivery is withdrawn: {nothing_left(card.source)}")
    return found


def files(source: str, settings: params.Params, changed: Mapping[Path, str]) -> list[str]:
    """What is wrong with the files of a source's deliveries."""
    found = borrowed(source)
    folders = delivered(source)
    if not deliveries_known(source) and source not in settings.rendered:
        found.append(f"no delivery: {nothing_left(source)}")
    lacks = [lack for lack in lacking(source) if lack.folder not in changed]
    if lacks:
        found.append(missing(lacks, len(tracked(source))))
    broken = {*changed, *(lack.folder for lack in lacks)}
    for folder in folders:
        if folder in changed:
            found.append(f"delivery {folder.name}: {changed[folder]}. {mend([folder])}")
        for check in (manifests.read, files_of) if folder not in broken else ():
            try:
                check(folder)
            except ArgusError as error:
                found.append(str(error))
    return found + [stranger(folder) for folder in untracked(folders)]


def nothing_left(source: str) -> str:
    """What to do about a source of which no delivery is in use."""
    return (
        f"bring one in with `argus submit PATH --source {source}`, or use the source no more: "
        f"`argus source retire {source}`"
    )


def stranger(folder: Path) -> str:
    """What to do about a folder among the deliveries that is none."""
    tracker = tracker_of(folder)
    if git.attempt("cat-file", "-e", f"HEAD:./{tracker}").returncode == 0:
        return f"{tracker} is missing, so DVC lacks {folder}: `git checkout HEAD -- {tracker}`"
    return (
        f"{folder} is neither tracked by DVC nor made by a stage: move it out of {RAW} and bring "
        "it in with `argus submit`"
    )


def require_cards(settings: params.Params) -> None:
    """Raises:
    ArgusError: an active source has no valid card, its card has terms for a delivery that is not
        there, or says of rendered images that a camera took them.
    """
    found = []
    for source in settings.sources:
        card = rights_cards.read(source)
        found += passed_off(card, settings)
        if source not in settings.rendered or delivered(source):
            found += unknown_deliveries(card, deliveries_known(source))
    if found:
        raise ArgusError("\n".join(found))


def passed_off(card: rights_cards.RightsCard, settings: params.Params) -> list[str]:
    """What is wrong with the origin on the card of a source that a stage renders, if anything."""
    if card.source not in settings.rendered or card.origin == "rendered":
        return []
    return [
        f"{rights_cards.path_of(card.source)} says `origin: {card.origin}`, but '{card.source}' is "
        "on `rendered` in params.yaml: its images are rendered, so say `origin: rendered`"
    ]


def borrowed(source: str) -> list[str]:
    """What is wrong with `.dvc` files of a source that stand for something elsewhere; a line each.

    To tell whether it has changed there, DVC opens that repository as its `.dvc/config` says, and
    that can name commands to run.
    """
    return [
        f"{path} depends on what lies elsewhere (`dvc import`): a delivery is kept whole here, and "
        "the settings of another repository are not obeyed. Take it out, and bring the images in "
        "with `argus submit`, or `argus source fetch`"
        for path in sorted(RAW.glob(f"{source}/*.dvc"))
        if _depends(path)
    ]


def _depends(tracker: Path) -> bool:
    try:
        content = yaml.safe_load(tracker.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return False  # nor can DVC read it, which says so
    return isinstance(content, dict) and "deps" in content


def rights(
    card: rights_cards.RightsCard, delivery: str | None, settings: params.Ingest, today: date
) -> list[str]:
    """Why the card keeps a delivery out today, if it does; None stands for one to come."""
    reason = card.refusal(delivery, today, settings.accept_origins, settings.purposes)
    if reason is None:
        return []
    what = f"delivery {delivery}" if delivery else "all its images"
    text = f"{what}: {card.withdrawal(delivery) or catalogue.STATUSES[reason]}"
    if reason == "consent_expired":
        text = f"{what}: consent expired on {card.consent_for(delivery).expires}"
    return [text]


def unlisted(settings: params.Params) -> dict[str, list[str]]:
    """Sources with images in `data/raw` that `params.yaml` does not list, and what is wrong."""
    found: dict[str, list[str]] = {}
    for source in known(settings.sources):
        if source in settings.sources or not delivered(source):
            continue
        found[source] = []
        if not rights_cards.path_of(source).exists():
            found[source].append(
                f"images in {RAW / source}, but no rights card: `argus source add {source}`, "
                "or remove them"
            )
    return found


def untracked(folders: Iterable[Path]) -> list[Path]:
    """Those deliveries that no `.dvc` file stands for and no stage has made."""
    outputs = stage_outputs()
    return [
        folder
        for folder in folders
        if not tracker_of(folder).is_file()
        and not any(folder.is_relative_to(output) for output in outputs)
    ]


def stage_outputs() -> dict[Path, str]:
    """Paths that the pipeline's stages have written, by `dvc.lock`, and the MD5 of each."""
    if not LOCK.exists():
        return {}
    stages = yaml.safe_load(LOCK.read_text(encoding="utf-8")).get("stages") or {}
    outs = [out for stage in stages.values() for out in stage.get("outs", [])]
    return {Path(out["path"]): out.get("md5", "") for out in outs}
