"""The maximum of each window and its argmax, as LLVM vector instructions.

A register holds the maxima so far of L neighbouring windows of a row, a second one the numbers of the pixels that
they were found at.  A step takes pixel k = (u, v) of all L windows; these pixels are `stride` apart in memory.  It
replaces maximum and argmax where the pixel is greater, or NaN, or the first inside the image:

    greater = inside and (x > best or x ≠ x or argmax < 0)
    best, argmax = (x, k) where greater, else unchanged

Where all pixels of the L windows are inside, nothing is masked, and the first pixel counts as found.

There are no branches in the loop, and both registers stay registers from step to step.  A compiler makes two blends
and a store of each step at best, and goes number by number through the rest of a row: 5 of 13 windows, which a row of
26 pixels has.  Here the last vector of a row begins earlier, and computes some windows twice.  Two threads, float32, ms
(docs/performance.md):

    64 × 32 images         loop    this
    26 × 26, 2 × 2          1.60   0.29
    32 × 32, 3 × 3 by 1    16.6    1.21

Columns outside the image are masked, and rows outside it are skipped, so no padding is written and no number
outside the array is read.

A row of 4 windows would fill a quarter of a register.  Many planes with such rows are transposed, so that a register
holds the same pixel of L planes.  Nothing is masked then.  One thread, ns for a plane (AVX-512 on an Intel Xeon, AVX2
on an AMD Zen 3):

    windows, pixels         rows          planes
    4 × 4, 3 × 3 by 2       142, 164      43, 107
    6 × 6, 3 × 3 by 2       252, 245     121, 273
    8 × 8, 5 × 5 by 3      1502, 1089    683, 1065
    14 × 14, 3 × 3 by 2     820, 444     942, 1262
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import prange, types
from numba.core import cgutils
from numba.extending import intrinsic

from autograd.kernels.gemm import transpose_rows
from autograd.kernels.jit import ELEMENTS, blocks, kernel, limit_threads, set_threads, vector_bytes
from autograd.kernels.microkernels import LANES_FLOAT32, LANES_FLOAT64, IndexedRows, Rows
from autograd.types import Array, Pair

TOGETHER = 64  # small planes that are pooled side by side, which is several vector registers
NARROW = vector_bytes() // 2  # bytes of a row of windows up to which they are: half a register
SMALL = 1024  # pixels of a plane up to which they are: TOGETHER planes then take 256 KiB

_i32, _i64 = ir.IntType(32), ir.IntType(64)


class Windows(NamedTuple):
    """L neighbouring windows in a row of an image.

    The first begins at array[start], in column `left` of an image `width` columns wide.  `stride`: columns from
    window to window.
    """

    array: Array
    start: int
    left: int
    stride: int
    width: int


class Pixels(NamedTuple):
    """The pixels of a window, without the rows that are outside the image: first_row <= u < last_row.

    Pixel (u, v), v < kernel_width, is u row_step + v column_step elements from the start of the window.
    """

    kernel_width: int
    row_step: int
    column_step: int
    first_row: int
    last_row: int


def _splat(builder: ir.IRBuilder, scalar: ir.Value, lanes: int) -> ir.Value:
    vector = ir.VectorType(scalar.type, lanes)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, ir.Constant(_i32, 0))
    zeros = ir.Constant(ir.VectorType(_i32, lanes), [0] * lanes)
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), zeros)


def _count(first: int, step: int, lanes: int) -> ir.Constant:
    """first, first + step, …, a number in each lane."""
    return ir.Constant(ir.VectorType(_i32, lanes), [first + step * i for i in range(lanes)])


def _call(builder: ir.IRBuilder, name: str, result: ir.Type, arguments: list[ir.Value]) -> ir.Value:
    kind = ir.FunctionType(result, [a.type for a in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)


def _max_windows(known_stride: int | None) -> Any:
    """The micro-kernel for windows 1 or 2 pixels apart, whose pixels are loaded as vectors, or any stride (None)."""

    @intrinsic
    def max_windows(typing, windows, pixels, count, y, argmax, at):  # type: ignore[no-untyped-def]
        """y[at + i] = the maximum of window i and argmax[at + i] = its pixel u kernel_width + v, for i < count and L.

        windows: Windows, pixels: Pixels.  Every window has at least one pixel inside the image.
        """

        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            def data(kind: types.Type, array: ir.Value) -> ir.Value:
                return context.make_array(kind)(context, builder, array).data

            array, start, left, stride, width = cgutils.unpack_tuple(builder, arguments[0], 5)
            kernel_width, row_step, column_step, first, last = cgutils.unpack_tuple(builder, arguments[1], 5)
            count, at = arguments[2], arguments[5]
            kind = signature.args[0][0]
            y, argmax = (data(signature.args[i], arguments[i]) for i in (3, 4))
            itemsize = kind.dtype.bitwidth // 8
            lanes = vector_bytes() // itemsize
            element, index_type = context.get_data_type(kind.dtype), argmax.type.pointee
            vector, index_vector = ir.VectorType(element, lanes), ir.VectorType(index_type, lanes)
            numbers = ir.VectorType(_i32, lanes)
            suffix = f"v{lanes}f{8 * itemsize}"
            align = ir.Constant(_i32, itemsize)
            lowest = ir.Constant(vector, [float("-inf")] * lanes)
            x, width_32 = builder.gep(data(kind, array), [start]), _splat(builder, builder.trunc(width, _i32), lanes)
            stride_32 = _splat(builder, builder.trunc(stride, _i32), lanes)

            def inside(column: ir.Value, step: ir.Value) -> ir.Value:
                """A column left of the image is negative, and so, as an unsigned number, large."""
                return builder.icmp_unsigned("<", builder.add(column, step), width_32)

            def load(pointer: ir.Value, wanted: ir.Value | None) -> ir.Value:
                pointer = builder.bitcast(pointer, vector.as_pointer())
                if wanted is None:
                    return builder.load(pointer, align=itemsize)
                return _call(builder, f"llvm.masked.load.{suffix}.p0", vector, [pointer, align, wanted, lowest])

            def load_pixels(pointer: ir.Value, column: ir.Value, wanted: ir.Value | None) -> ir.Value:
                if known_stride == 1:
                    return load(pointer, wanted)
                if known_stride == 2:  # two vectors, of which the second ends with the last pixel that is wanted
                    halves = [
                        load(
                            builder.gep(pointer, [ir.Constant(_i64, begin)]),
                            wanted and inside(column, _count(begin, 1, lanes)),
                        )
                        for begin in (0, lanes - 1)
                    ]
                    picked = [2 * i + (2 * i >= lanes) for i in range(lanes)]
                    return builder.shuffle_vector(*halves, ir.Constant(numbers, picked))
                steps = [ir.Constant(_i64, itemsize * i) for i in range(lanes)]
                steps = builder.mul(ir.Constant(ir.VectorType(_i64, lanes), steps), _splat(builder, stride, lanes))
                addresses = builder.add(_splat(builder, builder.ptrtoint(pointer, _i64), lanes), steps)
                pointers = builder.inttoptr(addresses, ir.VectorType(element.as_pointer(), lanes))
                return _call(builder, f"llvm.masked.gather.{suffix}.v{lanes}p0", vector,
                             [pointers, align, wanted, lowest])  # fmt: skip

            one = ir.Constant(_i64, 1)
            first_k, last_k = builder.mul(first, kernel_width), builder.mul(last, kernel_width)
            breadth = builder.mul(builder.sub(kernel_width, one), column_step)
            next_row = builder.sub(row_step, breadth)
            first_offset = builder.mul(first, row_step)

            def maximum(masked: bool) -> tuple[ir.Value, ir.Value]:
                """The loop over pixels.  Without masks, all pixels of all L windows must be inside the image."""
                start_index = ir.Constant(numbers, [-1] * lanes)  # none yet
                if not masked:
                    start_index = _splat(builder, builder.trunc(first_k, _i32), lanes)
                before, head = builder.block, builder.append_basic_block("window.head")
                body, after = builder.append_basic_block("window.body"), builder.append_basic_block("window.after")
                builder.branch(head)
                builder.position_at_end(head)
                k, v, offset, place = (builder.phi(_i64) for _ in range(4))
                best, index = builder.phi(vector), builder.phi(numbers)
                builder.cbranch(builder.icmp_signed("<", k, last_k), body, after)

                builder.position_at_end(body)
                column = _splat(builder, builder.trunc(place, _i32), lanes)
                wanted = inside(column, builder.mul(_count(0, 1, lanes), stride_32)) if masked else None
                value = load_pixels(builder.gep(x, [offset]), column, wanted)
                greater = builder.or_(
                    builder.fcmp_ordered(">", value, best), builder.fcmp_unordered("uno", value, value)
                )
                if masked:
                    none_yet = builder.icmp_signed("<", index, ir.Constant(numbers, [0] * lanes))
                    greater = builder.and_(wanted, builder.or_(greater, none_yet))
                number = _splat(builder, builder.trunc(k, _i32), lanes)
                row_ends = builder.icmp_signed("==", builder.add(v, one), kernel_width)
                for phi, initial, result in (
                    (k, first_k, builder.add(k, one)),
                    (v, ir.Constant(_i64, 0), builder.select(row_ends, ir.Constant(_i64, 0), builder.add(v, one))),
                    (offset, first_offset, builder.add(offset, builder.select(row_ends, next_row, column_step))),
                    (place, left, builder.select(row_ends, left, builder.add(place, column_step))),
                    (best, lowest, builder.select(greater, value, best)),
                    (index, start_index, builder.select(greater, number, index)),
                ):
                    phi.add_incoming(initial, before)
                    phi.add_incoming(result, body)
                builder.branch(head)
                builder.position_at_end(after)
                return best, index

            if known_stride is None:
                best, index = maximum(masked=True)
            else:
                reach = builder.add(builder.add(left, ir.Constant(_i64, known_stride * (lanes - 1))), breadth)
                within = builder.and_(
                    builder.icmp_signed(">=", left, ir.Constant(_i64, 0)), builder.icmp_signed("<", reach, width)
                )
                found_in = []
                with builder.if_else(within, likely=True) as branches:
                    for branch, masked in zip(branches, (False, True), strict=True):
                        with branch:
                            found_in.append((*maximum(masked), builder.block))
                best, index = builder.phi(vector), builder.phi(numbers)
                for *values, block in found_in:
                    best.add_incoming(values[0], block)
                    index.add_incoming(values[1], block)

            found = index if index_type == _i32 else builder.trunc(index, index_vector)
            results = [
                (best, builder.bitcast(builder.gep(y, [at]), vector.as_pointer()), suffix, itemsize),
                (found, builder.bitcast(builder.gep(argmax, [at]), index_vector.as_pointer()),
                 f"v{lanes}i{index_type.width}", index_type.width // 8),
            ]  # fmt: skip
            whole = builder.icmp_signed(">=", count, ir.Constant(_i64, lanes))
            with builder.if_else(whole, likely=True) as (then, otherwise):
                with then:
                    for value, pointer, _, size in results:
                        builder.store(value, pointer, align=size)
                with otherwise:  # without AVX-512, a masked store of bytes is a branch for each of them
                    wanted = _splat(builder, builder.trunc(count, _i32), lanes)
                    stored = builder.icmp_signed("<", _count(0, 1, lanes), wanted)
                    for value, pointer, name, size in results:
                        _call(builder, f"llvm.masked.store.{name}.p0", ir.VoidType(),
                              [value, pointer, ir.Constant(_i32, size), stored])  # fmt: skip
            return context.get_dummy_value()

        return types.void(windows, pixels, types.int64, y, argmax, types.int64), codegen

    return max_windows


_max_windows_1, _max_windows_2, _max_windows_any = _max_windows(1), _max_windows(2), _max_windows(None)


@kernel()
def _inside(begin, count, step, size):
    """(first, last, begin): begin + step u, first <= u < last, are inside the image; u < count."""
    return -(begin // step) if begin < 0 else 0, min(count, (size - 1 - begin) // step + 1), begin


@kernel(parallel=True)
def _pool_rows(x, kernel_size, stride, padding, dilation, y, argmax):
    """y and argmax (P, H', W') from x (P, H, W): P planes, each of one thread."""
    planes, height, width = x.shape
    rows, columns = y.shape[1], y.shape[2]
    lanes = LANES_FLOAT32 if x.itemsize == 4 else LANES_FLOAT64
    threads = limit_threads(planes * rows * columns * kernel_size[0] * kernel_size[1] // ELEMENTS)
    for plane in prange(planes):
        for i in range(rows):
            first, last, top = _inside(i * stride[0] - padding[0], kernel_size[0], dilation[0], height)
            pixels = Pixels(kernel_size[1], dilation[0] * width, dilation[1], first, last)
            for begin in range(0, columns, lanes):
                j = min(begin, max(0, columns - lanes))  # the last vector of a row begins earlier, and is whole
                left = j * stride[1] - padding[1]
                windows = Windows(x, (plane * height + top) * width + left, left, stride[1], width)
                at = (plane * rows + i) * columns + j
                if stride[1] == 1:
                    _max_windows_1(windows, pixels, columns - j, y, argmax, at)
                elif stride[1] == 2:
                    _max_windows_2(windows, pixels, columns - j, y, argmax, at)
                else:
                    _max_windows_any(windows, pixels, columns - j, y, argmax, at)
    set_threads(threads)


@kernel()
def _pool_window(pixels, width, windows, kernel_width, dilation, best, index):
    """best and index: maximum and argmax, of pixels' dtype, of a window of TOGETHER planes.

    pixels (H W, TOGETHER).  windows: (first, last, begin) of rows and of columns: numbers of the window's pixels that
    are inside the image, and the place of number 0.
    """
    (first_u, last_u, top), (first_v, last_v, left) = windows
    for u in range(first_u, last_u):
        for v in range(first_v, last_v):
            some = pixels[(top + u * dilation[0]) * width + left + v * dilation[1]]
            k = pixels.dtype.type(u * kernel_width + v)
            if u == first_u and v == first_v:
                for p in range(TOGETHER):
                    best[p], index[p] = some[p], k
            else:
                for p in range(TOGETHER):
                    greater = (some[p] > best[p]) | (some[p] != some[p])
                    best[p] = some[p] if greater else best[p]
                    index[p] = k if greater else index[p]


@kernel(parallel=True, allocates=True)
def _pool_planes(x, kernel_size, stride, padding, dilation, parts, y, argmax):
    """`_pool_rows` for planes that are small, and many: TOGETHER of them lie side by side in working memory."""
    planes, height, width = x.shape
    rows, columns = y.shape[1], y.shape[2]
    size, windows = height * width, rows * columns
    x_flat, y_flat, argmax_flat = x.reshape(-1), y.reshape(-1), argmax.reshape(-1)
    units = -(-planes // TOGETHER)
    threads = limit_threads(planes * windows * kernel_size[0] * kernel_size[1] // ELEMENTS)
    for part in prange(parts):
        pixels, numbers = np.empty((size, TOGETHER), x.dtype), np.empty(TOGETHER * windows, x.dtype)
        best, index = np.empty((windows, TOGETHER), x.dtype), np.empty((windows, TOGETHER), x.dtype)
        of_planes, of_windows = np.arange(TOGETHER) * size, np.arange(windows) * TOGETHER
        for unit in range(part * units // parts, (part + 1) * units // parts):
            plane = unit * TOGETHER
            count, at = min(TOGETHER, planes - plane), plane * windows
            transpose_rows(
                IndexedRows(x_flat, plane * size, of_planes, 0), count, size, Rows(pixels.reshape(-1), 0, TOGETHER)
            )
            for i in range(rows):
                of_rows = _inside(i * stride[0] - padding[0], kernel_size[0], dilation[0], height)
                for j in range(columns):
                    inside = of_rows, _inside(j * stride[1] - padding[1], kernel_size[1], dilation[1], width)
                    k = i * columns + j
                    _pool_window(pixels, width, inside, kernel_size[1], dilation, best[k], index[k])
            transpose_rows(IndexedRows(best.reshape(-1), 0, of_windows, 0), windows, count, Rows(y_flat, at, windows))
            transpose_rows(IndexedRows(index.reshape(-1), 0, of_windows, 0), windows, count, Rows(numbers, 0, windows))
            found = argmax_flat[at : at + count * windows]
            for i in range(len(found)):
                found[i] = argmax.dtype.type(numbers[i])
    set_threads(threads)


def max_pool(x: Array, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, y: Array, argmax: Array) -> None:
    """y and argmax (P, H', W') from x (P, H, W), all contiguous."""
    if y.shape[2] * y.itemsize <= NARROW and math.prod(x.shape[1:]) <= SMALL and len(x) >= TOGETHER:
        parts = min(blocks(x.size, ELEMENTS), -(-len(x) // TOGETHER))
        _pool_planes(x, kernel_size, stride, padding, dilation, parts, y, argmax)
    else:
        _pool_rows(x, kernel_size, stride, padding, dilation, y, argmax)
