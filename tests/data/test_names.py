"""What is one thing has one spelling, and nothing that anybody sent is taken for a leftover."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus.data import names

TEXT = st.text(max_size=20)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Day", "day"),
        ("DAY ", "day"),
        ("\tday\u00a0", "day"),
        ("\u200bday\ufeff", "day"),
        ("ＤＡＹ", "day"),
        ("Light rain", "light_rain"),
        ("light-rain", "light_rain"),
        ("light  _ rain", "light_rain"),
        ("_day_", "day"),
        ("de\u0301ge\u0301l", "dégél"),
        ("STRASSE", "straße"),
    ],
)
def test_spellings_of_one_class(one: str, other: str) -> None:
    assert names.label(one) == names.label(other) is not None


@pytest.mark.parametrize(
    "text", ["", " ", "\n", "_", "--", "\u200b", "unknown", "Unknown ", "UNKNOWN"]
)
def test_what_is_no_class(text: str) -> None:
    assert names.label(text) is None


def test_classes_that_differ_stay_apart() -> None:
    labels = [
        "day",
        "night",
        "dusk",
        "light_rain",
        "lightrain",
        "rain",
        "0",
        "1",
        "夜",
        "día",
        "dia",
    ]
    assert [names.label(label) for label in labels] == labels


@given(TEXT)
def test_a_label_that_was_spelt_once_stays_as_it_is(text: str) -> None:
    once = names.label(text)
    assert once is None or names.label(once) == once


@pytest.mark.parametrize(
    ("written", "spelt"),
    [
        ("d1", "d1"),
        ("./d1", "d1"),
        ("d1//cam0/", "d1/cam0"),
        (" d1 / cam0", "d1/cam0"),
        ("cafe\u0301", "café"),
        ("Drive1", "Drive1"),
        ("", None),
        (".", None),
        (" / ", None),
    ],
)
def test_a_drive_has_one_spelling(written: str, spelt: str | None) -> None:
    assert names.sequence(written) == spelt


@given(st.lists(st.sampled_from(["a", ".", "", "..", "b c", ".d"]), max_size=6))
def test_a_normal_path_says_the_same_in_fewer_words(parts: list[str]) -> None:
    found = names.normal("/".join(parts))
    assert names.normal(found) == found
    assert found.split("/") == ([part for part in parts if part not in ("", ".")] or [""])


@pytest.mark.parametrize(
    "path",
    [
        ".DS_Store",
        "day/.ds_store",
        "day/._0001.jpg",
        "__MACOSX/day/a.jpg",
        "day/Thumbs.db",
        "day/THUMBS.DB",
        "ehthumbs.db",
        "Desktop.ini",
        ".Spotlight-V100/Store-V2/a",
        ".Trashes/501/a.jpg",
        ".Trash-1000/files/a.jpg",
        ".fseventsd/0000",
        "@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg",
        "$RECYCLE.BIN/a.jpg",
        "System Volume Information/IndexerVolumeGuid",
        "Icon\r",
        "DCIM/.thumbnails/1.jpg",
        "DCIM/.thumbdata4--1967290299",
        ".nomedia",
        "day/Picasa.ini",
        "day/.picasaoriginals/a.jpg",
        "day/@SynoEAStream",
        "lost+found/#1234",
        ".nfs000000000001a2b3",
    ],
)
def test_what_desktops_leave(path: str) -> None:
    assert names.is_leftover(path)


@pytest.mark.parametrize(
    "path",
    [
        "day/a.jpg",
        ".hidden/a.jpg",
        "MACOSX/a.jpg",
        "day/Thumbs.db.jpg",
        "desktop.init",
        "a._b.jpg",
        "_._.jpg",
        "icon.png",
        "Icon/a.jpg",
        "notes.txt",
        "day/a.json",
        "trashes/a.jpg",
        "thumbnails/a.jpg",
        "lost/found/a.jpg",
        "picasa/a.jpg",
    ],
)
def test_what_somebody_sent(path: str) -> None:
    assert not names.is_leftover(path)


@given(st.text(max_size=8))
def test_text_is_what_can_be_written(name: str) -> None:
    assert names.is_text(name)
    for broken in ("\udce9", "\ud83d"):
        assert not names.is_text(name + broken)


def test_names_that_some_file_systems_hold_for_one() -> None:
    assert names.caseless("Day/É.JPG") == names.caseless("day/e\u0301.jpg")
    assert names.caseless("a.jpg") != names.caseless("b.jpg")


@given(TEXT)
def test_composed_and_in_parts_are_the_same_to_them(text: str) -> None:
    assert names.caseless(unicodedata.normalize("NFD", text)) == names.caseless(text)


def test_endings_are_counted_the_most_first() -> None:
    found = names.endings(["a.txt", "b.TXT", "c.xml", "README", "d.json", "e.gz"])
    assert found == ".txt: 2, .gz: 1, .json: 1 and 2 more"
    assert names.endings([]) == ""
