"""The micro-kernels that every matrix product and convolution is built from, written as LLVM vector instructions.

A core starts two fused multiply-adds (FMA) a cycle, each with a latency of four cycles, on vectors of L
numbers.  To keep both units busy, at least eight independent sums must be in registers, and there may be
less than one load per FMA.  A loop that the compiler vectorizes keeps its sums in memory.  So the inner
loops are written here instruction by instruction.  L is the width of a vector register.

outer        C[i, j] = Σ_k A[i, k] B[k, j]                    for R rows i and V vectors of columns j
             one step of k: V vectors of B, R numbers of A each splat over a vector, R V FMAs
dot          C[i, j] = Σ_k A[i, k] B[j, k]                    for DOT_ROWS rows i and as many rows j
             one step of L k's: one vector of each row, DOT_ROWS² FMAs; at the end each sum is reduced
indexed_sum  C[j] += Σ_k A[k] B[row[k] + jump[argmax[k]] + j]  for 14, 11 or 8 L columns j
             one step of k: one number of A, the vectors of B at the offset of its argmax, one FMA each

Micro-kernels work on flat arrays.  A named tuple says where a matrix is in its array: `Rows` has a
constant step from row to row, `IndexedRows` a table with the offset of each row, `Indexed` one table for
rows, and another or a constant step for columns.  With a step, `outer` is a matrix product with A as it is or
transposed.  With the offsets of pixels and of a window's taps it is a convolution of any stride and dilation: A is
the image itself, and no matrix of patches (im2col) is ever built.  B comes packed in panels, which are as wide as
a micro-tile, or `outer_packing` packs it for the next rows while it multiplies the first ones.
Results that have channels in the lanes are transposed in registers, L × L numbers at a time, so that
pixels are neighbours in memory (`transpose_square`, `epilogue`).

The shape of a micro-tile, R × V, depends on the registers.  With 32 registers there is room for 24 sums, the vectors
of B and a number of A.  Of 16 sums, 8 × 2, a core's units for FMAs are busy, too, but a step of k takes 30
instructions for 16 FMAs, and 6 × 4 takes 36 for 24.  That counts if another program runs on the same core, for a core
starts only some six instructions a cycle for both.  For the same reason two steps of k are made at a time.  With 16
registers there are 12 sums, two vectors of B and two numbers of A.  At the edges, rows are clamped to the last one
(computed, not stored) and columns are masked, so no number outside the arrays is read or written.  A rest of up to four
rows has tiles of its own.  docs/performance.md has the share of a core's peak that this reaches.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from autograd.kernels.jit import vector_bytes, vector_registers
from autograd.types import Array

MR = 6  # rows of a micro-tile
NR_VECTORS, DOT_ROWS = (4, 4) if vector_registers() == 32 else (2, 3)  # vectors in a row of it, and so of a panel
NARROW = 2  # vectors in a row of a micro-tile and of a panel for few columns
NARROW_ROWS = 8 if vector_registers() == 32 else 6  # of such a tile
FEW_ROWS = 4  # of a tile for the rows that are left
INDEXED_VECTORS = (14, 11, 8)  # sums of `indexed_sum`, of which the shape decides
LANES_FLOAT32, LANES_FLOAT64 = vector_bytes() // 4, vector_bytes() // 8

_i64 = ir.IntType(64)


class Rows(NamedTuple):
    """A matrix in a flat array: its element (i, j) is array[start + i step + j]."""

    array: Array
    start: int
    step: int


class Place(NamedTuple):
    """Where a matrix is in a flat array that is passed beside it: `start` and `step` of `Rows`.

    Kernels that are called for a few rows at a time take this.  A tuple of arrays made for one call costs two atomic
    additions for each array, because its references are counted.  A tuple of ints costs nothing.
    """

    start: int
    step: int


class IndexedRows(NamedTuple):
    """A matrix whose rows start where a table says: element (i, j) is array[start + row[first_row + i] + j]."""

    array: Array
    start: int
    row: Array
    first_row: int


class Indexed(NamedTuple):
    """A matrix with two tables: element (i, k) is array[start + row[first_row + i] + column[first_column + k]].

    Instead of a table, `column` can be the constant step from column to column.
    """

    array: Array
    start: int
    row: Array
    first_row: int
    column: Array | int
    first_column: int


class IndexedPlace(NamedTuple):
    """Where a matrix is in a flat array that is passed beside it, as are the tables: the numbers of `Indexed`."""

    start: int
    first_row: int
    first_column: int


class VectorBuilder:
    """Emits the vector instructions of a micro-kernel for one element type.

    Parameters
    ----------
    context, builder
        Numba's target context and LLVM's instruction builder, as an intrinsic's code generator gets them.
    array : numba type
        An array of the element type, or a named tuple whose first field is one.
    """

    def __init__(self, context: Any, builder: ir.IRBuilder, array: Any) -> None:
        is_tuple = isinstance(array, types.BaseTuple)
        dtype = (array[0] if is_tuple else array).dtype
        self.context, self.builder = context, builder
        self.element = context.get_data_type(dtype)
        self.align = dtype.bitwidth // 8
        self.lanes = vector_bytes() // self.align
        self.vector = ir.VectorType(self.element, self.lanes)
        self.mask = ir.VectorType(ir.IntType(1), self.lanes)
        self.zero = ir.Constant(self.vector, [0.0] * self.lanes)
        self.every_lane = ir.Constant(self.mask, [1] * self.lanes)

    # ── addresses ──────────────────────────────────────────────────────────────────────

    def address(self, kind: types.Type, array: ir.Value, offset: ir.Value) -> ir.Value:
        """The address of element `offset` of a flat array of the Numba type `kind`."""
        return self.builder.gep(self.context.make_array(kind)(self.context, self.builder, array).data, [offset])

    def argument(self, signature: Any, arguments: Any, i: int) -> ir.Value:
        """The address that argument i, an array, and argument i + 1, an offset into it, give."""
        return self.address(signature.args[i], arguments[i], arguments[i + 1])

    def rows(self, signature: Any, arguments: Any, i: int) -> tuple[ir.Value, ir.Value]:
        """The start and the row step of argument i, a `Rows`."""
        array, start, step = cgutils.unpack_tuple(self.builder, arguments[i], 3)
        return self.address(signature.args[i][0], array, start), step

    def indexed_rows(self, signature: Any, arguments: Any, i: int) -> tuple[ir.Value, ir.Value]:
        """The start and the row table of argument i, an `IndexedRows` or an `Indexed`."""
        kind = signature.args[i]
        array, start, row, first_row = cgutils.unpack_tuple(self.builder, arguments[i], len(kind))[:4]
        return self.address(kind[0], array, start), self.address(kind[2], row, first_row)

    def columns(self, signature: Any, arguments: Any, i: int) -> Callable[[ir.Value], ir.Value]:
        """A function that emits the offset of a column of argument i, an `Indexed`."""
        column, first = cgutils.unpack_tuple(self.builder, arguments[i], 6)[4:]
        if isinstance(signature.args[i][4], types.Integer):
            return lambda k: self.opaque(self.builder.mul(self.builder.add(first, k), column))
        table = self.address(signature.args[i][4], column, first)
        return lambda k: self.builder.load(self.builder.gep(table, [k]))

    def row_starts(self, start: ir.Value, table: ir.Value, count: int, rows: ir.Value) -> list[ir.Value]:
        """Where `count` rows start according to a table.  Rows from `rows` on are clamped to the last one."""
        last = self.builder.sub(rows, self.int64(1))
        entries = [self.builder.gep(table, [self.smaller(self.int64(i), last)]) for i in range(count)]
        return [self.builder.gep(start, [self.builder.load(entry)]) for entry in entries]

    def clamped_rows(self, start: ir.Value, step: ir.Value, count: int, rows: ir.Value) -> list[ir.Value]:
        """As `row_starts`, for rows at a constant step."""
        last = self.builder.sub(rows, self.int64(1))
        return [
            self.builder.gep(start, [self.builder.mul(self.smaller(self.int64(i), last), step)]) for i in range(count)
        ]

    # ── instructions ───────────────────────────────────────────────────────────────────

    def int64(self, value: int) -> ir.Constant:
        return ir.Constant(_i64, value)

    def smaller(self, a: ir.Value, b: ir.Value) -> ir.Value:
        return self.builder.select(self.builder.icmp_signed("<", a, b), a, b)

    def first_lanes(self, count: ir.Value) -> ir.Value:
        """The mask of the first `count` lanes: all of them if count >= L, none if count <= 0."""
        lanes = ir.VectorType(_i64, self.lanes)
        return self.builder.icmp_signed("<", ir.Constant(lanes, list(range(self.lanes))), self.splat(count, lanes))

    def splat(self, scalar: ir.Value, vector: ir.VectorType) -> ir.Value:
        """The scalar in every lane of a vector."""
        one = self.builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, self.int64(0))
        return self.shuffle(one, ir.Constant(vector, ir.Undefined), [0] * vector.count)

    def load(self, pointer: ir.Value, mask: ir.Value | None = None) -> ir.Value:
        """A vector from memory.  Lanes that the mask leaves out are 0, and their memory is not read."""
        if mask is None:
            return self.builder.load(self.builder.bitcast(pointer, self.vector.as_pointer()), align=self.align)
        kind = ir.FunctionType(self.vector, [self.vector.as_pointer(), ir.IntType(32), self.mask, self.vector])
        name = f"llvm.masked.load.v{self.lanes}f{8 * self.align}.p0"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        pointer = self.builder.bitcast(pointer, self.vector.as_pointer())
        return self.builder.call(function, [pointer, ir.Constant(ir.IntType(32), self.align), mask, self.zero])

    def store(self, value: ir.Value, pointer: ir.Value, mask: ir.Value | None = None) -> None:
        """Write a vector, or the lanes that the mask selects."""
        if mask is None:
            self.builder.store(value, self.builder.bitcast(pointer, value.type.as_pointer()), align=self.align)
            return
        vector = value.type.as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [value.type, vector, ir.IntType(32), mask.type])
        name = f"llvm.masked.store.v{value.type.count}f{8 * self.align}.p0"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        pointer = self.builder.bitcast(pointer, vector)
        self.builder.call(function, [value, pointer, ir.Constant(ir.IntType(32), self.align), mask])

    def prefetch(self, pointer: ir.Value) -> None:
        """Ask for a cache line, in good time.  It reads nothing, so the place may be outside of the array."""
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0")
        to_read, into_all_caches, data = (ir.Constant(number, n) for n in (0, 3, 1))
        self.builder.call(function, [self.builder.bitcast(pointer, byte), to_read, into_all_caches, data])

    def multiply_add(self, a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
        flags = ("contract",)  # one fused instruction where the processor has it
        return self.builder.fadd(self.builder.fmul(a, b, flags=flags), c, flags=flags)

    def shuffle(self, a: ir.Value, b: ir.Value, lanes: list[int]) -> ir.Value:
        return self.builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes))

    def reduce_add(self, vector: ir.Value) -> ir.Value:
        """The sum of all lanes.  The upper half is added to the lower half, and so on, so the order is fixed."""
        width = self.lanes
        while width > 1:
            width //= 2
            half = [(i + width) % self.lanes for i in range(self.lanes)]
            vector = self.builder.fadd(vector, self.shuffle(vector, ir.Constant(self.vector, ir.Undefined), half))
        return self.builder.extract_element(vector, self.int64(0))

    def relu(self, x: ir.Value, wanted: ir.Value) -> ir.Value:
        """max(x, 0) if the flag `wanted` is true, else x.  NaN stays NaN."""
        negative = self.builder.fcmp_ordered("<=", x, self.zero)
        flag = self.splat(wanted, self.mask)
        return self.builder.select(self.builder.and_(negative, flag), self.zero, x)

    def transpose(self, vectors: list[ir.Value]) -> list[ir.Value]:
        """n vectors of L lanes as L vectors of n lanes, where n is a power of two and at most L.

        Pairs of vectors exchange blocks of 1, 2, 4, … lanes: log₂ n rounds of n shuffles transpose each square
        of n × n lanes.  Of vector i, square s is then column s n + i.
        """
        count, block = len(vectors), 1
        while block < count:
            lower = [i if i & block == 0 else self.lanes + (i ^ block) for i in range(self.lanes)]
            upper = [i ^ block if i & block == 0 else self.lanes + i for i in range(self.lanes)]
            exchanged = list(vectors)
            for i in range(count):
                if i & block == 0:
                    a, b = vectors[i], vectors[i ^ block]
                    exchanged[i], exchanged[i ^ block] = self.shuffle(a, b, lower), self.shuffle(a, b, upper)
            vectors, block = exchanged, 2 * block
        if count == self.lanes:
            return vectors
        squares = [[s * count + i for i in range(count)] for s in range(self.lanes // count)]
        return [self.shuffle(vector, vector, square) for square in squares for vector in vectors]

    def store_transposed(
        self, square: list[ir.Value], rows: ir.Value, columns: ir.Value, c: ir.Value, c_step: ir.Value
    ) -> None:
        """c[j c_step + i] = lane j of vector i, for i < rows and j < columns.  As in `add_tile`, masks are avoided."""
        builder, vectors = self.builder, self.transpose(square)
        places = [builder.gep(c, [builder.mul(self.int64(j), c_step)]) for j in range(self.lanes)]

        def store(mask: ir.Value | None) -> None:
            for j, (vector, place) in enumerate(zip(vectors, places, strict=True)):
                with builder.if_then(builder.icmp_signed("<", self.int64(j), columns), likely=True):
                    self.store(vector, place, mask)

        with builder.if_else(builder.icmp_signed("==", rows, self.int64(self.lanes)), likely=True) as (then, otherwise):
            with then:
                store(None)
            with otherwise:
                store(self.first_lanes(rows))

    def add_tile(
        self,
        sums: list[list[ir.Value]],
        rows: ir.Value,
        columns: ir.Value,
        c: ir.Value,
        c_step: ir.Value,
        add: ir.Value,
    ) -> None:
        """Store the vectors sums[i] in row i of c, or add them to it if `add`: i < rows, and `columns` lanes in all.

        A masked store takes some ten times as long as a whole one on processors without AVX-512.  So whole vectors
        are stored without a mask.
        """
        builder, vectors = self.builder, len(sums[0])

        def store(masks: list[ir.Value | None]) -> None:
            for i, row in enumerate(sums):
                with builder.if_then(builder.icmp_signed("<", self.int64(i), rows)):
                    start = builder.gep(c, [builder.mul(self.int64(i), c_step)])
                    places = [builder.gep(start, [self.int64(v * self.lanes)]) for v in range(vectors)]
                    before = builder.block
                    with builder.if_then(add):
                        totals = [
                            builder.fadd(self.load(place, mask), vector)
                            for place, mask, vector in zip(places, masks, row, strict=True)
                        ]
                        added = builder.block
                    results = [builder.phi(self.vector) for _ in row]
                    for result, vector, total in zip(results, row, totals, strict=True):
                        result.add_incoming(vector, before)
                        result.add_incoming(total, added)
                    for result, place, mask in zip(results, places, masks, strict=True):
                        self.store(result, place, mask)

        whole = builder.icmp_signed("==", columns, self.int64(vectors * self.lanes))
        with builder.if_else(whole) as (then, otherwise):
            with then:
                store([None] * vectors)
            with otherwise:
                store([self.first_lanes(builder.sub(columns, self.int64(v * self.lanes))) for v in range(vectors)])

    def loop(
        self,
        count: ir.Value,
        sums: int,
        body: Callable[[ir.Value, list[ir.Value]], list[ir.Value]],
        unroll: int = 1,
    ) -> list[ir.Value]:
        """Run body(step, sums) -> sums `count` times.  The sums start at 0 and stay in registers.  Returns them.

        unroll: steps that are made at a time, which saves instructions that count and branch.
        """
        totals: list[ir.Value] = [self.zero] * sums
        if unroll == 1:
            return self._steps(self.int64(0), count, 1, totals, body)

        def several(step: ir.Value, totals: list[ir.Value]) -> list[ir.Value]:
            for i in range(unroll):
                if i:
                    self.keep_order()
                totals = body(self.builder.add(step, self.int64(i)), totals)
            return totals

        end = self.builder.sub(count, self.builder.srem(count, self.int64(unroll)))
        totals = self._steps(self.int64(0), end, unroll, totals, several)
        return self._steps(end, count, 1, totals, body)

    def _steps(
        self,
        begin: ir.Value,
        end: ir.Value,
        by: int,
        start: list[ir.Value],
        body: Callable[[ir.Value, list[ir.Value]], list[ir.Value]],
    ) -> list[ir.Value]:
        """The loop of `loop`, with the steps begin, begin + by, … below `end`."""
        builder = self.builder
        before, head = builder.block, builder.append_basic_block("tile.head")
        inside, after = builder.append_basic_block("tile.body"), builder.append_basic_block("tile.after")
        builder.branch(head)
        builder.position_at_end(head)
        step = builder.phi(_i64)
        totals = [builder.phi(self.vector) for _ in start]
        builder.cbranch(builder.icmp_signed("<", step, end), inside, after)
        builder.position_at_end(inside)
        results = body(step, totals)
        step.add_incoming(begin, before)
        step.add_incoming(builder.add(step, self.int64(by)), builder.block)
        for phi, first, result in zip(totals, start, results, strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(result, builder.block)
        builder.branch(head)
        builder.position_at_end(after)
        return totals

    def opaque(self, value: ir.Value) -> ir.Value:
        """The same integer.  LLVM does not know where it is from.

        Otherwise LLVM would count with a pointer for each row, not with one offset that all rows share.
        """
        return self.builder.asm(ir.FunctionType(value.type, [value.type]), "", "=r,0", [value], False)

    def keep_order(self) -> None:
        """A fence for the compiler alone.  LLVM would move all loads before it first, and spill the sums."""
        self.builder.fence("seq_cst", targetscope="singlethread")


# ── matrix products ────────────────────────────────────────────────────────────────────


AHEAD = 8  # rows of B that `outer_packing` asks for ahead of time


def _outer_code(context, builder, signature, arguments, most_rows, vectors):  # type: ignore[no-untyped-def]
    """The code of `_outer`; and of `outer_packing`, if there is one argument more."""
    build = VectorBuilder(context, builder, signature.args[0])
    depth, rows, columns = arguments[2:5]
    offset = build.columns(signature, arguments, 0)
    b, b_step = build.rows(signature, arguments, 1)
    starts = build.row_starts(*build.indexed_rows(signature, arguments, 0), most_rows, rows)
    packed = build.rows(signature, arguments, 7) if len(arguments) == 8 else None
    lanes = [build.int64(v * build.lanes) for v in range(vectors)]

    def body(k: ir.Value, sums: list[ir.Value]) -> list[ir.Value]:
        column = offset(k)
        b_row = builder.gep(b, [builder.mul(k, b_step)])
        right = [build.load(builder.gep(b_row, [lane])) for lane in lanes]
        if packed:
            start, packed_step = packed
            packed_row = builder.gep(start, [builder.mul(k, packed_step)])
            b_row = builder.gep(b_row, [builder.mul(build.int64(AHEAD), b_step)])
            for vector, lane in zip(right, lanes, strict=True):
                build.store(vector, builder.gep(packed_row, [lane]))
            for v in range(vectors):  # a vector's last number, as the first may be in a line that is here already
                build.prefetch(builder.gep(b_row, [build.int64((v + 1) * build.lanes - 1)]))
        results = []
        for i, start in enumerate(starts):
            if i == most_rows // 2:  # or LLVM would load the numbers of all rows first
                build.keep_order()
            left = build.splat(builder.load(builder.gep(start, [column])), build.vector)
            results += [build.multiply_add(left, right[v], sums[i * vectors + v]) for v in range(vectors)]
        return results

    c, c_step = build.rows(signature, arguments, 5)
    for i in range(most_rows):  # C is far away, and wanted only after the loop
        row = builder.gep(c, [builder.mul(build.int64(i), c_step)])
        for lane in lanes:
            build.prefetch(builder.gep(row, [lane]))
    unroll = 2 if most_rows == MR and not packed else 1  # of 8 rows, LLVM would load all numbers first, and spill them
    sums = build.loop(depth, most_rows * vectors, body, unroll)
    tile = [sums[i * vectors : (i + 1) * vectors] for i in range(most_rows)]
    build.add_tile(tile, rows, columns, c, c_step, arguments[6])
    return context.get_dummy_value()


def _outer(most_rows: int, vectors: int) -> Any:
    @intrinsic
    def outer(typing, a, b, depth, rows, columns, c, add):  # type: ignore[no-untyped-def]
        """C[i, j] = Σ_k A[i, k] B[k, j], or C += that if `add`; a: Indexed, b and c: Rows.

        For i < rows <= most_rows and j < columns <= vectors L.  Rows of b are read whole, whatever `columns` is.
        """
        integer = types.int64
        return (
            types.void(a, b, integer, integer, integer, c, types.boolean),
            partial(_outer_code, most_rows=most_rows, vectors=vectors),
        )

    return outer


# The number is that of the vectors in a row of the tile.  Tiles of 4 are for 32 registers.
outer_1, outer_2, outer_2_few = _outer(NARROW_ROWS, 1), _outer(NARROW_ROWS, 2), _outer(FEW_ROWS, 2)
outer_4, outer_4_few = _outer(MR, 4), _outer(FEW_ROWS, 4)


@intrinsic
def outer_packing(typing, a, b, depth, rows, columns, c, add, packed):  # type: ignore[no-untyped-def]
    """As `outer` for the widest tile, and PACKED[k, j] = B[k, j] for j < NR_VECTORS L; packed: Rows.

    The copies are made between the multiply-adds, which leave a third of the processor's time for loads and stores
    unused.  B's rows may be pages apart, where the processor does not fetch ahead by itself.
    """
    integer = types.int64
    return (
        types.void(a, b, integer, integer, integer, c, types.boolean, packed),
        partial(_outer_code, most_rows=MR, vectors=NR_VECTORS),
    )


@intrinsic
def dot(typing, a, b, depth, rows, columns, c, add):  # type: ignore[no-untyped-def]
    """C[i, j] = Σ_k A[i, k] B[j, k] for k < depth, or C += that if `add`; a, b and c: Rows.

    For i < rows <= DOT_ROWS and j < columns <= DOT_ROWS.
    """

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        build = VectorBuilder(context, builder, signature.args[0])
        (a, a_step), (b, b_step), (c, c_step) = (build.rows(signature, arguments, i) for i in (0, 1, 5))
        depth, rows, columns = arguments[2:5]
        add = arguments[6]
        a_rows = build.clamped_rows(a, a_step, DOT_ROWS, rows)
        b_rows = build.clamped_rows(b, b_step, DOT_ROWS, columns)

        def body(step: ir.Value, sums: list[ir.Value]) -> list[ir.Value]:
            k = builder.mul(step, build.int64(build.lanes))
            mask = build.first_lanes(builder.sub(depth, k))
            xs = [build.load(builder.gep(pointer, [k]), mask) for pointer in a_rows]
            ys = [build.load(builder.gep(pointer, [k]), mask) for pointer in b_rows]
            return [
                build.multiply_add(x, y, sums[i * DOT_ROWS + j]) for i, x in enumerate(xs) for j, y in enumerate(ys)
            ]

        steps = builder.sdiv(builder.add(depth, build.int64(build.lanes - 1)), build.int64(build.lanes))
        sums = build.loop(steps, DOT_ROWS * DOT_ROWS, body)
        for i in range(DOT_ROWS):
            for j in range(DOT_ROWS):
                inside = builder.and_(
                    builder.icmp_signed("<", build.int64(i), rows),
                    builder.icmp_signed("<", build.int64(j), columns),
                )
                with builder.if_then(inside):
                    place = builder.gep(c, [builder.add(builder.mul(build.int64(i), c_step), build.int64(j))])
                    with builder.if_else(add) as (old, new):
                        with old:
                            before = builder.load(place)
                            old_block = builder.block
                        with new:
                            new_block = builder.block
                    start = builder.phi(build.element)
                    start.add_incoming(before, old_block)
                    start.add_incoming(ir.Constant(build.element, 0.0), new_block)
                    builder.store(builder.fadd(start, build.reduce_add(sums[i * DOT_ROWS + j])), place)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(a, b, integer, integer, integer, c, types.boolean), codegen


def _indexed_sum(vectors: int) -> Any:
    @intrinsic
    def indexed_sum(typing, a, argmax, at, depth, b, b_at, row, jump, c, c_at):  # type: ignore[no-untyped-def]
        """c[c_at + j] += Σ_k a[at + k] b[b_at + row[k] + jump[argmax[at + k]] + j] for k < depth and j < vectors L."""

        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            build = VectorBuilder(context, builder, signature.args[0])
            at, depth = arguments[2:4]
            a, argmax = (build.address(signature.args[i], arguments[i], at) for i in (0, 1))
            b, c = build.argument(signature, arguments, 4), build.argument(signature, arguments, 8)
            row, jump = (build.address(signature.args[i], arguments[i], build.int64(0)) for i in (6, 7))
            columns = [build.int64(v * build.lanes) for v in range(vectors)]

            def body(k: ir.Value, sums: list[ir.Value]) -> list[ir.Value]:
                left = build.splat(builder.load(builder.gep(a, [k])), build.vector)
                which = builder.zext(builder.load(builder.gep(argmax, [k])), _i64)
                start = builder.add(builder.load(builder.gep(row, [k])), builder.load(builder.gep(jump, [which])))
                start = builder.gep(b, [start])
                return [
                    build.multiply_add(left, build.load(builder.gep(start, [column])), total)
                    for column, total in zip(columns, sums, strict=True)
                ]

            for column, total in zip(columns, build.loop(depth, vectors, body), strict=True):
                place = builder.gep(c, [column])
                build.store(builder.fadd(build.load(place), total), place)
            return context.get_dummy_value()

        integer = types.int64
        return types.void(a, argmax, integer, integer, b, integer, row, jump, c, integer), codegen

    return indexed_sum


indexed_sum_14, indexed_sum_11, indexed_sum_8 = (_indexed_sum(vectors) for vectors in INDEXED_VECTORS)


# ── copies ─────────────────────────────────────────────────────────────────────────────


@intrinsic
def clear(typing, c, c_at, count):  # type: ignore[no-untyped-def]
    """c[c_at + i] = 0 for i < count."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        build = VectorBuilder(context, builder, signature.args[0])
        size = builder.mul(arguments[2], build.int64(build.align))
        cgutils.memset(builder, build.argument(signature, arguments, 0), size, 0)
        return context.get_dummy_value()

    return types.void(c, types.int64, types.int64), codegen


@intrinsic
def copy_row(typing, a, a_at, count, c, c_at):  # type: ignore[no-untyped-def]
    """c[c_at + i] = a[a_at + i] for i < count.  For short rows, making a slice costs more than the copy."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        build = VectorBuilder(context, builder, signature.args[0])
        a, c = build.argument(signature, arguments, 0), build.argument(signature, arguments, 3)
        cgutils.raw_memcpy(builder, c, a, arguments[2], build.align)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(a, integer, integer, c, integer), codegen


@intrinsic
def copy_panel(typing, a, rows, columns, c):  # type: ignore[no-untyped-def]
    """C[i, j] = A[i, j] for i < rows and j < columns, and 0 for the other lanes of the last vector; a and c: Rows."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        build = VectorBuilder(context, builder, signature.args[0])
        (a, a_step), (c, c_step) = (build.rows(signature, arguments, i) for i in (0, 3))
        rows, columns = arguments[1:3]

        def copy(masks: list[ir.Value | None]) -> None:
            with cgutils.for_range(builder, rows) as loop:
                start = builder.gep(a, [builder.mul(loop.index, a_step)])
                end = builder.gep(c, [builder.mul(loop.index, c_step)])
                for v, mask in enumerate(masks):
                    offset = build.int64(v * build.lanes)
                    with builder.if_then(builder.icmp_signed("<", offset, columns)):
                        build.store(build.load(builder.gep(start, [offset]), mask), builder.gep(end, [offset]))

        whole = builder.icmp_signed("==", builder.srem(columns, build.int64(build.lanes)), build.int64(0))
        with builder.if_else(whole) as (then, otherwise):
            with then:
                copy([None] * NR_VECTORS)
            with otherwise:
                copy([build.first_lanes(builder.sub(columns, build.int64(v * build.lanes))) for v in range(NR_VECTORS)])
        return context.get_dummy_value()

    return types.void(a, types.int64, types.int64, c), codegen


@intrinsic
def transpose_square(typing, a, rows, columns, c):  # type: ignore[no-untyped-def]
    """C[j, i] = A[i, j] for i < rows <= L and j < columns <= L; a: IndexedRows, c: Rows."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        build = VectorBuilder(context, builder, signature.args[0])
        rows, columns = arguments[1:3]
        c, c_step = build.rows(signature, arguments, 3)
        mask = build.first_lanes(columns)
        starts = build.row_starts(*build.indexed_rows(signature, arguments, 0), build.lanes, rows)
        build.store_transposed([build.load(start, mask) for start in starts], rows, columns, c, c_step)
        return context.get_dummy_value()

    return types.void(a, types.int64, types.int64, c), codegen


# ── epilogues: what happens to sums on their way to the result ─────────────────────────


@intrinsic
def epilogue(typing, a, bias, bias_at, relu, rows, columns, c):  # type: ignore[no-untyped-def]
    """C[j, i] = A[i, j] + bias[bias_at + j], or max(that, 0) if `relu`; a and c: Rows.

    For i < rows <= L and j < columns <= L.
    """

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        build = VectorBuilder(context, builder, signature.args[0])
        (a, a_step), (c, c_step) = (build.rows(signature, arguments, i) for i in (0, 6))
        relu, rows, columns = arguments[3:6]
        mask = build.first_lanes(columns)
        add, square = build.load(build.argument(signature, arguments, 1), mask), []
        for start in build.clamped_rows(a, a_step, build.lanes, rows):
            square.append(build.relu(builder.fadd(build.load(start, mask), add), relu))
        build.store_transposed(square, rows, columns, c, c_step)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(a, bias, integer, types.boolean, integer, integer, c), codegen


@intrinsic
def pool_epilogue(typing, a, bias, bias_at, columns, y, argmax, at):  # type: ignore[no-untyped-def]
    """y[at + j] = max(A[0, j], …, A[3, j], plus bias[bias_at + j]; 0) for j < columns; a: Rows.

    columns: at most those of a panel.

    argmax[at + j] is the row of the maximum, the first of equals, as a number of y's dtype.  NaN counts as
    the greatest number.
    """

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        build = VectorBuilder(context, builder, signature.args[0])
        a, a_step = build.rows(signature, arguments, 0)
        bias = build.argument(signature, arguments, 1)
        columns, at = arguments[3], arguments[6]
        y, argmax = (build.address(signature.args[i], arguments[i], at) for i in (4, 5))
        for v in range(NR_VECTORS):
            offset = build.int64(v * build.lanes)
            with builder.if_then(builder.icmp_signed("<", offset, columns)):
                mask = build.first_lanes(builder.sub(columns, offset))
                add = build.load(builder.gep(bias, [offset]), mask)
                best = which = None
                for i in range(4):
                    start = builder.gep(a, [builder.add(builder.mul(build.int64(i), a_step), offset)])
                    x = builder.fadd(build.load(start, mask), add)
                    number = ir.Constant(build.vector, [float(i)] * build.lanes)
                    if i == 0:
                        best, which = x, number
                        continue
                    greater = builder.or_(builder.fcmp_ordered(">", x, best), builder.fcmp_unordered("uno", x, x))
                    best, which = builder.select(greater, x, best), builder.select(greater, number, which)
                build.store(build.relu(best, ir.Constant(ir.IntType(1), 1)), builder.gep(y, [offset]), mask)
                build.store(which, builder.gep(argmax, [offset]), mask)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(a, bias, integer, integer, y, argmax, integer), codegen
