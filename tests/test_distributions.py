"""Distributions without PyTorch: gradients of samples, moments of samples, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import gammainc, gammaincinv

import autograd
from autograd import Tensor, distributions
from autograd.distributions import (
    Categorical,
    Chi2,
    Dirichlet,
    Distribution,
    Gamma,
    Independent,
    MultivariateNormal,
    NegativeBinomial,
    Normal,
    RelaxedBernoulli,
    TransformedDistribution,
    constraints,
)
from autograd.distributions.quantiles import gamma_sample
from autograd.distributions.transforms import AffineTransform, ComposeTransform, TanhTransform
from tests.distributions import IDS, ROWS, Row

DRAWN_BY_REJECTION = {"Gamma", "Chi2", "Beta", "Dirichlet", "StudentT"}  # other seeds or parameters, other draws


def built(row: Row, **options: Any) -> tuple[Any, list[Tensor]]:
    arguments = row.parameters(np.random.default_rng(0))
    leaves = {name: autograd.tensor(x, requires_grad=True) for name, x in arguments.items()}
    return row.build(distributions, **leaves, **options), list(leaves.values())


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_samples_have_the_gradient_of_their_formula(row: Row) -> None:
    """With one seed a sample is a function of the parameters, which finite differences check."""
    distribution, leaves = built(row)
    if not distribution.has_rsample or "StraightThrough" in row.name or row.name in DRAWN_BY_REJECTION:
        return
    names = list(row.parameters(np.random.default_rng(0)))

    def sample(*values: Tensor) -> Tensor:
        autograd.manual_seed(3)
        return row.build(distributions, **dict(zip(names, values, strict=True))).rsample((2,))  # type: ignore[no-any-return]

    function: Any = sample
    if "covariance_matrix" in names or "precision_matrix" in names:  # one triangle is read, and the gradient symmetric
        leaves[1] = autograd.tensor(np.linalg.cholesky(leaves[1].detach().numpy()), requires_grad=True)
        function = lambda loc, x: sample(loc, x @ x.mT)  # noqa: E731
    elif "scale_tril" in names:
        function = lambda loc, x: sample(loc, x.tril())  # noqa: E731
    assert autograd.gradcheck(function, leaves, eps=1e-6, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_samples_have_the_moments_that_are_stated(row: Row) -> None:
    distribution, _ = built(row)
    autograd.manual_seed(0)
    n = 20_000
    x = distribution.sample((n,)).numpy()
    assert not distribution.sample().requires_grad
    try:
        mean, variance = (np.asarray(m.detach()) for m in (distribution.mean, distribution.variance))
    except NotImplementedError:
        return
    if not np.isfinite(mean).all() or not np.isfinite(variance).all():
        return
    np.testing.assert_array_less(np.abs(x.mean(axis=0) - mean), 5 * np.sqrt(variance / n) + 1e-12)
    fourth = ((x - x.mean(axis=0)) ** 4).mean(axis=0)
    np.testing.assert_array_less(np.abs(x.var(axis=0) - variance), 6 * np.sqrt(fourth / n) + 1e-12)


def test_gamma_samples_have_the_gradient_of_the_quantile() -> None:
    rng = np.random.default_rng(0)
    alpha = np.exp(rng.uniform(-1, 3, 200))
    leaf = autograd.tensor(alpha, requires_grad=True)
    z = gamma_sample(leaf)
    z.sum().backward()
    u = gammainc(alpha, z.detach().numpy())
    step = 1e-4 * alpha
    expected = (gammaincinv(alpha + step, u) - gammaincinv(alpha - step, u)) / (2 * step)
    assert leaf.grad is not None
    inner = (u > 0.01) & (u < 0.99)  # elsewhere the quantile has lost its digits
    np.testing.assert_allclose(leaf.grad.numpy()[inner], expected[inner], rtol=1e-5)


def test_gamma_samples_near_0_and_their_second_gradient() -> None:
    small = autograd.tensor([1e-3, 1e-2], dtype=autograd.float64, requires_grad=True)
    Gamma(small, 1.0).rsample((50,)).sum().backward()
    assert small.grad is not None and np.isfinite(small.grad.numpy()).all()
    alpha = autograd.tensor([2.0], requires_grad=True)
    (first,) = autograd.grad(gamma_sample(alpha).sum(), [alpha], create_graph=True)
    with pytest.raises(RuntimeError, match="second derivative"):
        first.sum().backward()


def test_a_squashed_normal_as_in_soft_actor_critic() -> None:
    mean, log_std = (autograd.zeros(4, 2, requires_grad=True) for _ in range(2))
    policy = Independent(TransformedDistribution(Normal(mean, log_std.exp()), TanhTransform(cache_size=1)), 1)
    autograd.manual_seed(0)
    action = policy.rsample()
    loss = policy.log_prob(action).mean()
    loss.backward()
    assert action.shape == (4, 2) and policy.log_prob(action).shape == (4,)
    assert mean.grad is not None and log_std.grad is not None
    np.testing.assert_allclose(mean.grad.numpy(), 2 * np.tanh(np.arctanh(action.detach().numpy())) / 4, rtol=1e-4)
    # 1 - tanh² x is 0 in float32 for x = 20; its logarithm is not
    x = autograd.tensor([20.0])
    assert abs(TanhTransform().log_abs_det_jacobian(x, x.tanh()).item() - (2 * np.log(2) - 40)) < 1e-5


def test_a_composed_transform() -> None:
    f = ComposeTransform([AffineTransform(1.0, -2.0), TanhTransform()])
    x = autograd.tensor([0.25])
    assert abs(f.inv(f(x)).item() - 0.25) < 1e-6
    assert f.sign == -1
    slope = -2.0 * (1 - np.tanh(0.5) ** 2)
    assert abs(f.log_abs_det_jacobian(x, f(x)).item() - np.log(-slope)) < 1e-6


def test_categorical_frequencies() -> None:
    autograd.manual_seed(0)
    p = autograd.tensor([[0.1, 0.0, 0.9], [0.5, 0.5, 0.0]])
    for drawn, wanted in ((Categorical(p).sample((4000,)), p), (Categorical(p[0]).sample((4000,)), p[0])):
        assert drawn.dtype == autograd.int64
        counts = (drawn.numpy()[..., None] == np.arange(3)).mean(axis=0)
        assert np.abs(counts - wanted.numpy()).max() < 0.03
        assert (counts[wanted.numpy() == 0] == 0).all()


def test_one_seed_one_sample() -> None:
    draws = []
    for _ in range(2):
        autograd.manual_seed(5)
        draws.append([row.build(distributions, **_tensors(row)).sample((3,)).tolist() for row in ROWS])
    assert draws[0] == draws[1]


def _tensors(row: Row) -> dict[str, Tensor]:
    return {name: autograd.tensor(x) for name, x in row.parameters(np.random.default_rng(0)).items()}


def test_float32_stays_float32() -> None:
    for row in ROWS:
        given = {name: x.float() for name, x in _tensors(row).items()}
        distribution = row.build(distributions, **given)
        x = distribution.sample((2,))
        assert x.dtype in (autograd.float32, autograd.int64), row.name
        assert distribution.log_prob(x).dtype == autograd.float32, row.name


def test_checks_can_be_turned_off() -> None:
    assert np.isnan(Normal(0.0, -1.0, validate_args=False).log_prob(autograd.tensor(0.0)).item())
    Distribution.set_default_validate_args(False)
    try:
        Normal(0.0, -1.0)
    finally:
        Distribution.set_default_validate_args(True)
    with pytest.raises(ValueError, match=r"scale must be greater than 0; 1 of its numbers"):
        Normal(0.0, -1.0)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Chi2(-1.0), ValueError, "Chi2: parameter df must be greater than 0"),
        (lambda: Dirichlet([1.0, 2.0]), TypeError, "Dirichlet: concentration is a list"),  # type: ignore[arg-type]
        (lambda: MultivariateNormal([0.0], autograd.eye(1)), TypeError, "loc is a list"),  # type: ignore[arg-type]
        (lambda: RelaxedBernoulli(0.5), ValueError, "^LogitRelaxedBernoulli: give either probs or logits"),
        (lambda: NegativeBinomial(1, 1.0), ValueError, "probs must be at least 0 and less than 1"),
        (lambda: TransformedDistribution(Normal(0.0, 1.0), 3), ValueError, "a Transform or a list of them"),
    ],
)
def test_what_is_refused(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def test_constraints() -> None:
    x = autograd.tensor([[0.5, 0.5], [0.5, 0.6], [-0.5, 1.5]])
    assert constraints.simplex.check(x).tolist() == [True, False, False]
    assert constraints.unit_interval.check(x).tolist() == [[True, True], [True, True], [False, False]]
    assert constraints.independent(constraints.positive, 1).check(x).tolist() == [True, True, False]
    assert constraints.lower_cholesky.check(autograd.tensor([[1.0, 0.0], [2.0, 1.0]])).item() is True
    assert constraints.positive_definite.check(autograd.tensor([[1.0, 2.0], [2.0, 1.0]])).item() is False


def test_repr() -> None:
    assert repr(Normal(0.0, autograd.ones(2))) == "Normal(loc: (2,), scale: (2,))"
    assert repr(Normal(0.0, 1.0)) == "Normal(loc: 0.0, scale: 1.0)"
