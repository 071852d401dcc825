"""ONNX files that PyTorch's exporters write are read, and give PyTorch's outputs; its modules become our files too."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn as tnn
import torch.nn.functional as TF

import autograd
from autograd.tensor import wrap


class Residual(tnn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm1 = tnn.Conv2d(4, 6, 3, padding=1, bias=False), tnn.BatchNorm2d(6)
        self.conv2, self.norm2 = tnn.Conv2d(6, 4, 3, padding="same"), tnn.BatchNorm2d(4)

    def forward(self, x: Any) -> Any:
        return TF.relu(x + self.norm2(self.conv2(TF.relu(self.norm1(self.conv1(x))))))


class UNet(tnn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down, self.deep = tnn.Conv2d(1, 4, 3, padding=1), tnn.Conv2d(4, 8, 3, padding=1)
        self.up, self.last = tnn.ConvTranspose2d(8, 4, 2, 2), tnn.Conv2d(8, 2, 1)

    def forward(self, x: Any) -> Any:
        wide = TF.relu(self.down(x))
        y = self.last(torch.cat([wide, self.up(TF.relu(self.deep(TF.max_pool2d(wide, 2))))], 1))
        return TF.interpolate(TF.interpolate(y, scale_factor=2), scale_factor=2, mode="bilinear")


class Recurrent(tnn.Module):
    def __init__(self, kind: type[Any], **options: Any) -> None:
        super().__init__()
        self.net = kind(3, 4, batch_first=True, **options)

    def forward(self, x: Any) -> Any:
        return self.net(x)[0][:, -1]


class BagOfWords(tnn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table, self.scores = tnn.Embedding(11, 5), tnn.Linear(5, 3)

    def forward(self, words: Any) -> Any:
        return self.scores(self.table(words).mean(1))


def images(channels: int) -> Callable[[int], Any]:
    return lambda n: torch.randn(n, channels, 8, 8)


def sequences(n: int) -> Any:
    return torch.randn(n, 5, 3)


NETS: dict[str, tuple[Callable[[], Any], Callable[[int], Any]]] = {
    "cnn": (
        lambda: tnn.Sequential(
            tnn.Conv2d(3, 6, 5), tnn.ReLU(), tnn.MaxPool2d(2), tnn.Flatten(), tnn.Linear(24, 5), tnn.LogSoftmax(1)
        ),
        images(3),
    ),
    "residual": (Residual, images(4)),
    "u_net": (UNet, images(1)),
    "mobile": (
        lambda: tnn.Sequential(
            tnn.Conv2d(4, 4, 3, padding=1, groups=4),
            tnn.Hardswish(),
            tnn.ReLU6(),
            tnn.AdaptiveAvgPool2d(1),
            tnn.Flatten(),
        ),
        images(4),
    ),
    "norms": (
        lambda: tnn.Sequential(
            tnn.GroupNorm(2, 4), tnn.SiLU(), tnn.InstanceNorm2d(4), tnn.PixelShuffle(2), tnn.AvgPool2d(2)
        ),
        images(4),
    ),
    "mlp": (
        lambda: tnn.Sequential(
            tnn.Linear(5, 8), tnn.LayerNorm(8), tnn.GELU(), tnn.Dropout(), tnn.Linear(8, 3), tnn.Softmax(-1)
        ),
        lambda n: torch.randn(n, 5),
    ),
    "bag_of_words": (BagOfWords, lambda n: torch.randint(0, 11, (n, 6))),
    "lstm": (lambda: Recurrent(tnn.LSTM, bidirectional=True, num_layers=2), sequences),
    "gru": (lambda: Recurrent(tnn.GRU), sequences),
    "rnn": (lambda: Recurrent(tnn.RNN), sequences),
}


def compared(content: bytes, model: Any, x: Any) -> None:
    y = autograd.onnx.load(content)(wrap(x.numpy()))
    np.testing.assert_allclose(y.detach().numpy(), model(x).detach().numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", NETS)
def test_a_file_of_torch_is_read(name: str) -> None:
    torch.manual_seed(0)
    make, batch = NETS[name]
    model, file = make().eval(), io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter is deprecated, and warns about recurrent networks
        torch.onnx.export(model, (batch(2),), file, dynamo=False, input_names=["x"], dynamic_axes={"x": {0: "batch"}})
    for n in (1, 2, 5):
        compared(file.getvalue(), model, batch(n))


def test_a_file_of_torch_in_its_newer_form_is_read() -> None:
    torch.manual_seed(0)
    model = tnn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval()
    x = torch.randn(2, 5, 8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(model, (x,), dynamo=True, verbose=False)
    assert program is not None
    compared(program.model_proto.SerializeToString(), model, x)
