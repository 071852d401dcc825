"""The testing tools: what they draw, what they find, and their messages; also the code of docs/testing.md."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import find, given, settings, strategies as st

import autograd
from autograd import Op, Sample, Tensor
from autograd.names import public_names
from autograd.op import Composite, Row, table
from autograd.ops.shared.samples import sum_reference
from autograd.tensor import wrap
from autograd.testing import (
    LAYOUTS,
    RandomDraw,
    assert_gradients,
    away_from_kinks,
    broadcastable_shapes,
    broadcastable_tensors,
    check_bad_sample,
    check_forward,
    check_integers,
    check_op,
    check_range,
    check_reference,
    conv_geometries,
    draw_case,
    lay_out,
    layouts,
    pool_geometries,
    shapes,
    tensors,
)
from nn import functional as F

PAGE = Path(__file__).parents[1] / "docs" / "testing.md"


@pytest.fixture
def from_scratch() -> Iterator[None]:
    """Ignore draws stored by earlier runs, because a stored failure may be only partly shrunk."""
    settings.register_profile("from scratch", deadline=None, derandomize=True, database=None, max_examples=100)
    settings.load_profile("from scratch")
    yield
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def message(op: Row) -> str:
    """The message for a row with an error."""
    with pytest.raises(AssertionError) as failure:
        check_op(op)
    return str(failure.value)


# ── rows that cannot be tested ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"sample": None}, "sample"),
        ({"reference": None}, "reference"),
        ({"kind": "linear"}, "kind"),
        ({"backward": None}, "nothing would test its gradient"),
        ({"kind": "discrete"}, "nothing would test its gradient"),
        ({"sample": lambda draw: Sample((np.ones(3, int),))}, "no float numbers"),
    ],
)
def test_a_row_that_cannot_be_tested_fails(change: dict[str, Any], word: str) -> None:
    with pytest.raises(AssertionError, match=f"relu: .*{word}"):
        check_op(dataclasses.replace(table["relu"], **change))


def test_a_bad_sample_that_raises_nothing_or_says_too_little_fails() -> None:
    bad = table["conv2d"].bad_samples[0]
    with pytest.raises(AssertionError, match="'no such word' is not in its error"):
        check_bad_sample(table["conv2d"], dataclasses.replace(bad, words=("conv2d", "no such word")))
    with pytest.raises(AssertionError, match=r"relu.* raises no ValueError"):
        check_bad_sample(table["relu"], dataclasses.replace(bad, inputs=(np.ones(2),), params={}))


def test_without_hypothesis_a_sentence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    monkeypatch.setitem(sys.modules, "hypothesis.strategies", None)
    with pytest.raises(ImportError, match=r"lucidgrad\[test\]"):
        check_op(table["relu"])
    with pytest.raises(ImportError, match=r"lucidgrad\[test\]"):
        tensors()
    check_forward(draw_case(table["relu"], RandomDraw(np.random.default_rng(0), "piecewise")))


# ── messages of failures ───────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("from_scratch")
def test_a_failure_shrinks_and_names_op_shapes_parameters_and_entry() -> None:
    conv2d = table["conv2d"]

    def backward(ctx: Any, g: Any, **params: Any) -> Any:
        dx, dw, db = conv2d.backward(ctx, g, **params)  # type: ignore[attr-defined]
        return dx, dw * 1.01, db

    call, said = message(dataclasses.replace(conv2d, backward=backward)).split("\n")
    pixel = "float64 (1, 1, 1, 1) [[[[1.0]]]]"
    assert call.startswith(f"check_gradients: conv2d({pixel}, {pixel}, float64 (1,) [1.0], stride=(1, 1), ")
    assert said.startswith("conv2d: the gradient of input 1 (w), of shape (1, 1, 1, 1), is wrong at [0, 0, 0, 0], ")
    ours, theirs = map(float, re.findall(r"(?:says|differences) ([-.\de]+)", said))
    assert ours == pytest.approx(1.01 * theirs)


def wrong_square(**changed: Any) -> Op:
    row: dict[str, Any] = {
        "forward": lambda x: x * x,
        "backward": lambda ctx, g: 2 * g * ctx.saved_tensors[0],
        "reference": lambda x: x**2,
        "sample": lambda draw: Sample((draw.tensor(*draw.shape(0, 2, least=0)),)),
    }
    return Op(name="square", saves=(0,), **{**row, **changed})


def written_to(x: np.ndarray) -> np.ndarray:
    y = x * x
    if x.flags.writeable and x.size:
        x += 1
    return y


def detached(ctx: Any, g: Any) -> Any:
    (x,) = ctx.saved_tensors
    return 2 * g * (x.detach() if isinstance(x, Tensor) else x)


WRONG: dict[str, tuple[Op, str]] = {
    "input written to": (
        wrong_square(forward=written_to),
        r"check_layouts: square\(float64 \(\) 1.0\)\ninput 0 was written to, now and before:\n2.0\n1.0",
    ),
    "layout": (
        wrong_square(forward=lambda x: x * x if x.flags.c_contiguous else 2 * x * x),
        r"check_layouts: square\(float64 \(2,\) (strided|reversed) .*\noutput 0 in this memory layout is wrong at ",
    ),
    "result": (
        wrong_square(forward=lambda x: x * x + (x == 1)),
        r"check_forward: square\(float64 \(\) 1.0\)\nforward: output 0 is wrong at \[\]: it is 2.0, .* says 1.0$",
    ),
    "shape": (
        wrong_square(forward=lambda x: (x * x)[None], backward=lambda ctx, g: 2 * g[0] * ctx.saved_tensors[0]),
        r"check_forward: .*\nforward: output 0 has shape \(1,\), the reference says \(\)$",
    ),
    "dtype": (
        wrong_square(forward=lambda x: np.asarray(x * x, np.float64)),
        "check_forward: .*\nforward: output 0 is float64 for float32 inputs, not float32$",
    ),
    "NaN": (
        wrong_square(forward=lambda x: np.nan_to_num(x * x, nan=0, posinf=np.inf)),
        r"check_special: .*\nforward of square\(float64 \(\) nan\): output 0 is wrong at \[\]: it is 0.0, .* nan$",
    ),
    "gradient": (
        wrong_square(backward=lambda ctx, g: 2 * g * abs(ctx.saved_tensors[0])),
        r"check_gradients: square\(float64 \(\) -0.001\)\nsquare: the gradient of input 0 \(x\), .* at \[\], .* -0.001",
    ),
    "second gradient": (
        wrong_square(backward=detached),
        r"check_second_gradients: square\(float64 \(\) 1.0\)\nsquare: the second gradient of input 0 .* says 0, ",
    ),
}


@pytest.mark.usefixtures("from_scratch")
@pytest.mark.parametrize("what", WRONG)
def test_every_check_says_what_is_wrong_of_the_smallest_call(what: str) -> None:
    op, pattern = WRONG[what]
    check_op(wrong_square())
    assert re.match(pattern, message(op))


def cube(square: Callable[..., Any], **changed: Any) -> Composite:
    row: dict[str, Any] = {
        "function": lambda x: square(x) * x,
        "reference": lambda x: x**3,
        "sample": lambda draw: Sample((draw.tensor(*draw.shape(0, 2)),)),
    }
    return Composite(name="cube", **{**row, **changed})


@pytest.mark.usefixtures("from_scratch")
def test_a_composite_of_a_wrong_row_is_found() -> None:
    check_op(cube(wrong_square()))
    forgotten = wrong_square(backward=lambda ctx, g: g * ctx.saved_tensors[0])
    assert "check_gradients: cube(float64 () 1.0)\ncube: the gradient of input 0 (x)" in message(cube(forgotten))
    constant = wrong_square(
        backward=lambda ctx, g: 2 * g * np.asarray(getattr(ctx.saved_tensors[0], "array", ctx.saved_tensors[0]))
    )
    assert "check_second_gradients: cube" in message(cube(constant))
    assert "check_forward: cube" in message(cube(wrong_square(), reference=lambda x: 2 * x**3))


@pytest.mark.usefixtures("from_scratch")
def test_a_users_function_is_named_with_its_argument() -> None:
    def ratio(top: Any, bottom: Any) -> Any:
        return top / bottom.detach()

    @given(broadcastable_tensors(2, low=0.5))
    def check(pair: Any) -> None:
        assert_gradients(ratio, *pair)

    with pytest.raises(AssertionError, match=r"^ratio: the gradient of input 1 \(bottom\), of shape \(\), is wrong at"):
        check()


# ── draws ──────────────────────────────────────────────────────────────────────────────


@given(st.integers(0, 2**32), st.integers(0, 40))
def test_piecewise_values_are_apart_from_each_other_and_from_0(seed: int, n: int) -> None:
    values = RandomDraw(np.random.default_rng(seed), "piecewise").tensor(n)
    assert (np.diff(np.sort(np.append(values, 0))) >= 2).all()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3,), (2, 3), (2, 1, 3, 2)])
def test_layouts_hold_the_same_numbers(layout: str, shape: tuple[int, ...]) -> None:
    for dtype in (np.float32, np.int64, bool):
        array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
        laid = lay_out(array, layout)
        assert (laid.dtype, laid.shape) == (array.dtype, array.shape)
        assert np.array_equal(laid, array)
    if shape == (2, 3):
        assert laid.flags.c_contiguous == (layout in ("contiguous", "read-only"))

    tensor = lay_out(wrap(array.astype(np.float64), requires_grad=True), layout)
    assert tensor.requires_grad and np.array_equal(tensor.array, array)
    assert tensor.array.strides == lay_out(array.astype(np.float64), layout).strides


def test_unknown_words_are_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="kind 'linear' is not one of multilinear, piecewise, smooth"):
        RandomDraw(np.random.default_rng(0), "linear")
    with pytest.raises(ValueError, match="assert_gradients: kind 'discrete' is not one of multilinear, piecewise, sm"):
        assert_gradients(lambda x: x, np.ones(1), kind="discrete")
    with pytest.raises(ValueError, match="layout 'upside down' is not one of contiguous, permuted"):
        lay_out(np.ones(1), "upside down")


@given(shapes(1, 2, 0, 5), st.data())
def test_shapes_and_tensors_are_within_their_bounds(shape: tuple[int, ...], data: st.DataObject) -> None:
    assert 1 <= len(shape) <= 2 and all(0 <= n <= 5 for n in shape)
    x = data.draw(tensors(shape, low=0.5, high=3))
    assert (x.shape, x.dtype, x.requires_grad) == (shape, np.float64, True)
    assert ((x.array >= 0.5) & (x.array <= 3)).all()
    whole = data.draw(tensors(shapes(2, 2), "multilinear", dtype=np.float32, requires_grad=False))
    assert (len(whole.shape), whole.dtype, whole.requires_grad) == (2, np.float32, False)
    assert np.isin(whole.array, range(-2, 3)).all()
    assert data.draw(tensors(3)).shape == (3,)


@given(st.lists(st.integers(-8, 8).map(lambda k: k / 2), max_size=3), st.data())
def test_away_from_kinks_a_step_of_1_crosses_nothing(kinks: list[float], data: st.DataObject) -> None:
    x = data.draw(away_from_kinks(*kinks))
    assert (np.diff(np.sort(x.array.ravel())) >= 2).all()
    assert all((np.abs(x.array - kink) >= 1).all() for kink in kinks or [0])


@given(broadcastable_shapes(3), broadcastable_tensors(2))
def test_shapes_that_broadcast(three: tuple[tuple[int, ...], ...], two: tuple[Tensor, ...]) -> None:
    assert len(three) == 3 and len(two) == 2
    np.broadcast_shapes(*three)
    assert (two[0] + two[1]).shape == np.broadcast_shapes(*(x.shape for x in two))


@pytest.mark.parametrize("wanted", [(2, 1), (1, 2)])
def test_broadcasting_goes_both_ways(wanted: tuple[int, int]) -> None:
    find(broadcastable_shapes(2, 1, 1), lambda pair: tuple(s[-1] if s else 0 for s in pair) == wanted)


@given(conv_geometries(), pool_geometries(), conv_geometries(1), layouts())
def test_every_geometry_can_be_run(conv: Any, pool: Any, line: Any, layout: str) -> None:
    assert layout in LAYOUTS
    w = autograd.ones(*conv.weight)
    assert F.conv2d(lay_out(autograd.ones(*conv.input), layout), w, **conv.params).shape == conv.output
    F.max_pool2d(autograd.ones(*pool.input), **pool.params)
    params = {name: value[0] if isinstance(value, tuple) else value for name, value in line.params.items()}
    assert F.conv1d(autograd.ones(*line.input), autograd.ones(*line.weight), **params).shape == line.output


@pytest.mark.parametrize(
    "wanted",
    [
        lambda conv: conv.params["stride"][0] > conv.weight[2],  # windows with gaps between them
        lambda conv: conv.params["groups"] == 2 and conv.weight[0] > 2,
        lambda conv: conv.params["dilation"] == (2, 1) and conv.params["padding"] == (0, 2),
        lambda conv: conv.input[0] == 0,
    ],
)
def test_geometries_have_every_kind(wanted: Callable[[Any], bool]) -> None:
    find(conv_geometries(), wanted, settings=settings(max_examples=5000))


# ── docs/testing.md ────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("from_scratch")
def test_the_page_runs_and_prints_what_it_shows() -> None:
    names: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```\n(?:```text\n(.*?)```)?", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert sum(bool(shown) for _, shown in blocks) >= 2
    for code, shown in blocks:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, str(PAGE), "exec"), names)
        assert printed.getvalue() == shown


@pytest.mark.parametrize(
    ("name", "reference", "check", "words"),
    [
        ("permute", lambda x, *, dims: x.transpose(dims).copy(), check_reference, "output 0 is a view, unlike"),
        ("clone", lambda x: x, check_reference, "output 0 is no view, unlike"),
        ("expand", lambda x, *, shape: np.broadcast_arrays(x, np.empty(shape))[0], check_reference, "is writable"),
        ("exp", lambda x: np.exp(x) * (1 if x.dtype == np.float64 else 2), check_reference, "float32 .* is wrong"),
        ("sign", lambda x: np.where(x > 0, 1.0, -1.0 * (x < 0)), check_integers, r"is int64, the reference's float64"),
        ("clone", lambda x: x + 0, check_integers, r"with bool inputs output 0 is bool, the reference's int64"),
        ("relu", lambda x: np.fmax(x, -x - x) * (x > 0), check_integers, r"on bool forward runs, the reference raises"),
        ("logsumexp", lambda x, **params: np.log(sum_reference(np.exp(x), **params)), check_range, r"says -?inf"),
    ],
)  # fmt: skip
def test_references_that_differ_in_dtype_view_or_range_are_found(
    name: str, reference: Any, check: Any, words: str
) -> None:
    row = table[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(40):
            drawn = draw_case(row, RandomDraw(np.random.default_rng(seed), row.kind))
            check(drawn)
            try:
                check(dataclasses.replace(drawn, op=dataclasses.replace(row, reference=reference)))
            except AssertionError as error:
                if re.search(words, str(error)):
                    return
    raise AssertionError("the difference was not found")


def test_the_page_names_every_check_and_strategy() -> None:
    text = PAGE.read_text(encoding="utf-8")
    strategies = autograd.testing.strategies
    public = [name for name in public_names(autograd.testing) if getattr(strategies, name, None) is not None]
    named = [*public, *(check.__name__ for check in autograd.testing.CHECKS), "gradcheck", "gradgradcheck"]
    assert not [name for name in named if name[0].islower() and f"`{name}" not in text and f".{name}`" not in text]
