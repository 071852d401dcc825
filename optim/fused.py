"""Optimizers whose step is one kernel launch for all parameters of a group.

Parameters are many and of any shape, and a kernel compiled for each list of shapes would take long to compile.  So a
kernel is given the addresses of the arrays, one row for each parameter, and cuts them into pieces of at most PIECE
elements, which the threads share.  An update rule works element by element, so the cut does not change the result.
It does not depend on the number of threads either.

A kernel is called as `kernel(addresses, pieces, *numbers)` and looks like this::

    threads = limit_threads(useful_threads(pieces))
    for piece in prange(len(pieces)):
        p = vector(addresses, pieces, piece, 0, lr)
        g = vector(addresses, pieces, piece, 1, lr)
        for i in range(p.size):
            p[i] -= lr * g[i]
    set_threads(threads)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from llvmlite import binding as llvm
from numba import carray, types
from numba.extending import intrinsic

from autograd import Tensor
from autograd.debug import is_reference_active
from autograd.kernels.jit import fitting, kernel
from autograd.promotion import computing_dtype
from autograd.types import Array
from optim.optimizer import ParamGroup, State
from optim.rule import RuleOptimizer

Kernel: TypeAlias = Callable[..., None]
Row: TypeAlias = Sequence[Array | None]  # the arrays of one parameter: p, its gradient, state tensors

_SMALLEST_NORMAL, _ZERO = np.finfo(np.float32).smallest_normal, np.float32(0)
PIECE = 8192  # elements: a few µs of work, little compared to what makes a second thread worth waking


# ── for kernels ──


@intrinsic
def _pointer(typing_context: Any, address: Any, like: Any) -> Any:
    """The address as a pointer to numbers of the type of `like`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.CPointer(like)(address, like), generate


@intrinsic
def _multiply_add(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    """a b + c, rounded once if the processor can do that.

    In `a * b + c * d` the compiler may fuse either product with the addition.  Its choice differed between the
    process that compiled a kernel and the next one, which read it from the cache: other bits from the same seed.
    """
    features = llvm.get_host_cpu_features()
    fused = features.get("fma") or llvm.get_process_triple().startswith(("aarch64", "arm64"))

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, y, z = arguments
        return builder.fma(x, y, z) if fused else builder.fadd(builder.fmul(x, y), z)

    return a(a, a, a), generate


multiply_add: Any = _multiply_add  # Numba, not the caller, passes the typing context


@kernel()
def _address(array):
    return array.ctypes.data  # four times as fast as in Python


@kernel(allocates=True)
def vector(addresses, pieces, piece, column, like):
    """A piece of the array in this column; if there is no array, zeros that are discarded afterwards."""
    row, start, stop = pieces[piece, 0], pieces[piece, 1], pieces[piece, 2]
    array = carray(_pointer(addresses[row, column], like), (stop,))[start:stop]  # type: ignore[call-arg]
    return array if addresses[row, column] else np.zeros_like(array)


@kernel()
def decayed_gradient(p, g, sign, weight_decay):
    """The gradient, negated if sign is -1 to maximize, plus the gradient of an L2 penalty."""
    return multiply_add(weight_decay, p, sign * g) if weight_decay else sign * g


@kernel()
def flush_subnormal(mean):
    """0 in place of a subnormal number, which takes a processor a hundred times as long.

    The running mean of gradients that stay 0, as behind a dead ReLU, would become subnormal in some 800 steps and
    stay so: 0.9 times the smallest number rounds to itself.  The bound is float32's for float64 too.
    """
    return _ZERO if abs(mean) < _SMALLEST_NORMAL else mean


@kernel()
def useful_threads(pieces):
    """Number of threads that the work keeps busy: one for every PIECE elements."""
    elements = 0
    for i in range(len(pieces)):
        elements += pieces[i, 2] - pieces[i, 1]
    return elements // PIECE


# ── the launch ──


@lru_cache(maxsize=256)
def _cut(sizes: tuple[int, ...]) -> Array:
    """Pieces of arrays of these sizes: (row, first element, last element + 1)."""
    pieces = [(i, k, min(k + PIECE, size)) for i, size in enumerate(sizes) for k in range(0, size, PIECE)]
    return np.array(pieces, np.int64).reshape(-1, 3)


def launch(kernel: Kernel, numbers: Sequence[float], rows: Sequence[Row]) -> None:
    """Run an update rule's kernel on all rows of arrays.

    Parameters
    ----------
    kernel : compiled function
    numbers : sequence of float
        Its arguments after the arrays.
    rows : list of (p, g, *state tensors)
        The arrays of a row have the same shape.  All but g are written to.  A state tensor that the options do not
        need is None.  The p of all rows have the same dtype.

    Raises
    ------
    ValueError
        If the shapes in a row differ.  The kernel knows only addresses and would write to other memory.
    """
    first = rows[0][0]
    assert first is not None
    dtype = computing_dtype(first.dtype)
    addresses: list[int] = []
    sizes: list[int] = []
    copies: list[tuple[Array, Array | None]] = []  # of arrays that kernels cannot take as they are
    for row in rows:
        p: Any = row[0]
        sizes.append(p.size)
        for column, array in enumerate(row):
            if array is None:
                addresses.append(0)
                continue
            if array.shape != p.shape:
                raise ValueError(
                    f"an array of shape {array.shape} does not fit a parameter of shape {p.shape}; "
                    "was the parameter's array replaced by one of another shape?"
                )
            if not (array.flags.carray and array.dtype == dtype):
                copies.append((np.array(array, dtype, order="C"), None if column == 1 else array))
                array = copies[-1][0]
            addresses.append(_address(array.ravel()))
    table = np.array(addresses).reshape(len(rows), -1)
    fitting(kernel, sum(sizes) // PIECE)(table, _cut(tuple(sizes)), *map(dtype.type, numbers))
    for copy, written in copies:
        if written is not None:
            written[...] = copy


# ── the optimizer ──


class FusedOptimizer(RuleOptimizer):
    """An optimizer whose step is one kernel launch for all parameters of a group.

    A subclass is one file, such as `optim/sgd.py`, with the parts of a `RuleOptimizer`, and these:

    `_tensors_used(group)`
        The state tensors that the kernel takes with these options.
    `_kernel_call(group, step)`
        The kernel and its numbers.

    `autograd.reference()` runs the plain rule in place of the kernel.  Its row in `tests/optimizers.py` compares
    kernel, rule and PyTorch.
    """

    # ── what a subclass writes ──

    def _tensors_used(self, group: ParamGroup) -> tuple[str | None, ...]:
        """Names of the state tensors in the order of the kernel's columns; None for one not used with these options."""
        return self._state_tensors or ()

    def _count_step(self, state: State, group: ParamGroup) -> Any:
        """Count a step in a parameter's state; returns what `_kernel_call` needs to know of that state."""
        if "step" not in self._state_numbers:
            return None
        step = self._number(state, "step")
        step.fill(step.item() + 1)
        return step.item()

    def _kernel_call(self, group: ParamGroup, step: Any) -> tuple[Kernel, tuple[float, ...]]:
        """The kernel and its numbers for parameters for which `_count_step` returned `step`."""
        raise NotImplementedError(f"{type(self).__name__} has no kernel: a FusedOptimizer writes _kernel_call()")

    # ── the step ──

    def _update(self, params: list[Tensor], group: ParamGroup) -> None:
        if is_reference_active():
            super()._update(params, group)
            return
        names = self._tensors_used(group)
        launches: dict[Any, list[Row]] = {}  # more than one only if dtypes or numbers of steps differ
        for p in params:
            state = self.state[p]
            step = self._count_step(state, group)
            tensors = [None if name is None else self._tensor(p, state, name, group) for name in names]
            launches.setdefault((p.dtype, step), []).append([p.array, p.grad.array, *tensors])  # type: ignore[union-attr]
            p.version[0] += 1
        for (_, step), rows in launches.items():
            launch(*self._kernel_call(group, step), rows)
