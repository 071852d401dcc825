"""Times of the baseline's layers, in NumPy, in Numba and in plain Python."""
