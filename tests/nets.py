"""A zoo of small nets, one of each kind, for tests of file formats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import autograd
import nn
import nn.functional as F
from autograd import Tensor
from examples.experiments.models import Baseline, ThreeLayers


class Residual(nn.Module):
    """A block of two convolutions with batch norm, added to its input."""

    def __init__(self, channels: int = 4) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 6, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, channels, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(channels, affine=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))))


class UNet(nn.Module):
    """Two scales, joined by cat, and an output of the double size."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.deep = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 8, 3, padding=1)
        self.up, self.last = nn.ConvTranspose2d(8, 4, 2, 2), nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        wide = F.relu(self.down(x))
        deep = F.relu(self.deep(F.max_pool2d(wide, 2)))
        y = self.last(autograd.cat([wide, self.up(deep)], 1))
        return F.interpolate(F.interpolate(y, scale_factor=2), size=(12, 12), mode="bilinear")


class Recurrent(nn.Module):
    """The last output of a recurrent network, and its last states."""

    def __init__(self, kind: type[Any], **options: Any) -> None:
        super().__init__()
        self.net = kind(3, 4, batch_first=True, **options)
        self.scores = nn.Linear(8 if options.get("bidirectional") else 4, 2)

    def forward(self, x: Tensor) -> Any:
        y, states = self.net(x)
        return self.scores(y[:, -1]), states


class Transformer(nn.Module):
    """Causal attention with two heads, layer norm and a small network, on characters."""

    def __init__(self, length: int = 16, width: int = 8) -> None:
        super().__init__()
        self.token, self.position = nn.Embedding(13, width), nn.Embedding(length, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 16), nn.GELU(), nn.Dropout(0.1), nn.Linear(16, width))
        self.head = nn.Linear(width, 13)

    def forward(self, text: Tensor) -> Tensor:
        x = self.token(text) + self.position(autograd.arange(text.shape[1]))
        n, length, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(n, length, 3, 2, -1).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(seen.transpose(1, 2).reshape(n, length, width))
        return self.head(x + self.mlp(self.norm2(x)))


class Mobile(nn.Module):
    """A depthwise convolution and one of single pixels, as in MobileNet."""

    def __init__(self) -> None:
        super().__init__()
        self.depthwise, self.norm = nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False), nn.BatchNorm2d(4)
        self.pointwise, self.scores = nn.Conv2d(4, 6, 1), nn.Linear(6, 2)
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.hardswish(self.norm(self.depthwise(x)))
        return self.scores(self.pool(F.relu6(self.pointwise(x))).flatten(1))


class BagOfWords(nn.Module):
    """The mean of embeddings."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.scores = nn.Embedding(11, 5), nn.Linear(5, 3)

    def forward(self, words: Tensor) -> Tensor:
        return self.scores(self.table(words).mean(1))


class Net(NamedTuple):
    """How a net and a batch of its inputs are made."""

    make: Callable[[], nn.Module]
    batch: Callable[[int], Tensor]


def _images(channels: int, size: int) -> Callable[[int], Tensor]:
    return lambda n: autograd.randn(n, channels, size, size)


def _lenet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 8, 3), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(32, 10), nn.LogSoftmax(1),
    )  # fmt: skip


def _vgg() -> nn.Module:
    layers: list[nn.Module] = []
    for inputs, outputs in ((3, 4), (4, 8)):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d((2, 2)), nn.Flatten(), nn.Linear(32, 4), nn.Softmax(1))


def _mlp() -> nn.Module:
    return nn.Sequential(
        nn.Linear(5, 8), nn.LayerNorm(8), nn.Mish(), nn.Dropout(0.5), nn.Linear(8, 3), nn.BatchNorm1d(3), nn.ReLU()
    )


def _autoencoder() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, 2, 1), nn.LeakyReLU(0.2), nn.ConvTranspose2d(4, 1, 3, 2, 1, output_padding=1), nn.Sigmoid()
    )


def _groups() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.SiLU(), nn.Flatten(), nn.Linear(144, 2), nn.ELU())


ZOO = {
    "baseline": Net(Baseline, _images(3, 32)),
    "three_layers": Net(ThreeLayers, _images(3, 32)),
    "lenet": Net(_lenet, _images(1, 16)),
    "vgg": Net(_vgg, _images(3, 10)),
    "residual": Net(Residual, _images(4, 6)),
    "mobile": Net(Mobile, _images(4, 6)),
    "mlp": Net(_mlp, lambda n: autograd.randn(n, 5)),
    "transformer": Net(Transformer, lambda n: autograd.randint(0, 13, (n, 6))),
    "lstm": Net(lambda: Recurrent(nn.LSTM, num_layers=2, bidirectional=True), lambda n: autograd.randn(n, 5, 3)),
    "gru": Net(lambda: Recurrent(nn.GRU), lambda n: autograd.randn(n, 5, 3)),
    "rnn": Net(lambda: Recurrent(nn.RNN, nonlinearity="relu"), lambda n: autograd.randn(n, 5, 3)),
    "u_net": Net(UNet, _images(1, 8)),
    "autoencoder": Net(_autoencoder, _images(1, 8)),
    "groups": Net(_groups, _images(3, 8)),
    "bag_of_words": Net(BagOfWords, lambda n: autograd.randint(0, 11, (n, 6))),
}


def make(name: str) -> nn.Module:
    """A net of the zoo in evaluation mode, whose batch norms have drawn statistics."""
    net = ZOO[name].make()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            module.running_mean.copy_(autograd.randn(*module.running_mean.shape))
            module.running_var.copy_(autograd.rand(*module.running_var.shape) + 0.5)
    return net.eval()


def tensors(result: Any) -> list[Tensor]:
    """The tensors of a result, in nested tuples."""
    if isinstance(result, tuple):
        return [x for part in result for x in tensors(part)]
    return [result.detach()]
