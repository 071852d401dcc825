"""Distributions that are made of others, and the multivariate normal distribution."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import ops
from autograd.arguments import check_arrays
from autograd.distributions import constraints
from autograd.distributions.distribution import (
    EULER,
    LOG_2,
    LOG_2PI,
    Distribution,
    Parameter,
    broadcast_all,
    broadcast_shapes,
    lazy_property,
    numbers,
    standard_normal,
    summed,
    uniform,
)
from autograd.distributions.families import (
    Categorical,
    Cauchy,
    Exponential,
    Normal,
    OneHotCategorical,
    _Binary,
)
from autograd.distributions.transforms import (
    AffineTransform,
    ComposeTransform,
    ExpTransform,
    PowerTransform,
    SigmoidTransform,
    Transform,
)
from autograd.grad_mode import no_grad
from autograd.ops import lgamma
from autograd.tensor import wrap
from autograd.types import Shape, Size

if TYPE_CHECKING:
    from autograd.tensor import Tensor


class Independent(Distribution):
    """A distribution whose last batch dimensions belong to one event: log_prob is summed over them.

    Parameters
    ----------
    base_distribution : Distribution
    reinterpreted_batch_ndims : int
        Number of batch dimensions that become part of the event.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError
        If base_distribution has fewer batch dimensions.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import Independent, Normal
    >>> vector = Independent(Normal(autograd.zeros(2), 1.0), 1)
    >>> vector.log_prob(autograd.zeros(2))
    tensor(-1.8379)
    """

    def __init__(
        self, base_distribution: Any, reinterpreted_batch_ndims: int, validate_args: bool | None = None
    ) -> None:
        shape = tuple(base_distribution.batch_shape)
        if not 0 <= reinterpreted_batch_ndims <= len(shape):
            raise ValueError(
                f"Independent: reinterpreted_batch_ndims is {reinterpreted_batch_ndims}, and the distribution has "
                f"{len(shape)} batch dimensions, {shape}; it must be from 0 to that number"
            )
        cut = len(shape) - reinterpreted_batch_ndims
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, reinterpreted_batch_ndims
        super().__init__(shape[:cut], shape[cut:] + tuple(base_distribution.event_shape), validate_args)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        return bool(self.base_dist.has_rsample)

    @property
    def support(self) -> constraints.Constraint:
        return constraints.independent(self.base_dist.support, self.reinterpreted_batch_ndims)

    @property
    def mean(self) -> Tensor:
        return self.base_dist.mean  # type: ignore[no-any-return]

    @property
    def mode(self) -> Tensor:
        return self.base_dist.mode  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        return self.base_dist.variance  # type: ignore[no-any-return]

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Independent:
        inner = tuple(self._event_shape)[: self.reinterpreted_batch_ndims]
        base = self.base_dist.expand(tuple(batch_shape) + inner)
        return Independent(base, self.reinterpreted_batch_ndims, self._validate_args)

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        return self.base_dist.sample(sample_shape)  # type: ignore[no-any-return]

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        return self.base_dist.rsample(sample_shape)  # type: ignore[no-any-return]

    def log_prob(self, value: Tensor) -> Tensor:
        return summed(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Tensor:
        return summed(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def __repr__(self) -> str:
        return f"Independent({self.base_dist}, {self.reinterpreted_batch_ndims})"


class TransformedDistribution(Distribution):
    """The distribution of f(x), where x has a base distribution.

    Parameters
    ----------
    base_distribution : Distribution
    transforms : Transform or list of Transform
        The first is applied first.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError
        If transforms is neither a Transform nor a list of them.

    Examples
    --------
    A policy with actions between -1 and 1:

    >>> import autograd
    >>> from autograd.distributions import Normal, TransformedDistribution
    >>> from autograd.distributions.transforms import TanhTransform
    >>> policy = TransformedDistribution(Normal(autograd.zeros(1), autograd.ones(1)), TanhTransform())
    >>> policy.log_prob(autograd.tensor([0.0]))
    tensor([-0.9189])
    """

    def __init__(self, base_distribution: Any, transforms: Any, validate_args: bool | None = None) -> None:
        several = isinstance(transforms, list | tuple)
        self.transforms: list[Transform] = list(transforms) if several else [transforms]
        if not all(isinstance(t, Transform) for t in self.transforms):
            raise ValueError("TransformedDistribution: transforms must be a Transform or a list of them")
        base_shape = tuple(base_distribution.batch_shape) + tuple(base_distribution.event_shape)
        whole = ComposeTransform(self.transforms)
        shape = whole.forward_shape(base_shape)
        for t in self.transforms:  # parameters of a transform may broadcast
            for x in t.__dict__.values():
                if hasattr(x, "array"):
                    shape = np.broadcast_shapes(shape, tuple(x.shape))
        event = len(base_distribution.event_shape)
        for t in self.transforms:
            event = t.codomain.event_dim + max(event - t.domain.event_dim, 0)
        inner = max(
            [len(base_distribution.event_shape), *(t.domain.event_dim for t in self.transforms)]
        )  # dimensions that belong together before
        if shape != base_shape:
            base_distribution = base_distribution.expand(shape[: len(shape) - len(base_distribution.event_shape)])
        reinterpreted = inner - len(base_distribution.event_shape)
        self.base_dist: Any = Independent(base_distribution, reinterpreted) if reinterpreted > 0 else base_distribution
        super().__init__(shape[: len(shape) - event], shape[len(shape) - event :], validate_args)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        return bool(self.base_dist.has_rsample)

    @property
    def support(self) -> Any:
        if not self.transforms:
            return self.base_dist.support
        support = self.transforms[-1].codomain
        n = len(self._event_shape) - support.event_dim
        return constraints.independent(support, n) if n > 0 else support

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        new = type(self).__new__(type(self))
        new.__dict__.update(self.__dict__)
        new.base_dist = self.base_dist.expand(tuple(batch_shape))
        new._batch_shape = Size(batch_shape)
        return new

    def _transformed(self, x: Tensor) -> Tensor:
        for t in self.transforms:
            x = t(x)
        return x

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        with no_grad():
            return self._transformed(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        return self._transformed(self.base_dist.rsample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        y: Any = self._value(value)
        event = len(self._event_shape)
        total: Any = 0.0
        for t in reversed(self.transforms):
            x = t._inv_call(y)
            event += t.domain.event_dim - t.codomain.event_dim
            total = total - summed(t.log_abs_det_jacobian(x, y), event - t.domain.event_dim)
            y = x
        return total + summed(self.base_dist.log_prob(y), event - len(self.base_dist.event_shape))  # type: ignore[no-any-return]

    def _rising(self, value: Tensor) -> Tensor:
        """value, or 1 - value where the transforms fall."""
        sign = math.prod(t.sign for t in self.transforms)
        return value if isinstance(sign, int) and sign == 1 else sign * (value - 0.5) + 0.5

    def cdf(self, value: Tensor) -> Tensor:
        value = self._value(value)
        for t in reversed(self.transforms):
            value = t._inv_call(value)
        return self._rising(self.base_dist.cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        return self._transformed(self.base_dist.icdf(self._rising(value)))

    def __repr__(self) -> str:
        words = [f"{name}: {getattr(self, name)}" for name in self.arg_constraints]
        return f"{type(self).__name__}({', '.join(words)})"


class LogNormal(TransformedDistribution):
    """exp(x), where x is normal.

    Parameters
    ----------
    loc : Tensor or number, any shapes that broadcast
        Mean of x.
    scale : Tensor or number, any shapes that broadcast
        Standard deviation of x, positive.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number, or shapes do not broadcast.

    Examples
    --------
    The mean is e^(loc + scale² / 2):

    >>> from autograd.distributions import LogNormal
    >>> LogNormal(0.0, 1.0).mean
    tensor(1.6487)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.positive  # type: ignore[assignment]

    def __init__(self, loc: Parameter, scale: Parameter, validate_args: bool | None = None) -> None:
        super().__init__(Normal(loc, scale, validate_args), ExpTransform(), validate_args)

    @property
    def loc(self) -> Tensor:
        return self.base_dist.loc  # type: ignore[no-any-return]

    @property
    def scale(self) -> Tensor:
        return self.base_dist.scale  # type: ignore[no-any-return]

    @property
    def mean(self) -> Tensor:
        return (self.loc + self.scale**2 / 2).exp()

    @property
    def mode(self) -> Tensor:
        return (self.loc - self.scale**2).exp()

    @property
    def variance(self) -> Tensor:
        square = self.scale**2
        return ops.expm1(square) * (2 * self.loc + square).exp()

    def entropy(self) -> Tensor:
        return self.base_dist.entropy() + self.loc  # type: ignore[no-any-return]


class _Half(Distribution):
    """|x|, where x is symmetric about 0."""

    arg_constraints = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    base_dist: Any

    @property
    def scale(self) -> Tensor:
        return self.base_dist.scale  # type: ignore[no-any-return]

    @property
    def mode(self) -> Tensor:
        return self.scale.detach() * 0

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        return type(self)(self.scale.expand(tuple(batch_shape)), self._validate_args)  # type: ignore[call-arg, arg-type]

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        return self.base_dist.rsample(sample_shape).abs()  # type: ignore[no-any-return]

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value)
        return ops.where(value >= 0, self.base_dist.log_prob(value) + LOG_2, -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        return 2 * self.base_dist.cdf(self._value(value)) - 1  # type: ignore[no-any-return]

    def icdf(self, value: Tensor) -> Tensor:
        return self.base_dist.icdf((value + 1) / 2)  # type: ignore[no-any-return]

    def entropy(self) -> Tensor:
        return self.base_dist.entropy() - LOG_2  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(scale: {self.scale})"


class HalfNormal(_Half):
    """|x|, where x is normal with mean 0.

    Parameters
    ----------
    scale : Tensor or number, any shape
        Standard deviation of x, positive.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If the parameter is out of its range, or no number.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import HalfNormal
    >>> HalfNormal(1.0).cdf(autograd.tensor([1.0, 2.0]))
    tensor([0.6827, 0.9545])
    """

    def __init__(self, scale: Parameter, validate_args: bool | None = None) -> None:
        self.base_dist = Normal(0.0, scale, validate_args)
        super().__init__(tuple(self.base_dist.batch_shape), (), validate_args)

    @property
    def mean(self) -> Tensor:
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def variance(self) -> Tensor:
        return self.scale**2 * (1 - 2 / math.pi)


class HalfCauchy(_Half):
    """|x|, where x has a Cauchy distribution about 0.

    Parameters
    ----------
    scale : Tensor or number, any shape
        Median, positive.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If the parameter is out of its range, or no number.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import HalfCauchy
    >>> HalfCauchy(3.0).cdf(autograd.tensor(3.0))
    tensor(0.5000)
    """

    def __init__(self, scale: Parameter, validate_args: bool | None = None) -> None:
        self.base_dist = Cauchy(0.0, scale, validate_args)
        super().__init__(tuple(self.base_dist.batch_shape), (), validate_args)

    @property
    def mean(self) -> Tensor:
        return self.scale.detach() * 0 + math.inf

    @property
    def variance(self) -> Tensor:
        return self.scale.detach() * 0 + math.inf


class Pareto(TransformedDistribution):
    """The Pareto distribution: scale · exp(x), where x is exponential with rate alpha.

    Parameters
    ----------
    scale : Tensor or number, any shapes that broadcast
        The smallest value, positive.
    alpha : Tensor or number, any shapes that broadcast
        Positive.  The mean is finite above 1, the variance above 2.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number, or shapes do not broadcast.

    Examples
    --------
    P(x > 2 scale) = 2^-alpha:

    >>> import autograd
    >>> from autograd.distributions import Pareto
    >>> 1 - Pareto(1.0, 3.0).cdf(autograd.tensor(2.0))
    tensor(0.1250)
    """

    arg_constraints = {"alpha": constraints.positive, "scale": constraints.positive}

    def __init__(self, scale: Parameter, alpha: Parameter, validate_args: bool | None = None) -> None:
        self.scale, self.alpha = broadcast_all(scale, alpha)
        base = Exponential(self.alpha, validate_args)
        super().__init__(base, [ExpTransform(), AffineTransform(0, self.scale)], validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Pareto:
        shape = tuple(batch_shape)
        return Pareto(self.scale.expand(*shape), self.alpha.expand(*shape), self._validate_args)

    @property
    def support(self) -> constraints.Constraint:
        return constraints.greater_than_eq(self.scale)

    @property
    def mean(self) -> Tensor:
        a = self.alpha.clamp(min=1)
        return a * self.scale / (a - 1)

    @property
    def mode(self) -> Tensor:
        return self.scale

    @property
    def variance(self) -> Tensor:
        a = self.alpha.clamp(min=2)
        return self.scale**2 * a / ((a - 1) ** 2 * (a - 2))

    def entropy(self) -> Tensor:
        return (self.scale / self.alpha).log() + (1 + self.alpha.reciprocal())


class Weibull(TransformedDistribution):
    """The Weibull distribution: scale · x^(1 / concentration), where x is exponential with rate 1.

    Parameters
    ----------
    scale : Tensor or number, any shapes that broadcast
        Positive.
    concentration : Tensor or number, any shapes that broadcast
        Positive.  1 gives the exponential distribution.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number, or shapes do not broadcast.

    Examples
    --------
    >>> from autograd.distributions import Weibull
    >>> Weibull(2.0, 1.0).mean
    tensor(2.)
    """

    arg_constraints = {"scale": constraints.positive, "concentration": constraints.positive}
    support = constraints.positive  # type: ignore[assignment]

    def __init__(self, scale: Parameter, concentration: Parameter, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = broadcast_all(scale, concentration)
        base = Exponential(self.scale.detach() * 0 + 1, validate_args)
        powers = [PowerTransform(self.concentration.reciprocal()), AffineTransform(0, self.scale)]
        super().__init__(base, powers, validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Weibull:
        shape = tuple(batch_shape)
        return Weibull(self.scale.expand(*shape), self.concentration.expand(*shape), self._validate_args)

    @property
    def mean(self) -> Tensor:
        return self.scale * lgamma(1 + self.concentration.reciprocal()).exp()

    @property
    def mode(self) -> Tensor:
        k = self.concentration
        return self.scale * ((k - 1) / k) ** k.reciprocal()

    @property
    def variance(self) -> Tensor:
        k = self.concentration.reciprocal()
        return self.scale**2 * (lgamma(1 + 2 * k).exp() - (2 * lgamma(1 + k)).exp())

    def entropy(self) -> Tensor:
        k = self.concentration.reciprocal()
        return EULER * (1 - k) + (self.scale * k).log() + 1


class RelaxedBernoulli(TransformedDistribution):
    """A smooth version of Bernoulli: numbers between 0 and 1, nearer to the ends the lower the temperature.

    Parameters
    ----------
    temperature : Tensor or number, any shapes that broadcast
        Positive; it is not checked.
    probs : Tensor or number, any shapes that broadcast
        The probability of 1.
    logits : Tensor or number, any shapes that broadcast
        log (p / (1 - p)), in place of probs.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If not just one of probs and logits is given, or a parameter is out of its range or no number.

    References
    ----------
    Maddison, Mnih, Teh, arXiv:1611.00712; Jang, Gu, Poole, arXiv:1611.01144.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import RelaxedBernoulli
    >>> p = autograd.tensor(0.3, requires_grad=True)
    >>> sample = RelaxedBernoulli(0.5, p).rsample()
    >>> bool((0 < sample) & (sample < 1)), sample.requires_grad
    (True, True)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval  # type: ignore[assignment]

    def __init__(
        self,
        temperature: Any,
        probs: Parameter | None = None,
        logits: Parameter | None = None,
        validate_args: bool | None = None,
    ) -> None:
        super().__init__(
            LogitRelaxedBernoulli(temperature, probs, logits, validate_args), SigmoidTransform(), validate_args
        )

    @property
    def temperature(self) -> Any:
        return self.base_dist.temperature

    @property
    def logits(self) -> Tensor:
        return self.base_dist.logits  # type: ignore[no-any-return]

    @property
    def probs(self) -> Tensor:
        return self.base_dist.probs  # type: ignore[no-any-return]


class LogitRelaxedBernoulli(_Binary):
    """The logits of RelaxedBernoulli."""

    support = constraints.real
    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self.temperature = temperature
        super().__init__(probs, logits, validate_args)

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        u = numbers(uniform(self._extended_shape(sample_shape), self.logits.dtype))
        return (wrap(np.asarray(np.log(u) - np.log1p(-u))) + self.logits) / self.temperature

    def log_prob(self, value: Tensor) -> Tensor:
        difference = self.logits - value * self.temperature
        slope = self.temperature.log() if hasattr(self.temperature, "array") else math.log(self.temperature)
        return slope + difference - 2 * ops.log1p(difference.exp())


class RelaxedOneHotCategorical(TransformedDistribution):
    """A smooth version of OneHotCategorical, the Gumbel-softmax: softmax of (logits + Gumbel noise) / temperature.

    Parameters
    ----------
    temperature : Tensor or number, of a shape that broadcasts
        Positive; it is not checked.
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
    Maddison, Mnih, Teh, arXiv:1611.00712; Jang, Gu, Poole, arXiv:1611.01144.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import RelaxedOneHotCategorical
    >>> sample = RelaxedOneHotCategorical(0.5, autograd.tensor([1.0, 3.0])).rsample((4,))
    >>> sample.sum(-1).round(decimals=3)
    tensor([1., 1., 1., 1.])
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.simplex  # type: ignore[assignment]

    def __init__(
        self,
        temperature: Any,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args)
        super().__init__(base, ExpTransform(), validate_args)

    @property
    def temperature(self) -> Any:
        return self.base_dist.temperature

    @property
    def logits(self) -> Tensor:
        return self.base_dist.logits  # type: ignore[no-any-return]

    @property
    def probs(self) -> Tensor:
        return self.base_dist.probs  # type: ignore[no-any-return]


class ExpRelaxedCategorical(OneHotCategorical):
    """The logarithms of RelaxedOneHotCategorical."""

    support = constraints.real_vector  # type: ignore[assignment]
    has_rsample = True
    has_enumerate_support = False

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self.temperature = temperature
        super().__init__(probs, logits, validate_args)

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        return Distribution.sample(self, sample_shape)

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        u = numbers(uniform(self._extended_shape(sample_shape), self.logits.dtype))
        scores = (self.logits + wrap(np.asarray(-np.log(-np.log(u))))) / self.temperature
        return scores - ops.logsumexp(scores, -1, True)

    def log_prob(self, value: Tensor) -> Tensor:
        k = self._num_events
        if hasattr(self.temperature, "array"):
            scale = math.lgamma(k) + (k - 1) * self.temperature.log()
        else:
            scale = math.lgamma(k) + (k - 1) * math.log(self.temperature)
        score = self.logits - value * self.temperature
        score = (score - ops.logsumexp(score, -1, True)).sum(-1)
        return score + scale


class MixtureSameFamily(Distribution):
    """One of several distributions of a family, chosen by a Categorical.

    Parameters
    ----------
    mixture_distribution : Categorical
        Of K values.
    component_distribution : Distribution
        Its last batch dimension has size K.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError
        If mixture_distribution is no Categorical, or batch shapes do not fit.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import Categorical, MixtureSameFamily, Normal
    >>> mixture = MixtureSameFamily(Categorical(autograd.ones(2)), Normal(autograd.tensor([-1.0, 1.0]), 1.0))
    >>> mixture.mean, mixture.variance
    (tensor(0.), tensor(2.))
    """

    def __init__(
        self, mixture_distribution: Any, component_distribution: Any, validate_args: bool | None = None
    ) -> None:
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError("MixtureSameFamily: the mixture distribution must be a Categorical")
        batch, event = tuple(component_distribution.batch_shape), tuple(component_distribution.event_shape)
        if not batch or batch[-1] != mixture_distribution.param_shape[-1]:
            raise ValueError(
                f"MixtureSameFamily: the component distribution has batch shape {batch}; its last size must be "
                f"{mixture_distribution.param_shape[-1]}, the number of values of the mixture distribution"
            )
        broadcast_shapes(
            "MixtureSameFamily: the batch shapes of mixture and components",
            mixture_distribution._param,
            np.empty(batch),
        )
        self._mixture_distribution, self._component_distribution = mixture_distribution, component_distribution
        super().__init__(batch[:-1], event, validate_args)

    @property
    def mixture_distribution(self) -> Any:
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Any:
        return self._component_distribution

    @property
    def support(self) -> Any:
        return self._component_distribution.support

    def _weights(self) -> Tensor:
        p = self._mixture_distribution.probs
        return p.reshape(tuple(p.shape) + (1,) * len(self._event_shape))  # type: ignore[no-any-return]

    @property
    def mean(self) -> Tensor:
        return (self._weights() * self._component_distribution.mean).sum(-1 - len(self._event_shape))

    @property
    def variance(self) -> Tensor:
        dim, p = -1 - len(self._event_shape), self._weights()
        within = (p * self._component_distribution.variance).sum(dim)
        between = (p * (self._component_distribution.mean - ops.unsqueeze(self.mean, dim)) ** 2).sum(dim)
        return within + between

    def expand(self, batch_shape: Shape, _instance: Any = None) -> MixtureSameFamily:
        shape, k = tuple(batch_shape), self._mixture_distribution.param_shape[-1]
        return MixtureSameFamily(
            self._mixture_distribution.expand(shape),
            self._component_distribution.expand((*shape, k)),
            self._validate_args,
        )

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        n = len(self._event_shape)
        values = self._component_distribution.sample(sample_shape)
        lead = tuple(values.shape[: values.ndim - n - 1])
        chosen = numbers(self._mixture_distribution.expand(tuple(self._batch_shape)).sample(sample_shape))
        index = chosen.reshape(lead + (1,) * (n + 1))
        return wrap(np.take_along_axis(numbers(values), index, axis=-1 - n).squeeze(-1 - n))

    def log_prob(self, value: Tensor) -> Tensor:
        value = ops.unsqueeze(self._value(value), -1 - len(self._event_shape))
        log_prob = self._component_distribution.log_prob(value)
        return ops.logsumexp(log_prob + ops.log_softmax(self._mixture_distribution.logits, -1), -1)

    def cdf(self, value: Tensor) -> Tensor:
        value = ops.unsqueeze(self._value(value), -1 - len(self._event_shape))
        return (self._component_distribution.cdf(value) * self._mixture_distribution.probs).sum(-1)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"MixtureSameFamily({self._mixture_distribution}, {self._component_distribution})"


class MultivariateNormal(Distribution):
    """The normal distribution of vectors.

    Parameters
    ----------
    loc : Tensor, (…, N)
        Mean.
    covariance_matrix : Tensor, (…, N, N), optional
        Symmetric and positive-definite.
    precision_matrix : Tensor, (…, N, N), optional
        The inverse of the covariance, in its place.
    scale_tril : Tensor, (…, N, N), optional
        The lower Cholesky factor of the covariance, in its place.  It is the fastest of the three.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError, TypeError
        If not just one of the three matrices is given, shapes do not fit, the matrix is not as said, or no tensor.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import MultivariateNormal
    >>> x = MultivariateNormal(autograd.zeros(2), scale_tril=autograd.tensor([[2.0, 0.0], [1.0, 1.0]]))
    >>> x.covariance_matrix
    tensor([[4., 2.],
            [2., 2.]])
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True
    _event_dims = {"loc": 1, "covariance_matrix": 2, "precision_matrix": 2, "scale_tril": 2, "_unbroadcasted": 2}

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        given = {"covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix, "scale_tril": scale_tril}
        chosen = {name: x for name, x in given.items() if x is not None}
        if len(chosen) != 1:
            raise ValueError(
                "MultivariateNormal: give exactly one of covariance_matrix, precision_matrix and scale_tril, not "
                f"{len(chosen)}"
            )
        ((name, matrix),) = chosen.items()
        check_arrays("MultivariateNormal", loc=loc, **chosen)
        if loc.ndim < 1 or matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2] or matrix.shape[-1] != loc.shape[-1]:
            raise ValueError(
                f"MultivariateNormal: shapes {tuple(loc.shape)} of loc and {tuple(matrix.shape)} of {name} do not fit; "
                "expects (…, N) and (…, N, N)"
            )
        batch = np.broadcast_shapes(tuple(loc.shape[:-1]), tuple(matrix.shape[:-2]))
        n = int(loc.shape[-1])
        self.loc = loc.expand(*batch, n)
        self.__dict__[name] = matrix.expand(*batch, n, n)
        super().__init__(batch, (n,), validate_args)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower Cholesky factor of the covariance."""
        if "covariance_matrix" in self.__dict__:
            return ops.linalg_cholesky(self.__dict__["covariance_matrix"])
        # P = L Lᵀ with rows and columns in reverse order gives P⁻¹ = T Tᵀ with a lower triangular T
        P = self.__dict__["precision_matrix"]
        reverse = ops.linalg_cholesky(ops.flip(P, (-2, -1)))
        upper = ops.flip(reverse, (-2, -1)).mT
        eye = wrap(np.eye(P.shape[-1], dtype=P.dtype))
        return ops.linalg_solve_triangular(upper, eye, upper=False)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        return self.scale_tril @ self.scale_tril.mT

    @lazy_property
    def precision_matrix(self) -> Tensor:
        return ops.cholesky_inverse(self.scale_tril)

    @property
    def mean(self) -> Tensor:
        return self.loc

    mode = mean

    @property
    def variance(self) -> Tensor:
        return (self.scale_tril**2).sum(-1)

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        z = standard_normal(self._extended_shape(sample_shape), self.loc.dtype)
        return self.loc + (self.scale_tril @ ops.unsqueeze(z, -1)).squeeze(-1)

    def _half_log_det(self) -> Tensor:
        n = self._event_shape[0]
        eye = wrap(np.eye(n, dtype=self.loc.dtype))
        return (self.scale_tril * eye).sum(-1).log().sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        difference = self._value(value) - self.loc
        return -0.5 * (self._event_shape[0] * LOG_2PI + mahalanobis(self.scale_tril, difference)) - self._half_log_det()

    def entropy(self) -> Tensor:
        return 0.5 * self._event_shape[0] * (1 + LOG_2PI) + self._half_log_det()


def mahalanobis(L: Tensor, x: Tensor) -> Tensor:
    """|L⁻¹ x|², for each vector of x."""
    return (ops.linalg_solve_triangular(L, ops.unsqueeze(x, -1), upper=False) ** 2).sum((-2, -1))
