"""Score a model on held-out reals: `python -m stages.evaluate MODEL`.

Writes `data/evaluate/<model>/`: `model.npy`, `reals.npy` and one file for each baseline, features
float32 [N, D], row i of each belonging together; `groups.json` with the drive of each real;
`samples.npz` with some of the images judged (`argus.judging.samples`). Of a model that failed in
training or was skipped the folder is empty, and the report has the reason.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from argus.core import params, reports
from argus.core.determinism import deterministic
from argus.core.errors import ArgusError, exits_cleanly, warn
from argus.core.files import atomic, write_json
from argus.core.paths import EVALUATED, TRAINED
from argus.data.packed import read_packed
from argus.features.backbone import BACKBONES
from argus.judging import registry, samples
from argus.judging.evaluation_set import held_out
from argus.judging.scores import ModelScores
from argus.models import card, code_record, loading
from stages.evaluate.evaluation import evaluate

LOCK = Path("requirements.lock")


def scored(name: str, p: params.Params, folder: Path) -> ModelScores:
    """Score a model that has weights, and leave its features and those of the baselines."""
    wanted = p.models[name]
    packs = [read_packed(split) for split in p.evaluate.splits]
    evaluation_set = held_out(packs, wanted.domains, p.evaluate.samples)
    net = BACKBONES[p.embed.backbone]()
    deterministic(p.evaluate.seed, p.embed.threads)
    found = evaluate(
        loading.load(TRAINED / name),
        evaluation_set,
        read_packed("train"),
        net,
        registry.evaluated(),
        p.evaluate.seed,
    )
    for kind, features in found.features.items():
        np.save(folder / f"{kind}.npy", features)
    write_json(folder / "groups.json", list(evaluation_set.groups))
    samples.save(found.samples, folder / samples.FILE)
    return ModelScores(
        wanted.task,
        found.scores["model"],
        {kind: scores for kind, scores in found.scores.items() if kind != "model"},
        samples=len(evaluation_set.reals),
        packages=registry.packages(),
    )


@exits_cleanly
def main() -> None:
    if len(sys.argv) != 2:
        raise ArgusError("usage: python -m stages.evaluate MODEL")
    name = sys.argv[1]
    p = params.load()
    if name not in p.models:
        raise ArgusError(f"params.yaml has no model '{name}'; it has {', '.join(p.models)}")
    code_record.must_be_current("evaluate", p.models, name)
    for package in registry.unpinned(LOCK):
        warn(
            f"{package}, which a metric comes from, is not in {LOCK}: elsewhere this turn would "
            "score otherwise. Add it to pyproject.toml, and `make lock`"
        )
    saved = card.read(TRAINED / name)
    with atomic(EVALUATED / name) as folder:
        folder.mkdir()
        if saved.without_weights:
            missing = ModelScores(p.models[name].task, failed=saved.failed, skipped=saved.skipped)
            reports.metrics(f"evaluate/{name}", missing.report())
            print(f"{name} is not scored: {saved.without_weights}")
            return
        found = scored(name, p, folder)
    reports.metrics(f"evaluate/{name}", found.report())
    metric = registry.deciding()
    key = metric.key(p.embed.backbone)
    print(
        f"{name}: {metric.label} {found.scores.text(key)} on {found.samples} held-out reals; "
        "baselines: "
        + ", ".join(f"{kind} {scores.text(key)}" for kind, scores in found.baselines.items())
    )


if __name__ == "__main__":
    main()
