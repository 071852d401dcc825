"""PyTorch's table of sample inputs, op_db, for every function that both libraries have.

An entry of the table has a name ("sum", "nn.functional.conv2d", "T"), variants of it
("div.floor_rounding"), and generators of calls for each dtype.  This module maps a name to our
function of that name, and a call to the same call with our tensors.
"""

from __future__ import annotations

import contextlib
import functools
import random
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch.testing._internal import common_utils
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.common_utils import freeze_rng_state
from torch.testing._internal.opinfo import core

import autograd
import nn
import nn.functional as F
from autograd import Tensor
from autograd.names import public_names
from autograd.promotion import BFLOAT16
from autograd.tensor import wrap


@dataclass(frozen=True, eq=False)
class Entry:
    """An entry of op_db and our function of the same name.

    Attributes
    ----------
    name : str
        Includes the variant, as in "div.floor_rounding".
    info : OpInfo
    ours : callable
        Takes a sample's input, arguments and keywords like `info.op`.
    """

    name: str
    info: Any
    ours: Callable[..., Any]


# Entries whose `info.op` is not called like our function of that name.
OTHERWISE: dict[str, Callable[..., Any]] = {
    "einsum": lambda operands, equation: autograd.einsum(equation, *operands),
    "zero_": lambda x: x.clone().zero_(),
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "H": lambda x: x.H,
    "mH": lambda x: x.mH,
    "resize_": lambda x, size: x.clone().resize_(size),
    "resize_as_": lambda x, other: x.clone().resize_as_(other),
    "where": lambda x, condition, other: autograd.where(condition, x, other),
    "nn.functional.embedding": lambda weight, index, **options: F.embedding(index, weight, **options),
    "nn.functional.embedding_bag": lambda weight, index, **options: F.embedding_bag(index, weight, **options),
    "polygamma": lambda x, n: autograd.polygamma(n, x),
    "special.polygamma": lambda x, n: autograd.special.polygamma(n, x),
    "item": Tensor.item,
    "normal": lambda x, *more, **options: (  # the variant in_place has a tensor and two numbers
        x.normal_(*more)
        if isinstance(x, Tensor) and len(more) == 2 and not isinstance(more[1], Tensor)
        else autograd.normal(x, *more, **options)
    ),
    **{
        name: functools.partial(lambda name, x, *more: getattr(x, f"{name}_")(*more), name)
        for name in ("cauchy", "exponential", "geometric", "log_normal", "uniform")
    },
    "linalg.lstsq.grad_oriented": lambda a, b, driver: autograd.linalg.lstsq(a, b, driver=driver)[:2],
    "linalg.pinv.singular": lambda a, b: autograd.linalg.pinv(a @ b.mT),
    "pca_lowrank": lambda a, b, **options: autograd.pca_lowrank(a @ b.mT, **options),
    "svd_lowrank": lambda a, b, **options: autograd.svd_lowrank(a @ b.mT, **options),
    **{
        name: getattr(Tensor, name)
        for name in ("bfloat16", "bool", "byte", "char", "double", "float", "half", "int", "long", "short")
    },
}


# Entries that say nothing about ours.
LEFT_OUT = {
    "as_strided.partial_views": "they read memory of the tensor that a view is of, which a converted tensor has not",
}

# Entries whose samples are not symmetric as they should be: the gradient then mixes both triangles.
SYMMETRIC = {"linalg.pinv.hermitian"}


def ours_named(name: str) -> Callable[..., Any] | None:
    """Our function for a name in op_db, or None."""
    home, _, function = name.rpartition(".")
    if name in OTHERWISE:
        return OTHERWISE[name]
    if home == "nn.functional":
        return getattr(F, function, None) if function in public_names(F) else None
    if home:  # linalg.inv, fft.fft, special.entr
        module = getattr(autograd, home, None)
        return getattr(module, function) if module and function in public_names(module) else None
    found = getattr(autograd, name, None)
    return found if callable(found) and name in public_names(autograd) else getattr(Tensor, name, None)


def entries() -> list[Entry]:
    """The entries that both libraries have, in the table's order."""
    found = []
    for info in op_db:
        variant = info.variant_test_name
        name = f"{info.name}.{variant}" if variant else info.name
        ours = OTHERWISE[name] if name in OTHERWISE else ours_named(info.name)
        if ours is not None and name not in LEFT_OUT:
            found.append(Entry(name, info, ours))
    return found


@dataclass(frozen=True)
class Call:
    """One call, `function(*args, **kwargs)`, of either library.

    Attributes
    ----------
    result : callable
        What of the result is unique: the magnitudes of an eigenvector, whose sign is not.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Callable[[Any], Any] = field(default=lambda value: value, repr=False)


@contextlib.contextmanager
def without_slow_steps() -> Iterator[None]:
    """Spare PyTorch's generators what takes most of their time: the same samples without it.

    For each sample they walk the stack in search of a unittest.TestCase, which there is none of here, and seed the
    generators of all devices.
    """

    def seed(number: int | None = None) -> None:
        number = common_utils.SEED if number is None else number
        torch.default_generator.manual_seed(number)
        random.seed(number)
        np.random.seed(number)  # noqa: NPY002

    with contextlib.ExitStack() as stack:
        for module in (common_utils, core):
            stack.enter_context(mock.patch.object(module, "extract_test_fn", lambda: None))
        stack.enter_context(mock.patch.object(common_utils, "set_rng_seed", seed))
        yield


def seeded(generate: Callable[[], Any]) -> list[Any]:
    """The draws of a generator of op_db, the same in every run.  Its warnings are ignored."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002  (the generators draw from it)
    try:
        with freeze_rng_state(), without_slow_steps(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.manual_seed(0)
            random.seed(0)
            np.random.seed(0)  # noqa: NPY002
            return list(generate())
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002


def sample_of(sample: Any) -> Call:
    """The call of a SampleInput."""
    return Call((sample.input, *sample.args), dict(sample.kwargs), sample.output_process_fn_grad)


@functools.lru_cache(maxsize=4)
def samples(entry: Entry, dtype: torch.dtype, requires_grad: bool = False) -> list[Call]:
    """The calls of an entry in a dtype, with PyTorch's tensors.  Empty if the entry does not support the dtype."""
    if dtype not in entry.info.supported_dtypes("cpu"):
        return []
    requires_grad = requires_grad and (dtype.is_floating_point or dtype.is_complex) and entry.info.supports_autograd
    drawn = seeded(lambda: entry.info.sample_inputs("cpu", dtype, requires_grad=requires_grad))
    if entry.name in SYMMETRIC:
        for sample in drawn:
            sample.input = (sample.input + sample.input.mT).detach().requires_grad_(requires_grad)
    return [sample_of(sample) for sample in drawn]


def error_samples(entry: Entry) -> list[tuple[Call, type[Exception] | tuple[type[Exception], ...], str]]:
    """The calls of an entry that PyTorch refuses, each with the error's type and a pattern of its message."""
    if entry.info.error_inputs_func is None:
        return []
    drawn = seeded(lambda: entry.info.error_inputs("cpu"))
    found = [(sample_of(error.sample_input), error.error_type, error.error_regex) for error in drawn]
    return [row for row in found if not runs_in_pytorch(entry, row[0])]


def runs_in_pytorch(entry: Entry, call: Call) -> bool:
    """Whether PyTorch computes a call, as it does clamp_max(x, 2), which the table lists as an error."""
    theirs = to_theirs(call)
    try:
        return entry.info.op(*theirs.args, **theirs.kwargs) is not NotImplemented  # of Tensor.__rpow__(2, 3)
    except Exception:
        return False


class NotOurs(TypeError):
    """A value that our tensors cannot hold, such as a sparse tensor."""


DTYPES = {
    getattr(torch, name): np.dtype(name)
    for name in (
        "bool",
        "uint8",
        "int8",
        "int16",
        "int32",
        "int64",
        "float16",
        "float32",
        "float64",
        "complex64",
        "complex128",
    )
} | {torch.bfloat16: BFLOAT16}


def copied(tensor: torch.Tensor) -> torch.Tensor:
    """A new leaf with the same numbers, strides and `requires_grad`, in its own memory."""
    storage = tensor.untyped_storage().clone()
    copy = torch.empty(0, dtype=tensor.dtype)
    copy.set_(storage, tensor.storage_offset(), tensor.shape, tensor.stride())  # type: ignore[call-overload]
    return copy.requires_grad_(tensor.requires_grad)


def converted(function: Callable[[torch.Tensor], Any], value: Any, dtype: Callable[[torch.dtype], Any]) -> Any:
    """The value with function(tensor) for each tensor in it and dtype(torch.dtype) for each dtype."""
    if isinstance(value, torch.Tensor):
        return function(value)
    if isinstance(value, torch.dtype):
        return dtype(value)
    if dtype is _our_dtype and (isinstance(value, torch.nn.Module) or callable(value)):
        return _our_function(value)
    if isinstance(value, torch.memory_format):
        return value if dtype is not _our_dtype else getattr(autograd, str(value).removeprefix("torch."), value)
    if isinstance(value, Call):
        return Call(converted(function, value.args, dtype), converted(function, value.kwargs, dtype), value.result)
    if isinstance(value, tuple | list):
        kind = type(value) if type(value) in (tuple, list) else tuple  # torch.Size
        return kind(converted(function, item, dtype) for item in value)
    return {k: converted(function, v, dtype) for k, v in value.items()} if isinstance(value, dict) else value


def _our_dtype(dtype: torch.dtype) -> np.dtype:
    if dtype not in DTYPES:
        raise NotOurs(str(dtype))
    return DTYPES[dtype]


def _our_function(value: Any) -> Any:
    """Our layer, or function of nn.functional, that computes the same."""
    if isinstance(value, torch.nn.PairwiseDistance):
        return functools.partial(F.pairwise_distance, p=value.norm, eps=value.eps, keepdim=value.keepdim)
    if isinstance(value, torch.nn.TransformerEncoderLayer):
        attention, width = value.self_attn, value.linear1.out_features
        activation = _our_function(value.activation)
        norm = {"layer_norm_eps": value.norm1.eps, "batch_first": attention.batch_first, "norm_first": value.norm_first}
        bias = value.linear1.bias is not None
        sizes = attention.embed_dim, attention.num_heads, width
        return nn.TransformerEncoderLayer(*sizes, value.dropout.p, activation, bias=bias, **norm)
    name = getattr(value, "__name__", "")
    return getattr(F, name) if value is getattr(torch.nn.functional, name, None) else value


def _our_tensor(tensor: torch.Tensor) -> Tensor:
    if tensor.layout is not torch.strided:
        raise NotOurs(str(tensor.layout))
    _our_dtype(tensor.dtype)
    return wrap(array_of(copied(tensor).detach()), tensor.requires_grad)


def array_of(tensor: torch.Tensor) -> np.ndarray:
    """The tensor's memory as an array; PyTorch does not make one of bfloat16 numbers."""
    bits = tensor.view(torch.int16) if tensor.dtype is torch.bfloat16 else tensor
    array = bits.numpy(force=True)  # also of a gradient that torch knows to be 0
    return array.view(BFLOAT16) if tensor.dtype is torch.bfloat16 else array


def tensor_of(array: np.ndarray) -> torch.Tensor:
    """PyTorch's tensor of the array's numbers, in new memory; of bfloat16 arrays PyTorch makes none."""
    bits = array.view(np.int16) if array.dtype == BFLOAT16 else array
    tensor = torch.from_numpy(bits.copy())
    return tensor.view(torch.bfloat16) if array.dtype == BFLOAT16 else tensor


def to_ours(value: Any) -> Any:
    """A call, or any other value, with our tensors and dtypes.  Strides are preserved, memory is not shared.

    Raises
    ------
    NotOurs
        Names the dtype or layout that we do not have.
    """
    return converted(_our_tensor, value, _our_dtype)


def to_theirs(value: Any) -> Any:
    """The same call on copies, so that an in-place write leaves the sample unchanged."""
    return converted(copied, value, lambda dtype: dtype)


def flat(value: Any) -> list[Any]:
    """The tensors and numbers of a result, in order."""
    if isinstance(value, tuple | list):
        return [leaf for item in value for leaf in flat(item)]
    return [value]


def tensors_of(call: Call) -> list[Any]:
    """The tensors of a call, ours or PyTorch's, in order."""
    values = flat([*call.args, *call.kwargs.values()])
    return [value for value in values if isinstance(value, Tensor | torch.Tensor)]


def numbers(value: Any) -> np.ndarray:
    """The array of a tensor or number, ours or PyTorch's."""
    if isinstance(value, torch.Tensor):
        value = value.detach().resolve_conj()
        return array_of(torch.zeros_like(value) if value._is_zerotensor() else value)
    return np.asarray(value.detach().numpy() if isinstance(value, Tensor) else value)
