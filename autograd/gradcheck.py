"""Is a gradient right?  Backward against central finite differences."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd import engine
from autograd.op import Row
from autograd.tensor import Tensor

FEW = 8  # entries of each input that fast_mode looks at


class GradcheckError(AssertionError):
    """A gradient that differs from the finite difference; the message says which entry."""


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
        kept = x[index]
        try:
            x[index] = kept + step
            above, high = f(), x[index]
            x[index] = kept - step
            below, low = f(), x[index]
        finally:
            x[index] = kept
        gradient[index] = (above - below) / (high - low)  # the step that was really taken
    return gradient


def gradients(
    function: Callable[..., Any], inputs: Sequence[Any], step: float, seed: int = 0, most: int | None = None
) -> list[tuple[int, np.ndarray, np.ndarray, float]]:
    """(number, backward's gradient, numerical gradient, its rounding) of each input that requires grad.

    The scalar that is differentiated is ⟨g, function(*inputs)⟩ with random g, one for each
    float output: a plain sum would have gradient 0 behind a softmax, right or wrong.  With `most`
    the numerical gradient of a larger input is taken at so many of its entries, drawn at random,
    and is backward's everywhere else.
    """
    rng = np.random.default_rng(seed)
    checked = [(i, x) for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    for i, x in checked:
        if x.dtype != np.float64:
            raise TypeError(f"gradcheck: input {i} is {x.dtype}; finite differences need float64, so use .double()")
        if not x.array.flags.writeable:
            raise ValueError(f"gradcheck: input {i} is read-only, and its elements have to be moved; use .clone()")

    def outputs() -> list[Tensor]:
        return [y for y in as_tuple(function(*inputs)) if y.dtype.kind == "f"]

    ys = outputs()
    gs = [np.asarray(rng.standard_normal(y.shape)) for y in ys]
    for g in gs:
        g.flags.writeable = False  # a backward that writes to its g shows itself
    # an output without a graph counts too: if it depends on an input, the finite difference shows what is missing
    roots = [(y, Tensor(g)) for y, g in zip(ys, gs, strict=True) if y.requires_grad]
    found = engine.grad([y for y, _ in roots], [x for _, x in checked], [g for _, g in roots], allow_unused=True)

    def loss() -> float:  # recorded like any call: the function may take gradients itself
        return float(sum(float((g * y.array).sum()) for g, y in zip(gs, outputs(), strict=True)))

    # ε f / h: all there is of the difference where a gradient is 0
    rounding = 16 * np.finfo(np.float64).eps * (1 + sum(float(np.abs(y.array).sum()) for y in ys)) / step
    results: list[tuple[int, np.ndarray, np.ndarray, float]] = []
    for (i, x), d in zip(checked, found, strict=True):
        ours = np.zeros(x.shape) if d is None else d.array
        if most is None or x.array.size <= most:
            theirs = numerical_gradient(loss, x.array, step)
        else:
            chosen = np.unravel_index(rng.choice(x.array.size, most, replace=False), x.shape)
            theirs = ours.copy()
            theirs[chosen] = numerical_gradient(loss, x.array, step, list(zip(*chosen, strict=True)))[chosen]
        results.append((i, ours, theirs, rounding))
    return results


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
        The largest difference allowed: atol, and rtol times the gradient's largest element; the
        rounding of the finite difference itself comes on top.
    raise_exception : bool
        Raise, or return False.
    fast_mode : bool
        Of each input look at 8 entries, drawn at random.

    Returns
    -------
    bool
        True if every gradient is right.

    Raises
    ------
    GradcheckError
        Naming the function, the input, the element and both numbers.
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
    found = gradients(func, inputs, eps, most=FEW if fast_mode else None)
    name, words = _names(func, len(inputs))
    return _judge(f"{name}: the gradient", words, inputs, found, atol, rtol, raise_exception)


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

    found = gradients(gradient, [*inputs, *gs], eps, most=FEW if fast_mode else None)
    name, words = _names(func, len(inputs))
    words += [f"grad_outputs[{k}]" for k in range(len(gs))]
    return _judge(f"{name}: the second gradient", words, [*inputs, *gs], found, atol, rtol, raise_exception)


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


def _judge(
    what: str,
    words: Sequence[str],
    inputs: Sequence[Any],
    found: Iterable[tuple[int, np.ndarray, np.ndarray, float]],
    atol: float,
    rtol: float,
    raise_exception: bool,
) -> bool:
    """Whether all gradients found are right; else raise, if asked to, for the first that is not, at its worst entry."""
    for i, ours, theirs, rounding in found:
        scale = max(np.abs(a[np.isfinite(a)]).max(initial=0) for a in (ours, theirs))
        allowed = atol + rtol * scale + rounding
        with np.errstate(invalid="ignore"):
            same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
            difference = np.where(same, 0, np.nan_to_num(np.abs(ours - theirs), nan=np.inf))
        if not (difference <= allowed).all():
            if not raise_exception:
                return False
            where = tuple(int(k) for k in np.unravel_index(int(difference.argmax()), ours.shape))
            raise GradcheckError(
                f"{what} of {words[i]}, of shape {ours.shape}, is wrong at {list(where)}, "
                f"where the input is {inputs[i].array[where]:.9g}: "
                f"for a random incoming gradient backward says {ours[where]:.9g}, "
                f"finite differences {theirs[where]:.9g} (allowed: {allowed:.2g} apart)"
            )
    return True
