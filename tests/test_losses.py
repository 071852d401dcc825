"""Losses and attention: cases that drawn samples cannot show."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import nn.functional as F
from autograd import tensor


@pytest.mark.parametrize("loss", [F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss])
def test_shapes_that_broadcast_are_warned_of(loss: object) -> None:
    with pytest.warns(UserWarning, match=rf"{loss.__name__}: .*\(4, 1\).*\(4,\).*\(4, 4\)") as seen:  # type: ignore[attr-defined]
        y = loss(autograd.zeros(4, 1), autograd.ones(4), reduction="none")  # type: ignore[operator]
    assert y.shape == (4, 4)
    assert seen[0].filename == __file__


@pytest.mark.parametrize("x", [-1.0, 1.5])
def test_what_is_no_probability_is_an_error(x: float) -> None:
    with pytest.raises(ValueError, match=r"binary_cross_entropy: input has .* expects probabilities.*with_logits"):
        F.binary_cross_entropy(autograd.tensor([x]), autograd.ones(1))


def test_a_sure_and_wrong_answer_costs_100() -> None:
    x = autograd.tensor([0.0, 1.0, 0.0, 1.0], requires_grad=True)
    losses = F.binary_cross_entropy(x, autograd.tensor([1.0, 0.0, 0.0, 1.0]), reduction="none")
    losses.sum().backward()
    assert losses.tolist() == [100, 100, 0, 0]
    assert x.grad is not None
    assert np.isfinite(np.asarray(x.grad)).all()


def test_a_soft_margin_far_on_the_wrong_side_is_finite() -> None:
    """exp(200) overflows in float32."""
    x = autograd.tensor([-200.0, 200.0], requires_grad=True)
    loss = F.soft_margin_loss(x, autograd.tensor([1.0, -1.0]), reduction="sum")
    loss.backward()
    assert loss.item() == 400
    assert x.grad is not None
    assert x.grad.tolist() == [-1, 1]


def test_nan_passes_through_activations_with_its_gradient() -> None:
    for activation in (F.celu, F.hardswish, F.elu, F.relu):
        x = autograd.tensor([float("nan"), 0.5], requires_grad=True)
        y = activation(x)
        y.backward(autograd.tensor([2.0, 0.0]))
        assert np.isnan(y.detach().numpy()[0])
        assert x.grad is not None
        assert x.grad.tolist() == [2, 0]


def test_embedding_sends_no_gradient_to_the_row_of_padding() -> None:
    w = autograd.ones(3, 2, requires_grad=True)
    F.embedding(autograd.tensor([[0, 2, 2], [1, 1, 1]]), w, padding_idx=-1).sum().backward()
    assert w.grad is not None
    assert w.grad.tolist() == [[1, 1], [3, 3], [0, 0]]
    with pytest.raises(IndexError, match="padding_idx 3 is out of range for a table of 3 rows"):
        F.embedding(autograd.tensor([0]), w, padding_idx=3)


def test_embedding_divides_gradients_by_frequencies_and_limits_norms() -> None:
    w = tensor([[3.0, 4.0], [6.0, 8.0], [30.0, 40.0]], requires_grad=True)
    F.embedding(tensor([0, 0, 1]), w, scale_grad_by_freq=True).sum().backward()
    assert w.grad is not None and w.grad.tolist() == [[1, 1], [1, 1], [0, 0]]
    w.grad = None
    F.embedding_bag(tensor([0, 0, 1, 1, 1]), w, tensor([0]), mode="sum", scale_grad_by_freq=True).sum().backward()
    assert w.grad is not None
    np.testing.assert_allclose(w.grad, [[1, 1], [1, 1], [0, 0]], rtol=1e-6)
    y = F.embedding(tensor([0, 1]), w, max_norm=5.0)
    np.testing.assert_allclose(y.detach(), [[3, 4], [3, 4]], rtol=1e-6)
    np.testing.assert_allclose(w.detach(), [[3, 4], [3, 4], [30, 40]], rtol=1e-6)  # only what was looked up
    with pytest.raises(IndexError):
        F.embedding(tensor([3]), w, max_norm=5.0)


def test_attention_drops_weights_by_the_generator() -> None:
    q, k, v = autograd.zeros(1, 500, 4), autograd.zeros(1, 10, 4), autograd.ones(1, 10, 2)
    autograd.manual_seed(0)
    y = F.scaled_dot_product_attention(q, k, v, dropout_p=0.5)
    kept = np.asarray(y)[0, :, 0] * 5  # half of the ten weights of 1/10, each doubled
    assert set(np.round(kept)) <= set(range(11))
    assert 4.5 < kept.mean() < 5.5
    autograd.manual_seed(0)
    assert autograd.equal(y, F.scaled_dot_product_attention(q, k, v, dropout_p=0.5))


def test_a_query_that_sees_no_key_gets_0_and_sends_no_gradient() -> None:
    q = autograd.randn(2, 3, requires_grad=True)
    mask = autograd.tensor([[True, True], [False, False]])
    for given in (mask, autograd.where(mask, 0.0, -float("inf")).float()):
        q.grad = None
        y = F.scaled_dot_product_attention(q, q.detach(), q.detach(), attn_mask=given)
        y.sum().backward()
        assert q.grad is not None
        assert y.tolist()[1] == q.grad.tolist()[1] == [0, 0, 0]
        assert np.isfinite(np.asarray(y.detach())).all()
