"""The greatest number of every window, and which of its pixels that is, as LLVM vector instructions.

A register holds the greatest so far of L neighbouring windows of a row, a second one the numbers of
the pixels they were found at.  A step takes pixel k = (u, v) of all L windows, which lie `stride`
apart in memory, and replaces both where it is greater, or NaN, or the first inside the picture:

    greater = inside and (x > best or x ≠ x or at < 0)
    best, at = (x, k) where greater, else as they were

Nothing branches, and neither register goes to memory between steps.  A compiler makes two blends
and a store of each step at best, and numbers one by one of what is left of a row: of 13 windows,
which is what 26 pixels have, 5.  Two threads, float32, ms (docs/performance.md):

    64 × 32 pictures       loop    this
    26 × 26, 2 × 2          1.60   0.29
    32 × 32, 3 × 3 by 1    16.6    1.21

Columns outside the picture are masked, and rows outside it not asked for, so that no padding is
written and no number outside the array read.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import prange, types
from numba.core import cgutils
from numba.extending import intrinsic

from autograd.kernels.jit import ELEMENTS, kernel, limit_threads, set_threads, vector_bytes

_i32, _i64 = ir.IntType(32), ir.IntType(64)
_LANES_4, _LANES_8 = vector_bytes() // 4, vector_bytes() // 8


def _spread(builder: ir.IRBuilder, scalar: Any, lanes: int) -> Any:
    vector = ir.VectorType(scalar.type, lanes)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, ir.Constant(_i32, 0))
    zeros = ir.Constant(ir.VectorType(_i32, lanes), [0] * lanes)
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), zeros)


def _count(first: int, step: int, lanes: int) -> ir.Constant:
    return ir.Constant(ir.VectorType(_i32, lanes), [first + step * i for i in range(lanes)])


def _call(builder: ir.IRBuilder, name: str, result: Any, arguments: list) -> Any:
    kind = ir.FunctionType(result, [a.type for a in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)


def _most(known_stride: int | None) -> Any:
    """The intrinsic for windows 1 or 2 pixels apart, whose pixels are loaded as they lie, or for any."""

    @intrinsic
    def most(typing, x, at, left, stride, width, offsets, columns, first, last, y, taps, y_at, count):  # type: ignore[no-untyped-def]
        """y and taps [y_at + i], i < count and L: of x[at + i stride + offsets[k]], first <= k < last.

        Where column left + i stride + columns[k] lies from 0 to width - 1; one k at least has one there.
        """

        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            def data(i: int) -> Any:
                return context.make_array(signature.args[i])(context, builder, arguments[i]).data

            x, offsets, columns, y, taps = (data(i) for i in (0, 5, 6, 9, 10))
            at, left, stride, width, first, last, y_at, count = (arguments[i] for i in (1, 2, 3, 4, 7, 8, 11, 12))
            itemsize = signature.args[0].dtype.bitwidth // 8
            lanes = vector_bytes() // itemsize
            element, tap_type = context.get_data_type(signature.args[0].dtype), taps.type.pointee
            vector, tap_vector = ir.VectorType(element, lanes), ir.VectorType(tap_type, lanes)
            whole = ir.VectorType(_i32, lanes)
            suffix = f"v{lanes}f{8 * itemsize}"
            align = ir.Constant(_i32, itemsize)
            lowest = ir.Constant(vector, [float("-inf")] * lanes)
            x, width_32 = builder.gep(x, [at]), _spread(builder, builder.trunc(width, _i32), lanes)
            stride_32 = _spread(builder, builder.trunc(stride, _i32), lanes)

            def inside(column: Any, step: Any) -> Any:
                """A column before the first is, without sign, a large number."""
                return builder.icmp_unsigned("<", builder.add(column, step), width_32)

            def load(pointer: Any, wanted: Any) -> Any:
                arguments = [builder.bitcast(pointer, vector.as_pointer()), align, wanted, lowest]
                return _call(builder, f"llvm.masked.load.{suffix}.p0", vector, arguments)

            def pixels(pointer: Any, column: Any, wanted: Any) -> Any:
                if known_stride == 1:
                    return load(pointer, wanted)
                if known_stride == 2:
                    halves = [
                        load(builder.gep(pointer, [ir.Constant(_i64, start)]), inside(column, _count(start, 1, lanes)))
                        for start in (0, lanes)
                    ]
                    return builder.shuffle_vector(*halves, _count(0, 2, lanes))
                steps = [ir.Constant(_i64, itemsize * i) for i in range(lanes)]
                steps = builder.mul(ir.Constant(ir.VectorType(_i64, lanes), steps), _spread(builder, stride, lanes))
                addresses = builder.add(_spread(builder, builder.ptrtoint(pointer, _i64), lanes), steps)
                pointers = builder.inttoptr(addresses, ir.VectorType(element.as_pointer(), lanes))
                return _call(builder, f"llvm.masked.gather.{suffix}.v{lanes}p0", vector,
                             [pointers, align, wanted, lowest])  # fmt: skip

            before, head = builder.block, builder.append_basic_block("window.head")
            body, after = builder.append_basic_block("window.body"), builder.append_basic_block("window.after")
            builder.branch(head)
            builder.position_at_end(head)
            k, best, tap = builder.phi(_i64), builder.phi(vector), builder.phi(whole)
            builder.cbranch(builder.icmp_signed("<", k, last), body, after)

            builder.position_at_end(body)
            column = _spread(
                builder, builder.trunc(builder.add(left, builder.load(builder.gep(columns, [k]))), _i32), lanes
            )
            wanted = inside(column, builder.mul(_count(0, 1, lanes), stride_32))
            value = pixels(builder.gep(x, [builder.load(builder.gep(offsets, [k]))]), column, wanted)
            greater = builder.or_(builder.fcmp_ordered(">", value, best), builder.fcmp_unordered("uno", value, value))
            none_yet = builder.icmp_signed("<", tap, ir.Constant(whole, [0] * lanes))
            greater = builder.and_(wanted, builder.or_(greater, none_yet))
            number = _spread(builder, builder.trunc(k, _i32), lanes)
            results = builder.select(greater, value, best), builder.select(greater, number, tap)
            for phi, start, result in (
                (k, first, builder.add(k, ir.Constant(_i64, 1))),
                (best, lowest, results[0]),
                (tap, ir.Constant(whole, [-1] * lanes), results[1]),
            ):
                phi.add_incoming(start, before)
                phi.add_incoming(result, body)
            builder.branch(head)

            builder.position_at_end(after)
            stored = builder.icmp_signed("<", _count(0, 1, lanes), _spread(builder, builder.trunc(count, _i32), lanes))
            taps_found = tap if tap_type == _i32 else builder.trunc(tap, tap_vector)
            for value, to, name, size in (
                (best, y, suffix, itemsize),
                (taps_found, taps, f"v{lanes}i{tap_type.width}", tap_type.width // 8),
            ):
                pointer = builder.bitcast(builder.gep(to, [y_at]), value.type.as_pointer())
                _call(builder, f"llvm.masked.store.{name}.p0", ir.VoidType(),
                      [value, pointer, ir.Constant(_i32, size), stored])  # fmt: skip
            return context.get_dummy_value()

        integer = types.int64
        return types.void(
            x, integer, integer, integer, integer, offsets, columns, integer, integer, y, taps, integer, integer
        ), codegen

    return most


_most_1, _most_2, _most_any = _most(1), _most(2), _most(None)


@kernel(parallel=True)
def max_pool(x, kernel_size, stride, padding, dilation, offsets, columns, y, taps):
    """y and taps (P, H', W') from x (P, H, W): P planes, each of one thread.

    Pixel k of a window lies offsets[k] numbers, and columns[k] columns, from its first.
    """
    planes, height, width = x.shape
    rows, across = y.shape[1], y.shape[2]
    lanes = _LANES_4 if x.itemsize == 4 else _LANES_8
    threads = limit_threads(planes * rows * across * kernel_size[0] * kernel_size[1] // ELEMENTS)
    for plane in prange(planes):
        for i in range(rows):
            top = i * stride[0] - padding[0]
            first = -(top // dilation[0]) if top < 0 else 0
            last = min(kernel_size[0], (height - 1 - top) // dilation[0] + 1)
            for j in range(0, across, lanes):
                left = j * stride[1] - padding[1]
                at, y_at = (plane * height + top) * width + left, (plane * rows + i) * across + j
                if stride[1] == 1:
                    _most_1(
                        x, at, left, 1, width, offsets, columns, first * kernel_size[1], last * kernel_size[1],
                        y, taps, y_at, across - j,
                    )  # fmt: skip
                elif stride[1] == 2:
                    _most_2(
                        x, at, left, 2, width, offsets, columns, first * kernel_size[1], last * kernel_size[1],
                        y, taps, y_at, across - j,
                    )  # fmt: skip
                else:
                    _most_any(
                        x, at, left, stride[1], width, offsets, columns,
                        first * kernel_size[1], last * kernel_size[1], y, taps, y_at, across - j,
                    )  # fmt: skip
    set_threads(threads)
