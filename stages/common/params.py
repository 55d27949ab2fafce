"""`params.yaml` as typed objects: an unknown or impossible knob stops the run with its name.

What each knob means, its unit and its range stand beside it in `params.yaml`, the manual.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
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

from stages.common.cards import Purpose
from stages.common.days import Day
from stages.common.errors import ArgusError, explain

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
SOURCE_OR_DELIVERY = r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)?$"


class Strict(BaseModel):
    """Frozen, and no key that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Demo(Strict):
    seed: int
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
    min_sharpness: Annotated[float, Field(ge=0)]
    max_torn: Share


def acceptable(origin: Any) -> Any:
    """An origin, as it is.

    Raises:
        ValueError: images of it are never let in.
    """
    if isinstance(origin, str) and origin.strip().lower() == "generated":
        raise ValueError(
            "generated images are never accepted: a model must not train on, nor be judged by, "
            "what models made; take it off the list"
        )
    return origin


def whole_hash(value: Any) -> str:
    """A SHA-256 in lower case.

    Raises:
        ValueError: it is not one, or only the beginning of one.
    """
    if not isinstance(value, str):
        raise ValueError("YAML reads it as a number: put it in quotes")  # noqa: TRY004
    if not re.fullmatch(r"[0-9a-fA-F]{64}", value):
        raise ValueError(
            f"{value!r} is no SHA-256: give all 64 hexadecimal digits, as `sha256sum FILE` does "
            "and image_id in the catalogue is"
        )
    return value.lower()


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


class SecondLook(Strict):
    radius: Annotated[int, Field(ge=1, le=10)]
    distance: Annotated[float, Field(gt=0, le=2)] | None


class Dedupe(Strict):
    radius: Annotated[int, Field(ge=0, le=16)]
    mirrored: bool
    second_look: SecondLook

    @model_validator(mode="after")
    def _looks_beyond_the_radius(self) -> Dedupe:
        if self.second_look.distance is not None and self.second_look.radius <= self.radius:
            raise ValueError(
                f"second_look.radius ({self.second_look.radius}) is not above radius "
                f"({self.radius}): there is nothing to look at"
            )
        return self


class WithHash(Strict):
    radius: Annotated[int, Field(ge=0, le=32)]
    distance: Annotated[float, Field(gt=0, lt=1)]
    place: Annotated[float, Field(gt=0, lt=1)]


class Split(Strict):
    seed: int
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


class Prune(Strict):
    budget: Count
    tau: Share
    method: Literal["k_centre", "dpp"]
    isolated: Annotated[float, Field(gt=0)]
    exclude: list[Annotated[str, Field(pattern=r"^[0-9a-f]{12,64}$")]]
    seed: int


class Pack(Strict):
    resolution: tuple[Count, Count]


class Domains(Strict):
    source: str
    target: str


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
    task: str
    domains: Domains | None = None
    steps: Count | None = None
    images: Count | None = None
    seconds: Annotated[float, Field(gt=0)] | None = None
    batch: Count
    seed: int
    config: dict[str, Any] = {}

    @model_validator(mode="after")
    def _has_one_budget(self) -> Model:
        if sum(budget is not None for budget in (self.steps, self.images, self.seconds)) != 1:
            raise ValueError("a model trains for either `steps`, `images` or `seconds`: give one")
        return self


class Evaluate(Strict):
    splits: list[Literal["val", "test"]]
    samples: Count
    seed: int


class Promote(Strict):
    confidence: Annotated[float, Field(gt=0.5, lt=1)]


class Lineage(Strict):
    turn: Annotated[int, Field(ge=0)]
    previous: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None


class Params(Strict):
    sources: list[str]
    rendered: list[str]
    demo: Demo
    ingest: Ingest
    dedupe: Dedupe
    split: Split
    embed: Embed
    label: Label
    prune: Prune
    pack: Pack
    train: Train
    models: dict[str, Model]
    evaluate: Evaluate
    promote: Promote
    lineage: Lineage

    @model_validator(mode="after")
    def _embargo_covers_duplicates(self) -> Params:
        if self.split.radius < self.dedupe.radius:
            raise ValueError(
                f"split.radius ({self.split.radius}) is below dedupe.radius "
                f"({self.dedupe.radius}): duplicates would cross splits"
            )
        return self


def load(path: Path = Path("params.yaml")) -> Params:
    """Read and check `params.yaml`.

    Raises:
        ArgusError: the file is missing, is not YAML, or a knob is unknown, stands there twice (the
            second would silently overrule the first) or is out of range.
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
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        raise ArgusError(f"{path} does not fit: {explain(error)}") from None
