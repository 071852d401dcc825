"""Normalization and dropout: state, randomness, and cancellation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
from autograd.kernels import channels
from autograd.op import table
from autograd.tensor import wrap


def test_batch_norm_moves_running_statistics_in_place_and_notes_it() -> None:
    x = autograd.tensor([[1.0, 10.0], [3.0, 30.0]], requires_grad=True)
    mean, var = autograd.zeros(2), autograd.ones(2)
    kept, versions = mean.array, (mean.version[0], var.version[0])
    y = F.batch_norm(x, mean, var, training=True)
    assert mean.array is kept
    assert mean.version[0] > versions[0]
    assert var.version[0] > versions[1]
    np.testing.assert_allclose(mean.numpy(), [0.2, 2.0], rtol=1e-6)  # a tenth of the way to 2 and 20
    np.testing.assert_allclose(var.numpy(), [0.9 + 0.1 * 2, 0.9 + 0.1 * 200], rtol=1e-6)  # the variance with M - 1
    assert not mean.requires_grad
    np.testing.assert_allclose(y.detach().numpy(), [[-1, -1], [1, 1]], rtol=1e-5)

    F.batch_norm(x, mean, var)
    np.testing.assert_allclose(mean.numpy(), [0.2, 2.0], rtol=1e-6)


def test_batch_norm_of_nothing_leaves_running_statistics_alone() -> None:
    mean, var = autograd.zeros(2), autograd.ones(2)
    assert F.batch_norm(autograd.zeros(0, 2, 3), mean, var, training=True).shape == (0, 2, 3)
    assert (mean.tolist(), var.tolist()) == ([0, 0], [1, 1])


def test_a_variance_that_rounds_below_zero_is_zero() -> None:
    mean, var = np.empty(1), np.empty(1)
    channels._moments(np.array([[0.1], [0.01], [2.0]]), 1, mean, var)  # 0.1² > 0.01 in float64
    assert (mean.tolist(), var.tolist()) == ([2.1], [0.0])


def test_running_statistics_in_memory_that_cannot_be_written_to() -> None:
    with pytest.raises(RuntimeError, match=r"updated in place.* pass a .clone\(\)"):
        F.batch_norm(autograd.ones(3, 2), autograd.zeros(1).expand(2), None, training=True)


def test_running_statistics_may_move_on_between_an_evaluation_and_its_backward() -> None:
    x = autograd.tensor([[1.0], [3.0]], requires_grad=True)
    mean, var = autograd.zeros(1), autograd.ones(1)
    y = F.batch_norm(x, mean, var)
    F.batch_norm(x, mean, var, training=True)
    y.sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), [[1], [1]], rtol=1e-4)


@pytest.mark.parametrize("shape", [(16, 2, 30, 30), (1200, 16, 3, 3)])
@pytest.mark.parametrize(("dtype", "offset"), [(np.float32, 1e3), (np.float32, -1e5), (np.float64, 1e8)])
def test_a_mean_far_from_0_does_not_spoil_the_variance(dtype: Any, offset: float, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(offset, 1, shape).astype(dtype)
    rows = x.transpose(1, 0, 2, 3).reshape(shape[1], -1)
    centered = (rows - dtype(offset)).astype(np.float64)
    expected = (centered - centered.mean(1, keepdims=True)) / np.sqrt(centered.var(1, keepdims=True) + 1e-5)
    normalized = F.batch_norm(wrap(x), None, None, training=True).numpy()
    for y in (
        normalized.transpose(1, 0, 2, 3).reshape(rows.shape),
        F.layer_norm(wrap(rows), rows.shape[1:]).numpy(),
        F.group_norm(wrap(rows[None]), shape[1]).numpy()[0],
    ):
        assert abs(y - expected).max() < np.finfo(dtype).eps * abs(offset) + 1e-6  # rounding of the mean and of y


@pytest.mark.parametrize("shape", [(16, 3, 2), (40, 5, 3, 3), (1200, 16, 3, 3), (300, 70, 8, 8)])
def test_short_planes_have_the_sums_of_long_ones(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """They are summed as columns."""
    rng = np.random.default_rng(0)
    g, x = (rng.normal(1, 1, shape).astype(np.float32) for _ in range(2))
    x[:8, 0] = 5  # the mean of the first rows is far from that of the others
    found = {}
    for short in (0, channels.SHORT):
        monkeypatch.setattr(channels, "SHORT", short)
        mean, var = channels.channel_moments(x)
        found[short] = mean, var, *channels.channel_sums(g, x, mean.astype(np.float32))
    dims = (0, *range(2, len(shape)))
    wide = x.astype(np.float64)
    centered = wide - wide.mean(dims, keepdims=True)
    exact = wide.mean(dims), wide.var(dims), g.sum(dims, np.float64), (g * centered).sum(dims)
    terms = 1, 1, abs(g).sum(dims), abs(g * centered).sum(dims)
    for sums in found.values():
        for one, right, size in zip(sums, exact, terms, strict=True):
            assert (abs(one - right) <= 1e-6 * (abs(right) + size)).all()


def test_a_short_plane_that_is_not_finite_spoils_its_channel_alone() -> None:
    x = np.random.default_rng(0).normal(0, 1, (32, 3, 2, 2)).astype(np.float32)
    x[0, 1, 0, 0] = np.inf
    y = F.batch_norm(wrap(x), None, None, training=True).numpy()
    assert np.isfinite(y[:, [0, 2]]).all()
    assert np.isnan(y[0, 1, 0, 0])


@pytest.mark.parametrize("offset", [1e3, -1e5])
def test_what_is_left_of_a_mean_far_from_0_is_taken_off_too(offset: float) -> None:
    rows = np.random.default_rng(0).normal(offset, 1, (16, 1000)).astype(np.float32)
    y = F.layer_norm(wrap(rows), (1000,)).numpy()
    assert abs(y.mean(1, dtype=np.float64)).max() < 1e-6  # rounding of the mean alone is 6e-5 and 8e-3


def test_first_numbers_far_from_the_others_do_not_spoil_the_variance() -> None:
    row = np.random.default_rng(0).normal(0, 1, 65_536).astype(np.float32)
    row[:64] += 300
    expected = (row.astype(np.float64) - row.mean(dtype=np.float64)) / row.std(dtype=np.float64)
    y = F.layer_norm(wrap(row), (65_536,), eps=1e-12).numpy()
    assert abs(y - expected).max() < 3e-6  # 1e-5 with the differences from the mean of these first 64


@pytest.fixture
def seeded() -> Iterator[None]:
    state = autograd.get_rng_state()
    autograd.manual_seed(0)
    yield
    autograd.set_rng_state(state)


@pytest.mark.parametrize("p", [0.2, 0.75])
def test_dropout_drops_its_share_and_keeps_the_mean(p: float, seeded: None) -> None:
    x = autograd.ones(200, 500, requires_grad=True)
    y = F.dropout(x, p)
    values, counts = np.unique(y.detach().numpy(), return_counts=True)
    np.testing.assert_allclose(values, [0, 1 / (1 - p)], rtol=1e-6)
    assert abs(counts[0] / x.numel() - p) < 0.006  # over four standard deviations
    y.sum().backward()
    assert x.grad is not None
    assert np.array_equal(x.grad.numpy(), y.detach().numpy())


def test_dropout2d_drops_whole_channels(seeded: None) -> None:
    y = F.dropout2d(autograd.ones(20, 10, 3, 4)).numpy().reshape(200, 12)
    assert (y == y[:, :1]).all()
    assert set(np.unique(y)) == {0, 2}


@pytest.mark.parametrize("function", [F.dropout, F.dropout2d])
def test_dropout_is_the_same_after_the_same_seed_whatever_the_threads(function: Any) -> None:
    x, threads, results = autograd.ones(64, 32, 5, 7), autograd.get_num_threads(), []
    try:
        for n in (1, threads):
            autograd.set_num_threads(n)
            autograd.manual_seed(3)
            results += [function(x, 0.3).numpy(), function(x, 0.3).numpy()]
    finally:
        autograd.set_num_threads(threads)
    assert np.array_equal(results[0], results[2])
    assert np.array_equal(results[1], results[3])
    assert not np.array_equal(results[0], results[1])


@pytest.mark.parametrize("function", [F.dropout, F.dropout2d])
def test_dropout_at_its_ends(function: Any) -> None:
    x = autograd.ones(2, 3, 4, 5)
    assert function(x, training=False) is x
    assert function(x, 0.0) is x
    assert not function(x, 1.0).numpy().any()
    for p in (-0.1, 1.5, float("nan")):
        with pytest.raises(ValueError, match=rf"{function.__name__}: p is the probability .* not {p}"):
            function(x, p)


# ── batch_norm with relu ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(9, 3, 19, 17), (40, 70), (2, 3, 1)])
def test_batch_norm_relu_is_relu_of_batch_norm_bit_for_bit(shape: tuple[int, ...], training: bool) -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(n).astype(np.float32) for n in (shape, shape[1], shape[1])]
    arrays[0].flat[0] = np.nan if training else np.inf
    g = wrap(rng.standard_normal(shape).astype(np.float32))
    found = []
    for function in (F.batch_norm_relu, lambda *a: F.relu(F.batch_norm(*a))):
        x, w, b = (wrap(a.copy(), requires_grad=True) for a in arrays)
        mean, var = autograd.zeros(shape[1]), autograd.ones(shape[1])
        y = function(x, mean, var, w, b, training, 0.2, 0.01)
        y.backward(g)
        found.append([t.numpy().tobytes() for t in (y.detach(), mean, var, x.grad, w.grad, b.grad)])  # type: ignore[union-attr]
    assert found[0] == found[1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(65, 2, 70, 70), (3000, 66)])
def test_variance_is_right_far_from_0_and_where_pictures_differ(shape: tuple[int, ...], dtype: type) -> None:
    x = np.random.default_rng(0).standard_normal(shape)
    x = (x + 1000 + 30 * (np.arange(shape[0]) > 0).reshape(-1, *(1,) * (len(shape) - 1))).astype(dtype)
    dims = (0, *range(2, len(shape)))
    _, mean, var = table["batch_norm_training"](x, None, None, eps=1e-5)
    tolerance = 1e-6 if dtype == np.float32 else 1e-11
    assert np.abs(mean / x.mean(axis=dims, dtype=np.float64) - 1).max() < tolerance
    assert np.abs(var / x.var(axis=dims, dtype=np.float64) - 1).max() < 10 * tolerance


def test_states_without_a_count_of_batches() -> None:
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 1))
    state = {name: t.clone() + 1 for name, t in net.state_dict().items() if not name.endswith("num_batches_tracked")}
    net(autograd.randn(4, 3))
    assert str(net.load_state_dict(state)) == "<All keys matched successfully>"
    assert net[0].num_batches_tracked.item() == 0 and net[0].running_mean.tolist() == [1, 1, 1]
    net(autograd.randn(4, 3))
    net.load_state_dict({"1.bias": state["1.bias"]}, strict=False)  # not of a batch norm
    assert net[0].num_batches_tracked.item() == 1
    for lacking in ("0.running_var", "1.bias"):
        with pytest.raises(ValueError, match=f"nothing was loaded: {lacking} is missing$"):
            net.load_state_dict({name: t for name, t in state.items() if name != lacking})
    untracked = nn.BatchNorm1d(3, track_running_stats=False)
    assert str(untracked.load_state_dict(untracked.state_dict())) == "<All keys matched successfully>"


@pytest.mark.parametrize("length", [1, 2, 65])
def test_layer_norm_of_equal_numbers_has_a_gradient_of_0(length: int) -> None:
    """The gradient is that of w z less its mean, times 1 / √eps: a rounding that does not cancel would be 300 times as
    large."""
    rng = np.random.default_rng(0)
    x = wrap(np.repeat(rng.normal(size=(50, 1)), length, axis=1).astype(np.float32)).requires_grad_()
    g = wrap(np.repeat(rng.normal(size=(50, 1)), length, axis=1).astype(np.float32))
    weight = autograd.full((length,), 0.7)
    F.layer_norm(x, (length,), weight).backward(g)
    assert x.grad is not None
    assert (x.grad.numpy() == 0).all()
