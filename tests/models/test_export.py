"""An exported network gives what the model gives, at any size, and tells nothing of the machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from argus.core.errors import ArgusError
from argus.core.params import Domains
from argus.models.card import Card
from argus.models.export import inputs, to_onnx
from argus.models.inference import Generator, Translator
from argus.models.registry import build, known
from argus.models.scene import Scene
from argus.models.spec import Spec

CLASSES = ("day", "dusk", "night")
DOMAINS = Domains(source="day", target="night")
HEIGHT, WIDTH = 32, 48
SMALL = {"filters": 2, "blocks": 1, "discriminator_filters": 2, "residual": False}
OTHER_FORMS: dict[
    str, tuple[str, dict[str, object]]
] = {  # those whose networks have layers that the defaults have not
    "cut, published layers": ("cut", SMALL | {"resampling": "antialiased"}),
    "cyclegan, published layers": ("cyclegan", SMALL | {"resampling": "transposed"}),
    "r3gan, published layers": (
        "r3gan",
        {"widths": [8, 8, 4], "blocks": 2, "expansion": 2.0, "group_width": 4, "patch": 1},
    ),
}


def card_of(arch: str, scene: Scene) -> Card:
    return Card(
        spec=Spec(
            model="small",
            arch=arch,
            task="any",
            config={},
            resolution=(scene.height, scene.width),
            classes=scene.classes,
            domains=scene.domains,
            seed=0,
            batch=1,
            precision="fp32",
        ),
        steps=1,
        parameters={},
        images_per_class={"day": 3, "dusk": 0, "night": 2},
        data_sha256="0" * 64,
    )


def made(arch: str, config: dict) -> Generator | Translator:
    """A model as after training: no layer at zero, statistics that are not those of the start."""
    torch.manual_seed(0)
    scene = Scene(HEIGHT, WIDTH, CLASSES)
    try:
        architecture = build(arch, config, scene)
    except ArgusError:  # a translator
        scene = Scene(HEIGHT, WIDTH, CLASSES, DOMAINS)
        architecture = build(arch, config, scene)
    with torch.no_grad():
        for tensor in architecture.state_dict().values():
            if tensor.is_floating_point():
                tensor.add_(torch.randn_like(tensor) * 0.02)
    networks = architecture.inference_networks().eval().requires_grad_(False)
    model = architecture.inference_model(networks, card_of(arch, scene))
    assert isinstance(model, Generator | Translator)
    return model


def fed(model: Generator | Translator) -> list[dict[str, Tensor]]:
    """Inputs of several batch sizes, and for a translator several sizes."""
    torch.manual_seed(1)
    if isinstance(model, Generator):
        (noise, labels) = (each.name for each in inputs(model))
        width = inputs(model)[0].example.shape[1]
        return [
            {noise: torch.randn(n, width), labels: torch.arange(n) % len(CLASSES)}
            for n in (1, 2, 7)
        ]
    (source,) = (each.name for each in inputs(model))
    shapes = [(1, 3, 32, 48), (3, 3, 64, 32), (2, 3, 96, 160), (1, 3, 32, 32)]
    return [{source: torch.rand(shape) * 2 - 1} for shape in shapes]


def parity(model: Generator | Translator, path: Path) -> None:
    to_onnx(model, path, {})
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    network = model.generator if isinstance(model, Generator) else model.translator
    for feed in fed(model):
        with torch.no_grad():
            expected = network(*feed.values()).numpy()
        (image,) = session.run(None, {name: value.numpy() for name, value in feed.items()})
        assert image.shape == expected.shape
        assert image.dtype == np.float32
        assert np.abs(image - expected).max() < min(1e-4, 0.01 * expected.std())


@pytest.mark.parametrize("arch", known())
def test_the_export_of_every_architecture_gives_what_the_model_gives(arch, tmp_path):
    parity(made(arch, {}), tmp_path / "model.onnx")


@pytest.mark.slow
@pytest.mark.parametrize("form", OTHER_FORMS)
def test_so_does_that_of_other_forms(form, tmp_path):
    arch, config = OTHER_FORMS[form]
    parity(made(arch, config), tmp_path / "model.onnx")


def test_a_file_carries_the_card_and_is_the_same_wherever_it_is_written(tmp_path):
    model = made("r3gan", {"widths": [4], "patch": 1, "noise": 4})
    paths = [tmp_path / "one.onnx", tmp_path / "other" / "two.onnx"]
    for path in paths:
        to_onnx(model, path, {})
    one, two = (path.read_bytes() for path in paths)
    assert one == two
    assert [p.name for p in tmp_path.iterdir()] == ["one.onnx", "other"]
    for machine in (Path(__file__).parents[2], Path(torch.__file__).parents[1], tmp_path):
        assert str(machine).encode() not in one
    proto = onnx.load(paths[0])
    (entry,) = proto.metadata_props
    assert Card.model_validate_json(entry.value) == model.card
    axes = [
        [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (*proto.graph.input, *proto.graph.output)
    ]
    assert axes == [["n", 4], ["n"], ["n", 3, HEIGHT, WIDTH]]
    assert proto.graph.input[1].doc_string == "int64 [n]: 0 day, 2 night"  # none of dusk was seen


class Fickle(nn.Module):
    """Draws by what its input holds, which no graph can tell."""

    def forward(self, noise: Tensor, _labels: Tensor) -> Tensor:
        return noise if float(noise.sum()) > 0 else -noise


@pytest.mark.parametrize("draw", [Fickle(), lambda noise, _labels: noise])
def test_what_cannot_be_traced_is_said_and_leaves_the_old_file(draw, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_text("older")
    card = card_of("theirs", Scene(HEIGHT, WIDTH, CLASSES))
    model = Generator(card, nn.ModuleDict({"g": nn.Linear(1, 1)}), draw, 4)
    with pytest.raises(ArgusError, match=r"'small' \(theirs\) cannot be exported to ONNX"):
        to_onnx(model, path, {})
    assert [p.name for p in tmp_path.iterdir()] == ["model.onnx"]
    assert path.read_text() == "older"
