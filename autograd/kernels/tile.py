"""Two register tiles from which every matrix product here is made, as LLVM vector instructions.

A core does two fused multiply-adds a cycle, each with a latency of four, on vectors of L
numbers.  To keep them busy, eight or more sums must be under way in registers, and fewer than
one load an FMA is allowed.  Loops that a compiler vectorizes by itself put the sums in memory;
so the two tiles are written here instruction by instruction, L being a register's width:

outer     C[i, j] = Σ_k A[k, i] B[k, j]         for 8 rows i and 2 L columns j
          a step of k: 2 vectors of B, 8 numbers of A spread over a vector, 16 FMAs
dot       C[i, j] = Σ_k A[i, k] B[j, k]         for 4 rows i and 4 rows j
          a step of L k's: 4 vectors of A, 4 of B, 16 FMAs; at the end each vector is summed

Each reads memory as it lies, along a row, so nothing needs to be transposed: a product with A
transposed takes the first, with B transposed the second.  At the edges rows are clamped to the
last one (computed, not stored) and columns masked, so no number outside the arrays is touched.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from autograd.kernels.jit import vector_bytes

OUTER_ROWS, OUTER_VECTORS = 8, 2
DOT_ROWS = 4

_i64 = ir.IntType(64)


def lanes(itemsize: int) -> int:
    """Numbers in a vector register."""
    return vector_bytes() // itemsize


class _Tile:
    """The instructions that both tiles are made of, for one element type."""

    def __init__(self, context: Any, builder: ir.IRBuilder, array: Any) -> None:
        self.context, self.builder = context, builder
        self.element = context.get_data_type(array.dtype)
        self.lanes = lanes(array.dtype.bitwidth // 8)
        self.vector = ir.VectorType(self.element, self.lanes)
        self.mask = ir.VectorType(ir.IntType(1), self.lanes)
        self.suffix = f"v{self.lanes}f{array.dtype.bitwidth}.p0"
        self.align = array.dtype.bitwidth // 8
        self.zero = ir.Constant(self.vector, [0.0] * self.lanes)

    def operands(self, signature: Any, arguments: Any) -> list:
        """The arguments of a tile, with each array and its offset made one pointer."""
        found = []
        for i in (0, 3, 6):
            array, offset, step = arguments[i : i + 3]
            data = self.context.make_array(signature.args[i])(self.context, self.builder, array).data
            found += [self.builder.gep(data, [offset]), step]
        return [*found, *arguments[9:]]

    def constant(self, value: int) -> ir.Constant:
        return ir.Constant(_i64, value)

    def smaller(self, a: Any, b: Any) -> Any:
        return self.builder.select(self.builder.icmp_signed("<", a, b), a, b)

    def first(self, count: Any) -> Any:
        """The mask of the first `count` lanes; all of them, or none, where count is past the ends."""
        numbers = ir.Constant(ir.VectorType(_i64, self.lanes), list(range(self.lanes)))
        return self.builder.icmp_signed("<", numbers, self.spread(count, ir.VectorType(_i64, self.lanes)))

    def spread(self, scalar: Any, vector: ir.VectorType) -> Any:
        one = self.builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, self.constant(0))
        lanes_of_zero = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), lanes_of_zero)

    def load(self, pointer: Any, mask: Any) -> Any:
        kind = ir.FunctionType(self.vector, [self.vector.as_pointer(), ir.IntType(32), self.mask, self.vector])
        function = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.masked.load.{self.suffix}")
        pointer = self.builder.bitcast(pointer, self.vector.as_pointer())
        return self.builder.call(function, [pointer, ir.Constant(ir.IntType(32), self.align), mask, self.zero])

    def store(self, value: Any, pointer: Any, mask: Any) -> None:
        kind = ir.FunctionType(ir.VoidType(), [self.vector, self.vector.as_pointer(), ir.IntType(32), self.mask])
        function = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.masked.store.{self.suffix}")
        pointer = self.builder.bitcast(pointer, self.vector.as_pointer())
        self.builder.call(function, [value, pointer, ir.Constant(ir.IntType(32), self.align), mask])

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        flags = ("contract",)  # one fused instruction where the processor has it
        return self.builder.fadd(self.builder.fmul(a, b, flags=flags), c, flags=flags)

    def sum(self, vector: Any) -> Any:
        """Halves added to halves, so the order is fixed."""
        width = self.lanes
        while width > 1:
            width //= 2
            half = [(i + width) % self.lanes for i in range(self.lanes)]
            index = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), half)
            upper = self.builder.shuffle_vector(vector, ir.Constant(self.vector, ir.Undefined), index)
            vector = self.builder.fadd(vector, upper)
        return self.builder.extract_element(vector, self.constant(0))

    def loop(self, count: Any, sums: int, body: Any) -> list:
        """`count` times body(step, sums) -> sums, with the sums in registers from step to step."""
        builder = self.builder
        before, head = builder.block, builder.append_basic_block("tile.head")
        inside, after = builder.append_basic_block("tile.body"), builder.append_basic_block("tile.after")
        builder.branch(head)
        builder.position_at_end(head)
        step = builder.phi(_i64)
        held = [builder.phi(self.vector) for _ in range(sums)]
        builder.cbranch(builder.icmp_signed("<", step, count), inside, after)
        builder.position_at_end(inside)
        results = body(step, held)
        step.add_incoming(self.constant(0), before)
        step.add_incoming(builder.add(step, self.constant(1)), builder.block)
        for phi, result in zip(held, results, strict=True):
            phi.add_incoming(self.zero, before)
            phi.add_incoming(result, builder.block)
        builder.branch(head)
        builder.position_at_end(after)
        return held


def _signature(a: Any, b: Any, c: Any) -> Any:
    """Of both tiles: an array, an offset and a row's step, three times; depth, rows, columns; whether to add."""
    integer = types.int64
    return types.void(
        a, integer, integer, b, integer, integer, c, integer, integer, integer, integer, integer, types.boolean
    )


@intrinsic
def outer(typing, a, a_at, a_step, b, b_at, b_step, c, c_at, c_step, depth, rows, columns, add):  # type: ignore[no-untyped-def]
    """c[c_at + i c_step + j] (+)= Σ_k a[a_at + k a_step + i] b[b_at + k b_step + j], k < depth.

    For i < rows <= OUTER_ROWS and j < columns <= OUTER_VECTORS L.
    """

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        tile = _Tile(context, builder, signature.args[0])
        a, a_step, b, b_step, c, c_step, depth, rows, columns, add = tile.operands(signature, arguments)
        last = builder.sub(rows, tile.constant(1))
        row = [tile.smaller(tile.constant(i), last) for i in range(OUTER_ROWS)]
        masks = [tile.first(builder.sub(columns, tile.constant(v * tile.lanes))) for v in range(OUTER_VECTORS)]

        def body(k: Any, sums: list) -> list:
            a_row = builder.gep(a, [builder.mul(k, a_step)])
            b_row = builder.gep(b, [builder.mul(k, b_step)])
            vectors = [
                tile.load(builder.gep(b_row, [tile.constant(v * tile.lanes)]), masks[v]) for v in range(OUTER_VECTORS)
            ]
            results = []
            for i in range(OUTER_ROWS):
                number = tile.spread(builder.load(builder.gep(a_row, [row[i]])), tile.vector)
                for v in range(OUTER_VECTORS):
                    results.append(tile.multiply_add(number, vectors[v], sums[i * OUTER_VECTORS + v]))
            return results

        sums = tile.loop(depth, OUTER_ROWS * OUTER_VECTORS, body)
        for i in range(OUTER_ROWS):
            with builder.if_then(builder.icmp_signed("<", tile.constant(i), rows)):
                for v in range(OUTER_VECTORS):
                    at = builder.add(builder.mul(tile.constant(i), c_step), tile.constant(v * tile.lanes))
                    place = builder.gep(c, [at])
                    none = builder.select(add, masks[v], ir.Constant(tile.mask, [0] * tile.lanes))
                    old = tile.load(place, none)  # zeros, where the old sum is not wanted
                    tile.store(builder.fadd(old, sums[i * OUTER_VECTORS + v]), place, masks[v])
        return context.get_dummy_value()

    return _signature(a, b, c), codegen


@intrinsic
def dot(typing, a, a_at, a_step, b, b_at, b_step, c, c_at, c_step, depth, rows, columns, add):  # type: ignore[no-untyped-def]
    """c[c_at + i c_step + j] (+)= Σ_k a[a_at + i a_step + k] b[b_at + j b_step + k], k < depth.

    For i < rows <= DOT_ROWS and j < columns <= DOT_ROWS.
    """

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        tile = _Tile(context, builder, signature.args[0])
        a, a_step, b, b_step, c, c_step, depth, rows, columns, add = tile.operands(signature, arguments)

        def clamped(base: Any, step: Any, count: Any) -> list:
            last = builder.sub(count, tile.constant(1))
            return [
                builder.gep(base, [builder.mul(tile.smaller(tile.constant(i), last), step)]) for i in range(DOT_ROWS)
            ]

        a_rows, b_rows = clamped(a, a_step, rows), clamped(b, b_step, columns)

        def body(step: Any, sums: list) -> list:
            k = builder.mul(step, tile.constant(tile.lanes))
            mask = tile.first(builder.sub(depth, k))
            xs = [tile.load(builder.gep(pointer, [k]), mask) for pointer in a_rows]
            ys = [tile.load(builder.gep(pointer, [k]), mask) for pointer in b_rows]
            return [tile.multiply_add(x, y, sums[i * DOT_ROWS + j]) for i, x in enumerate(xs) for j, y in enumerate(ys)]

        steps = builder.sdiv(builder.add(depth, tile.constant(tile.lanes - 1)), tile.constant(tile.lanes))
        sums = tile.loop(steps, DOT_ROWS * DOT_ROWS, body)
        for i in range(DOT_ROWS):
            for j in range(DOT_ROWS):
                inside = builder.and_(
                    builder.icmp_signed("<", tile.constant(i), rows),
                    builder.icmp_signed("<", tile.constant(j), columns),
                )
                with builder.if_then(inside):
                    place = builder.gep(c, [builder.add(builder.mul(tile.constant(i), c_step), tile.constant(j))])
                    old = builder.select(add, builder.load(place), ir.Constant(tile.element, 0.0))
                    builder.store(builder.fadd(old, tile.sum(sums[i * DOT_ROWS + j])), place)
        return context.get_dummy_value()

    return _signature(a, b, c), codegen
