"""Type promotion: the dtype of a result, by PyTorch's rules.

Dtypes belong to categories, bool < integer < float < complex.  Tensors with dimensions determine the dtype.  A tensor
without dimensions counts only if its category is higher, a Python number only if its category is higher still.
So `float32_tensor * 2.0` and `float32_tensor * float64_0d` are float32, and `int64_tensor * 2.0` has the default
dtype.  A complex number of a weaker kind makes a float dtype complex and keeps its precision:
`float64_tensor * 1j` is complex128.

Source: PyTorch, "Tensor Attributes", type promotion; c10/core/ScalarType.h `promoteTypes`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np
from numpy.typing import DTypeLike

if TYPE_CHECKING:
    from autograd.op import Op
    from autograd.types import Argument

_CATEGORY = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}
# The kinds of dtypes.  "V" is bfloat16's, the only dtype of this kind that tensors have.
FLOATING = "fV"
DIFFERENTIABLE = "fcV"  # those whose tensors have gradients
NUMBERS = "biufcV"
FLOAT16, BFLOAT16 = np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16)
HALVES = (FLOAT16, BFLOAT16)  # dtypes to store numbers in; ops compute in float32 (autograd/low_precision.py)
# Ops that compute with a Python number as it is beside a half tensor.  The others round it first, as PyTorch does.
_UNROUNDED = frozenset(["add", "sub", "mul", "div", "div_rounded", "floor_divide"])
_default: np.dtype = np.dtype(np.float32)
NUMPY_2 = np.lib.NumpyVersion(np.__version__) >= "2.0.0"


def get_default_dtype() -> np.dtype:
    """The dtype of tensors created from Python floats: float32, unless set otherwise.

    Returns
    -------
    dtype

    Examples
    --------
    >>> import autograd
    >>> autograd.get_default_dtype()
    dtype('float32')
    """
    return _default


def set_default_dtype(dtype: DTypeLike) -> None:
    """Set the dtype of tensors created from Python floats.

    Parameters
    ----------
    dtype : dtype
        float32, float64, float16 or bfloat16.

    Raises
    ------
    TypeError
        For another dtype.

    Examples
    --------
    >>> import autograd
    >>> autograd.set_default_dtype(autograd.float64)
    >>> autograd.tensor(0.1).dtype
    dtype('float64')
    >>> autograd.set_default_dtype(autograd.float32)
    """
    global _default
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64, *HALVES):
        raise TypeError(
            f"set_default_dtype: the default dtype must be float32, float64, float16 or bfloat16, not {dtype}"
        )
    _default = dtype


def category(dtype: np.dtype) -> int:
    """0 for bool, 1 for integers, 2 for floats, 3 for complex; TypeError for dtypes that a tensor cannot have."""
    if dtype.kind not in _CATEGORY or not dtype.isnative or dtype.char in "gG":
        if dtype == BFLOAT16:
            return 2
        raise TypeError(
            f"a tensor holds bool, integer, float or complex numbers in this machine's byte order, not {dtype!r}"
        )
    return _CATEGORY[dtype.kind]


def check_fits(name: str, numbers: Any, dtype: np.dtype) -> None:
    """Raise ValueError if a number is too large for the dtype; NumPy would wrap 300 to 44 in uint8.

    As in PyTorch, negative numbers wrap in an unsigned dtype, and every number converts to bool.
    """
    array = np.asarray(numbers)
    if array.dtype.kind not in NUMBERS:
        raise TypeError(f"{name}: expects bool, integer, float or complex numbers that fit a tensor, got {numbers!r}")
    if array.dtype.kind == "c" and dtype.kind != "c" and np.any(array.imag != 0):
        raise RuntimeError(f"{name}: {numbers!r} is complex, and {dtype} has no imaginary part; take .real")
    if array.size == 0 or array.dtype == dtype or dtype.kind == "b":
        return
    if array.dtype.kind == "c":
        array = np.stack([array.real, array.imag])
    values = array.min().item(), array.max().item()
    if dtype.kind in DIFFERENTIABLE:
        most = float(finfo(dtype).max)
        wrong = [v for v in values if most < abs(v) < math.inf]
    else:
        most = int(np.iinfo(dtype).max)
        least = -most if dtype.kind == "u" else int(np.iinfo(dtype).min)
        wrong = [v for v in values if not least <= v <= most]
    if wrong:
        raise ValueError(f"{name}: {wrong[0]} does not fit into {dtype}, whose maximum is {most}")


def finfo(type: DTypeLike | None = None) -> Any:
    """The limits of a float or complex dtype: eps, max, min, tiny, bits …

    Parameters
    ----------
    type : dtype, optional
        Default: the default float dtype.  The limits of a complex dtype are those of its parts.

    Returns
    -------
    numpy.finfo, or for bfloat16 ml_dtypes.finfo

    Raises
    ------
    TypeError
        For a dtype of integers or bools: `iinfo` has the limits of integers.

    Examples
    --------
    >>> import autograd
    >>> float(autograd.finfo(autograd.bfloat16).eps)
    0.0078125
    """
    dtype = _default if type is None else np.dtype(type)
    if dtype.kind not in DIFFERENTIABLE:
        raise TypeError(f"finfo: {dtype} is no float dtype; autograd.iinfo has the limits of integers")
    return ml_dtypes.finfo(dtype) if dtype == BFLOAT16 else np.finfo(dtype)


def computing_dtype(dtype: np.dtype) -> np.dtype:
    """The dtype that ops compute in: float32 for float16 and bfloat16, the dtype itself for others."""
    return np.dtype(np.float32) if dtype in HALVES else dtype


def complex_of(dtype: np.dtype) -> np.dtype:
    """The complex dtype whose parts have this float dtype; a complex dtype itself."""
    return dtype if dtype.kind == "c" else np.dtype(np.complex64 if dtype.itemsize <= 4 else np.complex128)


def real_of(dtype: np.dtype) -> np.dtype:
    """The dtype of the parts of a complex dtype; any other dtype itself."""
    return np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype


def converted(array: Any, dtype: np.dtype) -> Any:
    """The array in another dtype.  The imaginary part is dropped where it has no place."""
    return (array.real if array.dtype.kind == "c" and dtype.kind not in "cb" else array).astype(dtype)


def promote_types(a: np.dtype, b: np.dtype) -> np.dtype:
    """The smallest dtype for both; a float and an integer dtype promote to the float dtype (PyTorch's lattice).

    float16 and bfloat16 promote to float32, the smallest dtype that holds both.

    Parameters
    ----------
    a, b : dtype

    Returns
    -------
    dtype

    Examples
    --------
    >>> import autograd
    >>> autograd.promote_types(autograd.int64, autograd.float32)
    dtype('float32')
    >>> autograd.promote_types(autograd.uint8, autograd.int8)
    dtype('int16')
    """
    if a in HALVES and b in HALVES and a != b:
        return np.dtype(np.float32)
    if category(a) != category(b) and min(category(a), category(b)) < 2:
        return a if category(a) > category(b) else b
    return np.promote_types(a, b)


def result_type(*operands: Any) -> np.dtype:
    """The dtype of an operation on tensors, arrays and Python numbers.

    A Python number, or a tensor without dimensions, decides only if it is of a higher category (bool, integer, float,
    complex) than the tensors with dimensions.

    Parameters
    ----------
    *operands : Tensor, any shape, ndarray or number

    Returns
    -------
    dtype

    Raises
    ------
    TypeError
        If there is no operand, or one of another type.

    Examples
    --------
    >>> import autograd
    >>> autograd.result_type(autograd.ones(2, dtype=autograd.float32), autograd.tensor(1.0, dtype=autograd.float64))
    dtype('float32')
    >>> autograd.result_type(autograd.ones(2, dtype=autograd.int32), 2.5)
    dtype('float32')
    """
    ranked: list[np.dtype | None] = [
        None,
        None,
        None,
    ]  # of tensors with dimensions, of tensors without, of Python numbers
    dtype: np.dtype | None
    for x in operands:
        if isinstance(x, (bool, np.bool_)):
            rank, dtype = 2, np.dtype(bool)
        elif isinstance(x, (int, np.integer)):
            rank, dtype = 2, np.dtype(np.int64)
        elif isinstance(x, (float, np.floating)):
            rank, dtype = 2, _default
        elif isinstance(x, (complex, np.complexfloating)):
            rank, dtype = 2, complex_of(_default)
        elif hasattr(x, "dtype"):
            rank, dtype = (0 if x.ndim else 1), x.dtype
        else:
            raise TypeError(f"result_type: expects tensors or numbers, got {type(x).__name__}")
        known = ranked[rank]
        ranked[rank] = dtype if known is None else promote_types(known, dtype)
    result: np.dtype | None = None
    for dtype in ranked:  # type: ignore[assignment]
        if dtype is not None and (result is None or category(dtype) > category(result)):
            result = complex_of(result) if result is not None and category(result) == 2 else dtype
    if result is None:
        raise TypeError("result_type: no operand given")
    return result


def _beside_numbers(op: Op, inputs: Sequence[Any]) -> np.dtype | None:
    """float32, float64 or int64, if all inputs are tensors of it or Python numbers that convert to it; else None.

    It is then the dtype of the result, as `result_type` would say in five times the time.
    """
    dtype: np.dtype | None = None
    whole = op.promotes == "same"  # whether integers stay integers
    for x in inputs:
        kind = type(x)
        if kind is float:
            whole = False
        elif kind is not int:
            array = getattr(x, "array", None)
            if array is None or array.dtype is not (dtype or array.dtype):
                return None
            dtype = array.dtype
    return dtype if dtype is not None and (dtype.char in "fd" or (whole and dtype == np.int64)) else None


def promote(op: Op, inputs: Sequence[Any], arrays: list[Any]) -> tuple[Sequence[Any], list[Any]]:
    """The inputs of an elementwise op, converted to one dtype.  Conversions of tensors are recorded like any op."""
    dtype = getattr(arrays[0], "dtype", None)
    for a in arrays:
        if type(a) is not np.ndarray or a.dtype is not dtype:
            break
    else:
        if dtype.kind in DIFFERENTIABLE or op.promotes != "float":  # type: ignore[union-attr]
            return inputs, arrays
    check_numbers(op, inputs)
    try:
        dtype = result_type(*inputs)
    except TypeError:
        kinds = ", ".join(type(x).__name__ for x in inputs)
        raise TypeError(f"{op.name}: expects tensors or numbers, got {kinds}") from None
    if op.promotes == "float" and dtype.kind not in DIFFERENTIABLE:
        dtype = _default
    number_dtype = computing_dtype(dtype) if op.name in _UNROUNDED else dtype
    cast = []
    for x in inputs:
        if hasattr(x, "array"):
            cast.append(x if x.array.dtype == dtype else x.to(dtype))
        else:
            cast.append(np.asarray(x).astype(number_dtype))  # wraps as in PyTorch; asarray(300, int8) raises
    return cast, [x.array if hasattr(x, "array") else x for x in cast]


def check_numbers(op: Op, inputs: Sequence[Any]) -> None:
    """Raise TypeError for a Python number where `op.tensors` asks for a tensor."""
    if op.tensors is None:
        return
    numbers = [i for i, x in enumerate(inputs) if type(x) in (bool, int, float, complex)]
    if len(numbers) == len(inputs) or not set(op.tensors).isdisjoint(numbers):
        i = next((i for i in numbers if i in op.tensors), 0)
        raise TypeError(
            f"{op.name}: its input {i} is the number {inputs[i]!r}; expects a tensor, which autograd.tensor(...) makes "
            "of a number"
        )


def prepare(
    op: Op, inputs: Sequence[Any], arrays: list[Any], found: bool
) -> tuple[bool, Sequence[Any], list[Any], bool]:
    """What `engine.apply` needs to know of a call with numbers, several dtypes, or neither float32 nor float64.

    Parameters
    ----------
    found : bool
        Whether there is a tensor among the inputs.

    Returns
    -------
    tensors, inputs, arrays, half
        Whether the results are tensors, the converted inputs, and whether some are float16 or bfloat16.

    Raises
    ------
    TypeError
        If the op takes no numbers, or no complex ones.
    """
    if found and op.promotes and (dtype := _beside_numbers(op, inputs)) is not None:
        if op.tensors:
            check_numbers(op, inputs)
        arrays = [np.array(x, dtype) if type(x) is float or type(x) is int else x for x in arrays]
        return True, [x if hasattr(x, "array") else a for x, a in zip(inputs, arrays, strict=True)], arrays, False
    tensors = found or not any(isinstance(x, (np.ndarray, np.generic)) for x in arrays)
    if tensors and op.promotes:
        inputs, arrays = promote(op, inputs, arrays)
    elif tensors and not found:
        kinds = ", ".join(type(x).__name__ for x in inputs)
        raise TypeError(f"{op.name}: expects a tensor, got {kinds}; autograd.tensor(...) makes one of a number")
    dtypes = {x.dtype for x in arrays if isinstance(x, (np.ndarray, np.generic))}
    half = False
    for dtype in dtypes:
        half = half or dtype.char in "eE"
        if tensors and dtype.char in "FD" and not op.takes_complex:
            raise TypeError(
                f"{op.title}: is not for complex numbers, and got {dtype}; use x.real, x.imag or x.abs(), or "
                "autograd.view_as_real(x)"
            )
    return tensors, inputs, arrays, half


def narrowed(result: Any, arrays: Sequence[Argument], params: dict[str, Any], *, most_dims: float = math.inf) -> Any:
    """The result in float32 if all float inputs are float32 and it has at most `most_dims` dimensions.

    References may compute in float64, and NumPy 1 does so for a float32 without dimensions and a Python number.
    A call with a dtype parameter is left unchanged.
    """
    if isinstance(result, tuple):
        return tuple(narrowed(y, arrays, params, most_dims=most_dims) for y in result)
    floats = {a.dtype for a in arrays if isinstance(a, np.ndarray | np.generic) and a.dtype.kind == "f"}
    if "dtype" in params or floats != {np.dtype(np.float32)} or np.ndim(result) > most_dims:
        return result
    return np.float32(result) if np.asarray(result).dtype == np.float64 else result
