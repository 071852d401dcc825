"""The Transformer: its encoder and decoder, and the layers of both.

References
----------
Vaswani et al., "Attention Is All You Need", 2017.  The order of `norm_first` is that of Xiong et al., "On Layer
Normalization in the Transformer Architecture", 2020.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import autograd
import nn.functional as F
from autograd import Tensor
from autograd.devices import Device, check_device
from autograd.types import DTypeLike
from nn import init
from nn.attention import MultiheadAttention
from nn.container import ModuleList
from nn.dropout import Dropout
from nn.linear import Linear
from nn.module import Module
from nn.norm import LayerNorm

Activation = str | Callable[[Tensor], Tensor]


def _activation(layer: str, given: Activation) -> Callable[[Tensor], Tensor]:
    if callable(given):
        return given
    if given not in ("relu", "gelu"):
        raise RuntimeError(f"{layer}: activation is {given!r}; expects 'relu', 'gelu' or a function")
    return F.relu if given == "relu" else F.gelu


class _Layer(Module):
    """What the layers of encoder and decoder share: feed-forward net, residual connections and normalization."""

    activation: Callable[[Tensor], Tensor]
    self_attn: MultiheadAttention
    linear1: Linear
    linear2: Linear
    dropout: Dropout

    def _residual(self, x: Tensor, norm: Module, block: Callable[[Tensor], Tensor]) -> Tensor:
        """norm(x + block(x)), or x + block(norm(x)) with norm_first."""
        return x + block(norm(x)) if self.norm_first else norm(x + block(x))

    def _attend(
        self,
        attention: MultiheadAttention,
        x: Tensor,
        memory: Tensor,
        mask: Tensor | None,
        padding: Tensor | None,
        is_causal: bool,
    ) -> Tensor:
        y: Tensor = attention(
            x, memory, memory, attn_mask=mask, key_padding_mask=padding, is_causal=is_causal, need_weights=False
        )[0]
        return y

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(_Layer):
    """Self-attention and a feed-forward net, each with dropout, a residual connection and layer normalization.

    It is called with src, (S, N, E) or (S, E), and optionally the masks of `MultiheadAttention`.  The result has src's
    shape.

    Parameters
    ----------
    d_model : int
        Features of the input and of the output, E.
    nhead : int
        Number of heads, a divisor of d_model.
    dim_feedforward : int
        Features within the feed-forward net.
    dropout : float
        The probability that an element is set to 0 in training: of attention weights, within the feed-forward net, and
        of what is added to the input.
    activation : "relu", "gelu" or callable
        Between the two linear layers of the feed-forward net.
    layer_norm_eps : float
        Added to the variances of the normalizations.
    batch_first : bool
        Whether src is (N, S, E) instead of (S, N, E).
    norm_first : bool
        Normalize before attention and feed-forward net, instead of after.
    bias : bool
        Whether linear layers and normalizations have biases.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Raises
    ------
    ValueError
        If a size is less than 1, d_model is no multiple of nhead, or dropout is no probability.
    RuntimeError
        If activation is another word.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, section 3.1.

    Examples
    --------
    >>> import autograd, nn
    >>> layer = nn.TransformerEncoderLayer(d_model=8, nhead=2, dim_feedforward=16, batch_first=True)
    >>> layer(autograd.randn(3, 5, 8)).shape
    (3, 5, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout, bias, batch_first=batch_first, device=device, dtype=dtype
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias, device, dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, device, dtype)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, device=device, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, device=device, dtype=dtype)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.activation = _activation("TransformerEncoderLayer", activation)

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """Encode src.  The masks are those of `MultiheadAttention`: attn_mask and key_padding_mask."""
        x = self._residual(
            src,
            self.norm1,
            lambda x: self.dropout1(self._attend(self.self_attn, x, x, src_mask, src_key_padding_mask, is_causal)),
        )
        return self._residual(x, self.norm2, lambda x: self.dropout2(self._feed_forward(x)))


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to the encoder's output and a feed-forward net, each with residual and normalization.

    It is called with tgt, (T, N, E) or (T, E), with memory, the encoder's output (S, N, E) or (S, E), and optionally
    masks.  The result has tgt's shape.

    Parameters
    ----------
    d_model : int
        Features of the input and of the output, E.
    nhead : int
        Number of heads, a divisor of d_model.
    dim_feedforward : int
        Features within the feed-forward net.
    dropout : float
        The probability that an element is set to 0 in training: of attention weights, within the feed-forward net, and
        of what is added to the input.
    activation : "relu", "gelu" or callable
        Between the two linear layers of the feed-forward net.
    layer_norm_eps : float
        Added to the variances of the normalizations.
    batch_first : bool
        Whether tgt and memory are (N, T, E) and (N, S, E).
    norm_first : bool
        Normalize before attention and feed-forward net, instead of after.
    bias : bool
        Whether linear layers and normalizations have biases.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Raises
    ------
    ValueError
        If a size is less than 1, d_model is no multiple of nhead, or dropout is no probability.
    RuntimeError
        If activation is another word.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, section 3.1.

    Examples
    --------
    >>> import autograd, nn
    >>> layer = nn.TransformerDecoderLayer(d_model=8, nhead=2, dim_feedforward=16, batch_first=True)
    >>> tgt, memory = autograd.randn(3, 4, 8), autograd.randn(3, 5, 8)
    >>> layer(tgt, memory).shape
    (3, 4, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        for name in ("self_attn", "multihead_attn"):
            attention = MultiheadAttention(
                d_model, nhead, dropout, bias, batch_first=batch_first, device=device, dtype=dtype
            )
            setattr(self, name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias, device, dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, device, dtype)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, device=device, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, device=device, dtype=dtype)
        self.norm3 = LayerNorm(d_model, layer_norm_eps, bias=bias, device=device, dtype=dtype)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.dropout3 = Dropout(dropout)
        self.activation = _activation("TransformerDecoderLayer", activation)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Decode tgt, given the encoder's output `memory`.  The masks are those of `MultiheadAttention`."""
        x = self._residual(
            tgt,
            self.norm1,
            lambda x: self.dropout1(self._attend(self.self_attn, x, x, tgt_mask, tgt_key_padding_mask, tgt_is_causal)),
        )
        x = self._residual(
            x,
            self.norm2,
            lambda x: self.dropout2(
                self._attend(self.multihead_attn, x, memory, memory_mask, memory_key_padding_mask, memory_is_causal)
            ),
        )
        return self._residual(x, self.norm3, lambda x: self.dropout3(self._feed_forward(x)))


def _copies(layer: Module, count: int) -> ModuleList:
    return ModuleList([copy.deepcopy(layer) for _ in range(count)])


def _is_causal(mask: Tensor | None, given: bool | None) -> bool:
    """The hint for the layers.  It is needed for layers of the user's own only: ours always read the mask."""
    if given is not None or mask is None:
        return bool(given)
    size = mask.shape[-2] if mask.ndim >= 2 else 0
    if tuple(mask.shape) != (size, size):
        return False
    causal = autograd.triu(autograd.ones(size, size), 1) > 0
    hides_all = mask if mask.dtype == autograd.bool else mask == -math.inf
    shows_rest = ~mask if mask.dtype == autograd.bool else mask == 0
    return bool((hides_all == causal).all()) and bool((shows_rest == ~causal).all())


class TransformerEncoder(Module):
    """A stack of equal encoder layers.

    Parameters
    ----------
    encoder_layer : Module
        It is copied, so all layers begin with the same weights.
    num_layers : int
        Number of copies.
    norm : Module, optional
        Applied to the output.
    enable_nested_tensor, mask_check : bool
        Accepted, and without effect: they choose another algorithm in PyTorch.

    Examples
    --------
    >>> import autograd, nn
    >>> layer = nn.TransformerEncoderLayer(d_model=8, nhead=2, dim_feedforward=16)
    >>> encoder = nn.TransformerEncoder(layer, num_layers=2, norm=nn.LayerNorm(8)).eval()
    >>> x = autograd.randn(5, 3, 8)
    >>> causal = nn.Transformer.generate_square_subsequent_mask(5)
    >>> y = encoder(x, mask=causal)
    >>> x[4] = 0.0  # with this mask, earlier positions do not depend on it
    >>> autograd.allclose(encoder(x, mask=causal)[:4], y[:4])
    True
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _copies(encoder_layer, num_layers)
        self.num_layers, self.norm = num_layers, norm
        self.enable_nested_tensor, self.mask_check = enable_nested_tensor, mask_check

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """Pass src through all layers.  Without is_causal, the mask is examined."""
        causal = _is_causal(mask, is_causal)
        x = src
        for layer in self.layers:
            x = layer(x, src_mask=mask, is_causal=causal, src_key_padding_mask=src_key_padding_mask)
        return x if self.norm is None else self.norm(x)


class TransformerDecoder(Module):
    """A stack of equal decoder layers.

    Parameters
    ----------
    decoder_layer : Module
        It is copied, so all layers begin with the same weights.
    num_layers : int
        Number of copies.
    norm : Module, optional
        Applied to the output.

    Examples
    --------
    >>> import autograd, nn
    >>> layer = nn.TransformerDecoderLayer(d_model=8, nhead=2, dim_feedforward=16)
    >>> decoder = nn.TransformerDecoder(layer, num_layers=2)
    >>> decoder(autograd.randn(4, 3, 8), memory=autograd.randn(5, 3, 8)).shape
    (4, 3, 8)
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = _copies(decoder_layer, num_layers)
        self.num_layers, self.norm = num_layers, norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Pass tgt through all layers, each of which attends to `memory` as well."""
        causal = _is_causal(tgt_mask, tgt_is_causal)
        x = tgt
        for layer in self.layers:
            x = layer(
                x,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=causal,
                memory_is_causal=memory_is_causal,
            )
        return x if self.norm is None else self.norm(x)


class Transformer(Module):
    """Encoder and decoder; `forward` has the shapes.

    Parameters
    ----------
    d_model : int
        Features of the inputs and of the output, E.
    nhead : int
        Number of heads, a divisor of d_model.
    num_encoder_layers, num_decoder_layers : int
        Numbers of layers.
    dim_feedforward, dropout, activation
        As in `TransformerEncoderLayer`.
    custom_encoder, custom_decoder : Module, optional
        Used in place of those that the other arguments describe.
    layer_norm_eps, batch_first, norm_first, bias
        As in `TransformerEncoderLayer`.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Raises
    ------
    ValueError
        If a size is less than 1, d_model is no multiple of nhead, or dropout is no probability.
    RuntimeError
        If activation is another word.  In forward, if batch sizes or numbers of features do not fit.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017.

    Examples
    --------
    >>> import autograd, nn
    >>> model = nn.Transformer(d_model=8, nhead=2, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=16)
    >>> mask = nn.Transformer.generate_square_subsequent_mask(3)
    >>> model(autograd.randn(5, 2, 8), autograd.randn(3, 2, 8), tgt_mask=mask).shape
    (3, 2, 8)
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        each = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)

        def norm() -> LayerNorm:
            return LayerNorm(d_model, layer_norm_eps, bias=bias, device=device, dtype=dtype)

        self.encoder = custom_encoder or TransformerEncoder(
            TransformerEncoderLayer(*each, device, dtype), num_encoder_layers, norm()
        )
        self.decoder = custom_decoder or TransformerDecoder(
            TransformerDecoderLayer(*each, device, dtype), num_decoder_layers, norm()
        )
        self._reset_parameters()
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def _reset_parameters(self) -> None:
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Encode src and decode tgt.

        Parameters
        ----------
        src : Tensor, (S, N, E); (N, S, E) with batch_first; or (S, E)
        tgt : Tensor, (T, N, E); (N, T, E) with batch_first; or (T, E)
        src_mask, tgt_mask, memory_mask : Tensor of bool or float, (S, S), (T, T) and (T, S), optional
            bool: True where a position must not attend to another.  float: added to the scores.
        src_key_padding_mask, tgt_key_padding_mask, memory_key_padding_mask : Tensor, (N, length), optional
            bool: True where a position is ignored.  float: added to the scores.
        src_is_causal, tgt_is_causal, memory_is_causal : bool, optional
            Hints that a mask is the causal mask, which must be given too.

        Returns
        -------
        Tensor, of tgt's shape

        Raises
        ------
        RuntimeError
            If batch sizes or numbers of features do not fit.
        """
        shapes = f"src {tuple(src.shape)} and tgt {tuple(tgt.shape)}"
        batch = 0 if self.batch_first else 1
        if src.ndim == 3 and tgt.ndim == 3 and src.shape[batch] != tgt.shape[batch]:
            raise RuntimeError(f"Transformer: {shapes} must have the same batch size (dimension {batch})")
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise RuntimeError(f"Transformer: {shapes} must have d_model = {self.d_model} features")
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        output: Tensor = self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )
        return output

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Device = None, dtype: DTypeLike | None = None) -> Tensor:
        """The causal mask (sz, sz): 0 on and below the diagonal, -inf above."""
        check_device("generate_square_subsequent_mask", device)
        return autograd.triu(autograd.full((sz, sz), -math.inf, dtype=dtype), 1)
