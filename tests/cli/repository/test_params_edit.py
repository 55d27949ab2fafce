"""Edits of params.yaml change what they must and not one byte else."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from argus.cli.repository import params_edit
from argus.core.errors import ArgusError
from argus.core.paths import PARAMS

REAL = Path(__file__).parents[3] / "params.yaml"
BLOCK = """\
# top
sources:
  # the first
  - cam    # ours
  - "fleet"

# about the next
after: {x: [1, 2]}   # kept
"""
NAME = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True).filter(
    lambda name: isinstance(yaml.safe_load(name), str)
)


def test_a_value_is_replaced_and_every_other_line_stays() -> None:
    before = REAL.read_text(encoding="utf-8")
    after = params_edit.with_value(before, "lineage.previous", f'"{"0" * 40}"')
    changed = [
        (old, new)
        for old, new in zip(before.splitlines(), after.splitlines(), strict=True)
        if old != new
    ]
    assert len(changed) == 1
    assert changed[0][1].strip().startswith("previous:")
    assert yaml.safe_load(after)["lineage"]["previous"] == "0" * 40


def test_an_empty_value_is_filled() -> None:
    assert params_edit.with_value("a:\nb: 1\n", "a", "null") == "a: null\nb: 1\n"


def test_a_comment_behind_a_value_stays() -> None:
    assert params_edit.with_value("a: 1   # why\n", "a", "22") == "a: 22   # why\n"


def test_items_of_a_block_list_come_and_go_with_their_lines_only() -> None:
    added = params_edit.with_item(BLOCK, "sources", "new")
    assert added == BLOCK.replace('  - "fleet"\n', '  - "fleet"\n  - new\n')
    assert params_edit.without_item(BLOCK, "sources", "fleet") == BLOCK.replace('  - "fleet"\n', "")
    assert params_edit.without_item(added, "sources", "cam") == added.replace(
        "  - cam    # ours\n", ""
    )


def test_line_ends_of_windows_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    PARAMS.write_bytes(BLOCK.replace("\n", "\r\n").encode())
    text = params_edit.without_item(
        params_edit.with_item(params_edit.read(), "sources", "new"), "sources", "cam"
    )
    params_edit.write(text)
    expected = BLOCK.replace('  - "fleet"\n', '  - "fleet"\n  - new\n')
    expected = expected.replace("  - cam    # ours\n", "")
    assert PARAMS.read_bytes() == expected.replace("\n", "\r\n").encode()


def test_bytes_that_are_no_text_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    PARAMS.write_bytes(b"owner: M\xfcller\n")
    with pytest.raises(ArgusError, match=r"params\.yaml cannot be read"):
        params_edit.read()


def test_the_last_item_leaves_an_empty_list_not_null() -> None:
    text = params_edit.without_item(BLOCK, "sources", "cam")
    text = params_edit.without_item(text, "sources", "fleet")
    assert yaml.safe_load(text) == {"sources": [], "after": {"x": [1, 2]}}
    assert "# the first" in text
    assert "# about the next" in text
    assert params_edit.items(params_edit.with_item(text, "sources", "back"), "sources") == ["back"]


@given(names=st.lists(NAME, min_size=1, unique=True), new=NAME, flow=st.booleans())
def test_what_is_added_and_taken_off_again_leaves_the_same_bytes(
    names: list[str], new: str, flow: bool
) -> None:
    names = [name for name in names if name != new] or [f"x{new}"]
    listed = f"[{', '.join(names)}]" if flow else "".join(f"\n- {name}  # c" for name in names)
    text = f"a: 1\nsources: {listed}\n# tail\nb: 2\n"
    added = params_edit.with_item(text, "sources", new)
    assert yaml.safe_load(added) == {"a": 1, "sources": [*names, new], "b": 2}
    assert params_edit.without_item(added, "sources", new) == text
    for name in names:
        rest = yaml.safe_load(params_edit.without_item(added, "sources", name))["sources"]
        assert rest == [other for other in [*names, new] if other != name]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("other: 1\n", "has no `sources`"),
        ("sources:\n", "is not a list"),
        ("sources: {a: 1}\n", "is not a list"),
        ("sources: [\n", "not valid YAML"),
        ("sources: [a]\n", "not on the list"),
    ],
)
def test_what_does_not_fit_is_named(text: str, words: str) -> None:
    with pytest.raises(ArgusError, match=words):
        params_edit.without_item(text, "sources", "b")
