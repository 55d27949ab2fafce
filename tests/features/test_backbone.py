from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from argus.core.errors import ArgusError
from argus.features import backbone
from tests.conftest import scenes


@pytest.fixture(scope="module")
def net() -> backbone.Backbone:
    torch.set_num_threads(2)
    return backbone.efficientnet()


def test_the_features_of_an_image_do_not_depend_on_its_neighbours(net: backbone.Backbone) -> None:
    images = scenes(backbone.BATCH + 3)
    together = net.features(images)
    assert together.shape == (len(images), 1280)
    assert together.dtype == np.float32
    assert (net.features(images[5:8]) == together[5:8]).all()
    assert (net.features(images[::-1])[::-1] == together).all()


def test_a_blurred_image_is_nearer_to_its_original_than_another(net: backbone.Backbone) -> None:
    images = scenes(6)
    blur = ImageFilter.GaussianBlur(1)
    blurred = np.stack([np.asarray(Image.fromarray(image).filter(blur)) for image in images])
    a, b = net.features(images), net.features(blurred)
    apart = np.linalg.norm(a[:, None] - b[None], axis=2)
    assert (apart.argmin(axis=1) == np.arange(6)).all()


def test_no_images_give_no_features(net: backbone.Backbone) -> None:
    assert net.features(np.zeros((0, 32, 48, 3), np.uint8)).shape == (0, 1280)


def test_without_the_inception_weights_it_says_where_to_put_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pytorch_fid import inception

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(inception, "FID_WEIGHTS_URL", "http://127.0.0.1:9/weights.pth")
    with pytest.raises(ArgusError, match=r"weights\.pth into .*checkpoints.*embed\.backbone"):
        backbone.inception()
