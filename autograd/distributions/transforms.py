"""Invertible functions of random numbers: `torch.distributions.transforms`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import ops
from autograd.distributions import constraints
from autograd.distributions.distribution import LOG_2, numbers, summed
from autograd.promotion import finfo
from autograd.types import Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor


class Transform:
    """An invertible function y = f(x), with the logarithm of its derivative.

    Parameters
    ----------
    cache_size : int
        1 keeps the last x and y, so that the inverse of y returns x itself.  0 keeps none.

    Attributes
    ----------
    bijective : bool
        Whether each y has one x.
    sign : int or Tensor
        1 where f rises, -1 where it falls.
    domain, codomain : constraint
        Of x and y.  Their `event_dim` is the number of dimensions that belong together.

    Raises
    ------
    ValueError
        If cache_size is neither 0 nor 1.
    NotImplementedError
        By what a subclass does not define.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions.transforms import Transform
    >>> class Doubled(Transform):
    ...     sign = 1
    ...     def _call(self, x):
    ...         return 2 * x
    ...     def _inverse(self, y):
    ...         return y / 2
    >>> Doubled()(autograd.tensor(3.0)), Doubled().inv(autograd.tensor(3.0))
    (tensor(6.), tensor(1.5000))
    """

    bijective = True
    domain: constraints.Constraint = constraints.real
    codomain: constraints.Constraint = constraints.real

    def __init__(self, cache_size: int = 0) -> None:
        if cache_size not in (0, 1):
            raise ValueError(f"{type(self).__name__}: cache_size is {cache_size}; it must be 0 or 1")
        self._cache_size = cache_size
        self._cached: tuple[Any, Any] = (None, None)

    @property
    def sign(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: the sign of its derivative is not known")

    @property
    def inv(self) -> Transform:
        """The inverse function."""
        return _Inverse(self)

    def __call__(self, x: Tensor) -> Tensor:
        if self._cache_size and self._cached[0] is x:
            return self._cached[1]  # type: ignore[no-any-return]
        y = self._call(x)
        if self._cache_size:
            self._cached = (x, y)
        return y

    def _inv_call(self, y: Tensor) -> Tensor:
        if self._cache_size and self._cached[1] is y:
            return self._cached[0]  # type: ignore[no-any-return]
        x = self._inverse(y)
        if self._cache_size:
            self._cached = (x, y)
        return x

    def _call(self, x: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__}: a transform defines _call(x)")

    def _inverse(self, y: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__}: this transform has no inverse")

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """log |dy/dx|, for vectors of the determinant."""
        raise NotImplementedError(f"{type(self).__name__}: this transform has no log_abs_det_jacobian")

    def forward_shape(self, shape: Shape) -> Shape:
        """The shape of y."""
        return tuple(shape)

    def inverse_shape(self, shape: Shape) -> Shape:
        """The shape of x."""
        return tuple(shape)

    def __eq__(self, other: object) -> bool:
        return self is other or (type(self) is type(other) and not self._parameters() and isinstance(other, Transform))

    def _parameters(self) -> list[str]:
        return [name for name in self.__dict__ if not name.startswith("_")]

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class _Inverse(Transform):
    def __init__(self, transform: Transform) -> None:
        super().__init__()
        self._inv = transform
        self.domain, self.codomain = transform.codomain, transform.domain
        self.bijective = transform.bijective

    @property
    def sign(self) -> Any:
        return self._inv.sign

    @property
    def inv(self) -> Transform:
        return self._inv

    def __call__(self, x: Tensor) -> Tensor:
        return self._inv._inv_call(x)

    def _inv_call(self, y: Tensor) -> Tensor:
        return self._inv(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -self._inv.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape: Shape) -> Shape:
        return self._inv.inverse_shape(shape)

    def inverse_shape(self, shape: Shape) -> Shape:
        return self._inv.forward_shape(shape)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Inverse) and self._inv == other._inv

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"{type(self._inv).__name__}().inv"


class ComposeTransform(Transform):
    """Several transforms, one after the other.

    Parameters
    ----------
    parts : list of Transform
        The first is applied first.
    cache_size : int
        1 keeps the last x and y, so that the inverse of y returns x itself.  0 keeps none.

    Raises
    ------
    ValueError
        If cache_size is neither 0 nor 1.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import AffineTransform, ComposeTransform, ExpTransform
    >>> f = ComposeTransform([ExpTransform(), AffineTransform(0.0, 2.0)])
    >>> f(autograd.tensor(0.0)), f.inv(autograd.tensor(2.0))
    (tensor(2.), tensor(0.))
    """

    def __init__(self, parts: Sequence[Transform], cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.parts = list(parts)
        self.bijective = all(part.bijective for part in self.parts)
        if self.parts:
            self.domain, self.codomain = self.parts[0].domain, self.parts[-1].codomain

    @property
    def sign(self) -> Any:
        return math.prod(part.sign for part in self.parts)

    def _call(self, x: Tensor) -> Tensor:
        for part in self.parts:
            x = part(x)
        return x

    def _inverse(self, y: Tensor) -> Tensor:
        for part in reversed(self.parts):
            y = part._inv_call(y)
        return y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        event = max([p.domain.event_dim for p in self.parts] + [p.codomain.event_dim for p in self.parts], default=0)
        total: Any = None
        for part in self.parts:
            after = part(x)
            term = part.log_abs_det_jacobian(x, after)
            term = summed(term, event - max(part.domain.event_dim, part.codomain.event_dim))
            total, x = term if total is None else total + term, after
        return x * 0 if total is None else total

    def forward_shape(self, shape: Shape) -> Shape:
        for part in self.parts:
            shape = part.forward_shape(shape)
        return tuple(shape)

    def inverse_shape(self, shape: Shape) -> Shape:
        for part in reversed(self.parts):
            shape = part.inverse_shape(shape)
        return tuple(shape)

    def __repr__(self) -> str:
        return f"ComposeTransform({self.parts})"


class IndependentTransform(Transform):
    """A transform whose last dimensions belong to one event: log_abs_det_jacobian is summed over them.

    Parameters
    ----------
    base_transform : Transform
    reinterpreted_batch_ndims : int
        Number of the last dimensions that become part of the event.
    cache_size : int
        1 keeps the last x and y, so that the inverse of y returns x itself.  0 keeps none.

    Raises
    ------
    ValueError
        If cache_size is neither 0 nor 1.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import ExpTransform, IndependentTransform
    >>> f, x = IndependentTransform(ExpTransform(), 1), autograd.tensor([1.0, 2.0])
    >>> f.log_abs_det_jacobian(x, f(x))
    tensor(3.)
    """

    def __init__(self, base_transform: Transform, reinterpreted_batch_ndims: int, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.base_transform, self.reinterpreted_batch_ndims = base_transform, reinterpreted_batch_ndims
        self.domain = constraints.independent(base_transform.domain, reinterpreted_batch_ndims)
        self.codomain = constraints.independent(base_transform.codomain, reinterpreted_batch_ndims)
        self.bijective = base_transform.bijective

    @property
    def sign(self) -> Any:
        return self.base_transform.sign

    def _call(self, x: Tensor) -> Tensor:
        return self.base_transform(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return self.base_transform._inv_call(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return summed(self.base_transform.log_abs_det_jacobian(x, y), self.reinterpreted_batch_ndims)


class AffineTransform(Transform):
    """y = loc + scale x.

    Parameters
    ----------
    loc, scale : Tensor or number, any shapes that broadcast
    event_dim : int
        Number of the last dimensions that belong to one event.
    cache_size : int
        1 keeps the last x and y, so that the inverse of y returns x itself.  0 keeps none.

    Raises
    ------
    ValueError
        If cache_size is neither 0 nor 1.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import AffineTransform
    >>> f = AffineTransform(1.0, 2.0)
    >>> f(autograd.tensor([0.0, 1.0])), f.inv(autograd.tensor([1.0, 3.0]))
    (tensor([1., 3.]), tensor([0., 1.]))
    """

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.loc, self.scale, self._event_dim = loc, scale, event_dim
        self.domain = self.codomain = (
            constraints.independent(constraints.real, event_dim) if event_dim else constraints.real
        )

    @property
    def event_dim(self) -> int:
        return self._event_dim

    @property
    def sign(self) -> Any:
        return self.scale.sign() if hasattr(self.scale, "array") else int(np.sign(self.scale))

    def _call(self, x: Tensor) -> Tensor:
        return self.loc + self.scale * x

    def _inverse(self, y: Tensor) -> Tensor:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        size = self.scale.abs().log() if hasattr(self.scale, "array") else math.log(abs(self.scale))
        return summed(x.detach() * 0 + size, self._event_dim)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AffineTransform):
            return False
        pairs = ((self.loc, other.loc), (self.scale, other.scale))
        return all(bool(np.all(_plain(a) == _plain(b))) for a, b in pairs)

    __hash__ = object.__hash__


def _plain(x: Any) -> Any:
    return numbers(x) if hasattr(x, "array") else x


class ExpTransform(Transform):
    """y = exp x.

    Parameters
    ----------
    cache_size : int
        1 keeps the last x and y, so that the inverse of y returns x itself.  0 keeps none.

    Raises
    ------
    ValueError
        If cache_size is neither 0 nor 1.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import ExpTransform
    >>> f = ExpTransform()
    >>> f(autograd.tensor(0.0)), f.inv(autograd.tensor(1.0))
    (tensor(1.), tensor(0.))
    """

    codomain = constraints.positive
    sign = 1

    def _call(self, x: Tensor) -> Tensor:
        return x.exp()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return x


class PowerTransform(Transform):
    """y = x to the power `exponent`, for positive x.

    Parameters
    ----------
    exponent : Tensor or number, of a shape that broadcasts
        Not 0.
    cache_size : int
        1 keeps the last x and y, so that the inverse of y returns x itself.  0 keeps none.

    Raises
    ------
    ValueError
        If cache_size is neither 0 nor 1.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import PowerTransform
    >>> f = PowerTransform(2.0)
    >>> f(autograd.tensor(3.0)), f.inv(autograd.tensor(9.0))
    (tensor(9.), tensor(3.))
    """

    domain = codomain = constraints.positive

    def __init__(self, exponent: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.exponent = exponent

    @property
    def sign(self) -> Any:
        return self.exponent.sign() if hasattr(self.exponent, "array") else int(np.sign(self.exponent))

    def _call(self, x: Tensor) -> Tensor:
        return x**self.exponent

    def _inverse(self, y: Tensor) -> Tensor:
        return y ** (1 / self.exponent)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return (self.exponent * y / x).abs().log()


class SigmoidTransform(Transform):
    """y = 1 / (1 + exp(-x)).

    Parameters
    ----------
    cache_size : int
        1 keeps the last x and y, so that the inverse of y returns x itself.  0 keeps none.

    Raises
    ------
    ValueError
        If cache_size is neither 0 nor 1.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import SigmoidTransform
    >>> SigmoidTransform()(autograd.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
    """

    codomain = constraints.unit_interval
    sign = 1

    def _call(self, x: Tensor) -> Tensor:
        least = float(finfo(x.dtype).tiny)
        return ops.sigmoid(x).clamp(least, 1 - float(finfo(x.dtype).eps))

    def _inverse(self, y: Tensor) -> Tensor:
        least = float(finfo(y.dtype).tiny)
        y = y.clamp(least, 1 - float(finfo(y.dtype).eps))
        return y.log() - ops.log1p(-y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -_softplus(-x) - _softplus(x)


class SoftplusTransform(Transform):
    """y = log(1 + exp x).

    Parameters
    ----------
    cache_size : int
        1 keeps the last x and y, so that the inverse of y returns x itself.  0 keeps none.

    Raises
    ------
    ValueError
        If cache_size is neither 0 nor 1.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import SoftplusTransform
    >>> SoftplusTransform()(autograd.tensor([0.0, 10.0]))
    tensor([ 0.6931, 10.0000])
    """

    codomain = constraints.positive
    sign = 1

    def _call(self, x: Tensor) -> Tensor:
        return _softplus(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return (-ops.expm1(-y)).log() + y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -_softplus(-x)


class TanhTransform(Transform):
    """y = tanh x.

    `log_abs_det_jacobian` is computed as 2 (log 2 - x - softplus(-2 x)), which is accurate for large x.

    Parameters
    ----------
    cache_size : int
        1 keeps the last x and y, so that the inverse of y returns x itself.  0 keeps none.

    Raises
    ------
    ValueError
        If cache_size is neither 0 nor 1.

    Examples
    --------
    y is 1 in float32, and yet the logarithm of its derivative 1 - y² is known:

    >>> import autograd
    >>> from autograd.distributions import TanhTransform
    >>> f, x = TanhTransform(), autograd.tensor(10.0)
    >>> f(x), f.log_abs_det_jacobian(x, f(x))
    (tensor(1.), tensor(-18.6137))
    """

    codomain = constraints.interval(-1.0, 1.0)
    sign = 1

    def _call(self, x: Tensor) -> Tensor:
        return ops.tanh(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return 0.5 * (ops.log1p(y) - ops.log1p(-y))

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return 2.0 * (LOG_2 - x - _softplus(-2.0 * x))


class AbsTransform(Transform):
    """y = |x|, which has two inverses; x = y is the one that is used.

    Parameters
    ----------
    cache_size : int
        1 keeps the last x and y, so that the inverse of y returns x itself.  0 keeps none.

    Raises
    ------
    ValueError
        If cache_size is neither 0 nor 1.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import AbsTransform
    >>> AbsTransform()(autograd.tensor([-2.0, 2.0]))
    tensor([2., 2.])
    """

    codomain = constraints.positive
    bijective = False

    def _call(self, x: Tensor) -> Tensor:
        return x.abs()

    def _inverse(self, y: Tensor) -> Tensor:
        return y


class SoftmaxTransform(Transform):
    """y = softmax x over the last dimension; log y is the inverse that is used.

    Parameters
    ----------
    cache_size : int
        1 keeps the last x and y, so that the inverse of y returns x itself.  0 keeps none.

    Raises
    ------
    ValueError
        If cache_size is neither 0 nor 1.

    Examples
    --------
    >>> import autograd
    >>> from autograd.distributions import SoftmaxTransform
    >>> SoftmaxTransform()(autograd.tensor([0.0, 0.0]))
    tensor([0.5000, 0.5000])
    """

    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = False

    def _call(self, x: Tensor) -> Tensor:
        return ops.softmax(x, -1)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()


def _softplus(x: Tensor) -> Tensor:
    return x.clamp(min=0) + ops.log1p((-x.abs()).exp())


identity_transform = ComposeTransform([])
