"""Modules made of modules."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any, TypeVar

from nn import fusion
from nn.module import Module

L = TypeVar("L", bound="_Numbered")


class _Numbered(Module):
    """What Sequential and ModuleList share: a list of modules, called "0", "1", …"""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(list(self._modules)[index], module)

    def __delitem__(self, index: int | slice) -> None:
        kept = list(self)
        del kept[index]
        self._renumber(kept)

    def _renumber(self, modules: Iterable[Module]) -> None:
        self._modules.clear()
        for number, module in enumerate(modules):
            self.add_module(str(number), module)

    def append(self: L, module: Module) -> L:
        """Add a module at the end; returns the list."""
        number = len(self)
        while str(number) in self._modules:  # a slice keeps its modules' names
            number += 1
        self.add_module(str(number), module)
        return self

    def extend(self: L, modules: Iterable[Module]) -> L:
        """Add modules at the end; returns the list."""
        for module in list(modules):
            self.append(module)
        return self

    __iadd__ = extend

    def insert(self: L, index: int, module: Module) -> L:
        """Put a module before the one of that index, and number all anew; returns the list."""
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)
        return self

    def pop(self, index: int) -> Module:
        """Take a module away, number the others anew, and return it."""
        module = list(self)[index]
        del self[index]
        return module


class Sequential(_Numbered):
    """Modules run one after the other; some runs of layers as one op (`nn.fusion`).

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
        return fusion.run(list(self._modules.values()), x)

    def __getitem__(self, index: int | slice) -> Module:
        """One module, or a slice of them as a Sequential that shares them, names and all."""
        chosen = list(self._modules.items())[index]
        return Sequential(dict(chosen)) if isinstance(index, slice) else chosen[1]  # type: ignore[arg-type, return-value]

    def __add__(self, other: Sequential) -> Sequential:
        return Sequential(*self, *other)


class ModuleList(_Numbered):
    """A list of modules, for a forward that goes through them in its own way.

    Parameters
    ----------
    modules : iterable of Module, optional
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        self.extend(modules or ())

    def __getitem__(self, index: int | slice) -> Module:
        """One module, or a slice of them as a ModuleList that shares them."""
        chosen = list(self)[index]
        return ModuleList(chosen) if isinstance(chosen, list) else chosen

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        """Equal neighbours are printed once, as "(0-2): 3 x …"."""
        lines: list[str] = []
        texts = [repr(module).replace("\n", "\n  ") for module in self]
        first = 0
        for i, text in enumerate(texts):
            if i + 1 == len(texts) or texts[i + 1] != text:
                times = i + 1 - first
                lines.append(f"({first}-{i}): {times} x {text}" if times > 1 else f"({i}): {text}")
                first = i + 1
        return "ModuleList(\n  " + "\n  ".join(lines) + "\n)" if lines else "ModuleList()"


class ModuleDict(Module):
    """Modules by name, for a forward that picks among them.

    Parameters
    ----------
    modules : mapping of name to Module, or pairs of them, optional
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] = ()) -> None:
        super().__init__()
        self.update(modules or ())

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add modules, or put them in the place of those that have their names."""
        for name, module in dict(modules).items():
            self[name] = module

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def keys(self) -> KeysView[str]:
        return self._modules.keys()

    def values(self) -> ValuesView[Module]:
        return self._modules.values()

    def items(self) -> ItemsView[str, Module]:
        return self._modules.items()

    def pop(self, key: str) -> Module:
        """Take a module away and return it."""
        return self._modules.pop(key)

    def clear(self) -> None:
        self._modules.clear()
