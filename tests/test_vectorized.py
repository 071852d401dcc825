"""Find kernels whose inner loop the compiler does not vectorize, by searching their machine code.

Numba emits no vector instructions for a loop over computed ends (autograd/kernels/jit.py says why), and such a
kernel is up to ten times slower, with the same results.  So every kernel that an op or an optimizer launches is
compiled for float32 here, and must contain arithmetic or comparisons of packed numbers, between vector loads and
stores.  Loads and stores of single lanes (gather, scatter), which LLVM emits for computed ends if it can, as on
AVX-512, are as slow as scalar code, so a basic block with them does not count.
"""

from __future__ import annotations

import platform
import re
from typing import Any

import numba
import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
import optim
from autograd import peaks
from autograd.kernels.arithmetic import add_pairwise
from autograd.kernels.jit import kernel, limit_threads, set_threads
from autograd.op import table
from autograd.tensor import Tensor, wrap
from autograd.testing import RandomDraw, draw_case
from optim.swa_utils import AveragedModel
from tests.kernels import kernels_by_name
from tests.optimizers import WITHOUT_KERNEL, public_classes

INDEXED = "it reads or writes at indices from its data"
SCALAR: dict[str, str] = {  # kernels without such instructions, with the reason
    "autograd.kernels.copies._copy": "it moves numbers, and computes nothing",
    "autograd.kernels.pool_2x2.pick_2x2": INDEXED,
    "autograd.kernels.pool_2x2.unpool_2x2": "written as vectors, which without AVX-512 are chosen by a bitwise and",
    "autograd.ops.avg_pool2d._pool": "sums over a window are added in order, and windows are short",
    "autograd.ops.avg_pool2d._pool_grad": "windows are short, and may overlap",
    "autograd.ops.max_pool2d._gather": INDEXED,
    "autograd.ops.max_pool2d._scatter": INDEXED,
}

# Arithmetic, comparisons and selections of packed numbers, also float64, because sums are added in it.  On x86 their
# names end with "ps" or "pd".  Plain moves and xor are left out, because scalar code copies and clears with them.
PACKED = r"\bv?(?:add|sub|mul|div|max|min|sqrt|blendv?|fn?m(?:add|sub)\d*|cmp\w*)p[sd]\b|\bvmov[au]ps\b[^\n]*\{%k"
if platform.machine().lower() in ("aarch64", "arm64"):
    PACKED = r"\bf(?:add|sub|mul|div|ml[as]|max|min|sqrt|cm\w+)\w*\s+v\d+\.(?:4s|2d)|\bb(?:sl|it|if)\s+v\d+"


def assembly(function: Any, signature: Any) -> str:
    """The machine code of a kernel, compiled again, because Numba cannot show the code of a kernel from the cache."""
    options = {name: value for name, value in function.targetoptions.items() if name != "nopython"}
    fresh = numba.njit(**options)(function.py_func)
    fresh.compile(signature)
    return str(fresh.inspect_asm(fresh.signatures[0]))


# Numbers that are loaded or stored one by one.  Without AVX-512, LLVM has no scatter and takes the lanes of a vector.
ONE_BY_ONE = "gather|scatter|insertps|extractps"


def is_vectorized(function: Any, signature: Any) -> bool:
    blocks = re.split(r"^\S+:", assembly(function, signature), flags=re.MULTILINE)  # a label starts a basic block
    return any(re.search(PACKED, block) and not re.search(ONE_BY_ONE, block) for block in blocks)


# ── every kernel ───────────────────────────────────────────────────────────────────────


def all_kernels() -> dict[str, Any]:
    """Every parallel kernel of the packages, by module and name.  Other kernels are inlined into them."""
    return {name: function for name, function in kernels_by_name().items() if function.targetoptions["parallel"]}


def float32(x: Any) -> Any:
    return x.astype(np.float32) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x


def run_ops() -> None:
    """Forward and backward of every op in float32: drawn calls, and larger ones for kernels that small calls skip."""
    for op in table.values():
        if not type(op).__module__.startswith("autograd."):
            continue
        for seed in range(6):
            sample = draw_case(op, RandomDraw(np.random.default_rng(seed), op.kind)).sample
            inputs: list[Any] = [float32(x) for x in sample.inputs]
            inputs = [wrap(x, x.dtype.kind == "f") if isinstance(x, np.ndarray) else x for x in inputs]
            with np.errstate(all="ignore"):
                results = op(*inputs, **sample.params)
                outputs = [y for y in (results if isinstance(results, tuple) else (results,)) if y.requires_grad]
                wanted = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
                if outputs and wanted:
                    autograd.grad(outputs, wanted, [autograd.ones_like(y) for y in outputs], allow_unused=True)
    large = autograd.ones(512, 512, requires_grad=True)
    for dim in (0, 1, None):
        (large * large).sum(dim).sum().backward()
    (large * large[0]).sum().backward()
    large.cumsum(0).sum().backward()
    autograd.ones(512, 600)[:, 1:].contiguous()
    (large.T @ large).sum().backward()
    F.batch_norm(large, None, None, training=True).sum().backward()
    autograd.where(large > 0, large, 0.0).sum().backward()
    convolutions = (16, 7, F.conv2d), (3, 7, F.conv2d_relu_max_pool2d), (32, 3, F.conv2d), (32, 1, F.conv2d)
    for channels, size, function in convolutions:
        x, w = autograd.ones(2, channels, 16, 16, requires_grad=True), autograd.ones(32, channels, size, size)
        function(x, w.requires_grad_()).sum().backward()
    F.max_pool2d(autograd.ones(2, 3, 33, 33, requires_grad=True), 2).sum().backward()
    F.max_pool2d(autograd.ones(64, 8, 8, 8), 3, 2, 1)
    add_pairwise([np.ones((512, 512), np.float32) for _ in range(4)])
    peaks.triad(64)()
    peaks.multiply_adds(10**6)()


def run_optimizers() -> None:
    layer = nn.Linear(3, 2)
    for name in sorted(set(public_classes(optim, optim.Optimizer)) - WITHOUT_KERNEL):
        cls = getattr(optim, name)
        for amsgrad in (False, True):
            if amsgrad and "amsgrad" not in cls.__init__.__code__.co_varnames:
                continue
            options: dict[str, Any] = {"amsgrad": True} if amsgrad else {}
            optimizer = cls(layer.parameters(), **options)
            layer(autograd.ones(4, 3)).sum().backward()
            optimizer.step()
    average = AveragedModel(layer)
    for _ in range(2):
        average.update_parameters(layer)


@pytest.fixture(scope="module")
def launched() -> dict[str, tuple[Any, Any]]:
    """Every parallel kernel launched with float32 arguments, and its argument types."""
    run_ops()
    run_optimizers()
    found = {}
    for name, function in all_kernels().items():
        seen = [*function.signatures, *function.serial.signatures]  # small work runs on one thread
        signatures = [signature for signature in seen if "float32" in str(signature)]
        if signatures:
            found[name] = function, signatures[0]
    return found


@pytest.mark.slow
@pytest.mark.rare
def test_every_kernel_is_vectorized(launched: dict[str, tuple[Any, Any]]) -> None:
    scalar = [
        name for name, (function, signature) in launched.items()
        if name not in SCALAR and not is_vectorized(function, signature)
    ]  # fmt: skip
    assert not scalar, (
        f"No vector instructions in {', '.join(scalar)}. Let the inner loop run over slices, counted from 0 "
        "(xs = x[first:last]; for i in range(len(xs)): ...), without branches or calls; autograd/kernels/jit.py says "
        "why. If it cannot be vectorized, add it to SCALAR in tests/test_vectorized.py with the reason."
    )


@pytest.mark.slow
@pytest.mark.parallel
def test_every_kernel_is_looked_at(launched: dict[str, tuple[Any, Any]]) -> None:
    kernels = all_kernels()
    missing = sorted(set(kernels) - set(launched))
    assert not missing, (
        f"{', '.join(missing)}: no op or optimizer of tests/test_vectorized.py launches them with float32 arrays. "
        "Call them in run_ops or run_optimizers."
    )
    unknown = sorted(set(SCALAR) - set(kernels))
    assert not unknown, f"SCALAR in tests/test_vectorized.py names kernels that do not exist: {', '.join(unknown)}."


# ── the search itself ──────────────────────────────────────────────────────────────────


@kernel(parallel=True, cached=False)
def over_computed_ends(x, parts, y):
    threads = limit_threads(parts)
    for part in numba.prange(parts):
        for i in range(part * len(x) // parts, (part + 1) * len(x) // parts):
            y[i] = x[i] * x[i] + x[i]
    set_threads(threads)


@kernel(parallel=True, cached=False)
def over_slices(x, parts, y):
    threads = limit_threads(parts)
    for part in numba.prange(parts):
        block = slice(part * len(x) // parts, (part + 1) * len(x) // parts)
        xs, ys = x[block], y[block]
        for i in range(len(xs)):
            ys[i] = xs[i] * xs[i] + xs[i]
    set_threads(threads)


@pytest.mark.parametrize(("function", "expected"), [(over_computed_ends, False), (over_slices, True)])
def test_the_search_tells_a_scalar_kernel_from_a_vectorized_one(function: Any, expected: bool) -> None:
    array = numba.types.Array(numba.float32, 1, "C")
    assert is_vectorized(getattr(function, "_kernel", function), (array, numba.int64, array)) == expected
