"""Discrete Fourier transforms, as PyTorch's `torch.fft`.

Of float32 they are complex64, of float64 complex128, and all have gradients of any order.

Examples
--------
>>> import autograd
>>> autograd.fft.rfft(autograd.tensor([1.0, 0.0, -1.0, 0.0]))
tensor([0.+0.j, 2.+0.j, 0.+0.j])
"""

import operator as _operator

import numpy as _np

from autograd.devices import Device as _Device, check_device as _check_device
from autograd.names import define_all as _define_all
from autograd.ops import (
    fft_fft as _fft,
    fft_fft2 as _fft2,
    fft_fftn as _fftn,
    fft_fftshift as _fftshift,
    fft_hfft as _hfft,
    fft_hfft2 as _hfft2,
    fft_hfftn as _hfftn,
    fft_ifft as _ifft,
    fft_ifft2 as _ifft2,
    fft_ifftn as _ifftn,
    fft_ifftshift as _ifftshift,
    fft_ihfft as _ihfft,
    fft_ihfft2 as _ihfft2,
    fft_ihfftn as _ihfftn,
    fft_irfft as _irfft,
    fft_irfft2 as _irfft2,
    fft_irfftn as _irfftn,
    fft_rfft as _rfft,
    fft_rfft2 as _rfft2,
    fft_rfftn as _rfftn,
)
from autograd.promotion import DIFFERENTIABLE as _DIFFERENTIABLE, get_default_dtype as _get_default_dtype
from autograd.tensor import Tensor as _Tensor, wrap as _wrap
from autograd.types import DTypeLike as _DTypeLike

fft = _fft
fft2 = _fft2
fftn = _fftn
ifft = _ifft
ifft2 = _ifft2
ifftn = _ifftn
rfft = _rfft
rfft2 = _rfft2
rfftn = _rfftn
irfft = _irfft
irfft2 = _irfft2
irfftn = _irfftn
hfft = _hfft
hfft2 = _hfft2
hfftn = _hfftn
ihfft = _ihfft
ihfft2 = _ihfft2
ihfftn = _ihfftn
fftshift = _fftshift
ifftshift = _ifftshift


def _length(name: str, n: int) -> int:
    """The length of the signal, checked."""
    try:
        length = _operator.index(n)
    except TypeError:
        raise TypeError(f"{name}: n is {n!r}; it must be an integer, the length of the signal") from None
    if length < 0:
        raise RuntimeError(f"{name}: n is {length}; a signal has a length of at least 0")
    return length


def _frequencies(
    name: str, k: _np.ndarray, n: int, d: float, dtype: _DTypeLike | None, requires_grad: bool, device: _Device
) -> _Tensor:
    _check_device(name, device)
    wanted = _np.dtype(_get_default_dtype() if dtype is None else dtype)
    if wanted.kind not in _DIFFERENTIABLE:
        raise RuntimeError(f"{name}: frequencies are fractions, which a tensor of {wanted} cannot hold")
    with _np.errstate(all="ignore"):  # d = 0 gives inf and NaN, as in PyTorch
        return _wrap((k / (n * d)).astype(wanted), requires_grad)


def fftfreq(
    n: int, d: float = 1.0, *, dtype: _DTypeLike | None = None, device: _Device = None, requires_grad: bool = False
) -> _Tensor:
    """Frequencies of the n numbers of an fft, in cycles per unit of `d`: k / (n d).

    First k = 0 and the positive ones, then the negative ones.  For an even n the last frequency, n / 2, counts as
    negative.

    Parameters
    ----------
    n : int
        Length of the signal, at least 0.
    d : float
        Distance of two samples, such as 1 / (sampling rate).
    dtype : dtype, optional
        A float or complex dtype.  Default: the default float dtype.
    device : optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    requires_grad : bool
        Whether operations on the result are recorded.

    Returns
    -------
    Tensor, (n,)

    Raises
    ------
    TypeError
        If n is no integer.
    RuntimeError
        If n is negative, or the dtype is of integers.

    Examples
    --------
    >>> import autograd
    >>> autograd.fft.fftfreq(4)
    tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    n = _length("fft.fftfreq", n)
    k = _np.concatenate([_np.arange((n + 1) // 2), _np.arange(-(n // 2), 0)])
    return _frequencies("fft.fftfreq", k, n, d, dtype, requires_grad, device)


def rfftfreq(
    n: int, d: float = 1.0, *, dtype: _DTypeLike | None = None, device: _Device = None, requires_grad: bool = False
) -> _Tensor:
    """Frequencies of the n // 2 + 1 numbers of an rfft, in cycles per unit of `d`: k / (n d), k = 0, 1, … n // 2.

    Parameters
    ----------
    n : int
        Length of the signal, at least 0.
    d : float
        Distance of two samples, such as 1 / (sampling rate).
    dtype : dtype, optional
        A float or complex dtype.  Default: the default float dtype.
    device : optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    requires_grad : bool
        Whether operations on the result are recorded.

    Returns
    -------
    Tensor, (n // 2 + 1,)

    Raises
    ------
    TypeError
        If n is no integer.
    RuntimeError
        If n is negative, or the dtype is of integers.

    Examples
    --------
    >>> import autograd
    >>> autograd.fft.rfftfreq(4, d=0.5)
    tensor([0.0000, 0.5000, 1.0000])
    """
    n = _length("fft.rfftfreq", n)
    return _frequencies("fft.rfftfreq", _np.arange(n // 2 + 1), n, d, dtype, requires_grad, device)


__all__: list[str]
_define_all(globals())
