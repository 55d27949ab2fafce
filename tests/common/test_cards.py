from collections.abc import Callable
from datetime import date

import pytest

from stages.common import cards
from stages.common.errors import ArgusError

DAY = date(2026, 6, 1)
BOTH: list[cards.Purpose] = ["train", "evaluate"]


def refusal(source: str, delivery: str = "d", day: date = DAY) -> str | None:
    return cards.read(source).refusal(delivery, day, ["camera"], BOTH)


def test_a_valid_card_lets_images_in(card: Callable[..., None]) -> None:
    card("fleet")
    assert refusal("fleet") is None


def test_no_card_says_where_it_should_be_and_how_to_write_it(card: Callable[..., None]) -> None:
    with pytest.raises(ArgusError, match=r"data/sources/nobody\.yaml.*argus source add nobody"):
        cards.read("nobody")


def test_consent_holds_through_its_last_day(card: Callable[..., None]) -> None:
    card("fleet", consent={"reference": "A", "expires": date(2026, 6, 1)})
    assert refusal("fleet") is None
    assert refusal("fleet", day=date(2026, 6, 2)) == "consent_expired"


def test_a_delivery_may_have_terms_of_its_own(card: Callable[..., None]) -> None:
    lapsed = {"consent": {"reference": "B", "expires": date(2026, 1, 1)}}
    card("fleet", deliveries={"old": lapsed})
    assert refusal("fleet", "old") == "consent_expired"
    assert refusal("fleet", "new") is None


def test_generated_images_are_kept_out(card: Callable[..., None]) -> None:
    card("gan", origin="generated")
    assert refusal("gan") == "origin_not_accepted"


def test_consent_without_the_purpose_is_no_consent(card: Callable[..., None]) -> None:
    card("fleet", purposes=["evaluate"])
    assert refusal("fleet") == "purpose_not_granted"
    card("fleet", purposes=[])
    assert refusal("fleet") == "purpose_not_granted"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"origin": "painted"}, "origin"),
        ({"licence": "do what you like"}, "licence"),
        ({"consent": {"reference": "A"}}, "consent.expires"),
        ({"kind": None}, "kind"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_card_names_the_field(
    card: Callable[..., None], change: dict[str, object], field: str
) -> None:
    card("fleet", **change)
    with pytest.raises(ArgusError, match=rf"fleet\.yaml does not hold: .*{field}"):
        cards.read("fleet")


def test_a_card_of_another_source_is_refused(card: Callable[..., None]) -> None:
    card("fleet", source="other")
    with pytest.raises(ArgusError, match="card of 'other'"):
        cards.read("fleet")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("cc-by-nc-4.0", "CC-BY-NC-4.0"), ("mit", "MIT"), ("contract:X-12", "contract:X-12")],
)
def test_licences_are_spdx_or_a_contract(text: str, canonical: str) -> None:
    assert cards.licence(text) == canonical


def test_an_empty_contract_is_no_licence() -> None:
    with pytest.raises(ValueError, match="SPDX"):
        cards.licence("contract:")
