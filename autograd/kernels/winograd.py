"""Convolutions with 3 × 3 windows and stride 1 with fewer multiplications: Winograd's F(2 × 2, 3 × 3).

Four results, a tile, depend on 4 × 4 pixels.  Computed one by one they take 36 multiplications, this way 16:

    y = Aᵀ [ (G w Gᵀ) ⊙ (Bᵀ d B) ] A          d: 4 × 4 pixels, w: 3 × 3 weights, y: 2 × 2 results, ⊙: elementwise

    Bᵀ =  1  0 -1  0      G =   1   0   0      Aᵀ =  1  1  1  0
          0  1  1  0           1/2 1/2 1/2           0  1 -1 -1
          0 -1  1  0           1/2 -1/2 1/2
          0  1  0 -1            0   0   1

Bᵀ d B and Aᵀ m A are additions only.  Summed over channels, the elementwise product is a matrix product for each of
the 16 elements e of a tile, tiles × channels times channels × output channels:

    m_e[t, o] = Σ_c v_e[t, c] u_e[c, o]        v = Bᵀ d B of tile t and channel c,  u = G w Gᵀ of c and o

The weight gradient is one with tiles summed, so it needs as few multiplications:

    dw = Gᵀ [ Σ_t (A g Aᵀ) ⊙ (Bᵀ d B) ] G      g: 2 × 2 gradients of tile t

The input gradient is the convolution of g with weights that are turned by 180°, with a padding of 2 less that of
the convolution.

Pixels come apart into four planes of even and odd rows and columns.  Then the 16 elements of neighbouring tiles are
neighbours in memory, and `split_tiles` transforms a vector of tiles at a time.  Results have output channels in the
lanes, as in conv.py: `join_tiles` transforms a vector of channels of one tile at a time.

The error against float64 is about that of the direct form (docs/performance.md).  A NaN or inf in one pixel would
reach all four results of a tile, and inf - inf is NaN.  So results that are not finite are reported, and computed again
in the direct form.

Source: Lavin, Gray, "Fast Algorithms for Convolutional Neural Networks", 2016.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import prange, types
from numba.extending import intrinsic

from autograd.kernels.conv import MIN_PARTS, epilogue_rows, image_blocks
from autograd.kernels.conv_pool import pool_rows
from autograd.kernels.gemm import DEPTH_BLOCK, MIN_PRODUCTS, aligned, lanes, multiply_panel, offsets, transpose_rows
from autograd.kernels.jit import ELEMENTS as MIN_ADDITIONS, dense, kernel, limit_threads, set_threads, vector_bytes
from autograd.kernels.microkernels import MR, NR_VECTORS, Indexed, IndexedRows, Place, Rows, VectorBuilder, clear
from autograd.kernels.planes import inside, pack_rows
from autograd.types import Array, Pair

ELEMENTS = 16  # of a tile of pixels
BLOCK_ELEMENTS = 1 << 17  # of a block's transformed pixels: 512 KiB of float32
# Fewer channels, tiles or pixels cost more in transforms than they save in multiplications
MIN_CHANNELS, MIN_CHANNELS_WEIGHT_GRAD = 16, 32
MIN_TILES, MIN_SIZE = 64, 4
ENABLED = os.environ.get("LUCIDGRAD_WINOGRAD") != "0"
NO_ARGMAX = np.empty((0, 0, 0, 0), np.uint8)
WEIGHT_BLOCKS = 8  # that the channels of a panel of weights are cut into, for threads


class Plan(NamedTuple):
    """How a convolution goes through its images.  Kernels get it as a plain tuple, as `conv.Plan`.

    Attributes
    ----------
    batch : int
        Images of a block.  More than one only if a block has all their rows.
    rows, columns : int
        Tiles of a block in each direction, of one image.
    top, left : int
        Row and column of the image where the tiles begin; negative in the padding.
    tile : (batch · rows · columns,) int64 array
        Where each tile of a block is among the transformed pixels of a channel.
    channel : (C,) int64 array
        Where each channel's transformed pixels start.
    size : int
        Tiles that there is room for, in whole vectors: element e of a channel's tiles starts at e · size.
    """

    batch: int
    rows: int
    columns: int
    top: int
    left: int
    tile: Array
    channel: Array
    size: int


@kernel()
def channel_elements(size):
    """Elements from one channel's transformed pixels to the next one's.

    A cache has a place for a line by its address.  With an odd number of lines, those of all channels have different
    places.
    """
    return ELEMENTS * size + 16


@kernel()
def plane_elements(rows, columns, like):
    """Elements of four planes, and of what `split_tiles` reads beyond them in whole vectors."""
    return (4 * (rows + 1) + 2) * (columns + 1) + 2 * lanes(like)


@lru_cache(maxsize=256)
def make_plan(images: int, channels: int, out: Pair, padding: Pair, lanes: int) -> Plan:
    """The plan for results of size `out` from images with so many channels."""
    rows, columns = -(-out[0] // 2), -(-out[1] // 2)
    pitch = columns + 1  # each row has one tile more, which is computed and not used
    most = max(1, BLOCK_ELEMENTS // (ELEMENTS * channels))
    block = max(1, min(rows, most // pitch))
    block = -(-rows // -(-rows // block))
    batch = max(1, min(images, most // (rows * pitch))) if block == rows else 1
    image = np.add.outer(np.arange(block) * pitch, np.arange(columns)).reshape(-1)
    tile = np.add.outer(np.arange(batch) * block * pitch, image).reshape(-1)
    size = -(-(batch * block * pitch + lanes) // lanes) * lanes  # the last vector of the last image may reach over it
    return Plan(
        batch, block, columns, -padding[0], -padding[1], tile, np.arange(channels) * channel_elements(size), size
    )


# ── transforms ─────────────────────────────────────────────────────────────────────────


@intrinsic
def split_tiles(typing, a, plane, pitch, count, c, c_step):  # type: ignore[no-untyped-def]
    """C[e c_step + t] = element e of Bᵀ d B for tiles t < count; whole vectors of tiles are written.  a, c: Rows.

    d[i, j] of tile t is element t + (i // 2) pitch + j // 2 of plane i % 2 · 2 + j % 2.  Planes are `plane` apart.
    """

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        build = VectorBuilder(context, builder, signature.args[0])
        (a, _), (c, _) = (build.rows(signature, arguments, i) for i in (0, 4))
        plane, pitch, count = arguments[1:4]
        c_step = arguments[5]
        starts = [
            [
                builder.gep(
                    a,
                    [
                        builder.add(
                            builder.mul(plane, build.int64(i % 2 * 2 + j % 2)),
                            builder.add(builder.mul(pitch, build.int64(i // 2)), build.int64(j // 2)),
                        )
                    ],
                )
                for j in range(4)
            ]
            for i in range(4)
        ]
        ends = [builder.gep(c, [builder.mul(c_step, build.int64(e))]) for e in range(ELEMENTS)]

        def transformed(x: list[ir.Value]) -> list[ir.Value]:  # Bᵀ x
            return [
                builder.fsub(x[0], x[2]), builder.fadd(x[1], x[2]), builder.fsub(x[2], x[1]), builder.fsub(x[1], x[3])
            ]  # fmt: skip

        def vector(step: ir.Value, sums: list[ir.Value]) -> list[ir.Value]:
            t = builder.mul(step, build.int64(build.lanes))
            rows = [transformed([build.load(builder.gep(start, [t])) for start in row]) for row in starts]  # d B
            for j in range(4):
                for i, value in enumerate(transformed([row[j] for row in rows])):
                    build.store(value, builder.gep(ends[4 * i + j], [t]))
            return sums

        steps = builder.sdiv(builder.add(count, build.int64(build.lanes - 1)), build.int64(build.lanes))
        build.loop(steps, 0, vector)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(a, integer, integer, integer, c, integer), codegen


@intrinsic
def join_tiles(typing, a, a_step, count, c, c_step):  # type: ignore[no-untyped-def]
    """Row j of C, t c_step + i c.step further, = (Aᵀ m A)[i, j] for tiles t < count.  a, c: Rows of 2 L channels.

    Element e of m of tile t is at e a_step + t a.step in a.
    """

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        build = VectorBuilder(context, builder, signature.args[0])
        (a, step), (c, row_step) = (build.rows(signature, arguments, i) for i in (0, 3))
        a_step, count = arguments[1:3]
        c_step = arguments[4]
        width = NR_VECTORS * build.lanes

        def transformed(x: list[ir.Value]) -> list[ir.Value]:  # Aᵀ x
            return [
                builder.fadd(builder.fadd(x[0], x[1]), x[2]),
                builder.fsub(builder.fsub(x[1], x[2]), x[3]),
            ]

        def tile(t: ir.Value, sums: list[ir.Value]) -> list[ir.Value]:
            start = builder.gep(a, [builder.mul(t, step)])
            end = builder.gep(c, [builder.mul(t, c_step)])
            for v in range(NR_VECTORS):
                offset = build.int64(v * build.lanes)
                rows = []
                for i in range(4):
                    places = [
                        builder.gep(start, [builder.add(builder.mul(a_step, build.int64(4 * i + j)), offset)])
                        for j in range(4)
                    ]
                    rows.append(transformed([build.load(place) for place in places]))
                for j in range(2):
                    for i, value in enumerate(transformed([row[j] for row in rows])):
                        column = build.int64(j * width + v * build.lanes)
                        at = builder.add(builder.mul(row_step, build.int64(i)), column)
                        build.store(value, builder.gep(end, [at]))
            return sums

        build.loop(count, 0, tile)
        return context.get_dummy_value()

    return types.void(a, types.int64, types.int64, c, types.int64), codegen


@intrinsic
def spread_weights(typing, a, turned, c, c_step):  # type: ignore[no-untyped-def]
    """C[e c_step + o] = element e of G w Gᵀ for 2 L output channels o.  Weight k of w is row k of a, or row 8 - k if
    `turned`.  a, c: Rows.
    """

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        build = VectorBuilder(context, builder, signature.args[0])
        (a, a_step), (c, _) = (build.rows(signature, arguments, i) for i in (0, 2))
        turned, c_step = arguments[1], arguments[3]
        half = ir.Constant(build.vector, [0.5] * build.lanes)

        def transformed(x: list[ir.Value]) -> list[ir.Value]:  # G x
            ends, middle = builder.fmul(half, builder.fadd(x[0], x[2])), builder.fmul(half, x[1])
            return [x[0], builder.fadd(ends, middle), builder.fsub(ends, middle), x[2]]

        for v in range(NR_VECTORS):
            offset = build.int64(v * build.lanes)
            taps = []
            for k in range(9):
                row = builder.select(turned, build.int64(8 - k), build.int64(k))
                taps.append(build.load(builder.gep(a, [builder.add(builder.mul(row, a_step), offset)])))
            columns = [transformed([taps[j], taps[3 + j], taps[6 + j]]) for j in range(3)]  # G w
            for i in range(4):
                for j, value in enumerate(transformed([column[i] for column in columns])):
                    at = builder.add(builder.mul(c_step, build.int64(4 * i + j)), offset)
                    build.store(value, builder.gep(c, [at]))
        return context.get_dummy_value()

    return types.void(a, types.boolean, c, types.int64), codegen


@intrinsic
def all_finite(typing, a, count, both):  # type: ignore[no-untyped-def]
    """Whether the first `count` elements of a, whole rows of 2 L, are finite.  Only the first half of each row counts
    unless `both`.
    """

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        build = VectorBuilder(context, builder, signature.args[0])
        count, both = arguments[1:3]
        start, width = build.address(signature.args[0], arguments[0], build.int64(0)), NR_VECTORS * build.lanes
        second = builder.select(both, build.int64(build.lanes), build.int64(0))

        def row(step: ir.Value, sums: list[ir.Value]) -> list[ir.Value]:  # x - x is 0 or NaN
            at = builder.mul(step, build.int64(width))
            vectors = [build.load(builder.gep(start, [builder.add(at, offset)])) for offset in (build.int64(0), second)]
            return [builder.fadd(total, builder.fsub(x, x)) for total, x in zip(sums, vectors, strict=True)]

        totals = build.loop(builder.sdiv(count, build.int64(width)), NR_VECTORS, row)
        total = build.reduce_add(builder.fadd(*totals))
        return builder.fcmp_ordered("ord", total, total)

    return types.boolean(a, types.int64, types.boolean), codegen


@intrinsic
def spread_gradients(typing, a, count, c, c_step):  # type: ignore[no-untyped-def]
    """C[e c_step + t c.step] = element e of A g Aᵀ for tiles t < count.  a, c: Rows of 2 L channels.

    g[i, j] of tile t is row 2 t + j of a, i a.step further.
    """

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        build = VectorBuilder(context, builder, signature.args[0])
        (a, a_step), (c, step) = (build.rows(signature, arguments, i) for i in (0, 2))
        count, c_step = arguments[1], arguments[3]
        width = NR_VECTORS * build.lanes

        def transformed(x: list[ir.Value]) -> list[ir.Value]:  # A x
            return [x[0], builder.fadd(x[0], x[1]), builder.fsub(x[0], x[1]), builder.fsub(build.zero, x[1])]

        def tile(t: ir.Value, sums: list[ir.Value]) -> list[ir.Value]:
            start = builder.gep(a, [builder.mul(t, build.int64(2 * width))])
            end = builder.gep(c, [builder.mul(t, step)])
            for v in range(NR_VECTORS):
                rows = []
                for i in range(2):
                    places = [
                        builder.gep(
                            start,
                            [
                                builder.add(
                                    builder.mul(a_step, build.int64(i)), build.int64(j * width + v * build.lanes)
                                )
                            ],
                        )
                        for j in range(2)
                    ]
                    rows.append(transformed([build.load(place) for place in places]))
                for j in range(4):
                    for i, value in enumerate(transformed([row[j] for row in rows])):
                        at = builder.add(builder.mul(c_step, build.int64(4 * i + j)), build.int64(v * build.lanes))
                        build.store(value, builder.gep(end, [at]))
            return sums

        build.loop(count, 0, tile)
        return context.get_dummy_value()

    return types.void(a, types.int64, c, types.int64), codegen


@intrinsic
def join_weights(typing, a, c):  # type: ignore[no-untyped-def]
    """C[k] = element k of Gᵀ p G for 2 L output channels; row e of a is element e of p.  a, c: Rows."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        build = VectorBuilder(context, builder, signature.args[0])
        (a, a_step), (c, c_step) = (build.rows(signature, arguments, i) for i in (0, 1))
        half = ir.Constant(build.vector, [0.5] * build.lanes)

        def transformed(x: list[ir.Value]) -> list[ir.Value]:  # Gᵀ x
            total = builder.fmul(half, builder.fadd(x[1], x[2]))
            return [
                builder.fadd(x[0], total),
                builder.fmul(half, builder.fsub(x[1], x[2])),
                builder.fadd(total, x[3]),
            ]

        for v in range(NR_VECTORS):
            offset = build.int64(v * build.lanes)
            rows = []
            for i in range(4):
                places = [
                    builder.gep(a, [builder.add(builder.mul(a_step, build.int64(4 * i + j)), offset)]) for j in range(4)
                ]
                rows.append(transformed([build.load(place) for place in places]))
            for j in range(3):
                for i, value in enumerate(transformed([row[j] for row in rows])):
                    at = builder.add(builder.mul(c_step, build.int64(3 * i + j)), offset)
                    build.store(value, builder.gep(c, [at]))
        return context.get_dummy_value()

    return types.void(a, c), codegen


@kernel(parallel=True)
def transform_weights(w, row, channel_step, turned, panels):
    """panels (16, panels, C, width): G w Gᵀ with output channels side by side.

    w is flat; the 3 × 3 weights of output o and channel c start at row[o] + c channel_step.  They are turned by 180°
    if `turned`.
    """
    _, count, channels, width = panels.shape
    flat = panels.reshape(-1)
    threads = limit_threads(count * width * channels * 16 // MIN_PRODUCTS)
    for unit in prange(count * WEIGHT_BLOCKS):
        panel, block = unit // WEIGHT_BLOCKS, unit % WEIGHT_BLOCKS
        taps = aligned(9 * width, w)
        clear(taps, 0, len(taps))
        for c in range(block * channels // WEIGHT_BLOCKS, (block + 1) * channels // WEIGHT_BLOCKS):
            outputs = min(width, len(row) - panel * width)
            transpose_rows(
                IndexedRows(w, c * channel_step, row, panel * width), outputs, 9, Rows(taps, 0, width)
            )  # fmt: skip
            at = (panel * channels + c) * width
            spread_weights(Rows(taps, 0, width), turned, Rows(flat, at, 0), count * channels * width)
    set_threads(threads)


@kernel()
def transform_images(x, n, together, first_channel, channels, block, plan, planes, v):
    """v[c, e, t] = element e of Bᵀ d B for some channels of images n … n + together - 1 and the tiles of a block.

    planes: working memory for `plane_elements`.
    """
    _, rows, columns, top, left, _, channel, size = plan
    height, width = x.shape[2:]
    images, pitch = x.reshape(-1), columns + 1
    plane = (rows + 1) * pitch
    for b in range(together):
        for c in range(channels):
            clear(planes, 0, 4 * plane)
            image = ((n + b) * x.shape[1] + first_channel + c) * height * width
            for parity in range(4):
                y0, x0 = 2 * block * rows + parity // 2 + top, parity % 2 + left
                (first, last), (low, high) = inside(y0, 2, rows + 1, height), inside(x0, 2, pitch, width)
                pack_rows(
                    images, Place(image + (y0 + 2 * first) * width + x0 + 2 * low, 2 * width), 2,
                    last - first, high - low, planes, Place(parity * plane + first * pitch + low, pitch),
                )  # fmt: skip
            at = channel[c] + b * rows * pitch
            split_tiles(Rows(planes, 0, 0), plane, pitch, rows * pitch, Rows(v, at, 0), size)


@kernel(parallel=True)
def forward(x, panels, bias, relu, plan, row, y, argmax, finite):
    """y (N, O, H', W') from x (N, C, H, W), `transform_weights` and bias (O,); max(y, 0) if `relu`.

    If argmax is not empty, y is the maximum of each tile, or 0 if that is greater, and argmax says which of its four
    results that is.  row: offsets of the rows of a panel.  finite: one for each block of images, false if a result
    before bias and relu is NaN or inf.
    """
    batch, rows, columns, _, _, tile, channel, size = plan
    images, outputs, height, width = y.shape
    channels, panel_width, pooled = x.shape[1], panels.shape[3], argmax.size > 0
    tile_height = height if pooled else -(-height // 2)
    row_blocks, count_panels = -(-tile_height // rows), panels.shape[1]
    weights, result, indices = panels.reshape(-1), y.reshape(-1), argmax.reshape(-1)
    threads = limit_threads(4 * images * outputs * tile_height * columns * channels // MIN_PRODUCTS)
    for unit in prange(len(finite)):
        n, block = unit // row_blocks * batch, unit % row_blocks
        together, tile_rows = min(batch, images - n), min(rows, tile_height - block * rows)
        image_tiles = tile_rows * columns
        tiles = together * image_tiles
        v = aligned(channels * channel_elements(size), x)
        planes = aligned(plane_elements(rows, columns, x), x)
        clear(planes, 0, len(planes))
        transform_images(x, n, together, 0, channels, block, plan, planes, v)
        m = aligned(ELEMENTS * tiles * panel_width, x)
        sums = aligned(4 * image_tiles * panel_width, x)
        best, which = aligned(image_tiles * panel_width, x), aligned(image_tiles * panel_width, x)
        transposed = np.empty(image_tiles * panel_width, x.dtype)
        finite[unit] = True
        for panel in range(count_panels):
            o = panel * panel_width
            count = min(panel_width, outputs - o)
            for e in range(ELEMENTS):
                for k in range(0, channels, DEPTH_BLOCK):
                    multiply_panel(
                        Indexed(v, e * size, tile, 0, channel, k),
                        Rows(weights, ((e * count_panels + panel) * channels + k) * panel_width, panel_width),
                        min(DEPTH_BLOCK, channels - k), tiles, panel_width if count > lanes(x) else lanes(x),
                        Rows(m, e * tiles * panel_width, panel_width), k > 0,
                    )  # fmt: skip
            for b in range(together):
                channel_at = ((n + b) * outputs + o) * height * width
                if pooled:
                    join_tiles(
                        Rows(m, b * image_tiles * panel_width, panel_width), tiles * panel_width, image_tiles,
                        Rows(sums, 0, 2 * panel_width), 4 * panel_width,
                    )  # fmt: skip
                    pool_rows(
                        sums, bias, o, count, image_tiles, best, which, transposed, row, result, indices,
                        channel_at + block * rows * width, height * width,
                    )  # fmt: skip
                else:
                    for i in range(tile_rows):
                        join_tiles(
                            Rows(m, (b * image_tiles + i * columns) * panel_width, panel_width), tiles * panel_width,
                            columns, Rows(sums, 4 * i * columns * panel_width, 2 * columns * panel_width),
                            2 * panel_width,
                        )  # fmt: skip
                    y0 = 2 * block * rows
                    y_rows = min(height - y0, 2 * rows)
                    y_at = channel_at + y0 * width
                    if width == 2 * columns:
                        epilogue_rows(sums, bias, o, relu, y_rows * width, count, Rows(result, y_at, height * width))
                    else:
                        for i in range(y_rows):
                            epilogue_rows(
                                sums[2 * i * columns * panel_width :], bias, o, relu, width, count,
                                Rows(result, y_at + i * width, height * width),
                            )  # fmt: skip
                if not all_finite(sums, 4 * image_tiles * panel_width, count > lanes(x)):
                    finite[unit] = False
    set_threads(threads)


@kernel(parallel=True)
def weight_grad(g, x, output, channel_blocks, plan, parts):
    """parts (B, 16, C, O): Σ_t (A g Aᵀ) ⊙ (Bᵀ d B), over each of B blocks of images.

    output: offsets of g's channels.
    """
    batch, rows, columns, _, _, tile, channel, size = plan
    images, outputs, height, width = g.shape
    channels, panel_width = x.shape[1], NR_VECTORS * lanes(g)
    row_blocks = -(-height // (2 * rows))
    gradients, result = g.reshape(-1), parts.reshape(-1)
    threads = limit_threads(4 * g.size * channels // MIN_PRODUCTS)
    for unit in prange(len(parts) * channel_blocks):
        part, channel_block = unit // channel_blocks, unit % channel_blocks
        first, last = channels * channel_block // channel_blocks, channels * (channel_block + 1) // channel_blocks
        v = aligned((last - first) * channel_elements(size), x)
        planes = aligned(plane_elements(rows, columns, x), x)
        clear(planes, 0, len(planes))
        most = batch * rows * columns
        pixels = aligned(4 * rows * columns * panel_width, g)
        spread = aligned(ELEMENTS * most * panel_width, g)
        for e in range(ELEMENTS):
            clear(result, ((part * ELEMENTS + e) * channels + first) * outputs, (last - first) * outputs)
        end = (part + 1) * images // len(parts)
        for n in range(part * images // len(parts), end, batch):
            together = min(batch, end - n)
            for block in range(row_blocks):
                y0 = 2 * block * rows
                y_rows = min(height - y0, 2 * rows)
                tile_rows = -(-y_rows // 2)
                tiles = together * tile_rows * columns
                transform_images(x, n, together, first, last - first, block, plan, planes, v)
                for o in range(0, outputs, panel_width):
                    count = min(panel_width, outputs - o)
                    for b in range(together):
                        clear(pixels, 0, 4 * tile_rows * columns * panel_width)
                        at = (((n + b) * outputs + o) * height + y0) * width
                        if width == 2 * columns:
                            g_rows = IndexedRows(gradients, at, output, 0)
                            transpose_rows(g_rows, count, y_rows * width, Rows(pixels, 0, panel_width))
                        else:
                            for i in range(y_rows):
                                g_rows = IndexedRows(gradients, at + i * width, output, 0)
                                to = 2 * i * columns * panel_width
                                transpose_rows(g_rows, count, width, Rows(pixels, to, panel_width))
                        for i in range(tile_rows):
                            to = (b * tile_rows + i) * columns * panel_width
                            spread_gradients(
                                Rows(pixels, 4 * i * columns * panel_width, 2 * columns * panel_width), columns,
                                Rows(spread, to, panel_width), most * panel_width,
                            )  # fmt: skip
                    for e in range(ELEMENTS):
                        to = ((part * ELEMENTS + e) * channels + first) * outputs + o
                        multiply_panel(
                            Indexed(v, e * size, channel, 0, tile, 0),
                            Rows(spread, e * most * panel_width, panel_width), tiles, last - first, count,
                            Rows(result, to, outputs), True,
                        )  # fmt: skip
    set_threads(threads)


@kernel(parallel=True)
def add_weights(parts, tap, dw):
    """dw (O, C, 9) = Gᵀ p G, where p is the sum of parts (B, 16, C, O).  tap: offsets of the taps of a panel."""
    _, _, channels, outputs = parts.shape
    panel_width = NR_VECTORS * lanes(parts)
    count, result = -(-outputs // panel_width), dw.reshape(-1)
    threads = limit_threads(parts.size // MIN_ADDITIONS)
    for unit in prange(count * WEIGHT_BLOCKS):
        o, block = unit // WEIGHT_BLOCKS * panel_width, unit % WEIGHT_BLOCKS
        total = np.zeros((ELEMENTS, panel_width), dw.dtype)
        taps, some = aligned(9 * panel_width, dw), min(panel_width, outputs - o)
        for c in range(block * channels // WEIGHT_BLOCKS, (block + 1) * channels // WEIGHT_BLOCKS):
            for e in range(ELEMENTS):
                row = total[e, :some]
                row[:] = parts[0, e, c, o : o + some]
                for b in range(1, len(parts)):
                    part = parts[b, e, c, o : o + some]
                    for i in range(len(row)):
                        row[i] += part[i]
            join_weights(Rows(total.reshape(-1), 0, panel_width), Rows(taps, 0, panel_width))
            to = (o * channels + c) * 9
            transpose_rows(IndexedRows(taps, 0, tap, 0), 9, some, Rows(result, to, channels * 9))
    set_threads(threads)


# ── what ops call ──────────────────────────────────────────────────────────────────────


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
    tiles = -(-out[0] // 2) * -(-out[1] // 2)
    return (
        ENABLED
        and kernel_size == (3, 3)
        and stride == dilation == (1, 1)
        and groups == 1
        and max(padding) <= 2  # so that the input gradient has no negative padding
        and min(channels, outputs) >= (MIN_CHANNELS_WEIGHT_GRAD if weight_grad else MIN_CHANNELS)
        and min(out) >= MIN_SIZE
        and images * tiles >= MIN_TILES
    )


def convolve(
    x: Array, w: Array, bias: Array, relu: bool, padding: Pair, turned: bool, y: Array, argmax: Array = NO_ARGMAX
) -> bool:
    """Compute y (N, O, H', W') from x (N, C, H, W), w and bias (O,); max(y, 0) if `relu`.

    w is (O, C, 3, 3), or (C, O, 3, 3) if `turned`: then it is turned by 180°.  With argmax, y and argmax are the
    result of a 2 × 2 max-pooling of max(y, 0).  Returns whether all sums are finite; if not, y is not to be used.
    """
    outputs, channels = y.shape[1], x.shape[1]
    vector = vector_bytes() // x.itemsize
    width = NR_VECTORS * vector
    panels = np.empty((ELEMENTS, -(-outputs // width), channels, width), x.dtype)
    row, step = (offsets(outputs, 9), 9 * outputs) if turned else (offsets(outputs, 9 * channels), 9)
    transform_weights(dense(w).reshape(-1), row, step, turned, panels)
    out = (2 * y.shape[2], 2 * y.shape[3]) if argmax.size else y.shape[2:]
    plan = make_plan(len(x), channels, out, padding, vector)
    finite = np.empty(-(-len(x) // plan.batch) * -(-out[0] // (2 * plan.rows)), np.bool_)
    table = offsets(plan.rows * plan.columns, width)
    forward(dense(x), panels, bias, relu, tuple(plan), table, y, argmax, finite)
    return bool(finite.all())


def correlate(g: Array, x: Array, padding: Pair) -> Array | None:
    """The weight gradient (O, C, 3, 3) from g (N, O, H', W') and x (N, C, H, W); None if it is not finite."""
    outputs, channels = g.shape[1], x.shape[1]
    vector = vector_bytes() // x.itemsize
    parts = np.empty((image_blocks(len(x), ELEMENTS * channels * outputs), ELEMENTS, channels, outputs), x.dtype)
    plan = make_plan(-(-len(x) // len(parts)), channels, g.shape[2:], padding, vector)
    blocks = max(1, min(-(-MIN_PARTS // len(parts)), channels // (2 * MR)))
    weight_grad(dense(g), dense(x), offsets(outputs, g.shape[2] * g.shape[3]), blocks, tuple(plan), parts)
    dw = np.empty((outputs, channels, 3, 3), x.dtype)
    add_weights(parts, offsets(9, NR_VECTORS * vector), dw)
    return dw if np.isfinite(dw).all() else None
