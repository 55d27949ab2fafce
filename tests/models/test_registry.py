"""Finding architectures: ours, those of other packages, and what is said when there is none."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from argus.core.errors import ArgusError
from argus.models.architecture import Architecture
from argus.models.registry import build, find, known
from argus.models.scene import Scene
from tests.conftest import ROOT

SCENE = Scene(32, 48, ("day", "night"))


@pytest.fixture
def roadgans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example of docs/architectures.md as an installed package, with its entry point."""
    return install(tmp_path, monkeypatch)


def install(folder: Path, patch: pytest.MonkeyPatch, name: str = "dcgan") -> Path:
    page = (ROOT / "docs/architectures.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (folder / "roadgans").mkdir()
    (folder / "roadgans/__init__.py").touch()
    (folder / "roadgans/dcgan.py").write_text(code)
    info = folder / "roadgans-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: roadgans\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[argus.architectures]\n{name} = roadgans.dcgan:DCGAN\n"
    )
    patch.syspath_prepend(str(folder))
    for module in [m for m in sys.modules if m.split(".")[0] == "roadgans"]:
        patch.delitem(sys.modules, module)
    return folder


def test_the_line_up_is_known_and_each_is_what_it_says():
    assert set(known()) >= {"cyclegan", "cut", "fastgan", "r3gan", "sngan"}
    for arch in known():
        kind = find(arch)
        assert issubclass(kind, Architecture)
        assert all(kind.config_type.model_validate(dict(p)) for p in kind.profiles.values())


@pytest.mark.parametrize("arch", ["dcgan", "roadgans.dcgan:DCGAN"])
def test_a_model_from_another_package_is_found(roadgans, arch):
    model = build(arch, {}, SCENE)
    assert model.config.model_dump()["filters"] == 16
    assert type(model).__module__ == "roadgans.dcgan"
    assert "dcgan" in known()


def test_features_seen_that_are_one_text_are_refused(roadgans, monkeypatch) -> None:
    """`("efficientnet")` lacks a comma: taken letter by letter, no judge would be found in it."""
    monkeypatch.setattr(find("dcgan"), "features_seen", "efficientnet")
    with pytest.raises(ArgusError, match=r"write \('efficientnet',\)"):
        build("dcgan", {}, SCENE)


def test_a_kind_of_augmentation_in_its_old_spelling_is_refused_with_the_new_one() -> None:
    with pytest.raises(ArgusError, match=r"augment_kinds\.0: Input should be 'color'"):
        build("sngan", {"augment_kinds": ["colour"]}, SCENE)


def test_a_profile_stands_between_the_defaults_and_the_config(roadgans):
    wide = build("dcgan", {"learning_rate": 1e-3}, SCENE, profile="wide").config
    assert wide.model_dump() == {"filters": 64, "learning_rate": 1e-3}
    narrow = build("dcgan", {"filters": 8}, SCENE, profile="wide").config
    assert narrow.model_dump()["filters"] == 8
    with pytest.raises(ArgusError, match=r"no profile 'tall'.*wide"):
        build("dcgan", {}, SCENE, profile="tall")


def test_our_own_go_before_others_of_the_same_name(tmp_path, monkeypatch):
    install(tmp_path, monkeypatch, name="r3gan")
    assert find("r3gan").__module__ == "argus.models.architectures.r3gan"


@pytest.mark.parametrize(
    ("arch", "message"),
    [
        ("stylegan9", r"no architecture 'stylegan9'.*dcgan.*r3gan"),
        ("nowhere.gans:GAN", "nowhere.*install the package"),
        ("roadgans.dcgan:GAN", "GAN.*mend `arch`"),
        ("roadgans.dcgan:Config", "not a subclass.*docs/architectures.md"),
    ],
)
def test_what_cannot_be_found_is_said(roadgans, arch, message):
    with pytest.raises(ArgusError, match=message):
        build(arch, {}, SCENE)


def test_a_config_that_does_not_fit_is_said(roadgans):
    with pytest.raises(ArgusError, match=r"config of dcgan does not fit: depth"):
        build("dcgan", {"depth": 3}, SCENE)
