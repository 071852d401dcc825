"""Run programs that say `import torch` on lucidgrad, unchanged.

    python -m autograd.as_torch script.py arguments …
    python -m autograd.as_torch -m package.module arguments …

In a notebook, this comes before `import torch`:

    import autograd.as_torch

From then on `import torch`, `from torch.nn import functional` and so on, also of torchvision, give modules that have
PyTorch's names and look them up in lucidgrad (`autograd/torch_names.py`).  What is not there raises an error that says
what to do instead.  Workers of a DataLoader do the same.  Other programs that the script starts do not.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from autograd import torch_names

_ROOTS = ("torch", "torchvision")
_VALUES = {
    ("torch", "__version__"): torch_names.VERSION,
    ("torchvision", "__version__"): "0.28.0+lucidgrad",  # of the same release
}


class MissingName(AttributeError):
    """A name of PyTorch's that lucidgrad does not have.  The text says what to do instead."""


class TorchModule(ModuleType):
    """A module with one of PyTorch's names, whose attributes are looked up in lucidgrad.

    What a program writes to it, as in `torch.backends.cudnn.benchmark = True`, stays in it.
    """

    def __getattr__(self, name: str) -> Any:
        full = f"{self.__name__}.{name}"
        if (self.__name__, name) in _VALUES:
            return _VALUES[self.__name__, name]
        if name.startswith("__"):
            if name != "__all__" or not hasattr(torch_names.source(self.__name__), name):
                raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name, obj=self)
            return self._all()
        try:
            value = torch_names.find(self.__name__, name)
        except KeyError:
            if torch_names.source(full) is None:
                raise MissingName(torch_names.missing(full), name=name, obj=self) from None
            return import_module(full)
        self.__dict__[name] = value
        return value

    def _all(self) -> list[str]:
        return [name for name in torch_names.source(self.__name__).__all__ if hasattr(self, name)]

    def __dir__(self) -> list[str]:
        below = [name.rpartition(".") for name in torch_names.MODULES]
        modules = {name for above, _, name in below if above == self.__name__ and hasattr(self, name)}
        return sorted(modules | set(dir(torch_names.source(self.__name__))) | set(self.__dict__))


class _Finder(MetaPathFinder, Loader):
    """Answers `import torch` and all that is below it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in _ROOTS:
            return None
        if torch_names.source(fullname) is None:
            # Without `name`, or `from torch.nn import Missing` would replace this text by one of Python's own.
            raise ModuleNotFoundError(torch_names.missing(fullname))
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return TorchModule(spec.name, f"{spec.name} of PyTorch, by {torch_names.MODULES[spec.name]} of lucidgrad.")

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: attributes are looked up when they are asked for."""


def install() -> None:
    """Make `import torch` import lucidgrad.  `import autograd.as_torch` does it.

    Raises
    ------
    ImportError
        PyTorch or torchvision itself is imported already.
    """
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    for root in _ROOTS:
        if root in sys.modules:
            raise ImportError(
                f"autograd.as_torch: {root} itself is imported already, so a program would get parts of both; import "
                f"autograd.as_torch before anything that imports {root}, in a new process"
            )
    for package in ("nn", "optim"):  # now, while Python finds them: sys.path may change
        import_module(package)
    sys.meta_path.insert(0, _Finder())


install()
