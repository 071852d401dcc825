"""Tensors of other libraries: shared by DLPack, or refused by their full name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
from autograd.utils import dlpack


class Elsewhere:
    """A tensor of another library."""

    ndim, shape, dtype = 1, (2,), np.dtype(np.float32)

    def __init__(self, array: np.ndarray | None = None) -> None:
        self.array_of_theirs = np.ones(2, np.float32) if array is None else array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array_of_theirs.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array_of_theirs.__dlpack_device__()


@pytest.mark.parametrize("dtype", ["f4", "f8", "i1", "i2", "i4", "i8", "u1", "?"])
def test_memory_is_shared_both_ways(dtype: str) -> None:
    array = np.zeros((4, 3), dtype)
    for view in (array, array[::2, ::2], array.T, array[:0], array[0, 0, ...]):
        x = autograd.from_dlpack(view)
        assert (x.shape, x.dtype) == (view.shape, view.dtype)
        back = np.from_dlpack(x)
        assert back.strides == view.strides
        assert np.shares_memory(back, view) or not view.size
    x = autograd.from_dlpack(Elsewhere(array))
    array[1, 2] = 1
    assert x[1, 2].item() == 1 and x.tolist() == autograd.from_dlpack(x).tolist()
    y = autograd.ones(2, 2, dtype=array.dtype)
    assert np.shares_memory(dlpack.from_dlpack(dlpack.to_dlpack(y)).array, y.array)
    assert x.__dlpack_device__() == (1, 0)


def test_what_cannot_be_shared() -> None:
    x = autograd.ones(2, requires_grad=True)
    with pytest.raises(BufferError, match=r"requires grad.*\.detach\(\)"):
        np.from_dlpack(x)
    with pytest.raises(BufferError, match=r"negative strides.*\.clone\(\)"):
        np.from_dlpack(autograd.from_numpy(np.arange(3.0)[::-1]))
    with pytest.raises(BufferError, match=r"from_dlpack: this autograd.tensor.Tensor cannot be shared"):
        autograd.from_dlpack(x)
    with pytest.raises(TypeError, match=r"from_dlpack: a list has no __dlpack__; autograd.tensor\(...\)"):
        autograd.from_dlpack([1.0])
    with pytest.raises(TypeError, match=r"from_dlpack: this numpy.ndarray holds \w+; a tensor holds bool, integer"):
        autograd.from_dlpack(np.ones(2, np.longdouble))


REFUSING: dict[str, Callable[[Any], Any]] = {
    "linear": lambda x: F.linear(x, autograd.ones(2, 2)),
    "Linear": nn.Linear(2, 2),
    "Conv2d": nn.Conv2d(1, 1, 1),
    "BatchNorm1d": nn.BatchNorm1d(2),
    "relu": autograd.relu,
    "add": lambda x: autograd.ones(2) + x,
    "radd": lambda x: x + autograd.ones(2),
    "matmul": lambda x: autograd.ones(2) @ x,
    "sum": autograd.sum,
    "cross_entropy": lambda x: F.cross_entropy(x, autograd.tensor(0)),
    "mse_loss": lambda x: F.mse_loss(autograd.ones(2), x),
}


@pytest.mark.parametrize("name", REFUSING)
def test_a_tensor_of_another_library_is_refused_by_its_full_name(name: str) -> None:
    with pytest.raises(TypeError, match=rf"{__name__}.Elsewhere.*autograd.from_dlpack\(x\)"):
        REFUSING[name](Elsewhere())
