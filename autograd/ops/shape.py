"""The same numbers in another shape: views where NumPy can make them.

reshape    dx = g in x's shape
permute    dx = g permuted back
expand     dx = g summed over what was repeated (by the engine)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Op, Sample, register

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def sizes_of(shape: tuple[Any, ...]) -> tuple[int, ...]:
    """(2, 3) from f(2, 3) and from f((2, 3))."""
    return tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int | np.integer) else tuple(shape)


def _reshape_forward(x: Any, *, shape: tuple[int, ...]) -> Any:
    try:
        return x.reshape(shape)
    except ValueError:
        raise ValueError(
            f"reshape: {x.size} elements of shape {x.shape} do not fill shape {shape}; "
            "the products of the sizes must be equal (one size may be -1)"
        ) from None


def _reshape_sample(draw: Any) -> Sample:
    a, b, c = draw.size(1, 3), draw.size(1, 3), draw.size(1, 3)
    return Sample(
        (draw.tensor(a, b, c),), {"shape": draw.choice((a * b, c), (a, -1), (-1,), (c, b, a), (1, a * b * c))}
    )


_reshape = register(
    Op(
        name="reshape",
        forward=_reshape_forward,
        backward=lambda ctx, g, *, shape: g.reshape(ctx.shapes[0]),
        reference=lambda x, *, shape: np.array(x.ravel().tolist()).reshape(shape).astype(x.dtype),
        sample=_reshape_sample,
        bad_samples=[BadSample((np.ones((2, 3)),), {"shape": (4, 2)}, ValueError, ("reshape", "(2, 3)", "(4, 2)"))],
        kind="multilinear",
        flops=0,
    )
)


def _permute_forward(x: Any, *, dims: tuple[int, ...]) -> Any:
    if sorted(d % x.ndim if x.ndim else d for d in dims) != list(range(x.ndim)):
        raise ValueError(f"permute: dims {dims} must name each dimension of shape {x.shape} once")
    return x.transpose(dims)


def _permute_backward(ctx: Any, g: Any, *, dims: tuple[int, ...]) -> Any:
    return permute(g, tuple(int(i) for i in np.argsort([d % g.ndim for d in dims])) if dims else ())


def _permute_reference(x: Any, *, dims: tuple[int, ...]) -> Any:
    y = np.empty([x.shape[d] for d in dims], x.dtype)
    for index in np.ndindex(*x.shape):
        y[tuple(index[d] for d in dims)] = x[index]
    return y


def _permute_sample(draw: Any) -> Sample:
    shape = draw.shape(1, 4, least=0)
    return Sample((draw.tensor(*shape),), {"dims": tuple(draw.permutation(len(shape)))})


_permute = register(
    Op(
        name="permute",
        forward=_permute_forward,
        backward=_permute_backward,
        reference=_permute_reference,
        sample=_permute_sample,
        bad_samples=[BadSample((np.ones((2, 3)),), {"dims": (0, 0)}, ValueError, ("permute", "(0, 0)", "(2, 3)"))],
        kind="multilinear",
        flops=0,
    )
)


def _expand_forward(x: Any, *, shape: tuple[int, ...]) -> Any:
    lead = len(shape) - x.ndim
    full = tuple(x.shape[i - lead] if n == -1 and i >= lead else n for i, n in enumerate(shape))
    try:
        return np.broadcast_to(x, full)
    except ValueError:
        raise ValueError(
            f"expand: shape {x.shape} cannot be expanded to {shape}: counted from the right, "
            "only sizes of 1 grow (-1 keeps a size)"
        ) from None


def _expand_sample(draw: Any) -> Sample:
    shape = draw.shape(0, 3, least=0)
    full = tuple(draw.size(1, 3) if n == 1 else n for n in shape)
    return Sample((draw.tensor(*shape),), {"shape": (*draw.shape(0, 1), *full)})


_expand = register(
    Op(
        name="expand",
        forward=_expand_forward,
        backward=lambda ctx, g, *, shape: g,
        reference=lambda x, *, shape: x + np.zeros(shape, x.dtype),
        sample=_expand_sample,
        bad_samples=[BadSample((np.ones((2, 3)),), {"shape": (2, 4)}, ValueError, ("expand", "(2, 3)", "(2, 4)"))],
        kind="multilinear",
        flops=0,
        broadcasts=True,
    )
)


def reshape(input: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The elements, in row-major order, in another shape; one size may be -1."""
    return _reshape(input, shape=sizes_of((shape,)))


def permute(input: Tensor, dims: tuple[int, ...]) -> Tensor:
    """Dimension i of the result is dimension dims[i] of the input."""
    return _permute(input, dims=tuple(dims))


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged."""
    dims = list(range(input.ndim))
    for d in (dim0, dim1):
        if not -input.ndim <= d < input.ndim:
            raise IndexError(f"transpose: dim {d} does not exist in shape {tuple(input.shape)}")
    dims[dim0], dims[dim1] = dims[dim1], dims[dim0]
    return permute(input, tuple(dims))


def t(input: Tensor) -> Tensor:
    """A matrix transposed; a vector or a number as it is."""
    if input.ndim > 2:
        raise ValueError(f"t: expects at most 2 dimensions, got shape {tuple(input.shape)}; use transpose(dim0, dim1)")
    return permute(input, tuple(range(input.ndim))[::-1])


def expand(input: Tensor, *sizes: int) -> Tensor:
    """Sizes of 1 repeated to the given ones, without a copy; -1 keeps a size."""
    return _expand(input, shape=sizes_of(sizes))


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions start_dim to end_dim (both included) as one."""
    shape, n = tuple(input.shape), max(1, input.ndim)
    for d in (start_dim, end_dim):
        if not -n <= d < n:
            raise IndexError(f"flatten: dim {d} does not exist in shape {shape}")
    start, end = start_dim % n, end_dim % n
    if start > end:
        raise ValueError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim} in shape {shape}")
    if input.ndim == 0:
        return reshape(input, (1,))
    return reshape(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))
