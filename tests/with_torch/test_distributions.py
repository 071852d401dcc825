"""Every distribution against PyTorch's: moments, log_prob, entropy, cdf, shapes, divergences, and their gradients."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch

import autograd
from autograd import Tensor, distributions as ours
from autograd.distributions import kl
from autograd.distributions.quantiles import gamma_sample
from autograd.testing import compare
from tests.distributions import IDS, ROWS, Row, positive, probability, real

theirs = torch.distributions


def both(arguments: dict[str, np.ndarray]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments as leaves of either library."""
    mine = {name: autograd.tensor(x, requires_grad=True) for name, x in arguments.items()}
    return mine, {name: torch.tensor(x, requires_grad=True) for name, x in arguments.items()}


def same(what: str, y: Any, z: Any, mine: dict[str, Any], other: dict[str, Any], tolerance: float = 1e-9) -> None:
    """Results and gradients agree."""
    assert isinstance(y, Tensor), what
    assert str(y.dtype) == str(z.dtype).removeprefix("torch."), what
    compare(what, y.detach().numpy(), z.detach().numpy(), tolerance, "PyTorch says")
    assert y.requires_grad == z.requires_grad, what
    if z.requires_grad:
        g = np.random.default_rng(0).standard_normal(y.shape)
        found = autograd.grad([y], list(mine.values()), [autograd.tensor(g)], retain_graph=True, allow_unused=True)
        expected = torch.autograd.grad(
            [z], list(other.values()), [torch.tensor(g)], retain_graph=True, allow_unused=True
        )
        for name, a, b in zip(mine, found, expected, strict=True):
            zero = np.zeros(mine[name].shape)
            first, second = (zero if d is None else np.asarray(d.detach()) for d in (a, b))
            compare(f"{what}: gradient of {name}", first, second, 10 * tolerance, "PyTorch says")


@pytest.mark.parametrize("row", ROWS, ids=IDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_distribution(row: Row, seed: int) -> None:
    mine, other = both(row.parameters(np.random.default_rng(seed)))
    p, q = row.build(ours, **mine), row.build(theirs, **other)
    assert tuple(p.batch_shape) == tuple(q.batch_shape) and tuple(p.event_shape) == tuple(q.event_shape)
    assert p.has_rsample == q.has_rsample
    torch.manual_seed(seed)
    drawn = q.sample((4,))
    value = autograd.tensor(drawn.numpy())
    assert tuple(p.sample((4,)).shape) == tuple(drawn.shape) and str(p.sample().dtype) in str(drawn.dtype)
    same("log_prob", p.log_prob(value), q.log_prob(drawn), mine, other)
    for name in ("mean", "variance", "stddev", "mode"):
        try:
            expected = getattr(q, name)
        except (NotImplementedError, AttributeError):
            continue
        if name == "mode":  # piecewise constant, or a parameter
            compare(name, np.asarray(p.mode.detach()), expected.detach().numpy(), 1e-9, "PyTorch says")
        else:
            same(name, getattr(p, name), expected, mine, other)
    quantile = np.random.default_rng(seed).uniform(0.1, 0.9, drawn.shape)
    calls: dict[str, Any] = {
        "entropy": lambda d, t: d.entropy(),
        "cdf": lambda d, t: d.cdf(t(drawn.numpy())),
        "icdf": lambda d, t: d.icdf(t(quantile)),
        "enumerate_support": lambda d, t: d.enumerate_support(),
        "enumerate_support without expand": lambda d, t: d.enumerate_support(expand=False),
    }
    for name, call in calls.items():
        try:
            expected = call(q, torch.tensor)
        except NotImplementedError:
            continue
        if row.name == "Gamma" or (row.name == "Chi2" and name == "cdf"):
            continue  # PyTorch's incomplete gamma function; ours says that there is none
        single = row.name == "Multinomial"  # PyTorch computes a part of its entropy in float32
        same(name, call(p, autograd.tensor), expected, mine, other, 1e-6 if single else 1e-9)


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_expand(row: Row) -> None:
    mine, other = both(row.parameters(np.random.default_rng(0)))
    p, q = row.build(ours, **mine), row.build(theirs, **other)
    shape = (3, 2, 3)[: 3 if len(q.batch_shape) == 2 else 2] if len(q.batch_shape) else (4,)
    shape = (5, *q.batch_shape)
    p, q = p.expand(shape), q.expand(shape)
    assert tuple(p.batch_shape) == tuple(q.batch_shape) and tuple(p.event_shape) == tuple(q.event_shape)
    torch.manual_seed(0)
    drawn = q.sample()
    same("log_prob", p.log_prob(autograd.tensor(drawn.numpy())), q.log_prob(drawn), mine, other)
    assert tuple(p.sample((2,)).shape) == tuple(q.sample((2,)).shape)


PAIRS = sorted({(a.__name__, b.__name__) for a, b in kl._formulas if a.__module__.startswith("autograd.")})


def arguments_of(name: str, seed: int) -> tuple[Row, dict[str, np.ndarray]]:
    row = next(row for row in ROWS if row.name == name)
    return row, row.parameters(np.random.default_rng(seed))


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_kl_divergence(a: str, b: str) -> None:
    row_p, first = arguments_of(a, 0)
    row_q, second = arguments_of(b, 1)
    (mine_p, other_p), (mine_q, other_q) = both(first), both(second)
    y = ours.kl_divergence(row_p.build(ours, **mine_p), row_q.build(ours, **mine_q))
    z = theirs.kl_divergence(row_p.build(theirs, **other_p), row_q.build(theirs, **other_q))
    if not z.isfinite().all():
        assert np.array_equal(np.asarray(y.detach()), z.detach().numpy())
        return
    mine = {f"p.{k}": v for k, v in mine_p.items()} | {f"q.{k}": v for k, v in mine_q.items()}
    other = {f"p.{k}": v for k, v in other_p.items()} | {f"q.{k}": v for k, v in other_q.items()}
    same("kl_divergence", y, z, mine, other)


def test_divergences_without_a_formula() -> None:
    for module in (ours, theirs):
        with pytest.raises(NotImplementedError):
            module.kl_divergence(module.Cauchy(0.0, 1.0), module.Poisson(1.0))


def test_gamma_samples_have_pytorchs_gradient() -> None:
    rng = np.random.default_rng(0)
    alpha = autograd.tensor(np.exp(rng.uniform(-2, 4, 2000)), requires_grad=True)
    z = gamma_sample(alpha)
    z.sum().backward()
    assert alpha.grad is not None
    expected = torch._standard_gamma_grad(torch.tensor(alpha.detach().numpy()), torch.tensor(z.detach().numpy()))
    # PyTorch's series has errors of some 1e-4
    np.testing.assert_allclose(alpha.grad.numpy(), expected.numpy(), rtol=2e-3, atol=1e-12)


TRANSFORMS: list[tuple[str, tuple[Any, ...], Any]] = [
    ("AffineTransform", (0.5, -2.0), real),
    ("ExpTransform", (), real),
    ("PowerTransform", (2.0,), positive),
    ("SigmoidTransform", (), real),
    ("SoftplusTransform", (), real),
    ("TanhTransform", (), real),
]


@pytest.mark.parametrize(("name", "arguments", "draw"), TRANSFORMS)
def test_a_transform(name: str, arguments: tuple[Any, ...], draw: Any) -> None:
    mine, other = both({"x": draw(np.random.default_rng(0), 4)})
    f, g = getattr(ours.transforms, name)(*arguments), getattr(theirs.transforms, name)(*arguments)
    x, t = mine["x"], other["x"]
    same("forward", f(x), g(t), mine, other)
    same("inverse", f.inv(f(x)), g.inv(g(t)), mine, other)
    same(
        "log_abs_det_jacobian", f.log_abs_det_jacobian(x, f(x)), g.log_abs_det_jacobian(t, g(t)).expand(4), mine, other
    )
    assert f.sign == g.sign


WRONG: list[Any] = [
    lambda d, t: d.Normal(t([0.0]), t([-1.0])),
    lambda d, t: d.Normal(t([float("nan")]), t([1.0])),
    lambda d, t: d.Normal(t([0.0, 1.0]), t([1.0, 1.0, 1.0])),
    lambda d, t: d.Bernoulli(t([1.5])),
    lambda d, t: d.Bernoulli(),
    lambda d, t: d.Bernoulli(probs=t([0.5]), logits=t([0.0])),
    lambda d, t: d.Bernoulli(t([0.5])).log_prob(t([0.5])),
    lambda d, t: d.Categorical(probs=t([-1.0, 2.0])),
    lambda d, t: d.Categorical(t(0.5)),
    lambda d, t: d.Categorical(probs=t([0.5, 0.5])).log_prob(t([2.0])),
    lambda d, t: d.Uniform(t([1.0]), t([0.0])),
    lambda d, t: d.Uniform(t([0.0]), t([1.0])).log_prob(t([2.0])),
    lambda d, t: d.Exponential(t([0.0])),
    lambda d, t: d.Poisson(t([1.0])).log_prob(t([0.5])),
    lambda d, t: d.Dirichlet(t(1.0)),
    lambda d, t: d.MultivariateNormal(t([0.0, 0.0]), t([[1.0, 2.0], [2.0, 1.0]])),
    lambda d, t: d.MultivariateNormal(t([0.0, 0.0])),
    lambda d, t: d.Normal(t([0.0, 0.0]), t([1.0, 1.0])).log_prob(t([0.0, 0.0, 0.0])),
    lambda d, t: d.Normal(t([0.0]), t([1.0])).log_prob(0.5),
    lambda d, t: d.Independent(d.Normal(t([0.0]), t([1.0])), 2),
    lambda d, t: d.Bernoulli(t([0.5])).rsample(),
    lambda d, t: d.Categorical(probs=t([0.5, 0.5])).cdf(t([0.0])),
]


@pytest.mark.parametrize("call", WRONG)
def test_what_pytorch_refuses_is_refused_with_a_sentence(call: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises((ValueError, RuntimeError, NotImplementedError, TypeError)):
            call(theirs, torch.tensor)
    with pytest.raises((ValueError, RuntimeError, NotImplementedError)) as error:
        call(ours, autograd.tensor)
    assert len(str(error.value).split()) >= 4


def test_probability_of_a_value_outside_without_checks() -> None:
    for d, t in ((ours, autograd.tensor), (theirs, torch.tensor)):
        assert d.Uniform(t(0.0), t(1.0), validate_args=False).log_prob(t(2.0)).item() == -np.inf
        assert probability(np.random.default_rng(0), 1).shape == (1,)
