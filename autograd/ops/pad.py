"""Padding: numbers added before and after the last dimensions, or (negative) taken away there.

pad (l0, r0, l1, r1, …) goes from the last dimension backwards.
constant                        dx = g, padded by (-l0, -r0, …): what was added is cropped, what was cropped gets 0
reflect, replicate, circular    y = x[…, index, …], dimension by dimension (ops/indexing.py)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Composite, Op, Sample, check_arrays, register
from autograd.ops.indexing import getitem, pad_places

if TYPE_CHECKING:
    from autograd.tensor import Tensor

NUMPYS_MODE: dict[str, Any] = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def _by_dim(shape: tuple[int, ...], pad: tuple[int, ...]) -> list[tuple[int, int]]:
    """(before, after) of every dimension."""
    pairs = list(zip(pad[::2], pad[1::2], strict=True))[::-1]
    return [(0, 0)] * (len(shape) - len(pairs)) + pairs


def _check(shape: tuple[int, ...], pad: tuple[int, ...]) -> None:
    if len(pad) % 2 or len(pad) > 2 * len(shape):
        raise ValueError(
            f"pad: expects two numbers (before, after) for each of the last dimensions of shape {shape}, "
            f"the last first, got {pad}"
        )
    if any(min(n + left, n + right, n + left + right) < 0 for n, (left, right) in zip(shape, _by_dim(shape, pad))):
        raise ValueError(f"pad: {pad} takes more away than shape {shape} has")


def _forward(x: Any, *, pad: tuple[int, ...], value: float) -> Any:
    widths = _by_dim(x.shape, pad)
    y = np.full([n + left + right for n, (left, right) in zip(x.shape, widths)], value, x.dtype)
    kept = tuple(slice(max(0, -left), n - max(0, -right)) for n, (left, right) in zip(x.shape, widths))
    inside = tuple(slice(max(0, left), n - max(0, right)) for n, (left, right) in zip(y.shape, widths))
    y[inside] = x[kept]
    return y


def _backward(ctx: Any, g: Any, *, pad: tuple[int, ...], value: float) -> Any:
    return _constant(g, pad=tuple(-n for n in pad), value=0)


def _reference(x: Any, *, pad: tuple[int, ...], value: float) -> Any:
    widths = _by_dim(x.shape, pad)
    y = np.full([n + left + right for n, (left, right) in zip(x.shape, widths)], value, x.dtype)
    for place in np.ndindex(*x.shape):
        moved = tuple(i + left for i, (left, _) in zip(place, widths))
        if all(0 <= i < n for i, n in zip(moved, y.shape)):
            y[moved] = x[place]
    return y


def _sample(draw: Any) -> Sample:
    shape = draw.shape(1, 3, least=0)
    dims = draw.size(0, len(shape))
    pad = [draw.size(-(n // 2), 2) for n in shape[::-1][:dims] for _ in range(2)]
    return Sample((draw.tensor(*shape),), {"pad": tuple(pad), "value": draw.choice(0, 3)})


_constant: Op = register(
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
    """Numbers added at the borders of the last dimensions.

    Parameters
    ----------
    input : Tensor
    pad : tuple of int, (before, after) of the last dimension, then of the one before it, …
        Negative ones take away.
    mode : str
        "constant" (`value`), "reflect" (mirrored, the border itself not repeated), "replicate" (the
        border repeated) or "circular" (the other end).
    value : float, optional
        Default: 0.

    Raises
    ------
    ValueError
        If pad does not fit the shape or the mode.

    Examples
    --------
    >>> import autograd
    >>> from autograd.ops import pad
    >>> pad(autograd.tensor([1.0, 2.0, 3.0]), (2, 1), mode="reflect")
    tensor([3., 2., 1., 2., 3., 2.])
    """
    check_arrays("pad", input=input)
    if not isinstance(pad, tuple | list) or not all(isinstance(n, int | np.integer) for n in pad):
        raise TypeError(f"pad: expects whole numbers (before, after) of the last dimensions, as in (1, 1), not {pad!r}")
    widths = tuple(pad)
    if mode == "constant":
        return _constant(input, pad=widths, value=0 if value is None else value)
    if mode not in NUMPYS_MODE or value is not None:
        raise ValueError(
            f"pad: mode {mode!r} with value {value}: expects 'constant', or 'reflect', 'replicate' or 'circular' "
            "without a value"
        )
    take = getitem if mode == "circular" else pad_places
    shape = tuple(input.shape)
    _check(shape, widths)
    for dim, (left, right) in enumerate(_by_dim(shape, widths)):
        n, most = shape[dim], max(left, right)
        if not (left or right):
            continue
        if most > {"reflect": n - 1, "circular": n, "replicate": most if n else 0}[mode]:
            raise ValueError(f"pad: mode {mode!r} finds no {most} numbers to add in dim {dim} of shape {shape}")
        index, added = np.arange(n), (max(0, left), max(0, right))
        if mode == "circular":  # what is taken away does not come round again
            index = np.pad(index[max(0, -left) : n - max(0, -right)], added, NUMPYS_MODE[mode])
        else:
            index = np.pad(index, added, NUMPYS_MODE[mode])
            index = index[max(0, -left) : len(index) - max(0, -right)]
        input = take(input, index=(*[slice(None)] * dim, index))
    return input


# ── the modes that gather, under the battery ───────────────────────────────────────────


def _gather_sample(draw: Any) -> Sample:
    shape = (draw.size(0, 2), draw.size(2, 3), draw.size(2, 4))
    widths = tuple(draw.size(-1, 1 if n == 2 else 2) for n in (shape[2], shape[2], shape[1], shape[1]))
    return Sample((draw.tensor(*shape),), {"pad": widths[: draw.choice(2, 4)], "mode": draw.choice(*NUMPYS_MODE)})


def _gather_reference(x: Any, *, pad: tuple[int, ...], mode: str) -> Any:
    widths = _by_dim(x.shape, pad)
    y = np.empty([n + left + right for n, (left, right) in zip(x.shape, widths)], x.dtype)
    for place in np.ndindex(*y.shape):
        source = []
        for i, n, (left, right) in zip(place, x.shape, widths):
            i -= left
            first, last = max(0, -left), n - 1 - max(0, -right)
            mirrored = min(abs(i), 2 * (n - 1) - abs(i))
            round_again = first + (i - first) % (last - first + 1)
            source.append({"reflect": mirrored, "replicate": min(max(i, 0), n - 1), "circular": round_again}[mode])
        y[place] = x[tuple(source)]
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
            _bad((3, 0), "reflect", "(2, 3)", "3 numbers"),
            _bad((0, 4), "circular", "(2, 3)", "4 numbers"),
            _bad((1, 1), "mirror", "'reflect'"),
        ],
        kind="multilinear",
    )
)
