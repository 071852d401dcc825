"""The CPU, with the functions that `cuda` has."""

from __future__ import annotations

from typing import Any


def is_available() -> bool:
    """Return True."""
    return True


def device_count() -> int:
    """Return 1."""
    return 1


def current_device() -> str:
    """Return "cpu"."""
    return "cpu"


def synchronize(device: Any = None) -> None:
    """Do nothing: a call has ended when it returns."""
