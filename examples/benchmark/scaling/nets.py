"""The networks whose training is timed, in the benchmark's notation, from which each framework builds them."""

from __future__ import annotations

from examples.benchmark import cases
from examples.benchmark.cases import CLASSES, BatchNorm, Conv, Flatten, Linear, Net, Pool, Relu

NETS = {
    "baseline": cases.NETS["baseline"],
    "three layers": Net(  # of the generalization experiment, without dropout
        (3, 32, 32),
        [Conv(64, 5), Pool(2, 2), BatchNorm(), Relu(), Conv(384, 5), Pool(2, 2), BatchNorm(), Relu(), Flatten(),
         Linear(CLASSES)],
    ),
}  # fmt: skip
