"""autograd.functional compared with torch.autograd.functional."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import autograd
from autograd.tensor import wrap
from autograd.testing import compare

RNG = np.random.default_rng(5)
X, Y = RNG.standard_normal((2, 3)), RNG.standard_normal(3)

FUNCTIONS: dict[str, tuple[Any, tuple[np.ndarray, ...]]] = {
    "one to one": (lambda lib, x: (x * x).exp().sum(0) * x, (X,)),
    "two to two": (lambda lib, x, y: (x @ y, (x * y).tanh()), (X, Y)),
    "independent": (lambda lib, x, y: (x * 2, y.exp()), (X, Y)),
    "scalar": (lambda lib, x, y: (x @ y).sigmoid().sum() + (y * y).log().sum(), (X, Y)),
    "scalar of one": (lambda lib, x: lib.logsumexp(x.reshape(-1), 0), (X,)),
}
SCALAR = ("scalar", "scalar of one")


def flat(value: Any) -> list[Any]:
    return [leaf for item in value for leaf in flat(item)] if isinstance(value, tuple) else [value]


def nesting(value: Any) -> Any:
    return tuple(nesting(item) for item in value) if isinstance(value, tuple) else tuple(value.shape)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("derivative", ["jacobian", "vjp", "jvp", "hessian", "hvp", "vhp"])
def test_as_torch(derivative: str, create_graph: bool, name: str) -> None:
    if derivative in ("hessian", "hvp", "vhp") and name not in SCALAR:
        f, arrays = FUNCTIONS[name]
        for lib, make in ((autograd, wrap), (torch, torch.from_numpy)):
            with pytest.raises(RuntimeError):
                function = getattr(functional_of(lib), derivative)
                function(lambda *xs: f(lib, *xs), tuple(make(a.copy()) for a in arrays))  # noqa: B023
        return
    found = []
    f, arrays = FUNCTIONS[name]
    for lib, make in ((autograd, wrap), (torch, torch.from_numpy)):
        inputs: Any = tuple(make(a.copy()) for a in arrays)
        outputs = f(lib, *inputs)
        rng = np.random.default_rng(1)
        along: Any = outputs if derivative == "vjp" else inputs
        along = along if isinstance(along, tuple) else (along,)
        v: Any = tuple(make(np.asarray(rng.standard_normal(tuple(a.shape)))) for a in along)
        if len(inputs) == 1:
            inputs = inputs[0]
        v = v[0] if len(v) == 1 else v
        options = {} if derivative in ("jacobian", "hessian") else {"v": v}
        function = getattr(functional_of(lib), derivative)
        found.append(function(lambda *xs: f(lib, *xs), inputs, create_graph=create_graph, **options))  # noqa: B023
    ours, theirs = found
    assert nesting(ours) == nesting(theirs)
    for y, z in zip(flat(ours), flat(theirs), strict=True):
        compare(f"{derivative} of {name}", y.detach().array, z.detach().numpy(), 1e-12, "PyTorch says")


def functional_of(lib: Any) -> Any:
    return autograd.functional if lib is autograd else torch.autograd.functional
