"""Initialization of parameters.  Names and arguments are PyTorch's.

All functions fill the tensor in place, without recording it, and return it.  Random numbers come from the generator of
`autograd`.
"""

from __future__ import annotations

import functools
import inspect
import math
import re
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
    """Fill with one value.

    Parameters
    ----------
    tensor : Tensor, any shape
    val : float
        The value.

    Returns
    -------
    Tensor, of the same shape: the tensor itself

    Raises
    ------
    TypeError
        If it is no Tensor.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.init.constant_(autograd.empty(3), 0.5)
    tensor([0.5000, 0.5000, 0.5000])
    """
    _check("constant_", tensor)
    return _write(tensor, val)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros.

    Parameters
    ----------
    tensor : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape: the tensor itself

    Raises
    ------
    TypeError
        If it is no Tensor.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.init.zeros_(autograd.empty(3))
    tensor([0., 0., 0.])
    """
    _check("zeros_", tensor)
    return _write(tensor, 0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones.

    Parameters
    ----------
    tensor : Tensor, any shape

    Returns
    -------
    Tensor, of the same shape: the tensor itself

    Raises
    ------
    TypeError
        If it is no Tensor.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.init.ones_(autograd.empty(3))
    tensor([1., 1., 1.])
    """
    _check("ones_", tensor)
    return _write(tensor, 1)


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with ones on the diagonal and zeros elsewhere, so that a linear layer returns its input.

    Parameters
    ----------
    tensor : Tensor, (O, I)

    Returns
    -------
    Tensor, of the same shape: the tensor itself

    Raises
    ------
    TypeError, ValueError
        If it is no Tensor, or no matrix.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.init.eye_(autograd.empty(2, 3))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    _check("eye_", tensor, 2, 2)
    return _write(tensor, np.eye(tensor.shape[0], tensor.shape[1]))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill a convolution weight so that it copies its input channels, as many as fit, in each group.

    Parameters
    ----------
    tensor : Tensor, (O, I, L), (O, I, H, W) or (O, I, D, H, W)
    groups : int
        Of the convolution; it must divide O.

    Returns
    -------
    Tensor, of the same shape: the tensor itself

    Raises
    ------
    TypeError, ValueError
        If it is no Tensor of 3 to 5 dimensions, or groups does not divide O.

    References
    ----------
    Zagoruyko and Komodakis, "DiracNets: Training Very Deep Neural Networks Without Skip-Connections", 2017.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.init.dirac_(autograd.empty(2, 2, 3))  # 1 in the middle of the window
    tensor([[[0., 1., 0.],
             [0., 0., 0.]],
    <BLANKLINE>
            [[0., 0., 0.],
             [0., 1., 0.]]])
    """
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
    """Fill with uniform random numbers in [a, b).

    Parameters
    ----------
    tensor : Tensor, any shape
    a, b : float
        The bounds; a must not be above b.
    generator : Generator, optional
        Where the random numbers come from.  Default: the global generator, which `autograd.manual_seed` seeds.

    Returns
    -------
    Tensor, of the same shape: the tensor itself

    Raises
    ------
    TypeError, ValueError
        If it is no Tensor, or a is above b.

    Examples
    --------
    >>> import autograd, nn
    >>> x = nn.init.uniform_(autograd.empty(1000), -1.0, 2.0)
    >>> bool((x >= -1).all()), bool((x < 2).all())
    (True, True)
    """
    _check("uniform_", tensor)
    if not a <= b:
        raise ValueError(f"uniform_: expects a <= b, got a={a}, b={b}")
    return _write(tensor, numpy_generator("uniform_", generator).uniform(a, b, tensor.shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normal random numbers.

    Parameters
    ----------
    tensor : Tensor, any shape
    mean, std : float
        Their mean and standard deviation; std must not be negative.
    generator : Generator, optional
        Where the random numbers come from.  Default: the global generator, which `autograd.manual_seed` seeds.

    Returns
    -------
    Tensor, of the same shape: the tensor itself

    Raises
    ------
    TypeError, ValueError
        If it is no Tensor, or std is negative.

    Examples
    --------
    >>> import autograd, nn
    >>> x = nn.init.normal_(autograd.empty(100_000), mean=5.0, std=2.0)
    >>> bool((x.mean() - 5).abs() < 0.1), bool((x.std() - 2).abs() < 0.1)
    (True, True)
    """
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

    Parameters
    ----------
    tensor : Tensor, any shape
    mean, std : float
        Mean and standard deviation of the distribution before it is truncated; std must be above 0.
    a, b : float
        The bounds, as values and not in units of std; a must be below b.
    generator : Generator, optional
        Where the random numbers come from.  Default: the global generator, which `autograd.manual_seed` seeds.

    Returns
    -------
    Tensor, of the same shape: the tensor itself

    Raises
    ------
    TypeError, ValueError
        If it is no Tensor, std is not above 0, or a is not below b.

    Notes
    -----
    Rejection sampling: a uniform number in [a, b] is accepted with a probability equal to the normal density at that
    number, divided by the maximum of the density in [a, b].

    Examples
    --------
    >>> import autograd, nn
    >>> x = nn.init.trunc_normal_(autograd.empty(1000), std=0.02, a=-0.04, b=0.04)
    >>> bool((x.abs() <= 0.04).all())
    True
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

    Parameters
    ----------
    tensor : Tensor, (O, I, …), of at least 2 dimensions
    gain : float
        The length of these rows or columns.
    generator : Generator, optional
        Where the random numbers come from.  Default: the global generator, which `autograd.manual_seed` seeds.

    Returns
    -------
    Tensor, of the same shape: the tensor itself

    Raises
    ------
    TypeError, ValueError
        If it is no Tensor of at least 2 dimensions.

    References
    ----------
    Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", 2013.

    Examples
    --------
    >>> import autograd, nn
    >>> w = nn.init.orthogonal_(autograd.empty(3, 5))
    >>> autograd.allclose(w @ w.T, autograd.eye(3), atol=1e-6)
    True
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
    """Fill a matrix with normal random numbers, except for a random fraction of each column, which is 0.

    Parameters
    ----------
    tensor : Tensor, (O, I)
    sparsity : float
        The fraction of each column that is 0, from 0 to 1, rounded up to whole elements.
    std : float
        Standard deviation of the others; their mean is 0.
    generator : Generator, optional
        Where the random numbers come from.  Default: the global generator, which `autograd.manual_seed` seeds.

    Returns
    -------
    Tensor, of the same shape: the tensor itself

    Raises
    ------
    TypeError, ValueError
        If it is no Tensor, or no matrix.

    References
    ----------
    Martens, "Deep learning via Hessian-free optimization", 2010, section 5.

    Examples
    --------
    >>> import autograd, nn
    >>> w = nn.init.sparse_(autograd.empty(10, 4), sparsity=0.25)
    >>> (w == 0).sum(0)  # 2.5 of 10 elements, rounded up
    tensor([3, 3, 3, 3])
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

    Parameters
    ----------
    shape : tuple of int
        The shape of the weight, of at least 2 dimensions.

    Returns
    -------
    tuple of int
        fan_in and fan_out: how many inputs an output depends on, and how many outputs an input has an effect on.

    Raises
    ------
    ValueError
        If there are less than 2 dimensions.

    Examples
    --------
    >>> import nn
    >>> nn.init.fan_in_and_out((16, 3, 5, 5))  # 3·25 and 16·25
    (75, 400)
    """
    if len(shape) < 2:
        raise ValueError(f"fan_in_and_out: expects a shape of at least 2 dimensions (outputs, inputs, …), got {shape}")
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which weights compensate for the variance that a nonlinearity removes.

    It is 1 for "linear", "sigmoid" and convolutions, 5/3 for "tanh", √2 for "relu", √(2 / (1 + param²)) for
    "leaky_relu", and 3/4 for "selu".

    Parameters
    ----------
    nonlinearity : str
        One of these; a convolution is "conv1d", "conv_transpose1d", and so on to 3d.
    param : float, optional
        The negative slope of "leaky_relu".  Default: 0.01.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        For any other nonlinearity.

    Examples
    --------
    >>> import nn
    >>> round(nn.init.calculate_gain("leaky_relu", 1.0), 4), round(nn.init.calculate_gain("relu"), 4)
    (1.0, 1.4142)
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

    `fan_in_and_out` says what these two are.

    Parameters
    ----------
    tensor : Tensor, (O, I, …), of at least 2 dimensions
    gain : float
        A factor for the layer's nonlinearity: `calculate_gain`.
    generator : Generator, optional
        Where the random numbers come from.  Default: the global generator, which `autograd.manual_seed` seeds.

    Returns
    -------
    Tensor, of the same shape: the tensor itself

    Raises
    ------
    TypeError, ValueError
        If it is no Tensor of at least 2 dimensions.

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010, equation 16.

    Examples
    --------
    >>> import autograd, nn
    >>> w = nn.init.xavier_uniform_(autograd.empty(2, 4))  # ± √(6 / (4 + 2)) = ± 1
    >>> bool((w.abs() <= 1).all())
    True
    """
    return _uniform_with_std(tensor, _xavier_std("xavier_uniform_", tensor, gain), generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normal random numbers of mean 0 and standard deviation gain √(2 / (fan_in + fan_out)).

    `fan_in_and_out` says what these two are.

    Parameters
    ----------
    tensor : Tensor, (O, I, …), of at least 2 dimensions
    gain : float
        A factor for the layer's nonlinearity: `calculate_gain`.
    generator : Generator, optional
        Where the random numbers come from.  Default: the global generator, which `autograd.manual_seed` seeds.

    Returns
    -------
    Tensor, of the same shape: the tensor itself

    Raises
    ------
    TypeError, ValueError
        If it is no Tensor of at least 2 dimensions.

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010, equation 16.

    Examples
    --------
    >>> import autograd, nn
    >>> w = nn.init.xavier_normal_(autograd.empty(100, 300))  # √(2 / 400) = 0.0707
    >>> bool((w.std() - 0.0707).abs() < 0.002)
    True
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
    tensor : Tensor, (O, I, …), of at least 2 dimensions
    a : float
        The negative slope of "leaky_relu".  With 0 it is "relu".
    mode : "fan_in" or "fan_out"
        Which of the two is fan.  The first preserves the variance of the activations, the second that of the gradients.
    nonlinearity : str
        Of the layer, as for `calculate_gain`, which gives gain.
    generator : Generator, optional
        Where the random numbers come from.  Default: the global generator, which `autograd.manual_seed` seeds.

    Returns
    -------
    Tensor, of the same shape: the tensor itself

    Raises
    ------
    TypeError, ValueError
        If it is no Tensor of at least 2 dimensions, or mode or nonlinearity is not one of those above.

    References
    ----------
    He et al., "Delving Deep into Rectifiers", 2015, equation 14.

    Examples
    --------
    >>> import autograd, nn
    >>> w = nn.init.kaiming_uniform_(autograd.empty(2, 6))  # gain √2: ± √2 √(3 / 6) = ± 1
    >>> bool((w.abs() <= 1).all())
    True
    """
    return _uniform_with_std(tensor, _kaiming_std("kaiming_uniform_", tensor, a, mode, nonlinearity), generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill with normal random numbers of mean 0 and standard deviation gain / √fan.

    Parameters
    ----------
    tensor : Tensor, (O, I, …), of at least 2 dimensions
    a : float
        The negative slope of "leaky_relu".  With 0 it is "relu".
    mode : "fan_in" or "fan_out"
        Which of the two is fan.  The first preserves the variance of the activations, the second that of the gradients.
    nonlinearity : str
        Of the layer, as for `calculate_gain`, which gives gain.
    generator : Generator, optional
        Where the random numbers come from.  Default: the global generator, which `autograd.manual_seed` seeds.

    Returns
    -------
    Tensor, of the same shape: the tensor itself

    Raises
    ------
    TypeError, ValueError
        If it is no Tensor of at least 2 dimensions, or mode or nonlinearity is not one of those above.

    References
    ----------
    He et al., "Delving Deep into Rectifiers", 2015, equation 14.

    Examples
    --------
    >>> import autograd, nn
    >>> w = nn.init.kaiming_normal_(autograd.empty(300, 200))  # gain √2: √2 / √200 = 0.1
    >>> bool((w.std() - 0.1).abs() < 0.002)
    True
    """
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
    shared, _, example = inspect.cleandoc(function.__doc__ or "").partition("\n\nExamples\n")  # none under python -OO
    call = re.search(rf"nn\.init\.{new}(\(.*?\))(  #|$)", example, re.MULTILINE)
    renamed.__doc__ = f"""The older name of `{new}`.  It warns with a FutureWarning.

{shared}

Examples
--------
>>> import autograd, nn, warnings
>>> with warnings.catch_warnings(record=True) as caught:
...     warnings.simplefilter("always")
...     _ = nn.init.{old}{call[1] if call else ""}
>>> print(caught[0].message)
{old}: the name nn.init.{old} is deprecated; use nn.init.{new}
"""
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
