"""The benchmark's training step in JAX: one compiled function."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jaxlib
import numpy as np
from jax import lax, numpy as jnp

from examples.benchmark import cases, data
from examples.benchmark.cases import BatchNorm, Conv, Flatten, Linear, Net, Pool, Relu

Pairs = list[tuple[jax.Array, jax.Array]]  # weight and bias, or mean and variance, of each layer
State = tuple[Pairs, Pairs, Pairs]  # parameters, momenta, running statistics


def versions() -> dict[str, str]:
    return {"jax": jax.__version__, "jaxlib": jaxlib.__version__}


def set_threads(threads: int) -> None:
    """Limit the usable CPUs, since XLA starts one thread for each of them at first use."""
    if hasattr(os, "sched_setaffinity"):  # otherwise XLA uses all CPUs
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def parameters(net: Net) -> Pairs:
    """Return weights and biases, uniform up to 1 / √inputs; 1 and 0 for batch norm."""
    found = []
    random = np.random.default_rng(0)
    for layer, shape in net.walk():
        if isinstance(layer, BatchNorm):
            found.append((jnp.ones(shape[0]), jnp.zeros(shape[0])))
            continue
        if isinstance(layer, Conv):
            weight: tuple[int, ...] = (layer.channels, shape[0], layer.kernel, layer.kernel)
        elif isinstance(layer, Linear):
            weight = (layer.features, shape[0])
        else:
            continue
        limit = np.prod(weight[1:]) ** -0.5
        pair = (random.uniform(-limit, limit, size) for size in (weight, weight[0]))
        found.append(tuple(jnp.asarray(array, jnp.float32) for array in pair))
    return found


def forward(net: Net, params: Pairs, x: jax.Array) -> tuple[jax.Array, Pairs]:
    """Return the scores, and mean and variance of each batch norm."""
    p, statistics = iter(params), []
    for layer in net.layers:
        match layer:
            case Conv(_, _, stride, padding):
                w, b = next(p)
                sides = [(padding, padding)] * 2
                x = lax.conv_general_dilated(x, w, (stride, stride), sides) + b[:, None, None]
            case BatchNorm():
                w, b = next(p)
                mean, var = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
                statistics.append((mean.ravel(), var.ravel()))
                x = (x - mean) * lax.rsqrt(var + 1e-5) * w[:, None, None] + b[:, None, None]
            case Relu():
                x = jnp.maximum(x, 0)
            case Pool(kernel, stride):
                x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, kernel, kernel), (1, 1, stride, stride), "VALID")
            case Flatten():
                x = x.reshape(len(x), -1)
            case Linear():
                w, b = next(p)
                x = x @ w.T + b
    return x, statistics


def make(variant: str, kind: str, what: dict[str, Any]) -> Callable[[], object]:
    """Return the function to time: one step of SGD."""
    net = cases.NETS[what["net"]]
    x, y = (jnp.asarray(array) for array in data.batch(net, what["batch"]))
    params = parameters(net)
    channels = [shape[0] for layer, shape in net.walk() if isinstance(layer, BatchNorm)]
    state = params, jax.tree.map(jnp.zeros_like, params), [(jnp.zeros(c), jnp.ones(c)) for c in channels]

    def loss(params: Pairs, x: jax.Array, y: jax.Array) -> tuple[jax.Array, Pairs]:
        scores, statistics = forward(net, params, x)
        return -jax.nn.log_softmax(scores)[jnp.arange(len(y)), y].mean(), statistics

    @partial(jax.jit, donate_argnums=0)
    def step(state: State, x: jax.Array, y: jax.Array) -> tuple[State, jax.Array]:
        params, momenta, running = state
        (value, statistics), gradients = jax.value_and_grad(loss, has_aux=True)(params, x, y)
        momenta = jax.tree.map(lambda v, g: cases.MOMENTUM * v + g, momenta, gradients)
        params = jax.tree.map(lambda p, v: p - cases.LR * v, params, momenta)
        running = jax.tree.map(lambda old, new: 0.9 * old + 0.1 * new, running, statistics)
        return (params, momenta, running), value

    def run() -> jax.Array:
        nonlocal state
        state, value = step(state, x, y)
        return jax.block_until_ready(value)

    return run
