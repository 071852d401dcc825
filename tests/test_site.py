"""The documentation's site: its pages, before Sphinx makes HTML of them.  `make docs` checks links and anchors."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import autograd
import nn
import optim
from autograd.op import table
from docs.site import docstrings, figures, made, names
from docs.site.__main__ import loaded_from_elsewhere
from docs.site.code import used
from docs.site.written import README, ROOT, TITLES, Writer, fenced, written_pages


def test_every_written_page_is_in_the_menu() -> None:
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")}
    missing = there - set(written_pages())
    assert not missing, f"add to MENU in docs/site/written.py: {', '.join(sorted(missing))}"


def copied(page: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The text of a written page in the site."""
    root = tmp_path / "root"
    for path in ("README.md", "docs/design.md", "lsf/README.md", "docs/a.svg", "setup.py", "docs/runs/x.json", page):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("text\n", encoding="utf-8")
    (root / page).write_text(text, encoding="utf-8")
    monkeypatch.setattr("docs.site.written.ROOT", root)
    writer = Writer(tmp_path / "out")
    writer.copy(page)
    return (tmp_path / "out" / page).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("link", "becomes"),
    [
        ("[a](../README.md)", "[a](../index.md)"),
        ("[a](../README.md#the-files)", "[a](../index.md#the-files)"),
        ("[lsf](../lsf)", "[lsf](../lsf/README.md)"),
        ("[a](../setup.py)", "[a](../source/setup.py.md)"),
        ("![a](a.svg)", "![a](a.svg)"),
        ("[runs](runs)", "runs"),
        ("[a](#here) [b](https://b.org/x)", "[a](#here) [b](https://b.org/x)"),
        ("```sh\n[a](nowhere.md)\n```", "```sh\n[a](nowhere.md)\n```"),
        ("```\nis in\n```\n\n~~~\npass\n~~~", "```none\nis in\n```\n\n~~~none\npass\n~~~"),
    ],
)
def test_links(link: str, becomes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert copied("docs/design.md", link, tmp_path, monkeypatch) == becomes + "\n"


def test_links_of_a_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# A\n", "[a](../../README.md)"]},
        {"cell_type": "code", "source": ["[a](b)"]},
    ]
    page = "examples/notebooks/a.ipynb"
    found = json.loads(copied(page, json.dumps({"cells": cells}), tmp_path, monkeypatch))
    assert "".join(found["cells"][0]["source"]) == "# A\n[a](../../index.md)"
    assert found["cells"][1] == cells[1]


def test_a_link_to_nothing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"docs/design.md links to nowhere.md"):
        copied("docs/design.md", "[a](nowhere.md)", tmp_path, monkeypatch)


def test_the_first_page_lists_the_others(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.copy(README)
    first = (tmp_path / "index.md").read_text(encoding="utf-8")
    for page in [*written_pages()[1:], "reference/ops/index.md"]:
        title = TITLES.get(page)
        assert (f"\n{title} <{page}>\n" if title else f"\n{page}\n") in first


@pytest.mark.parametrize(
    ("plain", "rst"),
    [
        ("|x| and *args", r"\|x\| and \*args"),
        ("`a*b` and x_", r"`a*b` and x\_"),
        ("Sum:\n\n    y = Σ |x|\n\nThen.", "Sum:\n\n::\n\n    y = Σ |x|\n\nThen."),
        ("Examples\n--------\n>>> 2 * 3\n6", "Examples\n--------\n>>> 2 * 3\n6"),
        ("Parameters\n----------\nx : Tensor\n    Of |x|.", "Parameters\n----------\nx : Tensor\n    Of \\|x\\|."),
    ],
)
def test_docstrings_become_rst(plain: str, rst: str) -> None:
    assert docstrings.as_rst(plain.split("\n")) == rst.split("\n")


def test_the_page_of_an_op(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    page = made.op_page(names.functions()["relu"], writer)
    for part in (
        "# autograd.relu", "dx = 0 if y = 0", "np.where(x <= 0, 0, x)", "def _relu_grad(", "torch.relu.html",
        "relu(float64", "`relu_input_grad`", "currentColor",
    ):  # fmt: skip
        assert part in page
    page = made.op_page(names.functions()["conv2d"], writer)
    assert "autograd/kernels/winograd.py" in page and "gradient of the input" in page
    assert "autograd/kernels/winograd.py" in writer.sources


def test_every_row_of_a_public_name_has_a_page() -> None:
    pages = names.functions()
    helpers = {row.name for function in pages.values() for row in function.helpers}
    lost = [
        name for name in names.public_names(autograd) if name in table and name not in pages and name not in helpers
    ]
    assert not lost


def test_what_a_row_runs() -> None:
    found = used([table["relu"]])
    assert [kernel.__name__ for kernel in found.kernels] == ["_relu", "_relu_grad"]
    assert used([table["exp"]]) == ([], [])


@pytest.mark.parametrize(("name", "drawn"), [("relu", True), ("sqrt", True), ("flatten", False), ("dropout", False)])
def test_curves_are_of_functions_of_one_number(name: str, drawn: bool) -> None:
    assert bool(made.elementwise_curve(names.functions()[name].value)) == drawn


@pytest.mark.filterwarnings("ignore")
def test_a_function_of_its_neighbours_has_no_curve() -> None:
    assert made.elementwise_curve(lambda x: nn.functional.softmax(x, 0)) is None


def test_an_optimizer_walks_to_the_minimum() -> None:
    points = figures.descend(lambda p: optim.SGD(p, lr=0.3, momentum=0.8))
    assert points.shape == (figures.STEPS + 1, 2)
    assert tuple(points[0]) == pytest.approx(figures.START)
    assert abs(points[-1]).max() < 0.2


def test_each_optimizer_and_scheduler_has_a_picture() -> None:
    assert set(made.WALKS) == set(names.optimizers())
    assert set(made.CALLS) == set(names.schedulers())


def test_rates_follow_the_formula() -> None:
    values = figures.rates(lambda o: made.lr_scheduler.StepLR(o, 2, 0.5), 5)
    assert values.tolist() == pytest.approx([0.1, 0.1, 0.05, 0.05, 0.025])


def test_speed_is_read_from_the_benchmark() -> None:
    found = {
        "processor": "a processor", "threads": 2, "when": "2026-01-02T03:04:05+00:00",
        "results": {
            "relu (64, 32), forward": {"lucidgrad": {"median": 1.5e-3}, "torch": {"median": 9.0}},
            "conv 3→8, output": {"lucidgrad": {"median": 2e-3}},
            "relu6 (3,), forward": {"lucidgrad": {"median": 7e-3}},
            "512 × 512 × 512: a @ b": {"lucidgrad": {"median": 4e-3}},
        },
        "rates": [
            {"case": "conv 3→8, output", "threads": 2, "gflops": {"lucidgrad": 123.45}, "of_peak": 0.8},
            {"case": "relu (64, 32), forward", "threads": 2, "gbytes": {"lucidgrad": 20.0, "torch": 9.0},
             "of_bandwidth": 1.25},
            {"case": "512 × 512 × 512: a @ b", "threads": 1, "gflops": {"lucidgrad": 50.0}},
        ],
    }  # fmt: skip
    found = json.loads(json.dumps(found))
    relu, conv, matmul = (made.speed(name, found) for name in ("relu", "conv2d", "matmul"))
    assert "| case | threads | time | GB/s | of the bandwidth |" in relu
    assert "| relu (64, 32), forward | 2 | 1.50 ms | 20.0 | 125% |" in relu
    assert "relu6" not in relu and "more than 100 %" in relu
    assert "| case | threads | time | GFLOP/s | of the peak |" in conv and "more than 100 %" not in conv
    assert "| 2 | 2.00 ms | 123.5 | 80% |" in conv or "| 2 | 2.00 ms | 123.4 | 80% |" in conv
    assert "| 512 × 512 × 512: a @ b | 1 | 4.00 ms | 50.0 |\n" in matmul
    assert "2026-01-02" in relu
    assert made.speed("exp", found) == made.speed("relu", {}) == ""


def test_the_kept_benchmark_has_what_pages_show_and_no_path_of_a_machine() -> None:
    text = (ROOT / "docs" / "benchmark.json").read_text(encoding="utf-8")
    for name in ("relu", "conv2d", "matmul", "softmax", "layer_norm", "linear", "mul"):
        page = made.speed(name, json.loads(text))
        assert ("GFLOP/s" in page or "GB/s" in page) and "of the " in page, f"docs/benchmark.json lacks {name}"
    found = re.findall(r"""["\s=](/[\w.][^"\s]*)""", text)
    assert not found, f"docs/benchmark.json has paths of a machine: {', '.join(found)}; run it with relative paths"


def test_what_is_loaded_from_elsewhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<a href="https://a.org">a</a><script src="b.js"></script><script src="https://c.org/c.js"></script>'
        '<link rel="stylesheet" href="//d.org/d.css"><img src="e.png">', encoding="utf-8"
    )  # fmt: skip
    (tmp_path / "f.css").write_text('@font-face { src: url("https://f.org/f.woff2") }', encoding="utf-8")
    assert loaded_from_elsewhere(tmp_path) == [
        "a.html: https://c.org/c.js", "a.html: //d.org/d.css", "f.css: https://f.org/f.woff2",
    ]  # fmt: skip


def test_a_fence_is_longer_than_those_in_the_text() -> None:
    assert fenced("```\na\n```", "text") == "````text\n```\na\n```\n````"
