"""The module tree, its state, and the layers."""

from __future__ import annotations

import copy
import math
import threading
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor, tensor
from nn import functional as F


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
    # but a state has every name, as PyTorch's has
    assert list(net.state_dict()) == ["a.weight", "a.bias", "b.weight", "b.bias", "c.weight", "c.bias"]
    net.load_state_dict(Twice().state_dict())
    assert net.c.weight is net.a.weight


def test_assignments() -> None:
    net = Net()
    net.extra = nn.Parameter(autograd.ones(2))
    assert "extra" in dict(net.named_parameters())
    net.extra = None  # stays a parameter's place
    assert "extra" not in dict(net.named_parameters()) and net.extra is None
    with pytest.raises(TypeError, match=r"Net\.scale is a parameter; assign an nn\.Parameter or None, not Tensor"):
        net.scale = autograd.ones(1)  # type: ignore[assignment]
    net.head = nn.ReLU()  # type: ignore[assignment]
    assert [name for name, _ in net.named_parameters()] == NAMES[:3]
    net.features = 5  # type: ignore[assignment]
    assert [name for name, _ in net.named_children()] == ["head"]
    del net.scale
    assert not list(net.parameters())
    with pytest.raises(AttributeError, match="Net has no attribute 'scale'"):
        _ = net.scale
    with pytest.raises(AttributeError):
        del net.scale


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


def test_registering() -> None:
    module = nn.Module()
    module.register_parameter("weight", nn.Parameter(autograd.ones(1)))
    module.register_parameter("bias", None)
    module.add_module("inner", nn.ReLU())
    assert list(module.state_dict()) == ["weight"] and module.bias is None
    for wrong in ("", "a.b"):
        with pytest.raises(KeyError, match="no name"):
            module.add_module(wrong, nn.ReLU())
        with pytest.raises(KeyError, match="no name"):
            module.register_parameter(wrong, None)
    for taken in ("forward", "weight"):
        with pytest.raises(KeyError, match=f"attribute '{taken}' already"):
            module.add_module(taken, nn.ReLU())
    with pytest.raises(TypeError, match=r"'x' is a Tensor, not an nn\.Parameter"):
        module.register_parameter("x", autograd.ones(1))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="'x' is a int, not a Module"):
        module.add_module("x", 5)  # type: ignore[arg-type]


def test_parameter() -> None:
    t = autograd.ones(2)
    p = nn.Parameter(t)
    assert p.requires_grad and p.array is t.array and not t.requires_grad
    assert not nn.Parameter(t, requires_grad=False).requires_grad
    assert repr(p) == "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    y = (p * p).sum()
    t.zero_()  # the same memory
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()
    with pytest.raises(TypeError, match="Parameter: expects a Tensor, got ndarray"):
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
    assert list(net.parameters()) == parameters  # an optimizer still holds them
    assert (
        {p.dtype for p in parameters} == {p.grad.dtype for p in parameters if p.grad is not None} == {autograd.float64}
    )
    assert net(autograd.ones(1, 1, 4, 4, dtype=autograd.float64)).dtype == np.float64
    assert {p.dtype for p in net.float().parameters()} == {autograd.float32}
    assert net.to("cpu") is net
    with pytest.raises(TypeError, match="to: parameters are of a float dtype, not int64"):
        net.to(np.int64)
    assert nn.Linear(2, 2, dtype=autograd.float64).weight.dtype == np.float64


# ── state ──


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


def test_misfits_are_all_named_and_nothing_is_loaded() -> None:
    net = Net()
    before = values(net)
    state: dict[str, Any] = {name: t.numpy() * 0 + 5 for name, t in net.state_dict().items()}
    state["head.weight"] = np.zeros((3, 9))
    state["features.0.bias"] = np.array(["a", "b"])
    state["tail.weight"] = state.pop("features.0.weight")
    with pytest.raises(ValueError, match="does not fit Net, and nothing was loaded") as caught:
        net.load_state_dict(state)
    for part in (
        "head.weight has shape (3, 9), the module's (3, 8)",
        "features.0.bias holds <U1, not numbers",
        "features.0.weight is missing",
        "tail.weight is not of this module",
    ):
        assert part in str(caught.value)
    with pytest.raises(ValueError, match="has shape") as caught:
        net.load_state_dict(state, strict=False)  # shapes must fit even so
    assert "missing" not in str(caught.value)
    assert values(net) == before


def test_not_strict_takes_what_fits() -> None:
    net = Net()
    result = net.load_state_dict({"scale": tensor([3.0]), "other": tensor([1.0])}, strict=False)
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
    assert list(tail) == [net[1], net[2], last]  # although its next number, 2, was taken
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
        (nn.MaxPool2d(2), "kernel_size=2, stride=2, padding=0"),
        (nn.Flatten(), "start_dim=1, end_dim=-1"),
        (nn.CrossEntropyLoss(), ""),
        (nn.Sequential(), ""),
    ],
)  # fmt: skip
def test_repr_of_layers(module: nn.Module, text: str) -> None:
    assert repr(module) == f"{type(module).__name__}({text})"


# ── errors in a forward say where ──


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
    assert np.abs(w - uniform).max() < 2 * 1.95 / math.sqrt(len(w))  # Kolmogorov-Smirnov at 0.1 %
    first = layer.weight.tolist()
    layer.reset_parameters()
    assert layer.weight.tolist() != first


def test_init() -> None:
    w = autograd.empty(50, 40)
    assert nn.init.uniform_(w, 2, 3) is w
    assert 2 <= w.numpy().min() < 2.01 and 2.99 < w.numpy().max() <= 3
    nn.init.kaiming_uniform_(w)
    assert math.sqrt(6 / 40) * 0.99 < np.abs(w.numpy()).max() <= math.sqrt(6 / 40)
    with pytest.raises(ValueError, match=r"fan.*\(3,\)"):
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
    assert loss.item() == pytest.approx(each.sum().item() / 2)  # the mean of those that count
    assert nn.CrossEntropyLoss(reduction="sum")(scores, labels).item() == pytest.approx(each.sum().item())
    assert nn.CrossEntropyLoss(ignore_index=2)(scores, tensor([2, 2, 1])).item() == pytest.approx(each[2].item())
    loss.backward()
    assert scores.grad is not None and scores.grad[1].tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="reduction 'avg' is not one of"):
        nn.CrossEntropyLoss(reduction="avg")(scores, labels)


def test_functional_lists_what_it_has() -> None:
    for name in F.__all__:
        assert callable(getattr(F, name))
    assert {"conv2d", "max_pool2d", "relu", "linear", "softmax", "log_softmax", "cross_entropy"} <= set(F.__all__)
