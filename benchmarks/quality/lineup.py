"""What trains in the comparison, and on what."""

from __future__ import annotations

from typing import Any

from benchmarks.trial.plans import PLANS

DELIVERIES = PLANS["ordinary"].deliveries
"""Cambridge drives, webcams, and trips by day and night."""

PARAMS = {"train.validate_every": "100", "train.threads": "1"}
"""What params.yaml says otherwise, and the size in pixels that it does not say."""
RESOLUTION = [64, 96]

DOMAINS = {"source": "day", "target": "night"}

MODELS: dict[str, dict[str, Any]] = {
    "sngan": {"task": "generate", "batch": 32},
    "fastgan": {"task": "generate", "batch": 16},
    "r3gan": {"task": "generate", "batch": 32, "config": {"widths": [96, 64, 32, 24]}},
    "cyclegan": {"task": "day2night", "batch": 4, "domains": DOMAINS},
    "cut": {"task": "day2night", "batch": 4, "domains": DOMAINS},
}
"""Entries of `models`, without budget and seed."""


def entry(arch: str, seconds: float, seed: int) -> dict[str, Any]:
    """The entry of an architecture that trains for `seconds`."""
    return {"arch": arch, **MODELS[arch], "seconds": seconds, "seed": seed}
