"""The benchmark: ``python -m examples.benchmark``.

`cases` defines what is measured, and `in_*` implements it in each framework; `modules` is what lucidgrad and PyTorch
share of that.  `report` makes tables and the chart.
Each framework runs in its own process (`worker`), and `contest` asks these processes for measurements in turn.
Modules that run in the process of another framework import neither lucidgrad nor Numba.
"""
