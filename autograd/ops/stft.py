"""Short-time Fourier transform: of overlapping parts of a signal, each times a window; and its inverse.

    X[f, t] = Σ_k window[k] x[t hop + k] e^(-2πi f k / n)

    x = Σ_t window · ifft(X[:, t]) at t hop   /   Σ_t window² at t hop

The inverse is exact wherever the sum of the squared windows is not 0.

References
----------
Griffin, Lim, "Signal estimation from modified short-time Fourier transform", 1984, equation (6).
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.op import BadSample, Sample
from autograd.ops.complex import view_as_real
from autograd.ops.elementwise import mul
from autograd.ops.fft import fft_fft, fft_ifft, fft_irfft, fft_rfft
from autograd.ops.pad import pad
from autograd.ops.placing import index_add
from autograd.ops.rearrange import narrow
from autograd.ops.shape import reshape, squeeze, transpose, unsqueeze
from autograd.ops.shared.rows import composite_row
from autograd.ops.unfold import unfold_along
from autograd.promotion import DIFFERENTIABLE, real_of
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _sizes(name: str, n_fft: int, hop_length: int | None, win_length: int | None, window: Any) -> tuple[int, int]:
    """The distance of two windows, and the length of one, checked."""
    hop = n_fft // 4 if hop_length is None else hop_length
    length = n_fft if win_length is None else win_length
    if n_fft < 1 or hop < 1 or not 0 < length <= n_fft:
        raise RuntimeError(
            f"{name}: n_fft {n_fft} and hop_length {hop} must be at least 1, and win_length {length} from 1 to n_fft"
        )
    if window is not None and tuple(window.shape) != (length,):
        raise RuntimeError(f"{name}: the window has shape {tuple(window.shape)}; expects ({length},), the win_length")
    return hop, length


def _window(window: Any, n_fft: int, length: int, dtype: np.dtype) -> Any:
    """The window in the middle of n_fft numbers."""
    if window is None:
        window = np.ones(length, dtype)
    left = (n_fft - length) // 2
    return window if length == n_fft else pad(window, (left, n_fft - length - left))


def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Tensor:
    """Fourier transforms of overlapping parts of a signal.

    X[f, t] = Σ_k window[k] input[t hop_length + k] e^(-2πi f k / n_fft)

    Parameters
    ----------
    input : Tensor of float or complex, (L,) or (N, L)
    n_fft : int
        Length of each part.
    hop_length : int, optional
        Distance of two parts.  Default: n_fft // 4.
    win_length : int, optional
        Length of the window, which is padded with zeros to n_fft on both sides.  Default: n_fft.
    window : Tensor, (win_length,), optional
        Factors of the elements of a part.  Default: ones.
    center : bool
        Pad the signal by n_fft // 2 on both sides, so that part t is around element t · hop_length.
    pad_mode : str
        How to pad, as in `nn.functional.pad`.
    normalized : bool
        Divide by √n_fft.
    onesided : bool, optional
        Return the first n_fft // 2 + 1 frequencies only.  Default: if input and window are real.
    return_complex : bool
        Return complex numbers.  False: real and imaginary parts in a last dimension of size 2.  It must be given for
        real numbers.
    align_to_window : bool, optional
        Must be None or False.

    Returns
    -------
    Tensor, (frequencies, parts) or (N, frequencies, parts)

    Raises
    ------
    RuntimeError, ValueError
        If sizes or dtypes do not fit, return_complex is missing, or the signal is too short to be padded.

    Examples
    --------
    Two parts of 4 elements each.  Frequency 0 is their sum.

    >>> import autograd
    >>> x = autograd.tensor([0.0, 1.0, 2.0, 3.0, 5.0, 5.0, 5.0, 5.0])
    >>> autograd.stft(x, n_fft=4, hop_length=4, center=False, return_complex=True)
    tensor([[ 6.+0.j, 20.+0.j],
            [-2.+2.j,  0.+0.j],
            [-2.+0.j,  0.+0.j]])
    """
    check_arrays("stft", input=input)
    hop, length = _sizes("stft", n_fft, hop_length, win_length, window)
    if input.dtype.kind not in DIFFERENTIABLE or input.ndim not in (1, 2):
        raise RuntimeError(
            f"stft: expects a float or complex tensor (L,) or (N, L), got {input.dtype} of shape {tuple(input.shape)}"
        )
    if align_to_window:
        raise RuntimeError("stft: align_to_window is not there; cut the signal first")
    complexes = input.dtype.kind == "c" or (window is not None and window.dtype.kind == "c")
    if return_complex is None and not complexes:
        raise RuntimeError("stft: return_complex must be given; True returns complex numbers")
    if onesided and complexes:
        raise RuntimeError("stft: the transform of complex numbers has no symmetry; leave onesided out")
    x = input if input.ndim == 2 else unsqueeze(input, 0)
    if center:
        half = n_fft // 2
        x = squeeze(pad(unsqueeze(x, 0), (half, half), pad_mode), 0)
    if x.shape[-1] < n_fft:
        raise RuntimeError(f"stft: the signal has {x.shape[-1]} elements, and n_fft is {n_fft}; it must not be longer")
    parts = unfold_along(x, 1, n_fft, hop)
    if window is not None or length < n_fft:
        parts = mul(parts, _window(window, n_fft, length, real_of(input.dtype)))
    norm = "ortho" if normalized else "backward"
    half_only = not complexes if onesided is None else onesided
    y = transpose((fft_rfft if half_only else fft_fft)(parts, norm=norm), 1, 2)
    y = y if input.ndim == 2 else squeeze(y, 0)
    return y if return_complex or (return_complex is None and complexes) else view_as_real(y)


def istft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    """The signal of which this is the `stft`.

    It is exact wherever the sum of the squared windows is not 0.

    Parameters
    ----------
    input : Tensor of complex, (frequencies, parts) or (N, frequencies, parts)
    n_fft, hop_length, win_length, window, center, normalized
        As they were given to `stft`.
    onesided : bool, optional
        Whether input has n_fft // 2 + 1 frequencies only.  Default: if its size says so.
    length : int, optional
        Length of the signal, which is cut, or padded with zeros.
    return_complex : bool
        Whether the signal was complex.

    Returns
    -------
    Tensor, (L,) or (N, L)

    Raises
    ------
    RuntimeError
        If sizes or dtypes do not fit, or the windows leave an element out.

    References
    ----------
    Griffin, Lim, "Signal estimation from modified short-time Fourier transform", 1984, equation (6).

    Examples
    --------
    >>> import autograd
    >>> x = autograd.arange(8.0)
    >>> autograd.istft(autograd.stft(x, n_fft=4, return_complex=True), n_fft=4)
    tensor([0., 1., 2., 3., 4., 5., 6., 7.])
    """
    check_arrays("istft", input=input)
    hop, size = _sizes("istft", n_fft, hop_length, win_length, window)
    if input.dtype.kind != "c" or input.ndim not in (2, 3) or 0 in input.shape:
        raise RuntimeError(
            "istft: expects a complex tensor (frequencies, parts) or (N, frequencies, parts) that is not empty, got "
            f"{input.dtype} of shape {tuple(input.shape)}"
        )
    if hop > size:
        raise RuntimeError(f"istft: hop_length {hop} is more than win_length {size}, so elements would be missing")
    X = transpose(input if input.ndim == 3 else unsqueeze(input, 0), 1, 2)
    half_only = X.shape[2] != n_fft if onesided is None else onesided
    expected = n_fft // 2 + 1 if half_only else n_fft
    if X.shape[2] != expected:
        raise RuntimeError(f"istft: got {X.shape[2]} frequencies; n_fft {n_fft} has {expected}")
    if half_only and return_complex:
        raise RuntimeError("istft: a complex signal has all n_fft frequencies; pass onesided=False")
    norm = "ortho" if normalized else "backward"
    dtype = real_of(input.dtype)
    factors = _window(window, n_fft, size, dtype)
    parts = fft_ifft(X, norm=norm) if return_complex else fft_irfft(narrow(X, 2, 0, n_fft // 2 + 1), n_fft, norm=norm)
    count = X.shape[1]
    whole = n_fft + hop * (count - 1)
    places = (hop * np.arange(count)[:, None] + np.arange(n_fft)).reshape(-1)
    signal = _overlapped(mul(parts, factors), places, whole)
    ones: Any = np.ones((1, count, 1), dtype)
    squares = mul(ones, mul(factors, factors))
    envelope = _overlapped(squares, places, whole)
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else whole - start if center else whole
    end = min(end, whole)
    signal, envelope = narrow(signal, 1, start, end - start), narrow(envelope, 1, start, end - start)
    found = envelope.array if hasattr(envelope, "array") else envelope
    if np.abs(found).min(initial=1.0) < 1e-11:
        raise RuntimeError(
            "istft: the windows leave an element out, as the sum of their squares is 0; use another window"
        )
    y = signal / envelope
    if length is not None and y.shape[1] < length:
        warnings.warn("istft: the signal is shorter than length, and is padded with zeros", stacklevel=2)
        y = pad(y, (0, length - y.shape[1]))
    return y if input.ndim == 3 else squeeze(y, 0)


def _overlapped(parts: Any, places: Any, size: int) -> Any:
    """Parts (N, T, n) added to (N, size) at their places."""
    flat = reshape(parts, (parts.shape[0], -1))
    zeros: Any = np.zeros((parts.shape[0], size), parts.dtype)
    return index_add(zeros, 1, places, flat)


def _frames(x: Array, n_fft: int, hop: int, window: Array, center: bool) -> Array:
    if center:
        x = np.pad(x, ((0, 0), (n_fft // 2, n_fft // 2)), "reflect")
    starts = range(0, x.shape[1] - n_fft + 1, hop)
    return np.stack([x[:, k : k + n_fft] * window for k in starts], 1)


def _stft_reference(
    x: Array, window: Array, *, n_fft: int, hop_length: int, center: bool, return_complex: bool
) -> Array:
    return np.swapaxes(np.fft.rfft(_frames(x, n_fft, hop_length, window, center)), 1, 2)


def _stft_sample(draw: Draw) -> Sample:
    n = draw.size(2, 4)
    params = {"n_fft": n, "hop_length": draw.size(1, 3), "center": draw.choice(True, False), "return_complex": True}
    return Sample((draw.tensor(*draw.shape(1, 1, least=0, most=2), draw.size(n, 6)), draw.tensor(n, low=0.5)), params)


composite_row(
    "stft",
    lambda x, window, **params: stft(x, window=window, **params),
    _stft_reference,
    _stft_sample,
    BadSample(
        (np.ones((1, 3)), np.ones(4)),
        {"n_fft": 3, "hop_length": 1, "return_complex": True},
        RuntimeError,
        ("(4,)", "3"),
    ),
    BadSample((np.ones((1, 3)), np.ones(3)), {"n_fft": 3, "hop_length": 1}, RuntimeError, ("stft", "return_complex")),
    BadSample(
        (np.ones((1, 3)), np.ones(5)),
        {"n_fft": 5, "center": False, "hop_length": 1, "return_complex": True},
        RuntimeError,
        ("5", "3"),
    ),
    kind="matrix",
)


def _istft_reference(X: Array, window: Array, *, n_fft: int, hop_length: int) -> Array:
    parts = np.fft.irfft(np.swapaxes(X, 1, 2), n_fft) * window
    size = n_fft + hop_length * (parts.shape[1] - 1)
    y, weight = np.zeros((len(parts), size)), np.zeros(size)
    for t in range(parts.shape[1]):
        y[:, t * hop_length : t * hop_length + n_fft] += parts[:, t]
        weight[t * hop_length : t * hop_length + n_fft] += window**2
    return (y / weight)[:, n_fft // 2 : size - n_fft // 2]


def _istft_sample(draw: Draw) -> Sample:
    n = draw.size(2, 4)
    X = draw.complex_tensor(draw.size(1, 2), n // 2 + 1, draw.size(2, 3))
    return Sample((X, draw.tensor(n, low=0.5)), {"n_fft": n, "hop_length": draw.size(1, n // 2)})


composite_row(
    "istft",
    lambda X, window, **params: istft(X, window=window, **params),
    _istft_reference,
    _istft_sample,
    BadSample(
        (np.ones((1, 2, 2)), np.ones(3)), {"n_fft": 3, "hop_length": 1}, RuntimeError, ("istft", "complex", "float64")
    ),
    BadSample(
        (np.ones((1, 3, 2), np.complex128), np.ones(2)),
        {"n_fft": 2, "hop_length": 1},
        RuntimeError,
        ("istft", "3", "2"),
    ),
    kind="matrix",
)
