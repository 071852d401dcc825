"""Contexts that help to find a mistake.  Each is a dispatch mode and sees all ops of its thread.

detect_anomaly    stops at the first NaN or inf, forward or backward, and names its origin
reference         runs the NumPy references instead of the kernels
verify            runs both, and stops at the first op whose results or gradients differ
"""

from __future__ import annotations

import linecache
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograd import engine
from autograd.contexts import ContextDecorator
from autograd.engine import Context, DispatchMode, Gradient, Node
from autograd.gradcheck import as_tuple, parts
from autograd.op import Op
from autograd.promotion import complex_of, converted, narrowed, real_of
from autograd.testing import compare
from autograd.types import Argument, Array, Result

PACKAGES = tuple(str(Path(__file__).parents[1] / name) + os.sep for name in ("autograd", "nn", "optim"))

# The path of the module that this thread is running; nn sets it.
module_path: Callable[[], str] = lambda: ""  # noqa: E731


class AnomalyError(RuntimeError):
    """An op produced NaN or inf; the message names the op, the place and the range of its inputs."""


class MismatchError(RuntimeError):
    """The kernel and the reference of an op differ, or its backward and a finite difference."""


def _place() -> str:
    """Module path, file, line and text of the innermost call outside lucidgrad."""
    frame = sys._getframe()
    while frame.f_back and frame.f_code.co_filename.startswith(PACKAGES):
        frame = frame.f_back
    name, line = frame.f_code.co_filename, frame.f_lineno
    path, text = module_path(), linecache.getline(name, line).strip()
    return (f", in module {path}" if path else "") + f", called at {name}, line {line}" + (f": {text}" if text else "")


def _floats(arrays: Sequence[Any]) -> list[tuple[int, Array]]:
    """(index, array) of each float array or tensor."""
    found = [(i, np.asarray(a.array if hasattr(a, "array") else a)) for i, a in enumerate(arrays) if a is not None]
    return [(i, a) for i, a in found if a.dtype.kind == "f"]


def _range(what: str, a: Array) -> str:
    """ "input 0, float32 (2,), ranges from 0 to 4 and has 1 inf"."""
    finite = a[np.isfinite(a)]
    text = f"{what}, {a.dtype} {a.shape}, "
    text += f"ranges from {finite.min():.6g} to {finite.max():.6g}" if finite.size else "has no finite number"
    lost = [f"{count} {word}" for word, count in (("NaN", np.isnan(a).sum()), ("inf", np.isinf(a).sum())) if count]
    return text + (f" and has {' and '.join(lost)}" if lost else "")


def _ranges(kind: str, arrays: Sequence[Any]) -> str:
    return "; ".join(_range(f"{kind} {i}", a) for i, a in _floats(arrays)) or f"no float {kind}s"


def _first_bad(a: Array, and_inf: bool = True) -> str | None:
    """ "NaN at [0, 2]" for the first NaN or inf."""
    bad = ~np.isfinite(a) if and_inf else np.isnan(a)
    if not bad.any():
        return None
    where = tuple(int(k) for k in np.argwhere(bad)[0])
    return f"{'NaN' if np.isnan(a[where]) else 'inf'} at {list(where)}"


class detect_anomaly(DispatchMode, ContextDecorator):
    """Context or decorator: stop at the first op of this thread that produces NaN or inf.

    It checks each result and stores the line of each forward call, so programs run slower.  Infinite results of
    infinite inputs, such as scores masked with -inf, are accepted; NaN is not.

    Parameters
    ----------
    check_nan : bool
        If False, the lines are stored, and nothing is checked.

    Raises
    ------
    AnomalyError
        The message names op, module path, line, the index of the element, and the range of the inputs.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([1.0, -1.0], requires_grad=True)
    >>> with autograd.detect_anomaly():
    ...     x.log()  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    autograd.debug.AnomalyError: log: the forward made NaN at [1] of output 0 ...
    """

    in_backward = False

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan

    def _recreate_cm(self) -> detect_anomaly:
        return type(self)(self.check_nan)

    def forward(self, op: Op, arrays: Sequence[Argument], params: dict[str, Any]) -> Result:
        result = super().forward(op, arrays, params)
        if self.in_backward or not self.check_nan:  # intermediate results may be inf where the gradient is finite
            return result
        given_inf = any(np.isinf(a).any() for _, a in _floats(arrays))
        for i, y in _floats(as_tuple(result)):
            if bad := _first_bad(y, and_inf=not given_inf):  # masks of -inf are intended
                raise AnomalyError(
                    f"{op.title}: the forward made {bad} of output {i}{_place()}. Its {_ranges('input', arrays)}"
                )
        return result

    def recorded(self, node: Node, arrays: Sequence[Argument]) -> None:
        node.metadata = _place(), _ranges("input", arrays)
        super().recorded(node, arrays)

    def backward(self, node: Node, ctx: Context, gs: Sequence[Gradient | None]) -> Any:
        place, inputs = node.metadata or (", in a forward outside detect_anomaly", "inputs are not known")
        for i, g in _floats(gs) if self.check_nan else ():
            if bad := _first_bad(g):
                raise AnomalyError(
                    f"{node.op.title}: its backward was given {bad} of the gradient of output {i}{place}"
                )
        self.in_backward = True
        try:
            results = super().backward(node, ctx, gs)
        finally:
            self.in_backward = False
        for i, d in _floats(as_tuple(results)) if self.check_nan else ():
            if bad := _first_bad(d):
                raise AnomalyError(
                    f"{node.op.title}: the backward made {bad} of the gradient of input {i}{place}. "
                    f"Its {inputs}; {_ranges('out-gradient', gs)}"
                )
        return results


def is_anomaly_enabled() -> bool:
    """Whether this thread is inside `detect_anomaly`, or `set_detect_anomaly(True)` is in force.

    Returns
    -------
    bool

    Examples
    --------
    >>> import autograd
    >>> with autograd.detect_anomaly():
    ...     autograd.is_anomaly_enabled()
    True
    >>> autograd.is_anomaly_enabled()
    False
    """
    return detect_anomaly.active() is not None


class set_detect_anomaly:
    """Turn `detect_anomaly` on or off in this thread, immediately.  As a context, restore it at its end.

    Parameters
    ----------
    mode : bool
        Whether to detect anomalies.
    check_nan : bool
        As for `detect_anomaly`.

    Examples
    --------
    >>> import autograd
    >>> with autograd.set_detect_anomaly(True):
    ...     autograd.is_anomaly_enabled()
    True
    >>> autograd.is_anomaly_enabled()
    False
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        active = detect_anomaly.active()
        self.before = None if active is None else active.check_nan
        _set_anomaly(check_nan if mode else None)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        _set_anomaly(self.before)


def _set_anomaly(check_nan: bool | None) -> None:
    """Take the thread's `detect_anomaly` away, wherever it is in the stack, and set another; none for None."""
    active = detect_anomaly.active()
    if active is not None and check_nan is not None:
        active.check_nan = check_nan
    elif active is not None:
        inner: DispatchMode = engine._state.mode
        if inner is active:
            active.__exit__()
        else:
            while inner.outer is not active:
                assert inner.outer is not None  # it is in the stack
                inner = inner.outer
            inner.outer, active.outer = active.outer, None
    elif check_nan is not None:
        detect_anomaly(check_nan).__enter__()


class reference(DispatchMode, ContextDecorator):
    """Context or decorator: run the NumPy references instead of the kernels.

    It is slow and meant for small inputs.  A backward pass inside the context runs references, too, and so does the
    step of an optimizer.

    Examples
    --------
    >>> import autograd
    >>> with autograd.reference():
    ...     autograd.relu(autograd.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def _recreate_cm(self) -> reference:
        return type(self)()

    def forward(self, op: Op, arrays: Sequence[Argument], params: dict[str, Any]) -> Result:
        return run_reference(op, arrays, params)


def is_reference_active() -> bool:
    """Whether this thread is inside `reference()`: for code that launches kernels and is not an op."""
    return reference.active() is not None


def run_reference(op: Op, arrays: Sequence[Argument], params: dict[str, Any]) -> Result:
    """The result of the op's reference, in the dtype that the op would return."""
    if op.check:
        op.check(*arrays, **params)
    try:
        result = op.reference(*arrays, **params)
    except Exception:
        op.forward(*arrays, **params)  # its error message is more helpful
        raise
    return narrowed(result, arrays, params)


TOLERANCE: dict[np.dtype, float] = {np.dtype(np.float32): 1e-4, np.dtype(np.float64): 1e-9}
TOLERANCE |= {complex_of(dtype): tolerance for dtype, tolerance in TOLERANCE.items()}
CANNOT_JUDGE = "cannot be judged: a finite difference is not finite, or is smaller than its rounding error"
SLOPE_TOLERANCE = {np.dtype(np.float32): 1e-3, np.dtype(np.float64): 1e-6}


class verify(DispatchMode, ContextDecorator):
    """Context or decorator: compare each op with its reference, on the arrays of the running program.

    The result of each forward, and of each op that a backward calls, is compared with its reference in float64.
    The gradients of each smooth or linear op are compared with central differences of its reference along random
    directions.  A RuntimeWarning names each gradient that cannot be judged, because an output is not finite or
    rounding errors are too large.  It is much slower than `reference`, and all inputs stay in memory until the
    graph is freed.

    Raises
    ------
    MismatchError
        The message names the first op that differs, module path, line, and the element or the input.

    Examples
    --------
    >>> import autograd
    >>> with autograd.verify():
    ...     autograd.relu(autograd.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def _recreate_cm(self) -> verify:
        return type(self)()

    def forward(self, op: Op, arrays: Sequence[Argument], params: dict[str, Any]) -> Result:
        result = super().forward(op, arrays, params)
        exact = run_reference(op, _wide(arrays), params)
        for i, (y, z) in enumerate(zip(as_tuple(result), as_tuple(exact), strict=True)):
            y = np.asarray(y)
            with np.errstate(all="ignore"):
                z = np.asarray(z).astype(y.dtype)
            try:
                compare(f"output {i}", y, z, TOLERANCE.get(y.dtype, 0.0), "the reference says")
            except AssertionError as error:
                if not _is_rounding(y, z, op, arrays, params, i):
                    raise MismatchError(f"{op.title}: {error}, {_call(arrays, params)}{_place()}") from None
        return result

    def recorded(self, node: Node, arrays: Sequence[Argument]) -> None:
        copies = [x.copy() if isinstance(x, np.ndarray) else x for x in arrays]  # a write in place may follow
        node.metadata = copies, _place()
        super().recorded(node, arrays)

    def backward(self, node: Node, ctx: Context, gs: Sequence[Gradient | None]) -> Any:
        if node.metadata is None:  # its forward ran outside the context
            return super().backward(node, ctx, gs)
        arrays, place = node.metadata
        try:
            results = super().backward(node, ctx, gs)
        except MismatchError as error:
            raise MismatchError(f"in the backward of {node.op.title}{place}: {error}") from None
        if node.op.kind in ("smooth", "matrix", "multilinear"):
            out_gradients: list[Any] = [getattr(g, "array", g) for g in gs]
            with np.errstate(all="ignore"):
                for i, d in enumerate(as_tuple(results)):
                    if ctx.needs_input_grad[i] and d is not None:
                        d = np.zeros(np.shape(arrays[i])) if isinstance(d, int) else getattr(d, "array", d)
                        self._check_slope(node, i, np.asarray(d), arrays, out_gradients, place)
        return results

    def _check_slope(
        self, node: Node, i: int, d: Array, arrays: Sequence[Any], gs: Sequence[Array | None], place: str
    ) -> None:
        """Compare ⟨d, v⟩ with ⟨g, f(x + h v) - f(x - h v)⟩ / 2h for random directions v.

        Each direction changes only elements with gradients of one size, so that a large one hides no small one.
        """
        wide = _wide(arrays)
        x, d = parts(wide[i]), parts(converted(d, wide[i].dtype))
        v = np.random.default_rng(0).standard_normal(x.shape)
        step = 1.0
        if node.op.kind in ("smooth", "matrix"):  # relative steps stay in the domain of roots and logarithms
            v, step = np.where(np.isfinite(x), v * np.abs(x), 0), 6e-6
        for group in _of_one_size(d, x):
            problem = self._slope_differs(node, i, d, np.where(group, v, 0), step, wide, real_of(arrays[i].dtype), gs)
            call = f"{_call(arrays, node.params)}{place}"
            if problem == CANNOT_JUDGE:
                message = f"verify: {node.op.title}: its gradient of input {i} {problem}, {call}"
                warnings.warn(message, RuntimeWarning, stacklevel=2)
                return
            if problem:
                raise MismatchError(
                    f"{node.op.title}: the backward's gradient of input {i} is wrong: {problem}, {call}"
                )

    def _slope_differs(
        self,
        node: Node,
        i: int,
        d: Array,
        v: Array,
        step: float,
        wide: Sequence[Any],
        dtype: np.dtype,
        gs: Sequence[Array | None],
    ) -> str | None:
        """What is wrong along one direction, or None."""

        def outputs(h: float) -> Array:
            moved = parts(wide[i]) + h * v
            moved = moved.view(wide[i].dtype)[..., 0] if wide[i].dtype.kind == "c" else moved
            ys = as_tuple(run_reference(node.op, [*wide[:i], moved, *wide[i + 1 :]], node.params))
            return np.concatenate([parts(_in_float64(y)).ravel() for y, g in zip(ys, gs, strict=True) if g is not None])

        g = np.concatenate([parts(_in_float64(g)).ravel() for g in gs if g is not None])
        y, ends, closer = outputs(0), (outputs(step), outputs(-step)), (outputs(step / 2), outputs(-step / 2))
        counts = g != 0  # other outputs may be -inf, such as masked scores
        terms, finer = g * (ends[0] - ends[1]) / (2 * step), g * (closer[0] - closer[1]) / step
        counts &= (terms != 0) | (finer != 0)  # outputs that do not change do not count either
        if not counts.any():  # nothing changes: the gradient is 0 or the rounding error of backward
            counts = (g != 0) & np.isfinite(y)
        slopes = np.where(v == 0, 0, d * v)
        slope, expected = float(slopes.sum()), float(terms[counts].sum())
        if not np.isfinite(expected):
            return CANNOT_JUDGE
        if not np.isfinite(slope):
            return f"along a random direction it rises by {slope}, the reference by {expected:.6g}"
        rounding = 64 * np.finfo(np.float64).eps * np.where(g == 0, 0, np.abs(g * y)) / step  # of the difference
        weight = float(np.abs(g[counts] if counts.any() else g).sum())
        uncertain = (
            float(rounding[counts].sum())
            + 64 * np.finfo(np.float64).eps * weight / step  # small outputs may be differences of larger numbers
            + 64 * np.finfo(dtype).eps * (float(np.abs(terms)[counts].sum()) + weight)  # rounding of backward
            + 2 * abs(expected - float(finer[counts].sum()))  # truncation error of the finite difference
        )
        apart = abs(slope - expected) - SLOPE_TOLERANCE[dtype] * float(np.abs(slopes).sum())
        if apart > uncertain:
            if apart <= uncertain + float(rounding[~counts].sum()):  # outputs too large to show a change
                return CANNOT_JUDGE
            return f"along a random direction it rises by {slope:.6g}, the reference by {expected:.6g}"
        if abs(slope - expected) > 0 and uncertain > max(abs(slope), abs(expected), 1e-3):
            return CANNOT_JUDGE
        return None


def _is_rounding(y: Array, z: Array, op: Op, arrays: Sequence[Argument], params: dict[str, Any], i: int) -> bool:
    """Whether rounding explains how far output i, y, is from the reference's z, as where large terms cancel.

    The scale is how far the reference itself moves when the last digit of each input changes.
    """
    if y.dtype.kind not in "fc" or y.shape != z.shape:
        return False
    rng = np.random.default_rng(0)
    moved = np.zeros(z.shape)
    with np.errstate(all="ignore"):
        for _ in range(4):
            near = [
                _in_float64(a) * (1 + np.finfo(a.dtype).eps * rng.standard_normal(a.shape))
                if isinstance(a, np.ndarray) and a.dtype.kind in "fc"
                else a
                for a in arrays
            ]
            other = _in_float64(as_tuple(run_reference(op, near, params))[i])
            moved = np.maximum(moved, np.abs(other - z))
        return bool(((y == z) | (np.isnan(y) & np.isnan(z)) | (np.abs(y - z) <= 16 * moved)).all())


def _of_one_size(d: Array, x: Array) -> list[Array]:
    """Masks that divide the elements into groups in which |d x|, the terms of the slope, vary by at most 1,000."""
    with np.errstate(all="ignore"):
        exponents = np.log10(np.abs(d * x))
    exponents = np.where(np.isfinite(exponents), exponents, -np.inf)
    masks, left = [], np.ones(d.shape, bool)
    while left.any():
        most = exponents[left].max()
        group = left & ((exponents > most - 3) | (exponents == most))
        masks.append(group)
        left &= ~group
    return masks


def _wide(arrays: Sequence[Argument]) -> list[Any]:
    """Float and complex arrays as by `_in_float64`, other arguments unchanged."""
    return [_in_float64(a).copy() if isinstance(a, np.ndarray) and a.dtype.kind in "fc" else a for a in arrays]


def _in_float64(x: Any) -> Array:
    """Numbers in float64, or in complex128 if they are complex."""
    return np.asarray(x, np.result_type(x, np.float64))


def _call(arrays: Sequence[Argument], params: dict[str, Any]) -> str:
    """ "called with (float32 (2, 3), dim=1)"."""
    words = [f"{a.dtype} {a.shape}" if isinstance(a, np.ndarray | np.generic) else repr(a) for a in arrays]
    return f"called with ({', '.join([*words, *(f'{name}={value!r}' for name, value in params.items())])})"
