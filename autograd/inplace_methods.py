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


class InPlaceMethods:
    """The part of `Tensor` that changes it."""

    __slots__ = ()
    array: Array

    # ── functions ──

    abs_ = _form(ops.abs)
    acos_ = _form(ops.acos)
    acosh_ = _form(ops.acosh)
    add_ = _form(ops.add)
    addbmm_ = _form(ops.addbmm)
    addcdiv_ = _form(ops.addcdiv)
    addcmul_ = _form(ops.addcmul)
    addmm_ = _form(ops.addmm)
    addmv_ = _form(ops.addmv)
    addr_ = _form(ops.addr)
    asin_ = _form(ops.asin)
    asinh_ = _form(ops.asinh)
    atan2_ = _form(ops.atan2)
    atan_ = _form(ops.atan)
    atanh_ = _form(ops.atanh)
    baddbmm_ = _form(ops.baddbmm)
    bitwise_and_ = _form(ops.bitwise_and)
    bitwise_left_shift_ = _form(ops.bitwise_left_shift)
    bitwise_not_ = _form(ops.bitwise_not)
    bitwise_or_ = _form(ops.bitwise_or)
    bitwise_right_shift_ = _form(ops.bitwise_right_shift)
    bitwise_xor_ = _form(ops.bitwise_xor)
    ceil_ = _form(ops.ceil)
    clamp_ = _form(ops.clamp)
    clamp_max_ = _form(ops.clamp_max)
    clamp_min_ = _form(ops.clamp_min)
    conj_physical_ = _form(ops.conj_physical)
    copysign_ = _form(ops.copysign)
    cos_ = _form(ops.cos)
    cosh_ = _form(ops.cosh)
    cumprod_ = _form(ops.cumprod)
    cumsum_ = _form(ops.cumsum)
    deg2rad_ = _form(ops.deg2rad)
    digamma_ = _form(ops.digamma)
    div_ = _form(ops.div)
    eq_ = _form(ops.eq)
    erf_ = _form(ops.erf)
    erfc_ = _form(ops.erfc)
    erfinv_ = _form(ops.erfinv)
    exp2_ = _form(ops.exp2)
    exp_ = _form(ops.exp)
    expm1_ = _form(ops.expm1)

    def float_power_(self: Tensor, exponent: Tensor | Number | complex) -> Tensor:
        """`float_power`, with its result written to this tensor's memory, which must be float64 or complex128."""
        if self.array.dtype.char not in "dD":
            raise RuntimeError(f"float_power_: the result is float64, and this tensor is {self.array.dtype}")
        return inplace.in_place(ops.float_power, self, exponent)

    floor_ = _form(ops.floor)
    floor_divide_ = _form(ops.floor_divide)
    fmod_ = _form(ops.fmod)
    frac_ = _form(ops.frac)
    gcd_ = _form(ops.gcd)
    ge_ = _form(ops.ge)
    gt_ = _form(ops.gt)
    heaviside_ = _form(ops.heaviside)
    hypot_ = _form(ops.hypot)
    i0_ = _form(ops.i0)
    igamma_ = _form(ops.igamma)
    igammac_ = _form(ops.igammac)
    index_add_ = _form(ops.index_add)
    index_copy_ = _form(ops.index_copy)
    index_fill_ = _form(ops.index_fill)
    index_put_ = _form(ops.index_put)
    index_reduce_ = _form(ops.index_reduce)
    lcm_ = _form(ops.lcm)
    ldexp_ = _form(ops.ldexp)
    le_ = _form(ops.le)
    lerp_ = _form(ops.lerp)
    lgamma_ = _form(ops.lgamma)
    log10_ = _form(ops.log10)
    log1p_ = _form(ops.log1p)
    log2_ = _form(ops.log2)
    log_ = _form(ops.log)
    logical_and_ = _form(ops.logical_and)
    logical_not_ = _form(ops.logical_not)
    logical_or_ = _form(ops.logical_or)
    logical_xor_ = _form(ops.logical_xor)
    logit_ = _form(ops.logit)
    lt_ = _form(ops.lt)
    masked_fill_ = _form(ops.masked_fill)
    masked_scatter_ = _form(ops.masked_scatter)
    mul_ = _form(ops.mul)
    mvlgamma_ = _form(ops.mvlgamma)
    nan_to_num_ = _form(ops.nan_to_num)
    ne_ = _form(ops.ne)
    neg_ = _form(ops.neg)
    nextafter_ = _form(ops.nextafter)
    pow_ = _form(ops.pow)
    put_ = _form(ops.put)
    rad2deg_ = _form(ops.rad2deg)
    reciprocal_ = _form(ops.reciprocal)
    relu_ = _form(ops.relu)
    remainder_ = _form(ops.remainder)
    renorm_ = _form(ops.renorm)
    round_ = _form(ops.round)
    rsqrt_ = _form(ops.rsqrt)
    scatter_ = _form(ops.scatter)
    scatter_add_ = _form(ops.scatter_add)
    scatter_reduce_ = _form(ops.scatter_reduce)
    sgn_ = _form(ops.sgn)
    sigmoid_ = _form(ops.sigmoid)
    sign_ = _form(ops.sign)
    sin_ = _form(ops.sin)
    sinc_ = _form(ops.sinc)
    sinh_ = _form(ops.sinh)
    sqrt_ = _form(ops.sqrt)
    square_ = _form(ops.square)
    sub_ = _form(ops.sub)
    tan_ = _form(ops.tan)
    tanh_ = _form(ops.tanh)
    tril_ = _form(ops.tril)
    triu_ = _form(ops.triu)
    trunc_ = _form(ops.trunc)
    xlogy_ = _form(ops.xlogy)

    # second names, as in autograd/aliases.py
    absolute_ = abs_
    arccos_ = acos_
    arccosh_ = acosh_
    arcsin_ = asin_
    arcsinh_ = asinh_
    arctan_ = atan_
    arctan2_ = atan2_
    arctanh_ = atanh_
    clip_ = clamp_
    divide_ = div_
    fix_ = trunc_
    greater_ = gt_
    greater_equal_ = ge_
    less_ = lt_
    less_equal_ = le_
    multiply_ = mul_
    negative_ = neg_
    not_equal_ = ne_
    subtract_ = sub_
    true_divide_ = div_

    # ── views ──

    as_strided_ = _view_form(ops.as_strided)
    squeeze_ = _view_form(ops.squeeze)
    t_ = _view_form(ops.t)
    swapaxes_ = swapdims_ = transpose_ = _view_form(ops.transpose)
    unsqueeze_ = _view_form(ops.unsqueeze)

    def polygamma_(self: Tensor, n: int) -> Tensor:
        """`polygamma`, with its result written to this tensor's memory.  Returns the tensor."""
        return inplace.in_place(lambda x: ops.polygamma(n, x), self)

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

    def __setitem__(self: Tensor, index: Any, value: Tensor | Array | Number | complex) -> None:
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

    def fill_(self: Tensor, value: Tensor | Number | complex) -> Tensor:
        """Give all elements one value: a number, or a tensor without dimensions."""
        if not isinstance(value, bool | int | float | complex) and value.ndim > 0:
            raise ValueError(
                f"fill_: expects a number or a tensor without dimensions, not shape {value.shape}; use copy_"
            )
        return inplace.write("fill_", self, value)

    def zero_(self: Tensor) -> Tensor:
        """Give all elements the value 0."""
        return inplace.write("zero_", self, 0)

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
