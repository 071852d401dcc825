"""Trace a function: the calls of ops that it makes, with their inputs and outputs, at several sizes of its arguments.

A shape that a program computes, such as that of `x.reshape(len(x), -1)`, is a plain number when it reaches an op.  To
learn which numbers depend on the size of an argument, the function is run again with that size doubled.  The runs make
the same calls, so the numbers of one call can be compared: those that differ depend on the size.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd import debug
from autograd.engine import DispatchMode
from autograd.op import Op
from autograd.types import Argument, Array, Result

Sizes = tuple[int, ...]  # one number as it is in each run


def _same(a: Any, b: Any) -> bool:
    """Whether two arrays or numbers have the same dtype, shape and bytes."""
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def _checksum(array: Array) -> int:
    return zlib.crc32(np.ascontiguousarray(array).tobytes())


@dataclass(eq=False)
class Value:
    """An array of the trace, or a number.

    Attributes
    ----------
    kind : "input", "parameter", "buffer", "constant" (all else that no op computed) or "computed"
    arrays : list
        Its contents in each run.
    name : str
        Of an input, a parameter or a buffer.
    call : Call or None
        The call that computed it, as output number `output_nr`.
    depends : bool
        Whether it depends on an input.
    trained : bool
        Whether it depends on a parameter.
    """

    kind: str
    arrays: list[Any]
    name: str = ""
    call: Call | None = None
    output_nr: int = 0
    depends: bool = False
    trained: bool = False
    checksum: int = 0

    @property
    def array(self) -> Any:
        return self.arrays[0]

    @property
    def shape(self) -> tuple[Sizes, ...]:
        """The sizes of each dimension."""
        return tuple(zip(*(np.shape(a) for a in self.arrays), strict=True))

    @property
    def dtype(self) -> np.dtype:
        return np.asarray(self.array).dtype

    @property
    def ndim(self) -> int:
        return np.ndim(self.array)

    def is_fixed(self) -> bool:
        """Whether it is the same in all runs."""
        return all(_same(a, self.array) for a in self.arrays[1:])


@dataclass(eq=False)
class Call:
    """A call of an op.  `params` has a dict for each run; arrays in them are replaced by values."""

    op: Op
    inputs: list[Value | None]
    params: list[dict[str, Any]]
    outputs: list[Value] = field(default_factory=list)
    layer: str = ""

    def param(self, name: str, default: Any = None) -> Any:
        """A parameter that is the same in all runs."""
        values = [params.get(name, default) for params in self.params]
        if any(value != values[0] for value in values[1:]):
            raise ValueError(
                f"onnx.export: {name} of {self.title} depends on a dynamic size ({values[0]} becomes {values[1]}), "
                "which its ONNX operator cannot express; leave this axis out of dynamic_axes"
            )
        return values[0]

    @property
    def title(self) -> str:
        """The op and the layer, for messages."""
        return f"the op {self.op.title!r}" + (f" in {self.layer}" if self.layer else "")


class Tracer(DispatchMode):
    """Notes the calls of ops inside its `with` block.

    Parameters
    ----------
    known : sequence of (array, kind, name)
        The inputs, parameters and buffers.
    """

    def __init__(self, known: Sequence[tuple[Array, str, str]]) -> None:
        self.calls: list[Call] = []
        self.values: list[Value] = []  # in the order in which they are first seen
        self._by_id: dict[int, Value] = {}
        self._roots: dict[int, Value] = {}  # by the array that owns the memory
        self._depth = 0
        for array, kind, name in known:
            if id(array) not in self._by_id:
                self._add(Value(kind, [array], name, depends=kind == "input", trained=kind == "parameter"))

    def _add(self, value: Value) -> Value:
        array = value.array
        self.values.append(value)
        if isinstance(array, np.ndarray):
            self._by_id[id(array)] = value
            value.checksum = _checksum(array)
            if value.depends:
                self._roots[id(_root(array))] = value
        return value

    def value(self, array: Any) -> Value:
        """The value that an array of this run is; a constant if it is a new one."""
        found = self._by_id.get(id(array)) if isinstance(array, np.ndarray) else None
        if found is not None and found.array is array and found.checksum == _checksum(array):
            return found
        if found is not None or (isinstance(array, np.ndarray) and id(_root(array)) in self._roots):
            return self._written(array)
        return self._add(Value("constant", [array]))

    def _written(self, array: Array) -> Value:
        """The value that was written to this array in place: the newest one with its contents."""
        for value in reversed(self.values):
            if isinstance(value.array, np.ndarray) and value.array is not array and _same(value.array, array):
                return value
        raise RuntimeError(
            "onnx.export: the forward pass changes a part of a tensor in place, or computes with the array of a tensor "
            f"outside of ops (an array of shape {array.shape}); write it with ops that return new tensors, such as "
            "where or cat"
        )

    def index(self, part: Any) -> Any:
        """A parameter in which each array is replaced by its value.  Indices are copies of what was computed."""
        if isinstance(part, tuple):
            return tuple(self.index(p) for p in part)
        if not isinstance(part, np.ndarray):
            return part
        for value in reversed(self.values):
            if value.depends and value.ndim and isinstance(value.array, np.ndarray) and _same(value.array, part):
                return value
        return self.value(part)

    def forward(self, op: Op, arrays: Sequence[Argument], params: dict[str, Any]) -> Result:
        if self._depth:  # ops that the forward of another op calls
            return super().forward(op, arrays, params)
        inputs = [None if a is None else self.value(a) for a in arrays]
        noted = {name: self.index(value) for name, value in params.items()}
        self._depth += 1
        try:
            result = super().forward(op, arrays, params)
        finally:
            self._depth -= 1
        several = isinstance(result, tuple)
        outputs = tuple(np.asarray(y) for y in (result if isinstance(result, tuple) else (result,)))
        call = Call(op, inputs, [noted], layer=debug.module_path())
        used = [v for v in inputs if v is not None]
        used += [v for part in noted.values() if isinstance(part, tuple) for v in part if isinstance(v, Value)]
        depends, trained = any(v.depends for v in used), any(v.trained for v in used)
        for output_nr, y in enumerate(outputs):
            known = self._by_id.get(id(y))
            if known is not None and known.array is y and known.checksum == _checksum(y):
                call.outputs.append(known)  # the op returned its input
            else:
                value = Value("computed", [y], "", call, output_nr, depends, trained)
                call.outputs.append(self._add(value))
        self.calls.append(call)
        return outputs if several else outputs[0]


def _root(array: Array) -> Array:
    """The array that owns the memory."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


@dataclass
class Trace:
    """The calls of all runs, merged, and the inputs and outputs of the function."""

    calls: list[Call]
    inputs: list[Value]
    outputs: list[Value]


def trace(
    run: Callable[[Sequence[Array]], Sequence[Array]],
    arguments: Sequence[Sequence[Array]],
    state: Sequence[tuple[Array, str, str]],
) -> Trace:
    """Run a function on each of several lists of arguments, and merge what it calls.

    Parameters
    ----------
    run : callable
        Takes the arrays of the arguments, and returns those of the results.
    arguments : sequence of sequence of Array
        The arguments of each run.
    state : sequence of (array, kind, name)
        Parameters and buffers.
    """
    tracers, results = [], []
    for arrays in arguments:
        tracer = Tracer([*((a, "input", "") for a in arrays), *state])
        with tracer:
            made = run(arrays)
        results.append([tracer.value(y) for y in made])
        tracers.append(tracer)
    first = tracers[0]
    number = {id(v): i for i, v in enumerate(first.values)}
    for tracer, made_again in zip(tracers[1:], results[1:], strict=True):
        numbers = {id(v): i for i, v in enumerate(tracer.values)}
        same = _outline(first, number, results[0]) == _outline(tracer, numbers, made_again)
        if not same:
            raise RuntimeError(
                "onnx.export: the forward pass calls other ops when a dynamic axis has another size, and a graph has "
                "one way for all sizes; leave the axis out of dynamic_axes"
            )
        for value, again in zip(first.values, tracer.values, strict=True):
            value.arrays += again.arrays
        for call, again_called in zip(first.calls, tracer.calls, strict=True):
            call.params += again_called.params
    return Trace(first.calls, first.values[: len(arguments[0])], results[0])


def _outline(tracer: Tracer, number: dict[int, int], results: Sequence[Value]) -> list[Any]:
    """The calls, without shapes: ops, and the numbers of the values that they take and give."""
    lines: list[Any] = [
        (
            call.op.name,
            [v if v is None else number[id(v)] for v in call.inputs],
            [number[id(v)] for v in call.outputs],
            [number[id(v)] for p in call.params[0].values() if isinstance(p, tuple) for v in p if isinstance(v, Value)],
        )
        for call in tracer.calls
    ]
    return [*lines, [number[id(v)] for v in results], [(v.kind, v.ndim) for v in tracer.values]]
