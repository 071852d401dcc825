"""autograd.Function, checkpoint and func beside PyTorch's: one program, run with both."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils.checkpoint

import autograd
import nn
from autograd.utils import checkpoint as _checkpoint

OURS = SimpleNamespace(t=autograd, nn=nn, checkpoint=_checkpoint, graph=autograd.graph)
THEIRS = SimpleNamespace(t=torch, nn=torch.nn, checkpoint=torch.utils.checkpoint, graph=torch.autograd.graph)


def leaf(lib: Any, *values: float) -> Any:
    return lib.t.tensor(values or (0.5, 1.5), dtype=lib.t.float64, requires_grad=True)


def function(lib: Any, **methods: Any) -> Any:
    """A Function that doubles and adds n, with other methods in place of its own."""

    def forward(ctx: Any, x: Any, n: Any = 0) -> Any:
        ctx.save_for_backward(x)
        return x * 2 + n

    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return g * 2 + 0 * x, None

    made = {"forward": forward, "backward": backward, **methods}
    return type("Doubled", (lib.t.autograd.Function,), {k: staticmethod(f) for k, f in made.items() if f is not None})


def gradients(lib: Any, f: Any, *inputs: Any) -> list[Any]:
    """First and second gradients."""
    y = f(*inputs)
    first = lib.t.autograd.grad((y**2).sum(), inputs, create_graph=True, allow_unused=True)
    total = sum((g**3).sum() for g in first if g is not None)
    second = lib.t.autograd.grad(total, inputs, allow_unused=True)
    return [y.tolist(), *[None if g is None else g.tolist() for g in (*first, *second)]]


def saves(lib: Any, what: str) -> Any:
    def forward(ctx: Any, x: Any) -> Any:
        y = x.exp()
        ctx.save_for_backward({"input": x, "output": y, "other": y * 1}[what])
        return y

    def backward(ctx: Any, g: Any) -> Any:
        (saved,) = ctx.saved_tensors
        return g * (saved.exp() if what == "input" else saved)

    return gradients(lib, function(lib, forward=forward, backward=backward).apply, leaf(lib))


def newer_style(lib: Any) -> Any:
    def forward(x: Any, y: Any, n: int = 3) -> Any:
        return x * y * n

    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        x, y, ctx.n = inputs
        ctx.save_for_backward(x, y)

    def backward(ctx: Any, g: Any) -> Any:
        x, y = ctx.saved_tensors
        return (g * y * ctx.n if ctx.needs_input_grad[0] else None), g * x * ctx.n, None

    f = function(lib, forward=forward, setup_context=setup_context, backward=backward)
    return gradients(lib, f.apply, leaf(lib), leaf(lib, 2, 3)), gradients(lib, lambda x: f.apply(x, x, 2), leaf(lib))


def several_outputs(lib: Any, materialize: bool) -> Any:
    seen: list[Any] = []

    def forward(ctx: Any, x: Any) -> Any:
        ctx.set_materialize_grads(materialize)
        low = x * 5
        ctx.mark_non_differentiable(low)
        return x * 2, x > 1, low, "text", x * 3

    def backward(ctx: Any, *gs: Any) -> Any:
        seen.extend([None if g is None else g.tolist() for g in gs])
        return gs[0] * 2

    x = leaf(lib)
    outputs = function(lib, forward=forward, backward=backward).apply(x)
    outputs[0].sum().backward()
    return seen[:3], [getattr(y, "requires_grad", y) for y in outputs], x.grad.tolist()


def in_place(lib: Any) -> Any:
    def forward(ctx: Any, x: Any) -> Any:
        ctx.mark_dirty(x)
        x.mul_(3)
        return x

    f = function(lib, forward=forward, backward=lambda ctx, g: g * 3)
    return gradients(lib, lambda x: f.apply(x * x), leaf(lib)), error(lambda: f.apply(leaf(lib)))


def error(call: Callable[[], Any]) -> Any:
    try:
        call()
    except Exception as raised:
        return next(kind.__name__ for kind in type(raised).__mro__ if kind.__module__ == "builtins")
    return "no error"


def errors(lib: Any) -> list[Any]:
    def run(*more: Any, **methods: Any) -> Any:
        return error(lambda: function(lib, **methods).apply(leaf(lib) * 1, *more).sum().backward())

    y = function(lib).apply(leaf(lib)).sum()
    y.backward()
    return [
        run(),
        run(3),
        run(3, backward=lambda ctx, g: g),
        run(3, backward=lambda ctx, g: (g, g)),
        run(3, backward=lambda ctx, g: (g, None, None, None)),
        run(3, backward=lambda ctx, g: (3, None)),
        run(3, backward=lambda ctx, g: [g, None]),
        run(3, backward=lambda ctx, g: (lib.t.ones(3), None)),
        run(3, backward=lambda ctx, g: (lib.t.ones(3, 2), None)),
        run(backward=None),
        run(forward=None),
        run(vjp=lambda ctx, g: g),
        run(forward=lambda ctx, x: ctx.save_for_backward(3)),
        run(forward=lambda ctx, x: ctx.mark_dirty(3)),
        run(forward=lambda ctx, x: ctx.mark_dirty(x)),
        run(forward=lambda ctx, x: ctx.mark_non_differentiable(3)),
        run(3, backward=lambda ctx, g: (None, None)),
        error(lambda: function(lib).apply(leaf(lib), n=1).sum().backward()),
        error(lambda: function(lib).apply(leaf(lib), m=1)),
        error(lambda: function(lib, forward=lambda ctx, x, *, n: x * n).apply(leaf(lib), n=1)),
        error(y.backward),
    ]


def once(lib: Any) -> Any:
    decorate = lib.t.autograd.function.once_differentiable
    f = function(lib, backward=decorate(lambda ctx, g: (g * 2, None)))
    g = leaf(lib)
    x = leaf(lib)
    (d,) = lib.t.autograd.grad(f.apply(x), x, g, create_graph=True)
    return d.tolist(), d.requires_grad, error(d.sum().backward)


def names(lib: Any) -> Any:
    y = function(lib).apply(leaf(lib) * 2, 1)
    steps = [(step.name() if step is not None else None, k) for step, k in y.grad_fn.next_functions]
    return y.grad_fn.name(), steps, repr(y).split("grad_fn")[1]


def checkpointed(lib: Any, reentrant: bool) -> Any:
    run = lib.checkpoint.checkpoint
    layers = [lambda x: x.exp(), lambda x: x.sin() * x, lambda x: x.tanh()]

    def whole(x: Any) -> Any:
        for layer in layers:
            x = layer(x)
        return x

    x, y = leaf(lib), leaf(lib)
    run(whole, x, use_reentrant=reentrant).sum().backward()
    lib.checkpoint.checkpoint_sequential(layers, 2, y, use_reentrant=reentrant).sum().backward()
    return x.grad.tolist(), y.grad.tolist()


def saved_hooks(lib: Any) -> Any:
    packed: list[Any] = []

    def pack(t: Any) -> Any:
        packed.append(t.tolist())
        return t

    x = leaf(lib)
    with lib.graph.saved_tensors_hooks(pack, lambda t: t * 2):
        y = x.exp()
        z = y * x
    z.sum().backward()
    return sorted(packed), x.grad.tolist()


def derivatives(lib: Any) -> Any:
    f, x = lib.t.func, leaf(lib).detach()
    cube = lambda x: (x**3).sum()  # noqa: E731
    pair = lambda x, y: {"a": x * y, "b": (x.sum(),)}  # noqa: E731
    out, vjp_fn = f.vjp(pair, x, x * 2)
    value, product = f.jvp(pair, (x, x), (x, x))
    together = f.vmap(lambda a, b: a * b, in_dims=(0, None), out_dims=1)(x, x)
    results = [
        f.grad(cube)(x),
        f.grad(lambda x: f.grad(cube)(x).sum())(x),
        *f.grad_and_value(cube)(x),
        *f.grad(lambda p: (p["w"] * x).sum())({"w": x}).values(),
        *f.grad(lambda x, y: (x * y).sum(), argnums=(0, 1))(x, x),
        f.jacrev(lambda x: x.sin())(x),
        f.jacfwd(lambda x: x.sin())(x),
        f.hessian(cube)(x),
        out["a"],
        *vjp_fn({"a": x, "b": (x.sum(),)}),
        product["a"],
        value["b"][0],
        together,
        f.vmap(f.grad(cube))(lib.t.stack([x, x])),
    ]
    return [r.tolist() for r in results]


def functional_call(lib: Any) -> Any:
    net = lib.nn.Linear(2, 2).double()
    w = leaf(lib, 1, 2, 3, 4).detach().reshape(2, 2)
    call = lib.t.func.functional_call
    d = lib.t.func.grad(lambda p: (call(net, p, (w,)) ** 2).sum())({"weight": w, "bias": w[0]})
    return call(net, {"weight": w, "bias": w[0]}, w).tolist(), d["weight"].tolist(), sorted(d)


def variables(lib: Any) -> Any:
    x = leaf(lib)
    make = lib.t.autograd.Variable
    made = [make(x), make(x * 2), make(x, requires_grad=True), make(x.detach(), True)]
    lib.t.autograd.backward([x * 2, (x * x).sum()], [lib.t.ones_like(x), None])
    return (
        [(v.requires_grad, v.is_leaf, isinstance(v, make), isinstance(v, lib.t.Tensor)) for v in made],
        x.grad.tolist(),
        error(lambda: make([1.0])),
        lib.t.autograd.grad((x * 2).sum(), [x, leaf(lib)], materialize_grads=True)[1].tolist(),
        error(lambda: lib.t.autograd.grad((x * 2).sum(), x, allow_unused=False, materialize_grads=True)),
    )


PROGRAMS: dict[str, Callable[[Any], Any]] = {
    "saves its input": lambda lib: saves(lib, "input"),
    "saves its output": lambda lib: saves(lib, "output"),
    "newer style": newer_style,
    "several outputs": lambda lib: several_outputs(lib, True),
    "without materialized gradients": lambda lib: several_outputs(lib, False),
    "in place": in_place,
    "errors": errors,
    "once_differentiable": once,
    "names": names,
    "checkpoint, reentrant": lambda lib: checkpointed(lib, True),
    "checkpoint": lambda lib: checkpointed(lib, False),
    "saved_tensors_hooks": saved_hooks,
    "func": derivatives,
    "functional_call": functional_call,
    "Variable, backward, grad": variables,
}


def near(a: Any, b: Any) -> bool:
    """Whether two results are the same, numbers to 1e-12."""
    if isinstance(a, float) and isinstance(b, float):
        return bool(np.isclose(a, b, rtol=1e-12, atol=1e-14))
    if isinstance(a, tuple | list) and isinstance(b, tuple | list):
        return len(a) == len(b) and all(map(near, a, b))
    return bool(a == b)


@pytest.mark.parametrize("name", PROGRAMS)
def test_same_as_pytorch(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own
        theirs = PROGRAMS[name](THEIRS)
    ours = PROGRAMS[name](OURS)
    assert near(ours, theirs), f"ours:   {ours}\ntheirs: {theirs}"
