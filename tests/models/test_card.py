import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from argus.core.errors import ArgusError
from argus.core.params import Domains
from argus.data.packed import ORIGIN
from argus.models import card as cards
from argus.models import migrations
from argus.models.ancestry import Generation, Share
from argus.models.card import Card, SavedCard
from argus.models.registry import settings
from argus.models.scene import Scene
from argus.models.spec import Spec

OLD = Path(__file__).with_name("card_without_spec.json")
"""The card of a model of the demo, as it was written before there were specs."""


def spec(**changes: Any) -> Spec:
    common: dict[str, Any] = {
        "model": "m",
        "arch": "r3gan",
        "task": "generate",
        "config": {"widths": [8, 4]},
        "resolution": (32, 48),
        "classes": ("day", "night"),
        "domains": None,
        "seed": 0,
        "batch": 4,
        "precision": "fp32",
    }
    return Spec.model_validate(common | changes)


def test_a_card_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    share = Share(licence="MIT", commercial=True, deliveries={"d1": 1})
    card = Card(
        spec=spec(budget={"steps": 9}),
        steps=9,
        parameters={"generator": 1},
        images_per_class={"day": 1, "night": 0},
        data_sha256="0" * 64,
        trained_on=(Generation(turn=None, train={"cam": share}),),
    )
    images = pl.DataFrame([("a" * 64, "cam", "d1")], schema=ORIGIN, orient="row")
    cards.save(tmp_path / "m", card, {}, {}, images)
    saved = cards.read(tmp_path / "m")
    assert Card(**saved.model_dump(include=set(Card.model_fields))) == card
    assert saved.images_sha256 is not None
    assert (saved.weights_sha256, saved.networks_sha256) == (None, None)
    assert saved.spec.scene() == Scene(32, 48, ("day", "night"))


def test_a_card_without_a_spec_is_read_with_nothing_lost(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_bytes(OLD.read_bytes())
    old, card = json.loads(OLD.read_text()), cards.read(tmp_path)
    renamed = {"pace": "discriminator_lr_multiplier", "turns": "discriminator_steps"}
    config = {renamed.get(name, name): value for name, value in old["config"].items()}
    assert card.spec.config == config
    built = migrations.config(card.spec.config)
    assert built == config | {"augment_kinds": ["color", "translation", "cutout"]}
    assert settings("sngan", built).model_dump(mode="json") == built
    written = card.model_dump(mode="json")
    flat = written.pop("spec") | written
    assert flat == old | {"config": config, "features_seen": ["efficientnet", "inception"]}


@pytest.mark.parametrize(
    ("named", "seen"),
    [((), ()), (("squeezenet",), ("squeezenet",)), (None, migrations.FEATURES_SEEN)],
)
def test_a_card_that_names_no_features_is_assumed_to_have_seen_all_of_its_day(
    named: tuple[str, ...] | None, seen: tuple[str, ...], tmp_path: Path
) -> None:
    """One that says there were none is believed."""
    card = Card(spec=spec(), steps=1, parameters={}, images_per_class={}, data_sha256="d" * 64)
    cards.save(tmp_path / "m", card.model_copy(update={"features_seen": named or ()}), {}, {}, None)
    if named is None:
        path = tmp_path / "m/card.json"
        fields = json.loads(path.read_text())
        del fields["features_seen"]
        path.write_text(json.dumps(fields))
    assert cards.read(tmp_path / "m").features_seen == seen


def test_cards_of_the_first_turns_are_still_read(tmp_path: Path) -> None:
    """They knew nothing of failures, budgets and processes."""
    old = json.loads(OLD.read_text())
    late = ("budget", "best_step", "processes", "val_sha256", "validation", "trained_on")
    later = ("non_commercial", "warm_start", "cold_start", "reproducible", "failed", "skipped")
    latest = ("networks_sha256", "images_sha256")
    first = {name: value for name, value in old.items() if name not in {*late, *later, *latest}}
    licences = {"licences": {"demo": {"licence": "Apache-2.0", "images": 320}}}
    (tmp_path / "card.json").write_text(json.dumps(first | licences))
    card = cards.read(tmp_path)
    assert (card.spec.processes, card.failed, card.reproducible) == (1, None, True)
    assert (card.trained_on, card.images_sha256) == ((), None)


@pytest.mark.parametrize("fields", [{"spec": {}}, {"colour": "blue"}, {"steps": "many"}])
def test_what_is_no_card_is_refused(fields: dict[str, Any], tmp_path: Path) -> None:
    content = json.loads(OLD.read_text()) | fields
    (tmp_path / "card.json").write_text(json.dumps(content))
    with pytest.raises(ArgusError, match="is not the card of a trained model"):
        cards.read(tmp_path)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"arch": "sngan"}, "arch"),
        ({"resolution": (32, 32)}, "resolution"),
        ({"classes": ("day",)}, "classes"),
        ({"domains": Domains(source="day", target="night")}, "domains"),
        ({"seed": 1, "batch": 8, "precision": "bf16", "processes": 2, "model": "n"}, None),
        ({"config": {"widths": [8, 4], "gamma": [1, 1]}, "budget": {"seconds": 5}}, None),
    ],
)
def test_networks_are_for_other_images_by(changes: dict[str, Any], field: str | None) -> None:
    assert spec(**changes).other_networks(spec()) == field


def test_the_digest_tells_specs_apart_and_is_blind_to_fields_left_at_their_default() -> None:
    """So a field that a later version adds does not change the digest of the specs of this one."""
    digests = {spec(**changes).digest() for changes in ({}, {"seed": 1}, {"budget": {"steps": 1}})}
    assert len(digests) == 3
    assert spec(processes=1, budget={}).digest() == spec().digest()
    assert SavedCard.model_validate_json(OLD.read_bytes()).spec.digest() not in digests
