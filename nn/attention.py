"""Multi-head attention as a layer.  `nn.functional.multi_head_attention_forward` has the formula."""

from __future__ import annotations

import nn.functional as F
from autograd import Tensor
from autograd.devices import Device, check_device
from autograd.types import DTypeLike
from nn import init
from nn.linear import Linear
from nn.making import blank, check_sizes
from nn.module import Module
from nn.parameter import Parameter


class _OutputProjection(Linear):
    """A Linear that prints as in PyTorch."""


_OutputProjection.__name__ = "NonDynamicallyQuantizableLinear"


class MultiheadAttention(Module):
    """Several attentions side by side, each on its own projection of queries, keys and values.

    Parameters
    ----------
    embed_dim : int
        Features of the queries and of the output, E.
    num_heads : int
        A divisor of embed_dim.
    dropout : float
        The probability that an attention weight is dropped in training.
    bias : bool
        Whether the projections have biases.
    add_bias_kv : bool
        Add one learned key and value to each sequence.
    add_zero_attn : bool
        Add one key and value of zeros to each sequence.
    kdim, vdim : int, optional
        Features of keys and values.  Default: embed_dim.
    batch_first : bool
        Whether inputs and output are (N, L, E), or (L, N, E).
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Attributes
    ----------
    in_proj_weight : Parameter, (3E, E), or None if kdim or vdim differ from embed_dim
    q_proj_weight, k_proj_weight, v_proj_weight : Parameter, (E, E), (E, kdim) and (E, vdim), or None if they do not
    in_proj_bias : Parameter, (3E,), or None
    out_proj : Linear
    bias_k, bias_v : Parameter, (1, 1, E), or None

    Raises
    ------
    ValueError
        If a size is less than 1, or embed_dim is no multiple of num_heads.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, section 3.2.2.

    Examples
    --------
    >>> import autograd, nn
    >>> attention = nn.MultiheadAttention(embed_dim=8, num_heads=2, batch_first=True)
    >>> x = autograd.randn(3, 5, 8)
    >>> output, weights = attention(x, x, x)
    >>> output.shape, weights.shape
    ((3, 5, 8), (3, 5, 5))
    """

    in_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        check_sizes("MultiheadAttention", embed_dim=embed_dim, num_heads=num_heads)
        check_device("MultiheadAttention", device)
        if embed_dim % num_heads:
            raise ValueError(f"MultiheadAttention: embed_dim {embed_dim} must be a multiple of num_heads {num_heads}")
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn
        shared = self.kdim == self.vdim == embed_dim
        sizes = {"q": embed_dim, "k": self.kdim, "v": self.vdim}
        for name, size in sizes.items():
            weight = None if shared else blank(embed_dim, size, dtype=dtype)
            self.register_parameter(f"{name}_proj_weight", weight)
        weight = blank(3 * embed_dim, embed_dim, dtype=dtype) if shared else None
        self.register_parameter("in_proj_weight", weight)
        self.register_parameter("in_proj_bias", blank(3 * embed_dim, dtype=dtype) if bias else None)
        self.out_proj = _OutputProjection(embed_dim, embed_dim, bias, device, dtype)
        for name in ("bias_k", "bias_v"):
            self.register_parameter(name, blank(1, 1, embed_dim, dtype=dtype) if add_bias_kv else None)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Compute the output and the attention weights.

        Parameters
        ----------
        query : Tensor, (L, N, E); (N, L, E) with batch_first; or (L, E)
        key, value : Tensor, (S, N, features); (N, S, features) with batch_first; or (S, features)
        key_padding_mask : Tensor of bool or float, (N, S) or (S,), optional
            bool: True where a key is ignored.  float: added to the scores.
        need_weights : bool
            Whether to return the weights.
        attn_mask : Tensor of bool or float, (L, S) or (N·num_heads, L, S), optional
            bool: True where a query must not attend to a key.  float: added to the scores.
        average_attn_weights : bool
            Whether to return the mean of the heads' weights, or those of each head.
        is_causal : bool
            A hint that attn_mask is the causal mask, which must be given too.

        Returns
        -------
        output : Tensor, of query's shape
        weights : Tensor, (N, L, S) or (N, num_heads, L, S), without N if query has none; None without need_weights
        """
        batched = self.batch_first and query.ndim == 3
        if batched:
            turned = {id(x): x.transpose(0, 1) for x in (query, key, value)}  # what is one tensor stays one
            query, key, value = (turned[id(x)] for x in (query, key, value))
        output, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            self.training,
            key_padding_mask,
            need_weights,
            attn_mask,
            self.in_proj_weight is None,
            self.q_proj_weight,
            self.k_proj_weight,
            self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return output.transpose(0, 1) if batched else output, weights
