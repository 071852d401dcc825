"""Every function against PyTorch's of the same name: results, dtypes and gradients of drawn calls."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings, strategies as st

import autograd
import nn.functional as F
from autograd import Tensor, ops
from autograd.names import public_names
from autograd.tensor import wrap
from autograd.testing import HypothesisDraw, compare
from tests.with_torch import op_db
from tests.with_torch.calls import Call, Constant, all_calls, map_arrays

CALLS = all_calls()
TOLERANCE = {np.float64: 1e-11, np.float32: 2e-5}
OURS_ALONE = {  # functions that torch does not have; is_conj is always false here, as conj returns new numbers
    "getitem", "plain_index", "sizes_of", "batch_norm_relu", "conv2d_relu", "conv2d_relu_max_pool2d", "is_conj",
    "layouts", "linear_relu", "setitem", "strided_read", "strided_write",
}  # fmt: skip


def flat(value: Any) -> list[Any]:
    """The tensors and numbers in a result, in order."""
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in flat(item)]
    return [value]


def is_float_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def dtype_of_torch(dtype: np.dtype) -> torch.dtype:
    return getattr(torch, dtype.name)  # type: ignore[no-any-return]


def run(function: Any, make: Any, dtype_of: Any, args: Any, kwargs: Any) -> tuple[list[Any], list[Any]]:
    """The results, and the tensors made from the float arrays among the arguments."""
    leaves: list[Any] = []

    def convert(array: Any) -> Any:
        if isinstance(array, np.dtype):
            return dtype_of(array)
        tensor = make(np.asarray(array))
        if array.dtype.kind == "f" and not isinstance(array, Constant):
            leaves.append(tensor.requires_grad_())
        return tensor

    args, kwargs = map_arrays(convert, args), map_arrays(convert, kwargs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries need not warn in the same cases
        return flat(function(*args, **kwargs)), leaves


def numbers(value: Any) -> np.ndarray:
    if isinstance(value, Tensor | torch.Tensor):
        return value.detach().numpy()
    return np.asarray(value)


def tolerance(theirs: Any) -> float:
    """Tolerance by the dtype of the result, because integers may give float32 in a float64 call."""
    return TOLERANCE[np.float32 if numbers(theirs).dtype == np.float32 else np.float64]


@pytest.mark.parametrize(
    "call", [pytest.param(call, id=f"{call.where}-{call.name}-{i}") for i, call in enumerate(CALLS)]
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_as_torch(call: Call, dtype: Any) -> None:
    ours_of = call.find(autograd, F, Tensor)
    theirs_of = call.find(torch, torch.nn.functional, torch.Tensor)

    @settings(suppress_health_check=list(HealthCheck), deadline=None)
    @given(st.data())
    def compared(data: Any) -> None:
        args, kwargs = call.generate(HypothesisDraw(data.draw, "smooth"))
        args, kwargs = map_arrays(lambda a: a.astype(dtype) if is_float_array(a) else a, (args, kwargs))
        shown = map_arrays(lambda a: f"{a.dtype}{a.shape}" if isinstance(a, np.ndarray) else a.name, (args, kwargs))
        theirs, their_leaves = run(theirs_of, lambda a: torch.from_numpy(a.copy()), dtype_of_torch, args, kwargs)
        ours, our_leaves = run(ours_of, lambda a: wrap(a.copy()), lambda dtype: dtype, args, kwargs)

        assert len(ours) == len(theirs), shown
        for i, (y, z) in enumerate(zip(ours, theirs, strict=True)):
            if isinstance(z, torch.Tensor):
                assert isinstance(y, Tensor), shown
                assert str(y.dtype) == str(z.dtype).removeprefix("torch."), shown
                assert y.requires_grad == z.requires_grad, shown
            if z is None:  # attention without its weights
                assert y is None, shown
                continue
            compare(f"{call.name}: output {i} of {shown}", numbers(y), numbers(z), tolerance(z), "PyTorch says")

        rng = np.random.default_rng(0)
        pairs = [(y, z) for y, z in zip(ours, theirs, strict=True) if isinstance(z, torch.Tensor) and z.requires_grad]
        if pairs:
            gs = [rng.standard_normal(y.shape).astype(y.dtype) for y, _ in pairs]
            our_grads = autograd.grad([y for y, _ in pairs], our_leaves, [wrap(g) for g in gs], allow_unused=True)
            their_grads = torch.autograd.grad(
                [z for _, z in pairs], their_leaves, [torch.from_numpy(g) for g in gs], allow_unused=True
            )
            for i, (a, b, leaf) in enumerate(zip(our_grads, their_grads, our_leaves, strict=True)):
                zero = np.zeros(leaf.shape, leaf.dtype)
                compare(
                    f"{call.name}: gradient {i} of {shown}",
                    zero if a is None else a.array,
                    zero if b is None else b.numpy(),
                    10 * max(TOLERANCE[dtype], *(tolerance(z) for z in theirs if z is not None)),
                    "PyTorch says",
                )

    compared()


def test_every_function_is_asked_about() -> None:
    """By a generator here, or by PyTorch's own samples, which test_op_db.py runs."""
    asked = {call.name for call in CALLS} | {entry.name.rpartition(".")[2] for entry in op_db.entries()}
    asked |= {entry.info.name.rpartition(".")[2] for entry in op_db.entries()}
    asked |= {entry.info.name.replace(".", "_") for entry in op_db.entries()}  # linalg.inv is linalg_inv in ops
    asked |= {alias.name.replace(".", "_") for entry in op_db.entries() for alias in entry.info.aliases}
    asked |= {f"linalg_{name}" for name in asked if getattr(ops, f"linalg_{name}", 0) is getattr(ops, name, None)}
    forgotten = set(public_names(ops)) - OURS_ALONE - asked
    assert not forgotten, (
        f"no call of {', '.join(sorted(forgotten))} is compared with PyTorch: add one to a calls_*.py of "
        "tests/with_torch, or the name to OURS_ALONE where PyTorch has no such function"
    )


def options_of_samples(name: str) -> set[str]:
    """The arguments of a function that occur in PyTorch's own samples, which test_op_db.py runs."""
    import inspect

    found: set[str] = set()
    for entry in op_db.entries():
        if entry.name == f"nn.functional.{name}" or entry.name == name:
            for call in op_db.samples(entry, torch.float64):
                found |= set(inspect.signature(entry.ours).bind(*call.args, **call.kwargs).arguments)
    return found


# What PyTorch's samples lack, and the test that gives it.
OPTIONS_ELSEWHERE = {
    **dict.fromkeys(("size_average", "reduce", "static_k", "static_v", "is_causal"), "test_rare_options.py"),
}


def test_every_option_is_asked_about() -> None:
    """Each argument of a function occurs in some drawn call, or in one of PyTorch's samples."""
    import inspect

    from autograd.testing import RandomDraw

    missing = []
    for name in sorted({call.name for call in CALLS if call.where != "method"}):
        given_names: set[str] = set()
        signature = None
        for call in CALLS:
            if call.name == name and call.where != "method":
                signature = inspect.signature(call.find(autograd, F, Tensor))
                for seed in range(60):
                    args, kwargs = call.generate(RandomDraw(np.random.default_rng(seed), "smooth"))
                    given_names |= set(signature.bind(*args, **kwargs).arguments)
        assert signature is not None
        lacking = set(signature.parameters) - given_names - set(OPTIONS_ELSEWHERE)
        missing += [
            f"{name}({parameter})" for parameter in sorted(lacking - options_of_samples(name) if lacking else ())
        ]
    missing = [m for m in missing if not m.endswith("(inplace)")]
    assert not missing, f"no call in tests/with_torch/calls_*.py gives {missing}: let a generator draw these arguments"
