"""Questions about elements: their answers are bools or places, and carry no gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import BadSample, Op, Sample, register

if TYPE_CHECKING:
    from autograd.tensor import Tensor

Number = bool | int | float


def _two(draw: Any) -> Sample:
    a, b = draw.broadcastable(2)
    return Sample((draw.index(a, 3), draw.index(b, 3)))


def _comparison(name: str, ufunc: Any, reference: Any) -> Op:
    return register(
        Op(
            name=name,
            forward=ufunc,
            backward=None,
            reference=lambda x, y: np.asarray(np.frompyfunc(reference, 2, 1)(x, y)).astype(bool),
            sample=_two,
            kind="discrete",
            promotes="same",
        )
    )


_eq = _comparison("eq", np.equal, lambda x, y: x == y)
_ne = _comparison("ne", np.not_equal, lambda x, y: x != y)
_lt = _comparison("lt", np.less, lambda x, y: x < y)
_le = _comparison("le", np.less_equal, lambda x, y: x <= y)
_gt = _comparison("gt", np.greater, lambda x, y: x > y)
_ge = _comparison("ge", np.greater_equal, lambda x, y: x >= y)


def _argmax_forward(x: Any, *, dim: int | None, keepdim: bool) -> Any:
    if x.size == 0 or (dim is not None and not -max(1, x.ndim) <= dim < max(1, x.ndim)):
        raise IndexError(f"argmax: shape {x.shape} has no greatest element along dim {dim}")
    return np.argmax(x, axis=dim if x.ndim else None, keepdims=keepdim)


def _argmax_reference(x: Any, *, dim: int | None, keepdim: bool) -> Any:
    rows = x.reshape(1, -1) if dim is None else np.moveaxis(x, dim, -1).reshape(-1, x.shape[dim])
    # NaN is the greatest of all
    best = np.array([max(range(len(row)), key=lambda i: (row[i] != row[i], row[i])) for row in rows])
    if dim is None:
        return best.reshape((1,) * x.ndim if keepdim else ())
    shape = list(x.shape)
    shape[dim] = 1
    return best.reshape(shape) if keepdim else best.reshape(shape).squeeze(dim)


def _argmax_sample(draw: Any) -> Sample:
    shape = draw.shape(1, 3)
    dim = draw.choice(None, *range(len(shape)))
    return Sample((draw.tensor(*shape),), {"dim": dim, "keepdim": draw.choice(False, True)})


_argmax = register(
    Op(
        name="argmax",
        forward=_argmax_forward,
        backward=None,
        reference=_argmax_reference,
        sample=_argmax_sample,
        bad_samples=[
            BadSample((np.ones((2, 3)),), {"dim": 2, "keepdim": False}, IndexError, ("argmax", "(2, 3)", "2"))
        ],
        kind="discrete",
    )
)


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The place of the greatest element along dim (the first of equals), or in the flat tensor."""
    return _argmax(input, dim=dim, keepdim=keepdim)


def eq(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input == other, element by element and broadcast: a bool tensor."""
    return _eq(input, other)


def ne(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input != other, element by element and broadcast: a bool tensor."""
    return _ne(input, other)


def lt(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input < other, element by element and broadcast: a bool tensor."""
    return _lt(input, other)


def le(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input <= other, element by element and broadcast: a bool tensor."""
    return _le(input, other)


def gt(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input > other, element by element and broadcast: a bool tensor."""
    return _gt(input, other)


def ge(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input >= other, element by element and broadcast: a bool tensor."""
    return _ge(input, other)
