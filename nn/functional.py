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
    """max(input, 0), as `autograd.relu`.

    Parameters
    ----------
    input : Tensor of numbers, any shape
    inplace : bool
        Write the result to the input's memory, and return the input.

    Returns
    -------
    Tensor, of the same shape and dtype

    Raises
    ------
    RuntimeError
        With inplace, if the input is a leaf that requires a gradient.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x = autograd.tensor([-1.0, 2.0])
    >>> F.relu(x), F.relu(x, inplace=True) is x
    (tensor([0., 2.]), True)
    """
    return _in_place(_ops.relu, input) if inplace else _ops.relu(input)


def relu_(input: _Tensor) -> _Tensor:
    """Apply `relu` in place: max(input, 0) is written to the input's memory.

    Parameters
    ----------
    input : Tensor of numbers, any shape

    Returns
    -------
    Tensor, of the same shape: the input itself

    Raises
    ------
    RuntimeError
        If the input is a leaf that requires a gradient.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x = autograd.tensor([-1.0, 2.0])
    >>> y = F.relu_(x)
    >>> x
    tensor([0., 2.])
    """
    return _in_place(_ops.relu, input)


def leaky_relu_(input: _Tensor, negative_slope: float = 0.01) -> _Tensor:
    """Apply `leaky_relu` in place: negative elements are multiplied by a slope.

    Parameters
    ----------
    input : Tensor of float, any shape
    negative_slope : float
        The slope.

    Returns
    -------
    Tensor, of the same shape: the input itself

    Raises
    ------
    RuntimeError, TypeError
        If the input is a leaf that requires a gradient, or not a float tensor.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x = autograd.tensor([-1.0, 2.0])
    >>> y = F.leaky_relu_(x, 0.5)
    >>> x
    tensor([-0.5000,  2.0000])
    """
    return _in_place(_ops.leaky_relu, input, negative_slope)


def elu_(input: _Tensor, alpha: float = 1.0) -> _Tensor:
    """Apply `elu` in place: negative elements become alpha * (exp(input) - 1).

    Parameters
    ----------
    input : Tensor of float, any shape
    alpha : float
        The result tends to -alpha as the input tends to -∞.

    Returns
    -------
    Tensor, of the same shape: the input itself

    Raises
    ------
    RuntimeError, TypeError
        If the input is a leaf that requires a gradient, or not a float tensor.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x = autograd.tensor([-1.0, 2.0])
    >>> y = F.elu_(x)
    >>> x
    tensor([-0.6321,  2.0000])
    """
    return _in_place(_ops.elu, input, alpha)


def celu_(input: _Tensor, alpha: float = 1.0) -> _Tensor:
    """Apply `celu` in place: negative elements become alpha * (exp(input / alpha) - 1).

    Parameters
    ----------
    input : Tensor of float, any shape
    alpha : float
        The result tends to -alpha as the input tends to -∞.

    Returns
    -------
    Tensor, of the same shape: the input itself

    Raises
    ------
    RuntimeError, TypeError
        If the input is a leaf that requires a gradient, alpha is 0, or the input is not a float tensor.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x = autograd.tensor([-1.0, 2.0])
    >>> y = F.celu_(x, alpha=0.5)
    >>> x
    tensor([-0.4323,  2.0000])
    """
    return _in_place(_ops.celu, input, alpha)


def selu_(input: _Tensor) -> _Tensor:
    """Apply `selu` in place: 1.0507 · elu(input, 1.6733), which keeps mean 0 and variance 1.

    Parameters
    ----------
    input : Tensor of float, any shape

    Returns
    -------
    Tensor, of the same shape: the input itself

    Raises
    ------
    RuntimeError, TypeError
        If the input is a leaf that requires a gradient, or not a float tensor.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x = autograd.tensor([-1.0, 1.0])
    >>> y = F.selu_(x)
    >>> x
    tensor([-1.1113,  1.0507])
    """
    return _in_place(_ops.selu, input)


def hardtanh_(input: _Tensor, min_val: _Number = -1.0, max_val: _Number = 1.0) -> _Tensor:
    """Apply `hardtanh` in place: elements are limited to the range from min_val to max_val.

    Parameters
    ----------
    input : Tensor of numbers, any shape
    min_val, max_val : number
        The bounds.

    Returns
    -------
    Tensor, of the same shape: the input itself

    Raises
    ------
    RuntimeError, ValueError
        If the input is a leaf that requires a gradient, or min_val is above max_val.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x = autograd.tensor([-3.0, 0.5, 3.0])
    >>> y = F.hardtanh_(x)
    >>> x
    tensor([-1.0000,  0.5000,  1.0000])
    """
    return _in_place(_ops.hardtanh, input, min_val, max_val)


def threshold_(input: _Tensor, threshold: _Number, value: _Number) -> _Tensor:
    """Apply `threshold` in place: elements that are not above a threshold are replaced.

    Parameters
    ----------
    input : Tensor of numbers, any shape
    threshold : number
        Elements above it stay as they are, and so does NaN.
    value : number
        What the others become.

    Returns
    -------
    Tensor, of the same shape: the input itself

    Raises
    ------
    RuntimeError
        If the input is a leaf that requires a gradient.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x = autograd.tensor([-1.0, 0.5, 2.0])
    >>> y = F.threshold_(x, 1.0, 7.0)
    >>> x
    tensor([7., 7., 2.])
    """
    return _in_place(_ops.threshold, input, threshold, value)


def rrelu_(input: _Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False) -> _Tensor:
    """Apply `rrelu` in place: negative elements are multiplied by random slopes.

    Parameters
    ----------
    input : Tensor of float, any shape
    lower, upper : float
        In training, slopes are drawn uniformly from this range.
    training : bool
        If False, the slope is the middle of the range for all elements.

    Returns
    -------
    Tensor, of the same shape: the input itself

    Raises
    ------
    RuntimeError, ValueError, TypeError
        If the input is a leaf that requires a gradient, lower is larger than upper or either is not finite, or the
        input is not a float tensor.

    Examples
    --------
    >>> import autograd, nn.functional as F
    >>> x = autograd.tensor([-2.0, 3.0])
    >>> y = F.rrelu_(x, 0.25, 0.75)
    >>> x
    tensor([-1.,  3.])
    """
    return _in_place(_ops.rrelu, input, lower, upper, training)


__all__: list[str]
_define_all(globals())
