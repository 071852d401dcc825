"""Convolutions and poolings with a stride, dilation or padding far larger than their images."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import nn.functional as F
from autograd import Tensor
from autograd.kernels import conv
from autograd.op import table
from autograd.ops.shared import tap_by_tap
from autograd.tensor import wrap
from autograd.testing import RandomDraw

FAR = 10**6
STRIDE = 10**8


@pytest.mark.parametrize("seed", range(40))
def test_equals_the_references(seed: int) -> None:
    x, w, y, window = RandomDraw(np.random.default_rng(seed), "smooth").conv_geometry()
    rng = np.random.default_rng(seed)
    out: Any = y[2:]
    kernel_size: Any = w[2:]
    size: Any = x[2:]
    images, weights, g = (rng.standard_normal(shape) for shape in (x, w, y))
    if seed % 4 == 0:
        weights.flat[rng.integers(weights.size)] = np.inf  # multiplied by the zeros of the padding
    with np.errstate(invalid="ignore"):
        found = [
            tap_by_tap.forward(images, weights, out, **window),
            tap_by_tap.weight_grad(g, images, kernel_size, **window),
        ]
        expected = [
            table["conv2d"].reference(images, weights, None, **window),
            table["conv2d_weight_grad"].reference(g, images, kernel_size=w[2:], **window),
        ]
    if np.isfinite(weights).all():
        found.append(tap_by_tap.input_grad(g, weights, size, **window))
        expected.append(table["conv2d_input_grad"].reference(g, weights, input_size=x[2:], **window))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11)


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Check that a test allocates no more memory in Python and NumPy than a few copies of a result."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 256e6, peak


def gradients(function: Callable[..., Any], *shapes: tuple[int, ...]) -> list[np.ndarray]:
    """The result, and the gradients of drawn inputs for a drawn out-gradient g."""
    rng = np.random.default_rng(0)
    inputs = [wrap(rng.standard_normal(shape), requires_grad=True) for shape in shapes]
    y = function(*inputs)
    y.backward(wrap(rng.standard_normal(y.shape)))
    return [y.detach().numpy(), *(x.grad.numpy() for x in inputs if x.grad is not None)]


def centre(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """The convolution with the only tap that falls on the image; all others are far away."""
    return F.conv2d(x, w[:, :, 1:2, 1:2], b)


SHAPES = ((2, 2, 4, 4), (2, 2, 3, 3), (2,))
CASES: dict[str, tuple[Callable[..., Any], Callable[..., Any], tuple[tuple[int, ...], ...]]] = {
    "stride": (
        lambda x, w, b: F.conv2d(x, w, b, stride=STRIDE),
        lambda x, w, b: F.conv2d(x[:, :, :3, :3], w, b),
        SHAPES,
    ),
    "stride of groups": (
        lambda x, w, b: F.conv2d(x, w[:, :1], b, stride=STRIDE, groups=2),
        lambda x, w, b: F.conv2d(x[:, :, :3, :3], w[:, :1], b, groups=2),
        SHAPES,
    ),
    "stride over a large image": (
        lambda x, w, b: F.conv2d(x, w, b, stride=STRIDE),
        lambda x, w, b: F.conv2d(x[:, :, :3, :3], w, b),
        ((1, 2, 300, 300), *SHAPES[1:]),
    ),
    "dilation": (lambda x, w, b: F.conv2d(x, w, b, dilation=FAR, padding=FAR), centre, SHAPES),
    "dilation, same": (lambda x, w, b: F.conv2d(x, w, b, dilation=FAR, padding="same"), centre, SHAPES),
    "dilation, relu": (
        lambda x, w, b: F.conv2d_relu(x, w, b, dilation=FAR, padding=FAR),
        lambda *a: centre(*a).relu(),
        SHAPES,
    ),
    "dilation, relu and pooling": (
        lambda x, w, b: F.conv2d_relu_max_pool2d(x, w, b, dilation=FAR, padding=FAR),
        lambda *a: F.max_pool2d(centre(*a).relu(), 2),
        SHAPES,
    ),
    "dilation of sequences": (
        lambda x, w, b: F.conv1d(x[:, :, 0], w[:, :, 1], b, dilation=FAR, padding=FAR),
        lambda x, w, b: centre(x[:, :, :1], w, b)[:, :, 0],
        SHAPES,
    ),
    "padding and stride": (
        lambda x, w, b: F.conv2d(x, w, b, stride=FAR, padding=FAR)[:, :, 1:2, 1:2],
        lambda x, w, b: F.conv2d(x[:, :, :3, :3], w, b),
        SHAPES,
    ),
    "transposed, stride": (
        lambda x, w, b: F.conv_transpose2d(x, w[:, :, :1], b, stride=(1, FAR))[..., :FAR],
        lambda x, w, b: (
            F.pad(F.conv_transpose2d(x[..., :1], w[:, :, :1], b) - b.reshape(2, 1, 1), (0, FAR - 3))
            + b.reshape(2, 1, 1)
        ),
        ((1, 2, 1, 2), *SHAPES[1:]),
    ),
    "transposed, dilation": (
        lambda x, w, b: F.conv_transpose2d(x, w, b, dilation=FAR, padding=FAR),
        lambda x, w, b: F.conv_transpose2d(x, w[:, :, 1:2, 1:2], b),
        SHAPES,
    ),
    "max-pooling, stride": (
        lambda x: F.max_pool2d(x, 2, stride=STRIDE),
        lambda x: F.max_pool2d(x[:, :, :2, :2], 2),
        SHAPES[:1],
    ),
    "average-pooling, stride and window": (
        lambda x: F.avg_pool2d(x, FAR, stride=FAR, padding=FAR // 2, count_include_pad=False),
        lambda x: F.avg_pool2d(x, 4),
        SHAPES[:1],
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.usefixtures("little_memory")
@pytest.mark.timeout(300)  # compiles kernels; a loop over the stride would take hours
def test_what_is_far_away_costs_nothing(name: str) -> None:
    far, near, shapes = CASES[name]
    for a, b in zip(gradients(far, *shapes), gradients(near, *shapes), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11)


def test_ordinary_geometry_is_left_to_the_kernels() -> None:
    for size, kernel, padding, dilation in ((224, 7, 3, 1), (64, 3, 36, 36), (2, 3, 48, 48), (512, 31, 15, 1)):
        out = size + 2 * padding - dilation * (kernel - 1)
        window = ((size, size), (out, out), (kernel, kernel), (1, 1), (padding, padding), (dilation, dilation))
        assert not tap_by_tap.mostly_padding(*window)
    assert not tap_by_tap.mostly_gaps((224, 224), (32, 32), (32, 32))
    assert len(conv.phase_lines(4, 3, STRIDE, 0, 1)) == 4
