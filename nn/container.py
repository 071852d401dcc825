"""Modules made of modules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nn.module import Module


class Sequential(Module):
    """Modules run one after the other.

    Parameters
    ----------
    *modules : Module, or one dict of name to Module
        Without names they are called "0", "1", …

    Examples
    --------
    >>> import nn
    >>> nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    Sequential(
      (0): Linear(in_features=4, out_features=3, bias=True)
      (1): ReLU()
    )
    """

    def __init__(self, *modules: Module | dict[str, Module]) -> None:
        super().__init__()
        named = modules[0] if len(modules) == 1 and isinstance(modules[0], dict) else dict(enumerate(modules))
        for name, module in named.items():
            self.add_module(str(name), module)  # type: ignore[arg-type]

    def forward(self, x: Any) -> Any:
        for module in self._modules.values():
            x = module(x)
        return x

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __getitem__(self, index: int | slice) -> Module:
        """One module, or a slice of them as a Sequential that shares them."""
        chosen = list(self._modules.items())[index]
        return Sequential(dict(chosen)) if isinstance(index, slice) else chosen[1]  # type: ignore[arg-type, return-value]

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(list(self._modules)[index], module)

    def append(self, module: Module) -> Sequential:
        """Add a module at the end; returns the Sequential."""
        number = len(self)
        while str(number) in self._modules:  # a slice keeps its modules' names
            number += 1
        self.add_module(str(number), module)
        return self
