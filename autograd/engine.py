"""Recording and the backward pass.

A forward call on tensors that require grad is recorded as a `Node`: the op, what its backward needs, and
the node's parents, the makers of its inputs.  References go from results to inputs only, so reference
counting frees a graph together with the last tensor that refers to it.

    x, w ──> conv2d ──> relu ──> sum ──> loss             (tensors, made left to right)
      leaf <── Node <── Node <── Node <── loss.grad_fn    (parents, visited right to left)

`backward` visits the nodes from the newest to the oldest.  A node is always newer than its parents, so all
gradients of its outputs have arrived when its turn comes: the order of creation is a topological order,
and neither recursion nor a search of the graph is needed.

Each visit computes a vector-Jacobian product (vjp): from the gradients of the loss with respect to the
node's outputs (the out-gradients), the gradients with respect to its inputs.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np

from autograd import float_errors, grad_mode
from autograd.arguments import full_name, instead_of
from autograd.grad_fn import RecordedCall, unpacked
from autograd.kernels import arithmetic
from autograd.kernels.sums import total
from autograd.promotion import DIFFERENTIABLE, NUMPY_2, converted, narrowed, prepare
from autograd.types import Argument, Array, Result, Shape
from autograd.views import link

if TYPE_CHECKING:
    from autograd.op import Op
    from autograd.tensor import Tensor, wrap
else:
    Tensor = wrap = None  # set by tensor.py, which imports this module

# A gradient: an array; a tensor with create_graph=True; or the number 0, a symbolic zero that takes no memory.
Gradient: TypeAlias = "Array | Tensor | int"
Inputs: TypeAlias = "Sequence[Tensor | Argument]"
Maker: TypeAlias = "Node | Tensor"  # of a tensor: the node that computed it, or a leaf itself
_sequence = itertools.count()
_ARGUMENTS = (np.ndarray, np.generic, int, float, complex, type(None))  # what an op takes beside tensors


class DispatchMode:
    """Intercepts the ops of one thread: a subclass observes, times or replaces each call inside its `with` block.

    It is to this engine what TorchDispatchMode is to PyTorch and an interpreter is to JAX's Autodidax.
    The active modes form a stack.  A call goes to the innermost mode, whose methods do their part and
    pass the call on to the `outer` mode with `super()`.  The outermost mode runs the op.
    """

    outer: DispatchMode | None = None

    @classmethod
    def active(cls) -> Self | None:
        """The innermost mode of this class that the thread is in."""
        mode: DispatchMode | None = _state.mode
        while mode:
            if isinstance(mode, cls):
                return mode
            mode = mode.outer
        return None

    def forward(self, op: Op, arrays: Sequence[Argument], params: dict[str, Any]) -> Result:
        """Compute the op's result on arrays; each call passes here, also the calls that a backward makes."""
        if self.outer:
            return self.outer.forward(op, arrays, params)
        if op.check:
            op.check(*arrays, **params)
        result = op.forward(*arrays, **params)
        return result if NUMPY_2 else narrowed(result, arrays, params, most_dims=0)

    def recorded(self, node: Node, arrays: Sequence[Argument]) -> None:
        """Note that a call on these arrays was recorded as this node."""
        if self.outer:
            self.outer.recorded(node, arrays)

    def backward(self, node: Node, ctx: Context, gs: Sequence[Gradient | None]) -> Any:
        """Compute the node's vjp: the gradients of its inputs from its out-gradients `gs`."""
        if self.outer:
            return self.outer.backward(node, ctx, gs)
        return node.op.backward(ctx, *gs, **node.params)  # type: ignore[misc]

    def __enter__(self) -> DispatchMode:
        if self.outer:
            raise RuntimeError(f"{type(self).__name__}: this context is already entered; create another one")
        self.outer, _state.mode = _state.mode, self
        return self

    def __exit__(self, *exception: object) -> None:
        _state.mode, self.outer = self.outer or DispatchMode(), None


class _ThreadState(threading.local):
    mode = DispatchMode()


_state = _ThreadState()


class Node(RecordedCall):
    """One recorded call.

    Attributes
    ----------
    parents : list
        For each input (maker, output_nr, shape, dtype): the input is output number `output_nr` of the
        node `maker`, or the leaf tensor `maker` itself.  None for an input that needs no gradient.
    outputs : list
        Shape and dtype of each output.
    saved : tuple or PackedTensors
        The arrays that the op's `saves` names; None after a backward pass has freed them.
    versions : list
        For each saved tensor (version, count): its version counter, and the count when it was saved.
        None for a saved array or number.
    sequence_nr : int
        Position in the order of creation.
    metadata : Any
        Free for a dispatch mode, such as the line of the call for `detect_anomaly`.
    """

    __slots__ = (
        "hooks",
        "metadata",
        "op",
        "outputs",
        "params",
        "parents",
        "retained",
        "saved",
        "sequence_nr",
        "shapes",
        "versions",
    )

    def __init__(self, op: Op, params: dict[str, Any], inputs: Inputs) -> None:
        self.op, self.params = op, params
        self.hooks: dict[int, list[Callable]] | None = None
        self.retained: dict[int, weakref.ref[Tensor]] | None = None  # outputs that asked for retain_grad
        self.metadata: Any = None
        self.parents, self.shapes = parents, shapes = [], []  # type: ignore[var-annotated]
        for x in inputs:
            if isinstance(x, Tensor):
                array, shape = x.array, x.array.shape
                parents.append((x.node or x, x.output_nr, shape, array.dtype) if x._requires_grad else None)
                shapes.append(shape)
            else:
                parents.append(None)
                shapes.append(getattr(x, "shape", ()))
        self.sequence_nr = next(_sequence)

    def save_for_backward(self, inputs: Inputs, outputs: Sequence[Tensor]) -> None:
        """Save what backward needs, and the version counts, which show later changes in place."""
        self.outputs: list[tuple[Shape, np.dtype]] = []
        for y in outputs:
            self.outputs.append((y.array.shape, y.array.dtype))
        self.versions: list[tuple[list[int], int] | None] = []
        saved: list[Any] = []
        for i, j in self.op.kept:
            x = None if j is not None and not self.parents[j] else inputs[i] if i >= 0 else outputs[~i]
            if isinstance(x, Tensor):
                saved.append(x.array)
                self.versions.append((x.version, x.version[0]))
            else:
                saved.append(x)
                self.versions.append(None)
        self.saved: Any = tuple(saved)
        if self.op.attaches:
            self.versions[-1] = [0], 0

    def check_saved(self) -> None:
        """Raise if what backward needs was freed, or was changed in place after the forward pass."""
        if self.saved is None:
            raise RuntimeError(
                f"{self.op.title}: backward ran through this graph before and freed what it had saved; "
                "pass retain_graph=True to the first backward to go through it again"
            )
        if type(self.saved) is not tuple:
            self.saved = unpacked(self.saved)
        for k, version in enumerate(self.versions):
            if version is not None and version[0][0] != version[1]:
                i = self.op.saves[k]
                place = f"its input {i}" if i >= 0 else "its output"
                raise RuntimeError(
                    f"{self.op.title}: {place} was changed in place after the forward pass, and backward needs "
                    "the old values; change a copy (x.clone()), or change it after backward"
                )

    def saved_tensors(self) -> tuple[Any, ...]:
        """What was saved, as tensors that are connected to the graph, for create_graph=True."""
        tensors: list[Any] = []
        for i, array, version in zip(self.op.saves, self.saved or (), self.versions, strict=True):
            maker, output_nr = (self, ~i) if i < 0 else (self.parents[i] or (None, 0))[:2]
            if maker is None or version is None:
                tensors.append(wrap(array) if isinstance(array, np.ndarray) else array)
            elif isinstance(maker, Node):
                tensors.append(_wrap(array, maker, output_nr, version[0]))
            elif maker.array is array:
                tensors.append(maker)
            else:
                raise RuntimeError(
                    f"{self.op.title}: its input {i} was given other data after the forward pass, so its "
                    "gradient cannot be differentiated; run the forward pass again"
                )
        return tuple(tensors)


class Context:
    """The `ctx` of a backward: which inputs need a gradient, what was saved, and the shape of each input."""

    __slots__ = ("needs_input_grad", "saved_tensors", "shapes")

    def __init__(self, needs: tuple[bool, ...], saved: tuple[Any, ...], shapes: list[Shape]) -> None:
        self.needs_input_grad, self.saved_tensors, self.shapes = needs, saved, shapes


def _wrap(array: Any, node: Node | None, output_nr: int, version: list[int]) -> Tensor:
    """Make a tensor of a node's output, without the checks of `Tensor(...)`."""
    tensor = Tensor.__new__(Tensor)
    tensor.array = array
    if node is not None and array.dtype.kind not in DIFFERENTIABLE:
        node = None
    tensor.node = node
    tensor._requires_grad = node is not None
    tensor.output_nr = output_nr
    tensor.version = version
    tensor._grad = tensor.hooks = tensor._base = tensor._views = None
    return tensor


def apply(op: Op, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    """Run an op: on tensors and numbers it returns tensors and records a node if one requires grad; on arrays, arrays.

    A call on plain arrays goes straight to the forward.  So an op's backward is written once: the same lines
    run on arrays and, with create_graph=True, on tensors.
    """
    arrays: list[Any] = []
    dtype: np.dtype | None = None
    found, requires_grad, usual = False, False, bool(inputs)
    for x in inputs:
        array = x
        if isinstance(x, Tensor):
            found, array = True, x.array
            requires_grad = requires_grad or x._requires_grad
        elif not isinstance(x, _ARGUMENTS):
            raise TypeError(
                f"{op.name}: its input {len(arrays)} is a {full_name(x)}; expects a tensor, an array or a number "
                f"({instead_of(x)})"
            )
        arrays.append(array)
        if type(array) is not np.ndarray:
            usual = False
        elif array.dtype is not dtype:
            usual, dtype = usual and dtype is None and array.dtype.char in "fd", array.dtype
    mode = _state.mode
    if not usual:
        found, inputs, arrays, half = prepare(op, inputs, arrays, found)
        mode = _in_float32(mode) if half else mode
    if not found:
        return mode.forward(op, arrays, params)
    before = float_errors.ignore()
    try:
        result = mode.forward(op, arrays, params)
    finally:
        float_errors.restore(before)

    node = Node(op, params, inputs) if requires_grad and grad_mode.state.recording and op.backward else None
    several = type(result) is tuple
    results: Any = result if several else (result,)
    outputs: list[Tensor] = []
    for array in results:
        outputs.append(_output(array, node, len(outputs), inputs, arrays, several))
    if node is not None:
        node.save_for_backward(inputs, outputs)
        mode.recorded(node, arrays)
    return tuple(outputs) if several else outputs[0]


def _in_float32(mode: DispatchMode) -> DispatchMode:
    from autograd.low_precision import InFloat32  # which imports this module

    return InFloat32(mode)


def _output(
    array: Any, node: Node | None, output_nr: int, inputs: Inputs, arrays: Sequence[Argument], several: bool
) -> Tensor:
    if type(array) is not np.ndarray:
        array = np.asarray(array)  # NumPy turns an array without dimensions into a scalar
    tensor, shares = _wrap(array, node, output_nr, [0]), array.base is not None
    for given in arrays:
        shares = shares or given is array
    if shares:
        for x in inputs:
            if isinstance(x, Tensor) and (x.array is array or np.may_share_memory(array, x.array)):
                link(tensor, x, several)
    return tensor


# ── the backward pass ──────────────────────────────────────────────────────────────────


class _Arrivals:
    """Gradients that have arrived at nodes and leaves, summed up until their turn."""

    def __init__(self) -> None:
        self.sums: dict[Any, dict[int, tuple[Any, bool]]] = {}  # maker -> output_nr -> (sum so far, owned)
        self.heap: list[tuple[int, Node]] = []  # nodes to visit, the newest first

    def add(self, maker: Maker, output_nr: int, g: Any, owned: bool = False) -> None:
        """Add a gradient with respect to an output; `owned` tells whether later ones may be added to it in place."""
        sums = self.sums.get(maker)
        if sums is None:
            self.sums[maker] = {output_nr: (g, owned)}
            if isinstance(maker, Node):
                heappush(self.heap, (-maker.sequence_nr, maker))
            return
        so_far, so_far_owned = sums.get(output_nr, (0, False))
        if type(so_far) is int:  # a symbolic zero
            sums[output_nr] = g, owned
        elif type(g) is int:
            return
        elif so_far_owned:
            so_far += g
        elif isinstance(g, Tensor):
            sums[output_nr] = so_far + g, False
        else:
            sums[output_nr] = np.asarray(arithmetic.run(np.add, so_far, g)), True


def backward(
    roots: Sequence[Tensor],
    gradients: Sequence[Gradient],
    *,
    inputs: Sequence[Tensor] | None = None,
    retain_graph: bool = False,
    create_graph: bool = False,
) -> list[Any]:
    """Propagate the gradients of the roots to the leaves.

    Without `inputs`, add to the `.grad` of each leaf.  With `inputs`, visit only nodes that lead to them,
    leave `.grad` alone and return their gradients, None for an input that no root depends on.
    """
    arrivals, wanted = _Arrivals(), {(x.node or x, x.output_nr): None for x in inputs or ()}
    path = None if inputs is None else _leading_to(roots, wanted)
    for root, g in zip(roots, gradients, strict=True):
        arrivals.add(root.node or root, root.output_nr, g)
    recording, float_mode = grad_mode.state.recording, float_errors.ignore()
    grad_mode.state.recording = create_graph
    try:
        while arrivals.heap:
            node = heappop(arrivals.heap)[1]
            gs = _out_gradients(node, arrivals.sums.pop(node), wanted, create_graph)
            needs = tuple(map(bool, node.parents))
            if path is not None:
                needs = tuple([p is not None and (p[0] in path or p[:2] in wanted) for p in node.parents])
            if True in needs:
                for maker, output_nr, d, owned in _vjp(node, gs, needs, retain_graph, create_graph):
                    arrivals.add(maker, output_nr, d, owned)
        for leaf, arrived in arrivals.sums.items():  # only leaves are left
            g = _dense(arrived[0][0], leaf.array.shape, leaf.array.dtype, create_graph)
            g = _run_hooks(leaf.hooks, 0, g) if leaf.hooks else g
            if inputs is None:
                _accumulate(leaf, g, owned=arrived[0][1] and not leaf.hooks)
            elif (leaf, 0) in wanted:
                wanted[leaf, 0] = g
    finally:
        grad_mode.state.recording = recording
        float_errors.restore(float_mode)
    return [wanted[x.node or x, x.output_nr] for x in inputs or ()]


def _out_gradients(node: Node, arrived: dict[int, tuple[Any, bool]], wanted: dict, create_graph: bool) -> list[Any]:
    """The node's out-gradients, after its hooks; an empty list if all are symbolic zeros.

    An out-gradient that the caller of `backward` wants, or `retain_grad` asked for, is stored here.
    """
    gs: list[Any] = []
    zero = not node.hooks
    for output_nr, (shape, dtype) in enumerate(node.outputs):
        g = arrived[output_nr][0] if output_nr in arrived else None
        zero = zero and (g is None or type(g) is int)
        g = _dense(g, shape, dtype, create_graph)
        g = _run_hooks(node.hooks, output_nr, g) if node.hooks else g
        if wanted and (node, output_nr) in wanted:
            wanted[node, output_nr] = g
        elif g is not None and node.retained and output_nr in node.retained:
            tensor = node.retained[output_nr]()
            if tensor is not None:  # still alive
                _accumulate(tensor, g, owned=False)
        gs.append(_dense(0, shape, dtype, create_graph) if g is None and node.takes_zeros(dtype) else g)
    return [] if zero else gs


def _vjp(
    node: Node, gs: list[Any], needs: tuple[bool, ...], retain_graph: bool, create_graph: bool
) -> list[tuple[Maker, int, Any, bool]]:
    """The vjp of one node: (maker, output_nr, gradient, owned) for each input that needs a gradient and has one.

    An empty `gs` stands for out-gradients of zero.  The results are then zero, and nothing is computed.
    """
    node.check_saved()
    ctx = Context(needs, node.saved_tensors() if create_graph else node.saved or (), node.shapes)
    results = _state.mode.backward(node, ctx, gs) if gs else (0,) * len(node.parents)
    results = results if type(results) is tuple else (results,)
    if len(results) != len(node.parents):
        raise RuntimeError(
            f"{node.op.title}: its backward returned {len(results)} gradients for {len(node.parents)} inputs; "
            "it must return one for each input, None where none is needed"
        )
    others = (*gs, *results, *(node.saved or ()))
    if node.saved and not retain_graph:
        node.saved = None
    found = []
    for i, d in enumerate(results):
        if needs[i] and d is not None:
            maker, output_nr, shape, dtype = node.parents[i]  # type: ignore[misc]
            if type(d) is not np.ndarray or d.dtype is not dtype or d.shape != shape:
                d = _fit(node.op, i, d, shape, dtype)
            owned = not create_graph and type(d) is np.ndarray and d.base is None and _is_new(d, others)
            found.append((maker, output_nr, d, owned))
    return found


def _fit(op: Op, i: int, d: Any, shape: Shape, dtype: np.dtype) -> Any:
    """The gradient of input i in the input's shape and dtype: a dimension that was broadcast is summed."""
    if type(d) is int and d == 0:
        return d
    if type(d) is not np.ndarray and not isinstance(d, Tensor):
        d = np.asarray(d)
    if d.shape != shape:
        lead = d.ndim - len(shape)
        if not op.broadcasts or lead < 0 or any(n not in (1, m) for n, m in zip(shape, d.shape[lead:], strict=True)):
            raise RuntimeError(
                f"{op.title}: its backward returned a gradient of shape {tuple(d.shape)} for input {i}, "
                f"whose shape is {shape}; a gradient has the shape of its input"
            )
        dim = (*range(lead), *[lead + k for k, n in enumerate(shape) if n != d.shape[lead + k]])
        d = (d.sum(dim) if isinstance(d, Tensor) else np.asarray(total(d, dim=dim, keepdim=False))).reshape(shape)
    if d.dtype != dtype:
        d = d.to(dtype) if isinstance(d, Tensor) else converted(d, dtype)
    return d


def _dense(g: Any, shape: Shape, dtype: np.dtype, create_graph: bool) -> Any:
    """The gradient; for a symbolic zero an array, or with create_graph a tensor, of zeros."""
    if type(g) is not int:
        return g
    return wrap(np.zeros(shape, dtype)) if create_graph else np.zeros(shape, dtype)


def _is_new(d: Array, others: Sequence[Any]) -> bool:
    """Whether backward made this array, which is no view, itself: it was not given it, and did not return it twice."""
    times = 0
    for other in others:
        times += other is d or (type(other) is np.ndarray and other.base is d)
    return times <= 1 and d.flags.writeable  # once as what backward returned


def _run_hooks(hooks: dict[int, list[Callable]] | None, output_nr: int, g: Any) -> Any:
    """The gradient after the hooks, which see it as a tensor and may replace it."""
    if g is None or not hooks or output_nr not in hooks:
        return g
    tensor = g if isinstance(g, Tensor) else wrap(g)
    for hook in list(hooks[output_nr]):
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


def _accumulate(leaf: Tensor, g: Array | Tensor, owned: bool) -> None:
    """Add a gradient to `leaf.grad`, which gets an array of its own: users may change it in place."""
    grad = leaf._grad
    if isinstance(g, Tensor):  # recorded
        leaf.grad = g.clone() if grad is None else grad + g
    elif grad is None:
        leaf._grad = _wrap(g if owned else g.copy(), None, 0, [0])
    else:
        grad.array += g
        grad.version[0] += 1


def _leading_to(roots: Iterable[Tensor], wanted: dict[tuple[Maker, int], None]) -> set[Maker]:
    """The nodes on a path from the roots to something wanted."""
    nodes, stack = set(), [root.node for root in roots if root.node]
    while stack:
        node = stack.pop()
        if node not in nodes:
            nodes.add(node)
            stack.extend(parent[0] for parent in node.parents if parent and isinstance(parent[0], Node))
    path: set[Maker] = set()
    for node in sorted(nodes, key=lambda node: node.sequence_nr):  # parents first
        if any(parent and (parent[:2] in wanted or parent[0] in path) for parent in node.parents):
            path.add(node)
    return path
