"""What the linear layers share: their check, reference and gradients."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.kernels import gemm
from autograd.ops.matmul import matmul
from autograd.ops.reduce import sum as sum_over
from autograd.ops.shape import reshape
from autograd.ops.shared.checks import check_same_number
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def check_linear(name: str, x: Any, w: Any, b: Any) -> None:
    """Raise unless x (…, I), w (O, I) and b (O,) or None fit together; errors begin with the op's `name`."""
    if x is None or w is None:
        check_arrays(name, input=x, weight=w)
    check_same_number(name, input=x, weight=w, bias=b)
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


def reference(x: Array, w: Array, b: Array | None) -> Array:
    y: Array = (x[..., None, :] * w).sum(axis=-1, dtype=x.dtype)
    return y if b is None else y + b


def forward(x: Array, w: Array, b: Array | None, relu: bool) -> Array:
    """x wᵀ + b, or relu of it.  The kernel is for floats.  NumPy computes integers, which wrap around as in PyTorch."""
    if x.dtype.kind == "f":
        return gemm.linear(x, w, b, relu)
    y = np.matmul(x, w.T)
    y = y if b is None else y + b
    return np.maximum(y, 0) if relu else y


def gradients(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
    """The gradients of a linear layer from its g."""
    x, w = ctx.saved_tensors[:2]
    if len(ctx.shapes[0]) != 2:
        rows, (outputs, inputs) = math.prod(ctx.shapes[0][:-1]), ctx.shapes[1]
        g, x = reshape(g, (rows, outputs)), None if x is None else reshape(x, (rows, inputs))
    dx = matmul(g, w) if ctx.needs_input_grad[0] else None
    dw = matmul(g.T, x) if ctx.needs_input_grad[1] else None
    db = sum_over(g, 0) if ctx.needs_input_grad[2] else None
    return dx if dx is None or len(ctx.shapes[0]) == 2 else reshape(dx, ctx.shapes[0]), dw, db
