"""A gradient that is recorded as depending on something, with a derivative of zero.

    z = d        dd = g,  dy = 0

The gradient of a pooling or of nll_loss is computed from the incoming gradient and from places
alone.  It changes with the input only where another number becomes the greatest, so its derivative
is zero, and that is what PyTorch returns.  Without this op it would not require grad.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from autograd.op import Op, Sample, register


def _sample(draw: Any) -> Sample:
    shape = draw.shape(0, 3, least=0)
    return Sample((draw.tensor(*shape), draw.tensor(*draw.shape(0, 3, least=0))))


_attached = register(
    Op(
        name="attached",
        forward=lambda d, y: d,
        backward=lambda ctx, g: (g, 0),
        reference=lambda d, y: d,
        sample=_sample,
        kind="multilinear",
        flops=0,
    )
)


def attached(d: Any, y: Any) -> Any:
    """d, recorded as depending on y too.  On arrays just d."""
    return d if isinstance(d, np.ndarray | np.generic) else _attached(d, y)


def attaching(name: str, op: Op) -> Op:
    """A row like another, except that the gradient of its input 0 counts as depending on its result."""

    def backward(ctx: Any, *gs: Any, **params: Any) -> Any:
        d, *others = results if isinstance(results := op.backward(ctx, *gs, **params), tuple) else (results,)  # type: ignore[misc]
        return attached(d, ctx.saved_tensors[-1]), *others

    return register(replace(op, name=name, backward=backward, saves=(*op.saves, ~0)))
