"""Joining tensors along a dimension, and splitting one into pieces.

cat      y = the inputs, concatenated         dx_i = g, split at the same places
split    y_i = views of the pieces of x       dx = the g_i, concatenated

Each is the gradient of the other.  stack, chunk and unbind are made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.kernels import copies
from autograd.op import BadSample, Composite, Op, Sample, register
from autograd.ops.shape import reshape, unsqueeze
from autograd.ops.shared.dims import dim_of, ndim_of
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _cat_forward(*xs: Any, dim: int) -> Array:
    try:
        return copies.concatenated(xs, dim)
    except ValueError:
        shapes = ", ".join(str(x.shape) for x in xs)
        raise ValueError(
            f"cat: shapes {shapes} do not fit along dim {dim}: all other sizes must be equal "
            "(to add a dimension, use stack)"
        ) from None


def _cat_reference(*xs: Any, dim: int) -> Array:
    parts = [part for x in xs for part in np.moveaxis(x, dim, 0)]
    others = np.delete(xs[0].shape, dim)
    return np.moveaxis(np.array(parts, xs[0].dtype).reshape(len(parts), *others), 0, dim)


def _cat_sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3)
    dim = draw.size(0, len(shape) - 1)
    sizes = [draw.size(0, 2), draw.size(0, 3), draw.size(0, 2)][: draw.size(2, 3)]
    return Sample(tuple(draw.tensor(*shape[:dim], n, *shape[dim + 1 :]) for n in sizes), {"dim": dim})


_cat_op = register(
    Op(
        name="cat",
        forward=_cat_forward,
        backward=lambda ctx, g, *, dim: _split_op(g, sizes=tuple(shape[dim] for shape in ctx.shapes), dim=dim),
        reference=_cat_reference,
        sample=_cat_sample,
        bad_samples=[
            BadSample((np.ones((2, 3)), np.ones((2, 4))), {"dim": 0}, ValueError, ("cat", "(2, 3), (2, 4)", "dim 0")),
            BadSample((np.ones((0, 3)), np.ones((2, 4))), {"dim": 0}, ValueError, ("cat", "(0, 3), (2, 4)", "dim 0")),
        ],
        kind="multilinear",
        promotes="same",
        flops=0,
    )
)


def _split_check(x: Array, *, sizes: tuple[int, ...], dim: int) -> None:
    if sum(sizes) != x.shape[dim] or min(sizes, default=0) < 0:
        raise ValueError(f"split: sizes {sizes} do not add up to {x.shape[dim]}, the size of dim {dim} of {x.shape}")


def _split_reference(x: Array, *, sizes: tuple[int, ...], dim: int) -> tuple[Array, ...]:
    pieces = [slice(sum(sizes[:i]), sum(sizes[: i + 1])) for i in range(len(sizes))]
    return tuple(x[(*[slice(None)] * dim, piece)] for piece in pieces)


def _split_sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3)
    dim = draw.size(0, len(shape) - 1)
    sizes = (draw.size(0, 2), draw.size(1, 2), draw.size(0, 2))[: draw.size(1, 3)]
    return Sample((draw.tensor(*shape[:dim], sum(sizes), *shape[dim + 1 :]),), {"sizes": sizes, "dim": dim})


_split_op: Op = register(
    Op(
        name="split",
        check=_split_check,
        forward=lambda x, *, sizes, dim: tuple(np.split(x, np.cumsum(sizes)[:-1], dim)),
        backward=lambda ctx, *gs, sizes, dim: _cat_op(*gs, dim=dim),
        reference=_split_reference,
        sample=_split_sample,
        bad_samples=[BadSample((np.ones((5, 2)),), {"sizes": (2, 2), "dim": 0}, ValueError, ("split", "(2, 2)", "5"))],
        kind="multilinear",
        flops=0,
    )
)


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Concatenate tensors along a dimension, in a common dtype.

    Parameters
    ----------
    tensors : sequence of Tensor
        Their sizes are equal in all dimensions but `dim`.  An empty tensor of shape (0,) fits any others.
    dim : int
        The dimension that grows.

    Returns
    -------
    Tensor, of the shape of the first, but for the size of `dim`

    Raises
    ------
    ValueError
        If there is no tensor, or shapes do not fit.

    Examples
    --------
    >>> import autograd
    >>> autograd.cat([autograd.tensor([1.0, 2.0]), autograd.tensor([3.0])])
    tensor([1., 2., 3.])
    """
    _check("cat", tensors)
    first = next((x for x in tensors if tuple(x.shape) != (0,)), tensors[0])
    if first.ndim == 0:
        raise ValueError("cat: tensors without dimensions cannot be concatenated; use stack")
    dim = dim_of("cat", dim, first.ndim)
    empty = (*first.shape[:dim], 0, *first.shape[dim + 1 :])
    return _cat_op(*(reshape(x, empty) if tuple(x.shape) == (0,) else x for x in tensors), dim=dim)


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Stack tensors of equal shape along a new dimension `dim`.

    Parameters
    ----------
    tensors : sequence of Tensor
        All of one shape.
    dim : int
        The position of the new dimension.

    Returns
    -------
    Tensor, of one dimension more

    Raises
    ------
    ValueError
        If there is no tensor, or shapes differ.

    Examples
    --------
    >>> import autograd
    >>> autograd.stack([autograd.tensor([1, 2]), autograd.tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])
    """
    _check("stack", tensors)
    shapes = [tuple(x.shape) for x in tensors]
    if len(set(shapes)) > 1:
        raise ValueError(
            f"stack: shapes {', '.join(map(str, shapes))} must be equal (to join along an existing dimension, use cat)"
        )
    dim = dim_of("stack", dim, len(shapes[0]) + 1)
    return _cat_op(*(unsqueeze(x, dim) for x in tensors), dim=dim)


def _check(name: str, tensors: Sequence[Tensor]) -> None:
    if not isinstance(tensors, list | tuple) or not tensors:
        raise ValueError(f"{name}: expects a list of at least one tensor, got {type(tensors).__name__}")
    check_arrays(name, **{f"tensor {i}": x for i, x in enumerate(tensors)})


def _dim_to_split(name: str, dim: int, input: Any) -> int:
    if ndim_of(name, input) == 0:
        raise IndexError(f"{name}: a tensor without dimensions cannot be split; .reshape(1) gives it one")
    return dim_of(name, dim, input.ndim)


def split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Split a tensor into pieces, which are views.

    Parameters
    ----------
    tensor : Tensor, any shape
    split_size_or_sections : int or sequence of int
        The size of each piece, where the last may be smaller, or the sizes of all pieces.
    dim : int
        The dimension to split.

    Returns
    -------
    tuple of Tensor

    Raises
    ------
    ValueError
        If the sizes do not add up to the size of the dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.split(autograd.arange(5), 2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    dim = _dim_to_split("split", dim, tensor)
    n, size = tensor.shape[dim], split_size_or_sections
    if not isinstance(size, int | np.integer):
        return _split_op(tensor, sizes=tuple(size), dim=dim)
    if size < 0 or (size == 0 and n):
        raise ValueError(f"split: pieces of size {size} cannot fill dim {dim} of size {n}; expects at least 1")
    return _split_op(tensor, sizes=tuple(min(size, n - i) for i in range(0, n, size or 1)) or (0,), dim=dim)


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Split a tensor into `chunks` pieces, which are views.

    All have the same size, but the last may be smaller.  There are fewer pieces if fewer of that size fill the
    dimension.

    Parameters
    ----------
    input : Tensor, any shape
    chunks : int
        At most so many pieces.
    dim : int
        The dimension to split.

    Returns
    -------
    tuple of Tensor

    Raises
    ------
    ValueError
        If chunks is not positive.

    Examples
    --------
    >>> import autograd
    >>> autograd.chunk(autograd.arange(5), 2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    """
    dim = _dim_to_split("chunk", dim, input)
    n = input.shape[dim]
    if chunks < 1:
        raise ValueError(f"chunk: {chunks} chunks are not possible; expects at least 1")
    return split(input, -(-n // chunks) if n else [0] * chunks, dim)


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Return the slices of a tensor along `dim`, as views without that dimension.

    Parameters
    ----------
    input : Tensor, of one dimension or more
    dim : int
        The dimension that the slices lack.

    Returns
    -------
    tuple of Tensor

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.unbind(autograd.tensor([[1, 2], [3, 4]]))
    (tensor([1, 2]), tensor([3, 4]))
    """
    dim = _dim_to_split("unbind", dim, input)
    shape = (*input.shape[:dim], *input.shape[dim + 1 :])
    return tuple(reshape(piece, shape) for piece in split(input, 1, dim)) if input.shape[dim] else ()


# ── the functions made of others, as rows ──────────────────────────────────────────────


def _stack_sample(draw: Draw) -> Sample:
    shape = draw.shape(0, 3, least=0)
    dim = draw.size(-len(shape) - 1, len(shape))
    return Sample(tuple(draw.tensor(*shape) for _ in range(draw.size(1, 3))), {"dim": dim})


def _chunk_sample(draw: Draw) -> Sample:
    return Sample((draw.tensor(draw.size(0, 3), draw.size(0, 6)),), {"chunks": draw.size(1, 4), "dim": 1})


def _chunk_reference(x: Array, *, chunks: int, dim: int) -> list[Array]:
    size = -(-x.shape[1] // chunks)
    pieces = [x[:, i * size : (i + 1) * size] for i in range(chunks)]
    return [piece for piece in pieces if piece.shape[1] or not size]


register(
    Composite(
        name="stack",
        function=lambda *tensors, dim: stack(tensors, dim),
        reference=lambda *xs, dim: np.stack(xs, dim),
        sample=_stack_sample,
        bad_samples=[
            BadSample((np.ones(2), np.ones(3)), {"dim": 0}, ValueError, ("stack", "(2,), (3,)", "equal")),
            BadSample((np.ones(2),), {"dim": 2}, IndexError, ("stack", "dim 2")),
            BadSample((), {"dim": 0}, ValueError, ("stack", "at least one")),
        ],
        kind="multilinear",
    )
)

register(
    Composite(
        name="chunk",
        function=chunk,
        reference=_chunk_reference,
        sample=_chunk_sample,
        bad_samples=[
            BadSample((np.ones(2),), {"chunks": 0}, ValueError, ("chunk", "0 chunks")),
            BadSample((np.array(1.0),), {"chunks": 1}, IndexError, ("chunk", "without dimensions")),
        ],
        kind="multilinear",
    )
)

register(
    Composite(
        name="unbind",
        function=unbind,
        reference=lambda x, *, dim: [np.take(x, i, dim) for i in range(x.shape[dim])],
        sample=lambda draw: Sample((draw.tensor(draw.size(0, 3), draw.size(1, 3)),), {"dim": draw.choice(0, 1, -1)}),
        bad_samples=[
            BadSample((np.ones(2),), {"dim": 1}, IndexError, ("unbind", "dim 1")),
            BadSample((np.array(1.0),), {}, IndexError, ("unbind", "without dimensions")),
        ],
        kind="multilinear",
    )
)
