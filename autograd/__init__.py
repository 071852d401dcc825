"""lucidgrad's engine: tensors, their gradients, and the ops.

    import autograd

    x = autograd.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (x * x).sum().backward()
    x.grad                              # tensor([2., 4., 6.])

Names, arguments and defaults are PyTorch's.
"""

import numpy as _np

from autograd.config import config, get_num_threads, set_num_threads, show_config
from autograd.creation import (
    arange,
    as_tensor,
    empty,
    from_numpy,
    full,
    ones,
    ones_like,
    tensor,
    zeros,
    zeros_like,
)
from autograd.debug import detect_anomaly, reference, verify
from autograd.engine import enable_grad, grad, is_grad_enabled, no_grad, set_grad_enabled
from autograd.gradcheck import gradcheck
from autograd.op import BadSample, Op, Sample, register
from autograd.ops import (
    add,
    argmax,
    clone,
    conv2d,
    div,
    eq,
    exp,
    flatten,
    ge,
    gt,
    le,
    log,
    log_softmax,
    lt,
    matmul,
    mean,
    mul,
    ne,
    neg,
    permute,
    pow,
    relu,
    reshape,
    softmax,
    sub,
    sum,
    t,
    transpose,
    where,
)
from autograd.promotion import get_default_dtype, promote_types, result_type, set_default_dtype
from autograd.random import get_rng_state, manual_seed, rand, randint, randn, randperm, set_rng_state
from autograd.tensor import Tensor

float32 = float = _np.dtype(_np.float32)
float64 = double = _np.dtype(_np.float64)
int8, int16 = _np.dtype(_np.int8), _np.dtype(_np.int16)
int32 = int = _np.dtype(_np.int32)
int64 = long = _np.dtype(_np.int64)
uint8 = _np.dtype(_np.uint8)
bool = _np.dtype(_np.bool_)

__version__ = "0.1.0"

__all__ = [
    "BadSample",
    "Op",
    "Sample",
    "Tensor",
    "add",
    "arange",
    "argmax",
    "as_tensor",
    "bool",
    "clone",
    "config",
    "conv2d",
    "detect_anomaly",
    "div",
    "double",
    "empty",
    "enable_grad",
    "eq",
    "exp",
    "flatten",
    "float",
    "float32",
    "float64",
    "from_numpy",
    "full",
    "ge",
    "get_default_dtype",
    "get_num_threads",
    "get_rng_state",
    "grad",
    "gradcheck",
    "gt",
    "int",
    "int8",
    "int16",
    "int32",
    "int64",
    "is_grad_enabled",
    "le",
    "log",
    "log_softmax",
    "long",
    "lt",
    "manual_seed",
    "matmul",
    "mean",
    "mul",
    "ne",
    "neg",
    "no_grad",
    "ones",
    "ones_like",
    "permute",
    "pow",
    "promote_types",
    "rand",
    "randint",
    "randn",
    "randperm",
    "reference",
    "register",
    "relu",
    "reshape",
    "result_type",
    "set_default_dtype",
    "set_grad_enabled",
    "set_num_threads",
    "set_rng_state",
    "show_config",
    "softmax",
    "sub",
    "sum",
    "t",
    "tensor",
    "transpose",
    "uint8",
    "verify",
    "where",
    "zeros",
    "zeros_like",
]
