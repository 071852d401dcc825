"""Gradient clipping, conversion between parameters and one vector, and helpers for modules.

`nn.utils.rnn` has packed sequences, `parametrize` and `parametrizations` weights that are computed, and `prune` weights
that are partly 0.

Names and arguments are PyTorch's; `foreach`, which chooses an implementation there, changes nothing.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator

import numpy as np

import autograd
from autograd import Tensor, no_grad
from autograd.arguments import full_name
from autograd.tensor import wrap
from autograd.types import Array
from nn.utils import (
    parametrizations as parametrizations,
    parametrize as parametrize,
    prune as prune,
    rnn as rnn,
)
from nn.utils.fusion import (
    fuse_conv_bn_eval as fuse_conv_bn_eval,
    fuse_conv_bn_weights as fuse_conv_bn_weights,
    fuse_linear_bn_eval as fuse_linear_bn_eval,
    fuse_linear_bn_weights as fuse_linear_bn_weights,
)
from nn.utils.making import skip_init as skip_init
from nn.utils.weight_hooks import (
    remove_spectral_norm as remove_spectral_norm,
    remove_weight_norm as remove_weight_norm,
    spectral_norm as spectral_norm,
    weight_norm as weight_norm,
)


def _listed(caller: str, tensors: Tensor | Iterable[Tensor]) -> list[Tensor]:
    listed = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    for x in listed:
        if not isinstance(x, Tensor):
            raise TypeError(f"{caller}: expects tensors, such as model.parameters(), got {full_name(x)}")
    return listed


def _gradients(caller: str, parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    tensors = _listed(caller, parameters)
    if not tensors and isinstance(parameters, Iterator):
        warnings.warn(
            f"{caller}: the iterator of parameters is empty, so no gradient is clipped; was it exhausted by another "
            "loop? Call model.parameters() again",
            stacklevel=3,
        )
    return [p.grad for p in tensors if p.grad is not None]


def _limit(caller: str, name: str, value: float) -> float:
    """The limit as a float.  A negative one would reverse the gradients, so it is an error."""
    if not float(value) >= 0:
        raise ValueError(f"{caller}: {name} is {value!r}; it must be at least 0")
    return float(value)


def _norm(arrays: list[Array], p: float) -> float:
    """The p-norm of all elements.  Sums are computed in float64."""
    if p == math.inf:
        return np.max([np.abs(a).max(initial=0) for a in arrays])
    if p == -math.inf:
        return np.min([np.abs(a).min(initial=math.inf) for a in arrays])
    if p == 0:
        return np.sum([a.any() for a in arrays], dtype=np.float64)
    if p == 2:
        return np.sqrt(np.sum([np.square(a).sum(dtype=np.float64) for a in arrays]))
    return np.sum([(np.abs(a) ** p).sum(dtype=np.float64) for a in arrays]) ** (1 / p)


def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all tensors, as if they were one vector.

    Parameters
    ----------
    tensors : Tensor, any shape, or iterable of Tensor
        Gradients, for example.
    norm_type : float
        The p of the p-norm.  inf or "inf" gives the largest absolute value, -inf the smallest.  0 gives the number of
        tensors that have a nonzero element, as in PyTorch.
    error_if_nonfinite : bool
        Raise a RuntimeError if the norm is inf or NaN.
    foreach : bool, optional
        For compatibility with PyTorch; it has no effect.

    Returns
    -------
    Tensor, ()
        Of the dtype of the first tensor.  0 if there are no tensors.

    Raises
    ------
    RuntimeError
        If the norm is inf or NaN, with error_if_nonfinite.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.utils.get_total_norm([autograd.tensor([2.0, 1.0]), autograd.tensor([[2.0]])])  # √(4 + 1 + 4)
    tensor(3.)
    """
    listed = _listed("get_total_norm", tensors)
    return _as_tensor(_total_norm("get_total_norm", listed, norm_type, error_if_nonfinite), listed)


def _total_norm(caller: str, tensors: list[Tensor], norm_type: float, error_if_nonfinite: bool) -> float:
    try:
        p = float(norm_type)
    except (TypeError, ValueError):
        p = math.nan
    if math.isnan(p):
        raise ValueError(f"{caller}: norm_type is {norm_type!r}; it must be a number, inf or -inf")
    with np.errstate(all="ignore"):  # the norm may be inf or NaN
        norm = _norm([t.array for t in tensors], p) if tensors else 0.0
    if error_if_nonfinite and not np.isfinite(norm):
        raise RuntimeError(f"{caller}: the norm is {norm}; pass error_if_nonfinite=False to continue with it")
    return float(norm)


def _as_tensor(norm: float, tensors: list[Tensor]) -> Tensor:
    with np.errstate(over="ignore"):
        return wrap(np.asarray(norm).astype(tensors[0].dtype)) if tensors else autograd.tensor(norm)


def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale all gradients by max_norm / total_norm, if this is less than 1.

    Parameters
    ----------
    parameters : Tensor, any shape, or iterable of Tensor
    max_norm : float
        At least 0.
    total_norm : Tensor, ()
        From `get_total_norm`.
    foreach : bool, optional
        For compatibility with PyTorch; it has no effect.

    Raises
    ------
    ValueError
        If max_norm is negative or NaN.

    Examples
    --------
    >>> import autograd, nn
    >>> x = autograd.zeros(2, requires_grad=True)
    >>> x.grad = autograd.tensor([3.0, 4.0])
    >>> nn.utils.clip_grads_with_norm_(x, 1.0, autograd.tensor(10.0))
    >>> x.grad  # a tenth
    tensor([0.3000, 0.4000])
    """
    limit = _limit("clip_grads_with_norm_", "max_norm", max_norm)
    _scale(_gradients("clip_grads_with_norm_", parameters), limit, float(total_norm))


def _scale(gradients: list[Tensor], limit: float, norm: float) -> None:
    factor = limit / (norm + 1e-6)
    if not factor >= 1:  # less than 1, or NaN
        for g in gradients:
            with np.errstate(all="ignore"):
                g.array *= g.dtype.type(factor)
            g.version[0] += 1


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients by one factor, so that their total norm is at most max_norm.

    Parameters
    ----------
    parameters : Tensor, any shape, or iterable of Tensor
    max_norm : float
        At least 0.
    norm_type : float
        As in `get_total_norm`.
    error_if_nonfinite : bool
        Raise a RuntimeError if the norm is inf or NaN, and leave the gradients unchanged.
    foreach : bool, optional
        For compatibility with PyTorch; it has no effect.

    Returns
    -------
    Tensor, ()
        The total norm before scaling.

    Raises
    ------
    ValueError
        If max_norm is negative or NaN.
    RuntimeError
        If the norm is inf or NaN, with error_if_nonfinite.

    Warns
    -----
    UserWarning
        If parameters is an exhausted iterator, so that nothing is clipped.

    References
    ----------
    Pascanu, Mikolov, Bengio, "On the difficulty of training Recurrent Neural Networks", arXiv:1211.5063, section 3.2.

    Examples
    --------
    >>> import autograd, nn
    >>> x = autograd.zeros(2, requires_grad=True)
    >>> x.grad = autograd.tensor([3.0, 4.0])
    >>> nn.utils.clip_grad_norm_(x, max_norm=1.0)
    tensor(5.)
    >>> x.grad
    tensor([0.6000, 0.8000])
    """
    limit = _limit("clip_grad_norm_", "max_norm", max_norm)
    gradients = _gradients("clip_grad_norm_", parameters)
    norm = _total_norm("clip_grad_norm_", gradients, norm_type, error_if_nonfinite)
    _scale(gradients, limit, norm)
    return _as_tensor(norm, gradients)


def clip_grad_norm(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The older name of `clip_grad_norm_`.  It warns with a FutureWarning, as in PyTorch.

    Parameters
    ----------
    parameters : Tensor, any shape, or iterable of Tensor
    max_norm, norm_type, error_if_nonfinite, foreach
        As of `clip_grad_norm_`.

    Returns
    -------
    Tensor, ()
        The total norm before scaling.

    Raises
    ------
    ValueError
        If max_norm is negative or NaN.
    RuntimeError
        If the norm is inf or NaN, with error_if_nonfinite.

    Warns
    -----
    FutureWarning
        Always.

    Examples
    --------
    >>> import autograd, nn, warnings
    >>> x = autograd.zeros(2, requires_grad=True)
    >>> x.grad = autograd.tensor([3.0, 4.0])
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", FutureWarning)
    ...     nn.utils.clip_grad_norm(x, 1.0)
    tensor(5.)
    """
    warnings.warn("clip_grad_norm: the name is deprecated; use clip_grad_norm_", FutureWarning, stacklevel=2)
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Clip every element of all gradients to [-clip_value, clip_value].

    Parameters
    ----------
    parameters : Tensor, any shape, or iterable of Tensor
    clip_value : float
        At least 0.
    foreach : bool, optional
        For compatibility with PyTorch; it has no effect.

    Raises
    ------
    ValueError
        If clip_value is negative or NaN.

    Warns
    -----
    UserWarning
        If parameters is an exhausted iterator, so that nothing is clipped.

    Examples
    --------
    >>> import autograd, nn
    >>> x = autograd.zeros(3, requires_grad=True)
    >>> x.grad = autograd.tensor([3.0, -4.0, 0.5])
    >>> nn.utils.clip_grad_value_(x, 1.0)
    >>> x.grad
    tensor([ 1.0000, -1.0000,  0.5000])
    """
    limit = _limit("clip_grad_value_", "clip_value", clip_value)
    for g in _gradients("clip_grad_value_", parameters):
        g.copy_(wrap(g.array.clip(-limit, limit)))


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All parameters, flattened and concatenated.  Gradients flow through it.

    Parameters
    ----------
    parameters : iterable of Tensor

    Returns
    -------
    Tensor, (number of elements of all,)

    Raises
    ------
    ValueError
        If there is no parameter.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.utils.parameters_to_vector([autograd.tensor([[1.0, 2.0]]), autograd.tensor(3.0)])
    tensor([1., 2., 3.])
    """
    tensors = _listed("parameters_to_vector", parameters)
    if not tensors:
        raise ValueError("parameters_to_vector: expects at least one parameter, got none")
    return autograd.cat([p.reshape(-1) for p in tensors])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Set the parameters to the elements of a vector, as made by `parameters_to_vector`.

    Parameters
    ----------
    vec : Tensor, (number of elements of all parameters,)
    parameters : iterable of Tensor
        Their values are overwritten.

    Raises
    ------
    ValueError
        If vec has another number of elements.

    Examples
    --------
    >>> import autograd, nn
    >>> layer = nn.Linear(2, 1)
    >>> nn.utils.vector_to_parameters(autograd.tensor([1.0, 2.0, 3.0]), layer.parameters())
    >>> layer.weight.detach(), layer.bias.detach()
    (tensor([[1., 2.]]), tensor([3.]))
    """
    _listed("vector_to_parameters", [vec])
    tensors = _listed("vector_to_parameters", parameters)
    total = sum(p.numel() for p in tensors)
    if vec.shape != (total,):
        raise ValueError(f"vector_to_parameters: expects a vector of {total} elements, got shape {tuple(vec.shape)}")
    start = 0
    with no_grad():
        for p in tensors:
            p.copy_(vec[start : start + p.numel()].reshape(p.shape))
            start += p.numel()
