"""The experiments: ``python -m examples.train`` and others.

Python runs this file before the experiment's own imports, which take a second or more.
"""

import sys

if sys.argv[:1] == ["-m"]:  # so while ``python -m`` looks for a module; a program that imports this has another name
    from examples.support import signals, streams

    streams.open_closed()
    signals.exit_on_interrupt()
