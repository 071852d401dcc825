"""The functions that layers compute: `import nn.functional as F`."""

from autograd import Tensor as _Tensor, ops as _ops
from autograd.inplace import in_place as _in_place
from autograd.names import define_all as _define_all
from autograd.ops import (
    adaptive_avg_pool2d as adaptive_avg_pool2d,
    avg_pool2d as avg_pool2d,
    batch_norm as batch_norm,
    batch_norm_relu as batch_norm_relu,
    binary_cross_entropy as binary_cross_entropy,
    binary_cross_entropy_with_logits as binary_cross_entropy_with_logits,
    conv1d as conv1d,
    conv2d as conv2d,
    conv2d_relu as conv2d_relu,
    conv2d_relu_max_pool2d as conv2d_relu_max_pool2d,
    conv_transpose2d as conv_transpose2d,
    cross_entropy as cross_entropy,
    dropout as dropout,
    dropout2d as dropout2d,
    elu as elu,
    embedding as embedding,
    gelu as gelu,
    group_norm as group_norm,
    huber_loss as huber_loss,
    kl_div as kl_div,
    l1_loss as l1_loss,
    layer_norm as layer_norm,
    leaky_relu as leaky_relu,
    linear as linear,
    linear_relu as linear_relu,
    log_softmax as log_softmax,
    logsigmoid as logsigmoid,
    max_pool2d as max_pool2d,
    mish as mish,
    mse_loss as mse_loss,
    nll_loss as nll_loss,
    one_hot as one_hot,
    pad as pad,
    scaled_dot_product_attention as scaled_dot_product_attention,
    sigmoid as sigmoid,
    silu as silu,
    smooth_l1_loss as smooth_l1_loss,
    softmax as softmax,
    softplus as softplus,
    tanh as tanh,
)


def relu(input: _Tensor, inplace: bool = False) -> _Tensor:
    """max(input, 0), as `autograd.relu`.  With `inplace` it is written to input's memory, and input is returned."""
    return _in_place(_ops.relu, input) if inplace else _ops.relu(input)


__all__: list[str]
_define_all(globals())
