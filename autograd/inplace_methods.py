"""The methods and operators of tensors that write in place.

One line for each function whose result fits into its first argument: `relu_ = _form(ops.relu)`.  `y.relu_()` has the
values, the gradient and the errors of `relu`, and y keeps its memory (`autograd/inplace.py`).
"""

# mypy: disable-error-code="misc"
# `self: Tensor` names the only subclass; mypy wants a class of its own.

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from autograd import inplace, ops
from autograd.types import Array, Number

if TYPE_CHECKING:
    from autograd.tensor import Tensor

P = ParamSpec("P")
Method = Callable[Concatenate["Tensor", P], "Tensor"]


def _form(function: Callable[Concatenate[Tensor, P], Tensor]) -> Callable[Concatenate[Tensor, P], Tensor]:
    """The in-place form of a function."""

    @functools.wraps(function)
    def method(self: Tensor, *args: P.args, **kwargs: P.kwargs) -> Tensor:
        return inplace.in_place(function, self, *args, **kwargs)

    return _named(method, function, "with its result written to this tensor's memory")


def _view_form(function: Callable[Concatenate[Tensor, P], Tensor]) -> Callable[Concatenate[Tensor, P], Tensor]:
    """The in-place form of a function that returns a view: nothing moves in memory."""

    @functools.wraps(function)
    def method(self: Tensor, *args: P.args, **kwargs: P.kwargs) -> Tensor:
        return inplace.reshaped(function, self, *args, **kwargs)

    return _named(method, function, "for this tensor itself, whose memory stays as it is")


def _named(method: Callable[P, Tensor], function: Callable[..., Any], what: str) -> Callable[P, Tensor]:
    name = function.__name__
    method.__name__, method.__qualname__, method.__module__ = f"{name}_", f"Tensor.{name}_", __name__
    method.__doc__ = f"`{name}`, {what}.  Returns the tensor."
    return method


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """input + value * tensor1 * tensor2."""
    return input + value * tensor1 * tensor2


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """input + value * tensor1 / tensor2."""
    return input + value * tensor1 / tensor2


def lerp(input: Tensor, end: Tensor, weight: Tensor | Number) -> Tensor:
    """Move towards end by this fraction of the difference; at weight 1 exactly to end."""
    from_start, from_end = input + weight * (end - input), end - (end - input) * (1 - weight)
    if not isinstance(weight, bool | int | float):
        return ops.where(ops.abs(weight) < 0.5, from_start, from_end)
    return from_start if abs(weight) < 0.5 else from_end


class InPlaceMethods:
    """The part of `Tensor` that changes it."""

    __slots__ = ()
    array: Array

    # ── functions ──

    abs_ = _form(ops.abs)
    add_ = _form(ops.add)
    addcdiv_ = _form(addcdiv)
    addcmul_ = _form(addcmul)
    bitwise_and_ = _form(ops.bitwise_and)
    bitwise_not_ = _form(ops.bitwise_not)
    bitwise_or_ = _form(ops.bitwise_or)
    bitwise_xor_ = _form(ops.bitwise_xor)
    clamp_ = _form(ops.clamp)
    clamp_max_ = _form(ops.clamp_max)
    clamp_min_ = _form(ops.clamp_min)
    cos_ = _form(ops.cos)
    cumsum_ = _form(ops.cumsum)
    div_ = _form(ops.div)
    eq_ = _form(ops.eq)
    exp_ = _form(ops.exp)
    expm1_ = _form(ops.expm1)
    floor_divide_ = _form(ops.floor_divide)
    ge_ = _form(ops.ge)
    gt_ = _form(ops.gt)
    le_ = _form(ops.le)
    lerp_ = _form(lerp)
    log1p_ = _form(ops.log1p)
    log_ = _form(ops.log)
    logical_and_ = _form(ops.logical_and)
    logical_not_ = _form(ops.logical_not)
    logical_or_ = _form(ops.logical_or)
    lt_ = _form(ops.lt)
    masked_fill_ = _form(ops.masked_fill)
    mul_ = _form(ops.mul)
    ne_ = _form(ops.ne)
    neg_ = _form(ops.neg)
    pow_ = _form(ops.pow)
    reciprocal_ = _form(ops.reciprocal)
    relu_ = _form(ops.relu)
    remainder_ = _form(ops.remainder)
    rsqrt_ = _form(ops.rsqrt)
    scatter_add_ = _form(ops.scatter_add)
    sigmoid_ = _form(ops.sigmoid)
    sign_ = _form(ops.sign)
    sin_ = _form(ops.sin)
    sqrt_ = _form(ops.sqrt)
    square_ = _form(ops.square)
    sub_ = _form(ops.sub)
    tanh_ = _form(ops.tanh)
    tril_ = _form(ops.tril)
    triu_ = _form(ops.triu)

    # ── views ──

    squeeze_ = _view_form(ops.squeeze)
    t_ = _view_form(ops.t)
    transpose_ = _view_form(ops.transpose)
    unsqueeze_ = _view_form(ops.unsqueeze)

    # ── operators ──

    __iadd__ = add_
    __isub__ = sub_
    __imul__ = mul_
    __itruediv__ = div_
    __ifloordiv__ = floor_divide_
    __imod__ = remainder_
    __ipow__ = pow_
    __iand__ = bitwise_and_
    __ior__ = bitwise_or_
    __ixor__ = bitwise_xor_

    def __setitem__(self: Tensor, index: Any, value: Tensor | Array | Number) -> None:
        first, second = ops.plain_index(index)  # integers are applied before arrays
        if second:
            inplace.write("setitem", self[first] if first else self, value, second)
        elif not inplace.is_own_part(self, first, value):
            inplace.write("setitem", self, value, first)

    # ── new values ──

    def copy_(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
        """Copy the values of src, whose shape broadcasts to this one's.  `non_blocking` has no effect."""
        inplace.check_is_tensor("copy_", src)
        if src.ndim > self.ndim:
            raise ValueError(f"copy_: shape {src.shape} does not broadcast to shape {self.shape}; use src.reshape(...)")
        return inplace.write("copy_", self, src)

    def fill_(self: Tensor, value: Tensor | Number) -> Tensor:
        """Give all elements one value: a number, or a tensor without dimensions."""
        if not isinstance(value, bool | int | float) and value.ndim > 0:
            raise ValueError(
                f"fill_: expects a number or a tensor without dimensions, not shape {value.shape}; use copy_"
            )
        return inplace.write("fill_", self, value)

    def zero_(self: Tensor) -> Tensor:
        """Give all elements the value 0."""
        return inplace.write("zero_", self, 0)

    def uniform_(self: Tensor, low: Number = 0, high: Number = 1, /) -> Tensor:
        """Fill with numbers drawn uniformly from [low, high)."""
        return self._draw("uniform_", low, high)

    def normal_(self: Tensor, mean: Number = 0, std: Number = 1) -> Tensor:
        """Fill with numbers drawn from the normal distribution."""
        return self._draw("normal_", mean, std)

    def _draw(self: Tensor, name: str, *numbers: Number) -> Tensor:
        from autograd.random import generator  # which imports Tensor

        if not self.is_floating_point():
            raise TypeError(f"{name}: draws floats, which do not fit into a {self.dtype} tensor")
        return inplace.write(name, self, getattr(generator(), name[:-1])(*numbers, self.shape))

    # ── the tensor as it is known to the engine ──

    @property
    def is_leaf(self: Tensor) -> bool:
        """Whether it was created by the user and not by a recorded operation."""
        return self.node is None

    def requires_grad_(self: Tensor, requires_grad: bool = True) -> Tensor:
        """Set `requires_grad`; returns the tensor."""
        self.requires_grad = requires_grad
        return self

    def detach(self: Tensor) -> Tensor:
        """A tensor that shares the memory and has no history."""
        return inplace.detached(self)

    def detach_(self: Tensor) -> Tensor:
        """Take the history away, so that the tensor is a leaf; returns the tensor."""
        return inplace.detach(self)

    @property
    def _version(self: Tensor) -> int:
        """How often the memory was changed in place."""
        return self.version[0]

    @property
    def data(self: Tensor) -> Tensor:
        """The same memory without history; may be set to a tensor of the same shape and dtype."""
        return self.detach()

    @data.setter
    def data(self: Tensor, value: Tensor) -> None:
        inplace.check_is_tensor("data", value)
        if value.shape != self.shape or value.dtype != self.dtype:
            raise ValueError(
                f"data: expects {self.dtype} of shape {self.shape}, got {value.dtype} of shape {value.shape}"
            )
        self.array = value.array
        self.version = value.version
