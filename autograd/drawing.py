"""Pictures of recorded graphs: `draw_graph`, as SVG that stands in a notebook or a file.

The forward pass runs from top to bottom.  A box with round corners is a leaf, or an input that needs no gradient
(dashed).  A box with a number is a recorded call.  `GraphDrawing.stepper` leads through it call by call, forward and
backward.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from autograd import debug, engine
from autograd.arguments import full_name
from autograd.engine import Context, DispatchMode, Gradient, Node
from autograd.files import write_whole
from autograd.gradients import grad
from autograd.graph_layout import lay_out
from autograd.tensor import Tensor
from autograd.types import Argument, Array, Shape

__all__ = ["Displayed", "GraphDrawing", "RecordPaths", "Step", "draw_graph"]

CHARACTER, LINE, MARGIN = 7.3, 16.0, 10.0  # px: the width of a character, the height of a line, around the picture
FEW = 4  # a gradient with at most so many elements is shown by its elements, a larger one by its norm
_FONT = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
# Text and lines have the colour of the page's text, light or dark; fills let the page's ground shine through.
_LOOK = {
    "call": 'fill="#2a7fc1" fill-opacity=".14" stroke="currentColor"',
    "leaf": 'fill="#009e73" fill-opacity=".2" stroke="currentColor"',
    "constant": 'fill="none" stroke="currentColor" stroke-dasharray="4 3"',
}
_FADED = "opacity: .25"
_BRIGHT = "stroke: #d55e00; stroke-width: 2.5"

_numbers = itertools.count()  # tell the steppers of one page apart


class RecordPaths(DispatchMode):
    """Context: note in which module, and on which named tensors, each call is recorded, for `draw_graph(paths=…)`.

    Parameters
    ----------
    names : mapping from str to Tensor, optional
        Tensors that need no gradient, such as the input of a model.  The graph does not know them; here they are
        recognized when an op is called with them.

    Examples
    --------
    >>> import autograd, nn
    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    >>> with autograd.drawing.RecordPaths() as paths:
    ...     loss = net(autograd.ones(3, 2, 2)).sum()
    >>> autograd.draw_graph(loss, names=dict(net.named_parameters()), paths=paths).steps[0].text
    'linear in Sequential.1 (Linear): constant (3, 4), 1.weight (2, 4), 1.bias (2,) → (3, 2)'
    """

    def __init__(self, names: Mapping[str, Tensor] | None = None) -> None:
        self.paths: dict[int, str] = {}  # by the sequence_nr of a node
        self.constants: dict[tuple[int, int], str] = {}  # by the same and the number of the input
        self._names = [(tensor.array, name) for name, tensor in (names or {}).items()]

    def __enter__(self) -> RecordPaths:
        super().__enter__()
        return self

    def recorded(self, node: Node, arrays: Sequence[Argument]) -> None:
        self.paths[node.sequence_nr] = debug.module_path()
        for i, given in enumerate(arrays):
            for array, name in self._names:
                if isinstance(given, np.ndarray) and np.may_share_memory(given, array):  # it, or a view
                    self.constants[node.sequence_nr, i] = name
        super().recorded(node, arrays)


class _RecordGradients(DispatchMode):
    """Notes the gradients that each node is given, and those that it returns, in its inputs' shapes."""

    def __init__(self) -> None:
        self.of_outputs: dict[Node, list[Any]] = {}
        self.of_inputs: dict[tuple[Node, int], Array] = {}

    def backward(self, node: Node, ctx: Context, gs: Sequence[Gradient | None]) -> Any:
        self.of_outputs[node] = [None if g is None else np.array(g) for g in gs]
        results = super().backward(node, ctx, gs)
        for i, d in enumerate(results if isinstance(results, tuple) else (results,)):
            parent = node.parents[i]
            if parent is not None and d is not None:
                _, _, shape, dtype = parent
                fitted = engine._fit(node.op, i, d, shape, dtype)
                self.of_inputs[node, i] = np.zeros(shape, dtype) if type(fitted) is int else np.array(fitted)
        return results


class _Box(NamedTuple):
    kind: Literal["call", "leaf", "constant"]
    lines: list[str]  # the first is its name
    number: int  # of the call that is drawn with it, its own or the first that takes it

    @property
    def size(self) -> tuple[float, float]:
        return 20 + CHARACTER * max(map(len, self.lines)), 10 + LINE * len(self.lines)


class _Edge(NamedTuple):
    upper: int
    lower: int
    number: int  # of the call that it leads to
    gradient: str  # what flows back along it; "" if that was not asked for, None flows, or nothing can


class Step(NamedTuple):
    """One step through a graph.

    Attributes
    ----------
    direction : "forward" or "backward"
    number : int
        Of the call, as its box says, from 1.
    text : str
        What happens in it.
    """

    direction: Literal["forward", "backward"]
    number: int
    text: str


class Displayed:
    """HTML that a notebook shows.

    Parameters
    ----------
    html : str
    """

    def __init__(self, html: str) -> None:
        self._html = html

    def _repr_html_(self) -> str:
        return self._html


class GraphDrawing:
    """The result of `draw_graph`.  A notebook shows it as a picture.

    Attributes
    ----------
    steps : list of Step
        The calls in the order in which they were recorded, then in the order of the backward pass.
    """

    def __init__(self, boxes: list[_Box], edges: list[_Edge], steps: list[Step]) -> None:
        self.steps = steps
        self._boxes, self._edges = boxes, edges
        between = 50.0 if any(edge.gradient for edge in edges) else 34.0
        self._layout = lay_out([box.size for box in boxes], [edge[:2] for edge in edges], between)

    def svg(self, step: int | None = None) -> str:
        """The picture as the text of an SVG.

        Parameters
        ----------
        step : int, optional
            A number of `steps`, from 0.  The call of this step stands out, and what comes later is faded.

        Returns
        -------
        str

        Raises
        ------
        IndexError
            If there is no such step.
        """
        if step is None:
            return self._svg()
        if not -len(self.steps) <= step < len(self.steps):
            raise IndexError(f"svg: there is no step {step}; this graph has {len(self.steps)}, numbered from 0")
        shown = self.steps[step]
        name = f"{shown.direction}-{shown.number}"
        return self._svg(name, _step_style(f".{name}", shown))

    def stepper(self) -> Displayed:
        """The picture with a row of buttons below it, one for each step; the arrow keys go from one to the next.

        It is plain HTML and CSS, without a script, so that it works in a saved page, too.

        Returns
        -------
        Displayed
            A notebook shows it.
        """
        name = f"graph-steps-{next(_numbers)}"
        style = f".{name} p {{ display: none; margin: .3em 0 }}\n"
        style += f".{name}:has(.i0:checked) .t0 {{ display: block }}\n"
        texts = ['<p class="t0">Choose a step, or press the arrow keys.</p>']
        rows = {"": [_button(name, 0, "the whole graph", checked=True)]}
        for i, step in enumerate(self.steps, start=1):
            chosen = f".{name}:has(.i{i}:checked)"
            style += f"{chosen} .t{i} {{ display: block }}\n" + _step_style(chosen, step)
            rows.setdefault(f"{step.direction}: ", []).append(_button(name, i, str(step.number)))
            texts.append(f'<p class="t{i}">{step.direction}, call {step.number}: {escape(step.text)}</p>')
        buttons = "".join(f"<div>{row}{' '.join(found)}</div>" for row, found in rows.items())
        return Displayed(
            f'<div class="{name}"><style>\n{style}</style><div style="overflow-x: auto">{self._svg()}</div>'
            f'<fieldset style="border: 0; padding: 0">{buttons}</fieldset>{"".join(texts)}</div>'
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file that ends in .svg.  The file is replaced as a whole.

        Parameters
        ----------
        path : str or path

        Raises
        ------
        ValueError
            If the name does not end in .svg.
        OSError
            If the file cannot be written.
        """
        target = Path(path)
        if target.suffix != ".svg":
            raise ValueError(f"save: {target} does not end in .svg, the only format of these pictures")
        write_whole(target, self.svg().encode())

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x: auto">{self.svg()}</div>'

    def __repr__(self) -> str:
        counts = {kind: sum(box.kind == kind for box in self._boxes) for kind in ("call", "leaf")}
        return f"GraphDrawing({counts['call']} calls, {counts['leaf']} leaves)"

    def _svg(self, name: str = "", style: str = "") -> str:
        """The picture.  What belongs to call k is in a group of class call-k; groups are in the order of the calls."""
        width, height = self._layout.width + 2 * MARGIN, self._layout.height + 2 * MARGIN
        beside = CHARACTER * max((len(edge.gradient) for edge in self._edges), default=0)  # room at both sides
        incoming, outgoing = self._ports()
        groups: dict[int, list[str]] = {}
        for i, edge in enumerate(self._edges):
            groups.setdefault(edge.number, []).append(self._edge(i, outgoing[i], incoming[i]))
        for box, centre in zip(self._boxes, self._layout.centres, strict=True):
            groups.setdefault(box.number, []).append(_box(box, *centre))
        drawn = "\n".join(f'<g class="step call-{number}">{"".join(groups[number])}</g>' for number in sorted(groups))
        calls = sum(box.kind == "call" for box in self._boxes)
        left, across = -MARGIN - beside, width + 2 * beside
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="{name}" width="{across:.0f}" height="{height:.0f}" '
            f'viewBox="{left:.0f} {-MARGIN:g} {across:.0f} {height:.0f}" font-family="{_FONT}" font-size="12" '
            f'text-anchor="middle" fill="currentColor" role="img" aria-label="A recorded graph of {calls} calls">'
            f"{f'<style>{style}</style>' if style else ''}\n{drawn}</svg>"
        )

    def _ports(self) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
        """Of each edge, the point where it reaches its lower box, and the one where it leaves its upper box."""
        centres, reached = self._layout.centres, [(0.0, 0.0)] * len(self._edges)
        left = list(reached)
        into: dict[int, list[tuple[float, int]]] = {}  # box -> (where the edge comes from, the edge)
        out: dict[int, list[tuple[float, int]]] = {}
        for i, (edge, path) in enumerate(zip(self._edges, self._layout.paths, strict=True)):
            places = [centres[edge.upper][0], *(x for x, _, _ in path), centres[edge.lower][0]]
            into.setdefault(edge.lower, []).append((places[-2], i))
            out.setdefault(edge.upper, []).append((places[1], i))
        for number, (box, (x, y)) in enumerate(zip(self._boxes, centres, strict=True)):
            width, height = box.size
            for found, side, points in ((into.get(number, []), -1, reached), (out.get(number, []), 1, left)):
                for k, (_, i) in enumerate(sorted(found), start=1):
                    spread = min(width, 24.0 * (len(found) + 1))
                    points[i] = (x + spread * (k / (len(found) + 1) - 0.5), y + side * height / 2)
        return reached, left

    def _edge(self, i: int, start: tuple[float, float], end: tuple[float, float]) -> str:
        (x, y), edge = start, self._edges[i]
        path = f"M{x:.1f} {y:.1f}"
        for middle, top, bottom in [*self._layout.paths[i], (*end, end[1])]:
            half = (y + top) / 2
            path += f"C{x:.1f} {half:.1f} {middle:.1f} {half:.1f} {middle:.1f} {top:.1f}V{bottom:.1f}"
            x, y = middle, bottom
        label = f"<text {self._beside(i, start, end)}>{escape(edge.gradient)}</text>" if edge.gradient else ""
        return (
            f'<path class="edge" d="{path}" fill="none" stroke="currentColor"/>'
            f'<path class="down" d="M{end[0]:.1f} {end[1]:.1f}l-4 -7h8z"/>'
            f'<path class="up" d="M{start[0]:.1f} {start[1]:.1f}l-4 7h8z" display="none"/>{label}'
        )

    def _beside(self, i: int, start: tuple[float, float], end: tuple[float, float]) -> str:
        """Where the gradient of an edge is written, so that its own line does not cross it."""
        x, y = start
        next_x, next_y = (self._layout.paths[i] or [(*end, end[1])])[0][:2]
        leaving = sum(other.upper == self._edges[i].upper for other in self._edges)
        if leaving > 1:  # outside of the other lines
            left, x, y = next_x < x, (x + next_x) / 2, (y + next_y) / 2
        else:
            left, y = next_x > x + 8, y + 15
        x += -6 if left else 6
        return f'x="{x:.1f}" y="{y:.1f}" text-anchor="{"end" if left else "start"}"'


def _box(box: _Box, x: float, y: float) -> str:
    width, height = box.size
    left, top, corner = x - width / 2, y - height / 2, 4 if box.kind == "call" else min(14, height / 2)
    bold = ' font-weight="bold"'
    lines = "".join(
        f'<text x="{x:.1f}" y="{top + LINE * (i + 1) + 1:.1f}"{"" if i else bold}>{escape(line)}</text>'
        for i, line in enumerate(box.lines)
    )
    return (
        f'<rect class="{box.kind}" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'rx="{corner:g}" {_LOOK[box.kind]}/>{lines}'
    )


def _step_style(chosen: str, step: Step) -> str:
    """CSS rules under a selector: the step's call stands out, what comes later in its direction is faded."""
    now = f"{chosen} .call-{step.number}"
    style = f"{now} .edge, {now} .call {{ {_BRIGHT} }}\n"
    if step.direction == "forward":
        return style + f"{now} ~ .step {{ {_FADED} }}\n"
    style += f"{chosen} .step {{ {_FADED} }}\n{now}, {now} ~ .step {{ opacity: 1 }}\n"
    return style + f"{now} .up {{ display: inline }}\n{now} .down {{ display: none }}\n"


def _button(name: str, i: int, text: str, checked: bool = False) -> str:
    on = " checked" if checked else ""
    return f'<label><input type="radio" name="{name}" class="i{i}"{on}>{text}</label>'


def draw_graph(
    outputs: Tensor | Sequence[Tensor],
    *,
    names: Mapping[str, Tensor] | None = None,
    gradients: bool = False,
    paths: RecordPaths | None = None,
) -> GraphDrawing:
    """Draw the graph that was recorded for tensors.

    A box with a number is a call: its op, its module if `paths` knows it, and the shape of its result.  A box with
    round corners is a leaf: its name and shape.  A dashed one is an input that needs no gradient.

    Parameters
    ----------
    outputs : Tensor or sequence of Tensor, any shapes
        Usually the loss.
    names : mapping from str to Tensor, of any shapes, optional
        Names of leaves, such as `dict(model.named_parameters())`.
    gradients : bool
        Run a backward pass, which changes no `.grad`, and write on each edge the gradient that flows back along it:
        its elements if there are at most four, otherwise its norm, the square root of the sum of squares.  Hooks run.
    paths : RecordPaths, optional
        The context in which the forward pass ran, for the names of modules.  `nn.draw` does this for you.

    Returns
    -------
    GraphDrawing
        A notebook shows it; `save(path)` writes an SVG, `stepper()` leads through it.

    Raises
    ------
    TypeError
        If outputs are not tensors.
    ValueError
        If nothing was recorded for them.
    RuntimeError
        With gradients, if an output is not a scalar, or the graph was freed by an earlier backward.

    Examples
    --------
    >>> import autograd
    >>> w = autograd.tensor([2.0, 3.0], requires_grad=True)
    >>> drawing = autograd.draw_graph((w * w).sum(), names={"w": w}, gradients=True)
    >>> drawing
    GraphDrawing(2 calls, 1 leaves)
    >>> for step in drawing.steps:
    ...     print(step.direction, step.number, step.text)
    forward 1 mul: w (2,), w (2,) → (2,)
    forward 2 sum: mul 1 (2,) → ()
    backward 2 sum is given 1 and returns [1, 1] to mul 1
    backward 1 mul is given [1, 1] and returns [2, 3] to w, [2, 3] to w
    """
    roots = [outputs] if isinstance(outputs, Tensor) else outputs
    if not isinstance(roots, Sequence) or not all(isinstance(root, Tensor) for root in roots):
        raise TypeError(
            f"draw_graph: outputs is a {full_name(outputs)}; pass a tensor, such as the loss, or a list of tensors"
        )
    nodes = _nodes(roots)
    if not nodes:
        raise ValueError(
            "draw_graph: nothing was recorded for this tensor; some input must have requires_grad=True, and the "
            "forward pass must not run under no_grad"
        )
    flows = _RecordGradients()
    if gradients:
        leaves = {parent[0] for node in nodes for parent in node.parents if parent and isinstance(parent[0], Tensor)}
        with flows:
            grad(roots, list(leaves), retain_graph=True, allow_unused=True)
    known = {id(tensor): name for name, tensor in (names or {}).items()}
    return _drawing(nodes, known, flows, gradients, paths or RecordPaths())


def _nodes(roots: Sequence[Tensor]) -> list[Node]:
    """All nodes of the graph, in the order in which they were recorded."""
    found: set[Node] = set()
    waiting = [root.node for root in roots if root.node is not None]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += [parent[0] for parent in node.parents if parent and isinstance(parent[0], Node)]
    return sorted(found, key=lambda node: node.sequence_nr)


def _drawing(
    nodes: Sequence[Node], known: Mapping[int, str], flows: _RecordGradients, gradients: bool, paths: RecordPaths
) -> GraphDrawing:
    boxes: list[_Box] = []
    edges: list[_Edge] = []
    place: dict[Any, int] = {}  # the box of a node, of a leaf, and of a named constant
    numbers = {node: number for number, node in enumerate(nodes, start=1)}
    forward, backward = [], []
    for node, number in numbers.items():
        takes, returns = [], []
        uppers: list[tuple[int, str]] = []
        for i, (parent, shape) in enumerate(zip(node.parents, node.shapes, strict=True)):
            if parent is None and not shape:
                continue  # a number
            maker: Any = parent[0] if parent else paths.constants.get((node.sequence_nr, i), (node, i))
            if isinstance(maker, Node):
                name = f"{maker.op.title} {numbers[maker]}"
            elif isinstance(maker, Tensor):
                name = known.get(id(maker), "leaf")
            else:
                name = maker if isinstance(maker, str) else "constant"
            if maker not in place:
                place[maker] = len(boxes)
                boxes.append(_Box("leaf" if parent else "constant", [name, _text(shape)], number))
            gradient = _gradient(flows.of_inputs.get((node, i)))
            uppers.append((place[maker], gradient))
            takes.append(f"{name} {_text(shape)}")
            if parent and (gradient or not gradients):
                returns.append(f"{gradient or _text(shape)} to {name}")
        path = paths.paths.get(node.sequence_nr, "")
        made = ", ".join(_text(shape) for shape, _ in node.outputs)
        place[node] = len(boxes)
        boxes.append(_Box("call", [f"{number} {node.op.title}", *filter(None, [path]), f"→ {made}"], number))
        edges += [_Edge(upper, place[node], number, gradient) for upper, gradient in uppers]
        within = f" in {path}" if path else ""
        forward.append(Step("forward", number, f"{node.op.title}{within}: {', '.join(takes)} → {made}"))
        given = [_gradient(g) for g in flows.of_outputs.get(node, [])] or [_text(shape) for shape, _ in node.outputs]
        what = "" if gradients else "a gradient of shape "
        text = f"{node.op.title}{within} is given {what}{', '.join(filter(None, given))} and returns "
        backward.append(Step("backward", number, text + (", ".join(returns) or "nothing")))
    return GraphDrawing(boxes, edges, forward + backward[::-1])


def _text(shape: Shape) -> str:
    return str(tuple(shape))


def _gradient(g: Array | None) -> str:
    """ "[1, 0.5]" or "norm 0.0123"."""
    if g is None:
        return ""
    if g.size <= FEW:
        return _numbers_of(g.tolist())
    wide = g.astype(np.complex128 if g.dtype.kind == "c" else np.float64)
    return f"norm {np.linalg.norm(wide.ravel()):.3g}"


def _numbers_of(values: Any) -> str:
    return f"[{', '.join(map(_numbers_of, values))}]" if isinstance(values, list) else f"{values:.3g}"
