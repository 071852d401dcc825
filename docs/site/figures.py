"""The pictures of the site, as SVG within the page.  Lines and text have the colour of its text, light or dark."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

import autograd
import optim
from autograd import Tensor
from autograd.op import Row, Sample
from autograd.testing import RandomDraw
from autograd.types import Array
from examples.report.page import COLORS, LINES, new_figure
from optim.lr_scheduler import LRScheduler

_TEXT = "#010203"  # stands for the page's own colour of text
# Of the report's colours, those with enough contrast on white and on black
BLUE, ORANGE = COLORS[0].replace("0072B2", "2a7fc1"), COLORS[1]
_STYLE: dict[Any, Any] = {
    **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color", "axes.edgecolor"), _TEXT),
    "svg.fonttype": "none",
    "svg.hashsalt": "site",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
}
SIDE = 8  # a picture of numbers has at most this many rows and columns


def _svg(figure: Figure, says: str) -> str:
    """The figure as an element that stands in a page."""
    file = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    text = file.getvalue()
    text = text[text.index("<svg") :].replace(_TEXT, "currentColor")
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|\n\s*", " ", text, flags=re.DOTALL)
    text = re.sub(r" font-family: [^;]*;", "", text)  # the page's own
    start, rest = text.split(">", 1)
    return f'<div class="figure">{start} role="img" aria-label="{escape(says, quote=True)}">{rest.strip()}</div>'


def curve(function: Callable[[Tensor], Tensor], low: float, high: float, label: str = "input", *,
          value: str = "value", says: str = "") -> str | None:  # fmt: skip
    """A function of one number and its derivative from low to high; None if it has none."""
    x = autograd.tensor(np.linspace(low, high, 241), requires_grad=True)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        y = function(x)
        (d,) = autograd.grad(y.sum(), [x]) if y.requires_grad else (None,)
    if y.shape != x.shape:
        return None
    with matplotlib.rc_context(_STYLE):
        figure = new_figure(4.2, 2.8)
        axes = figure.subplots()
        axes.plot(x.detach().numpy(), _shown(y.detach().numpy()), color=BLUE, linestyle=LINES[0], label=value)
        if d is not None:
            axes.plot(x.detach().numpy(), _shown(d.numpy()), color=ORANGE, linestyle=LINES[1], label="derivative")
        axes.axhline(0, color=_TEXT, linewidth=0.5)
        axes.set_xlabel(label)
        axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
        return _svg(figure, says or f"{value} and derivative from {low:g} to {high:g}")


def _shown(y: Array) -> Array:
    """The numbers without jumps to infinity: what is far outside of the others is left out."""
    y = np.where(np.isfinite(y), y, np.nan).astype(float)
    limit = max(4.0, 4 * float(np.nanquantile(np.abs(y), 0.75))) if np.isfinite(y).any() else 1.0
    return np.where(np.abs(y) <= limit, y, np.nan)


def call(row: Row) -> str | None:
    """A drawn call of a row as grids of numbers: input, value, gradient of the value, gradient of the input."""
    flat = None
    for seed in range(24):
        grids = _call(row, row.sample(RandomDraw(np.random.default_rng(seed), row.kind)))
        if grids:
            shown = numbers(grids, f"A call of {row.name}: {', '.join(name for name, _ in grids)}")
            if grids[-1][1].any():
                return shown
            flat = flat or shown  # its last grid has zeros only, which says little
    return flat


def _call(row: Row, sample: Sample) -> list[tuple[str, Array]] | None:
    first = sample.inputs[0] if sample.inputs else None
    if not isinstance(first, np.ndarray) or first.dtype.kind != "f" or not _fits(first, least=4):
        return None
    inputs = [autograd.tensor(x, requires_grad=x.dtype.kind == "f") if isinstance(x, np.ndarray) else x
              for x in sample.inputs]  # fmt: skip
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        outputs = row(*inputs, **sample.params)
        y = outputs[0] if isinstance(outputs, tuple | list) else outputs
        if not isinstance(y, Tensor) or y.array.dtype.kind not in "fiub" or not _fits(y.array, least=1):
            return None
        grids = [("input", first), ("value", y.detach().numpy())]
        if y.requires_grad:
            g = autograd.tensor(np.random.default_rng(1).integers(-3, 4, y.shape).astype(y.array.dtype))
            (dx,) = autograd.grad(y, [inputs[0]], g, allow_unused=True)
            if dx is not None:
                grids += [("gradient of the value", g.numpy()), ("gradient of the input", dx.numpy())]
    return grids


def _fits(x: Array, least: int) -> bool:
    return x.size >= least and max(_flat(x).shape) <= SIDE


def _flat(x: Array) -> Array:
    """All dimensions but the last one below each other."""
    return x.reshape(-1, x.shape[-1]) if x.ndim else x.reshape(1, 1)


def numbers(grids: Sequence[tuple[str, Array]], says: str) -> str:
    """Grids of numbers as HTML tables beside each other; the colour of a cell is its number's size and sign."""
    shown = []
    for name, array in grids:
        flat = _flat(array)
        largest = max((abs(float(v)) for v in flat.flat if np.isfinite(v)), default=0) or 1
        rows = "".join("<tr>" + "".join(_cell(v, largest) for v in row) + "</tr>" for row in flat)
        shape = " × ".join(map(str, array.shape)) or "one number"
        shown.append(f"<figure><figcaption>{escape(name)}<br>{shape}</figcaption><table>{rows}</table></figure>")
    return f'<div class="grids" role="group" aria-label="{escape(says, quote=True)}">{"".join(shown)}</div>'


def _cell(value: Any, largest: float) -> str:
    number = float(value)
    share = min(1.0, abs(number) / largest) * 0.45 if np.isfinite(number) else 0
    color = f"rgb({'42 127 193' if number >= 0 else '213 94 0'} / {share:.2f})"
    return f'<td style="background: {color}">{number:.3g}</td>'


# ── optimizers and schedulers ──

START = (-4.0, 1.6)
STEPS = 60


def valley(p: Tensor) -> Tensor:
    """f(a, b) = a² / 20 + b², a valley that is steep across and flat along."""
    a, b = p.reshape(-1)[0], p.reshape(-1)[1]
    return a * a / 20 + b * b


def descend(make: Callable[[list[Tensor]], optim.Optimizer], shape: tuple[int, ...] = (2,)) -> Array:
    """The path of an optimizer on the valley: STEPS + 1 points, of shape (STEPS + 1, 2)."""
    p = autograd.tensor(np.array(START, np.float32).reshape(shape), requires_grad=True)
    optimizer = make([p])

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = valley(p)
        loss.backward()
        return loss

    path = [p.detach().numpy().reshape(2).copy()]
    for _ in range(STEPS):
        optimizer.step(closure)
        path.append(p.detach().numpy().reshape(2).copy())
    return np.array(path)


def path(points: Array, says: str) -> str:
    """The path on the valley's contour lines."""
    a, b = np.meshgrid(np.linspace(-4.6, 1.6, 80), np.linspace(-2, 2, 60))
    with matplotlib.rc_context(_STYLE):
        figure = new_figure(4.4, 2.9)
        axes = figure.subplots()
        axes.contour(a, b, a * a / 20 + b * b, levels=[0.02, 0.1, 0.3, 0.6, 1, 1.6, 2.4, 3.4], colors=_TEXT,
                     linewidths=0.4, alpha=0.6)  # fmt: skip
        axes.plot(*points.T, color=BLUE, marker="o", markersize=2.5, linewidth=1)
        axes.plot(0, 0, color=ORANGE, marker="+", markersize=10, markeredgewidth=2)
        axes.set(xlabel="a", ylabel="b", xlim=(-4.6, 1.6), ylim=(-2, 2))
        return _svg(figure, says)


def rates(make: Callable[[optim.Optimizer], LRScheduler], epochs: int, metrics: Sequence[float] | None = None) -> Array:
    """The learning rate in each epoch, from an initial rate of 0.1."""
    optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=0.1, momentum=0.9)
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler: Any = make(optimizer)
        for epoch in range(epochs):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step(*([] if metrics is None else [metrics[epoch]]))
    return np.array(found)


def steps(values: Array, says: str) -> str:
    """The learning rate against the epoch."""
    with matplotlib.rc_context(_STYLE):
        figure = new_figure(4.4, 2.3)
        axes = figure.subplots()
        axes.plot(values, color=BLUE, marker="o", markersize=2, linewidth=1, drawstyle="steps-post")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set(xlabel="epoch", ylabel="learning rate", ylim=(0, None))
        return _svg(figure, says)
