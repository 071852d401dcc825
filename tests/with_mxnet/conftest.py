"""MXNet is imported first, by the one module that knows how; what is compared here are numbers, not times."""

from examples.experiments.support.frameworks import mxnet

assert mxnet.mxnet.__version__.startswith("1.9.")
