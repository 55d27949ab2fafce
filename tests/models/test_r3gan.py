"""R3GAN: the published sizes, the game it plays, and its resampling against convolutions."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from argus.core.errors import ArgusError
from argus.core.params import Domains
from argus.models.architectures.r3gan import R3GAN
from argus.models.blocks.bottleneck import SLOPE, scaled
from argus.models.blocks.resampling import downsample, upsample
from argus.models.losses import MODE_SEEKING_EPSILON, mode_seeking
from argus.models.scene import Images, Scene
from tests.models.playing import made, size_of, stepped

CLASSES = ("day", "dusk", "night")
SCENE = Scene(32, 48, CLASSES)
SMALL = {"widths": [8, 8, 4], "noise": 4}
LIKE_PUBLISHED = SMALL | {
    "blocks": 2,
    "expansion": 2.0,
    "group_width": 4,
    "patch": 1,
    "mode_seeking": 0.0,
}
PUBLISHED = {  # classes of the data, sides, millions of parameters of G and D (appendix)
    "cifar": (10, 32, 20.7, 20.7),
    "ffhq64": (1, 64, 22.4, 22.4),
    "ffhq256": (1, 256, 23.1, 23.0),
}


def batch_for(scene: Scene, size: int = 3) -> dict[str, Images]:
    torch.manual_seed(0)
    pixels = torch.rand(size, 3, scene.height, scene.width) * 2 - 1
    return {"real": Images(pixels, torch.arange(size) % len(scene.classes))}


def play(gan: R3GAN, scene: Scene, share: float = 0.5) -> dict[str, Tensor]:
    """One step, in which the optimizers move the networks."""
    scheduled = {name: schedule(share) for name, schedule in gan.schedules.items()}
    return stepped(gan, batch_for(scene), scheduled=scheduled)[1]


@pytest.mark.parametrize("config", [SMALL, LIKE_PUBLISHED], ids=["small", "like published"])
@pytest.mark.parametrize("size", [(32, 48), (64, 32), (48, 160)])
def test_a_step_at_any_size_moves_every_parameter(config, size: tuple[int, int]):
    scene = Scene(*size, CLASSES)
    gan = made(R3GAN, config, scene)
    before = {name: p.detach().clone() for name, p in gan.named_parameters()}
    for _ in range(2):  # the layers that start at zero open the way for the others in the first
        scalars = play(gan, scene)
    assert all(value.shape == () and torch.isfinite(value) for value in scalars.values())
    assert [n for n, p in gan.named_parameters() if torch.equal(p, before[n])] == []
    assert gan.generator(torch.randn(2, 4), torch.tensor([0, 2])).shape == (2, 3, *size)


@pytest.mark.parametrize("profile", PUBLISHED)
def test_profiles_have_the_published_sizes(profile):
    classes, side, generator, discriminator = PUBLISHED[profile]
    scene = Scene(side, side, tuple(map(str, range(classes))))
    with torch.device("meta"):
        gan = made(R3GAN, {}, scene, profile)
    assert size_of(gan.generator) == pytest.approx(generator * 1e6, rel=0.01)
    assert size_of(gan.discriminator) == pytest.approx(discriminator * 1e6, rel=0.01)
    assert gan.generator.basis.shape[1:] == (4, 4)
    groups = [group for o in gan.optimizers().values() for group in o.param_groups]
    assert [group["lr_multiplier"] for group in groups] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("profile", "gamma", "augment", "half_life"),
    [
        ("cifar", (0.05, 0.005), 0.55, 5e6),
        ("ffhq64", (2, 0.2), 0.3, 5e5),
        ("ffhq256", (150, 15), 0.3, 5e5),
    ],
)
def test_profiles_have_the_published_schedules(profile, gamma, augment, half_life):
    with torch.device("meta"):
        schedules = made(R3GAN, {}, Scene(256, 256, ("all",)), profile).schedules
    ends = {name: (schedule(0.0), schedule(1.0)) for name, schedule in schedules.items()}
    assert ends == {
        "learning_rate": pytest.approx((2e-4, 5e-5)),
        "beta2": pytest.approx((0.9, 0.99)),
        "gamma": pytest.approx(gamma),
        "augment": pytest.approx((0.0, augment)),
        "ema_images": pytest.approx((0.0, half_life)),
    }


@pytest.mark.parametrize("size", [(512, 512), (512, 320), (64, 128)])
def test_a_profile_works_at_other_sizes_with_another_basis(size: tuple[int, int]):
    with torch.device("meta"):
        gan = made(R3GAN, {}, Scene(*size, CLASSES), "ffhq256")
        images = gan.generator(torch.zeros(2, 64), torch.zeros(2, dtype=torch.int64))
        logits = gan.discriminator(images, torch.zeros(2, dtype=torch.int64))
    assert images.shape == (2, 3, *size)
    assert logits.shape == (2,)
    assert gan.generator.basis.shape[1:] == (size[0] // 64, size[1] // 64)


def test_it_starts_with_blocks_that_do_nothing():
    gan = made(R3GAN, SMALL, SCENE)
    x = torch.randn(2, 8, 8, 12)
    assert torch.equal(gan.generator.levels[0](x), x)


def test_scaled_weights_keep_the_variance_also_through_the_activation():
    torch.manual_seed(0)
    layer = scaled(nn.Linear(512, 4096), math.sqrt(2 / (1 + SLOPE**2)))
    x = torch.randn(64, 512)
    with torch.no_grad():
        y = functional.leaky_relu(layer(x), SLOPE)
    assert float(y.square().mean()) == pytest.approx(1.0, rel=0.03)


def test_it_draws_and_judges_by_class():
    gan = made(R3GAN, SMALL, SCENE)
    drawn = gan.generator(torch.randn(1, 4).repeat(3, 1), torch.arange(3))
    assert not torch.allclose(drawn[0], drawn[1])
    images = torch.rand(1, 3, 32, 48).repeat(3, 1, 1, 1)
    assert len(set(gan.discriminator(images, torch.arange(3)).tolist())) == 3


def test_a_blind_discriminator_is_undecided():
    gan = made(R3GAN, SMALL, SCENE)
    nn.init.zeros_(gan.discriminator.embedding.weight)
    scalars = play(gan, SCENE)
    assert gan.chance_level_loss == {"loss/discriminator": pytest.approx(math.log(2))}
    assert scalars["loss/discriminator"].item() == pytest.approx(math.log(2))


class Linear(nn.Module):
    """(image, class) -> the sum of its pixels times a number."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(0.5))

    def forward(self, images: Tensor, _labels: Tensor) -> Tensor:
        return self.slope * images.sum(dim=(1, 2, 3))


@pytest.mark.parametrize("augmented", [False, True])
def test_penalties_are_at_the_images_before_augmentation(augmented):
    """The gradient of a linear judge is its slope at every pixel that augmentation lets it see."""
    config = SMALL | {"augment": [float(augmented)] * 2, "augment_kinds": ["cutout"]}
    gan = made(R3GAN, config, SCENE)
    gan.discriminator = Linear()  # type: ignore[assignment]
    scalars = play(gan, SCENE)
    whole = 0.5**2 * 3 * 32 * 48
    for name in ("penalty/r1", "penalty/r2"):
        if augmented:  # a window of half the sides, or what of it lies inside the image
            assert 0.74 * whole <= scalars[name].item() < 0.95 * whole
        else:
            assert scalars[name].item() == pytest.approx(whole)


def test_players_have_their_own_fakes():
    gan = made(R3GAN, SMALL, SCENE)
    noises = []
    gan.generator.register_forward_pre_hook(lambda _module, given: noises.append(given[0]))
    play(gan, SCENE)
    assert len(noises) == 2
    assert not torch.isclose(*noises).any()


def test_mode_seeking_by_hand():
    images = torch.stack([torch.full((3, 2, 2), 0.5), torch.full((3, 2, 2), -0.2)])
    others = torch.stack([torch.full((3, 2, 2), 0.1), torch.full((3, 2, 2), -0.2)])
    noise, other_noise = torch.tensor([[2.0, 0.0], [1.0, 1.0]]), torch.zeros(2, 2)
    by_hand = (1 / (0.4 / 1.0 + MODE_SEEKING_EPSILON) + 1 / MODE_SEEKING_EPSILON) / 2
    assert float(mode_seeking(images, others, noise, other_noise)) == pytest.approx(by_hand)


def test_mode_seeking_drives_images_apart():
    """By the generator's first move alone, at any weight high enough to outdo the g_loss."""
    after = {}
    for weight in (0.0, 100.0):
        torch.manual_seed(0)
        gan = made(R3GAN, SMALL | {"mode_seeking": weight}, SCENE)
        for _ in range(5):
            play(gan, SCENE)
        noise = torch.randn(8, 4, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            after[weight] = float(gan.generator(noise, torch.zeros(8).long()).std(dim=0).mean())
    assert after[100.0] > after[0.0]


def test_penalties_stay_in_fp32_under_autocast():
    gan = made(R3GAN, SMALL | {"augment": [1.0, 1.0]}, SCENE)
    seen: Counter[torch.dtype] = Counter()
    gan.discriminator.register_forward_hook(
        lambda _module, _given, logits: seen.update([logits.dtype])
    )
    gan.generator.register_forward_hook(lambda _module, _given, fakes: seen.update([fakes.dtype]))
    before = {name: p.detach().clone() for name, p in gan.named_parameters()}
    for share in (0.1, 0.5, 0.9):
        with torch.autocast("cpu", torch.bfloat16):
            scalars = play(gan, SCENE, share)
        assert all(torch.isfinite(value) for value in scalars.values())
    assert [n for n, p in gan.named_parameters() if torch.equal(p, before[n])] == []
    assert scalars["penalty/r1"].dtype == torch.float32
    assert seen[torch.bfloat16] > 0  # the rest is not


def test_resampling_is_the_filter_1_2_1_with_the_border_repeated():
    kernel = torch.tensor([1.0, 2.0, 1.0])
    kernel = (kernel[:, None] * kernel)[None, None]
    x = torch.rand(2, 1, 6, 8)
    spread = torch.zeros(2, 1, 14, 18)
    spread[:, :, ::2, ::2] = functional.pad(x, (0, 1, 0, 1), mode="replicate")
    expected = functional.conv2d(spread, kernel / 4, padding=1)[:, :, :12, :16]
    torch.testing.assert_close(upsample(x), expected)
    fine = torch.rand(2, 1, 12, 16)
    padded = functional.pad(fine, (1, 0, 1, 0), mode="replicate")
    torch.testing.assert_close(downsample(fine), functional.conv2d(padded, kernel / 16, stride=2))


@given(st.integers(1, 9), st.integers(1, 9), st.floats(-5, 5))
def test_resampling_keeps_what_is_even_and_doubles_or_halves_every_size(height, width, value):
    x = torch.full((1, 2, height, width), value)
    fine = upsample(x)
    assert fine.shape == (1, 2, 2 * height, 2 * width)
    torch.testing.assert_close(fine, torch.full_like(fine, value))
    torch.testing.assert_close(downsample(fine), x)


@pytest.mark.parametrize(
    ("config", "scene", "message"),
    [
        ({"widths": [8, 6], "group_width": 4}, SCENE, "group_width"),
        (SMALL, Scene(32, 44, CLASSES), "multiples of 8"),
        (SMALL, Scene(32, 48, CLASSES, Domains(source="day", target="night")), "domains"),
        (SMALL | {"widths": [4] * 7}, SCENE, "multiples of 128"),
    ],
)
def test_what_does_not_fit_is_said(config, scene, message):
    with pytest.raises(ArgusError, match=message):
        made(R3GAN, config, scene)
