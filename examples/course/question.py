"""What is asked of a submission, and the mistakes that can be told by their effects.

A `Question` is a function that a student writes.  It becomes a row of an op (`Question.row`), so that the public
battery of `autograd.testing` draws its calls, checks them and shrinks a failing one.

A `Mistake` is known by what it computes.  If a submission's results are wrong, they are compared with the results that
each mistake would give, in many drawn calls, and the one that explains most of them gives the hint.  How the code
is written does not matter.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from autograd.gradcheck import as_tuple
from autograd.op import Op, Sample
from autograd.testing import Case, Draw, compare
from autograd.types import Array
from examples.course.remote import Wrong

Check = Callable[[Case], None]


class Ask(Protocol):
    """Calls a function of the submission: `remote.Remote.call`."""

    def __call__(self, name: str, *args: Any, how: str = "call", **params: Any) -> Any: ...


class Mistake(NamedTuple):
    """A mistake with its hint.

    Attributes
    ----------
    key : str
        A name for tests and statistics.
    hint : str
        A sentence for the student.
    wrong : callable
        The question's function with this mistake: the same arguments, the same results.
    """

    key: str
    hint: str
    wrong: Callable[..., Any]


@dataclass(frozen=True)
class Speed:
    """How fast a function must be.

    Attributes
    ----------
    points : int
    ratio : float
        How many times as fast as the baseline.
    sample : callable (rng) -> tuple of arrays
    baseline : str
        A function of solutions/layers.py.
    params : dict
        Its further arguments.
    """

    points: int
    ratio: float
    sample: Callable[[np.random.Generator], tuple[Array, ...]]
    baseline: str
    params: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Question:
    """A function that a student writes.

    Attributes
    ----------
    name : str
    points : int
    inputs : tuple of str
        The names of its arrays.  The function of a gradient (with `forward`) gets g before them.
    outputs : tuple of str
    sample : callable (draw) -> Sample
        Draws the inputs, without g, and the further arguments by name.
    right : callable
        A right function of the same arguments.
    reference : callable, or None
        The values that results are compared with, if not those of `right`.
    forward : callable, or None
        For the function of a gradient: what it is the gradient of.  Finite differences of it decide.
    passed : tuple of int
        Which inputs the function of a gradient gets.  It returns the gradients of the first inputs.
    arity : int, or None
        How many of the inputs the submission's function gets, if not all.
    kind, check
        As in the battery.
    special : sequence of Sample
        Calls that are always made.
    mistakes : sequence of Mistake
    flatten : callable
        From what the function returns to the tuple of `outputs`.
    function : str
        The submission's function, if it is not `name`; and how it is called.
    speed : Speed, or None
    dtype : dtype
        Of the arrays that a hint is found by.
    generic : bool
        Whether the effects that any function can show give hints.
    """

    name: str
    points: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    sample: Callable[[Draw], Sample]
    right: Callable[..., Any]
    check: Check
    reference: Callable[..., Any] | None = None
    forward: Callable[..., Any] | None = None
    passed: tuple[int, ...] = ()
    kind: Any = "multilinear"
    special: Sequence[Sample] = ()
    mistakes: Sequence[Mistake] = ()
    flatten: Callable[[Any], tuple[Any, ...]] = as_tuple
    function: str = ""
    how: str = "call"
    speed: Speed | None = None
    generic: bool = True
    arity: int | None = None
    dtype: Any = np.float64

    def ask(self, ask: Ask, *args: Any, **params: Any) -> tuple[Array, ...]:
        """The submission's results of a call.

        Raises
        ------
        Wrong
            They are not as many arrays as there are outputs.
        """
        result = ask(self.function or self.name, *args[: self.arity], how=self.how, **params)
        try:
            made = self.flatten(result)
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise Wrong(f"{self.name} returns something else than {self.returned}: {error}") from error
        if result is None or len(made) != len(self.outputs):
            count = "None" if result is None else f"{len(made)} value" + "s" * (len(made) != 1)
            raise Wrong(f"{self.name} returns {count}, expected {self.returned}")
        dtype = next((x.dtype for x in args if isinstance(x, np.ndarray) and x.dtype.kind == "f"), np.float64)
        arrays = []
        for name, x in zip(self.outputs, made, strict=True):
            if type(x) is float:  # a number has no dtype of its own
                x = np.asarray(x, dtype)
            elif isinstance(x, int | np.generic):
                x = np.asarray(x)
            if not isinstance(x, np.ndarray):
                raise Wrong(f"{self.name} returns a {type(x).__name__} for {name}, expected an array")
            arrays.append(x)
        return tuple(arrays)

    @property
    def returned(self) -> str:
        """The outputs in words."""
        return ", ".join(self.outputs)

    def row(self, ask: Ask) -> Op:
        """The question as a row of an op that calls the submission."""

        def single(results: tuple[Array, ...]) -> Any:
            return results[0] if len(results) == 1 else results

        if self.forward is None:
            return Op(
                name=self.name,
                forward=lambda *args, **params: single(self.ask(ask, *args, **params)),
                backward=None,
                reference=self.reference or self.right,
                sample=self.sample,
                kind=self.kind,
            )
        forward = self.forward

        def backward(ctx: Any, g: Array, **params: Any) -> Any:
            saved = [np.asarray(x) for x in ctx.saved_tensors]
            made = self.ask(ask, g.copy(), *saved, **params)
            for name, x, shape in zip(self.outputs, made, ctx.shapes, strict=False):
                if x.shape != shape:
                    raise Wrong(f"{name} has shape {x.shape}, expected {shape}, that of {name.removeprefix('d')}")
            return (*made, *(None for _ in range(len(ctx.shapes) - len(made))))

        return Op(
            name=self.name,
            forward=forward,
            backward=backward,
            saves=self.passed,
            reference=forward,
            sample=self.sample,
            kind=self.kind,
        )

    def arguments(self, sample: Sample, rng: np.random.Generator) -> tuple[Any, ...]:
        """The arrays that the submission's function gets in this call; g is drawn, of small integers that are not 0."""
        if self.forward is None:
            return tuple(in_dtype(x, self.dtype) for x in sample.inputs)
        y = np.asarray(self.forward(*sample.inputs, **sample.params))
        g = np.asarray(rng.choice([-2.0, -1.0, 1.0, 2.0, 3.0], y.shape))
        return (g, *(sample.inputs[k] for k in self.passed))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of `arguments`."""
        return self.inputs if self.forward is None else ("g", *(self.inputs[k] for k in self.passed))

    def answers(self, args: Sequence[Any], params: dict[str, Any]) -> tuple[Array, ...]:
        """The right results."""
        return tuple(np.asarray(x) for x in self.flatten(self.right(*_copies(args), **params)))


def close(dtype: Any = np.float64, tolerance: float = 1e-9) -> Check:
    """A check that results agree with the reference up to `tolerance`, in one dtype."""

    def check(case: Case) -> None:
        op = case.op
        assert isinstance(op, Op)
        given = [in_dtype(x, dtype) for x in case.sample.inputs]
        ours = as_tuple(op.forward(*given, **case.sample.params))
        theirs = op.reference(*given, **case.sample.params)
        for i, (a, b) in enumerate(zip(ours, _leaves(theirs), strict=True)):
            compare(f"output {i}", a, np.asarray(b), tolerance, "expected")

    return check


def in_dtype(x: Any, dtype: Any) -> Any:
    """An array of floats in another dtype; anything else as it is."""
    return x.astype(dtype) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x


def _leaves(tree: Any) -> Iterator[Any]:
    """The arrays of nested tuples and dicts."""
    for x in as_tuple(tree):
        yield from _leaves(tuple(x.values())) if isinstance(x, dict) else [x]


def _copies(args: Sequence[Any]) -> list[Any]:
    return [x.copy() if isinstance(x, np.ndarray) else x for x in args]


# ── mistakes ───────────────────────────────────────────────────────────────────────────

NEAR = 1e-8


def same(a: Array, b: Array) -> bool:
    """Whether two arrays have one shape, and agree up to rounding."""
    with np.errstate(all="ignore"):
        return a.shape == b.shape and bool(np.allclose(a, b, rtol=NEAR, atol=NEAR, equal_nan=True))


class Result(NamedTuple):
    """One output of one call."""

    output: int
    got: Array
    right: Array
    args: tuple[Any, ...]
    params: dict[str, Any]

    @property
    def is_right(self) -> bool:
        return same(self.got, self.right)


class Effect(NamedTuple):
    """A mistake that can be seen in a result without knowing the function."""

    key: str
    hint: str
    explains: Callable[[Result], bool]


def _summed(r: Result) -> bool:
    """The result is the right one before a sum over some dimensions."""
    if r.got.ndim <= r.right.ndim or r.got.size == r.right.size:
        return False
    axes = itertools.combinations(range(r.got.ndim), r.got.ndim - r.right.ndim)
    return any(same(r.got.sum(axis=some), r.right) for some in axes)


def _summed_too_far(r: Result) -> bool:
    if r.got.size >= r.right.size:
        return False
    subsets = itertools.chain(*(itertools.combinations(range(r.right.ndim), n) for n in range(1, r.right.ndim + 1)))
    return any(same(r.got.squeeze(), r.right.sum(axis=some).squeeze()) for some in subsets)


def _ratio(r: Result) -> float | None:
    """got / right where it is one number for all elements, else None."""
    if r.got.shape != r.right.shape or not r.right.any() or r.right.dtype.kind != "f":
        return None
    k = np.unravel_index(int(np.abs(r.right).argmax()), r.right.shape)
    ratio = float(r.got[k] / r.right[k])
    return ratio if np.isfinite(ratio) and same(r.got, ratio * r.right) else None


def _sizes(r: Result) -> set[int]:
    """Products of sizes of the arguments over which one might take a mean."""
    found = set()
    for x in r.args:
        if isinstance(x, np.ndarray):
            for n in range(1, x.ndim + 1):
                for some in itertools.combinations(x.shape, n):
                    found.add(int(np.prod(some)))
    return found - {0, 1}


def _is_mean(r: Result) -> bool:
    ratio = _ratio(r)
    return ratio is not None and any(abs(ratio * size - 1) < NEAR for size in _sizes(r))


def _is_sum(r: Result) -> bool:
    ratio = _ratio(r)
    return ratio is not None and any(abs(ratio / size - 1) < NEAR for size in _sizes(r))


def _shifted(r: Result) -> bool:
    """The result is the right one, moved by one pixel; what came from outside is not compared."""
    if r.got.shape != r.right.shape or r.got.ndim < 3:
        return False
    for axis, step in itertools.product((-2, -1), (-1, 1)):
        if r.got.shape[axis] < 2:
            continue
        kept = [slice(None)] * r.got.ndim
        moved = kept.copy()
        kept[axis], moved[axis] = (slice(1, None), slice(None, -1))[::step]
        a, b = r.got[tuple(kept)], r.right[tuple(moved)]
        if b.any() and same(a, b):
            return True
    return False


def _edge(r: Result) -> bool:
    """Only the first or the last row or column of pixels is wrong, or missing from the shape."""
    if r.got.ndim < 3 or r.got.ndim != r.right.ndim:
        return False
    if r.got.shape != r.right.shape:
        return r.got.shape[:2] == r.right.shape[:2] and all(
            abs(a - b) <= 1 for a, b in zip(r.got.shape, r.right.shape, strict=True)
        )
    for axes in ((-1,), (-2,), (-2, -1)):
        for edge in (0, -1):
            wrong = ~np.isclose(r.got, r.right, rtol=NEAR, atol=NEAR)
            for axis in axes:
                inner: list[Any] = [slice(None)] * wrong.ndim
                inner[axis] = edge
                wrong[tuple(inner)] = False
            if not wrong.any() and r.right.shape[-1] > 1 and r.right.shape[-2] > 1:
                return True
    return False


# From the most telling to the least: of effects that explain as much, the first gives the hint.
EFFECTS = (
    Effect("sign", "The sign is wrong.", lambda r: same(r.got, -r.right)),
    Effect(
        "transposed",
        "This is the transpose of what is expected. Compare the shapes in the formula: which matrix is transposed?",
        lambda r: r.right.ndim == 2 and r.right.shape != (1, 1) and same(r.got, r.right.T),
    ),
    Effect(
        "not summed",
        "A sum is missing. What was broadcast in forward (a bias is added to each row) has to be summed in backward.",
        _summed,
    ),
    Effect("summed too far", "This is summed over one dimension too many.", _summed_too_far),
    Effect("mean for a sum", "This is a mean where a sum is expected: it is divided by a count.", _is_mean),
    Effect("sum for a mean", "This is a sum where a mean is expected: divide by the count.", _is_sum),
    Effect(
        "factor",
        "All elements are wrong by one factor. Which constant is missing, or too much?",
        lambda r: r.right.size > 1 and _ratio(r) is not None,
    ),
    Effect(
        "off by one",
        "Everything is moved by one pixel. Where does the window begin: is an index off by one?",
        _shifted,
    ),
    Effect(
        "edge",
        "Only pixels at the edge are wrong or missing. Count the windows: does a loop end one too early, or a slice?",
        _edge,
    ),
    Effect(
        "not finite",
        "There is inf or NaN where a number is expected. Subtract the row's maximum before the exponential, and divide "
        "by nothing that can be 0.",
        lambda r: not np.isfinite(r.got).all() and bool(np.isfinite(r.right).all()),
    ),
)


def hint(question: Question, results: Sequence[Result]) -> tuple[str, str] | None:
    """Key and text of the mistake that explains the results best, if it explains most of the wrong ones.

    Only the first output that is wrong counts.  A mistake explains a result if it would give the same; in a call in
    which nothing is wrong it has to make no difference.  The function's own mistakes come before the effects that any
    function can show.
    """
    first = min((r.output for r in results if not r.is_right), default=None)
    results = [r for r in results if r.output == first]
    wrong = [r for r in results if not r.is_right]
    best: tuple[int, str, str] | None = None
    for mistake in question.mistakes:
        explained = [r for r in results if _is_it(question, mistake, r)]
        if 2 * sum(not r.is_right for r in explained) > len(wrong) and (best is None or len(explained) > best[0]):
            best = len(explained), mistake.key, mistake.hint
    for effect in EFFECTS if question.generic else ():
        count = sum(effect.explains(r) for r in wrong)
        if 2 * count > len(wrong) and (best is None or count + len(results) - len(wrong) > best[0]):
            best = count + len(results) - len(wrong), effect.key, effect.hint
    return best[1:] if best else None


def _is_it(question: Question, mistake: Mistake, r: Result) -> bool:
    with np.errstate(all="ignore"):
        try:
            wrong = question.flatten(mistake.wrong(*_copies(r.args), **r.params))
        except (ValueError, IndexError):  # this mistake does not fit these shapes
            return False
    return same(np.asarray(wrong[r.output]), r.got)
