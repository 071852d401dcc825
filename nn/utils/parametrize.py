"""Parametrizations: a parameter that is computed from others each time it is read.

After `register_parametrization(layer, "weight", f)`, reading `layer.weight` computes f(original), where original is the
former weight.  The optimizer updates original, so the weight always has the form that f gives it, such as symmetric or
of norm 1.  If f has a `right_inverse`, assigning to `layer.weight` sets original to right_inverse(value).

Names, arguments and the names in the state dict are PyTorch's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from typing import Any, NoReturn

from autograd import Tensor, no_grad
from nn.container import ModuleDict, ModuleList
from nn.module import Module
from nn.parameter import Parameter

_depth = 0  # how many `cached()` blocks are open
_cache: dict[tuple[Module, str], Tensor] = {}  # (module, name of the tensor) -> the computed tensor


@contextmanager
def cached() -> Iterator[None]:
    """Compute each parametrized tensor once within the block, instead of each time it is read.

    Worth it where a forward reads a weight several times, as a recurrent layer does.  The tensors are forgotten at the
    end of the block.

    Returns
    -------
    context manager

    Examples
    --------
    >>> import nn
    >>> from nn.utils import parametrize
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
    >>> with parametrize.cached():
    ...     layer.weight is layer.weight
    True
    >>> layer.weight is layer.weight
    False
    """
    global _depth
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        if not _depth:
            _cache.clear()


def _add(module: Module, name: str, tensor: Tensor) -> None:
    """Add a parameter, or a buffer if it is not one."""
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _set(tensor: Tensor, value: Tensor) -> None:
    """Make a tensor hold the values of another, whose shape may differ."""
    if tensor.array is not value.array:
        tensor.array, tensor.version = value.array, value.version


def _check_same(what: str, made: Any, tensor: Tensor) -> None:
    """Raise a ValueError unless `made` is a tensor of the same dtype and shape."""
    if not isinstance(made, Tensor):
        raise ValueError(f"{what} must return a tensor, not {type(made).__name__}")
    if (made.dtype, made.shape) != (tensor.dtype, tensor.shape):
        raise ValueError(
            f"{what} returns {made.dtype} of shape {made.shape} for a tensor of {tensor.dtype} and shape "
            f"{tensor.shape}; pass unsafe=True to let it change dtype or shape"
        )


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, in the order in which they are applied.

    `register_parametrization` makes it, and it is found under `module.parametrizations.NAME`.

    Parameters
    ----------
    modules : sequence of Module
        At least one.
    original : Tensor, any shape
        The tensor before it was parametrized.
    unsafe : bool
        Whether the result may differ in dtype or shape.

    Attributes
    ----------
    original : Parameter or Tensor
        What the first parametrization is called with.  If its `right_inverse` returns several tensors: `original0`,
        `original1`, …

    Raises
    ------
    ValueError
        If there is no module, or without unsafe a dtype or shape changes.

    Examples
    --------
    >>> import nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    >>> parametrizations = layer.parametrizations.weight
    >>> [(name, p.shape) for name, p in parametrizations.named_parameters()]  # lengths and directions of two rows
    [('original0', (2, 1)), ('original1', (2, 3))]
    """

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not modules:
            raise ValueError("ParametrizationList: expects at least one module")
        super().__init__(modules)
        self.unsafe = unsafe
        found: Any = original
        with no_grad():
            for module in reversed(modules):
                if hasattr(module, "right_inverse"):
                    with suppress(NotImplementedError):  # then it starts from the tensor itself
                        found = module.right_inverse(found)
        self.is_tensor = isinstance(found, Tensor)
        self.ntensors = 1 if self.is_tensor else len(self._several(found))
        before = original.detach()  # a view: the line below may give original other values, of another shape
        if isinstance(found, Tensor):
            if found.dtype != original.dtype:
                raise ValueError(
                    f"right_inverse: it returns {found.dtype} for a tensor of {original.dtype}; it must keep the dtype"
                )
            _set(original, found)
            _add(self, "original", original)
        else:
            for i, part in enumerate(found):
                kept = Parameter(part, original.requires_grad) if isinstance(original, Parameter) else part
                kept.requires_grad = original.requires_grad
                _add(self, f"original{i}", kept)
        if not unsafe:
            _check_same("register_parametrization: the parametrization", self(), before)

    @staticmethod
    def _several(found: Any, wanted: int | None = None) -> Sequence[Tensor]:
        """Check what `right_inverse` returned for a parametrization of several tensors."""
        if not isinstance(found, Sequence) or not all(isinstance(part, Tensor) for part in found):
            raise ValueError(f"right_inverse: it must return a tensor or a sequence of tensors, not {_kinds(found)}")
        if wanted is not None and len(found) != wanted:
            raise ValueError(f"right_inverse: it must return {wanted} tensors, not {len(found)}")
        return found

    def right_inverse(self, value: Tensor) -> None:
        """Set the originals so that the parametrized tensor is `value`.

        Raises
        ------
        RuntimeError
            If a parametrization has no `right_inverse`.
        """
        found: Any = value
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(
                        f"parametrize: the tensor cannot be assigned to, because {type(module).__name__} has no "
                        "right_inverse; define it, or set the values of `original`"
                    )
                found = module.right_inverse(found)
        if self.is_tensor:
            if not isinstance(found, Tensor):
                raise ValueError(f"right_inverse: it must return a tensor, not {type(found).__name__}")
            parts, originals = [found], [self.original]
        else:
            parts = list(self._several(found, self.ntensors))
            originals = self._originals()
        for part, original in zip(parts, originals, strict=True):
            if part.dtype != original.dtype:
                raise ValueError(f"right_inverse: it returns {part.dtype}, and the original is {original.dtype}")
        for part, original in zip(parts, originals, strict=True):
            _set(original, part.detach())

    def _originals(self) -> list[Tensor]:
        return [self.original] if self.is_tensor else [getattr(self, f"original{i}") for i in range(self.ntensors)]

    def forward(self) -> Tensor:
        first, *others = self
        result: Tensor = first(*self._originals())
        for module in others:
            result = module(result)
        return result


def _kinds(found: Any) -> str:
    if isinstance(found, Sequence):
        return f"a {type(found).__name__} of {', '.join(type(part).__name__ for part in found)}"
    return type(found).__name__


def _no_pickle(self: Module) -> NoReturn:
    raise RuntimeError(
        f"{type(self).__name__}: a parametrized module cannot be pickled; save its state_dict(), and load that into a "
        "module with the same parametrizations"
    )


def _copied(self: Module, memo: dict[int, Any]) -> Module:
    kind = _parametrized(type(self).__bases__[0], self.parametrizations)
    copy = memo[id(self)] = kind.__new__(kind)
    copy.__dict__.update(deepcopy(self.__dict__, memo))
    return copy


def _parametrized(kind: type[Module], names: Iterable[str]) -> type[Module]:
    """A subclass for one object, whose attributes of these names are computed."""
    members: dict[str, Any] = {"__getstate__": _no_pickle, "__module__": kind.__module__, "__doc__": kind.__doc__}
    if not hasattr(kind, "__deepcopy__"):
        members["__deepcopy__"] = _copied
    members |= {name: _property(name) for name in names}
    return type(f"Parametrized{kind.__name__}", (kind,), members)


def _property(name: str) -> property:
    """The attribute of a parametrized module that computes the tensor."""

    def read(self: Module) -> Tensor:
        if not _depth:
            return self.parametrizations[name]()  # type: ignore[no-any-return]
        key = (self, name)
        if key not in _cache:
            _cache[key] = self.parametrizations[name]()
        return _cache[key]

    def assign(self: Module, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(read, assign)


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Compute a parameter or buffer from another tensor each time it is read.

    A second call for the same name adds a parametrization, which is applied to the result of the first.

    Parameters
    ----------
    module : Module
    tensor_name : str
        Name of the parameter or buffer, such as "weight".
    parametrization : Module
        Its forward takes the original tensor and returns the one to use.  It may have a method
        `right_inverse(value)`, which returns the original, or a sequence of originals: forward then takes all of them.
    unsafe : bool
        Whether the parametrization may change dtype or shape.  Nothing is checked then.

    Returns
    -------
    Module
        The module itself.  Its class is now a subclass, "Parametrized" and the name of its class.

    Raises
    ------
    ValueError
        If there is no tensor of this name, or the parametrization changes dtype or shape.

    Examples
    --------
    >>> import nn
    >>> from nn.utils import parametrize
    >>> class Symmetric(nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).T
    >>> layer = parametrize.register_parametrization(nn.Linear(3, 3), "weight", Symmetric())
    >>> bool((layer.weight == layer.weight.T).all())
    True
    >>> [name for name, _ in layer.named_parameters()]
    ['bias', 'parametrizations.weight.original']
    """
    if not isinstance(parametrization, Module):
        raise TypeError(
            f"register_parametrization: expects a Module as parametrization, not {type(parametrization).__name__}"
        )
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        entry = module.parametrizations[tensor_name]
        if not unsafe:
            now = getattr(module, tensor_name)
            changed = parametrization(now)
            _check_same("register_parametrization: the parametrization", changed, now)
            if hasattr(parametrization, "right_inverse"):
                try:
                    back = parametrization.right_inverse(changed)
                except NotImplementedError:
                    pass
                else:
                    _check_same("register_parametrization: right_inverse", back, now)
        entry.append(parametrization)
        entry.unsafe |= unsafe
        return module
    original = module._parameters.get(tensor_name, module._buffers.get(tensor_name))
    if original is None:
        raise ValueError(
            f"register_parametrization: {type(module).__name__} has no parameter or buffer {tensor_name!r}; "
            f"it has {', '.join([*module._parameters, *module._buffers]) or 'none'}"
        )
    entry = ParametrizationList([parametrization], original, unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        module.__class__ = _parametrized(type(module), ())
        module.parametrizations = ModuleDict()
    setattr(type(module), tensor_name, _property(tensor_name))
    module.parametrizations[tensor_name] = entry
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module has a parametrization: of this tensor, or of any if no name is given.

    Parameters
    ----------
    module : Module
    tensor_name : str, optional
        Name of the parameter or buffer.

    Returns
    -------
    bool

    Examples
    --------
    >>> import nn
    >>> from nn.utils import parametrize
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
    >>> parametrize.is_parametrized(layer), parametrize.is_parametrized(layer, "bias")
    (True, False)
    """
    found = getattr(module, "parametrizations", None)
    if not isinstance(found, ModuleDict):
        return False
    return len(found) > 0 if tensor_name is None else tensor_name in found


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make a parametrized tensor an ordinary parameter or buffer again.

    Parameters
    ----------
    module : Module
    tensor_name : str
    leave_parametrized : bool
        Whether it keeps the computed value, or gets that of the original.

    Returns
    -------
    Module
        The module itself.

    Raises
    ------
    ValueError
        If the tensor is not parametrized, or is to get the value of its original where there are several.

    Examples
    --------
    >>> import autograd, nn
    >>> from nn.utils import parametrize
    >>> layer = nn.utils.parametrizations.orthogonal(nn.Linear(2, 2))
    >>> layer = parametrize.remove_parametrizations(layer, "weight")
    >>> type(layer.weight).__name__, autograd.allclose(layer.weight.T @ layer.weight, autograd.eye(2), atol=1e-6)
    ('Parameter', True)
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"remove_parametrizations: {type(module).__name__} has no parametrization of {tensor_name!r}")
    entry = module.parametrizations[tensor_name]
    if not entry.is_tensor and not leave_parametrized:
        raise ValueError(
            f"remove_parametrizations: {tensor_name!r} is computed from {entry.ntensors} tensors, so it cannot be left "
            "without parametrization; pass leave_parametrized=True"
        )
    if entry.is_tensor:
        kept = entry.original
        if leave_parametrized:
            with no_grad():
                _set(kept, getattr(module, tensor_name).detach())
    else:
        value = getattr(module, tensor_name)
        kept = Parameter(value.detach()) if value.requires_grad else value
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _add(module, tensor_name, kept)
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Module) -> type[Module]:
    """The class that the module had before it was parametrized.

    Parameters
    ----------
    module : Module

    Returns
    -------
    class

    Examples
    --------
    >>> import nn
    >>> from nn.utils import parametrize
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
    >>> type(layer).__name__, parametrize.type_before_parametrizations(layer).__name__
    ('ParametrizedLinear', 'Linear')
    """
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Give a module the parametrizations of another, and the values that they are computed from.

    Parameters
    ----------
    from_module, to_module : Module
    tensor_name : str, optional
        Default: all parametrized tensors.

    Returns
    -------
    Module
        to_module.

    Raises
    ------
    ValueError
        If from_module has no parametrization.

    Examples
    --------
    >>> import autograd, nn
    >>> from nn.utils import parametrize
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    >>> other = parametrize.transfer_parametrizations_and_params(layer, nn.Linear(3, 2))
    >>> parametrize.is_parametrized(other, "weight"), autograd.equal(other.weight, layer.weight)
    (True, True)
    """
    if not is_parametrized(from_module):
        raise ValueError(f"transfer_parametrizations_and_params: {type(from_module).__name__} has no parametrization")
    for name in list(from_module.parametrizations) if tensor_name is None else [tensor_name]:
        entry = from_module.parametrizations[name]
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name).detach()))
        for parametrization in entry:
            register_parametrization(to_module, name, parametrization, unsafe=entry.unsafe)
        there = to_module.parametrizations[name]
        for own, other in zip(there._originals(), entry._originals(), strict=True):
            _set(own, other.detach().clone())
    return to_module
