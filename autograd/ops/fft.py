"""Discrete Fourier transforms, computed by SciPy's pocketfft.

    fft       Y_k = Σ_j x_j e^(-2πi jk/n)                 ifft     y_j = 1/n Σ_k x_k e^(2πi jk/n)
    rfft      of real x: Y_k for k ≤ n/2                  irfft    real y, of the Y_k for k ≤ n/2
    hfft      real Y, of the x_j for j ≤ n/2              ihfft    of real x: y_j for j ≤ n/2

The others of Y follow from Y_(n-k) = conj Y_k.  Three linear ops are all that is needed.  Over a dimension of size n, F
being the matrix of e^(∓2πi jk/n):

    _fft_c2c    y = F x                          dx = conj(F) g, a transform in the other direction
    _fft_r2c    y_k = (F x)_k, k ≤ n/2           dx = _fft_c2r of w g;  w = 1 for k = 0 and k = n/2, else 1/2
    _fft_c2r    y, of Hermitian input            dx = _fft_r2c of g, divided by w

All of them are multiplied by the same factor, 1, 1/√n or 1/n, as `norm` says.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.op import BadSample, Composite, Op, Sample, register
from autograd.ops.elementwise import to
from autograd.ops.pad import pad
from autograd.ops.rearrange import roll
from autograd.ops.shared.dims import dim_of, dims_of, ndim_of
from autograd.promotion import complex_of, get_default_dtype, real_of
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

Norm: TypeAlias = str  # "backward", "ortho" or "forward"
Dims: TypeAlias = "tuple[int, ...]"
SWAPPED = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


def _transform(x: Array, kind: str, dims: Dims, **options: Any) -> Array:
    """SciPy's transform `kind`; of nothing, if a size is 0 that is not transformed."""
    from scipy import fft  # its import takes long

    result: Array = getattr(fft, kind)(x, axes=dims, **options)
    return result


def _c2c(x: Array, *, dim: Dims, norm: Norm, forward: bool) -> Array:
    if not x.size or not dim:
        return x.copy()
    return _transform(x, "fftn" if forward else "ifftn", dim, norm=norm)


def _matrix(n: int, m: int, forward: bool) -> Array:
    """e^(∓2πi jk/n) for j < n, k < m."""
    turns = np.outer(np.arange(n), np.arange(m)) / n
    return np.asarray(np.exp((-2j if forward else 2j) * math.pi * turns))


def _factor(shape: Sequence[int], dim: Dims, norm: Norm, forward: bool) -> float:
    n = math.prod(shape[d] for d in dim)
    return 1 / math.sqrt(n) if norm == "ortho" else 1.0 if (norm == "backward") == forward else 1 / n


def _c2c_reference(x: Array, *, dim: Dims, norm: Norm, forward: bool) -> Array:
    y = x.astype(np.complex128)
    for d in dim:
        y = np.moveaxis(np.tensordot(y, _matrix(x.shape[d], x.shape[d], forward), (d, 0)), -1, d)
    return np.asarray(y * _factor(x.shape, dim, norm, forward)).astype(x.dtype)


def _drawn(draw: Draw) -> tuple[tuple[int, ...], Dims]:
    """A shape, and dimensions of it; the last one is transformed by half."""
    shape = (draw.size(0, 2) if draw.size(0, 7) == 0 else draw.size(1, 2), draw.size(1, 4), draw.size(1, 4))
    return shape, draw.choice((2,), (1,), (1, 2), (2, 1))


def _options(draw: Draw) -> dict[str, Any]:
    return {"norm": draw.choice("backward", "ortho", "forward"), "forward": draw.choice(True, False)}


def _c2c_sample(draw: Draw) -> Sample:
    shape, dim = _drawn(draw)
    return Sample((draw.complex_tensor(*shape),), {"dim": dim, **_options(draw)})


_fft_c2c: Op = register(
    Op(
        name="_fft_c2c",
        forward=_c2c,
        backward=lambda ctx, g, *, dim, norm, forward: _fft_c2c(g, dim=dim, norm=SWAPPED[norm], forward=not forward),
        reference=_c2c_reference,
        sample=_c2c_sample,
        kind="matrix",
        complex=True,
        flops=lambda inputs, y: 5 * y.size * max(1, math.ceil(math.log2(max(y.size, 1)))),
    )
)


def _weights(shape: Sequence[int], dim: Dims, n: int, dtype: np.dtype) -> Array:
    """w of the module's docstring, for the last of `dim`, which has n elements in the real tensor."""
    k = np.arange(n // 2 + 1)
    w = np.where((k == 0) | (2 * k == n), 1.0, 0.5).astype(dtype)
    return w.reshape([-1 if i == dim[-1] else 1 for i in range(len(shape))])


def _r2c(x: Array, *, dim: Dims, norm: Norm, forward: bool) -> Array:
    half = [n // 2 + 1 if i == dim[-1] else n for i, n in enumerate(x.shape)]
    if not x.size:
        return np.zeros(half, complex_of(x.dtype))
    y = _transform(x, "rfftn", dim, norm=norm if forward else SWAPPED[norm])
    return y if forward else np.conjugate(y)


def _r2c_reference(x: Array, *, dim: Dims, norm: Norm, forward: bool) -> Array:
    y = _c2c_reference(x.astype(complex_of(x.dtype)), dim=dim, norm=norm, forward=forward)
    return np.take(y, range(x.shape[dim[-1]] // 2 + 1), axis=dim[-1])


def _r2c_backward(ctx: Context, g: Tensor, *, dim: Dims, norm: Norm, forward: bool) -> Gradient:
    n = ctx.shapes[0][dim[-1]]
    w = _weights(g.shape, dim, n, real_of(g.dtype))
    return _fft_c2r(g * w, dim=dim, n=n, norm=SWAPPED[norm], forward=not forward)


def _real_sample(draw: Draw) -> Sample:
    shape, dim = _drawn(draw)
    return Sample((draw.tensor(*shape),), {"dim": dim, **_options(draw)})


_fft_r2c: Op = register(
    Op(
        name="_fft_r2c",
        forward=_r2c,
        backward=_r2c_backward,
        reference=_r2c_reference,
        sample=_real_sample,
        kind="matrix",
        flops=lambda inputs, y: 5 * y.size * max(1, math.ceil(math.log2(max(y.size, 1)))),
    )
)


def _c2r(x: Array, *, dim: Dims, n: int, norm: Norm, forward: bool) -> Array:
    if not x.size:
        return np.zeros([n if i == dim[-1] else size for i, size in enumerate(x.shape)], real_of(x.dtype))
    sizes = [x.shape[d] for d in dim[:-1]] + [n]
    return _transform(
        np.conjugate(x) if forward else x, "irfftn", dim, s=sizes, norm=SWAPPED[norm] if forward else norm
    )


def _c2r_reference(x: Array, *, dim: Dims, n: int, norm: Norm, forward: bool) -> Array:
    """The real part of a transform by definition, in which all but the first and the middle number count twice."""
    y, last = x.astype(np.complex128), dim[-1]
    for d in dim[:-1]:
        y = np.moveaxis(np.tensordot(y, _matrix(x.shape[d], x.shape[d], forward), (d, 0)), -1, d)
    matrix = _matrix(n, n // 2 + 1, forward).T / _weights((1,), (0,), n, np.dtype(float))[:, None]
    y = np.moveaxis(np.tensordot(y, matrix, (last, 0)), -1, last).real
    return np.asarray(y * _factor(y.shape, dim, norm, forward)).astype(real_of(x.dtype))


def _c2r_backward(ctx: Context, g: Tensor, *, dim: Dims, n: int, norm: Norm, forward: bool) -> Gradient:
    w = _weights(g.shape, dim, n, g.dtype)
    return _fft_r2c(g, dim=dim, norm=SWAPPED[norm], forward=not forward) / w


def _half_sample(draw: Draw) -> Sample:
    shape, dim = _drawn(draw)
    half = tuple(n // 2 + 1 if i == dim[-1] else n for i, n in enumerate(shape))
    return Sample((draw.complex_tensor(*half),), {"dim": dim, "n": shape[dim[-1]], **_options(draw)})


_fft_c2r: Op = register(
    Op(
        name="_fft_c2r",
        forward=_c2r,
        backward=_c2r_backward,
        reference=_c2r_reference,
        sample=_half_sample,
        kind="matrix",
        complex=True,
        flops=lambda inputs, y, **params: 5 * y.size * max(1, math.ceil(math.log2(max(y.size, 1)))),
    )
)


# ── what users call ────────────────────────────────────────────────────────────────────


def _checked_norm(name: str, norm: str | None) -> Norm:
    if norm is None:
        return "backward"
    if norm not in SWAPPED:
        raise RuntimeError(f'{name}: norm is {norm!r}; expects "backward", "ortho", "forward" or None')
    return norm


def _as_float(name: str, input: Any, want: str) -> Any:
    """The input in a float dtype, or a complex one, that the transform takes."""
    check_arrays(name, input=input)
    dtype = input.dtype
    if want == "real" and dtype.kind == "c":
        raise RuntimeError(f"{name}: expects a real tensor, got {dtype}; use fft.fft or fft.ifft, or take .real")
    dtype = dtype if dtype.kind in "fc" else get_default_dtype()
    return to(input, complex_of(dtype) if want == "complex" else dtype)


def _resized(name: str, x: Any, dim: Dims, sizes: Sequence[int]) -> Any:
    """x with these sizes: cut, or padded with zeros at the end."""
    for d, n in zip(dim, sizes, strict=True):
        if n < 1:
            raise RuntimeError(f"{name}: transforms {n} numbers along dimension {d}; expects at least 1")
    if all(x.shape[d] == n for d, n in zip(dim, sizes, strict=True)):
        return x
    widths = [0] * (2 * x.ndim)
    for d, n in zip(dim, sizes, strict=True):
        widths[2 * (x.ndim - 1 - d) + 1] = n - x.shape[d]
    return pad(x, tuple(widths))


def _whole(name: str, size: Any) -> int:
    try:
        return operator.index(size)
    except TypeError:
        raise TypeError(f"{name}: a size is {size!r}; expects an integer") from None


def _plan(name: str, x: Any, s: Any, dim: Any, whole: bool) -> tuple[Dims, list[int | None]]:
    """The dimensions, and the size of each that was asked for, None for its own."""
    ndim = ndim_of(name, x)
    if s is not None:
        s = [s] if isinstance(s, int | np.integer) else list(s)
    if dim is None:
        if s is not None and len(s) > ndim:
            raise RuntimeError(f"{name}: s has {len(s)} sizes, and the tensor {ndim} dimensions")
        dims = tuple(range(ndim)) if s is None else tuple(range(ndim - len(s), ndim))
    else:
        if ndim == 0:
            raise IndexError(f"{name}: dim {dim} does not exist in a tensor without dimensions")
        given = (dim,) if isinstance(dim, int | np.integer) else tuple(dim)
        try:
            dims = dims_of(name, given, ndim) if given else ()
        except ValueError as error:
            raise RuntimeError(*error.args) from None
    if s is not None and len(s) != len(dims):
        raise RuntimeError(f"{name}: s {tuple(s)} and dim {dims} must have the same length")
    if whole and not dims:
        raise RuntimeError(f"{name}: expects at least one dimension to transform")
    sizes: list[int | None] = [None] * len(dims) if s is None else [None if n == -1 else _whole(name, n) for n in s]
    return dims, sizes


def _complex_transform(name: str, input: Any, s: Any, dim: Any, norm: str | None, forward: bool) -> Any:
    norm = _checked_norm(name, norm)
    x = _as_float(name, input, "complex")
    dims, sizes = _plan(name, x, s, dim, whole=False)
    x = _resized(name, x, dims, [x.shape[d] if n is None else n for d, n in zip(dims, sizes, strict=True)])
    return _fft_c2c(x, dim=dims, norm=norm, forward=forward)


def _from_real(name: str, input: Any, s: Any, dim: Any, norm: str | None, forward: bool) -> Any:
    norm = _checked_norm(name, norm)
    x = _as_float(name, input, "real")
    dims, sizes = _plan(name, x, s, dim, whole=True)
    x = _resized(name, x, dims, [x.shape[d] if n is None else n for d, n in zip(dims, sizes, strict=True)])
    return _fft_r2c(x, dim=dims, norm=norm, forward=forward)


def _to_real(name: str, input: Any, s: Any, dim: Any, norm: str | None, forward: bool) -> Any:
    norm = _checked_norm(name, norm)
    x = _as_float(name, input, "complex")
    dims, sizes = _plan(name, x, s, dim, whole=True)
    n = 2 * (x.shape[dims[-1]] - 1) if sizes[-1] is None else sizes[-1]
    if n < 1:
        raise RuntimeError(f"{name}: the result would have {n} numbers along dimension {dims[-1]}; pass its size")
    kept = [x.shape[d] if size is None else size for d, size in zip(dims[:-1], sizes[:-1], strict=True)]
    x = _resized(name, x, dims, [*kept, n // 2 + 1])
    return _fft_c2r(x, dim=dims, n=n, norm=norm, forward=forward)


_OF = {"fft": (_complex_transform, True), "ifft": (_complex_transform, False), "rfft": (_from_real, True),
       "irfft": (_to_real, False), "hfft": (_to_real, True), "ihfft": (_from_real, False)}  # fmt: skip
_WHAT = {
    "fft": "Fourier transform",
    "ifft": "Inverse Fourier transform",
    "rfft": "Fourier transform of real numbers: the first half of the result, from which the other half follows",
    "irfft": "Inverse of rfft: real numbers, of the first half of their Fourier transform",
    "hfft": "Fourier transform of numbers with x_(n-j) = conj x_j, of which the first half is given: real numbers",
    "ihfft": "Inverse of hfft: the first half of the inverse Fourier transform of real numbers",
}
_FORMULA = {
    "fft": "Y_k = Σ_j x_j e^(-2πi jk/n), for k < n",
    "ifft": "y_j = 1/n Σ_k x_k e^(2πi jk/n), for j < n",
    "rfft": "Y_k = Σ_j x_j e^(-2πi jk/n), for k ≤ n/2",
    "irfft": "y_j = 1/n Σ_k x_k e^(2πi jk/n), with x_(n-k) = conj x_k",
    "hfft": "Y_k = Σ_j x_j e^(-2πi jk/n), with x_(n-j) = conj x_j",
    "ihfft": "y_j = 1/n Σ_k x_k e^(2πi jk/n), for j ≤ n/2",
}
_RANGE = {"": "along one dimension", "2": "over two dimensions", "n": "over several dimensions"}
_DIM = {
    "": "int\n        The dimension to transform.",
    "2": "(int, int)\n        The dimensions to transform.",
    "n": "int or sequence of int, optional\n        The dimensions to transform.  Default: the "
    "last ones, as many as s has, or all.",
}
# Of each function, a call of these numbers, the rest of the call, and what it prints.
_EXAMPLES = {
    "fft": ("[1.0, 2.0, 3.0, 4.0]", ")", "tensor([10.+0.j, -2.+2.j, -2.+0.j, -2.-2.j])"),
    "ifft": ("[10, -2 + 2j, -2, -2 - 2j]", ")", "tensor([1.+0.j, 2.+0.j, 3.+0.j, 4.+0.j])"),
    "rfft": ("[1.0, 2.0, 3.0, 4.0]", ")", "tensor([10.+0.j, -2.+2.j, -2.+0.j])"),
    "irfft": ("[10, -2 + 2j, -2]", ")", "tensor([1., 2., 3., 4.])"),
    "hfft": ("[1.0, 1.0, 1.0]", ")", "tensor([4., 0., 0., 0.])"),
    "ihfft": ("[4.0, 0.0, 0.0, 0.0]", ").real", "tensor([1., 1., 1.])"),
    "fft2": ("[[1.0, 2.0], [3.0, 4.0]]", ").real", "tensor([[10., -2.],\n        [-4.,  0.]])"),
    "ifft2": ("[[10.0, -2.0], [-4.0, 0.0]]", ").real", "tensor([[1., 2.],\n        [3., 4.]])"),
    "rfft2": ("[[4.0, 0.0, 0.0, 0.0]]", ").real", "tensor([[4., 4., 4.]])"),
    "irfft2": ("[[4.0, 4.0, 4.0]]", ")", "tensor([[4., 0., 0., 0.]])"),
    "hfft2": ("[[1.0, 1.0], [1.0, 1.0]]", ")", "tensor([[4., 0.],\n        [0., 0.]])"),
    "ihfft2": ("[[4.0, 0.0], [0.0, 0.0]]", ").real", "tensor([[1., 1.],\n        [1., 1.]])"),
    "fftn": ("[[1.0, 2.0], [3.0, 4.0]]", ", dim=0).real", "tensor([[ 4.,  6.],\n        [-2., -2.]])"),
    "ifftn": ("[[4.0, 6.0], [-2.0, -2.0]]", ", dim=0).real", "tensor([[1., 2.],\n        [3., 4.]])"),
    "rfftn": ("[[1.0, 2.0], [3.0, 4.0]]", ", dim=0).real", "tensor([[ 4.,  6.],\n        [-2., -2.]])"),
    "irfftn": ("[[4.0, 6.0], [-2.0, -2.0]]", ", dim=0)", "tensor([[1., 2.],\n        [3., 4.]])"),
    "hfftn": ("[[1.0, 1.0], [1.0, 1.0]]", ", dim=0)", "tensor([[2., 2.],\n        [0., 0.]])"),
    "ihfftn": ("[[4.0, 2.0], [0.0, 2.0]]", ", dim=0).real", "tensor([[2., 2.],\n        [2., 0.]])"),
}


def _docstring(kind: str, form: str) -> str:
    run = _OF[kind][0]
    last = "dim" if not form else "the last of dim"
    size = "n : int" if not form else "s : sequence of int"
    many = "Size" if not form else "Sizes"
    if run is _to_real:
        sizes = f"{many} of the result.  Default along {last}: 2 (m - 1), for m numbers."
        result = f"Tensor of float, of input's shape but for the {many.lower()} along dim"
    else:
        sizes = f"{many} of the input, which is cut, or padded with zeros at the end, to fit.  Default: its own."
        result = f"Tensor of complex, of input's shape but for the {many.lower()} along dim"
        result += f"\n        It has n // 2 + 1 numbers along {last}, for n of the input." if run is _from_real else ""
    refused = "a size or the norm does not fit" + (", or the input is complex" if run is _from_real else "")
    numbers, rest, printed = _EXAMPLES[kind + form]
    return f"""{_WHAT[kind]}, {_RANGE[form]}.

    {_FORMULA[kind]}{"" if not form else "; along each dimension in turn"}

    Parameters
    ----------
    input : Tensor{" of real numbers" if run is _from_real else ""}, any shape
    {size}, optional
        {sizes}
    dim : {_DIM[form]}
    norm : "backward", "ortho" or "forward", optional
        Whether the inverse transform is divided by the number of elements (the default), both by its square root, or
        the forward transform.

    Returns
    -------
    {result}

    Raises
    ------
    RuntimeError, TypeError
        If {refused}.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.fft.{kind}{form}(autograd.tensor({numbers}){rest}
    {printed.replace(chr(10), chr(10) + "    ")}
    """


def _function(kind: str, form: str) -> Callable[..., Any]:
    """The public function of a transform, with PyTorch's arguments."""
    name = kind + form
    run, forward = _OF[kind]
    title = f"fft.{name}"

    def one(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
        dim = dim_of(title, dim, ndim_of(title, input))
        if not ndim_of(title, input):
            raise IndexError(f"{title}: dim {dim} does not exist in a tensor without dimensions")
        return run(title, input, None if n is None else (n,), (dim,), norm, forward)

    def two(
        input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None
    ) -> Tensor:
        return run(title, input, s, (-2, -1) if dim is None else dim, norm, forward)

    def several(
        input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] | None = None, norm: str | None = None
    ) -> Tensor:
        return run(title, input, s, dim, norm, forward)

    forms: dict[str, Callable[..., Any]] = {"": one, "2": two, "n": several}
    function: Any = forms[form]
    function.__name__ = function.__qualname__ = f"fft_{name}"
    function.__doc__ = _docstring(kind, form)
    return function


fft_fft, fft_ifft, fft_rfft, fft_irfft, fft_hfft, fft_ihfft = (_function(kind, "") for kind in _OF)
fft_fft2, fft_ifft2, fft_rfft2, fft_irfft2, fft_hfft2, fft_ihfft2 = (_function(kind, "2") for kind in _OF)
fft_fftn, fft_ifftn, fft_rfftn, fft_irfftn, fft_hfftn, fft_ihfftn = (_function(kind, "n") for kind in _OF)


def _numpys(kind: str, form: str) -> Callable[..., Any]:
    """NumPy's function as a reference.  It has no Hermitian transforms over several dimensions."""

    def reference(x: Array, norm: str | None = None, **params: Any) -> Any:
        of_conjugate = kind in ("hfft", "ihfft")
        name = {"hfft": "irfft", "ihfft": "rfft"}.get(kind, kind) + form
        sizes = {"n": params.get("n")} if not form else {"s": params.get("s")}
        dims = {"axis": params.get("dim", -1)} if not form else {"axes": params.get("dim", (-2, -1))}
        if form and sizes["s"] is None:
            del sizes["s"]
        norm = norm or "backward"
        norm = SWAPPED[norm] if of_conjugate else norm
        y = getattr(np.fft, name)(np.conjugate(x) if kind == "hfft" else x, **sizes, **dims, norm=norm)
        return np.conjugate(y) if kind == "ihfft" else y

    return reference


def _sample_of(kind: str, form: str) -> Callable[[Draw], Sample]:
    def sample(draw: Draw) -> Sample:
        shape = (*draw.shape(1, 1, least=0, most=2), draw.size(2, 4), draw.size(2, 4))
        complexes = kind in ("irfft", "hfft") or (kind in ("fft", "ifft") and draw.choice(True, False))
        params: dict[str, Any] = {"norm": draw.choice(None, "ortho", "forward")}
        if form:
            params["dim"] = draw.choice((1, 2), (-1, -2))
            params["s"] = draw.choice(None, (draw.size(1, 5), draw.size(1, 5)))
        else:
            params |= {"dim": draw.choice(-1, 1), "n": draw.choice(None, draw.size(1, 5))}
        return Sample(((draw.complex_tensor if complexes else draw.tensor)(*shape),), params)

    return sample


for _kind in _OF:
    for _form in _RANGE:
        _size = {"n": 0} if not _form else {"s": (0, 1), "dim": (0, 1)}
        _part: dict[str, Any] = {"n": 1.5} if not _form else {"s": (1.5, 1)}
        _bad = [
            BadSample((np.ones((2, 2)),), {"norm": "up"}, RuntimeError, (f"fft.{_kind}{_form}", "norm", "'up'")),
            BadSample((np.ones((2, 2)),), _size, RuntimeError, (f"fft.{_kind}{_form}", "0", "1")),
            BadSample((np.ones((2, 2)),), _part, TypeError, (f"fft.{_kind}{_form}", "1.5", "integer")),
        ]
        if _OF[_kind][0] is _from_real:
            _real = BadSample(
                (np.ones((2, 2), complex),), {}, RuntimeError, (f"fft.{_kind}{_form}", "real", "complex128")
            )
            _bad.append(_real)
        register(
            Composite(
                name=f"fft_{_kind}{_form}",
                function=globals()[f"fft_{_kind}{_form}"],
                reference=_numpys(_kind, _form),
                sample=_sample_of(_kind, _form),
                bad_samples=_bad,
                kind="matrix",
            )
        )


def fft_fftshift(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """Move the frequency 0, which transforms put first, to the middle of dimensions.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int or sequence of int, optional
        Dimensions to move along.  Default: all.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    IndexError, ValueError
        If there is no such dimension, or one is named twice.

    Examples
    --------
    >>> import autograd
    >>> autograd.fft.fftshift(autograd.tensor([0, 1, 2, -2, -1]))
    tensor([-2, -1,  0,  1,  2])
    """
    chosen = dims_of("fft.fftshift", dim, ndim_of("fft.fftshift", input))  # type: ignore[arg-type]
    return roll(input, tuple(input.shape[d] // 2 for d in chosen), chosen) if chosen else input


def fft_ifftshift(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """Undo fftshift: move the frequency 0 from the middle of dimensions to their start.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int or sequence of int, optional
        Dimensions to move along.  Default: all.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    IndexError, ValueError
        If there is no such dimension, or one is named twice.

    Examples
    --------
    >>> import autograd
    >>> autograd.fft.ifftshift(autograd.tensor([-2, -1, 0, 1, 2]))
    tensor([ 0,  1,  2, -2, -1])
    """
    chosen = dims_of("fft.ifftshift", dim, ndim_of("fft.ifftshift", input))  # type: ignore[arg-type]
    return roll(input, tuple(-(input.shape[d] // 2) for d in chosen), chosen) if chosen else input


def _shift_sample(draw: Draw) -> Sample:
    return Sample((draw.tensor(*draw.shape(2, 3, least=0)),), {"dim": draw.choice(None, (0,), (-1,), (0, 1))})


register(
    Composite(
        name="fft_fftshift",
        function=fft_fftshift,
        reference=lambda x, *, dim: np.fft.fftshift(x, dim),
        sample=_shift_sample,
        kind="multilinear",
    )
)
register(
    Composite(
        name="fft_ifftshift",
        function=fft_ifftshift,
        reference=lambda x, *, dim: np.fft.ifftshift(x, dim),
        sample=_shift_sample,
        kind="multilinear",
    )
)
