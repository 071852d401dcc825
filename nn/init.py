"""First values of parameters, drawn from `autograd`'s generator.  Names and arguments are PyTorch's.

All of them write to the tensor, unrecorded, and return it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import Tensor
from autograd.random import generator


def _write(tensor: Tensor, values: Any) -> Tensor:
    tensor.array[...] = values
    tensor.version[0] += 1
    return tensor


def _check_dimensions(name: str, tensor: Tensor, least: int, most: float = math.inf) -> None:
    if not least <= tensor.ndim <= most:
        wanted = f"at least {least}" if most == math.inf else str(least) if most == least else f"{least} to {most}"
        raise ValueError(f"{name}: expects a tensor of {wanted} dimensions, got shape {tensor.shape}")


# ── constants ──


def constant_(tensor: Tensor, val: float) -> Tensor:
    """One number everywhere."""
    return _write(tensor, val)


def zeros_(tensor: Tensor) -> Tensor:
    """Zeros."""
    return _write(tensor, 0)


def ones_(tensor: Tensor) -> Tensor:
    """Ones."""
    return _write(tensor, 1)


def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix, cut off or filled up with zeros: a linear layer that passes its inputs on."""
    _check_dimensions("eye_", tensor, 2, 2)
    return _write(tensor, np.eye(tensor.shape[0], tensor.shape[1]))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """The convolution (O, I, …) that passes its input's channels on, as many as it can, in each of its groups."""
    _check_dimensions("dirac_", tensor, 3, 5)
    outputs, inputs, *window = tensor.shape
    if groups < 1 or outputs % groups:
        raise ValueError(f"dirac_: {outputs} output channels cannot be cut into {groups} groups")
    values = np.zeros(tensor.shape)
    middle = tuple(size // 2 for size in window)
    for group in range(groups):
        for channel in range(min(outputs // groups, inputs)):
            values[(group * (outputs // groups) + channel, channel, *middle)] = 1
    return _write(tensor, values)


# ── draws ──


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """Uniform in [a, b)."""
    return _write(tensor, generator().uniform(a, b, tensor.shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Normal with a mean and a standard deviation."""
    return _write(tensor, generator().normal(mean, std, tensor.shape))


def trunc_normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0) -> Tensor:
    """Normal, without what lies outside of [a, b].

    Notes
    -----
    Uniform numbers are kept with the normal density, relative to its maximum in [a, b], for probability.
    """
    if not (std > 0 and a < b):
        raise ValueError(f"trunc_normal_: expects std > 0 and a < b, got std={std}, a={a}, b={b}")
    low, high = (a - mean) / std, (b - mean) / std
    top = min(max(low, 0), high)  # where the density is greatest
    reach = math.sqrt(top * top + 80)  # beyond it lies e⁻⁴⁰ of that
    low, high = max(low, -reach), min(high, reach)
    values = np.empty(tensor.shape)
    missing = np.ones(tensor.shape, bool)
    while count := int(missing.sum()):
        z = generator().uniform(low, high, count)
        kept = generator().random(count) < np.exp((top * top - z * z) / 2)
        values[missing] = np.where(kept, mean + std * z, np.nan)
        missing = np.isnan(values)
    return _write(tensor, values.clip(a, b))  # rounding may have carried one across


def orthogonal_(tensor: Tensor, gain: float = 1) -> Tensor:
    """A random orthogonal matrix times gain: rows, or columns, whichever are fewer, are orthonormal.

    All dimensions after the first count as one.

    References
    ----------
    Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", 2013.
    """
    _check_dimensions("orthogonal_", tensor, 2)
    if not tensor.numel():
        return tensor
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    q, r = np.linalg.qr(generator().standard_normal((max(rows, columns), min(rows, columns))))
    q *= np.where(np.diag(r) < 0, -1, 1)  # which makes all orthogonal matrices equally likely
    return _write(tensor, gain * (q if rows >= columns else q.T).reshape(tensor.shape))


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01) -> Tensor:
    """Normal, but for a share `sparsity` of each column, drawn anew for each, which is 0.

    References
    ----------
    Martens, "Deep learning via Hessian-free optimization", 2010, section 5.
    """
    _check_dimensions("sparse_", tensor, 2, 2)
    rows, columns = tensor.shape
    values = generator().normal(0, std, tensor.shape)
    order = generator().random((rows, columns)).argsort(axis=0)
    np.put_along_axis(values, order[: math.ceil(sparsity * rows)], 0, axis=0)
    return _write(tensor, values)


# ── variances kept from layer to layer ──


def fan_in_and_out(shape: tuple[int, ...]) -> tuple[int, int]:
    """Inputs to, and outputs from, one unit of a weight (O, I, …): every size after the second multiplies both.

    As in PyTorch a transposed convolution's (I, O/groups, kh, kw) is no exception: its "fan_in" is O/groups kh kw.
    """
    if len(shape) < 2:
        raise ValueError(f"init: a fan needs at least 2 dimensions (outputs, inputs, …), got shape {shape}")
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By how much weights should be larger for what a nonlinearity takes away.

    Parameters
    ----------
    nonlinearity : "linear", "conv1d" and the like, "sigmoid", "tanh", "relu", "leaky_relu" or "selu"
    param : float, optional
        The slope of "leaky_relu"; default 0.01.
    """
    convolutions = [f"conv{kind}{n}d" for kind in ("", "_transpose") for n in (1, 2, 3)]
    gains = dict.fromkeys(("linear", *convolutions, "sigmoid"), 1.0)
    slope = 0.01 if param is None else param
    gains |= {"tanh": 5 / 3, "relu": math.sqrt(2), "leaky_relu": math.sqrt(2 / (1 + slope * slope)), "selu": 3 / 4}
    if nonlinearity not in gains:
        raise ValueError(f"calculate_gain: nonlinearity {nonlinearity!r} is not one of {', '.join(gains)}")
    return gains[nonlinearity]


def _uniform_of_deviation(tensor: Tensor, std: float) -> Tensor:
    bound = math.sqrt(3) * std
    return uniform_(tensor, -bound, bound)


def _xavier_deviation(tensor: Tensor, gain: float) -> float:
    fans = sum(fan_in_and_out(tensor.shape))
    return gain * math.sqrt(2 / fans) if fans else 0.0


def xavier_uniform_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Uniform in ± gain √(6 / (fan_in + fan_out)).

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010, equation 16.
    """
    return _uniform_of_deviation(tensor, _xavier_deviation(tensor, gain))


def xavier_normal_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Normal of mean 0 and standard deviation gain √(2 / (fan_in + fan_out)); reference as for `xavier_uniform_`."""
    return normal_(tensor, 0, _xavier_deviation(tensor, gain))


def _kaiming_deviation(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"kaiming: mode {mode!r} is not 'fan_in' or 'fan_out'")
    fan = fan_in_and_out(tensor.shape)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan) if fan else 0.0


def kaiming_uniform_(tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """Uniform in ± gain √(3 / fan): keeps the variance through layers of a nonlinearity.

    Parameters
    ----------
    tensor : Tensor of 2 or more dimensions
    a : float
        The slope of "leaky_relu": with 0 it is "relu".
    mode : "fan_in" (keeps the variance of the activations) or "fan_out" (that of the gradients)
    nonlinearity : str
        As for `calculate_gain`.

    References
    ----------
    He et al., "Delving Deep into Rectifiers", 2015, equation 14.
    """
    return _uniform_of_deviation(tensor, _kaiming_deviation(tensor, a, mode, nonlinearity))


def kaiming_normal_(tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """Normal of mean 0 and standard deviation gain / √fan; else as `kaiming_uniform_`."""
    return normal_(tensor, 0, _kaiming_deviation(tensor, a, mode, nonlinearity))
