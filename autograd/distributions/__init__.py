"""Probability distributions: `torch.distributions`.

Parameters are tensors or numbers, and a batch of parameters is a batch of independent distributions.  Random numbers
come from the generator of `autograd.manual_seed`.

Examples
--------
REINFORCE: the gradient of the mean reward is that of log_prob, weighted by the reward.

>>> import autograd
>>> from autograd.distributions import Categorical
>>> scores = autograd.zeros(3, requires_grad=True)
>>> policy = Categorical(logits=scores)
>>> action = policy.sample()
>>> (-policy.log_prob(action) * 2.0).backward()
>>> scores.grad.sum().abs() < 1e-6
tensor(True)
"""

from autograd.distributions import constraints as constraints, transforms as transforms
from autograd.distributions.composed import (
    HalfCauchy as HalfCauchy,
    HalfNormal as HalfNormal,
    Independent as Independent,
    LogNormal as LogNormal,
    MixtureSameFamily as MixtureSameFamily,
    MultivariateNormal as MultivariateNormal,
    Pareto as Pareto,
    RelaxedBernoulli as RelaxedBernoulli,
    RelaxedOneHotCategorical as RelaxedOneHotCategorical,
    TransformedDistribution as TransformedDistribution,
    Weibull as Weibull,
)
from autograd.distributions.distribution import Distribution as Distribution
from autograd.distributions.families import (
    Bernoulli as Bernoulli,
    Beta as Beta,
    Binomial as Binomial,
    Categorical as Categorical,
    Cauchy as Cauchy,
    Chi2 as Chi2,
    Dirichlet as Dirichlet,
    Exponential as Exponential,
    Gamma as Gamma,
    Geometric as Geometric,
    Gumbel as Gumbel,
    Laplace as Laplace,
    Multinomial as Multinomial,
    NegativeBinomial as NegativeBinomial,
    Normal as Normal,
    OneHotCategorical as OneHotCategorical,
    OneHotCategoricalStraightThrough as OneHotCategoricalStraightThrough,
    Poisson as Poisson,
    StudentT as StudentT,
    Uniform as Uniform,
)
from autograd.distributions.kl import kl_divergence as kl_divergence, register_kl as register_kl
from autograd.distributions.transforms import (
    AbsTransform as AbsTransform,
    AffineTransform as AffineTransform,
    ComposeTransform as ComposeTransform,
    ExpTransform as ExpTransform,
    IndependentTransform as IndependentTransform,
    PowerTransform as PowerTransform,
    SigmoidTransform as SigmoidTransform,
    SoftmaxTransform as SoftmaxTransform,
    SoftplusTransform as SoftplusTransform,
    TanhTransform as TanhTransform,
    Transform as Transform,
    identity_transform as identity_transform,
)
from autograd.names import define_all as _define_all

__all__: list[str]
_define_all(globals(), "constraints", "transforms")
