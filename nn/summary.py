"""A table of a model: the output shape, the parameters and the floating-point operations of each layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import Tensor
from autograd.engine import DispatchMode
from autograd.op import Op
from autograd.profiler import flops
from nn.module import Module, running


class Layer(NamedTuple):
    """One row: what a module holds and computes itself, without the modules in it."""

    path: str  # "" for the model
    kind: str
    output_shape: Any  # of its last call; several outputs: a list; None if it was not called
    parameters: int
    flops: int


class Summary:
    """What `summary` returns: print it, or read its numbers.

    Attributes
    ----------
    layers : list of Layer
    parameters, trainable : int
        Of all layers; a shared one counts once.
    buffers : int
        Numbers in the buffers.
    flops : int
    """

    def __init__(self, model: Module, layers: list[Layer]) -> None:
        self.layers = layers
        self.parameters = sum(p.numel() for p in model.parameters())
        self.trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
        self.buffers = sum(b.numel() for b in model.buffers())
        self.flops = sum(layer.flops for layer in layers)

    def __repr__(self) -> str:
        rows: list[tuple[str, ...]] = [("Layer", "Output shape", "Parameters", "FLOPs")]
        for layer in self.layers:
            *above, name = layer.path.split(".") if layer.path else [""]
            label = "  " * (len(above) + bool(name)) + (f"{name} ({layer.kind})" if name else layer.kind)
            shape = "not called" if layer.output_shape is None else str(layer.output_shape)
            rows.append((label, shape, *(f"{n:,}" if n else "-" for n in (layer.parameters, layer.flops))))
        widths = [max(len(row[i]) for row in rows) for i in range(4)]
        lines = [
            f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}".rstrip() for a, b, c, d in rows
        ]
        rule = "-" * max(len(line) for line in lines)
        return "\n".join(
            [
                lines[0],
                rule,
                *lines[1:],
                rule,
                f"Parameters: {self.parameters:,}, trainable: {self.trainable:,}; in buffers: {self.buffers:,}",
                f"FLOPs of a forward pass: {self.flops:,} (a multiply-add is two)",
            ]
        )


class _Count(DispatchMode):
    """Adds up the FLOPs of every op, under the innermost of the running modules."""

    def __init__(self) -> None:
        self.flops: dict[Module, int] = {}
        self.inside = False  # an op, whose calls of other ops are part of it

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


def _shape(output: Any) -> Any:
    if isinstance(output, Tensor):
        return output.shape
    if isinstance(output, tuple | list):
        return [_shape(part) for part in output]
    return type(output).__name__


def summary(model: Module, input_shape: tuple[int, ...] | Sequence[tuple[int, ...]], dtype: Any = None) -> Summary:
    """The layers of a model with their output shapes, parameters and FLOPs, from one forward pass.

    The pass is one in use (`eval`), on zeros, and unrecorded; modes, buffers and random numbers are then as before.

    Parameters
    ----------
    model : Module
    input_shape : tuple of int, or sequence of them for several inputs
        With the batch's dimension.
    dtype : dtype, optional
        Of the inputs; default: that of the parameters.

    Returns
    -------
    Summary
        Its text is a table.  A row has what a module holds and computes itself, and the modules in it rows of their
        own: so they add up.  A module that is called twice has the FLOPs of both calls.  A multiply-add is two FLOPs.

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
    shapes = [input_shape] if all(isinstance(size, int | np.integer) for size in input_shape) else input_shape
    dtype = dtype or next((p.dtype for p in model.parameters()), None)
    inputs = [autograd.zeros(tuple(shape), dtype=dtype) for shape in shapes]  # type: ignore[arg-type]
    named = list(model.named_modules())
    modes = [module.training for _, module in named]
    buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    random = autograd.get_rng_state()
    outputs: dict[Module, Any] = {}
    count = _Count()

    def note(module: Module, inputs: Any, output: Any) -> None:
        outputs[module] = _shape(output)

    handles = [module.register_forward_hook(note) for _, module in named]
    try:
        with autograd.no_grad(), count:
            model.eval()(*inputs)
    finally:
        for handle in handles:
            handle.remove()
        for (_, module), mode in zip(named, modes, strict=True):
            module.training = mode
        for buffer, values in buffers:
            buffer.copy_(values)
        autograd.set_rng_state(random)

    counted: set[Tensor] = set()
    layers = []
    for path, module in named:
        own = [p for p in module.parameters(recurse=False) if p not in counted]
        counted.update(own)
        parameters = sum(p.numel() for p in own)
        layers.append(Layer(path, type(module).__name__, outputs.get(module), parameters, count.flops.get(module, 0)))
    return Summary(model, layers)
