"""The benchmark's training step in MyGrad, which has no optimizers; SGD is written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mygrad
import numpy as np
from mygrad.nnet.activations import relu
from mygrad.nnet.layers import batchnorm, conv_nd, max_pool
from mygrad.nnet.losses import softmax_crossentropy

from examples.benchmark import cases, data
from examples.benchmark.cases import BatchNorm, Conv, Flatten, Linear, Net, Pool, Relu


def versions() -> dict[str, str]:
    return {"mygrad": mygrad.__version__, "numpy": np.__version__}


def set_threads(threads: int) -> None:
    """Do nothing: NumPy's BLAS reads OPENBLAS_NUM_THREADS when it is loaded."""


def parameters(net: Net) -> list[mygrad.Tensor]:
    """Return weights and biases, uniform up to 1 / √inputs; 1 and 0 for batch norm."""
    found: list[np.ndarray] = []
    random = np.random.default_rng(0)
    for layer, shape in net.walk():
        if isinstance(layer, BatchNorm):
            found += [np.ones(shape[0]), np.zeros(shape[0])]
            continue
        if isinstance(layer, Conv):
            weight: tuple[int, ...] = (layer.channels, shape[0], layer.kernel, layer.kernel)
        elif isinstance(layer, Linear):
            weight = (layer.features, shape[0])
        else:
            continue
        limit = np.prod(weight[1:]) ** -0.5
        found += [random.uniform(-limit, limit, size) for size in (weight, weight[0])]
    return [mygrad.tensor(array.astype(np.float32)) for array in found]


def forward(net: Net, params: list[mygrad.Tensor], x: mygrad.Tensor) -> mygrad.Tensor:
    p = iter(params)
    for layer in net.layers:
        match layer:
            case Conv(channels, _, stride, padding):
                x = conv_nd(x, next(p), stride=stride, padding=padding)
                x = x + next(p).reshape(1, channels, 1, 1)
            case BatchNorm():
                x = batchnorm(x, gamma=next(p), beta=next(p), eps=1e-5)
            case Relu():
                x = relu(x)
            case Pool(kernel, stride):
                x = max_pool(x, (kernel, kernel), stride)
            case Flatten():
                x = x.reshape(len(x), -1)
            case Linear():
                x = mygrad.matmul(x, next(p).T) + next(p)
    return x


def make(variant: str, kind: str, what: dict[str, Any]) -> Callable[[], object]:
    """Return the function to time: one step of SGD."""
    net = cases.NETS[what["net"]]
    x, y = data.batch(net, what["batch"])
    params = parameters(net)
    momenta = [np.zeros_like(p.data) for p in params]

    def run() -> mygrad.Tensor:
        loss = softmax_crossentropy(forward(net, params, mygrad.tensor(x, constant=True)), y)
        loss.backward()
        for p, v in zip(params, momenta, strict=True):
            v *= cases.MOMENTUM
            v += p.grad
            p.data -= cases.LR * v
            p.null_grad()
        return loss

    return run
