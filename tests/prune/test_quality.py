import polars as pl

from stages.common import params
from stages.prune.__main__ import low_quality


def test_only_what_is_outside_a_limit_is_set_aside(workspace) -> None:  # type: ignore[no-untyped-def]
    limits = params.load().prune.quality
    good = {"sharpness": 500.0, "luminance": 0.4, "entropy": 7.0}
    rows = [
        good,
        good | {"sharpness": limits.min_sharpness / 2},
        good | {"luminance": limits.min_luminance / 2},
        good | {"luminance": (1 + limits.max_luminance) / 2},
        good | {"entropy": limits.min_entropy / 2},
    ]
    assert low_quality(pl.DataFrame(rows), limits).tolist() == [False, True, True, True, True]
