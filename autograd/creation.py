"""Functions that create tensors."""

from __future__ import annotations

import math
import operator
from enum import Enum
from functools import reduce
from typing import Any

import numpy as np

from autograd.devices import Device, check_device
from autograd.ops import sizes_of
from autograd.promotion import check_fits, get_default_dtype, promote_types
from autograd.tensor import Tensor
from autograd.types import Array, DTypeLike, Number, Sizes


def _dtype_of(data: Any) -> np.dtype:
    """The dtype PyTorch gives to data: arrays and NumPy numbers keep theirs, Python numbers get the default one."""
    if isinstance(data, np.generic) or hasattr(data, "dtype"):
        return np.dtype(data.dtype)
    if hasattr(data, "__array__") or hasattr(data, "__array_interface__"):
        return np.asarray(data).dtype
    if isinstance(data, bool | int | float):
        return get_default_dtype() if isinstance(data, float) else np.dtype(type(data))
    kinds = set(map(type, data))
    one_of_each = [kind() for kind in kinds] if kinds <= {bool, int, float} else data  # fast for long lists
    dtypes = [_dtype_of(x) for x in one_of_each]
    return reduce(promote_types, dtypes) if dtypes else get_default_dtype()


def _shared(data: Any) -> Any:
    """Another library's tensor as an array that shares its memory if possible; other data as it is."""
    if isinstance(data, Tensor | np.ndarray | np.generic) or not hasattr(data, "__array__"):
        return data
    return np.asarray(data)


def tensor(data: Any, dtype: DTypeLike | None = None, requires_grad: bool = False, device: Device = None) -> Tensor:
    """A tensor with a copy of the data.

    Parameters
    ----------
    data : number, nested lists of numbers, ndarray, Tensor, or anything that NumPy converts to an array
    dtype : dtype, optional
        Default: the dtype of an array or NumPy number.  For Python numbers bool, int64 or the default dtype
        (float32, unless set otherwise).  For a list, the promoted dtype of its elements.
    requires_grad : bool
    device : None or "cpu"
        The only device; likewise for the other functions of this module.

    Examples
    --------
    >>> import autograd
    >>> autograd.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    check_device("tensor", device)
    source = _shared(data.array if isinstance(data, Tensor) else data)
    try:
        array = np.array(source, order="C")
    except ValueError as error:
        raise ValueError(f"tensor: the lists do not form an array: {error}") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"tensor: a tensor holds bool, integer or float numbers, not {array.dtype}")
    if dtype is not None and not isinstance(source, Array) and np.dtype(dtype).kind in "iu":
        check_fits("tensor", array, np.dtype(dtype))
    if dtype is None:  # NumPy's rules are PyTorch's, except where they give float64
        dtype = _dtype_of(source) if array.dtype == np.float64 else array.dtype
    return Tensor(array.astype(np.dtype(dtype).newbyteorder("="), copy=False), requires_grad)


def from_numpy(array: Array) -> Tensor:
    """A tensor that shares the array's memory."""
    return Tensor(array)


def as_tensor(data: Any, dtype: DTypeLike | None = None, device: Device = None) -> Tensor:
    """The data as a tensor, without a copy if possible."""
    check_device("as_tensor", device)
    data = _shared(data)
    if isinstance(data, Array):
        data = Tensor(data)
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    return tensor(data, dtype)


def checked_sizes(name: str, size: Any) -> tuple[int, ...]:
    """Sizes given as f(2, 3) or f((2, 3)), checked: integers of at least 0."""
    try:
        sizes = tuple(operator.index(n) for n in sizes_of(size))
    except TypeError:
        raise TypeError(f"{name}: sizes are integers, not {', '.join(map(repr, size))}") from None
    if min(sizes, default=0) < 0:
        raise ValueError(f"{name}: sizes must be at least 0, and {sizes} has {min(sizes)}")
    return sizes


def _filled(
    name: str, size: Any, value: Number | Tensor, dtype: DTypeLike | None, requires_grad: bool, device: Device
) -> Tensor:
    check_device(name, device)
    dtype = np.dtype(get_default_dtype() if dtype is None else dtype)
    number = value.array if isinstance(value, Tensor) else value
    check_fits(name, number, dtype)
    return Tensor(np.full(checked_sizes(name, size), np.asarray(number).astype(dtype), dtype), requires_grad)


def zeros(*size: Sizes, dtype: DTypeLike | None = None, requires_grad: bool = False, device: Device = None) -> Tensor:
    """A tensor of zeros, of the default dtype unless `dtype` is given."""
    return _filled("zeros", size, 0, dtype, requires_grad, device)


def ones(*size: Sizes, dtype: DTypeLike | None = None, requires_grad: bool = False, device: Device = None) -> Tensor:
    """A tensor of ones, of the default dtype unless `dtype` is given."""
    return _filled("ones", size, 1, dtype, requires_grad, device)


def empty(*size: Sizes, dtype: DTypeLike | None = None, requires_grad: bool = False, device: Device = None) -> Tensor:
    """A tensor with uninitialized elements."""
    check_device("empty", device)
    return Tensor(
        np.empty(checked_sizes("empty", size), get_default_dtype() if dtype is None else dtype), requires_grad
    )


def full(
    size: tuple[int, ...],
    fill_value: Number | Tensor,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
) -> Tensor:
    """A tensor filled with one number, of the dtype of `tensor(fill_value)` unless `dtype` is given."""
    dtype = tensor(fill_value).dtype if dtype is None else dtype
    return _filled("full", (size,), fill_value, dtype, requires_grad, device)


class memory_format(Enum):
    """PyTorch's names for orders of elements in memory.  New tensors are contiguous whichever is given."""

    preserve_format = "preserve_format"
    contiguous_format = "contiguous_format"


preserve_format, contiguous_format = memory_format


def _check_format(name: str, given: memory_format | None) -> None:
    if given is not None and not isinstance(given, memory_format):
        raise TypeError(f"{name}: memory_format must be preserve_format or contiguous_format, not {given!r}")


def _filled_like(
    name: str,
    input: Tensor,
    value: Number | Tensor,
    dtype: DTypeLike | None,
    requires_grad: bool,
    device: Device,
    order: memory_format | None,
) -> Tensor:
    _check_format(name, order)
    return _filled(name, (input.shape,), value, dtype or input.dtype, requires_grad, device)


def zeros_like(
    input: Tensor,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
    memory_format: memory_format | None = None,
) -> Tensor:
    """Zeros of the input's shape and dtype."""
    return _filled_like("zeros_like", input, 0, dtype, requires_grad, device, memory_format)


def ones_like(
    input: Tensor,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
    memory_format: memory_format | None = None,
) -> Tensor:
    """Ones of the input's shape and dtype."""
    return _filled_like("ones_like", input, 1, dtype, requires_grad, device, memory_format)


def full_like(
    input: Tensor,
    fill_value: Number | Tensor,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
    memory_format: memory_format | None = None,
) -> Tensor:
    """A tensor of the input's shape and dtype, filled with one number."""
    return _filled_like("full_like", input, fill_value, dtype, requires_grad, device, memory_format)


def empty_like(
    input: Tensor,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
    memory_format: memory_format | None = None,
) -> Tensor:
    """A tensor of the input's shape and dtype with uninitialized elements."""
    _check_format("empty_like", memory_format)
    return empty(*input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad, device=device)


def eye(
    n: int, m: int | None = None, dtype: DTypeLike | None = None, requires_grad: bool = False, device: Device = None
) -> Tensor:
    """An n × m matrix (n × n without m) with ones on the diagonal and zeros elsewhere."""
    check_device("eye", device)
    rows, columns = checked_sizes("eye", (n, n if m is None else m))
    return Tensor(np.eye(rows, columns, dtype=get_default_dtype() if dtype is None else dtype), requires_grad)


def linspace(
    start: float | Tensor,
    end: float | Tensor,
    steps: int,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
) -> Tensor:
    """`steps` evenly spaced numbers from start to end, both included.

    For an integer dtype, start, end and the numbers between them are truncated to integers.
    """
    check_device("linspace", device)
    if not isinstance(steps, int | np.integer):
        raise TypeError(f"linspace: steps is {steps!r}; it must be an integer")
    if steps < 0:
        raise ValueError(f"linspace: steps is {steps}; it must be at least 0")
    for what, n in (("start", start), ("end", end)):
        if shape := np.shape(getattr(n, "array", n)):
            raise ValueError(f"linspace: {what} has shape {shape}; expects a number")
    dtype = np.dtype(get_default_dtype() if dtype is None else dtype)
    first, last = (float(n) if dtype.kind == "f" else int(np.asarray(int(n)).astype(dtype)) for n in (start, end))
    step = (last - first) / max(1, steps - 1)
    i = np.arange(steps)
    # as in PyTorch, each half counts from its own end, so that both ends are exact, and integers are truncated
    numbers = np.where(i < max(1, steps // 2), first + step * i, last - step * (steps - 1 - i))
    return Tensor(numbers.astype(dtype), requires_grad)


def arange(
    start: float,
    end: float | None = None,
    step: float = 1,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
) -> Tensor:
    """start, start + step, … up to but without end; with one argument 0, 1, … up to but without it."""
    check_device("arange", device)
    first, last = (0, start) if end is None else (start, end)
    if step == 0:
        raise ValueError(f"arange: step is 0, so it never gets from {first} to {last}")
    if not all(-math.inf < n < math.inf for n in (first, last, step)):
        raise ValueError(f"arange: start {first}, end {last} and step {step} must be finite")
    if first > last if step > 0 else first < last:
        raise ValueError(f"arange: a step of {step} leads from {first} away from {last}, the end")
    if dtype is None:
        dtype = (
            get_default_dtype() if any(isinstance(n, float | np.floating) for n in (first, last, step)) else np.int64
        )
    if np.dtype(dtype).kind in "iu" and any(int(n) != n for n in (first, last, step)):  # truncated, as in PyTorch
        if int(step) == 0:
            raise ValueError(f"arange: a step of {step} is 0 in {np.dtype(dtype)}")
        ends = (int(first), int(last), int(step)) if np.dtype(dtype) == np.int64 else (first, last, step)
        count = len(np.arange(*ends))
        return Tensor((int(first) + int(step) * np.arange(count)).astype(dtype), requires_grad)
    # converted last: NumPy computes the step from the first two numbers, where float32 would lose digits
    return Tensor(np.arange(first, last, step).astype(dtype), requires_grad)
