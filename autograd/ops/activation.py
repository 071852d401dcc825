"""Smooth activations, element by element.

elu          y = x if x > 0, else α (e^x - 1)          dx = g if x > 0, else g (y + α)
softplus     y = log (1 + e^βx) / β                    dx = g / (1 + e^-βx)          (y = x if βx > threshold)
logsigmoid   y = -log (1 + e^-x) = -softplus(-x)
silu         y = x / (1 + e^-x) = x sigmoid(x)

None of them overflows: softplus is computed as (max(z, 0) + log (1 + e^-|z|)) / β, with z = βx.

References
----------
elu: Clevert, Unterthiner, Hochreiter, arXiv:1511.07289, equation (15).
silu: Hendrycks, Gimpel, arXiv:1606.08415, section 2; Elfwing, Uchibe, Doya, arXiv:1702.03118, equation (5).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.op import BadSample, Composite, Op, Sample, register
from autograd.ops.extrema import clamp_max
from autograd.ops.functions import expm1, sigmoid
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.in_place import in_place
from autograd.ops.shared.samples import any_shape
from autograd.ops.where import where
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _bad(name: str, **params: Any) -> list[BadSample]:
    return [BadSample((np.ones(2, int),), params, TypeError, (name, "int64", "float"))]


def _elu_forward(x: Array, *, alpha: float) -> Array:
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0))


def _elu_backward(ctx: Context, g: Tensor, *, alpha: float) -> Gradient:
    (x,) = ctx.saved_tensors
    return where(x <= 0, g * (alpha * expm1(clamp_max(x, 0)) + alpha), g)  # y itself may change in place


def _elu_sample(draw: Draw) -> Sample:
    away_from_0 = np.asarray(any_shape(draw).inputs[0] + 0.0005)  # unless alpha is 1, 0 is a kink
    return Sample((away_from_0,), {"alpha": draw.choice(1.0, 0.5, -2.0)})


_elu_op = register(
    Op(
        name="elu",
        check=partial(check_float, "elu"),
        forward=_elu_forward,
        backward=_elu_backward,
        saves=(0,),
        reference=lambda x, *, alpha: np.where(x > 0, x, alpha * (np.exp(x) - 1)),
        sample=_elu_sample,
        bad_samples=_bad("elu", alpha=1.0),
        flops=5,
    )
)


def _softplus_forward(x: Any, *, beta: float, threshold: float) -> Any:  # `where` on arrays, which gives an array
    z = beta * x
    return where(z > threshold, x, (np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))) / beta)


def _softplus_backward(ctx: Context, g: Tensor, *, beta: float, threshold: float) -> Gradient:
    z = beta * ctx.saved_tensors[0]
    return where(z > threshold, g, g * sigmoid(z))


def _softplus_reference(x: Array, *, beta: float, threshold: float) -> Array:
    return np.where(beta * x > threshold, x, np.logaddexp(0, beta * x) / beta)


def _softplus_sample(draw: Draw) -> Sample:
    # at the threshold the function jumps; elements are thousandths, so that beta times one is never 0.50025
    return Sample(any_shape(draw).inputs, {"beta": draw.choice(1.0, 2.0, 0.5), "threshold": draw.choice(20.0, 0.50025)})


_softplus_op = register(
    Op(
        name="softplus",
        check=partial(check_float, "softplus"),
        forward=_softplus_forward,
        backward=_softplus_backward,
        saves=(0,),
        reference=_softplus_reference,
        sample=_softplus_sample,
        bad_samples=_bad("softplus", beta=1.0, threshold=20.0),
        flops=8,
    )
)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Apply the exponential linear unit: input if input > 0, else alpha * (exp(input) - 1).

    Parameters
    ----------
    input : Tensor of float, any shape
    alpha : float
        The result tends to -alpha as input tends to -∞.
    inplace : bool
        Write the result to input's memory, and return input.

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
    >>> F.elu(autograd.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    if inplace:
        return in_place(elu, input, alpha)
    return _elu_op(input, alpha=alpha)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """Apply softplus, a smooth approximation of relu: log(1 + exp(beta * input)) / beta.

    Parameters
    ----------
    input : Tensor of float, any shape
    beta : float
        The larger beta, the closer the result is to relu.
    threshold : float
        If beta * input is above the threshold, the result is input itself.

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
    >>> F.softplus(autograd.tensor([-1.0, 0.0, 30.0]))
    tensor([ 0.3133,  0.6931, 30.0000])
    """
    return _softplus_op(input, beta=beta, threshold=threshold)


def logsigmoid(input: Tensor) -> Tensor:
    """Apply the logarithm of sigmoid, log(1 / (1 + exp(-input))), computed without its underflow.

    Parameters
    ----------
    input : Tensor of float, any shape

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
    >>> F.logsigmoid(autograd.tensor([0.0, -200.0]))
    tensor([  -0.6931, -200.0000])
    """
    check_arrays("logsigmoid", input=input)
    check_float("logsigmoid", input)
    return -_softplus_op(-input, beta=1.0, threshold=np.inf)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """Apply the sigmoid linear unit, also called swish: input * sigmoid(input).

    Parameters
    ----------
    input : Tensor of float, any shape
    inplace : bool
        Write the result to input's memory, and return input.

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
    >>> F.silu(autograd.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """
    if inplace:
        return in_place(silu, input)
    check_arrays("silu", input=input)
    check_float("silu", input)
    return input * sigmoid(input)


register(
    Composite(
        name="logsigmoid",
        function=logsigmoid,
        reference=lambda x: -np.logaddexp(0, -x),
        sample=any_shape,
        bad_samples=_bad("logsigmoid"),
    )
)

register(
    Composite(
        name="silu",
        function=silu,
        reference=lambda x: x * (1 + np.tanh(x / 2)) / 2,
        sample=any_shape,
        bad_samples=_bad("silu"),
    )
)
