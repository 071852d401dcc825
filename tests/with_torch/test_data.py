"""autograd.utils.data beside torch.utils.data: everything that is not random."""

from __future__ import annotations

import itertools
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils.data as theirs

import autograd
import autograd.utils.data as ours
from autograd import Tensor

Pair = namedtuple("Pair", "a b")


def plain(x: Any) -> Any:
    """Nested containers of both libraries as comparable values: a tensor is its dtype and its elements."""
    if isinstance(x, Tensor | torch.Tensor):
        return "tensor", str(x.dtype).removeprefix("torch."), x.tolist()
    if isinstance(x, dict):
        return type(x).__name__, {key: plain(value) for key, value in x.items()}
    if isinstance(x, tuple | list):
        return type(x).__name__, [plain(value) for value in x]
    return x


SAMPLES: dict[str, Callable[[Any, int], Any]] = {
    "int": lambda t, i: i,
    "float": lambda t, i: i / 2,
    "bool": lambda t, i: i > 1,
    "string": lambda t, i: "abc"[i % 3],
    "bytes": lambda t, i: b"abc",
    "tensor": lambda t, i: t.arange(3) * i,
    "float64 tensor": lambda t, i: t.ones(2, 1, dtype=t.float64) * i,
    "array": lambda t, i: np.full((2, 2), i, np.int16),
    "number": lambda t, i: np.float32(i),
    "bool number": lambda t, i: np.bool_(i > 1),
    "tuple": lambda t, i: (i, t.ones(2), "x"),
    "list": lambda t, i: [i, [1.0, i]],
    "dict": lambda t, i: {"x": t.ones(2) * i, "y": {"z": i}},
    "ordered": lambda t, i: OrderedDict(b=i, a=1.0),
    "named": lambda t, i: Pair(i, (t.ones(1), "s")),
    "0 dimensions": lambda t, i: t.tensor(i),
    "empty": lambda t, i: (),
    "none": lambda t, i: None,
    "set": lambda t, i: {i},
    "ragged": lambda t, i: [0] * i,
    "shapes": lambda t, i: t.ones(i + 1),
    "text array": lambda t, i: np.array(["a"]),
    "object": lambda t, i: object,
}


def result(call: Callable[[], Any]) -> Any:
    """What it returns, or that it raised."""
    try:
        return plain(call())
    except (TypeError, ValueError, RuntimeError, IndexError, KeyError):
        return "raised"


@pytest.mark.parametrize("name", list(SAMPLES))
def test_collation(name: str) -> None:
    make = SAMPLES[name]
    pairs = [(ours, autograd), (theirs, torch)]
    mine, other = (
        result(partial(lambda m, t: m.default_collate([make(t, i) for i in range(4)]), m, t)) for m, t in pairs
    )
    assert mine == other
    mine, other = (result(partial(lambda m, t: m.default_convert(make(t, 2)), m, t)) for m, t in pairs)
    assert mine == other


def test_batches_and_lengths() -> None:
    for count, size, drop_last in itertools.product((0, 1, 5, 6, 7), (1, 2, 3, 8), (False, True)):
        found = []
        for m in (ours, theirs):
            sampler: Any = m.BatchSampler(m.SequentialSampler(range(count)), size, drop_last)
            loader: Any = m.DataLoader(range(count), size, drop_last=drop_last)
            with_sampler: Any = m.DataLoader(range(count), batch_sampler=sampler)
            backwards: Any = m.DataLoader(range(count), size, sampler=range(count)[::-1])
            found.append(
                [
                    list(sampler),
                    len(sampler),
                    *(([plain(b) for b in x], len(x)) for x in (loader, with_sampler, backwards)),
                ]
            )
        assert found[0] == found[1]


def data_sets(m: ModuleType, t: Any) -> dict[str, Callable[[], Any]]:
    class Count(m.IterableDataset):  # type: ignore[misc, name-defined]
        def __iter__(self) -> Any:
            return iter(range(5))

    x = m.TensorDataset(t.arange(4), t.arange(8).reshape(4, 2))
    return {
        "tensors": lambda: [list(x), len(x), x[1:3]],
        "concatenated": lambda: [[(x + x)[i] for i in range(8)], len(x + x), (x + x)[-3]],
        "chained": lambda: list(m.DataLoader(Count() + Count(), batch_size=4)),
        "stream": lambda: list(m.DataLoader(Count(), batch_size=2, drop_last=True)),
        "stream of samples": lambda: list(m.DataLoader(Count(), batch_size=None)),
        "subset": lambda: [list(m.Subset(x, [2, 0])), m.Subset(range(9), [1, 5])[1]],
        "stacked": lambda: [m.StackDataset(x, range(4))[2], m.StackDataset(a=range(4), b=x)[1]],
        "no batches": lambda: list(m.DataLoader(x, batch_size=None)),
        "batches of a data set": lambda: list(m.DataLoader([np.arange(2), np.arange(3)], batch_size=None)),
        "lengths": lambda: [len(p) for f in ([3, 1], [0.5, 0.5], [0.3, 0.7]) for p in m.random_split(x, f)],
        "distributed": lambda: [
            list(m.DistributedSampler(range(n), r, i, shuffle=False, drop_last=d))
            for n in (5, 6, 7) for r in (1, 2, 3) for i in range(r) for d in (False, True)
        ],
        "sizes": lambda: [
            len(list(m.RandomSampler(range(3), r, n))) for r in (False, True) for n in (None, 1, 3, 7)
        ],
    }  # fmt: skip


@pytest.mark.parametrize("name", list(data_sets(ours, autograd)))
def test_data_sets(name: str) -> None:
    assert plain(data_sets(ours, autograd)[name]()) == plain(data_sets(theirs, torch)[name]())


OPTIONS: dict[str, list[Any]] = {
    "batch_size": [0, 2, None, -1],
    "shuffle": [None, True],
    "sampler": [None, [1, 0]],
    "batch_sampler": [None, [[0, 1]]],
    "drop_last": [False, True],
    "num_workers": [-1, 0, 1],
    "prefetch_factor": [None, 3, -1],
    "persistent_workers": [False, True],
    "timeout": [0, -1],
}


def test_options_are_refused_where_pytorch_refuses_them() -> None:
    """Each pair of options."""
    for (a, first), (b, second) in itertools.combinations(OPTIONS.items(), 2):
        for x, y in itertools.product(first, second):
            options = {a: x, b: y}
            refused = []
            for m in (ours, theirs):
                try:
                    m.DataLoader(range(3), **options)
                    refused.append(False)
                except ValueError:
                    refused.append(True)
            assert refused[0] == refused[1], options


@pytest.mark.parametrize("name", sorted(set(ours.__all__) - {"WorkerInfo"}))
def test_arguments(name: str) -> None:
    from tests.with_torch.test_signatures import misfit

    function, other = getattr(ours, name), getattr(theirs, name)
    if name not in ("ConcatDataset", "ChainDataset", "Sampler", "Dataset", "IterableDataset", "random_split"):
        # what PyTorch's documentation does not have: keyword-only arguments of our own
        own = ("shards", "batch_size") if name == "DistributedSampler" else ()
        assert misfit(function, other, own) is None
