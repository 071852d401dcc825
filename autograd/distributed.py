"""`distributed` is not available; a program that asks learns so, and runs in one process."""

from __future__ import annotations

from typing import Any


def is_available() -> bool:
    """Return False."""
    return False


def is_initialized() -> bool:
    """Return False."""
    return False


def is_torchelastic_launched() -> bool:
    """Return False."""
    return False


def _refuse(*arguments: Any, **options: Any) -> Any:
    """Raise RuntimeError."""
    raise RuntimeError(
        "distributed: training runs in one process here; leave out init_process_group, or call it only if "
        "distributed.is_available()"
    )


init_process_group = get_rank = get_world_size = barrier = all_reduce = broadcast = all_gather = reduce = _refuse
destroy_process_group = new_group = get_backend = _refuse
