"""detect_anomaly, reference and verify: the errors they find, and their messages."""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
from autograd import Tensor, engine, tensor
from autograd.debug import AnomalyError, MismatchError
from autograd.op import Op, Sample, table
from autograd.tensor import wrap
from autograd.testing import RandomDraw, check_bad_sample, draw_case
from tests import soak

CONTEXTS = [autograd.detect_anomaly, autograd.reference, autograd.verify]


def small_net() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(2 * 2 * 2, 3)
    )


class Quotient(nn.Module):
    """x / (x - 1): inf at 1, never NaN."""

    def forward(self, x: Tensor) -> Tensor:
        return x / (x - 1)


# ── detect_anomaly ──


def test_the_first_forward_that_is_not_finite() -> None:
    model = nn.Sequential(nn.ReLU(), Quotient(), nn.ReLU())
    x = tensor([[3.0, 1.0], [0.0, 5.0]])
    with pytest.raises(AnomalyError) as failure, autograd.detect_anomaly():
        model(x)
    text = str(failure.value)
    assert text.startswith(
        "div: the forward made inf at [0, 1] of output 0, in module Sequential.1 (Quotient), called at "
    )
    assert "test_debug.py" in text and "return x / (x - 1)" in text
    assert "input 0, float32 (2, 2), ranges from 0 to 5; input 1, float32 (2, 2), ranges from -1 to 4" in text


def test_the_first_backward_that_is_not_finite_names_the_line_of_its_forward() -> None:
    x = tensor([4.0, 0.0], requires_grad=True)
    with pytest.raises(AnomalyError) as failure, autograd.detect_anomaly():
        root = x**0.5  # finite, with an infinite slope at 0
        root.sum().backward()
    text = str(failure.value)
    assert text.startswith("pow: the backward made inf at [1] of the gradient of input 0, called at ")
    assert "root = x**0.5" in text
    assert "input 0, float32 (2,), ranges from 0 to 4" in text and "out-gradient 0" in text


def test_the_range_of_inputs_that_were_bad_is_named() -> None:
    x = tensor([1.0, float("nan"), float("inf")])
    with (
        pytest.raises(AnomalyError, match=r"NaN at \[1\].*ranges from 1 to 1 and has 1 NaN and 1 inf"),
        autograd.detect_anomaly(),
    ):
        x * 2


def test_a_gradient_that_came_in_bad() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(AnomalyError, match=r"mul: its backward was given NaN at \[0\]"), autograd.detect_anomaly():
        (x * 2).backward(tensor([float("nan"), 1.0]))


def test_a_finite_gradient_may_pass_through_inf() -> None:
    x = tensor([0.0, 2.0], requires_grad=True)
    y = tensor([0.0, 2.0], requires_grad=True)
    with autograd.detect_anomaly():
        (x**y).sum().backward()  # computes 0 · 0⁻¹
    assert x.grad is not None and x.grad.tolist() == [0.0, 4.0]


def test_gradients_of_gradients_are_looked_at() -> None:
    x = tensor(0.0, dtype=autograd.float64, requires_grad=True)
    with pytest.raises(AnomalyError, match="the backward made inf"), autograd.detect_anomaly():
        (slope,) = autograd.grad(x**1.5, x, create_graph=True)
        assert slope is not None
        slope.backward()


# ── reference ──


@pytest.mark.slow
@pytest.mark.parallel
def test_reference_runs_no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*arrays: Any, **params: Any) -> Any:
        raise AssertionError("a kernel ran")

    model, x, labels = small_net(), autograd.randn(2, 1, 4, 4), tensor([0, 2])
    loss = F.cross_entropy(model(x), labels)
    loss.backward()
    expected = [parameter.grad.tolist() for parameter in model.parameters() if parameter.grad is not None]
    model.zero_grad()
    with monkeypatch.context() as patch:
        for op in table.values():
            if isinstance(op, Op):
                patch.setitem(op.__dict__, "forward", forbidden)  # a row is frozen
        with autograd.reference():
            again = F.cross_entropy(model(x), labels)
            again.backward()
    assert again.item() == pytest.approx(loss.item(), rel=1e-5)
    for parameter, numbers in zip(model.parameters(), expected, strict=True):
        assert parameter.grad is not None
        np.testing.assert_allclose(parameter.grad.array, numbers, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", sorted(name for name, row in table.items() if isinstance(row, Op)))
def test_references_keep_dtype_and_shape(name: str) -> None:
    """reference() must change only the speed."""
    op, rng = table[name], np.random.default_rng(3)
    for _ in range(5):
        sample = draw_case(op, RandomDraw(rng, op.kind)).sample
        inputs = [
            wrap(x.astype(np.float32) if x.dtype.kind == "f" else x) if isinstance(x, np.ndarray) else x
            for x in sample.inputs
        ]
        results = []
        for context in (engine.DispatchMode, autograd.reference):
            with context():
                result = op(*inputs, **sample.params)
            results.append([(y.shape, y.dtype) for y in (result if isinstance(result, tuple) else (result,))])
        assert results[0] == results[1]


@pytest.mark.parametrize("name", sorted(name for name, row in table.items() if row.bad_samples))
def test_bad_input_has_its_sentence_under_reference(name: str) -> None:
    with autograd.reference():
        for bad in table[name].bad_samples:
            check_bad_sample(table[name], bad)


BOTH = [autograd.reference, autograd.verify]


@pytest.mark.parametrize("context", BOTH)
def test_a_view_is_a_view_of_the_same_memory(context: Any) -> None:
    with context():
        assert autograd.ones(2, 3).view(6).tolist() == [1.0] * 6
        x = autograd.ones(2, 3, 4)
        views = [
            x[0],
            x[1, 2],
            x[1, 2, 3],
            x[..., ::2],
            x.T,
            x.permute(2, 0, 1),
            x.reshape(6, 4),
            x.flatten(),
            x[:, None],
        ]
        views += [*x.split(1), *x.chunk(2, 2), *x.unbind(1), x.movedim(0, 2), x.unsqueeze(1), x.expand(5, 2, 3, 4)]
        for view in views:
            assert np.shares_memory(view.array, x.array)
        x[0].zero_()
        x.view(24)[-1].fill_(5)
        assert x.sum().item() == 16.0 and x[1, 2, 3].item() == 5.0
        with pytest.raises(RuntimeError, match="read-only"):
            autograd.ones(1).expand(3).zero_()
        for copy in (x.clone(), x.flip(0), x[autograd.tensor([0])], autograd.tensor(1.0).cumsum(0), x.T.reshape(24)):
            assert not np.may_share_memory(copy.array, x.array)


@pytest.mark.parametrize("context", BOTH)
def test_integers_and_bools_keep_their_dtype(context: Any) -> None:
    mask, small = autograd.tensor([True, False]), autograd.tensor([1, 2], dtype=autograd.uint8)
    with context():
        assert mask.clone().dtype == mask.repeat(2).dtype == mask.sign().dtype == autograd.bool
        assert autograd.tensor([-3, 0]).sign().dtype == autograd.int64
        assert autograd.square(mask).dtype == autograd.int64
        assert (
            small.amin().dtype == (~small).dtype == (small @ small).dtype == small.clamp(max=1).dtype == autograd.uint8
        )
        assert small.sum(dtype=autograd.int32).dtype == autograd.int32


@pytest.mark.parametrize("context", BOTH)
@pytest.mark.parametrize("dtype", [autograd.float32, autograd.float64])
def test_a_reference_has_the_range_of_its_op(context: Any, dtype: Any) -> None:
    x = tensor([1000.0, 1.0], dtype=dtype, requires_grad=True)
    with context():
        y = x.logsumexp(0)
        y.backward()
    assert y.item() == 1000.0 and x.grad is not None and x.grad.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("context", BOTH)
def test_gather_and_scatter_add_of_numbers(context: Any) -> None:
    x, index = tensor(5.0), tensor(0)
    with context():
        assert autograd.gather(x, 0, index).item() == 5.0
        assert autograd.scatter_add(x, 0, index, tensor(2.0)).item() == 7.0


# ── verify ──


def test_a_right_net_passes() -> None:
    model = small_net()
    with autograd.verify():
        F.cross_entropy(model(autograd.randn(2, 1, 4, 4)), tensor([0, 2])).backward()


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize("name", sorted(table))
def test_no_row_is_called_wrong_that_is_right(name: str) -> None:
    op, rng = table[name], np.random.default_rng(11)
    for dtype in (np.float32, np.float64):
        for _ in range(3):
            sample = draw_case(op, RandomDraw(rng, op.kind)).sample
            inputs = [
                wrap(x.astype(dtype), requires_grad=True) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x
                for x in sample.inputs
            ]
            with autograd.verify():
                result = op(*[wrap(x) if isinstance(x, np.ndarray) else x for x in inputs], **sample.params)
                for y in result if isinstance(result, tuple | list) else (result,):
                    if isinstance(y, Tensor) and y.requires_grad:
                        y.backward(autograd.randn_like(y), retain_graph=True)


def test_a_gradient_that_is_rounding_alone_is_not_called_wrong() -> None:
    """With one class the loss is 0 for every score, and 1 - (0.9 + 0.1) is not exactly 0 in float32."""
    x = tensor([[0.5]], requires_grad=True)
    with autograd.verify():
        F.cross_entropy(x, tensor([0]), label_smoothing=0.1).backward()
    assert x.grad is not None and 0 < abs(x.grad.item()) < 1e-6


@pytest.mark.parametrize("name", ["cross_entropy_input_grad", "layer_norm_rows_grad"])
@pytest.mark.filterwarnings("ignore:verify. .* cannot be judged:RuntimeWarning")
def test_second_gradients_that_are_zero_but_for_rounding_are_not_called_wrong(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soak, "CONTEXTS", [autograd.verify])
    for seed in range(40):
        for dtype in soak.FLOATS:
            soak.call(table[name], np.random.default_rng(seed), dtype)


def mutant(name: str, **changes: Any) -> Op:
    return dataclasses.replace(table[name], **changes)


def test_a_wrong_forward_is_named() -> None:
    op = mutant("relu", forward=lambda x: np.maximum(x, np.float32(0.1)))

    class Wrong(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return op(x)

    with pytest.raises(MismatchError) as failure, autograd.verify():
        nn.Sequential(nn.ReLU(), Wrong())(tensor([3.0, 0.0]))
    text = str(failure.value)
    assert text.startswith("relu: output 0 is wrong at [1]: it is 0.1")
    assert "called with (float32 (2,)), in module Sequential.1 (Wrong), called at " in text
    assert "return op(x)" in text


@pytest.mark.parametrize("factor", [1.01, -1, 0])
@pytest.mark.parametrize("name", ["mul", "exp", "div"])
def test_a_wrong_backward_is_named(name: str, factor: float) -> None:
    right = table[name]

    def backward(ctx: Any, *gs: Any) -> Any:
        results = right.backward(ctx, *gs)
        return (*results[:-1], results[-1] * factor) if isinstance(results, tuple) else results * factor

    op = mutant(name, backward=backward)
    inputs = [autograd.rand(3, 4, requires_grad=True) + 0.5 for _ in range(1 if name == "exp" else 2)]
    i = len(inputs) - 1
    with (
        pytest.raises(MismatchError, match=rf"^{name}: the backward's gradient of input {i} is wrong: along a random"),
        autograd.verify(),
    ):
        op(*inputs).sum().backward()


def test_a_wrong_gradient_kernel_is_named_with_the_forward_it_belongs_to() -> None:
    relu_input_grad = table["relu_input_grad"]
    wrong = mutant("relu_input_grad", forward=lambda g, y: g * 0.5)
    op = mutant("relu", backward=lambda ctx, g: wrong(g, ctx.saved_tensors[0]))
    assert wrong.reference is relu_input_grad.reference
    x = tensor([1.0, 2.0], requires_grad=True)
    with (
        pytest.raises(MismatchError, match=r"^in the backward of relu.*y = op\(x\).*: relu_input_grad: output 0"),
        autograd.verify(),
    ):
        y = op(x)
        y.sum().backward()


# ── all three ──


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_context_ends_with_its_block_and_with_an_error(context: Any) -> None:
    before = engine._state.mode
    with context():
        assert engine._state.mode is not before
    with pytest.raises(KeyError), context():
        raise KeyError
    assert type(engine._state.mode) is type(before)

    @context()
    def inside() -> Any:
        return engine._state.mode

    assert type(inside()) is context
    assert type(engine._state.mode) is type(before)


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_context_holds_in_its_own_thread_only(context: Any) -> None:
    seen = []
    with context():
        thread = threading.Thread(target=lambda: seen.append(type(engine._state.mode)))
        thread.start()
        thread.join()
    assert seen == [engine.DispatchMode]


def test_contexts_form_a_stack() -> None:
    wrong = mutant("relu", forward=lambda x: x * np.nan)
    with autograd.detect_anomaly(), autograd.reference():
        assert wrong(tensor([2.0, -2.0])).tolist() == [2.0, 0.0]  # the reference ran, and was checked
    with pytest.raises(AnomalyError), autograd.reference(), autograd.detect_anomaly(), engine.DispatchMode():
        table["exp"](tensor([1e9]))


def test_contexts_that_end_leave_the_outer_one() -> None:
    with autograd.reference():
        outer = engine._state.mode
        with autograd.detect_anomaly(), autograd.verify():
            pass
        assert engine._state.mode is outer


def test_contexts_both_remember_the_forward() -> None:
    x = tensor([0.0], requires_grad=True)
    with (
        pytest.raises(AnomalyError, match=r"the backward made inf.*y = x\*\*0.5"),
        autograd.detect_anomaly(),
        engine.DispatchMode(),
    ):
        y = x**0.5
        y.backward()
    seen = []

    class Remember(engine.DispatchMode):
        def recorded(self, node: engine.Node, arrays: Any) -> None:
            seen.append(node.op.name)

    for context in (autograd.detect_anomaly, autograd.verify):
        with Remember(), context():
            x * 2
    assert seen == ["mul", "mul"]


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_graph_from_outside_goes_backward_inside(context: Any) -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).exp().sum()
    with context():
        y.backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.array, 2 * x.array * np.exp(x.array**2), rtol=1e-5)


def test_a_bad_gradient_outside_says_that_the_forward_was() -> None:
    x = tensor([0.0], requires_grad=True)
    y = x**0.5
    with (
        pytest.raises(AnomalyError, match=r"in a forward outside detect_anomaly.*are not known"),
        autograd.detect_anomaly(),
    ):
        y.backward()


def test_forwards_are_looked_at_again_after_a_failing_backward() -> None:
    op = Op(
        name="failing", forward=lambda x: x * 1, backward=lambda ctx, g: ctx.saved_tensors.nothing,
        reference=lambda x: x * 1, sample=table["exp"].sample,
    )  # fmt: skip
    with autograd.detect_anomaly():
        with pytest.raises(AttributeError):
            op(tensor([1.0], requires_grad=True)).backward()
        with pytest.raises(AnomalyError, match="div: the forward made inf"):
            1 / autograd.zeros(1)


def test_verify_stays_in_the_domain_of_logarithms_and_roots() -> None:
    x = tensor([1e-6, 1e-3, 1.0], requires_grad=True)
    with autograd.verify():
        (x.log().sum() + x.sqrt().sum() + x.rsqrt().sum()).backward()


def test_verify_computes_its_reference_in_float64() -> None:
    seen = []

    def forward(x: Any) -> Any:
        return x * 1

    def witness(x: Any) -> Any:
        seen.append(x.dtype)
        return x * 1

    with autograd.verify():
        mutant("neg", forward=forward, reference=witness)(tensor([1.0]))
    assert seen == [np.float64]


# ── no false alarms ──


def test_masks_of_inf_are_no_anomaly() -> None:
    scores = autograd.randn(2, 3, 3, requires_grad=True)
    mask = autograd.full((3, 3), float("-inf")).triu(1)
    with autograd.detect_anomaly():
        (scores + mask).softmax(-1).sum().backward()
        scores.masked_fill(mask < 0, float("-inf")).softmax(-1).sum().backward()
        F.scaled_dot_product_attention(scores, scores, scores, is_causal=True).sum().backward()
    with pytest.raises(AnomalyError, match="softmax: the forward made NaN"), autograd.detect_anomaly():
        (scores.detach() + float("-inf")).softmax(-1)


@pytest.mark.parametrize("dtype", [autograd.float32, autograd.float64])
def test_gradients_that_cancel_are_no_mismatch(dtype: Any) -> None:
    """The gradient of a bias before batch norm is 0 up to rounding."""
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.LayerNorm(12)).to(dtype)
    x = autograd.randn(4, 1, 4, 4, dtype=dtype)
    with autograd.verify():
        for _ in range(3):
            (model(x) ** 2).sum().backward()
        F.cross_entropy(12 * autograd.eye(10, dtype=dtype, requires_grad=True), autograd.arange(10)).backward()


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_context_is_entered_once_at_a_time(context: Any) -> None:
    mode = context()
    with mode:
        with pytest.raises(RuntimeError, match=f"{context.__name__}: this context is already entered"):
            mode.__enter__()
        assert engine._state.mode is mode
    with mode:
        assert engine._state.mode is mode


# ── verify() with numbers that are large, infinite, or cancel ───────────────────────────


def test_verify_finds_a_wrong_slope_beside_a_huge_one() -> None:
    wrong = Op(
        name="twice",
        forward=lambda x: 2 * x,
        backward=lambda ctx, g: np.where(np.abs(g) < 1e6, g, 2 * g),  # half of the gradient where g is small
        reference=lambda x: 2 * x,
        sample=lambda draw: Sample(()),
        kind="multilinear",
    )
    x = autograd.tensor([1.0, 1.0], dtype=autograd.float64, requires_grad=True)
    with autograd.verify(), pytest.raises(MismatchError, match="the backward's gradient of input 0 is wrong"):
        wrong(x).backward(autograd.tensor([1e9, 1.0], dtype=autograd.float64))


def test_verify_says_that_it_cannot_judge() -> None:
    x = autograd.tensor([0.0, 1.0], dtype=autograd.float64, requires_grad=True)
    for far in (1e30, np.inf):  # a step is smaller than rounding errors, and infinity has no neighbors to step to
        with autograd.verify(), pytest.warns(RuntimeWarning, match="its gradient of input 0 cannot be judged"):
            (x + far).backward(autograd.ones(2, dtype=autograd.float64))


def test_verify_allows_what_rounding_leaves_where_terms_cancel() -> None:
    x = autograd.tensor([1e8, 1.0, -1e8, 3.0])
    with autograd.verify():
        x.sum()
        autograd.einsum("i,i->", x, autograd.ones(4))
