"""`autograd.onnx.export`: trace a module, and write the graph of its ops."""

from __future__ import annotations

import contextlib
import inspect
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import numpy as np
import onnx
from onnx import checker, helper, numpy_helper

import autograd
from autograd.grad_mode import no_grad
from autograd.onnx import operators
from autograd.onnx.graph import Graph
from autograd.onnx.tracing import Sizes, Value, trace
from autograd.tensor import Tensor, wrap
from autograd.types import Array

OPSETS = range(17, 23)
DEFAULT_OPSET = 18
LIMIT = 2**31 - 1  # bytes of a protocol buffer


def write(
    model: Any,
    args: Any,
    f: str | os.PathLike[str] | IO[bytes],
    *,
    kwargs: dict[str, Any],
    verbose: bool,
    input_names: Sequence[str] | None,
    output_names: Sequence[str] | None,
    opset: int | None,
    axes: Mapping[str, Any] | None,
    shapes: Mapping[str, Any] | Sequence[Any] | None,
    with_parameters: bool,
    as_inputs: bool,
    fold: bool,
) -> None:
    """See `autograd.onnx.export`."""
    opset = DEFAULT_OPSET if opset is None else opset
    if opset not in OPSETS:
        raise ValueError(f"onnx.export: opset_version is {opset!r}; expects {OPSETS[0]} to {OPSETS[-1]}")
    if not callable(getattr(model, "forward", None)):
        raise TypeError(f"onnx.export: model is a {type(model).__name__}; expects an nn.Module")
    args = tuple(args) if isinstance(args, tuple | list) else (args,)
    leaves = [x for part in (*args, *kwargs.values()) for x in _leaves(part)]
    names = _input_names(model, args, kwargs, input_names, len(leaves))
    symbols = _symbols(names, leaves, axes, shapes)
    state = _state(model)
    taken = {name for _, _, name in state}.intersection(names)
    if taken:
        raise ValueError(f"onnx.export: {sorted(taken)} are names of inputs and of parameters; pass other input_names")

    structure: list[Any] = []

    def run(arrays: Sequence[Array]) -> list[Array]:
        new = iter([wrap(a) for a in arrays])
        given = [_replaced(part, new) for part in args]
        named = {key: _replaced(part, new) for key, part in kwargs.items()}
        result = model(*given, **named)
        structure.append(result)
        return [x.array for x in _leaves(result)]

    examples = _examples(leaves, symbols)
    with _plain(model), no_grad():
        traced = trace(run, examples, state)
    outputs = _output_names(output_names, traced.outputs, structure[0])
    graph = Graph(opset, fold)
    for name in (*names, *outputs, *(name for _, _, name in state)):
        graph.take(name)
    for value, name in zip(traced.inputs, names, strict=True):
        graph.hold(value, name)
    needed = _needed(traced.calls, traced.outputs)
    for call in traced.calls:
        if call in needed and any(v.depends or v.trained for v in call.outputs):
            operators.emit(graph, call)
    results = []
    for value in traced.outputs:
        if value.call is not None and value not in graph.names and (value.depends or value.trained):
            raise operators.missing(value.call, value)
        results.append(graph[value])
    for result, name in zip(results, outputs, strict=True):
        graph.nodes.append(helper.make_node("Identity", [result], [name], graph.new("Output")))
    graph.prune(outputs)
    proto = _model(graph, traced.inputs, names, traced.outputs, outputs, symbols, axes, with_parameters, as_inputs)
    content = _serialized(proto, graph)
    if verbose:
        print(helper.printable_graph(proto.graph))
    if isinstance(f, str | os.PathLike):
        _write_whole(Path(f), content)
    else:
        f.write(content)


def _leaves(part: Any) -> Iterator[Tensor]:
    """The tensors of an argument or a result."""
    if isinstance(part, Tensor):
        yield part
    elif isinstance(part, Mapping):
        for item in part.values():
            yield from _leaves(item)
    elif isinstance(part, tuple | list):
        for item in part:
            yield from _leaves(item)


def _replaced(part: Any, new: Iterator[Tensor]) -> Any:
    """The argument with other tensors in place of its own."""
    if isinstance(part, Tensor):
        return next(new)
    if isinstance(part, Mapping):
        return {key: _replaced(item, new) for key, item in part.items()}
    if isinstance(part, tuple | list):
        return type(part)(_replaced(item, new) for item in part)
    return part


@contextlib.contextmanager
def _plain(model: Any) -> Iterator[None]:
    """The module in evaluation mode, layer by layer; restores the modes afterwards."""
    fusion = import_module("nn").set_fusion_enabled(False)
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        with fusion:
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def _state(model: Any) -> list[tuple[Array, str, str]]:
    parameters = [(p.array, "parameter", name) for name, p in model.named_parameters()]
    return parameters + [(b.array, "buffer", name) for name, b in model.named_buffers()]


# ── arguments ──────────────────────────────────────────────────────────────────────────


def _input_names(
    model: Any, args: tuple[Any, ...], kwargs: dict[str, Any], names: Sequence[str] | None, count: int
) -> list[str]:
    if names is None or len(names) < count:
        try:
            forward = list(inspect.signature(model.forward).bind(*args, **kwargs).arguments.items())
        except TypeError as error:
            raise TypeError(f"onnx.export: args do not fit {type(model).__name__}.forward: {error}") from None
        found: list[str] = []
        for name, part in forward:
            many = len(list(_leaves(part)))
            found += [name] if many == 1 else [f"{name}_{i}" for i in range(many)]
        names = [*(names or ()), *found[len(names or ()) :]]
    if len(names) != count or len(set(names)) != count:
        raise ValueError(f"onnx.export: input_names {list(names)} must be {count} different names, one for each tensor")
    return list(names)


def _output_names(names: Sequence[str] | None, outputs: Sequence[Value], result: Any) -> list[str]:
    count = len(outputs)
    if not count:
        raise TypeError(f"onnx.export: forward returned {type(result).__name__}, in which there is no tensor")
    default = ["output"] if count == 1 else [f"output_{i}" for i in range(count)]
    names = default if names is None else [*names, *default[len(names) :]]
    if len(names) != count or len(set(names)) != count:
        raise ValueError(
            f"onnx.export: output_names {list(names)} must be {count} different names, one for each tensor"
        )
    return list(names)


def _symbols(
    names: Sequence[str], leaves: Sequence[Tensor], axes: Mapping[str, Any] | None, shapes: Any
) -> list[dict[int, str]]:
    """For each input, the name of each dynamic axis."""
    given: dict[str, Any] = {}
    if shapes is not None:
        given = dict(shapes) if isinstance(shapes, Mapping) else dict(zip(names, shapes, strict=False))
    given.update(axes or {})
    found: list[dict[int, str]] = []
    for name, leaf in zip(names, leaves, strict=True):
        entry = given.get(name) or {}
        pairs = entry.items() if isinstance(entry, Mapping) else _listed(entry)
        found.append({})
        for axis, label in pairs:
            if not isinstance(axis, int) or not -leaf.ndim <= axis < leaf.ndim:
                raise ValueError(f"onnx.export: input {name!r} of shape {tuple(leaf.shape)} has no axis {axis!r}")
            axis %= leaf.ndim
            if not isinstance(label, str):  # a list of axes, or PyTorch's Dim
                label = getattr(label, "__name__", None) or f"axis_{axis}_of_size_{leaf.shape[axis]}"
            found[-1][axis] = label
    unknown = [] if axes is None else [name for name in given if name not in names and shapes is not None]
    if unknown:
        raise ValueError(f"onnx.export: dynamic_shapes names {unknown}; the inputs are {list(names)}")
    sizes: dict[str, int] = {}
    for leaf, labels in zip(leaves, found, strict=True):
        for axis, label in labels.items():
            if sizes.setdefault(label, leaf.shape[axis]) != leaf.shape[axis]:
                raise ValueError(
                    f"onnx.export: the dynamic axis {label!r} has size {sizes[label]} in one input and "
                    f"{leaf.shape[axis]} in another"
                )
    return found


def _listed(entry: Any) -> list[tuple[int, Any]]:
    """The axes of a list: their numbers, or in PyTorch's dynamic_shapes a tuple of one entry for each axis."""
    entry = list(entry)
    if all(isinstance(axis, int) for axis in entry):
        return [(axis, None) for axis in entry]
    return [(axis, label) for axis, label in enumerate(entry) if label is not None]


def _examples(leaves: Sequence[Tensor], symbols: Sequence[dict[int, str]]) -> list[list[Array]]:
    """The inputs of each run: as given, but for sizes of 1, which broadcast; then each dynamic axis doubled."""
    labels = sorted({label for found in symbols for label in found.values()})

    def doubled(array: Array, found: dict[int, str], label: str) -> Array:
        for axis, name in found.items():
            if name == label:
                array = np.concatenate([array, array], axis)
        return array

    base = []
    for leaf, found in zip(leaves, symbols, strict=True):
        array = leaf.array.copy()
        for axis, label in found.items():
            if array.shape[axis] == 0:
                raise ValueError(
                    f"onnx.export: the dynamic axis {label!r} has size 0 in the example; pass one with more"
                )
            if array.shape[axis] == 1:
                array = np.concatenate([array, array], axis)
        base.append(array)
    return [base, *([doubled(a, f, label) for a, f in zip(base, symbols, strict=True)] for label in labels)]


def _needed(calls: Sequence[Any], outputs: Sequence[Value]) -> set[Any]:
    """The calls that the outputs depend on."""
    needed, values = set(), set(outputs)
    for call in reversed(calls):
        if values.intersection(call.outputs):
            needed.add(call)
            values.update(v for v in call.inputs if v is not None)
            for part in call.params[0].values():
                values.update(v for v in (part if isinstance(part, tuple) else ()) if isinstance(v, Value))
    return needed


# ── the file ───────────────────────────────────────────────────────────────────────────


def _model(
    graph: Graph,
    inputs: Sequence[Value],
    names: Sequence[str],
    outputs: Sequence[Value],
    output_names: Sequence[str],
    symbols: Sequence[dict[int, str]],
    axes: Mapping[str, Any] | None,
    with_parameters: bool,
    as_inputs: bool,
) -> onnx.ModelProto:
    labels: dict[Sizes, str] = {}
    takes = []
    for value, name, found in zip(inputs, names, symbols, strict=True):
        labels.update({value.shape[axis]: label for axis, label in found.items()})
        takes.append(_info(name, value, labels))
    gives = []
    for value, name in zip(outputs, output_names, strict=True):
        entry = (axes or {}).get(name)
        more = {value.shape[a % value.ndim]: s for a, s in entry.items()} if isinstance(entry, Mapping) else {}
        gives.append(_info(name, value, {**more, **labels}))
    weights = [
        numpy_helper.from_array(np.ascontiguousarray(a).reshape(a.shape), n) for n, a in graph.initializers.items()
    ]
    if as_inputs:
        takes += [helper.make_tensor_value_info(w.name, w.data_type, w.dims) for w in weights]
    made = helper.make_graph(graph.nodes, "lucidgrad", takes, gives, weights if with_parameters else [])
    versions = [helper.make_opsetid("", graph.opset)]
    return helper.make_model(
        made,
        producer_name="lucidgrad",
        producer_version=autograd.__version__,
        opset_imports=versions,
        ir_version=helper.find_min_ir_version_for(versions),
    )


def _info(name: str, value: Value, labels: Mapping[Sizes, str]) -> onnx.ValueInfoProto:
    shape = [sizes[0] if len(set(sizes)) == 1 else labels.get(sizes) for sizes in value.shape]
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), shape)


def _serialized(proto: onnx.ModelProto, graph: Graph) -> bytes:
    size = sum(a.nbytes for a in graph.initializers.values())
    if size > LIMIT - 2**20:
        raise ValueError(f"onnx.export: the parameters have {size} bytes, and an ONNX file holds at most {LIMIT}")
    checker.check_model(proto, full_check=True)
    content: bytes = proto.SerializeToString()
    return content


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves either the old one or the new one."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
