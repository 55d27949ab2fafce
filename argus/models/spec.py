"""What was ordered of a training: all that decides what its networks are and how they train."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict

from argus.core.params import Domains
from argus.models.scene import Scene

SAME_NETWORKS = ("arch", "resolution", "classes", "domains")
"""Fields that must be equal for one model to go on from the weights of another. Of the configs only
what gives the networks their shapes must be, see `argus.models.weights.mismatch`."""


class Spec(BaseModel):
    """An entry of `models` in params.yaml, with what it takes from other sections and the data.

    Fields with a default are not in the specs of the first turns.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    arch: str
    task: str
    config: dict[str, Any]
    """As ordered, and once the architecture is built with its defaults written out."""
    resolution: tuple[int, int]
    """[H, W] in pixels."""
    classes: tuple[str, ...]
    domains: Domains | None
    seed: int
    budget: dict[str, int | float] = {}
    """`steps`, `images` or `seconds` (of training steps alone)."""
    batch: int
    """Images, of all processes together."""
    precision: str
    processes: int = 1

    def scene(self) -> Scene:
        """The images that the model is made for."""
        return Scene(*self.resolution, self.classes, self.domains)

    def digest(self) -> str:
        """SHA-256 over all fields that are not as by default, as 64 hexadecimal digits."""
        fields = self.model_dump(mode="json", exclude_defaults=True)
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()

    def other_networks(self, than: Spec) -> str | None:
        """The first field by which the networks of another spec are for other images, or others.

        None if, as far as specs tell, a model may go on from the weights of the other.
        """
        differing = [
            field for field in SAME_NETWORKS if getattr(self, field) != getattr(than, field)
        ]
        return differing[0] if differing else None
