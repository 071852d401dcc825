"""Module, the base class of layers and models: a tree of modules with parameters, buffers and hooks."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, ParamSpec, Protocol, Self, TypeVar

import numpy as np

from autograd import Tensor, debug, no_grad, tracebacks
from autograd.devices import Device, NoGPUError, check_device, dtype_for
from autograd.foreign import array_of
from autograd.hooks import RemovableHandle
from autograd.promotion import BFLOAT16, FLOAT16, FLOATING
from autograd.tensor import wrap
from autograd.types import Array, DTypeLike
from nn import hooks
from nn.hooks import Gradients
from nn.parameter import Buffer, Parameter, is_lazy


class _Calls(threading.local):
    """The modules whose forward is running in this thread, outermost first."""

    def __init__(self) -> None:
        self.stack: list[Module] = []


_calls = _Calls()


def running() -> Module | None:
    """The innermost module whose forward is running in this thread."""
    return _calls.stack[-1] if _calls.stack else None


class IncompatibleKeys(NamedTuple):
    """Names that only the module has, and names that only the state has."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        names = f"missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys}"
        return f"IncompatibleKeys({names})" if any(self) else "<All keys matched successfully>"


T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R", covariant=True)

ForwardHook = Callable[..., Any]  # (module, inputs, …) -> what replaces the inputs or the output, or None
BackwardHook = Callable[..., Gradients | Tensor | None]


class _HasForward(Protocol[P, R]):
    """A module as type checkers see it in a call: an object with a forward."""

    def forward(self, *inputs: P.args, **options: P.kwargs) -> R: ...


def _no_forward(self: Module, *inputs: Any, **options: Any) -> Any:
    raise TypeError(f"{type(self).__name__} has no forward; define a method of this name, which computes the output")


class Module:
    """Base class of all layers and models.

    A subclass calls `super().__init__()` in its `__init__` and then assigns parameters and other modules to attributes.
    Its `forward` computes the output.

    Raises
    ------
    AttributeError
        If a parameter or module is assigned before `super().__init__()` is called.
    TypeError
        In a call, if the class has no forward.

    Examples
    --------
    >>> import autograd, nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.fc = nn.Linear(4, 2)
    ...     def forward(self, x):
    ...         return self.fc(x).relu()
    >>> net = Net()
    >>> [name for name, _ in net.named_parameters()]
    ['fc.weight', 'fc.bias']
    >>> net(autograd.ones(3, 4)).shape
    (3, 2)
    """

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module]
    _unsaved: set[str]  # names of buffers that are not part of the state
    _hooks: list[hooks.Hook]
    _state_hooks: list[hooks.Hook]  # of state_dict and load_state_dict
    forward: Callable[..., Any] = _no_forward  # of this type, so that subclasses may choose any signature
    state_defaults: ClassVar[Mapping[str, Tensor | Array]] = {}  # values of buffers that older states lack

    def __init__(self) -> None:
        # not by plain assignment, because __setattr__ below needs these attributes
        object.__setattr__(self, "_parameters", {})
        object.__setattr__(self, "_buffers", {})
        object.__setattr__(self, "_modules", {})
        object.__setattr__(self, "_unsaved", set())
        object.__setattr__(self, "_hooks", [])
        object.__setattr__(self, "_state_hooks", [])
        self.training = True

    if TYPE_CHECKING:  # a call has the signature of the class's own forward

        def __call__(self: _HasForward[P, R], *inputs: P.args, **options: P.kwargs) -> R: ...

    else:

        def __call__(self, *inputs, **options):
            if self._hooks:
                return self._run(hooks.run, (self, self._hooks, inputs, options), {})
            return self._run(self.forward, inputs, options)

    def _run(self, function: Callable[..., T], inputs: tuple[Any, ...], options: dict[str, Any]) -> T:
        """Call function(*inputs, **options) as part of this module.  Errors name the path of the module."""
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

    def __setattr__(self, name: str, value: object) -> None:
        if "_parameters" not in self.__dict__:
            if not isinstance(value, Parameter | Module):
                object.__setattr__(self, name, value)
                return
            raise AttributeError(f"{type(self).__name__}: call super().__init__() before assigning {name!r}")
        homes: tuple[dict[str, Any], ...] = (self._parameters, self._buffers, self._modules, self.__dict__)
        if isinstance(value, Parameter):
            home = homes[0]
        elif isinstance(value, Buffer):
            home = homes[1]
            (self._unsaved.discard if value.persistent else self._unsaved.add)(name)
        elif isinstance(value, Module):
            home = homes[2]
        elif name in self._parameters:  # assigned None, it keeps its place
            home = self._checked_home(self._parameters, name, value, "a parameter", "an nn.Parameter", value is None)
        elif name in self._buffers:
            fits = value is None or isinstance(value, Tensor)
            home = self._checked_home(self._buffers, name, value, "a buffer", "a Tensor", fits)
        elif name in self._modules and value is not None:
            home = self._checked_home(self._modules, name, value, "a module", "an nn.Module", False)
        else:
            home = self.__dict__
        if home is not self.__dict__ and isinstance(getattr(type(self), name, None), property):
            raise KeyError(f"{type(self).__name__}.{name} is a property; assign a Tensor, or choose another name")
        for other in homes:
            if other is not home:
                other.pop(name, None)
        if home is self.__dict__:
            object.__setattr__(self, name, value)  # which calls the setter of a property
        else:
            home[name] = value

    def _checked_home(
        self, home: dict[str, Any], name: str, value: object, kind: str, wanted: str, fits: bool
    ) -> dict[str, Any]:
        """The dict that the value belongs to, or a TypeError if the value does not fit."""
        if not fits:
            raise TypeError(
                f"{type(self).__name__}.{name} is {kind}; assign {wanted} or None, not {type(value).__name__}"
            )
        return home

    def __getattr__(self, name: str) -> Any:
        if name in ("_parameters", "_buffers", "_modules", "_hooks", "_state_hooks"):
            raise AttributeError(f"{type(self).__name__}: its __init__ must call super().__init__() first")
        for home in ("_parameters", "_buffers", "_modules"):
            found = self.__dict__.get(home, {})
            if name in found:
                return found[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        """Attributes, parameters, buffers and submodules by name: what `dir` lists and an interactive shell completes.

        Names that are not identifiers, such as "0", are left out.
        """
        homes = [self.__dict__.get(home, {}) for home in ("_parameters", "_buffers", "_modules")]
        names = {*super().__dir__(), *(name for home in homes for name in home)}
        return sorted(name for name in names if name.isidentifier())

    def __delattr__(self, name: str) -> None:
        homes: tuple[dict[str, Any], ...] = (self._parameters, self._buffers, self._modules)
        for home in homes:
            if name in home:
                del home[name]
                return
        object.__delattr__(self, name)

    def register_parameter(self, name: str, parameter: Parameter | None) -> None:
        """Add a parameter.  None means that this module has no parameter of that name."""
        if not isinstance(parameter, Parameter | None):
            raise TypeError(
                f"{type(self).__name__}.register_parameter: {name!r} must be an nn.Parameter or None, not "
                f"{type(parameter).__name__}"
            )
        self._check_name("register_parameter", name, self._parameters)
        self._parameters[name] = parameter

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is not a parameter, but is saved and converted with the module.

        Parameters
        ----------
        name : str
        tensor : Tensor or None
            None means that this module has no buffer of that name.
        persistent : bool
            Whether the tensor is part of `state_dict()`.
        """
        if not isinstance(tensor, Tensor | None):
            raise TypeError(
                f"{type(self).__name__}.register_buffer: {name!r} must be a Tensor or None, not {type(tensor).__name__}"
            )
        self._check_name("register_buffer", name, self._buffers)
        self._buffers[name] = tensor
        (self._unsaved.discard if persistent else self._unsaved.add)(name)

    def add_module(self, name: str, module: Module) -> None:
        """Add a submodule under a name."""
        if not isinstance(module, Module):
            kind, hint = type(module).__name__, ""
            if isinstance(module, type):
                kind, hint = "a class", f"; create an instance with {module.__name__}(...)"
            elif isinstance(module, list | tuple):
                hint = "; pass the modules of a list one by one, as in nn.Sequential(*layers)"
            raise TypeError(f"{type(self).__name__}.add_module: {name!r} must be a Module, not {kind}{hint}")
        self._check_name("add_module", name, self._modules)
        self._modules[name] = module

    register_module = add_module

    def _check_name(self, caller: str, name: str, holder: dict[str, Any]) -> None:
        caller = f"{type(self).__name__}.{caller}"
        if not isinstance(name, str):
            raise TypeError(f"{caller}: a name must be a str, not {type(name).__name__}")
        if not name or "." in name:
            raise KeyError(f"{caller}: {name!r} is not a valid name; it must not be empty or contain a dot")
        if hasattr(self, name) and name not in holder:
            raise KeyError(f"{caller}: the module already has an attribute {name!r}; choose another name")

    def children(self) -> Iterator[Module]:
        """The direct submodules."""
        return iter(self._modules.values())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The direct submodules with their names."""
        return iter(self._modules.items())

    def named_modules(self, prefix: str = "", remove_duplicate: bool = True) -> Iterator[tuple[str, Module]]:
        """This module and all submodules, with their paths.

        Parameters
        ----------
        prefix : str
            The path of this module.
        remove_duplicate : bool
            Whether a module that is in several places is returned once.
        """
        seen = set()
        stack: list[tuple[str, Module]] = [(prefix, self)]
        while stack:
            path, module = stack.pop()
            if module not in seen or not remove_duplicate:
                seen.add(module)
                yield path, module
                below = [(_join(path, name), child) for name, child in module._modules.items()]
                stack.extend(reversed(below))

    def modules(self) -> Iterator[Module]:
        """This module and all submodules.  A module that is in several places is returned once."""
        return (module for _, module in self.named_modules())

    def _named_tensors(
        self, holder: Callable[[Module], Mapping[str, T | None]], prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, T]]:
        seen = set()
        for path, module in self.named_modules(prefix, remove_duplicate) if recurse else [(prefix, self)]:
            for name, tensor in holder(module).items():
                if tensor is not None and (tensor not in seen or not remove_duplicate):
                    seen.add(tensor)
                    yield _join(path, name), tensor

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """All parameters with their paths.

        Parameters
        ----------
        prefix : str
            The path of this module.
        recurse : bool
            Whether to include the parameters of submodules.
        remove_duplicate : bool
            Whether a shared parameter is returned once.
        """
        return self._named_tensors(lambda module: module._parameters, prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters.  A shared parameter is returned once."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """All buffers with their paths.  The arguments are those of `named_parameters`."""
        return self._named_tensors(lambda module: module._buffers, prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers.  A shared buffer is returned once."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Module:
        """The module at a path, such as "features.0".  An empty path gives this module."""
        return self._get("module", lambda module: module._modules, target) if target else self

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path, such as "features.0.weight"."""
        return self._get("parameter", lambda module: module._parameters, target)

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a path, such as "features.1.running_mean"."""
        return self._get("buffer", lambda module: module._buffers, target)

    def _get(self, kind: str, holder: Callable[[Module], Mapping[str, T | None]], target: str) -> T:
        *path, name = target.split(".")
        owner: Module | None = self
        for step in path:
            owner = None if owner is None else owner._modules.get(step)
        found = None if owner is None else holder(owner).get(name)
        if found is None:
            raise AttributeError(f"get_{kind}: {type(self).__name__} has no {kind} {target!r}")
        return found

    def apply(self, function: Callable[[Module], object]) -> Self:
        """Call function on every submodule, then on this module.  Returns self."""
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    # ── modes ──

    def train(self, mode: bool = True) -> Self:
        """Set training mode, or evaluation mode, in this module and all submodules.  Returns self."""
        if not isinstance(mode, bool):
            raise ValueError(f"{type(self).__name__}.train: expects True or False, not {mode!r}; see also .eval()")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Set evaluation mode in this module and all submodules.  Returns self."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set `requires_grad` of all parameters.  Returns self."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradients of all parameters to None, or to 0."""
        for parameter in self.parameters():
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                parameter.grad.zero_()

    def to(
        self,
        *target: DTypeLike | Device | Tensor,
        device: Device = None,
        dtype: DTypeLike | None = None,
        non_blocking: bool = False,
    ) -> Self:
        """Convert all parameters and float buffers to a float dtype, in place.  Returns self.

        The arguments are those of `Tensor.to`.  A device alone changes nothing, because "cpu" is the only one.
        """
        new_dtype = dtype_for(target, device, dtype)
        if new_dtype is None:
            return self
        if np.dtype(new_dtype).kind not in FLOATING:
            raise TypeError(f"to: parameters need a float dtype, not {np.dtype(new_dtype)}")
        for tensor in itertools.chain(self.parameters(), self.buffers()):
            if is_lazy(tensor):
                tensor.convert(new_dtype)
            elif tensor.array.dtype.kind in FLOATING:
                tensor.array = tensor.array.astype(new_dtype, copy=False)
                tensor.grad = None if tensor.grad is None else tensor.grad.to(new_dtype)
        return self

    def double(self) -> Self:
        """Convert to float64, in place.  Returns self."""
        return self.to(np.float64)

    def float(self) -> Self:
        """Convert to float32, in place.  Returns self."""
        return self.to(np.float32)

    def half(self) -> Self:
        """Convert to float16, in place.  Returns self."""
        return self.to(FLOAT16)

    def bfloat16(self) -> Self:
        """Convert to bfloat16, in place.  Returns self."""
        return self.to(BFLOAT16)

    def cpu(self) -> Self:
        """Returns self: the CPU is the only device."""
        return self

    def cuda(self, device: Any = None) -> Self:
        """Raise NoGPUError."""
        raise NoGPUError(
            'cuda: there is no GPU; use .to(device) with device = "cuda" if cuda.is_available() else "cpu"'
        )

    def type(self, dst_type: DTypeLike) -> Self:
        """Convert to a float dtype, in place, as `to` does.  Returns self."""
        return self.to(dst_type)

    def share_memory(self) -> Self:
        """Returns self: threads share all memory as it is."""
        return self

    def to_empty(self, *, device: Device, recurse: bool = True) -> Self:
        """Returns self.

        In PyTorch it moves parameters and buffers to a device without their values, which are then arbitrary.  Here
        they stay as they are.
        """
        check_device("to_empty", device)
        return self

    # ── hooks ──

    def register_forward_pre_hook(
        self, hook: ForwardHook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, inputs)` before every forward.  What it returns, a tuple or one value, replaces inputs.

        Parameters
        ----------
        hook : callable
        prepend : bool
            Whether the hook runs before the hooks that are registered already, or after them.
        with_kwargs : bool
            Call `hook(module, inputs, keywords)` instead.  It returns None, or new inputs and keywords.

        Returns
        -------
        RemovableHandle
            Its `remove()` removes the hook.
        """
        return self._add_hook(hooks.Hook("before forward", hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: ForwardHook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, inputs, output)` after every forward.  What it returns replaces the output.

        With `with_kwargs`, the call is `hook(module, inputs, keywords, output)`.  See `register_forward_pre_hook` for
        the other arguments.
        """
        return self._add_hook(hooks.Hook("after forward", hook, with_kwargs), prepend)

    def register_full_backward_pre_hook(self, hook: BackwardHook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` in the backward pass, before the module.  What it returns replaces them.

        grad_output is a tuple with the gradient of each output, or None for an output that needs none.
        """
        return self._add_hook(hooks.Hook("before backward", hook), prepend)

    def register_full_backward_hook(self, hook: BackwardHook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` in the backward pass, after the module.

        Both are tuples, with None for what needs no gradient.  grad_input has no items for inputs that were passed by
        keyword.  What the hook returns replaces grad_input.  If no input needs a gradient, the hook is called as soon
        as the gradients of the outputs are known.
        """
        return self._add_hook(hooks.Hook("after backward", hook), prepend)

    def _add_hook(self, hook: hooks.Hook, prepend: bool) -> RemovableHandle:
        self._hooks.insert(0 if prepend else len(self._hooks), hook)
        return RemovableHandle(self._hooks, hook)

    # ── saving and loading ──

    def state_dict(
        self, *, destination: dict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """All parameters and persistent buffers by path, and the extra state of modules that have one.

        The tensors share the memory of the module, so copy those that must not change later.  A shared tensor is listed
        under each of its paths.

        Parameters
        ----------
        destination : dict, optional
            The dict to fill.
        prefix : str
            Prepended to all paths.
        keep_vars : bool
            Whether to return the tensors themselves.  By default they are detached.
        """
        state = {} if destination is None else destination
        self._call_state_hooks("before state_dict", prefix, keep_vars)
        for name, tensor in self._saved():
            state[prefix + name] = tensor if keep_vars or is_lazy(tensor) else tensor.detach()
        if type(self).get_extra_state is not Module.get_extra_state:
            state[prefix + _EXTRA_STATE] = self.get_extra_state()
        for name, child in self._modules.items():
            child.state_dict(destination=state, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        self._call_state_hooks("after state_dict", state, prefix, {})
        return state

    def _saved(self) -> Iterator[tuple[str, Tensor]]:
        """The parameters and persistent buffers of this module alone, with their names."""
        for name, tensor in (*self._parameters.items(), *self._buffers.items()):
            if tensor is not None and name not in self._unsaved:
                yield name, tensor

    def get_extra_state(self) -> Any:
        """What a module saves with its state besides tensors.  A class that defines it also defines `set_extra_state`.

        `state_dict` stores the result under the name "_extra_state".
        """
        raise RuntimeError(f"get_extra_state: {type(self).__name__} does not define it")

    def set_extra_state(self, state: Any) -> None:
        """Set what `get_extra_state` returned.  `load_state_dict` calls it."""
        raise RuntimeError(
            f"set_extra_state: the state has an extra state for {type(self).__name__}, which does not define this "
            "method; define it, or remove the entry"
        )

    def register_state_dict_pre_hook(self, hook: Callable[[Module, str, bool], None]) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before `state_dict` collects the tensors of this module."""
        return self._add_state_hook("before state_dict", hook)

    def register_state_dict_post_hook(
        self, hook: Callable[[Module, dict[str, Any], str, dict[str, Any]], None]
    ) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata)` after `state_dict` has collected the tensors.

        The hook may change the entries of `state_dict`.  local_metadata is empty.
        """
        return self._add_state_hook("after state_dict", hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call a hook before `load_state_dict` compares the state with this module.

        The call is `hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
        error_msgs)`.  `state_dict` is a copy, whose entries the hook may change.  Texts that it adds to error_msgs are
        part of the error.  local_metadata is empty.
        """
        return self._add_state_hook("before load_state_dict", hook)

    def register_load_state_dict_post_hook(self, hook: Callable[[Module, IncompatibleKeys], None]) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` after `load_state_dict` has set the tensors of this module.

        The hook may change the two lists.  With such a hook, names that do not match are an error after the others
        have been loaded, and only if the lists still have them.
        """
        return self._add_state_hook("after load_state_dict", hook)

    def _add_state_hook(self, when: hooks.When, hook: Callable[..., Any]) -> RemovableHandle:
        made = hooks.Hook(when, hook)
        self._state_hooks.append(made)
        return RemovableHandle(self._state_hooks, made)

    def _call_state_hooks(self, when: hooks.When, *arguments: Any) -> None:
        for hook in list(self._state_hooks):
            if hook.when == when and hook.function(self, *arguments) is not None:
                raise RuntimeError(
                    f"{type(self).__name__}: a hook {when} returned something; it must return None, and may change "
                    "its arguments"
                )

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy values into the parameters and buffers.

        Parameters
        ----------
        state_dict : mapping from paths to Tensors, NumPy arrays, or objects with ``__array__`` or ``__dlpack__``
        strict : bool
            Whether the names must be exactly those of this module.
        assign : bool
            Put the tensors of the state in the place of the module's, with their dtype and memory, instead of copying
            their values.  Parameters keep `requires_grad`.

        Returns
        -------
        (missing_keys, unexpected_keys) : two lists of names

        Raises
        ------
        ValueError
            If names, shapes or dtypes do not match.  The error lists all mismatches, and nothing is loaded.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"load_state_dict: expects a dict from names to tensors, not a {type(state_dict).__name__}")
        given = {**self._defaults(state_dict), **state_dict}
        missing: list[str] = []
        unexpected: list[str] = []
        wrong: list[str] = []
        modules = list(self.named_modules(remove_duplicate=False))
        for path, module in modules:
            module._call_state_hooks(
                "before load_state_dict", given, _join(path, ""), {}, strict, missing, unexpected, wrong
            )
        own = {
            _join(path, name): (module, name, tensor) for path, module in modules for name, tensor in module._saved()
        }
        extra = {
            _join(path, _EXTRA_STATE): module
            for path, module in modules
            if type(module).set_extra_state is not Module.set_extra_state
        }
        missing += [name for name in (*own, *extra) if name not in given]
        unexpected += [name for name in given if name not in own and name not in extra]
        arrays: dict[str, Array] = {}
        for name, (_, _, tensor) in own.items():
            if name not in given or (is_lazy(given[name]) and is_lazy(tensor)):
                continue
            try:
                arrays[name] = array_of(given[name])
            except TypeError as error:
                wrong.append(f"{name} {error}")
        wrong += [
            f"{name} has shape {array.shape}, but the module's has shape {own[name][2].shape}"
            for name, array in arrays.items()
            if not is_lazy(own[name][2]) and array.shape != own[name][2].shape
        ]
        late = any(hook.when == "after load_state_dict" for _, module in modules for hook in module._state_hooks)
        if strict and not late:
            wrong += _not_matching(missing, unexpected)
        if wrong:
            raise ValueError(
                f"load_state_dict: the state does not fit {type(self).__name__}, so nothing was loaded: "
                + "; ".join(wrong)
            )
        with no_grad():
            for name, array in arrays.items():
                owner, own_name, tensor = own[name]
                if assign:
                    owner._assign(own_name, given[name], array)
                    continue
                if is_lazy(tensor):
                    tensor.materialize(array.shape)
                tensor.copy_(wrap(array))
        for name, module in extra.items():
            if name in given:
                module.set_extra_state(given[name])
        result = IncompatibleKeys(missing, unexpected)
        if late:
            self.apply(lambda module: module._call_state_hooks("after load_state_dict", result))
            left = _not_matching(missing, unexpected) if strict else []
            if left:
                raise ValueError(
                    f"load_state_dict: the state does not fit {type(self).__name__}; the rest was loaded: "
                    + "; ".join(left)
                )
        return result

    def _assign(self, name: str, value: Any, array: Array) -> None:
        """Put a loaded tensor in the place of a parameter or buffer."""
        tensor = value if isinstance(value, Tensor) else wrap(array)
        old = self._parameters.get(name)
        if old is None:
            self._buffers[name] = tensor
        else:
            self._parameters[name] = (
                tensor if isinstance(tensor, Parameter) else Parameter(tensor, requires_grad=old.requires_grad)
            )

    def _defaults(self, state_dict: Mapping[str, Tensor | Array]) -> dict[str, Tensor | Array]:
        """The state_defaults of this module and its submodules, where the state has other entries of the module."""
        found: dict[str, Tensor | Array] = {}
        for path, module in self.named_modules(remove_duplicate=False) if state_dict else ():
            if module.state_defaults and any(_join(path, name) in state_dict for name in module._buffers):
                own = [name for name in module.state_defaults if module._buffers.get(name) is not None]
                found |= {_join(path, name): module.state_defaults[name] for name in own}
        return found

    # ── printing ──

    def extra_repr(self) -> str:
        """The text between the parentheses when the module is printed."""
        return ""

    def __repr__(self) -> str:
        lines = [self.extra_repr()] if self.extra_repr() else []
        for name, child in self._modules.items():
            lines.append(f"({name}): " + repr(child).replace("\n", "\n  "))
        if not self._modules:
            return f"{type(self).__name__}({', '.join(lines)})"
        return f"{type(self).__name__}(\n  " + "\n  ".join(lines) + "\n)"


_EXTRA_STATE = "_extra_state"


def _not_matching(missing: list[str], unexpected: list[str]) -> list[str]:
    return [f"{name} is missing" for name in missing] + [f"{name} is not in this module" for name in unexpected]


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _path(stack: list[Module]) -> str:
    """The path of the innermost running module, such as "Net.features.0 (Conv2d)"."""
    names = [type(stack[0]).__name__]
    for outer, inner in itertools.pairwise(stack):
        names.append(next((path for path, module in outer.named_modules() if module is inner), "?"))
    return ".".join(names) + (f" ({type(stack[-1]).__name__})" if len(stack) > 1 else "")


debug.module_path = lambda: _path(_calls.stack) if _calls.stack else ""
