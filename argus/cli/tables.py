"""Tables for a person, on a terminal or as Markdown."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

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
