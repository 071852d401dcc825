"""Padding layers: elements are added on each side of the last dimensions.  Negative padding removes elements."""

from __future__ import annotations

import nn.functional as F
from autograd import Tensor
from autograd.ops.shared.windows import image_sizes
from nn.documented import described
from nn.module import Module

Padding = int | tuple[int, ...]  # on each side of every dimension, or (before, after) for each, the last one first


class _Pad(Module):
    """The new elements are copies of others; see `nn.functional.pad`.

    Parameters
    ----------
    padding : int or tuple of int
        Number of elements on every side.  Or two numbers for each dimension, the last dimension first: (left, right),
        (left, right, top, bottom) or (left, right, top, bottom, front, back).  Negative numbers remove elements.

    Raises
    ------
    ValueError
        If padding has another length.  In forward, if the input has another shape, or fewer elements than are to be
        copied.
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
    """The other dimensions are not padded, and there may be any number of them; see `nn.functional.pad`.

    Parameters
    ----------
    padding : int or tuple of int
        Number of elements on every side.  Or two numbers for each dimension, the last dimension first: (left, right),
        (left, right, top, bottom) or (left, right, top, bottom, front, back).  Negative numbers remove elements.
    value : float
        What the new elements are.

    Raises
    ------
    ValueError
        If padding has another length.  In forward, if the input has too few dimensions.
    """

    def __init__(self, padding: Padding, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    __doc__ = described(
        _ConstantPad,
        "Pads the last dimension with a number.",
        """
        >>> import autograd, nn
        >>> nn.ConstantPad1d(2, 9.0)(autograd.tensor([[1.0, 2.0, 3.0]]))
        tensor([[9., 9., 1., 2., 3., 9., 9.]])
        """,
    )

    dims = 1


class ConstantPad2d(_ConstantPad):
    __doc__ = described(
        _ConstantPad,
        "Pads the last two dimensions with a number.",
        """
        >>> import autograd, nn
        >>> x = autograd.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
        >>> nn.ConstantPad2d((0, 1, 0, 1), 9.0)(x)
        tensor([[[1., 2., 3., 9.],
                 [4., 5., 6., 9.],
                 [9., 9., 9., 9.]]])
        """,
    )

    dims = 2


class ConstantPad3d(_ConstantPad):
    __doc__ = described(
        _ConstantPad,
        "Pads the last three dimensions with a number.",
        """
        >>> import autograd, nn
        >>> x = autograd.tensor([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)  # a volume of depth 3
        >>> nn.ConstantPad3d((0, 0, 0, 0, 2, 0), 9.0)(x).flatten()
        tensor([9., 9., 1., 2., 3.])
        """,
    )

    dims = 3


class _ZeroPad(_ConstantPad):
    """The other dimensions are not padded, and there may be any number of them; see `nn.functional.pad`.

    Parameters
    ----------
    padding : int or tuple of int
        Number of elements on every side.  Or two numbers for each dimension, the last dimension first: (left, right),
        (left, right, top, bottom) or (left, right, top, bottom, front, back).  Negative numbers remove elements.

    Raises
    ------
    ValueError
        If padding has another length.  In forward, if the input has too few dimensions.
    """

    def __init__(self, padding: Padding) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad1d(_ZeroPad):
    __doc__ = described(
        _ZeroPad,
        "Pads the last dimension with zeros.",
        """
        >>> import autograd, nn
        >>> nn.ZeroPad1d(2)(autograd.tensor([[1.0, 2.0, 3.0]]))
        tensor([[0., 0., 1., 2., 3., 0., 0.]])
        """,
    )

    dims = 1


class ZeroPad2d(_ZeroPad):
    __doc__ = described(
        _ZeroPad,
        "Pads the last two dimensions with zeros.",
        """
        >>> import autograd, nn
        >>> x = autograd.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
        >>> nn.ZeroPad2d((0, 1, 0, 1))(x)
        tensor([[[1., 2., 3., 0.],
                 [4., 5., 6., 0.],
                 [0., 0., 0., 0.]]])
        """,
    )

    dims = 2


class ZeroPad3d(_ZeroPad):
    __doc__ = described(
        _ZeroPad,
        "Pads the last three dimensions with zeros.",
        """
        >>> import autograd, nn
        >>> x = autograd.tensor([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)  # a volume of depth 3
        >>> nn.ZeroPad3d((0, 0, 0, 0, 2, 0))(x).flatten()
        tensor([0., 0., 1., 2., 3.])
        """,
    )

    dims = 3


class ReflectionPad1d(_Pad):
    __doc__ = described(
        _Pad,
        "Pads sequences (N, C, L) or (C, L) with their mirror image; the ends are not repeated.",
        """
        >>> import autograd, nn
        >>> nn.ReflectionPad1d(2)(autograd.tensor([[1.0, 2.0, 3.0]]))
        tensor([[3., 2., 1., 2., 3., 2., 1.]])
        """,
    )

    dims, mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    __doc__ = described(
        _Pad,
        "Pads images (N, C, H, W) or (C, H, W) with their mirror image; the border is not repeated.",
        """
        >>> import autograd, nn
        >>> x = autograd.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
        >>> nn.ReflectionPad2d((1, 0, 1, 0))(x)
        tensor([[[5., 4., 5., 6.],
                 [2., 1., 2., 3.],
                 [5., 4., 5., 6.]]])
        """,
    )

    dims, mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    __doc__ = described(
        _Pad,
        "Pads volumes (N, C, D, H, W) or (C, D, H, W) with their mirror image; the border is not repeated.",
        """
        >>> import autograd, nn
        >>> x = autograd.tensor([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)  # a volume of depth 3
        >>> nn.ReflectionPad3d((0, 0, 0, 0, 2, 0))(x).flatten()
        tensor([3., 2., 1., 2., 3.])
        """,
    )

    dims, mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    __doc__ = described(
        _Pad,
        "Pads sequences (N, C, L) or (C, L) by repeating their ends.",
        """
        >>> import autograd, nn
        >>> nn.ReplicationPad1d(2)(autograd.tensor([[1.0, 2.0, 3.0]]))
        tensor([[1., 1., 1., 2., 3., 3., 3.]])
        """,
    )

    dims, mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    __doc__ = described(
        _Pad,
        "Pads images (N, C, H, W) or (C, H, W) by repeating their borders.",
        """
        >>> import autograd, nn
        >>> x = autograd.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
        >>> nn.ReplicationPad2d((1, 0, 1, 0))(x)
        tensor([[[1., 1., 2., 3.],
                 [1., 1., 2., 3.],
                 [4., 4., 5., 6.]]])
        """,
    )

    dims, mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    __doc__ = described(
        _Pad,
        "Pads volumes (N, C, D, H, W) or (C, D, H, W) by repeating their borders.",
        """
        >>> import autograd, nn
        >>> x = autograd.tensor([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)  # a volume of depth 3
        >>> nn.ReplicationPad3d((0, 0, 0, 0, 2, 0))(x).flatten()
        tensor([1., 1., 1., 2., 3.])
        """,
    )

    dims, mode = 3, "replicate"


class CircularPad1d(_Pad):
    __doc__ = described(
        _Pad,
        "Pads sequences (N, C, L) or (C, L) with elements from their other end.",
        """
        >>> import autograd, nn
        >>> nn.CircularPad1d(2)(autograd.tensor([[1.0, 2.0, 3.0]]))
        tensor([[2., 3., 1., 2., 3., 1., 2.]])
        """,
    )

    dims, mode = 1, "circular"


class CircularPad2d(_Pad):
    __doc__ = described(
        _Pad,
        "Pads images (N, C, H, W) or (C, H, W) with elements from their opposite side.",
        """
        >>> import autograd, nn
        >>> x = autograd.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
        >>> nn.CircularPad2d((1, 0, 1, 0))(x)
        tensor([[[6., 4., 5., 6.],
                 [3., 1., 2., 3.],
                 [6., 4., 5., 6.]]])
        """,
    )

    dims, mode = 2, "circular"


class CircularPad3d(_Pad):
    __doc__ = described(
        _Pad,
        "Pads volumes (N, C, D, H, W) or (C, D, H, W) with elements from their opposite side.",
        """
        >>> import autograd, nn
        >>> x = autograd.tensor([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)  # a volume of depth 3
        >>> nn.CircularPad3d((0, 0, 0, 0, 2, 0))(x).flatten()
        tensor([2., 3., 1., 2., 3.])
        """,
    )

    dims, mode = 3, "circular"
