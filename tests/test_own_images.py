"""README's path for a person's own images, walked command by command, mistakes included."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from argus.data import catalogue
from stages.demo.deliver import encode
from stages.demo.world import Drive
from tests.clone import attempt, parameters, run, working_tree
from tests.conftest import ROOT

SECTION = "## Your own images"
ARGUS = "python -m argus.cli"
MODELS = {"sngan", "cut"}


def commands() -> list[str]:
    """What README tells a person to type, one command a line."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition(SECTION)[2]
    block = text.partition("```console\n")[2].partition("```")[0].replace("\\\n", " ")
    return [line[2:] for line in block.splitlines() if line.startswith("$ ")]


def drives(into: Path, condition: str, numbers: Sequence[int], frames: int = 4) -> Path:
    """Rendered drives, as a client lays them out: <condition>/<drive>/<frame>.jpg."""
    for number in numbers:
        drive = Drive(3, condition, number, frames, (96, 144))
        folder = into / condition / drive.name
        folder.mkdir(parents=True)
        for frame, content in enumerate(encode(drive)):
            (folder / f"{frame}.jpg").write_bytes(content)
    return into


class Walk:
    """A person at a terminal, in a fresh copy of the repository."""

    def __init__(self, top: Path, upload: Path) -> None:
        self.top, self.upload = top, upload

    def does(self, command: str) -> str:
        """A command that succeeds; its output."""
        return run(self.spelt(command), self.top)

    def fails(self, command: str, *told: str) -> str:
        """A command that is refused, with all of that in what it says, and no traceback."""
        before = run("git status --porcelain", self.top)
        status, output = attempt(self.spelt(command), self.top)
        assert status not in (0, None), output
        assert "Traceback" not in output
        assert not [text for text in told if text not in output], output
        assert run("git status --porcelain", self.top) == before
        return output

    def spelt(self, command: str) -> str:
        """As it must be typed here."""
        command = re.sub(r"^argus\b", ARGUS, command)
        return command.replace("~/upload", str(self.upload))


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """The repository as it is now, with two models that train for two steps."""
    top = tmp_path_factory.mktemp("own") / "argus"
    top.mkdir()
    working_tree(top)
    yaml, settings = parameters(top)
    for name in set(settings["models"]) - MODELS:
        del settings["models"][name]
    for model in settings["models"].values():
        model.update(steps=2, batch=2)
    settings["evaluate"]["samples"] = 10
    settings["ingest"]["accept_origins"] = ["camera"]  # as README advises for production
    yaml.dump(settings, top / "params.yaml")
    run("git init -q && git add -A && git commit -qm start", top)
    return Walk(top, drives(top.parent / "upload", "day", range(12)))


@pytest.mark.slow
def test_the_path_is_walked_with_all_that_goes_wrong_on_it(walk: Walk) -> None:
    retire, add, look, submit, turn = commands()
    walk.does(retire)
    walk.fails(submit, "acme", "source add")
    walk.fails("argus source add acme --kind client", "--owner", "--consent-expires")
    assert "submit PATH --source acme" in walk.does(add)

    # a misspelt label, a level too high, a dry run, and the real thing
    wrong = walk.upload.parent / "wrong"
    shutil.copytree(walk.upload / "day", wrong / "dya")
    walk.fails(submit.replace("~/upload", str(wrong)), "dya", "day", "--new-label dya")
    walk.fails(submit.replace("~/upload", "~/upload/day"), "day-00", "called day")
    walk.fails(turn, "no delivery", "argus submit")
    looked = walk.does(look)
    assert "day-00" in looked
    assert "nothing was changed" in looked
    assert not list((walk.top / "data/raw").glob("acme/*"))
    assert "48 files" in walk.does(f"{submit} --delivery monday")
    assert "nothing to do" in walk.does(f"{submit} --delivery monday")

    # what is wrong in params.yaml is told before anything runs
    text = (walk.top / "params.yaml").read_text()
    (walk.top / "params.yaml").write_text(text.replace("arch: sngan", "arch: sngun"))
    told = walk.fails(turn, "sngun", "sngan")
    assert "Running stage" not in told
    (walk.top / "params.yaml").write_text(text)

    # days alone: the translator is skipped, and the turn is recorded
    told = walk.does(turn)
    assert "turn-1 is recorded" in told
    assert "cut will be skipped: no training image of night" in told
    assert "only copy" in told  # no remote
    assert run("git tag", walk.top).split() == ["turn-1"]
    assert run("git status --porcelain", walk.top) == ""
    split = catalogue.read(walk.top / "data/split/images.parquet")
    assert set(split["split"].drop_nulls()) == {"train", "val", "test"}

    # nights in a folder that says fog, taken back, and brought in rightly
    wrong = walk.upload.parent / "second"
    drives(wrong, "night", range(12))
    (wrong / "night").rename(wrong / "fog")
    again = f"argus submit {wrong} --source acme --label-from dirs --sequence-from dirs"
    walk.does(f"{again} --delivery tuesday")
    assert "tuesday" in walk.does("argus delivery list")
    walk.fails("argus delivery withdraw acme/tusday --reason wrong", "tuesday")
    walk.does("argus delivery withdraw acme/tuesday --reason 'nights, not fog'")
    (wrong / "fog").rename(wrong / "night")
    walk.does(f"{again} --delivery tuesday2")
    told = walk.does("argus turn -m 'nights'")
    assert "turn-2 is recorded" in told
    assert "will be skipped" not in told
    assert "nights" in walk.does("argus history")
    then = catalogue.read(walk.top / "data/split/images.parquet")
    both = split.join(then, on="image_id", suffix="_then").filter(status="accepted")
    assert both.height
    assert both["split"].equals(both["split_then"].alias("split"))

    # taken back after it was in a turn: the row and the reason stay
    walk.does("argus delivery withdraw acme/monday --reason 'the lens was dirty'")
    assert "the lens was dirty" in walk.does("argus history")

    # out of the wheel, into a folder that is not there yet
    walk.fails("argus export sngan --to out/sngan.txt", ".onnx")
    walk.fails("argus export sgnan --to out/sngan.onnx", "sngan")
    assert not (walk.top / "out").exists()


@pytest.mark.slow
def test_a_colleague_without_the_data_is_told_how_to_get_it(walk: Walk) -> None:
    run("git restore --staged --worktree . && git clean -qfd", walk.top)
    clone = walk.top.parent / "clone"
    run(f"git clone -q {walk.top} {clone}", walk.top)
    colleague = Walk(clone, walk.upload)
    for command in ("argus source check", "argus turn -m again", "argus export sngan --to x.onnx"):
        colleague.fails(command, "dvc pull")
    assert "2 deliveries" in colleague.fails("argus turn -m again", "acme")
