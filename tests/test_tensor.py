"""Tensor: NumPy interoperability, indexing, in-place changes, and Python's number and sequence protocols."""

from __future__ import annotations

import copy
import math
import operator
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, tensor
from autograd.tensor import wrap


def leaf(*values: float) -> Tensor:
    return tensor([float(v) for v in values], requires_grad=True)


# ── NumPy ──


def test_numpy_shares_memory() -> None:
    t = autograd.zeros(3)
    t.numpy()[1] = 5
    assert t.tolist() == [0, 5, 0]
    assert np.asarray(t) is t.array
    assert np.asarray(t, np.float64).dtype == np.float64
    assert not np.may_share_memory(np.array(t), t.array)


def test_from_numpy_shares_and_tensor_copies() -> None:
    array = np.zeros(3)
    shared, copied = autograd.from_numpy(array), tensor(array)
    array[0] = 1
    assert (shared.tolist(), copied.tolist()) == ([1, 0, 0], [0, 0, 0])


@pytest.mark.parametrize("convert", [np.asarray, np.array, Tensor.numpy, tensor])
def test_numpy_of_what_requires_grad_is_an_error(convert: Callable) -> None:
    if convert is tensor:
        assert not tensor(leaf(1)).requires_grad  # a copy outside the graph, as in PyTorch
        return
    for t in (leaf(1), leaf(1) * 2):
        with pytest.raises(RuntimeError, match=r"requires grad.*\.detach\(\)\.numpy\(\)"):
            convert(t)
    assert np.asarray(leaf(1).detach()) == 1


ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod]


@pytest.mark.parametrize("op", ARITHMETIC)
@pytest.mark.parametrize("left", [2, 2.5, np.float64(2.5), np.float32(2.5), np.array([2.0, 3.0], np.float32)])
def test_reflected_operators_are_recorded(op: Callable, left: Any) -> None:
    x = leaf(1, 2)
    y = op(left, x)
    assert type(y) is Tensor and y.requires_grad and y.dtype == np.float32
    np.testing.assert_allclose(y.detach().numpy(), op(left, x.detach().numpy()), rtol=1e-6)
    z = op(x, left)
    assert type(z) is Tensor and z.requires_grad and z.dtype == np.float32
    np.testing.assert_allclose(z.detach().numpy(), op(x.detach().numpy(), left), rtol=1e-6)


def test_an_array_times_a_matrix() -> None:
    x = autograd.ones(2, 3, requires_grad=True)
    y = np.ones((1, 2), np.float32) @ x
    assert type(y) is Tensor
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [[1, 1, 1]] * 2


@pytest.mark.parametrize("op", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne])
def test_comparisons(op: Callable) -> None:
    x = leaf(1, 2, 3)
    for other in (2, 2.0, tensor([2, 2, 2]), np.array([2, 2, 2])):
        y = op(x, other)
        assert (y.dtype, y.requires_grad) == (np.bool_, False)
        assert y.tolist() == [op(v, 2) for v in (1, 2, 3)]
        assert op(other, x).tolist() == [op(2, v) for v in (1, 2, 3)]


def test_equality_with_what_is_no_number() -> None:
    x = leaf(1, 2)
    assert (x == None) is False  # noqa: E711
    assert (x != None) is True  # noqa: E711
    assert (x == "x") is False


def test_tensors_are_keys_by_identity() -> None:
    a, b = leaf(1), leaf(1)
    assert {a: 1, b: 2}[b] == 2
    assert len({a, b, a}) == 2


# ── numbers and sequences ──


def test_one_element_is_a_number() -> None:
    for t in (tensor(2.5), tensor([[2.5]])):
        assert (t.item(), float(t), int(t), bool(t)) == (2.5, 2.5, 2, True)
    assert not tensor(0)
    assert f"{tensor(2.5):.2f} {tensor(2.5, requires_grad=True):5.1f}" == "2.50   2.5"
    assert f"{tensor([1.0])}" == "tensor([1.])"


@pytest.mark.parametrize(
    ("convert", "error"), [(Tensor.item, RuntimeError), (float, ValueError), (int, ValueError), (bool, RuntimeError)]
)
@pytest.mark.parametrize("shape", [(2,), (0,), (2, 2)])
def test_many_elements_are_no_number(convert: Callable, error: type[Exception], shape: tuple[int, ...]) -> None:
    with pytest.raises(error, match=r"a tensor of shape .* is not"):
        convert(autograd.zeros(shape))


def test_an_integer_tensor_is_an_index() -> None:
    assert "abc"[tensor(1)] == "b"
    assert list(range(tensor([3]))) == [0, 1, 2]
    for wrong in (tensor(1.0), tensor([1, 2])):
        with pytest.raises(TypeError, match="integer tensor of one element"):
            "abc"[wrong]


def test_length_and_iteration() -> None:
    x = tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    assert len(x) == 2
    first, second = x
    (first * 2 + second).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [[2, 2], [1, 1]]
    assert tensor([1, 2]).tolist() == [1, 2]
    assert 2 in tensor([1, 2]) and 3 not in tensor([[1, 2], [4, 5]])
    with pytest.raises(TypeError, match="no length"):
        len(tensor(1))
    with pytest.raises(TypeError):
        iter(tensor(1))


def test_size_dim_numel() -> None:
    t = autograd.zeros(2, 3)
    assert (t.size(), t.size(-1), t.dim(), t.ndim, t.numel(), t.shape) == ((2, 3), 3, 2, 2, 6, (2, 3))


def test_copies_and_pickles() -> None:
    x = leaf(1, 2)
    for other in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert other.tolist() == [1, 2] and other.requires_grad
        other.data.zero_()
    assert x.tolist() == [1, 2]


def test_pickles_as_pytorchs() -> None:
    x = leaf(1, 2)
    (x * x).sum().backward()
    x.register_hook(lambda g: g).remove()
    for y in (x * 2, x.view(2, 1), x[1:], x, autograd.tensor([True]), (x * 2).detach(), x.expand(3, 2)):
        for protocol in (0, 2, pickle.HIGHEST_PROTOCOL):
            other = pickle.loads(pickle.dumps(y, protocol))
            assert (other.tolist(), other.dtype, other.requires_grad) == (y.tolist(), y.dtype, y.requires_grad)
            assert other.is_leaf and other.grad is None and other.array.flags.writeable
    x.register_hook(lambda g: g)
    with pytest.warns(UserWarning, match="pickle: this tensor's hooks are not part of a pickle"):
        assert pickle.loads(pickle.dumps(x)).tolist() == [1, 2]


def test_a_shallow_copy_is_on_the_same_memory_with_the_same_history() -> None:
    x = leaf(1, 2)
    y = copy.copy(x * 3)
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [3, 3]
    z, alias = (x * x).sum(), copy.copy(x)
    with autograd.no_grad():
        alias.zero_()
    with pytest.raises(RuntimeError, match="changed in place"):
        z.backward()


def test_a_tensor_wraps_arrays_only() -> None:
    with pytest.raises(TypeError, match=r"NumPy array.*list.*autograd\.tensor"):
        wrap([1, 2])  # type: ignore[arg-type]
    for array in (np.array(["a"]), np.array([None])):
        with pytest.raises(TypeError, match="bool, integer, float or complex"):
            wrap(array)
    with pytest.raises(TypeError, match="byte order"):
        autograd.from_numpy(np.ones(2, ">f8" if np.dtype("f8").newbyteorder("<").isnative else "<f8"))


# ── printing, as PyTorch prints ──


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (tensor(3.0), "tensor(3.)"),
        (tensor(3.5), "tensor(3.5000)"),
        (tensor([1.0, -2.0]), "tensor([ 1., -2.])"),
        (tensor([0.0, 10.0]), "tensor([ 0., 10.])"),
        (tensor([1.0, 5000.0]), "tensor([1.0000e+00, 5.0000e+03])"),
        (tensor([0.0, float("nan")]), "tensor([0., nan])"),
        (tensor([1.5, 2.25]), "tensor([1.5000, 2.2500])"),
        (tensor([[1, 2], [3, 4]]), "tensor([[1, 2],\n        [3, 4]])"),
        (tensor([1.0, float("inf"), float("nan")]), "tensor([1., inf, nan])"),
        (tensor([1.5, float("inf"), float("nan")]), "tensor([1.5000,    inf,    nan])"),
        (tensor([1e-8, 1.0]), "tensor([1.0000e-08, 1.0000e+00])"),
        (tensor([True, False]), "tensor([ True, False])"),
        (tensor([1.0], dtype=np.float64), "tensor([1.], dtype=float64)"),
        (tensor([1], dtype=np.int32), "tensor([1], dtype=int32)"),
        (tensor([]), "tensor([])"),
        (autograd.zeros(0, 3), "tensor([], size=(0, 3))"),
        (leaf(1), "tensor([1.], requires_grad=True)"),
        (leaf(1) * 2, "tensor([2.], grad_fn=<MulBackward0>)"),
    ],
)
def test_repr(value: Tensor, text: str) -> None:
    assert repr(value) == text


# ── shapes ──


def test_reshape_and_view() -> None:
    x = autograd.arange(6)
    for shape in ((2, 3), (2, -1), (-1, 3)):
        assert x.reshape(*shape).tolist() == x.reshape(shape).tolist() == [[0, 1, 2], [3, 4, 5]]
        assert x.view(*shape).tolist() == x.view(shape).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert np.may_share_memory(x.view(3, 2).array, x.array)
    turned = x.view(2, 3).t()
    with pytest.raises(RuntimeError, match=r"view.*\(6,\).*reshape"):
        turned.view(6)
    assert turned.reshape(6).tolist() == [0, 3, 1, 4, 2, 5]
    assert turned.contiguous().view(6).tolist() == [0, 3, 1, 4, 2, 5]
    assert x.contiguous() is x
    with pytest.raises(ValueError, match=r"reshape: 6 elements of shape \(6,\).*\(4, 2\)"):
        x.reshape(4, 2)


def test_dimensions_change_places() -> None:
    x = autograd.zeros(2, 3, 4)
    assert x.permute(2, 0, 1).shape == x.permute((2, 0, 1)).shape == x.permute(-1, 0, -2).shape == (4, 2, 3)
    assert x.transpose(0, -1).shape == x.transpose(-1, 0).shape == (4, 3, 2)
    assert (x.T.shape, x.mT.shape, x[0].t().shape) == ((4, 3, 2), (2, 4, 3), (4, 3))
    assert x.flatten(1).shape == (2, 12)
    assert x.flatten(-2, -1).shape == (2, 12)
    for wrong in (lambda: x.transpose(0, 3), lambda: x.flatten(3)):
        with pytest.raises(IndexError, match="dim 3 does not exist"):
            wrong()
    with pytest.raises(ValueError, match="permute"):
        x.permute(0, 1)


# ── indexing ──


@pytest.mark.parametrize(
    "index",
    [
        0, -1, slice(1, None), (slice(None), 1), (..., -1), (None, 0), (0, ..., None), [0, 1, 0], tensor([1, 0]),
        (tensor([0, 1]), [2, 0]), tensor([[True, False, True], [False, True, False]]), tensor([True, False]),
        (slice(None), tensor([2, 2])), tensor(1), np.array([1, 1]), np.int64(1), (slice(None, None, -1),), (),
    ],
)  # fmt: skip
def test_reading_and_writing_like_numpy(index: Any) -> None:
    array = np.arange(6.0).reshape(2, 3)
    x = tensor(array, requires_grad=True)

    def plain(i: Any) -> Any:
        return i.numpy() if isinstance(i, Tensor) else i

    numpy_index = tuple(plain(i) for i in index) if isinstance(index, tuple) else plain(index)
    y = x[index]
    np.testing.assert_array_equal(y.detach().numpy(), array[numpy_index])
    y.sum().backward()
    counts = np.zeros_like(array)
    np.add.at(counts, numpy_index, 1)
    assert x.grad is not None
    np.testing.assert_array_equal(x.grad.numpy(), counts)

    written = x.detach()
    written[index] = 9
    array[numpy_index] = 9
    np.testing.assert_array_equal(written.numpy(), array)
    assert x.tolist() == written.tolist()  # shared memory


def test_writing_values_of_other_shapes_and_dtypes() -> None:
    x = autograd.zeros(2, 3)
    x[0] = autograd.ones(1, 3)
    x[:, 1] = tensor([5, 6])
    assert x.tolist() == [[1, 5, 1], [0, 6, 0]]
    mask = autograd.zeros(3, dtype=autograd.bool)
    mask[1] = 1
    assert mask.tolist() == [False, True, False]
    counts = autograd.zeros(2, dtype=autograd.int64)
    counts[0] = 1.9
    assert counts.tolist() == [1, 0]
    x[0, 1:] = x[0, :2]  # overlapping memory
    assert x[0].tolist() == [1, 1, 5]


def test_wrong_indices_and_values() -> None:
    x = autograd.zeros(2, 3)
    for wrong in (5, (0, 0, 0), tensor([7])):
        with pytest.raises(IndexError, match=r"indexing.*shape \(2, 3\)"):
            x[wrong]
    for index in (tensor([0.5]), 0.5):
        with pytest.raises(IndexError):
            x[index]
    with pytest.raises(ValueError, match=r"setitem: shape \(4,\) does not broadcast to shape \(3,\)"):
        x[0] = autograd.ones(4)
    with pytest.raises(TypeError):
        x[0] = None  # type: ignore[assignment]
    assert x.tolist() == [[0] * 3] * 2


# ── in place ──


def test_in_place_methods_return_the_tensor() -> None:
    x = tensor([1.0, 2.0])
    assert x.add_(1) is x and x.tolist() == [2, 3]
    assert x.sub_(tensor([1.0, 2.0]), alpha=2).tolist() == [0, -1]
    assert x.add_(4, alpha=0.5).tolist() == [2, 1]
    assert x.mul_(3).div_(2).tolist() == [3, 1.5]
    assert x.copy_(tensor([7, 8])).tolist() == [7, 8] and x.dtype == np.float32
    assert x.fill_(2.5).tolist() == [2.5, 2.5]
    assert x.masked_fill_(tensor([False, True]), 9).clamp_(1, 5).tolist() == [2.5, 5]
    assert x.uniform_(3, 3) is x and x.tolist() == [3, 3]
    assert x.normal_(mean=4, std=0) is x and x.tolist() == [4, 4]
    assert x.zero_().tolist() == [0, 0]
    same = x
    x += 1
    x -= 3
    x *= 2
    x /= 4
    assert x is same and x.tolist() == [-1, -1]


def test_in_place_methods_of_optimizers() -> None:
    a, b = tensor([1.0, -2.0]), tensor([4.0, 8.0])
    x = tensor([4.0, 9.0])
    assert x.sqrt_() is x and x.tolist() == [2, 3]
    assert x.addcmul_(a, b, value=0.5).tolist() == [4, -5]
    assert x.addcdiv_(b, a, value=-1).tolist() == [0, -1]
    assert x.lerp_(b, 0.25).tolist() == [1, 1.25] and x.lerp_(b, tensor([0.5, 1.0])).tolist() == [2.5, 8]
    assert x.neg_().sign_().tolist() == [-1, -1]
    assert x.add_(a).abs_().square_().tolist() == [0, 9]
    assert x.clamp_min_(1).clamp_max_(4).tolist() == [1, 4]
    assert x.rsqrt_().reciprocal_().tolist() == [1, 2]
    assert tensor([1e-8]).lerp_(tensor([1e8]), 1).item() == np.float32(1e8)  # exactly the end
    with pytest.raises(RuntimeError, match="float32, which does not fit into a int64 tensor"):
        tensor([4]).sqrt_()


def test_in_place_keeps_the_dtype() -> None:
    x = autograd.ones(2)
    x += autograd.ones(2, dtype=autograd.float64)
    assert x.dtype == np.float32
    counts = tensor([4, 6])
    for wrong in (lambda: counts.add_(0.5), lambda: counts.div_(2), lambda: counts.mul_(autograd.ones(2))):
        with pytest.raises(RuntimeError, match="float32, which does not fit into a int64 tensor"):
            wrong()
    with pytest.raises(TypeError, match="normal_: draws floats, which do not fit into a int64 tensor"):
        counts.normal_()
    assert counts.tolist() == [4, 6]
    assert counts.fill_(1.5).tolist() == [1, 1]  # as in PyTorch: only arithmetic keeps the category


def test_in_place_never_grows() -> None:
    with pytest.raises(ValueError, match=r"add_: the result has shape \(2, 3\).* the tensor's shape \(3,\)"):
        autograd.ones(3).add_(autograd.ones(2, 3))
    with pytest.raises(RuntimeError, match=r"fill_.*read-only.*clone"):
        autograd.ones(1).expand(3).fill_(2)


def test_data() -> None:
    x = leaf(1, 2)
    x.data.mul_(3)
    assert x.tolist() == [3, 6] and not x.data.requires_grad
    x.data = tensor([7.0, 8.0])
    assert x.tolist() == [7, 8] and x.requires_grad and x.is_leaf
    with pytest.raises(ValueError, match=r"data: expects float32 of shape \(2,\), got float32 of shape \(3,\)"):
        x.data = autograd.ones(3)
    with pytest.raises(ValueError, match="float64"):
        x.data = autograd.ones(2, dtype=autograd.float64)
    with pytest.raises(TypeError, match=r"data: expects a Tensor, got numpy\.ndarray"):
        x.data = np.ones(2, np.float32)  # type: ignore[assignment]


# ── conversions ──


def test_to() -> None:
    x = leaf(1.9, 0)
    assert x.to(autograd.float32) is x and x.to("cpu") is x and x.cpu() is x and x.float() is x
    assert [x.double().dtype, x.long().dtype, x.int().dtype, x.bool().dtype] == [np.float64, np.int64, np.int32, bool]
    assert (x.long().tolist(), x.bool().tolist()) == ([1, 0], [True, False])
    assert x.type_as(tensor([1])).dtype == np.int64
    assert x.to(x.device) is x and x.to("cpu", non_blocking=True) is x
    for y in (x.to(x.device, autograd.float64), x.to(device="cpu", dtype=autograd.float64), x.to(x.double())):
        assert y.dtype == np.float64
    with pytest.raises(ValueError, match="to: device is 'cuda'; the only device is 'cpu'"):
        x.to("cuda")
    assert x.is_floating_point() and not x.long().is_floating_point()
    assert x.is_contiguous() and not autograd.ones(2, 3).T.is_contiguous()
    assert x.double().requires_grad and not x.long().requires_grad


def test_clone_is_a_copy_that_gradients_flow_through() -> None:
    x = leaf(1, 2)
    y = x.clone()
    assert not np.may_share_memory(x.array, y.array)
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [1, 1]


def test_repeat() -> None:
    assert tensor(5).repeat(2).tolist() == [5, 5]
    assert autograd.ones(2, 3).repeat((0, 2)).shape == (0, 6)
    x = autograd.ones(1, 2)
    for times in ((1, 1), (3, 1)):  # also (1, 1) returns new memory
        assert (x.repeat(*times).zero_().shape, x.tolist()) == ((times[0], 2), [[1, 1]])
    for wrong in ((2,), (2, -1)):
        with pytest.raises(ValueError, match=r"repeat: .* does not fit shape \(2, 3\)"):
            autograd.ones(2, 3).repeat(*wrong)


# ── += on recorded tensors ──


@pytest.mark.parametrize(
    ("change", "value", "slope"),
    [
        (operator.iadd, [4, 6], 2),
        (operator.isub, [0, 2], 2),
        (operator.imul, [4, 8], 4),
        (operator.itruediv, [1, 2], 1),
        (operator.ipow, [4, 16], [8, 16]),
        (operator.imod, [0, 0], 2),
    ],
)
def test_operators_in_place_on_a_recorded_tensor(change: Callable, value: list, slope: Any) -> None:
    x = leaf(1, 2)
    y = x * 2
    assert change(y, 2) is y and y.tolist() == value
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == (slope if isinstance(slope, list) else [slope, slope])


IN_PLACE = [operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ifloordiv, operator.ipow]


@pytest.mark.parametrize("change", IN_PLACE)
def test_operators_in_place_elsewhere_write(change: Callable) -> None:
    x = leaf(1, 2)
    y = x * 2
    with autograd.no_grad():
        assert change(y, 2) is y and y.tolist() != [2, 4]
        assert change(x, 2) is x and x.tolist() != [1, 2]
    with pytest.raises(RuntimeError, match="a leaf that requires grad"):
        change(x, 2)


def test_powers_and_bits_in_place() -> None:
    p, alias = autograd.tensor([3.0]), autograd.tensor([3.0])
    p = alias
    p **= 2
    assert p is alias and alias.tolist() == [9]
    p %= 5
    assert p is alias and alias.tolist() == [4]
    bits = alias_of_bits = autograd.tensor([6, 5])
    bits &= 4
    bits |= 1
    bits ^= 3
    assert bits is alias_of_bits and bits.tolist() == [6, 6]
    with pytest.raises(RuntimeError, match=r"pow_: the result is float32"):
        bits **= 0.5
    assert (bits.floor_divide_(4).tolist(), bits.remainder_(1).tolist(), bits.pow_(0).tolist()) == (
        [1, 1],
        [0, 0],
        [1, 1],
    )
    assert (bits.bitwise_or_(2).tolist(), bits.bitwise_and_(2).tolist(), bits.bitwise_xor_(2).tolist()) == (
        [3, 3],
        [2, 2],
        [0, 0],
    )


def test_division_that_rounds_down() -> None:
    x = autograd.tensor([-4.0, 5.0], requires_grad=True)
    assert (+x is x, (x // 3).tolist(), (x % 3).tolist()) == (True, [-2, 1], [2, 2])
    threes: list[Any] = [np.float64(3), np.float32(3), np.int64(3)]
    for three in threes:
        assert (x // three).tolist() == [-2, 1] and (x % three).dtype == np.float32
        assert (three // x).tolist() == [-1, 0] and (three % x).tolist() == [-1, 3]
    assert (x // 0).tolist() == [-math.inf, math.inf] and not (x // 3).requires_grad
    y = autograd.tensor([3.0, -3.0], requires_grad=True)
    (x % y).backward(autograd.tensor([1.0, 10.0]))
    assert x.grad is not None and y.grad is not None
    assert (x.grad.tolist(), y.grad.tolist()) == ([1, 10], [2, 20])
    assert (autograd.tensor([-7, 7]) // 2).tolist() == [-4, 3] and (autograd.tensor([-7]) % 2).dtype == np.int64
    with pytest.raises(TypeError, match="positive: a bool tensor"):
        +autograd.tensor([True])


# ── copies ──


def test_contiguous_is_row_major() -> None:
    x = autograd.arange(6).reshape(2, 3).t()
    assert x.contiguous().array.flags.c_contiguous


def test_a_deep_copy_has_memory_gradient_and_class_of_its_own() -> None:
    class Special(Tensor):
        __slots__ = ()

    x = Special([1.0, 2.0]).requires_grad_()
    x.grad = tensor([3.0, 4.0])
    first, second = copy.deepcopy([x, x])
    assert first is second and type(first) is Special and first.requires_grad and first.is_leaf
    assert first.tolist() == [1, 2] and not np.may_share_memory(first.array, x.array)
    assert first.grad is not None and first.grad.tolist() == [3, 4]
    assert not np.may_share_memory(first.grad.array, x.grad.array)
    assert not copy.deepcopy(x.detach()).requires_grad
    with pytest.raises(RuntimeError, match=r"deepcopy: this tensor was computed by mul.*detach"):
        copy.deepcopy(x * 2)


# ── dtype and Size ──


def test_dtypes_are_of_one_class() -> None:
    for dtype in (autograd.float32, autograd.int64, autograd.bool, leaf(1).dtype, (leaf(1) > 0).dtype):
        assert isinstance(dtype, autograd.dtype)


def test_a_shape_is_a_size_and_a_tuple() -> None:
    x = autograd.ones(2, 3)
    for size in (x.shape, x.size(), x.T.T.shape, (x * x).shape):
        assert isinstance(size, autograd.Size) and isinstance(size, tuple)
        assert size == (2, 3) and hash(size) == hash((2, 3)) and repr(size) == "(2, 3)"
    assert x.shape.numel() == 6 and x.size(1) == 3 and autograd.tensor(1.0).shape.numel() == 1
    assert autograd.Size([4, 5]) == (4, 5) and autograd.ones(autograd.Size([4, 5])).shape == (4, 5)
    assert copy.deepcopy(x.shape) == pickle.loads(pickle.dumps(x.shape)) == (2, 3)


def test_a_size_is_an_argument_of_every_op_that_takes_a_shape() -> None:
    """A kernel compiled by Numba takes tuples, but no subclass of tuple."""
    x, y = autograd.arange(6), autograd.ones(2, 3)
    assert x.reshape(y.shape).shape == x.view(y.shape).shape == x[:3].expand(*y.shape).shape == (2, 3)
    assert autograd.layer_norm(y, y.shape).shape == (2, 3)
    assert autograd.zeros(y.shape).shape == autograd.rand(y.shape).shape == autograd.full(y.shape, 1).shape == (2, 3)
    assert autograd.ones(3, 1).expand(*autograd.ones(3, 4).size()).shape == (3, 4)
