"""A task whose champion was rolled back by hand: the earlier one serves again, ungated."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from argus.core.errors import ArgusError
from argus.core.params import RolledBack
from argus.judging.eligibility import Eligibility
from argus.judging.gate.decide import Decision
from argus.judging.incumbents import fetch
from argus.models import card
from stages.promote.task import limited


def rolled_back(
    task: str, back: RolledBack, into: Path, eligibility: Eligibility, days: set[date]
) -> tuple[Decision, Path | None, dict[str, Any]]:
    """The decision of a task that was rolled back, the champion's folder, and what to report.

    Args:
        task: whose champion it is.
        back: to which version, and why.
        into: an empty folder, for the champions of that version's commit.
        eligibility: by what a model may be used.
        days: on which all data behind it must be free to use.

    Raises:
        ArgusError: the commit is not known, has no champion of the task, or its champions are in no
            cache or remote.
    """
    folder = fetch(back.commit, into).get(task)
    if folder is None:
        raise ArgusError(
            f"params.yaml, promote.rolled_back: commit {back.commit[:12]} has no champion for "
            f"'{task}' to go back to; `argus rollback {task}` finds one that has"
        )
    saved = card.read(folder)
    model, version = saved.spec.model, f"{task}@{back.to}"
    figures: dict[str, Any] = {"rolled_back": {"to": back.to, "because": back.because}}
    wrong = [why for day in sorted(days) for why in eligibility.objections(folder, saved, day)]
    if wrong:
        because = "; ".join(dict.fromkeys(wrong))
        reason = f"{model} of {version}, which was rolled back to, may be used no more: {because}"
        return Decision(None, False, reason), None, figures
    reason = f"rolled back to {version}, {model}: {back.because}"
    return limited(Decision(model, False, reason), folder, figures)
