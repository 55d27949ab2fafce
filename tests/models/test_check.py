"""What architectures say to entries of `models` before anything is trained."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from argus.core import params
from argus.models import check as module
from argus.models.architectures.sngan import SNGAN, Config
from argus.models.check import check
from argus.models.scene import Scene
from tests.core.test_preflight import edited

SIDES = (32, 48)


def models(**entries: dict[str, Any]) -> dict[str, params.Model]:
    """Entries, each of one architecture with what differs from the least that there must be."""
    least = {"task": "generate", "steps": 1, "batch": 2, "seed": 0}
    return {name: params.Model.model_validate(least | entry) for name, entry in entries.items()}


def wrong(resolution: tuple[int, int] | None = SIDES, **entries: dict[str, Any]) -> list[str]:
    return check(models(**entries), resolution)["wrong"]


TO_NIGHT = {"domains": {"source": "day", "target": "night"}}


def test_the_entries_of_the_project_are_in_order() -> None:
    p = params.Params.model_validate(edited({}))
    assert check(p.models, p.pack.resolution, p.train) == {
        "wrong": [],
        "broken": [],
        "device": [],
    }


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"arch": "sngun"}, "no architecture 'sngun'; did you mean sngan"),
        ({"arch": "no.such.package:GAN"}, "cannot be loaded"),
        ({"arch": "sngan", "profile": "publshed"}, "did you mean published"),
        ({"arch": "sngan", "config": {"halvigs": 2}}, "no such field; did you mean halvings"),
        ({"arch": "sngan", "config": {"halvings": 9}}, "fewer discriminator_widths"),
        ({"arch": "sngan", "config": {"learning_rate": "fast"}}, "learning_rate"),
        ({"arch": "sngan", **TO_NIGHT}, "take `domains` off"),
        ({"arch": "cyclegan"}, "give its entry in params.yaml `domains`"),
        ({"arch": "fastgan", "profile": "published"}, "multiples of 64"),
        ({"arch": "cut", "config": {"discriminator_layers": 5}, **TO_NIGHT}, "too small"),
    ],
)
def test_an_entry_that_its_architecture_does_not_accept(entry: dict[str, Any], said: str) -> None:
    (line,) = wrong(m=entry)
    assert line.startswith("models.m: ")
    assert said in line


def test_profile_and_config_are_both_named_and_every_model_is() -> None:
    lines = wrong(
        (30, 48),
        a={"arch": "r3gan", "profile": "ffhq65", "config": {"widhts": [1]}},
        b={"arch": "sngan"},
        c={"arch": "r3gan"},
        d={"arch": "nogan"},
    )
    assert len(lines) == 3
    assert "no profile 'ffhq65'" in lines[0]
    assert "did you mean widths" in lines[0]
    assert lines[1].startswith("models.b, models.c: images of 30x48")
    assert lines[2].startswith("models.d: ")


def test_where_the_resolution_is_wrong_by_itself_the_rest_is_checked() -> None:
    assert wrong(None, a={"arch": "sngan"}) == []
    assert len(wrong(None, a={"arch": "sngan", "profile": "nope"})) == 1


class Breaks(SNGAN):
    """Its constructor does not work."""

    def __init__(self, _config: Config, _scene: Scene) -> None:
        raise RuntimeError("mixed up")


def test_an_architecture_whose_code_breaks_is_no_mistake_in_params_yaml() -> None:
    found = check(models(m={"arch": f"{__name__}:Breaks"}), SIDES)
    assert found["wrong"] == []
    assert "models.m" in found["broken"][0]
    assert "mixed up" in found["broken"][0]


@pytest.mark.parametrize(
    ("device", "processes", "gpus", "said"),
    [
        ("cuda", 1, 0, "torch sees none"),
        ("cuda", 1, 1, None),
        ("auto", 1, 0, None),
        ("auto", 4, 0, None),
        ("auto", 4, 2, "there are 2 GPUs"),
        ("cpu", 4, 2, None),
        ("cuda", 2, 2, None),
    ],
)
def test_what_this_machine_lacks(
    monkeypatch: pytest.MonkeyPatch, device: str, processes: int, gpus: int, said: str | None
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    change = {"train.device": device, "train.processes": 1}
    train = params.Params.model_validate(edited(change)).train
    found = module.lacking(train.model_copy(update={"processes": processes}))
    assert (said in found[0]) if said else not found
