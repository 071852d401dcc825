"""Construction of modules without their initial values."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from autograd import random
from nn.module import Module

AnyModule = TypeVar("AnyModule", bound=Module)


def skip_init(module_cls: Callable[..., AnyModule], *args: Any, **kwargs: Any) -> AnyModule:
    """Make a module whose parameters have arbitrary values.  No random numbers of the generator are used up.

    Parameters
    ----------
    module_cls : class of Module
        Its constructor takes `device`.
    *args, **kwargs
        For the constructor.

    Raises
    ------
    RuntimeError
        If this is no class of modules, or its constructor does not take `device`, as in PyTorch.

    Examples
    --------
    >>> import nn
    >>> nn.utils.skip_init(nn.Linear, 5, 1)
    Linear(in_features=5, out_features=1, bias=True)
    """
    kind: Any = module_cls
    if not isinstance(kind, type) or not issubclass(kind, Module):
        raise RuntimeError(f"skip_init: expects a class of modules, such as nn.Linear, not {module_cls!r}")
    if "device" not in inspect.signature(kind).parameters:
        raise RuntimeError(
            f"skip_init: {kind.__name__} does not take `device`; add the argument to its __init__, or make the "
            "module in the usual way"
        )
    with random.fork_rng():
        return module_cls(*args, **kwargs)
