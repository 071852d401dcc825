"""Making tensors."""

from __future__ import annotations

import math
import operator
from enum import Enum
from functools import reduce
from typing import Any

import numpy as np

from autograd.devices import check_device
from autograd.ops import sizes_of
from autograd.promotion import check_fits, get_default_dtype, promote_types
from autograd.tensor import Tensor


def _dtype_of(data: Any) -> np.dtype:
    """The dtype that PyTorch gives to data: arrays and NumPy's numbers keep theirs, Python's have the default ones."""
    if isinstance(data, np.generic) or hasattr(data, "dtype"):
        return np.dtype(data.dtype)
    if hasattr(data, "__array__") or hasattr(data, "__array_interface__"):
        return np.asarray(data).dtype
    if isinstance(data, bool | int | float):
        return get_default_dtype() if isinstance(data, float) else np.dtype(type(data))
    kinds = set(map(type, data))
    one_of_each = [kind() for kind in kinds] if kinds <= {bool, int, float} else data  # quick for long lists
    dtypes = [_dtype_of(x) for x in one_of_each]
    return reduce(promote_types, dtypes) if dtypes else get_default_dtype()


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """A tensor from a copy of numbers, lists of them, an array or a tensor.

    Parameters
    ----------
    data : number, nested lists, ndarray, Tensor, or what NumPy makes an array of
    dtype : dtype, optional
        Default: that of arrays and of NumPy's numbers; for Python's float32 (or as set), int64 or bool.  Of several
        in a list, the one that holds them all.
    requires_grad : bool
    device : None or "cpu"
        There is no other, here and below.

    Examples
    --------
    >>> import autograd
    >>> autograd.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    check_device("tensor", device)
    source = data.array if isinstance(data, Tensor) else data
    try:
        array = np.array(source, order="C")
    except ValueError as error:
        raise ValueError(f"tensor: the lists do not form an array: {error}") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"tensor: a tensor holds bool, integer or float numbers, not {array.dtype}")
    if dtype is not None and not isinstance(source, np.ndarray) and np.dtype(dtype).kind in "iu":
        check_fits("tensor", array, np.dtype(dtype))
    if dtype is None:  # float64 may be what NumPy makes of numbers of other dtypes; else its rules are PyTorch's
        dtype = _dtype_of(source) if array.dtype == np.float64 else array.dtype
    return Tensor(array.astype(np.dtype(dtype).newbyteorder("="), copy=False), requires_grad)


def from_numpy(array: np.ndarray) -> Tensor:
    """A tensor on the same memory."""
    return Tensor(array)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """A tensor, without a copy where that is possible."""
    check_device("as_tensor", device)
    if isinstance(data, np.ndarray):
        data = Tensor(data)
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    return tensor(data, dtype)


def checked_sizes(name: str, size: Any) -> tuple[int, ...]:
    """Sizes given as f(2, 3) or f((2, 3)): whole numbers, at least 0."""
    try:
        sizes = tuple(operator.index(n) for n in sizes_of(size))
    except TypeError:
        raise TypeError(f"{name}: sizes are whole numbers, not {', '.join(map(repr, size))}") from None
    if min(sizes, default=0) < 0:
        raise ValueError(f"{name}: sizes are at least 0, and {min(sizes)} of {sizes} is not")
    return sizes


def _filled(name: str, size: Any, value: Any, dtype: Any, requires_grad: bool, device: Any) -> Tensor:
    check_device(name, device)
    dtype = np.dtype(get_default_dtype() if dtype is None else dtype)
    value = value.array if isinstance(value, Tensor) else value
    check_fits(name, value, dtype)
    return Tensor(np.full(checked_sizes(name, size), np.asarray(value).astype(dtype), dtype), requires_grad)


def zeros(*size: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """Zeros, of the default dtype or another."""
    return _filled("zeros", size, 0, dtype, requires_grad, device)


def ones(*size: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """Ones, of the default dtype or another."""
    return _filled("ones", size, 1, dtype, requires_grad, device)


def empty(*size: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """A tensor of whatever its memory held."""
    check_device("empty", device)
    return Tensor(
        np.empty(checked_sizes("empty", size), get_default_dtype() if dtype is None else dtype), requires_grad
    )


def full(
    size: tuple[int, ...], fill_value: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None
) -> Tensor:
    """One number, repeated; its dtype is that of `tensor(fill_value)`."""
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


def zeros_like(
    input: Tensor,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
    memory_format: memory_format | None = None,
) -> Tensor:
    """Zeros of the input's shape and dtype."""
    _check_format("zeros_like", memory_format)
    return _filled("zeros_like", (input.shape,), 0, dtype or input.dtype, requires_grad, device)


def ones_like(
    input: Tensor,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
    memory_format: memory_format | None = None,
) -> Tensor:
    """Ones of the input's shape and dtype."""
    _check_format("ones_like", memory_format)
    return _filled("ones_like", (input.shape,), 1, dtype or input.dtype, requires_grad, device)


def full_like(
    input: Tensor,
    fill_value: Any,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
    memory_format: memory_format | None = None,
) -> Tensor:
    """One number, repeated in the input's shape and dtype."""
    _check_format("full_like", memory_format)
    return _filled("full_like", (input.shape,), fill_value, dtype or input.dtype, requires_grad, device)


def empty_like(
    input: Tensor,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
    memory_format: memory_format | None = None,
) -> Tensor:
    """A tensor of the input's shape and dtype, of whatever its memory held."""
    _check_format("empty_like", memory_format)
    return empty(*input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad, device=device)


def eye(n: int, m: int | None = None, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """n rows and m columns (n, if left out) with ones on the diagonal, zeros elsewhere."""
    check_device("eye", device)
    rows, columns = checked_sizes("eye", (n, n if m is None else m))
    return Tensor(np.eye(rows, columns, dtype=get_default_dtype() if dtype is None else dtype), requires_grad)


def linspace(
    start: float | Tensor,
    end: float | Tensor,
    steps: int,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """`steps` numbers evenly from start to end, both included.

    In an integer dtype start, end and the numbers between them are cut off to whole ones.
    """
    check_device("linspace", device)
    if not isinstance(steps, int | np.integer):
        raise TypeError(f"linspace: steps is {steps!r}, and must be a whole number")
    if steps < 0:
        raise ValueError(f"linspace: steps is {steps}, and must be at least 0")
    for what, n in (("start", start), ("end", end)):
        if shape := np.shape(getattr(n, "array", n)):
            raise ValueError(f"linspace: {what} has shape {shape}; expects a number")
    dtype = np.dtype(get_default_dtype() if dtype is None else dtype)
    first, last = (float(n) if dtype.kind == "f" else int(np.asarray(int(n)).astype(dtype)) for n in (start, end))
    step = (last - first) / max(1, steps - 1)
    i = np.arange(steps)
    # each half counts from its own end, so that both ends are exact; whole numbers are cut off, as in PyTorch
    numbers = np.where(i < max(1, steps // 2), first + step * i, last - step * (steps - 1 - i))
    return Tensor(numbers.astype(dtype), requires_grad)


def arange(
    start: Any, end: Any = None, step: Any = 1, dtype: Any = None, requires_grad: bool = False, device: Any = None
) -> Tensor:
    """start, start + step, … below end (0, 1, … below start, if it is alone)."""
    check_device("arange", device)
    first, last = (0, start) if end is None else (start, end)
    if step == 0:
        raise ValueError(f"arange: from {first} to {last} there is no way in steps of 0")
    if not all(-math.inf < n < math.inf for n in (first, last, step)):
        raise ValueError(f"arange: from {first} to {last} in steps of {step} there is no end; expects finite numbers")
    if first > last if step > 0 else first < last:
        raise ValueError(f"arange: steps of {step} lead away from {last}, the end, if {first} is the start")
    if dtype is None:
        dtype = (
            get_default_dtype() if any(isinstance(n, float | np.floating) for n in (first, last, step)) else np.int64
        )
    if np.dtype(dtype).kind in "iu" and any(int(n) != n for n in (first, last, step)):  # cut off, as in PyTorch
        if int(step) == 0:
            raise ValueError(f"arange: a step of {step} is 0 in {np.dtype(dtype)}")
        ends = (int(first), int(last), int(step)) if np.dtype(dtype) == np.int64 else (first, last, step)
        count = len(np.arange(*ends))
        return Tensor((int(first) + int(step) * np.arange(count)).astype(dtype), requires_grad)
    # counted before it is rounded: NumPy takes the step from the first two numbers, which float32 may spoil
    return Tensor(np.arange(first, last, step).astype(dtype), requires_grad)
