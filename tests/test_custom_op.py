"""A user's op: one file, one call of register, and the same tests as lucidgrad's own ops."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd.op import Op, table
from autograd.testing import check_op

README = Path(__file__).resolve().parents[1] / "README.md"


def readme_block() -> str:
    """The code block of the README that registers an op."""
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    (block,) = [block for block in blocks if "register(Op(" in re.sub(r"\s", "", block)]
    return block


@pytest.fixture
def user_file(tmp_path: Path) -> Iterator[tuple[ModuleType, Op]]:
    """The block as a module, and its row.  The row is removed from the table afterwards."""
    path = tmp_path / "user_op.py"
    path.write_text(readme_block(), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("user_op", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = set(table)
    try:
        spec.loader.exec_module(module)
        (name,) = set(table) - before
        yield module, table[name]
    finally:
        for name in set(table) - before:
            del table[name]


def test_readme_op_passes_what_ours_pass(user_file: tuple[ModuleType, Op]) -> None:
    check_op(user_file[1])


def test_readme_op_trains(user_file: tuple[ModuleType, Op]) -> None:
    """A network with the op between two linear layers learns, also with create_graph."""
    op = user_file[1]

    class Layer(nn.Module):
        def forward(self, x: autograd.Tensor) -> autograd.Tensor:
            return op(x)

    x = autograd.randn(64, 3)
    y = (x * x).sum(1, keepdim=True)
    net = nn.Sequential(nn.Linear(3, 16), Layer(), nn.Linear(16, 1))
    optimizer = optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    losses = []
    for _ in range(100):
        optimizer.zero_grad()
        loss = ((net(x) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 4


def test_a_wrong_backward_is_found(user_file: tuple[ModuleType, Op]) -> None:
    op = user_file[1]

    def backward(ctx: Any, g: Any, **params: Any) -> Any:
        return op.backward(ctx, g * 2, **params)  # type: ignore[misc]

    with pytest.raises(AssertionError, match=rf"(?s)check_gradients: {op.name}\(.*gradient of input 0.*is wrong at"):
        check_op(dataclasses.replace(op, name=op.name, backward=backward))


def test_a_name_is_taken_once(user_file: tuple[ModuleType, Op]) -> None:
    op = user_file[1]

    def forward(*arrays: Any, **params: Any) -> Any:
        return op.forward(*arrays, **params)

    for other in (dataclasses.replace(op, forward=forward), dataclasses.replace(op, forward=np.exp)):
        with pytest.raises(ValueError, match=f"there is already an op named '{op.name}'"):
            autograd.register(other)
    assert table[op.name] is op


def test_no_op_of_ours_is_replaced() -> None:
    for row in list(table.values()):
        with pytest.raises(ValueError, match=f"there is already an op named '{row.name}'"):
            autograd.register(dataclasses.replace(row))


CELL = """
import autograd

def forward(x):
    return x * {factor}

op = autograd.register(autograd.Op(
    name="of_a_cell",
    forward={forward},
    backward=lambda ctx, g: g * {factor},
    reference=lambda x: x * {factor},
    sample=lambda draw: autograd.Sample((draw.tensor(3),)),
    kind="multilinear",
))
"""


@pytest.mark.parametrize("forward", ["forward", "lambda x: x * {factor}"])
def test_a_cell_that_runs_again_replaces_its_op(forward: str) -> None:
    """In a notebook each run of a cell is compiled with a new file name."""
    notebook: dict[str, Any] = {"__name__": "__main__"}
    try:
        for run, factor in enumerate((2, 2, 3)):
            cell = CELL.format(factor=factor, forward=forward.format(factor=factor))
            exec(compile(cell, f"<ipython-input-{run}>", "exec"), notebook)
            assert table["of_a_cell"] is notebook["op"]
            assert notebook["op"](autograd.ones(1)).tolist() == [factor]
        with pytest.raises(ValueError, match="there is already an op named 'of_a_cell'"):
            exec(compile(cell, "other.py", "exec"), {"__name__": "other"})
        assert table["of_a_cell"] is notebook["op"]
    finally:
        del table["of_a_cell"]


def test_a_gradient_of_the_wrong_shape_names_the_op() -> None:
    op = Op(
        name="halves",
        forward=lambda x: x[: len(x) // 2],
        backward=lambda ctx, g: g,
        reference=lambda x: x[: len(x) // 2],
        sample=lambda draw: autograd.Sample((draw.tensor(2 * draw.size(1, 3)),)),
        kind="multilinear",
    )
    with pytest.raises(RuntimeError, match=r"halves: its backward returned a gradient of shape \(2,\) for input 0"):
        op(autograd.tensor(np.ones(4), requires_grad=True)).sum().backward()
    with pytest.raises(RuntimeError, match="halves"):
        check_op(op)
