"""Reports are read by name, added up over sources, and shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from argus.cli.turns import history
from argus.cli.turns import turn_tables as tables
from argus.cli.turns.turn_summary import current, summarize
from argus.core import reports
from argus.core.errors import ArgusError

KID, FD = "kid_inception", "fd_inception"
FOUND: dict[str, dict[str, Any]] = {
    "ingest/a": {"images": 10, "accepted": 7, "refused": {"truncated": 1, "too_small": 2}},
    "ingest/b": {"images": 5, "accepted": 4, "refused": {"truncated": 1}},
    "dedupe": {"images": 15, "exact_copies": 1, "near_duplicates": 2, "kept": 8},
    "split": {"train": 4, "val": 1, "test": 2, "embargoed": 1, "leaks": 0},
    "prune": {"candidates": 3, "excluded": 1, "pruned": 1, "selected": 2},
    "evaluate/g": {
        "task": "generate",
        FD: 5.0,
        KID: 0.5,
        "baselines": {"noise": {FD: 9.0, KID: 2.0}},
    },
    "promote/decision": {
        "generate": {"champion": "g", "promoted": True, KID: 0.5},
        "day2night": {"champion": None, "promoted": False},
    },
}


def test_counts_add_up_over_sources_and_scores_are_read() -> None:
    turn = summarize(FOUND)
    assert (turn.images, turn.accepted, turn.selected) == (15, 11, 2)
    assert turn.refused == {"too_small": 2, "truncated": 2}
    assert dict(turn.models["g"].scores.values) == {KID: 0.5, FD: 5.0}
    assert str(turn.models["g"]) == f"{KID} 0.5, {FD} 5"
    assert turn.models["g"].baselines["noise"].values == {KID: 2.0, FD: 9.0}
    assert {task: str(made) for task, made in turn.champions.items()} == {
        "day2night": "none",
        "generate": "g promoted",
    }


def test_what_rights_keep_out_of_its_split_has_a_line_only_if_there_is_some() -> None:
    def lines(**counts: int) -> dict[str, str]:
        found = {**FOUND, "split": {**FOUND["split"], **counts}}
        return dict(tables.images(summarize(found)).rows)

    assert lines(use_not_granted=3)["no grant for their split"] == "3"
    assert lines() == lines(use_not_granted=0)
    assert "no grant for their split" not in lines()


def test_the_headline_has_a_line_for_each_model_and_task() -> None:
    lines = summarize(FOUND).headline().splitlines()
    assert lines[:2] == [
        "images: 15 in, 11 accepted, 2 selected",
        "refused: too_small 2, truncated 2",
    ]
    assert lines[3:] == [
        "g (generate): kid_inception 0.5, fd_inception 5",
        "day2night: none",
        "generate: g promoted",
    ]


def test_only_what_params_lists_is_read_and_what_is_missing_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, report in FOUND.items():
        reports.metrics(name, report)
    decisions = {
        task: {**made, "reason": "why"} for task, made in FOUND["promote/decision"].items()
    }
    reports.metrics("promote/decision", decisions)
    turn = current(["a"], ["g"])
    assert turn.images == 10
    assert turn.champions["generate"].reason == "why"
    with pytest.raises(ArgusError, match=r"reports/ingest/c\.json is missing"):
        current(["a", "c"], ["g"])


def test_every_image_of_a_turn_is_shown_with_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    tables.show(summarize(FOUND))
    printed = capsys.readouterr().out
    for words in ("in", "refused: too_small", "exact copies", "held out: val", "baseline: noise"):
        assert words in printed
    assert "Without a score" not in printed
    counts = {row[0]: int(row[1]) for row in tables.images(summarize(FOUND)).rows}
    assert counts.pop("in") == sum(counts.values())


def test_a_turn_ends_with_the_classes_that_a_split_lacks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tables.show(summarize(FOUND))
    assert not capsys.readouterr().err  # older turns do not say, and most lack none
    split = {**FOUND["split"], "classes_without": {"train": [], "val": ["fog"], "test": []}}
    tables.show(summarize({**FOUND, "split": split}))
    printed = capsys.readouterr().err
    assert printed.startswith("classes without an image: fog (in val: ")
    assert "test" not in printed


def test_a_turn_whose_metrics_are_lost_keeps_its_row() -> None:
    lost = {name: report for name, report in FOUND.items() if name != "prune"}
    turns = [
        history.turn_of(1, "2026-01-01", "lost", lost),
        history.turn_of(2, "2026-01-08", "a | b", FOUND),
    ]
    table = history.table(turns)
    assert table.rows[0] == ["1", "2026-01-01", "lost", *"---", "metrics lack prune", "-", "-"]
    champions = "day2night: none\ngenerate: g promoted"
    assert table.rows[1][3:] == ["15", "11", "2", champions, "-", "-"]
    markdown = table.markdown()
    assert "a \\| b" in markdown
    assert "day2night: none<br>generate: g promoted" in markdown


def test_scores_stand_with_what_they_rest_on_and_not_side_by_side() -> None:
    counts = {"answers": 310, "reals": 68, "drives": 11}
    other = {"task": "generate", "kid_x": 0.25, "fd_x": 2.0, "baselines": {}, "protocol": counts}
    turns = [
        history.turn_of(
            1, "2026-01-01", "a", {**FOUND, "evaluate/g": FOUND["evaluate/g"] | {"samples": 9}}
        ),
        history.turn_of(2, "2026-01-08", "b", {**FOUND, "evaluate/g": other}),
        history.turn_of(3, "2026-01-09", "c", {}),
    ]
    assert history.scores(turns) == [
        f"turn 1, generate ({KID}, 9 held-out reals): g 0.5",
        "turn 2, generate (kid_x, 310 answers, 68 held-out reals of 11 drives): g 0.25",
    ]
    shown = [cell for row in history.table(turns).rows for cell in row]
    assert not any("0.5" in cell or "0.25" in cell for cell in shown)


def test_gain_per_turn_and_since_the_first_champion_has_its_columns() -> None:
    gain = {"difference": -0.033, "low": -0.053, "high": -0.013, "turns": 6}
    gain |= {"chained": -0.121, "chained_low": -0.17, "chained_high": -0.07}
    made = {"generate": {"champion": "g", "promoted": True, "gain": gain}}
    row = history.table(
        [history.turn_of(7, "2026-01-01", "a", {**FOUND, "promote/decision": made})]
    ).rows[0]
    assert row[7] == "generate: +0.033 (+0.013 to +0.053)"
    assert row[8] == "generate: +0.121 (+0.070 to +0.170)"


def test_a_champion_for_non_commercial_use_is_shown_as_such() -> None:
    limited = {"champion": "g", "promoted": True, "non_commercial": {"cam": "CC-BY-NC-4.0"}}
    turn = summarize(
        {**FOUND, "promote/decision": {**FOUND["promote/decision"], "generate": limited}}
    )
    assert "generate: g promoted, non-commercial: cam" in turn.headline().splitlines()
    assert tables.champions(turn).rows[-1][1] == "g promoted, non-commercial: cam"


WHY = "loss/a is not finite at step 3"
RIVALS = {
    **FOUND,
    "evaluate/better": {"task": "generate", FD: 4.0, KID: 0.25, "baselines": {}},
    "evaluate/broken": {"task": "generate", "failed": WHY},
    "evaluate/carries": {"task": "day2night", FD: 3.0, KID: 0.125, "baselines": {}},
}


def test_a_model_that_failed_is_shown_with_its_reason_wherever_models_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    turn = summarize(RIVALS)
    assert turn.models["broken"].failed == WHY
    assert f"broken (generate): failed: {WHY}" in turn.headline().splitlines()
    assert tables.missing(turn).rows == [["broken", "generate", "failed", WHY]]
    tables.show(turn)
    assert WHY in capsys.readouterr().out
    assert history.scores([history.turn_of(1, "2026-01-01", "a", RIVALS)]) == [
        f"turn 1, day2night ({KID}): carries 0.125",
        f"turn 1, generate ({KID}): better 0.25, g 0.5, broken failed",
    ]


def test_a_model_that_was_skipped_is_shown_with_its_reason_wherever_models_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    why = "no training image of night (but day 38)"
    found = {**RIVALS, "evaluate/carries": {"task": "day2night", "skipped": why}}
    turn = summarize(found)
    assert f"carries (day2night): skipped: {why}" in turn.headline().splitlines()
    assert ["carries", "day2night", "skipped", why] in tables.missing(turn).rows
    tables.show(turn)
    assert why in capsys.readouterr().out
    assert ["day2night", "carries", "-", "-"] in tables.models(turn).rows
    lines = history.scores([history.turn_of(1, "2026-01-01", "a", found)])
    assert lines[0] == "turn 1, day2night: carries skipped"


def test_a_turn_in_which_all_failed_has_its_row() -> None:
    found = {name: report for name, report in FOUND.items() if not name.startswith("evaluate/")}
    found["evaluate/broken"] = RIVALS["evaluate/broken"]
    turns = [history.turn_of(1, "2026-01-01", "a", found)]
    assert history.table(turns).rows[0][3:5] == ["15", "11"]
    assert history.scores(turns) == ["turn 1, generate: broken failed"]
    assert tables.models(summarize(found)).rows == [["generate", "broken"]]


def test_models_go_by_task_and_nearness_with_the_baselines_below() -> None:
    assert tables.models(summarize(RIVALS)).rows == [
        ["day2night", "carries", "0.125", "3"],
        ["generate", "better", "0.25", "4"],
        ["generate", "g", "0.5", "5"],
        ["generate", "broken", "-", "-"],
        ["", "baseline: noise", "2", "9"],
    ]


def test_help_explains_every_command_without_starting_dvc_or_torch(
    argus: Callable[..., tuple[int, str]],
) -> None:
    for command in ([], ["source"]):
        status, printed = argus(*command, "--help")
        assert status == 0
        for name in ("add", "check", "retire") if command else ("submit", "turn", "history"):
            assert name in printed


def test_an_unknown_command_is_a_mistake_of_usage(argus: Callable[..., tuple[int, str]]) -> None:
    assert argus("trun")[0] == 2
