"""What the loop does about validation: best weights kept, an early end, and nothing disturbed."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
import torch
from safetensors.torch import load_file

from argus.models.architectures.r3gan import R3GAN
from stages.train.train import train
from stages.train.validation import Score, Validation
from tests.train import tiny

pytestmark = pytest.mark.usefixtures("no_chart")


class Seen:
    """Stands for `Validation.score`: gives KIDs by a list, and keeps the weights shown to it."""

    def __init__(self, *kids: float, excess: Sequence[float] = ()) -> None:
        self.kids = list(kids)
        self.excess = list(excess) or [math.inf] * len(kids)
        self.weights: list[dict[str, torch.Tensor]] = []

    def __call__(self, _validation, model):
        state = model.generator.state_dict()
        self.weights.append({f"generator.{name}": t.clone() for name, t in state.items()})
        look = len(self.weights) - 1
        return Score(self.kids[look], 0.9, self.excess[look])


def trained(place: Path, seen: Seen, monkeypatch: pytest.MonkeyPatch, **changes) -> dict:
    """Train with validations as `seen` has them; returns the card."""
    monkeypatch.setattr(Validation, "score", lambda self, model: seen(self, model))
    settings = changes.pop("settings", None)
    val = tiny.packed("val", 5)
    train(tiny.job("r3gan", place, settings, val=val, **changes))
    return json.loads((place / "trained/card.json").read_text())


def test_the_card_names_the_features_that_weights_were_chosen_and_shaped_by(tmp_path, monkeypatch):
    """Those of checkpoint selection, and those that the discriminators look through."""
    plain = trained(tmp_path / "plain", Seen(0.5), monkeypatch, steps=2)
    assert plain["features_seen"] == ["colours"]
    train(tiny.job("r3gan", tmp_path / "unvalidated", steps=2))
    card = json.loads((tmp_path / "unvalidated/trained/card.json").read_text())
    assert (card["features_seen"], card["val_sha256"]) == ([], None)
    monkeypatch.setattr(R3GAN, "features_seen", ("squeezenet",))
    projected = trained(tmp_path / "projected", Seen(0.5), monkeypatch, steps=2)
    assert projected["features_seen"] == ["colours", "squeezenet"]


def test_the_best_weights_are_kept_not_the_last(tmp_path, monkeypatch):
    seen = Seen(0.5, 0.2, 0.3, 0.25)
    card = trained(tmp_path, seen, monkeypatch, steps=14)
    assert len(seen.weights) == 4  # after 4, 8, 12 steps, and at the end
    assert card["best_step"] == 8
    assert card["steps"] == 14
    assert card["validation"] == {"kid": 0.2, "diversity": 0.9}
    assert len(card["val_sha256"]) == 64
    saved = load_file(tmp_path / "trained/generator.safetensors")
    assert all(torch.equal(saved[name], tensor) for name, tensor in seen.weights[1].items())
    assert not all(torch.equal(saved[name], tensor) for name, tensor in seen.weights[3].items())
    curve = pl.read_csv(tmp_path / "reports/plots/metrics/val/kid.tsv", separator="\t")
    assert curve.rows() == [(4, 0.5), (8, 0.2), (12, 0.3), (14, 0.25)]

    at_eight = trained(tmp_path / "short", Seen(0.5, 0.2), monkeypatch, steps=8)
    assert at_eight["best_step"] == 8  # another training, since its schedules end sooner


@pytest.mark.parametrize(
    ("kids", "excess", "kept"),
    [
        ((0.5, 0.2, 0.3, 0.25), (0, 0, 0.9, 2.5), 12),  # the end is clearly further away
        ((0.5, 0.2, 0.3, 0.25), (0, 0, 0.9, 0.4), 14),
        ((0.5, 0.2, 0.3, 0.25), (0, 0, math.nan, math.inf), 8),
        ((0.2, 0.3, 0.1, 0.4), (0, 0.5, 0, 1.1), 12),
    ],
)
def test_of_weights_that_cannot_be_told_apart_the_last_are_kept(
    tmp_path, monkeypatch, kids, excess, kept
):
    card = trained(tmp_path, Seen(*kids, excess=excess), monkeypatch, steps=14)
    assert card["best_step"] == kept
    look = [4, 8, 12, 14].index(kept)
    assert card["validation"] == {"kid": kids[look], "diversity": 0.9}


def test_a_look_that_is_as_good_as_the_nearest_is_no_improvement(tmp_path, monkeypatch):
    seen = Seen(0.3, 0.31, 0.32, 0.1, excess=(0, 0.1, 0.1, 0))
    card = trained(tmp_path, seen, monkeypatch, steps=40, settings={"patience": 2})
    assert (card["best_step"], card["steps"]) == (12, 12)


def test_all_networks_are_saved_as_they_were_at_the_same_step(tmp_path, monkeypatch):
    place = tmp_path / "a"
    trained(place, Seen(0.1, 0.2, 0.3), monkeypatch, config={"ema_images": [0, 0], "widths": [4]})
    networks = load_file(place / "trained/networks.safetensors")
    average = load_file(place / "trained/generator.safetensors")
    # with an average over nothing, the one is a part of the other
    assert all(torch.equal(networks[name], tensor) for name, tensor in average.items())
    assert any(name.startswith("discriminator.") for name in networks)


def test_training_stops_when_it_has_not_improved_for_long_enough(tmp_path, monkeypatch):
    seen = Seen(0.5, 0.3, 0.3, 0.4, 0.2)
    card = trained(tmp_path, seen, monkeypatch, steps=40, settings={"patience": 2})
    assert (card["best_step"], card["steps"]) == (8, 16)
    sheets = sorted(p.stem for p in (tmp_path / "reports/plots/images/samples").iterdir())
    assert sheets == ["000014", "000016"]  # one at the end, too
    curve = pl.read_csv(tmp_path / "reports/plots/metrics/loss/generator.tsv", separator="\t")
    assert curve["step"].to_list() == [6, 12, 16]


@pytest.mark.parametrize("kid", [math.nan, math.inf])
def test_weights_that_no_validation_could_judge_are_the_last_ones(tmp_path, monkeypatch, kid):
    seen = Seen(kid, kid, kid)
    card = trained(tmp_path, seen, monkeypatch)
    assert card["best_step"] is None
    saved = load_file(tmp_path / "trained/generator.safetensors")
    assert all(torch.equal(saved[name], tensor) for name, tensor in seen.weights[-1].items())


def test_looking_changes_nothing(tmp_path, monkeypatch):
    """Validated at every step and drawn from at each, or never: the same weights at the end."""
    better = Seen(*(1 / n for n in range(1, 13)))
    often = {"validate_every": 1, "sample_sheets": 12}
    trained(tmp_path / "often", better, monkeypatch, settings=often)
    train(tiny.job("r3gan", tmp_path / "never", {"sample_sheets": 1}))
    for name in ("generator.safetensors", "networks.safetensors"):
        often, never = (tmp_path / place / "trained" / name for place in ("often", "never"))
        assert often.read_bytes() == never.read_bytes()


@pytest.mark.parametrize("arch", tiny.MODELS)
def test_every_architecture_can_be_validated(tmp_path, arch):
    train(tiny.job(arch, tmp_path, steps=5, val=tiny.packed("val", 10)))
    card = json.loads((tmp_path / "trained/card.json").read_text())
    assert card["best_step"] in (4, 5)
    assert math.isfinite(card["validation"]["kid"])
    assert card["validation"]["diversity"] >= 0
