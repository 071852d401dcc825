"""Initialization of parameters.  Names and arguments are PyTorch's.

All functions fill the tensor in place, without recording it, and return it.  Random numbers come from the generator of
`autograd`.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import ParamSpec

import numpy as np

from autograd import Tensor
from autograd.arguments import full_name
from autograd.generator import Generator, numpy_generator
from autograd.types import Array, Shape

P = ParamSpec("P")


def _write(tensor: Tensor, values: Array | float) -> Tensor:
    tensor.array[...] = values
    tensor.version[0] += 1
    return tensor


def _check(name: str, tensor: Tensor, low: int = 0, high: float = math.inf) -> None:
    """Raise unless this is a tensor of low to high dimensions."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name}: expects a tensor, such as layer.weight, not {full_name(tensor)}")
    if not low <= tensor.ndim <= high:
        wanted = f"at least {low}" if high == math.inf else str(low) if high == low else f"{low} to {high}"
        raise ValueError(f"{name}: expects a tensor of {wanted} dimensions, got shape {tensor.shape}")


# ── constants ──


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one value."""
    _check("constant_", tensor)
    return _write(tensor, val)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    _check("zeros_", tensor)
    return _write(tensor, 0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    _check("ones_", tensor)
    return _write(tensor, 1)


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with ones on the diagonal and zeros elsewhere, so that a linear layer returns its input."""
    _check("eye_", tensor, 2, 2)
    return _write(tensor, np.eye(tensor.shape[0], tensor.shape[1]))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill a convolution weight (O, I, …) so that it copies its input channels, as many as fit, in each group."""
    _check("dirac_", tensor, 3, 5)
    outputs, inputs, *window = tensor.shape
    if groups < 1 or outputs % groups:
        raise ValueError(f"dirac_: {outputs} output channels cannot be divided into {groups} groups")
    values = np.zeros(tensor.shape)
    middle = tuple(size // 2 for size in window)
    for group in range(groups):
        for channel in range(min(outputs // groups, inputs)):
            values[(group * (outputs // groups) + channel, channel, *middle)] = 1
    return _write(tensor, values)


# ── random values ──


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with uniform random numbers in [a, b)."""
    _check("uniform_", tensor)
    if not a <= b:
        raise ValueError(f"uniform_: expects a <= b, got a={a}, b={b}")
    return _write(tensor, numpy_generator("uniform_", generator).uniform(a, b, tensor.shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normal random numbers of the given mean and standard deviation."""
    _check("normal_", tensor)
    if not std >= 0:
        raise ValueError(f"normal_: expects std >= 0, got std={std}")
    return _write(tensor, numpy_generator("normal_", generator).normal(mean, std, tensor.shape))


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with random numbers from the normal distribution truncated to [a, b].

    Notes
    -----
    Rejection sampling: a uniform number in [a, b] is accepted with a probability equal to the normal density at that
    number, divided by the maximum of the density in [a, b].
    """
    _check("trunc_normal_", tensor)
    if not (std > 0 and a < b):
        raise ValueError(f"trunc_normal_: expects std > 0 and a < b, got std={std}, a={a}, b={b}")
    low, high = (a - mean) / std, (b - mean) / std
    top = min(max(low, 0), high)  # where the density is largest
    reach = math.sqrt(top * top + 80)  # beyond it, the density is less than e⁻⁴⁰ of that
    low, high = max(low, -reach), min(high, reach)
    values = np.empty(tensor.shape)
    missing = np.ones(tensor.shape, bool)
    while count := int(missing.sum()):
        z = numpy_generator("trunc_normal_", generator).uniform(low, high, count)
        accepted = numpy_generator("trunc_normal_", generator).random(count) < np.exp((top * top - z * z) / 2)
        values[missing] = np.where(accepted, mean + std * z, np.nan)
        missing = np.isnan(values)
    return _write(tensor, values.clip(a, b))  # rounding may move a value out of the interval


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Fill with a random orthogonal matrix times gain: its rows or its columns, whichever are fewer, are orthogonal.

    All dimensions after the first are flattened into one.

    References
    ----------
    Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", 2013.
    """
    _check("orthogonal_", tensor, 2)
    if not tensor.numel():
        return tensor
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    q, r = np.linalg.qr(
        numpy_generator("orthogonal_", generator).standard_normal((max(rows, columns), min(rows, columns)))
    )
    q *= np.where(np.diag(r) < 0, -1, 1)  # this makes the distribution uniform over the orthogonal matrices
    return _write(tensor, gain * (q if rows >= columns else q.T).reshape(tensor.shape))


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Fill a matrix with normal random numbers, except for a random fraction `sparsity` of each column, which is 0.

    References
    ----------
    Martens, "Deep learning via Hessian-free optimization", 2010, section 5.
    """
    _check("sparse_", tensor, 2, 2)
    rows, columns = tensor.shape
    values = numpy_generator("sparse_", generator).normal(0, std, tensor.shape)
    order = numpy_generator("sparse_", generator).random((rows, columns)).argsort(axis=0)
    np.put_along_axis(values, order[: math.ceil(sparsity * rows)], 0, axis=0)
    return _write(tensor, values)


# ── preserving the variance from layer to layer ──


def fan_in_and_out(shape: Shape) -> tuple[int, int]:
    """fan_in and fan_out of a weight (O, I, …): I and O, each multiplied by all sizes after the second.

    As in PyTorch, this holds for the weight (I, O/groups, kh, kw) of a transposed convolution too, so its fan_in is
    O/groups · kh · kw.
    """
    if len(shape) < 2:
        raise ValueError(f"fan_in_and_out: expects a shape of at least 2 dimensions (outputs, inputs, …), got {shape}")
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which weights compensate for the variance that a nonlinearity removes.

    Parameters
    ----------
    nonlinearity : "linear", "conv1d" and the other convolutions, "sigmoid", "tanh", "relu", "leaky_relu" or "selu"
    param : float, optional
        The negative slope of "leaky_relu".  Default: 0.01.
    """
    return _gain("calculate_gain", nonlinearity, param)


def _gain(caller: str, nonlinearity: str, param: float | None) -> float:
    convolutions = [f"conv{kind}{n}d" for kind in ("", "_transpose") for n in (1, 2, 3)]
    gains = dict.fromkeys(("linear", *convolutions, "sigmoid"), 1.0)
    slope = 0.01 if param is None else param
    gains |= {"tanh": 5 / 3, "relu": math.sqrt(2), "leaky_relu": math.sqrt(2 / (1 + slope * slope)), "selu": 3 / 4}
    if nonlinearity not in gains:
        raise ValueError(f"{caller}: nonlinearity {nonlinearity!r} is not one of {', '.join(gains)}")
    return gains[nonlinearity]


def _uniform_with_std(tensor: Tensor, std: float, generator: Generator | None = None) -> Tensor:
    bound = math.sqrt(3) * std
    return uniform_(tensor, -bound, bound, generator)


def _xavier_std(caller: str, tensor: Tensor, gain: float) -> float:
    _check(caller, tensor, 2)
    fans = sum(fan_in_and_out(tensor.shape))
    return gain * math.sqrt(2 / fans) if fans else 0.0


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with uniform random numbers in ± gain √(6 / (fan_in + fan_out)).

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010, equation 16.
    """
    return _uniform_with_std(tensor, _xavier_std("xavier_uniform_", tensor, gain), generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normal random numbers of mean 0 and standard deviation gain √(2 / (fan_in + fan_out)).

    See `xavier_uniform_` for the reference.
    """
    return normal_(tensor, 0, _xavier_std("xavier_normal_", tensor, gain), generator)


def _kaiming_std(caller: str, tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    _check(caller, tensor, 2)
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"{caller}: mode is {mode!r}; it must be 'fan_in' or 'fan_out'")
    fan = fan_in_and_out(tensor.shape)[mode == "fan_out"]
    return _gain(caller, nonlinearity, a) / math.sqrt(fan) if fan else 0.0


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill with uniform random numbers in ± gain √(3 / fan), which preserves the variance from layer to layer.

    Parameters
    ----------
    tensor : Tensor of 2 or more dimensions
    a : float
        The negative slope of "leaky_relu".  With 0 it is "relu".
    mode : "fan_in" (preserves the variance of the activations) or "fan_out" (that of the gradients)
    nonlinearity : str
        As for `calculate_gain`.

    References
    ----------
    He et al., "Delving Deep into Rectifiers", 2015, equation 14.
    """
    return _uniform_with_std(tensor, _kaiming_std("kaiming_uniform_", tensor, a, mode, nonlinearity), generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill with normal random numbers of mean 0 and standard deviation gain / √fan.  See `kaiming_uniform_`."""
    return normal_(tensor, 0, _kaiming_std("kaiming_normal_", tensor, a, mode, nonlinearity), generator)


# ── the names of older programs ──


def _deprecated(function: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """The function under its name without the underscore at the end, which warns."""
    new = function.__name__
    old = new[:-1]

    @functools.wraps(function)
    def renamed(*args: P.args, **kwargs: P.kwargs) -> Tensor:
        warnings.warn(f"{old}: the name nn.init.{old} is deprecated; use nn.init.{new}", FutureWarning, stacklevel=2)
        return function(*args, **kwargs)

    renamed.__name__ = renamed.__qualname__ = old
    renamed.__doc__ = f"The older name of `{new}`.  It warns with a FutureWarning."
    return renamed


constant = _deprecated(constant_)
dirac = _deprecated(dirac_)
eye = _deprecated(eye_)
kaiming_normal = _deprecated(kaiming_normal_)
kaiming_uniform = _deprecated(kaiming_uniform_)
normal = _deprecated(normal_)
orthogonal = _deprecated(orthogonal_)
sparse = _deprecated(sparse_)
uniform = _deprecated(uniform_)
xavier_normal = _deprecated(xavier_normal_)
xavier_uniform = _deprecated(xavier_uniform_)
