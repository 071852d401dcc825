"""Buffers that a forward changes in its own way, such as the vectors of spectral norm."""

from __future__ import annotations

import numpy as np

from autograd import no_grad
from autograd.distributed.group import Group
from autograd.tensor import wrap
from autograd.types import Array
from nn import norm
from nn.module import Module


class OtherBuffers:
    """The values of a module's buffers that are no running statistics, as they were when this was made."""

    def __init__(self, module: Module) -> None:
        tracking = {id(layer) for layer in norm.tracking_layers(module)}
        self.places = [
            (layer, name)
            for layer in module.modules()
            if id(layer) not in tracking
            for name, buffer in layer._buffers.items()
            if buffer is not None
        ]
        self._tensors = [layer._buffers[name] for layer, name in self.places]
        self.take()

    def copy(self) -> OtherBuffers:
        """The same values, to go their own way."""
        other = object.__new__(OtherBuffers)
        other.places, other.arrays, other._tensors = self.places, self.arrays, self._tensors
        return other

    def take(self) -> None:
        """Keep the values that the buffers have now."""
        self.arrays: list[Array] = [_held(layer, name).copy() for layer, name in self.places]

    def restore(self) -> None:
        """Give the buffers the values that were kept, in memory of their own: backward may need the old ones."""
        for (layer, name), array in zip(self.places, self.arrays, strict=True):
            layer._buffers[name] = wrap(array.copy())

    def reset(self) -> None:
        """Put back the tensors that were there at first, whose values no forward has changed."""
        for (layer, name), tensor in zip(self.places, self._tensors, strict=True):
            layer._buffers[name] = tensor

    def finish(self, group: Group, source: int) -> None:
        """Give the buffers on every rank the values that they have on rank `source`, in the tensors of before."""
        for (layer, name), tensor in zip(self.places, self._tensors, strict=True):
            array = np.ascontiguousarray(_held(layer, name)).reshape(_held(layer, name).shape)
            group.broadcast(array, source, "ddp.shards")
            if tensor is not None and (tensor.shape, tensor.dtype) == (array.shape, array.dtype):
                with no_grad():
                    tensor.copy_(wrap(array))
                layer._buffers[name] = tensor
            else:
                layer._buffers[name] = wrap(array)


def _held(layer: Module, name: str) -> Array:
    buffer = layer._buffers[name]
    assert buffer is not None
    return buffer.array
