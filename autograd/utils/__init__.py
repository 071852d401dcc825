"""What stands beside the engine, under PyTorch's names: data loading, checkpointing."""

from autograd.utils import data as data
