"""Padding: elements added before and after the last dimensions.  Negative padding removes elements.

pad (l0, r0, l1, r1, …) starts at the last dimension and goes backwards.
constant                        dx = g, padded by (-l0, -r0, …): added elements are removed, removed ones get 0
reflect, replicate, circular    y = x[…, index, …], dimension by dimension (ops/indexing.py)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.op import BadSample, Composite, Op, Sample, register
from autograd.ops.indexing import getitem, pad_places
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

NUMPY_MODES: dict[str, Any] = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def _by_dim(shape: tuple[int, ...], pad: tuple[int, ...]) -> list[tuple[int, int]]:
    """(before, after) of every dimension."""
    pairs = list(zip(pad[::2], pad[1::2], strict=True))[::-1]
    return [(0, 0)] * (len(shape) - len(pairs)) + pairs


def _check(shape: tuple[int, ...], pad: tuple[int, ...]) -> None:
    if len(pad) % 2 or len(pad) > 2 * len(shape):
        raise ValueError(
            f"pad: expects two numbers (before, after) for each padded dimension of shape {shape}, "
            f"starting with the last, got {pad}"
        )
    if any(min(n + left, n + right, n + left + right) < 0 for n, (left, right) in zip(shape, _by_dim(shape, pad))):
        raise ValueError(f"pad: {pad} removes more elements than shape {shape} has")


def _forward(x: Array, *, pad: tuple[int, ...], value: float) -> Array:
    widths = _by_dim(x.shape, pad)
    y = np.full([n + left + right for n, (left, right) in zip(x.shape, widths)], value, x.dtype)
    inner = tuple(slice(max(0, -left), n - max(0, -right)) for n, (left, right) in zip(x.shape, widths))
    inside = tuple(slice(max(0, left), n - max(0, right)) for n, (left, right) in zip(y.shape, widths))
    y[inside] = x[inner]
    return y


def _backward(ctx: Context, g: Tensor, *, pad: tuple[int, ...], value: float) -> Gradient:
    return _pad_op(g, pad=tuple(-n for n in pad), value=0)


def _reference(x: Array, *, pad: tuple[int, ...], value: float) -> Array:
    widths = _by_dim(x.shape, pad)
    y = np.full([n + left + right for n, (left, right) in zip(x.shape, widths)], value, x.dtype)
    for index in np.ndindex(*x.shape):
        moved = tuple(i + left for i, (left, _) in zip(index, widths))
        if all(0 <= i < n for i, n in zip(moved, y.shape)):
            y[moved] = x[index]
    return y


def _sample(draw: Draw) -> Sample:
    shape = draw.shape(1, 3, least=0)
    dims = draw.size(0, len(shape))
    pad = [draw.size(-(n // 2), 2) for n in shape[::-1][:dims] for _ in range(2)]
    return Sample((draw.tensor(*shape),), {"pad": tuple(pad), "value": draw.choice(0, 3)})


_pad_op: Op = register(
    Op(
        name="pad",
        check=lambda x, *, pad, value: _check(x.shape, pad),
        forward=_forward,
        backward=_backward,
        reference=_reference,
        sample=_sample,
        bad_samples=[
            BadSample((np.ones((2, 3)),), {"pad": (1,), "value": 0}, ValueError, ("pad", "(2, 3)", "(1,)", "two")),
            BadSample((np.ones(3),), {"pad": (1, 1, 1, 1), "value": 0}, ValueError, ("pad", "(3,)", "last")),
            BadSample((np.ones((2, 3)),), {"pad": (-2, -2), "value": 0}, ValueError, ("pad", "(-2, -2)", "(2, 3)")),
        ],
        kind="multilinear",
        flops=0,
    )
)


def pad(input: Tensor, pad: tuple[int, ...], mode: str = "constant", value: float | None = None) -> Tensor:
    """Pad the last dimensions of a tensor.

    Parameters
    ----------
    input : Tensor, any shape
    pad : tuple of int
        Number of elements to add (before, after) the last dimension, then the second to last, and so on.  Negative
        numbers remove elements.
    mode : str
        "constant" (all are `value`), "reflect" (mirrored at the border, which is not repeated), "replicate" (the
        border is repeated) or "circular" (from the opposite end).
    value : float, optional
        For mode "constant".  Default: 0.

    Returns
    -------
    Tensor, of the shape of input with the padding added

    Raises
    ------
    ValueError
        If pad does not fit the shape or the mode, or the mode is unknown.
    TypeError
        If pad is no tuple of whole numbers.

    Examples
    --------
    >>> import autograd
    >>> from autograd.ops import pad
    >>> pad(autograd.tensor([1.0, 2.0, 3.0]), (2, 1), mode="reflect")
    tensor([3., 2., 1., 2., 3., 2.])
    """
    check_arrays("pad", input=input)
    if not isinstance(pad, tuple | list) or not all(isinstance(n, int | np.integer) for n in pad):
        raise TypeError(
            f"pad: expects whole numbers (before, after) for the last dimensions, as in (1, 1), not {pad!r}"
        )
    widths = tuple(pad)
    if mode == "constant":
        return _pad_op(input, pad=widths, value=0 if value is None else value)
    if mode not in NUMPY_MODES or value is not None:
        raise ValueError(
            f"pad: got mode {mode!r} with value {value}; expects 'constant', or 'reflect', 'replicate' or 'circular' "
            "without a value"
        )
    take = getitem if mode == "circular" else pad_places
    shape = tuple(input.shape)
    _check(shape, widths)
    for dim, (left, right) in enumerate(_by_dim(shape, widths)):
        n, width = shape[dim], max(left, right)
        if not (left or right):
            continue
        if width > {"reflect": n - 1, "circular": n, "replicate": width if n else 0}[mode]:
            raise ValueError(f"pad: mode {mode!r} cannot add {width} elements in dim {dim} of shape {shape}")
        index, added = np.arange(n), (max(0, left), max(0, right))
        if mode == "circular":  # what is taken away does not come round again
            index = np.pad(index[max(0, -left) : n - max(0, -right)], added, NUMPY_MODES[mode])
        else:
            index = np.pad(index, added, NUMPY_MODES[mode])
            index = index[max(0, -left) : len(index) - max(0, -right)]
        input = take(input, index=(*[slice(None)] * dim, index))
    return input


# ── the modes that index, as a row ─────────────────────────────────────────────────────


def _gather_sample(draw: Draw) -> Sample:
    shape = (draw.size(0, 2), draw.size(2, 3), draw.size(2, 4))
    widths = tuple(draw.size(-1, 1 if n == 2 else 2) for n in (shape[2], shape[2], shape[1], shape[1]))
    return Sample((draw.tensor(*shape),), {"pad": widths[: draw.choice(2, 4)], "mode": draw.choice(*NUMPY_MODES)})


def _gather_reference(x: Array, *, pad: tuple[int, ...], mode: str) -> Array:
    widths = _by_dim(x.shape, pad)
    y = np.empty([n + left + right for n, (left, right) in zip(x.shape, widths)], x.dtype)
    for index in np.ndindex(*y.shape):
        padded: list[int] = []
        for i, n, (left, right) in zip(index, x.shape, widths):
            i -= left
            first, last = max(0, -left), n - 1 - max(0, -right)
            mirrored = min(abs(i), 2 * (n - 1) - abs(i))
            wrapped = first + (i - first) % (last - first + 1)
            padded.append({"reflect": mirrored, "replicate": min(max(i, 0), n - 1), "circular": wrapped}[mode])
        y[index] = x[tuple(padded)]
    return y


def _bad(widths: tuple[int, ...], mode: str, *words: str) -> BadSample:
    return BadSample((np.ones((2, 3)),), {"pad": widths, "mode": mode}, ValueError, ("pad", mode, *words))


register(
    Composite(
        name="pad_gather",
        function=pad,
        reference=_gather_reference,
        sample=_gather_sample,
        bad_samples=[
            _bad((3, 0), "reflect", "(2, 3)", "3 elements"),
            _bad((0, 4), "circular", "(2, 3)", "4 elements"),
            _bad((1, 1), "mirror", "'reflect'"),
        ],
        kind="multilinear",
    )
)
