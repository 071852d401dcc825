"""Batches of sequences of different lengths: padded to one length, or packed.

A padded batch (T, N, …) has unused places behind the shorter sequences.  A packed batch has none: it holds the first
steps of all sequences, then the second steps of those that have one, and so on, with the longest sequence first.
Recurrent layers accept packed batches and compute nothing for places that do not exist.

Names, arguments and results are PyTorch's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

import autograd
from autograd import Tensor
from autograd.tensor import wrap
from autograd.types import Array


class _Parts(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Parts):
    """A packed batch of sequences.  Make one with `pack_padded_sequence` or `pack_sequence`.

    Parameters
    ----------
    data : Tensor, (P, …)
        The P steps of all sequences: first the first steps, then the second ones, and so on.
    batch_sizes : Tensor of int64, (T,)
        Number of sequences that have each step.
    sorted_indices : Tensor of int64, (N,), optional
        The places that the sequences, now sorted, had in the batch.  Default: they were sorted.
    unsorted_indices : Tensor of int64, (N,), optional
        The inverse: where each sequence of the batch is now.  Default: computed from sorted_indices.

    Attributes
    ----------
    data, batch_sizes, sorted_indices, unsorted_indices
        The parameters.  The last two may be None.

    Raises
    ------
    ValueError
        If batch_sizes is missing.

    Examples
    --------
    >>> import autograd
    >>> from nn.utils.rnn import pack_sequence
    >>> packed = pack_sequence([autograd.tensor([1, 2]), autograd.tensor([3])])
    >>> packed.data, packed.batch_sizes  # two sequences have a first step, one a second
    (tensor([1, 3, 2]), tensor([2, 1]))
    """

    __slots__ = ()

    def __new__(
        cls,
        data: Tensor,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Self:
        if batch_sizes is None:
            raise ValueError(
                "PackedSequence: batch_sizes is missing; pack_sequence makes a PackedSequence of a list of tensors"
            )
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The batch with `data.to(…)`."""
        return self._with(self.data.to(*args, **kwargs))

    def float(self) -> PackedSequence:
        """The batch with data in float32."""
        return self._with(self.data.float())

    def double(self) -> PackedSequence:
        """The batch with data in float64."""
        return self._with(self.data.double())

    def int(self) -> PackedSequence:
        """The batch with data in int32."""
        return self._with(self.data.int())

    def long(self) -> PackedSequence:
        """The batch with data in int64."""
        return self._with(self.data.long())

    def cpu(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Returns self: the CPU is the only device."""
        return self

    def pin_memory(self) -> PackedSequence:
        """Returns self: without a GPU there is nothing to pin memory for."""
        return self

    @property
    def is_cuda(self) -> bool:
        """False: the CPU is the only device."""
        return False

    def is_pinned(self) -> bool:
        """False: without a GPU there is no pinned memory."""
        return False

    def _with(self, data: Tensor) -> PackedSequence:
        return self if data is self.data else PackedSequence(data, *self[1:])


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The inverse of a permutation: place i of it says where i stands in the permutation.

    Parameters
    ----------
    permutation : Tensor of int, (N,), or None
        The numbers 0 to N - 1.

    Returns
    -------
    Tensor of int64, (N,), or None for None

    Examples
    --------
    >>> import autograd
    >>> from nn.utils.rnn import invert_permutation
    >>> invert_permutation(autograd.tensor([2, 0, 1]))
    tensor([1, 2, 0])
    """
    return None if permutation is None else wrap(np.argsort(np.asarray(permutation), kind="stable"))


def _lengths(caller: str, lengths: Tensor | Sequence[int], batch: int) -> Array:
    """The lengths as an array; raises unless there is one for each sequence and all are at least 1."""
    found = np.asarray(lengths.numpy() if isinstance(lengths, Tensor) else lengths).astype(np.int64)
    if found.shape != (batch,):
        raise RuntimeError(
            f"{caller}: lengths has shape {found.shape}; expects one length for each of {batch} sequences"
        )
    if (found < 1).any():
        raise RuntimeError(f"{caller}: lengths {found.tolist()} must all be at least 1; leave out empty sequences")
    return found


def _steps_and_sequences(batch_sizes: Array) -> tuple[Array, Array]:
    """For each row of a packed batch, its step and its sequence."""
    steps = np.repeat(np.arange(len(batch_sizes)), batch_sizes)
    return steps, np.arange(len(steps)) - (batch_sizes.cumsum() - batch_sizes)[steps]


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack a padded batch.

    Parameters
    ----------
    input : Tensor, (T, N, …), or (N, T, …) with `batch_first`
    lengths : Tensor of int or sequence of int, (N,)
        At least 1.
    batch_first : bool
    enforce_sorted : bool
        Raise an error unless the longest sequence comes first, and so on.  If False, the sequences are sorted here, and
        what a recurrent layer returns is in the order of input again.

    Returns
    -------
    PackedSequence

    Raises
    ------
    RuntimeError
        If lengths do not fit input, or are not sorted.

    Examples
    --------
    >>> import autograd
    >>> from nn.utils.rnn import pack_padded_sequence
    >>> pack_padded_sequence(autograd.tensor([[1, 2, 0], [3, 4, 5]]), [2, 3], batch_first=True, enforce_sorted=False)
    PackedSequence(data=tensor([3, 1, 4, 2, 5]), batch_sizes=tensor([2, 2, 1]), sorted_indices=tensor([1, 0]), \
unsorted_indices=tensor([1, 0]))
    """
    name = "pack_padded_sequence"
    if not isinstance(input, Tensor) or input.ndim < 2:
        got = f"shape {tuple(input.shape)}" if isinstance(input, Tensor) else type(input).__name__
        raise RuntimeError(f"{name}: expects a tensor (T, N, …), or (N, T, …) with batch_first=True, got {got}")
    steps, batch = (input.shape[1], input.shape[0]) if batch_first else input.shape[:2]
    found = _lengths(name, lengths, batch)
    if not batch:
        raise RuntimeError(f"{name}: input of shape {tuple(input.shape)} has no sequences; expects at least one")
    if found.max() > steps:
        raise RuntimeError(
            f"{name}: a length is {found.max()}, and input of shape {tuple(input.shape)} has {steps} steps"
        )
    order = None
    if not enforce_sorted:
        order = np.argsort(-found, kind="stable")
        found = found[order]
    elif (np.diff(found) > 0).any():
        raise RuntimeError(
            f"{name}: lengths {found.tolist()} must not increase; enforce_sorted=False sorts the sequences"
        )
    batch_sizes = (found > np.arange(found[0])[:, None]).sum(axis=1)
    t, n = _steps_and_sequences(batch_sizes)
    n = n if order is None else order[n]
    rest = tuple(input.shape[2:])
    data = input.reshape(steps * batch, *rest)[wrap(n * steps + t if batch_first else t * batch + n)]
    return PackedSequence(data, wrap(batch_sizes), None if order is None else wrap(order))


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Pad a packed batch: the inverse of `pack_padded_sequence`.

    Parameters
    ----------
    sequence : PackedSequence
    batch_first : bool
        Whether the batch is the first dimension of the result, rather than the second.
    padding_value : float
        The value of the places behind the end of a sequence.
    total_length : int, optional
        T.  Default: the length of the longest sequence.

    Returns
    -------
    padded : Tensor, (T, N, …), or (N, T, …) with `batch_first`
        The sequences in the order that they had before they were packed.
    lengths : Tensor of int64, (N,)

    Raises
    ------
    ValueError
        If total_length is less than the length of the longest sequence.
    TypeError
        If sequence is no PackedSequence.

    Examples
    --------
    >>> import autograd
    >>> from nn.utils.rnn import pack_sequence, pad_packed_sequence
    >>> packed = pack_sequence([autograd.tensor([1, 2]), autograd.tensor([3])])
    >>> pad_packed_sequence(packed, batch_first=True)
    (tensor([[1, 2],
            [3, 0]]), tensor([2, 1]))
    """
    if not isinstance(sequence, PackedSequence):
        raise TypeError(f"pad_packed_sequence: expects a PackedSequence, got {type(sequence).__name__}")
    batch_sizes = np.asarray(sequence.batch_sizes)
    steps, batch = len(batch_sizes), int(batch_sizes[0])
    if total_length is not None:
        if total_length < steps:
            raise ValueError(
                f"pad_packed_sequence: total_length is {total_length}, and the longest sequence has {steps} steps"
            )
        steps = total_length
    t, n = _steps_and_sequences(batch_sizes)
    lengths = (batch_sizes[:, None] > np.arange(batch)).sum(axis=0)
    if sequence.sorted_indices is not None:
        order = np.asarray(sequence.sorted_indices)
        n, lengths = order[n], lengths[np.asarray(sequence.unsorted_indices)]
    return _padded([sequence.data], t, n, (steps, batch), batch_first, padding_value), wrap(lengths)


def _padded(
    rows: list[Tensor], t: Array, n: Array, size: tuple[int, int], batch_first: bool, padding_value: float
) -> Tensor:
    """A padded batch with row k of all rows at step t[k] of sequence n[k]."""
    rest = tuple(rows[0].shape[1:])
    padding = autograd.full((1, *rest), padding_value, dtype=rows[0].dtype)
    place = np.zeros(size[::-1] if batch_first else size, np.int64)  # 0: padding
    place[(n, t) if batch_first else (t, n)] = np.arange(1, len(t) + 1)
    return autograd.cat([padding, *rows])[wrap(place)]


def pad_sequence(
    sequences: Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Stack tensors of different lengths, padded to the longest.

    Parameters
    ----------
    sequences : iterable of Tensor, (L, …)
        With any lengths L.
    batch_first : bool
    padding_value : float
    padding_side : "right" or "left"
        Whether a sequence begins at the first step, or ends at the last.

    Returns
    -------
    Tensor, (T, N, …), or (N, T, …) with `batch_first`

    Raises
    ------
    RuntimeError
        If the tensors differ in more than the length, or there are none.

    Examples
    --------
    >>> import autograd
    >>> from nn.utils.rnn import pad_sequence
    >>> pad_sequence([autograd.tensor([1, 2, 3]), autograd.tensor([4])], batch_first=True)
    tensor([[1, 2, 3],
            [4, 0, 0]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(f"pad_sequence: expects a list of tensors, got {type(sequences).__name__}")
    listed = list(sequences)
    if not listed:
        raise RuntimeError("pad_sequence: expects at least one sequence, got none")
    for x in listed:
        if not isinstance(x, Tensor) or not x.ndim or x.shape[1:] != listed[0].shape[1:]:
            shapes = ", ".join(str(tuple(s.shape)) if isinstance(s, Tensor) else type(s).__name__ for s in listed)
            raise RuntimeError(f"pad_sequence: expects tensors (L, …) that are alike but for L, got {shapes}")
    if padding_side not in ("right", "left"):
        raise RuntimeError(f"pad_sequence: padding_side is {padding_side!r}; it must be 'right' or 'left'")
    lengths = [len(x) for x in listed]
    steps = max(lengths)
    t = [np.arange(length) + (steps - length if padding_side == "left" else 0) for length in lengths]
    n = np.repeat(np.arange(len(listed)), lengths)
    return _padded(listed, np.concatenate(t), n, (steps, len(listed)), batch_first, padding_value)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """Split a padded batch into its sequences: the inverse of `pad_sequence`.

    Parameters
    ----------
    padded_sequences : Tensor, (T, N, …), or (N, T, …) with `batch_first`
    lengths : Tensor of int, (N,)
        Of each sequence, without the padding.
    batch_first : bool
        Whether the batch is the first dimension, rather than the second.

    Returns
    -------
    list of Tensor, (L, …)

    Raises
    ------
    ValueError
        If there are not as many lengths as sequences.

    Examples
    --------
    >>> import autograd
    >>> from nn.utils.rnn import unpad_sequence
    >>> padded = autograd.tensor([[1, 2], [3, 0]])
    >>> unpad_sequence(padded, autograd.tensor([2, 1]), batch_first=True)
    [tensor([1, 2]), tensor([3])]
    """
    x = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    if len(x) != len(lengths):
        raise ValueError(f"unpad_sequence: {len(lengths)} lengths do not fit {len(x)} sequences")
    return [x[n, : int(length)] for n, length in enumerate(lengths)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack tensors of different lengths.

    Parameters
    ----------
    sequences : sequence of Tensor, (L, …)
    enforce_sorted : bool
        As in `pack_padded_sequence`.

    Returns
    -------
    PackedSequence

    Examples
    --------
    >>> import autograd
    >>> from nn.utils.rnn import pack_sequence
    >>> pack_sequence([autograd.tensor([1, 2, 3]), autograd.tensor([4])]).data
    tensor([1, 4, 2, 3])
    """
    listed = list(sequences)
    lengths = [len(x) for x in listed]
    return pack_padded_sequence(pad_sequence(listed), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Split a packed batch into its sequences: the inverse of `pack_sequence`.

    Parameters
    ----------
    packed_sequences : PackedSequence

    Returns
    -------
    list of Tensor, (L, …)
        In the order that they had before they were packed.

    Raises
    ------
    TypeError
        If packed_sequences is no PackedSequence.

    Examples
    --------
    >>> import autograd
    >>> from nn.utils.rnn import pack_sequence, unpack_sequence
    >>> unpack_sequence(pack_sequence([autograd.tensor([1, 2]), autograd.tensor([3])]))
    [tensor([1, 2]), tensor([3])]
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
