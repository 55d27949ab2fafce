"""A message can be printed whatever names it has in it."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus.core.errors import ArgusError, exits_cleanly, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain [x] é ☃ 夜", "plain [x] é ☃ 夜"),
        (os.fsdecode(b"caf\xe9"), r"caf\xe9"),
        ("\ud800", r"\ud800"),
        ("\u202egpj", r"\u202egpj"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\tb", r"a\tb"),
        ("one\ntwo", "one\ntwo"),
    ],
)
def test_what_no_terminal_should_get_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters(codec=None), max_size=30))
def test_all_text_can_be_written_then(text: str) -> None:
    found = printable(text)
    found.encode()
    assert printable(found) == found


def test_a_mistake_in_a_file_of_any_name_ends_in_one_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @exits_cleanly
    def main() -> None:
        raise ArgusError(os.fsdecode(b"[b]caf\xe9[/b] is no image"))

    with pytest.raises(SystemExit) as error:
        main()
    assert error.value.code == 1
    assert capsys.readouterr().err == "error: [b]caf\\xe9[/b] is no image\n"
