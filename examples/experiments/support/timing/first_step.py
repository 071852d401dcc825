"""Time the first training step of a process and later ones: ``python -m …timing.first_step BATCH RUNS``.

Prints the seconds as JSON. The first step compiles the kernels or loads them from the cache.
"""

from __future__ import annotations

import json
import sys

from examples.experiments.support.timing.layer_times import FUSED, time_first_and_later

if __name__ == "__main__":
    size, runs = map(int, sys.argv[1:])
    timing = time_first_and_later(FUSED, 1, size, 0, 0, runs)
    print(json.dumps({"first": timing.first, "median": timing.median}))
