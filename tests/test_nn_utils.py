"""Gradient clipping, and parameters as one vector."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor, tensor
from nn.utils import (
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
    parameters_to_vector,
    parametrize,
    vector_to_parameters,
)


def parameters(*gradients: list[float] | None) -> list[Tensor]:
    made: list[Tensor] = []
    for gradient in gradients:
        p = nn.Parameter(autograd.zeros(1 if gradient is None else len(gradient)))
        p.grad = None if gradient is None else tensor(gradient)
        made.append(p)
    return made


def gradients(made: list[Tensor]) -> list[float]:
    return [x for p in made if p.grad is not None for x in p.grad.tolist()]


@pytest.mark.parametrize(("norm_type", "norm"), [(2.0, 13.0), (1, 19.0), (math.inf, 12.0), (3.0, 1_819 ** (1 / 3))])
def test_the_norm_of_all_gradients_together(norm_type: float, norm: float) -> None:
    made = parameters([3.0, -4.0], None, [12.0])
    kept = [p.grad for p in made]
    total = clip_grad_norm_(made, norm / 2, norm_type)
    assert isinstance(total, Tensor) and total.shape == () and total.dtype == np.float32
    assert total.item() == pytest.approx(norm)
    assert gradients(made) == pytest.approx([1.5, -2, 6], rel=1e-5)
    assert [p.grad for p in made] == kept  # scaled in place
    assert clip_grad_norm_(made, 100, norm_type).item() == pytest.approx(norm / 2, rel=1e-5)
    assert gradients(made) == pytest.approx([1.5, -2, 6], rel=1e-5)  # short enough, so unchanged


@pytest.mark.parametrize(
    ("norm_type", "norm", "scaled"),
    [("inf", 4, [0.75, -1]), (0, 1, [3, -4]), (-math.inf, 3, [1, -4 / 3]), ("2", 5, [0.6, -0.8]), (-1, 12 / 7, None)],
)
def test_less_usual_norms(norm_type: Any, norm: float, scaled: list[float] | None) -> None:
    made = parameters([3.0, -4.0])
    assert get_total_norm([p.grad for p in made if p.grad is not None], norm_type).item() == pytest.approx(norm)
    assert clip_grad_norm_(made, 1.0, norm_type).item() == pytest.approx(norm)
    if scaled is not None:
        assert gradients(made) == pytest.approx(scaled, rel=1e-5)


def test_norm_0_counts_tensors() -> None:
    assert get_total_norm([tensor([1.0, 2.0]), tensor([0.0]), tensor([3.0])], 0).item() == 2  # as in PyTorch


def test_the_two_halves_of_clipping() -> None:
    made, same = parameters([3.0, -4.0], [12.0]), parameters([3.0, -4.0], [12.0])
    norm = get_total_norm(p.grad for p in made if p.grad is not None)
    assert norm.item() == 13 and get_total_norm([]).item() == 0 and get_total_norm(tensor([3.0, 4.0])).item() == 5
    clip_grads_with_norm_(made, 1.0, norm)
    clip_grad_norm_(same, 1.0)
    assert gradients(made) == gradients(same) != [3, -4, 12]
    with pytest.raises(RuntimeError, match="get_total_norm: the norm is inf; pass error_if_nonfinite=False"):
        get_total_norm([tensor([math.inf])], error_if_nonfinite=True)


def test_parameters_that_are_used_up() -> None:
    model = nn.Linear(1, 1)
    for clip in (clip_grad_norm_, clip_grad_value_, lambda p, limit: clip_grads_with_norm_(p, limit, tensor(1.0))):
        used = model.parameters()
        list(used)
        with pytest.warns(
            UserWarning, match=r"clip_grad.*: the iterator of parameters is empty.*model\.parameters\(\)"
        ):
            clip(used, 1.0)
        clip([], 1.0)  # an empty list is intended


@pytest.mark.parametrize("limit", [-1.0, math.nan, -math.inf])
def test_a_negative_limit_is_refused(limit: float) -> None:
    made = parameters([3.0, -4.0])
    for clip, name in (
        (lambda: clip_grad_norm_(made, limit), "clip_grad_norm_: max_norm"),
        (lambda: clip_grad_value_(made, limit), "clip_grad_value_: clip_value"),
        (lambda: clip_grads_with_norm_(made, limit, tensor(5.0)), "clip_grads_with_norm_: max_norm"),
    ):
        with pytest.raises(ValueError, match=f"{name} is {limit}; it must be at least 0"):
            clip()
    for wrong in (math.nan, "x", None):
        with pytest.raises(ValueError, match=f"clip_grad_norm_: norm_type is {wrong!r}; it must be a number"):
            clip_grad_norm_(made, 1.0, wrong)  # type: ignore[arg-type]
    assert gradients(made) == [3, -4]


def test_what_clipping_takes() -> None:
    (p,) = parameters([3.0, 4.0])
    assert clip_grad_norm_(p, 1.0).item() == 5  # a single tensor
    assert nn.utils.clip_grad_norm_(iter([p]), max_norm=10.0).item() == pytest.approx(1, rel=1e-5)
    assert clip_grad_norm_(parameters(None), 1.0).item() == 0
    assert clip_grad_norm_(parameters([], [2.0]), 1.0, math.inf).item() == 2


def test_gradients_that_are_not_finite() -> None:
    made = parameters([math.nan, 1.0])
    with pytest.raises(RuntimeError, match="norm is nan; pass error_if_nonfinite=False"):
        clip_grad_norm_(made, 1.0, error_if_nonfinite=True)
    assert gradients(made)[1] == 1
    assert math.isnan(clip_grad_norm_(made, 1.0).item())
    assert all(math.isnan(g) for g in gradients(made))
    made = parameters([math.inf, 1.0])
    assert clip_grad_norm_(made, 1.0).item() == math.inf
    assert math.isnan(gradients(made)[0]) and gradients(made)[1] == 0
    assert clip_grad_norm_(parameters([1e30]), 1.0).item() == math.inf  # the square is inf in float32


def test_a_great_norm_does_not_overflow() -> None:
    made = parameters([1e18] * 10_000)
    assert clip_grad_norm_(made, 1.0).item() == pytest.approx(1e20)
    assert gradients(made) == pytest.approx([0.01] * 10_000)


def test_clip_grad_value() -> None:
    made = parameters([3.0, -4.0, 0.5], None, [-12.0, math.nan])
    kept = [p.grad for p in made]
    clip_grad_value_(made, 2)
    assert gradients(made)[:4] == [2, -2, 0.5, -2] and math.isnan(gradients(made)[4])
    assert [p.grad for p in made] == kept
    clip_grad_value_(made[0], 1)
    assert gradients(made)[:3] == [1, -1, 0.5]


def test_parameters_as_a_vector() -> None:
    net = nn.Linear(2, 1)
    vector = parameters_to_vector(net.parameters())
    assert vector.tolist() == [*net.weight.tolist()[0], *net.bias.tolist()]
    (vector * tensor([1.0, 2.0, 3.0])).sum().backward()
    assert gradients([net.weight]) == [[1, 2]] and gradients([net.bias]) == [3]
    vector_to_parameters(tensor([4.0, 5.0, 6.0]), net.parameters())
    assert net.weight.tolist() == [[4, 5]] and net.bias.tolist() == [6] and net.weight.is_leaf
    with pytest.raises(ValueError, match=r"expects a vector of 3 elements, got shape \(4,\)"):
        vector_to_parameters(autograd.zeros(4), net.parameters())


# ── parametrizations ──


class Doubled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * x


def test_a_parametrized_tensor_is_computed_when_it_is_read() -> None:
    layer = nn.Linear(2, 1)
    weight, before = layer.weight, layer.weight.tolist()
    assert parametrize.register_parametrization(layer, "weight", Doubled()) is layer
    assert isinstance(layer, nn.Linear) and parametrize.type_before_parametrizations(layer) is nn.Linear
    assert layer.parametrizations.weight.original is weight  # which an optimizer may hold already
    assert (layer.weight / 2).tolist() == before
    with pytest.raises(RuntimeError, match="cannot be assigned to, because Doubled has no right_inverse"):
        layer.weight = autograd.ones(1, 2)  # type: ignore[assignment]
    with pytest.raises(KeyError, match=r"ParametrizedLinear\.weight is a property"):
        layer.weight = nn.Parameter(autograd.ones(1, 2))
    with parametrize.cached(), parametrize.cached():
        assert layer.weight is layer.weight
    assert layer.weight is not layer.weight
    with pytest.raises(RuntimeError, match="cannot be pickled; save its state_dict"):
        pickle.dumps(layer)
    copied = copy.deepcopy(layer)
    parametrize.remove_parametrizations(copied, "weight")
    assert type(copied) is nn.Linear and (copied.weight / 2).tolist() == before
    assert parametrize.is_parametrized(layer, "weight") and (layer.weight / 2).tolist() == before
    other = parametrize.transfer_parametrizations_and_params(layer, nn.Linear(2, 1))
    assert other.weight.tolist() == layer.weight.tolist()
    assert other.parametrizations.weight.original is not weight


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda p, m: p.register_parametrization(m, "none", Doubled()), ValueError, "no parameter or buffer 'none'"),
        (lambda p, m: p.register_parametrization(m, "weight", abs), TypeError, "expects a Module"),
        (lambda p, m: p.register_parametrization(m, "weight", nn.Flatten(0)), ValueError, r"shape \(2,\)"),
        (lambda p, m: p.remove_parametrizations(m, "weight"), ValueError, "Linear has no parametrization of 'weight'"),
        (lambda p, m: p.transfer_parametrizations_and_params(m, m), ValueError, "has no parametrization"),
        (lambda p, m: p.ParametrizationList([], m.weight), ValueError, "at least one module"),
        (lambda p, m: nn.utils.parametrizations.orthogonal(m, "bias"), ValueError, r"got shape \(1,\)"),
        (lambda p, m: nn.utils.parametrizations.orthogonal(m, "weight", "x"), ValueError, "is 'x'"),  # type: ignore[arg-type]
        (lambda p, m: nn.utils.parametrizations.spectral_norm(m, "none"), ValueError, "'none'"),
        (lambda p, m: nn.utils.parametrizations.spectral_norm(m, dim=2), IndexError, "dim is 2"),
        (lambda p, m: nn.utils.spectral_norm(m, n_power_iterations=0), ValueError, "is 0; it must be at least 1"),
        (lambda p, m: nn.utils.parametrizations.weight_norm(m, dim=2), IndexError, "dim is 2"),
        (lambda p, m: nn.utils.remove_spectral_norm(m), ValueError, "has no such hook"),
        (lambda p, m: nn.utils.spectral_norm(m, "none"), ValueError, "it has weight, bias"),
    ],
)
def test_what_parametrizations_refuse(call: Any, error: type[Exception], words: str) -> None:
    layer = nn.Linear(2, 1)
    before = layer.state_dict()
    with pytest.raises(error, match=words):
        call(parametrize, layer)
    assert list(layer.state_dict()) == list(before) and type(layer) is nn.Linear


def test_a_parametrization_is_called_with_what_right_inverse_returns() -> None:
    class Product(nn.Module):
        def __init__(self, parts: Any) -> None:
            super().__init__()
            self.parts = parts

        def forward(self, *factors: Tensor) -> Tensor:
            return factors[0] * factors[-1]

        def right_inverse(self, value: Tensor) -> Any:
            return self.parts(value)

    layer = nn.Linear(2, 1)
    wrong: list[tuple[Any, str]] = [
        (lambda x: 3, "not int"),
        (lambda x: (x, 3), "a tuple of Parameter, int"),
        (lambda x: x.double(), "must keep the dtype"),
    ]
    for parts, words in wrong:
        with pytest.raises(ValueError, match=words):
            parametrize.register_parametrization(layer, "weight", Product(parts))
    parametrize.register_parametrization(layer, "weight", Product(lambda x: [x, autograd.ones(1, 2)]))
    names = [name for name, _ in layer.named_parameters()]
    assert names == ["bias", "parametrizations.weight.original0", "parametrizations.weight.original1"]
    layer.parametrizations.weight[0].parts = lambda x: [x]
    with pytest.raises(ValueError, match="must return 2 tensors, not 1"):
        layer.weight = autograd.ones(1, 2)  # type: ignore[assignment]


def test_skip_init_uses_up_no_random_numbers() -> None:
    autograd.manual_seed(0)
    nn.utils.skip_init(nn.Linear, 5, 5)
    drawn = autograd.rand(3).tolist()
    autograd.manual_seed(0)
    assert autograd.rand(3).tolist() == drawn


def test_two_forwards_before_a_backward() -> None:
    """As of a GAN's discriminator, whose second forward changes the vectors of the first."""
    for layer in (nn.utils.spectral_norm(nn.Linear(3, 2)), nn.utils.parametrizations.spectral_norm(nn.Linear(3, 2))):
        (layer(autograd.ones(1, 3)) - layer(autograd.zeros(1, 3))).sum().backward()
        assert all(p.grad is not None for p in layer.parameters())
