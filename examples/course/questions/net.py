"""Task 2: the network.  Right is what the engine computes for the same network."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd.op import Sample
from autograd.testing import Draw
from autograd.types import Array
from examples.course.question import Mistake, Question, close
from nn import functional as F

NAMES = ("conv.weight", "conv.bias", "hidden.weight", "hidden.bias", "scores.weight", "scores.bias")
Arrays = dict[str, Array]


def _sample(draw: Draw) -> Sample:
    """A small network.  Its numbers are normal, so that no two of them are equal, as pooling and relu would show."""
    n, c, filters, k = draw.size(1, 3), draw.size(1, 2), draw.size(1, 3), draw.choice(1, 2, 3)
    rows, columns, hidden, classes = draw.size(1, 2), draw.size(1, 2), draw.size(1, 4), draw.size(2, 4)
    height, width = 2 * rows + k - 1 + draw.size(0, 1), 2 * columns + k - 1 + draw.size(0, 1)
    rng = np.random.default_rng(draw.size(0, 1 << 20))
    weights = (filters, c, k, k), (hidden, filters * rows * columns), (classes, hidden)
    shapes = [shape for weight in weights for shape in (weight, weight[:1])]
    parameters = {name: rng.standard_normal(shape) for name, shape in zip(NAMES, shapes, strict=True)}
    return Sample((parameters, rng.standard_normal((n, c, height, width)), rng.integers(0, classes, n)))


def _network(parameters: dict[str, Any], x: Any) -> Any:
    conv = F.conv2d(x, parameters["conv.weight"], parameters["conv.bias"])
    flat = F.max_pool2d(conv.relu(), 2).flatten(1)
    hidden = F.linear(flat, parameters["hidden.weight"], parameters["hidden.bias"]).relu()
    return F.linear(hidden, parameters["scores.weight"], parameters["scores.bias"])


def _oracle(parameters: Arrays, x: Array, labels: Array, *, mean: bool = True) -> tuple[Array, Array, Arrays]:
    with autograd.reference():  # NumPy: the grader starts at once, and compiles no kernel
        tensors = {name: autograd.tensor(array, requires_grad=True) for name, array in parameters.items()}
        scores = _network(tensors, autograd.tensor(x))
        loss = F.cross_entropy(scores, autograd.tensor(labels), reduction="mean" if mean else "sum")
        found = autograd.grad(loss, list(tensors.values()))
    gradients = {name: d.numpy() for name, d in zip(tensors, found, strict=True)}
    return loss.detach().numpy(), scores.detach().numpy(), gradients


def _forward(parameters: Arrays, x: Array, labels: Array) -> Array:
    return _oracle(parameters, x, labels)[1]


def _flatten(result: Any) -> tuple[Any, ...]:
    loss, scores, gradients = result
    if not isinstance(gradients, dict):
        raise TypeError(f"the gradients are a {type(gradients).__name__}, not a dict")
    missing = [name for name in NAMES if name not in gradients]
    if missing:
        raise TypeError(f"gradients[{missing[0]!r}] is missing")
    return loss, scores, *(gradients[name] for name in NAMES)


def _without_relu(parameters: Arrays, x: Array, labels: Array) -> Any:
    """The scores of a network whose hidden layer has no relu."""
    with autograd.reference():
        weight, bias = (autograd.tensor(parameters[name]) for name in ("conv.weight", "conv.bias"))
        conv = F.conv2d(autograd.tensor(x), weight, bias)
        flat = F.max_pool2d(conv.relu(), 2).flatten(1).numpy()
    hidden = flat @ parameters["hidden.weight"].T + parameters["hidden.bias"]
    return hidden @ parameters["scores.weight"].T + parameters["scores.bias"]


def _softmax_of(scores: Array) -> Array:
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def _no_masks(parameters: Arrays, x: Array, labels: Array, *, first: bool) -> Any:
    """The oracle, whose backward leaves out a relu: the first one, or that of the hidden layer."""
    loss, scores, _ = _oracle(parameters, x, labels)
    with autograd.reference():
        t = {name: autograd.tensor(array, requires_grad=True) for name, array in parameters.items()}

        def relu(z: Any, masked: bool) -> Any:
            return z.relu() if masked else z + (z.relu() - z).detach()

        conv = F.conv2d(autograd.tensor(x), t["conv.weight"], t["conv.bias"])
        flat = F.max_pool2d(relu(conv, not first), 2).flatten(1)
        hidden = relu(F.linear(flat, t["hidden.weight"], t["hidden.bias"]), first)
        made = F.linear(hidden, t["scores.weight"], t["scores.bias"])
        found = autograd.grad(F.cross_entropy(made, autograd.tensor(labels)), list(t.values()))
    return loss, scores, {name: d.numpy() for name, d in zip(t, found, strict=True)}


def _scaled(parameters: Arrays, x: Array, labels: Array) -> Any:
    loss, scores, gradients = _oracle(parameters, x, labels)
    return loss, scores, {name: d * len(x) for name, d in gradients.items()}


QUESTIONS = (
    Question(
        name="forward", points=4, inputs=("parameters", "x", "labels"), outputs=("scores",), sample=_sample,
        kind="smooth", right=_forward, check=close(), arity=2,
        mistakes=(
            Mistake("relu missing", "The relu between the linear layers is missing.", _without_relu),
            Mistake("softmax", "This is the softmax of the scores. It belongs to the loss.",
                    lambda *args: _softmax_of(_forward(*args))),
            Mistake("relu too much", "There is a relu after the last layer. Scores may be negative.",
                    lambda *args: np.maximum(_forward(*args), 0)),
        ),
    ),
    Question(
        name="oracle", points=8, inputs=("parameters", "x", "labels"), outputs=("loss", "scores", *NAMES),
        sample=_sample, kind="smooth", right=_oracle, check=close(), flatten=_flatten,
        mistakes=(
            Mistake("relu missing", "The backward of the hidden layer's relu is missing: where its input was "
                    "negative, no gradient passes.", lambda *args: _no_masks(*args, first=False)),
            Mistake("relu missing", "The backward of the first relu is missing: where the convolution's output was "
                    "negative, no gradient passes.", lambda *args: _no_masks(*args, first=True)),
            Mistake("sum for a mean", "The loss is a mean over the images, and so is its gradient.",
                    lambda *args: _oracle(*args, mean=False)),
            Mistake("sum for a mean", "The gradients are those of a sum over the images. The loss is a mean.", _scaled),
        ),
    ),
)  # fmt: skip
