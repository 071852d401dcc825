"""Products of vectors and matrices, made of matmul, mul and sum.

    mm, bmm, mv, dot      Σ_k x[…, k] y[k, …], for exactly these numbers of dimensions
    addmm and its kin     β z + α (product)
    outer, kron           every element of x times every element of y
    tensordot             Σ over any dimensions
    cross                 x × y in three dimensions

The gradients are those of the ops they call.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.low_precision import in_float32
from autograd.op import Sample
from autograd.ops.conj import conj
from autograd.ops.elementwise import add, mul, sub
from autograd.ops.indexing import getitem
from autograd.ops.matmul import matmul
from autograd.ops.reduce import sum as sum_over
from autograd.ops.shape import expand, permute, reshape
from autograd.ops.shared.composed import composed, ones
from autograd.ops.shared.dims import dim_of
from autograd.ops.solve import linalg_multi_dot
from autograd.ops.views import diagonal
from autograd.promotion import DIFFERENTIABLE
from autograd.types import Array, Number

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw


def _check(name: str, rule: str, **operands: tuple[Any, int]) -> None:
    """Raise unless each operand has this number of dimensions, and all have one dtype."""
    check_arrays(name, **{what: x for what, (x, _) in operands.items()})
    tensors = [x for x, _ in operands.values()]
    if any(x.ndim != ndim for x, ndim in operands.values()):
        shapes = " and ".join(str(tuple(x.shape)) for x in tensors)
        raise RuntimeError(f"{name}: expects {rule}, got shapes {shapes}; matmul takes other numbers of dimensions")
    _check_dtypes(name, *tensors)


def _check_dtypes(name: str, *tensors: Any) -> None:
    if len({x.dtype for x in tensors}) > 1:
        found = " and ".join(str(x.dtype) for x in tensors)
        raise RuntimeError(f"{name}: the tensors have dtypes {found}; convert one, with .to(dtype)")


def _check_sizes(name: str, x: Any, y: Any, first: int, second: int) -> None:
    if x.shape[first] != y.shape[second]:
        raise RuntimeError(
            f"{name}: shapes {tuple(x.shape)} and {tuple(y.shape)} do not fit: {x.shape[first]} and "
            f"{y.shape[second]} must be equal"
        )


def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """Compute the product of two matrices.

    Parameters
    ----------
    input : Tensor, (I, K)
    mat2 : Tensor, (K, J)

    Returns
    -------
    Tensor, (I, J)

    Raises
    ------
    RuntimeError
        If these are no matrices, or sizes or dtypes differ.  `matmul` also takes vectors and batches.

    Examples
    --------
    >>> import autograd
    >>> autograd.mm(autograd.tensor([[1.0, 2.0], [0.0, 1.0]]), autograd.tensor([[3.0], [4.0]]))
    tensor([[11.],
            [ 4.]])
    """
    _check("mm", "two matrices", input=(input, 2), mat2=(mat2, 2))
    _check_sizes("mm", input, mat2, 1, 0)
    return matmul(input, mat2)


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """Compute the products of N pairs of matrices.

    Parameters
    ----------
    input : Tensor, (N, I, K)
    mat2 : Tensor, (N, K, J)

    Returns
    -------
    Tensor, (N, I, J)

    Raises
    ------
    RuntimeError
        If these are no batches of matrices, or sizes or dtypes differ.

    Examples
    --------
    >>> import autograd
    >>> autograd.bmm(autograd.ones(2, 1, 3), autograd.tensor([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]]))
    tensor([[[ 6.]],
    <BLANKLINE>
            [[15.]]])
    """
    _check("bmm", "two batches of matrices", input=(input, 3), mat2=(mat2, 3))
    _check_sizes("bmm", input, mat2, 0, 0)
    _check_sizes("bmm", input, mat2, 2, 1)
    return matmul(input, mat2)


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """Compute the product of a matrix and a vector.

    Parameters
    ----------
    input : Tensor, (I, K)
    vec : Tensor, (K,)

    Returns
    -------
    Tensor, (I,)

    Raises
    ------
    RuntimeError
        If the numbers of dimensions, sizes or dtypes do not fit.

    Examples
    --------
    >>> import autograd
    >>> autograd.mv(autograd.tensor([[1.0, 2.0], [3.0, 4.0]]), autograd.tensor([1.0, 10.0]))
    tensor([21., 43.])
    """
    _check("mv", "a matrix and a vector", input=(input, 2), vec=(vec, 1))
    _check_sizes("mv", input, vec, 1, 0)
    return matmul(input, vec)


def _dot(name: str, input: Tensor, tensor: Tensor) -> Tensor:
    _check(name, "two vectors", input=(input, 1), tensor=(tensor, 1))
    _check_sizes(name, input, tensor, 0, 0)
    return matmul(input, tensor)


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """Compute the dot product of two vectors, Σ input[k] · tensor[k].

    Parameters
    ----------
    input, tensor : Tensor, (K,)

    Returns
    -------
    Tensor, ()

    Raises
    ------
    RuntimeError
        If these are no vectors, or sizes or dtypes differ.

    Examples
    --------
    >>> import autograd
    >>> autograd.dot(autograd.tensor([1.0, 2.0]), autograd.tensor([3.0, 4.0]))
    tensor(11.)
    """
    return _dot("dot", input, tensor)


def vdot(input: Tensor, other: Tensor) -> Tensor:
    """Compute the dot product of two vectors, Σ conj(input[k]) · other[k].

    Parameters
    ----------
    input : Tensor, (K,)
        Complex numbers are conjugated.
    other : Tensor, (K,)

    Returns
    -------
    Tensor, ()

    Raises
    ------
    RuntimeError
        If these are no vectors, or sizes or dtypes differ.

    Examples
    --------
    >>> import autograd
    >>> z = autograd.tensor([3 + 4j])
    >>> autograd.vdot(z, z)  # |z|²
    tensor(25.+0.j)
    """
    check_arrays("vdot", input=input, other=other)
    return _dot("vdot", conj(input), other)


def inner(input: Tensor, other: Tensor) -> Tensor:
    """Sum the products over the last dimensions.  With a number it is a product.

    Parameters
    ----------
    input : Tensor, (…, K) or ()
    other : Tensor, (…, K) or ()

    Returns
    -------
    Tensor, with the other dimensions of input, then those of other

    Raises
    ------
    RuntimeError
        If the last sizes or the dtypes differ.

    Examples
    --------
    >>> import autograd
    >>> autograd.inner(autograd.tensor([[1.0, 2.0], [3.0, 4.0]]), autograd.tensor([1.0, 10.0]))
    tensor([21., 43.])
    """
    check_arrays("inner", input=input, other=other)
    _check_dtypes("inner", input, other)
    if input.ndim == 0 or other.ndim == 0:
        return mul(input, other)
    _check_sizes("inner", input, other, -1, -1)
    return tensordot(input, other, ([input.ndim - 1], [other.ndim - 1]))


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Multiply each element of a vector by each of another.

    Parameters
    ----------
    input : Tensor, (I,)
    vec2 : Tensor, (J,)

    Returns
    -------
    Tensor, (I, J)

    Raises
    ------
    RuntimeError
        If these are no vectors.

    Examples
    --------
    >>> import autograd
    >>> autograd.outer(autograd.tensor([1.0, 2.0]), autograd.tensor([3.0, 4.0, 5.0]))
    tensor([[ 3.,  4.,  5.],
            [ 6.,  8., 10.]])
    """
    check_arrays("outer", input=input, vec2=vec2)
    if input.ndim != 1 or vec2.ndim != 1:
        raise RuntimeError(f"outer: expects two vectors, got shapes {tuple(input.shape)} and {tuple(vec2.shape)}")
    return mul(reshape(input, (-1, 1) if input.shape[0] else (0, 1)), vec2)


def _plus(
    name: str,
    input: Tensor,
    product: Tensor,
    beta: Number | complex,
    alpha: Number | complex,
    *,
    promotes: bool = False,
) -> Tensor:
    """beta · input + alpha · product, where a beta of 0 leaves input out."""
    if not promotes:
        _check_dtypes(name, input, product)
    if product.dtype.kind not in DIFFERENTIABLE and (not promotes or input.dtype.kind not in DIFFERENTIABLE):
        if promotes and isinstance(beta + alpha, float):
            raise RuntimeError(f"{name}: beta {beta} and alpha {alpha} must be integers for {product.dtype} tensors")
        kind: Callable[[Any], int] = bool if product.dtype == np.bool_ else int  # PyTorch truncates them
        beta, alpha = kind(beta), kind(alpha)
    shape = tuple(product.shape)
    if input.ndim > len(shape) or any(n not in (1, m) for n, m in zip(input.shape[::-1], shape[::-1], strict=False)):
        raise RuntimeError(f"{name}: input of shape {tuple(input.shape)} cannot be expanded to the product's, {shape}")
    scaled = product if alpha == 1 else mul(product, alpha)
    if beta == 0:
        return scaled
    return add(input if beta == 1 else mul(input, beta), scaled)


@in_float32
def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Number | complex = 1, alpha: Number | complex = 1
) -> Tensor:
    """Compute beta · input + alpha · (mat1 @ mat2).

    Parameters
    ----------
    input : Tensor, of a shape that expands to (I, J)
    mat1 : Tensor, (I, K)
    mat2 : Tensor, (K, J)
    beta, alpha : number
        With beta = 0 input is ignored, also its NaN and inf.

    Returns
    -------
    Tensor, (I, J)

    Raises
    ------
    RuntimeError
        If shapes or dtypes do not fit.

    Examples
    --------
    >>> import autograd
    >>> ones = autograd.ones(2, 2)
    >>> autograd.addmm(autograd.tensor([1.0, 2.0]), ones, ones, beta=10)  # 10 · input + 2
    tensor([[12., 22.],
            [12., 22.]])
    """
    check_arrays("addmm", input=input)
    _check("addmm", "two matrices", mat1=(mat1, 2), mat2=(mat2, 2))
    _check_sizes("addmm", mat1, mat2, 1, 0)
    return _plus("addmm", input, matmul(mat1, mat2), beta, alpha)


@in_float32
def addmv(
    input: Tensor, mat: Tensor, vec: Tensor, *, beta: Number | complex = 1, alpha: Number | complex = 1
) -> Tensor:
    """Compute beta · input + alpha · (mat @ vec).

    Parameters
    ----------
    input : Tensor, of a shape that expands to (I,)
    mat : Tensor, (I, K)
    vec : Tensor, (K,)
    beta, alpha : number
        With beta = 0 input is ignored, also its NaN and inf.

    Returns
    -------
    Tensor, (I,)

    Raises
    ------
    RuntimeError
        If shapes or dtypes do not fit.

    Examples
    --------
    >>> import autograd
    >>> mat = autograd.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> autograd.addmv(autograd.tensor([100.0, 200.0]), mat, autograd.ones(2), alpha=10)
    tensor([130., 270.])
    """
    check_arrays("addmv", input=input)
    _check("addmv", "a matrix and a vector", mat=(mat, 2), vec=(vec, 1))
    _check_sizes("addmv", mat, vec, 1, 0)
    return _plus("addmv", input, matmul(mat, vec), beta, alpha)


@in_float32
def addr(
    input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Number | complex = 1, alpha: Number | complex = 1
) -> Tensor:
    """Compute beta · input + alpha · outer(vec1, vec2).

    Parameters
    ----------
    input : Tensor, of a shape that expands to (I, J)
    vec1 : Tensor, (I,)
    vec2 : Tensor, (J,)
    beta, alpha : number
        With beta = 0 input is ignored, also its NaN and inf.

    Returns
    -------
    Tensor, (I, J)

    Raises
    ------
    RuntimeError
        If vec1 or vec2 is no vector, or input does not expand to (I, J).

    Examples
    --------
    >>> import autograd
    >>> vec1, vec2 = autograd.tensor([1.0, 2.0]), autograd.tensor([3.0, 4.0])
    >>> autograd.addr(autograd.ones(2, 2), vec1, vec2)
    tensor([[4., 5.],
            [7., 9.]])
    """
    check_arrays("addr", input=input, vec1=vec1, vec2=vec2)
    if vec1.ndim != 1 or vec2.ndim != 1:
        raise RuntimeError(f"addr: expects two vectors, got shapes {tuple(vec1.shape)} and {tuple(vec2.shape)}")
    return _plus("addr", input, outer(vec1, vec2), beta, alpha, promotes=True)


@in_float32
def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number | complex = 1, alpha: Number | complex = 1
) -> Tensor:
    """Compute beta · input + alpha · (Σ_n batch1[n] @ batch2[n]).

    Parameters
    ----------
    input : Tensor, of a shape that expands to (I, J)
    batch1 : Tensor, (N, I, K)
    batch2 : Tensor, (N, K, J)
    beta, alpha : number
        With beta = 0 input is ignored, also its NaN and inf.

    Returns
    -------
    Tensor, (I, J)

    Raises
    ------
    RuntimeError
        If shapes or dtypes do not fit.

    Examples
    --------
    >>> import autograd
    >>> batch1, batch2 = autograd.ones(5, 1, 3), autograd.ones(5, 3, 2)
    >>> autograd.addbmm(autograd.tensor([0.5, 1.0]), batch1, batch2)  # plus 5 · 3
    tensor([[15.5000, 16.0000]])
    """
    check_arrays("addbmm", input=input)
    _check("addbmm", "two batches of matrices", batch1=(batch1, 3), batch2=(batch2, 3))
    _check_sizes("addbmm", batch1, batch2, 0, 0)
    _check_sizes("addbmm", batch1, batch2, 2, 1)
    return _plus("addbmm", input, sum_over(matmul(batch1, batch2), 0, dtype=batch1.dtype), beta, alpha)


@in_float32
def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number | complex = 1, alpha: Number | complex = 1
) -> Tensor:
    """Compute beta · input + alpha · bmm(batch1, batch2).

    Parameters
    ----------
    input : Tensor, of a shape that expands to (N, I, J)
    batch1 : Tensor, (N, I, K)
    batch2 : Tensor, (N, K, J)
    beta, alpha : number
        With beta = 0 input is ignored, also its NaN and inf.

    Returns
    -------
    Tensor, (N, I, J)

    Raises
    ------
    RuntimeError
        If shapes or dtypes do not fit.

    Examples
    --------
    >>> import autograd
    >>> batch1, batch2 = autograd.ones(2, 1, 3), autograd.ones(2, 3, 1)
    >>> autograd.baddbmm(autograd.tensor([[[0.5]], [[1.0]]]), batch1, batch2)  # plus 3
    tensor([[[3.5000]],
    <BLANKLINE>
            [[4.0000]]])
    """
    check_arrays("baddbmm", input=input)
    _check("baddbmm", "two batches of matrices", batch1=(batch1, 3), batch2=(batch2, 3))
    _check_sizes("baddbmm", batch1, batch2, 0, 0)
    _check_sizes("baddbmm", batch1, batch2, 2, 1)
    return _plus("baddbmm", input, matmul(batch1, batch2), beta, alpha)


def kron(input: Tensor, other: Tensor) -> Tensor:
    """Compute the Kronecker product: each element of input times all of other, in blocks of other's shape.

    Parameters
    ----------
    input, other : Tensor, any shape
        The one with fewer dimensions gets sizes of 1 in front.

    Returns
    -------
    Tensor, of input's shape times other's, size by size

    Examples
    --------
    >>> import autograd
    >>> autograd.kron(autograd.eye(2), autograd.ones(1, 2))
    tensor([[1., 1., 0., 0.],
            [0., 0., 1., 1.]])
    """
    check_arrays("kron", input=input, other=other)
    ndim = max(input.ndim, other.ndim)
    a, b = ((1,) * (ndim - x.ndim) + tuple(x.shape) for x in (input, other))
    blocks = mul(
        reshape(input, tuple(n for size in a for n in (size, 1))),
        reshape(other, tuple(n for size in b for n in (1, size))),
    )
    return reshape(blocks, tuple(n * m for n, m in zip(a, b, strict=True)))


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Sum the products of two tensors over pairs of dimensions.

    Parameters
    ----------
    a, b : Tensor, any shape
    dims : int, or two lists of int
        The dimensions of a, and those of b.  An int n stands for the last n of a and the first n of b.

    Returns
    -------
    Tensor, with the other dimensions of a, then those of b

    Raises
    ------
    RuntimeError
        If the sizes of a pair or the dtypes differ, or a dimension is named twice.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> a, b = autograd.ones(2, 3, 4), autograd.ones(4, 3)
    >>> autograd.tensordot(a, b, dims=([1, 2], [1, 0]))  # each is a sum of 3 · 4 ones
    tensor([12., 12.])
    """
    check_arrays("tensordot", a=a, b=b)
    _check_dtypes("tensordot", a, b)
    pairs = dims.tolist() if hasattr(dims, "tolist") else dims
    if isinstance(pairs, int):
        if not 0 <= pairs <= min(a.ndim, b.ndim):
            raise RuntimeError(
                f"tensordot: dims is {pairs}; it must be from 0 to the number of dimensions, for shapes "
                f"{tuple(a.shape)} and {tuple(b.shape)}"
            )
        pairs = range(a.ndim - pairs, a.ndim), range(pairs)
    if len(pairs) != 2:
        raise RuntimeError(f"tensordot: dims is {dims}; expects an int, or two lists of dimensions, of a and of b")
    first, second = ([dim_of("tensordot", d, x.ndim) for d in dim] for dim, x in zip(pairs, (a, b), strict=True))
    sizes = [[x.shape[d] for d in chosen] if x.ndim else [] for x, chosen in ((a, first), (b, second))]
    if len(sizes[0]) != len(sizes[1]) or any(n != m and 1 not in (n, m) for n, m in zip(*sizes, strict=True)):
        raise RuntimeError(
            f"tensordot: dims {dims} have sizes {sizes[0]} in {tuple(a.shape)} and {sizes[1]} in {tuple(b.shape)}; "
            "they must be equal, or one of them 1"
        )
    for chosen in (first, second):
        if len(set(chosen)) < len(chosen):
            raise RuntimeError(f"tensordot: dims {dims} names a dimension twice")
    free = [[d for d in range(x.ndim) if d not in chosen] for x, chosen in ((a, first), (b, second))]
    rows, columns = (tuple(x.shape[d] for d in left) for x, left in zip((a, b), free, strict=True))
    for i, (n, m) in enumerate(zip(*sizes, strict=True)):  # a size of 1 broadcasts
        if n == 1 != m:
            b = sum_over(b, second[i], keepdim=True, dtype=b.dtype)
        elif m == 1 != n:
            a = sum_over(a, first[i], keepdim=True, dtype=a.dtype)
    inside = math.prod(min(n, m) if 1 in (n, m) else n for n, m in zip(*sizes, strict=True))
    x = reshape(permute(a, (*free[0], *first)), (math.prod(rows), inside))
    y = reshape(permute(b, (*second, *free[1])), (inside, math.prod(columns)))
    return reshape(matmul(x, y), rows + columns)


def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix, in int64 for integers and bools.

    Parameters
    ----------
    input : Tensor, (M, N)

    Returns
    -------
    Tensor, ()

    Raises
    ------
    RuntimeError
        If input is no matrix.

    Examples
    --------
    >>> import autograd
    >>> autograd.trace(autograd.tensor([[1, 2], [3, 4]]))
    tensor(5)
    """
    check_arrays("trace", input=input)
    if input.ndim != 2:
        raise RuntimeError(f"trace: expects a matrix, got shape {tuple(input.shape)}")
    return sum_over(diagonal(input))


def chain_matmul(*matrices: Tensor) -> Tensor:
    """Compute the product of matrices, in the order that needs the fewest multiplications: see `linalg.multi_dot`.

    Parameters
    ----------
    *matrices : Tensor, (I, K), (K, L), (L, …), …
        At least one.

    Returns
    -------
    Tensor, (I, J)
        With the rows of the first matrix and the columns of the last.

    Raises
    ------
    RuntimeError
        If there is none, some are no matrices, or sizes or dtypes do not fit.

    Examples
    --------
    >>> import autograd
    >>> autograd.chain_matmul(autograd.ones(1, 2), autograd.ones(2, 3), autograd.ones(3, 1))  # 2 · 3
    tensor([[6.]])
    """
    if not matrices:
        raise RuntimeError("chain_matmul: expects at least one matrix")
    _check("chain_matmul", "matrices", **{f"matrix {i}": (x, 2) for i, x in enumerate(matrices)})
    for x, y in itertools.pairwise(matrices):
        _check_sizes("chain_matmul", x, y, 1, 0)
    return matrices[0] if len(matrices) == 1 else linalg_multi_dot(matrices)


def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """Compute the cross product of vectors of three elements, along `dim`.

    Parameters
    ----------
    input, other : Tensor, of shapes that broadcast
        With the same number of dimensions.
    dim : int, optional
        The dimension of the vectors, of size 3.  Default: the first of size 3.

    Returns
    -------
    Tensor, of the broadcast shape

    Raises
    ------
    RuntimeError
        If shapes do not fit, or the dimension has not size 3.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.cross(autograd.tensor([1.0, 0.0, 0.0]), autograd.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    check_arrays("cross", input=input, other=other)
    if input.ndim != other.ndim:
        raise RuntimeError(
            f"cross: input has shape {tuple(input.shape)}, other {tuple(other.shape)}; expects as many dimensions"
        )
    try:
        shape = np.broadcast_shapes(tuple(input.shape), tuple(other.shape))
    except ValueError:
        raise RuntimeError(f"cross: shapes {tuple(input.shape)} and {tuple(other.shape)} do not broadcast") from None
    if dim is None:
        if 3 not in shape:
            raise RuntimeError(f"cross: shape {shape} has no dimension of size 3")
        axis = shape.index(3)
    else:
        axis = dim_of("cross", dim, len(shape))
        if not shape or (input.shape[axis], other.shape[axis]) != (3, 3):
            raise RuntimeError(
                f"cross: dim {dim} of shapes {tuple(input.shape)} and {tuple(other.shape)} must have size 3"
            )

    def turned(x: Tensor, order: list[int]) -> Tensor:
        return getitem(expand(x, *shape), (*[slice(None)] * axis, np.array(order)))

    left = mul(turned(input, [1, 2, 0]), turned(other, [2, 0, 1]))
    return sub(left, mul(turned(input, [2, 0, 1]), turned(other, [1, 2, 0])))


def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """Compute the cross product of vectors of three elements, along `dim`: `cross`, with another default.

    Parameters
    ----------
    input, other : Tensor, of shapes that broadcast
        With the same number of dimensions.
    dim : int
        The dimension of the vectors, of size 3.  Default: the last.

    Returns
    -------
    Tensor, of the broadcast shape

    Raises
    ------
    RuntimeError
        If shapes do not fit, or the dimension has not size 3.
    IndexError
        If there is no such dimension.

    Examples
    --------
    >>> import autograd
    >>> autograd.linalg.cross(autograd.tensor([[1.0, 0.0, 0.0]]), autograd.tensor([[0.0, 2.0, 0.0]]))
    tensor([[0., 0., 2.]])
    """
    return cross(input, other, dim)


# ── as rows ────────────────────────────────────────────────────────────────────────────


def _sizes(least: int, *formats: str) -> Callable[[Draw], Sample]:
    """A sample of tensors whose dimensions are named by letters, as "ik", "kj"."""

    def sample(draw: Draw) -> Sample:
        sizes = {letter: draw.size(least, 3) for letter in sorted({c for text in formats for c in text})}
        return Sample(tuple(draw.tensor(*(sizes[c] for c in text)) for text in formats))

    return sample


def _einsum(text: str) -> Callable[..., Array]:
    def reference(*xs: Array) -> Array:
        dtype = np.result_type(*xs)
        if dtype == np.bool_:
            return np.asarray(np.einsum(text, *(x.astype(np.int64) for x in xs)) > 0)
        return np.asarray(np.einsum(text, *xs)).astype(dtype)

    return reference


composed(
    mm,
    _einsum("ik,kj"),
    _sizes(0, "ik", "kj"),
    ((ones(2, 3), ones(2, 3)), {}, RuntimeError, ("(2, 3)", "equal")),
    ((ones(2), ones(2, 3)), {}, RuntimeError, ("(2,)", "matrices")),
)
composed(
    bmm,
    _einsum("nik,nkj->nij"),
    _sizes(0, "nik", "nkj"),
    ((ones(1, 2, 3), ones(2, 3, 2)), {}, RuntimeError, ("(1, 2, 3)", "equal")),
)
composed(mv, _einsum("ik,k"), _sizes(0, "ik", "k"), ((ones(2, 3), ones(2)), {}, RuntimeError, ("(2, 3)", "equal")))
for _product in (dot, vdot):
    composed(
        _product,
        _einsum("k,k"),
        _sizes(0, "k", "k"),
        ((ones(2), ones(3)), {}, RuntimeError, ("(2,)", "equal")),
        ((ones(2), np.ones(2, np.float32)), {}, RuntimeError, ("float32", "convert")),
    )
composed(
    inner,
    lambda x, y: np.asarray(np.inner(x, y)),
    _sizes(0, "ijk", "lk"),
    ((ones(2, 3), ones(2)), {}, RuntimeError, ("(2, 3)", "equal")),
)
composed(
    outer,
    lambda x, y: x[:, None] * y,
    _sizes(0, "i", "j"),
    ((ones(2, 3), ones(2)), {}, RuntimeError, ("(2, 3)", "vectors")),
)
composed(kron, np.kron, _sizes(1, "ij", "klm"))


def _added(function: Callable[..., Tensor], text: str, full: str, inputs: tuple[str, ...], *bad: Any) -> None:
    """Register addmm or one of its kin, whose product is np.einsum(text)."""
    product = _einsum(text)

    def reference(z: Array, x: Array, y: Array, *, beta: Number | complex = 1, alpha: Number | complex = 1) -> Array:
        scaled = product(x, y) if alpha == 1 else alpha * product(x, y)
        return scaled if beta == 0 else (z if beta == 1 else beta * z) + scaled

    def sample(draw: Draw) -> Sample:
        whole = draw.choice(1, 2, 0)
        return Sample(
            _sizes(0, draw.choice(full, full[-1]), *inputs)(draw).inputs, {"beta": whole, "alpha": draw.choice(2, 1)}
        )

    composed(function, reference, sample, *bad)


_added(
    addmm,
    "ik,kj",
    "ij",
    ("ik", "kj"),
    ((ones(3, 3), ones(2, 3), ones(3, 3)), {}, RuntimeError, ("(3, 3)", "(2, 3)", "expanded")),
    ((ones(3), ones(2, 3), ones(2, 3)), {}, RuntimeError, ("(2, 3)", "equal")),
)
_added(addmv, "ik,k", "i", ("ik", "k"), ((ones(3), ones(2, 3), ones(3)), {}, RuntimeError, ("(3,)", "expanded")))
_added(addr, "i,j->ij", "ij", ("i", "j"), ((ones(3), ones(2, 3), ones(3)), {}, RuntimeError, ("(2, 3)", "vectors")))
_added(
    addbmm,
    "nik,nkj->ij",
    "ij",
    ("nik", "nkj"),
    ((ones(3), ones(2, 3, 2), ones(1, 2, 3)), {}, RuntimeError, ("(2, 3, 2)", "equal")),
)
_added(
    baddbmm,
    "nik,nkj->nij",
    "nij",
    ("nik", "nkj"),
    ((ones(3), ones(2, 3, 2), ones(1, 2, 3)), {}, RuntimeError, ("(2, 3, 2)", "equal")),
)


def _tensordot_reference(a: Array, b: Array, *, dims: Any) -> Array:
    first, second = (list(range(a.ndim - dims, a.ndim)), list(range(dims))) if isinstance(dims, int) else dims
    x = np.moveaxis(a, first, range(-len(first), 0)) if first else a
    y = np.moveaxis(b, second, range(len(second)))
    lead, tail = x.shape[: a.ndim - len(first)], y.shape[len(second) :]
    rows, columns = x.reshape(math.prod(lead), -1), y.reshape(-1, math.prod(tail))
    return (rows[:, :, None] * columns).sum(axis=1, dtype=a.dtype).reshape(lead + tail)


def _tensordot_sample(draw: Draw) -> Sample:
    i, j, k = (draw.size(1, 3) for _ in range(3))
    shapes, dims = draw.choice(
        (((i, j, k), (j, k)), 2),
        (((i, j), (k, j)), ([1], [1])),
        (((i, j, k), (k, i)), ([0, 2], [1, 0])),
        (((i,), (j,)), 0),
    )
    return Sample(tuple(draw.tensor(*shape) for shape in shapes), {"dims": dims})


composed(
    tensordot,
    _tensordot_reference,
    _tensordot_sample,
    ((ones(2, 3), ones(2, 3)), {"dims": 1}, RuntimeError, ("(2, 3)", "equal")),
    ((ones(3), ones(3)), {"dims": 2}, RuntimeError, ("dims is 2",)),
    ((ones(3), ones(3)), {"dims": [[0]]}, RuntimeError, ("dims is [[0]]", "two lists")),
)


composed(
    trace,
    lambda x: np.asarray(
        sum([x[i, i] for i in range(min(x.shape))], np.zeros((), x.dtype if x.dtype.kind == "f" else int))
    ),
    _sizes(0, "ij"),
    ((ones(2),), {}, RuntimeError, ("(2,)", "matrix")),
)


def _cross_sample(draw: Draw) -> Sample:
    (a,) = draw.broadcastable(1, 1, 1)
    axis = draw.choice(-1, 0)
    shapes = [(*a, 3) if axis else (3, *a), (*a, 3) if axis else (3, *a)]
    return Sample(tuple(draw.tensor(*shape) for shape in shapes), {"dim": axis})


def _cross_reference(x: Array, y: Array, *, dim: int) -> Array:
    x, y = (np.moveaxis(a, dim, 0) for a in np.broadcast_arrays(x, y))
    z = [x[(i + 1) % 3] * y[(i + 2) % 3] - x[(i + 2) % 3] * y[(i + 1) % 3] for i in range(3)]
    return np.moveaxis(np.stack(z), 0, dim)


composed(
    cross,
    _cross_reference,
    _cross_sample,
    ((ones(2), ones(2)), {"dim": 0}, RuntimeError, ("(2,)", "size 3")),
    ((ones(2, 2), ones(2, 2)), {}, RuntimeError, ("(2, 2)", "size 3")),
)
