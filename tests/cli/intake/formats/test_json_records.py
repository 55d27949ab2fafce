"""Reading record by record gives what reading the whole file gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from argus.cli.intake.formats import json_records as module
from argus.cli.intake.formats.json_records import read_records
from argus.core.errors import ArgusError

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
record = st.dictionaries(st.text(max_size=4), anything, max_size=3)
many_records = st.lists(record, max_size=5)
around = st.dictionaries(st.text(max_size=4), anything, max_size=3)
"""What an annotation file holds beside its records; bare numbers and arrays, too."""
layout = st.sampled_from([None, 0, 1, "\t"])


def streamed(folder: Path, text: str, chunk: int, key: str = "") -> list[dict[str, Any]]:
    path = folder / "file.json"
    path.write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK", chunk)
        return list(read_records(path, key))


any_times = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@any_times
@given(many_records, around, around, st.integers(1, 40), layout, st.booleans())
def test_the_records_are_those_of_the_whole_file(
    tmp_path: Path,
    found: list[dict[str, Any]],
    before: dict[str, Any],
    after: dict[str, Any],
    chunk: int,
    indent: int | str | None,
    ascii_only: bool,
) -> None:
    plain = json.dumps(found, indent=indent, ensure_ascii=ascii_only)
    assert streamed(tmp_path, plain, chunk) == json.loads(plain) == found
    whole = {**before, "frames": found, **{f"{name}'": value for name, value in after.items()}}
    text = json.dumps(whole, indent=indent, ensure_ascii=ascii_only)
    assert streamed(tmp_path, text, chunk, "frames") == json.loads(text)["frames"] == found


@any_times
@given(st.lists(record, min_size=1, max_size=5), st.integers(1, 40), st.data())
def test_a_file_that_was_cut_short_is_refused(
    tmp_path: Path, found: list[dict[str, Any]], chunk: int, data: st.DataObject
) -> None:
    text = json.dumps(found)
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    with pytest.raises(ArgusError, match=r"file\.json is not JSON"):
        streamed(tmp_path, cut, chunk)


@pytest.mark.parametrize("number", ["1.5", "-0.25", "1e9", "1E+9", "2.5e-3", "120", "-7"])
def test_a_number_may_lie_across_the_edge_of_a_chunk(tmp_path: Path, number: str) -> None:
    text = f'{{"version": {number}, "years": [{number}, {number}], "frames": [{{"a": {number}}}]}}'
    for chunk in range(1, len(text)):
        assert streamed(tmp_path, text, chunk, "frames") == [{"a": json.loads(number)}]


BROKEN = ["", " ", "{", "[{}", "[{},]", "[{} {}]", "[,{}]", "[" * 100_000, '["\n"]']
BROKEN += ['{"a" 1}', '{"a": 1,}', '{"a": 1.x}', "{1: 2}", '[{"a": 1.}]', '[{"a": tru}]']


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_no_json_is_refused_as_json_itself_refuses_it(tmp_path: Path, text: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        json.loads(text)
    with pytest.raises(ArgusError, match="is not JSON"):
        streamed(tmp_path, text, 4, "frames")


def test_the_place_of_a_mistake_is_reported(tmp_path: Path) -> None:
    good = '{"a": 1}, ' * 1000
    with pytest.raises(ArgusError, match=r'after 1000 records, .*colon.*: `.*{"a" 1}'):
        streamed(tmp_path, f'[{good}{{"a" 1}}]', 16)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_what_python_alone_calls_json_is_refused(tmp_path: Path, word: str) -> None:
    with pytest.raises(ArgusError, match=rf"is not JSON: after 1 records, .*`.*{word}"):
        streamed(tmp_path, f'[{{"a": 1}}, {{"area": {word}}}]', 1 << 16)


@pytest.mark.parametrize(
    "number", ["123456789012345678901234567890", "-9223372036854775809", "1e400"]
)
def test_a_number_may_be_of_any_size(tmp_path: Path, number: str) -> None:
    text = f'[{{"a": {number}}}]'
    assert streamed(tmp_path, text, 1 << 16) == json.loads(text)


def test_a_file_with_a_byte_order_mark_is_read_and_utf_16_is_refused(tmp_path: Path) -> None:
    text = '[{"name": "Straße"}]'
    (tmp_path / "mark.json").write_text(text, encoding="utf-8-sig")
    assert list(read_records(tmp_path / "mark.json")) == [{"name": "Straße"}]
    (tmp_path / "wide.json").write_text(text, encoding="utf-16")
    with pytest.raises(ArgusError, match="is not JSON: 'utf-8'"):
        list(read_records(tmp_path / "wide.json"))


def test_of_a_key_that_comes_twice_the_last_value_counts(tmp_path: Path) -> None:
    assert streamed(tmp_path, '[{"a": 1, "a": 2}]', 4) == [{"a": 2}]


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes.json").write_bytes(b"[\xff\xfe]")
    with pytest.raises(ArgusError, match="is not JSON: 'utf-8'"):
        list(read_records(tmp_path / "bytes.json"))
    with pytest.raises(ArgusError, match="cannot be read: No such file"):
        list(read_records(tmp_path / "absent.json"))


def test_what_comes_after_the_records_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text('{"images": [{"a": 1}], "annotations": [broken')
    assert list(read_records(path, "images")) == [{"a": 1}]


def test_reading_a_large_file_shows_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = '[{"a": 1}, {"a": 2}]'
    assert len(streamed(tmp_path, text, 4)) == 2
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(module, "LARGE", len(text))
    assert len(streamed(tmp_path, text, 4)) == 2
    assert f"reading file.json: {len(text)}/{len(text)} bytes" in capsys.readouterr().err
