"""Padding layers: elements are added on each side of the last dimensions.  Negative padding removes elements."""

from __future__ import annotations

import nn.functional as F
from autograd import Tensor
from autograd.ops.shared.windows import image_sizes
from nn.module import Module

Padding = int | tuple[int, ...]  # on each side of every dimension, or (before, after) for each, the last one first


class _Pad(Module):
    """Base of the padding layers; see `nn.functional.pad`.

    Parameters
    ----------
    padding : int or tuple of int
        Number of elements on each side, or (left, right, top, bottom, front, back), as many as there are dimensions.
    """

    dims: int
    mode: str

    def __init__(self, padding: Padding) -> None:
        super().__init__()
        self.padding = (padding,) * (2 * self.dims) if isinstance(padding, int) else tuple(padding)
        if len(self.padding) != 2 * self.dims:
            raise ValueError(
                f"{type(self).__name__}: padding {self.padding} must be one number, or {2 * self.dims}: two for each "
                f"dimension"
            )

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (self.dims + 1, self.dims + 2):
            sizes = image_sizes(self.dims)
            raise ValueError(
                f"{type(self).__name__}: expects input (N, C, {sizes}) or (C, {sizes}), got shape {tuple(input.shape)}"
            )
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    """Padding with a number.  The input may have any dimensions.

    Parameters
    ----------
    padding : int or tuple of int
        Number of elements on each side, or (left, right, top, bottom, front, back), as many as there are dimensions.
    value : float
    """

    def __init__(self, padding: Padding, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    __doc__ = f"The last dimension.  {_ConstantPad.__doc__}"

    dims = 1


class ConstantPad2d(_ConstantPad):
    __doc__ = f"The last two dimensions.  {_ConstantPad.__doc__}"

    dims = 2


class ConstantPad3d(_ConstantPad):
    __doc__ = f"The last three dimensions.  {_ConstantPad.__doc__}"

    dims = 3


class _ZeroPad(_ConstantPad):
    """Padding with zeros.  The input may have any dimensions.

    Parameters
    ----------
    padding : int or tuple of int
        Number of elements on each side, or (left, right, top, bottom, front, back), as many as there are dimensions.
    """

    def __init__(self, padding: Padding) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad1d(_ZeroPad):
    __doc__ = f"The last dimension.  {_ZeroPad.__doc__}"

    dims = 1


class ZeroPad2d(_ZeroPad):
    __doc__ = f"The last two dimensions.  {_ZeroPad.__doc__}"

    dims = 2


class ZeroPad3d(_ZeroPad):
    __doc__ = f"The last three dimensions.  {_ZeroPad.__doc__}"

    dims = 3


class ReflectionPad1d(_Pad):
    __doc__ = f"Mirrors sequences (N, C, L) or (C, L) at their ends.  {_Pad.__doc__}"

    dims, mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    __doc__ = f"Mirrors images (N, C, H, W) or (C, H, W) at their borders.  {_Pad.__doc__}"

    dims, mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    __doc__ = f"Mirrors volumes (N, C, D, H, W) or (C, D, H, W) at their borders.  {_Pad.__doc__}"

    dims, mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    __doc__ = f"Repeats the ends of sequences (N, C, L) or (C, L).  {_Pad.__doc__}"

    dims, mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    __doc__ = f"Repeats the borders of images (N, C, H, W) or (C, H, W).  {_Pad.__doc__}"

    dims, mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    __doc__ = f"Repeats the borders of volumes (N, C, D, H, W) or (C, D, H, W).  {_Pad.__doc__}"

    dims, mode = 3, "replicate"


class CircularPad1d(_Pad):
    __doc__ = f"Continues sequences (N, C, L) or (C, L) from their other end.  {_Pad.__doc__}"

    dims, mode = 1, "circular"


class CircularPad2d(_Pad):
    __doc__ = f"Continues images (N, C, H, W) or (C, H, W) from their other side.  {_Pad.__doc__}"

    dims, mode = 2, "circular"


class CircularPad3d(_Pad):
    __doc__ = f"Continues volumes (N, C, D, H, W) or (C, D, H, W) from their other side.  {_Pad.__doc__}"

    dims, mode = 3, "circular"
