"""Is a gradient right?  Backward against central finite differences."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd import engine
from autograd.op import Row
from autograd.tensor import Tensor

FEW = 8  # elements of each input, and of the outputs, that fast_mode looks at
CANCELLATION = 1e-11  # forward and backward may differ by so much where terms of about 1 cancel
NOISE = 1e-6  # a gradient smaller than this may drown in the rounding of its finite difference


class GradcheckError(AssertionError):
    """A gradient that differs from the finite difference, or that it cannot judge; the message says which element."""


def as_tuple(result: Any) -> tuple[Any, ...]:
    """What a function returned, as a tuple of outputs."""
    return tuple(result) if isinstance(result, tuple | list) else (result,)


def relative_error(a: np.ndarray, b: np.ndarray) -> float:
    """max |a - b| / max(|a|, |b|, tiny), element by element against the larger array's scale.

    0 for two arrays of zeros; NaN and inf count as infinitely wrong unless both agree.
    """
    if a.size == 0:
        return 0.0
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return 0.0 if np.array_equal(a, b, equal_nan=True) else float("inf")
    scale = max(float(np.abs(a).max()), float(np.abs(b).max()))
    return float(np.abs(a - b).max()) / scale if scale else 0.0


def difference(f: Callable[[], Any], x: np.ndarray, index: tuple[int, ...], step: float) -> tuple[Any, Any, float]:
    """f with x[index] a step higher, f with it a step lower, and the distance between the two values of x[index].

    `x` is written to, and put back.
    """
    kept = x[index]
    try:
        x[index] = kept + step
        above, high = f(), x[index]
        x[index] = kept - step
        below, low = f(), x[index]
    finally:
        x[index] = kept
    return above, below, float(high - low)  # the distance that rounding has left


def numerical_gradient(
    f: Callable[[], float], x: np.ndarray, step: float, places: Iterable[tuple[int, ...]] | None = None
) -> np.ndarray:
    """df/dx by central differences, (f(x + h) - f(x - h)) / 2h, one element at a time: all, or those at `places`.

    `x` is written to, and put back.  The error is of order h² f‴, and ε f / h from rounding:
    h = ∛ε balances them for a smooth f; where f is linear between kinks any h up to the
    nearest kink has the second error alone.
    """
    gradient = np.zeros(x.shape)
    for index in np.ndindex(*x.shape) if places is None else places:
        above, below, distance = difference(f, x, index, step)
        gradient[index] = (above - below) / distance
    return gradient


class _Point:
    """A function at one point: its float outputs as one vector, and backward's gradients of them.

    Attributes
    ----------
    checked : list of (int, Tensor)
        The inputs that require grad, with their numbers.
    y : ndarray, (m,)
        The elements of all float outputs, one output after the other.
    """

    def __init__(self, function: Callable[..., Any], inputs: Sequence[Any]) -> None:
        self.function, self.inputs = function, inputs
        self.checked = [(i, x) for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
        for i, x in self.checked:
            if x.dtype != np.float64:
                raise TypeError(f"gradcheck: input {i} is {x.dtype}; finite differences need float64, so use .double()")
            if not x.array.flags.writeable:
                raise ValueError(f"gradcheck: input {i} is read-only, and its elements have to be moved; use .clone()")
        self.outputs = self._call()
        self.y = self._vector(self.outputs)
        self.ends = np.cumsum([y.array.size for y in self.outputs], dtype=int)
        self.eps = np.concatenate([np.full(y.array.size, np.finfo(y.dtype).eps) for y in self.outputs] or [np.zeros(0)])

    def _call(self) -> list[Tensor]:
        return [y for y in as_tuple(self.function(*self.inputs)) if y.dtype.kind == "f"]

    @staticmethod
    def _vector(outputs: Sequence[Tensor]) -> np.ndarray:
        return np.concatenate([y.array.astype(np.float64).ravel() for y in outputs] or [np.zeros(0)])

    def moved(self, x: np.ndarray, index: tuple[int, ...], step: float) -> tuple[np.ndarray, np.ndarray, float]:
        """The outputs on both sides of x[index], and the distance: recorded, as the function may take gradients."""
        return difference(lambda: self._vector(self._call()), x, index, step)

    def backward(self, g: np.ndarray) -> list[np.ndarray]:
        """The gradient of ⟨g, y⟩ by each checked input."""
        roots, gs = [], []
        for y, part in zip(self.outputs, np.split(g, self.ends[:-1]), strict=False):
            # an output without a graph has gradient 0: if it depends on an input, finite differences show it
            if y.requires_grad:
                incoming = part.reshape(y.shape).astype(y.dtype)
                incoming.flags.writeable = False  # a backward that writes to its g shows itself
                roots.append(y)
                gs.append(Tensor(incoming))
        wanted = [x for _, x in self.checked]
        found = engine.grad(roots, wanted, gs, retain_graph=True, allow_unused=True)
        return [np.zeros(x.shape) if d is None else d.array for x, d in zip(wanted, found, strict=True)]

    def place(self, k: int) -> str:
        """Where element k of the vector is: "output 0 at [1, 2]"."""
        number = int(np.searchsorted(self.ends, k, side="right"))
        y = self.outputs[number]
        where = np.unravel_index(k - (self.ends[number] - y.array.size), y.shape)
        return f"output {number} at {[int(n) for n in where]}"


def _some(shape: tuple[int, ...], most: int | None, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """The indices of an array: all, or `most` of them, drawn at random."""
    size = math.prod(shape)
    if most is None or size <= most:
        return list(np.ndindex(*shape))
    chosen = np.unravel_index(rng.choice(size, most, replace=False), shape)
    return [tuple(int(k) for k in index) for index in zip(*chosen, strict=True)]


def gradients(
    function: Callable[..., Any], inputs: Sequence[Any], step: float, seed: int = 0
) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """(number, backward's gradient, numerical gradient) of each input that requires grad.

    The scalar that is differentiated is ⟨g, function(*inputs)⟩ with random g, one for each
    float output: a plain sum would have gradient 0 behind a softmax, right or wrong.
    """
    point = _Point(function, inputs)
    g = np.random.default_rng(seed).standard_normal(point.y.size)
    found = point.backward(g)
    return [
        (i, ours, numerical_gradient(lambda: float((g * point._vector(point._call())).sum()), x.array, step))
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
    """Compare backward's gradients with central finite differences.

    Parameters
    ----------
    func : callable
        Takes the inputs, returns a Tensor or several.
    inputs : Tensor or sequence
        Those that are float64 Tensors with requires_grad are checked; others are passed on.
    eps : float
        The step h of f(x ± h).  The default, ∛ε, suits smooth functions; for functions that are
        linear in each input take 1.
    atol, rtol : float
        The largest difference allowed, for each element of an output by each element of an input: atol, and rtol
        times the larger of the two numbers; the uncertainty of the finite difference comes on top.
    raise_exception : bool
        Raise, or return False.
    fast_mode : bool
        Of each input and of the outputs look at 8 elements, drawn at random; and at all outputs together.

    Returns
    -------
    bool
        True if every gradient is right.

    Raises
    ------
    GradcheckError
        If a gradient is wrong, naming the function, the input, the elements and both numbers.  If it cannot be
        judged: an output is not finite, or rounding leaves nothing of a finite difference.
    TypeError
        If an input that requires grad is not float64.

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
    return _is_right(f"{name}: the gradient", words, func, inputs, eps, atol, rtol, fast_mode, raise_exception)


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
    """Compare the gradients of gradients, by inputs and incoming gradients, with finite differences.

    Parameters
    ----------
    func, inputs, eps, atol, rtol, raise_exception, fast_mode
        As `gradcheck` takes them.
    grad_outputs : Tensor or sequence of Tensor, optional
        The incoming gradient of each output that has a graph, float64; those that require grad
        are differentiated by, too.  Default: random ones that do.

    Returns
    -------
    bool
        True if every second gradient is right.

    Raises
    ------
    GradcheckError
        Naming the function, the input or incoming gradient, the element and both numbers.
    TypeError
        If an input that requires grad is not float64.

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
        made = [np.asarray(rng.standard_normal(y.shape)).astype(y.dtype) for y in differentiable(*inputs)]
        grad_outputs = [Tensor(g, requires_grad=True) for g in made]
    gs = (grad_outputs,) if isinstance(grad_outputs, Tensor) else tuple(grad_outputs)
    if not gs:
        raise ValueError("gradgradcheck: no output has a graph, so there is nothing to check")

    def gradient(*inputs_and_gs: Any) -> tuple[Tensor, ...]:
        arguments, incoming = inputs_and_gs[: len(inputs)], inputs_and_gs[len(inputs) :]
        wanted = [x for x in arguments if isinstance(x, Tensor) and x.requires_grad]
        found = engine.grad(differentiable(*arguments), wanted, incoming, create_graph=True, allow_unused=True)
        return tuple(d for d in found if d is not None)

    name, words = _names(func, len(inputs))
    words += [f"grad_outputs[{k}]" for k in range(len(gs))]
    what = f"{name}: the second gradient"
    return _is_right(what, words, gradient, [*inputs, *gs], eps, atol, rtol, fast_mode, raise_exception)


def _names(func: Callable[..., Any], count: int) -> tuple[str, list[str]]:
    """The function's name, and "input 0 (x)" and so on, as far as its signature has names."""
    while isinstance(func, functools.partial):
        func = func.func
    if isinstance(func, Row):  # its arguments have their names in its reference
        name, func = func.name, func.reference
    else:
        name = getattr(func, "__name__", type(func).__name__)
    try:
        parameters = list(inspect.signature(func).parameters.values())
    except (TypeError, ValueError):  # a function that is not written in Python
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    words = [f"input {i}" + (f" ({names[i]})" if i < len(names) else "") for i in range(count)]
    return name, words


def _is_right(
    what: str,
    words: Sequence[str],
    func: Callable[..., Any],
    inputs: Sequence[Any],
    step: float,
    atol: float,
    rtol: float,
    fast_mode: bool,
    raise_exception: bool,
) -> bool:
    try:
        _check(what, words, func, inputs, step, atol, rtol, FEW if fast_mode else None)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _check(
    what: str,
    words: Sequence[str],
    func: Callable[..., Any],
    inputs: Sequence[Any],
    step: float,
    atol: float,
    rtol: float,
    most: int | None,
) -> None:
    """Raise GradcheckError for the first gradient that is wrong, or that finite differences cannot judge.

    Every output element is compared by every input element.  Its allowance counts from its own numbers: no large or
    infinite neighbour widens it.  With `most`, that many elements of each input and of the outputs are compared, and
    all outputs together for one random incoming gradient.
    """
    point = _Point(func, inputs)
    if not np.isfinite(point.y).all() and any(x.array.size for _, x in point.checked):
        k = int(np.flatnonzero(~np.isfinite(point.y))[0])
        raise GradcheckError(
            f"{what} cannot be judged: {point.place(k)} is {point.y[k]:g}, and finite differences of it mean nothing; "
            "check the function where all of its outputs are finite"
        )
    rng = np.random.default_rng(0)
    g = rng.standard_normal(point.y.size)
    together = point.backward(g)
    rows = np.array([k for (k,) in _some(point.y.shape, most, rng)], dtype=int)
    single = [point.backward(np.eye(1, point.y.size, k)[0]) for k in rows]
    for n, (i, x) in enumerate(point.checked):
        by_row = np.array([found[n] for found in single]).reshape(len(rows), *x.shape)
        for index in _some(x.shape, most, rng):
            every: tuple[Any, ...] = (slice(None), *index)
            ours = by_row[every]
            place = f"at {list(index)}, where the input is {x.array[index]:.9g}"
            where = f"{what} of {words[i]}, of shape {x.shape}, {{}} {place}"
            if not np.isfinite(together[n][index]):
                raise GradcheckError(
                    f"{where.format('is wrong')}: for a random incoming gradient backward says {together[n][index]}, "
                    "although all outputs are finite"
                )
            theirs, doubt = _compare(point, x.array, index, step, rows, ours, atol, rtol, where)
            # a backward that is right for each output alone may be wrong for all: where it sets what it should add
            terms = theirs.copy()
            terms[rows] = ours
            expected = (g * terms).sum()
            allowed = atol + (np.abs(g) * (rtol * np.abs(terms) + doubt + CANCELLATION)).sum()
            if not abs(together[n][index] - expected) <= allowed:
                raise GradcheckError(
                    f"{where.format('is wrong')}: for a random incoming gradient backward says "
                    f"{together[n][index]:.9g}, finite differences and the gradients of single outputs {expected:.9g}"
                )


def _compare(
    point: _Point,
    x: np.ndarray,
    index: tuple[int, ...],
    step: float,
    rows: np.ndarray,
    ours: np.ndarray,
    atol: float,
    rtol: float,
    where: str,
) -> tuple[np.ndarray, np.ndarray]:
    """The slope of every output by x[index], with its uncertainty. Raise if backward's, `ours` of `rows` is wrong."""

    def slopes(step: float) -> tuple[np.ndarray, np.ndarray]:
        above, below, distance = point.moved(x, index, step)
        with np.errstate(all="ignore"):
            largest = np.maximum(np.abs(above), np.abs(below))
            return (above - below) / distance, 32 * point.eps * largest / distance

    def cannot(k: int, why: str) -> GradcheckError:
        return GradcheckError(f"{where.format('cannot be judged')}: {point.place(k)}, which is {point.y[k]:.9g}, {why}")

    theirs, doubt = slopes(step)
    if not (np.isfinite(theirs) & np.isfinite(doubt)).all():
        k = int(np.flatnonzero(~np.isfinite(theirs + doubt))[0])
        raise cannot(k, f"is not finite a step of {step:g} away; check it farther from there, or with a smaller eps")
    with np.errstate(all="ignore"):
        apart = np.where(ours == theirs[rows], 0, np.abs(ours - theirs[rows]))
        apart = np.nan_to_num(apart, nan=np.inf)
    size = np.maximum(np.abs(theirs[rows]), np.where(np.isfinite(ours), np.abs(ours), 0))
    # forward and backward round differently where large terms cancel
    cancellation = np.minimum(CANCELLATION, 1e-3 * size) + 16 * point.eps[rows]
    if (apart > atol + rtol * size + doubt[rows] + cancellation).any():
        # how far the differences of other steps are from this one tells how wrong the difference itself can be
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
