"""A release's summary as a page for people, `MODEL_CARD.md`.

Its parts are those of Mitchell et al. (Model cards for model reporting, FAT* 2019): use, data,
evaluation, limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from argus.cli.releases.signature import SIGNATURE
from argus.cli.releases.summary import MODEL_CARD, ONNX, SUMMARY
from argus.cli.tables import UNKNOWN
from argus.judging import worst
from argus.judging.scores import Scores, columns, formatted, protocol_text
from argus.models.ancestry import IMAGES
from argus.models.card import CARD, WEIGHTS

YES_NO = {True: "yes", False: "no", None: "not known"}
FILES = {
    WEIGHTS: "the averaged weights, safetensors",
    ONNX: "the same network for any ONNX runtime, its card inside",
    CARD: "what was ordered, and what came of it",
    IMAGES: "SHA-256 of every image behind the weights, by source and delivery",
    SUMMARY: "this page for programs",
    worst.FILE: "the model's worst answers",
    SIGNATURE: "the signature over all of these",
}


def page(summary: Mapping[str, Any], files: Iterable[str]) -> str:
    """The page, Markdown.

    Args:
        summary: see `summary.summarize`.
        files: names of those in the release.
    """
    height, width = summary["resolution"]
    parts = [
        [f"# {summary['task']} {summary['version']}: {summary['model']}"],
        [_what(summary), _commercial(summary["commercial_use"])],
        ["## Use", *_use(summary)],
        ["## Data", *_data(summary)],
        ["## Evaluation", *_evaluation(summary["judged"])],
        ["## Limits", _bullets(_limits(summary, height, width))],
        *_failures(files),
        ["## Where it comes from", _bullets(_lineage(summary))],
        ["## Files", _files(files)],
    ]
    return "\n\n".join(text for part in parts for text in part if text) + "\n"


def _what(summary: Mapping[str, Any]) -> str:
    height, width = summary["resolution"]
    if summary["domains"]:
        ends = summary["domains"]
        does = f"Translates images of the road from {ends['source']} to {ends['target']}"
    else:
        does = f"Generates images of the road from noise, of the classes {_seen(summary)}"
    return f"{does}. {summary['architecture']}, trained at {height} x {width} px (height x width)."


def _seen(summary: Mapping[str, Any]) -> str:
    return ", ".join(name for name, count in summary["classes"].items() if count)


def _commercial(use: Mapping[str, Any]) -> str:
    if use["allowed"]:
        return "**Commercial use:** allowed by the licences of all data behind the weights."
    if use["allowed"] is None:
        unknown = _licences(use["unknown_of"]) or "the data, which its card does not name"
        return f"**Commercial use:** not known to be allowed, because of {unknown}."
    return f"**Not for commercial use,** by the licences of {_licences(use['forbidden_by'])}."


def _licences(of: Mapping[str, str]) -> str:
    return ", ".join(f"{source} ({licence})" for source, licence in of.items())


def _use(summary: Mapping[str, Any]) -> list[str]:
    if summary["domains"]:
        source, target = summary["domains"]["source"], summary["domains"]["target"]
        meant = [
            f"more {target} images for training or testing perception, from {source} images whose "
            "labels are to stay right, once that has been checked on a sample",
            f"finding out how a detector of yours changes from {source} to {target}, beside real "
            f"{target} images and never in place of them",
        ]
    else:
        meant = ["more images of conditions that a training set has few of", "load tests, demos"]
    not_for = [
        "evidence of what a real place looked like, or whether something stood there",
        "the only test of a function that safety rests on",
        "images of another kind than those of its data: other cameras, countries, conditions",
        "training its own successors: images that models made are refused as deliveries",
    ]
    return ["Meant for", _bullets(meant), "Not meant for", _bullets(not_for)]


def _data(summary: Mapping[str, Any]) -> list[str]:
    if not summary["data"]:
        return ["The card does not say which data is behind the weights."]
    rows = [
        [
            each["source"],
            UNKNOWN if each["images"] is None else str(each["images"]),
            UNKNOWN if each["share"] is None else f"{each['share']:.1%}",
            each["licence"],
            YES_NO[each["commercial"]],
        ]
        for each in summary["data"]
    ]
    classes = ", ".join(f"{name} {count}" for name, count in summary["classes"].items())
    return [
        _table(["source", "images", "share", "licence", "commercial use"], rows),
        f"All images behind the weights, through all warm starts. Of the last training, by class: "
        f"{classes}.",
    ]


def _evaluation(judged: Mapping[str, Any]) -> list[str]:
    parts = []
    if judge := judged.get("judge"):
        second = f" and, as a second opinion, {judge['witness']}" if judge.get("witness") else ""
        why = f": {judge['because']}" if judge.get("because") else ""
        parts.append(f"Judged by the features of {judge['name']}{second}{why}.")
    if protocol := judged.get("protocol"):
        parts.append(f"Scores are of {protocol_text(protocol)}.")
    if judged.get("reason"):
        parts.append(f"The decision: {judged['reason']}.")
    parts += [*_scores(judged), *_against(judged)]
    if guards := judged["guards"]:
        said = {True: "passed", False: "failed", None: "not measured"}
        rows = [[each["guard"], said[each["passed"]], each.get("says", "")] for each in guards]
        parts.append(_table(["guard", "", "what it says"], rows))
    if gain := judged.get("gain"):
        ends = f"{gain['low']:+.3g} to {gain['high']:+.3g}"
        parts.append(f"Against the champion before: {gain['difference']:+.3g} ({ends}).")
    return parts


def _scores(judged: Mapping[str, Any]) -> list[str]:
    """Tables with a row for each metric: beside the baselines, and for each class."""
    own = Scores(
        {key: each["value"] for key, each in judged["scores"].items()},
        {key: (e["low"], e["high"]) for key, e in judged["scores"].items() if "low" in e},
    )
    if not own.values:
        return ["Its scores are not known."]
    keys = columns([own], judged.get("judges") or ())
    tables = [_beside("this model", own, judged.get("baselines") or {}, keys)]
    if classes := judged.get("classes"):
        tables.append(_beside("all classes", own, classes, keys))
    return tables


def _beside(
    name: str, own: Scores, others: Mapping[str, Mapping[str, Any]], keys: Sequence[str]
) -> str:
    read = [Scores.read(scores) for scores in others.values()]
    rows = [[key, own.text(key), *(of.text(key) for of in read)] for key in keys]
    return _table(["metric", name, *(other.replace("_", " ") for other in others)], rows)


def _against(judged: Mapping[str, Any]) -> list[str]:
    rows = []
    for title in ("against", "witness"):
        for name, each in (judged.get(title) or {}).items():
            error = each.get("standard_error")
            spread = UNKNOWN if error is None else formatted("", error)
            rows.append(
                [
                    f"{name.replace('_', ' ')}{' (second opinion)' if title == 'witness' else ''}",
                    f"{each['difference']:+.3g}",
                    spread,
                    f"{each['confidence']:.1%}",
                ]
            )
    if not rows:
        return []
    header = ["compared with", "difference", "standard error", "confidence"]
    return [
        "Differences of the deciding metric, below zero where this model is nearer to the reals:",
        _table(header, rows),
    ]


def _limits(summary: Mapping[str, Any], height: int, width: int) -> list[str]:
    unseen = [name for name, count in summary["classes"].items() if not count]
    limits = [f"trained and judged at {height} x {width} px; other sizes were not looked at"]
    if unseen:
        limits.append(f"never saw {', '.join(unseen)}: answers to those classes mean nothing")
    if not summary["training"]["reproducible"]:
        limits.append("trained by wall time: the same commit does not give the same weights")
    return [*limits, *(f"not measured: {each}" for each in summary["judged"]["not_measured"])]


def _failures(files: Iterable[str]) -> list[list[str]]:
    if worst.FILE not in files:
        return []
    return [["## Worst answers", f"![the answers furthest from all held-out reals]({worst.FILE})"]]


def _lineage(summary: Mapping[str, Any]) -> list[str]:
    of, software = summary["lineage"], summary["software"]
    lines = [
        f"turn {of['turn']} of {of['day']}, commit {of['commit']}: {of['message']}",
        f"weights SHA-256 {summary['weights_sha256']}",
    ]
    if of["ancestors"]:
        lines.append(f"went on from weights of the turns at {', '.join(of['ancestors'])}")
    packages = ", ".join(f"{name} {version}" for name, version in software["packages"].items())
    lines.append(f"released by argus {software['argus']}, {software['python']}, {packages}")
    return lines


def _files(files: Iterable[str]) -> str:
    there = set(files) | {SIGNATURE, SUMMARY, MODEL_CARD}
    return _table(["file", "what"], [[name, what] for name, what in FILES.items() if name in there])


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headers, ["---"] * len(headers), *rows]
    cells = (
        " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) for line in lines
    )
    return "\n".join(f"| {line} |" for line in cells)
