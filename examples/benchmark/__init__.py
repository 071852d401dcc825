"""The benchmark: ``python -m examples.benchmark``.

`cases` defines what is measured, `in_*` implements it in each framework, and `report` makes tables and the chart.
Each framework runs in its own process (`worker`), and `contest` asks these processes for measurements in turn.
Modules that run in the process of another framework import neither lucidgrad nor Numba.
"""
