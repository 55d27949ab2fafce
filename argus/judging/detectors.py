"""Clients' detectors: any ONNX network whose input and output are declared in `params.yaml`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from argus.core.errors import ArgusError
from argus.core.files import sha256
from argus.core.params import Detector
from argus.judging.boxes import Boxes, unrivalled


def detect(detector: Detector, images: np.ndarray) -> list[Boxes]:
    """The vehicles that a detector finds, image by image.

    Args:
        detector: its entry in `evaluate.detectors`.
        images: uint8 [N, H, W, 3] RGB.

    Raises:
        ArgusError: its file is missing, or another than was declared, or it has other outputs.
    """
    import onnxruntime

    path = Path(detector.file)
    if not path.is_file():
        raise ArgusError(f"{path}, a detector of evaluate.detectors in params.yaml, is not there")
    if (found := sha256(path)) != detector.sha256:
        raise ArgusError(
            f"{path} has the SHA-256 {found}, and evaluate.detectors in params.yaml says "
            f"{detector.sha256}: put the right file there, or change the entry"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    boxes = []
    for image in images:
        outputs = session.run(None, {given.name: prepared(detector, image)})
        boxes.append(decoded(detector, outputs))
    return boxes


def prepared(detector: Detector, image: np.ndarray) -> np.ndarray:
    """An image as the network takes it: float32 [1, 3, side, side], resized without its form."""
    size = (detector.side, detector.side)
    pixels = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR), np.float32)
    if detector.channels == "bgr":
        pixels = pixels[..., ::-1]
    scaled = (pixels - np.array(detector.mean, np.float32)) / np.array(detector.std, np.float32)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None], np.float32)


def decoded(detector: Detector, outputs: Sequence[np.ndarray]) -> Boxes:
    """The vehicles in the outputs of NanoDet (RangiLyu, 2021), non-maximum suppression done.

    For each stride two outputs, in any order: scores [1, n, classes] after the sigmoid, and
    [1, n, 4 b] distributions of the distances from the centre of a cell to left, top, right and
    bottom, softmax over b bins, in strides (Li et al., Generalized Focal Loss, NeurIPS 2020).

    Raises:
        ArgusError: there are others.
    """
    found = []
    for stride in detector.strides:
        cells = detector.side // stride
        pair = {each.shape[2]: each[0] for each in outputs if each.shape[1:2] == (cells**2,)}
        scores = pair.pop(detector.classes, None)
        if scores is None or len(pair) != 1 or next(iter(pair)) % 4:
            raise ArgusError(
                f"{detector.file}: of the {cells**2} cells of stride {stride} there should be "
                f"scores of {detector.classes} classes and distances, and its outputs are "
                f"{[list(each.shape) for each in outputs]}: mend its entry in evaluate.detectors"
            )
        found.append(_of_stride(detector, stride, scores, pair.popitem()[1]))
    return unrivalled(np.concatenate(found))


def _of_stride(detector: Detector, stride: int, scores: np.ndarray, distances: np.ndarray) -> Boxes:
    """Boxes of the cells of a stride, of all whose score is enough."""
    best = scores[:, list(detector.vehicles)].max(axis=1)
    rows = np.flatnonzero(best >= detector.score)
    bins = distances[rows].reshape(len(rows), 4, distances.shape[1] // 4).astype(np.float64)
    weights = np.exp(bins - bins.max(axis=2, keepdims=True))
    steps = np.arange(bins.shape[2])
    away = (weights * steps).sum(axis=2) / weights.sum(axis=2) * stride
    y, x = np.divmod(rows, detector.side // stride)
    centre = (np.stack([x, y], axis=1) + 0.5) * stride
    corners = np.concatenate([centre - away[:, :2], centre + away[:, 2:]], axis=1)
    corners = np.clip(corners / detector.side, 0, 1)
    return np.concatenate([corners, best[rows, None]], axis=1)
