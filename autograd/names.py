"""The public names of a package, read from its imports."""

from __future__ import annotations

from types import ModuleType
from typing import Any


def define_all(namespace: dict[str, Any], *modules: str) -> None:
    """Set the `__all__` of a package to every name in it that has no leading underscore.

    A package imports what it exports as `from autograd.ops.relu import relu as relu`.  That is the form in which
    type checkers see an export, so each name is listed once, for them and for `from autograd import *`.

    Parameters
    ----------
    namespace : dict
        The package's `globals()`.
    *modules : str
        The submodules that are public.  The others are left out: Python adds each submodule to its package's names
        when it is imported.
    """
    names = [name for name, value in namespace.items() if not isinstance(value, ModuleType)]
    namespace["__all__"] = sorted([*(name for name in names if not name.startswith("_")), *modules])


def public_names(module: ModuleType) -> list[str]:
    """The `__all__` of such a package.  Type checkers do not know of it."""
    names: list[str] = module.__dict__["__all__"]
    return names
