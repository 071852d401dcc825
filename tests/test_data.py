"""autograd.utils.data: data sets, samplers, collation, the DataLoader and its worker processes."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, OrderedDict, defaultdict, namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Generator, Tensor, tensor
from autograd.utils import data
from autograd.utils.data import (
    BatchSampler,
    ChainDataset,
    ConcatDataset,
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    StackDataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    default_convert,
    get_worker_info,
    random_split,
)

ROOT = Path(__file__).resolve().parents[1]
COUNT = 23


@pytest.fixture(autouse=True)
def seeded() -> None:
    autograd.manual_seed(0)


class Noisy(Dataset[Any]):
    """Samples with random numbers from each of the three streams."""

    def __len__(self) -> int:
        return COUNT

    def __getitem__(self, i: int) -> tuple[int, Tensor, float, float]:
        return i, autograd.rand(2), np.random.rand(), random.random()  # noqa: NPY002


class Stream(IterableDataset[Any]):
    """Noisy numbers, shared out to the workers."""

    def __iter__(self) -> Iterator[tuple[int, float]]:
        info = get_worker_info()
        first, step = (0, 1) if info is None else (info.id, info.num_workers)
        shift = random.random()
        for i in range(first, COUNT, step):
            yield i, shift + np.random.rand()  # noqa: NPY002


class Lazy(Sampler[int]):
    """A sampler of the user's that draws as it goes."""

    def __iter__(self) -> Iterator[int]:
        for _ in range(COUNT):
            yield int(autograd.randint(COUNT, ()).item()) if random.random() < 0.5 else 0

    def __len__(self) -> int:
        return COUNT


def bits(batch: Any) -> list[bytes]:
    return [x.numpy().tobytes() for x in batch]


def batches(loader: Any) -> list[list[bytes]]:
    return [bits(batch) for batch in loader]


def samples(dataset: Any) -> list[Any]:
    return list(dataset)


# ── data sets and samplers ──


def test_data_sets() -> None:
    x = autograd.arange(3)
    pairs = TensorDataset(x, x * 10)
    assert len(pairs) == 3 and [int(n.item()) for n in pairs[2]] == [2, 20]
    both = pairs + pairs
    assert isinstance(both, ConcatDataset) and len(both) == 6
    assert [int(both[i][0].item()) for i in (0, 3, 5, -1, -6)] == [0, 0, 2, 2, 0]
    ranges: Any = [range(3), range(0), range(10, 12)]
    assert [ConcatDataset(ranges)[i] for i in range(5)] == [0, 1, 2, 10, 11]
    assert samples(Subset(range(10, 20), [3, 1])) == [13, 11]  # type: ignore[arg-type]
    assert Subset(range(10), [5, 6, 7]).__getitems__([0, 2]) == [5, 7]  # type: ignore[arg-type]
    assert StackDataset(range(2), range(5, 7))[1] == (1, 6)  # type: ignore[arg-type]
    named = StackDataset(a=range(2), b=range(5, 7))  # type: ignore[arg-type]
    assert named[1] == {"a": 1, "b": 6} and named.__getitems__([1, 0]) == [{"a": 1, "b": 6}, {"a": 0, "b": 5}]
    chained = Stream() + Stream()
    assert isinstance(chained, ChainDataset) and [i for i, _ in chained] == [*range(COUNT)] * 2


def test_random_split() -> None:
    for lengths, sizes in (([7, 3], [7, 3]), ([0.33, 0.33, 0.33, 0.01], [4, 3, 3, 0]), ([0.75, 0.25], [8, 2])):
        with pytest.warns(UserWarning, match="part 3 .* is empty") if 0 in sizes else contextlib.nullcontext():
            parts: Any = random_split(range(10), lengths, Generator().manual_seed(3))  # type: ignore[arg-type]
        assert [len(part) for part in parts] == sizes
        assert sorted(i for part in parts for i in part) == list(range(10))
        assert [list(part) for part in parts] != [list(range(10))[: sizes[0]]]
    assert samples(random_split(range(9), [9])[0]) != list(range(9))  # type: ignore[arg-type]


def test_random_samplers_have_the_right_distribution() -> None:
    g = Generator().manual_seed(1)
    long = list(RandomSampler(range(5), num_samples=12, generator=g))
    assert sorted(long[:5]) == sorted(long[5:10]) == list(range(5)) and len(set(long[10:])) == 2
    often = Counter(RandomSampler(range(4), replacement=True, num_samples=8000, generator=g))
    assert all(abs(often[i] - 2000) < 160 for i in range(4))
    assert sorted(SubsetRandomSampler([4, 8, 6], generator=g)) == [4, 6, 8]
    weighted = Counter(WeightedRandomSampler([0.1, 0.0, 0.9], 10_000, generator=g))
    assert weighted[1] == 0 and abs(weighted[0] - 1000) < 120
    assert sorted(WeightedRandomSampler([1.0, 2.0, 3.0], 3, replacement=False, generator=g)) == [0, 1, 2]
    orders = {tuple(RandomSampler(range(6))) for _ in range(5)}
    assert len(orders) > 1 and all(sorted(order) == list(range(6)) for order in orders)


def test_distributed_sampler_shares_out_one_order() -> None:
    for drop_last, sizes in ((False, 4), (True, 3)):
        parts = []
        for rank in range(3):
            sampler = DistributedSampler(range(10), 3, rank, seed=5, drop_last=drop_last)
            sampler.set_epoch(2)
            parts.append(list(sampler))
            assert len(sampler) == len(parts[-1]) == sizes
        seen = Counter(i for part in parts for i in part)
        assert len(seen) == (10 if not drop_last else 9)
        sampler.set_epoch(3)
        assert list(sampler) != parts[-1]


Point = namedtuple("Point", "x y")


def test_collation_of_nested_containers() -> None:
    samples = [
        {"t": autograd.ones(2) * i, "n": np.arange(3) + i, "f": 0.5 * i, "i": i, "s": f"s{i}", "p": Point(i, [i, "a"])}
        for i in range(2)
    ]
    batch = default_collate(samples)
    assert batch["t"].tolist() == [[0, 0], [1, 1]] and batch["n"].dtype == np.arange(3).dtype
    assert batch["f"].dtype == np.float64 and batch["i"].dtype == np.int64 and batch["s"] == ["s0", "s1"]
    assert isinstance(batch["p"], Point) and batch["p"].x.tolist() == [0, 1] and batch["p"].y[1] == ("a", "a")
    assert default_collate([True, False]).dtype == np.bool_
    assert default_collate([np.float32(1), np.float32(2)]).dtype == np.float32
    ordered = default_collate([OrderedDict(a=1), OrderedDict(a=2)])
    assert type(ordered) is OrderedDict and ordered["a"].tolist() == [1, 2]
    factory: Any = defaultdict(list, a=1)
    assert default_collate([factory, factory]).default_factory is list and factory["a"] == 1
    converted = default_convert({"a": [1, "x", np.ones(2)], "b": (np.int64(3), None)})
    assert isinstance(converted["a"][2], Tensor) and converted["a"][:2] == [1, "x"] and converted["b"][1] is None


def test_a_batch_of_tensors_is_that_of_its_samples() -> None:
    x, y = autograd.randn(7, 3, requires_grad=True), autograd.arange(7)
    for dataset in (TensorDataset(x, y), Subset(TensorDataset(x, y), [6, 2, 0, 3])):
        for fast, slow in zip(
            DataLoader(dataset, 3), DataLoader(dataset, 3, collate_fn=lambda s: default_collate(s)), strict=True
        ):
            assert type(fast) is type(slow) and bits([t.detach() for t in fast]) == bits([t.detach() for t in slow])
            assert [t.requires_grad for t in fast] == [t.requires_grad for t in slow]


# ── random numbers and resuming ──

MAKERS: dict[str, Callable[..., DataLoader]] = {
    "shuffled": lambda **o: DataLoader(Noisy(), 4, shuffle=True, **o),
    "in order": lambda **o: DataLoader(Noisy(), 5, drop_last=True, **o),
    "own generator": lambda **o: DataLoader(Noisy(), 4, shuffle=True, generator=Generator().manual_seed(3), **o),
    "sampler's generator": lambda **o: DataLoader(
        Noisy(), 4, sampler=RandomSampler(range(COUNT), True, 30, Generator().manual_seed(3)), **o
    ),
    "lazy sampler": lambda **o: DataLoader(Noisy(), 4, sampler=Lazy(), **o),
    "weighted": lambda **o: DataLoader(Noisy(), 4, sampler=WeightedRandomSampler(range(1, COUNT + 1), 20), **o),
    "distributed": lambda **o: DataLoader(Noisy(), 4, sampler=DistributedSampler(range(COUNT), 2, 1), **o),
    "samples": lambda **o: DataLoader(Noisy(), None, shuffle=True, collate_fn=default_convert_all, **o),
    "batch sampler": lambda **o: DataLoader(Noisy(), batch_sampler=BatchSampler(Lazy(), 3, False), **o),
    "stream": lambda **o: DataLoader(Stream(), 4, **o),
}


def default_convert_all(sample: Any) -> list[Tensor]:
    return [autograd.as_tensor(x) for x in sample]


@pytest.mark.parametrize("name", [name for name in MAKERS if name != "stream"])
def test_random_numbers_are_the_same_with_any_number_of_workers(name: str) -> None:
    results: list[Any] = []
    drawn = []
    for options in ({}, {"num_workers": 1}, {"num_workers": 3, "prefetch_factor": 1}):
        autograd.manual_seed(5)
        loader = MAKERS[name](**options)
        results.append(batches(loader) + batches(loader))
        drawn.append(autograd.rand(3).tolist())
    assert results[0] == results[1] == results[2]
    assert drawn[0] == drawn[1] == drawn[2]  # the training draws the same numbers, too
    half = len(results[0]) // 2
    assert results[0][:half] != results[0][half:]  # each epoch has its own


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("name", list(MAKERS))
def test_an_epoch_resumed_at_each_batch_goes_on_to_the_same_bits(name: str, workers: int) -> None:
    options = {"num_workers": workers}
    loader = MAKERS[name](**options)
    expected = [batches(loader), batches(loader)]
    autograd.rand(7)  # as a training step would, in the second epoch
    expected.append(batches(loader))
    total = len(expected[0])
    for stop in range(total + 1) if workers == 0 else (0, 1, total // 2, total):
        autograd.manual_seed(0)
        loader = MAKERS[name](**options)
        assert batches(loader) == expected[0]
        epoch = iter(loader)
        assert [bits(next(epoch)) for _ in range(stop)] == expected[1][:stop]
        autograd.rand(7)
        saved = json.loads(json.dumps({"loader": loader.state_dict(), "random": autograd.get_rng_state().tolist()}))
        del epoch, loader

        autograd.manual_seed(99)  # another process
        random.seed(99)
        other = MAKERS[name](**({} if name != "stream" else options))  # the number of workers may change
        other.load_state_dict(saved["loader"])
        autograd.set_rng_state(tensor(saved["random"], dtype=autograd.uint8))
        assert other.state_dict() == saved["loader"]
        rest = batches(other)
        assert rest == expected[1][stop:], (name, stop)
        assert batches(other) == expected[2], (name, stop)  # and so does the next epoch


def test_the_state_between_epochs() -> None:
    autograd.manual_seed(0)
    loader = MAKERS["own generator"]()
    first = batches(loader)
    state = loader.state_dict()
    assert state["seed"] is None and state["batches"] == 0
    second = batches(loader)
    other = MAKERS["own generator"]()
    other.load_state_dict(state)
    assert batches(other) == second != first


def test_a_sampler_with_a_state_of_its_own() -> None:
    loader = DataLoader(range(12), 2, sampler=(sampler := DistributedSampler(range(12), 1, 0)))
    sampler.set_epoch(7)
    epoch = iter(loader)
    next(epoch)
    state = loader.state_dict()
    other = DataLoader(range(12), 2, sampler=DistributedSampler(range(12), 1, 0))
    other.load_state_dict(state)
    assert [x.tolist() for x in other] == [x.tolist() for x in epoch]
    assert other.sampler.epoch == 7  # type: ignore[union-attr]


def test_a_state_of_another_loader_is_refused_and_changes_nothing() -> None:
    loader = MAKERS["own generator"]()
    iterator = iter(loader)
    next(iterator)
    good = loader.state_dict()
    wrong: list[dict[str, Any]] = [
        {}, {**good, "length": 3}, {**good, "batches": -1}, {**good, "batches": "2"}, {**good, "seed": -2},
        {**good, "generators": []}, {**good, "generators": [5]}, {**good, "generators": ["{}"]},
        {**good, "generators_at_start": ["x"]}, {**good, "more": 1},
    ]  # fmt: skip
    for state in wrong:
        with pytest.raises(ValueError, match=r"load_state_dict|set_state"):
            loader.load_state_dict(state)
        assert loader.state_dict() == good
    with pytest.raises(ValueError, match="num_workers was 0, and this loader's is 2"):
        DataLoader(Stream(), 4, num_workers=2).load_state_dict(DataLoader(Stream(), 4).state_dict())
    shorter = DataLoader(Noisy(), 4, sampler=Endless(2))
    shorter.load_state_dict({**DataLoader(Noisy(), 4, sampler=Endless(9)).state_dict(), "seed": 1, "batches": 5})
    with pytest.raises(RuntimeError, match="5 batches were handed out, and the sampler has fewer"):
        iter(shorter)


class Endless(Sampler[int]):
    """Without a length."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.count))


# ── workers ──


class Faulty(Dataset[Any]):
    """Does something at index 5."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __len__(self) -> int:
        return 12

    def __getitem__(self, i: int) -> Any:
        if i == 5:
            if self.what == "raise":
                raise KeyError("no such file")
            if self.what == "odd":
                raise Unpicklable("x", 2)
            if self.what == "stop":
                raise StopIteration
            if self.what == "lambda":
                return lambda: 0
            time.sleep(0.5 * (self.what in ("die", "kill")))  # so that earlier batches are on their way
            if self.what == "die":
                os._exit(3)
            if self.what == "kill":
                os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
            if self.what == "sleep":
                time.sleep(60)
        return i


class Unpicklable(Exception):
    def __init__(self, a: str, b: int) -> None:
        super().__init__(a)


def kept(samples: list[Any]) -> list[Any]:
    return samples


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    ("what", "kind", "words"),
    [
        ("raise", KeyError, "no such file"),
        ("odd", Exception, "x"),
        ("stop", RuntimeError, "raised StopIteration for sample 5"),
    ],
)
def test_an_error_of_the_data_set(what: str, kind: type[Exception], words: str, workers: int) -> None:
    epoch = iter(DataLoader(Faulty(what), 2, num_workers=workers))
    assert [next(epoch).tolist() for _ in range(2)] == [[0, 1], [2, 3]]
    with pytest.raises(kind, match=words) as raised:
        next(epoch)
    if what != "stop":
        assert "DataLoader: while loading sample 5" in raised.value.__notes__
    if workers:
        note = raised.value.__notes__[-1]
        assert note.startswith("Caught ") and "in DataLoader worker process 0" in note and "__getitem__" in note
    assert [x.tolist() for x in epoch] == [[6, 7], [8, 9], [10, 11]]  # the others can be had


def test_a_batch_that_cannot_be_pickled() -> None:
    epoch = iter(DataLoader(Faulty("lambda"), 2, num_workers=1, collate_fn=kept))
    next(epoch), next(epoch)
    with pytest.raises(Exception, match=r"pickle") as raised:
        next(epoch)
    assert any("a batch is pickled to reach the main process" in note for note in raised.value.__notes__)


def alive(pids: list[int]) -> list[int]:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        left = [pid for pid in pids if _exists(pid)]
        if not left:
            return []
        time.sleep(0.05)
    return left


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def pids_of(epoch: Any) -> list[int]:
    return [process.pid for _, process in epoch._pool._workers]


@pytest.mark.parametrize(("what", "words"), [("die", "exit code 3"), ("kill", "killed by SIG(KILL|TERM)")])
def test_a_dead_worker_is_noticed_and_no_other_is_left(what: str, words: str) -> None:
    loader = DataLoader(Faulty(what), 2, num_workers=2)
    epoch = iter(loader)
    pids = pids_of(epoch)
    assert [next(epoch).tolist() for _ in range(2)] == [[0, 1], [2, 3]]
    with pytest.raises(RuntimeError, match=rf"worker 0 \(pid {pids[0]}\) exited unexpectedly: it .*{words}"):
        next(epoch)
    assert not alive(pids)
    with pytest.raises(RuntimeError, match="iterate over the loader again"):
        next(epoch)
    assert loader.state_dict()["batches"] == 2


def test_a_worker_that_does_not_answer_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data.worker, "GRACE", 0.2)
    epoch = iter(DataLoader(Faulty("sleep"), 2, num_workers=2, timeout=0.5))
    pids = pids_of(epoch)
    next(epoch), next(epoch)
    with pytest.raises(RuntimeError, match=r"timed out after 0\.5 seconds: worker 0 \(pid \d+\)"):
        next(epoch)
    assert not alive(pids)


def test_workers_end_with_the_epoch_and_with_the_iterator() -> None:
    epoch = iter(DataLoader(range(6), 2, num_workers=2))
    pids = pids_of(epoch)
    assert len(list(epoch)) == 3
    assert not alive(pids)
    assert next(epoch, "ended") == "ended"
    epoch = iter(DataLoader(range(600), 2, num_workers=2))
    pids = pids_of(epoch)
    next(epoch)
    del epoch
    assert not alive(pids)


def test_persistent_workers_stay_and_forget_an_abandoned_epoch() -> None:
    loader = DataLoader(Noisy(), 4, shuffle=True, num_workers=2, persistent_workers=True)
    first = iter(loader)
    next(first)
    pids = pids_of(first)
    second = iter(loader)
    assert pids_of(second) == pids
    plain = DataLoader(Noisy(), 4, shuffle=True)
    plain.load_state_dict(loader.state_dict())
    assert batches(second) == batches(plain)
    with pytest.raises(RuntimeError, match="a later iteration has taken over the persistent workers"):
        next(first)
    assert not [pid for pid in pids if not _exists(pid)]
    del loader, first, second
    assert not alive(pids)


class Described(Dataset[Any]):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, i: int) -> Any:
        info = get_worker_info()
        assert info is not None and info.dataset is self
        return i, info.id, info.num_workers, autograd.get_num_threads(), self.tag  # type: ignore[attr-defined]


def tagged(worker: int) -> None:
    info = get_worker_info()
    assert info is not None and info.seed == autograd.initial_seed() and info.id == worker
    info.dataset.tag = 10 + worker


def failing(worker: int) -> None:
    raise OSError("no disk")


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_what_a_worker_knows(method: str) -> None:
    if method == "fork" and not hasattr(os, "fork"):
        return  # Windows has no fork
    loader = DataLoader(
        Described(), 1, num_workers=2, worker_init_fn=tagged, multiprocessing_context=method, collate_fn=kept
    )
    assert [batch[0] for batch in loader] == [(i, i % 2, 2, 1, 10 + i % 2) for i in range(4)]
    assert get_worker_info() is None


def test_an_error_of_worker_init_fn() -> None:
    with pytest.raises(OSError, match="no disk"):
        list(DataLoader(range(3), num_workers=1, worker_init_fn=failing))


def test_what_spawn_cannot_pickle_is_explained() -> None:
    with pytest.raises(Exception, match=r"pickle") as raised:
        iter(DataLoader(range(3), num_workers=1, collate_fn=lambda x: x, multiprocessing_context="spawn"))
    assert any("at the top of a module" in note for note in raised.value.__notes__)


class Uneven(IterableDataset[Any]):
    """The first worker has more than the second."""

    def __iter__(self) -> Iterator[int]:
        info = get_worker_info()
        assert info is not None
        return iter(range(100 * info.id, 100 * info.id + (7, 2)[info.id]))


def test_the_batches_of_an_uneven_stream_come_in_turn() -> None:
    loader = DataLoader(Uneven(), 2, num_workers=2)
    expected = [[0, 1], [100, 101], [2, 3], [4, 5], [6]]
    assert [x.tolist() for x in loader] == expected
    assert [x.tolist() for x in DataLoader(Uneven(), 2, num_workers=2, drop_last=True)] == expected[:-1]


def test_batches_larger_than_a_pipe_in_both_directions() -> None:
    wide = TensorDataset(autograd.arange(200_000))
    order = BatchSampler(SequentialSampler(range(200_000)), 100_000, False)
    found = list(DataLoader(wide, batch_sampler=order, num_workers=1, prefetch_factor=4))
    assert [int(x.sum().item()) for (x,) in found] == [sum(range(100_000)), sum(range(100_000, 200_000))]
    found[0][0].array[0] = 5  # the batch is the caller's own


PROGRAM = """
import os, signal, sys, time
import autograd
from autograd.utils.data import DataLoader

class Slow:
    def __len__(self): return 1000
    def __getitem__(self, i):
        time.sleep(0.01)
        return i

x = autograd.rand(300, 300, requires_grad=True)
(x @ x).sum().backward()  # kernels have run, with their threads, before the fork
epoch = iter(DataLoader(Slow(), 2, num_workers=2))
try:
    print(*[process.pid for _, process in epoch._pool._workers], next(epoch).tolist(), flush=True)
    if sys.argv[1] == "leave":
        sys.exit(0)
    if sys.argv[1] == "raise":
        raise RuntimeError("a training that fails")
    for _ in epoch:
        pass
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="Windows has no process groups")
@pytest.mark.parametrize("how", ["leave", "raise", "interrupt", "kill"])
def test_no_worker_outlives_the_program(how: str) -> None:
    program = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM, how], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    assert program.stdout is not None
    *pids, _, _ = program.stdout.readline().replace("[", "").replace("]", "").split()
    if how == "interrupt":
        os.killpg(program.pid, signal.SIGINT)  # as Ctrl-C does
    elif how == "kill":
        program.kill()
    printed, complaints = program.communicate(timeout=60)
    assert not alive([int(pid.rstrip(",")) for pid in pids])
    if how == "interrupt":
        assert (printed, complaints, program.returncode) == ("interrupted\n", "", 0)
    elif how == "raise":
        assert complaints.count("Traceback") == 1 and "a training that fails" in complaints
    else:
        assert complaints == ""


# ── options ──


def test_lengths() -> None:
    for count in (0, 1, 7, 8):
        for batch_size in (1, 3, 8):
            for drop_last in (False, True):
                loader = DataLoader(range(count), batch_size, drop_last=drop_last)
                assert len(loader) == len(list(loader)) == len(iter(loader))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        len(DataLoader(Stream()))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"num_workers": -1}, "num_workers is -1"),
        ({"timeout": -1}, "timeout is -1"),
        ({"timeout": 3}, "timeout is for worker processes"),
        ({"prefetch_factor": 2}, "prefetch_factor is for worker processes"),
        ({"num_workers": 1, "prefetch_factor": -1}, "prefetch_factor is -1"),
        ({"persistent_workers": True}, "persistent_workers is for worker processes"),
        ({"multiprocessing_context": "spawn"}, "multiprocessing_context is for worker processes"),
        ({"num_workers": 1, "multiprocessing_context": "x"}, "multiprocessing_context is 'x'; this system has"),
        ({"sampler": [0], "shuffle": True}, "sampler and shuffle are mutually exclusive"),
        ({"batch_sampler": [[0]], "batch_size": 2}, "batch_sampler is mutually exclusive"),
        ({"batch_sampler": [[0]], "shuffle": True}, "batch_sampler is mutually exclusive"),
        ({"batch_size": None, "drop_last": True}, "mutually exclusive with drop_last"),
        ({"batch_size": 0}, "batch_size must be a positive integer, not 0"),
        ({"dataset": Stream(), "shuffle": True}, "shuffle=True cannot be obeyed"),
        ({"dataset": Stream(), "sampler": [1]}, r"sampler=\[1\] cannot be obeyed"),
        ({"dataset": Stream(), "batch_sampler": [[1]]}, r"batch_sampler=\[\[1\]\] cannot be obeyed"),
    ],
)
def test_options_that_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        DataLoader(**{"dataset": range(3), **options})


def test_other_errors_are_sentences() -> None:
    wrong: list[tuple[type[Exception], str, Callable[[], Any]]] = [
        (
            TypeError,
            "multiprocessing_context must be",
            lambda: DataLoader([1], num_workers=1, multiprocessing_context=3),
        ),
        (TypeError, "generator is a int", lambda: DataLoader([1], generator=3)),  # type: ignore[arg-type]
        (ValueError, "num_samples must be a positive integer, not 0", lambda: RandomSampler([])),
        (TypeError, "replacement must be True or False", lambda: RandomSampler([1], replacement=1)),  # type: ignore[arg-type]
        (ValueError, "one weight for each sample", lambda: WeightedRandomSampler([[1.0, 2.0]], 2)),  # type: ignore[list-item]
        (ValueError, "drop_last must be", lambda: BatchSampler([1], 2, 0)),  # type: ignore[arg-type]
        (ValueError, "first dimensions", lambda: TensorDataset(autograd.ones(2), autograd.ones(3))),
        (ValueError, "at least one data set", lambda: ConcatDataset([])),
        (ValueError, "same length", lambda: StackDataset([1], [1, 2])),  # type: ignore[arg-type]
        (ValueError, "by position", StackDataset),
        (TypeError, "use ChainDataset", lambda: ConcatDataset([Stream()])),
        (TypeError, "expects IterableDatasets", lambda: list(ChainDataset([TensorDataset(autograd.ones(1))]))),
        (IndexError, "out of range for 2", lambda: ConcatDataset([range(2)])[2]),  # type: ignore[list-item]
        (ValueError, "sum to 2, and the data set has 3", lambda: random_split(range(3), [1, 1])),  # type: ignore[arg-type]
        (ValueError, "fractions must be", lambda: random_split(range(3), [1.5, -0.5])),  # type: ignore[arg-type]
        (ValueError, "rank is 3", lambda: DistributedSampler(range(3), 3, 3)),
        (ValueError, "no process group", lambda: DistributedSampler(range(3))),
        (RuntimeError, "the same length", lambda: default_collate([[1, 2], [3]])),
        (TypeError, "not NoneType", lambda: default_collate([None])),
        (TypeError, "arrays must hold numbers", lambda: default_collate([np.array(["a"])])),
        (NotImplementedError, "__getitem__", lambda: Dataset()[0]),  # type: ignore[var-annotated]
        (ValueError, "batch_size cannot be set afterwards", lambda: setattr(DataLoader([1]), "batch_size", 3)),
    ]
    for kind, words, call in wrong:
        with pytest.raises(kind, match=words):
            call()


def test_what_pytorch_programs_pass_and_import() -> None:
    import autograd as torch
    from autograd.utils.data.dataloader import default_collate as same
    from autograd.utils.data.distributed import DistributedSampler as also
    from autograd.utils.data.sampler import SubsetRandomSampler as too

    assert torch.utils.data.DataLoader is DataLoader and same is default_collate  # type: ignore[attr-defined]
    assert also is DistributedSampler and too is SubsetRandomSampler
    assert len(list(DataLoader([1, 2], pin_memory=True, pin_memory_device="", in_order=True))) == 2
