"""lucidgrad's engine: tensors, their gradients, and the ops.

    import autograd

    x = autograd.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (x * x).sum().backward()
    x.grad                              # tensor([2., 4., 6.])

Names, arguments and defaults are PyTorch's.
"""

import typing as _typing
from importlib import (
    import_module as _import_module,
)
from math import (
    inf as inf,
    nan as nan,
    pi as pi,
)

import numpy as _np

from autograd import (
    cuda as cuda,
    functional as functional,
    linalg as linalg,
    profiler as profiler,
    special as special,
    startup as _startup,
)
from autograd.aliases import (
    absolute as absolute,
    arccos as arccos,
    arccosh as arccosh,
    arcsin as arcsin,
    arcsinh as arcsinh,
    arctan as arctan,
    arctan2 as arctan2,
    arctanh as arctanh,
    clip as clip,
    concat as concat,
    concatenate as concatenate,
    divide as divide,
    fix as fix,
    greater as greater,
    greater_equal as greater_equal,
    less as less,
    less_equal as less_equal,
    moveaxis as moveaxis,
    multiply as multiply,
    negative as negative,
    not_equal as not_equal,
    subtract as subtract,
    swapaxes as swapaxes,
    swapdims as swapdims,
    trapz as trapz,
    true_divide as true_divide,
)
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
from autograd.debug import (
    detect_anomaly as detect_anomaly,
    reference as reference,
    verify as verify,
)
from autograd.devices import (
    device as device,
)
from autograd.engine import (
    grad as grad,
)
from autograd.grad_mode import (
    enable_grad as enable_grad,
    inference_mode as inference_mode,
    is_grad_enabled as is_grad_enabled,
    no_grad as no_grad,
    set_grad_enabled as set_grad_enabled,
)
from autograd.gradcheck import (
    gradcheck as gradcheck,
    gradgradcheck as gradgradcheck,
)
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
from autograd.names import (
    define_all as _define_all,
)
from autograd.op import (
    BadSample as BadSample,
    Op as Op,
    Sample as Sample,
    register as register,
)
from autograd.ops import (
    abs as abs,
    acos as acos,
    acosh as acosh,
    add as add,
    addcdiv as addcdiv,
    addcmul as addcmul,
    all as all,
    allclose as allclose,
    amax as amax,
    amin as amin,
    aminmax as aminmax,
    angle as angle,
    any as any,
    argmax as argmax,
    argmin as argmin,
    asin as asin,
    asinh as asinh,
    atan as atan,
    atan2 as atan2,
    atanh as atanh,
    batch_norm as batch_norm,
    bitwise_and as bitwise_and,
    bitwise_left_shift as bitwise_left_shift,
    bitwise_not as bitwise_not,
    bitwise_or as bitwise_or,
    bitwise_right_shift as bitwise_right_shift,
    bitwise_xor as bitwise_xor,
    cat as cat,
    ceil as ceil,
    celu as celu,
    cholesky as cholesky,
    cholesky_inverse as cholesky_inverse,
    cholesky_solve as cholesky_solve,
    chunk as chunk,
    clamp as clamp,
    clamp_max as clamp_max,
    clamp_min as clamp_min,
    clone as clone,
    conv1d as conv1d,
    conv2d as conv2d,
    conv_transpose2d as conv_transpose2d,
    copysign as copysign,
    cos as cos,
    cosh as cosh,
    count_nonzero as count_nonzero,
    cummax as cummax,
    cummin as cummin,
    cumprod as cumprod,
    cumsum as cumsum,
    cumulative_trapezoid as cumulative_trapezoid,
    deg2rad as deg2rad,
    det as det,
    diff as diff,
    digamma as digamma,
    dist as dist,
    div as div,
    dropout as dropout,
    einsum as einsum,
    eq as eq,
    equal as equal,
    erf as erf,
    erfc as erfc,
    erfinv as erfinv,
    exp as exp,
    exp2 as exp2,
    expm1 as expm1,
    fill as fill,
    flatten as flatten,
    flip as flip,
    float_power as float_power,
    floor as floor,
    floor_divide as floor_divide,
    fmax as fmax,
    fmin as fmin,
    fmod as fmod,
    frac as frac,
    frexp as frexp,
    gather as gather,
    gcd as gcd,
    ge as ge,
    geqrf as geqrf,
    group_norm as group_norm,
    gt as gt,
    hardshrink as hardshrink,
    heaviside as heaviside,
    hypot as hypot,
    i0 as i0,
    igamma as igamma,
    igammac as igammac,
    index_select as index_select,
    inverse as inverse,
    isclose as isclose,
    isfinite as isfinite,
    isinf as isinf,
    isnan as isnan,
    isneginf as isneginf,
    isposinf as isposinf,
    isreal as isreal,
    kthvalue as kthvalue,
    layer_norm as layer_norm,
    lcm as lcm,
    ldexp as ldexp,
    le as le,
    lerp as lerp,
    lgamma as lgamma,
    log as log,
    log1p as log1p,
    log2 as log2,
    log10 as log10,
    log_softmax as log_softmax,
    logaddexp as logaddexp,
    logaddexp2 as logaddexp2,
    logcumsumexp as logcumsumexp,
    logdet as logdet,
    logical_and as logical_and,
    logical_not as logical_not,
    logical_or as logical_or,
    logit as logit,
    logsumexp as logsumexp,
    lt as lt,
    lu as lu,
    lu_solve as lu_solve,
    lu_unpack as lu_unpack,
    masked_fill as masked_fill,
    matmul as matmul,
    matrix_exp as matrix_exp,
    matrix_power as matrix_power,
    max as max,
    maximum as maximum,
    mean as mean,
    median as median,
    min as min,
    minimum as minimum,
    mode as mode,
    movedim as movedim,
    mul as mul,
    mvlgamma as mvlgamma,
    nan_to_num as nan_to_num,
    nanmean as nanmean,
    nanmedian as nanmedian,
    nanquantile as nanquantile,
    nansum as nansum,
    ne as ne,
    neg as neg,
    nextafter as nextafter,
    norm as norm,
    orgqr as orgqr,
    ormqr as ormqr,
    pca_lowrank as pca_lowrank,
    permute as permute,
    pinverse as pinverse,
    polygamma as polygamma,
    positive as positive,
    pow as pow,
    prelu as prelu,
    prod as prod,
    qr as qr,
    quantile as quantile,
    rad2deg as rad2deg,
    reciprocal as reciprocal,
    relu as relu,
    remainder as remainder,
    renorm as renorm,
    reshape as reshape,
    round as round,
    rrelu as rrelu,
    rsqrt as rsqrt,
    rsub as rsub,
    scatter_add as scatter_add,
    selu as selu,
    sgn as sgn,
    sigmoid as sigmoid,
    sign as sign,
    signbit as signbit,
    sin as sin,
    sinc as sinc,
    sinh as sinh,
    slogdet as slogdet,
    softmax as softmax,
    split as split,
    sqrt as sqrt,
    square as square,
    squeeze as squeeze,
    stack as stack,
    std as std,
    std_mean as std_mean,
    sub as sub,
    sum as sum,
    svd as svd,
    svd_lowrank as svd_lowrank,
    t as t,
    tan as tan,
    tanh as tanh,
    threshold as threshold,
    transpose as transpose,
    trapezoid as trapezoid,
    triangular_solve as triangular_solve,
    tril as tril,
    triu as triu,
    trunc as trunc,
    unbind as unbind,
    unsqueeze as unsqueeze,
    var as var,
    var_mean as var_mean,
    where as where,
    xlogy as xlogy,
)
from autograd.printing import (
    set_printoptions as set_printoptions,
)
from autograd.promotion import (
    get_default_dtype as get_default_dtype,
    promote_types as promote_types,
    result_type as result_type,
    set_default_dtype as set_default_dtype,
)
from autograd.random import (
    Generator as Generator,
    bernoulli as bernoulli,
    binomial as binomial,
    default_generator as default_generator,
    get_rng_state as get_rng_state,
    initial_seed as initial_seed,
    manual_seed as manual_seed,
    multinomial as multinomial,
    normal as normal,
    poisson as poisson,
    rand as rand,
    rand_like as rand_like,
    randint as randint,
    randint_like as randint_like,
    randn as randn,
    randn_like as randn_like,
    randperm as randperm,
    seed as seed,
    set_rng_state as set_rng_state,
)
from autograd.tensor import (
    Tensor as Tensor,
)
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
from autograd.types import (
    Size as Size,
    dtype as dtype,
)

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
        if name == "utils":
            return _import_module("autograd.utils")
        raise AttributeError(f"module 'autograd' has no attribute {name!r}")


__version__ = "0.1.0"

_startup.check("autograd")
__all__: list[str]
_define_all(globals(), "cuda", "functional", "linalg", "profiler")
_define_all(globals(), "cuda", "functional", "profiler", "special")
