from types import SimpleNamespace

import numpy as np
import pytest

from argus.core.errors import ArgusError
from argus.core.params import Domains
from argus.data.feasibility import FEWEST
from argus.data.packed import Packed
from argus.judging.evaluation_set import EvaluationSet, held_out
from argus.models.inference import Generator, TrainedModel, Translator
from tests.conftest import scenes

CLASSES = ("day", "fog", "night")


class Draws(Generator):
    """A generator that knows day and night, and notes what it is asked for."""

    def __init__(self) -> None:
        self.card = SimpleNamespace(  # type: ignore[assignment]
            spec=SimpleNamespace(model="m", task="generate"),
            images_per_class={"day": 5, "fog": 0, "night": 5},
        )

    def sample(self, labels, seed):  # noqa: ARG002 - the interface of a generator
        self.asked = list(labels)
        return np.zeros((len(labels), 32, 48, 3), np.uint8)


class Inverts(Translator):
    def __init__(self) -> None:
        self.card = SimpleNamespace(  # type: ignore[assignment]
            spec=SimpleNamespace(model="t", task="day2night")
        )

    def translate(self, images):
        return 255 - images


def pack(labels: list[int], seed: int = 0) -> Packed:
    ids = tuple(f"{seed}-{(7 * i) % len(labels):03d}" for i in range(len(labels)))
    return Packed(scenes(len(labels), seed=seed), np.array(labels), CLASSES, ids, ids)


def test_all_models_of_a_task_see_the_same_reals() -> None:
    packs = [pack([0, 2] * 6, 1), pack([1] * 5, 2)]
    a, b = held_out(packs, None, 10), held_out(packs, None, 10)
    assert len(a.reals) == 10
    assert (a.reals == b.reals).all()
    assert held_out(packs, None, 1000).labels.count("fog") == 5


def test_a_translator_is_given_one_domain_and_compared_with_the_other() -> None:
    packs = [pack([0] * 12 + [2] * 9)]
    evaluation_set = held_out(packs, Domains(source="day", target="night"), 1000)
    assert set(evaluation_set.labels) == {"night"}
    assert evaluation_set.sources is not None
    assert (len(evaluation_set.sources), len(evaluation_set.reals)) == (12, 9)  # all there are
    days = {image.tobytes() for image in packs[0].images[:12]}
    assert {image.tobytes() for image in evaluation_set.sources} <= days
    drive = dict(zip((image.tobytes() for image in packs[0].images), packs[0].groups, strict=True))
    assert evaluation_set.source_drives == tuple(drive[i.tobytes()] for i in evaluation_set.sources)
    assert evaluation_set.twins is None
    answers = evaluation_set.answers(Inverts(), seed=0)
    assert (answers.images == 255 - evaluation_set.sources).all()
    assert set(answers.requested) == {"night"}
    assert (answers.population, answers.units) == ("source drives", evaluation_set.source_drives)
    assert answers.source_rows is not None
    assert list(answers.source_rows) == list(range(12))
    assert evaluation_set.protocol(12) == {
        "answers": 12,
        "reals": 9,
        "drives": 3,
        "sources": 12,
        "source_drives": 3,
    }


def test_too_few_reals_say_what_to_do() -> None:
    packs = [pack([0] * 20 + [2] * (FEWEST - 1))]
    with pytest.raises(
        ArgusError, match=r"only 7 images of night held out, where a score needs 8.*more drives"
    ):
        held_out(packs, Domains(source="day", target="night"), 100)


def test_a_class_that_the_model_never_saw_is_made_up_from_those_it_knows() -> None:
    images = scenes(5)
    model = Draws()
    labels = ("day", "fog", "night", "fog", "fog")
    EvaluationSet(images, labels, labels).answers(model, seed=0)
    assert model.asked == ["day", "day", "night", "night", "day"]


def test_a_generator_draws_several_images_for_each_real_that_weigh_as_much_as_it() -> None:
    labels, drives = ("day", "night", "night"), ("a", "b", "b")
    answers = EvaluationSet(scenes(3), labels, drives, draws=2).answers(Draws(), seed=0)
    assert answers.requested == labels * 2
    assert answers.weights is not None
    assert list(answers.weights) == [1, 0.5, 0.5] * 2
    assert len(set(answers.units)) == 6


def test_twins_are_given_only_if_every_source_has_one() -> None:
    packs = [pack([0] * 12 + [2] * 8)]
    domains = Domains(source="day", target="night")
    days = [packs[0].image_ids[row] for row in range(12)]
    twins = {name: np.full((32, 48, 3), number, np.uint8) for number, name in enumerate(days)}
    whole = held_out(packs, domains, 5, twins=twins)
    assert whole.sources is not None
    assert whole.twins is not None
    for source, twin in zip(whole.sources, whole.twins, strict=True):
        assert (packs[0].images[twin[0, 0, 0]] == source).all()
    del twins[min(days)]
    assert held_out(packs, domains, 5, twins=twins).twins is None


@pytest.mark.parametrize(("model", "sources"), [(Draws(), scenes(4)), (Inverts(), None)])
def test_models_of_another_kind_are_refused(
    model: TrainedModel, sources: np.ndarray | None
) -> None:
    evaluation_set = EvaluationSet(scenes(4), ("day",) * 4, ("day",) * 4, sources)
    with pytest.raises(ArgusError, match="must all have `domains`"):
        evaluation_set.answers(model, seed=0)
