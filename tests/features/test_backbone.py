"""What every backbone promises, of those whose weights are installed: an image's features are its
own, to the bit, and those of the network as PyTorch runs it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import get_args

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from argus.core.params.sections import BackboneName
from argus.features import backbone
from argus.features.networks import efficientnet, mobilenetv2, squeezenet
from tests.conftest import scenes

BUILDS = {"efficientnet": efficientnet, "mobilenetv2": mobilenetv2, "squeezenet": squeezenet}
MAPS = {"efficientnet": (112, 14, 14), "mobilenetv2": (96, 14, 14), "squeezenet": (512, 13, 13)}


@pytest.fixture(scope="module", params=BUILDS)
def net(request: pytest.FixtureRequest) -> backbone.Backbone:
    return backbone.BACKBONES[request.param]()


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_the_names_in_params_are_those_of_the_backbones() -> None:
    ours = {
        name for name, made in backbone.BACKBONES.items() if made.__module__ == backbone.__name__
    }
    assert set(get_args(BackboneName)) == ours  # other tests have some of their own


def test_the_features_of_an_image_do_not_depend_on_its_neighbours_nor_on_threads(
    net: backbone.Backbone,
) -> None:
    images = scenes(7)
    together = net.features(images)
    assert together.shape == (7, net.dimensions)
    assert together.dtype == np.float32
    assert (net.features(images[3:5]) == together[3:5]).all()
    torch.set_num_threads(1)
    assert (net.features(images[::-1])[::-1] == together).all()


def test_they_are_those_of_the_network_run_by_torch(net: backbone.Backbone) -> None:
    images = scenes(3, 48, 80)
    features, maps = net.features_and_maps(images)
    normalised = (np.stack([_prepared(net, i) for i in images]) / 255 - net.mean) / net.std
    network = BUILDS[net.name].build()
    with torch.inference_mode():
        wanted = network(torch.from_numpy(normalised).float().permute(0, 3, 1, 2))
    for ours, theirs in zip((features, maps), wanted, strict=True):
        assert np.abs(ours - theirs.numpy()).max() < 1e-5 * theirs.abs().max()


def _prepared(net: backbone.Backbone, image: np.ndarray) -> np.ndarray:
    size = (net.side, net.side)
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))


def test_maps_come_with_the_features_or_alone_and_move_with_the_image(
    net: backbone.Backbone,
) -> None:
    images = scenes(2)
    features, maps = net.features_and_maps(images)
    assert (features == net.features(images)).all()
    assert maps.dtype == np.float32
    assert maps.shape == (2, *MAPS[net.name])
    assert (net.maps(images) == maps).all()
    changed = images[:1].copy()
    changed[:, :8, :12] = 255 - changed[:, :8, :12]  # the upper left
    apart = np.abs(net.maps(changed) - maps[:1]).mean(axis=(0, 1))
    half = apart.shape[0] // 2
    assert apart[:half, :half].mean() > 2 * apart[half:, half:].mean()


def test_a_blurred_image_is_nearer_to_its_original_than_another(
    net: backbone.Backbone,
) -> None:
    images = scenes(6)
    blur = ImageFilter.GaussianBlur(0.7)
    blurred = np.stack([np.asarray(Image.fromarray(image).filter(blur)) for image in images])
    a, b = net.features(images), net.features(blurred)
    apart = np.linalg.norm(a[:, None] - b[None], axis=2)
    assert (apart.argmin(axis=1) == np.arange(6)).all()


def test_no_images_give_no_features_and_no_maps(net: backbone.Backbone) -> None:
    none = np.zeros((0, 32, 48, 3), np.uint8)
    features, maps = net.features_and_maps(none)
    assert net.features(none).shape == features.shape == (0, net.dimensions)
    assert maps.shape == (0, *MAPS[net.name])


def test_as_many_images_are_looked_at_at_once_as_torch_may_use_threads() -> None:
    both = threading.Barrier(2, timeout=20)  # passed by two together, or not at all

    def forward(x: torch.Tensor) -> torch.Tensor:
        both.wait()
        return x.mean(dim=(2, 3))

    colours = backbone.Backbone("colours", 8, 3, 0.0, 1.0, forward, batch=1)
    done: list[int] = []
    found = colours.features(scenes(4), done.append)
    assert sum(done) == 4
    assert (found == _alone(scenes(4))).all()


def _alone(images: np.ndarray) -> np.ndarray:
    of = backbone.Backbone("colours", 8, 3, 0.0, 1.0, lambda x: x.mean(dim=(2, 3)), batch=1)
    return np.concatenate([of.features(image[None]) for image in images])


def test_a_backbone_without_maps_says_so() -> None:
    flat = backbone.Backbone("flat", 8, 3, 0.0, 1.0, lambda x: x.mean(dim=(2, 3)))
    with pytest.raises(TypeError, match="flat has no maps"):
        flat.maps(scenes(1))
