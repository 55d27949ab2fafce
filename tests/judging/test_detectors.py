"""Boxes of vehicles against closed forms; the network itself is a client's, and not here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus.core.errors import ArgusError
from argus.core.params import Detector
from argus.judging.boxes import Boxes, overlaps, recall
from argus.judging.detectors import decoded, detect, prepared

SIDE, BINS = 32, 5
NANODET = Detector(
    file="detector.onnx",
    sha256="0" * 64,
    decoding="nanodet",
    side=SIDE,
    channels="bgr",
    mean=(1.0, 2.0, 3.0),
    std=(2.0, 2.0, 2.0),
    strides=[8, 16],
    classes=3,
    vehicles=[1, 2],
    score=0.4,
)


def outputs(*cells: tuple[int, int, int, float, tuple[int, int, int, int]]) -> list[np.ndarray]:
    """What NanoDet gives for boxes: stride, cell, class, score, and distances in whole strides."""
    found = []
    for stride in NANODET.strides:
        count = (SIDE // stride) ** 2
        scores, distances = np.zeros((1, count, 3)), np.zeros((1, count, 4, BINS))
        for of, cell, kind, score, away in cells:
            if of == stride:
                scores[0, cell, kind] = score
                distances[0, cell, np.arange(4), away] = 50.0
        found += [distances.reshape(1, count, -1), scores]
    return [array.astype(np.float32) for array in found]


def test_a_box_lies_about_the_centre_of_its_cell() -> None:
    # cell 5 of 4x4 of stride 8: row 1, column 1, centre (12, 12)
    boxes = decoded(NANODET, outputs((8, 5, 1, 0.9, (1, 0, 2, 1))))
    assert boxes == pytest.approx(np.array([[4 / 32, 12 / 32, 28 / 32, 20 / 32, 0.9]]), abs=1e-6)


def test_the_order_of_the_outputs_does_not_matter() -> None:
    given_ = outputs((8, 5, 1, 0.9, (1, 0, 2, 1)), (16, 3, 2, 0.6, (0, 0, 1, 1)))
    assert (decoded(NANODET, given_) == decoded(NANODET, given_[::-1])).all()


def test_what_is_unsure_or_no_vehicle_or_seen_twice_is_left_out() -> None:
    boxes = decoded(
        NANODET,
        outputs(
            (8, 5, 1, 0.39, (1, 1, 1, 1)),
            (8, 0, 0, 0.99, (0, 0, 1, 1)),
            (8, 10, 1, 0.8, (1, 1, 1, 1)),
            (8, 11, 2, 0.7, (2, 1, 1, 1)),
        ),
    )
    assert boxes[:, 4] == pytest.approx([0.8])
    assert decoded(NANODET, outputs()).shape == (0, 5)


def test_an_image_is_resized_and_its_channels_put_in_order() -> None:
    image = np.zeros((10, 20, 3), np.uint8)
    image[:] = (5, 6, 7)
    pixels = prepared(NANODET, image)
    assert pixels.shape == (1, 3, SIDE, SIDE)
    assert pixels[0, :, 3, 3] == pytest.approx([(7 - 1) / 2, (6 - 2) / 2, (5 - 3) / 2])


def box(left: float, top: float, right: float, bottom: float, score: float = 0.9) -> list[float]:
    return [left, top, right, bottom, score]


def some(*boxes: list[float]) -> Boxes:
    return np.array(boxes, float).reshape(-1, 5)


def test_overlap_is_intersection_over_union() -> None:
    shares = overlaps(
        some(box(0, 0, 2, 1)), some(box(1, 0, 3, 1), box(0, 0, 2, 1), box(5, 5, 6, 6))
    )
    assert shares == pytest.approx(np.array([[1 / 3, 1, 0]]))


def test_recall_counts_each_vehicle_once() -> None:
    car, lorry = box(0, 0, 1, 1), box(2, 0, 4, 1)
    assert recall([some(car, lorry)], [some(car, lorry)]) == 1.0
    assert recall([some(car, car)], [some(car, lorry)]) == 0.5
    assert recall([some()], [some(car, lorry)]) == 0.0
    assert recall([some(), some(car)], [some(car), some(car)]) == 0.5
    assert recall([some(box(0.6, 0, 1.6, 1))], [some(car)]) == 0.0
    assert recall([some(car)], [some()]) == 1.0


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(0, 6), st.integers(0, 6))
def test_recall_is_a_share_and_more_boxes_never_lower_it(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 0.7, (n + m, 2))
    boxes = np.concatenate([corner, corner + 0.3, rng.random((n + m, 1))], axis=1)
    found, wanted = boxes[:n], boxes[n:]
    assert 0 <= recall([found], [wanted]) <= 1
    assert recall([np.concatenate([found, wanted])], [wanted]) >= recall([found], [wanted])


def test_a_detector_that_is_missing_another_or_of_another_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArgusError, match=r"detector\.onnx.*is not there"):
        detect(NANODET, np.zeros((1, 8, 8, 3), np.uint8))
    path = tmp_path / "detector.onnx"
    path.write_bytes(b"another")
    with pytest.raises(ArgusError, match=r"params\.yaml says 0000"):
        detect(NANODET.model_copy(update={"file": str(path)}), np.zeros((1, 8, 8, 3), np.uint8))
    with pytest.raises(ArgusError, match="16 cells of stride 8"):
        decoded(NANODET, [np.zeros((1, 16, 7), np.float32)])


def test_vehicles_are_classes_that_it_has() -> None:
    with pytest.raises(ValueError, match="vehicles names class 3"):
        Detector.model_validate({**NANODET.model_dump(), "vehicles": [1, 3]})
