"""Linear, bilinear and embedding layers.  An embedding is a linear layer whose input is one-hot."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Self, TypeVar

import nn.functional as F
from autograd import Tensor, empty, no_grad
from autograd.devices import Device, check_device
from autograd.types import DTypeLike
from nn import init
from nn.making import blank, check_sizes, draw
from nn.module import Module
from nn.parameter import Parameter

T = TypeVar("T")


class Identity(Module):
    """Returns its input.  It accepts any arguments, so it can replace any layer.

    Parameters
    ----------
    *args, **kwargs : any
        Ignored.

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Identity()(autograd.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__()

    if TYPE_CHECKING:  # mypy cannot derive the type of a call from a generic forward

        def __call__(self, input: T) -> T: ...  # type: ignore[override]

    def forward(self, input: T) -> T:
        return input


class Linear(Module):
    """input @ weightᵀ + bias.

    Parameters
    ----------
    in_features, out_features : int
        Number of features of the input (…, in_features) and of the output (…, out_features).
    bias : bool
        Whether to add a bias.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.

    Attributes
    ----------
    weight : Parameter, (out_features, in_features)
    bias : Parameter, (out_features,), or None

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Linear(3, 2)(autograd.ones(4, 3)).shape
    (4, 2)
    """

    weight: Parameter
    bias: Parameter  # None with bias=False, but as in PyTorch its declared type does not say so

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        check_sizes("Linear", in_features=in_features, out_features=out_features)
        check_device("Linear", device)
        self.in_features, self.out_features = in_features, out_features
        self.weight = blank(out_features, in_features, dtype=dtype)
        self.register_parameter("bias", blank(out_features, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Initialize the parameters again, uniformly in ±1/√in_features."""
        draw(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """input1ᵀ weight_o input2 + bias_o, for each output o.

    Parameters
    ----------
    in1_features, in2_features, out_features : int
    bias : bool
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Attributes
    ----------
    weight : Parameter, (out_features, in1_features, in2_features)
    bias : Parameter, (out_features,), or None

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Bilinear(3, 4, 2)(autograd.ones(5, 3), autograd.ones(5, 4)).shape
    (5, 2)
    """

    weight: Parameter
    bias: Parameter

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        check_sizes("Bilinear", in1_features=in1_features, in2_features=in2_features, out_features=out_features)
        check_device("Bilinear", device)
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        self.weight = blank(out_features, in1_features, in2_features, dtype=dtype)
        self.register_parameter("bias", blank(out_features, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Initialize the parameters again, uniformly in ±1/√in1_features."""
        bound = 1 / math.sqrt(self.in1_features)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class _Table(Module):
    """Base of the layers that look up vectors of a table."""

    weight: Parameter

    def _make(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None,
        max_norm: float | None,
        norm_type: float,
        scale_grad_by_freq: bool,
        sparse: bool,
        weight: Tensor | None,
        freeze: bool,
        device: Device,
        dtype: DTypeLike | None,
    ) -> None:
        layer = type(self).__name__
        check_sizes(layer, num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        check_device(layer, device)
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ValueError(f"{layer}: padding_idx {padding_idx} is out of range for {num_embeddings} embeddings")
            padding_idx %= num_embeddings
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        if weight is None:
            self.weight = Parameter(empty(num_embeddings, embedding_dim, dtype=dtype), requires_grad=not freeze)
            self.reset_parameters()
        else:
            if weight.shape != (num_embeddings, embedding_dim):
                raise ValueError(
                    f"{layer}: the weight has shape {weight.shape}; expects ({num_embeddings}, {embedding_dim})"
                )
            self.weight = Parameter(weight.detach(), requires_grad=not freeze)

    def reset_parameters(self) -> None:
        """Initialize the vectors again, from the standard normal distribution."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0

    def _described(self, *names: str) -> str:
        """The sizes, and the options that differ from their defaults."""
        usual = {"padding_idx": None, "max_norm": None, "norm_type": 2, "scale_grad_by_freq": False, "sparse": False}
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        for name in names:
            value = getattr(self, name)
            if name not in usual or value != usual[name]:
                text += f", {name}={value!r}"
        return text


def _existing(caller: str, embeddings: Tensor) -> Tensor:
    """The tensor, if it is a table."""
    if not isinstance(embeddings, Tensor) or embeddings.ndim != 2:
        got = f"shape {tuple(embeddings.shape)}" if isinstance(embeddings, Tensor) else type(embeddings).__name__
        raise ValueError(f"{caller}.from_pretrained: expects a tensor (num_embeddings, embedding_dim), got {got}")
    return embeddings


class Embedding(_Table):
    """A table of vectors, which are looked up by their indices.

    Parameters
    ----------
    num_embeddings : int
        Number of vectors.
    embedding_dim : int
        Length of each vector.
    padding_idx : int, optional
        Index of a vector that is initialized to 0 and receives no gradient.  Negative values count from the end.
    max_norm : float, optional
        Vectors that are looked up and whose norm is larger are scaled to this norm, for good.
    norm_type : float
        The p of the norm.
    scale_grad_by_freq : bool
        Divide the gradient of a vector by the number of times that it is looked up in the batch.
    sparse : bool
        Accepted for compatibility with PyTorch.  The gradient is dense.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Attributes
    ----------
    weight : Parameter, (num_embeddings, embedding_dim)

    Examples
    --------
    >>> import autograd, nn
    >>> nn.Embedding(10, 3)(autograd.tensor([1, 2, 1])).shape
    (3, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        self._make(
            num_embeddings,
            embedding_dim,
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
            _weight,
            _freeze,
            device,
            dtype,
        )

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(
            input,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )

    def extra_repr(self) -> str:
        return self._described("padding_idx", "max_norm", "norm_type", "scale_grad_by_freq", "sparse")

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """An embedding of existing vectors, whose memory it shares.

        Parameters
        ----------
        embeddings : Tensor, (num_embeddings, embedding_dim)
        freeze : bool
            Whether the vectors stay as they are, or are learned further.
        padding_idx : int, optional
            As of the class.  The vector is not set to 0.
        max_norm, norm_type, scale_grad_by_freq, sparse
            As of the class.

        Raises
        ------
        ValueError
            If embeddings has not two dimensions.

        Examples
        --------
        >>> import autograd, nn
        >>> embedding = nn.Embedding.from_pretrained(autograd.tensor([[1.0, 2.0], [3.0, 4.0]]))
        >>> embedding(autograd.tensor([1]))
        tensor([[3., 4.]])
        """
        rows, columns = _existing("Embedding", embeddings).shape
        return cls(
            rows, columns, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, embeddings, _freeze=freeze
        )


class EmbeddingBag(_Table):
    """The sum, mean or maximum of the vectors of each bag of indices; see `nn.functional.embedding_bag`.

    Parameters
    ----------
    num_embeddings : int
        Number of vectors.
    embedding_dim : int
        Length of each vector.
    max_norm, norm_type, scale_grad_by_freq, sparse
        As of `Embedding`.
    mode : "sum", "mean" or "max"
    include_last_offset : bool
        Whether offsets has one more element, the end of the last bag.
    padding_idx : int, optional
        Index of a vector that is initialized to 0, does not count, and receives no gradient.
    device : "cpu", optional
        Accepted for compatibility with PyTorch: the CPU is the only device.
    dtype : dtype, optional
        Of the parameters.  Default: the default float dtype.

    Attributes
    ----------
    weight : Parameter, (num_embeddings, embedding_dim)

    Examples
    --------
    >>> import autograd, nn
    >>> bags = nn.EmbeddingBag.from_pretrained(autograd.tensor([[1.0, 2.0], [3.0, 4.0]]), mode="sum")
    >>> bags(autograd.tensor([0, 1, 1]), autograd.tensor([0, 2]))
    tensor([[4., 6.],
            [3., 4.]])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        self.mode, self.include_last_offset = mode, include_last_offset
        self._make(
            num_embeddings,
            embedding_dim,
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
            _weight,
            False,
            device,
            dtype,
        )

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        return self._described("max_norm", "norm_type", "scale_grad_by_freq", "mode", "padding_idx")

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        """A layer of existing vectors, whose memory it shares.

        Parameters
        ----------
        embeddings : Tensor, (num_embeddings, embedding_dim)
        freeze : bool
            Whether the vectors stay as they are, or are learned further.
        max_norm, norm_type, scale_grad_by_freq, mode, sparse, include_last_offset, padding_idx
            As of the class.

        Raises
        ------
        ValueError
            If embeddings has not two dimensions.
        """
        rows, columns = _existing("EmbeddingBag", embeddings).shape
        layer = cls(
            rows,
            columns,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            mode,
            sparse,
            embeddings,
            include_last_offset,
            padding_idx,
        )
        layer.weight.requires_grad = not freeze
        return layer
