"""Recurrent layers: RNN, LSTM and GRU over sequences, and their cells, which compute one step."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

import autograd
from autograd import Tensor
from autograd.arguments import full_name
from autograd.devices import Device, check_device
from autograd.types import DTypeLike
from nn import init
from nn.making import blank
from nn.module import Module
from nn.parameter import Parameter
from nn.utils.rnn import PackedSequence

GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "RNN_TANH": autograd.rnn_tanh,
    "RNN_RELU": autograd.rnn_relu,
    "LSTM": autograd.lstm,
    "GRU": autograd.gru,
}
X = TypeVar("X", Tensor, PackedSequence)


def _check_sizes(layer: str, **sizes: object) -> None:
    for name, size in sizes.items():
        if not isinstance(size, int | np.integer) or isinstance(size, bool):
            raise TypeError(f"{layer}: {name} is {size!r}; it must be an integer")
        if size < 1:
            raise ValueError(f"{layer}: {name} is {size}; it must be at least 1")


def _check_bools(layer: str, **flags: object) -> None:
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            raise TypeError(f"{layer}: {name} is {flag!r}; it must be True or False")


def _mode(layer: str, nonlinearity: str) -> str:
    modes = {"tanh": "RNN_TANH", "relu": "RNN_RELU"}
    if nonlinearity not in modes:
        raise ValueError(f"{layer}: nonlinearity is {nonlinearity!r}; it must be 'tanh' or 'relu'")
    return modes[nonlinearity]


class RNNBase(Module):
    """What RNN, LSTM and GRU share.

    Parameters
    ----------
    mode : "RNN_TANH", "RNN_RELU", "LSTM" or "GRU"
    input_size : int
        Number of features of each step, I.
    hidden_size : int
        Size of the state, H.
    num_layers : int
        Each layer after the first has the states of the one before as its input.
    bias : bool
        Whether the layers have biases.
    batch_first : bool
        Whether inputs and outputs are (N, T, …) instead of (T, N, …).  States are not.
    dropout : float
        In training, the probability with which an element between two layers is set to 0.
    bidirectional : bool
        A second network runs from the last step to the first, and both states are concatenated.
    proj_size : int
        For an LSTM: size to which each state is projected; 0 for no projection.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0 : Parameter, (G H, I) and (G H, H)
        Those of layer 0, with G = 1, 4 or 3 gates.  Layer 1 has weight_ih_l1, and so on.  The names of the second
        direction end in _reverse.
    bias_ih_l0, bias_hh_l0 : Parameter, (G H,)
        With bias=True.
    weight_hr_l0 : Parameter, (proj_size, H)
        With a projection.

    Raises
    ------
    ValueError, TypeError
        If a size is less than 1, or another argument is not one of those above.

    Examples
    --------
    >>> import nn
    >>> layer = nn.RNNBase("GRU", input_size=3, hidden_size=4)
    >>> {name: parameter.shape for name, parameter in layer.named_parameters()}  # three gates
    {'weight_ih_l0': (12, 3), 'weight_hh_l0': (12, 4), 'bias_ih_l0': (12,), 'bias_hh_l0': (12,)}
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if mode not in GATES:
            raise ValueError(f"{name}: mode is {mode!r}; it must be one of {', '.join(GATES)}")
        _check_sizes(name, input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        _check_bools(name, bias=bias, batch_first=batch_first)
        check_device(name, device)
        if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout <= 1:
            raise ValueError(f"{name}: dropout is {dropout!r}; it must be a probability, from 0 to 1")
        if proj_size and mode != "LSTM":
            raise ValueError(f"{name}: only an LSTM has a projection; leave out proj_size")
        if not 0 <= proj_size < hidden_size:
            raise ValueError(f"{name}: proj_size is {proj_size}; it must be less than hidden_size, {hidden_size}")
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                f"{name}: dropout is applied between layers, so dropout={dropout} does nothing with num_layers=1",
                stacklevel=3,
            )
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size
        self._names: list[list[str]] = []
        rows, state = GATES[mode] * hidden_size, proj_size or hidden_size
        for layer in range(num_layers):
            features = state * self._directions if layer else input_size
            for suffix in ("", "_reverse")[: self._directions]:
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, features), "weight_hh": (rows, state)}
                shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)} if bias else {}
                shapes |= {"weight_hr": (proj_size, hidden_size)} if proj_size else {}
                self._names.append([f"{part}_l{layer}{suffix}" for part in shapes])
                for full, shape in zip(self._names[-1], shapes.values(), strict=True):
                    setattr(self, full, blank(*shape, dtype=dtype))
        self.reset_parameters()

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def reset_parameters(self) -> None:
        """Initialize the parameters again, uniformly in ±1/√hidden_size."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def flatten_parameters(self) -> None:
        """Does nothing: it is for PyTorch's GPU code."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each direction of each layer."""
        return [[getattr(self, name) for name in names] for names in self._names]

    def _recur(self, input: X, hx: Any) -> tuple[X, list[Tensor]]:
        """The output and the last states, after checks of the input and of hx: h_0, (h_0, c_0) or None."""
        name = type(self).__name__
        packed = input if isinstance(input, PackedSequence) else None
        x: Any = input if packed is None else packed.data
        if not isinstance(x, Tensor):
            raise TypeError(f"{name}: expects a Tensor or a PackedSequence, got {type(x).__name__}")
        if packed is None and x.ndim not in (2, 3):
            raise ValueError(f"{name}: input has shape {tuple(x.shape)}; expects 2 or 3 dimensions, {self._expected}")
        single = packed is None and x.ndim == 2
        weights = [parameter for layer in self.all_weights for parameter in layer]
        if x.dtype != weights[0].dtype:
            raise ValueError(
                f"{name}: input is {x.dtype} and the weights are {weights[0].dtype}; convert one with .to(dtype)"
            )
        if x.shape[-1] != self.input_size:
            raise RuntimeError(
                f"{name}: input of shape {tuple(x.shape)} has {x.shape[-1]} features; input_size is {self.input_size}, "
                f"and expected is {self._expected}"
            )
        if single:
            x = x.unsqueeze(0 if self.batch_first else 1)
        batch = x.shape[0 if self.batch_first else 1] if packed is None else int(packed.batch_sizes[0])
        states = self._states(hx, batch, single, x.dtype)
        if packed is not None and packed.sorted_indices is not None:
            states = [state[:, packed.sorted_indices] for state in states]
        given: Any = tuple(states) if self.mode == "LSTM" else states[0]
        options = self.bias, self.num_layers, self.dropout, self.training, self.bidirectional
        function = FUNCTIONS[self.mode]
        if packed is None:
            y, *lasts = function(x, given, weights, *options, self.batch_first)
            if single:
                return y.squeeze(0 if self.batch_first else 1), [state.squeeze(1) for state in lasts]
            return y, lasts
        y, *lasts = function(x, packed.batch_sizes, given, weights, *options)
        if packed.unsorted_indices is not None:
            lasts = [state[:, packed.unsorted_indices] for state in lasts]
        return PackedSequence(y, *packed[1:]), lasts  # type: ignore[return-value]

    @property
    def _expected(self) -> str:
        first = "N, T" if self.batch_first else "T, N"
        return f"({first}, {self.input_size}), or (T, {self.input_size}) without a batch"

    def _states(self, hx: Any, batch: int, single: bool, dtype: np.dtype) -> list[Tensor]:
        """The states before the first step, (layers · directions, N, size)."""
        name, many = type(self).__name__, self.num_layers * self._directions
        sizes = [self.proj_size or self.hidden_size, self.hidden_size][: 2 if self.mode == "LSTM" else 1]
        if hx is None:
            return [autograd.zeros(many, batch, size, dtype=dtype) for size in sizes]
        states = list(hx) if isinstance(hx, tuple | list) else [hx]
        if len(states) != len(sizes) or not all(isinstance(state, Tensor) for state in states):
            expected = "a tuple of two tensors, (h_0, c_0)" if len(sizes) == 2 else "one tensor, h_0"
            raise RuntimeError(f"{name}: hx must be {expected}")
        for what, state, size in zip(("h_0", "c_0"), states, sizes, strict=False):
            shape = (many, size) if single else (many, batch, size)
            if tuple(state.shape) != shape:
                raise RuntimeError(f"{name}: {what} has shape {tuple(state.shape)}; for this input it must be {shape}")
        return [state.unsqueeze(1) for state in states] if single else states

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.proj_size:
            text += f", proj_size={self.proj_size}"
        if self.num_layers != 1:
            text += f", num_layers={self.num_layers}"
        if not self.bias:
            text += ", bias=False"
        if self.batch_first:
            text += ", batch_first=True"
        if self.dropout:
            text += f", dropout={self.dropout}"
        return text + (f", bidirectional={self.bidirectional}" if self.bidirectional else "")


class RNN(RNNBase):
    """A recurrent network: h′ = tanh(W x + b + U h + d), or relu in place of tanh.

    It is called with the sequence x and optionally the first state; it returns the states of all steps, and the last
    one.

    W and b are weight_ih and bias_ih, U and d are weight_hh and bias_hh; see `RNNBase`.

    Parameters
    ----------
    input_size : int
        Number of features of each step, I.
    hidden_size : int
        Size of the state, H.
    num_layers : int
        Each layer after the first has the states of the one before as its input.
    nonlinearity : "tanh" or "relu"
        The function in the formula.
    bias : bool
        Whether the layers have biases.
    batch_first : bool
        Whether inputs and outputs are (N, T, …) instead of (T, N, …).  States are not.
    dropout : float
        In training, the probability with which an element between two layers is set to 0.
    bidirectional : bool
        A second network runs from the last step to the first, and both states are concatenated.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Raises
    ------
    ValueError, TypeError
        If a size is less than 1, or another argument is not one of those above.
    RuntimeError, ValueError, TypeError
        In forward, if shapes or dtypes do not fit.

    References
    ----------
    Elman, "Finding Structure in Time", Cognitive Science 14, 1990.

    Examples
    --------
    >>> import autograd, nn
    >>> layer = nn.RNN(3, 4, bidirectional=True)
    >>> output, h = layer(autograd.randn(7, 5, 3))  # 7 steps, a batch of 5
    >>> output.shape, h.shape  # both directions of each step; the last state of each direction
    ((7, 5, 8), (2, 5, 4))
    >>> bool((output[-1, :, :4] == h[0]).all()), bool((output[0, :, 4:] == h[1]).all())
    (True, True)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        mode, size = _mode("RNN", nonlinearity), (input_size, hidden_size, num_layers)
        super().__init__(mode, *size, bias, batch_first, dropout, bidirectional, device=device, dtype=dtype)
        self.nonlinearity = nonlinearity

    if TYPE_CHECKING:  # as forward: checkers infer the signature of a call from it, but not with a type variable

        def __call__(self, input: X, hx: Tensor | None = None) -> tuple[X, Tensor]: ...  # type: ignore[override]

    def forward(self, input: X, hx: Tensor | None = None) -> tuple[X, Tensor]:
        """Run all steps.

        Parameters
        ----------
        input : Tensor, (T, N, I), (N, T, I) with batch_first, or (T, I) without a batch; or PackedSequence
        hx : Tensor, (num_layers · D, N, H), or without a batch (num_layers · D, H), optional
            The state before the first step, h_0.  Default: zeros.  D is 2 with bidirectional=True, else 1.

        Returns
        -------
        output : Tensor, of input's shape but for the last size, D · H; or PackedSequence
            The state of the last layer after every step.
        h_n : Tensor, of hx's shape
            The state of each layer after its last step.

        Raises
        ------
        RuntimeError, ValueError, TypeError
            If shapes or dtypes do not fit.
        """
        output, (h,) = self._recur(input, hx)
        return output, h


class GRU(RNNBase):
    """A network of gated recurrent units.

        r = σ(W_r x + b_r + U_r h + d_r)    n = tanh(W_n x + b_n + r (U_n h + d_n))
        z = σ(W_z x + b_z + U_z h + d_z)    h′ = (1 - z) n + z h

    It is called with the sequence x and optionally the first state; it returns the states of all steps, and the last
    one.

    W and b are parts of weight_ih and bias_ih, U and d of weight_hh and bias_hh: those of r, z and n, one after
    another.

    Parameters
    ----------
    input_size : int
        Number of features of each step, I.
    hidden_size : int
        Size of the state, H.
    num_layers : int
        Each layer after the first has the states of the one before as its input.
    bias : bool
        Whether the layers have biases.
    batch_first : bool
        Whether inputs and outputs are (N, T, …) instead of (T, N, …).  States are not.
    dropout : float
        In training, the probability with which an element between two layers is set to 0.
    bidirectional : bool
        A second network runs from the last step to the first, and both states are concatenated.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Raises
    ------
    ValueError, TypeError
        If a size is less than 1, or another argument is not one of those above.
    RuntimeError, ValueError, TypeError
        In forward, if shapes or dtypes do not fit.

    References
    ----------
    Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", arXiv:1406.1078.

    Examples
    --------
    >>> import autograd, nn
    >>> layer = nn.GRU(3, 4, num_layers=2)
    >>> output, h = layer(autograd.randn(7, 5, 3))  # 7 steps, a batch of 5
    >>> output.shape, h.shape  # each step of the last layer; the last step of each layer
    ((7, 5, 4), (2, 5, 4))
    >>> bool((output[-1] == h[-1]).all())
    True
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        size = input_size, hidden_size, num_layers
        super().__init__("GRU", *size, bias, batch_first, dropout, bidirectional, device=device, dtype=dtype)

    if TYPE_CHECKING:  # as forward: checkers infer the signature of a call from it, but not with a type variable

        def __call__(self, input: X, hx: Tensor | None = None) -> tuple[X, Tensor]: ...  # type: ignore[override]

    def forward(self, input: X, hx: Tensor | None = None) -> tuple[X, Tensor]:
        """Run all steps.  Arguments and results are those of `RNN`."""
        output, (h,) = self._recur(input, hx)
        return output, h


class LSTM(RNNBase):
    """A long short-term memory network.

        i, f, o = σ(W x + b + U h + d)      c′ = f c + i g
        g = tanh(W x + b + U h + d)         h′ = o tanh(c′)

    W and b are parts of weight_ih and bias_ih, U and d of weight_hh and bias_hh: those of i, f, g and o, one after
    another.

    It is called with the sequence x and optionally the first state, a pair (h, c); it returns h of all steps, and the
    last pair.

    Parameters
    ----------
    input_size : int
        Number of features of each step, I.
    hidden_size : int
        Size of the state, H.
    num_layers : int
        Each layer after the first has the states of the one before as its input.
    bias : bool
        Whether the layers have biases.
    batch_first : bool
        Whether inputs and outputs are (N, T, …) instead of (T, N, …).  States are not.
    dropout : float
        In training, the probability with which an element between two layers is set to 0.
    bidirectional : bool
        A second network runs from the last step to the first, and both states are concatenated.
    proj_size : int
        Size to which h is projected after each step; 0 for no projection.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Raises
    ------
    ValueError, TypeError
        If a size is less than 1, or another argument is not one of those above.
    RuntimeError, ValueError, TypeError
        In forward, if shapes or dtypes do not fit.

    References
    ----------
    Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9, 1997.

    Examples
    --------
    >>> import autograd, nn
    >>> layer = nn.LSTM(3, 4, num_layers=2, batch_first=True)
    >>> output, (h, c) = layer(autograd.randn(5, 7, 3))  # a batch of 5, 7 steps
    >>> output.shape, h.shape, c.shape
    ((5, 7, 4), (2, 5, 4), (2, 5, 4))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        size = input_size, hidden_size, num_layers
        super().__init__("LSTM", *size, bias, batch_first, dropout, bidirectional, proj_size, device, dtype)

    if TYPE_CHECKING:  # as forward: checkers infer the signature of a call from it, but not with a type variable

        def __call__(self, input: X, hx: Sequence[Tensor] | None = None) -> tuple[X, tuple[Tensor, Tensor]]: ...  # type: ignore[override]

    def forward(self, input: X, hx: Sequence[Tensor] | None = None) -> tuple[X, tuple[Tensor, Tensor]]:
        """Run all steps.

        Parameters
        ----------
        input : Tensor, (T, N, I), (N, T, I) with batch_first, or (T, I) without a batch; or PackedSequence
        hx : (h_0, c_0), two Tensors, (num_layers · D, N, H), or without a batch (num_layers · D, H), optional
            The state before the first step.  Default: zeros.  D is 2 with bidirectional=True, else 1.  With a
            projection, h_0 has its size in place of H.

        Returns
        -------
        output : Tensor, of input's shape but for the last size, D · H; or PackedSequence
            h of the last layer after every step.
        (h_n, c_n) : two Tensors, of the shapes of h_0 and c_0
            The state of each layer after its last step.

        Raises
        ------
        RuntimeError, ValueError, TypeError
            If shapes or dtypes do not fit.
        """
        output, (h, c) = self._recur(input, hx)
        return output, (h, c)


# ── cells ──────────────────────────────────────────────────────────────────────────────


class RNNCellBase(Module):
    """What RNNCell, LSTMCell and GRUCell share.

    Parameters
    ----------
    input_size : int
        Number of features of the input, I.
    hidden_size : int
        Size of the state, H.
    bias : bool
        Whether there are biases.
    num_chunks : int
        Number of gates, G.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Attributes
    ----------
    weight_ih, weight_hh : Parameter, (G H, I) and (G H, H)
    bias_ih, bias_hh : Parameter, (G H,), or None

    Raises
    ------
    ValueError, TypeError
        If a size is less than 1, or no int.

    Examples
    --------
    >>> import nn
    >>> cell = nn.RNNCellBase(3, 4, bias=False, num_chunks=1)
    >>> [name for name, _ in cell.named_parameters()]
    ['weight_ih', 'weight_hh']
    """

    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter
    bias_hh: Parameter

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        _check_sizes(name, input_size=input_size, hidden_size=hidden_size)
        check_device(name, device)
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = num_chunks * hidden_size
        self.weight_ih = blank(rows, input_size, dtype=dtype)
        self.weight_hh = blank(rows, hidden_size, dtype=dtype)
        self.register_parameter("bias_ih", blank(rows, dtype=dtype) if bias else None)
        self.register_parameter("bias_hh", blank(rows, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Initialize the parameters again, uniformly in ±1/√hidden_size."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _step(self, function: Callable[..., Any], input: Tensor, hx: Any) -> Any:
        """The states after one step, after a check of the input's dimensions."""
        name = type(self).__name__
        if not isinstance(input, Tensor):
            raise TypeError(f"{name}: expects a Tensor, got {type(input).__name__}")
        if input.ndim not in (1, 2):
            raise ValueError(
                f"{name}: input has shape {tuple(input.shape)}; expects (N, {self.input_size}), or ({self.input_size},)"
                " without a batch"
            )
        if hx is None:
            zeros = autograd.zeros(*input.shape[:-1], self.hidden_size, dtype=input.dtype)
            hx = (zeros, zeros) if isinstance(self, LSTMCell) else zeros
        for state in hx if isinstance(hx, tuple | list) else (hx,):
            if not isinstance(state, Tensor):
                raise TypeError(f"{name}: a state is a {full_name(state)}; expects a Tensor, (N, H) or (H,)")
            if state.ndim not in (1, 2):
                raise ValueError(f"{name}: a state has shape {tuple(state.shape)}; expects (N, H), or (H,)")
        return function(input, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else f", bias={self.bias}")


class RNNCell(RNNCellBase):
    """One step of a recurrent network: h′ = tanh(W x + b + U h + d), or relu in place of tanh.

    It is called with x, (N, I) or (I,), and optionally h, (N, H) or (H,).

    Parameters
    ----------
    input_size : int
        Number of features of the input, I.
    hidden_size : int
        Size of the state, H.
    bias : bool
        Whether there are biases.
    nonlinearity : "tanh" or "relu"
        The function in the formula.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Raises
    ------
    ValueError, TypeError
        If a size is less than 1, or another argument is not one of those above.
    RuntimeError, ValueError, TypeError
        In forward, if shapes or dtypes do not fit.

    References
    ----------
    Elman, "Finding Structure in Time", Cognitive Science 14, 1990.

    Examples
    --------
    >>> import autograd, nn
    >>> cell = nn.RNNCell(3, 4)
    >>> h = autograd.zeros(5, 4)
    >>> for x in autograd.randn(7, 5, 3):  # 7 steps
    ...     h = cell(x, h)
    >>> h.shape
    (5, 4)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        _mode("RNNCell", nonlinearity)
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The state (N, H) after input (N, I) and the state hx (N, H), zeros if it is left out; or without N."""
        function = autograd.rnn_tanh_cell if self.nonlinearity == "tanh" else autograd.rnn_relu_cell
        h: Tensor = self._step(function, input, hx)
        return h

    def extra_repr(self) -> str:
        return super().extra_repr() + ("" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}")


class LSTMCell(RNNCellBase):
    """One step of a long short-term memory network, as in `LSTM`.

    It is called with x, (N, I) or (I,), and optionally a pair h and c, each (N, H) or (H,).

    Parameters
    ----------
    input_size : int
        Number of features of the input, I.
    hidden_size : int
        Size of the state, H.
    bias : bool
        Whether there are biases.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Raises
    ------
    ValueError, TypeError
        If a size is less than 1, or another argument is not one of those above.
    RuntimeError, ValueError, TypeError
        In forward, if shapes or dtypes do not fit.

    References
    ----------
    Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9, 1997.

    Examples
    --------
    >>> import autograd, nn
    >>> cell = nn.LSTMCell(3, 4)
    >>> h, c = cell(autograd.randn(5, 3))  # from a state of zeros
    >>> h, c = cell(autograd.randn(5, 3), (h, c))
    >>> h.shape, c.shape
    ((5, 4), (5, 4))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: Sequence[Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """h and c (N, H) after input (N, I) and the state hx = (h, c), zeros if it is left out; or without N."""
        h, c = self._step(autograd.lstm_cell, input, hx)
        return h, c


class GRUCell(RNNCellBase):
    """One step of a gated recurrent unit, as in `GRU`.

    It is called with x, (N, I) or (I,), and optionally h, (N, H) or (H,).

    Parameters
    ----------
    input_size : int
        Number of features of the input, I.
    hidden_size : int
        Size of the state, H.
    bias : bool
        Whether there are biases.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Raises
    ------
    ValueError, TypeError
        If a size is less than 1, or another argument is not one of those above.
    RuntimeError, ValueError, TypeError
        In forward, if shapes or dtypes do not fit.

    References
    ----------
    Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", arXiv:1406.1078.

    Examples
    --------
    >>> import autograd, nn
    >>> cell = nn.GRUCell(3, 4)
    >>> h = cell(autograd.randn(5, 3))  # from a state of zeros
    >>> cell(autograd.randn(5, 3), h).shape
    (5, 4)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The state (N, H) after input (N, I) and the state hx (N, H), zeros if it is left out; or without N."""
        h: Tensor = self._step(autograd.gru_cell, input, hx)
        return h
