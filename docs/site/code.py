"""What a row runs: its reference, its kernels, and the modules of shared kernels, found from its functions."""

from __future__ import annotations

import inspect
import textwrap
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from autograd.op import Composite, Op, Row
from docs.site.names import plain

KERNELS = "autograd.kernels."
# Modules of autograd.kernels with tools that nearly every kernel uses.
_TOOLS = {"autograd.kernels.jit", "autograd.kernels.threads", "autograd.kernels.arithmetic"}


class Used(NamedTuple):
    kernels: list[FunctionType]  # compiled functions in the row's own file
    modules: list[str]  # modules of autograd.kernels that its functions use


def used(rows: list[Row]) -> Used:
    """The kernels that rows run, forward and backward."""
    kernels: dict[str, FunctionType] = {}
    modules: set[str] = set()
    waiting: list[Any] = []
    for row in rows:
        waiting += [row.forward, row.backward] if isinstance(row, Op) else []
        waiting += [row.function] if isinstance(row, Composite) else []
    home = {function.__module__ for value in waiting if (function := plain(value))}
    home = {module for module in home if module.startswith("autograd.ops.") and ".shared" not in module}
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Op):
            waiting += [value.forward, value.backward]
            continue
        function = plain(value)
        if function is None:
            continue
        module = function.__module__
        if module.startswith(KERNELS):
            modules.add(module)
            continue
        if module not in home and ".shared." not in module:
            continue
        if hasattr(value, "py_func"):
            kernels[function.__qualname__] = function
        for name in _names(function.__code__):
            other = function.__globals__.get(name)
            if isinstance(other, ModuleType) and other.__name__.startswith(KERNELS):
                modules.add(other.__name__)
            elif other is not None:
                waiting.append(other)
        waiting += [cell.cell_contents for cell in function.__closure__ or () if _filled(cell)]
    return Used(sorted(kernels.values(), key=lambda f: f.__code__.co_firstlineno), sorted(modules - _TOOLS))


def _names(code: CodeType) -> set[str]:
    inner = [_names(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    return set(code.co_names).union(*inner)


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def source(function: Any) -> str:
    """The source of a function as it stands in its file; of a lambda, the lines that it is on."""
    found = plain(function)
    if found is None:
        return f"{getattr(function, '__module__', '')}.{getattr(function, '__name__', function)}".lstrip(".")
    return textwrap.dedent(inspect.getsource(found)).rstrip("\n").rstrip(",")
