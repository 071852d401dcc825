"""Calls of the functions that pick, sort and arrange elements, and of products: the samples of their rows.

The rows' parameters have the names of PyTorch's arguments.  Where the inputs are not the first arguments, they are
given by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.op import table
from tests.with_torch.calls import Where, call, constant

Arguments = tuple[tuple[Any, ...], dict[str, Any]]

# row -> the names of its inputs; "*" if they are one list, "" if they are the first arguments
ROWS = {
    "addbmm": "",
    "addmm": "",
    "addmv": "",
    "addr": "",
    "baddbmm": "",
    "bmm": "",
    "cross": "",
    "dot": "",
    "inner": "",
    "kron": "",
    "mm": "",
    "mv": "",
    "outer": "",
    "tensordot": "",
    "vdot": "",
    "trace": "",
    "block_diag": "",
    "cartesian_prod": "",
    "combinations": "",
    "broadcast_tensors": "",
    "meshgrid": "",
    "narrow": "",
    "select": "",
    "take": "",
    "masked_select": "",
    "repeat_interleave": "",
    "fliplr": "",
    "flipud": "",
    "roll": "",
    "rot90": "",
    "tile": "",
    "tensor_split": "",
    "unflatten": "",
    "diagonal": "",
    "select_scatter": "",
    "slice_scatter": "",
    "diagonal_scatter": "",
    "as_strided_scatter": "",
    "put": "",
    "masked_scatter": "",
    "sort": "",
    "msort": "",
    "topk": "",
    "unique": "",
    "unique_consecutive": "",
    "bucketize": "",
    "searchsorted": "",
    "bincount": "",
    "histc": "",
    "isin": "",
    "argwhere": "",
    "nonzero": "",
    "nonzero_static": "",
    **dict.fromkeys(["hstack", "vstack", "dstack", "column_stack"], "*"),
    "take_along_dim": "input indices",
    "index_add": "input index source",
    "index_copy": "input index source",
    "index_fill": "input index",
    "scatter": "input index src",
    "scatter_reduce": "input index src",
}
EXTRA: dict[str, dict[str, Any]] = {
    "isin": {"assume_unique": False},
    "nonzero": {"as_tuple": True},
    "repeat_interleave": {},
    "topk": {"sorted": True},
    "unique": {"sorted": True},
    "bucketize": {"out_int32": True},
    "sort": {"stable": True},
}


def of_row(name: str, names: str) -> Callable[[Any], Arguments]:
    def generate(draw: Any) -> Arguments:
        draw.kind = table[name].kind
        sample = table[name].sample(draw)
        given = {k: v for k, v in sample.params.items() if not (k == "reduce" and (v is None or name == "scatter"))}
        if name == "repeat_interleave":
            repeats = given["repeats"]
            x = sample.inputs[0]
            size = x.size if given["dim"] is None else x.shape[given["dim"]]
            total = int(np.sum(repeats)) if isinstance(repeats, np.ndarray) else repeats * size
            given["output_size"] = total
        inputs = tuple(np.asarray(x) if isinstance(x, np.generic) else x for x in sample.inputs)
        if table[name].kind == "discrete" or name == "as_strided_scatter":  # PyTorch has other gradients, or none
            inputs = tuple(constant(x) if isinstance(x, np.ndarray) else x for x in inputs)
        if name == "tensor_split":  # PyTorch has no keyword for both kinds of splits
            return (*inputs, given["indices_or_sections"], given["dim"]), {}
        given |= EXTRA.get(name, {}) if draw.choice(False, True) else {}
        if names == "*":
            return (inputs,), given
        if names:
            return (), dict(zip(names.split(), inputs, strict=True)) | given
        return tuple(x for x in inputs if x is not None), given

    return generate


for _name, _names in ROWS.items():
    call(_name, where="torch")(of_row(_name, _names))


def simple(name: str, where: Where, *calls: Callable[[Any], Arguments]) -> None:
    """Register a function with a few calls, of which one is drawn."""
    call(name, where)(lambda draw: draw.choice(*calls)(draw))


def matrix(draw: Any, *args: Any, **options: Any) -> Arguments:
    return (draw.tensor(draw.size(1, 3), draw.size(1, 4)), *args), options


simple("argsort", "torch", lambda draw: matrix(draw, dim=0, descending=True, stable=True))
simple("as_strided", "torch", lambda draw: ((draw.tensor(6), (2, 2), (1, 2), 1), {}))
simple("atleast_1d", "torch", lambda draw: ((draw.tensor(), draw.tensor(2)), {}))
simple("atleast_2d", "torch", lambda draw: ((draw.tensor(), draw.tensor(2)), {}))
simple("atleast_3d", "torch", lambda draw: ((draw.tensor(), draw.tensor(2), draw.tensor(2, 3)), {}))
simple("broadcast_shapes", "torch", lambda draw: (((2, 1), (3,), 1), {}))
simple("broadcast_to", "torch", lambda draw: ((draw.tensor(1, 3), (2, 2, 3)), {}))
simple("column_stack", "torch", lambda draw: (((draw.tensor(2), draw.tensor(2, 3)),), {}))
simple(
    "cov", "torch",
    lambda draw: ((draw.tensor(2, 4),), {"correction": draw.choice(0, 1), "fweights": 1 + draw.index((4,), 3)}),
    lambda draw: ((draw.tensor(2, 4),), {"aweights": constant(draw.tensor(4, low=0.5, high=2))}),
)  # fmt: skip
simple("diag", "torch", lambda draw: matrix(draw, 1), lambda draw: ((draw.tensor(3),), {"diagonal": -1}))
simple("diag_embed", "torch", lambda draw: matrix(draw, offset=draw.size(-1, 1), dim1=0, dim2=-1))
simple("diagflat", "torch", lambda draw: matrix(draw, offset=-1))
simple("dsplit", "torch", lambda draw: ((draw.tensor(2, 1, 4), draw.choice(2, (1, 3))), {}))
simple("hsplit", "torch", lambda draw: ((draw.tensor(2, 4), draw.choice(2, (1, 3))), {}))
simple("vsplit", "torch", lambda draw: ((draw.tensor(4, 2), draw.choice(2, (1, 3))), {}))
simple(
    "histogram", "torch",
    lambda draw: ((constant(draw.tensor(5)), 3), {"range": (-1.0, 2.0), "density": True}),
    lambda draw: ((constant(draw.tensor(5)), 3), {"weight": constant(draw.tensor(5, low=0.5))}),
)  # fmt: skip
simple("index_put", "torch", lambda draw: ((draw.tensor(3, 2), (draw.index((1,), 3),), draw.tensor(2), True), {}))
simple("chain_matmul", "torch", lambda draw: ((draw.tensor(2, 3), draw.tensor(3, 1), draw.tensor(1, 4)), {}))
simple("corrcoef", "torch", lambda draw: ((draw.tensor(2, 4) + 9 * np.eye(2, 4),), {}))
simple(
    "index_reduce", "torch",
    lambda draw: (
        (draw.tensor(3, low=0.5), 0, draw.index((2,), 3), draw.tensor(2, low=0.5), draw.choice("prod", "mean")),
        {"include_self": draw.choice(True, False)},
    ),
)  # fmt: skip
simple("ravel", "torch", matrix)
simple("scatter", "torch", lambda draw: ((draw.tensor(3), 0, draw.index((2,), 3)), {"value": 2.0}))
simple(
    "searchsorted", "torch",
    lambda draw: ((np.arange(4.0), draw.tensor(3)), {"side": "right"}),
    lambda draw: ((np.array([2.0, 0.0, 1.0]), draw.tensor(3)), {"sorter": np.array([1, 2, 0])}),
)  # fmt: skip
simple("split_with_sizes", "torch", lambda draw: ((draw.tensor(2, 3), [1, 2]), {"dim": 1}))
simple("sum_to_size", "method", lambda draw: ((draw.tensor(2, 3), 1, 3), {}))
simple("unravel_index", "torch", lambda draw: ((draw.index((3,), 6), (2, 3)), {}))
simple("unsafe_chunk", "torch", lambda draw: ((draw.tensor(2, 3), 2), {"dim": 1}))
simple("unsafe_split", "torch", lambda draw: ((draw.tensor(2, 3), 2), {"dim": 1}))

COPIES: dict[str, tuple[Any, ...]] = {
    "alias_copy": (), "as_strided_copy": ((2, 2), (1, 2), 1), "diagonal_copy": (1, 1, 0), "expand_copy": ((2, 2, 3),),
    "narrow_copy": (1, 1, 2), "permute_copy": ((1, 0),), "select_copy": (1, 1), "split_copy": (1, 1),
    "split_with_sizes_copy": ([1, 2], 1), "squeeze_copy": (1,), "t_copy": (), "transpose_copy": (0, 1),
    "unbind_copy": (1,),
    "unfold_copy": (1, 2, 1), "unsqueeze_copy": (1,), "view_copy": ((3, 2),),
}  # fmt: skip
for _name, _args in COPIES.items():
    simple(_name, "torch", lambda draw, args=_args: ((draw.tensor(2, 3), *args), {}))  # type: ignore[misc]
