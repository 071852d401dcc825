"""All ops.  Importing this package fills the table of ops.

Each op has a file of its own, and small ops of one kind share one.  What several ops use is in `shared`, and kernels
that several ops use are in autograd/kernels/.
"""

from autograd.ops.activation import elu, logsigmoid, silu, softplus
from autograd.ops.attention import scaled_dot_product_attention
from autograd.ops.avg_pool2d import adaptive_avg_pool2d, avg_pool2d
from autograd.ops.batch_norm import batch_norm, batch_norm_relu
from autograd.ops.binary_cross_entropy import binary_cross_entropy, binary_cross_entropy_with_logits
from autograd.ops.compare import (
    all,
    allclose,
    any,
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    eq,
    equal,
    ge,
    gt,
    isclose,
    isfinite,
    isinf,
    isnan,
    le,
    logical_and,
    logical_not,
    logical_or,
    lt,
    ne,
)
from autograd.ops.conv1d import conv1d
from autograd.ops.conv2d import conv2d
from autograd.ops.conv2d_relu import conv2d_relu
from autograd.ops.conv2d_relu_max_pool2d import conv2d_relu_max_pool2d
from autograd.ops.conv_transpose2d import conv_transpose2d
from autograd.ops.cross_entropy import cross_entropy
from autograd.ops.dropout import dropout, dropout2d
from autograd.ops.einsum import einsum
from autograd.ops.elementwise import add, clone, div, mul, sub, to
from autograd.ops.embedding import embedding, one_hot
from autograd.ops.extrema import amax, amin, argmax, argmin, clamp, clamp_max, clamp_min, max, maximum, min, minimum
from autograd.ops.functions import (
    abs,
    cos,
    exp,
    expm1,
    log,
    log1p,
    neg,
    positive,
    reciprocal,
    rsqrt,
    sigmoid,
    sign,
    sin,
    sqrt,
    square,
    tanh,
)
from autograd.ops.gather import gather, scatter_add
from autograd.ops.gelu import gelu
from autograd.ops.group_norm import group_norm
from autograd.ops.indexing import getitem, index_select, plain_index
from autograd.ops.join import cat, chunk, split, stack, unbind
from autograd.ops.kl_div import kl_div
from autograd.ops.layer_norm import layer_norm
from autograd.ops.leaky_relu import leaky_relu
from autograd.ops.linear import linear
from autograd.ops.linear_relu import linear_relu
from autograd.ops.losses import huber_loss, l1_loss, mse_loss, smooth_l1_loss
from autograd.ops.matmul import matmul
from autograd.ops.max_pool2d import max_pool2d
from autograd.ops.nll_loss import nll_loss
from autograd.ops.norm import norm
from autograd.ops.pad import pad
from autograd.ops.pow import pow
from autograd.ops.reduce import cumsum, logsumexp, mean, sum
from autograd.ops.relu import relu
from autograd.ops.remainder import floor_divide, remainder
from autograd.ops.shape import (
    expand,
    flatten,
    flip,
    movedim,
    permute,
    reshape,
    squeeze,
    t,
    transpose,
    unsqueeze,
)
from autograd.ops.shared.dims import sizes_of
from autograd.ops.softmax import log_softmax, softmax
from autograd.ops.triangle import tril, triu
from autograd.ops.var import std, var
from autograd.ops.where import masked_fill, where

__all__ = [
    "abs",
    "adaptive_avg_pool2d",
    "add",
    "all",
    "allclose",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "avg_pool2d",
    "batch_norm",
    "batch_norm_relu",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "bitwise_and",
    "bitwise_not",
    "bitwise_or",
    "bitwise_xor",
    "cat",
    "chunk",
    "clamp",
    "clamp_max",
    "clamp_min",
    "clone",
    "conv1d",
    "conv2d",
    "conv2d_relu",
    "conv2d_relu_max_pool2d",
    "conv_transpose2d",
    "cos",
    "cross_entropy",
    "cumsum",
    "div",
    "dropout",
    "dropout2d",
    "einsum",
    "elu",
    "embedding",
    "eq",
    "equal",
    "exp",
    "expand",
    "expm1",
    "flatten",
    "flip",
    "floor_divide",
    "gather",
    "ge",
    "gelu",
    "getitem",
    "group_norm",
    "gt",
    "huber_loss",
    "index_select",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "kl_div",
    "l1_loss",
    "layer_norm",
    "le",
    "leaky_relu",
    "linear",
    "linear_relu",
    "log",
    "log1p",
    "log_softmax",
    "logical_and",
    "logical_not",
    "logical_or",
    "logsigmoid",
    "logsumexp",
    "lt",
    "masked_fill",
    "matmul",
    "max",
    "max_pool2d",
    "maximum",
    "mean",
    "min",
    "minimum",
    "movedim",
    "mse_loss",
    "mul",
    "ne",
    "neg",
    "nll_loss",
    "norm",
    "one_hot",
    "pad",
    "permute",
    "plain_index",
    "positive",
    "pow",
    "reciprocal",
    "relu",
    "remainder",
    "reshape",
    "rsqrt",
    "scaled_dot_product_attention",
    "scatter_add",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sizes_of",
    "smooth_l1_loss",
    "softmax",
    "softplus",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "sub",
    "sum",
    "t",
    "tanh",
    "to",
    "transpose",
    "tril",
    "triu",
    "unbind",
    "unsqueeze",
    "var",
    "where",
]
