"""The ONNX graph while it is written: its nodes, names, and sizes that are computed when it runs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from autograd.onnx.tracing import Call, Sizes, Value
from autograd.types import Array

LAST = np.iinfo(np.int64).max  # the end of a slice that goes to the end


class Graph:
    """Writes nodes.  Methods take and return names of the graph's tensors.

    Parameters
    ----------
    opset : int
    fold : bool
        Whether what depends on no input and no parameter becomes a constant.
    """

    def __init__(self, opset: int, fold: bool) -> None:
        self.opset, self.fold = opset, fold
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, Array] = {}
        self.names: dict[Value, str] = {}
        self.layer = ""
        self.last_cells: dict[Value, str] = {}  # the last state of each LSTM
        self._taken: set[str] = set()
        self._counts: dict[str, itertools.count] = {}
        self._constants: dict[tuple[Any, ...], str] = {}
        self._sizes: dict[Sizes, tuple[str, int]] = {}  # where a dynamic size can be read: (tensor, axis)
        self._read: dict[Sizes, str] = {}
        self._inputs: list[Sizes] = []

    # ── names ──

    def take(self, name: str) -> None:
        """Reserve the name of an input, an output, a parameter or a buffer."""
        self._taken.add(name)

    def new(self, stem: str) -> str:
        """A name that is not taken."""
        count = self._counts.setdefault(stem, itertools.count())
        name = next(name for name in (f"{stem}_{i}" for i in count) if name not in self._taken)
        self._taken.add(name)
        return name

    def hold(self, value: Value, name: str) -> None:
        """Let the name stand for a value."""
        self.names[value] = name
        for axis, sizes in enumerate(value.shape):
            if len(set(sizes)) > 1:
                self._sizes.setdefault(sizes, (name, axis))
                if value.kind == "input":
                    self._inputs.append(sizes)

    def __getitem__(self, value: Value | None) -> str:
        """The name of a value's tensor, "" for None."""
        if value is None:
            return ""
        if value not in self.names:
            self.hold(value, self._made(value))
        return self.names[value]

    def _made(self, value: Value) -> str:
        from autograd.onnx.operators import emit

        if value.kind in ("parameter", "buffer"):
            self.initializers[value.name] = np.asarray(value.array)
            return value.name
        if value.call is not None and not self.fold:
            emit(self, value.call)
            return self.names[value]
        if value.is_fixed():
            return self.constant(np.asarray(value.array))
        made = self._pattern(value)
        if made is not None:
            return made
        if value.call is None:
            raise ValueError(
                f"onnx.export: the forward pass makes an array of shape {np.shape(value.array)} whose size depends on "
                "a dynamic axis, by other means than ops; leave this axis out of dynamic_axes"
            )
        emit(self, value.call)
        return self.names[value]

    def _pattern(self, value: Value) -> str | None:
        """The tensor of a constant whose size varies: equal elements, 0 to n - 1, or a triangle of True."""
        arrays, dtype = [np.asarray(a) for a in value.arrays], value.dtype
        flat = np.concatenate([a.ravel() for a in arrays])
        if value.ndim and (flat == flat[0]).all():
            shape = self.shape_of(value.shape)
            return None if shape is None else self.node("ConstantOfShape", [shape], value=_filled(flat[0], dtype))
        if value.ndim == 0:  # a number
            size = self.size(tuple(int(a) for a in arrays)) if all(a == int(a) for a in arrays) else None
            return None if size is None else self.cast(self.squeeze(size, [0]), dtype)
        if value.ndim == 1 and dtype.kind in "if" and all((a == np.arange(len(a))).all() for a in arrays):
            end = self.size(value.shape[0])
            if end is None:
                return None
            zero, one = self.constant(np.int64(0)), self.constant(np.int64(1))
            return self.cast(self.node("Range", [zero, self.squeeze(end, [0]), one]), dtype)
        if value.ndim == 2 and dtype.kind == "b":
            k = int(arrays[0][0].sum()) - 1
            if all((a == np.tri(a.shape[0], a.shape[1], k, dtype=np.bool_)).all() for a in arrays):
                ones = self.node("ConstantOfShape", [self._shape(value)], value=_filled(1, np.dtype(np.float32)))
                return self.cast(self.node("Trilu", [ones, self.constant(np.int64(k))], upper=0), dtype)
        return None

    def _shape(self, value: Value) -> str:
        shape = self.shape_of(value.shape)
        if shape is None:
            raise ValueError(f"onnx.export: the shape {np.shape(value.array)} has a dynamic size that is not known")
        return shape

    # ── nodes ──

    def node(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Add a node with one output.  Returns its name."""
        return self.nodes_of(kind, inputs, 1, **attributes)[0]

    def nodes_of(self, kind: str, inputs: Sequence[str], count: int, **attributes: Any) -> list[str]:
        """Add a node with several outputs.  Returns their names."""
        inputs = list(inputs)
        while inputs and not inputs[-1]:
            inputs.pop()
        names = [self.new(kind.lower()) for _ in range(count)]
        path = self.layer.split(" ")[0].replace(".", "/")
        made = helper.make_node(kind, inputs, names, self.new(f"{path}/{kind}" if path else kind), **attributes)
        self.nodes.append(made)
        return names

    def constant(self, array: Any, dtype: Any = None) -> str:
        """A constant of the file."""
        array = np.asarray(array, dtype)
        key = array.dtype, array.shape, array.tobytes()
        if key not in self._constants:
            name = self.new("constant")
            tensor = numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)
            self.nodes.append(helper.make_node("Constant", [], [name], self.new("Constant"), value=tensor))
            self._constants[key] = name
        return self._constants[key]

    def ints(self, numbers: Sequence[int]) -> str:
        return self.constant(np.asarray(numbers, np.int64))

    def like(self, number: float, value: Value) -> str:
        """A number of a value's dtype."""
        return self.constant(np.asarray(number, value.dtype))

    def cast(self, name: str, dtype: Any) -> str:
        return self.node("Cast", [name], to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def squeeze(self, name: str, dims: Sequence[int]) -> str:
        return self.node("Squeeze", [name, self.ints(dims)]) if dims else name

    def unsqueeze(self, name: str, dims: Sequence[int]) -> str:
        return self.node("Unsqueeze", [name, self.ints(dims)]) if dims else name

    def reduce(self, kind: str, name: str, dims: Sequence[int], keepdim: bool) -> str:
        """A reduction, whose dimensions are an input or, in older opsets, an attribute."""
        if kind == "ReduceSum" or self.opset >= 18:
            return self.node(kind, [name, self.ints(dims)], keepdims=int(keepdim), noop_with_empty_axes=1)
        if not dims:
            return name
        return self.node(kind, [name], axes=list(dims), keepdims=int(keepdim))

    # ── sizes ──

    def size(self, sizes: Sizes) -> str | None:
        """A tensor (1,) of int64 with this number, computed from the sizes of other tensors if it varies."""
        if len(set(sizes)) == 1:
            return self.ints(sizes[:1])
        if sizes not in self._read:
            found = self._computed(sizes)
            if found is None:
                return None
            self._read[sizes] = found
        return self._read[sizes]

    def _computed(self, sizes: Sizes) -> str | None:
        if sizes in self._sizes:
            name, axis = self._sizes[sizes]
            return self.node("Shape", [name], start=axis, end=axis + 1)
        for known in self._inputs:  # sizes = factor · known + more
            i = next(i for i, n in enumerate(known) if n != known[0])
            factor, rest = divmod(sizes[i] - sizes[0], known[i] - known[0])
            more = sizes[0] - factor * known[0]
            if not rest and factor and all(n == factor * m + more for n, m in zip(sizes, known, strict=True)):
                made = self.size(known)
                assert made is not None
                made = made if factor == 1 else self.node("Mul", [made, self.ints([factor])])
                return made if more == 0 else self.node("Add", [made, self.ints([more])])
        for a, b in itertools.combinations_with_replacement(dict.fromkeys(self._sizes), 2):
            product = [n * m for n, m in zip(a, b, strict=True)]
            factor = sizes[0] // product[0] if product[0] else 0
            if factor and all(n == factor * m for n, m in zip(sizes, product, strict=True)):
                both: list[Any] = [self.size(a), self.size(b)]
                made = self.node("Mul", both)
                return made if factor == 1 else self.node("Mul", [made, self.ints([factor])])
        return None

    def shape_of(self, shape: Sequence[Sizes]) -> str | None:
        """A tensor of int64 with the sizes of a shape."""
        if all(len(set(sizes)) == 1 for sizes in shape):
            return self.ints([sizes[0] for sizes in shape])
        parts = [self.size(sizes) for sizes in shape]
        if None in parts:
            return None
        made: str = parts[0] if len(parts) == 1 else self.node("Concat", parts, axis=0)  # type: ignore[assignment,arg-type]
        return made

    def reshape(self, name: str, old: Sequence[Sizes], new: Sequence[Sizes], title: str) -> str:
        """Reshape a tensor; at most one size may be unknown."""
        if any(0 in sizes for sizes in new):
            if any(len(set(sizes)) > 1 for sizes in new):
                raise ValueError(
                    f"onnx.export: {title} makes an empty tensor whose size varies, which is not supported"
                )
            return self.node("Reshape", [name, self.ints([s[0] for s in new])], allowzero=1)
        entries: list[Any] = []
        for i, sizes in enumerate(new):
            if len(set(sizes)) == 1:
                entries.append(sizes[0])
            else:
                entries.append(0 if i < len(old) and old[i] == sizes else sizes)
        vary = [i for i, entry in enumerate(entries) if isinstance(entry, tuple)]
        unknown = [i for i in vary if self.size(entries[i]) is None] if len(vary) > 1 else vary
        if len(unknown) > 1:
            raise ValueError(
                f"onnx.export: {title} makes a shape with several sizes that depend on dynamic axes in ways that are "
                "not known; leave these axes out of dynamic_axes"
            )
        for i in (unknown or vary)[:1]:
            entries[i] = -1
        if not any(isinstance(entry, tuple) for entry in entries):
            return self.node("Reshape", [name, self.ints(entries)])
        parts: list[Any] = [self.size(e) if isinstance(e, tuple) else self.ints([e]) for e in entries]
        return self.node("Reshape", [name, self.node("Concat", parts, axis=0)])

    def prune(self, outputs: Sequence[str]) -> None:
        """Remove nodes and initializers that no output needs."""
        needed, kept = set(outputs), []
        for node in reversed(self.nodes):
            if needed.intersection(node.output):
                kept.append(node)
                needed.update(node.input)
        self.nodes = kept[::-1]
        self.initializers = {name: array for name, array in self.initializers.items() if name in needed}


def _filled(number: Any, dtype: np.dtype) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray([number], dtype))


def is_fixed(sizes: Sequence[Any]) -> bool:
    """Whether a number is the same in all runs."""
    return all(n == sizes[0] for n in sizes)


def operands(graph: Graph, call: Call) -> list[str]:
    """The names of a call's inputs.  A Python number gets the dtype of the first array."""
    dtypes = [v.dtype for v in call.inputs if v is not None and isinstance(v.array, np.ndarray)]
    return [
        graph.constant(np.asarray(v.array, dtypes[0]))
        if v is not None and not isinstance(v.array, np.ndarray) and v.is_fixed() and dtypes
        else graph[v]
        for v in call.inputs
    ]
