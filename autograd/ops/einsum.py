"""Einstein summation: einsum("bij,bjk->bik", x, y) is a batched matrix product.

A letter names each dimension of each operand.  Dimensions whose letter is not in the result are summed over.

    "ij,kj->ik"  x yᵀ      "ii"  trace      "ii->i"  diagonal      "i,j->ij"  outer product
    "...ij->...ji"  ... stands for leading dimensions, which broadcast

Operands are combined from left to right.  If two of them share a letter that is not needed later, their product
is a matrix product (ops/matmul.py), else an elementwise product.  So the gradients are those of matmul, mul, sum
and permute.
"""

from __future__ import annotations

import math
import string
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments import check_arrays
from autograd.op import BadSample, Composite, Sample, register
from autograd.ops.elementwise import mul
from autograd.ops.indexing import getitem
from autograd.ops.matmul import matmul
from autograd.ops.reduce import sum as sum_over
from autograd.ops.shape import permute, reshape
from autograd.types import Array, Shape

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

Labels = list[str]  # a letter for each dimension; the dimensions of ... are "0", "1", … from the last one


def _parse(equation: str, shapes: list[Shape]) -> tuple[list[Labels], Labels]:
    """The labels of each operand, and of the result."""
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if set(text.replace("...", "")) - set(string.ascii_letters + ",->") or "," in right or "->" in right:
        raise ValueError(f"einsum: {equation!r}: expects letters, commas and ..., then optionally -> and letters")
    if len(terms) != len(shapes):
        raise ValueError(f"einsum: {equation!r} has {len(terms)} terms for {len(shapes)} operands")
    operands = []
    for term, shape in zip(terms, shapes, strict=True):
        before, dots, after = term.partition("...")
        extra = len(shape) - len(before) - len(after)
        if extra < 0 or (extra and not dots) or "." in after:
            raise ValueError(f"einsum: {term!r} of {equation!r} does not name the dimensions of shape {shape}")
        operands.append([*before, *(str(i) for i in range(extra)[::-1]), *after])
    used = [label for labels in operands for label in labels]
    ellipsis = sorted({label for label in used if label.isdigit()}, key=int, reverse=True)
    if arrow:
        before, dots, after = right.partition("...")
        result = [*before, *(ellipsis if dots else []), *after]
    else:
        result = ellipsis + sorted(label for label in used if used.count(label) == 1 and not label.isdigit())
    if len(set(result)) < len(result) or not set(result) <= set(used):
        raise ValueError(f"einsum: {equation!r}: the result names each dimension once, and only those of operands")
    return operands, result


def _sizes(equation: str, operands: list[Labels], shapes: list[Shape]) -> dict[str, int]:
    """The size of each label's dimensions.  Sizes of 1 broadcast."""
    sizes: dict[str, int] = {}
    for labels, shape in zip(operands, shapes, strict=True):
        for label, n in zip(labels, shape, strict=True):
            if sizes.setdefault(label, n) == 1:
                sizes[label] = n
            elif n not in (1, sizes[label]):
                what = "..." if label.isdigit() else repr(label)
                raise ValueError(
                    f"einsum: {equation!r} of shapes {', '.join(map(str, shapes))}: "
                    f"{what} stands for sizes {sizes[label]} and {n}"
                )
    return sizes


def _plain(x: Tensor, labels: Labels, sizes: dict[str, int]) -> tuple[Tensor, Labels]:
    """An operand whose labels are distinct and of full size: take diagonals, drop dimensions that broadcast."""
    for label in dict.fromkeys(labels):
        places = [i for i, other in enumerate(labels) if other == label]
        if len({x.shape[i] for i in places}) > 1:
            raise ValueError(
                f"einsum: {label!r} names dimensions {places} of shape {tuple(x.shape)}: sizes must be equal"
            )
        if len(places) > 1:  # move them to the front, where indexing puts their diagonal
            front = places + [i for i in range(len(labels)) if i not in places]
            x = getitem(permute(x, tuple(front)), (np.arange(x.shape[places[0]]),) * len(places))
            labels = [label] + [labels[i] for i in front[len(places) :]]
    full = [label for label, n in zip(labels, x.shape, strict=True) if n == sizes[label]]
    return reshape(x, tuple(sizes[label] for label in full)), full


def _sum_others(x: Tensor, labels: Labels, needed: set[str]) -> tuple[Tensor, Labels]:
    """Sum over the dimensions whose labels are not needed."""
    summed = tuple(i for i, label in enumerate(labels) if label not in needed)
    return (sum_over(x, summed) if summed else x), [label for label in labels if label in needed]


def _grouped(x: Tensor, labels: Labels, *groups: Labels) -> Tensor:
    """Merge the dimensions of each group of labels into one."""
    sizes = dict(zip(labels, x.shape, strict=True))
    x = permute(x, tuple(labels.index(label) for group in groups for label in group))
    return reshape(x, tuple(math.prod(sizes[label] for label in group) for group in groups))


def _multiply(x: Tensor, xs: Labels, y: Tensor, ys: Labels, needed: set[str]) -> tuple[Tensor, Labels]:
    """The product of two operands, summed over the labels that are not needed later."""
    x, xs = _sum_others(x, xs, needed | set(ys))
    y, ys = _sum_others(y, ys, needed | set(xs))
    shared = [label for label in xs if label in ys and label in needed]
    inner = [label for label in xs if label in ys and label not in needed]
    rows, columns = ([label for label in labels if label not in shared + inner] for labels in (xs, ys))
    result = shared + rows + columns
    sizes = dict(zip(xs + ys, (*x.shape, *y.shape), strict=True))
    if inner:
        z = matmul(_grouped(x, xs, shared, rows, inner), _grouped(y, ys, shared, inner, columns))
    else:
        z = mul(_grouped(x, xs, shared, rows, []), _grouped(y, ys, shared, [], columns))
    return reshape(z, tuple(sizes[label] for label in result)), result


def einsum(equation: str, *operands: Any) -> Tensor:
    """Multiply tensors, and sum over the dimensions that the result does not name.

    Parameters
    ----------
    equation : str
        A letter for each dimension of each operand, commas between operands, then -> and the
        letters of the result.  Without ->, the result has the letters that occur once, in
        alphabetical order.  "..." stands for any number of dimensions.
    operands : Tensors, any shape, or one list of Tensors
        Of one dtype.  Dimensions with the same letter have equal sizes, or 1.

    Returns
    -------
    Tensor, with a dimension for each letter of the result

    Raises
    ------
    ValueError, TypeError
        If equation, shapes or dtypes do not fit.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> autograd.einsum("ij,kj->ik", x, x)
    tensor([[ 5., 11.],
            [11., 25.]])
    >>> autograd.einsum("ii", x)
    tensor(5.)
    """
    if not isinstance(equation, str):
        raise TypeError(
            f'einsum: expects an equation such as "ij,jk->ik" before the tensors; got {type(equation).__name__}'
        )
    tensors = list(operands[0] if len(operands) == 1 and isinstance(operands[0], list | tuple) else operands)
    check_arrays("einsum", **{f"operand {i}": x for i, x in enumerate(tensors)})
    if len({x.dtype for x in tensors}) > 1:
        kinds = ", ".join(str(x.dtype) for x in tensors)
        raise TypeError(f"einsum: the tensors have dtypes {kinds}; convert them to one, with .to(dtype)")
    shapes = [tuple(x.shape) for x in tensors]
    terms, result = _parse(equation, shapes)
    sizes = _sizes(equation, terms, shapes)
    z, labels = _plain(tensors[0], terms[0], sizes)
    for i in range(1, len(tensors)):
        later = {label for term in terms[i + 1 :] for label in term}
        z, labels = _multiply(z, labels, *_plain(tensors[i], terms[i], sizes), later | set(result))
    z, labels = _sum_others(z, labels, set(result))
    return permute(z, tuple(labels.index(label) for label in result))


# ── under the battery ──────────────────────────────────────────────────────────────────


def _reference(*xs: Array, equation: str) -> Array:
    path = ["einsum_path", (0, 1), (0, 1)]  # three operands from left to right, as in PyTorch: 0 · inf shows the order
    y: Array = np.einsum(equation, *xs, optimize=path if len(xs) == 3 else False)
    return y


def _sample(draw: Draw) -> Sample:
    equation = draw.choice(
        "ij,jk->ik", "bij,bkj->bik", "i,i", "ii", "ii->i", "ij->", "ij->ji", "i,j->ji", "ij,ij->i", "b i j , j",
        "...ij,...jk->...ik", "...i,i->...", "i...,i...", "ij,jk,kl->il", "ij,ij,ij->j", "iij,jk->ik", "bi,bi,bj->bj",
        "Ab,b", "...,...", "aibj,aj->bi", "a,b,a->b", "ij,k->ij",
    )  # fmt: skip
    sizes = {letter: draw.size(0 if letter == "i" else 1, 3) for letter in string.ascii_letters[:12] + "A"}
    wide = draw.shape(0, 2)
    shapes: list[Shape] = []
    for term in equation.replace(" ", "").split("->")[0].split(","):
        before, dots, after = term.partition("...")
        middle = tuple(draw.choice(n, 1) for n in wide[draw.size(0, len(wide)) :]) if dots else ()
        shapes.append((*(sizes[c] for c in before), *middle, *(sizes[c] for c in after)))
    return Sample(tuple(draw.tensor(*shape) for shape in shapes), {"equation": equation})


def _bad(equation: Any, *words: str, error: type[Exception] = ValueError, second: Array | None = None) -> BadSample:
    inputs = (np.ones((2, 3)), np.ones((2, 3)) if second is None else second)
    return BadSample(inputs, {"equation": equation}, error, ("einsum", *words))


register(
    Composite(
        name="einsum",
        function=lambda *xs, equation: einsum(equation, *xs),
        reference=_reference,
        sample=_sample,
        bad_samples=[
            _bad("ij,jk", "'j'", "2", "3", "(2, 3), (2, 3)"),
            _bad("ij", "1 terms", "2 operands"),
            _bad("ij,i", "'i'", "(2, 3)"),
            _bad("ij,ij->k", "'ij,ij->k'", "once"),
            _bad("ij,ij->ii", "once"),
            _bad("i1,ij", "letters"),
            _bad("jj,ik", "'j'", "(2, 3)"),
            _bad(3, "equation", "int", error=TypeError),
            _bad("ij,ij", "float64, float32", error=TypeError, second=np.ones((2, 3), np.float32)),
        ],
        kind="multilinear",
    )
)
