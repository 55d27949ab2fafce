"""A machine that is slow, or busy, fails no test."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, settings

from tests.conftest import ROOT


def test_no_example_has_to_be_quick() -> None:
    assert settings.default is not None
    assert settings.default.deadline is None
    assert HealthCheck.too_slow in settings.default.suppress_health_check
    assert HealthCheck.filter_too_much not in settings.default.suppress_health_check


def test_a_test_with_settings_of_its_own_keeps_to_that() -> None:
    """A list of health checks replaces that of the profile, and a deadline would, too."""
    for file in (ROOT / "tests").rglob("test_*.py"):
        text = file.read_text(encoding="utf-8")
        for own in re.findall(r"\bsuppress_health_check=(\[[^\]]*\])", text):
            assert "too_slow" in own, file
        assert set(re.findall(r"\bdeadline=(\w+)", text)) <= {"None"}, file
