"""The baseline rebuilt with gluon matches ours.  Also MXNet's differences that the report describes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
from examples.experiments import mxnet_cnn
from examples.experiments.support.frameworks import mxnet as module
from examples.experiments.support.frameworks.mxnet import context, mxnet
from examples.experiments.support.frameworks.rebuilt import DeviceError
from nn import functional as F
from tests import rebuilt

nd, gluon = mxnet.nd, mxnet.gluon

# mx.nd.array asks whether its argument is a SciPy matrix, by a name that SciPy has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:Please import .csr_matrix.:DeprecationWarning")


def test_outputs_and_gradients() -> None:
    rebuilt.check_look(mxnet_cnn.Net("cpu", rebuilt.LR, rebuilt.MOMENTUM))


def test_training() -> None:
    rebuilt.check_training(mxnet_cnn.Net("cpu", rebuilt.LR, rebuilt.MOMENTUM))


def test_initial_weights() -> None:
    rebuilt.check_initial_weights(*(mxnet_cnn.Net("cpu", 0.1, 0.9, seed) for seed in (4, 4, 5)))


def test_the_loss_is_one_number_a_picture() -> None:
    scores, labels = np.random.default_rng(0).standard_normal((5, 10), np.float32), np.array([0, 3, 9, 9, 1])
    theirs = gluon.loss.SoftmaxCrossEntropyLoss()(nd.array(scores), nd.array(labels)).asnumpy()
    assert theirs.shape == (5,)
    ours = F.cross_entropy(autograd.tensor(scores), autograd.tensor(labels), reduction="none")
    np.testing.assert_allclose(theirs, ours.numpy(), rtol=1e-5)


def test_momentum_has_the_learning_rate_inside() -> None:
    parameter = gluon.Parameter("p", shape=(1,))
    parameter.initialize(mxnet.init.Zero())
    trainer = gluon.Trainer([parameter], "sgd", {"learning_rate": 0.1, "momentum": 0.5})
    moves, v = [], 0.0
    for lr in (0.1, 0.01):  # with a schedule, MXNet's momentum differs from ours
        trainer.set_learning_rate(lr)
        before = parameter.data().asscalar()
        with mxnet.autograd.record():
            loss = 2 * parameter.data()
        loss.backward()
        trainer.step(1)
        v = 0.5 * v + 2
        moves.append((parameter.data().asscalar() - before, -lr * v))
    assert moves[0][0] == pytest.approx(moves[0][1], rel=1e-6)
    assert moves[1] == pytest.approx((0.5 * -0.2 - 0.01 * 2, -0.03), rel=1e-5)


def test_batch_norm() -> None:
    random = np.random.default_rng(0)
    x, g = (random.normal(2, 3, (4, 3, 5, 5)).astype(np.float32) for _ in range(2))
    layer = gluon.nn.BatchNorm(in_channels=3, momentum=0.9, epsilon=1e-5)
    layer.initialize()
    pictures = nd.array(x)
    pictures.attach_grad()
    with mxnet.autograd.record():
        y = layer(pictures)
    y.backward(nd.array(g))
    ours = autograd.tensor(x, requires_grad=True)
    weight, bias = autograd.ones(3, requires_grad=True), autograd.zeros(3, requires_grad=True)
    mean, var = autograd.zeros(3), autograd.ones(3)
    out = F.batch_norm(ours, mean, var, weight, bias, training=True, momentum=0.1, eps=1e-5)
    out.backward(autograd.tensor(g))
    assert ours.grad is not None and weight.grad is not None and bias.grad is not None
    pairs: list[tuple[Any, Any, float]] = [
        (y, out.detach(), 1e-4),
        (pictures.grad, ours.grad, 1e-4),
        (layer.gamma.grad(), weight.grad, 1e-2),
        (layer.beta.grad(), bias.grad, 1e-2),
        (layer.running_mean.data(), mean, 1e-5),
    ]
    for theirs, mine, tolerance in pairs:
        np.testing.assert_allclose(theirs.asnumpy(), mine.numpy(), rtol=1e-4, atol=tolerance)
    n = x[:, 0].size  # MXNet's batch variance is biased: smaller by (n - 1) / n
    batch_share = (var.numpy() - 0.9) * (n - 1) / n
    np.testing.assert_allclose(layer.running_var.data().asnumpy(), 0.9 + batch_share, rtol=1e-5)


def test_resuming(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rebuilt.check_resuming(mxnet_cnn.main, tmp_path, capsys)


def test_streams(tmp_path: Path) -> None:
    rebuilt.check_streams("mxnet_cnn", tmp_path)


def test_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--synthetic", "--limit", "40", "--batch-size", "8", "--epochs", "2", "--out", str(tmp_path / "run")]
    assert mxnet_cnn.main(arguments) == 0
    assert "MXNet on the CPU" in capsys.readouterr().out
    found = json.loads((tmp_path / "run" / "result.json").read_text())
    first, last = found["result"]["epochs"]
    assert last["train_loss"] < first["train_loss"]
    assert found["versions"]["mxnet"] == mxnet.__version__
    assert {"metrics.csv", "learning_curves.png"} <= {path.name for path in (tmp_path / "run").iterdir()}


def test_no_gpu(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert mxnet_cnn.main(["--device", "gpu", "--out", str(tmp_path / "run")]) == 1
    assert (
        "MXNet cannot use a GPU: this build has no CUDA. Replace the package mxnet with one that has"
        in capsys.readouterr().err
    )
    assert not (tmp_path / "run").exists()


class _Cuda:
    def is_enabled(self, name: str) -> bool:
        return name == "CUDA"


def test_driver_card_and_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mxnet.runtime, "Features", _Cuda)

    def fails(*_: Any, **__: Any) -> Any:
        raise mxnet.MXNetError("Traceback\nMXNetError: Check failed: e == cudaSuccess: driver too old")

    monkeypatch.setattr(mxnet.context, "num_gpus", fails)
    with pytest.raises(DeviceError, match=r"the driver is missing, or older than this build's CUDA \(Check failed"):
        context("gpu")
    monkeypatch.setattr(mxnet.context, "num_gpus", lambda: 0)
    with pytest.raises(DeviceError, match="it finds none"):
        context("gpu")
    monkeypatch.setattr(mxnet.context, "num_gpus", lambda: 1)
    with pytest.raises(DeviceError, match="the card does not run this build's kernels"):
        context("gpu")  # this build of MXNet has none
    monkeypatch.setattr(mxnet, "gpu", mxnet.cpu)
    assert context("gpu") == mxnet.cpu()
    ones = nd.ones
    monkeypatch.setattr(module.mxnet.nd, "ones", lambda *a, **k: 2 * ones(*a, **k))
    with pytest.raises(DeviceError, match="computes wrong sums"):
        context("gpu")
