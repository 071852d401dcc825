"""Processes that train together: `import autograd.distributed as dist`.  Names and arguments are torch.distributed's.

    mpirun -n 4 python train.py

starts four processes that run the same program.  Each calls `init_process_group("mpi")` and then has a *rank*, from 0
to 3.  The functions here move tensors between them; `nn.parallel.DistributedDataParallel` trains a model with them.
All ranks must call the same functions in the same order.

The same program without mpirun is a group of one process, and needs no MPI.

Sums are added in a fixed binary tree over the ranks (`autograd/distributed/tree.py`), so each run of as many ranks
gives the same bits.  MPI's own sums do not promise that.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from autograd.arguments import full_name
from autograd.distributed import group as _group
from autograd.distributed.group import Group as _Group
from autograd.distributed.reduction import one_each as _one_each, reduce_blocks as _reduce_blocks
from autograd.grad_mode import no_grad as _no_grad
from autograd.promotion import computing_dtype as _computing_dtype
from autograd.tensor import Tensor, wrap as _wrap
from autograd.types import Array

__all__ = [
    "ReduceOp",
    "Work",
    "all_gather",
    "all_reduce",
    "barrier",
    "broadcast",
    "destroy_process_group",
    "get_backend",
    "get_rank",
    "get_world_size",
    "init_process_group",
    "is_available",
    "is_initialized",
    "is_mpi_available",
    "is_torchelastic_launched",
    "new_group",
    "reduce",
]


class ReduceOp(enum.Enum):
    """How `all_reduce` and `reduce` combine the tensors of all ranks."""

    SUM = "sum"
    AVG = "avg"
    PRODUCT = "product"
    MIN = "min"
    MAX = "max"


_FUNCTIONS: dict[ReduceOp, Callable[[Array, Array], Array]] = {
    ReduceOp.SUM: np.add,
    ReduceOp.AVG: np.add,
    ReduceOp.PRODUCT: np.multiply,
    ReduceOp.MIN: np.minimum,
    ReduceOp.MAX: np.maximum,
}


class Work:
    """What a call with async_op=True returns.  The call is complete already."""

    def wait(self, timeout: Any = None) -> bool:
        """Return True."""
        return True

    def is_completed(self) -> bool:
        """Return True."""
        return True


_world: _Group | None = None


def is_available() -> bool:
    """Return True: without MPI there is a group of one process."""
    return True


def is_mpi_available() -> bool:
    """Whether mpi4py is installed."""
    import importlib.util

    return importlib.util.find_spec("mpi4py") is not None


def is_initialized() -> bool:
    """Whether `init_process_group` was called."""
    return _world is not None


def is_torchelastic_launched() -> bool:
    """Return False: mpirun starts the processes."""
    return False


def init_process_group(
    backend: str | None = None,
    init_method: str | None = None,
    timeout: Any = None,
    world_size: int = -1,
    rank: int = -1,
    store: Any = None,
    group_name: str = "",
    pg_options: Any = None,
    device_id: Any = None,
) -> None:
    """Join the processes that mpirun started.  Without mpirun, this process is a group of one.

    From then on an error that nothing catches on one rank ends all ranks.

    Parameters
    ----------
    backend : "mpi", optional
        The only one.
    world_size, rank : int, optional
        MPI knows both.  If given, they are compared.
    init_method, timeout, store, group_name, pg_options, device_id
        For compatibility with PyTorch.  They have no effect: mpirun tells the processes of each other.

    Raises
    ------
    ValueError
        If the backend is another one, if there is a group already, or if world_size or rank is not MPI's.
    RuntimeError
        If mpirun started several processes and they cannot talk: mpi4py is missing, or is built for another MPI.

    Examples
    --------
    >>> import autograd.distributed as dist
    >>> dist.init_process_group("mpi")
    >>> dist.get_rank(), dist.get_world_size()
    (0, 1)
    >>> dist.destroy_process_group()
    """
    global _world
    if backend is not None and str(backend).lower() != "mpi":
        raise ValueError(
            f'init_process_group: there is no backend "{backend}"; pass "mpi", and start the program with mpirun: '
            "mpirun -n 4 python train.py"
        )
    if _world is not None:
        raise ValueError("init_process_group: it was called before; call destroy_process_group() in between")
    world = _group.connect()
    for name, given, found in (("world_size", world_size, world.size), ("rank", rank, world.rank)):
        if given not in (-1, None, found):
            raise ValueError(
                f"init_process_group: {name} is {given}, and MPI says {found}; leave {name} out, and choose the "
                "number of processes with mpirun -n"
            )
    _world = world


def destroy_process_group(group: Any = None) -> None:
    """Leave the group, when all ranks do.  A program that ends without this call does the same at its end."""
    global _world
    _default("destroy_process_group", group).leave()
    _world = None


def get_rank(group: Any = None) -> int:
    """The number of this process, from 0."""
    return _default("get_rank", group).rank


def get_world_size(group: Any = None) -> int:
    """The number of processes."""
    return _default("get_world_size", group).size


def get_backend(group: Any = None) -> str:
    """Return "mpi"."""
    _default("get_backend", group)
    return "mpi"


def new_group(*arguments: Any, **options: Any) -> NoReturn:
    """Raise RuntimeError: there are no groups of some of the ranks."""
    raise RuntimeError("new_group: all ranks form the only group; leave out group=")


def all_reduce(tensor: Tensor, op: ReduceOp = ReduceOp.SUM, group: Any = None, async_op: bool = False) -> Work | None:
    """Replace the tensor on every rank by the sum, or another combination, of the tensors of all ranks.

    float16 and bfloat16 are added in float32 and rounded once.

    Parameters
    ----------
    tensor : Tensor, of one shape and dtype on all ranks
        Changed in place.
    op : ReduceOp
    group : None
    async_op : bool
        Return a `Work`.

    Raises
    ------
    RuntimeError
        If shapes or dtypes differ between ranks; on all of them, before anything is changed.
    TypeError
        For the mean of integers.

    Examples
    --------
    >>> import autograd
    >>> import autograd.distributed as dist
    >>> dist.init_process_group("mpi")
    >>> x = autograd.tensor([1.0, 2.0])
    >>> dist.all_reduce(x)
    >>> x
    tensor([1., 2.])
    >>> dist.destroy_process_group()
    """
    world = _default("all_reduce", group)
    _write(tensor, _reduced("all_reduce", world, tensor, op))
    return Work() if async_op else None


def reduce(
    tensor: Tensor,
    dst: int | None = None,
    op: ReduceOp = ReduceOp.SUM,
    group: Any = None,
    async_op: bool = False,
    group_dst: int | None = None,
) -> Work | None:
    """As `all_reduce`, but only the tensor of rank `dst` is changed."""
    world = _default("reduce", group)
    target = _check_rank("reduce", "dst", world, dst if group_dst is None else group_dst)
    result = _reduced("reduce", world, tensor, op)
    if world.rank == target:
        _write(tensor, result)
    return Work() if async_op else None


def broadcast(
    tensor: Tensor, src: int | None = None, group: Any = None, async_op: bool = False, group_src: int | None = None
) -> Work | None:
    """Replace the tensor on every rank by that of rank `src`.

    Parameters
    ----------
    tensor : Tensor, of one shape and dtype on all ranks
        Changed in place.
    src : int
    group : None
    async_op : bool
        Return a `Work`.

    Raises
    ------
    ValueError
        If there is no rank `src`.
    RuntimeError
        If shapes or dtypes differ between ranks; on all of them, before anything is changed.
    """
    world = _default("broadcast", group)
    source = _check_rank("broadcast", "src", world, src if group_src is None else group_src)
    _check_same("broadcast", world, tensor)
    overwrite(world, tensor, source, "broadcast")
    return Work() if async_op else None


def all_gather(tensor_list: list[Tensor], tensor: Tensor, group: Any = None, async_op: bool = False) -> Work | None:
    """Write the tensor of rank r to tensor_list[r], on every rank.

    Parameters
    ----------
    tensor_list : list of Tensor, one for each rank, of the tensor's shape and dtype
        Changed in place.
    tensor : Tensor, of one shape and dtype on all ranks
    group : None
    async_op : bool
        Return a `Work`.

    Raises
    ------
    ValueError
        If the list does not fit.
    RuntimeError
        If shapes or dtypes differ between ranks; on all of them, before anything is changed.
    """
    world = _default("all_gather", group)
    if len(tensor_list) != world.size:
        raise ValueError(f"all_gather: there are {world.size} ranks and {len(tensor_list)} tensors; give one for each")
    for rank, into in enumerate(tensor_list):
        if (into.shape, into.dtype) != (tensor.shape, tensor.dtype):
            raise ValueError(
                f"all_gather: tensor_list[{rank}] is {into.dtype} of shape {tuple(into.shape)}, and the tensor "
                f"{tensor.dtype} of shape {tuple(tensor.shape)}; they must agree"
            )
    _check_same("all_gather", world, tensor)
    found = world.all_gather(np.ravel(tensor.array), [tensor.array.size] * world.size, "all_gather")
    for into, part in zip(tensor_list, found.reshape(world.size, -1), strict=True):
        _write(into, part.reshape(into.shape))
    return Work() if async_op else None


def barrier(group: Any = None, async_op: bool = False, device_ids: Any = None) -> Work | None:
    """Wait until every rank is here."""
    _default("barrier", group).barrier()
    return Work() if async_op else None


# ── the parts ──


def _default(caller: str, group: Any = None) -> _Group:
    """The world, for the functions of this package and of nn.parallel."""
    if group is not None:
        raise ValueError(f"{caller}: all ranks form the only group; leave out group=")
    if _world is None:
        raise ValueError(f'{caller}: call autograd.distributed.init_process_group("mpi") first')
    return _world


def _check_rank(caller: str, name: str, world: _Group, rank: int | None) -> int:
    if not isinstance(rank, int) or not 0 <= rank < world.size:
        raise ValueError(f"{caller}: {name} is {rank}; it must be a rank, from 0 to {world.size - 1}")
    return rank


def _check_same(caller: str, world: _Group, tensor: Tensor) -> None:
    """Raise on all ranks, unless the tensor has one shape and dtype on all of them."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{caller}: expects a tensor, got a {full_name(tensor)}")
    if world.size == 1:
        return
    text = f"{tensor.dtype} of shape {tuple(tensor.shape)}"
    digest = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little", signed=True)
    digests = world.gather_numbers([digest], caller)
    if (digests == digest).all():  # one short message; all ranks see it alike
        return
    texts = world.gather_texts(text, caller)
    for rank, other in enumerate(texts):
        if other != texts[0]:
            raise RuntimeError(
                f"{caller}: the tensor of rank 0 is {texts[0]}, and that of rank {rank} {other}; all ranks must pass "
                "the same shape and dtype"
            )


def overwrite(world: _Group, tensor: Tensor, source: int, caller: str) -> None:
    """`broadcast`, for tensors that are known to agree."""
    array = np.array(tensor.array, order="C")
    world.broadcast(array, source, caller)
    if world.rank != source:
        _write(tensor, array)


def _reduced(caller: str, world: _Group, tensor: Tensor, op: ReduceOp) -> Array:
    if not isinstance(op, ReduceOp):
        raise ValueError(f"{caller}: op is {op!r}; pass one of ReduceOp's: {', '.join(ReduceOp.__members__)}")
    _check_same(caller, world, tensor)
    array = tensor.array
    if op is ReduceOp.AVG and array.dtype.kind in "biu":
        raise TypeError(f"{caller}: a mean of {array.dtype} is no integer; pass tensor.float()")
    own = np.array(array, _computing_dtype(array.dtype), order="C").reshape(-1)
    result = _reduce_blocks(world, _one_each(world.size), [own], own.size, own.dtype, caller, _FUNCTIONS[op])
    if op is ReduceOp.AVG:
        result = result / result.dtype.type(world.size)
    return result.reshape(array.shape).astype(array.dtype, copy=False)


def _write(tensor: Tensor, values: Array) -> None:
    with _no_grad():
        tensor.copy_(_wrap(values))
