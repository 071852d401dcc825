"""The methods of tensors that draw random numbers: in place, and out of place."""

# mypy: disable-error-code="misc"
# `self: Tensor` names the only subclass; mypy wants a class of its own.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import inplace
from autograd.promotion import FLOATING, finfo
from autograd.types import Array, Number

if TYPE_CHECKING:
    from autograd.generator import Generator
    from autograd.tensor import Tensor


def _functions() -> Any:
    from autograd import random  # which imports Tensor

    return random


def _source(name: str, generator: Generator | None) -> np.random.Generator:
    from autograd.generator import numpy_generator  # likewise

    return numpy_generator(name, generator)


def _check_float(name: str, tensor: Tensor) -> None:
    if not tensor.is_floating_point():
        raise TypeError(f"{name}: draws floats, which do not fit into a {tensor.dtype} tensor")


def _check_positive(name: str, what: str, number: float) -> None:
    if not number > 0:
        raise RuntimeError(f"{name}: {what} is {number}; it must be above 0")


class RandomMethods:
    """Methods that fill a tensor with random numbers, and return it.  They are not recorded.

    Numbers are drawn from `generator`, or from the default generator.  As in PyTorch, RuntimeError is raised for
    parameters that the distribution does not have.
    """

    __slots__ = ()

    def bernoulli(self: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
        """`autograd.bernoulli` of this tensor."""
        result: Tensor = _functions().bernoulli(self, p, generator=generator)
        return result

    def multinomial(
        self: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
    ) -> Tensor:
        """`autograd.multinomial` of this tensor."""
        result: Tensor = _functions().multinomial(self, num_samples, replacement, generator=generator)
        return result

    def uniform_(self: Tensor, low: Number = 0, to: Number = 1, *, generator: Generator | None = None) -> Tensor:
        """Fill with numbers drawn uniformly from [low, to)."""
        _check_float("uniform_", self)
        if not low <= to:
            raise RuntimeError(f"uniform_: expects low <= to, got {low} and {to}")
        if not abs(to - low) <= finfo(self.dtype).max:
            raise RuntimeError(f"uniform_: the range from {low} to {to} is too large for {self.dtype}")
        values = np.asarray(_source("uniform_", generator).uniform(low, to, self.shape)).astype(self.dtype)
        kind = self.dtype.type
        if low < to:  # rounding to float32 could reach `to`
            values = np.minimum(values, np.nextafter(kind(to), kind(low)))
        return inplace.write("uniform_", self, values)

    def normal_(self: Tensor, mean: float = 0, std: float = 1, *, generator: Generator | None = None) -> Tensor:
        """Fill with numbers drawn from the normal distribution."""
        _check_float("normal_", self)
        if not std >= 0:
            raise RuntimeError(f"normal_: std is {std}; it must be at least 0")
        return inplace.write("normal_", self, np.asarray(_source("normal_", generator).normal(mean, std, self.shape)))

    def log_normal_(self: Tensor, mean: float = 1, std: float = 2, *, generator: Generator | None = None) -> Tensor:
        """Fill with e^z, z drawn from the normal distribution of this mean and standard deviation."""
        _check_float("log_normal_", self)
        _check_positive("log_normal_", "std", std)
        values = _source("log_normal_", generator).lognormal(mean, std, self.shape)
        return inplace.write("log_normal_", self, np.asarray(values))

    def exponential_(self: Tensor, lambd: float = 1, *, generator: Generator | None = None) -> Tensor:
        """Fill with numbers above 0 drawn from the exponential distribution of rate lambd."""
        _check_float("exponential_", self)
        _check_positive("exponential_", "lambd", lambd)
        values = np.asarray(_source("exponential_", generator).standard_exponential(self.shape)) / lambd
        return inplace.write(
            "exponential_", self, np.maximum(values, finfo(self.dtype).tiny)
        )  # so that log(x) is finite

    def cauchy_(self: Tensor, median: float = 0, sigma: float = 1, *, generator: Generator | None = None) -> Tensor:
        """Fill with numbers drawn from the Cauchy distribution."""
        _check_float("cauchy_", self)
        _check_positive("cauchy_", "sigma", sigma)
        return inplace.write(
            "cauchy_", self, median + sigma * np.asarray(_source("cauchy_", generator).standard_cauchy(self.shape))
        )

    def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
        """Fill with the number, from 1, of the first success when each trial succeeds with probability p."""
        if self.dtype == np.bool_:
            raise TypeError("geometric_: draws integers from 1, which do not fit into a bool tensor")
        if not 0 < p < 1:
            raise RuntimeError(f"geometric_: p is {p}; it must be between 0 and 1")
        values = np.asarray(_source("geometric_", generator).geometric(p, self.shape))
        return inplace.write("geometric_", self, _clipped(values, self.dtype))

    def bernoulli_(self: Tensor, p: Tensor | float = 0.5, *, generator: Generator | None = None) -> Tensor:
        """Fill with 1 with probability p, a number or a tensor of float that broadcasts to this shape, and else 0."""
        array = getattr(p, "array", p)
        if isinstance(array, np.ndarray) and array.dtype.kind not in FLOATING:
            raise TypeError(f"bernoulli_: p must be a float, or a tensor of float, not of {array.dtype}")
        try:
            np.broadcast_to(array, self.shape)
        except ValueError:
            raise RuntimeError(
                f"bernoulli_: p of shape {np.shape(array)} does not broadcast to shape {self.shape}"
            ) from None
        values: Array = _functions().bernoulli_values("bernoulli_", self.shape, array, generator)
        return inplace.write("bernoulli_", self, values.astype(self.dtype))

    def random_(
        self: Tensor, low: int | None = None, to: int | None = None, *, generator: Generator | None = None
    ) -> Tensor:
        """Fill with integers: random_(low, to) from low to to - 1, random_(to) from 0.

        random_() draws from 0 to the dtype's maximum; for a float dtype, to 2²⁴ (float32) or 2⁵³ (float64), up to
        which it represents each integer.
        """
        kind = self.dtype.kind
        if low is not None and to is None:
            low, to = 0, low
        if to is None:
            last = (
                1
                if kind == "b"
                else 2 ** (finfo(self.dtype).nmant + 1)
                if kind in FLOATING
                else np.iinfo(self.dtype).max
            )
            to = int(last) + 1
        values: Array = _functions()._integers("random_", low or 0, to, self.shape, self.dtype, generator)
        return inplace.write("random_", self, values)


def _clipped(values: Array, dtype: np.dtype) -> Array:
    return values if dtype.kind in FLOATING else np.minimum(values, np.iinfo(dtype).max).astype(dtype)
