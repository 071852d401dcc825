"""The base class of distributions, and what they share."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import numpy as np

from autograd import ops
from autograd.distributions import constraints
from autograd.grad_mode import enable_grad, no_grad
from autograd.promotion import FLOATING, finfo, get_default_dtype
from autograd.tensor import wrap
from autograd.types import Array, Shape, Size

if TYPE_CHECKING:
    from autograd.tensor import Tensor

Parameter = Any  # a tensor, or a number that becomes one
Result = TypeVar("Result")


def broadcast_all(*values: Parameter) -> tuple[Tensor, ...]:
    """Tensors of one shape.  Numbers take the dtype of the first float tensor, or the default dtype."""
    tensors = [x for x in values if hasattr(x, "array")]
    for x in values:
        if not hasattr(x, "array") and not isinstance(x, int | float | np.number):
            raise TypeError(f"distributions: a parameter is a {type(x).__name__}; expects a tensor or a number")
    dtype = next((x.dtype for x in tensors if x.dtype.kind in FLOATING), get_default_dtype())
    made = [x if hasattr(x, "array") else wrap(np.array(x, dtype)) for x in values]
    shape = broadcast_shapes("distributions: the shapes of the parameters", *made)
    return tuple(x if tuple(x.shape) == shape else x.expand(*shape) for x in made)


def broadcast_shapes(what: str, *values: Any) -> Shape:
    """The common shape of tensors, or an error that names theirs."""
    try:
        return np.broadcast_shapes(*(tuple(x.shape) for x in values))
    except ValueError:
        raise ValueError(f"{what} do not broadcast: {', '.join(str(tuple(x.shape)) for x in values)}") from None


def random_array(draw: Callable[[np.random.Generator], Any], dtype: np.dtype) -> Tensor:
    """A tensor of what draw(generator) returns."""
    from autograd.random import generator  # which imports tensors

    return wrap(np.asarray(draw(generator()), dtype))


def uniform(shape: Shape, dtype: np.dtype) -> Tensor:
    """Uniform numbers in (0, 1), whose logarithm is finite."""
    least = finfo(dtype).tiny
    most = 1 - finfo(dtype).eps / 2
    return random_array(lambda source: np.clip(source.random(shape, dtype), least, most), dtype)  # type: ignore[arg-type]


def standard_normal(shape: Shape, dtype: np.dtype) -> Tensor:
    """Numbers from the standard normal distribution."""
    return random_array(lambda source: source.standard_normal(shape, dtype), dtype)  # type: ignore[arg-type]


def clamp_probs(probs: Tensor) -> Tensor:
    """Probabilities away from 0 and 1, by the dtype's eps, so that their logarithms are finite."""
    eps = float(finfo(probs.dtype).eps)
    return probs.clamp(eps, 1 - eps)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """log p, or log (p / (1 - p)) if binary."""
    clamped = clamp_probs(probs)
    return ops.log(clamped) - ops.log1p(-clamped) if is_binary else ops.log(clamped)


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """The inverse of probs_to_logits, up to an added constant."""
    return ops.sigmoid(logits) if is_binary else ops.softmax(logits, -1)


class lazy_property(Generic[Result]):
    """A property that is computed when it is first read, and then kept."""

    def __init__(self, compute: Callable[[Any], Result]) -> None:
        self.compute = compute
        functools.update_wrapper(self, compute)  # type: ignore[arg-type]

    def __get__(self, instance: Any, owner: type | None = None) -> Result:
        if instance is None:
            return self  # type: ignore[return-value]
        with enable_grad():  # `sample` may be the first to read it
            value = instance.__dict__[self.compute.__name__] = self.compute(instance)
        return value


class Distribution:
    """A probability distribution, or a batch of them.

    Parameters
    ----------
    batch_shape : tuple of int
        The shape of the parameters: independent distributions.
    event_shape : tuple of int
        The shape of one sample of one distribution.
    validate_args : bool, optional
        Whether parameters and values are checked.  Default: True, or as `set_default_validate_args` says.

    Raises
    ------
    ValueError
        If a parameter, or a value given to a method, is not allowed, and validate_args is true.
    NotImplementedError
        By methods and properties that a distribution does not have.

    Notes
    -----
    `sample` draws without a gradient.  `rsample`, where `has_rsample` is True, draws as a function of the parameters,
    and so has their gradients.

    Examples
    --------
    Three distributions of vectors of two probabilities:

    >>> import autograd
    >>> from autograd.distributions import Dirichlet
    >>> batch = Dirichlet(autograd.ones(3, 2))
    >>> tuple(batch.batch_shape), tuple(batch.event_shape), batch.sample((5,)).shape
    ((3,), (2,), (5, 3, 2))
    """

    has_rsample = False
    has_enumerate_support = False
    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    _validate_args = __debug__
    _event_dims: ClassVar[dict[str, int]] = {}  # of each parameter, how many of its dimensions belong to one event

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether distributions check their arguments, where validate_args is left out."""
        if value not in (True, False):
            raise ValueError(f"set_default_validate_args: expects True or False, got {value!r}")
        Distribution._validate_args = value

    def __init__(self, batch_shape: Shape = (), event_shape: Shape = (), validate_args: bool | None = None) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            for name, constraint in self.arg_constraints.items():
                if constraints.is_dependent(constraint) or name not in self.__dict__:
                    continue  # not given, but computed from another parameter when it is needed
                self._refuse(f"parameter {name}", getattr(self, name), constraint)

    def _refuse(self, what: str, value: Tensor, constraint: constraints.Constraint) -> None:
        """Raise ValueError if a value is outside of the constraint."""
        right = constraint.check(value)
        if not bool(right.all()):
            wrong = value.detach().array.reshape(-1)
            if right.shape == value.shape:
                wrong = value.detach().array[~right.array]
            shown = ", ".join(f"{float(x):g}" for x in wrong[:3])
            raise ValueError(
                f"{type(self).__name__}: {what} must be {constraint.words}; {len(wrong)} of its numbers are not, "
                f"such as {shown} (validate_args=False turns this check off)"
            )

    @property
    def batch_shape(self) -> Size:
        """The shape of the batch of distributions."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one sample."""
        return self._event_shape

    @property
    def support(self) -> Any:
        """The constraint of its values."""
        return self._missing("support")

    @property
    def mean(self) -> Tensor:
        """Its mean."""
        return self._missing("mean")

    @property
    def mode(self) -> Tensor:
        """The value of the highest probability."""
        return self._missing("mode")

    @property
    def variance(self) -> Tensor:
        """Its variance."""
        return self._missing("variance")

    @property
    def stddev(self) -> Tensor:
        """Its standard deviation, the root of the variance."""
        return self.variance.sqrt()

    def _missing(self, what: str) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: this distribution has no {what}")

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        """The distribution with another batch shape, to which its own expands."""
        shape = tuple(batch_shape)
        new = type(self).__new__(type(self))
        for name, value in self.__dict__.items():
            if name in self._event_dims:
                n = self._event_dims[name]
                value = value.expand(shape + tuple(value.shape[value.ndim - n :] if n else ()))
            new.__dict__[name] = value
        for name in set(new.__dict__) - set(self._event_dims) - set(self._kept):
            del new.__dict__[name]
        new._batch_shape, new._event_shape = Size(shape), self._event_shape
        return new

    @property
    def _kept(self) -> set[str]:
        """Attributes that a copy takes over as they are."""
        return {"_validate_args", "_param", "total_count", "temperature"}

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        """Draw samples (*sample_shape, *batch_shape, *event_shape), without a gradient."""
        with no_grad():
            return self.rsample(sample_shape).detach()

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        """Draw samples as a function of the parameters, so that they have its gradient."""
        raise NotImplementedError(
            f"{type(self).__name__}: its samples are no smooth function of its parameters, so rsample has no gradient; "
            "use sample() and log_prob(), as in REINFORCE"
        )

    def sample_n(self, n: int) -> Tensor:
        """`sample((n,))`."""
        return self.sample((n,))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability, or of its density, at value: shape (*sample_shape, *batch_shape)."""
        return self._missing("log_prob")  # type: ignore[no-any-return]

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of at most value."""
        return self._missing("cdf")  # type: ignore[no-any-return]

    def icdf(self, value: Tensor) -> Tensor:
        """The quantile: where cdf is value."""
        return self._missing("icdf")  # type: ignore[no-any-return]

    def entropy(self) -> Tensor:
        """Its entropy, in nats."""
        return self._missing("entropy")  # type: ignore[no-any-return]

    def perplexity(self) -> Tensor:
        """e to the entropy."""
        return ops.exp(self.entropy())

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values of a discrete distribution, along a first dimension."""
        return self._missing("enumerate_support")  # type: ignore[no-any-return]

    def _extended_shape(self, sample_shape: Shape = ()) -> Shape:
        shape = (sample_shape,) if isinstance(sample_shape, int) else tuple(sample_shape)
        return shape + tuple(self._batch_shape) + tuple(self._event_shape)

    def _value(self, value: Any) -> Any:
        """The value as a checked tensor."""
        if not hasattr(value, "array"):
            raise ValueError(f"{type(self).__name__}: the value is a {type(value).__name__}; expects a tensor")
        if not self._validate_args:
            return value
        n = len(self._event_shape)
        if n and tuple(value.shape[value.ndim - n :]) != tuple(self._event_shape):
            raise ValueError(
                f"{type(self).__name__}: the value has shape {tuple(value.shape)}; its last dimensions must be one "
                f"event, {tuple(self._event_shape)}"
            )
        try:
            np.broadcast_shapes(tuple(value.shape), tuple(self._batch_shape) + tuple(self._event_shape))
        except ValueError:
            raise ValueError(
                f"{type(self).__name__}: shape {tuple(value.shape)} of the value does not broadcast with batch shape "
                f"{tuple(self._batch_shape)} and event shape {tuple(self._event_shape)}"
            ) from None
        self._refuse("the value", value, self.support)
        return value

    def __repr__(self) -> str:
        words = []
        for name in self.arg_constraints:
            if name in self.__dict__:
                value = self.__dict__[name]
                words.append(f"{name}: {value if getattr(value, 'numel', lambda: 1)() == 1 else tuple(value.shape)}")
        return f"{type(self).__name__}({', '.join(words)})"


def summed(value: Tensor, dims: int) -> Tensor:
    """The sum over the last dimensions."""
    return value.sum(tuple(range(-dims, 0))) if dims else value


def numbers(x: Tensor) -> Array:
    """The array of a tensor."""
    return x.detach().array


LOG_2PI = math.log(2 * math.pi)
LOG_2 = math.log(2)
EULER = 0.57721566490153286060
