"""A folder of images against another by the Inception in torch's hub folder, whatever its weights:
`python -m benchmarks.evaluation.folder REALS ANSWERS`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from argus.features.backbone import Backbone
from argus.features.networks.inception import Inception
from argus.features.runtime import OnCpu
from argus.judging.metrics.frechet_distance import frechet_distance
from argus.judging.metrics.kid import kid


def build() -> torch.nn.Module:
    """Inception with weights that nobody vouches for."""
    return Inception().eval()


def main() -> None:
    torch.set_num_threads(1)
    network = OnCpu("random-inception", 299, build)
    net = Backbone("inception", 299, 2048, 0.0, 1.0, lambda x: network(x)[0], batch=1)
    reals, answers = (
        np.concatenate(
            [
                net.features(np.asarray(Image.open(path).convert("RGB"))[None])
                for path in sorted(Path(folder).iterdir())
            ]
        )
        for folder in sys.argv[1:]
    )
    print(f"KID {kid(answers, reals):.4f}, Frechet distance {frechet_distance(answers, reals):.4f}")


if __name__ == "__main__":
    main()
