"""`cpp_extension`: C++ and CUDA code is not compiled."""

from __future__ import annotations

from typing import Any


def _refuse(*arguments: Any, **options: Any) -> Any:
    """Raise NotImplementedError."""
    raise NotImplementedError(
        "utils.cpp_extension: extensions are written for PyTorch's C++ tensors; write the function in Python as an "
        "autograd.Function, with a Numba kernel where it is slow"
    )


load = load_inline = CppExtension = CUDAExtension = BuildExtension = _refuse
CUDA_HOME: str | None = None
