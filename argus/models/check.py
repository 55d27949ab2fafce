"""Whether the entries of `models` can be trained, asked of the architectures themselves.

`python -m argus.models.check ANSWER` reads sections of params.yaml as JSON and writes, as JSON,
what is `wrong`, whose own code is `broken` and what this `device` lacks. Nothing runs for it but
the constructors of the models. `argus/core/params/preflight.py` starts it, so that a turn need
not get to the training to find out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import torch

from argus.core import params
from argus.core.errors import ArgusError
from argus.core.files import atomic
from argus.models.failures import ArchitectureError, guard_architecture
from argus.models.registry import build, settings
from argus.models.scene import Scene


def check(
    models: Mapping[str, params.Model],
    resolution: tuple[int, int] | None,
    train: params.Train | None = None,
) -> dict[str, list[str]]:
    """What stands in the way of training some models, in lines.

    Args:
        models: entries of params.yaml that are valid by themselves.
        resolution: height and width in px; None where that of params.yaml is wrong by itself.
        train: what holds for all of them; None likewise.
    """
    wrong: dict[str, list[str]] = {}
    broken = []
    for name, model in models.items():
        try:
            with guard_architecture("it was built"):
                try_on(model, resolution)
        except ArgusError as error:
            wrong.setdefault(str(error), []).append(f"models.{name}")
        except ArchitectureError as failure:
            broken.append(
                f"models.{name}: {failure.reason}. It will be marked failed, and the turn goes on "
                "without it"
            )
    lines = [f"{', '.join(names)}: {problem}" for problem, names in wrong.items()]
    return {"wrong": lines, "broken": broken, "device": lacking(train) if train else []}


def try_on(model: params.Model, resolution: tuple[int, int] | None) -> None:
    """Build a model for images of classes that are made up, and let it go.

    Raises:
        ArgusError: it does not fit.
    """
    if resolution is None:
        settings(model.arch, model.config, model.profile)
        return
    domains = model.domains
    classes = (domains.source, domains.target) if domains else ("day", "night")
    build(model.arch, model.config, Scene(*resolution, classes, domains), model.profile)


def lacking(train: params.Train) -> list[str]:
    """What the settings ask of this machine that it has not."""
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if train.device == "cuda" and not gpus:
        return ["train.device is cuda, but torch sees none here: set it to auto or cpu"]
    if train.device != "cpu" and 0 < gpus < train.processes:
        return [
            f"train.processes is {train.processes}, and there are {gpus} GPUs: at most one process "
            "for each"
        ]
    return []


def main() -> None:
    question = json.load(sys.stdin)
    pack, train = (question.get(name) for name in ("pack", "train"))
    answer = check(
        {name: params.Model.model_validate(entry) for name, entry in question["models"].items()},
        params.Pack.model_validate(pack).resolution if pack else None,
        params.Train.model_validate(train) if train else None,
    )
    with atomic(Path(sys.argv[1])) as temporary:
        temporary.write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
