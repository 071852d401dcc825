"""NumPy's functions on tensors: `np.exp(x)` and `np.concatenate([x, y])` are recorded and return tensors.

NumPy calls `__array_ufunc__` and `__array_function__` of an argument that has them (NEP 13 and NEP 18).  This file maps
the functions to ours.  Of the others, those on tensors without gradient run on their arrays.  With a tensor that
requires grad they raise TypeError, since what they compute would not be recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import ops
from autograd.creation import as_tensor
from autograd.op import Row, table
from autograd.promotion import FLOATING, get_default_dtype
from autograd.tensor import Tensor

# NumPy's ufuncs that have another name here; the others have the same, if there is such a function
_UFUNCS = {
    "absolute": "abs",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "conjugate": "conj",
    "divide": "div",
    "equal": "eq",
    "fabs": "abs",
    "float_power": "float_power",
    "greater": "gt",
    "greater_equal": "ge",
    "invert": "bitwise_not",
    "left_shift": "bitwise_left_shift",
    "less": "lt",
    "less_equal": "le",
    "multiply": "mul",
    "negative": "neg",
    "not_equal": "ne",
    "power": "pow",
    "right_shift": "bitwise_right_shift",
    "rint": "round",
    "subtract": "sub",
    "true_divide": "div",
}
_REDUCTIONS = {
    "add": "sum",
    "multiply": "prod",
    "maximum": "amax",
    "minimum": "amin",
    "logical_and": "all",
    "logical_or": "any",
}


def _tensors(value: Any) -> list[Any]:
    """The tensors in nested tuples, lists and dicts."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, tuple | list):
        return []
    return [x for part in value for x in _tensors(part)]


def _arrays(value: Any) -> Any:
    """Nested tuples, lists and dicts with arrays in place of tensors."""
    if isinstance(value, Tensor):
        return value.array
    if isinstance(value, dict):
        return {key: _arrays(part) for key, part in value.items()}
    return type(value)(map(_arrays, value)) if type(value) in (tuple, list) else value


def _on_arrays(name: str, function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """NumPy's result for the arrays of the tensors, none of which may require grad."""
    if any(x._requires_grad for x in _tensors([*args, *kwargs.values()])):
        raise TypeError(
            f"np.{name}: it is not recorded, and one of its tensors requires grad; use a function of autograd, or "
            ".detach().numpy() for an array without gradient"
        )
    return function(*_arrays(tuple(args)), **_arrays(kwargs))


def _with_tensors(row: Row | None, inputs: Sequence[Any]) -> list[Any]:
    """The inputs with tensors in place of Python numbers where the row takes none: np.maximum(x, 0)."""
    needed = getattr(row, "tensors", None) or ()
    return [as_tensor(x) if i in needed and isinstance(x, int | float | complex) else x for i, x in enumerate(inputs)]


def array_ufunc(ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """What NumPy calls for a ufunc with a tensor among its arguments."""
    name = ufunc.__name__
    out = kwargs.pop("out", None)
    if out is not None:
        if _tensors(out) or any(x._requires_grad for x in _tensors(inputs)):
            raise TypeError(
                f"np.{name}: out= cannot be recorded; write y = np.{name}(...), and for `array += tensor` write "
                "`x = array + tensor`"
            )
        return _on_arrays(name, getattr(ufunc, method), inputs, {**kwargs, "out": out})
    function = getattr(ops, _UFUNCS.get(name, name), None)
    if method == "__call__" and function is not None and not kwargs:
        return function(*_with_tensors(table.get(_UFUNCS.get(name, name)), inputs))
    if method == "reduce" and name in _REDUCTIONS and hasattr(ops, _REDUCTIONS[name]):
        axis, keepdims = (*inputs[1:2], kwargs.pop("axis", 0))[0], kwargs.pop("keepdims", False)
        if kwargs.get("dtype", 0) is None:
            del kwargs["dtype"]
        if not kwargs:
            return _reduce(_REDUCTIONS[name], inputs[0], axis, keepdims)
    full = name if method == "__call__" else f"{name}.{method}"
    result = _on_arrays(full, getattr(ufunc, method), inputs, kwargs)
    results = result if isinstance(result, tuple) else (result,)
    if not all(isinstance(y, np.ndarray | np.generic) and y.dtype.kind in "biufV" for y in results):
        return result
    made = tuple([as_tensor(y) for y in results])
    return made if isinstance(result, tuple) else made[0]


# ── functions with arguments of their own ──


def _floats(x: Any) -> Any:
    """x, or in the default float dtype if it holds integers: NumPy's mean of integers is a float."""
    return x if x.dtype.kind in FLOATING else ops.to(x, get_default_dtype())


def _reduce(name: str, x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    keepdim = keepdims is not np._NoValue and bool(keepdims)
    function = getattr(ops, name)
    if axis is None and not keepdim:
        return function(x)
    dims = tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int | np.integer) else tuple(axis)
    if name == "prod":  # one dimension a call
        for n in sorted((int(n) % x.ndim for n in dims), reverse=True):
            x = function(x, n, keepdim)
        return x
    return function(x, dims, keepdim)


def _reduction(name: str, floats: bool = False) -> Callable[..., Any]:
    def run(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
        _plain(name, dtype=dtype, out=out)
        return _reduce(name, _floats(a) if floats else a, axis, keepdims)

    return run


def _plain(name: str, **arguments: Any) -> None:
    """Raise if an argument is given that the recorded function does not have."""
    for what, value in arguments.items():
        if value is not None and value is not np._NoValue:
            raise TypeError(
                f"np.{name}: {what}= is not there for tensors; use autograd's function, or .detach().numpy()"
            )


def _extreme(name: str) -> Callable[..., Any]:
    def run(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
        _plain(name, out=out)
        return _reduce(name, a, axis, keepdims)

    return run


def _spread(name: str) -> Callable[..., Any]:
    def run(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: Any = False
    ) -> Any:
        _plain(name, dtype=dtype, out=out)
        keepdim = keepdims is not np._NoValue and bool(keepdims)
        return getattr(ops, name)(_floats(a), axis, correction=ddof, keepdim=keepdim)

    return run


def _position(name: str) -> Callable[..., Any]:
    def run(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
        _plain(name, out=out)
        return getattr(ops, name)(a, axis, keepdims is not np._NoValue and bool(keepdims))

    return run


def _cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    _plain("cumsum", dtype=dtype, out=out)
    return ops.cumsum(ops.flatten(a), 0) if axis is None else ops.cumsum(a, axis)


def _concatenate(arrays: Any, axis: Any = 0, out: Any = None, **others: Any) -> Any:
    _plain("concatenate", out=out, **{key: value for key, value in others.items() if key != "casting"})
    tensors = [as_tensor(x) for x in arrays]
    return ops.cat([ops.flatten(x) for x in tensors], 0) if axis is None else ops.cat(tensors, axis)


def _stack(arrays: Any, axis: int = 0, out: Any = None, **others: Any) -> Any:
    _plain("stack", out=out, **{key: value for key, value in others.items() if key != "casting"})
    return ops.stack([as_tensor(x) for x in arrays], axis)


def _at_least(x: Any, ndim: int) -> Any:
    x = as_tensor(x)
    return ops.reshape(x, (1,) * (ndim - x.ndim) + tuple(x.shape)) if x.ndim < ndim else x


def _hstack(tup: Any, **others: Any) -> Any:
    parts = [_at_least(x, 1) for x in tup]
    return _concatenate(parts, 0 if parts[0].ndim == 1 else 1, **others)


def _reshape(a: Any, /, shape: Any = None, order: str = "C", **others: Any) -> Any:
    shape = others.pop("newshape", shape)
    if order != "C" or others:
        raise TypeError("np.reshape: of a tensor it takes a shape only; use x.reshape(shape)")
    return ops.reshape(a, ops.sizes_of((shape,)))


def _ravel(a: Any, order: str = "C") -> Any:
    if order not in ("C", "K", "A"):
        raise TypeError(f"np.ravel: order={order!r} is not there for tensors; use x.flatten()")
    return ops.reshape(a, (-1,))


def _transpose(a: Any, axes: Any = None) -> Any:
    return ops.permute(a, tuple(range(a.ndim))[::-1] if axes is None else tuple(axes))


def _squeeze(a: Any, axis: Any = None) -> Any:
    return ops.squeeze(a) if axis is None else ops.squeeze(a, axis)


def _expand_dims(a: Any, axis: Any) -> Any:
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    ndim = a.ndim + len(axes)
    for n in sorted(n % ndim for n in axes):
        a = ops.unsqueeze(a, n)
    return a


def _flip(m: Any, axis: Any = None) -> Any:
    return ops.flip(m, tuple(range(m.ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis))


def _where(condition: Any, /, x: Any = None, y: Any = None) -> Any:
    if x is None and y is None:
        return np.where(_arrays(condition))
    x, y = (as_tensor(value) if isinstance(value, np.ndarray) else value for value in (x, y))
    return ops.where(as_tensor(condition), x, y)


def _clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None) -> Any:
    _plain("clip", out=out)
    missing = (None, np._NoValue)
    low, high = (min if any(a is m for m in missing) else a for a, min in ((a_min, min), (a_max, max)))
    low, high = (None if limit is np._NoValue else limit for limit in (low, high))
    return ops.clamp(a, low, high)


def _dot(a: Any, b: Any, out: Any = None) -> Any:
    _plain("dot", out=out)
    a, b = as_tensor(a), as_tensor(b)
    if a.ndim == 0 or b.ndim == 0:
        return ops.mul(a, b)
    if b.ndim <= 2:
        return ops.matmul(a, b)
    shape = (*a.shape[:-1], *b.shape[:-2], b.shape[-1])
    rows, columns = ops.reshape(a, (-1, a.shape[-1])), ops.reshape(ops.movedim(b, -2, 0), (b.shape[-2], -1))
    return ops.reshape(ops.matmul(rows, columns), shape)


def _einsum(*operands: Any, out: Any = None, optimize: Any = False, **others: Any) -> Any:
    _plain("einsum", out=out, **others)
    return ops.einsum(operands[0], *[as_tensor(x) for x in operands[1:]])


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if ord is not None and x.ndim != 1 and not isinstance(axis, int):
        raise TypeError(
            "np.linalg.norm: matrix norms of a tensor are not there; use autograd.linalg, or .detach().numpy()"
        )
    return ops.norm(x, 2 if ord is None else ord, axis, keepdims)


def _broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    return ops.expand(array, *((shape,) if isinstance(shape, int) else tuple(shape)))


def _triangle(name: str) -> Callable[..., Any]:
    return lambda m, k=0: getattr(ops, name)(m, k)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "all": _extreme("all"),
    "amax": _extreme("amax"),
    "amin": _extreme("amin"),
    "any": _extreme("any"),
    "argmax": _position("argmax"),
    "argmin": _position("argmin"),
    "broadcast_to": _broadcast_to,
    "clip": _clip,
    "concatenate": _concatenate,
    "copy": lambda a, order="K", subok=False: ops.clone(a),
    "cumsum": _cumsum,
    "dot": _dot,
    "einsum": _einsum,
    "expand_dims": _expand_dims,
    "flip": _flip,
    "hstack": _hstack,
    "linalg.norm": _norm,
    "max": _extreme("amax"),
    "mean": _reduction("mean", floats=True),
    "min": _extreme("amin"),
    "moveaxis": lambda a, source, destination: ops.movedim(a, source, destination),
    "ndim": lambda a: a.ndim,
    "prod": _reduction("prod"),
    "ravel": _ravel,
    "reshape": _reshape,
    "shape": lambda a: tuple(a.shape),
    "squeeze": _squeeze,
    "stack": _stack,
    "std": _spread("std"),
    "sum": _reduction("sum"),
    "swapaxes": lambda a, axis1, axis2: ops.transpose(a, axis1, axis2),
    "transpose": _transpose,
    "tril": _triangle("tril"),
    "triu": _triangle("triu"),
    "var": _spread("var"),
    "vstack": lambda tup, **others: _concatenate([_at_least(x, 2) for x in tup], 0, **others),
    "where": _where,
}


def array_function(function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """What NumPy calls for another function with a tensor among its arguments."""
    module = function.__module__.removeprefix("numpy").lstrip(".")
    name = function.__name__ if not module or module.startswith(("lib", "_core")) else f"{module}.{function.__name__}"
    ours = _FUNCTIONS.get(name)
    if ours is None or (name == "prod" and not hasattr(ops, name)):
        return _on_arrays(name, function, args, kwargs)
    if args and isinstance(args[0], np.ndarray):  # such as np.clip(array, tensor, tensor)
        args = (as_tensor(args[0]), *args[1:])
    return ours(*args, **kwargs)
