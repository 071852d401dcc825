"""The version of lucidgrad, and of the GPU libraries that are not there."""

from __future__ import annotations

__version__ = "0.1.0"
cuda: str | None = None
hip: str | None = None
xpu: str | None = None
debug = False
