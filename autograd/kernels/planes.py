"""Convolutions with pixels in the lanes: for groups of few channels, as depthwise convolutions have.

`conv` has the channels of the result in the lanes; with three channels it wastes most of them.  Here images are
packed, with zeros around them, so that every product is one of flat arrays:

    y[p]  = Σ_k w[k] copy[p + tap[k]]          forward, and the input gradient with negative taps
    dw[k] = Σ_p g[p] copy[p + tap[k]]          weight gradient

p = i · columns + j goes through the rows of the padded tile.  So kw - 1 pixels a row are computed that are
beyond the result, and left out; in return no lane is idle at the end of a short row.  Images of a few pixels
follow each other in one tile.  With a stride of s, every s-th row and column is packed into a plane of its own, so
that neighbours in the result are neighbours in memory.  The input gradient has the phases of `conv`.

A micro-kernel has in registers the sums of up to 4 channels and of some vectors of pixels (forward) or some taps
(weight gradient) each: a vector of pixels, once loaded, is multiplied with 4 weights or gradients.  In a depthwise
convolution it is multiplied with one, and loads are the limit.  The sums of the weight gradient stay vectors
until all images are through.

Which kernels a shape takes is decided by an estimate in cycles (`is_faster`).  Forward, both give the same bits.
Two threads, float32, 64 images, ms of forward, input gradient and weight gradient; PyTorch's images are
channels_last, im2col is NumPy's product of patches:

    channels, image, kernel                conv                this            PyTorch         im2col
    32 in 32 groups, 32 × 32, 3 × 3    4.8  4.7  7.6     0.85  0.87  0.82   0.44 0.54 0.49    24  57  24
    the same with stride 2             1.6  3.8  1.9     0.56  0.66  0.57   0.32 0.43 0.34     5  15   5
    64 in 16 groups, 16 × 16, 3 × 3    1.8  1.6  2.0     0.63  0.62  0.89   0.90 0.92 1.2     11  17  11
    1 to 6, 28 × 28, 5 × 5             0.25 0.90 0.31    0.12  0.15  0.14   0.27 0.77 0.21   0.9 1.4 0.7
    3 to 32, 32 × 32, 7 × 7: input gradient   12         2.9                7.1               11

A depthwise convolution spends as long on packing and on its epilogue as on its products.

NaN and inf: the zeros around images are multiplied with every weight, as in the reference.  Pixels left out are
never stored.  The weight gradient reads neither g nor the copy at those pixels, because 0 · inf is NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import prange, types
from numba.extending import intrinsic

from autograd.kernels.conv import (
    BLOCK_ELEMENTS,
    MIN_PARTS,
    TAP_BLOCK,
    grid,
    image_blocks,
    phase_lines,
    rows_per_block,
    span,
)
from autograd.kernels.gemm import MIN_PRODUCTS, aligned, lanes
from autograd.kernels.jit import dense, kernel, limit_threads, set_threads, vector_bytes, vector_registers
from autograd.kernels.microkernels import IndexedRows, Place, Rows, VectorBuilder, clear
from autograd.types import Array, Pair

CHANNELS = 4  # channels of the result that a vector of pixels is multiplied for while it is in a register
PIXEL_VECTORS = (8, 6, 4, 4) if vector_registers() == 32 else (8, 4, 3, 2)  # with 1, 2, 3, 4 channels
TAPS = (9, 5, 3, 3)  # of the weight gradient's micro-kernel, with 1, 2, 3, 4 channels
CYCLES = (1.3, 1.0, 0.75, 0.75)  # of the product of one vector, with 1, 2, 3, 4 channels
BATCH_PIXELS = 512  # pixels of a tile that holds several small images


class Plan(NamedTuple):
    """How a convolution goes through a batch of images, or through one image block of rows by block of rows.

    Kernels get it as a plain tuple, as `conv.Plan`.

    Attributes
    ----------
    groups : int
        Groups of channels.
    batch, block_rows : int
        Images, and rows of the result, in a block.
    rows, columns, top, left : int
        The padded tile as in `conv.Plan`: one plane of an image in the packed copy.
    step : int
        Rows of the image from the tile of one block to that of the next.
    row_stride, column_stride : int
        Rows and columns of the image from neighbour to neighbour in a plane.
    planes : (…, 2) int64 array
        Row and column of the image where each plane of a channel begins, from the start of the tile.
    phases : (…, 6) int64 array
        Of each phase: first pixel, pixels of a row; first tap, number of taps; first row and column in the result.
    phase_row_stride, phase_column_stride : int
        Rows and columns of the result from neighbour to neighbour in a phase.
    tap : (…,) int64 array
        Offsets in the copy (channel, plane, image, row, column).
    order : (…,) int64 array
        Which weight of a result each tap is.
    """

    groups: int
    batch: int
    block_rows: int
    rows: int
    columns: int
    top: int
    left: int
    step: int
    row_stride: int
    column_stride: int
    planes: Array
    phases: Array
    phase_row_stride: int
    phase_column_stride: int
    tap: Array
    order: Array


def _batch_size(images: int, groups: int, image_elements: int, pixels: int) -> int:
    """Number of whole images in a block, from the elements of one and the pixels of its plane."""
    return max(1, min(BATCH_PIXELS // pixels, BLOCK_ELEMENTS // image_elements, images * groups // MIN_PARTS))


def is_faster(plan: Plan, pixels: int, depth: float, inputs: int, outputs: int, lanes: int, product: float) -> bool:
    """Whether these kernels are faster than those of `conv`, estimated from measured cycles per image and group.

    Parameters
    ----------
    pixels, depth
        Pixels of a result, and products of each.
    inputs, outputs : int
        Channels of a group in the copy, and in the result.
    lanes : int
        Elements of a vector.
    product : float
        Cycles of the product of one vector.
    """
    rows, columns = plan.rows, plan.columns
    vectors, apart = -(-outputs // lanes), max(plan.phase_row_stride, plan.phase_column_stride)
    theirs = 200 + pixels * (depth * (0.65 * vectors + 0.2 * (vectors % 2)) + vectors * lanes / 4)  # with transposing
    width = int(plan.phases[:, 1].max())
    moved = (inputs * len(plan.planes) * rows + outputs * pixels / width) * (8 + 4 * columns / lanes)
    if max(plan.row_stride, plan.column_stride) > 2:
        moved += 3 * inputs * len(plan.planes) * rows * columns  # packed number by number
    if apart > 1:
        theirs += outputs * pixels  # spread number by number
    if apart > 2:
        moved += 3 * outputs * pixels
    return product * pixels * depth * outputs / lanes * columns / width + moved < theirs


@lru_cache(maxsize=256)
def forward_plan(
    images: int, channels: int, outputs: int, groups: int, out: Pair, lanes: int, **window: Pair
) -> Plan | None:
    """The plan for results of size `out`, or None where `conv` is faster.  channels, outputs: those of a group."""
    plan = _forward_plan(images, channels, groups, out, **window)
    product = CYCLES[min(outputs, CHANNELS) - 1]
    return plan if is_faster(plan, out[0] * out[1], len(plan.tap), channels, outputs, lanes, product) else None


@lru_cache(maxsize=256)
def weight_grad_plan(
    images: int, channels: int, outputs: int, groups: int, out: Pair, lanes: int, **window: Pair
) -> Plan | None:
    """As `forward_plan`, for the weight gradient."""
    plan = _forward_plan(images, channels, groups, out, **window)
    pixels = out[0] * out[1]
    product = 1.1 + 6 * lanes / (pixels * plan.batch)  # the sums are read and written for every block
    return plan if is_faster(plan, pixels, len(plan.tap), channels, outputs, lanes, product) else None


def _forward_plan(
    images: int, channels: int, groups: int, out: Pair, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair
) -> Plan:
    vertical, horizontal = (np.arange(k) * d for k, d in zip(kernel_size, dilation, strict=True))
    (sh, sw), (top, left) = stride, (vertical % stride[0], horizontal % stride[1])
    columns = out[1] + int(horizontal.max()) // sw
    block = rows_per_block(images * groups, out[0], channels * columns * sh * sw)
    rows = block + int(vertical.max()) // sh
    plane_rows, row_plane = np.unique(top, return_inverse=True)
    plane_columns, column_plane = np.unique(left, return_inverse=True)
    planes = np.array([(y, x) for y in plane_rows for x in plane_columns])
    image_elements = channels * len(planes) * rows * columns
    batch = _batch_size(images, groups, image_elements, rows * columns) if block == out[0] else 1
    plane = batch * rows * columns
    rows_at = row_plane * len(plane_columns) * plane + vertical // sh * columns
    window = grid(rows_at, column_plane * plane + horizontal // sw, 1)
    tap = grid(np.arange(channels), window, len(planes) * plane)
    return Plan(
        groups=groups,
        batch=batch,
        block_rows=block,
        rows=rows,
        columns=columns,
        top=-padding[0],
        left=-padding[1],
        step=block * sh,
        row_stride=sh,
        column_stride=sw,
        planes=planes,
        phases=np.array([[0, out[1], 0, len(tap), 0, 0]]),
        phase_row_stride=1,
        phase_column_stride=1,
        tap=tap,
        order=np.arange(len(tap)),
    )


@lru_cache(maxsize=256)
def backward_plan(
    images: int,
    outputs: int,
    channels: int,
    groups: int,
    size: Pair,
    lanes: int,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
) -> Plan | None:
    """The plan for input gradients of `size`, or None where `conv` is faster.  channels, outputs: those of a group."""
    block = rows_per_block(images * groups, size[0], outputs * -(-size[1] // stride[1]))
    block = min(size[0], -(-block // stride[0]) * stride[0])  # so that every block begins with the same phase
    vertical, horizontal = (
        phase_lines(*dims) for dims in zip((block, size[1]), kernel_size, stride, padding, dilation, strict=True)
    )
    (top, bottom), (left, right) = span(vertical), span(horizontal)
    rows, columns = bottom - top + 1, right - left + 1
    batch = _batch_size(images, groups, outputs * rows * columns, rows * columns) if block == size[0] else 1
    phases: list[list[int]] = []
    taps: list[Array] = []
    order: list[Array] = []
    for ys, y_base, ky, y_offset in vertical:
        for xs, x_base, kx, x_offset in horizontal:
            first = (y_base[0] - top) * columns + x_base[0] - left
            phases.append([first, len(xs), sum(len(t) for t in taps), outputs * len(ky) * len(kx), ys[0], xs[0]])
            taps.append(grid(np.arange(outputs), grid(y_offset, x_offset, columns), batch * rows * columns))
            order.append(grid(np.arange(outputs), grid(ky, kx, kernel_size[1]), kernel_size[0] * kernel_size[1]))
    plan = Plan(
        groups=groups,
        batch=batch,
        block_rows=block,
        rows=rows,
        columns=columns,
        top=top,
        left=left,
        step=block // stride[0],
        row_stride=1,
        column_stride=1,
        planes=np.zeros((1, 2), np.int64),
        phases=np.array(phases),
        phase_row_stride=stride[0],
        phase_column_stride=stride[1],
        tap=np.concatenate(taps),
        order=np.concatenate(order),
    )
    depth = len(plan.tap) / (stride[0] * stride[1])
    product = CYCLES[min(channels, CHANNELS) - 1]
    return plan if is_faster(plan, size[0] * size[1], depth, outputs, channels, lanes, product) else None


@lru_cache(maxsize=256)
def lane_masks(batch: int, block_rows: int, width: int, tile: Pair, vector: int) -> Array:
    """For each vector of a tile's pixels, one bit a lane: whether the pixel belongs to a result."""
    rows, columns = tile
    inside = np.zeros((batch, rows, columns), bool)
    inside[:, :block_rows, :width] = True
    padded = np.zeros(-(-inside.size // vector) * vector, np.int64)
    padded[: inside.size] = inside.reshape(-1)
    return padded.reshape(-1, vector) @ (1 << np.arange(vector))


def group_blocks(others: int, groups: int, elements: int) -> int:
    """Number of blocks that groups are cut into if the work is in `others` parts; elements: memory of one group."""
    return max(1, min(groups, max(-(-MIN_PARTS // max(1, others)), -(-elements // BLOCK_ELEMENTS))))


# ── micro-kernels ──────────────────────────────────────────────────────────────────────


def _for_each_vector(build: VectorBuilder, rows: ir.Value, columns: ir.Value, row: Callable[[ir.Value], Any]) -> None:
    """Emit a loop over rows and, in each, over vectors of columns.

    row(i) returns a function (j, count) that is called with j = 0, L, … < columns.  count is None for a whole
    vector, and for the last one the number of columns left.  That is the same in each row, so the compiler takes
    what follows from it alone out of the loop.
    """
    builder, lanes = build.builder, build.int64(build.lanes)
    full = builder.sdiv(columns, lanes)
    rest = builder.srem(columns, lanes)

    def one_row(i: ir.Value, sums: list[ir.Value]) -> list[ir.Value]:
        vector = row(i)

        def whole(step: ir.Value, sums: list[ir.Value]) -> list[ir.Value]:
            vector(builder.mul(step, lanes), None)
            return sums

        build.loop(full, 0, whole)
        with builder.if_then(builder.icmp_signed(">", rest, build.int64(0))):
            vector(builder.mul(full, lanes), rest)
        return sums

    build.loop(rows, 0, one_row)


def _stride_mask(build: VectorBuilder, stride: int, half: int, count: ir.Value | None) -> ir.Value:
    """The mask of every `stride`-th of L elements from half · L on: of the first `count` of them, or of all if None."""
    wanted = [(half * build.lanes + i) % stride == 0 for i in range(build.lanes)]
    every = ir.Constant(build.mask, wanted)
    if count is None:
        return every
    past = build.builder.sub(build.builder.mul(count, build.int64(stride)), build.int64(half * build.lanes))
    return build.builder.and_(every, build.first_lanes(past))


def _pack(stride: int) -> Any:
    @intrinsic
    def pack(typing, a, rows, columns, c):  # type: ignore[no-untyped-def]
        """C[i, j] = A[i, j stride] for i < rows and j < columns; a and c: Rows."""

        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            build = VectorBuilder(context, builder, signature.args[0])
            (a, a_step), (c, c_step) = (build.rows(signature, arguments, i) for i in (0, 3))
            rows, columns = arguments[1:3]

            def row(i: ir.Value) -> Any:
                a_row, c_row = builder.gep(a, [builder.mul(i, a_step)]), builder.gep(c, [builder.mul(i, c_step)])

                def vector(j: ir.Value, count: ir.Value | None) -> None:
                    halves = []
                    for half in range(stride):
                        at = builder.add(builder.mul(j, build.int64(stride)), build.int64(half * build.lanes))
                        halves.append(build.load(builder.gep(a_row, [at]), _stride_mask(build, stride, half, count)))
                    x = halves[0] if stride == 1 else build.shuffle(*halves, [2 * i for i in range(build.lanes)])
                    build.store(x, builder.gep(c_row, [j]), _stride_mask(build, 1, 0, count))

                return vector

            _for_each_vector(build, rows, columns, row)
            return context.get_dummy_value()

        return types.void(a, types.int64, types.int64, c), codegen

    return pack


def _epilogue(stride: int) -> Any:
    @intrinsic
    def epilogue(typing, a, bias, relu, rows, columns, c):  # type: ignore[no-untyped-def]
        """C[i, j stride] = A[i, j] + bias, or max(that, 0) if `relu`, for i < rows and j < columns; a and c: Rows."""

        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            build = VectorBuilder(context, builder, signature.args[0])
            (a, a_step), (c, c_step) = (build.rows(signature, arguments, i) for i in (0, 5))
            bias, relu, rows, columns = arguments[1:5]
            add = build.splat(bias, build.vector)

            def row(i: ir.Value) -> Any:
                a_row, c_row = builder.gep(a, [builder.mul(i, a_step)]), builder.gep(c, [builder.mul(i, c_step)])

                def vector(j: ir.Value, count: ir.Value | None) -> None:
                    x = builder.fadd(build.load(builder.gep(a_row, [j]), _stride_mask(build, 1, 0, count)), add)
                    x = build.relu(x, relu)
                    for half in range(stride):
                        at = builder.add(builder.mul(j, build.int64(stride)), build.int64(half * build.lanes))
                        apart = [(half * build.lanes + i) // stride for i in range(build.lanes)]
                        spaced = x if stride == 1 else build.shuffle(x, x, apart)
                        build.store(spaced, builder.gep(c_row, [at]), _stride_mask(build, stride, half, count))

                return vector

            _for_each_vector(build, rows, columns, row)
            return context.get_dummy_value()

        integer = types.int64
        return types.void(a, a[0].dtype, types.boolean, integer, integer, c), codegen

    return epilogue


_pack_1, _pack_2 = _pack(1), _pack(2)
_epilogue_1, _epilogue_2 = _epilogue(1), _epilogue(2)


def _convolve(channels: int) -> Any:
    vectors = PIXEL_VECTORS[channels - 1]

    @intrinsic
    def convolve(typing, a, w, depth, c, add):  # type: ignore[no-untyped-def]
        """C[i, j] = Σ_k W[i, k] A[k, j] for k < depth, or C += that if `add`; a: IndexedRows, w and c: Rows.

        For `channels` rows i and PIXEL_VECTORS L columns j.
        """

        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            build = VectorBuilder(context, builder, signature.args[0])
            a, taps = build.indexed_rows(signature, arguments, 0)
            (w, w_step), (c, c_step) = (build.rows(signature, arguments, i) for i in (1, 3))
            depth, add = arguments[2], arguments[4]
            rows = [builder.gep(w, [builder.mul(build.int64(i), w_step)]) for i in range(channels)]
            at = [build.int64(v * build.lanes) for v in range(vectors)]

            def body(k: ir.Value, sums: list[ir.Value]) -> list[ir.Value]:
                start = builder.gep(a, [builder.load(builder.gep(taps, [k]))])
                pixels = [build.load(builder.gep(start, [offset])) for offset in at]
                weights = [build.splat(builder.load(builder.gep(row, [k])), build.vector) for row in rows]
                return [
                    build.multiply_add(weight, x, sums[i * vectors + v])
                    for i, weight in enumerate(weights)
                    for v, x in enumerate(pixels)
                ]

            for i, total in enumerate(build.loop(depth, channels * vectors, body)):
                row = builder.gep(c, [builder.mul(build.int64(i // vectors), c_step)])
                place = builder.gep(row, [at[i % vectors]])
                old = build.load(place, build.splat(add, build.mask))  # zeros unless `add`
                build.store(builder.fadd(old, total), place, build.every_lane)
            return context.get_dummy_value()

        return types.void(a, w, types.int64, c, types.boolean), codegen

    return convolve


def _correlate(channels: int) -> Any:
    count = TAPS[channels - 1]

    @intrinsic
    def correlate(typing, g, a, taps, masks, pixels, c):  # type: ignore[no-untyped-def]
        """C[i, k L + lane] += Σ_p G[i, p] A[k, p] over p % L = lane; g and c: Rows, a: IndexedRows.

        For `channels` rows i, k < taps <= TAPS, and pixels p < `pixels` whose bit in `masks` is set.
        """

        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            build = VectorBuilder(context, builder, signature.args[0])
            (g, g_step), (c, c_step) = (build.rows(signature, arguments, i) for i in (0, 5))
            taps, pixels = arguments[2], arguments[4]
            bits = build.address(signature.args[3], arguments[3], build.int64(0))
            rows = [builder.gep(g, [builder.mul(build.int64(i), g_step)]) for i in range(channels)]
            starts = build.row_starts(*build.indexed_rows(signature, arguments, 1), count, taps)
            steps = builder.sdiv(builder.add(pixels, build.int64(build.lanes - 1)), build.int64(build.lanes))

            def body(step: ir.Value, sums: list[ir.Value]) -> list[ir.Value]:
                p = builder.mul(step, build.int64(build.lanes))
                left = build.smaller(builder.sub(pixels, p), build.int64(build.lanes))
                first = builder.sub(builder.shl(build.int64(1), left), build.int64(1))
                wanted = builder.and_(builder.load(builder.gep(bits, [step])), first)
                mask = builder.bitcast(builder.trunc(wanted, ir.IntType(build.lanes)), build.mask)
                gradients = [build.load(builder.gep(row, [p]), mask) for row in rows]
                windows = [build.load(builder.gep(start, [p]), mask) for start in starts]
                return [
                    build.multiply_add(gradient, window, sums[i * count + k])
                    for i, gradient in enumerate(gradients)
                    for k, window in enumerate(windows)
                ]

            for i, total in enumerate(build.loop(steps, channels * count, body)):
                k = i % count
                with builder.if_then(builder.icmp_signed("<", build.int64(k), taps)):
                    at = builder.add(builder.mul(build.int64(i // count), c_step), build.int64(k * build.lanes))
                    place = builder.gep(c, [at])
                    old = build.load(place, build.every_lane)
                    build.store(builder.fadd(old, total), place, build.every_lane)
            return context.get_dummy_value()

        return types.void(g, a, types.int64, masks, types.int64, c), codegen

    return correlate


_convolve_1, _convolve_2, _convolve_3, _convolve_4 = (_convolve(n + 1) for n in range(CHANNELS))
_correlate_1, _correlate_2, _correlate_3, _correlate_4 = (_correlate(n + 1) for n in range(CHANNELS))


# ── kernels ────────────────────────────────────────────────────────────────────────────


@kernel()
def pack_rows(a, a_place, stride, rows, columns, c, c_place):
    """C[i, j] = A[i, j stride] for i < rows and j < columns.  A and C are at a Place in the arrays a and c."""
    (a_start, a_step), (c_start, c_step) = a_place, c_place
    a_rows, c_rows = Rows(a, a_start, a_step), Rows(c, c_start, c_step)
    if stride == 1 and a_step == columns == c_step:
        _pack_1(a_rows, 1, rows * columns, c_rows)
    elif stride == 1:
        _pack_1(a_rows, rows, columns, c_rows)
    elif stride == 2:
        _pack_2(a_rows, rows, columns, c_rows)
    else:
        for i in range(rows):
            for j in range(columns):
                c[c_start + i * c_step + j] = a[a_start + i * a_step + j * stride]


@kernel()
def epilogue_rows(a, a_place, bias, relu, rows, columns, stride, c, c_place):
    """C[i, j stride] = A[i, j] + bias, or max(that, 0) if `relu`.  A and C are at a Place in the arrays a and c."""
    (a_start, a_step), (c_start, c_step) = a_place, c_place
    a_rows, c_rows = Rows(a, a_start, a_step), Rows(c, c_start, c_step)
    if stride == 1 and a_step == columns == c_step:
        _epilogue_1(a_rows, bias, relu, 1, rows * columns, c_rows)
    elif stride == 1:
        _epilogue_1(a_rows, bias, relu, rows, columns, c_rows)
    elif stride == 2:
        _epilogue_2(a_rows, bias, relu, rows, columns, c_rows)
    else:
        for i in range(rows):
            for j in range(columns):
                x = a[a_start + i * a_step + j] + bias
                c[c_start + i * c_step + j * stride] = 0 if relu and x <= 0 else x


@kernel()
def inside(first, step, count, size):
    """The range (low, high) of those i in 0 … count - 1 for which 0 <= first + i step < size."""
    low = min(count, max(0, -(first // step)))
    return low, max(low, min(count, -((first - size) // step)))


@kernel()
def pack_images(x, n, count, first_channel, channels, block, plan, copy):
    """Pack a block's rows of images n … n + count - 1 of x (N, C, H, W) into (channel, plane, image, row, column).

    Zeros around them are in `copy` already.
    """
    _, _, _, rows, columns, top, left, step, row_stride, column_stride, planes, _, _, _, _, _ = plan
    height, width, images = x.shape[2], x.shape[3], x.reshape(-1)
    image = rows * columns
    batch = len(copy) // (channels * len(planes) * image)
    for plane in range(len(planes)):
        y0, x0 = block * step + top + planes[plane, 0], left + planes[plane, 1]
        (first, last), (low, high) = inside(y0, row_stride, rows, height), inside(x0, column_stride, columns, width)
        start = (y0 + first * row_stride) * width + x0 + low * column_stride
        for c in range(channels):
            for b in range(count):
                image_at = ((n + b) * x.shape[1] + first_channel + c) * height * width
                copy_at = ((c * len(planes) + plane) * batch + b) * image
                pack_rows(
                    images, Place(image_at + start, row_stride * width), column_stride, last - first, high - low,
                    copy, Place(copy_at + first * columns + low, columns),
                )  # fmt: skip


@kernel()
def convolve_rows(a, w, depth, channels, vectors, pixels, sums):
    """sums[i, p] = Σ_k W[i, k] A[k, p] for k < depth, in whole tiles of `vectors`.  a: IndexedRows, w and sums: Rows.

    Products are added in the blocks of `conv.multiply_taps`, so both give the same bits.
    """
    array, start, tap, first_tap = a
    blocks = max(1, -(-depth // TAP_BLOCK))
    for block in range(blocks):
        k, end = depth * block // blocks, depth * (block + 1) // blocks
        weights, block_depth, add = Rows(w.array, w.start + k, w.step), end - k, block > 0
        for p in range(0, pixels, vectors * lanes(array)):
            taps, c = IndexedRows(array, start + p, tap, first_tap + k), Rows(sums.array, sums.start + p, sums.step)
            if channels == 1:
                _convolve_1(taps, weights, block_depth, c, add)
            elif channels == 2:
                _convolve_2(taps, weights, block_depth, c, add)
            elif channels == 3:
                _convolve_3(taps, weights, block_depth, c, add)
            else:
                _convolve_4(taps, weights, block_depth, c, add)


@kernel(parallel=True, allocates=True)
def _forward(x, w, bias, relu, group_blocks, plan, y):
    """y (N, O, H', W') from x (N, C, H, W), w (O, taps) and bias (O,); max(y, 0) if `relu`."""
    groups, batch, block_rows, rows, columns, _, _, _, _, _, planes, phases, row_stride, column_stride, tap, _ = plan
    images, outputs, height, width = y.shape
    group_channels, group_outputs = x.shape[1] // groups, outputs // groups
    image = rows * columns
    size = batch * image
    row_blocks = -(-height // block_rows)
    tiles, slack = -(-group_outputs // CHANNELS), PIXEL_VECTORS[0] * lanes(x)  # micro-tiles are whole vectors
    depth, weights, result = w.shape[1], w.reshape(-1), y.reshape(-1)
    threads = limit_threads(y.size * depth // (MIN_PRODUCTS * row_stride * column_stride))
    for unit in prange(-(-images // batch) * row_blocks * group_blocks):
        n = unit // (row_blocks * group_blocks) * batch
        block, part = unit // group_blocks % row_blocks, unit % group_blocks
        together, y0 = min(batch, images - n), block * block_rows
        copy_size = group_channels * len(planes) * size
        memory = aligned(copy_size + slack, x)
        clear(memory, 0, len(memory))
        copy = memory[:copy_size]
        sums = aligned(CHANNELS * (size + slack), x)
        for group in range(part * groups // group_blocks, (part + 1) * groups // group_blocks):
            pack_images(x, n, together, group * group_channels, group_channels, block, plan, copy)
            for phase in phases:
                phase_rows = -((phase[4] - (min(height, y0 + block_rows) - y0)) // row_stride)
                if phase_rows <= 0:
                    continue
                pixels = ((together - 1) * rows + phase_rows - 1) * columns + phase[1]
                for t in range(tiles):
                    first, last = group_outputs * t // tiles, group_outputs * (t + 1) // tiles
                    o, count = group * group_outputs + first, last - first
                    convolve_rows(
                        IndexedRows(memory, phase[0], tap, phase[2]), Rows(weights, o * depth + phase[2], depth),
                        phase[3], count, PIXEL_VECTORS[count - 1], pixels, Rows(sums, 0, size + slack),
                    )  # fmt: skip
                    for c in range(count):
                        for b in range(together):
                            y_row = ((n + b) * outputs + o + c) * height + y0 + phase[4]
                            epilogue_rows(
                                sums, Place(c * (size + slack) + b * image, columns), bias[o + c], relu,
                                phase_rows, phase[1], column_stride,
                                result, Place(y_row * width + phase[5], row_stride * width),
                            )  # fmt: skip
    set_threads(threads)


@kernel()
def correlate_rows(g, a, depth, masks, channels, pixels, sums):
    """sums[i, k L + lane] += Σ_p G[i, p] A[k, p], `channels` rows i and k < depth.  g, sums: Rows, a: IndexedRows."""
    array, start, tap, first_tap = a
    width, count = lanes(array), TAPS[channels - 1]
    for k in range(0, depth, count):
        taps, c = min(count, depth - k), Rows(sums.array, sums.start + k * width, sums.step)
        windows = IndexedRows(array, start, tap, first_tap + k)
        if channels == 1:
            _correlate_1(g, windows, taps, masks, pixels, c)
        elif channels == 2:
            _correlate_2(g, windows, taps, masks, pixels, c)
        elif channels == 3:
            _correlate_3(g, windows, taps, masks, pixels, c)
        else:
            _correlate_4(g, windows, taps, masks, pixels, c)


@kernel(parallel=True, allocates=True)
def _weight_grad(g, x, group_blocks, plan, masks, parts):
    """parts (B, O, taps): the weight gradient of each of B blocks of images.  masks: `lane_masks`."""
    groups, batch, block_rows, rows, columns, _, _, _, _, _, planes, _, _, _, tap, _ = plan
    images, outputs, height, width = g.shape
    group_channels, group_outputs, depth = x.shape[1] // groups, outputs // groups, len(tap)
    image = rows * columns
    size, row_blocks, tiles = batch * image, -(-height // block_rows), -(-group_outputs // CHANNELS)
    gradients = g.reshape(-1)
    threads = limit_threads(g.size * depth // MIN_PRODUCTS)
    for unit in prange(len(parts) * group_blocks):
        part, group_block = unit // group_blocks, unit % group_blocks
        first_group, last_group = group_block * groups // group_blocks, (group_block + 1) * groups // group_blocks
        copy = aligned(group_channels * len(planes) * size, x)
        packed = aligned(CHANNELS * size, g)
        sums = aligned((last_group - first_group) * group_outputs * depth * lanes(g), g)
        clear(sums, 0, len(sums))
        clear(copy, 0, len(copy))
        end = (part + 1) * images // len(parts)
        for n in range(part * images // len(parts), end, batch):
            together = min(batch, end - n)
            for block in range(row_blocks):
                if row_blocks > 1:
                    clear(copy, 0, len(copy))
                y0 = block * block_rows
                g_rows = min(height, y0 + block_rows) - y0
                pixels = ((together - 1) * rows + g_rows - 1) * columns + width
                for group in range(first_group, last_group):
                    pack_images(x, n, together, group * group_channels, group_channels, block, plan, copy)
                    for t in range(tiles):
                        first, last = group_outputs * t // tiles, group_outputs * (t + 1) // tiles
                        for c in range(last - first):
                            for b in range(together):
                                g_row = ((n + b) * outputs + group * group_outputs + first + c) * height + y0
                                place = Place(g_row * width, width)
                                packed_place = Place(c * size + b * image, columns)
                                pack_rows(gradients, place, 1, g_rows, width, packed, packed_place)
                        sums_at = ((group - first_group) * group_outputs + first) * depth * lanes(g)
                        correlate_rows(
                            Rows(packed, 0, size), IndexedRows(copy, 0, tap, 0), depth, masks, last - first, pixels,
                            Rows(sums, sums_at, depth * lanes(g)),
                        )  # fmt: skip
        for o in range((last_group - first_group) * group_outputs):
            for k in range(depth):
                total = sums[(o * depth + k) * lanes(g)]
                for lane in range(1, lanes(g)):
                    total += sums[(o * depth + k) * lanes(g) + lane]
                parts[part, first_group * group_outputs + o, k] = total
    set_threads(threads)


# ── what ops call ──────────────────────────────────────────────────────────────────────


def forward(x: Array, w: Array, bias: Array, relu: bool, plan: Plan, y: Array) -> None:
    """Compute y (N, O, H', W') from x (N, C, H, W), w (O, taps) and bias (O,); max(y, 0) if `relu`."""
    blocks = -(-len(x) // plan.batch) * -(-y.shape[2] // plan.block_rows)
    _forward(dense(x), w, bias, relu, group_blocks(blocks, plan.groups, 0), tuple(plan), y)


def weight_grad(g: Array, x: Array, plan: Plan) -> Array:
    """The weight gradient (O, taps) from g (N, O, H', W') and x (N, C, H, W)."""
    outputs, depth, vector = g.shape[1], len(plan.tap), vector_bytes() // g.itemsize
    parts = np.empty((image_blocks(len(g), depth * outputs), outputs, depth), g.dtype)
    masks = lane_masks(plan.batch, plan.block_rows, g.shape[3], (plan.rows, plan.columns), vector)
    blocks = group_blocks(len(parts), plan.groups, outputs * depth * vector)
    _weight_grad(dense(g), dense(x), blocks, tuple(plan), masks, parts)
    return parts.sum(axis=0)
