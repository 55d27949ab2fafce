"""CUT and FastCUT: the published sizes, and what a step does."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from argus.core.errors import ArgusError
from argus.core.params import Domains
from argus.models.architecture import Architecture
from argus.models.architectures.cut import CUT
from argus.models.contrast import patch_nce
from argus.models.scene import Images, Scene
from tests.models.playing import made, silence, size_of, stepped, two_domains

CLASSES = ("day", "dusk", "night")
DOMAINS = Domains(source="day", target="night")
SCENE = Scene(32, 48, CLASSES, DOMAINS)
SMALL = {
    "filters": 2,
    "blocks": 1,
    "discriminator_filters": 2,
    "head_width": 4,
    "patches": 16,
    "augment": 0.0,
}
FAST = {"contrast": 10.0, "identity": False, "equivariance": True}
SCHEDULED = {"learning_rate": 1e-3}


def losses_of(gan: Architecture, batch: dict[str, Images]) -> dict[str, Tensor]:
    """The losses of a step; nothing moves."""
    losses: dict[str, Tensor] = {}
    gan.step(batch, SCHEDULED, losses.__setitem__)
    return losses


@pytest.mark.parametrize("profile", ["published", "published_fastcut"])
def test_published_profiles_have_the_published_sizes(profile):
    gan = made(CUT, {}, Scene(256, 256, CLASSES, DOMAINS), profile)
    assert size_of(gan.generator) == pytest.approx(11.38e6, rel=0.01)
    assert size_of(gan.heads) == pytest.approx(0.56e6, rel=0.01)
    assert size_of(gan.discriminator) == pytest.approx(2.77e6, rel=0.01)
    assert (gan.config.patches, gan.config.temperature) == (256, 0.07)
    fast = profile == "published_fastcut"
    assert (gan.config.identity, gan.config.equivariance) == (not fast, fast)
    assert gan.config.contrast == (10 if fast else 1)
    half = 0.875 if fast else 0.75  # of the decay
    assert gan.schedules["learning_rate"](half) == pytest.approx(1e-4)


@pytest.mark.parametrize("size", [(32, 48), (64, 40)])
@pytest.mark.parametrize("config", [{"augment": 0.7}, {"resampling": "antialiased"}, FAST])
def test_a_step_at_any_size_moves_every_network(size: tuple[int, int], config):
    scene = Scene(*size, CLASSES, DOMAINS)
    gan = made(CUT, SMALL | config, scene)
    owned = [p for o in gan.optimizers().values() for g in o.param_groups for p in g["params"]]
    assert len(owned) == len({id(p) for p in owned}) == len(list(gan.parameters()))
    before = {name: p.detach().clone() for name, p in gan.named_parameters()}
    scalars = stepped(gan, two_domains(scene), scheduled=SCHEDULED)[1]
    assert all(value.shape == () and torch.isfinite(value) for value in scalars.values())
    still = [n for n, p in gan.named_parameters() if torch.equal(p, before[n])]
    # An instance normalisation takes the bias before it away again.
    assert all(name.endswith("bias") for name in still)
    assert gan.inference_networks()["generator"](torch.zeros(2, 3, *size)).shape == (2, 3, *size)


@pytest.mark.parametrize("identity", [True, False])
def test_a_step_is_that_of_the_paper(identity):
    """The losses of one step, pass by pass; every place is drawn, so order is no matter."""
    config = SMALL | {"patches": 32 * 48, "identity": identity, "contrast": 3.0}
    gan, batch = made(CUT, config, SCENE), two_domains(SCENE)
    source, target = batch["source"].pixels, batch["target"].pixels
    found = losses_of(gan, batch)
    assert list(found) == ["discriminator", "generator"]

    def contrast(images: Tensor) -> Tensor:
        queries, keys = (gan.generator.features(x) for x in (gan.generator(images), images))
        places = [torch.arange(f[0, 0].numel()) for f in keys]
        pairs = zip(gan.heads(queries, places), gan.heads(keys, places), strict=True)
        losses = [patch_nce(query, key, 0.07) for query, key in pairs]
        return sum(losses, torch.zeros(())) / len(losses)

    held = (contrast(source) + contrast(target)) / 2 if identity else contrast(source)
    real, fake = gan.discriminator(target), gan.discriminator(gan.generator(source))
    d_loss = ((real - 1).square().mean() + fake.square().mean()) / 2
    torch.testing.assert_close(found["discriminator"], d_loss)
    torch.testing.assert_close(found["generator"], (fake - 1).square().mean() + 3 * held)


def test_keys_are_not_learnt_by():
    """The heads' gradient is that of the queries alone, with the keys as they are."""
    config = SMALL | {"patches": 32 * 48, "identity": False, "contrast": 1.0}
    gan, batch = made(CUT, config, SCENE), two_domains(SCENE)
    parameters = list(gan.heads.parameters())
    found = torch.autograd.grad(losses_of(gan, batch)["generator"], parameters)
    source, frozen = batch["source"].pixels, copy.deepcopy(gan)
    queries = gan.generator.features(gan.generator(source))
    keys = frozen.generator.features(source)
    places = [torch.arange(f[0, 0].numel()) for f in keys]
    pairs = zip(gan.heads(queries, places), frozen.heads(keys, places), strict=True)
    losses = [patch_nce(query, key, 0.07) for query, key in pairs]
    expected = torch.autograd.grad(sum(losses, torch.zeros(())) / len(losses), parameters)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def mirrored(gan: CUT, batch: dict[str, Images]) -> list[bool]:
    """Whether the generator was shown mirrored sources, step by step."""
    shown: list[Tensor] = []
    gan.generator.register_forward_pre_hook(lambda _, args: shown.append(args[0]))
    seen = []
    for _ in range(30):
        shown.clear()
        losses_of(gan, batch)
        seen.append(any(torch.equal(x, batch["source"].pixels.flip(3)) for x in shown))
    return seen


def test_fastcut_mirrors_every_other_step_and_cut_none():
    batch = two_domains(SCENE, 1)
    turned = mirrored(made(CUT, SMALL | FAST, SCENE), batch)
    assert 0.3 < sum(turned) / len(turned) < 0.7
    assert not any(mirrored(made(CUT, SMALL, SCENE), batch))


def test_what_was_translated_mirrored_is_mirrored_back_before_it_is_judged():
    """A generator that changes nothing: its judge sees the very source, its patches find theirs."""
    gan, batch = made(CUT, SMALL | FAST, SCENE), two_domains(SCENE)
    for parameter in list(gan.generator.parameters())[-2:]:
        nn.init.zeros_(parameter)
    source = batch["source"].pixels.clamp(-0.97, 0.97)
    batch["source"] = Images(source, batch["source"].labels)
    judged: list[Tensor] = []
    gan.discriminator.register_forward_pre_hook(lambda _, args: judged.append(args[0].detach()))
    for _ in range(6):
        losses_of(gan, batch)
    for images in judged:
        torch.testing.assert_close(images[-len(source) :], source, atol=1e-5, rtol=0)


def test_an_undecided_judge_has_the_loss_that_is_said():
    gan = made(CUT, SMALL, SCENE)
    silence(gan.discriminator[-1], 0.5)
    scalars = gan.step(two_domains(SCENE), SCHEDULED, lambda _name, _loss: None)
    for name, value in gan.chance_level_loss.items():
        assert scalars[name].item() == pytest.approx(value)


@pytest.mark.parametrize("config", [{}, FAST, {"residual": False, "resampling": "antialiased"}])
def test_a_step_in_bf16_is_finite(config):
    gan = made(CUT, SMALL | config, SCENE)
    with torch.autocast("cpu", torch.bfloat16):
        scalars = stepped(gan, two_domains(SCENE), steps=2, scheduled=SCHEDULED)[1]
    assert all(torch.isfinite(value) for value in scalars.values())
    assert all(torch.isfinite(p).all() for p in gan.parameters())


@pytest.mark.parametrize(
    ("config", "scene", "message"),
    [
        ({}, Scene(32, 48, CLASSES), "domains"),
        ({}, Scene(30, 48, CLASSES, DOMAINS), "multiples of 4"),
        (
            {"resampling": "antialiased", "discriminator_layers": 3},
            Scene(36, 48, CLASSES, DOMAINS),
            "multiples of 8",
        ),
        ({"discriminator_layers": 4}, SCENE, "discriminator_layers"),
        ({"pool": 50}, SCENE, "pool"),
    ],
)
def test_what_does_not_fit_is_said(config, scene, message):
    with pytest.raises(ArgusError, match=message):
        made(CUT, SMALL | config, scene)
