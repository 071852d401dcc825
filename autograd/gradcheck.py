"""Is a gradient right?  Backward against central finite differences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd import engine
from autograd.tensor import Tensor


class GradcheckError(AssertionError):
    """A gradient that differs from the finite difference; the message says which entry."""


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
    function: Callable[..., Any], inputs: Sequence[Any], step: float, seed: int = 0
) -> list[tuple[int, np.ndarray, np.ndarray, float]]:
    """(number, backward's gradient, numerical gradient, its rounding) of each input that requires grad.

    The scalar that is differentiated is ⟨g, function(*inputs)⟩ with random g, one for each
    float output: a plain sum would have gradient 0 behind a softmax, right or wrong.
    """
    rng = np.random.default_rng(seed)
    checked = [(i, x) for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    for i, x in checked:
        if x.dtype != np.float64:
            raise TypeError(f"gradcheck: input {i} is {x.dtype}; finite differences need float64, so use .double()")
        if not x.array.flags.writeable:
            raise ValueError(f"gradcheck: input {i} is read-only, and its elements have to be moved; use .clone()")

    def outputs() -> list[Tensor]:
        result = function(*inputs)
        results = result if isinstance(result, tuple | list) else (result,)
        return [y for y in results if y.dtype.kind == "f"]

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
    return [
        (i, np.zeros(x.shape) if d is None else d.array, numerical_gradient(loss, x.array, step), rounding)
        for (i, x), d in zip(checked, found, strict=True)
    ]


def gradcheck(
    function: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 6e-6,
    tolerance: float = 1e-6,
    raise_exception: bool = True,
) -> bool:
    """Compare backward's gradients with central finite differences.

    Parameters
    ----------
    function : callable
        Takes the inputs, returns a Tensor or several.
    inputs : Tensor or sequence
        Those that are float64 Tensors with requires_grad are checked; others are passed on.
    eps : float
        The step h of f(x ± h).  The default, ∛ε, suits smooth functions; for functions that are
        linear in each input take 1.
    tolerance : float
        The largest difference allowed, as a share of the gradient's largest element; the rounding
        of the finite difference itself comes on top.
    raise_exception : bool
        Raise, or return False.

    Returns
    -------
    bool
        True if every gradient is right.

    Raises
    ------
    GradcheckError
        Naming the input, the element and both numbers.
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
    for i, ours, theirs, rounding in gradients(function, inputs, eps):
        scale = max(np.abs(a[np.isfinite(a)]).max(initial=0) for a in (ours, theirs))
        allowed = tolerance * scale + rounding
        with np.errstate(invalid="ignore"):
            same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
            difference = np.where(same, 0, np.nan_to_num(np.abs(ours - theirs), nan=np.inf))
        if not (difference <= allowed).all():
            if not raise_exception:
                return False
            where = tuple(int(k) for k in np.unravel_index(int(difference.argmax()), ours.shape))
            raise GradcheckError(
                f"gradcheck: the gradient of input {i}, of shape {ours.shape}, is wrong at {list(where)}: "
                f"backward says {ours[where]:.9g}, finite differences {theirs[where]:.9g} "
                f"(allowed: {allowed:.2g} apart)"
            )
    return True
