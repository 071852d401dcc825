"""A typical user's program for type checkers: it must have no errors, and every assert_type must hold.

`tests/test_typing.py` runs `mypy --strict` and pyright on it, with lucidgrad installed as a package.  It also runs the
program itself, so that what a checker accepts also works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, assert_type

import numpy as np

import autograd
import nn
import nn.functional as F
import optim
from autograd import Tensor

# ── arithmetic ──

x = autograd.randn(4, 3, requires_grad=True)
w = autograd.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], dtype=autograd.float32)
assert_type(x, Tensor)
assert_type(x + 1, Tensor)
assert_type(1 + x, Tensor)
assert_type(2.0 * x - x / 3, Tensor)
assert_type(1 / (x**2 + 1), Tensor)
assert_type(-x, Tensor)
assert_type(abs(x), Tensor)
assert_type(x @ w, Tensor)
assert_type(x > 0, Tensor)
assert_type((x > 0) & (x < 1), Tensor)
assert_type(x == x, Tensor)
assert_type(x[0], Tensor)
assert_type(x[:, None, 1:3], Tensor)
assert_type(x[x > 0], Tensor)
assert_type(x.T, Tensor)
assert_type(x.exp().sum(dim=0, keepdim=True), Tensor)
assert_type(x.reshape(2, 6).mean(), Tensor)
assert_type(x.to(autograd.float64).clone(), Tensor)
assert_type(x.float().double(), Tensor)
assert_type(autograd.cat([x, x], dim=1), Tensor)
assert_type(autograd.where(x > 0, x, 0.0), Tensor)
assert_type(x.shape[0], int)
assert_type(x.ndim, int)
assert_type(x.numel(), int)
assert_type(len(x), int)
assert_type(float(x.sum()), float)
assert_type(int(x.argmax()), int)
assert_type(bool((x > 5).any()), bool)
assert_type(x.requires_grad, bool)
assert_type(list(x), list[Tensor])
autograd.zeros(3).add_(1).mul_(2)
x.register_hook(lambda g: g * 2)
(x * 2).sum().backward()
assert_type(x.grad, Tensor | None)
(dx,) = autograd.grad((x**3).sum(), x, create_graph=True)
assert_type(dx, Tensor)
array: np.ndarray = x.detach().numpy()


# ── modules ──


class Residual(nn.Module):
    """x + relu(conv(x)), with a forward that has an option of its own."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.norm = nn.BatchNorm2d(channels)
        self.scale = nn.Parameter(autograd.ones(1))
        self.register_buffer("calls", autograd.zeros(1))

    def forward(self, x: Tensor, *, skip: bool = True) -> Tensor:
        y = self.norm(self.conv(x)).relu() * self.scale
        return x + y if skip else y


class Net(nn.Module):
    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Residual(3) for _ in range(2)])
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.pool = nn.MaxPool2d((2, 2), return_indices=False)
        self.heads = nn.ModuleDict({"classes": nn.Linear(8, classes)})

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        y = images
        for block in self.blocks:
            y = block(y)
        y = self.pool(self.features(y)).mean(dim=(2, 3))
        scores: Tensor = self.heads["classes"](y)
        return scores, F.softmax(scores, dim=-1)


class Encoder(nn.Module):
    """A forward with two inputs and an optional third."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, 4)
        self.linear = nn.Linear(4, 4)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        y = self.linear(self.embedding(tokens))
        return y if mask is None else y * mask


net = Net(classes=5)
assert_type(net.features, nn.Sequential)
assert_type(net.features[0], nn.Module)
assert_type(net.features[:2], nn.Sequential)
assert_type(net.blocks[1:], nn.ModuleList)
assert_type(net.train(), Net)
assert_type(net.eval(), Net)
assert_type(net.to(autograd.float32), Net)
assert_type(net.requires_grad_(True), Net)
assert_type(nn.Linear(2, 2).double(), nn.Linear)
assert_type(list(net.parameters()), list[nn.Parameter])
assert_type(list(net.named_parameters()), list[tuple[str, nn.Parameter]])
assert_type(nn.Linear(2, 2).weight, nn.Parameter)
assert_type(nn.Linear(2, 2).bias, nn.Parameter)
assert_type(nn.BatchNorm1d(2).running_mean, Tensor | None)
assert_type(net.state_dict(), dict[str, Any])
assert_type(net.load_state_dict(net.state_dict()).missing_keys, list[str])
assert_type(net.training, bool)
assert_type(nn.utils.clip_grad_norm_(net.parameters(), 1.0), Tensor)
assert_type(nn.init.kaiming_normal_(nn.Linear(2, 2).weight), Tensor)
assert_type(nn.LSTM(3, 4)(x), tuple[Tensor, tuple[Tensor, Tensor]])
assert_type(nn.GRU(3, 4)(nn.utils.rnn.pack_sequence([x]))[0], nn.utils.rnn.PackedSequence)
assert_type(repr(nn.summary(Encoder().linear, (2, 4))), str)


def initialize(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.ones_(module.weight)


assert_type(net.apply(initialize), Net)

# ── functions ──

images = autograd.rand(4, 3, 8, 8)
labels = autograd.randint(0, 5, (4,))
assert_type(F.relu(images), Tensor)
assert_type(F.conv2d(images, autograd.rand(2, 3, 3, 3), padding="same"), Tensor)
assert_type(F.max_pool2d(images, 2), Tensor)
assert_type(F.max_pool2d(images, 2, return_indices=True), tuple[Tensor, Tensor])
assert_type(nn.Identity()(images), Tensor)
assert_type(F.cross_entropy(autograd.rand(4, 5), labels, label_smoothing=0.1), Tensor)
assert_type(F.dropout(images, p=0.5, training=False), Tensor)
assert_type(autograd.max(images), Tensor)
assert_type(autograd.max(images, images), Tensor)
assert_type(images.min(other=images), Tensor)
values, places = images.max(dim=1)
assert_type(values, Tensor)

# ── training ──


def batches(count: int) -> Iterator[tuple[Tensor, Tensor]]:
    for _ in range(count):
        yield autograd.rand(4, 3, 8, 8), autograd.randint(0, 5, (4,))


def train(model: nn.Module, loss_function: Callable[[Tensor, Tensor], Tensor], steps: int) -> float:
    optimizer = optim.AdamW([{"params": model.parameters(), "weight_decay": 0.1}], lr=1e-3, betas=(0.9, 0.99))
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    total = 0.0
    model.train()
    for inputs, targets in batches(steps):
        scores, _ = model(inputs)
        loss = loss_function(scores, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.item()
    return total / steps


train(net, nn.CrossEntropyLoss(), steps=2)
optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True)
for group in optimizer.param_groups:
    group["lr"] = 0.01
optimizer.load_state_dict(optimizer.state_dict())


@autograd.no_grad()
def accuracy(model: nn.Module, inputs: Tensor, targets: Tensor) -> float:
    scores, _ = model(inputs)
    return float((scores.argmax(dim=1) == targets).float().mean())


assert_type(accuracy(net.eval(), images, labels), float)
with autograd.no_grad():
    for parameter in net.parameters():
        parameter.sub_(0.0)
with autograd.set_grad_enabled(False), nn.set_fusion_enabled(False):
    net(images)
handle = net.register_forward_hook(lambda module, inputs, output: None)
handle.remove()
encoder = Encoder()
encoder(autograd.tensor([1, 2]), mask=autograd.ones(2, 4))


@autograd.no_grad
def doubled(x: Tensor) -> Tensor:
    return x * 2


@autograd.inference_mode()
def tripled(x: Tensor) -> Tensor:
    return x * 3


assert_type(doubled(x), Tensor)
assert_type(tripled(x), Tensor)
