"""What each ONNX operator is in our ops: a table from its name to a function of tensors and attributes.

A function gets the inputs, None for one that is left out, and the attributes as keywords.  It returns a tensor or a
tuple.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from onnx import helper

import autograd
from autograd import ops
from autograd.tensor import Tensor, wrap
from autograd.types import Array

Function = Callable[..., Any]
TABLE: dict[str, Function] = {}
MOST = 2**31  # elements of a tensor whose size the file tells


def _operator(*names: str) -> Callable[[Function], Function]:
    def add(function: Function) -> Function:
        TABLE.update(dict.fromkeys(names, function))
        return function

    return add


def _array(x: Any) -> Array:
    return np.asarray(x.array)


def _ints(x: Tensor | None) -> list[int] | None:
    return None if x is None else [int(n) for n in _array(x).reshape(-1)]


def _checked(shape: Sequence[int]) -> tuple[int, ...]:
    """The shape, unless it is absurd."""
    if any(n < 0 for n in shape) or math.prod(shape) > MOST:
        raise ValueError(f"onnx.load: the graph asks for a tensor of shape {tuple(shape)}, which has too many elements")
    return tuple(shape)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


# ── elementwise ────────────────────────────────────────────────────────────────────────

TABLE.update(
    {
        "Neg": ops.neg, "Abs": ops.abs, "Sign": ops.sign, "Sqrt": ops.sqrt, "Reciprocal": ops.reciprocal,
        "Exp": ops.exp, "Log": ops.log, "Tanh": ops.tanh, "Sigmoid": ops.sigmoid, "Sin": ops.sin, "Cos": ops.cos,
        "Tan": ops.tan, "Asin": ops.asin, "Acos": ops.acos, "Atan": ops.atan, "Sinh": ops.sinh, "Cosh": ops.cosh,
        "Asinh": ops.asinh, "Acosh": ops.acosh, "Atanh": ops.atanh, "Erf": autograd.special.erf, "Ceil": ops.ceil,
        "Floor": ops.floor, "Round": ops.round, "Relu": ops.relu, "Add": ops.add, "Sub": ops.sub, "Mul": ops.mul,
        "MatMul": ops.matmul, "Where": ops.where, "IsNaN": ops.isnan, "Equal": ops.eq, "Less": ops.lt,
        "LessOrEqual": ops.le, "Greater": ops.gt, "GreaterOrEqual": ops.ge, "And": ops.logical_and,
        "Or": ops.logical_or, "Xor": ops.ne, "Not": ops.logical_not,
        "BitwiseAnd": ops.bitwise_and, "BitwiseOr": ops.bitwise_or,
        "BitwiseXor": ops.bitwise_xor, "BitwiseNot": ops.bitwise_not, "Pow": ops.pow, "Mish": ops.mish,
        "Softsign": ops.softsign, "HardSwish": ops.hardswish, "PRelu": lambda x, slope: ops.where(x < 0, x * slope, x),
        "Identity": lambda x: x, "Dropout": lambda x, *more, **options: (x, None),
        "IsInf": lambda x, detect_negative=1, detect_positive=1: ops.isinf(x),
        "Softplus": lambda x: ops.softplus(x, threshold=math.inf),
        "Elu": lambda x, alpha=1.0: ops.elu(x, alpha),
        "LeakyRelu": lambda x, alpha=0.01: ops.leaky_relu(x, alpha),
        "Selu": lambda x, alpha=1.6732632423543772, gamma=1.0507009873554805: ops.elu(x, alpha) * gamma,
        "Celu": lambda x, alpha=1.0: ops.celu(x, alpha),
        "HardSigmoid": lambda x, alpha=0.2, beta=0.5: ops.clamp(x * alpha + beta, 0, 1),
        "Gelu": lambda x, approximate=b"none": ops.gelu(x, approximate=_text(approximate)),
        "Softmax": lambda x, axis=-1: ops.softmax(x, axis),
        "LogSoftmax": lambda x, axis=-1: ops.log_softmax(x, axis),
    }
)  # fmt: skip


@_operator("Div")
def _div(x: Tensor, y: Tensor) -> Tensor:
    return ops.div(x, y) if x.dtype.kind == "f" else ops.div(x, y, rounding_mode="trunc")


@_operator("Mod")
def _mod(x: Tensor, y: Tensor, fmod: int = 0) -> Tensor:
    return ops.fmod(x, y) if fmod else ops.remainder(x, y)


def _folded(function: Function) -> Function:
    def run(*xs: Tensor) -> Tensor:
        y = xs[0]
        for x in xs[1:]:
            y = function(y, x)
        return y

    return run


TABLE.update({"Max": _folded(ops.maximum), "Min": _folded(ops.minimum), "Sum": _folded(ops.add)})
TABLE["Mean"] = lambda *xs: _folded(ops.add)(*xs) / len(xs)


@_operator("Clip")
def _clip(x: Tensor, low: Tensor | None = None, high: Tensor | None = None) -> Tensor:
    x = x if low is None else ops.maximum(x, low)
    return x if high is None else ops.minimum(x, high)


@_operator("Cast")
def _cast(x: Tensor, to: int, saturate: int = 1, round_mode: bytes = b"up") -> Tensor:
    return x.to(helper.tensor_dtype_to_np_dtype(to))


# ── reductions ─────────────────────────────────────────────────────────────────────────


def _reduction(function: Callable[[Tensor, tuple[int, ...], bool], Tensor]) -> Function:
    def run(
        x: Tensor, axes_input: Tensor | None = None, axes: Any = None, keepdims: int = 1, noop_with_empty_axes: int = 0
    ) -> Tensor:
        dims = axes if axes_input is None else _ints(axes_input)
        if not dims and noop_with_empty_axes:
            return x
        return function(x, tuple(dims or range(x.ndim)), bool(keepdims))

    return run


TABLE.update(
    {
        "ReduceSum": _reduction(lambda x, dims, keep: ops.sum(x, dims, keep)),
        "ReduceMean": _reduction(lambda x, dims, keep: ops.mean(x, dims, keep)),
        "ReduceMax": _reduction(lambda x, dims, keep: ops.amax(x, dims, keep)),
        "ReduceMin": _reduction(lambda x, dims, keep: ops.amin(x, dims, keep)),
        "ReduceLogSumExp": _reduction(lambda x, dims, keep: ops.logsumexp(x, dims, keep)),
        "ReduceL1": _reduction(lambda x, dims, keep: ops.sum(ops.abs(x), dims, keep)),
        "ReduceL2": _reduction(lambda x, dims, keep: ops.norm(x, 2, dims, keep)),
        "ReduceSumSquare": _reduction(lambda x, dims, keep: ops.sum(ops.square(x), dims, keep)),
    }
)


def _extreme(function: Function) -> Function:
    def run(x: Tensor, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Tensor:
        if select_last_index:
            raise NotImplementedError("onnx.load: ArgMax and ArgMin with select_last_index are not supported")
        found: Tensor = function(x, axis, bool(keepdims))
        return found

    return run


TABLE.update({"ArgMax": _extreme(ops.argmax), "ArgMin": _extreme(ops.argmin)})


@_operator("CumSum")
def _cumsum(x: Tensor, axis: Tensor, exclusive: int = 0, reverse: int = 0) -> Tensor:
    if exclusive or reverse:
        raise NotImplementedError("onnx.load: CumSum with exclusive or reverse is not supported")
    return ops.cumsum(x, int(_array(axis)))


# ── shapes ─────────────────────────────────────────────────────────────────────────────


@_operator("Shape")
def _shape(x: Tensor, start: int = 0, end: int | None = None) -> Tensor:
    return wrap(np.array(x.shape[start:end], np.int64))


@_operator("Size")
def _size(x: Tensor) -> Tensor:
    return wrap(np.array(x.numel(), np.int64))


@_operator("Reshape")
def _reshape(x: Tensor, shape: Tensor, allowzero: int = 0) -> Tensor:
    sizes = _ints(shape) or []
    if not allowzero:
        sizes = [x.shape[i] if n == 0 else n for i, n in enumerate(sizes)]
    return ops.reshape(x, tuple(sizes))


@_operator("Flatten")
def _flatten(x: Tensor, axis: int = 1) -> Tensor:
    axis = axis + x.ndim if axis < 0 else axis
    return ops.reshape(x, (math.prod(x.shape[:axis]), math.prod(x.shape[axis:])))


@_operator("Transpose")
def _transpose(x: Tensor, perm: Sequence[int] | None = None) -> Tensor:
    return ops.permute(x, tuple(range(x.ndim))[::-1] if perm is None else tuple(perm))


@_operator("Squeeze")
def _squeeze(x: Tensor, axes: Tensor | None = None) -> Tensor:
    dims = _ints(axes)
    return ops.squeeze(x) if dims is None else ops.squeeze(x, tuple(dims))


@_operator("Unsqueeze")
def _unsqueeze(x: Tensor, axes: Tensor) -> Tensor:
    dims = _ints(axes) or []
    for dim in sorted(d % (x.ndim + len(dims)) for d in dims):
        x = ops.unsqueeze(x, dim)
    return x


@_operator("Expand")
def _expand(x: Tensor, shape: Tensor) -> Tensor:
    return x.expand(_checked(np.broadcast_shapes(tuple(x.shape), tuple(_ints(shape) or ()))))


@_operator("Tile")
def _tile(x: Tensor, repeats: Tensor) -> Tensor:
    counts = _ints(repeats) or []
    _checked([n * m for n, m in zip(x.shape, counts, strict=True)])
    for dim, count in enumerate(counts):
        x = ops.cat([x] * count, dim) if count != 1 else x
    return x


@_operator("Concat")
def _concat(*xs: Tensor, axis: int) -> Tensor:
    return ops.cat(list(xs), axis)


@_operator("Split")
def _split(x: Tensor, split: Tensor | None = None, axis: int = 0, num_outputs: int | None = None) -> tuple[Tensor, ...]:
    sizes, n = _ints(split), x.shape[axis]
    if sizes is None:
        if not num_outputs:
            raise NotImplementedError("onnx.load: Split without sizes and num_outputs is not supported")
        each = -(-n // num_outputs)
        sizes = [each] * (num_outputs - 1)
        sizes.append(n - sum(sizes))
    return tuple(ops.split(x, sizes, axis))


@_operator("Slice")
def _slice(x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor | None = None, steps: Tensor | None = None) -> Tensor:
    begin, end = _ints(starts) or [], _ints(ends) or []
    dims, stride = _ints(axes) or list(range(len(begin))), _ints(steps) or [1] * len(begin)
    index: list[Any] = [slice(None)] * x.ndim
    backwards = []
    for b, e, dim, step in zip(begin, end, dims, stride, strict=True):
        n, dim = x.shape[dim], dim % x.ndim
        b, e = (b + n if b < 0 else b), (e + n if e < 0 else e)
        if step > 0:
            index[dim] = slice(max(b, 0), max(e, 0), step)
        else:  # the same elements forwards, then turned round
            numbers = range(min(b, n - 1), max(e, -1), step)
            index[dim] = slice(numbers[-1], numbers[0] + 1, -step) if numbers else slice(0, 0)
            backwards.append(dim)
    y = x[tuple(index)]
    return ops.flip(y, tuple(backwards)) if backwards else y


@_operator("Gather")
def _gather(x: Tensor, indices: Tensor, axis: int = 0) -> Tensor:
    return x[(*[slice(None)] * (axis % x.ndim), wrap(_array(indices).astype(np.int64)))]


@_operator("GatherElements")
def _gather_elements(x: Tensor, indices: Tensor, axis: int = 0) -> Tensor:
    places = _array(indices).astype(np.int64)
    return ops.gather(x, axis, wrap(np.where(places < 0, places + x.shape[axis], places)))


@_operator("GatherND")
def _gather_nd(x: Tensor, indices: Tensor, batch_dims: int = 0) -> Tensor:
    if batch_dims:
        raise NotImplementedError("onnx.load: GatherND with batch_dims is not supported")
    return x[tuple(wrap(np.ascontiguousarray(places)) for places in np.moveaxis(_array(indices), -1, 0))]


@_operator("OneHot")
def _one_hot(indices: Tensor, depth: Tensor, values: Tensor, axis: int = -1) -> Tensor:
    (count,) = _ints(depth) or [0]
    _checked([*indices.shape, count])
    off, on = _array(values)
    places = _array(indices).astype(np.int64)
    hot = np.where((places % count)[..., None] == np.arange(count), on, off)
    return wrap(np.moveaxis(hot, -1, axis if axis >= 0 else hot.ndim + axis).copy())


@_operator("Trilu")
def _trilu(x: Tensor, k: Tensor | None = None, upper: int = 1) -> Tensor:
    diagonal = 0 if k is None else int(_array(k))
    return ops.triu(x, diagonal) if upper else ops.tril(x, diagonal)


@_operator("Range")
def _range(start: Tensor, limit: Tensor, delta: Tensor) -> Tensor:
    first, end, step = (_array(x).reshape(()).item() for x in (start, limit, delta))
    _checked([max(0, math.ceil((end - first) / step))])
    return wrap(np.arange(first, end, step, dtype=start.dtype))


@_operator("ConstantOfShape")
def _constant_of_shape(shape: Tensor, value: Array | None = None) -> Tensor:
    number = np.zeros(1, np.float32) if value is None else value
    return wrap(np.full(_checked(_ints(shape) or ()), number.reshape(-1)[0], number.dtype))


@_operator("DepthToSpace")
def _depth_to_space(x: Tensor, blocksize: int, mode: bytes = b"DCR") -> Tensor:
    if _text(mode) == "CRD":
        return ops.pixel_shuffle(x, blocksize)
    n, c, h, w = x.shape
    parts = ops.reshape(x, (n, blocksize, blocksize, c // blocksize**2, h, w))
    return ops.reshape(ops.permute(parts, (0, 3, 4, 1, 5, 2)), (n, c // blocksize**2, h * blocksize, w * blocksize))


@_operator("Pad")
def _pad(
    x: Tensor, pads: Tensor, value: Tensor | None = None, axes: Tensor | None = None, mode: bytes = b"constant"
) -> Tensor:
    widths, dims = _ints(pads) or [], _ints(axes) or list(range(x.ndim))
    flat = [0] * (2 * x.ndim)
    for i, dim in enumerate(dims):
        place = 2 * (x.ndim - 1 - dim % x.ndim)
        flat[place : place + 2] = widths[i], widths[i + len(dims)]
    _checked([n + max(0, flat[-2 - 2 * d]) + max(0, flat[-1 - 2 * d]) for d, n in enumerate(x.shape)])
    name = {"edge": "replicate", "wrap": "circular"}.get(_text(mode), _text(mode))
    if name == "constant":
        return ops.pad(x, tuple(flat), value=0 if value is None else _array(value).reshape(()).item())
    while flat and flat[-2:] == [0, 0]:
        flat = flat[:-2]
    return ops.pad(x, tuple(flat), mode=name)


# ── linear maps ────────────────────────────────────────────────────────────────────────


@_operator("Gemm")
def _gemm(
    a: Tensor,
    b: Tensor,
    c: Tensor | None = None,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> Tensor:
    a = ops.transpose(a, 0, 1) if transA else a
    if alpha == beta == 1 and (c is None or c.ndim == 1):
        return ops.linear(a, b if transB else ops.transpose(b, 0, 1), c)
    y = ops.matmul(a, ops.transpose(b, 0, 1) if transB else b)
    y = y if alpha == 1 else y * alpha
    return y if c is None else y + (c if beta == 1 else c * beta)


def _padded(
    x: Tensor, dims: int, pads: Sequence[int] | None, auto_pad: bytes, value: float, attributes: dict[str, Any]
) -> tuple[Tensor, tuple[int, ...]]:
    """The input, padded where the sides differ, and the padding that is the same on both sides."""
    kernel, steps, spacing = (attributes[name] for name in ("kernel", "strides", "dilations"))
    how = _text(auto_pad)
    if how in ("SAME_UPPER", "SAME_LOWER"):
        total = [
            max(0, (-(-n // s) - 1) * s + d * (k - 1) + 1 - n)
            for n, k, s, d in zip(x.shape[2:], kernel, steps, spacing, strict=True)
        ]
        small, large = [t // 2 for t in total], [t - t // 2 for t in total]
        pads = [*small, *large] if how == "SAME_UPPER" else [*large, *small]
    elif how == "VALID" or not pads:
        pads = [0] * (2 * dims)
    before, after = tuple(pads[:dims]), tuple(pads[dims:])
    _checked([*x.shape[:2], *(n + abs(b) + abs(a) for n, b, a in zip(x.shape[2:], before, after, strict=True))])
    if before == after:
        return x, before
    flat = [n for pair in zip(before[::-1], after[::-1], strict=True) for n in pair]
    return ops.pad(x, tuple(flat), value=value), (0,) * dims


@_operator("Conv")
def _conv(
    x: Tensor,
    w: Tensor,
    b: Tensor | None = None,
    strides: Any = None,
    pads: Any = None,
    dilations: Any = None,
    group: int = 1,
    auto_pad: bytes = b"NOTSET",
    kernel_shape: Any = None,
) -> Tensor:
    dims = x.ndim - 2
    steps, spacing = tuple(strides or (1,) * dims), tuple(dilations or (1,) * dims)
    settings = {"kernel": w.shape[2:], "strides": steps, "dilations": spacing}
    x, padding = _padded(x, dims, pads, auto_pad, 0, settings)
    function: Any = _by_dims("Conv", dims, ops.conv1d, ops.conv2d, ops.conv3d)
    y: Tensor = function(x, w, b, steps, padding, spacing, group)
    return y


@_operator("ConvTranspose")
def _conv_transpose(
    x: Tensor,
    w: Tensor,
    b: Tensor | None = None,
    strides: Any = None,
    pads: Any = None,
    dilations: Any = None,
    group: int = 1,
    output_padding: Any = None,
    kernel_shape: Any = None,
    auto_pad: bytes = b"NOTSET",
    output_shape: Any = None,
) -> Tensor:
    dims = x.ndim - 2
    padding = tuple(pads or (0,) * 2 * dims)
    if padding[:dims] != padding[dims:] or output_shape or _text(auto_pad) not in ("NOTSET", "VALID"):
        raise NotImplementedError("onnx.load: ConvTranspose is supported with equal pads on both sides only")
    function: Any = _by_dims("ConvTranspose", dims, ops.conv_transpose1d, ops.conv_transpose2d, ops.conv_transpose3d)
    ones, more = (1,) * dims, tuple(output_padding or (0,) * dims)
    y: Tensor = function(x, w, b, tuple(strides or ones), padding[:dims], more, group, tuple(dilations or ones))
    return y


def _by_dims(kind: str, dims: int, *functions: Function) -> Function:
    if not 1 <= dims <= 3:
        raise NotImplementedError(f"onnx.load: {kind} of {dims} dimensions is not supported; 1 to 3 are")
    return functions[dims - 1]


@_operator("MaxPool")
def _max_pool(
    x: Tensor,
    kernel_shape: Any,
    strides: Any = None,
    pads: Any = None,
    dilations: Any = None,
    ceil_mode: int = 0,
    auto_pad: bytes = b"NOTSET",
    storage_order: int = 0,
) -> Tensor:
    dims = x.ndim - 2
    steps, spacing = tuple(strides or (1,) * dims), tuple(dilations or (1,) * dims)
    settings = {"kernel": kernel_shape, "strides": steps, "dilations": spacing}
    x, padding = _padded(x, dims, pads, auto_pad, -math.inf, settings)
    function: Any = _by_dims("MaxPool", dims, ops.max_pool1d, ops.max_pool2d, ops.max_pool3d)
    y: Tensor = function(x, tuple(kernel_shape), steps, padding, spacing, bool(ceil_mode))
    return y


@_operator("AveragePool")
def _average_pool(
    x: Tensor,
    kernel_shape: Any,
    strides: Any = None,
    pads: Any = None,
    dilations: Any = None,
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    auto_pad: bytes = b"NOTSET",
) -> Tensor:
    dims = x.ndim - 2
    steps = tuple(strides or (1,) * dims)
    if any(d != 1 for d in dilations or ()):
        raise NotImplementedError("onnx.load: AveragePool with dilations is not supported")
    settings = {"kernel": kernel_shape, "strides": steps, "dilations": (1,) * dims}
    before = x.shape
    x, padding = _padded(x, dims, pads, auto_pad, 0, settings)
    if x.shape != before and not count_include_pad:
        raise NotImplementedError("onnx.load: AveragePool with unequal pads that do not count is not supported")
    function: Any = _by_dims("AveragePool", dims, ops.avg_pool1d, ops.avg_pool2d, ops.avg_pool3d)
    y: Tensor = function(x, tuple(kernel_shape), steps, padding, bool(ceil_mode), bool(count_include_pad))
    return y


@_operator("GlobalAveragePool")
def _global_average_pool(x: Tensor) -> Tensor:
    return ops.mean(x, tuple(range(2, x.ndim)), True)


@_operator("GlobalMaxPool")
def _global_max_pool(x: Tensor) -> Tensor:
    return ops.amax(x, tuple(range(2, x.ndim)), True)


@_operator("Resize")
def _resize(
    x: Tensor,
    roi: Tensor | None = None,
    scales: Tensor | None = None,
    sizes: Tensor | None = None,
    mode: bytes = b"nearest",
    coordinate_transformation_mode: bytes = b"half_pixel",
    nearest_mode: bytes = b"round_prefer_floor",
    cubic_coeff_a: float = -0.75,
    **others: Any,
) -> Tensor:
    shape = _ints(sizes)
    factors = None if scales is None or scales.numel() == 0 else _array(scales).tolist()
    if shape is None:
        shape = [math.floor(n * s) for n, s in zip(x.shape, factors or (), strict=True)]
    kind, places, nearest = _text(mode), _text(coordinate_transformation_mode), _text(nearest_mode)
    names = {"nearest": "nearest", "linear": {3: "linear", 5: "trilinear"}.get(x.ndim, "bilinear"), "cubic": "bicubic"}
    known = (places, nearest) == ("asymmetric", "floor") if kind == "nearest" else True
    aligned = places == "align_corners"
    known = known and (kind == "nearest" or aligned or places in ("half_pixel", "pytorch_half_pixel"))
    if not known or kind not in names or list(x.shape[:2]) != shape[:2] or cubic_coeff_a != -0.75:
        raise NotImplementedError(f"onnx.load: Resize with mode {kind}, {places} and {nearest} is not supported")
    _checked(shape)
    return ops.interpolate(x, tuple(shape[2:]), None, names[kind], None if kind == "nearest" else aligned)


# ── normalization ──────────────────────────────────────────────────────────────────────


@_operator("BatchNormalization")
def _batch_norm(
    x: Tensor, w: Tensor, b: Tensor, mean: Tensor, var: Tensor, epsilon: float = 1e-5, momentum: float = 0.9,
    training_mode: int = 0, spatial: int = 1,
) -> Tensor:  # fmt: skip
    if training_mode:
        raise NotImplementedError("onnx.load: BatchNormalization in training mode is not supported")
    return ops.batch_norm(x, mean, var, w, b, False, 0.1, epsilon)


@_operator("InstanceNormalization")
def _instance_norm(x: Tensor, w: Tensor, b: Tensor, epsilon: float = 1e-5) -> Tensor:
    return ops.group_norm(x, x.shape[1], w, b, epsilon)


@_operator("GroupNormalization")
def _group_norm(x: Tensor, w: Tensor, b: Tensor, num_groups: int, epsilon: float = 1e-5, stash_type: int = 1) -> Tensor:
    if w.shape[0] != x.shape[1]:  # opset 18: one number for each group
        w, b = (ops.reshape(a[:, None].expand((num_groups, x.shape[1] // num_groups)), (-1,)) for a in (w, b))
    return ops.group_norm(x, num_groups, w, b, epsilon)


@_operator("LayerNormalization")
def _layer_norm(
    x: Tensor, w: Tensor, b: Tensor | None = None, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> Tensor:
    sizes = tuple(x.shape[axis % x.ndim :])
    return ops.layer_norm(x, sizes, ops.reshape(w, sizes), None if b is None else ops.reshape(b, sizes), epsilon)


# ── recurrent networks ─────────────────────────────────────────────────────────────────

_ROWS = {"LSTM": [0, 2, 3, 1], "GRU": [1, 0, 2], "RNN": [0]}  # our order of ONNX's gates


def _recurrent(
    kind: str,
    cell: str,
    x: Tensor,
    w: Tensor,
    r: Tensor,
    b: Tensor | None,
    states: Sequence[Tensor | None],
    hidden: int,
    backwards: bool,
) -> tuple[Tensor, ...]:
    directions, batch = w.shape[0], x.shape[1]
    params, gates = [], len(_ROWS[kind])
    rows = wrap(np.concatenate([np.arange(hidden) + k * hidden for k in _ROWS[kind]]))
    for d in range(directions):
        params += [w[d][rows], r[d][rows]]
        if b is not None:
            params += [b[d][: gates * hidden][rows], b[d][gates * hidden :][rows]]
    zeros = wrap(np.zeros((directions, batch, hidden), x.dtype))
    hx = [zeros if state is None else state for state in states]
    x = ops.flip(x, (0,)) if backwards else x
    function = getattr(ops, cell)
    options = params, b is not None, 1, 0.0, False, directions == 2, False
    y, *last = function(x, hx if kind == "LSTM" else hx[0], *options)
    y = ops.flip(y, (0,)) if backwards else y
    y = ops.permute(ops.reshape(y, (*y.shape[:2], directions, hidden)), (0, 2, 1, 3))
    return y, *last


def _network(kind: str) -> Function:
    expected = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}[kind]

    def run(
        x: Tensor,
        w: Tensor,
        r: Tensor,
        b: Tensor | None = None,
        lengths: Tensor | None = None,
        h0: Tensor | None = None,
        c0: Tensor | None = None,
        peepholes: Tensor | None = None,
        *,
        hidden_size: int,
        direction: bytes = b"forward",
        activations: Sequence[bytes] | None = None,
        linear_before_reset: int = 0,
        layout: int = 0,
        input_forget: int = 0,
        clip: float | None = None,
    ) -> tuple[Tensor, ...]:
        names = [_text(a) for a in activations or expected * w.shape[0]]
        relu = kind == "RNN" and names == ["Relu"] * w.shape[0]
        full = lengths is None or all(n == x.shape[0] for n in _ints(lengths) or ())
        known = (relu or names == expected * w.shape[0]) and full and peepholes is None and clip is None
        if not known or layout or input_forget or (kind == "GRU" and not linear_before_reset):
            raise NotImplementedError(
                f"onnx.load: {kind} is supported in PyTorch's form only: its activations, full lengths, and for GRU "
                "linear_before_reset=1"
            )
        if not 0 < hidden_size <= r.shape[-1]:
            raise ValueError(f"onnx.load: {kind} has hidden_size {hidden_size}, which does not fit its weights")
        cell = {"LSTM": "lstm", "GRU": "gru", "RNN": "rnn_relu" if relu else "rnn_tanh"}[kind]
        states = [h0, c0] if kind == "LSTM" else [h0]
        return _recurrent(kind, cell, x, w, r, b, states, hidden_size, _text(direction) == "reverse")

    return run


TABLE.update({kind: _network(kind) for kind in ("LSTM", "GRU", "RNN")})
