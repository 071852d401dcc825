"""What Numba compiles: the matrix tile and what is built on it.  No kernel sees a Python object."""
