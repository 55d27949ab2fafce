"""Score a model on held-out reals: `python -m stages.evaluate MODEL`.

Writes `data/evaluate/<model>/`: for each judge a folder with the features of the model's answers,
of the reals, of training reals and of each baseline, float32 [M, D], and `answers.json` with what
each image is drawn from; `samples.npz` with some of the images judged (`argus.judging.samples`);
and `worst.png`, the answers furthest from every real. Of a model that failed in training or was
skipped the folder is empty, and the report has the reason.
"""

from __future__ import annotations

import sys
from pathlib import Path

from argus.core import params, reports
from argus.core.determinism import deterministic
from argus.core.errors import ArgusError, exits_cleanly, warn
from argus.core.files import atomic
from argus.core.paths import EVALUATED, TRAINED
from argus.data.packed import read_origins, read_packed
from argus.features.backbone import BACKBONES
from argus.judging import evaluated, registry, samples, worst
from argus.judging import evaluation_set as evaluation_sets
from argus.judging.evaluated import MODEL, REALS
from argus.judging.evaluation import Settings, compared_with, evaluate
from argus.judging.evidence import Learnt
from argus.judging.scores import ModelScores, protocol_text
from argus.models import card, code_record, loading

LOCK = Path("requirements.lock")


def scored(name: str, p: params.Params, folder: Path) -> ModelScores:
    """Score a model that has weights, and leave its features and those of the baselines."""
    wanted = p.models[name]
    evaluation_set = evaluation_sets.read(p.evaluate, wanted.domains)
    train = read_packed("train")
    origins = read_origins("train")["source"].to_list()
    learnt = Learnt(train, wanted.domains, origins)
    judges = [BACKBONES[judge]() for judge in p.evaluate.judges]
    deterministic(p.evaluate.seed, p.embed.threads)
    model = loading.load(TRAINED / name)
    answers = evaluation_set.answers(model, p.evaluate.seed)
    beside = compared_with(evaluation_set, train, learnt, wanted.domains, p.evaluate.seed)
    found = evaluate(
        {MODEL: answers, **beside},
        evaluation_set,
        learnt,
        judges,
        registry.evaluated(),
        Settings.of(p),
        model.card,
    )
    evaluated.write(folder, found.seen)
    shown = samples.choose(
        answers.images,
        answers.requested,
        evaluation_set.sources,
        evaluation_set.twins,
        model.card.best_step,
    )
    samples.save(shown, folder / samples.FILE)
    first = found.seen[judges[0].name].samples
    panel = worst.sheet(answers.images, first[MODEL].features, first[REALS].features)
    panel.save(folder / worst.FILE)
    return ModelScores(
        wanted.task,
        found.scores[MODEL],
        {kind: scores for kind, scores in found.scores.items() if kind != MODEL},
        found.classes[MODEL],
        tuple(p.evaluate.judges),
        evaluation_set.protocol(len(answers.images)),
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
    key = metric.key(p.evaluate.judges[0])
    print(
        f"{name}: {metric.label} {found.scores.text(key)} by {p.evaluate.judges[0]} "
        f"({protocol_text(found.protocol)}); baselines: "
        + ", ".join(f"{kind} {scores.text(key)}" for kind, scores in found.baselines.items())
    )


if __name__ == "__main__":
    main()
