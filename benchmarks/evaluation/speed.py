"""What an evaluation costs: the Frechet distance and a whole folder beside pytorch-fid, and the
features of each judge by onnxruntime beside PyTorch."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from argus.features.backbone import BACKBONES
from argus.features.networks import efficientnet, mobilenetv2, squeezenet
from argus.judging.metrics.frechet_distance import frechet_distance
from benchmarks.measures import Measure, cpu_seconds

N, DIMENSIONS = 1000, 2048  # of the Frechet distance
FOLDER = 200  # images of a folder that is evaluated, and of its reference
IMAGES = 64  # described by each judge
ROUNDS = 3  # each way is timed so often, in turns; the best counts
BUILDS = {"mobilenetv2": mobilenetv2, "squeezenet": squeezenet, "efficientnet": efficientnet}


def measures(data: Path) -> list[Measure]:
    """The bars: a tenth of pytorch-fid's time for the distance, and less for a folder."""
    torch.set_num_threads(1)
    return [frechet_term(), *features_by_judge(data), folder(data)]


def frechet_term() -> Measure:
    """The distance alone, of features as they come."""
    from pytorch_fid.fid_score import calculate_frechet_distance

    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((DIMENSIONS, DIMENSIONS)) / np.sqrt(DIMENSIONS)
    a, b = (rng.standard_normal((N, DIMENSIONS)) @ mixing for _ in range(2))

    def theirs() -> float:
        moments = [(x.mean(axis=0), np.cov(x, rowvar=False)) for x in (a, b + 0.1)]
        return float(calculate_frechet_distance(*moments[0], *moments[1]))

    mine, found = cpu_seconds(lambda: frechet_distance(a, b + 0.1))
    peer, wanted = cpu_seconds(theirs)
    difference = abs(found - wanted) / wanted
    name = f"Frechet distance, N={N}, d={DIMENSIONS}; pytorch-fid (apart by {difference:.0e})"
    return Measure(name, mine, peer, "CPU-s", peer / mine, ">= 10", peer / mine >= 10)


def features_by_judge(data: Path) -> list[Measure]:
    """Milliseconds of CPU for an image by each judge, resizing and all, and how far they differ."""
    paths = sorted(data.glob("bdd_daynight/day/*/*.jpg"))[:IMAGES]
    images = np.stack([np.asarray(Image.open(p).convert("RGB").resize((192, 128))) for p in paths])
    return [m for judge in BUILDS for m in _beside_torch(judge, images)]


def _beside_torch(judge: str, images: np.ndarray) -> list[Measure]:
    net, network = BACKBONES[judge](), BUILDS[judge].build()
    network = network.to(memory_format=torch.channels_last)
    plain = type(net)(
        net.name, net.side, net.dimensions, net.mean, net.std, lambda x: network(x)[0]
    )  # in batches of 16, as PyTorch is quickest
    times: dict[str, list[float]] = {"ours": [], "torch": []}
    for _ in range(ROUNDS):
        seconds, ours = cpu_seconds(lambda: net.features(images))
        times["ours"].append(seconds / len(images) * 1000)
        seconds, theirs = cpu_seconds(lambda: plain.features(images))
        times["torch"].append(seconds / len(images) * 1000)
    mine, peer = min(times["ours"]), min(times["torch"])
    ratio = mine / peer
    torch.set_num_threads(2)
    equal = float((net.features(images[:16]) == ours[:16]).all())
    torch.set_num_threads(1)
    apart = float(np.abs(ours - theirs).max() / np.abs(theirs).max())
    return [
        Measure(f"{judge}; PyTorch", mine, peer, "CPU-ms", ratio, "<= .5", ratio <= 0.5),
        Measure(f"{judge}, apart at most", apart, None, "of the largest", None, "", apart <= 1e-5),
        Measure(f"{judge}, by 1 and 2 threads", equal, None, "equal", None, "1", equal == 1),
    ]


def folder(data: Path) -> Measure:
    """A folder of images against another, from the files to the distance, by the same random
    Inception: each in a process of its own, imports and all."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        for part, paths in (
            ("reals", sorted(data.glob("bdd_daynight/day/*/*.jpg"))[:FOLDER]),
            ("answers", sorted(data.glob("bdd_daynight/night/*/*.jpg"))[:FOLDER]),
        ):
            (place / part).mkdir()
            for path in paths:
                (place / part / path.name).write_bytes(path.read_bytes())
        _random_weights(place)
        environment = os.environ | {
            "TORCH_HOME": scratch,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "OMP_NUM_THREADS": "1",
        }
        ours = ["-m", "benchmarks.evaluation.folder", "reals", "answers"]
        theirs = ["-m", "pytorch_fid", "--device", "cpu", "--num-workers", "0", "reals", "answers"]
        _seconds(ours, place, environment)  # the graph is exported once for all evaluations
        mine, found = _seconds(ours, place, environment)
        peer, wanted = _seconds(theirs, place, environment)
    name = f"a folder of {FOLDER} against {FOLDER}; python -m pytorch_fid ({found}; {wanted})"
    return Measure(name, mine, peer, "CPU-s", peer / mine, ">= 1.3", peer / mine >= 1.3)


def _seconds(arguments: list[str], place: Path, environment: dict[str, str]) -> tuple[float, str]:
    """CPU seconds of a Python process, and the last word it says."""
    before = os.times()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    after = os.times()
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    return used, done.stdout.split()[-1]


def _random_weights(hub: Path) -> None:
    """Weights for pytorch-fid's Inception where it looks for them: He's normal distribution, so
    that features have a size."""
    from pytorch_fid import inception as fid

    network = fid._inception_v3(num_classes=1008, aux_logits=False, weights=None)
    generator = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, generator=generator)
    file = hub / "hub/checkpoints" / fid.FID_WEIGHTS_URL.rsplit("/", 1)[1]
    file.parent.mkdir(parents=True)
    torch.save(network.state_dict(), file)
