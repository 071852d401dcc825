"""Which tensors are views of which: a view knows its base, and a base its views.

A write in place to one of them changes the values of all, so it must change the history of all
(`autograd/inplace.py`).  The base is no view itself.  References to views are weak, so a view is freed as if the base
did not know it.

`detach` shares memory too, but returns no view in this sense: it has no history, and gets none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias
from weakref import ref

from autograd.promotion import DIFFERENTIABLE

if TYPE_CHECKING:
    from autograd.tensor import Tensor

# id of a view -> the view, and whether its function returned several views at once.  Memory is bounded without
# removing dead views, because their ids are used again.
Views: TypeAlias = "dict[int, tuple[ref[Tensor], bool]]"


def link(view: Tensor, source: Tensor, several: bool) -> None:
    """Note that `view` shares memory with `source`; `several` tells whether it is one of several results."""
    view.version = source.version
    base = source if source._base is None else source._base
    view._base = base
    # A leaf that requires grad is never written to while recording.  The view of a recorded tensor that was made
    # without recording has no part in the history, and integers have no history.
    if view._requires_grad:
        if base.node is None and base._requires_grad:
            return
    elif base._requires_grad or view.array.dtype.kind not in DIFFERENTIABLE:
        return
    views = base._views
    if views is None:
        views = base._views = {}
    if source is not base and not several:
        several = is_one_of_several(source)
    views[id(view)] = ref(view), several


def is_one_of_several(view: Tensor) -> bool:
    """Whether the view, or what it is a view of, was returned together with others, as by `split`."""
    entry = (view._base._views or {}).get(id(view)) if view._base is not None else None
    return entry is not None and entry[0]() is view and entry[1]


def views_of(base: Tensor) -> list[Tensor]:
    """The views of a base that are alive."""
    found = [view() for view, _ in (base._views or {}).values()]
    return [view for view in found if view is not None and view._base is base and view.version is base.version]
