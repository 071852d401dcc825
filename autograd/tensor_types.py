"""PyTorch's older names of dtypes: FloatTensor, LongTensor … as constructors, for isinstance, and in `Tensor.type`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from autograd.creation import checked_sizes, tensor
from autograd.devices import Device, check_device
from autograd.promotion import BFLOAT16, FLOAT16, FLOATING, get_default_dtype, set_default_dtype
from autograd.tensor import Tensor, wrap
from autograd.types import Array, DTypeLike, Size


def _new_data(name: str, data: tuple[Any, ...], dtype: np.dtype) -> Array:
    """The array of `FloatTensor(2, 3)` or `FloatTensor([1, 2])`: uninitialized elements, or a copy of the data."""
    first = data[0] if data else 0
    if isinstance(first, int | np.integer | Size) and not isinstance(first, bool):
        return np.empty(checked_sizes(name, data or (0,)), dtype)
    if len(data) > 1 or isinstance(first, str | bytes) or not hasattr(first, "__getitem__") or not np.iterable(first):
        raise TypeError(
            f"{name}: expects sizes, as in {name}(2, 3), or one list or array, as in {name}([1, 2]); "
            f"got {', '.join(type(x).__name__ for x in data)}; autograd.tensor(...) makes a tensor of a number"
        )
    return tensor(first, dtype=dtype).array


def hold_data(self: Tensor, data: tuple[Any, ...], device: Device) -> None:
    """Initialize `Tensor(*data)`.  A tensor is taken as it is, without a copy."""
    check_device("Tensor", device)
    if len(data) == 1 and isinstance(data[0], Tensor):
        self._hold(data[0].array)
        self.version = data[0].version
    else:
        self._hold(_new_data("Tensor", data, get_default_dtype()))


_DOC = """Tensors of {dtype}: a constructor, and a test for `isinstance`.

Parameters
----------
*data : int, or one sequence, ndarray or Tensor
    Sizes of a tensor with uninitialized elements; or numbers, which are copied; or a Tensor of this dtype, any shape,
    whose memory is shared.
device : None or "cpu"

Raises
------
TypeError
    If the data is neither sizes nor a sequence of numbers, or a Tensor of another dtype.
ValueError
    If a number does not fit into the dtype, a size is negative, or for another device.

Examples
--------
>>> import autograd
>>> x = autograd.{name}([0, 1])
>>> x.dtype, isinstance(x, autograd.{name}), autograd.{name}(2, 3).shape
({dtype!r}, True, (2, 3))
"""
_DOC_ON_CUDA = "Tensors of {dtype} on a GPU: there is none, so a call raises TypeError.  See `autograd.{name}`."


class TensorType(type):
    """The class of FloatTensor, LongTensor …: a constructor of tensors of one dtype, and a test for them.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.LongTensor([1, 2])
    >>> x, isinstance(x, autograd.LongTensor), isinstance(x, autograd.FloatTensor)
    (tensor([1, 2]), True, False)
    """

    dtype: np.dtype
    device: str

    def __new__(cls, name: str, dtype: DTypeLike, device: str = "cpu") -> TensorType:
        text = _DOC if device == "cpu" else _DOC_ON_CUDA
        kind = super().__new__(cls, name, (), {"__doc__": text.format(name=name, dtype=np.dtype(dtype))})
        kind.dtype, kind.device = np.dtype(dtype), device
        return kind

    def __init__(cls, *arguments: Any) -> None:
        """Do nothing: `__new__` does all."""

    def __call__(cls, *data: Any, device: Device = None) -> Tensor:
        name = cls.__name__
        if cls.device != "cpu":
            raise TypeError(f"cuda.{name}: there is no GPU; use {name}, whose tensors are on the CPU")
        check_device(name, device)
        if not (len(data) == 1 and isinstance(data[0], Tensor)):
            return wrap(_new_data(name, data, cls.dtype))
        if data[0].dtype != cls.dtype:
            raise TypeError(f"{name}: expects a tensor of {cls.dtype}, got {data[0].dtype}; convert it with .to(dtype)")
        return data[0].detach()

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and instance.dtype == cls.dtype and cls.device == "cpu"

    def __repr__(cls) -> str:
        return f"<class '{cls.title}'>"

    @property
    def title(cls) -> str:
        """PyTorch's name of it, such as "torch.FloatTensor"."""
        return f"torch.{cls.__name__}" if cls.device == "cpu" else f"torch.{cls.device}.{cls.__name__}"


_DTYPES: dict[str, DTypeLike] = {
    "BFloat16Tensor": BFLOAT16,
    "HalfTensor": FLOAT16,
    "FloatTensor": np.float32,
    "DoubleTensor": np.float64,
    "LongTensor": np.int64,
    "IntTensor": np.int32,
    "ShortTensor": np.int16,
    "CharTensor": np.int8,
    "ByteTensor": np.uint8,
    "BoolTensor": np.bool_,
}
if TYPE_CHECKING:
    BFloat16Tensor: TypeAlias = Tensor
    HalfTensor: TypeAlias = Tensor
    FloatTensor: TypeAlias = Tensor
    DoubleTensor: TypeAlias = Tensor
    LongTensor: TypeAlias = Tensor
    IntTensor: TypeAlias = Tensor
    ShortTensor: TypeAlias = Tensor
    CharTensor: TypeAlias = Tensor
    ByteTensor: TypeAlias = Tensor
    BoolTensor: TypeAlias = Tensor
else:
    (
        BFloat16Tensor,
        HalfTensor,
        FloatTensor,
        DoubleTensor,
        LongTensor,
        IntTensor,
        ShortTensor,
        CharTensor,
        ByteTensor,
        BoolTensor,
    ) = (TensorType(name, dtype) for name, dtype in _DTYPES.items())
ON_CUDA = {name: TensorType(name, dtype, "cuda") for name, dtype in _DTYPES.items()}
_BY_DTYPE = {np.dtype(dtype): name for name, dtype in _DTYPES.items()}


def type_name(dtype: np.dtype) -> str:
    """PyTorch's name of the type of tensors of this dtype, such as "torch.FloatTensor"."""
    return f"torch.{_BY_DTYPE[dtype]}"


def dtype_of_type(caller: str, wanted: Any) -> np.dtype:
    """The dtype of a FloatTensor class, of its name, or of what is a dtype already."""
    if wanted is Tensor or wanted == "torch.Tensor":
        return get_default_dtype()
    if isinstance(wanted, str):
        home, _, name = wanted.rpartition(".")
        if home == "torch" and name in _DTYPES:
            return np.dtype(_DTYPES[name])
    elif isinstance(wanted, TensorType) and wanted.device == "cpu":
        return wanted.dtype
    elif not isinstance(wanted, type) or issubclass(wanted, np.generic | bool | int | float):
        try:
            return np.dtype(wanted)
        except TypeError:
            pass
    if "cuda" in str(wanted):
        raise TypeError(
            f"{caller}: {wanted!r} is a type of a GPU, and there is none; leave out the cuda, as in torch.FloatTensor"
        )
    names = ", ".join(_DTYPES)
    raise ValueError(f"{caller}: {wanted!r} is no type of tensors; expects a dtype, or one of {names} of torch")


def set_default_tensor_type(t: Any, /) -> None:
    """Set the default dtype by a type, such as `DoubleTensor` or "torch.DoubleTensor".

    Parameters
    ----------
    t : type of tensors, its name, or dtype

    Raises
    ------
    TypeError
        If it is not a type of floats, or one of a GPU.
    ValueError
        If there is no such type.

    Examples
    --------
    >>> import autograd
    >>> autograd.set_default_tensor_type(autograd.DoubleTensor)
    >>> autograd.tensor(1.5).dtype
    dtype('float64')
    >>> autograd.set_default_tensor_type(autograd.FloatTensor)
    """
    dtype = dtype_of_type("set_default_tensor_type", t)
    if dtype.kind not in FLOATING:
        raise TypeError(f"set_default_tensor_type: only a float type can be the default, not {type_name(dtype)}")
    set_default_dtype(dtype)
