"""CUDA is not supported: `"cuda" if torch.cuda.is_available() else "cpu"` gives "cpu"."""

from typing import TYPE_CHECKING, Any


def is_available() -> bool:
    """Return False."""
    return False


if not TYPE_CHECKING:  # a type checker knows no tensor types of a GPU

    def __getattr__(name: str) -> Any:
        """`cuda.FloatTensor` and the others: calling one says that there is no GPU, and no tensor is an instance."""
        from autograd.tensor_types import ON_CUDA  # which imports Tensor

        if name in ON_CUDA:
            return ON_CUDA[name]
        raise AttributeError(f"module 'autograd.cuda' has no attribute {name!r}")
