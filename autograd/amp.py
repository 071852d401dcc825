"""Automatic mixed precision, which is for GPUs: without one it is off, as in PyTorch.

A program that wraps its loop in `autocast("cuda")` and a `GradScaler` trains here in its own dtypes, with the results
of a run in which both are disabled.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from autograd.contexts import ContextDecorator

Function = TypeVar("Function", bound=Callable[..., Any])

_DEVICES = ("cpu", "cuda", "xpu", "mps", "hpu", "mtia", "xla")


def _check_type(caller: str, device_type: Any) -> None:
    if not isinstance(device_type, str):
        raise ValueError(f"{caller}: expects a device type such as 'cpu', got {type(device_type).__name__}")
    if device_type not in _DEVICES:
        raise RuntimeError(f"{caller}: the device type is {device_type!r}; it must be one of {', '.join(_DEVICES)}")


class autocast(ContextDecorator):
    """A context or decorator in which operations would choose lower precision on a GPU; here it changes nothing.

    Parameters
    ----------
    device_type : str
        For "cuda" and others that are not there, warns and is off.
    dtype : dtype, optional
    enabled : bool
    cache_enabled : bool, optional

    Raises
    ------
    RuntimeError
        If it is enabled for the CPU.

    Examples
    --------
    >>> import autograd
    >>> with autograd.autocast("cuda", enabled=autograd.cuda.is_available()):
    ...     print(autograd.ones(1).dtype)
    float32
    """

    def __init__(
        self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        _check_type("autocast", device_type)
        if enabled and device_type == "cpu":
            raise RuntimeError(
                "autocast: lower precision is not supported on the CPU, where it would be slower; pass enabled=False"
            )
        if enabled:
            warnings.warn(f"autocast: there is no {device_type} device, so it is off", UserWarning, stacklevel=3)
        self.device, self.fast_dtype = device_type, dtype

    def _recreate_cm(self) -> autocast:
        return self

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing was changed."""


class GradScaler:
    """Scales losses so that float16 gradients do not vanish; without a GPU it is off and scales nothing.

    Parameters
    ----------
    device : str
        For "cuda" and others that are not there, warns and is off.
    init_scale, growth_factor, backoff_factor, growth_interval : float
        Accepted, without effect.
    enabled : bool

    Raises
    ------
    RuntimeError
        If it is enabled for the CPU.
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 65536.0,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        _check_type("GradScaler", device)
        if enabled and device == "cpu":
            raise RuntimeError("GradScaler: float32 gradients on the CPU need no scaling; pass enabled=False")
        if enabled:
            warnings.warn(f"GradScaler: there is no {device} device, so it is off", UserWarning, stacklevel=3)

    def is_enabled(self) -> bool:
        """Return False."""
        return False

    def scale(self, outputs: Any) -> Any:
        """Return the outputs as they are."""
        return outputs

    def unscale_(self, optimizer: Any) -> None:
        """Do nothing."""

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """Return optimizer.step(*args, **kwargs)."""
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        """Do nothing."""

    def get_scale(self) -> float:
        """Return 1."""
        return 1.0

    def state_dict(self) -> dict[str, Any]:
        """Return an empty dict."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Do nothing."""


def custom_fwd(fwd: Function | None = None, *, device_type: str = "cuda", cast_inputs: Any = None) -> Any:
    """Return the forward of a `Function` as it is."""
    return fwd if fwd is not None else lambda function: function


def custom_bwd(bwd: Function | None = None, *, device_type: str = "cuda") -> Any:
    """Return the backward of a `Function` as it is."""
    return bwd if bwd is not None else lambda function: function


def is_autocast_available(device_type: str) -> bool:
    """Return False: no device here has a lower precision that is faster."""
    _check_type("is_autocast_available", device_type)
    return False
