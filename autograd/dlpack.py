"""DLPack: tensors of other libraries without a copy, and ours for them.

Specification: https://dmlc.github.io/dlpack/latest/python_spec.html
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.arguments import full_name
from autograd.tensor import Tensor, wrap

_CPU = (1, 0)  # kDLCPU, and its number


class _Capsule:
    """A capsule with the methods that the protocol asks for."""

    def __init__(self, capsule: object) -> None:
        self.capsule = capsule

    def __dlpack__(self, **options: Any) -> object:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return _CPU


def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor that shares the memory of another library's tensor: NumPy's, PyTorch's, JAX's …

    With a NumPy older than 2.1, tensors of other libraries than NumPy are read-only here.

    Parameters
    ----------
    ext_tensor : object with `__dlpack__` and `__dlpack_device__`, or a DLPack capsule
        Its numbers are in the CPU's memory, and of a dtype that tensors have.  A capsule can be read once.

    Returns
    -------
    Tensor, of the shape and dtype of ext_tensor, without history

    Raises
    ------
    TypeError
        If it has no `__dlpack__`, or holds numbers of another dtype.
    BufferError
        If it cannot be shared, as a tensor that requires grad or is on a GPU.

    Examples
    --------
    >>> import autograd
    >>> import numpy as np
    >>> a = np.zeros(2)
    >>> x = autograd.from_dlpack(a)
    >>> a[0] = 1
    >>> x
    tensor([1., 0.], dtype=float64)
    """
    if isinstance(ext_tensor, Tensor) and not ext_tensor.requires_grad:
        return ext_tensor.detach()
    if type(ext_tensor).__name__ == "PyCapsule":
        ext_tensor = _Capsule(ext_tensor)
    elif not hasattr(ext_tensor, "__dlpack__") or not hasattr(ext_tensor, "__dlpack_device__"):
        raise TypeError(
            f"from_dlpack: a {full_name(ext_tensor)} has no __dlpack__; autograd.tensor(...) copies lists and numbers"
        )
    name = full_name(getattr(ext_tensor, "capsule", ext_tensor))
    try:
        array = ext_tensor if isinstance(ext_tensor, np.ndarray) else np.from_dlpack(ext_tensor)
    except Exception as error:  # the other library may raise anything
        raise BufferError(
            f"from_dlpack: this {name} cannot be shared ({error}); convert it to a float32 tensor without gradient in "
            "the CPU's memory first"
        ) from error
    try:
        return wrap(array)
    except TypeError as error:
        raise TypeError(f"from_dlpack: this {name} holds {array.dtype}; {error}") from None


def to_dlpack(tensor: Tensor) -> Any:
    """A DLPack capsule that shares the tensor's memory; new programs pass the tensor itself to `from_dlpack`.

    Raises
    ------
    BufferError
        If the tensor requires grad.
    """
    return tensor.__dlpack__()
