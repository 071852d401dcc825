"""Every docstring example runs and prints the output shown."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

import autograd
import nn
import optim


def modules() -> list[str]:
    names = []
    for package in (autograd, nn, optim):
        names += [package.__name__]
        names += [info.name for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    return names


def examples(module: ModuleType) -> list[doctest.DocTest]:
    return [test for test in doctest.DocTestFinder(exclude_empty=True).find(module) if test.examples]


@pytest.mark.parametrize("name", modules())
def test_examples(name: str) -> None:
    module = importlib.import_module(name)
    for test in examples(module):
        report: list[str] = []
        autograd.manual_seed(0)
        failed, _ = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=report.append)
        assert not failed, "".join(report)


def test_there_are_examples() -> None:
    """Without this, a finder that finds no examples would pass."""
    found = {test.name for name in modules() for test in examples(importlib.import_module(name))}
    assert {"autograd.gradients.grad", "autograd.tensor.Tensor.backward", "nn.module.Module"} <= found
