"""Sums of many float32 numbers are within 1e-6 of the exact ones, over any dimensions, on any number of threads."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn.functional as F
from autograd import Tensor, tensor
from autograd.kernels import sums
from autograd.op import table

MOST = 1e-6  # relative to the sum of the absolute values


def positive(*shape: int, seed: int = 0) -> np.ndarray:
    """Numbers around 0.1, so that their sums grow and each rounding is as large as it can be."""
    return (0.1 + 0.01 * np.random.default_rng(seed).random(shape)).astype(np.float32)


def off(ours: Any, exact: Any) -> float:
    """The largest relative error."""
    ours = np.asarray(ours.detach().numpy() if isinstance(ours, Tensor) else ours, np.float64)
    return float(np.max(np.abs(ours - exact) / np.abs(exact)))


@pytest.mark.parametrize(
    "shape",
    [
        (100_000,),
        (50_000, 3),
        (3, 50_000),
        (7, 900, 11),
        (40, 30, 20, 10),
        (5, 1, 4000, 2),
        (9, 2000, 1),
        (300, 2),
        (33,),
        (4096,),
        (3, 41, 5, 6),
        (1, 64, 1),
    ],
)
def test_over_any_dimensions_and_in_any_layout(shape: tuple[int, ...]) -> None:
    x = positive(*shape)
    subsets = itertools.chain.from_iterable(itertools.combinations(range(x.ndim), n) for n in range(1, x.ndim + 1))
    for dim, layout, keepdim in itertools.product(subsets, (x, np.asfortranarray(x), x[::-1]), (False, True)):
        wanted = np.sum(layout, axis=dim, keepdims=keepdim, dtype=np.float64)
        y = sums.total(layout, dim=dim, keepdim=keepdim)
        assert y.dtype == np.float32 and y.shape == wanted.shape
        assert off(y, wanted) < MOST, (dim, keepdim)
        assert off(tensor(layout).mean(dim, keepdim), wanted * wanted.size / x.size) < MOST


@pytest.mark.parametrize(
    ("shape", "dim"),
    [((1_000_000,), 0), ((1000,), 0), ((20_000, 3), 0), ((3, 20_000), 1), ((5, 3000, 7), 1)],
)
def test_running_sums(shape: tuple[int, ...], dim: int) -> None:
    x = positive(*shape)
    assert off(tensor(x).cumsum(dim), np.cumsum(x, axis=dim, dtype=np.float64)) < MOST


def gradient(function: Callable[[Tensor], Tensor], x: np.ndarray) -> np.ndarray:
    leaf = tensor(x, requires_grad=True)
    function(leaf).sum().backward()
    assert leaf.grad is not None
    return leaf.grad.numpy()


def test_gradients_that_are_sums() -> None:
    rows = positive(250_000, 3)
    exact = rows.sum(axis=0, dtype=np.float64)
    assert off(gradient(lambda p: tensor(rows) * p, np.ones(3, np.float32)), exact) < MOST  # a broadcast factor
    assert off(gradient(lambda p: tensor(rows) * p, np.ones(1, np.float32)), exact.sum()) < MOST
    x, w = tensor(rows), autograd.zeros(2, 3)
    share = tensor(positive(250_000, 2))
    wanted = share.numpy().sum(axis=0, dtype=np.float64)
    assert off(gradient(lambda b: F.linear(x, w, b) * share, np.zeros(2, np.float32)), wanted) < MOST
    index = np.arange(250_000) % 2
    wanted = np.stack([rows[index == k].sum(axis=0, dtype=np.float64) for k in (0, 1)])
    table_of_two = np.zeros((2, 3), np.float32)
    assert off(gradient(lambda t: F.embedding(tensor(index), t) * tensor(rows), table_of_two), wanted) < MOST
    assert off(gradient(lambda t: t[tensor(index)] * tensor(rows), table_of_two), wanted) < MOST


def test_reductions_of_many_numbers() -> None:
    x = positive(200_000, 2)
    t, exact = tensor(x), x.astype(np.float64)
    assert off(t.var(0), exact.var(axis=0, ddof=1)) < 1e-5  # it subtracts numbers ten times as large
    assert off(t.std(0), exact.std(axis=0, ddof=1)) < 1e-5
    assert off(t.norm(dim=0), np.sqrt((exact**2).sum(axis=0))) < MOST
    assert off(t.logsumexp(0), np.log(np.exp(exact).sum(axis=0))) < MOST
    assert off(F.mse_loss(t, autograd.zeros(200_000, 2)), (exact**2).mean()) < MOST
    picture = positive(1, 2, 700, 700)
    wanted = picture.mean(axis=(2, 3), dtype=np.float64)
    assert off(F.adaptive_avg_pool2d(tensor(picture), 1).reshape(1, 2), wanted) < MOST
    assert off(F.avg_pool2d(tensor(picture), 700).reshape(1, 2), wanted) < MOST
    scores = np.zeros((2, 300_000), np.float32)
    assert off(tensor(scores).softmax(1), np.full(scores.shape, 1 / 300_000)) < MOST


@pytest.mark.threads
@pytest.mark.parametrize(("shape", "dim"), [((300_000, 3), (0,)), ((64, 900, 7), (1,)), ((90, 40, 33), (0, 2))])
def test_threads_change_no_bit(shape: tuple[int, ...], dim: tuple[int, ...]) -> None:
    x, before = positive(*shape), autograd.get_num_threads()
    found = []
    for threads in (1, 2, 4):
        autograd.set_num_threads(threads)
        found.append([sums.total(x, dim=dim, keepdim=False).tobytes(), table["cumsum"](x, dim=dim[0]).tobytes()])
    autograd.set_num_threads(before)
    assert found[0] == found[1] == found[2]


def test_infinities_and_nan_pass() -> None:
    x = positive(40_000, 2)
    x[7, 0], x[20_000, 1] = np.inf, np.nan
    y = sums.total(x, dim=(0,), keepdim=False)
    assert y[0] == np.inf and np.isnan(y[1])
    running = tensor(x).cumsum(0).numpy()
    assert np.isfinite(running[:7]).all() and (running[7:, 0] == np.inf).all() and np.isnan(running[20_000:, 1]).all()
