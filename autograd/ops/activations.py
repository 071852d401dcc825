"""Activations made of other ops, element by element.

    hardtanh      y = min(max(x, low), high)                     dx = g if low < x < high, else 0
    relu6         y = hardtanh x from 0 to 6
    hardsigmoid   y = relu6(x + 3) / 6                           hardswish   y = x hardsigmoid x
    hardshrink    y = 0 if -λ <= x <= λ, else x                  softshrink  y = x - min(max(x, -λ), λ)
    threshold     y = x if x > t, else v                         prelu       y = x if x > 0, else w x
    celu          y = x if x > 0, else α (e^(x/α) - 1)           selu        y = s elu(x, α), α and s below
    softsign      y = x / (1 + |x|)                              tanhshrink  y = x - tanh x
    softmin       y = softmax -x                                 glu         y = a sigmoid b, [a, b] = x
    rrelu         y = x if x >= 0, else r x, r drawn uniformly for each element

References
----------
celu: Barron, arXiv:1704.07483.  selu: Klambauer et al., arXiv:1706.02515.  glu: Dauphin et al., arXiv:1612.08083.
hardswish: Howard et al., arXiv:1905.02244.  prelu: He et al., arXiv:1502.01852.  rrelu: Xu et al., arXiv:1505.00853.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.low_precision import in_float32
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.activation import elu
from autograd.ops.extrema import clamp, clamp_max
from autograd.ops.functions import abs, expm1, sigmoid, tanh
from autograd.ops.join import split
from autograd.ops.leaky_relu import leaky_relu
from autograd.ops.shape import reshape
from autograd.ops.shared.checks import check_float, check_same_float
from autograd.ops.shared.dims import dim_of
from autograd.ops.shared.rows import composite_row
from autograd.ops.shared.samples import any_shape
from autograd.ops.softmax import softmax
from autograd.ops.where import where
from autograd.types import Array, Gradient, Number

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805  # equation (14) of the paper


def _bad_integers(name: str, **params: Any) -> BadSample:
    return BadSample((np.ones(2, int),), params, TypeError, (name, "int64", "float"))


def _check(name: str, input: Tensor) -> None:
    check_arrays(name, input=input)
    check_float(name, input)


# ── hardtanh ───────────────────────────────────────────────────────────────────────────


def _hardtanh_check(x: Array, *, min_val: Number, max_val: Number) -> None:
    if x.dtype == bool or (x.dtype.kind == "u" and (min_val < 0 or max_val < 0)):
        raise TypeError(f"hardtanh: {x.dtype} cannot hold the range from {min_val} to {max_val}; convert with .float()")
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val is {min_val} and max_val {max_val}; the lower bound must not be larger")


def _hardtanh_backward(ctx: Context, g: Tensor, *, min_val: Number, max_val: Number) -> Gradient:
    x = ctx.saved_tensors[0]
    return where((x <= min_val) | (x >= max_val), 0.0, g)


def _hardtanh_sample(draw: Draw) -> Sample:
    low, high = draw.choice((-1.0, 1.0), (0.0, 6.0), (-3.5, 2.0))
    x = draw.tensor(*draw.shape(0, 3, least=0), kinks=(low, high))
    return Sample((x,), {"min_val": low, "max_val": high})


_hardtanh_op = register(
    Op(
        name="hardtanh",
        check=_hardtanh_check,
        forward=lambda x, *, min_val, max_val: np.minimum(np.maximum(x, x.dtype.type(min_val)), x.dtype.type(max_val)),
        backward=_hardtanh_backward,
        saves=(0,),
        reference=lambda x, *, min_val, max_val: np.where(
            x < min_val, min_val, np.where(x > max_val, max_val, x)
        ).astype(x.dtype),
        sample=_hardtanh_sample,
        bad_samples=[
            BadSample((np.ones(2),), {"min_val": 2.0, "max_val": 1.0}, ValueError, ("hardtanh", "2.0", "1.0")),
            BadSample((np.ones(2, bool),), {"min_val": 0.0, "max_val": 1.0}, TypeError, ("hardtanh", "bool")),
        ],
        kind="piecewise",
    )
)


def hardtanh(input: Tensor, min_val: Number = -1.0, max_val: Number = 1.0, inplace: bool = False) -> Tensor:
    """Clamp input to the range from `min_val` to `max_val`.  At a bound the gradient is 0, unlike that of `clamp`.

    Parameters
    ----------
    input : Tensor of numbers, any shape
    min_val, max_val : number
        The bounds.
    inplace : bool
        Accepted for compatibility with PyTorch and ignored: the result is always a new tensor.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    ValueError
        If min_val is above max_val.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.hardtanh(autograd.tensor([-3.0, 0.5, 3.0]))
    tensor([-1.0000,  0.5000,  1.0000])
    """
    return _hardtanh_op(input, min_val=min_val, max_val=max_val)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """Clamp input to the range from 0 to 6.  `inplace` has no effect: the result is always a new tensor.

    Parameters
    ----------
    input : Tensor of numbers, any shape
    inplace : bool
        Accepted for compatibility with PyTorch and ignored.

    Returns
    -------
    Tensor, of the same shape and dtype

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.relu6(autograd.tensor([-1.0, 3.0, 9.0]))
    tensor([0., 3., 6.])
    """
    return _hardtanh_op(input, min_val=0, max_val=6)


# ── the others ─────────────────────────────────────────────────────────────────────────


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """Apply the piecewise linear approximation of sigmoid: relu6(input + 3) / 6.

    `inplace` has no effect: the result is always a new tensor.

    Parameters
    ----------
    input : Tensor of float, any shape
    inplace : bool
        Accepted for compatibility with PyTorch and ignored.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    TypeError
        If input is not a float tensor.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.hardsigmoid(autograd.tensor([-4.0, 0.0, 1.5]))
    tensor([0.0000, 0.5000, 0.7500])
    """
    _check("hardsigmoid", input)
    return relu6(input + 3) / 6


@in_float32
def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """Apply the piecewise quadratic approximation of silu: input * relu6(input + 3) / 6.

    `inplace` has no effect: the result is always a new tensor.

    Parameters
    ----------
    input : Tensor of float, any shape
    inplace : bool
        Accepted for compatibility with PyTorch and ignored.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    TypeError
        If input is not a float tensor.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.hardswish(autograd.tensor([-4.0, 1.0, 4.0]))
    tensor([-0.0000, 0.6667, 4.0000])
    """
    _check("hardswish", input)
    below = clamp_max(input, 3.0)
    return where(input < 3, below * relu6(below + 3) / 6, input)  # so that the gradient of NaN is g, as in PyTorch


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Set elements from -lambd to lambd to 0.

    Parameters
    ----------
    input : Tensor of float, any shape
    lambd : float
        The largest absolute value that becomes 0.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    TypeError
        If input is not a float tensor.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.hardshrink(autograd.tensor([-0.3, 0.5, 2.0]))
    tensor([0., 0., 2.])
    """
    _check("hardshrink", input)
    return where((input >= -lambd) & (input <= lambd), 0.0, input)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Move every element towards 0 by lambd, at most to 0.

    Parameters
    ----------
    input : Tensor of float, any shape
    lambd : float
        At least 0.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    ValueError, TypeError
        If lambd is negative, or input is not a float tensor.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.softshrink(autograd.tensor([-0.3, 0.5, 2.0]))
    tensor([0.0000, 0.0000, 1.5000])
    """
    _check("softshrink", input)
    if not lambd >= 0:
        raise ValueError(f"softshrink: lambd is {lambd}; it must be at least 0")
    return input - clamp(input, -lambd, lambd)


def threshold(input: Tensor, threshold: Number, value: Number, inplace: bool = False) -> Tensor:
    """Replace the elements that are not above a threshold.

    Parameters
    ----------
    input : Tensor of numbers, any shape
    threshold : number
        Elements above it stay as they are, and so does NaN.
    value : number
        What the others become, converted to the dtype of input.
    inplace : bool
        Accepted for compatibility with PyTorch and ignored: the result is always a new tensor.

    Returns
    -------
    Tensor, of the same shape and dtype

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.threshold(autograd.tensor([-1.0, 0.5, 2.0]), 1.0, 7.0)
    tensor([7., 7., 2.])
    """
    check_arrays("threshold", input=input)
    return where(input <= input.dtype.type(threshold), input.dtype.type(value), input)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Apply the continuously differentiable elu: input if input > 0, else alpha * (exp(input / alpha) - 1).

    Parameters
    ----------
    input : Tensor of float, any shape
    alpha : float
        The result tends to -alpha as input tends to -∞.
    inplace : bool
        Accepted for compatibility with PyTorch and ignored: the result is always a new tensor.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    RuntimeError, TypeError
        If alpha is 0, or input is not a float tensor.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.celu(autograd.tensor([-1.0, 2.0]), alpha=0.5)
    tensor([-0.4323,  2.0000])
    """
    _check("celu", input)
    if alpha == 0:
        raise RuntimeError("celu: alpha is 0, and the input is divided by it; use relu, its limit")
    return where(input < 0, alpha * expm1(clamp_max(input, 0.0) / alpha), input)  # NaN has gradient g, as in PyTorch


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Apply the scaled elu, which keeps mean 0 and variance 1: 1.0507 · elu(input, 1.6733).

    `inplace` has no effect: the result is always a new tensor.

    Parameters
    ----------
    input : Tensor of float, any shape
    inplace : bool
        Accepted for compatibility with PyTorch and ignored.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    TypeError
        If input is not a float tensor.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.selu(autograd.tensor([-1.0, 1.0]))
    tensor([-1.1113,  1.0507])
    """
    return SELU_SCALE * elu(input, SELU_ALPHA)


def softsign(input: Tensor) -> Tensor:
    """Apply softsign, from -1 to 1: input / (1 + |input|).  Integers are converted to the default float dtype.

    Parameters
    ----------
    input : Tensor of numbers, any shape

    Returns
    -------
    Tensor of float, of the same shape

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.softsign(autograd.tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """
    check_arrays("softsign", input=input)
    return input / (abs(input) + 1)


def tanhshrink(input: Tensor) -> Tensor:
    """Subtract the hyperbolic tangent: input - tanh(input).  Integers are converted to the default float dtype.

    Parameters
    ----------
    input : Tensor of numbers, any shape

    Returns
    -------
    Tensor of float, of the same shape

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.tanhshrink(autograd.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.2384,  0.0000,  0.2384])
    """
    check_arrays("tanhshrink", input=input)
    return input - tanh(input)


def softmin(input: Tensor, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """Apply softmax to -input along a dimension.

    Parameters
    ----------
    input : Tensor of float, any shape
    dim : int
        The dimension along which the results sum to 1.  Without it a dimension is chosen, with a warning: see
        `softmax`.
    dtype : dtype, optional
        Convert -input to this dtype first.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    TypeError
        If input is not a float tensor.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.softmin(autograd.tensor([1.0, 2.0]), dim=0)
    tensor([0.7311, 0.2689])
    """
    check_arrays("softmin", input=input)
    return softmax(-input, dim, dtype=dtype)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """Apply the gated linear unit: the first half of input times the sigmoid of the second half.

    Parameters
    ----------
    input : Tensor of float, of one dimension or more
    dim : int
        The dimension to halve.

    Returns
    -------
    Tensor, of the same shape but for half the size of `dim`

    Raises
    ------
    RuntimeError, TypeError
        If the size of that dimension is odd or input has no dimensions, or input is not a float tensor.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.glu(autograd.tensor([1.0, 2.0, 0.0, 100.0]))
    tensor([0.5000, 2.0000])
    """
    _check("glu", input)
    if input.ndim == 0:
        raise RuntimeError("glu: a tensor without dimensions cannot be halved")
    dim = dim_of("glu", dim, input.ndim)
    size = input.shape[dim]
    if size % 2:
        raise RuntimeError(f"glu: dim {dim} of shape {tuple(input.shape)} has odd size {size}; it must be even")
    values, gates = split(input, [size // 2, size // 2], dim)
    return values * sigmoid(gates)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """Multiply negative elements by a learned weight.

    Parameters
    ----------
    input : Tensor of float, (N, C, …) or any shape
    weight : Tensor of the same dtype, of one element or (C,)

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    RuntimeError, TypeError
        If the weight has several dimensions or not C elements, or dtypes differ.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.prelu(autograd.tensor([-2.0, 3.0]), autograd.tensor([0.25]))
    tensor([-0.5000,  3.0000])
    """
    check_arrays("prelu", input=input, weight=weight)
    check_same_float("prelu", input=input, weight=weight)
    if weight.ndim > 1:
        raise RuntimeError(f"prelu: weight has shape {tuple(weight.shape)}; expects one element, or one a channel")
    size = int(np.prod(weight.shape))
    if size != 1:
        channels = input.shape[1] if input.ndim > 1 else 1
        if input.ndim == 0 or size != channels:
            raise RuntimeError(
                f"prelu: weight has {size} elements, and an input of shape {tuple(input.shape)} has {channels} "
                "channels; expects one element, or one a channel"
            )
    shape = (1,) * min(1, input.ndim) + (size,) * (input.ndim > 1) + (1,) * (input.ndim - 2)
    return where(input > 0, input, reshape(weight, shape) * input)


def rrelu(
    input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """Multiply negative elements by random slopes.

    Parameters
    ----------
    input : Tensor of float, any shape
    lower, upper : float
        Slopes are drawn uniformly from this range.
    training : bool
        If False, the slope is the middle of the range for all elements.
    inplace : bool
        Accepted for compatibility with PyTorch and ignored: the result is always a new tensor.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    ValueError, TypeError
        If lower is larger than upper or either is not finite, or input is not a float tensor.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.rrelu(autograd.tensor([-2.0, 3.0]))
    tensor([-0.4583,  3.0000])
    """
    from autograd.random import generator  # a layer above the ops
    from autograd.tensor import wrap

    _check("rrelu", input)
    if not -np.inf < lower <= upper < np.inf:
        raise ValueError(f"rrelu: lower is {lower} and upper {upper}; expects finite numbers, lower not above upper")
    if not training:
        return leaky_relu(input, (lower + upper) / 2)
    slopes = np.asarray(generator().uniform(lower, upper, input.shape), input.dtype)
    return where(input > 0, input, wrap(slopes) * input)


def _shrink_sample(draw: Draw) -> Sample:
    lambd = draw.choice(0.5, 3.5)
    return Sample((draw.tensor(*draw.shape(0, 3, least=0), kinks=(-lambd, lambd)),), {"lambd": lambd})


def _away_from_3(draw: Draw) -> Sample:
    """Numbers on both sides of the kinks at -3 and 3."""
    return Sample((np.asarray(draw.tensor(*draw.shape(0, 3, least=0), low=-4, high=4) + 0.0005),))


def _glu_sample(draw: Draw) -> Sample:
    shape = list(draw.shape(1, 3, least=0))
    dim = draw.size(0, len(shape) - 1)
    shape[dim] *= 2
    return Sample((draw.tensor(*shape),), {"dim": dim})


def _glu_reference(x: Array, *, dim: int) -> Array:
    values, gates = np.split(x, 2, dim)
    return values * (1 + np.tanh(gates / 2)) / 2


def _prelu_sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3, least=0)
    size = shape[1] if len(shape) > 1 and draw.choice(True, False) else 1
    return Sample((np.asarray(draw.tensor(*shape) + 0.0005), draw.tensor(size)))


def _prelu_reference(x: Array, weight: Array) -> Array:
    slopes = weight[:, None] if len(weight) > 1 else weight
    rows = x.reshape(len(x), x.shape[1], -1) if x.ndim > 1 and x.size else x
    return np.where(rows > 0, rows, slopes * rows).reshape(x.shape)


def _softmin_sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3, least=0)
    return Sample((draw.tensor(*shape),), {"dim": draw.size(0, len(shape) - 1)})


def _softmin_reference(x: Array, *, dim: int) -> Array:
    powers = np.exp(np.min(x, axis=dim, keepdims=True, initial=np.inf) - x)
    return powers / powers.sum(axis=dim, keepdims=True)


composite_row(
    "hardsigmoid", hardsigmoid, lambda x: np.clip(x + 3, 0, 6) / 6, _away_from_3, _bad_integers("hardsigmoid")
)
composite_row("hardswish", hardswish, lambda x: x * np.clip(x + 3, 0, 6) / 6, _away_from_3, _bad_integers("hardswish"))
composite_row(
    "hardshrink",
    hardshrink,
    lambda x, *, lambd: np.where(np.abs(x) <= lambd, 0, x),
    _shrink_sample,
    _bad_integers("hardshrink"),
    kind="piecewise",
)
composite_row(
    "softshrink",
    softshrink,
    lambda x, *, lambd: np.where(x > lambd, x - lambd, np.where(x < -lambd, x + lambd, 0 * x + 0)),
    _shrink_sample,
    _bad_integers("softshrink"),
    BadSample((np.ones(2),), {"lambd": -0.5}, ValueError, ("softshrink", "-0.5", "at least 0")),
    kind="piecewise",
)
composite_row(
    "threshold",
    threshold,
    lambda x, *, threshold, value: np.where(np.isnan(x) | (x > threshold), x, x.dtype.type(value)),
    lambda draw: Sample(
        (draw.tensor(*draw.shape(0, 3, least=0), kinks=(0.5,)),), {"threshold": 0.5, "value": draw.choice(0, 20)}
    ),
    kind="piecewise",
)
composite_row(
    "celu",
    celu,
    lambda x, *, alpha: np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0) / alpha) - 1)),
    lambda draw: Sample(
        (np.asarray(draw.tensor(*draw.shape(0, 3, least=0)) + 0.0005),), {"alpha": draw.choice(1.0, 0.5)}
    ),
    _bad_integers("celu"),
    BadSample((np.ones(2),), {"alpha": 0}, RuntimeError, ("celu", "alpha is 0")),
)
composite_row(
    "selu",
    selu,
    lambda x: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * (np.exp(np.minimum(x, 0)) - 1)),
    lambda draw: Sample((np.asarray(draw.tensor(*draw.shape(0, 3, least=0)) + 0.0005),)),
)
composite_row("softsign", softsign, lambda x: x / (1 + np.where(x < 0, -x, x)), any_shape)
composite_row("tanhshrink", tanhshrink, lambda x: x - (1 - 2 / (np.exp(2 * x) + 1)), any_shape)
composite_row(
    "softmin",
    softmin,
    _softmin_reference,
    _softmin_sample,
    BadSample((np.ones((2, 3)),), {"dim": 2}, IndexError, ("softmax", "dim 2")),
)
composite_row(
    "glu",
    glu,
    _glu_reference,
    _glu_sample,
    _bad_integers("glu", dim=0),
    BadSample((np.ones((2, 3)),), {"dim": 1}, RuntimeError, ("glu", "(2, 3)", "even")),
    BadSample((np.ones(()),), {"dim": 0}, RuntimeError, ("glu", "without dimensions")),
)
composite_row(
    "prelu",
    prelu,
    _prelu_reference,
    _prelu_sample,
    BadSample((np.ones((2, 3)), np.ones(2)), {}, RuntimeError, ("prelu", "2 elements", "3 channels")),
    BadSample((np.ones((2, 3)), np.ones((1, 1))), {}, RuntimeError, ("prelu", "(1, 1)")),
    BadSample((np.ones((2, 3)), np.ones(3, np.float32)), {}, TypeError, ("prelu", "float32", "float64")),
)
