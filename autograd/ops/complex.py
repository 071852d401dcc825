"""Complex numbers z = a + i b: their parts, and what makes them.

    real z = a                dz = g                        complex(a, b) = a + i b     da = real g, db = imag g
    imag z = b                dz = i g                      abs z = |z|                 dz = g z / |z|
    conj z = a - i b          dz = conj g                   angle z = atan2(b, a)       dz = g (-b + i a) / |z|²
    sgn z = z / |z|           dz = (g - s Re(conj(s) g)) / |z|,  s = sgn z;  0 where z is 0

The gradient of a real L with respect to z is dL/da + i dL/db, as in PyTorch: a step against it makes L smaller.

References
----------
PyTorch, "Autograd for Complex Numbers".
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.op import BadSample, Op, Sample, register
from autograd.ops.conj import conj
from autograd.ops.elementary import atan2
from autograd.ops.elementwise import mul
from autograd.ops.floats import angle as real_angle, sgn as real_sgn
from autograd.ops.functions import abs, cos, sin
from autograd.ops.shared.checks import run_broadcast
from autograd.ops.shared.rows import composite_row, two_tensors, unary_row
from autograd.ops.shared.samples import bad_broadcast, complex_sample
from autograd.ops.where import where
from autograd.promotion import complex_of
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def _only_complex(name: str) -> Any:
    def check(z: Array) -> None:
        if z.dtype.kind != "c":
            raise RuntimeError(
                f"{name}: expects a complex tensor, got {z.dtype}; autograd.complex(real, imag) makes one"
            )

    return check


_real_op = unary_row(
    "real", lambda z: z.real, lambda ctx, g: g, lambda z: _as_pairs(z)[..., 0], sample=complex_sample,
    check=_only_complex("real"), kind="multilinear", flops=0,
)  # fmt: skip
_imag_op = unary_row(
    "imag",
    lambda z: z.imag,
    lambda ctx, g: complex(mul(g, 0), g),
    lambda z: _as_pairs(z)[..., 1],
    sample=complex_sample,
    check=_only_complex("imag"),
    bad_samples=[BadSample((np.ones(2),), {}, RuntimeError, ("imag", "complex", "float64"))],
    kind="multilinear",
    flops=0,
)


def _as_pairs(z: Array) -> Array:
    strides = (*z.strides, z.itemsize // 2)
    kept = z.real  # a view, which keeps z alive and tells whether it may be written to
    return np.lib.stride_tricks.as_strided(kept, (*z.shape, 2), strides, writeable=bool(z.flags.writeable))


_view_as_real_op = unary_row(
    "view_as_real",
    _as_pairs,
    lambda ctx, g: complex(g[..., 0], g[..., 1]),
    lambda z: np.moveaxis(_as_pairs(np.moveaxis(z, 0, -1)), -2, 0) if z.ndim else _as_pairs(z),
    sample=complex_sample,
    check=_only_complex("view_as_real"),
    bad_samples=[BadSample((np.ones(2),), {}, RuntimeError, ("view_as_real", "complex", "float64"))],
    kind="multilinear",
    flops=0,
)  # fmt: skip


def _pairs_check(x: Array) -> None:
    if x.dtype.char not in "fd":
        raise RuntimeError(f"view_as_complex: expects float32 or float64, got {x.dtype}")
    if x.ndim == 0 or x.shape[-1] != 2:
        raise RuntimeError(
            f"view_as_complex: the last dimension holds real and imaginary part, so its size is 2; got shape {x.shape}"
        )


def _pairs_joined(x: Array) -> Array:
    """A view if the parts of each number are side by side, otherwise a copy, which only backward needs."""
    return (x if x.strides[-1] == x.itemsize else np.array(x, order="C")).view(complex_of(x.dtype))


_view_as_complex_op = unary_row(
    "view_as_complex",
    lambda x: _pairs_joined(x)[..., 0],
    lambda ctx, g: view_as_real(g),
    lambda x: np.squeeze(_pairs_joined(x), -1),
    sample=lambda draw: Sample((draw.tensor(*draw.shape(0, 2, least=0), 2),)),
    check=_pairs_check,
    bad_samples=[
        BadSample((np.ones(3),), {}, RuntimeError, ("view_as_complex", "2", "(3,)")),
        BadSample((np.ones(2, int),), {}, RuntimeError, ("view_as_complex", "int64")),
    ],
    kind="multilinear",
    flops=0,
)


def _complex_check(a: Any, b: Any, name: str = "complex") -> None:
    dtypes = [getattr(x, "dtype", type(x).__name__) for x in (a, b)]
    if dtypes[0] != dtypes[1] or dtypes[0] not in (np.float32, np.float64):
        raise RuntimeError(
            f"{name}: expects two tensors of float32, or two of float64, got {dtypes[0]} and {dtypes[1]}; convert "
            "with .to(dtype)"
        )


def _joined(a: Array, b: Array) -> Array:
    z = np.empty(np.broadcast_shapes(a.shape, b.shape), complex_of(a.dtype))
    z.real, z.imag = a, b
    return z


def _complex_backward(ctx: Context, g: Tensor) -> tuple[Gradient, ...]:
    return real(g), imag(g)


_complex_op = register(
    Op(
        name="complex",
        check=_complex_check,
        forward=lambda a, b: run_broadcast("complex", _joined, a, b),
        backward=_complex_backward,
        reference=lambda a, b: np.asarray(np.frompyfunc(builtins.complex, 2, 1)(a, b)).astype(complex_of(a.dtype)),
        sample=two_tensors(),
        bad_samples=[
            bad_broadcast("complex"),
            BadSample((np.ones(2), np.ones(2, np.float32)), {}, RuntimeError, ("complex", "float64", "float32")),
        ],
        kind="multilinear",
        broadcasts=True,
        flops=0,
    )
)


def _sgn_backward(ctx: Context, g: Tensor) -> Gradient:
    z, s = ctx.saved_tensors
    size = abs(z)
    tangent = g - s * real(conj(s) * g)
    return where(size == 0, 0.0, tangent / where(size == 0, 1.0, size))


def _unit(z: Array) -> Array:
    size = np.abs(z)
    return np.where(size == 0, 0, z / np.where(size == 0, 1, size)).astype(z.dtype)


def _unit_reference(z: Array) -> Array:
    if z.dtype.kind != "c":
        return np.asarray(np.sign(z + 0).astype(z.dtype))  # NumPy has no sign of bools
    return np.where(z == 0, 0, np.exp(1j * np.angle(z))).astype(z.dtype)


_sgn_op = unary_row(
    "sgn", _unit, _sgn_backward, _unit_reference,
    sample=lambda draw: Sample((draw.complex_tensor(*draw.shape(0, 3, least=0)) + 3,)), saves=(0, ~0), complex=True,
    kind="matrix",
)  # fmt: skip


def real(input: Tensor) -> Tensor:
    """The real part a of z = a + i b, as a view.  A real tensor is returned itself.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor of float, of the same shape

    Raises
    ------
    TypeError
        If input is no tensor.

    Examples
    --------
    >>> import autograd
    >>> z = autograd.tensor([1 + 2j, 3 - 4j])
    >>> autograd.real(z)
    tensor([1., 3.])
    """
    check_arrays("real", input=input)
    return _real_op(input) if input.dtype.kind == "c" else input


def imag(input: Tensor) -> Tensor:
    """The imaginary part b of z = a + i b, as a view.

    Parameters
    ----------
    input : Tensor of complex, any shape

    Returns
    -------
    Tensor of float, of the same shape

    Raises
    ------
    RuntimeError
        If the tensor is not complex.

    Examples
    --------
    >>> import autograd
    >>> z = autograd.tensor([1 + 2j, 3 - 4j])
    >>> autograd.imag(z)
    tensor([ 2., -4.])
    """
    check_arrays("imag", input=input)
    return _imag_op(input)


def view_as_real(input: Tensor) -> Tensor:
    """A complex tensor as a real one, with real and imaginary parts along a new last dimension: a view.

    Parameters
    ----------
    input : Tensor of complex, any shape (…)

    Returns
    -------
    Tensor of float, (…, 2)

    Raises
    ------
    RuntimeError
        If the tensor is not complex.

    Examples
    --------
    >>> import autograd
    >>> autograd.view_as_real(autograd.tensor([1 + 2j]))
    tensor([[1., 2.]])
    """
    return _view_as_real_op(input)


def view_as_complex(input: Tensor) -> Tensor:
    """A real tensor, with real and imaginary parts along its last dimension, as a complex one: a view.

    Parameters
    ----------
    input : Tensor of float, (…, 2)

    Returns
    -------
    Tensor of complex, (…)

    Raises
    ------
    RuntimeError
        If input is not of floats, its last dimension has another size than 2, or the parts of a number are not side by
        side in memory.

    Examples
    --------
    >>> import autograd
    >>> autograd.view_as_complex(autograd.tensor([[1.0, 2.0], [3.0, -4.0]]))
    tensor([1.+2.j, 3.-4.j])
    """
    check_arrays("view_as_complex", input=input)
    array: Any = getattr(input, "array", input)
    strides = array.strides
    size = input.dtype.itemsize
    if strides and (strides[-1] != size or any(step % (2 * size) for step in strides[:-1])):
        raise RuntimeError(
            "view_as_complex: real and imaginary part must be side by side in memory, and the numbers an even number "
            "of elements apart; use .contiguous()"
        )
    return _view_as_complex_op(input)


def complex(real: Tensor, imag: Tensor) -> Tensor:
    """Complex numbers of their real and imaginary parts: real + i imag.  Shapes broadcast.

    Parameters
    ----------
    real, imag : Tensor of float32 or float64
        Of one dtype, and of shapes that broadcast together.

    Returns
    -------
    Tensor of complex64 or complex128, of the shape that both are broadcast to

    Raises
    ------
    RuntimeError, ValueError
        Unless both are float32, or both are float64; if the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.complex(autograd.tensor([1.0, 2.0]), autograd.tensor([0.5, -1.0]))
    tensor([1.+0.5000j, 2.-1.0000j])
    """
    check_arrays("complex", real=real, imag=imag)
    return _complex_op(real, imag)


def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """Complex numbers of their absolute values and their angles in radians: abs · e^(i angle).  Shapes broadcast.

    Parameters
    ----------
    abs : Tensor of float32 or float64, any shape
        Absolute values.
    angle : Tensor of the same dtype, of a shape that broadcasts
        Angles in radians.

    Returns
    -------
    Tensor of complex64 or complex128, of the shape that both are broadcast to

    Raises
    ------
    RuntimeError, ValueError
        Unless both are float32, or both are float64; if the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> z = autograd.polar(autograd.tensor([2.0]), autograd.tensor([3.14159265 / 3]))
    >>> z.real, z.imag  # 2 cos 60° and 2 sin 60°
    (tensor([1.0000]), tensor([1.7321]))
    """
    check_arrays("polar", abs=abs, angle=angle)
    _complex_check(abs, angle, "polar")
    run_broadcast("polar", lambda a, b: np.broadcast_shapes(a.shape, b.shape), abs, angle)
    return complex(abs * cos(angle), abs * sin(angle))


composite_row(
    "polar", polar, lambda r, t: (r * np.exp(1j * t)).astype(complex_of(r.dtype)), two_tensors(),
    BadSample((np.ones(2), np.ones(2, np.float32)), {}, RuntimeError, ("polar", "float64", "float32")),
    bad_broadcast("polar"),
    kind="matrix",
)  # fmt: skip


def angle(input: Tensor) -> Tensor:
    """Angle in the complex plane: atan2(b, a) of a + i b.  Of real numbers it is π for negative ones, 0 for others.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor of float, of the same shape
        In radians, from -π to π; NaN for NaN.

    Raises
    ------
    TypeError
        If input is no tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.angle(autograd.tensor([1 + 1j, -1 + 0j])), autograd.angle(autograd.tensor([5.0, -5.0]))
    (tensor([0.7854, 3.1416]), tensor([0.0000, 3.1416]))
    """
    check_arrays("angle", input=input)
    return atan2(imag(input), real(input)) if input.dtype.kind == "c" else real_angle(input)


def sgn(input: Tensor) -> Tensor:
    """Complex numbers divided by their absolute values, z / |z|, and 0 for 0; of real numbers the sign.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    TypeError
        If input is no tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.sgn(autograd.tensor([3 + 4j, 0j])), autograd.sgn(autograd.tensor([-7.0, 0.0]))
    (tensor([0.6000+0.8000j, 0.0000+0.0000j]), tensor([-1.,  0.]))
    """
    check_arrays("sgn", input=input)
    return _sgn_op(input) if input.dtype.kind == "c" else real_sgn(input)


def conj_physical(input: Tensor) -> Tensor:
    """The complex conjugate a - i b of a + i b, in new memory.  A real tensor is returned itself.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    TypeError
        If input is no tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.conj_physical(autograd.tensor([1 + 2j]))
    tensor([1.-2.j])
    """
    check_arrays("conj_physical", input=input)
    return conj(input)


def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself: `conj` has conjugated the numbers already.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape: input

    Raises
    ------
    TypeError
        If input is no tensor.

    Examples
    --------
    >>> import autograd
    >>> z = autograd.conj(autograd.tensor([1 + 2j]))
    >>> autograd.resolve_conj(z) is z
    True
    """
    check_arrays("resolve_conj", input=input)
    return input


def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself: there are no tensors that are negated when they are read.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape: input

    Raises
    ------
    TypeError
        If input is no tensor.

    Examples
    --------
    >>> import autograd
    >>> x = -autograd.ones(2)
    >>> autograd.resolve_neg(x) is x
    True
    """
    check_arrays("resolve_neg", input=input)
    return input


def is_conj(input: Tensor) -> bool:
    """False: no tensor is conjugated only when it is read.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    bool

    Raises
    ------
    TypeError
        If input is no tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.is_conj(autograd.conj(autograd.tensor([1 + 2j])))
    False
    """
    check_arrays("is_conj", input=input)
    return False
