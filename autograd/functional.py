"""Derivatives of functions of tensors: whole Jacobians and Hessians, and products with them.

    y = f(x), J = ∂y/∂x, H = ∂²y/∂x² of a scalar y

    vjp    v J     one backward                  jacobian   a backward for every element of y
    jvp    J v     a backward of a backward      hessian    the jacobian of the gradient
    vhp    v H     a backward of a backward
    hvp    H v     the same numbers as vhp where H is symmetric, computed as the jvp of the gradient

`func` takes as many tensors as there are inputs.  Results for one input are tensors, for a
tuple of inputs tuples.  Names and arguments are those of torch.autograd.functional.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import engine
from autograd.grad_mode import enable_grad
from autograd.ops import stack
from autograd.tensor import Tensor

Tensors = Any  # a Tensor, or a tuple of them


def _tuple_of(caller: str, what: str, value: Any) -> tuple[Tensor, ...]:
    """A tensor, or several, as a tuple."""
    values = tuple(value) if isinstance(value, tuple | list) else (value,)
    for x in values:
        if not isinstance(x, Tensor):
            raise TypeError(f"{caller}: {what} must be a Tensor or a tuple of them, not a {type(x).__name__}")
    return values


def _like(example: Any, values: Sequence[Any]) -> Any:
    """The values as a tuple where the example is one, else the only one."""
    return tuple(values) if isinstance(example, tuple | list) else values[0]


class _Run:
    """`func`, run once on inputs of its own, and the gradients of its outputs."""

    def __init__(self, caller: str, func: Callable[..., Any], inputs: Any, create_graph: bool, strict: bool) -> None:
        self.caller, self.create_graph, self.strict = caller, create_graph, strict
        given = _tuple_of(caller, "inputs", inputs)
        # tensors of this run alone, so that what func itself refers to counts as a constant
        self.inputs = [
            x.reshape(x.shape) if create_graph and x.requires_grad else x.detach().requires_grad_() for x in given
        ]
        with enable_grad():
            self.result = func(*self.inputs)
        self.outputs = _tuple_of(caller, "what func returns", self.result)

    def slopes(self) -> list[Tensor]:
        """The gradient of the output, which must be one number, recorded."""
        if len(self.outputs) != 1 or self.outputs[0].numel() != 1:
            shapes = ", ".join(str(y.shape) for y in self.outputs)
            raise RuntimeError(f"{self.caller}: func must return one scalar, and it returned {shapes}; sum it")
        return self.grad(self.outputs, self.inputs, [Tensor(np.ones_like(self.outputs[0].array))], graph=True)

    def grad(
        self,
        outputs: Sequence[Tensor],
        inputs: Sequence[Tensor],
        v: Sequence[Tensor],
        graph: bool,
        strict: bool | None = None,
    ) -> list[Tensor]:
        """Σ v · ∂outputs/∂inputs; zeros, or an error if strict, where there is no way from one to the other."""
        strict = self.strict if strict is None else strict
        made = [(y, g) for y, g in zip(outputs, v, strict=True) if y.requires_grad]
        if strict and len(made) < len(outputs):
            raise RuntimeError(f"{self.caller}: an output does not depend on the inputs; strict=False takes 0 for that")
        found: Sequence[Tensor | None] = [None] * len(inputs)
        if made:
            ys, gs = zip(*made, strict=True)
            found = engine.grad(ys, inputs, gs, retain_graph=True, create_graph=graph, allow_unused=True)
        if strict and any(g is None for g in found):
            raise RuntimeError(
                f"{self.caller}: the outputs do not depend on input {list(found).index(None)}; "
                "strict=False takes 0 for that"
            )
        return [Tensor(np.zeros_like(x.array)) if g is None else g for x, g in zip(inputs, found, strict=True)]

    def direction(self, v: Any, along: Sequence[Tensor], what: str) -> list[Tensor]:
        """v, checked against the shapes of what it multiplies; 1 for a scalar if it is left out."""
        if v is None:
            if len(along) != 1 or along[0].numel() != 1:
                raise RuntimeError(f"{self.caller}: v may be left out only where {what} is one scalar; pass v")
            return [Tensor(np.ones_like(along[0].array))]
        vs = _tuple_of(self.caller, "v", v)
        if [x.shape for x in vs] != [x.shape for x in along]:
            raise RuntimeError(
                f"{self.caller}: v has shape {', '.join(str(x.shape) for x in vs)}, "
                f"{what} {', '.join(str(x.shape) for x in along)}; they must match"
            )
        return list(vs)

    def push(self, outputs: Sequence[Tensor], v: Sequence[Tensor]) -> list[Tensor]:
        """∂outputs/∂inputs · v: u ↦ u J is linear, and its own derivative along v is J v."""
        us = [Tensor(np.zeros_like(y.array), requires_grad=True) for y in outputs]
        pulled = self.grad(outputs, self.inputs, us, graph=True)
        return self.grad(pulled, us, v, self.create_graph, strict=False)

    def done(self, example: Any, values: Sequence[Tensor]) -> Any:
        """Values as the caller gets them: with a graph only if asked for."""
        return _like(example, [y if self.create_graph else y.detach() for y in values])


def vjp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """func's result, and v J.

    Parameters
    ----------
    func : callable
        Takes the inputs, returns a Tensor or a tuple of them.
    inputs : Tensor or tuple of Tensor, of float
    v : Tensor or tuple of Tensor, of the results' shapes
        May be left out for one scalar result.
    create_graph : bool
        Record, so that both can be differentiated.
    strict : bool
        Raise where a result does not depend on an input, instead of taking 0.

    Raises
    ------
    RuntimeError
        Where v does not fit, or by `strict`.
    """
    run = _Run("vjp", func, inputs, create_graph, strict)
    pulled = run.grad(run.outputs, run.inputs, run.direction(v, run.outputs, "the result"), create_graph)
    return run.done(run.result, run.outputs), run.done(inputs, pulled)


def jvp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """func's result, and J v.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As for `vjp`.
    v : Tensor or tuple of Tensor, of the inputs' shapes
        May be left out for one scalar input.
    """
    run = _Run("jvp", func, inputs, create_graph, strict)
    pushed = run.push(run.outputs, run.direction(v, run.inputs, "the input"))
    return run.done(run.result, run.outputs), run.done(run.result, pushed)


def jacobian(func: Callable[..., Any], inputs: Tensors, create_graph: bool = False, strict: bool = False) -> Any:
    """All derivatives of every result by every input.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As for `vjp`.

    Returns
    -------
    Tensor, (*result's shape, *input's shape)
        For a tuple of inputs a tuple of such; for a tuple of results a tuple of those.

    Examples
    --------
    >>> import autograd
    >>> from autograd.functional import jacobian
    >>> jacobian(lambda x: x * x, autograd.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    run = _Run("jacobian", func, inputs, create_graph, strict)
    blocks = [_jacobian_of(run, y) for y in run.outputs]
    return _like(run.result, [run.done(inputs, row) for row in blocks])


def _jacobian_of(run: _Run, y: Tensor) -> list[Tensor]:
    """The derivatives of one result by each input, an element of it after the other."""
    rows = []
    for k in range(y.numel()):
        one = np.zeros_like(y.array)
        one.flat[k] = 1
        rows.append(run.grad([y], run.inputs, [Tensor(one)], run.create_graph))
    return [
        stack([row[i] for row in rows]).reshape(*y.shape, *x.shape)
        if rows
        else Tensor(np.zeros((*y.shape, *x.shape), x.dtype))
        for i, x in enumerate(run.inputs)
    ]


def hessian(func: Callable[..., Any], inputs: Tensors, create_graph: bool = False, strict: bool = False) -> Any:
    """All second derivatives of a scalar result.

    Parameters
    ----------
    func : callable
        Takes the inputs, returns a Tensor of one element.
    inputs, create_graph, strict
        As for `vjp`.

    Returns
    -------
    Tensor, (*input's shape, *input's shape)
        For a tuple of inputs a tuple of tuples of such, the first index that of the first derivative.

    Examples
    --------
    >>> import autograd
    >>> from autograd.functional import hessian
    >>> hessian(lambda x: (x * x * x).sum(), autograd.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    run = _Run("hessian", func, inputs, create_graph, strict)
    slopes = run.slopes()
    return _like(inputs, [run.done(inputs, _jacobian_of(run, slope)) for slope in slopes])


def vhp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """func's scalar result, and v H: quicker than `hvp`, and the same where second derivatives are continuous.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As for `hessian`.
    v : Tensor or tuple of Tensor, of the inputs' shapes
        May be left out for one scalar input.
    """
    run = _Run("vhp", func, inputs, create_graph, strict)
    slopes = run.slopes()
    product = run.grad(slopes, run.inputs, run.direction(v, run.inputs, "the input"), create_graph)
    return run.done(run.result, run.outputs), run.done(inputs, product)


def hvp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """func's scalar result, and H v.

    Parameters
    ----------
    func, inputs, v, create_graph, strict
        As for `vhp`.
    """
    run = _Run("hvp", func, inputs, create_graph, strict)
    slopes = run.slopes()
    product = run.push(slopes, run.direction(v, run.inputs, "the input"))
    return run.done(run.result, run.outputs), run.done(inputs, product)
