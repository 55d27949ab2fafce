"""Warm start: from the weights of the turn before, where they fit."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console

from argus.core import lineage
from argus.core.errors import ArgusError
from argus.core.files import sha256
from argus.core.paths import TRAINED
from argus.data.packed import ORIGIN, Rights
from argus.models import ancestry
from argus.models import card as cards
from argus.models.ancestry import Generation
from argus.models.architecture import Architecture
from argus.models.card import Card
from argus.models.weights import mismatch, read


@dataclass(frozen=True)
class Start:
    """How a training begins: with the weights of `turn`, or (None) with fresh ones and a reason.

    `images` are those behind the weights that were taken over (`ORIGIN`), `generations` says
    from which trainings they come, and `features_seen` what those saw, see `Card.features_seen`.
    """

    turn: str | None
    reason: str | None
    generations: tuple[Generation, ...]
    images: pl.DataFrame
    features_seen: tuple[str, ...] = ()

    def on_card(self, own: Generation, rights: Rights) -> dict[str, Any]:
        """The fields of the card that this decides."""
        return {
            "warm_start": self.turn,
            "cold_start": self.reason,
            **ancestry.on_card([own, *self.generations], rights),
        }


class _UnfitError(Exception):
    """Why weights are not gone on from."""


def start(architecture: Architecture, card: Card, previous: str | None, rights: Rights) -> Start:
    """Put the weights of the same model of an earlier turn into an architecture, if they fit and
    all data behind them may still train.

    All its networks: a fresh discriminator would soon undo a generator that is trained. Optimizers
    and schedules begin anew. A line on stderr says what was done, or why not.

    Args:
        architecture: newly built.
        card: what is known of the model to be trained.
        previous: commit of the turn, 40 hexadecimal digits; None if there was none.
        rights: of today.

    Raises:
        ArgusError: that turn had such a model, and it cannot be fetched: what a training starts
            from must not depend on what a cache happens to hold.
    """
    with tempfile.TemporaryDirectory() as scratch:
        try:
            began = _take_over(architecture, card, previous, rights, Path(scratch))
        except _UnfitError as unfit:
            began = Start(
                None, str(unfit), (), pl.DataFrame(schema=dict.fromkeys(ORIGIN, pl.String))
            )
    how = f"where turn {previous} left it"
    if began.reason:
        how = f"with fresh weights, since {began.reason}"
    said = f"train {card.spec.model}: begins {how}"
    Console(stderr=True, soft_wrap=True).print(said, highlight=False, markup=False)
    return began


def _take_over(
    architecture: Architecture, card: Card, previous: str | None, rights: Rights, scratch: Path
) -> Start:
    """Raises:
    _UnfitError: the weights were not taken over.
    """
    if previous is None:
        raise _UnfitError("there is no turn before")
    folder = lineage.fetch_if_any(TRAINED / card.spec.model, previous, scratch)
    if folder is None:
        raise _UnfitError("the turn before trained no model of this name")
    try:
        before = cards.read(folder)
    except ArgusError:
        raise _UnfitError("the turn before wrote its card in another way") from None
    if before.without_weights:
        became = "was skipped" if before.skipped is not None else "failed"
        raise _UnfitError(f"it {became} in the turn before")
    if field := card.spec.other_networks(before.spec):
        ours, theirs = (_brief(getattr(each.spec, field)) for each in (card, before))
        raise _UnfitError(f"in the turn before its {field} differed ({theirs}, not {ours})")
    path = folder / cards.NETWORKS
    if not path.exists():
        raise _UnfitError("the turn before kept only what samples")
    if sha256(path) != before.networks_sha256:
        raise ArgusError(
            f"{TRAINED / card.spec.model / cards.NETWORKS} of turn {previous[:10]} is damaged "
            "(its hash is not the one on its card): set train.warm_start: false in params.yaml for "
            "fresh ones"
        )
    objections = ancestry.objections(
        folder, before.images_sha256, rights.objections, rights.withdrawn
    )
    if before.images_sha256 is None or objections:
        raise _UnfitError(f"what it learnt may not be gone on from: {'; '.join(objections)}")
    weights = read(path, before.identity())
    differing = mismatch(architecture, weights)
    if differing:
        shape = f"its networks had another shape in the turn before (first {differing})"
        raise _UnfitError(shape)
    architecture.load_state_dict(weights, strict=False)  # all but the pools, see `mismatch`
    left = [each.model_copy(update={"turn": previous}) for each in before.trained_on[:1]]
    generations = (*left, *before.trained_on[1:])
    images = ancestry.read(folder, before.images_sha256)
    return Start(previous, None, generations, images, before.features_seen)


def _brief(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return str(value)
