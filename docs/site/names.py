"""The public names: where each is found, and what PyTorch calls it."""

from __future__ import annotations

import functools
import importlib
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import autograd
import nn
import optim
from autograd import torch_names
from autograd.op import Row, table
from docs.site.written import ROOT

# The modules with a page of public names, in the order of that list.
MODULES = [
    *("autograd", "autograd.utils.data", "autograd.utils.checkpoint", "autograd.functional", "autograd.func"),
    *("autograd.linalg", "autograd.fft", "autograd.special", "autograd.distributions"),
    *("autograd.distributions.constraints", "autograd.distributions.transforms", "autograd.graph"),
    *("autograd.profiler", "autograd.testing", "autograd.onnx", "autograd.amp", "autograd.random"),
    *("autograd.vision.transforms", "autograd.vision.datasets", "autograd.vision.utils"),
    *("nn", "nn.functional", "nn.init", "nn.utils", "nn.utils.rnn", "nn.utils.parametrize"),
    *("nn.utils.parametrizations", "nn.utils.prune", "optim", "optim.lr_scheduler", "optim.swa_utils"),
]
# Where an op is looked for; its first place is the name of its page.
_PLACES = ["autograd", "nn.functional", "autograd.linalg", "autograd.fft", "autograd.special"]


def public_names(module: ModuleType) -> list[str]:
    """The public names of a module that are not modules themselves.

    They are those of its `__all__`.  Without one, they are the functions and classes that it defines, and whose names
    have no leading underscore.
    """
    names = getattr(module, "__all__", None)
    if names is None:
        names = [name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]
    return sorted(name for name in names if name[0] != "_" and not inspect.ismodule(getattr(module, name)))


class Function(NamedTuple):
    """A public function of the op table, with a page of its own."""

    name: str  # its name in autograd.ops
    places: list[str]  # "autograd.relu"
    value: Callable[..., Any]
    row: Row | None  # None: it is written with other ops, and has no row
    helpers: list[Row]  # rows that only its row calls, such as those for its gradients

    @property
    def page(self) -> str:
        return f"reference/ops/{self.name}.md"

    @property
    def file(self) -> str:
        return source_file(self.value)


@functools.cache
def functions() -> dict[str, Function]:
    """The public functions of the op table, by their names in autograd.ops."""
    places: dict[int, list[str]] = {}
    for module in _PLACES:
        holder = importlib.import_module(module)
        for name in public_names(holder):
            places.setdefault(id(getattr(holder, name)), []).append(f"{module}.{name}")
    found = {}
    for name in public_names(autograd.ops):
        value = getattr(autograd.ops, name)
        if isinstance(value, FunctionType) and id(value) in places:
            found[name] = Function(name, places[id(value)], value, table.get(name), [])
    for name, row in table.items():
        owner = max((f for f in found if name.startswith(f"{f}_")), key=len, default=None)
        if name not in found and owner and found[owner].row and found[owner].file in row_files(row):
            found[owner].helpers.append(row)
    return found


def subclasses(module: ModuleType, base: type) -> dict[str, type]:
    """The public classes of a module that are subclasses of `base`, without `base` itself."""
    classes = {name: getattr(module, name) for name in public_names(module)}
    return {name: c for name, c in classes.items() if inspect.isclass(c) and issubclass(c, base) and c is not base}


@functools.cache
def losses() -> dict[str, type]:
    """The layers that are losses: those of nn/loss.py."""
    return {name: c for name, c in subclasses(nn, nn.Module).items() if c.__module__ == "nn.loss"}


@functools.cache
def layers() -> dict[str, type]:
    """The layers that are no losses."""
    return {name: c for name, c in subclasses(nn, nn.Module).items() if name not in losses()}


@functools.cache
def optimizers() -> dict[str, type]:
    return subclasses(optim, optim.Optimizer)


@functools.cache
def schedulers() -> dict[str, type]:
    return subclasses(optim.lr_scheduler, optim.lr_scheduler.LRScheduler)


@functools.cache
def pages() -> dict[int, str]:
    """The page of each object that has one, by the object's id."""
    found = {id(function.value): function.page for function in functions().values()}
    for folder, classes in (
        ("layers", layers()), ("losses", losses()), ("optimizers", optimizers()), ("schedulers", schedulers())
    ):  # fmt: skip
        found |= {id(c): f"reference/{folder}/{name}.md" for name, c in classes.items()}
    return found


def is_ours(value: Any) -> bool:
    """Whether an object is defined in lucidgrad."""
    return str(getattr(value, "__module__", "")).partition(".")[0] in ("autograd", "nn", "optim")


def source_file(value: Any) -> str:
    """The path in the repository of the file that defines a function or class."""
    path = inspect.getsourcefile(inspect.unwrap(value))
    assert path is not None
    return Path(path).resolve().relative_to(ROOT).as_posix()


def row_files(row: Row) -> set[str]:
    """The paths in the repository of the files that have the row's functions, among them the one that registers it."""
    functions = [row.reference, row.sample, getattr(row, "forward", None), getattr(row, "function", None)]
    found = [plain(function) for function in functions]
    return {source_file(function) for function in found if function and function.__module__.startswith("autograd.")}


def plain(function: Any) -> FunctionType | None:
    """The Python function in a partial, a kernel or a wrapper; None if there is none."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(getattr(function, "py_func", function))
    return function if isinstance(function, FunctionType) else None


# ── PyTorch's names ──


class Counterpart(NamedTuple):
    """A name of PyTorch's, with what ours does not do; "" if there is no such limit."""

    name: str
    limit: str

    @property
    def url(self) -> str:
        return f"https://docs.pytorch.org/docs/stable/generated/{self.name}.html"


@functools.cache
def _compatibility() -> list[Counterpart]:
    """All names of PyTorch's that we have, from docs/compatibility.md."""
    found, module = [], ""
    for line in (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## torch"):
            module = line.removeprefix("## ").strip()
        elif module and line.startswith(("**Has:**", "**Has with limits:**")):
            for name, limit in re.findall(r"`(\w+)`(?: \(([^)]*)\))?", line):
                found.append(Counterpart(f"{module}.{name}", limit))
    return found


@functools.cache
def _by_object() -> dict[int, list[Counterpart]]:
    found: dict[int, list[Counterpart]] = {}
    for counterpart in _compatibility():
        module, _, name = counterpart.name.rpartition(".")
        if module != "torch.Tensor":
            found.setdefault(id(torch_names.find(module, name)), []).append(counterpart)
    return found


def counterparts(value: Any) -> list[Counterpart]:
    """What PyTorch calls this object."""
    return _by_object().get(id(value), [])


@functools.cache
def methods() -> dict[str, Counterpart]:
    """The methods of tensors that PyTorch has, too."""
    prefix = "torch.Tensor."
    return {c.name.removeprefix(prefix): c for c in _compatibility() if c.name.startswith(prefix)}
