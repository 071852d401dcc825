"""What tensors inherit from the op table: every op that is a method, and the operators.

A list, in plain code that an editor can follow; a test holds it against the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import ops

if TYPE_CHECKING:
    from autograd.tensor import Tensor

Number = bool | int | float


def _is_numeric(x: object) -> bool:
    return hasattr(x, "array") or isinstance(x, np.ndarray | np.generic | bool | int | float)


class TensorMethods:
    """The part of `Tensor` that only passes its arguments on."""

    __slots__ = ()

    # ── operators ──

    __add__ = ops.add
    __sub__ = ops.sub
    __mul__ = ops.mul
    __truediv__ = ops.div
    __pow__ = ops.pow
    __matmul__ = ops.matmul
    __neg__ = ops.neg
    __lt__ = ops.lt
    __le__ = ops.le
    __gt__ = ops.gt
    __ge__ = ops.ge
    __getitem__ = ops.getitem

    def __radd__(self: Any, other: Number) -> Tensor:
        return ops.add(other, self)

    def __rsub__(self: Any, other: Number) -> Tensor:
        return ops.sub(other, self)

    def __rmul__(self: Any, other: Number) -> Tensor:
        return ops.mul(other, self)

    def __rtruediv__(self: Any, other: Number) -> Tensor:
        return ops.div(other, self)

    def __rpow__(self: Any, base: Number) -> Tensor:
        return ops.pow(base, self)

    def __rmatmul__(self: Any, other: Any) -> Tensor:
        return ops.matmul(other, self)

    def __eq__(self: Any, other: Any) -> Tensor:  # type: ignore[override]
        return ops.eq(self, other) if _is_numeric(other) else NotImplemented  # Python goes by identity then

    def __ne__(self: Any, other: Any) -> Tensor:  # type: ignore[override]
        return ops.ne(self, other) if _is_numeric(other) else NotImplemented

    # ── methods ──

    add = ops.add
    sub = ops.sub
    mul = ops.mul
    div = ops.div
    neg = ops.neg
    pow = ops.pow
    exp = ops.exp
    log = ops.log
    matmul = ops.matmul
    sum = ops.sum
    mean = ops.mean
    transpose = ops.transpose
    t = ops.t
    expand = ops.expand
    flatten = ops.flatten
    argmax = ops.argmax
    eq = ops.eq
    ne = ops.ne
    lt = ops.lt
    le = ops.le
    gt = ops.gt
    ge = ops.ge
    relu = ops.relu
    softmax = ops.softmax
    log_softmax = ops.log_softmax

    def reshape(self: Any, *shape: Any) -> Tensor:
        """The elements in another shape: reshape(2, 3) or reshape((2, 3))."""
        return ops.reshape(self, ops.sizes_of(shape))

    def view(self: Any, *shape: Any) -> Tensor:
        """`reshape` that never copies."""
        result = ops.reshape(self, ops.sizes_of(shape))
        if self.array.size and not np.may_share_memory(result.array, self.array):
            raise ValueError(f"view: shape {result.shape} of a tensor that is not contiguous needs a copy; use reshape")
        return result

    def permute(self: Any, *dims: Any) -> Tensor:
        """Dimension i of the result is dimension dims[i] of this tensor."""
        return ops.permute(self, ops.sizes_of(dims))

    @property
    def T(self: Any) -> Tensor:
        return ops.permute(self, tuple(range(self.ndim))[::-1])

    @property
    def mT(self: Any) -> Tensor:
        return ops.transpose(self, -1, -2)

    def to(self: Any, dtype: Any) -> Tensor:
        """The tensor in another dtype; itself, where it has that dtype (or for the device "cpu")."""
        return self if dtype == "cpu" else ops.to(self, dtype)

    def type_as(self: Any, other: Tensor) -> Tensor:
        return ops.to(self, other.dtype)

    def float(self: Any) -> Tensor:
        return ops.to(self, np.float32)

    def double(self: Any) -> Tensor:
        return ops.to(self, np.float64)

    def long(self: Any) -> Tensor:
        return ops.to(self, np.int64)

    def int(self: Any) -> Tensor:
        return ops.to(self, np.int32)

    def bool(self: Any) -> Tensor:
        return ops.to(self, np.bool_)

    def clone(self: Any) -> Tensor:
        """A copy that gradients flow through."""
        return ops.clone(self)

    def contiguous(self: Any) -> Tensor:
        """Itself, or a copy whose elements lie in row-major order."""
        return self if self.array.flags.c_contiguous else ops.clone(self)

    # ── in place: where nothing is recorded ──

    def copy_(self: Any, source: Tensor) -> Tensor:
        """Take the source's values."""
        return self._write("copy_", source)

    def fill_(self: Any, value: Number) -> Tensor:
        return self._write("fill_", value)

    def zero_(self: Any) -> Tensor:
        return self._write("zero_", 0)

    def add_(self: Any, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        return self._update("add_", ops.add(self, other, alpha=alpha))

    def sub_(self: Any, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        return self._update("sub_", ops.sub(self, other, alpha=alpha))

    def mul_(self: Any, other: Tensor | Number) -> Tensor:
        return self._update("mul_", self * other)

    def div_(self: Any, other: Tensor | Number) -> Tensor:
        return self._update("div_", self / other)

    __iadd__ = add_
    __isub__ = sub_
    __imul__ = mul_
    __itruediv__ = div_
