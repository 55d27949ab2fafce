"""What every architecture keeps to, and the published sizes."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from stages.common.errors import ArgusError
from stages.common.params import Domains
from stages.train.architecture import Images, Scene, build
from stages.train.architectures.r3gan import downsample, upsample

CLASSES = ("day", "dusk", "night")
DOMAINS = Domains(source="day", target="night")
SMALL = {
    "r3gan": {"widths": [8, 8, 4], "noise": 4},
    "cyclegan": {"filters": 2, "blocks": 1, "discriminator_filters": 2, "pool": 4},
}
SCENES = {"r3gan": Scene(32, 48, CLASSES), "cyclegan": Scene(32, 48, CLASSES, DOMAINS)}


def batch_for(architecture, scene: Scene, size: int = 3) -> dict[str, Images]:
    torch.manual_seed(0)
    shape = (size, 3, scene.height, scene.width)
    labels = torch.arange(size) % len(scene.classes)
    return {name: Images(torch.rand(shape) * 2 - 1, labels) for name in architecture.streams}


def size_of(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("arch", ["r3gan", "cyclegan"])
@pytest.mark.parametrize("size", [(32, 48), (64, 96), (48, 32), (16, 64)])
def test_a_step_at_any_size_moves_every_player_and_nothing_else(arch, size):
    scene = Scene(*size, CLASSES, SCENES[arch].domains)
    architecture = build(arch, SMALL[arch], scene)
    optimisers = architecture.optimisers()
    owned = {n: {id(p) for g in o.param_groups for p in g["params"]} for n, o in optimisers.items()}
    assert sum(len(ids) for ids in owned.values()) == len(list(architecture.parameters()))
    turns = []

    def descend(player: str, loss: torch.Tensor) -> None:
        assert loss.shape == ()
        parameters = [p for g in optimisers[player].param_groups for p in g["params"]]
        optimisers[player].zero_grad()
        loss.backward(inputs=parameters)
        optimisers[player].step()
        turns.append(player)

    before = {name: p.detach().clone() for name, p in architecture.named_parameters()}
    dials = {name: dial(0.5) for name, dial in architecture.schedules.items()}
    for _ in range(2):  # the zero-initialised layers open the way for the others in the first
        scalars = architecture.step(batch_for(architecture, scene), dials, descend)
    assert sorted(turns) == sorted(2 * list(optimisers))
    assert all(value.shape == () and torch.isfinite(value) for value in scalars.values())
    still = [n for n, p in architecture.named_parameters() if torch.equal(p, before[n])]
    # An instance normalisation takes the bias before it away again.
    assert all(name.endswith("bias") and arch == "cyclegan" for name in still)
    made = {
        "r3gan": lambda n: n["generator"](torch.randn(2, 4), torch.tensor([0, 2])),
        "cyclegan": lambda n: n["forth"](torch.zeros(2, 3, *size)),
    }
    assert made[arch](architecture.players()).shape == (2, 3, *size)


def test_published_cyclegan_has_the_published_size():
    published = {
        "filters": 64,
        "blocks": 9,
        "discriminator_filters": 64,
        "discriminator_layers": 3,
        "residual": False,
        "upsampling": "transposed",
    }
    architecture = build("cyclegan", published, Scene(256, 256, CLASSES, DOMAINS))
    assert size_of(architecture.forth) == pytest.approx(11.38e6, rel=0.01)
    assert size_of(architecture.judge_target) == pytest.approx(2.77e6, rel=0.01)
    six = build("cyclegan", published | {"blocks": 6}, Scene(256, 256, CLASSES, DOMAINS))
    assert size_of(six.forth) == pytest.approx(7.84e6, rel=0.01)


@pytest.mark.parametrize("layers", [2, 3])
def test_a_patch_judge_sees_its_patch_and_no_more(layers):
    """34 x 34 pixels with two halvings, 70 x 70 with three: where a logit's gradient reaches."""
    config = SMALL["cyclegan"] | {"discriminator_layers": layers}
    judge = build("cyclegan", config, Scene(160, 160, CLASSES, DOMAINS)).judge_target
    convolutions = nn.Sequential(*(m for m in judge if isinstance(m, nn.Conv2d)))
    image = torch.rand(1, 3, 160, 160, requires_grad=True)
    logits = convolutions(image)
    logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2].backward()
    reached = image.grad[0].abs().sum(dim=0) > 0
    assert int(reached.any(dim=0).sum()) == int(reached.any(dim=1).sum()) == {2: 34, 3: 70}[layers]


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


def test_r3gan_starts_with_blocks_that_do_nothing():
    architecture = build("r3gan", SMALL["r3gan"], SCENES["r3gan"])
    level = architecture.generator.levels[0]
    x = torch.randn(2, 8, 8, 12)
    assert torch.equal(level(x), x)


def test_r3gan_draws_the_class_it_is_asked_for():
    architecture = build("r3gan", SMALL["r3gan"], SCENES["r3gan"])
    noise = torch.randn(1, 4).repeat(3, 1)
    drawn = architecture.generator(noise, torch.arange(3))
    assert not torch.allclose(drawn[0], drawn[1])
    images = torch.rand(1, 3, 32, 48).repeat(3, 1, 1, 1)
    logits = architecture.discriminator(images, torch.arange(3))
    assert len(set(logits.tolist())) == 3


@pytest.mark.parametrize(
    ("arch", "config", "scene", "message"),
    [
        ("stylegan9", {}, SCENES["r3gan"], "cyclegan, r3gan"),
        ("r3gan", {"depth": 3}, SCENES["r3gan"], "depth"),
        ("r3gan", {"widths": [8, 6], "group_width": 4}, SCENES["r3gan"], "group_width"),
        ("r3gan", SMALL["r3gan"], Scene(32, 44, CLASSES), "multiples of 8"),
        ("r3gan", SMALL["r3gan"], SCENES["cyclegan"], "domains"),
        ("cyclegan", SMALL["cyclegan"], SCENES["r3gan"], "domains"),
        ("cyclegan", SMALL["cyclegan"], Scene(30, 48, CLASSES, DOMAINS), "multiples of 4"),
    ],
)
def test_what_does_not_fit_is_said(arch, config, scene, message):
    with pytest.raises(ArgusError, match=message):
        build(arch, config, scene)


def test_a_residual_translator_that_changes_nothing_is_the_identity():
    forth = build("cyclegan", SMALL["cyclegan"], Scene(32, 48, CLASSES, DOMAINS)).forth
    for parameter in list(forth.parameters())[-2:]:
        nn.init.zeros_(parameter)
    x = torch.rand(2, 3, 32, 48) * 1.9 - 0.95
    assert torch.allclose(forth(x), x, atol=1e-5)
