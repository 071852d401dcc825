"""CUDA is not there; its settings are kept, and change nothing."""

from __future__ import annotations

from types import SimpleNamespace

matmul = SimpleNamespace(
    allow_tf32=False, allow_fp16_reduced_precision_reduction=True, allow_bf16_reduced_precision_reduction=True
)
_enabled = {"flash": True, "mem_efficient": True, "math": True}


def is_built() -> bool:
    """Return False."""
    return False


def enable_flash_sdp(enabled: bool) -> None:
    """Keep the setting."""
    _enabled["flash"] = bool(enabled)


def enable_mem_efficient_sdp(enabled: bool) -> None:
    """Keep the setting."""
    _enabled["mem_efficient"] = bool(enabled)


def enable_math_sdp(enabled: bool) -> None:
    """Keep the setting."""
    _enabled["math"] = bool(enabled)


def flash_sdp_enabled() -> bool:
    """The setting."""
    return _enabled["flash"]


def mem_efficient_sdp_enabled() -> bool:
    """The setting."""
    return _enabled["mem_efficient"]


def math_sdp_enabled() -> bool:
    """The setting."""
    return _enabled["math"]
