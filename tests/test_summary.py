"""nn.summary: its numbers, its table, and that it leaves the model unchanged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor
from nn import functional as F


class Net(nn.Module):
    """A net with work of its own, a layer called twice, a shared weight, a frozen layer and one never called."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.ReLU())
        self.twice = nn.Linear(4, 4)
        self.tied = nn.Linear(4, 4, bias=False)
        self.tied.weight = self.twice.weight
        self.frozen = nn.Linear(4, 2).requires_grad_(False)
        self.idle = nn.Linear(1, 1)
        self.scale = nn.Parameter(autograd.ones(2))
        self.register_buffer("calls", autograd.zeros(()))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        self.calls.add_(1)
        assert not self.training
        x = self.body(x).sum((2, 3))
        x = self.tied(self.twice(self.twice(x))) + autograd.rand(1)
        return F.relu(self.frozen(x) * self.scale), x


SHAPE = (2, 3, 5, 6)
ROWS = [  # path, kind, output shape, parameters, FLOPs by hand
    ("", "Net", [(2, 2), (2, 4)], 2, 1 + 2 * 4 * 3 * 4 + 2 * 4 + 2 * 2 + 2 * 2),  # calls, sum, +, ·, relu
    ("body", "Sequential", (2, 4, 3, 4), 0, 0),
    ("body.0", "Conv2d", (2, 4, 3, 4), 4 * 3 * 3 * 3, 2 * (2 * 4 * 3 * 4) * 27),
    ("body.1", "ReLU", (2, 4, 3, 4), 0, 2 * 4 * 3 * 4),
    ("twice", "Linear", (2, 4), 20, 2 * 2 * (2 * 4) * 4),
    ("tied", "Linear", (2, 4), 0, 2 * (2 * 4) * 4),
    ("frozen", "Linear", (2, 2), 10, 2 * (2 * 2) * 4),
    ("idle", "Linear", None, 2, 0),
]


def test_every_layers_numbers() -> None:
    result = nn.summary(Net(), SHAPE)
    assert [tuple(layer) for layer in result.layers] == ROWS
    assert result.parameters == sum(row[3] for row in ROWS) == 108 + 34
    assert result.trainable == result.parameters - 10
    assert result.buffers == 1
    assert result.flops == sum(row[4] for row in ROWS)


def test_it_leaves_no_trace() -> None:
    net = Net()
    net.body.eval()
    state = {name: t.tolist() for name, t in net.state_dict().items()}
    seen: list[Any] = []
    net.twice.register_forward_hook(lambda module, inputs, output: seen.append(output))
    autograd.manual_seed(5)
    nn.summary(net, SHAPE)
    drawn = autograd.rand(3).tolist()
    autograd.manual_seed(5)
    assert autograd.rand(3).tolist() == drawn
    assert {name: t.tolist() for name, t in net.state_dict().items()} == state
    assert [m.training for m in net.modules()] == [True, False, False, False, True, True, True, True]
    assert all(p.grad is None for p in net.parameters())
    assert len(seen) == 2 and not seen[0].requires_grad
    assert [len(m._hooks) for m in net.modules()] == [0, 0, 0, 0, 1, 0, 0, 0]


def test_it_leaves_no_trace_of_a_failure() -> None:
    net = Net()
    with pytest.raises(ValueError, match="conv2d"):
        nn.summary(net, (2, 4, 5, 6))
    assert net.training and not any(module._hooks for module in net.modules())
    assert autograd.is_grad_enabled()


def test_the_table() -> None:
    lines = str(nn.summary(Net(), SHAPE)).split("\n")
    assert lines[0].split() == ["Layer", "Output", "shape", "Parameters", "FLOPs"]
    assert set(lines[1]) == {"-"} and lines[1] == lines[-3]
    names = ["Net", "  body", "    0", "    1", "  twice", "  tied", "  frozen", "  idle"]
    assert [line.split("(")[0].rstrip(" [") for line in lines[2:10]] == names  # indented by depth
    assert lines[4].split() == ["0", "(Conv2d)", "(2,", "4,", "3,", "4)", "108", "5,184"]
    assert lines[9].split() == ["idle", "(Linear)", "not", "called", "2", "-"]
    assert lines[-2] == "Parameters: 142, trainable: 132; in buffers: 1"
    assert lines[-1].startswith("FLOPs of a forward pass: ") and lines[-1].endswith("(a multiply-add is two)")
    assert max(len(line) for line in lines[:-2]) == len(lines[1])


def test_inputs_of_several_shapes_and_dtypes() -> None:
    class Sum(nn.Module):
        def forward(self, a: Tensor, b: Tensor) -> Tensor:
            return a + b

    (layer,) = nn.summary(Sum(), [(2, 3), (4, 1, 3)]).layers
    assert (layer.output_shape, layer.flops) == ((4, 2, 3), 24)
    assert nn.summary(nn.Linear(3, 1).double(), (5, 3)).flops == 30

    class Kind(nn.Module):
        def forward(self, x: Tensor) -> np.dtype:
            self.seen = x.dtype
            return x.dtype

    kind = Kind()
    assert nn.summary(kind, (1,), dtype=autograd.int64).layers[0].output_shape == type(kind.seen).__name__
    assert kind.seen == np.int64


def test_an_op_counts_once_whatever_it_calls() -> None:
    double_relu = autograd.Op(
        name="double_relu",
        forward=lambda x: F.relu(F.relu(x)),
        backward=None,
        reference=lambda x: np.maximum(x, 0),
        sample=lambda draw: autograd.Sample((draw.tensor(2),)),
        flops=5,
    )

    class Net(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return double_relu(x)

    assert nn.summary(Net(), (3, 4)).flops == 5 * 12
