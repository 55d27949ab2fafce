import numpy as np
import pytest

from argus.judging.gate.choose import choose
from argus.judging.metric import Metric
from argus.judging.metrics.kid import METRIC, compare, kid
from argus.judging.statistics import Sample


def single(names: str) -> dict[str, tuple[str, ...]]:
    """Recipes of one seed each."""
    return {name: (name,) for name in names}


CUT = {"cut": ("cut", "cut-1", "cut-2"), "gan": ("gan",)}


def test_val_decides_where_all_were_validated() -> None:
    held_out = {"a": 0.1, "b": 0.9, "c": 0.5}
    choice = choose({"a": 0.3, "b": 0.2, "c": 0.4}, held_out, METRIC, single("abc"))
    assert (choice.serves, choice.how) == ("b", "best of 3 by KID on val")
    assert str(choice) == "b (best of 3 by KID on val)"
    assert choice.scores == {"a": 0.3, "b": 0.2, "c": 0.4}


def test_one_that_was_not_validated_sends_all_to_the_held_out_reals() -> None:
    choice = choose({"a": 0.3, "b": None}, {"a": 0.1, "b": 0.05}, METRIC, single("ab"))
    assert (choice.serves, choice.how) == ("b", "best of 2 by KID on the held-out reals")


def test_a_single_challenger_was_not_chosen() -> None:
    assert str(choose({"a": 0.3}, {"a": 0.1}, METRIC, single("a"))) == "a"
    assert str(choose({"a": None}, {"a": 0.1}, METRIC, single("a"))) == "a"


def test_equals_go_by_name() -> None:
    assert choose({"b": 0.2, "a": 0.2}, {}, METRIC, single("ba")).serves == "a"


def test_a_recipe_counts_by_the_mean_over_its_seeds_and_its_best_one_serves() -> None:
    """A lucky draw of .109 is no reason to take the recipe whose mean is .15."""
    on_val: dict[str, float | None] = {"cut": 0.18, "cut-1": 0.109, "cut-2": 0.161, "gan": 0.14}
    choice = choose(on_val, {}, METRIC, CUT)
    assert (choice.recipe, choice.serves, choice.tested) == ("gan", "gan", ("gan",))
    assert choice.scores == pytest.approx({"cut": 0.15, "gan": 0.14})
    assert str(choice) == "gan (best of 2 recipes by mean KID on val)"

    choice = choose(on_val | {"gan": 0.16}, {}, METRIC, CUT)
    assert (choice.recipe, choice.serves) == ("cut", "cut-1")
    assert choice.seeds == {"cut": 0.18, "cut-1": 0.109, "cut-2": 0.161}
    assert choice.tested == ("cut-1", "cut", "cut-2")
    assert str(choice) == (
        "cut (best of 2 recipes by mean KID on val; cut-1 is the best of its 3 seeds on val)"
    )


def test_seeds_of_a_single_recipe_are_no_choice_of_recipes() -> None:
    choice = choose({"cut": 0.2, "cut-1": 0.1, "cut-2": 0.3}, {}, METRIC, {"cut": CUT["cut"]})
    assert str(choice) == "cut (cut-1 is the best of its 3 seeds on val)"


def test_seeds_that_are_no_challengers_do_not_count_and_too_few_are_tested_as_one() -> None:
    """One seed failed in training: of the two that are left nobody can tell the spread."""
    choice = choose({"cut-1": 0.2, "cut-2": 0.1, "gan": 0.3}, {}, METRIC, CUT)
    assert (choice.recipe, choice.serves, choice.tested) == ("cut", "cut-2", ("cut-2",))
    alone = choose({"cut-1": 0.2, "gan": 0.3}, {}, METRIC, CUT)
    assert str(alone) == "cut-1 (best of 2 by KID on val)"


def test_one_seed_that_was_not_validated_sends_all_to_the_held_out_reals() -> None:
    held_out = {"cut": 0.3, "cut-1": 0.1, "cut-2": 0.2, "gan": 0.25}
    on_val: dict[str, float | None] = {"cut": 0.1, "cut-1": None, "cut-2": 0.1, "gan": 0.1}
    choice = choose(on_val, held_out, METRIC, CUT)
    assert (choice.recipe, choice.serves) == ("cut", "cut-1")
    assert choice.how.count("on the held-out reals") == 2


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
            ("val", choose(on_val, on_test, METRIC, single("abcde"))),
            ("test", choose(dict.fromkeys(models), on_test, METRIC, single("abcde"))),
        ):
            found = compare([models[choice.serves]], [incumbent], reals)
            taken[where] += found.confidence > 0.95
    assert taken["val"] / rounds < 0.09
    assert taken["test"] > 2 * taken["val"]


def test_where_more_is_better_the_highest_is_chosen() -> None:
    metric = Metric("recall", "recall", ("features",), len, better="larger")
    choice = choose({"a": 0.3, "b": 0.2}, {}, metric, single("ab"))
    assert (choice.serves, choice.how) == ("a", "best of 2 by recall on val")
