"""Where tensors are: in the processor's memory, and there is no other place.

Model files ask for a device all the same; what they write is understood, and checked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, repr=False)
class device:
    """A place where tensors are: the processor, "cpu".

    Parameters
    ----------
    type : str or device
        "cpu", or with its index "cpu:0".
    index : int, optional
        Which of several.

    Attributes
    ----------
    type : str
        "cpu".
    index : int or None

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

    type: Any
    index: int | None = None

    def __post_init__(self) -> None:
        given = self.type
        check_device("device", given)
        if self.index is not None and (given != "cpu" or not isinstance(self.index, int) or self.index < 0):
            raise ValueError(
                f"device: of {given!r} the index is {self.index!r}; it must be an int, at least 0, given once"
            )
        if given != "cpu":
            object.__setattr__(self, "index", given.index if isinstance(given, device) else int(given[4:]))
        object.__setattr__(self, "type", "cpu")

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        return f"device(type={self.type!r}" + ("" if self.index is None else f", index={self.index}") + ")"


Device: TypeAlias = str | device | None  # what an argument `device` may be


def check_device(caller: str, wanted: Any) -> None:
    """Raise for any device but None and the processor, as a `device`, "cpu" or "cpu:0"."""
    if wanted is None or isinstance(wanted, device):
        return
    if not isinstance(wanted, str) or not re.fullmatch(r"cpu(:[0-9]+)?", wanted):
        raise ValueError(f"{caller}: device is {wanted!r}, and there is none but 'cpu'")


def dtype_for(target: tuple[Any, ...], place: Any, dtype: Any) -> Any:
    """The dtype that a call of `to` asks for, if any: to(dtype), to(device), to(device, dtype) or to(tensor)."""
    for wanted in target:
        if isinstance(wanted, str | device):
            place = wanted
        else:
            dtype = wanted.dtype if hasattr(wanted, "array") else wanted
    check_device("to", place)
    return dtype
