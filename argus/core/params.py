"""`params.yaml` as typed objects: an unknown or impossible knob stops the run with its name.

What each knob means, its unit and its range stand beside it in `params.yaml`, the manual.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from argus.core.bounds import (
    A_DELIVERY,
    SOURCE_OR_DELIVERY,
    Count,
    Name,
    Positive,
    Purpose,
    Seed,
    Share,
    acceptable,
    once_each,
    whole_hash,
)
from argus.core.conflicts import conflicts
from argus.core.days import Day
from argus.core.errors import ArgusError, explained

Flaw = Literal["black", "over_exposed", "near_constant", "blurred", "torn"]
PARAMS = Path("params.yaml")


class Strict(BaseModel):
    """Frozen, and no key that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Demo(Strict):
    seed: Seed
    size: tuple[Count, Count]
    drives: dict[str, Count]
    frames: Count


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
    backbone: Literal["efficientnet", "inception"]
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


class Evaluate(Strict):
    splits: Annotated[list[Literal["val", "test"]], Field(min_length=1), AfterValidator(once_each)]
    samples: Annotated[int, Field(ge=8)]
    seed: Seed


class Promote(Strict):
    confidence: Annotated[float, Field(gt=0.5, lt=1)]


class Lineage(Strict):
    turn: Annotated[int, Field(ge=0)]
    previous: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None


class Params(Strict):
    sources: Annotated[list[str], AfterValidator(once_each)]
    rendered: Annotated[list[str], AfterValidator(once_each)]
    demo: Demo
    ingest: Ingest
    dedupe: Dedupe
    split: Split
    embed: Embed
    label: Label
    prune: Prune
    pack: Pack
    train: Train
    models: dict[Name, Model]
    evaluate: Evaluate
    promote: Promote
    lineage: Lineage

    @model_validator(mode="after")
    def _go_together(self) -> Params:
        if found := conflicts({name: getattr(self, name) for name in type(self).model_fields}):
            raise ValueError("; ".join(found))
        return self


def load(path: Path = PARAMS) -> Params:
    """Read and check `params.yaml`; in a stage that DVC runs, against the architectures as well.

    Raises:
        ArgusError: the file is missing, is not YAML, or a knob is unknown, stands there twice (the
            second would silently overrule the first) or is out of range.
    """
    if "DVC_STAGE" in os.environ:  # DVC sets it: what runs now may be the first of many stages
        from argus.core import preflight

        preflight.require(whole_pipeline=False)
    content = read(path)
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        lines = "; ".join(explained(error, Params))
        raise ArgusError(f"{path} does not fit: {lines}") from None


def read(path: Path = PARAMS) -> dict[str, Any]:
    """What `params.yaml` holds, unchecked.

    Raises:
        ArgusError: the file is missing, is not YAML, holds no knobs, or a key stands there twice.
    """
    try:
        content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))  # as DVC does
    except FileNotFoundError:
        raise ArgusError(f"{path} not found: run from the top folder of the repository") from None
    except MarkedYAMLError as error:
        where = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ArgusError(f"{path} is not valid YAML: {error.problem}{where}") from None
    except (YAMLError, ValueError) as error:  # the latter: a day that is in no calendar
        raise ArgusError(f"{path} is not valid YAML: {error}") from None
    if not isinstance(content, dict):
        found = "is empty" if content is None else f"holds a {type(content).__name__}"
        raise ArgusError(
            f"{path} {found}, not knobs by name: `git checkout {path}` brings back that of the "
            "last commit"
        )
    return content
