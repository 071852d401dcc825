"""Names, order and defaults of arguments are PyTorch's, read from its signatures and documentation."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch

import autograd
import nn
import optim
from autograd import Tensor, ops
from autograd.inplace_methods import InPlaceMethods
from autograd.methods import TensorMethods
from autograd.names import public_names
from tests.optimizers import NOT_IN_PYTORCH

EMPTY = inspect.Parameter.empty
Arguments = dict[str, Any]  # name -> default


def documented(function: Any) -> list[Arguments]:
    """The argument lists at the start of a builtin's docstring: "cumsum(input, dim, *, dtype=None) -> Tensor"."""
    found = []
    for text in re.findall(
        rf"^\s*(?:\.\. function:: )?{function.__name__}\((.*)\)(?: ->|\s*$)", function.__doc__ or "", re.MULTILINE
    ):
        try:
            tree = ast.parse(f"def f({text.replace('*,', '*, ')}): pass").body[0]
        except SyntaxError:
            continue
        assert isinstance(tree, ast.FunctionDef)
        a = tree.args
        defaults = [EMPTY] * (len(a.args) - len(a.defaults)) + [ast.unparse(d) for d in a.defaults]
        arguments = dict(zip([arg.arg for arg in a.args], defaults, strict=True))
        kw = [EMPTY if d is None else ast.unparse(d) for d in a.kw_defaults]
        arguments |= dict(zip([arg.arg for arg in a.kwonlyargs], kw, strict=True))
        found.append(arguments)
    return found


def signature(function: Any) -> list[Arguments]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return documented(function)
    if any(p.kind is p.VAR_POSITIONAL and p.name == "args" for p in parameters):
        return documented(function)
    return [{p.name: p.default if p.default is EMPTY else repr(p.default) for p in parameters}]


def misfit(ours: Callable[..., Any], theirs: Callable[..., Any], undocumented: tuple[str, ...] = ()) -> str | None:
    """What would break a call written for PyTorch, or None.

    Each argument of ours is one of PyTorch's, in the same position.  After an argument that we leave out
    (deprecated, or for other devices), ours are keyword-only.
    """
    lists = signature(theirs)
    mine = list(inspect.signature(ours).parameters.values())
    for place, p in enumerate(mine):
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) or p.name in undocumented:
            continue
        having = [arguments for arguments in lists if p.name in arguments]
        if not having:
            return f"{p.name} is not PyTorch's: {[list(arguments) for arguments in lists]}"
        places = {list(arguments).index(p.name) for arguments in having}
        if p.kind is not p.KEYWORD_ONLY and place not in places:
            return f"{p.name} stands at {place}, PyTorch's at {places}"
        defaults = [arguments[p.name] for arguments in having]
        if p.default is EMPTY and EMPTY not in defaults:
            return f"{p.name} has no default, PyTorch's is {defaults[0]}"
        if p.default is not EMPTY and not any(d is EMPTY or same(p.default, d) for d in defaults):
            return f"{p.name}={p.default!r}, PyTorch's default is {defaults[0]}"
    return None


def same(default: Any, text: str) -> bool:
    """Equal as Python values; None, () and False all mean "not given"."""
    if repr(default) == text:
        return True
    if callable(default) and text.startswith("<function "):  # nn.functional.relu
        return text.split()[1] == default.__name__
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return False
    return bool(default == value) or (default in (None, (), False) and value in (None, (), False))


# PyTorch does not document the overload with `unbiased`; there `correction` is None to tell the overloads apart.
UNDOCUMENTED = {
    # PyTorch accepts these names, and documents others or none
    **dict.fromkeys(("var", "std", "var_mean", "std_mean"), ("unbiased", "correction")),
    **dict.fromkeys(("median", "nanmedian"), ("dim",)),  # with dim, they are overloads
    "broadcast_to": ("size",), "scatter": ("value", "reduce"), "searchsorted": ("input",), "topk": ("dim",),
    "nn.functional.rrelu_": ("lower", "upper"),  # documented as 1./8 and 1./3
    "triangular_solve": ("input",), "unsafe_split": ("split_size",),
    # called A in torch.linalg; ours accept both names
    **dict.fromkeys(("det", "inverse", "matrix_exp", "matrix_power", "orgqr", "slogdet"), ("A",)),
}  # fmt: skip
# Required here but not in PyTorch, whose default causes a warning (softmax) or an empty tensor (Parameter).
ASKED_FOR = {
    "nn.Parameter": "data",
}
FUSED = {"batch_norm_relu", "conv2d_relu", "conv2d_relu_max_pool2d", "linear_relu"}
OURS_ALONE = {"nn.summary", "nn.draw", "nn.init.fan_in_and_out", "nn.is_fusion_enabled", "nn.set_fusion_enabled"}
OURS_ALONE |= {"nn.LazyModuleMixin"}  # in PyTorch in torch.nn.modules.lazy
OURS_ALONE |= {f"optim.{name}" for name in NOT_IN_PYTORCH}


def pairs() -> dict[str, tuple[Any, Any]]:
    found = {}
    for name in set(public_names(nn.functional)) - FUSED:
        found[f"nn.functional.{name}"] = getattr(nn.functional, name), getattr(torch.nn.functional, name)
    for name in set(public_names(autograd)) & set(public_names(ops)):
        found[name] = getattr(autograd, name), getattr(torch, name)
    homes = {
        nn: torch.nn,
        nn.init: torch.nn.init,
        nn.utils: torch.nn.utils,
        optim: torch.optim,
        optim.lr_scheduler: torch.optim.lr_scheduler,
        optim.swa_utils: torch.optim.swa_utils,
    }
    for home, theirs in homes.items():
        for name, thing in vars(home).items():
            module = getattr(thing, "__module__", None) or ""
            made_here = module == home.__name__ or (hasattr(home, "__path__") and module.startswith(home.__name__))
            path = f"{home.__name__}.{name}"
            if callable(thing) and made_here and not name.startswith("_") and path not in OURS_ALONE:
                assert hasattr(theirs, name), (
                    f"PyTorch has no {path}: add an optimizer to NOT_IN_PYTORCH in tests/optimizers.py, and anything "
                    "else to OURS_ALONE in tests/with_torch/test_signatures.py"
                )
                found[path] = thing, getattr(theirs, name)
    for name in ("jacobian", "hessian", "hvp", "vhp", "vjp", "jvp"):
        found[f"functional.{name}"] = getattr(autograd.functional, name), getattr(torch.autograd.functional, name)
    found["grad"] = autograd.grad, torch.autograd.grad
    found["Tensor.backward"] = Tensor.backward, torch.Tensor.backward
    return found


PAIRS = {name: pair for name, pair in pairs().items() if signature(pair[1])}  # not all builtins have one


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_arguments_are_pytorchs(name: str) -> None:
    ours, theirs = PAIRS[name]
    complaint = misfit(ours, theirs, UNDOCUMENTED.get(name, ()))
    if name in ASKED_FOR:
        assert complaint == f"{ASKED_FOR[name]} has no default, PyTorch's is None"
    else:
        assert complaint is None


def test_a_misfit_is_seen() -> None:
    def softmax(input: Any, axis: int) -> None: ...
    def leaky_relu(input: Any, negative_slope: float = 0.2) -> None: ...
    def conv2d(input: Any, bias: Any, weight: Any) -> None: ...

    assert "axis" in (misfit(softmax, torch.softmax) or "")
    assert "0.01" in (misfit(leaky_relu, torch.nn.functional.leaky_relu) or "")
    assert "bias stands at 1" in (misfit(conv2d, torch.nn.functional.conv2d) or "")


def test_methods_are_pytorchs() -> None:
    parts = (*vars(Tensor), *vars(TensorMethods), *vars(InPlaceMethods))
    names = {name for name in parts if not name.startswith("_")}
    assert names - set(dir(torch.Tensor)) == {"array", "node", "version", "hooks"}
