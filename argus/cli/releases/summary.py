"""What a release says of its model, `release.json`: gathered from the model's card, from the list
of the images behind it, and from the reports of the turn that promoted it.

Reports of earlier turns lack keys; what is not there is left out, never made up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from argus.cli.releases.registry import DECISION, Version
from argus.cli.repository import git_history
from argus.cli.repository.turn_commits import lineage, mapping, parsed
from argus.core import installed
from argus.core.paths import PARAMS, REPORTS
from argus.core.reports import rounded
from argus.judging.eligibility import terms
from argus.judging.scores import Scores
from argus.models import ancestry
from argus.models.ancestry import Terms
from argus.models.card import SavedCard

FORMAT = "argus-release/1"
SUMMARY, MODEL_CARD, ONNX = "release.json", "MODEL_CARD.md", "model.onnx"
"""What a release has beside the card, the weights, the list of images and the worst answers."""
LIBRARY = "argus-flywheel"
PACKAGES = ("numpy", "onnx", "onnxscript", "pillow", "safetensors", "torch")
"""Those that made the files; of training, `requirements.lock` of the commit says all."""
JUDGED = ("reason", "judge", "chosen", "protocol", "against", "witness", "level", "gain")
"""Keys of a decision that are taken over as they are."""


class Origin(NamedTuple):
    """The turn that promoted a model: its commit, number, day and message, and what it decided."""

    commit: str
    turn: int
    day: str
    message: str
    decision: Mapping[str, Any]
    evaluation: Mapping[str, Any]


def origin(version: Version) -> Origin:
    """Read from Git what the turn that registered a version says of it."""
    commit = version.commit
    params, decided = git_history.contents([f"{commit}:{PARAMS}", f"{commit}:{DECISION}"])
    decision = mapping(mapping(parsed(decided.text if decided else "")).get(version.task))
    path = REPORTS / f"evaluate/{decision.get('champion')}.json"
    (report,) = git_history.contents([f"{commit}:{path}"])
    ((day, message),) = git_history.headlines([commit])
    return Origin(
        commit,
        lineage(params.text if params else "").turn,
        day,
        message,
        decision,
        mapping(parsed(report.text if report else "")),
    )


def summarize(version: Version, saved: SavedCard, folder: Path, came: Origin) -> dict[str, Any]:
    """The content of `SUMMARY`.

    Args:
        version: of the release.
        saved: the card of the model.
        folder: where that lies, with the list of images if its card has one.
        came: which turn promoted it.
    """
    spec = saved.spec
    of = terms(saved)
    return rounded(
        {
            "format": FORMAT,
            "task": version.task,
            "version": version.text,
            "model": spec.model,
            "architecture": spec.arch,
            "resolution": list(spec.resolution),
            "classes": {name: saved.images_per_class.get(name, 0) for name in spec.classes},
            "domains": spec.domains.model_dump() if spec.domains else None,
            "weights_sha256": saved.weights_sha256,
            "lineage": {
                "commit": came.commit,
                "turn": came.turn,
                "day": came.day,
                "message": came.message,
                "warm_start": saved.warm_start,
                "ancestors": [each.turn for each in saved.trained_on if each.turn],
            },
            "training": {
                "steps": saved.steps,
                "best_step": saved.best_step,
                "parameters": saved.parameters,
                "validation": saved.validation,
                "reproducible": saved.reproducible,
            },
            "data": data(saved, folder, of),
            "commercial_use": commercial_use(of),
            "judged": judged(came),
            "software": {
                "argus": installed.release(LIBRARY),
                "packages": {name: installed.release(name) for name in PACKAGES},
                **installed.machine(),
            },
        }
    )


def data(saved: SavedCard, folder: Path, of: Mapping[str, Terms]) -> list[dict[str, Any]]:
    """What each source gave to the weights, through all warm starts: the largest share first.

    Shares are of the images behind the weights, each counted once; None if they are not known.
    """
    counts: dict[str, int] = {}
    if saved.images_sha256 is not None:
        images = ancestry.read(folder, saved.images_sha256)
        counts = dict(images.group_by("source").agg(pl.col("image_id").n_unique()).rows())
    total = sum(counts.values())
    found = [
        {
            "source": source,
            "images": counts.get(source),
            "share": counts[source] / total if source in counts else None,
            "licence": licence,
            "commercial": commercial,
        }
        for source, (licence, commercial) in of.items()
    ]
    return sorted(found, key=lambda each: (-(counts.get(str(each["source"])) or 0), each["source"]))


def commercial_use(of: Mapping[str, Terms]) -> dict[str, Any]:
    """Whether the licences of all data behind the weights allow it (None: not known of all), and
    which do not, by source."""
    forbid = ancestry.non_commercial(of)
    unknown = {source: licence for source, (licence, allows) in of.items() if allows is None}
    allowed = False if forbid else None if unknown or not of else True
    return {"allowed": allowed, "forbidden_by": forbid, "unknown_of": unknown}


def judged(came: Origin) -> dict[str, Any]:
    """By what, against what and on what the model was judged, and what was not measured.

    Its scores are those of the decision, with what `evaluate` has beside them; of a champion that
    was rolled back to or stayed, those as an incumbent.
    """
    decision, report = came.decision, came.evaluation
    found: dict[str, Any] = {key: decision[key] for key in JUDGED if decision.get(key)}
    scored = Scores.read(report)
    found["scores"] = {
        key: {"value": value}
        | ({"low": ends[0], "high": ends[1]} if (ends := scored.intervals.get(key)) else {})
        for key, value in scored.values.items()
    }
    for key in ("judges", "protocol", "baselines", "classes"):
        if report.get(key):
            found[key] = report[key]
    found["guards"] = list(decision.get("guards") or [])
    found["not_measured"] = not_measured(decision.get("not_measured") or [], found)
    return found


def not_measured(said: Sequence[str], found: Mapping[str, Any]) -> list[str]:
    """What the decision says of that, and what it shows by lacking it."""
    lacking = {
        "guards": "no guard looked at copies of training images, at content or at single classes",
        "judge": "which judges had been seen in training, and whether a second one agrees",
    }
    unknown = [
        f"{each['guard']}: {each['says']}" for each in found["guards"] if each["passed"] is None
    ]
    return [*said, *unknown, *(words for key, words in lacking.items() if not found.get(key))]


def to_text(content: Mapping[str, Any]) -> str:
    """The text of `SUMMARY`."""
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
