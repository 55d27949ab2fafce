"""A contest between models that are known by what they answer, judged as a turn judges its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from argus.core import params, reports
from argus.core.files import remove
from argus.core.paths import EVALUATED, TRAINED
from argus.features.backbone import Backbone
from argus.judging.eligibility import Eligibility
from argus.judging.gate.decide import Decision
from argus.models import card as cards
from argus.models import loading
from argus.models.inference import Generator, Translator
from stages.evaluate import __main__ as evaluate
from stages.promote.task import Standing, decide
from tests.evaluate.world import leave, settings

DAY2NIGHT = params.Domains(source="day", target="night")
INCUMBENTS = Path("incumbents")
TODAY = date(2026, 3, 1)

Drawing = Callable[[Sequence[str]], np.ndarray]
"""Of the classes that are asked for, M names, as many images."""
Translation = Callable[[np.ndarray], np.ndarray]
"""Of images their translations."""


class Drawer(Generator):
    """A generator that draws what it is told to."""

    def __init__(self, folder: Path, draw: Drawing) -> None:
        self.card, self.draw = cards.read(folder), draw

    def sample(self, labels, seed):  # noqa: ARG002 - the interface of a generator
        return self.draw(labels)


class Painter(Translator):
    """A translator that paints what it is told to."""

    def __init__(self, folder: Path, paint: Translation) -> None:
        self.card, self.paint = cards.read(folder), paint

    def translate(self, images):
        return self.paint(images)


@dataclass(frozen=True)
class Contest:
    """Models of one task by what they answer, and the judges.

    `domains` are those of translators. `recipes` names the recipe of a model that repeats one,
    `seen` the judges that a model has seen in training, by name.
    """

    monkeypatch: pytest.MonkeyPatch
    judges: Mapping[str, Backbone]
    domains: params.Domains | None = None
    draws: int = 1

    def decided(
        self,
        challengers: Mapping[str, Callable[..., np.ndarray]],
        incumbent: Callable[..., np.ndarray] | None = None,
        before: Mapping[str, Any] | None = None,
        recipes: Mapping[str, str] | None = None,
        seen: Mapping[str, tuple[str, ...]] | None = None,
    ) -> tuple[Decision, dict[str, Any]]:
        """The decision, with the figures as `decision.json` has them.

        The incumbent is called "old" and `before` is the decision by which it came to serve, or
        stayed.
        """
        models = {**challengers, **({"old": incumbent} if incumbent else {})}
        kind = Drawer if self.domains is None else Painter
        self.monkeypatch.setattr(loading, "load", lambda folder: kind(folder, models[folder.name]))
        p = self._settings(challengers, recipes or {})
        for place, name in enumerate(models):
            folder = INCUMBENTS / name if name == "old" else TRAINED / name
            of_model = (seen or {}).get(name, ())
            leave(folder, task="task", domains=self.domains, kid=place / 10, features_seen=of_model)
        for name in challengers:
            (EVALUATED / name).mkdir(parents=True)
            scored = evaluate.scored(name, p, EVALUATED / name)
            reports.metrics(f"evaluate/{name}", scored.report())
        standing = Standing.of(
            INCUMBENTS / "old" if incumbent else None, before or {}, p.promote.confidence
        )
        eligibility = Eligibility(("fleet",), {}, lambda *_: True)
        decision, _, figures = decide("task", p, standing, self.judges, eligibility, TODAY)
        reports.metrics("promote/decision", {"task": figures})
        return decision, reports.read("promote/decision")["task"]

    def clear(self) -> None:
        """Take all models away, for another contest."""
        for folder in (TRAINED, EVALUATED, INCUMBENTS):
            remove(folder)

    def _settings(
        self, challengers: Mapping[str, object], recipes: Mapping[str, str]
    ) -> params.Params:
        p = settings(dict.fromkeys(challengers, "task"), self.domains)
        models = {
            name: model.model_copy(update={"seed": place, "recipe": recipes.get(name)})
            for place, (name, model) in enumerate(p.models.items())
        }
        scored = p.evaluate.model_copy(update={"draws": self.draws})
        return p.model_copy(update={"models": models, "evaluate": scored})
