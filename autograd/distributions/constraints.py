"""Which values a parameter or a sample may have: `torch.distributions.constraints`.

A constraint's `check(value)` is a bool tensor of the value's shape, without the dimensions of one event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.tensor import wrap

if TYPE_CHECKING:
    from autograd.tensor import Tensor


class Constraint:
    """A set of values.

    Attributes
    ----------
    event_dim : int
        Number of dimensions that are checked together: 1 for a vector of probabilities.
    is_discrete : bool
        Whether the values are separate numbers.
    words : str
        What a value must be, for messages.

    Raises
    ------
    NotImplementedError
        By `check`, which a subclass defines.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import constraints
    >>> class Even(constraints.Constraint):
    ...     words = "even"
    ...     def check(self, value):
    ...         return value % 2 == 0
    >>> Even().check(autograd.tensor([1, 2]))
    tensor([False,  True])
    """

    event_dim = 0
    is_discrete = False
    words = "of the right kind"

    def check(self, value: Tensor) -> Tensor:
        """Whether the values belong to the set, for each event."""
        raise NotImplementedError(f"{type(self).__name__}: a constraint defines check(value)")

    def __repr__(self) -> str:
        return f"{type(self).__name__.lstrip('_')}()"


class _Dependent(Constraint):
    words = "of the kind that depends on other parameters"

    def check(self, value: Tensor) -> Tensor:
        raise ValueError("constraints.dependent: what is allowed depends on other parameters, so it cannot be checked")


class _Real(Constraint):
    words = "a real number, not NaN"

    def check(self, value: Tensor) -> Tensor:
        return value == value


class _Boolean(Constraint):
    is_discrete = True
    words = "0 or 1"

    def check(self, value: Tensor) -> Tensor:
        return (value == 0) | (value == 1)


class _GreaterThan(Constraint):
    """Numbers greater than a bound.

    Parameters
    ----------
    lower_bound : Tensor or number, of a shape that broadcasts with the values

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import constraints
    >>> constraints.greater_than(0.0).check(autograd.tensor([0.0, 0.5]))
    tensor([False,  True])
    """

    def __init__(self, lower_bound: Any) -> None:
        self.lower_bound, self.words = lower_bound, f"greater than {_shown(lower_bound)}"

    def check(self, value: Tensor) -> Tensor:
        return value > self.lower_bound


class _GreaterThanEq(Constraint):
    """Numbers that are at least a bound.

    Parameters
    ----------
    lower_bound : Tensor or number, of a shape that broadcasts with the values

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import constraints
    >>> constraints.greater_than_eq(0.0).check(autograd.tensor([0.0, -0.5]))
    tensor([ True, False])
    """

    def __init__(self, lower_bound: Any) -> None:
        self.lower_bound, self.words = lower_bound, f"at least {_shown(lower_bound)}"

    def check(self, value: Tensor) -> Tensor:
        return value >= self.lower_bound


class _LessThan(Constraint):
    """Numbers less than a bound.

    Parameters
    ----------
    upper_bound : Tensor or number, of a shape that broadcasts with the values

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import constraints
    >>> constraints.less_than(1.0).check(autograd.tensor([0.5, 1.0]))
    tensor([ True, False])
    """

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound, self.words = upper_bound, f"less than {_shown(upper_bound)}"

    def check(self, value: Tensor) -> Tensor:
        return value < self.upper_bound


class _Interval(Constraint):
    """Numbers from lower_bound to upper_bound, both included.

    Parameters
    ----------
    lower_bound, upper_bound : Tensor or number, of a shape that broadcasts with the values

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import constraints
    >>> constraints.interval(0.0, 1.0).check(autograd.tensor([0.0, 1.0, 1.5]))
    tensor([ True,  True, False])
    """

    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        self.lower_bound, self.upper_bound = lower_bound, upper_bound
        self.words = f"from {_shown(lower_bound)} to {_shown(upper_bound)}"

    def check(self, value: Tensor) -> Tensor:
        return (value >= self.lower_bound) & (value <= self.upper_bound)


class _HalfOpenInterval(_Interval):
    """Numbers from lower_bound, included, to upper_bound, excluded.

    Parameters
    ----------
    lower_bound, upper_bound : Tensor or number, of a shape that broadcasts with the values

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import constraints
    >>> constraints.half_open_interval(0.0, 1.0).check(autograd.tensor([0.0, 1.0]))
    tensor([ True, False])
    """

    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        super().__init__(lower_bound, upper_bound)
        self.words = f"at least {_shown(lower_bound)} and less than {_shown(upper_bound)}"

    def check(self, value: Tensor) -> Tensor:
        return (value >= self.lower_bound) & (value < self.upper_bound)


class _IntegerInterval(_Interval):
    """Whole numbers from lower_bound to upper_bound, both included.

    Parameters
    ----------
    lower_bound, upper_bound : Tensor or number, of a shape that broadcasts with the values

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import constraints
    >>> constraints.integer_interval(0, 2).check(autograd.tensor([0.0, 0.5, 2.0, 3.0]))
    tensor([ True, False,  True, False])
    """

    is_discrete = True

    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        super().__init__(lower_bound, upper_bound)
        self.words = "a whole number " + self.words

    def check(self, value: Tensor) -> Tensor:
        return (value % 1 == 0) & (value >= self.lower_bound) & (value <= self.upper_bound)


class _IntegerGreaterThan(Constraint):
    is_discrete = True

    def __init__(self, lower_bound: Any) -> None:
        self.lower_bound, self.words = lower_bound, f"a whole number of at least {_shown(lower_bound)}"

    def check(self, value: Tensor) -> Tensor:
        return (value % 1 == 0) & (value >= self.lower_bound)


class _Simplex(Constraint):
    event_dim = 1
    words = "at least 0, with a sum of 1 over the last dimension"

    def check(self, value: Tensor) -> Tensor:
        return (value >= 0).all(-1) & ((value.sum(-1) - 1).abs() < 1e-6)


class _OneHot(Constraint):
    event_dim = 1
    is_discrete = True
    words = "0, with a single 1 in the last dimension"

    def check(self, value: Tensor) -> Tensor:
        return ((value == 0) | (value == 1)).all(-1) & (value.sum(-1) == 1)


class _Multinomial(Constraint):
    """Vectors of numbers of at least 0, whose sum is at most a bound.

    Parameters
    ----------
    upper_bound : Tensor or number, of a shape that broadcasts with the sums
        The number of draws.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import constraints
    >>> constraints.multinomial(3).check(autograd.tensor([[1.0, 2.0], [2.0, 2.0]]))
    tensor([ True, False])
    """

    event_dim = 1
    is_discrete = True

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound, self.words = upper_bound, f"at least 0, with a sum of {_shown(upper_bound)}"

    def check(self, value: Tensor) -> Tensor:
        return (value >= 0).all(-1) & (value.sum(-1) <= self.upper_bound)


class _LowerCholesky(Constraint):
    event_dim = 2
    words = "a lower triangular matrix with a positive diagonal"

    def check(self, value: Tensor) -> Tensor:
        x = value.detach().array
        lower = (np.tril(x) == x).all(axis=(-1, -2))
        return wrap(np.asarray(lower & (np.diagonal(x, axis1=-2, axis2=-1) > 0).all(-1)))


class _PositiveDefinite(Constraint):
    event_dim = 2
    words = "a symmetric positive-definite matrix"

    def check(self, value: Tensor) -> Tensor:
        x = value.detach().array
        like = np.isclose(x, np.swapaxes(x, -1, -2), atol=1e-6).all(axis=(-1, -2))
        return wrap(np.asarray(like & (np.linalg.eigvalsh(np.where(np.isfinite(x), x, 0)) > 0).all(-1)))


class independent(Constraint):
    """The constraint `base_constraint` for all elements of the last dimensions of an event together.

    Parameters
    ----------
    base_constraint : Constraint
    reinterpreted_batch_ndims : int
        Number of these dimensions.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import constraints
    >>> constraints.independent(constraints.positive, 1).check(autograd.tensor([[1.0, 2.0], [1.0, -1.0]]))
    tensor([ True, False])
    """

    def __init__(self, base_constraint: Constraint, reinterpreted_batch_ndims: int) -> None:
        self.base_constraint, self.reinterpreted_batch_ndims = base_constraint, reinterpreted_batch_ndims
        self.event_dim = base_constraint.event_dim + reinterpreted_batch_ndims
        self.is_discrete, self.words = base_constraint.is_discrete, base_constraint.words

    def check(self, value: Tensor) -> Tensor:
        result = self.base_constraint.check(value)
        n = self.reinterpreted_batch_ndims
        return result.reshape((*result.shape[: result.ndim - n], -1)).all(-1) if n else result


def _shown(bound: Any) -> str:
    return "the lower bound" if getattr(bound, "ndim", 0) else f"{float(bound):g}"


def is_dependent(constraint: object) -> bool:
    """Whether a constraint depends on other parameters, and so cannot be checked alone.

    Parameters
    ----------
    constraint : object
        A constraint.

    Returns
    -------
    bool

    Examples
    --------
    The upper bound of `Uniform` must be above the lower one:

    >>> from autograd.distributions import Uniform, constraints
    >>> constraints.is_dependent(Uniform.arg_constraints["high"])
    True
    >>> constraints.is_dependent(constraints.positive)
    False
    """
    return isinstance(constraint, _Dependent)


dependent = _Dependent()
boolean = _Boolean()
real = _Real()
real_vector = independent(real, 1)
positive = _GreaterThan(0.0)
nonnegative = _GreaterThanEq(0.0)
nonnegative_integer = _IntegerGreaterThan(0)
positive_integer = _IntegerGreaterThan(1)
unit_interval = _Interval(0.0, 1.0)
simplex = _Simplex()
one_hot = _OneHot()
lower_cholesky = _LowerCholesky()
positive_definite = _PositiveDefinite()
greater_than = _GreaterThan
greater_than_eq = _GreaterThanEq
less_than = _LessThan
interval = _Interval
half_open_interval = _HalfOpenInterval
integer_interval = _IntegerInterval
multinomial = _Multinomial
