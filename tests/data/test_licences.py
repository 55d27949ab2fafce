"""Whether a licence allows commercial use, read off its SPDX expression."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus.data.licences import allows_commercial_use, licence


@pytest.mark.parametrize(
    ("text", "allows"),
    [
        ("MIT", True),
        ("NCSA", True),  # of a university whose name begins so
        ("NCBI-PD", True),
        ("CC-BY-4.0", True),
        ("CC-BY-ND-4.0", True),
        ("apache-2.0+", True),
        ("cc-by-nc-4.0", False),
        ("CC-BY-NC-SA-3.0-IGO", False),
        ("CC-BY-NC-ND-2.5", False),
        ("PolyForm-Noncommercial-1.0.0", False),
        ("NCGL-UK-2.0", False),
        ("PolyForm-Small-Business-1.0.0", None),
        ("LicenseRef-BDD100K", None),
        ("contract:CC-BY-NC-4.0", None),
        ("MIT AND CC-BY-NC-4.0", False),
        ("MIT OR CC-BY-NC-4.0", True),
        ("LicenseRef-X OR CC-BY-NC-4.0", None),
        ("CC-BY-NC-SA-4.0 AND LicenseRef-nuScenes-terms", False),
        ("MIT AND LicenseRef-X", None),
        ("CC-BY-NC-4.0 OR MIT AND CC-BY-NC-4.0", False),  # AND binds closer
        ("(CC-BY-NC-4.0 OR MIT) AND MIT", True),
        ("MIT AND (CC-BY-NC-4.0 AND (MIT OR Apache-2.0))", False),
        ("GPL-2.0-only WITH Classpath-exception-2.0", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0 AND CC-BY-NC-4.0", False),
    ],
)
def test_what_is_known_of_a_licence(text: str, allows: bool | None) -> None:
    assert allows_commercial_use(licence(text)) is allows


LEAVES = {"MIT": True, "CC-BY-NC-4.0": False, "LicenseRef-X": None}
RANK = {False: 0, None: 1, True: 2}
expressions = st.recursive(
    st.sampled_from(list(LEAVES)).map(lambda leaf: (leaf, LEAVES[leaf])),
    lambda inner: st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(
        lambda parts: (
            f"({parts[0][0]} {parts[1]} {parts[2][0]})",
            (min if parts[1] == "AND" else max)(parts[0][1], parts[2][1], key=RANK.__getitem__),
        )
    ),
    max_leaves=8,
)


@given(expressions)
def test_any_nesting_is_three_valued_logic(expression: tuple[str, bool | None]) -> None:
    text, allows = expression
    assert allows_commercial_use(licence(text)) is allows


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("cc-by-nc-4.0", "CC-BY-NC-4.0"), ("mit", "MIT"), ("contract:X-12", "contract:X-12")],
)
def test_licences_are_spdx_or_a_contract(text: str, canonical: str) -> None:
    assert licence(text) == canonical


def test_an_empty_contract_is_no_licence() -> None:
    with pytest.raises(ValueError, match="SPDX"):
        licence("contract:")
