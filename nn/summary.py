"""A table of a model: the output shape, number of parameters and floating-point operations of each layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

import numpy as np

import autograd
from autograd import Tensor, html
from autograd.engine import DispatchMode
from autograd.op import Op
from autograd.profiler import flops
from autograd.types import DTypeLike, Shape
from nn.module import Module, running

# a shape, a list of them, or the name of a type that is not a tensor
OutputShape: TypeAlias = "Shape | str | list[OutputShape] | None"


class Layer(NamedTuple):
    """One row of the table: what a module holds and computes itself, without its submodules."""

    path: str  # "" for the model
    kind: str
    output_shape: OutputShape  # of its last call; a list for several outputs; None if it was not called
    parameters: int
    flops: int


class Summary:
    """The result of `summary`.  Print it, or read its attributes.

    Attributes
    ----------
    layers : list of Layer
    parameters, trainable : int
        Number of parameters, and of those that require grad.  A shared parameter counts once.
    buffers : int
        Number of elements of all buffers.
    flops : int
        Floating-point operations of a forward pass.
    """

    def __init__(self, model: Module, layers: list[Layer]) -> None:
        self.layers = layers
        self.parameters = sum(p.numel() for p in model.parameters())
        self.trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
        self.buffers = sum(b.numel() for b in model.buffers())
        self.flops = sum(layer.flops for layer in layers)

    def _rows(self) -> list[tuple[str, ...]]:
        """The cells of the table, its heading first."""
        rows: list[tuple[str, ...]] = [("Layer", "Output shape", "Parameters", "FLOPs")]
        for layer in self.layers:
            *above, name = layer.path.split(".") if layer.path else [""]
            label = "  " * (len(above) + bool(name)) + (f"{name} ({layer.kind})" if name else layer.kind)
            shape = "not called" if layer.output_shape is None else str(layer.output_shape)
            rows.append((label, shape, *(f"{n:,}" if n else "-" for n in (layer.parameters, layer.flops))))
        return rows

    def _notes(self) -> list[str]:
        return [
            f"Parameters: {self.parameters:,}, trainable: {self.trainable:,}; in buffers: {self.buffers:,}",
            f"FLOPs of a forward pass: {self.flops:,} (a multiply-add is two)",
        ]

    def __repr__(self) -> str:
        rows = self._rows()
        widths = [max(len(row[i]) for row in rows) for i in range(4)]
        lines = [
            f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}".rstrip() for a, b, c, d in rows
        ]
        rule = "-" * max(len(line) for line in lines)
        return "\n".join([lines[0], rule, *lines[1:], rule, *self._notes()])

    def _repr_html_(self) -> str:
        heading, *rows = self._rows()
        return html.table(heading, rows, left=(0, 1), notes=self._notes())


class _Count(DispatchMode):
    """Adds the FLOPs of every op to the innermost module that is running."""

    def __init__(self) -> None:
        self.flops: dict[Module, int] = {}
        self.inside = False  # whether an op is running: the ops that it calls are part of it

    def forward(self, op: Op, arrays: Sequence[Any], params: dict[str, Any]) -> Any:
        if self.inside:
            return super().forward(op, arrays, params)
        self.inside = True
        try:
            result = super().forward(op, arrays, params)
        finally:
            self.inside = False
        module = running()
        if module is not None:
            self.flops[module] = self.flops.get(module, 0) + flops(op, arrays, params, result)
        return result


def _shape(output: object) -> OutputShape:
    if isinstance(output, Tensor):
        return output.shape
    if isinstance(output, tuple | list):
        return [_shape(part) for part in output]
    return type(output).__name__


def zeros_for(
    caller: str, model: Module, input_shape: Shape | Sequence[Shape], dtype: DTypeLike | None
) -> list[Tensor]:
    """Inputs of zeros for a model, of one shape or of several; of the dtype of its parameters unless one is given."""
    if not isinstance(input_shape, Sequence):
        raise TypeError(f"{caller}: input_shape is {input_shape!r}; it must be a tuple with the batch dimension first")
    shapes = [input_shape] if all(isinstance(size, int | np.integer) for size in input_shape) else input_shape
    dtype = dtype or next((p.dtype for p in model.parameters()), None)
    return [autograd.zeros(tuple(shape), dtype=dtype) for shape in shapes]  # type: ignore[arg-type]


@contextmanager
def restored(model: Module) -> Iterator[None]:
    """Context: afterwards the model's modes and buffers, and the state of the random generator, are as before."""
    modes = [(module, module.training) for module in model.modules()]
    buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    random = autograd.get_rng_state()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
        for buffer, values in buffers:
            buffer.copy_(values)
        autograd.set_rng_state(random)


def summary(model: Module, input_shape: Shape | Sequence[Shape], dtype: DTypeLike | None = None) -> Summary:
    """The layers of a model with their output shapes, parameters and FLOPs.

    It runs one forward pass in evaluation mode, on zeros, without recording it.  Modes, buffers and the state of the
    random generator are restored.

    Parameters
    ----------
    model : Module
    input_shape : tuple of int, or a sequence of such tuples for several inputs
        It includes the batch dimension.
    dtype : dtype, optional
        Of the inputs.  Default: that of the parameters.

    Returns
    -------
    Summary
        It prints as a table.  A row counts what a module holds and computes itself; its submodules have their own
        rows, so the rows add up to the total.  A module that is called twice has the FLOPs of both calls.  A
        multiply-add is two FLOPs.

    Examples
    --------
    >>> import nn
    >>> nn.summary(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), (2, 4))
    Layer         Output shape  Parameters  FLOPs
    ---------------------------------------------
    Sequential    (2, 3)                 -      -
      0 (Linear)  (2, 3)                15     48
      1 (ReLU)    (2, 3)                 -      6
    ---------------------------------------------
    Parameters: 15, trainable: 15; in buffers: 0
    FLOPs of a forward pass: 54 (a multiply-add is two)
    """
    inputs = zeros_for("summary", model, input_shape, dtype)
    named = list(model.named_modules())
    output_shapes: dict[Module, OutputShape] = {}
    count = _Count()

    def note_shape(module: Module, inputs: tuple[Any, ...], output: object) -> None:
        output_shapes[module] = _shape(output)

    handles = [module.register_forward_hook(note_shape) for _, module in named]
    try:
        with restored(model), autograd.no_grad(), count:
            model.eval()(*inputs)
    finally:
        for handle in handles:
            handle.remove()

    counted: set[Tensor] = set()
    layers = []
    for path, module in named:
        own = [p for p in module.parameters(recurse=False) if p not in counted]
        counted.update(own)
        parameters = sum(p.numel() for p in own)
        layers.append(
            Layer(path, type(module).__name__, output_shapes.get(module), parameters, count.flops.get(module, 0))
        )
    return Summary(model, layers)
