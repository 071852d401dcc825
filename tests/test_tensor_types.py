"""PyTorch's old constructors and types, tensors like another, and what tells how a tensor is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, cuda


def test_the_old_constructor_takes_sizes_or_data() -> None:
    array = np.array([[1, 2], [3, 4]])
    made = [Tensor(2, 3), Tensor(autograd.ones(2, 3).shape), Tensor(np.int64(4)), Tensor()]
    assert [x.shape for x in made] == [(2, 3), (2, 3), (4,), (0,)] and {x.dtype for x in made} == {autograd.float32}
    for data in ([2, 3], (2, 3), range(2, 4), np.array([2, 3]), [autograd.tensor(2), 3]):
        x = Tensor(data)
        assert x.dtype == autograd.float32 and x.tolist() == [2, 3]
    copied, y = Tensor(array), autograd.ones(2)
    array[0, 0] = 9
    assert copied.tolist() == [[1, 2], [3, 4]]
    alias = Tensor(y)
    alias.zero_()
    assert y.tolist() == [0, 0] and alias.version is y.version


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Tensor(2.5), "Tensor.*sizes.*float"),
        (lambda: Tensor("ab"), "Tensor.*str"),
        (lambda: Tensor(2, 2.5), "Tensor: sizes are integers"),
        (lambda: Tensor([1], [2]), "Tensor.*one list"),
        (lambda: Tensor(True), "Tensor.*bool"),
        (lambda: autograd.LongTensor(autograd.ones(2)), "LongTensor.*float32.*to"),
        (
            lambda: cuda.FloatTensor(2),  # type: ignore[attr-defined]
            "cuda.FloatTensor.*no GPU",
        ),
        (lambda: autograd.ones(1).type("torch.cuda.FloatTensor"), "GPU"),
        (lambda: autograd.set_default_tensor_type(autograd.LongTensor), "float"),
    ],
)
def test_what_is_no_data(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        make()


def test_types_make_tensors_of_their_dtype() -> None:
    types = {
        autograd.FloatTensor: "float32", autograd.DoubleTensor: "float64", autograd.LongTensor: "int64",
        autograd.IntTensor: "int32", autograd.ShortTensor: "int16", autograd.CharTensor: "int8",
        autograd.ByteTensor: "uint8", autograd.BoolTensor: "bool",
    }  # fmt: skip
    for kind, dtype in types.items():
        x = kind([1, 0])
        assert x.dtype == dtype and kind(2, 3).shape == (2, 3)
        assert [isinstance(x, other) for other in types] == [other is kind for other in types]
        assert x.type() == f"torch.{kind.__name__}"
        wanted = autograd.ones(2).type(kind), autograd.ones(2).type(x.type()), autograd.ones(2).type(x.dtype)
        assert {y.dtype for y in wanted} == {x.dtype}
        assert x.new([1, 0]).dtype == x.dtype and x.new(2, 3).shape == (2, 3)
    assert not isinstance(autograd.ones(1), cuda.FloatTensor)  # type: ignore[attr-defined]
    assert autograd.LongTensor([1.9]).tolist() == [1]
    with pytest.raises(ValueError, match="'x' is no type"):
        autograd.ones(1).type("x")
    with pytest.raises(ValueError, match="300 does not fit"):
        autograd.ByteTensor([300])


def test_the_default_type_is_the_default_dtype() -> None:
    autograd.set_default_tensor_type("torch.DoubleTensor")
    try:
        assert Tensor([1]).dtype == autograd.ones(1).dtype == autograd.float64
    finally:
        autograd.set_default_tensor_type(autograd.FloatTensor)
    assert autograd.get_default_dtype() == autograd.float32


def test_new_tensors_like_another() -> None:
    x = autograd.ones(2, dtype=autograd.float64)
    assert x.new_zeros(2, 3).tolist() == [[0, 0, 0]] * 2 and x.new_ones((2,)).tolist() == [1, 1]
    assert x.new_full((2,), 7).tolist() == [7, 7] and x.new_tensor([1, 2]).tolist() == [1, 2]
    made = [x.new_zeros(size=(1, 2)), x.new_ones(1, 2), x.new_full((1, 2), 3), x.new_empty(1, 2)]
    made += [x.new_tensor([[1, 2]]), x.new_empty_strided((1, 2), (2, 1))]
    assert all(y.shape == (1, 2) and y.dtype == autograd.float64 and not y.requires_grad for y in made)
    assert x.new_zeros(1, dtype=autograd.int64, device="cpu").dtype == autograd.int64
    assert x.new_ones(1, requires_grad=True).requires_grad


def test_to_takes_all_forms() -> None:
    x = autograd.ones(2)
    same = [x.to("cpu"), x.to(autograd.float32), x.to(x), x.to("cpu", autograd.float32, True), x.to(device="cpu")]
    assert all(y is x for y in [*same, x.to(other=x), x.to("cpu", non_blocking=True), x.type_as(x)])
    copies = [x.to("cpu", copy=True), x.to(x, False, True), x.to(autograd.float32, copy=True)]
    assert not any(np.may_share_memory(y.array, x.array) for y in copies)
    assert {y.dtype for y in (x.to(autograd.int8), x.to("cpu", autograd.int8), x.char())} == {autograd.int8}
    assert (x.short().dtype, x.byte().dtype) == (autograd.int16, autograd.uint8)


def test_how_a_tensor_is_stored() -> None:
    x = autograd.ones(3, 4, dtype=autograd.float64)
    y = x[1:, ::2].t()
    assert (x.stride(), y.stride(), y.stride(-1), y.storage_offset()) == ((4, 1), (2, 4), 4, 4)
    assert y.data_ptr() == x.data_ptr() + 4 * 8
    assert (x.element_size(), x.itemsize, x.nbytes, x.nelement(), x.ndimension()) == (8, 8, 96, 12, 2)
    assert x.layout is autograd.strided and not (x.is_cuda or x.is_sparse or x.is_complex())
    assert x.shape.numel() == autograd.numel(x) == 12
    assert autograd.is_tensor(x) and not autograd.is_tensor(x.array)
    assert autograd.is_floating_point(x) and not autograd.is_complex(x)
    assert autograd.is_nonzero(autograd.tensor([2])) and not autograd.tensor(0.0).is_nonzero()
    with pytest.raises(RuntimeError, match="is_nonzero"):
        x.is_nonzero()


def test_memory_may_be_laid_out_in_another_order() -> None:
    assert autograd.empty_strided((2, 3), (1, 2)).stride() == autograd.empty_permuted((2, 3), (1, 0)).stride() == (1, 2)
    assert autograd.empty_strided((0, 3), (1, 2)).shape == (0, 3)
    with pytest.raises(RuntimeError, match="equally many"):
        autograd.empty_strided((2, 3), (1,))
    with pytest.raises(RuntimeError, match=r"\(0, 0\)"):
        autograd.empty_permuted((2, 3), (0, 0))


def test_more_ways_to_create() -> None:
    assert autograd.zeros(size=(2,)).tolist() == [0, 0] and autograd.rand(size=(2, 3)).shape == (2, 3)
    assert autograd.full((1,), True).dtype == autograd.bool and autograd.full((1,), 2).dtype == autograd.int64
    assert autograd.logspace(0, 3, 4, base=2).tolist() == [1, 2, 4, 8]
    assert autograd.scalar_tensor(3).dtype == autograd.float32
    assert autograd.tril_indices(2, 3, 1).tolist() == [[0, 0, 1, 1, 1], [0, 1, 0, 1, 2]]
    assert autograd.triu_indices(2, 3, 1).tolist() == [[0, 0, 1], [1, 2, 2]]
    array = np.ones(2)
    assert np.may_share_memory(autograd.asarray(array).array, array)
    assert not np.may_share_memory(autograd.asarray(array, copy=True).array, array)
    assert autograd.asarray([1.0], requires_grad=True).requires_grad
    assert not autograd.asarray(autograd.ones(1, requires_grad=True)).requires_grad
    with pytest.raises(ValueError, match="asarray: a list needs a copy"):
        autograd.asarray([1.0], copy=False)
    with pytest.raises(TypeError, match="layout"):
        autograd.zeros(2, layout="sparse")  # type: ignore[arg-type]


def test_printing_options() -> None:
    x = autograd.tensor([1.23456, 2.5])
    try:
        autograd.set_printoptions(precision=2, sci_mode=True)
        assert repr(x) == "tensor([1.23e+00, 2.50e+00])"
        autograd.set_printoptions(profile="short", threshold=3)
        assert repr(autograd.arange(8)) == "tensor([0, 1,  ..., 6, 7])"
        autograd.set_printoptions(profile="full")
        assert "..." not in repr(autograd.arange(2000))
        with pytest.raises(ValueError, match="'long'"):
            autograd.set_printoptions(profile="long")
        for name, kind in {"precision": "an integer", "edgeitems": "an integer", "linewidth": "a number"}.items():
            with pytest.raises(TypeError, match=f"set_printoptions: {name} is 'x'; it must be {kind}"):
                autograd.set_printoptions(**{name: "x"})  # type: ignore[arg-type]
    finally:
        autograd.set_printoptions(profile="default")
    assert repr(x) == "tensor([1.2346, 2.5000])"
