"""`DataParallel`, a wrapper for programs that use it: one process, whose kernels use all cores."""

from __future__ import annotations

from typing import Any

from nn.module import Module


class DataParallel(Module):
    """Calls the wrapped module, as PyTorch's does where there is no GPU.

    Names in its state_dict begin with "module.", as in states that were saved from PyTorch's.

    Parameters
    ----------
    module : Module
        What is called.
    device_ids, output_device, dim
        Accepted, without effect.

    Attributes
    ----------
    module : Module

    Raises
    ------
    TypeError
        If module is no Module.

    Examples
    --------
    >>> import nn
    >>> list(nn.DataParallel(nn.Linear(2, 1)).state_dict())
    ['module.weight', 'module.bias']
    """

    module: Module

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        if not isinstance(module, Module):
            raise TypeError(f"DataParallel: expects a Module, got {type(module).__name__}")
        self.module = module
        self.device_ids: list[int] = []

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Return module(*inputs, **options)."""
        return self.module(*inputs, **options)
