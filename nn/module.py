"""Module: a tree of layers, each of which knows its parameters."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd import Tensor, no_grad


class Parameter(Tensor):
    """A tensor that a module learns: assigned to a module's attribute, it is found by `parameters()`."""

    __slots__ = ()

    def __init__(self, data: Tensor, requires_grad: bool = True) -> None:
        if not isinstance(data, Tensor):
            raise TypeError(f"Parameter: expects a Tensor, got {type(data).__name__}; autograd.tensor(...) makes one")
        super().__init__(data.array, requires_grad)
        self.version = data.version  # one memory, one version

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


class _Calls(threading.local):
    """The modules whose forward is running in this thread, outermost first."""

    def __init__(self) -> None:
        self.stack: list[Module] = []


_calls = _Calls()


class Misfits(NamedTuple):
    """Names that a state lacks, and names that the module lacks."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module:
    """Base of all layers and nets.

    A subclass assigns parameters and other modules to attributes in its `__init__`, after
    `super().__init__()`, and computes in `forward`.

    Examples
    --------
    >>> import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.fc = nn.Linear(4, 2)
    ...     def forward(self, x):
    ...         return self.fc(x).relu()
    >>> [name for name, _ in Net().named_parameters()]
    ['fc.weight', 'fc.bias']
    """

    training: bool

    def __init__(self) -> None:
        # plain assignments go through __setattr__ below, which needs these two
        object.__setattr__(self, "_parameters", {})
        object.__setattr__(self, "_modules", {})
        self.training = True

    def forward(self, *inputs: Any) -> Any:
        raise TypeError(f"{type(self).__name__} has no forward: a module computes in a method of that name")

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        stack = _calls.stack
        stack.append(self)
        try:
            return self.forward(*inputs, **options)
        except Exception as error:
            if not any(note.startswith("in module ") for note in getattr(error, "__notes__", ())):
                error.add_note(f"in module {_path(stack)}")
            raise
        finally:
            stack.pop()

    # ── the tree ──

    def __setattr__(self, name: str, value: Any) -> None:
        if "_parameters" not in self.__dict__:
            if not isinstance(value, Parameter | Module):
                object.__setattr__(self, name, value)
                return
            raise AttributeError(f"{type(self).__name__}: call super().__init__() before assigning {name!r}")
        holders = (self._parameters, self._modules, self.__dict__)
        home = 0 if isinstance(value, Parameter) else 1 if isinstance(value, Module) else 2
        if home == 2 and value is None and name in self._parameters:
            home = 0  # a parameter taken away stays in its place, as None
        elif home == 2 and name in self._parameters:
            raise TypeError(
                f"{type(self).__name__}.{name} is a parameter; assign an nn.Parameter or None, "
                f"not {type(value).__name__}"
            )
        for holder in holders:
            if holder is not holders[home]:
                holder.pop(name, None)
        holders[home][name] = value

    def __getattr__(self, name: str) -> Any:
        for holder in ("_parameters", "_modules"):
            found = self.__dict__.get(holder, {})
            if name in found:
                return found[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __delattr__(self, name: str) -> None:
        for holder in (self._parameters, self._modules):
            if name in holder:
                del holder[name]
                return
        object.__delattr__(self, name)

    def register_parameter(self, name: str, parameter: Parameter | None) -> None:
        """Add a parameter, or None to say that this module has none of that name."""
        if not isinstance(parameter, Parameter | None):
            raise TypeError(
                f"register_parameter: {name!r} is a {type(parameter).__name__}, not an nn.Parameter or None"
            )
        self._check_name("register_parameter", name, self._parameters)
        self._parameters[name] = parameter

    def add_module(self, name: str, module: Module) -> None:
        """Add a submodule under a name."""
        if not isinstance(module, Module):
            raise TypeError(f"add_module: {name!r} is a {type(module).__name__}, not a Module")
        self._check_name("add_module", name, self._modules)
        self._modules[name] = module

    def _check_name(self, caller: str, name: str, holder: dict[str, Any]) -> None:
        if not name or "." in name:
            raise KeyError(f"{caller}: {name!r} is no name: it must not be empty, nor have a dot, which is for paths")
        if hasattr(self, name) and name not in holder:
            raise KeyError(f"{caller}: {type(self).__name__} has an attribute {name!r} already; take another name")

    def children(self) -> Iterator[Module]:
        """The modules directly below."""
        return iter(self._modules.values())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        return iter(self._modules.items())

    def named_modules(self, prefix: str = "", remove_duplicate: bool = True) -> Iterator[tuple[str, Module]]:
        """This module and all below it, by their path; one that is held twice comes once, unless told otherwise."""
        seen = set()
        stack = [(prefix, self)]
        while stack:
            path, module = stack.pop()
            if module not in seen or not remove_duplicate:
                seen.add(module)
                yield path, module
                below = [(f"{path}.{name}" if path else name, child) for name, child in module._modules.items()]
                stack.extend(reversed(below))

    def modules(self) -> Iterator[Module]:
        return (module for _, module in self.named_modules())

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Parameter]]:
        """All parameters, by their path; one that is shared comes once."""
        seen = set()
        for path, module in self.named_modules(prefix):
            for name, parameter in module._parameters.items():
                if parameter is not None and parameter not in seen:
                    seen.add(parameter)
                    yield f"{path}.{name}" if path else name, parameter

    def parameters(self) -> Iterator[Parameter]:
        return (parameter for _, parameter in self.named_parameters())

    def apply(self, function: Callable[[Module], Any]) -> Module:
        """Call function on every module below, then on this one; returns the module."""
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    # ── modes ──

    def train(self, mode: bool = True) -> Module:
        """Behave as in training, here and below; returns the module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Module:
        """Behave as in use, here and below; returns the module."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to 0."""
        for parameter in self.parameters():
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                parameter.grad.zero_()

    def to(self, dtype: Any) -> Module:
        """Convert all parameters to a float dtype, in place (for the device "cpu", nothing); returns the module."""
        if dtype == "cpu":
            return self
        if np.dtype(dtype).kind != "f":
            raise TypeError(f"to: parameters are of a float dtype, not {np.dtype(dtype)}")
        for parameter in self.parameters():
            parameter.array = parameter.array.astype(dtype, copy=False)
            parameter.grad = None if parameter.grad is None else parameter.grad.to(dtype)
        return self

    def double(self) -> Module:
        return self.to(np.float64)

    def float(self) -> Module:
        return self.to(np.float32)

    # ── saving and loading ──

    def state_dict(self) -> dict[str, Tensor]:
        """Every parameter by its path, a shared one by each: detached, on the module's own memory (copy to keep)."""
        state = {}
        for path, module in self.named_modules(remove_duplicate=False):
            for name, parameter in module._parameters.items():
                if parameter is not None:
                    state[f"{path}.{name}" if path else name] = parameter.detach()
        return state

    def load_state_dict(self, state: Mapping[str, Tensor | np.ndarray], strict: bool = True) -> Misfits:
        """Take the parameters' values from Tensors or NumPy arrays.

        Parameters
        ----------
        state : mapping of path to Tensor or ndarray
        strict : bool
            Whether names must be exactly this module's.

        Returns
        -------
        (missing_keys, unexpected_keys) : two lists of names

        Raises
        ------
        ValueError
            If names, shapes or dtypes do not fit; all misfits are named, and nothing is loaded.
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"load_state_dict: expects a dict of names and tensors, not a {type(state).__name__}")
        own = self.state_dict()
        missing = [name for name in own if name not in state]
        unexpected = [name for name in state if name not in own]
        arrays = {name: np.asarray(_array(state[name])) for name in own if name in state}
        wrong = [
            f"{name} has shape {array.shape}, the module's {own[name].shape}"
            for name, array in arrays.items()
            if array.shape != own[name].shape
        ]
        wrong += [
            f"{name} holds {array.dtype}, not numbers"
            for name, array in arrays.items()
            if array.dtype.kind not in "biuf"
        ]
        if strict:
            wrong += [f"{name} is missing" for name in missing] + [
                f"{name} is not of this module" for name in unexpected
            ]
        if wrong:
            raise ValueError(
                f"load_state_dict: the state does not fit {type(self).__name__}, and nothing was loaded: "
                + "; ".join(wrong)
            )
        with no_grad():
            for name, array in arrays.items():
                own[name].copy_(Tensor(array))
        return Misfits(missing, unexpected)

    # ── printing ──

    def extra_repr(self) -> str:
        """What stands between the parentheses when the module is printed."""
        return ""

    def __repr__(self) -> str:
        lines = [self.extra_repr()] if self.extra_repr() else []
        for name, child in self._modules.items():
            lines.append(f"({name}): " + repr(child).replace("\n", "\n  "))
        if not self._modules:
            return f"{type(self).__name__}({', '.join(lines)})"
        return f"{type(self).__name__}(\n  " + "\n  ".join(lines) + "\n)"


def _array(value: Tensor | np.ndarray) -> np.ndarray:
    return value.array if isinstance(value, Tensor) else value


def _path(stack: list[Module]) -> str:
    """ "Net.features.0 (Conv2d)" for the innermost of the running modules."""
    names = [type(stack[0]).__name__]
    for outer, inner in itertools.pairwise(stack):
        names.append(next((path for path, module in outer.named_modules() if module is inner), "?"))
    return ".".join(names) + (f" ({type(stack[-1]).__name__})" if len(stack) > 1 else "")
