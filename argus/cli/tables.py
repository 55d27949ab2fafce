"""Tables for a person, on a terminal or as Markdown."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from argus.cli.turns.turn_summary import Outcome
from argus.data.feasibility import missing_classes

IN_A_LOG = 120
UNKNOWN = "-"


@dataclass(frozen=True)
class Table:
    """Headers and rows of text; a cell may hold several lines."""

    title: str
    headers: list[str]
    rows: list[list[str]]
    numbers: frozenset[int] = frozenset()  # columns set flush right

    def markdown(self) -> str:
        """The table as Markdown, with its title as a heading."""
        rules = ["---:" if column in self.numbers else "---" for column in range(len(self.headers))]
        lines = [self.headers, rules, *self.rows]
        cells = (
            " | ".join(cell.replace("|", "\\|").replace("\n", "<br>") for cell in line)
            for line in lines
        )
        return f"# {self.title}\n\n" + "\n".join(f"| {line} |" for line in cells) + "\n"

    def show(self) -> None:
        """Print the table, wrapped to the terminal (to `IN_A_LOG` columns where there is none)."""
        table = RichTable(title=self.title, title_justify="left", show_lines=False)
        for column, header in enumerate(self.headers):
            table.add_column(
                escape(header),
                justify="right" if column in self.numbers else "left",
                overflow="fold",
            )
        for row in self.rows:
            table.add_row(*(escape(cell) for cell in row))
        console = Console()
        if not console.is_terminal:
            console = Console(width=IN_A_LOG)
        console.print(table)


def images(turn: Outcome) -> Table:
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


def models(turn: Outcome) -> Table:
    """By task: a line per model, the nearest first, those without a score last, and then one per
    floor.
    """
    keys = list(dict.fromkeys(key for score in turn.scores.values() for key in score.distances))

    def cells(distances: Mapping[str, float]) -> list[str]:
        return [f"{distances[key]:.4g}" if key in distances else UNKNOWN for key in keys]

    rows = []
    for task in sorted({score.task for score in turn.scores.values()}):
        rivals = {name: score for name, score in turn.scores.items() if score.task == task}
        ranked = sorted(rivals, key=lambda name: next(iter(rivals[name].distances.values()), inf))
        rows += [[task, name, *cells(rivals[name].distances)] for name in ranked]
        floors = next((rivals[name].beside for name in ranked if rivals[name].beside), {})
        rows += [["", f"beside: {name.replace('_', ' ')}", *cells(floors[name])] for name in floors]
    headers = ["task", "model", *(key.replace("_", "\n") for key in keys)]
    return Table("Distance to the held-out reals", headers, rows, frozenset(range(2, len(headers))))


def missing(turn: Outcome) -> Table:
    """A line per model that failed in training or was skipped, and why."""
    rows = [
        [name, score.task, *score.missing] for name, score in turn.scores.items() if score.missing
    ]
    return Table("Without a score", ["model", "task", "what became of it", "because"], rows)


def champions(turn: Outcome) -> Table:
    """A line per task: who serves it now, and why."""
    rows = [[task, str(made), made.reason] for task, made in turn.champions.items()]
    return Table("Champions", ["task", "champion", "because"], rows)


def show(turn: Outcome) -> None:
    """Print everything about one turn."""
    for table in (images(turn), models(turn), missing(turn), champions(turn)):
        if table.rows:
            table.show()
    if warning := missing_classes(turn.classes_without):
        print(warning, file=sys.stderr)
