"""Finding metrics: ours, those of other packages, and what is said of one that is no good."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from argus.core.errors import ArgusError
from argus.judging import metrics, registry
from tests.conftest import ROOT
from tests.judging.roadmetrics import BRIGHTNESS, install, metrics_anew

__all__ = ["metrics_anew"]
pytestmark = pytest.mark.usefixtures("metrics_anew")


def test_every_file_of_the_folder_is_known_and_the_deciding_one_comes_first() -> None:
    files = [path for path in Path(metrics.__path__[0]).glob("*.py") if path.stem != "__init__"]
    assert len(registry.known()) == len(files)
    names = [metric.name for metric in registry.evaluated()]
    assert names == ["kid", "condition", "fd", "structure", "swapped", "twin_error", "vehicles"]
    assert registry.deciding().label == "KID"
    assert registry.packages() == {}


def test_a_metric_of_another_package_is_known_with_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, brightness=BRIGHTNESS)
    assert [metric.name for metric in registry.evaluated()][:3] == [
        "kid",
        "brightness",
        "condition",
    ]
    assert registry.packages() == {"brightness": "roadmetrics 1.0"}
    lock = tmp_path / "requirements.lock"
    lock.write_text("roadmetrics==1.1 \\\n    --hash=sha256:0\n")
    assert registry.unpinned(lock) == ["roadmetrics 1.0"]
    lock.write_text("roadmetrics==1.0 \\\n    --hash=sha256:0\n")
    assert registry.unpinned(lock) == []


def test_a_key_is_told_from_others_by_the_longest_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    robust = BRIGHTNESS.replace('name="brightness"', 'name="kid_robust"')
    install(tmp_path, monkeypatch, robust=robust)
    found = {key: registry.metric_of(key) for key in ("kid_inception", "kid_robust", "fid_old")}
    assert [each and each.name for each in found.values()] == ["kid", "kid_robust", None]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("import nowhere", r"roadmetrics 1.0 \(roadmetrics.bad:METRIC\) cannot be loaded.*nowhere"),
        ("1 / 0", "cannot be loaded.*ZeroDivisionError"),
        ("", "cannot be loaded.*no attribute 'METRIC'"),
        ("METRIC = 3", "is 3, not a argus.judging.metric.Metric"),
        (BRIGHTNESS.replace('name="brightness"', 'name="Bright Ness"'), "'Bright Ness' is no name"),
        (
            BRIGHTNESS.replace('name="brightness"', 'name="samples"'),
            "'samples' is one that reports",
        ),
        (BRIGHTNESS.replace('"real_images"', '"real_image"'), "did you mean real_images"),
        (BRIGHTNESS.replace('"larger"', '"higher"'), "'higher', and can be smaller or larger"),
        (BRIGHTNESS.replace("digits=2", "digits=0"), "must be at least 1"),
        (
            BRIGHTNESS.replace('name="brightness"', 'name="kid"'),
            "two metrics are called 'kid'.*roadmetrics 1.0.*Argus itself.*uninstall roadmetrics",
        ),
    ],
)
def test_a_metric_that_is_no_good_is_refused_with_the_reason(
    content: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, bad=content)
    with pytest.raises(ArgusError, match=words):
        registry.known()


def test_to_know_them_takes_neither_torch_nor_scipy() -> None:
    """`argus history` and the page of the turn ask how they are printed."""
    code = (
        "import sys; from argus.judging import registry, scores; registry.known(); "
        "sys.exit(', '.join({'torch', 'scipy', 'PIL'} & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
