"""`python -m autograd.as_torch script.py …`: see the package's docstring."""

import sys

from autograd.as_torch.main import run

if __name__ == "__main__":
    run(sys.argv[1:])
