"""States of modules beside PyTorch's: hooks, extra state, assign, buffers, and properties of modules."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import autograd
import nn

SIDES = (SimpleNamespace(lib=autograd, nn=nn), SimpleNamespace(lib=torch, nn=torch.nn))


def network(side: Any, log: list[Any]) -> Any:
    """Modules with an extra state and every hook of state_dict and load_state_dict."""

    class Counter(side.nn.Module):  # type: ignore[misc]
        def __init__(self, count: int) -> None:
            super().__init__()
            self.count, self.child = count, side.nn.Linear(1, 1, bias=False)

        def get_extra_state(self) -> Any:
            return {"count": self.count}

        def set_extra_state(self, state: Any) -> None:
            self.count = state["count"]

    net = side.nn.Sequential(Counter(3), side.nn.BatchNorm1d(2))
    for name, module in net.named_modules():
        module.register_state_dict_pre_hook(
            lambda m, prefix, keep, name=name: log.append(("before", name, prefix, keep))
        )
        module.register_state_dict_post_hook(
            lambda m, state, prefix, metadata, name=name: log.append(("after", name, prefix, list(state)))
        )
        module.register_load_state_dict_pre_hook(
            lambda m, state, prefix, metadata, strict, *lists, name=name: log.append(
                ("before loading", name, prefix, strict, lists)
            )
        )
        module.register_load_state_dict_post_hook(
            lambda m, keys, name=name: log.append(("after loading", name, list(keys.missing_keys)))
        )
    return net


def test_hooks_see_the_same() -> None:
    logs: list[list[Any]] = [[], []]
    for side, log in zip(SIDES, logs, strict=True):
        net = network(side, log)
        state = net.state_dict(prefix="a.", keep_vars=True)
        log.append(list(state))
        net.load_state_dict(net.state_dict())
    for log in logs:  # we call all hooks of the first kind before anything is loaded, PyTorch as it goes
        log.sort(key=lambda entry: entry[0] == "before loading")
    assert logs[0] == logs[1]


def test_hooks_change_what_is_saved_and_loaded() -> None:
    results = []
    for side in SIDES:
        layer = side.nn.Linear(2, 1)

        def rename(m: Any, state: dict[str, Any], prefix: str, *rest: Any) -> None:
            if f"{prefix}kernel" in state:
                state[f"{prefix}weight"] = state.pop(f"{prefix}kernel")

        def forgive(m: Any, keys: Any) -> None:
            keys.missing_keys.remove("0.bias")

        handle = layer.register_load_state_dict_pre_hook(rename)
        net = side.nn.Sequential(layer)
        forgiving = net.register_load_state_dict_post_hook(forgive)
        given = {"0.kernel": side.lib.tensor([[3.0, 4.0]])}
        net.load_state_dict(given)
        assert list(given) == ["0.kernel"]  # hooks change a copy
        forgiving.remove()
        with pytest.raises((ValueError, RuntimeError), match=r"0\.bias"):
            net.load_state_dict(given)
        handle.remove()
        assert "0.kernel" in net.load_state_dict(given, strict=False).unexpected_keys
        layer.register_state_dict_post_hook(lambda m, state, prefix, _: state.pop(f"{prefix}bias") and None)
        results.append({name: value.tolist() for name, value in net.state_dict().items()})
    assert results[0] == results[1] == {"0.weight": [[3, 4]]}


def test_what_a_hook_of_a_state_returns_is_an_error() -> None:
    for side in SIDES:
        layer = side.nn.Linear(2, 1)
        layer.register_state_dict_post_hook(lambda m, state, prefix, _: state)
        with pytest.raises(RuntimeError):
            layer.state_dict()


def test_an_extra_state() -> None:
    for side in SIDES:
        net, other = network(side, []), network(side, [])
        net[0].count = 7
        assert list(net.state_dict())[:2] == ["0._extra_state", "0.child.weight"]
        other.load_state_dict(net.state_dict())
        assert other[0].count == 7
        state = net.state_dict()
        del state["0._extra_state"]
        with pytest.raises((ValueError, RuntimeError), match="_extra_state"):
            other.load_state_dict(state)
        with pytest.raises((ValueError, RuntimeError), match="_extra_state"):
            side.nn.Linear(1, 1, bias=False).load_state_dict({"weight": side.lib.ones(1, 1), "_extra_state": 3})


def test_a_state_takes_the_place_of_the_modules_tensors() -> None:
    for side in SIDES:
        layer = side.nn.BatchNorm1d(2)
        layer.weight.requires_grad_(False)
        state = {name: value.clone() for name, value in side.nn.BatchNorm1d(2).double().state_dict().items()}
        state["bias"] = side.nn.Parameter(state["bias"])
        layer.load_state_dict(state, assign=True)
        assert [p.requires_grad for p in layer.parameters()] == [False, True]
        assert layer.bias is state["bias"] and layer.running_mean is state["running_mean"]
        assert type(layer.weight) is side.nn.Parameter and layer.weight.dtype == side.lib.float64
        state["weight"].fill_(5)
        assert layer.weight.tolist() == [5, 5]  # the same memory


def test_buffers() -> None:
    for side in SIDES:
        module = side.nn.Module()
        module.a = side.nn.Buffer(side.lib.ones(2))
        module.b = side.nn.Buffer(side.lib.zeros(1), persistent=False)
        module.c = side.nn.Buffer()
        assert isinstance(module.a, side.nn.Buffer) and isinstance(module.a, side.lib.Tensor)
        assert [name for name, _ in module.named_buffers()] == ["a", "b", "c"]
        assert list(module.state_dict()) == ["a", "c"] and module.c.shape == (0,)
        assert repr(module.a) == "tensor([1., 1.])"
        module.a = side.lib.zeros(3)
        assert module.state_dict()["a"].tolist() == [0, 0, 0]
        module.b = side.nn.Buffer(side.lib.ones(1))
        assert "b" in module.state_dict()


def test_properties_of_modules() -> None:
    for side in SIDES:

        class Scaled(side.nn.Module):  # type: ignore[misc, name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.stored = 1

            @property
            def scale(self) -> int:
                return 2 * self.stored  # type: ignore[no-any-return]

            @scale.setter
            def scale(self, value: int) -> None:
                self.stored = value

        module = Scaled()
        module.scale = 5
        assert module.scale == 10
        with pytest.raises(KeyError):
            module.scale = side.nn.Parameter(side.lib.ones(1))


def test_modules_in_several_places() -> None:
    for side in SIDES:
        shared = side.nn.Linear(1, 1)
        net = side.nn.Sequential(shared, side.nn.Sequential(shared))
        names = [name for name, _ in net.named_modules(remove_duplicate=False)]
        assert names == ["", "0", "1", "1.0"]
        assert [name for name, _ in net.named_modules()] == ["", "0", "1"]
        assert list(net.state_dict()) == ["0.weight", "0.bias", "1.0.weight", "1.0.bias"]


def test_empty_modules() -> None:
    for side in SIDES:
        layer = side.nn.utils.skip_init(side.nn.Linear, 3, 2)
        assert layer.weight.shape == (2, 3)
        assert layer.to_empty(device="cpu") is layer
        for kind in (side.nn.ReLU, dict):  # one does not take `device`, the other is no module
            with pytest.raises(RuntimeError):
                side.nn.utils.skip_init(kind)


OLD_NAMES = sorted(name[:-1] for name in dir(torch.nn.init) if name[-1] == "_" and name[0] != "_")


@pytest.mark.parametrize("name", [name for name in OLD_NAMES if hasattr(torch.nn.init, name)])
def test_deprecated_names_of_init(name: str) -> None:
    arguments = {"constant": (2.0,), "sparse": (0.5,)}.get(name, ())
    shape = (2, 3, 2) if name == "dirac" else (3, 4)
    for side in SIDES:
        tensor = side.lib.empty(shape).fill_(9)
        with pytest.warns(FutureWarning, match=f"{name}_"):
            assert getattr(side.nn.init, name)(tensor, *arguments) is tensor
        assert not np.array_equal(tensor.numpy(), np.full(shape, 9))


def test_deprecated_functions_of_utils() -> None:
    for side in SIDES:
        with pytest.warns(FutureWarning, match="weight_norm"):
            layer = side.nn.utils.weight_norm(side.nn.Linear(2, 2))
        with pytest.warns(FutureWarning, match="clip_grad_norm"):
            side.nn.utils.clip_grad_norm(layer.parameters(), 1.0)
        with pytest.warns(FutureWarning), pytest.raises(ValueError):
            side.nn.utils.weight_norm(side.nn.LazyLinear(2))
        with pytest.raises(RuntimeError, match="weight"):
            side.nn.utils.spectral_norm(side.nn.utils.spectral_norm(side.nn.Linear(2, 2)), "weight")
