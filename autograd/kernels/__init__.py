"""Functions that Numba compiles, shared by several ops.  They work on NumPy arrays and know no tensors.

jit            how kernels are compiled; what every kernel uses
threads        the number of threads, and Numba's threading layers
cache          compiled kernels on disk
microkernels   the inner loops of matrix products, as LLVM vector instructions
gemm           matrix products, from micro-kernels
conv           convolutions, as matrix products with tables of offsets
planes         convolutions of groups with few channels
conv_pool      convolution, relu and max-pooling in one pass
max_pool       max-pooling
channels       sums and linear maps by channel, for batch norm
rows           maximum and sum of a row, for softmax and others
scatter        rows added to the rows that an index names
sums           sums within 1e-6 in float32, running sums
arithmetic     + - × / of large arrays
functions      e^x and Φ that vectorize

A kernel that one op alone uses is in that op's file.
"""
