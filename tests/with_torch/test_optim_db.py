"""Every sample of PyTorch's optim_db: the same options and parameters, and the same losses, in both libraries.

An entry of optim_db lists options, lists of parameters and calls that must raise.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.testing._internal.common_optimizers import optim_db

import autograd
import optim
from autograd import Tensor
from autograd.tensor import wrap

STEPS = 5
ROUGH = {"Muon": 0.1}  # of a step: PyTorch rounds its matrices to bfloat16

# Samples that are refused: (optimizer or None for all, a part of the description, the reason).
REFUSED = [
    (None, "differentiable", "a step is not recorded"),
]
# Errors that are none of ours: (optimizer or None for all, a part of the description, the reason).
NO_ERRORS = [
    (None, "sparse", "there are no sparse tensors"),
    (None, "dense params required", "there are no sparse tensors"),
    (None, "complex", "complex parameters cannot be made"),
    (None, "lr as Tensor doesn't work with foreach", "a tensor of one element is a number here"),
    (None, "betas must be either both floats or both Tensors", "a tensor of one element is a number here"),
    ("Muon", "only support 2D parameters", "filters are taken as matrices, as by Jordan et al."),
    (None, "as a Tensor is not supported for capturable=False", "a tensor of one element is a number here"),
]


def listed(rows: list[Any], name: str, description: str) -> bool:
    return any(one in (None, name) and words in description for one, words, _ in rows)


ENTRIES = [info for info in optim_db if hasattr(optim, info.optim_cls.__name__)]
SAMPLES = [
    pytest.param(info.optim_cls.__name__, sample, id=f"{info.optim_cls.__name__}-{sample.desc}")
    for info in ENTRIES
    for sample in info.optim_inputs_func(device="cpu")
]


def to_ours(value: Any) -> Any:
    """The same with our tensors."""
    if isinstance(value, torch.Tensor):
        return wrap(value.detach().numpy().copy(), requires_grad=value.requires_grad)
    if isinstance(value, dict):
        return {key: to_ours(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(to_ours, value))
    return value


def of(library: Any, arrays: list[np.ndarray]) -> Any:
    return [library.tensor(a.copy(), requires_grad=True) for a in arrays]


def closure_of(library: Any, optimizer: Any, params: list[Any], sparse: bool) -> Any:
    """A loss that is smooth, convex, and different for each parameter."""

    def closure() -> Any:
        optimizer.zero_grad()
        loss = sum(((p - 0.1 * i) ** 2 + 0.1 * library.cos(p)).sum() for i, p in enumerate(params))
        loss.backward()
        if sparse:
            for p in params:
                p.grad = p.grad.to_sparse()
        return loss

    return closure


def test_all_optimizers_of_pytorch_are_here() -> None:
    assert [info.optim_cls.__name__ for info in optim_db if not hasattr(optim, info.optim_cls.__name__)] == []


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_a_sample(name: str, sample: Any) -> None:
    shapes = [(3, 5), (4, 2)] if name == "Muon" else [(3, 5), (7,), (2, 3, 4), (1,)]
    arrays = [np.random.default_rng(i).standard_normal(shape) for i, shape in enumerate(shapes)]
    ours, theirs = of(autograd, arrays), of(torch, arrays)
    options = copy.deepcopy(sample.kwargs)
    if listed(REFUSED, name, sample.desc):
        with pytest.raises(ValueError, match=name):
            getattr(optim, name)(ours, **to_ours(options))
        return
    capturable = options.pop("capturable", None)  # PyTorch refuses it on a CPU, when it steps
    mine = getattr(optim, name)(ours, **to_ours(options), **({} if capturable is None else {"capturable": capturable}))
    reference = getattr(torch.optim, name)(theirs, **options)
    losses = closure_of(autograd, mine, ours, False), closure_of(torch, reference, theirs, name == "SparseAdam")
    for _ in range(STEPS):
        first, second = mine.step(losses[0]), reference.step(losses[1])
        assert float(first) == pytest.approx(float(second.detach()), rel=1e-2 if name in ROUGH else 1e-6)
    for p, q in zip(ours, theirs, strict=True):
        far = STEPS * ROUGH[name] * float(mine.param_groups[0]["lr"]) if name in ROUGH else 1e-8
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), 1e-6, far)


def errors() -> Iterator[Any]:
    for info in ENTRIES:
        name = info.optim_cls.__name__
        for sample in info.optim_error_inputs_func(device="cpu", dtype=torch.float32):
            yield pytest.param(name, sample, id=f"{name}-{sample.optimizer_error_input.desc}")


@pytest.mark.parametrize(("name", "sample"), list(errors()))
def test_an_error(name: str, sample: Any) -> None:
    call = sample.optimizer_error_input
    if listed(NO_ERRORS, name, call.desc):
        return
    params = [autograd.ones(2, 3, requires_grad=True)] if call.params is None else to_ours(call.params)
    if isinstance(params, Tensor):
        with pytest.raises(TypeError, match=name):
            getattr(optim, name)(params)
        return
    if isinstance(call.params, list) and call.params and isinstance(call.params[0], torch.Tensor):
        params = [params[0]] * len(params)  # the same tensor twice
    elif "duplicate" in call.desc:
        first = params[0]["params"]
        params = [{"params": first}, {"params": first}]
    with pytest.raises((ValueError, TypeError)) as caught:
        getattr(optim, name)(params, **to_ours(call.kwargs))
    assert str(caught.value).startswith(f"{name}: ") and len(str(caught.value).split()) > 4
