"""Functions that PyTorch has twice, as torch.NAME and as torch.nn.functional.NAME, with arguments in another order.

The functions of autograd/ops have the order of nn.functional.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd import ops

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = False,
) -> Tensor:
    """`nn.functional.batch_norm` with weight and bias before the statistics: y = (x - mean) / √(variance + eps).

    Then y is multiplied by the weight, and the bias is added.

    Parameters
    ----------
    input : Tensor of float, (N, C, *)
    weight, bias : Tensor, (C,), or None
    running_mean, running_var : Tensor, (C,), or None
        Used if training is False.  Otherwise they are updated in place: r ← (1 - momentum) r + momentum · statistic.
    training : bool
        Whether mean and variance are those of the batch.
    momentum : float
        The weight of the batch in the running statistics.
    eps : float
        Added to the variance, above 0.
    cudnn_enabled : bool
        Accepted, without effect.

    Returns
    -------
    Tensor, of the shape of input

    Raises
    ------
    ValueError
        If training is False without running statistics, a shape does not fit, or eps is not positive.
    TypeError
        If input has no float dtype.

    References
    ----------
    Ioffe and Szegedy, arXiv:1502.03167, algorithm 1.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([[1.0], [3.0]])
    >>> autograd.batch_norm(x, None, None, autograd.ones(1), autograd.ones(1) * 4, False, 0.1, 1e-5)
    tensor([[0.0000],
            [1.0000]])
    """
    return ops.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
