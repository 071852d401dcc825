"""What Numba compiles for several ops: tiles and what is built on them, e^x and Φ.  No kernel sees a Python object."""
