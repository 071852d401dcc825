"""Each public name is listed once, as an import that type checkers and `import *` both understand."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from types import ModuleType

import pytest

import autograd
from autograd.names import define_all

PACKAGES = ["autograd", "autograd.ops", "autograd.testing", "nn", "nn.functional", "optim"]


def imports(package: str) -> list[tuple[str, str | None]]:
    """Every name that the file imports from elsewhere, with its alias."""
    tree = ast.parse(Path(importlib.import_module(package).__file__ or "").read_text(encoding="utf-8"))
    found = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return [(alias.name, alias.asname) for node in found for alias in node.names]


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_are_exports_or_private(package: str) -> None:
    for name, called in imports(package):
        assert called == name or (called or "").startswith("_"), (
            f"{package} imports {name}: write `{name} as {name}` to export it, because a type checker treats a plain "
            f"import as private, or `{name} as _{name}` to keep it out of `from {package} import *`"
        )


@pytest.mark.parametrize("package", PACKAGES)
def test_all_has_every_import(package: str) -> None:
    exported = {name for name, called in imports(package) if called == name}
    listed = importlib.import_module(package).__all__
    assert exported <= set(listed), f"add to the define_all of {package} the modules {exported - set(listed)}"
    assert len(listed) == len(set(listed))
    assert not any(name.startswith("_") for name in listed)


def test_star_import() -> None:
    names: dict[str, object] = {}
    exec("from autograd import *\nfrom nn import *\nfrom optim import *", names)
    assert names["tensor"] is autograd.tensor
    assert {"Linear", "SGD", "float32", "inf", "lr_scheduler", "profiler", "no_grad"} <= set(names)
    assert not {"engine", "linear", "sgd", "annotations"} & set(names)  # submodules that are not public


def test_define_all() -> None:
    namespace = {"relu": abs, "_private": 1, "shown": ModuleType("shown"), "hidden": ModuleType("hidden")}
    define_all(namespace, "shown")
    assert namespace["__all__"] == ["relu", "shown"]
