"""Every layer against PyTorch's: the same arguments, weights and inputs give the same outputs, gradients and text.

`tests/test_nn.py` checks that LAYERS and LOSSES below have a row for every layer.
"""

from __future__ import annotations

import importlib
import inspect
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st

import autograd
import nn
from autograd import Tensor
from autograd.tensor import wrap

Arguments = tuple[tuple, dict[str, Any]]


class Draw:
    """The source of the arguments and inputs of the rows below."""

    def __init__(self, data: Any) -> None:
        self.draw = data.draw
        self.rng = np.random.default_rng(self.draw(st.integers(0, 2**32 - 1)))

    def size(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def choice(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def pair(self, low: int, high: int) -> Any:
        """One size for both dimensions, or one per dimension."""
        return self.choice(self.size(low, high), (self.size(low, high), self.size(low, high)))

    def array(self, *shape: int) -> np.ndarray:
        return self.rng.standard_normal(shape)


# ── arguments and input of each layer ──


def _conv(draw: Draw, dims: int) -> tuple[tuple, dict[str, Any], list[np.ndarray]]:
    groups = draw.size(1, 3)
    channels, filters = groups * draw.size(1, 2), groups * draw.size(1, 2)
    each = draw.pair if dims == 2 else draw.size
    options = {
        "stride": each(1, 3),
        "padding": draw.choice("valid", each(0, 2)),
        "dilation": each(1, 2),
        "groups": groups,
        "bias": draw.choice(True, False),
    }
    if draw.size(0, 4) == 0:
        options |= {"stride": 1, "padding": "same", "dilation": 1}
        arguments = (channels, filters, 3)
    else:
        arguments = (channels, filters, each(1, 3))
    sizes = [draw.size(5, 8) for _ in range(dims)]
    return arguments, options, [draw.array(draw.size(1, 3), channels, *sizes)]


def _conv_transpose(draw: Draw) -> tuple[tuple, dict[str, Any], list[np.ndarray]]:
    groups = draw.size(1, 3)
    channels, filters = groups * draw.size(1, 2), groups * draw.size(1, 2)
    stride, dilation = draw.pair(2, 3), draw.pair(1, 2)
    options = {
        "padding": draw.pair(0, 1),
        "output_padding": draw.pair(0, 1),
        "groups": groups,
        "bias": draw.choice(True, False),
        "dilation": dilation,
    }
    sizes = draw.size(2, 5), draw.size(2, 5)
    return (channels, filters, draw.pair(1, 3), stride), options, [draw.array(draw.size(1, 3), channels, *sizes)]


def _batch_norm(draw: Draw, *dims: int) -> tuple[tuple, dict[str, Any], list[np.ndarray]]:
    channels = draw.size(1, 4)
    options = {
        "eps": draw.choice(1e-5, 0.1),
        "momentum": draw.choice(0.1, 0.3, None),
        "affine": draw.choice(True, False),
        "track_running_stats": draw.choice(True, False),
    }
    places = [draw.size(1, 4) for _ in range(draw.choice(*dims))]
    return (channels,), options, [draw.array(draw.size(2, 4), channels, *places)]


def _layer_norm(draw: Draw) -> tuple[tuple, dict[str, Any], list[np.ndarray]]:
    shape = tuple(draw.size(2, 4) for _ in range(draw.size(1, 3)))
    options = {
        "eps": draw.choice(1e-5, 0.1),
        "elementwise_affine": draw.choice(True, False),
        "bias": draw.choice(True, False),
    }
    first = shape[0] if len(shape) == 1 and draw.size(0, 1) else shape
    lead = [draw.size(1, 3) for _ in range(draw.size(0, 2))]
    return (first,), options, [draw.array(*lead, *shape)]


def _group_norm(draw: Draw) -> tuple[tuple, dict[str, Any], list[np.ndarray]]:
    groups = draw.size(1, 3)
    channels = groups * draw.size(1, 3)
    places = [draw.size(2, 4) for _ in range(draw.size(1, 3))]
    options = {"eps": draw.choice(1e-5, 0.1), "affine": draw.choice(True, False)}
    return (groups, channels), options, [draw.array(draw.size(1, 3), channels, *places)]


def _pool(draw: Draw, **options: Any) -> tuple[tuple, dict[str, Any], list[np.ndarray]]:
    kernel = draw.size(2, 3)
    arguments = (kernel, draw.choice(None, draw.pair(1, 3)), draw.pair(0, kernel // 2))
    shape = (draw.size(1, 3), draw.size(1, 3), draw.size(5, 8), draw.size(5, 8))
    return arguments, options, [draw.array(*shape[draw.size(0, 1) :])]


def _adaptive_pool(draw: Draw) -> tuple[tuple, dict[str, Any], list[np.ndarray]]:
    size = draw.choice(draw.size(1, 5), (draw.size(1, 5), draw.size(1, 5)), (None, 2), (3, None))
    shape = (draw.size(1, 3), draw.size(1, 3), draw.size(1, 8), draw.size(1, 8))
    return (size,), {}, [draw.array(*shape[draw.size(0, 1) :])]


def _embedding(draw: Draw) -> tuple[tuple, dict[str, Any], list[np.ndarray]]:
    count, length = draw.size(2, 5), draw.size(1, 4)
    shape = [draw.size(1, 4) for _ in range(draw.size(0, 3))]
    return (
        (count, length),
        {
            "padding_idx": draw.choice(None, 0, 1, -1),
            "max_norm": draw.choice(None, 1.5),
            "norm_type": draw.choice(2, 1.0),
            "scale_grad_by_freq": draw.choice(False, True),
        },
        [np.asarray(draw.rng.integers(0, count, shape))],
    )


def _linear(draw: Draw) -> tuple[tuple, dict[str, Any], list[np.ndarray]]:
    features = draw.size(1, 5)
    lead = [draw.size(1, 3) for _ in range(draw.size(0, 3))]
    return (features, draw.size(1, 5)), {"bias": draw.choice(True, False)}, [draw.array(*lead, features)]


def _any_shape(draw: Draw, low: int = 0) -> np.ndarray:
    return 3 * draw.array(*[draw.size(1, 4) for _ in range(draw.size(low, 4))])


def _unflatten(draw: Draw) -> tuple[tuple, dict[str, Any], list[np.ndarray]]:
    a, b = draw.size(1, 3), draw.size(1, 3)
    dim = draw.choice(0, 1, -1, -2)
    shape = [2, 2]
    shape[dim] = a * b
    return (dim, (a, draw.choice(b, -1))), {}, [draw.array(*shape)]


def _recurrent(draw: Draw, name: str) -> tuple[tuple, dict[str, Any], list[Any]]:
    """Its states are given or not.  test_recurrent.py has packed sequences, projections and dropout."""
    features, hidden, layers, both_ways = draw.size(1, 4), draw.size(1, 4), draw.size(1, 3), draw.choice(False, True)
    options = {"bias": draw.choice(True, False), "batch_first": draw.choice(False, True), "bidirectional": both_ways}
    options |= {"nonlinearity": draw.choice("tanh", "relu")} if name == "RNN" else {}
    batch, steps = draw.choice((), (draw.size(1, 3),)), draw.size(1, 4)
    shape = (*batch, steps) if options["batch_first"] else (steps, *batch)
    state = [draw.array(layers * (2 if both_ways else 1), *batch, hidden) for _ in range(2 if name == "LSTM" else 1)]
    inputs = [draw.array(*shape, features), tuple(state) if name == "LSTM" else state[0]]
    return (features, hidden, layers), options, inputs[: draw.size(1, 2)]


def _cell(draw: Draw, name: str) -> tuple[tuple, dict[str, Any], list[Any]]:
    features, hidden, batch = draw.size(1, 4), draw.size(1, 4), draw.choice((), (draw.size(1, 3),))
    options = {"bias": draw.choice(True, False)}
    options |= {"nonlinearity": draw.choice("tanh", "relu")} if name == "RNNCell" else {}
    state = tuple(draw.array(*batch, hidden) for _ in range(2 if name == "LSTMCell" else 1))
    inputs = [draw.array(*batch, features), state if name == "LSTMCell" else state[0]]
    return (features, hidden), options, inputs[: draw.size(1, 2)]


def _three(
    draw: Draw, third: Callable[[int, int], np.ndarray], **options: Any
) -> tuple[tuple, dict[str, Any], list[np.ndarray]]:
    """A loss of two tensors and a third input, made from their sizes."""
    n, k = draw.size(1, 4), draw.size(2, 4)
    options["reduction"] = draw.choice("mean", "sum", "none")
    return (), options, [draw.array(n, k), draw.array(n, k), third(n, k)]


LAYERS: dict[str, Callable[[Draw], tuple[tuple, dict[str, Any], list[Any]]]] = {
    "CosineEmbeddingLoss": lambda d: _three(d, lambda n, k: d.rng.integers(0, 2, n) * 2 - 1, margin=d.choice(0.0, 0.3)),
    "GaussianNLLLoss": lambda d: _three(d, lambda n, k: d.rng.uniform(0.5, 2, (n, k)), full=d.choice(True, False)),
    "MarginRankingLoss": lambda d: _three(d, lambda n, k: d.rng.integers(0, 2, (n, k)) * 2 - 1, margin=0.3),
    "TripletMarginLoss": lambda d: _three(d, lambda n, k: d.array(n, k), margin=0.7, swap=d.choice(True, False)),
    "AdaptiveAvgPool2d": _adaptive_pool,
    "AvgPool2d": lambda d: _pool(
        d,
        ceil_mode=d.choice(False, True),
        count_include_pad=d.choice(True, False),
        divisor_override=d.choice(None, 3),
    ),
    "BatchNorm1d": lambda d: _batch_norm(d, 0, 1),
    "BatchNorm2d": lambda d: _batch_norm(d, 2),
    "Conv1d": lambda d: _conv(d, 1),
    "Conv2d": lambda d: _conv(d, 2),
    "ConvTranspose2d": _conv_transpose,
    "Dropout": lambda d: ((d.choice(0, 1, 0.0),), {}, [_any_shape(d)]),
    "Dropout1d": lambda d: ((d.choice(0, 1, 0.0),), {}, [3 * d.array(2, 3, d.size(1, 4))]),
    "Dropout2d": lambda d: ((d.choice(0, 1, 0.0),), {}, [_any_shape(d, 4)]),
    "Dropout3d": lambda d: ((d.choice(0, 1, 0.0),), {}, [3 * d.array(2, 3, d.size(1, 3), 1, 2)]),
    "AlphaDropout": lambda d: ((d.choice(0, 1, 0.0),), {}, [_any_shape(d)]),
    "FeatureAlphaDropout": lambda d: ((d.choice(0, 1, 0.0),), {}, [_any_shape(d, 4)]),
    "ELU": lambda d: ((d.choice(1.0, 0.3, 2),), {"inplace": d.choice(False, True)}, [_any_shape(d)]),
    "Embedding": _embedding,
    "Flatten": lambda d: ((d.choice(0, 1),), {"end_dim": d.choice(1, -1)}, [_any_shape(d, 2)]),
    "GELU": lambda d: ((), {"approximate": d.choice("none", "tanh")}, [_any_shape(d)]),
    "GRU": lambda d: _recurrent(d, "GRU"),
    "GRUCell": lambda d: _cell(d, "GRUCell"),
    "GroupNorm": _group_norm,
    "Identity": lambda d: ((5,), {"word": 1}, [_any_shape(d)]),
    "LayerNorm": _layer_norm,
    "LSTM": lambda d: _recurrent(d, "LSTM"),
    "LSTMCell": lambda d: _cell(d, "LSTMCell"),
    "LeakyReLU": lambda d: ((), {"negative_slope": d.choice(0.01, 0.5, 0), "inplace": True}, [_any_shape(d)]),
    "Linear": _linear,
    "LogSigmoid": lambda d: ((), {}, [_any_shape(d)]),
    "LogSoftmax": lambda d: ((d.choice(0, -1),), {}, [_any_shape(d, 1)]),
    "MaxPool2d": lambda d: _pool(d, dilation=d.pair(1, 2), ceil_mode=d.choice(False, True)),
    "Mish": lambda d: ((d.choice(False, True),), {}, [_any_shape(d)]),
    "RNN": lambda d: _recurrent(d, "RNN"),
    "RNNCell": lambda d: _cell(d, "RNNCell"),
    "ReLU": lambda d: ((d.choice(False, True),), {}, [_any_shape(d)]),
    "SiLU": lambda d: ((d.choice(False, True),), {}, [_any_shape(d)]),
    "Sigmoid": lambda d: ((), {}, [_any_shape(d)]),
    "Softmax": lambda d: ((d.choice(0, -1),), {}, [_any_shape(d, 1)]),
    "Softplus": lambda d: ((d.choice(1.0, 0.5), d.choice(20.0, 1)), {}, [_any_shape(d)]),
    "Tanh": lambda d: ((), {}, [_any_shape(d)]),
    "Unflatten": _unflatten,
}

for _path in sorted(Path(__file__).parent.glob("layers_*.py")):  # the rows of other files
    LAYERS |= importlib.import_module(f"{__package__}.{_path.stem}").LAYERS


# ── losses: the input has a gradient, the target has none ──


def _labels(draw: Draw) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    n, c = draw.size(1, 4), draw.size(2, 4)
    places = [draw.size(1, 3) for _ in range(draw.size(0, 2))]
    labels = draw.rng.integers(0, c, (n, *places))
    options: dict[str, Any] = {"weight": draw.choice(None, draw.rng.uniform(0.5, 2, c))}
    options |= draw.choice({}, {"ignore_index": 0})
    if options.get("ignore_index") == 0:
        labels.flat[0] = 1  # at least one label counts, because the mean of none is NaN
    return draw.array(n, c, *places), labels, options


def _cross_entropy(draw: Draw) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    scores, labels, options = _labels(draw)
    options["label_smoothing"] = draw.choice(0.0, 0.1)
    if draw.size(0, 3) == 0:  # probabilities instead of labels
        options.pop("ignore_index", None)
        labels = draw.rng.dirichlet(np.ones(scores.shape[1]), labels.shape)
        labels = np.moveaxis(labels, -1, 1)
    return options, scores, labels


def _nll(draw: Draw) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    scores, labels, options = _labels(draw)
    return options, scores, labels


def _two(draw: Draw, **options: Any) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    x = _any_shape(draw)
    return options, x, np.asarray(draw.rng.standard_normal(x.shape))


def _probabilities(draw: Draw) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    options, x, target = _yes_or_no(draw)
    del options["pos_weight"]
    return options, 1 / (1 + np.exp(-x)), target


def _yes_or_no(draw: Draw) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    x = _any_shape(draw, 1)
    options = {name: draw.choice(None, draw.rng.uniform(0.5, 2, x.shape[-1:])) for name in ("weight", "pos_weight")}
    return options, x, draw.rng.uniform(0, 1, x.shape)


def _kl(draw: Draw) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    x, log_target = _any_shape(draw, 1), draw.choice(False, True)
    return {"log_target": log_target}, x, draw.array(*x.shape) if log_target else draw.rng.uniform(0, 1, x.shape)


def _signed(draw: Draw, **options: Any) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    x = _any_shape(draw, 1)
    return options, x, np.sign(draw.array(*x.shape))


def _classes(draw: Draw) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    n, classes = draw.size(1, 4), draw.size(1, 4)
    options = {"p": draw.choice(1, 2), "margin": 0.7, "weight": draw.choice(None, draw.rng.uniform(0.5, 2, classes))}
    return options, draw.array(n, classes), draw.rng.integers(0, classes, n)


def _sets(draw: Draw) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    n, classes = draw.size(1, 4), draw.size(1, 4)
    return {}, draw.array(n, classes), draw.rng.integers(-1, classes, (n, classes))


def _several(draw: Draw) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    x = draw.array(draw.size(1, 4), draw.size(1, 4))
    return {"weight": draw.choice(None, draw.rng.uniform(0.5, 2, x.shape[-1]))}, x, draw.rng.uniform(0, 1, x.shape)


def _counts(draw: Draw) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    x = _any_shape(draw, 1)
    options = {"log_input": draw.choice(True, False), "full": draw.choice(True, False), "eps": 0.1}
    return options, np.abs(x), draw.rng.poisson(2, x.shape).astype(float)


LOSSES: dict[str, Callable[[Draw], tuple[dict[str, Any], np.ndarray, np.ndarray]]] = {
    "BCELoss": _probabilities,
    "BCEWithLogitsLoss": _yes_or_no,
    "CrossEntropyLoss": _cross_entropy,
    "HingeEmbeddingLoss": lambda d: _signed(d, margin=d.choice(1.0, 0.3)),
    "HuberLoss": lambda d: _two(d, delta=d.choice(1.0, 0.3)),
    "KLDivLoss": _kl,
    "L1Loss": _two,
    "MSELoss": _two,
    "MultiLabelMarginLoss": _sets,
    "MultiLabelSoftMarginLoss": _several,
    "MultiMarginLoss": _classes,
    "NLLLoss": _nll,
    "PoissonNLLLoss": _counts,
    "SoftMarginLoss": _signed,
    "SmoothL1Loss": lambda d: _two(d, beta=d.choice(1.0, 0.3, 0.0)),
}


# ── the comparison ──


def to_torch(state: dict[str, Tensor]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(tensor.numpy().copy()) for name, tensor in state.items()}


def both(name: str, arguments: tuple, options: dict[str, Any], rng: np.random.Generator) -> tuple[Any, Any]:
    """Our layer and PyTorch's, in float64 and with the same state."""
    ours = getattr(nn, name)(*arguments, **options).double()
    theirs = getattr(torch.nn, name)(*arguments, **options).double()
    for key, tensor in ours.state_dict().items():
        if tensor.dtype == np.float64:
            tensor.copy_(wrap(rng.uniform(0.5, 2, tensor.shape)))  # many initial values are 0 or 1
        else:
            tensor.fill_(3)
        assert theirs.state_dict()[key].shape == tensor.shape
    theirs.load_state_dict(to_torch(ours.state_dict()))  # strict, so the names are the same
    assert repr(ours) == repr(theirs)
    return ours, theirs


def assert_close(ours: Any, theirs: Any) -> None:
    theirs = theirs.detach().numpy()
    assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours.detach().numpy(), theirs, rtol=1e-9, atol=1e-11)


def flat(value: Any) -> list[Any]:
    """The tensors or arrays in nested tuples and lists, in order."""
    return [leaf for item in value for leaf in flat(item)] if isinstance(value, tuple | list) else [value]


def nested(make: Callable[[Any], Any], value: Any) -> Any:
    """make(leaf) for each leaf of nested tuples."""
    return tuple(nested(make, item) for item in value) if isinstance(value, tuple) else make(value)


def assert_equal_run(ours: Any, theirs: Any, inputs: list[Any], rng: np.random.Generator) -> None:
    """Compare the outputs, the gradients of inputs and parameters, and the buffers."""
    mine = [nested(lambda x: autograd.tensor(x, requires_grad=x.dtype.kind == "f"), x) for x in inputs]
    its = [nested(lambda x: torch.tensor(x, requires_grad=x.dtype.kind == "f"), x) for x in inputs]
    ys = flat(ours(*[nested(lambda x: x * 1, x) for x in mine]))  # copies: in-place layers must not change a leaf
    zs = flat(theirs(*[nested(lambda x: x * 1, x) for x in its]))
    for y, z in zip(ys, zs, strict=True):
        assert_close(y, z)
        assert y.requires_grad == z.requires_grad
    if zs[0].requires_grad:
        gs = [np.asarray(rng.standard_normal(y.shape)) for y in ys]
        sum((y * wrap(g)).sum() for y, g in zip(ys, gs, strict=True)).backward()
        sum((z * torch.tensor(g)).sum() for z, g in zip(zs, gs, strict=True)).backward()
        for a, b in zip((*flat(mine), *ours.parameters()), (*flat(its), *theirs.parameters()), strict=True):
            assert (a.grad is None) == (b.grad is None)
            if b.grad is not None:
                assert_close(a.grad, b.grad)
    for (name, a), (other, b) in zip(ours.named_buffers(), theirs.named_buffers(), strict=True):
        assert name == other
        assert_close(a, b)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")  # of PyTorch's Transformer
@pytest.mark.parametrize("name", LAYERS)
@given(data=st.data())
def test_layer(name: str, data: Any) -> None:
    draw = Draw(data)
    arguments, options, inputs = LAYERS[name](draw)
    ours, theirs = both(name, arguments, options, draw.rng)
    if data.draw(st.booleans(), "in use"):
        ours.eval(), theirs.eval()
    assert_equal_run(ours, theirs, inputs, draw.rng)


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")  # PyTorch's warning for kl_div
@pytest.mark.parametrize("name", LOSSES)
@given(data=st.data())
def test_loss(name: str, data: Any) -> None:
    draw = Draw(data)
    options, scores, target = LOSSES[name](draw)
    choices = ("mean", "sum", "none", "batchmean") if name == "KLDivLoss" else ("mean", "sum", "none")
    options["reduction"] = draw.choice(*choices)
    ours, theirs = (
        getattr(library, name)(**{key: make(x) if isinstance(x, np.ndarray) else x for key, x in options.items()})
        for library, make in ((nn, autograd.tensor), (torch.nn, torch.tensor))
    )
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    x, z = autograd.tensor(scores, requires_grad=True), torch.tensor(scores, requires_grad=True)
    loss, its = ours(x, autograd.tensor(target)), theirs(z, torch.tensor(target))
    assert_close(loss, its)
    g = np.asarray(draw.rng.standard_normal(loss.shape))
    loss.backward(wrap(g))
    its.backward(torch.tensor(g))
    assert_close(x.grad, z.grad)


# arguments of PyTorch that are deprecated, or that we do not support
LEFT_OUT = {"size_average", "reduce"}
LEFT_OUT |= {"min_value", "max_value"}  # of Hardtanh


def first_signature(function: Any) -> inspect.Signature:
    """The signature, or that of the first overload: PyTorch's recurrent layers are declared (*args, **kwargs)."""
    overloads = typing.get_overloads(getattr(function, "__init__", function))
    found = inspect.signature(overloads[0] if overloads else function)
    return found.replace(parameters=[p for name, p in found.parameters.items() if name != "self"])


@pytest.mark.parametrize("name", [*LAYERS, *LOSSES])
def test_arguments_have_pytorchs_names_places_and_defaults(name: str) -> None:
    ours, theirs = (
        {key: p for key, p in first_signature(getattr(library, name)).parameters.items() if not key.endswith("args")}
        for library in (nn, torch.nn)
    )
    assert ours.keys() | LEFT_OUT == theirs.keys() | LEFT_OUT
    places = [n for n, p in ours.items() if p.kind == p.POSITIONAL_OR_KEYWORD]
    assert places == list(theirs)[: len(places)]
    for key, parameter in ours.items():
        same = [getattr(p.default, "__name__", p.default) for p in (parameter, theirs[key])]  # functions by name
        assert same[0] == same[1], key


# ── BatchNorm's statistics ──


@pytest.mark.parametrize("momentum", [None, 0.1, 0.3, 1.0])
@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 5), (2, 3, 4, 2)])
def test_batch_norm_statistics_over_several_batches(momentum: float | None, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    name = "BatchNorm2d" if len(shape) == 4 else "BatchNorm1d"
    ours, theirs = getattr(nn, name)(3, momentum=momentum).double(), getattr(torch.nn, name)(3, momentum=momentum)
    theirs.double()
    for _ in range(5):
        x = rng.normal(rng.normal(0, 3), rng.uniform(1, 4), shape)
        assert_equal_run(ours, theirs, [x], rng)
    assert ours.num_batches_tracked.item() == 5 and ours.num_batches_tracked.dtype == np.int64
    ours.eval(), theirs.eval()
    for _ in range(2):
        assert_equal_run(ours, theirs, [rng.normal(1, 2, shape)], rng)
    assert ours.num_batches_tracked.item() == 5
    ours.train(), theirs.train()
    assert_equal_run(ours, theirs, [rng.normal(1, 2, shape)], rng)
    ours.reset_running_stats(), theirs.reset_running_stats()
    assert_equal_run(ours.eval(), theirs.eval(), [rng.normal(1, 2, shape)], rng)


def test_batch_norm_whose_tracking_is_turned_off_later() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = both("BatchNorm1d", (3,), {}, rng)
    ours.track_running_stats = theirs.track_running_stats = False
    assert_equal_run(ours, theirs, [rng.standard_normal((4, 3))], rng)
    ours.eval(), theirs.eval()
    assert_equal_run(ours, theirs, [rng.standard_normal((4, 3))], rng)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("BatchNorm1d", (1, 3)),  # one value for each channel
        ("BatchNorm1d", (1, 3, 1)),
        ("BatchNorm2d", (1, 3, 1, 1)),
        ("BatchNorm1d", (2, 3, 2, 2)),  # wrong number of dimensions
        ("BatchNorm1d", (3,)),
        ("BatchNorm2d", (2, 3)),
        ("BatchNorm2d", (3, 2, 2)),
        ("BatchNorm2d", (2, 4, 2, 2)),  # wrong number of channels
    ],
)
def test_what_batch_norm_refuses(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises((ValueError, RuntimeError)):
        getattr(torch.nn, name)(3)(torch.zeros(shape))
    with pytest.raises(ValueError):
        getattr(nn, name)(3)(autograd.zeros(shape))


def test_transposed_convolution_of_a_size() -> None:
    rng = np.random.default_rng(0)
    for size in ([7, 8], [2, 4, 9, 7]):
        ours, theirs = both("ConvTranspose2d", (3, 4, 3), {"stride": 3, "padding": 1}, rng)
        x = rng.standard_normal((2, 3, 3, 3))
        assert_close(ours(autograd.tensor(x), output_size=size), theirs(torch.tensor(x), output_size=size))
    for size in ([6, 7], [7, 10]):
        with pytest.raises(ValueError):
            theirs(torch.tensor(x), output_size=size)
        with pytest.raises(ValueError, match="output_size"):
            ours(autograd.tensor(x), output_size=size)


# ── dropout, by distribution ──


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout(p: float) -> None:
    x = autograd.ones(200, 100, requires_grad=True)
    y = nn.Dropout(p)(x)
    kept = y.detach().numpy() != 0
    np.testing.assert_allclose(y.detach().numpy()[kept], 1 / (1 - p), rtol=1e-6)
    for share in (kept, kept[:100], kept[:, ::2]):  # no visible pattern
        assert abs(share.mean() - (1 - p)) < 4 * np.sqrt(p * (1 - p) / share.size)
    y.backward(autograd.ones(200, 100))
    assert x.grad is not None and np.array_equal(x.grad.numpy(), y.detach().numpy())
    assert not np.array_equal(nn.Dropout(p)(x).detach().numpy() != 0, kept)
    assert nn.Dropout(p).eval()(x).tolist() == x.tolist()


def test_dropout2d_drops_whole_channels() -> None:
    y = nn.Dropout2d(0.3)(autograd.ones(400, 50, 2, 3)).numpy().reshape(-1, 6)
    kept = y[:, 0] != 0
    np.testing.assert_allclose(y, np.where(kept, 1 / 0.7, 0)[:, None] * np.ones(6), rtol=1e-6)
    assert abs(kept.mean() - 0.7) < 4 * np.sqrt(0.21 / kept.size)


# ── hooks and gradient clipping ──


def _hooked(library: Any, nn_: Any, log: list) -> Any:
    """A network with every kind of hook; the hooks log what they see and change it."""
    net = nn_.Sequential(nn_.Linear(3, 4), nn_.ReLU(), nn_.Linear(4, 2)).double()

    def numbers(values: tuple) -> list:
        return [None if v is None else v.detach().numpy().copy() for v in values]

    def log_backward(m: Any, g_in: tuple, g_out: tuple) -> None:
        log.append((numbers(g_in), numbers(g_out)))

    net[0].register_forward_pre_hook(lambda m, args: (args[0] * 2,))
    net[2].register_forward_hook(lambda m, args, out: out * 3)
    net[1].register_full_backward_hook(lambda m, g_in, g_out: (g_in[0] * 5,))
    net[2].register_full_backward_pre_hook(lambda m, g_out: (g_out[0] + 1,))
    for module in (net[0], net[1], net[2], net):
        module.register_full_backward_hook(log_backward)
    net[1].register_full_backward_hook(log_backward, prepend=True)
    return net


@pytest.mark.filterwarnings("ignore:Full backward hook is firing")  # without an input that requires grad
@pytest.mark.parametrize("needs_grad", [True, False])
def test_hooks(needs_grad: bool) -> None:
    mine: list = []
    its: list = []
    ours, theirs = _hooked(autograd, nn, mine), _hooked(torch, torch.nn, its)
    theirs.load_state_dict(to_torch(ours.state_dict()))
    x = np.random.default_rng(0).standard_normal((5, 3))
    a, b = autograd.tensor(x, requires_grad=needs_grad), torch.tensor(x, requires_grad=needs_grad)
    ours(a).sum().backward()
    theirs(b).sum().backward()
    assert len(mine) == len(its) == 5
    for (into, out), (into_, out_) in zip(mine, its, strict=True):
        for g, h in zip((*into, *out), (*into_, *out_), strict=True):
            assert (g is None) == (h is None)
            if g is not None:
                np.testing.assert_allclose(g, h, rtol=1e-12)
    for p, q in zip((a, *ours.parameters()), (b, *theirs.parameters()), strict=True):
        if q.grad is not None:
            assert_close(p.grad, q.grad)


@pytest.mark.parametrize("norm_type", [2.0, 1.0, 3.5, float("inf"), "inf", 0, float("-inf"), -1.5])
@pytest.mark.parametrize("max_norm", [0.5, 100.0])
def test_clip_grad(norm_type: Any, max_norm: float) -> None:
    rng = np.random.default_rng(0)
    gradients = [rng.standard_normal((3, 4)), rng.standard_normal(5)]
    mine = [nn.Parameter(autograd.zeros(*g.shape, dtype=autograd.float64)) for g in gradients]
    its = [torch.nn.Parameter(torch.zeros(g.shape, dtype=torch.float64)) for g in gradients]
    for p, q, g in zip(mine, its, gradients, strict=True):
        p.grad, q.grad = autograd.tensor(g), torch.tensor(g)
    assert_close(
        nn.utils.clip_grad_norm_(mine, max_norm, norm_type), torch.nn.utils.clip_grad_norm_(its, max_norm, norm_type)
    )
    for p, q in zip(mine, its, strict=True):
        assert_close(p.grad, q.grad)
    nn.utils.clip_grad_value_(mine, 0.1)
    torch.nn.utils.clip_grad_value_(its, 0.1)
    for p, q in zip(mine, its, strict=True):
        assert_close(p.grad, q.grad)


def test_containers_print_and_name_alike() -> None:
    def build(nn_: Any) -> Any:
        layers = nn_.ModuleList([nn_.Linear(2, 2) for _ in range(3)] + [nn_.ReLU(), nn_.Tanh(), nn_.Tanh()])
        blocks = [nn_.Sequential(nn_.Linear(2, 2), nn_.ReLU()) for _ in range(2)]
        layers.insert(1, nn_.ReLU())
        layers.extend(blocks)
        del layers[0]
        named = nn_.ModuleDict({"a": layers, "b": nn_.Identity()})
        named["c"] = nn_.ModuleList()
        named["d"] = nn_.Sequential(*blocks[0]) + nn_.Sequential(nn_.BatchNorm1d(2))
        named["d"].insert(0, nn_.ReLU())
        named["d"].pop(1)
        return named

    ours, theirs = build(nn), build(torch.nn)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [name for name, _ in ours.named_modules()] == [name for name, _ in theirs.named_modules()]
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    assert [name for name, _ in ours.named_buffers()] == [name for name, _ in theirs.named_buffers()]
