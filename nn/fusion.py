"""Runs of layers that nn.Sequential computes as one op: the same results, in fewer passes over memory.

Where a Sequential holds exactly these layers one after the other, without hooks:

    Conv2d, ReLU, MaxPool2d(2)      conv2d_relu_max_pool2d
    Conv2d, ReLU                    conv2d_relu
    Linear, ReLU                    linear_relu
    BatchNorm1d or 2d, ReLU         batch_norm_relu
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import nn.functional as F
from autograd.contexts import ContextDecorator
from nn.activation import ReLU
from nn.conv import Conv2d
from nn.linear import Linear
from nn.module import Module
from nn.norm import BatchNorm1d, BatchNorm2d
from nn.pooling import MaxPool2d


class _Rule(NamedTuple):
    kinds: tuple[type[Module], ...]
    fits: Callable[..., bool]  # (*modules): whether their settings allow it
    run: Callable[..., Any]  # (x, first of the modules)


def _halves(conv: Module, relu: Module, pool: MaxPool2d) -> bool:
    """Whether the pooling is 2 × 2, side by side."""
    sizes = (pool.kernel_size, pool.stride, pool.padding, pool.dilation)
    wanted = zip(sizes, (2, 2, 0, 1), strict=True)
    return all(size in (n, (n, n)) for size, n in wanted) and not pool.ceil_mode and not pool.return_indices


def _convolved(op: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, conv: op(x, conv.weight, conv.bias, conv.stride, conv.padding, conv.dilation, conv.groups)


def _normalized(x: Any, norm: BatchNorm1d | BatchNorm2d) -> Any:
    return norm.normalize(F.batch_norm_relu, x)


RULES = (  # of two that fit, the first: the longest
    _Rule((Conv2d, ReLU, MaxPool2d), _halves, _convolved(F.conv2d_relu_max_pool2d)),
    _Rule((Conv2d, ReLU), lambda *_: True, _convolved(F.conv2d_relu)),
    _Rule((Linear, ReLU), lambda *_: True, lambda x, linear: F.linear_relu(x, linear.weight, linear.bias)),
    *(_Rule((kind, ReLU), lambda *_: True, _normalized) for kind in (BatchNorm1d, BatchNorm2d)),
)
_FIRST = {rule.kinds[0] for rule in RULES}


class _State(threading.local):
    enabled = True


_state = _State()


def is_fusion_enabled() -> bool:
    """Whether nn.Sequential fuses layers, in this thread."""
    return _state.enabled


class set_fusion_enabled(ContextDecorator):
    """Let nn.Sequential fuse layers in this thread, or not: at once; as a context, until its end.

    Examples
    --------
    >>> import nn
    >>> with nn.set_fusion_enabled(False):
    ...     nn.is_fusion_enabled()
    False
    """

    def __init__(self, mode: bool) -> None:
        self.outer, self.mode = _state.enabled, bool(mode)
        _state.enabled = self.mode

    def __call__(self, function: Any) -> Any:
        _state.enabled = self.outer  # as a decorator it sets nothing now, but at every call
        return super().__call__(function)

    def _recreate_cm(self) -> set_fusion_enabled:
        return type(self)(self.mode)

    def __enter__(self) -> None:
        _state.enabled = self.mode

    def __exit__(self, *exception: object) -> None:
        _state.enabled = self.outer


def run(modules: Sequence[Module], x: Any) -> Any:
    """The modules, one after the other; those that a rule fits, at once."""
    if not _state.enabled:
        for module in modules:
            x = module(x)
        return x
    i = 0
    while i < len(modules):
        module = modules[i]
        rule = _rule(modules, i) if type(module) in _FIRST else None
        if rule:
            x = _fused(rule, modules[i : i + len(rule.kinds)], x)
            i += len(rule.kinds)
        else:
            x = module(x)
            i += 1
    return x


def _fused(rule: _Rule, modules: Sequence[Module], x: Any) -> Any:
    """The modules at once; an error is that of the module which does not fit, as if they ran one after the other."""
    error: Exception
    try:
        return modules[0]._run(rule.run, (x, modules[0]), {})
    except Exception as raised:
        error = raised
    for module in modules:  # outside of except, so that the error of a function that nobody called is not shown too
        x = module(x)
    raise error  # the modules have none by themselves


def _rule(modules: Sequence[Module], i: int) -> _Rule | None:
    for rule in RULES:
        some = modules[i : i + len(rule.kinds)]
        if len(some) == len(rule.kinds) and all(map(_is_plain, some, rule.kinds)) and rule.fits(*some):
            return rule
    return None


def _is_plain(module: Module, kind: type[Module]) -> bool:
    """Whether a call of the module is what its class says, and nobody looks on."""
    return type(module) is kind and not module._hooks and "forward" not in module.__dict__
