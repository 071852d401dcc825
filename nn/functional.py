"""The ops that layers are made of, as functions: `import nn.functional as F`."""

from autograd.ops import conv2d, cross_entropy, linear, log_softmax, max_pool2d, relu, softmax

__all__ = ["conv2d", "cross_entropy", "linear", "log_softmax", "max_pool2d", "relu", "softmax"]
