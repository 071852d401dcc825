"""A picture of a model: the graph that its forward pass records, with the names of its modules and parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import autograd
from autograd import Tensor
from autograd.drawing import GraphDrawing, RecordPaths
from autograd.types import DTypeLike, Shape
from nn.fusion import set_fusion_enabled
from nn.module import Module
from nn.summary import restored, zeros_for


def draw(
    model: Module,
    input_shape: Shape | Sequence[Shape],
    dtype: DTypeLike | None = None,
    *,
    loss: Callable[[Any], Tensor] | None = None,
    gradients: bool = False,
) -> GraphDrawing:
    """Draw the graph that a model's forward pass records.

    It runs one forward pass on standard normal numbers, or on zeros if the dtype is an integer, in the mode that the
    model is in, without fusing layers.  Buffers and the state of the random generator are restored, and no `.grad`
    changes.

    Parameters
    ----------
    model : Module
    input_shape : tuple of int, or a sequence of such tuples for several inputs
        It includes the batch dimension.
    dtype : dtype, optional
        Of the inputs.  Default: that of the parameters.
    loss : callable (output) -> Tensor of shape (), optional
        Is computed from the model's output, and drawn as well.
    gradients : bool
        Write the gradients on the edges, as `autograd.draw_graph` does.  This needs an output that is one number, so
        usually a loss.

    Returns
    -------
    GraphDrawing
        A notebook shows it; `save(path)` writes an SVG, `stepper()` leads through it.

    Raises
    ------
    TypeError
        If input_shape is no tuple, or the model returns no tensor.
    ValueError
        If nothing is recorded, because no parameter requires grad.
    RuntimeError
        With gradients, if the output is not one number.

    Examples
    --------
    >>> import nn
    >>> drawing = nn.draw(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), (2, 4), loss=lambda y: y.sum())
    >>> for step in drawing.steps[:3]:
    ...     print(step.text)
    linear in Sequential.0 (Linear): input (2, 4), 0.weight (3, 4), 0.bias (3,) → (2, 3)
    relu in Sequential.1 (ReLU): linear 1 (2, 3) → (2, 3)
    sum: relu 2 (2, 3) → ()
    """
    inputs = zeros_for("draw", model, input_shape, dtype)
    names = {"input" if len(inputs) == 1 else f"input {i}": x for i, x in enumerate(inputs)}
    with restored(model), autograd.enable_grad(), set_fusion_enabled(False), RecordPaths(names) as paths:
        for x in inputs:
            if x.is_floating_point():
                x.normal_()
        outputs = model(*inputs)
        outputs = outputs if loss is None else loss(outputs)
    found = _tensors(outputs)
    if not found:
        raise TypeError(f"draw: the model returned a {type(outputs).__name__} without a tensor in it")
    return autograd.draw_graph(found, names=dict(model.named_parameters()), gradients=gradients, paths=paths)


def _tensors(outputs: Any) -> list[Tensor]:
    """All tensors in nested tuples, lists and dicts."""
    if isinstance(outputs, Tensor):
        return [outputs]
    parts = outputs.values() if isinstance(outputs, dict) else outputs if isinstance(outputs, tuple | list) else ()
    return [tensor for part in parts for tensor in _tensors(part)]
