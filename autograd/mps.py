"""The MPS device that is not there."""

from __future__ import annotations

from typing import Any

from autograd.devices import NoGPUError


def is_available() -> bool:
    """Return False."""
    return False


def device_count() -> int:
    """Return 0."""
    return 0


def manual_seed(seed: int) -> None:
    """Do nothing."""
    int(seed)


def _absent(*arguments: Any, **options: Any) -> Any:
    """Raise NoGPUError."""
    raise NoGPUError("mps: there is no such device; call this only if mps.is_available()")


empty_cache = synchronize = get_rng_state = set_rng_state = current_allocated_memory = _absent
