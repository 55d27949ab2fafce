"""`reports/turn.html`: the story of the turn in one file that asks no host for anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from argus.core.errors import printable
from argus.judging.wanted import Wanted
from stages.report import words
from stages.report.arrivals import Ending, Group, Refusal, Source
from stages.report.changes import Changes
from stages.report.curation import Chosen, ClassRow
from stages.report.gain_curves import GainCurve
from stages.report.thumbnails import Thumbnail
from stages.report.training import Trained
from stages.report.verdicts import Verdict

TEMPLATES = Path(__file__).parent / "html"


@dataclass(frozen=True)
class Story:
    """Everything that the page tells, each part made by the module named after it."""

    turn: int
    message: str
    day: date
    counts: Mapping[str, int]
    refused: int
    sources: list[Source]
    refusals: list[Refusal]
    doubts: list[tuple[str, str, int]]
    groups: list[Group]
    copies: Mapping[str, int]
    classes: list[ClassRow]
    chosen: list[Chosen]
    left_out: list[Thumbnail]
    isolated: list[Thumbnail]
    pruning: Mapping[str, Any]
    models: list[Trained]
    champions: list[Trained]
    verdicts: list[Verdict]
    gains: list[GainCurve]
    changes: Changes | None
    wanted: Wanted
    examples: Mapping[str, Thumbnail]
    endings: list[Ending]


def environment() -> jinja2.Environment:
    """The templates of `html/`: whatever is put into one is escaped, and a name that one is not
    given is an error."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(
        name=name,
        count=words.count,
        day=words.day,
        why=words.WHY.get,
        share=words.share,
        listed=words.listed,
        plain=printable,
    )
    return found


def name(text: object) -> Markup:
    """A name that somebody else chose: escaped, characters that turn the direction of writing made
    visible, and kept from turning the text around it."""
    return Markup("<bdi>{}</bdi>").format(printable(str(text)))


def document(story: Story) -> str:
    """The page as HTML."""
    style = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))  # noqa: S704 - our own
    text = environment().get_template("turn.html.jinja").render(vars(story), style=style)
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip()) + "\n"
