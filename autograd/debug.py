"""Looking for a mistake: contexts that watch every op of this thread.

detect_anomaly    stops at the first NaN or inf, forward or backward, and says where it came from
reference         runs the readable NumPy bodies instead of the kernels
verify            runs both, and stops at the first op that differs, forward or backward
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
from autograd.engine import Node, Watch
from autograd.gradcheck import as_tuple
from autograd.op import Op
from autograd.promotion import narrowed
from autograd.testing import compare

PACKAGES = tuple(str(Path(__file__).parents[1] / name) + os.sep for name in ("autograd", "nn", "optim"))

# Where in a model this thread is, in words; nn puts its module path here.
module_path: Callable[[], str] = lambda: ""  # noqa: E731


class AnomalyError(RuntimeError):
    """A NaN or inf; the message says which op made it, where, and from what."""


class MismatchError(RuntimeError):
    """An op whose kernel and reference, or whose backward and finite difference, differ."""


def _place() -> str:
    """Module path, file, line and text of the innermost call that is not lucidgrad's own."""
    frame = sys._getframe()
    while frame.f_back and frame.f_code.co_filename.startswith(PACKAGES):
        frame = frame.f_back
    name, line = frame.f_code.co_filename, frame.f_lineno
    path, text = module_path(), linecache.getline(name, line).strip()
    return (f", in module {path}" if path else "") + f", called at {name}, line {line}" + (f": {text}" if text else "")


def _floats(arrays: Sequence[Any]) -> list[tuple[int, np.ndarray]]:
    """The float arrays among them, with their numbers."""
    found = [(i, np.asarray(a.array if hasattr(a, "array") else a)) for i, a in enumerate(arrays) if a is not None]
    return [(i, a) for i, a in found if a.dtype.kind == "f"]


def _range(what: str, a: np.ndarray) -> str:
    finite = a[np.isfinite(a)]
    text = f"{what}, {a.dtype} {a.shape}, "
    text += f"ranges from {finite.min():.6g} to {finite.max():.6g}" if finite.size else "has no finite number"
    lost = [f"{count} {word}" for word, count in (("NaN", np.isnan(a).sum()), ("inf", np.isinf(a).sum())) if count]
    return text + (f" and has {' and '.join(lost)}" if lost else "")


def _ranges(kind: str, arrays: Sequence[Any]) -> str:
    return "; ".join(_range(f"{kind} {i}", a) for i, a in _floats(arrays)) or f"no float {kind}s"


def _first_bad(a: np.ndarray, and_inf: bool = True) -> str | None:
    """ "NaN at [0, 2]", of the first NaN or inf."""
    bad = ~np.isfinite(a) if and_inf else np.isnan(a)
    if not bad.any():
        return None
    where = tuple(int(k) for k in np.argwhere(bad)[0])
    return f"{'NaN' if np.isnan(a[where]) else 'inf'} at {list(where)}"


class detect_anomaly(Watch, ContextDecorator):
    """Context or decorator: stop at the first op of this thread that makes a NaN or inf.

    Every result is looked at, and every forward remembers its line, so it runs slower.  An inf
    that comes of an input's inf, as where scores are masked with -inf, is no find; a NaN is.

    Raises
    ------
    AnomalyError
        Naming op, module path, line, the place of the number, and the range of the inputs.

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

    def _recreate_cm(self) -> detect_anomaly:
        return type(self)()

    def forward(self, op: Op, arrays: Sequence[Any], params: dict[str, Any]) -> Any:
        result = super().forward(op, arrays, params)
        if self.in_backward:  # a formula may pass through inf on its way to a finite gradient
            return result
        given_inf = any(np.isinf(a).any() for _, a in _floats(arrays))
        for i, y in _floats(as_tuple(result)):
            if bad := _first_bad(y, and_inf=not given_inf):  # masks of -inf are meant
                raise AnomalyError(
                    f"{op.name}: the forward made {bad} of output {i}{_place()}. Its {_ranges('input', arrays)}"
                )
        return result

    def recorded(self, node: Node, arrays: Sequence[Any]) -> None:
        node.note = _place(), _ranges("input", arrays)
        super().recorded(node, arrays)

    def backward(self, node: Node, ctx: Any, gs: Sequence[Any]) -> Any:
        place, inputs = node.note or (", in a forward outside detect_anomaly", "inputs were not looked at")
        for i, g in _floats(gs):
            if bad := _first_bad(g):
                raise AnomalyError(f"{node.op.name}: its backward was given {bad} of the gradient of output {i}{place}")
        self.in_backward = True
        try:
            results = super().backward(node, ctx, gs)
        finally:
            self.in_backward = False
        for i, d in _floats(as_tuple(results)):
            if bad := _first_bad(d):
                raise AnomalyError(
                    f"{node.op.name}: the backward made {bad} of the gradient of input {i}{place}. "
                    f"Its {inputs}; {_ranges('incoming gradient', gs)}"
                )
        return results


class reference(Watch, ContextDecorator):
    """Context or decorator: run the NumPy references instead of the kernels, forward and backward.

    Slow; for small inputs.  Backward runs references too where it is inside the context, and so does the step of an
    optimizer.

    Examples
    --------
    >>> import autograd
    >>> with autograd.reference():
    ...     autograd.relu(autograd.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def _recreate_cm(self) -> reference:
        return type(self)()

    def forward(self, op: Op, arrays: Sequence[Any], params: dict[str, Any]) -> Any:
        return run_reference(op, arrays, params)


def is_reference_active() -> bool:
    """Whether this thread is inside `reference()`: for code that launches kernels and is not an op."""
    mode: Watch | None = engine._state.watch
    while mode and not isinstance(mode, reference):
        mode = mode.outer
    return mode is not None


def run_reference(op: Op, arrays: Sequence[Any], params: dict[str, Any]) -> Any:
    if op.check:
        op.check(*arrays, **params)
    try:
        result = op.reference(*arrays, **params)
    except Exception:
        op.forward(*arrays, **params)  # whose error is a sentence
        raise
    return narrowed(result, arrays, params)


TOLERANCE = {np.dtype(np.float32): 1e-4, np.dtype(np.float64): 1e-9}
CANNOT_JUDGE = "cannot be judged: a finite difference is not finite, or rounding leaves nothing of it"
SLOPE_TOLERANCE = {np.dtype(np.float32): 1e-3, np.dtype(np.float64): 1e-6}


class verify(Watch, ContextDecorator):
    """Context or decorator: hold every op against its reference, on the caller's own arrays.

    Each forward, and each op that a backward is made of, is compared with its reference in
    float64.  The backward of each op that is smooth or linear is compared with the central
    difference of its reference along random directions.  A gradient that cannot be judged, since an
    output is not finite or rounding leaves nothing to compare, is named in a RuntimeWarning.  Much
    slower than `reference`, and keeps all inputs until the graph is gone.

    Raises
    ------
    MismatchError
        Naming the first op that differs, module path, line and the entry or the input.

    Examples
    --------
    >>> import autograd
    >>> with autograd.verify():
    ...     autograd.relu(autograd.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def _recreate_cm(self) -> verify:
        return type(self)()

    def forward(self, op: Op, arrays: Sequence[Any], params: dict[str, Any]) -> Any:
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
                    raise MismatchError(f"{op.name}: {error}, {_call(arrays, params)}{_place()}") from None
        return result

    def recorded(self, node: Node, arrays: Sequence[Any]) -> None:
        node.note = arrays, _place()
        super().recorded(node, arrays)

    def backward(self, node: Node, ctx: Any, gs: Sequence[Any]) -> Any:
        if node.note is None:  # its forward was not watched
            return super().backward(node, ctx, gs)
        arrays, place = node.note
        try:
            results = super().backward(node, ctx, gs)
        except MismatchError as error:
            raise MismatchError(f"in the backward of {node.op.name}{place}: {error}") from None
        if node.op.kind in ("smooth", "multilinear"):
            incoming = [g.array if hasattr(g, "array") else g for g in gs]
            with np.errstate(all="ignore"):
                for i, d in enumerate(as_tuple(results)):
                    if ctx.needs_input_grad[i] and d is not None:
                        d = np.zeros(np.shape(arrays[i])) if isinstance(d, int) else getattr(d, "array", d)
                        self._check_slope(node, i, np.asarray(d), arrays, incoming, place)
        return results

    def _check_slope(
        self, node: Node, i: int, d: np.ndarray, arrays: Sequence[Any], gs: Sequence[Any], place: str
    ) -> None:
        """⟨d, v⟩ against ⟨g, f(x + h v) - f(x - h v)⟩ / 2h, for random directions v.

        Each direction moves elements whose gradients are of one size, so that a large one hides no small one.
        """
        wide = _wide(arrays)
        v = np.random.default_rng(0).standard_normal(np.shape(wide[i]))
        step = 1.0
        if node.op.kind == "smooth":  # in proportion, so that no number leaves the domain of a root or logarithm
            v, step = v * np.abs(wide[i]), 6e-6
        for group in _of_one_size(d, wide[i]):
            problem = self._slope_differs(node, i, d, np.where(group, v, 0), step, wide, arrays[i].dtype, gs)
            call = f"{_call(arrays, node.params)}{place}"
            if problem == CANNOT_JUDGE:
                message = f"verify: {node.op.name}: its gradient of input {i} {problem}, {call}"
                warnings.warn(message, RuntimeWarning, stacklevel=2)
                return
            if problem:
                raise MismatchError(f"{node.op.name}: the backward's gradient of input {i} is wrong: {problem}, {call}")

    def _slope_differs(
        self,
        node: Node,
        i: int,
        d: np.ndarray,
        v: np.ndarray,
        step: float,
        wide: Sequence[Any],
        dtype: np.dtype,
        gs: Sequence[Any],
    ) -> str | None:
        """What is wrong along one direction, in words; None where nothing is."""

        def outputs(h: float) -> np.ndarray:
            moved = [*wide[:i], wide[i] + h * v, *wide[i + 1 :]]
            ys = as_tuple(run_reference(node.op, moved, node.params))
            return np.concatenate(
                [np.asarray(y, np.float64).ravel() for y, g in zip(ys, gs, strict=True) if g is not None]
            )

        g = np.concatenate([np.asarray(g, np.float64).ravel() for g in gs if g is not None])
        y, ends, closer = outputs(0), (outputs(step), outputs(-step)), (outputs(step / 2), outputs(-step / 2))
        counts = g != 0  # what has no part in the loss may be -inf, as masked scores are
        terms, finer = g * (ends[0] - ends[1]) / (2 * step), g * (closer[0] - closer[1]) / step
        counts &= (terms != 0) | (finer != 0)  # nor have outputs that do not move
        if not counts.any():  # nothing moves: all that a gradient can be is the rounding of its backward
            counts = (g != 0) & np.isfinite(y)
        slopes = np.where(v == 0, 0, d * v)
        slope, expected = float(slopes.sum()), float(terms[counts].sum())
        if not np.isfinite(expected):
            return CANNOT_JUDGE
        if not np.isfinite(slope):
            return f"along a random direction it rises by {slope}, the reference by {expected:.6g}"
        rounding = 64 * np.finfo(np.float64).eps * np.where(g == 0, 0, np.abs(g * y)) / step  # of the differences
        weight = float(np.abs(g[counts] if counts.any() else g).sum())
        uncertain = (
            float(rounding[counts].sum())
            + 64 * np.finfo(np.float64).eps * weight / step  # an output near 0 can be a difference of larger numbers
            + 64 * np.finfo(dtype).eps * (float(np.abs(terms)[counts].sum()) + weight)  # of backward,
            + 2 * abs(expected - float(finer[counts].sum()))  # and what the step was too long for
        )
        apart = abs(slope - expected) - SLOPE_TOLERANCE[dtype] * float(np.abs(slopes).sum())
        if apart > uncertain:
            if apart <= uncertain + float(rounding[~counts].sum()):  # outputs too large to show that they move
                return CANNOT_JUDGE
            return f"along a random direction it rises by {slope:.6g}, the reference by {expected:.6g}"
        if abs(slope - expected) > 0 and uncertain > max(abs(slope), abs(expected), 1e-3):
            return CANNOT_JUDGE
        return None


def _is_rounding(y: np.ndarray, z: np.ndarray, op: Op, arrays: Sequence[Any], params: dict[str, Any], i: int) -> bool:
    """Whether y, output i, is as far from the reference's z as rounding can bring it, where large terms cancel.

    How far the reference itself moves, when every input moves by about its last digit, tells how far that is.
    """
    if y.dtype.kind != "f" or y.shape != z.shape:
        return False
    rng = np.random.default_rng(0)
    moved = np.zeros(z.shape)
    with np.errstate(all="ignore"):
        for _ in range(4):
            near = [
                a.astype(np.float64) * (1 + np.finfo(a.dtype).eps * rng.standard_normal(a.shape))
                if isinstance(a, np.ndarray) and a.dtype.kind == "f"
                else a
                for a in arrays
            ]
            other = np.asarray(as_tuple(run_reference(op, near, params))[i], np.float64)
            moved = np.maximum(moved, np.abs(other - z))
        return bool(((y == z) | (np.isnan(y) & np.isnan(z)) | (np.abs(y - z) <= 16 * moved)).all())


def _of_one_size(d: np.ndarray, x: np.ndarray) -> list[np.ndarray]:
    """Masks that part the elements: in each, the terms |d x| of the slope are within a factor of 1,000."""
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


def _wide(arrays: Sequence[Any]) -> list[Any]:
    """Float arrays in float64, others as they are."""
    return [a.astype(np.float64) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in arrays]


def _call(arrays: Sequence[Any], params: dict[str, Any]) -> str:
    words = [f"{a.dtype} {a.shape}" if isinstance(a, np.ndarray | np.generic) else repr(a) for a in arrays]
    return f"called with ({', '.join([*words, *(f'{name}={value!r}' for name, value in params.items())])})"
