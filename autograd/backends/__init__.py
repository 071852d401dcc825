"""`backends`: settings of the libraries that PyTorch computes with.

Those that a program sets are kept, and change nothing.  Those of libraries that are not there answer so.
"""

from autograd.backends import (
    cuda as cuda,
    cudnn as cudnn,
    mkl as mkl,
    mkldnn as mkldnn,
    mps as mps,
    openmp as openmp,
)
