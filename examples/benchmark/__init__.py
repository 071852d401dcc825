"""The benchmark's parts: what is measured (`cases`), by whom (`in_*`, a file a framework), how, and how it is told.

A framework runs in a process of its own (`worker`), which the benchmark (`contest`) asks for one
measurement after the other.  Files that run beside another framework import neither lucidgrad nor Numba.
"""
