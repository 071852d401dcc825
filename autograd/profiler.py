"""Profiler: the time of each op and each layer, forward and backward, compared with the machine's peak performance.

    with autograd.profiler.profile() as prof:
        step()
    print(prof.key_averages().table())

An op that a backward calls is a part of it, as conv2d_input_grad is of the backward of conv2d.  The total time of
an op includes its parts, its self time does not.  Self times add up to the whole.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from autograd import debug, html
from autograd.config import get_num_threads
from autograd.engine import Context, DispatchMode, Gradient, Node
from autograd.op import Op
from autograd.peaks import peak_arithmetic, peak_memory
from autograd.timing import Timing, measure
from autograd.types import Argument, Array, Result

__all__ = ["Averages", "Event", "Row", "Timing", "flops", "measure", "peak_arithmetic", "peak_memory", "profile"]

Pass = Literal["forward", "backward"]


def flops(op: Op, arrays: Sequence[Any], params: dict[str, Any], result: Result) -> int:
    """Number of floating-point operations of one call of an op; a multiply-add counts as two.

    Parameters
    ----------
    op : Op
    arrays : sequence of ndarray
        The inputs.
    params : dict
        The parameters by name.
    result : ndarray, or tuple of ndarray
        What the call returned.

    Returns
    -------
    int

    Examples
    --------
    >>> import autograd
    >>> import numpy as np
    >>> a, b = np.ones((2, 3)), np.ones((3, 4))
    >>> autograd.profiler.flops(autograd.op.table["matmul"], (a, b), {}, a @ b)  # 2 · 2 · 3 · 4
    48
    """
    if callable(op.flops):
        return op.flops(arrays, result, **params)
    return op.flops * max(np.size(array) for array in (*arrays, *(result if isinstance(result, tuple) else (result,))))


def _bytes(inputs: Iterable[Any], outputs: Iterable[Any]) -> int:
    """Bytes of all arrays read and written, each counted once; 0 if the results are views of inputs."""
    read = {id(a): a for a in map(_array, inputs) if a is not None}
    made = [y for y in map(_array, outputs) if y is not None]
    new = {id(y): y for y in made if not any(np.may_share_memory(y, a) for a in read.values())}
    if made and not new:
        return 0
    return sum(_extent(a) for a in (*read.values(), *new.values()))


def _array(x: Any) -> Array | None:
    x = getattr(x, "array", x)
    return x if isinstance(x, np.ndarray) else None


def _extent(a: Array) -> int:
    """Bytes in memory; broadcast dimensions count once."""
    return a.itemsize * math.prod([n for n, step in zip(a.shape, a.strides, strict=True) if step])


class Event(NamedTuple):
    """One call that a profile saw.

    Parameters
    ----------
    path : tuple of str
        The op; for a part, first the ops that contain it.
    layer : str
        The module whose forward called the op, such as "Net.conv (Conv2d)"; "" outside modules.
    direction : "forward" or "backward"
    start : int
        When it began, in ns of the profile's clock.
    total, own : int
        Time in ns with the parts, and without them.
    flops : int
        Number of floating-point operations.
    bytes : int
        Bytes of the arrays read and written.
    itemsize : int
        Bytes of an element, 4 or 8.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.ones(100)
    >>> with autograd.profiler.profile() as prof:
    ...     y = x * x
    >>> event = prof.events[0]
    >>> event.path, event.direction, event.flops, event.bytes  # 4 bytes for each number read or written
    (('mul',), 'forward', 100, 800)
    """

    path: tuple[str, ...]
    layer: str
    direction: Pass
    start: int
    total: int
    own: int
    flops: int
    bytes: int
    itemsize: int


class Row:
    """The calls of one kind, aggregated.

    Parameters
    ----------
    layer : str
        The module that called the op; "" for rows of all layers.
    path : tuple of str
        The op; for a part, first the ops that contain it.  Empty for a layer.
    direction : "forward" or "backward"
    events : list of Event
        The calls.

    Attributes
    ----------
    key : str
        The name of the op or of the layer; with both, of the op.
    count : int
        Number of calls.
    cpu_time_total, self_cpu_time_total : float
        Time in µs with the parts, and without them.
    flops, bytes : int
        Number of operations, and bytes of the arrays read and written.  For a backward these are the sums of its
        parts: computations with NumPy's operators are not counted.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.ones(100)
    >>> with autograd.profiler.profile() as prof:
    ...     y = x * x * x
    >>> (row,) = prof.key_averages()
    >>> row.key, row.direction, row.count, row.flops
    ('mul', 'forward', 2, 200)
    """

    def __init__(self, layer: str, path: tuple[str, ...], direction: Pass, events: list[Event]) -> None:
        self.layer, self.path, self.direction = layer, path, direction
        self.key = path[-1] if path else layer
        self.count = len(events)
        self.cpu_time_total = sum(event.total for event in events) / 1000
        self.self_cpu_time_total = sum(event.own for event in events) / 1000 if path else self.cpu_time_total
        self.flops = sum(event.flops for event in events)
        self.bytes = sum(event.bytes for event in events)
        self._flops_of = {size: sum(e.flops for e in events if e.itemsize == size) for size in (4, 8)}

    @property
    def gflops(self) -> float:
        """GFLOP/s."""
        return self.flops / self.cpu_time_total / 1000 if self.cpu_time_total else 0.0

    @property
    def bandwidth(self) -> float:
        """GB/s."""
        return self.bytes / self.cpu_time_total / 1000 if self.cpu_time_total else 0.0

    def _floors(self) -> tuple[float, float]:
        """Time in µs for the arithmetic alone and for the memory traffic alone, at this machine's peaks."""
        arithmetic = sum(n / peak_arithmetic(f"f{size}") for size, n in self._flops_of.items() if n)
        return arithmetic / 1000, self.bytes / peak_memory() / 1000 if self.bytes else 0.0

    @property
    def bound(self) -> Literal["arithmetic", "memory", "-"]:
        """What would take longer at this machine's peaks; "-" if nothing is computed or moved."""
        arithmetic, memory = self._floors()
        return "arithmetic" if arithmetic > memory else "memory" if memory else "-"

    @property
    def share_of_peak(self) -> float:
        """The minimum time at this machine's peaks divided by the measured time; above 1 if data came from a cache."""
        return max(self._floors()) / self.cpu_time_total if self.cpu_time_total else 0.0

    def __repr__(self) -> str:
        return f"Row({self.key!r}, {self.direction!r}, count={self.count}, cpu_time_total={self.cpu_time_total:g})"


SORTS: dict[str, Callable[[Row], Any]] = {
    "cpu_time_total": lambda row: -row.cpu_time_total,
    "self_cpu_time_total": lambda row: -row.self_cpu_time_total,
    "count": lambda row: -row.count,
    "flops": lambda row: -row.flops,
    "bytes": lambda row: -row.bytes,
    "key": lambda row: row.key,
}


class Averages(list[Row]):
    """A list of rows, longest first, each followed by its parts: what `profile.key_averages` returns.

    Parameters
    ----------
    rows : iterable of Row
    by : "op", "layer" or "both"
        What a row stands for.
    elapsed : float
        Time in µs that the profile was on.

    Raises
    ------
    ValueError
        By `table`, for an unknown order or fewer than 1 row.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.ones(100)
    >>> with autograd.profiler.profile() as prof:
    ...     y = (x * x).sum()
    >>> rows = prof.key_averages()
    >>> sorted(row.key for row in rows), 0 < rows.total < rows.elapsed
    (['mul', 'sum'], True)
    """

    def __init__(self, rows: Iterable[Row], by: str, elapsed: float) -> None:
        super().__init__(rows)
        self.by, self.elapsed = by, elapsed
        self._sort("cpu_time_total")

    @property
    def total(self) -> float:
        """Time of all ops in µs."""
        return sum(row.cpu_time_total for row in self if len(row.path) < 2)

    def _sort(self, sort_by: str) -> None:
        measure_of = SORTS[sort_by]
        found = {(row.layer, row.direction, row.path): measure_of(row) for row in self}

        def place(row: Row) -> list[Any]:  # sorts parts after the op that contains them
            steps = [row.path[: depth + 1] for depth in range(len(row.path))] or [()]
            return [(found.get((row.layer, row.direction, step), 0), row.layer, row.direction, step) for step in steps]

        self.sort(key=place)

    def table(self, sort_by: str = "cpu_time_total", row_limit: int | None = None) -> str:
        """The rows as a table.  Measures this machine's peaks if that was not done before.

        Parameters
        ----------
        sort_by : str
            "cpu_time_total", "self_cpu_time_total", "count", "flops", "bytes" (in descending order), or "key".
        row_limit : int, optional
            Maximum number of rows, not counting parts.

        Raises
        ------
        ValueError
            If sort_by is unknown, or row_limit is less than 1.
        """
        if sort_by not in SORTS:
            raise ValueError(f"table: cannot sort by {sort_by!r}; choose one of {', '.join(SORTS)}")
        if row_limit is not None and row_limit < 1:
            raise ValueError(f"table: row_limit is {row_limit}; it must be at least 1, or None for all rows")
        if not self:
            return "No op of this thread ran inside the profile."
        shown = self._first(sort_by, row_limit)
        lines = _aligned([self._heading(), *(self._cells(row) for row in shown)], left=2 + (self.by == "both"))
        rule = "-" * max(map(len, lines))
        return "\n".join([lines[0], rule, *lines[1:], rule, *self._footer(len(self) > len(shown))])

    def _first(self, sort_by: str, row_limit: int | None) -> list[Row]:
        """The first rows of the table, sorted."""
        self._sort(sort_by)
        limit = row_limit or len(self)
        shown: list[Row] = []
        for row in self:
            limit -= len(row.path) < 2
            if limit < 0:
                break
            shown.append(row)
        return shown

    def _repr_html_(self) -> str:
        """The table, as a notebook shows it: its first 20 rows, not counting parts."""
        if not self:
            return f"<p>{self.table()}</p>"
        shown, heading = self._first("cpu_time_total", 20), self._heading()
        names = 2 + (self.by == "both")
        return html.table(
            heading, [self._cells(row) for row in shown], left=(*range(names), len(heading) - 1),
            notes=self._footer(len(self) > len(shown)),
        )  # fmt: skip

    def _heading(self) -> list[str]:
        names = {"op": ["Op"], "layer": ["Layer"], "both": ["Layer", "Op"]}[self.by]
        return [*names, "Pass", "Calls", "Time [ms]", "%", "Self [ms]", "GFLOP/s", "GB/s", "% of peak", "Bound by"]

    def _cells(self, row: Row) -> list[str]:
        layer = row.layer or "(no layer)"
        op = "  " * (len(row.path) - 1) + row.key
        names = {"op": [op], "layer": [layer], "both": ["" if len(row.path) > 1 else layer, op]}[self.by]
        return [
            *names,
            row.direction,
            str(row.count),
            f"{row.cpu_time_total / 1000:.3f}",
            f"{100 * row.cpu_time_total / self.total:.1f}" if self.total else "-",
            f"{row.self_cpu_time_total / 1000:.3f}",
            f"{row.gflops:.1f}" if row.flops else "-",
            f"{row.bandwidth:.1f}" if row.bytes else "-",
            f"{100 * row.share_of_peak:.0f}" if row.flops or row.bytes else "-",
            row.bound,
        ]

    def _footer(self, cut: bool) -> list[str]:
        sizes = [size for size in (4, 8) if any(row._flops_of[size] for row in self)]
        peaks = [f"{peak_arithmetic(f'f{size}'):.0f} GFLOP/s in float{8 * size}" for size in sizes]
        return [
            *(["(more rows than row_limit)"] if cut else []),
            f"Ops took {self.total / 1000:.3f} of {self.elapsed / 1000:.3f} ms; the rest is Python between them, the "
            "optimizer, and this profile.",
            f"Peaks here, {get_num_threads()} threads: {', '.join([*peaks, f'{peak_memory():.1f} GB/s'])}. "
            "Above 100 %: from a cache.",
        ]

    def plot(self, path: str | os.PathLike[str] | None = None, row_limit: int = 20) -> Any:
        """Draw a bar chart of the rows, with the bound and the share of the peak of each.

        Parameters
        ----------
        path : str or path, optional
            A file to write it to (.png, .svg, .pdf).
        row_limit : int
            Maximum number of rows, not counting parts.

        Returns
        -------
        matplotlib.figure.Figure
            A notebook shows it.

        Raises
        ------
        ImportError
            Without matplotlib.
        ValueError
            If there are no rows, or row_limit is less than 1.
        """
        try:
            from autograd.chart import Chart
        except ImportError as error:
            raise ImportError(
                "plot: matplotlib is not installed; `pip install matplotlib`, or print table()"
            ) from error
        if row_limit < 1:
            raise ValueError(f"plot: row_limit is {row_limit}; it must be at least 1")
        if not self:
            raise ValueError("plot: no op of this thread ran inside the profile, so there is nothing to draw")
        rows = [row for row in self if len(row.path) < 2]
        rows = sorted(rows, key=SORTS["cpu_time_total"])[:row_limit]
        figure = Chart(figsize=(9, 1.4 + 0.32 * len(rows)), layout="constrained")
        axes = figure.subplots()
        colors = {"arithmetic": "#D55E00", "memory": "#0072B2", "-": "#999999"}  # Okabe and Ito's
        hatches = {"arithmetic": "//", "memory": "", "-": ".."}
        for bound, color in colors.items():
            chosen = [i for i, row in enumerate(rows) if row.bound == bound]
            times = [rows[i].cpu_time_total / 1000 for i in chosen]
            label = "nothing computed" if bound == "-" else f"bound by {bound}"
            if chosen:
                axes.barh(chosen, times, color=color, hatch=hatches[bound], edgecolor="white", label=label)
        for i, row in enumerate(rows):
            text = f" {100 * row.share_of_peak:.0f} % of peak" if row.bound != "-" else ""
            axes.text(row.cpu_time_total / 1000, i, text, va="center", fontsize=8)
        axes.set_yticks(range(len(rows)), [self._label(row) for row in rows], fontsize=8)
        axes.invert_yaxis()
        axes.margins(x=0.18)
        axes.set_xlim(left=0)
        axes.set(xlabel=f"time in {'layers' if self.by == 'layer' else 'ops'} [ms]")
        axes.legend(frameon=False, loc="lower right")
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        if path is not None:
            target = Path(path)
            kind = target.suffix.removeprefix(".") or "png"
            _write_whole(target, lambda file: figure.savefig(file, format=kind, dpi=150))
        return figure

    def _label(self, row: Row) -> str:
        names = {"op": [row.key], "layer": [row.layer], "both": [row.layer, row.key]}[self.by]
        return f"{' '.join(name or '(no layer)' for name in names)}, {row.direction}"


def _aligned(rows: Sequence[Sequence[str]], left: int) -> list[str]:
    """Lines of aligned columns: the first `left` and the last one to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if i < left or i == len(row) - 1 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


class _Frame:
    """A call in progress."""

    __slots__ = ("direction", "flops", "inner", "layer", "path")

    def __init__(self, path: tuple[str, ...], layer: str, direction: Pass) -> None:
        self.path, self.layer, self.direction = path, layer, direction
        self.inner = self.flops = 0  # time in ns and operations of its parts


class profile(DispatchMode):
    """Context: measure the time of each op of this thread, forward and backward.

    An op and its backward are attributed to the layer (`nn.Module`) whose forward called the op.  A profile may
    be entered again after its end, and then continues.

    Parameters
    ----------
    clock : callable () -> int
        Returns the time in ns.

    Attributes
    ----------
    events : list of Event
        All calls, in the order in which they ended.

    Raises
    ------
    RuntimeError
        If it is entered a second time before its end.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.ones(100, 200, requires_grad=True)
    >>> with autograd.profiler.profile() as prof:
    ...     (x @ x.T).sum().backward()
    >>> rows = prof.key_averages()
    >>> [(row.direction, row.count, row.flops) for row in rows if row.path == ("matmul", "matmul")]
    [('backward', 2, 8000000)]
    >>> rows.table(row_limit=3).split()[:3]
    ['Op', 'Pass', 'Calls']
    """

    def __init__(self, *, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        if not callable(clock):
            raise TypeError(f"profile: clock is a {type(clock).__name__}; it must be a function that returns ns")
        self.events: list[Event] = []
        self._clock = clock
        self._frame: _Frame | None = None  # the innermost call in progress
        self._layers: dict[
            int, str
        ] = {}  # by sequence_nr of the node, because node.metadata may belong to another mode
        self._layer = ""  # of the last op
        self._elapsed = self._entered = 0
        self._thread = 0

    def __enter__(self) -> profile:
        super().__enter__()
        self._thread = threading.get_native_id()
        self._entered = self._clock()
        return self

    def __exit__(self, *exception: object) -> None:
        self._elapsed += self._clock() - self._entered
        self._frame = None
        super().__exit__(*exception)

    def forward(self, op: Op, arrays: Sequence[Argument], params: dict[str, Any]) -> Result:
        above = self._frame
        if above is None:
            frame = _Frame((op.title,), debug.module_path(), "forward")
        else:
            frame = _Frame((*above.path, op.title), above.layer, above.direction)
        self._frame = frame
        start = self._clock()
        try:
            result = super().forward(op, arrays, params)
            end = self._clock()
        finally:
            self._frame = above
        outputs = result if isinstance(result, tuple) else (result,)
        self._end(frame, above, start, end, flops(op, arrays, params, result), arrays, outputs)
        self._layer = frame.layer
        return result

    def recorded(self, node: Node, arrays: Sequence[Argument]) -> None:
        self._layers[node.sequence_nr] = self._layer
        super().recorded(node, arrays)

    def backward(self, node: Node, ctx: Context, gs: Sequence[Gradient | None]) -> Any:
        above = self._frame
        path = (node.op.title,) if above is None else (*above.path, node.op.title)
        frame = self._frame = _Frame(path, self._layers.get(node.sequence_nr, ""), "backward")
        start = self._clock()
        try:
            results = super().backward(node, ctx, gs)
            end = self._clock()
        finally:
            self._frame = above
        outputs = results if isinstance(results, tuple) else (results,)
        self._end(frame, above, start, end, frame.flops, (*gs, *ctx.saved_tensors), outputs)
        return results

    def _end(
        self,
        frame: _Frame,
        above: _Frame | None,
        start: int,
        end: int,
        operations: int,
        read: Sequence[Any],
        made: Sequence[Any],
    ) -> None:
        total = end - start
        if above is not None:
            above.inner += total
            above.flops += operations
        floats = (a.itemsize for a in map(_array, (*made, *read)) if a is not None and a.dtype.kind == "f")
        itemsize = 8 if next(floats, 4) == 8 else 4
        moved = _bytes(read, made)
        self.events.append(
            Event(
                frame.path, frame.layer, frame.direction, start, total, total - frame.inner, operations, moved, itemsize
            )
        )

    def key_averages(self, by: Literal["op", "layer", "both"] = "op") -> Averages:
        """The calls, aggregated by op, by layer, or by both; forward and backward separately.

        Parameters
        ----------
        by : "op", "layer" or "both"

        Returns
        -------
        Averages
            A list of Row.  With "op" and "both", the parts of an op follow it.

        Raises
        ------
        ValueError
            If `by` is something else.
        """
        if by not in ("op", "layer", "both"):
            raise ValueError(f"key_averages: by is {by!r}; it must be 'op', 'layer' or 'both'")
        groups: dict[tuple[str, tuple[str, ...], Pass], list[Event]] = {}
        for event in self.events:
            if by == "layer" and len(event.path) > 1:
                continue  # a part: its time is included in the op that contains it
            layer, path = "" if by == "op" else event.layer, () if by == "layer" else event.path
            groups.setdefault((layer, path, event.direction), []).append(event)
        running = self._clock() - self._entered if self.outer else 0
        rows = [Row(*key, events) for key, events in groups.items()]
        return Averages(rows, by, (self._elapsed + running) / 1000)

    def _repr_html_(self) -> str:
        """The calls by op, as a notebook shows them."""
        return self.key_averages()._repr_html_()

    def export_chrome_trace(self, path: str | os.PathLike[str]) -> None:
        """Write all calls to a file for chrome://tracing or ui.perfetto.dev.

        The file is replaced as a whole: at any moment it has either the old or the new content.
        """
        first = min((event.start for event in self.events), default=0)
        process = os.getpid()
        calls = [
            {
                "name": event.path[-1],
                "cat": event.direction,
                "ph": "X",
                "ts": (event.start - first) / 1000,
                "dur": event.total / 1000,
                "pid": process,
                "tid": self._thread,
                "args": {"layer": event.layer, "flops": event.flops, "bytes": event.bytes},
            }
            for event in sorted(self.events, key=lambda event: (event.start, len(event.path)))
        ]
        content = json.dumps({"displayTimeUnit": "ms", "traceEvents": calls})
        _write_whole(Path(path), lambda file: file.write_text(content, encoding="utf-8"))


def _write_whole(target: Path, write: Callable[[Path], Any]) -> None:
    """Write to a temporary file, then rename it to the target."""
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
    try:
        write(temporary)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
