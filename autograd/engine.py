"""Recording and the backward pass.

A forward call on tensors that require grad leaves a `Node`: which op ran, what its
backward will need, and an edge to the maker of each input.  The nodes point from results
to inputs only, so a graph dies, without the garbage collector, with the last tensor that
refers to it.

    x, w ──> conv2d ──> relu ──> sum ──> loss          (tensors, made left to right)
      leaf <── Node <── Node <── Node <── loss.node    (edges, walked right to left)

`backward` walks the nodes from the youngest to the oldest.  A node is always younger than
its inputs, so by its turn every gradient that flows into it has arrived: creation order is
a topological order, and neither recursion nor a search of the graph is needed.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import grad_mode
from autograd.kernels.sums import total
from autograd.promotion import NUMPY_2, narrowed, promote

if TYPE_CHECKING:
    from autograd.op import Op
    from autograd.tensor import Tensor
else:
    Tensor = None  # tensor.py, which stands above this file, puts its class here

_births = itertools.count()
_PLAIN = (np.ndarray, np.generic, int, float, type(None))  # what an op takes beside tensors


class Watch:
    """Runs the ops of one thread: a subclass sees, times or replaces every call inside its `with`.

    Watches lie on top of each other: each does its part and hands the call to the `outer` one.
    The lowest just runs the op.
    """

    outer: Watch | None = None

    def forward(self, op: Op, arrays: Sequence[Any], params: dict[str, Any]) -> Any:
        """The op's result on arrays: every call comes through here, from tensors or from a backward."""
        if self.outer:
            return self.outer.forward(op, arrays, params)
        if op.check:
            op.check(*arrays, **params)
        result = op.forward(*arrays, **params)
        return result if NUMPY_2 else narrowed(result, arrays, params, most_dims=0)

    def recorded(self, node: Node, arrays: Sequence[Any]) -> None:
        """The call on these arrays left this node."""
        if self.outer:
            self.outer.recorded(node, arrays)

    def backward(self, node: Node, ctx: _Context, gs: Sequence[Any]) -> Any:
        """The gradients of the node's inputs."""
        if self.outer:
            return self.outer.backward(node, ctx, gs)
        return node.op.backward(ctx, *gs, **node.params)  # type: ignore[misc]

    def __enter__(self) -> Watch:
        if self.outer:
            raise RuntimeError(f"{type(self).__name__}: this context is entered already; make another one")
        self.outer, _state.watch = _state.watch, self
        return self

    def __exit__(self, *exception: object) -> None:
        _state.watch, self.outer = self.outer or Watch(), None


class _ThreadState(threading.local):
    def __init__(self) -> None:
        self.watch = Watch()


_state = _ThreadState()


class Node:
    """One recorded call.

    Attributes
    ----------
    edges : list
        For every input None, or (maker, slot, shape, dtype), where the maker is the Node
        whose output number `slot` the input is, or the leaf tensor itself.
    outputs : list
        The shape and dtype of every output.
    saved : tuple
        The arrays of the op's `saves`; None once a backward pass has freed them.
    versions : list
        For each of them None, or (version, count): its memory had been written to `count` times.
    """

    __slots__ = (
        "birth",
        "edges",
        "hooks",
        "note",
        "op",
        "outputs",
        "params",
        "retained",
        "saved",
        "shapes",
        "versions",
    )

    def __init__(self, op: Op, params: dict[str, Any], inputs: Sequence[Any]) -> None:
        self.op, self.params = op, params
        self.hooks: dict[int, list[Callable]] | None = None
        self.retained: dict[int, weakref.ref[Tensor]] | None = None  # the outputs whose .grad is wanted too
        self.note: Any = None  # a watch's
        self.edges: list[tuple | None] = []
        for x in inputs:
            if isinstance(x, Tensor) and x._requires_grad:
                self.edges.append((x.node or x, x.slot, x.array.shape, x.array.dtype))
            else:
                self.edges.append(None)
        self.birth = next(_births)

    def keep(self, inputs: Sequence[Any], arrays: Sequence[Any], outputs: Sequence[Tensor]) -> None:
        """Save what backward will need, and how often it had been written to, to notice if that changes."""
        self.outputs = [(y.array.shape, y.array.dtype) for y in outputs]
        self.shapes = [getattr(x, "shape", ()) for x in arrays]
        kept = [inputs[i] if i >= 0 else outputs[~i] for i in self.op.saves]
        self.saved: tuple[Any, ...] | None = tuple([x.array if isinstance(x, Tensor) else x for x in kept])
        self.versions = [(x.version, x.version[0]) if isinstance(x, Tensor) else None for x in kept]

    def check_saved(self) -> None:
        """Raise where backward would read what is gone or no longer what forward saw."""
        if self.saved is None:
            raise RuntimeError(
                f"{self.op.name}: backward ran through this graph before and freed what it had saved; "
                "pass retain_graph=True to the first backward to go through it again"
            )
        for i, version in zip(self.op.saves, self.versions, strict=True):
            if version is not None and version[0][0] != version[1]:
                place = f"its input {i}" if i >= 0 else "its output"
                raise RuntimeError(
                    f"{self.op.name}: {place} was changed in place after the forward pass, and backward needs "
                    "the old values; change a copy (x.clone()), or change it after backward"
                )

    def saved_tensors(self) -> tuple[Any, ...]:
        """The saved arrays as tensors with their history, for a gradient with a graph."""
        tensors = []
        for i, array, version in zip(self.op.saves, self.saved or (), self.versions, strict=True):
            edge = (self, ~i) if i < 0 else self.edges[i]
            if edge is None or version is None:
                tensors.append(Tensor(array) if isinstance(array, np.ndarray) else array)
            elif isinstance(edge[0], Node):
                tensors.append(_wrap(array, edge[0], edge[1], version[0]))
            elif edge[0].array is array:
                tensors.append(edge[0])
            else:
                raise RuntimeError(
                    f"{self.op.name}: its input {i} was given other data after the forward pass, so its "
                    "gradient cannot be differentiated; run the forward pass again"
                )
        return tuple(tensors)


class _Context:
    """The `ctx` of a backward: which inputs want a gradient, what was saved, and every input's shape."""

    __slots__ = ("needs_input_grad", "saved_tensors", "shapes")

    def __init__(self, needs: tuple[bool, ...], saved: tuple[Any, ...], shapes: list[tuple[int, ...]]) -> None:
        self.needs_input_grad, self.saved_tensors, self.shapes = needs, saved, shapes


def _wrap(array: np.ndarray, node: Node | None, slot: int, version: list[int]) -> Tensor:
    """A tensor of a node's output, made without the checks of `Tensor(...)`."""
    tensor = Tensor.__new__(Tensor)
    tensor.array = array
    tensor.node = node = node if array.dtype.kind == "f" else None
    tensor._requires_grad = node is not None
    tensor.slot = slot
    tensor.version = version
    tensor._grad = tensor.hooks = None
    return tensor


def apply(op: Op, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    """Run an op.  On tensors or numbers: tensors, and a node where one requires grad.  On arrays: arrays.

    That a call on plain arrays goes straight to the forward is what lets the backward of an
    op be written once: the same lines run on arrays, or on tensors with `create_graph=True`.
    """
    arrays: list[Any] = []
    found = requires_grad = False
    for x in inputs:
        if isinstance(x, Tensor):
            found = True
            requires_grad = requires_grad or x._requires_grad
            arrays.append(x.array)
        elif isinstance(x, _PLAIN):
            arrays.append(x)
        else:
            raise TypeError(
                f"{op.name}: its input {len(arrays)} is a {type(x).__name__}; expects a tensor, an array or a number "
                "(autograd.tensor(...) makes a tensor of a list)"
            )
    watch = _state.watch
    if not found and any(isinstance(x, (np.ndarray, np.generic)) for x in arrays):
        return watch.forward(op, arrays, params)
    if op.promotes:
        inputs, arrays = promote(op, inputs, arrays)
    elif not found:
        kinds = ", ".join(type(x).__name__ for x in inputs)
        raise TypeError(f"{op.name}: expects a tensor, got {kinds}; autograd.tensor(...) makes one of a number")
    with np.errstate(all="ignore"):  # 1 / 0 is inf, and no news
        result = watch.forward(op, arrays, params)

    node = Node(op, params, inputs) if requires_grad and grad_mode.state.recording and op.backward else None
    results = result if type(result) is tuple else (result,)
    outputs = tuple([_output(array, node, slot, inputs) for slot, array in enumerate(results)])
    if node is not None:
        node.keep(inputs, arrays, outputs)
        watch.recorded(node, arrays)
    return outputs if type(result) is tuple else outputs[0]


def _output(array: Any, node: Node | None, slot: int, inputs: Sequence[Any]) -> Tensor:
    if type(array) is not np.ndarray:
        array = np.asarray(array)  # NumPy turns what has no dimensions into a scalar
    version, view = [0], array.base is not None
    for x in inputs:
        if isinstance(x, Tensor) and (x.array is array or (view and np.may_share_memory(array, x.array))):
            version = x.version  # one memory, one version
    return _wrap(array, node, slot, version)


# ── the backward pass ──────────────────────────────────────────────────────────────────


class _Pending:
    """Gradients on their way: summed where they arrive, handed out from the youngest node to the oldest."""

    def __init__(self) -> None:
        self.sums: dict[Any, dict[int, tuple[Any, bool]]] = {}  # maker -> slot -> (sum so far, may we write to it)
        self.heap: list[tuple[int, Node]] = []

    def add(self, maker: Any, slot: int, g: Any, ours: bool = False) -> None:
        """Deliver a gradient.  The first is borrowed, the second makes a sum, later ones are added in place."""
        slots = self.sums.get(maker)
        if slots is None:
            slots = self.sums[maker] = {}
            if isinstance(maker, Node):
                heappush(self.heap, (-maker.birth, maker))
        if slot not in slots or type(slots[slot][0]) is int:
            slots[slot] = g, ours
            return
        if type(g) is int:  # 0, a gradient of zeros
            return
        total, ours = slots[slot]
        if ours:
            total += g
        elif isinstance(g, Tensor):
            slots[slot] = total + g, False
        else:
            slots[slot] = np.asarray(total + g), True

    def next_node(self) -> tuple[Node, dict[int, tuple[Any, bool]]]:
        node = heappop(self.heap)[1]
        return node, self.sums.pop(node)


def backward(
    roots: Sequence[Tensor],
    gradients: Sequence[Any],
    *,
    inputs: Sequence[Tensor] | None = None,
    retain_graph: bool = False,
    create_graph: bool = False,
) -> list[Any]:
    """Carry the gradients of the roots to the leaves.

    Without `inputs` every leaf's gradient is added to its `.grad`.  With them no `.grad` is
    touched: their gradients are returned (None where the roots do not depend on one), and
    only nodes that lead to them run.
    """
    pending = _Pending()
    wanted = {(x.node or x, x.slot): None for x in inputs or ()}
    useful = _leading_to(roots, wanted) if inputs is not None else None
    for root, gradient in zip(roots, gradients, strict=True):
        pending.add(root.node or root, root.slot, gradient)

    def visit(node: Node, arrived: dict[int, tuple[Any, bool]]) -> None:
        gs = []
        zero = not node.hooks and all(type(g) is int for g, _ in arrived.values())
        for slot, (shape, dtype) in enumerate(node.outputs):
            g = _full(arrived[slot][0], shape, dtype, create_graph) if slot in arrived else None
            g = _run_hooks(node.hooks, slot, g) if node.hooks else g
            if wanted and (node, slot) in wanted:
                wanted[node, slot] = g
            elif g is not None and node.retained and slot in node.retained:
                tensor = node.retained[slot]()
                if tensor is not None:  # still alive
                    _accumulate(tensor, g, ours=False)
            gs.append(_full(0, shape, dtype, create_graph) if g is None and dtype.kind == "f" else g)
        needs = tuple([e is not None and (useful is None or e[0] in useful or e[:2] in wanted) for e in node.edges])
        if True in needs:
            for maker, slot, d, ours in _run_backward(node, [] if zero else gs, needs, retain_graph, create_graph):
                pending.add(maker, slot, d, ours)

    with grad_mode.set_grad_enabled(create_graph), np.errstate(all="ignore"):
        while pending.heap:
            visit(*pending.next_node())
        for leaf, arrived in pending.sums.items():
            g, ours = arrived[0]
            g = _run_hooks(leaf.hooks, 0, _full(g, leaf.array.shape, leaf.array.dtype, create_graph))
            if inputs is None:
                _accumulate(leaf, g, ours and not leaf.hooks)
            elif (leaf, 0) in wanted:
                wanted[leaf, 0] = g
    return [wanted[x.node or x, x.slot] for x in inputs or ()]


def _run_backward(
    node: Node, gs: list, needs: tuple[bool, ...], retain_graph: bool, create_graph: bool
) -> list[tuple[Any, int, Any, bool]]:
    """One node's backward: (maker, slot, gradient, may we write to it) of each input that wants one.

    No `gs` means that all of them are zero; so are the results then, and nothing is computed.
    """
    node.check_saved()
    ctx = _Context(needs, node.saved_tensors() if create_graph else node.saved or (), node.shapes)
    results = _state.watch.backward(node, ctx, gs) if gs else (0,) * len(node.edges)
    results = results if type(results) is tuple else (results,)
    if len(results) != len(node.edges):
        raise RuntimeError(
            f"{node.op.name}: its backward returned {len(results)} gradients for {len(node.edges)} inputs; "
            "it returns one an input, None where none is needed"
        )
    others = (*gs, *results, *(node.saved or ()))
    if node.saved and not retain_graph:
        node.saved = None
    delivered = []
    for i, d in enumerate(results):
        if needs[i] and d is not None:
            maker, slot, shape, dtype = node.edges[i]  # type: ignore[misc]
            d = _fit(node.op, i, d, shape, dtype)
            delivered.append((maker, slot, d, not create_graph and _is_new(d, others)))
    return delivered


def _fit(op: Op, i: int, d: Any, shape: tuple[int, ...], dtype: np.dtype) -> Any:
    """A gradient in its input's own shape and dtype: broadcasting, undone, is a sum.  The number 0 stays 0."""
    if type(d) is int and d == 0:
        return d
    if type(d) is not np.ndarray and not isinstance(d, Tensor):
        d = np.asarray(d)
    if d.shape != shape:
        lead = d.ndim - len(shape)
        if not op.broadcasts or lead < 0 or any(n not in (1, m) for n, m in zip(shape, d.shape[lead:], strict=True)):
            raise RuntimeError(
                f"{op.name}: its backward returned a gradient of shape {tuple(d.shape)} for input {i}, "
                f"whose shape is {shape}; a gradient has the shape of its input"
            )
        dim = (*range(lead), *[lead + k for k, n in enumerate(shape) if n != d.shape[lead + k]])
        d = (d.sum(dim) if isinstance(d, Tensor) else np.asarray(total(d, dim=dim, keepdim=False))).reshape(shape)
    if d.dtype != dtype:
        d = d.to(dtype) if isinstance(d, Tensor) else d.astype(dtype)
    return d


def _full(g: Any, shape: tuple[int, ...], dtype: np.dtype, create_graph: bool) -> Any:
    """The gradient; the number 0, which stands for a gradient of zeros while nobody looks at it, written out."""
    make = Tensor if create_graph else np.asarray
    return make(np.zeros(shape, dtype)) if type(g) is int else g


def _is_new(d: np.ndarray, others: Sequence[Any]) -> bool:
    """Whether backward made this array: it is no view, and is not what it was given or gave twice."""
    if getattr(d, "base", d) is not None or not d.flags.writeable:
        return False
    return len([other for other in others if other is d or getattr(other, "base", None) is d]) <= 1


def _run_hooks(hooks: dict[int, list[Callable]] | None, slot: int, g: Any) -> Any:
    """Hooks see a gradient as a tensor, and what one returns takes its place."""
    if g is None or not hooks or slot not in hooks:
        return g
    tensor = g if isinstance(g, Tensor) else Tensor(g)
    for hook in list(hooks[slot]):
        changed = hook(tensor)
        if changed is None:
            continue
        if not isinstance(changed, Tensor) or (changed.shape, changed.dtype) != (tensor.shape, tensor.dtype):
            got = f"{changed.dtype} {changed.shape}" if isinstance(changed, Tensor) else type(changed).__name__
            raise RuntimeError(
                f"register_hook: a hook returned {got} for a gradient of {tensor.dtype} {tensor.shape}; return None, "
                "or a tensor of the same shape and dtype"
            )
        tensor = changed
    return tensor if isinstance(g, Tensor) else tensor.array


def _accumulate(leaf: Tensor, g: Any, ours: bool) -> None:
    if isinstance(g, Tensor):  # recorded
        leaf.grad = g.clone() if leaf.grad is None else leaf.grad + g  # a copy: another leaf may hold g, too
    elif leaf.grad is not None:
        leaf.grad.array += g
        leaf.grad.version[0] += 1
    else:
        leaf._grad = _wrap(g if ours else g.copy(), None, 0, [0])  # changed in place later: nobody else's array


def _leading_to(roots: Iterable[Tensor], wanted: dict) -> set:
    """The nodes from which some wanted place can be reached."""
    nodes, stack = set(), [root.node for root in roots if root.node]
    while stack:
        node = stack.pop()
        if node not in nodes:
            nodes.add(node)
            stack.extend(edge[0] for edge in node.edges if edge and isinstance(edge[0], Node))
    useful: set[Node] = set()
    for node in sorted(nodes, key=lambda node: node.birth):  # inputs before results
        if any(edge and ((edge[0], edge[1]) in wanted or edge[0] in useful) for edge in node.edges):
            useful.add(node)
    return useful


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    *,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> tuple[Tensor, ...]:
    """Gradients of outputs with respect to inputs, returned; no `.grad` is touched.

    Parameters
    ----------
    outputs, inputs : Tensor or sequence of Tensor
    grad_outputs : Tensor or sequence of Tensor, optional
        The incoming gradient of each output, of its shape; may be left out for a scalar.
    retain_graph : bool, optional
        Keep what was saved, to go through the graph again.  Default: `create_graph`.
    create_graph : bool
        Record the gradients' own computation, so that they can be differentiated.
    allow_unused : bool
        Return None for an input that no output depends on, instead of raising.

    Returns
    -------
    tuple of Tensor
        One for each input, of its shape and dtype.

    Raises
    ------
    RuntimeError
        If an output is no scalar and has no gradient given, or an input is not used.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor(3.0, requires_grad=True)
    >>> (dx,) = autograd.grad(x * x, x, create_graph=True)
    >>> autograd.grad(dx, x)
    (tensor(2.),)
    """
    outputs = (outputs,) if isinstance(outputs, Tensor) else tuple(outputs)
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    if grad_outputs is None or isinstance(grad_outputs, Tensor):
        grad_outputs = (grad_outputs,) * len(outputs)
    check_inputs("grad", inputs)
    gradients = [_seed("grad", y, g, create_graph) for y, g in zip(outputs, grad_outputs, strict=True)]
    keep = create_graph if retain_graph is None else retain_graph
    found = backward(outputs, gradients, inputs=inputs, retain_graph=keep, create_graph=create_graph)
    if not allow_unused and any(g is None for g in found):
        raise RuntimeError(
            f"grad: the outputs do not depend on input {[g is None for g in found].index(True)}; "
            "pass allow_unused=True to get None for it"
        )
    return tuple(g if g is None or isinstance(g, Tensor) else Tensor(g) for g in found)  # type: ignore[misc]


def check_inputs(caller: str, inputs: Sequence[Any]) -> None:
    """Raise for what has no gradient to ask for."""
    if not inputs:
        raise RuntimeError(f"{caller}: inputs is empty; name at least one tensor")
    for i, x in enumerate(inputs):
        if not isinstance(x, Tensor) or not x.requires_grad:
            what = "does not require grad" if isinstance(x, Tensor) else f"is a {type(x).__name__}"
            raise RuntimeError(
                f"{caller}: input {i} {what}; it must be a tensor that required grad in the forward pass"
            )


def _seed(caller: str, root: Tensor, gradient: Tensor | None, create_graph: bool) -> Any:
    """The gradient that a backward pass starts from at `root`: given, or 1 for a scalar."""
    if not root.requires_grad:
        raise RuntimeError(
            f"{caller}: this tensor does not require grad, so there is no graph to go back through; "
            "was it made under no_grad(), from a detached tensor, or from leaves without requires_grad=True?"
        )
    if gradient is None:
        if root.array.size != 1:
            raise RuntimeError(
                f"{caller}: a gradient is implied only for a scalar, and this tensor has shape {root.shape}; "
                f"reduce it first (y.sum().backward()) or pass a gradient of shape {root.shape}"
            )
        gradient = _wrap(np.ones(root.array.shape, root.array.dtype), None, 0, [0])
    elif not isinstance(gradient, Tensor):
        gradient = Tensor(np.asarray(gradient))
    if gradient.shape != root.shape:
        raise RuntimeError(
            f"{caller}: the gradient has shape {gradient.shape}, the tensor {root.shape}; they must match"
        )
    if gradient.dtype != root.dtype:
        gradient = gradient.to(root.dtype)
    return gradient if create_graph else gradient.array
