"""Model files run with both libraries if only their imports are changed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import autograd

IMPORTS = {  # all the changes
    "import torch.nn.functional as F": "import nn.functional as F",
    "import torch.nn as nn": "import nn",
    "from torch import nn, optim": "import nn\nimport optim",
    "from torch.nn import functional as F": "from nn import functional as F",
    "from torch.nn.utils import clip_grad_norm_": "from nn.utils import clip_grad_norm_",
    "from torch import optim": "import optim",
    "import torch.optim as optim": "import optim",
    "import torch\n": "import autograd as torch\n",
}

CNN = '''
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim


class Block(nn.Module):
    """A residual block."""

    def __init__(self, channels, filters, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, kernel_size=3, padding="same", groups=2, bias=False)
        self.bn2 = nn.BatchNorm2d(filters, momentum=0.3)
        self.shortcut = nn.Sequential()
        if stride != 1 or channels != filters:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, filters, 1, stride, bias=False),
                nn.BatchNorm2d(filters),
            )

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return F.relu(out + self.shortcut(x))


class Net(nn.Module):
    def __init__(self, classes=4):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.LeakyReLU(0.1, inplace=True))
        self.pool = nn.MaxPool2d(2)
        self.blocks = nn.ModuleList([Block(4, 4), Block(4, 8, stride=2)])
        self.average = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(p=0.0)
        self.head = nn.Linear(8, classes)
        self.apply(self.start)

    @staticmethod
    def start(module):
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.constant_(module.weight, 0.9)

    def forward(self, x):
        x = self.pool(self.stem(x))
        for block in self.blocks:
            x = block(x)
        x = torch.flatten(self.average(x), 1)
        return self.head(self.dropout(x))


def data(generate):
    return torch.tensor(generate.standard_normal((6, 3, 8, 8))), torch.tensor(generate.integers(0, 4, 6))


def train(model, x, y, steps):
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3, nesterov=True)
    losses = []
    model.train()
    for _ in range(steps):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=0.5)
        optimizer.step()
        losses.append(loss.item())
    return losses


def predict(model, x):
    model.eval()
    with torch.no_grad():
        return F.softmax(model(x), dim=1)
'''

MLP = '''
import torch
from torch import nn, optim
from torch.nn import functional as F


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layers = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.GELU(),
            nn.Dropout(0.0),
            nn.Linear(2 * width, width),
        )

    def forward(self, x):
        return x + self.layers(x)


class Net(nn.Module):
    """A table's rows, of categories and numbers, to one number."""

    def __init__(self, categories=(5, 7), numbers=3, width=6):
        super().__init__()
        self.embed = nn.ModuleDict({f"column{i}": nn.Embedding(n, 4, padding_idx=0) for i, n in enumerate(categories)})
        self.body = nn.Sequential(
            nn.Linear(4 * len(categories) + numbers, width), nn.SiLU(), Residual(width), Residual(width)
        )
        self.head = nn.Linear(width, 1)
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("mean", torch.zeros(numbers))
        self.register_buffer("step", torch.tensor(0), persistent=False)

    def forward(self, categories, numbers):
        if self.training:
            with torch.no_grad():
                self.mean += 0.1 * (numbers.mean(dim=0) - self.mean)
                self.step += 1
        columns = [layer(categories[:, i]) for i, layer in enumerate(self.embed.values())]
        x = torch.cat([*columns, numbers - self.mean], dim=1)
        return self.head(self.body(x)).squeeze(-1) * self.scale


def data(generate):
    categories = torch.tensor(generate.integers(0, 5, (8, 2)))
    return (categories, torch.tensor(generate.standard_normal((8, 3)))), torch.tensor(generate.standard_normal(8))


def train(model, x, y, steps):
    criterion = nn.SmoothL1Loss(beta=0.5)
    decayed = [p for name, p in model.named_parameters() if p.dim() > 1]
    others = [p for name, p in model.named_parameters() if p.dim() <= 1]
    optimizer = optim.AdamW([{"params": decayed}, {"params": others, "weight_decay": 0.0}], lr=1e-2)
    losses = []
    for step in range(steps):
        loss = criterion(model(*x), y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_value_(model.parameters(), 0.2)
        optimizer.step()
        losses.append(loss.item())
    assert model.step == steps
    return losses


@torch.no_grad()
def predict(model, x):
    return model.eval()(*x)
'''

TRANSFORMER = '''
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
from torch.nn.utils import clip_grad_norm_


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(self, x):
        n, length, width = x.shape
        q, k, v = self.qkv(x).reshape(n, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(y.transpose(1, 2).reshape(n, length, width))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width, bias=False)
        self.attention = Attention(width, heads)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Net(nn.Module):
    """Guesses the next of a row of tokens."""

    def __init__(self, tokens=11, length=6, width=8, heads=2, blocks=2):
        super().__init__()
        self.token = nn.Embedding(tokens, width)
        self.place = nn.Embedding(length, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, tokens, bias=False)
        self.head.weight = self.token.weight
        for name, p in self.named_parameters():
            if name.endswith("out.weight"):
                nn.init.normal_(p, mean=0.0, std=0.02 / math.sqrt(2 * blocks))
            elif p.dim() > 1:
                nn.init.trunc_normal_(p, std=0.5)

    def forward(self, tokens):
        x = self.token(tokens) + self.place(torch.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def data(generate):
    tokens = torch.tensor(generate.integers(0, 11, (4, 7)))
    return tokens[:, :-1], tokens[:, 1:]


def train(model, x, y, steps):
    optimizer = optim.Adam(model.parameters(), lr=3e-3, betas=(0.9, 0.95))
    losses = []
    for _ in range(steps):
        scores = model(x)
        loss = F.cross_entropy(scores.reshape(-1, scores.shape[-1]), y.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


def predict(model, x):
    with torch.no_grad():
        return F.log_softmax(model(x), dim=-1)
'''

CRITIC = '''
import torch

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Net(torch.nn.Module):
    """Tells real rows from made ones, and has a slope of about 1."""

    def __init__(self):
        super().__init__()
        self.maker = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.BatchNorm1d(8, 0.8), torch.nn.Linear(8, 3))
        self.critic = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.LeakyReLU(0.2), torch.nn.Linear(8, 1))
        for m in self.modules():
            if m.__class__.__name__.find("Linear") != -1:
                m.weight.data.normal_(0.0, 0.3)
        self.to(device)

    def forward(self, x):
        return self.critic(x).squeeze(1)


def data(generate):
    x = torch.tensor(generate.standard_normal((6, 3)), device=device)
    return x, torch.tensor(generate.standard_normal((6, 2)), device=x.device)


def penalty(model, real, made):
    x = (real.data * 0.3 + made.data * 0.7).requires_grad_(True)
    y = model(x)
    (slope,) = torch.autograd.grad(y, x, grad_outputs=torch.ones_like(y, device=device), create_graph=True)
    return ((slope.view(slope.size(0), -1).norm(2, dim=1) - 1) ** 2).mean()


def train(model, real, z, steps):
    critic = torch.optim.Adam(model.critic.parameters(), lr=1e-2, betas=(0.5, 0.999))
    maker = torch.optim.RMSprop(model.maker.parameters(), lr=1e-4)
    losses = []
    for _ in range(steps):
        made = model.maker(z)
        loss = model(made.detach()).mean() - model(real).mean() + 10 * penalty(model, real, made)
        critic.zero_grad()
        loss.backward()
        critic.step()
        maker.zero_grad()
        (-model(model.maker(z)).mean()).backward()
        maker.step()
        for p in model.critic[0].parameters():
            p.data.clamp_(-0.5, 0.5)
        losses.append(loss.item())
    return losses


@torch.inference_mode()
def predict(model, x):
    return torch.nn.functional.relu(model(x), inplace=True).repeat(2, 1).to(device)
'''


def run_source(source: str) -> Any:
    names: dict[str, Any] = {"__name__": "model_file"}
    exec(source, names)
    return SimpleNamespace(**names)


@pytest.mark.parametrize("source", [CNN, MLP, TRANSFORMER, CRITIC], ids=["cnn", "mlp", "transformer", "critic"])
def test_a_model_file_runs_on_both(source: str) -> None:
    changed = source
    for theirs, ours in IMPORTS.items():
        changed = changed.replace(theirs, ours)
    results: list[Any] = []
    for file, library in ((run_source(changed), autograd), (run_source(source), torch)):
        model = file.Net().double()
        if not results:
            state = {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}
        else:
            model.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in state.items()})
        x, y = file.data(np.random.default_rng(0))
        losses = file.train(model, x, y, steps=10)
        after = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
        results.append((repr(model), losses, file.predict(model, x).numpy(), after))
        assert library.is_grad_enabled()
    (text, losses, outputs, after), (its_text, its_losses, its_outputs, its_after) = results
    assert text == its_text
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(losses, its_losses, rtol=1e-8)
    np.testing.assert_allclose(outputs, its_outputs, rtol=1e-6, atol=1e-9)
    assert list(after) == list(its_after)
    for name, array in after.items():
        np.testing.assert_allclose(array, its_after[name], rtol=1e-6, atol=1e-9, err_msg=name)
