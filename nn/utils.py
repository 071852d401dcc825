"""Gradients cut to size, and parameters as one vector.  Names and arguments are PyTorch's."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, no_grad


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    tensors = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [p.grad for p in tensors if p.grad is not None]


def _norm(arrays: list[np.ndarray], p: float) -> Any:
    """The p-norm of all numbers, which are summed in float64."""
    if p == math.inf:
        return np.max([np.abs(a).max(initial=0) for a in arrays])
    if p == 2:
        return np.sqrt(np.sum([np.square(a).sum(dtype=np.float64) for a in arrays]))
    return np.sum([(np.abs(a) ** p).sum(dtype=np.float64) for a in arrays]) ** (1 / p)


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Tensor:
    """Scale all gradients, as if they were one vector, so that its norm is at most max_norm.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
    max_norm : float
    norm_type : float
        p of the p-norm; math.inf for the largest absolute value.
    error_if_nonfinite : bool
        Raise a RuntimeError if the norm is inf or NaN, and change nothing.

    Returns
    -------
    Tensor, ()
        The norm before.
    """
    gradients = _gradients(parameters)
    if not gradients:
        return autograd.tensor(0.0)
    with np.errstate(all="ignore"):  # a norm of inf or NaN is an answer
        norm = _norm([g.array for g in gradients], norm_type)
    if error_if_nonfinite and not np.isfinite(norm):
        raise RuntimeError(
            f"clip_grad_norm_: the gradients' norm is {norm}; pass error_if_nonfinite=False to scale them even so"
        )
    share = max_norm / (norm + 1e-6)
    if not share >= 1:  # or NaN
        for g in gradients:
            with np.errstate(all="ignore"):
                g.array *= g.dtype.type(share)
            g.version[0] += 1
    return Tensor(np.asarray(norm, gradients[0].dtype))


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Cut every element of all gradients to at most ± clip_value."""
    for g in _gradients(parameters):
        g.copy_(Tensor(g.array.clip(-clip_value, clip_value)))


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All parameters, one after the other, as one dimension; gradients flow through."""
    return autograd.cat([p.reshape(-1) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Give the parameters the values of a vector, of `parameters_to_vector` for example."""
    tensors = list(parameters)
    total = sum(p.numel() for p in tensors)
    if vec.shape != (total,):
        raise ValueError(f"vector_to_parameters: expects a vector of {total} numbers, got shape {tuple(vec.shape)}")
    start = 0
    with no_grad():
        for p in tensors:
            p.copy_(vec[start : start + p.numel()].reshape(p.shape))
            start += p.numel()
