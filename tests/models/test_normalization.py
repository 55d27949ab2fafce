"""Joint batch normalisation, normalisation by class, spectral norm."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from torch import Tensor, distributed, nn
from torch.multiprocessing.spawn import spawn
from torch.nn.utils import parametrizations

from argus.models.blocks.normalization import (
    ClassBatchNorm2d,
    JointBatchNorm2d,
    SpectralNorm,
    spectral,
)

SHAPE = (8, 3, 4, 6)


def joint_batch() -> tuple[Tensor, Tensor]:
    """Images whose mean is large beside their spread, and labels."""
    random = torch.Generator().manual_seed(1)
    return torch.randn(SHAPE, generator=random) + 50, torch.arange(SHAPE[0]) % 3


def network() -> nn.ModuleDict:
    torch.manual_seed(0)
    layers = nn.ModuleDict({"plain": JointBatchNorm2d(3), "by_class": ClassBatchNorm2d(3, 3)})
    for parameter in layers.parameters():
        nn.init.normal_(parameter)
    return layers


def passed(layers: nn.ModuleDict, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Everything that a forward and a backward pass gives, of a loss that is a mean over images."""
    x = x.clone().requires_grad_()
    y = layers["by_class"](layers["plain"](x).sin(), labels)
    (y**3).mean(dim=(1, 2, 3)).mean().backward()
    found = {"output": y.detach(), "input": x.grad}
    found |= {f"gradient {name}": p.grad for name, p in layers.named_parameters()}
    return found | {f"buffer {name}": b for name, b in layers.named_buffers()}


def _process(rank: int, number: int, folder: str) -> None:
    """One of several processes: its rows of the joint batch, results to a file."""
    torch.set_num_threads(1)
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=number
    )
    x, labels = (part.chunk(number)[rank] for part in joint_batch())
    torch.save(passed(network(), x, labels), Path(folder) / f"{rank}.pt")
    distributed.destroy_process_group()


@pytest.mark.parametrize("affine", [True, False])
def test_on_one_process_it_is_torchs_batch_normalisation(affine):
    ours, torchs = JointBatchNorm2d(3, affine), nn.BatchNorm2d(3, affine=affine)
    outcomes = []
    for layer in (ours, torchs):
        x = joint_batch()[0].requires_grad_()
        y = layer(x)
        y.square().sin().sum().backward()
        outcomes.append((y, x.grad, *layer.buffers(), layer.eval()(x)))
    for one, other in zip(*outcomes, strict=True):
        assert torch.equal(one, other)


def test_two_processes_are_one_with_the_joint_batch(tmp_path):
    spawn(_process, args=(2, str(tmp_path)), nprocs=2)
    parts = [torch.load(tmp_path / f"{rank}.pt") for rank in range(2)]
    torchs = network()
    torchs["plain"] = nn.BatchNorm2d(3)
    torchs["plain"].load_state_dict(network()["plain"].state_dict())
    expected = passed(torchs, *joint_batch())
    assert any(expected["output"].abs().flatten() > 0.1)
    for name, value in expected.items():
        if name == "output":
            found = torch.cat([p[name] for p in parts])
        elif name == "input":  # each process took the mean over its half
            found = torch.cat([p[name] for p in parts]) / 2
        elif name.startswith("gradient"):
            found = torch.stack([p[name] for p in parts]).mean(dim=0)
        else:
            assert torch.equal(parts[0][name], parts[1][name])
            found = parts[0][name]
        torch.testing.assert_close(found, value, rtol=1e-4, atol=1e-5, msg=name)


def test_by_class_each_class_has_its_own_gain_and_bias_over_statistics_of_all():
    x, labels = joint_batch()
    layer, plain = ClassBatchNorm2d(3, 3), nn.BatchNorm2d(3)
    with torch.no_grad():
        layer.gain.weight.fill_(1.0)[1] = 2.0
        layer.bias.weight.fill_(0.0)[2] = -5.0
    y, before = layer(x, labels), plain(x)
    torch.testing.assert_close(y[labels == 0], before[labels == 0])
    torch.testing.assert_close(y[labels == 1], 2 * before[labels == 1])
    torch.testing.assert_close(y[labels == 2], before[labels == 2] - 5)


def test_classes_differ_from_the_start_though_not_by_much():
    torch.manual_seed(2)
    layer = ClassBatchNorm2d(400, 5)
    for table, mean in ((layer.gain.weight, 1.0), (layer.bias.weight, 0.0)):
        assert table.mean().item() == pytest.approx(mean, abs=0.03)
        assert table.std(dim=0).mean().item() == pytest.approx(0.3, abs=0.03)


def test_evaluating_an_image_does_not_depend_on_the_others_and_changes_nothing():
    layer = ClassBatchNorm2d(3, 3)
    x, labels = joint_batch()
    layer(x, labels)
    layer.eval()
    before = {name: tensor.clone() for name, tensor in layer.state_dict().items()}
    torch.testing.assert_close(layer(x, labels)[2:4], layer(x[2:4], labels[2:4]))
    assert all(torch.equal(before[name], tensor) for name, tensor in layer.state_dict().items())


def test_half_precision_is_kept():
    layer = ClassBatchNorm2d(3, 3)
    y = layer(joint_batch()[0].bfloat16(), joint_batch()[1])
    assert y.dtype == torch.bfloat16
    assert layer.normal.running_mean is not None
    assert layer.normal.running_mean.dtype == torch.float32


LAYERS = {
    "convolution": lambda: nn.Conv2d(5, 7, 3),
    "linear": lambda: nn.Linear(6, 4),
    "embedding": lambda: nn.Embedding(5, 9),
}


def original_of(layer: nn.Module) -> nn.Parameter:
    """The weight that a spectral norm is put on."""
    return dict(layer.named_parameters())["parametrizations.weight.original"]


@pytest.mark.parametrize("kind", LAYERS)
def test_a_spectral_weight_has_largest_singular_value_one(kind):
    torch.manual_seed(3)
    layer = spectral(LAYERS[kind]())
    for _ in range(100):
        weight = layer.weight
    assert isinstance(weight, Tensor)
    assert torch.linalg.matrix_norm(weight.flatten(1), ord=2).item() == pytest.approx(1, rel=1e-3)
    original = original_of(layer)
    torch.testing.assert_close(
        weight, original / torch.linalg.matrix_norm(original.flatten(1), ord=2), rtol=1e-3, atol=0
    )


def test_gradients_are_those_of_torchs_spectral_norm():
    torch.manual_seed(4)
    ours = nn.Linear(6, 4)
    torchs = nn.Linear(6, 4)
    torchs.load_state_dict(ours.state_dict())
    spectral(ours)
    parametrizations.spectral_norm(torchs, n_power_iterations=1)
    for layer in (ours, torchs):
        for _ in range(200):  # until both have found the singular vectors
            weight = layer.weight
        (weight * torch.linspace(-1, 1, 24).view(4, 6)).sum().backward()
    gradients = [original_of(layer).grad for layer in (ours, torchs)]
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-3, atol=1e-4)


def test_one_step_of_the_power_method_a_use_in_training_and_none_when_evaluating():
    torch.manual_seed(5)
    weight = torch.randn(4, 6)
    norm = SpectralNorm(weight)
    changed = torch.randn(4, 6)
    v = torch.nn.functional.normalize(changed.T @ norm.left, dim=0)
    u = torch.nn.functional.normalize(changed @ v, dim=0)
    torch.testing.assert_close(norm(changed), changed / (u @ changed @ v))
    torch.testing.assert_close(norm.left, u)
    norm.eval()
    norm(weight)
    torch.testing.assert_close(norm.left, u)


def test_a_network_may_be_used_twice_before_the_gradient_is_taken():
    """As a discriminator is: on reals, then on fakes. The second use moves the estimate."""
    torch.manual_seed(6)
    layer = spectral(nn.Conv2d(3, 4, 3))
    first, second = (layer(torch.randn(2, 3, 5, 5)).square().sum() for _ in range(2))
    (first + second).backward()
    gradient = original_of(layer).grad
    assert gradient is not None
    assert torch.isfinite(gradient).all()


def test_the_spectral_norm_is_taken_in_full_precision_under_autocast():
    torch.manual_seed(7)
    layer = spectral(nn.Linear(64, 64))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for _ in range(100):
            weight = layer.weight
        assert layer(torch.randn(2, 64)).dtype == torch.bfloat16
    assert weight.dtype == torch.float32
    assert torch.linalg.matrix_norm(weight, ord=2).item() == pytest.approx(1, rel=1e-3)
