"""PyTorch's names for orders of elements in memory, and for kinds of storage."""

from __future__ import annotations

from enum import Enum


class memory_format(Enum):
    """PyTorch's names for orders of elements in memory.  New tensors are contiguous whichever is given."""

    preserve_format = "preserve_format"
    contiguous_format = "contiguous_format"


preserve_format, contiguous_format = memory_format


class layout(Enum):
    """PyTorch's names for kinds of storage.  There is one: dense arrays."""

    strided = "strided"


strided = layout.strided


def check_format(name: str, given: memory_format | None) -> None:
    """Raise unless this is a memory format or None."""
    if given is not None and not isinstance(given, memory_format):
        raise TypeError(f"{name}: memory_format must be preserve_format or contiguous_format, not {given!r}")


def check_layout(name: str, given: layout | None) -> None:
    """Raise unless the layout is `strided` or None."""
    if given is not None and not isinstance(given, layout):
        raise TypeError(f"{name}: layout must be strided, not {given!r}: there are no sparse tensors")
