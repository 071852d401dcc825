"""The kernels at their edges, and the number of threads."""

from __future__ import annotations

import ctypes
import itertools
import math
import mmap
import os
import platform
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from llvmlite import binding as llvm

import autograd
from autograd import ops
from autograd.kernels import arithmetic, conv, gemm, jit, max_pool, microkernels, planes, pointwise, winograd
from autograd.kernels.functions import exponential, hyperbolic_tangent, normal_tail
from autograd.kernels.microkernels import IndexedPlace, IndexedRows, Place, Rows
from autograd.kernels.rows import largest, row_moments, row_products, row_standardized, row_sum
from autograd.kernels.scatter import add_rows
from autograd.kernels.sums import add_parts
from autograd.op import table
from autograd.testing.draw import RandomDraw

DTYPES = [np.float32, np.float64]
CANARY = 12345.0


def whole(*shape: int, dtype: Any) -> np.ndarray:
    """Small integers, whose products and sums are exact in both dtypes."""
    return np.random.default_rng(sum(shape)).integers(-4, 5, shape).astype(dtype)


# ── micro-kernels ──────────────────────────────────────────────────────────────────────────────


def embedded(matrix: np.ndarray, filler: float) -> tuple[np.ndarray, int, int]:
    """The matrix inside a larger flat array of filler: the array, the start, and the row step."""
    rows, columns = matrix.shape
    at, step = 37, columns + 5
    flat = np.full(at + rows * step + 41, filler, matrix.dtype)
    inside(flat, at, step, matrix.shape)[...] = matrix
    return flat, at, step


def inside(flat: np.ndarray, at: int, step: int, shape: tuple[int, int]) -> np.ndarray:
    return np.lib.stride_tricks.as_strided(flat[at:], shape, (step * flat.itemsize, flat.itemsize))


def rows_of(matrix: np.ndarray, filler: float) -> Rows:
    """`embedded`, in the form that a micro-kernel takes."""
    return Rows(*embedded(matrix, filler))


def placed_rows(matrix: np.ndarray, filler: float) -> tuple[np.ndarray, Place]:
    """`embedded`, as kernels take it that are called for a few rows at a time."""
    array, at, step = embedded(matrix, filler)
    return array, Place(at, step)


def indexed_rows(matrix: np.ndarray, filler: float) -> IndexedRows:
    """`embedded`, with a table of row offsets instead of a row step."""
    array, at, step = embedded(matrix, filler)
    return IndexedRows(array, at, np.arange(len(matrix)) * step, 0)


def check_stored(c: Rows, expected: np.ndarray) -> None:
    """Check that the expected numbers are stored, and that the canaries around them are unchanged."""
    found = inside(c.array, c.start, c.step, (expected.shape[0], expected.shape[1]))
    assert np.array_equal(found, expected)
    found[...] = CANARY
    assert (c.array == CANARY).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_outer_at_every_residue(dtype: Any) -> None:
    lanes = gemm.lanes(np.zeros(1, dtype))
    for rows in range(1, 2 * microkernels.NARROW_ROWS + 2):
        for columns in range(1, microkernels.NR_VECTORS * lanes + 1):
            depth, most = (rows + columns) % 4, 1 + rows % 3
            width = (microkernels.NARROW if columns <= microkernels.NARROW * lanes else microkernels.NR_VECTORS) * lanes
            a, b = whole(rows, depth, dtype=dtype), whole(depth, width, dtype=dtype)
            expected = a @ b[:, :columns]
            for add, transposed in ((False, False), (True, False), (False, True)):
                old = np.full(expected.shape, 100.0 if add else np.nan, dtype)  # NaN must not be read
                c = rows_of(old, CANARY)
                array, at, row, _ = indexed_rows(a.T if transposed else a, np.nan)
                row, column = (np.arange(rows), row) if transposed else (row, np.arange(depth))
                flat, place = placed_rows(b, np.nan)
                left: Any = array, row, column, IndexedPlace(at, 0, 0)
                gemm.multiply_panel(*left, flat, place, depth, most, rows, columns, c.array, Place(*c[1:]), add)
                check_stored(c, expected + (100 if add else 0))
                if not transposed:  # a constant step from column to column, of which the first ones are left out
                    c = rows_of(old, CANARY)
                    left = array, row, 1, IndexedPlace(at - 3, 0, 3)
                    gemm.multiply_panel(*left, flat, place, depth, most, rows, columns, c.array, Place(*c[1:]), add)
                    check_stored(c, expected + (100 if add else 0))
                c = rows_of(np.full(expected.shape, 100, dtype), CANARY)
                panel, some = (
                    rows_of(np.full((depth, width), CANARY, dtype), CANARY),
                    placed_rows(b[:, :columns], np.nan),
                )
                done = gemm.pack_panel(
                    *left, *some, depth, rows, columns, c.array, Place(*c[1:]), add, panel.array, Place(*panel[1:])
                )
                whole_panel = columns == microkernels.NR_VECTORS * lanes
                assert done == (microkernels.MR if whole_panel and rows >= microkernels.MR else 0)
                multiplied = np.arange(rows)[:, None] < done
                check_stored(c, np.where(multiplied, expected + (100 if add else 0), 100))
                lane, written = np.arange(width), -(-columns // lanes) * lanes  # whole vectors are
                check_stored(panel, np.where(lane < written, b * (lane < columns), CANARY))


@pytest.mark.parametrize("dtype", DTYPES)
def test_dot_at_every_residue(dtype: Any) -> None:
    @jit.kernel()
    def run(a, b, depth, rows, columns, c, add):  # type: ignore[no-untyped-def]
        microkernels.dot(a, b, depth, rows, columns, c, add)  # type: ignore[call-arg]

    width = gemm.lanes(np.zeros(1, dtype))
    for rows in range(1, microkernels.DOT_ROWS + 1):
        for columns in range(1, microkernels.DOT_ROWS + 1):
            for depth in (rows + columns, *range(width + 2))[:: 1 if rows == columns else width]:
                a, b = whole(rows, depth, dtype=dtype), whole(columns, depth, dtype=dtype)
                for add in (False, True):
                    old = np.full((rows, columns), 100.0 if add else np.nan, dtype)
                    c = rows_of(old, CANARY)
                    run(rows_of(a, np.nan), rows_of(b, np.nan), depth, rows, columns, c, add)
                    check_stored(c, a @ b.T + (100 if add else 0))


@pytest.mark.parametrize("dtype", DTYPES)
def test_transposed_rows_and_epilogues_at_every_residue(dtype: Any) -> None:
    width = gemm.lanes(np.zeros(1, dtype))
    panel = microkernels.NR_VECTORS * width
    for rows in range(1, 2 * width + 2):
        for columns in range(1, panel + 1):
            a = whole(rows, columns, dtype=dtype)
            c = rows_of(np.full((columns, rows), np.nan, dtype), CANARY)
            gemm.transpose_rows(indexed_rows(a, np.nan), rows, columns, c)
            check_stored(c, a.T)
            sums, bias = np.full((rows, panel), np.nan, dtype), whole(columns, dtype=dtype)
            sums[:, :columns] = a
            for relu in (False, True):
                c = rows_of(np.full((columns, rows), np.nan, dtype), CANARY)
                conv.epilogue_rows(Rows(sums.ravel(), 0, panel), bias, 0, relu, rows, columns, c)
                y = (a + bias).T
                check_stored(c, np.maximum(y, 0) if relu else y)


# ── matrix products ────────────────────────────────────────────────────────────────────

FORMS = ["plain", "left transposed", "right transposed", "both transposed"]


def in_form(form: str, m: int, i: int, k: int, j: int, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    """Matrices in memory by rows, or transposed."""
    a, b = whole(m, i, k, dtype=dtype), whole(m, k, j, dtype=dtype)
    if form in ("left transposed", "both transposed"):
        a = np.ascontiguousarray(a.transpose(0, 2, 1)).transpose(0, 2, 1)
    if form in ("right transposed", "both transposed"):
        b = np.ascontiguousarray(b.transpose(0, 2, 1)).transpose(0, 2, 1)
    return a, b


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("threads", [1, 3])
def test_matmul_at_block_edges(threads: int, form: str, dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gemm, "SMALL_PRODUCTS", -1)
    monkeypatch.setattr(gemm, "get_number", lambda: threads)  # products are cut into blocks for as many threads,
    monkeypatch.setattr(gemm, "MIN_PRODUCTS", 1)  # and small ones, too
    rows, columns = gemm.MIN_BLOCK_ROWS, microkernels.NR_VECTORS * gemm.lanes(np.zeros(1, dtype))
    depth = gemm.DEPTH_BLOCK
    for m, i, k, j in [
        *(
            (1, i, 3, j)
            for i in (0, 1, gemm.MAX_DOT_FORM_ROWS, gemm.MAX_DOT_FORM_ROWS + 1, rows - 1, rows, rows + 1, 2 * rows + 1)
            for j in (0, 1, columns - 1, columns, columns + 1, 2 * columns + 1)
        ),
        *((2, 9, k, 7) for k in (0, 1, depth - 1, depth, depth + 1, 2 * depth + 3)),
        *((1, i, 3, 8 * threads * columns + 1) for i in (3 * microkernels.MR, rows - 1)),
        *((1, i, k, 3 * columns) for i in (33, gemm.SOME_ROWS + 1) for k in (3 * columns, 2 * depth + 3)),
        (1, 2 * gemm.BLOCK_BYTES // (np.dtype(dtype).itemsize * depth) + 1, depth, 3), (2, 2 * rows, 40000, 3),
        *(
            (1, 2 * gemm.SOME_ROWS + 1, k, gemm.BLOCK_BYTES // (np.dtype(dtype).itemsize * gemm.SOME_ROWS) + 1)
            for k in (5, depth + 1)  # all panels are packed together, and a few
        ),
        (0, 3, 4, 5), (3, rows + 1, 17, rows + 1),
        *((2, i, depth + 1, gemm.PACKED_COLUMNS) for i in range(2 * microkernels.MR, 3 * microkernels.MR)),
        *((2, gemm.PACKED_ROWS + i, gemm.FAR + 1, gemm.FAR_COLUMNS + i) for i in (0, 1)),
    ]:  # fmt: skip
        a, b = in_form(form, m, i, k, j, dtype)
        c = gemm.matmul(a, b)
        assert c.dtype == dtype
        assert np.array_equal(c, np.einsum("mik,mkj->mij", a, b)), (m, i, k, j)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("packed_bytes", [1, gemm.PACKED_BYTES])  # a panel is kept for the next rows, or all are
def test_matmul_of_more_rows_than_stay_in_cache(
    packed_bytes: int, form: str, dtype: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "SMALL_PRODUCTS": -1,
        "BLOCK_BYTES": 1,
        "PACKED_BYTES": packed_bytes,
        "get_number": lambda: 1,
    }.items():
        monkeypatch.setattr(gemm, name, value)
    gemm._record.cache_clear()
    width, depth = microkernels.NR_VECTORS * gemm.lanes(np.zeros(1, dtype)), gemm.DEPTH_BLOCK
    for m, i, k, j in [
        (2, 4 * gemm.MIN_BLOCK_ROWS + 5, depth + 9, 2 * width + 3),
        (1, 2 * gemm.MIN_BLOCK_ROWS, 5, width),
    ]:
        a, b = in_form(form, m, i, k, j, dtype)
        assert np.array_equal(gemm.matmul(a, b), np.einsum("mik,mkj->mij", a, b)), (m, i, k, j)
    gemm._record.cache_clear()


@pytest.mark.parametrize("dtype", DTYPES)
def test_matmul_of_parts_of_arrays(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gemm, "SMALL_PRODUCTS", -1)
    heads = whole(2, 5, 3, 20, dtype=dtype)  # images, tokens, heads, features
    heads[..., 10:] = np.nan  # not to be read
    q = heads.transpose(0, 2, 1, 3)[..., :10]
    owner = np.asfortranarray(whole(10, 40, dtype=dtype))
    read_only = q.copy()
    read_only.flags.writeable = False
    by_columns = np.asfortranarray(whole(5, 10, 3, 2, dtype=dtype)).transpose(3, 2, 0, 1)
    odd = np.lib.stride_tricks.as_strided(whole(99, dtype=dtype), (5, 10), (dtype().itemsize, 2 * dtype().itemsize))
    for a, b, copies in (
        (q, q.swapaxes(-1, -2), False), (q.swapaxes(-1, -2), q, False), (q[0], q[0, 0].T, False),
        (q[:, 1], owner, False),
        (read_only[:, ::2], q[:, ::2].swapaxes(-1, -2), False), (q[:, :, ::-1], q.swapaxes(-1, -2)[..., ::2], True),
        (q[..., ::2], q[..., 5:].swapaxes(-1, -2), True), (np.broadcast_to(q[:1], q.shape), owner, True),
        (odd, owner, False), (q[:, :, :1], q[:, :, :1].swapaxes(-1, -2), False),
        (by_columns[..., 1:9], by_columns[..., 1:9].swapaxes(-1, -2), False),
    ):  # fmt: skip
        b = np.broadcast_to(b, (*a.shape[:-2], *b.shape[-2:])) if b.ndim < a.ndim else b
        assert np.array_equal(gemm.matmul(a, b), np.matmul(a, b))
        own = [gemm._flat(x)[1] for x in (a, b)]
        if not copies:
            assert np.shares_memory(own[0], a)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_matmul_passes_nan_and_inf_on_and_nowhere_else(
    form: str, dtype: Any, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gemm, "SMALL_PRODUCTS", -1)
    for place in (0, 66, 70):
        a, b = in_form(form, 1, 71, 71, 71, dtype)
        a, b = a.copy(order="K"), b.copy(order="K")
        a[0, place, 3] = value
        b[0, 3, 5] = 0  # 0 · inf is NaN
        with np.errstate(invalid="ignore"):
            expected = np.einsum("mik,mkj->mij", a, b)
        assert np.array_equal(gemm.matmul(a, b), expected, equal_nan=True)
        assert np.isnan(expected[0, place, 5])
        assert np.isfinite(np.delete(expected, place, axis=1)).all()


# ── arithmetic ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("ufunc", arithmetic.OPERATIONS)
def test_arithmetic_of_many_numbers_is_numpys(ufunc: Any, dtype: Any) -> None:
    x = np.random.default_rng(0).standard_normal((3, 2, 37, 601)).astype(dtype)
    x.flat[:5] = np.nan, np.inf, -np.inf, 0, -0.0
    assert x.size > arithmetic.MIN_SIZE > x.size // 2
    others = [x[::-1].copy(), x[0, 0], x[0, 0, 0], x[0, :, :1, :1], x[:, :1, :1, :1], x[:, :, :, :1], x[:1, :, :, :]]
    others += [x[0, 0, 0, :1], x[0, 0, 0, 7], 2, 0.5, x[:, :1], x[:, ::-1], x[:, :1, :, :1], x[..., :1, :1]]
    with np.errstate(all="ignore"):
        for other in others:
            for pair in ((x, other), (other, x)):
                ours, theirs = arithmetic.run(ufunc, *pair), ufunc(*pair)
                assert ours.dtype == theirs.dtype
                assert np.array_equal(ours, theirs, equal_nan=True)
        ours = arithmetic.run(ufunc, x, np.float64(2) if dtype == np.float32 else np.arange(601))
        assert ours.dtype == np.float64 or np.lib.NumpyVersion(np.__version__) < "2.0.0"


# ── functions of one number ────────────────────────────────────────────────────────────


@numba.vectorize(["float32(float32)", "float64(float64)"])
def exponentials(x):
    return exponential(x)


@numba.vectorize(["float32(float32)", "float64(float64)"])
def normal_tails(x):
    return normal_tail(x)[1]


@numba.vectorize(["float32(float32)", "float64(float64)"])
def hyperbolic_tangents(x):
    return hyperbolic_tangent(x)


def test_hyperbolic_tangent_is_numpys_near_0_and_far_from_it() -> None:
    for dtype, tolerance in ((np.float64, 5e-16), (np.float32, 3e-7)):
        sizes = np.concatenate([np.geomspace(1e-30, 1e4, 20_001), np.linspace(0.4, 0.6, 2001)])
        x = np.concatenate([-sizes, sizes]).astype(dtype)
        with np.errstate(over="ignore"):  # e^(2 x)
            y = hyperbolic_tangents(x)
        assert y.dtype == dtype
        assert np.abs(y / np.tanh(x.astype(np.float64)) - 1).max() < tolerance
        edges = np.array([-np.inf, 0.0, np.inf, np.nan], dtype)
        with np.errstate(all="ignore"):
            assert np.array_equal(hyperbolic_tangents(edges), [-1, 0, 1, np.nan], equal_nan=True)


def test_exponential_is_numpys_wherever_it_is_a_full_number() -> None:
    for dtype, low, high, tolerance in ((np.float64, -708, 709.78, 5e-16), (np.float32, -87, 88.72, 2e-7)):
        x = np.concatenate([np.linspace(low, high, 20_001), np.linspace(-1, 1, 2001)]).astype(dtype)
        y = exponentials(x)
        assert y.dtype == dtype
        assert np.abs(y / np.exp(x.astype(np.float64)) - 1).max() < tolerance
        edges = np.array([-np.inf, low - 1, -0.0, 0.0, high + 1, np.inf, np.nan], dtype)
        with np.errstate(all="ignore"):
            found = exponentials(edges)
        assert np.array_equal(found, [0, 0, 1, 1, np.inf, np.inf, np.nan], equal_nan=True)
    with np.errstate(all="ignore"):
        for far in (np.array([-1e300, 1e300]), np.array([-1e38, 1e38], np.float32)):
            assert np.array_equal(exponentials(far), [0, np.inf])


def test_normal_tail_and_gelu_are_exact_far_into_the_tail() -> None:
    for dtype, low, flat, rounding in ((np.float64, -37, 40, (1e-15, 3e-16)), (np.float32, -13, 14, (8e-7, 2e-7))):
        x = np.linspace(low, 9, 20_001).astype(dtype)
        cdf = np.array([math.erfc(-float(v) * math.sqrt(0.5)) / 2 for v in x])
        tail = np.array([math.erfc(abs(float(v)) * math.sqrt(0.5)) / 2 for v in x])
        limit = rounding[0] + rounding[1] * np.square(x)
        assert (np.abs(normal_tails(x) / tail - 1) < limit).all()
        y = ops.gelu(autograd.tensor(x)).numpy()
        assert y.dtype == dtype and (np.abs(y - x * cdf) <= limit * np.abs(x * cdf)).all()
        edges = np.array([-np.inf, -1e30, -flat, -0.0, 0.0, flat, np.inf, np.nan], dtype)
        with np.errstate(all="ignore"):
            assert np.array_equal(normal_tails(edges), [0, 0, 0, 0.5, 0.5, 0, 0, np.nan], equal_nan=True)
            found = ops.gelu(autograd.tensor(edges)).numpy()  # PyTorch's of -inf is NaN, too
        assert np.array_equal(found, [np.nan, 0, 0, 0, 0, flat, np.inf, np.nan], equal_nan=True)


@jit.kernel(cached=False)
def row_results(a, b, middle):
    two = a.dtype.type(2)
    return (
        largest(a),
        row_sum(a),
        row_products(a, b, middle),
        row_moments(a, middle),
        row_standardized(a, b, middle, two, middle),
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 4097])
def test_sums_of_a_row_are_numpys(length: int, dtype: Any) -> None:
    a, b = np.random.default_rng(length).normal(1, 1, (2, length)).astype(dtype)
    top, *sums = np.hstack(row_results(a, b, dtype(0.5)))
    x, y = a.astype(np.float64), b.astype(np.float64)
    d, z = x - 0.5, 2 * (y - 0.5) - 0.5
    expected = [x.sum(), x.sum(), x @ (y - 0.5), d.sum(), d @ d, x.sum(), x @ z]
    assert top == a.max(initial=-np.inf)
    np.testing.assert_allclose(sums, expected, rtol=1e-6 if dtype == np.float32 else 1e-14, atol=0)
    if length:
        a[-1] = np.nan
        assert np.isnan(np.hstack(row_results(a, b, dtype(0.5)))[1:]).all()


# ── memory outside the arrays ──────────────────────────────────────────────────────────

# In the tests above, a number read from outside an array shows as NaN.  Here such a read or write ends the process,
# because arrays end, or start, at a page without access.


def guarded(shape: tuple[int, ...], dtype: Any, at_end: bool) -> np.ndarray:
    """Memory for an array that borders on a page without access, at its end or at its start."""
    page, size = mmap.PAGESIZE, int(np.prod(shape)) * np.dtype(dtype).itemsize
    inner = -(-max(size, 1) // page) * page
    memory = mmap.mmap(-1, inner + 2 * page)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for edge in (start, start + page + inner):
        if ctypes.CDLL(None).mprotect(ctypes.c_void_p(edge), ctypes.c_size_t(page), 0):
            raise OSError("mprotect failed")
    offset = page + (inner - size if at_end else 0)
    return np.frombuffer(memory, dtype, size // np.dtype(dtype).itemsize, offset).reshape(shape)


def run_guarded() -> None:
    gemm.SMALL_PRODUCTS = -1
    for dtype in DTYPES:
        for at_end in (True, False):

            def placed(array: np.ndarray, dtype: Any = dtype, at_end: bool = at_end) -> np.ndarray:
                copy = guarded(array.shape, array.dtype if array.dtype.kind in "iu" else dtype, at_end)
                copy[...] = array
                return copy

            for i, k, j in [
                (1, 1, 1),
                (9, 3, 17),
                (17, 33, 5),
                (3, 100, 33),
                (33, 7, 40),
                (25, 40, 33),
                (35, 260, 150),
            ]:
                a, b = placed(whole(1, i, k, dtype=dtype)), placed(whole(1, k, j, dtype=dtype))
                b_transposed = placed(np.ascontiguousarray(b.transpose(0, 2, 1))).transpose(0, 2, 1)
                a_transposed = placed(np.ascontiguousarray(a.transpose(0, 2, 1))).transpose(0, 2, 1)
                for left, right in ((a, b), (a_transposed, b), (a, b_transposed)):
                    assert np.array_equal(gemm.matmul(left, right), a @ b)
            for name, (size, kernel, stride, padding, dilation) in itertools.product(KERNELS, CONVOLUTIONS):
                choose(name)
                params = {"stride": stride, "padding": padding, "dilation": dilation, "groups": 1}
                x, w = placed(whole(2, 2, *size, dtype=dtype)), placed(whole(3, 2, *kernel, dtype=dtype))
                g = placed(table["conv2d"](x, w, None, **params))
                table["conv2d_input_grad"](g, w, input_size=size, **params)
                table["conv2d_weight_grad"](g, x, kernel_size=kernel, **params)
                table["conv2d_relu"](x, w, placed(whole(3, dtype=dtype)), **params)
                if min(g.shape[2:]) > 1:
                    y, argmax = table["conv2d_relu_max_pool2d"](x, w, placed(whole(3, dtype=dtype)), **params)
                    y, argmax = placed(y), placed(argmax)
                    table["conv2d_unpooled_weight_grad"](y, argmax, x, kernel_size=kernel, **params)
                    table["max_pool2d_2x2_gather"](
                        placed(table["max_pool2d_2x2_input_grad"](y, argmax, size=g.shape[2:])), argmax
                    )
            poolings = [*((2, 2, POOLINGS[0], n) for n in (3, 9, 65)), *((2, 2, pooling, 19) for pooling in POOLINGS)]
            for images, channels, pooling, width in [(10, 7, POOLINGS[3], 5), *poolings]:
                x = placed(whole(images, channels, 7, width, dtype=dtype))
                y, argmax = table["max_pool2d"](x, **pooling)
                table["max_pool2d_input_grad"](placed(y), placed(argmax), input_size=(7, width), **pooling)
                table["max_pool2d_gather"](x, placed(argmax), **pooling)
            table["relu_input_grad"](placed(table["relu"](x)), x)
            table["softmax_input_grad"](x, placed(table["softmax"](x, dim=3)), dim=3)
            w = placed(whole(19, dtype=dtype))
            table["layer_norm_rows"](x.reshape(-1, 19), w, w, eps=1.0)
            table["layer_norm_rows_grad"](placed(x.reshape(-1, 19)), x.reshape(-1, 19), w, eps=1.0)
            scores, labels = placed(whole(5, 3, dtype=dtype)), placed(np.array([0, 2, -100, 1, 2]))
            params = {"ignore_index": -100, "label_smoothing": 0.1}
            loss = table["cross_entropy_labels"](scores, labels, **params, reduction="none")
            table["cross_entropy_input_grad"](placed(loss), scores, labels, **params)
            parts, y = placed(whole(3, 6, 400, dtype=dtype)), placed(np.zeros((2, 399, 3), dtype))
            column = placed(np.array([-1, *range(0, 3 * 399, 3)]))  # the first element of each row is left out
            add_parts(parts, 3, 3 * 399, column, y.reshape(-1))
            assert np.array_equal(y, parts.sum(axis=0).reshape(2, 3, 400)[:, :, 1:].transpose(0, 2, 1))
            add_rows(placed(np.zeros((3, 40), dtype)), labels[[0, 1, 3]], placed(whole(3, 40, dtype=dtype)))


if sys.platform == "linux":  # which has mprotect

    @pytest.mark.slow
    @pytest.mark.parallel
    def test_nothing_outside_an_array_is_touched() -> None:
        script = "from tests.test_kernels import run_guarded; run_guarded()"
        root = Path(__file__).resolve().parents[1]
        done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True)
        assert done.returncode == 0, f"exit status {done.returncode} (-11 is an access outside)\n{done.stderr}"


def tile_sizes(**variables: str) -> str:
    """MR, NR_VECTORS, DOT_ROWS and PIXEL_VECTORS of a process with these variables."""
    code = (
        "from autograd.kernels import planes; from autograd.kernels.microkernels import DOT_ROWS, MR, NR_VECTORS; "
        "print(MR, NR_VECTORS, DOT_ROWS, planes.PIXEL_VECTORS)"
    )
    names = "LUCIDGRAD_VECTOR_BYTES", "LUCIDGRAD_VECTOR_REGISTERS"
    environment = {name: value for name, value in os.environ.items() if name not in names}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).resolve().parents[1],
        capture_output=True,
        text=True,
        env={**environment, **{f"LUCIDGRAD_VECTOR_{name}": value for name, value in variables.items()}},
    )
    return done.stdout.strip() or done.stderr.splitlines()[-1]


def test_tiles_are_as_large_as_the_number_of_registers_allows() -> None:
    small, large = "6 2 3 (8, 4, 3, 2)", "6 4 4 (8, 6, 4, 4)"
    assert tile_sizes(BYTES="16", REGISTERS="32") == large, "64-bit Arm"
    assert tile_sizes(BYTES="64") == large, "AVX-512"
    if platform.machine().lower() in ("x86_64", "amd64"):
        assert tile_sizes(BYTES="32") == tile_sizes(BYTES="16") == small
    assert tile_sizes(BYTES="32", REGISTERS="16") == small
    assert tile_sizes(REGISTERS="8") == (
        "ValueError: LUCIDGRAD_VECTOR_REGISTERS is '8'; it must be 16 or 32, or not be set"
    )
    assert tile_sizes(BYTES="8") == "ValueError: LUCIDGRAD_VECTOR_BYTES is '8'; it must be 16, 32 or 64, or not be set"


@pytest.mark.parametrize(
    ("triple", "width", "registers"),
    [
        ("aarch64-unknown-linux-gnu", 16, 32),
        ("arm64-apple-darwin23.1.0", 16, 32),
        ("x86_64-unknown-linux-gnu", 64, 32),
        ("x86_64-unknown-linux-gnu", 32, 16),
        ("x86_64-pc-windows-msvc", 16, 16),
        ("riscv64-unknown-linux-gnu", 16, 16),
    ],
)
def test_number_of_registers(monkeypatch: pytest.MonkeyPatch, triple: str, width: int, registers: int) -> None:
    monkeypatch.delenv("LUCIDGRAD_VECTOR_REGISTERS", raising=False)
    monkeypatch.setattr(llvm, "get_process_triple", lambda: triple)
    monkeypatch.setattr(jit, "vector_bytes", lambda: width)
    assert jit.vector_registers.__wrapped__() == registers


@pytest.mark.parametrize(("size", "found"), [("1024K", 1 << 20), ("64K", 1 << 18), ("8192K", 1 << 21), ("?", 1 << 19)])
def test_the_second_level_cache_is_what_the_system_tells(tmp_path: Path, size: str, found: int) -> None:
    for index, (level, text) in enumerate([("1", "48K"), ("1", "32K"), ("2", size), ("3", "32768K")]):
        folder = tmp_path / f"index{index}"
        folder.mkdir()
        (folder / "level").write_text(f"{level}\n")
        (folder / "size").write_text(f"{text}\n")
    assert jit.second_level_cache(tmp_path) == found
    assert jit.second_level_cache(tmp_path / "absent") == 1 << 19


@pytest.mark.slow
@pytest.mark.rare
@pytest.mark.parametrize(
    ("width", "registers"),
    [pytest.param(16, 16, id="SSE"), pytest.param(16, 32, id="64-bit Arm"), pytest.param(32, 16, id="AVX2")],
)
def test_kernels_of_other_widths(width: int, registers: int) -> None:
    """Run the tests of this file, and the battery for ops with micro-kernels, with other vector registers."""
    root = Path(__file__).resolve().parents[1]
    rows = "conv or linear or matmul or 2x2 or test_kernels and not other_widths and not cache"
    command = [sys.executable, "-m", "pytest", "tests/test_kernels.py", "tests/test_ops.py", "-k", rows]
    environment = {
        **os.environ,
        "LUCIDGRAD_VECTOR_BYTES": str(width),
        "LUCIDGRAD_VECTOR_REGISTERS": str(registers),
        "HYPOTHESIS_PROFILE": "dev",
    }
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout


# ── convolution ────────────────────────────────────────────────────────────────────────

CONVOLUTIONS = [  # size, kernel, stride, padding, dilation
    ((1, 1), (1, 1), (1, 1), (0, 0), (1, 1)),
    ((5, 17), (3, 2), (1, 1), (0, 0), (1, 1)),
    ((5, 16), (1, 16), (1, 1), (0, 0), (1, 1)),
    ((4, 33), (2, 3), (2, 3), (1, 2), (1, 1)),
    ((3, 9), (3, 3), (1, 4), (4, 5), (2, 1)),  # windows entirely in the padding
    ((7, 34), (3, 5), (3, 2), (0, 1), (3, 4)),
    ((6, 34), (3, 3), (1, 1), (1, 1), (1, 1)),
    ((5, 9), (3, 3), (1, 1), (0, 2), (1, 1)),
    ((3, 13), (1, 1), (1, 1), (0, 0), (1, 1)),
]


# Modules with the sets of kernels for convolutions.  "winograd" has the form that makes whole numbers exactly,
# "winograd_6" those with six points, which round.
KERNELS = ["conv", "planes", "winograd", "winograd_6"]


def choose(kernels: str) -> None:
    """Use these kernels for convolutions, even if others are faster.

    Where "winograd" does not fit, it is "pointwise", or else "conv".
    """
    planes.is_faster = lambda *_: kernels == "planes"
    pointwise.FILLED = 0 if kernels == "winograd" else 2  # 2: never
    winograd.ENABLED = kernels.startswith("winograd")
    winograd.USED = winograd.GRAD_USED = (1, 2) if kernels == "winograd_6" else (0,)
    winograd.MIN_CHANNELS = winograd.MIN_CHANNELS_WEIGHT_GRAD = winograd.MIN_TILES = 1
    winograd.MIN_SAVING = winograd.MIN_GRAD_PIXELS = 0
    clear_plans()


def as_whole(kernels: str, y: np.ndarray) -> np.ndarray:
    """A result of whole numbers, exactly; that of kernels that round must be near them."""
    if kernels != "winograd_6":
        return y
    assert abs(y - np.rint(y)).max(initial=0) < 0.05
    return np.rint(y)


def clear_plans() -> None:
    for plan in (conv.forward_plan, conv.backward_plan, conv.weight_grad_plan, winograd.make_plan, *PLANS):
        plan.cache_clear()


PLANS = planes.forward_plan, planes.backward_plan, planes.weight_grad_plan


def restore_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the test, undo what `choose` changes."""
    monkeypatch.setattr(planes, "is_faster", planes.is_faster)
    monkeypatch.setattr(pointwise, "FILLED", pointwise.FILLED)
    for name in ("ENABLED", "USED", "GRAD_USED"):
        monkeypatch.setattr(winograd, name, getattr(winograd, name))
    for name in ("CHANNELS", "CHANNELS_WEIGHT_GRAD", "TILES", "SAVING", "GRAD_PIXELS"):
        monkeypatch.setattr(winograd, f"MIN_{name}", getattr(winograd, f"MIN_{name}"))


@pytest.fixture(params=KERNELS)
def kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Each set of kernels in turn, for tests that apply to all."""
    restore_choice(monkeypatch)
    choose(request.param)
    yield request.param
    clear_plans()


def three(x: np.ndarray, w: np.ndarray, b: np.ndarray | None, g: np.ndarray, **params: Any) -> list[np.ndarray]:
    """A convolution, and its gradients with respect to input and weight for the out-gradient g."""
    return [
        table["conv2d"](x, w, b, **params),
        table["conv2d_input_grad"](g, w, input_size=x.shape[2:], **params),
        table["conv2d_weight_grad"](g, x, kernel_size=w.shape[2:], **params),
    ]


def three_references(x: np.ndarray, w: np.ndarray, b: Any, g: np.ndarray, **params: Any) -> list[np.ndarray]:
    return [
        table["conv2d"].reference(x, w, b, **params),
        table["conv2d_input_grad"].reference(g, w, input_size=x.shape[2:], **params),
        table["conv2d_weight_grad"].reference(g, x, kernel_size=w.shape[2:], **params),
    ]


@pytest.mark.parametrize("dtype", DTYPES)
def test_convolution_of_any_geometry_by_either_kernels(dtype: Any, kernels: str) -> None:
    draw = RandomDraw(np.random.default_rng(0), "multilinear")
    for _ in range(60):
        sample = table["conv2d"].sample(draw)
        (x, w, b), params = sample.inputs, sample.params
        x, w, b = x.astype(dtype), w.astype(dtype), None if b is None else b.astype(dtype)
        g = whole(*table["conv2d"].reference(x, w, b, **params).shape, dtype=dtype)
        for ours, theirs in zip(three(x, w, b, g, **params), three_references(x, w, b, g, **params), strict=True):
            assert np.array_equal(as_whole(kernels, ours), theirs), (x.shape, w.shape, params)


@pytest.mark.parametrize("dtype", DTYPES)
def test_windows_of_one_pixel_at_the_edges_of_blocks(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    restore_choice(monkeypatch)
    choose("winograd")
    params = {"stride": (1, 1), "padding": (0, 0), "dilation": (2, 1), "groups": 1}
    width, some = microkernels.NR_VECTORS * gemm.lanes(np.zeros(1, dtype)), pointwise.SOME_OUTPUTS
    depth = gemm.PANEL_BYTES // (np.dtype(dtype).itemsize * width)
    together = gemm.BLOCK_BYTES // (4 * np.dtype(dtype).itemsize * width * 3)  # panels of three channels
    for images, channels, pixels, outputs in [
        (0, 3, 4, 2), (2, 1, 1, 1), (3, 3, width, some), (2, 5, width + 1, some + 1), (1, depth + 1, 2 * width - 1, 3),
        (1, 3, 16 * width + 3, 2 * some), (2, 3, width, depth + 2), (33, 2, 5, 7),
        (1, 3, (16 * together + 1) * width, 3), (2, 3, (9 * together + 2) * width - 1, some + 9),
    ]:  # fmt: skip
        x, w = whole(images, channels, 1, pixels, dtype=dtype), whole(outputs, channels, 1, 1, dtype=dtype)
        b, g = whole(outputs, dtype=dtype), whole(images, outputs, 1, pixels, dtype=dtype)
        y = np.einsum("oc,ncip->noip", w[..., 0, 0], x) + b[:, None, None]
        dx = np.einsum("oc,noip->ncip", w[..., 0, 0], g)
        case = images, channels, pixels, outputs
        assert np.array_equal(table["conv2d"](x, w, b, **params), y), case
        assert np.array_equal(table["conv2d_relu"](x, w, b, **params), np.maximum(y, 0)), case
        assert np.array_equal(table["conv2d_input_grad"](g, w, input_size=(1, pixels), **params), dx), case


@pytest.mark.parametrize("dtype", DTYPES)
def test_planes_of_any_number_of_channels_and_images(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planes, "is_faster", lambda *_: True)
    clear_plans()
    lanes = gemm.lanes(np.zeros(1, dtype))
    few = [(outputs, 1 + outputs % 2, 3, 2) for outputs in range(1, 10)]
    for outputs, channels, images, groups in (*few, (1, 1, 37, 3), (2, 3, 50, 1)):
        for stride in (1, 2):
            window: dict[str, Any] = {"stride": (stride, stride), "padding": (1, 1), "dilation": (1, 1)}
            params, size = {**window, "groups": groups}, (-(-5 // stride), -(-6 // stride))
            x = whole(images, channels * groups, 5, 6, dtype=dtype)
            w = whole(outputs * groups, channels, 3, 3, dtype=dtype)
            b, g = whole(len(w), dtype=dtype), whole(images, len(w), *size, dtype=dtype)
            for ours, theirs in zip(three(x, w, b, g, **params), three_references(x, w, b, g, **params), strict=True):
                assert np.array_equal(ours, theirs), (x.shape, w.shape, params)
            plan = planes.forward_plan(images, channels, outputs, groups, size, lanes, kernel_size=(3, 3), **window)
            assert plan is not None
            assert (plan.batch > 1) == (images > 3)
    clear_plans()


@pytest.mark.parametrize("dtype", DTYPES)
def test_packed_rows_and_epilogues_of_planes_at_every_residue(dtype: Any) -> None:
    width = gemm.lanes(np.zeros(1, dtype))
    for stride in (1, 2, 3):
        for columns in range(1, 2 * width + 2):
            for rows in (1, 3):
                a = whole(rows, (columns - 1) * stride + 1, dtype=dtype)
                old = np.full((rows, columns), np.nan, dtype)
                c = rows_of(old, CANARY)
                planes.pack_rows(*placed_rows(a, np.nan), stride, rows, columns, c.array, Place(c.start, c.step))
                check_stored(c, a[:, ::stride])
                for relu in (False, True):
                    apart = np.full(a.shape, CANARY, dtype)
                    c = rows_of(apart, CANARY)
                    planes.epilogue_rows(
                        *placed_rows(a[:, ::stride], np.nan), dtype(2), relu, rows, columns, stride,
                        c.array, Place(c.start, c.step),
                    )  # fmt: skip
                    y = a[:, ::stride] + 2
                    apart[:, ::stride] = np.maximum(y, 0) if relu else y
                    check_stored(c, apart)


@pytest.mark.parametrize("dtype", DTYPES)
def test_both_direct_kernels_make_the_same_bits_of_a_convolution(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    x, w, b = (random.standard_normal(shape).astype(dtype) for shape in ((2, 50, 9, 8), (5, 50, 3, 3), (5,)))
    restore_choice(monkeypatch)
    found = []
    for name in ("conv", "planes"):
        choose(name)
        params: dict[str, Any] = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
        found.append(table["conv2d"](x, w, b, **params))
    clear_plans()
    assert np.array_equal(*found)
    assert w[0].size > 2 * conv.TAP_BLOCK


WINOGRAD = list(range(len(winograd.FORMS)))
NAMES = ["F(2, 3)", "F(4, 3)", "F(2, 5)"]


@pytest.mark.parametrize("form", winograd.FORMS, ids=NAMES)
def test_winograds_matrices_make_a_convolution(form: winograd.Form) -> None:
    """For each pixel and each weight that is 1, exactly: everything is linear in both."""
    a, g, b = winograd.matrices(form)
    for pixel, weight in itertools.product(range(len(b)), range(form.window)):
        for i in range(form.results):
            y = sum(a[e][i] * g[e][weight] * b[e][pixel] for e in range(len(b)))
            assert y == (pixel == i + weight)


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", WINOGRAD, ids=NAMES)
def test_winograds_kernels_at_every_size(form: int, dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    restore_choice(monkeypatch)
    choose("winograd")
    winograd.USED = winograd.GRAD_USED = (form,)
    window, vector = winograd.FORMS[form].window, gemm.lanes(np.zeros(1, dtype))
    random = np.random.default_rng(0)
    for size in range(1, 14):
        height, width, padding = size, size * 5 % 14, (size % window, (size + 1) % window)
        if min(height + 2 * padding[0], width + 2 * padding[1]) < window:
            continue
        images, channels, outputs = (
            1 + size % 3,
            (1, 5, winograd.DEPTH + 1)[size % 3],
            (2, vector + 1, 2 * vector + 3)[size // 3 % 3],
        )
        params: dict[str, Any] = {"stride": (1, 1), "padding": padding, "dilation": (1, 1), "groups": 1}
        x, w = (
            whole(images, channels, height, width, dtype=dtype),
            whole(outputs, channels, window, window, dtype=dtype),
        )
        b = whole(outputs, dtype=dtype)
        y = table["conv2d"].reference(x, w, b, **params)
        g = whole(*y.shape, dtype=dtype)
        for ours, theirs in zip(three(x, w, b, g, **params), three_references(x, w, b, g, **params), strict=True):
            assert np.array_equal(as_whole("winograd_6", ours), theirs), (x.shape, w.shape, params)
            assert form or np.array_equal(ours, theirs)
        if min(y.shape[2:]) > 1:  # without equal numbers, of which rounding would make another one the maximum
            x, w = (random.standard_normal(a.shape).astype(dtype) for a in (x, w))
            row = table["conv2d_relu_max_pool2d"]
            (ours, argmax), (theirs, numbers) = row(x, w, b, **params), row.reference(x, w, b, **params)
            assert np.allclose(ours, theirs, rtol=1e-4, atol=1e-4)
            assert np.array_equal(argmax[theirs > 0.01], numbers[theirs > 0.01])


@pytest.mark.parametrize(
    ("form", "shape", "outputs", "padding"),
    [
        (0, (4, 64, 16, 16), 64, 1), (0, (2, 32, 33, 31), 40, 0), (0, (3, 200, 8, 8), 100, 2),
        (1, (16, 64, 16, 16), 64, 1), (1, (5, 24, 31, 31), 64, 1), (1, (90, 96, 7, 7), 64, 1),
        (2, (4, 64, 14, 14), 64, 2), (2, (3, 200, 9, 7), 48, 1),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["normal", "positive", "far from 0"])
def test_winograds_error_is_at_most_four_times_the_direct_one(
    form: int, shape: tuple[int, ...], outputs: int, padding: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    restore_choice(monkeypatch)
    random, window = np.random.default_rng(0), winograd.FORMS[form].window
    x, w = (random.standard_normal(s).astype(np.float32) for s in (shape, (outputs, shape[1], window, window)))
    if kind != "normal":
        x = np.maximum(x, 0) if kind == "positive" else x + 10
    params: dict[str, Any] = {"stride": (1, 1), "padding": (padding, padding), "dilation": (1, 1), "groups": 1}
    g = random.standard_normal(table["conv2d"](x, w, None, **params).shape).astype(np.float32)
    b = np.ones(outputs, np.float32)
    least, found = winograd.MIN_GRAD_PIXELS, {}
    for name in ("winograd", "conv"):
        choose(name)
        winograd.MIN_GRAD_PIXELS, winograd.USED = least, (form,)
        winograd.GRAD_USED = (form,) if window == 3 else ()
        found[name] = three(x, w, b, g, **params)
    exact = three(*(a.astype(np.float64) for a in (x, w, b, g)), **params)
    for i, (ours, direct, y) in enumerate(zip(*found.values(), exact, strict=True)):
        assert np.array_equal(ours, direct) == (window == 5 and i == 2), "Winograd's kernels ran where they should not"
        for norm in (np.max, np.mean):
            assert norm(abs(ours - y)) <= 4 * norm(abs(direct - y)), (i, norm)


def test_winograds_kernels_are_chosen_for_many_channels_and_can_be_switched_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shape: dict[str, Any] = {"images": 4, "channels": 64, "outputs": 64, "out": (16, 16)}
    window: dict[str, Any] = {
        "kernel_size": (3, 3), "stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1
    }  # fmt: skip
    assert winograd.suits(**shape, **window) and winograd.suits(**shape, **window, weight_grad=True)
    five = {**window, "kernel_size": (5, 5), "padding": (4, 4)}
    assert winograd.suits(**shape, **five) and not winograd.suits(**shape, **five, weight_grad=True)
    assert winograd.suits(**{**shape, **window, "images": 64, "out": (3, 3)})
    for other in (
        {"channels": 3}, {"outputs": 10}, {"images": 1, "out": (3, 3)}, {"kernel_size": (3, 5)}, {"stride": (2, 2)},
        {"padding": (3, 3)}, {"dilation": (2, 2)}, {"groups": 2}, {"kernel_size": (4, 4)},
        {"images": 64, "out": (1, 1)},
    ):  # fmt: skip
        assert not winograd.suits(**{**shape, **window, **other}), other
    monkeypatch.setattr(winograd, "ENABLED", False)
    assert not winograd.suits(**shape, **window)
    code = "from autograd.kernels import winograd; print(winograd.ENABLED)"
    for setting, enabled in (("0", "False"), ("1", "True")):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            env={**os.environ, "LUCIDGRAD_WINOGRAD": setting},
        )
        assert done.stdout.strip() == enabled, done.stderr


def test_winograds_tiles_are_those_with_fewer_multiplications() -> None:
    sizes = {(2, 2): 2, (3, 3): 4, (4, 4): 4, (5, 5): 2, (6, 6): 2, (7, 7): 4, (14, 14): 4, (15, 15): 4, (2, 64): 2}
    for out, results in sizes.items():
        assert winograd.FORMS[winograd.choose(3, out) or 0].results == results, out
    assert [winograd.choose(5, (14, 14)), winograd.choose(7, (14, 14))] == [2, None]
    for images, form in ((15, 0), (16, 1)):  # 4,096 results: fewer are added up with smaller errors by the direct form
        assert winograd.choose(3, (16, 16), images) == form


@pytest.mark.parametrize("form", WINOGRAD, ids=NAMES)
def test_winograds_kernels_make_the_same_bits_on_any_number_of_threads(
    form: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    restore_choice(monkeypatch)
    choose("winograd")
    winograd.USED = winograd.GRAD_USED = (form,)
    random, window = np.random.default_rng(0), winograd.FORMS[form].window
    shapes = (19, 40, 9, 11), (72, 40, window, window), (19, 72, 9, 11)
    x, w, g = (random.standard_normal(s).astype(np.float32) for s in shapes)
    padding = (window // 2, window // 2)
    params: dict[str, Any] = {"stride": (1, 1), "padding": padding, "dilation": (1, 1), "groups": 1}
    before, found = autograd.get_num_threads(), []
    try:
        for threads in (1, before):
            autograd.set_num_threads(threads)
            pooled = table["conv2d_relu_max_pool2d"](x, w, None, **params)
            found.append([a.tobytes() for a in (*three(x, w, None, g, **params), *pooled)])
    finally:
        autograd.set_num_threads(before)
    assert found[0] == found[1]


def test_kernels_are_chosen_by_the_shape() -> None:
    window = {"kernel_size": (3, 3), "stride": (1, 1), "padding": (1, 1), "dilation": (1, 1)}
    for channels, groups, here in ((1, 64, True), (4, 16, True), (64, 1, False)):
        for plan in (planes.forward_plan, planes.weight_grad_plan):
            assert (plan(64, channels, channels, groups, (16, 16), 16, **window) is not None) == here
        backward = planes.backward_plan(64, channels, channels, groups, (16, 16), 16, (3, 3), (1, 1), (1, 1), (1, 1))
        assert (backward is not None) == here


def test_depthwise_convolution_has_the_same_bits_on_any_number_of_threads() -> None:
    random = np.random.default_rng(0)
    x, w, g = (
        random.standard_normal(s).astype(np.float32) for s in ((19, 24, 33, 35), (48, 1, 3, 3), (19, 48, 17, 18))
    )
    params: dict[str, Any] = {"stride": (2, 2), "padding": (1, 1), "dilation": (1, 1), "groups": 24}
    before, found = autograd.get_num_threads(), []
    try:
        for threads in (1, before):
            autograd.set_num_threads(threads)
            found.append([a.tobytes() for a in three(x, w, None, g, **params)])
    finally:
        autograd.set_num_threads(before)
    assert found[0] == found[1]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kernel", [1, 2, 3])
def test_convolution_at_every_width(kernel: int, dtype: Any, kernels: str) -> None:
    for width in range(kernel, 2 * gemm.lanes(np.zeros(1, dtype)) + 3):
        stride, padding, dilation = 1 + width % 3, width % 4, 1 + width % 2
        reach = dilation * (kernel - 1) + 1
        if width + 2 * padding < reach:
            continue
        params = {"stride": (1, stride), "padding": (0, padding), "dilation": (1, dilation), "groups": 1}
        x, w, b = whole(2, 2, 3, width, dtype=dtype), whole(9, 2, 2, kernel, dtype=dtype), whole(9, dtype=dtype)
        row = table["conv2d"]
        y = row(x, w, b, **params)
        assert np.array_equal(y, row.reference(x, w, b, **params)), width
        for name, arrays, size in (
            ("conv2d_input_grad", (y, w), {"input_size": (3, width)}),
            ("conv2d_weight_grad", (y, x), {"kernel_size": (2, kernel)}),
        ):
            row_ = table[name]
            assert np.array_equal(row_(*arrays, **size, **params), row_.reference(*arrays, **size, **params)), width


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("groups", [1, 2])
def test_convolution_in_many_row_blocks_is_the_one_in_a_single_block(
    groups: int, dtype: Any, kernels: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = {"stride": (1, 1), "padding": (1, 0), "dilation": (1, 1), "groups": groups}
    x, w, b = whole(3, 4, 11, 9, dtype=dtype), whole(6, 4 // groups, 3, 3, dtype=dtype), whole(6, dtype=dtype)

    def all_three() -> list[np.ndarray]:
        y = as_whole(kernels, table["conv2d"](x, w, b, **params))
        dx = table["conv2d_input_grad"](y, w, input_size=(11, 9), **params)
        dw = table["conv2d_weight_grad"](y, x, kernel_size=(3, 3), **params)
        return [y, as_whole(kernels, dx), as_whole(kernels, dw)]

    whole_images = all_three()
    for numbers, tiles in ((1, 1), (300, 6), (700, 20)):
        monkeypatch.setattr(conv, "BLOCK_ELEMENTS", numbers)
        monkeypatch.setattr(planes, "BLOCK_ELEMENTS", numbers)
        for name in ("MIN_BLOCK_TILES", "BLOCK_TILES", "GRAD_TILES"):
            monkeypatch.setattr(winograd, name, tiles)
        clear_plans()
        for a, b_ in zip(all_three(), whole_images, strict=True):
            assert np.array_equal(a, b_)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_convolution_passes_nan_and_inf_on_and_nowhere_else(value: float, kernels: str) -> None:
    params = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
    x, w = np.ones((2, 1, 6, 6), np.float32), np.ones((3, 1, 3, 3), np.float32)
    x[0, 0, 2, 3] = value
    y = table["conv2d"](x, w, None, **params)
    touched = np.zeros(y.shape, bool)
    touched[0, :, 1:4, 2:5] = True
    assert np.array_equal(~np.isfinite(y), touched)
    g = np.ones(y.shape, np.float32)
    g[1, 2, 0, 0] = value
    dx = table["conv2d_input_grad"](g, w, input_size=(6, 6), **params)
    assert np.argwhere(~np.isfinite(dx)).tolist() == [[1, 0, 0, 0], [1, 0, 0, 1], [1, 0, 1, 0], [1, 0, 1, 1]]
    dw = table["conv2d_weight_grad"](g, np.ones_like(x), kernel_size=(3, 3), **params)
    assert np.array_equal(~np.isfinite(dw).all(axis=(1, 2, 3)), [False, False, True])
    x[0, 0, 2] = 1, 1, 1, 1, 1, value  # a column that only one column of the kernel covers
    params["padding"] = 0, 0
    dw = table["conv2d_weight_grad"](np.ones((2, 3, 4, 4), np.float32), x, kernel_size=(3, 3), **params)
    assert not np.isfinite(dw[..., 2]).any()
    assert np.isfinite(dw[..., :2]).all()


def test_pooled_weight_gradient_multiplies_the_zeros_with_inf_too() -> None:
    """As its reference does, although its kernel leaves the zeros between the maxima out."""
    row = table["conv2d_unpooled_weight_grad"]
    params = {"kernel_size": (4, 4), "stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}
    x, g = (whole(*shape, dtype=np.float32) for shape in ((1, 4, 9, 9), (1, 2, 3, 3)))
    argmax = np.zeros(g.shape, np.uint8)
    expected = row.reference(g, argmax, x, **params)
    assert np.isfinite(expected).all()
    assert np.array_equal(row.forward(g, argmax, x, **params), expected)
    x[0, 1, 1, 1] = np.inf  # in no window of a maximum with the tap (0, 0), but in that of (1, 1)
    with np.errstate(invalid="ignore"):
        expected = row.reference(g, argmax, x, **params)
    assert np.isnan(expected[:, 1, 0, 0]).all()
    assert np.array_equal(row.forward(g, argmax, x, **params), expected, equal_nan=True)


POOLINGS: list[dict[str, Any]] = [
    {"kernel_size": (kernel, width), "stride": (stride, step), "padding": padding, "dilation": dilation}
    for kernel, width, stride, step, padding, dilation in [
        (2, 2, 2, 2, (0, 0), (1, 1)), (3, 2, 2, 3, (1, 1), (1, 1)), (3, 3, 1, 1, (1, 1), (1, 1)),
        (3, 3, 2, 2, (1, 1), (1, 1)), (2, 3, 1, 2, (1, 1), (2, 3)), (3, 5, 3, 4, (1, 2), (2, 2)),
        (7, 17, 1, 1, (0, 0), (1, 1)), (1, 1, 1, 5, (0, 0), (1, 1)),
    ]
]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("params", POOLINGS)
def test_max_pool2d_at_every_width(params: dict[str, Any], dtype: Any) -> None:
    row = table["max_pool2d"]
    for width in range(17, 2 * jit.vector_bytes() // np.dtype(dtype).itemsize + 19):
        x = whole(2, 1, 7, width, dtype=dtype)
        x[0, 0, 2, 3:5] = np.nan, -np.inf
        x[1, 0, :, 5:13] = -np.inf  # fills whole windows
        for ours, theirs in zip(row(x, **params), row.reference(x, **params), strict=True):
            assert ours.dtype == theirs.dtype
            assert np.array_equal(ours, theirs, equal_nan=ours.dtype.kind == "f"), width


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("params", [*POOLINGS[1:6], {**POOLINGS[0], "stride": (3, 3), "ceil_mode": True}])
def test_max_pool2d_of_many_small_planes(params: dict[str, Any], dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """They lie side by side; the last group of them is not full."""
    monkeypatch.setattr(max_pool, "_pool_rows", None)
    monkeypatch.setattr(max_pool, "NARROW", 1000)
    row = table["max_pool2d"]
    for images, width in ((max_pool.TOGETHER, 5), (max_pool.TOGETHER + 1, 9), (3 * max_pool.TOGETHER - 1, 6)):
        x = whole(images, 1, 7, width, dtype=dtype)
        x[::5, 0, 2, 3:5] = np.nan, -np.inf
        x[1::7] = -np.inf  # fills whole windows
        for ours, theirs in zip(row(x, **params), row.reference(x, **params), strict=True):
            assert ours.dtype == theirs.dtype
            assert np.array_equal(ours, theirs, equal_nan=ours.dtype.kind == "f"), width


@pytest.mark.parametrize("dtype", DTYPES)
def test_max_pool2d_of_halves_at_every_width(dtype: Any) -> None:
    pool, grad = table["max_pool2d"], table["max_pool2d_input_grad"]
    for height, width in itertools.product((2, 3, 5), range(2, 70)):
        rng = np.random.default_rng(width)
        x = rng.integers(-2, 3, (2, 2, height, width)).astype(dtype)  # with many equals in a window
        x[rng.random(x.shape) < 0.1] = np.nan
        x[rng.random(x.shape) < 0.2] = -np.inf
        y, argmax = pool(x, **POOLINGS[0])
        values, numbers = pool.reference(x, **POOLINGS[0])
        assert np.array_equal(y, values, equal_nan=True), (height, width)
        assert np.array_equal(argmax, numbers), (height, width)
        g = rng.standard_normal(y.shape).astype(dtype)
        dx = grad(g, argmax, input_size=(height, width), **POOLINGS[0])
        assert np.array_equal(dx, grad.reference(g, argmax, input_size=(height, width), **POOLINGS[0])), (height, width)


def test_max_pool2d_of_windows_that_a_byte_cannot_count() -> None:
    x = np.arange(840, dtype=np.float32).reshape(1, 2, 20, 21)
    params = {"kernel_size": (17, 18), "stride": (1, 1), "padding": (8, 8)}
    (y, argmax), (values, numbers) = table["max_pool2d"](x, **params), table["max_pool2d"].reference(x, **params)
    assert np.array_equal(y, values)
    assert np.array_equal(argmax, numbers)
    assert argmax.max() > 255


@pytest.mark.parametrize("stride", [None, (), []])
def test_poolings_without_a_stride_step_by_the_window(stride: Any) -> None:
    x = autograd.arange(36.0).reshape(1, 1, 4, 9)
    for pool in (ops.avg_pool2d, ops.max_pool2d):
        assert pool(x, (2, 3), stride=stride).tolist() == pool(x, (2, 3), stride=(2, 3)).tolist()  # type: ignore[union-attr]


def test_max_pool2d_of_a_large_window_makes_no_table_of_its_pixels() -> None:
    x = autograd.zeros(1, 1, 1000, 1000, dtype=autograd.float32)
    x[0, 0, 700, 300] = 1
    x.requires_grad_()
    ops.max_pool2d(x, 1000)  # compiles the kernel
    tracemalloc.start()
    y, indices = ops.max_pool2d(x, 1000, return_indices=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e6, f"{peak} bytes for one maximum"
    assert (y.item(), indices.item()) == (1, 700 * 1000 + 300)
    y.sum().backward()
    assert x.grad is not None
    assert np.argwhere(x.grad.numpy()).tolist() == [[0, 0, 700, 300]]


@pytest.mark.parametrize("dtype", DTYPES)
def test_max_pool2d_passes_nan_and_inf_on(dtype: Any) -> None:
    x = np.zeros((1, 1, 2, 8), dtype)
    x[0, 0, 1] = [np.nan, 1, np.inf, 1, -np.inf, 1, np.nan, np.inf]
    y = ops.max_pool2d(x, 2)  # type: ignore[call-overload]
    assert np.array_equal(y, np.array([[[[np.nan, np.inf, 1, np.nan]]]], dtype), equal_nan=True)  # type: ignore[call-overload]


def test_dense_is_one_type_for_any_layout() -> None:
    array = np.arange(6000.0).reshape(2, 3000)
    locked = array.copy()
    locked.flags.writeable = False
    misaligned = np.frombuffer(b"x" + array.tobytes(), offset=1).reshape(2, 3000)
    small = array[:, :3].copy()
    small.flags.writeable = False
    for x in (array, locked, array.T, array[:, ::-1], misaligned, small):
        y = jit.dense(x)
        assert numba.typeof(y) == numba.typeof(array)
        assert np.array_equal(y, x)
    assert jit.dense(array) is array
    assert np.shares_memory(jit.dense(locked), locked)


# ── threads ─────────────────────────────────────────────────────────────────────────────


# ── sums of many numbers ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("shape", "dim"),
    [
        ((33, 5, 17, 19), (0, 2, 3)),
        ((33, 5, 17, 19), (0, 1, 2, 3)),
        ((33, 5, 17, 19), (0, 2)),  # the kept dimensions are not adjacent: NumPy's sum
        ((1, 40, 1031), (0, 2)),
        ((1, 9000, 7), (2,)),  # too few elements per sum: NumPy's sum
        ((301, 131), (0,)),  # adjacent elements go to different sums: NumPy's sum
        ((70, 8, 65), (0,)),
        ((40_961,), (0,)),
    ],
)
def test_large_sums_are_exact_and_pass_infinities_on(shape: tuple[int, ...], dim: tuple[int, ...], dtype: Any) -> None:
    x = whole(*shape, dtype=dtype)
    for keepdim in (False, True):
        y = table["sum"](x, dim=dim, keepdim=keepdim)
        assert y.dtype == dtype
        assert np.array_equal(y, np.sum(x, axis=dim, keepdims=keepdim, dtype=np.float64))
    for value in (np.inf, -np.inf, np.nan):
        x.flat[x.size // 2] = value
        assert np.array_equal(table["sum"](x, dim=dim, keepdim=False), np.sum(x, axis=dim), equal_nan=True)


def test_large_sums_are_no_less_exact_than_numpys() -> None:
    x = np.random.default_rng(0).random((64, 32, 26, 26)).astype(np.float32)
    true = x.sum(axis=(0, 2, 3), dtype=np.float64)
    ours, numpys = (np.abs(y - true).max() for y in (table["sum"](x, dim=(0, 2, 3), keepdim=False), x.sum((0, 2, 3))))
    assert ours <= numpys
