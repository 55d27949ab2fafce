"""Going on from the weights of the turn before, where they fit."""

from __future__ import annotations

import tempfile
from pathlib import Path

from rich.console import Console
from safetensors.torch import load as load_tensors

from stages.common import lineage
from stages.common.errors import ArgusError
from stages.common.files import sha256
from stages.train import card as cards
from stages.train.architecture import Architecture
from stages.train.card import Card
from stages.train.weights import mismatch

TRAINED = Path("models/trained")
SAME = ("arch", "resolution", "classes", "domains")
"""What must stand on both cards; of the configs only what gives the networks their shapes."""


def start(architecture: Architecture, card: Card, previous: str | None) -> str | None:
    """Put the weights of the same model of an earlier turn into an architecture, if they fit.

    All its networks: a fresh discriminator would soon undo a generator that has learnt. Optimisers
    and schedules begin anew. A line on stderr says what was done, or why not.

    Args:
        architecture: newly built.
        card: what is known of the model to be trained.
        previous: commit of the turn, 40 hexadecimal digits; None if there was none.

    Returns:
        The commit if its weights are in, None if the architecture is as it was.

    Raises:
        ArgusError: that turn had such a model, and it cannot be fetched: what a training starts
            from must not depend on what a cache happens to hold.
    """
    with tempfile.TemporaryDirectory() as scratch:
        reason = _take_over(architecture, card, previous, Path(scratch))
    how = f"with fresh weights, since {reason}" if reason else f"where turn {previous} left it"
    said = f"train {card.model}: begins {how}"
    Console(stderr=True, soft_wrap=True).print(said, highlight=False, markup=False)
    return None if reason else previous


def _take_over(
    architecture: Architecture, card: Card, previous: str | None, scratch: Path
) -> str | None:
    """Why the weights were not taken over; None if they were."""
    if previous is None:
        return "there is no turn before"
    folder = lineage.fetch_if_any(TRAINED / card.model, previous, scratch)
    if folder is None:
        return "the turn before trained no model of this name"
    try:
        before = cards.read(folder)
    except ArgusError:
        return "the turn before wrote its card in another way"
    if before.failed is not None:
        return "it failed in the turn before"
    for field in SAME:
        ours, theirs = getattr(card, field), getattr(before, field)
        if ours != theirs:
            return f"in the turn before its {field} differed ({_brief(theirs)}, not {_brief(ours)})"
    path = folder / cards.NETWORKS
    if not path.exists():
        return "the turn before kept only what samples"
    if sha256(path) != before.networks_sha256:
        raise ArgusError(
            f"{TRAINED / card.model / cards.NETWORKS} of turn {previous[:10]} is damaged (its hash "
            "is not the one on its card): set train.warm_start: false in params.yaml for fresh ones"
        )
    weights = load_tensors(path.read_bytes())
    differing = mismatch(architecture, weights)
    if differing:
        return f"its networks had another shape in the turn before (first {differing})"
    architecture.load_state_dict(weights, strict=False)  # all but the pools, see `mismatch`
    return None


def _brief(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return str(value)
