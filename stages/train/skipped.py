"""What is left of a model that cannot be trained and judged on the images that there are.

All that a training leaves, so that DVC counts the stage as done, but no weights. It needs no torch.
"""

from __future__ import annotations

from typing import Any

from rich.console import Console

from argus.core.files import remove
from argus.models import card as cards
from stages.train.order import Order
from stages.train.outputs import complete


def skip(order: Order, why: str) -> None:
    """Write the card and the reports of a model that is skipped, and say so.

    Args:
        why: see `argus.data.feasibility.obstacle`.
    """
    card = order.card(order.settings.processes)
    update: dict[str, Any] = {"skipped": why, "trained_on": (), "non_commercial": {}}
    cards.save(order.trained, card.model_copy(update=update), {}, {}, None)
    remove(order.reports)
    complete(order.reports, {"skipped": why})
    remove(order.cache)
    said = f"model '{order.name}': {why}. The turn goes on without it"
    console = Console(stderr=True, soft_wrap=True)
    console.print("[bold yellow]skipped:[/]", end=" ")
    console.print(said, highlight=False, markup=False)
