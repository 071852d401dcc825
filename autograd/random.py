"""Functions that draw random numbers.

All draw from a `Generator`: the one given as `generator=`, or `default_generator`, which `manual_seed` seeds.
In-place methods that draw, such as `x.normal_()`, are in `autograd/random_methods.py`.
"""

from __future__ import annotations

import contextlib
import math
import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.creation import checked_sizes
from autograd.devices import Device, check_device
from autograd.generator import Generator as Generator, default_generator as default_generator, numpy_generator
from autograd.ops.attached import attached
from autograd.ops.shared.checks import check_float, run_broadcast
from autograd.promotion import HALVES, check_fits, computing_dtype, finfo, get_default_dtype, real_of
from autograd.tensor import Tensor, wrap
from autograd.type_methods import given
from autograd.types import Array, DTypeLike, Shape, Sizes

# ── seeds and states ──


def manual_seed(seed: int) -> Generator:
    """Seed the default generator, so that each run draws the same numbers.  Returns the generator.

    A negative seed, from -2⁶³, stands for seed + 2⁶⁴.

    Parameters
    ----------
    seed : int
        At least -2⁶³.  A negative one counts from 2⁶⁴ down.

    Returns
    -------
    Generator: the default generator

    Examples
    --------
    >>> import autograd
    >>> _ = autograd.manual_seed(1)
    >>> first = autograd.rand(2)
    >>> _ = autograd.manual_seed(1)
    >>> bool((autograd.rand(2) == first).all())
    True
    """
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Seed the default generator with a random number from the system.  Returns the seed.

    Returns
    -------
    int
        From 0 to 2⁶⁴ - 1.  `manual_seed` with it repeats the run.

    Examples
    --------
    >>> import autograd
    >>> n = autograd.seed()
    >>> x = autograd.rand(3)
    >>> _ = autograd.manual_seed(n)
    >>> autograd.equal(autograd.rand(3), x)
    True
    """
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that the default generator was last given.

    Returns
    -------
    int

    Examples
    --------
    >>> import autograd
    >>> _ = autograd.manual_seed(5)
    >>> autograd.initial_seed()
    5
    """
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The default generator's state as a uint8 tensor, for `set_rng_state` and checkpoints.

    Returns
    -------
    Tensor of uint8, of one dimension

    Examples
    --------
    >>> import autograd
    >>> state = autograd.get_rng_state()
    >>> x = autograd.rand(3)
    >>> autograd.set_rng_state(state)
    >>> autograd.equal(autograd.rand(3), x)
    True
    """
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Restore a state that `get_rng_state` returned.

    Parameters
    ----------
    new_state : Tensor of uint8, of one dimension

    Raises
    ------
    ValueError
        If it is not such a state.  The generator is then unchanged.

    Examples
    --------
    >>> import autograd
    >>> state = autograd.get_rng_state()
    >>> x = autograd.randperm(10)
    >>> autograd.set_rng_state(state)
    >>> autograd.equal(autograd.randperm(10), x)
    True
    """
    default_generator._restore("set_rng_state", "get_rng_state", new_state)


@contextlib.contextmanager
def fork_rng(
    devices: Iterable[Device] | None = None,
    enabled: bool = True,
    _caller: str = "fork_rng",
    _devices_kw: str = "devices",
    device_type: str = "cpu",
) -> Iterator[None]:
    """What is drawn in this context does not change the default generator: it goes on from where it was before.

    Parameters
    ----------
    devices, device_type
        For compatibility with PyTorch.  They have no effect, since the CPU is the only device.
    enabled : bool
        If False, the context does nothing.

    Returns
    -------
    context

    Examples
    --------
    >>> import autograd
    >>> state = autograd.get_rng_state()
    >>> with autograd.random.fork_rng():
    ...     x = autograd.rand(1000)
    >>> autograd.equal(autograd.get_rng_state(), state)
    True
    """
    state = default_generator.get_state()
    try:
        yield
    finally:
        if enabled:
            default_generator.set_state(state)


def generator() -> np.random.Generator:
    """The NumPy generator that all functions draw from by default.

    Returns
    -------
    numpy.random.Generator
        What is drawn from it changes what the random functions draw next.

    Examples
    --------
    >>> import autograd
    >>> _ = autograd.manual_seed(1)
    >>> x = autograd.random.generator().random()
    >>> _ = autograd.manual_seed(1)
    >>> x == autograd.rand(1, dtype=autograd.float64).item()
    True
    """
    return default_generator.numpy


# ── new tensors ──


def _check_place(name: str, device: Device, layout: Any) -> None:
    check_device(name, device)
    if layout is not None and "strided" not in str(layout):
        raise ValueError(f"{name}: layout is {layout}; all tensors are strided")


def _float(name: str, dtype: DTypeLike | None) -> Any:
    wanted = get_default_dtype() if dtype is None else np.dtype(dtype)
    if wanted not in (np.float32, np.float64, *HALVES):
        raise TypeError(f"{name}: draws floats, which do not fit into a {wanted} tensor; the dtype must be a float")
    return wanted


def _drawn(
    name: str,
    draw: Callable[..., Any],
    shape: Shape,
    dtype: DTypeLike | None,
    scale: float,
    truncated: bool = False,
) -> Array:
    """Floats of the dtype; for a complex dtype, both parts are drawn and multiplied by the scale.

    Half floats are truncated on demand, because numbers just below 1 would be rounded to 1.
    """
    wanted = get_default_dtype() if dtype is None else np.dtype(dtype)
    if wanted.kind == "c":
        parts = draw((*shape, 2), dtype=real_of(wanted))
        parts *= scale
        return np.asarray(parts.view(wanted)[..., 0])
    values = draw(shape, dtype=computing_dtype(_float(name, wanted)))
    if truncated and wanted in HALVES:
        steps = 2.0 ** (finfo(wanted).nmant + 1)
        values = np.floor(values * steps) / steps
    return np.asarray(values, wanted)


def rand(
    *sizes: Sizes,
    size: Sizes | None = None,
    generator: Generator | None = None,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """Uniform numbers in [0, 1).  The size is given as rand(2, 3), rand((2, 3)) or rand(size=(2, 3)).

    Parameters
    ----------
    *sizes : int
        The shape; a tuple or a list of sizes is taken, too.
    size : tuple of int, optional
        The shape, by keyword.
    generator : Generator, optional
        Default: `default_generator`, which `manual_seed` seeds.
    dtype : dtype, optional
        A float or complex dtype.  Default: the default float dtype.
    requires_grad : bool
        Whether operations on the result are recorded.
    device, layout, pin_memory : optional
        Accepted for compatibility with PyTorch: tensors are dense and on the CPU.

    Returns
    -------
    Tensor, of this shape
        Both parts of a complex number are in [0, 1).

    Raises
    ------
    TypeError
        If the dtype is of integers or bools, or a size is no integer.
    ValueError
        If a size is negative.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.rand(2, 3)
    >>> x.shape, bool((x >= 0).all()), bool((x < 1).all())
    ((2, 3), True, True)
    """
    _check_place("rand", device, layout)
    shape, source = checked_sizes("rand", given(sizes, size)), numpy_generator("rand", generator)
    return wrap(_drawn("rand", source.random, shape, dtype, 1.0, truncated=True), requires_grad)


def randn(
    *sizes: Sizes,
    size: Sizes | None = None,
    generator: Generator | None = None,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """Numbers from the standard normal distribution, of mean 0 and variance 1.  The size is given as for `rand`.

    The real and the imaginary part of a complex number have variance 1/2 each, as in PyTorch.

    Parameters
    ----------
    *sizes : int
        The shape; a tuple or a list of sizes is taken, too.
    size : tuple of int, optional
        The shape, by keyword.
    generator : Generator, optional
        Default: `default_generator`, which `manual_seed` seeds.
    dtype : dtype, optional
        A float or complex dtype.  Default: the default float dtype.
    requires_grad : bool
        Whether operations on the result are recorded.
    device, layout, pin_memory : optional
        Accepted for compatibility with PyTorch: tensors are dense and on the CPU.

    Returns
    -------
    Tensor, of this shape

    Raises
    ------
    TypeError
        If the dtype is of integers or bools, or a size is no integer.
    ValueError
        If a size is negative.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.randn(100, 100)
    >>> abs(x.mean().item()) < 0.1, abs(x.std().item() - 1) < 0.1
    (True, True)
    """
    _check_place("randn", device, layout)
    shape, source = checked_sizes("randn", given(sizes, size)), numpy_generator("randn", generator)
    return wrap(_drawn("randn", source.standard_normal, shape, dtype, math.sqrt(0.5)), requires_grad)


def rand_like(
    input: Tensor,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
    layout: Any = None,
    generator: Generator | None = None,
    memory_format: Any = None,
) -> Tensor:
    """Uniform numbers in [0, 1), of the input's shape and dtype.

    Parameters
    ----------
    input : Tensor, any shape
        Its elements have no effect.
    dtype : dtype, optional
        A float or complex dtype.  Default: input's.
    requires_grad : bool
        Whether operations on the result are recorded.
    device, layout, memory_format : optional
        Accepted for compatibility with PyTorch: tensors are dense and on the CPU.
    generator : Generator, optional
        Default: `default_generator`, which `manual_seed` seeds.

    Returns
    -------
    Tensor, of the shape of input

    Raises
    ------
    TypeError
        If input is no tensor, or the dtype is of integers or bools.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.rand_like(autograd.zeros(2, 3))
    >>> x.shape, bool((x < 1).all())
    ((2, 3), True)
    """
    _check_place("rand_like", device, layout)
    check_arrays("rand_like", input=input)
    return rand(
        size=input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad, device=device, generator=generator
    )


def randn_like(
    input: Tensor,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
    layout: Any = None,
    generator: Generator | None = None,
    memory_format: Any = None,
) -> Tensor:
    """Numbers from the standard normal distribution, of the input's shape and dtype.

    Parameters
    ----------
    input : Tensor, any shape
        Its elements have no effect.
    dtype : dtype, optional
        A float or complex dtype.  Default: input's.
    requires_grad : bool
        Whether operations on the result are recorded.
    device, layout, memory_format : optional
        Accepted for compatibility with PyTorch: tensors are dense and on the CPU.
    generator : Generator, optional
        Default: `default_generator`, which `manual_seed` seeds.

    Returns
    -------
    Tensor, of the shape of input

    Raises
    ------
    TypeError
        If input is no tensor, or the dtype is of integers or bools.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.zeros(2, 3, dtype=autograd.float64)
    >>> noisy = x + 0.1 * autograd.randn_like(x)
    >>> noisy.shape, noisy.dtype
    ((2, 3), dtype('float64'))
    """
    _check_place("randn_like", device, layout)
    check_arrays("randn_like", input=input)
    return randn(
        size=input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad, device=device, generator=generator
    )


def _integers(name: str, low: Any, high: Any, shape: Shape, dtype: DTypeLike | None, source: Generator | None) -> Array:
    """Integers from low to high - 1 of the dtype."""
    try:
        low, high = operator.index(low), operator.index(high)
    except TypeError:
        raise TypeError(f"{name}: low and high are integers, not {low!r} and {high!r}") from None
    if low >= high:
        raise ValueError(f"{name}: low is {low} and high is {high}; low must be less than high")
    wanted = np.dtype(np.int64 if dtype is None else dtype)
    for bound in (low, high - 1):
        check_fits(name, bound, wanted)
    return np.asarray(numpy_generator(name, source).integers(low, high, shape)).astype(wanted)


def randint(
    low: Any = None,
    high: Any = None,
    size: Shape | None = None,
    *,
    generator: Generator | None = None,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """Integers from low to high - 1, each with the same probability.

    It is called as randint(high, size) or randint(low, high, size).

    Parameters
    ----------
    low, high : int
        The integers are at least low, and less than high.  With one of them only, it is high, and low is 0.
    size : tuple of int
        The shape.
    generator : Generator, optional
        Default: `default_generator`, which `manual_seed` seeds.
    dtype : dtype, optional
        Default: int64.
    requires_grad : bool
        Whether operations on the result are recorded.
    device, layout, pin_memory : optional
        Accepted for compatibility with PyTorch: tensors are dense and on the CPU.

    Returns
    -------
    Tensor, of this shape

    Raises
    ------
    ValueError
        If low is not less than high, a bound does not fit into the dtype, or a size is negative.
    TypeError
        If the size is missing, or low or high is no integer.

    Examples
    --------
    >>> import autograd
    >>> dice = autograd.randint(1, 7, (1000,))
    >>> dice.min(), dice.max()
    (tensor(1), tensor(6))
    """
    _check_place("randint", device, layout)
    if size is None:  # randint(high, size)
        low, high, size = None, low, high
    elif high is None:  # randint(high, size=size)
        low, high = None, low
    if high is None or size is None:
        raise TypeError("randint: expects randint(high, size) or randint(low, high, size)")
    shape = checked_sizes("randint", (size,))
    return wrap(_integers("randint", 0 if low is None else low, high, shape, dtype, generator), requires_grad)


def randint_like(
    input: Tensor,
    low: Any = None,
    high: Any = None,
    *,
    generator: Generator | None = None,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
    layout: Any = None,
    memory_format: Any = None,
) -> Tensor:
    """Integers from low to high - 1, of the input's shape and dtype; randint_like(input, high) starts at 0.

    Parameters
    ----------
    input : Tensor, any shape
        Its elements have no effect.
    low, high : int
        The integers are at least low, and less than high.  With one of them only, it is high, and low is 0.
    generator : Generator, optional
        Default: `default_generator`, which `manual_seed` seeds.
    dtype : dtype, optional
        Default: input's.
    requires_grad : bool
        Whether operations on the result are recorded.
    device, layout, memory_format : optional
        Accepted for compatibility with PyTorch: tensors are dense and on the CPU.

    Returns
    -------
    Tensor, of the shape of input

    Raises
    ------
    ValueError
        If low is not less than high, or a bound does not fit into the dtype.
    TypeError
        If input is no tensor, or low or high is missing or no integer.

    Examples
    --------
    >>> import autograd
    >>> autograd.randint_like(autograd.zeros(3), 7, 8)  # 7 is the only such integer
    tensor([7., 7., 7.])
    """
    _check_place("randint_like", device, layout)
    check_arrays("randint_like", input=input)
    if high is None:
        low, high = 0, low
    if high is None:
        raise TypeError("randint_like: expects randint_like(input, high) or randint_like(input, low, high)")
    values = _integers("randint_like", 0 if low is None else low, high, input.shape, dtype or input.dtype, generator)
    return wrap(values, requires_grad)


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """The integers from 0 to n - 1 in random order.

    Parameters
    ----------
    n : int
        At least 0.
    generator : Generator, optional
        Default: `default_generator`, which `manual_seed` seeds.
    dtype : dtype, optional
        Default: int64.
    requires_grad : bool
        Whether operations on the result are recorded.
    device, layout, pin_memory : optional
        Accepted for compatibility with PyTorch: tensors are dense and on the CPU.

    Returns
    -------
    Tensor, (n,)

    Raises
    ------
    TypeError, ValueError
        If n is no integer, or negative, or if n - 1 does not fit into the dtype.

    Examples
    --------
    >>> import autograd
    >>> order = autograd.randperm(5)
    >>> order.sort().values
    tensor([0, 1, 2, 3, 4])
    """
    _check_place("randperm", device, layout)
    (n,) = checked_sizes("randperm", (n,))
    wanted = np.dtype(np.int64 if dtype is None else dtype)
    check_fits("randperm", max(n - 1, 0), wanted)
    return wrap(numpy_generator("randperm", generator).permutation(n).astype(wanted, copy=False), requires_grad)


# ── numbers from a distribution whose parameters are tensors ──


def _check_within(name: str, what: str, x: Array, low: float, high: float) -> None:
    """Raise unless all elements are from low to high; NaN is not."""
    if not np.all((x >= low) & (x <= high)):
        wrong = x[~((x >= low) & (x <= high))].flat[0]
        wanted = f"at least {low:g}" if high == np.inf else f"from {low:g} to {high:g}"
        raise RuntimeError(f"{name}: {what} must be {wanted}, and one element is {wrong:g}")


def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """1 with a probability, and 0 otherwise, of the input's shape and dtype.

    Parameters
    ----------
    input : Tensor of float, any shape
        The probability of each element, from 0 to 1.  If p is given, its values have no effect, and it may have any
        dtype.
    p : float, optional
        One probability for all elements.
    generator : Generator, optional

    Returns
    -------
    Tensor, of the shape of input
        Its derivative with respect to input is 0, as in PyTorch.

    Raises
    ------
    RuntimeError, TypeError
        If a probability is not between 0 and 1, or the input has no float dtype.

    Examples
    --------
    >>> import autograd
    >>> autograd.bernoulli(autograd.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    check_arrays("bernoulli", input=input)
    if p is None:
        check_float("bernoulli", input)
    probabilities = np.asarray(getattr(input, "array", input)) if p is None else p
    values = bernoulli_values("bernoulli", input.shape, probabilities, generator)
    return attached(wrap(values.astype(input.dtype)), input)


def bernoulli_values(name: str, shape: Shape, p: Array | float, source: Generator | None) -> Array:
    """Bools that are True with probability p: the draw of `bernoulli` and of dropout, as an array.

    Parameters
    ----------
    name : str
        The caller, for messages.
    shape : tuple of int
    p : ndarray that broadcasts to the shape, or float
        From 0 to 1.
    source : Generator, optional
        Default: `default_generator`.

    Returns
    -------
    ndarray of bool, of this shape

    Raises
    ------
    RuntimeError
        If a probability is not from 0 to 1.

    Examples
    --------
    >>> import autograd
    >>> import numpy as np
    >>> autograd.random.bernoulli_values("example", (2, 2), np.array([0.0, 1.0]), None)
    array([[False,  True],
           [False,  True]])
    """
    probabilities = np.asarray(p)
    _check_within(name, "a probability", probabilities, 0, 1)
    return np.asarray(numpy_generator(name, source).random(shape) < probabilities)


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Indices drawn from the distribution of each row.

    Parameters
    ----------
    input : Tensor of float, (K,) or (N, K)
        Weights of the K indices, at least 0.  They need not sum to 1.
    num_samples : int
        Indices to draw for each row.
    replacement : bool
        Whether an index may be drawn more than once.
    generator : Generator, optional

    Returns
    -------
    Tensor of int64, (num_samples,) or (N, num_samples)

    Raises
    ------
    RuntimeError
        If a weight is negative, infinite or NaN, if a row sums to 0, if num_samples is less than 1, or if it is more
        than K without replacement.
    TypeError
        If the input has no float dtype.

    Notes
    -----
    Without replacement, index i is among the num_samples largest of w_i / e_i, where e_i are exponentially
    distributed: Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006.  Indices of weight 0 come
    last, as in PyTorch.

    Examples
    --------
    >>> import autograd
    >>> autograd.multinomial(autograd.tensor([[0.0, 5.0], [0.5, 0.0]]), 3, replacement=True)
    tensor([[1, 1, 1],
            [0, 0, 0]])
    """
    check_arrays("multinomial", input=input)
    check_float("multinomial", input)
    weights = np.asarray(getattr(input, "array", input), np.float64)
    if weights.ndim not in (1, 2):
        raise RuntimeError(f"multinomial: the weights have shape {input.shape}; expects (K,) or (N, K)")
    count = operator.index(num_samples)
    if count < 1:
        raise RuntimeError(f"multinomial: num_samples is {count}; it must be at least 1")
    if not replacement and count > weights.shape[-1]:
        raise RuntimeError(
            f"multinomial: {count} samples without replacement cannot be drawn from {weights.shape[-1]} indices; "
            "draw fewer, or set replacement=True"
        )
    if weights.shape[-1] > 1 << 24:  # as many as float32 can tell apart
        raise RuntimeError(f"multinomial: expects at most 2^24 indices, got {weights.shape[-1]}; draw in two steps")
    if not np.all((weights >= 0) & (weights < np.inf)):
        raise RuntimeError("multinomial: the weights must be finite and at least 0, and one is negative, inf or NaN")
    sums = weights.sum(axis=-1)
    if not np.all(sums > 0):
        raise RuntimeError("multinomial: the weights of a row sum to 0; one of them must be above 0")
    source = numpy_generator("multinomial", generator)
    if not replacement or count == 1:
        keys = weights / np.maximum(source.standard_exponential(weights.shape), np.finfo(np.float64).tiny)
        chosen = keys.argmax(-1)[..., None] if count == 1 else np.argsort(-keys, axis=-1, kind="stable")[..., :count]
    else:
        ladder = np.cumsum(weights / sums[..., None], axis=-1).reshape(-1, weights.shape[-1])
        ladder[ladder >= ladder[:, -1:]] = np.inf  # the last index with a weight: rounding must not go past it
        points = source.random((len(ladder), count))
        rows = [np.searchsorted(steps, row, side="right") for steps, row in zip(ladder, points, strict=True)]
        chosen = np.reshape(rows, (*weights.shape[:-1], count))
    return wrap(np.ascontiguousarray(chosen, np.int64))


def normal(
    mean: Tensor | float,
    std: Tensor | float = 1.0,
    size: Sizes | None = None,
    *,
    generator: Generator | None = None,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """Numbers from normal distributions.

    Parameters
    ----------
    mean, std : Tensor of float, any shape, or float
        Mean and standard deviation of each element; their shapes are broadcast.
    size : tuple of int, optional
        Needed if both are numbers.
    generator : Generator, optional
    dtype, requires_grad, device
        Only with a size.
    layout, pin_memory : optional
        Accepted for compatibility with PyTorch: tensors are dense.

    Returns
    -------
    Tensor, of the broadcast shape of mean and std, or of shape `size`
        Its derivative with respect to mean and std is 0, as in PyTorch: `mean + std * randn(...)` has their gradients.

    Raises
    ------
    RuntimeError, TypeError, ValueError
        If a std is negative, a tensor has no float dtype, the shapes do not broadcast, or a size is missing.
        Also if a size is given beside tensors.

    Examples
    --------
    >>> import autograd
    >>> autograd.normal(2.0, 3.0, size=(1000,)).shape
    (1000,)
    >>> autograd.normal(autograd.tensor([1.0, 5.0]), 0.0)
    tensor([1., 5.])
    """
    _check_place("normal", device, layout)
    tensors: list[Any] = [x for x in (mean, std) if hasattr(x, "ndim") and not isinstance(x, np.generic)]
    if not tensors:
        if size is None:
            raise TypeError("normal: mean and std are numbers, so expects a size: normal(mean, std, (2, 3))")
        shape, wanted = checked_sizes("normal", (size,)), _float("normal", dtype)
    else:
        if size is not None:
            raise TypeError("normal: the shape is that of the tensors; leave out size, or give mean and std as numbers")
        for x in tensors:
            check_float("normal", x)
        arrays = [np.asarray(getattr(x, "array", x)) for x in (mean, std)]
        shape, wanted = run_broadcast("normal", np.broadcast, *arrays).shape, tensors[0].dtype
    values = normal_values("normal", shape, wanted, mean, std, generator)
    result = wrap(values, requires_grad)
    for x in tensors:
        result = attached(result, x)
    return result


def normal_values(name: str, shape: Shape, dtype: Any, mean: Any, std: Any, source: Generator | None) -> Array:
    """Numbers from normal distributions, mean + std z: the draw of `normal`, as an array.

    Parameters
    ----------
    name : str
        The caller, for messages.
    shape : tuple of int
    dtype : float dtype
    mean, std : Tensor, ndarray or float, whose shape broadcasts to `shape`
    source : Generator, optional
        Default: `default_generator`.

    Returns
    -------
    ndarray, of this shape and dtype

    Raises
    ------
    RuntimeError
        If a std is negative or NaN.

    Examples
    --------
    >>> import autograd
    >>> autograd.random.normal_values("example", (2,), autograd.float64, mean=5.0, std=0.0, source=None)
    array([5., 5.])
    """
    means, stds = (np.asarray(getattr(x, "array", x)) for x in (mean, std))
    _check_within(name, "std", stds, 0, np.inf)
    z = np.asarray(numpy_generator(name, source).standard_normal(shape, dtype=computing_dtype(dtype)))
    return np.asarray(z * stds + means).astype(dtype, copy=False)


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Counts from Poisson distributions with the input's elements as rates.

    Parameters
    ----------
    input : Tensor of float, any shape
        The rates, which are the means of the counts, from 0 to 9e18.
    generator : Generator, optional
        Default: `default_generator`.

    Returns
    -------
    Tensor, of the shape and dtype of input
        Its derivative is 0, as in PyTorch.

    Raises
    ------
    RuntimeError, TypeError
        If a rate is negative, NaN or above 9e18, or the input has no float dtype.

    Examples
    --------
    >>> import autograd
    >>> counts = autograd.poisson(autograd.full((10000,), 4.0))
    >>> abs(counts.mean().item() - 4) < 0.2, abs(counts.var().item() - 4) < 0.4
    (True, True)
    """
    check_arrays("poisson", input=input)
    check_float("poisson", input)
    rates = np.asarray(getattr(input, "array", input))
    _check_within("poisson", "a rate", rates, 0, 9e18)  # above, NumPy's int64 would overflow
    return attached(wrap(np.asarray(numpy_generator("poisson", generator).poisson(rates)).astype(input.dtype)), input)


def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """How many of `count` trials succeed, each with probability `prob`; shapes are broadcast.

    Parameters
    ----------
    count : Tensor of float, any shape
        Numbers of trials, up to 9e18.  A negative one gives 0.
    prob : Tensor, of the dtype of count and any shape that broadcasts with it
        From 0 to 1.
    generator : Generator, optional
        Default: `default_generator`.

    Returns
    -------
    Tensor, of the broadcast shape, and of count's dtype
        Its derivative is 0, as in PyTorch.

    Raises
    ------
    RuntimeError
        If a probability is not between 0 and 1, a count is too large, or the two dtypes differ.
    TypeError, ValueError
        If a dtype is no float dtype, or the shapes do not broadcast.

    Examples
    --------
    >>> import autograd
    >>> autograd.binomial(autograd.tensor([10.0, 10.0]), autograd.tensor([0.0, 1.0]))
    tensor([ 0., 10.])
    """
    check_arrays("binomial", count=count, prob=prob)
    for x in (count, prob):
        check_float("binomial", x)
    if count.dtype != prob.dtype:
        raise RuntimeError(f"binomial: count is {count.dtype} and prob {prob.dtype}; convert one with .to(dtype)")
    counts, probabilities = (np.asarray(getattr(x, "array", x)) for x in (count, prob))
    _check_within("binomial", "a probability", probabilities, 0, 1)
    _check_within("binomial", "a count", counts, -np.inf, 9e18)
    trials = np.maximum(counts, 0).astype(np.int64)
    values = run_broadcast("binomial", numpy_generator("binomial", generator).binomial, trials, probabilities)
    return attached(attached(wrap(np.asarray(values).astype(count.dtype)), count), prob)
