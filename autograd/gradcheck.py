"""Checks gradients: backward is compared with central finite differences."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from autograd.gradients import grad
from autograd.op import Row
from autograd.promotion import DIFFERENTIABLE
from autograd.tensor import Tensor, wrap
from autograd.types import Array, Shape

T = TypeVar("T")

FEW = 8  # number of elements of each input, and of the outputs, that fast_mode checks
CANCELLATION = 1e-11  # allowed difference where terms of about 1 cancel
NOISE = 1e-6  # below this the rounding of a finite difference may exceed the gradient


class GradcheckError(AssertionError, RuntimeError):
    """A gradient differs from its finite difference, or cannot be judged; the message names the element.

    It is a RuntimeError, as PyTorch's is, and a failed assertion for test runners.
    """


class _Settings(NamedTuple):
    """How to check: the step h of f(x ± h), the tolerances, and how many elements to check at most."""

    step: float
    atol: float
    rtol: float
    most: int | None


def as_tuple(result: Any) -> tuple[Any, ...]:
    """The outputs of a function as a tuple."""
    return tuple(result) if isinstance(result, tuple | list) else (result,)


def relative_error(a: Array, b: Array) -> float:
    """max |a - b| / max(max |a|, max |b|).

    0 for two arrays of zeros.  With NaN or inf: 0 if both arrays are equal, else inf.
    """
    if a.size == 0:
        return 0.0
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return 0.0 if np.array_equal(a, b, equal_nan=True) else float("inf")
    scale = max(float(np.abs(a).max()), float(np.abs(b).max()))
    return float(np.abs(a - b).max()) / scale if scale else 0.0


def difference(f: Callable[[], T], x: Array, index: Shape, step: float) -> tuple[T, T, float]:
    """f at x[index] + step, f at x[index] - step, and the distance between the two points after rounding.

    `x` is changed in place and restored.
    """
    value = x[index]
    try:
        x[index] = value + step
        above, high = f(), x[index]
        x[index] = value - step
        below, low = f(), x[index]
    finally:
        x[index] = value
    return above, below, float(high - low)


def numerical_gradient(f: Callable[[], float], x: Array, step: float, places: Iterable[Shape] | None = None) -> Array:
    """df/dx by central differences, (f(x + h) - f(x - h)) / 2h, for all elements or for those at `places`.

    `x` is changed in place and restored.  The truncation error is of order h² f‴, the rounding error of order
    ε f / h.  For a smooth f, h = ∛ε balances the two.  Where f is linear between kinks there is no truncation
    error, for any h up to the nearest kink.
    """
    gradient = np.zeros(x.shape)
    for index in np.ndindex(*x.shape) if places is None else places:
        above, below, distance = difference(f, x, index, step)
        gradient[index] = (above - below) / distance
    return gradient


def parts(array: Array) -> Array:
    """A complex array as a view (…, 2) of its real and imaginary parts; any other array itself.

    By the convention of gradients of complex numbers, dL/da + i dL/db, the parts of a gradient are the gradients with
    respect to the parts.
    """
    if array.dtype.kind != "c":
        return array
    strides = (*array.strides, array.itemsize // 2)
    return np.lib.stride_tricks.as_strided(
        array.real, (*array.shape, 2), strides, writeable=bool(array.flags.writeable)
    )


def random_like(array: Array, rng: np.random.Generator) -> Array:
    """An array of this shape and dtype, whose elements, or real and imaginary parts, are normal."""
    made = np.zeros(array.shape, array.dtype)
    parts(made)[...] = rng.standard_normal(parts(array).shape)
    return made


class _Point:
    """A function at one point: its float outputs as one vector, and their gradients by backward.

    Attributes
    ----------
    checked : list of (int, Tensor)
        Index and tensor of each input that requires grad.
    y : ndarray, (m,)
        The elements of all float outputs, concatenated.
    """

    def __init__(self, function: Callable[..., Any], inputs: Sequence[Any]) -> None:
        self.function, self.inputs = function, inputs
        self.checked = [(i, x) for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
        for i, x in self.checked:
            if x.dtype not in (np.float64, np.complex128):
                raise TypeError(f"gradcheck: input {i} is {x.dtype}; finite differences need float64, so use .double()")
            if not x.array.flags.writeable:
                raise ValueError(
                    f"gradcheck: input {i} is read-only, and finite differences change its elements; use .clone()"
                )
        self.outputs = self._call()
        self.y = self._vector(self.outputs)
        sizes = [parts(y.array).size for y in self.outputs]
        self.ends = np.cumsum(sizes, dtype=int)
        eps = [np.full(size, np.finfo(y.dtype).eps) for size, y in zip(sizes, self.outputs, strict=True)]
        self.eps = np.concatenate(eps or [np.zeros(0)])

    def _call(self) -> list[Tensor]:
        return [y for y in as_tuple(self.function(*self.inputs)) if y.dtype.kind in DIFFERENTIABLE]

    @staticmethod
    def _vector(outputs: Sequence[Tensor]) -> Array:
        return np.concatenate([parts(y.array).astype(np.float64).ravel() for y in outputs] or [np.zeros(0)])

    def moved(self, x: Array, index: Shape, step: float) -> tuple[Array, Array, float]:
        """The outputs on both sides of x[index], and the distance.  Recording stays on: f may compute gradients."""
        return difference(lambda: self._vector(self._call()), x, index, step)

    def backward(self, g: Array) -> list[Array]:
        """The gradient of ⟨g, y⟩ with respect to each checked input."""
        roots, gs = [], []
        for y, part in zip(self.outputs, np.split(g, self.ends[:-1]), strict=False):
            # an output without a graph has gradient 0; if it does depend on an input, finite differences show it
            if y.requires_grad:
                incoming = np.zeros(y.shape, y.dtype)
                parts(incoming)[...] = part.reshape(parts(y.array).shape)
                incoming.flags.writeable = False  # so that a backward that writes to its g raises
                roots.append(y)
                gs.append(wrap(incoming))
        wanted = [x for _, x in self.checked]
        found = grad(roots, wanted, gs, retain_graph=True, allow_unused=True)
        return [parts(np.zeros(x.shape, x.dtype) if d is None else d.array) for x, d in zip(wanted, found, strict=True)]

    def place(self, k: int) -> str:
        """The output and index of element k of the vector: "output 0 at [1, 2]"."""
        number = int(np.searchsorted(self.ends, k, side="right"))
        y = parts(self.outputs[number].array)
        where = np.unravel_index(k - (self.ends[number] - y.size), y.shape)
        return f"output {number} at {[int(n) for n in where]}"


def _some(shape: Shape, most: int | None, rng: np.random.Generator) -> list[Shape]:
    """The indices of an array: all of them, or `most` drawn at random."""
    size = math.prod(shape)
    if most is None or size <= most:
        return list(np.ndindex(*shape))
    chosen = np.unravel_index(rng.choice(size, most, replace=False), shape)
    return [tuple(int(k) for k in index) for index in zip(*chosen, strict=True)]


def gradients(
    function: Callable[..., Any], inputs: Sequence[Any], step: float, seed: int = 0
) -> list[tuple[int, Array, Array]]:
    """(index, gradient by backward, numerical gradient) for each input that requires grad.

    The differentiated scalar is ⟨g, function(*inputs)⟩ with a random g for each float output.  A plain sum
    would have gradient 0 after a softmax, whether its backward is right or wrong.
    """
    point = _Point(function, inputs)
    g = np.random.default_rng(seed).standard_normal(point.y.size)
    found = point.backward(g)
    return [
        (i, ours, numerical_gradient(lambda: float((g * point._vector(point._call())).sum()), parts(x.array), step))
        for (i, x), ours in zip(point.checked, found, strict=True)
    ]


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 6e-6,
    atol: float = 0.0,
    rtol: float = 1e-6,
    raise_exception: bool = True,
    fast_mode: bool = False,
) -> bool:
    """Compare the gradients of backward with central finite differences.

    Parameters
    ----------
    func : callable
        Takes the inputs, returns a Tensor or a sequence of Tensor.
    inputs : Tensor, any shape, or sequence of Tensor and other objects
        Float64 and complex128 tensors that require grad are checked; other inputs are passed on.
    eps : float
        The step h of f(x ± h).  The default, ∛ε, suits smooth functions.  For functions that are linear in each
        input use 1.
    atol, rtol : float
        The allowed difference between the two derivatives of one output element with respect to one input
        element: atol, plus rtol times the larger of the two, plus the uncertainty of the finite difference.
    raise_exception : bool
        Raise an error, or return False.
    fast_mode : bool
        Check 8 random elements of each input and of the outputs, and all outputs together.

    Returns
    -------
    bool
        True if all gradients are correct.

    Raises
    ------
    GradcheckError
        If a gradient is wrong; the message names the function, the input, the elements and both numbers.
        Also if a gradient cannot be judged: an output is not finite, or the rounding error of a finite
        difference is too large.
    TypeError
        If an input that requires grad is not float64.
    ValueError
        If no input requires grad.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.randn(3, dtype=autograd.float64, requires_grad=True)
    >>> autograd.gradcheck(lambda x: (x * x).exp(), x)
    True
    """
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    if not any(isinstance(x, Tensor) and x.requires_grad for x in inputs):
        raise ValueError("gradcheck: no input requires grad, so there is nothing to check")
    name, words = _names(func, len(inputs))
    settings = _Settings(eps, atol, rtol, FEW if fast_mode else None)
    return _is_right(f"{name}: the gradient", words, func, inputs, settings, raise_exception)


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 6e-6,
    atol: float = 0.0,
    rtol: float = 1e-6,
    raise_exception: bool = True,
    fast_mode: bool = False,
) -> bool:
    """Compare second derivatives, with respect to inputs and out-gradients, with finite differences.

    Parameters
    ----------
    func, inputs, eps, atol, rtol, raise_exception, fast_mode
        As for `gradcheck`.
    grad_outputs : Tensor or sequence of Tensor, optional
        The out-gradient of each output that has a graph, float64, of its shape.  Those that require grad are checked,
        too.  Default: random ones that require grad.

    Returns
    -------
    bool
        True if all second gradients are correct.

    Raises
    ------
    GradcheckError
        If a second gradient is wrong or cannot be judged; the message names the function, the input or
        out-gradient, the element and both numbers.
    TypeError
        If an input that requires grad is not float64.
    ValueError
        If no output has a graph.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.randn(3, dtype=autograd.float64, requires_grad=True)
    >>> autograd.gradgradcheck(lambda x: (x * x).exp(), x)
    True
    """
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)

    def differentiable(*inputs: Any) -> list[Tensor]:
        return [y for y in as_tuple(func(*inputs)) if y.requires_grad]

    if grad_outputs is None:
        rng = np.random.default_rng(0)
        made = [random_like(y.array, rng) for y in differentiable(*inputs)]
        grad_outputs = [wrap(g, requires_grad=True) for g in made]
    gs = (grad_outputs,) if isinstance(grad_outputs, Tensor) else tuple(grad_outputs)
    if not gs:
        raise ValueError("gradgradcheck: no output has a graph, so there is nothing to check")

    def gradient(*inputs_and_gs: Any) -> tuple[Tensor, ...]:
        arguments, incoming = inputs_and_gs[: len(inputs)], inputs_and_gs[len(inputs) :]
        wanted = [x for x in arguments if isinstance(x, Tensor) and x.requires_grad]
        found = grad(differentiable(*arguments), wanted, incoming, create_graph=True, allow_unused=True)
        return tuple(d for d in found if d is not None)

    name, words = _names(func, len(inputs))
    words += [f"grad_outputs[{k}]" for k in range(len(gs))]
    settings = _Settings(eps, atol, rtol, FEW if fast_mode else None)
    return _is_right(f"{name}: the second gradient", words, gradient, [*inputs, *gs], settings, raise_exception)


def _names(func: Callable[..., Any], count: int) -> tuple[str, list[str]]:
    """The function's name, and "input 0 (x)" for each input, with the name from the signature if there is one."""
    while isinstance(func, functools.partial):
        func = func.func
    if isinstance(func, Row):  # its reference has the argument names
        name, func = func.name, func.reference
    else:
        name = getattr(func, "__name__", type(func).__name__)
    try:
        parameters = list(inspect.signature(func).parameters.values())
    except (TypeError, ValueError):  # not a Python function
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    words = [f"input {i}" + (f" ({names[i]})" if i < len(names) else "") for i in range(count)]
    return name, words


def _is_right(
    what: str,
    words: Sequence[str],
    func: Callable[..., Any],
    inputs: Sequence[Any],
    settings: _Settings,
    raise_exception: bool,
) -> bool:
    """Whether the check passes; if it does not and `raise_exception` is set, raise its error."""
    try:
        _check(what, words, func, inputs, settings)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _check(
    what: str, words: Sequence[str], func: Callable[..., Any], inputs: Sequence[Any], settings: _Settings
) -> None:
    """Raise GradcheckError for the first gradient that is wrong, or that finite differences cannot judge.

    Each output element is compared with respect to each input element.  The allowed difference is computed from
    these two alone, so a large or infinite neighbour does not widen it.  With `settings.most`, only that many
    elements of each input and of the outputs are compared.  In both cases all outputs are compared together for
    one random out-gradient.
    """
    point = _Point(func, inputs)
    if not np.isfinite(point.y).all() and any(x.array.size for _, x in point.checked):
        k = int(np.flatnonzero(~np.isfinite(point.y))[0])
        raise GradcheckError(
            f"{what} cannot be judged: {point.place(k)} is {point.y[k]:g}, so finite differences are meaningless; "
            "check the function where all of its outputs are finite"
        )
    rng = np.random.default_rng(0)
    g = rng.standard_normal(point.y.size)
    together = point.backward(g)
    rows = np.array([k for (k,) in _some(point.y.shape, settings.most, rng)], dtype=int)
    single = [point.backward(np.eye(1, point.y.size, k)[0]) for k in rows]
    for n, (i, tensor) in enumerate(point.checked):
        x = parts(tensor.array)
        by_row = np.array([found[n] for found in single]).reshape(len(rows), *x.shape)
        for index in _some(x.shape, settings.most, rng):
            every: tuple[Any, ...] = (slice(None), *index)
            ours = by_row[every]
            place = f"at {list(index)}, where the input is {x[index]:.9g}"
            where = f"{what} of {words[i]}, of shape {x.shape}, {{}} {place}"
            if not np.isfinite(together[n][index]):
                raise GradcheckError(
                    f"{where.format('is wrong')}: for a random out-gradient backward says {together[n][index]}, "
                    "although all outputs are finite"
                )
            theirs, doubt = _compare(point, x, index, rows, ours, settings, where)
            # a backward that is right for each output alone may be wrong for all, if it overwrites instead of adding
            terms = theirs.copy()
            terms[rows] = ours
            expected = (g * terms).sum()
            allowed = settings.atol + (np.abs(g) * (settings.rtol * np.abs(terms) + doubt + CANCELLATION)).sum()
            if not abs(together[n][index] - expected) <= allowed:
                raise GradcheckError(
                    f"{where.format('is wrong')}: for a random out-gradient backward says "
                    f"{together[n][index]:.9g}, finite differences and the gradients of single outputs {expected:.9g}"
                )


def _compare(
    point: _Point, x: Array, index: Shape, rows: Array, ours: Array, settings: _Settings, where: str
) -> tuple[Array, Array]:
    """The derivative of each output with respect to x[index] by finite differences, and its uncertainty.

    Raises GradcheckError if `ours`, the derivatives of outputs `rows` by backward, differ from it.
    """
    step, atol, rtol, _ = settings

    def slopes(step: float) -> tuple[Array, Array]:
        above, below, distance = point.moved(x, index, step)
        with np.errstate(all="ignore"):
            largest = np.maximum(np.abs(above), np.abs(below))
            return (above - below) / distance, 32 * point.eps * largest / distance

    def cannot(k: int, why: str) -> GradcheckError:
        return GradcheckError(f"{where.format('cannot be judged')}: {point.place(k)}, which is {point.y[k]:.9g}, {why}")

    theirs, doubt = slopes(step)
    if not (np.isfinite(theirs) & np.isfinite(doubt)).all():
        k = int(np.flatnonzero(~np.isfinite(theirs + doubt))[0])
        raise cannot(k, f"is not finite at a distance of {step:g}; check it at another point, or with a smaller eps")
    with np.errstate(all="ignore"):
        apart = np.where(ours == theirs[rows], 0, np.abs(ours - theirs[rows]))
        apart = np.nan_to_num(apart, nan=np.inf)
    size = np.maximum(np.abs(theirs[rows]), np.where(np.isfinite(ours), np.abs(ours), 0))
    # forward and backward may round differently where large terms cancel
    cancellation = np.minimum(CANCELLATION, 1e-3 * size) + 16 * point.eps[rows]
    if (apart > atol + rtol * size + doubt[rows] + cancellation).any():
        # the finite differences of other steps show how far off this one can be
        others = [slopes(share * step)[0] for share in (0.5, 0.7, 0.85)]
        with np.errstate(all="ignore"):
            doubt = np.nan_to_num(doubt + 10 * np.max([np.abs(other - theirs) for other in others], axis=0), nan=np.inf)
    allowed = atol + rtol * size + doubt[rows] + cancellation
    wrong = np.flatnonzero(apart > allowed)
    if wrong.size:
        r = int(wrong[(apart[wrong] / np.maximum(size[wrong], np.finfo(float).tiny)).argmax()])
        raise GradcheckError(
            f"{where.format('is wrong')}: of {point.place(rows[r])}, which is {point.y[rows[r]]:.9g}, backward says "
            f"{ours[r]:.9g}, finite differences {theirs[rows[r]]:.9g} (allowed: {allowed[r]:.2g} apart)"
        )
    lost = np.flatnonzero((apart > 0) & (doubt[rows] > np.maximum(max(atol, NOISE), 0.01 * size)))
    if lost.size:
        r = int(lost[0])
        raise cannot(
            int(rows[r]),
            f"has finite differences of {theirs[rows[r]]:.2g} that are uncertain by {doubt[rows[r]]:.2g}, and backward "
            f"says {ours[r]:.2g}; scale the function down, choose another eps, or check it at another point",
        )
    return theirs, doubt
