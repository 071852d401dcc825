"""`Variable`, the name that tensors with gradients had before PyTorch 0.4."""

from __future__ import annotations

import warnings
from typing import Any

from autograd.arguments import full_name
from autograd.creation import tensor
from autograd.tensor import Tensor


class _VariableMeta(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_VariableMeta):
    """`Variable(x)` is a tensor that shares the memory of x; every tensor is an instance.

    Parameters
    ----------
    data : Tensor, any shape
    requires_grad : bool
    volatile : bool, optional
        Has no effect but a warning: use `autograd.no_grad()`.

    Raises
    ------
    TypeError
        If data is no tensor.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.Variable(autograd.ones(2), requires_grad=True)
    >>> isinstance(x, autograd.Variable), isinstance(x, autograd.Tensor)
    (True, True)
    """

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: bool | None = None) -> Any:
        if volatile is not None:
            warnings.warn(
                "Variable: volatile has no effect; compute inside `with autograd.no_grad():`", UserWarning, stacklevel=2
            )
        if data is None:
            data = tensor([])
        if not isinstance(data, Tensor):
            raise TypeError(
                f"Variable: data is a {full_name(data)}, and has to be a tensor; autograd.tensor(...) makes one"
            )
        return data.detach().requires_grad_(bool(requires_grad))
