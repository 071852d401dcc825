"""All ops.  Importing this package fills the table of ops.

Each op has a file of its own, and small ops of one kind share one.  What several ops use is in `shared`, and kernels
that several ops use are in autograd/kernels/.
"""

from autograd.names import define_all as _define_all
from autograd.numpy_names import accept_numpy_names as _accept_numpy_names
from autograd.ops.activation import elu as elu, logsigmoid as logsigmoid, silu as silu, softplus as softplus
from autograd.ops.activations import (
    celu as celu,
    glu as glu,
    hardshrink as hardshrink,
    hardsigmoid as hardsigmoid,
    hardswish as hardswish,
    hardtanh as hardtanh,
    prelu as prelu,
    relu6 as relu6,
    rrelu as rrelu,
    selu as selu,
    softmin as softmin,
    softshrink as softshrink,
    softsign as softsign,
    tanhshrink as tanhshrink,
    threshold as threshold,
)
from autograd.ops.adaptive_avg_pool import (
    adaptive_avg_pool1d as adaptive_avg_pool1d,
    adaptive_avg_pool3d as adaptive_avg_pool3d,
)
from autograd.ops.aggregate import (
    aminmax as aminmax,
    count_nonzero as count_nonzero,
    cumprod as cumprod,
    cumulative_trapezoid as cumulative_trapezoid,
    diff as diff,
    dist as dist,
    logcumsumexp as logcumsumexp,
    nanmean as nanmean,
    nansum as nansum,
    prod as prod,
    renorm as renorm,
    std_mean as std_mean,
    trapezoid as trapezoid,
    var_mean as var_mean,
)
from autograd.ops.alpha_dropout import alpha_dropout as alpha_dropout, feature_alpha_dropout as feature_alpha_dropout
from autograd.ops.attention import scaled_dot_product_attention as scaled_dot_product_attention
from autograd.ops.avg_pool import (
    avg_pool1d as avg_pool1d,
    avg_pool3d as avg_pool3d,
    lp_pool1d as lp_pool1d,
    lp_pool2d as lp_pool2d,
    lp_pool3d as lp_pool3d,
)
from autograd.ops.avg_pool2d import adaptive_avg_pool2d as adaptive_avg_pool2d, avg_pool2d as avg_pool2d
from autograd.ops.batch_norm import batch_norm as batch_norm, batch_norm_relu as batch_norm_relu
from autograd.ops.bilinear import bilinear as bilinear
from autograd.ops.binary_cross_entropy import (
    binary_cross_entropy as binary_cross_entropy,
    binary_cross_entropy_with_logits as binary_cross_entropy_with_logits,
)
from autograd.ops.blend import (
    addcdiv as addcdiv,
    addcmul as addcmul,
    fill as fill,
    float_power as float_power,
    lerp as lerp,
    rsub as rsub,
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
    logical_xor as logical_xor,
    lt as lt,
    ne as ne,
)
from autograd.ops.complex import (
    angle as angle,
    complex as complex,
    conj_physical as conj_physical,
    imag as imag,
    is_conj as is_conj,
    polar as polar,
    real as real,
    resolve_conj as resolve_conj,
    resolve_neg as resolve_neg,
    sgn as sgn,
    view_as_complex as view_as_complex,
    view_as_real as view_as_real,
)
from autograd.ops.conj import conj as conj
from autograd.ops.conv1d import conv1d as conv1d
from autograd.ops.conv2d import conv2d as conv2d
from autograd.ops.conv2d_relu import conv2d_relu as conv2d_relu
from autograd.ops.conv2d_relu_max_pool2d import conv2d_relu_max_pool2d as conv2d_relu_max_pool2d
from autograd.ops.conv3d import conv3d as conv3d
from autograd.ops.conv_transpose import conv_transpose1d as conv_transpose1d, conv_transpose3d as conv_transpose3d
from autograd.ops.conv_transpose2d import conv_transpose2d as conv_transpose2d
from autograd.ops.copies import (
    alias_copy as alias_copy,
    as_strided_copy as as_strided_copy,
    diagonal_copy as diagonal_copy,
    expand_copy as expand_copy,
    narrow_copy as narrow_copy,
    permute_copy as permute_copy,
    select_copy as select_copy,
    split_copy as split_copy,
    split_with_sizes_copy as split_with_sizes_copy,
    squeeze_copy as squeeze_copy,
    t_copy as t_copy,
    transpose_copy as transpose_copy,
    unbind_copy as unbind_copy,
    unfold_copy as unfold_copy,
    unsqueeze_copy as unsqueeze_copy,
    view_copy as view_copy,
)
from autograd.ops.covariance import corrcoef as corrcoef, cov as cov
from autograd.ops.cross_entropy import cross_entropy as cross_entropy
from autograd.ops.ctc_loss import ctc_loss as ctc_loss
from autograd.ops.distances import (
    cdist as cdist,
    cosine_similarity as cosine_similarity,
    normalize as normalize,
    pairwise_distance as pairwise_distance,
    pdist as pdist,
)
from autograd.ops.dropout import (
    dropout as dropout,
    dropout1d as dropout1d,
    dropout2d as dropout2d,
    dropout3d as dropout3d,
)
from autograd.ops.einsum import einsum as einsum
from autograd.ops.elementary import (
    acos as acos,
    acosh as acosh,
    asin as asin,
    asinh as asinh,
    atan as atan,
    atan2 as atan2,
    atanh as atanh,
    cosh as cosh,
    deg2rad as deg2rad,
    exp2 as exp2,
    hypot as hypot,
    log2 as log2,
    log10 as log10,
    logaddexp as logaddexp,
    logaddexp2 as logaddexp2,
    logit as logit,
    rad2deg as rad2deg,
    sinc as sinc,
    sinh as sinh,
    tan as tan,
    xlog1py as xlog1py,
    xlogy as xlogy,
)
from autograd.ops.elementwise import add as add, clone as clone, div as div, mul as mul, sub as sub, to as to
from autograd.ops.embedding import embedding as embedding, one_hot as one_hot
from autograd.ops.embedding_bag import embedding_bag as embedding_bag
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
from autograd.ops.factor import (
    cholesky as cholesky,
    geqrf as geqrf,
    linalg_cholesky as linalg_cholesky,
    linalg_cholesky_ex as linalg_cholesky_ex,
    linalg_householder_product as linalg_householder_product,
    linalg_lu as linalg_lu,
    linalg_lu_factor as linalg_lu_factor,
    linalg_lu_factor_ex as linalg_lu_factor_ex,
    linalg_lu_solve as linalg_lu_solve,
    linalg_matrix_exp as linalg_matrix_exp,
    linalg_qr as linalg_qr,
    lu as lu,
    lu_solve as lu_solve,
    lu_unpack as lu_unpack,
    ormqr as ormqr,
    qr as qr,
)
from autograd.ops.fft import (
    fft_fft as fft_fft,
    fft_fft2 as fft_fft2,
    fft_fftn as fft_fftn,
    fft_fftshift as fft_fftshift,
    fft_hfft as fft_hfft,
    fft_hfft2 as fft_hfft2,
    fft_hfftn as fft_hfftn,
    fft_ifft as fft_ifft,
    fft_ifft2 as fft_ifft2,
    fft_ifftn as fft_ifftn,
    fft_ifftshift as fft_ifftshift,
    fft_ihfft as fft_ihfft,
    fft_ihfft2 as fft_ihfft2,
    fft_ihfftn as fft_ihfftn,
    fft_irfft as fft_irfft,
    fft_irfft2 as fft_irfft2,
    fft_irfftn as fft_irfftn,
    fft_rfft as fft_rfft,
    fft_rfft2 as fft_rfft2,
    fft_rfftn as fft_rfftn,
)
from autograd.ops.floats import (
    copysign as copysign,
    fmax as fmax,
    fmin as fmin,
    frexp as frexp,
    heaviside as heaviside,
    isneginf as isneginf,
    isposinf as isposinf,
    isreal as isreal,
    ldexp as ldexp,
    nan_to_num as nan_to_num,
    nextafter as nextafter,
    signbit as signbit,
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
from autograd.ops.grid_sample import affine_grid as affine_grid, grid_sample as grid_sample
from autograd.ops.group_norm import group_norm as group_norm
from autograd.ops.gumbel_softmax import gumbel_softmax as gumbel_softmax
from autograd.ops.indexing import (
    getitem as getitem,
    index_select as index_select,
    plain_index as plain_index,
    setitem as setitem,
)
from autograd.ops.instance_norm import instance_norm as instance_norm
from autograd.ops.integers import (
    bitwise_left_shift as bitwise_left_shift,
    bitwise_right_shift as bitwise_right_shift,
    gcd as gcd,
    lcm as lcm,
)
from autograd.ops.interpolate import (
    interpolate as interpolate,
    upsample as upsample,
    upsample_bilinear as upsample_bilinear,
    upsample_nearest as upsample_nearest,
)
from autograd.ops.join import cat as cat, chunk as chunk, split as split, stack as stack, unbind as unbind
from autograd.ops.kl_div import kl_div as kl_div
from autograd.ops.layer_norm import layer_norm as layer_norm
from autograd.ops.leaky_relu import leaky_relu as leaky_relu
from autograd.ops.linear import linear as linear
from autograd.ops.linear_relu import linear_relu as linear_relu
from autograd.ops.local_response_norm import local_response_norm as local_response_norm
from autograd.ops.losses import (
    huber_loss as huber_loss,
    l1_loss as l1_loss,
    mse_loss as mse_loss,
    smooth_l1_loss as smooth_l1_loss,
)
from autograd.ops.margin_losses import (
    cosine_embedding_loss as cosine_embedding_loss,
    gaussian_nll_loss as gaussian_nll_loss,
    hinge_embedding_loss as hinge_embedding_loss,
    margin_ranking_loss as margin_ranking_loss,
    multi_margin_loss as multi_margin_loss,
    multilabel_margin_loss as multilabel_margin_loss,
    multilabel_soft_margin_loss as multilabel_soft_margin_loss,
    poisson_nll_loss as poisson_nll_loss,
    soft_margin_loss as soft_margin_loss,
    triplet_margin_loss as triplet_margin_loss,
    triplet_margin_with_distance_loss as triplet_margin_with_distance_loss,
)
from autograd.ops.matmul import matmul as matmul
from autograd.ops.max_pool import (
    adaptive_max_pool1d as adaptive_max_pool1d,
    adaptive_max_pool2d as adaptive_max_pool2d,
    adaptive_max_pool3d as adaptive_max_pool3d,
    fractional_max_pool2d as fractional_max_pool2d,
    fractional_max_pool3d as fractional_max_pool3d,
    max_pool1d as max_pool1d,
    max_pool3d as max_pool3d,
)
from autograd.ops.max_pool2d import max_pool2d as max_pool2d
from autograd.ops.max_unpool import (
    max_unpool1d as max_unpool1d,
    max_unpool2d as max_unpool2d,
    max_unpool3d as max_unpool3d,
)
from autograd.ops.mish import mish as mish
from autograd.ops.multi_head_attention import multi_head_attention_forward as multi_head_attention_forward
from autograd.ops.nll_loss import nll_loss as nll_loss
from autograd.ops.norm import norm as norm
from autograd.ops.order import (
    cummax as cummax,
    cummin as cummin,
    kthvalue as kthvalue,
    median as median,
    mode as mode,
    nanmedian as nanmedian,
    nanquantile as nanquantile,
    quantile as quantile,
)
from autograd.ops.pad import pad as pad
from autograd.ops.placing import (
    as_strided_scatter as as_strided_scatter,
    diagonal_scatter as diagonal_scatter,
    index_add as index_add,
    index_copy as index_copy,
    index_fill as index_fill,
    index_put as index_put,
    index_reduce as index_reduce,
    masked_scatter as masked_scatter,
    put as put,
    scatter as scatter,
    select_scatter as select_scatter,
    slice_scatter as slice_scatter,
)
from autograd.ops.pow import pow as pow
from autograd.ops.products import (
    addbmm as addbmm,
    addmm as addmm,
    addmv as addmv,
    addr as addr,
    baddbmm as baddbmm,
    bmm as bmm,
    chain_matmul as chain_matmul,
    cross as cross,
    dot as dot,
    inner as inner,
    kron as kron,
    linalg_cross as linalg_cross,
    mm as mm,
    mv as mv,
    outer as outer,
    tensordot as tensordot,
    trace as trace,
    vdot as vdot,
)
from autograd.ops.rearrange import (
    atleast_1d as atleast_1d,
    atleast_2d as atleast_2d,
    atleast_3d as atleast_3d,
    block_diag as block_diag,
    broadcast_shapes as broadcast_shapes,
    broadcast_tensors as broadcast_tensors,
    broadcast_to as broadcast_to,
    cartesian_prod as cartesian_prod,
    column_stack as column_stack,
    combinations as combinations,
    dsplit as dsplit,
    dstack as dstack,
    fliplr as fliplr,
    flipud as flipud,
    hsplit as hsplit,
    hstack as hstack,
    masked_select as masked_select,
    meshgrid as meshgrid,
    narrow as narrow,
    ravel as ravel,
    repeat_interleave as repeat_interleave,
    roll as roll,
    rot90 as rot90,
    select as select,
    split_with_sizes as split_with_sizes,
    sum_to_size as sum_to_size,
    take as take,
    take_along_dim as take_along_dim,
    tensor_split as tensor_split,
    tile as tile,
    unflatten as unflatten,
    unravel_index as unravel_index,
    unsafe_chunk as unsafe_chunk,
    unsafe_split as unsafe_split,
    vander as vander,
    vsplit as vsplit,
    vstack as vstack,
)
from autograd.ops.recurrent import (
    gru as gru,
    gru_cell as gru_cell,
    lstm as lstm,
    lstm_cell as lstm_cell,
    rnn_relu as rnn_relu,
    rnn_relu_cell as rnn_relu_cell,
    rnn_tanh as rnn_tanh,
    rnn_tanh_cell as rnn_tanh_cell,
)
from autograd.ops.reduce import cumsum as cumsum, logsumexp as logsumexp, mean as mean, sum as sum
from autograd.ops.relu import relu as relu
from autograd.ops.remainder import floor_divide as floor_divide, fmod as fmod, remainder as remainder
from autograd.ops.rms_norm import rms_norm as rms_norm
from autograd.ops.rounding import ceil as ceil, floor as floor, frac as frac, round as round, trunc as trunc
from autograd.ops.scatter_reduce import scatter_reduce as scatter_reduce
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
from autograd.ops.shuffle import (
    channel_shuffle as channel_shuffle,
    pixel_shuffle as pixel_shuffle,
    pixel_unshuffle as pixel_unshuffle,
)
from autograd.ops.softmax import log_softmax as log_softmax, softmax as softmax
from autograd.ops.solve import (
    cholesky_inverse as cholesky_inverse,
    cholesky_solve as cholesky_solve,
    linalg_det as linalg_det,
    linalg_inv as linalg_inv,
    linalg_inv_ex as linalg_inv_ex,
    linalg_matrix_power as linalg_matrix_power,
    linalg_multi_dot as linalg_multi_dot,
    linalg_slogdet as linalg_slogdet,
    linalg_solve as linalg_solve,
    linalg_solve_ex as linalg_solve_ex,
    linalg_solve_triangular as linalg_solve_triangular,
    linalg_tensorinv as linalg_tensorinv,
    linalg_tensorsolve as linalg_tensorsolve,
    linalg_vander as linalg_vander,
    linalg_vecdot as linalg_vecdot,
    logdet as logdet,
    triangular_solve as triangular_solve,
)
from autograd.ops.sorting import (
    argsort as argsort,
    argwhere as argwhere,
    bincount as bincount,
    bucketize as bucketize,
    histc as histc,
    histogram as histogram,
    isin as isin,
    msort as msort,
    nonzero as nonzero,
    nonzero_static as nonzero_static,
    searchsorted as searchsorted,
    sort as sort,
    topk as topk,
    unique as unique,
    unique_consecutive as unique_consecutive,
)
from autograd.ops.special import (
    bessel_j0 as bessel_j0,
    bessel_j1 as bessel_j1,
    bessel_y0 as bessel_y0,
    bessel_y1 as bessel_y1,
    digamma as digamma,
    entr as entr,
    erf as erf,
    erfc as erfc,
    erfcx as erfcx,
    erfinv as erfinv,
    i0 as i0,
    i0e as i0e,
    i1 as i1,
    i1e as i1e,
    igamma as igamma,
    igammac as igammac,
    lgamma as lgamma,
    log_ndtr as log_ndtr,
    modified_bessel_i0 as modified_bessel_i0,
    modified_bessel_i1 as modified_bessel_i1,
    modified_bessel_k0 as modified_bessel_k0,
    modified_bessel_k1 as modified_bessel_k1,
    mvlgamma as mvlgamma,
    ndtr as ndtr,
    ndtri as ndtri,
    polygamma as polygamma,
    scaled_modified_bessel_k0 as scaled_modified_bessel_k0,
    scaled_modified_bessel_k1 as scaled_modified_bessel_k1,
    zeta as zeta,
)
from autograd.ops.spectral import (
    linalg_cond as linalg_cond,
    linalg_eigh as linalg_eigh,
    linalg_eigvalsh as linalg_eigvalsh,
    linalg_lstsq as linalg_lstsq,
    linalg_matrix_norm as linalg_matrix_norm,
    linalg_matrix_rank as linalg_matrix_rank,
    linalg_norm as linalg_norm,
    linalg_pinv as linalg_pinv,
    linalg_svd as linalg_svd,
    linalg_svdvals as linalg_svdvals,
    linalg_vector_norm as linalg_vector_norm,
    pca_lowrank as pca_lowrank,
    pinverse as pinverse,
    svd as svd,
    svd_lowrank as svd_lowrank,
)
from autograd.ops.stft import istft as istft, stft as stft
from autograd.ops.strided import layouts as layouts, strided_read as strided_read, strided_write as strided_write
from autograd.ops.triangle import tril as tril, triu as triu
from autograd.ops.unfold import fold as fold, unfold as unfold
from autograd.ops.var import std as std, var as var
from autograd.ops.views import (
    as_strided as as_strided,
    diag as diag,
    diag_embed as diag_embed,
    diagflat as diagflat,
    diagonal as diagonal,
    linalg_diagonal as linalg_diagonal,
)
from autograd.ops.where import masked_fill as masked_fill, where as where

_accept_numpy_names(globals())
__all__: list[str]
_define_all(globals())
