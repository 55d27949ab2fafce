"""A turn as `report` finds it, small, with everything in it that the page tells of, and with names
such as somebody hostile would choose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

from argus.core import reports
from argus.core.paths import (
    CARDS,
    EMBEDDED,
    EVALUATED,
    GAIN,
    INCUMBENTS,
    PRUNED,
    RAW,
    TRAIN_REPORTS,
)
from argus.data import catalogue
from argus.judging import samples
from tests.conftest import ROOT, scene, scenes

EVIL = "<script>alert('1')</script>\"><img src=x onerror=alert(1)>&amp;"
TURNED = "‮gpj.thgin‬"  # right-to-left override: shows as something else
LONG = "n" * 300
NIGHT = f"night {EVIL} {TURNED}"
KID = "kid_mobilenetv2"
STATUSES = {
    "blurred": 2,
    "consent_expired": 1,
    "truncated": 1,
    "near_duplicate": 3,
    "pruned": 2,
}


def scored(kid: float) -> dict[str, Any]:
    ends = {KID: {"low": kid - 0.02, "high": kid + 0.03}}
    return {KID: kid, "fd_mobilenetv2": 900 * kid, "recall": 0.4, "intervals": ends}


def compared(difference: float) -> dict[str, Any]:
    units = {"target drives": 11, "source drives": 21}
    errors = {"target drives": 0.008, "source drives": 0.006}
    sure = {"standard_error": 0.01, "confidence": 0.998, "errors": errors}
    return {"difference": difference, "units": units, **sure}


PROTOCOL = {"answers": 310, "reals": 68, "drives": 11, "sources": 310, "source_drives": 21}
DECISIONS: dict[str, Any] = {
    "day2night": {
        "champion": "cut",
        "promoted": True,
        "reason": f"today's cut is nearer than the incumbent cyclegan {EVIL}",
        "challenger": "cut",
        "judge": {"name": "mobilenetv2", "witness": "squeezenet", "because": "unseen"},
        "protocol": PROTOCOL,
        **scored(0.17),
        "incumbent": {"model": "cyclegan", **scored(0.2)},
        "against": {"incumbent": compared(-0.033), "tone_curve": compared(-0.06)},
        "level": {"alpha": 0.0125, "wealth": 0.03, "tests": 6},
        "guards": [
            {"guard": "copies", "passed": True, "says": "1.3 % are copies"},
            {"guard": "lights", "passed": None, "says": f"too few lights {EVIL}"},
        ],
        "not_measured": ["whether lights keep their colour"],
    },
    "generate": {
        "champion": "r3gan",
        "promoted": False,
        "reason": "the incumbent stays",
        "challenger": "sngan",
        "incumbent": {
            "model": "r3gan",
            **scored(0.7),
            "classes": {NIGHT: scored(0.9), "day": scored(0.5)},
        },
        "judge": {"name": "mobilenetv2"},
        "against": {"incumbent": compared(-0.1)},
        "guards": [{"guard": "class night", "passed": False, "says": "night got worse"}],
        "non_commercial": {"acme": "CC-BY-NC-4.0"},
    },
}
BASELINES = {"noise": scored(0.7), "tone_curve": scored(0.25), "training_reals": scored(0.03)}


def rows() -> pl.DataFrame:
    """60 images in use, of two classes and ten drives, and a few of every other kind."""
    found: list[dict[str, Any]] = []

    def add(status: str, drive: int, label: str, split: str | None = None, **more: Any) -> None:
        number = len(found)
        path = f"{TURNED}{EVIL.replace('/', '_')}/{LONG[:90]}{number:03}.png"
        found.append(
            {
                "image_id": f"{number:064x}",
                "source": "acme",
                "delivery": "d1",
                "path": path,
                "label": label,
                "sequence": f"acme/{drive}",
                "status": status,
                "split": split,
                "width": 96,
                "height": 64,
                "may_train": True,
                "may_evaluate": True,
                **more,
            }
        )

    for number in range(60):
        drive = number // 6
        split = "test" if drive in (3, 7) else "val" if drive == 8 else "train"
        add("accepted", drive, NIGHT if drive % 2 else "day", split)
    for status, many in STATUSES.items():
        for _ in range(many):
            lost = {"lost_to": f"{0:064x}"} if status == "near_duplicate" else {}
            add(status, 20, "day", **lost)
    found[5]["doubt"] = "torn"
    return catalogue.in_schema(pl.DataFrame(found, infer_schema_length=None)).with_columns(
        pl.Series("split", [row["split"] for row in found])
    )


def leave() -> None:
    """Leave in the current folder what `report` reads."""
    settings = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    named = settings["models"]
    settings |= {"sources": ["acme"], "rendered": []}
    settings["models"] = {name: named[name] for name in ("cut", "cyclegan", "r3gan", "sngan")}
    settings["report"] = {"turn": 7, "message": f"nights {EVIL} {TURNED}"}
    Path("params.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    card = {
        "source": "acme",
        "kind": "client",
        "owner": EVIL,
        "contact_role": "data steward",
        "licence": "contract:A-1",
        "jurisdiction": "EU",
        "purposes": ["train", "evaluate"],
        "consent": {"reference": EVIL, "expires": "2026-12-20"},
        "origin": "camera",
        "citation": "",
        "deliveries": {"d0": {"consent": {"reference": "B", "expires": "2031-01-01"}}},
    }
    CARDS.mkdir(parents=True)
    (CARDS / "acme.yaml").write_text(yaml.safe_dump(card))
    images = rows()
    for number, row in enumerate(images.iter_rows(named=True)):
        path = RAW / "acme/d1" / row["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        scene(number).save(path)
    catalogue.write(PRUNED / "images.parquet", images)
    used = images.filter(catalogue.IN_USE)
    review = used.head(1).select("image_id", "source", "delivery", "path", "member", "label")
    catalogue.write(
        PRUNED / "isolated.parquet", review.with_columns(nearest=pl.lit("x"), distance=pl.lit(0.9))
    )
    vectors = np.random.default_rng(0).normal(size=(used.height, 8)).astype(np.float32)
    catalogue.write(EMBEDDED / "ids.parquet", used.select("image_id"))
    np.save(EMBEDDED / "features.npy", vectors)
    _reports(images)
    _models()


def _reports(images: pl.DataFrame) -> None:
    per_class = {"day": 20, NIGHT: 16}
    station = dict.fromkeys(("delivered", "distinct", "selected", "val", "test"), per_class)
    reports.metrics("ingest/acme", {"images": images.height, "accepted": 65, "refused": {}})
    reports.metrics("dedupe", {"exact_copies": 0, "near_duplicates": 3, "kept": 62})
    reports.metrics(
        "split",
        {"val": 6, "test": 12, "leaks": 0, "per_class": {"train": {}, "val": {}, "test": {}}},
    )
    reports.metrics("label", {"unlabelled": 0})
    reports.metrics(
        "balance", {"per_class": station, "quotas": {"shortfall": {NIGHT: 5, "day": 0}}}
    )
    vendi = {"selected": 8.0, "random": 7.0, "all": 9.0}
    reports.metrics(
        "prune",
        {
            "candidates": 44,
            "selected": 42,
            "pruned": 2,
            "excluded": 0,
            "vendi": vendi,
            "per_class": {},
        },
    )
    reports.metrics("promote/decision", DECISIONS)
    for model, task, kid in (("cut", "day2night", 0.17), ("cyclegan", "day2night", 0.21)):
        report = {"task": task, "protocol": PROTOCOL, **scored(kid), "baselines": BASELINES}
        reports.metrics(f"evaluate/{model}", report)
    reports.metrics("evaluate/r3gan", {"task": "generate", **scored(0.72), "baselines": BASELINES})
    reports.metrics("evaluate/sngan", {"task": "generate", "failed": f"not finite {EVIL}"})


def _models() -> None:
    images, sources = scenes(8), scenes(8, seed=50)
    for model in ("cut", "cyclegan"):
        made = samples.choose(images, ["night"] * 8, sources, sources[::-1], step=100)
        samples.save(made, EVALUATED / model / samples.FILE)
    of_classes = samples.choose(images, ["day", NIGHT] * 4)
    samples.save(of_classes, EVALUATED / "r3gan" / samples.FILE)
    samples.save(of_classes, INCUMBENTS / "generate.npz")
    for model in ("cut", "cyclegan", "r3gan", "sngan"):
        for name in ("val/kid", "loss/generator"):
            path = TRAIN_REPORTS / model / "plots/metrics" / f"{name}.tsv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("step\tx\n50\t0.5\n100\t0.25\n150\tnan\n200\t0.3\n")
    GAIN.mkdir(parents=True)
    head = "turns,day,champion,difference,low,high,chained,chained_low,chained_high\n"
    lines = [
        "0,2026-10-01,cyclegan,0.0,0.0,0.0,0.0,0.0,0.0\n",
        "1,2026-11-24,cut,-0.03,-0.05,-0.01,-0.03,-0.05,-0.01\n",
    ]
    (GAIN / "day2night.csv").write_text(head + "".join(lines))
    (GAIN / "generate.csv").write_text(head + lines[0])
