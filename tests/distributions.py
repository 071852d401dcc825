"""Distributions with drawn parameters, for the tests alone and beside PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


def real(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.uniform(-2, 2, shape)


def positive(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.uniform(0.5, 3, shape)


def probability(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.uniform(0.1, 0.9, shape)


def factor(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.tril(rng.uniform(-0.5, 0.5, (n, n)), -1) + np.diag(rng.uniform(0.7, 1.5, n))


@dataclass(frozen=True)
class Row:
    """A class of `distributions`.

    Attributes
    ----------
    parameters : callable (rng) -> dict of arrays
    fixed : dict
        Arguments that are no tensors.
    make : callable (module, **arguments) -> distribution, if it is not the class itself
    lacks : set of str
        What neither library computes for it.
    """

    name: str
    parameters: Callable[[np.random.Generator], dict[str, np.ndarray]]
    fixed: dict[str, Any] = field(default_factory=dict)
    make: Callable[..., Any] | None = None

    def build(self, module: Any, **arguments: Any) -> Any:
        return (self.make or (lambda module, **given: getattr(module, self.name)(**given)))(
            module, **self.fixed, **arguments
        )


def loc_scale(name: str) -> Row:
    return Row(name, lambda rng: {"loc": real(rng, 3), "scale": positive(rng, 2, 1)})


def with_probs(name: str, **fixed: Any) -> Row:
    return Row(name, lambda rng: {"probs": probability(rng, 2, 3)}, fixed)


def with_logits(name: str, **fixed: Any) -> Row:
    return Row(name, lambda rng: {"logits": real(rng, 2, 3)}, fixed)


def tanh_normal(module: Any, loc: Any, scale: Any) -> Any:
    transforms = [module.transforms.TanhTransform(), module.transforms.AffineTransform(0.5, 2.0)]
    return module.TransformedDistribution(module.Normal(loc, scale), transforms)


def mixture(module: Any, logits: Any, loc: Any, scale: Any) -> Any:
    return module.MixtureSameFamily(module.Categorical(logits=logits), module.Normal(loc, scale))


ROWS = [
    loc_scale("Normal"),
    loc_scale("Laplace"),
    loc_scale("Cauchy"),
    loc_scale("Gumbel"),
    Row("LogNormal", lambda rng: {"loc": real(rng, 3), "scale": positive(rng, 2, 1) / 4}),  # larger: heavy tails
    Row("Uniform", lambda rng: {"low": real(rng, 3), "high": 3 + positive(rng, 2, 1)}),
    Row("Exponential", lambda rng: {"rate": positive(rng, 2, 3)}),
    Row("Gamma", lambda rng: {"concentration": positive(rng, 3), "rate": positive(rng, 2, 1)}),
    Row("Chi2", lambda rng: {"df": 2 + positive(rng, 3)}),
    Row("Beta", lambda rng: {"concentration1": 1 + positive(rng, 3), "concentration0": 1 + positive(rng, 2, 1)}),
    Row("Dirichlet", lambda rng: {"concentration": 1 + positive(rng, 2, 3)}),
    Row("StudentT", lambda rng: {"df": 5 + positive(rng, 3), "loc": real(rng, 2, 1), "scale": positive(rng, 3)}),
    Row("HalfNormal", lambda rng: {"scale": positive(rng, 2, 3)}),
    Row("HalfCauchy", lambda rng: {"scale": positive(rng, 2, 3)}),
    Row("Pareto", lambda rng: {"scale": positive(rng, 3), "alpha": 5 + positive(rng, 2, 1)}),
    Row("Weibull", lambda rng: {"scale": positive(rng, 3), "concentration": 1 + positive(rng, 2, 1)}),
    with_probs("Bernoulli"),
    with_logits("Bernoulli"),
    with_probs("Geometric"),
    with_logits("Geometric"),
    with_probs("Binomial", total_count=4),
    with_logits("Binomial", total_count=4),
    with_probs("NegativeBinomial", total_count=4),
    with_logits("NegativeBinomial", total_count=4),
    Row("Poisson", lambda rng: {"rate": positive(rng, 2, 3)}),
    with_probs("Categorical"),
    with_logits("Categorical"),
    with_probs("OneHotCategorical"),
    with_logits("OneHotCategorical"),
    with_logits("OneHotCategoricalStraightThrough"),
    with_probs("Multinomial", total_count=5),
    with_logits("Multinomial", total_count=5),
    Row("RelaxedBernoulli", lambda rng: {"temperature": np.array(0.7), "probs": probability(rng, 2, 3)}),
    Row("RelaxedBernoulli", lambda rng: {"temperature": np.array(0.7), "logits": real(rng, 2, 3)}),
    Row("RelaxedOneHotCategorical", lambda rng: {"temperature": np.array(0.7), "logits": real(rng, 2, 3)}),
    Row("MultivariateNormal", lambda rng: {"loc": real(rng, 2, 3), "scale_tril": factor(rng, 3)}),
    Row(
        "MultivariateNormal",
        lambda rng: {"loc": real(rng, 3), "covariance_matrix": (lambda L: L @ L.T)(factor(rng, 3))},
    ),
    Row(
        "MultivariateNormal",
        lambda rng: {"loc": real(rng, 3), "precision_matrix": (lambda L: L @ L.T)(factor(rng, 3))},
    ),
    Row(
        "Independent",
        lambda rng: {"loc": real(rng, 2, 3), "scale": positive(rng, 2, 3)},
        make=lambda module, **given: module.Independent(module.Normal(**given), 1),
    ),
    Row(
        "TransformedDistribution",
        lambda rng: {"loc": real(rng, 3) / 4, "scale": positive(rng, 3) / 4},
        make=tanh_normal,
    ),
    Row(
        "MixtureSameFamily",
        lambda rng: {"logits": real(rng, 2, 3), "loc": real(rng, 2, 3), "scale": positive(rng, 2, 3)},
        make=mixture,
    ),
]
IDS = [f"{row.name}-{i}" for i, row in enumerate(ROWS)]
