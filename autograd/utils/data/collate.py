"""From a list of samples to a batch."""

from __future__ import annotations

import collections.abc
import copy
from typing import Any

import numpy as np

from autograd.creation import as_tensor, tensor
from autograd.ops import stack
from autograd.tensor import Tensor


def default_collate(batch: Any) -> Any:
    """Stack samples to a batch.

    =================================  =============================================================
    samples                            batch
    =================================  =============================================================
    tensors, or arrays, of one shape   a tensor with a new first dimension
    NumPy numbers                      a tensor of their dtype
    floats                             a tensor of float64
    ints, bools                        a tensor of int64, of bool
    strings, bytes                     the list itself; a tuple if they come from tuples or lists
    dicts                              a dict of the same type, with the batch of each key
    named tuples                       a named tuple of batches
    tuples                             a list of batches
    other sequences                    a sequence of the same type, if possible, or a list of batches
    =================================  =============================================================

    Parameters
    ----------
    batch : list of samples, at least one

    Returns
    -------
    object
        The batch, by the table.

    Raises
    ------
    RuntimeError
        If sequences have different lengths.
    ValueError
        If tensors have different shapes.
    TypeError
        If the samples are of a kind that is not in the table, such as None.

    Examples
    --------
    >>> from autograd.utils.data import default_collate
    >>> default_collate([("a", 1), ("b", 2)])
    [('a', 'b'), tensor([1, 2])]
    >>> default_collate([{"x": 1.5}, {"x": 2.5}])
    {'x': tensor([1.5000, 2.5000], dtype=float64)}
    """
    first = batch[0]
    kind = type(first)
    if isinstance(first, Tensor):
        return stack(list(batch))
    if isinstance(first, np.ndarray):
        _check_numeric(first)
        return tensor(np.stack(batch)) if len({x.shape for x in batch}) == 1 else stack([as_tensor(x) for x in batch])
    if isinstance(first, np.generic) and not isinstance(first, str | bytes):
        _check_numeric(first)
        return tensor(np.stack(batch))
    if isinstance(first, float):
        return tensor(batch, dtype=np.float64)
    if isinstance(first, int):
        return tensor(batch)
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, collections.abc.Mapping):
        batches = {key: default_collate([sample[key] for sample in batch]) for key in first}
        return _like(first, batches)
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return kind(*(default_collate(samples) for samples in zip(*batch, strict=True)))
    if isinstance(first, collections.abc.Sequence):
        lengths = {len(sample) for sample in batch}
        if len(lengths) > 1:
            raise RuntimeError(
                f"default_collate: each sample of a batch must have the same length, and they have {sorted(lengths)}; "
                "give DataLoader a collate_fn that pads them"
            )
        columns = [default_collate(samples) for samples in zip(*batch, strict=True)]
        return columns if isinstance(first, tuple) else _like(first, columns)
    raise TypeError(
        f"default_collate: samples must be tensors, arrays, numbers, strings, dicts or sequences of these, not "
        f"{kind.__name__}; give DataLoader a collate_fn that knows them"
    )


def default_convert(data: Any) -> Any:
    """Convert the arrays and NumPy numbers in nested containers to tensors; leave the rest as it is.

    A DataLoader with batch_size=None applies it to each sample.

    Parameters
    ----------
    data : object
        An array, or a container of the kinds that `default_collate` knows, of any depth.

    Returns
    -------
    object
        What has the form of `data`; a list for a tuple, as in PyTorch.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.utils.data import default_convert
    >>> default_convert({"x": np.arange(3), "name": "a"})
    {'x': tensor([0, 1, 2]), 'name': 'a'}
    """
    if isinstance(data, Tensor | str | bytes):
        return data
    if isinstance(data, np.ndarray | np.generic):
        return as_tensor(data) if data.dtype.kind in "biufV" else data
    if isinstance(data, collections.abc.Mapping):
        return _like(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(default_convert(x) for x in data))
    if isinstance(data, collections.abc.Sequence):
        converted = [default_convert(x) for x in data]
        return converted if isinstance(data, tuple) else _like(data, converted)
    return data


def _check_numeric(x: np.ndarray | np.generic) -> None:
    if x.dtype.kind not in "biufV":
        raise TypeError(
            f"default_collate: arrays must hold numbers, not {x.dtype}; give DataLoader a collate_fn that knows them"
        )


def _like(model: Any, content: Any) -> Any:
    """The content in a container of the model's type, or as it is if there can be no such container."""
    if type(model) in (dict, list):
        return content
    try:
        if isinstance(model, collections.abc.MutableMapping):
            like: Any = copy.copy(model)  # which keeps more than the keys: the factory of a defaultdict
            like.update(content)
            return like
        if isinstance(model, collections.abc.MutableSequence):
            like = copy.copy(model)
            for i, x in enumerate(content):
                like[i] = x
            return like
        return type(model)(content)
    except TypeError:
        return content
