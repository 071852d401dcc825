"""The XPU device that is not there."""

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
    raise NoGPUError("xpu: there is no such device; call this only if xpu.is_available()")


manual_seed_all = manual_seed


def empty_cache() -> None:
    """Do nothing."""


synchronize = current_device = get_device_name = get_device_properties = _absent
