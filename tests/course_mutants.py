"""Mistakes in the solutions of the course, as students make them: each is an edit, and has the key of its hint.

They are edits of the source.  The grader knows mistakes by their results (`examples.course.question`), and has never
seen these.
"""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """A mistake in a solution."""

    file: str
    function: str  # the first question that must lose its points
    key: str  # of the hint
    old: str
    new: str


def _of(file: str, *rows: tuple[str, str, str, str]) -> list[Mutant]:
    return [Mutant(f"{file}.py", *row) for row in rows]


MUTANTS = [
    *_of(
        "layers",
        ("relu_forward", "absolute", "np.maximum(x, 0)", "np.abs(x)"),
        ("relu_forward", "reversed", "np.maximum(x, 0)", "np.minimum(x, 0)"),
        ("relu_backward", "mask at 0", "np.where(x > 0, g, 0)", "g * (x >= 0)"),
        ("relu_backward", "mask of g", "np.where(x > 0, g, 0)", "np.maximum(g, 0)"),
        ("relu_backward", "mask missing", "np.where(x > 0, g, 0)", "1 * g"),
        ("relu_backward", "g missing", "np.where(x > 0, g, 0)", "(x > 0).astype(x.dtype)"),
        ("linear_forward", "bias missing", "x @ w.T + b", "x @ w.T"),
        ("linear_forward", "bias sign", "x @ w.T + b", "x @ w.T - b"),
        ("linear_backward", "transposed", "dw = g.T @ x", "dw = x.T @ g"),
        ("linear_backward", "not summed", "db = g.sum(axis=0)", "db = g"),
        ("linear_backward", "mean for a sum", "db = g.sum(axis=0)", "db = g.mean(axis=0)"),
        ("linear_backward", "mean for a sum", "dw = g.T @ x", "dw = g.T @ x / len(x)"),
        ("linear_backward", "wrong axis", "db = g.sum(axis=0)", "db = g.sum(axis=1)"),
        ("linear_backward", "sign", "dx = g @ w", "dx = -g @ w"),
        ("linear_backward", "factor", "dx = g @ w", "dx = 2 * g @ w"),
        ("conv_forward", "flipped", "np.tensordot(window, w,", "np.tensordot(window, w[:, :, ::-1, ::-1],"),
        ("conv_forward", "bias missing", "axes=((1, 2, 3), (1, 2, 3))) + b", "axes=((1, 2, 3), (1, 2, 3)))"),
        (
            "conv_forward",
            "edge",
            "for i in range(rows):\n        for j in range(columns):\n            window = padded",
            "for i in range(rows - 1):\n        for j in range(columns):\n            window = padded",
        ),
        (
            "conv_forward",
            "edge",
            "rows = (x.shape[2] + 2 * padding - k) // stride + 1",
            "rows = (x.shape[2] + 2 * padding - k) // stride",
        ),
        (
            "conv_forward",
            "off by one",
            "window = padded[:, :, i * stride : i * stride + k, j * stride : j * stride + k]",
            "window = np.roll(padded, -1, 3)[:, :, i * stride : i * stride + k, j * stride : j * stride + k]",
        ),
        (
            "conv_forward",
            "padding values",
            "(padding, padding)))\n    k = w.shape[2]\n    rows",
            '(padding, padding)), mode="edge")\n    k = w.shape[2]\n    rows',
        ),
        (
            "conv_forward",
            "one channel",
            "np.tensordot(window, w, axes=((1, 2, 3), (1, 2, 3)))",
            "np.tensordot(window[:, 0], w[:, 0], axes=((1, 2), (1, 2)))",
        ),
        (
            "conv_forward",
            "stride ignored",
            "padded[:, :, i * stride : i * stride + k, j * stride : j * stride + k]",
            "padded[:, :, i : i + k, j : j + k]",
        ),
        (
            "conv_forward",
            "transposed",
            "np.tensordot(window, w, axes=((1, 2, 3), (1, 2, 3)))",
            "np.tensordot(window, w, axes=((1, 3, 2), (1, 2, 3)))",
        ),
        (
            "conv_forward",
            "dtype",
            "y = np.zeros((len(x), len(w), rows, columns), x.dtype)",
            "y = np.zeros((len(x), len(w), rows, columns))",
        ),
        ("conv_backward", "assigned", "d_padded[place] += ", "d_padded[place] = "),
        ("conv_backward", "assigned", "dw += np.tensordot", "dw = np.tensordot"),
        (
            "conv_backward",
            "flipped",
            "np.tensordot(g[:, :, i, j], w, axes=1)",
            "np.tensordot(g[:, :, i, j], w[..., ::-1, ::-1], axes=1)",
        ),
        (
            "conv_backward",
            "padding not removed",
            "d_padded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]",
            "d_padded[:, :, : x.shape[2], : x.shape[3]]",
        ),
        (
            "conv_backward",
            "padding not removed",
            "d_padded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]",
            "d_padded",
        ),
        ("conv_backward", "not summed", "db = g.sum(axis=(0, 2, 3))", "db = g.sum(axis=(2, 3))"),
        ("conv_backward", "not summed", "db = g.sum(axis=(0, 2, 3))", "db = g.sum(axis=0)"),
        ("conv_backward", "mean for a sum", "db = g.sum(axis=(0, 2, 3))", "db = g.mean(axis=(0, 2, 3))"),
        ("conv_backward", "mean for a sum", "    dx = d_padded", "    dw /= len(x)\n    dx = d_padded"),
        ("conv_backward", "sign", "    dx = d_padded", "    dw = -dw\n    dx = d_padded"),
        ("pool_forward", "mean for a maximum", "window.max(axis=(2, 3))", "window.mean(axis=(2, 3))"),
        ("pool_forward", "channels mixed", "window.max(axis=(2, 3))", "window.max(axis=(1, 2, 3))[:, None]"),
        (
            "pool_forward",
            "off by one",
            "i * stride : i * stride + size, j * stride : j * stride + size]\n            y",
            "i * stride : i * stride + size - 1, j * stride : j * stride + size - 1].reshape(*y.shape[:2], 1, -1)"
            "\n            if not window.size: continue\n            y",
        ),
        (
            "pool_forward",
            "stride ignored",
            "x[:, :, i * stride : i * stride + size, j * stride : j * stride + size]",
            "x[:, :, i : i + size, j : j + size]",
        ),
        ("pool_forward", "zero", "window.max(axis=(2, 3))", "window.max(axis=(2, 3), initial=0)"),
        ("pool_backward", "assigned", "+= g[n, c, i, j]", "= g[n, c, i, j]"),
        ("pool_backward", "transposed", "row, column = divmod", "column, row = divmod"),
        ("pool_backward", "ties", "int(window.argmax())", "size * size - 1 - int(window[::-1, ::-1].argmax())"),
        (
            "pool_backward",
            "ties",
            "dx[n, c, i * stride + row, j * stride + column] += g[n, c, i, j]",
            "dx[n, c, i * stride : i * stride + size, j * stride : j * stride + size] += "
            "g[n, c, i, j] * (window == window.max())",
        ),
        ("cross_entropy_forward", "sum for a mean", "labels].mean()", "labels].sum()"),
        (
            "cross_entropy_forward",
            "no shift",
            "shifted = scores - scores.max(axis=1, keepdims=True)\n    log",
            "shifted = scores\n    log",
        ),
        ("cross_entropy_forward", "sign", "return -log_p[", "return log_p["),
        ("cross_entropy_backward", "sum for a mean", "g * dscores / len(labels)", "g * dscores"),
        (
            "cross_entropy_backward",
            "no shift",
            "np.exp(scores - scores.max(axis=1, keepdims=True))\n    dscores",
            "np.exp(scores)\n    dscores",
        ),
        ("cross_entropy_backward", "no label", "    dscores[np.arange(len(labels)), labels] -= 1\n", ""),
        ("cross_entropy_backward", "g missing", "return g * dscores", "return dscores"),
        ("cross_entropy_backward", "sign", "return g * dscores", "return -g * dscores"),
    ),
    *_of(
        "net",
        ("forward", "relu missing", "linear_forward(layers.relu_forward(hidden), ", "linear_forward(hidden, "),
        (
            "forward",
            "relu too much",
            "    return layers.linear_forward(layers.relu_forward(hidden), "
            'parameters["scores.weight"], parameters["scores.bias"])',
            "    return layers.relu_forward(layers.linear_forward(layers.relu_forward(hidden), "
            'parameters["scores.weight"], parameters["scores.bias"]))',
        ),
        ("oracle", "relu missing", "    g = layers.relu_backward(g, hidden)\n", ""),
        ("oracle", "relu missing", "    g = layers.relu_backward(g, conv)\n", ""),
        (
            "oracle",
            "sum for a mean",
            "layers.cross_entropy_backward(1.0, scores, labels)",
            "layers.cross_entropy_backward(float(len(x)), scores, labels)",
        ),
        (
            "oracle",
            "sign",
            "layers.cross_entropy_backward(1.0, scores, labels)",
            "layers.cross_entropy_backward(-1.0, scores, labels)",
        ),
    ),
    *_of(
        "optimizers",
        ("sgd", "momentum without gradient", "v = momentum * v + g", "v = momentum * v"),
        ("sgd", "dampened", "v = momentum * v + g", "v = momentum * v + (1 - momentum) * g"),
        ("sgd", "no momentum", "p - lr * v, v", "p - lr * g, v"),
        ("sgd", "sign", "p - lr * v, v", "p + lr * v, v"),
        ("sgd", "no learning rate", "p - lr * v, v", "p - v, v"),
        (
            "sgd",
            "learning rate in v",
            "v = momentum * v + g\n    return p - lr * v, v",
            "v = momentum * v - lr * g\n    return p + v, v",
        ),
        ("sgd", "nesterov", "p - lr * v, v", "p - lr * (g + momentum * v), v"),
        ("adagrad", "assigned", "s = s + g**2", "s = g**2"),
        ("adagrad", "no root", "np.sqrt(s) + eps", "s + eps"),
        ("adagrad", "eps inside", "np.sqrt(s) + eps", "np.sqrt(s + eps)"),
        ("adagrad", "no square", "s = s + g**2", "s = s + abs(g)"),
        (
            "adagrad",
            "old state",
            "return p - lr * g / (np.sqrt(s) + eps), s",
            "return p - lr * g / (np.sqrt(s - g**2) + eps), s",
        ),
        ("adam", "no correction", "m_hat = m / (1 - beta1**t)\n    v_hat = v / (1 - beta2**t)", "m_hat, v_hat = m, v"),
        ("adam", "no correction", "m_hat = m / (1 - beta1**t)", "m_hat = m"),
        ("adam", "no correction", "v_hat = v / (1 - beta2**t)", "v_hat = v"),
        ("adam", "state not kept", "eps), m, v", "eps), m_hat, v_hat"),
        ("adam", "eps inside", "np.sqrt(v_hat) + eps", "np.sqrt(v_hat + eps)"),
        ("adam", "no root", "np.sqrt(v_hat) + eps", "v_hat + eps"),
        ("adam", "weights exchanged", "    m = beta1 * m", "    beta1, beta2 = beta2, beta1\n    m = beta1 * m"),
        ("adam", "weights exchanged", "v = beta2 * v + (1 - beta2) * g**2", "v = (1 - beta2) * v + beta2 * g**2"),
        ("adam", "running sum", "m = beta1 * m + (1 - beta1) * g\n", "m = beta1 * m + g\n"),
        ("adam", "no square", "(1 - beta2) * g**2", "(1 - beta2) * g"),
        ("adam", "step off by one", "    m_hat = m", "    t += 1\n    m_hat = m"),
        ("adam", "sign", "p - lr * m_hat", "p + lr * m_hat"),
    ),
    *_of(
        "gradient_checker",
        (
            "numerical_gradient",
            "one-sided",
            "        moved[k] = x[k] - h\n        below = f(moved)\n        moved[k] = x[k]\n"
            "        gradient[k] = (above - below) / (2 * h)",
            "        moved[k] = x[k]\n        gradient[k] = (above - f(moved)) / h",
        ),
        ("numerical_gradient", "width", "(above - below) / (2 * h)", "(above - below) / h"),
        ("numerical_gradient", "sign", "(above - below) / (2 * h)", "(below - above) / (2 * h)"),
        ("numerical_gradient", "not restored", "        moved[k] = x[k]\n        gradient", "        gradient"),
        ("relative_error", "signed", "np.abs(a - b).max() / scale", "(a - b).max() / scale"),
        ("relative_error", "absolute", "np.abs(a - b).max() / scale if scale > 0 else 0.0", "np.abs(a - b).max()"),
        ("relative_error", "mean for a maximum", "np.abs(a - b).max() / scale", "np.abs(a - b).mean() / scale"),
        ("relative_error", "divided by 0", " if scale > 0 else 0.0", ""),
        ("relative_error", "one scale", "scale = max(np.abs(a).max(), np.abs(b).max())", "scale = np.abs(a).max()"),
        (
            "is_right",
            "hidden",
            "bool(np.all(np.abs(gradient - numerical) <= 1e-5 + 1e-4 * np.abs(numerical)))",
            "bool(relative_error(gradient, numerical) < 2e-3)",
        ),
        ("is_right", "too tolerant", "1e-5 + 1e-4 * np.abs(numerical)", "0.1 + 0.1 * np.abs(numerical)"),
        ("is_right", "too strict", "1e-5 + 1e-4 * np.abs(numerical)", "0"),
        ("is_right", "reversed", "bool(np.all(", "not bool(np.all("),
        ("is_right", "any for all", "bool(np.all(", "bool(np.any("),
    ),
    *_of(
        "own_op",
        ("values", "factor", "(x + np.sqrt(x * x + b)) / 2", "x + np.sqrt(x * x + b)"),
        ("values", "parameter ignored", "np.sqrt(x * x + b)) / 2", "np.sqrt(x * x + 1)) / 2"),
        ("gradient", "factor", "autograd.sqrt(x * x + b)) / 2", "autograd.sqrt(x * x + b))"),
        ("gradient", "g missing", "g * (1 + x /", "(1 + x /"),
        ("gradient", "inner derivative", "(1 + x / autograd", "(1 + 1 / autograd"),
        ("gradient", "parameter ignored", "autograd.sqrt(x * x + b)", "autograd.sqrt(x * x + 1)"),
        (
            "second derivative",
            "not recorded",
            "    (x,) = ctx.saved_tensors",
            "    (x,) = ctx.saved_tensors\n    x = x.detach() if isinstance(x, autograd.Tensor) else x",
        ),
    ),
]
# Each compiles its own function, which takes a second.
COMPILED = _of(
    "accelerated",
    ("conv_forward", "flipped", "factor = w[o, c, u, v]\n                            out",
     "factor = w[o, c, k - 1 - u, k - 1 - v]\n                            out"),
    ("conv_forward", "bias missing", "y[n, o] = b[o]", "y[n, o] = 0"),
    ("conv_backward", "assigned", "dw[o, c, u, v] += total", "dw[o, c, u, v] = total"),
    ("pool_backward", "ties", "if x[n, c, u, v] > x", "if x[n, c, u, v] >= x"),
    (
        "pool_forward",
        "not compiled",
        "max(above[2 * j], above[2 * j + 1], below[2 * j], below[2 * j + 1])",
        "x[n, c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max(axis=(0, 1))",
    ),
    ("pool_forward", "zero", "max(above[2 * j],", "max(0, above[2 * j],"),
)  # fmt: skip


class Slip(NamedTuple):
    """A mistake in the report, or in a result that it names."""

    question: int  # the one that must lose its points
    key: str
    file: str
    edits: tuple[tuple[str, str], ...]


def _slip(question: int, key: str, *edits: str, file: str = "report.md") -> Slip:
    return Slip(question, key, file, tuple(zip(edits[::2], edits[1::2], strict=True)))


_OVERFIT, _PROFILE = "results/overfit.json", "results/profile_layers.json"
SLIPS = [
    _slip(1, "unfinished", "All gradients agree", "TODO All gradients agree"),
    _slip(2, "no result", f"Result: {_OVERFIT}", ""),
    _slip(2, "no file", f"Result: {_OVERFIT}", "Result: results/overfitting.json"),
    _slip(2, "no file", f"Result: {_OVERFIT}", "Result: ../student/results/overfit.json"),
    _slip(2, "no file", f"Result: {_OVERFIT}", "Result: /etc/passwd"),
    _slip(2, "other experiment", f"Result: {_OVERFIT}", f"Result: {_PROFILE}"),
    _slip(2, "damaged", '"result"', "result", file=_OVERFIT),
    _slip(2, "damaged", '{\n "experiment"', "[" * 100_000 + '{\n "experiment"', file=_OVERFIT),
    _slip(2, "percent", "28.3 percent are right", "28.3 are right", "0.0011", "0.11", "1,000", "all",
          "2.15 to 5.21", "2 to 5"),
    _slip(2, "not in the result", "28.3", "38.3", "0.0011", "0.0017", "1,000", "all", "5.21", "5.71"),
    _slip(3, "unit", "481 ms forward", "480.8 forward", "1.75 s", "1746.3", "674 ms and 239 ms", "less"),
    _slip(3, "not in the result", "481 ms", "381 ms", "1.75 s", "1.35 s", "674 ms", "574 ms", "239 ms", "139 ms"),
    _slip(4, "rounded", "50.1 ms", "50.0 ms", "0.226 ms", "0.225 ms", "0.393 ms", "0.392 ms"),
    _slip(5, "not in the result", "4,482", "5,482", "12,763", "13,763", "65.0", "75.0"),
    _slip(6, "not in the result", "0.", "0.0", file="results/generalize-0.json"),
    _slip(6, "no file", "Result: results/generalize-0.json", "Result: results/generalize-9.json"),
    _slip(7, "not in the result", "34.95 percent to 36.92 percent", "14.95 percent to 16.92 percent"),
]  # fmt: skip
