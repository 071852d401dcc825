"""The accelerator that is not there."""

from __future__ import annotations

from typing import Any

from autograd.devices import NoGPUError, device


def is_available() -> bool:
    """Return False."""
    return False


def device_count() -> int:
    """Return 0."""
    return 0


def current_accelerator(check_available: bool = False) -> device | None:
    """Return None."""
    return None


def _absent(*arguments: Any, **options: Any) -> Any:
    """Raise NoGPUError."""
    raise NoGPUError("accelerator: there is none; call this only if accelerator.is_available()")


current_device_index = current_device_idx = set_device_index = set_device_idx = synchronize = _absent
current_stream = set_stream = _absent
