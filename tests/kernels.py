"""The kernels of the packages, for the tests that look at all of them."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from numba.core.dispatcher import Dispatcher

import autograd
import nn
import optim


def name_of(dispatcher: Any) -> str:
    return f"{dispatcher.py_func.__module__}.{dispatcher.py_func.__name__}"


def kernels_by_name() -> dict[str, Any]:
    """Every kernel of the packages, by module and name."""
    found = {}
    for package in (autograd, nn, optim):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
                dispatcher: Any = getattr(value, "_kernel", value)  # the lock of a threading layer may wrap the kernel
                if isinstance(dispatcher, Dispatcher):
                    found[name_of(dispatcher)] = dispatcher
    return found
