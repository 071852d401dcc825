"""Functions that create tensors."""

from __future__ import annotations

import math
import operator
import warnings
from functools import reduce
from typing import Any

import numpy as np

from autograd.devices import Device, check_device
from autograd.layouts import check_format, check_layout, layout as Layout, memory_format
from autograd.ops import sizes_of
from autograd.promotion import FLOATING, NUMBERS, check_fits, complex_of, converted, get_default_dtype, promote_types
from autograd.tensor import Tensor, wrap
from autograd.tracebacks import user_stacklevel
from autograd.type_methods import given
from autograd.types import Array, DTypeLike, Number, Sizes


def _dtype_of(data: Any) -> np.dtype:
    """The dtype PyTorch gives to data: arrays and NumPy numbers keep theirs, Python numbers get the default one."""
    if isinstance(data, np.generic) or hasattr(data, "dtype"):
        return np.dtype(data.dtype)
    if hasattr(data, "__array__") or hasattr(data, "__array_interface__"):
        return np.asarray(data).dtype
    if isinstance(data, complex):
        return complex_of(get_default_dtype())
    if isinstance(data, bool | int | float):
        return get_default_dtype() if isinstance(data, float) else np.dtype(type(data))
    kinds = set(map(type, data))
    one_of_each = [kind() for kind in kinds] if kinds <= {bool, int, float, complex} else data  # fast for long lists
    dtypes = [_dtype_of(x) for x in one_of_each]
    return reduce(promote_types, dtypes) if dtypes else get_default_dtype()


def _shared(data: Any) -> Any:
    """Another library's tensor as an array that shares its memory if possible; other data as it is."""
    if isinstance(data, Tensor | np.ndarray | np.generic) or not hasattr(data, "__array__"):
        return data
    return np.asarray(data)


def _without_tensors(data: Any) -> Any:
    """Lists in which tensors of one element have become numbers, whatever their shape, as in PyTorch."""
    if isinstance(data, Tensor):
        if data.array.size != 1:
            raise ValueError(
                f"tensor: a list holds a tensor of shape {tuple(data.shape)}; only tensors of one element count as "
                "numbers; autograd.stack makes one tensor of several"
            )
        if data.requires_grad:
            warnings.warn(
                "tensor: a tensor that requires grad becomes a number, through which no gradient flows; autograd.stack "
                "keeps the graph, and .detach() says that this is meant",
                UserWarning,
                stacklevel=user_stacklevel(),
            )
        return data.array.reshape(-1)[0]
    if not isinstance(data, list | tuple):
        return data
    kinds = set(map(type, data))
    nested = any(issubclass(kind, Tensor | list | tuple) for kind in kinds)  # long lists of numbers stay as they are
    return [_without_tensors(x) for x in data] if nested else data


def tensor(data: Any, dtype: DTypeLike | None = None, requires_grad: bool = False, device: Device = None) -> Tensor:
    """A tensor with a copy of the data.

    Parameters
    ----------
    data : number, nested lists of numbers, ndarray, Tensor, or anything that NumPy converts to an array
        Any shape.  Lists may hold tensors of one element, which count as numbers.
    dtype : dtype, optional
        Default: the dtype of an array or NumPy number.  For Python numbers bool, int64 or the default dtype
        (float32, unless set otherwise).  For a list, the promoted dtype of its elements.
    requires_grad : bool
        Whether operations on the result are recorded.
    device : None or "cpu"
        The only device; likewise for the other functions of this module.

    Returns
    -------
    Tensor, of the shape of the data

    Raises
    ------
    ValueError
        If the lists do not form an array, a number does not fit into an integer `dtype`, or the device is not the CPU.
    TypeError
        If the data holds anything else than numbers.
    RuntimeError
        If requires_grad is True, and the dtype is neither float nor complex.

    Examples
    --------
    >>> import autograd
    >>> autograd.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    >>> autograd.tensor([1, 2.5])
    tensor([1.0000, 2.5000])
    """
    check_device("tensor", device)
    source = _shared(data.array if isinstance(data, Tensor) else _without_tensors(data))
    try:
        array = np.array(source, order="C")
    except ValueError as error:
        raise ValueError(f"tensor: the lists do not form an array: {error}") from None
    if array.dtype.kind not in NUMBERS:
        raise TypeError(f"tensor: a tensor holds bool, integer, float or complex numbers, not {array.dtype}")
    if dtype is not None and not isinstance(source, Array) and np.dtype(dtype).kind in "iu":
        check_fits("tensor", array, np.dtype(dtype))
    if dtype is None:  # NumPy's rules are PyTorch's, except where they give float64
        dtype = _dtype_of(source) if array.dtype in (np.float64, np.complex128) else array.dtype
    dtype = np.dtype(dtype).newbyteorder("=")
    return wrap(array if array.dtype == dtype else converted(array, dtype), requires_grad)


def from_numpy(array: Array) -> Tensor:
    """A tensor that shares the array's memory.

    Parameters
    ----------
    array : ndarray, any shape
        The tensor has the same memory.

    Returns
    -------
    Tensor, of the shape and dtype of the array

    Examples
    --------
    >>> import autograd
    >>> import numpy as np
    >>> autograd.from_numpy(np.ones(2))
    tensor([1., 1.], dtype=float64)
    """
    return wrap(array)


def as_tensor(data: Any, dtype: DTypeLike | None = None, device: Device = None) -> Tensor:
    """The data as a tensor, without a copy if possible.

    Parameters
    ----------
    data : array_like
        Numbers, a sequence of them, an array or a tensor.
    dtype : dtype, optional
        Default: that of the data.
    device : optional
        Accepted for compatibility with PyTorch: the CPU is the only device.

    Returns
    -------
    Tensor, of the shape of the data; it shares the data's memory if it can

    Examples
    --------
    >>> import autograd
    >>> autograd.as_tensor([[1.0, 2.0]])
    tensor([[1., 2.]])
    """
    check_device("as_tensor", device)
    data = _shared(data)
    if isinstance(data, Array):
        data = wrap(data)
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


def filled(
    name: str,
    size: tuple[Any, ...],
    value: Number | complex | Tensor | None,
    dtype: DTypeLike | None,
    requires_grad: bool,
    device: Device,
    layout: Layout | None = None,
) -> Tensor:
    """A tensor of one number, or with uninitialized elements if it is None."""
    check_device(name, device)
    check_layout(name, layout)
    dtype = np.dtype(get_default_dtype() if dtype is None else dtype)
    if value is None:
        return wrap(np.empty(checked_sizes(name, size), dtype), requires_grad)
    number = value.array if isinstance(value, Tensor) else value
    check_fits(name, number, dtype)
    if np.ndim(number):
        raise RuntimeError(f"{name}: the number to fill with has shape {np.shape(number)}; expects a number")
    return wrap(np.full(checked_sizes(name, size), np.asarray(number).astype(dtype), dtype), requires_grad)


def zeros(
    *shape: Sizes,
    size: Sizes | None = None,
    dtype: DTypeLike | None = None,
    layout: Layout | None = None,
    requires_grad: bool = False,
    device: Device = None,
) -> Tensor:
    """A tensor of zeros, of the default dtype unless `dtype` is given.

    Parameters
    ----------
    *size : int
        The shape; a tuple or a list of sizes is taken, too.
    dtype : dtype, optional
        Default: the default float dtype.
    layout, device : optional
        Accepted for compatibility with PyTorch: tensors are dense and on the CPU.
    requires_grad : bool
        Whether operations on the result are recorded.

    Returns
    -------
    Tensor, of this shape

    Examples
    --------
    >>> import autograd
    >>> autograd.zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """
    return filled("zeros", given(shape, size), 0, dtype, requires_grad, device, layout)


def ones(
    *shape: Sizes,
    size: Sizes | None = None,
    dtype: DTypeLike | None = None,
    layout: Layout | None = None,
    requires_grad: bool = False,
    device: Device = None,
) -> Tensor:
    """A tensor of ones, of the default dtype unless `dtype` is given.

    Parameters
    ----------
    *size : int
        The shape; a tuple or a list of sizes is taken, too.
    dtype : dtype, optional
        Default: the default float dtype.
    layout, device : optional
        Accepted for compatibility with PyTorch: tensors are dense and on the CPU.
    requires_grad : bool
        Whether operations on the result are recorded.

    Returns
    -------
    Tensor, of this shape

    Examples
    --------
    >>> import autograd
    >>> autograd.ones(2, dtype=autograd.int64)
    tensor([1, 1])
    """
    return filled("ones", given(shape, size), 1, dtype, requires_grad, device, layout)


def empty(
    *shape: Sizes,
    size: Sizes | None = None,
    dtype: DTypeLike | None = None,
    layout: Layout | None = None,
    requires_grad: bool = False,
    device: Device = None,
    pin_memory: bool = False,
    memory_format: memory_format | None = None,
) -> Tensor:
    """A tensor with uninitialized elements.

    `pin_memory` has no effect.

    Parameters
    ----------
    *size : int
        The shape; a tuple or a list of sizes is taken, too.
    dtype : dtype, optional
        Default: the default float dtype.
    layout, device, pin_memory, memory_format : optional
        Accepted for compatibility with PyTorch: tensors are dense and on the CPU.
    requires_grad : bool
        Whether operations on the result are recorded.

    Returns
    -------
    Tensor, of this shape, with whatever is in its memory

    Examples
    --------
    >>> import autograd
    >>> autograd.empty(2, 3).shape
    (2, 3)
    """
    check_format("empty", memory_format)
    return filled("empty", given(shape, size), None, dtype, requires_grad, device, layout)


def full(
    size: Sizes,
    fill_value: Number | complex | Tensor,
    *,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
) -> Tensor:
    """A tensor filled with one number, of the dtype of `tensor(fill_value)` unless `dtype` is given.

    Parameters
    ----------
    size : tuple of int
        The shape.
    fill_value : number
        The value of all elements.
    dtype : dtype, optional
        Default: that of the value; the default float dtype for a float.
    requires_grad : bool
        Whether operations on the result are recorded.
    device : optional
        Accepted for compatibility with PyTorch: the CPU is the only device.

    Returns
    -------
    Tensor, of this shape

    Examples
    --------
    >>> import autograd
    >>> autograd.full((2, 2), 7.0)
    tensor([[7., 7.],
            [7., 7.]])
    """
    if dtype is None:
        dtype = fill_value.dtype if isinstance(fill_value, Tensor) else tensor(fill_value).dtype
    return filled("full", (size,), fill_value, dtype, requires_grad, device)


def _filled_like(
    name: str,
    input: Tensor,
    value: Number | complex | Tensor,
    dtype: DTypeLike | None,
    requires_grad: bool,
    device: Device,
    order: memory_format | None,
) -> Tensor:
    check_format(name, order)
    return filled(name, (input.shape,), value, dtype or input.dtype, requires_grad, device)


def zeros_like(
    input: Tensor,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
    memory_format: memory_format | None = None,
) -> Tensor:
    """Zeros of the input's shape and dtype.

    Parameters
    ----------
    input : Tensor, any shape
    dtype : dtype, optional
        Default: input's.
    requires_grad : bool
        Whether operations on the result are recorded.
    device, memory_format : optional
        Accepted for compatibility with PyTorch.

    Returns
    -------
    Tensor, of the shape of input

    Examples
    --------
    >>> import autograd
    >>> autograd.zeros_like(autograd.ones(2))
    tensor([0., 0.])
    """
    return _filled_like("zeros_like", input, 0, dtype, requires_grad, device, memory_format)


def ones_like(
    input: Tensor,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
    memory_format: memory_format | None = None,
) -> Tensor:
    """Ones of the input's shape and dtype.

    Parameters
    ----------
    input : Tensor, any shape
    dtype : dtype, optional
        Default: input's.
    requires_grad : bool
        Whether operations on the result are recorded.
    device, memory_format : optional
        Accepted for compatibility with PyTorch.

    Returns
    -------
    Tensor, of the shape of input

    Examples
    --------
    >>> import autograd
    >>> autograd.ones_like(autograd.zeros(2))
    tensor([1., 1.])
    """
    return _filled_like("ones_like", input, 1, dtype, requires_grad, device, memory_format)


def full_like(
    input: Tensor,
    fill_value: Number | complex | Tensor,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
    memory_format: memory_format | None = None,
) -> Tensor:
    """A tensor of the input's shape and dtype, filled with one number.

    Parameters
    ----------
    input : Tensor, any shape
    fill_value : number
        The value of all elements.
    dtype : dtype, optional
        Default: input's.
    requires_grad : bool
        Whether operations on the result are recorded.
    device, memory_format : optional
        Accepted for compatibility with PyTorch.

    Returns
    -------
    Tensor, of the shape of input

    Examples
    --------
    >>> import autograd
    >>> autograd.full_like(autograd.zeros(2), 7)
    tensor([7., 7.])
    """
    return _filled_like("full_like", input, fill_value, dtype, requires_grad, device, memory_format)


def empty_like(
    input: Tensor,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
    memory_format: memory_format | None = None,
) -> Tensor:
    """A tensor of the input's shape and dtype with uninitialized elements.

    Parameters
    ----------
    input : Tensor, any shape
    dtype : dtype, optional
        Default: input's.
    requires_grad : bool
        Whether operations on the result are recorded.
    device, memory_format : optional
        Accepted for compatibility with PyTorch.

    Returns
    -------
    Tensor, of the shape of input, with whatever is in its memory

    Examples
    --------
    >>> import autograd
    >>> autograd.empty_like(autograd.zeros(2)).shape
    (2,)
    """
    check_format("empty_like", memory_format)
    return empty(*input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad, device=device)


def eye(
    n: int, m: int | None = None, dtype: DTypeLike | None = None, requires_grad: bool = False, device: Device = None
) -> Tensor:
    """An n × m matrix (n × n without m) with ones on the diagonal and zeros elsewhere.

    Parameters
    ----------
    n : int
        Number of rows.
    m : int, optional
        Number of columns.  Default: n.
    dtype : dtype, optional
        Default: the default float dtype.
    requires_grad : bool
        Whether operations on the result are recorded.
    device : optional
        Accepted for compatibility with PyTorch: the CPU is the only device.

    Returns
    -------
    Tensor, of shape (n, m)

    Examples
    --------
    >>> import autograd
    >>> autograd.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    check_device("eye", device)
    rows, columns = checked_sizes("eye", (n, n if m is None else m))
    return wrap(np.eye(rows, columns, dtype=get_default_dtype() if dtype is None else dtype), requires_grad)


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

    Parameters
    ----------
    start, end : number
        The first and the last value.
    steps : int
        Number of values.
    dtype : dtype, optional
        Default: the default float dtype.
    requires_grad : bool
        Whether operations on the result are recorded.
    device : optional
        Accepted for compatibility with PyTorch: the CPU is the only device.

    Returns
    -------
    Tensor, of shape (steps,)

    Examples
    --------
    >>> import autograd
    >>> autograd.linspace(0, 1, 5)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    wanted = np.dtype(get_default_dtype() if dtype is None else dtype)
    _check_spaced("linspace", start, end, steps, wanted, device)
    return wrap(_spaced(start, end, steps, wanted).astype(wanted), requires_grad)


def _check_spaced(name: str, start: Any, end: Any, steps: int, dtype: np.dtype, device: Device) -> None:
    check_device(name, device)
    if not isinstance(steps, int | np.integer):
        raise TypeError(f"{name}: steps is {steps!r}; it must be an integer")
    if steps < 0:
        raise ValueError(f"{name}: steps is {steps}; it must be at least 0")
    for what, n in (("start", start), ("end", end)):
        if shape := np.shape(getattr(n, "array", n)):
            raise ValueError(f"{name}: {what} has shape {shape}; expects a number")


def _spaced(start: Any, end: Any, steps: int, dtype: np.dtype) -> Array:
    """The numbers of linspace in float64."""
    first, last = (float(n) if dtype.kind in FLOATING else int(np.asarray(int(n)).astype(dtype)) for n in (start, end))
    step = (last - first) / max(1, steps - 1)
    i = np.arange(steps)
    # as in PyTorch, each half counts from its own end, so that both ends are exact, and integers are truncated
    return np.where(i < max(1, steps // 2), first + step * i, last - step * (steps - 1 - i))


def arange(
    start: float,
    end: float | None = None,
    step: float = 1,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
) -> Tensor:
    """start, start + step, … up to but without end; with one argument 0, 1, … up to but without it.

    Parameters
    ----------
    start : number
        The first value; 0 if only `end` is given.
    end : number
        The values stay below it.
    step : number
        The distance of two values.
    dtype : dtype, optional
        Default: int64, or the default float dtype if one of the numbers is a float.
    requires_grad : bool
        Whether operations on the result are recorded.
    device : optional
        Accepted for compatibility with PyTorch: the CPU is the only device.

    Returns
    -------
    Tensor, of shape (n,), with n = ⌈(end - start) / step⌉

    Raises
    ------
    ValueError
        If step is 0, or leads away from `end`.

    Examples
    --------
    >>> import autograd
    >>> autograd.arange(1, 7, 2)
    tensor([1, 3, 5])
    """
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
        return wrap((int(first) + int(step) * np.arange(count)).astype(dtype), requires_grad)
    # converted last: NumPy computes the step from the first two numbers, where float32 would lose digits
    return wrap(np.arange(first, last, step).astype(dtype), requires_grad)


def logspace(
    start: float | Tensor,
    end: float | Tensor,
    steps: int,
    base: float = 10.0,
    *,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    device: Device = None,
) -> Tensor:
    """`steps` numbers from base^start to base^end, whose logarithms are evenly spaced.

    Parameters
    ----------
    start, end : number, or Tensor without dimensions
        The exponents of the first and the last value.
    steps : int
        Number of values.
    base : float
        The base of the powers.
    dtype : dtype, optional
        Default: the default float dtype.
    requires_grad : bool
        Whether operations on the result are recorded.
    device : optional
        Accepted for compatibility with PyTorch: the CPU is the only device.

    Returns
    -------
    Tensor, of shape (steps,)

    Raises
    ------
    TypeError, ValueError
        If steps is no integer, or negative, or if start or end has dimensions.

    Examples
    --------
    >>> import autograd
    >>> autograd.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    >>> autograd.logspace(0, 3, 4, base=2)
    tensor([1., 2., 4., 8.])
    """
    wanted = np.dtype(get_default_dtype() if dtype is None else dtype)
    _check_spaced("logspace", start, end, steps, wanted, device)
    exponents = _spaced(start, end, steps, wanted)
    with np.errstate(all="ignore"):
        return wrap(np.power(float(base), exponents).astype(wanted), requires_grad)


def empty_strided(
    size: Sizes,
    stride: Sizes,
    *,
    dtype: DTypeLike | None = None,
    layout: Layout | None = None,
    requires_grad: bool = False,
    device: Device = None,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor with uninitialized elements at these distances in memory.

    Element (i, j, …) lies i stride[0] + j stride[1] + … elements after the first.

    Parameters
    ----------
    size : tuple of int
        The shape.
    stride : tuple of int
        For each dimension the distance of two neighbours, in elements, at least 0.
    dtype : dtype, optional
        Default: the default float dtype.
    layout, device, pin_memory : optional
        Accepted for compatibility with PyTorch: tensors are dense and on the CPU.
    requires_grad : bool
        Whether operations on the result are recorded.

    Returns
    -------
    Tensor, of the shape `size`, with whatever is in its memory

    Raises
    ------
    RuntimeError
        If size and stride have different lengths.
    TypeError, ValueError
        If one of their numbers is no integer, or negative.

    Examples
    --------
    >>> import autograd
    >>> autograd.empty_strided((2, 3), (1, 2)).T.is_contiguous()
    True
    """
    check_device("empty_strided", device)
    check_layout("empty_strided", layout)
    shape, strides = checked_sizes("empty_strided", (size,)), checked_sizes("empty_strided", (stride,))
    if len(shape) != len(strides):
        raise RuntimeError(f"empty_strided: size {shape} and stride {strides} must have equally many numbers")
    kind = np.dtype(get_default_dtype() if dtype is None else dtype)
    count = 0 if 0 in shape else 1 + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    memory = np.empty(count, kind)
    steps = tuple(step * kind.itemsize for step in strides)
    return wrap(np.lib.stride_tricks.as_strided(memory, shape, steps), requires_grad)


def empty_permuted(
    size: Sizes,
    physical_layout: Sizes,
    *,
    dtype: DTypeLike | None = None,
    layout: Layout | None = None,
    requires_grad: bool = False,
    device: Device = None,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor with uninitialized elements, whose dimensions lie in memory in a given order.

    Parameters
    ----------
    size : tuple of int
        The shape.
    physical_layout : tuple of int
        The dimensions in their order in memory, the outermost first.  Each comes once.
    dtype : dtype, optional
        Default: the default float dtype.
    layout, device, pin_memory : optional
        Accepted for compatibility with PyTorch: tensors are dense and on the CPU.
    requires_grad : bool
        Whether operations on the result are recorded.

    Returns
    -------
    Tensor, of the shape `size`, with whatever is in its memory

    Raises
    ------
    RuntimeError
        If physical_layout does not name each dimension once.
    TypeError, ValueError
        If a size is no integer, or negative.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.empty_permuted((2, 3, 4), (0, 2, 1))
    >>> x.shape, x.stride()
    ((2, 3, 4), (12, 1, 3))
    """
    shape, order = checked_sizes("empty_permuted", (size,)), sizes_of((physical_layout,))
    if sorted(order) != list(range(len(shape))):
        raise RuntimeError(f"empty_permuted: physical_layout {order} must name each dimension of {shape} once")
    strides, step = [0] * len(shape), 1
    for d in reversed(order):
        strides[d], step = step, step * max(1, shape[d])
    return empty_strided(
        shape, strides, dtype=dtype, layout=layout, requires_grad=requires_grad, device=device, pin_memory=pin_memory
    )


def scalar_tensor(
    s: Number | complex,
    *,
    dtype: DTypeLike | None = None,
    layout: Layout | None = None,
    requires_grad: bool = False,
    device: Device = None,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor without dimensions, in the default dtype unless `dtype` is given.

    Parameters
    ----------
    s : number
        Its value.
    dtype : dtype, optional
        Default: the default float dtype, also for an integer.
    layout, device, pin_memory : optional
        Accepted for compatibility with PyTorch: tensors are dense and on the CPU.
    requires_grad : bool
        Whether operations on the result are recorded.

    Returns
    -------
    Tensor, of shape ()

    Raises
    ------
    ValueError
        If the number does not fit into `dtype`.
    RuntimeError
        If `s` has dimensions, or is complex and the dtype is not.

    Examples
    --------
    >>> import autograd
    >>> autograd.scalar_tensor(3)
    tensor(3.)
    """
    return filled("scalar_tensor", ((),), s, dtype, requires_grad, device, layout)


def asarray(
    obj: Any,
    *,
    dtype: DTypeLike | None = None,
    device: Device = None,
    copy: bool | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """The data as a tensor, on the same memory if possible.

    Parameters
    ----------
    obj : Tensor, ndarray, number, or nested lists of numbers; any shape
    dtype : dtype, optional
        Default: that of the data.
    device : None or "cpu"
    copy : bool, optional
        True: always copy.  False: never copy.
    requires_grad : bool
        If false, the result has no history.

    Returns
    -------
    Tensor, of the shape of the data

    Raises
    ------
    ValueError
        If copy is False and a copy is needed.
    TypeError
        If the data holds anything else than numbers.

    Examples
    --------
    >>> import autograd
    >>> import numpy as np
    >>> a = np.zeros(2)
    >>> shared, copied = autograd.asarray(a), autograd.asarray(a, copy=True)
    >>> a[0] = 1
    >>> shared.tolist(), copied.tolist()
    ([1.0, 0.0], [0.0, 0.0])
    """
    y = as_tensor(obj, dtype, device)
    source = obj.array if isinstance(obj, Tensor) else obj
    shared = isinstance(source, Array) and np.may_share_memory(y.array, source)
    if copy is False and not shared:
        raise ValueError(f"asarray: a {type(obj).__name__} needs a copy in {y.dtype}, and copy is False")
    if copy and shared:
        y = y.clone()
    if requires_grad:
        return y if y.requires_grad else y.detach().requires_grad_()
    return y.detach() if y.requires_grad else y


def _triangle_indices(
    name: str, row: int, col: int, offset: int, upper: bool, dtype: DTypeLike | None, device: Device
) -> Tensor:
    check_device(name, device)
    rows, columns = checked_sizes(name, (row, col))
    found = np.triu_indices(rows, offset, columns) if upper else np.tril_indices(rows, offset, columns)
    return wrap(np.stack(found).astype(np.int64 if dtype is None else dtype))


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: DTypeLike | None = None, device: Device = None
) -> Tensor:
    """Row and column indices of the lower triangle of a row × col matrix, row by row.

    Parameters
    ----------
    row, col : int
        Number of rows and of columns.
    offset : int
        The triangle ends at the diagonal that lies this many places to the right of the main diagonal; a negative
        one lies below it.
    dtype : dtype, optional
        Default: int64.
    device : optional
        Accepted for compatibility with PyTorch: the CPU is the only device.

    Returns
    -------
    Tensor, (2, N)
        Row 0 has the row indices of the N elements, row 1 their column indices.

    Raises
    ------
    TypeError, ValueError
        If row or col is no integer, or negative.

    Examples
    --------
    >>> import autograd
    >>> autograd.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    return _triangle_indices("tril_indices", row, col, offset, False, dtype, device)


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: DTypeLike | None = None, device: Device = None
) -> Tensor:
    """Row and column indices of the upper triangle of a row × col matrix, row by row.

    Parameters
    ----------
    row, col : int
        Number of rows and of columns.
    offset : int
        The triangle begins at the diagonal that lies this many places to the right of the main diagonal; a negative
        one lies below it.
    dtype : dtype, optional
        Default: int64.
    device : optional
        Accepted for compatibility with PyTorch: the CPU is the only device.

    Returns
    -------
    Tensor, (2, N)
        Row 0 has the row indices of the N elements, row 1 their column indices.

    Raises
    ------
    TypeError, ValueError
        If row or col is no integer, or negative.

    Examples
    --------
    >>> import autograd
    >>> autograd.triu_indices(2, 3, offset=1)
    tensor([[0, 0, 1],
            [1, 2, 2]])
    """
    return _triangle_indices("triu_indices", row, col, offset, True, dtype, device)
