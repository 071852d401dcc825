"""The GPU that is not there: `"cuda" if torch.cuda.is_available() else "cpu"` gives "cpu".

Calls that make no sense without a GPU raise `NoGPUError`.  Others do nothing, or answer that nothing is there: those of
PyTorch without a GPU do the same.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from autograd.cuda import amp as amp
from autograd.devices import NoGPUError

_ABSENT = [
    "Event",
    "Stream",
    "current_device",
    "current_stream",
    "default_stream",
    "get_device_capability",
    "get_device_name",
    "get_device_properties",
    "get_rng_state",
    "initial_seed",
    "init",
    "ipc_collect",
    "mem_get_info",
    "memory_summary",
    "reset_max_memory_allocated",
    "reset_peak_memory_stats",
    "set_rng_state",
    "synchronize",
]


def is_available() -> bool:
    """Return False."""
    return False


def is_initialized() -> bool:
    """Return False."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Return False."""
    return False


def device_count() -> int:
    """Return 0."""
    return 0


def empty_cache() -> None:
    """Do nothing."""


def manual_seed(seed: int) -> None:
    """Do nothing: a GPU's random numbers are not those of the CPU."""
    int(seed)


manual_seed_all = manual_seed


def seed() -> None:
    """Do nothing."""


seed_all = seed


def memory_allocated(device: Any = None) -> int:
    """Return 0, the bytes that tensors on a GPU use."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated


def memory_stats(device: Any = None) -> dict[str, Any]:
    """Return an empty dict."""
    return {}


def get_arch_list() -> list[str]:
    """Return an empty list."""
    return []


def get_rng_state_all() -> list[Any]:
    """Return an empty list: one state for each GPU."""
    return []


def set_rng_state_all(new_states: Iterable[Any]) -> None:
    """Set the states of no GPU.

    Raises
    ------
    NoGPUError
        If there is a state.
    """
    if list(new_states):
        raise NoGPUError("cuda.set_rng_state_all: there is no GPU whose state can be set; pass an empty list")


def set_device(device: Any) -> None:
    """Select a GPU; a negative number selects none.

    Raises
    ------
    NoGPUError
        For any other number, or a device.
    """
    if not isinstance(device, int) or device >= 0:
        raise NoGPUError("cuda.set_device: there is no GPU; call it only if cuda.is_available()")


def _absent(name: str) -> Callable[..., Any]:
    def absent(*arguments: Any, **options: Any) -> Any:
        raise NoGPUError(f"cuda.{name}: there is no GPU; call it only if cuda.is_available()")

    absent.__name__ = absent.__qualname__ = name
    absent.__doc__ = "Raise NoGPUError."
    return absent


if not TYPE_CHECKING:  # a type checker knows no tensor types of a GPU

    def __getattr__(name: str) -> Any:
        """`cuda.FloatTensor` and the others: calling one says that there is no GPU, and no tensor is an instance."""
        from autograd.tensor_types import ON_CUDA  # which imports Tensor

        if name in _ABSENT:
            return globals().setdefault(name, _absent(name))
        if name in ON_CUDA:
            return ON_CUDA[name]
        raise AttributeError(f"module 'autograd.cuda' has no attribute {name!r}")
