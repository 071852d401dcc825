"""Calls of the kinds of dropout, and of random functions, whose results are not random."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.with_torch.calls import call

CERTAIN = ({"p": 1.0}, {"p": 0.0}, {"training": False}, {"p": 0.3, "training": False})


def dropped(name: str, *ndims: int) -> None:
    """Only calls without randomness, because our random numbers differ from PyTorch's."""

    @call(name, where="functional")
    def generate(draw: Any) -> Any:
        options = {"training": True, **draw.choice(*CERTAIN)}
        return (draw.tensor(*(draw.size(1, 3) for _ in range(draw.choice(*ndims)))),), options


dropped("dropout1d", 2, 3)
dropped("dropout3d", 4, 5)
dropped("alpha_dropout", 1, 2, 3)
dropped("feature_alpha_dropout", 2, 3, 4)


@call("gumbel_softmax", where="functional")
def gumbel_softmax(draw: Any) -> Any:
    """Logits so far apart that the noise has no say."""
    logits = 1000.0 * np.array(draw.permutation(draw.size(2, 5)), np.float64)
    options = {"tau": draw.choice(1, 0.5), "eps": 1e-9, "dim": draw.choice(-1, 0)}
    return (logits,), {"hard": draw.choice(True, False), **options}
