"""Averages of a model's weights over training: exponential (EMA) or equal (SWA).

EMA:  w̄ ← δ w̄ + (1 - δ) w            SWA:  w̄ ← w̄ + (w - w̄)/(n + 1)  after n updates
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numba import prange

import nn
from autograd import Tensor, no_grad
from autograd.debug import is_reference_active
from autograd.devices import check_device
from autograd.kernels.jit import kernel, limit_threads, set_threads
from autograd.tensor import wrap
from optim.fused import Row, launch, useful_threads, vector
from optim.state_dict import StateDict

Average: TypeAlias = Callable[[Tensor, Tensor, Tensor], Tensor]
MultiAverage: TypeAlias = Callable[[list[Tensor], list[Tensor], Tensor], None]


@kernel(parallel=True)
def _move_towards(addresses, pieces, weight):
    threads = limit_threads(useful_threads(pieces))
    for piece in prange(len(pieces)):
        average = vector(addresses, pieces, piece, 0, weight)
        w = vector(addresses, pieces, piece, 1, weight)
        for i in range(w.size):
            average[i] += weight * (w[i] - average[i])
    set_threads(threads)


def _update(averages: list[Tensor], values: list[Tensor], weight: float) -> None:
    """Move averages towards values by this fraction of the difference, all float ones in one kernel launch."""
    rows: dict[np.dtype, list[Row]] = {}
    use_kernel = not is_reference_active()
    for average, value in zip(averages, values):
        if use_kernel and average.dtype.kind == "f":
            rows.setdefault(average.dtype, []).append([average.array, value.array])
        else:
            average.array[...] = (1 - weight) * average.array + weight * value.array
        average.version[0] += 1
    for group in rows.values():
        launch(_move_towards, (weight,), group)


def _check_decay(name: str, decay: float) -> None:
    if not 0 <= decay <= 1:
        raise ValueError(f"{name}: decay is {decay!r}; it must be from 0 to 1")


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAverage:
    """Exponential average of all tensors in one call, for `AveragedModel(multi_avg_fn=...)`."""
    _check_decay("get_ema_multi_avg_fn", decay)
    return lambda averages, values, n: _update(averages, values, 1 - decay)


def get_swa_multi_avg_fn() -> MultiAverage:
    """Equally weighted average of all tensors in one call, for `AveragedModel(multi_avg_fn=...)`."""
    return lambda averages, values, n: _update(averages, values, 1 / (int(n) + 1))


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """Exponential average of one tensor, for `AveragedModel(avg_fn=...)`."""
    _check_decay("get_ema_avg_fn", decay)
    return lambda average, value, n: decay * average + (1 - decay) * value


def get_swa_avg_fn() -> Average:
    """Equally weighted average of one tensor, for `AveragedModel(avg_fn=...)`."""
    return lambda average, value, n: average + (value - average) / (int(n) + 1)


class AveragedModel(nn.Module):
    """A copy of a model whose parameters are averages of the model's parameters over training.

    Parameters
    ----------
    model : Module
        The model to copy.
    device : None or "cpu"
        Accepted for compatibility with PyTorch.
    avg_fn : function of (average, value, n_averaged), optional
        Returns a tensor's new average after n_averaged values.
    multi_avg_fn : function of (averages, values, n_averaged), optional
        Writes new averages of tensors of one dtype in place; faster.  Default: equally weighted averages.
    use_buffers : bool
        Average the buffers too, instead of copying the model's latest.

    Attributes
    ----------
    module : Module
        The copy.
    n_averaged : Tensor, ()
        Number of calls of `update_parameters`.

    References
    ----------
    Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", 2018.

    Examples
    --------
    >>> import autograd, nn, optim
    >>> model = nn.Linear(1, 1)
    >>> ema = optim.swa_utils.AveragedModel(model, multi_avg_fn=optim.swa_utils.get_ema_multi_avg_fn(0.9))
    >>> for weight in (0.0, 1.0, 1.0):
    ...     with autograd.no_grad():
    ...         _ = model.weight.fill_(weight)
    ...     ema.update_parameters(model)
    >>> round(ema.module.weight.item(), 2)  # 0, then 0.9·0 + 0.1, then 0.9·0.1 + 0.1
    0.19
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: nn.Module,
        device: str | None = None,
        avg_fn: Average | None = None,
        multi_avg_fn: MultiAverage | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise ValueError("AveragedModel: both avg_fn and multi_avg_fn are given; pass one of them")
        check_device("AveragedModel", device)
        self.module = copy.deepcopy(model)
        self.register_buffer("n_averaged", wrap(np.array(0)))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *inputs: Any, **options: Any) -> Any:
        return self.module(*inputs, **options)

    def load_state_dict(self, state_dict: StateDict, strict: bool = True) -> Any:
        """As in `Module`.  The count of averages must be an integer, at least 0."""
        count = state_dict.get("n_averaged") if isinstance(state_dict, Mapping) else None
        if isinstance(count, Tensor | np.ndarray) and count.shape == () and not 0 <= count.item() == count.item() // 1:
            raise ValueError(
                f"AveragedModel.load_state_dict: n_averaged is {count.item()}; it must be an integer, at least 0; "
                "nothing was loaded"
            )
        return super().load_state_dict(state_dict, strict)

    @no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Add the model's parameters to the averages.  The first call copies them."""
        copied: list[tuple[Tensor, Tensor]] = list(zip(self.module.buffers(), model.buffers()))
        averaged: list[tuple[Tensor, Tensor]] = list(zip(self.module.parameters(), model.parameters()))
        if self.use_buffers:
            averaged, copied = [*averaged, *copied], []
        if not self.n_averaged.item():
            copied, averaged = [*averaged, *copied], []
        for average, value in copied:
            average.copy_(value.detach())
        if self.avg_fn is not None:
            for average, value in averaged:
                average.copy_(self.avg_fn(average.detach(), value.detach(), self.n_averaged))
        else:
            update = self.multi_avg_fn or get_swa_multi_avg_fn()
            for _, pairs in itertools.groupby(sorted(averaged, key=_dtype), _dtype):
                averages, values = zip(*pairs)
                update([a.detach() for a in averages], [v.detach() for v in values], self.n_averaged)
        self.n_averaged += 1


def _dtype(pair: tuple[Tensor, Tensor]) -> str:
    return pair[0].dtype.str
