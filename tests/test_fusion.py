"""A fused op of nn.Sequential gives the bits of its layers one by one, and nothing else is fused."""

from __future__ import annotations

import re
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor
from autograd.engine import Node
from autograd.tensor import wrap
from nn import functional as F


def ops_behind(y: Tensor) -> list[str]:
    """The names of the recorded ops, last first."""
    names: list[str] = []
    node = y.node
    while node is not None:
        names.append(node.op.name)
        node = next((parent[0] for parent in node.parents if parent and isinstance(parent[0], Node)), None)
    return names


def picture(*shape: int, seed: int = 0) -> Tensor:
    return wrap(np.random.default_rng(seed).standard_normal(shape).astype(np.float32), requires_grad=True)


def conv(**options: Any) -> nn.Module:
    return nn.Conv2d(3, 6, 3, **options)


IMAGE, ROWS = (4, 3, 11, 12), (5, 7)
SUMS = {"0.weight.grad", "0.bias.grad"}
NETS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], list[str]]] = {
    "conv relu pool": (
        lambda: nn.Sequential(conv(), nn.ReLU(), nn.MaxPool2d(2)), IMAGE, ["conv2d_relu_max_pool2d"]),
    "conv relu pool, both sizes given": (
        lambda: nn.Sequential(conv(padding=1), nn.ReLU(), nn.MaxPool2d((2, 2), 2)), IMAGE, ["conv2d_relu_max_pool2d"]),
    "without a bias, with a stride": (
        lambda: nn.Sequential(conv(bias=False, stride=(1, 2)), nn.ReLU(), nn.MaxPool2d(2)), IMAGE,
        ["conv2d_relu_max_pool2d"]),
    "groups": (
        lambda: nn.Sequential(conv(groups=3, padding="same"), nn.ReLU(), nn.MaxPool2d(2)), IMAGE,
        ["conv2d_relu_max_pool2d"]),
    "conv relu": (lambda: nn.Sequential(conv(padding=2), nn.ReLU()), IMAGE, ["conv2d_relu"]),
    "linear relu": (lambda: nn.Sequential(nn.Linear(7, 3), nn.ReLU()), ROWS, ["linear_relu"]),
    "batch norm relu": (lambda: nn.Sequential(nn.BatchNorm2d(3), nn.ReLU()), IMAGE, ["batch_norm_relu_training"]),
    "batch norm of rows": (lambda: nn.Sequential(nn.BatchNorm1d(7), nn.ReLU()), ROWS, ["batch_norm_relu_training"]),
    "several": (
        lambda: nn.Sequential(
            conv(), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(120, 9), nn.ReLU(), nn.Linear(9, 2)),
        IMAGE, ["linear", "linear_relu", "reshape", "conv2d_relu_max_pool2d"]),
    "overlapping windows": (
        lambda: nn.Sequential(conv(), nn.ReLU(), nn.MaxPool2d(3, 2)), IMAGE, ["max_pool2d", "conv2d_relu"]),
    "padded windows": (
        lambda: nn.Sequential(conv(), nn.ReLU(), nn.MaxPool2d(2, padding=1)), IMAGE, ["max_pool2d", "conv2d_relu"]),
    "a smaller stride": (
        lambda: nn.Sequential(conv(), nn.ReLU(), nn.MaxPool2d(2, 1)), IMAGE, ["max_pool2d", "conv2d_relu"]),
    "half windows at the edge": (
        lambda: nn.Sequential(conv(), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True)), IMAGE,
        ["max_pool2d", "conv2d_relu"]),
    "another activation": (lambda: nn.Sequential(conv(), nn.Tanh()), IMAGE, ["tanh", "conv2d"]),
    "relu first": (lambda: nn.Sequential(nn.ReLU(), conv()), IMAGE, ["conv2d", "relu"]),
}  # fmt: skip


@pytest.mark.parametrize("name", NETS)
def test_fused_has_the_bits_of_unfused(name: str) -> None:
    make, shape, wanted = NETS[name]
    found = {}
    for fuse in (True, False):
        autograd.manual_seed(1)
        net, x = make(), picture(*shape)
        with nn.set_fusion_enabled(fuse):
            y = net(x)
        ops = ops_behind(y)
        assert ops == wanted if fuse else not set(ops) & {"conv2d_relu", "linear_relu", "conv2d_relu_max_pool2d"}
        y.backward(picture(*y.shape, seed=2).detach())
        assert x.grad is not None
        state = net.state_dict()  # running statistics too
        gradients = {f"{key}.grad": p.grad for key, p in net.named_parameters()}
        arrays = {"y": y.detach(), "x.grad": x.grad, **state, **gradients}
        found[fuse] = {key: value.numpy().tobytes() for key, value in arrays.items() if value is not None}
    assert found[True].keys() == found[False].keys()
    # after a pooling, sums for weights and biases run over the argmax pixels only, in another order
    loose = {key for key in found[True] if wanted[-1] == "conv2d_relu_max_pool2d" and key in SUMS}
    for key, bits in found[True].items():
        if key in loose:
            ours, theirs = (np.frombuffer(found[fuse][key], np.float32) for fuse in (True, False))
            assert np.abs(ours - theirs).max() <= 1e-6 * np.abs(theirs).max()
        else:
            assert bits == found[False][key], key


def test_batch_norm_fuses_in_use_too() -> None:
    net = nn.Sequential(nn.BatchNorm2d(3), nn.ReLU())
    net(picture(*IMAGE))
    net.eval()
    y = net(picture(*IMAGE, seed=3))
    with nn.set_fusion_enabled(False):
        assert y.detach().numpy().tobytes() == net(picture(*IMAGE, seed=3)).detach().numpy().tobytes()


def test_a_hook_keeps_its_layer_apart() -> None:
    for k, rest in enumerate((["max_pool2d", "relu", "conv2d"],) * 2 + (["max_pool2d", "conv2d_relu"],)):
        net = nn.Sequential(conv(), nn.ReLU(), nn.MaxPool2d(2))
        seen: list[tuple[int, ...]] = []
        handle = net[k].register_forward_hook(lambda module, inputs, y, seen=seen: seen.append(y.shape))
        assert ops_behind(net(picture(*IMAGE))) == rest
        assert seen == [[(4, 6, 9, 10), (4, 6, 9, 10), (4, 6, 4, 5)][k]]
        handle.remove()
        assert ops_behind(net(picture(*IMAGE))) == ["conv2d_relu_max_pool2d"]


def test_a_subclass_or_another_forward_is_not_fused() -> None:
    class Louder(nn.ReLU):
        def forward(self, input: Tensor) -> Tensor:
            return 2 * F.relu(input)

    x = picture(*ROWS)
    linear = nn.Linear(7, 3)
    assert ops_behind(nn.Sequential(linear, Louder())(x)) == ["mul", "relu", "linear"]
    relu = nn.ReLU()
    relu.forward = lambda input: input  # type: ignore[method-assign]
    assert ops_behind(nn.Sequential(linear, relu)(x)) == ["linear"]


def test_an_error_names_the_layer() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(8, 3), nn.ReLU())
    with pytest.raises(ValueError, match=r"\(5, 7\)") as caught:
        net(picture(*ROWS))
    assert any("1" in note and "Linear" in note for note in caught.value.__notes__)


@pytest.mark.parametrize(
    ("layers", "shape", "op", "module", "words"),
    [
        ((nn.Conv2d(2, 3, 3), nn.ReLU(), nn.MaxPool2d(2)), (1, 3, 8, 8), "conv2d", "0 (Conv2d)", "3 channels"),
        ((nn.Conv2d(2, 3, 3), nn.ReLU(), nn.MaxPool2d(2)), (1, 2, 8, 3), "max_pool2d", "2 (MaxPool2d)", "(1, 3, 6, 1)"),
        ((nn.Conv2d(2, 3, 3), nn.ReLU()), (1, 2, 2, 2), "conv2d", "0 (Conv2d)", "does not fit into the image"),
        ((nn.Linear(3, 4), nn.ReLU()), (2, 5), "linear", "0 (Linear)", "must be 3"),
        ((nn.Linear(3, 4), nn.ReLU()), (2, 5, 5), "linear", "0 (Linear)", "flatten"),
        ((nn.BatchNorm1d(3), nn.ReLU()), (1, 3), "batch_norm", "0 (BatchNorm1d)", "more than 1 value"),
        ((nn.BatchNorm2d(3), nn.ReLU()), (1, 4, 2, 2), "BatchNorm2d", "0 (BatchNorm2d)", "3 channels"),
    ],
)
def test_errors_speak_of_what_the_user_wrote(
    layers: tuple[nn.Module, ...], shape: tuple[int, ...], op: str, module: str, words: str
) -> None:
    with pytest.raises(ValueError) as error:
        nn.Sequential(*layers)(picture(*shape))
    text, notes = str(error.value), error.value.__notes__
    assert text.startswith(f"{op}: ") and words in text and "_relu" not in text
    assert notes == [f"in module Sequential.{module}"]
    shown = "".join(traceback.format_exception(error.value))
    assert "During handling" not in shown and "direct cause" not in shown


def test_a_failed_batch_is_not_counted() -> None:
    net = nn.Sequential(nn.BatchNorm1d(3), nn.ReLU())
    with pytest.raises(ValueError, match="more than 1 value"):
        net(autograd.ones(1, 3))
    assert net[0].num_batches_tracked.item() == 0 and net[0].running_mean.tolist() == [0, 0, 0]


def test_anomaly_names_the_layers_op() -> None:
    net, x = nn.Sequential(conv(), nn.ReLU()), picture(*IMAGE) * float("nan")
    said = r"^conv2d: the forward made NaN .* in module Sequential\.0 "
    with pytest.raises(autograd.debug.AnomalyError, match=said), autograd.detect_anomaly():
        net(x)


def test_a_backward_is_named_by_the_layers_ops() -> None:
    net, fused = nn.Sequential(conv(), nn.ReLU(), nn.MaxPool2d(2)), "conv2d + relu + max_pool2d"
    with autograd.detect_anomaly():
        y = net(picture(*IMAGE))
        with pytest.raises(autograd.debug.AnomalyError, match=re.escape(f"{fused}: its backward was given inf")):
            y.backward(autograd.full(y.shape, float("inf")))
    with autograd.profiler.profile() as prof:
        loss = net(picture(*IMAGE)).sum()
        loss.backward()
    assert [row.direction for row in prof.key_averages() if row.key == fused] in (
        ["forward", "backward"],
        ["backward", "forward"],
    )
    y = net(picture(*IMAGE))
    y.backward(autograd.ones_like(y))
    with pytest.raises(RuntimeError, match=re.escape(f"{fused}: backward ran through this graph before")):
        y.backward(autograd.ones_like(y))


def test_an_error_of_the_fused_op_alone_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arrays: Any, **params: Any) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr(sys.modules["autograd.ops.linear_relu"], "_linear_relu_op", broken)
    with pytest.raises(RuntimeError, match="broken"):
        nn.Sequential(nn.Linear(3, 4), nn.ReLU())(autograd.ones(1, 3))


def test_the_switch() -> None:
    net, x = nn.Sequential(nn.Linear(7, 3), nn.ReLU()), picture(*ROWS)
    assert nn.is_fusion_enabled()
    with nn.set_fusion_enabled(False):
        assert not nn.is_fusion_enabled()
        assert ops_behind(net(x)) == ["relu", "linear"]
        elsewhere: list[list[str]] = []
        thread = threading.Thread(target=lambda: elsewhere.append(ops_behind(net(picture(*ROWS)))))
        thread.start()
        thread.join()
        assert elsewhere == [["linear_relu"]]  # the switch belongs to a thread

    @nn.set_fusion_enabled(False)
    def apart() -> list[str]:
        return ops_behind(net(x))

    assert nn.is_fusion_enabled()
    assert apart() == ["relu", "linear"]
    assert ops_behind(net(x)) == ["linear_relu"]
    nn.set_fusion_enabled(False)
    try:
        assert ops_behind(net(x)) == ["relu", "linear"]
    finally:
        nn.set_fusion_enabled(True)
