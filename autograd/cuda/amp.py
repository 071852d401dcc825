"""`cuda.amp`: the older names of `amp`, for a GPU."""

from __future__ import annotations

from typing import Any

from autograd import amp
from autograd.amp import custom_bwd as custom_bwd, custom_fwd as custom_fwd


class autocast(amp.autocast):
    """`amp.autocast("cuda", …)`, which changes nothing without a GPU."""

    def __init__(self, enabled: bool = True, dtype: Any = None, cache_enabled: bool = True) -> None:
        super().__init__("cuda", dtype, enabled, cache_enabled)


class GradScaler(amp.GradScaler):
    """`amp.GradScaler("cuda", …)`, which scales nothing without a GPU."""

    def __init__(
        self,
        init_scale: float = 65536.0,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        super().__init__("cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled)
