"""The register tiles from which every matrix product here is made, as LLVM vector instructions.

A core does two fused multiply-adds a cycle, each with a latency of four, on vectors of L
numbers.  To keep them busy, eight or more sums must be under way in registers, and fewer than
one load an FMA is allowed.  Loops that a compiler vectorizes by itself put the sums in memory;
so the tiles are written here instruction by instruction, L being a register's width:

spread     C[i, j] = Σ_k A[row[i] + step[k]] B[k, j]           for ROWS rows i and 2 L columns j
           a step of k: 2 vectors of B, ROWS numbers of A spread over a vector, 2 ROWS FMAs
gather     C[j] += Σ_k A[k] B[jump[mark[k]] + k b_step + j]    for GATHERED L columns j
           a step of k: a number of A, the vectors of B from where its mark says, an FMA each
dot        C[i, j] = Σ_k A[i, k] B[j, k]                       for DOT_ROWS rows i and as many j
           a step of L k's: a vector of every row, DOT_ROWS² FMAs; at the end each sum is summed

Two tables say where A's numbers lie.  That makes `spread` a matrix product with A as it is or
transposed, and, where they are the offsets of pixels and of a window's pixels, a convolution
with any stride and dilation: A is the picture itself, and no matrix of patches is ever built.
B comes in panels of 2 L columns.  What was computed with channels in the lanes is turned to lie
pixel by pixel in registers, L × L numbers at a time (`turn`, `settle`).

ROWS is by the registers: with 32 of them 16 sums, the vectors of B and the numbers of A have room
(12 rows would leave none to spare, and reached half as much); with 16 of them 8 sums.  At the
edges rows are clamped to the last one (computed, not stored) and columns masked, so no number
outside the arrays is touched.  What the tiles reach of a core's peak: docs/performance.md.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from autograd.kernels.jit import vector_bytes, vector_registers

ROWS, DOT_ROWS = (8, 4) if vector_registers() == 32 else (4, 3)
VECTORS, GATHERED = 2, 14
LANES_4, LANES_8 = vector_bytes() // 4, vector_bytes() // 8

_i64 = ir.IntType(64)


class Tile:
    """The instructions that the tiles are made of, for one element type."""

    def __init__(self, context: Any, builder: ir.IRBuilder, array: Any) -> None:
        self.context, self.builder = context, builder
        self.element = context.get_data_type(array.dtype)
        self.lanes = vector_bytes() // (array.dtype.bitwidth // 8)
        self.vector = ir.VectorType(self.element, self.lanes)
        self.mask = ir.VectorType(ir.IntType(1), self.lanes)
        self.align = array.dtype.bitwidth // 8
        self.zero = ir.Constant(self.vector, [0.0] * self.lanes)

    def pointer(self, signature: Any, arguments: Any, i: int) -> Any:
        """The address that argument i, an array, and the next, an offset into it, make."""
        data = self.context.make_array(signature.args[i])(self.context, self.builder, arguments[i]).data
        return self.builder.gep(data, [arguments[i + 1]])

    def constant(self, value: int) -> ir.Constant:
        return ir.Constant(_i64, value)

    def smaller(self, a: Any, b: Any) -> Any:
        return self.builder.select(self.builder.icmp_signed("<", a, b), a, b)

    def first(self, count: Any, lanes: int | None = None) -> Any:
        """The mask of the first `count` of L lanes, or of so many; all, or none, where count is past the ends."""
        lanes = lanes or self.lanes
        numbers = ir.Constant(ir.VectorType(_i64, lanes), list(range(lanes)))
        return self.builder.icmp_signed("<", numbers, self.spread(count, ir.VectorType(_i64, lanes)))

    def spread(self, scalar: Any, vector: ir.VectorType) -> Any:
        one = self.builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, self.constant(0))
        return self.shuffle(one, ir.Constant(vector, ir.Undefined), [0] * vector.count)

    def load(self, pointer: Any, mask: Any = None) -> Any:
        if mask is None:
            return self.builder.load(self.builder.bitcast(pointer, self.vector.as_pointer()), align=self.align)
        kind = ir.FunctionType(self.vector, [self.vector.as_pointer(), ir.IntType(32), self.mask, self.vector])
        name = f"llvm.masked.load.v{self.lanes}f{8 * self.align}.p0"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        pointer = self.builder.bitcast(pointer, self.vector.as_pointer())
        return self.builder.call(function, [pointer, ir.Constant(ir.IntType(32), self.align), mask, self.zero])

    def store(self, value: Any, pointer: Any, mask: Any) -> None:
        vector = value.type.as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [value.type, vector, ir.IntType(32), mask.type])
        name = f"llvm.masked.store.v{value.type.count}f{8 * self.align}.p0"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        pointer = self.builder.bitcast(pointer, vector)
        self.builder.call(function, [value, pointer, ir.Constant(ir.IntType(32), self.align), mask])

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        flags = ("contract",)  # one fused instruction where the processor has it
        return self.builder.fadd(self.builder.fmul(a, b, flags=flags), c, flags=flags)

    def shuffle(self, a: Any, b: Any, lanes: list[int]) -> Any:
        return self.builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes))

    def sum(self, vector: Any) -> Any:
        """Halves added to halves, so the order is fixed."""
        width = self.lanes
        while width > 1:
            width //= 2
            half = [(i + width) % self.lanes for i in range(self.lanes)]
            vector = self.builder.fadd(vector, self.shuffle(vector, ir.Constant(self.vector, ir.Undefined), half))
        return self.builder.extract_element(vector, self.constant(0))

    def transposed(self, vectors: list) -> list:
        """n vectors of L lanes, turned: L vectors of n lanes.  n is a power of two, and at most L.

        Pairs of vectors exchange blocks of 1, 2, 4, … lanes: log₂ n rounds of n shuffles turn each
        square of n lanes; of vector i, square s is then column s n + i.
        """
        count, block = len(vectors), 1
        while block < count:
            lower = [i if i & block == 0 else self.lanes + (i ^ block) for i in range(self.lanes)]
            upper = [i ^ block if i & block == 0 else self.lanes + i for i in range(self.lanes)]
            turned = list(vectors)
            for i in range(count):
                if i & block == 0:
                    a, b = vectors[i], vectors[i ^ block]
                    turned[i], turned[i ^ block] = self.shuffle(a, b, lower), self.shuffle(a, b, upper)
            vectors, block = turned, 2 * block
        if count == self.lanes:
            return vectors
        squares = [[s * count + i for i in range(count)] for s in range(self.lanes // count)]
        return [self.shuffle(vector, vector, square) for square in squares for vector in vectors]

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


def _starts(tile: Tile, count: int, rows: Any, signature: Any, arguments: Any) -> list:
    """Where A's rows begin, for a tile of `count` rows: by the table that is its second operand."""
    builder = tile.builder
    a, table = tile.pointer(signature, arguments, 0), tile.pointer(signature, arguments, 2)
    last = builder.sub(rows, tile.constant(1))
    places = [builder.gep(table, [tile.smaller(tile.constant(i), last)]) for i in range(count)]
    return [builder.gep(a, [builder.load(place)]) for place in places]


def _spread_sums(tile: Tile, vectors: int, signature: Any, arguments: Any) -> tuple[list, list]:
    """The sums of `spread`, row by row, and the mask of each of a row's vectors."""
    builder = tile.builder
    steps, b, b_step = tile.pointer(signature, arguments, 4), tile.pointer(signature, arguments, 6), arguments[8]
    depth, rows, columns = arguments[9:12]
    starts = _starts(tile, ROWS, rows, signature, arguments)
    masks = [tile.first(builder.sub(columns, tile.constant(v * tile.lanes))) for v in range(vectors)]

    def body(k: Any, sums: list) -> list:
        step = builder.load(builder.gep(steps, [k]))
        b_row = builder.gep(b, [builder.mul(k, b_step)])
        right = [tile.load(builder.gep(b_row, [tile.constant(v * tile.lanes)])) for v in range(vectors)]
        results = []
        for i, start in enumerate(starts):
            if (
                i == ROWS // 2
            ):  # or all rows' numbers are loaded before the first is used, and sums lose their registers
                builder.fence("seq_cst", targetscope="singlethread")
            left = tile.spread(builder.load(builder.gep(start, [step])), tile.vector)
            results += [tile.multiply_add(left, right[v], sums[i * vectors + v]) for v in range(vectors)]
        return results

    sums = tile.loop(depth, ROWS * vectors, body)
    return [sums[i * vectors : (i + 1) * vectors] for i in range(ROWS)], masks


def _spread_signature(a: Any, table: Any, steps: Any, b: Any, *more: Any) -> Any:
    """Of all forms of `spread`: A, its tables, and B with offsets; B's row step; depth, rows, columns; and more."""
    integer = types.int64
    return types.void(a, integer, table, integer, steps, integer, b, integer, integer, integer, integer, integer, *more)


def _spread_in_rows(vectors: int) -> Any:
    @intrinsic
    def spread(
        typing, a, a_at, row, row_at, step, step_at, b, b_at, b_step, depth, rows, columns, c, c_at, c_step, add
    ):  # type: ignore[no-untyped-def]
        """c[c_at + i c_step + j] (+)= Σ_k a[a_at + row[row_at + i] + step[step_at + k]] b[b_at + k b_step + j].

        For i < rows <= ROWS and j < columns; b's rows are whole, whatever `columns`.
        """

        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            tile = Tile(context, builder, signature.args[0])
            sums, masks = _spread_sums(tile, vectors, signature, arguments)
            c, rows = tile.pointer(signature, arguments, 12), arguments[10]
            c_step, add = arguments[14:]
            for i in range(ROWS):
                with builder.if_then(builder.icmp_signed("<", tile.constant(i), rows)):
                    for v in range(vectors):
                        at = builder.add(builder.mul(tile.constant(i), c_step), tile.constant(v * tile.lanes))
                        place = builder.gep(c, [at])
                        none = builder.select(add, masks[v], ir.Constant(tile.mask, [0] * tile.lanes))
                        old = tile.load(place, none)  # zeros, where the old sum is not wanted
                        tile.store(builder.fadd(old, sums[i][v]), place, masks[v])
            return context.get_dummy_value()

        integer = types.int64
        return _spread_signature(a, row, step, b, c, integer, integer, types.boolean), codegen

    return spread


def rectified(tile: Tile, x: Any, relu: Any) -> Any:
    """max(x, 0), where relu is true; NaN stays NaN."""
    negative = tile.builder.fcmp_ordered("<=", x, tile.zero)
    flag = tile.spread(relu, tile.mask)
    return tile.builder.select(tile.builder.and_(negative, flag), tile.zero, x)


@intrinsic
def clear(typing, c, c_at, count):  # type: ignore[no-untyped-def]
    """c[c_at + i] = 0, i < count."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        tile = Tile(context, builder, signature.args[0])
        size = builder.mul(arguments[2], tile.constant(tile.align))
        cgutils.memset(builder, tile.pointer(signature, arguments, 0), size, 0)
        return context.get_dummy_value()

    return types.void(c, types.int64, types.int64), codegen


@intrinsic
def duplicate(typing, a, a_at, count, c, c_at):  # type: ignore[no-untyped-def]
    """c[c_at + i] = a[a_at + i], i < count: of short rows, a slice costs more than what is in it."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        tile = Tile(context, builder, signature.args[0])
        a, c = tile.pointer(signature, arguments, 0), tile.pointer(signature, arguments, 3)
        cgutils.raw_memcpy(builder, c, a, arguments[2], tile.align)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(a, integer, integer, c, integer), codegen


@intrinsic
def turn(typing, a, a_at, row, row_at, rows, columns, c, c_at, c_step):  # type: ignore[no-untyped-def]
    """c[c_at + j c_step + i] = a[a_at + row[row_at + i] + j] for i < rows <= L and j < columns <= L."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        tile = Tile(context, builder, signature.args[0])
        c, (rows, columns), c_step = tile.pointer(signature, arguments, 6), arguments[4:6], arguments[8]
        mask = tile.first(columns)
        square = [tile.load(start, mask) for start in _starts(tile, tile.lanes, rows, signature, arguments)]
        _store_turned(tile, square, rows, columns, c, c_step)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(a, integer, row, integer, integer, integer, c, integer, integer), codegen


def _store_turned(tile: Tile, square: list, rows: Any, columns: Any, c: Any, c_step: Any) -> None:
    """c[j c_step + i] = lane j of vector i, for i < rows and j < columns."""
    builder, mask = tile.builder, tile.first(rows)
    for j, turned in enumerate(tile.transposed(square)):
        with builder.if_then(builder.icmp_signed("<", tile.constant(j), columns)):
            tile.store(turned, builder.gep(c, [builder.mul(tile.constant(j), c_step)]), mask)


@intrinsic
def settle(typing, a, a_at, a_step, bias, bias_at, relu, rows, columns, c, c_at, c_step):  # type: ignore[no-untyped-def]
    """`turn` of a's rows, a_step apart, with the bias of every column added, and of that max(., 0) with relu."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        tile = Tile(context, builder, signature.args[0])
        a, bias, c = (tile.pointer(signature, arguments, i) for i in (0, 3, 8))
        a_step, (relu, rows, columns), c_step = arguments[2], arguments[5:8], arguments[10]
        last, mask = builder.sub(rows, tile.constant(1)), tile.first(columns)
        add, square = tile.load(bias, mask), []
        for i in range(tile.lanes):
            start = builder.gep(a, [builder.mul(tile.smaller(tile.constant(i), last), a_step)])
            square.append(rectified(tile, builder.fadd(tile.load(start, mask), add), relu))
        _store_turned(tile, square, rows, columns, c, c_step)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(a, integer, integer, bias, integer, types.boolean, integer, integer, c, integer, integer), codegen


@intrinsic
def pool(typing, a, a_at, a_step, bias, bias_at, columns, c, c_at, places, places_at):  # type: ignore[no-untyped-def]
    """c[c_at + j] = max(greatest of a[a_at + i a_step + j], i < 4, plus bias[bias_at + j]; 0), j < columns <= 2 L.

    places: which of the four it was, the first of equals, as a number of c's dtype.  A NaN counts
    as greatest.
    """

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        tile = Tile(context, builder, signature.args[0])
        a, bias, c, places = (tile.pointer(signature, arguments, i) for i in (0, 3, 6, 8))
        a_step, columns = arguments[2], arguments[5]
        for v in range(VECTORS):
            at = tile.constant(v * tile.lanes)
            mask = tile.first(builder.sub(columns, at))
            add = tile.load(builder.gep(bias, [at]), mask)
            best = place = None
            for i in range(4):
                start = builder.gep(a, [builder.add(builder.mul(tile.constant(i), a_step), at)])
                x, number = builder.fadd(tile.load(start, mask), add), ir.Constant(tile.vector, [float(i)] * tile.lanes)
                if i == 0:
                    best, place = x, number
                    continue
                greater = builder.or_(builder.fcmp_ordered(">", x, best), builder.fcmp_unordered("uno", x, x))
                best, place = builder.select(greater, x, best), builder.select(greater, number, place)
            tile.store(rectified(tile, best, ir.Constant(ir.IntType(1), 1)), builder.gep(c, [at]), mask)
            tile.store(place, builder.gep(places, [at]), mask)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(a, integer, integer, bias, integer, integer, c, integer, places, integer), codegen


spread_1, spread_2 = _spread_in_rows(1), _spread_in_rows(2)


@intrinsic
def gather(typing, a, a_at, b, b_at, b_step, mark, mark_at, jump, depth, c, c_at):  # type: ignore[no-untyped-def]
    """c[c_at + j] += Σ_k a[a_at + k] b[b_at + k b_step + jump[mark[mark_at + k]] + j], j < GATHERED L."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        tile = Tile(context, builder, signature.args[0])
        a, b, mark, c = (tile.pointer(signature, arguments, i) for i in (0, 2, 5, 9))
        jump = context.make_array(signature.args[7])(context, builder, arguments[7]).data
        b_step, depth = arguments[4], arguments[8]
        at = [tile.constant(v * tile.lanes) for v in range(GATHERED)]
        every = ir.Constant(tile.mask, [1] * tile.lanes)

        def body(k: Any, sums: list) -> list:
            left = tile.spread(builder.load(builder.gep(a, [k])), tile.vector)
            which = builder.zext(builder.load(builder.gep(mark, [k])), _i64)
            start = builder.add(builder.mul(k, b_step), builder.load(builder.gep(jump, [which])))
            start = builder.gep(b, [start])
            return [
                tile.multiply_add(left, tile.load(builder.gep(start, [at[v]]), every), sums[v]) for v in range(GATHERED)
            ]

        for v, total in enumerate(tile.loop(depth, GATHERED, body)):
            place = builder.gep(c, [at[v]])
            tile.store(builder.fadd(tile.load(place, every), total), place, every)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(a, integer, b, integer, integer, mark, integer, jump, integer, c, integer), codegen


@intrinsic
def dot(typing, a, a_at, b, b_at, a_step, b_step, depth, rows, columns, c, c_at, c_step, add):  # type: ignore[no-untyped-def]
    """c[c_at + i c_step + j] (+)= Σ_k a[a_at + i a_step + k] b[b_at + j b_step + k], k < depth.

    For i < rows <= DOT_ROWS and j < columns <= DOT_ROWS.
    """

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        tile = Tile(context, builder, signature.args[0])
        a, b, c = (tile.pointer(signature, arguments, i) for i in (0, 2, 9))
        a_step, b_step, depth, rows, columns, _, _, c_step, add = arguments[4:]

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
                    with builder.if_else(add) as (old, new):
                        with old:
                            before = builder.load(place)
                            old_block = builder.block
                        with new:
                            new_block = builder.block
                    start = builder.phi(tile.element)
                    start.add_incoming(before, old_block)
                    start.add_incoming(ir.Constant(tile.element, 0.0), new_block)
                    builder.store(builder.fadd(start, tile.sum(sums[i * DOT_ROWS + j])), place)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(
        a, integer, b, integer, integer, integer, integer, integer, integer, c, integer, integer, types.boolean
    ), codegen
