"""Weight and spectral normalization by a hook, which computes the weight before each forward.

PyTorch's older form of `nn.utils.parametrizations.weight_norm` and `spectral_norm`.  The weight is a plain tensor then;
what is learned has the names weight_g and weight_v, or weight_orig.
"""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from autograd import Tensor
from nn.hooks import Hook
from nn.module import Module
from nn.parameter import Parameter, is_lazy
from nn.utils import normalized

AnyModule = TypeVar("AnyModule", bound=Module)


class WeightHook:
    """A function that is called before a module's forward and sets a tensor of it.

    Parameters
    ----------
    name : str
        Name of the tensor.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def compute_weight(self, module: Module) -> Tensor:
        """The tensor that the forward is to use."""
        raise NotImplementedError

    def remove(self, module: Module) -> None:
        """Make the tensor an ordinary parameter again."""
        raise NotImplementedError

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def hooks_of(module: Module, kind: type, name: str) -> list[Hook]:
    """The hooks of this class for the tensor of this name."""
    return [h for h in module._hooks if isinstance(h.function, kind) and getattr(h.function, "name", None) == name]


def _weight(caller: str, kind: type[WeightHook], module: Module, name: str) -> Parameter:
    """The parameter of this name, if such a hook can be added to it."""
    if hooks_of(module, kind, name):
        raise RuntimeError(f"{caller}: {name!r} of {type(module).__name__} has such a hook already")
    weight = module._parameters.get(name)
    if weight is None:
        raise ValueError(
            f"{caller}: {type(module).__name__} has no parameter {name!r}; it has "
            f"{', '.join(module._parameters) or 'none'}"
        )
    if is_lazy(weight):
        raise ValueError(
            f"{caller}: {name!r} of {type(module).__name__} has no values yet; call the module once with an example of "
            "its input"
        )
    return weight


def _remove(caller: str, kind: type[WeightHook], module: Module, name: str) -> None:
    found = hooks_of(module, kind, name)
    if not found:
        raise ValueError(f"{caller}: {name!r} of {type(module).__name__} has no such hook")
    found[0].function.remove(module)  # type: ignore[attr-defined]
    module._hooks.remove(found[0])


# ── weight normalization ──


class WeightNorm(WeightHook):
    """Sets the weight g v / ‖v‖."""

    def __init__(self, name: str, dim: int) -> None:
        super().__init__(name)
        self.dim = dim

    def compute_weight(self, module: Module) -> Tensor:
        return normalized.scaled(getattr(module, f"{self.name}_v"), getattr(module, f"{self.name}_g"), self.dim)

    def remove(self, module: Module) -> None:
        weight = self.compute_weight(module).detach()
        for name in (self.name, f"{self.name}_g", f"{self.name}_v"):
            delattr(module, name)
        module.register_parameter(self.name, Parameter(weight))


def weight_norm(module: AnyModule, name: str = "weight", dim: int | None = 0) -> AnyModule:
    """Compute a weight as g v / ‖v‖ before each forward.  Deprecated: use `nn.utils.parametrizations.weight_norm`.

    Parameters
    ----------
    module : Module
    name : str
        Name of the weight.
    dim : int or None
        The dimension whose every index has a norm of its own; None for one norm in all.

    Returns
    -------
    Module
        The module itself, with the parameters weight_g and weight_v.

    Warns
    -----
    FutureWarning
        As in PyTorch.

    Examples
    --------
    >>> import warnings, nn
    >>> with warnings.catch_warnings(action="ignore"):
    ...     layer = nn.utils.weight_norm(nn.Linear(20, 40))
    >>> list(layer.state_dict())
    ['bias', 'weight_g', 'weight_v']
    """
    warnings.warn(
        "weight_norm: nn.utils.weight_norm is deprecated; use nn.utils.parametrizations.weight_norm",
        FutureWarning,
        stacklevel=2,
    )
    weight = _weight("weight_norm", WeightNorm, module, name)
    hook = WeightNorm(name, -1 if dim is None else dim)
    norm = normalized.norm_except(weight.detach(), hook.dim)
    delattr(module, name)
    module.register_parameter(f"{name}_g", Parameter(norm))
    module.register_parameter(f"{name}_v", Parameter(weight.detach()))
    setattr(module, name, hook.compute_weight(module))
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: AnyModule, name: str = "weight") -> AnyModule:
    """Undo `nn.utils.weight_norm`: the weight is a parameter again, with its present value.

    Raises
    ------
    ValueError
        If the weight has no such normalization.
    """
    _remove("remove_weight_norm", WeightNorm, module, name)
    return module


# ── spectral normalization ──


class SpectralNorm(WeightHook):
    """Sets the weight divided by its spectral norm."""

    def __init__(self, name: str, n_power_iterations: int, dim: int, eps: float) -> None:
        super().__init__(name)
        normalized.check_steps(n_power_iterations)
        self.n_power_iterations, self.dim, self.eps = n_power_iterations, dim, eps

    def compute_weight(self, module: Module) -> Tensor:
        return self._divided(module, self.n_power_iterations if module.training else 0)

    def _divided(self, module: Module, steps: int) -> Tensor:
        weight, u, v = (getattr(module, f"{self.name}_{part}") for part in ("orig", "u", "v"))
        matrix = normalized.matrix(weight, self.dim)
        normalized.iterate(matrix, u, v, steps, self.eps, left_first=False)
        return weight / normalized.norm_along(matrix, u, v)  # type: ignore[no-any-return]

    def remove(self, module: Module) -> None:
        weight = self._divided(module, 0).detach()
        for name in (self.name, f"{self.name}_u", f"{self.name}_v", f"{self.name}_orig"):
            delattr(module, name)
        module.register_parameter(self.name, Parameter(weight))


def spectral_norm(
    module: AnyModule,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> AnyModule:
    """Divide a weight by its spectral norm before each forward.  `nn.utils.parametrizations.spectral_norm` is newer.

    Parameters
    ----------
    module : Module
    name : str
        Name of the weight.  One of more than two dimensions is taken as a matrix, with dim as its rows.
    n_power_iterations : int
        Steps of the power method for each forward in training mode.
    eps : float
        Smallest norm that a vector is divided by.
    dim : int, optional
        The dimension that counts outputs.  Default: 0, and 1 for transposed convolutions.

    Returns
    -------
    Module
        The module itself, with the parameter weight_orig and the buffers weight_u and weight_v.

    Examples
    --------
    >>> import nn
    >>> layer = nn.utils.spectral_norm(nn.Linear(20, 40))
    >>> list(layer.state_dict())
    ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    weight = _weight("spectral_norm", SpectralNorm, module, name)
    hook = SpectralNorm(name, n_power_iterations, normalized.output_dim(module) if dim is None else dim, eps)
    rows, columns = normalized.matrix(weight.detach(), hook.dim).shape
    u, v = (normalized.random_direction(size, weight, eps) for size in (rows, columns))
    delattr(module, name)
    module.register_parameter(f"{name}_orig", weight)
    setattr(module, name, weight.detach())
    module.register_buffer(f"{name}_u", u)
    module.register_buffer(f"{name}_v", v)
    module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module: AnyModule, name: str = "weight") -> AnyModule:
    """Undo `nn.utils.spectral_norm`: the weight is a parameter again, with its present value.

    Raises
    ------
    ValueError
        If the weight has no such normalization.
    """
    _remove("remove_spectral_norm", SpectralNorm, module, name)
    return module
