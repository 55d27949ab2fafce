"""What metrics are given of a model, of its baselines, and of training images."""

from __future__ import annotations

from pathlib import Path

import pytest

from argus.core.files import remove
from argus.core.params import Domains
from argus.features import embedding
from argus.judging.evaluated import MODEL
from argus.judging.evaluation import Evaluation, compared_with, evaluate
from argus.judging.evaluation_set import held_out
from argus.judging.evidence import NEEDS, OF_ALL, Learnt
from argus.judging.metric import Metric
from argus.models.card import Card
from tests.evaluate.world import Carrier, Painter, coarse, leave, pack, quick

DAY2NIGHT = Domains(source="day", target="night")
BASELINES = {"noise", "mean_image", "blurred"}
COUNTED = [Metric(f"n_{need}", need, (need,), len) for need in NEEDS if need not in OF_ALL]
EVERY = [
    *COUNTED,
    Metric("n_card", "card", ("card",), lambda card: float(isinstance(card, Card))),
    Metric("n_radius", "radius", ("radius",), float),
]


def evaluated(
    domains: Domains | None, metrics: list[Metric], draws: int = 2, twins: bool = False
) -> tuple[Evaluation, Learnt]:
    """A model called m on 24 reals by day and night, of which 12 are sources."""
    remove(Path("m"))
    leave(Path("m"), domains=domains)
    model = Carrier(Path("m"), 0.4) if domains else Painter(Path("m"), 0.2)
    train, test = pack(1, 48), pack(3)
    true = dict.fromkeys(test.image_ids, test.images[0]) if twins else None
    evaluation_set = held_out([test], domains, 20, draws, true)
    learnt = Learnt(train, domains)
    kinds = compared_with(evaluation_set, train, learnt, domains, seed=0)
    kinds[MODEL] = evaluation_set.answers(model, seed=0)
    judges = [quick(), coarse()]
    return evaluate(kinds, evaluation_set, learnt, judges, metrics, 4, model.card), learnt


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("domains", [None, DAY2NIGHT])
def test_every_need_is_met_where_it_can_be(domains: Domains | None) -> None:
    found, _ = evaluated(domains, EVERY, twins=True)
    n = 12 if domains else 20  # half of 24 are nights
    m = 12 if domains else 40
    of_answers = {"images": m, "requested": m} | ({"sources": m, "twins": m} if domains else {})
    of_reals = {"real_images": n, "labels": n, "drives": n}
    k = 24 if domains else 48
    of_training = {f"training_{what}": k for what in ("images", "labels", "drives")}
    pixels = {**of_answers, **of_reals, **of_training, "radius": 4, "card": 1}
    features = {"features": m, "real_features": n, "training_features": k}
    features |= {"sample": 4, "real_sample": 4}  # the fields of a sample
    features |= {"maps": m, "source_maps": m} if domains else {}
    wanted = {f"n_{need}": count for need, count in pixels.items()} | {
        f"n_{need}_{judge}": count
        for need, count in features.items()
        for judge in ("mobilenetv2", "squeezenet")
    }
    assert found.scores["model"].values == wanted
    closed_forms = {"untranslated", "tone_curve"} if domains else {"gaussian"}
    assert set(found.scores) == {"model", "training_reals", *BASELINES, *closed_forms}
    for name in closed_forms:
        of_baseline = {key: value for key, value in wanted.items() if key != "n_card"}
        assert found.scores[name].values == of_baseline
    assert not {"n_sources", "n_maps_squeezenet"} & found.scores["blurred"].values.keys()


@pytest.mark.usefixtures("workspace")
def test_what_no_metric_asks_for_is_not_described(monkeypatch: pytest.MonkeyPatch) -> None:
    described = []

    def embed_arrays(images, net, *_):
        described.append(len(images))
        return net.features(images)

    monkeypatch.setattr(embedding, "embed_arrays", embed_arrays)
    evaluated(DAY2NIGHT, [EVERY[0]])
    beside = 7 * 12  # reals, training reals, five baselines
    assert described[0] == beside
    evaluated(DAY2NIGHT, [Metric("near", "near", ("training_features",), len)])
    assert described[-1] == beside + 24


@pytest.mark.usefixtures("workspace")
def test_classes_are_scored_by_themselves_on_their_own_images() -> None:
    asked = Metric("asked", "asked", ("requested",), lambda names: float(len(set(names))))
    found, _ = evaluated(None, [asked, *COUNTED])
    classes = found.classes["model"]
    assert set(classes) == {"day", "night"}
    assert found.scores["model"].values["asked"] == 2
    assert {of.values["asked"] for of in classes.values()} == {1}
    assert sum(of.values["n_images"] for of in classes.values()) == 40
    assert sum(of.values["n_real_features_squeezenet"] for of in classes.values()) == 20
    assert {of.values["n_training_images"] for of in classes.values()} == {24}
    assert evaluated(DAY2NIGHT, COUNTED)[0].classes["model"] == {}
