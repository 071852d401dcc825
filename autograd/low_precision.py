"""float16 and bfloat16: dtypes to store numbers in.  Ops compute in float32.

    x (bfloat16) ──> float32 ──> forward of the op, in float32 ──> rounded ──> y (bfloat16)

So each op rounds once, as in PyTorch on the CPU, and no op or kernel knows of these dtypes.  The same holds for its
backward: it gets what was saved and the out-gradients in float32, and the engine rounds the gradients that it returns
to the dtype of the inputs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from autograd import engine
from autograd.engine import Context, DispatchMode, Node
from autograd.promotion import DIFFERENTIABLE, HALVES
from autograd.types import Argument, Result

if TYPE_CHECKING:
    from autograd.op import Op

_OF_DIGITS = {"nextafter"}  # ops on the digits of the numbers that are stored
_WITH_KERNEL = {"max_pool2d_2x2_input_grad", "max_pool2d_2x2_gather"}  # ops that move data with a kernel
_FLOAT32 = np.dtype(np.float32)
Function = TypeVar("Function", bound=Callable[..., Any])


def wide(x: Any) -> Any:
    """A float16 or bfloat16 array or tensor in float32; anything else as it is."""
    if getattr(x, "dtype", None) not in HALVES:
        return x
    return x.astype(_FLOAT32) if isinstance(x, np.ndarray | np.generic) else x.to(_FLOAT32)


# Ops whose float32 inputs `autocast` rounds to a half dtype: matrix products and convolutions.
_LOWERED = {
    *("matmul", "linear", "linear_relu", "conv2d", "conv2d_relu", "conv2d_relu_max_pool2d"),
    *("lstm_steps", "gru_steps", "rnn_tanh_steps", "rnn_relu_steps"),
}


_LOSSES = ("cross_entropy", "nll_loss", "ctc_loss")  # begin the names of ops that then return float32


class Autocast(DispatchMode):
    """Round the inputs of matrix products and convolutions, and their results, to a half dtype; None: do not.

    Losses of classes are then float32.  The innermost such mode decides.  A backward pass inside it computes in
    float32.
    """

    def __init__(self, dtype: np.dtype | None) -> None:
        self.dtype = dtype
        self.backwards = 0  # how many backward calls of nodes are in progress

    def lowers(self, op: Op) -> bool:
        """Whether it applies to this call of the op."""
        return self.dtype is not None and not self.backwards and op.name in _LOWERED

    def forward(self, op: Op, arrays: Sequence[Argument], params: dict[str, Any]) -> Result:
        dtype = self.dtype
        floats = [x for x in arrays if isinstance(x, np.ndarray) and x.dtype.kind in DIFFERENTIABLE]
        if Autocast.active() is not self or not self.lowers(op) or dtype is None or any(x.itemsize > 4 for x in floats):
            return super().forward(op, arrays, params)
        arrays = [wide(_rounded(x, dtype)) if isinstance(x, np.ndarray) else x for x in arrays]
        result = super().forward(op, arrays, params)
        return tuple([_rounded(y, dtype) for y in result]) if type(result) is tuple else _rounded(result, dtype)

    def recorded(self, node: Node, arrays: Sequence[Argument]) -> None:
        if node.outputs[0][1] in HALVES:
            node.op = _with_backward_in_float32(node.op)
        super().recorded(node, arrays)

    def backward(self, node: Node, ctx: Context, gs: Sequence[Any]) -> Any:
        self.backwards += 1
        try:
            return super().backward(node, ctx, gs)
        finally:
            self.backwards -= 1


class InFloat32(DispatchMode):
    """The innermost mode of one call with float16 or bfloat16 inputs."""

    def __init__(self, outer: DispatchMode) -> None:
        self.outer = outer
        self.exact: tuple[Any, ...] = ()  # the results before they were rounded

    def forward(self, op: Op, arrays: Sequence[Argument], params: dict[str, Any]) -> Result:
        # An op without flops moves data, and its result may be a view.
        if (op.flops == 0 and op.name not in _WITH_KERNEL) or op.name in _OF_DIGITS:
            return super().forward(op, arrays, params)
        active = Autocast.active()
        if op.check and not (active and active.lowers(op)):
            op.check(*arrays, **params)  # which must see whether dtypes differ
        dtype = _dtype_of_result(op, arrays)
        result = super().forward(op, [wide(x) for x in arrays], params)
        if dtype is None or (active and active.dtype and op.name.startswith(_LOSSES)):
            return result
        self.exact = result if type(result) is tuple else (result,)
        rounded = tuple([_rounded(y, dtype) for y in self.exact])
        return rounded if type(result) is tuple else rounded[0]

    def recorded(self, node: Node, arrays: Sequence[Argument]) -> None:
        """Let the node's backward run in float32.

        Further outputs that it saves, such as the mean and the deviation of batch normalization, stay unrounded.
        """
        if self.exact:
            node.saved = tuple(
                [self.exact[~i] if i < -1 else x for i, x in zip(node.op.saves, node.saved, strict=True)]
            )
        node.op = _with_backward_in_float32(node.op)
        super().recorded(node, [wide(x) for x in arrays])


def _dtype_of_result(op: Op, arrays: Sequence[Argument]) -> np.dtype | None:
    """The dtype to round results to: that of the first float input; None if this is no half dtype.

    Inputs of an op that promotes have one dtype, apart from numbers.
    """
    dtypes = [x.dtype for x in arrays if isinstance(x, np.ndarray | np.generic) and x.dtype.kind in DIFFERENTIABLE]
    found = [dtype for dtype in (dtypes if op.promotes else dtypes[:1]) if dtype in HALVES]
    return found[0] if found else None


def _rounded(y: Any, dtype: np.dtype) -> Any:
    return y.astype(dtype) if y.dtype == _FLOAT32 else y


@functools.cache
def _with_backward_in_float32(op: Op) -> Op:
    """The op with a backward that converts what was saved, and the out-gradients, to float32."""

    def backward(ctx: Context, *gs: Any, **params: Any) -> Any:
        saved = tuple([wide(x) for x in ctx.saved_tensors])
        return op.backward(  # type: ignore[misc]
            Context(ctx.needs_input_grad, saved, ctx.shapes), *[wide(g) for g in gs], **params
        )

    return replace(op, backward=backward)


def in_float32(function: Function) -> Function:
    """Decorate a function of several ops so that it computes in float32 as a whole, and rounds its results once.

    The first argument decides: float16 and bfloat16 tensors among the arguments are converted if it is one.  What the
    function writes to a converted tensor, such as running statistics, is written to the tensor itself.
    """

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        dtype = getattr(args[0] if args else next(iter(kwargs.values()), None), "dtype", None)
        if dtype not in HALVES:
            return function(*args, **kwargs)
        given = (*args, *kwargs.values())
        converted = [wide(x) for x in given]
        result = function(*converted[: len(args)], **dict(zip(kwargs, converted[len(args) :], strict=True)))
        for x, y in zip(given, converted, strict=True):
            if y is not x and isinstance(y, engine.Tensor) and y.version[0]:
                x.array[...] = y.array
                x.version[0] += 1
        return tuple([_narrow(y, dtype) for y in result]) if type(result) is tuple else _narrow(result, dtype)

    return cast("Function", wrapped)


def _narrow(y: Any, dtype: Any) -> Any:
    return y.to(dtype) if getattr(y, "dtype", None) == _FLOAT32 else y
