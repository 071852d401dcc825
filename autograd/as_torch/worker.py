"""What a worker process runs in place of its parent's main program: that program, after `import torch` is prepared.

Importing this package has prepared it.  The program's names become those of this module, as multiprocessing expects
of a main program (`MainSpec` in main.py).
"""

import os
import sys

from autograd.as_torch.main import VARIABLE, load

if __name__ == "__mp_main__":  # not when a test or a tool imports all modules
    _code, _names = load(os.environ[VARIABLE])
    globals().update(_names)
    sys.argv[0] = _names["__file__"]
    exec(_code, globals())
