"""Devices: there is only the CPU.

Programs written for PyTorch pass devices nevertheless, so device arguments are accepted and checked.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import Any, Self, TypeAlias


class NoGPUError(AssertionError, RuntimeError):
    """A call that needs a GPU; PyTorch raises one or the other class, by how it was built."""


class _State(threading.local):
    """The default device of this thread."""

    def __init__(self) -> None:
        self.contexts: list[device] = []  # of `with device:`, the innermost last
        self.chosen: device | None = None  # of set_default_device


state = _State()


@dataclass(frozen=True, repr=False)
class device:
    """The device that a tensor is on, always "cpu".

    Parameters
    ----------
    type : str or device
        "cpu", or "cpu:0" with an index.
    index : int, optional

    Attributes
    ----------
    type : str
        "cpu".
    index : int or None

    Raises
    ------
    ValueError
        For any other device.

    Examples
    --------
    >>> import autograd
    >>> device = autograd.device("cuda" if autograd.cuda.is_available() else "cpu")
    >>> autograd.zeros(2, device=device).device
    device(type='cpu')
    """

    type: Any
    index: int | None = None

    def __post_init__(self) -> None:
        given = self.type
        check_device("device", given)
        if self.index is not None and (given != "cpu" or not isinstance(self.index, int) or self.index < 0):
            raise ValueError(
                f"device: the index of {given!r} is {self.index!r}; it must be an int of at least 0, given once"
            )
        if given != "cpu":
            object.__setattr__(self, "index", given.index if isinstance(given, device) else int(given[4:]))
        object.__setattr__(self, "type", "cpu")

    def __enter__(self) -> Self:
        """Make it the default device of this thread."""
        state.contexts.append(self)
        return self

    def __exit__(self, *exception: object) -> None:
        state.contexts.pop()

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        return f"device(type={self.type!r}" + ("" if self.index is None else f", index={self.index}") + ")"


Device: TypeAlias = device | str | None


def check_device(caller: str, wanted: Any) -> None:
    """Raise for anything but None and the CPU, as a `device`, "cpu" or "cpu:0"."""
    if wanted is None or isinstance(wanted, device):
        return
    if not isinstance(wanted, str) or not re.fullmatch(r"cpu(:[0-9]+)?", wanted):
        mend = '; write device = "cuda" if cuda.is_available() else "cpu"' if "cuda" in str(wanted) else ""
        raise ValueError(f"{caller}: device is {wanted!r}; the only device is 'cpu'{mend}")


def dtype_for(target: tuple[Any, ...], place: Device, dtype: Any) -> Any:
    """The dtype that a call of `to` asks for, or None: to(dtype), to(device), to(device, dtype) or to(tensor)."""
    for wanted in target:
        if isinstance(wanted, str | device):
            place = wanted
        else:
            dtype = wanted.dtype if hasattr(wanted, "array") else wanted
    check_device("to", place)
    return dtype
