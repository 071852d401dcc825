"""The model of how training scales, and the page that it fills."""

from __future__ import annotations

import json
from typing import Any

import pytest

from examples.benchmark.scaling.model import (
    Computing,
    Net,
    communication,
    efficiency,
    fitted,
    rows_needed,
)
from examples.benchmark.scaling.page import page
from tests.runs import ROOT

LINK = Net(latency=1e-3, bandwidth=1e6)
BATCH = 1024


def test_one_rank_sends_nothing() -> None:
    assert communication(1, 8, BATCH, 10_000, 5, 1e9, LINK).total == 0


@pytest.mark.parametrize(
    ("ranks", "shards", "size", "turns", "moved", "added"),
    [
        (2, 8, 1000, 1, 1000, 1000),  # halves: to the one neighbour
        (8, 8, 1000, 3, 3000, 3000),  # halves: three rounds
        (3, 3, 1000, 2, 2000, 2000),  # gather: two other blocks
        (4, 4, 1 << 20, 6, 3 / 4 * 2 * (1 << 20), 3 / 4 * (1 << 20)),  # slices: quarters out, and quarters in
    ],
)
def test_the_ways_of_adding(ranks: int, shards: int, size: int, turns: int, moved: float, added: float) -> None:
    found = communication(ranks, shards, BATCH, size, 0, 1e7, LINK)
    assert found.latency == pytest.approx(turns * LINK.latency)
    assert found.bandwidth == pytest.approx(moved / LINK.bandwidth)
    assert found.adding == pytest.approx(added / 1e7)


def test_other_calls_take_a_round_for_each_doubling_of_ranks() -> None:
    few, many = (communication(8, 8, BATCH, 1000, calls, 1e9, LINK) for calls in (0, 5))
    assert many.latency - few.latency == pytest.approx(5 * 3 * LINK.latency)


def test_computing_is_fitted() -> None:
    assert fitted([16, 64, 256], [0.002 + 0.0001 * rows for rows in (16, 64, 256)]) == pytest.approx((0.002, 0.0001))
    through_zero = fitted([10, 100], [0.9e-3, 11e-3])  # a line through both would begin below 0
    assert through_zero.fixed == 0 and through_zero.each == pytest.approx(1e-4, rel=0.1)


def test_rows_that_are_needed_give_the_efficiency() -> None:
    computing = Computing(0.001, 0.0002)
    other = communication(16, 16, BATCH, 1 << 20, 5, 1e9, LINK)
    rows = rows_needed(0.8, computing, other)
    assert efficiency(computing(rows), other) == pytest.approx(0.8)


def test_the_page_is_made_of_the_numbers_beside_it() -> None:
    """Run ``python -m examples.benchmark.scaling --out docs --page`` after a change of the page's text."""
    docs = ROOT / "docs"
    assert (docs / "scaling.md").read_text() == page(json.loads((docs / "scaling.json").read_text()))


def test_a_page_without_pytorch_or_hosts() -> None:
    found: dict[str, Any] = json.loads((ROOT / "docs" / "scaling.json").read_text())
    lanes = [lane for lane in found["lanes"] if lane["framework"] == "lucidgrad" and not lane.get("hosts")]
    text = page({**found, "lanes": lanes, "torch": "", "missing": {"torch": "PyTorch is not installed"}})
    assert "Not measured: PyTorch is not installed.\n" in text
    assert "nan" not in text and "None" not in text
