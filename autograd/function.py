"""Functions with a backward that the user writes: `autograd.Function`.

    class Cube(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, grad_output):
            (x,) = ctx.saved_tensors
            return grad_output * 3 * x**2

    y = Cube.apply(x)

`forward` computes with tensors, arrays, or any library; nothing in it is recorded.  `apply` records one node for the
whole call.  Names, arguments and rules are those of torch.autograd.Function.
"""

from __future__ import annotations

import functools
import inspect
import warnings
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import numpy as np

from autograd import engine
from autograd.engine import Context, Node
from autograd.grad_fn import NextFunctions, unpacked
from autograd.grad_mode import is_grad_enabled, no_grad
from autograd.op import Op, Sample
from autograd.promotion import DIFFERENTIABLE
from autograd.tensor import Tensor, wrap

__all__ = ["Function", "FunctionCtx", "InplaceFunction", "once_differentiable"]


class FunctionCtx:
    """The `ctx` of one call: what forward leaves for backward.  It takes any attribute.

    Attributes
    ----------
    needs_input_grad : tuple of bool
        For each argument of `apply`, whether backward has to return a gradient for it.
    saved_tensors : tuple
        What `save_for_backward` was given.
    """

    needs_input_grad: tuple[bool, ...]

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...

    def __init__(self, function: type[Function], args: Sequence[Any]) -> None:
        self.needs_input_grad = tuple([isinstance(x, Tensor) and x.requires_grad for x in args])
        self._function = function
        self._is_tensor = [isinstance(x, Tensor) for x in args]
        self._to_save: tuple[Tensor | None, ...] = ()
        self._dirty: tuple[Tensor, ...] = ()
        self._without_grad: tuple[Tensor, ...] = ()
        self._materialize_grads = True
        self._node: weakref.ref[FunctionNode] | None = None

    def _check_tensors(self, method: str, values: Sequence[Any], error: type[Exception], or_none: str = "") -> None:
        for i, x in enumerate(values):
            if not (isinstance(x, Tensor) or (or_none and x is None)):
                raise error(
                    f"{self._function.__name__}: {method} takes tensors{or_none}, and argument {i} is a "
                    f"{type(x).__name__}; keep other things as attributes: `ctx.name = value`"
                )

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for backward, as `saved_tensors`.  Call it once in forward or setup_context.

        Backward notices if they were changed in place, and frees them.  With create_graph, inputs and outputs among
        them are connected to the graph, so that backward can be differentiated.

        Raises
        ------
        TypeError
            If an argument is neither a tensor nor None.
        """
        self._check_tensors("save_for_backward", tensors, TypeError, " and None")
        self._to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Accepted, and ignored: there is no forward-mode differentiation, so no `jvp` reads them."""

    def mark_dirty(self, *args: Tensor) -> None:
        """Name the inputs that forward changes in place.  Each must be returned by forward."""
        self._check_tensors("mark_dirty", args, RuntimeError)
        self._dirty = args

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Name the outputs that have no gradient, such as indices; integers and bools have none in any case."""
        self._check_tensors("mark_non_differentiable", args, RuntimeError)
        self._without_grad = args

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (the default), or None, for an output that the loss does not depend on."""
        self._materialize_grads = bool(value)

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        node = self._node and self._node()
        return node.tensors() if node else ()


class FunctionNode(Node):
    """The recorded call of a Function.

    Attributes
    ----------
    ctx : FunctionCtx
    sources : list
        For each saved tensor (maker, output_nr, version, count), where version and count are as in `Node.versions`;
        the maker of an intermediate result is None.  None in place of a saved None.
    """

    __slots__ = ("__weakref__", "ctx", "sources")

    def __init__(self, op: Op, ctx: FunctionCtx, args: Sequence[Any]) -> None:
        super().__init__(op, {"call": ctx}, args)
        self.ctx = ctx
        self.shapes = [x.array.shape if isinstance(x, Tensor) else () for x in args]
        ctx._node = weakref.ref(self)

    def name(self) -> str:
        return f"{self.ctx._function.__name__}Backward"

    @property
    def next_functions(self) -> NextFunctions:
        """As of other nodes; an argument that is no tensor is left out."""
        return tuple([step for step, x in zip(super().next_functions, self.ctx._is_tensor, strict=True) if x])

    def takes_zeros(self, dtype: np.dtype) -> bool:
        return self.ctx._materialize_grads and super().takes_zeros(dtype)

    def keep(self, saved: Sequence[Tensor | None], args: Sequence[Any], returned: Sequence[Any]) -> None:
        """Keep the tensors to save.  `returned` are forward's results, before they got their history."""
        self.sources: list[Any] = []
        for x in saved:
            if x is None:
                self.sources.append(None)
                continue
            maker: Any = None
            output_nr = 0
            if any(x is y for y in self.ctx._dirty) or not any(x is y for y in args):
                numbers = [k for k, y in enumerate(returned) if x is y]
                if numbers:
                    maker, output_nr = self, numbers[0]
            elif x.requires_grad:
                maker, output_nr = x.node or x, x.output_nr
            # a node does not hold itself, so that reference counting frees it
            self.sources.append((None if maker is self else maker, output_nr, x.version, x.version[0], maker is self))
        self.saved = tuple([None if x is None else x.array for x in saved])

    def check_saved(self) -> None:
        """Nothing: what was saved is checked where backward asks for it."""

    def saved_tensors(self) -> tuple[Any, ...]:
        return ()  # backward reads ctx.saved_tensors

    def tensors(self) -> tuple[Tensor | None, ...]:
        """What was saved, connected to the graph."""
        name = self.op.name
        if self.saved is None:
            raise RuntimeError(
                f"{name}: backward ran through this graph before and freed what save_for_backward had kept; pass "
                "retain_graph=True to the first backward to go through it again"
            )
        self.saved = unpacked(self.saved)
        found: list[Tensor | None] = []
        for i, (array, source) in enumerate(zip(self.saved, self.sources, strict=True)):
            if source is None:
                found.append(None)
                continue
            maker, output_nr, version, count, of_this = source
            if version[0] != count:
                raise RuntimeError(
                    f"{name}: saved tensor {i} was changed in place after the forward pass, and backward needs the "
                    "old values; change a copy (x.clone()), or change it after backward"
                )
            maker = self if of_this else maker
            if isinstance(maker, Tensor) and maker.array is array:
                found.append(maker)
            elif isinstance(maker, Tensor) and is_grad_enabled():
                raise RuntimeError(
                    f"{name}: saved tensor {i} was given other data after the forward pass, so its gradient cannot "
                    "be differentiated; run the forward pass again"
                )
            else:
                found.append(engine._wrap(array, maker if isinstance(maker, Node) else None, output_nr, version))
        return tuple(found)


def _run_backward(ctx: Context, *gs: Any, call: FunctionCtx) -> tuple[Any, ...]:
    """Call the user's backward.  The engine passes arrays, and with create_graph tensors; the user gets tensors."""
    function = call._function
    node: Any = call._node() if call._node else None  # it is being visited, so it is there
    user = _backward_of(function)
    call.needs_input_grad = ctx.needs_input_grad
    recording = any(isinstance(g, Tensor) for g in gs)
    tensors = []
    for g, (shape, dtype) in zip(gs, node.outputs, strict=True):
        if g is None and call._materialize_grads:  # of integers
            g = np.zeros(shape, dtype)
        tensors.append(wrap(g) if isinstance(g, np.ndarray) else g)
    found = user(call, *tensors)
    found = found if isinstance(found, tuple) else (found,)
    expected = len(node.parents)
    if len(found) < expected or any(d is not None for d in found[expected:]):
        raise RuntimeError(
            f"{function.__name__}: its backward returned {len(found)} gradients for the {expected} arguments of "
            "forward; it must return one for each, None where none is needed"
        )
    for i, d in enumerate(found):
        if d is not None and not isinstance(d, Tensor):
            raise RuntimeError(
                f"{function.__name__}: its backward returned a {type(d).__name__} as gradient {i}; return a tensor, "
                "or None, and several gradients as a tuple"
            )
    for i, (d, x) in enumerate(zip(found, call._is_tensor, strict=False)):
        if d is not None and not x:
            raise RuntimeError(
                f"{function.__name__}: its backward returned a gradient for argument {i} of forward, which is no "
                "tensor; return None for it"
            )
    # views, so that the engine does not add to an array that the user may still hold
    return tuple([d if d is None or recording else d.array.view() for d in found[:expected]])


def _backward_of(function: type[Function]) -> Callable[..., Any]:
    """The backward that the user wrote, which may be called vjp."""
    own, vjp = function.backward is not Function.backward, function.vjp is not Function.vjp
    if own and vjp:
        raise RuntimeError(f"{function.__name__}: it has both a backward and a vjp, which mean the same; remove one")
    return function.vjp if vjp else function.backward


def _refuse(*args: Any, **params: Any) -> NoReturn:
    raise RuntimeError("a Function has no reference and no samples: its forward is run by apply")


class Function:
    """A function whose backward you write.  Subclass it, and call the subclass's `apply`.

    Two styles: `forward(ctx, *args)`, or `forward(*args)` with `setup_context(ctx, inputs, output)`.  All are static
    methods.  Arguments may be tensors and anything else.  A result is a tensor, or a tuple of tensors and other things.

    `backward(ctx, *grad_outputs)` gets one gradient for each result, and returns one for each argument of forward, None
    where there is none.  It is recorded under create_graph.  So it can be differentiated, if it uses tensors; if not,
    decorate it with `once_differentiable`.

    Raises
    ------
    RuntimeError
        If an instance is called, as in very old PyTorch: call `apply` of the class.
    NotImplementedError
        When a method is needed that the subclass does not have: `forward`, or `backward` in a backward pass.

    References
    ----------
    torch.autograd.Function.  For an op that passes the same tests as lucidgrad's own, see `autograd.register`.

    Examples
    --------
    >>> import autograd
    >>> class Cube(autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x * x
    ...
    ...     @staticmethod
    ...     def backward(ctx, grad_output):
    ...         (x,) = ctx.saved_tensors
    ...         return grad_output * 3 * x * x
    >>> x = autograd.tensor([1.0, 2.0], requires_grad=True)
    >>> y = Cube.apply(x)
    >>> y
    tensor([1., 8.], grad_fn=<CubeBackward>)
    >>> y.sum().backward()
    >>> x.grad
    tensor([ 3., 12.])
    """

    _op: ClassVar[Op]
    generate_vmap_rule: ClassVar[bool] = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"{type(self).__name__}: an instance of a Function is of no use, because its methods are static; call "
            f"{type(self).__name__}.apply(...)",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        name = type(self).__name__
        raise RuntimeError(
            f"{name}: a Function is not called as an instance, {name}()(...), as in very old PyTorch; make forward and "
            f"backward static methods whose first argument is ctx, and call {name}.apply(...)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the result: forward(ctx, *args), or forward(*args) if there is a setup_context."""
        raise NotImplementedError("Function: write the static method forward of your autograd.Function")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Keep in ctx what backward needs, where forward has no ctx."""
        raise NotImplementedError("Function: setup_context is not written")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Return the gradient of each argument of forward, from the gradients of its results."""
        raise NotImplementedError(
            "Function: write the static method backward (or vjp) of your autograd.Function; backward reached its result"
        )

    @staticmethod
    def vjp(ctx: Any, *grad_outputs: Any) -> Any:
        """Another name of `backward`."""
        raise NotImplementedError("Function: vjp is not written")

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """Forward-mode differentiation.  It is never called: lucidgrad has reverse mode only."""
        raise NotImplementedError("Function: lucidgrad has no forward-mode differentiation, so jvp is not called")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Call forward and record the call.

        An argument given by keyword counts at its place in forward's signature.

        Raises
        ------
        TypeError
            If the arguments do not fit forward, or are keyword-only.
        RuntimeError
            If a tensor that `mark_dirty` named is a leaf that requires grad, is a view, or is not returned.
        """
        separate = cls.setup_context is not Function.setup_context
        if separate or kwargs:
            args = _positional(cls, separate, args, kwargs)
        ctx = FunctionCtx(cls, args)
        recorded = is_grad_enabled() and any(ctx.needs_input_grad)
        # made now: a tensor that forward changes in place gets another history below
        node = FunctionNode(_op_of(cls), ctx, args) if recorded else None
        with no_grad():
            result = cls.forward(*args) if separate else cls.forward(ctx, *args)
            if separate:
                cls.setup_context(ctx, args, result)
        returned = result if isinstance(result, tuple) else (result,)
        _check_dirty(cls, ctx, args, returned, node is not None)
        if node is None:
            outputs = [_alias(y, args) if isinstance(y, Tensor) and not _among(y, ctx._dirty) else y for y in returned]
        else:
            node.sequence_nr = next(engine._sequence)  # after any calls that forward recorded
            outputs = _with_history(node, args, returned)
            engine._state.mode.recorded(node, [x.array if isinstance(x, Tensor) else None for x in args])
        return tuple(outputs) if isinstance(result, tuple) else outputs[0]


def _positional(
    function: type[Function], separate: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, ...]:
    """The arguments in the order of forward's signature; in the newer style with those that have defaults."""
    ctx = () if separate else (None,)
    bound = inspect.signature(function.forward).bind(*ctx, *args, **kwargs)
    if separate or bound.kwargs:
        bound.apply_defaults()
    if bound.kwargs:
        raise TypeError(
            f"{function.__name__}.apply: {', '.join(bound.kwargs)} is keyword-only in forward, and backward returns "
            "gradients by position; take the * out of forward's signature"
        )
    return bound.args[len(ctx) :]


def _op_of(function: type[Function]) -> Op:
    """The op that stands in the nodes of a Function.  It is not in the table: apply runs forward, not the engine."""
    if "_op" not in vars(function):
        function._op = Op(
            name=function.__name__,
            forward=_refuse,
            backward=_run_backward,
            reference=_refuse,
            sample=lambda draw: Sample(()),
            kind="discrete",  # `verify` has nothing to compare with
            broadcasts=True,
        )
    return function._op


def _among(x: Any, values: Sequence[Any]) -> bool:
    return any(x is y for y in values)


def _alias(y: Tensor, args: Sequence[Any]) -> Tensor:
    """A result without history: another tensor if forward returned its input, or a recorded tensor, as it is."""
    return y.detach() if _among(y, args) or y.requires_grad else y


def _check_dirty(
    function: type[Function], ctx: FunctionCtx, args: Sequence[Any], returned: Sequence[Any], recorded: bool
) -> None:
    """Raise if what was changed in place cannot get the history of this call; count the changes."""
    name = function.__name__
    for x in ctx._dirty:
        if not _among(x, args) or not _among(x, returned):
            raise RuntimeError(
                f"{name}: mark_dirty names the inputs that forward changes in place, and one of its tensors is not "
                f"{'an input' if not _among(x, args) else 'returned by forward'}; each must be both"
            )
        if recorded and x.is_leaf and x.requires_grad:
            raise RuntimeError(
                f"{name}: forward changed a leaf that requires grad in place, so its gradient would be lost; pass "
                "x.clone()"
            )
        if recorded and x.array.base is not None:
            raise RuntimeError(
                f"{name}: forward changed a view in place, and the tensor that it is a view of would keep the history "
                "of its old values; pass x.clone()"
            )
        x.version[0] += 1


def _with_history(node: FunctionNode, args: Sequence[Any], returned: Sequence[Any]) -> list[Any]:
    """Forward's results as outputs of the node; what is no tensor is returned as it is."""
    ctx = node.ctx
    numbered = [y for y in returned if isinstance(y, Tensor)]
    node.outputs = [(y.array.shape, y.array.dtype) for y in numbered]
    node.keep(ctx._to_save, args, numbered)
    outputs: list[Any] = []
    output_nr = -1
    for y in returned:
        output_nr += isinstance(y, Tensor)
        if not isinstance(y, Tensor):
            outputs.append(y)
        elif y.array.dtype.kind not in DIFFERENTIABLE or _among(y, ctx._without_grad):
            outputs.append(_alias(y, args))
        elif (
            (_among(y, args) and not _among(y, ctx._dirty))
            or y.node is node
            or (y.requires_grad and not _among(y, args))
        ):
            outputs.append(engine._wrap(y.array, node, output_nr, y.version))
        else:  # the same tensor, so that an attribute of ctx that names it is differentiated with it
            y.node, y.output_nr, y._requires_grad = node, output_nr, True
            outputs.append(y)
    ctx._to_save = ctx._dirty = ctx._without_grad = ()  # which may be outputs, and these refer to the node
    return outputs


class InplaceFunction(Function):
    """A Function with the flag `inplace`, an old name that some programs derive from."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


class _Once(Function):
    """The identity, whose backward says that it must not be differentiated."""

    @staticmethod
    def forward(ctx: Any, *tensors: Any) -> tuple[Any, ...]:
        return tensors

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> NoReturn:
        raise RuntimeError(
            "once_differentiable: this backward cannot be differentiated a second time; write it in tensor operations, "
            "and take the decorator away"
        )


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a backward that computes outside autograd, such as with NumPy: its gradient has no gradient.

    Nothing in it is recorded.  A second differentiation raises RuntimeError, where it would be wrong without a word.

    Examples
    --------
    >>> import autograd
    >>> from autograd.function import once_differentiable
    >>> class Exp(autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.y = x.detach().exp()
    ...         return ctx.y.clone()
    ...
    ...     @staticmethod
    ...     @once_differentiable
    ...     def backward(ctx, grad_output):
    ...         return grad_output * ctx.y
    >>> x = autograd.tensor(0.0, requires_grad=True)
    >>> autograd.grad(Exp.apply(x), x)
    (tensor(1.),)
    """

    @functools.wraps(fn)
    def once(ctx: Any, *args: Any) -> Any:
        with no_grad():
            found = fn(ctx, *args)
        if not is_grad_enabled() or not any(isinstance(g, Tensor) and g.requires_grad for g in args):
            return found
        given = found if isinstance(found, tuple) else (found,)
        marked = _Once.apply(*[d.detach().requires_grad_() if isinstance(d, Tensor) else d for d in given])
        return marked if isinstance(found, tuple) else marked[0]

    return once
