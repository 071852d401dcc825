"""Random numbers: one generator for the process, seeded and saved like PyTorch's."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from autograd.devices import check_device
from autograd.kernels.threads import hold_during_fork
from autograd.ops import sizes_of
from autograd.promotion import get_default_dtype
from autograd.tensor import Tensor

_generator = np.random.Generator(np.random.PCG64())
hold_during_fork(_generator.bit_generator.lock)  # NumPy takes it to draw


def manual_seed(seed: int) -> None:
    """Start the generator from a seed: what is drawn after it is the same in every run."""
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"manual_seed: a seed is a whole number, at least 0, not {seed!r}")
    _generator.bit_generator.state = np.random.PCG64(seed).state


def get_rng_state() -> Tensor:
    """The generator's state, as a uint8 tensor for `set_rng_state` and for checkpoints."""
    return Tensor(np.frombuffer(json.dumps(_generator.bit_generator.state).encode(), np.uint8).copy())


def set_rng_state(state: Tensor) -> None:
    """Continue from a state of `get_rng_state`.

    Raises
    ------
    ValueError
        If it is not such a state; the generator stays as it was.
    """
    trial = np.random.PCG64()
    try:
        wanted = json.loads(np.asarray(state, np.uint8).tobytes())
        trial.state = wanted
        if trial.state != wanted:
            raise ValueError("its numbers are out of range")
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise ValueError(f"set_rng_state: this tensor is no state of get_rng_state ({error})") from None
    _generator.bit_generator.state = trial.state


def generator() -> np.random.Generator:
    """The NumPy generator that all random functions here draw from."""
    return _generator


def _float(dtype: Any) -> np.dtype:
    return get_default_dtype() if dtype is None else np.dtype(dtype)


def rand(*size: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """Uniform numbers in [0, 1)."""
    check_device("rand", device)
    return Tensor(np.asarray(_generator.random(sizes_of(size), dtype=_float(dtype))), requires_grad)  # type: ignore[arg-type]


def randn(*size: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """Normal numbers of mean 0 and standard deviation 1."""
    check_device("randn", device)
    return Tensor(np.asarray(_generator.standard_normal(sizes_of(size), dtype=_float(dtype))), requires_grad)  # type: ignore[arg-type]


def rand_like(input: Tensor, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """Uniform numbers in [0, 1), of the input's shape and dtype."""
    return rand(*input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad, device=device)


def randn_like(input: Tensor, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """Normal numbers of mean 0 and standard deviation 1, of the input's shape and dtype."""
    return randn(*input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad, device=device)


def randint(low: int, high: Any, size: tuple[int, ...] | None = None, dtype: Any = None, device: Any = None) -> Tensor:
    """Integers from low to high - 1, int64 or of another dtype; randint(high, size) starts at 0."""
    check_device("randint", device)
    if size is None:
        low, high, size = 0, low, high
    if low >= high:
        raise ValueError(f"randint: there is no integer from {low} to {high} - 1; low must be less than high")
    return Tensor(np.asarray(_generator.integers(low, high, size)).astype(np.int64 if dtype is None else dtype))


def randperm(n: int, device: Any = None) -> Tensor:
    """The integers from 0 to n - 1, shuffled."""
    check_device("randperm", device)
    return Tensor(_generator.permutation(n))
