"""The experiments: ``python -m examples.experiments.train`` and others.

Python runs this file before the experiment's own imports, which take a second or more.
"""

import sys

if sys.argv[:1] == [
    "-m"
]:  # ``python -m`` is still looking for the module; a program that imports this has another name
    from examples.experiments.support.runs import signals, streams

    streams.open_closed()
    signals.exit_on_interrupt()
