"""Small programs in the style of public ones, written for PyTorch.  They print losses, from weights that are given.

`tests/test_as_torch.py` runs them on lucidgrad, and `tests/with_torch/test_programs.py` on both.
"""

from __future__ import annotations

# Both frameworks draw other numbers, so each program takes its own from NumPy.
START = """\
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

rng = np.random.default_rng(0)

def data(*shape):
    return torch.from_numpy(rng.standard_normal(shape).astype("float32"))

def settle(module):
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(data(*p.shape) * 0.2)
    return module

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
"""

PROGRAMS = {
    "mnist": """
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset

class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, 1)
        self.conv2 = nn.Conv2d(4, 8, 3, 1)
        self.dropout1 = nn.Dropout(0.25)
        self.fc1 = nn.Linear(200, 16)
        self.fc2 = nn.Linear(16, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        x = self.dropout1(F.max_pool2d(x, 2))
        x = torch.flatten(x, 1)
        return F.log_softmax(self.fc2(F.relu(self.fc1(x))), dim=1)

torch.manual_seed(1)
model = settle(Net()).to(device)
images, labels = data(16, 1, 14, 14), torch.arange(16) % 10
loader = DataLoader(TensorDataset(images, labels), batch_size=8, shuffle=False)
optimizer = optim.Adadelta(model.parameters(), lr=1.0)
scheduler = StepLR(optimizer, step_size=1, gamma=0.7)
for epoch in range(2):
    model.eval()
    for x, target in loader:
        x, target = x.to(device), target.to(device)
        optimizer.zero_grad()
        loss = F.nll_loss(model(x), target)
        loss.backward()
        optimizer.step()
        print(loss.item())
    scheduler.step()
with torch.no_grad():
    output = model(images)
    pred = output.argmax(dim=1, keepdim=True)
    print(pred.eq(labels.view_as(pred)).sum().item())
""",
    "dcgan": """
class Generator(nn.Module):
    def __init__(self, nz, ngf):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, ngf * 2, 4, 1, 0, bias=False), nn.BatchNorm2d(ngf * 2), nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 2, ngf, 4, 2, 1, bias=False), nn.BatchNorm2d(ngf), nn.ReLU(True),
            nn.ConvTranspose2d(ngf, 1, 4, 2, 1, bias=False), nn.Tanh())

    def forward(self, z):
        return self.main(z)

netG = settle(Generator(8, 4))
netD = settle(nn.Sequential(
    nn.Conv2d(1, 4, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True),
    nn.Conv2d(4, 8, 4, 2, 1, bias=False), nn.BatchNorm2d(8), nn.LeakyReLU(0.2, inplace=True),
    nn.Conv2d(8, 1, 4, 1, 0, bias=False), nn.Sigmoid(), nn.Flatten(0)))
criterion = nn.BCELoss()
optD = optim.Adam(netD.parameters(), lr=0.002, betas=(0.5, 0.999))
optG = optim.Adam(netG.parameters(), lr=0.002, betas=(0.5, 0.999))
real = torch.tanh(data(4, 1, 16, 16))
for step in range(3):
    netD.zero_grad()
    label = torch.full((4,), 1.0, dtype=torch.float, device=device)
    errD_real = criterion(netD(real), label)
    errD_real.backward()
    fake = netG(data(4, 8, 1, 1))
    label.fill_(0.0)
    errD_fake = criterion(netD(fake.detach()), label)
    errD_fake.backward()
    optD.step()
    netG.zero_grad()
    label.fill_(1.0)
    errG = criterion(netD(fake), label)
    errG.backward()
    optG.step()
    print((errD_real + errD_fake).item(), errG.item())
""",
    "vae": """
class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc21, self.fc22 = nn.Linear(12, 8), nn.Linear(8, 3), nn.Linear(8, 3)
        self.fc3, self.fc4 = nn.Linear(3, 8), nn.Linear(8, 12)

    def forward(self, x, eps):
        h = F.relu(self.fc1(x.view(-1, 12)))
        mu, logvar = self.fc21(h), self.fc22(h)
        z = mu + eps * torch.exp(0.5 * logvar)
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z)))), mu, logvar

model = settle(VAE())
optimizer = optim.Adam(model.parameters(), lr=1e-2)
x = torch.sigmoid(data(6, 12))
for step in range(3):
    optimizer.zero_grad()
    recon, mu, logvar = model(x, data(6, 3))
    bce = F.binary_cross_entropy(recon, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    loss = bce + kld
    loss.backward()
    optimizer.step()
    print(loss.item() / len(x))
""",
    "char_rnn": """
text = "hello world, hello lucid gradient"
chars = sorted(set(text))
index = torch.tensor([chars.index(c) for c in text], dtype=torch.long)

class CharRNN(nn.Module):
    def __init__(self, n, hidden):
        super().__init__()
        self.encoder = nn.Embedding(n, hidden)
        self.rnn = nn.LSTM(hidden, hidden, num_layers=2)
        self.decoder = nn.Linear(hidden, n)

    def forward(self, x, hidden=None):
        out, hidden = self.rnn(self.encoder(x).unsqueeze(1), hidden)
        return self.decoder(out.squeeze(1)), hidden

model = settle(CharRNN(len(chars), 8))
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.01)
hidden = None
for step in range(3):
    logits, hidden = model(index[:-1], hidden)
    hidden = tuple(h.detach() for h in hidden)
    loss = F.cross_entropy(logits, index[1:])
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 0.5)
    optimizer.step()
    print(loss.item())
""",
    "reinforce": """
from torch.distributions import Categorical

policy = settle(nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2), nn.Softmax(dim=-1)))
optimizer = optim.SGD(policy.parameters(), lr=0.1, momentum=0.9)
for episode in range(3):
    log_probs, rewards = [], []
    state = data(4)
    for t in range(5):
        m = Categorical(policy(state.unsqueeze(0)))
        action = torch.tensor([t % 2])
        log_probs.append(m.log_prob(action))
        rewards.append(float(state.sum()))
        state = data(4)
    returns, R = [], 0
    for r in rewards[::-1]:
        R = r + 0.99 * R
        returns.insert(0, R)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std() + np.finfo(np.float32).eps.item())
    loss = torch.cat([-lp * R for lp, R in zip(log_probs, returns)]).sum() - 0.01 * m.entropy().sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(loss.item())
""",
    "maml": """
def net(x, params):
    x = F.relu(F.linear(x, params[0], params[1]))
    return F.linear(x, params[2], params[3])

params = [(data(*s) * 0.3).requires_grad_() for s in [(8, 1), (8,), (1, 8), (1,)]]
meta = torch.optim.Adam(params, lr=1e-2)
for step in range(3):
    meta_loss = 0.0
    for task in range(2):
        x, y = data(5, 1), data(5, 1)
        fast = params
        for inner in range(2):
            loss = F.mse_loss(net(x, fast), y)
            grads = torch.autograd.grad(loss, fast, create_graph=True)
            fast = [p - 0.1 * g for p, g in zip(fast, grads)]
        meta_loss = meta_loss + ((net(data(5, 1), fast) - data(5, 1)) ** 2).mean()
    meta.zero_grad()
    meta_loss.backward()
    meta.step()
    print(meta_loss.item())
""",
    "wgan_gp": """
from torch.autograd import Variable, grad as torch_grad

critic = settle(nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1)))
optimizer = optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9))

def gradient_penalty(real, fake, alpha):
    alpha = alpha.expand_as(real)
    interpolated = Variable(alpha * real.data + (1 - alpha) * fake.data, requires_grad=True)
    out = critic(interpolated)
    gradients = torch_grad(outputs=out, inputs=interpolated, grad_outputs=torch.ones(out.size()),
                           create_graph=True, retain_graph=True, only_inputs=True)[0]
    gradients = gradients.view(len(real), -1)
    return 10 * ((torch.sqrt(torch.sum(gradients ** 2, dim=1) + 1e-12) - 1) ** 2).mean()

for step in range(3):
    real, fake, alpha = data(5, 6), data(5, 6), torch.sigmoid(data(5, 1))
    loss = critic(fake).mean() - critic(real).mean() + gradient_penalty(real, fake, alpha)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(loss.item())
""",
    "pinn": """
class PINN(nn.Module):
    def __init__(self):
        super().__init__()
        layers = []
        for a, b in [(2, 8), (8, 8)]:
            layers += [nn.Linear(a, b), nn.Tanh()]
        self.net = nn.Sequential(*layers, nn.Linear(8, 1))

    def forward(self, x, t):
        return self.net(torch.cat([x, t], dim=1))

model = settle(PINN())
optimizer = optim.Adam(model.parameters(), lr=1e-3)
x, t = data(7, 1).requires_grad_(True), data(7, 1).requires_grad_(True)
for step in range(3):
    u = model(x, t)
    u_t = torch.autograd.grad(u, t, torch.ones_like(u), create_graph=True)[0]
    u_x = torch.autograd.grad(u.sum(), x, create_graph=True)[0]
    u_xx = torch.autograd.grad(u_x.sum(), x, create_graph=True)[0]
    loss = torch.mean((u_t + u * u_x - 0.01 / np.pi * u_xx) ** 2) + torch.mean(u ** 2)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(loss.item())
""",
    "simclr": """
encoder = settle(nn.Sequential(nn.Linear(10, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 4)))
optimizer = optim.SGD(encoder.parameters(), lr=0.5, weight_decay=1e-4)

def info_nce(z, n, temperature=0.5):
    labels = torch.cat([torch.arange(n) for _ in range(2)], dim=0)
    labels = (labels.unsqueeze(0) == labels.unsqueeze(1)).float()
    z = z / z.norm(dim=1, keepdim=True)
    similarity = torch.matmul(z, z.T)
    mask = torch.eye(2 * n, dtype=torch.bool)
    labels = labels[~mask].view(2 * n, -1)
    similarity = similarity[~mask].view(2 * n, -1)
    positives = similarity[labels.bool()].view(2 * n, -1)
    negatives = similarity[~labels.bool()].view(2 * n, -1)
    logits = torch.cat([positives, negatives], dim=1) / temperature
    return F.cross_entropy(logits, torch.zeros(2 * n, dtype=torch.long))

for step in range(3):
    x = data(4, 10)
    loss = info_nce(encoder(torch.cat([x + 0.1 * data(4, 10), x + 0.1 * data(4, 10)])), 4)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(loss.item())
""",
    "gpt": """
import math
from dataclasses import dataclass

@dataclass
class Config:
    n_embd: int = 8
    n_head: int = 2
    block_size: int = 6
    vocab_size: int = 11

class CausalSelfAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c_attn, self.c_proj = nn.Linear(c.n_embd, 3 * c.n_embd), nn.Linear(c.n_embd, c.n_embd)
        self.register_buffer("bias", torch.tril(torch.ones(c.block_size, c.block_size))
                             .view(1, 1, c.block_size, c.block_size))
        self.n_head = c.n_head

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(C, dim=2)
        q, k, v = (y.view(B, T, self.n_head, C // self.n_head).transpose(1, 2) for y in (q, k, v))
        att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        att = att.masked_fill(self.bias[:, :, :T, :T] == 0, float("-inf"))
        y = F.softmax(att, dim=-1) @ v
        return self.c_proj(y.transpose(1, 2).contiguous().view(B, T, C))

class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.ln_1, self.attn, self.ln_2 = nn.LayerNorm(c.n_embd), CausalSelfAttention(c), nn.LayerNorm(c.n_embd)
        self.mlp = nn.ModuleDict(dict(c_fc=nn.Linear(c.n_embd, 16), act=nn.GELU(), c_proj=nn.Linear(16, c.n_embd)))

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp.c_proj(self.mlp.act(self.mlp.c_fc(self.ln_2(x))))

class GPT(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(c.vocab_size, c.n_embd), nn.Embedding(c.block_size, c.n_embd)
        self.h = nn.ModuleList([Block(c) for _ in range(2)])
        self.ln_f, self.lm_head = nn.LayerNorm(c.n_embd), nn.Linear(c.n_embd, c.vocab_size, bias=False)

    def forward(self, idx: torch.Tensor, targets=None):
        b, t = idx.size()
        x = self.wte(idx) + self.wpe(torch.arange(0, t, dtype=torch.long, device=idx.device))
        for block in self.h:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        return logits, F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1), ignore_index=-1)

model = settle(GPT(Config()))
decay = [p for p in model.parameters() if p.dim() >= 2]
rest = [p for p in model.parameters() if p.dim() < 2]
optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}], lr=1e-2)
tokens = torch.from_numpy(rng.integers(0, 11, (3, 7)))
for step in range(3):
    logits, loss = model(tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous())
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    print(loss.item())
""",
}
