"""Drawing calls of a function: sizes, shapes, geometries, values and memory layouts.

All draws are made of integers, from Hypothesis, which can shrink them (`HypothesisDraw`), or from a NumPy
generator (`RandomDraw`).  A row's `sample(draw)` and the strategies use the same methods.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from autograd.tensor import Tensor, wrap
from autograd.types import Array, Shape

KINDS = ("multilinear", "piecewise", "smooth", "matrix", "discrete")  # see autograd.op.Row
LAYOUTS = ("contiguous", "permuted", "strided", "reversed", "read-only")
FEW = 12  # up to this many integers are drawn and shrunk one by one; more are generated from one drawn seed


class ConvGeometry(NamedTuple):
    """Shapes and parameters of a valid convolution.

    Parameters
    ----------
    input : tuple of int, (N, C, ...)
    weight : tuple of int, (O, C/groups, ...)
    output : tuple of int, (N, O, ...)
    params : dict
        stride, padding, dilation, groups.

    Examples
    --------
    >>> import autograd
    >>> import numpy as np
    >>> import nn.functional as F
    >>> from autograd.testing import RandomDraw
    >>> conv = RandomDraw(np.random.default_rng(0), "smooth").conv_geometry()
    >>> y = F.conv2d(autograd.ones(conv.input), autograd.ones(conv.weight), **conv.params)
    >>> y.shape == conv.output
    True
    """

    input: Shape  # (N, C, ...)
    weight: Shape  # (O, C/groups, ...)
    output: Shape  # (N, O, ...)
    params: dict[str, Any]  # stride, padding, dilation, groups


class PoolGeometry(NamedTuple):
    """Shape and parameters of a valid pooling.

    Parameters
    ----------
    input : tuple of int, (N, C, ...)
    params : dict
        kernel_size, stride, padding.

    Examples
    --------
    >>> import autograd
    >>> import numpy as np
    >>> import nn.functional as F
    >>> from autograd.testing import RandomDraw
    >>> pool = RandomDraw(np.random.default_rng(0), "smooth").pool_geometry()
    >>> F.max_pool2d(autograd.ones(pool.input), **pool.params).shape[:2] == pool.input[:2]
    True
    """

    input: Shape  # (N, C, ...)
    params: dict[str, Any]  # kernel_size, stride, padding


class Draw(ABC):
    """The argument of a row's `sample(draw)`.  All draws are made with `integers`, which a subclass has.

    Parameters
    ----------
    kind : str
        The kind of the op, which determines the values of `tensor`.

    Raises
    ------
    ValueError
        If there is no such kind.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.testing import Draw
    >>> class Lowest(Draw):
    ...     def integers(self, count, low, high):
    ...         return np.full(count, low)
    >>> draw = Lowest("smooth")
    >>> draw.size(2, 5), draw.choice("a", "b"), draw.shape(1, 3), draw.tensor(2, low=-3)
    (2, 'a', (1,), array([-3., -3.]))
    """

    def __init__(self, kind: str) -> None:
        if kind not in KINDS:
            raise ValueError(f"testing: kind {kind!r} is not one of {', '.join(KINDS)}")
        self.kind = kind

    @abstractmethod
    def integers(self, count: int, low: int, high: int) -> Array:
        """`count` integers from low to high, both included."""

    def size(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return int(self.integers(1, low, high)[0])

    def choice(self, *options: Any) -> Any:
        """One of the options; failures shrink to the first."""
        return options[self.size(0, len(options) - 1)]

    def shape(self, min_dims: int, max_dims: int, least: int = 1, most: int = 3) -> Shape:
        """A shape with sizes from `least` to `most`.  With least = 0 one shape in eight may have sizes of 0."""
        least = least or self.choice(1, 1, 1, 1, 1, 1, 1, 0)
        return tuple(int(n) for n in self.integers(self.size(min_dims, max_dims), least, most))

    def broadcastable(self, n: int, min_dims: int = 0, max_dims: int = 3, least: int = 0, most: int = 3) -> list[Shape]:
        """n shapes that broadcast together."""
        full = self.shape(min_dims, max_dims, least, most)
        shapes = []
        for _ in range(n):
            kept = full[len(full) - self.size(min_dims, len(full)) :]
            shapes.append(tuple(self.choice(size, size, 1) for size in kept))
        return shapes

    def conv_geometry(self, dims: int = 2, least: int = 1) -> ConvGeometry:
        """A small convolution with or without overlap, padding, dilation, groups, and images in the batch.

        Each dimension of its output has at least `least` pixels.
        """
        groups = self.choice(1, 1, 1, 2)
        n, c, o = self.size(0, 3), self.size(1, 2) * groups, self.choice(1, 2, 3, 5) * groups
        kernel, stride = self._sizes(dims, 1, 3), self._sizes(dims, 1, 4)
        dilation = tuple(self.choice(1, 1, 2) for _ in range(dims))
        padding = self._sizes(dims, 0, 2)
        reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
        reaches = zip(reach, padding, stride, strict=True)
        size = tuple(max(1, r + (least - 1) * s - 2 * p) + self.size(0, 4) for r, p, s in reaches)
        out = [(s + 2 * p - r) // step + 1 for s, p, r, step in zip(size, padding, reach, stride, strict=True)]
        params = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        return ConvGeometry((n, c, *size), (o, c // groups, *kernel), (n, o, *out), params)

    def pool_geometry(self, dims: int = 2) -> PoolGeometry:
        """A small pooling, with or without overlap, padded by up to half a window."""
        kernel, stride = self._sizes(dims, 1, 3), self._sizes(dims, 1, 4)
        padding = tuple(self.size(0, k // 2) for k in kernel)
        size = tuple(max(1, k - 2 * p) + self.size(0, 4) for k, p in zip(kernel, padding, strict=True))
        params = {"kernel_size": kernel, "stride": stride, "padding": padding}
        return PoolGeometry((self.size(0, 2), self.size(1, 2), *size), params)

    def _sizes(self, n: int, low: int, high: int) -> Shape:
        return tuple(self.size(low, high) for _ in range(n))

    def tensor(self, *shape: int, low: float = -2, high: float = 2, kinks: tuple[float, ...] = (0,)) -> Array:
        """A float64 array with values for the kind of op.

        smooth: multiples of 0.001 from low to high.  piecewise: distinct even numbers at a distance of at least 1
        from each kink, so that a step of 1 crosses none; low and high are ignored.  Otherwise integers from low
        to high, whose sums are exact.  Failures shrink to 1 if possible, because 0 would hide them.
        """
        n = math.prod(shape)
        one = 1 if low <= 1 <= high else 0
        if self.kind == "piecewise":
            values = 2.0 * (np.array(self.permutation(n), np.int64) - self.size(0, n))
            for kink in sorted(kinks):
                even = 2 * round(kink / 2)
                if abs(even - kink) < 1:
                    values += 2 * (values >= even)
        elif self.kind in ("smooth", "matrix"):
            least, most = math.ceil(1000 * (low - one)), math.floor(1000 * (high - one))
            values = (1000 * one + self.integers(n, least, most)) / 1000
        else:
            values = one + self.integers(n, math.ceil(low) - one, math.floor(high) - one)
        return values.astype(np.float64).reshape(shape)

    def complex_tensor(self, *shape: int) -> Array:
        """A complex128 array, whose real and imaginary parts are drawn as by `tensor`."""
        return np.asarray(self.tensor(*shape) + 1j * self.tensor(*shape))

    def index(self, shape: Shape, bound: int) -> Array:
        """An int64 array of integers from 0 to bound - 1."""
        return self.integers(math.prod(shape), 0, max(0, bound - 1)).reshape(shape)

    def permutation(self, n: int) -> list[int]:
        """The integers from 0 to n - 1 in random order."""
        return np.argsort(self.integers(n, 0, 1 << 20), kind="stable").tolist()


class RandomDraw(Draw):
    """Draws from a NumPy generator, for mutants, benchmarks and documentation.

    Parameters
    ----------
    rng : numpy.random.Generator
    kind : str
        The kind of the op.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.testing import RandomDraw
    >>> draw = RandomDraw(np.random.default_rng(0), "multilinear")
    >>> x = draw.tensor(100)
    >>> sorted(set(x.tolist()))  # integers, whose sums are exact
    [-2.0, -1.0, 0.0, 1.0, 2.0]
    """

    def __init__(self, rng: np.random.Generator, kind: str) -> None:
        super().__init__(kind)
        self.rng = rng

    def integers(self, count: int, low: int, high: int) -> Array:
        return self.rng.integers(low, high, count, dtype=np.int64, endpoint=True)


class HypothesisDraw(Draw):
    """Draws from Hypothesis, which stores and shrinks failures.

    Parameters
    ----------
    draw : callable
        The argument of a composite strategy, or `data.draw`.
    kind : str
        The kind of the op.

    Raises
    ------
    ImportError
        If Hypothesis is not installed.

    Examples
    --------
    >>> from hypothesis import given, settings, strategies as st
    >>> from autograd.testing import HypothesisDraw
    >>> @settings(max_examples=5)
    ... @given(st.data())
    ... def test_sizes(data):
    ...     assert 1 <= HypothesisDraw(data.draw, "smooth").size(1, 3) <= 3
    >>> test_sizes()
    """

    def __init__(self, draw: Callable[[Any], Any], kind: str) -> None:
        super().__init__(kind)
        self.draw, self.strategies = draw, hypothesis().strategies

    def integers(self, count: int, low: int, high: int) -> Array:
        if count > FEW:
            seed = self.draw(self.strategies.integers(0, 2**32 - 1))
            return np.random.default_rng(seed).integers(low, high, count, dtype=np.int64, endpoint=True)
        one = self.strategies.integers(low, high)
        return np.array([self.draw(one) for _ in range(count)], np.int64)


def hypothesis() -> ModuleType:
    """The module hypothesis, imported only when needed; ImportError with a hint if it is missing."""
    try:
        import hypothesis.strategies
    except ImportError as error:
        raise ImportError(
            "autograd.testing: cases are drawn with Hypothesis, which is not installed; "
            'install the extra: pip install "lucidgrad[test]"'
        ) from error
    return hypothesis


def lay_out(x: Any, layout: str) -> Any:
    """The same elements in one of LAYOUTS; the memory between them holds NaN or huge numbers.

    Parameters
    ----------
    x : ndarray or Tensor, any shape
    layout : "contiguous", "permuted", "strided", "reversed" or "read-only"

    Returns
    -------
    ndarray or Tensor, like x; a tensor is a new leaf

    Raises
    ------
    ValueError
        For another layout.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.testing import lay_out
    >>> x = np.ones((2, 3))
    >>> x.strides, lay_out(x, "permuted").strides, lay_out(x, "reversed").strides
    ((24, 8), (8, 16), (-24, -8))
    """
    if isinstance(x, Tensor):
        return wrap(lay_out(x.array, layout), x.requires_grad)
    if layout == "contiguous":
        return np.array(x, order="C")
    if layout == "permuted":
        return np.array(x, order="F")
    if layout == "strided":
        filler = np.nan if x.dtype.kind in "fc" else np.array(-1).astype(x.dtype)
        buffer = np.full([2 * n + 1 for n in x.shape], filler, x.dtype)
        odd: tuple[Any, ...] = (slice(1, None, 2),) * x.ndim
        view = buffer[(*odd, ...)]
        view[...] = x
        return view
    if layout == "reversed":
        backwards: tuple[Any, ...] = (slice(None, None, -1),) * x.ndim
        return np.array(np.flip(x), order="C")[(*backwards, ...)]
    if layout == "read-only":
        copy = np.array(x, order="C")
        copy.flags.writeable = False
        return copy
    raise ValueError(f"lay_out: layout {layout!r} is not one of {', '.join(LAYOUTS)}")
