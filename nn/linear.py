"""Linear and embedding layers.  An embedding is a linear layer whose input is one-hot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

import nn.functional as F
from autograd import Tensor, no_grad
from autograd.devices import Device, check_device
from autograd.types import DTypeLike
from nn import init
from nn.making import blank, check_sizes, draw
from nn.module import Module
from nn.parameter import Parameter

T = TypeVar("T")


class Identity(Module):
    """Returns its input.  It accepts any arguments, so it can replace any layer."""

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
    bias : bool

    Attributes
    ----------
    weight : Parameter, (out_features, in_features)
    bias : Parameter, (out_features,), or None
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


class Embedding(Module):
    """A table of vectors, which are looked up by their indices.

    Parameters
    ----------
    num_embeddings : int
        Number of vectors.
    embedding_dim : int
        Length of each vector.
    padding_idx : int, optional
        Index of a vector that is initialized to 0 and receives no gradient.  Negative values count from the end.

    Attributes
    ----------
    weight : Parameter, (num_embeddings, embedding_dim)
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        device: Device = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        check_sizes("Embedding", num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        check_device("Embedding", device)
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ValueError(
                    f"Embedding: padding_idx {padding_idx} is out of range for {num_embeddings} embeddings"
                )
            padding_idx %= num_embeddings
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        self.weight = blank(num_embeddings, embedding_dim, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Initialize the vectors again, from the standard normal distribution."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        return text if self.padding_idx is None else f"{text}, padding_idx={self.padding_idx}"

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
    ) -> Self:
        """An embedding of existing vectors, whose memory it shares.

        Parameters
        ----------
        embeddings : Tensor, (num_embeddings, embedding_dim)
        freeze : bool
            Whether the vectors stay as they are, or are learned further.
        padding_idx : int, optional
            As of the class.  The vector is not set to 0.

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
        if not isinstance(embeddings, Tensor) or embeddings.ndim != 2:
            got = f"shape {tuple(embeddings.shape)}" if isinstance(embeddings, Tensor) else type(embeddings).__name__
            raise ValueError(f"Embedding.from_pretrained: expects a tensor (num_embeddings, embedding_dim), got {got}")
        rows, columns = embeddings.shape
        layer = cls(rows, columns, padding_idx=padding_idx)
        layer.weight = Parameter(embeddings.detach(), requires_grad=not freeze)
        return layer
