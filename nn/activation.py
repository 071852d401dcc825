"""Activation functions as modules.  `nn.functional` has the formulas.

With `inplace` the input is overwritten with the result, and returned.  It saves no memory here, and takes a copy more.
"""

from __future__ import annotations

import nn.functional as F
from autograd import Tensor
from autograd.devices import Device, check_device
from autograd.types import DTypeLike
from nn import init
from nn.making import blank, check_sizes
from nn.module import Module
from nn.parameter import Parameter


class ReLU(Module):
    """max(x, 0).

    Parameters
    ----------
    inplace : bool
        Overwrite the input with the result.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.ReLU()(autograd.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class LeakyReLU(Module):
    """x if x > 0, else negative_slope * x.

    Parameters
    ----------
    negative_slope : float
        The slope for negative inputs.
    inplace : bool
        Overwrite the input with the result.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.LeakyReLU(0.1)(autograd.tensor([-1.0, 2.0]))
    tensor([-0.1000,  2.0000])
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope, self.inplace = negative_slope, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}" + (", inplace=True" if self.inplace else "")


class ELU(Module):
    """x if x > 0, else alpha * (exp(x) - 1).

    Parameters
    ----------
    alpha : float
        The result tends to -alpha as the input tends to -∞.
    inplace : bool
        Overwrite the input with the result.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.ELU()(autograd.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha, self.inplace = alpha, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class GELU(Module):
    """x * Φ(x), where Φ is the cumulative distribution function of the standard normal distribution.

    Parameters
    ----------
    approximate : "none" or "tanh"
        "tanh" approximates Φ with a hyperbolic tangent.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.GELU()(autograd.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.1587,  0.0000,  1.9545])
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """x * sigmoid(x), also called swish.

    Parameters
    ----------
    inplace : bool
        Overwrite the input with the result.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.SiLU()(autograd.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Mish(Module):
    """x * tanh(softplus(x)), a smooth function like SiLU.

    Parameters
    ----------
    inplace : bool
        Overwrite the input with the result.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Mish()(autograd.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Softplus(Module):
    """log(1 + exp(beta * x)) / beta, a smooth ReLU.  Returns x itself where beta * x > threshold.

    Parameters
    ----------
    beta : float
        The larger beta, the closer the result is to relu.
    threshold : float
        If beta times the input is above it, the result is the input itself.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Softplus()(autograd.tensor([-1.0, 0.0, 30.0]))
    tensor([ 0.3133,  0.6931, 30.0000])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class Sigmoid(Module):
    """1 / (1 + exp(-x)).

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Sigmoid()(autograd.tensor([-1.0, 0.0, 1.0]))
    tensor([0.2689, 0.5000, 0.7311])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


class LogSigmoid(Module):
    """log(sigmoid(x)), computed without overflow.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.LogSigmoid()(autograd.tensor([0.0, -200.0]))
    tensor([  -0.6931, -200.0000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Tanh()(autograd.tensor([-1.0, 0.0, 10.0]))
    tensor([-0.7616,  0.0000,  1.0000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


class Tanhshrink(Module):
    """x - tanh(x).

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Tanhshrink()(autograd.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.2384,  0.0000,  0.2384])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


class Softsign(Module):
    """x / (1 + |x|).

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Softsign()(autograd.tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


class Hardtanh(Module):
    """x, limited to [min_val, max_val].

    Parameters
    ----------
    min_val, max_val : float
        The bounds.
    inplace : bool
        Accepted for compatibility with PyTorch and ignored.

    Raises
    ------
    ValueError
        If min_val is not below max_val.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Hardtanh()(autograd.tensor([-3.0, 0.5, 3.0]))
    tensor([-1.0000,  0.5000,  1.0000])
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        if not max_val > min_val:
            raise ValueError(f"{type(self).__name__}: max_val {max_val} must be larger than min_val {min_val}")
        self.min_val, self.max_val, self.inplace = min_val, max_val, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}" + (", inplace=True" if self.inplace else "")


class ReLU6(Hardtanh):
    """min(max(x, 0), 6).

    Parameters
    ----------
    inplace : bool
        Accepted for compatibility with PyTorch and ignored.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.ReLU6()(autograd.tensor([-1.0, 3.0, 9.0]))
    tensor([0., 3., 6.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Hardsigmoid(Module):
    """min(max(x / 6 + 1 / 2, 0), 1): a sigmoid made of straight lines.

    Parameters
    ----------
    inplace : bool
        Accepted for compatibility with PyTorch and ignored.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Hardsigmoid()(autograd.tensor([-4.0, 0.0, 1.5]))
    tensor([0.0000, 0.5000, 0.7500])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)


class Hardswish(Module):
    """x * hardsigmoid(x).

    Parameters
    ----------
    inplace : bool
        Accepted for compatibility with PyTorch and ignored.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Hardswish()(autograd.tensor([-4.0, 1.0, 4.0]))
    tensor([-0.0000, 0.6667, 4.0000])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)


class Hardshrink(Module):
    """x if |x| > lambd, else 0.

    Parameters
    ----------
    lambd : float
        The largest absolute value that becomes 0.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Hardshrink()(autograd.tensor([-0.3, 0.5, 2.0]))
    tensor([0., 0., 2.])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Softshrink(Module):
    """x moved towards 0 by lambd, and 0 where |x| <= lambd.

    Parameters
    ----------
    lambd : float
        By how much elements move towards 0; at least 0.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Softshrink()(autograd.tensor([-0.3, 0.5, 2.0]))
    tensor([0.0000, 0.0000, 1.5000])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Threshold(Module):
    """x if x > threshold, else value.

    Parameters
    ----------
    threshold : float
        Elements above it stay as they are.
    value : float
        What the others become.
    inplace : bool
        Accepted for compatibility with PyTorch and ignored.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Threshold(1.0, 7.0)(autograd.tensor([-1.0, 0.5, 2.0]))
    tensor([7., 7., 2.])
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold, self.value, self.inplace = threshold, value, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}" + (", inplace=True" if self.inplace else "")


class CELU(Module):
    """max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0).

    Parameters
    ----------
    alpha : float
        The result tends to -alpha as the input tends to -∞.
    inplace : bool
        Accepted for compatibility with PyTorch and ignored.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.CELU()(autograd.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha, self.inplace = alpha, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class SELU(Module):
    """An ELU whose two constants keep the mean near 0 and the variance near 1 from layer to layer.

    Parameters
    ----------
    inplace : bool
        Accepted for compatibility with PyTorch and ignored.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.SELU()(autograd.tensor([-1.0, 1.0]))
    tensor([-1.1113,  1.0507])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class RReLU(Module):
    """x if x > 0, else x times a slope, drawn from [lower, upper) in training and (lower + upper) / 2 otherwise.

    Parameters
    ----------
    lower, upper : float
        In training, slopes are drawn uniformly from this range.  In evaluation mode the slope is its middle.
    inplace : bool
        Accepted for compatibility with PyTorch and ignored.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.RReLU().eval()(autograd.tensor([-2.0, 3.0]))
    tensor([-0.4583,  3.0000])
    """

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower, self.upper, self.inplace = lower, upper, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}" + (", inplace=True" if self.inplace else "")


class PReLU(Module):
    """x if x > 0, else weight * x, with a learned weight.

    Parameters
    ----------
    num_parameters : int
        1, or one weight for each channel (dimension 1).
    init : float
        The initial value of the weight.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Attributes
    ----------
    weight : Parameter, (num_parameters,)

    Examples
    --------
    >>> import autograd, nn
    >>> nn.PReLU()(autograd.tensor([-2.0, 3.0]))
    tensor([-0.5000,  3.0000], grad_fn=<WhereBackward0>)
    """

    weight: Parameter

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Device = None, dtype: DTypeLike | None = None
    ) -> None:
        super().__init__()
        check_sizes("PReLU", num_parameters=num_parameters)
        check_device("PReLU", device)
        self.num_parameters, self.init = num_parameters, init
        self.weight = blank(num_parameters, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight to its initial value."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class GLU(Module):
    """a * sigmoid(b), where a and b are the two halves of the input along dimension `dim`.

    Parameters
    ----------
    dim : int
        The dimension to halve.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.GLU()(autograd.tensor([1.0, 2.0, 0.0, 100.0]))
    tensor([0.5000, 2.0000])
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(Module):
    """exp(x) / sum(exp(x)), where the sum runs over dimension `dim`.

    Without `dim`, which PyTorch has deprecated, it is 0 for inputs of 0, 1 or 3 dimensions, and 1 for others.

    Parameters
    ----------
    dim : int, optional
        The dimension along which the results sum to 1.  Without it one is chosen, with a warning.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Softmax(dim=0)(autograd.tensor([0.0, 0.0]))
    tensor([0.5000, 0.5000])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmin(Module):
    """softmax(-x) over dimension `dim`.

    Parameters
    ----------
    dim : int, optional
        The dimension along which the results sum to 1.  Without it one is chosen, with a warning.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Softmin(dim=0)(autograd.tensor([1.0, 2.0]))
    tensor([0.7311, 0.2689])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax2d(Module):
    """Softmax over the channels of images (N, C, H, W) or (C, H, W).

    Raises
    ------
    ValueError
        In forward, if the input is not of shape (N, C, H, W) or (C, H, W).

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Softmax2d()(autograd.zeros(2, 1, 1)).flatten()
    tensor([0.5000, 0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expects an input (N, C, H, W) or (C, H, W), got shape {tuple(input.shape)}")
        return F.softmax(input, -3)


class LogSoftmax(Module):
    """log(softmax(x)), computed without overflow.  `dim` is as in Softmax.

    Parameters
    ----------
    dim : int, optional
        The dimension along which the exponentials of the results sum to 1.  Without it one is chosen, with a
        warning.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.LogSoftmax(dim=0)(autograd.tensor([0.0, 0.0]))
    tensor([-0.6931, -0.6931])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
