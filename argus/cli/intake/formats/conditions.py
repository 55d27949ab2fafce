"""From what datasets say of weather and light to the one condition that the flywheel counts."""

from __future__ import annotations

import re
from typing import Any

WEATHER = {"foggy": "fog", "rainy": "rain", "snowy": "snow"}
CLEAR = frozenset({"clear", "overcast", "partly cloudy"})
WORDS = {
    "weather": CLEAR | WEATHER.keys(),
    "timeofday": frozenset({"daytime", "night", "dawn/dusk"}),
}
"""What BDD100K's attributes of a frame can be, where they are known (not `undefined`)."""
NIGHT = re.compile(r"\bnight", re.IGNORECASE)
RAIN = re.compile(r"(?<!after )\brain(s|y|ing|fall)?\b", re.IGNORECASE)


def from_attributes(attributes: Any) -> str | None:
    """The condition by the frame attributes `weather` and `timeofday` of BDD100K.

    Dark comes first: a rainy night is `night`. Then dusk, then the weather; `day` is what is known
    to be daytime in clear or cloudy weather, and what is not known is None.
    """
    if not isinstance(attributes, dict):
        return None
    weather, time = str(attributes.get("weather")), attributes.get("timeofday")
    if time == "night":
        return "night"
    if time == "dawn/dusk":
        return "dusk"
    if weather in WEATHER:
        return WEATHER[weather]
    return "day" if time == "daytime" and weather in CLEAR else None


def from_description(description: str) -> str | None:
    """The condition by the free text that nuScenes describes a scene with.

    `night` and `rain` where it says so (a rainy night is `night`; "after rain" is no rain), None
    where it says nothing at all, and `day` otherwise.
    """
    if NIGHT.search(description):
        return "night"
    if RAIN.search(description):
        return "rain"
    return "day" if description.strip() else None
