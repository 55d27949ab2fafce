"""What every architecture keeps to, whichever there are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from argus.core.errors import ArgusError
from argus.core.params import Domains
from argus.models.architecture import Architecture
from argus.models.inference import Generator, Translator
from argus.models.registry import build, known
from argus.models.scene import Images, Scene
from tests.conftest import scenes
from tests.train import tiny

CLASSES = ("day", "dusk", "night")
DOMAINS = Domains(source="day", target="night")


def scene_for(arch: str, height: int, width: int) -> Scene:
    translates = "domains" in tiny.MODELS[arch]
    return Scene(height, width, CLASSES, DOMAINS if translates else None)


def batch_for(architecture: Architecture, scene: Scene, size: int = 3) -> dict[str, Images]:
    torch.manual_seed(0)
    batch = {}
    for name, stream in architecture.streams.items():
        count = size * stream.batches
        pixels = torch.rand(count, 3, scene.height, scene.width) * 2 - 1
        batch[name] = Images(pixels, torch.arange(count) % len(scene.classes))
    return batch


def test_there_is_a_tiny_one_of_each():
    assert set(tiny.MODELS) == set(known())


@pytest.mark.parametrize("arch", known())
@pytest.mark.parametrize("size", [(32, 48), (64, 32), (96, 160)])
def test_a_step_at_any_size_moves_every_player_and_nothing_else(arch, size):
    scene = scene_for(arch, *size)
    architecture = build(arch, tiny.MODELS[arch]["config"], scene)
    optimizers = architecture.optimizers()
    owned = {n: {id(p) for g in o.param_groups for p in g["params"]} for n, o in optimizers.items()}
    assert sum(len(ids) for ids in owned.values()) == len(list(architecture.parameters()))
    turns = []

    def optimizer_step(name: str, loss: torch.Tensor) -> None:
        assert loss.shape == ()
        parameters = [p for g in optimizers[name].param_groups for p in g["params"]]
        optimizers[name].zero_grad()
        loss.backward(inputs=parameters)
        optimizers[name].step()
        turns.append(name)

    before = {name: p.detach().clone() for name, p in architecture.named_parameters()}
    scheduled = {name: schedule(0.5) for name, schedule in architecture.schedules.items()}
    assert {"learning_rate", "ema_images"} <= set(scheduled)
    for _ in range(2):  # zero-initialised layers open the way for the others in the first
        scalars = architecture.step(batch_for(architecture, scene), scheduled, optimizer_step)
    assert set(turns) == set(optimizers)
    assert all(value.shape == () and torch.isfinite(value) for value in scalars.values())
    assert set(architecture.chance_level_loss) <= set(scalars)
    still = [n for n, p in architecture.named_parameters() if torch.equal(p, before[n])]
    # An instance normalisation takes the bias before it away again; a class may not have been seen.
    assert all(name.endswith("bias") and arch in ("cyclegan", "cut") for name in still)


@pytest.mark.parametrize("arch", known())
def test_what_is_kept_makes_images_of_the_scene(arch, tmp_path):
    card = tiny.job(arch, tmp_path).card(1)
    spec = card.spec.model_copy(update={"resolution": (32, 48)})
    card = card.model_copy(update={"spec": spec})
    torch.manual_seed(0)
    architecture = build(arch, card.spec.config, card.spec.scene())
    model = architecture.inference_model(architecture.inference_networks().eval(), card)
    if isinstance(model, Generator):
        made = model.sample(["day", "night", "day"], seed=0)
        assert made.shape == (3, 32, 48, 3)
        assert made.dtype == np.uint8
    else:
        assert isinstance(model, Translator)
        for height, width in ((32, 48), (64, 32)):
            made = model.translate(scenes(2, height, width))
            assert made.shape == (2, height, width, 3)


@pytest.mark.parametrize("arch", known())
def test_a_scene_that_does_not_suit_is_refused(arch):
    config = tiny.MODELS[arch]["config"]
    with pytest.raises(ArgusError, match="multiples of"):
        build(arch, config, scene_for(arch, 33, 48))
    fits = scene_for(arch, 32, 48)
    domains = None if fits.domains else DOMAINS
    with pytest.raises(ArgusError, match="domains"):
        build(arch, config, Scene(32, 48, CLASSES, domains))
