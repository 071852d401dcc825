"""Checkpointing: trade time for memory.  Names and arguments are those of torch.utils.checkpoint.

A checkpointed function keeps its inputs and nothing else.  When backward reaches it, it runs again and gives backward
what its ops had saved the first time.  A network of n equal blocks, each checkpointed, keeps n inputs and the
saved arrays of one block.  It costs a second forward pass.

Source: Chen, Xu, Zhang, Guestrin, "Training Deep Nets with Sublinear Memory Cost", arXiv:1604.06174.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from autograd.engine import DispatchMode, Node
from autograd.function import Function, FunctionNode
from autograd.grad_fn import PackedTensors
from autograd.grad_mode import enable_grad, is_grad_enabled
from autograd.random import get_rng_state, set_rng_state
from autograd.tensor import Tensor, wrap
from autograd.types import Argument

__all__ = ["CheckpointError", "checkpoint", "checkpoint_sequential", "noop_context_fn"]

Contexts: TypeAlias = tuple[AbstractContextManager[Any], AbstractContextManager[Any]]


class CheckpointError(RuntimeError):
    """A checkpointed function did something else in backward than in the forward pass.

    Examples
    --------
    >>> import autograd
    >>> from autograd.utils.checkpoint import CheckpointError, checkpoint
    >>> calls = []
    >>> def fickle(x):  # another function at its second call
    ...     calls.append(1)
    ...     return x.exp() if len(calls) == 1 else x * 2
    >>> y = checkpoint(fickle, autograd.ones(2, requires_grad=True), use_reentrant=False)
    >>> try:
    ...     y.sum().backward()
    ... except CheckpointError:
    ...     print("not the same")
    not the same
    """


def noop_context_fn() -> Contexts:
    """Two contexts that do nothing: the default of `context_fn`.

    Returns
    -------
    tuple of two contexts
        For the forward pass, and for the second run in backward.

    Examples
    --------
    >>> from autograd.utils.checkpoint import noop_context_fn
    >>> forward, recomputation = noop_context_fn()
    >>> with forward:
    ...     print("as without it")
    as without it
    """
    return contextlib.nullcontext(), contextlib.nullcontext()


class CheckpointInputs(Function):
    """Keeps the inputs of a checkpointed function, as an op that saves them: an outer checkpoint keeps them for it."""

    @staticmethod
    def forward(ctx: Any, dummy: Tensor, *tensors: Tensor) -> Tensor:
        ctx.save_for_backward(*tensors)
        return dummy.clone()


class _Run:
    """A checkpointed call, which can be repeated."""

    def __init__(self, function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        self.function, self.kwargs = function, kwargs
        self.args = [None if isinstance(x, Tensor) else x for x in args]
        self.is_input = [isinstance(x, Tensor) for x in args]
        self.requires_grad = [x.requires_grad for x in args if isinstance(x, Tensor)]
        dummy = wrap(np.zeros(()), requires_grad=True)
        node = CheckpointInputs.apply(dummy, *[x for x in args if isinstance(x, Tensor)]).node
        self.inputs: FunctionNode = node
        self.rng_state: Tensor | None = None
        self.context: AbstractContextManager[Any] = contextlib.nullcontext()
        self.compare = True
        self.saved: list[Any] = []  # shapes and dtypes of what each node saved in the forward pass
        self.found: dict[int, tuple[Any, ...]] = {}  # what each saved in the second one, until it is asked for

    def arrays_of(self, k: int) -> tuple[Any, ...]:
        """What node k had saved."""
        if k not in self.found:
            self._repeat()
        return self.found.pop(k)

    def _repeat(self) -> None:
        tensors = [
            x.detach().requires_grad_(wanted)
            for x, wanted in zip(self.inputs.tensors(), self.requires_grad, strict=True)
            if x is not None
        ]
        given = iter(tensors)
        args = [next(given) if is_input else x for is_input, x in zip(self.is_input, self.args, strict=True)]
        seen: list[tuple[Any, ...]] = []
        with _random_state(self.rng_state), enable_grad(), self.context, _Capture(seen):
            self.function(*args, **self.kwargs)
        if len(seen) != len(self.saved):
            raise CheckpointError(
                f"checkpoint: {len(self.saved)} operations saved something in the forward pass, and {len(seen)} when "
                "the function ran again for backward; it must do the same both times, so it must not depend on what "
                "changes in between"
            )
        for k, (arrays, before) in enumerate(zip(seen, self.saved, strict=True)):
            if self.compare and _metadata(arrays) != before[1]:
                raise CheckpointError(
                    f"checkpoint: operation {k}, {before[0]}, saved {_described(before[1])} in the forward pass and "
                    f"{_described(_metadata(arrays))} when the function ran again for backward; it must do the same "
                    "both times"
                )
        self.found = dict(enumerate(seen))


def _metadata(arrays: Sequence[Any]) -> list[Any]:
    return [(a.shape, a.dtype) if isinstance(a, np.ndarray) else None for a in arrays]


def _described(metadata: Sequence[Any]) -> str:
    return ", ".join("a number" if m is None else f"{m[1]} {m[0]}" for m in metadata)


class _Forward(DispatchMode):
    """Keeps nothing of what the ops of a call save, and remembers how much it was."""

    def __init__(self, run: _Run) -> None:
        self.run = run

    def recorded(self, node: Node, arrays: Sequence[Argument]) -> None:
        if node.saved and not isinstance(node.saved, PackedTensors):
            self.run.saved.append((node.op.title, _metadata(node.saved)))
            node.saved = PackedTensors(partial(self.run.arrays_of, len(self.run.saved) - 1))
        super().recorded(node, arrays)


class _Capture(DispatchMode):
    """Collects what the ops of a repeated call save.  Its nodes belong to no graph, so other modes do not see them."""

    def __init__(self, seen: list[tuple[Any, ...]]) -> None:
        self.seen = seen

    def recorded(self, node: Node, arrays: Sequence[Argument]) -> None:
        if node.saved and not isinstance(node.saved, PackedTensors):
            self.seen.append(node.saved)


@contextlib.contextmanager
def _random_state(state: Tensor | None) -> Iterator[None]:
    """Draw random numbers from this state, and go on from the present one afterwards.  None: nothing."""
    if state is None:
        yield
        return
    present = get_rng_state()
    set_rng_state(state)
    try:
        yield
    finally:
        set_rng_state(present)


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], Contexts] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """Call function(*args, **kwargs), and compute it again in backward instead of keeping what backward needs.

    Parameters
    ----------
    function : callable
        It must do the same when it is called again.
    *args, **kwargs
        Its arguments.
    use_reentrant : bool, optional
        PyTorch has two implementations; here one does what both do.  True refuses keyword arguments, as PyTorch's does.
    context_fn : callable () -> two contexts
        The forward pass runs in the first, the second computation in the other.
    determinism_check : "default" or "none"
        Whether the shapes and dtypes of both computations are compared.
    debug, early_stop : bool
        Accepted, without effect.
    preserve_rng_state : bool
        Draw the same random numbers again, so that dropout drops the same elements.

    Returns
    -------
    what function returns

    Raises
    ------
    ValueError
        For keyword arguments, `context_fn` or `debug` together with use_reentrant=True.
    CheckpointError
        In backward, if the function does something else than before.

    Examples
    --------
    >>> import autograd
    >>> from autograd.utils.checkpoint import checkpoint
    >>> x = autograd.tensor([1.0, 2.0], requires_grad=True)
    >>> checkpoint(lambda x: (x * x).exp(), x, use_reentrant=False).sum().backward()
    """
    if use_reentrant and kwargs:
        raise ValueError(
            f"checkpoint: unexpected keyword arguments {', '.join(kwargs)}; with use_reentrant=True the function gets "
            "positional arguments only, so pass use_reentrant=False"
        )
    if use_reentrant and (context_fn is not noop_context_fn or debug):
        raise ValueError("checkpoint: context_fn and debug need use_reentrant=False")
    if determinism_check not in ("default", "none"):
        raise ValueError(f"checkpoint: determinism_check is 'default' or 'none', not {determinism_check!r}")
    forward_context, again_context = context_fn()
    if not is_grad_enabled():
        with forward_context:
            return function(*args, **kwargs)
    run = _Run(function, args, kwargs)
    run.context, run.compare = again_context, determinism_check == "default"
    run.rng_state = get_rng_state() if preserve_rng_state else None
    with forward_context, _Forward(run):
        return function(*args, **kwargs)


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """Call functions one after the other, checkpointed in segments; the last segment is not checkpointed.

    Parameters
    ----------
    functions : nn.Sequential, or sequence of callables
    segments : int
        Number of segments, at least 1.  √n is a good number for n functions.
    input : what the first function takes
    use_reentrant : bool, optional
        As for `checkpoint`.
    preserve_rng_state : bool
        As for `checkpoint`.

    Returns
    -------
    what the last function returns

    Raises
    ------
    ValueError
        If there are more segments than functions, or for other keyword arguments.

    Examples
    --------
    >>> import autograd, nn
    >>> from autograd.utils.checkpoint import checkpoint_sequential
    >>> net = nn.Sequential(*[nn.Linear(4, 4) for _ in range(9)])
    >>> x = autograd.ones(2, 4)
    >>> autograd.equal(checkpoint_sequential(net, 3, x, use_reentrant=False), net(x))
    True
    """
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError(f"checkpoint_sequential: unexpected keyword arguments {', '.join(kwargs)}")
    layers = list(functions.children() if hasattr(functions, "children") else functions)
    if not 1 <= segments <= len(layers):
        raise ValueError(
            f"checkpoint_sequential: {segments} segments of {len(layers)} functions; there must be at least 1, and at "
            "most as many as functions"
        )

    def run(part: Sequence[Callable[[Any], Any]], x: Any) -> Any:
        for layer in part:
            x = layer(x)
        return x

    size = len(layers) // segments
    for k in range(segments - 1):
        input = checkpoint(
            partial(run, layers[k * size : (k + 1) * size]),
            input,
            use_reentrant=use_reentrant,
            preserve_rng_state=preserve,
        )
    return run(layers[(segments - 1) * size :], input)
