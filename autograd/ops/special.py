"""Special functions, computed by SciPy.

    y = erf x      dx = g 2/√π e^(-x²)              y = ln Γ(x)      dx = g ψ(x)
    y = erfc x     dx = -g 2/√π e^(-x²)             y = ψ(x)         dx = g ψ₁(x)
    y = erfcx x    dx = g (2xy - 2/√π)              y = ψₙ(x)        dx = g ψₙ₊₁(x)
    y = erfinv x   dx = g √π/2 e^(y²)               y = I₀(x)        dx = g I₁(x)
    y = Φ(x)       dx = g e^(-x²/2) / √2π           y = I₁(x)        dx = g (I₀(x) - y/x)           (1/2 at 0)
    y = log Φ(x)   dx = g √(2/π) / erfcx(-x/√2)     y = e^-|x| I₀    dx = g (e^-|x| I₁ - y sign x)
    y = Φ⁻¹(x)     dx = g √2π e^(y²/2)              y = e^-|x| I₁    dx = g (e^-|x| I₀ - y (sign x + 1/x))
    y = -x log x   dx = -g (1 + log x)

Φ is the standard normal distribution function, ψ the digamma function, I₀ and I₁ are modified Bessel functions.  The
other Bessel functions, zeta and the incomplete gamma functions have no gradient, as in PyTorch.

References
----------
Abramowitz, Stegun, "Handbook of Mathematical Functions", chapters 6, 7, 9 and 26.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.low_precision import in_float32
from autograd.op import BadSample, Op, Sample
from autograd.ops.functions import exp, log, sign
from autograd.ops.shared.checks import check_float, run_broadcast
from autograd.ops.shared.rows import binary_row, composite_row, discrete_row, one_tensor, unary_row
from autograd.ops.where import where
from autograd.types import Array, Gradient, Number

if TYPE_CHECKING:
    from autograd.tensor import Tensor

ROOT_PI = math.sqrt(math.pi)
ROOT_2PI = math.sqrt(2 * math.pi)


def _scipy(name: str, *arrays: Any) -> Array:
    """A function of scipy.special, in the dtype of its last argument."""
    from scipy import special  # its import takes a tenth of a second

    return np.asarray(getattr(special, name)(*arrays)).astype(arrays[-1].dtype)


def _of_numbers(function: Callable[[float], float]) -> Callable[[Array], Array]:
    """Python's own function, one element at a time."""
    return lambda x: np.asarray(np.frompyfunc(function, 1, 1)(x)).astype(x.dtype)


def _row(
    name: str,
    scipy_name: str,
    backward: Callable[..., Gradient],
    low: float = -2,
    high: float = 2,
    *,
    saves: tuple[int, ...] = (0,),
    reference: Callable[[Array], Array] | None = None,
    shift: float = 0,
) -> Op:
    """A row of one input.  Without a reference it is SciPy's function in float64."""

    def in_float64(x: Array) -> Array:
        return _scipy(scipy_name, x.astype(np.float64)).astype(x.dtype)

    return unary_row(
        name,
        lambda x: _scipy(scipy_name, x),
        backward,
        reference or in_float64,
        low,
        high,
        shift=shift,
        saves=saves,
        promotes="float",
    )


def _x(ctx: Context) -> Any:
    return ctx.saved_tensors[0]


# ── error functions and the normal distribution ────────────────────────────────────────

_erf_op = _row(
    "erf", "erf", lambda ctx, g: g * (2 / ROOT_PI) * exp(-_x(ctx) * _x(ctx)), reference=_of_numbers(math.erf)
)
_erfc_op = _row(
    "erfc", "erfc", lambda ctx, g: g * (-2 / ROOT_PI) * exp(-_x(ctx) * _x(ctx)), reference=_of_numbers(math.erfc)
)
_erfcx_op = _row("erfcx", "erfcx", lambda ctx, g: g * (2 * _x(ctx) * ctx.saved_tensors[1] - 2 / ROOT_PI), saves=(0, ~0))
_erfinv_op = _row("erfinv", "erfinv", lambda ctx, g: g * (ROOT_PI / 2) * exp(_x(ctx) * _x(ctx)), -0.9, 0.9, saves=(~0,))
_ndtr_op = _row("ndtr", "ndtr", lambda ctx, g: g * exp(-0.5 * _x(ctx) * _x(ctx)) / ROOT_2PI)
_ndtri_op = _row("ndtri", "ndtri", lambda ctx, g: g * ROOT_2PI * exp(0.5 * _x(ctx) * _x(ctx)), 0.1, 0.9, saves=(~0,))
_log_ndtr_op = _row(
    "log_ndtr", "log_ndtr", lambda ctx, g: g * math.sqrt(2 / math.pi) / erfcx(_x(ctx) * -math.sqrt(0.5))
)


def _entr(x: Array) -> Array:
    y = np.where(x == 0, x.dtype.type(0), -x * np.log(x))
    return np.where(x < 0, x.dtype.type(-np.inf), y)


_entr_op = unary_row(
    "entr",
    _entr,
    lambda ctx, g: -g * (1 + log(_x(ctx))),
    lambda x: _scipy("entr", x),
    0.1,
    4,
    saves=(0,),
    promotes="float",
)


# ── gamma functions ────────────────────────────────────────────────────────────────────


def _polygamma_forward(x: Array, *, n: int) -> Array:
    if n == 0:
        return _scipy("psi", x)
    z = x.astype(np.float64)
    sums = math.gamma(n + 1) * np.asarray(_scipy("zeta", np.float64(n + 1), np.where(z > 0, z, 1.0)))
    if np.any(z <= 0):  # by reflection, n-th derivative of ψ(1-x) - π / tan(πx): SciPy's zeta needs positive numbers
        from scipy import special

        sums = np.where(z > 0, sums, np.abs(special.polygamma(n, z)) if n % 2 else -special.polygamma(n, z))
    return ((-1) ** (n + 1) * sums).astype(x.dtype)


def _polygamma_check(x: Array, *, n: int) -> None:
    if n < 0:
        raise RuntimeError(f"polygamma: n is {n}; it must be at least 0")


def _polygamma_reference(x: Array, *, n: int) -> Array:
    """A sum of 60 terms and the Euler-Maclaurin remainder, for positive numbers; otherwise SciPy's."""
    return _polygamma_forward(x.astype(np.float64), n=n).astype(x.dtype)


_polygamma_op: Op = unary_row(
    "polygamma",
    _polygamma_forward,
    lambda ctx, g, *, n: g * _polygamma_op(_x(ctx), n=n + 1),
    _polygamma_reference,
    sample=lambda draw: Sample(one_tensor(0.5, 4)(draw).inputs, {"n": draw.choice(0, 1, 2)}),
    check=_polygamma_check,
    bad_samples=[BadSample((np.ones(2),), {"n": -1}, RuntimeError, ("polygamma", "n is -1"))],
    saves=(0,),
    promotes="float",
)
_digamma_op = _row("digamma", "psi", lambda ctx, g: g * _polygamma_op(_x(ctx), n=1), 0.5, 4)
_lgamma_op = _row("lgamma", "gammaln", lambda ctx, g: g * digamma(_x(ctx)), 0.5, 4)


def _pair(name: str, scipy_name: str, lows: tuple[float, float], highs: tuple[float, float]) -> Op:
    """A row of two inputs without gradient."""

    def forward(x: Array, y: Array) -> Array:
        return run_broadcast(name, lambda a, b: _scipy(scipy_name, a, b), np.asarray(x), np.asarray(y))

    return binary_row(
        name,
        forward,
        None,  # type: ignore[arg-type]
        lambda x, y: _scipy(scipy_name, np.asarray(x, np.float64), np.asarray(y, np.float64)).astype(x.dtype),
        lows,
        highs,
        kind="discrete",
        broadcasts=False,
    )


# ── Bessel functions ───────────────────────────────────────────────────────────────────

_i0_op = _row("i0", "i0", lambda ctx, g: g * i1(_x(ctx)))
_i0e_op = _row(
    "i0e", "i0e", lambda ctx, g: g * (i1e(_x(ctx)) - sign(_x(ctx)) * ctx.saved_tensors[1]), 0.1, saves=(0, ~0)
)


def _i1_backward(ctx: Context, g: Tensor) -> Gradient:
    x, y = ctx.saved_tensors
    return g * where(x == 0, 0.5, i0(x) - y / where(x == 0, 1.0, x))


def _i1e_backward(ctx: Context, g: Tensor) -> Gradient:
    x, y = ctx.saved_tensors
    return g * where(x == 0, 0.5, i0e(x) - y * (sign(x) + 1 / where(x == 0, 1.0, x)))


_i1_op = _row("i1", "i1", _i1_backward, 0.1, saves=(0, ~0))
_i1e_op = _row("i1e", "i1e", _i1e_backward, 0.1, saves=(0, ~0))


def _discrete(name: str, scipy_name: str) -> Op:
    """A row of one input without gradient."""
    return discrete_row(
        name,
        lambda x: _scipy(scipy_name, x),
        lambda x: _scipy(scipy_name, x.astype(np.float64)).astype(x.dtype),
        one_tensor(0.1, 4),
        promotes="float",
    )


_bessel_j0_op = _discrete("bessel_j0", "j0")
_bessel_j1_op = _discrete("bessel_j1", "j1")
_bessel_y0_op = _discrete("bessel_y0", "y0")
_bessel_y1_op = _discrete("bessel_y1", "y1")
_modified_bessel_i0_op = _discrete("modified_bessel_i0", "i0")
_modified_bessel_i1_op = _discrete("modified_bessel_i1", "i1")
_modified_bessel_k0_op = _discrete("modified_bessel_k0", "k0")
_modified_bessel_k1_op = _discrete("modified_bessel_k1", "k1")
_scaled_modified_bessel_k0_op = _discrete("scaled_modified_bessel_k0", "k0e")
_scaled_modified_bessel_k1_op = _discrete("scaled_modified_bessel_k1", "k1e")
_zeta_op = _pair("zeta", "zeta", (1.5, 0.5), (4, 4))
_igamma_op = _pair("igamma", "gammainc", (0.5, 0.5), (4, 4))
_igammac_op = _pair("igammac", "gammaincc", (0.5, 0.5), (4, 4))


# ── the functions ──────────────────────────────────────────────────────────────────────


def erf(input: Tensor) -> Tensor:
    """Error function, 2/√π ∫₀^input e^(-t²) dt.

    This function and those that follow convert integers and bools to the default float dtype.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.erf(autograd.tensor([0.0, 1.0, 10.0]))
    tensor([0.0000, 0.8427, 1.0000])
    """
    return _erf_op(input)


def erfc(input: Tensor) -> Tensor:
    """Complementary error function, 1 - erf(input), accurate for large numbers.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.erfc(autograd.tensor([0.0, 5.0]))
    tensor([1.0000e+00, 1.5375e-12])
    >>> 1 - autograd.erf(autograd.tensor(5.0))
    tensor(0.)
    """
    return _erfc_op(input)


def erfcx(input: Tensor) -> Tensor:
    """Scaled complementary error function, e^(input²) erfc(input), which does not underflow.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.special.erfcx(autograd.tensor([0.0, 20.0]))
    tensor([1.0000, 0.0282])
    """
    return _erfcx_op(input)


def erfinv(input: Tensor) -> Tensor:
    """Inverse of erf: ±inf at ±1, and NaN outside [-1, 1].

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.erfinv(autograd.tensor([0.0, 0.5, 1.0]))
    tensor([0.0000, 0.4769,    inf])
    """
    return _erfinv_op(input)


def ndtr(input: Tensor) -> Tensor:
    """Distribution function of the standard normal distribution, 1/√2π ∫ e^(-t²/2) dt up to input.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape
        From 0 to 1.

    Examples
    --------
    >>> import autograd
    >>> autograd.special.ndtr(autograd.tensor([0.0, 1.96]))
    tensor([0.5000, 0.9750])
    """
    return _ndtr_op(input)


def ndtri(input: Tensor) -> Tensor:
    """Inverse of ndtr: ∓inf at 0 and 1, and NaN outside [0, 1].

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.special.ndtri(autograd.tensor([0.5, 0.975]))
    tensor([0.0000, 1.9600])
    """
    return _ndtri_op(input)


def log_ndtr(input: Tensor) -> Tensor:
    """Logarithm of ndtr, computed without its underflow.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.special.log_ndtr(autograd.tensor([0.0, -20.0]))
    tensor([  -0.6931, -203.9172])
    >>> autograd.special.ndtr(autograd.tensor(-20.0)).log()
    tensor(-inf)
    """
    return _log_ndtr_op(input)


def entr(input: Tensor) -> Tensor:
    """Entropy of each element, -input · log(input): 0 at 0, and -inf for negative numbers.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.special.entr(autograd.tensor([0.5, 0.5, 0.0])).sum()
    tensor(0.6931)
    """
    return _entr_op(input)


def lgamma(input: Tensor) -> Tensor:
    """Natural logarithm of the absolute value of the gamma function: log (n - 1)! for a whole number n.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape
        inf at 0 and at negative whole numbers.

    Examples
    --------
    >>> import autograd
    >>> autograd.lgamma(autograd.tensor([1.0, 4.0]))
    tensor([0.0000, 1.7918])
    """
    return _lgamma_op(input)


def digamma(input: Tensor) -> Tensor:
    """Derivative of lgamma.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.digamma(autograd.tensor([1.0, 2.0]))
    tensor([-0.5772,  0.4228])
    """
    return _digamma_op(input)


def i0(input: Tensor) -> Tensor:
    """Modified Bessel function of the first kind, of order 0.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.i0(autograd.tensor([0.0, 1.0]))
    tensor([1.0000, 1.2661])
    """
    return _i0_op(input)


def i0e(input: Tensor) -> Tensor:
    """i0 times e^-|input|, which does not overflow.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.special.i0e(autograd.tensor([0.0, 100.0]))
    tensor([1.0000, 0.0399])
    """
    return _i0e_op(input)


def i1(input: Tensor) -> Tensor:
    """Modified Bessel function of the first kind, of order 1.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.special.i1(autograd.tensor([0.0, 1.0]))
    tensor([0.0000, 0.5652])
    """
    return _i1_op(input)


def i1e(input: Tensor) -> Tensor:
    """i1 times e^-|input|, which does not overflow.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.special.i1e(autograd.tensor([0.0, 100.0]))
    tensor([0.0000, 0.0397])
    """
    return _i1e_op(input)


def bessel_j0(input: Tensor) -> Tensor:
    """Bessel function of the first kind, of order 0.  It has no gradient.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.special.bessel_j0(autograd.tensor([0.0, 1.0]))
    tensor([1.0000, 0.7652])
    """
    return _bessel_j0_op(input)


def bessel_j1(input: Tensor) -> Tensor:
    """Bessel function of the first kind, of order 1.  It has no gradient.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.special.bessel_j1(autograd.tensor([0.0, 1.0]))
    tensor([0.0000, 0.4401])
    """
    return _bessel_j1_op(input)


def bessel_y0(input: Tensor) -> Tensor:
    """Bessel function of the second kind, of order 0: -inf at 0, NaN for negative numbers.  It has no gradient.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.special.bessel_y0(autograd.tensor([0.0, 1.0]))
    tensor([  -inf, 0.0883])
    """
    return _bessel_y0_op(input)


def bessel_y1(input: Tensor) -> Tensor:
    """Bessel function of the second kind, of order 1: -inf at 0, NaN for negative numbers.  It has no gradient.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.special.bessel_y1(autograd.tensor([0.0, 1.0]))
    tensor([   -inf, -0.7812])
    """
    return _bessel_y1_op(input)


def modified_bessel_i0(input: Tensor) -> Tensor:
    """Modified Bessel function of the first kind, of order 0.  It has no gradient; `i0` has one.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.special.modified_bessel_i0(autograd.tensor([0.0, 1.0]))
    tensor([1.0000, 1.2661])
    """
    return _modified_bessel_i0_op(input)


def modified_bessel_i1(input: Tensor) -> Tensor:
    """Modified Bessel function of the first kind, of order 1.  It has no gradient; `i1` has one.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.special.modified_bessel_i1(autograd.tensor([0.0, 1.0]))
    tensor([0.0000, 0.5652])
    """
    return _modified_bessel_i1_op(input)


def modified_bessel_k0(input: Tensor) -> Tensor:
    """Modified Bessel function of the second kind, of order 0: NaN for negative numbers.  It has no gradient.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape
        inf at 0.

    Examples
    --------
    >>> import autograd
    >>> autograd.special.modified_bessel_k0(autograd.tensor([0.0, 1.0]))
    tensor([   inf, 0.4210])
    """
    return _modified_bessel_k0_op(input)


def modified_bessel_k1(input: Tensor) -> Tensor:
    """Modified Bessel function of the second kind, of order 1: NaN for negative numbers.  It has no gradient.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape
        inf at 0.

    Examples
    --------
    >>> import autograd
    >>> autograd.special.modified_bessel_k1(autograd.tensor([0.0, 1.0]))
    tensor([   inf, 0.6019])
    """
    return _modified_bessel_k1_op(input)


def scaled_modified_bessel_k0(input: Tensor) -> Tensor:
    """modified_bessel_k0 times e^input, which does not underflow.  It has no gradient.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.special.scaled_modified_bessel_k0(autograd.tensor([1.0, 200.0]))
    tensor([1.1445, 0.0886])
    """
    return _scaled_modified_bessel_k0_op(input)


def scaled_modified_bessel_k1(input: Tensor) -> Tensor:
    """modified_bessel_k1 times e^input, which does not underflow.  It has no gradient.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape

    Examples
    --------
    >>> import autograd
    >>> autograd.special.scaled_modified_bessel_k1(autograd.tensor([1.0, 200.0]))
    tensor([1.6362, 0.0888])
    """
    return _scaled_modified_bessel_k1_op(input)


def polygamma(n: int, input: Tensor) -> Tensor:
    """The n-th derivative of digamma.

    Parameters
    ----------
    n : int
        At least 0.
    input : Tensor, any shape

    Returns
    -------
    Tensor, of input's shape

    Raises
    ------
    RuntimeError, TypeError
        If n is negative, or no whole number.

    Examples
    --------
    >>> import autograd
    >>> autograd.polygamma(1, autograd.tensor([1.0])), autograd.pi**2 / 6
    (tensor([1.6449]), 1.6449340668482264)
    """
    try:
        order = operator.index(n)
    except TypeError:
        raise TypeError(f"polygamma: n is {n!r}; expects a whole number") from None
    return _polygamma_op(input, n=order)


@in_float32
def mvlgamma(input: Tensor, p: int) -> Tensor:
    """Logarithm of the multivariate gamma function of dimension p.

    Σ_j lgamma(input - j/2) + p (p - 1) / 4 · log π, for j from 0 to p - 1

    Parameters
    ----------
    input : Tensor, any shape
        Above (p - 1) / 2.
    p : int
        At least 1.

    Returns
    -------
    Tensor, of the same shape

    Raises
    ------
    RuntimeError, TypeError
        If p is below 1, or no whole number.

    Examples
    --------
    >>> import autograd
    >>> autograd.mvlgamma(autograd.tensor([2.0, 3.0]), p=1)
    tensor([0.0000, 0.6931])
    >>> autograd.mvlgamma(autograd.tensor([2.0, 3.0]), p=2)
    tensor([0.4516, 1.5502])
    """
    check_arrays("mvlgamma", input=input)
    if not isinstance(p, int | np.integer):
        raise TypeError(f"mvlgamma: p is {p!r}; expects a whole number")
    if p < 1:
        raise RuntimeError(f"mvlgamma: p is {p}; it must be at least 1")
    x = input * 1.0 if input.dtype.kind != "f" else input
    result = lgamma(x) + p * (p - 1) / 4 * math.log(math.pi)
    for j in range(1, p):
        result = result + lgamma(x - j / 2)
    return result


def zeta(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Hurwitz zeta function, Σ_k (k + other)^-input for k ≥ 0.  It has no gradient.

    Parameters
    ----------
    input : Tensor of any shape, or number
        The exponent, above 1.  At 1 the result is inf, below it NaN.
    other : Tensor of a shape that broadcasts, or number
        1 gives Riemann's zeta function.

    Returns
    -------
    Tensor, of the broadcast shape

    Raises
    ------
    ValueError, TypeError
        If shapes do not broadcast, or both are numbers.

    Examples
    --------
    >>> import autograd
    >>> autograd.special.zeta(autograd.tensor([2.0]), 1), autograd.pi**2 / 6
    (tensor([1.6449]), 1.6449340668482264)
    """
    return _zeta_op(input, other)


def igamma(input: Tensor, other: Tensor) -> Tensor:
    """Regularized lower incomplete gamma function, 1/Γ(a) ∫₀^x t^(a-1) e^-t dt.  It has no gradient.

    Parameters
    ----------
    input : Tensor of float, any shape
        a, at least 0.
    other : Tensor, of a shape that broadcasts
        x, at least 0.

    Returns
    -------
    Tensor, of the broadcast shape
        From 0 to 1; NaN outside of the ranges.

    Raises
    ------
    TypeError, ValueError
        If input is not a float tensor, or shapes do not broadcast.

    Examples
    --------
    For a = 1 it is 1 - e^-x:

    >>> import autograd
    >>> autograd.igamma(autograd.tensor([1.0, 1.0]), autograd.tensor([0.0, 1.0]))
    tensor([0.0000, 0.6321])
    """
    return _check_and_run(_igamma_op, input, other)


def igammac(input: Tensor, other: Tensor) -> Tensor:
    """Regularized upper incomplete gamma function, 1/Γ(a) ∫ t^(a-1) e^-t dt from x to ∞.  It has no gradient.

    1 - igamma, accurate where that is small.

    Parameters
    ----------
    input : Tensor of float, any shape
        a, at least 0.
    other : Tensor, of a shape that broadcasts
        x, at least 0.

    Returns
    -------
    Tensor, of the broadcast shape
        From 0 to 1; NaN outside of the ranges.

    Raises
    ------
    TypeError, ValueError
        If input is not a float tensor, or shapes do not broadcast.

    Examples
    --------
    For a = 1 it is e^-x:

    >>> import autograd
    >>> autograd.igammac(autograd.tensor([1.0, 1.0]), autograd.tensor([0.0, 1.0]))
    tensor([1.0000, 0.3679])
    """
    return _check_and_run(_igammac_op, input, other)


def _check_and_run(op: Op, input: Tensor, other: Tensor) -> Tensor:
    check_arrays(op.name, input=input, other=other)
    check_float(op.name, input)
    result: Tensor = op(input, other)
    return result


composite_row(
    "mvlgamma",
    mvlgamma,
    lambda x, *, p: (
        p * (p - 1) / 4 * math.log(math.pi)
        + np.sum([_scipy("gammaln", np.asarray(x - j / 2)) for j in range(p)], axis=0)
    ),
    lambda draw: Sample(one_tensor(2, 5)(draw).inputs, {"p": draw.choice(1, 3)}),
    BadSample((np.ones(2),), {"p": 0}, RuntimeError, ("mvlgamma", "p is 0")),
    BadSample((np.ones(2),), {"p": 1.5}, TypeError, ("mvlgamma", "p is 1.5")),
)
