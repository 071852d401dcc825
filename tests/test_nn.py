"""The module tree, its state dict, and the layers."""

from __future__ import annotations

import ast
import copy
import importlib
import math
import pickle
import pkgutil
import rlcompleter
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd import Tensor, tensor
from autograd.names import public_names
from nn import functional as F
from tests.with_torch.calls import all_calls

TESTS = Path(__file__).parent


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
        self.scale = nn.Parameter(autograd.ones(1))
        self.head = nn.Linear(8, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x).flatten(1)) * self.scale


NAMES = ["scale", "features.0.weight", "features.0.bias", "head.weight"]


def values(module: nn.Module) -> dict[str, list]:
    return {name: t.tolist() for name, t in module.state_dict().items()}


# ── the tree ──


def test_parameters_and_modules_are_found() -> None:
    net = Net()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert [type(p) for p in net.parameters()] == [nn.Parameter] * 4
    assert all(p.requires_grad and p.is_leaf for p in net.parameters())
    assert [name for name, _ in net.named_modules()] == ["", "features", "features.0", "features.1", "head"]
    assert [name for name, _ in net.named_children()] == ["features", "head"]
    assert list(net.children()) == [net.features, net.head]
    assert next(name for name, _ in net.named_parameters("net")) == "net.scale"


def test_what_is_shared_comes_once() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(2, 2)
            self.b = self.a
            self.c = nn.Linear(2, 2)
            self.c.weight = self.a.weight

    net = Twice()
    assert [name for name, _ in net.named_parameters()] == ["a.weight", "a.bias", "c.bias"]
    assert len(list(net.modules())) == 3
    # but a state dict has every name, as in PyTorch
    assert list(net.state_dict()) == ["a.weight", "a.bias", "b.weight", "b.bias", "c.weight", "c.bias"]
    net.load_state_dict(Twice().state_dict())
    assert net.c.weight is net.a.weight


def test_assignments() -> None:
    net = Net()
    net.extra = nn.Parameter(autograd.ones(2))
    assert "extra" in dict(net.named_parameters())
    net.extra = None  # still a place for a parameter
    assert "extra" not in dict(net.named_parameters()) and net.extra is None
    with pytest.raises(TypeError, match=r"Net\.scale is a parameter; assign an nn\.Parameter or None, not Tensor"):
        net.scale = autograd.ones(1)  # type: ignore[assignment]
    net.head = nn.ReLU()  # type: ignore[assignment]
    assert [name for name, _ in net.named_parameters()] == NAMES[:3]
    net.features = None  # type: ignore[assignment]
    assert [name for name, _ in net.named_children()] == ["head"]
    del net.scale
    assert not list(net.parameters())
    with pytest.raises(AttributeError, match="Net has no attribute 'scale'"):
        _ = net.scale
    with pytest.raises(AttributeError):
        del net.scale


def test_dir_lists_parameters_buffers_and_submodules() -> None:
    net = Net()
    net.register_buffer("steps", autograd.zeros(1))
    net.width = 3
    names = dir(net)
    assert {"scale", "features", "head", "steps", "width", "training", "forward", "parameters"} <= set(names)
    assert names == sorted(names) and len(names) == len(set(names))
    assert "0" not in dir(net.features)  # not an identifier
    assert (
        rlcompleter.Completer({"net": net}).attr_matches("net.hea")[0].startswith("net.head")
    )  # completed as in a Python shell
    assert "weight" in dir(net.features[0]) and "bias" in dir(net.features[0])
    del net.head
    assert "head" not in dir(net)

    class Forgetful(nn.Module):
        def __init__(self) -> None:
            pass

    assert "parameters" in dir(Forgetful())  # a debugger may list a module that has not called super().__init__()


def test_a_plain_tensor_is_no_parameter() -> None:
    net = Net()
    net.table = autograd.ones(2)
    assert "table" not in dict(net.named_parameters())


def test_init_without_super() -> None:
    class Careless(nn.Module):
        def __init__(self) -> None:
            self.width = 3  # as PyTorch allows
            self.layer = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match=r"Careless: call super\(\).__init__\(\) before assigning 'layer'"):
        Careless()

    class Forgetful(nn.Module):
        def __init__(self) -> None:
            self.size = 3

    for use in (lambda: Forgetful()(1), lambda: list(Forgetful().parameters()), lambda: Forgetful().eval()):
        with pytest.raises(AttributeError, match=r"Forgetful: its __init__ must call super\(\).__init__\(\) first"):
            use()


@pytest.mark.parametrize("value", [lambda x: x, nn.Linear, [nn.ReLU()], autograd.ones(1), 3])
def test_a_module_is_not_replaced_by_what_is_none(value: Any) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head: Any = nn.Linear(2, 2)
            self.body = nn.Sequential(nn.ReLU())

    net = Net()
    with pytest.raises(
        TypeError, match=rf"Net\.head is a module; assign an nn\.Module or None, not {type(value).__name__}"
    ):
        net.head = value
    with pytest.raises(TypeError, match=r"add_module: .0. must be a Module"):
        net.body[0] = value
    assert len(list(net.parameters())) == 2
    net.head = nn.Linear(2, 1)
    assert net.head.weight.shape == (1, 2)
    net.head = None
    assert net.head is None and not list(net.parameters())


def test_a_parameter_takes_attributes() -> None:
    layer = nn.Linear(1, 1)
    layer.weight._no_weight_decay = True  # type: ignore[attr-defined]
    layer.weight.tags = ["a"]  # type: ignore[attr-defined]
    copied = copy.deepcopy(layer)
    others: list[Any] = [copied, pickle.loads(pickle.dumps(layer)), layer.double()]
    for other in others:
        assert other.weight._no_weight_decay and other.weight.tags == ["a"]
        assert not hasattr(other.bias, "_no_weight_decay")
    copied.weight.tags.append("b")  # type: ignore[attr-defined]
    assert layer.weight.tags == ["a"] and copy.copy(layer.weight).tags is layer.weight.tags  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):  # allowing attributes would make every operation slower
        autograd.ones(1)._no_weight_decay = True  # type: ignore[attr-defined]


def test_pickles_of_what_users_keep() -> None:
    """Modules, optimizers and schedulers pickled together: an optimizer's state stays with its parameters."""
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 1))
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = optim.lr_scheduler.StepLR(optimizer, 1)

    def step(model: Any, optimizer: Any, scheduler: Any) -> list[Any]:
        autograd.manual_seed(0)
        optimizer.zero_grad()
        model(autograd.randn(4, 2)).sum().backward()
        optimizer.step()
        scheduler.step()
        return [p.tolist() for p in model.parameters()] + scheduler.get_last_lr()

    step(model, optimizer, scheduler)
    others = pickle.loads(pickle.dumps((model, optimizer, scheduler)))
    assert step(*others) == step(model, optimizer, scheduler)
    assert others[0][0].weight is others[1].param_groups[0]["params"][0] is not model[0].weight
    for thing in (autograd.float32, autograd.device("cpu"), autograd.get_rng_state(), model.state_dict()):
        assert type(pickle.loads(pickle.dumps(thing))) is type(thing)


def test_registering() -> None:
    module = nn.Module()
    module.register_parameter("weight", nn.Parameter(autograd.ones(1)))
    module.register_parameter("bias", None)
    module.add_module("inner", nn.ReLU())
    assert list(module.state_dict()) == ["weight"] and module.bias is None
    for wrong in ("", "a.b"):
        with pytest.raises(KeyError, match="not a valid name"):
            module.add_module(wrong, nn.ReLU())
        with pytest.raises(KeyError, match="not a valid name"):
            module.register_parameter(wrong, None)
    for taken in ("forward", "weight"):
        with pytest.raises(KeyError, match=f"already has an attribute '{taken}'"):
            module.add_module(taken, nn.ReLU())
    with pytest.raises(TypeError, match=r"'x' must be an nn\.Parameter or None, not Tensor"):
        module.register_parameter("x", autograd.ones(1))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="'x' must be a Module, not int"):
        module.add_module("x", 5)  # type: ignore[arg-type]
    with pytest.raises(
        TypeError,
        match=r"Sequential\.add_module: '0' must be a Module, not a class; create an instance with ReLU\(...\)",
    ):
        nn.Sequential(nn.ReLU)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"'0' must be a Module, not list; .* as in nn.Sequential\(\*layers\)"):
        nn.Sequential([nn.ReLU()])  # type: ignore[call-overload]


def test_parameter() -> None:
    t = autograd.ones(2)
    p = nn.Parameter(t)
    assert p.requires_grad and p.array is t.array and not t.requires_grad
    assert not nn.Parameter(t, requires_grad=False).requires_grad
    assert repr(p) == "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    y = (p * p).sum()
    t.zero_()  # shares the memory
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()
    with pytest.raises(TypeError, match=r"Parameter: expects a Tensor, got numpy\.ndarray"):
        nn.Parameter(np.ones(2))  # type: ignore[arg-type]


def test_apply_visits_children_first() -> None:
    seen: list[str] = []
    net = Net()
    assert net.apply(lambda module: seen.append(type(module).__name__)) is net
    assert seen == ["Conv2d", "ReLU", "Sequential", "Linear", "Net"]


def test_deepcopy_is_independent() -> None:
    net = Net()
    twin = copy.deepcopy(net)
    before = values(net)
    for p in twin.parameters():
        p.data.zero_()
    assert values(net) == before and values(twin) != before


def test_paths_lead_to_modules_parameters_and_buffers() -> None:
    net = nn.Sequential(Net(), nn.ModuleDict({"norm": nn.BatchNorm1d(2)}))
    assert net.get_submodule("") is net
    assert net.get_submodule("0.features.1") is net[0].features[1]  # type: ignore[union-attr]
    assert net.get_parameter("0.head.weight") is net[0].head.weight
    assert net.get_buffer("1.norm.running_var") is net[1]["norm"].running_var  # type: ignore[index]
    for call, wrong in (
        (net.get_submodule, "0.tail"),
        (net.get_submodule, "0.tail.weight"),
        (net.get_parameter, "0.head.bias"),  # this bias is None
        (net.get_parameter, "1.norm.running_var"),
        (net.get_buffer, "0.head.weight"),
    ):
        with pytest.raises(AttributeError, match=f"Sequential has no [a-z]+ '{wrong}'"):
            call(wrong)


def test_only_its_own_and_every_name() -> None:
    net = Net()
    assert [name for name, _ in net.named_parameters(recurse=False)] == ["scale"]
    assert list(net.parameters(recurse=False)) == [net.scale]
    net.again = net.head
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert [name for name, _ in net.named_parameters("x", True, False)] == [
        f"x.{name}" for name in (*NAMES, "again.weight")
    ]


# ── buffers ──


class Counter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("total", autograd.zeros(2))
        self.register_buffer("count", tensor(0))
        self.register_buffer("scratch", autograd.ones(1), persistent=False)
        self.register_buffer("nothing", None)
        self.inner = nn.BatchNorm1d(2)


def test_buffers_are_found_and_saved() -> None:
    net = Counter()
    inner = ["inner.running_mean", "inner.running_var", "inner.num_batches_tracked"]
    assert [name for name, _ in net.named_buffers()] == ["total", "count", "scratch", *inner]
    assert [name for name, _ in net.named_buffers("a", recurse=False)] == ["a.total", "a.count", "a.scratch"]
    assert next(iter(net.buffers())) is net.total and len(list(net.buffers(recurse=False))) == 3
    assert net.nothing is None
    assert [name for name, _ in net.named_parameters()] == ["inner.weight", "inner.bias"]
    assert list(net.state_dict()) == ["total", "count", "inner.weight", "inner.bias", *inner]  # the order of PyTorch
    twin = Counter()
    net.total.fill_(3)
    net.count.add_(7)
    twin.load_state_dict(net.state_dict())
    assert twin.total.tolist() == [3, 3] and twin.count.item() == 7 and twin.count.dtype == np.int64
    assert copy.deepcopy(net).total.tolist() == [3, 3]
    with pytest.raises(ValueError, match="count is missing"):
        twin.load_state_dict({name: t for name, t in net.state_dict().items() if name != "count"})


def test_a_buffer_is_assigned_and_taken_away() -> None:
    net = Counter()
    net.total = autograd.ones(2)
    assert net.state_dict()["total"].tolist() == [1, 1]
    net.nothing = autograd.ones(1)
    assert "nothing" in net.state_dict()
    net.total = None
    assert "total" not in net.state_dict() and net.total is None
    with pytest.raises(TypeError, match=r"Counter\.total is a buffer; assign a Tensor or None, not float"):
        net.total = 1.0
    net.total = nn.Parameter(autograd.ones(1))
    assert "total" in dict(net.named_parameters()) and "total" not in dict(net.named_buffers())
    del net.scratch
    assert not hasattr(net, "scratch")
    net.register_buffer("scratch", autograd.ones(1))  # now part of the state dict
    assert "scratch" in net.state_dict()


def test_registering_a_buffer() -> None:
    net = Counter()
    with pytest.raises(TypeError, match="'x' must be a Tensor or None, not int"):
        net.register_buffer("x", 5)  # type: ignore[arg-type]
    for taken in ("forward", "inner"):
        with pytest.raises(KeyError, match=f"already has an attribute '{taken}'"):
            net.register_buffer(taken, None)
    with pytest.raises(KeyError, match="not a valid name"):
        net.register_buffer("a.b", None)


def test_only_float_buffers_are_converted() -> None:
    net = Counter()
    buffers = list(net.buffers())
    assert net.double() is net
    assert list(net.buffers()) == buffers
    assert [b.dtype for b in buffers[:3]] == [np.float64, np.int64, np.float64]
    assert net.cpu() is net


# ── modes and gradients ──


def test_train_and_eval_reach_every_module() -> None:
    net = Net()
    assert net.training
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    net.features.train()
    assert [module.training for module in net.modules()] == [False, True, True, True, False]
    assert all(module.training for module in net.train().modules())


def test_zero_grad_and_requires_grad() -> None:
    net = Net()
    net(autograd.ones(1, 1, 4, 4)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert all(p.grad is not None and not p.grad.numpy().any() for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    assert net.requires_grad_(False) is net
    assert not net(autograd.ones(1, 1, 4, 4)).requires_grad


def test_dtypes() -> None:
    net = Net()
    parameters = list(net.parameters())
    net(autograd.ones(1, 1, 4, 4)).sum().backward()
    assert net.double() is net
    assert list(net.parameters()) == parameters  # an optimizer still refers to them
    assert (
        {p.dtype for p in parameters} == {p.grad.dtype for p in parameters if p.grad is not None} == {autograd.float64}
    )
    assert net(autograd.ones(1, 1, 4, 4, dtype=autograd.float64)).dtype == np.float64
    assert {p.dtype for p in net.float().parameters()} == {autograd.float32}
    for arguments in (("cpu",), (autograd.device("cpu"),), ("cpu", autograd.float32)):
        assert net.to(*arguments) is net
    net.to(device="cpu", dtype=autograd.float64, non_blocking=True)
    assert {p.dtype for p in parameters} == {autograd.float64}
    with pytest.raises(TypeError, match="to: parameters need a float dtype, not int64"):
        net.to(np.int64)
    assert nn.Linear(2, 2, dtype=autograd.float64).weight.dtype == np.float64


# ── state dict ──


def test_a_state_goes_across_as_tensors_or_arrays() -> None:
    source = Net()
    for state in (source.state_dict(), {name: t.numpy().astype(np.float64) for name, t in source.state_dict().items()}):
        net = Net()
        parameters = list(net.parameters())
        missing, unexpected = net.load_state_dict(state)
        assert (missing, unexpected) == ([], [])
        assert values(net) == values(source)
        assert list(net.parameters()) == parameters
        assert all(p.dtype == np.float32 for p in parameters)


def test_a_state_is_the_modules_own_memory_without_history() -> None:
    net = Net()
    state = net.state_dict()
    assert list(state) == NAMES
    assert not any(t.requires_grad for t in state.values())
    state["scale"].fill_(7)
    assert net.scale.tolist() == [7]


def test_mismatches_are_all_named_and_nothing_is_loaded() -> None:
    net = Net()
    before = values(net)
    state: dict[str, Any] = {name: t.numpy() * 0 + 5 for name, t in net.state_dict().items()}
    state["head.weight"] = np.zeros((3, 9))
    state["features.0.bias"] = np.array(["a", "b"])
    state["tail.weight"] = state.pop("features.0.weight")
    with pytest.raises(ValueError, match="does not fit Net, so nothing was loaded") as caught:
        net.load_state_dict(state)
    for part in (
        "head.weight has shape (3, 9), but the module's has shape (3, 8)",
        "features.0.bias holds <U1, not numbers",
        "features.0.weight is missing",
        "tail.weight is not in this module",
    ):
        assert part in str(caught.value)
    with pytest.raises(ValueError, match="has shape") as caught:
        net.load_state_dict(state, strict=False)  # shapes must fit anyway
    assert "missing" not in str(caught.value)
    assert values(net) == before


def test_not_strict_takes_what_fits() -> None:
    net = Net()
    result = net.load_state_dict({"scale": tensor([3.0]), "other": tensor([1.0])}, strict=False)
    assert repr(result) == f"IncompatibleKeys(missing_keys={NAMES[1:]}, unexpected_keys=['other'])"
    assert str(net.load_state_dict(net.state_dict())) == "<All keys matched successfully>"
    net.scale.data.fill_(3)
    assert result.missing_keys == NAMES[1:]
    assert result.unexpected_keys == ["other"]
    assert net.scale.tolist() == [3]


def test_loading_counts_as_writing() -> None:
    net = nn.Linear(2, 1)
    x = autograd.ones(1, 2, requires_grad=True)
    y = net(x).sum()
    net.load_state_dict(nn.Linear(2, 1).state_dict())
    with pytest.raises(RuntimeError, match="linear: its input 1 was changed in place"):
        y.backward()


def test_a_state_under_a_prefix_and_with_history() -> None:
    net = Net()
    state: dict[str, Tensor] = {"other": tensor(1)}
    assert net.state_dict(destination=state, prefix="net.") is state
    assert list(state) == ["other", *(f"net.{name}" for name in NAMES)]
    assert net.state_dict(keep_vars=True)["scale"] is net.scale


# ── hooks ──


class Scale(nn.Module):
    """Computes x · factor and counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.runs = 0

    def forward(self, x: Any, factor: float = 1.0) -> Any:  # called with tensors and numbers
        self.runs += 1
        return x * factor


def test_forward_hooks_see_and_replace() -> None:
    seen: list[Any] = []
    module = Scale()
    x, y = tensor([1.0]), tensor([2.0])

    def before(m: nn.Module, inputs: tuple) -> Any:
        seen.append((m, inputs))
        return y  # a single input needs no tuple

    def after(m: nn.Module, inputs: tuple, output: Tensor) -> Any:
        seen.append((m, inputs, output.tolist()))
        return output + 1

    first, second = module.register_forward_pre_hook(before), module.register_forward_hook(after)
    assert module(x).tolist() == [3]
    assert seen == [(module, (x,)), (module, (y,), [2])]
    first.remove()
    assert module(x).tolist() == [2]
    second.remove()
    second.remove()  # removing twice is allowed
    assert module(x).tolist() == [1] and len(seen) == 3 and module.runs == 3


def test_forward_hooks_with_keywords_and_their_order() -> None:
    module, seen = Scale(), []
    module.register_forward_pre_hook(lambda m, args: seen.append("second"))
    module.register_forward_pre_hook(lambda m, args, options: (args, {"factor": 3.0}), with_kwargs=True)
    module.register_forward_pre_hook(lambda m, args: seen.append("first"), prepend=True)
    module.register_forward_hook(lambda m, args, out: seen.append("fourth"))
    module.register_forward_hook(lambda m, args, options, out: seen.append(options), prepend=True, with_kwargs=True)
    assert module(tensor([1.0]), factor=2.0).tolist() == [3]
    assert seen == ["first", "second", {"factor": 3.0}, "fourth"]


def test_one_hook_twice_is_two_hooks() -> None:
    module, seen = Scale(), []

    def hook(m: nn.Module, args: tuple, out: Tensor) -> None:
        seen.append(1)

    handles = [module.register_forward_hook(hook) for _ in range(2)]
    module(1)
    handles[0].remove()
    handles[0].remove()
    module(1)
    assert len(seen) == 3


def test_a_hook_may_remove_itself() -> None:
    module, seen = Scale(), []

    def once(m: nn.Module, args: tuple, out: Any) -> None:
        seen.append(out)
        handle.remove()

    handle = module.register_forward_hook(once)
    module.register_forward_hook(lambda m, args, out: seen.append(-out))
    module(1)
    module(2)
    assert seen == [1, -1, -2]


def test_an_error_in_a_hook_names_the_module() -> None:
    net = nn.Sequential(Scale())
    net[0].register_forward_hook(lambda m, args, out: 1 / 0)
    with pytest.raises(ZeroDivisionError) as caught:
        net(1)
    assert caught.value.__notes__ == ["in module Sequential.0 (Scale)"]


class Mix(nn.Module):
    """Several inputs and outputs: some have no gradient, some are not tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(tensor([3.0]))

    def forward(self, a: Tensor, times: int, b: Tensor, fixed: Tensor) -> tuple:
        return a * b * times, "word", a * self.w + fixed, b.detach()


@pytest.mark.parametrize("create_graph", [False, True])
def test_backward_hooks_see_all_gradients_at_once(create_graph: bool) -> None:
    seen: list[Any] = []
    module = Mix()
    a, b, fixed = tensor([2.0], requires_grad=True), tensor([5.0], requires_grad=True), tensor([7.0])
    module.register_full_backward_pre_hook(lambda m, g_out: seen.append((m, g_out)))
    module.register_full_backward_hook(lambda m, g_in, g_out: seen.append((m, g_in, g_out)))
    product, word, total, plain = module(a, 10, b, fixed)
    assert (product.tolist(), word, total.tolist(), plain.tolist()) == ([100], "word", [13], [5])
    assert not plain.requires_grad
    (product * 2 + total * 4).sum().backward(create_graph=create_graph)
    (m1, out1), (m2, into, out2) = seen
    assert m1 is m2 is module

    def values(gradients: tuple) -> list:
        assert isinstance(gradients, tuple)
        return [None if g is None else g.tolist() for g in gradients]

    assert values(out1) == values(out2) == [[2], None, [4], None]
    assert values(into) == [[2 * 50 + 4 * 3], None, [2 * 20], None]
    assert into[0].requires_grad is create_graph
    assert a.grad is not None and b.grad is not None and module.w.grad is not None
    assert (a.grad.tolist(), b.grad.tolist(), module.w.grad.tolist()) == ([112], [40], [8])


def test_backward_hooks_replace() -> None:
    net = nn.Linear(1, 1, bias=False)
    net.weight.data.fill_(3)
    net.register_full_backward_pre_hook(lambda m, g_out: (g_out[0] * 10,))
    net.register_full_backward_hook(lambda m, g_in, g_out: g_in[0] + g_out[0])  # a single gradient needs no tuple
    net.register_full_backward_hook(lambda m, g_in, g_out: (g_in[0] * 2,))
    x = tensor([[5.0]], requires_grad=True)
    net(x).backward()
    assert x.grad is not None and x.grad.tolist() == [[2 * (30 + 10)]]
    assert net.weight.grad is not None and net.weight.grad.tolist() == [[50]]


def test_backward_hooks_without_a_gradient_for_the_inputs() -> None:
    net, seen = nn.Linear(1, 1), []
    net.register_full_backward_hook(lambda m, g_in, g_out: seen.append((g_in, g_out[0].tolist())))
    for _ in range(2):  # once for each backward
        net(tensor([[5.0]])).backward()
    assert seen == [((None,), [[1]])] * 2


def test_where_nothing_is_recorded_inputs_go_in_as_they_are() -> None:
    class Slope(nn.Module):
        def forward(self, x: Tensor) -> Any:
            with autograd.enable_grad():
                return autograd.grad(x * x, x)[0]

    net = Slope()
    net.register_full_backward_hook(lambda m, g_in, g_out: (g_in[0] * 0,))
    with autograd.no_grad():
        assert net(tensor(3.0, requires_grad=True)).item() == 6


def test_backward_hooks_of_nested_and_shared_modules() -> None:
    inner, seen = nn.Linear(2, 2), []
    net = nn.Sequential(inner, nn.ReLU(), inner)
    net.register_full_backward_hook(lambda m, g_in, g_out: seen.append("net"))
    inner.register_full_backward_hook(lambda m, g_in, g_out: seen.append("inner"))
    x = autograd.ones(1, 2, requires_grad=True)
    y = net(x).sum()
    y.backward(retain_graph=True)
    assert seen == ["inner", "inner", "net"]
    y.backward()
    assert len(seen) == 6
    plain = nn.Sequential(*copy.deepcopy(net))
    for module in plain.modules():
        module._hooks.clear()
    gradient, x.grad = x.grad, None
    (plain(x) * 2).sum().backward()
    assert gradient is not None and x.grad is not None and gradient.tolist() == x.grad.tolist()


def test_a_named_tuple_stays_one() -> None:
    class Pair(NamedTuple):
        value: Tensor
        number: int

    class Net(nn.Module):
        def forward(self, x: Tensor) -> Pair:
            return Pair(x * 2, 5)

    net = Net()
    net.register_full_backward_hook(lambda m, g_in, g_out: None)
    out = net(tensor(1.0, requires_grad=True))
    assert (out.value.item(), out.number) == (2, 5)


def test_a_backward_hook_returns_as_many() -> None:
    net = nn.Linear(1, 1)
    net.register_full_backward_hook(lambda m, g_in, g_out: (g_in[0], None))
    y = net(tensor([[5.0]], requires_grad=True))
    with pytest.raises(RuntimeError, match="returned 2 gradients in place of 1"):
        y.backward()


# ── Sequential ──


def test_sequential_runs_in_order_and_is_a_list() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    x = autograd.randn(5, 2)
    by_hand = net[2](net[1](net[0](x)))
    assert net(x).tolist() == by_hand.tolist()
    assert (len(net), list(net)[1], net[-1]) == (3, net[1], net[2])
    with pytest.raises(IndexError):
        net[3]


def test_a_slice_shares_and_keeps_names() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    tail = net[1:]
    assert type(tail) is nn.Sequential and list(tail) == [net[1], net[2]]
    assert list(tail.state_dict()) == ["2.weight", "2.bias"]
    last = nn.ReLU()
    assert tail.append(last) is tail
    assert list(tail) == [net[1], net[2], last]  # although its index, 2, was taken
    assert len(net) == 3


def test_sequential_grows_and_changes() -> None:
    net = nn.Sequential()
    assert net(5) == 5
    net.append(nn.Linear(2, 2)).append(nn.ReLU())
    assert list(net.state_dict()) == ["0.weight", "0.bias"]
    net[-1] = nn.Linear(2, 1)
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]


def test_sequential_of_names() -> None:
    net = nn.Sequential(OrderedDict(first=nn.Linear(1, 1), then=nn.ReLU()))
    assert net.first is net[0] and net.then is net[1]
    assert list(net.state_dict()) == ["first.weight", "first.bias"]


@pytest.mark.parametrize("kind", [lambda *m: nn.Sequential(*m), lambda *m: nn.ModuleList(m)])
def test_lists_of_modules(kind: Any) -> None:
    a, b, c, d = (nn.Linear(1, 1) for _ in range(4))
    net = kind(a, b)
    assert list(net.extend(iter([c]))) == [a, b, c]
    assert list(net.insert(1, d)) == [a, d, b, c]
    assert list(dict(net.named_children())) == ["0", "1", "2", "3"]
    assert net.pop(0) is a and net.pop(-1) is c
    assert list(dict(net.named_children())) == ["0", "1"] and list(net) == [d, b]
    del net[0]
    assert list(net.state_dict()) == ["0.weight", "0.bias"] and net[0] is b
    both = net + kind(c, d)
    assert type(both) is type(net) and list(both) == [b, c, d] and len(net) == 1
    del both[1:]
    assert list(both) == [b]
    net += [a]
    assert list(net) == [b, a] and list(net[1:]) == [a] and type(net[1:]) is type(net)
    for call in (lambda: net[2], lambda: net.pop(5), lambda: net.__setitem__(7, a)):
        with pytest.raises(IndexError):
            call()
    with pytest.raises(TypeError, match="must be a Module"):
        net.append(5)
    assert not kind()  # empty, as in PyTorch


def test_module_list() -> None:
    net = nn.ModuleList(nn.Linear(1, 1) for _ in range(3))
    assert list(net.state_dict())[-2:] == ["2.weight", "2.bias"]
    net[-1] = nn.ReLU()
    assert list(net[1:].state_dict()) == ["0.weight", "0.bias"]  # numbered from 0
    with pytest.raises(TypeError, match="ModuleList has no forward"):
        net(1)
    assert repr(nn.ModuleList()) == "ModuleList()"
    net.extend([nn.ReLU(), nn.Sequential(nn.ReLU())])
    line = "Linear(in_features=1, out_features=1, bias=True)"
    assert repr(net) == (
        f"ModuleList(\n  (0-1): 2 x {line}\n  (2-3): 2 x ReLU()\n  (4): Sequential(\n    (0): ReLU()\n  )\n)"
    )


def test_module_dict() -> None:
    a, b, c = nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 1)
    net = nn.ModuleDict({"a": a, "b": b})
    net.update([("b", c), ("c", b)])
    assert list(net) == list(net.keys()) == ["a", "b", "c"] and list(net.values()) == [a, c, b]
    assert dict(net.items()) == {"a": a, "b": c, "c": b} and "c" in net and "d" not in net and len(net) == 3
    assert list(net.state_dict()) == ["a.weight", "a.bias", "b.weight", "b.bias"]
    assert net.pop("a") is a
    del net["b"]
    net["d"] = a
    assert list(net.children()) == [b, a] and net["d"] is a
    net.clear()
    assert not len(net)
    for wrong in ("a.b", "pop"):
        with pytest.raises(KeyError):
            net[wrong] = a
    with pytest.raises(KeyError):
        net["none"]


# ── printing ──


def test_repr() -> None:
    assert repr(Net()) == (
        "Net(\n"
        "  (features): Sequential(\n"
        "    (0): Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1))\n"
        "    (1): ReLU()\n"
        "  )\n"
        "  (head): Linear(in_features=8, out_features=3, bias=False)\n"
        ")"
    )


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (nn.Conv2d(4, 2, (3, 5), 2, 1, groups=2), "4, 2, kernel_size=(3, 5), stride=(2, 2), padding=(1, 1), groups=2"),
        (nn.Conv2d(1, 1, 3, padding="same", dilation=2, bias=False),
         "1, 1, kernel_size=(3, 3), stride=(1, 1), padding=same, dilation=(2, 2), bias=False"),
        (nn.MaxPool2d(2), "kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False"),
        (nn.Flatten(), "start_dim=1, end_dim=-1"),
        (nn.CrossEntropyLoss(), ""),
        (nn.Sequential(), ""),
    ],
)  # fmt: skip
def test_repr_of_layers(module: nn.Module, text: str) -> None:
    assert repr(module) == f"{type(module).__name__}({text})"


# ── errors in a forward name the module ──


def test_an_error_names_the_path_of_the_module() -> None:
    with pytest.raises(ValueError, match="conv2d") as caught:
        Net()(autograd.ones(1, 3, 4, 4))
    assert caught.value.__notes__ == ["in module Net.features.0 (Conv2d)"]
    with pytest.raises(ValueError, match="linear") as caught:
        nn.Linear(2, 3)(autograd.ones(5))
    assert caught.value.__notes__ == ["in module Linear"]


def test_an_error_leaves_no_trace_behind() -> None:
    net = Net()
    for _ in range(2):
        with pytest.raises(ValueError, match="conv2d") as caught:
            net(autograd.ones(1, 3, 4, 4))
        assert caught.value.__notes__ == ["in module Net.features.0 (Conv2d)"]
    assert net(autograd.ones(1, 1, 4, 4)).shape == (1, 3)


def test_paths_of_two_threads_do_not_mix() -> None:
    notes = []
    both = threading.Barrier(2, timeout=60)

    class Slow(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            both.wait()
            raise ValueError("wrong")

    def run() -> None:
        try:
            nn.Sequential(Slow())(1)
        except ValueError as error:
            notes.append(error.__notes__)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notes == [["in module Sequential.0 (Slow)"]] * 2


def test_a_module_without_forward() -> None:
    with pytest.raises(TypeError, match="Module has no forward"):
        nn.Module()(1)


# ── layers ──


@pytest.mark.parametrize(
    ("make", "fan_in"),
    [
        (lambda: nn.Linear(300, 200), 300),
        (lambda: nn.Conv2d(10, 64, (3, 5)), 150),
        (lambda: nn.Conv2d(16, 64, 5, groups=4), 100),
    ],
)
def test_layers_start_uniform_in_one_over_root_fan_in(make: Any, fan_in: int) -> None:
    autograd.manual_seed(0)
    layer, bound = make(), 1 / math.sqrt(fan_in)
    for p, slack in ((layer.weight, 0.01), (layer.bias, 0.2)):
        assert p.dtype == np.float32
        w = p.detach().numpy().ravel() / bound
        assert np.abs(w).max() <= 1 + 1e-6
        assert w.min() < -1 + slack and w.max() > 1 - slack
    w = np.sort(layer.weight.detach().numpy().ravel() / bound)
    uniform = np.linspace(-1, 1, len(w))
    assert np.abs(w - uniform).max() < 2 * 1.95 / math.sqrt(len(w))  # Kolmogorov-Smirnov test at 0.1 %
    first = layer.weight.tolist()
    layer.reset_parameters()
    assert layer.weight.tolist() != first


def test_init() -> None:
    w = autograd.empty(50, 40)
    assert nn.init.uniform_(w, 2, 3) is w
    assert 2 <= w.numpy().min() < 2.01 and 2.99 < w.numpy().max() <= 3
    nn.init.kaiming_uniform_(w)
    assert math.sqrt(6 / 40) * 0.99 < np.abs(w.numpy()).max() <= math.sqrt(6 / 40)
    with pytest.raises(ValueError, match=r"kaiming_uniform_: .*\(3,\)"):
        nn.init.kaiming_uniform_(autograd.empty(3))


def test_layers_compute_what_their_functions_compute() -> None:
    x = autograd.randn(2, 4, 6, 7)
    conv = nn.Conv2d(4, 2, 3, 2, 1, 1, 2)
    assert conv(x).tolist() == F.conv2d(x, conv.weight, conv.bias, 2, 1, 1, 2).tolist()
    assert conv(x).shape == (2, 2, 3, 4)
    pooled, _ = F.max_pool2d(x, 3, 2, 1, return_indices=True)
    assert nn.MaxPool2d(3, 2, 1)(x).tolist() == pooled.tolist()
    assert nn.MaxPool2d(2)(x).shape == (2, 4, 3, 3)
    assert nn.ReLU()(x).tolist() == F.relu(x).tolist()
    assert nn.Flatten()(x).shape == (2, 168)
    assert nn.Flatten(0, 1)(x).shape == (8, 6, 7)
    assert nn.Flatten(-2)(x).shape == (2, 4, 42)
    linear = nn.Linear(7, 2)
    np.testing.assert_allclose(
        linear(x).detach().numpy(),
        x.numpy() @ linear.weight.detach().numpy().T + linear.bias.detach().numpy(),
        rtol=1e-4,
    )
    assert nn.Conv2d(1, 1, 3, bias=False).bias is None
    with pytest.raises(ValueError, match=r"in_channels 3 .* multiples of groups 2"):
        nn.Conv2d(3, 2, 1, groups=2)


def test_numbers_known_from_pytorch() -> None:
    scores = tensor([[0.5, -1.0, 2.0], [1.0, 1.0, 1.0]])
    assert F.softmax(scores, 1).tolist()[0] == pytest.approx([0.175290, 0.039113, 0.785597], abs=1e-6)
    assert F.log_softmax(scores, 1).tolist()[1] == pytest.approx([-math.log(3)] * 3)
    assert nn.CrossEntropyLoss()(scores, tensor([2, 0])).item() == pytest.approx((0.241311 + math.log(3)) / 2, abs=1e-6)


def test_cross_entropy_loss_ignores_and_reduces() -> None:
    scores = tensor([[0.5, -1.0, 2.0], [1.0, 1.0, 1.0], [3.0, 0.0, 0.0]], requires_grad=True)
    labels = tensor([2, -100, 1])
    each = nn.CrossEntropyLoss(reduction="none")(scores, labels)
    assert each.shape == (3,) and each[1].item() == 0
    loss = nn.CrossEntropyLoss()(scores, labels)
    assert loss.item() == pytest.approx(each.sum().item() / 2)  # the mean over the labels that count
    assert nn.CrossEntropyLoss(reduction="sum")(scores, labels).item() == pytest.approx(each.sum().item())
    assert nn.CrossEntropyLoss(ignore_index=2)(scores, tensor([2, 2, 1])).item() == pytest.approx(each[2].item())
    loss.backward()
    assert scores.grad is not None and scores.grad[1].tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="reduction 'avg' is not one of"):
        nn.CrossEntropyLoss(reduction="avg")(scores, labels)


def test_batch_norm_by_hand() -> None:
    x = np.random.default_rng(0).normal(3, 2, (3, 5, 4, 2, 3)).astype(np.float32)  # three batches
    layer = nn.BatchNorm2d(4, momentum=0.25)
    mean, var = np.zeros(4), np.ones(4)
    for batch in x:
        y = layer(tensor(batch)).detach().numpy()
        np.testing.assert_allclose(y.mean((0, 2, 3)), 0, atol=1e-5)
        np.testing.assert_allclose(y.var((0, 2, 3)), 1, rtol=1e-4)
        mean = 0.75 * mean + 0.25 * batch.mean((0, 2, 3))
        var = 0.75 * var + 0.25 * batch.var((0, 2, 3), ddof=1)
    assert layer.running_mean is not None and layer.running_var is not None
    np.testing.assert_allclose(layer.running_mean.numpy(), mean, rtol=1e-5)
    np.testing.assert_allclose(layer.running_var.numpy(), var, rtol=1e-5)
    assert layer.num_batches_tracked is not None and layer.num_batches_tracked.item() == 3
    y = layer.eval()(tensor(x[0])).detach().numpy()
    by_hand = (x[0] - mean[:, None, None]) / np.sqrt(var[:, None, None] + 1e-5)
    np.testing.assert_allclose(y, by_hand, rtol=1e-4, atol=1e-5)
    layer.reset_parameters()
    assert layer.running_mean.tolist() == [0] * 4 and layer.running_var.tolist() == [1] * 4
    average = nn.BatchNorm1d(2, momentum=None, affine=False)
    for batch in ([[0.0, 1.0], [2.0, 1.0]], [[4.0, 3.0], [8.0, 3.0]]):
        average(tensor(batch))
    assert average.running_mean is not None and average.running_var is not None
    assert average.running_mean.tolist() == [3.5, 2] and average.running_var.tolist() == [5, 0]
    alone = nn.BatchNorm1d(2, track_running_stats=False).eval()
    assert alone.running_mean is None and list(alone.state_dict()) == ["weight", "bias"]
    np.testing.assert_allclose(alone(tensor([[1.0, 2.0], [3.0, 4.0]])).tolist(), [[-1, -1], [1, 1]], rtol=1e-4)


def test_dropout_in_training_and_in_use() -> None:
    x = autograd.ones(50, 50)
    layer = nn.Dropout(0.25)
    y = layer(x).numpy()
    assert set(np.unique(y)) == {np.float32(0), np.float32(4 / 3)} and 0.7 < (y != 0).mean() < 0.8
    assert layer.eval()(x).tolist() == x.tolist()


def test_embedding_whose_padding_learns_nothing() -> None:
    layer = nn.Embedding(4, 2, padding_idx=-1)
    assert layer.padding_idx == 3 and layer.weight[3].tolist() == [0, 0]
    y = layer(tensor([[1, 3], [1, 0]]))
    assert y.shape == (2, 2, 2) and y[0, 0].tolist() == layer.weight[1].tolist()
    y.sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.tolist() == [[1, 1], [2, 2], [0, 0], [0, 0]]


def test_an_identity_stands_in_for_any_layer() -> None:
    word = object()
    assert nn.Identity(3, bias=False)(word) is word


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.Linear(1, 1, device="cuda"), r"Linear: device is 'cuda'; the only device is 'cpu'"),
        (lambda: nn.Conv1d(1, 1, 1, device="cuda:0"), "Conv1d: device is 'cuda:0'"),
        (lambda: nn.LayerNorm(3, device="meta"), "LayerNorm: device is 'meta'"),
        (
            lambda: nn.Conv2d(1, 1, 3, padding_mode="mirror"),
            "Conv2d: padding_mode is 'mirror'; expects 'zeros' or 'reflect'",
        ),
        (lambda: nn.Conv1d(1, 1, 0), "Conv1d: kernel_size is 0"),
        (lambda: nn.ConvTranspose2d(3, 2, 1, groups=2), "ConvTranspose2d: in_channels 3 .* multiples of groups 2"),
        (lambda: nn.BatchNorm1d(0), "BatchNorm1d: num_features is 0"),
        (lambda: nn.BatchNorm1d(3)(autograd.zeros(2, 4)), r"BatchNorm1d: expects .* 3 channels, got shape \(2, 4\)"),
        (lambda: nn.BatchNorm2d(3)(autograd.zeros(2, 3)), r"BatchNorm2d: expects .* 4 dimensions, got shape \(2, 3\)"),
        (lambda: nn.BatchNorm1d(3)(autograd.zeros(3)), "BatchNorm1d: expects an input of 2 or 3 dimensions"),
        (lambda: nn.BatchNorm1d(3)(autograd.zeros(1, 3)), "more than 1 value per channel"),
        (lambda: nn.GroupNorm(2, 3), "GroupNorm: num_channels 3 must be a multiple of num_groups 2"),
        (lambda: nn.LayerNorm((3, 0)), r"LayerNorm: normalized_shape\[1\] is 0"),
        (lambda: nn.Dropout(1.5), "Dropout: p is 1.5; it must be a probability"),
        (lambda: nn.Embedding(3, 2, padding_idx=3), "Embedding: padding_idx 3 is out of range for 3 embeddings"),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 10, [2, 5]), "in_features is 8, .* no feature for cluster 2"),
    ],
)
def test_a_sentence(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize(
    ("same", "products"), [("000", [12, 4]), ("011", [4, 8, 4]), ("001", [8, 4, 4]), ("010", [4, 4, 4, 4])]
)
def test_attention_projects_equal_inputs_together(
    same: str, products: list[int], batch_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    autograd.manual_seed(0)
    layer = nn.MultiheadAttention(4, 2, batch_first=batch_first, dtype=autograd.float64)
    shared = [autograd.randn(3, 5, 4, dtype=autograd.float64, requires_grad=True) for _ in range(2)]
    module = importlib.import_module("autograd.ops.multi_head_attention")
    calls: list[int] = []
    linear = module.linear

    def counted(x: Tensor, w: Tensor, b: Tensor | None) -> Tensor:
        calls.append(len(w))
        return linear(x, w, b)

    monkeypatch.setattr(module, "linear", counted)

    def results(inputs: list[Tensor]) -> list[np.ndarray]:
        q, k, v = inputs
        output, weights = layer(q, k, v)
        assert weights is not None
        gradients = autograd.grad((output**2).sum(), [*shared, *layer.parameters()], allow_unused=True)
        return [output.array, weights.array, *(g.array for g in gradients if g is not None)]

    together = results([shared[int(i)] for i in same])
    assert calls == products
    apart = results([shared[int(i)].clone() for i in same])
    for a, b in zip(together, apart, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (TypeError, "BatchNorm2d: input is a list", lambda: nn.BatchNorm2d(3)([1])),  # type: ignore[arg-type]
        (TypeError, "BatchNorm1d: momentum is 'a'", lambda: nn.BatchNorm1d(3, momentum="a")),  # type: ignore[arg-type]
        (ValueError, "Dropout2d: p is 'a'; it must be a probability", lambda: nn.Dropout2d("a")),  # type: ignore[arg-type]
        (TypeError, "LSTMCell: a state is a int; .* Tensor", lambda: nn.LSTMCell(2, 2)(autograd.zeros(2), 5)),  # type: ignore[arg-type]
        (TypeError, "ParameterList: .* not Tensor", lambda: nn.ParameterList(autograd.zeros(1))),
        (TypeError, "Unflatten: unflattened_size is 3", lambda: nn.Unflatten(1, 3)),  # type: ignore[arg-type]
        (TypeError, "Unflatten: input is a list", lambda: nn.Unflatten(1, (3, 3))([1])),  # type: ignore[arg-type]
        (IndexError, "Unflatten: dim 2 does not exist", lambda: nn.Unflatten(2, (3, 3))(autograd.zeros(2, 9))),
        (
            ValueError,
            r"Unflatten: dimension 1 of shape \(2, 8\) has size 8, .*\(3, 3\)",
            lambda: nn.Unflatten(1, (3, 3))(autograd.zeros(2, 8)),
        ),
        (
            ValueError,
            r"Unflatten: dimension -1 of shape \(2, 8\) has size 8, .*\(-1, 3\)",
            lambda: nn.Unflatten(-1, (-1, 3))(autograd.zeros(2, 8)),
        ),
        (ValueError, "ConvTranspose2d: padding is 'same'", lambda: nn.ConvTranspose2d(1, 1, 1, padding="same")),  # type: ignore[arg-type]
        (
            ValueError,
            r"ConvTranspose2d: output_size \(9,\) must have two sizes",
            lambda: nn.ConvTranspose2d(1, 1, 3, 2)(autograd.zeros(1, 1, 4, 4), (9,)),
        ),
        (
            ValueError,
            r"ConvTranspose2d: output_size \(9, 11\) .* at least \(9, 9\), and at most \(10, 10\)",
            lambda: nn.ConvTranspose2d(1, 1, 3, 2)(autograd.zeros(1, 1, 4, 4), (9, 11)),
        ),
        (TypeError, "CrossEntropyLoss.*'weight' must be a Tensor", lambda: nn.CrossEntropyLoss([1.0])),  # type: ignore[arg-type]
        (TypeError, "ModuleList: expects an iterable", lambda: nn.ModuleList(nn.ReLU())),  # type: ignore[arg-type]
        (TypeError, "ModuleDict.* must be a str, not int", lambda: nn.ModuleDict({1: nn.ReLU()})),  # type: ignore[arg-type]
        (TypeError, "zeros_: expects a tensor", lambda: nn.init.zeros_(3)),  # type: ignore[arg-type]
        (TypeError, "xavier_uniform_: expects a tensor", lambda: nn.init.xavier_uniform_([1])),  # type: ignore[arg-type]
        (TypeError, "clip_grad_norm_: expects tensors", lambda: nn.utils.clip_grad_norm_([1.0], 1)),  # type: ignore[list-item]
        (TypeError, "vector_to_parameters: expects", lambda: nn.utils.vector_to_parameters(1, [])),  # type: ignore[arg-type]
        (ValueError, "parameters_to_vector: expects", lambda: nn.utils.parameters_to_vector([])),
        (TypeError, "summary: input_shape is 3", lambda: nn.summary(nn.ReLU(), 3)),  # type: ignore[arg-type]
    ],
)
def test_errors_name_what_was_called(error: type[Exception], words: str, call: Any) -> None:
    with pytest.raises(error, match=words):
        call()


def test_functional_lists_what_it_has() -> None:
    for name in public_names(F):
        assert callable(getattr(F, name))
    expected = ["conv2d", "max_pool2d", "relu", "linear", "softmax", "log_softmax", "cross_entropy"]
    missing = [name for name in expected if name not in public_names(F)]
    assert not missing, f"nn/functional.py no longer exports {missing}"


# ── requirements for a new layer or function ──


def defined_modules() -> dict[str, type[nn.Module]]:
    """Every public Module class that a file of nn/ defines, by its name."""
    found: dict[str, type[nn.Module]] = {}
    for info in pkgutil.iter_modules(nn.__path__, "nn."):
        file = importlib.import_module(info.name)
        for name, thing in vars(file).items():
            public = isinstance(thing, type) and issubclass(thing, nn.Module) and not name.startswith("_")
            if public and thing.__module__ == info.name:
                found[name] = thing
    return found


def rows(name: str) -> list[str]:
    """The keys of a dict in tests/with_torch/test_nn.py and layers_*.py, read from their source: they need torch."""
    found: list[str] = []
    for path in (TESTS / "with_torch" / "test_nn.py", *sorted((TESTS / "with_torch").glob("layers_*.py"))):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
                assert isinstance(node.value, ast.Dict)
                found += [ast.literal_eval(key) for key in node.value.keys if key is not None]
    assert found, f"tests/with_torch/test_nn.py has no dict {name}"
    return found


def test_every_layer_is_exported() -> None:
    for name, layer in defined_modules().items():
        file = layer.__module__.replace(".", "/") + ".py"
        exported = getattr(nn.parallel if name == "DistributedDataParallel" else nn, name, None)  # as in PyTorch
        assert exported is layer, (
            f"{file} defines {name}, but nn does not export it; import it in nn/__init__.py, or begin its name with _"
        )


def test_every_layer_is_compared_with_pytorchs() -> None:
    base = {
        "Module",
        "Sequential",
        "ModuleList",
        "ModuleDict",
        "RNNBase",
        "RNNCellBase",
        "ParameterList",
        "ParameterDict",
        "LazyModuleMixin",
    }
    elsewhere = {
        "test_devices.py": {"DataParallel"},
        "test_losses.py": {"AdaptiveLogSoftmaxWithLoss", "CTCLoss", "TripletMarginWithDistanceLoss"},
        "test_transformer.py": {"TransformerDecoder", "TransformerEncoder"},
    }
    for file, names in elsewhere.items():
        text = (TESTS / "with_torch" / file).read_text(encoding="utf-8")
        assert not [name for name in names if name not in text], f"{file} no longer compares {sorted(names)}"
    without_rows = {"NLLLoss2d", "DistributedDataParallel"}  # another name of NLLLoss; it is in tests/with_mpi
    layers = defined_modules().keys() - base - set().union(*elsewhere.values()) - without_rows
    layers = {name for name in layers if not name.startswith("Lazy")}  # tests/with_torch/test_lazy.py compares them
    compared = {*rows("LAYERS"), *rows("LOSSES")}
    missing, unknown = sorted(layers - compared), sorted(compared - layers)
    assert not missing, (
        f"tests/with_torch/test_nn.py does not compare {missing} with PyTorch; add a row to its dict LAYERS, or to "
        "LOSSES for a loss"
    )
    assert not unknown, f"tests/with_torch/test_nn.py compares {unknown}, which nn does not define; remove the rows"


def test_every_function_is_compared_with_pytorchs() -> None:
    fused = {"batch_norm_relu", "conv2d_relu", "conv2d_relu_max_pool2d", "linear_relu"}  # not in PyTorch
    in_place = {name for name in public_names(F) if name.endswith("_")}  # tests/with_torch/test_in_place.py
    compared = {call.name for call in all_calls()}
    elsewhere = {"ctc_loss"}  # test_losses.py: only its gradient through log_softmax is PyTorch's
    missing = sorted(set(public_names(F)) - fused - in_place - compared - elsewhere)
    assert not missing, (
        f"no file tests/with_torch/calls_*.py calls {missing}, so they are not compared with PyTorch; write a "
        'generator of calls there, decorated with @call(name, where="functional")'
    )
