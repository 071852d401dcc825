"""Functions that create tensors."""

from __future__ import annotations

import copy
import pickle
from functools import partial
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, tensor


class Column:
    """An object that NumPy can convert, like a pandas Series, but without dtype or elements."""

    def __init__(self, array: np.ndarray) -> None:
        self.values = array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.values


class Interface:
    """Memory described to NumPy by `__array_interface__`."""

    def __init__(self, array: np.ndarray) -> None:
        self.values, self.__array_interface__ = array, array.__array_interface__


class Sequence:
    """A sequence that is not a list."""

    def __init__(self, values: list[Any]) -> None:
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, i: int) -> Any:
        return self.values[i]


@pytest.mark.parametrize(
    ("data", "dtype", "shape"),
    [
        (1.5, "float32", ()),
        (3, "int64", ()),
        (True, "bool", ()),
        ([], "float32", (0,)),
        ([1, 2.5], "float32", (2,)),
        ([[1, 2], [3, 4]], "int64", (2, 2)),
        ((1.0, 2.0), "float32", (2,)),
        (np.zeros((2, 3)), "float64", (2, 3)),
        (np.float64(1), "float64", ()),
        (np.zeros(2, np.int16), "int16", (2,)),
        (np.zeros(2, ">f4"), "float32", (2,)),
        ([tensor(1.0), tensor(2.0)], "float32", (2,)),
        (tensor([1, 2]), "int64", (2,)),
        (range(3), "int64", (3,)),
        ([np.float64(0.1)], "float64", (1,)),
        ([np.int32(1)], "int32", (1,)),
        ([[np.float64(1), 2], [3.0, 4]], "float64", (2, 2)),
        ([np.float32(1), 1.0], "float32", (2,)),
        ([np.int64(2), 1.5], "float32", (2,)),
        ([np.int32(2), np.float32(1)], "float32", (2,)),
        ([True, np.float64(1)], "float64", (2,)),
        ([np.zeros(2, np.float32), [1, 2.5]], "float32", (2, 2)),
        ([tensor(1.0, dtype=np.float64), 2.0], "float64", (2,)),
        ([[tensor(1), tensor([2])], [2.0, 3.0]], "float32", (2, 2)),
        ([[]], "float32", (1, 0)),
        (Column(np.array([1.0, 2.0])), "float64", (2,)),
        ([Column(np.array([1.0, 2.0])), [1, 2]], "float64", (2, 2)),
        (Column(np.array([1.0, 2.0], np.float32)), "float32", (2,)),
        (Column(np.array([1.0, 2.0], ">f8")), "float64", (2,)),
        (Interface(np.array([1.0, 2.0])), "float64", (2,)),
        (Sequence([np.float64(1), np.float64(2)]), "float64", (2,)),
        (Sequence([1.0, 2.0]), "float32", (2,)),
    ],
)
def test_dtypes_of_data(data: Any, dtype: str, shape: tuple[int, ...]) -> None:
    t = tensor(data)
    assert (t.dtype, t.shape, t.requires_grad) == (np.dtype(dtype), shape, False)
    assert t.dtype.isnative


def test_as_tensor_has_the_same_dtypes() -> None:
    data: list[Any] = [[np.float64(0.1)], Column(np.array([1.0, 2.0])), [1.0], [np.int8(1), 2]]
    assert [autograd.as_tensor(x).dtype.name for x in data] == ["float64", "float64", "float32", "int64"]
    assert autograd.tensor([np.float64(0.1)]).item() == 0.1


def test_tensor_with_options() -> None:
    t = tensor([1, 2], dtype=autograd.float64, requires_grad=True)
    assert (t.dtype, t.requires_grad, t.is_leaf) == (np.float64, True, True)
    assert tensor([1.9], dtype=autograd.int64).tolist() == [1]


def test_tensor_is_a_dense_copy() -> None:
    array = np.arange(6.0).reshape(2, 3).T
    t = tensor(array)
    array[0, 0] = 9
    assert t.tolist() == [[0, 3], [1, 4], [2, 5]]
    assert t.array.flags.c_contiguous


@pytest.mark.parametrize("wrong", [[[1], [1, 2]], [[1.0, 2.0], 3.0]])
def test_ragged_lists(wrong: Any) -> None:
    with pytest.raises(ValueError, match="tensor: the lists do not form an array"):
        tensor(wrong)


@pytest.mark.parametrize("wrong", ["a", [None], {"a": 1}])
def test_what_no_tensor_holds(wrong: Any) -> None:
    with pytest.raises(TypeError, match="tensor: a tensor holds bool, integer, float or complex"):
        tensor(wrong)


def test_filled() -> None:
    for t, value, dtype, shape in [
        (autograd.zeros(2, 3), 0, np.float32, (2, 3)),
        (autograd.zeros((2, 3), dtype=np.int64), 0, np.int64, (2, 3)),
        (autograd.ones([2]), 1, np.float32, (2,)),
        (autograd.ones(()), 1, np.float32, ()),
        (autograd.ones(np.int64(2)), 1, np.float32, (2,)),
        (autograd.full((2,), 7), 7, np.int64, (2,)),
        (autograd.full((2,), 7.5), 7.5, np.float32, (2,)),
        (autograd.full((2,), True), True, np.bool_, (2,)),
        (autograd.full((), 7, dtype=np.float64), 7, np.float64, ()),
        (autograd.zeros_like(tensor([[1, 2]])), 0, np.int64, (1, 2)),
        (autograd.ones_like(tensor([1, 2]), dtype=autograd.float32), 1, np.float32, (2,)),
    ]:
        assert (t.dtype, t.shape) == (dtype, shape)
        assert (t.numpy() == value).all()
    assert autograd.empty(2, 3).shape == (2, 3)
    assert autograd.zeros(2, requires_grad=True).requires_grad


@pytest.mark.parametrize(
    ("arguments", "values", "dtype"),
    [
        ((3,), [0, 1, 2], np.int64),
        ((1, 3), [1, 2], np.int64),
        ((5, 0, -2), [5, 3, 1], np.int64),
        ((0, 1, 0.25), [0, 0.25, 0.5, 0.75], np.float32),
        ((2.0,), [0, 1], np.float32),
        ((np.float64(2),), [0, 1], np.float32),
        ((0,), [], np.int64),
    ],
)
def test_arange(arguments: tuple[Any, ...], values: list[float], dtype: Any) -> None:
    t = autograd.arange(*arguments)
    assert (t.dtype, t.tolist()) == (dtype, values)


def test_arange_rounds_each_number_once() -> None:
    t = autograd.arange(10_000, 10_001, 0.1)
    np.testing.assert_array_equal(t.numpy(), np.arange(10_000, 10_001, 0.1).astype(np.float32))
    with pytest.raises(ValueError, match=r"arange: step is 0"):
        autograd.arange(0, 1, 0)


def test_as_tensor_copies_only_where_it_must() -> None:
    array, t = np.ones(2, np.float32), tensor([1.0])
    assert autograd.as_tensor(array).array is array
    assert autograd.as_tensor(t) is t
    assert autograd.as_tensor(array, autograd.float64).dtype == np.float64
    assert autograd.as_tensor([1, 2]).tolist() == [1, 2]
    assert type(autograd.as_tensor(1.5)) is Tensor


def test_memory_formats_change_nothing() -> None:
    x = autograd.ones(2, 3).t()
    for made in (
        autograd.zeros_like(x, memory_format=autograd.preserve_format),
        autograd.ones_like(x, memory_format=autograd.contiguous_format),
        autograd.full_like(x, 2, memory_format=autograd.preserve_format),
        autograd.empty_like(x, memory_format=autograd.preserve_format),
    ):
        assert made.shape == (3, 2) and made.is_contiguous()
    with pytest.raises(TypeError, match="zeros_like: memory_format must be one such as contiguous_format, not 3"):
        autograd.zeros_like(x, memory_format=3)  # type: ignore[arg-type]


def test_like_and_spaced() -> None:
    x = autograd.ones(2, 3, dtype=autograd.float64)
    assert autograd.full_like(x, 7).tolist() == [[7.0] * 3] * 2
    for made in (autograd.full_like(x, 7), autograd.empty_like(x), autograd.rand_like(x), autograd.randn_like(x)):
        assert (made.shape, made.dtype) == ((2, 3), x.dtype)
    assert autograd.randn_like(x, dtype=autograd.float32, requires_grad=True).requires_grad
    assert autograd.eye(2).tolist() == [[1, 0], [0, 1]] and autograd.eye(1, 3).tolist() == [[1, 0, 0]]
    assert autograd.linspace(0, 1, 5).tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert autograd.linspace(0, 1, 5).dtype == autograd.float32 and autograd.linspace(3, 4, 0).shape == (0,)
    with pytest.raises(ValueError, match="linspace: steps is -1"):
        autograd.linspace(0, 1, -1)


def test_devices() -> None:
    device = autograd.device("cuda" if autograd.cuda.is_available() else "cpu")
    assert (device.type, device.index, str(device), repr(device)) == ("cpu", None, "cpu", "device(type='cpu')")
    assert isinstance(autograd.ones(1).device, autograd.device) and autograd.ones(1).device == device
    first = autograd.device("cpu:0")
    assert (first.type, first.index, str(first), repr(first)) == ("cpu", 0, "cpu:0", "device(type='cpu', index=0)")
    assert (
        first == autograd.device("cpu", 0) == autograd.device(type="cpu", index=0) == autograd.device(first) != device
    )
    assert len({device, first, autograd.device(device)}) == 2 and device != "cpu"  # as in PyTorch
    assert pickle.loads(pickle.dumps([device, first])) == [device, first] and copy.deepcopy(first) == first
    assert autograd.ones(1, device=first).to(first).to("cpu:0").device == device
    for wrong in ("cuda:0", "cpu:-1", "cpu:", "", "CPU", 0):
        with pytest.raises(ValueError, match=f"device: device is {wrong!r}; the only device is 'cpu'"):
            autograd.device(wrong)
    for name, index in (("cpu", -1), ("cpu", "0"), ("cpu:0", 0)):
        with pytest.raises(ValueError, match=f"device: the index of {name!r} is {index!r}; it must be an int"):
            autograd.device(name, index)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        device.index = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("tensor", (1,)),
        ("as_tensor", (1,)),
        ("zeros", (2,)),
        ("ones", (2,)),
        ("empty", (2,)),
        ("full", ((2,), 1)),
        ("zeros_like", (tensor([1.0]),)),
        ("ones_like", (tensor([1.0]),)),
        ("full_like", (tensor([1.0]), 1)),
        ("empty_like", (tensor([1.0]),)),
        ("eye", (2,)),
        ("linspace", (0, 1, 2)),
        ("arange", (2,)),
        ("rand", (2,)),
        ("randn", (2,)),
        ("rand_like", (tensor([1.0]),)),
        ("randn_like", (tensor([1.0]),)),
        ("randint", (2, (2,))),
        ("randperm", (2,)),
    ],
)
def test_tensors_are_made_on_the_one_device(name: str, arguments: tuple[Any, ...]) -> None:
    make = getattr(autograd, name)
    assert make(*arguments, device=autograd.device("cpu")).dtype == make(*arguments).dtype
    with pytest.raises(ValueError, match="device is 'cuda'; the only device is 'cpu'"):
        make(*arguments, device="cuda")


def test_names_of_numbers_and_packages() -> None:
    assert autograd.finfo(autograd.float32).max == np.finfo(np.float32).max
    assert autograd.iinfo(autograd.int8).max == 127
    assert (autograd.inf, autograd.pi) == (np.inf, np.pi) and autograd.nan != autograd.nan
    packages = {name: getattr(autograd, name).__name__ for name in ("nn", "optim", "autograd")}
    assert all(name == package for name, package in packages.items())
    with pytest.raises(AttributeError, match="module 'autograd' has no attribute 'zeroes'"):
        _ = autograd.zeroes  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "dtype", "numbers"),
    [
        ((3.1,), autograd.int64, [0, 1, 2]),
        ((-0.9, 2.1, 2.0), autograd.int64, [0]),
        ((-0.9, 2.1, 2.0), autograd.uint8, [0, 2]),
        ((0.1, -7.9, -4.0), autograd.int32, [0, -4]),
        ((5, 0, -2.5), autograd.int32, [5, 3]),
    ],
)
def test_arange_of_integers_cuts_its_numbers_off(arguments: tuple[float, ...], dtype: Any, numbers: Any) -> None:
    """The expected values are those of PyTorch 2.13.  Only int64 truncates before the length is computed."""
    result = partial(autograd.arange, dtype=dtype)(*arguments)
    assert (result.dtype, result.tolist()) == (dtype, numbers)


def test_a_step_that_is_cut_off_to_0_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"arange: a step of 0.5 is 0 in int64"):
        autograd.arange(0, 2, 0.5, dtype=autograd.int64)


@pytest.mark.parametrize(
    ("start", "end", "steps", "dtype", "numbers"),
    [
        (4.3, -3, 8, autograd.int64, [4, 3, 2, 1, 0, -1, -2, -3]),
        (-3.7, 4.9, 4, autograd.int32, [-3, 0, 1, 4]),
        (4.3, 50, 1, autograd.uint8, [4]),
        (0, 9, 4, autograd.int8, [0, 3, 6, 9]),
    ],
)
def test_linspace_of_integers_cuts_its_numbers_off(start: Any, end: Any, steps: int, dtype: Any, numbers: Any) -> None:
    """The expected values are those of PyTorch 2.13."""
    result = autograd.linspace(start, end, steps, dtype=dtype)
    assert (result.dtype, result.tolist()) == (dtype, numbers)


def test_linspace_counts_in_float64_from_a_float32_tensor() -> None:
    result = autograd.linspace(autograd.tensor(1.0), 2, 4, dtype=autograd.float64)
    np.testing.assert_allclose(result.array, [1, 4 / 3, 5 / 3, 2], rtol=1e-15)


def test_tensors_of_one_element_in_lists_are_numbers() -> None:
    one, wide = autograd.tensor([[1.5]]), autograd.tensor([2.5], dtype=autograd.float64)
    assert autograd.tensor([[one], [one]]).tolist() == [[1.5], [1.5]]
    assert autograd.tensor((one, wide, 3)).dtype == autograd.float64
    assert autograd.tensor([autograd.tensor(True), autograd.tensor([False])]).dtype == autograd.bool
    for size in (0, 2):
        with pytest.raises(ValueError, match=rf"tensor: a list holds a tensor of shape \({size},\).*autograd\.stack"):
            autograd.tensor([one, autograd.ones(size)])


def test_a_number_in_a_list_warns_that_its_graph_is_lost() -> None:
    x = autograd.tensor(2.0, requires_grad=True)
    with pytest.warns(UserWarning, match=r"no gradient flows; autograd\.stack") as caught:
        assert autograd.tensor([x, x * 3]).tolist() == [2.0, 6.0]
    assert caught[0].filename == __file__


@pytest.mark.parametrize("name", ["hann", "hamming", "blackman", "bartlett", "kaiser"])
def test_windows_have_whole_lengths(name: str) -> None:
    function = getattr(autograd, f"{name}_window")
    with pytest.raises(TypeError, match=f"{name}_window: window_length is 2.5; it must be an integer"):
        function(2.5)
    with pytest.raises(RuntimeError, match=f"{name}_window: window_length is -1; it must be at least 0"):
        function(-1)
