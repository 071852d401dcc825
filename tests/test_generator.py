"""Generator, functions and methods that draw random numbers: states, distributions, errors."""

from __future__ import annotations

import copy
import math
import pickle
import random
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
from autograd import Generator, Tensor, tensor

N = 40_000


def new() -> Generator:
    return Generator().manual_seed(11)


DRAWS: dict[str, Callable[[Generator | None], Tensor]] = {
    "rand": lambda g: autograd.rand(3, generator=g),
    "randn": lambda g: autograd.randn((2, 2), generator=g),
    "rand_like": lambda g: autograd.rand_like(autograd.zeros(3), generator=g),
    "randn_like": lambda g: autograd.randn_like(autograd.zeros(3), generator=g),
    "randint": lambda g: autograd.randint(1000, (4,), generator=g),
    "randint_like": lambda g: autograd.randint_like(autograd.zeros(4), 1000, generator=g),
    "randperm": lambda g: autograd.randperm(20, generator=g),
    "normal": lambda g: autograd.normal(0.0, 1.0, (3,), generator=g),
    "bernoulli": lambda g: autograd.bernoulli(autograd.full((99,), 0.5), generator=g),
    "multinomial": lambda g: autograd.multinomial(autograd.ones(50), 9, generator=g),
    "poisson": lambda g: autograd.poisson(autograd.full((9,), 50.0), generator=g),
    "binomial": lambda g: autograd.binomial(autograd.full((9,), 50.0), tensor(0.5), generator=g),
    **{
        name: lambda g, name=name: getattr(autograd.zeros(99), name)(generator=g)  # type: ignore[misc]
        for name in ("uniform_", "normal_", "log_normal_", "exponential_", "cauchy_", "bernoulli_", "random_")
    },
    **{
        f"init.{name}": lambda g, name=name: getattr(nn.init, name)(autograd.zeros(6, 5), generator=g)  # type: ignore[misc]
        for name in (
            "uniform_",
            "normal_",
            "trunc_normal_",
            "orthogonal_",
            "xavier_uniform_",
            "xavier_normal_",
            "kaiming_uniform_",
            "kaiming_normal_",
        )
    },
    "init.sparse_": lambda g: nn.init.sparse_(autograd.zeros(6, 5), 0.3, generator=g),
    "geometric_": lambda g: autograd.zeros(99).geometric_(0.3, generator=g),
}


@pytest.mark.parametrize("name", list(DRAWS))
def test_a_generator_decides_and_the_default_one_is_left_alone(name: str) -> None:
    draw = DRAWS[name]
    state = autograd.get_rng_state().tolist()
    first, g = draw(new()).tolist(), new()
    assert draw(g).tolist() == first != draw(g).tolist()
    assert autograd.get_rng_state().tolist() == state
    autograd.manual_seed(11)
    assert draw(None).tolist() == first
    with pytest.raises(TypeError, match=r"generator is a int; expects an autograd\.Generator"):
        draw(3)  # type: ignore[arg-type]


def test_seeds_and_states() -> None:
    g = Generator()
    assert g.initial_seed() == 67280421310721 and g.device == autograd.device("cpu")
    assert g.manual_seed(-1) is g and g.initial_seed() == 2**64 - 1
    assert g.seed() == g.initial_seed() != 2**64 - 1
    state = g.get_state()
    twin, other = g.clone_state(), pickle.loads(pickle.dumps(g))
    numbers = autograd.rand(5, generator=g).tolist()
    assert [autograd.rand(5, generator=x).tolist() for x in (twin, other, copy.deepcopy(twin))][:2] == [numbers] * 2
    h = Generator().set_state(state)
    assert h.initial_seed() == g.initial_seed() and autograd.rand(5, generator=h).tolist() == numbers
    assert autograd.manual_seed(3) is autograd.default_generator and autograd.initial_seed() == 3
    assert autograd.seed() == autograd.initial_seed()
    with pytest.raises(ValueError, match="set_state: this tensor is not a state of get_state"):
        h.set_state(autograd.zeros(4))


def test_fork_rng() -> None:
    state = autograd.get_rng_state().tolist()
    for enabled in (True, False):
        with pytest.raises(KeyError), autograd.random.fork_rng(enabled=enabled):
            autograd.rand(3)
            raise KeyError
        assert (autograd.get_rng_state().tolist() == state) == enabled


def test_generators_in_threads_draw_their_own_numbers() -> None:
    expected = autograd.rand(20_000, generator=new()).tolist()
    found: list[list[float]] = []

    def work() -> None:
        g = new()
        found.append([x for _ in range(200) for x in autograd.rand(100, generator=g).tolist()])

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 3


def close(x: Tensor, mean: float, std: float) -> bool:
    """Whether the mean is within five standard errors, and the standard deviation within 3 %."""
    values = x.numpy().astype(float)
    return abs(values.mean() - mean) < 5 * std / math.sqrt(N) and abs(values.std() / std - 1) < 0.03


def test_distributions() -> None:
    g = new()
    x = lambda: autograd.zeros(N)  # noqa: E731
    assert close(x().uniform_(-1, 3, generator=g), 1, 4 / math.sqrt(12))
    assert close(x().normal_(2, 0.5, generator=g), 2, 0.5)
    assert close(x().exponential_(4, generator=g), 0.25, 0.25)
    assert close(x().log_normal_(0, 0.25, generator=g).log(), 0, 0.25)
    assert close(x().geometric_(0.25, generator=g), 4, math.sqrt(0.75) / 0.25)
    assert close(x().bernoulli_(0.2, generator=g), 0.2, 0.4)
    assert close(x().random_(2, 5, generator=g), 3, math.sqrt(2 / 3))
    cauchy = x().cauchy_(1, 2, generator=g).numpy()
    np.testing.assert_allclose(np.quantile(cauchy, [0.25, 0.5, 0.75]), [-1, 1, 3], atol=0.12)
    assert close(autograd.normal(autograd.full((N,), 3.0), 2.0, generator=g), 3, 2)
    assert close(autograd.normal(1.0, 2.0, (N,), generator=g), 1, 2)
    assert close(autograd.poisson(autograd.full((N,), 6.0), g), 6, math.sqrt(6))
    assert close(autograd.binomial(autograd.full((N,), 10.0), tensor(0.3), g), 3, math.sqrt(2.1))
    assert autograd.normal(autograd.zeros(2, 1), autograd.zeros(3), generator=g).tolist() == [[0] * 3] * 2
    for dtype in (autograd.float32, autograd.float64, autograd.int64, autograd.uint8, autograd.bool):
        values = autograd.zeros(2000, dtype=dtype).random_(generator=g)
        most = {"float32": 2**24, "float64": 2**53, "int64": 2**63, "uint8": 255, "bool": 1}[str(dtype)]
        assert values.dtype == dtype and most * 0.9 < float(values.numpy().max()) <= most


@pytest.mark.parametrize("replacement", [True, False])
@pytest.mark.parametrize("count", [1, 2])
def test_multinomial(count: int, replacement: bool) -> None:
    weights = tensor([0.0, 2.0, 1.0, 0.0, 1.0])
    chosen = autograd.multinomial(weights.expand(N, 5).contiguous(), count, replacement, generator=new())
    assert chosen.shape == (N, count) and chosen.dtype == np.int64
    shares = np.bincount(chosen.numpy()[:, 0], minlength=5) / N
    np.testing.assert_allclose(shares, [0, 0.5, 0.25, 0, 0.25], atol=0.012)
    assert replacement or count == 1 or (chosen.numpy()[:, 0] != chosen.numpy()[:, 1]).all()
    second = np.bincount(chosen.numpy()[:, -1], minlength=5) / N
    if count == 2:  # without replacement: 1 comes second after 2 or 4, with probability 2/3 each
        expected = [0, 0.5, 0.25, 0, 0.25] if replacement else [0, 1 / 3, 1 / 3, 0, 1 / 3]
        np.testing.assert_allclose(second, expected, atol=0.012)
    assert sorted(weights.multinomial(5, generator=new()).tolist()) == [0, 1, 2, 3, 4]


def test_ends_of_the_ranges() -> None:
    """A uniform number is less than `to`, and an exponential one above 0, also after rounding to float32."""
    x = autograd.zeros(200_000)
    assert float(x.uniform_(0.9999999, 1, generator=new()).numpy().max()) < 1
    assert float(x.exponential_(generator=new()).numpy().min()) > 0
    assert autograd.zeros(3).uniform_(2, 2).tolist() == [2, 2, 2]


def test_gradients_are_zero_and_leaves_are_protected() -> None:
    p = autograd.full((3,), 0.5, requires_grad=True)
    for y in (autograd.bernoulli(p), autograd.normal(p, 1.0), autograd.normal(0.0, p), autograd.poisson(p)):
        assert y.requires_grad and autograd.grad(y.sum(), p)[0].tolist() == [0, 0, 0]
    before = p.tolist()
    for name in ("uniform_", "normal_", "exponential_", "bernoulli_", "random_", "cauchy_", "log_normal_"):
        with pytest.raises(RuntimeError, match="leaf"):
            getattr(p, name)()
        assert p.tolist() == before
        with autograd.no_grad():
            assert getattr(p.clone(), name)() is not None


def test_gumbel_softmax(seed: int = 4) -> None:
    logits = tensor([0.0, math.log(2), math.log(5)], requires_grad=True)
    autograd.manual_seed(seed)
    hard = F.gumbel_softmax(logits.expand(N, 3).contiguous(), tau=0.5, hard=True)
    np.testing.assert_allclose(hard.detach().numpy().mean(0), [1 / 8, 2 / 8, 5 / 8], atol=0.012)
    assert {*np.unique(hard.detach().numpy().round(5))} == {0, 1}
    autograd.manual_seed(seed)
    soft = F.gumbel_softmax(logits, tau=0.5, dim=0)
    autograd.manual_seed(seed)
    again = F.gumbel_softmax(logits, tau=0.5, hard=True)
    a, b = (autograd.grad(y[0], logits)[0].tolist() for y in (soft, again))
    np.testing.assert_allclose(a, b)  # straight through
    assert abs(float(soft.sum().item()) - 1) < 1e-6 and any(a)


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_alpha_dropout_keeps_mean_and_variance(p: float) -> None:
    autograd.manual_seed(1)
    x = autograd.randn(200, 500)
    y = F.alpha_dropout(x, p, training=True).numpy()
    assert abs(y.mean()) < 0.02 and abs(y.std() - 1) < 0.02
    limit, times = (
        v[np.argmax(c)] if i == 0 else c.max() for i, (v, c) in enumerate([np.unique(y, return_counts=True)] * 2)
    )
    assert limit == y.min() or times > 1000
    assert abs(times / y.size - p) < 0.01
    channels = F.feature_alpha_dropout(autograd.ones(50, 40, 6), p, training=True).numpy()
    assert (channels == channels[..., :1]).all() and len(np.unique(channels)) == 2
    assert F.alpha_dropout(x, p) is x and not F.alpha_dropout(x, 1.0, training=True).numpy().any()


def test_kinds_of_dropout_drop_whole_channels() -> None:
    autograd.manual_seed(2)
    for function, shape in ((F.dropout1d, (30, 5)), (F.dropout3d, (40, 2, 2, 2))):
        y = function(autograd.ones(*shape), 0.4).numpy().reshape(shape[0], -1)
        assert (y == y[:, :1]).all() and 0 < (y[:, 0] == 0).sum() < shape[0]


def test_errors_are_sentences() -> None:
    x = autograd.zeros(3)
    wrong: list[tuple[type[Exception], str, Callable[[], Any]]] = [
        (RuntimeError, "probability must be from 0 to 1, and one element is 1.5", lambda: autograd.bernoulli(x + 1.5)),
        (TypeError, "int64", lambda: autograd.bernoulli(autograd.ones(2).long())),
        (RuntimeError, "5 samples without replacement", lambda: autograd.multinomial(x + 1, 5)),
        (RuntimeError, "sum to 0", lambda: autograd.multinomial(x, 1)),
        (RuntimeError, "one is negative, inf or NaN", lambda: autograd.multinomial(x - 1, 1)),
        (RuntimeError, "at least 1", lambda: autograd.multinomial(x + 1, 0)),
        (RuntimeError, r"\(K,\) or \(N, K\)", lambda: autograd.multinomial(autograd.ones(1, 2, 3), 1)),
        (RuntimeError, "std must be at least 0", lambda: autograd.normal(x, -1.0)),
        (TypeError, "expects a size", lambda: autograd.normal(0.0, 1.0)),
        (ValueError, "do not broadcast", lambda: autograd.normal(x, autograd.ones(2))),
        (RuntimeError, "rate must be from 0 to 9e", lambda: autograd.poisson(x - 1)),
        (RuntimeError, "probability must be", lambda: autograd.binomial(x, x + 2)),
        (RuntimeError, "count is float32 and prob float64", lambda: autograd.binomial(x, x.double())),
        (TypeError, "randint", lambda: autograd.randint(3)),
        (
            ValueError,
            "300 does not fit into uint8|299 does not fit",
            lambda: autograd.randint(300, (2,), dtype=np.uint8),
        ),
        (TypeError, "must be a float", lambda: autograd.rand(2, dtype=autograd.int32)),
        (TypeError, "given twice", lambda: autograd.rand(2, size=(2,))),
        (ValueError, "low is 5 and high is 5", lambda: x.random_(5, 5)),
        (RuntimeError, "lambd is 0", lambda: x.exponential_(0)),
        (RuntimeError, "sigma is 0", lambda: x.cauchy_(0, 0)),
        (RuntimeError, "p is 1", lambda: x.geometric_(1)),
        (RuntimeError, "std is -1", lambda: x.normal_(0, -1)),
        (RuntimeError, "std is 0", lambda: x.log_normal_(0, 0)),
        (RuntimeError, "low <= to", lambda: x.uniform_(1, 0)),
        (RuntimeError, "does not broadcast", lambda: x.bernoulli_(autograd.ones(2))),
        (TypeError, "int32", lambda: x.int().uniform_()),
        (RuntimeError, r"dropout1d: expects an input \(N, C, L\)", lambda: F.dropout1d(x)),
        (RuntimeError, "dropout3d: drops whole channels", lambda: F.dropout3d(x)),
        (ValueError, "alpha_dropout: p is", lambda: F.alpha_dropout(x, 1.5)),
    ]
    for kind, words, call in wrong:
        with pytest.raises(kind, match=words):
            call()
    assert x.tolist() == [0, 0, 0]


def test_python_and_numpy_streams_are_not_touched() -> None:
    random.seed(3)
    expected = random.Random(3).random()
    autograd.manual_seed(1)
    autograd.rand(3)
    assert random.random() == expected
