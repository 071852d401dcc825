"""Kullback-Leibler divergences: the mean of log p(x) - log q(x) for x drawn from p."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from autograd import ops
from autograd.distributions.composed import (
    HalfNormal,
    Independent,
    LogNormal,
    MultivariateNormal,
    TransformedDistribution,
    mahalanobis,
)
from autograd.distributions.distribution import EULER, Distribution, summed
from autograd.distributions.families import (
    Bernoulli,
    Beta,
    Binomial,
    Categorical,
    Cauchy,
    Dirichlet,
    Exponential,
    Gamma,
    Geometric,
    Gumbel,
    Laplace,
    Normal,
    OneHotCategorical,
    Poisson,
    Uniform,
)
from autograd.ops import digamma, erf, lgamma

if TYPE_CHECKING:
    from autograd.tensor import Tensor

_formulas: dict[tuple[type, type], Callable[[Any, Any], Any]] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Callable[[Any, Any], Any]], Callable[[Any, Any], Any]]:
    """Decorate a function (p, q) that computes the divergence for two classes of distributions.

    Parameters
    ----------
    type_p, type_q : subclass of Distribution
        The classes of p and of q.  The function is also for their subclasses that have no function of their own.

    Returns
    -------
    callable
        The decorator, which returns the function as it is.

    Raises
    ------
    TypeError
        If type_p or type_q is no subclass of Distribution.

    Examples
    --------
    >>> from autograd.distributions import Normal, kl_divergence, register_kl
    >>> class Mine(Normal):
    ...     pass
    >>> @register_kl(Mine, Mine)
    ... def divergence(p, q):
    ...     return p.loc * 0
    >>> kl_divergence(Mine(1.0, 1.0), Mine(2.0, 1.0))
    tensor(0.)
    """
    for kind in (type_p, type_q):
        if not (isinstance(kind, type) and issubclass(kind, Distribution)):
            raise TypeError(f"register_kl: expects two subclasses of Distribution, got {kind!r}")

    def note(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        _formulas[type_p, type_q] = function
        return function

    return note


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """The divergence KL(p ‖ q), for each pair of the batch.

    Parameters
    ----------
    p, q : Distribution

    Returns
    -------
    Tensor, of the common batch shape

    Raises
    ------
    NotImplementedError
        If no formula is known for these classes; `register_kl` adds one.

    Examples
    --------
    >>> from autograd.distributions import Normal, kl_divergence
    >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    # of the formulas that apply, that of the most special classes
    best: tuple[int, Callable[[Any, Any], Any]] | None = None
    for (a, b), formula in _formulas.items():
        if isinstance(p, a) and isinstance(q, b):
            distance = type(p).__mro__.index(a) + type(q).__mro__.index(b)
            if best is None or distance < best[0]:
                best = distance, formula
    if best is None:
        raise NotImplementedError(
            f"kl_divergence: no formula for {type(p).__name__} and {type(q).__name__}; estimate it from samples, "
            "(p.log_prob(x) - q.log_prob(x)).mean(0), or add one with register_kl"
        )
    return best[1](p, q)  # type: ignore[no-any-return]


def _infinite(like: Tensor) -> Tensor:
    return like.detach() * 0 + math.inf


@register_kl(Normal, Normal)
def _normal_normal(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale) ** 2
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale) ** 2 - 1 - ratio.log())


@register_kl(LogNormal, LogNormal)
def _log_normals(p: LogNormal, q: LogNormal) -> Tensor:
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(HalfNormal, HalfNormal)
def _half_normals(p: HalfNormal, q: HalfNormal) -> Tensor:
    return _normal_normal(p.base_dist, q.base_dist)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p: TransformedDistribution, q: TransformedDistribution) -> Tensor:
    if p.transforms != q.transforms:
        raise NotImplementedError("kl_divergence: of two transformed distributions, the transforms must be equal")
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(Independent, Independent)
def _independents(p: Independent, q: Independent) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError(
            "kl_divergence: both Independent distributions must have the same reinterpreted_batch_ndims, not "
            f"{p.reinterpreted_batch_ndims} and {q.reinterpreted_batch_ndims}"
        )
    return summed(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(Bernoulli, Bernoulli)
def _bernoullis(p: Bernoulli, q: Bernoulli) -> Tensor:
    def softplus(x: Tensor) -> Tensor:
        return x.clamp(min=0) + ops.log1p((-x.abs()).exp())

    one = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    return one + (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))


@register_kl(Binomial, Binomial)
def _binomials(p: Binomial, q: Binomial) -> Tensor:
    if bool((p.total_count < q.total_count).any()):
        raise NotImplementedError("kl_divergence: for Binomials, p.total_count must be at least q.total_count")
    kl = p.total_count * (p.probs * (p.logits - q.logits) + ops.log1p(-p.probs) - ops.log1p(-q.probs))
    return ops.where(p.total_count > q.total_count, math.inf, kl)


@register_kl(Categorical, Categorical)
@register_kl(OneHotCategorical, OneHotCategorical)
def _categoricals(p: Categorical, q: Categorical) -> Tensor:
    terms = p.probs * (p.logits - q.logits)
    terms = ops.where(q.probs == 0, math.inf, terms)
    return ops.where(p.probs == 0, 0.0, terms).sum(-1)


@register_kl(Geometric, Geometric)
def _geometrics(p: Geometric, q: Geometric) -> Tensor:
    return -p.entropy() - ops.log1p(-q.probs) / p.probs - q.logits


@register_kl(Poisson, Poisson)
def _poissons(p: Poisson, q: Poisson) -> Tensor:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Exponential, Exponential)
def _exponentials(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(Gamma, Gamma)
def _gammas(p: Gamma, q: Gamma) -> Tensor:
    return (
        q.concentration * (p.rate / q.rate).log()
        + lgamma(q.concentration)
        - lgamma(p.concentration)
        + (p.concentration - q.concentration) * digamma(p.concentration)
        + (q.rate - p.rate) * (p.concentration / p.rate)
    )


@register_kl(Exponential, Gamma)
def _exponential_gamma(p: Exponential, q: Gamma) -> Tensor:
    ratio = q.rate / p.rate
    return -q.concentration * ratio.log() + ratio + lgamma(q.concentration) + q.concentration * EULER - (1 + EULER)


@register_kl(Gamma, Exponential)
def _gamma_exponential(p: Gamma, q: Exponential) -> Tensor:
    return -p.entropy() - q.rate.log() + q.rate * p.concentration / p.rate


@register_kl(Beta, Beta)
def _betas(p: Beta, q: Beta) -> Tensor:
    total_p, total_q = p.concentration1 + p.concentration0, q.concentration1 + q.concentration0
    constants = lgamma(q.concentration1) + lgamma(q.concentration0) + lgamma(total_p)
    constants = constants - (lgamma(p.concentration1) + lgamma(p.concentration0) + lgamma(total_q))
    return (
        constants
        + (p.concentration1 - q.concentration1) * digamma(p.concentration1)
        + (p.concentration0 - q.concentration0) * digamma(p.concentration0)
        + (total_q - total_p) * digamma(total_p)
    )


@register_kl(Dirichlet, Dirichlet)
def _dirichlets(p: Dirichlet, q: Dirichlet) -> Tensor:
    a, b = p.concentration, q.concentration
    total = a.sum(-1)
    constants = lgamma(total) - lgamma(b.sum(-1)) - (lgamma(a) - lgamma(b)).sum(-1)
    return constants + ((a - b) * (digamma(a) - ops.unsqueeze(digamma(total), -1))).sum(-1)


@register_kl(Gumbel, Gumbel)
def _gumbels(p: Gumbel, q: Gumbel) -> Tensor:
    ratio = p.scale / q.scale
    shift = (q.loc - p.loc) / q.scale
    moment = (shift + lgamma(1 + ratio)).exp()
    return -ratio.log() - shift + ratio * EULER + moment - (1 + EULER)


@register_kl(Laplace, Laplace)
def _laplaces(p: Laplace, q: Laplace) -> Tensor:
    ratio, distance = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + distance / q.scale + ratio * (-distance / p.scale).exp() - 1


@register_kl(Cauchy, Cauchy)
def _cauchys(p: Cauchy, q: Cauchy) -> Tensor:
    above = ((p.scale + q.scale) ** 2 + (p.loc - q.loc) ** 2).log()
    return above - (4 * p.scale * q.scale).log()


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normals(p: MultivariateNormal, q: MultivariateNormal) -> Tensor:
    if p.event_shape != q.event_shape:
        raise ValueError(
            f"kl_divergence: the vectors have sizes {p.event_shape[0]} and {q.event_shape[0]}, which must be equal"
        )
    n = p.event_shape[0]
    spread = (ops.linalg_solve_triangular(q.scale_tril, p.scale_tril, upper=False) ** 2).sum((-2, -1))
    distance = mahalanobis(q.scale_tril, q.loc - p.loc)
    return q._half_log_det() - p._half_log_det() + 0.5 * (spread + distance - n)


@register_kl(Uniform, Uniform)
def _uniforms(p: Uniform, q: Uniform) -> Tensor:
    result = ((q.high - q.low) / (p.high - p.low)).log()
    return ops.where((q.low > p.low) | (q.high < p.high), math.inf, result)


@register_kl(Uniform, Normal)
def _uniform_normal(p: Uniform, q: Normal) -> Tensor:
    width, middle = p.high - p.low, (p.high + p.low) / 2
    spread = (width**2 / 12 + (middle - q.loc) ** 2) / (2 * q.scale**2)
    return -width.log() + 0.5 * math.log(2 * math.pi) + q.scale.log() + spread


@register_kl(Normal, Laplace)
def _normal_laplace(p: Normal, q: Laplace) -> Tensor:
    z = (p.loc - q.loc) / p.scale
    distance = p.scale * (math.sqrt(2 / math.pi) * (-0.5 * z**2).exp() + z * erf(math.sqrt(0.5) * z))
    return -p.entropy() + (2 * q.scale).log() + distance / q.scale


@register_kl(Laplace, Normal)
def _laplace_normal(p: Laplace, q: Normal) -> Tensor:
    spread = (2 * p.scale**2 + (p.loc - q.loc) ** 2) / (2 * q.scale**2)
    return -p.entropy() + 0.5 * math.log(2 * math.pi) + q.scale.log() + spread


def _without_support(*pairs: tuple[type, type]) -> None:
    """p has values where the density of q is 0: the divergence is infinite."""
    for type_p, type_q in pairs:
        register_kl(type_p, type_q)(lambda p, q: _infinite(_any_parameter(p) + _any_parameter(q)))


def _any_parameter(d: Any) -> Any:
    name = next(iter(d._event_dims))
    return getattr(d, name)


_without_support(
    (Normal, Beta), (Normal, Exponential), (Normal, Gamma), (Normal, Uniform), (Laplace, Beta), (Laplace, Exponential),
    (Laplace, Gamma), (Laplace, Uniform), (Exponential, Beta), (Exponential, Uniform), (Gamma, Beta), (Gamma, Uniform),
)  # fmt: skip
