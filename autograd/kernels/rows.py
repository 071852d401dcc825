"""Maximum, exponentials and sums of a row, for kernels that take a matrix row by row, as LLVM vector instructions.

A sum that grows from number to number waits for each addition, and the compiler may not reorder additions.  LANES sums
side by side do not wait.  As an array they are loaded and stored at each step, which takes longer than adding.  Here
they are one LLVM vector, which stays in registers: a row of 1,000 float32 numbers takes 30 ns instead of 280.

The last numbers of a row, fewer than LANES, are loaded with a mask, so nothing outside the array is read.  At the end
the lanes are added in halves: 64 to 32, 32 to 16, and from there in float64.  So the order of additions depends on
neither the processor nor its vector width.

In float32 each lane adds at most STEPS numbers, since each addition rounds.  Longer rows are taken in parts, whose sums
are added in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils

from autograd.kernels.functions import exponential
from autograd.kernels.jit import FASTMATH, kernel
from autograd.kernels.sums import LANES, STEPS

BLOCK = 2048  # minimum number of elements for one thread
PART = LANES * STEPS  # numbers whose sum is computed in the row's own dtype
WIDE = 16  # lanes that are added in float64 at the end
FLAGS = tuple(FASTMATH)

intrinsic: Any = extending.intrinsic  # typed, its functions could not be called without their first argument
_i32, _i64 = ir.IntType(32), ir.IntType(64)
Vectors = list[ir.Value]


def _splat(builder: ir.IRBuilder, scalar: ir.Value) -> ir.Value:
    undefined = ir.Constant(ir.VectorType(scalar.type, LANES), ir.Undefined)
    one = builder.insert_element(undefined, scalar, ir.Constant(_i32, 0))
    return builder.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(_i32, LANES), [0] * LANES))


def _halves(builder: ir.IRBuilder, vector: ir.Value) -> tuple[ir.Value, ir.Value]:
    """The lower and the upper lanes."""
    half = vector.type.count // 2
    numbers = ir.VectorType(_i32, half)
    lower, upper = (ir.Constant(numbers, list(range(first, first + half))) for first in (0, half))
    return builder.shuffle_vector(vector, vector, lower), builder.shuffle_vector(vector, vector, upper)


def _sum_of_lanes(builder: ir.IRBuilder, vector: ir.Value) -> ir.Value:
    """The sum of all lanes, in float64."""
    while vector.type.count > 1:
        if vector.type.count == WIDE and vector.type.element != ir.DoubleType():
            vector = builder.fpext(vector, ir.VectorType(ir.DoubleType(), WIDE))
        vector = builder.fadd(*_halves(builder, vector))
    return builder.extract_element(vector, ir.Constant(_i32, 0))


def _larger(builder: ir.IRBuilder, x: ir.Value, y: ir.Value) -> ir.Value:
    """x where x > y, else y: one instruction."""
    return builder.select(builder.fcmp_ordered(">", x, y), x, y)


def _largest_lane(builder: ir.IRBuilder, vector: ir.Value) -> ir.Value:
    while vector.type.count > 1:
        vector = _larger(builder, *_halves(builder, vector))
    return builder.extract_element(vector, ir.Constant(_i32, 0))


def _over_row(
    context: Any,
    builder: ir.IRBuilder,
    rows: list[tuple[Any, ir.Value]],
    initial: list[float],
    outside: float,
    step: Callable[[Vectors, Vectors, ir.Value], Vectors],
) -> Vectors:
    """Vectors of LANES results, from those of `initial`, after all steps.

    rows: arrays of one length.  step(results, numbers, inside) gives the next results from LANES numbers of each row.
    `inside` tells, in the last step, which lanes are inside the rows; the numbers of the others are `outside`.
    """
    arrays = [context.make_array(kind)(context, builder, value) for kind, value in rows]
    element = context.get_data_type(rows[0][0].dtype)
    size = rows[0][0].dtype.bitwidth // 8
    vector, mask = ir.VectorType(element, LANES), ir.VectorType(ir.IntType(1), LANES)
    length, lanes = arrays[0].nitems, ir.Constant(_i64, LANES)
    whole = builder.and_(length, ir.Constant(_i64, -LANES))
    before, head = builder.block, builder.append_basic_block("row.head")
    body, after = builder.append_basic_block("row.body"), builder.append_basic_block("row.after")
    builder.branch(head)

    builder.position_at_end(head)
    at = builder.phi(_i64)
    results: Vectors = [builder.phi(vector) for _ in initial]
    builder.cbranch(builder.icmp_signed("<", at, whole), body, after)

    builder.position_at_end(body)
    places = [builder.bitcast(builder.gep(array.data, [at]), vector.as_pointer()) for array in arrays]
    numbers = [builder.load(place, align=size) for place in places]
    following = step(results, numbers, ir.Constant(mask, [True] * LANES))
    for phi, start, value in zip([at, *results], [0, *initial], [builder.add(at, lanes), *following], strict=True):
        kind = ir.Constant(_i64, start) if phi is at else ir.Constant(vector, [start] * LANES)
        phi.add_incoming(kind, before)
        phi.add_incoming(value, body)
    builder.branch(head)

    builder.position_at_end(after)
    last, end = builder.append_basic_block("row.last"), builder.append_basic_block("row.end")
    builder.cbranch(builder.icmp_signed("<", whole, length), last, end)
    builder.position_at_end(last)
    left = builder.trunc(builder.sub(length, whole), _i32)
    count = ir.Constant(ir.VectorType(_i32, LANES), list(range(LANES)))
    inside = builder.icmp_signed("<", count, _splat(builder, left))
    fill = ir.Constant(vector, [outside] * LANES)
    load = ir.FunctionType(vector, [vector.as_pointer(), _i32, mask, vector])
    masked = cgutils.get_or_insert_function(builder.module, load, f"llvm.masked.load.v{LANES}f{8 * size}.p0")
    places = [builder.bitcast(builder.gep(array.data, [whole]), vector.as_pointer()) for array in arrays]
    numbers = [builder.call(masked, [place, ir.Constant(_i32, size), inside, fill]) for place in places]
    finished = step(results, numbers, inside)
    builder.branch(end)

    builder.position_at_end(end)
    sums = []
    for result, final in zip(results, finished, strict=True):
        phi = builder.phi(vector)
        phi.add_incoming(result, after)
        phi.add_incoming(final, last)
        sums.append(phi)
    return sums


@intrinsic
def largest(typing, row):  # type: ignore[no-untyped-def]
    """The maximum of a row, -inf if it is empty.  A NaN is passed over, or becomes the result."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        lowest = float("-inf")
        rows = [(signature.args[0], arguments[0])]
        (lanes,) = _over_row(
            context, builder, rows, [lowest], lowest, lambda best, x, inside: [_larger(builder, x[0], best[0])]
        )  # fmt: skip
        return _largest_lane(builder, lanes)

    return row.dtype(row), codegen


@intrinsic
def _sum(typing, row):  # type: ignore[no-untyped-def]
    """Σ a of at most PART numbers, in float64."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        rows = [(signature.args[0], arguments[0])]
        (lanes,) = _over_row(
            context, builder, rows, [0.0], 0.0, lambda sums, x, inside: [builder.fadd(sums[0], x[0], FLAGS)]
        )  # fmt: skip
        return _sum_of_lanes(builder, lanes)

    return types.float64(row), codegen


@intrinsic
def _products(typing, a, b, middle):  # type: ignore[no-untyped-def]
    """Σ a and Σ a d of at most PART numbers, in float64, d = b - middle."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        centre = _splat(builder, arguments[2])
        zeros = ir.Constant(centre.type, [0.0] * LANES)

        def step(sums: Vectors, x: Vectors, inside: ir.Value) -> Vectors:
            d = builder.select(inside, builder.fsub(x[1], centre, FLAGS), zeros)
            product = builder.fmul(x[0], d, FLAGS)
            return [builder.fadd(sums[0], x[0], FLAGS), builder.fadd(sums[1], product, FLAGS)]

        rows = list(zip(signature.args[:2], arguments[:2], strict=True))
        results = [_sum_of_lanes(builder, lanes) for lanes in _over_row(context, builder, rows, [0.0, 0.0], 0.0, step)]
        return context.make_tuple(builder, signature.return_type, results)

    return types.UniTuple(types.float64, 2)(a, b, b.dtype), codegen


@intrinsic
def _moments(typing, row, middle):  # type: ignore[no-untyped-def]
    """Σ d and Σ d² of at most PART numbers, in float64, d = a - middle."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        centre = _splat(builder, arguments[1])

        def step(sums: Vectors, x: Vectors, inside: ir.Value) -> Vectors:
            d = builder.select(inside, builder.fsub(x[0], centre, FLAGS), ir.Constant(centre.type, [0.0] * LANES))
            return [builder.fadd(sums[0], d, FLAGS), builder.fadd(sums[1], builder.fmul(d, d, FLAGS), FLAGS)]

        rows = [(signature.args[0], arguments[0])]
        results = [_sum_of_lanes(builder, lanes) for lanes in _over_row(context, builder, rows, [0.0, 0.0], 0.0, step)]
        return context.make_tuple(builder, signature.return_type, results)

    return types.UniTuple(types.float64, 2)(row, row.dtype), codegen


@intrinsic
def _standardized(typing, a, b, middle, scale, shift):  # type: ignore[no-untyped-def]
    """Σ a and Σ a z of at most PART numbers, in float64, z = scale (b - middle) - shift."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        middle, scale, shift = (_splat(builder, number) for number in arguments[2:])
        zeros = ir.Constant(middle.type, [0.0] * LANES)

        def step(sums: Vectors, x: Vectors, inside: ir.Value) -> Vectors:
            z = builder.fsub(builder.fmul(scale, builder.fsub(x[1], middle, FLAGS), FLAGS), shift, FLAGS)
            z = builder.select(inside, z, zeros)
            return [builder.fadd(sums[0], x[0], FLAGS), builder.fadd(sums[1], builder.fmul(x[0], z, FLAGS), FLAGS)]

        rows = list(zip(signature.args[:2], arguments[:2], strict=True))
        results = [_sum_of_lanes(builder, lanes) for lanes in _over_row(context, builder, rows, [0.0, 0.0], 0.0, step)]
        return context.make_tuple(builder, signature.return_type, results)

    return types.UniTuple(types.float64, 2)(a, b, b.dtype, b.dtype, b.dtype), codegen


@kernel()
def row_sum(row):
    """Σ a, in float64."""
    total = 0.0
    for first in range(0, len(row), PART):
        total += _sum(row[first : first + PART])
    return total


@kernel()
def row_products(a, b, middle):
    """Σ a and Σ a d, in float64, d = b - middle."""
    total = product = 0.0
    for first in range(0, len(a), PART):
        sums = _products(a[first : first + PART], b[first : first + PART], middle)
        total += sums[0]
        product += sums[1]
    return total, product


@kernel()
def row_moments(row, middle):
    """Σ d and Σ d², in float64, d = a - middle."""
    total = square = 0.0
    for first in range(0, len(row), PART):
        sums = _moments(row[first : first + PART], middle)
        total += sums[0]
        square += sums[1]
    return total, square


@kernel()
def row_standardized(a, b, middle, scale, shift):
    """Σ a and Σ a z, in float64, z = scale (b - middle) - shift."""
    total = product = 0.0
    for first in range(0, len(a), PART):
        last = first + PART
        sums = _standardized(a[first:last], b[first:last], middle, scale, shift)
        total += sums[0]
        product += sums[1]
    return total, product


@kernel()
def exponentials(row, shift, out):
    """out = e^(row - shift)."""
    for i in range(len(row)):
        out[i] = exponential(row[i] - shift)
