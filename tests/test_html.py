"""What a notebook shows of summary, profile and config: the same cells as their text, as a table of HTML."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

import autograd
import nn
from autograd import html


def cells(shown: Any) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", shown._repr_html_())
    return [[unescape(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)] for row in rows]


def test_a_table() -> None:
    found = html.table(["Name", "n"], [["  <a>", "1"]], left=[0], notes=["x < y"])
    assert "<td" in found and "  &lt;a&gt;</td>" in found and "<p>x &lt; y</p>" in found
    assert re.findall(r"text-align: (\w+)", found) == ["left", "right"] * 2


def test_a_summary() -> None:
    summary = nn.summary(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), (2, 4))
    assert cells(summary)[:3] == [
        ["Layer", "Output shape", "Parameters", "FLOPs"],
        ["Sequential", "(2, 3)", "-", "-"],
        ["  0 (Linear)", "(2, 3)", "15", "48"],
    ]
    assert "trainable: 15" in summary._repr_html_()


@pytest.mark.parametrize("by", ["op", "layer", "both"])
def test_a_profile(by: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograd.profiler.peak_arithmetic", lambda dtype: 100.0)
    monkeypatch.setattr("autograd.profiler.peak_memory", lambda: 10.0)
    layer, x = nn.Linear(3, 2), autograd.ones(4, 3)
    with autograd.profiler.profile() as prof:
        layer(x).sum().backward()
    rows = prof.key_averages(by)
    heading, *found = cells(rows)
    assert heading == rows._heading() and len(found) == len(rows)
    for cell in found[0]:
        assert cell in rows.table()
    assert "GFLOP/s in float32" in rows._repr_html_()
    assert (cells(prof) == cells(rows)) == (by == "op")


def test_a_profile_of_nothing() -> None:
    with autograd.profiler.profile() as prof:
        pass
    assert prof._repr_html_() == "<p>No op of this thread ran inside the profile.</p>"


def test_the_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    found = autograd.config()
    autograd.show_config()
    printed = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert cells(found) == [["Setting", "Value"], *printed]
