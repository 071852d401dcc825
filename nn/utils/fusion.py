"""Batch normalization made part of the layer before it, for evaluation.

    BN(W x + b) = s (W x + b - m) + β = (s W) x + (s (b - m) + β),   s = γ / √(v + ε)

with m and v the running mean and variance, γ and β the weight and bias of the normalization.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TypeVar

from autograd import Tensor
from nn.conv import _Conv
from nn.linear import Linear
from nn.norm import _BatchNorm
from nn.parameter import Parameter

AnyConv = TypeVar("AnyConv", bound=_Conv)
AnyLinear = TypeVar("AnyLinear", bound=Linear)


def _fused(
    weight: Tensor,
    bias: Tensor | None,
    mean: Tensor,
    variance: Tensor,
    eps: float,
    scale: Tensor | None,
    shift: Tensor | None,
    rows: int,
) -> tuple[Parameter, Parameter]:
    """The weight and bias of the fused layer.  rows is the dimension of the weight that counts outputs."""
    factor = (variance.detach() + eps).rsqrt()
    if scale is not None:
        factor = factor * scale.detach()
    shape = [-1 if d == rows else 1 for d in range(weight.ndim)]
    moved = (0.0 if bias is None else bias.detach()) - mean.detach()
    moved = moved * factor + (0.0 if shift is None else shift.detach())
    return (
        Parameter((weight.detach() * factor.reshape(shape)).to(weight.dtype), weight.requires_grad),
        Parameter(moved.to(weight.dtype if bias is None else bias.dtype), bias is not None and bias.requires_grad),
    )


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of a convolution that does what a convolution and a batch normalization do.

    Parameters
    ----------
    conv_w, conv_b : Tensor
        Weight and bias of the convolution.  The bias may be None.
    bn_rm, bn_rv : Tensor, (C,)
        Running mean and variance of the normalization.
    bn_eps : float
    bn_w, bn_b : Tensor, (C,), or None
        Its weight and bias.
    transpose : bool
        Whether the weight is that of a transposed convolution.
    """
    return _fused(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, int(transpose))


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of a linear layer that does what a linear layer and a batch normalization do.

    The arguments are those of `fuse_conv_bn_weights`.
    """
    return _fused(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, 0)


def _statistics(caller: str, layer: _Conv | Linear, norm: _BatchNorm) -> tuple[Tensor, Tensor]:
    if layer.training or norm.training:
        raise AssertionError(f"{caller}: it is for evaluation; call .eval() on both layers first")
    if norm.running_mean is None or norm.running_var is None:
        raise AssertionError(f"{caller}: {type(norm).__name__} has no running statistics, so it cannot be fused")
    return norm.running_mean, norm.running_var


def fuse_conv_bn_eval(conv: AnyConv, bn: _BatchNorm, transpose: bool = False) -> AnyConv:
    """A copy of a convolution that includes the batch normalization after it.

    Parameters
    ----------
    conv : convolution in evaluation mode
    bn : batch normalization in evaluation mode
    transpose : bool
        Whether it is a transposed convolution.

    Raises
    ------
    AssertionError
        If a layer is in training mode, or there are no running statistics, as in PyTorch.

    Examples
    --------
    >>> import autograd, nn
    >>> conv, norm, x = nn.Conv2d(3, 4, 3).eval(), nn.BatchNorm2d(4).eval(), autograd.randn(2, 3, 5, 5)
    >>> autograd.allclose(nn.utils.fuse_conv_bn_eval(conv, norm)(x), norm(conv(x)), atol=1e-5)
    True
    """
    mean, variance = _statistics("fuse_conv_bn_eval", conv, bn)
    fused = deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        conv.weight, conv.bias, mean, variance, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused


def fuse_linear_bn_eval(linear: AnyLinear, bn: _BatchNorm) -> AnyLinear:
    """A copy of a linear layer that includes the batch normalization after it.

    Raises
    ------
    AssertionError
        If a layer is in training mode, there are no running statistics, or bn has not as many features as linear has
        outputs, nor one.
    """
    mean, variance = _statistics("fuse_linear_bn_eval", linear, bn)
    if bn.num_features not in (1, linear.out_features):
        raise AssertionError(
            f"fuse_linear_bn_eval: the linear layer has {linear.out_features} outputs, and the normalization "
            f"{bn.num_features} features; they must be equal"
        )
    fused = deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(
        linear.weight, linear.bias, mean, variance, bn.eps, bn.weight, bn.bias
    )
    return fused
