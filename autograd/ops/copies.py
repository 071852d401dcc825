"""Functions that return copies where others return views: narrow_copy, permute_copy and their kin."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from autograd.ops.elementwise import clone
from autograd.ops.join import split, unbind
from autograd.ops.rearrange import narrow, select
from autograd.ops.shape import expand, permute, reshape, squeeze, transpose, unsqueeze
from autograd.ops.shared.dims import ndim_of, sizes_of
from autograd.ops.unfold import unfold_along
from autograd.ops.views import as_strided, diagonal


def _copying(view: Callable[..., Any]) -> Callable[..., Any]:
    """The function whose results are copies of the view's."""
    name = f"{view.__name__}_copy"

    @functools.wraps(view)
    def copied(input: Any, *args: Any, **options: Any) -> Any:
        found = view(input, *args, **options)
        return tuple(clone(y) for y in found) if isinstance(found, tuple) else clone(found)

    copied.__name__ = copied.__qualname__ = name
    copied.__doc__ = f"A copy of what `{view.__name__}` returns."
    return copied


def _expanded(input: Any, size: Any) -> Any:
    return expand(input, *sizes_of((size,)))


_expanded.__name__ = "expand"


def _sized(input: Any, split_sizes: Any, dim: int = 0) -> Any:
    return split(input, split_sizes, dim)


_sized.__name__ = "split_with_sizes"


def _transposed(input: Any) -> Any:
    if ndim_of("t_copy", input) > 2:
        raise RuntimeError(f"t_copy: expects at most 2 dimensions, got shape {tuple(input.shape)}")
    return permute(input, tuple(range(input.ndim))[::-1])


_transposed.__name__ = "t"


def alias_copy(input: Any) -> Any:
    """A copy of the tensor."""
    return clone(input)


def view_copy(input: Any, size: Any) -> Any:
    """A copy of the elements in another shape."""
    try:
        return clone(reshape(input, size))
    except ValueError as error:
        raise RuntimeError(str(error).replace("reshape:", "view_copy:", 1)) from None


as_strided_copy = _copying(as_strided)
diagonal_copy = _copying(diagonal)
expand_copy = _copying(_expanded)
narrow_copy = _copying(narrow)
permute_copy = _copying(permute)
select_copy = _copying(select)
split_copy = _copying(split)
split_with_sizes_copy = _copying(_sized)
squeeze_copy = _copying(squeeze)
t_copy = _copying(_transposed)
transpose_copy = _copying(transpose)
unbind_copy = _copying(unbind)
unfold_copy = _copying(unfold_along)
unsqueeze_copy = _copying(unsqueeze)
