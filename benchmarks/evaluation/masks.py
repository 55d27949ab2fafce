"""Whether a small segmentation network, trained on real images, still finds road and cars.

On Cambridge drives with masks (CamVid): what a translation has lost, no network finds in it; what
it only darkened, one that knows the dark should.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageFilter, ImageOps
from torch import nn
from torch.nn.functional import cross_entropy

from argus.core.determinism import deterministic
from benchmarks.evaluation.translations import tone_curve
from benchmarks.measures import Measure

SIZE = (96, 64)  # width, height, px
TRAINED, HELD_OUT = ("0001TP_1hz", "Seq05VD_1hz"), "0016E5_15hz"
ROAD, CAR, UNKNOWN = 3, 8, 11
STEPS, BATCH = 400, 8


def measures(data: Path) -> list[Measure]:
    """Intersection over union of road, and recall of car pixels, for translations of each kind."""
    deterministic(0, 1)
    pairs = [_pairs(data, name, 1) for name in TRAINED]
    images, masks = (np.concatenate(each) for each in zip(*pairs, strict=True))
    shown, truth = _pairs(data, HELD_OUT, 5)
    day = _read(sorted((data / "bdd_daynight/day").rglob("*.jpg"))[::10])
    night = _read(sorted((data / "bdd_daynight/night").rglob("*.jpg"))[::10])
    net = trained(images, masks)
    curved = tone_curve(shown, day, night)
    bare = _filled(shown, truth == CAR)
    black = curved.copy()
    black[truth == ROAD] = 4
    blur = ImageFilter.GaussianBlur(3.0)
    translations = {
        "identity": shown,
        "x .5": (shown * 0.5).astype(np.uint8),
        "x .25": (shown * 0.25).astype(np.uint8),
        "tone curve": curved,
        "curve, no cars": tone_curve(bare, day, night),
        "curve, road black": black,
        "curve, blurred": np.stack([np.asarray(Image.fromarray(i).filter(blur)) for i in curved]),
        "curve of another scene": np.roll(curved, len(curved) // 2, axis=0),
        "other nights": night[: len(shown)],
    }
    found = []
    for name, made in translations.items():
        said = predicted(net, made[: len(truth)])
        for what, value in (
            ("road, intersection over union", _share(said, truth, ROAD, union=True)),
            ("car pixels found", _share(said, truth, CAR, union=False)),
        ):
            found.append(Measure(f"{name}: {what}", value, None, "", None, "", None))
    return found


def trained(images: np.ndarray, masks: np.ndarray) -> nn.Module:
    """A network of .1M parameters: six convolutions, dilated, on images and darkened copies.

    Args:
        images: uint8 [N, H, W, 3].
        masks: int64 [N, H, W], 0 to 11, the last of no class.
    """
    width = 32
    layers: list[nn.Module] = [nn.Conv2d(3, width, 3, padding=1)]
    for dilation in (1, 2, 4, 8, 16):
        layers += [
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation),
        ]
    net = nn.Sequential(*layers, nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, UNKNOWN, 1))
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=STEPS)
    rng = np.random.default_rng(0)
    for _ in range(STEPS):
        rows = rng.choice(len(images), BATCH, replace=False)
        light = rng.uniform(0.15, 1.2, (BATCH, 1, 1, 1)) * rng.uniform(0.8, 1.2, (BATCH, 1, 1, 3))
        gamma = rng.uniform(0.6, 1.8, (BATCH, 1, 1, 1))
        batch = np.clip((images[rows] / 255) ** gamma * light, 0, 1)
        flip = rng.random() < 0.5
        target = masks[rows][:, :, ::-1] if flip else masks[rows]
        logits = net(_tensor(batch[:, :, ::-1] if flip else batch))
        loss = cross_entropy(logits, torch.from_numpy(target.copy()), ignore_index=UNKNOWN)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return net.eval()


@torch.no_grad()
def predicted(net: nn.Module, images: np.ndarray) -> np.ndarray:
    """The class of each pixel, int64 [N, H, W]."""
    classes: np.ndarray = net(_tensor(images / 255)).argmax(dim=1).numpy()
    return classes


def _tensor(shares: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(shares.transpose(0, 3, 1, 2), np.float32)) - 0.5


def _share(said: np.ndarray, truth: np.ndarray, which: int, union: bool) -> float:
    both = ((said == which) & (truth == which)).sum()
    whole = (truth == which) | ((said == which) & (truth != UNKNOWN)) if union else truth == which
    return float(both / whole.sum())


def _filled(images: np.ndarray, holes: np.ndarray) -> np.ndarray:
    """Every row of a hole in the colour that the image has beside it, left and right."""
    filled = images.copy()
    columns = np.arange(images.shape[2])
    for image, hole in zip(filled, holes, strict=True):
        for row, gone in zip(image, hole, strict=True):
            if gone.any() and not gone.all():
                for channel in range(3):
                    row[gone, channel] = np.interp(
                        columns[gone], columns[~gone], row[~gone, channel]
                    )
    return filled


def _pairs(data: Path, name: str, step: int) -> tuple[np.ndarray, np.ndarray]:
    files = sorted((data / "camvid_masks" / name).glob("*.png"))[::step]
    shown = [next((data / "camvid_sequences" / name).glob(f"{file.stem}.*")) for file in files]
    masks = [Image.open(file).resize(SIZE, Image.Resampling.NEAREST) for file in files]
    return _read(shown), np.stack([np.asarray(mask, np.int64) for mask in masks])


def _read(files: list[Path]) -> np.ndarray:
    return np.stack([np.asarray(ImageOps.fit(Image.open(f).convert("RGB"), SIZE)) for f in files])
