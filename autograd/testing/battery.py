"""The checks of an op, and the drawn calls that they run on."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from autograd import engine
from autograd.config import get_num_threads, set_num_threads
from autograd.gradcheck import as_tuple, gradcheck, gradgradcheck, parts
from autograd.gradients import grad
from autograd.inplace import in_place
from autograd.kernels import jit
from autograd.op import BadSample, Op, Row, Sample
from autograd.promotion import DIFFERENTIABLE, complex_of, converted, real_of
from autograd.tensor import Tensor, wrap
from autograd.testing.draw import FEW, KINDS, LAYOUTS, Draw, RandomDraw, hypothesis, lay_out
from autograd.testing.strategies import strategy
from autograd.types import Array, DTypeLike

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

# Step and tolerance of finite differences.  A function that is linear, at least between kinks, has no truncation error.
STEPS = {"multilinear": (1.0, 1e-9), "piecewise": (1.0, 1e-9), "smooth": (6e-6, 1e-6), "matrix": (6e-6, 1e-6)}
SPECIAL = (0.0, -0.0, np.inf, -np.inf, np.nan)
WHOLE = tuple(np.dtype(kind) for kind in (np.int64, np.int32, np.uint8, np.bool_))
# Factors that bring a function near the limit of its range: e^1000 overflows, the cubes of the others do not.
LARGE: dict[np.dtype, tuple[float, float]] = {np.dtype(np.float64): (1e3, 1e100), np.dtype(np.float32): (1e3, 1e12)}


@dataclass(frozen=True)
class Case:
    """A drawn call of an op, the argument of each check.

    Parameters
    ----------
    op : Op or Composite
    sample : Sample
        Inputs and parameters.
    layouts : tuple of str
        The layout of each input, and at the end that of the out-gradients.
    seed : int
        For the out-gradients, and for the places of special values.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import Sample
    >>> from autograd.op import table
    >>> from autograd.testing import Case
    >>> Case(table["relu"], Sample((np.array([1.0, -2.0]),)), ("strided", "contiguous"), seed=0)
    relu(float64 (2,) strided [1.0, -2.0])
    """

    op: Row
    sample: Sample
    layouts: tuple[str, ...]
    seed: int

    def __repr__(self) -> str:
        """The call as source text: shapes and parameters, and the elements if they are few."""
        arrays = [a for a in self.sample.inputs if isinstance(a, np.ndarray)]
        few = sum(a.size for a in arrays) <= 2 * FEW
        words = []
        for x, layout in zip(self.sample.inputs, self.layouts, strict=False):
            if isinstance(x, np.ndarray):
                laid = "" if layout == "contiguous" else f" {layout}"
                words.append(f"{x.dtype} {x.shape}{laid}" + (f" {x.tolist()}" if few else ""))
            else:
                words.append(repr(x))
        words += [f"{name}={value!r}" for name, value in self.sample.params.items()]
        return f"{self.op.name}({', '.join(words)})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))  # Hypothesis would print the fields


def draw_case(op: Row, draw: Draw) -> Case:
    """Draw a case of the op.

    Parameters
    ----------
    op : Op or Composite
    draw : Draw
        Such as `RandomDraw(np.random.default_rng(0), op.kind)`.

    Returns
    -------
    Case

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.op import table
    >>> from autograd.testing import RandomDraw, check_case, draw_case
    >>> op = table["relu"]
    >>> case = draw_case(op, RandomDraw(np.random.default_rng(0), op.kind))
    >>> case.op is op, len(case.layouts) == len(case.sample.inputs) + 1
    (True, True)
    """
    sample = op.sample(draw)
    arrays = tuple(
        np.asarray(x) if isinstance(x, np.generic) else x for x in sample.inputs
    )  # such as a 0-d array times 2
    sample = Sample(arrays, sample.params)
    layouts = tuple(draw.choice(*LAYOUTS) for _ in range(len(sample.inputs) + 1))
    return Case(op, sample, layouts, draw.size(0, 1 << 20))


def cases(op: Row) -> SearchStrategy[Case]:
    """The Hypothesis strategy for cases of the op.

    Parameters
    ----------
    op : Op or Composite

    Returns
    -------
    SearchStrategy of Case

    Raises
    ------
    ImportError
        If Hypothesis is not installed.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from autograd.op import table
    >>> from autograd.testing import cases, check_layouts
    >>> @settings(max_examples=5)
    ... @given(cases(table["neg"]))
    ... def test_neg(case):
    ...     check_layouts(case)
    >>> test_neg()
    """
    return strategy(lambda draw: draw_case(op, draw), op.kind)


# ── running ────────────────────────────────────────────────────────────────────────────


def _is_float(x: object) -> TypeGuard[Array]:
    return isinstance(x, np.ndarray) and x.dtype.kind in DIFFERENTIABLE


def _tensors(inputs: Sequence[Any], requires_grad: bool = True) -> list[Any]:
    return [wrap(x, requires_grad and _is_float(x)) if isinstance(x, np.ndarray) else x for x in inputs]


def _out_gradients(case: Case, outputs: Sequence[Tensor], layout: str = "read-only") -> list[Array]:
    """A random g for each output.  For ops without rounding g is of integers, so that sums are exact in any order."""
    rng = np.random.default_rng(case.seed)
    smooth = case.op.kind in ("smooth", "matrix")
    made = []
    for y in outputs:
        g = np.zeros(y.shape, y.dtype)
        numbers = parts(g)
        numbers[...] = rng.standard_normal(numbers.shape) if smooth else rng.integers(-9, 10, numbers.shape)
        made.append(lay_out(g, layout))
    return made


def _run(
    case: Case, inputs: Sequence[Any], *, g_layout: str = "read-only", create_graph: bool = False
) -> tuple[list[Array], list[Array | None], list[Array]]:
    """The outputs, the gradient of each input (None if it has none), and the out-gradients."""
    tensors = _tensors(inputs)
    outputs = as_tuple(case.op(*tensors, **case.sample.params))
    made = [y for y in outputs if y.requires_grad]
    wanted = [x for x in tensors if isinstance(x, Tensor) and x.requires_grad]
    gs = _out_gradients(case, made, g_layout)
    found: dict[int, Any] = {}
    if case.op.kind != "discrete" and wanted:
        results = grad(made, wanted, [wrap(g) for g in gs], create_graph=create_graph, allow_unused=True)
        found = {id(x): d.array for x, d in zip(wanted, results, strict=True) if d is not None}
    return [y.array for y in outputs], [found.get(id(x)) for x in tensors], gs


def _cast(inputs: Sequence[Any], dtype: DTypeLike) -> list[Any]:
    return [_in_dtype(x, np.dtype(dtype)) if _is_float(x) else x for x in inputs]


def _reference(case: Case, inputs: Sequence[Any]) -> list[Array]:
    with np.errstate(all="ignore"):
        return [np.asarray(y) for y in as_tuple(case.op.reference(*inputs, **case.sample.params))]


def compare(what: str, ours: Array, theirs: Array, tolerance: float, whose: str, scale: float = 1.0) -> None:
    """Raise unless shapes, NaN and inf agree and |ours - theirs| <= tolerance · max(scale, |theirs|).

    Parameters
    ----------
    what : str
        What is compared, for the message.
    ours, theirs : ndarray
    tolerance : float
        0 asks for equal numbers.
    whose : str
        Where theirs comes from, for the message.
    scale : float
        Below this size of a number the tolerance is absolute.

    Raises
    ------
    AssertionError
        The message names the first wrong element, and both numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.testing import compare
    >>> compare("the sum", np.array([1.0, 2.0]), np.array([1.0, 2.5]), 1e-6, "the reference says")
    Traceback (most recent call last):
    AssertionError: the sum is wrong at [1]: it is 2.0, the reference says 2.5
    """
    if ours.shape != theirs.shape:
        raise AssertionError(f"{what} has shape {ours.shape}, {whose} {theirs.shape}")
    with np.errstate(all="ignore"):
        wide = np.complex128 if "c" in (ours.dtype.kind, theirs.dtype.kind) else np.float64
        allowed = tolerance * np.maximum(scale, np.abs(theirs.astype(wide)))
        difference = np.abs(np.subtract(ours, theirs, dtype=wide))
        right = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs)) | (difference <= allowed)
    if not right.all():
        where = tuple(int(k) for k in np.argwhere(~right)[0])
        raise AssertionError(f"{what} is wrong at {list(where)}: it is {ours[where]}, {whose} {theirs[where]}")


def _same_bits(what: str, ours: Sequence[Array | None], theirs: Sequence[Array | None]) -> None:
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if (a is None) != (b is None) or (
            a is not None and b is not None and (a.shape, a.tobytes()) != (b.shape, b.tobytes())
        ):
            raise AssertionError(f"{what.format(i)}:\n{a}\n{b}")


# ── what is checked ────────────────────────────────────────────────────────────────────


def check_forward(case: Case) -> None:
    """Forward agrees with the reference in both float dtypes: exactly if sums are exact, else up to rounding.

    Parameters
    ----------
    case : Case

    Raises
    ------
    AssertionError
        The message names the output, the element and both numbers, or the dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import replace
    >>> from autograd import Sample
    >>> from autograd.op import table
    >>> from autograd.testing import Case, check_forward
    >>> case = Case(table["neg"], Sample((np.array([1.0, 2.0]),)), ("contiguous", "contiguous"), seed=0)
    >>> check_forward(case)
    >>> wrong = replace(case.op, forward=lambda x: x)
    >>> check_forward(replace(case, op=wrong))
    Traceback (most recent call last):
    AssertionError: forward: output 0 is wrong at [0]: it is 1.0, the reference says -1.0
    """
    for dtype, rounding in ((np.float64, 1e-13), (np.float32, 1e-5)):
        inputs = _cast(case.sample.inputs, dtype)
        ours = [y.array for y in as_tuple(case.op(*_tensors(inputs, False), **case.sample.params))]
        theirs = _reference(case, _cast(inputs, np.float64))
        if len(ours) != len(theirs):
            raise AssertionError(f"forward returns {len(ours)} arrays, the reference {len(theirs)}")
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            kept = np.dtype(case.sample.params.get("dtype", dtype) if b.dtype.kind == "f" else b.dtype)
            kept = complex_of(np.dtype(dtype)) if b.dtype.kind == "c" else kept
            if a.dtype != kept:
                raise AssertionError(f"forward: output {i} is {a.dtype} for {np.dtype(dtype)} inputs, not {kept}")
            exact = case.op.kind not in ("smooth", "matrix")
            compare(f"forward: output {i}", a, b.astype(kept), 0.0 if exact else rounding, "the reference says")


def check_special(case: Case) -> None:
    """Forward and reference treat ±0, inf and NaN alike; for factorizations of matrices LAPACK decides.

    Parameters
    ----------
    case : Case

    Raises
    ------
    AssertionError
        The message has the call with the special values, and both results.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import replace
    >>> from autograd import Sample
    >>> from autograd.op import table
    >>> from autograd.testing import Case, check_special
    >>> case = Case(table["relu"], Sample((np.array([1.0]),)), ("contiguous", "contiguous"), seed=0)
    >>> check_special(case)
    >>> wrong = replace(case.op, forward=lambda x: np.where(x > 0, x, 0))  # makes 0 of NaN
    >>> check_special(replace(case, op=wrong))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    AssertionError: forward of relu(float64 (1,) [nan]): output 0 is wrong at [0]: it is 0.0, the reference says nan
    """
    if case.op.kind == "matrix":
        return
    floats = [x for x in case.sample.inputs if _is_float(x)]
    if any(x.dtype.kind == "c" for x in floats):  # the products of an infinite number differ between libraries
        return
    if floats and all(x.size == 1 for x in floats):  # all special values, so that failures shrink to one number
        for first in range(len(SPECIAL)):
            given = [np.full_like(x, SPECIAL[(first + k) % len(SPECIAL)]) for k, x in enumerate(floats)]
            _check_special(case, [given.pop(0) if _is_float(x) else x for x in case.sample.inputs])
        return
    inputs = []
    for x in case.sample.inputs:
        if _is_float(x) and x.size:
            x = x.copy()
            rng = np.random.default_rng([case.seed, zlib.crc32(x.tobytes())])  # Hypothesis often repeats a seed
            for value in rng.permutation(SPECIAL)[: rng.integers(4)]:
                x.flat[rng.integers(x.size)] = value
        inputs.append(x)
    _check_special(case, inputs)


def _check_special(case: Case, inputs: Sequence[Any]) -> None:
    special = replace(case, sample=Sample(tuple(inputs), case.sample.params))
    with np.errstate(all="ignore"):
        ours = as_tuple(case.op(*_tensors(inputs, False), **case.sample.params))
    for i, (y, theirs) in enumerate(zip(ours, _reference(case, inputs), strict=True)):
        compare(f"forward of {special}: output {i}", y.array, theirs, 1e-13, "the reference says")


def _in_dtype(x: Array, dtype: np.dtype) -> Array:
    """The elements in another dtype, without sign for unsigned dtypes; complex ones in a complex dtype for a float."""
    if x.dtype.kind == "c":
        return converted(x, complex_of(dtype) if dtype.kind == "f" else dtype)
    return (x != 0 if dtype == np.bool_ else np.abs(x) if dtype.kind == "u" else x).astype(dtype)


def _beside_reference(case: Case, inputs: Sequence[Any]) -> tuple[list[Array], list[Array]] | None:
    """The outputs of a call outside and inside `reference()`; None if both raise the same kind of error."""
    from autograd.debug import reference  # which imports this package

    results: list[Any] = []
    for context in (engine.DispatchMode, reference):
        try:
            with context():
                results.append([y.array for y in as_tuple(case.op(*_tensors(inputs, False), **case.sample.params))])
        except (TypeError, ValueError, IndexError, RuntimeError, OverflowError) as error:
            results.append(error)
    ours, theirs = results
    if isinstance(ours, Exception) or isinstance(theirs, Exception):
        if type(ours) is not type(theirs):
            kinds = [str(x.dtype) for x in inputs if isinstance(x, np.ndarray)]
            found = [f"raises {r!r}" if isinstance(r, Exception) else "runs" for r in results]
            raise AssertionError(f"on {', '.join(kinds)} forward {found[0]}, the reference {found[1]}")
        return None
    return ours, theirs


def _check_reference(case: Case, dtype: np.dtype) -> None:
    # next to floats, integers are indices and bools are masks; without floats they are numbers
    every = dtype.kind != "f" and not any(_is_float(x) for x in case.sample.inputs)
    inputs = [
        lay_out(_in_dtype(x, dtype) if _is_float(x) or every else x, layout) if isinstance(x, np.ndarray) else x
        for x, layout in zip(case.sample.inputs, case.layouts, strict=False)
    ]
    results = _beside_reference(case, inputs)
    arrays = [x for x in inputs if isinstance(x, np.ndarray)]
    for i, (a, b) in enumerate(zip(*results, strict=True) if results else ()):
        what = f"with {dtype} inputs output {i}"
        if a.dtype != b.dtype:
            raise AssertionError(f"{what} is {a.dtype}, the reference's {b.dtype}")
        # the rounding errors of transforms and factorizations are in proportion to their largest number
        scale = float(np.abs(b).max(initial=1.0, where=np.isfinite(b))) if case.op.kind == "matrix" else 1.0
        compare(what, a, b, 1e-5 if real_of(a.dtype) == np.float32 else 1e-13, "the reference says", scale)
        views = [[np.may_share_memory(y, x) for x in arrays] for y in (a, b)]
        if views[0] != views[1]:
            raise AssertionError(f"{what} is {'a view' if any(views[0]) else 'no view'}, unlike the reference's")
        if any(views[0]) and a.flags.writeable != b.flags.writeable:
            raise AssertionError(f"{what} and the reference's are views, and only one of them is writable")


def check_reference(case: Case) -> None:
    """A call returns the same values, dtypes, shapes and views inside and outside `reference()`.

    Parameters
    ----------
    case : Case

    Raises
    ------
    AssertionError
        The message names the dtype of the inputs, the output and what differs.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import replace
    >>> from autograd import Sample
    >>> from autograd.op import table
    >>> from autograd.testing import Case, check_reference
    >>> case = Case(table["neg"], Sample((np.array([1.0, 2.0]),)), ("contiguous", "contiguous"), seed=0)
    >>> check_reference(case)
    >>> wrong = replace(case.op, forward=lambda x: (-x).astype(np.float64))
    >>> check_reference(replace(case, op=wrong))
    Traceback (most recent call last):
    AssertionError: with float32 inputs output 0 is float64, the reference's float32
    """
    for dtype in LARGE:
        _check_reference(case, dtype)


def check_integers(case: Case) -> None:
    """`check_reference` with integers and bools in place of floats, for ops that users call.

    Parameters
    ----------
    case : Case

    Raises
    ------
    AssertionError
        As for `check_reference`.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import replace
    >>> from autograd import Sample
    >>> from autograd.op import table
    >>> from autograd.testing import Case, check_integers
    >>> case = Case(table["abs"], Sample((np.array([1.0, 2.0]),)), ("contiguous", "contiguous"), seed=0)
    >>> check_integers(case)
    >>> wrong = replace(case.op, forward=lambda x: -1.0 * x)
    >>> check_integers(replace(case, op=wrong))
    Traceback (most recent call last):
    AssertionError: with int64 inputs output 0 is float64, the reference's int64
    """
    for dtype in WHOLE:
        _check_reference(case, dtype)


def check_range(case: Case) -> None:
    """For large numbers, forward is finite exactly where the reference is, except for factorizations of matrices.

    Parameters
    ----------
    case : Case

    Raises
    ------
    AssertionError
        The message has the factor by which the inputs were multiplied, the dtype and both numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import replace
    >>> from autograd import Sample
    >>> from autograd.op import table
    >>> from autograd.testing import Case, check_range
    >>> sample = Sample((np.array([1.0, 2.0]),), {"dim": (0,), "keepdim": False})
    >>> case = Case(table["logsumexp"], sample, ("contiguous", "contiguous"), seed=0)
    >>> check_range(case)
    >>> wrong = replace(case.op, forward=lambda x, dim, keepdim: np.log(np.exp(x).sum(dim)))  # e^1000 overflows
    >>> check_range(replace(case, op=wrong))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    AssertionError: times 1000, in float64, output 0 is inf, the reference says 2000.0
    """
    if case.op.kind == "matrix":
        return
    for dtype, factors in LARGE.items():
        for factor in factors:
            inputs = [np.asarray(_in_dtype(x * factor, dtype)) if _is_float(x) else x for x in case.sample.inputs]
            results = _beside_reference(case, inputs)
            for i, (a, b) in enumerate(zip(*results, strict=True) if results else ()):
                wrong = np.isfinite(a) != np.isfinite(b)
                if wrong.any():
                    raise AssertionError(
                        f"times {factor:g}, in {dtype}, output {i} is {a[wrong].flat[0]}, the reference says "
                        f"{b[wrong].flat[0]}"
                    )


def check_gradients(case: Case) -> None:
    """Backward agrees with central differences of ⟨g, forward⟩, in the dtype and shape of the input.

    Parameters
    ----------
    case : Case

    Raises
    ------
    AssertionError
        The message names the input, the elements and both numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import replace
    >>> from autograd import Sample
    >>> from autograd.op import table
    >>> from autograd.testing import Case, check_gradients
    >>> case = Case(table["neg"], Sample((np.array([1.0, 2.0]),)), ("contiguous", "contiguous"), seed=0)
    >>> check_gradients(case)
    >>> wrong = replace(case.op, backward=lambda ctx, g: g)
    >>> check_gradients(replace(case, op=wrong))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    autograd.gradcheck.GradcheckError: neg: the gradient ...
    """
    op, sample = case.op, case.sample
    if op.kind == "discrete":
        return
    inputs = [x.copy() if isinstance(x, np.ndarray) else x for x in sample.inputs]
    assert_gradients(partial(op, **sample.params), *inputs, kind=op.kind)
    rough, exact = (_run(case, _cast(inputs, dtype))[1] for dtype in (np.float32, np.float64))
    for i, (a, b) in enumerate(zip(rough, exact, strict=True)):
        if a is not None and b is not None:
            if (real_of(a.dtype), real_of(b.dtype)) != (np.float32, np.float64) or a.dtype.kind != b.dtype.kind:
                raise AssertionError(
                    f"the gradient of input {i} is {a.dtype} for float32 and {b.dtype} for float64 inputs"
                )
            # inputs and g are rounded to float32
            compare(f"the gradient of input {i} in float32", a, b, 1e-4, "in float64")


def check_second_gradients(case: Case) -> None:
    """Backward returns the same with create_graph=True as without, and its own gradients are correct.

    Parameters
    ----------
    case : Case

    Raises
    ------
    AssertionError
        The message names the input, the elements and both numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import replace
    >>> from autograd import Sample
    >>> from autograd.op import table
    >>> from autograd.testing import Case, check_second_gradients
    >>> case = Case(table["neg"], Sample((np.array([1.0, 2.0]),)), ("contiguous", "contiguous"), seed=0)
    >>> check_second_gradients(case)
    >>> wrong = replace(case.op, backward=lambda ctx, g: -g if isinstance(g, np.ndarray) else g)
    >>> check_second_gradients(replace(case, op=wrong))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    AssertionError: the gradient of input 0 with create_graph=True is wrong at [0]: ...
    """
    op, sample = case.op, case.sample
    if op.kind == "discrete":
        return
    inputs = [
        lay_out(x, "contiguous" if layout == "read-only" else layout) if isinstance(x, np.ndarray) else x
        for x, layout in zip(sample.inputs, case.layouts, strict=False)
    ]
    plain, recorded = (_run(case, inputs, create_graph=graph)[1] for graph in (False, True))
    for i, (a, b) in enumerate(zip(recorded, plain, strict=True)):
        if (a is None) != (b is None):
            without = "with" if a is None else "without"
            raise AssertionError(f"the gradient of input {i} is missing {without} create_graph=True")
        if a is not None and b is not None:
            compare(f"the gradient of input {i} with create_graph=True", a, b, 1e-12, "without")

    outputs = [y for y in as_tuple(op(*_tensors(inputs), **sample.params)) if y.requires_grad]
    gs = [wrap(lay_out(g, "contiguous"), requires_grad=True) for g in _out_gradients(case, outputs)]
    if gs:
        step, tolerance = STEPS[op.kind]
        call = partial(op, **sample.params)
        gradgradcheck(call, _tensors(inputs), gs, eps=step, rtol=tolerance, fast_mode=True)


def check_layouts(case: Case) -> None:
    """Memory layout changes neither outputs nor gradients, and inputs and g are not written to.

    Parameters
    ----------
    case : Case

    Raises
    ------
    AssertionError
        The message names the output, gradient or input, and has both arrays if one was written to.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import replace
    >>> from autograd import Sample
    >>> from autograd.op import table
    >>> from autograd.testing import Case, check_layouts
    >>> case = Case(table["neg"], Sample((np.array([1.0, 2.0]),)), ("strided", "contiguous"), seed=0)
    >>> check_layouts(case)
    >>> wrong = replace(case.op, forward=lambda x: np.negative(x, out=x))
    >>> check_layouts(replace(case, op=wrong))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    AssertionError: input 0 was written to, now and before:
    [-1. -2.]
    [1. 2.]
    """
    inputs = [
        lay_out(x, layout) if isinstance(x, np.ndarray) else x
        for x, layout in zip(case.sample.inputs, case.layouts, strict=False)
    ]
    plain = [x.copy(order="C") if isinstance(x, np.ndarray) else x for x in case.sample.inputs]
    outputs, gradients, gs = _run(case, plain)
    laid_outputs, laid_gradients, laid_gs = _run(case, inputs, g_layout=case.layouts[-1])
    for given in (plain, inputs):
        now, before = ([a if isinstance(a, np.ndarray) else None for a in some] for some in (given, case.sample.inputs))
        _same_bits("input {} was written to, now and before", now, before)
    untouched = _out_gradients(case, [wrap(g) for g in gs])
    _same_bits("the out-gradient {} was written to, now and before", gs, untouched)
    _same_bits("the out-gradient {} was written to, now and before", laid_gs, untouched)
    exact = case.op.kind not in ("smooth", "matrix")  # NumPy's sums, exp and power round differently in other layouts
    wrt = f"with g {case.layouts[-1]}, the gradient of input"
    for what, laid, straight in (("output", laid_outputs, outputs), (wrt, laid_gradients, gradients)):
        for i, (a, b) in enumerate(zip(laid, straight, strict=True)):
            if a is not None and b is not None:
                compare(f"{what} {i} in this memory layout", a, b, 0.0 if exact else 1e-13, "in contiguous rows")


def check_in_place(case: Case) -> None:
    """Written in place, the op gives the values and gradients of its ordinary call.

    If the result fits into the first input: once on a tensor, where a view of it follows, and once on a part of a
    tensor, which follows.  Both keep their memory, and count the change.
    """
    inputs, smooth = case.sample.inputs, case.op.kind == "smooth"
    leaves = _tensors(inputs)
    if not inputs or not _is_float(inputs[0]):
        return
    y = case.op(*leaves, **case.sample.params)
    if y is leaves[0]:  # such as a padding by nothing
        return
    if not isinstance(y, Tensor) or not y.array.size or (y.shape, y.dtype) != (leaves[0].shape, leaves[0].dtype):
        return

    def form(x: Tensor) -> Tensor:
        return case.op(x, *leaves[1:], **case.sample.params)

    form.__name__ = case.op.name
    wanted = [x for x in leaves if isinstance(x, Tensor) and x.requires_grad]
    (g,) = _out_gradients(case, [y])
    expected = grad(y, wanted, wrap(g), allow_unused=True) if y.requires_grad else (None,) * len(wanted)
    first = leaves[0]
    for part in (False, True):
        base = first.reshape((1, *first.shape)).expand(2, *first.shape).clone() if part else first.clone()
        changed = base[1] if part else base
        follower, memory, version = base if part else base[...], changed.array, changed.version[0]
        in_place(form, changed)
        what = "written in place, the part of a tensor" if part else "written in place, the tensor"
        _same_bits(what + " has other values", [np.ascontiguousarray(changed.array)], [np.ascontiguousarray(y.array)])
        if changed.array is not memory or follower.version[0] <= version:
            raise AssertionError(f"{what} lost its memory, or the change was not counted")
        out = np.stack([g, g]) if part else g
        found = grad(follower, wanted, wrap(out), allow_unused=True)
        for i, (a, b, x) in enumerate(zip(found, expected, wanted, strict=True)):
            theirs = np.zeros(x.shape, x.dtype) if b is None else b.array
            if part and x is first:
                theirs = theirs + g  # of the other part, which is as it was
            ours = np.zeros(x.shape, x.dtype) if a is None else a.array
            compare(f"{what}: the gradient of input {i}", ours, theirs, 1e-12 if smooth else 0.0, "out of place")


def check_threads(case: Case) -> None:
    """One thread and all threads give the same bits.  For cases that are large enough to be divided into blocks.

    Parameters
    ----------
    case : Case

    Raises
    ------
    AssertionError
        The message names the output or the input whose gradient differs.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import Sample
    >>> from autograd.op import table
    >>> from autograd.testing import Case, check_threads
    >>> case = Case(table["relu"], Sample((np.linspace(-1, 1, 100000),)), ("contiguous", "contiguous"), seed=0)
    >>> check_threads(case)
    """
    before = get_num_threads()
    try:
        results = []
        for threads in (1, jit.settings.NUMBA_NUM_THREADS):
            set_num_threads(threads)
            results.append(_run(case, case.sample.inputs))
    finally:
        set_num_threads(before)
    _same_bits("output {} depends on the number of threads", results[0][0], results[1][0])
    _same_bits("the gradient of input {} depends on the number of threads", results[0][1], results[1][1])


CHECKS: tuple[Callable[[Case], None], ...] = (
    check_layouts,  # first: it names an op that writes to its inputs, which would mislead the others
    check_forward,
    check_reference,
    check_special,
    check_range,
    check_gradients,
    check_second_gradients,
    check_in_place,
)


def check_case(case: Case) -> None:
    """Run all CHECKS on one case; a failure names the case.

    Parameters
    ----------
    case : Case

    Raises
    ------
    AssertionError
        The message has the name of the check, the case, and what the check says.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import replace
    >>> from autograd import Sample
    >>> from autograd.op import table
    >>> from autograd.testing import Case, check_case
    >>> case = Case(table["neg"], Sample((np.array([1.0, 2.0]),)), ("contiguous", "contiguous"), seed=0)
    >>> check_case(case)
    >>> wrong = replace(case.op, forward=lambda x: x)
    >>> check_case(replace(case, op=wrong))
    Traceback (most recent call last):
    AssertionError: check_forward: neg(float64 (2,) [1.0, 2.0])
    forward: output 0 is wrong at [0]: it is 1.0, the reference says -1.0
    """
    for check in CHECKS:
        try:
            check(case)
        except AssertionError as error:
            raise AssertionError(f"{check.__name__}: {case}\n{error}") from None
        except Exception as error:
            error.add_note(f"in {check.__name__}: {case}")
            raise


def check_row(op: Row) -> None:
    """The row has everything that its tests need.

    Parameters
    ----------
    op : Op or Composite

    Raises
    ------
    TypeError
        If it is no row.
    AssertionError
        If the reference or the samples are missing, the kind is unknown, or nothing would test its gradient.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from autograd.op import table
    >>> from autograd.testing import check_row
    >>> check_row(table["relu"])
    >>> check_row(replace(table["relu"], backward=None))
    Traceback (most recent call last):
    AssertionError: relu: a row of kind 'piecewise' with no backward: nothing would test its gradient
    """
    if not isinstance(op, Row):
        raise TypeError(f"check_op: expects an Op, not a {type(op).__name__}; a function is for assert_gradients")
    for part in ("reference", "sample"):
        if not callable(getattr(op, part)):
            raise AssertionError(f"{op.name}: the row has no {part}, so its tests cannot run")
    if op.kind not in KINDS:
        raise AssertionError(f"{op.name}: kind {op.kind!r} is not one of {', '.join(KINDS)}")
    if isinstance(op, Op) and (op.backward is None) != (op.kind == "discrete"):
        have = "no backward" if op.backward is None else "a backward"
        raise AssertionError(f"{op.name}: a row of kind {op.kind!r} with {have}: nothing would test its gradient")
    if op.kind != "discrete":
        rng = np.random.default_rng(0)
        samples = [op.sample(RandomDraw(rng, op.kind)) for _ in range(20)]
        if not any(_is_float(x) and x.size for sample in samples for x in sample.inputs):
            raise AssertionError(f"{op.name}: its samples have no float numbers, so nothing would test its gradient")


def check_bad_sample(op: Row, bad: BadSample) -> None:
    """The bad call raises its error, with all of its words in the message.

    Parameters
    ----------
    op : Op or Composite
    bad : BadSample

    Raises
    ------
    AssertionError
        If the call raises no such error, or a word is not in its message.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import BadSample
    >>> from autograd.op import table
    >>> from autograd.testing import check_bad_sample
    >>> ints = BadSample((np.ones(3, int),), {"dim": (0,), "keepdim": False}, TypeError, ("mean", "int64"))
    >>> check_bad_sample(table["mean"], ints)
    >>> check_bad_sample(table["sum"], ints)
    Traceback (most recent call last):
    AssertionError: sum((3,); {'dim': (0,), 'keepdim': False}) raises no TypeError
    """
    call = f"{op.name}({', '.join(str(np.shape(x)) for x in bad.inputs)}; {bad.params})"
    try:
        op(*_tensors(bad.inputs, False), **bad.params)
    except bad.error as error:
        missing = [word for word in bad.words if word not in str(error)]
        if missing:
            raise AssertionError(f"{call}: {', '.join(map(repr, missing))} is not in its error: {error}") from error
    else:
        raise AssertionError(f"{call} raises no {bad.error.__name__}")


def check_op(op: Row, *, examples: int | None = None) -> None:
    """Run all checks that lucidgrad's own ops pass.

    Forward is compared with the reference, in both float dtypes and for ±0, inf and NaN.  Gradients and second
    gradients are compared with finite differences.  An op whose result fits into its first input gives the same values
    and gradients when it is written in place.  Memory layouts must make no difference, inputs must not be
    written to, and bad samples must raise their errors.

    Parameters
    ----------
    op : Op
        Registered or not.
    examples : int, optional
        Number of calls to draw.  Default: that of the Hypothesis profile.

    Raises
    ------
    AssertionError
        The message names the op, the shapes and parameters of the smallest failing call, and the wrong element
        of an output or gradient.
    ImportError
        If Hypothesis is not installed.

    Examples
    --------
    >>> import autograd
    >>> from autograd.testing import check_op
    >>> triple = autograd.Op(
    ...     name="triple",
    ...     forward=lambda x: 3 * x,
    ...     backward=lambda ctx, g: 3 * g,
    ...     reference=lambda x: x + x + x,
    ...     sample=lambda draw: autograd.Sample((draw.tensor(*draw.shape(0, 2)),)),
    ...     kind="multilinear",
    ... )
    >>> check_op(triple, examples=5)
    """
    settings = hypothesis().settings
    check_row(op)
    for bad in op.bad_samples:
        check_bad_sample(op, bad)

    def battery(case: Case) -> None:
        check_case(case)

    battery.__name__ = f"check_op_{op.name}"  # the name under which Hypothesis stores failures, to repeat them first
    health = hypothesis().HealthCheck
    chosen = settings(
        settings() if examples is None else settings(max_examples=examples),
        deadline=None,  # the first call compiles kernels
        report_multiple_bugs=False,
        suppress_health_check=[health.too_slow, health.data_too_large],
    )
    chosen(hypothesis().given(cases(op))(battery))()


def assert_gradients(function: Callable[..., Any], *inputs: Any, kind: str = "smooth") -> None:
    """Compare the gradients of a function of float64 arrays with finite differences.

    Parameters
    ----------
    function : callable
        Takes the inputs as tensors, returns a Tensor or a sequence of Tensor.
    *inputs : Tensor, any shape, ndarray or any object
        The gradients of float inputs are checked; other inputs are passed on.
    kind : "smooth", "piecewise" or "multilinear"
        Determines the step of the finite differences.  It is 1 for piecewise linear functions, so values must be
        at least that far from kinks.

    Raises
    ------
    AssertionError
        The message names the function, the input, the element and both numbers.
    ValueError
        For another kind.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.testing import assert_gradients
    >>> assert_gradients(lambda x: (x * x).exp(), np.array([0.5, -1.0]))
    """
    if kind not in STEPS:
        raise ValueError(f"assert_gradients: kind {kind!r} is not one of {', '.join(STEPS)}")
    step, tolerance = STEPS[kind]
    plain = [x.array if isinstance(x, Tensor) else x for x in inputs]
    tensors = _tensors([x.copy(order="K") if _is_float(x) else x for x in plain])
    gradcheck(function, tensors, eps=step, rtol=tolerance)
