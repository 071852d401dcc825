"""Gumbel softmax: a sample from a categorical distribution that has a gradient.

    y = softmax((x + n) / τ),  n = -log(-log(u)) with u uniform in (0, 1)

The noise n is an input of the row, and the function below draws it: the row itself is deterministic.

References
----------
Jang, Gu, Poole, "Categorical Reparameterization with Gumbel-Softmax", arXiv:1611.01144, equation (2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autograd.arguments import check_arrays
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.shared.checks import check_float
from autograd.ops.shared.dims import dim_of
from autograd.ops.softmax import softmax
from autograd.promotion import finfo
from autograd.types import Array

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _function(logits: Tensor, noise: Tensor, *, tau: float, dim: int) -> Tensor:
    check_float("gumbel_softmax", logits)
    return softmax((logits + noise) / tau, dim)


def _reference(logits: Array, noise: Array, *, tau: float, dim: int) -> Array:
    z = (logits + noise) / tau
    e = np.exp(z - z.max(axis=dim, keepdims=True))
    return np.asarray(e / e.sum(axis=dim, keepdims=True))


def _sample(draw: Draw) -> Sample:
    others, n, dim = draw.shape(0, 2, least=0), draw.size(1, 3), draw.choice(0, -1)
    shape = (n, *others) if dim == 0 else (*others, n)
    return Sample((draw.tensor(*shape), draw.tensor(*shape)), {"tau": draw.choice(1.0, 0.5), "dim": dim})


_gumbel_softmax_op = register(
    Composite(
        name="gumbel_softmax",
        function=_function,
        reference=_reference,
        sample=_sample,
        bad_samples=[
            BadSample((np.ones(3, int), np.ones(3)), {"tau": 1.0, "dim": 0}, TypeError, ("gumbel_softmax", "int64"))
        ],
    )
)


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Draw from categorical distributions, with a gradient with respect to their logits.

    y = softmax((logits + n) / tau), where n is noise from the Gumbel distribution.

    Parameters
    ----------
    logits : Tensor of float, any shape
        Logarithms of the probabilities along dim, up to a constant.
    tau : float
        Temperature.  The smaller it is, the closer the result is to one-hot.
    hard : bool
        Return one-hot vectors, with the gradient of the soft result ("straight-through").
    eps : float
        For compatibility with PyTorch; it has no effect.
    dim : int
        The dimension of the classes, along which the result adds up to 1.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    TypeError
        If logits is not of floats.
    IndexError
        If there is no such dimension.

    References
    ----------
    Jang, Gu, Poole, "Categorical Reparameterization with Gumbel-Softmax", 2017; Maddison, Mnih, Teh, "The Concrete
    Distribution", 2017.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> soft = F.gumbel_softmax(autograd.zeros(2, 3))
    >>> autograd.allclose(soft.sum(1), autograd.ones(2))
    True
    >>> F.gumbel_softmax(autograd.tensor([0.0, 0.0, 100.0]), hard=True)  # the last class is all but certain
    tensor([0., 0., 1.])
    """
    from autograd.random import generator  # a layer above the ops
    from autograd.tensor import wrap

    check_arrays("gumbel_softmax", logits=logits)
    check_float("gumbel_softmax", logits)
    dim = dim_of("gumbel_softmax", dim, logits.ndim)
    exponential = np.maximum(generator().standard_exponential(logits.shape), finfo(logits.dtype).tiny)
    noise = np.asarray(-np.log(exponential)).astype(logits.dtype)
    soft: Tensor = _gumbel_softmax_op(logits, noise, tau=tau, dim=dim)
    if not hard:
        return soft
    chosen = np.zeros(soft.shape, soft.dtype)
    if chosen.ndim:
        np.put_along_axis(chosen, soft.array.argmax(dim, keepdims=True), 1, dim)
    else:
        chosen += 1
    return wrap(chosen) - soft.detach() + soft
