"""Docstrings of public names are complete (`tests.docstrings` has the rule): none of these files may fall behind.

`python -m tests.docstrings` says what the others lack.  A file whose last docstring is completed is added to COMPLETE.
"""

from __future__ import annotations

from typing import Any

import pytest

from autograd import Tensor
from tests.docstrings import gaps, is_complete, open_names, public

COMPLETE = [
    "autograd/devices.py",
    "autograd/drawing.py",
    "autograd/inquiry.py",
    "autograd/ops/activation.py",
    "autograd/ops/activations.py",
    "autograd/ops/bilinear.py",
    "autograd/ops/conv1d.py",
    "autograd/ops/conv2d.py",
    "autograd/ops/conv3d.py",
    "autograd/ops/cross_entropy.py",
    "autograd/ops/elementary.py",
    "autograd/ops/elementwise.py",
    "autograd/ops/embedding_bag.py",
    "autograd/ops/extrema.py",
    "autograd/ops/functions.py",
    "autograd/ops/gelu.py",
    "autograd/ops/group_norm.py",
    "autograd/ops/instance_norm.py",
    "autograd/ops/layer_norm.py",
    "autograd/ops/leaky_relu.py",
    "autograd/ops/linear.py",
    "autograd/ops/losses.py",
    "autograd/ops/matmul.py",
    "autograd/ops/mish.py",
    "autograd/ops/nll_loss.py",
    "autograd/ops/pow.py",
    "autograd/ops/reduce.py",
    "autograd/ops/relu.py",
    "autograd/ops/rms_norm.py",
    "autograd/ops/softmax.py",
    "autograd/ops/where.py",
    "autograd/utils/data/distributed.py",
    "nn/activation.py",
    "nn/drawing.py",
    "nn/linear.py",
    "nn/summary.py",
    "optim/adadelta.py",
    "optim/adafactor.py",
    "optim/adagrad.py",
    "optim/adam.py",
    "optim/adamax.py",
    "optim/asgd.py",
    "optim/lbfgs.py",
    "optim/lion.py",
    "optim/lr_scheduler.py",
    "optim/muon.py",
    "optim/nadam.py",
    "optim/optimizer.py",
    "optim/radam.py",
    "optim/rmsprop.py",
    "optim/rprop.py",
    "optim/sgd.py",
    "optim/sparse_adam.py",
]

PUBLIC = public()


@pytest.mark.parametrize("file", COMPLETE)
def test_complete(file: str) -> None:
    assert not open_names(PUBLIC[file])


def test_every_complete_file_is_listed() -> None:
    found = {file for file, known in PUBLIC.items() if is_complete(known)}
    assert sorted(found) == COMPLETE


def whole(input: Tensor, count: int = 1) -> Tensor:
    """Repeat the input.

    Parameters
    ----------
    input : Tensor, any shape
    count : int
        At least 0.

    Returns
    -------
    Tensor, of the shape of input with the first size times count

    Raises
    ------
    ValueError
        If count is negative.

    Examples
    --------
    >>> 1 + 1
    2
    """
    if count < 0:
        raise ValueError
    return input


@pytest.mark.parametrize(
    ("found", "instead", "lacks"),
    [
        ("", "", []),
        ("Repeat the input.", "", ["a summary"]),
        ("count : int", "many : int", ["parameter count"]),
        ("Tensor, any shape", "Tensor", ["the shape of input"]),
        ("Tensor, of the shape of input with the first size times count", "Tensor", ["the shape of the result"]),
        ("Returns\n    -------", "Results\n    -------", ["Returns"]),
        ("Raises\n    ------", "Errors\n    ------", ["Raises"]),
        (">>> 1 + 1", "1 + 1", ["Examples"]),
    ],
)
def test_the_rule(found: str, instead: str, lacks: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    doc: Any = whole.__doc__
    monkeypatch.setattr(whole, "__doc__", doc.replace(found, instead, 1) if found else doc)
    assert list(gaps("whole", whole)) == lacks
