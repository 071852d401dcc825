"""Pictures of recorded graphs: where boxes stand, what is written on them, and the steps through them."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
import nn
from autograd import Tensor
from autograd.drawing import RecordPaths
from autograd.graph_layout import GAP, _crossings, lay_out
from nn.functional import cross_entropy

Edges = list[tuple[int, int]]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[tuple[int, int]], Edges]:
    sizes = draw(st.lists(st.tuples(st.integers(10, 90), st.integers(10, 60)), min_size=1, max_size=9))
    pairs = list(combinations(range(len(sizes)), 2))
    return sizes, draw(st.lists(st.sampled_from(pairs), max_size=14)) if pairs else []


@given(graphs())
def test_boxes_keep_apart_and_edges_lead_down(graph: tuple[list[tuple[int, int]], Edges]) -> None:
    sizes, edges = graph
    found = lay_out(sizes, edges, between=30)
    for a, b in combinations(range(len(sizes)), 2):
        (xa, ya), (xb, yb) = found.centres[a], found.centres[b]
        if abs(ya - yb) < (sizes[a][1] + sizes[b][1]) / 2:
            assert abs(xa - xb) >= (sizes[a][0] + sizes[b][0]) / 2 + GAP - 1e-6
    for (a, b), path in zip(edges, found.paths, strict=True):
        y = found.centres[a][1] + sizes[a][1] / 2
        for _, top, bottom in path:
            assert y < top <= bottom
            y = bottom
        assert y < found.centres[b][1] - sizes[b][1] / 2
    for (x, y), (width, height) in zip(found.centres, sizes, strict=True):
        assert x - width / 2 >= -1e-6 and x + width / 2 <= found.width + 1e-6
        assert y - height / 2 >= -1e-6 and y + height / 2 <= found.height + 1e-6


def test_edges_that_need_not_cross_do_not() -> None:
    # 0 ─ 1  and their children in the opposite order
    found = lay_out([(20, 20)] * 4, [(0, 3), (1, 2)], between=30)
    (x0, _), (x1, _), (x2, _), (x3, _) = found.centres
    assert (x0 < x1) == (x3 < x2)


def test_crossings_are_counted() -> None:
    assert _crossings([[0, 1], [2, 3]], [[], [], [1], [0]]) == 1
    assert _crossings([[0, 1], [2, 3]], [[], [], [0, 1], [0, 1]]) == 1
    assert _crossings([[0, 1], [3, 2]], [[], [], [1], [0]]) == 0


def test_a_chain_is_straight() -> None:
    assert len({x for x, _ in lay_out([(30, 20), (90, 20), (10, 20)], [(0, 1), (1, 2)], between=30).centres}) == 1


# ── draw_graph ─────────────────────────────────────────────────────────────────────────


def numbers() -> tuple[Tensor, Tensor, Tensor]:
    w, b = (autograd.tensor(x, requires_grad=True) for x in ([2.0, 3.0], 0.5))
    h = (autograd.tensor([1.0, 4.0]) * w).sum() + b
    return h * w.max() + h, w, b


def words(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_what_is_drawn() -> None:
    loss, w, b = numbers()
    drawing = autograd.draw_graph(loss, names={"w<1>": w, "b": b})
    found = words(drawing.svg())
    assert [word for word in found if re.match(r"\d ", word)] == [
        "1 mul", "2 sum", "3 add", "4 amax", "5 mul", "6 add",
    ]  # fmt: skip
    assert found.count("w<1>") == found.count("b") == found.count("constant") == 1
    assert repr(drawing) == "GraphDrawing(6 calls, 2 leaves)"
    assert drawing._repr_html_().count("<svg") == 1


def test_steps_go_forward_in_order_and_backward_from_the_youngest() -> None:
    loss, w, b = numbers()
    steps = autograd.draw_graph(loss, names={"w": w, "b": b}).steps
    assert [(step.direction, step.number) for step in steps] == [
        *(("forward", k) for k in range(1, 7)), *(("backward", k) for k in range(6, 0, -1)),
    ]  # fmt: skip
    assert steps[2].text == "add: sum 2 (), b () → ()"
    assert steps[9].text == "add is given a gradient of shape () and returns () to sum 2, () to b"


def test_gradients_are_those_of_backward() -> None:
    loss, w, b = numbers()
    drawing = autograd.draw_graph(loss, names={"w": w, "b": b}, gradients=True)
    assert w.grad is None and b.grad is None
    loss.backward()  # the graph is still there
    assert w.grad is not None and b.grad is not None
    np.testing.assert_allclose(w.grad.numpy(), [4, 30.5])  # h = 14.5; dw = x (3 + 1) + (0, h)
    found = words(drawing.svg())
    assert {"[4, 16]", "[0, 14.5]", "4"} <= set(found)
    assert drawing.steps[6].text == "add is given 1 and returns 1 to mul 5, 1 to add 3"


def test_a_large_gradient_is_written_as_its_norm() -> None:
    w = autograd.ones(9, requires_grad=True)
    assert "norm 6" in words(autograd.draw_graph((2 * w).sum(), gradients=True).svg())


def test_a_gradient_of_a_broadcast_input_has_its_shape() -> None:
    b = autograd.zeros(1, requires_grad=True)
    assert "[6]" in words(autograd.draw_graph((autograd.ones(2, 3) + b).sum(), names={"b": b}, gradients=True).svg())


@pytest.mark.parametrize("step", [2, 6, -1])
def test_a_step_stands_out(step: int) -> None:
    drawing = autograd.draw_graph(numbers()[0])
    svg, shown = drawing.svg(step), drawing.steps[step]
    ElementTree.fromstring(svg)
    assert f".{shown.direction}-{shown.number} .call-{shown.number} .edge" in svg
    assert f'class="{shown.direction}-{shown.number}"' in svg
    assert (".up { display: inline }" in svg) == (shown.direction == "backward")


def test_the_stepper_has_a_button_for_each_step() -> None:
    drawing = autograd.draw_graph(numbers()[0])
    html, other = drawing.stepper()._repr_html_(), drawing.stepper()._repr_html_()
    assert html.count('type="radio"') == 1 + len(drawing.steps) == html.count("<p class=")
    assert "<script" not in html
    (name,), (second,) = (set(re.findall(r'name="([\w-]+)"', text)) for text in (html, other))
    assert name != second  # else a choice in one would change the other on the same page


def test_save(tmp_path: Path) -> None:
    drawing = autograd.draw_graph(numbers()[0])
    drawing.save(tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8") == drawing.svg()
    assert [path.name for path in tmp_path.iterdir()] == ["graph.svg"]
    with pytest.raises(ValueError, match=r"graph\.png does not end in \.svg"):
        drawing.save(tmp_path / "graph.png")


def freed() -> Tensor:
    loss = numbers()[0]
    loss.backward()
    return loss


@pytest.mark.parametrize(
    ("outputs", "options", "error", "message"),
    [
        (lambda: autograd.ones(2), {}, ValueError, "nothing was recorded"),
        (lambda: 3.0, {}, TypeError, "outputs is a float; pass a tensor"),
        (lambda: ["loss"], {}, TypeError, "outputs is a list; pass a tensor"),
        (freed, {"gradients": True}, RuntimeError, "backward"),
        (lambda: autograd.ones(2, requires_grad=True) * 2, {"gradients": True}, RuntimeError, "scalar"),
    ],
)
def test_what_cannot_be_drawn(outputs: Any, options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        autograd.draw_graph(outputs(), **options)
    with pytest.raises(IndexError, match="there is no step 12; this graph has 12"):
        autograd.draw_graph(numbers()[0]).svg(12)


# ── nn.draw ────────────────────────────────────────────────────────────────────────────


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm, self.conv, self.drop = nn.BatchNorm2d(3), nn.Conv2d(3, 3, 3, padding=1), nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.drop(self.conv(self.norm(x))) + x


def test_a_model_is_drawn_and_left_as_it_was() -> None:
    model = nn.Sequential(Residual(), nn.Flatten(), nn.Linear(48, 2))
    state = {name: x.detach().clone() for name, x in model.state_dict().items()}
    random = autograd.get_rng_state()
    drawing = nn.draw(model, (2, 3, 4, 4), loss=lambda y: cross_entropy(y, autograd.tensor([0, 1])), gradients=True)
    found = words(drawing.svg())
    assert {"Sequential.0.conv (Conv2d)", "Sequential.0 (Residual)", "0.conv.weight", "input"} <= set(found)
    assert found.count("input") == 1  # the skip connection begins in the same box
    assert all((x == state[name]).all() for name, x in model.state_dict().items())
    assert (autograd.get_rng_state() == random).all() and model.training
    assert all(p.grad is None for p in model.parameters())


def test_layers_are_drawn_apart_though_they_are_computed_as_one() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2))
    assert len(nn.draw(model, (1, 1, 6, 6)).steps) == 6
    assert nn.is_fusion_enabled()


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(2, 3), nn.Linear(4, 3)

    def forward(self, x: Tensor, y: Tensor) -> dict[str, tuple[Tensor, ...]]:
        return {"found": (self.first(x), self.second(y.reshape(1, 4)))}


def test_several_inputs_and_outputs() -> None:
    found = words(nn.draw(Pair(), [(1, 2), (2, 2)]).svg())
    assert {"input 0", "input 1", "1 linear", "2 linear"} <= set(found)
    with pytest.raises(TypeError, match="draw: input_shape is 4"):
        nn.draw(nn.Linear(4, 2), 4)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nothing was recorded"):
        nn.draw(nn.Linear(4, 2).requires_grad_(False), (1, 4))


def test_paths_are_of_the_calls_inside_the_context() -> None:
    layer, x = nn.Linear(2, 2), autograd.ones(1, 2)
    with RecordPaths({"x": x}) as paths:
        y = layer(x)
    found = words(autograd.draw_graph(y.sum(), paths=paths).svg())
    assert found.count("Linear") == 1 and "x" in found and found.count("leaf") == 2
