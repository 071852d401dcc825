"""Add an op of your own: its forward, its gradient, and the tests that find a mistake in it.

Run ``python -m examples.own_op`` (about 3 seconds).

You will see the op ``gaussian``, y = exp(-x^2), pass its tests.  Then the same op with a factor missing in its
gradient is caught, with the two numbers that differ.  At the end a network uses four such bumps to
tell the points inside a circle from those outside.
"""

import dataclasses

import numpy as np

import autograd
import nn
import nn.functional as F
import optim
from autograd import Op, Sample, register


def forward(x):
    """Compute y from a NumPy array."""
    return np.exp(-x * x)


def backward(ctx, g):
    """Turn g, the gradient of the loss by y, into its gradient by x.  dy/dx = -2 x exp(-x^2) = -2 x y."""
    x, y = ctx.saved_tensors
    return -2 * x * y * g  # operators only: the same line then runs on tensors, for second derivatives


gaussian = register(
    Op(
        name="gaussian",
        forward=forward,
        backward=backward,
        saves=(0, ~0),  # what backward needs: input 0 and output 0
        reference=lambda x: 1 / np.exp(x**2),  # the same value written in another way, to compare with
        sample=lambda draw: Sample((draw.tensor(*draw.shape(0, 3)),)),  # draws a call: a tensor of 0 to 3 dimensions
    )
)
autograd.manual_seed(0)
x = autograd.randn(3, dtype=autograd.float64, requires_grad=True)  # finite differences need the digits of float64
print("gradcheck of the gradient:", autograd.gradcheck(gaussian, (x,)))
print("gradgradcheck of the second derivative:", autograd.gradgradcheck(gaussian, (x,)))
# A typical mistake: the 2 is missing.  Networks still learn with this gradient, so one might never notice.
wrong = dataclasses.replace(gaussian, backward=lambda ctx, g: -ctx.saved_tensors[0] * ctx.saved_tensors[1] * g)
try:
    autograd.gradcheck(wrong, (x,))
except AssertionError as error:
    print("gradcheck of the wrong gradient:", error)
try:
    from autograd.testing import check_op

    check_op(gaussian)  # draws shapes, values, dtypes and layouts; compares with the reference and differences
    print("check_op of gaussian: passed")
except ModuleNotFoundError:
    print("check_op needs Hypothesis, which draws its cases: pip install hypothesis")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = nn.Linear(2, 4), nn.Linear(4, 1)

    def forward(self, points):  # (N, 2)
        return self.out(gaussian(self.hidden(points))).squeeze(1)  # (N,): above 0 means inside


points = autograd.randn(500, 2)
inside = ((points**2).sum(1) < 1).float()
net = Net()
optimizer = optim.Adam(net.parameters(), lr=0.05)
for _ in range(301):
    loss = F.binary_cross_entropy_with_logits(net(points), inside)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
right = ((net(points) > 0) == (inside > 0)).float().mean()
print(f"A network of four bumps, inside or outside the circle: {right:.1%} of points right, loss {loss.item():.3f}")
