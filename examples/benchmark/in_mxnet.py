"""The benchmark's training step in MXNet: gluon, hybridized."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy

from examples.benchmark import cases, data
from examples.benchmark.cases import BatchNorm, Conv, Flatten, Linear, Net, Pool, Relu
from examples.experiments.support.frameworks.mxnet import context, mxnet

autograd, gluon = mxnet.autograd, mxnet.gluon
nn = gluon.nn


def versions() -> dict[str, str]:
    return {"mxnet": mxnet.__version__, "numpy": numpy.__version__}


def set_threads(threads: int) -> None:
    if os.environ.get("OMP_NUM_THREADS") != str(threads):  # MXNet reads it when it is loaded
        raise RuntimeError(f"MXNet takes its threads from OMP_NUM_THREADS, which must be {threads}")


def build(net: Net) -> mxnet.gluon.nn.HybridSequential:
    """Return the layers of a network."""
    model = nn.HybridSequential()
    for layer, shape in net.walk():
        match layer:
            case Conv(channels, kernel, stride, padding):
                model.add(nn.Conv2D(channels, kernel, stride, padding, in_channels=shape[0]))
            case BatchNorm():
                model.add(nn.BatchNorm(in_channels=shape[0], momentum=0.9, epsilon=1e-5))
            case Relu():
                model.add(nn.Activation("relu"))
            case Pool(kernel, stride):
                model.add(nn.MaxPool2D(kernel, stride))
            case Flatten():
                model.add(nn.Flatten())
            case Linear(features):
                model.add(nn.Dense(features, in_units=shape[0]))
    return model


def make(variant: str, kind: str, what: dict[str, Any]) -> Callable[[], object]:
    """Return the function to time: one step of SGD."""
    net = cases.NETS[what["net"]]
    x, y = data.batch(net, what["batch"])
    place = context(what.get("device", "cpu"))
    pictures, labels = (mxnet.nd.array(array, ctx=place, dtype="float32") for array in (x, y))
    mxnet.random.seed(0)
    model = build(net)
    model.initialize(ctx=place)
    model.hybridize(static_alloc=True, static_shape=True)
    criterion = gluon.loss.SoftmaxCrossEntropyLoss()
    criterion.hybridize(static_alloc=True, static_shape=True)
    settings = {"learning_rate": cases.LR, "momentum": cases.MOMENTUM}
    trainer = gluon.Trainer(model.collect_params(), "sgd", settings)

    def run() -> None:  # gradients are overwritten, so zero_grad is not needed
        with autograd.record():
            loss = criterion(model(pictures), labels)
        loss.backward()
        trainer.step(len(x))
        mxnet.nd.waitall()  # calls are asynchronous

    return run
