"""PyTorch's module_db, for every layer that both libraries have: the same arguments, weights and inputs in both.

Outputs, gradients of inputs and parameters, and buffers after the call must be PyTorch's, in
training and evaluation. What PyTorch refuses, in the constructor or in the call, we refuse.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.parameter import is_lazy
from torch.testing._internal.common_modules import ModuleErrorEnum, module_db

import autograd
import nn
from autograd import Tensor
from autograd.tensor import wrap
from autograd.testing import compare
from tests.with_torch import op_db
from tests.with_torch.test_error_inputs import ERRORS, raised_on_purpose

DTYPES = (torch.float64, torch.float32)
TOLERANCE = {torch.float64: 1e-11, torch.float32: 2e-5}


@dataclass(frozen=True)
class Refused:
    """Samples that PyTorch runs and we refuse, recognized by words of the error."""

    names: tuple[str, ...]
    words: str
    reason: str


REFUSED: list[Refused] = []

# Layers whose gradients in PyTorch are not those of their values, by finite differences.
WRONG_GRADIENTS = {"CTCLoss"}  # e^log_probs is added, which log_softmax takes away again

INFOS = [info for info in module_db if hasattr(nn, info.module_cls.__name__)]
PARTS = [(info, training) for info in INFOS for training in ((True, False) if info.train_and_eval_differ else (True,))]
IDS = [f"{info.module_cls.__name__}{'' if training else '-eval'}" for info, training in PARTS]


def inputs(generate: Any, info: Any, dtype: torch.dtype, training: bool) -> list[Any]:
    return op_db.seeded(
        lambda: generate(info, device="cpu", dtype=dtype, requires_grad=True, training=training)
    )  # fmt: skip


def call_of(given: Any) -> op_db.Call:
    """The call of a FunctionInput."""
    return op_db.Call(tuple(given.args), dict(given.kwargs))


def made(kind: type, given: op_db.Call) -> Any:
    """The layer; the warnings of its constructor are ignored."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return kind(*given.args, **given.kwargs)


def named(state: Any) -> dict[str, np.ndarray]:
    return {name: op_db.numbers(value) for name, value in state}


def both(info: Any, sample: Any, dtype: torch.dtype, training: bool) -> list[tuple[Any, op_db.Call]]:
    """PyTorch's layer and ours with the same weights, each with its inputs."""
    arguments, given = call_of(sample.constructor_input), call_of(sample.forward_input)
    theirs = made(info.module_cls, arguments).to(dtype).train(training)
    if any(is_lazy(p) for p in theirs.parameters()):
        theirs(*op_db.to_theirs(given).args)  # which gives the parameters their shapes
    ours = made(getattr(nn, info.module_cls.__name__), op_db.to_ours(arguments)).to(op_db.to_ours(dtype))
    ours.train(training).load_state_dict(
        {name: wrap(a.copy()) for name, a in named(theirs.state_dict().items()).items()}
    )
    return [(theirs, op_db.to_theirs(given)), (ours, op_db.to_ours(given))]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(("info", "training"), PARTS, ids=IDS)
def test_a_layer(info: Any, training: bool, dtype: torch.dtype) -> None:
    for sample in inputs(info.module_inputs_func, info, dtype, training):
        arguments = call_of(sample.constructor_input)
        if sample.forward_input is None:
            made(getattr(nn, info.module_cls.__name__), op_db.to_ours(arguments))
            continue
        what = f"{info.module_cls.__name__}{arguments.args}{arguments.kwargs} {sample.desc}"
        results = []
        try:
            for layer, given in both(info, sample, dtype, training):
                leaves = [x for x in op_db.tensors_of(given) if x.requires_grad]
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # the libraries need not warn in the same cases
                    ys = op_db.flat(layer(*given.args, **given.kwargs))
                results.append((layer, leaves, ys))
        except ERRORS as error:
            if any(info.module_cls.__name__ in row.names and row.words in str(error) for row in REFUSED):
                continue
            error.add_note(what)
            raise
        theirs, ours = results
        same(what, theirs, ours, dtype)


def same(what: str, theirs: Any, ours: Any, dtype: torch.dtype) -> None:
    """Outputs, buffers, and the gradients of ⟨g, outputs⟩ for a random g."""
    (their_layer, their_leaves, zs), (layer, leaves, ys) = theirs, ours
    assert len(ys) == len(zs), what
    near = TOLERANCE[dtype]
    for i, (y, z) in enumerate(zip(ys, zs, strict=True)):
        assert (y is None) == (z is None), what
        if z is not None:
            assert isinstance(y, Tensor), what
            assert y.requires_grad == z.requires_grad, what
            assert str(y.dtype) == str(z.dtype).removeprefix("torch."), what
            compare(f"{what}: output {i}", op_db.numbers(y), op_db.numbers(z), near, "PyTorch says")
    pairs = [(y, z) for y, z in zip(ys, zs, strict=True) if z is not None and z.requires_grad]
    if not pairs or type(layer).__name__ in WRONG_GRADIENTS:
        return
    rng = np.random.default_rng(0)
    gs = [np.asarray(rng.standard_normal(y.shape), y.dtype) for y, _ in pairs]
    autograd.backward([y for y, _ in pairs], [wrap(g) for g in gs])
    torch.autograd.backward([z for _, z in pairs], [torch.from_numpy(g) for g in gs])
    rows = [(f"input {i}", x, t) for i, (x, t) in enumerate(zip(leaves, their_leaves, strict=True))]
    named_ours, named_theirs = dict(layer.named_parameters()), dict(their_layer.named_parameters())
    assert list(named_ours) == list(named_theirs), what
    rows += [(name, parameter, named_theirs[name]) for name, parameter in named_ours.items()]
    for name, x, t in rows:
        zero = np.zeros(tuple(x.shape), x.dtype)
        d, e = (zero if leaf.grad is None else op_db.numbers(leaf.grad) for leaf in (x, t))
        compare(
            f"{what}: gradient of {name}", d, e, 10 * near * max(1.0, float(np.abs(e).max(initial=0))), "PyTorch says"
        )
    buffers, their_buffers = named(layer.named_buffers()), named(their_layer.named_buffers())
    assert list(buffers) == list(their_buffers), what
    for name, value in buffers.items():
        compare(f"{what}: {name}", value, their_buffers[name], near, "PyTorch says")


REFUSED_BY_PYTORCH = [
    pytest.param(info, error, id=f"{info.module_cls.__name__}-{i}")
    for info in INFOS
    if info.module_error_inputs_func
    for i, error in enumerate(inputs(info.module_error_inputs_func, info, torch.float64, True))
]


@pytest.mark.parametrize(("info", "error"), REFUSED_BY_PYTORCH)
def test_an_error_input(info: Any, error: Any) -> None:
    sample, kind = error.module_error_input, getattr(nn, info.module_cls.__name__)
    try:
        arguments = op_db.to_ours(call_of(sample.constructor_input))
        given = op_db.to_ours(call_of(sample.forward_input)) if sample.forward_input else op_db.Call((), {})
    except op_db.NotOurs:
        return  # we have no such tensor
    if error.error_on is ModuleErrorEnum.CONSTRUCTION_ERROR:
        with pytest.raises(ERRORS) as found:
            made(kind, arguments)
    else:
        layer = made(kind, arguments)
        if list(layer.parameters()):  # the weights of a loss are a buffer, whose dtype may be the error
            layer.to(np.float64)
        with pytest.raises(ERRORS) as found:
            layer(*given.args, **given.kwargs)
    assert raised_on_purpose(found.value), f"by accident: {found.value!r}"
    assert len(str(found.value).split()) >= 4, found.value


def test_module_db_is_asked_about() -> None:
    """Most layers of the table are here, and its samples are not empty."""
    assert len(INFOS) >= 60
    assert len(REFUSED_BY_PYTORCH) >= 60
