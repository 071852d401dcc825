"""`autograd.onnx.load`: check a file that may come from anywhere, and make a module of it."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto, checker, helper, numpy_helper

import nn
from autograd.onnx.functions import TABLE
from autograd.tensor import Tensor, wrap
from autograd.types import Array

OPSETS = range(13, 24)
_UNTRAINED = {"BatchNormalization": slice(3, 5), "Resize": slice(1, 4)}  # inputs: statistics; region, scales, sizes


def read(f: str | os.PathLike[str] | bytes | IO[bytes]) -> GraphModule:
    """See `autograd.onnx.load`."""
    content = f if isinstance(f, bytes) else Path(f).read_bytes() if isinstance(f, str | os.PathLike) else f.read()
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except DecodeError as error:
        raise ValueError("onnx.load: this is no ONNX file, or it is damaged") from error
    if not model.graph.node and not model.graph.output:
        raise ValueError("onnx.load: the file has no graph; it is no ONNX file, or it is damaged")
    _check_text(model.graph)
    opset = _check_versions(model)
    for tensor in _tensors(model.graph):
        _check_tensor(tensor)
    _check_operators(model.graph)
    try:
        checker.check_model(model)
    except Exception as error:  # errors of the checker, of several kinds
        raise ValueError(f"onnx.load: the file is not valid: {error}") from error
    return GraphModule(model.graph, opset)


def _check_text(graph: onnx.GraphProto) -> None:
    """Raise if a name is no text: the parser leaves such names as bytes."""
    names = [entry.name for entry in (*graph.input, *graph.output, *graph.initializer)]
    for node in graph.node:
        names += [node.op_type, node.domain, node.name, *node.input, *node.output, *(a.name for a in node.attribute)]
    if any(isinstance(name, bytes) for name in names):
        raise ValueError("onnx.load: a name in the file is not in UTF-8; the file is damaged")


def _check_versions(model: onnx.ModelProto) -> int:
    versions = {entry.domain: entry.version for entry in model.opset_import}
    opset = versions.get("", versions.get("ai.onnx", 0))
    if opset not in OPSETS:
        raise NotImplementedError(
            f"onnx.load: the operators have version {opset}; supported are {OPSETS[0]} to {OPSETS[-1]}"
        )
    if model.functions:
        raise NotImplementedError("onnx.load: the file defines functions, which are not supported; inline them first")
    if model.graph.sparse_initializer:
        raise NotImplementedError("onnx.load: the file has sparse tensors, which are not supported")
    return opset


def _tensors(graph: onnx.GraphProto) -> list[TensorProto]:
    """All tensors in the file: initializers, and attributes of nodes."""
    found = list(graph.initializer)
    for node in graph.node:
        for attribute in node.attribute:
            found += [attribute.t] if attribute.type == onnx.AttributeProto.TENSOR else []
            found += list(attribute.tensors)
    return found


def _check_tensor(tensor: TensorProto) -> None:
    """Raise for a tensor in another file, of a strange type, or whose shape differs from the amount of data."""
    name = tensor.name or "of a node"
    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        raise ValueError(
            f"onnx.load: the tensor {name} is in another file, and no other file is read; save the model with its data "
            "inside: onnx.save(onnx.load(path), path, save_as_external_data=False)"
        )
    try:
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.data_type))
    except KeyError:
        raise ValueError(f"onnx.load: the tensor {name} has an unknown type, {tensor.data_type}") from None
    if dtype not in (bool, np.uint8, np.int8, np.int16, np.int32, np.int64, np.float32, np.float64):
        raise NotImplementedError(f"onnx.load: the tensor {name} holds {dtype}, which is not supported")
    count = math.prod(tensor.dims)
    if any(n < 0 for n in tensor.dims):
        raise ValueError(f"onnx.load: the tensor {name} has a negative size: {list(tensor.dims)}")
    if tensor.HasField("raw_data"):
        given, wanted = len(tensor.raw_data), count * dtype.itemsize
    else:
        given, wanted = len(getattr(tensor, helper.tensor_dtype_to_field(tensor.data_type))), count
    if given != wanted:
        raise ValueError(
            f"onnx.load: the tensor {name} has shape {list(tensor.dims)}, and its data does not fit: it has {given} "
            f"bytes or numbers in place of {wanted}"
        )


def _check_operators(graph: onnx.GraphProto) -> None:
    """Raise for operators that we do not have."""
    unknown = sorted(
        {
            f"{node.domain}.{node.op_type}" if node.domain not in ("", "ai.onnx") else node.op_type
            for node in graph.node
            if node.domain not in ("", "ai.onnx") or node.op_type not in {*TABLE, "Constant"}
        }
    )
    if unknown:
        raise NotImplementedError(
            f"onnx.load: the graph has operators that lucidgrad does not have: {', '.join(unknown)}; "
            "autograd/onnx/functions.py has the table of those it has"
        )


class _Step(NamedTuple):
    """A node: what it computes, from which names, to which names."""

    kind: str
    name: str
    inputs: list[str]
    outputs: list[str]
    options: dict[str, Any]
    done: list[str]  # names that no later step needs


class GraphModule(nn.Module):
    """A network that was read from an ONNX file.  `autograd.onnx.load` makes it.

    Attributes
    ----------
    input_names, output_names : list of str
        What `forward` takes and returns.
    """

    def __init__(self, graph: onnx.GraphProto, opset: int) -> None:
        super().__init__()
        self.opset = opset
        held = {tensor.name for tensor in graph.initializer}
        self.input_names = [entry.name for entry in graph.input if entry.name not in held]
        self.output_names = [entry.name for entry in graph.output]
        self._types = {e.name: e.type.tensor_type for e in graph.input if e.name not in held}
        self._constants: dict[str, Tensor] = {}
        self._homes: dict[str, tuple[nn.Module, str]] = {}
        self._steps = _steps(graph)
        untrained = {name for s in self._steps for name in s.inputs[_UNTRAINED.get(s.kind, slice(0, 0))]}
        for tensor in graph.initializer:
            self._hold(tensor.name, _array(tensor), trained=bool(tensor.dims) and tensor.name not in untrained)
        for node in graph.node:
            if node.op_type == "Constant":
                self._constants[node.output[0]] = wrap(_constant(node))
        _check_names(self, graph)

    def _hold(self, name: str, array: Array, trained: bool) -> None:
        """Keep a tensor of the file as a parameter or a buffer of a submodule, by the path in its name."""
        home: nn.Module = self
        *path, last = name.split(".")
        try:
            for step in path:
                if step not in home._modules:
                    home.add_module(step, nn.Module())
                home = home._modules[step]
            if trained and array.dtype.kind == "f":
                home.register_parameter(last, nn.Parameter(wrap(array)))
            else:
                home.register_buffer(last, wrap(array))
        except KeyError as error:
            raise ValueError(f"onnx.load: the tensor name {name!r} cannot name a parameter: {error.args[0]}") from None
        self._homes[name] = home, last

    def forward(self, *inputs: Tensor, **named: Tensor) -> Any:
        """Compute the graph.  The inputs are given in their order, or by name."""
        values: dict[str, Any] = {"": None, **self._constants}
        values |= {name: getattr(home, last) for name, (home, last) in self._homes.items()}
        values |= self._given(inputs, named)
        for step in self._steps:
            try:
                made = TABLE[step.kind](*(values[name] for name in step.inputs), **step.options)
            except Exception as error:
                error.add_note(f"in node {step.name!r} ({step.kind}) of the ONNX graph")
                raise
            results = made if isinstance(made, tuple) else (made,)
            for name, result in zip(step.outputs, results, strict=False):
                values[name] = result
            for name in step.done:
                values.pop(name, None)
        found = tuple(values.get(name) for name in self.output_names)
        if any(y is None for y in found):
            raise NotImplementedError("onnx.load: an output of the graph is one that our op does not have")
        return found[0] if len(found) == 1 else found

    def _given(self, inputs: tuple[Tensor, ...], named: Mapping[str, Tensor]) -> dict[str, Tensor]:
        given = dict(zip(self.input_names, inputs, strict=False))
        if len(inputs) > len(self.input_names) or set(named) & set(given) or {*given, *named} != set(self.input_names):
            raise TypeError(
                f"this graph takes the inputs {self.input_names}; got {len(inputs)} in order and {sorted(named)} by "
                "name"
            )
        given |= named
        for name, x in given.items():
            if not isinstance(x, Tensor):
                raise TypeError(f"the graph's input {name!r} is a {type(x).__name__}; expects a Tensor")
            declared = self._types[name]
            dtype = np.dtype(helper.tensor_dtype_to_np_dtype(declared.elem_type))
            sizes = [d.dim_value if d.HasField("dim_value") else None for d in declared.shape.dim]
            known = declared.HasField("shape")
            if x.dtype != dtype:
                raise TypeError(f"the graph's input {name!r} is {dtype}, got {x.dtype}; convert it with .to(...)")
            if known and (
                len(sizes) != x.ndim or any(n is not None and n != m for n, m in zip(sizes, x.shape, strict=True))
            ):
                shown = tuple("any" if n is None else n for n in sizes)
                raise ValueError(f"the graph's input {name!r} has shape {shown}, got {tuple(x.shape)}")
        return given

    def extra_repr(self) -> str:
        """Inputs, outputs, and the number of nodes."""
        return f"inputs={self.input_names}, outputs={self.output_names}, nodes={len(self._steps)}"


def _array(tensor: TensorProto) -> Array:
    return np.array(numpy_helper.to_array(tensor))  # a copy that may be written to


def _constant(node: onnx.NodeProto) -> Array:
    options = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if "value" in options:
        return _array(options["value"])
    for name, dtype in (("value_float", np.float32), ("value_floats", np.float32), ("value_int", np.int64),
                        ("value_ints", np.int64)):  # fmt: skip
        if name in options:
            return np.array(options[name], dtype)
    raise NotImplementedError(f"onnx.load: the constant {node.output[0]!r} holds {sorted(options)}, not numbers")


def _steps(graph: onnx.GraphProto) -> list[_Step]:
    steps: list[_Step] = []
    needed = {entry.name for entry in graph.output}
    for node in reversed(graph.node):
        if node.op_type == "Constant":
            continue
        options = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        options = {name: _array(v) if isinstance(v, TensorProto) else v for name, v in options.items()}
        if node.op_type == "Split" and len(node.input) < 2:
            options.setdefault("num_outputs", len(node.output))
        done = [name for name in {*node.input, *node.output} if name and name not in needed]
        needed.update(node.input)
        steps.append(_Step(node.op_type, node.name, list(node.input), list(node.output), options, done))
    return steps[::-1]


def _check_names(module: GraphModule, graph: onnx.GraphProto) -> None:
    """Raise if a node takes what nothing before it makes."""
    known = {"", *module.input_names, *module._homes, *module._constants}
    for step in module._steps:
        missing = [name for name in step.inputs if name not in known]
        if missing:
            raise ValueError(f"onnx.load: the node {step.name!r} takes {missing[0]!r}, which no node before it makes")
        known.update(step.outputs)
    lost = [name for name in module.output_names if name not in known]
    if lost:
        raise ValueError(f"onnx.load: no node makes the output {lost[0]!r}")
