"""Calls of recurrent networks and cells.  test_recurrent.py compares the layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.with_torch.calls import call

GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}


def _network(draw: Any, name: str) -> Any:
    """Padded and packed, with and without biases and projection, in all other options."""
    features, hidden, batch, steps = (draw.size(1, 3) for _ in range(4))
    biases, layers, both, first = draw.choice(True, False), draw.size(1, 2), draw.choice(False, True), draw.choice(0, 1)
    state = draw.choice(hidden, hidden, 1) if name == "lstm" and hidden > 1 else hidden
    directions, rows = 1 + both, GATES[name] * hidden
    params = []
    for k in range(layers * directions):
        size = features if k < directions else directions * state
        params += [draw.tensor(rows, size), draw.tensor(rows, state)]
        params += [draw.tensor(rows), draw.tensor(rows)] if biases else []
        params += [draw.tensor(state, hidden)] if state != hidden else []
    h = draw.tensor(layers * directions, batch, state)
    hx = (h, draw.tensor(layers * directions, batch, hidden)) if name == "lstm" else h
    if draw.choice(False, True):
        sizes = np.sort([batch, *draw.integers(steps - 1, 1, batch)])[::-1].copy()
        return (draw.tensor(sizes.sum(), features), sizes, hx, params, biases, layers, 0.3, False, bool(both)), {}
    x = draw.tensor(*((batch, steps) if first else (steps, batch)), features)
    return (x, hx, params, biases, layers, draw.choice(0.0, 0.5), False, bool(both), bool(first)), {}


def _cell(draw: Any, name: str) -> Any:
    features, hidden, batch = draw.size(1, 3), draw.size(1, 3), draw.choice((1,), (2,))
    rows, h = GATES[name] * hidden, draw.tensor(*batch, hidden)
    hx = (h, draw.tensor(*batch, hidden)) if name == "lstm" else h
    weights = draw.tensor(rows, features), draw.tensor(rows, hidden)
    biases = draw.choice({}, {"b_ih": draw.tensor(rows), "b_hh": draw.tensor(rows)})
    return (draw.tensor(*batch, features), hx, *weights), biases


for _name in GATES:
    call(_name, where="torch")(lambda draw, name=_name: _network(draw, name))
    call(f"{_name}_cell", where="torch")(lambda draw, name=_name: _cell(draw, name))
