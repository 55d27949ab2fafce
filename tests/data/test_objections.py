"""What was made of images is held against their rights cards as they are today."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from argus.data import objections, rights_cards

DAY = date(2026, 6, 1)


def test_what_was_made_of_images_is_judged_by_today(card: Callable[..., None]) -> None:
    terms = {"old": {"consent": {"reference": "B-2", "expires": "2026-01-31"}}}
    card("fleet", purposes=["train"], deliveries=terms)

    def against(delivery: str | None, day: date = DAY, **changes: Any) -> list[str]:
        use, listed = changes.get("use", "train"), changes.get("listed", ["fleet"])
        return objections.to_use("fleet", delivery, day, use, listed)

    assert against(None) == against("new") == []
    assert against("old", date(2026, 1, 31)) == []
    assert against("old") == ["fleet/old: consent ended on 2026-01-31 (B-2)"]
    assert against(None, use="evaluate") == [
        "fleet: may not be used to evaluate, its card grants train"
    ]
    assert against(None, listed=[]) == ["fleet is retired: not on `sources` in params.yaml"]
    card("fleet", purposes=[], origin="generated", deliveries=terms)
    assert len(against("old", listed=[])) == 4
    rights_cards.path_of("fleet").unlink()
    assert "no rights card" in against("old")[0]
