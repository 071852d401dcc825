"""Dropout layers."""

from __future__ import annotations

import numpy as np

import nn.functional as F
from autograd import Tensor
from nn.module import Module


class _Dropout(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not isinstance(p, int | float | np.number) or not 0 <= p <= 1:
            raise ValueError(f"{type(self).__name__}: p is {p!r}; it must be a probability, from 0 to 1")
        self.p, self.inplace = p, inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Zero each element with probability p in training, and divide the others by 1 - p.

    In evaluation mode the output is the input.

    Parameters
    ----------
    p : float
        Probability of an element to be set to 0, from 0 to 1.
    inplace : bool
        Write the result to the input's memory, and return the input.

    Raises
    ------
    ValueError
        If p is not between 0 and 1.
    TypeError
        In forward, if the input is not a float tensor.

    References
    ----------
    Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014.

    Examples
    --------
    >>> import autograd, nn
    >>> layer = nn.Dropout(0.5)
    >>> y = layer(autograd.ones(1000))
    >>> y.unique()
    tensor([0., 2.])
    >>> layer.eval()(autograd.ones(2))
    tensor([1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropout):
    """Zero whole channels with probability p in training, and divide the others by 1 - p.

    The input is (N, C, L) or (C, L).  In evaluation mode the output is the input.

    Parameters
    ----------
    p : float
        Probability of a channel to be set to 0, from 0 to 1.
    inplace : bool
        Write the result to the input's memory, and return the input.

    Raises
    ------
    ValueError
        If p is not between 0 and 1.
    RuntimeError, TypeError
        In forward, if the input has another number of dimensions, or is not a float tensor.

    References
    ----------
    Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015.

    Examples
    --------
    >>> import autograd, nn
    >>> y = nn.Dropout1d(0.5)(autograd.ones(4, 3, 5))
    >>> y.std(2).max()  # within a channel, all elements are the same
    tensor(0.)
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """Zero whole channels with probability p in training, and divide the others by 1 - p.

    The input is (N, C, H, W) or (N, C, L).  In evaluation mode the output is the input.

    Parameters
    ----------
    p : float
        Probability of a channel to be set to 0, from 0 to 1.
    inplace : bool
        Write the result to the input's memory, and return the input.

    Raises
    ------
    ValueError
        If p is not between 0 and 1.
    RuntimeError, TypeError
        In forward, if the input has less than two dimensions, or is not a float tensor.

    References
    ----------
    Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015.

    Examples
    --------
    >>> import autograd, nn
    >>> y = nn.Dropout2d(0.5)(autograd.ones(4, 3, 5, 5))
    >>> y.std((2, 3)).max()  # within a channel, all elements are the same
    tensor(0.)
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_Dropout):
    """Zero whole channels with probability p in training, and divide the others by 1 - p.

    The input is (N, C, D, H, W) or (C, D, H, W).  In evaluation mode the output is the input.

    Parameters
    ----------
    p : float
        Probability of a channel to be set to 0, from 0 to 1.
    inplace : bool
        Write the result to the input's memory, and return the input.

    Raises
    ------
    ValueError
        If p is not between 0 and 1.
    RuntimeError, TypeError
        In forward, if the input has less than two dimensions, or is not a float tensor.

    References
    ----------
    Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015.

    Examples
    --------
    >>> import autograd, nn
    >>> y = nn.Dropout3d(0.5)(autograd.ones(4, 3, 5, 5, 5))
    >>> y.std((2, 3, 4)).max()  # within a channel, all elements are the same
    tensor(0.)
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_Dropout):
    """Set elements to SELU's lower limit with probability p in training, then scale and shift all.

    This keeps mean 0 and variance 1, for networks of SELU layers; see `nn.functional.alpha_dropout`.

    Parameters
    ----------
    p : float
        Probability of an element to be dropped, from 0 to 1.
    inplace : bool
        Accepted for compatibility with PyTorch and ignored.

    Raises
    ------
    ValueError
        If p is not between 0 and 1.
    TypeError
        In forward, if the input is not a float tensor.

    References
    ----------
    Klambauer et al., "Self-Normalizing Neural Networks", 2017.

    Examples
    --------
    >>> import autograd, nn
    >>> y = nn.AlphaDropout(0.5)(autograd.randn(100_000))
    >>> bool(y.mean().abs() < 0.05), bool((y.var() - 1).abs() < 0.05)
    (True, True)
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_Dropout):
    """Set whole channels to SELU's lower limit with probability p in training, then scale and shift all.

    The input is (N, C, …).  This is `AlphaDropout` of channels.

    Parameters
    ----------
    p : float
        Probability of a channel to be dropped, from 0 to 1.
    inplace : bool
        Accepted for compatibility with PyTorch and ignored.

    Raises
    ------
    ValueError
        If p is not between 0 and 1.
    RuntimeError, TypeError
        In forward, if the input has less than two dimensions, or is not a float tensor.

    References
    ----------
    Klambauer et al., "Self-Normalizing Neural Networks", 2017.

    Examples
    --------
    >>> import autograd, nn
    >>> y = nn.FeatureAlphaDropout(0.5)(autograd.ones(4, 3, 5))
    >>> y.std(2).max()  # within a channel, all elements are the same
    tensor(0.)
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training)
