"""Random numbers: one generator for the process, seeded and saved as in PyTorch."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from autograd.creation import checked_sizes
from autograd.devices import Device, check_device
from autograd.kernels.threads import hold_during_fork
from autograd.promotion import get_default_dtype
from autograd.tensor import Tensor, wrap
from autograd.type_methods import given
from autograd.types import DTypeLike, Shape, Sizes

_generator = np.random.Generator(np.random.PCG64())
hold_during_fork(_generator.bit_generator.lock)  # which NumPy holds while it draws


def manual_seed(seed: int) -> None:
    """Seed the generator, so that each run draws the same numbers."""
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"manual_seed: the seed must be an integer of at least 0, not {seed!r}")
    _generator.bit_generator.state = np.random.PCG64(seed).state


def get_rng_state() -> Tensor:
    """The generator's state as a uint8 tensor, for `set_rng_state` and checkpoints."""
    return wrap(np.frombuffer(json.dumps(_generator.bit_generator.state).encode(), np.uint8).copy())


def set_rng_state(state: Tensor) -> None:
    """Restore a state that `get_rng_state` returned.

    Raises
    ------
    ValueError
        If it is not such a state.  The generator is then unchanged.
    """
    trial = np.random.PCG64()
    try:
        wanted = json.loads(np.asarray(state, np.uint8).tobytes())
        trial.state = wanted
        if trial.state != wanted:
            raise ValueError("its numbers are out of range")
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise ValueError(f"set_rng_state: this tensor is not a state of get_rng_state ({error})") from None
    _generator.bit_generator.state = trial.state


def generator() -> np.random.Generator:
    """The NumPy generator that all random functions draw from."""
    return _generator


def _float(dtype: DTypeLike | None) -> np.dtype:
    return get_default_dtype() if dtype is None else np.dtype(dtype)


def rand(
    *shape: Sizes,
    size: Sizes | None = None,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
) -> Tensor:
    """Uniform numbers in [0, 1)."""
    check_device("rand", device)
    sizes = checked_sizes("rand", given(shape, size))
    return wrap(np.asarray(_generator.random(sizes, dtype=_float(dtype))), requires_grad)  # type: ignore[arg-type]


def randn(
    *shape: Sizes,
    size: Sizes | None = None,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
) -> Tensor:
    """Numbers from the standard normal distribution."""
    check_device("randn", device)
    sizes = checked_sizes("randn", given(shape, size))
    return wrap(np.asarray(_generator.standard_normal(sizes, dtype=_float(dtype))), requires_grad)  # type: ignore[arg-type]


def rand_like(
    input: Tensor, dtype: DTypeLike | None = None, requires_grad: bool = False, device: Device = None
) -> Tensor:
    """Uniform numbers in [0, 1), of the input's shape and dtype."""
    return rand(*input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad, device=device)


def randn_like(
    input: Tensor, dtype: DTypeLike | None = None, requires_grad: bool = False, device: Device = None
) -> Tensor:
    """Numbers from the standard normal distribution, of the input's shape and dtype."""
    return randn(*input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad, device=device)


def randint(
    low: int, high: Any, size: Shape | None = None, dtype: DTypeLike | None = None, device: Device = None
) -> Tensor:
    """Integers from low to high - 1, int64 unless `dtype` is given; randint(high, size) starts at 0."""
    check_device("randint", device)
    if size is None:
        low, high, size = 0, low, high
    if low >= high:
        raise ValueError(f"randint: low is {low} and high is {high}; low must be less than high")
    return wrap(
        np.asarray(_generator.integers(low, high, checked_sizes("randint", (size,)))).astype(
            np.int64 if dtype is None else dtype
        )
    )


def randperm(n: int, device: Device = None) -> Tensor:
    """The integers from 0 to n - 1 in random order."""
    check_device("randperm", device)
    (n,) = checked_sizes("randperm", (n,))
    return wrap(_generator.permutation(n))
