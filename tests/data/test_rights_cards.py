import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from argus.core.errors import ArgusError
from argus.core.fields import Purpose
from argus.data import rights_cards

DAY = date(2026, 6, 1)
TEXT = """\
source: a
kind: client
owner: A client
contact_role: data steward
licence: contract:A-1
jurisdiction: EU
purposes: [train, evaluate]
consent: {{reference: A-1, expires: {expires}}}
origin: camera
citation: ""
"""
BOTH: list[Purpose] = ["train", "evaluate"]


def refusal(
    source: str,
    delivery: str = "d",
    day: date = DAY,
    purposes: list[Purpose] = BOTH,
    origins: tuple[rights_cards.Origin, ...] = ("camera",),
) -> str | None:
    return rights_cards.read(source).refusal(delivery, day, origins, purposes)


def test_a_valid_card_lets_images_in(card: Callable[..., None]) -> None:
    card("fleet")
    assert refusal("fleet") is None


def test_no_card_says_where_it_should_be_and_how_to_write_it(card: Callable[..., None]) -> None:
    with pytest.raises(ArgusError, match=r"data/sources/nobody\.yaml.*argus source add nobody"):
        rights_cards.read("nobody")


def test_consent_holds_through_its_last_day(card: Callable[..., None]) -> None:
    card("fleet", consent={"reference": "A", "expires": date(2026, 6, 1)})
    assert refusal("fleet") is None
    assert refusal("fleet", day=date(2026, 6, 2)) == "consent_expired"


def test_a_delivery_may_have_terms_of_its_own(card: Callable[..., None]) -> None:
    lapsed = {"consent": {"reference": "B", "expires": date(2026, 1, 1)}}
    card("fleet", deliveries={"old": lapsed})
    assert refusal("fleet", "old") == "consent_expired"
    assert refusal("fleet", "new") is None


def test_generated_images_are_kept_out_whatever_is_accepted(card: Callable[..., None]) -> None:
    card("gan", origin="generated")
    assert refusal("gan") == "origin_not_accepted"
    assert refusal("gan", origins=("camera", "rendered", "generated")) == "origin_not_accepted"


def test_purposes_are_judged_one_by_one(card: Callable[..., None]) -> None:
    card("fleet", purposes=["evaluate"])
    assert refusal("fleet") is None
    assert rights_cards.read("fleet").uses("d", BOTH) == ["evaluate"]
    assert refusal("fleet", purposes=["train"]) == "purpose_not_granted"
    assert refusal("fleet", purposes=[]) == "purpose_not_granted"
    card("fleet", purposes=[])
    assert refusal("fleet") == "purpose_not_granted"


def test_a_delivery_may_have_purposes_of_its_own_and_the_consent_of_its_source(
    card: Callable[..., None],
) -> None:
    deliveries = {"held": {"purposes": ["evaluate"]}, "none": {"purposes": []}}
    card("fleet", deliveries=deliveries, consent={"reference": "A", "expires": "2026-06-01"})
    found = rights_cards.read("fleet")
    assert [found.uses(name, BOTH) for name in ("held", "none", "other")] == [
        ["evaluate"],
        [],
        ["train", "evaluate"],
    ]
    assert refusal("fleet", "none") == "purpose_not_granted"
    assert refusal("fleet", "held") is None
    assert refusal("fleet", "held", date(2026, 6, 2)) == "consent_expired"


@pytest.mark.parametrize("expires", ["2027-12-31", '"2027-12-31"', "never"])
def test_a_last_day_is_a_day_or_never(workspace: Path, expires: str) -> None:
    consent = rights_cards.parse(TEXT.format(expires=expires), "a", "the card").consent
    assert consent.over(date(2028, 1, 1)) == (expires != "never")
    assert not consent.over(date(2027, 12, 31))


@pytest.mark.parametrize(
    ("expires", "words"),
    [
        ("", "is blank: .*never"),
        ("null", "is blank"),
        ("31.12.2027", "31.12.2027 is not a day: write YYYY-MM-DD, or never"),
        ("20271231", "is not a day"),  # Pydantic: a day in August 1970
        ("2027-12-31T00:00:00Z", "is not a day"),
        ("2027-02-30", "out of range"),
        ("Never", "Never is not a day"),
        ("no", "no is not a day"),
    ],
)
def test_a_last_day_that_is_none_is_an_error(expires: str, words: str) -> None:
    with pytest.raises(ArgusError, match=words):
        rights_cards.parse(TEXT.format(expires=expires), "a", "the card")


@pytest.mark.parametrize("field", ["owner", "contact_role", "jurisdiction", "licence", "reference"])
def test_blanks_alone_say_nothing(field: str) -> None:
    blank = "contract:  " if field == "licence" else " "
    text, found = re.subn(rf"\b{field}: [^,}}\n]+", f'{field}: "{blank}"', TEXT)
    assert found == 1
    with pytest.raises(ArgusError, match=field):
        rights_cards.parse(text.format(expires="never"), "a", "the card")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("purposes: [train]", 'duplicate key "purposes".* in line 11'),
        ("deliveries: {a: {purposes: []}, a: {purposes: [train]}}", 'duplicate key "a"'),
        ("deliveries: {2026-11-01: {purposes: []}}", "2026-11-01 as a date: put it in quotes"),
        ("deliveries: {001: {purposes: []}}", "a int: put it in quotes"),
        ("deliveries: {a: }", "deliveries.a: .*says nothing"),
        ("deliveries: {a: {consent: , purposes: []}}", "consent is blank"),
        ("deliveries: {a: {origin: camera}}", "deliveries.a.origin"),
        ("deliveries: {a: {consent: {reference: r, expires: }}}", "expires: .*is blank"),
    ],
)
def test_a_slip_in_a_card_changes_no_terms_in_silence(line: str, words: str) -> None:
    with pytest.raises(ArgusError, match=words):
        rights_cards.parse(TEXT.format(expires="never") + line, "a", "the card")


def test_a_card_that_is_no_text_is_an_error(card: Callable[..., None]) -> None:
    card("fleet")
    rights_cards.path_of("fleet").write_bytes(b"owner: M\xfcller")
    with pytest.raises(ArgusError, match=r"fleet\.yaml cannot be read"):
        rights_cards.read("fleet")


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
    with pytest.raises(ArgusError, match=rf"fleet\.yaml is invalid: .*{field}"):
        rights_cards.read("fleet")


def test_a_card_of_another_source_is_refused(card: Callable[..., None]) -> None:
    card("fleet", source="other")
    with pytest.raises(ArgusError, match="card of 'other'"):
        rights_cards.read("fleet")
