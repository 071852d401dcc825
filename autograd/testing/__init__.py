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

from autograd.names import define_all as _define_all
from autograd.testing.battery import (
    CHECKS as CHECKS,
    Case as Case,
    assert_gradients as assert_gradients,
    cases as cases,
    check_bad_sample as check_bad_sample,
    check_case as check_case,
    check_forward as check_forward,
    check_gradients as check_gradients,
    check_integers as check_integers,
    check_layouts as check_layouts,
    check_op as check_op,
    check_range as check_range,
    check_reference as check_reference,
    check_row as check_row,
    check_second_gradients as check_second_gradients,
    check_special as check_special,
    check_threads as check_threads,
    compare as compare,
    draw_case as draw_case,
)
from autograd.testing.draw import (
    LAYOUTS as LAYOUTS,
    ConvGeometry as ConvGeometry,
    Draw as Draw,
    HypothesisDraw as HypothesisDraw,
    PoolGeometry as PoolGeometry,
    RandomDraw as RandomDraw,
    lay_out as lay_out,
)
from autograd.testing.strategies import (
    away_from_kinks as away_from_kinks,
    broadcastable_shapes as broadcastable_shapes,
    broadcastable_tensors as broadcastable_tensors,
    conv_geometries as conv_geometries,
    layouts as layouts,
    pool_geometries as pool_geometries,
    shapes as shapes,
    tensors as tensors,
)

__all__: list[str]
_define_all(globals())
