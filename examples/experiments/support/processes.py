"""The processes of one run: mpirun starts several ranks, and rank 0 alone reads and writes the run folder.

Without mpirun there is one process, and nothing here costs anything. Where mpirun starts several, all of them run the
same program. Only rank 0 prints and writes files; what it reads there, it tells the others.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import pickle
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn, TypeVar

import numpy as np

import autograd
from autograd import distributed
from autograd.distributed import tree
from autograd.distributed.group import started_by_mpi
from autograd.memory import give_freed_memory_back
from examples.experiments.support.mpirun import STATUS

T = TypeVar("T")

_ALIGNED = 64  # bytes: a line of the cache
SHARDS = 8  # of a batch, if mpirun starts the program


@contextlib.contextmanager
def joined() -> Iterator[None]:
    """Be one of the ranks inside the ``with`` block; ranks other than 0 print nothing to stdout there.

    All ranks leave the block together. An error ends all of them.
    """
    if distributed.is_initialized():
        yield
        return
    distributed.init_process_group("mpi")
    if (here := _on_this_host()) > 1:  # mpirun may let all of them use all processors
        autograd.set_num_threads(max(1, min(autograd.get_num_threads(), (os.cpu_count() or 1) // here)))
    try:
        if is_first():
            yield
        else:
            with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
                yield
    except BaseException:
        if count() == 1:
            distributed.destroy_process_group()
        raise  # the other ranks learn of it from mpirun, which ends them
    distributed.destroy_process_group()


def is_first() -> bool:
    """Return whether this is rank 0, which alone reads and writes the run folder."""
    return not distributed.is_initialized() or distributed.get_rank() == 0


def count() -> int:
    """Return the number of ranks."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def usual_shards() -> int | None:
    """Return into how many shards a new run cuts a batch if no option says so: none without mpirun.

    It does not depend on the number of ranks, so that a job can go on with another number.
    """
    return SHARDS if started_by_mpi() else None


def own_rows(rows: int, shards: int | None) -> range:
    """Return which rows of a batch this rank reads: those of its shards, which are neighbours."""
    if shards is None or count() == 1:
        return range(rows)
    return tree.own_rows(rows, shards, count(), distributed.get_rank())


def own_share(number: int) -> range:
    """Return which of a number of tasks this rank does: every n-th, so that the shares differ by 1 at most."""
    return range(distributed.get_rank(), number, count()) if count() > 1 else range(number)


def _on_this_host() -> int:
    """Return Open MPI's count of the ranks on this host, 1 if it is unknown."""
    told = os.environ.get("OMPI_COMM_WORLD_LOCAL_SIZE", "")
    return int(told) if told.isdecimal() else 1


def one_copy_on_each_host(read: Callable[[], T]) -> T:
    """Read data in one rank of each host, and let its other ranks use the same memory.

    The first rank of a host writes the arrays to a file in the temporary folder, from which all ranks of the host map
    them; the file has no name any more when this returns. A rank that changes an array changes its own copy. Where the
    folder is full or the host shares its name with another, ranks read for themselves, one after the first.

    Parameters
    ----------
    read : function
        Returns arrays, in tuples or other objects that can be pickled.
    """
    if count() == 1:
        return read()
    group = distributed._default("one_copy_on_each_host")
    hosts = group.gather_texts(here := platform.node(), "one_copy_on_each_host")
    first, path = hosts.index(here), ""
    content = read() if first == group.rank else None
    with contextlib.ExitStack() as at_the_end:
        if first == group.rank and hosts.count(here) > 1:
            with contextlib.suppress(OSError):
                path = _written(content, at_the_end)
        path = group.gather_texts(path, "one_copy_on_each_host")[first]
        if path:
            with contextlib.suppress(OSError):
                content = _mapped(path)
            give_freed_memory_back()  # what was read into the first rank's own memory
        wait()  # then the file may lose its name
    return read() if content is None else content


def _written(content: object, at_the_end: contextlib.ExitStack) -> str:
    """Write arrays and what holds them to a new file, which is removed at the end; return its path."""
    arrays: list[pickle.PickleBuffer] = []
    head = pickle.dumps(content, protocol=5, buffer_callback=arrays.append)
    file, path = tempfile.mkstemp(prefix="lucidgrad-")
    at_the_end.callback(os.unlink, path)
    with open(file, "wb") as into:
        parts = [memoryview(head), *(array.raw() for array in arrays)]
        into.write(np.array([len(parts), *(part.nbytes for part in parts)], np.int64).tobytes())
        for part in parts:
            into.write(bytes(-into.tell() % _ALIGNED))
            into.write(part)
    return path


def _mapped(path: str) -> Any:
    """Return what `_written` wrote, with arrays in memory that all ranks of the host share until they write to it."""
    with open(path, "rb") as file:
        memory = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    sizes = np.frombuffer(memory[8 : 8 + 8 * int.from_bytes(memory[:8], sys.byteorder)], np.int64).tolist()
    parts, end = [], 8 + 8 * len(sizes)
    for size in sizes:
        begin = -(-end // _ALIGNED) * _ALIGNED
        end = begin + size
        parts.append(memory[begin:end])
    return pickle.loads(parts[0], buffers=parts[1:])  # of a file that only this user can write


def from_first(make: Callable[[], bytes | None]) -> bytes | None:
    """Let rank 0 make some bytes, or None; return them on every rank."""
    made = make() if is_first() else None
    if count() == 1:
        return made
    size = autograd.tensor([-1 if made is None else len(made)])
    distributed.broadcast(size, 0)
    if size.item() < 0:
        return None
    content = np.zeros(int(size.item()), np.uint8) if made is None else np.frombuffer(made, np.uint8).copy()
    told = autograd.from_numpy(content)
    distributed.broadcast(told, 0)
    return told.numpy().tobytes()


def largest(number: int) -> int:
    """Return the largest of the numbers of all ranks: one call of MPI, since every training step asks."""
    if count() == 1:
        return number
    return int(distributed._default("largest").gather_numbers([number], "largest").max())


def dealt(results: Sequence[tuple[float, ...]], number: int, columns: int) -> list[tuple[float, ...]]:
    """Return the results of a number of tasks, in their order, on every rank.

    Parameters
    ----------
    results : sequence of tuples
        Of the tasks of this rank, `own_share(number)`.
    number : int
        Of tasks.
    columns : int
        Numbers in each result.
    """
    if count() == 1:
        return list(results)
    most = -(-number // count())
    mine = autograd.zeros(most, columns, dtype=autograd.float64)
    for i, result in enumerate(results):
        mine[i] = autograd.tensor(result, dtype=autograd.float64)
    lists = [autograd.zeros_like(mine) for _ in range(count())]
    distributed.all_gather(lists, mine)
    rows = [each.tolist() for each in lists]
    return [tuple(rows[task % count()][task // count()]) for task in range(number)]


def wait() -> None:
    """Wait until all ranks are here. mpirun ends all of them as soon as one ends with a status other than 0."""
    if count() > 1:
        distributed.barrier()


def note_status(status: int) -> None:
    """Tell `mpirun` with which status rank 0 ends. Open MPI's mpirun returns 0 if it loses the daemon of a host."""
    if is_first() and (path := os.environ.get(STATUS)):
        with contextlib.suppress(OSError), open(path, "w") as file:
            file.write(str(status))


def quietly() -> None:
    """Before an error is printed: give way to rank 0. Most errors come to all ranks, and one message is enough."""
    if not is_first():
        time.sleep(1)
        print(f"Rank {distributed.get_rank()} of {count()}:", file=sys.stderr)


def end_all(status: int) -> NoReturn:
    """End this rank, and by that all of them, without waiting for any."""
    note_status(status)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)
