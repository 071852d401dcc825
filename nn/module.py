"""Module: a tree of layers, each of which knows its parameters, its buffers and its hooks."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np

from autograd import Tensor, debug, no_grad, tracebacks
from autograd.devices import dtype_for
from autograd.foreign import array_of
from autograd.hooks import RemovableHandle
from nn import hooks


class Parameter(Tensor):
    """A tensor that a module learns: assigned to a module's attribute, it is found by `parameters()`.

    It takes attributes of the user's own, such as `weight._no_weight_decay = True`; copies and pickles have them too.
    """

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


def running() -> Module | None:
    """The innermost module whose forward is running in this thread."""
    return _calls.stack[-1] if _calls.stack else None


class Misfits(NamedTuple):
    """Names that a state lacks, and names that the module lacks."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        names = f"missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys}"
        return f"Misfits({names})" if any(self) else "<All keys matched successfully>"


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
    state_defaults: ClassVar[Mapping[str, Any]] = {}  # values of buffers that states of older versions lack

    def __init__(self) -> None:
        # not by plain assignments: those go through __setattr__ below, which needs these
        object.__setattr__(self, "_parameters", {})
        object.__setattr__(self, "_buffers", {})
        object.__setattr__(self, "_modules", {})
        object.__setattr__(self, "_unsaved", set())  # names of buffers that are no part of the state
        object.__setattr__(self, "_hooks", [])
        self.training = True

    def forward(self, *inputs: Any) -> Any:
        raise TypeError(f"{type(self).__name__} has no forward: a module computes in a method of that name")

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        if self._hooks:
            return self._run(hooks.run, (self, self._hooks, inputs, options), {})
        return self._run(self.forward, inputs, options)

    def _run(self, function: Callable[..., Any], inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """function(*inputs, **options), as what this module does: its path is in errors, and what asks for it."""
        stack = _calls.stack
        stack.append(self)
        try:
            return function(*inputs, **options)
        except Exception as error:
            if not any(note.startswith("in module ") for note in getattr(error, "__notes__", ())):
                error.add_note(f"in module {_path(stack)}")
            tracebacks.shorten(error)
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
        homes = (self._parameters, self._buffers, self._modules, self.__dict__)
        if isinstance(value, Parameter):
            home = homes[0]
        elif isinstance(value, Module):
            home = homes[2]
        elif name in self._parameters:  # one that is taken away stays in its place, as None
            home = self._check_kind(self._parameters, name, value, "a parameter", "an nn.Parameter", value is None)
        elif name in self._buffers:
            fits = value is None or isinstance(value, Tensor)
            home = self._check_kind(self._buffers, name, value, "a buffer", "a Tensor", fits)
        elif name in self._modules and value is not None:
            home = self._check_kind(self._modules, name, value, "a module", "an nn.Module", False)
        else:
            home = self.__dict__
        for other in homes:
            if other is not home:
                other.pop(name, None)
        home[name] = value

    def _check_kind(self, home: dict, name: str, value: Any, kind: str, wanted: str, fits: bool) -> dict:
        if not fits:
            raise TypeError(
                f"{type(self).__name__}.{name} is {kind}; assign {wanted} or None, not {type(value).__name__}"
            )
        return home

    def __getattr__(self, name: str) -> Any:
        if name in ("_parameters", "_buffers", "_modules", "_hooks"):
            raise AttributeError(f"{type(self).__name__}: its __init__ must call super().__init__() first")
        for home in ("_parameters", "_buffers", "_modules"):
            found = self.__dict__.get(home, {})
            if name in found:
                return found[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __delattr__(self, name: str) -> None:
        for home in (self._parameters, self._buffers, self._modules):
            if name in home:
                del home[name]
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

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is no parameter but belongs to the module: it is saved, and converted, with it.

        Parameters
        ----------
        name : str
        tensor : Tensor or None
            None says that this module has none of that name.
        persistent : bool
            Whether it is part of `state_dict()`.
        """
        if not isinstance(tensor, Tensor | None):
            raise TypeError(f"register_buffer: {name!r} is a {type(tensor).__name__}, not a Tensor or None")
        self._check_name("register_buffer", name, self._buffers)
        self._buffers[name] = tensor
        (self._unsaved.discard if persistent else self._unsaved.add)(name)

    def add_module(self, name: str, module: Module) -> None:
        """Add a submodule under a name."""
        if not isinstance(module, Module):
            kind, mend = type(module).__name__, ""
            if isinstance(module, type):
                kind, mend = "class", f"; make one, with {module.__name__}(...)"
            elif isinstance(module, list | tuple):
                mend = "; a list's modules are passed one by one, as in nn.Sequential(*layers)"
            raise TypeError(f"add_module: {name!r} is a {kind}, not a Module{mend}")
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
                below = [(_join(path, name), child) for name, child in module._modules.items()]
                stack.extend(reversed(below))

    def modules(self) -> Iterator[Module]:
        return (module for _, module in self.named_modules())

    def _named_tensors(
        self, holder: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen = set()
        for path, module in self.named_modules(prefix, remove_duplicate) if recurse else [(prefix, self)]:
            for name, tensor in getattr(module, holder).items():
                if tensor is not None and (tensor not in seen or not remove_duplicate):
                    seen.add(tensor)
                    yield _join(path, name), tensor

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """All parameters, by their path, or only this module's own; one that is shared comes once, unless told
        otherwise."""
        return self._named_tensors("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """All buffers, as `named_parameters` gives the parameters."""
        return self._named_tensors("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Module:
        """The module at a path, such as "features.0"; itself for ""."""
        return self._get("module", "_modules", target) if target else self

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path, such as "features.0.weight"."""
        return self._get("parameter", "_parameters", target)

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a path, such as "features.1.running_mean"."""
        return self._get("buffer", "_buffers", target)

    def _get(self, kind: str, holder: str, target: str) -> Any:
        *path, name = target.split(".")
        owner: Module | None = self
        for step in path:
            owner = None if owner is None else owner._modules.get(step)
        found = None if owner is None else getattr(owner, holder).get(name)
        if found is None:
            raise AttributeError(f"get_{kind}: {type(self).__name__} has no {kind} {target!r}")
        return found

    def apply(self, function: Callable[[Module], Any]) -> Module:
        """Call function on every module below, then on this one; returns the module."""
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    # ── modes ──

    def train(self, mode: bool = True) -> Module:
        """Behave as in training, here and below; returns the module."""
        if not isinstance(mode, bool):
            raise ValueError(f"{type(self).__name__}.train: expects True or False, not {mode!r}; see also .eval()")
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

    def to(self, *target: Any, device: Any = None, dtype: Any = None, non_blocking: bool = False) -> Module:
        """Convert all parameters and float buffers to a float dtype, in place; returns the module.

        The target is as in `Tensor.to`; for the device "cpu" alone there is nothing to do.
        """
        dtype = dtype_for(target, device, dtype)
        if dtype is None:
            return self
        if np.dtype(dtype).kind != "f":
            raise TypeError(f"to: parameters are of a float dtype, not {np.dtype(dtype)}")
        for tensor in itertools.chain(self.parameters(), self.buffers()):
            if tensor.array.dtype.kind == "f":
                tensor.array = tensor.array.astype(dtype, copy=False)
                tensor.grad = None if tensor.grad is None else tensor.grad.to(dtype)
        return self

    def double(self) -> Module:
        return self.to(np.float64)

    def float(self) -> Module:
        return self.to(np.float32)

    def cpu(self) -> Module:
        """Itself: there is no other place to be."""
        return self

    # ── hooks ──

    def register_forward_pre_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, inputs)` before every forward; what it returns, a tuple or one input, replaces them.

        Parameters
        ----------
        hook : callable
        prepend : bool
            Whether it runs before the hooks that are there, not after them.
        with_kwargs : bool
            Call `hook(module, inputs, keywords)` instead, which returns None or both anew.

        Returns
        -------
        RemovableHandle
            Its `remove()` takes the hook away.
        """
        return self._add_hook(hooks.Hook("before forward", hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, inputs, output)` after every forward; what it returns replaces the output.

        With `with_kwargs` the call is `hook(module, inputs, keywords, output)`; else as `register_forward_pre_hook`.
        """
        return self._add_hook(hooks.Hook("after forward", hook, with_kwargs), prepend)

    def register_full_backward_pre_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` when the gradients of the outputs are known, a tuple with None for what
        needs none; what it returns replaces them."""
        return self._add_hook(hooks.Hook("before backward", hook), prepend)

    def register_full_backward_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when the gradients of the inputs are known.

        Both are tuples, with None for what needs no gradient; inputs that were passed by keyword are not among
        them.  What the hook returns replaces grad_input.  If no input needs a gradient, it is called when those
        of the outputs are known.
        """
        return self._add_hook(hooks.Hook("after backward", hook), prepend)

    def _add_hook(self, hook: hooks.Hook, prepend: bool) -> RemovableHandle:
        self._hooks.insert(0 if prepend else len(self._hooks), hook)
        return RemovableHandle(self._hooks, hook)

    # ── saving and loading ──

    def state_dict(
        self, *, destination: dict[str, Tensor] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Tensor]:
        """Every parameter and buffer by its path, a shared one by each: on the module's own memory (copy to keep).

        Parameters
        ----------
        destination : dict, optional
            Where to put them.
        prefix : str
            What all names begin with.
        keep_vars : bool
            The tensors themselves, instead of detached ones.
        """
        state = {} if destination is None else destination
        for path, module in self.named_modules(remove_duplicate=False):
            for name, tensor in (*module._parameters.items(), *module._buffers.items()):
                if tensor is not None and name not in module._unsaved:
                    state[prefix + _join(path, name)] = tensor if keep_vars else tensor.detach()
        return state

    def load_state_dict(self, state_dict: Mapping[str, Tensor | np.ndarray], strict: bool = True) -> Misfits:
        """Take the values of parameters and buffers from Tensors, NumPy arrays, or another library's tensors.

        Parameters
        ----------
        state_dict : mapping of path to Tensor, ndarray, or what has ``__array__`` or ``__dlpack__``
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
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"load_state_dict: expects a dict of names and tensors, not a {type(state_dict).__name__}")
        own = self.state_dict()
        state_dict = {**self._defaults(state_dict), **state_dict}
        missing = [name for name in own if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own]
        arrays: dict[str, np.ndarray] = {}
        wrong = []
        for name in own:
            if name in state_dict:
                try:
                    arrays[name] = array_of(state_dict[name])
                except TypeError as error:
                    wrong.append(f"{name} {error}")
        wrong += [
            f"{name} has shape {array.shape}, the module's {own[name].shape}"
            for name, array in arrays.items()
            if array.shape != own[name].shape
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

    def _defaults(self, state_dict: Mapping[str, Any]) -> dict[str, Any]:
        """The state_defaults, here and below, of modules whose other entries the state has."""
        found: dict[str, Any] = {}
        for path, module in self.named_modules(remove_duplicate=False) if state_dict else ():
            if module.state_defaults and any(_join(path, name) in state_dict for name in module._buffers):
                own = [name for name in module.state_defaults if module._buffers.get(name) is not None]
                found |= {_join(path, name): module.state_defaults[name] for name in own}
        return found

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


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _path(stack: list[Module]) -> str:
    """ "Net.features.0 (Conv2d)" for the innermost of the running modules."""
    names = [type(stack[0]).__name__]
    for outer, inner in itertools.pairwise(stack):
        names.append(next((path for path, module in outer.named_modules() if module is inner), "?"))
    return ".".join(names) + (f" ({type(stack[-1]).__name__})" if len(stack) > 1 else "")


debug.module_path = lambda: _path(_calls.stack) if _calls.stack else ""
