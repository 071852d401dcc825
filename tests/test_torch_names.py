"""autograd.func, Variable, backward and grad, set_detect_anomaly: what PyTorch's programs call by these names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import func

torch: Any = autograd  # `import autograd as torch`


NAMES = [
    *(
        "Function",
        "Variable",
        "backward",
        "detect_anomaly",
        "enable_grad",
        "function",
        "functional",
        "grad",
        "gradcheck",
    ),
    *("gradgradcheck", "graph", "no_grad", "profiler", "set_detect_anomaly"),
]


def test_names_of_torch_autograd() -> None:
    for name in NAMES:
        assert getattr(torch.autograd, name) is getattr(autograd, name)
    assert torch.autograd.function.Function is torch.autograd.Function
    assert torch.autograd.graph.saved_tensors_hooks is autograd.graph.saved_tensors_hooks
    assert torch.autograd.functional.jacobian is autograd.functional.jacobian
    assert torch.utils.checkpoint.checkpoint is autograd.utils.checkpoint.checkpoint
    assert torch.utils.dlpack.from_dlpack is autograd.from_dlpack


# ── Variable, backward, grad ──


def test_variable() -> None:
    x = autograd.ones(2)
    v = autograd.Variable(x, requires_grad=True)
    assert isinstance(v, autograd.Tensor) and isinstance(x, autograd.Variable)
    assert v.requires_grad and not x.requires_grad and v is not x
    x[0] = 5
    assert v.tolist() == [5, 1]
    y = autograd.Variable(v * 2)
    assert y.is_leaf and not y.requires_grad
    with pytest.warns(UserWarning, match="volatile has no effect"):
        autograd.Variable(x, volatile=True)
    with pytest.raises(TypeError, match="data is a list"):
        autograd.Variable([1.0])
    assert autograd.Variable().shape == (0,)


def test_backward_of_several_tensors() -> None:
    x, y = (autograd.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    autograd.backward([x * 2, (y * y).sum()], [autograd.tensor([1.0, 10.0]), None])
    assert x.grad is not None and y.grad is not None
    assert (x.grad.tolist(), y.grad.tolist()) == ([2, 20], [2, 4])
    autograd.backward((x * y).sum(), inputs=[x])
    assert (x.grad.tolist(), y.grad.tolist()) == ([3, 22], [2, 4])
    with pytest.warns(FutureWarning, match="grad_variables is called grad_tensors"):
        autograd.backward([x * 2], grad_variables=[autograd.ones(2)])
    with pytest.raises(RuntimeError, match="there are 2 tensors and 1 gradients"):
        autograd.backward([x * 2, y * 2], [autograd.ones(2)])
    with pytest.raises(RuntimeError, match="a gradient is implied only for a scalar"):
        autograd.backward([x * 2])


def test_arguments_of_grad() -> None:
    x, y = autograd.ones(2, requires_grad=True), autograd.ones(3, requires_grad=True)
    (dx, dy) = autograd.grad((x * 2).sum(), (x, y), materialize_grads=True)
    assert (dx.tolist(), dy.tolist()) == ([2, 2], [0, 0, 0])
    assert autograd.grad((x * 2).sum(), (x, y), None, True, False, True, True)[1] is None
    assert autograd.grad((x * 2).sum(), {"a": x})["a"].tolist() == [2, 2]
    with pytest.raises(RuntimeError, match="do not depend on input 1"):
        autograd.grad((x * 2).sum(), (x, y))
    with pytest.raises(ValueError, match="leave allow_unused out"):
        autograd.grad((x * 2).sum(), x, allow_unused=False, materialize_grads=True)
    with pytest.raises(NotImplementedError, match="is_grads_batched is not there"):
        autograd.grad(x * 2, x, autograd.ones(3, 2), is_grads_batched=True)
    with pytest.warns(FutureWarning, match="only_inputs has no effect"):
        autograd.grad((x * 2).sum(), x, only_inputs=False)


def test_set_detect_anomaly() -> None:
    x = autograd.tensor([-1.0])
    with autograd.set_detect_anomaly(True):
        assert autograd.is_anomaly_enabled()
        with autograd.verify():  # a mode that is entered later is in front of it
            with autograd.set_detect_anomaly(False):
                x.log()
            with pytest.raises(RuntimeError, match="log: the forward made NaN"):
                x.log()
    assert not autograd.is_anomaly_enabled()
    autograd.set_detect_anomaly(True)
    autograd.set_detect_anomaly(True, check_nan=False)
    x.log()
    assert autograd.is_anomaly_enabled()
    autograd.set_detect_anomaly(False)
    assert not autograd.is_anomaly_enabled()
    with autograd.detect_anomaly():
        autograd.set_detect_anomaly(True)
    assert not autograd.is_anomaly_enabled()


# ── func ──

X = autograd.tensor([0.3, 0.7], dtype=autograd.float64)


def test_grad_of_grad() -> None:
    f = lambda x: (x**4).sum()  # noqa: E731
    np.testing.assert_allclose(func.grad(f)(X).numpy(), 4 * X.array**3)
    third = func.grad(lambda x: func.grad(lambda x: func.grad(f)(x).sum())(x).sum())(X)
    np.testing.assert_allclose(third.numpy(), 24 * X.array)
    assert not third.requires_grad
    gradient, value = func.grad_and_value(f)(X)
    assert value.item() == f(X).item() and not value.requires_grad and not gradient.requires_grad


def test_grad_of_containers_and_aux() -> None:
    p = {"w": autograd.tensor([1.0, 2.0]), "b": [autograd.tensor(3.0)]}
    f = lambda p, x: (((p["w"] * x).sum() + p["b"][0]) ** 2, {"x": x})  # noqa: E731
    (dp, dx), aux = func.grad(f, argnums=(0, 1), has_aux=True)(p, autograd.ones(2))
    assert dp["w"].tolist() == [12, 12] and dp["b"][0].item() == 12 and dx.tolist() == [12, 24]
    assert aux["x"].tolist() == [1, 1] and not aux["x"].requires_grad
    x = autograd.ones(2)
    (y,), only = func.grad(lambda x, y: (x * y).sum(), argnums=(1,))(x, x * 3), func.grad(lambda x: x.sum())(x)
    assert y.tolist() == [1, 1] == only.tolist()


def test_a_derivative_depends_on_what_the_function_refers_to() -> None:
    w = autograd.tensor(2.0, requires_grad=True)
    d = func.grad(lambda x: (w * x * x).sum())(autograd.tensor(3.0))
    assert d.requires_grad
    assert autograd.grad(d, w)[0].item() == 6
    x = autograd.tensor(3.0, requires_grad=True)
    assert autograd.grad(func.grad(lambda x: x**3)(x), x)[0].item() == 18


def test_vjp_and_jvp() -> None:
    m = autograd.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=autograd.float64)
    f = lambda x, y: (m @ x * y, x.sum())  # noqa: E731
    y = autograd.tensor([5.0, 6.0], dtype=autograd.float64)
    out, vjp_fn = func.vjp(f, X, y)
    one = autograd.ones(2, dtype=autograd.float64)
    dx, dy = vjp_fn((one, autograd.tensor(1.0, dtype=autograd.float64)))
    np.testing.assert_allclose(dx.numpy(), (y.array @ m.array) + 1)
    np.testing.assert_allclose(dy.numpy(), m.array @ X.array)
    value, product = func.jvp(f, (X, y), (one, one))
    assert value[1].item() == out[1].item() == pytest.approx(1.0)
    np.testing.assert_allclose(product[0].numpy(), m.array.sum(1) * y.array + m.array @ X.array)
    assert product[1].item() == 2


def test_jacobians_and_hessian() -> None:
    f = lambda x: autograd.stack([x[0] * x[1], x[0] ** 2, x[1]])  # noqa: E731
    expected = [[0.7, 0.3], [0.6, 0.0], [0.0, 1.0]]
    for jacobian in (func.jacrev, func.jacfwd):
        np.testing.assert_allclose(jacobian(f)(X).numpy(), expected)
    h = func.hessian(lambda x: x[0] ** 2 * x[1] ** 3)(X)
    a, b = X.tolist()
    np.testing.assert_allclose(h.numpy(), [[2 * b**3, 6 * a * b**2], [6 * a * b**2, 6 * a * a * b]])


def test_vmap() -> None:
    x, y = autograd.randn(3, 4), autograd.randn(4)
    dot = lambda x, y: (x * y).sum()  # noqa: E731
    assert func.vmap(dot, in_dims=(0, None))(x, y).shape == (3,)
    assert func.vmap(lambda x: (x, {"s": x.sum()}), in_dims=1, out_dims=0)(x)[1]["s"].shape == (4,)
    assert func.vmap(lambda x: x * 2, out_dims=1)(x).tolist() == (x.T * 2).tolist()
    per_sample = func.vmap(func.grad(dot), in_dims=(None, 0))(y, x)
    assert per_sample.tolist() == x.tolist()
    nested = func.vmap(func.vmap(lambda a, b: a * b, in_dims=(None, 0)), in_dims=(0, None))(y, y)
    assert nested.tolist() == (y[:, None] * y).tolist()
    same = func.vmap(lambda x: x + autograd.rand(2), randomness="same")(autograd.zeros(3, 2))
    assert same[0].tolist() == same[2].tolist()
    w = autograd.ones(3, 4, requires_grad=True)
    func.vmap(dot, in_dims=(0, None))(w, y).sum().backward()
    assert w.grad is not None and w.grad[1].tolist() == y.tolist()


def test_functional_call() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    x = autograd.randn(5, 2)
    before = net(x).tolist()
    p = {name: autograd.zeros_like(value) for name, value in net.named_parameters()}
    assert func.functional_call(net, p, (x,)).tolist() == [[0.0]] * 5
    assert func.functional_call(net, {"2.bias": autograd.ones(1)}, x)[0].item() == pytest.approx(
        before[0][0] + 1 - net[2].bias.item(), abs=1e-6
    )
    assert net(x).tolist() == before
    p = {name: value.detach() for name, value in net.named_parameters()}
    d = func.grad(lambda p: func.functional_call(net, p, (x,)).sum())(p)
    net(x).sum().backward()
    for name, value in net.named_parameters():
        assert value.grad is not None
        np.testing.assert_allclose(d[name].numpy(), value.grad.numpy(), rtol=1e-5, atol=1e-6)
    nets = [nn.Linear(2, 3) for _ in range(4)]
    stacked, buffers = func.stack_module_state(nets)
    together = func.vmap(lambda p, x: func.functional_call(nets[0], p, x), in_dims=(0, None))(stacked, x)
    assert buffers == {} and together[2].tolist() == nets[2](x).tolist()
    assert stacked["weight"].requires_grad and stacked["weight"].is_leaf


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(2, 2, bias=False)
        self.b = nn.Linear(2, 2, bias=False)
        self.b.weight = self.a.weight

    def forward(self, x: Any) -> Any:
        return self.b(self.a(x))


def test_functional_call_of_tied_weights() -> None:
    net, x, two = Tied(), autograd.ones(1, 2), {"a.weight": autograd.eye(2) * 2}
    assert func.functional_call(net, two, x).tolist() == [[4, 4]]
    half = func.functional_call(net, two, x, tie_weights=False)
    assert half.tolist() == net.b(x * 2).tolist()


def test_mistakes() -> None:
    net = nn.Linear(2, 2)
    with pytest.raises(KeyError, match="Linear has no parameter or buffer 'w'"):
        func.functional_call(net, {"w": X}, X)
    with pytest.raises(ValueError, match="bias is in two of the dicts"):
        func.functional_call(net, [{"bias": X}, {"bias": X}], X)
    with pytest.raises(RuntimeError, match="strict=True, and weight is not given"):
        func.functional_call(net, {"bias": X}, X, strict=True)
    with pytest.raises(RuntimeError, match="must return a tensor without dimensions"):
        func.grad(lambda x: x)(X)
    with pytest.raises(RuntimeError, match="with respect to float tensors, not a int64 tensor"):
        func.grad(lambda x: x.sum())(autograd.arange(3))
    with pytest.raises(RuntimeError, match="argnums=1 does not fit 1 positional"):
        func.grad(lambda x: x.sum(), 1)(X)
    with pytest.raises(RuntimeError, match="the vectors have shapes"):
        func.vjp(lambda x: x, X)[1](autograd.ones(3))
    with pytest.raises(RuntimeError, match="primals and tangents must be tuples"):
        func.jvp(lambda x: x, X, X)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"sizes \[2, 3\]; they must be equal"):
        func.vmap(lambda x, y: x + y)(autograd.ones(2), autograd.ones(3))
    with pytest.raises(ValueError, match="in_dims has 2 for a tensor of shape"):
        func.vmap(lambda x: x, 2)(X)
    with pytest.raises(ValueError, match="no argument is taken apart"):
        func.vmap(lambda x: x, (None,))(X)
    with pytest.raises(RuntimeError, match="expects at least one module"):
        func.stack_module_state([])
