"""One turn in tables: images, models, champions."""

from __future__ import annotations

import sys

from argus.cli.tables import Table
from argus.cli.turns.turn_summary import TurnSummary
from argus.data.feasibility import missing_classes
from argus.judging.scores import baselines_of, by_task, table_columns


def images(turn: TurnSummary) -> Table:
    """How many images came to which end."""
    refused = [(f"refused: {reason}", n) for reason, n in turn.refused.items()]
    lines = [
        ("in", turn.images),
        *refused,
        ("exact copies", turn.exact_copies),
        ("near-duplicates", turn.near_duplicates),
        ("embargoed between splits", turn.embargoed),
        *[("no grant for their split", n) for n in [turn.use_not_granted] if n],
        ("held out: val", turn.val),
        ("held out: test", turn.test),
        ("taken out by hand", turn.excluded),
        ("pruned", turn.pruned),
        ("selected for training", turn.selected),
    ]
    rows = [[name, str(n)] for name, n in lines]
    return Table("Images of the turn", ["images", "count"], rows, frozenset({1}))


def models(turn: TurnSummary) -> Table:
    """By task: a line per model, the best first, those without a score last, and then one per
    baseline."""
    keys = table_columns(turn.models.values())
    rows = []
    for task, competing in by_task(turn.models).items():
        rows += [
            [task, name, *(model.scores.value_text(key) for key in keys)]
            for name, model in competing.items()
        ]
        rows += [
            ["", f"baseline: {name.replace('_', ' ')}", *(scored.value_text(key) for key in keys)]
            for name, scored in baselines_of(competing).items()
        ]
    headers = ["task", "model", *(key.replace("_", "\n") for key in keys)]
    title = "Scores on the held-out reals"
    return Table(title, headers, rows, frozenset(range(2, len(headers))))


def missing(turn: TurnSummary) -> Table:
    """A line per model that failed in training or was skipped, and why."""
    rows = [
        [name, model.task, *model.missing] for name, model in turn.models.items() if model.missing
    ]
    return Table("Without a score", ["model", "task", "what became of it", "because"], rows)


def champions(turn: TurnSummary) -> Table:
    """A line per task: who serves it now, and why."""
    rows = [[task, str(made), made.reason] for task, made in turn.champions.items()]
    return Table("Champions", ["task", "champion", "because"], rows)


def show(turn: TurnSummary) -> None:
    """Print everything about one turn."""
    for table in (images(turn), models(turn), missing(turn), champions(turn)):
        if table.rows:
            table.show()
    if warning := missing_classes(turn.classes_without):
        print(warning, file=sys.stderr)
