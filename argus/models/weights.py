"""Weights as they are taken out of an architecture, and put back into a new one."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from argus.models.pool import ImagePool

Weights = dict[str, Tensor]


def raw(architecture: nn.Module) -> Weights:
    """All that an architecture has learnt: every network as it trains, discriminators included.

    What it merely remembers, its pools of past fakes, is left out.
    """
    pools = tuple(
        f"{name}." for name, part in architecture.named_modules() if isinstance(part, ImagePool)
    )
    state = architecture.state_dict()
    return {name: tensor for name, tensor in state.items() if not name.startswith(pools)}


def copied(weights: Mapping[str, Tensor]) -> Weights:
    """Copies in the computer's own memory, safe from the next step."""
    return {name: tensor.detach().cpu().clone().contiguous() for name, tensor in weights.items()}


def mismatch(architecture: nn.Module, weights: Mapping[str, Tensor]) -> str | None:
    """The first tensor that an architecture and what `raw` took from another do not share.

    None if names and shapes are all the same.
    """
    ours = {name: tensor.shape for name, tensor in raw(architecture).items()}
    theirs = {name: tensor.shape for name, tensor in weights.items()}
    differing = [n for n in sorted({*ours, *theirs}) if ours.get(n) != theirs.get(n)]
    return differing[0] if differing else None
