"""ONNX, a file format for networks that other programs run: `export` writes it, `load` reads it.

    import autograd, nn

    model = nn.Linear(4, 3)
    autograd.onnx.export(model, autograd.zeros(1, 4), "model.onnx", dynamic_axes={"input": {0: "batch"}})
    again = autograd.onnx.load("model.onnx")     # a module with the same parameters

Both need the package onnx: pip install onnx.
"""

from __future__ import annotations

import enum
import os
from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import nn
    from autograd.tensor import Tensor

__all__ = ["TrainingMode", "export", "load"]


class TrainingMode(enum.Enum):
    """The mode that a module is exported in.

    EVAL: evaluation.  PRESERVE: the mode that it is in, which must be evaluation.  TRAINING: PyTorch's name for a mode
    that `export` refuses.

    Parameters
    ----------
    value : 0, 1 or 2
        The number of EVAL, PRESERVE or TRAINING.

    Raises
    ------
    ValueError
        For another number.

    Examples
    --------
    >>> import autograd
    >>> autograd.onnx.TrainingMode(0) is autograd.onnx.TrainingMode.EVAL
    True
    """

    EVAL = 0
    PRESERVE = 1
    TRAINING = 2


def export(
    model: nn.Module,
    args: Tensor | Sequence[Any] = (),
    f: str | os.PathLike[str] | IO[bytes] | None = None,
    *,
    kwargs: Mapping[str, Any] | None = None,
    verbose: bool | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    opset_version: int | None = None,
    dynamo: bool = True,
    external_data: bool = False,
    dynamic_shapes: Mapping[str, Any] | Sequence[Any] | None = None,
    export_params: bool = True,
    keep_initializers_as_inputs: bool = False,
    dynamic_axes: Mapping[str, Mapping[int, str] | Sequence[int]] | None = None,
    training: TrainingMode = TrainingMode.EVAL,
    do_constant_folding: bool = True,
) -> None:
    """Write a module as an ONNX file.

    The module runs on `args`, and the ops that it calls are written down.  So the file has the way that this run takes:
    an `if` or a loop of the program is followed once, and what `.item()` returns becomes a constant.  With dynamic
    axes, the module runs again for each of them, with the size doubled, to see which numbers depend on it.

    Parameters
    ----------
    model : Module
        Any shapes.  It is exported in evaluation mode, and left in the mode that it was in.
    args : Tensor, any shape, or tuple
        The inputs of an example.  Tensors in tuples and lists are inputs, too; other objects become part of the graph.
    f : path, or binary file
        A path is written whole, or not at all.
    kwargs : dict, optional
        Inputs by name.
    verbose : bool, optional
        Whether to print the graph.
    input_names, output_names : sequence of str, optional
        Default: the names of forward's parameters, and "output", or "output_0", "output_1" …
    opset_version : int, optional
        The version of ONNX's operators, 17 to 22.  Default: 18.
    dynamo : bool
        Accepted for compatibility with PyTorch and ignored: there is one exporter.
    external_data : bool
        Must be False: parameters are in the file.
    dynamic_shapes : dict from names, or tuple, of dicts from axes to names, optional
        As `dynamic_axes`, in PyTorch's newer form, for inputs.
    export_params : bool
        If False, parameters and buffers are inputs of the graph.
    keep_initializers_as_inputs : bool
        Whether parameters and buffers are inputs with defaults.
    dynamic_axes : dict, optional
        For names of inputs, and outputs, the axes whose size may differ from the example's: a dict from axes to names,
        or a list.  Axes of one name have one size.  In lists, an axis has one name with
        those of the same number and size.
    training : TrainingMode
        EVAL, or PRESERVE for a module that is in evaluation mode.
    do_constant_folding : bool
        Whether what depends neither on an input nor on a parameter becomes a constant of the file.

    Raises
    ------
    ImportError
        If the package onnx is missing.
    NotImplementedError
        If an op has no ONNX operator; the message names the op and the layer.
    ValueError, TypeError, RuntimeError
        If an argument is wrong, or a dynamic axis cannot be expressed.

    References
    ----------
    ONNX operators, https://onnx.ai/onnx/operators/.

    Examples
    --------
    >>> import io, autograd, nn
    >>> file = io.BytesIO()
    >>> autograd.onnx.export(nn.Linear(4, 3), autograd.zeros(1, 4), file, dynamic_axes={"input": {0: "batch"}})
    >>> autograd.onnx.load(file.getvalue())(autograd.zeros(5, 4)).shape
    (5, 3)
    """
    _need_onnx("export")
    from autograd.onnx import exporting

    if f is None:
        raise TypeError("onnx.export: f is None; expects a path or a binary file to write to")
    if external_data:
        raise ValueError("onnx.export: external_data=True is not supported; parameters are written into the file")
    if training is TrainingMode.TRAINING or (training is TrainingMode.PRESERVE and model.training):
        raise ValueError(
            "onnx.export: the module would be exported in training mode, in which dropout and batch norm have no ONNX "
            "operator here; use training=TrainingMode.EVAL"
        )
    exporting.write(
        model,
        args,
        f,
        kwargs=dict(kwargs or {}),
        verbose=bool(verbose),
        input_names=input_names,
        output_names=output_names,
        opset=opset_version,
        axes=dynamic_axes,
        shapes=dynamic_shapes,
        with_parameters=export_params,
        as_inputs=keep_initializers_as_inputs or not export_params,
        fold=do_constant_folding,
    )


def load(f: str | os.PathLike[str] | bytes | IO[bytes]) -> nn.Module:
    """Read an ONNX file as a module.

    The module computes the graph with our ops.  Its parameters have the names of the file and can be trained.
    Statistics of batch norms are buffers, and stay as they are.  Nothing of the file is run as code, and no
    other file is read.

    Parameters
    ----------
    f : path, bytes, or binary file

    Returns
    -------
    Module
        Takes the inputs of the graph in their order, or by name, and returns its output, or a tuple of them.

    Raises
    ------
    ImportError
        If the package onnx is missing.
    NotImplementedError
        If the graph has an operator that we do not have; the message names it.
    ValueError
        If the file is damaged or does not fit together, or its data is in other files.

    Examples
    --------
    >>> import io, autograd, nn
    >>> net, x, file = nn.Sequential(nn.Linear(4, 3), nn.ReLU()), autograd.randn(2, 4), io.BytesIO()
    >>> autograd.onnx.export(net, x, file)
    >>> loaded = autograd.onnx.load(file.getvalue())
    >>> autograd.allclose(loaded(x), net(x))
    True
    """
    _need_onnx("load")
    from autograd.onnx import loading

    return loading.read(f)


def _need_onnx(caller: str) -> None:
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"onnx.{caller}: the package onnx is not installed; install it with pip install onnx"
        ) from error
