"""Score a model on held-out reals: `python -m stages.evaluate MODEL`.

Writes `data/evaluate/<model>/`: `model.npy`, `reals.npy` and one file for each floor, features
float32 [N, D], row i of each belonging together; `groups.json` with the drive of each real. Of a
model that failed in training or was skipped the folder is empty, and the report has the reason.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from argus.core import params, reports
from argus.core.determinism import deterministic
from argus.core.errors import ArgusError, exits_cleanly
from argus.core.files import atomic, write_json
from argus.core.progress import Steps
from argus.data.packed import read_packed
from argus.features import embedding
from argus.features.backbone import BACKBONES
from argus.judging.baselines import beside
from argus.judging.distances import frechet_distance, kid
from argus.judging.evaluation_set import held_out
from argus.models import card, loading

EVALUATED, TRAINED = Path("data/evaluate"), Path("models/trained")


def training_reals(label: str | None, n: int) -> np.ndarray:
    """Up to n training images (of one class): what a perfect model would look like."""
    pack = read_packed("train")
    rows = np.argsort(pack.image_ids)
    if label is not None:
        rows = rows[pack.labels[rows] == pack.classes.index(label)]
    return pack.images[rows[:n]]


def described(name: str, p: params.Params) -> tuple[dict[str, np.ndarray], list[str]]:
    """A model's answers, the reals, and what they stand beside, in the backbone's eyes.

    Returns:
        features float32 [N, D] by kind, `reals` and `model` among them (fewer rows where there are
        fewer training images), and the drive of each real.
    """
    wanted = p.models[name]
    packs = [read_packed(split) for split in p.evaluate.splits]
    evaluation_set = held_out(packs, wanted.domains, p.evaluate.samples)
    deterministic(p.evaluate.seed, p.embed.threads)
    answers = evaluation_set.generate(loading.load(TRAINED / name), p.evaluate.seed)
    target = wanted.domains.target if wanted.domains else None
    shown = {
        "reals": evaluation_set.reals,
        **beside(evaluation_set, p.evaluate.seed),
    }
    learnt = training_reals(target, len(evaluation_set.reals))
    if len(learnt) > 1:  # one image alone has no distance to others
        shown["training_reals"] = learnt
    net = BACKBONES[p.embed.backbone]()
    ends = np.cumsum([len(images) for images in shown.values()])
    with Steps(len(answers) + int(ends[-1]), f"scoring {name}") as steps:
        # the same for every model of a task, so mostly known: together, to know at once how much
        of_shown = embedding.embed_arrays(
            np.concatenate(list(shown.values())), net, steps.advance, steps.skip
        )
        vectors = dict(zip(shown, np.split(of_shown, ends[:-1]), strict=True))
        vectors["model"] = net.features(answers, steps.advance)
    vectors["mean_image"] = np.repeat(vectors["mean_image"], len(evaluation_set.reals), axis=0)
    return vectors, list(evaluation_set.groups)


def scored(vectors: dict[str, np.ndarray], backbone: str) -> dict[str, dict[str, float]]:
    """The distances of every kind but the reals themselves to the reals, by kind."""
    return {
        kind: {
            f"kid_{backbone}": kid(of_kind, vectors["reals"]),
            f"fd_{backbone}": frechet_distance(of_kind, vectors["reals"]),
        }
        for kind, of_kind in vectors.items()
        if kind != "reals"
    }


@exits_cleanly
def main() -> None:
    if len(sys.argv) != 2:
        raise ArgusError("usage: python -m stages.evaluate MODEL")
    name = sys.argv[1]
    p = params.load()
    if name not in p.models:
        raise ArgusError(f"params.yaml has no model '{name}'; it has {', '.join(p.models)}")
    task = p.models[name].task
    saved = card.read(TRAINED / name)
    with atomic(EVALUATED / name) as folder:
        folder.mkdir()
        if saved.without_weights:
            why = {"failed": saved.failed, "skipped": saved.skipped}
            said = {kind: reason for kind, reason in why.items() if reason is not None}
            reports.metrics(f"evaluate/{name}", {"task": task, **said})
            print(f"{name} is not scored: {saved.without_weights}")
            return
        vectors, groups = described(name, p)
        for kind, of_kind in vectors.items():
            np.save(folder / f"{kind}.npy", of_kind)
        write_json(folder / "groups.json", groups)

    scores = scored(vectors, p.embed.backbone)
    own, kid_name = scores.pop("model"), f"kid_{p.embed.backbone}"
    reports.metrics(
        f"evaluate/{name}", {"task": task, "samples": len(groups), **own, "beside": scores}
    )
    print(
        f"{name}: KID {own[kid_name]:.3f} on {len(groups)} held-out reals; beside "
        + ", ".join(f"{kind} {score[kid_name]:.3f}" for kind, score in scores.items())
    )


if __name__ == "__main__":
    main()
