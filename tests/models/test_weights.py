import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from argus.core.errors import ArgusError
from argus.models import weights
from argus.models.card import Card
from argus.models.registry import build
from argus.models.scene import Scene
from tests.models.test_card import spec
from tests.train import tiny

CARD = Card(spec=spec(), steps=1, parameters={}, images_per_class={"day": 1}, data_sha256="d" * 64)
TENSORS = {
    "generator.b": torch.arange(6.0).view(2, 3),
    "generator.a": torch.ones(5, dtype=torch.int8),
}


def written(path: Path, card: Card = CARD) -> Path:
    path.write_bytes(weights.to_bytes(TENSORS, card.identity()))
    return path


def test_a_file_says_whose_weights_it_holds(tmp_path: Path) -> None:
    with safe_open(written(tmp_path / "w.safetensors"), "pt") as file:
        assert file.metadata() == {
            "format": "argus-weights/1",
            "networks": "generator",
            "model": "m",
            "arch": "r3gan",
            "task": "generate",
            "resolution": "32x48",
            "classes": "day,night",
            "domains": "",
            "spec_sha256": CARD.spec.digest(),
            "data_sha256": "d" * 64,
        }
        assert all(torch.equal(file.get_tensor(name), each) for name, each in TENSORS.items())


def test_equal_weights_give_equal_bytes_in_whatever_order_they_come() -> None:
    identity = CARD.identity()
    backwards = dict(reversed(identity.items()))
    content = weights.to_bytes(TENSORS, identity)
    assert weights.to_bytes(dict(reversed(TENSORS.items())), backwards) == content
    length = int.from_bytes(content[:8], "little")
    assert length % 8 == 0
    names = list(json.loads(content[8 : 8 + length])["__metadata__"])
    assert names == sorted(names)


def test_weights_come_back_for_the_card_that_they_were_written_with(tmp_path: Path) -> None:
    found = weights.read(written(tmp_path / "w.safetensors"), CARD.identity())
    assert found.keys() == TENSORS.keys()
    assert all(torch.equal(found[name], each) for name, each in TENSORS.items())


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"spec": spec(model="n")}, "their model is 'm', the card's 'n'"),
        ({"spec": spec(seed=1)}, "their spec_sha256 is "),
        ({"data_sha256": "e" * 64}, "their data_sha256 is 'ddd"),
    ],
)
def test_the_weights_of_another_model_are_refused(
    other: dict[str, object], words: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "w.safetensors")
    with pytest.raises(ArgusError, match="another model") as error:
        weights.read(path, CARD.model_copy(update=other).identity())
    assert words in str(error.value)
    assert "dvc checkout" in str(error.value)


def test_what_is_no_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"not weights at all")
    with pytest.raises(ArgusError, match="holds no weights"):
        weights.read(path, CARD.identity())


@pytest.mark.parametrize(
    ("arch", "renamed"),
    [
        ("cut", {"discriminator.": "judge."}),
        (
            "cyclegan",
            {
                "discriminator_source.": "judge_source.",
                "discriminator_target.": "judge_target.",
            },
        ),
        (
            "fastgan",
            {
                "discriminator.head.": "discriminator.judge.",
                "discriminator.head_small.": "discriminator.judge_small.",
            },
        ),
        ("r3gan", {}),
        ("sngan", {"discriminator.head.": "discriminator.judge."}),
    ],
)
def test_files_of_earlier_versions_have_no_identity_and_other_names(
    arch: str, renamed: dict[str, str], tmp_path: Path
) -> None:
    job = tiny.job(arch, tmp_path)
    card = job.card(1)
    architecture = build(
        arch, card.spec.config, Scene(32, 48, card.spec.classes, card.spec.domains)
    )
    ours, theirs = weights.raw(architecture), {}
    for name, tensor in ours.items():
        new = next((prefix for prefix in renamed if name.startswith(prefix)), "")
        theirs[renamed.get(new, "") + name.removeprefix(new)] = tensor
    assert (theirs.keys() != ours.keys()) == bool(renamed)
    save_file(theirs, tmp_path / "networks.safetensors")
    found = weights.read(tmp_path / "networks.safetensors", card.identity())
    assert weights.mismatch(architecture, found) is None
