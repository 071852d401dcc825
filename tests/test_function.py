"""autograd.Function: forward and backward of the user's, in both styles, with PyTorch's rules."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Function, gradcheck, gradgradcheck
from autograd.function import FunctionCtx, InplaceFunction, once_differentiable
from autograd.utils.checkpoint import checkpoint


def doubles(*shape: int, low: float = 0.5) -> autograd.Tensor:
    values = low + np.random.default_rng(0).random(shape)
    return autograd.tensor(values, requires_grad=True)


class Cube(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return g * 3 * x * x


class Exp(Function):
    """Saves its output."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * ctx.saved_tensors[0]


class ExpAttribute(Function):
    """Keeps its output as an attribute."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.y = x.exp()
        return ctx.y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * ctx.y


class Scaled(Function):
    """The newer style, with a default argument, and two outputs."""

    @staticmethod
    def forward(x: Any, y: Any, factor: float = 2.0) -> Any:
        return x * y * factor, x.exp()

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        x, y, ctx.factor = inputs
        ctx.save_for_backward(x, y, output[1])

    @staticmethod
    def vjp(ctx: Any, g: Any, h: Any) -> Any:
        x, y, e = ctx.saved_tensors
        return g * y * ctx.factor + h * e, g * x * ctx.factor, None


class Add(Function):
    """Broadcasts; the engine sums its gradients."""

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        return x + y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g, g


class SquareInNumPy(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.values = x.detach().numpy().copy()
        return autograd.tensor(ctx.values**2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Any) -> Any:
        return autograd.tensor(g.detach().numpy() * 2 * ctx.values)


def in_block(x: Any) -> Any:
    return checkpoint(lambda x: Cube.apply(x) * Exp.apply(x), x, use_reentrant=False)


CASES: dict[str, tuple[Callable[..., Any], tuple[autograd.Tensor, ...]]] = {
    "saved input": (Cube.apply, (doubles(3),)),
    "saved output": (Exp.apply, (doubles(2, 2),)),
    "output as attribute": (ExpAttribute.apply, (doubles(2),)),
    "of computed tensors": (lambda x: Cube.apply(Exp.apply(x.sin()) * x), (doubles(3),)),
    "setup_context": (Scaled.apply, (doubles(2), doubles(2))),
    "one of two outputs": (lambda x, y: Scaled.apply(x, y, 3.0)[0], (doubles(2), doubles(2))),
    "broadcast": (Add.apply, (doubles(3, 2), doubles(2))),
    "a tensor without gradient": (lambda x: Scaled.apply(x, autograd.tensor([2.0, 3.0]))[0], (doubles(2),)),
    "in a checkpoint": (in_block, (doubles(2),)),
}


@pytest.mark.parametrize("name", CASES)
def test_gradients(name: str) -> None:
    function, inputs = CASES[name]
    gradcheck(function, inputs)
    gradgradcheck(function, inputs)


def test_once_differentiable() -> None:
    x = doubles(3)
    gradcheck(SquareInNumPy.apply, (x,))
    g = autograd.ones(3, dtype=autograd.float64, requires_grad=True)
    (dx,) = autograd.grad(SquareInNumPy.apply(x), x, g, create_graph=True)
    assert dx.tolist() == (2 * x).tolist()
    with pytest.raises(RuntimeError, match="once_differentiable: this backward cannot be differentiated"):
        dx.sum().backward()


def test_ctx_and_node() -> None:
    seen: list[Any] = []

    class Sum(Function):
        @staticmethod
        def forward(ctx: Any, x: Any, words: Any, y: Any, z: Any) -> Any:
            assert isinstance(ctx, FunctionCtx)
            assert not autograd.is_grad_enabled()
            seen.append(ctx.needs_input_grad)
            ctx.save_for_backward(x, None, z)
            ctx.shapes = ctx.params = ctx.op = words  # no name is taken
            return x + y, words, x > 0

        @staticmethod
        def backward(ctx: Any, *gs: Any) -> Any:
            x, none, z = ctx.saved_tensors
            assert none is None and x.shape == (2,) and z.tolist() == [1]
            assert (ctx.shapes, ctx.params, ctx.op) == (("a",), ("a",), ("a",))
            seen.append((ctx.needs_input_grad, [g.tolist() for g in gs if isinstance(g, autograd.Tensor)]))
            return gs[0], None, gs[0], None

    x, y = autograd.ones(2, requires_grad=True), autograd.ones(2, requires_grad=True)
    s, words, positive = Sum.apply(x, ("a",), y * 1, autograd.ones(1))
    assert words == ("a",)
    assert (s.requires_grad, positive.requires_grad, positive.dtype) == (True, False, autograd.bool)
    assert repr(s.grad_fn) == "<SumBackward>"
    assert [(repr(step), k) for step, k in s.grad_fn.next_functions] == [
        ("<AccumulateGrad>", 0),
        ("<MulBackward0>", 0),
        ("None", 0),
    ]
    assert repr(s) == "tensor([2., 2.], grad_fn=<SumBackward>)"
    autograd.grad(s.sum(), x)
    assert seen == [(True, False, True, False), ((True, False, False, False), [[1, 1], [False, False]])]
    with autograd.no_grad():
        s, *_ = Sum.apply(x, (), y, y)
    assert s.is_leaf and not s.requires_grad


@pytest.mark.parametrize("materialize", [True, False])
def test_gradients_that_do_not_arrive(materialize: bool) -> None:
    class Two(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.set_materialize_grads(materialize)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx: Any, g: Any, h: Any) -> Any:
            assert h.tolist() == [0, 0] if materialize else h is None
            return g * 2

    x = autograd.ones(2, requires_grad=True)
    Two.apply(x)[0].sum().backward()
    assert x.grad is not None and x.grad.tolist() == [2, 2]


def test_an_output_without_gradient() -> None:
    class Sorted(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            order = np.argsort(x.numpy() if not x.requires_grad else x.detach().numpy())
            y, ranks = x[order], autograd.tensor(order.astype(np.float32))
            ctx.order = order
            ctx.mark_non_differentiable(ranks)
            return y, ranks

        @staticmethod
        def backward(ctx: Any, g: Any, _: Any) -> Any:
            d = autograd.zeros_like(g)
            d[ctx.order] = g
            return d

    x = autograd.tensor([3.0, 1.0, 2.0], requires_grad=True)
    y, ranks = Sorted.apply(x)
    assert not ranks.requires_grad
    (y * autograd.arange(3.0)).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [2, 0, 1]


class AddOne(InplaceFunction):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        x.add_(1)
        ctx.mark_dirty(x)
        return x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g


def test_in_place() -> None:
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    z = AddOne.apply(y)
    assert z is y and z.tolist() == [3, 5] and repr(z.grad_fn) == "<AddOneBackward>"
    (z * z).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [12, 20]
    plain = autograd.zeros(2)
    assert AddOne.apply(plain) is plain
    with pytest.raises(RuntimeError, match="AddOne: forward changed a leaf that requires grad"):
        AddOne.apply(x)
    with pytest.raises(RuntimeError, match="AddOne: forward changed a view"):
        AddOne.apply((x * 2)[:1])
    y = x * 2
    w = y * y
    AddOne.apply(y)
    with pytest.raises(RuntimeError, match="mul: its input 0 was changed in place"):
        w.sum().backward()


def test_an_input_that_is_returned_is_another_tensor() -> None:
    class Reversed(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return -g

    x = autograd.ones(2, requires_grad=True)
    y = Reversed.apply(x)
    assert y is not x and x.is_leaf
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [-1, -1]
    plain = autograd.ones(2)
    assert Reversed.apply(plain) is not plain


def test_an_array_that_backward_keeps_is_never_written_to() -> None:
    class Kept(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.d = autograd.ones_like(x)
            return x * 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return ctx.d

    x = autograd.ones(2, requires_grad=True)
    y = Kept.apply(x).sum()
    for _ in range(3):
        y.backward(retain_graph=True)
    assert x.grad is not None and x.grad.tolist() == [3, 3]


def test_a_graph_is_freed_by_reference_counting() -> None:
    gc.disable()
    try:
        x = doubles(2)
        for function in (Cube, Exp):
            y = function.apply(x)
            node = weakref.ref(y.grad_fn)
            del y
            assert node() is None
    finally:
        gc.enable()


def test_second_pass_and_changes_in_place() -> None:
    x = autograd.ones(2, requires_grad=True)
    y = Cube.apply(x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match=r"Cube: backward ran through this graph before .* retain_graph=True"):
        y.backward()
    h = x * 2
    y = Cube.apply(h).sum()
    with autograd.no_grad():
        h += 1
    with pytest.raises(RuntimeError, match="Cube: saved tensor 0 was changed in place"):
        y.backward()


def test_debugging_contexts_see_it() -> None:
    x = autograd.tensor([0.0, 1.0], requires_grad=True)

    class Root(Cube):
        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g / ctx.saved_tensors[0]

    with (
        autograd.detect_anomaly(),
        pytest.raises(RuntimeError, match=r"Root: the backward made inf at \[0\].*Root.apply"),
    ):
        Root.apply(x).sum().backward()
    with autograd.verify():
        Cube.apply(x).sum().backward()
    with autograd.profiler.profile() as profile:
        Cube.apply(x).sum().backward()
    assert "Cube" in profile.key_averages().table()


def broken(**methods: Any) -> Any:
    return type("Broken", (Cube,), {name: staticmethod(method) for name, method in methods.items()})


def marked(method: str, *args: Any) -> Callable[..., Any]:
    def forward(ctx: Any, x: Any) -> Any:
        getattr(ctx, method)(*args)
        return x * 2

    return forward


def run(function: Any, *args: Any) -> Any:
    return function.apply(autograd.ones(2, requires_grad=True) * 1, *args).sum().backward()


MISTAKES: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "too many gradients": (
        lambda: run(broken(backward=lambda ctx, g: (g, g))),
        RuntimeError,
        "Broken: its backward returned 2 gradients for the 1",
    ),
    "too few gradients": (
        lambda: run(broken(forward=lambda ctx, x, n: x * n, backward=lambda ctx, g: g), 3),
        RuntimeError,
        "Broken: its backward returned 1 gradients for the 2 arguments",
    ),
    "a gradient of no tensor": (
        lambda: run(broken(forward=lambda ctx, x, n: x * n, backward=lambda ctx, g: (g, g)), 3),
        RuntimeError,
        "Broken: its backward returned a gradient for argument 1 of forward, which is no tensor",
    ),
    "a number": (
        lambda: run(broken(backward=lambda ctx, g: 3)),
        RuntimeError,
        "Broken: its backward returned a int as",
    ),
    "a list": (lambda: run(broken(backward=lambda ctx, g: [g])), RuntimeError, "Broken: its backward returned a list"),
    "a shape": (
        lambda: run(broken(backward=lambda ctx, g: autograd.ones(3))),
        RuntimeError,
        r"Broken: its backward returned a gradient of shape \(3,\) for input 0, whose shape is \(2,\)",
    ),
    "no backward": (
        lambda: run(type("Broken", (Function,), {"forward": staticmethod(lambda ctx, x: x * 2)})),
        NotImplementedError,
        "write the static method backward",
    ),
    "no forward": (
        lambda: run(type("Broken", (Function,), {})),
        NotImplementedError,
        "write the static method forward",
    ),
    "backward and vjp": (
        lambda: run(broken(vjp=lambda ctx, g: g)),
        RuntimeError,
        "Broken: it has both a backward and a vjp",
    ),
    "keyword-only": (
        lambda: broken(forward=lambda ctx, x, *, n=2: x).apply(1, n=3),
        TypeError,
        "Broken.apply: n is keyword-only in forward",
    ),
    "unknown keyword": (lambda: Cube.apply(1, n=3), TypeError, "unexpected keyword argument 'n'"),
    "saves a number": (
        lambda: run(broken(forward=marked("save_for_backward", 3))),
        TypeError,
        "Broken: save_for_backward takes tensors and None, and argument 0 is a int",
    ),
    "marks a number": (
        lambda: run(broken(forward=marked("mark_dirty", 3))),
        RuntimeError,
        "Broken: mark_dirty takes tensors",
    ),
    "marks no input": (
        lambda: run(broken(forward=marked("mark_dirty", autograd.ones(2)))),
        RuntimeError,
        "mark_dirty names the inputs",
    ),
    "marks a list": (
        lambda: run(broken(forward=marked("mark_non_differentiable", []))),
        RuntimeError,
        "Broken: mark_non_differentiable takes tensors, and argument 0 is a list",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name: str) -> None:
    call, error, message = MISTAKES[name]
    with pytest.raises(error, match=message):
        call()


def test_an_instance_is_not_called() -> None:
    with pytest.warns(DeprecationWarning, match=r"call Cube.apply\(...\)"):
        instance = Cube()
    with pytest.raises(RuntimeError, match=r"Cube: a Function is not called as an instance"):
        instance(autograd.ones(1))
    assert instance.apply(autograd.ones(1)).tolist() == [1]


def test_more_none_than_arguments() -> None:
    run(broken(backward=lambda ctx, g: (g, None, None)))
