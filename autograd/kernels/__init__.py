"""Functions that Numba compiles, shared by several ops.  They work on NumPy arrays and know no tensors.

jit            how kernels are compiled; what every kernel uses
threads        the number of threads, and Numba's threading layers
cache          compiled kernels on disk
microkernels   the inner loops of matrix products, as LLVM vector instructions
gemm           matrix products, from micro-kernels
conv           convolutions, as matrix products with tables of offsets
winograd       convolutions of stride 1 with fewer multiplications
pointwise      convolutions with windows of one pixel
planes         convolutions of groups with few channels
conv_pool      convolution, relu and max-pooling in one pass
max_pool       max-pooling
pool_2x2       max-pooling with windows of 2 × 2
recurrent      RNN, LSTM and GRU over whole sequences
channels       sums and linear maps by channel, for batch norm
rows           maximum and sum of a row, for softmax and others
scatter        rows added to the rows that an index names
sums           sums within 1e-6 in float32, running sums
arithmetic     + - × / of large arrays
copies         copies of large arrays
functions      e^x and Φ that vectorize

A kernel that one op alone uses is in that op's file.
"""
