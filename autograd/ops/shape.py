"""Changes of shape and of order.  Results are views where NumPy can make them, also those of the references.

reshape    dx = g in x's shape                                      (flatten, squeeze, unsqueeze)
permute    dx = g permuted back                                     (transpose, t, movedim)
expand     dx = g summed over repeated elements (by the engine)
flip       dx = g flipped
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.engine import Context
from autograd.kernels import copies
from autograd.op import BadSample, Composite, Op, Sample, register
from autograd.ops.shared.dims import dim_of, ndim_of, sizes_of
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _reshape_forward(x: Array, *, shape: tuple[int, ...]) -> Array:
    try:
        y = copies.reshaped(x, shape)
        if y.shape != shape and min(shape) < -1:
            raise ValueError  # NumPy treats any negative size as -1
        return y
    except ValueError:
        raise ValueError(
            f"reshape: {x.size} elements of shape {x.shape} do not fill shape {shape}; "
            "the products of the sizes must be equal (one size may be -1)"
        ) from None


def _reshape_reference(x: Array, *, shape: tuple[int, ...]) -> Array:
    if min(shape, default=0) < -1:
        raise ValueError("reshape: only -1 stands for an unknown size")
    return np.reshape(x, shape)


def _reshape_sample(draw: Draw) -> Sample:
    a, b, c = draw.size(1, 3), draw.size(1, 3), draw.size(1, 3)
    return Sample(
        (draw.tensor(a, b, c),), {"shape": draw.choice((a * b, c), (a, -1), (-1,), (c, b, a), (1, a * b * c))}
    )


_reshape_op = register(
    Op(
        name="reshape",
        forward=_reshape_forward,
        backward=lambda ctx, g, *, shape: g.reshape(ctx.shapes[0]),
        reference=_reshape_reference,
        sample=_reshape_sample,
        bad_samples=[
            BadSample((np.ones((2, 3)),), {"shape": (4, 2)}, ValueError, ("reshape", "(2, 3)", "(4, 2)")),
            BadSample((np.ones((2, 3)),), {"shape": (2, -2)}, ValueError, ("reshape", "(2, 3)", "(2, -2)", "-1")),
        ],
        kind="multilinear",
        flops=0,
    )
)


def _permute_check(x: Array, *, dims: tuple[int, ...]) -> None:
    if sorted([dim_of("permute", d, x.ndim) for d in dims]) != list(range(x.ndim)):
        raise ValueError(f"permute: dims {dims} must name each dimension of shape {x.shape} once")


def _permute_backward(ctx: Context, g: Tensor, *, dims: tuple[int, ...]) -> Gradient:
    return permute(g, tuple(int(i) for i in np.argsort([d % g.ndim for d in dims])) if dims else ())


def _permute_sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 4, least=0)
    return Sample((draw.tensor(*shape),), {"dims": tuple(draw.permutation(len(shape)))})


_permute_op = register(
    Op(
        name="permute",
        check=_permute_check,
        forward=lambda x, *, dims: x.transpose(dims),
        backward=_permute_backward,
        reference=lambda x, *, dims: np.moveaxis(x, dims, range(x.ndim)),
        sample=_permute_sample,
        bad_samples=[BadSample((np.ones((2, 3)),), {"dims": (0, 0)}, ValueError, ("permute", "(0, 0)", "(2, 3)"))],
        kind="multilinear",
        flops=0,
    )
)


def _expanded(x: Array, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape, with sizes of x in place of -1."""
    lead = len(shape) - x.ndim
    return tuple(x.shape[i - lead] if n == -1 and i >= lead else n for i, n in enumerate(shape))


def _expand_forward(x: Array, *, shape: tuple[int, ...]) -> Array:
    try:
        if x.ndim == 0 and x.dtype.char in "fd" and -1 not in shape:
            y = np.ndarray(shape, x.dtype, x, 0, (0,) * len(shape))  # a tenth of the time of np.broadcast_to
            y.flags.writeable = False
            return y
        return np.broadcast_to(x, _expanded(x, shape))
    except ValueError:
        raise ValueError(
            f"expand: shape {x.shape} cannot be expanded to {shape}: aligned from the right, "
            "only sizes of 1 can grow (-1 keeps a size)"
        ) from None


def _expand_sample(draw: Draw) -> Sample:
    shape = draw.shape(0, 3, least=0)
    full = tuple(draw.size(1, 3) if n == 1 else draw.choice(n, -1) for n in shape)
    return Sample((draw.tensor(*shape),), {"shape": (*draw.shape(0, 1), *full)})


_expand_op = register(
    Op(
        name="expand",
        forward=_expand_forward,
        backward=lambda ctx, g, *, shape: g,
        reference=lambda x, *, shape: np.broadcast_to(x, _expanded(x, shape)),
        sample=_expand_sample,
        bad_samples=[
            BadSample((np.ones((2, 3)),), {"shape": (2, 4)}, ValueError, ("expand", "(2, 3)", "(2, 4)")),
            BadSample((np.ones((2, 3)),), {"shape": (3,)}, ValueError, ("expand", "(2, 3)", "(3,)")),
        ],
        kind="multilinear",
        flops=0,
        broadcasts=True,
    )
)


_flip_op: Op = register(
    Op(
        name="flip",
        forward=lambda x, *, dims: np.flip(x, dims).copy(),
        backward=lambda ctx, g, *, dims: _flip_op(g, dims=dims),
        reference=lambda x, *, dims: x[tuple(slice(None, None, -1 if i in dims else 1) for i in range(x.ndim))].copy(),
        sample=lambda draw: Sample((draw.tensor(*draw.shape(2, 3, least=0)),), {"dims": draw.choice((1,), (0, 1), ())}),
        kind="multilinear",
        flops=0,
    )
)


def reshape(input: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return the elements, in row-major order, in another shape.  One size may be -1.

    Parameters
    ----------
    input : Tensor, any shape
    shape : tuple of int
        With as many elements as input has.

    Returns
    -------
    Tensor, of that shape; a view of input where its memory allows

    Raises
    ------
    ValueError
        If the number of elements is not that of input.

    Examples
    --------
    >>> import autograd
    >>> autograd.reshape(autograd.arange(6), (2, -1))
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    return _reshape_op(input, shape=sizes_of((shape,)))


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Combine dimensions start_dim to end_dim, both included, into one.

    Parameters
    ----------
    input : Tensor, any shape
    start_dim, end_dim : int
        The first and the last of the dimensions to combine.

    Returns
    -------
    Tensor, of the shape of input with one dimension in place of these

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.flatten(autograd.zeros(2, 3, 4), start_dim=1).shape
    (2, 12)
    """
    start, end = (dim_of("flatten", d, ndim_of("flatten", input)) for d in (start_dim, end_dim))
    shape = tuple(input.shape)
    if start > end:
        raise ValueError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim} in shape {shape}")
    return reshape(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


def squeeze(input: Tensor, dim: int | tuple[int, ...] | None = None) -> Tensor:
    """Remove dimensions of size 1: all of them, or those in `dim`.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int or tuple of int, optional
        Dimensions to remove if their size is 1.  Default: all.

    Returns
    -------
    Tensor, of the shape of input without these dimensions; a view

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.squeeze(autograd.zeros(1, 3, 1)).shape
    (3,)
    """
    ndim = ndim_of("squeeze", input)
    chosen = range(ndim) if dim is None else [dim_of("squeeze", d, ndim) for d in sizes_of((dim,))]
    return reshape(input, tuple(n for i, n in enumerate(input.shape) if n != 1 or i not in chosen))


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """Insert a dimension of size 1 at position `dim`.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int
        The position of the new dimension.

    Returns
    -------
    Tensor, of the shape of input with one dimension more; a view

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.unsqueeze(autograd.zeros(3), 0).shape
    (1, 3)
    """
    dim = dim_of("unsqueeze", dim, ndim_of("unsqueeze", input) + 1)
    return reshape(input, (*input.shape[:dim], 1, *input.shape[dim:]))


def permute(input: Tensor, dims: tuple[int, ...]) -> Tensor:
    """Reorder dimensions: dimension i of the result is dimension dims[i] of input.

    Parameters
    ----------
    input : Tensor, any shape
    dims : tuple of int
        Each dimension of input once.

    Returns
    -------
    Tensor, of the reordered shape; a view

    Raises
    ------
    ValueError, IndexError
        If dims does not name each dimension once.

    Examples
    --------
    >>> import autograd
    >>> autograd.permute(autograd.zeros(2, 3, 4), (2, 0, 1)).shape
    (4, 2, 3)
    """
    return _permute_op(input, dims=tuple(dims))


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Swap two dimensions.

    Parameters
    ----------
    input : Tensor, any shape
    dim0, dim1 : int
        The dimensions to swap.

    Returns
    -------
    Tensor, of the shape with both sizes swapped; a view

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.transpose(autograd.tensor([[1, 2], [3, 4]]), 0, 1)
    tensor([[1, 3],
            [2, 4]])
    """
    dims = list(range(max(1, ndim_of("transpose", input))))
    first, second = dim_of("transpose", dim0, input.ndim), dim_of("transpose", dim1, input.ndim)
    dims[first], dims[second] = dims[second], dims[first]
    return permute(input, tuple(dims[: input.ndim]))


def t(input: Tensor) -> Tensor:
    """Transpose a matrix.  Tensors of fewer dimensions are returned as they are.

    Parameters
    ----------
    input : Tensor, of at most two dimensions

    Returns
    -------
    Tensor, of the transposed shape; a view

    Raises
    ------
    ValueError
        If input has more than two dimensions.

    Examples
    --------
    >>> import autograd
    >>> autograd.t(autograd.tensor([[1, 2], [3, 4]]))
    tensor([[1, 3],
            [2, 4]])
    """
    if ndim_of("t", input) > 2:
        raise ValueError(f"t: expects at most 2 dimensions, got shape {tuple(input.shape)}; use transpose(dim0, dim1)")
    return permute(input, tuple(range(input.ndim))[::-1])


def movedim(input: Tensor, source: int | tuple[int, ...], destination: int | tuple[int, ...]) -> Tensor:
    """Move dimensions `source` to the positions `destination`.  The others keep their order.

    Parameters
    ----------
    input : Tensor, any shape
    source : int or tuple of int
        The dimensions to move.
    destination : int or tuple of int
        Where each goes; as many as in `source`.

    Returns
    -------
    Tensor, of the reordered shape; a view

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.movedim(autograd.zeros(2, 3, 4), 0, -1).shape
    (3, 4, 2)
    """
    ndim = ndim_of("movedim", input)
    sources, destinations = ([dim_of("movedim", d, ndim) for d in sizes_of((dims,))] for dims in (source, destination))
    if not len(sources) == len(destinations) == len(set(sources)) == len(set(destinations)):
        raise ValueError(
            f"movedim: source {source} and destination {destination} must name equally many dimensions, each once"
        )
    dims = [d for d in range(input.ndim) if d not in sources]
    for position, d in sorted(zip(destinations, sources, strict=True)):
        dims.insert(position, d)
    return permute(input, tuple(dims[: input.ndim]))


def expand(input: Tensor, *sizes: int) -> Tensor:
    """Expand dimensions of size 1 to the given sizes, without a copy.

    Parameters
    ----------
    input : Tensor, any shape
    *sizes : int
        The new shape.  -1 keeps a size.  It may have more dimensions, in front.

    Returns
    -------
    Tensor, of that shape; a view

    Raises
    ------
    ValueError
        If a size other than 1 would change.

    Examples
    --------
    >>> import autograd
    >>> autograd.tensor([[1], [2]]).expand(-1, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    return _expand_op(input, shape=sizes_of(sizes))


def flip(input: Tensor, dims: int | tuple[int, ...]) -> Tensor:
    """Return a copy with the order of elements reversed along `dims`.

    Parameters
    ----------
    input : Tensor, any shape
    dims : int or tuple of int
        The dimensions to reverse.

    Returns
    -------
    Tensor, of the same shape

    Raises
    ------
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.flip(autograd.tensor([1, 2, 3]), 0)
    tensor([3, 2, 1])
    """
    chosen = tuple(dim_of("flip", d, ndim_of("flip", input)) for d in sizes_of((dims,)))
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"flip: dims {dims} names a dimension twice")
    return _flip_op(input, dims=chosen if input.ndim else ())


# ── the functions made of others, as rows ──────────────────────────────────────────────


def _composed(
    function: Callable[..., Tensor],
    reference: Callable[..., Array],
    params: Callable[[Draw, int], dict[str, Any]],
    *bad: tuple[dict[str, Any], type[Exception], str],
) -> None:
    """Register a function.  params(draw, ndim) draws its parameters, for a tensor of `ndim` dimensions."""

    def sample(draw: Draw) -> Sample:
        shape = draw.shape(2, 4, least=0)
        return Sample((draw.tensor(*shape),), params(draw, len(shape)))

    name = function.__name__
    bad_samples = [BadSample((np.ones((2, 3)),), wrong, error, (name, word)) for wrong, error, word in bad]
    register(
        Composite(
            name=name,
            function=function,
            reference=reference,
            sample=sample,
            bad_samples=bad_samples,
            kind="multilinear",
        )
    )


def _dims(draw: Draw, ndim: int) -> list[int]:
    """All dimensions in random order, some counted from the end."""
    return [d - draw.choice(0, ndim) for d in draw.permutation(ndim)]


def _squeeze_reference(x: Array, *, dim: Any) -> Array:
    dims = range(x.ndim) if dim is None else np.atleast_1d(dim) % x.ndim
    return np.squeeze(x, tuple(i for i in dims if x.shape[i] == 1))


_composed(
    flatten,
    lambda x, *, start_dim, end_dim: x.reshape((*x.shape[:start_dim], math.prod(x.shape[start_dim:]))),
    lambda draw, ndim: {"start_dim": draw.size(0, ndim - 1), "end_dim": draw.choice(-1, ndim - 1)},
    ({"start_dim": 1, "end_dim": 0}, ValueError, "(2, 3)"),
    ({"start_dim": 2, "end_dim": -1}, IndexError, "dim 2"),
)
_composed(
    squeeze,
    _squeeze_reference,
    lambda draw, ndim: {"dim": draw.choice(None, _dims(draw, ndim)[0], tuple(_dims(draw, ndim)[:2]))},
    ({"dim": 2}, IndexError, "dim 2"),
)
_composed(
    unsqueeze,
    lambda x, *, dim: np.expand_dims(x, dim),
    lambda draw, ndim: {"dim": _dims(draw, ndim + 1)[0]},
    ({"dim": -4}, IndexError, "dim -4"),
)
_composed(
    transpose,
    lambda x, *, dim0, dim1: np.swapaxes(x, dim0, dim1),
    lambda draw, ndim: {"dim0": _dims(draw, ndim)[0], "dim1": _dims(draw, ndim)[0]},
    ({"dim0": 0, "dim1": 2}, IndexError, "dim 2"),
)
_composed(
    movedim,
    lambda x, *, source, destination: np.moveaxis(x, source, destination),
    lambda draw, ndim: {"source": tuple(_dims(draw, ndim)[:2]), "destination": tuple(_dims(draw, ndim)[:2])},
    ({"source": (0, 1), "destination": 0}, ValueError, "(0, 1)"),
)
