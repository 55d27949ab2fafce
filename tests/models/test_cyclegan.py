"""CycleGAN: the published sizes, the networks it shares with CUT, and what a step does."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from argus.core.errors import ArgusError
from argus.core.params import Domains
from argus.models.architectures.cyclegan import CycleGAN
from argus.models.blocks.patch import patch_discriminator
from argus.models.blocks.resnet import Resampling, ResNetGenerator
from argus.models.scene import Scene
from tests.models.playing import made, silence, size_of, stepped, two_domains

CLASSES = ("day", "dusk", "night")
DOMAINS = Domains(source="day", target="night")
SMALL = {"filters": 2, "blocks": 1, "discriminator_filters": 2, "pool": 4}
RESAMPLING: tuple[Resampling, ...] = ("transposed", "resized", "antialiased")


@pytest.mark.parametrize(
    ("profile", "generator"), [("published", 11.38e6), ("published_6", 7.84e6)]
)
def test_published_profiles_have_the_published_sizes(profile, generator):
    gan = made(CycleGAN, {}, Scene(256, 256, CLASSES, DOMAINS), profile)
    assert size_of(gan.forth) == size_of(gan.back) == pytest.approx(generator, rel=0.01)
    assert (
        size_of(gan.discriminator_source)
        == size_of(gan.discriminator_target)
        == pytest.approx(2.77e6, rel=0.01)
    )
    assert gan.config.pool == 50
    assert [gan.schedules["learning_rate"](t) for t in (0, 0.5, 0.75)] == [2e-4, 2e-4, 1e-4]


@pytest.mark.parametrize("size", [(32, 48), (64, 36)])
@pytest.mark.parametrize(
    "config", [{"augment": 0.7}, {"residual": False, "resampling": "transposed"}]
)
def test_a_step_at_any_size_moves_every_network(size: tuple[int, int], config):
    scene = Scene(*size, CLASSES, DOMAINS)
    gan = made(CycleGAN, SMALL | config, scene)
    owned = [p for o in gan.optimizers().values() for g in o.param_groups for p in g["params"]]
    assert {id(p) for p in owned} == {id(p) for p in gan.parameters()}
    before = {name: p.detach().clone() for name, p in gan.named_parameters()}
    scalars = stepped(gan, two_domains(scene))[1]
    assert all(value.shape == () and torch.isfinite(value) for value in scalars.values())
    still = [n for n, p in gan.named_parameters() if torch.equal(p, before[n])]
    # An instance normalisation takes the bias before it away again.
    assert all(name.endswith("bias") for name in still)
    assert gan.inference_networks()["forth"](torch.zeros(2, 3, *size)).shape == (2, 3, *size)


def test_a_step_is_that_of_the_paper():
    """The losses of one step, reckoned pass by pass from the networks before it."""
    scene = Scene(32, 48, CLASSES, DOMAINS)
    gan, batch = made(CycleGAN, SMALL | {"pool": 0}, scene), two_domains(scene)
    source, target = batch["source"].pixels, batch["target"].pixels
    with torch.no_grad():
        fakes = gan.forth(source), gan.back(target)
        cycle = functional.l1_loss(gan.back(fakes[0]), source)
        cycle += functional.l1_loss(gan.forth(fakes[1]), target)
        identity = functional.l1_loss(gan.forth(target), target)
        identity += functional.l1_loss(gan.back(source), source)
        believed = [gan.discriminator_target(fakes[0]), gan.discriminator_source(fakes[1])]
        known = [gan.discriminator_target(target), gan.discriminator_source(source)]
    g_loss = sum((logits - 1).square().mean() for logits in believed)
    d_loss = sum(
        ((real - 1).square().mean() + fake.square().mean()) / 2
        for real, fake in zip(known, believed, strict=True)
    )
    losses = []
    scheduled = {name: schedule(0.0) for name, schedule in gan.schedules.items()}
    scalars = gan.step(batch, scheduled, lambda name, loss: losses.append((name, loss.item())))
    assert [name for name, _ in losses] == ["generators", "discriminators"]
    total = g_loss + gan.config.cycle * (cycle + gan.config.identity * identity)
    assert [loss for _, loss in losses] == pytest.approx([total.item(), d_loss.item()], rel=1e-4)
    assert scalars["loss/cycle"].item() == pytest.approx(cycle.item(), rel=1e-4)


def test_an_undecided_judge_has_the_loss_that_is_said():
    scene = Scene(32, 48, CLASSES, DOMAINS)
    gan = made(CycleGAN, SMALL, scene)
    for discriminator in (gan.discriminator_source, gan.discriminator_target):
        silence(discriminator[-1], 0.5)
    scheduled = {name: schedule(0.0) for name, schedule in gan.schedules.items()}
    scalars = gan.step(two_domains(scene), scheduled, lambda _name, _loss: None)
    for name, value in gan.chance_level_loss.items():
        assert scalars[name].item() == pytest.approx(value)


def test_a_step_in_bf16_is_finite():
    scene = Scene(32, 48, CLASSES, DOMAINS)
    gan = made(CycleGAN, SMALL, scene)
    with torch.autocast("cpu", torch.bfloat16):
        scalars = stepped(gan, two_domains(scene), steps=2)[1]
    assert all(torch.isfinite(value) for value in scalars.values())
    assert all(torch.isfinite(p).all() for p in gan.parameters())


@pytest.mark.parametrize(("halvings", "side"), [(2, 34), (3, 70)])
def test_a_patch_judge_sees_its_patch_and_no_more(halvings, side):
    """Where the gradient of one logit reaches."""
    judge = patch_discriminator(2, halvings)
    convolutions = nn.Sequential(*(m for m in judge if isinstance(m, nn.Conv2d)))
    image = torch.rand(1, 3, 160, 160, requires_grad=True)
    logits = convolutions(image)
    logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2].backward()
    assert image.grad is not None
    reached = image.grad[0].abs().sum(dim=0) > 0
    assert int(reached.any(dim=0).sum()) == int(reached.any(dim=1).sum()) == side


@pytest.mark.parametrize("antialiased", [False, True])
def test_a_patch_judge_has_as_many_logits_as_the_published_one(antialiased):
    assert patch_discriminator(2, 3, antialiased)(torch.zeros(2, 3, 256, 256)).shape == (
        2,
        1,
        30,
        30,
    )
    assert patch_discriminator(2, 3, antialiased)(torch.zeros(2, 3, 32, 48)).shape == (2, 1, 2, 4)


@pytest.mark.parametrize("resampling", RESAMPLING)
def test_features_are_the_pixels_two_halvings_and_two_blocks(resampling):
    generator = ResNetGenerator(4, 9, resampling, residual=False)
    x = torch.rand(2, 3, 32, 48) * 2 - 1
    image, features = generator.with_features(x)
    assert torch.equal(image, generator(x))
    assert all(map(torch.equal, features, generator.features(x)))
    fine, half = ((32, 48), (16, 24)) if resampling == "antialiased" else ((16, 24), (8, 12))
    sizes = [(3, 32, 48), (8, *fine), (16, *half), (16, 8, 12), (16, 8, 12)]
    assert [tuple(f.shape[1:]) for f in features] == sizes
    assert generator.feature_widths == [channels for channels, _, _ in sizes]
    assert features[0] is x
    blocks = [i for i, layer in enumerate(generator.body) if type(layer).__name__ == "Residual"]
    assert generator.taps[2:] == [blocks[0], blocks[4]]


@pytest.mark.parametrize(("blocks", "tapped"), [(1, 1), (2, 1), (3, 2), (6, 2)])
def test_a_short_generator_has_fewer_features(blocks, tapped):
    generator = ResNetGenerator(2, blocks, "resized", residual=True)
    features = generator.features(torch.zeros(1, 3, 16, 16))
    assert len(features) == len(generator.feature_widths) == 3 + tapped


def test_a_residual_translator_that_changes_nothing_is_the_identity():
    generator = ResNetGenerator(2, 1, "resized", residual=True)
    for parameter in list(generator.parameters())[-2:]:
        nn.init.zeros_(parameter)
    x = torch.rand(2, 3, 32, 48) * 1.9 - 0.95
    assert torch.allclose(generator(x), x, atol=1e-5)


@pytest.mark.parametrize(
    ("config", "scene", "message"),
    [
        ({}, Scene(32, 48, CLASSES), "domains"),
        ({}, Scene(30, 48, CLASSES, DOMAINS), "multiples of 4"),
        ({"discriminator_layers": 5}, Scene(32, 48, CLASSES, DOMAINS), "discriminator_layers"),
        ({"upsampling": "nearest"}, Scene(32, 48, CLASSES, DOMAINS), "upsampling"),
    ],
)
def test_what_does_not_fit_is_said(config, scene, message):
    with pytest.raises(ArgusError, match=message):
        made(CycleGAN, SMALL | config, scene)
