import numpy as np

from argus.judging.gate.choose import choose
from argus.judging.metric import Metric
from argus.judging.metrics.kid import METRIC, compare, kid
from argus.judging.statistics import Sample


def test_val_decides_where_all_were_validated() -> None:
    choice = choose({"a": 0.3, "b": 0.2, "c": 0.4}, {"a": 0.1, "b": 0.9, "c": 0.5}, METRIC)
    assert (choice.name, choice.how) == ("b", "best of 3 by KID on val")
    assert str(choice) == "b (best of 3 by KID on val)"
    assert choice.scores == {"a": 0.3, "b": 0.2, "c": 0.4}


def test_one_that_was_not_validated_sends_all_to_the_held_out_reals() -> None:
    choice = choose({"a": 0.3, "b": None}, {"a": 0.1, "b": 0.05}, METRIC)
    assert (choice.name, choice.how) == ("b", "best of 2 by KID on the held-out reals")


def test_a_single_challenger_was_not_chosen() -> None:
    assert str(choose({"a": 0.3}, {"a": 0.1}, METRIC)) == "a"
    assert str(choose({"a": None}, {"a": 0.1}, METRIC)) == "a"


def test_equals_go_by_name() -> None:
    assert choose({"b": 0.2, "a": 0.2}, {}, METRIC).name == "a"


def test_choosing_on_val_keeps_the_promise_of_the_confidence_and_on_test_does_not() -> None:
    """Five challengers and an incumbent, all alike: at 95 % one in twenty may take over."""
    rng = np.random.default_rng(0)
    rounds = 300

    def draw(population: str) -> Sample:
        return Sample(rng.normal(size=(25, 4)), population, tuple(map(str, range(25))))

    taken = {"val": 0, "test": 0}
    for _ in range(rounds):
        reals, incumbent = draw("target drives"), draw("draws of old")
        models = {name: draw(f"draws of {name}") for name in "abcde"}
        on_test = {name: kid(model, reals) for name, model in models.items()}
        on_val: dict[str, float | None] = {name: rng.normal() for name in models}
        for where, choice in (
            ("val", choose(on_val, on_test, METRIC)),
            ("test", choose(dict.fromkeys(models), on_test, METRIC)),
        ):
            found = compare([models[choice.name]], [incumbent], reals)
            taken[where] += found.confidence > 0.95
    assert taken["val"] / rounds < 0.09
    assert taken["test"] > 2 * taken["val"]


def test_where_more_is_better_the_highest_is_chosen() -> None:
    metric = Metric("recall", "recall", ("features",), len, better="larger")
    choice = choose({"a": 0.3, "b": 0.2}, {}, metric)
    assert (choice.name, choice.how) == ("a", "best of 2 by recall on val")
