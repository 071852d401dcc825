"""Every row of the op table: drawn cases, sizes of the baseline network, and lists of the ops."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher
from numpy.lib.stride_tricks import sliding_window_view

import autograd
from autograd import Tensor, aliases, native_functions, ops
from autograd.methods import TensorMethods
from autograd.names import public_names
from autograd.op import Op, Row, Sample, table
from autograd.ops.shared.taps import interpolating
from autograd.ops.strided import Layout
from autograd.tensor import wrap
from autograd.testing import (
    LAYOUTS,
    Case,
    RandomDraw,
    check_integers,
    check_op,
    check_row,
    check_threads,
    draw_case,
    lay_out,
)
from nn import functional

ROWS = [pytest.param(op, id=name) for name, op in table.items()]
PLAIN = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}


# ── the battery ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("op", ROWS)
def test_row(op: Row) -> None:
    check_op(op)


PUBLIC_ROWS = [
    pytest.param(op, id=name) for name, op in table.items() if name in {*public_names(ops), *public_names(functional)}
]


@pytest.mark.parametrize("op", PUBLIC_ROWS)
def test_a_reference_has_the_dtype_of_integers_and_bools(op: Row) -> None:
    rng = np.random.default_rng(5)
    for _ in range(8):
        check_integers(draw_case(op, RandomDraw(rng, op.kind)))


def takes_empty(op: Row, sample: Sample) -> bool:
    """Whether the call works with an empty first array."""
    inputs = list(sample.inputs)
    k = next(i for i, x in enumerate(inputs) if isinstance(x, np.ndarray))
    try:
        inputs[k] = inputs[k][:0]
        op(*inputs, **sample.params)
    except Exception:  # any error counts; messages are tested by bad_samples
        return False
    return True


@pytest.mark.slow
@pytest.mark.parallel
def test_samples_have_empty_batches_and_batches_of_one() -> None:
    # their indices and sizes are drawn for arrays that are not empty
    never_drawn = {
        "getitem",
        "index_select",
        "pad_places",
        "reshape",
        "select",
        "setitem",
        "strided_read",
        "strided_write",
        "repeat_interleave",
    }
    never_drawn |= {"as_strided", "cov", "ctc_loss", "index_put", "kron", "tensordot"}
    for name, op in table.items():
        rng = np.random.default_rng(0)
        samples = [op.sample(RandomDraw(rng, op.kind)) for _ in range(300)]
        shapes = [[x.shape for x in sample.inputs if isinstance(x, np.ndarray)] for sample in samples]
        assert name == "ctc_loss" or any(shape[:1] == (1,) for call in shapes for shape in call), name
        drawn = any(0 in shape for call in shapes for shape in call)
        assert drawn or name in never_drawn or not any(takes_empty(op, sample) for sample in samples), name


# ── one thread and many, for calls with enough blocks ──────────────────────────────────


def normal(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


def labels(n: int, classes: int) -> np.ndarray:
    return np.random.default_rng(n).integers(0, classes, n)


def taps(*shape: int) -> np.ndarray:
    return labels(int(np.prod(shape)), 9).reshape(shape).astype(np.uint8)


def winners(*shape: int) -> np.ndarray:
    return labels(int(np.prod(shape)), 4).reshape(shape).astype(np.uint8)


MANY_IMAGES = {"stride": (1, 2), "padding": (1, 2), "dilation": (1, 1), "groups": 2}
ONE_IMAGE = {**PLAIN, "padding": (3, 3)}
DEPTHWISE = {**PLAIN, "padding": (1, 1), "groups": 8}
HALVES = {**PLAIN, "padding": (1, 1)}
POOL = {"kernel_size": (3, 3), "stride": (2, 2), "padding": (1, 1)}
SMOOTHED = {"ignore_index": 3, "label_smoothing": 0.1}
PACKED = {"batch_sizes": (70,) * 8 + (33, 9, 8), "reverse": True}
TEN_STEPS = {"batch_sizes": (9,) * 10, "reverse": False}
ACTIVATIONS = ("tanh", "relu")

LARGE: dict[str, list[Sample]] = {
    "conv2d": [
        Sample((normal(35, 4, 18, 16), normal(6, 2, 3, 3), normal(6)), MANY_IMAGES),
        Sample((normal(1, 20, 60, 60), normal(9, 20, 7, 7), normal(9)), ONE_IMAGE),
        Sample((normal(35, 8, 33, 20), normal(16, 1, 3, 3), normal(16)), DEPTHWISE),
    ],
    "conv2d_input_grad": [
        Sample((normal(35, 6, 18, 9), normal(6, 2, 3, 3)), {"input_size": (18, 16), **MANY_IMAGES}),
        Sample((normal(1, 9, 60, 60), normal(9, 20, 7, 7)), {"input_size": (60, 60), **ONE_IMAGE}),
        Sample((normal(35, 16, 33, 20), normal(16, 1, 3, 3)), {"input_size": (33, 20), **DEPTHWISE}),
    ],
    "conv2d_weight_grad": [
        Sample((normal(35, 6, 18, 9), normal(35, 4, 18, 16)), {"kernel_size": (3, 3), **MANY_IMAGES}),
        Sample((normal(1, 9, 60, 60), normal(1, 20, 60, 60)), {"kernel_size": (7, 7), **ONE_IMAGE}),
        Sample((normal(35, 16, 33, 20), normal(35, 8, 33, 20)), {"kernel_size": (3, 3), **DEPTHWISE}),
    ],
    "conv2d_relu_max_pool2d": [Sample((normal(35, 4, 18, 17), normal(6, 4, 3, 3), normal(6)), HALVES)],
    "conv2d_unpooled_weight_grad": [
        Sample((normal(35, 6, 9, 8), winners(35, 6, 9, 8), normal(35, 4, 18, 17)), {"kernel_size": (3, 3), **HALVES}),
        Sample(
            (normal(1, 9, 30, 30), winners(1, 9, 30, 30), normal(1, 20, 60, 60)), {"kernel_size": (7, 7), **ONE_IMAGE}
        ),
    ],
    "max_pool2d_2x2_input_grad": [Sample((normal(35, 6, 9, 8), winners(35, 6, 9, 8)), {"size": (18, 17)})],
    "max_pool2d_2x2_gather": [Sample((normal(35, 6, 18, 17), winners(35, 6, 9, 8)))],
    "strided_add": [
        Sample((normal(999, 2000),), {"base": Layout((3000,), (1,), 0), "view": Layout((999, 2000), (1, 1), 0)}),
        Sample(
            (normal(300, 4, 500),),
            {"base": Layout((300, 500), (500, 1), 0), "view": Layout((300, 4, 500), (500, 0, 1), 0)},
        ),
    ],
    "sum": [
        Sample((normal(65, 3, 19, 17),), {"dim": (0, 2, 3), "keepdim": False}),
        Sample((normal(7, 31_001),), {"dim": (0, 1), "keepdim": True}),
        Sample((normal(30, 5001),), {"dim": (1,), "keepdim": True}),
    ],
    "avg_pool2d": [Sample((normal(5, 7, 21, 20),), POOL)],
    "avg_pool2d_input_grad": [Sample((normal(5, 7, 11, 10),), {"input_size": (21, 20), **POOL})],
    "adaptive_avg_pool2d": [Sample((normal(5, 7, 21, 20),), {"output_size": (4, 3)})],
    "adaptive_avg_pool2d_input_grad": [Sample((normal(5, 7, 4, 3),), {"input_size": (21, 20), "output_size": (4, 3)})],
    "batch_norm_training": [
        Sample((normal(65, 3, 19, 17), normal(3), normal(3)), {"eps": 1e-5}),
        Sample((normal(1, 301, 200), normal(301), normal(301)), {"eps": 1e-5}),
        Sample((normal(3001, 70), normal(70), normal(70)), {"eps": 1e-5}),
    ],
    "batch_norm_relu_training": [Sample((normal(65, 3, 19, 17), normal(3), normal(3)), {"eps": 1e-5})],
    "batch_norm_sums": [
        Sample((normal(65, 3, 19, 17), normal(65, 3, 19, 17), normal(3))),
        Sample((normal(3001, 70), normal(3001, 70), normal(70))),
    ],
    "batch_norm_affine": [
        Sample((normal(65, 3, 19, 17), normal(3), normal(3), normal(3), normal(65, 3, 19, 17), normal(3))),
        Sample((normal(3001, 70), normal(70), normal(70), normal(70), normal(3001, 70), normal(70))),
    ],
    "layer_norm_rows": [
        Sample((normal(301, 200), normal(200), normal(200)), {"eps": 1e-5}),
        Sample((normal(3, 31_001), normal(31_001), normal(31_001)), {"eps": 1e-5}),
    ],
    "layer_norm_rows_grad": [
        Sample((normal(301, 200), normal(301, 200), normal(200)), {"eps": 1e-5}),
        Sample((normal(3, 31_001), normal(3, 31_001), normal(31_001)), {"eps": 1e-5}),
    ],
    "lstm_steps": [
        Sample((normal(610, 96), normal(70, 24), normal(70, 24), normal(96, 24)), PACKED),
        Sample((normal(90, 320), normal(9, 80), normal(9, 80), normal(320, 80)), TEN_STEPS),
    ],
    "lstm_steps_grad": [
        Sample(
            (
                normal(610, 24),
                normal(610, 24),
                normal(610, 96),
                normal(70, 24),
                normal(96, 24),
                normal(610, 24),
                normal(610, 96),
            ),
            PACKED,
        )
    ],
    "gru_steps": [Sample((normal(610, 72), normal(70, 24), normal(72, 24), normal(72)), PACKED)],
    "gru_steps_grad": [
        Sample(
            (normal(610, 24), normal(610, 96), normal(70, 24), normal(72, 24), normal(610, 24), normal(610, 96)), PACKED
        )
    ],
    **{
        f"rnn_{cell}_steps": [Sample((normal(610, 60), normal(70, 60), normal(60, 60)), PACKED)] for cell in ACTIVATIONS
    },
    **{
        f"rnn_{cell}_steps_grad": [Sample((normal(610, 60), normal(60, 60), normal(610, 60)), PACKED)]
        for cell in ACTIVATIONS
    },
    "add": [Sample((normal(7, 31_001), normal(7, 31_001))), Sample((normal(5, 9, 50, 50), normal(9, 1, 1)))],
    "sub": [Sample((normal(7, 31_001), normal(31_001))), Sample((normal(9, 1, 1), normal(5, 9, 50, 50)))],
    "mul": [Sample((normal(7, 31_001), normal(7, 1))), Sample((normal(1, 1), normal(7, 31_001)))],
    "div": [Sample((normal(31_001), normal(7, 31_001)))],
    "clone": [Sample((normal(7, 31_001),))],
    "to": [Sample((normal(7, 31_001),), {"dtype": np.dtype(np.float64)})],
    "dropout": [Sample((normal(7, 31_001), labels(217_007, 2).reshape(7, 31_001) == 1), {"p": 0.5})],
    "max_pool2d": [Sample((normal(5, 7, 21, 20),), POOL)],
    "max_pool2d_input_grad": [
        Sample((normal(5, 7, 10, 10), taps(5, 7, 10, 10)), {"input_size": (21, 21), **POOL, "padding": (0, 0)})
    ],
    "max_pool2d_gather": [Sample((normal(5, 7, 21, 21), taps(5, 7, 10, 10)), {**POOL, "padding": (0, 0)})],
    "max_pool2d_places": [Sample((taps(5, 7, 10, 10),), {"width": 21, **POOL, "padding": (0, 0)})],
    "gelu": [Sample((normal(7, 31_001),), {"approximate": how}) for how in ("none", "tanh")],
    "gelu_input_grad": [
        Sample((normal(7, 31_001), normal(7, 31_001)), {"approximate": how}) for how in ("none", "tanh")
    ],
    "interpolate_taps": [
        Sample((normal(70, 33, 40),), {"taps": interpolating("cubic", 33, 50, False, None, False, "f4"), "dim": 1}),
        Sample((normal(70, 33, 40),), {"taps": interpolating("linear", 40, 90, False, None, False, "f4"), "dim": 2}),
    ],
    "leaky_relu": [Sample((normal(7, 31_001),), {"negative_slope": 0.01})],
    "leaky_relu_input_grad": [Sample((normal(7, 31_001), normal(7, 31_001)), {"negative_slope": 0.01})],
    "mish": [Sample((normal(7, 31_001),))],
    "mish_input_grad": [Sample((normal(7, 31_001), normal(7, 31_001)))],
    "relu": [Sample((normal(7, 31_001),))],
    "relu_input_grad": [Sample((normal(7, 31_001), normal(7, 31_001)))],
    "softmax": [Sample((normal(700, 33),), {"dim": 1}), Sample((normal(33, 700),), {"dim": 0})],
    "softmax_input_grad": [Sample((normal(700, 33), normal(700, 33)), {"dim": 1})],
    "log_softmax": [Sample((normal(700, 33),), {"dim": 1})],
    "log_softmax_input_grad": [Sample((normal(700, 33), normal(700, 33)), {"dim": 1})],
    "cross_entropy_labels": [
        Sample((normal(3001, 10), labels(3001, 10)), {**SMOOTHED, "reduction": "none"}),
        Sample((normal(40_001, 2), labels(40_001, 2)), {**SMOOTHED, "reduction": "mean"}),
    ],
    "cross_entropy_input_grad": [Sample((normal(3001), normal(3001, 10), labels(3001, 10)), SMOOTHED)],
    "gather": [Sample((normal(500, 70), labels(35_000, 500).reshape(500, 70)), {"dim": 0})],
    "cumsum": [Sample((normal(300, 301),), {"dim": dim}) for dim in (0, 1)],
    "nll_loss_gather": [Sample((normal(500, 70), labels(35_000, 500).reshape(500, 70)), {"dim": 0})],
    "scatter_add": [Sample((normal(500, 70), labels(35_000, 500).reshape(500, 70), normal(500, 70)), {"dim": 0})],
    "matmul": [
        Sample((normal(130, 300), normal(300, 150))),
        Sample((normal(3, 70, 1100), normal(90, 1100).T)),  # the dot micro-kernel
    ],
    "embedding_weight_grad": [
        Sample((normal(35_000, 300), labels(35_000, 90)), {"rows": 90, "padding_idx": None}),
        Sample((normal(70, 600), labels(70, 9001)), {"rows": 9001, "padding_idx": 3}),
    ],
    "getitem_grad": [Sample((normal(35_000, 300),), {"index": (labels(35_000, 90),), "shape": (90, 300)})],
    "logsumexp": [Sample((normal(65, 3, 19, 17),), {"dim": (0, 2, 3), "keepdim": False})],
    "mean": [
        Sample((normal(65, 3, 19, 17),), {"dim": (0, 2, 3), "keepdim": False}),
        Sample((normal(7, 31_001),), {"dim": (0, 1), "keepdim": True}),
    ],
    "norm": [Sample((normal(65, 3, 19, 17),), {"p": 2, "dim": (0, 2, 3), "keepdim": False})],
    "std": [Sample((normal(65, 3, 19, 17),), {"dim": (0, 2, 3), "correction": 1, "keepdim": False})],
    "var": [Sample((normal(30, 5001),), {"dim": (1,), "correction": 1, "keepdim": True})],
    "where": [Sample((labels(217_007, 2).reshape(7, 31_001) == 1, normal(7, 31_001), normal(31_001)))],
    "conv2d_relu": [Sample((normal(35, 4, 18, 17), normal(6, 4, 3, 3), normal(6)), HALVES)],
    "linear_relu": [Sample((normal(200, 1500), normal(70, 1500), normal(70)))],
    "linear": [Sample((normal(200, 1500), normal(70, 1500), normal(70)))],
    "cat": [Sample((normal(90, 40, 100), normal(90, 60, 100)), {"dim": 1})],
    "reshape": [Sample((normal(90, 70, 60).transpose(1, 0, 2),), {"shape": (70, 5400)})],
}


SLOW = [pytest.mark.slow, pytest.mark.parallel]


@pytest.mark.parametrize("dtype", [np.float32, pytest.param(np.float64, marks=SLOW)])
@pytest.mark.parametrize("name", LARGE)
def test_thread_count_changes_no_bit(name: str, dtype: Any) -> None:
    for sample in LARGE[name]:
        inputs = tuple(x.astype(dtype) if x.dtype.kind == "f" else x for x in sample.inputs)
        check_threads(Case(table[name], Sample(inputs, sample.params), (), seed=1))


@pytest.mark.parametrize("name", LARGE)
def test_memory_layout_changes_no_bit_of_a_kernels_result(name: str) -> None:
    # a transposed matrix uses the dot micro-kernel, which adds in another order
    layouts = [layout for layout in LAYOUTS if (name, layout) != ("matmul", "permuted")]
    for sample in LARGE[name]:
        outputs = []
        for layout in layouts:
            result = table[name](*(lay_out(x, layout) for x in sample.inputs), **sample.params)
            outputs.append([y.tobytes() for y in (result if isinstance(result, tuple) else (result,))])
        assert all(output == outputs[0] for output in outputs)


def names_in(code: CodeType) -> set[str]:
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return {*code.co_names, *code.co_freevars}.union(*map(names_in, inner))


def runs_a_kernel(function: Any, seen: set[int]) -> bool:
    """Whether a function, or one it calls in the package, is a kernel or is defined in a file of kernels."""
    if isinstance(function, Dispatcher):
        return True
    if isinstance(function, ModuleType):
        return function.__name__.startswith("autograd.kernels.")
    if id(function) in seen or not isinstance(function, FunctionType):
        return False
    seen.add(id(function))
    if function.__module__.startswith("autograd.kernels.") and function.__module__ != "autograd.kernels.jit":
        return True
    if not function.__module__.startswith("autograd.ops."):
        return False
    cells = {} if function.__closure__ is None else dict(zip(function.__code__.co_freevars, function.__closure__))
    scope = {**function.__globals__, **{name: cell.cell_contents for name, cell in cells.items()}}
    used = [scope[name] for name in names_in(function.__code__) if name in scope]
    used += [x.func for x in used if isinstance(x, partial)]
    return any(runs_a_kernel(x, seen) for x in used)


def test_every_row_with_a_kernel_has_a_large_sample() -> None:
    kernels = {name for name, op in table.items() if isinstance(op, Op) and runs_a_kernel(op.forward, set())}
    missing, extra = sorted(kernels - set(LARGE)), sorted(set(LARGE) - set(table))
    assert not missing, f"{missing}: these rows run kernels; add calls large enough for several threads to LARGE"
    assert not extra, f"{extra}: there are no such rows; remove them from LARGE"


# ── float32 at the sizes of the baseline network ───────────────────────────────────────

# Small integers: all sums are exact below 2²⁴, so the kernels must equal sums in float64.


def whole(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).integers(-3, 4, shape).astype(np.float32)


def equal(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert ours.dtype == np.float32
    assert np.abs(theirs).max() < 2**24
    assert np.array_equal(ours, theirs)


def conv_windows(x: np.ndarray) -> np.ndarray:
    return sliding_window_view(x.astype(np.float64), (7, 7), axis=(2, 3))  # (N, C, H', W', 7, 7)


def test_conv2d_is_exact_at_real_size() -> None:
    x, w, b, g = whole(64, 3, 32, 32), whole(32, 3, 7, 7), whole(32), whole(64, 32, 26, 26)
    y = np.tensordot(conv_windows(x), w.astype(np.float64), ((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)
    equal(table["conv2d"](x, w, b, **PLAIN), y + b[:, None, None])

    g64, dx, dw = g.astype(np.float64), np.zeros(x.shape), np.zeros(w.shape)
    for u, v in np.ndindex(7, 7):
        window = np.s_[:, :, u : u + 26, v : v + 26]
        dx[window] += np.tensordot(g64, w[:, :, u, v].astype(np.float64), (1, 0)).transpose(0, 3, 1, 2)
        dw[:, :, u, v] = np.tensordot(g64, x[window].astype(np.float64), ((0, 2, 3), (0, 2, 3)))
    equal(table["conv2d_input_grad"](g, w, input_size=(32, 32), **PLAIN), dx)
    equal(table["conv2d_weight_grad"](g, x, kernel_size=(7, 7), **PLAIN), dw)


@pytest.mark.parametrize(("draw", "tolerance"), [(whole, 0.0), (normal, 1e-5)])
def test_conv2d_and_its_gradients_are_adjoint(draw: Callable[..., np.ndarray], tolerance: float) -> None:
    x, w, g = draw(64, 3, 32, 32), draw(32, 3, 7, 7), draw(64, 32, 26, 26)

    def inner(a: np.ndarray, b: np.ndarray) -> float:
        return float((a.astype(np.float64) * b).sum())

    forward = inner(g, table["conv2d"](x, w, None, **PLAIN))
    for other in (
        inner(table["conv2d_input_grad"](g, w, input_size=(32, 32), **PLAIN), x),
        inner(table["conv2d_weight_grad"](g, x, kernel_size=(7, 7), **PLAIN), w),
    ):
        assert abs(other - forward) <= tolerance * abs(forward)


@pytest.mark.parametrize(("inputs", "outputs"), [(5408, 100), (100, 10)])
def test_linear_and_matmul_are_exact_at_real_size(inputs: int, outputs: int) -> None:
    x, w, b, g = whole(64, inputs), whole(outputs, inputs), whole(outputs), whole(64, outputs)
    x64, w64, g64 = (a.astype(np.float64) for a in (x, w, g))
    equal(table["linear"](x, w, b), np.einsum("ni,oi->no", x64, w64) + b)
    equal(table["matmul"](x, w.T), np.einsum("ni,oi->no", x64, w64))
    equal(table["matmul"](x, np.ascontiguousarray(w.T)), np.einsum("ni,oi->no", x64, w64))

    tensors = [wrap(a, requires_grad=True) for a in (x, w, b)]
    dx, dw, db = autograd.grad(functional.linear(*tensors), tensors, wrap(g))
    equal(np.asarray(dx), np.einsum("no,oi->ni", g64, w64))
    equal(np.asarray(dw), np.einsum("no,ni->oi", g64, x64))
    equal(np.asarray(db), g64.sum(axis=0))


def test_relu_and_max_pool2d_are_exact_at_real_size() -> None:
    x, g = whole(64, 32, 26, 26), whole(64, 32, 26, 26)
    equal(table["relu"](x), np.where(x > 0, x, 0))
    equal(table["relu_input_grad"](g, x), np.where(x > 0, g, 0))

    halves = {"kernel_size": (2, 2), "stride": (2, 2), "padding": (0, 0)}
    y, taps = table["max_pool2d"](x, **halves)
    windows = x.reshape(64, 32, 13, 2, 13, 2).transpose(0, 1, 2, 4, 3, 5).reshape(64, 32, 13, 13, 4)
    equal(y, windows.max(axis=-1))
    first = windows.argmax(axis=-1)  # the first maximum; integers have many ties
    assert np.array_equal(taps, first)
    rows, columns = np.indices((13, 13)) * 2
    places = table["max_pool2d_places"](taps, width=26, **halves)
    assert np.array_equal(places, (rows + first // 2) * 26 + columns + first % 2)

    g = g[:, :, ::2, ::2]
    dx = (np.arange(4) == first[..., None]) * g[..., None]
    dx = dx.reshape(64, 32, 13, 13, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(x.shape)
    equal(table["max_pool2d_input_grad"](g, taps, input_size=(26, 26), **halves), dx)
    equal(table["max_pool2d_gather"](x, taps, **halves), y)


# ── conventions at single points that drawn cases may miss ─────────────────────────────


def gradient(function: Callable[..., Any], *values: Any) -> list[Any]:
    tensors = [autograd.tensor(value, dtype=autograd.float64, requires_grad=True) for value in values]
    return [np.asarray(d).tolist() for d in autograd.grad(function(*tensors).sum(), tensors)]


def test_gradients_at_kinks_and_ties_are_pytorchs() -> None:
    assert gradient(autograd.relu, [-1.0, -0.0, 0.0, 1.0]) == [[0, 0, 0, 1]]
    ties = [[[[3.0, 3.0], [3.0, 1.0]]]]
    assert gradient(lambda x: functional.max_pool2d(x, 2), ties) == [[[[[1, 0], [0, 0]]]]]


def test_gradients_of_equals_are_shared_or_the_firsts() -> None:
    ties = [[2.0, 2.0, 1.0]]
    assert gradient(autograd.max, ties) == gradient(lambda x: x.amax(1), ties) == [[[0.5, 0.5, 0]]]
    assert gradient(lambda x: x.max(1)[0], ties) == gradient(lambda x: (-x).min(1).values.neg(), ties) == [[[1, 0, 0]]]
    assert gradient(autograd.maximum, [1.0, 2.0, 3.0], [1.0, 3.0, 2.0]) == [[0.5, 0, 1], [0.5, 1, 0]]
    assert gradient(autograd.minimum, [1.0, 2.0, 3.0], [1.0, 3.0, 2.0]) == [[0.5, 1, 0], [0.5, 0, 1]]
    assert gradient(lambda x: x.clamp(1, 2), [0.0, 1.0, 2.0, 3.0]) == [[0, 1, 1, 0]]
    assert gradient(autograd.clamp_min, [1.0, 0.0], [1.0, 1.0]) == [[1, 0], [0, 1]]


def test_gradients_where_a_root_is_0_are_0() -> None:
    assert gradient(autograd.std, [1.0, 1.0]) == gradient(autograd.norm, [0.0, 0.0]) == [[0, 0]]
    assert gradient(autograd.abs, [0.0, -2.0]) == [[0, -1]]


def test_gradient_of_pow_at_0() -> None:
    with np.errstate(all="ignore"):
        assert gradient(lambda x: x**2, [0.0, -3.0]) == [[0, -6]]
        assert gradient(lambda x: x**1, [0.0, -3.0]) == [[1, 1]]
        assert gradient(lambda x: x**0, [0.0, -3.0]) == [[0, 0]]
        assert gradient(lambda x: x**0.5, [0.0]) == [[np.inf]]
        assert gradient(autograd.pow, [0.0, 0.0], [2.0, 0.0]) == [[0, 0], [0, 0]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_mish_far_from_0(dtype: Any) -> None:
    """Near the ends of the dtype nothing overflows, and small results keep their digits."""
    largest = np.finfo(dtype).max
    x = autograd.tensor(np.array([largest, 60, -20, -60, -largest], dtype), requires_grad=True)
    y = functional.mish(x)
    y.sum().backward()
    assert x.grad is not None
    digits = 8 * np.finfo(dtype).eps
    small = np.exp([-20.0, -60.0])  # = tanh(softplus(x)) up to its square
    expected = [largest, 60, *(np.array([-20, -60]) * small), 0]
    np.testing.assert_allclose(y.detach().numpy(), expected, rtol=max(digits, 4e-9))
    np.testing.assert_allclose(x.grad.numpy(), [1, 1, -19 * small[0], -59 * small[1], 0], rtol=max(digits, 5e-9))


# ── lists of the ops ───────────────────────────────────────────────────────────────────

COMPOSED = {
    "allclose",
    "cholesky",
    "cholesky_inverse",
    "cholesky_solve",
    "aminmax",
    "count_nonzero",
    "dist",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_shapes",
    "broadcast_to",
    "chain_matmul",
    "corrcoef",
    "diag",
    "diag_embed",
    "diagflat",
    "dropout2d",
    "dsplit",
    "dropout1d",
    "dropout3d",
    "equal",
    "feature_alpha_dropout",
    "flatten",
    "float_power",
    "positive",
    "relu6",
    "rrelu",
    "rsub",
    "sgn",
    "std_mean",
    "t",
    "transpose",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
    "geqrf",  # LAPACK's routine, without gradient
    "linalg_cholesky",
    "linalg_cond",
    "linalg_eigvalsh",
    "linalg_householder_product",
    "linalg_inv",
    "linalg_lstsq",
    "linalg_lu",
    "linalg_lu_factor",
    "linalg_lu_solve",
    "linalg_matrix_norm",
    "linalg_matrix_power",
    "linalg_matrix_rank",
    "linalg_multi_dot",
    "linalg_norm",
    "linalg_solve",
    "linalg_svdvals",
    "linalg_tensorinv",
    "linalg_tensorsolve",
    "linalg_cross",
    "linalg_diagonal",
    "linalg_vander",
    "linalg_vecdot",
    "linalg_vector_norm",
    "logdet",
    "lu",
    "lu_solve",
    "lu_unpack",
    "ormqr",
    "pca_lowrank",
    "pinverse",
    "qr",
    "svd",
    "svd_lowrank",
    "triangular_solve",
    "var_mean",
    "hsplit",
    "index_reduce",
    "ravel",
    "split_with_sizes",
    "sum_to_size",
    "unravel_index",
    "unsafe_chunk",
    "unsafe_split",
    "vsplit",
}  # they call rows of other functions
COMPOSED |= {name for name in public_names(ops) if name.endswith("_copy") and name != "index_copy"}
COMPOSED |= {"conj_physical", "is_conj", "resolve_conj", "resolve_neg"}  # they call conj, or return the input
COMPOSED |= {"unfold_along"}  # the method unfold; nn.functional has another function of that name
HELPERS = {"layouts", "plain_index", "setitem", "sizes_of", "strided_read", "strided_write"}
PUBLIC = set(public_names(ops)) - HELPERS
# rows that the gradients of several functions use, or writes in place
ENGINE = {"_fft_c2c", "_fft_c2r", "_fft_r2c", "attached", "setitem", "strided_add", "strided_read", "strided_write"}


def test_every_function_has_a_row_and_every_row_a_function() -> None:
    missing = sorted(PUBLIC - COMPOSED - set(table))
    assert not missing, (
        f"{missing}: functions of autograd.ops without a row of their name; register an Op or a Composite for each, "
        "or add it to COMPOSED here if it only calls functions that have one"
    )
    for name in set(table) - PUBLIC - ENGINE:
        owner = max((n for n in PUBLIC if name.startswith(f"{n}_")), key=len, default=None)
        assert owner, (
            f"{name}: the name of this row begins with no function of autograd.ops; name it "
            "<function>_<what it is>, or import its function in autograd/ops/__init__.py"
        )
        ends = (
            "_affine",
            "_gather",
            "_grad",
            "_labels",
            "_places",
            "_rounded",
            "_rows",
            "_steps",
            "_sums",
            "_taps",
            "_training",
            "_windows",
        )
        assert name.endswith(ends), f"{name}: end the name with one of {ends}, or add its ending here"


OPS = Path(ops.__file__).parent
FILES = sorted(path.stem for path in OPS.glob("*.py") if path.stem != "__init__")


def imports_from_ops(path: Path) -> list[tuple[str, str]]:
    """(module, name) of every `from autograd.ops... import name` in a file, including those inside functions."""
    nodes = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
    found = [(node.module or "", alias.name) for node in nodes for alias in node.names]
    return [(module, name) for module, name in found if module.split(".")[:2] == ["autograd", "ops"]]


def test_every_file_of_ops_is_imported() -> None:
    reached, new = set[str](), {"__init__"}
    while new:
        reached |= new
        imported = [pair for file in new for pair in imports_from_ops(OPS / f"{file}.py")]
        new = {part for module, name in imported for part in (*module.split(".")[2:3], name)} & set(FILES) - reached
    missing = sorted(set(FILES) - reached)
    assert not missing, (
        f"autograd/ops/__init__.py does not import {missing}, so their ops are not in the table: add a line there, "
        f"such as `from autograd.ops.{missing[0]} import {missing[0]} as {missing[0]}`"
    )


@pytest.mark.parametrize("file", FILES)
def test_an_ops_file_is_imported_by_another_only_to_call_the_op(file: str) -> None:
    for module, name in imports_from_ops(OPS / f"{file}.py"):
        owner = module.split(".")[2] if module.count(".") >= 2 else name
        assert owner == "shared" or name in {*table, *COMPOSED}, (
            f"autograd/ops/{file}.py imports {name} from autograd/ops/{owner}.py, but {name} is not an op: move what "
            "several ops use to autograd/ops/shared/, or to autograd/kernels/ if it is a kernel"
        )


@pytest.mark.parametrize("file", FILES)
def test_a_registered_row_has_one_name(file: str) -> None:
    rows = {name: x for name, x in vars(importlib.import_module(f"autograd.ops.{file}")).items() if isinstance(x, Row)}
    wrong = sorted(name for name, row in rows.items() if name not in (row.name, f"_{row.name}_op"))
    assert not wrong, (
        f"autograd/ops/{file}.py: rename {wrong}: a variable that holds a row is called _<name of the row>_op, "
        "or just by the row's name if other files import it"
    )


def test_lists_name_the_same_functions() -> None:
    functions = {name: getattr(ops, name) for name in PUBLIC}
    listed = {name for name in public_names(functional) if functions.get(name) is getattr(functional, name)}
    # only relu in nn.functional has `inplace`, as in PyTorch
    in_place = {name for name in public_names(functional) if name.endswith("_") and name[:-1] in PUBLIC}
    foreign = sorted(set(public_names(functional)) - {"relu"} - in_place - listed)
    assert not foreign, f"{foreign}: nn/functional.py must import functions of these names from autograd.ops"
    other_order = vars(native_functions).keys()  # of arguments
    for name in set(public_names(autograd)) & PUBLIC - other_order:
        assert getattr(autograd, name) is functions[name]
    by_function = {function: name for name, function in functions.items()}
    methods = {name: by_function[f] for name, f in vars(TensorMethods).items() if callable(f) and f in by_function}
    second = {name for name in vars(TensorMethods) if name in vars(aliases) and not name.startswith("_")}
    for name in second:
        assert vars(TensorMethods)[name] is getattr(aliases, name), name
    methods = {name: function for name, function in methods.items() if not name.startswith("__") and name not in second}
    assert all(name == function for name, function in methods.items())
    reachable = set(public_names(autograd)) | set(public_names(functional)) | set(dir(Tensor)) | {"getitem"}  # x[index]
    reachable |= set(public_names(autograd.special))
    for module in (autograd.fft, autograd.linalg):  # linalg.inv is linalg_inv in autograd.ops, as in ATen
        found = {name: getattr(module, name) for name in public_names(module)}
        home = module.__name__.rpartition(".")[2]
        assert all(f is functions.get(f"{home}_{name}", f) for name, f in found.items())
        reachable |= {by_function[f] for f in found.values() if f in by_function}
    missing = sorted(PUBLIC - reachable)
    assert not missing, (
        f"{missing}: users cannot call these; import each in autograd/__init__.py or nn/functional.py, "
        "or make it a method in autograd/methods.py"
    )


# functions whose arguments differ from their row's inputs and parameters in order or name
CALLED: dict[str, Callable[..., Any]] = {
    "binary_cross_entropy": lambda x, t: ops.binary_cross_entropy(x, t, reduction="none"),
    "cat": lambda *xs, dim: ops.cat(xs, dim),
    "expand": lambda x, *, shape: ops.expand(x, *shape),
    "polygamma": lambda x, *, n: ops.polygamma(n, x),
    "argsort": lambda x, *, dim, descending, stable: ops.argsort(x, dim, descending, stable),
    "as_strided": lambda x, *, size, stride, start: ops.as_strided(x, size, stride, start),
    "gather": lambda x, index, *, dim: ops.gather(x, dim, index),
    "scatter_reduce": lambda x, index, src, *, dim, reduce, include_self: ops.scatter_reduce(
        x, dim, index, src, reduce, include_self=include_self
    ),
    "histogram": lambda x, edges, weight, *, density: ops.histogram(
        x, edges.to(x.dtype), weight=weight, density=density
    ),
    "scatter_add": lambda x, index, src, *, dim: ops.scatter_add(x, dim, index, src),
    "linalg_eigh": lambda A: ops.linalg_eigh((A + A.mT) / 2),  # the row reads both triangles
    "split": lambda x, *, sizes, dim: ops.split(x, sizes, dim),
}


CHANCE = {"dropout"}  # randomness draws one input of its row: see test_norm.py


@pytest.mark.parametrize("name", sorted(name for name in PUBLIC - COMPOSED - CHANCE if isinstance(table.get(name), Op)))
def test_function_runs_its_row(name: str) -> None:
    op, function, rng = table[name], getattr(ops, name), np.random.default_rng(0)
    for _ in range(10):
        sample = op.sample(RandomDraw(rng, op.kind))
        inputs = [wrap(x) if isinstance(x, np.ndarray) else x for x in sample.inputs]
        row = op(*inputs, **sample.params)
        result = CALLED.get(name, function)(*inputs, **sample.params)
        first, result = (y[0] if isinstance(y, tuple) else y for y in (row, result))
        assert result.dtype == first.dtype
        assert np.array_equal(result.array, first.array)


def test_operators_run_their_rows() -> None:
    x, y = autograd.tensor([2.0, 3.0], requires_grad=True), autograd.tensor([4.0, 3.0])
    made: dict[str, Any] = {
        "add": (x + y, 1 + x), "sub": (x - y, 1 - x), "mul": (x * y, 2 * x), "div": (x / y, 1 / x),
        "remainder": (x % y, 2 % x), "pow": (x**y, 2**x), "neg": (-x,), "abs": (abs(x),),
        "matmul": (x.reshape(1, 2) @ y.reshape(2, 1),), "getitem": (x[0],),
    }  # fmt: skip
    assert all(z.grad_fn.op is table[name] for name, results in made.items() for z in results)
    assert [z.tolist() for z in (x == y, x != y, x < y, x <= y, x > y, x >= y)] == [
        [False, True], [True, False], [True, False], [True, True], [False, False], [False, True]
    ]  # fmt: skip
    a, b = x == y, autograd.tensor([True, True])
    assert [z.tolist() for z in (a & b, a | b, a ^ b, ~a, True & a, False | a, True ^ a)] == [
        [False, True], [True, True], [True, False], [True, False], [False, True], [False, True], [True, False]
    ]  # fmt: skip
    assert +x is x and (x // y).tolist() == [0, 1] and (7 // x).tolist() == [3, 2]
    assert (autograd.tensor([6, 5]) & 3).tolist() == [2, 1]


def test_check_row_is_what_stands_before_every_row() -> None:
    for op in table.values():
        check_row(op)


# ── dtype and memory of results ────────────────────────────────────────────────────────


@pytest.mark.parametrize("dtype", [autograd.int32, autograd.uint8, autograd.int8, autograd.float64])
def test_sums_keep_the_dtype_that_was_asked_for(dtype: Any) -> None:
    x = autograd.tensor([[100, 100], [100, 1]])
    for result, numbers in ((x.sum(dtype=dtype), 301), (x.cumsum(1, dtype=dtype), [[100, 200], [100, 101]])):
        assert result.dtype == dtype
        np.testing.assert_array_equal(result.array, np.array(numbers).astype(dtype))  # wraps around


def test_histogram_needs_a_number_of_bins_or_a_tensor_of_edges() -> None:
    with pytest.raises(TypeError, match=r"histogram: bins is \[0.0, 1.0\]; expects a whole number, or a tensor"):
        ops.histogram(autograd.ones(2), [0.0, 1.0])


def test_cumsum_of_a_number_is_a_copy() -> None:
    x = autograd.tensor(3.0)
    x.cumsum(0).zero_()
    assert x.item() == 3.0


def test_square_of_bools_is_int64() -> None:
    result = autograd.square(autograd.tensor([True, False]))
    assert result.dtype == autograd.int64 and result.tolist() == [1, 0]


def test_any_and_all_of_uint8_are_uint8() -> None:
    x = autograd.tensor([0, 3], dtype=autograd.uint8)
    assert (x.any().dtype, x.any().item(), x.all().dtype, x.all().item()) == (autograd.uint8, 1, autograd.uint8, 0)


@pytest.mark.parametrize(
    ("op", "input", "other", "expected"),
    [
        (autograd.add, 2.0, 3.0, autograd.tensor(5.0)),
        (autograd.sub, 2, 3, autograd.tensor(-1)),
        (autograd.mul, True, 2, autograd.tensor(2)),
        (autograd.div, 1, 2, autograd.tensor(0.5)),
    ],
)
def test_arithmetic_of_numbers_gives_a_tensor(op: Any, input: Any, other: Any, expected: Tensor) -> None:
    result = op(input, other)
    assert isinstance(result, Tensor)
    assert (result.dtype, result.shape, result.item()) == (expected.dtype, (), expected.item())


def test_alpha_is_not_rounded() -> None:
    assert autograd.add(autograd.ones((), dtype=autograd.float64), 0.1, alpha=3).item() == 1 + 0.1 * 3
    assert autograd.sub(autograd.ones((), dtype=autograd.float64), 0.1, alpha=3).item() == 1 - 0.1 * 3


def test_numbers_are_gathered_added_to_and_selected_as_vectors_of_one() -> None:
    x, zero, two = autograd.tensor(5.0, requires_grad=True), autograd.tensor(0), autograd.tensor([0, 0])
    assert autograd.gather(x, 0, zero).tolist() == 5.0
    assert autograd.gather(x, 0, two).tolist() == [5.0, 5.0]
    assert autograd.gather(autograd.tensor([1.0, 2.0]), 0, autograd.tensor(1)).tolist() == 2.0
    assert autograd.scatter_add(x, 0, two, autograd.ones(2)).tolist() == 7.0
    assert autograd.index_select(x, 0, autograd.tensor([0])).tolist() == 5.0
    (autograd.gather(x, 0, two).sum() + autograd.scatter_add(x, 0, zero, x)).backward()
    assert x.grad is not None and x.grad.item() == 4.0
