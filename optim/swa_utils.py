"""Averages of a model's weights over training: exponential (EMA) or equal (SWA).

EMA:  w̄ ← δ w̄ + (1 - δ) w            SWA:  w̄ ← w̄ + (w - w̄)/(n + 1)  after n updates
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numba import prange

import nn
from autograd import Tensor, no_grad
from autograd.debug import is_reference_active
from autograd.devices import check_device
from autograd.kernels.jit import kernel, limit_threads, set_threads
from autograd.low_precision import wide
from autograd.tensor import wrap
from optim.fused import Row, launch, useful_threads, vector
from optim.lr_scheduler import LRScheduler
from optim.optimizer import Optimizer
from optim.state_dict import StateDict

Average: TypeAlias = Callable[[Tensor, Tensor, Tensor], Tensor]
MultiAverage: TypeAlias = Callable[[list[Tensor], list[Tensor], Tensor], None]


@kernel(parallel=True, allocates=True)
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
        if use_kernel and average.dtype in (np.float32, np.float64):
            rows.setdefault(average.dtype, []).append([average.array, value.array])
        else:
            average.array[...] = (1 - weight) * wide(average.array) + weight * wide(value.array)
        average.version[0] += 1
    for group in rows.values():
        launch(_move_towards, (weight,), group)


def _check_decay(name: str, decay: float) -> None:
    if not 0 <= decay <= 1:
        raise ValueError(f"{name}: decay is {decay!r}; it must be from 0 to 1")


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAverage:
    """Exponential average of all tensors in one call, for `AveragedModel(multi_avg_fn=...)`.

    Parameters
    ----------
    decay : float
        From 0 to 1: the weight of the old average, δ in w̄ ← δ w̄ + (1 - δ) w.

    Returns
    -------
    function
        Of lists of averages and of values, Tensors of equal shapes, and the number of values before.  It writes to the
        averages.

    Raises
    ------
    ValueError
        If decay is not from 0 to 1.

    References
    ----------
    Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992.

    Examples
    --------
    >>> import autograd
    >>> from optim.swa_utils import get_ema_multi_avg_fn
    >>> average = autograd.tensor([0.0])
    >>> get_ema_multi_avg_fn(0.75)([average], [autograd.tensor([1.0])], 1)
    >>> average
    tensor([0.2500])
    """
    _check_decay("get_ema_multi_avg_fn", decay)
    return lambda averages, values, n: _update(averages, values, 1 - decay)


def get_swa_multi_avg_fn() -> MultiAverage:
    """Equally weighted average of all tensors in one call, for `AveragedModel(multi_avg_fn=...)`.

    Returns
    -------
    function
        Of lists of averages and of values, Tensors of equal shapes, and the number of values before.  It writes to the
        averages.

    References
    ----------
    Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", 2018.

    Examples
    --------
    >>> import autograd
    >>> from optim.swa_utils import get_swa_multi_avg_fn
    >>> average = autograd.tensor([2.0])
    >>> get_swa_multi_avg_fn()([average], [autograd.tensor([5.0])], 2)  # (2 + 2 + 5) / 3
    >>> average
    tensor([3.])
    """
    return lambda averages, values, n: _update(averages, values, 1 / (int(n) + 1))


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """Exponential average of one tensor, for `AveragedModel(avg_fn=...)`.

    Parameters
    ----------
    decay : float
        From 0 to 1: the weight of the old average, δ in w̄ ← δ w̄ + (1 - δ) w.

    Returns
    -------
    function
        Of an average and a value, Tensors of the same shape, and the number of values before.  It returns the new
        average.

    Raises
    ------
    ValueError
        If decay is not from 0 to 1.

    References
    ----------
    Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992.

    Examples
    --------
    >>> import autograd
    >>> from optim.swa_utils import get_ema_avg_fn
    >>> get_ema_avg_fn(0.75)(autograd.tensor([0.0]), autograd.tensor([1.0]), 1)
    tensor([0.2500])
    """
    _check_decay("get_ema_avg_fn", decay)
    return lambda average, value, n: decay * average + (1 - decay) * value


def get_swa_avg_fn() -> Average:
    """Equally weighted average of one tensor, for `AveragedModel(avg_fn=...)`.

    Returns
    -------
    function
        Of an average and a value, Tensors of the same shape, and the number of values before.  It returns the new
        average.

    References
    ----------
    Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", 2018.

    Examples
    --------
    >>> import autograd
    >>> from optim.swa_utils import get_swa_avg_fn
    >>> get_swa_avg_fn()(autograd.tensor([2.0]), autograd.tensor([5.0]), 2)  # (2 + 2 + 5) / 3
    tensor([3.])
    """
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

    Raises
    ------
    ValueError
        If both avg_fn and multi_avg_fn are given, or a loaded state has a count that is no integer, at least 0.

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

    def load_state_dict(self, state_dict: StateDict, strict: bool = True, assign: bool = False) -> Any:
        """As in `Module`.  The count of averages must be an integer, at least 0."""
        count = state_dict.get("n_averaged") if isinstance(state_dict, Mapping) else None
        if isinstance(count, Tensor | np.ndarray) and count.shape == () and not 0 <= count.item() == count.item() // 1:
            raise ValueError(
                f"AveragedModel.load_state_dict: n_averaged is {count.item()}; it must be an integer, at least 0; "
                "nothing was loaded"
            )
        return super().load_state_dict(state_dict, strict, assign)

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


@no_grad()
def update_bn(loader: Iterable[Any], model: nn.Module, device: str | None = None) -> None:
    """Compute the running means and variances of a model's batch normalizations anew, as means over a whole data set.

    Averaged weights need it: the statistics of the last epoch belong to other weights.

    Parameters
    ----------
    loader : iterable of Tensor, or of tuples or lists that begin with one
        The batches of inputs.
    model : Module
        It is called with each batch, in training mode.
    device : None or "cpu"
        Accepted for compatibility with PyTorch.

    Examples
    --------
    >>> import autograd, nn, optim
    >>> model = nn.Sequential(nn.BatchNorm1d(1))
    >>> optim.swa_utils.update_bn([autograd.tensor([[0.0], [2.0]]), autograd.tensor([[4.0], [6.0]])], model)
    >>> model[0].running_mean  # of the batches' means, 1 and 5
    tensor([3.])
    """
    check_device("update_bn", device)
    norms = [m for m in model.modules() if hasattr(m, "reset_running_stats") and hasattr(m, "momentum")]
    momenta = [norm.momentum for norm in norms]
    if not norms:
        return
    was_training = model.training
    model.train()
    try:
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the mean of all batches
        for batch in loader:
            model(batch[0] if isinstance(batch, list | tuple) else batch)
    finally:
        for norm, momentum in zip(norms, momenta):
            norm.momentum = momentum
        model.train(was_training)


class SWALR(LRScheduler):
    """Moves each group's rate to a constant one, with which weights are averaged.

    Parameters
    ----------
    optimizer : Optimizer
    swa_lr : float, or a list with one for each group
        The constant rate.
    anneal_epochs : int
        Number of epochs of the change.
    anneal_strategy : "cos" or "linear"
        The shape of the change: half a cosine, or a line.
    last_epoch : int
        The epoch to continue from; -1 to start.

    Raises
    ------
    ValueError
        If anneal_strategy is another word, anneal_epochs is no integer of at least 0, or the rates are not one for each
        group.

    References
    ----------
    Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", 2018.

    Examples
    --------
    >>> import autograd, nn, optim
    >>> sgd = optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)
    >>> scheduler = optim.swa_utils.SWALR(sgd, swa_lr=0.2, anneal_epochs=2, anneal_strategy="linear")
    >>> for epoch in range(4):
    ...     print(round(scheduler.get_last_lr()[0], 4))
    ...     sgd.step()
    ...     scheduler.step()
    1.0
    0.6
    0.2
    0.2
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"SWALR: anneal_strategy is {anneal_strategy!r}; it must be 'cos' or 'linear'")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"SWALR: anneal_epochs is {anneal_epochs!r}; it must be an integer, at least 0")
        self.anneal_epochs = anneal_epochs
        self.anneal_strategy = anneal_strategy
        rates = swa_lr if isinstance(swa_lr, list | tuple) else [swa_lr] * len(optimizer.param_groups)
        if len(rates) != len(optimizer.param_groups):
            raise ValueError(
                f"SWALR: {len(rates)} values of swa_lr do not fit an optimizer of {len(optimizer.param_groups)} groups"
            )
        for rate, group in zip(rates, optimizer.param_groups):
            group["swa_lr"] = rate
        super().__init__(optimizer, last_epoch)

    def _share(self, step: int) -> float:
        """How far the change is after so many steps, from 0 to 1."""
        share = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return share if self.anneal_strategy == "linear" else (1 - math.cos(math.pi * share)) / 2

    def get_lr(self) -> list[float]:
        step = max(1, self.last_epoch) if self.anneal_epochs == 0 else self.last_epoch
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group in self.optimizer.param_groups:
            lr, goal = group["lr"], group["swa_lr"]
            start = goal if before == 1 else (lr - before * goal) / (1 - before)
            rates.append(goal * now + start * (1 - now))
        return rates


def _dtype(pair: tuple[Tensor, Tensor]) -> str:
    return pair[0].dtype.str
