"""What tests of several stages need: small images, cards and deliveries in a temporary folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, settings
from PIL import Image, ImageFilter

ROOT = Path(__file__).parents[1]

# How long an example takes to draw or to run is the machine's affair, and that of what else it
# does: a slow one is no failure. What a strategy throws away is ours, so `filter_too_much` stays.
settings.register_profile("argus", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("argus")


def scene(seed: int, size: tuple[int, int] = (96, 64)) -> Image.Image:
    """A smooth random RGB image of width x height: its own in pHash, stable under JPEG."""
    noise = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


def scenes(count: int, height: int = 32, width: int = 48, seed: int = 0) -> np.ndarray:
    """Random smooth images: uint8 [count, height, width, 3]."""
    blur = ImageFilter.GaussianBlur(1)
    return np.stack(
        [np.asarray(scene(seed + i, (width, height)).filter(blur)) for i in range(count)]
    )


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place to run stages in: the current folder, with the repository's params.yaml."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    return tmp_path


@pytest.fixture
def card(workspace: Path) -> Callable[..., None]:
    """Write a valid rights card for a source, with some fields changed."""

    def write(source: str, /, **changes: Any) -> None:
        content = {
            "source": source,
            "kind": "client",
            "owner": "A client",
            "contact_role": "data steward",
            "licence": "contract:A-1",
            "jurisdiction": "EU",
            "purposes": ["train", "evaluate"],
            "consent": {"reference": "A-1", "expires": "never"},
            "origin": "camera",
            "citation": "",
        } | changes
        path = workspace / "data/sources" / f"{source}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content))

    return write


@pytest.fixture
def deliver(workspace: Path) -> Callable[..., Path]:
    """Write a delivery: files by path, as images or as raw bytes."""

    def write(
        source: str,
        delivery: str,
        files: dict[str, Image.Image | bytes],
        received_at: str = "2026-01-01T00:00:00.000000Z",
        label_from: str = "none",
        sequence_from: str = "none",
    ) -> Path:
        folder = workspace / "data/raw" / source / delivery
        folder.mkdir(parents=True)
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                content.save(path)
        manifest = {
            "delivery": delivery,
            "received_at": received_at,
            "label_from": label_from,
            "sequence_from": sequence_from,
        }
        (folder / "delivery.yaml").write_text(yaml.safe_dump(manifest))
        return folder

    return write
