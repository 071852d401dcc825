"""The scripts at the top of examples/: each is short, runs on its own, and shows what its docstring promises."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = (  # in reading order
    "regression",
    "cifar_cnn",
    "data_loader",
    "char_rnn",
    "char_transformer",
    "own_op",
    "own_optimizer",
    "higher_order",
    "hooks_and_profiler",
)
NUMBER = r"(-?\d+\.\d+(?:e[-+]\d+)?)"


def run(name: str, folder: Path) -> str:
    """Run a script as a user does, in a folder of its own, and return its output."""
    environment = {key: value for key, value in os.environ.items() if key != "CIFAR10_DIR"}
    done = subprocess.run(
        [sys.executable, "-m", f"examples.{name}"],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    printed = done.stdout.replace(str(ROOT), "")  # a user's path may contain any letters
    assert printed.isascii(), "a terminal or pipe without UTF-8 could not print this"
    assert "\r" not in printed and "\x1b" not in printed, "control characters do not belong in a pipe"
    return printed


def numbers(pattern: str, printed: str) -> list[float]:
    """The numbers in the places where the pattern says NUMBER."""
    found = re.findall(pattern.replace("NUMBER", NUMBER), printed)
    return [float(number) for match in found for number in ([match] if isinstance(match, str) else match)]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_read_in_one_go(name: str) -> None:
    text = (ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8")
    lines = len(text.splitlines())
    assert lines <= 80, f"{name}.py has {lines} lines; a script at the top of examples/ has at most 80"
    docstring = ast.get_docstring(ast.parse(text)) or ""
    assert f"Run ``python -m examples.{name}`` (about " in docstring, f"{name}.py: say how to run it, and how long"
    assert "You will see" in docstring, f"{name}.py: say what the reader will see"


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_stands_alone(name: str) -> None:
    tree = ast.parse((ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8"))
    imported = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {(node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    allowed = {"autograd", "nn", "optim", "numpy", "matplotlib", "math", "pathlib", "dataclasses"}
    allowed |= {"cifar_cnn": {"examples"}, "char_rnn": {"sys"}}.get(name, set())  # CIFAR-10's loader; a text by name
    assert imported <= allowed, f"{name}.py imports {imported - allowed}; a script should need no other file"


def test_the_guide_lists_every_script_in_reading_order() -> None:
    guide = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[`(\w+)\.py`\].*?\|.*?\| (\d+) \|", guide, re.MULTILINE)
    assert tuple(name for name, _ in rows) == SCRIPTS
    for name, seconds in rows:
        text = (ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8")
        assert f"(about {seconds} seconds)" in text, f"{name}.py: its docstring and the guide give different durations"


def test_regression(tmp_path: Path) -> None:
    printed = run("regression", tmp_path)
    line, network = numbers("Final loss: line NUMBER, network NUMBER", printed)
    assert 0.4 < line < 0.45  # a line cannot bend
    assert 0.007 < network < 0.012  # the variance of the noise is 0.01
    rows = re.findall(rf"^ +{NUMBER} +{NUMBER} +{NUMBER} +{NUMBER}$", printed, re.MULTILINE)
    assert len(rows) == 10
    assert all(abs(float(fitted) - float(true)) < 0.1 for _, true, _, fitted in rows)
    assert (tmp_path / "runs" / "regression.png").stat().st_size > 10_000


@pytest.mark.slow
@pytest.mark.parallel
def test_cifar_cnn(tmp_path: Path) -> None:
    """The claim holds for CIFAR-10, if this user has downloaded it, and for the synthetic images used otherwise."""
    printed = run("cifar_cnn", tmp_path)
    losses = numbers("loss NUMBER", printed)
    assert 2.2 < losses[0] < 2.5 and losses[-1] < 1.6  # log(10) at first
    train, test = numbers("Accuracy: NUMBER% on training pictures, NUMBER% on test pictures", printed)
    assert test > 40
    assert abs(train - test) < 10
    assert (tmp_path / "runs" / "cifar_cnn.png").stat().st_size > 10_000


def test_data_loader(tmp_path: Path) -> None:
    printed = run("data_loader", tmp_path)
    accuracies = numbers("accuracy NUMBER%", printed)
    assert len(accuracies) == 12 and accuracies[0] < 90 and accuracies[-1] >= 95
    assert "Stopped after 10 batches." in printed
    assert "end with the same weights: True" in printed


@pytest.mark.slow
@pytest.mark.parallel
def test_char_rnn(tmp_path: Path) -> None:
    printed = run("char_rnn", tmp_path)
    (guessing,) = numbers("guessing: loss NUMBER", printed)
    losses, new = numbers("step .* loss NUMBER  ", printed), numbers("on new text NUMBER", printed)
    assert len(losses) == len(new) == 7
    assert abs(losses[0] - guessing) < 0.2 and abs(new[0] - guessing) < 0.2
    assert losses[-1] < 1.4 and new[-1] < 1.8  # nearer to 1.5; the text is the source of nn, which changes
    written = printed.partition("It writes:")[2]
    assert "self." in written and written.count("\n    ") > 5


@pytest.mark.slow
@pytest.mark.parallel
def test_char_transformer(tmp_path: Path) -> None:
    printed = run("char_transformer", tmp_path)
    right = numbers("new sums right: +NUMBER%", printed)
    assert right[0] < 5 and right[-1] > 95
    answers = re.findall(r"^  (\d\d)\+(\d\d)=(\d{3})$", printed, re.MULTILINE)
    assert len(answers) == 5
    assert sum(int(a) + int(b) == int(c) for a, b, c in answers) >= 4


def test_own_op(tmp_path: Path) -> None:
    printed = run("own_op", tmp_path)
    assert "gradcheck of the gradient: True" in printed
    assert "gradgradcheck of the second derivative: True" in printed
    assert "check_op of gaussian: passed" in printed
    backward, differences = numbers("backward says NUMBER, finite differences NUMBER", printed)
    assert abs(2 * backward - differences) < 1e-6  # the forgotten factor of 2
    assert numbers("NUMBER% of points right", printed)[0] > 95


def test_own_optimizer(tmp_path: Path) -> None:
    printed = run("own_optimizer", tmp_path)
    sgd, lion = numbers(" 500 +NUMBER +NUMBER", printed)
    assert lion < 1e-4 < sgd < 0.05
    assert numbers("SGD NUMBER%, Lion NUMBER%", printed) == [100, 100]


def test_higher_order(tmp_path: Path) -> None:
    printed = run("higher_order", tmp_path)
    rows = [[float(value) for value in line.split()[1:]] for line in printed.splitlines() if line.startswith("  sin")]
    assert len(rows) == 4
    assert rows[2] == [-value for value in rows[0]] and rows[3] == [-value for value in rows[1]]
    values = numbers("value NUMBER", printed)
    assert len(values) == 7 and values[-1] < 1e-15  # after six steps
    assert numbers(r"largest error NUMBER", printed)[-1] < 0.001


def test_hooks_and_profiler(tmp_path: Path) -> None:
    printed = run("hooks_and_profiler", tmp_path)
    sigmoid, relu = numbers("first layer's gradient is NUMBER of the last one's", printed)
    assert sigmoid < 0.001 < 0.1 < relu
    assert len(numbers("outputs NUMBER +gradient NUMBER", printed)) == 2 * 6 * 2
    assert "the gradient is [1.0, nan]" in printed
    assert re.search(r"with it: sqrt: .*hooks_and_profiler\.py, line \d+: norms = \(x \* x\)\.sqrt\(\)", printed)
    assert re.search(r"^conv2d\b.* backward +10 ", printed.replace("_", " "), re.MULTILINE)  # fused with its neighbors
