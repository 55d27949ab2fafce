"""What earlier versions wrote beside and into weights, read as this version writes it.

Nothing here needs torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argus.models.spec import Spec

CONFIG_FIELDS: Mapping[str, Mapping[str, str]] = {
    "fastgan": {
        "pace": "discriminator_lr_multiplier",
        "judge_widths": "discriminator_widths",
        "judge_reach": "discriminator_reach",
    },
    "r3gan": {"pace": "discriminator_lr_multiplier"},
    "sngan": {"pace": "discriminator_lr_multiplier", "turns": "discriminator_steps"},
}
"""By architecture: fields of configs on cards without a spec -> what they are called now."""

NETWORKS: Mapping[str, Mapping[str, str]] = {
    "cut": {"judge.": "discriminator."},
    "cyclegan": {
        "judge_source.": "discriminator_source.",
        "judge_target.": "discriminator_target.",
    },
    "fastgan": {
        "discriminator.judge.": "discriminator.head.",
        "discriminator.judge_small.": "discriminator.head_small.",
    },
    "sngan": {"discriminator.judge.": "discriminator.head."},
}
"""By architecture: prefixes of tensors in files without an identity -> what they are called now."""


FEATURES_SEEN = ("efficientnet", "inception")
"""Assumed of cards that do not name the features that their training saw: all backbones that there
were when the last such card was written. By which of them a checkpoint was selected no card said,
and to assume one too few would let a judge flatter a model."""


def card_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `card.json` as `SavedCard` has them.

    Cards once had no spec: its fields stood among the others. The first ones also named the
    licences of a model's own images alone; they are dropped, and what is behind its weights is
    unknown. What features a training saw is later than the spec, see `FEATURES_SEEN`.
    """
    fields = {"features_seen": FEATURES_SEEN, **fields}
    if "spec" in fields:
        return fields
    ordered = {name: fields[name] for name in Spec.model_fields if name in fields}
    renamed = CONFIG_FIELDS.get(ordered.get("arch", ""), {})
    if isinstance(config := ordered.get("config"), dict):
        ordered["config"] = {renamed.get(name, name): value for name, value in config.items()}
    became = {n: value for n, value in fields.items() if n not in {*ordered, "licences"}}
    return {"spec": ordered, **became}


def config(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a spec as this version builds it.

    A kind of augmentation was once spelled "colour". The spec itself stays as it was written: the
    header of the weights has its digest.
    """
    kinds = fields.get("augment_kinds")
    if not isinstance(kinds, list | tuple):
        return dict(fields)
    return {**fields, "augment_kinds": ["color" if kind == "colour" else kind for kind in kinds]}


def tensor_name(arch: str, name: str) -> str:
    """What this version calls a tensor of a file without an identity."""
    for before, after in NETWORKS.get(arch, {}).items():
        if name.startswith(before):
            return after + name.removeprefix(before)
    return name
