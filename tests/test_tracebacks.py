"""A wrong shape shows the user's line and the error message, with few lines between them."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
from autograd.op import Op, Sample

ROOT = Path(__file__).parents[1]
MOST_LINES = 25
CALLS: dict[str, tuple[Callable[[], Any], str]] = {
    "F.conv2d(zeros(2, 3, 8, 8), zeros(4, 5, 3, 3))": (
        lambda: F.conv2d(autograd.zeros(2, 3, 8, 8), autograd.zeros(4, 5, 3, 3)),
        "conv2d: input of shape (2, 3, 8, 8) and weight of shape (4, 5, 3, 3)",
    ),
    "nn.Linear(4, 5)(zeros(2, 3))": (
        lambda: nn.Linear(4, 5)(autograd.zeros(2, 3)),
        "linear: input of shape (2, 3) and weight of shape (5, 4)",
    ),
    "zeros(2, 3) @ zeros(2, 3)": (
        lambda: autograd.zeros(2, 3) @ autograd.zeros(2, 3),
        "matmul: shapes (2, 3) and (2, 3)",
    ),
    "zeros(2, 3) + zeros(2, 4)": (
        lambda: autograd.zeros(2, 3) + autograd.zeros(2, 4),
        "add: shapes (2, 3) and (2, 4)",
    ),
    "nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Sequential(nn.Linear(6, 2)))(zeros(2, 4))": (
        lambda: nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Sequential(nn.Linear(6, 2)))(autograd.zeros(2, 4)),
        "linear: input of shape (2, 5) and weight of shape (2, 6)",
    ),
}


def caught(function: Callable[[], Any]) -> Exception:
    with pytest.raises(Exception) as info:
        function()
    return info.value


def frames(error: Exception) -> list[str]:
    """The functions in the traceback of a call, outermost first."""
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)]


@pytest.mark.parametrize("code", CALLS)
def test_plain_python(code: str) -> None:
    function, sentence = CALLS[code]
    lines = "".join(traceback.format_exception(caught(function))).splitlines()
    assert any(line.startswith(f"ValueError: {sentence}") for line in lines)
    assert len(lines) <= MOST_LINES
    assert "apply" not in frames(caught(function))


@pytest.mark.timeout(120)
def test_ipython() -> None:
    program = "\n".join(
        [
            "from IPython.core.interactiveshell import InteractiveShell",
            "shell = InteractiveShell.instance(colors='NoColor')",
            "shell.run_cell('import nn\\nimport nn.functional as F\\nfrom autograd import zeros')",
            *(f"print('=====')\nshell.run_cell({code!r})" for code in CALLS),
        ]
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHON_COLORS": "0"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=100, check=True
    )
    shown = done.stdout.split("=====\n")[1:]
    assert len(shown) == len(CALLS), done.stdout + done.stderr
    for text, (code, (_, sentence)) in zip(shown, CALLS.items(), strict=True):
        lines = text.splitlines()
        assert lines[2].startswith("Cell In") and lines[3] == f"----> 1 {code}"  # after a rule and the error's name
        assert f"ValueError: {sentence}" in text
        assert len(lines) <= MOST_LINES, text


def test_a_users_frames_stay() -> None:
    class Net(nn.Module):
        def forward(self, x: autograd.Tensor) -> autograd.Tensor:
            return self.helper(x)

        def helper(self, x: autograd.Tensor) -> autograd.Tensor:
            return F.linear(x, autograd.zeros(2, 2))

    def user() -> None:
        Net()(autograd.zeros(3, 3))

    names = frames(caught(user))
    assert [name for name in names if name in ("user", "forward", "helper")] == ["user", "forward", "helper"]
    assert names[-1] == "check_linear"


@pytest.mark.parametrize(
    "forward, error",
    [
        (lambda x: x.nothing, AttributeError),
        (lambda x: np.matmul(x, np.ones((7, 7))), ValueError),  # NumPy's own error for a mistake in the op
    ],
)
def test_every_frame_of_a_mistake_stays(forward: Callable[..., Any], error: type[Exception]) -> None:
    op = Op(name="mistaken", forward=forward, backward=None, reference=forward, sample=lambda draw: Sample(()))
    found = caught(lambda: op(autograd.zeros(2, 2)))
    assert type(found) is error
    assert {"__call__", "apply", "forward", "<lambda>"} <= set(frames(found))
