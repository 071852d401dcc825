"""Complex tensors: dtypes, gradients, views, and what refuses them.

Values and gradients of single calls are compared with PyTorch in tests/with_torch/test_op_db.py (test_complex).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor
from autograd.tensor import wrap

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": lambda z, w: z + w,
    "sub": lambda z, w: z - w,
    "mul": lambda z, w: z * w,
    "div": lambda z, w: z / w,
    "pow": lambda z, w: z**w,
    "square": lambda z, w: z**2 + z.square(),
    "abs": lambda z, w: z.abs(),
    "angle": lambda z, w: z.angle(),
    "sgn": lambda z, w: z.sgn(),
    "exp": lambda z, w: z.exp(),
    "log": lambda z, w: z.log(),
    "sqrt": lambda z, w: z.sqrt() + z.rsqrt(),
    "sin": lambda z, w: z.sin() * z.cos(),
    "tanh": lambda z, w: z.tanh() + z.sigmoid(),
    "reciprocal": lambda z, w: z.reciprocal(),
    "parts": lambda z, w: z.real * w.imag,
    "mean": lambda z, w: z.mean(0) - z.sum(1).conj(),
    "matmul": lambda z, w: z @ w.mH,
    "where": lambda z, w: autograd.where(z.real > w.real, z, w),
    "mixed": lambda z, w: z.real * w + z.abs() / w,
    "pairs": lambda z, w: autograd.view_as_complex(autograd.view_as_real(z) * autograd.view_as_real(w)),
    "polar": lambda z, w: autograd.polar(z.real, w.real),
    "moved": lambda z, w: autograd.cat([z, w.flip(0)])[1:].reshape(-1),
    "windows": lambda z, w: (z * w).unfold(1, 2, 1)[0],
    "diagonal": lambda z, w: z.diagonal() * w[0],
    "scattered": lambda z, w: z.scatter_add(0, autograd.tensor([[1, 1], [0, 1]]), w),
    "fft": lambda z, w: autograd.fft.fft(z * w),
    "irfft": lambda z, w: autograd.fft.irfft(z * w, n=3),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_first_and_second_gradients_are_those_of_finite_differences(name: str) -> None:
    rng = np.random.default_rng(3)
    z, w = (wrap(rng.standard_normal((2, 2)) + 1j * rng.standard_normal((2, 2)) + 2, True) for _ in range(2))
    inputs = [x for x in (z, w) if _uses(FUNCTIONS[name], z, w, x)]
    function = FUNCTIONS[name] if len(inputs) == 2 else lambda x: FUNCTIONS[name](x, w.detach())
    assert autograd.gradcheck(function, inputs)
    assert autograd.gradgradcheck(function, inputs)


def _uses(function: Callable[..., Any], z: Tensor, w: Tensor, x: Tensor) -> bool:
    y = autograd.view_as_real(function(z, w)) if function(z, w).is_complex() else function(z, w)
    return autograd.grad(y.sum(), x, allow_unused=True)[0] is not None


def test_a_wrong_conjugate_is_noticed() -> None:
    z = wrap(np.array([1 + 2j]), True)

    class Wrong(autograd.Function):
        @staticmethod
        def forward(ctx: Any, z: Tensor) -> Tensor:
            ctx.save_for_backward(z)
            return z * z

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Tensor:
            return 2 * g * ctx.saved_tensors[0]

    assert not autograd.gradcheck(Wrong.apply, z, raise_exception=False)


def test_dtypes() -> None:
    single, double = autograd.ones(2), autograd.ones(2, dtype=autograd.float64)
    z = autograd.tensor([1j, 2])
    assert z.dtype == autograd.complex64 == (single * 1j).dtype == (z + autograd.ones(2, dtype=autograd.int64)).dtype
    assert (double * 1j).dtype == (double + z).dtype == autograd.complex128
    assert (single + autograd.tensor(1j, dtype=autograd.complex128)).dtype == autograd.complex64
    assert (z / 2).dtype == autograd.complex64
    assert z.real.dtype == z.abs().dtype == z.angle().dtype == autograd.float32
    assert autograd.fft.fft(single).dtype == autograd.complex64
    assert autograd.fft.fft(autograd.arange(3)).dtype == autograd.complex64
    assert autograd.fft.rfft(double).dtype == autograd.complex128
    assert autograd.is_complex(z) and not z.is_floating_point() and z.to(autograd.float32).tolist() == [0.0, 2.0]


def test_repr() -> None:
    z = autograd.tensor([1 + 2.5j, -3 - 1j])
    assert repr(z) == "tensor([ 1.+2.5000j, -3.-1.0000j])"
    assert repr(z.cdouble()) == "tensor([ 1.+2.5000j, -3.-1.0000j], dtype=complex128)"


def test_parts_are_views() -> None:
    z = autograd.tensor([1 + 2j, 3 + 4j])
    z.real[0] = 5.0
    z.imag.mul_(2)
    autograd.view_as_real(z)[1, 0] = 7.0
    assert z.tolist() == [5 + 4j, 7 + 8j]


def test_a_recorded_change_of_a_part_is_refused() -> None:
    w = autograd.tensor([1j], requires_grad=True) * 2
    with pytest.raises(RuntimeError, match="real, imag and view_as_real show parts"):
        w.real.mul_(2)
    part = w.real
    with pytest.raises(RuntimeError, match="real, imag and view_as_real show parts"):
        w.mul_(2)
    assert part.tolist() == [0.0]


@pytest.mark.parametrize(
    "call",
    [
        lambda z: z < z,
        lambda z: z.relu(),
        lambda z: z.max(),
        lambda z: z.sort(),
        lambda z: autograd.linalg.inv(z.reshape(1, 1)),
    ],
)
def test_what_is_not_for_complex_numbers_says_so(call: Callable[[Tensor], Any]) -> None:
    with pytest.raises((TypeError, RuntimeError), match="complex"):
        call(autograd.tensor([1j]))


def test_the_gradient_of_a_complex_result_must_be_given() -> None:
    z = autograd.tensor(1j, requires_grad=True)
    with pytest.raises(RuntimeError, match="real scalar"):
        (z * z).backward()
    (z * z).backward(autograd.tensor(1 + 0j))
    assert z.grad is not None and z.grad.item() == -2j


def test_view_as_complex_needs_pairs_side_by_side() -> None:
    with pytest.raises(RuntimeError, match="contiguous"):
        autograd.view_as_complex(autograd.ones(2, 2).t())


@pytest.mark.parametrize("name", ["fftfreq", "rfftfreq"])
def test_frequencies_that_there_are_not(name: str) -> None:
    function = getattr(autograd.fft, name)
    with pytest.raises(RuntimeError, match=f"fft.{name}: n is -1; a signal has a length of at least 0"):
        function(-1)
    with pytest.raises(TypeError, match=f"fft.{name}: n is 2.5; it must be an integer"):
        function(2.5)
    with pytest.raises(RuntimeError, match=f"fft.{name}: frequencies are fractions, which a tensor of int64 cannot"):
        function(4, dtype=autograd.int64)


def test_frequencies_of_samples_at_a_distance_of_0_are_infinite() -> None:
    assert autograd.fft.rfftfreq(4, d=0)[1:].tolist() == [np.inf, np.inf]


def test_istft_inverts_stft() -> None:
    x = autograd.randn(2, 40, dtype=autograd.float64)
    window = autograd.hann_window(8, dtype=autograd.float64)
    for normalized in (False, True):
        X = autograd.stft(x, 8, 2, window=window, normalized=normalized, return_complex=True)
        y = autograd.istft(X, 8, 2, window=window, normalized=normalized, length=40)
        assert np.allclose(x.numpy(), y.numpy(), atol=1e-12)


def test_a_filter_is_learned_through_its_spectrum() -> None:
    rng = np.random.default_rng(0)
    x = wrap(rng.standard_normal((8, 16)))
    wanted = autograd.fft.irfft(autograd.fft.rfft(x) * wrap(np.exp(-np.arange(9)) + 0j), n=16)
    spectrum = autograd.ones(9, dtype=autograd.complex128, requires_grad=True)
    for _ in range(300):
        loss = (autograd.fft.irfft(autograd.fft.rfft(x) * spectrum, n=16) - wanted).square().mean()
        (g,) = autograd.grad(loss, spectrum)
        with autograd.no_grad():
            spectrum -= 3.0 * g
    assert loss.item() < 1e-8
