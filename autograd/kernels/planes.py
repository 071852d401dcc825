"""Convolution with pixels in the lanes: for few channels of a group, as depthwise convolutions have.

`conv` has a result's channels in the lanes, and of three channels it wastes most of them.  Here
a copy of the pictures, with zeros around them, makes every product one of flat arrays:

    y[p]  = Σ_k w[k] copy[p + tap[k]]          forward, and the input gradient: taps that go back
    dw[k] = Σ_p g[p] copy[p + tap[k]]          weight gradient

p = i · columns + j goes through the rows of the copy, so some pixels are computed, and left out,
that lie beyond a row's results: kw - 1 a row, and none of the lanes is idle at the end of a short
row.  Pictures of a few pixels follow each other in one copy.  A stride of s lays every s-th row
and column side by side, so that neighbours in the result are neighbours in memory; the input
gradient's phases are those of `conv`.

In registers lie the sums of up to 4 channels and some vectors of pixels each, or taps: a vector
of pixels, once loaded, meets 4 weights, or gradients.  In a depthwise convolution it meets one,
and loads are what limits that.  Sums of the weight gradient stay vectors until all images are through.

Which kernels a shape takes is reckoned from cycles (`quicker`); forward, both give the same bits.
Two threads, float32, 64 images, ms of forward, input gradient and weight gradient; im2col is NumPy's
product of patches, PyTorch's pictures are channels_last:

    channels, picture, kernel              conv                this            PyTorch         im2col
    32 in 32 groups, 32 × 32, 3 × 3    4.8  4.7  7.6     0.85  0.87  0.82   0.44 0.54 0.49    24  57  24
    the same by 2                      1.6  3.8  1.9     0.56  0.66  0.57   0.32 0.43 0.34     5  15   5
    64 in 16 groups, 16 × 16, 3 × 3    1.8  1.6  2.0     0.63  0.62  0.89   0.90 0.92 1.2     11  17  11
    1 to 6, 28 × 28, 5 × 5             0.25 0.90 0.31    0.12  0.15  0.14   0.27 0.77 0.21   0.9 1.4 0.7
    3 to 32, 32 × 32, 7 × 7: input gradient   12         2.9                7.1               11

A depthwise convolution spends as long on its copies and results as on its products.

NaN and inf: zeros around pictures meet every weight, as in the reference.  Pixels left out are
never stored; the weight gradient reads neither g nor the copy there, as 0 · inf is NaN.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import prange, types
from numba.extending import intrinsic

from autograd.kernels.conv import (
    BLOCK_NUMBERS,
    PARTS,
    TAPS as BLOCK_TAPS,
    grid,
    image_blocks,
    phase_lines,
    rows_per_block,
    span,
)
from autograd.kernels.gemm import PRODUCTS, aligned, lanes
from autograd.kernels.jit import dense, kernel, limit_threads, set_threads, vector_bytes, vector_registers
from autograd.kernels.tile import Tile, clear, rectified

Pair = tuple[int, int]

CHANNELS = 4  # that a vector of pixels meets while it is in a register
PIXELS = (8, 6, 4, 4) if vector_registers() == 32 else (8, 4, 3, 2)  # vectors of them, of 1, 2, 3, 4 channels
TAPS = (9, 5, 3, 3)  # of the weight gradient
CYCLES = (1.3, 1.0, 0.75, 0.75)  # of a vector's product, with 1, 2, 3, 4 channels
TOGETHER = 512  # pixels of a copy, where pictures have fewer


class Walk(NamedTuple):
    """The tables of a convolution's walk over a few pictures, or a block of their rows.

    Attributes
    ----------
    batch, block_rows : int
        Images, and rows of the result, that a block has.
    frame : tuple (rows, columns, top, left)
        Size of a plane of the copy, and the row and column of the picture where it begins, for the first block.
    step : int
        Rows of the picture from block to block.
    stride : (int, int)
        Rows and columns of the picture between those of a plane.
    planes : (…, 2) int64 array
        Row and column of the picture where each plane of a channel begins, from the frame's first.
    phases : (…, 6) int64 array
        First pixel of each, and its columns; its first tap, and its taps; its first row and column in the result.
    tap : int64 array
        Offsets in the copy (channel, plane, image, row, column).
    order : int64 array
        Which of a result's weights each tap is.
    """

    batch: int
    block_rows: int
    frame: tuple[int, int, int, int]
    step: int
    stride: Pair
    planes: np.ndarray
    phases: np.ndarray
    tap: np.ndarray
    order: np.ndarray


def _together(images: int, groups: int, channel_numbers: int, pixels: int) -> int:
    """Whole images of a block, which has so many numbers of each, and pixels of a plane."""
    return max(1, min(TOGETHER // pixels, BLOCK_NUMBERS // channel_numbers, images * groups // PARTS))


def quicker(
    walk: Walk, pixels: int, depth: float, inputs: int, outputs: int, lanes: int, product: float, apart: int = 1
) -> bool:
    """Whether the kernels here are quicker than those of `conv`: from cycles an image and group that were measured.

    pixels of a result with `depth` products each, from so many channels of the copy to so many of
    the result; a product's cycles, of a vector; how many columns apart the results of a phase lie.
    """
    rows, columns = walk.frame[:2]
    vectors = -(-outputs // lanes)
    there = 200 + pixels * (depth * (0.65 * vectors + 0.2 * (vectors % 2)) + vectors * lanes / 4)  # with turning
    width = int(walk.phases[:, 1].max())
    moved = (inputs * len(walk.planes) * rows + outputs * pixels / width) * (8 + 4 * columns / lanes)
    if max(walk.stride) > 2:
        moved += 3 * inputs * len(walk.planes) * rows * columns  # number by number
    if apart > 1:
        there += 3 * outputs * pixels
    if apart > 2:
        moved += 3 * outputs * pixels
    return product * pixels * depth * outputs / lanes * columns / width + moved < there


@lru_cache(maxsize=256)
def forward_walk(
    images: int, channels: int, outputs: int, groups: int, out: Pair, lanes: int, **window: Pair
) -> Walk | None:
    """For results of size `out`, of each group so many outputs from channels; None where `conv` is quicker."""
    walk = _forward_walk(images, channels, groups, out, **window)
    product = CYCLES[min(outputs, CHANNELS) - 1]
    return walk if quicker(walk, out[0] * out[1], len(walk.tap), channels, outputs, lanes, product) else None


@lru_cache(maxsize=256)
def weight_grad_walk(
    images: int, channels: int, outputs: int, groups: int, out: Pair, lanes: int, **window: Pair
) -> Walk | None:
    """As `forward_walk`, for the weight gradient."""
    walk = _forward_walk(images, channels, groups, out, **window)
    pixels = out[0] * out[1]
    product = 1.1 + 6 * lanes / (pixels * walk.batch)  # the sums are read and written for every block
    return walk if quicker(walk, pixels, len(walk.tap), channels, outputs, lanes, product) else None


def _forward_walk(
    images: int, channels: int, groups: int, out: Pair, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair
) -> Walk:
    vertical, horizontal = (np.arange(k) * d for k, d in zip(kernel_size, dilation, strict=True))
    (sh, sw), (top, left) = stride, (vertical % stride[0], horizontal % stride[1])
    columns = out[1] + int(horizontal.max()) // sw
    block = rows_per_block(images * groups, out[0], channels * columns * sh * sw)
    rows = block + int(vertical.max()) // sh
    plane_rows, row_plane = np.unique(top, return_inverse=True)
    plane_columns, column_plane = np.unique(left, return_inverse=True)
    planes = np.array([(y, x) for y in plane_rows for x in plane_columns])
    batch = _together(images, groups, channels * len(planes) * rows * columns, rows * columns) if block == out[0] else 1
    plane = batch * rows * columns
    rows_at = row_plane * len(plane_columns) * plane + vertical // sh * columns
    window = grid(rows_at, column_plane * plane + horizontal // sw, 1)
    tap = grid(np.arange(channels), window, len(planes) * plane)
    phases = np.array([[0, out[1], 0, len(tap), 0, 0]])
    frame = (rows, columns, -padding[0], -padding[1])
    return Walk(batch, block, frame, block * sh, stride, planes, phases, tap, np.arange(len(tap)))


@lru_cache(maxsize=256)
def backward_walk(
    images: int,
    outputs: int,
    channels: int,
    groups: int,
    size: Pair,
    kernel_size: Pair,
    lanes: int,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
) -> Walk | None:
    """For input gradients of `size`, of each group so many channels from outputs; None where `conv` is quicker."""
    block = rows_per_block(images * groups, size[0], outputs * -(-size[1] // stride[1]))
    block = min(size[0], -(-block // stride[0]) * stride[0])  # every block begins with the same phase
    vertical, horizontal = (
        phase_lines(*dims) for dims in zip((block, size[1]), kernel_size, stride, padding, dilation, strict=True)
    )
    (top, bottom), (left, right) = span(vertical), span(horizontal)
    rows, columns = bottom - top + 1, right - left + 1
    batch = _together(images, groups, outputs * rows * columns, rows * columns) if block == size[0] else 1
    phases: list[list[int]] = []
    taps: list[np.ndarray] = []
    order: list[np.ndarray] = []
    for ys, y_base, ky, y_offset in vertical:
        for xs, x_base, kx, x_offset in horizontal:
            first = (y_base[0] - top) * columns + x_base[0] - left
            phases.append([first, len(xs), sum(len(t) for t in taps), outputs * len(ky) * len(kx), ys[0], xs[0]])
            taps.append(grid(np.arange(outputs), grid(y_offset, x_offset, columns), batch * rows * columns))
            order.append(grid(np.arange(outputs), grid(ky, kx, kernel_size[1]), kernel_size[0] * kernel_size[1]))
    walk = Walk(
        batch, block, (rows, columns, top, left), block // stride[0], (1, 1), np.zeros((1, 2), np.int64),
        np.array(phases), np.concatenate(taps), np.concatenate(order),
    )  # fmt: skip
    depth = len(walk.tap) / (stride[0] * stride[1])
    product = CYCLES[min(channels, CHANNELS) - 1]
    return walk if quicker(walk, size[0] * size[1], depth, outputs, channels, lanes, product, max(stride)) else None


@lru_cache(maxsize=256)
def lanes_inside(batch: int, block_rows: int, width: int, frame: Pair, vector: int) -> np.ndarray:
    """Of each vector of a copy's pixels a bit for every lane: whether a result belongs to it."""
    rows, columns = frame
    inside = np.zeros((batch, rows, columns), bool)
    inside[:, :block_rows, :width] = True
    padded = np.zeros(-(-inside.size // vector) * vector, np.int64)
    padded[: inside.size] = inside.reshape(-1)
    return padded.reshape(-1, vector) @ (1 << np.arange(vector))


def group_blocks(others: int, groups: int, numbers: int) -> int:
    """Into how many blocks groups are cut, where there are `others` to share out, for so many numbers a block."""
    return max(1, min(groups, max(-(-PARTS // max(1, others)), -(-numbers // BLOCK_NUMBERS))))


# ── instructions ───────────────────────────────────────────────────────────────────────


def _rows(tile: Tile, rows: Any, columns: Any, row: Any) -> None:
    """row(i) gives a function (j, count) for each row i, called with j = 0, L, … < columns.

    count is None where L columns are left, otherwise how many: for each row the same, so what
    follows from it alone is taken out of the loop by the compiler.
    """
    builder, lanes = tile.builder, tile.constant(tile.lanes)
    full = builder.sdiv(columns, lanes)
    rest = builder.srem(columns, lanes)

    def one(i: Any, sums: list) -> list:
        vector = row(i)

        def whole(step: Any, sums: list) -> list:
            vector(builder.mul(step, lanes), None)
            return sums

        tile.loop(full, 0, whole)
        with builder.if_then(builder.icmp_signed(">", rest, tile.constant(0))):
            vector(builder.mul(full, lanes), rest)
        return sums

    tile.loop(rows, 0, one)


def _mask(tile: Tile, stride: int, half: int, count: Any) -> Any:
    """Of L numbers from half · L on every `stride`-th, the first `count` of them, or L where that is None."""
    own = [(half * tile.lanes + i) % stride == 0 for i in range(tile.lanes)]
    every = ir.Constant(tile.mask, own)
    if count is None:
        return every
    past = tile.builder.sub(tile.builder.mul(count, tile.constant(stride)), tile.constant(half * tile.lanes))
    return tile.builder.and_(every, tile.first(past))


def _lay(stride: int) -> Any:
    @intrinsic
    def lay(typing, a, a_at, a_step, rows, columns, c, c_at, c_step):  # type: ignore[no-untyped-def]
        """c[c_at + i c_step + j] = a[a_at + i a_step + j stride], i < rows and j < columns."""

        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            tile = Tile(context, builder, signature.args[0])
            a, c = tile.pointer(signature, arguments, 0), tile.pointer(signature, arguments, 5)
            (a_step, rows, columns), c_step = arguments[2:5], arguments[7]

            def row(i: Any) -> Any:
                source, target = builder.gep(a, [builder.mul(i, a_step)]), builder.gep(c, [builder.mul(i, c_step)])

                def vector(j: Any, count: Any) -> None:
                    halves = []
                    for half in range(stride):
                        at = builder.add(builder.mul(j, tile.constant(stride)), tile.constant(half * tile.lanes))
                        halves.append(tile.load(builder.gep(source, [at]), _mask(tile, stride, half, count)))
                    x = halves[0] if stride == 1 else tile.shuffle(*halves, [2 * i for i in range(tile.lanes)])
                    tile.store(x, builder.gep(target, [j]), _mask(tile, 1, 0, count))

                return vector

            _rows(tile, rows, columns, row)
            return context.get_dummy_value()

        integer = types.int64
        return types.void(a, integer, integer, integer, integer, c, integer, integer), codegen

    return lay


def _finish(stride: int) -> Any:
    @intrinsic
    def finish(typing, a, a_at, a_step, bias, relu, rows, columns, c, c_at, c_step):  # type: ignore[no-untyped-def]
        """c[c_at + i c_step + j stride] = a[a_at + i a_step + j] + bias, or of that max(., 0) with relu.

        For i < rows and j < columns.
        """

        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            tile = Tile(context, builder, signature.args[0])
            a, c = tile.pointer(signature, arguments, 0), tile.pointer(signature, arguments, 7)
            a_step, bias, relu, rows, columns = arguments[2:7]
            c_step = arguments[9]
            add = tile.spread(bias, tile.vector)

            def row(i: Any) -> Any:
                source, target = builder.gep(a, [builder.mul(i, a_step)]), builder.gep(c, [builder.mul(i, c_step)])

                def vector(j: Any, count: Any) -> None:
                    x = builder.fadd(tile.load(builder.gep(source, [j]), _mask(tile, 1, 0, count)), add)
                    x = rectified(tile, x, relu)
                    for half in range(stride):
                        at = builder.add(builder.mul(j, tile.constant(stride)), tile.constant(half * tile.lanes))
                        apart = [(half * tile.lanes + i) // stride for i in range(tile.lanes)]
                        some = x if stride == 1 else tile.shuffle(x, x, apart)
                        tile.store(some, builder.gep(target, [at]), _mask(tile, stride, half, count))

                return vector

            _rows(tile, rows, columns, row)
            return context.get_dummy_value()

        integer = types.int64
        return types.void(a, integer, integer, a.dtype, types.boolean, integer, integer, c, integer, integer), codegen

    return finish


_lay_1, _lay_2 = _lay(1), _lay(2)
_finish_1, _finish_2 = _finish(1), _finish(2)


def _filter(channels: int) -> Any:
    vectors = PIXELS[channels - 1]

    @intrinsic
    def filter(typing, a, a_at, tap, tap_at, w, w_at, w_step, depth, c, c_at, c_step, add):  # type: ignore[no-untyped-def]
        """c[c_at + i c_step + j] (+)= Σ_k w[w_at + i w_step + k] a[a_at + tap[tap_at + k] + j], k < depth.

        For `channels` i and PIXELS L j.
        """

        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            tile = Tile(context, builder, signature.args[0])
            a, taps, w, c = (tile.pointer(signature, arguments, i) for i in (0, 2, 4, 8))
            w_step, depth, c_step, add = arguments[6], arguments[7], arguments[10], arguments[11]
            rows = [builder.gep(w, [builder.mul(tile.constant(i), w_step)]) for i in range(channels)]
            at = [tile.constant(v * tile.lanes) for v in range(vectors)]

            def body(k: Any, sums: list) -> list:
                start = builder.gep(a, [builder.load(builder.gep(taps, [k]))])
                pixels = [tile.load(builder.gep(start, [offset])) for offset in at]
                weights = [tile.spread(builder.load(builder.gep(row, [k])), tile.vector) for row in rows]
                return [
                    tile.multiply_add(weight, x, sums[i * vectors + v])
                    for i, weight in enumerate(weights)
                    for v, x in enumerate(pixels)
                ]

            every = ir.Constant(tile.mask, [1] * tile.lanes)
            for i, total in enumerate(tile.loop(depth, channels * vectors, body)):
                row = builder.gep(c, [builder.mul(tile.constant(i // vectors), c_step)])
                place = builder.gep(row, [at[i % vectors]])
                old = tile.load(place, tile.spread(add, tile.mask))  # zeros, where the old sum is not wanted
                tile.store(builder.fadd(old, total), place, every)
            return context.get_dummy_value()

        integer = types.int64
        return types.void(
            a, integer, tap, integer, w, integer, integer, integer, c, integer, integer, types.boolean
        ), codegen

    return filter


def _correlate(channels: int) -> Any:
    count = TAPS[channels - 1]

    @intrinsic
    def correlate(typing, g, g_at, g_step, a, tap, tap_at, taps, lanes_in, pixels, c, c_at, c_step):  # type: ignore[no-untyped-def]
        """c[c_at + i c_step + k L + lane] += Σ_p g[g_at + i g_step + p] a[tap[tap_at + k] + p], p % L = lane.

        For `channels` i, k < taps <= TAPS and p < pixels that `lanes_in` has a bit for.
        """

        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            tile = Tile(context, builder, signature.args[0])
            g, tap, c = (tile.pointer(signature, arguments, i) for i in (0, 4, 9))
            a, bits = (context.make_array(signature.args[i])(context, builder, arguments[i]).data for i in (3, 7))
            g_step, taps, pixels, c_step = arguments[2], arguments[6], arguments[8], arguments[11]
            rows = [builder.gep(g, [builder.mul(tile.constant(i), g_step)]) for i in range(channels)]
            last = builder.sub(taps, tile.constant(1))
            places = [builder.gep(tap, [tile.smaller(tile.constant(k), last)]) for k in range(count)]
            starts = [builder.gep(a, [builder.load(place)]) for place in places]
            steps = builder.sdiv(builder.add(pixels, tile.constant(tile.lanes - 1)), tile.constant(tile.lanes))

            def body(step: Any, sums: list) -> list:
                p = builder.mul(step, tile.constant(tile.lanes))
                left = tile.smaller(builder.sub(pixels, p), tile.constant(tile.lanes))
                first = builder.sub(builder.shl(tile.constant(1), left), tile.constant(1))
                few = builder.and_(builder.load(builder.gep(bits, [step])), first)
                mask = builder.bitcast(builder.trunc(few, ir.IntType(tile.lanes)), tile.mask)
                gradients = [tile.load(builder.gep(row, [p]), mask) for row in rows]
                windows = [tile.load(builder.gep(start, [p]), mask) for start in starts]
                return [
                    tile.multiply_add(gradient, window, sums[i * count + k])
                    for i, gradient in enumerate(gradients)
                    for k, window in enumerate(windows)
                ]

            every = ir.Constant(tile.mask, [1] * tile.lanes)
            for i, total in enumerate(tile.loop(steps, channels * count, body)):
                k = i % count
                with builder.if_then(builder.icmp_signed("<", tile.constant(k), taps)):
                    at = builder.add(builder.mul(tile.constant(i // count), c_step), tile.constant(k * tile.lanes))
                    place = builder.gep(c, [at])
                    tile.store(builder.fadd(tile.load(place, every), total), place, every)
            return context.get_dummy_value()

        integer = types.int64
        return types.void(
            g, integer, integer, a, tap, integer, integer, lanes_in, integer, c, integer, integer
        ), codegen

    return correlate


_filter_1, _filter_2, _filter_3, _filter_4 = (_filter(n + 1) for n in range(CHANNELS))
_correlate_1, _correlate_2, _correlate_3, _correlate_4 = (_correlate(n + 1) for n in range(CHANNELS))


# ── kernels ────────────────────────────────────────────────────────────────────────────


@kernel()
def lay_rows(a, a_at, a_step, stride, rows, columns, c, c_at, c_step):
    """c[c_at + i c_step + j] = a[a_at + i a_step + j stride], i < rows and j < columns."""
    if stride == 1 and a_step == columns == c_step:
        _lay_1(a, a_at, a_step, 1, rows * columns, c, c_at, c_step)
    elif stride == 1:
        _lay_1(a, a_at, a_step, rows, columns, c, c_at, c_step)
    elif stride == 2:
        _lay_2(a, a_at, a_step, rows, columns, c, c_at, c_step)
    else:
        for i in range(rows):
            for j in range(columns):
                c[c_at + i * c_step + j] = a[a_at + i * a_step + j * stride]


@kernel()
def finish_rows(a, a_at, a_step, bias, relu, rows, columns, stride, c, c_at, c_step):
    """c[c_at + i c_step + j stride] = a[a_at + i a_step + j] + bias, or of that max(., 0) with relu."""
    if stride == 1 and a_step == columns == c_step:
        _finish_1(a, a_at, a_step, bias, relu, 1, rows * columns, c, c_at, c_step)
    elif stride == 1:
        _finish_1(a, a_at, a_step, bias, relu, rows, columns, c, c_at, c_step)
    elif stride == 2:
        _finish_2(a, a_at, a_step, bias, relu, rows, columns, c, c_at, c_step)
    else:
        for i in range(rows):
            for j in range(columns):
                x = a[a_at + i * a_step + j] + bias
                c[c_at + i * c_step + j * stride] = 0 if relu and x <= 0 else x


@kernel()
def inside(first, step, count, size):
    """The numbers i from `low` to `high` - 1 of 0 to count - 1 for which 0 <= first + i step < size."""
    low = min(count, max(0, -(first // step)))
    return low, max(low, min(count, -((first - size) // step)))


@kernel()
def lay_pictures(x, n, together, c0, channels, block, frame, step, stride, planes, copy):
    """The block's rows of images n, n + 1, …, from channel c0 on, in a copy (channel, plane, image, row, column).

    Zeros around them are there already.
    """
    rows, columns, top, left = frame
    height, width, pictures = x.shape[2], x.shape[3], x.reshape(-1)
    image = rows * columns
    batch = len(copy) // (channels * len(planes) * image)
    for plane in range(len(planes)):
        y0, x0 = block * step + top + planes[plane, 0], left + planes[plane, 1]
        (first, last), (low, high) = inside(y0, stride[0], rows, height), inside(x0, stride[1], columns, width)
        start = (y0 + first * stride[0]) * width + x0 + low * stride[1]
        for c in range(channels):
            for b in range(together):
                lay_rows(
                    pictures, ((n + b) * x.shape[1] + c0 + c) * height * width + start, stride[0] * width, stride[1],
                    last - first, high - low,
                    copy, ((c * len(planes) + plane) * batch + b) * image + first * columns + low, columns,
                )  # fmt: skip


@kernel()
def filter_rows(a, at, tap, first, w, w_at, w_step, depth, channels, vectors, pixels, sums, sums_step):
    """sums[i, p] = Σ_k w[w_at + i w_step + k] a[at + p + tap[first + k]], in whole tiles of `vectors`.

    Products are summed in the blocks of `conv.products`, so both give the same bits.
    """
    blocks = max(1, -(-depth // BLOCK_TAPS))
    for block in range(blocks):
        start, end = depth * block // blocks, depth * (block + 1) // blocks
        some, k, w_k, add = end - start, first + start, w_at + start, block > 0
        for p in range(0, pixels, vectors * lanes(a)):
            if channels == 1:
                _filter_1(a, at + p, tap, k, w, w_k, w_step, some, sums, p, sums_step, add)
            elif channels == 2:
                _filter_2(a, at + p, tap, k, w, w_k, w_step, some, sums, p, sums_step, add)
            elif channels == 3:
                _filter_3(a, at + p, tap, k, w, w_k, w_step, some, sums, p, sums_step, add)
            else:
                _filter_4(a, at + p, tap, k, w, w_k, w_step, some, sums, p, sums_step, add)


@kernel(parallel=True)
def convolve(
    x, w, bias, relu, groups, group_blocks, batch, block_rows, frame, step, stride, planes, phases, tap, out_stride, y
):
    """y (N, O, H', W') from x (N, C, H, W), w (O, taps) and bias (O,); of that max(., 0) with relu.

    Phases of the result lie out_stride apart in it.
    """
    images, outputs, height, width = y.shape
    group_channels, group_outputs = x.shape[1] // groups, outputs // groups
    rows, columns = frame[:2]
    size = batch * rows * columns
    row_blocks = -(-height // block_rows)
    tiles, slack = -(-group_outputs // CHANNELS), PIXELS[0] * lanes(x)  # a tile reads and writes whole vectors
    depth, weights, result = w.shape[1], w.reshape(-1), y.reshape(-1)
    threads = limit_threads(y.size * depth // (PRODUCTS * out_stride[0] * out_stride[1]))
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
            lay_pictures(
                x, n, together, group * group_channels, group_channels, block, frame, step, stride, planes, copy
            )
            for phase in phases:
                phase_rows = -((phase[4] - (min(height, y0 + block_rows) - y0)) // out_stride[0])
                if phase_rows <= 0:
                    continue
                pixels = ((together - 1) * rows + phase_rows - 1) * columns + phase[1]
                for t in range(tiles):
                    first, last = group_outputs * t // tiles, group_outputs * (t + 1) // tiles
                    o = group * group_outputs + first
                    filter_rows(
                        memory, phase[0], tap, phase[2], weights, o * depth + phase[2], depth, phase[3], last - first,
                        PIXELS[last - first - 1], pixels, sums, size + slack,
                    )  # fmt: skip
                    for c in range(last - first):
                        for b in range(together):
                            y_row = ((n + b) * outputs + o + c) * height + y0 + phase[4]
                            finish_rows(
                                sums, c * (size + slack) + b * rows * columns, columns, bias[o + c], relu,
                                phase_rows, phase[1], out_stride[1],
                                result, y_row * width + phase[5], out_stride[0] * width,
                            )  # fmt: skip
    set_threads(threads)


@kernel()
def correlate_rows(g, g_at, g_step, copy, tap, first, depth, lanes_in, channels, pixels, sums, sums_at):
    """sums[i, k, lane] += Σ_p g[i, p] copy[p + tap[first + k]], of `channels` rows i and k < depth, p by lanes."""
    width = lanes(g)
    count, step = TAPS[channels - 1], depth * width
    for k in range(0, depth, count):
        taps, at = min(count, depth - k), sums_at + k * width
        if channels == 1:
            _correlate_1(g, g_at, g_step, copy, tap, first + k, taps, lanes_in, pixels, sums, at, step)
        elif channels == 2:
            _correlate_2(g, g_at, g_step, copy, tap, first + k, taps, lanes_in, pixels, sums, at, step)
        elif channels == 3:
            _correlate_3(g, g_at, g_step, copy, tap, first + k, taps, lanes_in, pixels, sums, at, step)
        else:
            _correlate_4(g, g_at, g_step, copy, tap, first + k, taps, lanes_in, pixels, sums, at, step)


@kernel(parallel=True)
def weight_grad(g, x, groups, group_blocks, batch, block_rows, frame, step, stride, planes, tap, lanes_in, parts):
    """parts (B, O, taps): the weight gradient of each of B blocks of images."""
    images, outputs, height, width = g.shape
    group_channels, group_outputs, depth = x.shape[1] // groups, outputs // groups, len(tap)
    rows, columns = frame[:2]
    size, row_blocks, tiles = batch * rows * columns, -(-height // block_rows), -(-group_outputs // CHANNELS)
    gradients = g.reshape(-1)
    threads = limit_threads(g.size * depth // PRODUCTS)
    for unit in prange(len(parts) * group_blocks):
        part, some = unit // group_blocks, unit % group_blocks
        first_group, last_group = some * groups // group_blocks, (some + 1) * groups // group_blocks
        copy = aligned(group_channels * len(planes) * size, x)
        turned = aligned(CHANNELS * size, g)
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
                some_rows = min(height, y0 + block_rows) - y0
                pixels = ((together - 1) * rows + some_rows - 1) * columns + width
                for group in range(first_group, last_group):
                    lay_pictures(
                        x, n, together, group * group_channels, group_channels, block, frame, step, stride, planes, copy
                    )
                    for t in range(tiles):
                        first, last = group_outputs * t // tiles, group_outputs * (t + 1) // tiles
                        for c in range(last - first):
                            for b in range(together):
                                plane = ((n + b) * outputs + group * group_outputs + first + c) * height + y0
                                lay_rows(
                                    gradients, plane * width, width, 1, some_rows, width,
                                    turned, c * size + b * rows * columns, columns,
                                )  # fmt: skip
                        correlate_rows(
                            turned, 0, size, copy, tap, 0, depth, lanes_in, last - first, pixels, sums,
                            ((group - first_group) * group_outputs + first) * depth * lanes(g),
                        )  # fmt: skip
        for o in range((last_group - first_group) * group_outputs):
            for k in range(depth):
                total = sums[(o * depth + k) * lanes(g)]
                for lane in range(1, lanes(g)):
                    total += sums[(o * depth + k) * lanes(g) + lane]
                parts[part, first_group * group_outputs + o, k] = total
    set_threads(threads)


# ── what ops call ──────────────────────────────────────────────────────────────────────


def run(x: Any, w: Any, bias: Any, relu: bool, groups: int, walk: Walk, out_stride: Pair, y: Any) -> None:
    """`convolve` with the tables of a walk."""
    blocks = -(-len(x) // walk.batch) * -(-y.shape[2] // walk.block_rows)
    convolve(
        dense(x), w, bias, relu, groups, group_blocks(blocks, groups, 0), walk.batch, walk.block_rows, walk.frame,
        walk.step, walk.stride, walk.planes, walk.phases, walk.tap, out_stride, y,
    )  # fmt: skip


def weight_grads(g: Any, x: Any, groups: int, walk: Walk) -> Any:
    """dw (O, taps), by `weight_grad` with the tables of a walk."""
    outputs, depth, vector = g.shape[1], len(walk.tap), vector_bytes() // g.itemsize
    parts = np.empty((image_blocks(len(g), depth * outputs), outputs, depth), g.dtype)
    lanes_in = lanes_inside(walk.batch, walk.block_rows, g.shape[3], walk.frame[:2], vector)
    weight_grad(
        dense(g), dense(x), groups, group_blocks(len(parts), groups, outputs * depth * vector), walk.batch,
        walk.block_rows, walk.frame, walk.step, walk.stride, walk.planes, walk.tap, lanes_in, parts,
    )  # fmt: skip
    return parts.sum(axis=0)
