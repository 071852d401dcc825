"""`from_dlpack` and `to_dlpack`, under the name of torch.utils.dlpack."""

from autograd.dlpack import from_dlpack as from_dlpack, to_dlpack as to_dlpack

__all__ = ["from_dlpack", "to_dlpack"]
