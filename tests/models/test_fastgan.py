"""FastGAN: its published size, what its parts do, and one step of its game."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from argus.core.errors import ArgusError
from argus.core.params import Domains
from argus.models.architectures.fastgan import Config, FastGAN, Views
from argus.models.blocks.fastgan import ProjectionHead, SkipExcitation, distance, hinge, quarter
from argus.models.scene import Images, Scene
from tests.models.playing import size_of, stepped

CLASSES = ("day", "dusk", "night")
SMALL = {
    "noise": 4,
    "widths": [8, 6, 4, 4],
    "reach": 2,
    "discriminator_widths": [4, 4, 6],
    "discriminator_reach": 1,
    "decoder_widths": [4],
}


def made(height: int = 32, width: int = 48, **changes: object) -> FastGAN:
    torch.manual_seed(0)
    return FastGAN(Config(**(SMALL | changes)), Scene(height, width, CLASSES))


def batch_for(height: int, width: int, size: int = 3) -> dict[str, Images]:
    labels = torch.arange(size) % len(CLASSES)
    return {"real": Images(torch.rand(size, 3, height, width) * 2 - 1, labels)}


def views(size: int = 2) -> Views:
    whole = torch.rand(size, 3, 32, 48) * 2 - 1
    return Views(whole, functional.avg_pool2d(whole, 2))


def test_published_has_the_published_size_without_classes():
    """29.1M and 11.5M at 256x256, and the classes that we add are counted apart."""
    config = Config(**FastGAN.profiles["published"])
    one = FastGAN(config, Scene(256, 256, ("any",)))
    projection = size_of(one.discriminator.head.by_class) + size_of(
        one.discriminator.head_small.by_class
    )
    assert projection == 20_480
    assert size_of(one.generator) == pytest.approx(29.1e6, rel=0.01)
    assert size_of(one.discriminator) - projection == pytest.approx(11.5e6, rel=0.01)
    assert size_of(one.discriminator.decoders) == pytest.approx(3.1e6, rel=0.02)
    five = FastGAN(config, Scene(256, 256, tuple("abcde")))
    assert size_of(five.generator) - size_of(one.generator) == 4 * 11_392
    assert size_of(five.discriminator) - size_of(one.discriminator) == 4 * projection
    skip = five.generator.skips[0]
    assert isinstance(skip, SkipExcitation)
    grid = skip.gather.kernel_size
    assert (grid, len(five.generator.skips), len(five.discriminator.skips)) == ((4, 4), 3, 3)


@pytest.mark.parametrize("size", [(32, 48), (48, 32), (16, 64), (24, 40)])
def test_a_step_at_any_size_moves_every_player_and_nothing_else(size):
    architecture = made(*size)
    groups = [g for o in architecture.optimizers().values() for g in o.param_groups]
    assert {id(p) for g in groups for p in g["params"]} == {
        id(p) for p in architecture.parameters()
    }
    before = {name: p.detach().clone() for name, p in architecture.named_parameters()}
    turns, scalars = stepped(architecture, batch_for(*size))
    assert turns == ["discriminator", "generator"]
    assert all(v.shape == () and torch.isfinite(v) for v in scalars.values())
    assert set(architecture.chance_level_loss) <= set(scalars)
    assert not [n for n, p in architecture.named_parameters() if torch.equal(p, before[n])]
    image = architecture.generator(torch.randn(2, 4), torch.tensor([0, 2]))
    assert image.shape == (2, 3, *size)
    assert image.abs().max() <= 1


def test_an_excitation_is_one_gate_a_channel_by_the_means_of_cells():
    torch.manual_seed(1)
    layer = SkipExcitation(2, 5, (2, 3))
    coarse, fine = torch.randn(4, 2, 8, 6), torch.randn(4, 5, 3, 7)
    gates = layer(coarse, fine) / fine
    torch.testing.assert_close(gates, gates[:, :, :1, :1].expand_as(gates), rtol=1e-3, atol=1e-4)
    assert gates.min() > 0
    assert gates.max() < 1
    cells = coarse.view(4, 2, 2, 4, 3, 2).mean(dim=(3, 5)).flatten(1)
    seen = cells @ layer.gather.weight.flatten(1).T
    seen = torch.where(seen > 0, seen, 0.1 * seen) @ layer.gate.weight.flatten(1).T
    torch.testing.assert_close(gates[:, :, 0, 0], 1 / (1 + (-seen).exp()))


def test_the_same_noise_and_class_give_the_same_image_and_another_class_another():
    architecture = made()
    stepped(architecture, batch_for(32, 48))
    generator = architecture.generator.eval()
    noise, labels = torch.randn(1, 4).repeat(3, 1), torch.arange(3)
    drawn = generator(noise, labels)
    assert torch.equal(drawn, generator(noise, labels))
    assert not torch.allclose(drawn[0], drawn[1])
    assert not torch.allclose(drawn[1], drawn[2])
    whole, small = generator.pair(noise, labels)
    assert torch.equal(whole, drawn)
    assert small.shape == (3, 3, 16, 24)


def test_the_judge_projects_every_place_on_the_class():
    torch.manual_seed(2)
    judge, features = ProjectionHead(5, 3), torch.randn(2, 5, 6, 7)
    logits = judge(features, torch.tensor([0, 2]))
    assert logits.shape == (2, 3 * 4)
    for row, label in enumerate((0, 2)):
        weight = judge.common.weight + judge.by_class.weight[label]
        expected = functional.conv2d(features[row : row + 1], weight)
        torch.testing.assert_close(logits[row], expected.flatten())


def test_both_sizes_are_judged_and_each_alone():
    judge = made().discriminator.eval()
    seen, labels = views(), torch.tensor([0, 1])
    logits, found = judge(seen, labels)
    assert logits.shape == (2, 2 * 5 * 9)
    assert found.whole.shape[2:] == found.small.shape[2:] == (8, 12)
    assert found.finer.shape[2:] == (16, 24)
    other, _ = judge(Views(seen.whole, -seen.small), labels)
    assert torch.equal(other[:, :45], logits[:, :45])
    assert not torch.allclose(other[:, 45:], logits[:, 45:])


def test_every_weight_of_the_judge_has_spectral_norm_one_and_none_of_the_generator():
    architecture = made()
    with torch.no_grad():
        for _ in range(60):
            _, found = architecture.discriminator(views(), torch.tensor([0, 1]))
            architecture.discriminator.reconstruction(views(), found)
    architecture.discriminator.eval()
    layers = [m for m in architecture.discriminator.modules() if isinstance(m, nn.Conv2d)]
    for layer in layers:
        norm = torch.linalg.matrix_norm(layer.weight.flatten(1), ord=2)
        assert norm.item() == pytest.approx(1, rel=0.03)
    assert not any(hasattr(m, "parametrizations") for m in architecture.generator.modules())


def test_a_quarter_is_the_one_that_was_drawn():
    x = torch.arange(2.0 * 4 * 6).view(1, 2, 4, 6).repeat(4, 1, 1, 1)
    place = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
    found = quarter(x, place)
    for row, (lower, right) in enumerate(place.tolist()):
        rows, columns = slice(2 * lower, 2 * lower + 2), slice(3 * right, 3 * right + 3)
        assert torch.equal(found[row], x[row, :, rows, columns])


def test_a_reconstruction_is_compared_at_three_scales():
    """A chequerboard of +-1 is wrong at the first scale alone, a shift of grey at all."""
    wanted = torch.zeros(1, 3, 8, 8)
    chequers = wanted + 1 - 2 * ((torch.arange(8)[:, None] + torch.arange(8)) % 2)
    assert distance(wanted, wanted).item() == 0
    assert distance(chequers, wanted).item() == pytest.approx(1 / 3)
    assert distance(wanted + 0.3, wanted).item() == pytest.approx(0.3)


def test_reconstructions_teach_the_judge_and_not_the_generator():
    architecture = made()
    seen, labels = views(), torch.tensor([0, 1])
    _, found = architecture.discriminator(seen, labels)
    architecture.discriminator.reconstruction(seen, found).backward()
    assert all(p.grad is not None for p in architecture.discriminator.decoders.parameters())
    assert all(p.grad is not None for p in architecture.discriminator.start.parameters())
    assert all(p.grad is None for p in architecture.discriminator.head.parameters())
    assert all(p.grad is None for p in architecture.generator.parameters())


def test_the_hinge_has_a_margin_between_eight_tenths_and_one():
    torch.manual_seed(3)
    zeros = torch.zeros(400, 7)
    assert hinge(zeros).item() == pytest.approx(0.9, abs=0.01)
    assert hinge(zeros + 1).item() == 0
    assert hinge(zeros + 0.8).item() == pytest.approx(0.1, abs=0.01)
    assert hinge(zeros - 5).item() == pytest.approx(5.9, abs=0.01)
    assert made().chance_level_loss == {
        "loss/discriminator": pytest.approx(2 * hinge(zeros).item(), abs=0.02)
    }


def test_statistics_follow_the_images_drawn_and_judging_does_not_touch_them():
    architecture = made()
    buffers = dict(architecture.generator.named_buffers())
    before = {name: b.clone() for name, b in buffers.items()}
    with torch.no_grad():
        architecture.discriminator(views(), torch.tensor([0, 1]))
    assert all(torch.equal(b, before[name]) for name, b in buffers.items())
    stepped(architecture, batch_for(32, 48))
    assert all(int(b) == 1 for name, b in buffers.items() if name.endswith("tracked"))


def test_the_adaptive_strength_is_moved_by_reals():
    architecture = made(augment=0.5, augment_target=1.0, augment_images=30)
    _, scalars = stepped(architecture, batch_for(32, 48))
    assert scalars["augment/sign"] < 1
    assert scalars["augment/strength"].item() == pytest.approx(0.4)


def test_bf16_autocast_runs():
    architecture = made()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        _, scalars = stepped(architecture, batch_for(32, 48))
    assert all(torch.isfinite(value) for value in scalars.values())
    assert all(torch.isfinite(p).all() for p in architecture.parameters())


@pytest.mark.parametrize(
    ("config", "scene", "message"),
    [
        (SMALL, Scene(32, 44, CLASSES), "multiples of 8"),
        (SMALL, Scene(8, 48, CLASSES), "too small"),
        (SMALL, Scene(32, 48, CLASSES, Domains(source="day", target="night")), "domains"),
    ],
)
def test_what_does_not_fit_is_said(config, scene, message):
    with pytest.raises(ArgusError, match=message):
        FastGAN(Config(**config), scene)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"widths": [4]}, "at least two"),
        ({"discriminator_widths": [4, 4], "decoder_widths": []}, "at least three"),
        ({"decoder_widths": [4, 4]}, "two fewer"),
    ],
)
def test_levels_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        Config(**(SMALL | changes))
