"""Switches of PyTorch that choose how it computes: kept and answered, and without effect where there is no choice."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from autograd.devices import Device, check_device, device, state as _devices

Model = TypeVar("Model", bound=Callable[..., Any])

_PRECISIONS = ("highest", "high", "medium")


class _Settings:
    deterministic = warn_only = False
    precision = "highest"
    interop_threads = 1


_settings = _Settings()
_lock = threading.Lock()


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for the same bits in every run, which is always so here.

    Parameters
    ----------
    mode, warn_only : bool
        Kept for `are_deterministic_algorithms_enabled` and `is_deterministic_algorithms_warn_only_enabled`.

    Examples
    --------
    >>> import autograd
    >>> autograd.use_deterministic_algorithms(True)
    >>> autograd.are_deterministic_algorithms_enabled()
    True
    >>> autograd.use_deterministic_algorithms(False)
    """
    with _lock:
        _settings.deterministic, _settings.warn_only = bool(mode), bool(warn_only)


def are_deterministic_algorithms_enabled() -> bool:
    """The setting of `use_deterministic_algorithms`; results have the same bits in every run, whatever it is.

    Returns
    -------
    bool

    Examples
    --------
    >>> import autograd
    >>> autograd.are_deterministic_algorithms_enabled()
    False
    """
    return _settings.deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """The setting `warn_only` of `use_deterministic_algorithms`.

    Returns
    -------
    bool

    Examples
    --------
    >>> import autograd
    >>> autograd.is_deterministic_algorithms_warn_only_enabled()
    False
    """
    return _settings.warn_only


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """Set both settings of `use_deterministic_algorithms` by one number or word.

    Parameters
    ----------
    debug_mode : int or str
        0 or "default": off; 1 or "warn": on, and warn only; 2 or "error": on.

    Raises
    ------
    RuntimeError
        For any other number or word.
    TypeError
        If it is neither.

    Examples
    --------
    >>> import autograd
    >>> autograd.set_deterministic_debug_mode("warn")
    >>> autograd.is_deterministic_algorithms_warn_only_enabled()
    True
    >>> autograd.set_deterministic_debug_mode("default")
    """
    modes: dict[Any, int] = {"default": 0, "warn": 1, "error": 2, 0: 0, 1: 1, 2: 2}
    if not isinstance(debug_mode, int | str):
        kind = type(debug_mode).__name__
        raise TypeError(f"set_deterministic_debug_mode: expects 0, 1, 2, default, warn or error, got a {kind}")
    if debug_mode not in modes:
        raise RuntimeError(
            f"set_deterministic_debug_mode: the mode is {debug_mode!r}; it must be 0, 1, 2, default, warn or error"
        )
    use_deterministic_algorithms(modes[debug_mode] > 0, warn_only=modes[debug_mode] == 1)


def get_deterministic_debug_mode() -> int:
    """The settings of `use_deterministic_algorithms` as one number: see `set_deterministic_debug_mode`.

    Returns
    -------
    int
        0, 1 or 2.

    Examples
    --------
    >>> import autograd
    >>> autograd.set_deterministic_debug_mode("error")
    >>> autograd.get_deterministic_debug_mode()
    2
    >>> autograd.set_deterministic_debug_mode("default")
    """
    return 0 if not _settings.deterministic else 1 if _settings.warn_only else 2


def set_float32_matmul_precision(precision: str) -> None:
    """Keep a word; products of float32 are always computed in float32.

    Parameters
    ----------
    precision : "highest", "high" or "medium"
        For anything else it warns, and keeps what was set.

    Examples
    --------
    >>> import autograd
    >>> autograd.set_float32_matmul_precision("high")
    >>> autograd.get_float32_matmul_precision()
    'high'
    >>> autograd.set_float32_matmul_precision("highest")
    """
    if precision not in _PRECISIONS:
        warnings.warn(
            f"set_float32_matmul_precision: {precision!r} is not one of {', '.join(_PRECISIONS)}; nothing was set",
            UserWarning,
            stacklevel=2,
        )
        return
    _settings.precision = precision


def get_float32_matmul_precision() -> str:
    """The word that `set_float32_matmul_precision` keeps.

    Returns
    -------
    str

    Examples
    --------
    >>> import autograd
    >>> autograd.get_float32_matmul_precision()
    'highest'
    """
    return _settings.precision


def set_num_interop_threads(threads: int) -> None:
    """Keep the number; calls run one after the other.

    Parameters
    ----------
    threads : int
        At least 1.

    Raises
    ------
    RuntimeError
        If it is no integer, or not at least 1.

    Examples
    --------
    >>> import autograd
    >>> autograd.set_num_interop_threads(2)
    >>> autograd.get_num_interop_threads()
    2
    >>> autograd.set_num_interop_threads(1)
    """
    if not isinstance(threads, int):
        raise RuntimeError(f"set_num_interop_threads: expects an int, got {type(threads).__name__} {threads!r}")
    if threads < 1:
        raise RuntimeError(f"set_num_interop_threads: expects a positive number, got {threads}")
    _settings.interop_threads = threads


def get_num_interop_threads() -> int:
    """The number that `set_num_interop_threads` keeps, 1 at first.

    Returns
    -------
    int

    Examples
    --------
    >>> import autograd
    >>> autograd.get_num_interop_threads()
    1
    """
    return _settings.interop_threads


def set_flush_denormal(mode: bool) -> bool:
    """Return False: the processor's treatment of subnormal numbers stays as it is.

    Parameters
    ----------
    mode : bool
        Without effect.

    Returns
    -------
    bool
        False, which says that nothing was set.

    Examples
    --------
    >>> import autograd
    >>> autograd.set_flush_denormal(True)
    False
    >>> autograd.tensor(1e-40) > 0  # subnormal, and no 0
    tensor(True)
    """
    return False


def set_default_device(device: Device) -> None:
    """Set the device of new tensors, which must be the CPU.

    Parameters
    ----------
    device : "cpu", device or None

    Raises
    ------
    ValueError
        For any other device.

    Examples
    --------
    >>> import autograd
    >>> autograd.set_default_device("cpu")
    >>> autograd.get_default_device()
    device(type='cpu')
    >>> autograd.set_default_device(None)
    """
    check_device("set_default_device", device)
    _devices.chosen = None if device is None else _as_device(device)


def _as_device(given: Any) -> device:
    return given if isinstance(given, device) else device(given)


def get_default_device() -> device:
    """The device of new tensors: that of the innermost `with device:`, or of `set_default_device`.

    Returns
    -------
    device

    Examples
    --------
    >>> import autograd
    >>> with autograd.device("cpu:0"):
    ...     autograd.get_default_device()
    device(type='cpu', index=0)
    >>> autograd.get_default_device()
    device(type='cpu')
    """
    return _devices.contexts[-1] if _devices.contexts else _devices.chosen or device("cpu")


def compile(
    model: Model | None = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: Any = "inductor",
    mode: str | None = None,
    options: Any = None,
    disable: bool = False,
) -> Any:
    """Return the model or function as it is: its ops are compiled already.  Also a decorator, with options or without.

    Parameters
    ----------
    model : Module or callable, optional
        Without it, the result is the decorator.
    fullgraph, dynamic, backend, mode, options, disable
        Accepted, without effect.

    Returns
    -------
    Module or callable
        `model`, or a function that returns what it is given.

    Raises
    ------
    TypeError
        If it is not callable.

    Examples
    --------
    >>> import autograd
    >>> @autograd.compile(mode="max-autotune")
    ... def double(x):
    ...     return 2 * x
    >>> double(autograd.ones(1))
    tensor([2.])
    """
    if model is None:
        return lambda given: compile(given)
    if not callable(model):
        raise TypeError(f"compile: expects a Module or a function, got {type(model).__name__}")
    return model
