"""Task 1: layers in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import Sample, table
from autograd.testing import Draw, check_forward, check_gradients
from autograd.types import Array
from examples.course.question import Mistake, Question
from examples.course.solutions import layers as right

# ── what is drawn ──────────────────────────────────────────────────────────────────────


def _any(draw: Draw) -> Sample:
    return Sample((draw.tensor(*draw.shape(1, 3)),))


def _linear(draw: Draw) -> Sample:
    n, i, o = (draw.size(1, 4) for _ in range(3))
    return Sample((draw.tensor(n, i), draw.tensor(o, i), draw.tensor(o)))


def _conv(draw: Draw) -> Sample:
    n, c, o, k = draw.size(1, 3), draw.size(1, 2), draw.size(1, 3), draw.size(1, 3)
    stride, padding = draw.choice(1, 1, 2, 3), draw.choice(0, 0, 1, 2)
    height, width = (max(1, k - 2 * padding) + draw.size(0, 4) for _ in range(2))
    x, w, b = draw.tensor(n, c, height, width), draw.tensor(o, c, k, k), draw.tensor(o)
    return Sample((x, w, b), {"stride": stride, "padding": padding})


def _pool(draw: Draw) -> Sample:
    size, stride = draw.choice(2, 2, 1, 3), draw.choice(2, 2, 1, 3)
    height, width = (size + draw.size(0, 4) for _ in range(2))
    return Sample((draw.tensor(draw.size(1, 2), draw.size(1, 2), height, width),), {"size": size, "stride": stride})


def _labelled(draw: Draw) -> Sample:
    n, k = draw.size(1, 4), draw.size(1, 4)
    return Sample((draw.tensor(n, k), draw.index((n,), k)))


EQUAL = Sample((np.ones((1, 1, 4, 4)),), {"size": 2, "stride": 2})
HUGE = Sample((np.array([[1000.0, 0.0], [-1000.0, 5.0]]), np.array([1, 0])))
AT_0 = Sample((np.array([-1.0, 0.0, 2.0, -0.0]),))

# ── references: the ops' own, in plain NumPy ───────────────────────────────────────────


def _conv_reference(x: Array, w: Array, b: Array, *, stride: int, padding: int) -> Any:
    pairs = {"stride": (stride, stride), "padding": (padding, padding), "dilation": (1, 1), "groups": 1}
    return table["conv2d"].reference(x, w, b, **pairs)


def _pool_reference(x: Array, *, size: int, stride: int) -> Any:
    return table["max_pool2d"].reference(x, kernel_size=(size, size), stride=(stride, stride), padding=(0, 0))[0]


def _cross_entropy_reference(scores: Array, labels: Array) -> Any:
    return table["cross_entropy"].reference(
        scores, labels, None, ignore_index=-100, label_smoothing=0.0, reduction="mean"
    )


# ── forward without loops, for finite differences, which call it often ─────────────────


def _windows(x: Array, size: int, stride: int) -> Array:
    """(N, C, H', W', size, size)"""
    made = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))
    return np.asarray(made[:, :, ::stride, ::stride])


def _conv_at_once(x: Array, w: Array, b: Array, *, stride: int, padding: int) -> Array:
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    y = np.tensordot(_windows(padded, w.shape[2], stride), w, axes=((1, 4, 5), (1, 2, 3)))
    return np.asarray((y + b).transpose(0, 3, 1, 2))


def _pool_at_once(x: Array, *, size: int, stride: int) -> Array:
    return np.asarray(_windows(x, size, stride).max(axis=(4, 5)))


# ── what a mistake computes ────────────────────────────────────────────────────────────


def _turned(w: Array) -> Array:
    return w[:, :, ::-1, ::-1]


def _no_padding(x: Array, w: Array, b: Array, stride: int, padding: int) -> Any:
    return right.conv_forward(x, w, b, stride, 0)


def _moved(rows: int, columns: int) -> Any:
    """conv_forward, whose windows begin some rows and columns too late; beyond the end the image begins again."""

    def wrong(x: Array, w: Array, b: Array, stride: int, padding: int) -> Any:
        padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
        return right.conv_forward(np.roll(padded, (-rows, -columns), (2, 3)), w, b, stride, 0)

    return wrong


def _conv_dx(g: Array, x: Array, w: Array, stride: int, padding: int, *, add: bool = True, turned: bool = False) -> Any:
    """conv_backward, whose dx is overwritten where windows overlap, or uses the filters turned round."""
    dx, dw, db = right.conv_backward(g, x, _turned(w) if turned else w, stride, padding)
    if not add:
        k = w.shape[2]
        padded = np.zeros((*x.shape[:2], x.shape[2] + 2 * padding, x.shape[3] + 2 * padding))
        for i, j in np.ndindex(*g.shape[2:]):
            padded[:, :, i * stride : i * stride + k, j * stride : j * stride + k] = np.tensordot(g[:, :, i, j], w, 1)
        dx = padded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
    return dx, dw, db


def _conv_dw_of(*kept: Any) -> Any:
    """conv_backward, whose dw is that of some images, rows and columns of g alone."""

    def wrong(g: Array, x: Array, w: Array, stride: int, padding: int) -> Any:
        dx, _, db = right.conv_backward(g, x, w, stride, padding)
        part = np.zeros_like(g)
        place = (kept[0], slice(None), *kept[1:])
        part[place] = g[place]
        return dx, right.conv_backward(part, x, w, stride, padding)[1], db

    return wrong


def _padding_not_removed(g: Array, x: Array, w: Array, stride: int, padding: int) -> Any:
    """conv_backward, whose dx is cut from the corner of the padded image."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dx, dw, db = right.conv_backward(g, padded, w, stride, 0)
    return dx[:, :, : x.shape[2], : x.shape[3]], dw, db


def _still_padded(g: Array, x: Array, w: Array, stride: int, padding: int) -> Any:
    """conv_backward, whose dx keeps the frame of zeros."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    return right.conv_backward(g, padded, w, stride, 0)


def _pool_dx(g: Array, x: Array, size: int, stride: int, *, add: bool = True, chosen: str = "first") -> Array:
    """pool_backward, which overwrites, or gives g to other pixels."""
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(*g.shape):
        window = x[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
        out = dx[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
        mask: Array = np.zeros(window.size, bool)
        mask[window.argmax() if chosen == "first" else window.size - 1 - window[::-1, ::-1].argmax()] = True
        if chosen in ("all", "shared"):
            mask = (window == window.max()).ravel()
        share = g[n, c, i, j] / (mask.sum() if chosen == "shared" else 1)
        mask = mask.reshape(window.shape)
        if add:
            out += share * mask
        else:
            out[mask] = share
    return dx


def _softmax(scores: Array) -> Array:
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def _no_shift(scores: Array, labels: Array) -> Any:
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(labels)), labels]).mean()


def _no_shift_backward(g: Array, scores: Array, labels: Array) -> Any:
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    p[np.arange(len(labels)), labels] -= 1
    return g * p / len(labels)


def _one_hot(scores: Array, labels: Array) -> Array:
    return np.asarray(labels[:, None] == np.arange(scores.shape[1]), float)


ALL, LAST = slice(None), slice(-1, None)
RELU_MASK = (
    Mistake("mask of g", "The mask comes from the wrong array: it is x that has to be positive, not g.",
            lambda g, x: np.where(g > 0, g, 0)),
    Mistake("mask missing", "Where x is negative, y is 0 whatever x is. So the gradient there is 0.",
            lambda g, x: g),
    Mistake("mask at 0", "At x = 0 the gradient is 0 here: the mask is x > 0, without =.",
            lambda g, x: np.where(x >= 0, g, 0)),
    Mistake("mask reversed", "The mask is the wrong way round: g passes where x is positive.",
            lambda g, x: np.where(x > 0, 0, g)),
    Mistake("times x", "g passes unchanged. The derivative of x is 1, so nothing is multiplied by x.",
            lambda g, x: g * np.maximum(x, 0)),
    Mistake("g missing", "This is the derivative alone. It has to be multiplied by g.",
            lambda g, x: np.where(x > 0, 1.0, 0.0)),
)  # fmt: skip

QUESTIONS = (
    Question(
        name="relu_forward", points=1, inputs=("x",), outputs=("y",), sample=_any, kind="piecewise",
        right=right.relu_forward, reference=table["relu"].reference, check=check_forward, special=[AT_0],
        mistakes=(
            Mistake("absolute", "This is |x|. Relu is 0 where x is negative.", np.abs),
            Mistake("reversed", "This is the negative part. Relu keeps the positive one.", lambda x: np.minimum(x, 0)),
            Mistake("mask", "This is 1 where x is positive. Relu is x there.", lambda x: (x > 0) * 1.0),
        ),
    ),
    Question(
        name="relu_backward", points=1, inputs=("x",), outputs=("dx",), sample=_any, kind="piecewise",
        right=right.relu_backward, forward=right.relu_forward, passed=(0,), check=check_gradients, special=[AT_0],
        mistakes=RELU_MASK,
    ),
    Question(
        name="linear_forward", points=2, inputs=("x", "w", "b"), outputs=("y",), sample=_linear,
        right=right.linear_forward, reference=table["linear"].reference, check=check_forward,
        mistakes=(
            Mistake("bias missing", "The bias is missing.", lambda x, w, b: x @ w.T),
            Mistake("bias sign", "The bias is subtracted. It has to be added.", lambda x, w, b: x @ w.T - b),
            Mistake("transposed", "The weight is not transposed: w has shape (O, I), and y = x wᵀ + b.",
                    lambda x, w, b: x @ w + b),
        ),
    ),
    Question(
        name="linear_backward", points=3, inputs=("x", "w", "b"), outputs=("dx", "dw", "db"), sample=_linear,
        right=right.linear_backward, forward=right.linear_forward, passed=(0, 1), check=check_gradients,
        mistakes=(
            Mistake("transposed", "A weight is transposed: dx = g w has shape (N, O) (O, I), without a transpose.",
                    lambda g, x, w: (g @ w.T, g.T @ x, g.sum(0))),
            Mistake("transposed", "dw is transposed. w has shape (O, I), so dw = gᵀ x, not xᵀ g.",
                    lambda g, x, w: (g @ w, x.T @ g, g.sum(0))),
            Mistake("not summed", "db is not summed over the images. The bias was added to each row of x wᵀ, so its "
                    "gradient is the sum of the rows of g.", lambda g, x, w: (g @ w, g.T @ x, g)),
            Mistake("mean for a sum", "db is the mean of the rows of g. The bias was added to each of them, so it is "
                    "their sum.", lambda g, x, w: (g @ w, g.T @ x, g.mean(0))),
            Mistake("wrong axis", "db is summed over the wrong axis: it has one number for each output, so sum "
                    "over the images, axis 0.", lambda g, x, w: (g @ w, g.T @ x, g.sum(1))),
            Mistake("mean for a sum", "dw is divided by the number of images. A gradient is a sum over the images; the "
                    "loss has divided already.", lambda g, x, w: (g @ w, g.T @ x / len(g), g.sum(0))),
            Mistake("g missing", "g is missing. Each gradient is multiplied by the gradient of the output.",
                    lambda g, x, w: (np.ones_like(g) @ w, np.ones_like(g).T @ x, np.ones_like(g).sum(0))),
        ),
    ),
    Question(
        name="conv_forward", points=4, inputs=("x", "w", "b"), outputs=("y",), sample=_conv,
        right=right.conv_forward, reference=_conv_reference, check=check_forward,
        mistakes=(
            Mistake("bias missing", "The bias is missing.",
                    lambda x, w, b, stride, padding: right.conv_forward(x, w, 0 * b, stride, padding)),
            Mistake("flipped", "The filters are turned round. In deep learning they are laid on the image as they are: "
                    "y[i, j] = Σ w[u, v] x[i + u, j + v].",
                    lambda x, w, b, stride, padding: right.conv_forward(x, _turned(w), b, stride, padding)),
            Mistake("transposed", "The windows or the filters are transposed: rows and columns are exchanged.",
                    lambda x, w, b, stride, padding: right.conv_forward(
                        x, w.transpose(0, 1, 3, 2), b, stride, padding)),
            Mistake("padding ignored", "The padding is missing: put a frame of zeros around x.", _no_padding),
            Mistake("padding values", "The padding repeats the edge of the image. It has to be zeros.",
                    lambda x, w, b, stride, padding: right.conv_forward(
                        np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), mode="edge"),
                        w, b, stride, 0)),
            Mistake("stride ignored", "The windows are next to each other, in spite of the stride: window (i, j) "
                    "begins at row i · stride and column j · stride.",
                    lambda x, w, b, stride, padding: right.conv_forward(x, w, b, 1, padding)[
                        :, :, : (x.shape[2] + 2 * padding - w.shape[2]) // stride + 1,
                        : (x.shape[3] + 2 * padding - w.shape[2]) // stride + 1]),
            *(Mistake("off by one", f"The windows begin one pixel too {word}: window (i, j) begins at row i · stride "
                      "and column j · stride of the padded image.", _moved(*steps))
              for word, step in (("late", 1), ("early", -1)) for steps in ((step, 0), (0, step), (step, step))),
            Mistake("mean for a sum", "The products of a window are averaged. They have to be summed.",
                    lambda x, w, b, stride, padding: right.conv_forward(
                        x, w / w[0].size, b, stride, padding)),
            Mistake("one channel", "Only the last channel of x counts: the sum runs over all channels, too.",
                    lambda x, w, b, stride, padding: right.conv_forward(x[:, -1:], w[:, -1:], b, stride, padding)),
            Mistake("one channel", "Only the first channel of x counts: the sum runs over all channels, too.",
                    lambda x, w, b, stride, padding: right.conv_forward(x[:, :1], w[:, :1], b, stride, padding)),
        ),
    ),
    Question(
        name="conv_backward", points=6, inputs=("x", "w", "b"), outputs=("dx", "dw", "db"), sample=_conv,
        right=right.conv_backward, forward=_conv_at_once, passed=(0, 1), check=check_gradients,
        mistakes=(
            Mistake("assigned", "dx is overwritten where windows overlap. A pixel is in several windows, so their "
                    "gradients add up: use += for dx.",
                    lambda g, x, w, stride, padding: _conv_dx(g, x, w, stride, padding, add=False)),
            *(Mistake("assigned", f"dw has the last {part} only. All images and windows have used the same filters, so "
                      "their gradients add up: use += for dw.", _conv_dw_of(*kept))
              for part, kept in (("window", (ALL, LAST, LAST)), ("image", (LAST, ALL, ALL)),
                                 ("window of the last image", (LAST, LAST, LAST)),
                                 ("row of the last image", (LAST, LAST, ALL)))),
            Mistake("padding not removed", "dx is cut from the wrong place of the padded image: it begins at row and "
                    "column `padding`.", _padding_not_removed),
            Mistake("padding not removed", "dx still has the frame of the padding. Cut it off.", _still_padded),
            Mistake("flipped", "The filters are turned round in dx. Each g is multiplied by the filter as it is, and "
                    "added to the pixels of its window.",
                    lambda g, x, w, stride, padding: _conv_dx(g, x, w, stride, padding, turned=True)),
            Mistake("not summed", "db is not summed over the images. The bias was added to each pixel of each image.",
                    lambda g, x, w, stride, padding: (*right.conv_backward(g, x, w, stride, padding)[:2],
                                                      g.sum(axis=(2, 3)))),
            Mistake("mean for a sum", "db is a mean. The bias was added to each pixel of each image, so sum over all.",
                    lambda g, x, w, stride, padding: (*right.conv_backward(g, x, w, stride, padding)[:2],
                                                      g.mean(axis=(0, 2, 3)))),
            Mistake("mean for a sum", "dw is divided by the number of images. A gradient is a sum over the images; "
                    "the loss has divided already.",
                    lambda g, x, w, stride, padding: (*right.conv_backward(g, x, w, stride, padding)[:1],
                                                      right.conv_backward(g, x, w, stride, padding)[1] / len(x),
                                                      g.sum(axis=(0, 2, 3)))),
        ),
    ),
    Question(
        name="pool_forward", points=2, inputs=("x",), outputs=("y",), sample=_pool, kind="piecewise",
        right=right.pool_forward, reference=_pool_reference, check=check_forward, special=[EQUAL],
        mistakes=(
            Mistake("mean for a maximum", "This is the mean of each window. Take the maximum.",
                    lambda x, size, stride: _windows(x, size, stride).mean(axis=(4, 5))),
            Mistake("minimum", "This is the minimum of each window.",
                    lambda x, size, stride: _windows(x, size, stride).min(axis=(4, 5))),
            Mistake("sum for a maximum", "This is the sum of each window. Take the maximum.",
                    lambda x, size, stride: _windows(x, size, stride).sum(axis=(4, 5))),
            Mistake("stride ignored", "Windows are `size` apart, or 1. They have to be `stride` apart.",
                    lambda x, size, stride: right.pool_forward(x, size, size)),
            Mistake("stride ignored", "Windows are next to each other. Window (i, j) begins at row i · stride and "
                    "column j · stride.",
                    lambda x, size, stride: right.pool_forward(x, size, 1)[
                        :, :, : (x.shape[2] - size) // stride + 1, : (x.shape[3] - size) // stride + 1]),
            Mistake("channels mixed", "The maximum is taken over all channels. Each channel is pooled by itself.",
                    lambda x, size, stride: np.broadcast_to(
                        right.pool_forward(x, size, stride).max(axis=1, keepdims=True),
                        right.pool_forward(x, size, stride).shape)),
            Mistake("off by one", "The windows are one pixel too small: a slice ends before its end, "
                    "i · stride + size.",
                    lambda x, size, stride: _windows(x, size, stride)[..., : size - 1, : size - 1].max(axis=(4, 5))),
            Mistake("zero", "There is 0 where all pixels of a window are negative. Begin with a pixel of the window, "
                    "not with 0.", lambda x, size, stride: np.maximum(right.pool_forward(x, size, stride), 0)),
        ),
    ),
    Question(
        name="pool_backward", points=4, inputs=("x",), outputs=("dx",), sample=_pool, kind="piecewise",
        right=right.pool_backward, forward=_pool_at_once, passed=(0,), check=check_gradients, special=[EQUAL],
        mistakes=(
            Mistake("assigned", "dx is overwritten where windows overlap. A pixel can be the maximum of several "
                    "windows: use +=.", lambda g, x, size, stride: _pool_dx(g, x, size, stride, add=False)),
            Mistake("ties", "If several pixels are the maximum, only the first one gets g, and not each of them.",
                    lambda g, x, size, stride: _pool_dx(g, x, size, stride, chosen="all")),
            Mistake("ties", "If several pixels are the maximum, the first one gets all of g; it is not shared.",
                    lambda g, x, size, stride: _pool_dx(g, x, size, stride, chosen="shared")),
            Mistake("ties", "If several pixels are the maximum, it is the first one in row order that gets g.",
                    lambda g, x, size, stride: _pool_dx(g, x, size, stride, chosen="last")),
            Mistake("spread", "g is given to all pixels of the window. Only the maximum has had an effect on y.",
                    lambda g, x, size, stride: _spread(g, x, size, stride, 1.0)),
            Mistake("spread", "g is shared by all pixels of the window, as in average pooling. Only the maximum has "
                    "had an effect on y.", lambda g, x, size, stride: _spread(g, x, size, stride, 1 / size**2)),
            Mistake("transposed", "Row and column of the maximum are exchanged: np.argmax counts along rows, so the "
                    "row is index // size and the column index % size.",
                    lambda g, x, size, stride: _exchanged(g, x, size, stride)),
        ),
    ),
    Question(
        name="cross_entropy_forward", points=2, inputs=("scores", "labels"), outputs=("loss",), sample=_labelled,
        kind="smooth", right=right.cross_entropy_forward, reference=_cross_entropy_reference, check=check_forward,
        special=[HUGE],
        mistakes=(
            Mistake("sum for a mean", "This is the sum over the images. Take the mean.",
                    lambda scores, labels: right.cross_entropy_forward(scores, labels) * len(labels)),
            Mistake("sign", "The sign is wrong: the loss is -log p, which is never negative.",
                    lambda scores, labels: -right.cross_entropy_forward(scores, labels)),
            Mistake("no shift", "The exponential of a large score is infinite. Subtract the maximum of each row "
                    "first.", _no_shift),
            Mistake("probability", "This is the mean probability, without the logarithm.",
                    lambda scores, labels: _softmax(scores)[np.arange(len(labels)), labels].mean()),
            Mistake("wrong axis", "The softmax runs over the images. Each image has probabilities that add up to 1: "
                    "use axis 1.", lambda scores, labels: -np.log(_softmax(scores.T).T[
                        np.arange(len(labels)), labels]).mean()),
            Mistake("all classes", "The mean runs over the classes, too. Divide by the number of images alone.",
                    lambda scores, labels: right.cross_entropy_forward(scores, labels) / scores.shape[1]),
            Mistake("scores", "This is the mean of the scores, without the softmax.",
                    lambda scores, labels: -scores[np.arange(len(labels)), labels].mean()),
        ),
    ),
    Question(
        name="cross_entropy_backward", points=3, inputs=("scores", "labels"), outputs=("dscores",),
        sample=_labelled, kind="smooth", right=right.cross_entropy_backward, forward=right.cross_entropy_forward,
        passed=(0, 1), check=check_gradients, special=[HUGE],
        mistakes=(
            Mistake("sum for a mean", "The loss is a mean over the images, so its gradient is divided by their number.",
                    lambda g, scores, labels: g * (_softmax(scores) - _one_hot(scores, labels))),
            Mistake("no label", "This is the softmax alone. Subtract 1 at the class of each image.",
                    lambda g, scores, labels: g * _softmax(scores) / len(labels)),
            Mistake("no label", "This is the softmax alone. Subtract 1 at the class of each image.",
                    lambda g, scores, labels: g * _softmax(scores)),
            Mistake("sign", "The sign is wrong: it is the probability minus 1, not 1 minus the probability.",
                    lambda g, scores, labels: -right.cross_entropy_backward(g, scores, labels)),
            Mistake("no shift", "The exponential of a large score is infinite. Subtract the maximum of each row "
                    "first.", _no_shift_backward),
            Mistake("g missing", "g is missing: multiply by the gradient of the loss.",
                    lambda g, scores, labels: right.cross_entropy_backward(1.0, scores, labels)),
            Mistake("wrong axis", "The softmax runs over the images. Each image has probabilities that add up to 1: "
                    "use axis 1.",
                    lambda g, scores, labels: g * (_softmax(scores.T).T - _one_hot(scores, labels)) / len(labels)),
        ),
    ),
)  # fmt: skip


def _spread(g: Array, x: Array, size: int, stride: int, share: float) -> Array:
    dx = np.zeros_like(x)
    for i, j in np.ndindex(*g.shape[2:]):
        window = dx[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
        window += share * g[:, :, i, j][..., None, None]
    return dx


def _exchanged(g: Array, x: Array, size: int, stride: int) -> Array:
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(*g.shape):
        window = x[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
        column, row = divmod(int(window.argmax()), size)
        dx[n, c, i * stride + row, j * stride + column] += g[n, c, i, j]
    return dx
