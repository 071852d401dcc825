"""`multiprocessing`: Python's own module, by PyTorch's name.

Tensors are sent to other processes as copies.
"""

from __future__ import annotations

from multiprocessing import *  # noqa: F403
from multiprocessing import cpu_count as cpu_count, get_context as get_context, set_start_method as set_start_method


def get_all_sharing_strategies() -> set[str]:
    """The one way in which tensors reach another process."""
    return {"file_system"}


def get_sharing_strategy() -> str:
    """The one way in which tensors reach another process."""
    return "file_system"


def set_sharing_strategy(new_strategy: str) -> None:
    """Do nothing: tensors are sent as copies, which needs no strategy."""
