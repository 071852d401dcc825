"""The methods of tensors that make others like them, convert them, or tell how they are stored."""

# mypy: disable-error-code="misc"
# `self: Tensor` names the only subclass; mypy wants a class of its own.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np

from autograd import devices, ops
from autograd.layouts import (
    channels_last,
    channels_last_3d,
    check_channels_last,
    check_format,
    layout as Layout,
    memory_format,
    strided,
)
from autograd.ops.shared.dims import dim_of
from autograd.promotion import FLOATING
from autograd.types import Array, DTypeLike, Number, Sizes

if TYPE_CHECKING:
    from autograd.tensor import Tensor

_CPU = devices.device("cpu")
Device = devices.Device


class TypeMethods:
    """See the module's docstring.  `TensorMethods` has the other methods."""

    __slots__ = ()
    array: Array

    # ── new tensors of this dtype ──

    def new_tensor(
        self: Tensor, data: Any, *, dtype: DTypeLike | None = None, device: Device = None, requires_grad: bool = False
    ) -> Tensor:
        """A tensor with a copy of the data, in this tensor's dtype unless `dtype` is given."""
        from autograd.creation import tensor  # which imports Tensor

        return tensor(data, dtype=dtype or self.dtype, device=device, requires_grad=requires_grad)

    def new_full(
        self: Tensor,
        size: Sizes,
        fill_value: Number | complex | Tensor,
        *,
        dtype: DTypeLike | None = None,
        device: Device = None,
        requires_grad: bool = False,
    ) -> Tensor:
        """A tensor of this size, filled with one number, in this tensor's dtype unless `dtype` is given."""
        return self._filled("new_full", (size,), fill_value, dtype, device, requires_grad)

    def new_zeros(
        self: Tensor,
        *shape: Sizes,
        size: Sizes | None = None,
        dtype: DTypeLike | None = None,
        device: Device = None,
        requires_grad: bool = False,
    ) -> Tensor:
        """Zeros of this size: new_zeros(2, 3) or new_zeros((2, 3)), in this tensor's dtype unless `dtype` is given."""
        return self._filled("new_zeros", given(shape, size), 0, dtype, device, requires_grad)

    def new_ones(
        self: Tensor,
        *shape: Sizes,
        size: Sizes | None = None,
        dtype: DTypeLike | None = None,
        device: Device = None,
        requires_grad: bool = False,
    ) -> Tensor:
        """Ones of this size: new_ones(2, 3) or new_ones((2, 3)), in this tensor's dtype unless `dtype` is given."""
        return self._filled("new_ones", given(shape, size), 1, dtype, device, requires_grad)

    def new_empty(
        self: Tensor,
        *shape: Sizes,
        size: Sizes | None = None,
        dtype: DTypeLike | None = None,
        device: Device = None,
        requires_grad: bool = False,
    ) -> Tensor:
        """A tensor of this size with uninitialized elements, in this tensor's dtype unless `dtype` is given."""
        return self._filled("new_empty", given(shape, size), None, dtype, device, requires_grad)

    def new_empty_strided(
        self: Tensor,
        size: Sizes,
        stride: Sizes,
        dtype: DTypeLike | None = None,
        device: Device = None,
        requires_grad: bool = False,
    ) -> Tensor:
        """`autograd.empty_strided` in this tensor's dtype unless `dtype` is given."""
        from autograd.creation import empty_strided  # which imports Tensor

        return empty_strided(size, stride, dtype=dtype or self.dtype, device=device, requires_grad=requires_grad)

    def new(self: Tensor, *data: Any, device: Device = None) -> Tensor:
        """The old constructor of this tensor's dtype: new(2, 3) for sizes, new([1, 2]) for data."""
        from autograd import tensor_types  # which imports Tensor

        return getattr(tensor_types, self.type().removeprefix("torch."))(*data, device=device)

    def _filled(
        self: Tensor, name: str, size: Any, value: Any, dtype: Any, device: Device, requires_grad: bool
    ) -> Tensor:
        from autograd.creation import filled  # which imports Tensor

        return filled(name, size, value, dtype or self.dtype, requires_grad, device)

    # ── conversions ──

    @overload
    def type(self: Tensor, dtype: None = None, non_blocking: bool = False) -> str: ...
    @overload
    def type(self: Tensor, dtype: Any, non_blocking: bool = False) -> Tensor: ...
    def type(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> str | Tensor:
        """The name of the tensor's type, such as "torch.FloatTensor"; with an argument, the tensor in that type.

        The argument is a dtype, a class such as `FloatTensor`, or its name.
        """
        from autograd.tensor_types import dtype_of_type, type_name  # which imports Tensor

        return type_name(self.dtype) if dtype is None else self.to(dtype_of_type("type", dtype))

    def type_as(self: Tensor, other: Tensor) -> Tensor:
        """The tensor in other's dtype."""
        return ops.to(self, other.dtype)

    def to(
        self: Tensor,
        *target: DTypeLike | devices.Device | Tensor | bool,
        device: Device = None,
        dtype: DTypeLike | None = None,
        other: Tensor | None = None,
        non_blocking: bool = False,
        copy: bool = False,
        memory_format: memory_format | None = None,
    ) -> Tensor:
        """The tensor in another dtype, or the tensor itself if it has that dtype and `copy` is false.

        The target is a dtype, a tensor whose dtype to take, or the device "cpu" with or without a dtype.
        After it, non_blocking and copy may follow.  `non_blocking` has no effect.  A tensor of the dimensions that
        `channels_last` is for is copied, and stays in NumPy's order.
        """
        check_format("to", memory_format)
        if memory_format in (channels_last, channels_last_3d):
            check_channels_last("to", memory_format, self)
            copy = True
        flags = [x for x in target if isinstance(x, bool)]
        copy = copy or flags[1:] == [True]
        others = () if other is None else (other,)
        wanted = devices.dtype_for((*[x for x in target if not isinstance(x, bool)], *others), device, dtype)
        y = self if wanted is None else ops.to(self, wanted)
        return ops.clone(y) if copy and y is self else y

    # ── how it is stored ──

    def nelement(self: Tensor) -> int:
        """Number of elements."""
        return self.array.size

    def ndimension(self: Tensor) -> int:
        """Number of dimensions."""
        return self.array.ndim

    def element_size(self: Tensor) -> int:
        """Bytes of one element."""
        return self.array.itemsize

    @property
    def itemsize(self: Tensor) -> int:
        """Bytes of one element."""
        return self.array.itemsize

    @property
    def nbytes(self: Tensor) -> int:
        """Bytes of all elements."""
        return self.array.nbytes

    def data_ptr(self: Tensor) -> int:
        """Address of the first element; 0 if there is none."""
        return self.array.ctypes.data if self.array.size else 0

    @overload
    def stride(self: Tensor, dim: None = None) -> tuple[int, ...]: ...
    @overload
    def stride(self: Tensor, dim: int) -> int: ...
    def stride(self: Tensor, dim: int | None = None) -> tuple[int, ...] | int:
        """The distance in memory, in elements, from an element to the next along each dimension, or along one."""
        strides = tuple(n // self.array.itemsize for n in self.array.strides)
        return strides if dim is None else strides[dim_of("stride", dim, self.ndim)]

    def storage_offset(self: Tensor) -> int:
        """Position of the first element in the memory that the tensor shares with others, in elements."""
        owner: Array = self.array
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        return (self.array.ctypes.data - owner.ctypes.data) // self.array.itemsize

    @property
    def device(self) -> devices.device:
        return _CPU

    def cuda(self: Tensor, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Tensor:
        """Raise NoGPUError."""
        raise devices.NoGPUError(
            'cuda: there is no GPU; use .to(device) with device = "cuda" if cuda.is_available() else "cpu"'
        )

    @property
    def layout(self) -> Layout:
        """`autograd.strided`: all tensors are dense arrays."""
        return strided

    @property
    def is_cuda(self) -> bool:
        """False: the CPU is the only device."""
        return False

    @property
    def is_sparse(self) -> bool:
        """False: all tensors are dense."""
        return False

    def is_complex(self) -> bool:
        """Whether the dtype is complex64 or complex128."""
        return self.array.dtype.kind == "c"

    def is_floating_point(self) -> bool:
        """Whether the dtype is float32, float64, float16 or bfloat16."""
        return self.array.dtype.kind in FLOATING

    def is_nonzero(self: Tensor) -> bool:
        """Whether the only element is not 0."""
        if self.array.size != 1:
            raise RuntimeError(
                f"is_nonzero: shape {self.shape} has {self.array.size} elements; expects one; use any() or all()"
            )
        return bool(self.array.item())


def given(shape: tuple[Sizes, ...], size: Sizes | None) -> tuple[Sizes, ...]:
    """The sizes of f(2, 3), f((2, 3)) or f(size=(2, 3))."""
    if shape and size is not None:
        raise TypeError(f"the size is given twice, as {shape} and as size={size}")
    return shape if size is None else (size,)
