"""Checkpointing and saved_tensors_hooks: the same gradients, less memory."""

from __future__ import annotations

import contextlib
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd.graph import increment_version, save_on_cpu, saved_tensors_hooks
from autograd.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential


def block(width: int = 4) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Dropout(0.5), nn.Linear(width, width), nn.ReLU())


def gradients(net: nn.Module, forward: Callable[[Any], Any], x: autograd.Tensor) -> list[Any]:
    """The loss, then the gradient of x and of each parameter, from one seed."""
    net.zero_grad()
    x = x.detach().requires_grad_()
    autograd.manual_seed(3)
    loss = (forward(x) ** 2).sum()
    after = autograd.rand(2).tolist()
    loss.backward()
    assert x.grad is not None
    return [loss.tolist(), after, autograd.rand(2).tolist(), x.grad.tolist()] + [
        p.grad.tolist() for p in net.parameters() if p.grad is not None
    ]


WAYS: dict[str, Callable[[nn.Sequential, Any], Any]] = {
    "reentrant": lambda net, x: checkpoint(net, x, use_reentrant=True),
    "not reentrant": lambda net, x: checkpoint(net, x, use_reentrant=False),
    "keywords": lambda net, x: checkpoint(lambda *, x: net(x), x=x, use_reentrant=False),
    "each layer": lambda net, x: checkpoint_sequential(net, len(net), x, use_reentrant=False),
    "segments": lambda net, x: checkpoint_sequential(list(net), 2, x, use_reentrant=True),
    "nested": lambda net, x: checkpoint(
        lambda x: checkpoint(net[2:], checkpoint(net[:2], x, use_reentrant=False), use_reentrant=False),
        x,
        use_reentrant=False,
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_same_bits_and_random_numbers(way: str) -> None:
    net: Any = nn.Sequential(block(), block())
    layers = nn.Sequential(*[layer for part in net for layer in part])
    x = autograd.randn(3, 4)
    assert gradients(net, lambda x: WAYS[way](layers, x), x) == gradients(net, layers, x)


def test_dropout_differs_without_the_random_state() -> None:
    net, x = block(), autograd.ones(8, 4)
    with_state = gradients(net, lambda x: checkpoint(net, x, use_reentrant=False), x)
    without = gradients(net, lambda x: checkpoint(net, x, use_reentrant=False, preserve_rng_state=False), x)
    assert with_state[0] == without[0] and with_state[3] != without[3]


def test_second_derivatives_and_grad() -> None:
    def function(x: Any) -> Any:
        return checkpoint(lambda x: (x.exp() * x.sin()).tanh(), x, use_reentrant=False)

    x = autograd.tensor([0.3, 0.7], dtype=autograd.float64, requires_grad=True)
    autograd.gradcheck(function, (x,))
    autograd.gradgradcheck(function, (x,))
    y = function(x).sum()
    first = autograd.grad(y, x, retain_graph=True)[0].tolist()
    assert autograd.grad(y, x)[0].tolist() == first
    with pytest.raises(RuntimeError, match="freed"):
        y.backward()


def peak(step: Callable[[], Any]) -> int:
    step()
    tracemalloc.start()
    step()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_memory_falls() -> None:
    """16 blocks of 4 saved arrays of 1 MB: all of them, or 16 inputs and one block's."""
    x = autograd.randn(1024, 256)

    def block(x: Any) -> Any:
        return x.exp().neg().exp().sin().sigmoid().tanh()

    def step(run: Callable[..., Any]) -> None:
        y = x.detach().requires_grad_()
        for _ in range(16):
            y = run(block, y)
        y.sum().backward()

    plain = peak(lambda: step(lambda function, x: function(x)))
    less = peak(lambda: step(lambda function, x: checkpoint(function, x, use_reentrant=False)))
    assert less < plain / 2

    def nested(function: Any, x: Any, depth: int = 4) -> Any:
        if depth == 0:
            return function(x)
        half = lambda x: nested(function, x, depth - 1)  # noqa: E731
        return checkpoint(half, checkpoint(half, x, use_reentrant=False), use_reentrant=False)

    y = x.detach()
    del y
    deepest = peak(lambda: nested(block, x.detach().requires_grad_()).sum().backward())
    assert deepest < plain / 3


def test_another_computation_is_noticed() -> None:
    calls: list[int] = []

    def changes(x: Any) -> Any:
        calls.append(1)
        return x.exp() * x if len(calls) == 1 else x.exp()

    def grows(x: Any) -> Any:
        calls.append(1)
        return autograd.cat([x] * len(calls)).exp()[: len(x)]

    x = autograd.ones(2, requires_grad=True)
    with pytest.raises(CheckpointError, match=r"checkpoint: 2 operations saved something .* and 1 when"):
        checkpoint(changes, x, use_reentrant=False).sum().backward()
    calls.clear()
    with pytest.raises(CheckpointError, match=r"checkpoint: operation 0, exp, saved float32 \(2,\) .* float32 \(4,\)"):
        checkpoint(grows, x, use_reentrant=False).sum().backward()


def test_an_input_that_changed_is_noticed() -> None:
    x = autograd.ones(2, requires_grad=True)
    h = x * 1
    y = checkpoint(lambda h: h.exp().sin(), h, use_reentrant=False).sum()
    with autograd.no_grad():
        h.mul_(2)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_arguments() -> None:
    x = autograd.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match=r"checkpoint: unexpected keyword arguments a; .*use_reentrant=False"):
        checkpoint(lambda x, a: x, x, use_reentrant=True, a=1)
    with pytest.raises(ValueError, match="context_fn and debug need use_reentrant=False"):
        checkpoint(lambda x: x, x, use_reentrant=True, debug=True)
    with pytest.raises(ValueError, match="determinism_check is 'default' or 'none', not 'all'"):
        checkpoint(lambda x: x, x, use_reentrant=False, determinism_check="all")
    with pytest.raises(ValueError, match="checkpoint_sequential: 3 segments of 2 functions"):
        checkpoint_sequential([nn.ReLU(), nn.ReLU()], 3, x)
    with autograd.no_grad():
        assert not checkpoint(lambda x: x * 2, x, use_reentrant=False).requires_grad
    entered: list[str] = []

    @contextlib.contextmanager
    def noted(name: str) -> Any:
        entered.append(name)
        yield

    y = checkpoint(lambda x: x.exp(), x, use_reentrant=False, context_fn=lambda: (noted("forward"), noted("again")))
    y.sum().backward()
    assert entered == ["forward", "again"]


# ── saved_tensors_hooks ──


def test_hooks_see_what_is_saved() -> None:
    packed: list[Any] = []

    def pack(t: Any) -> int:
        packed.append(t.numpy().copy())
        return len(packed) - 1

    x = autograd.tensor([1.0, 2.0], dtype=autograd.float64, requires_grad=True)
    with saved_tensors_hooks(pack, lambda k: autograd.tensor(packed[k])):
        y = x.exp()
        z = y * x
    assert [a.tolist() for a in packed] == [y.tolist(), y.tolist(), x.tolist()]
    packed[2] *= 10  # what unpack_hook returns is what backward uses
    z.sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.array, y.tolist() + 10 * x.detach().array * y.tolist())


def test_hooks_and_second_derivatives() -> None:
    def function(x: Any) -> Any:
        with saved_tensors_hooks(lambda t: t.array.copy(), autograd.tensor), save_on_cpu():
            return x.exp() * x.sin()

    x = autograd.tensor([0.3, 0.7], dtype=autograd.float64, requires_grad=True)
    autograd.gradgradcheck(function, (x,))


@pytest.mark.parametrize(
    ("unpack", "error", "message"),
    [
        (lambda t: 3, TypeError, "unpack_hook returned a int for a tensor that exp had saved"),
        (
            lambda t: t.double(),
            RuntimeError,
            r"unpack_hook returned float64 of shape \(2,\) .* float32 of shape \(2,\)",
        ),
    ],
)
def test_what_an_unpack_hook_returns_is_checked(unpack: Any, error: type[Exception], message: str) -> None:
    x = autograd.ones(2, requires_grad=True)
    with saved_tensors_hooks(lambda t: t, unpack):
        y = x.exp().sum()
    with pytest.raises(error, match=message):
        y.backward()


def test_increment_version() -> None:
    x = autograd.ones(2, requires_grad=True)
    h = x * 1
    y = (h * h).sum()
    increment_version(h)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()
