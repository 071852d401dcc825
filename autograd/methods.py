"""The methods and operators of tensors that call ops.

Each is written out, so that editors can follow it.  A test compares the list with the op table.
"""

# mypy: disable-error-code="misc"
# `self: Tensor` names the only subclass; mypy wants a class of its own.

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeGuard, overload

import numpy as np

from autograd import ops
from autograd.inplace_methods import InPlaceMethods
from autograd.layouts import memory_format
from autograd.promotion import BFLOAT16, FLOAT16
from autograd.random_methods import RandomMethods
from autograd.shape_methods import ShapeMethods
from autograd.type_methods import TypeMethods
from autograd.types import Number, Size

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _is_numeric(x: object) -> TypeGuard[Tensor | Number | complex]:
    return isinstance(x, TensorMethods | np.ndarray | np.generic | bool | int | float | complex)


class TensorMethods(ShapeMethods, TypeMethods, RandomMethods, InPlaceMethods):
    """The part of `Tensor` that only passes its arguments on."""

    __slots__ = ()

    # ── sizes, and elements as Python numbers ──

    @overload
    def size(self: Tensor, dim: None = None) -> Size: ...
    @overload
    def size(self: Tensor, dim: int) -> int: ...
    def size(self: Tensor, dim: int | None = None) -> Size | int:
        """The shape, or the size of one dimension."""
        return self.shape if dim is None else self.shape[dim]

    @property
    def shape(self) -> Size:
        return Size(self.array.shape)

    @property
    def dtype(self) -> np.dtype:
        return self.array.dtype

    @property
    def ndim(self) -> int:
        return self.array.ndim

    def dim(self: Tensor) -> int:
        """Number of dimensions."""
        return self.array.ndim

    def numel(self: Tensor) -> int:
        """Number of elements."""
        return self.array.size

    def __len__(self: Tensor) -> int:
        if self.array.ndim == 0:
            raise TypeError("len: a tensor without dimensions has no length")
        return len(self.array)

    def __iter__(self: Tensor) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __contains__(self: Tensor, element: object) -> bool:
        if not isinstance(element, TensorMethods | np.ndarray | np.generic | int | float | complex):
            raise TypeError(f"in: a tensor is searched for a number or a tensor, not for a {type(element).__name__}")
        return bool((self == element).array.any())

    def __bool__(self: Tensor) -> bool:
        return bool(self._only("true or false", RuntimeError))

    def __float__(self: Tensor) -> float:
        return float(self._only("a Python number", ValueError))

    def __complex__(self: Tensor) -> complex:
        return complex(self._only("a Python number", ValueError))

    def __int__(self: Tensor) -> int:
        return int(self._only("a Python number", ValueError))

    def __index__(self: Tensor) -> int:
        if self.array.dtype.kind not in "biu" or self.array.size != 1:
            raise TypeError(
                f"only an integer tensor of one element is an index, not {self.dtype} of shape {self.shape}"
            )
        return int(self.item())

    def _only(self: Tensor, what: str, error: type[Exception]) -> Any:
        """The only element; with more or fewer of them, the error says what this tensor is not."""
        if self.array.size != 1:
            raise error(
                f"a tensor of shape {self.shape} is not one number, so not {what}; reduce it first, or use an index"
            )
        return self.array.item()

    def __format__(self: Tensor, spec: str) -> str:
        return format(self.item(), spec) if self.array.ndim == 0 else object.__format__(self, spec)

    def item(self: Tensor) -> bool | int | float:
        """The only element, as a Python number."""
        if self.array.size != 1:
            raise RuntimeError(
                f"item: a tensor of shape {self.shape} is not one number; reduce it first, or use an index"
            )
        return self.array.item()

    def tolist(self: Tensor) -> Any:
        """The elements as nested lists of Python numbers."""
        return self.array.tolist()

    def cpu(self: Tensor) -> Tensor:
        """The tensor itself: the CPU is the only device."""
        return self

    # ── operators ──

    __add__ = ops.add
    __sub__ = ops.sub
    __mul__ = ops.mul
    __truediv__ = ops.div
    __floordiv__ = ops.floor_divide
    __mod__ = ops.remainder
    __pow__ = ops.pow
    __matmul__ = ops.matmul
    __neg__ = ops.neg
    __pos__ = ops.positive
    __abs__ = ops.abs
    __invert__ = ops.bitwise_not
    __and__ = __rand__ = ops.bitwise_and
    __or__ = __ror__ = ops.bitwise_or
    __xor__ = __rxor__ = ops.bitwise_xor
    __lt__ = ops.lt
    __le__ = ops.le
    __gt__ = ops.gt
    __ge__ = ops.ge
    __getitem__ = ops.getitem

    def __radd__(self: Tensor, other: Number | complex) -> Tensor:
        return ops.add(other, self)

    def __rsub__(self: Tensor, other: Number | complex) -> Tensor:
        return ops.sub(other, self)

    def __rmul__(self: Tensor, other: Number | complex) -> Tensor:
        return ops.mul(other, self)

    def __rtruediv__(self: Tensor, other: Number | complex) -> Tensor:
        return ops.div(other, self)

    def __rfloordiv__(self: Tensor, other: Number) -> Tensor:
        return ops.floor_divide(other, self)

    def __rmod__(self: Tensor, other: Number) -> Tensor:
        return ops.remainder(other, self)

    def __rpow__(self: Tensor, base: Number | complex) -> Tensor:
        return ops.pow(base, self)

    def __rmatmul__(self: Tensor, other: Any) -> Tensor:
        return ops.matmul(other, self)

    __rdiv__ = __rtruediv__  # Python 2's name, which PyTorch still has
    __lshift__ = ops.bitwise_left_shift
    __rshift__ = ops.bitwise_right_shift

    def __rlshift__(self: Tensor, other: Number) -> Tensor:
        return ops.bitwise_left_shift(other, self)

    def __rrshift__(self: Tensor, other: Number) -> Tensor:
        return ops.bitwise_right_shift(other, self)

    def __eq__(self: Tensor, other: object) -> Tensor:  # type: ignore[override]
        return ops.eq(self, other) if _is_numeric(other) else NotImplemented  # Python then compares identities

    def __ne__(self: Tensor, other: object) -> Tensor:  # type: ignore[override]
        return ops.ne(self, other) if _is_numeric(other) else NotImplemented

    # ── NumPy's functions ──

    def __array_ufunc__(self: Tensor, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """np.exp(x) is recorded, and array * tensor calls our operator."""
        from autograd.numpy_protocol import array_ufunc  # which imports Tensor

        return array_ufunc(ufunc, method, *inputs, **kwargs)

    def __array_function__(self: Tensor, func: Any, types: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """np.concatenate([x, y]) is recorded."""
        from autograd.numpy_protocol import array_function

        return array_function(func, args, kwargs)

    # ── methods ──

    abs = ops.abs
    acos = ops.acos
    acosh = ops.acosh
    add = ops.add
    addcdiv = ops.addcdiv
    addcmul = ops.addcmul
    all = ops.all
    allclose = ops.allclose
    amax = ops.amax
    amin = ops.amin
    aminmax = ops.aminmax
    angle = ops.angle
    any = ops.any
    argmax = ops.argmax
    argmin = ops.argmin
    asin = ops.asin
    asinh = ops.asinh
    atan = ops.atan
    atan2 = ops.atan2
    atanh = ops.atanh
    bitwise_and = ops.bitwise_and
    bitwise_left_shift = ops.bitwise_left_shift
    bitwise_not = ops.bitwise_not
    bitwise_or = ops.bitwise_or
    bitwise_right_shift = ops.bitwise_right_shift
    bitwise_xor = ops.bitwise_xor
    ceil = ops.ceil
    cholesky = ops.cholesky
    cholesky_inverse = ops.cholesky_inverse
    cholesky_solve = ops.cholesky_solve
    chunk = ops.chunk
    clamp = ops.clamp
    clamp_max = ops.clamp_max
    clamp_min = ops.clamp_min
    conj = ops.conj
    conj_physical = ops.conj_physical
    copysign = ops.copysign
    cos = ops.cos
    cosh = ops.cosh
    count_nonzero = ops.count_nonzero
    cummax = ops.cummax
    cummin = ops.cummin
    cumprod = ops.cumprod
    cumsum = ops.cumsum
    deg2rad = ops.deg2rad
    diff = ops.diff
    digamma = ops.digamma
    dist = ops.dist
    div = ops.div
    eq = ops.eq
    equal = ops.equal
    erf = ops.erf
    erfc = ops.erfc
    erfinv = ops.erfinv
    exp = ops.exp
    exp2 = ops.exp2
    expm1 = ops.expm1
    flatten = ops.flatten
    float_power = ops.float_power
    floor = ops.floor
    floor_divide = ops.floor_divide
    fmax = ops.fmax
    fmin = ops.fmin
    fmod = ops.fmod
    frac = ops.frac
    frexp = ops.frexp
    gather = ops.gather
    gcd = ops.gcd
    ge = ops.ge
    geqrf = ops.geqrf
    gt = ops.gt
    hardshrink = ops.hardshrink
    heaviside = ops.heaviside
    hypot = ops.hypot
    i0 = ops.i0
    igamma = ops.igamma
    igammac = ops.igammac
    index_select = ops.index_select
    isclose = ops.isclose
    isfinite = ops.isfinite
    isinf = ops.isinf
    isnan = ops.isnan
    isneginf = ops.isneginf
    isposinf = ops.isposinf
    isreal = ops.isreal
    istft = ops.istft
    kthvalue = ops.kthvalue
    lcm = ops.lcm
    ldexp = ops.ldexp
    le = ops.le
    lerp = ops.lerp
    lgamma = ops.lgamma
    log = ops.log
    log10 = ops.log10
    log1p = ops.log1p
    log2 = ops.log2
    log_softmax = ops.log_softmax
    logaddexp = ops.logaddexp
    logaddexp2 = ops.logaddexp2
    logcumsumexp = ops.logcumsumexp
    logdet = ops.logdet
    logical_and = ops.logical_and
    logical_not = ops.logical_not
    logical_or = ops.logical_or
    logical_xor = ops.logical_xor
    logit = ops.logit
    logsumexp = ops.logsumexp
    lt = ops.lt
    lu = ops.lu
    lu_solve = ops.lu_solve
    masked_fill = ops.masked_fill
    matmul = ops.matmul
    max = ops.max
    maximum = ops.maximum
    mean = ops.mean
    median = ops.median
    min = ops.min
    minimum = ops.minimum
    mode = ops.mode
    movedim = ops.movedim
    mul = ops.mul
    mvlgamma = ops.mvlgamma
    nan_to_num = ops.nan_to_num
    nanmean = ops.nanmean
    nanmedian = ops.nanmedian
    nanquantile = ops.nanquantile
    nansum = ops.nansum
    ne = ops.ne
    neg = ops.neg
    nextafter = ops.nextafter
    norm = ops.norm
    ormqr = ops.ormqr
    pinverse = ops.pinverse
    positive = ops.positive
    pow = ops.pow
    prelu = ops.prelu
    prod = ops.prod
    qr = ops.qr
    quantile = ops.quantile
    rad2deg = ops.rad2deg
    reciprocal = ops.reciprocal
    relu = ops.relu
    remainder = ops.remainder
    renorm = ops.renorm
    resolve_conj = ops.resolve_conj
    resolve_neg = ops.resolve_neg
    round = ops.round
    rsqrt = ops.rsqrt
    scatter_add = ops.scatter_add
    sgn = ops.sgn
    sigmoid = ops.sigmoid
    sign = ops.sign
    signbit = ops.signbit
    sin = ops.sin
    sinc = ops.sinc
    sinh = ops.sinh
    softmax = ops.softmax
    split = ops.split
    sqrt = ops.sqrt
    square = ops.square
    squeeze = ops.squeeze
    std = ops.std
    stft = ops.stft
    sub = ops.sub
    sum = ops.sum
    svd = ops.svd
    t = ops.t
    tan = ops.tan
    tanh = ops.tanh
    transpose = ops.transpose
    triangular_solve = ops.triangular_solve
    tril = ops.tril
    triu = ops.triu
    trunc = ops.trunc
    unbind = ops.unbind
    unsqueeze = ops.unsqueeze
    var = ops.var
    xlogy = ops.xlogy

    # second names, as in autograd/aliases.py
    absolute = ops.abs
    arccos = ops.acos
    arccosh = ops.acosh
    arcsin = ops.asin
    arcsinh = ops.asinh
    arctan = ops.atan
    arctan2 = ops.atan2
    arctanh = ops.atanh
    clip = ops.clamp
    det = ops.linalg_det
    divide = ops.div
    fix = ops.trunc
    ger = ops.outer
    greater = ops.gt
    greater_equal = ops.ge
    inverse = ops.linalg_inv
    less = ops.lt
    less_equal = ops.le
    matrix_exp = ops.linalg_matrix_exp
    matrix_power = ops.linalg_matrix_power
    moveaxis = ops.movedim
    multiply = ops.mul
    negative = ops.neg
    not_equal = ops.ne
    orgqr = ops.linalg_householder_product
    slogdet = ops.linalg_slogdet
    subtract = ops.sub
    swapaxes = ops.transpose
    swapdims = ops.transpose
    true_divide = ops.div

    def polygamma(self: Tensor, n: Any) -> Tensor:
        """The n-th derivative of digamma."""
        return ops.polygamma(n, self)

    def where(self: Tensor, condition: Tensor, other: Tensor | Number | complex) -> Tensor:
        """This tensor's elements where condition is true, other's elsewhere."""
        return ops.where(condition, self, other)

    def clone(self: Tensor) -> Tensor:
        """A copy that gradients flow through."""
        return ops.clone(self)

    def contiguous(self: Tensor) -> Tensor:
        """The tensor itself, or a copy, whose elements are in row-major order."""
        return self if self.is_contiguous() else ops.clone(self)

    def is_contiguous(self) -> bool:
        """Whether the elements are in row-major order."""
        return self.array.flags.c_contiguous

    def is_conj(self: Tensor) -> builtins.bool:
        """False: no tensor is conjugated only when it is read."""
        return False

    @property
    def real(self: Tensor) -> Tensor:
        """The real part, as a view; a real tensor itself."""
        return ops.real(self)

    @property
    def imag(self: Tensor) -> Tensor:
        """The imaginary part of a complex tensor, as a view."""
        return ops.imag(self)

    def cfloat(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
        return self.to(np.complex64, memory_format=memory_format)

    def cdouble(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
        return self.to(np.complex128, memory_format=memory_format)

    # casts: last, because annotations after `def int` would mean the method

    def float(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
        return self.to(np.float32, memory_format=memory_format)

    def double(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
        return self.to(np.float64, memory_format=memory_format)

    def half(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
        return self.to(FLOAT16, memory_format=memory_format)

    def bfloat16(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
        return self.to(BFLOAT16, memory_format=memory_format)

    def long(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
        return self.to(np.int64, memory_format=memory_format)

    def short(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
        return self.to(np.int16, memory_format=memory_format)

    def char(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
        return self.to(np.int8, memory_format=memory_format)

    def byte(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
        return self.to(np.uint8, memory_format=memory_format)

    def int(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
        return self.to(np.int32, memory_format=memory_format)

    def bool(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
        return self.to(np.bool_, memory_format=memory_format)
