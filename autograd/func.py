"""Derivatives as functions of functions: `grad(f)` is the function that computes the gradient of f.

Names and arguments are those of torch.func.  Arguments and results may be tensors, or tuples, lists and dicts of them,
nested.  All derivatives are computed in reverse mode; `vmap` calls the function once for each element.

>>> import autograd
>>> from autograd.func import grad, jacrev
>>> grad(grad(lambda x: x**3))(autograd.tensor(2.0))
tensor(12.)
>>> jacrev(lambda x: x * x)(autograd.tensor([1.0, 2.0]))
tensor([[2., 0.],
        [0., 4.]])
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np

from autograd import gradients, ops
from autograd.grad_mode import enable_grad
from autograd.random import get_rng_state, set_rng_state
from autograd.tensor import Tensor, wrap

__all__ = [
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "stack_module_state",
    "vjp",
    "vmap",
]

Tree: TypeAlias = Any  # a tensor, or nested tuples, lists and dicts of tensors and other things
Function: TypeAlias = Callable[..., Any]


# ── nested containers ──


def _map(function: Callable[..., Any], tree: Tree, *others: Tree) -> Tree:
    """The tree with each part that is no container replaced by function(part, the same part of the others)."""
    if isinstance(tree, dict):
        return type(tree)((key, _map(function, tree[key], *[other[key] for other in others])) for key in tree)
    if isinstance(tree, tuple | list):
        parts = [_map(function, *part) for part in zip(tree, *others, strict=True)]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return function(tree, *others)


def _leaves(tree: Tree) -> list[Any]:
    """The parts of a tree that are no containers, in order."""
    found: list[Any] = []
    _map(found.append, tree)
    return found


def _like(tree: Tree, parts: Sequence[Any]) -> Tree:
    """The tree with these parts."""
    left = iter(parts)
    return _map(lambda _: next(left), tree)


# ── one call, and its derivatives ──


class _Call:
    """A call of func in which some arguments are differentiated.

    These are replaced by tensors that are equal and belong to this call, so that nested calls do not get mixed up.  If
    the result also depends on other tensors that require grad, as those of an outer call, derivatives are recorded.
    """

    def __init__(self, caller: str, func: Function, trees: Sequence[Tree], has_aux: bool, call: Callable[..., Any]):
        self.caller, self.trees = caller, trees
        self.made: list[Tensor] = []
        with enable_grad():
            result = call(func, [_map(self._own, tree) for tree in trees])
        self.aux = None
        if has_aux:
            if not (isinstance(result, tuple) and len(result) == 2):
                raise RuntimeError(f"{caller}: with has_aux=True the function returns a tuple of a result and the rest")
            result, self.aux = result
        self.result = result
        self.outputs = _leaves(result)
        for y in self.outputs:
            if not isinstance(y, Tensor):
                raise RuntimeError(f"{caller}: the function must return tensors, and it returned a {type(y).__name__}")
        self.recorded = self._depends_on_more()

    def _own(self, x: Any) -> Tensor:
        if not isinstance(x, Tensor) or not x.is_floating_point():
            kind = f"{x.dtype} tensor" if isinstance(x, Tensor) else type(x).__name__
            raise RuntimeError(f"{self.caller}: derivatives are with respect to float tensors, not a {kind}")
        with enable_grad():
            own = ops.reshape(x, x.shape) if x.requires_grad else x.detach().requires_grad_()
        self.made.append(own)
        return own

    def _depends_on_more(self) -> bool:
        """Whether a result has a path to a leaf that is not of this call."""
        stack: list[Any] = [y.node or y for y in self.outputs if y.requires_grad]
        seen, own = set(stack), set(self.made)
        while stack:
            maker = stack.pop()
            if isinstance(maker, Tensor):
                if maker not in own:
                    return True
                continue
            makers = {parent[0] for parent in maker.parents if parent} - seen
            seen |= makers
            stack.extend(makers)
        return False

    def value(self, tree: Tree) -> Tree:
        """The result for the caller: without history, unless it depends on more than this call."""
        return _map(lambda y: y.detach() if isinstance(y, Tensor) and not self.recorded else y, tree)

    def vjp(
        self, outputs: Sequence[Tensor], v: Sequence[Tensor], inputs: Sequence[Tensor], create_graph: bool
    ) -> list[Tensor]:
        """Σ v · ∂outputs/∂inputs; zeros where an output does not depend on an input."""
        connected = [(y, g) for y, g in zip(outputs, v, strict=True) if y.requires_grad]
        if not connected:
            return [wrap(np.zeros_like(x.array)) for x in inputs]
        ys, gs = zip(*connected, strict=True)
        return list(
            gradients.grad(ys, inputs, gs, retain_graph=True, create_graph=create_graph, materialize_grads=True)
        )

    def checked(self, v: Tree, example: Sequence[Tensor], what: str) -> list[Tensor]:
        vectors = _leaves(v)
        shapes = [getattr(x, "shape", None) for x in vectors]
        if shapes != [x.shape for x in example]:
            raise RuntimeError(
                f"{self.caller}: the vectors have shapes {shapes}, and {what} {[x.shape for x in example]}; "
                "they must match"
            )
        return vectors

    def jacobian(self, y: Tensor) -> list[Tensor]:
        """∂y/∂input for each input, one vjp for each element of y."""
        rows = []
        for k in range(y.numel()):
            one = np.zeros_like(y.array)
            one.flat[k] = 1
            rows.append(self.vjp([y], [wrap(one)], self.made, self.recorded))
        return [
            ops.stack([row[i] for row in rows]).reshape(*y.shape, *x.shape)
            if rows
            else wrap(np.zeros((*y.shape, *x.shape), x.dtype))
            for i, x in enumerate(self.made)
        ]


def _chosen(
    caller: str,
    func: Function,
    argnums: int | tuple[int, ...],
    has_aux: bool,
    args: Sequence[Any],
    kwargs: dict[str, Any],
) -> _Call:
    """func(*args, **kwargs), differentiated with respect to the arguments with these numbers."""
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    if not numbers or any(not -len(args) <= n < len(args) for n in numbers):
        raise RuntimeError(f"{caller}: argnums={argnums!r} does not fit {len(args)} positional arguments")
    numbers = tuple(n % len(args) for n in numbers)

    def call(func: Function, trees: list[Tree]) -> Any:
        given = list(args)
        for n, tree in zip(numbers, trees, strict=True):
            given[n] = tree
        return func(*given, **kwargs)

    return _Call(caller, func, [args[n] for n in numbers], has_aux, call)


def _of_arguments(run: _Call, argnums: int | tuple[int, ...], parts: Sequence[Any]) -> Tree:
    """One derivative for each differentiated tensor, in the containers of the arguments."""
    trees = _like(tuple(run.trees), parts)
    return trees[0] if isinstance(argnums, int) else trees


def grad_and_value(func: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Function:
    """The function that computes the gradient of func, and what func returns.

    Parameters
    ----------
    func : callable
        Returns a tensor without dimensions.
    argnums : int or tuple of int
        Which arguments to differentiate with respect to.
    has_aux : bool
        func returns a tuple of the result and other things, which are returned beside the value.

    Returns
    -------
    callable, with func's arguments
        It returns (gradient, value), or with has_aux (gradient, (value, the other things)).  The gradient has the form
        of the argument; for a tuple of argnums it is a tuple.

    Raises
    ------
    RuntimeError
        When the function is called: if func returns no tensor without dimensions, or an argument is no float tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.func.grad_and_value(lambda x: (x * x).sum())(autograd.tensor([1.0, 2.0]))
    (tensor([2., 4.]), tensor(5.))
    """

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        run = _chosen("grad", func, argnums, has_aux, args, kwargs)
        if not isinstance(run.result, Tensor) or run.result.ndim != 0:
            shape = run.result.shape if isinstance(run.result, Tensor) else type(run.result).__name__
            raise RuntimeError(f"grad: the function must return a tensor without dimensions, not {shape}; sum it")
        y = run.result
        found = run.vjp([y], [wrap(np.ones_like(y.array))], run.made, run.recorded)
        gradient, value = _of_arguments(run, argnums, found), run.value(y)
        return (gradient, (value, run.value(run.aux))) if has_aux else (gradient, value)

    return wrapper


def grad(func: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Function:
    """The function that computes the gradient of func, which returns a tensor without dimensions.

    Parameters
    ----------
    func : callable
    argnums : int or tuple of int
        Which arguments to differentiate with respect to.
    has_aux : bool
        func returns a tuple of the result and other things, which are returned beside the gradient.

    Returns
    -------
    callable, with func's arguments
        It returns what has the form of the argument; a tuple of these for a tuple of argnums.

    Raises
    ------
    RuntimeError
        When the function is called: if func returns no tensor without dimensions, or an argument is no float tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.func.grad(lambda p, x: (p["w"] * x).sum())({"w": autograd.ones(2)}, autograd.tensor([3.0, 4.0]))
    {'w': tensor([3., 4.])}
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        gradient, value = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return wrapper


def vjp(func: Function, *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """func(*primals), and the function that computes vector-Jacobian products there.

    Parameters
    ----------
    func : callable
        Returns tensors, or nested tuples, lists and dicts of them.
    *primals : Tensor of float, any shape, or nested containers of them
        The arguments of func.
    has_aux : bool
        func returns a tuple of the result and other things, which are returned at the end.

    Returns
    -------
    output
        What func returns.
    vjp_fn : callable (v)
        v has the form of the output.  Returns a tuple with one product for each of primals.
    aux
        With has_aux only.

    Raises
    ------
    RuntimeError
        If a primal is no float tensor, or func returns something else than tensors.  In `vjp_fn`: if shapes differ.

    Examples
    --------
    >>> import autograd
    >>> y, vjp_fn = autograd.func.vjp(lambda x: x * x, autograd.tensor([1.0, 2.0]))
    >>> vjp_fn(autograd.ones(2))
    (tensor([2., 4.]),)
    """
    run = _Call("vjp", func, primals, has_aux, lambda func, trees: func(*trees))

    def vjp_fn(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        vectors = run.checked(cotangents, run.outputs, "the results")
        record = run.recorded or any(v.requires_grad for v in vectors)
        return _like(tuple(primals), run.vjp(run.outputs, vectors, run.made, record))

    output = run.value(run.result)
    return (output, vjp_fn, run.value(run.aux)) if has_aux else (output, vjp_fn)


def jvp(
    func: Function, primals: tuple[Any, ...], tangents: tuple[Any, ...], *, strict: bool = False, has_aux: bool = False
) -> tuple[Any, ...]:
    """func(*primals), and the Jacobian-vector product there with tangents.

    It is computed as a vjp of a vjp.

    Parameters
    ----------
    func : callable
    primals, tangents : tuple
        The arguments, and the vectors, of the same form and shapes.
    strict : bool
        Accepted, without effect: the derivative of what does not depend on primals is 0.
    has_aux : bool
        As for `grad`.

    Returns
    -------
    output, product
        Both have the form of what func returns.  With has_aux, the other things come third.

    Raises
    ------
    RuntimeError
        If primals or tangents is no tuple, their shapes differ, or func returns something else than tensors.

    Examples
    --------
    >>> import autograd
    >>> autograd.func.jvp(lambda x: x * x, (autograd.tensor([1.0, 2.0]),), (autograd.tensor([0.0, 1.0]),))
    (tensor([1., 4.]), tensor([0., 4.]))
    """
    if not isinstance(primals, tuple) or not isinstance(tangents, tuple) or not primals:
        raise RuntimeError("jvp: primals and tangents must be tuples of the same length, not empty: (x,) for one")
    run = _Call("jvp", func, primals, has_aux, lambda func, trees: func(*trees))
    vectors = run.checked(tangents, run.made, "the primals")
    us = [wrap(np.zeros_like(y.array), requires_grad=True) for y in run.outputs]
    product = run.vjp(run.outputs, us, run.made, True)
    record = run.recorded or any(v.requires_grad for v in vectors)
    found = _like(run.result, run.vjp(product, vectors, us, record))
    output = run.value(run.result)
    return (output, found, run.value(run.aux)) if has_aux else (output, found)


def jacrev(
    func: Function,
    argnums: int | tuple[int, ...] = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Function:
    """The function that computes the Jacobian of func, by one backward pass for each element of the result.

    Parameters
    ----------
    func, argnums, has_aux
        As for `grad`; func may return any tensors.
    chunk_size : int, optional
        Accepted, without effect.

    Returns
    -------
    callable, with func's arguments
        For each result, in the form of the results, a derivative of shape (*result's shape, *argument's shape) in the
        form of the argument.

    Examples
    --------
    >>> import autograd
    >>> A = autograd.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> autograd.func.jacrev(lambda x: A @ x)(autograd.ones(2))
    tensor([[1., 2.],
            [3., 4.],
            [5., 6.]])
    """

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        run = _chosen("jacrev", func, argnums, has_aux, args, kwargs)
        found = _map(lambda y: _of_arguments(run, argnums, run.jacobian(y)), run.result)
        return (found, run.value(run.aux)) if has_aux else found

    return wrapper


def jacfwd(
    func: Function,
    argnums: int | tuple[int, ...] = 0,
    has_aux: bool = False,
    *,
    chunk_size: int | None = None,
    randomness: str = "error",
) -> Function:
    """The function that computes the Jacobian of func.

    The same as `jacrev`: there is no forward mode, and the two have the same result.

    Parameters
    ----------
    func, argnums, has_aux
        As for `jacrev`.
    chunk_size, randomness
        Accepted, without effect.

    Returns
    -------
    callable, with func's arguments
        As for `jacrev`.

    Examples
    --------
    >>> import autograd
    >>> autograd.func.jacfwd(lambda a, b: a * b, argnums=(0, 1))(autograd.tensor(2.0), autograd.tensor(3.0))
    (tensor(3.), tensor(2.))
    """
    return jacrev(func, argnums, has_aux=has_aux)


def hessian(func: Function, argnums: int | tuple[int, ...] = 0) -> Function:
    """The function that computes the Hessian of func: the Jacobian of its Jacobian.

    Parameters
    ----------
    func : callable
        Usually it returns a tensor without dimensions.
    argnums : int or tuple of int
        Which arguments to differentiate with respect to.

    Returns
    -------
    callable, with func's arguments
        For a result without dimensions and one argument it returns a Tensor, (*argument's shape, *argument's shape).

    Examples
    --------
    >>> import autograd
    >>> autograd.func.hessian(lambda x: (x**3).sum())(autograd.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacrev(jacrev(func, argnums), argnums)


# ── many calls ──


def vmap(
    func: Function,
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Function:
    """The function that calls func for each element along a dimension, and stacks the results.

    It is a loop, so no faster than one.  Derivatives go through it, and it may be nested.

    Parameters
    ----------
    func : callable
        Returns tensors, or nested tuples, lists and dicts of them.
    in_dims : int, None, or nested containers of these
        Along which dimension each argument is taken apart; None for one that every call gets whole.
    out_dims : int, or nested containers of them
        Along which dimension the results are stacked.
    randomness : "error", "different" or "same"
        With "same", each call draws the same random numbers; else they differ.
    chunk_size : int, optional
        Accepted, without effect.

    Returns
    -------
    callable, with func's arguments
        Each of its results has one dimension more than func's.

    Raises
    ------
    RuntimeError
        For another value of randomness.
    ValueError
        When the function is called: if there is nothing to take apart, sizes differ, or func returns no tensor.

    Examples
    --------
    >>> import autograd
    >>> autograd.func.vmap(lambda a, b: (a * b).sum(), in_dims=(0, None))(autograd.ones(2, 3), autograd.arange(3.0))
    tensor([3., 3.])
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f'vmap: randomness is "error", "different" or "same", not {randomness!r}')

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        dims = in_dims if isinstance(in_dims, tuple | list) else (in_dims,) * len(args)
        if len(dims) != len(args):
            raise ValueError(f"vmap: in_dims has {len(dims)} entries for {len(args)} arguments")
        pairs = [_spread(tree, dim) for tree, dim in zip(args, dims, strict=True)]
        pairs += [_spread(tree, 0) for tree in kwargs.values()]
        sizes = {x.shape[dim] for tree in pairs for x, dim in tree if dim is not None}
        if len(sizes) != 1:
            raise ValueError(
                f"vmap: the dimensions to go along have sizes {sorted(sizes)}; they must be equal"
                if sizes
                else "vmap: no argument is taken apart; at least one entry of in_dims must be an integer"
            )
        (size,) = sizes
        if not size:
            raise ValueError("vmap: the dimension to go along has size 0, so the shape of the results is not known")
        apart = [[(x if dim is None else ops.unbind(x, dim), dim) for x, dim in tree] for tree in pairs]
        state = get_rng_state()
        results = []
        for k in range(size):
            if randomness == "same":
                set_rng_state(state)
            given = [
                _like(whole, [x if dim is None else x[k] for x, dim in tree])
                for whole, tree in zip((*args, *kwargs.values()), apart, strict=True)
            ]
            results.append(func(*given[: len(args)], **dict(zip(kwargs, given[len(args) :], strict=True))))
        for y in _leaves(results[0]):
            if not isinstance(y, Tensor):
                raise ValueError(f"vmap: the function must return tensors, and it returned a {type(y).__name__}")
        where = _map(lambda _: out_dims, results[0]) if isinstance(out_dims, int) else out_dims
        return _map(lambda dim, *ys: ops.stack(ys, dim), where, *results)

    return wrapper


def _spread(tree: Tree, dims: Any) -> list[tuple[Any, int | None]]:
    """Each part of an argument, and the dimension along which it is taken apart."""
    if isinstance(dims, int) or dims is None:
        parts = [(x, dims) for x in _leaves(tree)]
    else:
        keys: Any = tree if isinstance(tree, dict) else range(len(tree))
        parts = [part for key in keys for part in _spread(tree[key], dims[key])]
    for x, dim in parts:
        if dim is not None and (not isinstance(x, Tensor) or not -x.ndim <= dim < x.ndim):
            what = f"a tensor of shape {x.shape}" if isinstance(x, Tensor) else f"a {type(x).__name__}"
            raise ValueError(f"vmap: in_dims has {dim} for {what}; give a dimension that it has, or None")
    return parts


# ── modules ──


def _places(module: Any, name: str) -> tuple[dict[str, Any], str]:
    """The dict of parameters or buffers that this name is in, and its key there."""
    path, _, key = name.rpartition(".")
    owner = module.get_submodule(path)
    for held in (owner._parameters, owner._buffers):
        if key in held:
            return held, key
    raise KeyError(f"functional_call: {type(module).__name__} has no parameter or buffer {name!r}")


@contextmanager
def _exchanged(module: Any, tensors: Mapping[str, Tensor], tie_weights: bool) -> Iterator[None]:
    """The module with these tensors as its parameters and buffers."""
    named = {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }
    wanted = {}
    for name, tensor in tensors.items():
        held, key = _places(module, name)
        same = [other for other, x in named.items() if x is held[key]] if tie_weights else []
        wanted.update({other: tensor for other in same if other not in tensors})
        wanted[name] = tensor
    places = [(*_places(module, name), tensor) for name, tensor in wanted.items()]
    before = [(held, key, held[key]) for held, key, _ in places]
    try:
        for held, key, tensor in places:
            held[key] = tensor
        yield
    finally:
        for held, key, tensor in before:
            held[key] = tensor


def functional_call(
    module: Any,
    parameter_and_buffer_dicts: Mapping[str, Tensor] | Sequence[Mapping[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with other tensors in place of its parameters and buffers; the module keeps its own.

    Parameters
    ----------
    module : nn.Module
    parameter_and_buffer_dicts : dict from names to Tensor, or several dicts without common names
        Those that are not named stay.
    args : the argument of the call, or a tuple of arguments
    kwargs : dict, optional
        Its keyword arguments.
    tie_weights : bool
        Replace a parameter that the module has under two names in both places.
    strict : bool
        All parameters and buffers must be named.

    Returns
    -------
    what the module returns

    Raises
    ------
    KeyError
        For a name that the module does not have.
    ValueError
        If two dicts name the same tensor.
    RuntimeError
        If strict, and names are missing.

    Examples
    --------
    >>> import autograd, nn
    >>> layer = nn.Linear(2, 1, bias=False)
    >>> w = {"weight": autograd.tensor([[3.0, 4.0]])}
    >>> autograd.func.functional_call(layer, w, autograd.tensor([1.0, 2.0]))
    tensor([11.])
    """
    dicts = (
        [parameter_and_buffer_dicts] if isinstance(parameter_and_buffer_dicts, Mapping) else parameter_and_buffer_dicts
    )
    tensors: dict[str, Tensor] = {}
    for one in dicts:
        if twice := sorted(set(one) & set(tensors)):
            raise ValueError(f"functional_call: {', '.join(twice)} is in two of the dicts; name it once")
        tensors.update(one)
    if strict:
        own = {name for name, _ in (*module.named_parameters(), *module.named_buffers())}
        if missing := sorted(own - set(tensors)):
            raise RuntimeError(f"functional_call: strict=True, and {', '.join(missing)} is not given")
    given = () if args is None else args if isinstance(args, tuple) else (args,)
    with _exchanged(module, tensors, tie_weights):
        return module(*given, **(kwargs or {}))


def stack_module_state(models: Sequence[Any]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters of several equal modules, stacked, and their buffers; for `vmap` with `functional_call`.

    Parameters
    ----------
    models : sequence of nn.Module
        Of one class and with parameters of the same shapes, all in training mode or none.

    Returns
    -------
    parameters, buffers : dict from names to Tensor, (number of models, *shape)
        The parameters are leaves that require grad.

    Raises
    ------
    RuntimeError
        If there is no model, or their classes or modes differ.
    ValueError
        If the shapes of their parameters differ.

    Examples
    --------
    >>> import autograd, nn
    >>> parameters, buffers = autograd.func.stack_module_state([nn.Linear(2, 1) for _ in range(3)])
    >>> {name: p.shape for name, p in parameters.items()}, buffers
    ({'weight': (3, 1, 2), 'bias': (3, 1)}, {})
    """
    models = list(models)
    if not models:
        raise RuntimeError("stack_module_state: expects at least one module")
    if len({(type(model), model.training) for model in models}) > 1:
        raise RuntimeError("stack_module_state: the modules must be of one class, and all in training mode or none")
    parameters = [dict(model.named_parameters()) for model in models]
    buffers = [dict(model.named_buffers()) for model in models]
    return (
        {
            name: ops.stack([p[name].detach() for p in parameters]).requires_grad_(x.requires_grad)
            for name, x in parameters[0].items()
        },
        {name: ops.stack([b[name].detach() for b in buffers]) for name in buffers[0]},
    )
