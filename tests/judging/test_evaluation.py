"""What metrics are given of a model, of its baselines, and of training images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from argus.core.params import Domains
from argus.judging.baselines import must_beat
from argus.judging.evaluation_set import held_out
from argus.judging.evidence import NEEDS, training_rows
from argus.judging.metric import Metric
from argus.models.card import Card
from stages.evaluate.evaluation import evaluate
from tests.evaluate.world import Carrier, Painter, leave, pack, quick

DAY2NIGHT = Domains(source="day", target="night")
EVERY = [Metric(f"n_{need}", need, (need,), len) for need in NEEDS if need != "card"]
CARDS = Metric("n_card", "card", ("card",), lambda card: float(isinstance(card, Card)))


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("domains", [None, DAY2NIGHT])
def test_every_need_is_met_where_it_can_be(domains: Domains | None) -> None:
    leave(Path("m"), domains=domains)
    model = Carrier(Path("m"), 0.4) if domains else Painter(Path("m"), 0.2)
    train, test = pack(1, 48), pack(3)
    evaluation_set = held_out([test], domains, 20)
    found = evaluate(model, evaluation_set, train, quick(), [*EVERY, CARDS], seed=0)
    n = 12 if domains else 20  # half of 24 are nights
    kept = {"images", "real_images", "labels", "drives", "requested"} | (
        {"sources"} if domains else set()
    )
    learnt = 24 if domains else 48
    wanted = {f"n_{need}": n for need in kept} | {"n_training_images": learnt, "n_card": 1}
    wanted |= {"n_features_efficientnet": n, "n_real_features_efficientnet": n}
    wanted["n_training_features_efficientnet"] = learnt
    assert found.scores["model"].values == wanted
    baselines = set(must_beat(domains))
    assert set(found.scores) == {"model", "training_reals", *baselines}
    for name in baselines:
        assert found.scores[name].values == {k: v for k, v in wanted.items() if k != "n_card"}
    alone = {"n_card", "n_requested", "n_sources"}  # what a real image has not
    assert set(found.scores["training_reals"].values) == wanted.keys() - alone


@pytest.mark.usefixtures("workspace")
def test_training_images_are_described_only_for_a_metric_that_asks() -> None:
    leave(Path("m"), domains=DAY2NIGHT)
    train, evaluation_set = pack(1, 48), held_out([pack(3)], DAY2NIGHT, 20)
    model = Carrier(Path("m"), 0.4)
    few = evaluate(model, evaluation_set, train, quick(), [CARDS], seed=0)
    assert set(few.features) == {"model", "reals", "training_reals", *must_beat(DAY2NIGHT)}

    near = Metric(
        "nearest", "nearest", ("training_features", "features"), lambda t, f: len(t) * len(f)
    )
    more = evaluate(model, evaluation_set, train, quick(), [near], seed=0)
    assert more.scores["model"].values == {"nearest_efficientnet": 24 * 12}
    rows = training_rows(train, DAY2NIGHT)
    assert set(train.labels[rows]) == {1}
    assert np.array_equal(more.features["training"], quick().features(train.images[rows]))
