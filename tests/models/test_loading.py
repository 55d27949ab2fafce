"""Weights and cards of earlier versions still give the model that they are of."""

from pathlib import Path

from argus.models import card as cards
from argus.models import loading
from argus.models.card import Card
from argus.models.inference import Generator
from argus.models.registry import build
from tests.models.test_card import spec
from tests.train import tiny


def test_a_card_whose_augmentation_is_in_the_old_spelling_loads_with_its_weights(
    tmp_path: Path,
) -> None:
    """The header of the weights has the digest of the spec as it was written, so that must stay."""
    config = tiny.MODELS["sngan"]["config"]
    old = spec(arch="sngan", config=config | {"augment_kinds": ["colour", "cutout"]})
    architecture = build("sngan", config, old.scene())
    made = Card(
        spec=old,
        steps=1,
        parameters={},
        images_per_class={"day": 1, "night": 1},
        data_sha256="d" * 64,
    )
    networks = architecture.inference_networks().eval()
    cards.save(tmp_path / "m", made, networks.state_dict(), {}, None)
    model = loading.load(tmp_path / "m")
    assert isinstance(model, Generator)
    assert model.card.spec == old
    wanted = architecture.inference_model(networks, made)
    assert isinstance(wanted, Generator)
    assert (model.sample(["day", "night"], 0) == wanted.sample(["day", "night"], 0)).all()
