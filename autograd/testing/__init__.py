"""Tests for ops: lucidgrad's own and yours.

    from autograd.testing import check_op

    check_op(my_op)

This draws calls from the row's `sample` and compares each of them with the row's reference and with finite
differences.  A failing call is shrunk to a minimal one.

    from autograd.testing import assert_gradients, tensors

    @given(tensors())
    def test_my_function(x):
        assert_gradients(my_function, x)

This checks the gradients of a function that is not an op.  Hypothesis draws and shrinks; only `check_op`, `cases`
and the strategies need it.  `RandomDraw` draws the same calls from a NumPy generator.  docs/testing.md has
examples.
"""

from autograd.testing.battery import (
    CHECKS,
    Case,
    assert_gradients,
    cases,
    check_bad_sample,
    check_case,
    check_forward,
    check_gradients,
    check_integers,
    check_layouts,
    check_op,
    check_range,
    check_reference,
    check_row,
    check_second_gradients,
    check_special,
    check_threads,
    compare,
    draw_case,
)
from autograd.testing.draw import (
    LAYOUTS,
    ConvGeometry,
    Draw,
    HypothesisDraw,
    PoolGeometry,
    RandomDraw,
    lay_out,
)
from autograd.testing.strategies import (
    away_from_kinks,
    broadcastable_shapes,
    broadcastable_tensors,
    conv_geometries,
    layouts,
    pool_geometries,
    shapes,
    tensors,
)

__all__ = [
    "CHECKS",
    "LAYOUTS",
    "Case",
    "ConvGeometry",
    "Draw",
    "HypothesisDraw",
    "PoolGeometry",
    "RandomDraw",
    "assert_gradients",
    "away_from_kinks",
    "broadcastable_shapes",
    "broadcastable_tensors",
    "cases",
    "check_bad_sample",
    "check_case",
    "check_forward",
    "check_gradients",
    "check_integers",
    "check_layouts",
    "check_op",
    "check_range",
    "check_reference",
    "check_row",
    "check_second_gradients",
    "check_special",
    "check_threads",
    "compare",
    "conv_geometries",
    "draw_case",
    "lay_out",
    "layouts",
    "pool_geometries",
    "shapes",
    "tensors",
]
