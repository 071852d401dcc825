"""The functions that layers compute: `import nn.functional as F`."""

from autograd import Tensor as _Tensor, ops as _ops
from autograd.inplace import in_place as _in_place
from autograd.names import define_all as _define_all
from autograd.ops import (
    adaptive_avg_pool1d as adaptive_avg_pool1d,
    adaptive_avg_pool2d as adaptive_avg_pool2d,
    adaptive_avg_pool3d as adaptive_avg_pool3d,
    adaptive_max_pool1d as adaptive_max_pool1d,
    adaptive_max_pool2d as adaptive_max_pool2d,
    adaptive_max_pool3d as adaptive_max_pool3d,
    affine_grid as affine_grid,
    alpha_dropout as alpha_dropout,
    avg_pool1d as avg_pool1d,
    avg_pool2d as avg_pool2d,
    avg_pool3d as avg_pool3d,
    batch_norm as batch_norm,
    batch_norm_relu as batch_norm_relu,
    bilinear as bilinear,
    binary_cross_entropy as binary_cross_entropy,
    binary_cross_entropy_with_logits as binary_cross_entropy_with_logits,
    celu as celu,
    channel_shuffle as channel_shuffle,
    conv1d as conv1d,
    conv2d as conv2d,
    conv2d_relu as conv2d_relu,
    conv2d_relu_max_pool2d as conv2d_relu_max_pool2d,
    conv3d as conv3d,
    conv_transpose1d as conv_transpose1d,
    conv_transpose2d as conv_transpose2d,
    conv_transpose3d as conv_transpose3d,
    cosine_embedding_loss as cosine_embedding_loss,
    cosine_similarity as cosine_similarity,
    cross_entropy as cross_entropy,
    ctc_loss as ctc_loss,
    dropout as dropout,
    dropout1d as dropout1d,
    dropout2d as dropout2d,
    dropout3d as dropout3d,
    elu as elu,
    embedding as embedding,
    embedding_bag as embedding_bag,
    feature_alpha_dropout as feature_alpha_dropout,
    fold as fold,
    fractional_max_pool2d as fractional_max_pool2d,
    fractional_max_pool3d as fractional_max_pool3d,
    gaussian_nll_loss as gaussian_nll_loss,
    gelu as gelu,
    glu as glu,
    grid_sample as grid_sample,
    group_norm as group_norm,
    gumbel_softmax as gumbel_softmax,
    hardshrink as hardshrink,
    hardsigmoid as hardsigmoid,
    hardswish as hardswish,
    hardtanh as hardtanh,
    hinge_embedding_loss as hinge_embedding_loss,
    huber_loss as huber_loss,
    instance_norm as instance_norm,
    interpolate as interpolate,
    kl_div as kl_div,
    l1_loss as l1_loss,
    layer_norm as layer_norm,
    leaky_relu as leaky_relu,
    linear as linear,
    linear_relu as linear_relu,
    local_response_norm as local_response_norm,
    log_softmax as log_softmax,
    logsigmoid as logsigmoid,
    lp_pool1d as lp_pool1d,
    lp_pool2d as lp_pool2d,
    lp_pool3d as lp_pool3d,
    margin_ranking_loss as margin_ranking_loss,
    max_pool1d as max_pool1d,
    max_pool2d as max_pool2d,
    max_pool3d as max_pool3d,
    max_unpool1d as max_unpool1d,
    max_unpool2d as max_unpool2d,
    max_unpool3d as max_unpool3d,
    mish as mish,
    mse_loss as mse_loss,
    multi_head_attention_forward as multi_head_attention_forward,
    multi_margin_loss as multi_margin_loss,
    multilabel_margin_loss as multilabel_margin_loss,
    multilabel_soft_margin_loss as multilabel_soft_margin_loss,
    nll_loss as nll_loss,
    normalize as normalize,
    one_hot as one_hot,
    pad as pad,
    pairwise_distance as pairwise_distance,
    pdist as pdist,
    pixel_shuffle as pixel_shuffle,
    pixel_unshuffle as pixel_unshuffle,
    poisson_nll_loss as poisson_nll_loss,
    prelu as prelu,
    relu6 as relu6,
    rms_norm as rms_norm,
    rrelu as rrelu,
    scaled_dot_product_attention as scaled_dot_product_attention,
    selu as selu,
    sigmoid as sigmoid,
    silu as silu,
    smooth_l1_loss as smooth_l1_loss,
    soft_margin_loss as soft_margin_loss,
    softmax as softmax,
    softmin as softmin,
    softplus as softplus,
    softshrink as softshrink,
    softsign as softsign,
    tanh as tanh,
    tanhshrink as tanhshrink,
    threshold as threshold,
    triplet_margin_loss as triplet_margin_loss,
    triplet_margin_with_distance_loss as triplet_margin_with_distance_loss,
    unfold as unfold,
    upsample as upsample,
    upsample_bilinear as upsample_bilinear,
    upsample_nearest as upsample_nearest,
)
from autograd.types import Number as _Number


def relu(input: _Tensor, inplace: bool = False) -> _Tensor:
    """max(input, 0), as `autograd.relu`.  With `inplace` it is written to input's memory, and input is returned."""
    return _in_place(_ops.relu, input) if inplace else _ops.relu(input)


def relu_(input: _Tensor) -> _Tensor:
    """`relu`, written to input's memory."""
    return _in_place(_ops.relu, input)


def leaky_relu_(input: _Tensor, negative_slope: float = 0.01) -> _Tensor:
    """`leaky_relu`, written to input's memory."""
    return _in_place(_ops.leaky_relu, input, negative_slope)


def elu_(input: _Tensor, alpha: float = 1.0) -> _Tensor:
    """`elu`, written to input's memory."""
    return _in_place(_ops.elu, input, alpha)


def celu_(input: _Tensor, alpha: float = 1.0) -> _Tensor:
    """`celu`, written to input's memory."""
    return _in_place(_ops.celu, input, alpha)


def selu_(input: _Tensor) -> _Tensor:
    """`selu`, written to input's memory."""
    return _in_place(_ops.selu, input)


def hardtanh_(input: _Tensor, min_val: _Number = -1.0, max_val: _Number = 1.0) -> _Tensor:
    """`hardtanh`, written to input's memory."""
    return _in_place(_ops.hardtanh, input, min_val, max_val)


def threshold_(input: _Tensor, threshold: _Number, value: _Number) -> _Tensor:
    """`threshold`, written to input's memory."""
    return _in_place(_ops.threshold, input, threshold, value)


def rrelu_(input: _Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False) -> _Tensor:
    """`rrelu`, written to input's memory."""
    return _in_place(_ops.rrelu, input, lower, upper, training)


__all__: list[str]
_define_all(globals())
