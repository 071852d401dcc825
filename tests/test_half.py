"""float16 and bfloat16: what is stored in them, and what is computed in float32."""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd import Tensor, ops, tensor
from autograd.gradcheck import as_tuple
from autograd.op import Op, Row, table
from autograd.promotion import BFLOAT16, FLOAT16, HALVES, finfo, result_type
from autograd.tensor import wrap
from autograd.testing import RandomDraw, compare
from autograd.types import Array

HALF = pytest.mark.parametrize("dtype", HALVES, ids=str)
# Rows of complex numbers, which have no dtype with parts of half precision.
COMPLEX = {"complex", "polar", "view_as_complex"}
# Rows with results that jump, or digits of the dtype itself: their values are not those of float32, rounded.
OWN_VALUES = {"nextafter"}


def drawn(row: Row, dtype: np.dtype) -> tuple[list[Any], dict[str, Any]]:
    """A call of the row with some elements, its floats in a half dtype."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        sample = row.sample(RandomDraw(rng, row.kind))
        arrays = [x for x in sample.inputs if isinstance(x, np.ndarray)]
        if all(x.size for x in arrays):
            break
    inputs = [x.astype(dtype) if isinstance(x, np.ndarray | np.generic) and x.dtype.kind == "f" else x
              for x in sample.inputs]  # fmt: skip
    return [np.asarray(x) if isinstance(x, np.generic) else x for x in inputs], sample.params


def run(row: Row, inputs: list[Any], params: dict[str, Any]) -> tuple[list[Tensor], list[Array | None]]:
    """The outputs, and the gradient of each input for out-gradients of 1."""
    tensors = [
        wrap(x, x.dtype.kind in "fV" and row.kind != "discrete") if isinstance(x, np.ndarray) else x for x in inputs
    ]
    outputs = list(as_tuple(row(*tensors, **params)))
    roots = [y for y in outputs if y.requires_grad]
    if roots:
        autograd.autograd.backward(roots, [autograd.ones_like(y) for y in roots])  # type: ignore[attr-defined]
    return outputs, [None if not isinstance(x, Tensor) or x.grad is None else x.grad.array for x in tensors]


@pytest.mark.slow
@pytest.mark.parallel
@HALF
@pytest.mark.parametrize("name", list(table))
def test_every_row(name: str, dtype: np.dtype) -> None:
    """What is float32 for float32 inputs is half for half ones: ops to the bit, the rest within rounding."""
    if name in COMPLEX:
        return
    row = table[name]
    inputs, params = drawn(row, dtype)
    widened = [x.astype(np.float32) if isinstance(x, np.ndarray) and x.dtype == dtype else x for x in inputs]
    given = [x.copy() if isinstance(x, np.ndarray) else x for x in inputs]
    with np.errstate(all="ignore"):
        wide, wide_gradients = run(row, widened, params)
        half, gradients = run(row, inputs, params)
    eps = float(finfo(dtype).eps)
    is_half = any(isinstance(x, np.ndarray) and x.dtype == dtype for x in inputs)
    kept = "dtype" in params
    for i, (y, z) in enumerate(zip(half, wide, strict=True)):
        expected = dtype if z.dtype == np.float32 and is_half and not kept else z.dtype
        assert y.dtype == expected, f"output {i} is {y.dtype}"
        if name not in OWN_VALUES and y.dtype.kind != "c":
            exact = isinstance(row, Op)
            rounded = z.detach().array.astype(expected).astype(np.float64)
            compare(f"output {i}", y.detach().array.astype(np.float64), rounded, 0 if exact else 8 * eps, "rounded")
    for i, (x, d, e) in enumerate(zip(inputs, gradients, wide_gradients, strict=True)):
        assert (d is None) == (e is None), f"gradient of input {i}"
        if d is not None and e is not None:
            assert d.dtype == x.dtype and d.shape == x.shape, f"the gradient of input {i} is {d.dtype}"
            if name not in OWN_VALUES:
                compare(f"the gradient of input {i}", d.astype(np.float64), e.astype(np.float64), 16 * eps, "exactly")
    for x, before in zip(inputs, given, strict=True):
        assert not isinstance(x, np.ndarray) or x.tobytes() == before.tobytes()


@HALF
def test_creation_conversion_and_printing(dtype: np.dtype) -> None:
    name = str(dtype)
    x = tensor([0.1, 1.0, 2.5], dtype=dtype)
    assert repr(x) == f"tensor([{'0.1001' if dtype == BFLOAT16 else '0.1000'}, 1.0000, 2.5000], dtype={name})"
    made = (autograd.zeros(2, dtype=dtype), autograd.randn(2, dtype=dtype), autograd.ones(2).to(dtype), x.new_ones(2))
    assert all(y.dtype == dtype for y in (*made, x[1:], x.view(3, 1), x.clone(), x.double().type(x.type())))
    assert x.is_floating_point() and x.element_size() == 2 and x.tolist() == x.float().tolist()
    assert tensor([1.0]).half().dtype == FLOAT16 and tensor([1.0]).bfloat16().dtype == BFLOAT16
    x += autograd.ones(3)  # float32
    x[0] = 7
    assert x.dtype == dtype and x.tolist() == [7, 2, 3.5]
    drawn = autograd.rand(4000, dtype=dtype)
    assert drawn.max().item() < 1 and abs(drawn.float().mean().item() - 0.5) < 0.05
    assert all(getattr(x, draw)().dtype == dtype for draw in ("uniform_", "normal_", "exponential_", "random_"))


def test_limits() -> None:
    assert (float(finfo(BFLOAT16).eps), float(finfo(FLOAT16).max)) == (2.0**-7, 65504)
    assert float(autograd.finfo().eps) == 2.0**-23
    infinite = tensor([np.inf, -np.inf], dtype=FLOAT16)
    assert infinite.nan_to_num().tolist() == [65504, -65504]
    assert autograd.nextafter(tensor(1.0, dtype=BFLOAT16), tensor(2.0, dtype=BFLOAT16)).item() == 1 + 2.0**-7


@HALF
def test_promotion(dtype: np.dtype) -> None:
    x, number = autograd.ones(2, dtype=dtype), autograd.ones((), dtype=dtype)
    other = FLOAT16 if dtype == BFLOAT16 else BFLOAT16
    assert (x * 2).dtype == (x / 3.5).dtype == (x + autograd.arange(2)).dtype == (x == 1).to(dtype).dtype == dtype
    assert (x + autograd.ones(2)).dtype == (x + x.to(other)).dtype == np.float32
    assert (x + autograd.ones(())).dtype == dtype and (number + autograd.ones(2)).dtype == np.float32
    assert result_type(x, autograd.ones(2, dtype=np.float64)) == np.float64
    with pytest.raises(TypeError, match="one float dtype"):
        ops.linear(x, autograd.ones(3, 2))


@HALF
def test_the_default_dtype(dtype: np.dtype) -> None:
    autograd.set_default_dtype(dtype)
    try:
        assert autograd.ones(2).dtype == autograd.randn(2).dtype == (autograd.arange(2) / 3).dtype == dtype
        assert repr(tensor(0.5)) == "tensor(0.5000)"
    finally:
        autograd.set_default_dtype(autograd.float32)


@HALF
def test_files_and_copies(dtype: np.dtype) -> None:
    x = tensor([0.1, 1.0, 2.5], dtype=dtype)
    file = io.BytesIO()
    autograd.save({"x": x, "part": x[1:], "number": x[0].array[()], "dtype": dtype}, file)
    file.seek(0)
    found = autograd.load(file)
    assert found["x"].dtype == found["number"].dtype == found["dtype"] == dtype
    found["x"][1] = 3
    assert found["part"].tolist() == [3, 2.5]
    for y in (copy.deepcopy(x), pickle.loads(pickle.dumps(x)), autograd.as_tensor(x.numpy())):
        assert y.dtype == dtype and y.tolist() == x.tolist()


def test_an_op_rounds_once() -> None:
    x = tensor([60000.0, 60000.0], dtype=FLOAT16)
    assert x.mean().item() == 60000  # the sum is too large for float16
    ones = autograd.ones(5000, dtype=BFLOAT16)
    assert ones.sum().item() == 4992  # a sum in bfloat16 would stay at 256
    w = tensor([1.0], dtype=BFLOAT16, requires_grad=True)
    (w * ones).sum().backward()
    assert w.grad is not None and w.grad.dtype == BFLOAT16 and w.grad.item() == 4992
    v = tensor([2.0], dtype=BFLOAT16, requires_grad=True)
    (d,) = autograd.autograd.grad(v**3, v, create_graph=True)  # type: ignore[attr-defined]
    assert d.dtype == BFLOAT16
    d.backward()
    assert v.grad is not None and v.grad.dtype == BFLOAT16 and v.grad.item() == 12


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 2)
    )


@HALF
@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam])
def test_a_network_learns(kind: Any, dtype: np.dtype) -> None:
    autograd.manual_seed(0)
    net, x = network().to(dtype), autograd.randn(16, 1, 8, 8, dtype=dtype)
    target = (x.mean((1, 2, 3)) > 0).long()
    optimizer, losses = kind(net.parameters(), lr=0.05), []
    for _ in range(15):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    held = [*net.parameters(), net[1].running_mean, net[1].running_var]  # type: ignore[union-attr]
    assert all(t.dtype == dtype for t in held) and net[1].running_mean.abs().sum().item() > 0  # type: ignore
    assert all(p.grad is not None and p.grad.dtype == dtype for p in net.parameters())


@HALF
def test_autocast(dtype: np.dtype) -> None:
    autograd.manual_seed(0)
    net, x = network(), autograd.randn(16, 1, 8, 8)
    with autograd.autocast("cpu", dtype=dtype):
        y = net(x)
        loss = nn.functional.cross_entropy(y, (x.mean((1, 2, 3)) > 0).long())
        with autograd.autocast("cpu", enabled=False):
            assert (x[0, 0] @ x[0, 0]).dtype == np.float32
        assert (x[0, 0] @ x[0, 0]).dtype == dtype and (x.double()[0, 0] @ x.double()[0, 0]).dtype == np.float64
    loss.backward()
    assert (y.dtype, loss.dtype) == (dtype, np.float32)
    rounded = [p.grad.array.copy() for p in net.parameters() if p.grad is not None]
    net.zero_grad()
    nn.functional.cross_entropy(net(x), (x.mean((1, 2, 3)) > 0).long()).backward()
    for p, d in zip(net.parameters(), rounded, strict=True):
        assert p.grad is not None and d.dtype == np.float32
        assert np.linalg.norm(d - p.grad.array) <= 0.2 * np.linalg.norm(p.grad.array) + 1e-3
    with pytest.warns(UserWarning, match="so it is off"), autograd.autocast("cpu", dtype=np.float64):
        assert (x[0, 0] @ x[0, 0]).dtype == np.float32
