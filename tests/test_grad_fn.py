"""What a tensor's grad_fn shows of the graph."""

from __future__ import annotations

import autograd
from autograd import Tensor
from autograd.grad_fn import AccumulateGrad


def leaf() -> Tensor:
    return autograd.ones(2, requires_grad=True)


def test_the_name_is_the_ops_in_pytorchs_spelling() -> None:
    y = (leaf() * 2).log_softmax(0)
    assert y.grad_fn is not None
    assert y.grad_fn.name() == "LogSoftmaxBackward0"
    assert repr(y.grad_fn) == "<LogSoftmaxBackward0>"
    assert leaf().grad_fn is None


def test_next_functions_lead_to_the_leaves() -> None:
    x, constant = leaf(), autograd.ones(2)
    y = x.exp()
    z = y * constant
    assert z.grad_fn is not None
    assert z.grad_fn.next_functions == ((y.grad_fn, 0), (None, 0))
    assert y.grad_fn is not None
    ((step, output_nr),) = y.grad_fn.next_functions
    assert isinstance(step, AccumulateGrad) and step.variable is x and output_nr == 0
    assert step.next_functions == () and step.name() == "AccumulateGrad" and repr(step) == "<AccumulateGrad>"


def test_the_number_of_the_output() -> None:
    y = leaf().split(1)[1] * 2
    assert y.grad_fn is not None
    assert [output_nr for _, output_nr in y.grad_fn.next_functions] == [1, 0]


def test_two_steps_of_one_leaf_are_equal() -> None:
    x, y = leaf(), leaf()
    steps = [(t * 1).grad_fn.next_functions[0][0] for t in (x, x, y)]  # type: ignore[union-attr]
    assert steps[0] == steps[1] != steps[2]
    assert len(set(steps)) == 2


def test_next_functions_outlive_a_backward_pass() -> None:
    y = leaf().exp().sum()
    y.backward()
    assert y.grad_fn is not None and [step.name() for step, _ in y.grad_fn.next_functions if step] == ["ExpBackward0"]
