"""Modules of autograd for processes that must not import autograd: those in which PyTorch and MXNet are timed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any


def module_of_autograd(name: str) -> Any:
    """The module of this name, such as "autograd.files", without importing the package; it must not import autograd.

    A later `import autograd` goes on with the same module, so its exceptions are the same classes.
    """
    if name not in sys.modules:
        package = importlib.util.find_spec("autograd")
        assert package is not None and package.origin is not None
        path = Path(package.origin).parents[1].joinpath(*name.split(".")).with_suffix(".py")
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]
