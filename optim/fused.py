"""One kernel launch for all parameters of a group.

Arrays are many and of any shape, and a kernel compiled for each list of shapes would be slow to
come.  So a kernel gets the arrays' addresses, one row a parameter, and cuts of them: pieces of
at most PIECE elements, which threads take whole.  The rule is element by element, so how the
work is cut does not matter to the result, and the cut does not depend on the threads anyway.

A kernel is called as `kernel(addresses, pieces, *numbers)` and looks like this::

    threads = limit_threads(worth_threads(pieces))
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
from typing import Any

import numpy as np
from llvmlite import binding as llvm
from numba import carray, types
from numba.extending import intrinsic

from autograd.kernels.jit import kernel

_LEAST, _NOTHING = np.finfo(np.float32).smallest_normal, np.float32(0)
PIECE = 8192  # elements: a few µs of work, and small next to what is worth a second thread


@intrinsic
def _pointer(typing_context: Any, address: Any, like: Any) -> Any:
    """The address, as a pointer to numbers of the type of `like`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.CPointer(like)(address, like), generate


@intrinsic
def _multiply_add(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    """a b + c, rounded once where the processor can do that.

    Of `a * b + c * d` the compiler may fuse either product with the addition.  It did not choose the same one when it
    compiled a kernel and when the next process read that from the cache: other bits, from the same seed.
    """
    features = llvm.get_host_cpu_features()
    fused = features.get("fma") or llvm.get_process_triple().startswith(("aarch64", "arm64"))

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, y, z = arguments
        return builder.fma(x, y, z) if fused else builder.fadd(builder.fmul(x, y), z)

    return a(a, a, a), generate


multiply_add: Any = _multiply_add  # Numba, not the caller, gives its first argument


@kernel()
def _address(vector):
    return vector.ctypes.data  # four times as quick as the same in Python


@kernel()
def vector(addresses, pieces, piece, column, like):
    """A piece of the array in the column; zeros that are forgotten afterwards, where there is none."""
    owner, first, last = pieces[piece, 0], pieces[piece, 1], pieces[piece, 2]
    array = carray(_pointer(addresses[owner, column], like), (last,))[first:last]  # type: ignore[call-arg]
    return array if addresses[owner, column] else np.zeros_like(array)


@kernel()
def slope(p, g, sign, decay):
    """The gradient, with the sign of -1 to go up instead of down, and with an L2 penalty's."""
    return multiply_add(decay, p, sign * g) if decay else sign * g


@kernel()
def flushed(mean):
    """0 for a subnormal number, which takes a processor a hundred times as long.

    A running mean of gradients that stay 0, as those of a dead ReLU do, would become one in some 800 steps, and remain
    one: 0.9 times the least number rounds to itself.  (The bound is float32's for float64 too.)
    """
    return _NOTHING if abs(mean) < _LEAST else mean


@kernel()
def worth_threads(pieces):
    """How many threads the work is worth: one for each PIECE of elements."""
    elements = 0
    for i in range(len(pieces)):
        elements += pieces[i, 2] - pieces[i, 1]
    return elements // PIECE


@lru_cache(maxsize=256)
def _cut(sizes: tuple[int, ...]) -> np.ndarray:
    """Pieces (which array, first element, last element + 1)."""
    pieces = [(i, k, min(k + PIECE, size)) for i, size in enumerate(sizes) for k in range(0, size, PIECE)]
    return np.array(pieces, np.int64).reshape(-1, 3)


def launch(rule: Callable, numbers: Sequence[float], rows: Sequence[Sequence[Any]]) -> None:
    """Run a rule's kernel on all rows of arrays.

    Parameters
    ----------
    rule : compiled function
        The kernel.
    numbers : sequence of float
        Its arguments beside the arrays.
    rows : list of (p, g, *memory)
        The arrays of a row are of one shape.  All but g are written to; memory that the rule
        does without is None.  The p are of one dtype; the kernel computes in float64 for float64,
        in float32 for all others.

    Raises
    ------
    ValueError
        If the shapes of a row differ: the kernel, which knows addresses only, would write elsewhere.
    """
    dtype = np.dtype(np.float64 if rows[0][0].dtype == np.float64 else np.float32)
    addresses: list[int] = []
    copies: list[tuple[np.ndarray, np.ndarray | None]] = []  # of arrays that are not as kernels take them
    for row in rows:
        for column, array in enumerate(row):
            if array is None:
                addresses.append(0)
                continue
            if array.shape != row[0].shape:
                raise ValueError(
                    f"an array of shape {array.shape} does not go with a parameter of shape {row[0].shape}; "
                    "has the parameter's memory been replaced by one of another shape?"
                )
            if not (array.flags.carray and array.dtype == dtype):
                copies.append((np.array(array, dtype, order="C"), None if column == 1 else array))
                array = copies[-1][0]
            addresses.append(_address(array.ravel()))
    sizes = tuple([row[0].size for row in rows])
    rule(np.array(addresses).reshape(len(rows), -1), _cut(sizes), *map(dtype.type, numbers))
    for copy, written in copies:
        if written is not None:
            written[...] = copy
