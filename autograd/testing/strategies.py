"""Hypothesis strategies for your own tests: `@given(x=tensors(), layout=layouts())`.

They use the methods of `Draw`, as the samples of lucidgrad's ops do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.tensor import Tensor, wrap
from autograd.testing.draw import LAYOUTS, ConvGeometry, Draw, HypothesisDraw, PoolGeometry, hypothesis
from autograd.types import DTypeLike, Shape

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def strategy(make: Callable[[Any], Any], kind: str = "smooth") -> SearchStrategy[Any]:
    """The strategy of make(draw) for functions of the given kind."""
    return hypothesis().strategies.composite(lambda draw: make(HypothesisDraw(draw, kind)))()


def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 1, max_side: int = 3) -> SearchStrategy[Shape]:
    """Shapes.  With min_side = 0 one in eight may have sizes of 0.

    Parameters
    ----------
    min_dims, max_dims : int
        Number of dimensions, both included.
    min_side, max_side : int
        Size of a dimension, both included.

    Returns
    -------
    SearchStrategy of tuple of int

    Raises
    ------
    ImportError
        If Hypothesis is not installed.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from autograd.testing import shapes
    >>> @settings(max_examples=5)
    ... @given(shapes(min_dims=1, max_side=4))
    ... def test_shape(shape):
    ...     assert 1 <= len(shape) <= 3 and all(1 <= n <= 4 for n in shape)
    >>> test_shape()
    """
    return strategy(lambda draw: draw.shape(min_dims, max_dims, min_side, max_side))


def broadcastable_shapes(
    n: int = 2, min_dims: int = 0, max_dims: int = 3, min_side: int = 1, max_side: int = 3
) -> SearchStrategy[tuple[Shape, ...]]:
    """n shapes that broadcast together.

    Parameters
    ----------
    n : int
        Number of shapes.
    min_dims, max_dims : int
        Number of dimensions, both included.
    min_side, max_side : int
        Size of a dimension, both included.

    Returns
    -------
    SearchStrategy of tuple of n tuples of int

    Raises
    ------
    ImportError
        If Hypothesis is not installed.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> import numpy as np
    >>> from autograd.testing import broadcastable_shapes
    >>> @settings(max_examples=5)
    ... @given(broadcastable_shapes(2))
    ... def test_sum(shapes):
    ...     a, b = shapes
    ...     assert (np.zeros(a) + np.zeros(b)).shape == np.broadcast_shapes(a, b)
    >>> test_sum()
    """
    return strategy(lambda draw: tuple(draw.broadcastable(n, min_dims, max_dims, min_side, max_side)))


def layouts() -> SearchStrategy[str]:
    """Names of memory layouts, for `lay_out(x, layout)`.

    Returns
    -------
    SearchStrategy of str

    Raises
    ------
    ImportError
        If Hypothesis is not installed.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> import numpy as np
    >>> from autograd.testing import lay_out, layouts
    >>> @settings(max_examples=5)
    ... @given(layouts())
    ... def test_elements(layout):
    ...     x = np.arange(6).reshape(2, 3)
    ...     assert np.array_equal(lay_out(x, layout), x)
    >>> test_elements()
    """
    return strategy(lambda draw: draw.choice(*LAYOUTS))


def conv_geometries(dims: int = 2) -> SearchStrategy[ConvGeometry]:
    """Shapes and parameters of valid convolutions over `dims` dimensions.

    Parameters
    ----------
    dims : int
        1, 2 or 3: without batch and channels.

    Returns
    -------
    SearchStrategy of ConvGeometry

    Raises
    ------
    ImportError
        If Hypothesis is not installed.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> import autograd
    >>> import nn.functional as F
    >>> from autograd.testing import conv_geometries
    >>> @settings(max_examples=5)
    ... @given(conv_geometries(dims=1))
    ... def test_shape(conv):
    ...     y = F.conv1d(autograd.ones(conv.input), autograd.ones(conv.weight), **conv.params)
    ...     assert y.shape == conv.output
    >>> test_shape()
    """
    return strategy(lambda draw: draw.conv_geometry(dims))


def pool_geometries(dims: int = 2) -> SearchStrategy[PoolGeometry]:
    """Input shapes and parameters of valid poolings over `dims` dimensions.

    Parameters
    ----------
    dims : int
        1, 2 or 3: without batch and channels.

    Returns
    -------
    SearchStrategy of PoolGeometry

    Raises
    ------
    ImportError
        If Hypothesis is not installed.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> import autograd
    >>> import nn.functional as F
    >>> from autograd.testing import pool_geometries
    >>> @settings(max_examples=5)
    ... @given(pool_geometries())
    ... def test_largest(pool):
    ...     assert bool((F.max_pool2d(autograd.ones(pool.input), **pool.params) == 1).all())
    >>> test_largest()
    """
    return strategy(lambda draw: draw.pool_geometry(dims))


def tensors(
    shape: int | Shape | SearchStrategy[Shape] | None = None,
    kind: str = "smooth",
    *,
    low: float = -2,
    high: float = 2,
    dtype: DTypeLike = np.float64,
    requires_grad: bool = True,
) -> SearchStrategy[Tensor]:
    """Tensors with values for a kind of function.

    Parameters
    ----------
    shape : int, tuple of int or strategy, optional
        Default: drawn from `shapes()`.
    kind : "smooth" (multiples of 0.001), "multilinear" (integers, whose sums are exact) or
        "piecewise" (as in `away_from_kinks()`)
    low, high : float
        Bounds of the values; ignored for "piecewise".
    dtype : float dtype
        Finite differences need float64, the default.
    requires_grad : bool

    Returns
    -------
    SearchStrategy of Tensor

    Raises
    ------
    ImportError
        If Hypothesis is not installed.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from autograd.testing import assert_gradients, tensors
    >>> @settings(max_examples=5)
    ... @given(tensors(shape=(2, 3), low=0.1))
    ... def test_entropy(p):
    ...     assert_gradients(lambda p: -(p * p.log()).sum(), p)
    >>> test_entropy()
    """
    return strategy(lambda draw: _tensor(draw, _one_shape(draw, shape), dtype, requires_grad, low=low, high=high), kind)


def away_from_kinks(
    *kinks: float,
    shape: int | Shape | SearchStrategy[Shape] | None = None,
    dtype: DTypeLike = np.float64,
    requires_grad: bool = True,
) -> SearchStrategy[Tensor]:
    """Tensors for functions that are linear between kinks, for checks with kind="piecewise".

    The elements are distinct even numbers at a distance of at least 1 from each kink.  A step of 1 crosses no kink and
    changes no order, so finite differences are exact.

    Parameters
    ----------
    *kinks : float
        Default: 0.
    shape : int, tuple of int or strategy, optional
        Default: drawn from `shapes()`.
    dtype : float dtype
        Finite differences need float64, the default.
    requires_grad : bool

    Returns
    -------
    SearchStrategy of Tensor

    Raises
    ------
    ImportError
        If Hypothesis is not installed.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from autograd.testing import assert_gradients, away_from_kinks
    >>> @settings(max_examples=5)
    ... @given(away_from_kinks(0, 6))
    ... def test_relu6(x):
    ...     assert_gradients(lambda x: x.clamp(0, 6), x, kind="piecewise")
    >>> test_relu6()
    """
    kinks = kinks or (0,)
    return strategy(lambda draw: _tensor(draw, _one_shape(draw, shape), dtype, requires_grad, kinks=kinks), "piecewise")


def broadcastable_tensors(
    n: int = 2,
    kind: str = "smooth",
    *,
    low: float = -2,
    high: float = 2,
    dtype: DTypeLike = np.float64,
    requires_grad: bool = True,
) -> SearchStrategy[tuple[Tensor, ...]]:
    """n tensors with the values of `tensors`, whose shapes broadcast together.

    Parameters
    ----------
    n : int
        Number of tensors.
    kind : "smooth", "multilinear" or "piecewise"
    low, high : float
        Bounds of the values; ignored for "piecewise".
    dtype : float dtype
        Finite differences need float64, the default.
    requires_grad : bool

    Returns
    -------
    SearchStrategy of tuple of n Tensor

    Raises
    ------
    ImportError
        If Hypothesis is not installed.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from autograd.testing import assert_gradients, broadcastable_tensors
    >>> @settings(max_examples=5)
    ... @given(broadcastable_tensors(2, kind="multilinear"))
    ... def test_product(tensors):
    ...     a, b = tensors
    ...     assert_gradients(lambda a, b: a * b, a, b, kind="multilinear")
    >>> test_product()
    """
    return strategy(
        lambda draw: tuple(
            _tensor(draw, shape, dtype, requires_grad, low=low, high=high) for shape in draw.broadcastable(n, least=1)
        ),
        kind,
    )


def _tensor(draw: Draw, shape: Shape, dtype: DTypeLike, requires_grad: bool, **values: Any) -> Tensor:
    return wrap(draw.tensor(*shape, **values).astype(dtype), requires_grad)


def _one_shape(draw: HypothesisDraw, shape: Any) -> Shape:
    if shape is None:
        return draw.shape(0, 3)
    if isinstance(shape, int):
        return (shape,)
    return shape if isinstance(shape, tuple) else draw.draw(shape)
