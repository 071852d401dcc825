"""All ops.  Importing this package fills the table of ops.

Each op has a file of its own, and small ops of one kind share one.  What several ops use is in `shared`, and kernels
that several ops use are in autograd/kernels/.
"""

from autograd.names import define_all as _define_all
from autograd.ops.activation import elu as elu, logsigmoid as logsigmoid, silu as silu, softplus as softplus
from autograd.ops.attention import scaled_dot_product_attention as scaled_dot_product_attention
from autograd.ops.avg_pool2d import adaptive_avg_pool2d as adaptive_avg_pool2d, avg_pool2d as avg_pool2d
from autograd.ops.batch_norm import batch_norm as batch_norm, batch_norm_relu as batch_norm_relu
from autograd.ops.binary_cross_entropy import (
    binary_cross_entropy as binary_cross_entropy,
    binary_cross_entropy_with_logits as binary_cross_entropy_with_logits,
)
from autograd.ops.compare import (
    all as all,
    allclose as allclose,
    any as any,
    bitwise_and as bitwise_and,
    bitwise_not as bitwise_not,
    bitwise_or as bitwise_or,
    bitwise_xor as bitwise_xor,
    eq as eq,
    equal as equal,
    ge as ge,
    gt as gt,
    isclose as isclose,
    isfinite as isfinite,
    isinf as isinf,
    isnan as isnan,
    le as le,
    logical_and as logical_and,
    logical_not as logical_not,
    logical_or as logical_or,
    lt as lt,
    ne as ne,
)
from autograd.ops.conv1d import conv1d as conv1d
from autograd.ops.conv2d import conv2d as conv2d
from autograd.ops.conv2d_relu import conv2d_relu as conv2d_relu
from autograd.ops.conv2d_relu_max_pool2d import conv2d_relu_max_pool2d as conv2d_relu_max_pool2d
from autograd.ops.conv_transpose2d import conv_transpose2d as conv_transpose2d
from autograd.ops.cross_entropy import cross_entropy as cross_entropy
from autograd.ops.dropout import dropout as dropout, dropout2d as dropout2d
from autograd.ops.einsum import einsum as einsum
from autograd.ops.elementwise import add as add, clone as clone, div as div, mul as mul, sub as sub, to as to
from autograd.ops.embedding import embedding as embedding, one_hot as one_hot
from autograd.ops.extrema import (
    amax as amax,
    amin as amin,
    argmax as argmax,
    argmin as argmin,
    clamp as clamp,
    clamp_max as clamp_max,
    clamp_min as clamp_min,
    max as max,
    maximum as maximum,
    min as min,
    minimum as minimum,
)
from autograd.ops.functions import (
    abs as abs,
    cos as cos,
    exp as exp,
    expm1 as expm1,
    log as log,
    log1p as log1p,
    neg as neg,
    positive as positive,
    reciprocal as reciprocal,
    rsqrt as rsqrt,
    sigmoid as sigmoid,
    sign as sign,
    sin as sin,
    sqrt as sqrt,
    square as square,
    tanh as tanh,
)
from autograd.ops.gather import gather as gather, scatter_add as scatter_add
from autograd.ops.gelu import gelu as gelu
from autograd.ops.group_norm import group_norm as group_norm
from autograd.ops.indexing import (
    getitem as getitem,
    index_select as index_select,
    plain_index as plain_index,
    setitem as setitem,
)
from autograd.ops.join import cat as cat, chunk as chunk, split as split, stack as stack, unbind as unbind
from autograd.ops.kl_div import kl_div as kl_div
from autograd.ops.layer_norm import layer_norm as layer_norm
from autograd.ops.leaky_relu import leaky_relu as leaky_relu
from autograd.ops.linear import linear as linear
from autograd.ops.linear_relu import linear_relu as linear_relu
from autograd.ops.losses import (
    huber_loss as huber_loss,
    l1_loss as l1_loss,
    mse_loss as mse_loss,
    smooth_l1_loss as smooth_l1_loss,
)
from autograd.ops.matmul import matmul as matmul
from autograd.ops.max_pool2d import max_pool2d as max_pool2d
from autograd.ops.mish import mish as mish
from autograd.ops.nll_loss import nll_loss as nll_loss
from autograd.ops.norm import norm as norm
from autograd.ops.pad import pad as pad
from autograd.ops.pow import pow as pow
from autograd.ops.reduce import cumsum as cumsum, logsumexp as logsumexp, mean as mean, sum as sum
from autograd.ops.relu import relu as relu
from autograd.ops.remainder import floor_divide as floor_divide, remainder as remainder
from autograd.ops.shape import (
    expand as expand,
    flatten as flatten,
    flip as flip,
    movedim as movedim,
    permute as permute,
    reshape as reshape,
    squeeze as squeeze,
    t as t,
    transpose as transpose,
    unsqueeze as unsqueeze,
)
from autograd.ops.shared.dims import sizes_of as sizes_of
from autograd.ops.softmax import log_softmax as log_softmax, softmax as softmax
from autograd.ops.strided import layouts as layouts, strided_read as strided_read, strided_write as strided_write
from autograd.ops.triangle import tril as tril, triu as triu
from autograd.ops.var import std as std, var as var
from autograd.ops.where import masked_fill as masked_fill, where as where

__all__: list[str]
_define_all(globals())
