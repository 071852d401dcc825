"""Packed sequences and recurrent layers on them against PyTorch's, and PyTorch's own samples of these layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st
from torch.testing._internal.common_modules import module_db

import autograd
import nn
from autograd import Tensor
from autograd.tensor import wrap
from nn.utils import rnn
from tests.with_torch.op_db import NotOurs, to_ours, to_theirs
from tests.with_torch.test_nn import Draw, assert_close, both, flat

KINDS = {"RNN": {"nonlinearity": "relu"}, "LSTM": {"proj_size": 2}, "GRU": {}}


def assert_same(ours: Any, theirs: Any) -> None:
    """Tensors, PackedSequences, tuples of them, and None agree."""
    if theirs is None or ours is None:
        assert theirs is ours
    elif isinstance(theirs, torch.Tensor):
        assert isinstance(ours, Tensor)
        assert_close(ours, theirs)
    else:
        assert len(ours) == len(theirs) and getattr(ours, "_fields", 0) == getattr(theirs, "_fields", 0)
        for a, b in zip(ours, theirs, strict=True):
            assert_same(a, b)


def draw_sequences(draw: Draw, in_order: bool, *rest: int) -> list[np.ndarray]:
    lengths = [draw.size(1, 5) for _ in range(draw.size(1, 4))]
    return [draw.array(length, *rest) for length in (sorted(lengths, reverse=True) if in_order else lengths)]


@given(data=st.data())
def test_packing_and_padding(data: Any) -> None:
    draw = Draw(data)
    in_order, first, rest = draw.choice(True, False), draw.choice(True, False), draw.choice((), (2,), (2, 3))
    arrays = draw_sequences(draw, in_order, *rest)
    lengths = [len(x) for x in arrays]
    value, side, more = draw.choice(0.0, -1.5), draw.choice("right", "left"), draw.choice(None, 0, 2)
    results = []
    for library, mine in ((autograd, rnn), (torch, torch.nn.utils.rnn)):
        xs = [library.tensor(x, requires_grad=True) for x in arrays]
        padded = mine.pad_sequence(xs, first, value, side)
        given_lengths = (
            draw.choice(lengths, library.tensor(lengths)) if library is autograd else library.tensor(lengths)
        )
        packed = mine.pack_padded_sequence(padded, given_lengths, first, in_order)
        again = mine.pack_sequence(xs, enforce_sorted=in_order)
        total = None if more is None else max(lengths) + more
        back, back_lengths = mine.pad_packed_sequence(again, first, value, total)
        pieces = mine.unpack_sequence(again)
        apart = mine.unpad_sequence(padded.clone(), library.tensor(lengths), first)
        made = [padded, packed, again, back, back_lengths, pieces, apart, packed.double()]
        floats = [t for t in (*flat_tensors(made),) if "float" in str(t.dtype)]
        total_sum = sum((t * t * (k + 1)).sum() for k, t in enumerate(floats))
        grads = library.autograd.grad(total_sum, xs)
        results.append((made, list(grads)))
    assert_same(*results)


def flat_tensors(value: Any) -> list[Any]:
    return [leaf for leaf in flat(value) if leaf is not None]


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data())
def test_layers_on_packed_sequences(name: str, data: Any) -> None:
    draw = Draw(data)
    in_order, features = draw.choice(True, False), draw.size(1, 3)
    options = {
        "num_layers": draw.size(1, 2),
        "bidirectional": draw.choice(False, True),
        "bias": draw.choice(True, False),
    }
    options |= draw.choice({}, KINDS[name])
    arrays = draw_sequences(draw, in_order, features)
    ours, theirs = both(name, (features, 3), options, draw.rng)
    size = options.get("proj_size", 3)
    states = [draw.array(options["num_layers"] * (1 + options["bidirectional"]), len(arrays), n) for n in (size, 3)]
    given_states = draw.choice(True, False)
    results = []
    for library, mine, layer in ((autograd, rnn, ours), (torch, torch.nn.utils.rnn, theirs)):
        leaves = [library.tensor(x, requires_grad=True) for x in (*arrays, *states)]
        hx = leaves[-2:] if name == "LSTM" else leaves[-2]
        packed = mine.pack_sequence(leaves[:-2], enforce_sorted=in_order)
        y, last = layer(packed, hx) if given_states else layer(packed)
        weighted = [(t * t * (k + 1)).sum() for k, t in enumerate((y.data, *flat(last)))]
        grads = library.autograd.grad(sum(weighted), [*leaves, *layer.parameters()], allow_unused=True)
        results.append((y, last, list(grads)))
    assert_same(*results)


@pytest.mark.parametrize("name", KINDS)
def test_dropout_between_layers(name: str) -> None:
    """With p = 1 the second layer sees zeros in training, and nothing is dropped in evaluation."""
    ours, theirs = both(name, (2, 3, 2), {"dropout": 1.0}, np.random.default_rng(0))
    x = np.random.default_rng(1).standard_normal((4, 2, 2))
    for mode in (True, False):
        assert_same(ours.train(mode)(autograd.tensor(x)), theirs.train(mode)(torch.tensor(x)))


SAMPLES = [info for info in module_db if info.name.rpartition(".")[2].removesuffix("Cell") in KINDS]


@pytest.mark.parametrize("info", SAMPLES, ids=lambda info: info.name)
def test_samples_of_module_db(info: Any) -> None:
    name, compared = info.name.rpartition(".")[2], 0
    for training in (True, False):
        for sample in info.module_inputs_func(
            info, device="cpu", dtype=torch.float64, requires_grad=True, training=training
        ):
            made, call = sample.constructor_input, sample.forward_input
            theirs = getattr(torch.nn, name)(*made.args, **{**made.kwargs, "dtype": torch.float64}).train(training)
            ours = getattr(nn, name)(*made.args, **{**made.kwargs, "dtype": autograd.float64}).train(training)
            ours.load_state_dict({key: wrap(t.numpy().copy()) for key, t in theirs.state_dict().items()})
            if made.kwargs.get("dropout") and training:
                continue  # random
            try:
                args, kwargs = to_ours(tuple(call.args)), to_ours(dict(call.kwargs))
            except NotOurs:
                continue
            assert_same(ours(*args, **kwargs), theirs(*to_theirs(tuple(call.args)), **to_theirs(dict(call.kwargs))))
            compared += 1
    assert compared


ERRORS = {
    "features": lambda lib, rnn: lib.LSTM(3, 4)(rnn[0](2, 1, 5)),
    "dimensions": lambda lib, rnn: lib.GRU(3, 4)(rnn[0](2, 1, 1, 3)),
    "state": lambda lib, rnn: lib.GRU(3, 4)(rnn[0](2, 1, 3), rnn[0](1, 2, 4)),
    "state of another dimension": lambda lib, rnn: lib.LSTM(3, 4)(rnn[0](2, 1, 3), (rnn[0](1, 4), rnn[0](1, 4))),
    "nonlinearity": lambda lib, rnn: lib.RNN(3, 4, nonlinearity="sin"),
    "projection": lambda lib, rnn: lib.LSTM(3, 4, proj_size=4),
    "dropout": lambda lib, rnn: lib.GRU(3, 4, 2, dropout=1.5),
    "size of 0": lambda lib, rnn: lib.GRU(0, 4),
    "a size that is no integer": lambda lib, rnn: lib.LSTM(3.5, 4),
    "bias": lambda lib, rnn: lib.LSTM(3, 4, 1, 0.5),
    "cell of another size": lambda lib, rnn: lib.LSTMCell(3, 4)(rnn[0](2, 5)),
    "dimensions of a cell": lambda lib, rnn: lib.GRUCell(3, 4)(rnn[0](2, 2, 3)),
    "state of a cell": lambda lib, rnn: lib.RNNCell(3, 4)(rnn[0](2, 3), rnn[0](3, 4)),
    "lengths not sorted": lambda lib, rnn: rnn[1].pack_padded_sequence(rnn[0](3, 2, 1), [1, 3]),
    "a length of 0": lambda lib, rnn: rnn[1].pack_padded_sequence(rnn[0](3, 2, 1), [3, 0]),
    "number of lengths": lambda lib, rnn: rnn[1].pack_padded_sequence(rnn[0](3, 2, 1), [3]),
    "total_length": lambda lib, rnn: rnn[1].pad_packed_sequence(rnn[1].pack_sequence([rnn[0](3, 1)]), total_length=2),
    "no sequences": lambda lib, rnn: rnn[1].pad_sequence([]),
    "shapes": lambda lib, rnn: rnn[1].pad_sequence([rnn[0](3, 1), rnn[0](2, 2)]),
}


@pytest.mark.parametrize("what", ERRORS)
def test_errors_are_of_pytorchs_type(what: str) -> None:
    with pytest.raises(Exception) as theirs:
        ERRORS[what](torch.nn, (torch.zeros, torch.nn.utils.rnn))
    with pytest.raises(theirs.type, match=r"^\w+: .*[a-z]"):
        ERRORS[what](nn, (autograd.zeros, rnn))
