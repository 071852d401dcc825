"""`SummaryWriter` of the package tensorboardX, if it is installed."""

from __future__ import annotations

import importlib
from typing import Any


def SummaryWriter(*arguments: Any, **options: Any) -> Any:
    """A writer of event files for TensorBoard: the class of this name in the package tensorboardX.

    Raises
    ------
    ModuleNotFoundError
        If the package is not installed.
    """
    try:
        library = importlib.import_module("tensorboardX")
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "utils.tensorboard: SummaryWriter needs the package tensorboardX; `pip install tensorboardX`",
            name="tensorboardX",
        ) from None
    return library.SummaryWriter(*arguments, **options)
