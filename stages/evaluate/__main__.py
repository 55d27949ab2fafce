"""Score a model on held-out reals: `python -m stages.evaluate MODEL`.

Writes `data/evaluate/<model>/`: `model.npy`, `reals.npy` and one file for each floor, features
float32 [N, D], row i of each belonging together; `groups.json` with the drive of each real.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from stages.common import params, reports
from stages.common.backbone import BACKBONES
from stages.common.compute import deterministic
from stages.common.errors import ArgusError, exits_cleanly
from stages.common.files import atomic, remove, write_json
from stages.common.progress import Steps
from stages.evaluate.scores import frechet_distance, kid
from stages.evaluate.yardstick import beside, held_out
from stages.pack.packed import read_packed
from stages.train import trained


def training_reals(label: str | None, n: int) -> np.ndarray:
    """Up to n training images (of one class): what a perfect model would look like."""
    pack = read_packed("train")
    rows = np.argsort(pack.image_ids)
    if label is not None:
        rows = rows[pack.labels[rows] == pack.classes.index(label)]
    return pack.images[rows[:n]]


@exits_cleanly
def main() -> None:
    if len(sys.argv) != 2:
        raise ArgusError("usage: python -m stages.evaluate MODEL")
    name = sys.argv[1]
    p = params.load()
    if name not in p.models:
        raise ArgusError(f"params.yaml has no model '{name}'; it has {', '.join(p.models)}")
    wanted = p.models[name]
    packs = [read_packed(split) for split in p.evaluate.splits]
    yardstick = held_out(packs, wanted.domains, p.evaluate.samples)
    deterministic(p.evaluate.seed, p.embed.threads)
    model = trained.load(Path("models/trained") / name)

    target = wanted.domains.target if wanted.domains else None
    shown = {
        "reals": yardstick.reals,
        "model": yardstick.answer(model, p.evaluate.seed),
        **beside(yardstick, p.evaluate.seed),
        "training_reals": training_reals(target, len(yardstick.reals)),
    }
    net = BACKBONES[p.embed.backbone]()
    with Steps(sum(len(images) for images in shown.values()), f"scoring {name}") as steps:
        features = {kind: net.features(images, steps.advance) for kind, images in shown.items()}

    one = features["mean_image"]
    features["mean_image"] = np.repeat(one, len(yardstick.reals), axis=0)

    folder = Path("data/evaluate") / name
    remove(folder)
    for kind, vectors in features.items():
        with atomic(folder / f"{kind}.npy") as temporary:
            np.save(temporary, vectors)
    write_json(folder / "groups.json", yardstick.groups)

    reals = features.pop("reals")
    scores = {
        kind: {
            f"kid_{net.name}": kid(vectors, reals),
            f"fd_{net.name}": frechet_distance(vectors, reals),
        }
        for kind, vectors in features.items()
    }
    model_scores = scores.pop("model")
    reports.metrics(
        f"evaluate/{name}",
        {"task": wanted.task, "samples": len(reals), **model_scores, "beside": scores},
    )
    kids = {kind: score[f"kid_{net.name}"] for kind, score in scores.items()}
    print(
        f"{name}: KID {model_scores[f'kid_{net.name}']:.3f} on {len(reals)} held-out reals; beside "
        + ", ".join(f"{kind} {value:.3f}" for kind, value in kids.items())
    )


if __name__ == "__main__":
    main()
