"""Convolutions of stride 1 with fewer multiplications: Winograd's F(2 × 2, 3 × 3), F(4 × 4, 3 × 3) and F(2 × 2, 5 × 5).

m × m results, a tile, of r × r windows depend on n × n pixels, n = m + r - 1.  Computed one by one they take m² r²
multiplications, this way n²: 16 for 36, 36 for 144, 36 for 100.

    y = Aᵀ [ (G w Gᵀ) ⊙ (Bᵀ d B) ] A          d: n × n pixels, w: r × r weights, y: m × m results, ⊙: elementwise

Where it comes from.  Take the numbers of a row as coefficients of polynomials.  The product of w (r coefficients) and y
(m of them) has n, so n values give it: those at n - 1 points p and its leading coefficient, "the value at infinity".

    w y = interpolation of w(p) · y(p)         w(p) = Σ_k p^k w_k,  y(p) = Σ_i p^i y_i

The convolution is the transpose of this map from y to the product: evaluation becomes Aᵀ[i, p] = p^i, and the
interpolation of Lagrange becomes Bᵀ, whose row of p has the coefficients of Π (x - q) over the other points q.  Its
denominator, Π (p - q), goes to G[p, k] = p^k / Π (p - q).  At infinity, Bᵀ has Π (x - q) over all points, and A and G
have 1 for the leading coefficient (`matrices`).

The points decide the error, which large and small powers make large.  For n = 4 they are 0, 1, -1; Bᵀ and Aᵀ are then
additions only.  For n = 6 they are 0, ±5/8, ±3/2: of those that were tried, these have about the smallest error, and Bᵀ
and Aᵀ are exact (docs/performance.md).  Sums over channels are added DEPTH at a time, because the transform of
the results multiplies their rounding errors.

Summed over channels, the elementwise product is a matrix product for each of the n² elements e of a tile:

    m_e[t, o] = Σ_c v_e[t, c] u_e[c, o]        v = Bᵀ d B of tile t and channel c,  u = G w Gᵀ of c and o

The weight gradient is one with tiles summed, so it needs as few multiplications:

    dw = Gᵀ [ Σ_t (A g Aᵀ) ⊙ (Bᵀ d B) ] G      g: m × m gradients of tile t

The input gradient is the convolution of g with weights that are turned by 180°, with a padding of r - 1 less that of
the convolution.

All transforms have channels in the lanes, so no lane is idle in small images.  The images of a block are transposed
in registers (`pack_pixels`), and each tile is read, transformed and written as n² vectors.  A block has as many tiles
as the second-level cache has room for when transformed.  They are multiplied with all weights, panel by panel and
element by element: the weights, n² C O numbers, come from memory once for each block.  Results are written pixel by
pixel, the tiles of a row from right to left, so that what a tile has beyond the edge is overwritten by the first
tile's next row; then all pixels of some rows are neighbours, whatever the width.

The error against float64 is about that of the direct form for n = 4, and two to three times as large for n = 6
(docs/performance.md).  A NaN or inf in one pixel would reach all results of a tile, and inf - inf is NaN.  So results
that are not finite are reported, and computed again in the direct form.

Sources: Winograd, "Arithmetic Complexity of Computations", 1980; Lavin, Gray, "Fast Algorithms for Convolutional Neural
Networks", 2016; for the choice of points Barabasz, Anderson, Soodhalter, Gregg, "Error Analysis and Improving the
Accuracy of Winograd Convolution for Deep Neural Networks", 2020.
"""

from __future__ import annotations

import math
import os
from fractions import Fraction
from functools import lru_cache, reduce
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import prange, types
from numba.core import cgutils
from numba.extending import intrinsic

from autograd.kernels.conv import MIN_PARTS, epilogue_rows
from autograd.kernels.conv_pool import pool_rows
from autograd.kernels.gemm import (
    MIN_PRODUCTS,
    aligned,
    lanes,
    multiply_panel,
    offsets,
    panel_columns,
    transpose_rows,
)
from autograd.kernels.jit import (
    ELEMENTS as MIN_ADDITIONS,
    dense,
    kernel,
    limit_threads,
    set_threads,
    vector_bytes,
)
from autograd.kernels.microkernels import (
    MR,
    NR_VECTORS,
    IndexedPlace,
    IndexedRows,
    Place,
    Rows,
    VectorBuilder,
    clear,
    copy_row,
)
from autograd.kernels.planes import inside
from autograd.types import Array, Pair

DEPTH = 16  # channels whose products are added at a time
BLOCK_BYTES = 5 << 18  # of a block's transformed pixels and of a panel's sums
MIN_BLOCK_TILES, BLOCK_TILES = 4 * MR, 128  # of a block, at least and at most
GRAD_DEPTH = 12  # tiles of a weight gradient whose products are added at a time
# Tiles of a block of the weight gradient: as many as GRAD_BYTES hold when transformed, at most GRAD_TILES.  Neither
# cache nor vector width decides it, so that all processors add in the same order.
GRAD_TILES, GRAD_BYTES, GRAD_COLUMNS = 96, 1 << 19, 32
GRAD_CHANNELS, GRAD_OUTPUTS = 64, 128  # of a block of the weight gradient
PART_ELEMENTS = 36 << 15  # elements that the weight gradients of all image blocks may have together
# Fewer channels, tiles or saved multiplications cost more in transforms than they save
MIN_CHANNELS, MIN_CHANNELS_WEIGHT_GRAD = 16, 32
MIN_TILES, MIN_SAVING = 32, 1.5
ENABLED = os.environ.get("LUCIDGRAD_WINOGRAD") != "0"
NO_ARGMAX = np.empty((0, 0, 0, 0), np.uint8)
WEIGHT_BLOCKS = 8  # that the channels of a panel of weights are cut into, for threads


class Form(NamedTuple):
    """F(m × m, r × r): m × m results of r × r windows, by the values at n - 1 points and at infinity.

    Points p and -p follow each other, which halves the work of the transforms (`VectorTransform.product`).
    """

    results: int
    window: int
    points: tuple[Fraction, ...]


_FOUR = Fraction(0), Fraction(1), Fraction(-1)
_SIX = Fraction(0), Fraction(5, 8), Fraction(-5, 8), Fraction(3, 2), Fraction(-3, 2)
FORMS = Form(2, 3, _FOUR), Form(4, 3, _SIX), Form(2, 5, _SIX)
USED: tuple[int, ...] = (0, 1, 2)  # places in FORMS of those that `choose` takes one of
# For weight gradients; in that of 5 × 5 the error would be up to eight times the direct form's
GRAD_USED: tuple[int, ...] = (0, 1)
MIN_GRAD_PIXELS = 4096  # of all images, from which on that of 3 × 3 takes six points: the direct error grows with them
Matrix = list[list[Fraction]]


def matrices(form: Form) -> tuple[Matrix, Matrix, Matrix]:
    """A (n, m), G (n, r) and Bᵀ (n, n) of a form, exactly."""
    results, window, points = form
    size = len(points) + 1

    def roots(values: tuple[Fraction, ...]) -> list[Fraction]:  # coefficients of Π (x - value), the lowest first
        polynomial = [Fraction(1)]
        for value in values:
            shifted = [Fraction(0), *polynomial]
            polynomial = [a - value * b for a, b in zip(shifted, [*polynomial, Fraction(0)], strict=True)]
        return polynomial + [Fraction(0)] * (size - len(polynomial))

    def powers(point: Fraction, count: int, divisor: Fraction) -> list[Fraction]:
        return [point**k / divisor for k in range(count)]

    others = [tuple(q for q in points if q != p) for p in points]
    divisors = [math.prod((p - q for q in rest), start=Fraction(1)) for p, rest in zip(points, others, strict=True)]
    a = [powers(p, results, Fraction(1)) for p in points]
    g = [powers(p, window, divisor) for p, divisor in zip(points, divisors, strict=True)]
    last = [[Fraction(0)] * (count - 1) + [Fraction(1)] for count in (results, window)]
    return [*a, last[0]], [*g, last[1]], [*(roots(rest) for rest in others), roots(points)]


def transposed(matrix: Matrix) -> Matrix:
    return [list(column) for column in zip(*matrix, strict=True)]


class Plan(NamedTuple):
    """How a convolution goes through its images.  Kernels get it as a plain tuple, as `conv.Plan`.

    Attributes
    ----------
    form : int
        Place in FORMS.
    m, n : int
        Results and pixels of a tile in each direction.
    batch : int
        Images of a block.  More than one only if a block has all their rows.
    rows, columns : int
        Tiles of a block in each direction, of one image.
    top, left : int
        Row and column of the image where the tiles begin; negative in the padding.
    size : int
        Tiles that a block has room for.  Their transformed pixels are (n², channels / DEPTH, size, DEPTH).
    tile : (size,) int64 array
        0, DEPTH, 2 DEPTH, …: where each tile is among those of DEPTH channels.
    channel : (C,) int64 array
        Where the transformed pixels of each channel are.
    """

    form: int
    m: int
    n: int
    batch: int
    rows: int
    columns: int
    top: int
    left: int
    size: int
    tile: Array
    channel: Array


@lru_cache(maxsize=256)
def make_plan(form: int, images: int, channels: int, out: Pair, padding: Pair, most: int) -> Plan:
    """The plan for results of size `out` from images with so many channels, with blocks of `most` tiles or one row."""
    m, window, _ = FORMS[form]
    rows, columns = -(-out[0] // m), -(-out[1] // m)
    block = max(1, min(rows, most // columns))
    block = -(-rows // -(-rows // block))
    batch = 1
    if block == rows:
        batch = max(1, min(images, most // (rows * columns)))
        batch = -(-images // -(-images // batch))
    size = batch * block * columns
    channel = np.arange(channels)
    return Plan(
        form=form,
        m=m,
        n=m + window - 1,
        batch=batch,
        rows=block,
        columns=columns,
        top=-padding[0],
        left=-padding[1],
        size=size,
        tile=offsets(size, DEPTH),
        channel=channel // DEPTH * (size * DEPTH) + channel % DEPTH,
    )


@kernel()
def element_step(channels, size):
    """Elements from one element of the transformed pixels to the next.

    A cache has a place for a line by its address.  With an odd number of lines, those of all elements have different
    places.
    """
    return -(-channels // DEPTH) * size * DEPTH + 16


# ── transforms ─────────────────────────────────────────────────────────────────────────


class VectorTransform:
    """Emits X d Xᵀ for a constant matrix X and vectors d[i][j]."""

    def __init__(self, build: VectorBuilder, matrix: Matrix) -> None:
        self.build, self.builder, self.matrix = build, build.builder, matrix

    def constant(self, value: Fraction) -> ir.Constant:
        number = float(value) if self.build.align == 8 else float(np.float32(float(value)))
        return ir.Constant(self.build.vector, [number] * self.build.lanes)

    def add(self, factor: Fraction, x: ir.Value, total: ir.Value) -> ir.Value:
        """total + factor x."""
        if abs(factor) == 1:
            return (self.builder.fadd if factor == 1 else self.builder.fsub)(total, x)
        return self.build.multiply_add(self.constant(factor), x, total)

    def combined(self, factors: list[Fraction], x: list[ir.Value]) -> ir.Value:
        """Σ_k factors[k] x[k], beginning with a factor of 1 if there is one."""
        terms = [(factor, value) for factor, value in zip(factors, x, strict=True) if factor]
        terms.sort(key=lambda term: term[0] != 1)
        factor, total = terms[0]
        if factor != 1:
            total = self.builder.fmul(self.constant(factor), total)
        for factor, value in terms[1:]:
            total = self.add(factor, value, total)
        return total

    def product(self, x: list[ir.Value]) -> list[ir.Value]:
        """X x.  Rows of points p and -p, or columns, differ only in the signs of odd powers, and share their work."""
        matrix, x = self.matrix, list(x)
        columns = transposed(matrix)
        for k in range(len(columns) - 1):
            if _mirrored(columns[k], columns[k + 1]):
                a, b = x[k], x[k + 1]
                x[k : k + 2] = self.builder.fadd(a, b), self.builder.fsub(a, b)
                columns[k : k + 2] = _even_and_odd(columns[k], columns[k + 1])
        rows, results, i = transposed(columns), [], 0
        while i < len(rows):
            if i + 1 < len(rows) and _mirrored(rows[i], rows[i + 1]):
                even, odd = _even_and_odd(rows[i], rows[i + 1])
                first = next(factor for factor in odd if factor)
                shared, odds = self.combined(even, x), self.combined([factor / first for factor in odd], x)
                results += [self.add(first, odds, shared), self.add(-first, odds, shared)]
                i += 2
            else:
                results.append(self.combined(rows[i], x))
                i += 1
        return results


def _mirrored(a: list[Fraction], b: list[Fraction]) -> bool:
    """Whether b differs from a in signs only, in some places but not in all."""
    return all(abs(x) == abs(y) for x, y in zip(a, b, strict=True)) and all(map(any, _even_and_odd(a, b)))


def _even_and_odd(a: list[Fraction], b: list[Fraction]) -> tuple[list[Fraction], list[Fraction]]:
    """(a + b) / 2 and (a - b) / 2."""
    pairs = list(zip(a, b, strict=True))
    return [(x + y) / 2 for x, y in pairs], [(x - y) / 2 for x, y in pairs]


def _transform(choose: Any) -> Any:
    @intrinsic
    def transform(typing, form, a, a_at, a_steps, c, c_at, c_steps):  # type: ignore[no-untyped-def]
        """C = X A Xᵀ for one tile and a vector of channels, where X = choose(A, G, Bᵀ) of FORMS[form].

        A[i, j] is the vector at a_at + i a_steps[0] + j a_steps[1] in the flat array a.  C[i, j] goes to
        c_at + i c_steps[0] + j c_steps[1] in c; with four steps, to c_at + (i // 2) c_steps[0] + (i % 2) c_steps[1]
        + (j // 2) c_steps[2] + (j % 2) c_steps[3].  Vectors are written row by row.
        """

        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            build = VectorBuilder(context, builder, signature.args[1])
            a, c = build.argument(signature, arguments, 1), build.argument(signature, arguments, 4)
            a_steps, c_steps = (cgutils.unpack_tuple(builder, arguments[i]) for i in (3, 6))

            def place(start: ir.Value, steps: list[ir.Value], i: int, j: int) -> ir.Value:
                counts = (i, j) if len(steps) == 2 else (i // 2, i % 2, j // 2, j % 2)
                offset = build.int64(0)
                for count, step in zip(counts, steps, strict=True):
                    offset = builder.add(offset, builder.mul(step, build.int64(count)))
                return builder.gep(start, [offset])

            for number, each in enumerate(FORMS):
                with builder.if_then(builder.icmp_signed("==", arguments[0], build.int64(number))):
                    vectors = VectorTransform(build, choose(*matrices(each)))
                    size = len(vectors.matrix[0])
                    columns = [
                        vectors.product([build.load(place(a, a_steps, i, j)) for i in range(size)]) for j in range(size)
                    ]
                    for i in range(len(vectors.matrix)):
                        for j, value in enumerate(vectors.product([column[i] for column in columns])):
                            build.store(value, place(c, c_steps, i, j))
            return context.get_dummy_value()

        integer = types.int64
        return types.void(integer, a, integer, a_steps, c, integer, c_steps), codegen

    return transform


split = _transform(lambda a, g, b: b)  # pixels
spread_weights = _transform(lambda a, g, b: g)
join = _transform(lambda a, g, b: transposed(a))  # results
spread_gradients = _transform(lambda a, g, b: a)
join_weights = _transform(lambda a, g, b: transposed(g))


@intrinsic
def all_finite(typing, a, rows, columns):  # type: ignore[no-untyped-def]
    """Whether A[i, j] is finite for i < rows and j < columns, and for the other lanes of the last vector; a: Rows.

    columns: at most NR_VECTORS vectors.
    """

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        build = VectorBuilder(context, builder, signature.args[0])
        start, a_step = build.rows(signature, arguments, 0)
        rows, columns = arguments[1:3]
        offsets = []  # of a row's vectors; of its first one again, if it has fewer
        for lane in [build.int64(v * build.lanes) for v in range(NR_VECTORS)]:
            offsets.append(builder.select(builder.icmp_signed("<", lane, columns), lane, build.int64(0)))

        def row(step: ir.Value, sums: list[ir.Value]) -> list[ir.Value]:  # x - x is 0 or NaN
            at = builder.mul(step, a_step)
            vectors = [build.load(builder.gep(start, [builder.add(at, offset)])) for offset in offsets]
            return [builder.fadd(total, builder.fsub(x, x)) for total, x in zip(sums, vectors, strict=True)]

        total = build.reduce_add(reduce(builder.fadd, build.loop(rows, NR_VECTORS, row)))
        return builder.fcmp_ordered("ord", total, total)

    return types.boolean(a, types.int64, types.int64), codegen


@kernel(parallel=True, allocates=True)
def transform_weights(w, row, channel_step, turned, form, m, window, panels):
    """panels (panels, n², C, width): G w Gᵀ with output channels side by side.

    w is flat; the r × r weights of output o and channel c start at row[o] + c channel_step.  They are turned by 180°
    if `turned`.
    """
    count, elements, channels, width = panels.shape
    taps, n = window * window, m + window - 1
    flat, step = panels.reshape(-1), channels * width
    threads = limit_threads(count * width * channels * elements // MIN_PRODUCTS)
    for unit in prange(count * WEIGHT_BLOCKS):
        panel, block = unit // WEIGHT_BLOCKS, unit % WEIGHT_BLOCKS
        some = aligned(taps * width, w)
        clear(some, 0, len(some))
        outputs, sign = min(width, len(row) - panel * width), -width if turned else width
        for c in range(block * channels // WEIGHT_BLOCKS, (block + 1) * channels // WEIGHT_BLOCKS):
            transpose_rows(
                IndexedRows(w, c * channel_step, row, panel * width), outputs, taps, Rows(some, 0, width)
            )  # fmt: skip
            at = (panel * elements * channels + c) * width
            for j in range(0, width, lanes(w)):
                spread_weights(
                    form, some, ((taps - 1) * width if turned else 0) + j, (window * sign, sign),
                    flat, at + j, (n * step, step),
                )  # fmt: skip
    set_threads(threads)


@kernel()
def pack_pixels(images, at, channel, count, size, corner, tile, line, pixels):
    """pixels[i, j] = the pixel (corner[0] + i, corner[1] + j) of `count` <= L channels, L numbers side by side.

    Channel k is an image of the given size at at + channel[k] in the flat array `images`.  Of the pixels, of which
    there are tile[0] × tile[1], those outside the image are not written.  line: working memory for an image.
    """
    (height, width), (top, left), (rows, columns), vector = size, corner, tile, lanes(images)
    (first, last), (low, high) = inside(top, 1, rows, height), inside(left, 1, columns, width)
    transpose_rows(
        IndexedRows(images, at + (top + first) * width, channel, 0), count, (last - first) * width,
        Rows(line, 0, vector),
    )  # fmt: skip
    for i in range(first, last):
        copy_row(
            line, ((i - first) * width + left + low) * vector, (high - low) * vector,
            pixels, (i * columns + low) * vector,
        )  # fmt: skip


@kernel()
def split_images(x, n0, together, first_channel, channels, block, tile_rows, channel, plan, line, pixels, v):
    """v (n², channels / DEPTH, size, DEPTH): Bᵀ d B for some channels of images n0 … and the tiles of a block.

    channel: offsets of x's channels.  line, pixels: working memory.
    """
    form, m, n, _, rows, columns, top, left, room, _, _ = plan
    height, width = x.shape[2:]
    images, vector, step = x.reshape(-1), lanes(x), element_step(channels, room)
    tile_height, tile_width = rows * m + n - m, columns * m + n - m
    clear(pixels, 0, tile_height * tile_width * vector)
    for b in range(together):
        for c in range(0, channels, vector):
            at = ((n0 + b) * x.shape[1] + first_channel + c) * height * width
            pack_pixels(
                images, at, channel, min(vector, channels - c), (height, width), (block * rows * m + top, left),
                (tile_height, tile_width), line, pixels,
            )  # fmt: skip
            to = c // DEPTH * room * DEPTH + c % DEPTH
            for i in range(tile_rows):
                for j in range(columns):
                    split(
                        form, pixels, (i * tile_width + j) * m * vector, (tile_width * vector, vector),
                        v, to + ((b * tile_rows + i) * columns + j) * DEPTH, (n * step, step),
                    )  # fmt: skip


@kernel()
def split_memory(x, plan):
    """Elements of `line` and of `pixels` for `split_images`."""
    _, m, n, _, rows, columns, _, _, _, _, _ = plan
    height = rows * m + n - m
    return (height * x.shape[3] + 1) * lanes(x), height * (columns * m + n - m) * lanes(x)


# ── products ───────────────────────────────────────────────────────────────────────────


@kernel()
def multiply_elements(v, room, tile, weights, place, channels, elements, tiles, columns, m):
    """m (n², …): Σ_c v_e[t, c] u_e[c, o] for the elements e and the tiles t of a block, and a panel of weights.

    place: that of the panel.  Whole vectors are written.
    """
    width, step, m_step = place.step, element_step(channels, room), element_step(place.step, room)
    columns = -(-columns // lanes(v)) * lanes(v)
    for e in range(elements):
        for k in range(0, channels, DEPTH):
            multiply_panel(
                v, tile, 1, IndexedPlace(e * step + k * room, 0, 0), weights,
                Place(place.start + (e * channels + k) * width, width), min(DEPTH, channels - k), DEPTH, tiles, columns,
                m, Place(e * m_step, width), k > 0,
            )  # fmt: skip


@kernel(parallel=True, allocates=True)
def forward(x, panels, bias, relu, plan, input_channel, row, y, argmax, finite):
    """y (N, O, H', W') from x (N, C, H, W), `transform_weights` and bias (O,); max(y, 0) if `relu`.

    If argmax is not empty, y is the maximum of each 2 × 2 window of results, or 0 if that is greater, and argmax says
    which of the four that is.  input_channel: offsets of x's channels.  row: offsets of the rows of a panel.  finite:
    one for each block of images, false if a result before bias and relu is NaN or inf.
    """
    form, m, n, batch, rows, columns, _, _, room, tile, _ = plan
    images, outputs, height, width = y.shape
    channels, panel_width, pooled = x.shape[1], panels.shape[3], argmax.size > 0
    block_height = rows * m // 2 if pooled else rows * m  # in rows of y
    row_blocks, count_panels, elements = -(-height // block_height), panels.shape[0], n * n
    weights, result, indices = panels.reshape(-1), y.reshape(-1), argmax.reshape(-1)
    m_step = element_step(panel_width, room)
    threads = limit_threads(elements * images * row_blocks * rows * columns * channels * outputs // MIN_PRODUCTS)
    for unit in prange(len(finite)):
        n0, block = unit // row_blocks * batch, unit % row_blocks
        together, y0 = min(batch, images - n0), block * block_height
        y_rows = min(block_height, height - y0)
        tile_rows = -(-y_rows * rows // block_height)
        image_tiles = tile_rows * columns
        tiles = together * image_tiles
        v = aligned(elements * element_step(channels, room), x)
        line_size, pixels_size = split_memory(x, plan)
        line, pixels = np.zeros(line_size, x.dtype), aligned(pixels_size, x)  # zeros: idle lanes have no odd numbers
        split_images(x, n0, together, 0, channels, block, tile_rows, input_channel, plan, line, pixels, v)
        products = aligned(elements * m_step, x)
        windows = y_rows * width
        spare = (m + 1) * (width + m) * panel_width  # for what tiles have beyond the edges
        sums = aligned((4 if pooled else 1) * (windows * panel_width + spare), x)
        pool_size = windows * panel_width if pooled else 0
        best, which, transposed = aligned(pool_size, x), aligned(pool_size, x), np.empty(pool_size, x.dtype)
        finite[unit] = True
        for panel in range(count_panels):
            o = panel * panel_width
            count = min(panel_width, outputs - o)
            place = Place(panel * elements * channels * panel_width, panel_width)
            multiply_elements(v, room, tile, weights, place, channels, elements, tiles, count, products)
            results = Rows(sums, 0, panel_width)
            for b in range(together):
                join_image(
                    form, m, n, products, b * image_tiles, m_step, tile_rows, columns, width, count, pooled, results
                )
                y_at = ((n0 + b) * outputs + o) * height * width + y0 * width
                if pooled:
                    pool_rows(
                        results, bias, o, count, windows, best, which, transposed, row, result, indices, y_at,
                        height * width,
                    )  # fmt: skip
                else:
                    epilogue_rows(results, bias, o, relu, windows, count, Rows(result, y_at, height * width))
                if not all_finite(results, (4 if pooled else 1) * windows, count):
                    finite[unit] = False
    set_threads(threads)


@kernel()
def join_image(form, m, n, products, first, m_step, tile_rows, columns, width, outputs, pooled, sums):
    """sums (rows, width, panel) = Aᵀ m A for the tiles of an image's rows; first: the first of them among all tiles.

    With pooling, sums are (rows, width, 4, panel), of the windows of 2 × 2 results.  sums: Rows, as long as a panel's,
    of which `outputs` numbers count.
    """
    panel = sums.step
    for i in range(tile_rows):
        for j in range(columns - 1, -1, -1):
            at, to = (first + i * columns + j) * panel, (i * width + j) * m * panel
            if pooled:
                steps = (4 * width * panel, 2 * panel, 4 * panel, panel)
                to *= 2
            else:
                steps = (2 * width * panel, width * panel, 2 * panel, panel)
            for k in range(0, outputs, lanes(products)):
                join(form, products, at + k, (n * m_step, m_step), sums.array, to + k, steps)


@kernel()
def split_gradients(
    g, image, count, height, width, y0, first_row, tile_rows, output, plan, line, pixels, spread, panel_width
):  # fmt: skip
    """A g Aᵀ for the tiles of some rows of an image and `count` channels, from `image` on; g is flat.

    The first tile goes to place first_row · columns in `spread`, which is (n², size, panel_width).
    """
    form, m, n, _, rows, columns, _, _, room, _, _ = plan
    vector = lanes(g)
    step, tile_width = element_step(panel_width, room), m * columns
    for k in range(0, count, vector):
        pack_pixels(
            g, (image + k) * height * width, output, min(vector, count - k), (height, width), (y0, 0),
            (m * rows, tile_width), line, pixels,
        )  # fmt: skip
        for i in range(tile_rows):
            for j in range(columns):
                spread_gradients(
                    form, pixels, (i * tile_width + j) * m * vector, (tile_width * vector, vector),
                    spread, ((first_row + i) * columns + j) * panel_width + k, (n * step, step),
                )  # fmt: skip


@kernel(parallel=True, allocates=True)
def weight_grad(g, x, output, input_channel, plan, channel_blocks, output_blocks, parts):
    """parts (B, n², C, O): Σ_t (A g Aᵀ) ⊙ (Bᵀ d B), over each of B blocks of images.

    output, input_channel: offsets of the channels of g and x.
    """
    _, m, n, batch, rows, columns, _, _, room, _, channel = plan
    images, outputs, height, width = g.shape
    channels, vector, panel_width, elements = x.shape[1], lanes(g), panel_columns(outputs, lanes(g)), n * n
    row_blocks, panels = -(-height // (m * rows)), -(-outputs // panel_width)
    gradients, result = g.reshape(-1), parts.reshape(-1)
    s_step, tile_height, tile_width = element_step(panel_width, room), m * rows, m * columns
    threads = limit_threads(elements * images * row_blocks * rows * columns * channels * outputs // MIN_PRODUCTS)
    for unit in prange(len(parts) * channel_blocks * output_blocks):
        part, block_c = unit // (channel_blocks * output_blocks), unit // output_blocks % channel_blocks
        first, last = channels * block_c // channel_blocks, channels * (block_c + 1) // channel_blocks
        block_o = unit % output_blocks
        first_o = panels * block_o // output_blocks * panel_width
        last_o = min(outputs, panels * (block_o + 1) // output_blocks * panel_width)
        step = element_step(last - first, room)
        v = aligned(elements * step, x)
        line_size, pixels_size = split_memory(x, plan)
        line, pixels = np.zeros(line_size, x.dtype), aligned(pixels_size, x)  # zeros: idle lanes have no odd numbers
        g_line = np.zeros((tile_height * width + 1) * vector, g.dtype)
        g_pixels = aligned(tile_height * tile_width * vector, g)
        spread = aligned(elements * s_step, g)
        start, end = part * images // len(parts), (part + 1) * images // len(parts)
        for n0 in range(start, end, batch):
            together = min(batch, end - n0)
            for block in range(row_blocks):
                y0 = block * m * rows
                tile_rows = -(-min(height - y0, m * rows) // m)
                tiles = together * tile_rows * columns
                depth = -(-tiles // max(1, -(-tiles // GRAD_DEPTH)))
                split_images(
                    x, n0, together, first, last - first, block, tile_rows, input_channel, plan, line, pixels, v
                )
                clear(g_pixels, 0, len(g_pixels))
                for o in range(first_o, last_o, panel_width):
                    count = min(panel_width, outputs - o)
                    for b in range(together):
                        split_gradients(
                            gradients, (n0 + b) * outputs + o, count, height, width, y0, b * tile_rows, tile_rows,
                            output, plan, g_line, g_pixels, spread, panel_width,
                        )  # fmt: skip
                    for e in range(elements):  # Σ_t v[c, t] s[t, o]
                        to = ((part * elements + e) * channels + first) * outputs + o
                        multiply_panel(
                            v, channel, DEPTH, IndexedPlace(e * step, 0, 0), spread, Place(e * s_step, panel_width),
                            tiles, depth, last - first, count, result, Place(to, outputs), n0 > start or block > 0,
                        )  # fmt: skip
    set_threads(threads)


@kernel(parallel=True, allocates=True)
def add_weights(parts, form, n, window, tap, dw):
    """dw (O, C, r²) = Gᵀ p G, where p is the sum of parts (B, n², C, O).  tap: offsets of the taps of a panel."""
    _, elements, channels, outputs = parts.shape
    panel_width, taps = panel_columns(outputs, lanes(parts)), window * window
    count, result = -(-outputs // panel_width), dw.reshape(-1)
    threads = limit_threads(parts.size // MIN_ADDITIONS)
    for unit in prange(count * WEIGHT_BLOCKS):
        o, block = unit // WEIGHT_BLOCKS * panel_width, unit % WEIGHT_BLOCKS
        total = np.zeros((elements, panel_width), dw.dtype)
        joined, some = aligned(taps * panel_width, dw), min(panel_width, outputs - o)
        for c in range(block * channels // WEIGHT_BLOCKS, (block + 1) * channels // WEIGHT_BLOCKS):
            for e in range(elements):
                row = total[e, :some]
                row[:] = parts[0, e, c, o : o + some]
                for b in range(1, len(parts)):
                    part = parts[b, e, c, o : o + some]
                    for i in range(len(row)):
                        row[i] += part[i]
            for k in range(0, panel_width, lanes(dw)):
                join_weights(
                    form, total.reshape(-1), k, (n * panel_width, panel_width), joined, k,
                    (window * panel_width, panel_width),
                )  # fmt: skip
            to = (o * channels + c) * taps
            transpose_rows(IndexedRows(joined, 0, tap, 0), taps, some, Rows(result, to, channels * taps))
    set_threads(threads)


# ── what ops call ──────────────────────────────────────────────────────────────────────


def multiplications(form: int, out: Pair) -> int:
    """Multiplications for the results of an image, for each pair of channels, whole tiles at the edges included."""
    m, window, _ = FORMS[form]
    return -(-out[0] // m) * -(-out[1] // m) * (m + window - 1) ** 2


def choose(window: int, out: Pair, grad_images: int | None = None) -> int | None:
    """The form for results of size `out`: the one with fewer multiplications; if they are equal, the smaller tiles.

    grad_images: the images of a weight gradient.  None if no form has this window.
    """
    used = USED
    if grad_images is not None:
        many = grad_images * out[0] * out[1] >= MIN_GRAD_PIXELS
        used = tuple(i for i in GRAD_USED if many or FORMS[i].points == _FOUR)
    found = [i for i in used if FORMS[i].window == window]
    return min(found, key=lambda i: multiplications(i, out)) if found else None


def suits(
    images: int,
    channels: int,
    outputs: int,
    out: Pair,
    *,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
    weight_grad: bool = False,
) -> bool:
    """Whether a convolution to results of size `out`, or its weight gradient, is faster with fewer multiplications."""
    window = kernel_size[0]
    if not (
        ENABLED
        and kernel_size == (window, window)
        and stride == dilation == (1, 1)
        and groups == 1
        and max(padding) < window  # so that the input gradient has no negative padding
        and min(channels, outputs) >= (MIN_CHANNELS_WEIGHT_GRAD if weight_grad else MIN_CHANNELS)
    ):
        return False
    form = choose(window, out, images if weight_grad else None)
    if form is None:
        return False
    m = FORMS[form].results
    return images * -(-out[0] // m) * -(-out[1] // m) >= MIN_TILES and out[0] * out[
        1
    ] * window**2 >= MIN_SAVING * multiplications(form, out)


def _plan(form: int, images: int, channels: int, outputs: int, out: Pair, padding: Pair, like: Array) -> Plan:
    """The plan of a forward convolution: blocks as large as the cache, but enough of them for threads."""
    m, _, points = FORMS[form]
    width = panel_columns(outputs, vector_bytes() // like.itemsize)
    tiles = images * -(-out[0] // m) * -(-out[1] // m)
    elements = (len(points) + 1) ** 2 * (-(-channels // DEPTH) * DEPTH + width)
    most = min(BLOCK_TILES, BLOCK_BYTES // (elements * like.itemsize), -(-tiles // MIN_PARTS))
    return make_plan(form, images, channels, out, padding, max(MIN_BLOCK_TILES, most))


def convolve(
    x: Array, w: Array, bias: Array, relu: bool, padding: Pair, turned: bool, y: Array, argmax: Array = NO_ARGMAX
) -> bool:
    """Compute y (N, O, H', W') from x (N, C, H, W), w and bias (O,); max(y, 0) if `relu`.

    w is (O, C, r, r), or (C, O, r, r) if `turned`: then it is turned by 180°.  With argmax, y and argmax are the
    result of a 2 × 2 max-pooling of max(y, 0).  Returns whether all sums are finite; if not, y is not to be used.
    """
    outputs, channels, window = y.shape[1], x.shape[1], w.shape[2]
    out, whole, taps = y.shape[2:], y.shape[2:], window**2
    if argmax.size:  # with the tiles of the convolution alone, so that it makes the same bits
        height, width = (n + 2 * p - window + 1 for n, p in zip(x.shape[2:], padding, strict=True))
        out, whole = (2 * out[0], 2 * out[1]), (height, width)
    form = choose(window, whole)
    assert form is not None, "suits() was not asked"
    plan = _plan(form, len(x), channels, outputs, out, padding, x)
    width = panel_columns(outputs, vector_bytes() // x.itemsize)
    panels = aligned(-(-outputs // width) * plan.n**2 * channels * width, bias).reshape(-1, plan.n**2, channels, width)
    row, step = (offsets(outputs, taps), taps * outputs) if turned else (offsets(outputs, taps * channels), taps)
    transform_weights(dense(w).reshape(-1), row, step, turned, form, plan.m, window, panels)
    finite = np.empty(-(-len(x) // plan.batch) * -(-out[0] // (plan.m * plan.rows)), np.bool_)
    table = offsets(y.shape[2] * y.shape[3], width)
    input_channel = offsets(channels, x.shape[2] * x.shape[3])
    forward(dense(x), panels, bias, relu, tuple(plan), input_channel, table, y, argmax, finite)
    return bool(finite.all())


def correlate(g: Array, x: Array, padding: Pair, window: int) -> Array | None:
    """The weight gradient (O, C, r, r) from g (N, O, H', W') and x (N, C, H, W); None if it is not finite."""
    outputs, channels, out = g.shape[1], x.shape[1], g.shape[2:]
    form = choose(window, out, len(x))
    assert form is not None, "suits() was not asked"
    points = FORMS[form].points
    elements, width = (len(points) + 1) ** 2, panel_columns(outputs, vector_bytes() // x.itemsize)
    channel_blocks, output_blocks = -(-channels // GRAD_CHANNELS), -(-outputs // max(GRAD_OUTPUTS, width))
    others = channel_blocks * output_blocks
    image_blocks = max(1, min(len(x), MIN_PARTS // others, PART_ELEMENTS // (elements * channels * outputs)))
    if image_blocks * others < MIN_PARTS // 2:  # so that more threads have work, too
        channel_blocks, output_blocks = 2 * channel_blocks, min(2 * output_blocks, -(-outputs // width))
    parts = np.empty((image_blocks, elements, channels, outputs), x.dtype)
    tile_bytes = elements * (-(-channels // channel_blocks) + GRAD_COLUMNS) * x.itemsize
    most = min(GRAD_TILES, GRAD_BYTES // tile_bytes)
    plan = make_plan(form, -(-len(x) // len(parts)), channels, out, padding, most)
    weight_grad(
        dense(g), dense(x), offsets(outputs, out[0] * out[1]), offsets(channels, x.shape[2] * x.shape[3]),
        tuple(plan), channel_blocks, output_blocks, parts,
    )  # fmt: skip
    dw = np.empty((outputs, channels, window, window), x.dtype)
    add_weights(parts, form, plan.n, window, offsets(window**2, width), dw)
    return dw if np.isfinite(dw).all() else None
