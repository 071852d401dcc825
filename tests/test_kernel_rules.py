"""Kernels without `allocates=True` count no references to arrays.

So they must not return an array: the caller would give back a reference that was never counted, and the memory would be
freed while it is used.  And they must not call a kernel that creates arrays, whose memory they would never free.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher
from numba.core.errors import TypingError

from autograd.kernels import arithmetic, channels, sums
from autograd.kernels.jit import kernel, stack_array
from tests.kernels import kernels_by_name, name_of

# Kernels that return something and count no references: they return numbers.
RETURNS_NUMBERS = {
    "autograd.kernels.gemm.lanes",
    "autograd.kernels.gemm.pack_panel",
    "autograd.kernels.gemm.whole_tiles",
    "autograd.kernels.jit.limit_threads",
    "autograd.kernels.max_pool._inside",
    "autograd.kernels.planes.inside",
    "autograd.kernels.rows.row_moments",
    "autograd.kernels.rows.row_products",
    "autograd.kernels.rows.row_standardized",
    "autograd.kernels.rows.row_sum",
    "autograd.kernels.winograd.element_step",
    "autograd.kernels.winograd.split_memory",
    "autograd.ops.avg_pool2d._whole_rows",
    "autograd.ops.layer_norm._together",
    "autograd.ops.max_pool2d._offset",
    "optim.adam.moments",
    "optim.fused._address",
    "optim.fused.decayed_gradient",
    "optim.fused.flush_subnormal",
    "optim.fused.useful_threads",
}


def counts(dispatcher: Any) -> bool:
    """Whether it counts references, or becomes a part of its callers."""
    return dispatcher.targetoptions["_nrt"] or dispatcher.targetoptions["inline"] == "always"


def returns_something(function: Callable) -> bool:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return any(isinstance(node, ast.Return) and node.value is not None for node in ast.walk(tree))


def counted_ones_called_by(function: Any) -> list[str]:
    names = inspect.getclosurevars(function)
    known = {**names.globals, **names.nonlocals}
    called = [known[name] for name in function.__code__.co_names if isinstance(known.get(name), Dispatcher)]
    return [name_of(other) for other in called if other.targetoptions["_nrt"]]


def test_what_returns_something_is_known_to_return_numbers() -> None:
    found = {name for name, one in kernels_by_name().items() if not counts(one) and returns_something(one.py_func)}
    assert found == RETURNS_NUMBERS, (
        "A kernel without allocates=True must not return an array, nor a tuple with one. If it returns numbers, name "
        "it in RETURNS_NUMBERS of tests/test_kernel_rules.py."
    )


def test_what_counts_no_references_calls_nothing_that_creates_arrays() -> None:
    for name, one in kernels_by_name().items():
        called = [] if counts(one) else counted_ones_called_by(one.py_func)
        assert not called, f"{name} calls {', '.join(called)}, so it needs allocates=True"


@kernel(allocates=True, cached=False)
def made(x):
    return np.zeros(len(x))


@kernel(cached=False)
def calls_it(x):
    return made(x)[0]


def test_the_search_finds_a_call() -> None:
    assert counted_ones_called_by(calls_it.py_func) == [name_of(made)]
    assert returns_something(calls_it.py_func) and not returns_something(adds_on_the_stack.py_func)


def test_an_array_in_a_kernel_that_does_not_allocate() -> None:
    @kernel(cached=False)
    def forgotten(x):
        x[0] = np.zeros(3)[0]

    with pytest.raises(TypingError, match="Only accept returning of array passed into the function"):
        forgotten(np.ones(3))


@kernel(cached=False)
def adds_on_the_stack(x, y):
    own, wide = stack_array(100, x.dtype), stack_array(100, np.float64)
    for k in range(len(x)):
        own[k], wide[k] = x[k], 2 * x[k]
    for k in range(len(x)):
        y[k] = own[k] + wide[k]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_arrays_on_the_stack(dtype: Any) -> None:
    x, y = np.arange(100, dtype=dtype), np.empty(100, dtype)
    adds_on_the_stack(x, y)
    assert (y == 3 * x).all()


@kernel(cached=False)
def fill_the_stack(value, y):
    own = stack_array(32768, np.float64)
    for k in range(len(own)):
        own[k] = value
    for k in range(len(own)):
        y[0] += own[k]


X = np.random.default_rng(0).normal(size=(300, 500)).astype(np.float32)
FEW = np.ascontiguousarray(X[:40, :7])
ZEROS = np.zeros(500, np.float32)


def sums_of_rows():
    found = np.empty((1, 300))
    sums._rows.serial(X.reshape(1, 300, 500), 1, found)
    return found[0], X.sum(1)


def sums_of_columns(x):
    found = np.empty((1, x.shape[1]))
    sums._add_strips(x[None], 0, 1, 0, len(x), found)
    return found[0], x.sum(0)


def running_sums():
    found = np.empty((1, 300, 500), np.float32)
    sums._run_strips(X[None], 0, 1, found)
    return found[0, -1], X.sum(0)


def sums_of_channels(g):
    found = np.empty((3, 1, 500))
    channels._column_sums.serial(g, X, ZEROS, channels.COLUMNS, 1, found)
    first, second = found[:2, 0]
    return (first, X.sum(0)) if g is X else (second - first**2 / 300, 300 * X.var(0))


def sum_of_arrays():
    found = np.empty((300, 500), np.float32)
    arithmetic._rows.serial(0, X, ZEROS[None, :1], 1, found)
    return found, X


def test_what_was_on_the_stack_does_not_matter() -> None:
    for run in (
        sums_of_rows,
        partial(sums_of_columns, X),
        partial(sums_of_columns, FEW),
        running_sums,
        partial(sums_of_channels, X),
        partial(sums_of_channels, None),
        sum_of_arrays,
    ):
        run()  # compiles the kernel, for which the stack is needed
        fill_the_stack(1e30, np.zeros(1))  # as float32: 10831 and 3e-4
        found, expected = run()
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
