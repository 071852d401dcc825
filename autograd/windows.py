"""Windows: factors for parts of a signal, which fade out at both ends.  With N = window_length, and k < N:

    hann        (1 - cos a) / 2                        a = 2πk / N, or with periodic=False 2πk / (N - 1)
    hamming     α - β cos a
    blackman    0.42 - 0.5 cos a + 0.08 cos 2a
    bartlett    1 - |a/π - 1|
    kaiser      I₀(β √(1 - (a/π - 1)²)) / I₀(β)

References
----------
Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform", 1978.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np

from autograd.devices import Device, check_device
from autograd.layouts import check_layout, layout as Layout
from autograd.promotion import FLOATING, get_default_dtype
from autograd.tensor import Tensor, wrap
from autograd.types import Array, DTypeLike


def _window(
    name: str,
    formula: Callable[[Array], Array],
    window_length: int,
    periodic: bool,
    dtype: DTypeLike | None,
    layout: Layout | None,
    device: Device,
    requires_grad: bool,
) -> Tensor:
    check_device(name, device)
    check_layout(name, layout)
    try:
        n = operator.index(window_length)
    except TypeError:
        raise TypeError(f"{name}: window_length is {window_length!r}; it must be an integer") from None
    if n < 0:
        raise RuntimeError(f"{name}: window_length is {n}; it must be at least 0")
    wanted = np.dtype(get_default_dtype() if dtype is None else dtype)
    if wanted.kind not in FLOATING:
        raise RuntimeError(f"{name}: a window holds floats, not {wanted}")
    a = 2 * np.pi * np.arange(n) / max(1, n if periodic else n - 1)
    return wrap((formula(a) if n > 1 else np.ones(n)).astype(wanted), requires_grad)


def hann_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: DTypeLike | None = None,
    layout: Layout | None = None,
    device: Device = None,
    requires_grad: bool = False,
) -> Tensor:
    """Hann window, (1 - cos a) / 2 with a = 2πk / N.

    N is window_length, or with periodic=False window_length - 1; k = 0, 1, …

    Parameters
    ----------
    window_length : int
        Number of elements, at least 0.
    periodic : bool
        Leave out the last element of the symmetric window that is longer by one, as for `stft`.  False: the symmetric
        window.
    dtype : dtype, optional
        A float dtype.  Default: the default float dtype.
    layout, device : optional
        Accepted for compatibility with PyTorch: tensors are dense and on the CPU.
    requires_grad : bool
        Whether operations on the result are recorded.

    Returns
    -------
    Tensor, (window_length,)

    Raises
    ------
    TypeError
        If window_length is no integer.
    RuntimeError
        If window_length is negative, or the dtype is no float dtype.

    References
    ----------
    Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform", 1978.

    Examples
    --------
    >>> import autograd
    >>> autograd.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    >>> autograd.hann_window(5, periodic=False)
    tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """
    return _window(
        "hann_window", lambda a: 0.5 - 0.5 * np.cos(a), window_length, periodic, dtype, layout, device, requires_grad
    )


def hamming_window(
    window_length: int,
    periodic: bool = True,
    alpha: float = 0.54,
    beta: float = 0.46,
    *,
    dtype: DTypeLike | None = None,
    layout: Layout | None = None,
    device: Device = None,
    requires_grad: bool = False,
) -> Tensor:
    """Hamming window, alpha - beta cos a with a = 2πk / N.  It does not fall to 0 at its ends.

    N is window_length, or with periodic=False window_length - 1; k = 0, 1, …

    Parameters
    ----------
    window_length : int
        Number of elements, at least 0.
    periodic : bool
        Leave out the last element of the symmetric window that is longer by one, as for `stft`.  False: the symmetric
        window.
    alpha, beta : float
        The window's values go from alpha - beta at its ends to alpha + beta in the middle.
    dtype : dtype, optional
        A float dtype.  Default: the default float dtype.
    layout, device : optional
        Accepted for compatibility with PyTorch: tensors are dense and on the CPU.
    requires_grad : bool
        Whether operations on the result are recorded.

    Returns
    -------
    Tensor, (window_length,)

    Raises
    ------
    TypeError
        If window_length is no integer.
    RuntimeError
        If window_length is negative, or the dtype is no float dtype.

    References
    ----------
    Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform", 1978.

    Examples
    --------
    >>> import autograd
    >>> autograd.hamming_window(4)
    tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    return _window(
        "hamming_window", lambda a: alpha - beta * np.cos(a), window_length, periodic, dtype, layout, device,
        requires_grad,
    )  # fmt: skip


def blackman_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: DTypeLike | None = None,
    layout: Layout | None = None,
    device: Device = None,
    requires_grad: bool = False,
) -> Tensor:
    """Blackman window, 0.42 - 0.5 cos a + 0.08 cos 2a with a = 2πk / N.

    N is window_length, or with periodic=False window_length - 1; k = 0, 1, …

    Parameters
    ----------
    window_length : int
        Number of elements, at least 0.
    periodic : bool
        Leave out the last element of the symmetric window that is longer by one, as for `stft`.  False: the symmetric
        window.
    dtype : dtype, optional
        A float dtype.  Default: the default float dtype.
    layout, device : optional
        Accepted for compatibility with PyTorch: tensors are dense and on the CPU.
    requires_grad : bool
        Whether operations on the result are recorded.

    Returns
    -------
    Tensor, (window_length,)

    Raises
    ------
    TypeError
        If window_length is no integer.
    RuntimeError
        If window_length is negative, or the dtype is no float dtype.

    References
    ----------
    Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform", 1978.

    Examples
    --------
    >>> import autograd
    >>> autograd.blackman_window(4)[1:]  # the first element is 0, up to rounding
    tensor([0.3400, 1.0000, 0.3400])
    """
    return _window(
        "blackman_window", lambda a: 0.42 - 0.5 * np.cos(a) + 0.08 * np.cos(2 * a), window_length, periodic, dtype,
        layout, device, requires_grad,
    )  # fmt: skip


def bartlett_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: DTypeLike | None = None,
    layout: Layout | None = None,
    device: Device = None,
    requires_grad: bool = False,
) -> Tensor:
    """Bartlett window, a triangle: 1 - |a/π - 1| with a = 2πk / N.

    N is window_length, or with periodic=False window_length - 1; k = 0, 1, …

    Parameters
    ----------
    window_length : int
        Number of elements, at least 0.
    periodic : bool
        Leave out the last element of the symmetric window that is longer by one, as for `stft`.  False: the symmetric
        window.
    dtype : dtype, optional
        A float dtype.  Default: the default float dtype.
    layout, device : optional
        Accepted for compatibility with PyTorch: tensors are dense and on the CPU.
    requires_grad : bool
        Whether operations on the result are recorded.

    Returns
    -------
    Tensor, (window_length,)

    Raises
    ------
    TypeError
        If window_length is no integer.
    RuntimeError
        If window_length is negative, or the dtype is no float dtype.

    References
    ----------
    Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform", 1978.

    Examples
    --------
    >>> import autograd
    >>> autograd.bartlett_window(8)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000, 0.7500, 0.5000, 0.2500])
    """
    return _window(
        "bartlett_window", lambda a: 1 - np.abs(a / np.pi - 1), window_length, periodic, dtype, layout, device,
        requires_grad,
    )  # fmt: skip


def kaiser_window(
    window_length: int,
    periodic: bool = True,
    beta: float = 12.0,
    *,
    dtype: DTypeLike | None = None,
    layout: Layout | None = None,
    device: Device = None,
    requires_grad: bool = False,
) -> Tensor:
    """Kaiser window, I₀(β √(1 - (a/π - 1)²)) / I₀(β) with a = 2πk / N; I₀ is a modified Bessel function.

    N is window_length, or with periodic=False window_length - 1; k = 0, 1, …

    Parameters
    ----------
    window_length : int
        Number of elements, at least 0.
    periodic : bool
        Leave out the last element of the symmetric window that is longer by one, as for `stft`.  False: the symmetric
        window.
    beta : float
        The larger, the narrower the window.  With 0 all elements are 1.
    dtype : dtype, optional
        A float dtype.  Default: the default float dtype.
    layout, device : optional
        Accepted for compatibility with PyTorch: tensors are dense and on the CPU.
    requires_grad : bool
        Whether operations on the result are recorded.

    Returns
    -------
    Tensor, (window_length,)

    Raises
    ------
    TypeError
        If window_length is no integer.
    RuntimeError
        If window_length is negative, or the dtype is no float dtype.

    References
    ----------
    Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform", 1978.

    Examples
    --------
    >>> import autograd
    >>> autograd.kaiser_window(5, periodic=False, beta=2.0)
    tensor([0.4387, 0.8348, 1.0000, 0.8348, 0.4387])
    >>> autograd.kaiser_window(3, beta=0.0)
    tensor([1., 1., 1.])
    """
    return _window(
        "kaiser_window", lambda a: np.i0(beta * np.sqrt(np.maximum(0, 1 - (a / np.pi - 1) ** 2))) / np.i0(beta),
        window_length, periodic, dtype, layout, device, requires_grad,
    )  # fmt: skip
