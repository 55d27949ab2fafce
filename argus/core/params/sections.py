"""The sections of `params.yaml`, each with its parameters, their types and ranges.

What each parameter means and its unit stand beside it in `params.yaml`, the manual.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from argus.core.fields import (
    A_DELIVERY,
    SOURCE_OR_DELIVERY,
    Count,
    Day,
    Name,
    Positive,
    Purpose,
    Seed,
    Share,
    acceptable,
    once_each,
    whole_hash,
)

BackboneName = Literal["efficientnet", "inception", "mobilenetv2", "squeezenet"]
"""One of `BACKBONES` (argus/features/backbone.py)."""
Flaw = Literal["black", "over_exposed", "near_constant", "blurred", "torn"]


class Strict(BaseModel):
    """Frozen, and no key that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Demo(Strict):
    seed: Seed
    size: tuple[Count, Count]
    drives: dict[str, Count]
    frames: Count
    twins: dict[str, str]


class Hash(Strict):
    decode: Literal["fast", "exact"]


class Quality(Strict):
    min_contrast: Share
    min_entropy: Annotated[float, Field(ge=0, le=8)]
    max_fragile: Annotated[int, Field(ge=0, le=64)]
    min_luminance: Share
    max_clipped: Share
    min_detail: Annotated[float, Field(ge=0, le=255)]
    min_sharpness: Annotated[float, Field(ge=0)]
    max_edge_width: Annotated[float, Field(ge=0)]
    max_torn: Share
    most: Share
    confirmed: dict[Annotated[str, Field(pattern=A_DELIVERY)], list[Flaw]]


class Withdrawn(Strict):
    sha256: Annotated[str, BeforeValidator(whole_hash)]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Ingest(Strict):
    as_of: Day
    accept_origins: list[Annotated[Literal["camera", "rendered"], BeforeValidator(acceptable)]]
    purposes: list[Purpose]
    withdrawn: list[Withdrawn]
    min_side: Count
    max_pixels: Count
    max_aspect: Annotated[float, Field(ge=1)]
    max_memory: Count
    sample_max: dict[Annotated[str, Field(pattern=SOURCE_OR_DELIVERY)], Positive]
    hash: Hash
    quality: Quality


class Dedupe(Strict):
    radius: Annotated[int, Field(ge=0, le=16)]
    mirrored: bool
    within_sequence: Annotated[float, Field(gt=0, le=1)] | None


class WithHash(Strict):
    radius: Annotated[int, Field(ge=0, le=32)]
    distance: Annotated[float, Field(gt=0, lt=1)]
    place: Annotated[float, Field(gt=0, lt=1)]


class Split(Strict):
    seed: Seed
    val: Share
    test: Share
    radius: Annotated[int, Field(ge=0, le=16)]
    distance: Annotated[float, Field(gt=0, lt=1)]
    with_hash: WithHash

    @model_validator(mode="after")
    def _some_train(self) -> Split:
        if self.val + self.test >= 1:
            raise ValueError("split.val and split.test leave nothing to train on: together below 1")
        return self


class Embed(Strict):
    backbone: BackboneName
    threads: Count


class Label(Strict):
    confidence: Annotated[float, Field(gt=0, le=1)]
    min_images: Count
    max_images: Count

    @model_validator(mode="after")
    def _learns_from_enough(self) -> Label:
        if self.max_images < self.min_images:
            raise ValueError(
                f"max_images ({self.max_images}) is below min_images ({self.min_images}): no "
                "condition could be told"
            )
        return self


class Prune(Strict):
    budget: Count
    tau: Share
    method: Literal["k_centre", "dpp"]
    isolated: Annotated[float, Field(gt=0)]
    exclude: list[Annotated[str, Field(pattern=r"^[0-9a-f]{12,64}$")]]
    seed: Seed


class Pack(Strict):
    resolution: tuple[Count, Count]


class Domains(Strict):
    source: Annotated[str, Field(min_length=1)]
    target: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _lead_somewhere(self) -> Domains:
        if self.source == self.target:
            raise ValueError(f"source and target are both '{self.source}': there is nothing to do")
        return self


class Train(Strict):
    device: Literal["auto", "cpu", "cuda"]
    precision: Literal["fp32", "bf16"]
    channels_last: bool
    processes: Count
    threads: Count
    tau: Share
    mirror: bool
    warm_start: bool
    curve_points: Count
    sample_sheets: Count
    validate_every: Count
    patience: Count | None
    min_diversity: Share
    checkpoint_every: Count


class Model(Strict):
    recipe: Name | None = None
    arch: str
    profile: str | None = None
    task: Name
    domains: Domains | None = None
    steps: Count | None = None
    images: Count | None = None
    seconds: Annotated[float, Field(gt=0)] | None = None
    batch: Count
    seed: Seed
    config: dict[str, Any] = {}

    @model_validator(mode="after")
    def _has_one_budget(self) -> Model:
        if sum(budget is not None for budget in (self.steps, self.images, self.seconds)) != 1:
            raise ValueError("a model trains for either `steps`, `images` or `seconds`: give one")
        return self


class Detector(Strict):
    file: str
    sha256: Annotated[str, BeforeValidator(whole_hash)]
    decoding: Literal["nanodet"]
    side: Count
    channels: Literal["rgb", "bgr"]
    mean: tuple[float, float, float]
    std: tuple[Positive, Positive, Positive]
    strides: Annotated[list[Count], Field(min_length=1)]
    classes: Count
    vehicles: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]
    score: Annotated[float, Field(gt=0, lt=1)]

    @model_validator(mode="after")
    def _knows_its_vehicles(self) -> Detector:
        if max(self.vehicles) >= self.classes:
            raise ValueError(
                f"vehicles names class {max(self.vehicles)}, and the last of {self.classes} is "
                f"{self.classes - 1}"
            )
        return self


class Evaluate(Strict):
    splits: Annotated[list[Literal["val", "test"]], Field(min_length=1), AfterValidator(once_each)]
    judges: Annotated[list[BackboneName], Field(min_length=1), AfterValidator(once_each)]
    samples: Annotated[int, Field(ge=8)]
    draws: Count
    seed: Seed
    detectors: dict[Name, Detector]


class RolledBack(Strict):
    to: Annotated[str, Field(pattern=r"^v[0-9]+\.[0-9]+\.[0-9]+$")]
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    because: Annotated[str, Field(min_length=1)]


class Beside(Strict):
    of: str
    times: Positive = 1.0


class Promote(Strict):
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    limits: dict[str, Annotated[float, Field(allow_inf_nan=False)] | Beside]
    rolled_back: dict[str, RolledBack] = {}


class Report(Strict):
    turn: Annotated[int, Field(ge=0)]
    message: str


class Lineage(Strict):
    turn: Annotated[int, Field(ge=0)]
    previous: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None
