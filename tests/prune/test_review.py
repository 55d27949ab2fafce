"""What a person took out by hand."""

from __future__ import annotations

import polars as pl
import pytest

from argus.core.errors import ArgusError
from stages.prune.review import excluded

IDS = pl.Series(["aa11" + "0" * 60, "aa12" + "0" * 60, "bb11" + "0" * 60])


def test_an_image_is_named_by_its_id_or_how_that_begins() -> None:
    assert excluded(IDS, []).tolist() == [False] * 3
    assert excluded(IDS, ["bb"]).tolist() == [False, False, True]
    assert excluded(IDS, ["aa12", IDS[0]]).tolist() == [True, True, False]


@pytest.mark.parametrize(("entry", "why"), [("cc", "no candidate"), ("aa", "several candidates")])
def test_an_entry_without_effect_or_with_too_much_is_an_error(entry: str, why: str) -> None:
    with pytest.raises(ArgusError, match=f"'{entry}'.*{why}"):
        excluded(IDS, ["bb11", entry])
