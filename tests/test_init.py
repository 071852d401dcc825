"""Initial values: the distribution, bounds and errors of each initializer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor
from nn import init

SHAPE = (60, 20, 3, 5)  # fan_in 300, fan_out 900


def normal_below(z: np.ndarray) -> np.ndarray:
    """The cumulative distribution function of the normal distribution."""
    return np.array([0.5 * math.erfc(-x / math.sqrt(2)) for x in z])


def assert_drawn_from(values: np.ndarray, below: Callable[[np.ndarray], np.ndarray]) -> None:
    """Kolmogorov-Smirnov test: the largest distance between the sample's distribution function and the true one."""
    x = np.sort(values.ravel()).astype(np.float64)
    n = len(x)
    truth = below(x)
    distance = max(np.abs(np.arange(1, n + 1) / n - truth).max(), np.abs(truth - np.arange(n) / n).max())
    assert distance < 1.95 / math.sqrt(n)  # exceeded once in a thousand


def assert_uniform(tensor: Tensor, low: float, high: float) -> None:
    values = tensor.numpy()
    assert low * (1 + 1e-6 * np.sign(-low)) <= values.min() and values.max() <= high * (1 + 1e-6 * np.sign(high))
    assert_drawn_from(values, lambda x: ((x - low) / (high - low)).clip(0, 1))


def assert_normal(tensor: Tensor, mean: float, std: float) -> None:
    assert_drawn_from(tensor.numpy(), lambda x: normal_below((x - mean) / std))


def made(scheme: Callable[..., Tensor], *arguments: Any, shape: tuple[int, ...] = SHAPE, **options: Any) -> Tensor:
    """A tensor filled by the initializer, which must return the tensor and draw other values at the next call."""
    tensor = autograd.full(shape, math.nan)
    assert scheme(tensor, *arguments, **options) is tensor
    assert tensor.version[0] > 0 and tensor.dtype == np.float32 and not tensor.requires_grad
    return tensor


def test_uniform_and_normal() -> None:
    assert_uniform(made(init.uniform_), 0, 1)
    assert_uniform(made(init.uniform_, -2, 5), -2, 5)
    assert_normal(made(init.normal_), 0, 1)
    assert_normal(made(init.normal_, 3, 0.5), 3, 0.5)
    assert made(init.normal_).tolist() != made(init.normal_).tolist()


@pytest.mark.parametrize(
    ("scheme", "std"),
    [
        (lambda t, draw: draw("xavier", t), math.sqrt(2 / 1200)),
        (lambda t, draw: draw("xavier", t, gain=3), 3 * math.sqrt(2 / 1200)),
        (lambda t, draw: draw("kaiming", t), math.sqrt(2 / 300)),
        (lambda t, draw: draw("kaiming", t, a=2), math.sqrt(2 / 5 / 300)),
        (lambda t, draw: draw("kaiming", t, mode="fan_out", nonlinearity="relu"), math.sqrt(2 / 900)),
        (lambda t, draw: draw("kaiming", t, nonlinearity="tanh"), 5 / 3 / math.sqrt(300)),
    ],
)
def test_variances_kept_from_layer_to_layer(scheme: Any, std: float) -> None:
    def uniform(kind: str, t: Tensor, **options: Any) -> Tensor:
        return getattr(init, f"{kind}_uniform_")(t, **options)

    def normal(kind: str, t: Tensor, **options: Any) -> Tensor:
        return getattr(init, f"{kind}_normal_")(t, **options)

    assert_uniform(made(scheme, uniform), -math.sqrt(3) * std, math.sqrt(3) * std)
    assert_normal(made(scheme, normal), 0, std)


@pytest.mark.parametrize(
    ("mean", "std", "a", "b"),
    [(0, 1, -2, 2), (1, 0.5, 0, 1.2), (0, 0.02, -2, 2), (0, 1, 3, 9), (0, 1, -40, -30), (5, 2, 4.99, 5.01)],
)
def test_trunc_normal(mean: float, std: float, a: float, b: float) -> None:
    values = made(init.trunc_normal_, mean, std, a, b).numpy()
    assert np.float32(a) <= values.min() and values.max() <= np.float32(b)
    sign = -1 if a > mean else 1  # small numbers of the tail, not 1 minus them
    low, high = (normal_below(np.array([sign * (end - mean) / std]))[0] for end in (a, b))
    assert_drawn_from(values, lambda x: (normal_below(sign * (x - mean) / std) - low) / (high - low))


@pytest.mark.parametrize("shape", [(30, 8), (8, 30), (6, 6), (40, 3, 2, 2), (4, 3, 2, 2), (1, 5)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    w = made(init.orthogonal_, 3, shape=shape).numpy().reshape(shape[0], -1).astype(np.float64) / 3
    product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-6)


def test_orthogonal_is_fair() -> None:
    """All rotations and reflections of the plane are equally likely: the angle is uniform, and so is the sign."""
    w = np.stack([made(init.orthogonal_, shape=(2, 2)).numpy() for _ in range(2000)])
    assert_drawn_from(np.arctan2(w[:, 1, 0], w[:, 0, 0]), lambda x: (x / math.pi + 1) / 2)
    assert abs(np.mean(np.linalg.det(w) > 0) - 0.5) < 0.04


def test_sparse() -> None:
    w = made(init.sparse_, 0.3, 0.5, shape=(101, 40)).numpy()
    assert ((w == 0).sum(axis=0) == 31).all()  # rounded up, in each column
    assert_normal(autograd.tensor(w[w != 0]), 0, 0.5)
    assert len({tuple(column) for column in (w == 0).T}) == 40  # columns have zeros in different rows
    assert abs((w == 0).mean(axis=1) - 0.3).max() < 0.35


def test_what_is_not_drawn() -> None:
    assert made(init.zeros_, shape=(2,)).tolist() == [0, 0]
    assert made(init.ones_, shape=(2,)).tolist() == [1, 1]
    assert made(init.constant_, 2.5, shape=(2,)).tolist() == [2.5, 2.5]
    assert made(init.eye_, shape=(2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert made(init.eye_, shape=(2, 1)).tolist() == [[1], [0]]


@pytest.mark.parametrize("window", [(3,), (4,), (3, 4), (1, 2, 3)])
@pytest.mark.parametrize(("outputs", "inputs", "groups"), [(4, 4, 1), (3, 5, 1), (6, 2, 1), (6, 2, 3), (4, 3, 2)])
def test_dirac(window: tuple[int, ...], outputs: int, inputs: int, groups: int) -> None:
    w = made(init.dirac_, groups, shape=(outputs, inputs, *window)).numpy()
    ones = np.argwhere(w == 1)
    per_group = outputs // groups
    middle = [size // 2 for size in window]
    wanted = [[g * per_group + c, c, *middle] for g in range(groups) for c in range(min(per_group, inputs))]
    assert ones.tolist() == wanted and np.count_nonzero(w) == len(wanted)


def test_dirac_passes_its_input_on() -> None:
    x = autograd.randn(2, 4, 5, 5)
    w = made(init.dirac_, 2, shape=(4, 2, 3, 3))
    assert autograd.conv2d(x, w, padding=1, groups=2).tolist() == x.tolist()


@pytest.mark.parametrize(
    ("arguments", "gain"),
    [
        (("linear",), 1),
        (("conv_transpose2d",), 1),
        (("sigmoid",), 1),
        (("tanh",), 5 / 3),
        (("relu",), math.sqrt(2)),
        (("leaky_relu",), math.sqrt(2 / 1.0001)),
        (("leaky_relu", 0), math.sqrt(2)),
        (("leaky_relu", 0.2), math.sqrt(2 / 1.04)),
        (("selu",), 0.75),
    ],
)
def test_gain(arguments: tuple, gain: float) -> None:
    assert init.calculate_gain(*arguments) == pytest.approx(gain, rel=1e-15)


def test_empty_tensors_stay() -> None:
    for scheme in (init.normal_, init.xavier_uniform_, init.kaiming_normal_, init.orthogonal_, init.trunc_normal_):
        assert scheme(autograd.zeros(0, 0)).shape == (0, 0)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: init.kaiming_uniform_(autograd.zeros(3)),
            r"kaiming_uniform_: expects a tensor of at least 2 dimensions.*\(3,\)",
        ),
        (lambda: init.kaiming_uniform_(autograd.zeros(3, 3), mode="fan"), "kaiming_uniform_: mode is 'fan'"),
        (
            lambda: init.kaiming_normal_(autograd.zeros(3, 3), nonlinearity="gelu"),
            "kaiming_normal_: nonlinearity 'gelu' is not one of",
        ),
        (lambda: init.eye_(autograd.zeros(3)), r"eye_: expects a tensor of 2 dimensions, got shape \(3,\)"),
        (lambda: init.sparse_(autograd.zeros(1, 2, 3), 0.1), "sparse_: expects a tensor of 2 dimensions"),
        (lambda: init.dirac_(autograd.zeros(3, 3)), "dirac_: expects a tensor of 3 to 5 dimensions"),
        (lambda: init.dirac_(autograd.zeros(3, 3, 3), 2), "dirac_: 3 output channels cannot be divided into 2 groups"),
        (lambda: init.orthogonal_(autograd.zeros(3)), "orthogonal_: expects a tensor of at least 2 dimensions"),
        (lambda: init.trunc_normal_(autograd.zeros(3), a=2, b=1), "expects std > 0 and a < b, got std=1.0, a=2, b=1"),
        (lambda: init.trunc_normal_(autograd.zeros(3), std=0), "expects std > 0"),
        (lambda: init.uniform_(autograd.zeros(3), 2, 1), "uniform_: expects a <= b, got a=2, b=1"),
        (lambda: init.normal_(autograd.zeros(3), std=-1), "normal_: expects std >= 0, got std=-1"),
        (lambda: init.xavier_normal_(autograd.zeros(3)), "xavier_normal_: expects a tensor of at least 2 dimensions"),
    ],
)
def test_a_sentence(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
