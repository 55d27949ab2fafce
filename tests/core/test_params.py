from pathlib import Path

import pytest

from argus.core import params
from argus.core.errors import ArgusError


def test_the_manual_itself_is_valid(workspace: Path) -> None:
    p = params.load()
    assert p.split.radius >= p.dedupe.radius


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("budget:", "budgets:", "prune.budget"),
        ("confidence: 0.95", "confidence: 1.5", "promote.confidence"),
        ("previous: null", "previous: turn-1", "lineage.previous"),
        ("  radius: 10\n", "  radius: 2\n", "split.radius"),
        ("  withdrawn: []", "  withdrawn: [{sha256: x, reason: y}]\n  withdrawn: []", "withdrawn"),
        ("  purposes: [", "  purposes: []\n  purposes: [", "duplicate key"),
        ("sources: [", "sources: []\nsources: [", "duplicate key"),
        ("  splits: [test]", "  splits: []", "evaluate.splits"),
        ("  splits: [test]", "  splits: [test, test]", "listed twice"),
        ("  samples: 1000", "  samples: 7", "evaluate.samples"),
        ("  as_of: ", "  as_of: 2027-13-01 #", "not valid YAML|ingest.as_of"),
    ],
)
def test_a_wrong_knob_is_named(workspace: Path, old: str, new: str, said: str) -> None:
    path = Path("params.yaml")
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ArgusError, match=said):
        params.load()


@pytest.mark.parametrize(("text", "said"), [("", "is empty"), ("- a\n", "holds a list")])
def test_a_file_without_knobs_is_named(workspace: Path, text: str, said: str) -> None:
    Path("params.yaml").write_text(text)
    with pytest.raises(ArgusError, match=f"params.yaml {said}"):
        params.load()


def test_outside_the_repository_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArgusError, match="top folder of the repository"):
        params.load()
