"""Where tensors are: in the processor's memory, and there is no other place.

Model files ask for a device all the same; what they write is understood, and checked.
"""

from __future__ import annotations

from typing import Any


class device(str):
    """The name of a device, "cpu": a str, so that either may be given where a device is asked for.

    Raises
    ------
    ValueError
        For any other name.

    Examples
    --------
    >>> import autograd
    >>> device = autograd.device("cuda" if autograd.cuda.is_available() else "cpu")
    >>> autograd.zeros(2, device=device).device
    device(type='cpu')
    """

    __slots__ = ()

    def __new__(cls, type: str) -> device:
        check_device("autograd", type)
        return super().__new__(cls, type)

    @property
    def type(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return f"device(type={str(self)!r})"


def check_device(caller: str, device: Any) -> None:
    """Raise for any device but None and "cpu"."""
    if device not in (None, "cpu"):
        raise ValueError(f"{caller}: device is {device!r}, and there is none but 'cpu'")


def dtype_for(target: tuple[Any, ...], device: Any, dtype: Any) -> Any:
    """The dtype that a call of `to` asks for, if any: to(dtype), to(device), to(device, dtype) or to(tensor)."""
    for wanted in target:
        if isinstance(wanted, str):
            device = wanted
        else:
            dtype = wanted.dtype if hasattr(wanted, "array") else wanted
    check_device("to", device)
    return dtype
