"""Distributions of numbers, and of vectors whose elements are independent.

Densities are those of Johnson, Kotz, Balakrishnan, "Continuous Univariate Distributions", and of Johnson, Kemp, Kotz,
"Univariate Discrete Distributions", in the parameters of `torch.distributions`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import ops
from autograd.arguments import check_arrays
from autograd.distributions import constraints
from autograd.distributions.distribution import (
    EULER,
    LOG_2PI,
    Distribution,
    Parameter,
    broadcast_all,
    lazy_property,
    logits_to_probs,
    numbers,
    probs_to_logits,
    random_array,
    standard_normal,
    uniform,
)
from autograd.distributions.quantiles import gamma_sample
from autograd.ops import atan, digamma, erf, erfinv, lgamma, tan
from autograd.promotion import finfo
from autograd.tensor import wrap
from autograd.types import Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor

_SQRT_2 = math.sqrt(2)


class Normal(Distribution):
    """The normal distribution: density e^(-((x - loc) / scale)² / 2) / (scale √2π).

    Parameters
    ----------
    loc : Tensor or number, any shapes that broadcast
        Mean.
    scale : Tensor or number, any shapes that broadcast
        Standard deviation, positive.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number, or shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import Normal
    >>> policy = Normal(autograd.zeros(2), autograd.ones(2))
    >>> policy.log_prob(autograd.tensor([0.0, 1.0]))
    tensor([-0.9189, -1.4189])
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True
    _event_dims = {"loc": 0, "scale": 0}

    def __init__(self, loc: Parameter, scale: Parameter, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(tuple(self.loc.shape), (), validate_args)

    @property
    def mean(self) -> Tensor:
        return self.loc

    mode = mean

    @property
    def stddev(self) -> Tensor:
        return self.scale

    @property
    def variance(self) -> Tensor:
        return self.scale**2

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        return self.loc + standard_normal(shape, self.loc.dtype) * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value)
        return -((value - self.loc) ** 2) / (2 * self.scale**2) - self.scale.log() - LOG_2PI / 2

    def cdf(self, value: Tensor) -> Tensor:
        value = self._value(value)
        return 0.5 * (1 + erf((value - self.loc) / (self.scale * _SQRT_2)))

    def icdf(self, value: Tensor) -> Tensor:
        return self.loc + self.scale * erfinv(2 * value - 1) * _SQRT_2

    def entropy(self) -> Tensor:
        return 0.5 + LOG_2PI / 2 + self.scale.log()


class Laplace(Distribution):
    """The Laplace distribution: |x - loc| has an exponential distribution of mean scale.

    Parameters
    ----------
    loc : Tensor or number, any shapes that broadcast
        Mean and median.
    scale : Tensor or number, any shapes that broadcast
        Positive.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number, or shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import Laplace
    >>> Laplace(0.0, 1.0).log_prob(autograd.tensor(0.0)).exp()
    tensor(0.5000)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True
    _event_dims = {"loc": 0, "scale": 0}

    def __init__(self, loc: Parameter, scale: Parameter, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(tuple(self.loc.shape), (), validate_args)

    @property
    def mean(self) -> Tensor:
        return self.loc

    mode = mean

    @property
    def variance(self) -> Tensor:
        return 2 * self.scale**2

    @property
    def stddev(self) -> Tensor:
        return _SQRT_2 * self.scale

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        u = 2 * numbers(uniform(self._extended_shape(sample_shape), self.loc.dtype)) - 1
        least = float(finfo(u.dtype).tiny)
        unit = wrap(np.asarray(-np.sign(u) * np.log(np.maximum(1 - np.abs(u), least)), u.dtype))
        return self.loc + self.scale * unit

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value)
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def cdf(self, value: Tensor) -> Tensor:
        value = self._value(value)
        x = value - self.loc
        return 0.5 - 0.5 * x.sign() * ops.expm1(-x.abs() / self.scale)

    def icdf(self, value: Tensor) -> Tensor:
        x = value - 0.5
        return self.loc - self.scale * x.sign() * ops.log1p(-2 * x.abs())

    def entropy(self) -> Tensor:
        return 1 + (2 * self.scale).log()


class Cauchy(Distribution):
    """The Cauchy distribution, without mean and variance.

    Parameters
    ----------
    loc : Tensor or number, any shapes that broadcast
        Median.
    scale : Tensor or number, any shapes that broadcast
        Half width at half of the maximum, positive.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number, or shapes do not broadcast.

    Examples
    --------
    Half of all numbers are from loc - scale to loc + scale:

    >>> import autograd
    >>> from autograd.distributions import Cauchy
    >>> Cauchy(0.0, 1.0).cdf(autograd.tensor([-1.0, 1.0]))
    tensor([0.2500, 0.7500])
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True
    _event_dims = {"loc": 0, "scale": 0}

    def __init__(self, loc: Parameter, scale: Parameter, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(tuple(self.loc.shape), (), validate_args)

    @property
    def mean(self) -> Tensor:
        return ops.where(self.loc == self.loc, math.nan, self.loc.detach())

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return ops.where(self.loc == self.loc, math.inf, self.loc.detach())

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        return self.loc + random_array(lambda source: source.standard_cauchy(shape), self.loc.dtype) * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value)
        return -math.log(math.pi) - self.scale.log() - ops.log1p(((value - self.loc) / self.scale) ** 2)

    def cdf(self, value: Tensor) -> Tensor:
        value = self._value(value)
        return atan((value - self.loc) / self.scale) / math.pi + 0.5

    def icdf(self, value: Tensor) -> Tensor:
        return tan(math.pi * (value - 0.5)) * self.scale + self.loc

    def entropy(self) -> Tensor:
        return math.log(4 * math.pi) + self.scale.log()


class Gumbel(Distribution):
    """The Gumbel distribution: that of the largest of many numbers.

    Parameters
    ----------
    loc : Tensor or number, any shapes that broadcast
        The most probable value.
    scale : Tensor or number, any shapes that broadcast
        Positive.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number, or shapes do not broadcast.

    Examples
    --------
    At loc the distribution function is 1 / e:

    >>> import autograd
    >>> from autograd.distributions import Gumbel
    >>> Gumbel(0.0, 1.0).cdf(autograd.tensor(0.0))
    tensor(0.3679)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True
    _event_dims = {"loc": 0, "scale": 0}

    def __init__(self, loc: Parameter, scale: Parameter, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(tuple(self.loc.shape), (), validate_args)

    @property
    def mean(self) -> Tensor:
        return self.loc + self.scale * EULER

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def stddev(self) -> Tensor:
        return math.pi / math.sqrt(6) * self.scale

    @property
    def variance(self) -> Tensor:
        return self.stddev**2

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        u = numbers(uniform(self._extended_shape(sample_shape), self.loc.dtype))
        return self.loc - self.scale * wrap(np.asarray(np.log(-np.log(u))))

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value)
        y = (self.loc - value) / self.scale
        return y - y.exp() - self.scale.log()

    def cdf(self, value: Tensor) -> Tensor:
        value = self._value(value)
        return (-((self.loc - value) / self.scale).exp()).exp()

    def icdf(self, value: Tensor) -> Tensor:
        return self.loc - self.scale * (-value.log()).log()

    def entropy(self) -> Tensor:
        return self.scale.log() + (1 + EULER)


class Uniform(Distribution):
    """The uniform distribution on [low, high).

    Parameters
    ----------
    low : Tensor or number, any shapes that broadcast
    high : Tensor or number, any shapes that broadcast
        Greater than low.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number, or shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import Uniform
    >>> Uniform(0.0, 4.0).log_prob(autograd.tensor(1.0)).exp()
    tensor(0.2500)
    """

    has_rsample = True
    _event_dims = {"low": 0, "high": 0}
    arg_constraints = {"low": constraints.dependent, "high": constraints.dependent}

    def __init__(self, low: Parameter, high: Parameter, validate_args: bool | None = None) -> None:
        self.low, self.high = broadcast_all(low, high)
        super().__init__(tuple(self.low.shape), (), validate_args)
        if self._validate_args and not bool((self.low < self.high).all()):
            raise ValueError("Uniform: low must be less than high, and is not for all elements")

    @property
    def support(self) -> constraints.Constraint:
        return constraints.interval(self.low, self.high)

    @property
    def mean(self) -> Tensor:
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Tensor:
        return math.nan * self.high

    @property
    def variance(self) -> Tensor:
        return (self.high - self.low) ** 2 / 12

    @property
    def stddev(self) -> Tensor:
        return (self.high - self.low) / 12**0.5

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        shape, dtype = self._extended_shape(sample_shape), self.low.dtype
        u = random_array(lambda source: source.random(shape, dtype), dtype)  # type: ignore[arg-type]
        return self.low + u * (self.high - self.low)

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value)
        inside = ((self.low <= value) & (self.high > value)).to(self.low.dtype)
        return inside.log() - (self.high - self.low).log()

    def cdf(self, value: Tensor) -> Tensor:
        value = self._value(value)
        return ((value - self.low) / (self.high - self.low)).clamp(0, 1)

    def icdf(self, value: Tensor) -> Tensor:
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Tensor:
        return (self.high - self.low).log()


class Exponential(Distribution):
    """The exponential distribution: density rate · e^(-rate x) for x ≥ 0.

    Parameters
    ----------
    rate : Tensor or number, any shape
        1 / mean, positive.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If the parameter is out of its range, or no number.

    Examples
    --------
    >>> from autograd.distributions import Exponential
    >>> Exponential(2.0).mean
    tensor(0.5000)
    """

    arg_constraints = {"rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _event_dims = {"rate": 0}

    def __init__(self, rate: Parameter, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(tuple(self.rate.shape), (), validate_args)

    @property
    def mean(self) -> Tensor:
        return self.rate.reciprocal()

    stddev = mean

    @property
    def mode(self) -> Tensor:
        return self.rate.detach() * 0

    @property
    def variance(self) -> Tensor:
        return self.rate**-2

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        return random_array(lambda source: source.standard_exponential(shape), self.rate.dtype) / self.rate

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value)
        return self.rate.log() - self.rate * value

    def cdf(self, value: Tensor) -> Tensor:
        value = self._value(value)
        return -ops.expm1(-self.rate * value)

    def icdf(self, value: Tensor) -> Tensor:
        return -ops.log1p(-value) / self.rate

    def entropy(self) -> Tensor:
        return 1 - self.rate.log()


class Gamma(Distribution):
    """The gamma distribution: density proportional to x^(concentration - 1) e^(-rate x) for x > 0.

    Parameters
    ----------
    concentration : Tensor or number, any shapes that broadcast
        Shape, often written α, positive.
    rate : Tensor or number, any shapes that broadcast
        1 / scale, often written β, positive.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number, or shapes do not broadcast.

    Notes
    -----
    Samples have gradients by implicit differentiation of the distribution function.

    References
    ----------
    Figurnov, Mohamed, Mnih, arXiv:1805.08498.

    Examples
    --------
    >>> from autograd.distributions import Gamma
    >>> Gamma(3.0, 2.0).mean
    tensor(1.5000)
    """

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _event_dims = {"concentration": 0, "rate": 0}

    def __init__(self, concentration: Parameter, rate: Parameter, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast_all(concentration, rate)
        super().__init__(tuple(self.concentration.shape), (), validate_args)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.rate

    @property
    def mode(self) -> Tensor:
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self) -> Tensor:
        return self.concentration / self.rate**2

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        x = gamma_sample(self.concentration.expand(*shape)) / self.rate
        return x.clamp(min=float(finfo(x.dtype).tiny))

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value)
        a, b = self.concentration, self.rate
        return xlogy(a, b) + xlogy(a - 1, value) - b * value - lgamma(a)

    def entropy(self) -> Tensor:
        a = self.concentration
        return a - self.rate.log() + lgamma(a) + (1 - a) * digamma(a)


class Chi2(Gamma):
    """The chi-squared distribution: the sum of df squares of standard normal numbers.

    Parameters
    ----------
    df : Tensor or number, any shape
        Degrees of freedom, positive.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If the parameter is out of its range, or no number.

    Examples
    --------
    >>> from autograd.distributions import Chi2
    >>> Chi2(3.0).mean, Chi2(3.0).variance
    (tensor(3.), tensor(6.))
    """

    arg_constraints = {"df": constraints.positive}

    def __init__(self, df: Parameter, validate_args: bool | None = None) -> None:
        (df,) = broadcast_all(df)
        super().__init__(0.5 * df, 0.5, validate_args)
        if self._validate_args:
            self._refuse("parameter df", df, constraints.positive)

    @property
    def df(self) -> Tensor:
        return self.concentration * 2


class Dirichlet(Distribution):
    """The Dirichlet distribution, of vectors of K probabilities.

    Parameters
    ----------
    concentration : Tensor, (…, K)
        Positive.  The higher they are, the nearer is a sample to their shares of the sum.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If concentration has no dimension, is not positive, or no tensor.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import Dirichlet
    >>> Dirichlet(autograd.tensor([1.0, 3.0])).mean
    tensor([0.2500, 0.7500])
    """

    arg_constraints = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True
    _event_dims = {"concentration": 1}

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        check_arrays("Dirichlet", concentration=concentration)
        if concentration.ndim < 1:
            raise ValueError("Dirichlet: concentration must have at least one dimension, the one of the probabilities")
        self.concentration = concentration
        shape = tuple(concentration.shape)
        super().__init__(shape[:-1], shape[-1:], validate_args)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def mode(self) -> Tensor:
        above = (self.concentration - 1).clamp(min=0)
        mode = above / above.sum(-1, True)
        none = (self.concentration.detach() < 1).all(-1, True)
        first = self.concentration.detach().argmax(-1, True)
        one = first == wrap(np.arange(self.concentration.shape[-1]))
        return ops.where(none, one.to(mode.dtype), mode)

    @property
    def variance(self) -> Tensor:
        total = self.concentration.sum(-1, True)
        return self.concentration * (total - self.concentration) / (total**2 * (total + 1))

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        x = gamma_sample(self.concentration.expand(*self._extended_shape(sample_shape)))
        x = x.clamp(min=float(finfo(x.dtype).tiny))
        return x / x.sum(-1, True)

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value)
        a = self.concentration
        return xlogy(a - 1, value).sum(-1) + lgamma(a.sum(-1)) - lgamma(a).sum(-1)

    def entropy(self) -> Tensor:
        a = self.concentration
        k, total = a.shape[-1], a.sum(-1)
        return lgamma(a).sum(-1) - lgamma(total) - (k - total) * digamma(total) - ((a - 1) * digamma(a)).sum(-1)


class Beta(Distribution):
    """The beta distribution, of numbers from 0 to 1: density proportional to x^(α - 1) (1 - x)^(β - 1).

    Parameters
    ----------
    concentration1, concentration0 : Tensor or number, any shapes that broadcast
        α and β, positive.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number, or shapes do not broadcast.

    Examples
    --------
    >>> from autograd.distributions import Beta
    >>> Beta(1.0, 3.0).mean
    tensor(0.2500)
    """

    arg_constraints = {"concentration1": constraints.positive, "concentration0": constraints.positive}
    support = constraints.unit_interval
    has_rsample = True
    _event_dims = {"concentration1": 0, "concentration0": 0}

    def __init__(self, concentration1: Parameter, concentration0: Parameter, validate_args: bool | None = None) -> None:
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        super().__init__(tuple(self.concentration1.shape), (), validate_args)

    @property
    def _dirichlet(self) -> Dirichlet:
        return Dirichlet(ops.stack([self.concentration1, self.concentration0], -1), validate_args=False)

    @property
    def mean(self) -> Tensor:
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def mode(self) -> Tensor:
        return self._dirichlet.mode[..., 0]

    @property
    def variance(self) -> Tensor:
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (total**2 * (total + 1))

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        return self._dirichlet.rsample(sample_shape)[..., 0]

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value)
        a, b = self.concentration1, self.concentration0
        return xlogy(a - 1, value) + xlogy(b - 1, 1 - value) + lgamma(a + b) - lgamma(a) - lgamma(b)

    def entropy(self) -> Tensor:
        return self._dirichlet.entropy()


class StudentT(Distribution):
    """Student's t-distribution.

    Parameters
    ----------
    df : Tensor or number, any shapes that broadcast
        Degrees of freedom, positive.  The mean exists above 1, a finite variance above 2.
    loc : Tensor or number, any shapes that broadcast
        Median.
    scale : Tensor or number, any shapes that broadcast
        Positive.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number, or shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import StudentT
    >>> StudentT(autograd.tensor([1.0, 2.0, 4.0])).variance
    tensor([nan, inf, 2.])
    """

    arg_constraints = {"df": constraints.positive, "loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True
    _event_dims = {"df": 0, "loc": 0, "scale": 0}

    def __init__(
        self, df: Parameter, loc: Parameter = 0.0, scale: Parameter = 1.0, validate_args: bool | None = None
    ) -> None:
        self.df, self.loc, self.scale = broadcast_all(df, loc, scale)
        super().__init__(tuple(self.df.shape), (), validate_args)

    @property
    def mean(self) -> Tensor:
        return ops.where(self.df <= 1, math.nan, self.loc)

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        finite = ops.where(self.df > 2, self.df, 3.0)
        result = ops.where(self.df > 2, self.scale**2 * finite / (finite - 2), math.inf)
        return ops.where(self.df <= 1, math.nan, result)

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        z = standard_normal(shape, self.df.dtype)
        chi2 = Chi2(self.df, validate_args=False).rsample(sample_shape)
        return self.loc + self.scale * (z * ops.rsqrt(chi2 / self.df))

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value)
        y = (value - self.loc) / self.scale
        half = 0.5 * self.df
        constants = self.scale.log() + 0.5 * self.df.log() + 0.5 * math.log(math.pi) + lgamma(half) - lgamma(half + 0.5)
        return -0.5 * (self.df + 1) * ops.log1p(y**2 / self.df) - constants

    def entropy(self) -> Tensor:
        half = 0.5 * self.df
        log_beta = lgamma(half) + math.log(math.pi) / 2 - lgamma(half + 0.5)
        slope = (self.df + 1) / 2 * (digamma(half + 0.5) - digamma(half))
        return self.scale.log() + slope + 0.5 * self.df.log() + log_beta


# ── discrete ───────────────────────────────────────────────────────────────────────────


class _Binary(Distribution):
    """Given by the probability of 1, or by its logit."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    _event_dims = {"probs": 0, "logits": 0}

    def __init__(
        self,
        probs: Parameter | None = None,
        logits: Parameter | None = None,
        validate_args: bool | None = None,
    ) -> None:
        (self._param,) = self._given(probs, logits)
        super().__init__(tuple(self._param.shape), (), validate_args)

    def _given(self, probs: Any, logits: Any, *others: Any) -> tuple[Tensor, ...]:
        if (probs is None) == (logits is None):
            raise ValueError(f"{type(self).__name__}: give either probs or logits, and not both")
        name = "logits" if probs is None else "probs"
        param, *rest = broadcast_all(logits if probs is None else probs, *others)
        self.__dict__[name] = param
        return (param, *rest)

    @property
    def _kept(self) -> set[str]:
        return super()._kept - {"_param"}

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        new = super().expand(batch_shape)
        new._param = new.__dict__["probs"] if "probs" in new.__dict__ else new.__dict__["logits"]
        return new

    @lazy_property
    def logits(self) -> Tensor:
        """log (p / (1 - p))"""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Tensor:
        """The probability of 1."""
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def param_shape(self) -> Shape:
        return tuple(self._param.shape)


def _bernoulli_log_prob(logits: Tensor, value: Tensor) -> Tensor:
    logits, value = broadcast_all(logits, value)
    return -ops.binary_cross_entropy_with_logits(logits, value.to(logits.dtype), reduction="none")


class Bernoulli(_Binary):
    """1 with a probability, otherwise 0.

    Parameters
    ----------
    probs : Tensor or number, any shape
        The probability of 1.
    logits : Tensor or number, any shape
        log (p / (1 - p)), in place of probs.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If not just one of probs and logits is given, or a parameter is out of its range or no number.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import Bernoulli
    >>> coin = Bernoulli(0.25)
    >>> coin.log_prob(autograd.tensor([0.0, 1.0])).exp()
    tensor([0.7500, 0.2500])
    """

    support = constraints.boolean
    has_enumerate_support = True

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        p = self.probs
        return ops.where(p == 0.5, math.nan, (p >= 0.5).to(p.dtype))

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        shape, p = self._extended_shape(sample_shape), numbers(self.probs)
        return random_array(lambda source: source.random(shape) < p, p.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        return _bernoulli_log_prob(self.logits, self._value(value))

    def entropy(self) -> Tensor:
        logits, probs = self.logits, self.probs
        return ops.binary_cross_entropy_with_logits(logits, probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        values = wrap(np.arange(2, dtype=self._param.dtype).reshape((2,) + (1,) * len(self._batch_shape)))
        return values.expand(2, *self._batch_shape) if expand else values


class Geometric(_Binary):
    """The number of failures before the first success: P(k) = (1 - p)^k p.

    Parameters
    ----------
    probs : Tensor or number, any shape
        The probability of success, above 0 and up to 1.
    logits : Tensor or number, any shape
        log (p / (1 - p)), in place of probs.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If not just one of probs and logits is given, or a parameter is out of its range or no number.

    Examples
    --------
    >>> from autograd.distributions import Geometric
    >>> Geometric(0.25).mean
    tensor(3.)
    """

    support = constraints.nonnegative_integer

    def __init__(
        self, probs: Parameter | None = None, logits: Parameter | None = None, validate_args: bool | None = None
    ) -> None:
        super().__init__(probs, logits, validate_args)
        if self._validate_args and probs is not None and not bool((self.probs > 0).all()):
            raise ValueError("Geometric: probs must be greater than 0: with probability 0 there is no first success")

    @property
    def mean(self) -> Tensor:
        return 1 / self.probs - 1

    @property
    def mode(self) -> Tensor:
        return self.probs.detach() * 0

    @property
    def variance(self) -> Tensor:
        return (1 / self.probs - 1) / self.probs

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        shape, p = self._extended_shape(sample_shape), numbers(self.probs)
        u = numbers(uniform(shape, p.dtype))
        return wrap(np.asarray(np.floor(np.log(u) / np.log1p(-np.minimum(p, 1 - finfo(p.dtype).eps))), p.dtype))

    def log_prob(self, value: Tensor) -> Tensor:
        value, probs = broadcast_all(self._value(value), self.probs)
        probs = ops.where((probs == 1) & (value == 0), 0.0, probs)
        return value * ops.log1p(-probs) + self.probs.log()

    def entropy(self) -> Tensor:
        return ops.binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs


class Binomial(_Binary):
    """The number of successes among total_count trials.

    Parameters
    ----------
    total_count : int or Tensor, of a shape that broadcasts
    probs : Tensor or number, any shapes that broadcast
        The probability of success.
    logits : Tensor or number, any shapes that broadcast
        log (p / (1 - p)), in place of probs.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If not just one of probs and logits is given, or a parameter is out of its range or no number.
    NotImplementedError
        By entropy and enumerate_support, if total_count differs within the batch.

    Examples
    --------
    Two of four coins, 6 / 16:

    >>> import autograd
    >>> from autograd.distributions import Binomial
    >>> Binomial(4, 0.5).log_prob(autograd.tensor(2.0)).exp()
    tensor(0.3750)
    """

    arg_constraints = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    _event_dims = {"total_count": 0, "probs": 0, "logits": 0}

    def __init__(
        self,
        total_count: Parameter = 1,
        probs: Parameter | None = None,
        logits: Parameter | None = None,
        validate_args: bool | None = None,
    ) -> None:
        self._param, total_count = self._given(probs, logits, total_count)
        self.total_count = total_count.to(self._param.dtype)
        Distribution.__init__(self, tuple(self._param.shape), (), validate_args)

    @property
    def support(self) -> constraints.Constraint:
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.probs

    @property
    def mode(self) -> Tensor:
        value = numbers((self.total_count + 1) * self.probs)
        return wrap(np.minimum(np.floor(value), numbers(self.total_count)))

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        shape, n, p = self._extended_shape(sample_shape), numbers(self.total_count), numbers(self.probs)
        return random_array(lambda source: source.binomial(n.astype(np.int64), p, shape), p.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value)
        n, logits = self.total_count, self.logits
        choices = lgamma(n + 1) - lgamma(value + 1) - lgamma(n - value + 1)
        normalizer = n * (logits.clamp(min=0) + ops.log1p((-logits.abs()).exp()))
        return choices + value * logits - normalizer

    def entropy(self) -> Tensor:
        values = self.enumerate_support(expand=False)
        log_probs = self.log_prob(values)
        return -(log_probs.exp() * log_probs).sum(0)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        n = numbers(self.total_count)
        if n.size and n.min() != n.max():
            raise NotImplementedError("Binomial: enumerate_support needs the same total_count throughout")
        count = 1 + int(n.max(initial=0))
        values = wrap(np.arange(count, dtype=self._param.dtype).reshape((-1,) + (1,) * len(self._batch_shape)))
        return values.expand(count, *self._batch_shape) if expand else values


class NegativeBinomial(_Binary):
    """The number of successes before total_count failures.

    Parameters
    ----------
    total_count : Tensor or number, any shapes that broadcast
        Number of failures, at least 0; need not be whole.
    probs : Tensor or number, any shapes that broadcast
        The probability of success, from 0 up to but without 1.
    logits : Tensor or number, any shapes that broadcast
        log (p / (1 - p)), in place of probs.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If not just one of probs and logits is given, or a parameter is out of its range or no number.

    Examples
    --------
    With 1 failure: two successes, and then a failure.

    >>> import autograd
    >>> from autograd.distributions import NegativeBinomial
    >>> NegativeBinomial(1, 0.5).log_prob(autograd.tensor(2.0)).exp()
    tensor(0.1250)
    """

    support = constraints.nonnegative_integer
    arg_constraints = {
        "total_count": constraints.nonnegative,
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    _event_dims = {"total_count": 0, "probs": 0, "logits": 0}

    def __init__(
        self,
        total_count: Parameter,
        probs: Parameter | None = None,
        logits: Parameter | None = None,
        validate_args: bool | None = None,
    ) -> None:
        self._param, total_count = self._given(probs, logits, total_count)
        self.total_count = total_count.to(self._param.dtype)
        Distribution.__init__(self, tuple(self._param.shape), (), validate_args)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.logits.exp()

    @property
    def mode(self) -> Tensor:
        return wrap(np.maximum(np.floor(numbers((self.total_count - 1) * self.logits.exp())), 0))

    @property
    def variance(self) -> Tensor:
        return self.mean / ops.sigmoid(-self.logits)

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        shape, n, odds = self._extended_shape(sample_shape), numbers(self.total_count), numbers(self.logits.exp())
        return random_array(lambda source: source.poisson(source.gamma(n, odds, shape)), n.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value)
        n, logits = self.total_count, self.logits
        unnormalized = n * _log_sigmoid(-logits) + value * _log_sigmoid(logits)
        normalizer = -lgamma(n + value) + lgamma(1 + value) + lgamma(n)
        return unnormalized - ops.where(n + value == 0, 0.0, normalizer)


def _log_sigmoid(x: Tensor) -> Tensor:
    return x.clamp(max=0) - ops.log1p((-x.abs()).exp())


class Poisson(Distribution):
    """The Poisson distribution, of numbers of independent events: P(k) = rate^k e^-rate / k!

    Parameters
    ----------
    rate : Tensor or number, any shape
        Mean, at least 0.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If the parameter is out of its range, or no number.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import Poisson
    >>> Poisson(2.0).log_prob(autograd.tensor(0.0))
    tensor(-2.)
    """

    arg_constraints = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer
    _event_dims = {"rate": 0}

    def __init__(self, rate: Parameter, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(tuple(self.rate.shape), (), validate_args)

    @property
    def mean(self) -> Tensor:
        return self.rate

    variance = mean

    @property
    def mode(self) -> Tensor:
        return wrap(np.floor(numbers(self.rate)))

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        shape, rate = self._extended_shape(sample_shape), numbers(self.rate)
        return random_array(lambda source: source.poisson(rate, shape), rate.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        value, rate = broadcast_all(self._value(value), self.rate)
        return xlogy(value, rate) - rate - lgamma(value + 1)


# ── of one among several ───────────────────────────────────────────────────────────────


class Categorical(Distribution):
    """An index from 0 to K - 1.

    Parameters
    ----------
    probs : Tensor, (…, K)
        At least 0.  Divided by their sum.
    logits : Tensor, (…, K)
        Logarithms of probabilities, up to an added constant, in place of probs.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If not just one of probs and logits is given, or it has no dimension, is negative or no tensor.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import Categorical
    >>> policy = Categorical(logits=autograd.tensor([0.0, 0.0, 0.0, 0.0]))
    >>> policy.log_prob(policy.sample())
    tensor(-1.3863)
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True
    _event_dims = {"probs": 1, "logits": 1}

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        if (probs is None) == (logits is None):
            raise ValueError(f"{type(self).__name__}: give either probs or logits, and not both")
        given = logits if probs is None else probs
        if not hasattr(given, "array"):
            raise TypeError(f"{type(self).__name__}: expects a tensor of shape (…, K), got {type(given).__name__}")
        if given.ndim < 1:  # type: ignore[union-attr]
            raise ValueError(f"{type(self).__name__}: probs or logits need at least one dimension, of the K values")
        if probs is not None:
            if not bool((probs >= 0).all()):
                raise ValueError(f"{type(self).__name__}: parameter probs must be at least 0")
            self.probs = probs / probs.sum(-1, keepdim=True)
        else:
            self.logits = logits - ops.logsumexp(logits, -1, True)  # type: ignore[arg-type, operator]
        shape = tuple(given.shape)  # type: ignore[union-attr]
        self._init(shape, validate_args)

    def _init(self, shape: Shape, validate_args: bool | None) -> None:
        super().__init__(shape[:-1], (), validate_args)

    @lazy_property
    def logits(self) -> Tensor:
        """Logarithms of the probabilities."""
        return probs_to_logits(self.probs)

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities, whose sum is 1."""
        return logits_to_probs(self.logits)

    @property
    def _param(self) -> Tensor:
        given: Tensor = self.__dict__["probs"] if "probs" in self.__dict__ else self.__dict__["logits"]
        return given

    @property
    def _num_events(self) -> int:
        return int(self._param.shape[-1])

    @property
    def param_shape(self) -> Shape:
        return tuple(self._param.shape)

    @property
    def support(self) -> constraints.Constraint:
        return constraints.integer_interval(0, self._num_events - 1)

    @property
    def mean(self) -> Tensor:
        return self._param.detach()[..., 0] * math.nan

    variance = mean

    @property
    def mode(self) -> Tensor:
        return self.probs.argmax(-1)

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        """Indices (*sample_shape, *batch_shape), int64."""
        shape = ((sample_shape,) if isinstance(sample_shape, int) else tuple(sample_shape)) + tuple(self._batch_shape)
        sums = np.cumsum(numbers(self.probs), axis=-1, dtype=np.float64)
        n = sums.shape[-1]

        def draw(source: np.random.Generator) -> Any:
            u = source.random(shape)[..., None] * sums[..., -1:]
            if not self._batch_shape:
                return np.searchsorted(sums, u[..., 0], side="right")
            return (u >= sums).sum(axis=-1)

        return random_array(lambda source: np.minimum(draw(source), n - 1), np.dtype(np.int64))

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value).to(np.dtype(np.int64))
        shape = np.broadcast_shapes(tuple(value.shape), tuple(self.logits.shape[:-1]))
        logits = self.logits.expand(*shape, self._num_events)
        return ops.gather(logits, -1, ops.unsqueeze(value.expand(*shape), -1)).squeeze(-1)

    def entropy(self) -> Tensor:
        logits = self.logits.clamp(min=float(finfo(self._param.dtype).min))
        return -(logits * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        values = wrap(np.arange(self._num_events).reshape((-1,) + (1,) * len(self._batch_shape)))
        return values.expand(self._num_events, *self._batch_shape) if expand else values


class OneHotCategorical(Categorical):
    """A vector with a single 1: `Categorical` as one-hot vectors (…, K).

    Parameters
    ----------
    probs : Tensor, (…, K)
        At least 0.  Divided by their sum.
    logits : Tensor, (…, K)
        Logarithms of probabilities, up to an added constant, in place of probs.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If not just one of probs and logits is given, or it has no dimension, is negative or no tensor.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import OneHotCategorical
    >>> one = OneHotCategorical(autograd.tensor([1.0, 3.0]))
    >>> one.log_prob(autograd.tensor([0.0, 1.0])).exp()
    tensor(0.7500)
    """

    support = constraints.one_hot  # type: ignore[assignment]

    def _init(self, shape: Shape, validate_args: bool | None) -> None:
        Distribution.__init__(self, shape[:-1], shape[-1:], validate_args)

    def _one_hot(self, index: Any) -> Tensor:
        return wrap((numbers(index)[..., None] == np.arange(self._num_events)).astype(self._param.dtype))

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        return self._one_hot(self.probs.argmax(-1))

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        """One-hot vectors, of the parameters' dtype."""
        return self._one_hot(super().sample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value)
        return ops.where(value == 1, self.logits, 0.0).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        n, lead = self._num_events, (1,) * len(self._batch_shape)
        values = wrap(np.eye(n, dtype=self._param.dtype).reshape((n, *lead, n)))
        return values.expand(n, *self._batch_shape, n) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """One-hot samples with the gradient of the probabilities.

    Parameters
    ----------
    probs : Tensor, (…, K)
        At least 0.  Divided by their sum.
    logits : Tensor, (…, K)
        Logarithms of probabilities, up to an added constant, in place of probs.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If not just one of probs and logits is given, or it has no dimension, is negative or no tensor.

    References
    ----------
    Bengio, Léonard, Courville, arXiv:1308.3432.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import OneHotCategoricalStraightThrough
    >>> p = autograd.tensor([0.5, 0.5], requires_grad=True)
    >>> sample = OneHotCategoricalStraightThrough(p).rsample()
    >>> sample.detach().sum(), sample.requires_grad
    (tensor(1.), True)
    """

    has_rsample = True

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        return self.sample(sample_shape) + (self.probs - self.probs.detach())


class Multinomial(Distribution):
    """How often each of K values came up in total_count draws.

    Parameters
    ----------
    total_count : int
        The same for all distributions of the batch.
    probs : Tensor, (…, K)
        At least 0.  Divided by their sum.
    logits : Tensor, (…, K)
        Logarithms of probabilities, up to an added constant, in place of probs.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If not just one of probs and logits is given, or it has no dimension, is negative or no tensor.
    NotImplementedError
        If total_count is not one whole number.

    Examples
    --------
    Of three coins, one is a head and two are tails, 3 / 8:

    >>> import autograd
    >>> from autograd.distributions import Multinomial
    >>> Multinomial(3, autograd.tensor([1.0, 1.0])).log_prob(autograd.tensor([1.0, 2.0])).exp()
    tensor(0.3750)
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}

    def __init__(
        self,
        total_count: int = 1,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError("Multinomial: total_count must be one whole number for all distributions")
        self.total_count = total_count
        self._categorical = Categorical(probs=probs, logits=logits, validate_args=validate_args)
        shape = self._categorical.param_shape
        super().__init__(shape[:-1], shape[-1:], validate_args)

    @property
    def probs(self) -> Tensor:
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        return self._categorical.logits

    @property
    def support(self) -> constraints.Constraint:
        return constraints.multinomial(self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.probs * self.total_count

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Multinomial:
        new = type(self).__new__(type(self))
        new.__dict__.update(self.__dict__)
        new._categorical = self._categorical.expand(batch_shape)
        Distribution.__init__(new, tuple(batch_shape), tuple(self._event_shape), validate_args=False)
        new._validate_args = self._validate_args
        return new

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        p = numbers(self.probs).astype(np.float64)
        p = np.broadcast_to(p / p.sum(axis=-1, keepdims=True), self._extended_shape(sample_shape))
        return random_array(lambda source: source.multinomial(self.total_count, p), self.probs.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value)
        logits = ops.where((value == 0) & (self.logits == -math.inf), 0.0, self.logits)
        choices = lgamma(value.sum(-1) + 1) - lgamma(value + 1).sum(-1)
        return choices + (logits * value).sum(-1)

    def entropy(self) -> Tensor:
        n = self.total_count
        single = self._categorical.entropy()
        counts = Binomial(n, probs=self.probs).enumerate_support(expand=False)[1:]
        weights = Binomial(n, probs=self.probs, validate_args=False).log_prob(counts).exp()
        terms = (weights * lgamma(counts + 1)).sum((0, -1))
        return n * single - math.lgamma(n + 1) + terms


def xlogy(x: Tensor, y: Tensor) -> Tensor:
    """x log y, and 0 where x is 0."""
    zero = x == 0
    return ops.where(zero, 0.0, x * ops.where(zero & (y == 0), 1.0, y).log())
