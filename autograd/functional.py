"""Derivatives of functions of tensors: Jacobians, Hessians, and their products with vectors.

    y = f(x), J = ∂y/∂x; for a scalar y, H = ∂²y/∂x²

    vjp    v J     one backward pass                      jacobian   J, one backward pass for each element of y
    jvp    J v     a backward pass of a backward pass     hessian    H, the Jacobian of the gradient
    vhp    v H     the vjp of the gradient
    hvp    H v     the jvp of the gradient; equals v H where H is symmetric

`func` takes as many tensors as there are inputs.  A result for one input is a tensor, for a tuple of
inputs a tuple.  Names and arguments are those of torch.autograd.functional.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from autograd.grad_mode import enable_grad
from autograd.gradients import grad
from autograd.ops import stack
from autograd.tensor import Tensor, wrap

Tensors: TypeAlias = Tensor | tuple[Tensor, ...]
Function: TypeAlias = Callable[..., Any]  # (*Tensor) -> Tensors


def _tuple_of(caller: str, what: str, value: object) -> tuple[Tensor, ...]:
    """A tensor, or a sequence of tensors, as a tuple."""
    values = tuple(value) if isinstance(value, tuple | list) else (value,)
    for x in values:
        if not isinstance(x, Tensor):
            raise TypeError(f"{caller}: {what} must be a Tensor or a tuple of them, not a {type(x).__name__}")
    return values


def _like(example: object, values: Sequence[Any]) -> Any:
    """The values as a tuple if the example is one, else the only value."""
    return tuple(values) if isinstance(example, tuple | list) else values[0]


class _Evaluation:
    """One call of `func`, on inputs that no other graph shares, and the derivatives of its outputs.

    What `func` refers to besides its inputs therefore counts as constant.
    """

    def __init__(self, caller: str, func: Function, inputs: Tensors, create_graph: bool, strict: bool) -> None:
        self.caller, self.create_graph, self.strict = caller, create_graph, strict
        self.inputs = [
            x.reshape(x.shape) if create_graph and x.requires_grad else x.detach().requires_grad_()
            for x in _tuple_of(caller, "inputs", inputs)
        ]
        with enable_grad():
            self.result = func(*self.inputs)
        self.outputs = _tuple_of(caller, "what func returns", self.result)

    def gradient(self) -> list[Tensor]:
        """The recorded gradient of the output, which must be one number."""
        if len(self.outputs) != 1 or self.outputs[0].numel() != 1:
            shapes = ", ".join(str(y.shape) for y in self.outputs)
            raise RuntimeError(f"{self.caller}: func must return one scalar, and it returned {shapes}; sum it")
        return self.vjp(
            self.outputs, [wrap(np.ones_like(self.outputs[0].array))], create_graph=True, strict=self.strict
        )

    def vjp(
        self,
        outputs: Sequence[Tensor],
        v: Sequence[Tensor],
        *,
        inputs: Sequence[Tensor] | None = None,
        create_graph: bool,
        strict: bool,
    ) -> list[Tensor]:
        """Σ v · ∂outputs/∂inputs; where an output does not depend on an input, zeros or, if strict, an error."""
        connected = [(y, g) for y, g in zip(outputs, v, strict=True) if y.requires_grad]
        if strict and len(connected) < len(outputs):
            raise RuntimeError(f"{self.caller}: an output does not depend on the inputs; strict=False takes 0 for that")
        inputs = self.inputs if inputs is None else inputs
        found: Sequence[Tensor | None] = [None] * len(inputs)
        if connected:
            ys, gs = zip(*connected, strict=True)
            found = grad(ys, inputs, gs, retain_graph=True, create_graph=create_graph, allow_unused=True)
        if strict and any(g is None for g in found):
            raise RuntimeError(
                f"{self.caller}: the outputs do not depend on input {list(found).index(None)}; "
                "strict=False takes 0 for that"
            )
        return [wrap(np.zeros_like(x.array)) if g is None else g for x, g in zip(inputs, found, strict=True)]

    def jvp(self, outputs: Sequence[Tensor], v: Sequence[Tensor]) -> list[Tensor]:
        """∂outputs/∂inputs · v: the map u -> u J is linear, and its own vjp with v is J v."""
        us = [wrap(np.zeros_like(y.array), requires_grad=True) for y in outputs]
        vjp = self.vjp(outputs, us, create_graph=True, strict=self.strict)
        return self.vjp(vjp, v, inputs=us, create_graph=self.create_graph, strict=False)

    def jacobian(self, y: Tensor) -> list[Tensor]:
        """∂y/∂input for each input, by one vjp for each element of y."""
        rows = []
        for k in range(y.numel()):
            one = np.zeros_like(y.array)
            one.flat[k] = 1
            rows.append(self.vjp([y], [wrap(one)], create_graph=self.create_graph, strict=self.strict))
        return [
            stack([row[i] for row in rows]).reshape(*y.shape, *x.shape)
            if rows
            else wrap(np.zeros((*y.shape, *x.shape), x.dtype))
            for i, x in enumerate(self.inputs)
        ]

    def vector(self, v: Tensors | None, factors: Sequence[Tensor], what: str) -> list[Tensor]:
        """v, checked against the shapes of the factors; 1 if it is omitted and the only factor is a scalar."""
        if v is None:
            if len(factors) != 1 or factors[0].numel() != 1:
                raise RuntimeError(f"{self.caller}: v may be left out only where {what} is one scalar; pass v")
            return [wrap(np.ones_like(factors[0].array))]
        vs = _tuple_of(self.caller, "v", v)
        if [x.shape for x in vs] != [x.shape for x in factors]:
            raise RuntimeError(
                f"{self.caller}: v has shape {', '.join(str(x.shape) for x in vs)}, "
                f"{what} {', '.join(str(x.shape) for x in factors)}; they must match"
            )
        return list(vs)

    def returned(self, example: object, values: Sequence[Tensor]) -> Any:
        """The values for the caller: shaped like the example, and recorded only with create_graph."""
        return _like(example, [y if self.create_graph else y.detach() for y in values])


def _product(
    caller: str, func: Function, inputs: Tensors, v: Tensors | None, create_graph: bool, strict: bool
) -> tuple[Any, Any]:
    """func's result, and the product that `caller` names."""
    run = _Evaluation(caller, func, inputs, create_graph, strict)
    differentiated = run.gradient() if caller in ("vhp", "hvp") else run.outputs
    factors, what = (run.outputs, "the result") if caller == "vjp" else (run.inputs, "the input")
    vector = run.vector(v, factors, what)
    if caller in ("vjp", "vhp"):
        product = run.vjp(differentiated, vector, create_graph=create_graph, strict=strict)
    else:
        product = run.jvp(differentiated, vector)
    example = run.result if caller == "jvp" else inputs
    return run.returned(run.result, run.outputs), run.returned(example, product)


def vjp(
    func: Function,
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The result of func, and the vector-Jacobian product v J.

    Parameters
    ----------
    func : callable
        Takes the inputs, returns a Tensor or a tuple of Tensor.
    inputs : Tensor of float, any shape, or a tuple of them
    v : Tensor or tuple of Tensor, with the shapes of the results
        May be omitted for one scalar result.
    create_graph : bool
        Record the computation, so that both can be differentiated.
    strict : bool
        Raise if a result does not depend on an input, instead of returning 0.

    Returns
    -------
    Tensor or tuple of Tensor, what func returned
    Tensor or tuple of Tensor, with the shapes of the inputs

    Raises
    ------
    RuntimeError
        If the shapes of v do not match, or because of `strict`.
    TypeError
        If an input or a result is no tensor.

    Examples
    --------
    >>> import autograd
    >>> from autograd.functional import vjp
    >>> vjp(lambda x: x * x, autograd.tensor([1.0, 2.0]), v=autograd.tensor([1.0, 10.0]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    return _product("vjp", func, inputs, v, create_graph, strict)


def jvp(
    func: Function,
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The result of func, and the Jacobian-vector product J v.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As for `vjp`.
    v : Tensor or tuple of Tensor, with the shapes of the inputs
        May be omitted for one scalar input.

    Returns
    -------
    Tensor or tuple of Tensor, what func returned
    Tensor or tuple of Tensor, with the shapes of the results

    Raises
    ------
    RuntimeError, TypeError
        As for `vjp`.

    Examples
    --------
    >>> import autograd
    >>> from autograd.functional import jvp
    >>> A = autograd.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> jvp(lambda x: A @ x, autograd.ones(2), v=autograd.tensor([0.0, 1.0]))
    (tensor([ 3.,  7., 11.]), tensor([2., 4., 6.]))
    """
    return _product("jvp", func, inputs, v, create_graph, strict)


def jacobian(func: Function, inputs: Tensors, create_graph: bool = False, strict: bool = False) -> Any:
    """The derivative of each result with respect to each input.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As for `vjp`.

    Returns
    -------
    Tensor, (*result's shape, *input's shape)
        For a tuple of inputs a tuple of these, one for each input.  For a tuple of results a tuple of those.

    Examples
    --------
    >>> import autograd
    >>> from autograd.functional import jacobian
    >>> jacobian(lambda x: x * x, autograd.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    run = _Evaluation("jacobian", func, inputs, create_graph, strict)
    return _like(run.result, [run.returned(inputs, run.jacobian(y)) for y in run.outputs])


def hessian(func: Function, inputs: Tensors, create_graph: bool = False, strict: bool = False) -> Any:
    """The second derivatives of a scalar result.

    Parameters
    ----------
    func : callable
        Takes the inputs, returns a Tensor with one element.
    inputs, create_graph, strict
        As for `vjp`.

    Returns
    -------
    Tensor, (*input's shape, *input's shape)
        For a tuple of inputs a tuple of tuples: [i][j] is the derivative of the gradient of input i with
        respect to input j.

    Examples
    --------
    >>> import autograd
    >>> from autograd.functional import hessian
    >>> hessian(lambda x: (x * x * x).sum(), autograd.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    run = _Evaluation("hessian", func, inputs, create_graph, strict)
    return _like(inputs, [run.returned(inputs, run.jacobian(d)) for d in run.gradient()])


def vhp(
    func: Function,
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The scalar result of func, and the vector-Hessian product v H.

    Faster than `hvp`, and equal to it where the second derivatives are continuous.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As for `hessian`.
    v : Tensor or tuple of Tensor, with the shapes of the inputs
        May be omitted for one scalar input.

    Returns
    -------
    Tensor, what func returned
        Its shape is that of func's result.
    Tensor or tuple of Tensor, with the shapes of the inputs

    Raises
    ------
    RuntimeError
        If func returns more than one number, the shapes of v do not match, or because of `strict`.
    TypeError
        If an input or the result is no tensor.

    Examples
    --------
    >>> import autograd
    >>> from autograd.functional import vhp
    >>> x, v = autograd.tensor([1.0, 2.0]), autograd.tensor([1.0, 0.0])
    >>> vhp(lambda x: x[0] * x[0] * x[1], x, v)  # the first row of H
    (tensor(2.), tensor([4., 2.]))
    """
    return _product("vhp", func, inputs, v, create_graph, strict)


def hvp(
    func: Function,
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The scalar result of func, and the Hessian-vector product H v.

    It takes one backward pass more than `vhp`, and gives the same where the second derivatives are continuous.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As for `hessian`.
    v : Tensor or tuple of Tensor, with the shapes of the inputs
        May be omitted for one scalar input.

    Returns
    -------
    Tensor, what func returned
        Its shape is that of func's result.
    Tensor or tuple of Tensor, with the shapes of the inputs

    Raises
    ------
    RuntimeError, TypeError
        As for `vhp`.

    Examples
    --------
    >>> import autograd
    >>> from autograd.functional import hvp
    >>> x, v = autograd.tensor([1.0, 2.0]), autograd.tensor([0.0, 1.0])
    >>> hvp(lambda x: (x * x * x).sum(), x, v)  # H has 6 x on its diagonal
    (tensor(9.), tensor([ 0., 12.]))
    """
    return _product("hvp", func, inputs, v, create_graph, strict)
