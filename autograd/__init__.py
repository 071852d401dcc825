"""lucidgrad's engine: tensors, their gradients, and the ops.

    import autograd

    x = autograd.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (x * x).sum().backward()
    x.grad                              # tensor([2., 4., 6.])

Names, arguments and defaults are PyTorch's.
"""

import typing as _typing
from importlib import import_module as _import_module
from math import inf as inf, nan as nan, pi as pi

import numpy as _np

from autograd import cuda as cuda, functional as functional, profiler as profiler, startup as _startup
from autograd.config import (
    config as config,
    get_num_threads as get_num_threads,
    set_num_threads as set_num_threads,
    show_config as show_config,
)
from autograd.creation import (
    arange as arange,
    as_tensor as as_tensor,
    asarray as asarray,
    empty as empty,
    empty_like as empty_like,
    empty_permuted as empty_permuted,
    empty_strided as empty_strided,
    eye as eye,
    from_numpy as from_numpy,
    full as full,
    full_like as full_like,
    linspace as linspace,
    logspace as logspace,
    ones as ones,
    ones_like as ones_like,
    scalar_tensor as scalar_tensor,
    tensor as tensor,
    tril_indices as tril_indices,
    triu_indices as triu_indices,
    zeros as zeros,
    zeros_like as zeros_like,
)
from autograd.debug import detect_anomaly as detect_anomaly, reference as reference, verify as verify
from autograd.devices import device as device
from autograd.engine import grad as grad
from autograd.grad_mode import (
    enable_grad as enable_grad,
    inference_mode as inference_mode,
    is_grad_enabled as is_grad_enabled,
    no_grad as no_grad,
    set_grad_enabled as set_grad_enabled,
)
from autograd.gradcheck import gradcheck as gradcheck, gradgradcheck as gradgradcheck
from autograd.inquiry import (
    is_complex as is_complex,
    is_floating_point as is_floating_point,
    is_nonzero as is_nonzero,
    is_tensor as is_tensor,
    numel as numel,
)
from autograd.layouts import (
    contiguous_format as contiguous_format,
    layout as layout,
    memory_format as memory_format,
    preserve_format as preserve_format,
    strided as strided,
)
from autograd.names import define_all as _define_all
from autograd.op import BadSample as BadSample, Op as Op, Sample as Sample, register as register
from autograd.ops import (
    abs as abs,
    add as add,
    addbmm as addbmm,
    addmm as addmm,
    addmv as addmv,
    addr as addr,
    alias_copy as alias_copy,
    all as all,
    allclose as allclose,
    amax as amax,
    amin as amin,
    any as any,
    argmax as argmax,
    argmin as argmin,
    argsort as argsort,
    argwhere as argwhere,
    as_strided as as_strided,
    as_strided_copy as as_strided_copy,
    as_strided_scatter as as_strided_scatter,
    atleast_1d as atleast_1d,
    atleast_2d as atleast_2d,
    atleast_3d as atleast_3d,
    baddbmm as baddbmm,
    batch_norm as batch_norm,
    bincount as bincount,
    bitwise_and as bitwise_and,
    bitwise_not as bitwise_not,
    bitwise_or as bitwise_or,
    bitwise_xor as bitwise_xor,
    block_diag as block_diag,
    bmm as bmm,
    broadcast_shapes as broadcast_shapes,
    broadcast_tensors as broadcast_tensors,
    broadcast_to as broadcast_to,
    bucketize as bucketize,
    cartesian_prod as cartesian_prod,
    cat as cat,
    chain_matmul as chain_matmul,
    chunk as chunk,
    clamp as clamp,
    clamp_max as clamp_max,
    clamp_min as clamp_min,
    clone as clone,
    column_stack as column_stack,
    combinations as combinations,
    conv1d as conv1d,
    conv2d as conv2d,
    conv_transpose2d as conv_transpose2d,
    corrcoef as corrcoef,
    cos as cos,
    cov as cov,
    cross as cross,
    cumsum as cumsum,
    diag as diag,
    diag_embed as diag_embed,
    diagflat as diagflat,
    diagonal as diagonal,
    diagonal_copy as diagonal_copy,
    diagonal_scatter as diagonal_scatter,
    div as div,
    dot as dot,
    dropout as dropout,
    dsplit as dsplit,
    dstack as dstack,
    einsum as einsum,
    eq as eq,
    equal as equal,
    exp as exp,
    expand_copy as expand_copy,
    expm1 as expm1,
    flatten as flatten,
    flip as flip,
    fliplr as fliplr,
    flipud as flipud,
    floor_divide as floor_divide,
    gather as gather,
    ge as ge,
    group_norm as group_norm,
    gt as gt,
    histc as histc,
    histogram as histogram,
    hsplit as hsplit,
    hstack as hstack,
    index_add as index_add,
    index_copy as index_copy,
    index_fill as index_fill,
    index_put as index_put,
    index_reduce as index_reduce,
    index_select as index_select,
    inner as inner,
    isclose as isclose,
    isfinite as isfinite,
    isin as isin,
    isinf as isinf,
    isnan as isnan,
    kron as kron,
    layer_norm as layer_norm,
    le as le,
    log as log,
    log1p as log1p,
    log_softmax as log_softmax,
    logical_and as logical_and,
    logical_not as logical_not,
    logical_or as logical_or,
    logsumexp as logsumexp,
    lt as lt,
    masked_fill as masked_fill,
    masked_scatter as masked_scatter,
    masked_select as masked_select,
    matmul as matmul,
    max as max,
    maximum as maximum,
    mean as mean,
    meshgrid as meshgrid,
    min as min,
    minimum as minimum,
    mm as mm,
    movedim as movedim,
    msort as msort,
    mul as mul,
    mv as mv,
    narrow as narrow,
    narrow_copy as narrow_copy,
    ne as ne,
    neg as neg,
    nonzero as nonzero,
    nonzero_static as nonzero_static,
    norm as norm,
    outer as outer,
    permute as permute,
    permute_copy as permute_copy,
    positive as positive,
    pow as pow,
    put as put,
    ravel as ravel,
    reciprocal as reciprocal,
    relu as relu,
    remainder as remainder,
    repeat_interleave as repeat_interleave,
    reshape as reshape,
    roll as roll,
    rot90 as rot90,
    rsqrt as rsqrt,
    scatter as scatter,
    scatter_add as scatter_add,
    scatter_reduce as scatter_reduce,
    searchsorted as searchsorted,
    select as select,
    select_copy as select_copy,
    select_scatter as select_scatter,
    sigmoid as sigmoid,
    sign as sign,
    sin as sin,
    slice_scatter as slice_scatter,
    softmax as softmax,
    sort as sort,
    split as split,
    split_copy as split_copy,
    split_with_sizes as split_with_sizes,
    split_with_sizes_copy as split_with_sizes_copy,
    sqrt as sqrt,
    square as square,
    squeeze as squeeze,
    squeeze_copy as squeeze_copy,
    stack as stack,
    std as std,
    sub as sub,
    sum as sum,
    t as t,
    t_copy as t_copy,
    take as take,
    take_along_dim as take_along_dim,
    tanh as tanh,
    tensor_split as tensor_split,
    tensordot as tensordot,
    tile as tile,
    topk as topk,
    trace as trace,
    transpose as transpose,
    transpose_copy as transpose_copy,
    tril as tril,
    triu as triu,
    unbind as unbind,
    unbind_copy as unbind_copy,
    unflatten as unflatten,
    unfold_copy as unfold_copy,
    unique as unique,
    unique_consecutive as unique_consecutive,
    unravel_index as unravel_index,
    unsafe_chunk as unsafe_chunk,
    unsafe_split as unsafe_split,
    unsqueeze as unsqueeze,
    unsqueeze_copy as unsqueeze_copy,
    vander as vander,
    var as var,
    vdot as vdot,
    view_copy as view_copy,
    vsplit as vsplit,
    vstack as vstack,
    where as where,
)
from autograd.printing import set_printoptions as set_printoptions
from autograd.promotion import (
    get_default_dtype as get_default_dtype,
    promote_types as promote_types,
    result_type as result_type,
    set_default_dtype as set_default_dtype,
)
from autograd.random import (
    get_rng_state as get_rng_state,
    manual_seed as manual_seed,
    rand as rand,
    rand_like as rand_like,
    randint as randint,
    randn as randn,
    randn_like as randn_like,
    randperm as randperm,
    set_rng_state as set_rng_state,
)
from autograd.tensor import Tensor as Tensor
from autograd.tensor_types import (
    BoolTensor as BoolTensor,
    ByteTensor as ByteTensor,
    CharTensor as CharTensor,
    DoubleTensor as DoubleTensor,
    FloatTensor as FloatTensor,
    IntTensor as IntTensor,
    LongTensor as LongTensor,
    ShortTensor as ShortTensor,
    set_default_tensor_type as set_default_tensor_type,
)
from autograd.types import Size as Size, dtype as dtype

float32 = float = _np.dtype(_np.float32)
float64 = double = _np.dtype(_np.float64)
int8 = _np.dtype(_np.int8)
int16 = short = _np.dtype(_np.int16)
int32 = int = _np.dtype(_np.int32)
int64 = long = _np.dtype(_np.int64)
uint8 = _np.dtype(_np.uint8)
bool = _np.dtype(_np.bool_)

finfo, iinfo = _np.finfo, _np.iinfo


if not _typing.TYPE_CHECKING:  # with a __getattr__, a type checker accepts every name

    def __getattr__(name):
        """`torch.nn`, `torch.optim` and `torch.autograd`, in a file that says `import autograd as torch`."""
        if name in ("nn", "optim", "autograd"):
            return _import_module(name)
        raise AttributeError(f"module 'autograd' has no attribute {name!r}")


__version__ = "0.1.0"

_startup.check("autograd")
__all__: list[str]
_define_all(globals(), "cuda", "functional", "profiler")
