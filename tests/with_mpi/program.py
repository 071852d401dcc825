"""A program that mpirun starts: what it prints must not depend on the number of ranks.

Rank 0 prints one line of JSON: a digest for each case.  All ranks must have the same.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import autograd
import autograd.distributed as dist
import nn
import nn.functional as F
import optim
from autograd import Tensor
from autograd.distributed import _default
from autograd.distributed.reduction import layout, reduce_blocks
from autograd.distributed.tree import PairwiseSum, blocks, run
from autograd.utils.data import DataLoader, DistributedSampler, TensorDataset
from examples.experiments.support import processes

SHARDS = 8


def digest(*values: Any) -> str:
    """Of tensors, arrays and numbers."""
    return hashlib.sha256(b"".join(np.asarray(getattr(v, "array", v)).tobytes() for v in values)).hexdigest()[:16]


def batch(rows: int, seed: int) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, 3, 8, 8)).astype(np.float32)
    return autograd.from_numpy(x), autograd.from_numpy(rng.integers(0, 10, rows))


def net() -> nn.Module:
    autograd.manual_seed(dist.get_rank())  # differs between ranks, until the wrapper gives them rank 0's
    return nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.InstanceNorm2d(8, track_running_stats=True),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(8 * 9, 10),
    )


def steps(module: nn.Module, sizes: tuple[int, ...], **options: Any) -> str:
    """Train on batches of these sizes; a digest of the state, the losses and the random generator."""
    ddp = nn.parallel.DistributedDataParallel(module, shards=SHARDS)
    optimizer = optim.SGD([p for p in ddp.parameters() if p.requires_grad], lr=0.1, momentum=0.9)
    losses = []
    for step, size in enumerate(sizes):
        optimizer.zero_grad()
        shards = ddp.shards(*batch(size, step), **options)
        for x, y in shards:
            scores = ddp(x)
            loss = F.cross_entropy(scores, y)
            loss.backward()
            shards.add(loss=loss, hits=(scores.argmax(1) == y).sum())
        optimizer.step()
        losses += [shards.mean("loss"), shards.sum("hits")]
    return digest(*ddp.state_dict().values(), losses, autograd.get_rng_state())


def ragged() -> str:
    """Dropout, both kinds of norm, batches that shards do not divide."""
    return steps(net(), (16, 13, 24))


def synchronized() -> str:
    return steps(nn.SyncBatchNorm.convert_sync_batchnorm(net()), (16, 13, 24))


def fewer_rows_than_shards() -> str:
    """Some ranks have nothing to compute."""
    autograd.manual_seed(0)
    return steps(nn.Sequential(nn.Flatten(), nn.Linear(192, 10)), (3, 1, 8, 5))


class Unusual(nn.Module):
    """Parameters of several dtypes, frozen, shared, unused, used for some rows only; a buffer that forward changes."""

    seen: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(192, 10)
        self.again = self.first
        self.frozen = nn.Linear(10, 10).requires_grad_(False)
        self.unused = nn.Linear(2, 2)
        self.sometimes = nn.Parameter(autograd.ones(10))
        self.wide = nn.Parameter(autograd.ones(10, dtype=autograd.float64))
        self.narrow = nn.Parameter(autograd.ones(10, dtype=autograd.bfloat16))
        self.normed = nn.BatchNorm1d(10, momentum=None)
        self.register_buffer("seen", autograd.zeros(10))

    def forward(self, x: Tensor) -> Tensor:
        y = self.frozen(self.first(x.flatten(1))) + self.again(x.flatten(1))
        self.seen = self.seen * 0.5 + y.detach().mean(0)
        if len(x) > 1:
            y = self.normed(y)
        if x[0, 0, 0, 0].item() > 0:
            y = y * self.sometimes
        return y * self.wide.float() * self.narrow.float()


def unusual() -> str:
    autograd.manual_seed(0)
    module = Unusual()
    result = steps(module, (16, 13, 24, 4))
    assert module.unused.weight.grad is None and module.frozen.weight.grad is None
    assert module.narrow.grad is not None and module.narrow.grad.dtype == autograd.bfloat16
    return result


def accumulated() -> str:
    """Two batches before a step, losses that are sums, and a term of the loss that the wrapper does not see."""
    autograd.manual_seed(0)
    module = nn.Sequential(nn.Flatten(), nn.Linear(192, 10))
    ddp = nn.parallel.DistributedDataParallel(module, shards=SHARDS)
    for size in (16, 9):
        for x, y in ddp.shards(*batch(size, size), reduction="sum"):
            (F.cross_entropy(ddp(x), y, reduction="sum") + module[1].weight.square().sum()).backward()
    return digest(*[p.grad for p in ddp.parameters()])


def own_rows_only() -> str:
    """Each rank reads its own rows, as the sampler chooses them."""
    autograd.manual_seed(0)
    ddp = nn.parallel.DistributedDataParallel(nn.Sequential(nn.Flatten(), nn.Linear(192, 10)), shards=SHARDS)
    optimizer = optim.SGD(ddp.parameters(), lr=0.1)
    data = TensorDataset(*batch(43, 0))
    sampler = DistributedSampler(data, seed=5, shards=SHARDS, batch_size=16)
    for epoch in range(2):
        sampler.set_epoch(epoch)
        for x, y in DataLoader(data, batch_sampler=sampler):
            optimizer.zero_grad()
            for x_part, y_part in ddp.shards(x, y, local=True):
                F.cross_entropy(ddp(x_part), y_part).backward()
            optimizer.step()
    return digest(*ddp.state_dict().values())


def ways() -> str:
    """Whichever way numbers travel, and however shards are dealt, their sum has the same bits."""
    group, found = _default("ways"), []
    for rows, size in ((1000, 1), (1000, 10_001), (5, 77), (1000, 300_000)):
        where = layout(SHARDS, group.size, rows)
        for way in ("gather", "slices", *(["halves"] if where.can_halve else []), None):
            tree = PairwiseSum[Any](lambda a, b: b if a is None else a if b is None else a + b)
            for shard in run(SHARDS, group.size, group.rank):
                values = np.random.default_rng(shard).standard_normal(size).astype(np.float32)
                tree.push(shard, values if run(rows, SHARDS, shard) else None)
            own = [value for _, value in tree.blocks]
            assert [block for block, _ in tree.blocks] == blocks(run(SHARDS, group.size, group.rank))
            result = reduce_blocks(group, where, own, size, np.dtype(np.float32), "ways", way=way)
            found.append(digest(result))
        assert len(set(found)) == 1, found
        found = found[:0]
    return digest(result)


def collectives() -> str:
    """Against NumPy, for this number of ranks."""
    rank, size = dist.get_rank(), dist.get_world_size()
    all_ranks = [np.arange(6).reshape(2, 3) + 10.0 * r for r in range(size)]
    for dtype in (autograd.float32, autograd.float64, autograd.int64, autograd.bfloat16):
        own = autograd.tensor(all_ranks[rank]).to(dtype)
        for op, expected in (
            (dist.ReduceOp.SUM, sum(all_ranks)),
            (dist.ReduceOp.MIN, np.min(all_ranks, 0)),
            (dist.ReduceOp.MAX, np.max(all_ranks, 0)),
        ):
            x = own.clone()
            dist.all_reduce(x, op)
            assert np.allclose(x.double().numpy(), expected, rtol=0.01) and x.dtype == dtype
    x = autograd.tensor([2.0, 3.0])
    dist.all_reduce(x, dist.ReduceOp.PRODUCT)
    assert x.tolist() == [2.0**size, 3.0**size]
    x = autograd.tensor([float(rank)])
    dist.all_reduce(x, dist.ReduceOp.AVG)
    assert x.item() == (size - 1) / 2
    x = autograd.tensor([1.0])
    dist.reduce(x, size - 1)
    assert x.item() == (size if rank == size - 1 else 1)
    column = autograd.tensor(all_ranks[rank])[:, 1]  # not contiguous
    dist.broadcast(column, size - 1)
    assert column.tolist() == all_ranks[-1][:, 1].tolist()
    gathered = [autograd.zeros(2, 3, dtype=autograd.float64) for _ in range(size)]
    dist.all_gather(gathered, autograd.tensor(all_ranks[rank]))
    assert all(np.array_equal(a.numpy(), b) for a, b in zip(gathered, all_ranks, strict=True))
    dist.barrier()
    return ""


def messages() -> str:
    """How many calls of MPI what each step does takes: each waits for the slowest rank."""
    group, rank = _default("messages"), dist.get_rank()
    several = group.size > 1

    def calls(what: Callable[[], Any]) -> int:
        before = group._collectives
        what()
        return group._collectives - before

    found = []
    assert calls(lambda: found.append(processes.largest(rank + 1))) == several
    assert found == [group.size]
    assert calls(lambda: dist.broadcast(autograd.zeros(3), 0)) == 2 * several  # are they alike; then the numbers
    ddp = nn.parallel.DistributedDataParallel(nn.Linear(2, 3), shards=SHARDS)
    x = autograd.ones(16, 2)
    adding = group.size.bit_length() - 1 if layout(SHARDS, group.size, 16).can_halve else 1

    def step() -> None:
        for part in ddp.shards(x):
            ddp(part).sum().backward()

    assert calls(step) == several * (1 + adding)  # are they alike; then the gradients
    return ""


def one_copy() -> str:
    """Of data that the ranks of a host map: one reads, all have the same, and a change is a rank's own."""
    rank, size = dist.get_rank(), dist.get_world_size()
    reads = []

    def read() -> tuple[dict[str, np.ndarray], str]:
        reads.append(rank)
        images = np.arange(300_000, dtype=np.uint8).reshape(-1, 3, 10)
        return {"images": images, "same": images, "labels": np.arange(-5, 5), "none": np.zeros((0, 3))}, "a text"

    for folder, readers in ((None, 1), ("/nowhere", size)):
        before, tempfile.tempdir = tempfile.tempdir, folder or tempfile.tempdir
        reads.clear()
        found, text = processes.one_copy_on_each_host(read)
        tempfile.tempdir = before
        assert sum(_default("test").gather_numbers([len(reads)], "test")[:, 0]) == readers
        expected, _ = read()
        assert text == "a text" and list(found) == list(expected) and found["images"] is found["same"]
        assert all(found[name].dtype == x.dtype and np.array_equal(found[name], x) for name, x in expected.items())
        if folder is None and size > 1 and sys.platform == "linux":
            (mapped,) = re.findall(r"\S*/lucidgrad-\S+ \(deleted\)", Path("/proc/self/maps").read_text())
            assert not Path(mapped.partition(" ")[0]).exists()
        found["images"][0] = rank
        dist.barrier()
        assert (found["images"][0] == rank).all()
        del found
    return ""


def as_in_pytorch() -> str:
    """The loop of PyTorch: means over ranks, and none under no_sync."""
    rank, size = dist.get_rank(), dist.get_world_size()
    autograd.manual_seed(rank)
    module = nn.Sequential(nn.Flatten(), nn.Linear(192, 10), nn.SyncBatchNorm(10), nn.Dropout(0.0))
    ddp = nn.parallel.DistributedDataParallel(module)
    x, y = batch(8 * size, 0)
    mine = slice(8 * rank, 8 * rank + 8)
    F.cross_entropy(ddp(x[mine]), y[mine]).backward()
    distributed = [p.grad.numpy().copy() for p in ddp.parameters() if p.grad is not None]
    same = _default("test").gather_texts(digest(*distributed, *ddp.buffers()), "test")
    assert len(set(same)) == 1
    plain = nn.Sequential(nn.Flatten(), nn.Linear(192, 10), nn.BatchNorm1d(10))
    plain.load_state_dict(module.state_dict())
    plain[2].reset_running_stats()
    F.cross_entropy(plain(x), y).backward()
    for a, p in zip(distributed, plain.parameters(), strict=True):
        assert p.grad is not None and np.allclose(a, p.grad.numpy(), rtol=1e-4, atol=1e-6)
    for name, buffer in plain.named_buffers():
        assert np.allclose(buffer.numpy(), dict(module.named_buffers())[name].numpy(), rtol=1e-5, atol=1e-6), name
    ddp.zero_grad()
    module[2].eval()
    with ddp.no_sync():
        F.cross_entropy(ddp(x[mine]), y[mine]).backward()
    own = digest(*[p.grad for p in ddp.parameters()])
    assert size == 1 or len(set(_default("test").gather_texts(own, "test"))) > 1
    return ""


def refused() -> str:
    """Calls that all ranks refuse, before anything is computed."""
    rank, size = dist.get_rank(), dist.get_world_size()
    odd = int(rank == size - 1)  # this rank is different

    def fails(call: Callable[[], Any], *words: str) -> None:
        if size == 1:
            return
        try:
            call()
        except (RuntimeError, ValueError) as error:
            assert all(word in str(error) for word in words), error
        else:
            raise AssertionError(f"nothing was refused: {words}")

    fails(lambda: dist.all_reduce(autograd.zeros(2 + odd)), "all_reduce", "(2,)", "(3,)")
    fails(lambda: dist.broadcast(autograd.zeros(2, dtype="int64" if odd else "float32"), 0), "int64")
    fails(lambda: nn.parallel.DistributedDataParallel(nn.Linear(2, 3 + odd)), "weight", "(3, 2)", "(4, 2)")
    fails(lambda: nn.parallel.DistributedDataParallel(nn.Linear(2, 3), shards=size - 1), "shards", "ranks")
    ddp = nn.parallel.DistributedDataParallel(nn.Linear(2, 3), shards=SHARDS)
    fails(lambda: ddp.shards(autograd.zeros(16 + odd, 2)), "the same batch", "16", "17")
    fails(lambda: ddp.shards(autograd.zeros(4 + 2 * odd, 2), local=True), "own rows")
    autograd.manual_seed(odd)
    fails(lambda: ddp.shards(autograd.zeros(16, 2)), "different states", "manual_seed")
    return ""


CASES = [
    ragged,
    synchronized,
    fewer_rows_than_shards,
    unusual,
    accumulated,
    own_rows_only,
    ways,
    collectives,
    messages,
    one_copy,
    as_in_pytorch,
    refused,
]

if __name__ == "__main__":
    dist.init_process_group("mpi")
    found = {case.__name__: case() for case in CASES}
    texts = _default("test").gather_texts(json.dumps(found), "test")
    assert len(set(texts)) == 1, texts
    if dist.get_rank() == 0:
        print(json.dumps({"ranks": dist.get_world_size(), **found}))
    dist.destroy_process_group()
