"""Rows of functions that call other ops, registered under the function's own name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from autograd.op import BadSample, Composite, Sample, register

if TYPE_CHECKING:
    from autograd.testing import Draw

Bad = tuple[tuple[Any, ...], dict[str, Any], type[Exception], tuple[str, ...]]


def composed(
    function: Callable[..., Any],
    reference: Callable[..., Any],
    sample: Callable[[Draw], Sample],
    *bad: Bad,
    inputs: str = "",
    tensors: bool = False,
    kind: Literal["multilinear", "piecewise", "smooth", "discrete"] = "multilinear",
) -> None:
    """Register `function` as a Composite.

    Parameters
    ----------
    function : callable
        Its name, without a leading underscore, is the row's.
    reference, sample
        As for any row.  The parameters of a sample have the names of the function's arguments.
    *bad : (inputs, parameters, error, words)
        Calls that must raise an error, whose message also has the row's name.
    inputs : str
        The names of the arguments that the inputs are, if they are not the first ones.
    tensors : bool
        The function takes a list of tensors, which the inputs are.
    """
    name = function.__name__.lstrip("_")
    names = inputs.split()

    def call(*xs: Any, **params: Any) -> Any:
        if names:
            return function(**dict(zip(names, xs, strict=True)), **params)
        return function(xs, **params) if tensors else function(*xs, **params)

    register(
        Composite(
            name=name,
            function=call,
            reference=reference,
            sample=sample,
            bad_samples=[BadSample(xs, params, error, (name, *words)) for xs, params, error, words in bad],
            kind=kind,
        )
    )


def ones(*shape: int, dtype: Any = float) -> Any:
    """An array of ones, for bad samples."""
    return np.ones(shape, dtype)
