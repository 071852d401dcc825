"""Functions that return copies where others return views: narrow_copy, permute_copy and their kin."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any

from autograd.ops.elementwise import clone
from autograd.ops.join import split, unbind
from autograd.ops.rearrange import narrow, select
from autograd.ops.shape import expand, permute, reshape, squeeze, transpose, unsqueeze
from autograd.ops.shared.dims import ndim_of, sizes_of
from autograd.ops.unfold import unfold_along
from autograd.ops.views import as_strided, diagonal


def _section(heading: str, doc: str) -> str:
    """The section of a docstring with this heading, with a blank line before it, or ""."""
    found = re.search(rf"\n\n{heading}\n-+\n.*?(?=\n\n\w+\n---|\Z)", doc, re.DOTALL)
    return found[0] if found else ""


def _copying(name: str, view: Callable[..., Any], call: str, printed: str) -> Callable[..., Any]:
    """The function whose results are copies of the view's.  Its example is the call and what this prints."""

    @functools.wraps(view)
    def copied(input: Any, *args: Any, **options: Any) -> Any:
        found = view(input, *args, **options)
        return tuple(clone(y) for y in found) if isinstance(found, tuple) else clone(found)

    doc = inspect.getdoc(view) or ""
    result = "tuple of Tensor" if "tuple of Tensor" in _section("Returns", doc) else "Tensor"
    copied.__name__ = copied.__qualname__ = f"{name}_copy"
    copied.__module__ = __name__
    copied.__doc__ = (
        f"A copy of what `{name}` returns, in memory of its own."
        f"{_section('Parameters', doc)}"
        f"\n\nReturns\n-------\n{result}, of the shape that `{name}` gives"
        f"{_section('Raises', doc)}"
        f"\n\nExamples\n--------\n>>> import autograd\n>>> autograd.{name}_copy({call})\n{printed}\n"
    )
    return copied


def alias_copy(input: Any) -> Any:
    """A copy of the tensor, in memory of its own.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape and dtype

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([1.0, 2.0])
    >>> y = autograd.alias_copy(x)
    >>> y[0] = 9.0
    >>> x
    tensor([1., 2.])
    """
    return clone(input)


def expand_copy(input: Any, size: Any) -> Any:
    """A copy of the tensor in which dimensions of size 1 are repeated, and dimensions are added in front.

    Parameters
    ----------
    input : Tensor, any shape
    size : int or tuple of int
        The new shape.  -1 keeps a size.

    Returns
    -------
    Tensor, of shape `size`

    Raises
    ------
    ValueError
        If a dimension whose size is not 1 would change.

    Examples
    --------
    >>> import autograd
    >>> autograd.expand_copy(autograd.tensor([[1], [2]]), (2, 3))
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    return clone(expand(input, *sizes_of((size,))))


def split_with_sizes_copy(input: Any, split_sizes: Any, dim: int = 0) -> Any:
    """Copies of the pieces of a tensor, in memory of their own.

    Parameters
    ----------
    input : Tensor, any shape
    split_sizes : sequence of int
        The sizes of the pieces.
    dim : int
        The dimension to split.

    Returns
    -------
    tuple of Tensor, of input's shape but for `dim`

    Raises
    ------
    ValueError, IndexError
        If the sizes do not add up to the size of the dimension, or there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.split_with_sizes_copy(autograd.arange(4), (1, 3))
    (tensor([0]), tensor([1, 2, 3]))
    """
    return tuple(clone(y) for y in split(input, split_sizes, dim))


def t_copy(input: Any) -> Any:
    """A copy of a matrix with rows and columns exchanged; of a tensor of fewer dimensions, a copy.

    Parameters
    ----------
    input : Tensor, (M, N), (N,) or ()

    Returns
    -------
    Tensor, (N, M), (N,) or ()

    Raises
    ------
    RuntimeError
        If input has more than two dimensions.

    Examples
    --------
    >>> import autograd
    >>> autograd.t_copy(autograd.tensor([[1, 2, 3], [4, 5, 6]]))
    tensor([[1, 4],
            [2, 5],
            [3, 6]])
    """
    if ndim_of("t_copy", input) > 2:
        raise RuntimeError(f"t_copy: expects at most 2 dimensions, got shape {tuple(input.shape)}")
    return clone(permute(input, tuple(range(input.ndim))[::-1]))


def view_copy(input: Any, size: Any) -> Any:
    """A copy of the elements in another shape.

    Parameters
    ----------
    input : Tensor, any shape
    size : int or tuple of int
        The new shape.  One size may be -1: it follows from the others.

    Returns
    -------
    Tensor, of shape `size`

    Raises
    ------
    RuntimeError
        If the elements do not fill that shape.

    Examples
    --------
    >>> import autograd
    >>> autograd.view_copy(autograd.arange(4), (2, -1))
    tensor([[0, 1],
            [2, 3]])
    """
    try:
        return clone(reshape(input, size))
    except ValueError as error:
        raise RuntimeError(str(error).replace("reshape:", "view_copy:", 1)) from None


_MATRIX = "autograd.tensor([[1, 2], [3, 4]])"
as_strided_copy = _copying(
    "as_strided", as_strided, "autograd.arange(3), (2, 2), (1, 1)", "tensor([[0, 1],\n        [1, 2]])"
)
diagonal_copy = _copying("diagonal", diagonal, _MATRIX, "tensor([1, 4])")
narrow_copy = _copying("narrow", narrow, "autograd.arange(5), 0, 1, 3", "tensor([1, 2, 3])")
permute_copy = _copying("permute", permute, f"{_MATRIX}, (1, 0)", "tensor([[1, 3],\n        [2, 4]])")
select_copy = _copying("select", select, f"{_MATRIX}, 1, 0", "tensor([1, 3])")
split_copy = _copying("split", split, "autograd.arange(3), 2", "(tensor([0, 1]), tensor([2]))")
squeeze_copy = _copying("squeeze", squeeze, "autograd.tensor([[1, 2]])", "tensor([1, 2])")
transpose_copy = _copying("transpose", transpose, f"{_MATRIX}, 0, 1", "tensor([[1, 3],\n        [2, 4]])")
unbind_copy = _copying("unbind", unbind, _MATRIX, "(tensor([1, 2]), tensor([3, 4]))")
unfold_copy = _copying(
    "unfold", unfold_along, "autograd.arange(4), 0, 2, 1", "tensor([[0, 1],\n        [1, 2],\n        [2, 3]])"
)
unsqueeze_copy = _copying("unsqueeze", unsqueeze, "autograd.tensor([1, 2]), 1", "tensor([[1],\n        [2]])")
