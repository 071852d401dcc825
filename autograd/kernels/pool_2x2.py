"""Max-pooling of 2 × 2 windows that do not overlap, its gradient and the gradient of that.

The pixels of L neighbouring windows are 2 L numbers of a row and 2 L of the next one.  Each row is loaded as one vector
and split into its even and its odd pixels.  The larger of each pair, then the larger of the two rows, are the maxima;
the gradient puts the two halves together again.  NaN counts as larger than all, and of equals the first is taken.

L is 16, 8, 4, 2 or 1: the largest that is no more than the windows of a row.  The last vector of a row begins earlier
and computes some windows twice, so nothing is masked, no number outside the array is read, and a row of 7 windows takes
two vectors.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import prange, types
from numba.extending import intrinsic

from autograd.kernels.jit import ELEMENTS, kernel, limit_threads, set_threads

_i8, _i32 = ir.IntType(8), ir.IntType(32)


def _numbers(numbers: list[int], kind: ir.Type = _i32) -> ir.Constant:
    return ir.Constant(ir.VectorType(kind, len(numbers)), numbers)


class _Rows:
    """Loads and stores vectors of a flat array's elements, at any alignment."""

    def __init__(self, context: Any, builder: ir.IRBuilder, kind: Any, array: ir.Value) -> None:
        self.builder, self.element = builder, context.get_data_type(kind.dtype)
        self.data, self.size = context.make_array(kind)(context, builder, array).data, kind.dtype.bitwidth // 8

    def _place(self, at: ir.Value, count: int) -> ir.Value:
        vector = ir.VectorType(self.element, count)
        return self.builder.bitcast(self.builder.gep(self.data, [at]), vector.as_pointer())

    def load(self, at: ir.Value, count: int) -> ir.Value:
        return self.builder.load(self._place(at, count), align=self.size)

    def store(self, vector: ir.Value, at: ir.Value) -> None:
        self.builder.store(vector, self._place(at, vector.type.count), align=self.size)


def _windows(lanes: int) -> tuple[Any, Any]:
    """The micro-kernels for `lanes` neighbouring windows."""

    @intrinsic
    def maxima(typing, x, upper, lower, y, argmax, at):  # type: ignore[no-untyped-def]
        """y[at + i], argmax[at + i] = the maximum of window i, its number; x[upper], x[lower] begin window 0."""

        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            image, values, indices = (_Rows(context, builder, signature.args[i], arguments[i]) for i in (0, 3, 4))

            def larger(x: ir.Value, y: ir.Value) -> ir.Value:
                """Whether y takes the place of x."""
                return builder.or_(builder.fcmp_ordered(">", y, x), builder.fcmp_unordered("uno", y, y))

            best, number = [], []
            for first, place in ((0, arguments[1]), (2, arguments[2])):
                pixels = image.load(place, 2 * lanes)
                left, right = (
                    builder.shuffle_vector(pixels, pixels, _numbers(list(range(start, 2 * lanes, 2))))
                    for start in (0, 1)
                )
                is_right = larger(left, right)
                best.append(builder.select(is_right, right, left))
                number.append(
                    builder.select(is_right, _numbers([first + 1] * lanes, _i8), _numbers([first] * lanes, _i8))
                )
            is_lower = larger(*best)
            values.store(builder.select(is_lower, best[1], best[0]), arguments[5])
            indices.store(builder.select(is_lower, number[1], number[0]), arguments[5])
            return context.get_dummy_value()

        return types.void(x, types.int64, types.int64, y, argmax, types.int64), codegen

    @intrinsic
    def spread(typing, g, argmax, at, dx, upper, lower):  # type: ignore[no-untyped-def]
        """dx = g[at + i] at the argmax of window i, 0 at its other pixels; dx[upper], dx[lower] begin window 0."""

        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            gradient, indices, image = (_Rows(context, builder, signature.args[i], arguments[i]) for i in (0, 1, 3))
            value, index = gradient.load(arguments[2], lanes), indices.load(arguments[2], lanes)
            zeros = ir.Constant(value.type, [0.0] * lanes)
            for first, place in ((0, arguments[4]), (2, arguments[5])):
                left, right = (
                    builder.select(builder.icmp_signed("==", index, _numbers([k] * lanes, _i8)), value, zeros)
                    for k in (first, first + 1)
                )
                turns = _numbers([i // 2 + i % 2 * lanes for i in range(2 * lanes)])
                image.store(builder.shuffle_vector(left, right, turns), place)
            return context.get_dummy_value()

        return types.void(g, argmax, types.int64, dx, types.int64, types.int64), codegen

    return maxima, spread


_maxima_1, _spread_1 = _windows(1)
_maxima_2, _spread_2 = _windows(2)
_maxima_4, _spread_4 = _windows(4)
_maxima_8, _spread_8 = _windows(8)
_maxima_16, _spread_16 = _windows(16)


@kernel(inline=True)
def _lanes(columns):
    return 16 if columns >= 16 else 8 if columns >= 8 else 4 if columns >= 4 else 2 if columns >= 2 else 1


@kernel(parallel=True)
def max_pool_2x2(x, y, argmax):
    """y and argmax (P, H', W') from x (P, H, W): P planes, each of one thread."""
    planes, height, width = x.shape
    rows, columns = y.shape[1], y.shape[2]
    threads = limit_threads(x.size // ELEMENTS)
    lanes = _lanes(columns)
    for plane in prange(planes):
        for i in range(rows):
            upper, start = (plane * height + 2 * i) * width, (plane * rows + i) * columns
            for begin in range(0, columns, lanes):
                j = min(begin, columns - lanes)
                place, at = upper + 2 * j, start + j
                if lanes == 16:
                    _maxima_16(x, place, place + width, y, argmax, at)
                elif lanes == 8:
                    _maxima_8(x, place, place + width, y, argmax, at)
                elif lanes == 4:
                    _maxima_4(x, place, place + width, y, argmax, at)
                elif lanes == 2:
                    _maxima_2(x, place, place + width, y, argmax, at)
                else:
                    _maxima_1(x, place, place + width, y, argmax, at)
    set_threads(threads)


@kernel(parallel=True)
def unpool_2x2(g, argmax, dx):
    """dx (P, H, W), all of it, from g and argmax (P, H', W'): g at the argmax of each window, 0 elsewhere."""
    planes, height, width = dx.shape
    rows, columns = g.shape[1], g.shape[2]
    threads = limit_threads(dx.size // ELEMENTS)
    lanes = _lanes(columns)
    for plane in prange(planes):
        for i in range(rows):
            upper, start = (plane * height + 2 * i) * width, (plane * rows + i) * columns
            for begin in range(0, columns, lanes):
                j = min(begin, columns - lanes)
                place, at = upper + 2 * j, start + j
                if lanes == 16:
                    _spread_16(g, argmax, at, dx, place, place + width)
                elif lanes == 8:
                    _spread_8(g, argmax, at, dx, place, place + width)
                elif lanes == 4:
                    _spread_4(g, argmax, at, dx, place, place + width)
                elif lanes == 2:
                    _spread_2(g, argmax, at, dx, place, place + width)
                else:
                    _spread_1(g, argmax, at, dx, place, place + width)
            for j in range(2 * columns, width):  # pixels of no window: the last ones, if sizes are odd
                dx[plane, 2 * i, j] = dx[plane, 2 * i + 1, j] = 0
        for i in range(2 * rows, height):
            for j in range(width):
                dx[plane, i, j] = 0
    set_threads(threads)


@kernel(parallel=True)
def pick_2x2(x, argmax, y):
    """y (P, H', W'): the pixel of x (P, H, W) at the argmax of each window."""
    threads = limit_threads(y.size // ELEMENTS)
    for plane in prange(len(y)):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                index = argmax[plane, i, j]
                y[plane, i, j] = x[plane, 2 * i + (index >> 1), 2 * j + (index & 1)]
    set_threads(threads)
