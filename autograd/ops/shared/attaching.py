"""A row whose gradient counts as depending on its result: see autograd/ops/attached.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from autograd.engine import Context
from autograd.op import Op, register
from autograd.ops.attached import attached
from autograd.types import Gradient


def attaching(name: str, op: Op) -> Op:
    """Register a copy of `op` under `name` whose gradient of input 0 counts as depending on the op's result."""

    def backward(ctx: Context, *gs: Any, **params: Any) -> tuple[Gradient, ...]:
        results = op.backward(ctx, *gs, **params)  # type: ignore[misc]
        first, *others = results if isinstance(results, tuple) else (results,)
        return attached(first, ctx.saved_tensors[-1]), *others

    return register(replace(op, name=name, backward=backward, saves=(*op.saves, ~0), attaches=True))
