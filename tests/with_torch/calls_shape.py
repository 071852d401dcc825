"""Calls of functions that move elements (shapes, joining, indexing, padding), and of matrix products."""

from __future__ import annotations

from typing import Any

from tests.with_torch.calls import call, constant

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def some(draw: Any, least: int = 0, most: int = 4) -> tuple[Any, list[int]]:
    """A tensor and its dimensions in random order, some of them counted from the end."""
    shape = draw.shape(least, most, least=0)
    return draw.tensor(*shape), [d - draw.choice(0, len(shape)) for d in draw.permutation(len(shape))]


def maybe(draw: Any, **options: Any) -> dict[str, Any]:
    """A random part of the options."""
    return {name: value for name, value in options.items() if draw.choice(True, False)}


@call("reshape", where="torch")
def reshape(draw: Any) -> Arguments:
    a, b = draw.size(1, 3), draw.size(1, 3)
    return (draw.tensor(a, b), draw.choice((b, a), (-1,), (1, -1, a), [a * b])), {}


@call("reshape", where="method")
@call("view", where="method")
def reshape_method(draw: Any) -> Arguments:
    a, b = draw.size(1, 3), draw.size(1, 3)
    return (draw.tensor(a, b), *draw.choice((b, a), (-1,), ((a * b, 1),))), {}


@call("view_as", where="method")
@call("reshape_as", where="method")
def reshape_as(draw: Any) -> Arguments:
    return (draw.tensor(2, 3), draw.index((3, 2), 2)), {}


@call("expand_as", where="method")
def expand_as(draw: Any) -> Arguments:
    return (draw.tensor(1, 3), draw.index((2, 4, 3), 2)), {}


@call("expand", where="method")
def expand(draw: Any) -> Arguments:
    return (draw.tensor(draw.size(0, 3), 1), *draw.choice((2, -1, 3), ((-1, 4),), (-1, 1))), {}


@call("repeat", where="method")
def repeat(draw: Any) -> Arguments:
    x, _ = some(draw)
    repeats = tuple(draw.size(0, 3) for _ in range(x.ndim + draw.size(0 if x.ndim else 1, 2)))
    return (x, *draw.choice(repeats, (repeats,))), {}


@call("flatten", where="torch")
@call("flatten", where="method")
def flatten(draw: Any) -> Arguments:
    x, _ = some(draw)
    last = max(0, x.ndim - 1)
    start = draw.size(0, last)
    return (x,), maybe(draw, end_dim=draw.choice(-1, last)) | maybe(draw, start_dim=start)


@call("squeeze", where="torch")
@call("squeeze", where="method")
def squeeze(draw: Any) -> Arguments:
    x, dims = some(draw)
    return (x,), maybe(draw, dim=draw.choice(dims[0], tuple(dims[:2])) if dims else 0)


@call("unsqueeze", where="torch")
@call("unsqueeze", where="method")
def unsqueeze(draw: Any) -> Arguments:
    x, _ = some(draw)
    return (x, draw.size(-x.ndim - 1, x.ndim)), {}


@call("permute", where="torch")
def permute(draw: Any) -> Arguments:
    x, dims = some(draw)
    return (x, tuple(dims)), {}


@call("transpose", where="torch")
@call("transpose", where="method")
def transpose(draw: Any) -> Arguments:
    x, dims = some(draw, 1)
    return (x, dims[0], dims[-1]), {}


@call("t", where="torch")
@call("t", where="method")
def t(draw: Any) -> Arguments:
    return (some(draw, 0, 2)[0],), {}


@call("movedim", where="torch")
@call("movedim", where="method")
def movedim(draw: Any) -> Arguments:
    x, dims = some(draw, 2)
    places = draw.permutation(x.ndim)
    return (x, *draw.choice((dims[0], places[0]), (tuple(dims[:2]), tuple(places[:2])))), {}


@call("flip", where="torch")
def flip(draw: Any) -> Arguments:
    x, dims = some(draw, 1)
    return (x, draw.choice(dims, dims[:1])), {}


@call("flip", where="method")
def flip_method(draw: Any) -> Arguments:
    x, dims = some(draw, 1)
    return (x, *dims), {}


@call("tril", where="torch")
@call("triu", where="torch")
@call("tril", where="method")
@call("triu", where="method")
def tril(draw: Any) -> Arguments:
    return (some(draw, 2)[0],), maybe(draw, diagonal=draw.size(-2, 2))


@call("cat", where="torch")
def cat(draw: Any) -> Arguments:
    shape = draw.shape(1, 3)
    dim = draw.size(0, len(shape) - 1)
    parts = [draw.tensor(*shape[:dim], draw.size(0, 3), *shape[dim + 1 :]) for _ in range(draw.size(1, 3))]
    parts.append(draw.choice(draw.tensor(*shape), draw.index(shape, 3), draw.tensor(0)))
    options = {"dim": dim - draw.choice(0, len(shape))}
    return (draw.choice(parts, tuple(parts)),), options if dim else maybe(draw, **options)


@call("stack", where="torch")
def stack(draw: Any) -> Arguments:
    shape = draw.shape(0, 3, least=0)
    parts = [draw.tensor(*shape) for _ in range(draw.size(1, 3))]
    return (parts,), maybe(draw, dim=draw.size(-len(shape) - 1, len(shape)))


@call("split", where="torch")
@call("split", where="method")
def split(draw: Any) -> Arguments:
    n = draw.size(1, 5)
    first = draw.size(0, n)
    return (draw.tensor(n, n), draw.choice(draw.size(1, 6), [first, n - first])), maybe(draw, dim=draw.choice(1, -1))


@call("chunk", where="torch")
@call("chunk", where="method")
def chunk(draw: Any) -> Arguments:
    return (draw.tensor(draw.size(0, 7), 3), draw.size(1, 5)), maybe(draw, dim=draw.choice(0, 1, -1))


@call("unbind", where="torch")
@call("unbind", where="method")
def unbind(draw: Any) -> Arguments:
    return (draw.tensor(draw.size(1, 3), 3),), maybe(draw, dim=draw.choice(1, -1))


@call("gather", where="torch")
@call("gather", where="method")
def gather(draw: Any) -> Arguments:
    a, b = draw.size(1, 3), draw.size(1, 3)
    dim = draw.choice(0, 1, -1)
    taken = (draw.size(0, 4), draw.size(0, b)) if dim == 0 else (draw.size(0, a), draw.size(0, 4))
    return (draw.tensor(a, b), dim, draw.index(taken, a if dim == 0 else b)), {}


@call("scatter_add", where="torch")
@call("scatter_add", where="method")
def scatter_add(draw: Any) -> Arguments:
    a, b = draw.size(1, 3), draw.size(1, 3)
    index = draw.index((draw.size(0, 4), draw.size(0, b)), a)
    larger = constant(draw.tensor(index.shape[0] + 1, index.shape[1] + 1))  # PyTorch cannot compute its gradient
    return (draw.tensor(a, b), 0, index, draw.choice(draw.tensor(*index.shape), larger)), {}


@call("index_select", where="torch")
@call("index_select", where="method")
def index_select(draw: Any) -> Arguments:
    n = draw.size(1, 3)
    return (draw.tensor(2, n), draw.choice(1, -1), draw.index(draw.choice((4,), (0,), ()), n)), {}


@call("__getitem__", where="method")
def getitem(draw: Any) -> Arguments:
    shape = (draw.size(1, 3), draw.size(1, 3), draw.size(1, 3))
    n, m, k = shape
    index = draw.choice(
        0,
        -1,
        None,
        ...,
        True,
        [0, -1],
        [],
        range(n),
        slice(None, None, 2),
        (..., -1),
        (0, ..., None),
        ([0, 0], slice(None), [0, -1]),
        draw.index((4,), n) - n,
        draw.index((2, 2), n),
        draw.index((n,), 2) == 1,
        draw.index(shape, 2) == 1,
        (draw.index((n, m), 2) == 1, 0),
        (draw.index((), n), slice(None), draw.index((2,), k)),  # an integer index at the start moves no dimension
        (0, slice(None), draw.index((2,), k)),
        (slice(None), -1, draw.index((2,), k)),
        (draw.index((2,), n), 0),
        (draw.index((2, 1), n), None, draw.index((3,), m)),
        (draw.index((2,), n), slice(None), draw.index((2,), k)),
        (0, None, ..., draw.index((n,), k)),
        (None, 0, draw.index((m,), 2) == 1),
        (slice(1), draw.index((2,), m)),
    )
    return (draw.tensor(*shape), index), {}


@call("pad", where="functional")
def pad(draw: Any) -> Arguments:
    x, _ = some(draw, 1, 4)
    widths = [draw.size(-(n // 2), 2) for n in x.shape[::-1][: draw.size(1, x.ndim)] for _ in range(2)]
    return (x, tuple(widths)), maybe(draw, mode="constant") | maybe(draw, value=draw.choice(2.5, None))


@call("pad", where="functional")
def pad_modes(draw: Any) -> Arguments:
    x = draw.tensor(draw.size(1, 2), 2, 3, draw.size(3, 4))
    widths = tuple(draw.size(-1, 2) for _ in range(4))
    return (x, widths), {"mode": draw.choice("reflect", "replicate", "circular")}


@call("embedding", where="functional")
def embedding(draw: Any) -> Arguments:
    rows = draw.size(1, 4)
    options = maybe(draw, padding_idx=draw.size(-rows, rows - 1), max_norm=draw.choice(None, 1.5), norm_type=2.0)
    weight = draw.tensor(rows, draw.size(1, 3))
    return (draw.index(draw.shape(0, 2, least=0), rows), weight), options | maybe(
        draw, scale_grad_by_freq=draw.choice(False, True), sparse=False
    )


@call("one_hot", where="functional")
def one_hot(draw: Any) -> Arguments:
    return (draw.index(draw.shape(0, 2), 3),), maybe(draw, num_classes=draw.choice(3, 4, -1))


@call("matmul", where="torch")
@call("matmul", where="method")
@call("__matmul__", where="method")
def matmul(draw: Any) -> Arguments:
    i, k, j = draw.size(0, 4), draw.size(0, 4), draw.size(1, 4)
    a, b = draw.broadcastable(2, 0, 2)
    x, y = draw.tensor(*a, i, k), draw.tensor(*b, k, j)
    vector = draw.tensor(k)
    return draw.choice((x, y), (x, draw.tensor(k, j)), (x, vector), (vector, y), (vector, draw.tensor(k))), {}


@call("linear", where="functional")
def linear(draw: Any) -> Arguments:
    i, o = draw.size(1, 4), draw.size(1, 4)
    return (draw.tensor(*draw.shape(0, 2, least=0), i), draw.tensor(o, i)), maybe(draw, bias=draw.tensor(o))


@call("einsum", where="torch")
def einsum(draw: Any) -> Arguments:
    n = {letter: draw.size(1, 3) for letter in "ijkb"}
    equation = draw.choice(
        "ij,jk", "ij,jk->ki", "i,j", "ii", "ii->i", "bij,bjk->bik", "...ij,...kj->...ik", "ij,i...->j...", "ij->", "ij",
        "ji", "i,i,i->i", "ij,jk,kb", "bij,bkj", "iji->j", "i...,i->...", "i, i j ->j", "...j,...->j", "bi,bj,bk->ijk",
    )  # fmt: skip
    operands = []
    for term in equation.replace(" ", "").split("->")[0].split(","):
        before, dots, after = term.partition("...")
        wide = (draw.choice(2, 1), 3)[: draw.size(0, 2)] if dots and draw.choice(True, False) else ()
        operands.append(draw.tensor(*(n[c] for c in before), *(wide[::-1]), *(n[c] for c in after)))
    if equation == "i,i,i->i":
        operands[0] = draw.tensor(1)  # which broadcasts
    return draw.choice((equation, *operands), (equation, operands)), {}
