"""Fully connected layer, y = x wᵀ + b.

    x (…, I), w (O, I), b (O)     y (…, O)
    dx = g w        dw = gᵀ x        db = Σ g

Rows of x and of w lie along k, so y is a product of the dot form and nothing is transposed
(kernels/gemm.py); dx and dw are of the outer form.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from autograd.kernels import gemm
from autograd.kernels.jit import ELEMENTS, blocks, dense, kernel, limit_threads, set_threads
from autograd.op import BadSample, Op, Sample, check_arrays, register
from autograd.ops.matmul import matmul
from autograd.ops.reduce import sum
from autograd.ops.shape import reshape
from autograd.ops.shared.checks import check_same_float

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def reference(x: Any, w: Any, b: Any) -> Any:
    y = (x[..., None, :] * w).sum(axis=-1)
    return y if b is None else y + b


def check_linear(name: str, x: Any, w: Any, b: Any) -> None:
    """Raise where a product cannot be: a sentence that begins with `name`."""
    if x is None or w is None:
        check_arrays(name, input=x, weight=w)
    check_same_float(name, input=x, weight=w, bias=b)
    if w.ndim != 2 or x.ndim < 1 or x.shape[-1] != w.shape[1]:
        hint = ""
        if w.ndim == 2:
            hint = f"; the input's last dimension must be {w.shape[1]}"
            if x.size == w.shape[1]:
                hint += ": is its batch dimension missing?"
            elif x.ndim > 2:
                hint += ": did you forget to flatten it?"
        raise ValueError(
            f"{name}: input of shape {x.shape} and weight of shape {w.shape} do not fit: "
            f"expects (…, I) and (O, I){hint}"
        )
    if b is not None and b.shape != (w.shape[0],):
        raise ValueError(
            f"{name}: bias of shape {b.shape} does not fit weight of shape {w.shape}: expects {w.shape[:1]}"
        )


@kernel(parallel=True)
def _finish(y, b, relu, parts):
    """y (M, O) += b, and of that max(., 0) with relu; in place, in parts of its rows."""
    threads = limit_threads(parts)
    for part in prange(parts):
        for row in y[part * len(y) // parts : (part + 1) * len(y) // parts]:
            for o in range(len(b)):
                z = row[o] + b[o]
                row[o] = 0 if relu and z <= 0 else z
    set_threads(threads)


def run_forward(x: Any, w: Any, b: Any, relu: bool) -> Any:
    """x wᵀ + b of arrays, and of that max(., 0) with relu."""
    rows = x if x.ndim == 2 else x.reshape(math.prod(x.shape[:-1]), w.shape[1])
    y = gemm.matmul(dense(rows), dense(w).T)
    if b is not None or relu:
        b = np.zeros(len(w), x.dtype) if b is None else dense(b)
        _finish(y, b, relu, blocks(y.size, ELEMENTS))
    return y if x.ndim == 2 else y.reshape(x.shape[:-1] + w.shape[:1])


def _backward(ctx: Any, g: Any) -> Any:
    return linear_gradients(ctx, g, *ctx.saved_tensors)


def linear_gradients(ctx: Any, g: Any, x: Any, w: Any) -> Any:
    """dx, dw and db, of those that ctx wants."""
    if x.ndim != 2:
        rows = math.prod(x.shape[:-1])
        g, x = reshape(g, (rows, w.shape[0])), reshape(x, (rows, w.shape[1]))
    dx = matmul(g, w) if ctx.needs_input_grad[0] else None
    dw = matmul(g.T, x) if ctx.needs_input_grad[1] else None
    db = sum(g, 0) if ctx.needs_input_grad[2] else None
    return dx if dx is None or len(ctx.shapes[0]) == 2 else reshape(dx, ctx.shapes[0]), dw, db


def _sample(draw: Any) -> Sample:
    i, o = draw.size(0, 6), draw.size(1, 6)
    bias = draw.choice(True, False)
    x = draw.tensor(*draw.shape(0, 2, least=0), i)
    return Sample((x, draw.tensor(o, i), draw.tensor(o) if bias else None))


_linear = register(
    Op(
        name="linear",
        check=lambda x, w, b: check_linear("linear", x, w, b),
        forward=lambda x, w, b: run_forward(x, w, b, False),
        backward=_backward,
        saves=(0, 1),
        reference=reference,
        sample=_sample,
        bad_samples=[
            BadSample(
                (np.ones((2, 3)), np.ones((5, 4)), None), {}, ValueError, ("linear", "(2, 3)", "(5, 4)", "must be 4")
            ),
            BadSample((np.ones((2, 2, 2)), np.ones((5, 4)), None), {}, ValueError, ("linear", "(2, 2, 2)", "flatten")),
            BadSample((np.ones((2, 2)), np.ones((5, 4)), None), {}, ValueError, ("linear", "(2, 2)", "batch")),
            BadSample(
                (np.ones((2, 4)), np.ones((5, 4)), np.ones(4)), {}, ValueError, ("linear", "bias", "(4,)", "(5,)")
            ),
            BadSample((np.ones((2, 4), int), np.ones((5, 4)), None), {}, TypeError, ("linear", "int64", "float64")),
        ],
        kind="multilinear",
        flops=lambda inputs, y: 2 * y.size * inputs[1].shape[1],
    )
)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input @ weightᵀ + bias.

    Parameters
    ----------
    input : Tensor, (…, I)
    weight : Tensor, (O, I)
    bias : Tensor, (O,), optional

    Returns
    -------
    Tensor, (…, O)

    Raises
    ------
    ValueError, TypeError
        Where shapes or dtypes do not fit.
    """
    return _linear(input, weight, bias)
