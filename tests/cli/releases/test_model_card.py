"""The model card says what a client must know, of today's decisions and of those of old turns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from argus.cli.releases import model_card, summary
from argus.cli.releases.registry import Version
from argus.cli.releases.summary import Origin, summarize
from argus.core.params import Domains
from argus.models import card
from argus.models.ancestry import Generation, Share
from tests.cli.releases.conftest import model

VERSION = Version("generate", (2, 0, 0), "c" * 40)
DECISION: dict[str, Any] = {
    "champion": "r3gan",
    "promoted": True,
    "reason": "r3gan beats the incumbent",
    "judge": {"name": "mobilenetv2", "witness": "squeezenet", "because": "nobody has seen it"},
    "against": {"mean_image": {"difference": -0.3, "standard_error": None, "confidence": 0.99}},
    "witness": {"mean_image": {"difference": -0.2, "standard_error": 0.1, "confidence": 0.97}},
    "guards": [
        {"guard": "copies", "passed": True, "says": "0 of 40 answers"},
        {"guard": "content", "passed": None, "says": "no masks"},
    ],
    "gain": {"difference": -0.1, "low": -0.2, "high": -0.02},
    "not_measured": ["whether lamps stay where they are"],
}
EVALUATION: dict[str, Any] = {
    "task": "generate",
    "judges": ["mobilenetv2"],
    "kid_mobilenetv2": 0.5,
    "intervals": {"kid_mobilenetv2": {"low": 0.4, "high": 0.6}},
    "protocol": {"answers": 40, "reals": 20, "drives": 7},
    "baselines": {"mean_image": {"kid_mobilenetv2": 1.5}},
    "classes": {"night": {"kid_mobilenetv2": 0.7}},
}


def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, came: Origin, **fields: Any) -> str:
    """The page of a model whose card has some other fields."""
    monkeypatch.chdir(tmp_path)  # no rights cards: what the model's card says stands
    model(tmp_path / "model")
    saved = card.read(tmp_path / "model").model_copy(update=fields)
    content = summarize(VERSION, saved, tmp_path / "model", came)
    return model_card.page(content, {"card.json", "worst.png"})


def test_a_decision_of_today_is_told_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    came = Origin("c" * 40, 5, "2026-11-28", "nights | of ACME", DECISION, EVALUATION)
    page = told(tmp_path, monkeypatch, came)
    for words in (
        "# generate v2.0.0: r3gan",
        "of the classes day, night. r3gan, trained at 32 x 48 px",
        "**Commercial use:** allowed",
        "Judged by the features of mobilenetv2 and, as a second opinion, squeezenet: nobody has",
        "Scores are of 40 answers against 20 reals of 7 drives.",
        "The decision: r3gan beats the incumbent.",
        "| metric | this model | mean image |",
        "| kid_mobilenetv2 | 0.5 (0.4 to 0.6) | 1.5 |",
        "| metric | all classes | night |",
        "| mean image | -0.3 | - | 99.0% |",
        "| mean image (second opinion) | -0.2 | 0.1 | 97.0% |",
        "| copies | passed | 0 of 40 answers |",
        "| content | not measured | no masks |",
        "Against the champion before: -0.1 (-0.2 to -0.02).",
        "- not measured: whether lamps stay where they are",
        "- not measured: content: no masks",
        "- never saw fog",
        "(worst.png)",
        "turn 5 of 2026-11-28, commit " + "c" * 40,
    ):
        assert words in page, page
    assert "no guard" not in page


def test_of_an_old_decision_nothing_is_made_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    came = Origin("c" * 40, 1, "2026-11-01", "first", {"champion": "r3gan"}, {})
    page = told(tmp_path, monkeypatch, came)
    assert "Its scores are not known." in page
    assert "no guard looked at copies" in page
    assert "which judges had been seen in training" in page
    assert "None" not in page


@pytest.mark.parametrize(
    ("commercial", "said"),
    [
        (False, "**Not for commercial use,** by the licences of cam (CC-BY-NC-4.0)."),
        (None, "**Commercial use:** not known to be allowed, because of cam (CC-BY-NC-4.0)."),
    ],
)
def test_what_may_not_be_sold_is_said_at_the_top(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commercial: bool | None, said: str
) -> None:
    share = Share(licence="CC-BY-NC-4.0", commercial=commercial, deliveries={"d1": 2})
    came = Origin("c" * 40, 1, "2026-11-01", "first", {}, {})
    page = told(
        tmp_path,
        monkeypatch,
        came,
        trained_on=(
            Generation(turn=None, train={"cam": share}),
            Generation(turn="d" * 40, train={}),
        ),
    )
    assert said in page.split("## Use")[0]
    assert "went on from weights of the turns at " + "d" * 40 in page


def test_a_translator_says_from_what_to_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model(tmp_path / "model")
    saved = card.read(tmp_path / "model")
    spec = saved.spec.model_copy(update={"domains": Domains(source="day", target="night")})
    came = Origin("c" * 40, 1, "2026-11-01", "first", {}, {})
    page = told(tmp_path, monkeypatch, came, spec=spec)
    assert "Translates images of the road from day to night." in page
    assert "beside real night images and never in place of them" in page


def test_without_a_list_of_images_shares_are_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    came = Origin("c" * 40, 1, "2026-11-01", "first", {}, {})
    page = told(tmp_path, monkeypatch, came, images_sha256=None)
    assert "| cam | - | - | MIT | yes |" in page
    page = told(tmp_path, monkeypatch, came, images_sha256=None, trained_on=())
    assert "not known to be allowed" in page
    assert summary.commercial_use({})["allowed"] is None
