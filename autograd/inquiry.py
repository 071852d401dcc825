"""Questions about a value that have a Python answer."""

from __future__ import annotations

from typing import Any

from autograd.arguments import check_arrays
from autograd.tensor import Tensor


def is_tensor(obj: Any, /) -> bool:
    """Whether this is a Tensor.

    Parameters
    ----------
    obj : object

    Returns
    -------
    bool

    Examples
    --------
    >>> import autograd
    >>> autograd.is_tensor(autograd.ones(2)), autograd.is_tensor(2)
    (True, False)
    """
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is float32 or float64.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    bool

    Examples
    --------
    >>> import autograd
    >>> autograd.is_floating_point(autograd.tensor([1.0]))
    True
    """
    check_arrays("is_floating_point", input=input)
    return input.is_floating_point()


def is_complex(input: Tensor) -> bool:
    """Whether the dtype is complex64 or complex128.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    bool

    Examples
    --------
    >>> import autograd
    >>> autograd.is_complex(autograd.tensor([1j]))
    True
    """
    check_arrays("is_complex", input=input)
    return input.is_complex()


def is_nonzero(input: Tensor) -> bool:
    """Whether the only element of a tensor is not 0.

    Parameters
    ----------
    input : Tensor, of one element

    Returns
    -------
    bool

    Raises
    ------
    RuntimeError
        If there is not exactly one element.

    Examples
    --------
    >>> import autograd
    >>> autograd.is_nonzero(autograd.tensor([0.0]))
    False
    """
    check_arrays("is_nonzero", input=input)
    return input.is_nonzero()


def numel(input: Tensor) -> int:
    """Number of elements.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    int

    Examples
    --------
    >>> import autograd
    >>> autograd.numel(autograd.ones(2, 3))
    6
    """
    check_arrays("numel", input=input)
    return input.numel()
