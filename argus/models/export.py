"""ONNX: a trained model as one file that runs without this repository and without PyTorch.

The file carries the model's card, so that it can be told from what it was trained. The same model
gives the same bytes, under the same versions of the libraries.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import onnx
import torch
from torch import Tensor, nn

from argus.core.errors import ArgusError
from argus.core.files import atomic
from argus.models.card import ONNX_CARD
from argus.models.inference import Generator, Translator

OPSET = 18
OUTPUT = "image"


class Input(NamedTuple):
    """A tensor that an exported network takes."""

    name: str
    meaning: str
    example: Tensor
    axes: Mapping[int, str]
    """Axes that may have any length, and their names."""


def inputs(model: Generator | Translator) -> list[Input]:
    """What the exported network takes; it gives `image`, float32 [n, 3, H, W].

    As in PyTorch, values may pass -1 (black) and 1 (white) a little: clip them.
    """
    if isinstance(model, Generator):
        seen = model.card.images_per_class
        labels = ", ".join(f"{i} {c}" for i, c in enumerate(model.card.spec.classes) if seen[c])
        rows = {0: "n"}
        noise, wanted = torch.zeros(2, model.noise), torch.zeros(2, dtype=torch.int64)
        return [
            Input("noise", f"float32 [n, {model.noise}], standard normal", noise, rows),
            Input("labels", f"int64 [n]: {labels}", wanted, rows),
        ]
    side = model.multiple * -(-32 // model.multiple)
    meaning = f"float32 [n, 3, height, width] in [-1, 1], sides multiples of {model.multiple}"
    image = torch.zeros(2, 3, side, side + model.multiple)
    return [Input("source", meaning, image, {0: "n", 2: "height", 3: "width"})]


def to_onnx(model: Generator | Translator, path: Path, about: Mapping[str, str]) -> None:
    """Write a model's network as ONNX, weights in float32 inside.

    Inputs are those of `inputs`, the output is `image`. Nothing in the file depends on when, where
    or how often it is written.

    Args:
        model: as trained; it is not changed.
        path: of the file, replaced as a whole.
        about: what the file's metadata says beside the card.

    Raises:
        ArgusError: the network cannot be traced.
    """
    network = model.generator if isinstance(model, Generator) else model.translator
    takes = inputs(model)
    if not isinstance(network, nn.Module):
        raise ArgusError(_refusal(model, "its network is not an nn.Module"))
    try:
        program = torch.onnx.export(
            copy.deepcopy(network).cpu().float().eval(),
            tuple(each.example for each in takes),
            input_names=[each.name for each in takes],
            output_names=[OUTPUT],
            dynamic_shapes=tuple(dict.fromkeys(t.axes, torch.export.Dim.DYNAMIC) for t in takes),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    except torch.onnx.errors.OnnxExporterError as error:
        raise ArgusError(_refusal(model, str(error).strip().splitlines()[0])) from error
    assert program is not None
    proto = program.model_proto
    _anonymise(proto)
    _describe(proto, model, takes, about)
    with atomic(path) as temporary:
        temporary.write_bytes(proto.SerializeToString(deterministic=True))


def _refusal(model: Generator | Translator, why: str) -> str:
    spec = model.card.spec
    return f"model '{spec.model}' ({spec.arch}) cannot be exported to ONNX: {why}"


def _anonymise(proto: onnx.ModelProto) -> None:
    """Drop what the exporter notes for its own debugging: source lines with the paths of this
    machine, and the shapes of intermediate results."""
    graph = proto.graph
    del graph.value_info[:]
    for part in (proto, graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]


def _describe(
    proto: onnx.ModelProto,
    model: Generator | Translator,
    takes: list[Input],
    about: Mapping[str, str],
) -> None:
    proto.graph.name = model.card.spec.model
    for key, value in {ONNX_CARD: model.card.model_dump_json(), **about}.items():
        proto.metadata_props.add(key=key, value=value)
    for given, each in zip(proto.graph.input, takes, strict=True):
        given.doc_string = each.meaning
        _name_axes(given, each.axes)
    _name_axes(proto.graph.output[0], takes[0].axes)


def _name_axes(value: onnx.ValueInfoProto, axes: Mapping[int, str]) -> None:
    for axis, name in axes.items():
        value.type.tensor_type.shape.dim[axis].dim_param = name
