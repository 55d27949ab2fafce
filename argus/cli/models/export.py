"""Export of a trained model as one ONNX file."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from argus.cli.repository import storage
from argus.cli.sources.dvc_index import stage_outputs
from argus.cli.terminal import require_target
from argus.core import params, reports
from argus.core.errors import ArgusError
from argus.core.paths import CHAMPIONS, TRAINED
from argus.data.pulled import deliveries_known
from argus.judging.eligibility import Eligibility, terms
from argus.models import ancestry, card
from argus.models.card import CARD
from argus.models.export import OUTPUT, inputs, to_onnx
from argus.models.inference import Generator, Translator
from argus.models.loading import load

SUFFIX = ".onnx"
LICENCES, NON_COMMERCIAL = "licences", "non_commercial"
"""Keys of the file's metadata, JSON: all licences by source; those that forbid commercial use."""


def export(name: str, to: Path, today: date) -> list[str]:
    """Write the champion of a task, or a trained model, to one file; an older one is replaced.

    Args:
        name: a task or, where no task is called so, a model.
        to: a path that ends in `.onnx`; folders on the way are made.
        today: the day on which all data behind the model must be free to use.

    Returns:
        Lines that say what was written, how to feed it, and what it may not be used for.

    Raises:
        ArgusError: nothing of that name is there, it has no weights, it rests on what may not be
            used, or the file cannot be written.
    """
    require_target(to, SUFFIX, "an ONNX file")
    folder = find(name)
    saved = card.read(folder)
    if not saved.without_weights:
        require_free(folder, saved, today)
    model = load(folder)
    if not isinstance(model, Generator | Translator):
        raise ArgusError(f"{folder} holds neither a generator nor a translator: it has no export")
    of = terms(saved)
    licences = {source: licence for source, (licence, _) in of.items()}
    limits = ancestry.non_commercial(of)
    unknown = {source: licence for source, (licence, allows) in of.items() if allows is None}
    about = {LICENCES: json.dumps(licences), NON_COMMERCIAL: json.dumps(limits)}
    try:
        to_onnx(model, to, about)
    except OSError as error:
        raise ArgusError(f"{to} cannot be written: {error.strerror}") from None
    what = f"model '{model.card.spec.model}' from {folder}"
    lines = [f"{to}: {what}, {to.stat().st_size / 1e6:.1f} MB"]
    lines += [f"  in   {each.name}: {each.meaning}" for each in inputs(model)]
    lines += [f"  out  {OUTPUT}: float32 [n, 3, height, width], RGB; clip to [-1, 1]"]
    if limits:
        lines += [f"for non-commercial use only, by the licences of {ancestry.named(limits)}"]
    if unknown:
        lines += [
            f"not known whether {ancestry.named(unknown)} may be used commercially: read the "
            "terms, and say `commercial: true` or `false` on the rights card"
        ]
    return lines


def require_free(folder: Path, saved: card.SavedCard, today: date) -> None:
    """Raises:
    ArgusError: the model in a folder rests on what may not be used today; with what that is.
    """
    settings = params.load()

    def delivered(source: str, delivery: str) -> bool:
        # what the pipeline renders may not be here until it has run
        return source in settings.rendered or delivery in deliveries_known(source)

    withdrawn = {each.sha256: each.reason for each in settings.ingest.withdrawn}
    eligibility = Eligibility(settings.sources, withdrawn, delivered)
    objections = eligibility.objections(folder, saved, today)
    if objections:
        listed = "".join(f"\n  - {each}" for each in objections)
        raise ArgusError(
            f"model '{saved.spec.model}' from {folder} rests on what may not be used "
            f"today:{listed}\nIt does not leave. `argus turn` trains without such data, and takes "
            "the slot from a champion that rests on it"
        )


def find(name: str) -> Path:
    """The folder of a task's champion or of a trained model.

    Raises:
        ArgusError: there is neither; with what there is.
    """
    for parent in (CHAMPIONS, TRAINED):
        if name in names(parent):
            return parent / name
    if why := without_champion(name):
        raise ArgusError(f"task '{name}' has no champion: {why}")
    there = [
        f"{what} {', '.join(names(parent))}"
        for what, parent in (("champions of", CHAMPIONS), ("models", TRAINED))
        if names(parent)
    ]
    known = "there are " + " and ".join(there) if there else "nothing has been trained here yet"
    absent = {out: md5 for out, md5 in stage_outputs().items() if _is_absent(out)}
    if absent:
        what = " ".join(map(str, absent))
        bring = storage.bring(storage.cached(absent.values()), what)
        known = f"{f'{known}, and ' if there else ''}the turn's {what} are not here. {bring}"
    raise ArgusError(f"no champion of a task and no model is called {name!r}: {known}")


def without_champion(task: str) -> str | None:
    """Why nobody serves a task, by the last decision; None if that knows no such task."""
    try:
        decided = reports.read("promote/decision").get(task)
    except ArgusError:  # nothing was decided here yet
        return None
    return decided["reason"] if decided and decided["champion"] is None else None


def _is_absent(out: Path) -> bool:
    """Whether an output of a stage is models, and not here."""
    return out.is_relative_to(TRAINED.parent) and not (out.is_dir() and any(out.iterdir()))


def names(parent: Path) -> list[str]:
    """Folders with a model's card in them."""
    return sorted(path.parent.name for path in parent.glob(f"*/{CARD}"))
