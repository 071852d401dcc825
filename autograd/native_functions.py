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
    """`nn.functional.batch_norm` with weight and bias before the statistics.  `cudnn_enabled` has no effect.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([[1.0], [3.0]])
    >>> autograd.batch_norm(x, None, None, autograd.ones(1), autograd.ones(1) * 4, False, 0.1, 1e-5)
    tensor([[0.0000],
            [1.0000]])
    """
    return ops.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
