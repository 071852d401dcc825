"""Import MXNet first, through the one module that knows how.  These tests compare numbers, not times."""

from examples.experiments.support.frameworks import mxnet

assert mxnet.mxnet.__version__.startswith("1.9.")
