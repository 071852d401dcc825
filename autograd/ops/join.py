"""Joining tensors along a dimension, and cutting one into pieces.

cat      y = the inputs, one after the other        dx_i = g, cut where they meet
split    y_i = views of the pieces of x             dx = the g_i, joined

Each is the other's gradient; stack, chunk and unbind are made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Composite, Op, Sample, check_arrays, register
from autograd.ops.shape import dim_of, reshape, unsqueeze

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _cat_forward(*xs: Any, dim: int) -> Any:
    try:
        return np.concatenate(xs, dim)
    except ValueError:
        shapes = ", ".join(str(x.shape) for x in xs)
        raise ValueError(
            f"cat: shapes {shapes} do not fit along dim {dim}: all other sizes must be equal (stack adds a dimension)"
        ) from None


def _cat_reference(*xs: Any, dim: int) -> Any:
    parts = [part for x in xs for part in np.moveaxis(x, dim, 0)]
    others = np.delete(xs[0].shape, dim)
    return np.moveaxis(np.array(parts, xs[0].dtype).reshape(len(parts), *others), 0, dim)


def _cat_sample(draw: Any) -> Sample:
    shape = draw.shape(1, 3)
    dim = draw.size(0, len(shape) - 1)
    sizes = [draw.size(0, 2), draw.size(0, 3), draw.size(0, 2)][: draw.size(2, 3)]
    return Sample(tuple(draw.tensor(*shape[:dim], n, *shape[dim + 1 :]) for n in sizes), {"dim": dim})


_cat = register(
    Op(
        name="cat",
        forward=_cat_forward,
        backward=lambda ctx, g, *, dim: _split(g, sizes=tuple(shape[dim] for shape in ctx.shapes), dim=dim),
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


def _split_check(x: Any, *, sizes: tuple[int, ...], dim: int) -> None:
    if sum(sizes) != x.shape[dim] or min(sizes, default=0) < 0:
        raise ValueError(f"split: sizes {sizes} do not add up to {x.shape[dim]}, the size of dim {dim} of {x.shape}")


def _split_reference(x: Any, *, sizes: tuple[int, ...], dim: int) -> Any:
    pieces = [slice(sum(sizes[:i]), sum(sizes[: i + 1])) for i in range(len(sizes))]
    return tuple(x[(*[slice(None)] * dim, piece)] for piece in pieces)


def _split_sample(draw: Any) -> Sample:
    shape = draw.shape(1, 3)
    dim = draw.size(0, len(shape) - 1)
    sizes = (draw.size(0, 2), draw.size(1, 2), draw.size(0, 2))[: draw.size(1, 3)]
    return Sample((draw.tensor(*shape[:dim], sum(sizes), *shape[dim + 1 :]),), {"sizes": sizes, "dim": dim})


_split: Op = register(
    Op(
        name="split",
        check=_split_check,
        forward=lambda x, *, sizes, dim: tuple(np.split(x, np.cumsum(sizes)[:-1], dim)),
        backward=lambda ctx, *gs, sizes, dim: _cat(*gs, dim=dim),
        reference=_split_reference,
        sample=_split_sample,
        bad_samples=[BadSample((np.ones((5, 2)),), {"sizes": (2, 2), "dim": 0}, ValueError, ("split", "(2, 2)", "5"))],
        kind="multilinear",
        flops=0,
    )
)


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors one after the other along `dim`, in a common dtype.

    Parameters
    ----------
    tensors : sequence of Tensor
        Of equal sizes but along `dim`.  An empty one of shape (0,) fits any other and adds nothing.
    dim : int

    Raises
    ------
    ValueError
        If there is none, or their shapes do not fit.

    Examples
    --------
    >>> import autograd
    >>> autograd.cat([autograd.tensor([1.0, 2.0]), autograd.tensor([3.0])])
    tensor([1., 2., 3.])
    """
    _check("cat", tensors)
    first = next((x for x in tensors if tuple(x.shape) != (0,)), tensors[0])
    if first.ndim == 0:
        raise ValueError("cat: tensors without dimensions cannot be joined; use stack")
    dim = dim_of("cat", dim, first.ndim)
    nothing = (*first.shape[:dim], 0, *first.shape[dim + 1 :])
    return _cat(*(reshape(x, nothing) if tuple(x.shape) == (0,) else x for x in tensors), dim=dim)


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape along a new dimension, which is number `dim` of the result."""
    _check("stack", tensors)
    shapes = [tuple(x.shape) for x in tensors]
    if len(set(shapes)) > 1:
        raise ValueError(f"stack: shapes {', '.join(map(str, shapes))} must be equal (cat joins along a dimension)")
    place = dim_of("stack", dim, len(shapes[0]) + 1)
    return _cat(*(unsqueeze(x, place) for x in tensors), dim=place)


def _check(name: str, tensors: Sequence[Tensor]) -> None:
    if not isinstance(tensors, list | tuple) or not tensors:
        raise ValueError(f"{name}: expects a list of at least one tensor, got {type(tensors).__name__}")
    check_arrays(name, **{f"tensor {i}": x for i, x in enumerate(tensors)})


def split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Views of the pieces of a tensor.

    Parameters
    ----------
    tensor : Tensor
    split_size_or_sections : int or sequence of int
        The size of every piece (the last may be smaller), or the sizes themselves.
    dim : int
        Which dimension is cut.

    Raises
    ------
    ValueError
        If the sizes do not add up.
    """
    dim = dim_of("split", dim, tensor.ndim)
    n, size = tensor.shape[dim], split_size_or_sections
    if not isinstance(size, int | np.integer):
        return _split(tensor, sizes=tuple(size), dim=dim)
    if size < 0 or (size == 0 and n):
        raise ValueError(f"split: pieces of size {size} never make up the {n} of dim {dim}; expects at least 1")
    return _split(tensor, sizes=tuple(min(size, n - i) for i in range(0, n, size or 1)) or (0,), dim=dim)


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of `chunks` pieces, of equal size but the last; fewer, where size divides so."""
    if chunks < 1:
        raise ValueError(f"chunk: {chunks} chunks: expects at least 1")
    n = input.shape[dim_of("chunk", dim, input.ndim)]
    return split(input, -(-n // chunks) if n else [0] * chunks, dim)


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The tensor's slices along `dim`, as views, without that dimension."""
    dim = dim_of("unbind", dim, input.ndim)
    kept = (*input.shape[:dim], *input.shape[dim + 1 :])
    return tuple(reshape(piece, kept) for piece in split(input, 1, dim)) if input.shape[dim] else ()


# ── the composed ones, under the battery ───────────────────────────────────────────────


def _stack_sample(draw: Any) -> Sample:
    shape = draw.shape(0, 3, least=0)
    dim = draw.size(-len(shape) - 1, len(shape))
    return Sample(tuple(draw.tensor(*shape) for _ in range(draw.size(1, 3))), {"dim": dim})


def _chunk_sample(draw: Any) -> Sample:
    return Sample((draw.tensor(draw.size(0, 3), draw.size(0, 6)),), {"chunks": draw.size(1, 4), "dim": 1})


def _chunk_reference(x: Any, *, chunks: int, dim: int) -> Any:
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
        bad_samples=[BadSample((np.ones(2),), {"chunks": 0}, ValueError, ("chunk", "0 chunks"))],
        kind="multilinear",
    )
)

register(
    Composite(
        name="unbind",
        function=unbind,
        reference=lambda x, *, dim: [np.take(x, i, dim) for i in range(x.shape[dim])],
        sample=lambda draw: Sample((draw.tensor(draw.size(0, 3), draw.size(1, 3)),), {"dim": draw.choice(0, 1, -1)}),
        bad_samples=[BadSample((np.ones(2),), {"dim": 1}, IndexError, ("unbind", "dim 1"))],
        kind="multilinear",
    )
)
