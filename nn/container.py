"""Containers: modules that consist of other modules."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any, Self, overload

from autograd import Tensor
from nn import fusion
from nn.module import Module
from nn.parameter import Parameter


class _Numbered(Module):
    """Base of Sequential and ModuleList: a list of modules with the names "0", "1", …"""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(list(self._modules)[index], module)

    def __delitem__(self, index: int | slice) -> None:
        remaining = list(self)
        del remaining[index]
        self._renumber(remaining)

    def _renumber(self, modules: Iterable[Module]) -> None:
        self._modules.clear()
        for number, module in enumerate(modules):
            self.add_module(str(number), module)

    def append(self, module: Module) -> Self:
        """Add a module at the end.  Returns self."""
        number = len(self)
        while str(number) in self._modules:  # slices keep the names of their modules
            number += 1
        self.add_module(str(number), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add several modules at the end.  Returns self."""
        if not isinstance(modules, Iterable):
            raise TypeError(
                f"{type(self).__name__}: expects an iterable of modules, such as a list, not {type(modules).__name__}"
            )
        for module in list(modules):
            self.append(module)
        return self

    __iadd__ = extend

    def insert(self, index: int, module: Module) -> Self:
        """Insert a module before the one at `index`, and renumber all modules.  Returns self."""
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)
        return self

    def pop(self, index: int) -> Module:
        """Remove the module at `index`, renumber the others, and return it."""
        module = list(self)[index]
        del self[index]
        return module


class Sequential(_Numbered):
    """Calls its modules one after another.  Some sequences of layers are computed as one op (`nn.fusion`).

    Parameters
    ----------
    *modules : Module, or one mapping from names to modules
        Without names, the modules are called "0", "1", …

    Examples
    --------
    >>> import nn
    >>> nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    Sequential(
      (0): Linear(in_features=4, out_features=3, bias=True)
      (1): ReLU()
    )
    """

    @overload
    def __init__(self, modules: Mapping[str, Module], /) -> None: ...
    @overload
    def __init__(self, *modules: Module) -> None: ...

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        super().__init__()
        named = modules[0] if len(modules) == 1 and isinstance(modules[0], Mapping) else dict(enumerate(modules))
        for name, module in named.items():
            self.add_module(str(name), module)  # type: ignore[arg-type]

    def forward(self, input: Any) -> Tensor:  # what nearly all last layers return
        return fusion.run(list(self._modules.values()), input)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...

    def __getitem__(self, index: int | slice) -> Module:
        """The module at an index, or a slice as a Sequential with the same modules and names."""
        items = list(self._modules.items())
        return Sequential(dict(items[index])) if isinstance(index, slice) else items[index][1]

    def __add__(self, other: Sequential) -> Sequential:
        return Sequential(*self, *other)


class ModuleList(_Numbered):
    """A list of modules, which the forward of the module around it calls in its own way.

    Parameters
    ----------
    modules : iterable of Module, optional

    Raises
    ------
    TypeError
        If modules is not iterable, or one of them is no Module.

    Examples
    --------
    >>> import autograd, nn
    >>> layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
    >>> layers
    ModuleList(
      (0-2): 3 x Linear(in_features=4, out_features=4, bias=True)
    )
    >>> x = autograd.ones(2, 4)
    >>> for layer in layers:
    ...     x = x + layer(x).relu()
    >>> x.shape
    (2, 4)
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        self.extend(modules or ())

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> ModuleList: ...

    def __getitem__(self, index: int | slice) -> Module:
        """The module at an index, or a slice as a ModuleList with the same modules."""
        chosen = list(self)[index]
        return ModuleList(chosen) if isinstance(chosen, list) else chosen

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        """Neighbours that print the same are printed once, as "(0-2): 3 x …"."""
        lines: list[str] = []
        texts = [repr(module).replace("\n", "\n  ") for module in self]
        first = 0
        for i, text in enumerate(texts):
            if i + 1 == len(texts) or texts[i + 1] != text:
                times = i + 1 - first
                lines.append(f"({first}-{i}): {times} x {text}" if times > 1 else f"({i}): {text}")
                first = i + 1
        name = type(self).__name__
        return f"{name}(\n  " + "\n  ".join(lines) + "\n)" if lines else f"{name}()"


class ModuleDict(Module):
    """Modules by name, which the forward of the module around it looks up.

    Parameters
    ----------
    modules : mapping from names to modules, or iterable of (name, module), optional

    Raises
    ------
    TypeError, KeyError
        If a value is no Module, or a name is empty, has a dot, or is that of another attribute.

    Examples
    --------
    >>> import autograd, nn
    >>> heads = nn.ModuleDict({"digit": nn.Linear(8, 10), "parity": nn.Linear(8, 2)})
    >>> {name: head(autograd.ones(1, 8)).shape for name, head in heads.items()}
    {'digit': (1, 10), 'parity': (1, 2)}
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] = ()) -> None:
        super().__init__()
        self.update(modules or ())

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add modules.  A module whose name exists replaces the old one."""
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
        """Remove a module and return it."""
        return self._modules.pop(key)

    def clear(self) -> None:
        self._modules.clear()


def _kept(value: Any) -> Any:
    """What a list or dict of parameters keeps: tensors become parameters, other objects stay."""
    return Parameter(value) if isinstance(value, Tensor) and not isinstance(value, Parameter) else value


class ParameterList(Module):
    """A list of parameters with the names "0", "1", …  Tensors that are added become parameters.

    Parameters
    ----------
    values : iterable of Tensor, optional
        Objects of other types are kept, but are not parameters.

    Raises
    ------
    TypeError
        If values is no iterable such as a list.
    IndexError
        If there is no parameter with an index.

    Examples
    --------
    >>> import autograd, nn
    >>> weights = nn.ParameterList([autograd.ones(2), autograd.ones(3)])
    >>> weights
    ParameterList(
      (0): Parameter containing: [torch.FloatTensor of size 2]
      (1): Parameter containing: [torch.FloatTensor of size 3]
    )
    >>> weights[1].sum()
    tensor(3., grad_fn=<SumBackward0>)
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        self.extend(() if values is None else values)

    def _place(self, index: int) -> str:
        if not -self._size <= index < self._size:
            raise IndexError(f"ParameterList: index {index} is out of range for {self._size} entries")
        return str(index % self._size)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)([self[i] for i in range(self._size)[index]])
        return getattr(self, self._place(index))

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, self._place(index), _kept(value))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return iter([self[i] for i in range(self._size)])

    def append(self, value: Any) -> Self:
        """Add a value at the end.  Returns self."""
        self._size += 1
        self[self._size - 1] = value
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add several values at the end.  Returns self."""
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise TypeError(f"ParameterList: expects an iterable such as a list, not {type(values).__name__}")
        for value in list(values):
            self.append(value)
        return self

    __iadd__ = extend

    def __repr__(self) -> str:
        return _described(self, enumerate(self))


class ParameterDict(Module):
    """Parameters by name.  Tensors that are added become parameters.

    Parameters
    ----------
    parameters : mapping from names to values, or iterable of (name, value), optional
        Objects of other types than Tensor are kept, but are not parameters.

    Raises
    ------
    TypeError
        If a name is no str.
    KeyError
        If there is no parameter of a name, or the module has another attribute of that name.

    Examples
    --------
    >>> import autograd, nn
    >>> weights = nn.ParameterDict({"left": autograd.ones(2), "right": autograd.zeros(2)})
    >>> weights["left"] - weights["right"]
    tensor([1., 1.], grad_fn=<SubBackward0>)
    >>> list(weights.keys())
    ['left', 'right']
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        self.update(parameters or {})

    def __getitem__(self, key: str) -> Any:
        if key not in self._keys:
            raise KeyError(f"ParameterDict: there is no {key!r}")
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(f"ParameterDict: a name must be a str, not {type(key).__name__}")
        if key not in self._keys and hasattr(self, key):
            raise KeyError(f"ParameterDict: the module already has an attribute {key!r}; choose another name")
        self._keys[key] = None
        setattr(self, key, _kept(value))

    def __delitem__(self, key: str) -> None:
        self[key]
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def keys(self) -> KeysView[str]:
        return self._keys.keys()

    def values(self) -> list[Any]:
        return [self[key] for key in self._keys]

    def items(self) -> list[tuple[str, Any]]:
        return [(key, self[key]) for key in self._keys]

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a name, or a default."""
        return self[key] if key in self._keys else default

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of a name, which is set to a default first if it is new."""
        if key not in self._keys:
            self[key] = default
        return self[key]

    def update(self, parameters: Any) -> None:
        """Add values.  One whose name exists replaces the old one."""
        pairs = parameters.items() if isinstance(parameters, ParameterDict) else dict(parameters).items()
        for key, value in pairs:
            self[key] = value

    def pop(self, key: str) -> Any:
        """Remove a value and return it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Remove the last name with its value, and return both."""
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def clear(self) -> None:
        for key in list(self._keys):
            del self[key]

    def copy(self) -> ParameterDict:
        """A ParameterDict with the same parameters."""
        return ParameterDict(dict(self.items()))

    def __repr__(self) -> str:
        return _described(self, self.items())


def _described(module: Module, entries: Iterable[tuple[Any, Any]]) -> str:
    """One line for each entry, as PyTorch prints it."""
    lines = []
    for key, value in entries:
        text = f"Object of type: {type(value).__name__}"
        if isinstance(value, Tensor):
            size = "x".join(map(str, value.shape))
            kind = "Parameter" if isinstance(value, Parameter) else "Tensor"
            text = f"{kind} containing: [{_type_name(value)} of size {size}]"
        lines.append(f"\n  ({key}): {text}")
    return f"{type(module).__name__}({''.join(lines)}" + ("\n)" if lines else ")")


def _type_name(value: Tensor) -> str:
    return f"torch.{value.type().split('.')[-1]}"
