"""CamVid, as published and as the SegNet tutorial has split it."""

from __future__ import annotations

from pathlib import Path

import pytest

from argus.cli.intake.formats.registry import FORMATS
from argus.core.errors import ArgusError
from tests.cli.intake.formats.trees import facts, lay


def test_the_drive_tells_condition_and_sequence(tmp_path: Path) -> None:
    lay(tmp_path, "train/0001TP_006690.png", "trainannot/0001TP_006690.png")
    lay(tmp_path, "val/0016E5_07959.png", "test/Seq05VD_f00000.png")
    assert facts(FORMATS["camvid"], tmp_path) == {
        "train/0001TP_006690.png": ("dusk", "0001TP", None),
        "val/0016E5_07959.png": ("day", "0016E5", None),
        "test/Seq05VD_f00000.png": ("day", "Seq05VD", None),
    }
    published = lay(tmp_path / "published", "701_StillsRaw_full/0006R0_f00930.png")
    assert facts(FORMATS["camvid"], published) == {
        "701_StillsRaw_full/0006R0_f00930.png": ("day", "0006R0", None)
    }


@pytest.mark.parametrize("name", ["train/0099XX_0001.png", "frames/0001TP_006690.png"])
def test_another_layout_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArgusError, match="is not laid out as camvid"):
        facts(FORMATS["camvid"], lay(tmp_path, name))
