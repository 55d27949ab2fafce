"""Which images are too poor to train or to evaluate on, and why; and when a rule is not
believed: where it would take more than a few of a delivery it is more likely the rule that is
wrong, and a person decides."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from argus.core.params import Quality
from argus.data.catalogue import UNKNOWN

SCORES = {
    "black": "luminance",
    "over_exposed": "clipped",
    "near_constant": "detail",
    "blurred": "edge_width",
    "torn": "torn",
}
"""The flaws by their status, the first that applies first, and the column that is their score."""

DELIVERY = ["source", "delivery"]
ROUNDING = 1e-9  # of an image: 1 in 50 is not more than 0.02


class Doubt(NamedTuple):
    """A rule that would take too many images of a delivery, or of labels in it, and takes none."""

    delivery: str  # <source>/<delivery>
    flaw: str
    images: int  # that it would take
    of: int  # images that could be read, in the delivery or with the labels
    labels: tuple[str, ...]  # where it is not believed; empty: in the whole delivery

    def in_words(self, most: float) -> str:
        """What a person should know of it; `most` is the share that is believed."""
        within = f" with the label {' or '.join(self.labels)}" if self.labels else ""
        return (
            f"{self.delivery}: the rule `{self.flaw}` would take {self.images} of {self.of} images"
            f"{within} ({self.images / self.of:.1%}); more than {most:.1%} is more likely a fault "
            "of the rule, so it takes none of them"
        )


def with_flaws(measured: pl.DataFrame, limits: Quality) -> pl.DataFrame:
    """The rows by the quality rules: the status of those outside the limits is the flaw, unless its
    rule would take too many; then the image stays `accepted`, and `doubt` is the flaw.

    A rule takes too many if it would take more than `limits.most` of the images that could be read
    of a delivery, or of one label in it, those without a label counting as one; there it takes
    none, unless `limits.confirmed` names it for the delivery. A delivery never changes, so no later
    one changes what was decided of it.

    What has too little information is not hashed: its bits would be those of its noise.

    Args:
        measured: rows of the catalogue, of any number of whole deliveries; only those with the
            status `accepted` are looked at.
        limits: of the rules.
    """
    read = pl.col("status") == "accepted"
    found = measured.with_columns(
        pl.when(read).then(rule).fill_null(False).alias(f"is_{flaw}")
        for flaw, rule in _rules(limits).items()
    ).with_columns(read.alias("read"), pl.col("label").fill_null(UNKNOWN).alias("class"))
    doubted = {flaw: _too_many(flaw, limits) for flaw in SCORES}
    taken = pl.coalesce(
        pl.when(pl.col(f"is_{flaw}") & ~doubted[flaw]).then(pl.lit(flaw)) for flaw in SCORES
    )
    doubt = pl.coalesce(
        pl.when(pl.col(f"is_{flaw}") & doubted[flaw]).then(pl.lit(flaw)) for flaw in SCORES
    )
    unhashed = (
        pl.col("is_black") | pl.col("is_near_constant") | (pl.col("fragile") > limits.max_fragile)
    ).fill_null(False)
    return (
        found.with_columns(
            pl.coalesce(taken, "status").alias("status"),
            pl.when(taken.is_null()).then(doubt).alias("doubt"),
        )
        .with_columns(
            pl.when(unhashed).then(None).otherwise(pl.col(name)).alias(name)
            for name in ("phash", "phash_mirrored")
        )
        .select(*measured.columns, *([] if "doubt" in measured.columns else ["doubt"]))
    )


def _rules(limits: Quality) -> dict[str, pl.Expr]:
    """When a flaw applies, by its name."""
    nothing_stands_out = pl.col("detail") < limits.min_detail
    next_to_nothing = (
        (pl.col("contrast") < limits.min_contrast)
        | (pl.col("entropy") < limits.min_entropy)
        | (pl.col("fragile") > limits.max_fragile)
    )
    return {
        "black": (pl.col("luminance") < limits.min_luminance) & nothing_stands_out,
        "over_exposed": pl.col("clipped") > limits.max_clipped,
        "near_constant": next_to_nothing & nothing_stands_out,
        # in the dark there are too few edges to tell
        "blurred": (pl.col("luminance") >= limits.min_luminance)
        & (pl.col("sharpness") < limits.min_sharpness)
        & (pl.col("edge_width") > limits.max_edge_width),
        "torn": pl.col("torn") > limits.max_torn,
    }


def _too_many(flaw: str, limits: Quality) -> pl.Expr:
    """Whether a rule is not believed where an image lies."""

    def beyond(group: list[str]) -> pl.Expr:
        would, of = (pl.col(name).sum().over(group) for name in (f"is_{flaw}", "read"))
        return would > limits.most * of + ROUNDING

    confirmed = [name for name, flaws in limits.confirmed.items() if flaw in flaws]
    named = pl.concat_str(DELIVERY, separator="/").is_in(confirmed)
    return (beyond(DELIVERY) | beyond([*DELIVERY, "class"])) & ~named


def doubts(measured: pl.DataFrame, limits: Quality) -> list[Doubt]:
    """Where which rule takes nothing because it would take too much, for a person to look at.

    Args:
        measured: rows as `with_flaws` gives them.
        limits: those of the rules.
    """
    read = measured.filter(pl.col("luminance").is_not_null()).with_columns(
        pl.col("label").fill_null(UNKNOWN)
    )
    found = []
    for (source, delivery), rows in read.group_by(DELIVERY, maintain_order=True):
        for flaw, rule in _rules(limits).items():
            labels = sorted(rows.filter(pl.col("doubt") == flaw)["label"].unique())
            if not labels:
                continue
            would = rows.filter(rule).height  # more than are in doubt: another rule takes some
            whole = would > limits.most * rows.height + ROUNDING
            of = rows if whole else rows.filter(pl.col("label").is_in(labels))
            found.append(
                Doubt(
                    f"{source}/{delivery}",
                    flaw,
                    of.filter(rule).height,
                    of.height,
                    () if whole else tuple(labels),
                )
            )
    return found
