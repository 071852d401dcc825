"""Fit a curve, first with a straight line, then with a small neural network.

Run ``python -m examples.regression`` (about 3 seconds).

You will see the same training loop twice: written by hand with two numbers, then with ``nn`` and ``optim``.
The loss of the line stops at 0.42, because a line cannot bend.  The network follows the curve down to the
noise in the data.  The fitted values are printed at the end and drawn in ``runs/regression.png``.
"""

from pathlib import Path

from matplotlib.figure import Figure

import autograd
import nn
import nn.functional as F
import optim

autograd.manual_seed(0)  # the same data and the same initial weights in every run

# Data: 200 points of y = sin(2x) with noise of standard deviation 0.1, so no honest fit has a loss below 0.01.
x = autograd.linspace(-2, 2, 200).reshape(-1, 1)  # (200, 1): one row per point, as layers expect
y = autograd.sin(2 * x) + 0.1 * autograd.randn(200, 1)

print("A straight line, y = w x + b, by hand")
w = autograd.zeros(1, requires_grad=True)  # requires_grad: record what is computed from w, so that we can go back
b = autograd.zeros(1, requires_grad=True)
for step in range(101):
    loss = ((w * x + b - y) ** 2).mean()
    loss.backward()  # fills w.grad and b.grad: how the loss changes with w and with b
    with autograd.no_grad():  # the update itself must not be recorded
        w -= 0.1 * w.grad
        b -= 0.1 * b.grad
    w.grad = b.grad = None  # backward adds to .grad, so start each step without one
    if step % 20 == 0:
        print(f"  step {step:4d}   loss {loss.item():.4f}")
line_loss = loss.item()
line = (w * x + b).detach()  # detach: plain values, without the record of how they were computed

print("A network with two hidden layers, with nn and optim")
model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
optimizer = optim.Adam(model.parameters(), lr=0.01)
for step in range(301):
    loss = F.mse_loss(model(x), y)
    optimizer.zero_grad()  # the same four lines as above, for 1,153 parameters instead of two
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        print(f"  step {step:4d}   loss {loss.item():.4f}")
with autograd.no_grad():
    curve = model(x)

print("Fitted values")
print("       x   sin(2x)      line   network")
for i in range(0, 200, 22):
    print(f"  {x[i].item():6.2f}{autograd.sin(2 * x[i]).item():10.3f}{line[i].item():10.3f}{curve[i].item():10.3f}")
print(f"Final loss: line {line_loss:.4f}, network {loss.item():.4f}. The variance of the noise is 0.0100.")

figure = Figure(figsize=(7, 4), layout="constrained")
axes = figure.subplots()
axes.plot(x.numpy(), y.numpy(), ".", color="0.7", label="data")
axes.plot(x.numpy(), line.numpy(), "--", label=f"line, loss {line_loss:.3f}")
axes.plot(x.numpy(), curve.numpy(), label=f"network, loss {loss.item():.3f}")
axes.set(xlabel="x", ylabel="y")
axes.legend()
Path("runs").mkdir(exist_ok=True)
figure.savefig("runs/regression.png")
print("Picture: runs/regression.png")
