"""Root-mean-square normalization: divides each example by the root of the mean of its squares.

y = w x / √(mean x² + ε)        the mean over the last dimensions, of w's shape
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.functions import rsqrt, square
from autograd.ops.reduce import mean
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.samples import optional
from autograd.promotion import finfo
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


@in_float32
def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """Apply root-mean-square normalization: input / √(mean of input² + eps) · weight.

    Parameters
    ----------
    input : Tensor of float, (…, *normalized_shape)
    normalized_shape : sequence of int
        Sizes of the last dimensions, over which the mean is taken.
    weight : Tensor, of normalized_shape, optional
    eps : float, optional
        Default: the distance from 1 to the next number of input's dtype.

    Returns
    -------
    Tensor, of input's shape

    Raises
    ------
    ValueError, TypeError
        If shapes or dtypes do not fit.

    References
    ----------
    Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019, equation 4.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> F.rms_norm(autograd.tensor([3.0, 4.0]), (2,))
    tensor([0.8485, 1.1314])
    """
    check_arrays("rms_norm", input=input)
    sizes = tuple(normalized_shape) if isinstance(normalized_shape, Sequence) else (normalized_shape,)
    if not sizes or tuple(input.shape[-len(sizes) :]) != sizes:
        raise ValueError(
            f"rms_norm: normalized_shape {sizes} must be the last sizes of the input, whose shape is {input.shape}; "
            "expects at least one"
        )
    check_float("rms_norm", input)
    if weight is not None and tuple(weight.shape) != sizes:
        raise ValueError(f"rms_norm: weight of shape {weight.shape} must have normalized_shape {sizes}")
    small = float(finfo(input.dtype).eps) if eps is None else eps
    y = input * rsqrt(mean(square(input), tuple(range(-len(sizes), 0)), True) + small)
    return y if weight is None else y * weight


def _reference(x: Array, normalized_shape: Any, w: Array | None, *, eps: float | None = None) -> Array:
    dims = tuple(range(x.ndim - len(normalized_shape), x.ndim))
    many = np.prod(normalized_shape)
    y = x / np.sqrt((x * x).sum(axis=dims, keepdims=True) / many + (np.finfo(x.dtype).eps if eps is None else eps))
    return y if w is None else y * w


def _sample(draw: Draw) -> Sample:
    sizes, lead = draw.shape(1, 2), draw.shape(0, 2, least=0)
    x = draw.tensor(*lead, *sizes, low=0.5, high=2)
    return Sample((x, sizes, optional(draw, *sizes)), {"eps": draw.choice(0.1, 1e-3)})


register(
    Composite(
        name="rms_norm",
        function=rms_norm,
        reference=_reference,
        sample=_sample,
        bad_samples=[
            BadSample((np.ones((2, 3)), (2,)), {}, ValueError, ("rms_norm", "(2,)", "(2, 3)")),
            BadSample((np.ones((2, 3)), ()), {}, ValueError, ("rms_norm", "at least one")),
            BadSample((np.ones((2, 3)), (3,), np.ones(2)), {}, ValueError, ("rms_norm", "weight", "(2,)", "(3,)")),
            BadSample((np.ones((2, 3), int), (3,)), {}, TypeError, ("rms_norm", "int64", ".float()")),
        ],
    )
)
