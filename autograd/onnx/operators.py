"""What each op is in ONNX: a table from the names of ops to functions that write nodes.

A function gets the graph and the call, and returns the name of the result, or a tuple of names for an op with several
results; None is a result that ONNX does not have.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.onnx.graph import LAST, Graph, is_fixed, operands
from autograd.onnx.tracing import Call, Sizes, Value

Emitter = Callable[[Graph, Call], Any]
TABLE: dict[str, Emitter] = {}


def emit(graph: Graph, call: Call) -> None:
    """Write the nodes of a call.

    Raises
    ------
    NotImplementedError
        If the op is not in the table, or a result is used that ONNX does not have.
    """
    if call.op.name not in TABLE:
        raise NotImplementedError(
            f"onnx.export: {call.title} has no ONNX operator in the table of autograd/onnx/operators.py; compute it "
            "with other ops, or outside of the exported module"
        )
    graph.layer = call.layer
    made = TABLE[call.op.name](graph, call)
    for value, name in zip(call.outputs, made if isinstance(made, tuple) else (made,), strict=False):
        if name is not None and value not in graph.names:
            graph.hold(value, name)


def missing(call: Call, value: Value) -> NotImplementedError:
    """The error for a result that ONNX does not have."""
    return NotImplementedError(
        f"onnx.export: output {value.output_nr} of {call.title} is used, and its ONNX operator has no such output"
    )


def _operator(*names: str) -> Callable[[Emitter], Emitter]:
    def add(function: Emitter) -> Emitter:
        TABLE.update(dict.fromkeys(names, function))
        return function

    return add


# ── elementwise ────────────────────────────────────────────────────────────────────────

_SAME = {
    "neg": "Neg", "abs": "Abs", "sign": "Sign", "sqrt": "Sqrt", "reciprocal": "Reciprocal", "exp": "Exp", "log": "Log",
    "tanh": "Tanh", "sigmoid": "Sigmoid", "sin": "Sin", "cos": "Cos", "tan": "Tan", "asin": "Asin", "acos": "Acos",
    "atan": "Atan", "sinh": "Sinh", "cosh": "Cosh", "asinh": "Asinh", "acosh": "Acosh", "atanh": "Atanh", "erf": "Erf",
    "ceil": "Ceil", "floor": "Floor", "relu": "Relu", "add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div",
    "maximum": "Max", "minimum": "Min", "clamp_min": "Max", "clamp_max": "Min", "pow": "Pow", "matmul": "MatMul",
    "isnan": "IsNaN", "isinf": "IsInf", "eq": "Equal", "lt": "Less", "le": "LessOrEqual",
    "gt": "Greater", "ge": "GreaterOrEqual",
}  # fmt: skip


def _same(kind: str) -> Emitter:
    return lambda graph, call: graph.node(kind, operands(graph, call))


TABLE.update({name: _same(kind) for name, kind in _SAME.items()})

# op -> steps, innermost first: an operator, or an operator and the number on its left or right
_CHAINS: dict[str, list[Any]] = {
    "rsqrt": ["Sqrt", "Reciprocal"],
    "expm1": ["Exp", ("Sub", None, 1)],
    "log1p": [("Add", None, 1), "Log"],
    "exp2": [("Pow", 2, None)],
    "log2": ["Log", ("Mul", None, 1 / math.log(2))],
    "log10": ["Log", ("Mul", None, 1 / math.log(10))],
    "erfc": ["Erf", ("Sub", 1, None)],
}


def _chain(steps: list[Any]) -> Emitter:
    def write(graph: Graph, call: Call) -> str:
        (name,), (x,) = operands(graph, call), call.inputs
        assert x is not None
        for step in steps:
            if isinstance(step, str):
                name = graph.node(step, [name])
            else:
                kind, *sides = step
                name = graph.node(kind, [name if side is None else graph.like(side, x) for side in sides])
        return name

    return write


TABLE.update({name: _chain(steps) for name, steps in _CHAINS.items()})


@_operator("where")
def _where(graph: Graph, call: Call) -> str:
    condition, *sides = call.inputs
    dtype = call.outputs[0].dtype
    names = []
    for side in sides:
        assert side is not None
        if not isinstance(side.array, np.ndarray) and side.is_fixed():
            names.append(graph.constant(np.asarray(side.array, dtype)))
        else:
            names.append(graph[side] if side.dtype == dtype else graph.cast(graph[side], dtype))
    return graph.node("Where", [graph[condition], *names])


@_operator("square")
def _square(graph: Graph, call: Call) -> str:
    (x,) = operands(graph, call)
    return graph.node("Mul", [x, x])


@_operator("ne")
def _ne(graph: Graph, call: Call) -> str:
    return graph.node("Not", [graph.node("Equal", operands(graph, call))])


@_operator("logical_and", "logical_or", "logical_not", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not")
def _logical(graph: Graph, call: Call) -> str:
    kind = call.op.name.split("_")[1].capitalize()
    values = [v for v in call.inputs if v is not None]
    if call.op.name.startswith("bitwise") and any(v.dtype != bool for v in values):
        return graph.node(f"Bitwise{kind}", operands(graph, call))
    names = [x if v.dtype == bool else graph.cast(x, bool) for x, v in zip(operands(graph, call), values, strict=True)]
    return graph.node(kind, names)


@_operator("trunc")
def _trunc(graph: Graph, call: Call) -> str:
    (x,) = operands(graph, call)
    return graph.node("Mul", [graph.node("Sign", [x]), graph.node("Floor", [graph.node("Abs", [x])])])


@_operator("round")
def _round(graph: Graph, call: Call) -> str:
    if call.param("decimals"):
        raise NotImplementedError(f"onnx.export: {call.title} rounds to decimals, and ONNX's Round to integers only")
    return graph.node("Round", operands(graph, call))


@_operator("fmod")
def _fmod(graph: Graph, call: Call) -> str:
    return graph.node("Mod", operands(graph, call), fmod=1)


@_operator("floor_divide", "remainder")
def _floor_divide(graph: Graph, call: Call) -> str:
    x, y = operands(graph, call)
    if call.outputs[0].dtype.kind != "f":  # ONNX divides integers towards 0
        rest = graph.node("Mod", [x, y])
        return rest if call.op.name == "remainder" else graph.node("Div", [graph.node("Sub", [x, rest]), y])
    whole = graph.node("Floor", [graph.node("Div", [x, y])])
    return whole if call.op.name == "floor_divide" else graph.node("Sub", [x, graph.node("Mul", [whole, y])])


@_operator("clone")
def _clone(graph: Graph, call: Call) -> str:
    return graph[call.inputs[0]]


@_operator("to")
def _to(graph: Graph, call: Call) -> str:
    return graph.cast(graph[call.inputs[0]], call.outputs[0].dtype)


@_operator("fill")
def _fill(graph: Graph, call: Call) -> str:
    x, value = call.inputs
    assert value is not None
    shape = graph.node("Shape", [graph[x]])
    number = (
        operands(graph, call)[1] if isinstance(value.array, np.ndarray) else graph.like(value.array, call.outputs[0])
    )
    return graph.node("Expand", [graph.cast(number, call.outputs[0].dtype), shape])


@_operator("leaky_relu")
def _leaky_relu(graph: Graph, call: Call) -> str:
    return graph.node("LeakyRelu", operands(graph, call), alpha=float(call.param("negative_slope")))


@_operator("elu")
def _elu(graph: Graph, call: Call) -> str:
    return graph.node("Elu", operands(graph, call), alpha=float(call.param("alpha")))


@_operator("hardtanh")
def _hardtanh(graph: Graph, call: Call) -> str:
    (x,) = call.inputs
    assert x is not None
    limits = [graph.like(call.param(name), x) for name in ("min_val", "max_val")]
    return graph.node("Clip", [graph[x], *limits])


@_operator("softplus")
def _softplus(graph: Graph, call: Call) -> str:
    (x,) = call.inputs
    assert x is not None
    beta, threshold, name = float(call.param("beta")), float(call.param("threshold")), graph[x]
    scaled = name if beta == 1 else graph.node("Mul", [name, graph.like(beta, x)])
    y = graph.node("Softplus", [scaled])
    y = y if beta == 1 else graph.node("Div", [y, graph.like(beta, x)])
    return graph.node("Where", [graph.node("Greater", [scaled, graph.like(threshold, x)]), name, y])


@_operator("mish")
def _mish(graph: Graph, call: Call) -> str:
    x = graph[call.inputs[0]]
    return graph.node("Mul", [x, graph.node("Tanh", [graph.node("Softplus", [x])])])


@_operator("gelu")
def _gelu(graph: Graph, call: Call) -> str:
    (x,) = call.inputs
    assert x is not None
    name, approximate = graph[x], call.param("approximate")
    if graph.opset >= 20:
        return graph.node("Gelu", [name], approximate=approximate)
    if approximate == "none":
        inner = graph.node("Erf", [graph.node("Mul", [name, graph.like(math.sqrt(0.5), x)])])
    else:
        cube = graph.node("Mul", [graph.node("Mul", [name, name]), name])
        inner = graph.node("Add", [name, graph.node("Mul", [cube, graph.like(0.044715, x)])])
        inner = graph.node("Tanh", [graph.node("Mul", [inner, graph.like(math.sqrt(2 / math.pi), x)])])
    factor = graph.node("Add", [inner, graph.like(1, x)])
    return graph.node("Mul", [graph.node("Mul", [name, factor]), graph.like(0.5, x)])


@_operator("softmax", "log_softmax")
def _softmax(graph: Graph, call: Call) -> str:
    kind = "Softmax" if call.op.name == "softmax" else "LogSoftmax"
    return graph.node(kind, operands(graph, call), axis=int(call.param("dim")))


# ── reductions ─────────────────────────────────────────────────────────────────────────


def _dims(call: Call, name: str = "dim") -> list[int]:
    dim, ndim = call.param(name), call.inputs[0].ndim  # type: ignore[union-attr]
    if dim is None:
        return list(range(ndim))
    return [int(d) % max(1, ndim) for d in (dim if isinstance(dim, tuple) else (dim,))] if ndim else []


@_operator("sum", "mean", "logsumexp", "amax", "amin")
def _reduction(graph: Graph, call: Call) -> str:
    kind = {"sum": "Sum", "mean": "Mean", "logsumexp": "LogSumExp", "amax": "Max", "amin": "Min"}[call.op.name]
    (x,), (y,) = call.inputs, call.outputs
    assert x is not None
    name = graph[x] if x.dtype == y.dtype else graph.cast(graph[x], y.dtype)
    return graph.reduce(f"Reduce{kind}", name, _dims(call), call.param("keepdim"))


@_operator("any", "all")
def _any(graph: Graph, call: Call) -> str:
    (x,) = call.inputs
    assert x is not None
    name = graph.cast(graph[x] if x.dtype == bool else graph.cast(graph[x], bool), np.int64)
    kind = "ReduceMax" if call.op.name == "any" else "ReduceMin"
    return graph.cast(graph.reduce(kind, name, _dims(call), call.param("keepdim")), bool)


@_operator("argmax", "argmin")
def _argmax(graph: Graph, call: Call) -> str:
    (x,), dim, keepdim = call.inputs, call.param("dim"), call.param("keepdim")
    assert x is not None
    name, kind = graph[x], "ArgMax" if call.op.name == "argmax" else "ArgMin"
    if dim is None:
        name = graph.node("Reshape", [name, graph.ints([-1])])
        flat = graph.node(kind, [name], axis=0, keepdims=0)
        return graph.node("Reshape", [flat, graph.ints([1] * x.ndim)]) if keepdim else flat
    return graph.node(kind, [name], axis=int(dim), keepdims=int(keepdim))


@_operator("max", "min")
def _max(graph: Graph, call: Call) -> tuple[str, str]:
    x, dim, keepdim, kind = graph[call.inputs[0]], int(call.param("dim")), call.param("keepdim"), call.op.name.title()
    values = graph.reduce(f"Reduce{kind}", x, [dim], keepdim)
    return values, graph.node(f"Arg{kind}", [x], axis=dim, keepdims=int(keepdim))


@_operator("norm")
def _norm(graph: Graph, call: Call) -> str:
    p = float(call.param("p"))
    if p not in (1, 2):
        raise NotImplementedError(f"onnx.export: {call.title} with p={p:g} has no ONNX operator; p is 1 or 2 there")
    return graph.reduce(f"ReduceL{p:.0f}", graph[call.inputs[0]], _dims(call), call.param("keepdim"))


@_operator("var", "std")
def _var(graph: Graph, call: Call) -> str:
    (x,), dims, keepdim = call.inputs, _dims(call), call.param("keepdim")
    assert x is not None
    sizes = [x.shape[d] for d in dims]
    correction = call.param("correction")
    if correction and not all(is_fixed(s) for s in sizes):
        raise NotImplementedError(
            f"onnx.export: {call.title} divides by a dynamic size less {correction}; pass correction=0, or leave the "
            "axis out of dynamic_axes"
        )
    name = graph[x]
    centered = graph.node("Sub", [name, graph.reduce("ReduceMean", name, dims, True)])
    var = graph.reduce("ReduceMean", graph.node("Mul", [centered, centered]), dims, keepdim)
    if correction:
        n = math.prod(s[0] for s in sizes)
        var = graph.node("Mul", [var, graph.like(n / (n - correction), x)])
    return graph.node("Sqrt", [var]) if call.op.name == "std" else var


@_operator("cumsum")
def _cumsum(graph: Graph, call: Call) -> str:
    return graph.node("CumSum", [graph[call.inputs[0]], graph.constant(np.int64(call.param("dim")))])


# ── shapes ─────────────────────────────────────────────────────────────────────────────


@_operator("reshape")
def _reshape(graph: Graph, call: Call) -> str:
    (x,) = call.inputs
    assert x is not None
    return graph.reshape(graph[x], x.shape, call.outputs[0].shape, call.title)


@_operator("permute")
def _permute(graph: Graph, call: Call) -> str:
    return graph.node("Transpose", [graph[call.inputs[0]]], perm=[int(d) for d in call.param("dims")])


@_operator("expand")
def _expand(graph: Graph, call: Call) -> str:
    shape = graph.shape_of(call.outputs[0].shape)
    if shape is None:
        raise ValueError(
            f"onnx.export: {call.title} has a dynamic size that is not known; leave it out of dynamic_axes"
        )
    return graph.node("Expand", [graph[call.inputs[0]], shape])


@_operator("flip")
def _flip(graph: Graph, call: Call) -> str:
    dims = _dims(call, "dims")
    ends, ones = graph.ints([-LAST] * len(dims)), [-1] * len(dims)
    return graph.node("Slice", [graph[call.inputs[0]], graph.ints(ones), ends, graph.ints(dims), graph.ints(ones)])


@_operator("cat")
def _cat(graph: Graph, call: Call) -> str:
    return graph.node("Concat", operands(graph, call), axis=int(call.param("dim")))


@_operator("split")
def _split(graph: Graph, call: Call) -> tuple[str, ...]:
    sizes = graph.shape_of(list(zip(*(params["sizes"] for params in call.params), strict=True)))
    if sizes is None:
        raise ValueError(
            f"onnx.export: {call.title} has a dynamic size that is not known; leave it out of dynamic_axes"
        )
    names = graph.nodes_of("Split", [graph[call.inputs[0]], sizes], len(call.outputs), axis=int(call.param("dim")))
    return tuple(names)


@_operator("tril", "triu")
def _tril(graph: Graph, call: Call) -> str:
    (x,) = call.inputs
    assert x is not None
    name = graph.cast(graph[x], np.int64) if x.dtype == bool else graph[x]
    k = graph.constant(np.int64(call.param("diagonal")))
    y = graph.node("Trilu", [name, k], upper=int(call.op.name == "triu"))
    return graph.cast(y, bool) if x.dtype == bool else y


@_operator("pad")
def _pad(graph: Graph, call: Call) -> str:
    (x,), widths = call.inputs, call.param("pad")
    assert x is not None
    before, after = [0] * x.ndim, [0] * x.ndim
    for i in range(len(widths) // 2):
        before[-1 - i], after[-1 - i] = int(widths[2 * i]), int(widths[2 * i + 1])
    return graph.node("Pad", [graph[x], graph.ints(before + after), graph.like(call.param("value", 0), x)])


def _bound(graph: Graph, given: Sequence[Any], sizes: Sizes, default: int, title: str) -> str | int:
    """The start or the end of a slice: a number, or a tensor (1,)."""
    if is_fixed(given):
        return default if given[0] is None else int(given[0])
    numbers = tuple(int(n) for n in given)
    made = graph.size(numbers)
    if made is None:  # perhaps counted from the end
        made = graph.size(tuple(size - n for n, size in zip(numbers, sizes, strict=True)))
        if made is None:
            raise ValueError(f"onnx.export: {title} slices at a number that depends on dynamic axes in an unknown way")
        made = graph.node("Neg", [made])
    return made


def _joined(graph: Graph, parts: Sequence[str | int]) -> str:
    if all(isinstance(part, int) for part in parts):
        return graph.ints(parts)  # type: ignore[arg-type]
    return graph.node("Concat", [graph.ints([p]) if isinstance(p, int) else p for p in parts], axis=0)


@_operator("getitem", "pad_places")
def _getitem(graph: Graph, call: Call) -> str:
    (x,), parts = call.inputs, [list(params["index"]) for params in call.params]
    assert x is not None
    last = _last_cell(graph, call, x)
    if last is not None:
        return last
    first = parts[0]
    taken = sum(part is not None and part is not Ellipsis for part in first)
    for run in parts:
        place = next((i for i, part in enumerate(run) if part is Ellipsis), None)
        more = [slice(None)] * (x.ndim - taken)
        run[len(run) if place is None else place : len(run) if place is None else place + 1] = more
    starts: list[str | int] = []
    ends: list[str | int] = []
    axes, steps, dropped, arrays, added = [], [], [], [], []
    axis = kept = 0
    for entries in zip(*parts, strict=True):
        entry = entries[0]
        if entry is None:
            added.append(kept)
            kept += 1
            continue
        if isinstance(entry, slice):
            step = entry.step or 1
            if any(e != slice(None) for e in entries):
                starts.append(
                    _bound(graph, [e.start for e in entries], x.shape[axis], 0 if step > 0 else -1, call.title)
                )
                ends.append(
                    _bound(graph, [e.stop for e in entries], x.shape[axis], LAST if step > 0 else -LAST, call.title)
                )
                axes.append(axis)
                steps.append(int(step))
            kept += 1
        elif isinstance(entry, Value) and entry.dtype != bool:
            arrays.append((axis, entry))
            kept += 1
        elif isinstance(entry, (int, np.integer)) and not isinstance(entry, bool):
            start = _bound(graph, entries, x.shape[axis], 0, call.title)
            end = graph.node("Add", [start, graph.ints([1])]) if isinstance(start, str) else start + 1 or LAST
            starts, ends, axes, steps = [*starts, start], [*ends, end], [*axes, axis], [*steps, 1]
            dropped.append(axis)
        else:
            raise NotImplementedError(
                f"onnx.export: {call.title} indexes with a mask, and its result has a size that depends on the data; "
                "use where"
            )
        axis += 1
    name = graph[x]
    if axes:
        limits = [_joined(graph, starts), _joined(graph, ends)]
        name = graph.node("Slice", [name, *limits, graph.ints(axes), graph.ints(steps)])
    name = graph.squeeze(name, dropped)
    if len(arrays) == 1 and not (dropped and added):
        axis, index = arrays[0]
        axis -= sum(d < axis for d in dropped)
        name = graph.node("Gather", [name, graph[index]], axis=axis)
    elif arrays:
        together = [a for a, _ in arrays] == list(range(len(arrays)))
        if not together or len({v.shape for _, v in arrays}) > 1 or dropped or added:
            raise NotImplementedError(
                f"onnx.export: {call.title} indexes with several tensors, which ONNX knows for the first dimensions "
                "and tensors of one shape only"
            )
        indices = [graph.unsqueeze(graph[v], [v.ndim]) for _, v in arrays]
        name = graph.node("GatherND", [name, graph.node("Concat", indices, axis=-1)])
    return graph.unsqueeze(name, added)


@_operator("gather")
def _gather(graph: Graph, call: Call) -> str:
    return graph.node("GatherElements", [graph[v] for v in call.inputs], axis=int(call.param("dim")))


@_operator("embedding")
def _embedding(graph: Graph, call: Call) -> str:
    indices, table = (graph[v] for v in call.inputs)
    return graph.node("Gather", [table, indices], axis=0)


@_operator("one_hot")
def _one_hot(graph: Graph, call: Call) -> str:
    if int(call.param("num_classes")) < 1:
        raise NotImplementedError(f"onnx.export: {call.title} has as many classes as its input tells; pass num_classes")
    values = graph.constant(np.array([0, 1], call.outputs[0].dtype))
    classes = graph.ints([int(call.param("num_classes"))])
    return graph.node("OneHot", [graph[call.inputs[0]], classes, values], axis=-1)


# ── linear maps ────────────────────────────────────────────────────────────────────────


@_operator("linear", "linear_relu")
def _linear(graph: Graph, call: Call) -> str:
    x, w, b = call.inputs
    assert x is not None
    if x.ndim == 2:
        y = graph.node("Gemm", [graph[x], graph[w], graph[b]], transB=1)
    else:
        y = graph.node("MatMul", [graph[x], graph.node("Transpose", [graph[w]], perm=[1, 0])])
        y = y if b is None else graph.node("Add", [y, graph[b]])
    return graph.node("Relu", [y]) if call.op.name == "linear_relu" else y


def _window(call: Call) -> dict[str, Any]:
    """The attributes of a convolution or a pooling."""
    found = {"strides": list(call.param("stride")), "pads": list(call.param("padding")) * 2}
    dilation = call.param("dilation", None)
    return found if dilation is None else {**found, "dilations": list(dilation)}


@_operator("conv2d", "conv2d_relu")
def _conv2d(graph: Graph, call: Call) -> str:
    x, w, b = (graph[v] for v in call.inputs)
    y = graph.node("Conv", [x, w, b], **_window(call), group=call.param("groups"))
    return graph.node("Relu", [y]) if call.op.name == "conv2d_relu" else y


@_operator("conv2d_relu_max_pool2d")
def _conv2d_relu_max_pool2d(graph: Graph, call: Call) -> tuple[str, None]:
    x, w, b = (graph[v] for v in call.inputs)
    y = graph.node("Relu", [graph.node("Conv", [x, w, b], **_window(call), group=call.param("groups"))])
    return graph.node("MaxPool", [y], kernel_shape=[2, 2], strides=[2, 2]), None


@_operator("conv2d_input_grad")
def _conv_transpose(graph: Graph, call: Call) -> str:
    x, w = call.inputs
    assert x is not None and w is not None
    steps = zip(call.param("stride"), call.param("padding"), call.param("dilation"), w.array.shape[2:], strict=True)
    more = []
    for i, (s, p, d, k) in enumerate(steps):
        sizes = zip((params["input_size"][i] for params in call.params), x.shape[2 + i], strict=True)
        rest = [size - ((n - 1) * s - 2 * p + d * (k - 1) + 1) for size, n in sizes]
        if not is_fixed(rest):
            raise ValueError(f"onnx.export: {call.title} has an output size that a dynamic axis does not determine")
        if not 0 <= rest[0] < max(s, d):
            raise NotImplementedError(
                f"onnx.export: {call.title} has an output size that ONNX's ConvTranspose cannot have"
            )
        more.append(int(rest[0]))
    return graph.node(
        "ConvTranspose", [graph[x], graph[w]], **_window(call), group=call.param("groups"), output_padding=more
    )


def _ceil_mode(call: Call) -> int:
    """ONNX's ceil_mode, which counts windows that begin in the padding; PyTorch leaves them out."""
    x, y = call.inputs[0], call.outputs[0]
    assert x is not None
    if not call.param("ceil_mode", False):
        return 0
    modes = set()
    steps = zip(
        call.param("kernel_size"),
        call.param("stride"),
        call.param("padding"),
        call.param("dilation", (1, 1)),
        strict=True,
    )
    for dim, (k, s, p, d) in enumerate(steps, 2):
        for n, size in zip(x.shape[dim], y.shape[dim], strict=True):
            room = n + 2 * p - d * (k - 1) - 1
            if size == room // s + 1 == -(-room // s) + 1:
                continue
            modes.add(0 if size == room // s + 1 else 1)
    if len(modes) == 2 or (0 in modes and not all(is_fixed(s) for s in x.shape[2:])):
        raise NotImplementedError(f"onnx.export: {call.title} has windows with ceil_mode that ONNX counts differently")
    return modes.pop() if modes else int(not all(is_fixed(s) for s in x.shape[2:]))


@_operator("max_pool2d")
def _max_pool2d(graph: Graph, call: Call) -> tuple[str, None]:
    options: dict[str, Any] = {"kernel_shape": list(call.param("kernel_size")), "ceil_mode": _ceil_mode(call)}
    return graph.node("MaxPool", [graph[call.inputs[0]]], **_window(call), **options), None


@_operator("avg_pool2d")
def _avg_pool2d(graph: Graph, call: Call) -> str:
    if call.param("divisor_override", None) is not None:
        raise NotImplementedError(f"onnx.export: {call.title} has a divisor_override, which ONNX's AveragePool lacks")
    if call.param("ceil_mode", False) and any(call.param("padding")):
        raise NotImplementedError(
            f"onnx.export: {call.title} has ceil_mode and padding, which implementations of ONNX count differently"
        )
    return graph.node(
        "AveragePool",
        [graph[call.inputs[0]]],
        **_window(call),
        kernel_shape=list(call.param("kernel_size")),
        ceil_mode=_ceil_mode(call),
        count_include_pad=int(call.param("count_include_pad", True)),
    )


def _along(graph: Graph, x: str, ndim: int, dim: int, matrix: str) -> str:
    """Multiply with a matrix (outputs, inputs) along one dimension; `matrix` is its transpose."""
    if dim == ndim - 1:
        return graph.node("MatMul", [x, matrix])
    order = [d for d in range(ndim) if d != dim] + [dim]
    y = graph.node("MatMul", [graph.node("Transpose", [x], perm=order), matrix])
    return graph.node("Transpose", [y], perm=[order.index(d) for d in range(ndim)])


@_operator("adaptive_avg_pool2d")
def _adaptive_avg_pool2d(graph: Graph, call: Call) -> str:
    (x,), (y,) = call.inputs, call.outputs
    assert x is not None
    wanted = [sizes[0] for sizes in y.shape[2:]]
    if wanted == [1, 1] and all(is_fixed(s) for s in y.shape[2:]):
        return graph.node("GlobalAveragePool", [graph[x]])
    if not all(is_fixed(s) for s in (*x.shape[2:], *y.shape[2:])):
        raise NotImplementedError(
            f"onnx.export: {call.title} has windows that depend on dynamic sizes; make the axes of the image fixed, or "
            "pool to size 1"
        )
    name = graph[x]
    for dim, size in enumerate(wanted, 2):
        n = x.shape[dim][0]
        matrix = np.zeros((n, size), x.dtype)
        for i in range(size):
            start, stop = i * n // size, -(-(i + 1) * n // size)
            matrix[start:stop, i] = 1 / (stop - start)
        name = _along(graph, name, 4, dim, graph.constant(matrix))
    return name


@_operator("interpolate_taps")
def _interpolate(graph: Graph, call: Call) -> str:
    (x,), dim = call.inputs, call.param("dim")
    assert x is not None
    if not is_fixed(x.shape[dim]):
        raise NotImplementedError(
            f"onnx.export: {call.title} resizes a dynamic axis; make the axes of the image fixed (dynamic batches are "
            "possible)"
        )
    taps, dim = call.params[0]["taps"], dim % x.ndim
    if (np.diff(taps.starts) == 1).all() and (taps.weights == 1).all():  # nearest
        return graph.node("Gather", [graph[x], graph.ints(taps.places.tolist())], axis=dim)
    matrix = np.zeros((taps.size, taps.outputs))
    np.add.at(matrix, (taps.places, np.repeat(np.arange(taps.outputs), np.diff(taps.starts))), taps.weights)
    return _along(graph, graph[x], x.ndim, dim, graph.constant(matrix.astype(x.dtype)))


# ── normalization ──────────────────────────────────────────────────────────────────────


def _column(graph: Graph, name: str, ndim: int) -> str:
    """(C,) as (C, 1, …), which broadcasts with (N, C, …)."""
    return graph.unsqueeze(name, list(range(1, ndim - 1)))


def _made_by(value: Value | None, name: str) -> Call | None:
    """The call that computed the value, if it is one of this op."""
    call = None if value is None else value.call
    return call if call is not None and call.op.name == name else None


def _statistics(call: Call) -> tuple[Value, Value | None, Value, float] | None:
    """Mean, weight, variance and eps, if this is a batch norm in evaluation mode: scale = weight (var + eps)^-½."""
    x, mean, scale, _, g, _ = (*call.inputs, None, None)[:6]
    weight = None
    if product := _made_by(scale, "mul"):
        weight, scale = product.inputs
    root, copy = _made_by(scale, "rsqrt"), _made_by(mean, "clone")
    shifted = _made_by(root.inputs[0], "add") if root else None
    if not (copy and shifted) or g is not None or x is None:
        return None
    (var, eps), source = shifted.inputs, copy.inputs[0]
    if source is None or var is None or eps is None or eps.ndim:
        return None
    return source, weight, var, float(eps.array)


@_operator("batch_norm_affine")
def _batch_norm_affine(graph: Graph, call: Call) -> str:
    x, mean, scale, shift, g, g_scale = (*call.inputs, None, None)[:6]
    assert x is not None and scale is not None
    found = _statistics(call)
    if found:
        source, weight, var, eps = found
        channels = source.array.shape
        names = [
            graph.constant(np.full(channels, default, x.dtype)) if v is None else graph[v]
            for v, default in ((weight, 1), (shift, 0))
        ]
        inputs = [graph[x], *names, graph[source], graph[var]]
        return graph.node("BatchNormalization", inputs, epsilon=eps)
    name = graph[x]
    if mean is not None:
        name = graph.node("Sub", [name, _column(graph, graph[mean], x.ndim)])
    name = graph.node("Mul", [name, _column(graph, graph[scale], x.ndim)])
    if shift is not None:
        name = graph.node("Add", [name, _column(graph, graph[shift], x.ndim)])
    if g is not None and g_scale is not None:
        name = graph.node("Add", [name, graph.node("Mul", [graph[g], _column(graph, graph[g_scale], x.ndim)])])
    return name


@_operator("batch_norm_training", "batch_norm_relu_training")
def _batch_norm_training(graph: Graph, call: Call) -> tuple[str, str, str]:
    """With the statistics of the input itself: group norm, instance norm, and batch norm without running statistics."""
    x, w, b = call.inputs
    assert x is not None
    dims, name = [0, *range(2, x.ndim)], graph[x]
    mean = graph.reduce("ReduceMean", name, dims, True)
    centered = graph.node("Sub", [name, mean])
    var = graph.reduce("ReduceMean", graph.node("Mul", [centered, centered]), dims, True)
    y = graph.node("Div", [centered, graph.node("Sqrt", [graph.node("Add", [var, graph.like(call.param("eps"), x)])])])
    y = y if w is None else graph.node("Mul", [y, _column(graph, graph[w], x.ndim)])
    y = y if b is None else graph.node("Add", [y, _column(graph, graph[b], x.ndim)])
    y = graph.node("Relu", [y]) if call.op.name == "batch_norm_relu_training" else y
    return y, graph.squeeze(mean, dims), graph.squeeze(var, dims)


@_operator("layer_norm_rows")
def _layer_norm(graph: Graph, call: Call) -> str:
    x, w, b = call.inputs
    assert x is not None
    scale = graph.constant(np.ones(x.array.shape[-1:], x.dtype)) if w is None else graph[w]
    options: dict[str, Any] = {"axis": -1, "epsilon": float(call.param("eps"))}
    return graph.node("LayerNormalization", [graph[x], scale, graph[b]], **options)


# ── recurrent networks ─────────────────────────────────────────────────────────────────

_GATES = {"lstm_steps": [0, 3, 1, 2], "gru_steps": [1, 0, 2]}  # ONNX's order of our gates: i o f c; z r h


@_operator("lstm_steps", "gru_steps", "rnn_tanh_steps", "rnn_relu_steps")
def _recurrent(graph: Graph, call: Call) -> Any:
    op, (p, h0, *more) = call.op.name, call.inputs
    assert p is not None and h0 is not None
    product = _made_by(p, "linear")
    if product is None or any(sizes[0] != sizes[-1] for sizes in (params["batch_sizes"] for params in call.params)):
        raise NotImplementedError(
            f"onnx.export: {call.title} runs on packed sequences; pad them to one length before the export"
        )
    x, w_ih, b_ih = product.inputs
    w_hh, b_hh = (more[1], None) if op == "lstm_steps" else (more[0], more[1] if len(more) > 1 else None)
    assert x is not None and w_hh is not None
    hidden, gates = h0.array.shape[1], _GATES.get(op, [0])
    rows = np.concatenate([np.arange(hidden) + k * hidden for k in gates])

    def weight(value: Value | None) -> str:
        """The rows in ONNX's order, for one direction."""
        name = graph[value]
        name = name if len(gates) == 1 else graph.node("Gather", [name, graph.ints(rows.tolist())], axis=0)
        return graph.unsqueeze(name, [0])

    biases = ""
    if b_ih is not None or b_hh is not None:
        zeros = graph.constant(np.zeros((1, len(rows)), x.dtype))
        parts = [zeros if b is None else weight(b) for b in (b_ih, b_hh)]
        biases = graph.node("Concat", parts, axis=1)
    steps = [(len(params["batch_sizes"]), params["batch_sizes"][0]) for params in call.params]
    shape = [*zip(*steps, strict=True), x.shape[1]]
    sequence = graph.reshape(graph[x], x.shape, shape, call.title)
    states = [graph.unsqueeze(graph[h], [0]) for h in (h0, more[0] if op == "lstm_steps" else None) if h is not None]
    options: dict[str, Any] = {"hidden_size": hidden, "direction": "reverse" if call.param("reverse") else "forward"}
    if op == "gru_steps":
        options["linear_before_reset"] = 1
    if op == "rnn_relu_steps":
        options["activations"] = ["Relu"]
    kind = {"lstm_steps": "LSTM", "gru_steps": "GRU"}.get(op, "RNN")
    inputs = [sequence, weight(w_ih), weight(w_hh), biases, "", *states]
    y, _, *cell = graph.nodes_of(kind, inputs, 3 if kind == "LSTM" else 2, **options)
    if cell:
        graph.last_cells[call.outputs[1]] = cell[0]
    width = call.outputs[0].shape[1]
    old = [shape[0], (1,) * len(steps), shape[1], width]
    y = graph.reshape(y, old, [call.outputs[0].shape[0], width], call.title)
    return (y,)


def _last_cell(graph: Graph, call: Call, x: Value) -> str | None:
    """c after the last step of an LSTM, which ONNX has, unlike c after every step."""
    if x not in graph.last_cells:
        return None
    assert x.call is not None
    n, many = x.call.params[0]["batch_sizes"][0], len(x.array)
    (index,) = call.params[0]["index"] if len(call.params[0]["index"]) == 1 else (None,)
    if not isinstance(index, slice):
        return None
    reverse = x.call.params[0]["reverse"]
    wanted = range(n) if reverse else range(many - n, many)
    return graph.squeeze(graph.last_cells[x], [0]) if range(many)[index] == wanted else None
