"""Recurrent networks: RNN, LSTM and GRU over whole sequences, and their single steps (cells).

With x the input of a step, h (and c) the state before it, h′ (and c′) the state after it, and σ the sigmoid:

    RNN     h′ = tanh(W x + b + U h + d)                                      or relu in place of tanh
    LSTM    i, f, o = σ(W x + b + U h + d)      g = tanh(W x + b + U h + d)   each with its rows of W, U, b and d
            c′ = f c + i g                      h′ = o tanh c′
            with a projection R:                h′ = R (o tanh c′)
    GRU     r, z = σ(W x + b + U h + d)         n = tanh(W x + b + r q),  q = U h + d
            h′ = (1 - z) n + z h

The products W x + b of all steps are one matrix product.  A row, `lstm_steps` for example, takes them as its input p
and computes all steps of one direction of one layer in one kernel (autograd/kernels/recurrent.py).  With ḣ and ċ the
gradients of h′ and c′, those of the sums under σ and tanh are

    RNN     ḣ (1 - h′²), or ḣ where h′ > 0
    LSTM    t = tanh c′,  ċ += ḣ o (1 - t²)
            i: ċ g i (1 - i)    f: ċ c f (1 - f)    g: ċ i (1 - g²)    o: ḣ t o (1 - o);      to c: ċ f
    GRU     n: ṅ = ḣ (1 - z) (1 - n²)           q: ṅ r
            r: ṅ q r (1 - r)                    z: ḣ (h - n) z (1 - z);                       to h: ḣ z

and h gets their product with U besides.  A second row, `lstm_steps_grad`, computes these for all steps in one kernel.
The gradients of W and U are one matrix product over all steps.  The gates are outputs of the row with gradients of
their own, so that the gradient's gradient is that of the lines above, written out step by step in recorded ops.

Sequences of different lengths are packed; see `nn.utils.rnn`.

References
----------
Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9, 1997.  Cho et al., "Learning Phrase
Representations using RNN Encoder-Decoder", arXiv:1406.1078, in the form of PyTorch's GRU, with r applied to U h + d.
Sak et al., "Long Short-Term Memory Based Recurrent Neural Network Architectures", arXiv:1402.1128 (projection).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd import engine, grad_mode
from autograd.arguments import check_arrays
from autograd.engine import Context
from autograd.kernels import recurrent as kernels
from autograd.kernels.recurrent import GRU, LSTM, RELU, TANH
from autograd.op import BadSample, Composite, Op, Sample, register
from autograd.ops.dropout import dropout as drop
from autograd.ops.functions import sigmoid, tanh
from autograd.ops.indexing import getitem
from autograd.ops.join import cat, stack
from autograd.ops.linear import linear
from autograd.ops.matmul import matmul
from autograd.ops.reduce import sum as sum_over
from autograd.ops.shape import reshape, transpose, unsqueeze
from autograd.ops.shared.checks import check_same_float
from autograd.ops.shared.samples import KINK, optional
from autograd.types import Array, Gradient

if TYPE_CHECKING:
    from autograd.tensor import Tensor
    from autograd.testing import Draw

Sizes = tuple[int, ...]  # number of sequences that have each step


# ── where the steps are ────────────────────────────────────────────────────────────────

_steps = lru_cache(maxsize=64)(kernels.steps)


def _walk(batch_sizes: Sizes, reverse: bool) -> Iterator[tuple[int, slice]]:
    """The number of sequences and the rows of each step, in the order in which they are computed."""
    sizes, starts, order = _steps(batch_sizes, reverse)
    for t in order:
        yield int(sizes[t]), slice(int(starts[t]), int(starts[t] + sizes[t]))


@lru_cache(maxsize=64)
def _places(batch_sizes: Sizes, reverse: bool) -> tuple[Array, Array]:
    """Rows of (h0, y) that hold the state before each row of y, and rows of y with the last state of each sequence."""
    latest, before = np.arange(batch_sizes[0]), np.empty(np.sum(batch_sizes, dtype=np.int64), np.int64)
    for active, rows in _walk(batch_sizes, reverse):
        before[rows] = latest[:active]
        latest[:active] = np.arange(batch_sizes[0] + rows.start, batch_sizes[0] + rows.stop)
    return before, latest - batch_sizes[0]


def _before(h0: Tensor, y: Tensor, batch_sizes: Sizes, reverse: bool) -> Tensor:
    """The state before each row of y."""
    n = batch_sizes[0]
    if n == batch_sizes[-1]:  # all sequences have the same length
        return cat([y[n:], h0]) if reverse else cat([h0, y[: len(y) - n]])
    return getitem(cat([h0, y]), _places(batch_sizes, reverse)[0])


def _last(y: Tensor, batch_sizes: Sizes, reverse: bool) -> Tensor:
    """The last state of each sequence."""
    n = batch_sizes[0]
    if n == batch_sizes[-1]:
        return y[:n] if reverse else y[len(y) - n :]
    return getitem(y, _places(batch_sizes, reverse)[1])


# ── gradients of gradients ─────────────────────────────────────────────────────────────


def _differentiated(function: Callable[..., Any], ctx: Context, hs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The vjp of `function`, which is written with recorded ops, at the saved tensors."""
    from autograd.gradients import grad
    from autograd.tensor import Tensor, wrap

    recorded = any(isinstance(h, Tensor) for h in hs)
    needs = ctx.needs_input_grad
    with grad_mode.enable_grad():
        if recorded:  # some inputs were computed from others: clones have gradients of their own, and still lead there
            inputs = [x.clone() if needed else x for x, needed in zip(ctx.saved_tensors, needs, strict=True)]
        else:
            inputs = [wrap(x, needed) for x, needed in zip(ctx.saved_tensors, needs, strict=True)]
        outputs = function(*inputs)
    wanted = [x for x, needed in zip(inputs, needs, strict=True) if needed]
    made = [(y, h if recorded else wrap(h)) for y, h in zip(outputs, hs, strict=True) if y.requires_grad]
    found = iter(grad([y for y, _ in made], wanted, [h for _, h in made], create_graph=recorded, allow_unused=True))
    gradients = [next(found) if needed else None for needed in needs]
    return tuple(gradients if recorded else [None if g is None else g.array for g in gradients])


def _first(x: Tensor, n: int, rest: Tensor) -> Tensor:
    """x, and below it the rows of `rest` from n on."""
    return x if n == len(rest) else cat([x, rest[n:]])


def _joined(parts: list[Tensor], reverse: bool) -> Tensor:
    """The rows of all steps, which were computed from the last one to the first."""
    return cat(parts if reverse else parts[::-1])


# ── samples ────────────────────────────────────────────────────────────────────────────


def _draw_steps(draw: Draw, most: int = 2) -> dict[str, Any]:
    """At most `most` steps.  With more than 2, relu of numbers near 1e100 would overflow."""
    n = draw.choice(2, 1, 0)
    sizes = sorted((draw.choice(n, draw.size(0, n)) for _ in range(draw.size(0, most - 1))), reverse=True)
    return {"batch_sizes": (n, *sizes), "reverse": draw.choice(False, True)}


def _bad(op: str, shapes: Sequence[tuple[int, ...]], *words: str, **params: Any) -> BadSample:
    params = {"batch_sizes": (2, 1), "reverse": False, **params}
    return BadSample(tuple(np.ones(shape) for shape in shapes), params, ValueError, (op, *words))


def _check_steps(name: str, gates: int, p: Array, states: tuple[Array, ...], w: Array, batch_sizes: Sizes) -> None:
    """Raise unless the inputs of a row fit: p (P, G H), states (N, H), w (G H, H)."""
    h = states[0]
    check_same_float(name, p=p, h=h, w=w)
    good = p.ndim == h.ndim == w.ndim == 2 and batch_sizes[:1] == (len(h),) and len(p) == np.sum(batch_sizes)
    good = good and w.shape == (gates * h.shape[1], h.shape[1]) and p.shape[1] == len(w)
    if not good or any(s.shape != h.shape for s in states) or sorted(batch_sizes, reverse=True) != list(batch_sizes):
        raise ValueError(
            f"{name}: p of shape {p.shape}, states of shape {', '.join(str(s.shape) for s in states)} and w of shape "
            f"{w.shape} do not fit batch_sizes {batch_sizes}: expects (P, {gates} H), (N, H) and ({gates} H, H), with N"
            " sequences, the longest first, of P steps in all"
        )


# ── LSTM ───────────────────────────────────────────────────────────────────────────────


def _lstm_forward(
    p: Array, h0: Array, c0: Array, w: Array, *, batch_sizes: Sizes, reverse: bool
) -> tuple[Array, Array, Array]:
    return kernels.run(LSTM, p, h0, c0, w, None, _steps(batch_sizes, reverse))


def _lstm_backward(ctx: Context, gy: Tensor, gc: Tensor, ggates: Tensor, **steps: Any) -> tuple[Gradient, ...]:
    h0, c0, w, y, c, gates = ctx.saved_tensors
    dp, dh0, dc0 = _lstm_steps_grad_op(gy, gc, ggates, c0, w, c, gates, **steps)
    dw = matmul(dp.T, _before(h0, y, **steps)) if ctx.needs_input_grad[3] else None
    return dp, dh0, dc0, dw


def _lstm_grad_forward(
    gy: Array,
    gc: Array,
    ggates: Array,
    c0: Array,
    w: Array,
    c: Array,
    gates: Array,
    *,
    batch_sizes: Sizes,
    reverse: bool,
) -> tuple[Array, Array, Array]:
    saved = c0, c0, w, None, c, gates
    dp, _, dh0, dc0 = kernels.run_grad(LSTM, (gy, gc, ggates), saved, _steps(batch_sizes, reverse))
    return dp, dh0, dc0


def _lstm_grad_by_steps(
    gy: Tensor, gc: Tensor, ggates: Tensor, c0: Tensor, w: Tensor, c: Tensor, gates: Tensor, **steps: Any
) -> tuple[Tensor, Tensor, Tensor]:
    """As `_lstm_grad_forward`, in recorded ops."""
    before, dh, dc, parts = _before(c0, c, **steps), c0 * 0, c0 * 0, []
    for n, rows in reversed(list(_walk(**steps))):
        i, f, g, o = _split(gates[rows], 4)
        of_i, of_f, of_g, of_o = _split(ggates[rows], 4)
        h, t = dh[:n] + gy[rows], tanh(c[rows])
        s = dc[:n] + gc[rows] + h * o * (1 - t * t)
        d = [
            (s * g + of_i) * (i * (1 - i)),
            (s * before[rows] + of_f) * (f * (1 - f)),
            (s * i + of_g) * (1 - g * g),
            (h * t + of_o) * (o * (1 - o)),
        ]
        parts.append(cat(d, 1))
        dh, dc = _first(matmul(parts[-1], w), n, dh), _first(s * f, n, dc)
    return _joined(parts, steps["reverse"]), dh, dc


def _split(x: Tensor, parts: int) -> list[Tensor]:
    size = x.shape[1] // parts
    return [x[:, k * size : (k + 1) * size] for k in range(parts)]


def _logistic(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def _product(h: Array, w: Array) -> Array:
    """h wᵀ, one product after the other."""
    y: Array = (h[:, None, :] * w).sum(axis=2)
    return y


def _lstm_reference(p: Array, h0: Array, c0: Array, w: Array, **steps: Any) -> tuple[Array, Array, Array]:
    h, c, size = h0.copy(), c0.copy(), h0.shape[1]
    y, cs, gates = np.empty((len(p), size), p.dtype), np.empty((len(p), size), p.dtype), np.empty_like(p)
    for n, rows in _walk(**steps):
        z = p[rows] + _product(h[:n], w)
        i, f, o = (_logistic(z[:, k * size : (k + 1) * size]) for k in (0, 1, 3))
        g = np.tanh(z[:, 2 * size : 3 * size])
        c[:n] = f * c[:n] + i * g
        h[:n] = o * np.tanh(c[:n])
        y[rows], cs[rows], gates[rows] = h[:n], c[:n], np.hstack((i, f, g, o))
    return y, cs, gates


def _lstm_grad_reference(
    gy: Array, gc: Array, ggates: Array, c0: Array, w: Array, c: Array, gates: Array, **steps: Any
) -> tuple[Array, Array, Array]:
    before, dp = np.vstack((c0, c))[_places(**steps)[0]], np.empty_like(gates)
    dh, dc, size = np.zeros_like(c0), np.zeros_like(c0), c0.shape[1]
    for n, rows in reversed(list(_walk(**steps))):
        i, f, g, o = np.moveaxis(gates[rows].reshape(n, 4, size), 1, 0)
        dh[:n] += gy[rows]
        dc[:n] += gc[rows] + dh[:n] * o * (1 - np.tanh(c[rows]) ** 2)
        d = np.stack((dc[:n] * g, dc[:n] * before[rows], dc[:n] * i, dh[:n] * np.tanh(c[rows])), 1)
        slopes = np.stack((i * (1 - i), f * (1 - f), 1 - g * g, o * (1 - o)), 1)
        dp[rows] = ((d + ggates[rows].reshape(d.shape)) * slopes).reshape(n, 4 * size)
        dh[:n], dc[:n] = _product(dp[rows], w.T), dc[:n] * f
    return dp, dh, dc


def _lstm_steps_sample(draw: Draw, most: int = 3) -> Sample:
    params, hidden = _draw_steps(draw, most), draw.size(1, 2)
    many, n = int(np.sum(params["batch_sizes"])), params["batch_sizes"][0]
    p, w = draw.tensor(many, 4 * hidden), draw.tensor(4 * hidden, hidden)
    return Sample((p, draw.tensor(n, hidden), draw.tensor(n, hidden), w), params)


def _lstm_grad_sample(draw: Draw) -> Sample:
    (_, _, c0, w), params = (sample := _lstm_steps_sample(draw, 2)).inputs, sample.params
    many, hidden = int(np.sum(params["batch_sizes"])), w.shape[1]
    y, c, more = draw.tensor(many, hidden), draw.tensor(many, hidden), draw.tensor(many, hidden)
    return Sample((y, more, draw.tensor(many, 4 * hidden), c0, w, c, draw.tensor(many, 4 * hidden)), params)


_lstm_steps_op: Op = register(
    Op(
        name="lstm_steps",
        check=lambda p, h0, c0, w, *, batch_sizes, reverse: _check_steps("lstm_steps", 4, p, (h0, c0), w, batch_sizes),
        forward=_lstm_forward,
        backward=_lstm_backward,
        saves=(1, 2, 3, ~0, ~1, ~2),
        reference=_lstm_reference,
        sample=_lstm_steps_sample,
        bad_samples=[
            _bad("lstm_steps", ((3, 8), (2, 2), (2, 3), (8, 2)), "(2, 3)", "(P, 4 H)"),
            _bad("lstm_steps", ((3, 8), (2, 2), (2, 2), (6, 2)), "(6, 2)"),
            _bad("lstm_steps", ((4, 8), (2, 2), (2, 2), (8, 2)), "(4, 8)", "(2, 1)"),
        ],
        flops=lambda inputs, outputs, **params: 2 * len(inputs[0]) * inputs[3].size,
    )
)

_lstm_steps_grad_op: Op = register(
    Op(
        name="lstm_steps_grad",
        forward=_lstm_grad_forward,
        backward=lambda ctx, *hs, **steps: _differentiated(
            lambda *inputs: _lstm_grad_by_steps(*inputs, **steps), ctx, hs
        ),
        saves=(0, 1, 2, 3, 4, 5, 6),
        reference=_lstm_grad_reference,
        sample=_lstm_grad_sample,
        flops=lambda inputs, outputs, **params: 2 * len(inputs[0]) * inputs[4].size,
    )
)


# ── GRU ────────────────────────────────────────────────────────────────────────────────


def _gru_forward(
    p: Array, h0: Array, w: Array, b: Array | None, *, batch_sizes: Sizes, reverse: bool
) -> tuple[Array, Array]:
    y, _, gates = kernels.run(GRU, p, h0, None, w, b, _steps(batch_sizes, reverse))
    return y, gates


def _gru_backward(ctx: Context, gy: Tensor, ggates: Tensor, **steps: Any) -> tuple[Gradient, ...]:
    h0, w, y, gates = ctx.saved_tensors
    dp, dq, dh0 = _gru_steps_grad_op(gy, ggates, h0, w, y, gates, **steps)
    dw = matmul(dq.T, _before(h0, y, **steps)) if ctx.needs_input_grad[2] else None
    return dp, dh0, dw, sum_over(dq, 0) if ctx.needs_input_grad[3] else None


def _gru_grad_forward(
    gy: Array, ggates: Array, h0: Array, w: Array, y: Array, gates: Array, *, batch_sizes: Sizes, reverse: bool
) -> tuple[Array, Array, Array]:
    saved = h0, None, w, y, None, gates
    return kernels.run_grad(GRU, (gy, None, ggates), saved, _steps(batch_sizes, reverse))[:3]


def _gru_grad_by_steps(
    gy: Tensor, ggates: Tensor, h0: Tensor, w: Tensor, y: Tensor, gates: Tensor, **steps: Any
) -> tuple[Tensor, Tensor, Tensor]:
    """As `_gru_grad_forward`, in recorded ops."""
    before, dh, parts, others = _before(h0, y, **steps), h0 * 0, [], []
    for n, rows in reversed(list(_walk(**steps))):
        r, z, new, q = _split(gates[rows], 4)
        of_r, of_z, of_new, of_q = _split(ggates[rows], 4)
        h = dh[:n] + gy[rows]
        d_new = (h * (1 - z) + of_new) * (1 - new * new)
        d = [
            (d_new * q + of_r) * (r * (1 - r)),
            (h * (before[rows] - new) + of_z) * (z * (1 - z)),
        ]
        parts.append(cat([*d, d_new], 1))
        others.append(cat([*d, d_new * r + of_q], 1))
        dh = _first(h * z + matmul(others[-1], w), n, dh)
    return _joined(parts, steps["reverse"]), _joined(others, steps["reverse"]), dh


def _gru_reference(p: Array, h0: Array, w: Array, b: Array | None, **steps: Any) -> tuple[Array, Array]:
    h, size = h0.copy(), h0.shape[1]
    y, gates = np.empty((len(p), size), p.dtype), np.empty((len(p), 4 * size), p.dtype)
    for count, rows in _walk(**steps):
        product = _product(h[:count], w) + (0 if b is None else b)
        r, z = (_logistic((p[rows] + product)[:, k * size : (k + 1) * size]) for k in (0, 1))
        q = product[:, 2 * size :]
        n = np.tanh(p[rows, 2 * size :] + r * q)
        h[:count] = n + z * (h[:count] - n)
        y[rows], gates[rows] = h[:count], np.hstack((r, z, n, q))
    return y, gates


def _gru_grad_reference(
    gy: Array, ggates: Array, h0: Array, w: Array, y: Array, gates: Array, **steps: Any
) -> tuple[Array, Array, Array]:
    before, size = np.vstack((h0, y))[_places(**steps)[0]], h0.shape[1]
    dp, dh = np.empty((len(y), 3 * size), y.dtype), np.zeros_like(h0)
    dq = np.empty_like(dp)
    for count, rows in reversed(list(_walk(**steps))):
        r, z, n, q = np.moveaxis(gates[rows].reshape(count, 4, size), 1, 0)
        of_r, of_z, of_n, of_q = np.moveaxis(ggates[rows].reshape(count, 4, size), 1, 0)
        dh[:count] += gy[rows]
        d_n = (dh[:count] * (1 - z) + of_n) * (1 - n * n)
        d_r = (d_n * q + of_r) * (r * (1 - r))
        d_z = (dh[:count] * (before[rows] - n) + of_z) * (z * (1 - z))
        dp[rows], dq[rows] = np.hstack((d_r, d_z, d_n)), np.hstack((d_r, d_z, d_n * r + of_q))
        dh[:count] = dh[:count] * z + _product(dq[rows], w.T)
    return dp, dq, dh


def _gru_steps_sample(draw: Draw, most: int = 3) -> Sample:
    params, hidden = _draw_steps(draw, most), draw.size(1, 2)
    many, n = int(np.sum(params["batch_sizes"])), params["batch_sizes"][0]
    p, w = draw.tensor(many, 3 * hidden), draw.tensor(3 * hidden, hidden)
    return Sample((p, draw.tensor(n, hidden), w, optional(draw, 3 * hidden)), params)


def _gru_grad_sample(draw: Draw) -> Sample:
    (_, h0, w, _), params = (sample := _gru_steps_sample(draw, 2)).inputs, sample.params
    many, hidden = int(np.sum(params["batch_sizes"])), w.shape[1]
    y, gy = draw.tensor(many, hidden), draw.tensor(many, hidden)
    return Sample((gy, draw.tensor(many, 4 * hidden), h0, w, y, draw.tensor(many, 4 * hidden)), params)


_gru_steps_op: Op = register(
    Op(
        name="gru_steps",
        check=lambda p, h0, w, b, *, batch_sizes, reverse: _check_steps("gru_steps", 3, p, (h0,), w, batch_sizes),
        forward=_gru_forward,
        backward=_gru_backward,
        saves=(1, 2, ~0, ~1),
        reference=_gru_reference,
        sample=_gru_steps_sample,
        bad_samples=[_bad("gru_steps", ((3, 6), (2, 2), (6, 3), (6,)), "(6, 3)", "(P, 3 H)")],
        flops=lambda inputs, outputs, **params: 2 * len(inputs[0]) * inputs[2].size,
    )
)

_gru_steps_grad_op: Op = register(
    Op(
        name="gru_steps_grad",
        forward=_gru_grad_forward,
        backward=lambda ctx, *hs, **steps: _differentiated(
            lambda *inputs: _gru_grad_by_steps(*inputs, **steps), ctx, hs
        ),
        saves=(0, 1, 2, 3, 4, 5),
        reference=_gru_grad_reference,
        sample=_gru_grad_sample,
        flops=lambda inputs, outputs, **params: 2 * len(inputs[0]) * inputs[3].size,
    )
)


# ── RNN ────────────────────────────────────────────────────────────────────────────────


def _rnn_grad_by_steps(gy: Tensor, w: Tensor, y: Tensor, slopes: Tensor, **steps: Any) -> tuple[Tensor, Tensor]:
    """dp and dh0 in recorded ops.  slopes: those of the nonlinearity, (P, H)."""
    dh, parts = y[: steps["batch_sizes"][0]] * 0, []
    for n, rows in reversed(list(_walk(**steps))):
        parts.append((dh[:n] + gy[rows]) * slopes[rows])
        dh = _first(matmul(parts[-1], w), n, dh)
    return _joined(parts, steps["reverse"]), dh


def _rnn_rows(cell: int, name: str, activation: Callable[[Array], Array], slope: Callable[[Any], Any]) -> Op:
    """The rows of an RNN with an activation function, whose slope is computed from its result."""

    def forward(p: Array, h0: Array, w: Array, *, batch_sizes: Sizes, reverse: bool) -> Array:
        return kernels.run(cell, p, h0, None, w, None, _steps(batch_sizes, reverse))[0]

    def backward(ctx: Context, gy: Tensor, **steps: Any) -> tuple[Gradient, ...]:
        h0, w, y = ctx.saved_tensors
        dp, dh0 = grad_op(gy, w, y, **steps)
        return dp, dh0, matmul(dp.T, _before(h0, y, **steps)) if ctx.needs_input_grad[2] else None

    def grad_forward(gy: Array, w: Array, y: Array, *, batch_sizes: Sizes, reverse: bool) -> tuple[Array, Array]:
        saved = np.empty((batch_sizes[0], w.shape[1]), w.dtype), None, w, y, None, None
        dp, _, dh0, _ = kernels.run_grad(cell, (gy, None, None), saved, _steps(batch_sizes, reverse))
        return dp, dh0

    def grad_backward(ctx: Context, *hs: Tensor, **steps: Any) -> tuple[Gradient, ...]:
        return _differentiated(lambda gy, w, y: _rnn_grad_by_steps(gy, w, y, slope(y), **steps), ctx, hs)

    def reference(p: Array, h0: Array, w: Array, **steps: Any) -> Array:
        h, y = h0.copy(), np.empty_like(p)
        for n, rows in _walk(**steps):
            y[rows] = h[:n] = activation(p[rows] + _product(h[:n], w))
        return y

    def grad_reference(gy: Array, w: Array, y: Array, **steps: Any) -> tuple[Array, Array]:
        dp, dh = np.empty_like(y), np.zeros((steps["batch_sizes"][0], y.shape[1]), y.dtype)
        for n, rows in reversed(list(_walk(**steps))):
            d = dh[:n] + gy[rows]
            dp[rows] = d * (1 - y[rows] * y[rows]) if cell == TANH else np.where(y[rows] <= 0, 0, d)
            dh[:n] = _product(dp[rows], w.T)
        return dp, dh

    def sample(draw: Draw) -> Sample:
        while True:
            params, hidden = _draw_steps(draw), draw.size(1, 3)
            many, n = int(np.sum(params["batch_sizes"])), params["batch_sizes"][0]
            p, h0, w = draw.tensor(many, hidden), draw.tensor(n, hidden), draw.tensor(hidden, hidden)
            before = np.vstack((h0, reference(p, h0, w, **params)))[_places(**params)[0]]
            if cell == TANH or (abs(p + _product(before, w)) > KINK).all():
                return Sample((p, h0, w), params)

    def grad_sample(draw: Draw) -> Sample:
        (p, _, w), params = (drawn := sample(draw)).inputs, drawn.params
        y = draw.tensor(*p.shape)
        return Sample((draw.tensor(*p.shape), w, np.where(abs(y) < KINK, 1, y)), params)

    grad_op: Op = register(
        Op(
            name=f"{name}_steps_grad",
            forward=grad_forward,
            backward=grad_backward,
            saves=(0, 1, 2),
            reference=grad_reference,
            sample=grad_sample,
            flops=lambda inputs, outputs, **params: 2 * len(inputs[0]) * inputs[1].size,
        )
    )
    return register(
        Op(
            name=f"{name}_steps",
            check=lambda p, h0, w, *, batch_sizes, reverse: _check_steps(f"{name}_steps", 1, p, (h0,), w, batch_sizes),
            forward=forward,
            backward=backward,
            saves=(1, 2, ~0),
            reference=reference,
            sample=sample,
            bad_samples=[_bad(f"{name}_steps", ((3, 2), (3, 2), (2, 2)), "(3, 2)", "(2, 1)")],
            flops=lambda inputs, outputs, **params: 2 * len(inputs[0]) * inputs[2].size,
        )
    )


def _rectified(x: Array) -> Array:
    return np.where(x <= 0, 0, x).astype(x.dtype)


_RNN_STEPS = {
    TANH: _rnn_rows(TANH, "rnn_tanh", np.tanh, lambda y: 1 - y * y),
    RELU: _rnn_rows(RELU, "rnn_relu", _rectified, lambda y: (y > 0).to(y.dtype)),
}


# ── layers ─────────────────────────────────────────────────────────────────────────────

CELLS = {"lstm": LSTM, "gru": GRU, "rnn_tanh": TANH, "rnn_relu": RELU}
Layer = tuple[Any, Any, Any, Any, Any]  # w_ih, w_hh, b_ih, b_hh, w_hr; None for what is missing


def _one_direction(
    cell: int, x: Tensor, states: list[Tensor], layer: Layer, steps: dict[str, Any]
) -> tuple[Tensor, list[Tensor]]:
    """Run one direction of one layer on packed x (P, I).  Returns y (P, H) and the last states (N, H)."""
    w_ih, w_hh, b_ih, b_hh, w_hr = layer
    if cell == GRU:
        y, _ = _gru_steps_op(linear(x, w_ih, b_ih), states[0], w_hh, b_hh, **steps)
        return y, [_last(y, **steps)]
    p = linear(x, w_ih, None if b_ih is None else b_ih + b_hh)
    if w_hr is not None:
        return _projected(p, states, w_hh, w_hr, **steps)
    if cell == LSTM:
        y, c, _ = _lstm_steps_op(p, *states, w_hh, **steps)
        return y, [_last(y, **steps), _last(c, **steps)]
    y = _RNN_STEPS[cell](p, states[0], w_hh, **steps)
    return y, [_last(y, **steps)]


def _projected(
    p: Tensor, states: list[Tensor], w_hh: Tensor, w_hr: Tensor, batch_sizes: Sizes, reverse: bool
) -> tuple[Tensor, list[Tensor]]:
    """An LSTM whose h has been multiplied with w_hr, step by step in recorded ops."""
    (h, c), parts = states, []
    for n, rows in _walk(batch_sizes, reverse):
        i, f, g, o = _split(p[rows] + linear(h[:n], w_hh), 4)
        inner = sigmoid(f) * c[:n] + sigmoid(i) * tanh(g)
        parts.append(linear(sigmoid(o) * tanh(inner), w_hr))
        h, c = _first(parts[-1], n, h), _first(inner, n, c)
    return cat(parts[::-1] if reverse else parts), [h, c]


def _layers_of(name: str, params: Sequence[Tensor], has_biases: bool, count: int) -> list[Layer]:
    """The weights of each direction of each layer.  count: their number."""
    each = 4 if has_biases else 2
    projected = name == "lstm" and len(params) == count * (each + 1)
    if len(params) != count * (each + projected):
        raise RuntimeError(
            f"{name}: expects {each} parameters for each of {count} layers and directions "
            f"({'w_ih, w_hh, b_ih, b_hh' if has_biases else 'w_ih, w_hh'}), {count * each} in all, got {len(params)}"
        )
    layers = []
    for k in range(0, len(params), each + projected):
        w_ih, w_hh, *more = params[k : k + each + projected]
        b_ih, b_hh = more[:2] if has_biases else (None, None)
        layers.append((w_ih, w_hh, b_ih, b_hh, more[-1] if projected else None))
    return layers


def _check_layer(name: str, cell: int, features: int, h0: Tensor, c0: Tensor, layer: Layer) -> None:
    """Raise unless the weights fit `features` inputs, h0 (N, H) and c0 (N, C); for an LSTM with w_hr, C is not H."""
    w_ih, w_hh, b_ih, b_hh, w_hr = layer
    rows = kernels.GATES[cell] * c0.shape[-1]
    expected = {"w_ih": (rows, features), "w_hh": (rows, h0.shape[-1]), "b_ih": (rows,), "b_hh": (rows,)}
    expected["w_hr"] = (h0.shape[-1], c0.shape[-1])
    for what, x in {"w_ih": w_ih, "w_hh": w_hh, "b_ih": b_ih, "b_hh": b_hh, "w_hr": w_hr}.items():
        if x is not None and tuple(x.shape) != expected[what]:
            raise RuntimeError(
                f"{name}: {what} has shape {tuple(x.shape)}; an input of {features} features and a state of "
                f"{c0.shape[-1]} need {expected[what]}"
            )


def _run(
    name: str,
    x: Tensor,
    batch_sizes: Any,
    hx: Sequence[Tensor],
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Tensor, ...]:
    cell, directions = CELLS[name], 2 if bidirectional else 1
    check_arrays(name, input=x, **{f"hx[{k}]": state for k, state in enumerate(hx)})
    if len(hx) != (2 if cell == LSTM else 1):
        raise RuntimeError(f"{name}: expects two hidden states, h_0 and c_0, got {len(hx)}")
    layers = _layers_of(name, params, has_biases, num_layers * directions)
    check_same_float(name, input=x, **{f"hx[{k}]": state for k, state in enumerate(hx)}, w_ih=layers[0][0])
    sizes, x = _packed(name, x, batch_sizes, batch_first)
    for state in hx:
        if state.ndim != 3 or tuple(state.shape[:2]) != (len(layers), sizes[0]):
            raise RuntimeError(
                f"{name}: a state has shape {tuple(state.shape)}; expects ({len(layers)}, {sizes[0]}, H): one for each "
                "layer and direction, and each sequence"
            )
    features = x.shape[1]
    for k, layer in enumerate(layers):
        _check_layer(name, cell, features if k < directions else directions * hx[0].shape[2], hx[0], hx[-1], layer)
    lasts = []
    for k in range(num_layers):
        ys = []
        for reverse in range(directions):
            here = k * directions + reverse
            steps = {"batch_sizes": sizes, "reverse": bool(reverse)}
            y, last = _one_direction(cell, x, [state[here] for state in hx], layers[here], steps)
            ys.append(y)
            lasts.append(last)
        x = ys[0] if directions == 1 else cat(ys, 1)
        if dropout and train and k < num_layers - 1:
            x = drop(x, dropout)
    if batch_sizes is None:
        x = reshape(x, (len(sizes), sizes[0], x.shape[1]))
        x = transpose(x, 0, 1) if batch_first else x
    return x, *(stack(states) for states in zip(*lasts, strict=True))


def _packed(name: str, x: Tensor, batch_sizes: Any, batch_first: bool) -> tuple[Sizes, Tensor]:
    """The number of sequences that have each step, and x as (P, I)."""
    if batch_sizes is not None:
        sizes = tuple(int(n) for n in np.asarray(batch_sizes))
        if x.ndim != 2 or not sizes or sizes[-1] < 1 or sum(sizes) != len(x) or list(sizes) != sorted(sizes)[::-1]:
            raise RuntimeError(
                f"{name}: input of shape {tuple(x.shape)} does not fit batch_sizes {list(sizes)}: expects (P, I), P "
                "their sum, and numbers above 0 that do not increase; nn.utils.rnn.pack_padded_sequence makes both"
            )
        return sizes, x
    if x.ndim != 3:
        raise RuntimeError(f"{name}: input has shape {tuple(x.shape)}; expects 3 dimensions: (T, N, I), or (N, T, I)")
    x = transpose(x, 0, 1) if batch_first else x
    if x.shape[0] == 0:
        raise RuntimeError(f"{name}: input has no time steps; expects at least one")
    return (x.shape[1],) * x.shape[0], reshape(x, (x.shape[0] * x.shape[1], x.shape[2]))


def _is_sizes(x: Any) -> bool:
    """Whether the second argument is `batch_sizes`, of a packed batch."""
    return hasattr(x, "dtype") and x.dtype.kind == "i" and x.ndim == 1


def _called(name: str, arguments: tuple[Any, ...]) -> tuple[Tensor, ...]:
    """Run a call with or without batch_sizes."""
    if _is_sizes(arguments[1]):
        x, batch_sizes, hx, params, *options = (*arguments, False)
    else:
        (x, hx, params, *options), batch_sizes = arguments, None
    states = tuple(hx) if isinstance(hx, tuple | list) else (hx,)
    has_biases, num_layers, dropout, train, bidirectional, batch_first = options
    return _run(
        name, x, batch_sizes, states, params, has_biases, num_layers, dropout, train, bidirectional, batch_first
    )


def lstm(
    input: Tensor,
    hx: Sequence[Tensor],
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Run a long short-term memory network over sequences.  `nn.LSTM` is its layer.

    Parameters
    ----------
    input : Tensor of float, (T, N, I), or (N, T, I) with `batch_first`
        T steps of N sequences.
    hx : (h_0, c_0), two Tensors, (num_layers · D, N, H)
        The state before the first step.  D is 2 with `bidirectional`, else 1.  With a projection h_0 has the size of
        its result.
    params : sequence of Tensor
        For each layer, and in it for each direction: w_ih (4 H, I), w_hh (4 H, H), with `has_biases` b_ih and b_hh
        (4 H,), and for a projection w_hr (P, H).  The rows are those of the gates i, f, g and o.
    has_biases : bool
    num_layers : int
        Each layer after the first has the states of the one before as its input.
    dropout : float
        Probability with which an element between two layers is set to 0, if `train`.
    train : bool
    bidirectional : bool
        A second network runs from the last step to the first, and both states are concatenated.
    batch_first : bool

    Returns
    -------
    output : Tensor, (T, N, D · H), or (N, T, D · H) with `batch_first`
        h of the last layer after every step.
    h_n, c_n : Tensor, of the shapes of h_0 and c_0
        The state after the last step of each layer.

    Raises
    ------
    RuntimeError, TypeError
        If shapes or dtypes do not fit.

    Notes
    -----
    As in PyTorch, packed sequences are given as (data, batch_sizes, hx, params, has_biases, num_layers, dropout, train,
    bidirectional).  `output` is then packed, too.

    References
    ----------
    Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9, 1997.

    Examples
    --------
    >>> import autograd
    >>> x, state = autograd.zeros(5, 1, 3), autograd.zeros(1, 1, 2)
    >>> params = [autograd.zeros(8, 3), autograd.zeros(8, 2)]
    >>> output, h, c = autograd.lstm(x, (state, state + 1), params, False, 1, 0.0, False, False, False)
    >>> output.shape, c
    ((5, 1, 2), tensor([[[0.0312, 0.0312]]]))
    """
    check_arrays("lstm", input=input)
    arguments = input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first
    output, h, c = _called("lstm", arguments)
    return output, h, c


class _Network(NamedTuple):
    """What the docstrings of a network with one state say."""

    title: str
    formula: str
    layer: str
    rows: str
    gates: str
    reference: str


_GRU = _Network(
    "a network of gated recurrent units",
    "h′ = (1 - z) n + z h",
    "GRU",
    "3 H",
    "The rows are those of the gates r, z and n.",
    """Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", arXiv:1406.1078; r as in PyTorch.""",
)
_TANH = _Network(
    "a recurrent network with tanh",
    "h′ = tanh(w_ih x + b_ih + w_hh h + b_hh)",
    "RNN",
    "H",
    "w_ih multiplies the input, and w_hh the state.",
    """Elman, "Finding Structure in Time", Cognitive Science 14, 1990.""",
)
_RELU = _TANH._replace(title="a recurrent network with relu", formula="h′ = relu(w_ih x + b_ih + w_hh h + b_hh)")


def _function(name: str, network: _Network, example: str) -> Callable[..., tuple[Tensor, Tensor]]:
    """The public function of a network with one state."""

    def run(
        input: Tensor,
        hx: Tensor,
        params: Sequence[Tensor],
        has_biases: bool,
        num_layers: int,
        dropout: float,
        train: bool,
        bidirectional: bool,
        batch_first: bool,
    ) -> tuple[Tensor, Tensor]:
        check_arrays(name, input=input)
        arguments = input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first
        output, h = _called(name, arguments)
        return output, h

    run.__name__ = run.__qualname__ = name
    run.__doc__ = f"""Run {network.title} over sequences.  `nn.{network.layer}` is its layer.

    {network.formula}

    Parameters
    ----------
    input : Tensor of float, (T, N, I), or (N, T, I) with `batch_first`
        T steps of N sequences.
    hx : Tensor, (num_layers · D, N, H)
        h before the first step.  D is 2 with `bidirectional`, else 1.
    params : sequence of Tensor
        For each layer, and in it for each direction: w_ih ({network.rows}, I), w_hh ({network.rows}, H), and with
        `has_biases` b_ih and b_hh ({network.rows},).  {network.gates}
    has_biases : bool
    num_layers : int
        Each layer after the first has the states of the one before as its input.
    dropout : float
        Probability with which an element between two layers is set to 0, if `train`.
    train : bool
    bidirectional : bool
        A second network runs from the last step to the first, and both states are concatenated.
    batch_first : bool

    Returns
    -------
    output : Tensor, (T, N, D · H), or (N, T, D · H) with `batch_first`
        h of the last layer after every step.
    h_n : Tensor, of the shape of hx
        h after the last step of each layer.

    Raises
    ------
    RuntimeError, TypeError
        If shapes or dtypes do not fit.

    Notes
    -----
    As in PyTorch, packed sequences are given as (data, batch_sizes, hx, params, has_biases, num_layers, dropout, train,
    bidirectional).  `output` is then packed, too.

    References
    ----------
    {network.reference}

    Examples
    --------
    >>> import autograd
    {example}
    """
    return run


gru = _function(
    "gru",
    _GRU,
    """>>> x, h = autograd.zeros(3, 1, 1), autograd.full((1, 1, 1), 8.0)
    >>> params = [autograd.zeros(3, 1), autograd.zeros(3, 1)]  # with zeros, z is 1/2 and n is 0
    >>> output, h_n = autograd.gru(x, h, params, False, 1, 0.0, False, False, False)
    >>> output.flatten(), h_n
    (tensor([4., 2., 1.]), tensor([[[1.]]]))""",
)
rnn_tanh = _function(
    "rnn_tanh",
    _TANH,
    """>>> x, h = autograd.tensor([[[0.5]], [[0.0]]]), autograd.zeros(1, 1, 1)
    >>> params = [autograd.ones(1, 1), autograd.ones(1, 1)]
    >>> output, h_n = autograd.rnn_tanh(x, h, params, False, 1, 0.0, False, False, False)
    >>> output.flatten()  # tanh(0.5), and tanh of that
    tensor([0.4621, 0.4318])""",
)
rnn_relu = _function(
    "rnn_relu",
    _RELU,
    """>>> x, h = autograd.tensor([[[1.0]], [[2.0]], [[-4.0]]]), autograd.zeros(1, 1, 1)
    >>> params = [autograd.ones(1, 1), autograd.ones(1, 1)]  # h′ = relu(x + h)
    >>> output, h_n = autograd.rnn_relu(x, h, params, False, 1, 0.0, False, False, False)
    >>> output.flatten()
    tensor([1., 3., 0.])""",
)


# ── cells ──────────────────────────────────────────────────────────────────────────────


def _cell(
    name: str,
    x: Tensor,
    hx: Sequence[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None,
    b_hh: Tensor | None,
) -> list[Tensor]:
    """One step: the states after it."""
    cell = CELLS[name.removesuffix("_cell")]
    check_arrays(name, input=x, **{f"hx[{k}]": state for k, state in enumerate(hx)})
    check_same_float(name, input=x, **{f"hx[{k}]": h for k, h in enumerate(hx)}, w_ih=w_ih, b_ih=b_ih, b_hh=b_hh)
    if len(hx) != (2 if cell == LSTM else 1):
        raise RuntimeError(f"{name}: expects two hidden states, h and c, got {len(hx)}")
    dims, shapes = x.ndim, [tuple(h.shape) for h in hx]
    if dims not in (1, 2) or any(len(s) != dims or s[:-1] != tuple(x.shape[:-1]) for s in shapes):
        raise RuntimeError(
            f"{name}: input of shape {tuple(x.shape)} and states of shape {', '.join(map(str, shapes))} do not fit: "
            "expects (N, I) and (N, H), or (I,) and (H,)"
        )
    _check_layer(name, cell, x.shape[-1], hx[0], hx[-1], (w_ih, w_hh, b_ih, b_hh, None))
    if shapes[0] != shapes[-1]:
        raise RuntimeError(f"{name}: the states have shapes {shapes[0]} and {shapes[1]}; they must be the same")
    if dims == 1:
        return [h[0] for h in _cell(name, unsqueeze(x, 0), [unsqueeze(h, 0) for h in hx], w_ih, w_hh, b_ih, b_hh)]
    if cell != GRU and (b_ih is None) != (b_hh is None):
        both: Any = b_hh if b_ih is None else b_ih
        b_ih, b_hh = both, engine.wrap(np.zeros(both.shape, both.dtype))  # only their sum counts
    steps = {"batch_sizes": (x.shape[0],), "reverse": False}
    return _one_direction(cell, x, list(hx), (w_ih, w_hh, b_ih, b_hh, None), steps)[1]


def lstm_cell(
    input: Tensor,
    hx: Sequence[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """One step of a long short-term memory network.  `nn.LSTMCell` is its layer.

    Parameters
    ----------
    input : Tensor of float, (N, I) or (I,)
    hx : (h, c), two Tensors, (N, H) or (H,)
        The state before the step.
    w_ih, w_hh : Tensor, (4 H, I) and (4 H, H)
        The rows are those of the gates i, f, g and o.
    b_ih, b_hh : Tensor, (4 H,), optional

    Returns
    -------
    h, c : Tensor, (N, H) or (H,)
        The state after the step.

    Raises
    ------
    RuntimeError, TypeError
        If shapes or dtypes do not fit.

    References
    ----------
    Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9, 1997.

    Examples
    --------
    >>> import autograd
    >>> x, h, c = autograd.zeros(1), autograd.zeros(1), autograd.tensor([2.0])
    >>> autograd.lstm_cell(x, (h, c), autograd.zeros(4, 1), autograd.zeros(4, 1))  # c / 2, and h = tanh(c / 2) / 2
    (tensor([0.3808]), tensor([1.]))
    """
    h, c = _cell("lstm_cell", input, hx, w_ih, w_hh, b_ih, b_hh)
    return h, c


def _cell_function(name: str, network: _Network, example: str) -> Callable[..., Tensor]:
    """The public function of a cell with one state."""

    def run(
        input: Tensor,
        hx: Tensor,
        w_ih: Tensor,
        w_hh: Tensor,
        b_ih: Tensor | None = None,
        b_hh: Tensor | None = None,
    ) -> Tensor:
        return _cell(name, input, [hx], w_ih, w_hh, b_ih, b_hh)[0]

    run.__name__ = run.__qualname__ = name
    run.__doc__ = f"""One step of {network.title}.  `nn.{network.layer}Cell` is its layer.

    {network.formula}

    Parameters
    ----------
    input : Tensor of float, (N, I) or (I,)
    hx : Tensor, (N, H) or (H,)
        h before the step.
    w_ih, w_hh : Tensor, ({network.rows}, I) and ({network.rows}, H)
        {network.gates}
    b_ih, b_hh : Tensor, ({network.rows},), optional

    Returns
    -------
    Tensor, (N, H) or (H,)
        h after the step.

    Raises
    ------
    RuntimeError, TypeError
        If shapes or dtypes do not fit.

    References
    ----------
    {network.reference}

    Examples
    --------
    >>> import autograd
    {example}
    """
    return run


gru_cell = _cell_function(
    "gru_cell",
    _GRU,
    """>>> x, h = autograd.zeros(1), autograd.tensor([8.0, 6.0])
    >>> autograd.gru_cell(x, h, autograd.zeros(6, 1), autograd.zeros(6, 2))  # with zeros, z is 1/2 and n is 0
    tensor([4., 3.])""",
)
rnn_tanh_cell = _cell_function(
    "rnn_tanh_cell",
    _TANH,
    """>>> x, h = autograd.tensor([0.25]), autograd.tensor([0.25])
    >>> autograd.rnn_tanh_cell(x, h, autograd.ones(1, 1), autograd.ones(1, 1))  # tanh(0.25 + 0.25)
    tensor([0.4621])""",
)
rnn_relu_cell = _cell_function(
    "rnn_relu_cell",
    _RELU,
    """>>> x, h = autograd.tensor([2.0]), autograd.tensor([3.0, -3.0])
    >>> autograd.rnn_relu_cell(x, h, autograd.ones(2, 1), autograd.eye(2))  # relu(2 + 3), relu(2 - 3)
    tensor([5., 0.])""",
)


# ── under the battery ──────────────────────────────────────────────────────────────────


def _step_reference(name: str, x: Array, states: list[Array], layer: Layer, sums: list[Array]) -> list[Array]:
    """The states after one step of one sequence.  The arguments of relu are added to `sums`."""
    w_ih, w_hh, b_ih, b_hh, w_hr = layer
    h, size = states[0], states[-1].shape[0]
    p = (w_ih * x).sum(axis=1) + (0 if b_ih is None else b_ih)
    q = (w_hh * h).sum(axis=1) + (0 if b_hh is None else b_hh)
    parts = [slice(k * size, (k + 1) * size) for k in range(4)]
    if name == "gru":
        r, z = (_logistic(p[k] + q[k]) for k in parts[:2])
        n = np.tanh(p[parts[2]] + r * q[parts[2]])
        return [n + z * (h - n)]
    if name == "lstm":
        i, f, o = (_logistic((p + q)[parts[k]]) for k in (0, 1, 3))
        c = f * states[1] + i * np.tanh((p + q)[parts[2]])
        h = o * np.tanh(c)
        return [h if w_hr is None else (w_hr * h).sum(axis=1), c]
    sums.append(p + q)
    return [np.tanh(p + q) if name == "rnn_tanh" else _rectified(p + q)]


def _network_reference(
    name: str, *inputs: Any, num_layers: int, bidirectional: bool, batch_first: bool, sums: Any = None, **options: Any
) -> list[Array]:
    x, states, layers = _parts_of(name, inputs, num_layers, bidirectional, **options)
    x, lasts = x.swapaxes(0, 1) if batch_first else x, [state.copy() for state in states]
    for k in range(num_layers):
        ys = []
        for here in range(k * len(layers) // num_layers, (k + 1) * len(layers) // num_layers):
            y = np.empty((*x.shape[:2], states[0].shape[2]), x.dtype)
            order = range(len(x)) if here % (len(layers) // num_layers) == 0 else range(len(x) - 1, -1, -1)
            for t, n in ((t, n) for t in order for n in range(x.shape[1])):
                before = [last[here, n] for last in lasts]
                after = _step_reference(name, x[t, n], before, layers[here], [] if sums is None else sums)
                y[t, n] = after[0]
                for last, state in zip(lasts, after, strict=True):
                    last[here, n] = state
            ys.append(y)
        x = np.concatenate(ys, 2)
    return [x.swapaxes(0, 1) if batch_first else x, *lasts]


def _parts_of(
    name: str, inputs: tuple[Any, ...], num_layers: int, bidirectional: bool, has_biases: bool
) -> tuple[Any, list[Any], list[Layer]]:
    """x, the states, and the weights of each layer, from a row's inputs."""
    many = 2 if name == "lstm" else 1
    x, states, params = inputs[0], list(inputs[1 : 1 + many]), inputs[1 + many :]
    return x, states, _layers_of(name, params, has_biases, num_layers * (2 if bidirectional else 1))


def _network(name: str, *inputs: Any, **options: Any) -> Any:
    many = 2 if name == "lstm" else 1
    x, hx, params = inputs[0], inputs[1 : 1 + many], inputs[1 + many :]
    flags = options["has_biases"], options["num_layers"], 0.0, False, options["bidirectional"], options["batch_first"]
    return globals()[name](x, hx if many == 2 else hx[0], params, *flags)


def _weight(draw: Draw, *shape: int) -> Array:
    """Small numbers: where tanh is almost 1, rounding hides its second derivative."""
    return draw.tensor(*shape) * 0.3


def _network_sample(name: str, draw: Draw) -> Sample:
    steps, n, features, hidden = draw.size(1, 2), draw.choice(1, 2, 0), draw.size(1, 2), draw.size(1, 2)
    options = {
        "has_biases": draw.choice(True, False),
        "num_layers": 1 if name == "rnn_relu" and steps == 2 else draw.size(1, 2),  # large numbers would overflow
        "bidirectional": draw.choice(False, True),
        "batch_first": draw.choice(False, True),
    }
    if options["num_layers"] == 2:  # two layers of two directions have too many weights for finite differences
        features, hidden = 1, 1
    projected = name == "lstm" and hidden == 2 and draw.choice(False, True)
    rows, state, directions = (
        kernels.GATES[CELLS[name]] * hidden,
        1 if projected else hidden,
        1 + options["bidirectional"],
    )
    count = options["num_layers"] * directions
    inputs = [
        draw.tensor(*((n, steps) if options["batch_first"] else (steps, n)), features),
        draw.tensor(count, n, state),
    ]
    inputs += [draw.tensor(count, n, hidden)] if name == "lstm" else []
    for k in range(count):
        size = features if k < directions else directions * state
        inputs += [_weight(draw, rows, size), _weight(draw, rows, state)]
        inputs += [draw.tensor(rows), draw.tensor(rows)] if options["has_biases"] else []
        inputs += [draw.tensor(state, hidden)] if projected else []
    return Sample(tuple(inputs), options)


def _cell_sample(name: str, draw: Draw) -> Sample:
    lead, features, hidden = draw.choice((2,), (1,), (0,), ()), draw.size(1, 3), draw.size(1, 2)
    rows, states = kernels.GATES[CELLS[name]] * hidden, 2 if name == "lstm" else 1
    inputs = [draw.tensor(*lead, features), *(draw.tensor(*lead, hidden) for _ in range(states))]
    weights = _weight(draw, rows, features), _weight(draw, rows, hidden)
    return Sample((*inputs, *weights, optional(draw, rows), optional(draw, rows)))


def _cell_reference(name: str, x: Array, *more: Any, sums: Any = None) -> Any:
    many = 2 if name == "lstm" else 1
    layer, rows = (*more[many:], None), x.reshape(-1, x.shape[-1])
    found = [np.empty((len(rows), h.shape[-1]), x.dtype) for h in more[:many]]
    for n, row in enumerate(rows):
        before = [h.reshape(-1, h.shape[-1])[n] for h in more[:many]]
        for y, state in zip(
            found, _step_reference(name, row, before, layer, [] if sums is None else sums), strict=True
        ):
            y[n] = state
    states = [y.reshape(h.shape) for y, h in zip(found, more, strict=False)]
    return states if many == 2 else states[0]


def _far_from_kinks(
    name: str, sample: Callable[[str, Draw], Sample], reference: Callable[..., Any], draw: Draw
) -> Sample:
    alive = draw.choice(True, False)  # a unit of each step passes gradients on
    while True:
        drawn, sums = sample(name, draw), []  # type: ignore[var-annotated]
        reference(name, *drawn.inputs, sums=sums, **drawn.params)
        if name != "rnn_relu" or all((abs(z) > KINK).all() and (not alive or (z > 0).any()) for z in sums):
            return drawn


def _bad_network(name: str, error: type[Exception], *words: str, **changed: Any) -> BadSample:
    """A call with states (1, 2, 3) for 2 sequences of 4 features, in which something is changed."""
    gates, many = kernels.GATES[CELLS[name]], 2 if name == "lstm" else 1
    shapes = {"x": (2, 2, 4), "h": (1, 2, 3), "w_ih": (gates * 3, 4), "w_hh": (gates * 3, 3), **changed}
    states = [np.ones(shapes["h"]) for _ in range(many)]
    options = {"has_biases": False, "num_layers": 1, "bidirectional": False, "batch_first": False}
    weights = np.ones(shapes["w_ih"], changed.get("dtype", float)), np.ones(shapes["w_hh"])
    return BadSample((np.ones(shapes["x"]), *states, *weights), options, error, (name, *words))


def _register_composites(name: str) -> None:
    """The rows of a network and of its cell."""
    register(
        Composite(
            name=name,
            function=lambda *inputs, **options: _network(name, *inputs, **options),
            reference=lambda *inputs, **options: _network_reference(name, *inputs, **options),
            sample=lambda draw: _far_from_kinks(name, _network_sample, _network_reference, draw),
            bad_samples=[
                _bad_network(name, RuntimeError, "(2, 4)", "3 dimensions", x=(2, 4)),
                _bad_network(name, RuntimeError, "no time steps", x=(0, 2, 4)),
                _bad_network(name, RuntimeError, "(2, 2, 3)", "(1, 2, H)", h=(2, 2, 3)),
                _bad_network(name, RuntimeError, "w_ih", "4 features", w_ih=(5, 4)),
                _bad_network(name, RuntimeError, "w_hh", "(7, 3)", w_hh=(7, 3)),
                _bad_network(name, TypeError, "w_ih float32", dtype=np.float32),
            ],
        )
    )
    cell, gates = f"{name}_cell", kernels.GATES[CELLS[name]]

    def function(x: Any, *more: Any) -> Any:
        return globals()[cell](x, more[:2] if name == "lstm" else more[0], *more[2 if name == "lstm" else 1 :])

    def bad(x: tuple[int, ...], h: tuple[int, ...], w: tuple[int, ...], *words: str) -> BadSample:
        states = [np.ones(h)] * (2 if name == "lstm" else 1)
        return BadSample((np.ones(x), *states, np.ones(w), np.ones((w[0], 3))), {}, RuntimeError, (cell, *words))

    register(
        Composite(
            name=cell,
            function=function,
            reference=lambda *inputs: _cell_reference(name, *inputs),
            sample=lambda draw: _far_from_kinks(name, _cell_sample, _cell_reference, draw),
            bad_samples=[
                bad((2, 4), (3, 3), (gates * 3, 4), "(2, 4)", "(3, 3)"),
                bad((1, 2, 4), (1, 2, 3), (gates * 3, 4), "(1, 2, 4)", "(N, I)"),
                bad((2, 5), (2, 3), (gates * 3, 4), "w_ih", "5 features"),
            ],
        )
    )


for _name in CELLS:
    _register_composites(_name)
