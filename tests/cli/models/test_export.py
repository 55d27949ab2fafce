"""`argus export` finds champions and models, writes one file, and says how to feed it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import onnx
import polars as pl
import pytest

from argus.cli.models.export import export
from argus.core.errors import ArgusError
from argus.core.files import write_json
from argus.data.packed import ORIGIN
from argus.models import card as cards
from argus.models.ancestry import Generation, Share
from argus.models.card import Card
from argus.models.registry import build
from argus.models.scene import Scene

CONFIG = {"widths": [4], "patch": 1, "noise": 4}
SCENE = Scene(32, 48, ("day", "night"))


def card(model: str, **fields: object) -> Card:
    spec = {
        "model": model,
        "arch": "r3gan",
        "task": "generate",
        "config": CONFIG,
        "resolution": (SCENE.height, SCENE.width),
        "classes": SCENE.classes,
        "domains": None,
        "seed": 0,
        "batch": 1,
        "precision": "fp32",
    }
    common = {
        "spec": spec,
        "steps": 1,
        "parameters": {},
        "images_per_class": {"day": 1, "night": 1},
        "data_sha256": "0" * 64,
    }
    return Card.model_validate(common | fields)


IMAGES = [("a" * 64, "cam", "d1"), ("b" * 64, "cam", "d2")]


def save(folder: Path, card: Card, *images: tuple[str, str, str]) -> None:
    """A model with no more behind it than these images, first those of its own training."""
    rows = images or IMAGES
    by_source: dict[str, Counter[str]] = {}
    for _, source, delivery in rows:
        by_source.setdefault(source, Counter())[delivery] += 1
    shares = {
        source: Share(licence="MIT", commercial=True, deliveries=dict(deliveries))
        for source, deliveries in by_source.items()
    }
    card = card.model_copy(update={"trained_on": (Generation(turn=None, train=shares),)})
    weights = build("r3gan", CONFIG, SCENE).inference_networks().state_dict()
    cards.save(folder, card, weights, {}, pl.DataFrame(rows, schema=ORIGIN, orient="row"))


@pytest.fixture
def trained(repo: Path) -> None:
    """Two models and a champion, which an older model is; one that failed, and one skipped."""
    save(repo / "models/trained/fresh", card("fresh"))
    save(repo / "models/champions/generate", card("older"))
    failed = card("broken", failed="its samples were all alike from step 40 of 100 on")
    cards.save(repo / "models/trained/broken", failed, {}, {}, None)
    skipped = card("idle", skipped="no training image of night")
    cards.save(repo / "models/trained/idle", skipped, {}, {}, None)
    decided = {"day2night": {"champion": None, "reason": "idle was skipped"}}
    write_json(repo / "reports/promote/decision.json", decided)
    (repo / "data/raw/cam/d1").mkdir(parents=True)
    (repo / "data/raw/cam/d2.dvc").touch()  # its files are not here


def test_a_task_gives_its_champion_and_a_model_itself(argus, trained, tmp_path):
    to = tmp_path / "new" / "g.onnx"
    status, printed = argus("export", "generate", "--to", to)
    assert status == 0
    assert f"{to}: model 'older' from models/champions/generate" in printed
    assert "noise: float32 [n, 4], standard normal" in printed
    assert "labels: int64 [n]: 0 day, 1 night" in printed
    before = to.read_bytes()
    status, printed = argus("export", "fresh", "--to", to)
    assert status == 0
    assert "model 'fresh' from models/trained/fresh" in printed
    assert to.read_bytes() != before
    assert [path.name for path in to.parent.iterdir()] == ["g.onnx"]


@pytest.mark.parametrize(
    ("name", "to", "message"),
    [
        ("stylegan", "g.onnx", "champions of generate and models broken, fresh, idle"),
        ("broken", "g.onnx", "all alike"),
        ("idle", "g.onnx", "has no weights, since it was skipped: no training image of night"),
        ("day2night", "g.onnx", "task 'day2night' has no champion: idle was skipped"),
        ("fresh", "g.pt", "ends in .onnx"),
        ("fresh", "models", "is a folder"),
        ("fresh", "params.yaml/g.onnx", "cannot be written"),
    ],
)
def test_mistakes_are_said(argus, trained, repo, name, to, message):
    status, printed = argus("export", name, "--to", to)
    assert status == 1
    assert message in printed.replace("\n", " ")
    assert "Traceback" not in printed
    assert not (repo / "g.onnx").exists()


def test_without_a_training_it_is_said(argus, repo):
    status, printed = argus("export", "generate", "--to", "g.onnx")
    assert status == 1
    assert "nothing has been trained here yet" in printed


# --- what may not leave -------------------------------------------------------------------------


def edit(path: str, old: str, new: str) -> None:
    text = Path(path).read_text()
    assert old in text
    Path(path).write_text(text.replace(old, new))


def expire() -> None:
    edit("data/sources/cam.yaml", "2099-12-31", "2026-01-31")


def expire_one() -> None:
    terms = "deliveries: {d2: {consent: {reference: x, expires: 2026-01-31}}}\n"
    with Path("data/sources/cam.yaml").open("a") as card:
        card.write(terms)


def only_evaluate() -> None:
    edit("data/sources/cam.yaml", "[train, evaluate]", "[evaluate]")


def retire() -> None:
    edit("params.yaml", "sources: [cam]", "sources: []")


def withdraw() -> None:
    taken = f'[{{sha256: "{"B" * 64}", reason: "asked for"}}]'
    edit("params.yaml", "withdrawn: []", f"withdrawn: {taken}")


def erase() -> None:
    Path("data/raw/cam/d2.dvc").unlink()


def lose_the_card() -> None:
    Path("data/sources/cam.yaml").unlink()


@pytest.mark.parametrize("name", ["generate", "fresh"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (expire, "cam/d1: consent ended on 2026-01-31"),
        (expire_one, "cam/d2: consent ended on 2026-01-31"),
        (only_evaluate, "cam/d2: may not be used to train"),
        (retire, "cam is retired"),
        (withdraw, "image bbbbbbbbbbbb of cam/d2 is withdrawn (asked for)"),
        (erase, "cam/d2 is gone"),
        (lose_the_card, "has no rights card"),
    ],
)
def test_what_rests_on_data_that_may_not_be_used_today_does_not_leave(
    argus, trained, repo, name: str, change: Callable[[], None], words: str
):
    """Champion or not; and what it rests on is said."""
    change()
    status, printed = argus("export", name, "--to", "g.onnx")
    assert status == 1
    assert "rests on what may not be used today" in printed
    assert words in printed
    assert not (repo / "g.onnx").exists()


def test_the_last_day_of_a_consent_is_a_day_of_it(argus, trained, repo):
    expire()
    export("fresh", repo / "g.onnx", date(2026, 1, 31))
    with pytest.raises(ArgusError, match="consent ended"):
        export("fresh", repo / "g.onnx", date(2026, 2, 1))


def test_a_model_of_unknown_ancestry_does_not_leave(argus, trained, repo):
    """As made by versions whose cards named the licences of a model's own images alone."""
    path = repo / "models/trained/fresh/card.json"
    fields = json.loads(path.read_text())
    old = {"licences": {"cam": {"licence": "MIT", "images": 2}}}
    for name in ("trained_on", "images_sha256", "non_commercial", "cold_start"):
        del fields[name]
    path.write_text(json.dumps(fields.pop("spec") | fields | old))
    status, printed = argus("export", "fresh", "--to", "g.onnx")
    assert status == 1
    assert "only a model trained anew can be vouched for" in printed


def test_a_list_of_images_that_was_cut_short_is_not_believed(argus, trained, repo):
    path = repo / "models/trained/fresh/images.parquet"
    pl.read_parquet(path).head(1).write_parquet(path)
    status, printed = argus("export", "fresh", "--to", "g.onnx")
    assert status == 1
    assert "images.parquet is damaged" in printed


@pytest.mark.parametrize(
    ("licence", "limits", "words"),
    [
        ("CC-BY-4.0", {}, None),
        ("CC-BY-NC-4.0", {"cam": "CC-BY-NC-4.0"}, "for non-commercial use only"),
        ("CC-BY-NC-4.0 OR MIT", {}, None),
        ("contract:7", {}, "not known whether cam (contract:7) may be used commercially"),
        ("contract:7\ncommercial: false", {"cam": "contract:7"}, "non-commercial use only"),
        ("contract:7\ncommercial: true", {}, None),
    ],
)
def test_limits_of_the_licences_are_said_and_go_with_the_file(
    argus, trained, repo, licence: str, limits: dict[str, str], words: str | None
):
    edit("data/sources/cam.yaml", "licence: CC-BY-4.0", f"licence: {licence}")
    status, printed = argus("export", "fresh", "--to", "g.onnx")
    assert status == 0, printed
    assert ("commercial" in printed) == (words is not None)
    assert words is None or words in printed
    kept = {each.key: each.value for each in onnx.load(repo / "g.onnx").metadata_props}
    assert json.loads(kept["non_commercial"]) == limits
    assert json.loads(kept["licences"]) == {"cam": licence.split("\n")[0]}
    behind = json.loads(kept["card"])["trained_on"]
    assert behind[0]["train"]["cam"]["deliveries"] == {"d1": 1, "d2": 1}
