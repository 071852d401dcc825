"""What stands beside the engine, under PyTorch's names: data loading, checkpointing."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

_MODULES = ("checkpoint", "cpp_extension", "data", "dlpack", "tensorboard")


def __getattr__(name: str) -> ModuleType:
    """`autograd.utils.data` without an import of its own, as in PyTorch; loaded at its first use."""
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
