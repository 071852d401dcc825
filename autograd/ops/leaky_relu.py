"""Leaky rectified linear unit: y = x if x > 0, else s x, with a small slope s.

dx = g if x > 0, else s g          (at 0 the derivative is s)
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from autograd.engine import Context
from autograd.kernels.jit import elementwise, kernel, limit_threads, set_threads
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.in_place import in_place
from autograd.ops.shared.samples import any_shape
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


@kernel(parallel=True)
def _leaky_relu(a, x, slope, parts, y):
    """y = a where x > 0, else slope · a."""
    threads = limit_threads(parts)
    for part in prange(parts):
        block = slice(part * x.size // parts, (part + 1) * x.size // parts)
        some, xs, ys = a[block], x[block], y[block]
        for i in range(len(xs)):
            value = some[i]  # loaded in any case: no branch
            ys[i] = value if xs[i] > 0 else slope * value
    set_threads(threads)


def _run(a: Any, x: Array, *, negative_slope: float) -> Any:
    return elementwise(_leaky_relu, a, x, numbers=(x.dtype.type(negative_slope),))


def _grad_backward(ctx: Context, h: Tensor, *, negative_slope: float) -> tuple[Gradient, ...]:
    return _leaky_relu_input_grad_op(h, ctx.saved_tensors[0], negative_slope=negative_slope) if ctx.needs_input_grad[
        0
    ] else None, 0


def _sample(draw: Draw) -> Sample:
    slope = draw.choice(0.25, 0.0, 2.0, -0.5)  # sums of multiples of these are exact, unlike those of 0.01
    return Sample(any_shape(draw).inputs, {"negative_slope": slope})


def _grad_sample(draw: Draw) -> Sample:
    drawn = _sample(draw)
    return Sample((draw.tensor(*drawn.inputs[0].shape), *drawn.inputs), drawn.params)


_leaky_relu_op = register(
    Op(
        name="leaky_relu",
        check=partial(check_float, "leaky_relu"),
        forward=lambda x, *, negative_slope: _run(x, x, negative_slope=negative_slope),
        backward=lambda ctx, g, **params: _leaky_relu_input_grad_op(g, ctx.saved_tensors[0], **params),
        saves=(0,),
        reference=lambda x, *, negative_slope: np.where(x > 0, x, negative_slope * x),
        sample=_sample,
        bad_samples=[BadSample((np.ones(2, int),), {"negative_slope": 0.25}, TypeError, ("leaky_relu", "int64"))],
        kind="piecewise",
    )
)

_leaky_relu_input_grad_op: Op = register(
    Op(
        name="leaky_relu_input_grad",
        forward=_run,
        backward=_grad_backward,
        saves=(1,),
        reference=lambda g, x, *, negative_slope: np.where(x > 0, g, negative_slope * g),
        sample=_grad_sample,
        kind="piecewise",
    )
)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Apply the leaky rectified linear unit: input if input > 0, else negative_slope * input.

    Parameters
    ----------
    input : Tensor of float, any shape
    negative_slope : float
        The slope for negative inputs.
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
    >>> F.leaky_relu(autograd.tensor([-1.0, 2.0]))
    tensor([-0.0100,  2.0000])
    """
    if inplace:
        return in_place(leaky_relu, input, negative_slope)
    return _leaky_relu_op(input, negative_slope=negative_slope)
