"""Calls of elementwise functions, activations, comparisons and reductions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.with_torch.calls import call, constant

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
DTYPES = [np.dtype(name) for name in ("float32", "float64", "int64", "int32", "uint8", "bool")]
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan])


def some(draw: Any, **options: Any) -> dict[str, Any]:
    """A random part of the options, so that defaults are compared too."""
    return {name: value for name, value in options.items() if draw.choice(True, False)}


def numbers(draw: Any, *shape: int, low: float = -2, high: float = 2) -> np.ndarray:
    """Floats.  One call in four has ±0, inf or NaN among them, and another one equal numbers."""
    x = draw.tensor(*shape, low=low, high=high)
    special = draw.choice("none", "none", "special", "equals")
    if special == "special" and x.size:
        x.flat[draw.size(0, x.size - 1)] = SPECIAL[draw.size(0, 4)]
    return np.asarray(np.round(x)) if special == "equals" else x


def any_dtype(draw: Any, x: np.ndarray) -> np.ndarray:
    """Floats, or integers or bools made from them."""
    dtype = draw.choice(x.dtype, np.int64, np.int32, np.uint8, np.bool_)
    return x if dtype == x.dtype else np.asarray(np.abs(np.nan_to_num(x, posinf=3, neginf=3))).astype(dtype)


def truth(draw: Any, shape: tuple[int, ...]) -> np.ndarray:
    return draw.index(shape, 2).astype(bool)


def pair(draw: Any) -> tuple[np.ndarray, np.ndarray]:
    a, b = draw.broadcastable(2)
    return numbers(draw, *a), numbers(draw, *b)


# ── functions of one number ────────────────────────────────────────────────────────────


def of_one(name: str, low: float = -2, high: float = 2, *, dtypes: bool = True) -> None:
    def generate(draw: Any) -> Arguments:
        x = numbers(draw, *draw.shape(0, 3, least=0), low=low, high=high)
        return (any_dtype(draw, x) if dtypes else x,), {}

    call(name, where="torch")(generate)
    call(name, where="method")(generate)


for name in ("expm1", "tanh", "sigmoid", "logical_not", "isnan", "isinf", "isfinite"):
    of_one(name)
for name in ("log", "sqrt", "rsqrt", "reciprocal"):
    of_one(name, 0.5, 4)
of_one("log1p", -0.5, 4)
for name in ("abs", "neg", "positive", "square", "relu", "exp", "sin", "cos"):
    of_one(name, dtypes=False)


@call("sign", where="torch")
def sign(draw: Any) -> Arguments:
    """Integers, which require no grad: torch records the gradient of sign, which is 0."""
    return (np.asarray(draw.index(draw.shape(0, 3, least=0), 5) - 2),), {}


of_one("clone")


@call("to", where="method")
def to(draw: Any) -> Arguments:
    return (any_dtype(draw, draw.tensor(*draw.shape(0, 3, least=0))), draw.choice("cpu", *DTYPES)), {}


def cast(name: str) -> None:
    @call(name, where="method")
    def generate(draw: Any) -> Arguments:
        return (any_dtype(draw, draw.tensor(*draw.shape(0, 3, least=0))),), {}


for name in ("float", "double", "long", "int", "bool"):
    cast(name)


# ── activations ────────────────────────────────────────────────────────────────────────


def activation(name: str, options: Callable[[Any], dict[str, Any]] = lambda draw: {}) -> None:
    @call(name, where="functional")
    def generate(draw: Any) -> Arguments:
        return (numbers(draw, *draw.shape(0, 4, least=0), low=-9, high=9),), options(draw)


for name in ("relu", "sigmoid", "tanh", "logsigmoid"):
    activation(name)
activation("silu", lambda draw: some(draw, inplace=False))
activation("mish", lambda draw: some(draw, inplace=False))
activation("leaky_relu", lambda draw: some(draw, negative_slope=draw.choice(0.2, 0, 1.5, -1), inplace=False))


@call("elu", where="functional")
def elu(draw: Any) -> Arguments:
    """Finite numbers, because torch's gradient at inf is NaN unless alpha is 1."""
    x = draw.tensor(*draw.shape(0, 4, least=0), low=-9, high=9)
    return (x,), some(draw, alpha=draw.choice(0.5, 2, -1.5), inplace=False)


@call("gelu", where="functional")
def gelu(draw: Any) -> Arguments:
    """Finite numbers, because torch's gelu of inf is inf in float64 and NaN in float32."""
    return (draw.tensor(*draw.shape(0, 4, least=0), low=-9, high=9),), some(
        draw, approximate=draw.choice("tanh", "none")
    )


activation("softplus", lambda draw: some(draw, beta=draw.choice(2, 0.5), threshold=draw.choice(3, 1.0)))


def of_rows(name: str, where: Any) -> None:
    @call(name, where=where)
    def generate(draw: Any) -> Arguments:
        x = numbers(draw, *draw.shape(0, 3, least=0), low=-9, high=9)
        n = max(1, x.ndim)
        return (x, draw.size(-n, n - 1)), some(draw, dtype=draw.choice(None, *DTYPES[:2]))


for name in ("softmax", "log_softmax"):
    of_rows(name, "torch")
    of_rows(name, "method")
    of_rows(name, "functional")


# ── functions of two numbers, and of a condition ───────────────────────────────────────


def of_two(name: str, *, scalars: bool = True, dtypes: bool = True, low: float = -2) -> None:
    def generate(draw: Any) -> Arguments:
        a, b = draw.broadcastable(2)
        x, y = numbers(draw, *a, low=low), numbers(draw, *b, low=low)
        if dtypes:
            x, y = any_dtype(draw, x), any_dtype(draw, y)
        if name == "pow":
            x = np.where(np.isfinite(x), x + 0.0, 1.0)  # torch computes powers of -0 and -inf with square roots
        if scalars and draw.choice(False, True):
            return (x, draw.choice(2, 0.5, True)), {}
        return (x, y), {}

    call(name, where="torch")(generate)
    call(name, where="method")(generate)


for name in ("mul", "div", "eq", "ne", "lt", "le", "gt", "ge"):
    of_two(name)
for name in ("logical_and", "logical_or", "maximum", "minimum"):
    of_two(name, scalars=False)
of_two("pow", dtypes=False, low=0.5)


def division(name: str) -> None:
    """Floats and integers.  Only remainder has a gradient; torch's floor_divide raises in backward."""

    def generate(draw: Any) -> Arguments:
        a, b = draw.broadcastable(2)
        x, y = numbers(draw, *a, low=-9, high=9), numbers(draw, *b, low=-3, high=3)
        if draw.choice(False, True):
            x = np.asarray(np.nan_to_num(x, posinf=7, neginf=-7).astype(np.int64))
            y = np.asarray(np.where(y < 0, -2, 3).astype(draw.choice("i4", "i8")))
        other = draw.choice(y, y, 2, -3, 0.75)
        if name == "remainder":
            return (x, other), {}
        return (constant(x), constant(y) if other is y else other), {}

    call(name, where="torch")(generate)
    call(name, where="method")(generate)


division("floor_divide")
division("remainder")


def with_alpha(name: str) -> None:
    @call(name, where="torch")
    def generate(draw: Any) -> Arguments:
        return pair(draw), some(draw, alpha=draw.choice(2, -0.5))


with_alpha("add")
with_alpha("sub")


def of_bits(name: str) -> None:
    @call(name, where="torch")
    def generate(draw: Any) -> Arguments:
        a, b = draw.broadcastable(2)
        x, y = draw.index(a, 8).astype(draw.choice(np.int64, np.int8, np.bool_)), draw.index(b, 8)
        return (x, draw.choice(y, np.asarray(y > 3), 5, True)), {}


for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    of_bits(name)


@call("bitwise_not", where="torch")
def bitwise_not(draw: Any) -> Arguments:
    return (draw.index(draw.shape(0, 3, least=0), 8).astype(draw.choice(np.int64, np.uint8, np.bool_)),), {}


def nearness(name: str) -> None:
    @call(name, where="torch")
    def generate(draw: Any) -> Arguments:
        x, y = pair(draw)
        equal_nan = draw.choice(True, False)
        y = np.asarray(draw.choice(y, x + draw.choice(0, 1e-9, 1e-3)))
        options = some(draw, rtol=draw.choice(0.12345, 0), atol=draw.choice(0.50037, 0), equal_nan=equal_nan)
        return (x, y), options


nearness("isclose")
nearness("allclose")


@call("equal", where="torch")
def equal(draw: Any) -> Arguments:
    x, y = pair(draw)
    return (x, draw.choice(x.copy(), y)), {}


@call("where", where="torch")
def where(draw: Any) -> Arguments:
    a, b, c = draw.broadcastable(3)
    x, y = any_dtype(draw, numbers(draw, *b)), any_dtype(draw, numbers(draw, *c))
    return (truth(draw, a), draw.choice(x, 1.5, 2), draw.choice(y, 0.5, 0)), {}


@call("where", where="torch")
def where_of_many(draw: Any) -> Arguments:
    n = draw.size(1, 3) * 20_000
    return (truth(draw, (n,)), draw.tensor(n), draw.choice(draw.tensor(1), 0.5)), {}


def fill(draw: Any) -> Arguments:
    a, b = draw.broadcastable(2)
    x = any_dtype(draw, numbers(draw, *a))
    value = draw.choice(-np.inf, 1.5, draw.tensor()) if x.dtype.kind == "f" else draw.choice(1, True)
    return (x, truth(draw, b), value), {}


call("masked_fill", where="torch")(fill)
call("masked_fill", where="method")(fill)


@call("where", where="method")
def where_method(draw: Any) -> Arguments:
    a, b, c = draw.broadcastable(3)
    return (numbers(draw, *a), truth(draw, b), numbers(draw, *c)), {}


@call("clamp", where="torch")
def clamp(draw: Any) -> Arguments:
    a, b, c = draw.broadcastable(3)
    x = numbers(draw, *np.broadcast_shapes(a, b, c))  # torch's backward fails if a bound is larger
    low, high = draw.tensor(*b), np.asarray(draw.tensor(*c) + 0.0003)  # torch gives no gradient for equal bounds
    x = np.where(np.isnan(x) & (low > high), 0, x)  # the result is NaN; torch still gives its gradient to max
    if draw.choice(True, False):
        return (x,), draw.choice({"min": low, "max": high}, {"min": low}, {"max": high})
    bounds = draw.choice((-1, 1), (-0.5, None), (None, 0.5), (1, -1), (0.0,))
    return (any_dtype(draw, x), *bounds), {}


@call("clamp_min", where="torch")
def clamp_min(draw: Any) -> Arguments:
    x, bound = pair(draw)
    return (x,), {"min": draw.choice(bound, 0.5, 1)}


@call("clamp_max", where="torch")
def clamp_max(draw: Any) -> Arguments:
    x, bound = pair(draw)
    return (x,), {"max": draw.choice(bound, 0.5, 1)}


# ── reductions ─────────────────────────────────────────────────────────────────────────


def some_dims(draw: Any, ndim: int, many: bool = True) -> Any:
    """One dimension, from either end, or several.  A tensor without dimensions has dimension 0."""
    n = max(1, ndim)
    one = draw.size(-n, n - 1)
    several = tuple(draw.permutation(n)[: draw.size(1, n)])
    return draw.choice(one, several) if many else one


def rows(draw: Any, least: int = 0) -> np.ndarray:
    return numbers(draw, *draw.shape(0, 3, least=least), low=-9, high=9)


def over_dims(name: str, *, least: int = 0, dtypes: bool = False, dtype: bool = False, needed: bool = False) -> None:
    def generate(draw: Any) -> Arguments:
        x = rows(draw, least)
        dim = some_dims(draw, x.ndim)
        options = some(draw, dtype=draw.choice(None, *DTYPES[:2])) if dtype else {}
        x = any_dtype(draw, x) if dtypes else x
        if not needed and draw.choice(True, False):
            return (x,), options
        return (x, dim), {**options, **some(draw, keepdim=draw.choice(True, False))}

    call(name, where="torch")(generate)
    call(name, where="method")(generate)


over_dims("sum", dtypes=True, dtype=True)
over_dims("mean", dtype=True)
over_dims("logsumexp", needed=True)
over_dims("amax", least=1)
over_dims("amin", least=1)


def truths(name: str) -> None:
    @call(name, where="torch")
    def generate(draw: Any) -> Arguments:
        x = draw.choice(rows(draw), rows(draw) > 0, draw.index(draw.shape(0, 3, least=0), 2))
        x = np.asarray(x)
        return draw.choice(((x,), {}), ((x, some_dims(draw, x.ndim)), some(draw, keepdim=True)))


truths("any")
truths("all")


def deviation(name: str) -> None:
    def generate(draw: Any) -> Arguments:
        x = draw.tensor(*draw.shape(0, 3), low=-9, high=9)
        x = np.asarray(x * draw.choice(1, 1, 0))  # 0 gives a std of 0
        correction = draw.choice(0, 1, 0.5)
        keepdim, unbiased = draw.choice(True, False), draw.choice(False, True)
        return draw.choice(
            ((x,), {}),
            ((x,), {"unbiased": unbiased}),
            ((x, unbiased), {}),
            ((x, some_dims(draw, x.ndim)), some(draw, correction=correction, keepdim=keepdim)),
            ((x, some_dims(draw, x.ndim), unbiased, keepdim), {}),
            ((x,), {"dim": None, "correction": correction}),
        )

    call(name, where="torch")(generate)
    call(name, where="method")(generate)


deviation("var")
deviation("std")


@call("norm", where="torch")
def norm(draw: Any) -> Arguments:
    x = np.asarray(draw.tensor(*draw.shape(0, 3)) * draw.choice(1, 1, 0))
    dims = some_dims(draw, x.ndim)
    few = np.size(dims) <= 2  # torch refuses its default, the Frobenius norm, for three given dimensions
    p = draw.choice(2, 1, 3, 1.5, np.inf, -np.inf, *(["fro"] if few else []))
    return (x,), {
        **(some(draw, p=p) if few else {"p": p}),
        **draw.choice({}, {"dim": dims, "keepdim": draw.choice(True, False)}),
        **some(draw, dtype=draw.choice(None, np.dtype(np.float64))),
    }


@call("cumsum", where="torch")
def cumsum(draw: Any) -> Arguments:
    x = any_dtype(draw, rows(draw))
    return (x, some_dims(draw, x.ndim, many=False)), some(draw, dtype=draw.choice(None, *DTYPES[:2]))


def extremum(name: str) -> None:
    def along(draw: Any) -> Arguments:
        x, keepdim = rows(draw, 1), draw.choice(True, False)
        if draw.choice(True, False):
            return (any_dtype(draw, x), some_dims(draw, x.ndim, many=False)), some(draw, keepdim=keepdim)
        # at NaN, gradients of torch's max and amax differ; ours are those of amax
        return (np.asarray(np.nan_to_num(x, posinf=9, neginf=-9)),), {}

    def of_two(draw: Any) -> Arguments:
        x, y = pair(draw)
        return draw.choice(((x, y), {}), ((x,), {"other": y}))

    call(name, where="torch")(along)
    call(name, where="method")(along)
    call(name, where="torch")(of_two)


extremum("max")
extremum("min")


def place(name: str) -> None:
    @call(name, where="torch")
    def generate(draw: Any) -> Arguments:
        x = any_dtype(draw, rows(draw, 1))
        if x.dtype == bool:
            x = x.astype(np.int64)  # torch's argmax takes no bools
        return draw.choice(((x,), {}), ((x, some_dims(draw, x.ndim, many=False)), some(draw, keepdim=True)))


place("argmax")
place("argmin")
