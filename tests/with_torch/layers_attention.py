"""Arguments and inputs of attention layers and the Transformer, to compare with PyTorch's: see test_nn.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Row = tuple[tuple, dict[str, Any], list[np.ndarray]]


def _sequences(draw: Any, first: bool, *features: int) -> list[np.ndarray]:
    """Batches of one number of sequences: the first of its own length, the others of a common length."""
    n, lengths = draw.choice(None, draw.size(1, 2)), (draw.size(1, 3), *(draw.size(1, 3),) * (len(features) - 1))
    shapes = [(t,) if n is None else (n, t) if first else (t, n) for t in lengths]
    return [draw.array(*shape, size) for shape, size in zip(shapes, features, strict=True)]


def _attention(draw: Any) -> Row:
    heads, first = draw.size(1, 2), draw.choice(False, True)
    e = 2 * heads
    options = {
        "bias": draw.choice(True, False),
        "add_bias_kv": draw.choice(False, True),
        "add_zero_attn": draw.choice(False, True),
        "kdim": draw.choice(None, 3),
        "vdim": draw.choice(None, 5),
        "batch_first": first,
    }
    return (e, heads), options, _sequences(draw, first, e, options["kdim"] or e, options["vdim"] or e)


def _layer(draw: Any, inputs: int) -> Row:
    first = draw.choice(False, True)
    options = {
        "dim_feedforward": 3,
        "dropout": 0.0,
        "activation": draw.choice("relu", "gelu"),
        "layer_norm_eps": draw.choice(1e-5, 0.1),
        "batch_first": first,
        "norm_first": draw.choice(False, True),
        "bias": draw.choice(True, False),
    }
    return (4, 2), options, _sequences(draw, first, *(4,) * inputs)


def _transformer(draw: Any) -> Row:
    arguments, options, inputs = _layer(draw, 2)
    return arguments, options | {"num_encoder_layers": 2, "num_decoder_layers": 1}, inputs


LAYERS: dict[str, Callable[[Any], Row]] = {
    "MultiheadAttention": _attention,
    "Transformer": _transformer,
    "TransformerDecoderLayer": lambda d: _layer(d, 2),
    "TransformerEncoderLayer": lambda d: _layer(d, 1),
}
