"""Optimizers: one file each.  Names, arguments, defaults and update rules are PyTorch's."""

from optim.optimizer import Optimizer
from optim.sgd import SGD

__all__ = ["SGD", "Optimizer"]
