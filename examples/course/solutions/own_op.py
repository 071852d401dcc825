"""Task 6: an op of your own in the engine: squareplus, a smooth relu.

    y = (x + √(x² + b)) / 2          with a number b > 0

Barron, "Squareplus: A Softplus-Like Algebraic Rectifier", arXiv:2112.11687.
"""

import numpy as np

import autograd
from autograd import Op, Sample


def forward(x, *, b):
    """y from a NumPy array x of any shape."""
    # SOLUTION: one line of NumPy.
    return (x + np.sqrt(x * x + b)) / 2


def backward(ctx, g, *, b):
    """dx from g.  Use operators and autograd.sqrt, no function of NumPy: these lines also run on tensors."""
    # SOLUTION: `(x,) = ctx.saved_tensors` is the input.
    (x,) = ctx.saved_tensors
    return g * (1 + x / autograd.sqrt(x * x + b)) / 2


def reference(x, *, b):
    """y once more, written in another way, for autograd.testing.check_op to compare with."""
    # SOLUTION: any other form of the formula.
    return 0.5 * x + np.power(0.25 * (np.square(x) + b), 0.5)


squareplus = Op(
    name="squareplus",
    forward=forward,
    backward=backward,
    saves=(0,),
    reference=reference,
    sample=lambda draw: Sample((draw.tensor(*draw.shape(0, 3)),), {"b": draw.choice(1.0, 4.0, 0.25)}),
)

if __name__ == "__main__":
    from autograd.testing import check_op

    check_op(squareplus)
    print("squareplus passes check_op.")
