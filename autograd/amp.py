"""Automatic mixed precision, as PyTorch has it on the CPU.

A program that wraps its loop in `autocast("cuda")` and a `GradScaler` trains here in its own dtypes, with the results
of a run in which both are disabled.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from autograd.contexts import ContextDecorator
from autograd.low_precision import Autocast
from autograd.promotion import BFLOAT16, HALVES

Function = TypeVar("Function", bound=Callable[..., Any])

_DEVICES = ("cpu", "cuda", "xpu", "mps", "hpu", "mtia", "xla")


def _check_type(caller: str, device_type: Any) -> None:
    if not isinstance(device_type, str):
        raise ValueError(f"{caller}: expects a device type such as 'cpu', got {type(device_type).__name__}")
    if device_type not in _DEVICES:
        raise RuntimeError(f"{caller}: the device type is {device_type!r}; it must be one of {', '.join(_DEVICES)}")


class autocast(Autocast, ContextDecorator):
    """A context or decorator in which matrix products and convolutions take and return a half dtype.

    It saves memory and no time: products are computed in float32 either way.  A backward pass inside it is computed in
    float32, and gradients have the dtype of their parameters.  Losses of classes are float32, as in PyTorch, which also
    casts the inputs of other losses and of some linear algebra to float32.

    Parameters
    ----------
    device_type : str
        For "cuda" and others that are not there, warns and is off.
    dtype : bfloat16 or float16, optional
        Default: bfloat16.
    enabled : bool
        If false, the operations inside run in their own dtypes, also inside another `autocast`.
    cache_enabled : bool, optional
        Accepted, without effect.

    Examples
    --------
    >>> import autograd
    >>> w = autograd.ones(2, 2, requires_grad=True)
    >>> with autograd.autocast("cpu", dtype=autograd.bfloat16):
    ...     y = autograd.ones(1, 2) @ w
    >>> y.sum().backward()
    >>> y.dtype, w.grad.dtype
    (dtype(bfloat16), dtype('float32'))
    """

    def __init__(
        self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        _check_type("autocast", device_type)
        self.device, self.fast_dtype = device_type, BFLOAT16 if dtype is None else np.dtype(dtype)
        if enabled and device_type != "cpu":
            warnings.warn(f"autocast: there is no {device_type} device, so it is off", UserWarning, stacklevel=3)
        elif enabled and self.fast_dtype not in HALVES:
            warnings.warn(
                f"autocast: the dtype is {self.fast_dtype}; only bfloat16 and float16 are supported, so it is off",
                UserWarning,
                stacklevel=2,
            )
            enabled = False
        self.enabled = enabled
        super().__init__(self.fast_dtype if enabled and device_type == "cpu" else None)

    def _recreate_cm(self) -> autocast:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return autocast(self.device, self.fast_dtype, self.enabled)


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
        If it is enabled for the CPU, or for a device type that does not exist.
    ValueError
        If the device is not a string.

    Examples
    --------
    >>> import autograd
    >>> scaler = autograd.amp.GradScaler("cuda", enabled=autograd.cuda.is_available())
    >>> scaler.scale(autograd.tensor(3.0)), scaler.get_scale()
    (tensor(3.), 1.0)
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
    """Decorator for the forward of a `Function`: returns it as it is, because there is no GPU to cast for.

    Parameters
    ----------
    fwd : callable, optional
        The static method `forward`.  Without it, the result is the decorator.
    device_type : str
        Accepted, without effect.
    cast_inputs : dtype, optional
        Accepted, without effect.

    Returns
    -------
    callable
        `fwd`, or a function that returns what it is given.

    Examples
    --------
    >>> from autograd.amp import custom_fwd
    >>> @custom_fwd(device_type="cuda")
    ... def forward(ctx, x):
    ...     return 2 * x
    >>> forward(None, 3)
    6
    """
    return fwd if fwd is not None else lambda function: function


def custom_bwd(bwd: Function | None = None, *, device_type: str = "cuda") -> Any:
    """Decorator for the backward of a `Function`: returns it as it is, as `custom_fwd` does.

    Parameters
    ----------
    bwd : callable, optional
        The static method `backward`.  Without it, the result is the decorator.
    device_type : str
        Accepted, without effect.

    Returns
    -------
    callable
        `bwd`, or a function that returns what it is given.

    Examples
    --------
    >>> from autograd.amp import custom_bwd
    >>> @custom_bwd(device_type="cuda")
    ... def backward(ctx, grad_output):
    ...     return 2 * grad_output
    >>> backward(None, 3)
    6
    """
    return bwd if bwd is not None else lambda function: function


def is_autocast_available(device_type: str) -> bool:
    """Whether `autocast` has an effect for this device: only for the CPU.

    Parameters
    ----------
    device_type : str
        Such as "cpu" or "cuda".

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        If it is not a string.
    RuntimeError
        If there is no such device type.

    Examples
    --------
    >>> import autograd
    >>> autograd.amp.is_autocast_available("cpu"), autograd.amp.is_autocast_available("cuda")
    (True, False)
    """
    _check_type("is_autocast_available", device_type)
    return device_type == "cpu"
