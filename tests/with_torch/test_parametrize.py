"""Parametrizations, weight normalization, spectral normalization and pruning, beside PyTorch's.

Both libraries begin with the same state and take the same optimizer steps.  Outputs and states must agree after each.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.utils.prune

import autograd
import nn
import optim
from tests.with_torch.test_nn import assert_close, to_torch

OURS = SimpleNamespace(lib=autograd, nn=nn, optim=optim)
THEIRS = SimpleNamespace(lib=torch, nn=torch.nn, optim=torch.optim)


def old(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Call a function that is deprecated in both libraries."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args, **options)


def symmetric(side: Any) -> Any:
    class Symmetric(side.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return x.triu() + x.triu(1).T

        def right_inverse(self, a: Any) -> Any:
            return a.triu()

    layer = side.nn.utils.parametrize.register_parametrization(side.nn.Linear(3, 3), "weight", Symmetric())
    return side.nn.utils.parametrize.register_parametrization(layer, "weight", Symmetric())


def rank_one(side: Any) -> Any:
    class RankOne(side.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any, y: Any) -> Any:
            return x.unsqueeze(-1) @ y.unsqueeze(-2)

        def right_inverse(self, z: Any) -> Any:
            return z[:, 0].clone(), z[0].clone()

    return side.nn.utils.parametrize.register_parametrization(side.nn.Linear(3, 3), "weight", RankOne())


def orthogonal(side: Any, sizes: tuple[int, int], **options: Any) -> Any:
    return side.nn.utils.parametrizations.orthogonal(side.nn.Linear(*sizes), **options)


# A layer, and the shape of its input.
LAYERS: dict[str, tuple[Callable[[Any], Any], tuple[int, ...]]] = {
    "symmetric, twice": (symmetric, (4, 3)),
    "two originals": (rank_one, (4, 3)),
    "weight_norm": (lambda s: s.nn.utils.parametrizations.weight_norm(s.nn.Linear(3, 2)), (4, 3)),
    "weight_norm of dim 1": (lambda s: s.nn.utils.parametrizations.weight_norm(s.nn.Conv1d(3, 2, 2), dim=1), (4, 3, 5)),
    "weight_norm as a whole": (lambda s: s.nn.utils.parametrizations.weight_norm(s.nn.Linear(3, 2), dim=None), (4, 3)),
    "weight_norm of a bias": (lambda s: s.nn.utils.parametrizations.weight_norm(s.nn.Linear(3, 2), "bias"), (4, 3)),
    "spectral_norm": (lambda s: s.nn.utils.parametrizations.spectral_norm(s.nn.Conv2d(2, 3, 2)), (2, 2, 3, 3)),
    "spectral_norm, transposed": (
        lambda s: s.nn.utils.parametrizations.spectral_norm(s.nn.ConvTranspose2d(2, 3, 2), n_power_iterations=2),
        (2, 2, 3, 3),
    ),
    "spectral_norm of a vector": (
        lambda s: s.nn.utils.parametrizations.spectral_norm(s.nn.Linear(3, 2), "bias"),
        (4, 3),
    ),
    "old weight_norm": (lambda s: old(s.nn.utils.weight_norm, s.nn.Linear(3, 2)), (4, 3)),
    "old weight_norm, one norm": (lambda s: old(s.nn.utils.weight_norm, s.nn.Conv1d(3, 2, 2), dim=None), (4, 3, 5)),
    "old spectral_norm": (lambda s: old(s.nn.utils.spectral_norm, s.nn.Linear(3, 2)), (4, 3)),
    "old spectral_norm, transposed": (
        lambda s: old(s.nn.utils.spectral_norm, s.nn.ConvTranspose1d(3, 2, 2), n_power_iterations=3),
        (4, 3, 5),
    ),
    "orthogonal, square": (lambda s: orthogonal(s, (3, 3)), (4, 3)),
    "orthogonal, tall": (lambda s: orthogonal(s, (2, 4)), (4, 2)),
    "orthogonal, wide": (lambda s: orthogonal(s, (4, 2)), (4, 4)),
    "cayley": (lambda s: orthogonal(s, (2, 4), orthogonal_map="cayley"), (4, 2)),
    "matrix_exp of its own": (
        lambda s: orthogonal(s, (4, 2), orthogonal_map="matrix_exp", use_trivialization=False),
        (4, 4),
    ),
    "householder of its own": (
        lambda s: orthogonal(s, (3, 3), orthogonal_map="householder", use_trivialization=False),
        (4, 3),
    ),
    "pruned": (
        lambda s: s.nn.utils.prune.l1_unstructured(
            s.nn.utils.prune.ln_structured(s.nn.Linear(4, 3), "weight", 1, 2, 0), "weight", 0.3
        ),
        (4, 4),
    ),
}


def start(build: Callable[[Any], Any]) -> tuple[Any, Any]:
    """Our layer and PyTorch's in float64.  PyTorch's has our state, then ours has PyTorch's."""
    rng = np.random.default_rng(0)
    ours, theirs = build(OURS).double(), build(THEIRS).double()
    for name, value in ours.state_dict().items():
        if not name.endswith(("mask", "base")):
            value.copy_(autograd.tensor(value.numpy() + 0.1 * rng.standard_normal(value.shape)))
    theirs.load_state_dict(to_torch(ours.state_dict()))
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def assert_same_states(ours: Any, theirs: Any) -> None:
    mine, its = ours.state_dict(), theirs.state_dict()
    assert list(mine) == list(its)
    for name, value in its.items():
        assert_close(mine[name], value)
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]


@pytest.mark.parametrize("name", LAYERS)
def test_some_steps_of_training(name: str) -> None:
    build, shape = LAYERS[name]
    ours, theirs = start(build)
    assert repr(ours) == repr(theirs) and type(ours).__name__ == type(theirs).__name__
    rng = np.random.default_rng(1)
    steps = [
        (layer, side, side.optim.SGD(layer.parameters(), lr=0.1)) for layer, side in ((ours, OURS), (theirs, THEIRS))
    ]
    for step in range(4):
        x, ys = rng.standard_normal(shape), []
        for layer, side, optimizer in steps:
            layer.train(step != 2)  # in evaluation there are no steps of the power method
            optimizer.zero_grad()
            y = layer(side.lib.tensor(x)) + layer(side.lib.tensor(x * 0.5))  # two passes before one backward
            (y * y).mean().backward()
            optimizer.step()
            ys.append(y)
        assert_close(*ys)
        assert_same_states(ours, theirs)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("name", [name for name in LAYERS if not name.startswith("old") and name != "pruned"])
def test_a_parametrization_is_removed(name: str, keep: bool) -> None:
    build, _ = LAYERS[name]
    ours, theirs = start(build)
    attribute = next(iter(theirs.parametrizations))
    assert list(ours.parametrizations) == [attribute]
    if not keep and not theirs.parametrizations[attribute].is_tensor:
        for layer, side in ((ours, OURS), (theirs, THEIRS)):
            with pytest.raises(ValueError):
                side.nn.utils.parametrize.remove_parametrizations(layer, attribute, leave_parametrized=False)
        return
    for layer, side in ((ours, OURS), (theirs, THEIRS)):
        parametrize = side.nn.utils.parametrize
        assert parametrize.is_parametrized(layer) and parametrize.is_parametrized(layer, attribute)
        assert parametrize.remove_parametrizations(layer, attribute, leave_parametrized=keep) is layer
        assert not parametrize.is_parametrized(layer)
        assert type(getattr(layer, attribute)) is side.nn.Parameter
    assert repr(ours) == repr(theirs) and type(ours).__name__ == type(theirs).__name__
    assert_same_states(ours, theirs)


@pytest.mark.parametrize("name", ["symmetric, twice", "two originals", "weight_norm", "spectral_norm"])
def test_a_parametrized_weight_is_assigned(name: str) -> None:
    build, _ = LAYERS[name]
    ours, theirs = start(build)
    assert ours.weight.shape == theirs.weight.shape  # reading spectral_norm's does a step, in both
    values = np.random.default_rng(2).standard_normal(theirs.weight.shape)
    ours.weight.sum()
    ours.weight, theirs.weight = autograd.tensor(values), torch.tensor(values)
    assert_same_states(ours, theirs)
    assert_close(ours.weight, theirs.weight)


@pytest.mark.parametrize("name", [name for name in LAYERS if name.startswith("old")])
def test_an_old_normalization_is_removed(name: str) -> None:
    ours, theirs = start(LAYERS[name][0])
    which = "remove_weight_norm" if "weight" in name else "remove_spectral_norm"
    for layer, side in ((ours, OURS), (theirs, THEIRS)):
        remove = getattr(side.nn.utils, which)
        assert remove(layer) is layer
        with pytest.raises(ValueError):
            remove(layer)
    assert_same_states(ours, theirs)


def test_states_of_the_old_weight_norm_fit_the_new_one() -> None:
    theirs = old(torch.nn.utils.weight_norm, torch.nn.Linear(3, 2))
    ours = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(3, 2)))
    ours.load_state_dict({f"0.{name}": value for name, value in theirs.state_dict().items()})
    x = np.ones((1, 3), np.float32)
    np.testing.assert_allclose(ours(autograd.tensor(x)).detach(), theirs(torch.tensor(x)).detach(), rtol=1e-6)


def test_spectral_norm_begins_near_the_first_singular_vectors() -> None:
    weight = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    layer = nn.Linear(4, 5)
    layer.weight.data = autograd.tensor(weight)
    nn.utils.parametrizations.spectral_norm(layer)
    theirs = torch.nn.Linear(4, 5)
    theirs.weight.data = torch.tensor(weight)
    torch.nn.utils.parametrizations.spectral_norm(theirs)
    for made in (layer, theirs):  # 15 steps, from random vectors
        assert np.linalg.norm(made.weight.detach().numpy(), 2) == pytest.approx(1, rel=0.1)


# ── pruning ──

PRUNINGS: dict[str, Callable[[Any, Any], Any]] = {
    "identity": lambda prune, layer: prune.identity(layer, "weight"),
    "l1_unstructured, number": lambda prune, layer: prune.l1_unstructured(layer, "weight", 5),
    "l1_unstructured, fraction": lambda prune, layer: prune.l1_unstructured(layer, "weight", 0.4),
    "l1_unstructured, nothing": lambda prune, layer: prune.l1_unstructured(layer, "bias", 0),
    "ln_structured": lambda prune, layer: prune.ln_structured(layer, "weight", 0.5, n=1, dim=1),
    "ln_structured, -1": lambda prune, layer: prune.ln_structured(layer, "weight", 2, n=float("inf"), dim=-1),
    "rows twice": lambda prune, layer: [prune.ln_structured(layer, "weight", 1, n=2, dim=0) for _ in range(2)],
    "three times": lambda prune, layer: [
        prune.l1_unstructured(layer, "weight", 0.3),
        prune.ln_structured(layer, "weight", 1, n=2, dim=0),
        prune.l1_unstructured(layer, "weight", 0.5),
    ],
}


@pytest.mark.parametrize("name", PRUNINGS)
def test_pruning(name: str) -> None:
    ours, theirs = nn.Linear(4, 3).double(), torch.nn.Linear(4, 3).double()
    theirs.load_state_dict(to_torch(ours.state_dict()))
    for layer, side in ((ours, OURS), (theirs, THEIRS)):
        prune = side.nn.utils.prune
        assert not prune.is_pruned(layer)
        PRUNINGS[name](prune, layer)
        assert prune.is_pruned(side.nn.Sequential(layer))
    assert_same_states(ours, theirs)
    for layer, side in ((ours, OURS), (theirs, THEIRS)):
        tensor = "bias" if "nothing" in name else "weight"
        assert side.nn.utils.prune.remove(layer, tensor) is layer
        assert not side.nn.utils.prune.is_pruned(layer)
        with pytest.raises(ValueError):
            side.nn.utils.prune.remove(layer, tensor)
    assert_same_states(ours, theirs)


def test_pruning_by_a_mask_and_by_scores() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = nn.Linear(4, 3).double(), torch.nn.Linear(4, 3).double()
    theirs.load_state_dict(to_torch(ours.state_dict()))
    scores, mask = rng.standard_normal((3, 4)), (rng.random((3, 4)) > 0.3).astype(float)
    for layer, side in ((ours, OURS), (theirs, THEIRS)):
        prune, tensor = side.nn.utils.prune, side.lib.tensor
        prune.l1_unstructured(layer, "weight", 4, importance_scores=tensor(scores))
        prune.custom_from_mask(layer, "weight", tensor(mask))
        prune.ln_structured(layer, "weight", 1, 2, 0, importance_scores=tensor(scores))
    assert_same_states(ours, theirs)
    for amount, error in ((-1, ValueError), (1.5, ValueError), ("a", TypeError), (13, ValueError)):
        for side in (OURS, THEIRS):
            with pytest.raises(error):
                side.nn.utils.prune.l1_unstructured(side.nn.Linear(4, 3), "weight", amount)
    for side in (OURS, THEIRS):
        with pytest.raises(ValueError):
            side.nn.utils.prune.ln_structured(side.nn.Linear(4, 3), "bias", 1, 2, 0)
        with pytest.raises(AttributeError):
            side.nn.utils.prune.identity(side.nn.Linear(4, 3), "absent")


def test_pruning_of_several_parameters_at_once() -> None:
    def build(side: Any) -> Any:
        return side.nn.Sequential(side.nn.Linear(4, 3), side.nn.Linear(3, 2)).double()

    ours, theirs = build(OURS), build(THEIRS)
    theirs.load_state_dict(to_torch(ours.state_dict()))
    for net, side in ((ours, OURS), (theirs, THEIRS)):
        prune = side.nn.utils.prune
        prune.l1_unstructured(net[0], "weight", 2)
        prune.global_unstructured(((net[0], "weight"), (net[1], "weight")), prune.L1Unstructured, amount=0.4)
        with pytest.raises(TypeError):
            prune.global_unstructured([(net[0], "weight")], prune.LnStructured, amount=1, n=2)
    assert_same_states(ours, theirs)


@pytest.mark.parametrize("structured", [False, True])
def test_pruning_at_random(structured: bool) -> None:
    for side in (OURS, THEIRS):
        layer, prune = side.nn.Linear(10, 6), side.nn.utils.prune
        if structured:
            prune.random_structured(layer, "weight", 2, dim=0)
            rows = layer.weight_mask.numpy().sum(axis=1)
            assert sorted(rows) == [0, 0, 10, 10, 10, 10]
        else:
            prune.random_unstructured(layer, "weight", 0.25)
            prune.random_unstructured(layer, "weight", 10)
            assert layer.weight_mask.numpy().sum() == 60 - 15 - 10


def test_a_way_of_pruning_of_ones_own() -> None:
    def masks(side: Any) -> list[Any]:
        class EveryOther(side.nn.utils.prune.BasePruningMethod):  # type: ignore[misc]
            PRUNING_TYPE = "unstructured"

            def compute_mask(self, t: Any, default_mask: Any) -> Any:
                mask = default_mask.clone()
                mask.view(-1)[::2] = 0
                return mask

        layer = side.nn.Linear(3, 4)
        EveryOther.apply(layer, "weight")
        EveryOther.apply(layer, "weight")
        return layer.weight_mask.tolist()  # type: ignore[no-any-return]

    assert masks(OURS) == masks(THEIRS)


# ── layers made one ──


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", ["Linear", "Conv2d", "ConvTranspose2d"])
def test_batch_normalization_becomes_part_of_a_layer(kind: str, bias: bool, affine: bool) -> None:
    def build(side: Any) -> tuple[Any, Any]:
        layer = getattr(side.nn, kind)(2, 3, **({} if kind == "Linear" else {"kernel_size": 2}), bias=bias)
        norm = side.nn.BatchNorm1d(3) if kind == "Linear" else side.nn.BatchNorm2d(3, affine=affine)
        return layer.double().eval(), norm.double().eval()

    rng = np.random.default_rng(0)
    mine, its = build(OURS), build(THEIRS)
    for ours, theirs in zip(mine, its, strict=True):
        for value in ours.state_dict().values():
            value.copy_(autograd.tensor(rng.uniform(0.5, 2, value.shape)).to(value.dtype))
        theirs.load_state_dict(to_torch(ours.state_dict()))
    results = []
    for (layer, norm), side in ((mine, OURS), (its, THEIRS)):
        if kind == "Linear":
            results.append(side.nn.utils.fuse_linear_bn_eval(layer, norm))
        else:
            results.append(side.nn.utils.fuse_conv_bn_eval(layer, norm, transpose=kind.startswith("ConvT")))
        with pytest.raises(AssertionError):
            fuse = side.nn.utils.fuse_linear_bn_eval if kind == "Linear" else side.nn.utils.fuse_conv_bn_eval
            fuse(layer.train(), norm)
    assert_same_states(*results)
    assert [p.requires_grad for p in results[0].parameters()] == [p.requires_grad for p in results[1].parameters()]
