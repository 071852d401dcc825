"""Sequences of layers that nn.Sequential computes as one op: the same results, with fewer passes over memory.

These layers are fused where they follow each other in a Sequential and have no hooks:

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
from autograd import Tensor
from autograd.contexts import ContextDecorator, Function
from nn.activation import ReLU
from nn.conv import Conv2d
from nn.linear import Linear
from nn.module import Module
from nn.norm import BatchNorm1d, BatchNorm2d
from nn.pooling import MaxPool2d


class _Rule(NamedTuple):
    kinds: tuple[type[Module], ...]
    fits: Callable[..., bool]  # (*modules) -> whether their settings allow the fusion
    run: Callable[[Tensor, Any], Tensor]  # (x, the first module) -> the output of the last one


def _halves(conv: Module, relu: Module, pool: MaxPool2d) -> bool:
    """Whether the pooling windows are 2 × 2 and do not overlap."""
    sizes = (pool.kernel_size, pool.stride, pool.padding, pool.dilation)
    wanted = zip(sizes, (2, 2, 0, 1), strict=True)
    return all(size in (n, (n, n)) for size, n in wanted) and not pool.ceil_mode and not pool.return_indices


def _convolution(op: Callable[..., Tensor]) -> Callable[[Tensor, Conv2d], Tensor]:
    return lambda x, conv: conv.convolve(op, x)


def _normalization(x: Tensor, norm: BatchNorm1d | BatchNorm2d) -> Tensor:
    return norm.normalize(F.batch_norm_relu, x)


RULES = (  # the first rule that fits is used, so longer ones come first
    _Rule((Conv2d, ReLU, MaxPool2d), _halves, _convolution(F.conv2d_relu_max_pool2d)),
    _Rule((Conv2d, ReLU), lambda *_: True, _convolution(F.conv2d_relu)),
    _Rule((Linear, ReLU), lambda *_: True, lambda x, linear: F.linear_relu(x, linear.weight, linear.bias)),
    *(_Rule((kind, ReLU), lambda *_: True, _normalization) for kind in (BatchNorm1d, BatchNorm2d)),
)
_FIRST = {rule.kinds[0] for rule in RULES}  # classes that a fused sequence may begin with


class _State(threading.local):
    enabled = True


_state = _State()


def is_fusion_enabled() -> bool:
    """Whether nn.Sequential fuses layers in this thread.

    Returns
    -------
    bool

    Examples
    --------
    >>> import nn
    >>> nn.is_fusion_enabled()
    True
    """
    return _state.enabled


class set_fusion_enabled(ContextDecorator):
    """Turn the fusion of layers in nn.Sequential on or off, in this thread.

    The call takes effect immediately.  Used as a context or decorator, it restores the old setting at the end.

    Parameters
    ----------
    mode : bool
        Whether to fuse layers.

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

    def __call__(self, function: Function) -> Function:
        _state.enabled = self.outer  # a decorator changes the setting during calls only, not now
        return super().__call__(function)

    def _recreate_cm(self) -> set_fusion_enabled:
        return type(self)(self.mode)

    def __enter__(self) -> None:
        _state.enabled = self.mode

    def __exit__(self, *exception: object) -> None:
        _state.enabled = self.outer


def run(modules: Sequence[Module], x: Any) -> Tensor:
    """Call the modules one after another.  Those that a rule fits are computed as one op."""
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


def _fused(rule: _Rule, modules: Sequence[Module], x: Any) -> Tensor:
    """Compute the modules as one op.

    After an error, the modules run one after another, so that the error names the module that raises it.
    """
    error: Exception
    try:
        return modules[0]._run(rule.run, (x, modules[0]), {})
    except Exception as raised:
        error = raised
    for module in modules:  # outside of `except`, which would chain the fused op's error to this one
        x = module(x)
    raise error  # one by one, the modules raise no error


def _rule(modules: Sequence[Module], i: int) -> _Rule | None:
    for rule in RULES:
        candidates = modules[i : i + len(rule.kinds)]
        if (
            len(candidates) == len(rule.kinds)
            and all(map(_is_plain, candidates, rule.kinds))
            and rule.fits(*candidates)
        ):
            return rule
    return None


def _is_plain(module: Module, kind: type[Module]) -> bool:
    """Whether the module is exactly of this class, and has no hooks and no forward of its own."""
    return type(module) is kind and not module._hooks and "forward" not in module.__dict__
