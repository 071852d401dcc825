"""NumPy's functions on tensors: recorded where they are known, refused where a gradient would be lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib
import numpy as np
import pytest

import autograd
from autograd.numpy_protocol import _FUNCTIONS

matplotlib.use("Agg")

A = np.random.default_rng(0).uniform(0.2, 0.9, (2, 3))
B = np.random.default_rng(1).uniform(0.2, 0.9, (2, 3))
M = np.random.default_rng(2).uniform(0.2, 0.9, (3, 2))
CUBE = np.random.default_rng(3).uniform(0.2, 0.9, (2, 3, 4))

CALLS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    **{
        name: (getattr(np, name), (A,))
        for name in ("exp", "log", "sqrt", "sin", "tanh", "absolute", "negative", "square")
    },
    **{
        name: (getattr(np, name), (A, B))
        for name in ("add", "subtract", "multiply", "divide", "power", "maximum", "minimum")
    },
    "ufunc with a number": (lambda a: np.multiply(2, np.add(a, 1.5)), (A,)),
    "matmul": (np.matmul, (A, M)),
    "operators": (lambda a, b: A * a + (A @ b)[0, 0] - A / a ** A[0], (B, M)),
    "add.reduce": (lambda a: np.add.reduce(a), (A,)),
    "maximum.reduce": (lambda a: np.maximum.reduce(a, axis=1), (A,)),
    "mean": (np.mean, (A,)),
    "mean of columns": (lambda a: np.mean(a, axis=0, keepdims=True), (A,)),
    "sum": (np.sum, (A,)),
    "sum of two": (lambda a: np.sum(a, axis=(0, 2)), (CUBE,)),
    "max": (np.max, (A,)),
    "max of rows": (lambda a: np.max(a, axis=-1), (A,)),
    "amax": (np.amax, (A,)),
    "min": (lambda a: np.min(a, axis=0), (A,)),
    "amin": (np.amin, (A,)),
    "std": (np.std, (A,)),
    "var": (lambda a: np.var(a, axis=1, ddof=1), (A,)),
    "cumsum": (np.cumsum, (A,)),
    "cumsum of rows": (lambda a: np.cumsum(a, axis=1), (A,)),
    "prod": (lambda a: np.prod(a, axis=1), (A,)) if hasattr(autograd.ops, "prod") else (np.sum, (A,)),
    "concatenate": (lambda a, b: np.concatenate([a, b], axis=1), (A, B)),
    "concatenate with an array": (lambda a: np.concatenate((A, a)), (B,)),
    "concatenate all": (lambda a, b: np.concatenate([a, b], axis=None), (A, M)),
    "stack": (lambda a, b: np.stack([a, b], axis=-1), (A, B)),
    "vstack": (lambda a, b: np.vstack([a, b]), (A[0], B[0])),
    "hstack": (lambda a, b: np.hstack([a, b]), (A, B)),
    "reshape": (lambda a: np.reshape(a, (3, 2)), (A,)),
    "reshape to rows": (lambda a: np.reshape(a, -1), (A,)),
    "ravel": (np.ravel, (A,)),
    "transpose": (np.transpose, (CUBE,)),
    "transpose with axes": (lambda a: np.transpose(a, (1, 0, 2)), (CUBE,)),
    "swapaxes": (lambda a: np.swapaxes(a, 0, 2), (CUBE,)),
    "moveaxis": (lambda a: np.moveaxis(a, 0, -1), (CUBE,)),
    "squeeze": (lambda a: np.squeeze(a[None], axis=0), (A,)),
    "expand_dims": (lambda a: np.expand_dims(a, (0, -1)), (A,)),
    "broadcast_to": (lambda a: np.broadcast_to(a, (4, 2, 3)), (A,)),
    "flip": (np.flip, (A,)),
    "where": (lambda a, b: np.where(A > 0.5, a, b), (A, B)),
    "where with a number": (lambda a: np.where(A > 0.5, a, 0.0), (A,)),
    "clip": (lambda a: np.clip(a, 0.3, 0.6), (A,)),
    "clip of an array": (lambda low: np.clip(A, low, 2.0), (B,)),
    "dot of vectors": (np.dot, (A[0], B[0])),
    "dot of matrices": (np.dot, (A, M)),
    "dot with a number": (lambda a: np.dot(a, 2.0), (A,)),
    "dot": (np.dot, (A, CUBE)),
    "einsum": (lambda a, m: np.einsum("ij,jk->ik", a, m), (A, M)),
    "linalg.norm": (np.linalg.norm, (A,)),
    "norm of rows": (lambda a: np.linalg.norm(a, axis=1), (A,)),
    "tril": (np.tril, (A,)),
    "triu": (lambda a: np.triu(a, 1), (A,)),
    "copy": (np.copy, (A,)),
}
WITHOUT_GRADIENT: dict[str, Callable[[Any], Any]] = {
    "argmax": lambda a: np.argmax(a, axis=1),
    "argmin": np.argmin,
    "all": lambda a: np.all(a > 0.5, axis=0),
    "any": lambda a: np.any(a > 0.5),
    "isnan": np.isnan,
    "greater": lambda a: np.greater(a, 0.5),
    "logical_and": lambda a: np.logical_and(a > 0.5, a < 0.7),
    "comparison": lambda a: A < a,  # noqa: SIM300
}


@pytest.mark.parametrize("name", CALLS)
def test_recorded(name: str) -> None:
    function, arrays = CALLS[name]
    tensors = [autograd.tensor(a, requires_grad=True) for a in arrays]
    result, expected = function(*tensors), np.asarray(function(*arrays))
    assert isinstance(result, autograd.Tensor) and result.requires_grad
    assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(result.detach().numpy(), expected, rtol=1e-12)
    autograd.gradcheck(function, tensors)


@pytest.mark.parametrize("name", WITHOUT_GRADIENT)
def test_not_differentiable(name: str) -> None:
    function = WITHOUT_GRADIENT[name]
    result, expected = function(autograd.tensor(A, requires_grad=True)), np.asarray(function(A))
    assert isinstance(result, autograd.Tensor) and result.dtype == expected.dtype
    np.testing.assert_array_equal(result.numpy(), expected)


def test_every_function_is_called() -> None:
    called = {*CALLS, *WITHOUT_GRADIENT, "shape", "ndim"}
    assert set(_FUNCTIONS) <= called
    x = autograd.tensor(A, requires_grad=True)
    assert (np.shape(x), np.ndim(x)) == ((2, 3), 2)


def test_integers() -> None:
    x = autograd.tensor([1, 2, 4])
    assert (np.mean(x).item(), np.mean(x).dtype) == (pytest.approx(7 / 3), autograd.float32)
    assert np.sum(x).item() == 7


def test_what_is_not_recorded() -> None:
    x = autograd.tensor(A, requires_grad=True)
    for name, call in {
        "unique": lambda: np.unique(x),
        "spacing": lambda: np.spacing(x),
        "multiply.outer": lambda: np.multiply.outer(x, x),
        "percentile": lambda: np.percentile(A, x),
    }.items():
        with pytest.raises(TypeError, match=rf"np.{name}: it is not recorded.*\.detach\(\)\.numpy\(\)"):
            call()
    array = A.copy()
    with pytest.raises(TypeError, match=r"np.add: out= cannot be recorded"):
        array += x
    with pytest.raises(TypeError, match=r"np.exp: out= cannot be recorded"):
        np.exp(A, out=x.detach())  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"np.sum: dtype= is not there"):
        np.sum(x, dtype=np.float32)
    with pytest.raises(RuntimeError, match=r"numpy: this tensor requires grad.*\.detach\(\)\.numpy\(\)"):
        np.asarray(x)


def test_without_gradient_all_of_numpy_works() -> None:
    x = autograd.tensor(A)
    assert np.asarray(x) is x.array
    np.testing.assert_array_equal(np.unique(x), np.unique(A))
    np.testing.assert_array_equal(np.histogram(x, bins=3)[0], np.histogram(A, bins=3)[0])
    assert np.allclose(x, A) is True and np.array_equal(x, A) is True
    spacing = np.spacing(x)
    assert isinstance(spacing, autograd.Tensor) and spacing.tolist() == np.spacing(A).tolist()
    assert np.multiply.outer(x, x).shape == (2, 3, 2, 3)
    quotient, rest = np.divmod(x, 0.25)
    assert isinstance(quotient, autograd.Tensor) and rest.tolist() == np.divmod(A, 0.25)[1].tolist()
    array = A.copy()
    before = array
    array += x
    assert array is before and array.tolist() == (2 * A).tolist()


def test_matplotlib_draws_tensors() -> None:
    import matplotlib.pyplot as plt

    x, y = autograd.linspace(0, 1, 5), autograd.linspace(0, 1, 5) ** 2
    figure, axes = plt.subplots(2, 3)
    try:
        (line,) = axes[0, 0].plot(x, y)
        np.testing.assert_array_equal(line.get_ydata(), y.numpy())
        axes[0, 0].plot(y)
        image = axes[0, 1].imshow(autograd.tensor(A))
        np.testing.assert_array_equal(np.asarray(image.get_array()), A)
        axes[0, 2].imshow(autograd.tensor(A[..., None].repeat(3, 2)))
        axes[1, 0].scatter(x, y, c=y)
        axes[1, 1].bar(x, y, yerr=y)
        axes[1, 2].hist(y)
        axes[1, 2].fill_between(x, y, 2 * y)
        axes[1, 2].errorbar(x, y, yerr=y)
        axes[1, 2].contour(autograd.tensor(A))
        axes[1, 2].set_xlim(x[0], x[-1])
        axes[1, 2].axhline(y.mean())
        figure.canvas.draw()
    finally:
        plt.close(figure)
