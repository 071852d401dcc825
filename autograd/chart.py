"""A figure that a notebook shows.  It needs matplotlib, so `profiler.py` imports it only to draw."""

from __future__ import annotations

import io

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


class Chart(Figure):
    """A figure of matplotlib that a notebook shows without `%matplotlib inline`, too."""

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        FigureCanvasAgg(self).print_png(file)
        return file.getvalue()
