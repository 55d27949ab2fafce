"""One condition for each image, and none where the dataset does not know."""

from __future__ import annotations

from typing import Any

import pytest

from argus.cli.intake.formats.conditions import from_attributes, from_description


@pytest.mark.parametrize(
    ("weather", "time", "label"),
    [
        ("clear", "daytime", "day"),
        ("overcast", "daytime", "day"),
        ("partly cloudy", "daytime", "day"),
        ("rainy", "daytime", "rain"),
        ("snowy", "daytime", "snow"),
        ("foggy", "daytime", "fog"),
        ("rainy", "night", "night"),  # dark comes before wet
        ("undefined", "night", "night"),
        ("foggy", "dawn/dusk", "dusk"),
        ("rainy", "undefined", "rain"),
        ("clear", "undefined", None),
        ("undefined", "daytime", None),
        ("undefined", "undefined", None),
        ("hail", "daytime", None),
        (None, None, None),
        (["rainy"], {"x": 1}, None),
    ],
)
def test_attributes_of_bdd100k(weather: Any, time: Any, label: str | None) -> None:
    assert from_attributes({"weather": weather, "timeofday": time, "scene": "tunnel"}) == label


@pytest.mark.parametrize("attributes", [None, {}, [], "night", {"scene": "highway"}])
def test_without_attributes_nothing_is_known(attributes: Any) -> None:
    assert from_attributes(attributes) is None


@pytest.mark.parametrize(
    ("description", "label"),
    [
        ("Parked truck, construction, intersection, turn left", "day"),
        ("Night, big street, bus stop", "night"),
        ("Night after rain, many peds", "night"),
        ("Rain, many people", "rain"),
        ("Wait at intersection, heavy rain", "rain"),
        ("Rainy, overpass", "rain"),
        ("Cloudy after rain, parked cars", "day"),
        ("Train crossing, kid in raincoat", "day"),
        ("", None),
        ("  ", None),
    ],
)
def test_descriptions_of_nuscenes(description: str, label: str | None) -> None:
    assert from_description(description) == label
