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
    n = operator.index(window_length)
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
    """Hann window, (1 - cos a) / 2.

    Parameters
    ----------
    window_length : int
        Number of elements.
    periodic : bool
        Leave out the last element of the symmetric window that is longer by one, as for `stft`.
    dtype : dtype, optional
        Default: the default dtype.

    Examples
    --------
    >>> import autograd
    >>> autograd.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
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
    """Hamming window, alpha - beta cos a.  The other arguments are those of `hann_window`."""
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
    """Blackman window.  The arguments are those of `hann_window`."""
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
    """Bartlett window, a triangle.  The arguments are those of `hann_window`."""
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
    """Kaiser window, which is the narrower, the larger `beta`.  The other arguments are those of `hann_window`."""
    return _window(
        "kaiser_window", lambda a: np.i0(beta * np.sqrt(np.maximum(0, 1 - (a / np.pi - 1) ** 2))) / np.i0(beta),
        window_length, periodic, dtype, layout, device, requires_grad,
    )  # fmt: skip
