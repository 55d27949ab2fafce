"""Going on from the weights of the turn before: when, from where exactly, and what is said."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import torch
from safetensors.torch import load_file, save_file

from argus.core import lineage
from argus.core.errors import ArgusError
from argus.core.files import sha256
from argus.data.packed import Rights, Terms
from stages.train.checkpoint import Checkpoints
from stages.train.train import train
from stages.train.training import Training
from tests.train import tiny

pytestmark = pytest.mark.usefixtures("no_chart")

TURN = "a" * 40
WARM = {"warm_start": True}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The trained folder of a tiny model of each architecture, as the turn before left it."""
    top = tmp_path_factory.mktemp("before")
    for arch in tiny.MODELS:
        train(tiny.job(arch, top / arch, steps=3))
    return {arch: top / arch / "trained" for arch in tiny.MODELS}


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path | None], list[str]]:
    """Let the turn before have had a folder, or none; returns what is asked for."""

    def of(folder: Path | None) -> list[str]:
        asked: list[str] = []

        def fetch_if_any(path, revision, into):
            asked.append(f"{path}@{revision}")
            return folder and Path(shutil.copytree(folder, into / "fetched"))

        monkeypatch.setattr(lineage, "fetch_if_any", fetch_if_any)
        return asked

    return of


def begun(job, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, torch.Tensor], dict]:
    """The networks with which a training begins, and the card that it leaves."""
    seen: list[dict[str, torch.Tensor]] = []

    def step(self):
        if not seen:
            state = self.architecture.state_dict()
            seen.append({name: tensor.clone() for name, tensor in state.items()})
            average = self.ema.networks.state_dict()
            assert all(torch.equal(state[name], tensor) for name, tensor in average.items())
        honest(self)

    honest = Training.step
    with monkeypatch.context() as patch:
        patch.setattr(Training, "step", step)
        train(job)
    return seen[0], json.loads((job.trained / "card.json").read_text())


@pytest.mark.parametrize("arch", tiny.MODELS)
def test_all_networks_begin_where_the_turn_before_left_them(
    arch, before, history, tmp_path, monkeypatch, capsys
):
    asked = history(before[arch])
    job = tiny.job(arch, tmp_path, WARM, steps=2, previous=TURN)
    networks, card = begun(job, monkeypatch)
    left = load_file(before[arch] / "networks.safetensors")
    assert all(torch.equal(networks[name], tensor) for name, tensor in left.items())
    assert {name for name in networks if name not in left} == {
        name
        for name in networks
        if name.startswith("past_")  # the pools of CycleGAN
    }
    assert card["warm_start"] == TURN
    assert card["cold_start"] is None
    assert asked == [f"models/trained/tiny_{arch}@{TURN}"]
    assert f"begins where turn {TURN} left it" in capsys.readouterr().err


def test_a_turn_before_of_an_earlier_version_is_gone_on_from(
    before, history, tmp_path, monkeypatch
):
    """Its card had no spec, its weights no identity, and some networks and fields other names."""
    folder = Path(shutil.copytree(before["sngan"], tmp_path / "before"))
    left = load_file(folder / "networks.safetensors")
    old = {name.replace("tor.head.", "tor.judge."): tensor for name, tensor in left.items()}
    assert old.keys() != left.keys()
    save_file(old, folder / "networks.safetensors")
    card = json.loads((folder / "card.json").read_text())
    config = card["spec"]["config"]
    config["pace"] = config.pop("discriminator_lr_multiplier")
    config["turns"] = config.pop("discriminator_steps")
    card["networks_sha256"] = sha256(folder / "networks.safetensors")
    (folder / "card.json").write_text(json.dumps(card.pop("spec") | card))
    history(folder)
    networks, card = begun(tiny.job("sngan", tmp_path, WARM, steps=2, previous=TURN), monkeypatch)
    assert card["warm_start"] == TURN
    assert all(torch.equal(networks[name], tensor) for name, tensor in left.items())


def changed(folder: Path, to: Path, **fields: object) -> Path:
    """A trained folder whose card says something else."""
    shutil.copytree(folder, to)
    card = json.loads((to / "card.json").read_text())
    spec = {name: fields.pop(name) for name in [*fields] if name in card["spec"]}
    card["spec"] |= spec
    (to / "card.json").write_text(json.dumps(card | fields))
    return to


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"failed": "it collapsed"}, "it failed in the turn before"),
        ({"skipped": "no training image"}, "it was skipped in the turn before"),
        ({"classes": ["day", "night"]}, "its classes differed (day night, not day dusk night)"),
        ({"resolution": [32, 24]}, "its resolution differed (32 24, not 16 24)"),
        ({"arch": "sngan"}, "its arch differed (sngan, not r3gan)"),
        ({"domains": {"source": "day", "target": "night"}}, "its domains differed"),
        ({"colour": "blue"}, "wrote its card in another way"),
    ],
)
def test_what_does_not_fit_is_not_taken_over_and_said(
    fields, words, before, history, tmp_path, monkeypatch, capsys
):
    history(changed(before["r3gan"], tmp_path / "before", **fields))
    job = tiny.job("r3gan", tmp_path, WARM, steps=2, previous=TURN)
    networks, card = begun(job, monkeypatch)
    said = capsys.readouterr().err
    assert "begins with fresh weights, since" in said
    assert words in said
    assert card["warm_start"] is None
    assert words in card["cold_start"]
    cold, _ = begun(tiny.job("r3gan", tmp_path / "cold", steps=2), monkeypatch)
    assert all(torch.equal(networks[name], tensor) for name, tensor in cold.items())


def test_other_shapes_are_not_taken_over(before, history, tmp_path, capsys):
    history(before["r3gan"])
    config = {"widths": [8, 4], "noise": 4}
    train(tiny.job("r3gan", tmp_path, WARM, steps=2, previous=TURN, config=config))
    assert "had another shape in the turn before (first " in capsys.readouterr().err


def test_another_config_of_the_same_shapes_is_no_hindrance(before, history, tmp_path):
    history(before["cyclegan"])
    config = tiny.MODELS["cyclegan"]["config"] | {"cycle": 9.0, "pool": 3}
    train(tiny.job("cyclegan", tmp_path, WARM, steps=2, previous=TURN, config=config))
    assert json.loads((tmp_path / "trained/card.json").read_text())["warm_start"] == TURN


def test_a_turn_without_such_networks_is_no_error(before, history, tmp_path, capsys):
    history(None)
    train(tiny.job("r3gan", tmp_path / "a", WARM, steps=2, previous=TURN))
    assert "trained no model of this name" in capsys.readouterr().err
    old = changed(before["r3gan"], tmp_path / "old")
    (old / "networks.safetensors").unlink()
    history(old)
    train(tiny.job("r3gan", tmp_path / "b", WARM, steps=2, previous=TURN))
    assert "kept only what samples" in capsys.readouterr().err
    train(tiny.job("r3gan", tmp_path / "c", WARM, steps=2))
    assert "there is no turn before" in capsys.readouterr().err


def test_where_it_is_not_wanted_nothing_is_asked_for(before, history, tmp_path, capsys):
    asked = history(before["r3gan"])
    train(tiny.job("r3gan", tmp_path, steps=2, previous=TURN))
    assert not asked
    assert "begins" not in capsys.readouterr().err


def test_what_cannot_be_fetched_or_is_damaged_is_an_error(before, history, tmp_path, monkeypatch):
    """What a training starts from must not depend on what a cache happens to hold."""
    damaged = changed(before["r3gan"], tmp_path / "damaged")
    (damaged / "networks.safetensors").write_bytes(b"\0" * 100)
    history(damaged)
    job = tiny.job("r3gan", tmp_path, WARM, steps=2, previous=TURN)
    with pytest.raises(ArgusError, match="damaged"):
        train(job)

    def unknown(*_):
        raise ArgusError("of turn aaaaaaaaaa cannot be fetched")

    monkeypatch.setattr(lineage, "fetch_if_any", unknown)
    with pytest.raises(ArgusError, match="cannot be fetched"):
        train(job)
    assert not job.trained.exists()


def stopped_at_its_checkpoint(job, monkeypatch):
    """Train as far as the first checkpoint, which is kept."""
    save = Checkpoints.save

    def last(self, step, state):
        save(self, step, state)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "save", last)
        with pytest.raises(KeyboardInterrupt):
            train(job)


def test_a_checkpoint_from_another_start_is_not_gone_on_from(
    before, history, tmp_path, monkeypatch, capsys
):
    history(before["r3gan"])

    stopped_at_its_checkpoint(tiny.job("r3gan", tmp_path, WARM, previous=TURN), monkeypatch)
    train(tiny.job("r3gan", tmp_path, WARM, previous="b" * 40))
    assert "from step" not in capsys.readouterr().err


# --- what may be gone on from -------------------------------------------------------------------

BOTH = {
    "demo": Terms("Apache-2.0", True, {"first": []}),
    "later": Terms("CC-BY-NC-4.0", False, {"first": []}),
}


def told(place: Path, **changes) -> dict:
    """The card that a training of r3gan leaves, going on from the turn before."""
    train(tiny.job("r3gan", place, WARM, steps=2, previous=TURN, **changes))
    return json.loads((place / "trained/card.json").read_text())


def test_all_data_behind_the_weights_is_named_through_every_warm_start(before, history, tmp_path):
    history(before["r3gan"])
    card = told(tmp_path / "second", source="later", rights=Rights(BOTH, {}))
    assert [each["turn"] for each in card["trained_on"]] == [None, TURN]
    assert [list(each["train"]) for each in card["trained_on"]] == [["later"], ["demo"]]
    assert card["trained_on"][1]["train"]["demo"]["deliveries"] == {"first": 14}
    assert card["non_commercial"] == {"later": "CC-BY-NC-4.0"}

    history(tmp_path / "second/trained")
    other = "b" * 40
    both = Rights(BOTH, {})
    job = tiny.job("r3gan", tmp_path / "third", WARM, steps=2, previous=other, rights=both)
    train(job)
    card = json.loads((job.trained / "card.json").read_text())
    assert [each["turn"] for each in card["trained_on"]] == [None, other, TURN]
    assert card["non_commercial"] == {"later": "CC-BY-NC-4.0"}  # though today's images have none
    images = pl.read_parquet(job.trained / "images.parquet")
    assert images.rows() == sorted(
        (image, source, "first") for image in job.train.image_ids for source in ("demo", "later")
    )


def demo(**deliveries: list[str]) -> Rights:
    """What may train, where not all of the turn before may any more."""
    return Rights(BOTH | {"demo": Terms("Apache-2.0", True, deliveries)}, {})


def test_what_an_ancestor_saw_its_descendants_have_seen(before, history, tmp_path):
    """Through any number of warm starts, whatever the trainings since looked at."""
    history(changed(before["r3gan"], tmp_path / "first", features_seen=["squeezenet"]))
    second = told(tmp_path / "second", val=tiny.packed("val", 5))
    assert second["features_seen"] == ["colours", "squeezenet"]
    history(tmp_path / "second/trained")
    assert told(tmp_path / "third")["features_seen"] == ["colours", "squeezenet"]


def test_fresh_weights_have_seen_nothing_of_what_was_not_gone_on_from(before, history, tmp_path):
    history(changed(before["r3gan"], tmp_path / "b", features_seen=["squeezenet"], failed="x"))
    assert told(tmp_path / "cold")["features_seen"] == []


@pytest.mark.parametrize(
    ("rights", "words"),
    [
        (Rights({"later": BOTH["later"]}, {}), "demo is retired"),
        (demo(first=["demo/first: consent ended"]), "demo/first: consent ended"),
        (demo(second=[]), "demo/first is gone"),
        (Rights(BOTH, {f"train{3:060x}": "asked for"}), "of demo/first is withdrawn (asked for)"),
    ],
)
def test_weights_that_rest_on_what_may_not_train_are_not_gone_on_from(
    rights, words, before, history, tmp_path, monkeypatch, capsys
):
    history(before["r3gan"])
    job = tiny.job("r3gan", tmp_path, WARM, steps=2, previous=TURN, source="later", rights=rights)
    networks, card = begun(job, monkeypatch)
    said = capsys.readouterr().err
    assert "begins with fresh weights, since what it learnt may not be gone on from" in said
    assert words in said
    assert words in card["cold_start"]
    assert [list(each["train"]) for each in card["trained_on"]] == [["later"]]
    cold, _ = begun(tiny.job("r3gan", tmp_path / "cold", steps=2), monkeypatch)
    assert all(torch.equal(networks[name], tensor) for name, tensor in cold.items())
    assert pl.read_parquet(job.trained / "images.parquet").height == len(job.train.image_ids)


def test_what_an_ancestor_learnt_counts_as_much(before, history, tmp_path):
    """Its data is on no card of the turn before but as that of a turn before that."""
    history(before["r3gan"])
    told(tmp_path / "second", source="later", rights=Rights(BOTH, {}))
    history(tmp_path / "second/trained")
    card = told(tmp_path / "third", source="later", rights=Rights({"later": BOTH["later"]}, {}))
    assert card["warm_start"] is None
    assert "demo is retired" in card["cold_start"]


def test_weights_whose_images_are_not_known_are_not_gone_on_from(before, history, tmp_path):
    """As of turns whose cards named the licences of a model's own images alone."""
    old = changed(
        before["r3gan"],
        tmp_path / "old",
        licences={"demo": {"licence": "Apache-2.0", "images": 14}},
        trained_on=[],
        images_sha256=None,
    )
    card = json.loads((old / "card.json").read_text())
    (old / "card.json").write_text(json.dumps(card.pop("spec") | card))
    history(old)
    assert "does not say which images" in told(tmp_path / "new")["cold_start"]


def test_a_list_of_images_that_is_damaged_is_an_error(before, history, tmp_path):
    damaged = changed(before["r3gan"], tmp_path / "damaged")
    (damaged / "images.parquet").write_bytes(b"")
    history(damaged)
    with pytest.raises(ArgusError, match=r"images.parquet is damaged"):
        told(tmp_path / "new")


def test_a_translator_rests_on_the_images_of_its_conditions_alone(tmp_path):
    job = tiny.job("cut", tmp_path, steps=1)
    labels = job.train.labels.copy()
    labels[:3] = 1  # of dusk, which it never sees
    train(replace(job, train=replace(job.train, labels=labels)))
    card = json.loads((job.trained / "card.json").read_text())
    assert card["trained_on"][0]["train"]["demo"]["deliveries"] == {"first": 11}
    images = pl.read_parquet(job.trained / "images.parquet")["image_id"]
    assert images.to_list() == sorted(job.train.image_ids[3:])


def test_a_killed_training_does_not_go_on_if_what_it_began_with_was_withdrawn(
    before, history, tmp_path, monkeypatch, capsys
):
    """Its checkpoint holds what an ancestor learnt, though no image of today has changed."""
    history(before["r3gan"])

    def order(rights):
        return tiny.job("r3gan", tmp_path, WARM, previous=TURN, source="later", rights=rights)

    stopped_at_its_checkpoint(order(Rights(BOTH, {})), monkeypatch)
    train(order(Rights(BOTH, {f"train{3:060x}": "asked for"})))
    said = capsys.readouterr().err
    assert "from step" not in said
    assert "is withdrawn" in said
