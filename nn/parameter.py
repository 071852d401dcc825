"""Tensors that a module keeps: parameters, which it learns, and buffers, which it does not.

An uninitialized one has a dtype, but no shape and no values until `materialize` gives it both.  Lazy layers
(`nn.lazy`) begin with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Self, SupportsIndex, TypeAlias, TypeGuard

import numpy as np

from autograd import Tensor, get_default_dtype
from autograd.arguments import full_name
from autograd.devices import Device, check_device
from autograd.types import Array, DTypeLike


class Parameter(Tensor):
    """A tensor that a module learns.  Assigned to an attribute of a module, it is among the module's `parameters()`.

    It accepts additional attributes, such as `weight._no_weight_decay = True`.  Copies and pickles include them.

    Parameters
    ----------
    data : Tensor, any shape
        The values.  The parameter shares their memory.
    requires_grad : bool
        Whether backward computes its gradient.

    Raises
    ------
    TypeError
        If data is no Tensor.

    Examples
    --------
    >>> import autograd, nn
    >>> layer = nn.Module()
    >>> layer.scale = nn.Parameter(autograd.ones(2))
    >>> list(layer.parameters())
    [Parameter containing:
    tensor([1., 1.], requires_grad=True)]
    """

    def __init__(self, data: Tensor, requires_grad: bool = True) -> None:
        if not isinstance(data, Tensor):
            raise TypeError(f"Parameter: expects a Tensor, got {full_name(data)}; convert it with autograd.tensor(...)")
        self._hold(data.array, requires_grad)
        self.version = data.version  # they share memory, so they share its version

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


class Buffer(Tensor):
    """A tensor that a module keeps but does not learn.  Assigned to an attribute, it is among the module's `buffers()`.

    Parameters
    ----------
    data : Tensor, any shape, optional
        The values.  The buffer shares their memory.  Default: no elements.
    persistent : bool
        Whether the tensor is part of the module's `state_dict()`.

    Raises
    ------
    TypeError
        If data is no Tensor.

    Examples
    --------
    >>> import autograd, nn
    >>> layer = nn.Module()
    >>> layer.scale = nn.Buffer(autograd.ones(2))
    >>> layer.state_dict()
    {'scale': tensor([1., 1.])}
    """

    persistent: bool

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True) -> None:
        if not isinstance(data, Tensor | None):
            raise TypeError(f"Buffer: expects a Tensor, got {full_name(data)}; convert it with autograd.tensor(...)")
        self._hold(np.empty(0, get_default_dtype()) if data is None else data.array)
        if data is not None:
            self._requires_grad, self.version = data._requires_grad, data.version
            self.node, self.output_nr = data.node, data.output_nr
        self.persistent = persistent


_values = Tensor.__dict__["array"]  # the slot, which the property `array` below hides


# No subclass of Tensor at run time: an object can only change its class to one with the same layout.
if TYPE_CHECKING:
    _Base: TypeAlias = Tensor
else:
    _Base = object


class _Uninitialized(_Base):
    """A tensor without shape and values.  It becomes an object of the class below it when it gets them."""

    __slots__ = ()
    _becomes: type[Tensor]

    def __init__(self, requires_grad: bool = True, device: Device = None, dtype: DTypeLike | None = None) -> None:
        check_device(type(self).__name__, device)
        self._hold(np.empty(0, dtype or get_default_dtype()))
        self._requires_grad = requires_grad  # type: ignore[misc]

    @property
    def array(self) -> Array:  # type: ignore[override]
        raise ValueError(
            f"{type(self).__name__}: it has no values yet; call the module once with an example of its input, or call "
            "materialize(shape)"
        )

    @array.setter
    def array(self, values: Array) -> None:
        _values.__set__(self, values)

    @property
    def shape(self) -> NoReturn:  # type: ignore[override]
        raise RuntimeError(
            f"{type(self).__name__}: it has no shape yet; call the module once with an example of its input, or call "
            "materialize(shape).  A state that holds it cannot be loaded into a module that is initialized"
        )

    @property
    def dtype(self) -> np.dtype:
        values: Array = _values.__get__(self)
        return values.dtype

    @property
    def requires_grad(self) -> bool:
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        self._requires_grad = bool(wanted)  # type: ignore[misc]

    def convert(self, dtype: DTypeLike) -> None:
        """Change the dtype, which `materialize` takes by default."""
        self.array = np.empty(0, dtype)

    def materialize(self, shape: int | tuple[int, ...], device: Device = None, dtype: DTypeLike | None = None) -> None:
        """Become an ordinary tensor of this shape, whose values are not set.  The object stays the same.

        Parameters
        ----------
        shape : int or tuple of int
        device : None or "cpu"
        dtype : dtype, optional
            Default: the one that it was made with.
        """
        check_device("materialize", device)
        values = np.empty(shape, dtype or self.dtype)
        self.__class__ = self._becomes  # type: ignore[assignment]
        self.array = values

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        copy = memo[id(self)] = type(self)(self._requires_grad, dtype=self.dtype)
        return copy

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return type(self), (self._requires_grad, None, self.dtype)


class UninitializedParameter(_Uninitialized, Parameter):
    """A parameter whose shape is not known yet.  Every use of its values raises until `materialize(shape)` is called.

    Parameters
    ----------
    requires_grad : bool
        Whether backward computes its gradient.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Default: the default float dtype.

    Raises
    ------
    ValueError, RuntimeError
        When its values or its shape are asked for before `materialize`.

    Examples
    --------
    >>> import nn
    >>> weight = nn.UninitializedParameter()
    >>> weight
    <UninitializedParameter>
    >>> weight.materialize((2, 3))
    >>> type(weight).__name__, weight.shape
    ('Parameter', (2, 3))
    """

    _becomes = Parameter


class UninitializedBuffer(_Uninitialized, Tensor):
    """A buffer whose shape is not known yet; see `UninitializedParameter`.

    Parameters
    ----------
    requires_grad : bool
        Whether backward computes its gradient.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Default: the default float dtype.

    Raises
    ------
    ValueError, RuntimeError
        When its values or its shape are asked for before `materialize`.

    Examples
    --------
    >>> import nn
    >>> mean = nn.UninitializedBuffer()
    >>> mean
    <UninitializedBuffer>
    >>> mean.materialize(3)
    >>> type(mean).__name__, mean.shape
    ('Tensor', (3,))
    """

    __slots__ = ()
    _becomes = Tensor

    def __init__(self, requires_grad: bool = False, device: Device = None, dtype: DTypeLike | None = None) -> None:
        super().__init__(requires_grad, device, dtype)


def is_lazy(tensor: object) -> TypeGuard[_Uninitialized]:
    """Whether this is an uninitialized parameter or buffer."""
    return isinstance(tensor, _Uninitialized)
