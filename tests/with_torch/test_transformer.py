"""Masks of the Transformer, and its stacks of layers, as in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import autograd
import nn
from tests.with_torch.test_nn import assert_close, both, to_torch


def _masks(library: Any) -> list[dict[str, Any]]:
    causal = library.nn_.Transformer.generate_square_subsequent_mask(3)
    padding = library.tensor([[False, False, True], [False, False, False]])
    return [
        {},
        {"tgt_mask": causal, "tgt_is_causal": True},
        {"tgt_mask": causal},
        {"tgt_mask": library.isinf(causal), "tgt_key_padding_mask": padding},
        {"src_mask": library.tensor([[0.5, 1.0], [0.0, -2.0]]).double(), "src_key_padding_mask": padding[:, 1:]},
        {"memory_mask": library.tensor([[1.0, 2.0]] * 3).double(), "memory_key_padding_mask": padding[:, 1:]},
    ]


class _Ours:
    nn_, tensor, isinf = nn, staticmethod(autograd.tensor), staticmethod(autograd.isinf)


class _Theirs:
    nn_, tensor, isinf = torch.nn, staticmethod(torch.tensor), staticmethod(torch.isinf)


@pytest.mark.parametrize("case", range(6))
@pytest.mark.filterwarnings("ignore:Support for mismatched")
@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")
def test_masks(case: int) -> None:
    rng = np.random.default_rng(case)
    options = {"num_encoder_layers": 1, "num_decoder_layers": 2, "dim_feedforward": 5, "dropout": 0.0}
    ours, theirs = both("Transformer", (4, 2), options, rng)
    src, tgt = rng.standard_normal((2, 2, 4)), rng.standard_normal((3, 2, 4))
    mine = ours(autograd.tensor(src), autograd.tensor(tgt), **_masks(_Ours)[case])
    assert_close(mine, theirs(torch.tensor(src), torch.tensor(tgt), **_masks(_Theirs)[case]))
    plain = ours(autograd.tensor(src), autograd.tensor(tgt))
    assert case == 0 or not np.allclose(mine.detach(), plain.detach())  # each mask has an effect


@pytest.mark.parametrize("norm", [False, True])
def test_stacks(norm: bool) -> None:
    def build(nn_: Any, tanh: Any) -> tuple[Any, Any]:
        layer = nn_.TransformerEncoderLayer(4, 2, 5, 0.0, batch_first=True)
        first = nn_.TransformerEncoder(layer, 3, nn_.LayerNorm(4) if norm else None, enable_nested_tensor=False)
        layer = nn_.TransformerDecoderLayer(4, 2, 5, 0.0, batch_first=True, activation=tanh)
        return first.double(), nn_.TransformerDecoder(layer, 2, nn_.LayerNorm(4) if norm else None).double()

    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 2, 4))
    for ours, theirs in zip(build(nn, autograd.tanh), build(torch.nn, torch.tanh), strict=True):
        theirs.load_state_dict(to_torch(ours.state_dict()))
        assert repr(ours) == repr(theirs)
        inputs = (x,) if isinstance(ours, nn.TransformerEncoder) else (y, x)
        assert_close(ours(*map(autograd.tensor, inputs)), theirs(*map(torch.tensor, inputs)))


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")
def test_what_is_refused() -> None:
    for nn_, make, error in ((nn, autograd.zeros, (ValueError, RuntimeError)), (torch.nn, torch.zeros, Exception)):
        with pytest.raises(error):
            nn_.MultiheadAttention(5, 2)
        with pytest.raises(RuntimeError):
            nn_.TransformerEncoderLayer(4, 2, activation="swish")
        with pytest.raises(error):
            nn_.MultiheadAttention(4, 2)(make(3, 2, 5), make(3, 2, 4), make(3, 2, 4))
        with pytest.raises(RuntimeError):
            nn_.Transformer(4, 2, 1, 1, 4)(make(3, 2, 4), make(3, 1, 4))
