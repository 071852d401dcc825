"""Gradients of gradients: three things that one derivative cannot do.

Run ``python -m examples.higher_order`` (about 5 seconds).

You will see three derivatives of a sine; Newton's method, which ends in six steps where gradient descent takes
thousands; and a network that finds the solution of a differential equation, u'' = -u, from the equation alone.  The
solution is sin(t), and the network comes within 0.001 of it.

The key is ``create_graph=True``: record the backward pass, too, so that its result can be differentiated.
"""

import autograd
import nn
import optim
from autograd.functional import hvp

autograd.manual_seed(0)


def derivative(y, x):
    """Return dy[i]/dx[i] for every i.  It is the gradient of the sum of y, since y[i] depends on x[i] alone."""
    (dy,) = autograd.grad(y.sum(), x, create_graph=True)
    return dy


print("sin(x) and three derivatives, which are cos(x), -sin(x), -cos(x)")
x = autograd.linspace(0, 2, 5, requires_grad=True)
y = autograd.sin(x)
for name in ("sin", "sin'", "sin''", "sin'''"):
    print(f"  {name:6s}", *(f"{value:8.4f}" for value in y.tolist()))
    y = derivative(y, x)


def rosenbrock(p):
    """A curved, narrow valley with its lowest point, 0, at (1, 1)."""
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


print("Newton's method on Rosenbrock's valley")
p = autograd.tensor([-1.2, 1.0], dtype=autograd.float64, requires_grad=True)
for step in range(7):
    value = rosenbrock(p)
    print(f"  step {step}   at ({p[0].item():7.4f}, {p[1].item():7.4f})   value {value.item():.2e}")
    (gradient,) = autograd.grad(value, p)
    # Newton's step d solves H d = gradient, where H is the Hessian, the matrix of second derivatives.  Conjugate
    # gradients need only products H v.  So H, a trillion numbers for a million parameters, is never computed.
    d, residual = autograd.zeros_like(p), gradient
    direction = residual
    for _ in range(2):  # exact after as many steps as p has elements
        product = hvp(rosenbrock, p, direction)[1]
        alpha = (residual @ residual) / (direction @ product)
        d, last = d + alpha * direction, residual
        residual = residual - alpha * product
        direction = residual + (residual @ residual) / (last @ last) * direction
    with autograd.no_grad():
        p -= d

print("A network that solves u'' = -u with u(0) = 0 and u'(0) = 1")
net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
optimizer = optim.Adam(net.parameters(), lr=0.003)
t = autograd.linspace(0, autograd.pi, 64, requires_grad=True)
for step in range(801):
    u = t + t**2 * net(t.unsqueeze(1)).squeeze(1)  # u(0) = 0 and u'(0) = 1, whatever the network returns
    loss = ((derivative(derivative(u, t), t) + u) ** 2).mean()  # zero if u'' = -u at every t
    optimizer.zero_grad()
    loss.backward()  # backward through two backward passes
    optimizer.step()
    if step % 100 == 0:
        error = (u - t.sin()).abs().max()
        print(f"  step {step:4d}   loss {loss.item():.2e}   largest error {error.item():.4f}")
