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

from autograd import (
    cuda as cuda,
    func as func,
    function as function,
    functional as functional,
    graph as graph,
    profiler as profiler,
    startup as _startup,
    utils as utils,
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
    contiguous_format as contiguous_format,
    empty as empty,
    empty_like as empty_like,
    eye as eye,
    from_numpy as from_numpy,
    full as full,
    full_like as full_like,
    linspace as linspace,
    memory_format as memory_format,
    ones as ones,
    ones_like as ones_like,
    preserve_format as preserve_format,
    tensor as tensor,
    zeros as zeros,
    zeros_like as zeros_like,
)
from autograd.debug import (
    detect_anomaly as detect_anomaly,
    is_anomaly_enabled as is_anomaly_enabled,
    reference as reference,
    set_detect_anomaly as set_detect_anomaly,
    verify as verify,
)
from autograd.devices import device as device
from autograd.dlpack import from_dlpack as from_dlpack
from autograd.function import Function as Function
from autograd.grad_mode import (
    enable_grad as enable_grad,
    inference_mode as inference_mode,
    is_grad_enabled as is_grad_enabled,
    no_grad as no_grad,
    set_grad_enabled as set_grad_enabled,
)
from autograd.gradcheck import gradcheck as gradcheck, gradgradcheck as gradgradcheck
from autograd.gradients import backward as backward, grad as grad
from autograd.names import define_all as _define_all
from autograd.op import BadSample as BadSample, Op as Op, Sample as Sample, register as register
from autograd.ops import (
    abs as abs,
    add as add,
    all as all,
    allclose as allclose,
    amax as amax,
    amin as amin,
    any as any,
    argmax as argmax,
    argmin as argmin,
    batch_norm as batch_norm,
    bitwise_and as bitwise_and,
    bitwise_not as bitwise_not,
    bitwise_or as bitwise_or,
    bitwise_xor as bitwise_xor,
    cat as cat,
    chunk as chunk,
    clamp as clamp,
    clamp_max as clamp_max,
    clamp_min as clamp_min,
    clone as clone,
    conv1d as conv1d,
    conv2d as conv2d,
    conv_transpose2d as conv_transpose2d,
    cos as cos,
    cumsum as cumsum,
    div as div,
    dropout as dropout,
    einsum as einsum,
    eq as eq,
    equal as equal,
    exp as exp,
    expm1 as expm1,
    flatten as flatten,
    flip as flip,
    floor_divide as floor_divide,
    gather as gather,
    ge as ge,
    group_norm as group_norm,
    gt as gt,
    index_select as index_select,
    isclose as isclose,
    isfinite as isfinite,
    isinf as isinf,
    isnan as isnan,
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
    matmul as matmul,
    max as max,
    maximum as maximum,
    mean as mean,
    min as min,
    minimum as minimum,
    movedim as movedim,
    mul as mul,
    ne as ne,
    neg as neg,
    norm as norm,
    permute as permute,
    positive as positive,
    pow as pow,
    reciprocal as reciprocal,
    relu as relu,
    remainder as remainder,
    reshape as reshape,
    rsqrt as rsqrt,
    scatter_add as scatter_add,
    sigmoid as sigmoid,
    sign as sign,
    sin as sin,
    softmax as softmax,
    split as split,
    sqrt as sqrt,
    square as square,
    squeeze as squeeze,
    stack as stack,
    std as std,
    sub as sub,
    sum as sum,
    t as t,
    tanh as tanh,
    transpose as transpose,
    tril as tril,
    triu as triu,
    unbind as unbind,
    unsqueeze as unsqueeze,
    var as var,
    where as where,
)
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
from autograd.types import Size as Size, dtype as dtype
from autograd.variable import Variable as Variable

float32 = float = _np.dtype(_np.float32)
float64 = double = _np.dtype(_np.float64)
int8, int16 = _np.dtype(_np.int8), _np.dtype(_np.int16)
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
_define_all(globals(), "cuda", "func", "function", "functional", "graph", "profiler", "utils")
