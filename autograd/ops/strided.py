"""What a write through a view adds to the graph (`autograd/inplace.py`).  Users do not call these ops.

They see a base x as the memory that it occupies.  A *view* is a part of that memory, in a shape and with strides of its
own.

strided_read     y = the view of x, copied           dx = strided_add(g)
strided_add      y = 0, with g added at the view     dg = strided_read of the out-gradient
strided_write    y = x, with src at the view         dx = g, with 0 at the view;   dsrc = strided_read(g)

strided_add adds, since an expanded view shows one element several times.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from autograd.engine import Context
from autograd.kernels.scatter import add_rows
from autograd.kernels.sums import total
from autograd.op import Op, Sample, register
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


class Layout(NamedTuple):
    """Where the elements of an array are, counted in elements from the start of the base's memory."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int

    def place(self, memory: Array) -> Array:
        """The array that has this layout in this memory."""
        size = memory.itemsize
        return np.ndarray(
            self.shape, memory.dtype, memory, self.offset * size, tuple([stride * size for stride in self.strides])
        )

    @property
    def extent(self) -> int:
        """Number of elements of the memory, up to the last that is used."""
        if 0 in self.shape:
            return 0
        return (
            1 + self.offset + sum((n - 1) * max(stride, 0) for n, stride in zip(self.shape, self.strides, strict=True))
        )

    @property
    def overlaps(self) -> bool:
        """Whether two elements may be at one place."""
        reach = 1
        for stride, n in sorted((abs(stride), n) for n, stride in zip(self.shape, self.strides, strict=True) if n > 1):
            if stride < reach:
                return True
            reach += stride * (n - 1)
        return False


def layouts(base: Array, view: Array) -> tuple[Layout, Layout]:
    """The layouts of a base and of a view of it."""
    start = min([base.ctypes.data, *_lowest(base)])
    return _layout(base, start), _layout(view, start)


def _lowest(x: Array) -> list[int]:
    """The address of the lowest element."""
    if not x.size:
        return []
    return [x.ctypes.data + sum((n - 1) * min(stride, 0) for n, stride in zip(x.shape, x.strides, strict=True))]


def _layout(x: Array, start: int) -> Layout:
    parts = [divmod(number, x.itemsize) for number in (x.ctypes.data - start if x.size else 0, *x.strides)]
    if any(rest for _, rest in parts):
        raise RuntimeError(
            "writing in place through a view: the memory holds something between the elements, as a structured NumPy "
            "array does; make the tensor of a copy, autograd.tensor(...)"
        )
    (offset, _), *strides = parts
    return Layout(x.shape, tuple([stride for stride, _ in strides]), offset)


def _memory(x: Array, base: Layout, copy: bool) -> Array:
    """The elements of x in the base's layout, as a vector.  What lies between them is 0."""
    if base.offset == 0 and math.prod(base.shape) == base.extent and _is_row_major(base):
        return np.array(x, order="C").reshape(-1) if copy else np.ascontiguousarray(x).reshape(-1)
    memory = np.zeros(base.extent, x.dtype)
    base.place(memory)[...] = x
    return memory


def _is_row_major(layout: Layout) -> bool:
    stride = 1
    for n, found in zip(layout.shape[::-1], layout.strides[::-1], strict=True):
        if n > 1 and found != stride:
            return False
        stride *= n
    return True


def _view_forward(x: Array, *, base: Layout, view: Layout) -> Array:
    return view.place(_memory(x, base, copy=False)).copy()


def _add_forward(g: Array, *, base: Layout, view: Layout) -> Array:
    repeated = tuple(
        i for i, (n, stride) in enumerate(zip(view.shape, view.strides, strict=True)) if n > 1 and not stride
    )
    if repeated:  # expanded dimensions
        g = np.asarray(total(g, dim=repeated, keepdim=True))
        view = view._replace(shape=g.shape)
    memory = np.zeros(base.extent, g.dtype)
    if view.overlaps:
        places = view.place(np.arange(base.extent))
        add_rows(memory.reshape(-1, 1), places.reshape(-1), np.ascontiguousarray(g).reshape(-1, 1))
    else:
        view.place(memory)[...] = g
    return base.place(memory)


def _write_forward(x: Array, src: Array, *, base: Layout, view: Layout) -> Array:
    memory = _memory(x, base, copy=True)
    view.place(memory)[...] = src
    return base.place(memory)


def _write_backward(ctx: Context, g: Tensor, *, base: Layout, view: Layout) -> tuple[Gradient, ...]:
    return (
        strided_write(g, 0.0, base=base, view=view) if ctx.needs_input_grad[0] else None,
        strided_read(g, base=base, view=view) if ctx.needs_input_grad[1] else None,
    )


def _places(layout: Layout) -> Array:
    """The place of each element in memory."""
    places = np.full(layout.shape, layout.offset)
    for i in np.ndindex(layout.shape):
        places[i] += np.dot(i, layout.strides) if i else 0
    return places


def _view_reference(x: Array, *, base: Layout, view: Layout) -> Array:
    found = dict(zip(_places(base).ravel(), x.ravel(), strict=True))
    return np.array([found[place] for place in _places(view).ravel()], x.dtype).reshape(view.shape)


def _add_reference(g: Array, *, base: Layout, view: Layout) -> Array:
    found = dict.fromkeys(_places(base).ravel(), g.dtype.type(0))
    for place, number in zip(_places(view).ravel(), g.ravel(), strict=True):
        found[place] += number
    return np.array([found[place] for place in _places(base).ravel()], g.dtype).reshape(base.shape)


def _write_reference(x: Array, src: Array, *, base: Layout, view: Layout) -> Array:
    found = dict(zip(_places(base).ravel(), x.ravel(), strict=True))
    found.update(zip(_places(view).ravel(), np.broadcast_to(src, view.shape).ravel(), strict=True))
    return np.array([found[place] for place in _places(base).ravel()], x.dtype).reshape(base.shape)


def _draw_layouts(draw: Draw, overlapping: bool) -> dict[str, Layout]:
    n = draw.size(2, 3)
    whole = np.zeros((n, 2, draw.size(1, 3)))
    base = draw.choice(whole, whole.T, whole[::-1, ::2], whole[:, :, ::-1], np.zeros((n, 4))[:, 1:3])
    views = [base[1:], base[..., -1], base.T, base[::-1], base[0, 0, ...], base[:, None], base]
    if overlapping:
        row = base[:, 0].reshape(n, -1)[:, 0]
        views += [np.broadcast_to(base, (2, *base.shape)), np.broadcast_to(base[:, :1], base.shape)]
        if np.may_share_memory(row, base):
            views += [np.lib.stride_tricks.sliding_window_view(row, 2)]
    return dict(zip(("base", "view"), layouts(base, draw.choice(*views)), strict=True))


def _view_sample(draw: Draw) -> Sample:
    params = _draw_layouts(draw, overlapping=True)
    return Sample((draw.tensor(*params["base"].shape),), dict(params))


def _add_sample(draw: Draw) -> Sample:
    params = _draw_layouts(draw, overlapping=True)
    return Sample((draw.tensor(*params["view"].shape),), dict(params))


def _write_sample(draw: Draw) -> Sample:
    params = _draw_layouts(draw, overlapping=False)
    return Sample((draw.tensor(*params["base"].shape), draw.tensor(*params["view"].shape)), dict(params))


strided_read: Op = register(
    Op(
        name="strided_read",
        forward=_view_forward,
        backward=lambda ctx, g, *, base, view: _strided_add_op(g, base=base, view=view),
        reference=_view_reference,
        sample=_view_sample,
        kind="multilinear",
        flops=0,
    )
)

_strided_add_op: Op = register(
    Op(
        name="strided_add",
        forward=_add_forward,
        backward=lambda ctx, g, *, base, view: strided_read(g, base=base, view=view),
        reference=_add_reference,
        sample=_add_sample,
        kind="multilinear",
        complex=True,
    )
)

strided_write: Op = register(
    Op(
        name="strided_write",
        forward=_write_forward,
        backward=_write_backward,
        reference=_write_reference,
        sample=_write_sample,
        kind="piecewise",
        flops=0,
    )
)
