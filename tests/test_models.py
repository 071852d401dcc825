"""The baseline: its layers, and its comparison with the oracle."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from examples.experiments.models import Baseline
from nn import functional as F

SHAPES = {
    "layers.conv.weight": (32, 3, 7, 7),
    "layers.conv.bias": (32,),
    "layers.hidden.weight": (100, 5408),
    "layers.hidden.bias": (100,),
    "layers.scores.weight": (10, 100),
    "layers.scores.bias": (10,),
}


@pytest.fixture
def model() -> Baseline:
    autograd.manual_seed(3)
    return Baseline()


@pytest.fixture
def batch() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    return random.standard_normal((6, 3, 32, 32)).astype(np.float32), random.integers(0, 10, 6)


def test_parameters(model: Baseline) -> None:
    assert {name: tuple(p.shape) for name, p in model.named_parameters()} == SHAPES
    assert sum(p.detach().numpy().size for p in model.parameters()) == 546_646  # as the docstring says


def test_every_layer_gives_the_shape_in_the_docstring(model: Baseline) -> None:
    x = autograd.tensor(np.zeros((2, 3, 32, 32), np.float32))
    shapes = []
    for layer in model.layers:
        x = layer(x)
        shapes.append(tuple(x.shape))
    assert shapes == [(2, 32, 26, 26)] * 2 + [(2, 32, 13, 13), (2, 5408), (2, 100), (2, 100), (2, 10)]


def test_oracle_says_what_forward_and_backward_say(model: Baseline, batch: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = batch
    loss, scores, gradients = model.oracle(x, y)
    again = model(autograd.tensor(x))
    F.cross_entropy(again, autograd.tensor(y)).backward()
    assert np.array_equal(scores.numpy(), again.detach().numpy())
    assert list(gradients) == [name for name, _ in model.named_parameters()]
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None
        assert np.array_equal(gradients[name].numpy(), parameter.grad.numpy()), name
    exp = np.exp(scores.numpy().astype(np.float64))
    probability = exp / exp.sum(axis=1, keepdims=True)
    one_hot = np.eye(10)[y]
    assert loss.item() == pytest.approx(-np.log(probability[one_hot == 1]).mean(), rel=1e-5)
    by_hand = (probability - one_hot).mean(axis=0)
    np.testing.assert_allclose(gradients["layers.scores.bias"].numpy(), by_hand, atol=1e-6)


def test_oracle_leaves_the_model_alone(model: Baseline, batch: tuple[np.ndarray, np.ndarray]) -> None:
    weights = {name: p.detach().numpy().copy() for name, p in model.named_parameters()}
    model.oracle(*batch)
    assert all(p.grad is None for p in model.parameters())
    model(autograd.tensor(batch[0])).sum().backward()
    gradients = [p.grad.numpy().copy() for p in model.parameters() if p.grad is not None]
    assert len(gradients) == len(SHAPES)
    loss, scores, answers = model.oracle(*batch)
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        assert parameter.grad is not None
        assert np.array_equal(parameter.grad.numpy(), gradient)
    for name, p in model.named_parameters():
        assert np.array_equal(p.detach().numpy(), weights[name])
    assert not any(tensor.requires_grad for tensor in (loss, scores, *answers.values()))


def test_oracle_takes_tensors_and_arrays(model: Baseline, batch: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = batch
    assert model.oracle(x, y).loss.item() == model.oracle(autograd.tensor(x), autograd.tensor(y)).loss.item()
