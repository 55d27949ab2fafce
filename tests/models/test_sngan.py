"""SNGAN: its published size, what its parts do, and one step of its game."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from argus.core.errors import ArgusError
from argus.core.params import Domains
from argus.models.architectures.sngan import SNGAN, Config
from argus.models.blocks.sngan import DownBlock, UpBlock
from argus.models.scene import Images, Scene
from tests.models.playing import silence, size_of, stepped

CLASSES = ("day", "dusk", "night")
SMALL = {
    "noise": 4,
    "generator_widths": [8, 6, 4],
    "discriminator_widths": [4, 6, 6],
    "halvings": 2,
}


def made(height: int = 32, width: int = 48, classes=CLASSES, **changes: object) -> SNGAN:
    torch.manual_seed(0)
    return SNGAN(Config(**(SMALL | changes)), Scene(height, width, classes))


def batch_for(architecture: SNGAN, height: int, width: int, size: int = 3) -> dict[str, Images]:
    count = size * architecture.streams["real"].batches
    return {"real": Images(torch.rand(count, 3, height, width) * 2 - 1, torch.arange(count) % 3)}


def test_published_has_the_parameters_of_the_papers_table():
    """Counted by hand from Miyato et al., ICLR 2018, table 4, with what 10 classes add."""
    config = Config(**SNGAN.profiles["published"])
    architecture = SNGAN(config, Scene(32, 32, tuple("abcdefghij")))

    def convolution(before: int, after: int, kernel: int) -> int:
        return before * after * kernel**2 + after

    dense = 128 * 4 * 4 * 256 + 4 * 4 * 256
    up = 2 * convolution(256, 256, 3) + convolution(256, 256, 1) + 2 * 10 * 2 * 256
    assert size_of(architecture.generator) == dense + 3 * up + 2 * 256 + convolution(256, 3, 3)
    down = convolution(128, 128, 3)
    first = convolution(3, 128, 3) + down + convolution(3, 128, 1)
    second = 2 * down + convolution(128, 128, 1)
    judged = 128 + 1 + 10 * 128
    assert size_of(architecture.discriminator) == first + second + 2 * (2 * down) + judged
    one = SNGAN(config, Scene(32, 32, ("a",)))
    assert size_of(one.generator) == pytest.approx(4.28e6, rel=0.01)
    assert size_of(one.discriminator) == pytest.approx(1.05e6, rel=0.01)
    assert architecture.streams["real"].batches == 5


@pytest.mark.parametrize("size", [(32, 48), (48, 32), (16, 64), (36, 44)])
def test_a_step_at_any_size_moves_every_player_and_nothing_else(size):
    architecture = made(*size)
    groups = [g for o in architecture.optimizers().values() for g in o.param_groups]
    owned = [p for g in groups for p in g["params"]]
    assert {id(p) for p in owned} == {id(p) for p in architecture.parameters()}
    before = {name: p.detach().clone() for name, p in architecture.named_parameters()}
    turns, scalars = stepped(architecture, batch_for(architecture, *size))
    assert turns == ["discriminator", "generator"]
    assert all(v.shape == () and torch.isfinite(v) for v in scalars.values())
    assert set(architecture.chance_level_loss) <= set(scalars)
    still = [n for n, p in architecture.named_parameters() if torch.equal(p, before[n])]
    # A batch normalisation takes the bias before it away again, and a gain has little to say of the
    # biases after it.
    assert all(name.endswith("bias") for name in still)
    image = architecture.generator(torch.randn(2, 4), torch.tensor([0, 2]))
    assert image.shape == (2, 3, *size)
    assert image.abs().max() <= 1


def test_several_turns_of_the_discriminator_each_see_a_batch_of_their_own(monkeypatch):
    architecture = made(discriminator_steps=3)
    seen = []
    judge = architecture._discriminator_step

    def watched(reals, fakes, labels, optimizer_step):
        seen.append((reals, fakes, labels))
        assert not fakes.requires_grad
        return judge(reals, fakes, labels, optimizer_step)

    monkeypatch.setattr(architecture, "_discriminator_step", watched)
    batch = batch_for(architecture, 32, 48)
    turns, _ = stepped(architecture, batch)
    assert turns == 3 * ["discriminator"] + ["generator"]
    assert torch.equal(torch.cat([reals for reals, _, _ in seen]), batch["real"].pixels)
    assert torch.equal(torch.cat([labels for _, _, labels in seen]), batch["real"].labels)
    assert not torch.allclose(seen[0][1], seen[1][1])


def test_the_class_changes_what_is_drawn_and_how_it_is_judged():
    architecture = made()
    stepped(architecture, batch_for(architecture, 32, 48))
    architecture.generator.eval()
    drawn = architecture.generator(torch.randn(1, 4).repeat(3, 1), torch.arange(3))
    assert not torch.allclose(drawn[0], drawn[1])
    assert not torch.allclose(drawn[1], drawn[2])
    images = torch.rand(1, 3, 32, 48).repeat(3, 1, 1, 1)
    logits = architecture.discriminator(images, torch.arange(3))
    assert len(set(logits.tolist())) == 3


def test_the_judge_is_a_projection_of_the_features_summed_over_places():
    """Logit = (w + e_class) . sum of features + b (Miyato and Koyama, equation 3)."""
    judge = made().discriminator.eval()
    x, labels = torch.rand(3, 3, 32, 48), torch.tensor([0, 1, 1])
    features = judge.levels(x).clamp(min=0).flatten(2).sum(dim=2)
    weights = judge.head.weight + judge.embedding.weight[labels]
    expected = torch.einsum("nc,nc->n", features, weights) + judge.head.bias
    torch.testing.assert_close(judge(x, labels), expected)


def test_every_weight_of_the_judge_has_spectral_norm_one_and_none_of_the_generator():
    architecture = made()
    for _ in range(100):
        architecture.discriminator(torch.rand(1, 3, 32, 48), torch.tensor([0]))
    architecture.discriminator.eval()
    kinds = (nn.Conv2d, nn.Linear, nn.Embedding)
    layers = [m for m in architecture.discriminator.modules() if isinstance(m, kinds)]
    assert len(layers) == 10
    for layer in layers:
        norm = torch.linalg.matrix_norm(layer.weight.flatten(1), ord=2)
        assert norm.item() == pytest.approx(1, rel=0.01)
    assert not any(hasattr(m, "parametrizations") for m in architecture.generator.modules())


def test_shortcuts_at_the_smaller_size_are_those_of_the_paper():
    """The paper's go 1x1 after doubling and before halving: the same, at four times the cost."""
    torch.manual_seed(1)
    up, x = UpBlock(5, 4, 2), torch.randn(2, 5, 4, 6)
    labels = torch.tensor([0, 1])
    silence(up.mix2)
    doubled = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    torch.testing.assert_close(up(x, labels), up.shortcut(doubled))
    down = DownBlock(5, 4, halves=True, first=False)
    silence(down.mix2)
    torch.testing.assert_close(down(x), nn.functional.avg_pool2d(down.shortcut(x), 2))


def test_statistics_follow_the_images_drawn_and_judging_does_not_touch_them():
    architecture = made()
    batch = batch_for(architecture, 32, 48)
    buffers = dict(architecture.generator.named_buffers())
    before = {name: b.clone() for name, b in buffers.items()}
    with torch.no_grad():
        architecture.discriminator(*batch["real"])
    assert all(torch.equal(b, before[name]) for name, b in buffers.items())
    stepped(architecture, batch)
    assert all(int(b) == 1 for name, b in buffers.items() if name.endswith("tracked"))


def test_the_adaptive_strength_rises_with_a_judge_who_misses_no_real():
    architecture = made(augment=0.0, augment_target=0.6, augment_images=30)
    with torch.no_grad():
        architecture.discriminator.head.bias.fill_(50)
    _, scalars = stepped(architecture, batch_for(architecture, 32, 48))
    assert scalars["augment/sign"].item() == 1
    assert scalars["augment/strength"].item() == pytest.approx(0.1)
    assert architecture.state_dict()["adaptive.strength"].item() == pytest.approx(0.1)


def test_bf16_autocast_runs():
    architecture = made()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        _, scalars = stepped(architecture, batch_for(architecture, 32, 48))
    assert all(torch.isfinite(value) for value in scalars.values())
    assert all(torch.isfinite(p).all() for p in architecture.parameters())


@pytest.mark.parametrize(
    ("config", "scene", "message"),
    [
        (SMALL, Scene(32, 46, CLASSES), "multiples of 4"),
        (SMALL | {"halvings": 3}, Scene(32, 44, CLASSES), "multiples of 8"),
        (SMALL, Scene(32, 48, CLASSES, Domains(source="day", target="night")), "domains"),
    ],
)
def test_what_does_not_fit_is_said(config, scene, message):
    with pytest.raises(ArgusError, match=message):
        SNGAN(Config(**config), scene)


def test_more_halvings_than_blocks_are_refused():
    with pytest.raises(ValueError, match="fewer discriminator_widths"):
        Config(discriminator_widths=(4, 4), halvings=3)
