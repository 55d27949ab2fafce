"""Images that were described once are not described again, and come out the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from argus.core.files import remove
from argus.features import embedding
from argus.features.backbone import Backbone
from argus.features.embedding import embed_arrays
from tests.conftest import scenes

DIMENSIONS = 6


def counting(seen: list[int]) -> Backbone:
    """A backbone that notes how many distinct images each batch held."""

    def forward(x: torch.Tensor) -> torch.Tensor:
        seen.append(len(torch.unique(x.flatten(1), dim=0)))
        return torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1)

    return Backbone("counting", 8, DIMENSIONS, 0.5, 0.5, forward)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_warm_or_cold_the_vectors_are_those_of_the_backbone() -> None:
    seen: list[int] = []
    net, images = counting(seen), scenes(40)
    plain = net.features(images)
    some = embed_arrays(images[5:11], net)
    seen.clear()
    mixed = embed_arrays(images, net)
    described = len(seen)
    assert (some == plain[5:11]).all()
    assert (mixed == plain).all()
    assert mixed.dtype == np.float32
    assert described == 3  # batches of 16 for the 34 unseen ones
    assert (embed_arrays(images[::-1], net) == plain[::-1]).all()
    assert len(seen) == described
    remove(Path(".cache"))
    assert (embed_arrays(images, net) == plain).all()


def test_equal_images_are_described_once_and_progress_counts_them_all() -> None:
    seen: list[int] = []
    done: list[int] = []
    twice = np.concatenate([scenes(4)] * 3)
    vectors = embed_arrays(twice, counting(seen), done.append)
    assert (vectors[:4] == vectors[8:]).all()
    assert len(seen) == 1
    assert sum(done) == 12


def test_equal_bytes_of_another_shape_are_another_image() -> None:
    net, flat = counting([]), scenes(1, 32, 48)
    turned = flat.reshape(1, 48, 32, 3)
    embed_arrays(flat, net)
    assert (embed_arrays(turned, net) == net.features(turned)).all()


def test_a_run_that_was_killed_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "CHUNK", 16)
    seen: list[int] = []
    net, images = counting(seen), scenes(40)

    def dies_at_the_third(x: torch.Tensor) -> torch.Tensor:
        if len(seen) == 2:
            raise KeyboardInterrupt
        return net.forward(x)

    with pytest.raises(KeyboardInterrupt):
        embed_arrays(images, replace(net, forward=dies_at_the_third))
    embed_arrays(images, net)
    assert len(seen) == 3  # 32 were known
    assert (embed_arrays(images, net) == net.features(images)).all()


def test_no_images_give_no_vectors() -> None:
    assert embed_arrays(np.zeros((0, 32, 48, 3), np.uint8), counting([])).shape == (0, DIMENSIONS)
